# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes PEFT adapters over the tiny models and what peft says about them.

Run as a program, so that the processes that test qeff never import torch:

    python -m oracles.adapters BASES DIRECTORY [CASE...]

BASES is what oracles.reference and oracles.gguf_models wrote. Writes
DIRECTORY/<case>/a0, a1, … (PEFT folders by save_pretrained) and
DIRECTORY/<case>/reference.npz with the keys of oracles.reference, and

    noise_P              difference of logits_P from the same in f64, in units
                         of the tolerance
    mutation/<m>/tokens_P, mutation/<m>/logits_P
    a/<module>, b/<module>, scaling/<module>   of an adapter of one folder
"""

from __future__ import annotations

import contextlib
import copy
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import peft
import safetensors.torch
import torch

from . import adapter_mutations, compare, gguf_models, reference
from .adapter_cases import CASE_BY_NAME, CASES, MUTATION_PROMPT, Case, Part
from .variants import NEW_TOKENS, Variant

_PREFIX = "base_model.model."


class Base:
    """Fresh copies of a case's base model, in f32."""

    def __init__(self, case: Case, bases: Path):
        self.folder = bases / case.base
        if case.is_gguf:
            self._model = gguf_models.load(self.folder / "model.gguf")
            self._model.requires_grad_(False)
        else:
            self._model = reference.random_model(case.variant)
        if case.base_rounded is not None:
            round_parameters(self._model, case.base_rounded, matrices=True)
        checkpoint = self.folder / (
            "model.gguf" if case.is_gguf else "checkpoint"
        )
        self._model.name_or_path = str(checkpoint)

    def __call__(self):
        return copy.deepcopy(self._model)

    def prompt(self, length: int) -> np.ndarray:
        with np.load(self.folder / "reference.npz") as values:
            return values[f"prompt_{length}"]


@torch.no_grad()
def round_parameters(model, dtype: str, matrices: bool = False) -> None:
    for parameter in model.parameters():
        if not matrices or parameter.ndim == 2:
            parameter.copy_(parameter.to(getattr(torch, dtype)).float())


@torch.no_grad()
def _fill(model, part: Part) -> None:
    """Random values in everything that the adapter trains, no zero among the
    pairs'."""
    generator = torch.Generator().manual_seed(part.seed)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        if "lora_magnitude_vector" in name:
            parameter.mul_(1 + 0.3 * noise)
        elif "lora_" in name:
            value = part.std * noise
            if part.grid:
                value = (value * 32).round() / 32
                value[value == 0] = 1 / 32
            parameter.copy_(value)
        else:  # biases and modules that are saved
            parameter.add_(part.std * noise)


def make_adapter(base: Base, part: Part, folder: Path) -> None:
    config = peft.LoraConfig(task_type="CAUSAL_LM", **part.config)
    model = peft.get_peft_model(base(), config)
    _fill(model, part)
    model.save_pretrained(folder)
    path = folder / "adapter_model.safetensors"
    if part.dtype != "float32":
        tensors = safetensors.torch.load_file(path)
        dtype = getattr(torch, part.dtype)
        safetensors.torch.save_file(
            {name: value.to(dtype) for name, value in tensors.items()}, path
        )
    path = folder / "adapter_config.json"
    saved = json.loads(path.read_text())
    path.write_text(json.dumps({**saved, **part.raw}, indent=2))


def load(case: Case, base: Base, folder: Path):
    """peft's model with all adapters of the case active, not merged."""
    names = [f"a{index}" for index in range(len(case.parts))]
    model = peft.PeftModel.from_pretrained(
        base(), folder / names[0], adapter_name=names[0]
    )
    for name in names[1:]:
        model.load_adapter(folder / name, name)
    model.base_model.set_adapter(names, inference_mode=True)
    for _, layer in adapter_mutations.layers(model):
        for name, part in zip(names, case.parts):
            layer.set_scale(name, part.weight)
    return model.eval()


def _finished(case: Case, model):
    """The model that the case's reference values come from: peft's own
    merging where the result is rounded, else its way beside the weights."""
    if case.rounded is None:
        return model.base_model.model
    merged = model.merge_and_unload(safe_merge=True)
    round_parameters(merged, case.rounded, matrices=True)
    return merged


