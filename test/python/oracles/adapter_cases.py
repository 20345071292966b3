# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The random PEFT adapters of the parity tests: every key of LoraConfig that
changes what an adapter computes, over the tiny models of `variants`, with the
mutations of the reference that must be noticed."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import compare
from .variants import BY_NAME, PROMPT_LENGTHS, Variant

# Prompts of all but the first adapter of a family.
FEW_LENGTHS = (7, 33, 100)
MUTATION_PROMPT = 33


@dataclass(frozen=True)
class Part:
    """One PEFT folder. `config` are LoraConfig's keywords; `raw` replaces
    fields of the saved adapter_config.json, which peft writes resolved.

    Seeds are such that no row repeats a few tokens, that no two best logits of
    the reference are within twice the tolerance, and that the reference's own
    rounding errors are well below the tolerance."""

    config: dict
    seed: int
    weight: float = 1.0
    std: float = 0.2
    dtype: str = "float32"
    raw: dict = field(default_factory=dict)
    # Values on a grid on which W + B·A is exact up to one rounding, so that
    # the order of a sum cannot decide how a weight is rounded to 16 bits.
    grid: bool = False


@dataclass(frozen=True)
class Case:
    name: str
    base: str  # of variants.VARIANTS or variants.GGUF_NAMES
    parts: tuple[Part, ...]
    mutations: tuple[str, ...]
    modes: tuple[str, ...] = ("merge", "swap")
    # What swap mode says that it cannot express.
    refused: str | None = None
    lengths: tuple[int, ...] = FEW_LENGTHS
    # The reference's merged weights are rounded to it once.
    rounded: str | None = None
    # The reference's base has its matrices rounded to it.
    base_rounded: str | None = None
    host_weights: str = "auto"

    @property
    def limit(self) -> float:
        """Of the logits' difference, in units of the tolerance."""
        if self.rounded is None or all(part.grid for part in self.parts):
            return 1.0
        return compare.ROUNDED_WEIGHTS[self.rounded]

    @property
    def part(self) -> Part:
        (part,) = self.parts
        return part

    @property
    def variant(self) -> Variant:
        """What the random base is made from; a GGUF file's is its own."""
        return BY_NAME[self.base]

    @property
    def is_gguf(self) -> bool:
        return self.base.startswith("gguf-")


def _one(name, base, seed, mutations, *, std=0.2, dtype="float32", raw=None,
         grid=False, refused=None, modes=None, lengths=FEW_LENGTHS,
         rounded=None, base_rounded=None, host_weights="auto", **config):
    part = Part(config, seed, std=std, dtype=dtype, raw=raw or {}, grid=grid)
    if modes is None:
        modes = ("merge",) if refused else ("merge", "swap")
    return Case(
        name, base, (part,), ("off", *mutations), modes, refused, lengths,
        rounded, base_rounded, host_weights,
    )


_QV = ["q_proj", "v_proj"]

