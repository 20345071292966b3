# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts what was compared and what was waived in the whole run."""

from __future__ import annotations

from . import compare

WAIVER_LIMIT = 0.005

compared = 0
waived: list[str] = []
worst: dict[str, float] = {}


def check(
    name: str,
    result: dict,
    reference_steps: int | None = None,
    units: float = 1.0,
) -> None:
    """Asserts one batch's result (host_worker.check_batch) and counts it.
    Logits may differ by `units` times the tolerance."""
    global compared
    for index, row in enumerate(result["rows"]):
        where = f"{name}, prompt {row}"
        tokens = result["tokens"][index]
        compared += tokens["compared"]
        waived.extend([where] * tokens["waived"])
        if reference_steps is not None:
            assert result["counts"][index] == reference_steps, where
        limit = result["worst"][index]
        if units == 1.0:
            worst[name] = max(worst.get(name, 0.0), limit)
        assert limit <= units, (
            f"{where}: logits are {limit:.3g} times the tolerance away"
        )
        assert tokens["mismatch"] is None, (
            f"{where}: token {tokens['mismatch']} differs"
        )


def share_waived() -> float:
    return len(waived) / max(compared, 1)


def report() -> list[str]:
    lines = [
        f"parity: {compared} tokens compared, {len(waived)} waived "
        f"({100 * share_waived():.2f} %, limit {100 * WAIVER_LIMIT} %)"
    ]
    lines += [f"  waived: {where}" for where in waived]
    if worst:
        name = max(worst, key=worst.get)
        lines.append(
            f"  largest difference of logits: {worst[name]:.3f} of the "
            f"tolerance {compare.ABSOLUTE} + {compare.RELATIVE} |ref| ({name})"
        )
    return lines
