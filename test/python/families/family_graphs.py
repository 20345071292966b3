# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Canonical graphs written as text, each value with what it is in NumPy
(float64): one definition gives the module and its oracle."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

ERF = np.vectorize(math.erf)
ACTIVATIONS = {
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: 0.5 * x * (1 + ERF(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (
        1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "quick_gelu": lambda x: x / (1 + np.exp(-1.702 * x)),
}


@dataclasses.dataclass
class Value:
    name: str
    type: str
    compute: Callable[[dict], np.ndarray]

    def get(self, env: dict) -> np.ndarray:
        if self.name not in env:
            env[self.name] = self.compute(env)
        return env[self.name]


def tensor(*shape: int | str, element: str = "f32") -> str:
    return f"tensor<{'x'.join(map(str, shape))}x{element}>"


def act(channels: int) -> str:
    return tensor("?", "?", channels)


def number(value: float) -> str:
    return f"{value:.17e} : f64"


class Graph:
    positions = 128  # what the model was trained for
    size = 8  # of a head

    def __init__(self, inputs: list[str], seed: int = 0):
        self.random = np.random.default_rng(seed)
        self.weights: dict[str, np.ndarray] = {}
        self.body: list[str] = []
        self.inputs = {
            name: Value(f"%{name}", tensor("?", "?", element="i64"),
                        lambda env, key=f"%{name}": env[key])
            for name in inputs
        }
        self.outputs: dict[str, tuple[Value, list]] = {}

    # Values.

    def op(self, text: str, result: str,
           compute: Callable[..., np.ndarray], *operands: Value) -> Value:
        """`text` is the op up to its types, with {0}, {1} for operands."""
        name = f"%v{len(self.body)}"
        self.body.append(
            f"{name} = {text.format(*(o.name for o in operands))}")
        return Value(name, result,
                     lambda env: compute(*(o.get(env) for o in operands)))

    def call(self, text: str, result: str, compute, *operands: Value) -> Value:
        types = ", ".join(o.type for o in operands)
        # Braces of attributes are doubled by format's rules.
        return self.op(f"{text} : ({types}) -> {result}", result, compute,
                       *operands)

    def same(self, text: str, compute, *operands: Value) -> Value:
        """An op whose type is its first operand's."""
        kind = operands[0].type
        return self.op(f"{text} : {kind}", kind, compute, *operands)

    def weight(self, name: str, *shape: int, scale: float = 0.25,
               mean: float = 0.0) -> Value:
        if name not in self.weights:
            values = mean + scale * self.random.standard_normal(shape)
            self.weights[name] = values.astype(np.float32)
        kind = tensor(*shape)
        data = self.weights[name].astype(np.float64)
        return self.op(f'qeff.weight_ref @"{name}" : {kind}', kind,
                       lambda: data)

    def constant(self, values: np.ndarray) -> Value:
        text = ", ".join(f"{v:.9e}" for v in values)
        kind = tensor(len(values))
        return self.op(f"arith.constant dense<[{text}]> : {kind}", kind,
                       lambda: np.asarray(values, np.float64))

    # Layers.

    def embedding(self, ids: Value, name: str, rows: int, channels: int) -> Value:
        table = self.weight(name, rows, channels)
        return self.call("qeff.embedding {0}, {1}", act(channels),
                         lambda i, t: t[np.maximum(i, 0)], ids, table)

    def linear(self, x: Value, name: str, inputs: int, outputs: int,
               bias: bool = False, weight: str | None = None) -> Value:
        operands = [x, self.weight(weight or f"{name}.weight", outputs, inputs)]
        if bias:
            operands.append(self.weight(f"{name}.bias", outputs))
        head = x.type[len("tensor<"):].rsplit("x", 2)[0]
        text = "qeff.linear " + ", ".join(
            f"{{{i}}}" for i in range(len(operands)))
        return self.call(f'{text} scope("{name}")', f"tensor<{head}x{outputs}xf32>",
                         lambda x, w, b=0.0: x @ w.T + b, *operands)

    def rms_norm(self, x: Value, name: str, channels: int,
                 offset: bool = False) -> Value:
        w = self.weight(f"{name}.weight", channels, mean=0.0 if offset else 1.0)
        if offset:
            w = self.same("qeff.offset {0} {{value = 1.0 : f64}}",
                          lambda w: w + 1, w)
        return self.op(
            f'qeff.rms_norm {{0}}, {{1}} scope("{name}") '
            f"{{{{eps = 1.0e-5 : f64}}}} : {x.type}, {w.type}", x.type,
            lambda x, w: w * x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5),
            x, w)

    def layer_norm(self, x: Value, name: str, channels: int) -> Value:
        w = self.weight(f"{name}.weight", channels, mean=1.0)
        b = self.weight(f"{name}.bias", channels)

        def compute(x, w, b):
            x = x - x.mean(-1, keepdims=True)
            return w * x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) + b

        return self.op(
            f"qeff.layer_norm {{0}} weight({{1}} : {w.type}) "
            f'bias({{2}} : {b.type}) scope("{name}") '
            f"{{{{eps = 1.0e-5 : f64}}}} : {x.type}", x.type, compute, x, w, b)

    def split(self, x: Value, heads: int) -> Value:
        kind = tensor("?", heads, "?", self.size)
        return self.op(
            f"qeff.split_heads {{0}} : {x.type} -> {kind}", kind,
            lambda x: x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3), x)

    def merge(self, x: Value, heads: int) -> Value:
        kind = act(heads * self.size)
        return self.op(
            f"qeff.merge_heads {{0}} : {x.type} -> {kind}", kind,
            lambda x: x.transpose(0, 2, 1, 3).reshape(
                x.shape[0], x.shape[2], -1), x)

    def rope(self, x: Value, pos: Value, rotary: int | None = None,
             style: str = "half", inv_freq: list[float] | None = None,
             factor: float = 1.0, theta: float = 1e4) -> Value:
        rotary = rotary or self.size
        frequencies = theta ** (-np.arange(0, rotary, 2) / rotary)
        scaling = ""
        if inv_freq:
            frequencies = np.asarray(inv_freq)
            listed = ", ".join(f"{f:.17e}" for f in inv_freq)
            scaling = (f"scaling = #qeff.rope_scaling<explicit, "
                       f"{{{{attention_factor = {number(factor)}, "
                       f"inv_freq = array<f64: {listed}>}}}}>, ")

        def compute(x, pos):
            angles = np.maximum(pos, 0)[:, None, :, None] * frequencies
            cos, sin = np.cos(angles) * factor, np.sin(angles) * factor
            y = x.copy()
            a, b = slice(0, rotary // 2), slice(rotary // 2, rotary)
            if style == "interleaved":
                a, b = slice(0, rotary, 2), slice(1, rotary, 2)
            y[..., a] = x[..., a] * cos - x[..., b] * sin
            y[..., b] = x[..., b] * cos + x[..., a] * sin
            return y

        return self.op(
            f"qeff.rope {{0}}, {{1}} {{{{max_position = {self.positions} : i64, "
            f"rotary_dim = {rotary} : i64, {scaling}"
            f"style = #qeff.rope_style<{style}>, theta = {number(theta)}}}}} : "
            f"{x.type}, {pos.type}", x.type, compute, x, pos)

    def attention(self, q: Value, k: Value, v: Value, q_pos: Value,
                  kv_pos: Value, causal: bool = True, window: int = 0,
                  softcap: float = 0.0, slopes: Value | None = None,
                  sinks: Value | None = None, bias: Value | None = None,
                  scope: str = "attn") -> Value:
        scale = 1 / math.sqrt(self.size)
        operands, groups, names = [q, k, v, q_pos, kv_pos], "", []
        for name, value in (("slopes", slopes), ("sinks", sinks), ("bias", bias)):
            if value:
                groups += f" {name}({{{len(operands)}}})"
                operands.append(value)
                names.append(name)
        attributes = ["causal"] * causal + [f"scale = {number(scale)}"]
        attributes += [f"softcap = {number(softcap)}"] * bool(softcap)
        attributes += [f"window = {window} : i64"] * bool(window)

        def compute(q, k, v, q_pos, kv_pos, *rest):
            extra = dict(zip(names, rest))
            k, v = (np.repeat(t, q.shape[1] // t.shape[1], 1) for t in (k, v))
            scores = q @ k.transpose(0, 1, 3, 2) * scale
            if softcap:
                scores = softcap * np.tanh(scores / softcap)
            behind = (q_pos[:, :, None] - kv_pos[:, None, :])[:, None]
            if slopes:
                scores = scores - extra["slopes"][:, None, None] * behind
            scores = scores + extra.get("bias", 0.0)
            hidden = (kv_pos < 0)[:, None, None, :] | np.zeros_like(behind, bool)
            if causal:
                hidden = hidden | (behind < 0)
            if window:
                hidden = hidden | (behind >= window)
            p = np.where(hidden, 0.0, np.exp(scores))
            total = p.sum(-1, keepdims=True)
            if sinks:
                total = total + np.exp(extra["sinks"])[:, None, None]
            return (p / np.where(total == 0, 1, total)) @ v

        return self.call(
            "qeff.attention {0}, {1}, {2}, {3}, {4}" + groups
            + f' scope("{scope}") {{{{{", ".join(attributes)}}}}}',
            q.type, compute, *operands)

    def add(self, a: Value, b: Value) -> Value:
        return self.same("qeff.add {0}, {1}", np.add, a, b)

    def mul(self, a: Value, b: Value) -> Value:
        return self.same("qeff.mul {0}, {1}", np.multiply, a, b)

    def scale(self, x: Value, factor: float) -> Value:
        return self.same(f"qeff.scale {{0}} {{{{factor = {number(factor)}}}}}",
                         lambda x: x * factor, x)

    def softcap(self, x: Value, cap: float) -> Value:
        return self.same(f"qeff.softcap {{0}} {{{{cap = {number(cap)}}}}}",
                         lambda x: cap * np.tanh(x / cap), x)

    def activate(self, x: Value, kind: str) -> Value:
        return self.same(
            f"qeff.activate {{0}} {{{{kind = #qeff.activation<{kind}>}}}}",
            ACTIVATIONS[kind], x)

    def gate(self, gate: Value, up: Value, kind: str) -> Value:
        return self.same(
            f"qeff.gate {{0}}, {{1}} {{{{kind = #qeff.activation<{kind}>}}}}",
            lambda g, u: ACTIVATIONS[kind](g) * u, gate, up)

    # Encoders.

    def iota(self, like: Value) -> Value:
        return self.same("qeff.iota {0}", lambda x: np.broadcast_to(
            np.arange(x.shape[1]), x.shape), like)

    def mask_positions(self, mask: Value) -> Value:
        return self.same("qeff.mask_positions {0}", lambda m: np.where(
            m != 0, np.arange(m.shape[1]), -1), mask)

    def pool(self, x: Value, kind: str, channels: int,
             positions: Value | None = None) -> Value:
        def compute(x, positions=None):
            if kind == "cls":
                return x[:, 0]
            if kind == "last":
                return x[np.arange(len(x)), positions.argmax(1)]
            seen = np.ones(x.shape[:2], bool) if positions is None else (
                positions >= 0)
            reduce = np.mean if kind == "mean" else np.max
            return np.stack([reduce(row[s], 0) for row, s in zip(x, seen)])

        operands = [x] + [positions] * (positions is not None)
        text = "qeff.pool " + ", ".join(
            f"{{{i}}}" for i in range(len(operands)))
        return self.call(f"{text} {{{{kind = #qeff.pool<{kind}>}}}}",
                         tensor("?", channels), compute, *operands)

    # The module.

    def result(self, name: str, value: Value, *dims: str | int) -> None:
        self.outputs[name] = (value, list(dims))

    def text(self) -> str:
        offset, symbols = 0, []
        for name, value in self.weights.items():
            symbols.append(
                f'  qeff.weight "private" @"{name}" file(@file) '
                f"{{offset = {offset} : i64}} : {tensor(*value.shape)}")
            offset += value.nbytes
        arguments = ", ".join(
            f'{v.name}: {v.type} {{qeff.name = "{name}", '
            "qeff.dims = [@batch_size, @seq_len]}"
            for name, v in self.inputs.items())
        results = ", ".join(
            f'{v.type} {{qeff.name = "{name}", '
            f"qeff.dims = [{', '.join(map(str, dims))}]}}"
            for name, (v, dims) in self.outputs.items())
        values = [v for v, _ in self.outputs.values()]
        return "\n".join([
            f"module attributes {{qeff.max_position = {self.positions} : i64, "
            "qeff.phase = #qeff.phase<canonical>} {",
            "  qeff.dim @batch_size",
            f"  qeff.dim @seq_len {{max = {self.positions} : i64}}",
            f'  qeff.file "private" @file "weights.bin" {{root = "model", '
            f"size = {offset} : i64}}",
            *symbols,
            f"  func.func @main({arguments}) -> ({results}) {{",
            *("    " + line for line in self.body),
            f"    return {', '.join(v.name for v in values)} : "
            f"{', '.join(v.type for v in values)}",
            "  }", "}", ""])

    def write(self, folder: Path) -> Path:
        path = folder / "module.mlir"
        path.write_text(self.text())
        with open(folder / "weights.bin", "wb") as file:
            for value in self.weights.values():
                file.write(value.tobytes())
        return path

    def compute(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        env = {f"%{name}": np.asarray(v) for name, v in inputs.items()}
        return {name: v.get(env) for name, (v, _) in self.outputs.items()}
