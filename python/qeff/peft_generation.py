# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Generation with the interface of transformers: arrays or tensors in and out,
streamers and stopping criteria between the steps.

Nothing of torch is imported: tensors are recognized where the caller has them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import Error
from .peft_options import GENERATION, check_settings, warn
from .session import Generation, InferenceSession


@dataclass(frozen=True)
class Settings:
    """What a generation is asked for.

    Attributes:
        max_new_tokens: per row.
        min_new_tokens: per row, before which no stop token is chosen.
        stop: ids that end a row.
        pad: what follows in a row that has ended before others; None: the
            tokens that the model goes on with.
        max_time: seconds, or None.
    """

    max_new_tokens: int
    min_new_tokens: int
    stop: tuple[int, ...]
    pad: int | None
    max_time: float | None


def read_settings(
    config: Any, overrides: Mapping[str, Any], length: int, eos: list[int]
) -> Settings:
    """Settings of a `GenerationConfig` (or a mapping, or None) and keywords
    that go before it, for prompts of `length`; `eos` is what ends texts unless
    they say otherwise.

    Raises `NotImplementedError` for what would change the tokens and is not
    there, and `qeff.Error` for unknown keywords and bad values.
    """
    if hasattr(config, "to_dict"):
        config = config.to_dict()
    values: dict[str, Any] = {}
    for given in (config or {}, overrides):
        check_settings(given, GENERATION)
        values.update({k: v for k, v in given.items() if v is not None})
    stop = values.get("eos_token_id", eos)
    stop = [int(i) for i in np.atleast_1d(stop)]
    pad = values.get("pad_token_id", stop[0] if stop else None)
    most = values.get("max_new_tokens")
    if most is None and "max_length" in values:
        most = values["max_length"] - length
    if most is None or most < 1:
        raise Error(f"max_new_tokens: expects at least 1, got {most}")
    least = values.get("min_new_tokens", values.get("min_length", 0) - length)
    return Settings(
        int(most),
        max(0, int(least)),
        tuple(i for i in stop if i >= 0),
        None if pad is None else int(pad),
        values.get("max_time"),
    )


