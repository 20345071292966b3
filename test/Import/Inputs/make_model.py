#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a tiny random model directory in Hugging Face's format, with numpy only.

make_model.py FAMILY DIR [--set KEY=JSON] [--unset KEY] [--dtype F32|F16|BF16]
              [--shards N] [--drop TENSOR] [--replace TENSOR=DTYPE:SHAPE]
              [--strip PREFIX]
"""
import argparse
import json
import pathlib
import struct

import numpy

LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama",
    "vocab_size": 96, "hidden_size": 32, "intermediate_size": 64,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 128, "rms_norm_eps": 1e-5, "hidden_act": "silu",
    "rope_theta": 10000.0, "tie_word_embeddings": False, "eos_token_id": 2,
    "torch_dtype": "float32",
}
GPT2 = {
    "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2",
    "vocab_size": 96, "n_positions": 128, "n_embd": 32, "n_layer": 2,
    "n_head": 4, "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5, "eos_token_id": 95,
}
MPT = {
    "architectures": ["MptForCausalLM"], "model_type": "mpt",
    "vocab_size": 96, "d_model": 32, "n_heads": 4, "n_layers": 2,
    "expansion_ratio": 4, "max_seq_len": 128, "no_bias": True,
    "attn_config": {"alibi": True, "alibi_bias_max": 8, "clip_qkv": 6.0},
    "eos_token_id": 0,
}


def llama_tensors(config):
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    heads = config["num_attention_heads"]
    groups = config.get("num_key_value_heads") or heads
    size = config.get("head_dim") or hidden // heads
    yield "model.embed_tokens.weight", (config["vocab_size"], hidden)
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        yield layer + "input_layernorm.weight", (hidden,)
        yield layer + "post_attention_layernorm.weight", (hidden,)
        for name, rows, columns in (("q_proj", heads * size, hidden),
                                    ("k_proj", groups * size, hidden),
                                    ("v_proj", groups * size, hidden),
                                    ("o_proj", hidden, heads * size)):
            yield layer + f"self_attn.{name}.weight", (rows, columns)
            if config.get("attention_bias"):
                yield layer + f"self_attn.{name}.bias", (rows,)
        for name, rows, columns in (("gate_proj", inner, hidden),
                                    ("up_proj", inner, hidden),
                                    ("down_proj", hidden, inner)):
            yield layer + f"mlp.{name}.weight", (rows, columns)
            if config.get("mlp_bias"):
                yield layer + f"mlp.{name}.bias", (rows,)
    yield "model.norm.weight", (hidden,)
    if not config.get("tie_word_embeddings"):
        yield "lm_head.weight", (config["vocab_size"], hidden)


def gpt2_tensors(config):
    hidden = config["n_embd"]
    inner = config.get("n_inner") or 4 * hidden
    yield "transformer.wte.weight", (config["vocab_size"], hidden)
    yield "transformer.wpe.weight", (config["n_positions"], hidden)
    for i in range(config["n_layer"]):
        layer = f"transformer.h.{i}."
        for norm in ("ln_1", "ln_2"):
            yield layer + norm + ".weight", (hidden,)
            yield layer + norm + ".bias", (hidden,)
        for name, inputs, outputs in (("attn.c_attn", hidden, 3 * hidden),
                                      ("attn.c_proj", hidden, hidden),
                                      ("mlp.c_fc", hidden, inner),
                                      ("mlp.c_proj", inner, hidden)):
            yield layer + name + ".weight", (inputs, outputs)
            yield layer + name + ".bias", (outputs,)
    yield "transformer.ln_f.weight", (hidden,)
    yield "transformer.ln_f.bias", (hidden,)
    if not config.get("tie_word_embeddings", True):
        yield "lm_head.weight", (config["vocab_size"], hidden)


def mpt_tensors(config):
    hidden = config["d_model"]
    yield "transformer.wte.weight", (config["vocab_size"], hidden)
    for i in range(config["n_layers"]):
        layer = f"transformer.blocks.{i}."
        yield layer + "norm_1.weight", (hidden,)
        yield layer + "norm_2.weight", (hidden,)
        yield layer + "attn.Wqkv.weight", (3 * hidden, hidden)
        yield layer + "attn.out_proj.weight", (hidden, hidden)
        yield layer + "ffn.up_proj.weight", (4 * hidden, hidden)
        yield layer + "ffn.down_proj.weight", (hidden, 4 * hidden)
    yield "transformer.norm_f.weight", (hidden,)
    if not config.get("tie_word_embeddings", True):
        yield "lm_head.weight", (config["vocab_size"], hidden)


FAMILIES = {"llama": (LLAMA, llama_tensors), "gpt2": (GPT2, gpt2_tensors),
            "mpt": (MPT, mpt_tensors)}
BYTES = {"F32": 4, "F16": 2, "BF16": 2, "I32": 4}


def encode(values, dtype):
    if dtype == "BF16":
        return (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return values.astype({"F32": "<f4", "F16": "<f2", "I32": "<i4"}[dtype]).tobytes()


def write_safetensors(path, tensors):
    """tensors: name -> (dtype, shape, bytes)."""
    header, offset = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape),
                        "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    header["__metadata__"] = {"format": "pt"}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in tensors.values():
            file.write(data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--unset", action="append", default=[])
    parser.add_argument("--dtype", default="F32")
    parser.add_argument("--shards", type=int, default=0)
    parser.add_argument("--drop", action="append", default=[])
    parser.add_argument("--replace", action="append", default=[])
    parser.add_argument("--strip", default="")
    arguments = parser.parse_args()

    config, tensors_of = FAMILIES[arguments.family]
    config = dict(config)
    for item in arguments.set:
        key, value = item.split("=", 1)
        config[key] = json.loads(value)
    for key in arguments.unset:
        config.pop(key, None)

    shapes = {name: (arguments.dtype, shape)
              for name, shape in tensors_of(config)}
    for name in arguments.drop:
        del shapes[name]
    for item in arguments.replace:
        name, spec = item.split("=", 1)
        dtype, sizes = spec.split(":")
        shapes[name] = (dtype, tuple(int(s) for s in sizes.split("x")))
    shapes = {name.removeprefix(arguments.strip): shape
              for name, shape in shapes.items()}
    random = numpy.random.default_rng(0)
    tensors = {name: (dtype, shape,
                      encode(random.normal(0, 0.2, shape), dtype))
               for name, (dtype, shape) in shapes.items()}

    directory = arguments.directory
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    (directory / "config.json").write_text(json.dumps(config, indent=1))
    if not arguments.shards:
        write_safetensors(directory / "model.safetensors", tensors)
        return
    weight_map = {}
    names = list(tensors)
    for shard in range(arguments.shards):
        file = f"model-{shard + 1:05}-of-{arguments.shards:05}.safetensors"
        mine = names[shard::arguments.shards]
        write_safetensors(directory / file, {n: tensors[n] for n in mine})
        weight_map.update({n: file for n in mine})
    (directory / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": weight_map}))


if __name__ == "__main__":
    main()
