# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tiny random Llama models as GGUF files, written with the `gguf` package in
the layout of llama.cpp, and what transformers makes of the same files.

    python -m oracles.gguf_models DIRECTORY

writes DIRECTORY/<name>/model.gguf and DIRECTORY/<name>/reference.npz, with
the keys of oracles.reference.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import gguf
import numpy as np
import torch

from . import reference
from .variants import BY_NAME, GGUF_NAMES, NEW_TOKENS, PROMPT_LENGTHS

_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def _gguf_name(name: str) -> str:
    name = name.replace("model.layers.", "blk.")
    for theirs, ours in _NAMES.items():
        name = name.replace(theirs, ours)
    return name


def _permuted(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of q and k as llama.cpp stores them: the two halves of a head
    interleaved."""
    out, width = weight.shape
    rows = weight.reshape(heads, 2, out // heads // 2, width)
    return rows.swapaxes(1, 2).reshape(out, width)


def _type_of(kind: str, name: str, array: np.ndarray) -> str:
    if array.ndim == 1:
        return "F32"
    if kind == "tied":  # as SmolLM2's file: the embedding finer than the rest
        return "Q8_0" if "token_embd" in name else "Q4_1"
    return kind


def write(path: Path, model, kind: str) -> None:
    config = model.config
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    for name, parameter in model.state_dict().items():
        if kind == "tied" and name == "lm_head.weight":
            continue
        array = parameter.float().numpy()
        if ".q_proj." in name:
            array = _permuted(array, config.num_attention_heads)
        if ".k_proj." in name:
            array = _permuted(array, config.num_key_value_heads)
        name = _gguf_name(name)
        type_name = _type_of(kind, name, array)
        data_type = gguf.GGMLQuantizationType[type_name]
        if type_name == "F32":
            data = np.ascontiguousarray(array)
        else:
            data = gguf.quantize(np.ascontiguousarray(array), data_type)
        writer.add_tensor(name, data, raw_dtype=data_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def load(path: Path):
    """transformers on the dequantized weights, in f32."""
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32,
        attn_implementation="eager",
    )
    model.generation_config.eos_token_id = None
    return model.eval()


def describe(model, seed: int) -> dict[str, np.ndarray]:
    variant = dataclasses.replace(BY_NAME["llama"], seed=seed)
    values = {}
    for length in PROMPT_LENGTHS:
        prompt = reference.prompt_of(variant, length)
        tokens = reference.greedy(model, prompt, NEW_TOKENS)
        values[f"prompt_{length}"] = prompt
        values[f"tokens_{length}"] = tokens
        values[f"logits_{length}"] = reference.teacher_forced(
            model, prompt, tokens
        )
    return values


def main(arguments: list[str]) -> int:
    torch.set_num_threads(1)
    for seed, name in enumerate(GGUF_NAMES, start=51):
        target = Path(arguments[0]) / name
        target.mkdir(parents=True, exist_ok=True)
        variant = dataclasses.replace(BY_NAME["llama"], seed=seed)
        kind = name.removeprefix("gguf-")
        kind = kind if kind == "tied" else kind.upper()
        path = target / "model.gguf"
        write(path, reference.random_model(variant), kind)
        np.savez(target / "reference.npz", **describe(load(path), seed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
