# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text to token ids and back, for any model that qeff compiles.

The pipeline runs in the `tokenizers` library. It comes from the files of a
Hugging Face directory, from the metadata of a GGUF file, or from the tokenizer
that a compiled package carries, and gives the ids that transformers gives.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import AddedToken, decoders, models, pre_tokenizers

from . import chat_template, gguf_tokenizer
from .errors import Error

_NAMED = (
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
)

# The files of a model directory that `from_directory` reads.
FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
    "generation_config.json",
)


class Tokenizer:
    """A model's tokenizer and chat template.

    Attributes:
        backend: the `tokenizers.Tokenizer` that does the work.
        special_tokens: name to text, e.g. `{"eos_token": "<|im_end|>"}`.
        chat_template: Jinja text, a dict of named templates, or None.
        stop_token_ids: ids that end an answer: the end of the text and, where
            the tokenizer's configuration names one, the end of a turn.
    """

    def __init__(
        self,
        backend: tokenizers.Tokenizer,
        *,
        special_tokens: Mapping[str, str] | None = None,
        chat_template: str | Mapping[str, str] | None = None,
        stop_token_ids: Iterable[int] = (),
    ):
        self.backend = backend
        self.special_tokens = dict(special_tokens or {})
        self.chat_template = chat_template
        self.stop_token_ids = list(dict.fromkeys(stop_token_ids))
        backend.no_padding()
        backend.no_truncation()

    # ---- where tokenizers come from ---------------------------------------

    @classmethod
    def from_model(cls, path: str | os.PathLike) -> Tokenizer:
        """The tokenizer of a Hugging Face directory, a `.gguf` file, or a
        package of `qeff.compile` (its root or its `host` directory).

        Raises `qeff.Error` if there is none, or if it cannot be read.
        """
        path = Path(path)
        if path.is_dir():
            for base in (path / "host", path):
                for gguf in ("tokenizer.gguf", "tokenizer/tokenizer.gguf"):
                    if (base / gguf).is_file():
                        return cls.from_gguf(base / gguf)
                if (base / "tokenizer").is_dir():
                    return cls.from_directory(base / "tokenizer")
            return cls.from_directory(path)
        if path.is_file():
            return cls.from_gguf(path)
        raise Error(f"{path}: no such file or directory")

    @classmethod
    def from_gguf(cls, path: str | os.PathLike) -> Tokenizer:
        """The tokenizer in the metadata of a GGUF file."""
        from . import _qeff

        try:
            return cls.from_gguf_metadata(_qeff.read_gguf_metadata(os.fsencode(path)))
        except Error as error:
            if str(error).startswith(str(path)):
                raise
            raise Error(f"{path}: {error}") from error

    @classmethod
    def from_gguf_metadata(cls, metadata: Mapping[str, Any]) -> Tokenizer:
        """The tokenizer that GGUF metadata describes: keys to str, int, float,
        bool, or lists of these."""
        backend, config = gguf_tokenizer.build(metadata)
        return cls(
            backend,
            special_tokens={k: config[k] for k in _NAMED if k in config},
            chat_template=config["chat_template"],
            stop_token_ids=config["stop_token_ids"],
        )

    @classmethod
    def from_directory(cls, directory: str | os.PathLike) -> Tokenizer:
        """The tokenizer of a Hugging Face directory: `tokenizer.json`, or
        GPT-2's `vocab.json` and `merges.txt`; with `tokenizer_config.json` and
        the chat template's files where they exist."""
        directory = Path(directory)
        config = _read_json(directory / "tokenizer_config.json") or {}
        legacy = _read_json(directory / "special_tokens_map.json") or {}
        if "added_tokens_decoder" not in config:
            config = {**config, **legacy}
        backend = _read_backend(directory, config)
        _add_configured_tokens(backend, directory, config)
        special = {}
        for name in _NAMED:
            token = _content(config.get(name))
            if token is not None:
                special[name] = token
        return cls(
            backend,
            special_tokens=special,
            chat_template=_read_chat_template(directory, config),
            stop_token_ids=_stop_ids(backend, directory, special),
        )

    # ---- text to ids and back ---------------------------------------------

    @property
    def vocab_size(self) -> int:
        """The number of ids, added tokens included."""
        return self.backend.get_vocab_size(with_added_tokens=True)

    @property
    def eos_token_id(self) -> int | None:
        token = self.special_tokens.get("eos_token")
        return None if token is None else self.backend.token_to_id(token)

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        """The ids of `text`. Special tokens that the text spells out become
        their ids; `add_special_tokens` adds those that a text begins or ends
        with. Text with lone surrogates is refused."""
        try:
            return self.backend.encode(
                text, add_special_tokens=add_special_tokens
            ).ids
        except (TypeError, UnicodeEncodeError) as error:
            raise Error(f"expects text, got {text!r:.60}: {error}") from error
        except Exception as error:  # the library raises nothing more specific
            raise Error(f"tokenizer: {error}") from error

    def decode(
        self, ids: Sequence[int], skip_special_tokens: bool = False
    ) -> str:
        """The text of `ids`. Bytes that are no UTF-8 become U+FFFD, ids that
        the vocabulary lacks give nothing."""
        try:
            return self.backend.decode(
                [int(i) for i in ids], skip_special_tokens=skip_special_tokens
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise Error(f"expects token ids, got {ids!r:.60}") from error
        except Exception as error:  # the library raises nothing more specific
            raise Error(f"tokenizer: {error}") from error

    def decode_stream(self, skip_special_tokens: bool = True) -> DecodeStream:
        """A decoder that takes one id at a time."""
        return DecodeStream(self, skip_special_tokens)

    # ---- conversations ----------------------------------------------------

    def apply_chat_template(
        self,
        conversation: Sequence[Mapping[str, Any]],
        *,
        add_generation_prompt: bool = False,
        tools: Sequence[Mapping[str, Any]] | None = None,
        documents: Sequence[Mapping[str, Any]] | None = None,
        template: str | None = None,
        **variables: Any,
    ) -> str:
        """The text of a conversation, a list of `{"role": …, "content": …}`.

        `template` is Jinja text or the name of one of the model's templates;
        without it `tool_use` is taken for `tools` where there is one, else the
        default. Encode the result with `add_special_tokens=False`.
        """
        return chat_template.render(
            self._template(template, bool(tools)),
            conversation,
            tools=tools,
            documents=documents,
            add_generation_prompt=add_generation_prompt,
            **{**self.special_tokens, **variables},
        )

    def encode_chat(
        self, conversation: Sequence[Mapping[str, Any]], **variables: Any
    ) -> list[int]:
        """The ids of a conversation, ready for the model's answer."""
        variables.setdefault("add_generation_prompt", True)
        text = self.apply_chat_template(conversation, **variables)
        return self.encode(text, add_special_tokens=False)

    def _template(self, name: str | None, tools: bool) -> str:
        own = self.chat_template
        if isinstance(own, Mapping):
            if name in own:
                return own[name]
            if name is None:
                if tools and "tool_use" in own:
                    return own["tool_use"]
                if "default" in own:
                    return own["default"]
                raise Error(
                    "expects the name of a chat template, known are "
                    + ", ".join(sorted(own))
                )
        if name is not None:
            return name
        if own is None:
            raise Error("expects a chat template, but this model has none")
        return own


class DecodeStream:
    """Turns ids into text as they arrive, never cutting a character in two.

    The pieces joined are the text of all ids, as long as their bytes are
    UTF-8. A character that needs more ids is held back; `finish` gives what is
    left.
    """

    def __init__(self, tokenizer: Tokenizer, skip_special_tokens: bool = True):
        self._tokenizer = tokenizer
        self._skip = skip_special_tokens
        # The ids of the last piece, which decoders may look back at, then
        # those whose text has not been given.
        self._ids: list[int] = []
        self._done = 0

    def step(self, token_id: int) -> str:
        """The text that `token_id` completes, possibly empty."""
        self._ids.append(int(token_id))
        text = self._pending()
        return "" if text.endswith("\ufffd") else self._give(text)

    def finish(self) -> str:
        """The text held back; the stream starts anew."""
        text = self._pending()
        self._ids, self._done = [], 0
        return text

    def _pending(self) -> str:
        before = self._tokenizer.decode(self._ids[: self._done], self._skip)
        after = self._tokenizer.decode(self._ids, self._skip)
        return after[len(before) :]

    def _give(self, text: str) -> str:
        if text:
            self._ids = self._ids[self._done :]
            self._done = len(self._ids)
        return text


# ---- the files of a Hugging Face directory -----------------------------------


def _read_json(path: Path) -> Any:
    """The JSON object in `path`, None where there is no such file."""
    text = _read_text(path)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Error(f"{path}: malformed JSON: {error}") from error
    if not isinstance(value, dict):
        raise Error(f"{path}: expects an object, got {type(value).__name__}")
    return value


def _read_text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise Error(f"{path}: expects UTF-8, got {error.reason}") from error
    except OSError as error:
        raise Error(f"{path}: {error.strerror}") from error


def _read_backend(
    directory: Path, config: dict[str, Any]
) -> tokenizers.Tokenizer:
    path = directory / "tokenizer.json"
    text = _read_text(path)
    if text is not None:
        try:
            backend = tokenizers.Tokenizer.from_str(text)
        except Exception as error:  # the library raises nothing more specific
            raise Error(f"{path}: {error}") from error
        kind = str(config.get("tokenizer_class")).removesuffix("Fast")
        if kind == "LlamaTokenizer" and not _is_byte_level(backend):
            _respell_llama(backend, config)
        return backend
    vocabulary = _read_json(directory / "vocab.json")
    merges = _read_text(directory / "merges.txt")
    if vocabulary is None or merges is None:
        raise Error(
            f"{directory}: expects tokenizer.json, or vocab.json and "
            "merges.txt, found neither"
        )
    return _gpt2_backend(directory, config, vocabulary, merges)


def _is_byte_level(backend: tokenizers.Tokenizer) -> bool:
    parts = (backend.pre_tokenizer, backend.decoder)
    return any("ByteLevel" in repr(part) for part in parts)


def _respell_llama(
    backend: tokenizers.Tokenizer, config: Mapping[str, Any]
) -> None:
    """Gives a SentencePiece vocabulary the space handling that transformers
    gives this class: older tokenizer.json files put a second space before
    texts that begin with one."""
    prefix = config.get("add_prefix_space") in (None, True)
    scheme = "always" if config.get("legacy") else "first"
    backend.normalizer = None
    backend.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement="\u2581",
        prepend_scheme=scheme if prefix else "never",
        split=False,
    )
    steps = [decoders.Replace("\u2581", " "), decoders.ByteFallback()]
    steps.append(decoders.Fuse())
    if prefix:
        steps.append(decoders.Strip(content=" ", left=1))
    backend.decoder = decoders.Sequence(steps)


