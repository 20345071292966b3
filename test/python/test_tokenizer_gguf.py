# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tokenizers built from GGUF metadata equal those of transformers."""

import every_character
import gguf
import numpy as np
import pytest
from transformers import AutoTokenizer

import qeff
from qeff.gguf_tokenizer import byte_alphabet

TEXTS = every_character.all_texts()


def plain_metadata(path):
    """The metadata of a GGUF file, read by the `gguf` package."""
    fields = gguf.GGUFReader(path).fields
    return {
        key: field.contents()
        for key, field in fields.items()
        if not key.startswith("GGUF.")
    }


@pytest.fixture(scope="module")
def metadata(smollm2_gguf):
    return plain_metadata(smollm2_gguf)


@pytest.fixture(scope="module")
def pair(smollm2_gguf, metadata):
    ours = qeff.Tokenizer.from_gguf_metadata(metadata)
    theirs = AutoTokenizer.from_pretrained(
        smollm2_gguf.parent, gguf_file=smollm2_gguf.name
    )
    return ours, theirs


def assert_equal(ours, theirs, texts):
    for text in texts:
        ids = theirs(text)["input_ids"]
        assert ours.encode(text) == ids, text
        bare = theirs(text, add_special_tokens=False)["input_ids"]
        assert ours.encode(text, add_special_tokens=False) == bare, text
        for skip in (False, True):
            assert ours.decode(ids, skip) == theirs.decode(
                ids, skip_special_tokens=skip
            ), text
        stream = ours.decode_stream(skip_special_tokens=False)
        pieces = [stream.step(i) for i in bare]
        whole = "".join(pieces) + stream.finish()
        utf8 = ours.decode(bare).count("\ufffd") == text.count("\ufffd")
        assert whole == ours.decode(bare) or not utf8, text
        if utf8 and "\ufffd" not in text:
            assert not any("\ufffd" in piece for piece in pieces), text


def test_real_model_encodes_and_decodes_like_transformers(pair):
    assert_equal(*pair, TEXTS)


def test_real_model_decodes_every_id_like_transformers(pair):
    ours, theirs = pair
    assert ours.vocab_size == 49152
    for i in range(ours.vocab_size):
        assert ours.decode([i]) == theirs.decode([i])


def test_real_model_round_trips_text(pair, metadata):
    """Except for bytes that the model's vocabulary does not have."""
    ours, _ = pair
    have = set(metadata["tokenizer.ggml.tokens"])
    lost = {b for b, c in byte_alphabet().items() if c not in have}
    assert len(lost) < 32
    texts = [t for t in TEXTS if lost.isdisjoint(t.encode())]
    assert len(texts) > 0.8 * len(TEXTS)
    for text in texts:
        assert ours.decode(ours.encode(text)) == text


def test_real_model_special_tokens(pair):
    ours, theirs = pair
    assert ours.special_tokens == theirs.special_tokens_map
    assert ours.stop_token_ids == [2] == [theirs.eos_token_id]
    assert ours.encode("<|im_end|>") == [2]


@pytest.mark.parametrize("generation", [False, True])
def test_real_model_chat_template(pair, generation):
    ours, theirs = pair
    conversations = [
        [{"role": "user", "content": "What is gravity?"}],
        [
            {"role": "system", "content": "Answer in one line."},
            {"role": "user", "content": "Hi {{ 1 + 1 }} <|im_end|> \u00e9\n"},
            {"role": "assistant", "content": "Hello", "tool_calls": None},
            {"role": "user", "content": "  spaces  "},
        ],
    ]
    for conversation in conversations:
        text = theirs.apply_chat_template(
            conversation, tokenize=False, add_generation_prompt=generation
        )
        assert text == ours.apply_chat_template(
            conversation, add_generation_prompt=generation
        )
        ids = theirs.apply_chat_template(
            conversation, add_generation_prompt=generation, return_dict=False
        )
        assert ids == ours.encode_chat(
            conversation, add_generation_prompt=generation
        )


# ---- the other kinds of tokenizer, on small vocabularies ---------------------


