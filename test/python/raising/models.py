# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One tiny random model per family, the same in every environment: weights
depend on the family's seed and on the parameter's name alone.

Weights have a standard deviation of 0.2 or more, windows are shorter than the
long prompt, and embeddings are untied but for GPT-2. Values are rounded to
bfloat16, so that the files compress.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

VOCAB = 120
LONGEST = 64
WINDOW = 12


@dataclass(frozen=True)
class Family:
    name: str
    config_class: str
    model_class: str
    config: dict
    seed: int = 1
    std: float = 0.3
    # Factors of `std` for parameters whose name contains the key.
    factors: dict = field(default_factory=dict)
    encoder: bool = False
    # What the model takes, besides token ids and the attention mask.
    more_inputs: tuple[str, ...] = ("position_ids",)
    # Attention that is right in all versions, where the default is not: the one
    # of transformers 4.57 for Gemma 2 leaves out the soft-cap.
    attention: str | None = None
    # Norm weights are stored less one.
    norm_offset: float = 0.0
    # LoraConfig of an adapter that is exported with the model, not merged.
    lora: dict | None = None


def _family(name: str, stem: str, config: dict, **more) -> Family:
    return Family(
        name, f"{stem}Config", more.pop("model", f"{stem}ForCausalLM"),
        dict(config, bos_token_id=None, eos_token_id=None, pad_token_id=None),
        **more,
    )


def _common(**overrides) -> dict:
    """The names that most decoders use."""
    config = dict(
        vocab_size=VOCAB,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=LONGEST,
        tie_word_embeddings=False,
        rope_theta=1000.0,
    )
    config.update(overrides)
    return config


def _grouped(**overrides) -> dict:
    return _common(num_key_value_heads=2, **overrides)


# ONNX Runtime's GroupQueryAttention wants heads of a multiple of 16, of which it
# rotates a multiple of 16 too.
_WIDE = dict(hidden_size=64)
# Its builder writes an epsilon of 1e-6 whatever the configuration says.
_WIDE_HALF = dict(_WIDE, num_attention_heads=2, layer_norm_eps=1e-6)


def _gemma(**overrides) -> dict:
    return _grouped(
        head_dim=16, query_pre_attn_scalar=24, sliding_window=WINDOW,
        layer_types=["sliding_attention", "full_attention"], **overrides,
    )


def _bert(**overrides) -> dict:
    config = _common(**overrides)
    del config["rope_theta"]
    return config


_GPT2 = dict(
    vocab_size=VOCAB, n_positions=LONGEST, n_embd=32, n_layer=2, n_head=4,
    n_inner=48,
)

# Falcon 7B: one head of keys and values.
_FALCON = dict(
    vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2,
    num_attention_heads=4, ffn_hidden_size=64, multi_query=True,
    parallel_attn=True, max_position_embeddings=LONGEST, rope_theta=1000.0,
    tie_word_embeddings=False,
)

# Falcon 40B: groups, whose queries, keys and values alternate in one matrix.
_FALCON_GROUPED = dict(_FALCON, new_decoder_architecture=True, num_kv_heads=2)

_MPT = dict(
    vocab_size=VOCAB, d_model=32, n_heads=4, n_layers=2, expansion_ratio=2,
    max_seq_len=LONGEST, tie_word_embeddings=False,
)

_DISTILBERT = dict(
    vocab_size=VOCAB, dim=32, hidden_dim=48, n_layers=2, n_heads=4,
    max_position_embeddings=LONGEST,
)

