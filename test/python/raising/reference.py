# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What transformers says about a family's model, in f32:

    prompt_P              token ids [P]
    tokens_P, logits_P    decoders: greedy continuation [T] by `generate` and
                          the logits of its steps [T, vocab], teacher-forced
    hidden_P [, pooled_P] encoders: last hidden states [P, hidden], and
                          pooled [hidden]
    types_P               BERT: token types [P]

Each row runs alone, so that no padding is in it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from oracles import compare
from .cells import NEW_TOKENS, PROMPT_LENGTHS
from .models import VOCAB, Family


def prompt_of(family: Family, length: int) -> np.ndarray:
    generator = np.random.default_rng(1000 * family.seed + length)
    return generator.integers(0, VOCAB, size=length, dtype=np.int64)


def _decode(model, prompt: np.ndarray) -> dict[str, np.ndarray]:
    ids = torch.as_tensor(prompt)[None]
    tokens = model.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False,
        min_new_tokens=NEW_TOKENS, max_new_tokens=NEW_TOKENS, pad_token_id=0,
        use_cache=True,
    )[:, ids.shape[1] :]
    everything = torch.cat([ids, tokens[:, :-1]], 1)
    logits = model(everything, use_cache=False).logits[0, ids.shape[1] - 1 :]
    return {"tokens": tokens[0].numpy(), "logits": logits.numpy()}


def _encode(family: Family, model, prompt: np.ndarray) -> dict[str, np.ndarray]:
    inputs = {"input_ids": torch.as_tensor(prompt)[None]}
    values = {}
    if "token_type_ids" in family.more_inputs:
        values["types"] = (np.arange(len(prompt)) >= 4).astype(np.int64)
        inputs["token_type_ids"] = torch.as_tensor(values["types"])[None]
    outputs = model(**inputs)
    values["hidden"] = outputs[0][0].numpy()
    if len(outputs) > 1:
        values["pooled"] = outputs[1][0].numpy()
    return values


@torch.no_grad()
def describe(family: Family, model) -> dict[str, np.ndarray]:
    result = {}
    for length in PROMPT_LENGTHS:
        prompt = prompt_of(family, length)
        values = (
            _encode(family, model, prompt) if family.encoder
            else _decode(model, prompt)
        )
        result[f"prompt_{length}"] = prompt
        result.update({f"{key}_{length}": v for key, v in values.items()})
    return result


def check_equal(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> None:
    """Two versions of transformers must agree on the models."""
    assert one.keys() == two.keys(), (sorted(one), sorted(two))
    for key, value in one.items():
        if value.dtype == np.int64:
            assert np.array_equal(value, two[key]), key
        else:
            worst = compare.worst(two[key], value)
            assert worst <= 0.5, f"{key}: {worst:.3g} times the tolerance"


def write_or_check(values: dict[str, np.ndarray], path: Path) -> None:
    """The first environment writes a family's file, the others must agree."""
    if path.exists():
        with np.load(path) as before:
            check_equal(dict(before), values)
    else:
        np.savez_compressed(path, **values)
