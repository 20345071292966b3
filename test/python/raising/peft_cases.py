# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PEFT adapters over the models of the exports, and what peft says about them.

    python -m raising.peft_cases FOLDER

writes FOLDER/CASE/adapter, as peft saves it, and FOLDER/CASE/reference.npz with
the keys of `reference`, mutation/M/KEY for each mutation and its outputs at the
longer prompt, and a/MODULE, b/MODULE, scaling/MODULE.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import cells, models

MUTATION_PROMPT = 30


@dataclass(frozen=True)
class Case:
    name: str
    family: str
    seed: int
    config: dict
    std: float = 0.2
    # Names of modules that are switched off one at a time.
    targets: tuple[str, ...] = ()
    # What swap mode says that it cannot express.
    refused: str | None = None

    @property
    def mutations(self) -> tuple[str, ...]:
        scaled = self.config["lora_alpha"] != self.config["r"]
        return ("off", *(["scaling"] if scaled else []), *self.targets)


CASES = (
    Case(
        "llama-suffixes", "llama", 1,
        dict(r=4, lora_alpha=10, target_modules=["q_proj", "v_proj"]),
        targets=("layers.0.self_attn.q_proj", "v_proj"),
    ),
    Case(
        "llama-all", "llama", 2,
        dict(
            r=6, lora_alpha=4, use_rslora=True, target_modules="all-linear",
            rank_pattern={"down_proj": 11}, alpha_pattern={"up_proj": 9},
        ),
        targets=("down_proj", "up_proj", "o_proj"),
    ),
    Case(
        "llama-regex", "llama", 3,
        dict(
            r=8, lora_alpha=16, layers_to_transform=[1],
            target_modules=["lm_head", "mlp.gate_proj"],
        ),
        targets=("lm_head", "layers.1.mlp.gate_proj"),
    ),
    Case(
        "llama-dora", "llama", 4,
        dict(
            r=4, lora_alpha=8, use_dora=True,
            target_modules=["k_proj", "down_proj"],
        ),
        targets=("down_proj",), refused="'use_dora'",
    ),
    Case(
        "llama-saved", "llama", 205,
        dict(
            r=4, lora_alpha=8, target_modules=["q_proj", "embed_tokens"],
            modules_to_save=["input_layernorm", "layers.1.mlp.up_proj"],
        ),
        targets=("embed_tokens",), refused="'modules_to_save'",
    ),
    # On an export that has an adapter already.
    Case(
        "llama_lora-more", "llama_lora", 17,
        dict(r=5, lora_alpha=8, target_modules=["q_proj", "down_proj"]),
        targets=("q_proj", "layers.1.mlp.down_proj"),
    ),
    Case(
        "gpt2-fused", "gpt2", 106,
        dict(
            r=8, lora_alpha=20, fan_in_fan_out=True,
            target_modules=["c_attn"],
        ),
        targets=("h.1.attn.c_attn",),
    ),
    Case(
        "gpt2-all", "gpt2", 107,
        dict(
            r=4, lora_alpha=3, fan_in_fan_out=True,
            target_modules=["attn.c_proj", "c_fc", "mlp.c_proj"],
        ),
        targets=("c_fc", "attn.c_proj"),
    ),
    Case(
        "gpt2-saved", "gpt2", 208,
        dict(
            r=4, lora_alpha=8, fan_in_fan_out=True, bias="all",
            target_modules=["c_attn"], modules_to_save=["c_fc", "ln_f", "wpe"],
        ),
        targets=("c_attn",), refused="'modules_to_save'",
    ),
    Case(
        "phi3-fused", "phi3", 9,
        dict(r=5, lora_alpha=8, target_modules=["qkv_proj", "gate_up_proj"]),
        targets=("qkv_proj", "layers.1.mlp.gate_up_proj"),
    ),
    Case(
        "phi3-others", "phi3", 10,
        dict(r=12, lora_alpha=6, target_modules=["o_proj", "down_proj"]),
        targets=("o_proj",),
    ),
    Case(
        "neox-fused", "gpt_neox", 212,
        dict(r=8, lora_alpha=12, target_modules=["query_key_value"]),
        targets=("layers.0.attention.query_key_value",),
        refused="a module whose heads do not alternate",
    ),
    Case(
        "neox-dora", "gpt_neox", 13,
        dict(
            r=3, lora_alpha=8, use_dora=True, bias="all",
            target_modules=["query_key_value"],
        ),
        targets=("layers.1.attention.query_key_value",), refused="'use_dora'",
    ),
    Case(
        "neox-others", "gpt_neox", 214,
        dict(r=4, lora_alpha=12, target_modules=["dense", "dense_4h_to_h"]),
        targets=("dense", "dense_4h_to_h"),
    ),
    Case(
        "gemma2-some", "gemma2", 411,
        dict(r=4, lora_alpha=12, target_modules=["k_proj", "gate_proj"]),
        targets=("k_proj", "gate_proj"),
    ),
)
ENCODERS = (
    Case(
        "bert-some", "bert", 15,
        dict(r=4, lora_alpha=12, target_modules=["query", "output.dense"]),
        targets=("query", "layer.1.output.dense"),
    ),
    Case(
        "distilbert-all", "distilbert", 16,
        dict(r=6, lora_alpha=9, target_modules="all-linear"),
        targets=("q_lin", "layer.1.ffn.lin2"),
    ),
)
BY_NAME = {case.name: case for case in CASES + ENCODERS}