@contextlib.contextmanager
def mutated(case: Case, base: Base, folder: Path, mutation: str):
    with torch.no_grad():
        if mutation == "off":
            yield base()
            return
        model = load(case, base, folder)
        if mutation == "unrounded":
            yield model.base_model.model
            return
        adapter_mutations.apply(model.base_model.model, case, mutation, base)
        yield _finished(case, model)


#===----------------------------------------------------------------------===#
# Reference values
#===----------------------------------------------------------------------===#


def _pairs(model) -> dict[str, np.ndarray]:
    """A, B and scaling of each linear layer, as peft has them."""
    values = {}
    for name, layer in adapter_mutations.layers(model):
        name = name.removeprefix(_PREFIX)
        for adapter in layer.lora_A:
            values[f"a/{name}"] = layer.lora_A[adapter].weight.numpy()
            values[f"b/{name}"] = layer.lora_B[adapter].weight.numpy()
            values[f"scaling/{name}"] = np.float64(layer.scaling[adapter])
    return values


def _check_merging(case: Case, base: Base, folder: Path, prompt, expected):
    """peft's own weighted sum, and its merging, mean what beside means."""
    model = load(case, base, folder)
    others = [model.merge_and_unload]
    if all(not part.config.get("use_dora") for part in case.parts):
        cat = load(case, base, folder)
        names = [f"a{index}" for index in range(len(case.parts))]
        for _, layer in adapter_mutations.layers(cat):
            for name in names:  # the weights are arguments here
                layer.set_scale(name, 1.0)
        cat.base_model.add_weighted_adapter(
            names, [part.weight for part in case.parts], "sum", "cat"
        )
        cat.base_model.set_adapter("sum", inference_mode=True)
        others.append(lambda: cat.eval().base_model.model)
    for other in others:
        logits = reference.forward(other(), prompt)
        moved = compare.worst(logits, expected)
        assert moved <= 1, f"{case.name}: peft differs from itself: {moved}"


def _mutations(case: Case, base: Base, folder: Path, values: dict) -> None:
    prompt = base.prompt(MUTATION_PROMPT)
    for name in case.mutations:
        with mutated(case, base, folder, name) as other:
            key = f"mutation/{name}/"
            values[f"{key}logits_{MUTATION_PROMPT}"] = reference.teacher_forced(
                other, prompt, values[f"tokens_{MUTATION_PROMPT}"]
            )
            values[f"{key}tokens_{MUTATION_PROMPT}"] = reference.greedy(
                other, prompt, NEW_TOKENS
            )


def describe(case: Case, base: Base, folder: Path) -> dict[str, np.ndarray]:
    model = load(case, base, folder)
    values = {}
    if "swap" in case.modes:
        values |= _pairs(model)
    model = _finished(case, model)
    for length in case.lengths:
        prompt = base.prompt(length)
        tokens = reference.greedy(model, prompt, NEW_TOKENS)
        values[f"prompt_{length}"] = prompt
        values[f"tokens_{length}"] = tokens
        values[f"logits_{length}"] = reference.teacher_forced(
            model, prompt, tokens
        )
    exact = copy.deepcopy(model).double()
    for length in case.lengths:
        values[f"noise_{length}"] = np.float64(
            compare.worst(
                values[f"logits_{length}"],
                reference.teacher_forced(
                    exact, values[f"prompt_{length}"],
                    values[f"tokens_{length}"],
                ),
            )
        )
    if len(case.parts) > 1:
        prompt = base.prompt(MUTATION_PROMPT)
        _check_merging(
            case, base, folder, prompt, reference.forward(model, prompt)
        )
    _mutations(case, base, folder, values)
    return values


def main(arguments: list[str]) -> int:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    bases, directory = map(Path, arguments[:2])
    for name in arguments[2:] or [case.name for case in CASES]:
        case = CASE_BY_NAME[name]
        folder = directory / name
        folder.mkdir(parents=True, exist_ok=True)
        base = Base(case, bases)
        for index, part in enumerate(case.parts):
            make_adapter(base, part, folder / f"a{index}")
        with torch.no_grad():
            values = describe(case, base, folder)
        np.savez(folder / "reference.npz", **values)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
