# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LoRA adapters of `raw_files`' checkpoint in PEFT's format, written byte by
byte so that each byte can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from . import raw_files

PREFIX = "base_model.model."
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj",
          "down_proj")


def config(rank: int = 4, alpha: float = 8, targets=("q_proj", "v_proj"),
           **more) -> dict:
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": "tiny",
        "r": rank,
        "lora_alpha": alpha,
        "target_modules": list(targets),
        "bias": "none",
    } | more


def tensors(rank: int = 4, targets=("q_proj", "v_proj"), seed: int = 1,
            layers: int = raw_files.LAYERS) -> dict[str, np.ndarray]:
    """A and B of the targets; their product is as large as the weights."""
    generator = np.random.default_rng(seed)
    found = {}
    for name, shape in raw_files.shapes(layers).items():
        path = name.removesuffix(".weight")
        if path.rpartition(".")[2] not in targets:
            continue
        for part, size in (("A", (rank, shape[1])), ("B", (shape[0], rank))):
            found[f"{PREFIX}{path}.lora_{part}.weight"] = generator.normal(
                0, 0.4, size
            ).astype(np.float32)
    return found


def write(folder: Path, values=None, settings=None) -> Path:
    """An adapter of `values` under the configuration `settings`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_config.json").write_text(
        json.dumps(settings or config())
    )
    raw_files.write_safetensors(
        folder / "adapter_model.safetensors",
        tensors() if values is None else values,
    )
    return folder


def write_plain(folder: Path, rank: int = 4, alpha: float = 8,
                targets=("q_proj", "v_proj"), seed: int = 1) -> Path:
    return write(
        folder, tensors(rank, targets, seed), config(rank, alpha, targets)
    )


def merged(values: dict[str, np.ndarray], adapter: dict[str, np.ndarray],
           scaling: float) -> dict[str, np.ndarray]:
    """The checkpoint's tensors `values` with W + scaling·B·A, in NumPy."""
    result = dict(values)
    for name, a in adapter.items():
        if name.endswith(".lora_A.weight"):
            b = adapter[name.replace("lora_A", "lora_B")]
            weight = name.removeprefix(PREFIX).replace(".lora_A", "")
            result[weight] = result[weight] + np.float32(scaling) * (b @ a)
    return result
