# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cells without a file, each with the reason."""

from __future__ import annotations

from . import models

_BUILDER = "onnxruntime-genai 0.18.0 builds no model of this family"

_NO_WINDOW = "onnxruntime-genai 0.18.0 leaves out this family's window"

REASONS: dict[str, str] = {
    "falcon.dynamo23": (
        "torch 2.13.0 does not export attention with one head of keys that is "
        "not marked as grouped at opset 23"
    ),
    "llama_lora.optimum": (
        "optimum-onnx 0.1.0 exports models that are loaded without adapters"
    ),
    "starcoder2.optimum": "optimum-onnx 0.1.0 does not know this family",
    "falcon_grouped.optimum": (
        "optimum-onnx 0.1.0 makes a cache of the wrong shape for grouped heads"
    ),
    "mistral.genai": _NO_WINDOW,
    "phi3.genai": _NO_WINDOW,
    "gemma2.genai": (
        "onnxruntime-genai 0.18.0 rounds the factor of the embeddings to two "
        "digits, which changes the logits"
    ),
    "gemma3.genai": (
        "onnxruntime-genai 0.18.0 needs transformers 5 and fails on its "
        "configuration of Gemma 3: KeyError 'rope_type'"
    ),
    "llama_lora.genai": (
        "GroupQueryAttention of ONNX Runtime runs no heads of 8, which this "
        "model has"
    ),
} | {
    f"{family}.genai": _BUILDER
    for family in (
        "gpt2", "gptj", "gpt_neox", "falcon", "falcon_grouped", "mpt",
        "starcoder2", "olmo2", "bert", "distilbert",
    )
} | {
    f"{family.name}.packed18": (
        "the same form for all families: Llama and Gemma 2 show it"
    )
    for family in models.FAMILIES if family.name not in ("llama", "gemma2")
} | {
    f"{family.name}.fused17": (
        "ONNX Runtime's optimizer fuses the same forms in all families: BERT, "
        "DistilBERT and GPT-2 show them"
    )
    for family in models.FAMILIES
    if family.name not in ("bert", "distilbert", "gpt2")
}
