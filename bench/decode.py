# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Decode of the demo model against a streaming read of the same bytes.

A generated token reads every packed weight once, so the time to stream
weights.bin bounds the time of a token. Both are measured in turns; llama.cpp
(llama-cpp-python) joins where it is installed.

    python bench/decode.py [--model=MODEL] [--pairs=15] [--threads=N]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import common

MODEL = (
    common.ROOT / "build" / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"
)
PROMPT = [504, 3575, 282, 4649, 314]
NEW_TOKENS = 128
ROUNDS = 20


def build_roof(folder: Path) -> Path:
    program = folder / "roof"
    compiler = os.environ.get("CC", "cc")
    subprocess.run(
        [compiler, "-O3", "-march=native", "-std=gnu11", "-pthread",
         str(common.BENCH / "roof.c"), "-o", str(program)],
        check=True,
    )
    return program


def ours(package: Path, threads: int) -> dict:
    result = subprocess.run(
        [common.tool("qeff-run"), str(package), "--json",
         "--tokens=" + ",".join(map(str, PROMPT)),
         f"--max-new-tokens={NEW_TOKENS}", f"--threads={threads}"],
        check=True, capture_output=True, text=True,
    )
    return json.loads(result.stdout)["metrics"]


def roof(program: Path, weights: Path, threads: int) -> float:
    """Median seconds of one read of the file."""
    result = subprocess.run(
        [str(program), str(weights), str(threads), str(ROUNDS)],
        check=True, capture_output=True, text=True,
    )
    return statistics.median(map(float, result.stdout.split()))


class LlamaCpp:
    """Decode speed of llama.cpp on the same file, if it can be imported."""

    def __init__(self, model: Path, threads: int):
        import llama_cpp

        self.version = llama_cpp.__version__
        self.llama = llama_cpp.Llama(
            str(model), n_threads=threads, n_ctx=1024, verbose=False
        )

    def tokens_per_second(self) -> float:
        self.llama.reset()
        self.llama.eval(PROMPT)
        start = time.perf_counter()
        for _ in range(NEW_TOKENS):
            self.llama.eval([self.llama.sample(temp=0.0)])
        return NEW_TOKENS / (time.perf_counter() - start)


def benchmark(model: Path, pairs: int, threads: int, weights: str) -> dict:
    try:
        peer = LlamaCpp(model, threads)
    except ImportError:
        peer = None
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = Path(name)
        program = build_roof(folder)
        package = folder / "out"
        subprocess.run(
            [common.tool("qeff-compile"), str(model), "-o", str(package),
             "--target=host", f"--host-weights={weights}"],
            check=True,
        )
        file = package / "host" / "weights.bin"
        result = {
            "what": f"decode of {model.name}, {NEW_TOKENS} tokens",
            "host_weights": weights,
            "threads": threads,
            "weights_bytes": file.stat().st_size,
            "machine": common.machine(),
            "llama_cpp": peer.version if peer else "not installed",
            "pairs": [],
        }
        for _ in range(pairs):
            metrics = ours(package, threads)
            seconds = roof(program, file, threads)
            result["pairs"].append(
                {
                    "decode_tokens_per_s": metrics["decode_tokens_per_s"],
                    "ttft_s": metrics["ttft_s"],
                    "roof_tokens_per_s": 1 / seconds,
                    "llama_cpp_tokens_per_s": (
                        peer.tokens_per_second() if peer else None
                    ),
                }
            )
    return result


def report(result: dict) -> None:
    print(f"\n{result['what']}, weights {result['host_weights']}, "
          f"{result['threads']} threads, warm")
    print(f"{result['machine']}, llama.cpp {result['llama_cpp']}")
    pairs = result["pairs"]
    for key in ("decode_tokens_per_s", "roof_tokens_per_s",
                "llama_cpp_tokens_per_s"):
        values = [pair[key] for pair in pairs if pair[key] is not None]
        if values:
            of = common.summary(values)
            print(f"{key:26}{of['median']:9.1f} [{of['best']:.1f}, "
                  f"{of['worst']:.1f}]")
    share = common.summary(
        pair["decode_tokens_per_s"] / pair["roof_tokens_per_s"]
        for pair in pairs
    )
    print(f"decode / roof: {share['median']:.2f} [{share['best']:.2f}, "
          f"{share['worst']:.2f}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--host-weights", default="auto")
    parser.add_argument("--results", type=Path,
                        default=common.BENCH / "results")
    options = parser.parse_args()
    if not options.model.exists():
        sys.exit(f"{options.model} is missing: run utils/fetch_models.py")
    result = benchmark(
        options.model, options.pairs, options.threads, options.host_weights
    )
    report(result)
    common.write_result("decode", result, options.results)


if __name__ == "__main__":
    main()
