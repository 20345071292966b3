# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The bodies of the custom ops are the op lists of the AI 100 contract (its
section 2.3), written out here by hand."""

import onnx
import pytest
from onnx import numpy_helper

from onnx_modules import Config, TinyModule
from onnx_session import export, stateful

# (operator, inputs, attributes) in execution order; constants are values.
CTX_SCATTER = [
    ("Shape", ["data"], {}),
    ("Gather", ["Shape0", [0]], {}),                                  # b
    ("Gather", ["Shape0", [1]], {}),                                  # h
    ("Shape", ["position_ids"], {}),
    ("Gather", ["Shape1", [1]], {}),                                  # s
    ("Concat", ["Gather0", "Gather1", "Gather2", [1]], {"axis": 0}),  # exp
    ("Range", [[0], "Gather0", [1]], {}),
    ("Unsqueeze", ["Range0", [1, 2, 3]], {}),
    ("Expand", ["Unsqueeze0", "Concat0"], {}),                        # bi
    ("Range", [[0], "Gather1", [1]], {}),
    ("Unsqueeze", ["Range1", [0, 2, 3]], {}),
    ("Expand", ["Unsqueeze1", "Concat0"], {}),                        # hi
    ("Unsqueeze", ["position_ids", [1, 3]], {}),
    ("Expand", ["Unsqueeze2", "Concat0"], {}),                        # ci
    ("Concat", ["Expand0", "Expand1", "Expand2"], {"axis": 3}),       # idx
    ("ScatterND", ["data", "Concat1", "updates"], {}),
]
CTX_GATHER = [
    ("Shape", ["data"], {}),
    ("Slice", ["Shape0", [0], [2], [0]], {}),
    ("Reshape", ["comp_ctx_len", [1]], {}),
    ("Concat", ["Slice0", "Reshape0"], {"axis": 0}),
    ("Expand", ["ctx_indices", "Concat0"], {}),
    ("Unsqueeze", ["Expand0", [-1]], {}),
    ("GatherND", ["data", "Unsqueeze0"], {"batch_dims": 2}),
]
CUSTOM_RMS_NORM = [
    ("Cast", ["weight"], {"to": onnx.TensorProto.FLOAT}),
    ("Pow", ["hidden_states", 2.0], {}),
    ("ReduceMean", ["Pow0"], {"axes": [-1], "keepdims": 1}),
    ("Shape", ["ReduceMean0"], {}),
    ("Expand", ["@epsilon", "Shape0"], {}),
    ("Add", ["ReduceMean0", "Expand0"], {}),
    ("Sqrt", ["Add0"], {}),
    ("Reciprocal", ["Sqrt0"], {}),
    ("Mul", ["hidden_states", "Reciprocal0"], {}),
    ("Mul", ["Cast0", "Mul0"], {}),
]
BODIES = {
    ("com.qualcomm.cloud", "CtxScatter"): CTX_SCATTER,
    ("com.qualcomm.cloud", "CtxGather"): CTX_GATHER,
    ("com.qti.aisw.onnx", "CustomRMSNorm"): CUSTOM_RMS_NORM,
}


def constant(node):
    attribute = node.attribute[0]
    if attribute.ref_attr_name:
        assert attribute.name == "value_float"
        return f"@{attribute.ref_attr_name}"
    value = onnx.helper.get_attribute_value(attribute)
    if attribute.name == "value":
        return numpy_helper.to_array(value).tolist()
    return list(value) if attribute.name == "value_ints" else value


def normalize(function):
    """The body with values named Operator0, Operator1, … in order."""
    names = {name: name for name in function.input}
    counts, body = {}, []
    for node in function.node:
        assert node.domain == "" and len(node.output) == 1
        if node.op_type == "Constant":
            names[node.output[0]] = constant(node)
            continue
        body.append((node.op_type, [names[name] for name in node.input],
                     {a.name: onnx.helper.get_attribute_value(a)
                      for a in node.attribute}))
        count = counts.setdefault(node.op_type, 0)
        counts[node.op_type] = count + 1
        names[node.output[0]] = f"{node.op_type}{count}"
    last = body[-1][0]
    assert [names[name] for name in function.output] == [
        f"{last}{counts[last] - 1}"]
    return body


def depends(body):
    """Each step as the expression that it computes, so that the order of
    independent steps does not matter."""
    counts, known = {}, {}
    for operator, inputs, attributes in body:
        count = counts.setdefault(operator, 0)
        counts[operator] = count + 1
        arguments = [known.get(i, i) if isinstance(i, str) else i for i in inputs]
        known[f"{operator}{count}"] = (operator, repr(arguments), repr(attributes))
    return known[f"{body[-1][0]}{counts[body[-1][0]] - 1}"], sorted(known.values())


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("functions")
    model = export(TinyModule(Config()).write(folder), stateful(),
                   folder / "model.onnx")
    proto = onnx.load(str(model), load_external_data=False)
    return {(f.domain, f.name): f for f in proto.functions}


def test_all_functions_are_known(functions):
    assert functions.keys() == BODIES.keys()


@pytest.mark.parametrize("name", BODIES)
def test_body(functions, name):
    function = functions[name]
    assert [(o.domain, o.version) for o in function.opset_import] == [("", 17)]
    assert depends(normalize(function)) == depends(BODIES[name])
