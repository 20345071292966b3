# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tools that read and write ONNX, in a virtual environment of their own
(build/peers), and how each is called on a file:

    python bench/onnx_peers.py        makes the environment
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "peers"
PYTHON = FOLDER / "bin" / "python"
PACKAGES = (
    "onnxsim==0.8.1", "onnxslim==0.1.98", "onnxruntime==1.32.0", "onnx==1.22.0",
    "numpy==2.4.6",
)

# Offline optimization as ONNX Runtime documents it, for any machine.
OFFLINE = """
import sys, onnxruntime as ort
options = ort.SessionOptions()
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
options.optimized_model_filepath = sys.argv[2]
for key, value in (
    ("session.optimized_model_external_initializers_file_name",
     "model.onnx.data"),
    ("session.optimized_model_external_initializers_min_size_in_bytes", "1024"),
):
    options.add_session_config_entry(key, value)
ort.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
"""


def _stamp() -> str:
    return hashlib.sha256(repr(PACKAGES).encode()).hexdigest()


def make() -> None:
    """The environment, unless it is there with these versions."""
    stamp = FOLDER / "packages.sha256"
    if stamp.exists() and stamp.read_text() == _stamp():
        return
    venv.create(FOLDER, clear=True, with_pip=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "-q", *PACKAGES],
                   check=True)
    stamp.write_text(_stamp())


def commands(model: Path, output: Path) -> dict[str, list[str]]:
    """What each peer runs to write `output`."""
    files = [str(model), str(output)]
    tools = PYTHON.parent
    return {
        "onnxsim": [str(tools / "onnxsim"), *files,
                    "--save-as-external-data"],
        "onnxslim": [str(tools / "onnxslim"), *files,
                     "--save-as-external-data"],
        "onnxslim --no-shape-infer": [
            str(tools / "onnxslim"), *files, "--save-as-external-data",
            "--no-shape-infer",
        ],
        "onnxruntime": [str(PYTHON), "-c", OFFLINE, *files],
    }


if __name__ == "__main__":
    make()
    sys.exit(0)