def read_ids(what: str, value: Any) -> np.ndarray:
    """Integers [rows, length] of an array, a tensor or nested lists."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise Error(f"{what}: expects rows of one length") from error
    if array.ndim != 2 or array.dtype.kind not in "iub" or not array.size:
        raise Error(
            f"{what}: expects integers [rows, length], got {array.dtype} "
            f"{list(array.shape)}"
        )
    return array.astype(np.int64)


def is_tensor(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "torch"


class _Steps:
    """Puts the rows' tokens together to steps of the whole batch. The session
    decodes all rows in turn, so that a step is complete before the next."""

    def __init__(
        self,
        prompts: np.ndarray,
        sizes: list[int],
        context: int,
        settings: Settings,
        criteria: list,
        streamer: Any,
        tensors: bool,
    ):
        self._settings = settings
        self._criteria = criteria
        self._streamer = streamer
        self._tensors = tensors
        self._room = np.array([context - size + 1 for size in sizes])
        self._ids = prompts
        self._prompt = prompts.shape[1]
        self._running = set(range(len(sizes)))
        self._step: dict[int, int] = {}
        self._finished = np.zeros(len(sizes), bool)
        self._start = time.monotonic()
        self.out_of_context = False

    @property
    def result(self) -> Any:
        return self._give(self._ids, self._tensors)

    def put(self, ids: np.ndarray) -> None:
        if self._streamer is not None:
            self._streamer.put(self._give(ids, self._tensors))

    def choose(self, row: int, logits: np.ndarray) -> int | None:
        """No stop token before `min_new_tokens`."""
        stop, least = self._settings.stop, self._settings.min_new_tokens
        made = self._ids.shape[1] - self._prompt
        if made >= least or int(logits.argmax()) not in stop:
            return None
        logits[list(stop)] = -np.inf
        return int(logits.argmax())

    def token(self, row: int, token: int) -> bool:
        self._step[row] = token
        return len(self._step) < len(self._running) or self._complete()

    def _complete(self) -> bool:
        """Takes a step; whether there is to be another one."""
        stop, pad = self._settings.stop, self._settings.pad
        rows = range(len(self._finished))
        step = [self._step.get(row, pad or 0) for row in rows]
        if pad is not None:
            step = [pad if self._finished[r] else step[r] for r in rows]
        column = np.array(step, np.int64)
        self._ids = np.concatenate([self._ids, column[:, None]], axis=1)
        self.put(column)
        ended = {row for row, token in self._step.items() if token in stop}
        self._finished[list(ended)] = True
        for criterion in self._criteria:
            self._finished |= self._ask(criterion)
        if self._settings.max_time is not None:
            spent = time.monotonic() - self._start
            self._finished |= spent > self._settings.max_time
        full = self._ids.shape[1] - self._prompt >= self._room
        self.out_of_context |= bool((full & ~self._finished).any())
        self._finished |= full
        self._running -= ended | set(np.flatnonzero(full).tolist())
        self._step = {}
        return not self._finished.all()

    def _ask(self, criterion: Any) -> np.ndarray:
        tensors = self._tensors or any(
            base.__module__.partition(".")[0] == "transformers"
            for base in type(criterion).__mro__
        )
        answer = np.asarray(criterion(self._give(self._ids, tensors), None))
        answer = answer.astype(bool)
        if answer.size not in (1, len(self._finished)):
            raise Error(
                "stopping_criteria: expects one answer, or one per row, got "
                f"{answer.size} for {len(self._finished)} rows"
            )
        return answer.reshape(-1)

    def _give(self, ids: np.ndarray, tensors: bool) -> Any:
        torch = sys.modules.get("torch") if tensors else None
        return ids.copy() if torch is None else torch.from_numpy(ids.copy())


def generate(
    session: InferenceSession,
    ids: Any,
    mask: Any,
    config: Any,
    overrides: Mapping[str, Any],
    criteria: Any,
    streamer: Any,
) -> tuple[Any, Generation]:
    """Continues the rows of `ids` [rows, length]; what the mask (of the same
    shape) has zeros for is left out.

    Returns ids [rows, length + steps] of the caller's kind, and what the
    session says of it.
    """
    prompts = read_ids("input_ids", ids)
    kept = np.ones_like(prompts)
    if mask is not None:
        kept = read_ids("attention_mask", mask)
    if kept.shape != prompts.shape:
        raise Error(
            f"attention_mask: expects {list(prompts.shape)} as input_ids, got "
            f"{list(kept.shape)}"
        )
    if len(prompts) > session.batch_size:
        raise Error(
            f"input_ids: expects at most {session.batch_size} rows, as "
            f"compiled (batch_size), got {len(prompts)}"
        )
    settings = read_settings(
        config, overrides, prompts.shape[1], session.eos_token_ids
    )
    rows = [row[use != 0].tolist() for row, use in zip(prompts, kept)]
    if criteria is None:
        criteria = []
    elif not isinstance(criteria, (list, tuple)):
        criteria = [criteria]
    steps = _Steps(
        prompts,
        [len(row) for row in rows],
        session.ctx_len,
        settings,
        list(criteria),
        streamer,
        is_tensor(ids),
    )
    try:
        steps.put(prompts)
        result = session.generate(
            rows,
            settings.max_new_tokens,
            settings.stop,
            steps.token,
            steps.choose if settings.min_new_tokens and settings.stop else None,
        )
    finally:
        if streamer is not None:
            streamer.end()
    if steps.out_of_context:
        warn(
            f"the context of {session.ctx_len} tokens is full: rows ended "
            "before max_new_tokens (compile with a larger ctx_len)"
        )
    return steps.result, result