def _gpt2_backend(
    directory: Path,
    config: dict[str, Any],
    vocabulary: dict[str, Any],
    merges: str,
) -> tokenizers.Tokenizer:
    pairs = []
    for number, line in enumerate(merges.split("\n"), 1):
        if not line.strip() or (number == 1 and line.startswith("#version")):
            continue
        pair = tuple(line.rstrip("\r").split(" "))
        if len(pair) != 2:
            raise Error(
                f"{directory / 'merges.txt'}, line {number}: expects two "
                f"tokens, got {line!r}"
            )
        pairs.append(pair)
    try:
        backend = tokenizers.Tokenizer(
            models.BPE(vocab=vocabulary, merges=pairs, fuse_unk=False)
        )
    except Exception as error:  # the library raises nothing more specific
        raise Error(f"{directory / 'vocab.json'}: {error}") from error
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(
        add_prefix_space=bool(config.get("add_prefix_space", False))
    )
    backend.decoder = decoders.ByteLevel()
    for name in ("bos_token", "eos_token", "unk_token"):
        if "<|endoftext|>" in vocabulary:
            config.setdefault(name, "<|endoftext|>")
    return backend


def _content(token: Any) -> str | None:
    """The text of a special token, which may be spelled as an object."""
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else None


def _added(token: Mapping[str, Any], special: bool, where: str) -> AddedToken:
    content = _content(token)
    if content is None:
        raise Error(f"{where}: expects a token's content, got {token!r:.60}")
    special = bool(token.get("special", special))
    return AddedToken(
        content,
        single_word=bool(token.get("single_word", False)),
        lstrip=bool(token.get("lstrip", False)),
        rstrip=bool(token.get("rstrip", False)),
        normalized=bool(token.get("normalized", not special)),
        special=special,
    )


