# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the benchmarks: `./dev bench [layers|decode|export|lora|onnx] [flags]`."""

import os
import runpy
import sys
from pathlib import Path

NAMES = ("layers", "decode", "export", "lora", "onnx")
# A file named onnx.py would hide the package.
FILES = {"onnx": "onnx_files"}


def main() -> None:
    build, *arguments = sys.argv[1:]
    os.environ["QEFF_BUILD_DIR"] = os.path.abspath(build)
    folder = Path(__file__).resolve().parent
    sys.path.insert(0, str(folder))
    names = [arguments.pop(0)] if arguments[:1] and arguments[0] in NAMES else NAMES
    for name in names:
        sys.argv = [name, *arguments]
        file = FILES.get(name, name)
        runpy.run_path(str(folder / f"{file}.py"), run_name="__main__")


if __name__ == "__main__":
    main()
