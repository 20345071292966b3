# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each family through convert-qeff-to-linalg and stock tools against NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from family_models import DECODERS, ENCODERS, VOCAB
from oracles.linalg_program import Program

LENGTH = 24


def close(got: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(got.reshape(expected.shape), expected,
                               rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("name", DECODERS)
def test_decoder_as_linalg(name: str, tmp_path: Path) -> None:
    graph = DECODERS[name].build()
    run = Program(graph.write(tmp_path), tmp_path, tmp_path)
    random = np.random.default_rng(8)
    ids = random.integers(0, VOCAB, (2, LENGTH))
    positions = np.arange(LENGTH)[None].repeat(2, 0)
    for count in (LENGTH, 5):
        inputs = {"input_ids": ids[:, :count],
                  "position_ids": positions[:, :count]}
        got = run(**inputs)["logits"]
        expected = graph.compute(**inputs)["logits"]
        close(got, expected if got.shape[1] == count else expected[:, -1:])


@pytest.mark.parametrize("name", ENCODERS)
def test_encoder_as_linalg(name: str, tmp_path: Path) -> None:
    graph = ENCODERS[name]()
    run = Program(graph.write(tmp_path), tmp_path, tmp_path)
    ids = np.random.default_rng(9).integers(0, VOCAB, (2, LENGTH))
    mask = np.ones_like(ids)
    mask[0, 17:] = 0
    mask[1, :5] = 0
    inputs = {"input_ids": ids, "attention_mask": mask}
    if "token_type_ids" in graph.inputs:
        inputs["token_type_ids"] = (np.arange(LENGTH) > 9)[None].repeat(2, 0) * 1
    got = run(**inputs)
    for output, expected in graph.compute(**inputs).items():
        close(got[output], expected)
