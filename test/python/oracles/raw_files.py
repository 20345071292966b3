# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small model files written byte by byte, so that each byte can be wrong, and
the check that a tool refuses them well."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import numpy as np

from . import tools

HIDDEN, HEADS, GROUPS, HEAD, INNER, VOCAB, LAYERS = 32, 2, 1, 16, 64, 64, 2

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": GROUPS,
    "head_dim": HEAD,
    "vocab_size": VOCAB,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def shapes(layers: int = LAYERS) -> dict[str, tuple[int, ...]]:
    found = {"model.embed_tokens.weight": (VOCAB, HIDDEN)}
    for layer in range(layers):
        at = f"model.layers.{layer}."
        found |= {
            at + "input_layernorm.weight": (HIDDEN,),
            at + "self_attn.q_proj.weight": (HEADS * HEAD, HIDDEN),
            at + "self_attn.k_proj.weight": (GROUPS * HEAD, HIDDEN),
            at + "self_attn.v_proj.weight": (GROUPS * HEAD, HIDDEN),
            at + "self_attn.o_proj.weight": (HIDDEN, HEADS * HEAD),
            at + "post_attention_layernorm.weight": (HIDDEN,),
            at + "mlp.gate_proj.weight": (INNER, HIDDEN),
            at + "mlp.up_proj.weight": (INNER, HIDDEN),
            at + "mlp.down_proj.weight": (HIDDEN, INNER),
        }
    found["model.norm.weight"] = (HIDDEN,)
    found["lm_head.weight"] = (VOCAB, HIDDEN)
    return found


def tensors(seed: int = 7, layers: int = LAYERS) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        name: generator.normal(0, 0.3, shape).astype(np.float32)
        for name, shape in shapes(layers).items()
    }


_DTYPES = {"float32": "F32", "float16": "F16", "int64": "I64"}


def safetensors_header(values: dict[str, np.ndarray]) -> dict:
    header, offset = {}, 0
    for name, value in values.items():
        header[name] = {
            "dtype": _DTYPES[str(value.dtype)],
            "shape": list(value.shape),
            "data_offsets": [offset, offset + value.nbytes],
        }
        offset += value.nbytes
    return header


def safetensors_bytes(header, payload: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + payload


def write_safetensors(path: Path, values: dict[str, np.ndarray],
                      header=None) -> None:
    payload = b"".join(value.tobytes() for value in values.values())
    path.write_bytes(
        safetensors_bytes(header or safetensors_header(values), payload)
    )


def write_checkpoint(folder: Path, config=None, values=None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config or CONFIG))
    write_safetensors(folder / "model.safetensors", values or tensors())
    return folder


