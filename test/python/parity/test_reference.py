# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The reference itself can fail: it does not repeat one token, and every
feature that is switched off in it moves logits and tokens."""

import numpy as np
import pytest

from oracles import compare
from oracles.variants import BY_NAME, GGUF_NAMES, PROMPT_LENGTHS, VARIANTS

ALL = [variant.name for variant in VARIANTS] + list(GGUF_NAMES)
MUTATIONS = [
    (variant.name, mutation)
    for variant in VARIANTS
    for mutation in variant.mutations
]
MUTATION_PROMPTS = (33, 100)


@pytest.mark.parametrize("name", ALL)
def test_rows_have_many_distinct_tokens(references, name):
    values = references[name]
    for length in PROMPT_LENGTHS:
        tokens = values[f"tokens_{length}"]
        assert len(set(tokens.tolist())) >= compare.MINIMUM_DISTINCT


@pytest.mark.parametrize("name", ALL)
def test_generation_agrees_with_teacher_forcing(references, name):
    """`generate` with its cache and one call without a cache are the same
    model: the mutations, which run without, say something about both."""
    values = references[name]
    for length in PROMPT_LENGTHS:
        result = compare.compare_tokens(
            values[f"logits_{length}"].argmax(1),
            values[f"tokens_{length}"],
            values[f"logits_{length}"],
        )
        assert result["mismatch"] is None


@pytest.mark.parametrize("name,mutation", MUTATIONS)
def test_mutation_is_noticed(references, name, mutation):
    values = references[name]
    tokens_changed = False
    for length in MUTATION_PROMPTS:
        reference = values[f"logits_{length}"]
        mutated = values[f"mutation/{mutation}/logits_{length}"]
        moved = compare.worst(mutated, reference)
        assert moved >= compare.MUTATION_FACTOR, (
            f"prompt {length}: logits move by {moved:.1f} times the tolerance"
        )
        tokens = values[f"mutation/{mutation}/tokens_{length}"]
        result = compare.compare_tokens(
            tokens,
            values[f"tokens_{length}"][: len(tokens)],
            reference,
        )
        tokens_changed |= result["mismatch"] is not None
    assert tokens_changed


def test_every_family_loses_its_mask_and_its_cache():
    for family in ("llama", "gpt2", "mpt"):
        mutations = set(BY_NAME[family].mutations)
        assert {
            "causal_off",
            "cache_chunk_lost",
            "cache_decode_lost",
        } <= mutations


def test_comparison_refuses_what_is_not_finite():
    reference = np.zeros((1, 4), np.float32)
    assert compare.worst(reference * np.nan, reference) == float("inf")


def test_waiver_needs_a_tie_of_the_reference():
    logits = np.array([[0.0, 5.0, 1.0], [0.0, 5.0, 5.0 - 1e-4]])
    assert compare.compare_tokens([2], [1], logits)["mismatch"] == 0
    tie = compare.compare_tokens([2], [1], logits[1:])
    assert tie == {"compared": 1, "waived": 1, "mismatch": None}
    assert compare.compare_tokens([0], [1], logits[1:])["mismatch"] == 0
