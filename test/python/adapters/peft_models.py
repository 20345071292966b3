# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tiny random models with adapters made by peft, and what peft says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import peft
import torch
import transformers
from oracles import reference, variants

# Ranks on and beside the kernel's steps of eight; the largest comes last.
ADAPTERS = {
    "queries": dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]),
    "late": dict(
        r=6, lora_alpha=30, target_modules=["gate_proj", "up_proj"],
        layers_to_transform=[1],
    ),
    "all": dict(r=8, lora_alpha=4, target_modules="all-linear"),
    "stable": dict(
        r=16, lora_alpha=12, use_rslora=True,
        target_modules=["up_proj", "down_proj", "o_proj"],
    ),
    "large": dict(
        r=64, lora_alpha=16, target_modules=["q_proj", "k_proj"],
        alpha_pattern={"k_proj": 40},
    ),
}
VOCABULARY = 256


def write_base(directory: Path, name: str = "llama") -> Path:
    torch.set_num_threads(1)
    variant = variants.BY_NAME[name]
    model = reference.random_model(variant)
    reference.save_checkpoint(variant, model, directory)
    return directory


def load_base(directory: Path):
    return transformers.AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager"
    )


def write_adapter(
    base: Path, directory: Path, seed: int, std: float = 0.3, **config
) -> Path:
    """An adapter of random As and Bs, saved by peft."""
    torch.manual_seed(seed)
    model = peft.get_peft_model(
        load_base(base), peft.LoraConfig(task_type="CAUSAL_LM", **config)
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_" in name:
                parameter.copy_(std * torch.randn(parameter.shape))
    model.save_pretrained(directory)
    return directory


def write_adapters(base: Path, directory: Path) -> dict[str, Path]:
    return {
        name: write_adapter(base, directory / name, seed, **config)
        for seed, (name, config) in enumerate(ADAPTERS.items(), 1)
    }


def load_reference(base: Path, adapters: dict[str, Path]):
    """peft's model with all adapters; none is disabled."""
    names = list(adapters)
    model = peft.PeftModel.from_pretrained(
        load_base(base), adapters[names[0]], names[0]
    )
    for name in names[1:]:
        model.load_adapter(adapters[name], name)
    return model.eval()


def greedy(model, ids, **options) -> np.ndarray:
    ids = torch.as_tensor(np.asarray(ids))
    options = {
        "attention_mask": torch.ones_like(ids),
        "pad_token_id": 0,
        "max_new_tokens": 20,
        **options,
    }
    return model.generate(input_ids=ids, do_sample=False, **options).numpy()


def prompts(*lengths: int, seed: int = 7) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [
        generator.integers(3, VOCABULARY, size=length) for length in lengths
    ]
