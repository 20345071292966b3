# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bad GGUF files are refused with one clear error."""

import struct

import pytest

from oracles import raw_files, tools
from oracles.raw_files import gguf_pairs, gguf_string, gguf_tensors, import_refused


def test_good_file(gguf_file, tmp_path):
    tools.import_model(gguf_file, tmp_path / "module.mlir")


@pytest.mark.parametrize("count", [1 << 40, (1 << 64) - 1, 1 << 63, 30])
@pytest.mark.parametrize("which", ["tensor_count", "pair_count"])
def test_wild_counts(tmp_path, which, count):
    path = raw_files.write_gguf(tmp_path / "model.gguf", **{which: count})
    import_refused(path, tmp_path, r"model\.gguf")


@pytest.mark.parametrize("length", [1 << 40, (1 << 64) - 1, 1 << 63])
@pytest.mark.parametrize("where", ["key", "value"])
def test_wild_strings(tmp_path, where, length):
    wild = struct.pack("<Q", length) + b"x"
    pair = (
        wild
        if where == "key"
        else gguf_string("general.name") + struct.pack("<I", 8) + wild
    )
    pairs = gguf_pairs() + [pair]
    path = raw_files.write_gguf(tmp_path / "model.gguf", pairs=pairs)
    import_refused(path, tmp_path, r"model\.gguf")


@pytest.mark.parametrize("count", [1 << 40, (1 << 64) - 1])
@pytest.mark.parametrize("kind", [0, 4, 8, 9, 12])
def test_wild_arrays(tmp_path, kind, count):
    pair = gguf_string("general.tags") + struct.pack("<IIQ", 9, kind, count)
    path = raw_files.write_gguf(
        tmp_path / "model.gguf", pairs=gguf_pairs() + [pair]
    )
    import_refused(path, tmp_path, r"model\.gguf")


def test_nested_arrays(tmp_path):
    pair = gguf_string("general.tags") + struct.pack("<I", 9)
    pair += struct.pack("<IQ", 9, 1) * 200000
    path = raw_files.write_gguf(
        tmp_path / "model.gguf", pairs=gguf_pairs() + [pair]
    )
    import_refused(path, tmp_path, r"model\.gguf")


@pytest.mark.parametrize(
    "parts",
    [{"magic": b"GGML"}, {"version": 1}, {"version": 99}, {"version": 3 << 24}],
    ids=str,
)
def test_not_a_version_we_read(tmp_path, parts):
    path = raw_files.write_gguf(tmp_path / "model.gguf", **parts)
    import_refused(path, tmp_path, r"model\.gguf")


@pytest.mark.parametrize("keep", [0, 3, 12, 24, 100, 700, -1, -4096])
def test_truncated(gguf_file, tmp_path, keep):
    gguf_file.write_bytes(gguf_file.read_bytes()[:keep])
    import_refused(gguf_file, tmp_path, r"model\.gguf")


@pytest.mark.parametrize("offset", [1 << 62, (1 << 64) - 32, 33, 1 << 30])
def test_wild_tensor_offsets(tmp_path, offset):
    path = raw_files.write_gguf(tmp_path / "model.gguf", offset=offset)
    import_refused(path, tmp_path, r"model\.gguf")


@pytest.mark.parametrize("kind", [4, 31, 99, 0xFFFFFFFF])
def test_unknown_tensor_type(tmp_path, kind):
    path = raw_files.write_gguf(tmp_path / "model.gguf", kind=kind)
    import_refused(path, tmp_path, r"model\.gguf|token_embd")


def test_missing_tensor(tmp_path):
    values = gguf_tensors()
    del values["blk.1.ffn_up.weight"]
    path = raw_files.write_gguf(tmp_path / "model.gguf", values=values)
    import_refused(path, tmp_path, r"model\.gguf.*blk\.1\.ffn_up")


def test_wrong_shape(tmp_path):
    values = gguf_tensors()
    name = "blk.1.ffn_up.weight"
    values[name] = values[name][:-1]
    path = raw_files.write_gguf(tmp_path / "model.gguf", values=values)
    import_refused(
        path, tmp_path, r"model\.gguf.*blk\.1\.ffn_up", "expects", "got"
    )


@pytest.mark.parametrize("index", range(10))
def test_missing_metadata(tmp_path, index):
    """Each key is needed or has a documented default; nothing crashes."""
    pairs = gguf_pairs()
    key = pairs.pop(index)
    path = raw_files.write_gguf(tmp_path / "model.gguf", pairs=pairs)
    output = tmp_path / "module.mlir"
    result = tools.run_import(path, output)
    if result.returncode:
        raw_files.check_refused(result)
        assert not output.exists(), key
    else:
        assert index in (2, 6, 7, 8, 9), f"{key} is needed"


def test_unknown_architecture(tmp_path):
    pairs = gguf_pairs()
    pairs[0] = (
        gguf_string("general.architecture") + struct.pack("<I", 8)
        + gguf_string("nosuch")
    )
    path = raw_files.write_gguf(tmp_path / "model.gguf", pairs=pairs)
    import_refused(path, tmp_path, "nosuch", "llama")
