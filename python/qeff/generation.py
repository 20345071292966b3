# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text in, text out: a tokenizer and a session together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import Error
from .session import Generation, InferenceSession, Metrics, ProgressCallback
from .tokenizer import Tokenizer

Conversation = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class TextGeneration:
    """What came of a call of `generate`.

    Attributes:
        text: the answer of each row, special tokens left out.
        tokens, finish, metrics: as in `qeff.Generation`.
    """

    text: list[str]
    tokens: list[list[int]]
    finish: list[str]
    metrics: Metrics


class _Streams:
    """Turns tokens into text per row, for a callback."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        rows: int,
        stop: set[int],
        callback: Callable[[int, str], bool | None],
    ):
        self._streams = [tokenizer.decode_stream() for _ in range(rows)]
        self._stop = stop
        self._callback = callback

    def token(self, row: int, token: int) -> bool:
        if token in self._stop:
            return True
        return self._give(row, self._streams[row].step(token))

    def finish(self) -> None:
        for row, stream in enumerate(self._streams):
            self._give(row, stream.finish())

    def _give(self, row: int, text: str) -> bool:
        return not text or self._callback(row, text) is not False


def generate(
    session: InferenceSession | str | os.PathLike,
    prompts: str | Sequence[str] | None = None,
    *,
    conversations: Conversation | Sequence[Conversation] | None = None,
    tokenizer: Tokenizer | None = None,
    max_new_tokens: int = 64,
    stop_tokens: Iterable[int] | None = None,
    callback: Callable[[int, str], bool | None] | None = None,
    progress: ProgressCallback | None = None,
) -> TextGeneration:
    """Answers prompts or conversations, greedily.

    Args:
        session: a session, or the package to open one on.
        prompts: one text or a list, continued as they are.
        conversations: one list of `{"role": …, "content": …}` or a list of
            such, rendered by the model's chat template; instead of `prompts`.
        tokenizer: the package's own by default.
        max_new_tokens: per row.
        stop_tokens: ids that end a row; None: what the model and its tokenizer
            end texts and turns with, empty: none.
        callback: called with (row, text) as text comes, whole characters only;
            returning False ends the generation.
        progress: as in `InferenceSession.generate`.

    Raises `qeff.Error` for prompts that cannot be run.
    """
    if not isinstance(session, InferenceSession):
        session = InferenceSession(session)
    if tokenizer is None:
        tokenizer = Tokenizer.from_model(session.directory)
    if (prompts is None) == (conversations is None):
        raise Error("expects prompts or conversations, and not both")
    if prompts is not None:
        texts = [prompts] if isinstance(prompts, str) else list(prompts)
        rows = [tokenizer.encode(text) for text in texts]
    else:
        single = bool(conversations) and isinstance(conversations[0], Mapping)
        rows = [
            tokenizer.encode_chat(conversation)
            for conversation in ([conversations] if single else conversations)
        ]
    if stop_tokens is None:
        stop_tokens = default_stop_tokens(session, tokenizer)
    stop = set(stop_tokens)
    streams = callback and _Streams(tokenizer, len(rows), stop, callback)
    result: Generation = session.generate(
        rows,
        max_new_tokens,
        sorted(stop),
        streams and streams.token,
        progress=progress,
    )
    if streams:
        streams.finish()
    text = []
    for ids, reason in zip(result.tokens, result.finish):
        said = ids[:-1] if reason == "stop" else ids
        text.append(tokenizer.decode(said, skip_special_tokens=True))
    return TextGeneration(text, result.tokens, result.finish, result.metrics)


def default_stop_tokens(
    session: InferenceSession, tokenizer: Tokenizer
) -> list[int]:
    """What ends an answer: the model's end of text, and the end of a turn where
    the tokenizer's configuration names one."""
    ids = {*session.eos_token_ids, *tokenizer.stop_token_ids}
    return sorted(i for i in ids if 0 <= i < session.vocab_size)
