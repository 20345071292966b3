# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the package of the toy program: make-fake-package.py PROGRAM.so OUT.

With a third argument "last-slot", padding writes to the cache's last slot.
"""

import hashlib
import json
import os
import shutil
import struct
import sys

BATCH, CTX, PREFILL, VOCAB = 3, 40, 16, 97


def align(size):
    return (size + 63) // 64 * 64


def tensor(name, dtype, shape, offset):
    size = {"i64": 8, "f32": 4}[dtype]
    for dim in shape:
        size *= dim
    return {"name": name, "dtype": dtype, "shape": shape, "offset": offset,
            "size": size}


def function(name, seq):
    step = align(BATCH * seq * 8)
    logits = tensor("logits", "f32", [BATCH, 1, VOCAB], 2 * step)
    return {
        "name": name,
        "dims": {"batch_size": BATCH, "seq_len": seq, "ctx_len": CTX},
        "arena_bytes": align(BATCH * PREFILL * 8) + 64,
        "io_bytes": logits["offset"] + logits["size"],
        "inputs": [tensor("input_ids", "i64", [BATCH, seq], 0),
                   tensor("position_ids", "i64", [BATCH, seq], step)],
        "outputs": [logits],
    }


def main():
    program, out = sys.argv[1:3]
    os.makedirs(out, exist_ok=True)
    shutil.copyfile(program, os.path.join(out, "program.so"))
    codes = [(37 * token + 11) % 101 for token in range(VOCAB)]
    codes.append(int("last-slot" in sys.argv))
    with open(os.path.join(out, "weights.bin"), "wb") as file:
        file.write(struct.pack(f"<{VOCAB + 1}q", *codes))
    files = {}
    for key, name in (("program", "program.so"), ("weights", "weights.bin")):
        with open(os.path.join(out, name), "rb") as file:
            data = file.read()
        files[key] = {"path": name, "size": len(data),
                      "sha256": hashlib.sha256(data).hexdigest()}
    state = tensor("past_key.0", "f32", [BATCH, 1, CTX, 1], 0)
    manifest = {
        "format": "qeff.host-qpc",
        "version": 1,
        "producer": "qeff 0.1.0",
        "cpu": {"triple": os.uname().machine + "-unknown-linux-gnu",
                "name": "any", "features": []},
        "files": files,
        "model": {"vocab_size": VOCAB, "max_position": 64,
                  "eos_token_ids": [2], "architecture": "ToyForCausalLM"},
        "state_bytes": state["size"],
        "states": [{**state, "layout": "bhcd"}],
        "adapter": {
            "bytes": 8640, "max_lora_rank": 12,
            "targets": [
                {"module": "layers.0.self_attn", "in": 2, "out": 40,
                 "header": 0, "a": 128,
                 "parts": [{"row": 0, "size": 33, "b": 256},
                           {"row": 33, "size": 7, "b": 4352}]},
                {"module": "layers.0.mlp", "in": 3, "out": 32, "header": 64,
                 "a": 6400, "parts": [{"row": 0, "size": 32, "b": 6592}]},
            ]},
        "functions": [function("prefill", PREFILL), function("decode", 1)],
    }
    with open(os.path.join(out, "qpc.json"), "w") as file:
        json.dump(manifest, file, indent=1)


main()
