# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each export, compiled for both targets, says what transformers says; again
with random names. `not_yet.txt` lists the checks that do not hold yet, and each
of them must fail."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from oracles import compare, ledger, tools
from raising import cells, compiled, matrix, models, scramble

CHECKS = matrix.all_checks()
NOT_YET = [check for check in CHECKS if matrix.reason(check) is not None]
DOCUMENT = tools.ROOT / "docs" / "RaisingMatrix.md"

# What this run found, by check.
held: dict[str, bool] = {}


def _id(check: matrix.Check) -> str:
    return check.key.replace(" ", "-")


@pytest.fixture(scope="module")
def model_files(tmp_path_factory):
    """model(check): the file of its cell, or its scrambled copy."""
    folder = tmp_path_factory.mktemp("scrambled")

    def model(check: matrix.Check) -> Path:
        if check.naming == "named":
            return check.cell.path
        path = folder / f"{check.cell.name}.onnx"
        if not path.exists():
            onnx.save(scramble.scramble(onnx.load(check.cell.path))[0], path)
        return path

    return model


def _check_decoder(check: matrix.Check, output: Path, host_worker) -> None:
    result = compiled.run_decoder(
        check.cell.family, check.target, output, host_worker
    )
    ledger.check(f"raised {check.key}", result, cells.NEW_TOKENS)


def _encoder_inputs(values: dict) -> dict[str, np.ndarray]:
    rows = [values[f"prompt_{n}"] for n in cells.PROMPT_LENGTHS]
    ids, mask = cells.padded(rows)
    inputs = {"input_ids": ids, "attention_mask": mask}
    if "types_7" in values:
        types = [values[f"types_{n}"] for n in cells.PROMPT_LENGTHS]
        inputs["token_type_ids"] = cells.padded(types)[0] * mask
    return inputs


def _run_encoder(check: matrix.Check, output: Path, inputs: dict) -> list:
    """The outputs in order: hidden states, then pooled ones if any."""
    if check.target == "onnx":
        session = onnxruntime.InferenceSession(
            str(output / "aic100" / "model.onnx"),
            providers=["CPUExecutionProvider"],
        )
        return session.run(None, inputs)
    np.savez(output.parent / "x.npz", **inputs)
    tools.run_ok(
        tools.tool("qeff-run"), output, f"--inputs={output.parent / 'x.npz'}",
        f"--outputs={output.parent / 'y.npz'}",
    )
    with np.load(output.parent / "y.npz") as outputs:
        return [outputs[name] for name in outputs.files]


def _check_encoder(check: matrix.Check, output: Path) -> None:
    values = check.cell.reference()
    outputs = _run_encoder(check, output, _encoder_inputs(values))
    for row, length in enumerate(cells.PROMPT_LENGTHS):
        hidden = outputs[0][row, :length]
        assert compare.worst(hidden, values[f"hidden_{length}"]) <= 1, length
        # optimum exports the hidden state alone.
        if f"pooled_{length}" in values and len(outputs) > 1:
            pooled = outputs[1][row]
            assert compare.worst(pooled, values[f"pooled_{length}"]) <= 1


def _hold(check: matrix.Check, model: Path, folder: Path, host_worker) -> None:
    output = compiled.build(
        check.cell.family, check.target, model, folder / "out"
    )
    if models.BY_NAME[check.cell.family].encoder:
        _check_encoder(check, output)
    else:
        _check_decoder(check, output, host_worker)
    shutil.rmtree(output)


@pytest.mark.parametrize("check", CHECKS, ids=_id)
def test_holds_or_is_listed(check, model_files, host_worker, tmp_path):
    held[check.key] = False
    if matrix.reason(check) is None:
        _hold(check, model_files(check), tmp_path, host_worker)
        held[check.key] = True
        return
    with pytest.raises((AssertionError, OSError, KeyError, IndexError)):
        _hold(check, model_files(check), tmp_path, host_worker)
        held[check.key] = True


def test_the_list_names_what_there_is():
    fitting = {matrix.reason(check) for check in NOT_YET}
    assert fitting == set(matrix.patterns().values())


def test_zz_the_table_is_up_to_date():
    """The last one: it needs what the others found."""
    missing = [check.key for check in CHECKS if check.key not in held]
    assert not missing, f"run the whole file, {len(missing)} checks did not run"
    text = matrix.table(held)
    if os.environ.get("QEFF_WRITE_TABLES"):
        DOCUMENT.write_text(text)
    assert DOCUMENT.read_text() == text, "run with QEFF_WRITE_TABLES=1"