def _fill(model, case: Case) -> None:
    """Random values in everything that the adapter trains."""
    import torch  # pylint: disable=import-outside-toplevel

    generator = torch.Generator().manual_seed(case.seed)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        if "lora_magnitude_vector" in name:
            parameter.mul_(1 + 0.3 * noise)
        elif "lora_" in name:
            parameter.copy_(case.std * noise)
        else:
            parameter.add_(0.2 * noise)


def make(case: Case):
    """peft's model."""
    import peft  # pylint: disable=import-outside-toplevel
    import torch  # pylint: disable=import-outside-toplevel

    base = models.make(
        models.BY_NAME[case.family], attention="eager", merged=True
    )
    encoder = models.BY_NAME[case.family].encoder
    task = "FEATURE_EXTRACTION" if encoder else "CAUSAL_LM"
    config = peft.LoraConfig(task_type=task, **case.config)
    with torch.no_grad():
        model = peft.get_peft_model(base, config)
        _fill(model, case)
    return model.eval()


def _layers(model):
    # pylint: disable=import-outside-toplevel
    from peft.tuners.lora import LoraLayer

    for name, module in model.named_modules():
        if isinstance(module, LoraLayer):
            yield name.removeprefix("base_model.model."), module


def _mutate(model, mutation: str) -> None:
    """Switches off a key or a target."""
    found = False
    for name, layer in _layers(model):
        if mutation == "scaling":
            layer.scaling["default"] = 1.0
        elif mutation in ("off", name) or name.endswith("." + mutation):
            layer.scaling["default"] = 0.0
            layer.lora_variant.clear()
        else:
            continue
        found = True
    assert found, mutation


def describe(case: Case, model) -> dict[str, np.ndarray]:
    # pylint: disable=import-outside-toplevel
    from . import reference

    family = models.BY_NAME[case.family]
    outputs = ("hidden",) if family.encoder else ("tokens", "logits")
    values = reference.describe(family, model.base_model.model)
    for mutation in case.mutations:
        other = make(case)
        _mutate(other, mutation)
        mutated = reference.describe(family, other.base_model.model)
        for key in outputs:
            key = f"{key}_{MUTATION_PROMPT}"
            values[f"mutation/{mutation}/{key}"] = mutated[key]
    for name, layer in _layers(model):
        if "default" in layer.lora_A:
            values[f"a/{name}"] = layer.lora_A["default"].weight.numpy()
            values[f"b/{name}"] = layer.lora_B["default"].weight.numpy()
            values[f"scaling/{name}"] = np.float64(layer.scaling["default"])
    return values


def write(case: Case, folder: Path) -> None:
    import torch  # pylint: disable=import-outside-toplevel

    model = make(case)
    model.save_pretrained(folder / "adapter")
    with torch.no_grad():
        np.savez(folder / "reference.npz", **describe(case, model))


def pairs(values: dict) -> dict[str, tuple]:
    """{module: (A, B, scaling)}."""
    return {
        key[2:]: (value, values["b" + key[1:]], values["scaling" + key[1:]])
        for key, value in values.items() if key.startswith("a/")
    }


def main(arguments: list[str]) -> int:
    import torch  # pylint: disable=import-outside-toplevel

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for name in arguments[1:] or BY_NAME:
        write(BY_NAME[name], Path(arguments[0]) / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
