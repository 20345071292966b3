# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every model of the onnx package's own tests: import and export give it back,
and what comes back computes the same bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

import round_trip

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
CASES = sorted(DATA.glob("*/*/model.onnx"))
# Draws random numbers without a seed.
RANDOM = ("test_bernoulli", "test_dropout", "test_training_dropout")
onnxruntime.set_default_logger_severity(4)


def test_all_are_there():
    assert len([case for case in CASES if case.parts[-3] == "node"]) >= 1700


def read_value(path: Path, info: onnx.ValueInfoProto):
    kind = info.type.WhichOneof("value")
    data = path.read_bytes()
    if kind == "sequence_type":
        value = onnx.SequenceProto.FromString(data)
        return numpy_helper.to_list(value)
    if kind == "optional_type":
        value = onnx.OptionalProto.FromString(data)
        return numpy_helper.to_optional(value)
    return numpy_helper.to_array(onnx.TensorProto.FromString(data))


def read_inputs(model: onnx.ModelProto, folder: Path) -> dict:
    infos = model.graph.input
    found = {}
    for index, info in enumerate(infos):
        path = folder / f"input_{index}.pb"
        if path.is_file():
            found[info.name] = read_value(path, info)
    return found


def run_onnxruntime(model: bytes, inputs: dict):
    session = onnxruntime.InferenceSession(
        model, providers=["CPUExecutionProvider"]
    )
    return session.run(None, inputs)


def run_reference(model: bytes, inputs: dict):
    return ReferenceEvaluator(onnx.ModelProto.FromString(model)).run(
        None, inputs
    )


def run_either(model: bytes, inputs: dict):
    """The outputs of ONNX Runtime, of the reference evaluator where that cannot
    run the model, or None."""
    for runner in (run_onnxruntime, run_reference):
        try:
            return runner.__name__, runner(model, inputs)
        except Exception:  # pylint: disable=broad-except
            continue
    return None


# What neither runs is counted, so that it cannot become the rule.
NOT_RUN: list[str] = []


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.parts[-3]}/{case.parts[-2]}"
)
def test_case(case, tmp_path):
    output = round_trip.assert_lossless(case, tmp_path)
    if case.parent.name.startswith(RANDOM):
        return
    before, after = case.read_bytes(), output.read_bytes()
    folder = case.parent / "test_data_set_0"
    inputs = read_inputs(onnx.ModelProto.FromString(before), folder)
    expected = run_either(before, inputs)
    got = run_either(after, inputs)
    if expected is None:
        NOT_RUN.append(case.parent.name)
        assert got is None
        return
    assert got is not None and got[0] == expected[0]
    assert round_trip.same_bits(expected[1], got[1])


def test_most_cases_ran():
    assert len(NOT_RUN) <= 100, NOT_RUN
