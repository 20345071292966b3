# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A copy of a model without anything in its names: nodes, values, initializers,
inputs, outputs, dims and functions are called at random, metadata is gone, and
the operands of commutative operators change places."""

from __future__ import annotations

import random
import re

import onnx

COMMUTATIVE = {
    "Add", "Mul", "And", "Or", "Xor", "Equal", "BitwiseAnd", "BitwiseOr",
    "BitwiseXor", "Min", "Max", "Sum", "Mean",
}
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_TEXT_FIELDS = ("doc_string", "metadata_props")


class Scrambler:
    """Names are given once: the same old name, the same new one. So scopes stay
    as they were."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.values: dict[str, str] = {"": ""}
        self.dims: dict[str, str] = {}
        self.functions: dict[tuple[str, str], str] = {}

    def _new(self, table: dict, key, used: str) -> str:
        if key not in table:
            table[key] = f"{used}{self.random.getrandbits(48):012x}"
        return table[key]

    def value(self, name: str) -> str:
        return self._new(self.values, name, "v")

    def _dim(self, text: str) -> str:
        """Names inside an expression of dims are renamed one by one."""
        return _IDENTIFIER.sub(
            lambda match: self._new(self.dims, match[0], "d"), text
        )

    def _info(self, info: onnx.ValueInfoProto) -> None:
        info.name = self.value(info.name)
        for dim in info.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_param = self._dim(dim.dim_param)
        _forget(info)

    def _node(self, node: onnx.NodeProto) -> None:
        node.name = f"n{self.random.getrandbits(48):012x}"
        inputs = [self.value(name) for name in node.input]
        if node.domain == "" and node.op_type in COMMUTATIVE:
            inputs.reverse()
        node.input[:] = inputs
        node.output[:] = [self.value(name) for name in node.output]
        key = (node.domain, node.op_type)
        node.op_type = self.functions.get(key, node.op_type)
        for attribute in node.attribute:
            self._attribute(attribute)
        _forget(node)

    def _attribute(self, attribute: onnx.AttributeProto) -> None:
        # A field that is not there must not be touched: that would make it.
        if attribute.HasField("g"):
            self.graph(attribute.g)
        for graph in attribute.graphs:
            self.graph(graph)
        if attribute.HasField("t"):
            attribute.t.ClearField("name")
        _forget(attribute)

    def graph(self, graph: onnx.GraphProto) -> None:
        graph.name = "g"
        for tensor in graph.initializer:
            tensor.name = self.value(tensor.name)
            _forget(tensor)
        for info in [*graph.input, *graph.output, *graph.value_info]:
            self._info(info)
        for node in graph.node:
            self._node(node)
        _forget(graph)

    def function(self, function: onnx.FunctionProto) -> None:
        function.name = self.functions[function.domain, function.name]
        function.input[:] = [self.value(name) for name in function.input]
        function.output[:] = [self.value(name) for name in function.output]
        for node in function.node:
            self._node(node)
        for info in function.value_info:
            self._info(info)
        _forget(function)

    def model(self, model: onnx.ModelProto) -> None:
        for function in model.functions:
            self._new(self.functions, (function.domain, function.name), "f")
        self.graph(model.graph)
        for function in model.functions:
            self.function(function)
        _forget(model)


def _forget(message) -> None:
    """Removes documentation and metadata from a message."""
    for field in _TEXT_FIELDS:
        if field in message.DESCRIPTOR.fields_by_name:
            message.ClearField(field)


def scramble(model: onnx.ModelProto, seed: int = 1):
    """The copy, its elements embedded, and the new names by the old ones.
    `model` has its external data loaded."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    scrambler = Scrambler(seed)
    scrambler.model(copy)
    return copy, dict(scrambler.values)
