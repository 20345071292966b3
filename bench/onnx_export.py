# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a checkpoint of the Llama family as its users export it: by
torch.onnx.export(dynamo=True), the cache as inputs and outputs.

    python bench/onnx_export.py CHECKPOINT OUTPUT float16|float32

Inputs input_ids, attention_mask, position_ids, past_key_values.N.key|value,
outputs logits, present.N.key|value; weights in OUTPUT.data.
"""

from __future__ import annotations

import itertools
import sys
import warnings

import torch
from transformers import LlamaForCausalLM
from transformers.cache_utils import DynamicCache

OPSET = 18


class Cached(torch.nn.Module):
    """Takes the cache as pairs of tensors and gives it as a tuple."""

    def __init__(self, model: torch.nn.Module):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, position_ids, past):
        result = self.model(
            input_ids=input_ids, attention_mask=attention_mask,
            position_ids=position_ids, past_key_values=DynamicCache(past),
            use_cache=True,
        )
        layers = result.past_key_values.layers
        pairs = ((layer.keys, layer.values) for layer in layers)
        return (result.logits, *itertools.chain(*pairs))


def example(config, dtype: torch.dtype):
    """Two rows of three tokens behind five."""
    rows, length, before = 2, 3, 5
    shape = (rows, config.num_key_value_heads, before, config.head_dim)
    past = [
        (torch.zeros(shape, dtype=dtype), torch.zeros(shape, dtype=dtype))
        for _ in range(config.num_hidden_layers)
    ]
    ids = torch.ones(rows, length, dtype=torch.int64)
    mask = torch.ones(rows, before + length, dtype=torch.int64)
    positions = torch.arange(before, before + length)
    return ids, mask, positions.expand(rows, length).contiguous(), past


def dims(layers: int):
    rows, length, before, total = map(torch.export.Dim, (
        "batch_size", "sequence_length", "past_length", "total_length"
    ))
    past = {0: rows, 2: before}
    return (
        {0: rows, 1: length}, {0: rows, 1: total}, {0: rows, 1: length},
        [(past, past)] * layers,
    )


def main(checkpoint: str, output: str, dtype: str) -> None:
    warnings.simplefilter("ignore")
    model = LlamaForCausalLM.from_pretrained(checkpoint, dtype=dtype).eval()
    model.requires_grad_(False)
    layers = model.config.num_hidden_layers
    pairs = [f"{i}.{part}" for i in range(layers) for part in ("key", "value")]
    torch.onnx.export(
        Cached(model).eval(), example(model.config, getattr(torch, dtype)),
        output, dynamo=True, opset_version=OPSET, external_data=True,
        verbose=False,
        input_names=["input_ids", "attention_mask", "position_ids",
                     *(f"past_key_values.{pair}" for pair in pairs)],
        output_names=["logits", *(f"present.{pair}" for pair in pairs)],
        dynamic_shapes=dims(layers),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
