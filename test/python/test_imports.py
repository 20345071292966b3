# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""At run time there is no torch, no transformers, no onnxruntime, and running
a package loads no LLVM."""

import os
import subprocess
import sys

from oracles.tools import BUILD

BLOCKED = ["torch", "transformers", "onnxruntime", "onnx", "gguf", "peft"]

SCRIPT = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Block())
{body}
"""


def run(body):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(blocked=BLOCKED, body=body)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(BUILD / "python")},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everything_imports_and_runs(toy_package):
    body = f"""
import qeff, qeff.cli, qeff.cli_generate, qeff.cache
for name in qeff.__all__:
    getattr(qeff, name)
print(qeff.generate({str(toy_package)!r}, "hi", max_new_tokens=2).tokens)
print(any("libMLIR" in line or "libLLVM" in line
          for line in open("/proc/self/maps")))
"""
    lines = run(body).splitlines()
    assert len(lines) == 2 and lines[1] == "False"


def test_importing_the_package_loads_no_native_code():
    body = "import qeff; print([m for m in sys.modules if m in "
    body += "('qeff._runtime', 'qeff._qeff', 'numpy')])"
    assert run(body) == "[]\n"
