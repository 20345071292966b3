# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models with what the node cases do not have: every field that the format
defines, every type, payloads in all places, subgraphs, functions."""

from __future__ import annotations

import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

import round_trip
from oracles import tools


def info(name, kind=T.FLOAT, shape=(2,)):
    return h.make_tensor_value_info(name, kind, shape)


def model(nodes, inputs, outputs, initializers=(), functions=(), **kwargs):
    graph = h.make_graph(nodes, "graph", inputs, outputs, initializers)
    kwargs.setdefault("opset_imports", [h.make_opsetid("", 21)])
    kwargs.setdefault("ir_version", 10)
    return h.make_model(graph, functions=functions, **kwargs)


def check(proto: onnx.ModelProto, folder):
    return round_trip.assert_lossless(
        round_trip.save(proto, folder / "model.onnx"), folder
    )


def check_exact(proto: onnx.ModelProto, folder) -> None:
    """That the very bytes come back."""
    output = check(proto, folder)
    again = onnx.ModelProto.FromString(output.read_bytes())
    assert again.SerializeToString(deterministic=True) == (
        proto.SerializeToString(deterministic=True)
    )


def abs_model():
    return model([h.make_node("Abs", ["x"], ["y"])], [info("x")], [info("y")])


#
# Fields
#


def add_entries(entries):
    for key, value in (("key", "value"), ("key", "again"), ("", "")):
        entries.add(key=key, value=value)


def test_model_fields(tmp_path):
    proto = abs_model()
    proto.producer_name, proto.producer_version = "someone", "1.2"
    proto.domain, proto.doc_string = "org.example", "line\nline \u00e9"
    proto.model_version = -5
    add_entries(proto.metadata_props)
    device = proto.configuration.add(name="cards", num_devices=2)
    device.device.extend(["a", "b"])
    check_exact(proto, tmp_path)


def test_training_info(tmp_path):
    proto = abs_model()
    training = proto.training_info.add()
    training.algorithm.CopyFrom(proto.graph)
    training.algorithm.initializer.append(
        numpy_helper.from_array(np.arange(1000, dtype=np.float32), "w")
    )
    training.update_binding.add(key="a", value="b")
    check_exact(proto, tmp_path)


def test_graph_fields(tmp_path):
    proto = abs_model()
    graph = proto.graph
    graph.doc_string = "about the graph"
    add_entries(graph.metadata_props)
    annotation = graph.quantization_annotation.add(tensor_name="x")
    add_entries(annotation.quant_parameter_tensor_names)
    graph.value_info.append(info("nothing", T.INT8, [1]))
    graph.value_info.append(info("x", T.FLOAT, [2]))
    check_exact(proto, tmp_path)


def test_node_fields(tmp_path):
    proto = abs_model()
    node = proto.graph.node[0]
    node.name, node.doc_string, node.overload = "n", "about", "fast"
    add_entries(node.metadata_props)
    device = node.device_configurations.add(configuration_id="cards")
    device.sharding_spec.add(tensor_name="x", device=[0, 1])
    check_exact(proto, tmp_path)


@pytest.mark.parametrize(
    "field", ["name", "domain", "overload", "doc_string"]
)
def test_texts_that_are_set_to_nothing(tmp_path, field):
    proto = abs_model()
    setattr(proto.graph.node[0], field, "")
    assert proto.graph.node[0].HasField(field)
    check_exact(proto, tmp_path)


def test_unset_fields(tmp_path):
    proto = abs_model()
    proto.graph.ClearField("name")
    proto.opset_import[0].ClearField("domain")
    proto.ClearField("producer_name")
    check_exact(proto, tmp_path)


def test_value_info_fields(tmp_path):
    proto = abs_model()
    for each in (proto.graph.input[0], proto.graph.output[0]):
        each.doc_string = "about"
        add_entries(each.metadata_props)
        each.type.denotation = "TENSOR"
        dim = each.type.tensor_type.shape.dim[0]
        dim.dim_param, dim.denotation = "N", "BATCH"
    check_exact(proto, tmp_path)


@pytest.mark.parametrize(
    "dims", [["n", 2], [None, "n"], ["", "a b"], [-1], ["main"], [0], []],
    ids=str,
)
def test_dims(tmp_path, dims):
    proto = abs_model()
    for each in (proto.graph.input[0], proto.graph.output[0]):
        each.CopyFrom(info(each.name, T.FLOAT, dims))
    check_exact(proto, tmp_path)


def test_values_without_a_type(tmp_path):
    proto = abs_model()
    proto.graph.input[0].ClearField("type")
    proto.graph.output[0].type.Clear()
    proto.graph.output[0].type.SetInParent()
    check_exact(proto, tmp_path)


def test_types_without_a_shape_or_element(tmp_path):
    proto = abs_model()
    proto.graph.input[0].type.tensor_type.ClearField("shape")
    proto.graph.output[0].type.tensor_type.ClearField("elem_type")
    check_exact(proto, tmp_path)


def test_types_that_are_no_tensors(tmp_path):
    tensor = h.make_tensor_type_proto(T.STRING, ["n"])
    kinds = [
        h.make_sequence_type_proto(tensor),
        h.make_optional_type_proto(h.make_sequence_type_proto(tensor)),
        h.make_map_type_proto(T.INT64, h.make_tensor_type_proto(T.FLOAT, None)),
        h.make_sparse_tensor_type_proto(T.FLOAT, [3, "n"]),
        h.make_tensor_type_proto(T.COMPLEX64, [1]),
    ]
    proto = model(
        [h.make_node("Any", [f"i{i}"], [f"o{i}"], domain="d")
         for i in range(len(kinds))],
        [h.make_value_info(f"i{i}", kind) for i, kind in enumerate(kinds)],
        [h.make_value_info(f"o{i}", kind) for i, kind in enumerate(kinds)],
        opset_imports=[h.make_opsetid("", 21), h.make_opsetid("d", 1)],
    )
    check_exact(proto, tmp_path)


def test_fields_that_are_unknown(tmp_path):
    # Fields 1000 of every message on the way: a later version's.
    extra = b"\xc2\x3e\x03new"
    proto = abs_model()
    for message in (
        proto, proto.graph, proto.graph.node[0], proto.graph.input[0],
        proto.graph.input[0].type, proto.opset_import[0],
    ):
        message.MergeFromString(extra)
    check_exact(proto, tmp_path)


@pytest.mark.parametrize(
    "name", ["a b", "\u00e9", '"', "\\", "a::b", "main", "\n", "/a/b.c:0", "%0",
             ":a", "a:"]
)
def test_names(tmp_path, name):
    proto = model(
        [h.make_node("Abs", [name], [name + "1"], name=name),
         h.make_node("Op", [name + "1"], [name + "2"], domain="d:" + name,
                     **{"attribute": name})],
        [info(name, T.FLOAT, [name])], [info(name + "2")],
        [numpy_helper.from_array(np.zeros(1, np.float32), name + "3")],
        opset_imports=[h.make_opsetid("", 21), h.make_opsetid("d:" + name, 1)],
    )
    proto.graph.node[1].op_type = name
    proto.graph.node[1].attribute[0].name = name
    check_exact(proto, tmp_path)


def test_operands_that_are_left_out(tmp_path):
    proto = model(
        [h.make_node("Op", ["", "x", ""], ["", "y", ""], domain="d"),
         h.make_node("Op", [], [], domain="d")],
        [info("x")], [info("y")],
        opset_imports=[h.make_opsetid("d", 1)],
    )
    check_exact(proto, tmp_path)


def test_outputs_that_are_no_nodes(tmp_path):
    proto = model(
        [], [info("x")], [info("x"), info("w"), info("x")],
        [numpy_helper.from_array(np.zeros(2, np.float32), "w")],
    )
    proto.graph.output[0].doc_string = "not what the input says"
    check_exact(proto, tmp_path)


def test_initializers_that_can_be_overridden(tmp_path):
    weight = np.arange(2000, dtype=np.float32)
    proto = model(
        [h.make_node("Add", ["w", "x"], ["t"]),
         h.make_node("Add", ["t", "v"], ["y"])],
        [info("w", T.FLOAT, [2000]), info("x", T.FLOAT, [1]),
         info("v", T.FLOAT, ["n"])],
        [info("y", T.FLOAT, [2000])],
        [numpy_helper.from_array(weight, "w"),
         numpy_helper.from_array(weight[:1], "v")],
        ir_version=3,
    )
    proto.graph.initializer[1].doc_string = "about"
    check_exact(proto, tmp_path)


def test_sparse_initializers(tmp_path):
    proto = abs_model()
    values = h.make_tensor("s", T.FLOAT, [2], [1, 2])
    indices = h.make_tensor("i", T.INT64, [2], [0, 3])
    proto.graph.sparse_initializer.append(
        h.make_sparse_tensor(values, indices, [4])
    )
    proto.graph.node.append(h.make_node("Abs", ["s"], ["z"]))
    check_exact(proto, tmp_path)


#
# Attributes
#


def test_attributes_of_every_kind(tmp_path):
    tensor = h.make_tensor("t", T.FLOAT, [2], [1, 2])
    raw = numpy_helper.from_array(np.arange(3, dtype=np.int16))
    sparse = h.make_sparse_tensor(
        tensor, h.make_tensor("i", T.INT64, [2], [0, 3]), [4]
    )
    kind = h.make_tensor_type_proto(T.FLOAT, ["n"])
    graph = abs_model().graph
    del graph.input[:]
    values = {
        "int": -(1 << 63), "float": 0.1, "string": b"\xff\x00", "tensor": raw,
        "sparse": sparse, "type": kind, "graph": graph, "ints": [1, -2],
        "floats": [float("nan"), -0.0, float("inf")], "strings": [b"", b"\xfe"],
        "tensors": [raw, raw], "sparses": [sparse, sparse],
        "types": [kind, kind], "graphs": [graph, graph],
    }
    proto = model(
        [h.make_node("Op", ["x"], ["y2"], domain="d", **values)],
        [info("x")], [info("y2")],
        opset_imports=[h.make_opsetid("", 21), h.make_opsetid("d", 1)],
    )
    check_exact(proto, tmp_path)


def test_attributes_in_their_order_and_with_all_fields(tmp_path):
    node = h.make_node("Op", ["x"], ["y"], domain="d")
    for name in ("zeta", "alpha", "mid"):
        attribute = node.attribute.add(name=name)
        attribute.type = onnx.AttributeProto.TENSOR
        attribute.doc_string = "about " + name
        attribute.t.name, attribute.t.data_type = name, T.INT64
        attribute.t.raw_data = bytes(8)
        attribute.t.doc_string = "about the tensor"
        add_entries(attribute.t.metadata_props)
    proto = model([node], [info("x")], [info("y")],
                  opset_imports=[h.make_opsetid("d", 1)])
    check_exact(proto, tmp_path)


@pytest.mark.parametrize("kind", range(1, 11))
def test_attributes_without_a_value(tmp_path, kind):
    """As writers do that leave out zeros."""
    node = h.make_node("Op", ["x"], ["y"], domain="d")
    node.attribute.add(name="a", type=kind)
    if kind == onnx.AttributeProto.TENSOR:
        node.attribute[0].t.data_type = T.FLOAT
        node.attribute[0].t.dims.append(0)
    elif kind == onnx.AttributeProto.GRAPH:
        node.attribute[0].g.SetInParent()
    proto = model([node], [info("x")], [info("y")],
                  opset_imports=[h.make_opsetid("d", 1)])
    check_exact(proto, tmp_path)


@pytest.mark.parametrize("count", [1, 2])
def test_lists_of_graphs(tmp_path, count):
    graph = h.make_graph([], "g", [], [])
    node = h.make_node("Op", ["x"], ["y"], domain="d")
    node.attribute.append(h.make_attribute("graphs", [graph] * count))
    proto = model([node], [info("x")], [info("y")],
                  opset_imports=[h.make_opsetid("d", 1)])
    check_exact(proto, tmp_path)


#
# Tensors
#

TYPES = [kind for name, kind in T.DataType.items() if name != "UNDEFINED"]


def payload_bits(kind: int) -> int:
    sizes = {
        T.UINT4: 4, T.INT4: 4, T.FLOAT4E2M1: 4, T.UINT2: 2, T.INT2: 2,
        T.COMPLEX64: 64, T.COMPLEX128: 128, T.DOUBLE: 64, T.INT64: 64,
        T.UINT64: 64, T.FLOAT: 32, T.INT32: 32, T.UINT32: 32, T.FLOAT16: 16,
        T.BFLOAT16: 16, T.INT16: 16, T.UINT16: 16,
    }
    return sizes.get(kind, 8)


def raw_tensor(name: str, kind: int, count: int) -> T:
    """Random bytes, whatever they mean: NaNs with payloads, booleans of 200,
    padding that is not zero."""
    tensor = T(name=name, data_type=kind, dims=[count])
    if kind == T.STRING:
        tensor.string_data.extend([b"\xff\x00", b"", b"text"] * (count // 3))
        tensor.dims[0] = len(tensor.string_data)
        return tensor
    size = (count * payload_bits(kind) + 7) // 8
    tensor.raw_data = np.random.default_rng(kind).bytes(size)
    return tensor


@pytest.mark.parametrize("count", [0, 1, 7, 3001])
@pytest.mark.parametrize("kind", TYPES, ids=T.DataType.Name)
def test_element_types(tmp_path, kind, count):
    tensor = raw_tensor("w", kind, count)
    node = h.make_node("Constant", [], ["k"])
    node.attribute.add(
        name="value", type=onnx.AttributeProto.TENSOR
    ).t.CopyFrom(tensor)
    proto = model([node], [], [h.make_empty_tensor_value_info("k")], [tensor])
    check_exact(proto, tmp_path)


@pytest.mark.parametrize("count", [1, 7, 3001])
@pytest.mark.parametrize("kind", TYPES, ids=T.DataType.Name)
def test_typed_data(tmp_path, kind, count):
    """Elements in the field of their type come back as raw data."""
    if kind == T.STRING:
        return
    raw = raw_tensor("w", kind, count)
    if kind == T.BOOL:
        raw.raw_data = bytes(byte & 1 for byte in raw.raw_data)
    if payload_bits(kind) < 8:
        # The padding is not in typed data.
        raw.raw_data = raw.raw_data[:-1] + b"\0"
    values = numpy_helper.to_array(raw)
    typed = T(name="w", data_type=kind, dims=[count])
    bits = payload_bits(kind)
    field = {
        T.FLOAT: ("float_data", "<f4"), T.COMPLEX64: ("float_data", "<f4"),
        T.DOUBLE: ("double_data", "<f8"), T.COMPLEX128: ("double_data", "<f8"),
        T.INT64: ("int64_data", "<i8"), T.UINT64: ("uint64_data", "<u8"),
        T.UINT32: ("uint64_data", "<u4"), T.INT32: ("int32_data", "<i4"),
        T.INT16: ("int32_data", "<i2"), T.INT8: ("int32_data", "i1"),
    }.get(kind, ("int32_data", "<u2" if bits == 16 else "u1"))
    data = np.frombuffer(raw.raw_data, field[1])
    if data.dtype.kind == "f":
        data = np.nan_to_num(data)
    getattr(typed, field[0]).extend(data.tolist())
    proto = model([], [], [h.make_empty_tensor_value_info("w")], [typed])
    output = onnx.load(check(proto, tmp_path))
    assert output.graph.initializer[0].raw_data == data.tobytes()
    assert values.size == count


def test_external_data(tmp_path):
    """Payloads in several files, some of them shared, and one with a checksum;
    what was in the model stays there, and what is small goes there."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=size).astype(np.float32)
              for size in (1, 300, 5000)]
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.bin").write_bytes(bytes(7) + arrays[0].tobytes())
    (tmp_path / "sub" / "b.bin").write_bytes(
        arrays[1].tobytes() + arrays[2].tobytes()
    )

    def external(name, array, **entries):
        tensor = T(name=name, data_type=T.FLOAT, dims=array.shape)
        tensor.data_location = T.EXTERNAL
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=str(value))
        return tensor

    inline = numpy_helper.from_array(arrays[2], "inline")
    proto = model(
        [h.make_node("Sum", ["a", "b", "c", "inline"], ["y"])], [],
        [info("y", T.FLOAT, [5000])],
        [external("a", arrays[0], location="a.bin", offset=7),
         external("b", arrays[1], location="sub/b.bin", length=1200),
         external("c", arrays[2], location="./sub/b.bin", offset=1200,
                  length=20000, checksum="abc"),
         inline],
    )
    proto.graph.node.append(h.make_node("Constant", [], ["k"]))
    proto.graph.node[1].attribute.add(
        name="value", type=onnx.AttributeProto.TENSOR
    ).t.CopyFrom(external("", arrays[2], location="sub/b.bin", offset=1200))
    path = round_trip.save(proto, tmp_path / "model.onnx")
    output = round_trip.round_trip(path, tmp_path)
    tools.run_ok(tools.tool("qeff-translate"), "--verify-roundtrip", path)
    raw = onnx.load(output, load_external_data=False).graph
    assert [tensor.data_location for tensor in raw.initializer] == [0, 1, 1, 0]
    assert raw.node[1].attribute[0].t.data_location == 1
    assert {entry.value for tensor in raw.initializer
            for entry in tensor.external_data
            if entry.key == "location"} == {"exported.onnx.data"}
    loaded = onnx.load(output).graph
    for tensor, array in zip(loaded.initializer, arrays + [arrays[2]]):
        assert tensor.raw_data == array.tobytes()
    assert loaded.node[1].attribute[0].t.raw_data == arrays[2].tobytes()


