# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Host packages at work: calls by name, retained state, token generation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import _runtime
from .errors import Error

TokenCallback = Callable[[int, int], "bool | None"]
ChooseCallback = Callable[[int, np.ndarray], "int | None"]
ProgressCallback = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TensorInfo:
    """An input or output: element type as the package spells it ("f32",
    "i64"; NumPy sees bf16 as uint16), and shape."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class FunctionInfo:
    """A function of a package, by the names of its inputs and outputs."""

    inputs: dict[str, TensorInfo]
    outputs: dict[str, TensorInfo]


@dataclass(frozen=True)
class Metrics:
    """How long a generation took: seconds to the first token of any row, rates
    over the calls that did the work, all rows counted."""

    ttft_s: float
    prefill_tokens_per_s: float
    decode_tokens_per_s: float
    total_s: float
    prompt_tokens: int
    generated_tokens: int

    def as_dict(self) -> dict[str, float | int]:
        return asdict(self)


@dataclass(frozen=True)
class Generation:
    """What came of a call of `generate`.

    Attributes:
        tokens: generated ids per row, without the prompt, the stop token
            included.
        finish: why each row ended: "stop", "length" (max_new_tokens),
            "context" (the KV cache is full) or "canceled" (by the callback).
        metrics: times and rates.
    """

    tokens: list[list[int]]
    finish: list[str]
    metrics: Metrics


@dataclass(frozen=True)
class AdapterInfo:
    """A loaded adapter.

    Attributes:
        name: under which the session knows it.
        rank: the largest of its modules' ranks.
        targets: modules that it changes.
        bytes: memory that it uses.
    """

    name: str
    rank: int
    targets: int
    bytes: int


class InferenceSession:
    """A compiled host package, loaded, with one retained state.

    Args:
        package: the directory that `qeff.compile` wrote, or its `host` part.
        threads: compute threads, the caller included; 0: one per core.

    Raises `qeff.Error` for anything that is no sound package for this machine.
    A session serves one call at a time; other Python threads run meanwhile.
    `load_adapter` and `unload_adapter` may be called while it runs.

    Attributes:
        functions: name ("prefill", "decode") to `FunctionInfo`.
        architecture: the model's class, e.g. "LlamaForCausalLM".
        vocab_size, max_position: of the model.
        batch_size, prefill_seq_len, ctx_len: rows of a call, tokens of a row
            in one prefill call, slots of the KV cache.
        eos_token_ids: ids that end a text, as the model's configuration says.
        threads: compute threads in use.
        weights_bytes, state_bytes: sizes in memory.
        adapter_targets: module to (inputs, outputs) of what an adapter may
            change; empty where the package was not compiled for adapters.
        max_lora_rank: the largest rank that an adapter may have, or 0.
        adapters: name to `AdapterInfo` of those that are loaded.
        active_adapter: the name of the one in use, or None.
    """

    def __init__(self, package: str | os.PathLike, threads: int = 0):
        if not 0 <= threads < 4096:
            raise Error(f"threads: expects 0 to 4095, got {threads}")
        self._session = _runtime.Session(os.fsencode(package), threads)
        info = self._session.info()
        self.directory = Path(os.fsdecode(info["directory"]))
        self.architecture: str = info["architecture"]
        self.producer: str = info["producer"]
        self.vocab_size: int = info["vocab_size"]
        self.max_position: int = info["max_position"]
        self.batch_size: int = info["batch_size"]
        self.prefill_seq_len: int = info["prefill_seq_len"]
        self.ctx_len: int = info["ctx_len"]
        self.eos_token_ids: list[int] = info["eos_token_ids"]
        self.threads: int = info["threads"]
        self.weights_bytes: int = info["weights_bytes"]
        self.state_bytes: int = info["state_bytes"]
        self.adapter_targets: dict[str, tuple[int, int]] = {
            module: (inputs, outputs)
            for module, inputs, outputs in info["adapter_targets"]
        }
        self.max_lora_rank: int = info["max_lora_rank"]
        self.adapters: dict[str, AdapterInfo] = {}
        self.active_adapter: str | None = None
        self.functions = {
            name: FunctionInfo(
                *(
                    {k: TensorInfo(**v) for k, v in function[part].items()}
                    for part in ("inputs", "outputs")
                )
            )
            for name, function in info["functions"].items()
        }

    def _function(self, name: str) -> FunctionInfo:
        if name not in self.functions:
            raise Error(
                f"unknown function '{name}', known are "
                + ", ".join(self.functions)
            )
        return self.functions[name]

    def _only_function(self) -> str:
        if len(self.functions) != 1:
            raise Error(
                "function: expects one of " + ", ".join(self.functions)
            )
        return next(iter(self.functions))

    def tensor(self, function: str, name: str) -> np.ndarray:
        """The memory of an input or output, to be written and read in place.

        The array stays valid as long as it is held; the next call of the
        function overwrites outputs.
        """
        return self._session.tensor(function, name)

    def run(
        self,
        function: str | Mapping[str, Any],
        inputs: Mapping[str, Any] | None = None,
        *,
        copy: bool = True,
    ) -> dict[str, np.ndarray]:
        """Runs a function on `inputs` and the retained state.

        Args:
            function: "prefill" or "decode"; of a graph that has one function
                it may be left out: `run({"x": array})`.
            inputs: name to array: `input_ids` and `position_ids`, integers
                [batch_size, seq_len]; position -1 marks padding. An input that
                is left out keeps what it held. None: all were written in place.
            copy: False gives the outputs' own memory, valid until the next
                call, instead of copies.

        Returns the outputs by name: `logits`, f32 [batch_size, 1, vocab_size],
        of the row's largest position.

        Raises `qeff.Error` for unknown names, shapes or types that do not fit,
        and ids or positions out of range.
        """
        if not isinstance(function, str):
            function, inputs = self._only_function(), function
        info = self._function(function)
        for name, value in (inputs or {}).items():
            if name not in info.inputs:
                raise Error(
                    f"unknown input '{name}' of '{function}', known are "
                    + ", ".join(info.inputs)
                )
            self._write(function, name, value)
        self._session.run(function)
        outputs = {n: self.tensor(function, n) for n in info.outputs}
        if copy:
            outputs = {name: np.copy(a) for name, a in outputs.items()}
        return outputs

    def _write(self, function: str, name: str, value: Any) -> None:
        target = self.tensor(function, name)
        source = np.asarray(value)
        if source is target:
            return
        if source.shape != target.shape:
            raise Error(
                f"{function}.{name}: expects shape {target.shape}, "
                f"got {source.shape}"
            )
        if not np.can_cast(source.dtype, target.dtype, casting="same_kind"):
            raise Error(
                f"{function}.{name}: expects {target.dtype}, got {source.dtype}"
            )
        np.copyto(target, source, casting="same_kind")

    def reset(self) -> None:
        """Clears the retained state: the next call starts new texts."""
        self._session.reset()

    def load_adapter(
        self,
        adapter: str | os.PathLike,
        name: str | None = None,
        *,
        allow_nonfinite: bool = False,
    ) -> AdapterInfo:
        """Loads an adapter into memory; `set_adapter` then uses it.

        Args:
            adapter: the name of one that was compiled with the package, or the
                path of such a file (with a directory or the extension
                .safetensors).
            name: what to call it here; None: what the file calls it. A name
                that is in use gets the new adapter; a session that is using
                the old one keeps it until the next `set_adapter`.
            allow_nonfinite: take NaN and infinity.

        Raises `qeff.Error` for an adapter that does not fit the package or is
        damaged; the session goes on with what it had.
        """
        info = AdapterInfo(
            **self._session.load_adapter(
                os.fsencode(adapter), name or "", allow_nonfinite
            )
        )
        self.adapters[info.name] = info
        return info

    def set_adapter(self, name: str | None) -> None:
        """Uses the loaded adapter `name` from the next call on, or none.

        Nothing is copied. The retained state stays: keys and values in it were
        computed with the adapter of their time, which `generate` clears.
        """
        self._session.set_adapter(name)
        self.active_adapter = name

    def unload_adapter(self, name: str) -> None:
        """Forgets a loaded adapter. Its memory is freed when no session uses
        it: one that is in use stays so until the next `set_adapter`."""
        self._session.unload_adapter(name)
        del self.adapters[name]

    def generate(
        self,
        rows: Sequence[Sequence[int]],
        max_new_tokens: int = 64,
        stop_tokens: Iterable[int] | None = None,
        callback: TokenCallback | None = None,
        choose: ChooseCallback | None = None,
        progress: ProgressCallback | None = None,
    ) -> Generation:
        """Continues prompts, greedily; the state is cleared first.

        Args:
            rows: prompts as token ids, each 1 to ctx_len long. More rows than
                batch_size run in groups.
            max_new_tokens: per row.
            stop_tokens: ids that end a row; None: the model's
                `eos_token_ids`, empty: none.
            callback: called with (row, token) as tokens come; returning False
                ends the generation.
            choose: called with (row, logits f32 [vocab_size]); returns the next
                token, or None for the largest logit.
            progress: called with ("prefill", tokens, of all prompts' tokens)
                and ("decode", tokens, of how many there can be).

        Raises `qeff.Error` for prompts that cannot be run, KeyboardInterrupt
        and the callbacks' exceptions between calls of a function.
        """
        if max_new_tokens < 1:
            raise Error(
                f"max_new_tokens: expects at least 1, got {max_new_tokens}"
            )
        if stop_tokens is None:
            stop_tokens = self.eos_token_ids
        ids = [_ids(f"row {i}", row) for i, row in enumerate(rows)]
        tokens, finish, metrics = self._session.generate(
            ids,
            min(int(max_new_tokens), 2**63),
            _ids("stop_tokens", stop_tokens),
            callback,
            choose,
            progress,
        )
        return Generation(tokens, finish, Metrics(**metrics))

    def set_trace(self, enabled: bool) -> None:
        """Starts (from zero) or stops timing every launch of a kernel."""
        self._session.set_trace(enabled)

    def trace(self) -> list[dict[str, Any]]:
        """Per function and launch: kernel, scope, tiles, bytes, calls and
        seconds of all calls; empty if never on."""
        return self._session.trace()


def verify(
    package: str | os.PathLike, progress: ProgressCallback | None = None
) -> None:
    """Checks qpc.json, program.so and weights.bin of a host package, weights
    hashed in full, and that adapters in it would load, without loading its
    code.

    Args:
        package: the directory that `qeff.compile` wrote, or its `host` part.
        progress: called with (file, bytes done, bytes in total).

    Raises `qeff.Error` naming what is wrong.
    """
    _runtime.verify(os.fsencode(package), progress)


def _ids(what: str, values: Iterable[int]) -> list[int]:
    try:
        ids = [int(value) for value in values]
    except (TypeError, ValueError) as error:
        raise Error(f"{what}: expects token ids, got {values!r:.60}") from error
    for value in ids:
        if not -(2**63) <= value < 2**63:
            raise Error(f"{what}: expects token ids, got {value}")
    return ids
