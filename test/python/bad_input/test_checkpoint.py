# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bad Hugging Face directories are refused with one clear error."""

import json
import os

import numpy as np
import pytest

from oracles import raw_files, tools
from oracles.raw_files import CONFIG, import_refused


def _config(**changes):
    config = dict(CONFIG, **changes)
    return {key: value for key, value in config.items() if value is not ...}


def test_good_checkpoint(checkpoint, tmp_path):
    """The files that are spoilt below are good before."""
    tools.import_model(checkpoint, tmp_path / "module.mlir")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "nul",
        '{"architectures": ["LlamaForCausalLM"]',
        '{"architectures": "LlamaForCausalLM"}',
        '{"architectures": []}',
        '{"architectures": [7]}',
        "[" * 100000,
        '{"a": "\ud800"}'.encode("utf-8", "surrogatepass"),
        b"\xff\xfe{}",
    ],
    ids=range(12),
)
def test_malformed_config(checkpoint, tmp_path, text):
    text = text.encode() if isinstance(text, str) else text
    (checkpoint / "config.json").write_bytes(text)
    import_refused(checkpoint, tmp_path, "config.json")


@pytest.mark.parametrize(
    "key,value",
    [
        ("hidden_size", ...),
        ("hidden_size", "32"),
        ("hidden_size", 0),
        ("hidden_size", -32),
        ("hidden_size", 32.5),
        ("hidden_size", 1 << 62),
        ("num_hidden_layers", -1),
        ("num_hidden_layers", 1 << 40),
        ("num_attention_heads", 0),
        ("num_attention_heads", 1 << 33),
        ("num_key_value_heads", 3),
        ("head_dim", -16),
        ("vocab_size", -1),
        ("vocab_size", 1 << 62),
        ("max_position_embeddings", 0),
        ("rms_norm_eps", "small"),
        ("rope_theta", -1.0),
        ("rope_theta", "x"),
        ("hidden_act", "swishish"),
        ("hidden_act", 5),
        ("tie_word_embeddings", "yes"),
        ("rope_scaling", {"rope_type": "spiral", "factor": 2.0}),
        ("rope_scaling", {"rope_type": "linear"}),
        ("rope_scaling", {"rope_type": "linear", "factor": "two"}),
        ("rope_scaling", "linear"),
        ("attention_bias", 3),
    ],
)
def test_bad_config_value(checkpoint, tmp_path, key, value):
    config = _config(**{key: value})
    (checkpoint / "config.json").write_text(json.dumps(config))
    pattern = "rope" if key == "rope_scaling" else key
    if value is ...:
        pattern = "expects .*4096"  # transformers' default
    if key in ("num_hidden_layers", "vocab_size") and value not in (-1, ...):
        pattern = ""  # a tensor that is then missing or too small will do
    import_refused(checkpoint, tmp_path, pattern)


def test_unknown_architecture(checkpoint, tmp_path):
    config = _config(architectures=["NoSuchForCausalLM"], model_type="nosuch")
    (checkpoint / "config.json").write_text(json.dumps(config))
    import_refused(
        checkpoint, tmp_path, "NoSuchForCausalLM", "LlamaForCausalLM",
        "GPT2LMHeadModel", "MptForCausalLM",
    )


@pytest.mark.parametrize(
    "name",
    [
        "model.embed_tokens.weight",
        "model.layers.1.self_attn.k_proj.weight",
        "model.layers.0.input_layernorm.weight",
        "model.norm.weight",
        "lm_head.weight",
    ],
)
def test_missing_tensor(tmp_path, name):
    values = raw_files.tensors()
    del values[name]
    model = raw_files.write_checkpoint(tmp_path / "model", values=values)
    import_refused(model, tmp_path, name.replace(".", r"\."))


def test_wrong_shape(tmp_path):
    values = raw_files.tensors()
    name = "model.layers.1.mlp.up_proj.weight"
    values[name] = np.zeros((raw_files.INNER + 1, raw_files.HIDDEN), np.float32)
    model = raw_files.write_checkpoint(tmp_path / "model", values=values)
    import_refused(
        model, tmp_path, name, "expects .*64.*32", "got .*65.*32"
    )


def test_wrong_rank(tmp_path):
    values = raw_files.tensors()
    name = "model.norm.weight"
    values[name] = values[name].reshape(1, -1)
    model = raw_files.write_checkpoint(tmp_path / "model", values=values)
    import_refused(model, tmp_path, name, "expects", "got")


def test_wrong_type(tmp_path):
    values = raw_files.tensors()
    name = "model.layers.0.self_attn.q_proj.weight"
    values[name] = values[name].astype(np.int64)
    model = raw_files.write_checkpoint(tmp_path / "model", values=values)
    import_refused(model, tmp_path, name, "(?i)i64|int64", "expects")