#
# Subgraphs and functions
#


def run(proto: onnx.ModelProto, inputs):
    return onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    ).run(None, inputs)


def check_runs(proto, folder, inputs):
    onnx.checker.check_model(proto)
    output = check(proto, folder)
    onnx.checker.check_model(onnx.load(output))
    expected = run(proto, inputs)
    assert round_trip.same_bits(expected, run(onnx.load(output), inputs))
    return expected


def test_if_with_names_that_are_used_again(tmp_path):
    """Both branches and, later, the graph itself have a value `t`."""
    def branch(op):
        return h.make_graph(
            [h.make_node(op, ["x"], ["t"]), h.make_node("Add", ["t", "w"],
                                                        ["y"])],
            op, [], [info("y")],
            [numpy_helper.from_array(np.ones(2, np.float32), "v")],
            value_info=[info("t")],
        )

    proto = model(
        [h.make_node("If", ["c"], ["z"], then_branch=branch("Abs"),
                     else_branch=branch("Neg")),
         h.make_node("Neg", ["z"], ["t"]), h.make_node("Abs", ["t"], ["y"])],
        [info("c", T.BOOL, []), info("x")], [info("y")],
        [numpy_helper.from_array(np.ones(2, np.float32), "w")],
    )
    for choice in (True, False):
        (result,) = check_runs(
            proto, tmp_path,
            {"c": np.array(choice), "x": np.array([-1, 2], np.float32)},
        )
        assert result.tolist() == [abs((abs(x) if choice else -x) + 1)
                                   for x in (-1, 2)]


