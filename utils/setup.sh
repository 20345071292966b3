#!/usr/bin/env bash
# Installs what qeff needs on Debian 12 or 13: the compiler packages with apt,
# the Python packages into .venv. Idempotent; does nothing when up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  build-essential cmake ninja-build ccache git pkg-config
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-22 lld-22
  liblld-22-dev libclang-rt-22-dev
  protobuf-compiler libprotobuf-dev
  nlohmann-json3-dev libgtest-dev zlib1g-dev libzstd-dev libpcre2-dev
  python3 python3-venv python3-dev
  chromium
)

say() { printf '[setup] %s\n' "$*" >&2; }

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

stamp=.venv/requirements.sha256
want=$(sha256sum requirements-dev.txt | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$want" ]; then
  say "creating .venv (Python packages of requirements-dev.txt)"
  [ -x .venv/bin/python ] || python3 -m venv .venv
  # torch first and alone: nothing that follows may choose another build.
  .venv/bin/pip install -q "$(grep '^torch==' requirements-dev.txt)"
  .venv/bin/pip install -q -r requirements-dev.txt
  printf '%s\n' "$want" > "$stamp"
fi
say "ready"
