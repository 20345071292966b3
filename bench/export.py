# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Time and memory of an AI 100 package against torch's exporter and `cp`.

Makes a checkpoint of the shape of Llama 3.2 1B with random weights in a tmpfs
and runs, in turns: `qeff-compile --target=aic100`, `cp` of the bytes that it
wrote, and `torch.onnx.export(dynamo=True)` of the same transformers model
without a cache. Everything is in memory: the files are warm.

    python bench/export.py [--dtype=float16] [--pairs=15] [--peer-pairs=15]
"""

from __future__ import annotations

import argparse
import json
import shutil
import struct
import sys
from pathlib import Path

import numpy as np

import common

SHAPE = dict(
    architectures=["LlamaForCausalLM"],
    model_type="llama",
    hidden_size=2048,
    intermediate_size=8192,
    num_hidden_layers=16,
    num_attention_heads=32,
    num_key_value_heads=8,
    head_dim=64,
    vocab_size=128256,
    max_position_embeddings=131072,
    rms_norm_eps=1e-5,
    hidden_act="silu",
    tie_word_embeddings=True,
    bos_token_id=128000,
    eos_token_id=128001,
    rope_parameters=dict(
        rope_type="llama3",
        rope_theta=500000.0,
        factor=32.0,
        low_freq_factor=1.0,
        high_freq_factor=4.0,
        original_max_position_embeddings=8192,
    ),
)


def shapes(config: dict) -> dict[str, tuple[int, ...]]:
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    queries = config["num_attention_heads"] * config["head_dim"]
    keys = config["num_key_value_heads"] * config["head_dim"]
    found = {"model.embed_tokens.weight": (config["vocab_size"], hidden)}
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        found |= {
            at + "input_layernorm.weight": (hidden,),
            at + "self_attn.q_proj.weight": (queries, hidden),
            at + "self_attn.k_proj.weight": (keys, hidden),
            at + "self_attn.v_proj.weight": (keys, hidden),
            at + "self_attn.o_proj.weight": (hidden, queries),
            at + "post_attention_layernorm.weight": (hidden,),
            at + "mlp.gate_proj.weight": (inner, hidden),
            at + "mlp.up_proj.weight": (inner, hidden),
            at + "mlp.down_proj.weight": (hidden, inner),
        }
    found["model.norm.weight"] = (hidden,)
    return found


def _random_block(dtype: str) -> np.ndarray:
    """2^24 random elements as 16-bit words."""
    values = np.random.default_rng(0).normal(0, 0.02, 1 << 24)
    if dtype == "float16":
        return values.astype(np.float16).view(np.uint16)
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x8000) >> 16).astype(np.uint16)


def write_random(path: Path, tensors: dict, dtype: str) -> int:
    """Writes a safetensors file of random 16-bit floats, `tensors` from name
    to shape; the size of its data in bytes."""
    header, offset = {}, 0
    for name, shape in tensors.items():
        size = 2 * int(np.prod(shape))
        header[name] = {
            "dtype": "F16" if dtype == "float16" else "BF16",
            "shape": list(shape),
            "data_offsets": [offset, offset + size],
        }
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 64)
    block = _random_block(dtype)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for index, shape in enumerate(tensors.values()):
            left = int(np.prod(shape))
            start = index * 7919 % len(block)
            while left:
                part = block[start : start + left]
                file.write(part.tobytes())
                left -= len(part)
                start = 0
    return offset


def make_checkpoint(folder: Path, dtype: str, shape: dict = SHAPE) -> int:
    """Writes the checkpoint; the size of its weights in bytes."""
    folder.mkdir(parents=True)
    config = dict(shape, dtype=dtype)
    (folder / "config.json").write_text(json.dumps(config))
    return write_random(folder / "model.safetensors", shapes(config), dtype)


PEER = """
import sys, torch
from transformers import LlamaForCausalLM
model = LlamaForCausalLM.from_pretrained(sys.argv[1], dtype=sys.argv[3]).eval()
model.config.use_cache = False
ids = torch.ones(1, 32, dtype=torch.int64)
sequence = torch.export.Dim("seq_len", min=2, max=8192)
torch.onnx.export(
    model, (ids,), sys.argv[2], dynamo=True, external_data=True,
    dynamic_shapes={"input_ids": {1: sequence}})
"""


def run_ours(model: Path, out: Path) -> dict:
    shutil.rmtree(out, ignore_errors=True)
    return common.measured(
        common.tool("qeff-compile"), model, "-o", out, "--target=aic100"
    )


def run_copy(out: Path, copy: Path) -> dict:
    shutil.rmtree(copy, ignore_errors=True)
    return common.measured("cp", "-r", out, copy)


def run_peer(model: Path, out: Path, dtype: str) -> dict:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return common.measured(
        sys.executable, "-c", PEER, model, out / "model.onnx", dtype
    )


def bytes_of(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def benchmark(dtype: str, pairs: int, peer_pairs: int, work: Path) -> dict:
    model, out = work / "model", work / "out"
    result = {
        "what": "export of the shape of Llama 3.2 1B",
        "dtype": dtype,
        "files": "tmpfs, warm",
        "machine": common.machine(),
        "versions": {
            name: common.version_of(name)
            for name in ("torch", "transformers", "onnxscript")
        },
        "checkpoint_bytes": make_checkpoint(model, dtype),
        "ours": [], "cp": [], "torch": [],
    }
    for index in range(max(pairs, peer_pairs)):
        if index < pairs:
            result["ours"].append(run_ours(model, out))
            result["written_bytes"] = bytes_of(out)
            result["cp"].append(run_copy(out, work / "copy"))
            shutil.rmtree(work / "copy")
        if index < peer_pairs:
            result["torch"].append(run_peer(model, work / "peer", dtype))
            shutil.rmtree(work / "peer")
    return result


def report(result: dict) -> None:
    print(f"\n{result['what']}, {result['dtype']}, {result['files']}")
    print(f"{result['machine']}\n{result['versions']}")
    print(f"{'':8}{'median s':>10}{'worst s':>10}{'peak MiB':>10}{'runs':>6}")
    for name in ("ours", "cp", "torch"):
        runs = result[name]
        if runs:
            seconds = common.summary(run["seconds"] for run in runs)
            peak = max(run["peak_mib"] for run in runs)
            print(f"{name:8}{seconds['median']:10.2f}{seconds['worst']:10.2f}"
                  f"{peak:10.0f}{len(runs):6}")
    for name in ("cp", "torch"):
        ratios = [
            a["seconds"] / b["seconds"]
            for a, b in zip(result["ours"], result[name])
        ]
        if ratios:
            ratio = common.summary(ratios)
            print(f"ours / {name}: {ratio['median']:.3f} "
                  f"[{ratio['best']:.3f}, {ratio['worst']:.3f}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dtype", choices=["float16", "bfloat16"],
                        action="append")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--peer-pairs", type=int, default=15)
    parser.add_argument("--work", type=Path, default=Path("/dev/shm"))
    parser.add_argument("--results", type=Path,
                        default=common.BENCH / "results")
    options = parser.parse_args()
    for dtype in options.dtype or ["float16", "bfloat16"]:
        work = options.work / f"qeff-bench-export-{dtype}"
        shutil.rmtree(work, ignore_errors=True)
        try:
            result = benchmark(
                dtype, options.pairs, options.peer_pairs, work
            )
        finally:
            shutil.rmtree(work, ignore_errors=True)
        report(result)
        common.write_result(f"export-{dtype}", result, options.results)


if __name__ == "__main__":
    main()
