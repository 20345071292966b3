# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks one batch of rows against the reference. NumPy alone."""

from __future__ import annotations

import numpy as np

from . import compare


def check_batch(generate, reference, lengths, steps) -> dict:
    """Greedy tokens and teacher-forced logits of the prompts of `lengths`.

    `generate(prompts, steps, forced)` gives (tokens, logits) per row. A row
    whose context is full ends early: `counts` says after how many tokens.
    """
    prompts = [reference[f"prompt_{n}"] for n in lengths]
    expected = [reference[f"tokens_{n}"][:steps] for n in lengths]
    logits = [reference[f"logits_{n}"][:steps] for n in lengths]
    greedy = generate(prompts, steps, None)
    forced = greedy
    if any(
        not np.array_equal(tokens, expected[row][: len(tokens)])
        for row, (tokens, _) in enumerate(greedy)
    ):
        # Else the calls would be the same ones.
        forced = generate(prompts, steps, expected)
    counts = [len(tokens) for tokens, _ in forced]
    return {
        "rows": list(lengths),
        "counts": counts,
        "worst": [
            compare.worst(values, logits[row][: counts[row]])
            for row, (_, values) in enumerate(forced)
        ],
        "tokens": [
            compare.compare_tokens(
                tokens, expected[row][: counts[row]], logits[row]
            )
            for row, (tokens, _) in enumerate(greedy)
        ],
    }


def row_logits(generate, reference, lengths, steps) -> dict[str, np.ndarray]:
    """Teacher-forced logits by row, for comparisons to the bit."""
    prompts = [reference[f"prompt_{n}"] for n in lengths]
    forced = [reference[f"tokens_{n}"][:steps] for n in lengths]
    rows = generate(prompts, steps, forced)
    return {str(n): values for n, (_, values) in zip(lengths, rows)}
