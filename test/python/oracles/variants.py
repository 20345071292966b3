# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tiny random models of the parity tests: one entry per feature of a
family, with the mutations of the reference that must be noticed."""

from __future__ import annotations

from dataclasses import dataclass, field

# Prompt lengths that every variant is tested with: one token, one partial
# chunk, one full chunk, one more than a chunk, several chunks and a rest.
PROMPT_LENGTHS = (1, 7, 32, 33, 100)
NEW_TOKENS = 40
PREFILL = 32
CONTEXT = 160


@dataclass(frozen=True)
class Variant:
    name: str
    family: str  # "llama", "gpt2" or "mpt"
    config: dict
    mutations: tuple[str, ...]
    seed: int = 1
    std: float = 0.3
    dtype: str = "float32"
    shard_size: str = "1GB"
    # Frequencies that transformers would choose by the length of each call
    # are frozen to this length, as a compiled model does with its context.
    frozen_length: int | None = None
    # Factors of `std` for parameters whose name contains the key.
    factors: dict = field(default_factory=dict)


def _llama(**overrides) -> dict:
    config = dict(
        vocab_size=256,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        rms_norm_eps=1e-5,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=None,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    )
    config.update(overrides)
    return config


def _rope(kind: str, theta: float = 10000.0, **more) -> dict:
    return {"rope_type": kind, "rope_theta": theta, **more}


def _gpt2(**overrides) -> dict:
    config = dict(
        vocab_size=256,
        n_positions=192,
        n_embd=64,
        n_layer=2,
        n_head=4,
        layer_norm_epsilon=1e-5,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=None,
    )
    config.update(overrides)
    return config


def _mpt(attention: dict | None = None, **overrides) -> dict:
    config = dict(
        vocab_size=256,
        d_model=64,
        n_heads=4,
        n_layers=2,
        max_seq_len=256,
        layer_norm_epsilon=1e-5,
        tie_word_embeddings=False,
        use_cache=True,
        attn_config=attention or {},
    )
    config.update(overrides)
    return config


_COMMON = ("causal_off", "cache_chunk_lost", "cache_decode_lost", "head_off")

VARIANTS = (
    Variant(
        "llama",
        "llama",
        _llama(),
        _COMMON
        + (
            "rope_off",
            "rope_interleaved",
            "rope_theta",
            "kv_heads_tiled",
            "decode_position_off_by_one",
            "scale",
            "activation",
        ),
        seed=2,
    ),
    Variant(
        "llama-bias",
        "llama",
        _llama(attention_bias=True, mlp_bias=True, num_key_value_heads=1),
        (
            "bias:q_proj",
            "bias:k_proj",
            "bias:v_proj",
            "bias:o_proj",
            "bias:gate_proj",
            "bias:up_proj",
            "bias:down_proj",
            "rope_off",
        ),
        seed=17,
    ),
    Variant(
        "llama-eps",
        "llama",
        _llama(rms_norm_eps=0.05, num_key_value_heads=4),
        ("rms_eps", "rope_off"),
        seed=3,
    ),
    Variant(
        "llama-head-dim",
        "llama",
        _llama(head_dim=32, num_attention_heads=4, num_key_value_heads=2),
        ("scale", "kv_heads_tiled", "rope_off"),
        seed=5,
        shard_size="60KB",
    ),
    Variant(
        "llama-tied",
        "llama",
        _llama(tie_word_embeddings=True),
        ("untied", "rope_off"),
        seed=5,
    ),
    Variant(
        "llama-linear",
        "llama",
        _llama(rope_parameters=_rope("linear", factor=4.0)),
        ("rope_scaling_off", "rope_off"),
        seed=7,
    ),
    Variant(
        "llama-dynamic",
        "llama",
        _llama(
            rope_parameters=_rope("dynamic", factor=2.0),
            max_position_embeddings=64,
        ),
        ("rope_scaling_off", "rope_off"),
        seed=11,
        frozen_length=CONTEXT,
    ),
    Variant(
        "llama-llama3",
        "llama",
        _llama(
            rope_parameters=_rope(
                "llama3",
                theta=500.0,
                factor=8.0,
                low_freq_factor=1.0,
                high_freq_factor=4.0,
                original_max_position_embeddings=64,
            )
        ),
        ("rope_scaling_off", "rope_off"),
        seed=8,
    ),
    Variant(
        "llama-yarn",
        "llama",
        _llama(
            rope_parameters=_rope(
                "yarn",
                theta=1000.0,
                factor=8.0,
                beta_fast=16.0,
                beta_slow=2.0,
                original_max_position_embeddings=64,
            )
        ),
        ("rope_scaling_off", "rope_attention_factor", "rope_off"),
        seed=9,
    ),
    Variant(
        "llama-yarn-mscale",
        "llama",
        _llama(
            rope_parameters=_rope(
                "yarn",
                theta=1000.0,
                factor=8.0,
                mscale=1.0,
                mscale_all_dim=0.5,
                truncate=False,
                original_max_position_embeddings=64,
            )
        ),
        ("rope_scaling_off", "rope_attention_factor"),
        seed=12,
    ),
    Variant(
        "llama-longrope-long",
        "llama",
        _llama(
            rope_parameters=_rope(
                "longrope",
                factor=4.0,
                short_factor=[1.0 + 0.1 * i for i in range(8)],
                long_factor=[1.0 + 0.9 * i for i in range(8)],
                original_max_position_embeddings=128,
            )
        ),
        ("rope_scaling_off", "rope_attention_factor", "rope_other_factors"),
        seed=13,
        frozen_length=CONTEXT,
    ),
    Variant(
        "llama-longrope-short",
        "llama",
        _llama(
            rope_parameters=_rope(
                "longrope",
                factor=2.0,
                short_factor=[1.0 + 0.4 * i for i in range(8)],
                long_factor=[1.0 + 0.9 * i for i in range(8)],
                original_max_position_embeddings=256,
            )
        ),
        ("rope_scaling_off", "rope_attention_factor", "rope_other_factors"),
        seed=12,
        frozen_length=CONTEXT,
    ),
    Variant(
        "llama-gelu",
        "llama",
        _llama(hidden_act="gelu"),
        ("activation",),
        seed=21,
    ),
    Variant(
        "llama-f16",
        "llama",
        _llama(),
        ("rope_off",),
        seed=13,
        dtype="float16",
        shard_size="60KB",
    ),
    Variant(
        "llama-bf16",
        "llama",
        _llama(attention_bias=True),
        ("rope_off", "bias:q_proj"),
        seed=15,
        dtype="bfloat16",
    ),
    Variant(
        "gpt2",
        "gpt2",
        _gpt2(),
        _COMMON
        + (
            "positions_off",
            "positions_off_by_one",
            "decode_position_off_by_one",
            "scale",
            "activation",
            "bias:c_attn",
            "bias:attn.c_proj",
            "bias:c_fc",
            "bias:mlp.c_proj",
            "bias:ln_1",
            "bias:ln_2",
            "bias:ln_f",
            "qkv_order",
        ),
        seed=30,
        std=0.25,
        factors={"attn.c_proj.weight": 4.0},
    ),
    Variant(
        "gpt2-tied",
        "gpt2",
        _gpt2(tie_word_embeddings=True, n_inner=96),
        ("untied", "positions_off"),
        seed=32,
        std=0.25,
        factors={"attn.c_proj.weight": 4.0},
        shard_size="60KB",
    ),
    Variant(
        "gpt2-scale",
        "gpt2",
        _gpt2(
            scale_attn_weights=False,
            scale_attn_by_inverse_layer_idx=True,
            activation_function="relu",
        ),
        ("scale_by_width", "scale_of_layers_off", "activation"),
        seed=33,
        std=0.25,
        factors={"attn.c_proj.weight": 4.0},
    ),
    Variant(
        "gpt2-bf16",
        "gpt2",
        _gpt2(layer_norm_epsilon=0.05),
        ("layer_eps", "positions_off"),
        seed=51,
        std=0.25,
        factors={"attn.c_proj.weight": 4.0},
        dtype="bfloat16",
    ),
    Variant(
        "mpt",
        "mpt",
        _mpt(d_model=128, n_heads=8),
        _COMMON
        + ("alibi_off", "alibi_bias_max", "scale", "qkv_order"),
        seed=49,
        std=0.25,
        factors={"out_proj.weight": 4.0},
    ),
    Variant(
        "mpt-heads",
        "mpt",
        _mpt(d_model=96, n_heads=6),
        ("alibi_off", "alibi_order"),
        seed=49,
        std=0.25,
        factors={"out_proj.weight": 4.0},
    ),
    Variant(
        "mpt-clip",
        "mpt",
        _mpt({"clip_qkv": 2.0, "softmax_scale": 0.4}),
        ("clip_off", "scale", "alibi_off"),
        seed=111,
        std=0.3,
        factors={"out_proj.weight": 2.0},
        shard_size="60KB",
    ),
    Variant(
        "mpt-f16",
        "mpt",
        _mpt({"clip_qkv": 3.0}, layer_norm_epsilon=0.05,
             tie_word_embeddings=True),
        ("layer_eps", "clip_off", "alibi_off", "untied"),
        seed=143,
        std=0.3,
        factors={"out_proj.weight": 3.0},
        dtype="float16",
    ),
)

BY_NAME = {variant.name: variant for variant in VARIANTS}

# The GGUF files that oracles.gguf_models writes: one tensor type each, and a
# mixed one with tied embeddings like those that people use.
GGUF_NAMES = tuple(
    f"gguf-{kind}"
    for kind in ("f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "tied")
)