def write_gguf(path, values):
    """A GGUF file with `values` as metadata and one small tensor."""
    writer = gguf.GGUFWriter(path, "llama")
    for key, value in values.items():
        if isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        else:
            writer.add_array(key, value)
    for key, value in {
        "block_count": 1,
        "context_length": 32,
        "embedding_length": 8,
        "feed_forward_length": 8,
        "attention.head_count": 1,
        "attention.head_count_kv": 1,
        "vocab_size": len(values["tokenizer.ggml.tokens"]),
    }.items():
        writer.add_uint32(f"llama.{key}", value)
    writer.add_float32("llama.rope.freq_base", 1e4)
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", 1e-5)
    writer.add_tensor("token_embd.weight", np.zeros((4, 8), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def byte_level_values(real, pre):
    """The real vocabulary under another pre-tokenizer."""
    keys = ("model", "tokens", "token_type", "merges", "bos_token_id")
    values = {f"tokenizer.ggml.{k}": real[f"tokenizer.ggml.{k}"] for k in keys}
    return {
        **values,
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.add_bos_token": True,
    }


@pytest.mark.parametrize(
    "pre", ["default", "gpt-2", "llama-bpe", "qwen2", "tekken", "gpt-4o"]
)
def test_pre_tokenizers(metadata, tmp_path, pre):
    values = byte_level_values(metadata, pre)
    write_gguf(tmp_path / "model.gguf", values)
    ours = qeff.Tokenizer.from_gguf_metadata(values)
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file="model.gguf")
    assert_equal(ours, theirs, TEXTS)


def sentencepiece_values():
    """A scored vocabulary with byte fallback, control and user tokens."""
    tokens = ["<unk>", "<s>", "</s>"]
    types = [2, 3, 3]
    tokens += [f"<0x{byte:02X}>" for byte in range(256)]
    types += [6] * 256
    tokens += ["<tool>", "<|turn|>"]
    types += [4, 3]
    pieces = ["\u2581" * n for n in (1, 2, 3, 4, 8, 16)]
    pieces += list("etaoinshrdlucmfwypvbgkjqxz0123456789.,'-<>|é中好")
    words = "the and in he er on re at or is it en hello world \u2581the "
    words += "\u2581a \u2581an \u2581and \u2581hel \u2581hello lo or ld wor "
    words += "\u2581wor \u2581world 中好 an th nd \u2581t \u2581h \u2581w "
    words += "\u2581he el ell hel llo"
    pieces += words.split(" ")
    tokens += dict.fromkeys(pieces)
    types += [1] * (len(tokens) - len(types))
    scores = [0.0] * 261 + [
        -float(i) for i in range(len(tokens) - 261)
    ]
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": scores,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
    }


@pytest.mark.parametrize(
    "flags",
    [{}, {"add_bos_token": False}, {"add_eos_token": True}],
    ids=["default", "no-bos", "eos"],
)
def test_sentencepiece(tmp_path, flags):
    values = sentencepiece_values()
    values.update({f"tokenizer.ggml.{k}": v for k, v in flags.items()})
    write_gguf(tmp_path / "model.gguf", values)
    ours = qeff.Tokenizer.from_gguf_metadata(values)
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file="model.gguf")
    assert ours.encode("hello", False) != list(range(5))
    more = ["hello world and the 中好 é", " the  <tool>x <|turn|> the", "▁the"]
    assert_equal(ours, theirs, [*TEXTS, *more])


def test_sentencepiece_without_the_space_before(tmp_path):
    values = sentencepiece_values()
    values["tokenizer.ggml.add_space_prefix"] = False
    ours = qeff.Tokenizer.from_gguf_metadata(values)
    tokens = values["tokenizer.ggml.tokens"]
    ids = ours.encode("hello world", add_special_tokens=False)
    assert [tokens[i] for i in ids] == ["hello", "\u2581world"]
    assert ours.decode(ids) == "hello world"


# ---- metadata that cannot be used --------------------------------------------

DROP = object()


@pytest.mark.parametrize(
    "key, value, message",
    [
        ("ggml.model", DROP, "tokenizer.ggml.model: expects a tokenizer"),
        ("ggml.model", "bert", "unknown tokenizer 'bert', known are gpt2"),
        ("ggml.model", 7, "tokenizer.ggml.model: expects str, got int"),
        ("ggml.pre", "klingon", "unknown pre-tokenizer 'klingon', known are"),
        ("ggml.tokens", DROP, "tokenizer.ggml.tokens: expects a vocabulary"),
        ("ggml.tokens", [1, 2], "tokenizer.ggml.tokens: expects a list of str"),
        ("ggml.merges", DROP, "tokenizer.ggml.merges: expects merges"),
        ("ggml.merges", ["a b c"], "merges: expects two tokens in entry 0"),
        ("ggml.merges", ["nope no"], "tokenizer.ggml: "),
        ("ggml.token_type", [1], "token_type: expects 4 entries"),
        ("ggml.eos_token_id", 4, "eos_token_id: expects an id below 4, got 4"),
        ("ggml.bos_token_id", -1, "bos_token_id: expects an id below 4"),
        ("ggml.add_bos_token", "yes", "add_bos_token: expects bool, got str"),
        ("chat_template", 3, "tokenizer.chat_template: expects str, got int"),
    ],
)
def test_bad_metadata(key, value, message):
    values = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": ["a", "b", "ab", "<end>"],
        "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.token_type": [1, 1, 1, 3],
        "tokenizer.ggml.eos_token_id": 3,
        "tokenizer.ggml.bos_token_id": 3,
    }
    assert qeff.Tokenizer.from_gguf_metadata(values).encode("ab<end>") == [2, 3]
    if value is DROP:
        del values[f"tokenizer.{key}"]
    else:
        values[f"tokenizer.{key}"] = value
    with pytest.raises(qeff.Error, match=message.replace(".", r"\.")):
        qeff.Tokenizer.from_gguf_metadata(values)


def test_bad_scores():
    values = sentencepiece_values()
    values["tokenizer.ggml.scores"] = [0.0]
    with pytest.raises(qeff.Error, match="scores: expects .* one per token"):
        qeff.Tokenizer.from_gguf_metadata(values)


def test_lone_surrogates_and_wild_ids_are_refused(pair):
    ours, _ = pair
    with pytest.raises(qeff.Error, match="expects text"):
        ours.encode("\ud800")
    with pytest.raises(qeff.Error, match="expects token ids"):
        ours.decode([-1])
    assert ours.decode([10**9 % 2**31]) == ""
