# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The material of the raising matrix is right: each file is valid, says in ONNX
Runtime what transformers says, and survives import and export."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
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


def _check_model(cell: cells.Cell, path: Path, full: bool) -> None:
    """onnx.checker, which refuses the RMS norms of onnxruntime-genai: operators of
    ONNX Runtime in ONNX's own domain. Where it writes none (Phi), it still gives
    constants other ranks than they have, which the full check refuses."""
    if cell.exporter != "genai":
        onnx.checker.check_model(str(path), full_check=full)
        return
    if cell.family == "phi":
        onnx.checker.check_model(str(path))
        return
    with pytest.raises(
        onnx.checker.ValidationError,
        match="No Op registered for (Simplified)?LayerNorm|for Skip",
    ):
        onnx.checker.check_model(str(path))


@pytest.mark.parametrize("cell", CELLS, ids=_id)
def test_valid_and_equal_to_the_reference(cell):
    _check_model(cell, cell.path, full=True)
    check(running.Export(cell), cell.reference())


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
    _check_model(cell, path, full=False)
    assert not {node.name for node in copy.graph.node} & {
        node.name for node in model.graph.node
    }
    check(running.Export(cell, path, names), cell.reference())


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


# What a configuration says that raising must find in the graph, and a change
# of it that the reference must notice.
CHANGES = [
    ("llama", {"rope_theta": 50.0}),
    ("mistral", {"sliding_window": None}),
    ("qwen2", {"rope_theta": 50.0}),
    ("qwen3", {"rms_norm_eps": 0.5}),
    ("gemma2", {"sliding_window": models.LONGEST}),
    ("gemma2", {"attn_logit_softcapping": None}),
    ("gemma2", {"final_logit_softcapping": None}),
    ("gemma2", {"query_pre_attn_scalar": 16}),
    ("gemma3", {"sliding_window": models.LONGEST}),
    ("gemma3", {"rope_local_base_freq": 1000.0}),
    ("phi", {"partial_rotary_factor": 1.0}),
    ("phi3", {"sliding_window": None}),
    ("gptj", {"rotary_dim": 8}),
    ("gpt_neox", {"rotary_pct": 1.0}),
    ("gpt_neox", {"use_parallel_residual": False}),
    ("falcon", {"rope_theta": 50.0}),
    ("starcoder2", {"sliding_window": None}),
    ("olmo2", {"rope_theta": 50.0}),
]


@pytest.mark.parametrize("family, change", CHANGES, ids=str)
def test_changes_are_noticed(family, change):
    family = models.BY_NAME[family]
    values = cells.Cell(family.name, "").reference()
    changed = dataclasses.replace(family, config=family.config | change)
    ids = np.concatenate([values["prompt_30"], values["tokens_30"][:-1]])
    with torch.no_grad():
        logits = [
            models.make(each)(torch.as_tensor(ids)[None]).logits[0, 29:].numpy()
            for each in (family, changed)
        ]
    assert compare.worst(logits[0], values["logits_30"]) <= 1
    moved = compare.worst(logits[1], values["logits_30"])
    assert moved >= compare.MUTATION_FACTOR
    # A cap on the logits keeps their order.
    if "final_logit_softcapping" not in change:
        assert (logits[1].argmax(-1) != values["tokens_30"]).any()


def test_an_exported_adapter_is_noticed():
    """The model without its low-rank paths is another one."""
    family = models.BY_NAME["llama_lora"]
    values = cells.Cell(family.name, "").reference()
    plain = models.make(dataclasses.replace(family, lora=None))
    ids = np.concatenate([values["prompt_30"], values["tokens_30"][:-1]])
    with torch.no_grad():
        logits = plain(torch.as_tensor(ids)[None]).logits[0, 29:].numpy()
    moved = compare.worst(logits, values["logits_30"])
    assert moved >= compare.MUTATION_FACTOR
    assert (logits.argmax(-1) != values["tokens_30"]).any()


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
