# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bad ONNX files are refused with one clear error that names the file and the
place in it."""

from __future__ import annotations

import re

import onnx
import pytest
from onnx import AttributeProto as A
from onnx import TensorProto as T
from onnx import helper as h

from oracles import tools


def info(name, shape=(2,)):
    return h.make_tensor_value_info(name, T.FLOAT, shape)


def good() -> onnx.ModelProto:
    graph = h.make_graph(
        [h.make_node("Neg", ["x"], ["t"], name="first"),
         h.make_node("Add", ["t", "w"], ["y"], name="second")],
        "graph", [info("x")], [info("y")],
        [h.make_tensor("w", T.FLOAT, [2], [1, 2])],
    )
    return h.make_model(
        graph, opset_imports=[h.make_opsetid("", 21)], ir_version=10
    )


def import_file(path):
    return tools.run(
        tools.tool("qeff-translate"), "--import-onnx", path,
        "-o", path.with_suffix(".mlir"), timeout=60,
    )


def refused(path, message):
    """That the file is refused by one error that matches `message`."""
    result = import_file(path)
    assert result.returncode == 1, result.stderr[-2000:]
    errors = re.findall(r"^.*\berror: .*$", result.stderr, re.MULTILINE)
    assert len(errors) == 1, result.stderr[-2000:]
    assert "model.onnx" in errors[0]
    assert re.search(message, errors[0]), errors[0]
    assert not path.with_suffix(".mlir").exists()


def refused_model(folder, proto, message):
    path = folder / "model.onnx"
    path.write_bytes(
        proto if isinstance(proto, bytes) else proto.SerializePartialToString()
    )
    refused(path, message)


def test_good_model(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(good().SerializeToString())
    assert import_file(path).returncode == 0


#
# Bytes
#


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"GGUF\x03\0\0\0", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n",
     bytes(1000), b"\xff" * 1000, b"\x08", b"\x3a\xff\xff\xff\xff\x0f",
     b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x0b\x0c",
     b"\x08" + b"\xff" * 11],
    ids=repr,
)
def test_no_model(tmp_path, data):
    refused_model(tmp_path, data, "expects")


def test_no_file(tmp_path):
    result = import_file(tmp_path / "missing.onnx")
    assert result.returncode == 1
    assert "No such file" in result.stderr


def test_every_length_that_a_cut_leaves(tmp_path):
    """A file that is cut off is an error, or the model without what is gone."""
    data = good().SerializeToString()
    path = tmp_path / "model.onnx"
    for size in range(len(data)):
        path.write_bytes(data[:size])
        assert import_file(path).returncode in (0, 1)


def nested_graphs(depth: int) -> onnx.ModelProto:
    proto = good()
    graph = h.make_graph([], "leaf", [], [])
    for _ in range(depth):
        node = onnx.NodeProto(op_type="Op")
        node.attribute.add(name="g", type=A.GRAPH).g.CopyFrom(graph)
        graph = onnx.GraphProto(name="g", node=[node])
    proto.graph.node.extend(graph.node)
    return proto


def wrap(data: bytes, field: int) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def test_deep_graphs(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(nested_graphs(20).SerializeToString())
    assert import_file(path).returncode == 0
    refused_model(tmp_path, nested_graphs(30), "at most 24 graphs")


@pytest.mark.parametrize("depth", [100, 3000])
def test_very_deep_graphs(tmp_path, depth):
    data = b""
    for _ in range(depth):
        data = wrap(wrap(wrap(data, 6), 5), 1)
    refused_model(tmp_path, wrap(data, 7), "at most 24 graphs")


def test_very_deep_types(tmp_path):
    data = b""
    for _ in range(3000):
        data = wrap(wrap(data, 1), 4)
    value = wrap(b"x", 1) + wrap(data, 2)
    refused_model(tmp_path, wrap(wrap(value, 11), 7), "malformed")


#
# Names
#


def change(edit):
    proto = good()
    edit(proto, proto.graph)
    return proto


def swap(proto, graph):
    first = onnx.NodeProto()
    first.CopyFrom(graph.node[0])
    graph.node[0].CopyFrom(graph.node[1])
    graph.node[1].CopyFrom(first)


def cycle(proto, graph):
    graph.node[0].input[0] = "y"


@pytest.mark.parametrize(
    "edit, message",
    [
        (lambda p, g: g.node[1].input.__setitem__(0, "nothing"),
         r"node 1 'second' \(Add\): .*made before it, got 'nothing'"),
        (swap, r"node 0 'second' \(Add\): .*made before it, got 't'"),
        (cycle, r"node 0 'first' \(Neg\): .*made before it, got 'y'"),
        (lambda p, g: g.node[1].output.__setitem__(0, "t"),
         r"node 1 'second' .*got a second 't'"),
        (lambda p, g: g.node[1].output.append("x"), "got a second 'x'"),
        (lambda p, g: g.node[0].output.__setitem__(0, "w"),
         "got a second 'w'"),
        (lambda p, g: g.input.append(g.input[0]), "got a second 'x'"),
        (lambda p, g: g.initializer.append(g.initializer[0]),
         "initializer 'w': .*got a second 'w'"),
        (lambda p, g: g.output[0].__setattr__("name", "z"),
         "expects output 'z' to be made by a node"),
        (lambda p, g: g.input[0].__setattr__("name", ""), "expects"),
        (lambda p, g: g.initializer[0].__setattr__("name", ""), "expects"),
        (lambda p, g: g.node[0].__setattr__("op_type", ""),
         "expects an operator's name"),
        (lambda p, g: g.node[0].__setattr__("domain", "d"),
         "node 0 'first' .*expects an opset import of domain 'd'"),
        (lambda p, g: p.ClearField("graph"), "expects a graph"),
        (lambda p, g: p.ClearField("ir_version"), "expects an IR version"),
        (lambda p, g: p.ClearField("opset_import"), "expects an opset import"),
        (lambda p, g: p.opset_import.append(p.opset_import[0]),
         "one opset import per domain"),
        (lambda p, g: p.opset_import[0].__setattr__("version", 0),
         "opset versions >= 1"),
    ],
)
def test_graphs(tmp_path, edit, message):
    refused_model(tmp_path, change(edit), message)


def test_shadowing(tmp_path):
    """A name of the graph around a subgraph is not free."""
    branch = h.make_graph([h.make_node("Abs", ["x"], ["t"])], "g", [],
                          [info("t")])
    proto = good()
    proto.graph.node.append(
        h.make_node("If", ["t"], ["z"], then_branch=branch,
                    else_branch=branch)
    )
    refused_model(tmp_path, proto,
                  "attribute 'then_branch|else_branch': node 0 .*second 't'")


#
# Tensors and attributes
#


def tensor(**fields):
    def edit(proto, graph):
        for field, value in fields.items():
            graph.initializer[0].ClearField(field)
            if isinstance(value, list):
                getattr(graph.initializer[0], field).extend(value)
            elif value is not None:
                setattr(graph.initializer[0], field, value)
    return edit


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"dims": [3]}, "expects 12 bytes of elements .*got 8"),
        ({"dims": [-2]}, "expects sizes >= 0 .*got -2"),
        ({"dims": [1 << 40, 1 << 40]}, "size fits 64 bits"),
        ({"dims": [1 << 62]}, "size fits 64 bits"),
        ({"dims": [1 << 62, 0, 1 << 62], "float_data": None}, None),
        ({"data_type": 0}, "got data type 0"),
        ({"data_type": 99}, "got data type 99"),
        ({"data_type": T.INT64}, "in int64_data, got float_data"),
        ({"data_type": T.STRING}, "in string_data, got float_data"),
        ({"raw_data": bytes(8)}, "in one field, got raw_data and float_data"),
        ({"float_data": None}, "expects 8 bytes of elements .*got 0"),
        ({"float_data": None, "data_type": T.INT8, "int32_data": [1, 128]},
         "elements of 8 bits, got 128"),
        ({"float_data": None, "data_type": T.UINT8, "int32_data": [1, -1]},
         "elements of 8 bits, got -1"),
        ({"float_data": None, "data_type": T.UINT32,
          "uint64_data": [1, 1 << 32]}, "elements of 32 bits, got 4294967296"),
        ({"float_data": None, "raw_data": bytes(2000)},
         "expects 8 bytes of elements .*got 2000"),
        ({"raw_data": bytes(2000)}, "elements in one place"),
    ],
    ids=str,
)
def test_tensors(tmp_path, fields, message):
    proto = change(tensor(**fields))
    if message is None:
        path = tmp_path / "model.onnx"
        path.write_bytes(proto.SerializeToString())
        assert import_file(path).returncode == 0
        return
    refused_model(tmp_path, proto, "initializer 'w': .*" + message)


def test_payload_twice(tmp_path):
    data = T(name="w", data_type=T.FLOAT, dims=[1000]).SerializeToString()
    data += wrap(bytes(4000), 9) * 2
    proto = good().SerializeToString() + wrap(wrap(data, 5), 7)
    refused_model(tmp_path, proto, "byte .*elements of a tensor in one piece")


def test_payloads_of_a_tensor_that_comes_in_parts(tmp_path):
    """Protobuf merges a field that comes twice."""
    part = wrap(bytes(4000), 9)
    tensor_bytes = T(data_type=T.FLOAT, dims=[1000]).SerializeToString() + part
    attribute = A(name="value", type=A.TENSOR).SerializeToString() + (
        wrap(tensor_bytes, 5) + wrap(part, 5))
    node = h.make_node("Constant", [], ["k"]).SerializeToString()
    proto = good().SerializeToString() + wrap(
        wrap(node + wrap(attribute, 5), 1), 7)
    refused_model(tmp_path, proto, "attribute 'value': .*in one place")


def test_our_own_mark(tmp_path):
    proto = good()
    proto.graph.initializer[0].external_data.add(key="qeff.payload", value="0")
    refused_model(tmp_path, proto, "without the key 'qeff.payload'")


@pytest.mark.parametrize(
    "entries, message",
    [
        ({}, "inside the model's folder, got ''"),
        ({"location": "../w.bin"}, "inside the model's folder"),
        ({"location": "a/../../w.bin"}, "inside the model's folder"),
        ({"location": "/etc/passwd"}, "inside the model's folder"),
        ({"location": "a\0b"}, "inside the model's folder"),
        ({"location": "..\\w.bin"}, "inside the model's folder"),
        ({"location": "*/_ORT_MEM_ADDR_/*", "offset": "1"}, "No such file"),
        ({"location": "missing.bin"}, "'missing.bin': .*No such file"),
        ({"location": "."}, "expects a regular file"),
        ({"location": "w.bin", "offset": "-1"}, "offset .*got '-1'"),
        ({"location": "w.bin", "offset": "0x10"}, "offset .*got '0x10'"),
        ({"location": "w.bin", "offset": str(1 << 64)}, "offset"),
        ({"location": "w.bin", "offset": str((1 << 63) - 1)},
         "got a file of 16 bytes"),
        ({"location": "w.bin", "offset": "12"},
         "expects 8 bytes at offset 12, got a file of 16 bytes"),
        ({"location": "w.bin", "length": "9"}, "expects 8 bytes .*got 9"),
        ({"location": "w.bin", "length": ""}, "length .*got ''"),
    ],
    ids=str,
)
def test_external_data(tmp_path, entries, message):
    (tmp_path / "w.bin").write_bytes(bytes(16))
    proto = change(tensor(float_data=None, data_location=T.EXTERNAL))
    for key, value in entries.items():
        proto.graph.initializer[0].external_data.add(key=key, value=value)
    refused_model(tmp_path, proto, "initializer 'w': .*" + message)


def test_external_strings(tmp_path):
    (tmp_path / "w.bin").write_bytes(bytes(16))
    proto = change(tensor(float_data=None, data_type=T.STRING,
                          data_location=T.EXTERNAL))
    proto.graph.initializer[0].external_data.add(key="location", value="w.bin")
    refused_model(tmp_path, proto, "strings in string_data")


@pytest.mark.parametrize(
    "attributes, message",
    [
        ([A(name="a", type=A.INT, i=1)] * 2, "different names"),
        ([A(type=A.INT, i=1)], "different names"),
        ([A(name="a", i=1)], "attribute 'a': expects a type that ONNX has"),
        ([A(name="a", type=A.TENSOR)], "attribute 'a': expects a tensor"),
        ([A(name="a", type=A.GRAPH)], "attribute 'a': expects a graph"),
        ([A(name="a", type=A.INT, ref_attr_name="b")],
         "attribute 'a': expects an attribute of its function, got 'b'"),
        ([A(name="a", type=A.INT, i=1, t=T(name="t"))], "beside its value"),
        ([A(name="a", type=A.INT, g=onnx.GraphProto())], "beside its value"),
        ([A(name="a", type=A.TENSOR, ref_attr_name="b", t=T(name="t"))],
         "beside its value"),
        ([A(name="a", type=A.TENSORS, tensors=[T(data_type=1, dims=[1])])],
         "attribute 'a': expects 4 bytes"),
    ],
)
def test_attributes(tmp_path, attributes, message):
    proto = good()
    proto.graph.node[1].attribute.extend(attributes)
    refused_model(tmp_path, proto, message)


@pytest.mark.parametrize("size", [-2, -(1 << 63)])
def test_wild_dims(tmp_path, size):
    proto = good()
    dim = proto.graph.input[0].type.tensor_type.shape.dim[0]
    dim.dim_value = size
    refused_model(tmp_path, proto, f"'x': expects sizes >= 0 .*got {size}")


#
# Functions
#


def function(name, calls, **kwargs):
    nodes = [h.make_node(call, ["x"], [f"y{i}"], domain="f")
             for i, call in enumerate(calls)]
    nodes.append(h.make_node("Abs", ["x"], ["y"]))
    return h.make_function(
        "f", name, ["x"], ["y"], nodes,
        [h.make_opsetid("", 21), h.make_opsetid("f", 1)], **kwargs,
    )


@pytest.mark.parametrize(
    "calls", [{"a": ["a"]}, {"a": ["b"], "b": ["a"]},
              {"a": ["b", "c"], "b": ["c"], "c": ["d", "b"], "d": []}],
    ids=str,
)
def test_recursion(tmp_path, calls):
    proto = good()
    proto.functions.extend(function(*each) for each in calls.items())
    refused_model(tmp_path, proto, "functions that do not call themselves")


def test_long_chain_of_functions(tmp_path):
    """No recursion, but calls 3000 deep."""
    proto = good()
    proto.functions.extend(
        function(f"f{i}", [f"f{i + 1}"] if i < 3000 else [])
        for i in range(3001)
    )
    path = tmp_path / "model.onnx"
    path.write_bytes(proto.SerializeToString())
    assert import_file(path).returncode == 0


@pytest.mark.parametrize(
    "edit, message",
    [
        (lambda f: f.ClearField("name"), "expects a name and a domain"),
        (lambda f: f.ClearField("domain"), "expects a name and a domain"),
        (lambda f: f.__setattr__("name", "a::b"), "without '::'"),
        (lambda f: f.__setattr__("name", ":b"), "without '::'"),
        (lambda f: f.input.append("x"), "'x'"),
        (lambda f: f.output.append("y"), "'y'"),
        (lambda f: f.output.append("z"), "'z' to be made by a node"),
        (lambda f: f.attribute.extend(["a", "a"]), "'a'"),
        (lambda f: f.attribute.append(""), "empty"),
        (lambda f: f.ClearField("opset_import"), "opset import"),
        (lambda f: f.attribute_proto.add(
            name="g", type=A.GRAPH).g.SetInParent(),
         "without graphs"),
    ],
)
def test_functions(tmp_path, edit, message):
    proto = good()
    proto.functions.append(function("a", []))
    edit(proto.functions[0])
    refused_model(tmp_path, proto, "function.*" + message)


def test_function_twice(tmp_path):
    proto = good()
    proto.functions.extend([function("a", []), function("a", [])])
    refused_model(tmp_path, proto, "function 'a': expects a name of its own")
