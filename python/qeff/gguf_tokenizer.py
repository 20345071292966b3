# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A tokenizer from the metadata of a GGUF file.

GGUF holds a vocabulary, merges or scores, token types and the names of the
algorithms, but no tokenizer.json; this builds the same pipeline with the
`tokenizers` library. Metadata is outside input: wrong types, ids and names end
in `qeff.Error`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors

from .errors import Error

# Values of tokenizer.ggml.token_type.
_CONTROL, _USER_DEFINED = 3, 4

_SPACE = "\u2581"  # SentencePiece's visible space

_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_TAIL = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_LOWER_WORD = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*"
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
)
_UPPER_WORD = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
)


def _word_split(digits: str) -> str:
    return (
        rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}"
        rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_TAIL}"
    )


_LLAMA3 = _word_split(r"\p{N}{1,3}")
_QWEN2 = _word_split(r"\p{N}")
_TEKKEN = (
    rf"{_LOWER_WORD}|{_UPPER_WORD}|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*"
    rf"|{_TAIL}"
)
_GPT4O = (
    rf"{_LOWER_WORD}{_CONTRACTIONS}?|{_UPPER_WORD}{_CONTRACTIONS}?"
    rf"|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_TAIL}"
)

# tokenizer.ggml.pre -> how text is cut before merging; None: GPT-2's pattern,
# which the byte-level pre-tokenizer has built in.
PRE_TOKENIZERS: dict[str, str | None] = {
    "default": None,
    "gpt-2": None,
    "gpt2": None,
    "mpt": None,
    "olmo": None,
    "phi-2": None,
    "smollm": None,
    "llama3": _LLAMA3,
    "llama-v3": _LLAMA3,
    "llama-bpe": _LLAMA3,
    "falcon3": _LLAMA3,
    "dbrx": _LLAMA3,
    "smaug-bpe": _LLAMA3,
    "qwen2": _QWEN2,
    "deepseek-r1-qwen": _QWEN2,
    "tekken": _TEKKEN,
    "gpt-4o": _GPT4O,
    "llama4": _GPT4O,
}

# Families whose merges follow the order of the vocabulary, not the scores, and
# that put no space before the text.
_VOCABULARY_ORDER = ("gemma", "gemma2", "gemma3")


