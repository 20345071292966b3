# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What convert-qeff-to-linalg writes, compiled by stock tools, computes what
transformers does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from oracles import variants
from oracles.linalg_program import Program

TOLERANCE = 1e-4
STATEFUL = (
    "qeff-annotate-specializations{prefill-seq-len=32 ctx-len=160 "
    "batch-size=1},qeff-insert-kv-cache,convert-qeff-to-linalg"
)


@pytest.fixture(scope="module")
def program(references, canonical, tmp_path_factory):
    def make(name: str, passes: str = "convert-qeff-to-linalg") -> Program:
        root = references.model(name)
        return Program(canonical(name), root, tmp_path_factory.mktemp(name),
                       passes)

    return make


def difference(got: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, in tolerances."""
    allowed = TOLERANCE * (1 + np.abs(expected))
    return float(np.max(np.abs(got - expected) / allowed))


def run_row(run: Program, ids: np.ndarray) -> np.ndarray:
    """The logits of the last token."""
    positions = np.arange(len(ids))[None]
    logits = run(input_ids=ids[None], position_ids=positions)["logits"]
    return logits[0, -1]


@pytest.mark.parametrize("name", ["llama", "gpt2", "mpt", "llama-bf16"])
def test_logits(references, program, name):
    """Any length, with one library."""
    values, run = references[name], program(name)
    for length in variants.PROMPT_LENGTHS:
        prompt = values[f"prompt_{length}"]
        expected = values[f"logits_{length}"]
        assert difference(run_row(run, prompt), expected[0]) < 1
        row = np.concatenate([prompt, values[f"tokens_{length}"][:4]])
        assert difference(run_row(run, row), expected[4]) < 1


@pytest.mark.parametrize("name", ["llama", "gpt2", "mpt"])
@pytest.mark.parametrize("mutation", ["causal_off", "head_off"])
def test_mutated_references_differ(references, program, name, mutation):
    """The tolerance notices a mask that is missing."""
    values, run = references[name], program(name)
    other = values[f"mutation/{mutation}/logits_33"][0]
    assert difference(run_row(run, values["prompt_33"]), other) > 100


@pytest.mark.parametrize("name", ["llama", "gpt2", "mpt"])
def test_states(references, program, name):
    """A prompt, then token by token over the cache."""
    values, run = references[name], program(name, STATEFUL)
    states = {
        slot.name: np.full([n or s for n, s in zip(slot.shape, (1, 0, 160, 0))],
                           7, np.float32)
        for slot in run.arguments if slot.attributes.get("state")
    }
    assert states
    prompt, tokens = values["prompt_33"], values["tokens_33"]
    positions = np.arange(len(prompt))
    ids = prompt
    for step in range(6):
        results = run(input_ids=ids[None], position_ids=positions[None],
                      **states)
        logits = results.pop("logits").reshape(-1)
        assert difference(logits, values["logits_33"][step]) < 1
        states = dict(zip(states, results.values()))
        ids, positions = tokens[step:step + 1], positions[-1:] + 1


def test_batch(references, program):
    """Two rows, one padded behind."""
    values, run = references["llama"], program("llama")
    ids = np.zeros((2, 33), np.int64)
    positions = np.full((2, 33), -1, np.int64)
    for row, length in enumerate((33, 7)):
        ids[row, :length] = values[f"prompt_{length}"]
        positions[row, :length] = np.arange(length)
    logits = run(input_ids=ids, position_ids=positions)["logits"]
    for row, length in enumerate((33, 7)):
        expected = values[f"logits_{length}"][0]
        assert difference(logits[row, length - 1], expected) < 1


def test_unknown_dialects_are_not_needed(program):
    """Stock mlir-opt reads it: the library was built without the plugin."""
    run = program("llama")
    assert [slot.name for slot in run.arguments[:2]] == [
        "input_ids", "position_ids"]
    assert "model.embed_tokens.weight" in run.weights
    module = Path(run.library._name).with_suffix(".mlir").read_text()
    assert "#qeff" not in module
