# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The emitted ONNX in ONNX Runtime says what transformers says, its state fed
back; the canonical module's own export does so at all positions."""

import functools

import onnx
import pytest

from oracles import batches, compare, ledger, ort_session, tools
from oracles.variants import GGUF_NAMES, NEW_TOKENS, PROMPT_LENGTHS, VARIANTS

ALL = [variant.name for variant in VARIANTS] + list(GGUF_NAMES)
CANONICAL = [variant.name for variant in VARIANTS]
FAMILIES = ("llama", "gpt2", "mpt")


@functools.lru_cache(maxsize=2)
def _session(directory):
    return ort_session.Package(directory)


def _check(package, values, rows, steps=NEW_TOKENS):
    session = _session(package)
    return batches.check_batch(session.generate, values, rows, steps)


@pytest.mark.parametrize("name", ALL)
def test_batch_of_one(references, onnx_package, name):
    for length in PROMPT_LENGTHS:
        result = _check(onnx_package(name, 1), references[name], [length])
        ledger.check(f"onnx {name} b1", result, NEW_TOKENS)


@pytest.mark.parametrize("name", ALL)
def test_batch_of_three(references, onnx_package, name):
    for rows in ([7, 100, 1], [32, 33, 100]):
        result = _check(onnx_package(name, 3), references[name], rows)
        ledger.check(f"onnx {name} b3", result, NEW_TOKENS)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize(
    "ctx,rows,counts",
    [
        (100, [100, 7, 33], [1, 40, 40]),
        (104, [100, 7, 33], [5, 40, 40]),
        (33, [33, 7, 1], [1, 27, 33]),
    ],
)
def test_full_context(references, onnx_package, name, ctx, rows, counts):
    result = _check(onnx_package(name, 3, ctx), references[name], rows)
    assert result["counts"] == counts
    ledger.check(f"onnx {name} ctx {ctx}", result)


@pytest.mark.parametrize("name", ALL)
def test_checker(onnx_package, name):
    path = onnx_package(name, 1) / "model.onnx"
    onnx.checker.check_model(str(path), full_check=True)


@pytest.mark.parametrize("name", CANONICAL)
def test_canonical_at_all_positions(references, canonical, name, tmp_path):
    path = tools.export_onnx(
        canonical(name), "convert-qeff-to-onnxir{dtype=f32}",
        references.model(name), tmp_path / "canonical.onnx",
    )
    values = references[name]
    logits = ort_session.run_canonical(path, values["prompt_33"])[0]
    limit = compare.worst(logits, values["all_33"])
    assert limit <= 1.0, f"{limit:.3g} times the tolerance away"
