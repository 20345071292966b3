# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Changes of a peft model, each of which ignores one key of an adapter or gets
it wrong. A parity test is worth something only if it fails on every one."""

from __future__ import annotations

import math

import torch
from peft.tuners.lora import LoraLayer
from peft.utils import ModulesToSaveWrapper


def layers(model):
    """(name, layer) of all modules that have a low-rank pair."""
    for name, module in model.named_modules():
        if isinstance(module, LoraLayer):
            yield name, module


def _default(case, adapter: str, key: str):
    """LoraConfig's value for all modules."""
    return case.parts[int(adapter[1:])].config[key]


def _rescale(model, scaling) -> None:
    for _, layer in layers(model):
        for adapter in layer.scaling:
            layer.scaling[adapter] = scaling(layer, adapter)


def _alpha_pattern(model, case) -> None:
    _rescale(model, lambda layer, adapter:
             _default(case, adapter, "lora_alpha") / layer.r[adapter])


def _rank_pattern(model, case) -> None:
    """Every pair cut to the common rank and scaled by it."""
    for _, layer in layers(model):
        for adapter in layer.scaling:
            rank = _default(case, adapter, "r")
            layer.lora_A[adapter].weight[rank:] = 0
            layer.scaling[adapter] = layer.lora_alpha[adapter] / rank


def _plain(model, case) -> None:
    """DoRA's pairs as those of LoRA."""
    for _, layer in layers(model):
        layer.lora_variant.clear()


def _target_off(model, part: str) -> None:
    found = [layer for name, layer in layers(model) if part in name]
    if not found:
        raise ValueError(f"mutation target:{part} finds no layer")
    for layer in found:
        for adapter in layer.scaling:
            layer.scaling[adapter] = 0.0
        layer.lora_variant.clear()


def _part_off(model, index: str) -> None:
    for _, layer in layers(model):
        adapter = f"a{index}"
        if adapter in layer.scaling:
            layer.scaling[adapter] = 0.0
            layer.lora_variant.pop(adapter, None)


def _weights(model, case) -> None:
    for _, layer in layers(model):
        for adapter in layer.scaling:
            layer.scaling[adapter] /= case.parts[int(adapter[1:])].weight


def _saved(model, case) -> None:
    for module in model.modules():
        if isinstance(module, ModulesToSaveWrapper):
            for saved in module.modules_to_save.values():
                saved.load_state_dict(module.original_module.state_dict())


def _bias(model, case, base) -> None:
    """The biases of the base."""
    own = dict(base.named_parameters())
    for name, parameter in model.named_parameters():
        name = name.replace(".base_layer.", ".")
        if name.endswith(".bias"):
            parameter.copy_(own[name])


def _transposed(model, case) -> None:
    """The change of a square matrix that is stored [in, out], transposed."""
    for _, layer in layers(model):
        if layer.in_features == layer.out_features:
            (adapter,) = layer.scaling
            change = layer.get_delta_weight(adapter)
            layer.base_layer.weight.add_(change.T - change)


def _thirds(model, case) -> None:
    """The rows of a fused projection read as k, q, v."""
    for name, layer in layers(model):
        if name.endswith(("c_attn", "Wqkv")):
            (adapter,) = layer.scaling
            weight = layer.lora_B[adapter].weight
            q, k, v = weight.chunk(3)
            weight.copy_(torch.cat([k, q, v]).clone())


def _rope_order(model, case) -> None:
    """The rows of q and k in the order in which llama.cpp stores them."""
    head = model.config.head_dim
    for name, layer in layers(model):
        if name.endswith(("q_proj", "k_proj")):
            (adapter,) = layer.scaling
            weight = layer.lora_B[adapter].weight
            rows = weight.view(-1, 2, head // 2, weight.shape[1])
            weight.copy_(rows.transpose(1, 2).reshape(weight.shape).clone())


_SIMPLE = {
    "scaling": lambda model, case: _rescale(model, lambda *_: 1.0),
    "rslora": lambda model, case: _rescale(
        model, lambda layer, adapter:
        layer.lora_alpha[adapter] / layer.r[adapter],
    ),
    "alpha_pattern": _alpha_pattern,
    "rank_pattern": _rank_pattern,
    "dora": _plain,
    "weights": _weights,
    "saved": _saved,
    "transposed": _transposed,
    "thirds": _thirds,
    "rope_order": _rope_order,
}

@torch.no_grad()
def apply(model, case, mutation: str, make_base) -> None:
    """Changes `model`, a peft model's inner one with the adapters of `case`
    by the names a0, a1, …; "off" and "unrounded" are other models, see
    `adapters.mutated`."""
    kind, _, what = mutation.partition(":")
    if kind == "target":
        _target_off(model, what)
    elif kind == "part":
        _part_off(model, what)
    elif kind == "bias":
        _bias(model, case, make_base())
    else:
        _SIMPLE[kind](model, case)
