# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The checks of the matrix: each cell for each target, with its names and
without them. Which do not hold yet is said in not_yet.txt."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from pathlib import Path

from . import absent, cells, models

TARGETS = ("host", "onnx")
NAMINGS = ("named", "scrambled")
_NOT_YET = Path(__file__).parent / "not_yet.txt"


@dataclass(frozen=True)
class Check:
    cell: cells.Cell
    target: str
    naming: str

    @property
    def key(self) -> str:
        return f"{self.cell.name} {self.target} {self.naming}"


def all_checks() -> list[Check]:
    return [
        Check(cell, target, naming)
        for cell in cells.checked_in() for target in TARGETS
        for naming in NAMINGS
    ]


def patterns() -> dict[str, str]:
    """Reasons by pattern, in the order of the file."""
    result = {}
    for line in _NOT_YET.read_text().splitlines():
        if line and not line.startswith("#"):
            pattern, _, reason = line.partition(": ")
            assert reason, f"expects 'CELL TARGET NAMING: reason', got {line!r}"
            assert pattern not in result, pattern
            result[pattern] = reason
    return result


def reason(check: Check) -> str | None:
    """Why a check does not hold yet; the first pattern that fits says it."""
    for pattern, text in patterns().items():
        if fnmatch.fnmatchcase(check.key, pattern):
            return text
    return None


def _cell_text(cell: cells.Cell, held: dict[str, bool], notes: list) -> str:
    if cell.name in absent.REASONS:
        return "–" + _note(absent.REASONS[cell.name], notes)
    checks = [each for each in all_checks() if each.cell == cell]
    good = [check for check in checks if held[check.key]]
    texts = []
    for target in TARGETS:
        for naming in NAMINGS:
            if Check(cell, target, naming) in good:
                texts.append(target if naming == "named" else f"{target}*")
    why = {reason(check) or "" for check in checks if check not in good}
    return ", ".join(texts or ["no"]) + "".join(
        _note(text, notes) for text in sorted(why)
    )


def _note(text: str, notes: list[str]) -> str:
    if text not in notes:
        notes.append(text)
    return f" [{notes.index(text) + 1}]"


def table(held: dict[str, bool]) -> str:
    """docs/RaisingMatrix.md from which checks held in one run."""
    notes: list[str] = []
    lines = [
        "# Raising matrix", "",
        "Which ONNX exports compile to what their model says in transformers: "
        "greedy tokens and", "teacher-forced logits (encoders: hidden states), "
        "on the `host` and in ONNX Runtime from the graph",
        "for AI 100 (`onnx`; not compiled on hardware); with a star: also with "
        "all names random and the",
        "operands of commutative operators swapped. Written by "
        "`test/python/raising/test_raising.py` from", "its own run with "
        "`QEFF_WRITE_TABLES=1`, and compared with every other run; a cell is "
        "filled by the", "tests with its name (`-k FAMILY.EXPORTER`).", "",
        "| family | " + " | ".join(cells.EXPORTERS) + " |",
        "|---|" + "---|" * len(cells.EXPORTERS),
    ]
    for family in models.FAMILIES:
        row = [
            _cell_text(cells.Cell(family.name, exporter), held, notes)
            for exporter in cells.EXPORTERS
        ]
        lines.append(f"| {family.name} | " + " | ".join(row) + " |")
    lines.append("")
    lines += [f"{index}. {note}" for index, note in enumerate(notes, 1)]
    return "\n".join(lines).rstrip() + "\n"
