# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What LoRA adapters cost: merged, swapped, loaded, and in an export.

Makes a checkpoint of the shape of Llama 3.2 1B and adapters of all its linear
layers, random, in a tmpfs. Two host packages of it are loaded side by side:
one with an adapter merged, one that takes adapters of up to the largest rank.
They decode in turns, and peft on torch with them. Then the time and memory of
an AI 100 package with an adapter merged and without one. All files are warm.

    python bench/lora.py [--only=decode|export] [--host-weights=f32]
        [--export-dtype=float16] [--pairs=15] [--peer-pairs=5] [--small]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import common
import export

RANK = 16
OTHER_RANKS = (8, 64, 256)
PROMPT = [1, 5, 9, 13, 17, 21, 25, 29]
SWITCHES = 1000
CONTEXT = 256
SMALL = dict(
    hidden_size=256, intermediate_size=512, num_hidden_layers=4,
    num_attention_heads=4, num_key_value_heads=2, vocab_size=4096,
)


def linears(config: dict) -> dict[str, tuple[int, int]]:
    """Modules that all-linear means, with [out, in]."""
    return {
        name.removesuffix(".weight"): shape
        for name, shape in export.shapes(config).items()
        if len(shape) == 2 and "embed" not in name
    }


def make_adapter(folder: Path, config: dict, rank: int) -> Path:
    """A PEFT folder of all linear layers, in bf16."""
    folder.mkdir(parents=True)
    tensors = {}
    for module, (out, inputs) in linears(config).items():
        path = f"base_model.model.{module}.lora_"
        tensors[f"{path}A.weight"] = (rank, inputs)
        tensors[f"{path}B.weight"] = (out, rank)
    export.write_random(
        folder / "adapter_model.safetensors", tensors, "bfloat16"
    )
    (folder / "adapter_config.json").write_text(
        json.dumps(
            {
                "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank,
                "lora_alpha": 2 * rank, "target_modules": "all-linear",
            }
        )
    )
    return folder


def adapter_bytes(config: dict, rank: int) -> int:
    """What a decoded token reads of an adapter, f32 on the host."""
    return sum(4 * rank * sum(shape) for shape in linears(config).values())


#===----------------------------------------------------------------------===#
# Decoding on the host
#===----------------------------------------------------------------------===#


