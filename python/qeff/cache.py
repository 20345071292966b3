# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Packages that `qeff generate MODEL` compiled before, found again."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from .errors import Error


def is_package(path: Path) -> bool:
    """Whether `path` is a package of ours or a host QPC."""
    return path.is_dir() and any(
        (path / name).is_file()
        for name in ("qeff.json", "qpc.json", "host/qpc.json")
    )


def default_directory() -> Path:
    """$QEFF_CACHE_DIR, else qeff in the user's cache directory."""
    own = os.environ.get("QEFF_CACHE_DIR")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "qeff"


def package_path(
    directory: Path, model: Path, version: str, options: dict[str, Any]
) -> Path:
    """Where the package of `model` under `options` is, or will be: named after
    the model and a hash of its files' names, sizes and times, the options, the
    compiler's version and this CPU."""
    try:
        key = {
            "files": fingerprint(model),
            "options": options,
            "version": version,
            "cpu": _cpu(),
        }
    except OSError as error:
        raise Error(f"{error.filename}: {error.strerror}") from error
    text = json.dumps(key, sort_keys=True).encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(text).hexdigest()[:16]
    return directory / f"{model.resolve().stem}-{digest}"


def fingerprint(model: Path) -> list[list]:
    """The names, sizes and times of the files of `model`; of an ONNX file, also
    of those beside it, which may hold its weights under any name."""
    files = [model]
    if model.is_dir() or model.suffix == ".onnx":
        folder = model if model.is_dir() else model.parent
        files = sorted(path for path in folder.iterdir() if path.is_file())
    found = []
    for path in files:
        status = path.stat()
        found.append([str(path.resolve()), status.st_size, status.st_mtime_ns])
    return found


def _cpu() -> str:
    """The features that decide which code is compiled."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = [
                line
                for line in file
                if line.startswith(("model name", "flags", "Features"))
            ]
        return "".join(sorted(set(lines)))
    except OSError:
        return os.uname().machine
