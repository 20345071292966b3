# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX graphs of several nodes, for the host."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


class Builder:
    """Collects nodes and constants of a graph."""

    def __init__(self, seed: int = 0):
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def weight(self, *shape: int) -> str:
        values = 0.3 * self.random.standard_normal(shape)
        return self.constant(values.astype(np.float32))

    def add(self, operator: str, *inputs: str, outputs: int = 1, **attributes):
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(
            helper.make_node(
                operator, inputs, names, name=f"node{len(self.nodes)}",
                **attributes,
            )
        )
        return names[0] if outputs == 1 else names

    def save(self, path: Path, inputs, outputs, external: bool = False) -> Path:
        """`inputs` and `outputs` are (name, type, shape)."""
        graph = helper.make_graph(
            self.nodes, "graph",
            [helper.make_tensor_value_info(*i) for i in inputs],
            [helper.make_tensor_value_info(*o) for o in outputs],
            self.constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9
        )
        onnx.checker.check_model(model)
        onnx.save(
            model, path, save_as_external_data=external,
            location=path.name + ".data", size_threshold=64,
        )
        return path


def save_block(path: Path, external: bool = False) -> Path:
    """A transformer's block with a padding mask and shape arithmetic, of
    [batch, seq] ids."""
    b = Builder()
    width, heads = 16, 4
    shape = b.add("Shape", "ids")
    batch = b.add("Gather", shape, b.constant(np.array([0])))
    seq = b.add("Gather", shape, b.constant(np.array([1])))
    x = b.add("Gather", b.weight(50, width), "ids")
    positions = b.add(
        "Range", b.constant(np.array(0)), b.add("Squeeze", seq),
        b.constant(np.array(1)),
    )
    x = b.add("Add", x, b.add("Gather", b.weight(64, width), positions))
    normal = b.add(
        "LayerNormalization", x, b.weight(width), b.weight(width), axis=-1
    )

    def split(name: str) -> str:
        target = b.add(
            "Concat", batch, seq, b.constant(np.array([heads])),
            b.constant(np.array([width // heads])), axis=0,
        )
        y = b.add("MatMul", name, b.weight(width, width))
        y = b.add("Add", y, b.weight(width))
        return b.add(
            "Transpose", b.add("Reshape", y, target), perm=[0, 2, 1, 3]
        )

    q, k, v = split(normal), split(normal), split(normal)
    scores = b.add("MatMul", q, b.add("Transpose", k, perm=[0, 1, 3, 2]))
    scores = b.add("Mul", scores, b.constant(np.array(0.5, np.float32)))
    mask = b.add("Unsqueeze", "mask", b.constant(np.array([1, 2])))
    scores = b.add(
        "Where", mask, scores, b.constant(np.array(-1e9, np.float32))
    )
    y = b.add("MatMul", b.add("Softmax", scores, axis=-1), v)
    y = b.add("Transpose", y, perm=[0, 2, 1, 3])
    flat = b.add("Concat", batch, seq, b.constant(np.array([-1])), axis=0)
    x = b.add("Add", x, b.add("Reshape", y, flat))
    hidden = b.add("MatMul", x, b.weight(width, 3 * width))
    hidden = b.add("Erf", hidden)
    x = b.add("Add", x, b.add("MatMul", hidden, b.weight(3 * width, width)))
    best, index = b.add(
        "TopK", x, b.constant(np.array([3])), outputs=2, axis=-1
    )
    return b.save(
        path,
        [("ids", INT64, ["batch", "seq"]), ("mask", BOOL, ["batch", "seq"])],
        [
            (x, FLOAT, ["batch", "seq", width]),
            (best, FLOAT, ["batch", "seq", 3]),
            (index, INT64, ["batch", "seq", 3]),
        ],
        external,
    )


def save_convolutions(path: Path) -> Path:
    """A small image network: [batch, 3, 20, 20] to class scores."""
    b = Builder(1)
    x = b.add(
        "Conv", "x", b.weight(8, 3, 3, 3), b.weight(8), pads=[1, 1, 1, 1]
    )
    x = b.add("Relu", x)
    x = b.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = b.add(
        "Conv", x, b.weight(8, 1, 3, 3), group=8, strides=[2, 2],
        pads=[1, 1, 1, 1],
    )
    x = b.add("Sigmoid", x)
    x = b.add("GlobalAveragePool", x)
    x = b.add("Flatten", x)
    x = b.add("Gemm", x, b.weight(5, 8), b.weight(5), transB=1)
    return b.save(
        path, [("x", FLOAT, ["batch", 3, 20, 20])], [(x, FLOAT, ["batch", 5])]
    )
