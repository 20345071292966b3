# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tokenizers of Hugging Face directories equal those of transformers."""

import json

import every_character
import pytest
import tokenizers
from test_tokenizer_gguf import assert_equal, plain_metadata
from tokenizers import AddedToken, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers
from transformers import (
    AutoTokenizer,
    GPT2Config,
    GPT2Tokenizer,
    LlamaConfig,
    MptConfig,
    PreTrainedTokenizerFast,
)

import qeff

TEXTS = every_character.all_texts()


def trained(pre_tokenizer, decoder, specials=(), **model):
    """A small tokenizer trained on the texts themselves."""
    backend = tokenizers.Tokenizer(models.BPE(**model))
    backend.pre_tokenizer = pre_tokenizer
    backend.decoder = decoder
    byte_fallback = [f"<0x{b:02X}>" for b in range(256)]
    backend.train_from_iterator(
        TEXTS * 2,
        trainers.BpeTrainer(
            vocab_size=3000,
            show_progress=False,
            limit_alphabet=600,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            special_tokens=[
                *specials,
                *(byte_fallback if model.get("byte_fallback") else []),
            ],
        ),
    )
    return backend


def byte_level(*specials):
    return trained(
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        decoders.ByteLevel(),
        specials,
    )


def merges_of(backend):
    return [tuple(m) for m in json.loads(backend.to_str())["model"]["merges"]]


def llama3(directory):
    backend = byte_level("<|begin|>", "<|end|>", "<|eot|>")
    backend.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A", special_tokens=[("<|begin|>", 0)]
    )
    LlamaConfig(vocab_size=3000).save_pretrained(directory)
    PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|begin|>",
        eos_token="<|eot|>",
        extra_special_tokens=["<|end|>", "<|image|>"],
        clean_up_tokenization_spaces=True,
        chat_template="{{ bos_token }}{{ messages[0].content }}",
    ).save_pretrained(directory)
    path = directory / "generation_config.json"
    path.write_text(json.dumps({"eos_token_id": [1, 2]}))


def gpt2(directory):
    backend = byte_level("<|endoftext|>")
    GPT2Config(vocab_size=3000).save_pretrained(directory)
    GPT2Tokenizer(
        vocab=backend.get_vocab(),
        merges=merges_of(backend),
    ).save_pretrained(directory)


def gpt2_files(directory):
    """The original layout, without tokenizer.json."""
    backend = byte_level("<|endoftext|>")
    GPT2Config(vocab_size=3000).save_pretrained(directory)
    merges = merges_of(backend)
    (directory / "vocab.json").write_text(json.dumps(backend.get_vocab()))
    (directory / "merges.txt").write_text(
        "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges)
    )
    (directory / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "GPT2Tokenizer"})
    )


def neox(directory):
    """The tokenizer of MPT."""
    backend = byte_level("<|endoftext|>", "<|padding|>")
    backend.normalizer = normalizers.NFC()
    backend.add_tokens([AddedToken("   ", normalized=True)])
    MptConfig(vocab_size=3000).save_pretrained(directory)
    PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
    ).save_pretrained(directory)
    config = directory / "tokenizer_config.json"
    values = json.loads(config.read_text())
    values["tokenizer_class"] = "GPTNeoXTokenizer"
    config.write_text(json.dumps(values))


def sentencepiece(directory):
    """The tokenizer of Llama 2 as its tokenizer.json spells it today."""
    backend = trained(
        pre_tokenizers.Metaspace(prepend_scheme="first", split=False),
        decoders.Sequence(
            [
                decoders.Replace("▁", " "),
                decoders.ByteFallback(),
                decoders.Fuse(),
                decoders.Strip(content=" ", left=1),
            ]
        ),
        ["<unk>", "<s>", "</s>"],
        byte_fallback=True,
        fuse_unk=True,
        unk_token="<unk>",
    )
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    LlamaConfig(vocab_size=3000).save_pretrained(directory)
    PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
    ).save_pretrained(directory)


