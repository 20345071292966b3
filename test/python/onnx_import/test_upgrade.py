# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every node case of the onnx package computes the same bits in ONNX's
reference evaluator after inlining, upgrading to typed ops, and folding."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import defs
from onnx.reference import ReferenceEvaluator

import round_trip
from oracles import tools
from test_node_cases import CASES, RANDOM, read_inputs

PASSES = ("builtin.module(onnxir-inline-functions,onnxir-upgrade,"
          "onnxir-infer-shapes,onnxir-fold-constants)")
# Counted, so that they cannot become the rule.
NOT_RUN: list[str] = []
NOT_TYPED: dict[str, int] = {}


def test_definitions_are_up_to_date():
    result = subprocess.run(
        [sys.executable, tools.ROOT / "utils" / "onnx_operators.py",
         "--check"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def upgrade(model: Path, folder: Path, passes: str = PASSES) -> Path:
    """`model` with typed ops, exported to `folder`."""
    imported, upgraded = folder / "imported.mlir", folder / "upgraded.mlir"
    output = folder / "upgraded.onnx"
    result = round_trip.import_onnx(model, imported)
    assert result.returncode == 0, result.stderr[-2000:]
    tools.run_ok(tools.tool("qeff-opt"), f"--pass-pipeline={passes}",
                 imported, "-o", upgraded)
    tools.run_ok(
        tools.tool("qeff-translate"), "--export-onnx", upgraded,
        f"--root=model={model.parent}", f"--onnx-data={output}.data",
        "-o", output,
    )
    return output


def run(model: bytes, inputs: dict):
    try:
        evaluator = ReferenceEvaluator(onnx.ModelProto.FromString(model))
        return evaluator.run(None, inputs)
    except Exception as error:  # pylint: disable=broad-except
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.parts[-3]}/{case.parts[-2]}"
)
def test_case(case, tmp_path):
    output = upgrade(case, tmp_path)
    count_nodes((tmp_path / "upgraded.mlir").read_text(encoding="utf-8"))
    if case.parent.name.startswith(RANDOM):
        return
    before, after = case.read_bytes(), output.read_bytes()
    inputs = read_inputs(onnx.ModelProto.FromString(before),
                         case.parent / "test_data_set_0")
    expected = run(before, inputs)
    if isinstance(expected, str):
        NOT_RUN.append(case.parent.name)
        return
    got = run(after, inputs)
    assert not isinstance(got, str), got
    assert round_trip.same_bits(expected, got)


def count_nodes(module: str) -> None:
    """Counts the nodes of operators that typed ops exist for."""
    for line in module.splitlines():
        head, found, rest = line.partition('onnxir.node "')
        if found:
            name = rest.split('"')[0]
            NOT_TYPED[name] = NOT_TYPED.get(name, 0) + 1


def test_most_cases_ran():
    assert len(NOT_RUN) <= 120, NOT_RUN


def test_operators_are_typed():
    source = (tools.ROOT / "lib/Dialect/ONNXIR/IR/OperatorTable.inc")
    table = source.read_text(encoding="utf-8").split("kBreaks")[0]
    typed = [schema.name for schema in defs.get_all_schemas()
             if f'{{"", "{schema.name}",' in table]
    left = {name: count for name, count in NOT_TYPED.items() if name in typed}
    assert sum(left.values()) <= 20, left
