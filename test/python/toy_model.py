# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the toy program of test/unit/Runtime computes, said again in Python."""

import json

BATCH, CTX, PREFILL, VOCAB, EOS = 3, 40, 16, 97, 2


def next_token(history: list[int]) -> int:
    total = 0
    for position, token in enumerate(history):
        code = (37 * token + 11) % 101
        total += (2 * position + 3) * (code + 1) + position * position
    return total % VOCAB


def continue_row(prompt, count, stop=()):
    """(tokens, why they end)"""
    tokens = []
    while len(tokens) < count:
        tokens.append(next_token([*prompt, *tokens]))
        if tokens[-1] in stop:
            return tokens, "stop"
        if len(tokens) < count and len(prompt) + len(tokens) > CTX:
            return tokens, "context"
    return tokens, "length"


def text_of(tokens):
    return "".join(chr(30 + token) for token in tokens if token > 2)


def write_tokenizer(directory):
    """Token t > 2 is the character 30 + t, from '!' to '~'."""
    vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2}
    vocabulary.update({chr(30 + token): token for token in range(3, VOCAB)})
    special = [
        {
            "id": i,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for i, token in enumerate(("<unk>", "<s>", "</s>"))
    ]
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {"type": "Fuse"},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": vocabulary,
            "merges": [],
        },
    }
    (directory / "tokenizer.json").write_text(json.dumps(document))
    config = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "chat_template": "{{ bos_token }}{% for m in messages %}"
        "{{ m.role[0] }}:{{ m.content }};{% endfor %}"
        "{% if add_generation_prompt %}a:{% endif %}",
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(config))
