# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`--target=onnx`: what is written says in ONNX Runtime what transformers says,
token by token through its caches, and is read as the same model again."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from oracles import compare, tools
from raising import cells, models, running

EXPORTS = [
    cell for cell in cells.checked_in()
    if cell.exporter in ("dynamo18", "optimum") and
    cell.family != "gptj"
]
HALF = {TensorProto.FLOAT: TensorProto.FLOAT16}


def _compile(model, folder):
    return tools.compile_model(
        model, folder, "--target=onnx", "--require-raised"
    ) / "onnx" / "model.onnx"


@pytest.mark.parametrize("cell", EXPORTS, ids=lambda cell: cell.name)
def test_says_what_transformers_says(cell, tmp_path):
    model = _compile(cell.path, tmp_path / "out")
    export = running.Export(cell, model)
    values = cell.reference()
    if models.BY_NAME[cell.family].encoder:
        rows = [values[f"prompt_{n}"] for n in cells.PROMPT_LENGTHS]
        types = [values[f"types_{n}"] for n in cells.PROMPT_LENGTHS
                 if f"types_{n}" in values]
        outputs = export.rows(rows, types or None)
        hidden = next(iter(outputs.values()))
        for row, length in enumerate(cells.PROMPT_LENGTHS):
            found = hidden[row, :length]
            assert compare.worst(found, values[f"hidden_{length}"]) <= 1
        return
    for length in cells.PROMPT_LENGTHS:
        logits = export.steps(values[f"prompt_{length}"],
                              values[f"tokens_{length}"])
        assert compare.worst(logits, values[f"logits_{length}"]) <= 1, length


@pytest.mark.parametrize("name", ["llama.dynamo18", "gemma2.optimum"])
def test_is_read_again(name, tmp_path):
    cell = cells.Cell(*name.split("."))
    first = _compile(cell.path, tmp_path / "first")
    second = _compile(first, tmp_path / "second")
    assert len(onnx.load(first).graph.node) == len(
        onnx.load(second).graph.node
    )
    values = cell.reference()
    logits = running.Export(cell, second).steps(
        values["prompt_7"], values["tokens_7"]
    )
    assert compare.worst(logits, values["logits_7"]) <= 1


def _halve(tensor: TensorProto) -> np.ndarray:
    limit = float(np.finfo(np.float16).max)
    value = numpy_helper.to_array(tensor)
    return np.clip(value, -limit, limit).astype(np.float16)


def _to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights, constants and casts in f16."""
    graph = model.graph
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            value = _halve(tensor)
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
            elif attribute.t.data_type == TensorProto.FLOAT:
                value = _halve(attribute.t)
                attribute.t.CopyFrom(numpy_helper.from_array(value))
    for info in [*graph.output, *graph.value_info]:
        kind = info.type.tensor_type
        kind.elem_type = HALF.get(kind.elem_type, kind.elem_type)
    return model


def test_half_precision_is_computed_in_f32(tmp_path):
    """An f16 export becomes what the f32 one does, on 16-bit weights."""
    cell = cells.Cell("llama", "dynamo18")
    half = tmp_path / "half.onnx"
    onnx.save(_to_half(onnx.load(cell.path)), half)
    out = tools.compile_model(
        half, tmp_path / "out", "--target=onnx", "--onnx-dtype=f32",
        "--require-raised",
    ) / "onnx" / "model.onnx"
    values = cell.reference()
    logits = running.Export(cell, out).steps(
        values["prompt_7"], values["tokens_7"]
    )
    # The file's constants, frequencies among them, are rounded to f16.
    assert (compare.spread(logits, values["logits_7"])
            <= compare.ROUNDED_GRAPHS["float16"])


def test_names_what_it_takes(tmp_path):
    cell = cells.Cell("llama", "dynamo18")
    model = onnx.load(_compile(cell.path, tmp_path / "out"))
    names = [value.name for value in model.graph.input]
    assert names[:5] == [
        "input_ids", "position_ids", "attention_mask",
        "past_key_values.0.key", "past_key_values.0.value",
    ]
    assert [value.name for value in model.graph.output][:2] == [
        "logits", "present.0.key",
    ]
    assert {node.domain for node in model.graph.node} == {""}
    assert not model.functions
    onnx.checker.check_model(str(tmp_path / "out" / "onnx" / "model.onnx"))
