# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What "equal to the reference" means. NumPy alone."""

from __future__ import annotations

import numpy as np

# |ours - reference| <= ABSOLUTE + RELATIVE * |reference|, in f32.
ABSOLUTE = 1e-4
RELATIVE = 1e-4
MUTATION_FACTOR = 100
# Limits in units of the tolerance where both sides round f32 sums to weights
# of these types: one weight that falls the other way moves logits by about its
# unit in the last place.
ROUNDED_WEIGHTS = {"float16": 4.0, "bfloat16": 32.0}
# Where a graph computes in these types, rounding at every node: the largest
# difference of a row's logits, in standard deviations of that row's.
ROUNDED_GRAPHS = {"float16": 0.1}
MINIMUM_DISTINCT = 20


def tolerance(reference):
    return ABSOLUTE + RELATIVE * np.abs(reference)


def worst(ours, reference) -> float:
    """The largest difference in units of the tolerance: 1 is the limit."""
    ours = np.asarray(ours, np.float64)
    reference = np.asarray(reference, np.float64)
    if ours.shape != reference.shape:
        raise AssertionError(
            f"expects logits of shape {reference.shape}, got {ours.shape}"
        )
    if ours.size == 0:
        return 0.0
    if not np.isfinite(ours).all():
        return float("inf")
    return float((np.abs(ours - reference) / tolerance(reference)).max())


def spread(ours, reference) -> float:
    """The largest difference of a row in units of its standard deviation."""
    ours = np.asarray(ours, np.float64)
    reference = np.asarray(reference, np.float64)
    if ours.shape != reference.shape:
        raise AssertionError(
            f"expects logits of shape {reference.shape}, got {ours.shape}"
        )
    if not np.isfinite(ours).all():
        return float("inf")
    worst_of_row = np.abs(ours - reference).max(axis=-1)
    return float((worst_of_row / reference.std(axis=-1)).max())


def compare_tokens(ours, reference, logits) -> dict:
    """Compares a greedy row with the reference's.

    A difference is waived only where the reference's own two best logits are
    closer than twice the tolerance and ours took the second; what follows a
    waived token has another past and is not compared.

    Returns {"compared": n, "waived": n, "mismatch": step or None}.
    """
    ours, reference = list(map(int, ours)), list(map(int, reference))
    result = {"compared": 0, "waived": 0, "mismatch": None}
    if len(ours) != len(reference):
        result["mismatch"] = min(len(ours), len(reference))
        return result
    for step, (mine, theirs) in enumerate(zip(ours, reference)):
        result["compared"] += 1
        if mine == theirs:
            continue
        second, first = np.argsort(logits[step])[-2:]
        gap = float(logits[step][first] - logits[step][second])
        limit = 2 * float(tolerance(logits[step][first]))
        if mine == int(second) and gap < limit:
            result["waived"] += 1
        else:
            result["mismatch"] = step
        break
    return result
