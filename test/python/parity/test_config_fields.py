# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every field of transformers' configuration classes is accounted for: it
changes the imported module, changes nothing for a reason, or is refused by
name when it is not the default."""

import dataclasses
import json
import re
import shutil

import pytest

from oracles import tools

# Values unlike those of the tiny models: the module changes, or a tensor no
# longer fits and is named.
HONOURED = {
    "llama": {
        "architectures": ["NoSuchForCausalLM"],
        "vocab_size": 128,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 4,
        "hidden_act": "gelu",
        "max_position_embeddings": 96,
        "rms_norm_eps": 1e-3,
        "eos_token_id": [3, 5],
        "rope_parameters": {"rope_type": "default", "rope_theta": 77.0},
        "attention_bias": True,
        "mlp_bias": True,
        "head_dim": 32,
    },
    "gpt2": {
        "architectures": ["NoSuchForCausalLM"],
        "vocab_size": 128,
        "n_positions": 96,
        "n_embd": 32,
        "n_layer": 1,
        "n_head": 2,
        "n_inner": 64,
        "activation_function": "relu",
        "layer_norm_epsilon": 1e-3,
        "scale_attn_weights": False,
        "scale_attn_by_inverse_layer_idx": True,
        "eos_token_id": 9,
    },
    "mpt": {
        "architectures": ["NoSuchForCausalLM"],
        "d_model": 64,
        "n_heads": 4,
        "n_layers": 1,
        "max_seq_len": 96,
        "vocab_size": 128,
        "layer_norm_epsilon": 1e-3,
        "attn_config.clip_qkv": 5.0,
        "attn_config.softmax_scale": 0.3,
        "attn_config.alibi_bias_max": 4,
        "eos_token_id": 9,
    },
}

REFUSED = {
    "llama": {"is_encoder_decoder": True},
    "gpt2": {"is_encoder_decoder": True, "add_cross_attention": True},
    "mpt": {
        "is_encoder_decoder": True,
        "expansion_ratio": 2,
        "logit_scale": 0.5,
        "no_bias": False,
        "norm_type": "rmsnorm",
        "attn_config.attn_type": "multiquery_attention",
        "attn_config.prefix_lm": True,
        "attn_config.qk_ln": True,
        "attn_config.attn_uses_sequence_id": True,
        "attn_config.alibi": False,
    },
}

_ANY = {
    "transformers_version": ("9.9.9", "says who wrote the file"),
    "output_hidden_states": (True, "what Python returns"),
    "return_dict": (False, "what Python returns"),
    "dtype": ("bfloat16", "the tensors say their types"),
    "chunk_size_feed_forward": (4, "a way to compute the same"),
    "id2label": ({"0": "a"}, "for classifiers"),
    "label2id": ({"a": 0}, "for classifiers"),
    "problem_type": ("regression", "for classifiers"),
    "use_cache": (False, "a cache is inserted here"),
    "pad_token_id": (7, "padding has position -1 here"),
    "bos_token_id": (7, "the tokenizer's business"),
    "initializer_range": (0.5, "for training"),
}
IRRELEVANT = {
    "llama": {
        **_ANY,
        "pretraining_tp": (2, "transformers ignores it"),
        "attention_dropout": (0.1, "for training"),
    },
    "gpt2": {
        **_ANY,
        "resid_pdrop": (0.2, "for training"),
        "embd_pdrop": (0.2, "for training"),
        "attn_pdrop": (0.2, "for training"),
        "summary_type": ("mean", "for another head"),
        "summary_use_proj": (False, "for another head"),
        "summary_activation": ("tanh", "for another head"),
        "summary_proj_to_labels": (False, "for another head"),
        "summary_first_dropout": (0.2, "for another head"),
        "reorder_and_upcast_attn": (True, "equal in f32"),
    },
    "mpt": {
        **_ANY,
        "resid_pdrop": (0.2, "for training"),
        "emb_pdrop": (0.2, "for training"),
        "learned_pos_emb": (False, "transformers ignores it"),
        "init_device": ("meta", "for training"),
        "embedding_fraction": (0.5, "for training"),
        "attn_config.attn_pdrop": (0.2, "for training"),
        "attn_config.attn_impl": ("triton", "a way to compute the same"),
    },
}
FAMILIES = tuple(HONOURED)

# Ties apply where the file has no output matrix, as in transformers 5: with a
# test of its own.
TIED = {"llama": "llama-tied", "gpt2": "gpt2-tied", "mpt": "mpt-f16"}


def _changed(references, family, tmp_path, key, value):
    """The checkpoint of `family` with one field of its config changed."""
    model = tmp_path / "model"
    shutil.copytree(references.model(family), model)
    path = model / "config.json"
    config = json.loads(path.read_text())
    at = config
    *outer, key = key.split(".")
    for name in outer:
        at = at.setdefault(name, {})
    at[key] = value
    path.write_text(json.dumps(config))
    return model


def _all_fields(family):
    import transformers
    from transformers.models.mpt.configuration_mpt import MptAttentionConfig

    config = {
        "llama": transformers.LlamaConfig,
        "gpt2": transformers.GPT2Config,
        "mpt": transformers.MptConfig,
    }[family]
    names = {field.name for field in dataclasses.fields(config)}
    if family == "mpt":
        names.remove("attn_config")
        common = {
            field.name for field in dataclasses.fields(transformers.PreTrainedConfig)
        }
        names |= {
            "attn_config." + field.name
            for field in dataclasses.fields(MptAttentionConfig)
            if field.name not in common
        }
    return names


@pytest.mark.parametrize("family", FAMILIES)
def test_every_field_is_listed_once(family):
    lists = [HONOURED[family], REFUSED[family], IRRELEVANT[family]]
    listed = [name for part in lists for name in part]
    listed.append("tie_word_embeddings")
    assert len(listed) == len(set(listed))
    assert set(listed) == _all_fields(family)


@pytest.mark.parametrize("family", FAMILIES)
def test_ties(references, canonical, family, tmp_path):
    """Without the tie the output matrix is missing; with it, and the matrix in
    the file, the matrix is taken: transformers does the same."""
    key = "tie_word_embeddings"
    model = _changed(references, TIED[family], tmp_path / "a", key, False)
    result = tools.run_import(model, tmp_path / "a" / "module.mlir")
    assert result.returncode == 1
    assert "lm_head.weight" in result.stderr
    model = _changed(references, family, tmp_path / "b", key, True)
    result = tools.run_import(model, tmp_path / "b" / "module.mlir")
    assert result.returncode == 0, result.stderr
    module = (tmp_path / "b" / "module.mlir").read_text()
    assert module == canonical(family).read_text()


def _rows(table):
    return [(family, key) for family in FAMILIES for key in table[family]]


@pytest.mark.parametrize("family,key", _rows(HONOURED))
def test_honoured(references, canonical, family, key, tmp_path):
    model = _changed(references, family, tmp_path, key, HONOURED[family][key])
    result = tools.run_import(model, tmp_path / "module.mlir")
    if result.returncode == 0:
        before = canonical(family).read_text()
        assert (tmp_path / "module.mlir").read_text() != before
    else:
        named = "NoSuchForCausalLM" if key == "architectures" else None
        named = named or key.split(".")[-1]
        tensor = r"'[a-z][\w.]*\.(weight|bias)'"
        assert re.search(rf"error: .*({named}|{tensor})", result.stderr)


@pytest.mark.parametrize("family,key", _rows(REFUSED))
def test_refused(references, family, key, tmp_path):
    model = _changed(references, family, tmp_path, key, REFUSED[family][key])
    result = tools.run_import(model, tmp_path / "module.mlir")
    assert result.returncode == 1
    assert key.split(".")[-1] in result.stderr


@pytest.mark.parametrize("family,key", _rows(IRRELEVANT))
def test_irrelevant(references, canonical, family, key, tmp_path):
    value, _ = IRRELEVANT[family][key]
    model = _changed(references, family, tmp_path, key, value)
    result = tools.run_import(model, tmp_path / "module.mlir")
    assert result.returncode == 0, result.stderr
    before = canonical(family).read_text()
    assert (tmp_path / "module.mlir").read_text() == before


@pytest.mark.parametrize(
    "scaling",
    [
        {"rope_type": "linear", "factor": 4.0},
        {"type": "linear", "factor": 4.0},
        {
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
        },
    ],
    ids=["rope_type", "type", "llama3"],
)
def test_both_spellings_of_rope(references, scaling, tmp_path):
    """rope_theta and rope_scaling beside each other, as before transformers
    5, or all of it in rope_parameters."""
    texts = []
    for spelling in ("old", "new"):
        model = tmp_path / "model"
        shutil.rmtree(model, ignore_errors=True)
        shutil.copytree(references.model("llama"), model)
        path = model / "config.json"
        config = json.loads(path.read_text())
        del config["rope_parameters"]
        if spelling == "old":
            config["rope_theta"] = 321.0
            config["rope_scaling"] = scaling
        else:
            config["rope_parameters"] = {**scaling, "rope_theta": 321.0}
        path.write_text(json.dumps(config))
        result = tools.run_import(model, tmp_path / "module.mlir")
        assert result.returncode == 0, result.stderr
        texts.append((tmp_path / "module.mlir").read_text())
    assert texts[0] == texts[1]
    assert "321" in texts[0] or "3.21" in texts[0]


def test_both_spellings_of_dtype(references, canonical, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(references.model("llama"), model)
    path = model / "config.json"
    config = json.loads(path.read_text())
    config["torch_dtype"] = config.pop("dtype")
    path.write_text(json.dumps(config))
    assert tools.run_import(model, tmp_path / "module.mlir").returncode == 0
    assert (tmp_path / "module.mlir").read_text() == canonical(
        "llama"
    ).read_text()
