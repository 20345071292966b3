# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adapters in PEFT's format with one thing wrong each, and what errors about
them say."""

import numpy as np
from oracles import raw_adapters
from oracles.raw_adapters import PREFIX

LAYER0 = "model.layers.0.self_attn.q_proj"
LAYER1 = "model.layers.1.self_attn.q_proj"
A0, B0 = (f"{PREFIX}{LAYER0}.lora_{part}.weight" for part in "AB")
A1 = f"{PREFIX}{LAYER1}.lora_A.weight"


def _values(**changes):
    """The good adapter's tensors but for those given; None takes one away."""
    values = raw_adapters.tensors() | {
        name: value for name, value in changes.items() if value is not None
    }
    return {k: v for k, v in values.items() if changes.get(k, v) is not None}


def spoil(name, index, number):
    values = raw_adapters.tensors()
    values[name].flat[index] = number
    return values


def _config(**changes):
    return raw_adapters.config(**changes)


# name: (tensors, configuration, what the error says)
BAD = {
    "another base": (
        _values(**{A1: np.ones((4, 48), np.float32)}), None,
        [LAYER1, r"\[4, 32\]", r"\[4, 48\]"],
    ),
    "more layers": (
        raw_adapters.tensors(layers=3), None,
        [r"model\.layers\.2\.self_attn\.", "does not have"],
    ),
    "missing tensor": (_values(**{B0: None}), None, [LAYER0, "got none"]),
    "extra tensor": (
        _values(**{f"{PREFIX}{LAYER0}.lora_C.weight": np.ones((4, 4), "f4")}),
        None, [LAYER0, "lora_C"],
    ),
    "no prefix": (
        _values(q=np.ones((4, 4), np.float32)), None, ["'q'", PREFIX],
    ),
    "unknown target": (
        None, _config(targets=("q_proj", "v_proj", "w1")), ["'w1'"],
    ),
    "norm as target": (
        None, _config(targets=("model.norm",)), [r"model\.norm", "norm"],
    ),
    "rank of another config": (
        None, _config(rank=2), [LAYER0, r"\[2, 32\]", r"\[4, 32\]"],
    ),
    "NaN": (spoil(A0, 5, np.nan), None, [LAYER0, "NaN", "5"]),
    "infinity": (spoil(B0, 7, np.inf), None, [LAYER0, "infinity", "7"]),
    "other type": (
        _values(**{A0: np.ones((4, 32), np.int64)}), None, [LAYER0, "I64"],
    ),
}
for method in ("IA3", "PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING", "ADALORA"):
    BAD[method] = (None, _config(peft_type=method), [method, "LORA"])


def _spoil_config(folder, content):
    (folder / "adapter_config.json").write_text(content)


def _cut(folder, count):
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:count])


def _pickle(folder):
    (folder / "adapter_model.safetensors").unlink()
    (folder / "adapter_model.bin").write_bytes(b"\x80\x02}q\x00.")


# name: (what is done to a good folder, what the error says)
DAMAGED = {
    "no config": (lambda f: (f / "adapter_config.json").unlink(),
                  ["adapter_config"]),
    "config cut": (lambda f: _spoil_config(f, '{"peft_type": "LO'),
                   ["adapter_config"]),
    "config is a list": (lambda f: _spoil_config(f, "[]"), ["adapter_config"]),
    "no weights": (lambda f: (f / "adapter_model.safetensors").unlink(),
                   ["adapter_model"]),
    "a pickle": (_pickle, ["adapter_model", "pickle"]),
    "empty": (lambda f: _cut(f, 0), ["adapter_model"]),
    "cut in the header": (lambda f: _cut(f, 60), ["adapter_model", "header"]),
    "cut in the data": (lambda f: _cut(f, -4), ["adapter_model", "expects"]),
    "a folder": (
        lambda f: ((f / "adapter_model.safetensors").unlink(),
                   (f / "adapter_model.safetensors").mkdir()),
        ["adapter_model"],
    ),
}

ALL = sorted(BAD) + sorted(DAMAGED)


def write_bad(folder, name):
    """The folder of a bad adapter, and what errors about it say."""
    if name in BAD:
        values, settings, patterns = BAD[name]
        return raw_adapters.write(folder, values, settings), patterns
    change, patterns = DAMAGED[name]
    raw_adapters.write_plain(folder)
    change(folder)
    return folder, patterns