def test_no_weights_at_all(checkpoint, tmp_path):
    (checkpoint / "model.safetensors").unlink()
    import_refused(checkpoint, tmp_path, "safetensors")


def _spoil(checkpoint, change) -> None:
    values = raw_files.tensors()
    header = raw_files.safetensors_header(values)
    header = change(header) or header
    raw_files.write_safetensors(
        checkpoint / "model.safetensors", values, header
    )


@pytest.mark.parametrize("keep", [0, 4, 8, 40, 2000, -1, -4096])
def test_truncated(checkpoint, tmp_path, keep):
    path = checkpoint / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    import_refused(checkpoint, tmp_path, r"model\.safetensors")


@pytest.mark.parametrize(
    "length", [1 << 40, (1 << 64) - 1, (1 << 63), 100_000_001]
)
def test_header_longer_than_the_file(checkpoint, tmp_path, length):
    path = checkpoint / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(length.to_bytes(8, "little") + content[8:])
    import_refused(checkpoint, tmp_path, r"model\.safetensors", "header")


@pytest.mark.parametrize(
    "offsets",
    [
        [0, 1 << 60],
        [-4, 100],
        [8192, 0],
        [1 << 63, 1 << 63],
        [0, 4],
        [0.5, 8192.5],
        ["0", "8192"],
        [0],
        None,
    ],
    ids=range(9),
)
def test_wild_offsets(checkpoint, tmp_path, offsets):
    name = "model.layers.0.self_attn.q_proj.weight"

    def change(header):
        header[name]["data_offsets"] = offsets

    _spoil(checkpoint, change)
    import_refused(checkpoint, tmp_path, r"model\.safetensors")


def test_overlapping_offsets(checkpoint, tmp_path):
    def change(header):
        other = header["model.layers.0.self_attn.q_proj.weight"]
        header["model.layers.0.self_attn.o_proj.weight"]["data_offsets"] = [
            offset - 64 for offset in other["data_offsets"]
        ]

    _spoil(checkpoint, change)
    import_refused(checkpoint, tmp_path, r"model\.safetensors", "overlap")


@pytest.mark.parametrize(
    "shape", [[1 << 62, 4], [-32, -32], [1 << 33, 1 << 33], "32", [32.5, 1]],
    ids=range(5),
)
def test_wild_shape(checkpoint, tmp_path, shape):
    def change(header):
        header["model.layers.0.self_attn.q_proj.weight"]["shape"] = shape

    _spoil(checkpoint, change)
    import_refused(checkpoint, tmp_path, r"model\.safetensors|q_proj")


@pytest.mark.parametrize("dtype", ["F33", 4, None, "F8_E4M3"])
def test_wild_dtype(checkpoint, tmp_path, dtype):
    def change(header):
        header["model.layers.0.self_attn.q_proj.weight"]["dtype"] = dtype

    _spoil(checkpoint, change)
    import_refused(checkpoint, tmp_path, r"model\.safetensors|q_proj")


@pytest.mark.parametrize(
    "header",
    [b"{", b"[]", b"null", b"{}", b'{"x": 3}', b"\x00" * 64, b"[" * 50000],
    ids=range(7),
)
def test_malformed_header(checkpoint, tmp_path, header):
    path = checkpoint / "model.safetensors"
    path.write_bytes(raw_files.safetensors_bytes(header, b"\0" * 64))
    import_refused(checkpoint, tmp_path, "safetensors|model.embed_tokens")


def test_sharded_is_fine(tmp_path):
    model = raw_files.write_sharded(tmp_path / "model")
    tools.import_model(model, tmp_path / "module.mlir")


@pytest.mark.parametrize("name", ["../outside.safetensors", "absolute"])
def test_index_may_not_leave_the_folder(tmp_path, name):
    model = tmp_path / "model"
    if name == "absolute":
        name = str(tmp_path / "elsewhere.safetensors")
    raw_files.write_sharded(model, ("a.safetensors", name))
    import_refused(model, tmp_path, r"index\.json", "safetensors")


def test_index_names_a_file_that_is_missing(tmp_path):
    model = raw_files.write_sharded(tmp_path / "model")
    (model / "b.safetensors").unlink()
    import_refused(model, tmp_path, r"b\.safetensors")


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": 3}}'],
    ids=range(5),
)
def test_malformed_index(tmp_path, text):
    model = raw_files.write_sharded(tmp_path / "model")
    (model / "model.safetensors.index.json").write_text(text)
    import_refused(model, tmp_path, r"index\.json|model\.")


def test_links_of_the_hub_cache_are_fine(tmp_path):
    """snapshots/<revision>/ holds links into blobs/, outside of it."""
    blobs = tmp_path / "blobs"
    snapshot = tmp_path / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    raw_files.write_sharded(blobs)
    for path in blobs.iterdir():
        os.symlink(os.path.relpath(path, snapshot), snapshot / path.name)
    tools.import_model(snapshot, tmp_path / "module.mlir")
