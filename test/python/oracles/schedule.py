# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How rows of different length run through fixed prefill and decode shapes:
the contract of the packages, written down once more for the tests."""

from __future__ import annotations

import numpy as np


def prefill_calls(prompts, batch: int, chunk: int, context: int):
    """Yields (ids [B, S], positions [B, S], rows that end in this call).

    Rows are padded on the right with position -1. A call may not hold both
    position `context - 1` and padding in one row, because padding may be
    written to the last slot: such a row's last chunk is shifted back, over
    tokens that are written again with equal keys.
    """
    lengths = [len(prompt) for prompt in prompts]
    for first in range(0, max(lengths), chunk):
        ids = np.zeros((batch, chunk), np.int64)
        positions = np.full((batch, chunk), -1, np.int64)
        ending = []
        for row, prompt in enumerate(prompts):
            begin, end = first, min(first + chunk, lengths[row])
            if begin >= end:
                continue
            if end == context and end - begin < chunk:
                begin = end - chunk
            ids[row, : end - begin] = prompt[begin:end]
            positions[row, : end - begin] = np.arange(begin, end)
            if end == lengths[row]:
                ending.append(row)
        yield ids, positions, ending


def generate(run, prompts, batch, chunk, context, steps, forced=None):
    """Greedy (or teacher-forced) generation with `run(ids, positions)`, which
    gives logits [B, vocab] of each row's largest position.

    Returns per row (tokens, logits [T, vocab]). A row ends after `steps`
    tokens or when its context is full."""
    rows = range(len(prompts))
    tokens = [[] for _ in rows]
    logits = [[] for _ in rows]

    def take(row, values):
        step = len(tokens[row])
        logits[row].append(np.array(values))
        best = int(np.argmax(values))
        tokens[row].append(best if forced is None else int(forced[row][step]))

    def limit(row):
        # The last token needs no slot of its own.
        return min(steps, context - len(prompts[row]) + 1)

    for ids, positions, ending in prefill_calls(prompts, batch, chunk, context):
        values = run(ids, positions)
        for row in ending:
            take(row, values[row])
    while True:
        ids = np.zeros((batch, 1), np.int64)
        positions = np.full((batch, 1), -1, np.int64)
        active = [row for row in rows if len(tokens[row]) < limit(row)]
        if not active:
            break
        for row in active:
            ids[row, 0] = tokens[row][-1]
            positions[row, 0] = len(prompts[row]) + len(tokens[row]) - 1
        values = run(ids, positions)
        for row in active:
            take(row, values[row])
    return [(np.array(tokens[row]), np.stack(logits[row])) for row in rows]
