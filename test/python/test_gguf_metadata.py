# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The GGUF header reader, through Python: values, and bytes that are not
GGUF."""

import os
import struct

import gguf_files as g
import pytest
from test_tokenizer_gguf import plain_metadata

import qeff
from qeff import _qeff


def read(path):
    return _qeff.read_gguf_metadata(os.fsencode(path))


def same(a, b):
    return a == b and type(a) is type(b)


def test_the_real_model(smollm2_gguf):
    ours, theirs = read(smollm2_gguf), plain_metadata(smollm2_gguf)
    assert ours.keys() == theirs.keys()
    for key in ours:
        assert same(ours[key], theirs[key]), key


def test_the_real_model_as_a_tokenizer(smollm2_gguf):
    tokenizer = qeff.Tokenizer.from_model(smollm2_gguf)
    assert tokenizer.encode("Hello, world!") == [19556, 28, 905, 17]
    assert tokenizer.stop_token_ids == [2]
    text = tokenizer.apply_chat_template([{"role": "user", "content": "x"}])
    assert text.endswith("<|im_start|>user\nx<|im_end|>\n")


def test_every_kind_of_value(tmp_path):
    values = {
        "u8": (g.U8, 255),
        "i8": (g.I8, -128),
        "u16": (g.U16, 65535),
        "i16": (g.I16, -32768),
        "u32": (g.U32, 2**32 - 1),
        "i32": (g.I32, -(2**31)),
        "u64": (g.U64, 2**64 - 1),
        "i64": (g.I64, -(2**63)),
        "f32": (g.F32, -1.0),
        "f64": (g.F64, 0.1),
        "true": (g.BOOL, True),
        "false": (g.BOOL, False),
        "empty": (g.STRING, ""),
        "text": (g.STRING, "naïve 👩‍🚀 \0 end"),
    }
    arrays = {
        "no numbers": (g.U32, []),
        "numbers": (g.I16, [-1, 0, 1]),
        "floats": (g.F32, [0.0, -2.0, 0.5]),
        "flags": (g.BOOL, [True, False]),
        "strings": (g.STRING, ["a", "", "ß" * 70000]),
    }
    pairs = [g.pair(key, *value) for key, value in values.items()]
    pairs += [g.array(key, *value) for key, value in arrays.items()]
    path = tmp_path / "x.gguf"
    for version in (2, 3):
        path.write_bytes(g.header(pairs, version=version))
        metadata = read(path)
        expected = {**values, **arrays}
        assert metadata.keys() == expected.keys()
        for key, (_, value) in expected.items():
            assert same(metadata[key], value), key


def test_tensors_are_described_after_the_metadata(tmp_path):
    path = tmp_path / "x.gguf"
    pairs = [g.pair("general.alignment", g.U32, 64)]
    data = g.header(pairs, [g.tensor("a", [3, 4], 0, 128)])
    path.write_bytes(data + bytes(63 - (len(data) - 1) % 64 + 128 + 48))
    assert read(path) == {"general.alignment": 64}


A = g.pair("a", g.U8, 1)
WILD = 2**63

HOSTILE = {
    "empty": (b"", "expects a GGUF file"),
    "magic": (b"GGML" + bytes(20), "expects a GGUF file"),
    "magic alone": (b"GGUF", "expects a GGUF file"),
    "version 1": (g.header(version=1), "expects version 2 or 3"),
    "version 4": (g.header(version=4), "expects version 2 or 3"),
    "big-endian": (
        b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
        "expects version 2 or 3, little-endian",
    ),
    "wild pair count": (g.header([A], num_pairs=WILD), "metadata pairs"),
    "wild tensor count": (g.header([A], num_tensors=WILD), "tensors"),
    "one pair too many": (
        g.header([g.pair("a", g.STRING, "x" * 40)], num_pairs=2),
        "end of the file",
    ),
    "wild key": (
        g.header([struct.pack("<Q", WILD) + bytes(40)]),
        "expects a key of at most",
    ),
    "key that is no text": (
        g.header([g.pair(b"\xff\xfe", g.U8, 1)]),
        "expects a key in UTF-8",
    ),
    "wild string": (
        g.header([g.string("a") + struct.pack("<IQ", g.STRING, WILD)]),
        "key 'a': expects a string that fits",
    ),
    "string that is no text": (
        g.header([g.pair("a", g.STRING, b"ok\xed\xa0\x80")]),
        "key 'a': expects UTF-8",
    ),
    "token that is no text": (
        g.header([g.array("a", g.STRING, ["", b"ok\xff"])]),
        "key 'a': expects UTF-8, got another byte at 2",
    ),
    "unknown type": (
        g.header([g.string("a") + struct.pack("<IQ", 13, 0)]),
        "key 'a': expects a value type up to 12, got 13",
    ),
    "boolean of 2": (g.header([g.pair("a", g.BOOL, 2)]), "0 or 1, got 2"),
    "array of arrays": (
        g.header(
            [
                g.string("a")
                + struct.pack("<IIQ", g.ARRAY, g.ARRAY, 1)
                + struct.pack("<IQB", g.U8, 1, 7)
            ]
        ),
        "key 'a': expects an array of numbers, booleans or strings",
    ),
    "wild array": (
        g.header([g.array("a", g.U8, [1], WILD)]),
        "key 'a': expects an array that fits",
    ),
    "array of strings that ends early": (
        g.header([g.array("a", g.STRING, ["", "x" * 20], 3)]),
        "end of the file",
    ),
    "key twice": (g.header([A, A]), "key 'a': expects it once"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(tmp_path, name):
    data, message = HOSTILE[name]
    path = tmp_path / "x.gguf"
    path.write_bytes(data)
    with pytest.raises(qeff.Error) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert any(part in str(caught.value) for part in message.split("|"))
    with pytest.raises(qeff.Error, match="x.gguf: "):
        qeff.Tokenizer.from_model(path)


def test_every_truncation_is_an_error(tmp_path):
    pairs = [
        g.pair("a", g.STRING, "text"),
        g.array("b", g.STRING, ["x", "yz"]),
        g.array("c", g.F32, [1.0, 2.0]),
    ]
    data = g.header(pairs)
    path = tmp_path / "x.gguf"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(qeff.Error):
            read(path)
    path.write_bytes(data)
    assert set(read(path)) == {"a", "b", "c"}


def test_paths(tmp_path):
    with pytest.raises(qeff.Error, match="cannot open the file"):
        read(tmp_path / "nowhere.gguf")
    with pytest.raises(qeff.Error, match="expects a regular file"):
        read(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(qeff.Error, match="expects a regular file"):
        read(tmp_path / "fifo")


def test_metadata_without_a_tokenizer(tmp_path):
    path = tmp_path / "x.gguf"
    path.write_bytes(g.header([A]))
    with pytest.raises(qeff.Error, match="x.gguf: tokenizer.ggml.model: "):
        qeff.Tokenizer.from_model(path)
