# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tiny canonical modules, written as text with a file of random weights beside
them, and what they compute, in NumPy (float64)."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np


@dataclasses.dataclass
class Config:
    family: str = "llama"  # llama, gpt2, mpt
    layers: int = 2
    heads: int = 4
    groups: int = 2
    size: int = 8  # of a head
    vocab: int = 96
    positions: int = 128
    inner: int = 48
    style: str = "half"
    rotary: int | None = None
    tied: bool = False
    seed: int = 0

    @property
    def hidden(self) -> int:
        return self.heads * self.size


class TinyModule:
    def __init__(self, config: Config):
        self.config = config
        self.random = np.random.default_rng(config.seed)
        self.weights: dict[str, np.ndarray] = {}
        self.body: list[str] = []
        self.count = 0

    def weight(self, name: str, *shape: int, scale: float = 0.25,
               mean: float = 0.0) -> np.ndarray:
        if name not in self.weights:
            values = mean + scale * self.random.standard_normal(shape)
            self.weights[name] = values.astype(np.float32)
        return self.weights[name]

    def slopes(self) -> np.ndarray:
        heads = self.config.heads
        return 2.0 ** (-8.0 * np.arange(1, heads + 1) / heads)

    # The text.

    def emit(self, text: str) -> str:
        self.count += 1
        name = f"%v{self.count}"
        self.body.append(f"    {name} = {text}")
        return name

    def ref(self, name: str) -> tuple[str, str]:
        shape = "x".join(map(str, self.weights[name].shape))
        kind = f"tensor<{shape}xf32>"
        return self.emit(f'qeff.weight_ref @"{name}" : {kind}'), kind

    def act(self, *tail: int) -> str:
        return f"tensor<?x?x{'x'.join(map(str, tail))}xf32>"

    def head(self, heads: int) -> str:
        return f"tensor<?x{heads}x?x{self.config.size}xf32>"

    def linear(self, x: str, scope: str, inputs: int, outputs: int,
               bias: bool, name: str | None = None) -> str:
        name = name or scope
        self.weight(f"{name}.weight", outputs, inputs)
        w, wt = self.ref(f"{name}.weight")
        operands, types = f"{x}, {w}", f"{self.act(inputs)}, {wt}"
        if bias:
            self.weight(f"{name}.bias", outputs)
            b, bt = self.ref(f"{name}.bias")
            operands, types = f"{operands}, {b}", f"{types}, {bt}"
        return self.emit(f'qeff.linear {operands} scope("{scope}") '
                         f'{{module = #qeff.module<"{scope}">}} : '
                         f"({types}) -> {self.act(outputs)}")

    def norm(self, x: str, scope: str) -> str:
        c = self.config
        self.weight(f"{scope}.weight", c.hidden, mean=1.0)
        w, wt = self.ref(f"{scope}.weight")
        if c.family == "llama":
            return self.emit(f'qeff.rms_norm {x}, {w} scope("{scope}") '
                             f"{{eps = 1.0e-5 : f64}} : {self.act(c.hidden)}, {wt}")
        bias = ""
        if c.family == "gpt2":
            self.weight(f"{scope}.bias", c.hidden)
            b, bt = self.ref(f"{scope}.bias")
            bias = f" bias({b} : {bt})"
        return self.emit(f"qeff.layer_norm {x} weight({w} : {wt}){bias} "
                         f'scope("{scope}") {{eps = 1.0e-5 : f64}} : '
                         f"{self.act(c.hidden)}")

    def heads(self, x: str, heads: int) -> str:
        return self.emit(f"qeff.split_heads {x} : "
                         f"{self.act(heads * self.config.size)} -> {self.head(heads)}")

    def rope(self, x: str, heads: int, scope: str) -> str:
        c = self.config
        return self.emit(
            f'qeff.rope {x}, %pos scope("{scope}") {{max_position = {c.positions}'
            f" : i64, rotary_dim = {c.rotary or c.size} : i64, style = "
            f"#qeff.rope_style<{c.style}>, theta = 1.0e4 : f64}} : "
            f"{self.head(heads)}, tensor<?x?xi64>")

    def layer(self, x: str, i: int) -> str:
        c = self.config
        scope = f"layers.{i}"
        bias = c.family == "gpt2"
        n = self.norm(x, f"{scope}.input_norm")
        attn = f"{scope}.self_attn"
        kv = c.groups * c.size
        q = self.linear(n, f"{attn}.q_proj", c.hidden, c.hidden, bias)
        k = self.linear(n, f"{attn}.k_proj", c.hidden, kv, bias)
        v = self.linear(n, f"{attn}.v_proj", c.hidden, kv, bias)
        if c.family == "mpt":
            q = self.emit(f"qeff.clip {q} {{max = 1.5 : f64, min = -1.5 : f64}} : "
                          f"{self.act(c.hidden)}")
        q, k, v = (self.heads(q, c.heads), self.heads(k, c.groups),
                   self.heads(v, c.groups))
        if c.family == "llama":
            q, k = self.rope(q, c.heads, attn), self.rope(k, c.groups, attn)
        slopes, extra = "", ""
        if c.family == "mpt":
            values = ", ".join(f"{s:.9e}" for s in self.slopes())
            s = self.emit(f"arith.constant dense<[{values}]> : "
                          f"tensor<{c.heads}xf32>")
            slopes, extra = f" slopes({s})", f", tensor<{c.heads}xf32>"
        a = self.emit(
            f'qeff.attention {q}, {k}, {v}, %pos, %pos{slopes} scope("{attn}") '
            f"{{causal, scale = {1 / math.sqrt(c.size):.17g} : f64}} : "
            f"({self.head(c.heads)}, {self.head(c.groups)}, {self.head(c.groups)}, "
            f"tensor<?x?xi64>, tensor<?x?xi64>{extra}) -> {self.head(c.heads)}")
        m = self.emit(f"qeff.merge_heads {a} : {self.head(c.heads)} -> "
                      f"{self.act(c.hidden)}")
        o = self.linear(m, f"{attn}.o_proj", c.hidden, c.hidden, bias)
        x = self.emit(f"qeff.add {x}, {o} : {self.act(c.hidden)}")
        n = self.norm(x, f"{scope}.post_norm")
        mlp = f"{scope}.mlp"
        up = self.linear(n, f"{mlp}.up_proj", c.hidden, c.inner, bias)
        if c.family == "llama":
            gate = self.linear(n, f"{mlp}.gate_proj", c.hidden, c.inner, bias)
            h = self.emit(f'qeff.gate {gate}, {up} scope("{mlp}") '
                          f"{{kind = #qeff.activation<silu>}} : {self.act(c.inner)}")
        else:
            kind = "gelu_tanh" if c.family == "gpt2" else "gelu"
            h = self.emit(f'qeff.activate {up} scope("{mlp}") '
                          f"{{kind = #qeff.activation<{kind}>}} : {self.act(c.inner)}")
        down = self.linear(h, f"{mlp}.down_proj", c.inner, c.hidden, bias)
        return self.emit(f"qeff.add {x}, {down} : {self.act(c.hidden)}")

    def build(self) -> str:
        c = self.config
        self.weight("embed.weight", c.vocab, c.hidden)
        w, wt = self.ref("embed.weight")
        x = self.emit(f'qeff.embedding %ids, {w} scope("embed") : '
                      f"(tensor<?x?xi64>, {wt}) -> {self.act(c.hidden)}")
        if c.family == "gpt2":
            self.weight("wpe.weight", c.positions, c.hidden)
            p, pt = self.ref("wpe.weight")
            e = self.emit(f'qeff.embedding %pos, {p} scope("wpe") : '
                          f"(tensor<?x?xi64>, {pt}) -> {self.act(c.hidden)}")
            x = self.emit(f"qeff.add {x}, {e} : {self.act(c.hidden)}")
        for i in range(c.layers):
            x = self.layer(x, i)
        x = self.norm(x, "norm")
        logits = self.linear(x, "lm_head", c.hidden, c.vocab, False,
                             "embed" if c.tied else None)
        out = self.act(c.vocab)
        dims = "qeff.dims = [@batch_size, @seq_len"
        offset, symbols = 0, []
        for name, value in self.weights.items():
            shape = "x".join(map(str, value.shape))
            symbols.append(f'  qeff.weight "private" @"{name}" file(@file) '
                           f"{{offset = {offset} : i64}} : tensor<{shape}xf32>")
            offset += value.nbytes
        return "\n".join([
            f"module attributes {{qeff.max_position = {c.positions} : i64, "
            "qeff.phase = #qeff.phase<canonical>} {",
            "  qeff.dim @batch_size",
            f"  qeff.dim @seq_len {{max = {c.positions} : i64}}",
            f'  qeff.file "private" @file "weights.bin" {{root = "model", '
            f"size = {offset} : i64}}",
            *symbols,
            "  func.func @main(",
            f'      %ids: tensor<?x?xi64> {{qeff.name = "input_ids", {dims}]}},',
            f'      %pos: tensor<?x?xi64> {{qeff.name = "position_ids", {dims}]}})',
            f'      -> ({out} {{qeff.name = "logits", {dims}, {c.vocab}]}}) {{',
            *self.body,
            f"    return {logits} : {out}", "  }", "}", ""])

    def write(self, folder: Path) -> Path:
        path = folder / "module.mlir"
        path.write_text(self.build())
        with open(folder / "weights.bin", "wb") as file:
            for value in self.weights.values():
                file.write(value.tobytes())
        return path

    # What it computes.

    def apply_linear(self, x, scope, name=None):
        name = name or scope
        y = x @ self.weights[f"{name}.weight"].astype(np.float64).T
        bias = self.weights.get(f"{name}.bias")
        return y if bias is None else y + bias

    def apply_norm(self, x, scope):
        w = self.weights[f"{scope}.weight"].astype(np.float64)
        if self.config.family == "llama":
            return w * x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
        x = x - x.mean(-1, keepdims=True)
        y = w * x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
        return y + self.weights.get(f"{scope}.bias", 0.0)

    def apply_rope(self, x):
        c = self.config
        rotary = c.rotary or c.size
        angles = np.outer(np.arange(x.shape[1]),
                          1e4 ** (-np.arange(0, rotary, 2) / rotary))
        cos, sin = np.cos(angles), np.sin(angles)
        y = x.copy()
        if c.style == "half":
            a, b = slice(0, rotary // 2), slice(rotary // 2, rotary)
        else:
            a, b = slice(0, rotary, 2), slice(1, rotary, 2)
        y[..., a] = x[..., a] * cos - x[..., b] * sin
        y[..., b] = x[..., b] * cos + x[..., a] * sin
        return y

    def attend(self, n, attn):
        c = self.config
        q, k, v = (self.apply_linear(n, f"{attn}.{p}_proj") for p in "qkv")
        if c.family == "mpt":
            q = np.clip(q, -1.5, 1.5)
        q, k, v = (t.reshape(len(n), -1, c.size).transpose(1, 0, 2)
                   for t in (q, k, v))
        if c.family == "llama":
            q, k = self.apply_rope(q), self.apply_rope(k)
        k, v = (np.repeat(t, c.heads // c.groups, 0) for t in (k, v))
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(c.size)
        distance = np.arange(len(n))[None, :] - np.arange(len(n))[:, None]
        if c.family == "mpt":
            scores = scores + self.slopes()[:, None, None] * distance
        scores = np.where(distance > 0, -np.inf, scores)
        p = np.exp(scores - scores.max(-1, keepdims=True))
        out = (p / p.sum(-1, keepdims=True)) @ v
        return self.apply_linear(out.transpose(1, 0, 2).reshape(len(n), -1),
                                 f"{attn}.o_proj")

    def apply_mlp(self, n, mlp):
        up = self.apply_linear(n, f"{mlp}.up_proj")
        if self.config.family == "llama":
            gate = self.apply_linear(n, f"{mlp}.gate_proj")
            h = gate / (1 + np.exp(-gate)) * up
        elif self.config.family == "gpt2":
            inner = math.sqrt(2 / math.pi) * (up + 0.044715 * up ** 3)
            h = 0.5 * up * (1 + np.tanh(inner))
        else:
            h = 0.5 * up * (1 + np.vectorize(math.erf)(up / math.sqrt(2)))
        return self.apply_linear(h, f"{mlp}.down_proj")

    def logits(self, ids) -> np.ndarray:
        """[tokens, vocab] of one row of tokens at positions 0, 1, …"""
        c = self.config
        x = self.weights["embed.weight"].astype(np.float64)[np.asarray(ids)]
        if c.family == "gpt2":
            x = x + self.weights["wpe.weight"][:len(ids)]
        for i in range(c.layers):
            x = x + self.attend(self.apply_norm(x, f"layers.{i}.input_norm"),
                                f"layers.{i}.self_attn")
            x = x + self.apply_mlp(self.apply_norm(x, f"layers.{i}.post_norm"),
                                   f"layers.{i}.mlp")
        return self.apply_linear(self.apply_norm(x, "norm"), "lm_head",
                                 "embed" if c.tied else None)
