#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model directory that make_model.py made as a GGUF file, with the gguf
package, as llama.cpp's converter does: other names, matrices of GPT-2
transposed, rows of Llama's q and k in interleaved order.

make_gguf.py DIR FILE [--type F32|F16|BF16|Q8_0|Q4_0|Q4_1] [--rope-freqs]
             [--set KEY=TYPE:VALUE]
"""
import argparse
import json
import pathlib
import struct

import gguf
import numpy

KEYS = {
    "llama": {"hidden_size": "embedding_length", "intermediate_size":
              "feed_forward_length", "num_hidden_layers": "block_count",
              "num_attention_heads": "attention.head_count",
              "num_key_value_heads": "attention.head_count_kv",
              "max_position_embeddings": "context_length",
              "vocab_size": "vocab_size"},
    "gpt2": {"n_embd": "embedding_length", "n_layer": "block_count",
             "n_head": "attention.head_count", "n_positions": "context_length"},
    "mpt": {"d_model": "embedding_length", "n_layers": "block_count",
            "n_heads": "attention.head_count", "max_seq_len": "context_length"},
}
FLOATS = {
    "llama": {"rms_norm_eps": "attention.layer_norm_rms_epsilon",
              "rope_theta": "rope.freq_base"},
    "gpt2": {"layer_norm_epsilon": "attention.layer_norm_epsilon"},
    "mpt": {"layer_norm_epsilon": "attention.layer_norm_epsilon"},
}
MODULES = {
    "model.embed_tokens": "token_embd", "transformer.wte": "token_embd",
    "transformer.wpe": "position_embd", "model.norm": "output_norm",
    "transformer.ln_f": "output_norm", "transformer.norm_f": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm", "ln_1": "attn_norm", "norm_1": "attn_norm",
    "post_attention_layernorm": "ffn_norm", "ln_2": "ffn_norm",
    "norm_2": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "attn.c_attn": "attn_qkv",
    "attn.Wqkv": "attn_qkv", "attn.c_proj": "attn_output",
    "attn.out_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down", "ffn.up_proj": "ffn_up",
    "ffn.down_proj": "ffn_down",
}


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    for name, info in header.items():
        begin, end = info["data_offsets"]
        raw = data[8 + length + begin:8 + length + end]
        if info["dtype"] != "F32":
            raise SystemExit("expects an F32 checkpoint")
        yield name, numpy.frombuffer(raw, "<f4").reshape(info["shape"])


def rename(name):
    module, suffix = name.rsplit(".", 1)
    if module in MODULES:
        return f"{MODULES[module]}.{suffix}"
    parts = module.split(".")
    layer = next(i for i, part in enumerate(parts) if part.isdigit())
    inner = ".".join(parts[layer + 1:])
    return f"blk.{parts[layer]}.{MODULES[inner]}.{suffix}"


def interleave(weight, heads):
    rows = weight.shape[0]
    return weight.reshape(heads, 2, rows // heads // 2, *weight.shape[1:]) \
        .swapaxes(1, 2).reshape(weight.shape)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("file")
    parser.add_argument("--type", default="F32")
    parser.add_argument("--rope-freqs", action="store_true")
    parser.add_argument("--set", action="append", default=[])
    arguments = parser.parse_args()

    config = json.loads((arguments.directory / "config.json").read_text())
    family = config["model_type"]
    writer = gguf.GGUFWriter(arguments.file, family)
    for key, name in KEYS[family].items():
        writer.add_uint32(f"{family}.{name}", config[key])
    for key, name in FLOATS[family].items():
        writer.add_float32(f"{family}.{name}", config.get(key, 1e-5))
    if family == "mpt":
        attention = config["attn_config"]
        writer.add_float32("mpt.attention.max_alibi_bias",
                           attention.get("alibi_bias_max", 8))
        writer.add_float32("mpt.attention.clamp_kqv", attention["clip_qkv"])
    for item in arguments.set:
        key, value = item.split("=", 1)
        kind, value = value.split(":", 1)
        if kind == "str":
            writer.add_string(key, value)
        elif kind == "float":
            writer.add_float32(key, float(value))
        else:
            writer.add_uint32(key, int(value))
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_token_list([f"t{i}" for i in range(config["vocab_size"])])

    kind = gguf.GGMLQuantizationType[arguments.type]
    for name, values in read_safetensors(
            arguments.directory / "model.safetensors"):
        if family == "gpt2" and values.ndim == 2 and ".h." in name:
            values = values.T
        if "q_proj" in name:
            values = interleave(values, config["num_attention_heads"])
        if "k_proj" in name:
            values = interleave(values, config["num_key_value_heads"])
        values = numpy.ascontiguousarray(values)
        if values.ndim == 1 or kind == gguf.GGMLQuantizationType.F32:
            writer.add_tensor(rename(name), values)
        elif kind == gguf.GGMLQuantizationType.F16:
            writer.add_tensor(rename(name), values.astype("<f2"))
        else:
            writer.add_tensor(rename(name), gguf.quantize(values, kind),
                              raw_dtype=kind)
    if arguments.rope_freqs:
        size = config["hidden_size"] // config["num_attention_heads"]
        writer.add_tensor("rope_freqs.weight",
                          numpy.arange(1, size // 2 + 1, dtype="<f4"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
