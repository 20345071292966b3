# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the virtual environments in which exporters run, in build/exporters:

    python test/python/raising/environments.py [NAME...]

`torch` is the project's own .venv (requirements-dev.txt has its versions);
`optimum` holds the newest optimum-onnx with the transformers that it wants, and
`genai` the builder of onnxruntime-genai.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TORCH = "torch==2.13.0"

# With all that these need, so that nothing moves under the exports.
PACKAGES = {
    "optimum": (
        "transformers==4.57.6", "optimum==2.1.0", "optimum-onnx==0.1.0",
        "onnx==1.22.0", "onnxruntime==1.32.0", "accelerate",
    ),
    "genai": (
        "transformers==5.23.0", "onnxruntime-genai==0.18.0", "onnx==1.22.0",
        "onnx-ir==1.1.0", "onnxruntime==1.32.0",
    ),
}


def folder(name: str) -> Path:
    if name == "torch":
        return ROOT / ".venv"
    return ROOT / "build" / "exporters" / name


def python(name: str) -> Path:
    return folder(name) / "bin" / "python"


def _stamp(name: str) -> str:
    return hashlib.sha256(repr((TORCH, PACKAGES[name])).encode()).hexdigest()


def make(name: str) -> None:
    """The environment `name`, unless it is there with these versions."""
    stamp = folder(name) / "packages.sha256"
    if stamp.exists() and stamp.read_text() == _stamp(name):
        return
    venv.create(folder(name), clear=True, with_pip=True)
    # torch first and alone, then held: nothing may choose another build.
    constraint = folder(name) / "constraints.txt"
    constraint.write_text(TORCH + "\n")
    pip = [str(python(name)), "-m", "pip", "install", "-q"]
    subprocess.run([*pip, TORCH], check=True)
    subprocess.run([*pip, "-c", str(constraint), *PACKAGES[name]], check=True)
    stamp.write_text(_stamp(name))


if __name__ == "__main__":
    for each in sys.argv[1:] or PACKAGES:
        make(each)