def byte_alphabet() -> dict[int, str]:
    """The character that stands for each byte in byte-level vocabularies: the
    byte's own Latin-1 character where that is printable, else one from 256."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    alphabet = {byte: chr(byte) for byte in printable}
    others = (byte for byte in range(256) if byte not in alphabet)
    alphabet.update((byte, chr(256 + i)) for i, byte in enumerate(others))
    return alphabet


class _Metadata:
    """Typed access to the metadata; every getter names the key it misses."""

    def __init__(self, values: Mapping[str, Any]):
        self.values = values

    def get(self, key: str, kind: type, default: Any = None) -> Any:
        value = self.values.get(f"tokenizer.{key}")
        if value is None:
            return default
        if kind is int and isinstance(value, bool):
            value = int(value)
        if not isinstance(value, kind):
            raise Error(
                f"tokenizer.{key}: expects {kind.__name__}, "
                f"got {type(value).__name__}"
            )
        return value

    def list_of(self, key: str, kind: type) -> list | None:
        values = self.values.get(f"tokenizer.{key}")
        if values is None:
            return None
        values = values.tolist() if hasattr(values, "tolist") else values
        if not isinstance(values, list) or not all(
            isinstance(value, kind) for value in values
        ):
            raise Error(f"tokenizer.{key}: expects a list of {kind.__name__}")
        return values

    def tokens(self) -> list[str]:
        tokens = self.list_of("ggml.tokens", str)
        if not tokens:
            raise Error("tokenizer.ggml.tokens: expects a vocabulary, got none")
        return tokens

    def types(self) -> list[int]:
        types = self.list_of("ggml.token_type", int)
        tokens = self.tokens()
        if types is None:
            return [1] * len(tokens)
        if len(types) != len(tokens):
            raise Error(
                f"tokenizer.ggml.token_type: expects {len(tokens)} entries, "
                f"one per token, got {len(types)}"
            )
        return types

    def token_at(self, key: str) -> str | None:
        """The token whose id `key` holds."""
        index = self.get(key, int)
        if index is None:
            return None
        tokens = self.tokens()
        if not 0 <= index < len(tokens):
            raise Error(
                f"tokenizer.{key}: expects an id below {len(tokens)}, "
                f"got {index}"
            )
        return tokens[index]


def _merges(metadata: _Metadata) -> list[tuple[str, str]] | None:
    lines = metadata.list_of("ggml.merges", str)
    if lines is None:
        return None
    merges = []
    for index, line in enumerate(lines):
        pair = tuple(line.split(" "))
        if len(pair) != 2:
            raise Error(
                f"tokenizer.ggml.merges: expects two tokens in entry {index}, "
                f"got {line!r}"
            )
        merges.append(pair)
    return merges


def _derived_merges(
    vocabulary: dict[str, int], rank: Mapping[str, float]
) -> list[tuple[str, str]]:
    """The merges that a scored vocabulary implies: every way to cut a token
    into two others, the best-ranked token first, longer left parts first."""
    merges = []
    for token, score in rank.items():
        cuts = [
            (token[:at], token[at:])
            for at in range(1, len(token))
            if token[:at] in vocabulary and token[at:] in vocabulary
        ]
        cuts.sort(key=lambda cut: (vocabulary[cut[0]], vocabulary[cut[1]]))
        merges.extend((score, len(l), len(r), l, r) for l, r in cuts)
    merges.sort(key=lambda merge: merge[:3], reverse=True)
    return [(merge[3], merge[4]) for merge in merges]


def _byte_level(metadata: _Metadata) -> tokenizers.Tokenizer:
    name = metadata.get("ggml.pre", str, "default")
    if name not in PRE_TOKENIZERS:
        raise Error(
            f"tokenizer.ggml.pre: unknown pre-tokenizer '{name}', known are "
            + ", ".join(sorted(PRE_TOKENIZERS))
        )
    alphabet = byte_alphabet()
    spelled = set(alphabet.values())
    vocabulary = {
        token
        if spelled.issuperset(token)
        else "".join(alphabet[byte] for byte in token.encode()): index
        for index, token in enumerate(metadata.tokens())
    }
    merges = _merges(metadata)
    if merges is None:
        raise Error("tokenizer.ggml.merges: expects merges, got none")
    tokenizer = tokenizers.Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges, fuse_unk=False)
    )
    split = PRE_TOKENIZERS[name]
    if split is None:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
            add_prefix_space=False
        )
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(split), behavior="isolated"),
                pre_tokenizers.ByteLevel(
                    add_prefix_space=False, use_regex=False
                ),
            ]
        )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _sentencepiece(
    metadata: _Metadata, architecture: str
) -> tokenizers.Tokenizer:
    tokens = metadata.tokens()
    in_order = architecture in _VOCABULARY_ORDER
    if in_order:
        # These files spell runs of spaces as spaces.
        tokens = [
            _SPACE * len(token) if token and not token.strip(" ") else token
            for token in tokens
        ]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    merges = _merges(metadata)
    if merges is None and in_order:
        merges = _derived_merges(
            vocabulary, {token: -i for i, token in enumerate(tokens)}
        )
    elif merges is None:
        scores = metadata.list_of("ggml.scores", float)
        if scores is None or len(scores) != len(tokens):
            raise Error(
                f"tokenizer.ggml.scores: expects {len(tokens)} scores, one per "
                f"token, got {0 if scores is None else len(scores)}"
            )
        merges = _derived_merges(vocabulary, dict(zip(tokens, scores)))
    tokenizer = tokenizers.Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=merges,
            fuse_unk=True,
            byte_fallback=True,
            unk_token="<unk>" if in_order else None,
        )
    )
    steps = [decoders.Replace(_SPACE, " "), decoders.ByteFallback()]
    steps.append(decoders.Fuse())
    if in_order:
        tokenizer.normalizer = normalizers.Replace(" ", _SPACE)
    else:
        prefix = metadata.get("ggml.add_space_prefix", bool, True)
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
            replacement=_SPACE,
            prepend_scheme="first" if prefix else "never",
            split=False,
        )
        if prefix:
            steps.append(decoders.Strip(content=" ", left=1))
    tokenizer.decoder = decoders.Sequence(steps)
    return tokenizer


def _add_special_tokens(
    tokenizer: tokenizers.Tokenizer,
    metadata: _Metadata,
    special: Mapping[str, str],
) -> None:
    """Control tokens and user-defined tokens stay whole wherever they occur."""
    known = tokenizer.get_vocab(with_added_tokens=False)
    tokens, types = metadata.tokens(), metadata.types()
    control = [
        token
        for token, kind in zip(tokens, types)
        if kind == _CONTROL and token in known
    ]
    control += [t for t in special.values() if t in known and t not in control]
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token in control]
    )
    tokenizer.add_tokens(
        [
            AddedToken(token, normalized=False, special=False)
            for token, kind in zip(tokens, types)
            if kind == _USER_DEFINED and token in known
        ]
    )


def _set_post_processor(
    tokenizer: tokenizers.Tokenizer, bos: str | None, eos: str | None
) -> None:
    used = [token for token in (bos, eos) if token is not None]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[*([bos] if bos else []), "$A", *([eos] if eos else [])],
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in used],
    )


def build(
    values: Mapping[str, Any],
) -> tuple[tokenizers.Tokenizer, dict[str, Any]]:
    """The tokenizer that GGUF metadata describes, and its configuration: the
    named special tokens, `chat_template` (str, dict of str, or None) and
    `stop_token_ids`.

    `values` maps metadata keys to str, int, float, bool and lists of these.
    """
    metadata = _Metadata(values)
    kind = metadata.get("ggml.model", str)
    if kind is None:
        raise Error("tokenizer.ggml.model: expects a tokenizer, got none")
    if kind not in ("gpt2", "llama"):
        raise Error(
            f"tokenizer.ggml.model: unknown tokenizer '{kind}', known are "
            "gpt2, llama"
        )
    special = {
        "bos_token": metadata.token_at("ggml.bos_token_id"),
        "eos_token": metadata.token_at("ggml.eos_token_id"),
        "unk_token": metadata.token_at("ggml.unknown_token_id"),
        "pad_token": metadata.token_at("ggml.padding_token_id"),
    }
    special = {name: token for name, token in special.items() if token}
    try:
        if kind == "gpt2":
            tokenizer = _byte_level(metadata)
        else:
            architecture = str(values.get("general.architecture", ""))
            tokenizer = _sentencepiece(metadata, architecture)
        _add_special_tokens(tokenizer, metadata, special)
    except Error:
        raise
    except Exception as error:  # the library raises nothing more specific
        raise Error(f"tokenizer.ggml: {error}") from error
    # A SentencePiece vocabulary begins texts with bos unless it says otherwise.
    add_bos = metadata.get("ggml.add_bos_token", bool, kind == "llama")
    add_eos = metadata.get("ggml.add_eos_token", bool, False)
    _set_post_processor(
        tokenizer,
        special.get("bos_token") if add_bos else None,
        special.get("eos_token") if add_eos else None,
    )
    stop = []
    for key in ("eos", "eot", "eom"):
        if metadata.token_at(f"ggml.{key}_token_id") is not None:
            stop.append(metadata.get(f"ggml.{key}_token_id", int))
    return tokenizer, {
        **special,
        "chat_template": _chat_template(metadata),
        "stop_token_ids": list(dict.fromkeys(stop)),
    }


def _chat_template(metadata: _Metadata) -> str | dict[str, str] | None:
    default = metadata.get("chat_template", str)
    names = metadata.list_of("chat_templates", str)
    if not names:
        return default
    templates = {"default": default} if default is not None else {}
    for name in names:
        template = metadata.get(f"chat_template.{name}", str)
        if template is not None:
            templates[name] = template
    return templates or None