def _add_configured_tokens(
    backend: tokenizers.Tokenizer, directory: Path, config: Mapping[str, Any]
) -> None:
    """Adds what the configuration names and the backend does not have yet:
    the tokens with ids in their order, then the named special tokens."""
    where = str(directory / "tokenizer_config.json")
    listed = config.get("added_tokens_decoder") or {}
    if not isinstance(listed, dict) or not all(
        isinstance(t, dict) and i.isascii() and i.isdigit() and len(i) < 19
        for i, t in listed.items()
    ):
        raise Error(
            f"{where}: added_tokens_decoder: expects an object of ids and "
            "tokens"
        )
    tokens = [
        _added(token, False, where)
        for _, token in sorted(listed.items(), key=lambda item: int(item[0]))
    ]
    named = [config.get(name) for name in _NAMED]
    for name in ("additional_special_tokens", "extra_special_tokens"):
        extra = config.get(name) or []
        extra = list(extra.values()) if isinstance(extra, dict) else extra
        if not isinstance(extra, list):
            raise Error(f"{where}: {name}: expects a list, got {extra!r:.60}")
        named += extra
    special = {_content(token) for token in named}
    legacy = _read_json(directory / "added_tokens.json") or {}
    if not listed and all(isinstance(i, int) for i in legacy.values()):
        tokens += [
            AddedToken(t, normalized=t not in special, special=t in special)
            for t, _ in sorted(legacy.items(), key=lambda item: item[1])
        ]
    known = {t.content for t in backend.get_added_tokens_decoder().values()}
    for token in named:
        if isinstance(token, dict):
            tokens.append(_added({**token, "special": True}, True, where))
        elif isinstance(token, str):
            tokens.append(AddedToken(token, normalized=False, special=True))
    backend.add_tokens([t for t in tokens if t.content not in known])


