# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The material of the raising matrix is right: each file is valid, says in ONNX
Runtime what transformers says, and survives import and export."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from oracles import compare, tools
from raising import absent, cells, models, running, scramble

CELLS = cells.checked_in()


def _id(cell: cells.Cell) -> str:
    return cell.name


def test_every_cell_is_there_or_says_why_not():
    wanted = {
        cells.Cell(family.name, exporter)
        for family in models.FAMILIES for exporter in cells.EXPORTERS
    }
    assert set(CELLS) <= wanted
    assert {cell.name for cell in wanted - set(CELLS)} == set(absent.REASONS)


def _check_decoder(export: running.Export, values) -> None:
    lengths = cells.PROMPT_LENGTHS
    rows = [
        np.concatenate([values[f"prompt_{n}"], values[f"tokens_{n}"][:-1]])
        for n in lengths
    ]
    logits = export.rows(rows)["logits"]
    for row, length in enumerate(lengths):
        part = logits[row, length - 1 : len(rows[row])]
        assert compare.worst(part, values[f"logits_{length}"]) <= 1, length
        if export.past():
            part = export.steps(
                values[f"prompt_{length}"], values[f"tokens_{length}"]
            )
            assert compare.worst(part, values[f"logits_{length}"]) <= 1, length


def _check_encoder(export: running.Export, values) -> None:
    lengths = cells.PROMPT_LENGTHS
    types = None
    if "types_7" in values:
        types = [values[f"types_{n}"] for n in lengths]
    outputs = export.rows([values[f"prompt_{n}"] for n in lengths], types)
    for row, length in enumerate(lengths):
        hidden = outputs["last_hidden_state"][row, :length]
        assert compare.worst(hidden, values[f"hidden_{length}"]) <= 1, length
        if "pooler_output" in outputs:
            pooled = outputs["pooler_output"][row]
            assert compare.worst(pooled, values[f"pooled_{length}"]) <= 1


def check(export: running.Export, values) -> None:
    """That an export says what the reference says."""
    if "tokens_7" in values:
        _check_decoder(export, values)
    else:
        _check_encoder(export, values)


@pytest.mark.parametrize("cell", CELLS, ids=_id)
def test_valid_and_equal_to_the_reference(cell):
    # Full checks know no operators of com.microsoft.
    full = cell.exporter != "genai"
    onnx.checker.check_model(str(cell.path), full_check=full)
    check(running.Export(cell.path), cell.reference())


@pytest.mark.parametrize("cell", CELLS, ids=_id)
def test_round_trip(cell):
    tools.run_ok(tools.tool("qeff-translate"), "--verify-roundtrip", cell.path)


@pytest.mark.parametrize("cell", CELLS, ids=_id)
def test_scrambled(cell, tmp_path):
    """Without names it is another text and the same function."""
    model = onnx.load(cell.path)
    copy, names = scramble.scramble(model)
    path = tmp_path / "scrambled.onnx"
    onnx.save(copy, path)
    onnx.checker.check_model(str(path))
    assert not {node.name for node in copy.graph.node} & {
        node.name for node in model.graph.node
    }
    check(running.Export(path, names), cell.reference())


@pytest.mark.parametrize("family", models.FAMILIES, ids=lambda each: each.name)
def test_references_can_fail(family):
    """Tokens differ, and the best one is clearly the best."""
    values = cells.Cell(family.name, "").reference()
    if family.encoder:
        assert np.std(values["hidden_30"]) > 0.1
        return
    tokens = [values[f"tokens_{length}"] for length in cells.PROMPT_LENGTHS]
    assert len(set(np.concatenate(tokens))) >= compare.MINIMUM_DISTINCT
    for length in cells.PROMPT_LENGTHS:
        best = np.sort(values[f"logits_{length}"], -1)
        assert (best[:, -1] - best[:, -2]).min() > 0.01


def _structure(path):
    """All but the elements: nodes with attributes, the interface, the shapes of
    initializers; and the elements of those."""
    model = onnx.load(path)
    arrays = [numpy_helper.to_array(each) for each in model.graph.initializer]
    for tensor in model.graph.initializer:
        for field in ("raw_data", "external_data", "data_location"):
            tensor.ClearField(field)
    return model.SerializeToString(deterministic=True), arrays


@pytest.mark.parametrize(
    "name", ["llama.dynamo18", "gemma3.dynamo23", "gpt2.torchscript17"]
)
def test_exported_again(name, tmp_path):
    """What is checked in is what the pinned versions write. Those of the other
    exporters live in environments that tests do not make."""
    cell = cells.Cell(*name.split("."))
    tools.python_module("raising.export", cell.family, cell.exporter, tmp_path)
    structure, arrays = _structure(tmp_path / cell.path.name)
    expected, expected_arrays = _structure(cell.path)
    assert structure == expected
    for ours, theirs in zip(arrays, expected_arrays):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_weights_inside_and_outside():
    external = {cell.exporter for cell in CELLS if _has_data(cell)}
    assert external == {"dynamo23", "genai"}


def _has_data(cell: cells.Cell) -> bool:
    return cell.path.with_name(cell.path.name + ".data").exists()
