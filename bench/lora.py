# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Decode with a swapped LoRA adapter against the same adapter merged.

Makes a checkpoint of the shape of Llama 3.2 1B with random weights and adapters
of several ranks on all linear layers, compiles it merged (rank 16) and for
swapping, and decodes with both in turns, in one process. What a rank may cost
is the bytes that it adds to those that a token reads. Switches between loaded
adapters and loading from disk are timed apart. peft on torch joins where it is
installed: the same weights, adapter and threads, with and without the adapter.

    python bench/lora.py [--weights=f32] [--pairs=15] [--peer-pairs=5]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import common
import export

RANK = 16
RANKS = (8, 16, 32, 64)
PROMPT = list(range(1000, 1016))
NEW_TOKENS = 33
SWITCHES = 1000
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj",
           "down_proj")

PEER = """
import sys, time, torch
from transformers import AutoModelForCausalLM
from peft import PeftModel
model, adapter, dtype, threads, tokens = sys.argv[1:]
torch.set_num_threads(int(threads))
base = AutoModelForCausalLM.from_pretrained(model, dtype=getattr(torch, dtype))
model = PeftModel.from_pretrained(base, adapter).eval()
ids = torch.arange(1000, 1016)[None]

@torch.no_grad()
def decode(count):
    out = model(input_ids=ids, use_cache=True)
    start = time.perf_counter()
    for _ in range(count):
        token = out.logits[:, -1:].argmax(-1)
        out = model(input_ids=token, past_key_values=out.past_key_values,
                    use_cache=True)
    return count / (time.perf_counter() - start)

decode(2)
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "off":
        with model.disable_adapter():
            print(decode(int(tokens)), flush=True)
    else:
        print(decode(int(tokens)), flush=True)
"""


def make_adapter(folder: Path, rank: int) -> Path:
    """A directory as peft writes it."""
    from safetensors.numpy import save_file

    random = np.random.default_rng(rank)
    tensors = {}
    for name, shape in export.shapes(export.SHAPE).items():
        module = name.removesuffix(".weight")
        if module.rpartition(".")[2] not in MODULES:
            continue
        outputs, inputs = shape
        path = f"base_model.model.{module}"
        tensors[f"{path}.lora_A.weight"] = random.normal(
            0, inputs**-0.5, (rank, inputs)).astype(np.float32)
        tensors[f"{path}.lora_B.weight"] = random.normal(
            0, 0.02 * rank**-0.5, (outputs, rank)).astype(np.float32)
    folder.mkdir(parents=True)
    save_file(tensors, folder / "adapter_model.safetensors",
              {"format": "pt"})
    (folder / "adapter_config.json").write_text(json.dumps({
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank,
        "lora_alpha": 2 * rank, "lora_dropout": 0.0, "bias": "none",
        "target_modules": list(MODULES), "base_model_name_or_path": "model",
        "fan_in_fan_out": False, "use_rslora": False, "use_dora": False,
        "inference_mode": True,
    }))
    return folder