FAMILIES = (
    _family("llama", "Llama", _grouped(**_WIDE), seed=1),
    _family(
        "llama_lora", "Llama", _grouped(), seed=14, factors={"lora_": 0.6},
        lora=dict(
            r=4, lora_alpha=10, target_modules="all-linear",
            rank_pattern={"down_proj": 8}, lora_dropout=0.1,
        ),
    ),
    _family(
        "mistral", "Mistral", _grouped(sliding_window=WINDOW, **_WIDE), seed=1,
    ),
    _family("qwen2", "Qwen2", _grouped(**_WIDE), seed=2),
    _family("qwen3", "Qwen3", _grouped(head_dim=16), seed=4),
    _family(
        "gemma2", "Gemma2",
        _gemma(attn_logit_softcapping=5.0, final_logit_softcapping=10.0),
        seed=7, norm_offset=1.0, attention="eager",
    ),
    _family(
        "gemma3", "Gemma3", _gemma(rope_local_base_freq=100.0), seed=1,
        norm_offset=1.0,
    ),
    _family(
        "phi", "Phi", _common(partial_rotary_factor=0.5, **_WIDE_HALF),
        seed=1,
    ),
    _family(
        "phi3", "Phi3",
        _grouped(
            sliding_window=WINDOW, original_max_position_embeddings=LONGEST,
            **_WIDE,
        ),
        seed=5,
    ),
    _family(
        "gpt2", "GPT2", dict(_GPT2, tie_word_embeddings=True),
        model="GPT2LMHeadModel", seed=1, factors={"attn": 2, "mlp": 2},
    ),
    _family(
        "gptj", "GPTJ", dict(_GPT2, rotary_dim=4, tie_word_embeddings=False),
        seed=23, factors={"attn": 2},
    ),
    _family(
        "gpt_neox", "GPTNeoX",
        _common(rotary_pct=0.5, rotary_emb_base=1000.0), seed=14,
        factors={"attention": 2},
    ),
    _family("falcon", "Falcon", _FALCON, seed=13),
    _family("falcon_grouped", "Falcon", _FALCON_GROUPED, seed=11),
    _family(
        "mpt", "Mpt", _MPT, more_inputs=(), seed=29,
        factors={"out_proj": 3, "down_proj": 2},
    ),
    _family(
        "starcoder2", "Starcoder2", _grouped(sliding_window=WINDOW), seed=27,
        factors={"o_proj": 3},
    ),
    _family("olmo2", "Olmo2", _grouped(), seed=18),
    _family(
        "bert", "Bert", _bert(), model="BertModel", encoder=True,
        more_inputs=("token_type_ids",),
    ),
    _family(
        "distilbert", "DistilBert", _DISTILBERT, model="DistilBertModel",
        encoder=True, more_inputs=(),
    ),
)

BY_NAME = {family.name: family for family in FAMILIES}


def head_dim(family: Family) -> int:
    """Most have four heads, some of a size of their own."""
    config = family.config
    width = config.get("hidden_size", 32)
    return config.get("head_dim", width // config.get("num_attention_heads", 4))


def configuration(family: Family):
    import transformers  # pylint: disable=import-outside-toplevel

    name = family.config_class
    if name == "Gemma3Config":
        name = "Gemma3TextConfig"
    return getattr(transformers, name)(**family.config)


def _seed(family: Family, parameter: str) -> int:
    # Called otherwise in older transformers.
    parameter = parameter.replace("embed_out", "lm_head")
    text = f"{family.name}/{family.seed}/{parameter}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "little")


def _value(family: Family, name: str, shape):
    import torch  # pylint: disable=import-outside-toplevel

    generator = torch.Generator().manual_seed(_seed(family, name))
    noise = torch.randn(shape, generator=generator)
    if len(shape) == 1 and name.endswith("weight"):
        value = 1 - family.norm_offset + 0.3 * noise
    else:
        std = family.std
        for part, factor in family.factors.items():
            std *= factor if part in name else 1
        value = std * noise
    return value.bfloat16().float()


def _add_adapter(family: Family, model):
    """peft's model, low-rank paths in the model's own layers."""
    # pylint: disable=import-outside-toplevel
    import peft
    import torch

    adapted = peft.get_peft_model(
        model, peft.LoraConfig(task_type="CAUSAL_LM", **family.lora)
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_" in name:
                parameter.copy_(_value(family, name, parameter.shape))
                parameter.requires_grad = False
    return adapted


def make(
    family: Family, attention: str | None = None, merged: bool = False
):
    """The random model, with transformers' default attention or another. An
    adapter that it has is `merged` or beside its layers."""
    import torch  # pylint: disable=import-outside-toplevel
    import transformers  # pylint: disable=import-outside-toplevel

    config = configuration(family)
    attention = attention or family.attention
    if attention is not None:
        # pylint: disable=protected-access
        config._attn_implementation = attention
    model = getattr(transformers, family.model_class)(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(_value(family, name, parameter.shape))
            parameter.requires_grad = False
    if family.lora is not None:
        adapted = _add_adapter(family, model)
        if merged:
            model = adapted.eval().merge_and_unload()
    return model.eval()
