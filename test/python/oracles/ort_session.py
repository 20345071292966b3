# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the graph of an AI 100 package in ONNX Runtime, its state fed back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from . import schedule

_RETAINED = "_RetainedState"
_ADAPTER_INPUT = re.compile(r"\.lora_(A\.weight|B\.weight|scaling)$")
_DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


def _session(path: Path, overrides: dict, threads: int = 1):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    values = []
    for name, value in overrides.items():
        values.append(onnxruntime.OrtValue.ortvalue_from_numpy(value))
        options.add_initializer(name, values[-1])
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    session.kept_alive = values
    return session


def _invalid_slots(path: Path, context: int) -> dict[str, np.ndarray]:
    """Harmless values for the named indices that ONNX Runtime refuses: slots
    that are not read get 0, writes to nowhere go to the last slot."""
    harmless = {"qeff.invalid_slot": 0, "qeff.invalid_write_slot": context - 1}
    model = onnx.load(str(path), load_external_data=False)
    found = {}
    for tensor in model.graph.initializer:
        if tensor.name in harmless:
            dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
            found[tensor.name] = np.full(
                tuple(tensor.dims), harmless[tensor.name], dtype
            )
    return found


class Package:
    """`OUT/aic100`, run with the sizes of its specializations.json."""

    def __init__(self, directory: Path, threads: int = 1):
        self.path = Path(directory) / "model.onnx"
        text = (Path(directory) / "specializations.json").read_text()
        sizes = [
            {name: int(value) for name, value in entry["symbols"].items()}
            for entry in json.loads(text)["specializations"]
        ]
        self.batch = sizes[0]["batch_size"]
        self.context = sizes[0]["ctx_len"]
        self.chunk = max(entry["seq_len"] for entry in sizes)
        assert min(entry["seq_len"] for entry in sizes) == 1
        assert all(entry["ctx_len"] == self.context for entry in sizes)
        self.session = _session(
            self.path, _invalid_slots(self.path, self.context), threads
        )
        self.outputs = [output.name for output in self.session.get_outputs()]
        self.use_adapter(None)

    def use_adapter(self, pairs) -> None:
        """The values of all adapter inputs: zeros but for `pairs`, {module:
        (A [r, in], B [out, r], scaling)}, padded to the graph's rank."""
        values = dict(self._adapter_values(pairs or {}))
        self.adapter = {}
        for value in self.session.get_inputs():
            if _ADAPTER_INPUT.search(value.name):
                array = np.zeros(value.shape, _DTYPES[value.type])
                given = values.pop(value.name, np.zeros([0] * array.ndim))
                array[tuple(slice(size) for size in given.shape)] = given
                self.adapter[value.name] = array
        assert not values, f"the graph has no inputs {sorted(values)}"
        self.reset()

    @staticmethod
    def _adapter_values(pairs):
        for module, (a, b, scaling) in pairs.items():
            yield f"base_model.model.{module}.lora_A.weight", a
            yield f"base_model.model.{module}.lora_B.weight", b
            yield f"{module}.lora_scaling", np.reshape(scaling, [1])

    def reset(self) -> None:
        named = {"batch_size": self.batch, "ctx_len": self.context}
        self.state = {}
        for value in self.session.get_inputs():
            if value.name + _RETAINED in self.outputs:
                shape = [named.get(dim, dim) for dim in value.shape]
                # Not zero: slots that were never written must not be read.
                self.state[value.name] = np.full(
                    shape, 3.0, _DTYPES[value.type]
                )
        # Pairs are state, which is set once; scalings are inputs of each call.
        self.inputs = dict(self.adapter)
        for name in set(self.inputs) & set(self.state):
            self.state[name] = self.inputs.pop(name)

    def run(self, ids, positions) -> np.ndarray:
        feeds = {
            "input_ids": ids, "position_ids": positions, **self.inputs,
            **self.state,
        }
        results = dict(zip(self.outputs, self.session.run(None, feeds)))
        for name in self.state:
            self.state[name] = results[name + _RETAINED]
        logits = results["logits"]
        assert logits.shape[:2] == (self.batch, 1), logits.shape
        return logits[:, 0].astype(np.float32)

    def generate(self, prompts, steps, forced=None):
        self.reset()
        return schedule.generate(
            self.run, prompts, self.batch, self.chunk, self.context, steps,
            forced,
        )


def run_canonical(path: Path, ids: np.ndarray) -> np.ndarray:
    """Logits [B, S, vocab] at all positions of a stateless model."""
    ids = np.atleast_2d(ids)
    positions = np.broadcast_to(np.arange(ids.shape[1]), ids.shape)
    session = _session(Path(path), {})
    (logits,) = session.run(
        ["logits"],
        {"input_ids": ids, "position_ids": np.ascontiguousarray(positions)},
    )
    return logits
