# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What each family needs of the dialect, on both targets, against NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from family_graphs import Graph
from family_models import DECODERS, ENCODERS, VOCAB
from oracles import tools
from oracles.host_session import Session

PREFILL, CTX, BATCH = 8, 40, 2
TOLERANCE = {"f32": 2e-4, "f16": 8e-2}


@pytest.fixture(params=DECODERS)
def decoder(request) -> Graph:
    return DECODERS[request.param].build()


@pytest.fixture(params=ENCODERS)
def encoder(request) -> Graph:
    return ENCODERS[request.param]()


def close(got: np.ndarray, expected: np.ndarray, dtype: str = "f32") -> None:
    np.testing.assert_allclose(got, expected, rtol=TOLERANCE[dtype],
                               atol=TOLERANCE[dtype])


def tokens(count: int, seed: int) -> list[int]:
    return list(np.random.default_rng(seed).integers(0, VOCAB, count))


def expected_logits(graph: Graph, ids: list[int]) -> np.ndarray:
    return graph.compute(input_ids=[ids],
                         position_ids=np.arange(len(ids))[None])["logits"][0]


def chunks(rows: list[list[int]], steps: int):
    """Ids and positions of right-padded chunks, then of `steps` single
    tokens; rows are longer by `steps` than their prompts."""
    prompts = [len(row) - steps for row in rows]
    for start in range(0, max(prompts), PREFILL):
        ids = np.zeros((len(rows), PREFILL), np.int64)
        positions = np.full((len(rows), PREFILL), -1, np.int64)
        for r, (row, end) in enumerate(zip(rows, prompts)):
            part = row[start:min(start + PREFILL, end)]
            ids[r, :len(part)] = part
            positions[r, :len(part)] = np.arange(start, start + len(part))
        yield ids, positions
    for step in range(steps):
        at = [end + step for end in prompts]
        yield (np.array([[row[p]] for row, p in zip(rows, at)], np.int64),
               np.array(at, np.int64)[:, None])


def check_generation(graph: Graph, run, dtype: str = "f32") -> None:
    rows = [tokens(21 + 6, 1), tokens(3 + 6, 2)]
    expected = [expected_logits(graph, row) for row in rows]
    assert np.abs(expected[0]).max() > 0.5
    for ids, positions in chunks(rows, 6):
        got = run(ids, positions).reshape(BATCH, VOCAB)
        for row in range(BATCH):
            last = positions[row].max()
            if last >= 0:
                close(got[row], expected[row][last], dtype)


