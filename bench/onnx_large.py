# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Graphs of 100,000 nodes: a decoder of many layers as exporters spell it, and a
chain of operators on elements.

    python bench/onnx_large.py decoder|pointwise NODES OUTPUT
"""

from __future__ import annotations

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HIDDEN, HEADS, GROUPS, SIZE, INNER, VOCAB = 32, 4, 2, 8, 48, 100
OPSET = 18
LAST = np.iinfo(np.int64).max


class Graph:
    """Nodes with one result each, initializers by their value."""

    def __init__(self):
        self.nodes, self.initializers, self.names = [], [], {}
        self.random = np.random.default_rng(0)

    def node(self, kind: str, *inputs: str, **attributes) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, inputs, [name], f"/n{name}", **attributes)
        )
        return name

    def constant(self, value, dtype=np.int64) -> str:
        value = np.asarray(value, dtype)
        key = (value.tobytes(), value.shape, str(dtype))
        if key not in self.names:
            self.names[key] = self.add(value)
        return self.names[key]

    def add(self, value: np.ndarray) -> str:
        name = f"w{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def weight(self, *shape: int) -> str:
        return self.add(self.random.normal(0, 0.2, shape).astype(np.float32))

    def size(self, value: str, axis: int) -> str:
        """The size of an axis as exporters compute it, [1]."""
        size = self.node("Gather", self.node("Shape", value),
                         self.constant(axis))
        return self.node("Unsqueeze", size, self.constant([0]))

    def model(self, inputs, outputs) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes, "large", inputs, outputs, self.initializers
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=10,
        )


class Decoder(Graph):
    def norm(self, x: str) -> str:
        square = self.node("Pow", x, self.constant(2, np.float32))
        mean = self.node("ReduceMean", square, self.constant([-1]))
        root = self.node(
            "Sqrt", self.node("Add", mean, self.constant(1e-5, np.float32))
        )
        normal = self.node("Mul", x, self.node("Reciprocal", root))
        return self.node("Mul", self.weight(HIDDEN), normal)

    def heads(self, x: str, count: int) -> str:
        y = self.node("MatMul", x, self.weight(HIDDEN, count * SIZE))
        shape = self.node(
            "Concat", self.size(y, 0), self.size(y, 1),
            self.constant([count]), self.constant([SIZE]), axis=0,
        )
        return self.node("Transpose", self.node("Reshape", y, shape),
                         perm=[0, 2, 1, 3])

    def part(self, x: str, start: int, end: int) -> str:
        return self.node("Slice", x, self.constant([start]),
                         self.constant([end]), self.constant([3]))

    def rotate(self, x: str, cos: str, sin: str) -> str:
        low, high = self.part(x, 0, SIZE // 2), self.part(x, SIZE // 2, LAST)
        partner = self.node("Concat", self.node("Neg", high), low, axis=-1)
        return self.node("Add", self.node("Mul", x, cos),
                         self.node("Mul", partner, sin))

    def repeat(self, x: str) -> str:
        rows, length = self.size(x, 0), self.size(x, 2)
        wide = self.node("Unsqueeze", x, self.constant([2]))
        groups, size = self.constant([GROUPS]), self.constant([SIZE])
        wide = self.node("Expand", wide, self.node(
            "Concat", rows, groups, self.constant([HEADS // GROUPS]), length,
            size, axis=0,
        ))
        return self.node("Reshape", wide, self.node(
            "Concat", rows, self.constant([HEADS]), length, size, axis=0
        ))

    def attention(self, x: str, mask: str, cos: str, sin: str) -> str:
        q = self.rotate(self.heads(x, HEADS), cos, sin)
        k = self.repeat(self.rotate(self.heads(x, GROUPS), cos, sin))
        v = self.repeat(self.heads(x, GROUPS))
        scale = self.constant(SIZE ** -0.5, np.float32)
        scores = self.node("Mul", scale, self.node(
            "MatMul", q, self.node("Transpose", k, perm=[0, 1, 3, 2])
        ))
        weights = self.node("Softmax", self.node("Add", scores, mask), axis=-1)
        y = self.node("Transpose", self.node("MatMul", weights, v),
                      perm=[0, 2, 1, 3])
        shape = self.node("Concat", self.size(y, 0), self.size(y, 1),
                          self.constant([HIDDEN]), axis=0)
        return self.node("MatMul", self.node("Reshape", y, shape),
                         self.weight(HIDDEN, HIDDEN))

    def feed_forward(self, x: str) -> str:
        gate = self.node("MatMul", x, self.weight(HIDDEN, INNER))
        up = self.node("MatMul", x, self.weight(HIDDEN, INNER))
        gate = self.node("Mul", gate, self.node("Sigmoid", gate))
        return self.node("MatMul", self.node("Mul", gate, up),
                         self.weight(INNER, HIDDEN))

    def layer(self, x: str, *shared: str) -> str:
        x = self.node("Add", x, self.attention(self.norm(x), *shared))
        return self.node("Add", x, self.feed_forward(self.norm(x)))

    def shared(self) -> tuple[str, str, str]:
        """The causal mask, cosines and sines."""
        length = self.node("Squeeze", self.size("input_ids", 1))
        numbers = self.node("Range", self.constant(0), length,
                            self.constant(1))
        column = self.node("Unsqueeze", numbers, self.constant([1]))
        hidden = self.node("Greater", numbers, column)
        mask = self.node("Where", hidden, self.constant(-1e9, np.float32),
                         self.constant(0, np.float32))
        places = self.node("Cast", self.node(
            "Unsqueeze", "position_ids", self.constant([1, 3])
        ), to=TensorProto.FLOAT)
        inverse = 1e4 ** -(np.arange(0, SIZE, 2) / SIZE)
        angles = self.node("Mul", places, self.constant(inverse, np.float32))
        angles = self.node("Concat", angles, angles, axis=-1)
        return mask, self.node("Cos", angles), self.node("Sin", angles)


def decoder(nodes: int) -> onnx.ModelProto:
    graph = Decoder()
    table = graph.weight(VOCAB, HIDDEN)
    x = graph.node("Gather", table, "input_ids")
    shared = graph.shared()
    while len(graph.nodes) < nodes:
        x = graph.layer(x, *shared)
    logits = graph.node("MatMul", graph.norm(x), graph.weight(HIDDEN, VOCAB))
    axes = ["batch_size", "sequence_length"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, axes)
              for name in ("input_ids", "position_ids")]
    output = helper.make_tensor_value_info(
        logits, TensorProto.FLOAT, [*axes, VOCAB]
    )
    return graph.model(inputs, [output])


def pointwise(nodes: int) -> onnx.ModelProto:
    graph = Graph()
    x = "x"
    kinds = ("Add", "Mul", "Tanh", "Sub", "Sigmoid", "Neg")
    for number in range(nodes):
        kind = kinds[number % len(kinds)]
        more = (graph.constant(1 + number % 7 / 8, np.float32),)
        x = graph.node(kind, x, *(more if kind in ("Add", "Mul", "Sub")
                                  else ()))
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 64])
            for name in ("x", x)]
    return graph.model(info[:1], info[1:])


if __name__ == "__main__":
    builder = {"decoder": decoder, "pointwise": pointwise}[sys.argv[1]]
    onnx.save(builder(int(sys.argv[2])), sys.argv[3])
