# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the benchmarks share: running, sampling, telling about the machine."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench"


def build_directory() -> Path:
    default = ROOT / "build" / "release"
    return Path(os.environ.get("QEFF_BUILD_DIR", default)).resolve()


def tool(name: str) -> str:
    path = build_directory() / "bin" / name
    if not path.is_file():
        sys.exit(f"{path} is missing: run ./dev build")
    return str(path)


def measured(*command) -> dict:
    """{"seconds", "peak_mib"} of a command that must succeed."""
    result = subprocess.run(
        [sys.executable, "-SE", str(BENCH / "measure.py"),
         *map(str, command)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    said = json.loads(result.stdout.splitlines()[-1])
    if said["exit"] != 0:
        sys.exit(f"{' '.join(map(str, command))} failed with "
                 f"{said['exit']}:\n{result.stderr}")
    return {
        "seconds": said["seconds"],
        "peak_mib": said["peak_kib"] / 1024,
    }


def version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def machine() -> dict:
    info = Path("/proc/cpuinfo").read_text()
    fields = dict(
        (key.strip(), value.strip())
        for key, _, value in (
            line.partition(":") for line in info.splitlines()
        )
    )
    wanted = ("avx2", "fma", "f16c", "avx512f", "avx512_bf16", "avx512_vnni",
              "amx_bf16")
    flags = set(fields.get("flags", "").split())
    return {
        "cpu": fields.get("model name", "unknown"),
        "processors": os.cpu_count(),
        "features": [flag for flag in wanted if flag in flags],
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
    }


def summary(values) -> dict:
    values = list(values)
    return {
        "median": statistics.median(values),
        "best": min(values),
        "worst": max(values),
    }


def write_result(name: str, result: dict, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(f"raw samples: {path}")