LLAMA = (
    _one(
        "llama-suffixes", "llama", 601,
        ("scaling", "target:q_proj", "target:v_proj", "target:layers.1"),
        r=8, lora_alpha=20, target_modules=_QV, lengths=PROMPT_LENGTHS,
    ),
    _one(
        "llama-all-linear", "llama", 2,
        ("rslora", "scaling", "target:down_proj", "target:gate_proj"),
        r=4, lora_alpha=3, use_rslora=True, target_modules="all-linear",
        raw={"target_modules": "all-linear"},
    ),
    _one(
        "llama-regex", "llama", 103,
        ("rank_pattern", "alpha_pattern", "target:k_proj"),
        r=6, lora_alpha=12,
        target_modules=r"model\.layers\.[01]\.self_attn\.(?:k|o)_proj",
        rank_pattern={"k_proj": 2, r"layers\.1\.self_attn\.o_proj": 12},
        alpha_pattern={r".*\.0\.self_attn\.o_proj": 30},
    ),
    _one(
        "llama-layers", "llama", 104,
        ("target:layers.1.mlp.gate_proj", "target:layers.1.mlp.down_proj"),
        r=8, lora_alpha=16, target_modules=["gate_proj", "mlp.down_proj"],
        layers_to_transform=[1], layers_pattern="layers",
    ),
    _one(
        "llama-one-layer", "llama", 105, ("target:layers.0",),
        r=16, lora_alpha=32, target_modules=["up_proj", "k_proj"],
        layers_to_transform=0, raw={"layers_to_transform": 0},
    ),
    _one(
        "llama-excluded", "llama", 206,
        ("target:layers.1.self_attn.k_proj", "target:up_proj"),
        r=3, lora_alpha=6, dtype="bfloat16",
        target_modules=["q_proj", "k_proj", "up_proj"],
        exclude_modules=r".*\.layers\.0\..*\.k_proj",
    ),
    _one(
        "llama-excluded-names", "llama", 7,
        ("target:layers.0.self_attn.v_proj",),
        r=12, lora_alpha=18, dtype="float16",
        target_modules=["model.layers.0.self_attn.v_proj", "o_proj"],
        exclude_modules=["layers.1.self_attn.o_proj"],
    ),
    _one(
        "llama-head", "llama", 8, ("target:lm_head", "target:o_proj"),
        r=64, lora_alpha=16, std=0.15, target_modules=["lm_head", "o_proj"],
    ),
    _one(
        "llama-dora", "llama", 109,
        ("dora", "scaling", "target:down_proj", "target:q_proj"),
        r=4, lora_alpha=8, use_dora=True, refused="'use_dora'",
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "down_proj"],
    ),
    _one(
        "llama-embeddings", "llama", 110,
        ("target:embed_tokens", "target:lm_head"),
        r=4, lora_alpha=8, refused="'model.embed_tokens'",
        target_modules=["embed_tokens", "lm_head"],
    ),
    _one(
        "llama-dora-embeddings", "llama", 111,
        ("dora", "rslora", "target:embed_tokens"),
        r=4, lora_alpha=4, use_dora=True, use_rslora=True,
        refused="'use_dora'", target_modules=["embed_tokens", "o_proj"],
    ),
    _one(
        "llama-saved", "llama", 812, ("saved", "target:q_proj"),
        r=4, lora_alpha=8, target_modules=["q_proj"],
        modules_to_save=["lm_head", "model.norm"],
        refused="'modules_to_save' (lm_head)",
    ),
    _one(
        "llama-bias-all", "llama-bias", 13, ("bias", "target:gate_proj"),
        r=4, lora_alpha=8, bias="all", target_modules=["gate_proj"],
        refused="'bias'",
    ),
    _one(
        "llama-bias-lora-only", "llama-bias", 714, ("bias", "scaling"),
        r=4, lora_alpha=10, bias="lora_only", target_modules=["k_proj"],
        refused="'bias'",
    ),
    _one(
        "llama-tied-embedding", "llama-tied", 115, ("target:embed_tokens",),
        r=4, lora_alpha=8, refused="'model.embed_tokens'",
        target_modules=["embed_tokens", "v_proj"],
    ),
    _one(
        "llama-tied-head", "llama-tied", 16, ("target:lm_head",),
        r=8, lora_alpha=8, target_modules=["lm_head"],
    ),
    _one(
        "llama-tied-saved", "llama-tied", 317, ("saved",),
        r=4, lora_alpha=8, target_modules=["v_proj"],
        modules_to_save=["embed_tokens"],
        refused="'modules_to_save' (embed_tokens)",
    ),
    Case(
        "llama-sum", "llama",
        (
            Part(dict(r=8, lora_alpha=16, target_modules=_QV), 121, 0.7),
            Part(
                dict(r=4, lora_alpha=4, use_rslora=True,
                     target_modules=["v_proj", "gate_proj"]),
                122, -1.3,
            ),
            Part(dict(r=2, lora_alpha=3, target_modules=["v_proj"]), 123),
        ),
        ("off", "weights", "part:0", "part:1", "part:2"),
        modes=("merge",),
    ),
    Case(
        "llama-dora-sum", "llama",
        (
            Part(
                dict(r=4, lora_alpha=8, use_dora=True,
                     target_modules=["v_proj", "up_proj"]),
                324, 0.6,
            ),
            Part(dict(r=8, lora_alpha=12, target_modules=_QV), 325, 0.5),
        ),
        ("off", "weights", "part:0", "part:1", "dora"),
        modes=("merge",),
    ),
)

