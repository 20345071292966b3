# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compile time over the number of layers: it has to be linear.

    python bench/layers.py [--layers=1,16,64,128] [--repeat=5]

Small layers, so that the compiler and not the copying of weights is timed.
Two times each: canonical to host IR (no LLVM), and checkpoint to host package.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import common

sys.path.insert(0, str(common.ROOT / "test" / "python"))

from oracles import raw_files  # noqa: E402


def one(layers: int, repeat: int, folder: Path) -> dict:
    model = raw_files.write_checkpoint(
        folder / "model", dict(raw_files.CONFIG, num_hidden_layers=layers),
        raw_files.tensors(layers=layers),
    )
    flags = ["--prefill-seq-len=8", "--ctx-len=32"]
    compiler = common.tool("qeff-compile")
    canonical = folder / "canonical.mlirbc"
    common.measured(
        compiler, model, "-o", canonical, "--compile-to=canonical"
    )
    to_host_ir = [
        common.measured(
            compiler, canonical, "-o", folder / "host.mlirbc",
            f"--root=model={model}", "--compile-to=host", *flags,
        )
        for _ in range(repeat)
    ]
    to_package = [
        common.measured(
            compiler, model, "-o", folder / "out", "--target=host", *flags
        )
        for _ in range(repeat)
    ]
    return {"layers": layers, "host_ir": to_host_ir, "package": to_package}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", default="1,16,64,128")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--results", type=Path,
                        default=common.BENCH / "results")
    options = parser.parse_args()
    result = {"what": "compile time over layers", "machine": common.machine(),
              "rows": []}
    for layers in map(int, options.layers.split(",")):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            result["rows"].append(one(layers, options.repeat, Path(folder)))
    print(f"{'layers':>8}{'host IR s':>12}{'package s':>12}{'peak MiB':>10}")
    for row in result["rows"]:
        times = [
            common.summary(run["seconds"] for run in row[key])["median"]
            for key in ("host_ir", "package")
        ]
        peak = max(run["peak_mib"] for run in row["package"])
        print(f"{row['layers']:8}{times[0]:12.3f}{times[1]:12.3f}{peak:10.0f}")
    common.write_result("layers", result, options.results)


if __name__ == "__main__":
    main()