def test_loops_inside_one_another(tmp_path):
    inner = h.make_graph(
        [h.make_node("Identity", ["c2"], ["k2"]),
         h.make_node("Add", ["s2", "x"], ["o2"])],
        "inner", [info("i2", T.INT64, []), info("c2", T.BOOL, []),
                  h.make_empty_tensor_value_info("s2")],
        [info("k2", T.BOOL, []), h.make_empty_tensor_value_info("o2")],
    )
    outer = h.make_graph(
        [h.make_node("Identity", ["c1"], ["k1"]),
         h.make_node("Loop", ["n", "", "s1"], ["o1"], body=inner)],
        "outer", [info("i1", T.INT64, []), info("c1", T.BOOL, []),
                  h.make_empty_tensor_value_info("s1")],
        [info("k1", T.BOOL, []), h.make_empty_tensor_value_info("o1")],
    )
    proto = model(
        [h.make_node("Loop", ["n", "", "x"], ["y"], body=outer)],
        [info("n", T.INT64, []), info("x")], [info("y")],
    )
    (result,) = check_runs(
        proto, tmp_path,
        {"n": np.array(3), "x": np.array([1, 2], np.float32)},
    )
    assert result.tolist() == [10, 20]


def test_scan(tmp_path):
    body = h.make_graph(
        [h.make_node("Add", ["s", "e"], ["o"]),
         h.make_node("Identity", ["o"], ["r"])],
        "body", [info("s"), info("e")], [info("o"), info("r")],
    )
    proto = model(
        [h.make_node("Scan", ["x", "e3"], ["y", "z"], body=body,
                     num_scan_inputs=1)],
        [info("x"), info("e3", T.FLOAT, [3, 2])],
        [info("y"), info("z", T.FLOAT, [3, 2])],
    )
    check_runs(
        proto, tmp_path,
        {"x": np.zeros(2, np.float32), "e3": np.ones((3, 2), np.float32)},
    )