class Peer:
    """lora_peft.py, or nothing where it is not asked for."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, str(common.BENCH / "lora_peft.py"),
             *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL,
        )
        self.versions = self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"lora_peft.py ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, *words) -> float:
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def compile_host(model: Path, out: Path, weights: str, *flags) -> Path:
    subprocess.run(
        [common.tool("qeff-compile"), str(model), "-o", str(out),
         "--target=host", f"--host-weights={weights}",
         f"--ctx-len={CONTEXT}", *flags],
        check=True,
    )
    return out


def decode(session, tokens: int) -> float:
    return session.generate(
        [PROMPT], tokens, stop_tokens=[]
    ).metrics.decode_tokens_per_s


def decode_bytes(session) -> int:
    """Of weights and state that the kernels of one token read at most."""
    session.set_trace(True)
    decode(session, 2)
    launches = session.trace()
    session.set_trace(False)
    return sum(
        launch["bytes"] for launch in launches
        if launch["function"] == "decode"
    )


def decode_round(merged, swapped, index: int, tokens: int) -> dict:
    """One sample of each; merged and rank 16 next to each other, the first of
    the two in turns."""
    def of_rank(rank):
        swapped.set_adapter(f"r{rank}" if rank else None)
        return decode(swapped, tokens)

    pair = [
        ("merged", lambda: decode(merged, tokens)),
        (f"r{RANK}", lambda: of_rank(RANK)),
    ]
    sample = {name: run() for name, run in pair[:: 1 if index % 2 else -1]}
    sample = {name: sample[name] for name, _ in pair}
    for rank in OTHER_RANKS:
        sample[f"r{rank}"] = of_rank(rank)
    return sample | {"off": of_rank(0)}


def switch_times(session) -> list[float]:
    times = []
    for index in range(SWITCHES):
        name = f"r{RANK}" if index % 2 else f"r{OTHER_RANKS[0]}"
        start = time.perf_counter()
        session.set_adapter(name)
        times.append(time.perf_counter() - start)
    return times


def load_times(session, repeat: int) -> list[float]:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        session.load_adapter(f"r{RANK}", "again")
        times.append(time.perf_counter() - start)
        session.unload_adapter("again")
    return times


def decode_benchmark(options, config: dict, weights: str, work: Path) -> dict:
    sys.path.insert(0, str(common.build_directory() / "python"))
    import qeff

    model = work / "model"
    checkpoint_bytes = export.make_checkpoint(model, "bfloat16", config)
    folders = {
        rank: make_adapter(work / f"r{rank}", config, rank)
        for rank in (RANK, *OTHER_RANKS)
    }
    packages = [
        compile_host(
            model, work / mode, weights, f"--adapter-mode={mode}",
            *[f"--adapter=r{rank}={folders[rank]}" for rank in ranks],
        )
        for mode, ranks in (("merge", [RANK]), ("swap", folders))
    ]
    merged, swapped = (
        qeff.InferenceSession(package, options.threads) for package in packages
    )
    for rank in folders:
        swapped.load_adapter(f"r{rank}")
    result = {
        "what": "decode with adapters of all linear layers, shape "
                + ("small" if options.small else "of Llama 3.2 1B"),
        "host_weights": weights, "threads": merged.threads,
        "tokens": options.tokens, "files": "tmpfs, warm",
        "machine": common.machine(), "checkpoint_bytes": checkpoint_bytes,
        "decode_bytes": decode_bytes(merged),
        "adapter_bytes": {
            f"r{rank}": adapter_bytes(config, rank) for rank in folders
        },
        "max_lora_rank": swapped.max_lora_rank,
        "peer": None, "rounds": [], "peer_rounds": [],
    }
    with contextlib.ExitStack() as stack:
        if options.peer_pairs:
            peer = Peer(
                model, "float32" if weights == "f32" else "bfloat16",
                merged.threads, folders[RANK], folders[OTHER_RANKS[0]],
            )
            stack.callback(peer.close)
            result["peer"] = peer.versions
        decode_round(merged, swapped, 0, 2)  # maps the files
        for index in range(max(options.pairs, options.peer_pairs)):
            if index < options.pairs:
                result["rounds"].append(
                    decode_round(merged, swapped, index, options.tokens)
                )
            if index < options.peer_pairs:
                result["peer_rounds"].append(
                    {
                        "decode": peer.ask("decode", options.tokens),
                        "switch": peer.ask("switch"),
                        "load": peer.ask("load"),
                    }
                )
    result["switch_s"] = switch_times(swapped)
    result["load_s"] = load_times(swapped, options.pairs)
    return result


def row(name: str, values, form: str, unit: str) -> None:
    of = common.summary(values)
    print(f"{name:34}{of['median']:{form}} [{of['best']:{form}}, "
          f"{of['worst']:{form}}] {unit}")


def report_decode(result: dict) -> None:
    print(f"\n{result['what']}, weights {result['host_weights']}, "
          f"{result['threads']} threads, {result['files']}")
    print(f"{result['machine']}, peer {result['peer']}")
    rounds, peer = result["rounds"], result["peer_rounds"]
    for name in rounds[0]:
        row(f"decode, {name}", (r[name] for r in rounds), "9.2f", "tokens/s")
    if peer:
        row(f"decode, peft r{RANK}", (r["decode"] for r in peer), "9.2f",
            "tokens/s")
    for name, size in result["adapter_bytes"].items():
        share = size / result["decode_bytes"]
        slower = [r["merged"] / r[name] - 1 for r in rounds]
        row(f"{name}: slower than merged", (100 * v for v in slower), "9.2f",
            f"% for {100 * share:.2f} % more bytes")
        row(f"{name}: slower / more bytes", (v / share for v in slower),
            "9.2f", "")
    row("off: slower than merged",
        (100 * (r["merged"] / r["off"] - 1) for r in rounds), "9.2f", "%")
    row("switch", (1e6 * v for v in result["switch_s"]), "9.2f", "us")
    row(f"load r{RANK} from disk", (1e3 * v for v in result["load_s"]),
        "9.2f", "ms")
    if peer:
        row("switch, peft", (1e6 * r["switch"] for r in peer), "9.2f", "us")
        row(f"load r{RANK} from disk, peft", (1e3 * r["load"] for r in peer),
            "9.2f", "ms")


#===----------------------------------------------------------------------===#
# Export for AI 100
#===----------------------------------------------------------------------===#


def run_export(model: Path, out: Path, *flags) -> dict:
    shutil.rmtree(out, ignore_errors=True)
    return common.measured(
        common.tool("qeff-compile"), model, "-o", out, "--target=aic100",
        *flags,
    )


def export_benchmark(options, config: dict, dtype: str, work: Path) -> dict:
    model, out = work / "model", work / "out"
    checkpoint_bytes = export.make_checkpoint(model, dtype, config)
    adapter = make_adapter(work / f"r{RANK}", config, RANK)
    flags = [f"--adapter=r{RANK}={adapter}", "--adapter-mode=merge"]
    result = {
        "what": f"export for AI 100, rank {RANK} on all linear layers merged",
        "dtype": dtype, "files": "tmpfs, warm", "machine": common.machine(),
        "checkpoint_bytes": checkpoint_bytes, "with": [], "without": [],
    }
    runs = [("with", flags), ("without", [])]
    for _ in range(options.pairs):
        for name, given in runs:
            result[name].append(run_export(model, out, *given))
        runs.reverse()
    return result


def report_export(result: dict) -> None:
    print(f"\n{result['what']}, {result['dtype']}, {result['files']}")
    print(result["machine"])
    for name in ("without", "with"):
        row(f"{name}: seconds", (r["seconds"] for r in result[name]), "9.3f",
            "s")
        row(f"{name}: peak", (r["peak_mib"] for r in result[name]), "9.0f",
            "MiB")
    pairs = zip(result["with"], result["without"])
    row("with / without",
        (a["seconds"] / b["seconds"] for a, b in pairs), "9.3f", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["decode", "export"])
    parser.add_argument("--host-weights", choices=["f32", "bf16", "f16"],
                        action="append")
    parser.add_argument("--export-dtype", choices=["float16", "bfloat16"],
                        action="append")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--peer-pairs", type=int, default=5,
                        help="rounds with peft on torch; 0: without it")
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--small", action="store_true",
                        help="a tiny shape, to try the benchmark")
    parser.add_argument("--work", type=Path, default=Path("/dev/shm"))
    parser.add_argument("--results", type=Path,
                        default=common.BENCH / "results")
    options = parser.parse_args()
    config = export.SHAPE | (SMALL if options.small else {})
    jobs = [
        ("decode", weights, decode_benchmark, report_decode)
        for weights in options.host_weights or ["f32", "bf16"]
    ] + [
        ("export", dtype, export_benchmark, report_export)
        for dtype in options.export_dtype or ["float16", "bfloat16"]
    ]
    for kind, dtype, benchmark, report in jobs:
        if options.only not in (None, kind):
            continue
        work = options.work / f"qeff-bench-lora-{kind}-{dtype}"
        shutil.rmtree(work, ignore_errors=True)
        try:
            result = benchmark(options, config, dtype, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        report(result)
        common.write_result(f"lora-{kind}-{dtype}", result, options.results)


if __name__ == "__main__":
    main()