class Peer:
    """peft on torch in a process of its own."""

    def __init__(self, model: Path, adapter: Path, dtype: str, threads: int):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PEER, str(model), str(adapter), dtype,
             str(threads), str(NEW_TOKENS - 1)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit("peft on torch did not start")

    def decode(self, mode: str) -> float:
        self.process.stdin.write(mode + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def compile_package(model: Path, out: Path, weights: str, *flags) -> Path:
    subprocess.run(
        [common.tool("qeff-compile"), str(model), "-o", str(out),
         "--target=host", f"--host-weights={weights}", *map(str, flags)],
        check=True, stdout=subprocess.DEVNULL)
    return out


def decode(session) -> float:
    found = session.generate([PROMPT], NEW_TOKENS, stop_tokens=[])
    return found.metrics.decode_tokens_per_s


def time_switches(session, names) -> list[float]:
    seconds = []
    for index in range(SWITCHES):
        start = time.perf_counter()
        session.set_adapter(names[index % len(names)])
        seconds.append(time.perf_counter() - start)
    return seconds


def time_loads(session, file: Path, count: int) -> list[float]:
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        session.load_adapter(file, "again")
        seconds.append(time.perf_counter() - start)
        session.unload_adapter("again")
    return seconds


def measure_decode(result: dict, merged, swapped, peer, options) -> None:
    """Pairs of merged and each way to swap, whose order alternates."""
    decode(merged), decode(swapped)
    ways = [None, *(f"r{rank}" for rank in RANKS)]
    for index in range(options.pairs):
        for way in ways:
            swapped.set_adapter(way)
            sides = [("merged", merged), ("swapped", swapped)]
            pair = {"adapter": way}
            for name, session in sides[:: 1 if index % 2 else -1]:
                pair[name] = decode(session)
            result["pairs"].append(pair)
        if peer and index < options.peer_pairs:
            result["peft"].append(
                {mode: peer.decode(mode) for mode in ("on", "off")})


def benchmark(weights: str, options, work: Path) -> dict:
    sys.path.insert(0, str(common.build_directory() / "python"))
    import qeff

    model = work / "model"
    adapters = {f"r{r}": make_adapter(work / f"r{r}", r) for r in RANKS}
    result = {
        "what": "decode of the shape of Llama 3.2 1B, adapters on all linear "
                f"layers, {NEW_TOKENS} tokens, context 512",
        "weights": weights,
        "threads": options.threads,
        "machine": common.machine(),
        "versions": {
            name: common.version_of(name)
            for name in ("torch", "transformers", "peft")
        },
        "checkpoint_bytes": export.make_checkpoint(model, "bfloat16"),
        "pairs": [], "peft": [],
    }
    shared = ("--ctx-len=512", "--prefill-seq-len=32")
    merged = compile_package(model, work / "merged", weights, *shared,
                             "--adapter", f"r{RANK}={adapters[f'r{RANK}']}")
    named = [f for n, d in adapters.items() for f in ("--adapter", f"{n}={d}")]
    swap = compile_package(model, work / "swap", weights, *shared, *named,
                           "--adapter-mode=swap")
    merged = qeff.InferenceSession(merged, threads=options.threads)
    swapped = qeff.InferenceSession(swap, threads=options.threads)
    result["weights_bytes"] = merged.weights_bytes
    result["adapter_bytes"] = {
        name: swapped.load_adapter(name).bytes for name in adapters}
    peer = None
    if options.peer_pairs and result["versions"]["peft"] != "not installed":
        dtype = {"f32": "float32", "bf16": "bfloat16"}[weights]
        peer = Peer(model, adapters[f"r{RANK}"], dtype, options.threads)
    try:
        measure_decode(result, merged, swapped, peer, options)
    finally:
        if peer:
            peer.close()
    result["switch_s"] = time_switches(swapped, list(adapters))
    result["load_s"] = {
        name: time_loads(swapped, swap / "adapters" / f"{name}.safetensors", 5)
        for name in adapters
    }
    return result


def report(result: dict) -> None:
    print(f"\n{result['what']}, weights {result['weights']}, "
          f"{result['threads']} threads, warm")
    print(f"{result['machine']}\n{result['versions']}")
    print(f"{'adapter':10}{'merged tok/s':>14}{'swapped tok/s':>15}"
          f"{'slower %: median':>18}{'worst':>8}{'bytes %':>9}"
          f"{'time / bytes':>14}")
    for way in [None, *result["adapter_bytes"]]:
        pairs = [pair for pair in result["pairs"] if pair["adapter"] == way]
        slower = common.summary(
            100 * (pair["merged"] / pair["swapped"] - 1) for pair in pairs)
        extra = (100 * result["adapter_bytes"].get(way, 0)
                 / result["weights_bytes"])
        sides = [common.summary(pair[side] for pair in pairs)["median"]
                 for side in ("merged", "swapped")]
        ratio = f"{slower['median'] / extra:14.2f}" if extra else f"{'':14}"
        print(f"{way or 'off':10}{sides[0]:14.2f}{sides[1]:15.2f}"
              f"{slower['median']:18.2f}{slower['worst']:8.2f}{extra:9.2f}"
              + ratio)
    for mode in ("on", "off"):
        values = [run[mode] for run in result["peft"]]
        if values:
            of = common.summary(values)
            print(f"peft on torch, rank {RANK} {mode}: {of['median']:.2f} tok/s "
                  f"[{of['best']:.2f}, {of['worst']:.2f}]")
    switch = common.summary(1e6 * s for s in result["switch_s"])
    print(f"switch between loaded adapters: {switch['median']:.1f} us "
          f"[worst {switch['worst']:.1f}]")
    for name, seconds in result["load_s"].items():
        load = common.summary(1e3 * s for s in seconds)
        print(f"load {name} from a warm file: {load['median']:.1f} ms "
              f"[worst {load['worst']:.1f}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", choices=["f32", "bf16"], action="append")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--peer-pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--work", type=Path, default=Path("/var/tmp"))
    parser.add_argument("--results", type=Path,
                        default=common.BENCH / "results")
    options = parser.parse_args()
    for weights in options.weights or ["f32", "bf16"]:
        work = options.work / f"qeff-bench-lora-{weights}"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            result = benchmark(weights, options, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        report(result)
        common.write_result(f"lora-{weights}", result, options.results)


if __name__ == "__main__":
    main()