# Bases of 16 bits, merged in their own dtype; and swapped beside weights of
# 16 bits, whose arithmetic is in f32.
SIXTEEN_BITS = (
    _one(
        "llama-bf16-merged", "llama-bf16", 1231, ("scaling", "unrounded"),
        r=8, lora_alpha=16, grid=True, rounded="bfloat16",
        modes=("merge",), target_modules=["q_proj", "v_proj", "down_proj"],
    ),
    _one(
        "llama-f16-merged", "llama-f16", 232, ("scaling",),
        r=8, lora_alpha=16, grid=True, rounded="float16",
        modes=("merge",), target_modules="all-linear",
    ),
    _one(
        "gpt2-bf16-merged", "gpt2-bf16", 233, ("scaling", "unrounded"),
        r=4, lora_alpha=16, grid=True, rounded="bfloat16",
        modes=("merge",), target_modules=["c_attn", "mlp.c_proj"],
        fan_in_fan_out=True,
    ),
    _one(
        "mpt-f16-merged", "mpt-f16", 2734, ("scaling",),
        r=4, lora_alpha=16, grid=True, rounded="float16",
        modes=("merge",), target_modules=["Wqkv", "up_proj"],
    ),
    # Values that are on no grid: a sum in another order may round one weight
    # the other way.
    _one(
        "llama-bf16-random", "llama-bf16", 238, ("scaling",),
        r=8, lora_alpha=20, rounded="bfloat16", modes=("merge",),
        target_modules=_QV,
    ),
    _one(
        "llama-f16-random", "llama-f16", 39, ("scaling",),
        r=8, lora_alpha=20, rounded="float16", modes=("merge",),
        target_modules=_QV,
    ),
    _one(
        "llama-bf16-swapped", "llama-bf16", 135, ("scaling",),
        r=8, lora_alpha=16, modes=("swap",), target_modules=_QV,
    ),
    _one(
        "mpt-f16-swapped", "mpt-f16", 2636, ("scaling",),
        r=8, lora_alpha=16, modes=("swap",), target_modules=["Wqkv"],
    ),
    _one(
        "llama-on-bf16", "llama", 537, ("scaling",),
        r=16, lora_alpha=24, modes=("swap",), target_modules="all-linear",
        base_rounded="bfloat16", host_weights="bf16",
    ),
)

GPT2 = (
    _one(
        "gpt2-fused", "gpt2", 241, ("scaling", "thirds", "target:h.1"),
        r=8, lora_alpha=16, fan_in_fan_out=True, target_modules=["c_attn"],
        lengths=PROMPT_LENGTHS,
    ),
    _one(
        "gpt2-all-linear", "gpt2", 142,
        ("rslora", "target:c_fc", "target:mlp.c_proj", "transposed"),
        r=4, lora_alpha=4, use_rslora=True, fan_in_fan_out=True,
        target_modules="all-linear", raw={"target_modules": "all-linear"},
    ),
    _one(
        "gpt2-suffixes", "gpt2", 43, ("rank_pattern", "transposed"),
        r=8, lora_alpha=12, fan_in_fan_out=True,
        target_modules=["attn.c_proj", "c_fc"],
        rank_pattern={"c_fc": 16},
    ),
    _one(
        "gpt2-layers", "gpt2", 44, ("target:h.1.attn.c_attn",),
        r=8, lora_alpha=16, fan_in_fan_out=True, target_modules=["c_attn"],
        layers_to_transform=[1], layers_pattern="h",
    ),
    _one(
        "gpt2-head", "gpt2", 445, ("target:lm_head",),
        r=8, lora_alpha=12, target_modules=["lm_head", "c_attn"],
    ),
    _one(
        "gpt2-dora", "gpt2", 946, ("dora", "target:c_attn"),
        r=4, lora_alpha=8, use_dora=True, fan_in_fan_out=True,
        target_modules=["c_attn", "attn.c_proj"], refused="'use_dora'",
    ),
    _one(
        "gpt2-bias", "gpt2", 47, ("bias", "thirds"),
        r=4, lora_alpha=8, bias="all", fan_in_fan_out=True,
        target_modules=["c_attn"], refused="'bias'",
    ),
    _one(
        "gpt2-bias-lora-only", "gpt2", 948, ("bias",),
        r=4, lora_alpha=8, bias="lora_only", fan_in_fan_out=True,
        target_modules=["c_attn", "c_fc"], refused="'bias'",
    ),
    _one(
        "gpt2-embeddings", "gpt2", 749, ("target:wte", "target:wpe"),
        r=4, lora_alpha=8, target_modules=["wte", "wpe"],
        refused="'transformer.wte'",
    ),
    _one(
        "gpt2-saved", "gpt2", 1150, ("saved",),
        r=4, lora_alpha=8, fan_in_fan_out=True, target_modules=["c_fc"],
        modules_to_save=["c_attn", "ln_f", "wpe"],
        refused="'modules_to_save' (c_attn)",
    ),
    _one(
        "gpt2-tied-head", "gpt2-tied", 51, ("target:lm_head",),
        r=4, lora_alpha=8, target_modules=["lm_head"],
    ),
    _one(
        "gpt2-tied-embedding", "gpt2-tied", 52, ("target:wte",),
        r=4, lora_alpha=8, target_modules=["wte"],
        refused="'transformer.wte'",
    ),
)

