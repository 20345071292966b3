# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cells of the matrix, where their files are and what goes into them.
NumPy alone: the processes that test qeff import this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

EXPORTS = Path(__file__).parent / "exports"

# The environment (`environments.py`) in which an exporter runs.
EXPORTERS = {
    "dynamo18": "torch",
    "dynamo23": "torch",
    "packed18": "torch",
    "torchscript17": "torch",
    "optimum": "optimum",
    "genai": "genai",
    "fused17": "torch",
}

# One row ends inside the window, the other one is longer than it.
PROMPT_LENGTHS = (7, 30)
NEW_TOKENS = 20


@dataclass(frozen=True)
class Cell:
    family: str
    exporter: str

    @property
    def name(self) -> str:
        return f"{self.family}.{self.exporter}"

    @property
    def path(self) -> Path:
        return EXPORTS / f"{self.name}.onnx"

    def reference(self) -> dict[str, np.ndarray]:
        with np.load(reference_path(self.family)) as values:
            return dict(values)


def reference_path(family: str, folder: Path = EXPORTS) -> Path:
    return folder / f"{family}.npz"


def checked_in() -> list[Cell]:
    """The cells that have a file, by family and exporter."""
    return [
        Cell(*path.name.split(".")[:2])
        for path in sorted(EXPORTS.glob("*.onnx"))
    ]


def padded(rows) -> tuple[np.ndarray, np.ndarray]:
    """Token ids and attention mask of rows of different lengths, padded on the
    right with a token that is not zero."""
    longest = max(len(row) for row in rows)
    ids = np.full((len(rows), longest), 5, np.int64)
    mask = np.zeros((len(rows), longest), np.int64)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return ids, mask