def function_model():
    """A function with an attribute, one with a default, one with a subgraph,
    and one that calls another; large constants inside."""
    opsets = [h.make_opsetid("", 21), h.make_opsetid("f", 1)]

    def reference(node, name, target, kind):
        node.attribute.add(name=name, ref_attr_name=target, type=kind)
        return node

    leaky = h.make_function(
        "f", "Leaky", ["x"], ["y"],
        [reference(h.make_node("LeakyRelu", ["x"], ["y"]), "alpha", "alpha",
                   onnx.AttributeProto.FLOAT)],
        opsets, ["alpha"],
    )
    branch = h.make_graph(
        [reference(h.make_node("Constant", [], ["b"]), "value_float", "shift",
                   onnx.AttributeProto.FLOAT)],
        "branch", [], [h.make_empty_tensor_value_info("b")],
    )
    shifted = h.make_function(
        "f", "Shifted", ["c", "x"], ["y", "x"],
        [h.make_node("If", ["c"], ["t"], then_branch=branch,
                     else_branch=branch),
         h.make_node("Constant", [], ["k"], value=numpy_helper.from_array(
             np.full((1000, 1), 2, np.float32))),
         h.make_node("ReduceMean", ["k"], ["m"], keepdims=0),
         h.make_node("Leaky", ["x"], ["l"], domain="f", alpha=0.5),
         h.make_node("Sum", ["t", "m", "l"], ["y"])],
        opsets, [], [h.make_attribute("shift", 3.0)],
        doc_string="about", value_info=[info("l")],
    )
    shifted.metadata_props.add(key="a", value="b")
    proto = model(
        [h.make_node("Shifted", ["c", "x"], ["y", "same"], domain="f"),
         h.make_node("Shifted", ["c", "y"], ["z", ""], domain="f", shift=1.0)],
        [info("c", T.BOOL, []), info("x")], [info("z")], (), [leaky, shifted],
        opset_imports=opsets,
    )
    return proto


