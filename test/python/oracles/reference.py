# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the tiny checkpoints and what transformers says about them.

Run as a program, so that the processes that test qeff never import torch:

    python -m oracles.reference DIRECTORY [VARIANT...]

writes DIRECTORY/<variant>/checkpoint (a Hugging Face directory) and
DIRECTORY/<variant>/reference.npz:

    prompt_P             token ids [P]
    tokens_P             greedy continuation [T] by `generate`
    logits_P             logits of each step [T, vocab], teacher-forced
    all_P                logits at all positions [P, vocab] (P = 33)
    mutation/<m>/tokens_P, mutation/<m>/logits_P
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from . import mutations
from .variants import BY_NAME, NEW_TOKENS, PROMPT_LENGTHS, VARIANTS, Variant

MUTATION_PROMPTS = (33, 100)
# Without a cache, for mutations of the call.
MUTATED_CALL_TOKENS = 16
ALL_POSITIONS_PROMPT = 33


def _classes(family: str):
    import transformers

    return {
        "llama": (transformers.LlamaConfig, transformers.LlamaForCausalLM),
        "gpt2": (transformers.GPT2Config, transformers.GPT2LMHeadModel),
        "mpt": (transformers.MptConfig, transformers.MptForCausalLM),
    }[family]


def random_model(variant: Variant, length: int | None = None):
    """The random model, its weights rounded to the checkpoint's dtype; where
    frequencies depend on a length, those of `length` or the variant's."""
    config_class, model_class = _classes(variant.family)
    config = config_class(**variant.config)
    if variant.family != "mpt":
        config._attn_implementation = "eager"
    model = model_class(config)
    generator = torch.Generator().manual_seed(variant.seed)
    dtype = getattr(torch, variant.dtype)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm = parameter.ndim == 1 and name.endswith("weight")
            std = variant.std
            for part, factor in variant.factors.items():
                std *= factor if part in name else 1
            value = 1 + 0.3 * noise if is_norm else std * noise
            parameter.copy_(value.to(dtype).float())
            parameter.requires_grad = False
    model.eval()
    if variant.frozen_length is not None:
        mutations.freeze_to_length(model, length or variant.frozen_length)
    return model


def save_checkpoint(variant: Variant, model, directory: Path) -> None:
    config_class, model_class = _classes(variant.family)
    # A copy: storing in another dtype must not touch the reference.
    copy = model_class(config_class(**variant.config))
    copy.load_state_dict(model.state_dict())
    copy.to(getattr(torch, variant.dtype)).save_pretrained(
        directory, max_shard_size=variant.shard_size
    )


def _mask(length: int, mutation: str | None, prompt: int):
    """The additive mask [1, 1, S, S] of a mutated call, or None."""
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    if mutation == "causal_off":
        causal[:] = True
    elif mutation == "cache_chunk_lost":
        # Tokens after a chunk do not see the keys that the chunk wrote.
        first = 0 if prompt <= 64 else 32
        causal[first + 32 :, first : first + 32] = False
    elif mutation == "cache_decode_lost":
        # Generated tokens do not see earlier generated tokens.
        causal[prompt:, prompt:] = torch.eye(
            max(length - prompt, 0), dtype=torch.bool
        )
    else:
        return None
    mask = torch.zeros(1, 1, length, length)
    mask.masked_fill_(~causal, torch.finfo(torch.float32).min)
    return mask


@torch.no_grad()
def forward(model, ids, mutation: str | None = None, prompt: int = 0):
    """Logits [S, vocab] of one whole row, without a cache."""
    ids = torch.as_tensor(np.asarray(ids))[None]
    kwargs = {"use_cache": False}
    mask = _mask(ids.shape[1], mutation, prompt)
    if mask is not None:
        kwargs["attention_mask"] = mask
    if mutation == "decode_position_off_by_one":
        positions = torch.arange(ids.shape[1])
        positions[prompt:] += 1
        kwargs["position_ids"] = positions[None]
    return model(ids, **kwargs).logits[0].float().numpy()


def greedy(model, prompt, steps: int) -> np.ndarray:
    """transformers' own greedy generation, never stopping early."""
    ids = torch.as_tensor(prompt)[None]
    out = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        min_new_tokens=steps,
        max_new_tokens=steps,
        pad_token_id=0,
        use_cache=True,
    )
    return out[0, len(prompt) :].numpy()


def teacher_forced(model, prompt, tokens, mutation=None) -> np.ndarray:
    """Logits of the steps that produced `tokens`, [T, vocab]."""
    ids = np.concatenate([prompt, tokens[:-1]])
    return forward(model, ids, mutation, len(prompt))[len(prompt) - 1 :]


def greedy_mutated(model, prompt, steps, mutation) -> np.ndarray:
    ids = list(prompt)
    for _ in range(steps):
        ids.append(int(forward(model, ids, mutation, len(prompt))[-1].argmax()))
    return np.array(ids[len(prompt) :])


def prompt_of(variant: Variant, length: int) -> np.ndarray:
    generator = np.random.default_rng(1000 * variant.seed + length)
    vocab = variant.config["vocab_size"]
    return generator.integers(0, vocab, size=length, dtype=np.int64)


def describe(variant: Variant, model) -> dict[str, np.ndarray]:
    values: dict[str, np.ndarray] = {}
    for length in PROMPT_LENGTHS:
        prompt = prompt_of(variant, length)
        tokens = greedy(model, prompt, NEW_TOKENS)
        values[f"prompt_{length}"] = prompt
        values[f"tokens_{length}"] = tokens
        values[f"logits_{length}"] = teacher_forced(model, prompt, tokens)
        if length == ALL_POSITIONS_PROMPT:
            stateless = model
            if variant.frozen_length is not None:
                # A stateless module has no context; the model's limit counts.
                limit = variant.config["max_position_embeddings"]
                stateless = random_model(variant, limit)
            values[f"all_{length}"] = forward(stateless, prompt)
    for name in variant.mutations:
        with mutations.mutated(lambda: random_model(variant), name) as other:
            call = name if name in mutations.OF_THE_CALL else None
            for length in MUTATION_PROMPTS:
                prompt = values[f"prompt_{length}"]
                key = f"mutation/{name}/"
                values[f"{key}logits_{length}"] = teacher_forced(
                    other, prompt, values[f"tokens_{length}"], call
                )
                values[f"{key}tokens_{length}"] = (
                    greedy(other, prompt, NEW_TOKENS)
                    if call is None
                    else greedy_mutated(
                        other, prompt, MUTATED_CALL_TOKENS, call
                    )
                )
    return values


def main(arguments: list[str]) -> int:
    torch.set_num_threads(1)
    directory = Path(arguments[0])
    names = arguments[1:] or [variant.name for variant in VARIANTS]
    for name in names:
        variant = BY_NAME[name]
        target = directory / name
        target.mkdir(parents=True, exist_ok=True)
        model = random_model(variant)
        save_checkpoint(variant, model, target / "checkpoint")
        np.savez(target / "reference.npz", **describe(variant, model))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