@pytest.mark.parametrize(
    "make", [llama3, gpt2, gpt2_files, neox, sentencepiece]
)
def test_directory(tmp_path, make):
    make(tmp_path)
    ours = qeff.Tokenizer.from_model(tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    assert ours.vocab_size == len(theirs)
    assert ours.eos_token_id == theirs.eos_token_id
    assert set(ours.stop_token_ids) >= {theirs.eos_token_id}
    assert_equal(ours, theirs, TEXTS)


@pytest.mark.parametrize("legacy", [None, False, True])
@pytest.mark.parametrize("prefix", [None, False, True])
def test_llama_2_and_its_older_tokenizer_json(tmp_path, legacy, prefix):
    sentencepiece(tmp_path)
    path = tmp_path / "tokenizer.json"
    values = json.loads(path.read_text())
    values["pre_tokenizer"] = None
    values["normalizer"] = {
        "type": "Sequence",
        "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        ],
    }
    path.write_text(json.dumps(values))
    config = tmp_path / "tokenizer_config.json"
    values = json.loads(config.read_text())
    values["tokenizer_class"] = "LlamaTokenizer"
    values.update(legacy=legacy, add_prefix_space=prefix)
    values = {k: v for k, v in values.items() if v is not None}
    config.write_text(json.dumps(values))
    ours = qeff.Tokenizer.from_model(tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    assert type(theirs).__name__ == "LlamaTokenizer"
    texts = ["hello", "  hello", " hi", "<s>hi", "a</s> b", "▁x", *TEXTS[:60]]
    assert_equal(ours, theirs, texts)


def test_generation_config_adds_stop_tokens(tmp_path):
    llama3(tmp_path)
    assert qeff.Tokenizer.from_model(tmp_path).stop_token_ids == [2, 1]


def test_the_real_tokenizer_saved_as_a_directory(smollm2_gguf, tmp_path):
    theirs = AutoTokenizer.from_pretrained(
        smollm2_gguf.parent, gguf_file=smollm2_gguf.name
    )
    theirs.save_pretrained(tmp_path)
    ours = qeff.Tokenizer.from_model(tmp_path)
    gguf = qeff.Tokenizer.from_gguf_metadata(plain_metadata(smollm2_gguf))
    assert ours.chat_template == gguf.chat_template == theirs.chat_template
    assert ours.special_tokens == gguf.special_tokens
    for text in TEXTS:
        assert ours.encode(text) == gguf.encode(text) == theirs.encode(text)


def test_templates_in_files_come_first(tmp_path):
    gpt2(tmp_path)
    config = tmp_path / "tokenizer_config.json"
    values = json.loads(config.read_text())
    values["chat_template"] = [
        {"name": "default", "template": "plain"},
        {"name": "tool_use", "template": "tools"},
    ]
    config.write_text(json.dumps(values))
    message = [{"role": "user", "content": "x"}]
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    ours = qeff.Tokenizer.from_model(tmp_path)
    for tools in (None, [{"type": "function"}]):
        assert ours.apply_chat_template(
            message, tools=tools
        ) == theirs.apply_chat_template(message, tools=tools, tokenize=False)
    (tmp_path / "chat_template.jinja").write_text("file {{ eos_token }}")
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    ours = qeff.Tokenizer.from_model(tmp_path)
    text = ours.apply_chat_template(message)
    assert text == "file <|endoftext|>"
    assert text == theirs.apply_chat_template(message, tokenize=False)


# ---- directories that cannot be used -----------------------------------------


@pytest.mark.parametrize(
    "files, message",
    [
        ({}, "expects tokenizer.json, or vocab.json and merges.txt"),
        ({"tokenizer.json": "{"}, "tokenizer.json: "),
        ({"tokenizer.json": b"\xff"}, "tokenizer.json: expects UTF-8"),
        ({"tokenizer_config.json": "[]"}, "expects an object, got list"),
        ({"tokenizer_config.json": "{,}"}, "tokenizer_config.json: malformed"),
        ({"vocab.json": "{}"}, "found neither"),
        (
            {"vocab.json": '{"a": 0}', "merges.txt": "a b c"},
            "merges.txt, line 1: expects two tokens",
        ),
        ({"vocab.json": '{"a": "x"}', "merges.txt": ""}, "vocab.json: "),
        (
            {"vocab.json": '{"a": 0}', "merges.txt": "a b"},
            "vocab.json: ",
        ),
        (
            {
                "vocab.json": '{"a": 0}',
                "merges.txt": "",
                "tokenizer_config.json": '{"added_tokens_decoder": [3]}',
            },
            "added_tokens_decoder: expects an object",
        ),
        (
            {
                "vocab.json": '{"a": 0}',
                "merges.txt": "",
                "tokenizer_config.json": '{"chat_template": [1]}',
            },
            "chat_template: expects Jinja text",
        ),
    ],
)
def test_bad_directory(tmp_path, files, message):
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
    with pytest.raises(qeff.Error, match=message):
        qeff.Tokenizer.from_model(tmp_path)


def test_missing_path(tmp_path):
    with pytest.raises(qeff.Error, match="nowhere: no such file or directory"):
        qeff.Tokenizer.from_model(tmp_path / "nowhere")
