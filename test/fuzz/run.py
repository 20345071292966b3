#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs every fuzz target of the asan build for some seconds each, as many at a
time as there are processors.

run.py [SECONDS] [TARGET...]: prints executions, edges and the share of inputs
that got past the parser; fails on a finding, and where that share is under 30 %.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QEFF_BUILD_DIR", ROOT / "build" / "asan"))
LEAST_PERCENT = 30.0
# Whole models are longer than what the readers are fuzzed with.
MAX_LEN = {"RaiseFuzzer": 65536}


def run(target, seconds):
    """Whether `target` ran without a finding; prints its line."""
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            [target, f"-max_total_time={seconds}",
             f"-max_len={MAX_LEN.get(target.name, 16384)}",
             "-rss_limit_mb=4096", "-timeout=20", "-seed=1",
             f"-artifact_prefix={BUILD}/test/fuzz/{target.name}-",
             folder], capture_output=True, text=True, errors="replace",
            check=False)
    stats = re.search(r"fuzz-stats: executions=(\d+) past_parser=(\d+) "
                      r"accepted=(\d+) past_parser_percent=([\d.]+)",
                      result.stderr)
    edges = re.findall(r"\bcov: (\d+)", result.stderr)
    if result.returncode != 0 or not stats or not edges:
        print(f"{target.name}: FAILED\n{result.stderr[-4000:]}")
        return False
    percent = float(stats[4])
    enough = percent >= LEAST_PERCENT
    print(f"{target.name}: {stats[1]} executions, {edges[-1]} edges, "
          f"{percent} % past the parser, {stats[3]} accepted"
          + ("" if enough else " (FAILED: too few past the parser)"),
          flush=True)
    return enough


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    names = sys.argv[2:]
    targets = sorted(path for path in (BUILD / "test" / "fuzz").glob("*Fuzzer")
                     if not names or path.name in names)
    if not targets:
        sys.exit(f"expects fuzz targets in {BUILD}/test/fuzz: "
                 "build the preset asan")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda target: run(target, seconds), targets))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
