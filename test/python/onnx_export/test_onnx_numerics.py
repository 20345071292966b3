# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Emitted models compute what the module says: against NumPy, in ONNX Runtime
and in ONNX's reference evaluator."""

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from onnx_session import Generator, chunks, export, load, ort_session, stateful, stateless
from onnx_modules import Config, TinyModule

CONFIGS = {
    "llama-gqa": Config(),
    "llama-mha": Config(groups=4),
    "llama-mqa-interleaved": Config(groups=1, style="interleaved"),
    "llama-partial": Config(rotary=4),
    "llama-partial-interleaved": Config(rotary=6, style="interleaved"),
    "llama-tied": Config(tied=True),
    "gpt2": Config(family="gpt2", groups=4, tied=True),
    "mpt": Config(family="mpt", groups=4),
}
TOLERANCE = {"f32": 1e-4, "f16": 5e-2}


@pytest.fixture(params=CONFIGS)
def module(request):
    return TinyModule(CONFIGS[request.param])


def tokens(count, seed=1):
    return list(np.random.default_rng(seed).integers(0, 96, count))


@pytest.mark.parametrize("dtype", ["f32", "f16"])
def test_all_positions(module, dtype, tmp_path):
    model = export(module.write(tmp_path), stateless(dtype), tmp_path / "model.onnx")
    load(model)
    ids = tokens(23)
    feed = {"input_ids": np.array([ids]), "position_ids": np.arange(23)[None]}
    got = ort_session(model).run(None, feed)[0]
    expected = module.logits(ids)
    assert got.dtype == np.float32
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(got[0], expected, rtol=TOLERANCE[dtype],
                               atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["f32", "f16"])
def test_state(module, dtype, tmp_path):
    """Two rows of different lengths: chunks with padding, then single tokens."""
    model = export(module.write(tmp_path), stateful(dtype, batch=2),
                   tmp_path / "model.onnx")
    load(model)
    rows = [tokens(13, 1), tokens(3, 2)]
    generator = Generator(ort_session(model), batch=2, ctx=32)
    expected = [module.logits(row + tokens(6, 3)) for row in rows]
    ends = [len(row) - 1 for row in rows]
    for start, (ids, positions) in enumerate(chunks(rows, 8)):
        got = generator.run(ids, positions)
        assert got.shape == (2, 1, 96)
        for row, end in enumerate(ends):
            if start * 8 <= end < (start + 1) * 8:
                np.testing.assert_allclose(got[row, 0], expected[row][end],
                                           rtol=TOLERANCE[dtype],
                                           atol=TOLERANCE[dtype])
    for step, token in enumerate(tokens(6, 3)):
        at = [end + 1 + step for end in ends]
        got = generator.run([[token], [token]], [[p] for p in at])
        for row in range(2):
            np.testing.assert_allclose(got[row, 0], expected[row][at[row]],
                                       rtol=TOLERANCE[dtype],
                                       atol=TOLERANCE[dtype])


def test_reference_evaluator(module, tmp_path):
    """ONNX's own evaluator gives the same, function bodies included; it takes
    no initializers from outside, so that every slot is filled."""
    model = export(module.write(tmp_path), stateful(ctx=8), tmp_path / "model.onnx")
    session = ort_session(model)
    generator = Generator(session, batch=1, ctx=8)
    feed = {"input_ids": np.array([tokens(8)]), "position_ids": np.arange(8)[None],
            **generator.states}
    expected = session.run(None, feed)
    got = ReferenceEvaluator(str(model)).run(None, feed)
    assert len(got) == len(expected)
    for a, b in zip(got, expected):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_same_bytes(module, tmp_path):
    path = module.write(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    first = export(path, stateful(), tmp_path / "model.onnx")
    second = export(path, stateful(), tmp_path / "elsewhere" / "model.onnx")
    for suffix in ("", ".data"):
        assert (first.parent / f"model.onnx{suffix}").read_bytes() == (
            second.parent / f"model.onnx{suffix}").read_bytes()
