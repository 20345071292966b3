# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs emitted models: exports modules, feeds state back, overrides the index
of slots that hold nothing (ONNX Runtime has no index out of range)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("QEFF_BUILD_DIR", ROOT / "build" / "release"))
QEFF_OPT = BUILD / "bin" / "qeff-opt"
QEFF_TRANSLATE = BUILD / "bin" / "qeff-translate"


def export(module: Path, passes: str, model: Path) -> Path:
    """`module` through `passes` (inside builtin.module) to `model`."""
    converted = model.with_suffix(".mlir")
    subprocess.run([QEFF_OPT, module, f"--pass-pipeline=builtin.module({passes})",
                    "-o", converted], check=True)
    subprocess.run([QEFF_TRANSLATE, "--export-onnx", converted, "-o", model,
                    f"--onnx-data={model}.data", f"--root=model={module.parent}"],
                   check=True)
    return model


def stateful(dtype: str = "f32", prefill: int = 8, ctx: int = 32,
             batch: int = 1) -> str:
    return (f"qeff-annotate-specializations{{prefill-seq-len={prefill} "
            f"ctx-len={ctx} batch-size={batch}}},qeff-insert-kv-cache,"
            f"convert-qeff-to-onnxir{{dtype={dtype}}}")


def stateless(dtype: str = "f32") -> str:
    return f"convert-qeff-to-onnxir{{dtype={dtype}}}"


def ort_session(model: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    slot = ort.OrtValue.ortvalue_from_numpy(np.array(0, np.int64))
    options.add_initializer("qeff.invalid_slot", slot)
    session = ort.InferenceSession(model, options,
                                   providers=["CPUExecutionProvider"])
    session.kept_alive = slot
    return session


class Generator:
    """One row per batch entry, with the states of `session` fed back."""

    def __init__(self, session, batch: int, ctx: int):
        self.session = session
        self.names = [o.name for o in session.get_outputs()]
        self.states = {}
        for value in session.get_inputs():
            if value.name.startswith("past_"):
                dtype = np.float16 if "float16" in value.type else np.float32
                shape = (batch, value.shape[1], ctx, value.shape[3])
                # Whatever a slot holds before it is written must not matter.
                self.states[value.name] = np.full(shape, 7.0, dtype)

    def run(self, ids, positions) -> np.ndarray:
        feed = {"input_ids": np.asarray(ids, np.int64),
                "position_ids": np.asarray(positions, np.int64), **self.states}
        results = dict(zip(self.names, self.session.run(None, feed)))
        for name in self.states:
            self.states[name] = results[f"{name}_RetainedState"]
        return results["logits"]


def chunks(rows: list[list[int]], size: int):
    """(ids, positions) of right-padded chunks of `size` positions."""
    longest = max(map(len, rows))
    for start in range(0, longest, size):
        ids = np.zeros((len(rows), size), np.int64)
        positions = np.full((len(rows), size), -1, np.int64)
        for row, tokens in enumerate(rows):
            part = tokens[start:start + size]
            ids[row, :len(part)] = part
            positions[row, :len(part)] = np.arange(start, start + len(part))
        yield ids, positions


def load(model: Path) -> onnx.ModelProto:
    onnx.checker.check_model(str(model), full_check=True)
    return onnx.load(str(model), load_external_data=False)
