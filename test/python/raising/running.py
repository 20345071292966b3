# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs an export in ONNX Runtime as it is: whole rows at once, padded on the
right, or token by token through the cache that the export has."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnxruntime

from . import cells, models

_PAST = re.compile(r"^past_key_values\.(\d+\.(?:key|value))$")


class Export:
    """An exported file of a family. `names` gives its interface other names;
    `path` is then another file."""

    def __init__(
        self, cell: cells.Cell, path: Path | None = None,
        names: dict[str, str] | None = None,
    ):
        self.head_dim = models.head_dim(models.BY_NAME[cell.family])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            str(path or cell.path), options, providers=["CPUExecutionProvider"]
        )
        old = {new: name for name, new in (names or {}).items()}
        self.inputs = {
            old.get(value.name, value.name): value
            for value in self.session.get_inputs()
        }
        self.outputs = [
            old.get(value.name, value.name)
            for value in self.session.get_outputs()
        ]

    def past(self) -> list[str]:
        return [name for name in self.inputs if _PAST.match(name)]

    def empty_past(self, batch: int) -> dict[str, np.ndarray]:
        result = {}
        for name in self.past():
            shape = [batch, self.inputs[name].shape[1], 0, self.head_dim]
            result[name] = np.zeros(shape, np.float32)
        return result

    def run(self, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        feeds = {
            self.inputs[name].name: value
            for name, value in values.items() if name in self.inputs
        }
        return dict(zip(self.outputs, self.session.run(None, feeds)))

    def rows(self, rows, types=None) -> dict[str, np.ndarray]:
        """The outputs for rows of different lengths, in one call."""
        ids, mask = cells.padded(rows)
        positions = np.arange(ids.shape[1])[None].repeat(len(rows), 0)
        values = {
            "input_ids": ids, "attention_mask": mask, "position_ids": positions,
            **self.empty_past(len(rows)),
        }
        if types is not None:
            values["token_type_ids"] = cells.padded(types)[0] * mask
        return self.run(values)

    def steps(self, prompt, tokens) -> np.ndarray:
        """Logits [T, vocab] of the steps that gave `tokens`: the prompt in one
        call, then token by token."""
        past = self.empty_past(1)
        logits, done = [], 0
        for part in [prompt, *[[token] for token in tokens[:-1]]]:
            end = done + len(part)
            outputs = self.run({
                "input_ids": np.array([part], np.int64),
                "attention_mask": np.ones((1, end), np.int64),
                "position_ids": np.arange(done, end)[None],
                **past,
            })
            logits.append(outputs["logits"][0, -1])
            past = {
                name: outputs["present." + _PAST.match(name)[1]]
                for name in past
            }
            done = end
        return np.stack(logits)