def write_sharded(folder: Path, names=("a.safetensors", "b.safetensors")):
    """Two shards and their index, under the given file names."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    values = list(tensors().items())
    weight_map = {}
    for index, name in enumerate(names):
        part = dict(values[index::2])
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_safetensors(folder / name, part)
        weight_map |= {tensor: name for tensor in part}
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": weight_map})
    )
    return folder


def write_gpt2(folder: Path, positions: int) -> Path:
    """A tiny GPT-2 with a table of `positions` learned positions."""
    config = {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": VOCAB,
        "n_positions": positions,
        "n_embd": HIDDEN,
        "n_layer": 1,
        "n_head": HEADS,
        "layer_norm_epsilon": 1e-5,
        "activation_function": "gelu_new",
        "torch_dtype": "float32",
    }
    at = "transformer.h.0."
    sizes = {
        "transformer.wte.weight": (VOCAB, HIDDEN),
        "transformer.wpe.weight": (positions, HIDDEN),
        at + "attn.c_attn.weight": (HIDDEN, 3 * HIDDEN),
        at + "attn.c_attn.bias": (3 * HIDDEN,),
        at + "attn.c_proj.weight": (HIDDEN, HIDDEN),
        at + "attn.c_proj.bias": (HIDDEN,),
        at + "mlp.c_fc.weight": (HIDDEN, 4 * HIDDEN),
        at + "mlp.c_fc.bias": (4 * HIDDEN,),
        at + "mlp.c_proj.weight": (4 * HIDDEN, HIDDEN),
        at + "mlp.c_proj.bias": (HIDDEN,),
    }
    for norm in (at + "ln_1", at + "ln_2", "transformer.ln_f"):
        sizes[norm + ".weight"] = sizes[norm + ".bias"] = (HIDDEN,)
    generator = np.random.default_rng(9)
    values = {
        name: generator.normal(0, 0.3, shape).astype(np.float32)
        for name, shape in sizes.items()
    }
    return write_checkpoint(folder, config, values)


# --- GGUF --------------------------------------------------------------------

_U32, _F32, _STRING = 4, 6, 8


def gguf_string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _pair(key: str, kind: int, value) -> bytes:
    packed = {
        _U32: lambda: struct.pack("<I", value),
        _F32: lambda: struct.pack("<f", value),
        _STRING: lambda: gguf_string(value),
    }[kind]()
    return gguf_string(key) + struct.pack("<I", kind) + packed


def gguf_pairs() -> list[bytes]:
    return [
        _pair("general.architecture", _STRING, "llama"),
        _pair("llama.block_count", _U32, LAYERS),
        _pair("llama.context_length", _U32, 64),
        _pair("llama.embedding_length", _U32, HIDDEN),
        _pair("llama.feed_forward_length", _U32, INNER),
        _pair("llama.attention.head_count", _U32, HEADS),
        _pair("llama.attention.head_count_kv", _U32, GROUPS),
        _pair("llama.attention.layer_norm_rms_epsilon", _F32, 1e-5),
        _pair("llama.rope.freq_base", _F32, 10000.0),
        _pair("llama.vocab_size", _U32, VOCAB),
    ]


_GGUF_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "model.layers.": "blk.",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def gguf_tensors() -> dict[str, np.ndarray]:
    found = {}
    for name, value in tensors().items():
        for theirs, ours in _GGUF_NAMES.items():
            name = name.replace(theirs, ours)
        found[name] = value
    return found


def gguf_bytes(*, magic=b"GGUF", version=3, tensor_count=None, pair_count=None,
               pairs=None, values=None, kind=0, offset=None) -> bytes:
    """A GGUF file of F32 tensors, each part replaceable by a wrong one."""
    pairs = gguf_pairs() if pairs is None else pairs
    values = gguf_tensors() if values is None else values
    out = magic + struct.pack(
        "<IQQ", version,
        len(values) if tensor_count is None else tensor_count,
        len(pairs) if pair_count is None else pair_count,
    )
    out += b"".join(pairs)
    payload = b""
    for name, value in values.items():
        payload += b"\0" * (-len(payload) % 32)
        out += gguf_string(name) + struct.pack("<I", value.ndim)
        out += struct.pack(f"<{value.ndim}Q", *reversed(value.shape))
        at = len(payload) if offset is None else offset
        out += struct.pack("<IQ", kind, at)
        payload += value.tobytes()
    out += b"\0" * (-len(out) % 32)
    return out + payload


def write_gguf(path: Path, **parts) -> Path:
    path.write_bytes(gguf_bytes(**parts))
    return path


# --- what a refusal looks like ------------------------------------------------

_CRASH = re.compile(
    "stack dump|please submit a bug|assertion|terminate called|core dumped"
    "|sanitizer|traceback", re.I,
)


def listing(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


def check_refused(result, *patterns: str) -> str:
    """Exit code 1, one clear error that matches every pattern."""
    text = result.stderr
    assert result.returncode == 1, (result.returncode, text)
    assert not _CRASH.search(text), text
    errors = [line for line in text.splitlines() if "error:" in line]
    assert len(errors) == 1, text
    message = errors[0].partition("error:")[2].strip()
    assert message and not message.endswith("."), text
    for pattern in patterns:
        assert re.search(pattern, errors[0]), (pattern, text)
    return errors[0]


def import_refused(model: Path, folder: Path, *patterns: str) -> str:
    """The importer refuses `model` and leaves nothing behind in `folder`."""
    before = listing(folder)
    result = tools.run_import(model, folder / "module.mlir")
    message = check_refused(result, *patterns)
    assert listing(folder) == before, "something was left behind"
    return message


def refused(model: Path, folder: Path, *patterns: str, flags=(), **kwargs):
    """qeff-compile refuses `model` and leaves nothing behind in `folder`."""
    before = listing(folder)
    result = tools.run(
        tools.tool("qeff-compile"), model, "-o", folder / "out",
        "--prefill-seq-len=8", "--ctx-len=32", *flags, **kwargs,
    )
    message = check_refused(result, *patterns)
    assert listing(folder) == before, "something was left behind"
    return message
