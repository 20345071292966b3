# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Changes of the reference model, each of which switches off or alters one
feature. A parity test is worth something only if it fails on every one."""

from __future__ import annotations

import contextlib

import torch
from torch import nn


def _named(model, part: str):
    return [(n, p) for n, p in model.named_parameters() if part in n]


def _norms(model):
    for module in model.modules():
        if hasattr(module, "variance_epsilon") or isinstance(
            module, nn.LayerNorm
        ):
            yield module


def _attentions(model):
    for name, module in model.named_modules():
        if name.endswith((".self_attn", ".attn")):
            yield module


def _freeze_rope(model, inverse=None, scaling=None) -> None:
    rope = model.model.rotary_emb
    rope.rope_type = "default"
    if inverse is not None:
        rope.inv_freq = inverse.clone()
    if scaling is not None:
        rope.attention_scaling = scaling


def _default_frequencies(model):
    rope = model.model.rotary_emb
    return rope.compute_default_rope_parameters(model.config)[0]


def _scale_queries(model, factor: float) -> None:
    """Alters the softmax scale of every attention by `factor`."""
    for attention in _attentions(model):
        for name in ("scaling", "softmax_scale"):
            if hasattr(attention, name):
                setattr(attention, name, getattr(attention, name) * factor)


def freeze_to_length(model, length: int) -> None:
    """Makes the model use the one set of frequencies of `length` tokens."""
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    rope = model.model.rotary_emb
    inverse, scaling = ROPE_INIT_FUNCTIONS[rope.rope_type](
        model.config, torch.device("cpu"), seq_len=length
    )
    _freeze_rope(model, inverse, scaling)


def _rope_other_factors(model) -> None:
    parameters = model.config.rope_parameters
    inverse = _default_frequencies(model)
    used = model.model.rotary_emb.inv_freq
    short = inverse / torch.tensor(parameters["short_factor"])
    long = inverse / torch.tensor(parameters["long_factor"])
    _freeze_rope(model, long if torch.allclose(used, short) else short)


def _rope_interleaved(model) -> None:
    """The rows of q and k in the order of interleaved rotation: what a GGUF
    file holds, taken as it is."""
    for name, weight in _named(model, "_proj.weight"):
        if "q_proj" in name or "k_proj" in name:
            head = model.config.head_dim
            rows = weight.view(-1, 2, head // 2, weight.shape[1])
            weight.copy_(rows.transpose(1, 2).reshape(weight.shape).clone())


def _kv_heads_tiled(model) -> None:
    """Query head h reads key head h % G instead of h // (H / G)."""
    heads = model.config.num_attention_heads
    groups = model.config.num_key_value_heads
    # Position of head h so that the grouped mapping acts as the tiled one.
    order = sorted(range(heads), key=lambda h: (h % groups, h // groups))
    head = model.config.head_dim
    index = torch.cat([torch.arange(h * head, (h + 1) * head) for h in order])
    for name, weight in _named(model, "q_proj.weight"):
        weight.copy_(weight[index].clone())
    for name, weight in _named(model, "q_proj.bias"):
        weight.copy_(weight[index].clone())
    for name, weight in _named(model, "o_proj.weight"):
        weight.copy_(weight[:, index].clone())


def _qkv_order(model) -> None:
    """The fused projection read as k, q, v."""
    for name, weight in _named(model, "c_attn") + _named(model, "Wqkv"):
        axis = 0 if "Wqkv" in name else weight.ndim - 1
        q, k, v = weight.chunk(3, dim=axis)
        weight.copy_(torch.cat([k, q, v], dim=axis).clone())


def _untie(model) -> None:
    head = model.get_output_embeddings()
    generator = torch.Generator().manual_seed(99)
    shape = head.weight.shape
    head.weight = nn.Parameter(
        0.3 * torch.randn(shape, generator=generator), requires_grad=False
    )


def _head_off(model) -> None:
    """The output projection of one attention head reads nothing."""
    attention = list(_attentions(model))[-1]
    for name in ("o_proj", "c_proj", "out_proj"):
        if hasattr(attention, name):
            weight = getattr(attention, name).weight
            if name == "c_proj":  # stored [in, out]
                weight[: weight.shape[0] // 4] = 0
            else:
                weight[:, : weight.shape[1] // 4] = 0


def _activation(model) -> None:
    for module in model.modules():
        for name in ("act_fn", "act"):
            if isinstance(getattr(module, name, None), nn.Module):
                old = getattr(module, name)
                other = nn.GELU() if "SiLU" in type(old).__name__ else nn.SiLU()
                setattr(module, name, other)


def _scale_by_width(model) -> None:
    """Attention scaled by the heads' width, as it is by default."""
    for attention in _attentions(model):
        attention.scaling *= attention.head_dim**-0.5


def _scale_of_layers_off(model) -> None:
    for attention in _attentions(model):
        attention.scaling *= attention.layer_idx + 1


def _alibi(change):
    def apply(model):
        import transformers.models.mpt.modeling_mpt as mpt

        build = mpt.build_mpt_alibi_tensor

        def changed(heads, length, bias_max=8, device=None):
            return change(build, heads, length, bias_max, device)

        model.transformer.build_mpt_alibi_tensor = changed

    return apply


def _slopes_in_order(build, heads, length, bias_max, device):
    # As if the number of heads were the next power of two.
    return build(8 if heads == 6 else heads, length, bias_max, device)[:heads]


def _set_eps(model, attribute: str, factor: float) -> None:
    for norm in _norms(model):
        if hasattr(norm, attribute):
            setattr(norm, attribute, getattr(norm, attribute) * factor)


_SIMPLE = {
    "rope_off": lambda m: _freeze_rope(
        m, torch.zeros_like(m.model.rotary_emb.inv_freq), None
    ),
    "rope_scaling_off": lambda m: _freeze_rope(m, _default_frequencies(m), 1.0),
    "rope_attention_factor": lambda m: _freeze_rope(
        m, m.model.rotary_emb.inv_freq, 1.0
    ),
    "rope_other_factors": _rope_other_factors,
    "rope_theta": lambda m: _freeze_rope(
        m, _default_frequencies(m) ** 1.1, None
    ),
    "rope_interleaved": _rope_interleaved,
    "kv_heads_tiled": _kv_heads_tiled,
    "qkv_order": _qkv_order,
    "untied": _untie,
    "head_off": _head_off,
    "activation": _activation,
    "scale_by_width": _scale_by_width,
    "scale_of_layers_off": _scale_of_layers_off,
    "scale": lambda m: _scale_queries(m, 0.5**0.5),
    "rms_eps": lambda m: _set_eps(m, "variance_epsilon", 0.2),
    "layer_eps": lambda m: _set_eps(m, "eps", 0.2),
    "clip_off": lambda m: [
        setattr(a, "clip_qkv", None) for a in _attentions(m)
    ],
    "positions_off": lambda m: m.transformer.wpe.weight.zero_(),
    "positions_off_by_one": lambda m: m.transformer.wpe.weight.copy_(
        m.transformer.wpe.weight.roll(1, 0).clone()
    ),
    "alibi_off": _alibi(lambda b, h, n, m, d: torch.zeros_like(b(h, n, m, d))),
    "alibi_bias_max": _alibi(lambda b, h, n, m, d: b(h, n, 16, d)),
    "alibi_order": _alibi(_slopes_in_order),
}

# Mutations of the call, not of the model: handled by reference.forward.
OF_THE_CALL = (
    "causal_off",
    "cache_chunk_lost",
    "cache_decode_lost",
    "decode_position_off_by_one",
)


@contextlib.contextmanager
def mutated(make, name: str):
    """A model fresh from `make()` with the mutation `name` applied."""
    model = make()
    with torch.no_grad():
        if name.startswith("bias:"):
            found = _named(model, name[5:] + ".bias")
            if not found:
                raise ValueError(f"mutation {name} finds no parameter")
            for _, bias in found:
                bias.zero_()
        elif name not in OF_THE_CALL:
            _SIMPLE[name](model)
        yield model