def make_session(model: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    slot = ort.OrtValue.ortvalue_from_numpy(np.array(0, np.int64))
    options.add_initializer("qeff.invalid_slot", slot)
    session = ort.InferenceSession(model, options,
                                   providers=["CPUExecutionProvider"])
    session.kept_alive = slot
    return session


def export_card(graph: Graph, folder: Path, dtype: str) -> Path:
    passes = (f"qeff-annotate-specializations{{prefill-seq-len={PREFILL} "
              f"ctx-len={CTX} batch-size={BATCH}}},qeff-insert-kv-cache,"
              f"canonicalize,cse,convert-qeff-to-onnxir{{dtype={dtype}}},"
              "qeff-clip-fp16,qeff-outline-weights")
    module = graph.write(folder)
    model = tools.export_onnx(module, passes, module, folder / "model.onnx")
    onnx.checker.check_model(str(model), full_check=True)
    return model


@pytest.mark.parametrize("dtype", ["f32", "f16"])
def test_decoder_on_card(decoder: Graph, dtype: str, tmp_path: Path) -> None:
    session = make_session(export_card(decoder, tmp_path, dtype))
    names = [o.name for o in session.get_outputs()]
    element = np.float16 if dtype == "f16" else np.float32
    # Whatever a slot holds before it is written must not matter.
    states = {i.name: np.full((BATCH, i.shape[1], CTX, i.shape[3]), 7, element)
              for i in session.get_inputs() if i.name.startswith("past_")}

    def run(ids: np.ndarray, positions: np.ndarray) -> np.ndarray:
        feed = {"input_ids": ids, "position_ids": positions, **states}
        results = dict(zip(names, session.run(None, feed)))
        for name in states:
            states[name] = results[f"{name}_RetainedState"]
        return results["logits"]

    check_generation(decoder, run, dtype)


def test_decoder_on_host(decoder: Graph, tmp_path: Path) -> None:
    module = decoder.write(tmp_path)
    package = tools.export_host(
        module, f"prefill-seq-len={PREFILL} ctx-len={CTX} batch-size={BATCH}",
        module, tmp_path / "package")
    session = Session(tools.runtime_library(), str(package))
    check_generation(decoder, session.run)
    session.close()


def test_stateless_on_host(decoder: Graph, tmp_path: Path) -> None:
    """The same graph without a cache: keys of its own call."""
    del decoder.inputs["position_ids"]
    decoder.body.insert(0, "%position_ids = qeff.iota %input_ids : "
                           "tensor<?x?xi64>")
    ids = np.array([tokens(PREFILL, 3), tokens(PREFILL, 4)])
    got = run_host(decoder, tmp_path, PREFILL, input_ids=ids)["logits"]
    positions = np.broadcast_to(np.arange(PREFILL), ids.shape)
    close(got, decoder.compute(input_ids=ids, position_ids=positions)["logits"])


class HostFunction(Session):
    """A function that is no part of a generation."""

    def call(self, name: str, inputs: dict[str, np.ndarray],
             outputs: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
        for key, value in inputs.items():
            self._tensor(name, key, np.int64)[:] = value.ravel()
        self._check(self.lib.qeffSessionRun(self.session, name.encode()))
        return {key: self._tensor(name, key, np.float32).reshape(shape).copy()
                for key, shape in outputs.items()}


def run_host(graph: Graph, folder: Path, length: int,
             **inputs: np.ndarray) -> dict[str, np.ndarray]:
    module = graph.write(folder)
    package = tools.export_host(
        module, f"prefill-seq-len={length} batch-size={BATCH}", module,
        folder / "package")
    session = HostFunction(tools.runtime_library(), str(package))
    sizes = {"@batch_size": BATCH, "@seq_len": length}
    outputs = {name: tuple(sizes.get(d, d) for d in dims)
               for name, (_, dims) in graph.outputs.items()}
    result = session.call("encode", inputs, outputs)
    session.close()
    return result


def make_inputs(graph: Graph) -> dict[str, np.ndarray]:
    """A row padded behind and one padded in front."""
    ids = np.array([tokens(24, 5), tokens(24, 6)])
    mask = np.ones_like(ids)
    mask[0, 17:] = 0
    mask[1, :5] = 0
    inputs = {"input_ids": ids, "attention_mask": mask}
    if "token_type_ids" in graph.inputs:
        inputs["token_type_ids"] = (np.arange(24) > 9)[None].repeat(2, 0) * 1
    return inputs


def test_encoder_on_host(encoder: Graph, tmp_path: Path) -> None:
    inputs = make_inputs(encoder)
    got = run_host(encoder, tmp_path, 24, **inputs)
    for name, expected in encoder.compute(**inputs).items():
        close(got[name], expected)


@pytest.mark.parametrize("dtype", ["f32", "f16"])
def test_encoder_on_card(encoder: Graph, dtype: str, tmp_path: Path) -> None:
    session = make_session(export_card(encoder, tmp_path, dtype))
    inputs = make_inputs(encoder)
    names = [o.name for o in session.get_outputs()]
    got = dict(zip(names, session.run(None, inputs)))
    for name, expected in encoder.compute(**inputs).items():
        close(got[name], expected, dtype)


def test_command_line(tmp_path: Path) -> None:
    """Arrays in, arrays out, from one package of both targets."""
    graph = ENCODERS["bert"]()
    inputs = make_inputs(graph)
    module = graph.write(tmp_path)
    package = tools.compile_model(module, tmp_path / "package",
                                  f"--batch-size={BATCH}", "--prefill-seq-len=24")
    np.savez(tmp_path / "x.npz", **inputs)
    tools.run_ok(tools.tool("qeff-run"), package,
                 f"--inputs={tmp_path / 'x.npz'}",
                 f"--outputs={tmp_path / 'y.npz'}")
    with np.load(tmp_path / "y.npz") as got:
        for name, expected in graph.compute(**inputs).items():
            close(got[name], expected)
    files = {path.name for path in (package / "aic100").iterdir()}
    assert files == {"compile.sh", "model.onnx", "model.onnx.data",
                     "specializations.json"}