def _read_chat_template(
    directory: Path, config: Mapping[str, Any]
) -> str | dict[str, str] | None:
    """Files of their own come before the configuration's entry."""
    templates = {}
    default = _read_text(directory / "chat_template.jinja")
    if default is not None:
        templates["default"] = default
    folder = directory / "additional_chat_templates"
    if folder.is_dir():
        for path in sorted(folder.glob("*.jinja")):
            templates[path.stem] = _read_text(path)
    if not templates:
        own = config.get("chat_template")
        if own is None:
            own = (_read_json(directory / "chat_template.json") or {}).get(
                "chat_template"
            )
        templates = _templates(own, directory)
    if set(templates) == {"default"}:
        return templates["default"]
    return templates or None


def _templates(own: Any, directory: Path) -> dict[str, str]:
    if own is None:
        return {}
    if isinstance(own, str):
        return {"default": own}
    entries = own if isinstance(own, list) else [own]
    templates = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(
            entry.get("template"), str
        ):
            raise Error(
                f"{directory}: chat_template: expects Jinja text or a list of "
                "names and templates"
            )
        templates[str(entry.get("name", "default"))] = entry["template"]
    return templates


def _stop_ids(
    backend: tokenizers.Tokenizer, directory: Path, special: Mapping[str, str]
) -> list[int]:
    """The tokenizer's eos, and what generation_config.json stops at."""
    ids = []
    if "eos_token" in special:
        ids.append(backend.token_to_id(special["eos_token"]))
    generation = _read_json(directory / "generation_config.json") or {}
    own = generation.get("eos_token_id")
    ids += own if isinstance(own, list) else [own]
    return [i for i in ids if isinstance(i, int) and not isinstance(i, bool)]
