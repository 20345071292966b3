# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Constants that are too large to be in the module are read while raising:
what follows its formula raises, what differs in one entry does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from oracles import tools
from raising import cells

ROWS = 64


def _load(name: str) -> onnx.ModelProto:
    return onnx.load(cells.EXPORTS / f"{name}.onnx")


def _replace(model: onnx.ModelProto, old: onnx.TensorProto, value) -> None:
    old.CopyFrom(numpy_helper.from_array(value, old.name))


def _find_constant(model: onnx.ModelProto, fits) -> onnx.TensorProto:
    tensors = list(model.graph.initializer)
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensors.append(node.attribute[0].t)
    (found,) = [t for t in tensors if fits(numpy_helper.to_array(t))]
    return found


def _rotary(change: bool) -> onnx.ModelProto:
    """GPT-J, whose angles are a table [1, positions, sines and cosines], here
    for 512 positions."""
    model = _load("gptj.torchscript17")
    table = _find_constant(
        model, lambda a: a.dtype == np.float32 and a.ndim >= 2
        and a.shape[-2:] == (ROWS, 4),
    )
    old = numpy_helper.to_array(table)
    sines, cosines = np.split(old.reshape(ROWS, 4)[1], 2)
    angles = np.outer(np.arange(512), np.arctan2(sines, cosines))
    values = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    values = values.reshape(*old.shape[:-2], 512, 4).astype(np.float32)
    values[..., 40, 1] += 1e-3 if change else 0
    _replace(model, table, values)
    return model


def _positions(change: bool) -> onnx.ModelProto:
    """BERT with position ids for 512 positions."""
    model = _load("bert.torchscript17")
    table = _find_constant(model, lambda a: a.shape == (1, ROWS))
    values = np.arange(512, dtype=np.int64)[None]
    values[0, 40] += change
    _replace(model, table, values)
    return model


def _triangle(change: bool) -> onnx.ModelProto:
    """GPT-2 whose causal mask is a slice of a stored one."""
    model = _load("gpt2.torchscript17")
    values = np.tri(ROWS, dtype=bool)[None, None]
    values[0, 0, 40, 50] = change
    (compare,) = [n for n in model.graph.node if n.op_type == "LessOrEqual"]
    at = list(model.graph.node).index(compare)
    model.graph.node.remove(compare)
    numbers = {"zeros": [0, 0], "axes": [2, 3], "one": [1]}
    for name, value in numbers.items():
        model.graph.initializer.append(
            helper.make_tensor(name, TensorProto.INT64, [len(value)], value)
        )
    model.graph.initializer.append(numpy_helper.from_array(values, "bias"))
    new = [
        helper.make_node("Shape", ["input_ids"], ["ids_shape"]),
        helper.make_node("Gather", ["ids_shape", "one"], ["length"]),
        helper.make_node("Concat", ["length", "length"], ["ends"], axis=0),
        helper.make_node(
            "Slice", ["bias", "zeros", "ends", "axes"], compare.output
        ),
    ]
    for offset, node in enumerate(new):
        model.graph.node.insert(at + offset, node)
    return model


CASES = {"rotary": _rotary, "positions": _positions, "triangle": _triangle}


def _canonical(path: Path, *flags: str):
    return tools.run(
        tools.tool("qeff-compile"), path, "--require-raised",
        "--compile-to=canonical", "-o", path.with_suffix(".mlir"), *flags,
    )


@pytest.mark.parametrize("case", CASES)
def test_what_follows_its_formula_raises(case, tmp_path):
    path = tmp_path / "model.onnx"
    onnx.save(CASES[case](change=False), path)
    result = _canonical(path)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("case", CASES)
def test_one_other_entry_does_not(case, tmp_path):
    path = tmp_path / "model.onnx"
    onnx.save(CASES[case](change=True), path)
    result = _canonical(path)
    assert result.returncode != 0
    assert "expects transformer-level ops" in result.stderr


def test_a_missing_file_is_a_remark(tmp_path):
    path = tmp_path / "model.onnx"
    onnx.save(_rotary(change=False), path)
    module = tmp_path / "model.mlir"
    tools.run_ok(
        tools.tool("qeff-translate"), "--import-onnx", path, "-o", module
    )
    path.unlink()
    result = tools.run(
        tools.tool("qeff-opt"), module, "-o", tmp_path / "out.mlir",
        "--remarks-filter=qeff-raise", "--remark-format=emitRemark",
        "--pass-pipeline=builtin.module(onnxir-upgrade,onnxir-infer-shapes,"
        "onnxir-fold-constants,qeff-raise-linear,qeff-raise-norm,"
        f"qeff-raise-embedding,qeff-raise-attention{{roots=model={tmp_path}}})",
    )
    assert result.returncode == 0, result.stderr
    assert "constants-not-read" in result.stderr
    assert "model.onnx" in result.stderr


def test_folders_have_any_name(tmp_path):
    folder = tmp_path / "a,b} {c' \"d%=é"
    folder.mkdir()
    onnx.save(_rotary(change=False), folder / "model.onnx")
    result = _canonical(folder / "model.onnx")
    assert result.returncode == 0, result.stderr
    shutil.rmtree(folder)
