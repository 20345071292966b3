# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tokenizer metadata and files, broken at random: a tokenizer that works, or
one qeff.Error."""

import copy
import json
import random

import pytest
import toy_model
from test_tokenizer_gguf import sentencepiece_values

import qeff

BYTE_LEVEL = {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "llama-bpe",
    "tokenizer.ggml.tokens": ["a", "b", "ab", "Ġ", "Ġa", "Ġab", "<end>", " x"],
    "tokenizer.ggml.merges": ["a b", "Ġ a", "Ġ ab"],
    "tokenizer.ggml.token_type": [1, 1, 1, 1, 1, 1, 3, 4],
    "tokenizer.ggml.eos_token_id": 6,
    "tokenizer.ggml.bos_token_id": 6,
    "tokenizer.ggml.add_bos_token": True,
    "tokenizer.chat_template": "{{ messages[0].content }}{{ bos_token }}",
}

ODD = [
    None, True, -1, 0, 3, 2**40, -0.5, float("nan"), float("inf"), "", "a",
    "\0", "<unk>", "\u2581", "\ufffd", "👩‍🚀" * 3, "x" * 5000, "{{", "{% for",
    [], [None], [1, "a"], ["a"], ["a", "a"], ["a b", "b a"], [[]], {}, {"a": 1},
]  # fmt: skip


def mutate(source, value):
    """`value` with one to three parts of it changed."""
    value = copy.deepcopy(value)
    for _ in range(source.randrange(1, 4)):
        spot, key = None, None
        node = value
        while isinstance(node, (dict, list)) and node:
            keys = list(node) if isinstance(node, dict) else range(len(node))
            spot, key = node, source.choice(list(keys))
            node = node[key]
            if source.random() < 0.4:
                break
        if spot is None:
            return source.choice(ODD)
        if source.random() < 0.3:
            del spot[key]
        else:
            spot[key] = copy.deepcopy(source.choice(ODD))
    return value


def use(tokenizer):
    ids = tokenizer.encode("ab a <end> x é \u2581")
    tokenizer.decode(ids)
    stream = tokenizer.decode_stream()
    for i in ids:
        stream.step(i)
    stream.finish()
    tokenizer.apply_chat_template([{"role": "user", "content": "a"}])


def outcomes(makers):
    counts = {"works": 0, "error": 0}
    for make in makers:
        try:
            use(make())
            counts["works"] += 1
        except qeff.Error as error:
            assert str(error)
            counts["error"] += 1
    assert min(counts.values()) > 0, counts
    return counts


@pytest.mark.parametrize("kind", ["byte-level", "sentencepiece"])
def test_broken_metadata(kind):
    base = BYTE_LEVEL
    if kind == "sentencepiece":
        template = "{{ messages[0].content }}"
        base = {**sentencepiece_values(), "tokenizer.chat_template": template}
    use(qeff.Tokenizer.from_gguf_metadata(base))
    source = random.Random(11)
    cases = [mutate(source, base) for _ in range(800)]
    cases = [case for case in cases if isinstance(case, dict)]
    outcomes(
        (lambda case=case: qeff.Tokenizer.from_gguf_metadata(case))
        for case in cases
    )


@pytest.mark.parametrize(
    "name", ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]
)
def test_broken_files(tmp_path, name):
    toy_model.write_tokenizer(tmp_path)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    config.update(
        added_tokens_decoder={
            "0": {"content": "<unk>", "special": True, "lstrip": False},
            "97": {"content": "<more>", "normalized": True},
        },
        additional_special_tokens=["<extra>", {"content": "<other>"}],
        add_prefix_space=True,
        tokenizer_class="LlamaTokenizer",
    )
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    (tmp_path / "special_tokens_map.json").write_text(
        json.dumps({"eos_token": {"content": "</s>"}, "unk_token": "<unk>"})
    )
    qeff.Tokenizer.from_model(tmp_path)
    if name == "special_tokens_map.json":
        del config["added_tokens_decoder"]  # it is read without these only
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    path = tmp_path / name
    text = path.read_text()
    source = random.Random(12)

    def broken(case):
        def make():
            path.write_text(case)
            return qeff.Tokenizer.from_model(tmp_path)

        return make

    cases = [json.dumps(mutate(source, json.loads(text))) for _ in range(400)]
    for _ in range(200):
        at = source.randrange(len(text))
        cases.append(text[:at] + source.choice('{}[]",:0a\\') + text[at + 1 :])
    outcomes(map(broken, cases))