def test_functions(tmp_path):
    proto = function_model()
    # ONNX Runtime runs no function whose output is its input.
    check(proto, tmp_path)
    del proto.functions[1].output[1]
    for node in proto.graph.node:
        del node.output[1]
    (result,) = check_runs(
        proto, tmp_path,
        {"c": np.array(True), "x": np.array([-2, 2], np.float32)},
    )
    assert result.tolist() == [7, 10]


def test_functions_with_overloads(tmp_path):
    proto = function_model()
    for overload in ("one", "two:three"):
        copy = proto.functions.add()
        copy.CopyFrom(proto.functions[0])
        copy.overload = overload
    proto.graph.node.append(
        h.make_node("Leaky", ["x"], ["w"], domain="f", overload="one",
                    alpha=0.1)
    )
    check(proto, tmp_path)


@pytest.mark.parametrize("dim", ["f::Leaky", "main", "graph"])
def test_dims_called_like_other_things(tmp_path, dim):
    proto = function_model()
    proto.graph.input[1].CopyFrom(info("x", T.FLOAT, [dim, 2]))
    check(proto, tmp_path)


#
# Size
#


def memory_of(arguments) -> int:
    """Peak resident KiB of a command that must succeed."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    result = tools.run_ok(sys.executable, "-c", code, *arguments)
    return int(result.stdout.split()[-1])


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def test_a_file_of_more_than_two_gib(tmp_path):
    """3 GB of elements inside the message, which protobuf cannot read. The file
    has holes, so that it takes no space."""
    count = 750_000_000
    tensor = T(name="w", data_type=T.FLOAT, dims=[count]).SerializeToString()
    payload = b"\x4a" + varint(4 * count)
    graph = model([h.make_node("Add", ["x", "w"], ["y"])],
                  [info("x", T.FLOAT, [1])], [info("y", T.FLOAT, [count])]
                  ).graph.SerializeToString()
    size = len(tensor) + len(payload) + 4 * count
    header = b"\x08\x0a\x42\x04\x0a\x00\x10\x15\x3a" + varint(
        len(graph) + 1 + len(varint(size)) + size
    ) + graph + b"\x2a" + varint(size) + tensor + payload
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + 4 * count)
        # MLIR's driver copies a file that does not end in a zero.
        file.seek(len(header) + 4 * count - 4)
        file.write(b"mark")
    module = tmp_path / "large.mlir"
    translate = tools.tool("qeff-translate")
    used = memory_of([translate, "--import-onnx", path, "-o", module])
    assert used < 200 << 10, used
    assert f"offset = {len(header)}" in module.read_text()


def test_memory_of_a_round_trip(tmp_path):
    weights = [
        T(name=f"w{i}", data_type=T.UINT8, dims=[64 << 20],
          raw_data=np.random.default_rng(i).bytes(64 << 20))
        for i in range(6)
    ]
    proto = model([], [], [info("w0", T.UINT8, [64 << 20])], weights)
    path = round_trip.save(proto, tmp_path / "model.onnx")
    translate = tools.tool("qeff-translate")
    used = memory_of([translate, "--verify-roundtrip", path])
    assert used < 250 << 10, used


def test_external_data_of_more_than_two_gib(tmp_path):
    count = 750_000_000
    tensor = T(name="w", data_type=T.FLOAT, dims=[count])
    tensor.data_location = T.EXTERNAL
    tensor.external_data.add(key="location", value="w.bin")
    with (tmp_path / "w.bin").open("wb") as file:
        file.truncate(4 * count)
    proto = model([h.make_node("Add", ["x", "w"], ["y"])],
                  [info("x", T.FLOAT, [1])], [info("y", T.FLOAT, [count])],
                  [tensor])
    path = round_trip.save(proto, tmp_path / "model.onnx")
    module = tmp_path / "large.mlir"
    used = memory_of([tools.tool("qeff-translate"), "--import-onnx", path,
                      "-o", module])
    assert used < 200 << 10, used