MPT = (
    _one(
        "mpt-fused", "mpt", 3961, ("scaling", "thirds", "target:blocks.1"),
        r=8, lora_alpha=16, std=0.14, target_modules=["Wqkv"],
        lengths=PROMPT_LENGTHS,
    ),
    _one(
        "mpt-all-linear", "mpt", 62,
        ("rslora", "target:out_proj", "target:down_proj"),
        r=4, lora_alpha=3, use_rslora=True, target_modules="all-linear",
        raw={"target_modules": "all-linear"},
    ),
    _one(
        "mpt-regex", "mpt", 963, ("alpha_pattern", "target:ffn.up_proj"),
        r=8, lora_alpha=8, target_modules=r".*\.ffn\.(up|down)_proj",
        alpha_pattern={"ffn.up_proj": 24},
    ),
    _one(
        "mpt-layers", "mpt", 764, ("target:blocks.0",),
        r=5, lora_alpha=10, target_modules=["Wqkv", "out_proj"],
        layers_to_transform=[0], layers_pattern=["blocks"],
    ),
    _one(
        "mpt-clip-fused", "mpt-clip", 1065, ("thirds", "scaling"),
        r=8, lora_alpha=16, target_modules=["Wqkv"],
    ),
    _one(
        "mpt-dora", "mpt", 566, ("dora", "target:Wqkv"),
        r=4, lora_alpha=8, use_dora=True, refused="'use_dora'",
        target_modules=["Wqkv", "down_proj"],
    ),
    _one(
        "mpt-saved", "mpt", 1167, ("saved",),
        r=4, lora_alpha=8, std=0.1, target_modules=["up_proj"],
        modules_to_save=["Wqkv", "norm_f"],
        refused="'modules_to_save' (Wqkv)",
    ),
    _one(
        "mpt-embeddings", "mpt", 368, ("target:wte", "target:lm_head"),
        r=4, lora_alpha=8, target_modules=["wte", "lm_head"],
        refused="'transformer.wte'",
    ),
)

GGUF = tuple(
    _one(
        f"{base}-{kind}", base, seed, ("rope_order", *mutations), r=8,
        lora_alpha=16, target_modules=targets,
    )
    for base, kind, seed, targets, mutations in (
        ("gguf-f32", "all", 270, "all-linear", ("scaling",)),
        ("gguf-q8_0", "all", 72, "all-linear", ("target:up_proj",)),
        ("gguf-q4_1", "qv", 73, _QV, ("scaling",)),
        ("gguf-tied", "head", 274, ["lm_head", "k_proj"], ("target:lm_head",)),
    )
)

# A file of 16-bit floats: merged in its own type, swapped beside it.
GGUF += tuple(
    _one(
        f"gguf-f16-{mode}", "gguf-f16", seed, ("rope_order",), r=8,
        lora_alpha=16, target_modules=["q_proj", "k_proj"], grid=True,
        rounded=rounded, modes=(mode,),
    )
    for mode, seed, rounded in (
        ("merge", 1471, "float16"), ("swap", 1476, None),
    )
)

CASES = LLAMA + SIXTEEN_BITS + GPT2 + MPT + GGUF
CASE_BY_NAME = {case.name: case for case in CASES}
FIRST_OF_FAMILY = ("llama-suffixes", "gpt2-fused", "mpt-fused")


def swapped_together(name: str) -> tuple[str, ...]:
    """The adapters that one package takes in turns, `name` among them."""
    own = CASE_BY_NAME[name]
    return tuple(
        case.name for case in CASES
        if "swap" in case.modes
        and (case.base, case.host_weights) == (own.base, own.host_weights)
    )
