# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The families' blocks in miniature: what tells each from the others."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from family_graphs import Graph, Value

VOCAB, HEADS, LAYERS = 96, 4, 2
HIDDEN = HEADS * Graph.size
INNER = 48


@dataclasses.dataclass
class Decoder:
    groups: int = 2
    norm: str = "rms"  # rms, offset (the weight is the distance to 1), layer
    norms: str = "pre"  # pre, post (of the output alone), both
    qk_norm: str = ""  # head, whole
    bias: bool = False
    rotary: int | None = None
    style: str = "half"
    explicit: bool = False
    alibi: bool = False
    windows: tuple[int, ...] = (0,)  # by layer, in turn
    softcap: float = 0.0
    final_softcap: float = 0.0
    sinks: bool = False
    embed_scale: float = 1.0
    residual_scale: float = 1.0
    parallel: str = ""  # one, two: norms in front of attention and MLP
    activation: str = "silu"
    gated: bool = True
    tied: bool = False

    def make_norm(self, g: Graph, x: Value, name: str,
                  channels: int = HIDDEN) -> Value:
        if self.norm == "layer":
            return g.layer_norm(x, name, channels)
        return g.rms_norm(x, name, channels, offset=self.norm == "offset")

    def make_projection(self, g: Graph, x: Value, name: str, heads: int,
                        norm: str) -> Value:
        y = g.linear(x, name, HIDDEN, heads * g.size, self.bias)
        if norm and self.qk_norm == "whole":
            y = self.make_norm(g, y, norm, heads * g.size)
        y = g.split(y, heads)
        if norm and self.qk_norm == "head":
            y = self.make_norm(g, y, norm, g.size)
        return y

    def make_rope(self, g: Graph, x: Value, pos: Value) -> Value:
        rotary = self.rotary or g.size
        given = [1.0, 0.3, 0.02, 0.005][:rotary // 2] if self.explicit else None
        return g.rope(x, pos, rotary, self.style, given,
                      1.25 if self.explicit else 1.0)

    def make_attention(self, g: Graph, x: Value, pos: Value, layer: int) -> Value:
        name = f"layers.{layer}.self_attn"
        q = self.make_projection(g, x, f"{name}.q_proj", HEADS, f"{name}.q_norm")
        k = self.make_projection(g, x, f"{name}.k_proj", self.groups,
                                 f"{name}.k_norm")
        v = self.make_projection(g, x, f"{name}.v_proj", self.groups, "")
        slopes = sinks = None
        if self.alibi:
            slopes = g.constant(2.0 ** (-2.0 * np.arange(1, HEADS + 1)))
        else:
            q, k = self.make_rope(g, q, pos), self.make_rope(g, k, pos)
        if self.sinks:
            sinks = g.weight(f"{name}.sinks", HEADS)
        a = g.attention(q, k, v, pos, pos,
                        window=self.windows[layer % len(self.windows)],
                        softcap=self.softcap, slopes=slopes, sinks=sinks,
                        scope=name)
        return g.linear(g.merge(a, HEADS), f"{name}.o_proj", HIDDEN, HIDDEN,
                        self.bias)

    def make_mlp(self, g: Graph, x: Value, layer: int) -> Value:
        name = f"layers.{layer}.mlp"
        up = g.linear(x, f"{name}.up_proj", HIDDEN, INNER, self.bias)
        if self.gated:
            gate = g.linear(x, f"{name}.gate_proj", HIDDEN, INNER, self.bias)
            h = g.gate(gate, up, self.activation)
        else:
            h = g.activate(up, self.activation)
        return g.linear(h, f"{name}.down_proj", INNER, HIDDEN, self.bias)

    def make_branch(self, g: Graph, x: Value, name: str,
                    make: Callable[[Value], Value]) -> Value:
        y = x
        if self.norms in ("pre", "both"):
            y = self.make_norm(g, y, f"{name}.pre_norm")
        y = make(y)
        if self.norms in ("post", "both"):
            y = self.make_norm(g, y, f"{name}.post_norm")
        if self.residual_scale != 1.0:
            y = g.scale(y, self.residual_scale)
        return g.add(x, y)

    def make_layer(self, g: Graph, x: Value, pos: Value, layer: int) -> Value:
        name = f"layers.{layer}"
        if self.parallel:
            first = self.make_norm(g, x, f"{name}.norm")
            second = first
            if self.parallel == "two":
                second = self.make_norm(g, x, f"{name}.mlp_norm")
            attention = self.make_attention(g, first, pos, layer)
            mlp = self.make_mlp(g, second, layer)
            return g.add(g.add(attention, mlp), x)
        x = self.make_branch(g, x, f"{name}.attn", lambda y:
                             self.make_attention(g, y, pos, layer))
        return self.make_branch(g, x, f"{name}.ffn", lambda y:
                                self.make_mlp(g, y, layer))

    def build(self) -> Graph:
        g = Graph(["input_ids", "position_ids"])
        pos = g.inputs["position_ids"]
        x = g.embedding(g.inputs["input_ids"], "embed.weight", VOCAB, HIDDEN)
        if self.embed_scale != 1.0:
            x = g.scale(x, self.embed_scale)
        for layer in range(LAYERS):
            x = self.make_layer(g, x, pos, layer)
        x = self.make_norm(g, x, "norm")
        logits = g.linear(x, "lm_head", HIDDEN, VOCAB,
                          weight="embed.weight" if self.tied else None)
        if self.final_softcap:
            logits = g.softcap(logits, self.final_softcap)
        g.result("logits", logits, "@batch_size", "@seq_len", VOCAB)
        return g


ROOT = math.sqrt(HIDDEN)
GEMMA = dict(norm="offset", norms="both", embed_scale=ROOT, tied=True,
             activation="gelu_tanh")
DECODERS = {
    "llama": Decoder(),
    "mistral": Decoder(windows=(5,)),
    "qwen3": Decoder(qk_norm="head"),
    "gemma2": Decoder(**GEMMA, softcap=2.0, final_softcap=3.0, windows=(6, 0)),
    "gemma3": Decoder(**GEMMA, qk_norm="head", windows=(3, 3, 0)),
    "olmo2": Decoder(norms="post", qk_norm="whole"),
    "phi": Decoder(norm="layer", bias=True, rotary=4, parallel="one",
                   activation="gelu_tanh", gated=False, groups=4),
    "phi3": Decoder(explicit=True, windows=(9,)),
    "gptj": Decoder(norm="layer", rotary=6, style="interleaved", groups=4,
                    parallel="one", activation="gelu_tanh", gated=False),
    "neox": Decoder(norm="layer", bias=True, rotary=2, parallel="two",
                    activation="gelu", gated=False, groups=4),
    "falcon": Decoder(norm="layer", parallel="one", groups=1, gated=False,
                      activation="gelu"),
    "starcoder2": Decoder(norm="layer", bias=True, windows=(16,), gated=False,
                          activation="gelu_tanh"),
    "mpt": Decoder(norm="layer", alibi=True, groups=4, gated=False,
                   activation="gelu"),
    "granite": Decoder(residual_scale=0.22, embed_scale=12.0),
    "sinks": Decoder(sinks=True, windows=(4, 0), alibi=True),
}


def build_encoder(token_types: bool = False, pooler: str = "",
                  activation: str = "gelu", bias: bool = False,
                  rope: bool = False) -> Graph:
    """BERT's block: norms behind the sums, learned positions."""
    names = ["input_ids", "attention_mask"] + ["token_type_ids"] * token_types
    g = Graph(names)
    pos = g.iota(g.inputs["input_ids"])
    keys = g.mask_positions(g.inputs["attention_mask"])
    x = g.embedding(g.inputs["input_ids"], "word.weight", VOCAB, HIDDEN)
    if token_types:
        x = g.add(x, g.embedding(g.inputs["token_type_ids"], "type.weight", 2,
                                 HIDDEN))
    if not rope:
        x = g.add(x, g.embedding(pos, "position.weight", g.positions, HIDDEN))
    x = g.layer_norm(x, "embed_norm", HIDDEN)
    for layer in range(LAYERS):
        name = f"layer.{layer}"
        q, k, v = (g.split(g.linear(x, f"{name}.{p}", HIDDEN, HIDDEN, True), HEADS)
                   for p in ("query", "key", "value"))
        if rope:
            q, k = g.rope(q, pos), g.rope(k, pos)
        extra = g.weight("bias", 1, HEADS, 24, 24) if bias else None
        a = g.merge(g.attention(q, k, v, pos, keys, causal=False, bias=extra),
                    HEADS)
        a = g.linear(a, f"{name}.out", HIDDEN, HIDDEN, True)
        x = g.layer_norm(g.add(x, a), f"{name}.norm1", HIDDEN)
        h = g.activate(g.linear(x, f"{name}.up", HIDDEN, INNER, True), activation)
        h = g.linear(h, f"{name}.down", INNER, HIDDEN, True)
        x = g.layer_norm(g.add(x, h), f"{name}.norm2", HIDDEN)
    g.result("last_hidden_state", x, "@batch_size", "@seq_len", HIDDEN)
    if pooler:
        pooled = g.pool(x, pooler, HIDDEN, None if pooler == "cls" else keys)
        pooled = g.activate(g.linear(pooled, "pooler", HIDDEN, HIDDEN, True),
                            "tanh")
        g.result("pooler_output", pooled, "@batch_size", HIDDEN)
    return g


ENCODERS: dict[str, Callable[[], Graph]] = {
    "bert": lambda: build_encoder(token_types=True, pooler="cls"),
    "distilbert": lambda: build_encoder(),
    "mean": lambda: build_encoder(pooler="mean", activation="quick_gelu"),
    "max": lambda: build_encoder(pooler="max", activation="sigmoid", rope=True),
    "last": lambda: build_encoder(pooler="last", activation="tanh"),
    "bias": lambda: build_encoder(bias=True),
}
