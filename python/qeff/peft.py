# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models with LoRA adapters that are switched while running, under the names
of peft and QEfficient:

    model = qeff.QEffAutoPeftModelForCausalLM.from_pretrained("math", "math")
    model.load_adapter("poems", "poems")
    model.compile(prefill_seq_len=32, ctx_len=1024)
    ids = model.generate(**tokenizer("1 + 1 =", return_tensors="np"),
                         max_new_tokens=8)
    model.set_adapter("poems")
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .adapters import describe_adapter
from .errors import Error
from .hub import locate
from .peft_options import LOADING, check_settings, warn_irrelevant, warn_once
from .peft_package import build, check_base, check_name, give_adapter
from .session import InferenceSession, Metrics

_Path = str | os.PathLike


class QEffPeftModelForCausalLM:
    """A base model with LoRA adapters, one of which is active at a time.

    Args:
        base_model: a Hugging Face directory, a `.gguf` file, a module, or the
            name of a model in the Hugging Face hub's cache.
        adapter: the folder of an adapter in PEFT's format, or such a name.
        adapter_name: what to call it; it becomes the active one.
        allow_nonfinite: take adapters with NaN and infinity.

    Raises `qeff.Error` for what cannot be read.

    Attributes:
        base_model: the path of the base.
        peft_config: name to what `qeff.adapters.describe_adapter` says of each
            adapter.
        onnx_path: the ONNX file that `export` wrote, or None.
        qpc_path: the package that `compile` wrote, or None.
        metrics: times of the last `generate`, or None.
    """

    def __init__(
        self,
        base_model: _Path,
        adapter: _Path,
        adapter_name: str = "default",
        *,
        allow_nonfinite: bool = False,
    ):
        self.base_model = locate(base_model, "base_model")
        self.peft_config: dict[str, dict[str, Any]] = {}
        self.onnx_path: Path | None = None
        self.qpc_path: Path | None = None
        self.metrics: Metrics | None = None
        self._allow_nonfinite = allow_nonfinite
        self._folders: dict[str, Path] = {}
        self._active: str | None = None
        self._disabled = 0
        self._session: InferenceSession | None = None
        self._threads = 0
        self._runs_here = False
        self.load_adapter(adapter, adapter_name)
        self._active = adapter_name

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: _Path,
        adapter_name: str = "default",
        finite_adapters: bool = False,
        *,
        base_model: _Path | None = None,
        allow_nonfinite: bool = False,
        revision: str | None = None,
        cache_dir: _Path | None = None,
        **options: Any,
    ) -> QEffPeftModelForCausalLM:
        """The model that an adapter was trained on, with that adapter active.

        Args:
            pretrained_model_name_or_path: the adapter's folder, or its name in
                the Hugging Face hub's cache; nothing is downloaded.
            adapter_name: what to call it.
            finite_adapters: not there; see the message.
            base_model: the base, where it is not what the adapter's
                configuration names.
            allow_nonfinite: take adapters with NaN and infinity.
            revision, cache_dir: of the hub.
            options: those of peft and transformers are known; what changes
                nothing here says so once.

        Raises `qeff.Error` for what cannot be read, `NotImplementedError` for
        what is not there.
        """
        if finite_adapters:
            raise NotImplementedError(
                "finite_adapters=True: adapters that are chosen per row are "
                "not there; without it load_adapter takes any number of "
                "adapters, and set_adapter chooses one for all rows"
            )
        check_settings(options, LOADING)
        warn_irrelevant(options, LOADING)
        folder = locate(
            pretrained_model_name_or_path, "adapter", revision, cache_dir
        )
        if base_model is None:
            base_model = describe_adapter(folder)["trained_on"]
        if not base_model:
            raise Error(
                f"{folder}: adapter_config.json names no base model: give "
                "base_model=…"
            )
        base = locate(base_model, "base_model", None, cache_dir)
        check_base(base)
        return cls(base, folder, adapter_name, allow_nonfinite=allow_nonfinite)

    @property
    def active_adapter(self) -> str | None:
        """The name of the adapter that `generate` uses unless adapters are
        disabled; None: the base alone."""
        return self._active

    @property
    def session(self) -> InferenceSession:
        """The compiled package, loaded when it is first used."""
        if self._session is None:
            if self.qpc_path is None:
                raise Error("expects a compiled model: call compile() first")
            if not self._runs_here:
                raise Error(
                    f"{self.qpc_path} is for the Cloud AI 100: call "
                    "compile(target='host') to generate here"
                )
            session = InferenceSession(self.qpc_path, self._threads)
            for name, folder in self._folders.items():
                self._give(session, name, folder)
            self._session = session
        return self._session

    def load_adapter(
        self, model_id: _Path, adapter_name: str, **options: Any
    ) -> None:
        """Takes another adapter. Which one is active stays as it is.

        After `compile` it must fit the package: no targets beyond those
        compiled for, no rank above. It may differ in everything else.

        Args:
            model_id: the adapter's folder, or its name in the hub's cache.
            adapter_name: letters, digits, '_', '-' and '.'.
            options: as those of `from_pretrained`.

        Raises `qeff.Error` for a name that is taken and an adapter that is
        damaged or does not fit; everything else stays as it was.
        """
        check_settings(options, LOADING)
        warn_irrelevant(options, LOADING)
        self._check_new(adapter_name)
        folder = locate(
            model_id,
            "adapter",
            options.get("revision"),
            options.get("cache_dir"),
        )
        description = describe_adapter(folder)
        if self.qpc_path is not None:
            self._give(self._session, adapter_name, folder)
        self._folders[adapter_name] = folder
        self.peft_config[adapter_name] = description

    def set_adapter(self, adapter_name: str | None) -> None:
        """Uses the adapter from the next `generate` on; None: the base alone.

        Raises `qeff.Error` for a name that is not loaded.
        """
        if adapter_name is not None and adapter_name not in self._folders:
            raise Error(
                f"unknown adapter '{adapter_name}', loaded are "
                + (", ".join(self._folders) or "none")
            )
        self._active = adapter_name

    @contextmanager
    def disable_adapter(self) -> Iterator[None]:
        """A context in which the base answers alone:

            with model.disable_adapter():
                model.generate(…)
        """
        self._disabled += 1
        try:
            yield
        finally:
            self._disabled -= 1

    def unload_adapter(self, adapter_name: str) -> bool:
        """Forgets an adapter and frees its memory; whether there was one. If it
        was active, none is."""
        if adapter_name not in self._folders:
            return False
        if self._session is not None:
            if self._session.active_adapter == adapter_name:
                self._session.set_adapter(None)
            self._session.unload_adapter(adapter_name)
        del self._folders[adapter_name], self.peft_config[adapter_name]
        if self._active == adapter_name:
            self._active = None
        return True

    def export(self, export_dir: _Path | None = None, **options: Any) -> Path:
        """Writes the ONNX model of the Cloud AI 100, adapters as its inputs,
        and returns its path.

        Args:
            export_dir: the package to write; None: one in the cache.
            options: keywords of `compile` for that target.
        """
        shape = {"prefill_seq_len": 32, "ctx_len": 128, "batch_size": 1}
        package, _ = build(
            self.base_model,
            self._folders,
            export_dir,
            {**shape, **self._common(), **options, "target": "aic100"},
        )
        self.onnx_path = package / "aic100" / "model.onnx"
        return self.onnx_path

    def compile(
        self,
        onnx_path: _Path | None = None,
        compile_dir: _Path | None = None,
        *,
        prefill_seq_len: int = 32,
        ctx_len: int = 128,
        batch_size: int = 1,
        num_devices: int = 1,
        num_cores: int = 16,
        mxfp6_matmul: bool = False,
        mxint8_kv_cache: bool = False,
        target: str = "host",
        max_lora_rank: int | None = None,
        adapters: Mapping[str, _Path] | None = None,
        **options: Any,
    ) -> Path:
        """Compiles base and adapters, and returns the package's path.

        The package takes adapters of the modules that those loaded change, up
        to the largest of their ranks, or `max_lora_rank`.

        Args:
            onnx_path: has no effect: packages are compiled from the base.
            compile_dir: the package to write, or to replace; None: one in the
                cache, which is used again for the same files and options.
            prefill_seq_len, ctx_len, batch_size: as of `qeff.compile`.
            num_devices, num_cores, mxfp6_matmul, mxint8_kv_cache: the card's.
            target: "host", "aic100", or both with a comma.
            max_lora_rank: the largest rank of adapters to come.
            adapters: name to folder of adapters to load along.
            options: further ones of `qeff.compile` (host_weights, onnx_dtype,
                mcpu, threads, progress, note); of QEfficient's, what changes
                nothing says so once.

        Raises `qeff.Error` for what cannot be compiled, and
        `NotImplementedError` for what is not there; the package that was
        compiled before stays in use.
        """
        known = {
            "prefill_seq_len": prefill_seq_len,
            "ctx_len": ctx_len,
            "batch_size": batch_size,
            "num_devices": num_devices,
            "num_cores": num_cores,
            "mxfp6_matmul": mxfp6_matmul,
            "mxint8_kv_cache": mxint8_kv_cache,
            "target": target,
            "max_lora_rank": max_lora_rank,
        }
        if onnx_path is not None:
            warn_once(
                "onnx_path: has no effect: packages are compiled from the base"
            )
        more, described = {}, {}
        for name, folder in (adapters or {}).items():
            self._check_new(name)
            more[name] = locate(folder, "adapter")
            described[name] = describe_adapter(more[name])
        package, targets = build(
            self.base_model,
            {**self._folders, **more},
            compile_dir,
            {**known, **self._common(), **options},
        )
        self._folders.update(more)
        self.peft_config.update(described)
        self.qpc_path = package
        self._session = None
        self._runs_here = "host" in targets
        self._threads = options.get("threads", 0)
        return package

    def generate(
        self,
        inputs: Any = None,
        device_ids: Any = None,
        generation_config: Any = None,
        stopping_criteria: Any = None,
        streamer: Any = None,
        *,
        input_ids: Any = None,
        attention_mask: Any = None,
        **settings: Any,
    ) -> Any:
        """Continues prompts with the active adapter, greedily.

        Args:
            inputs, input_ids: token ids [rows, length], as an array, a tensor
                or nested lists, at most `batch_size` rows; or a mapping with
                input_ids and attention_mask.
            device_ids: has no effect on the host.
            generation_config: transformers' `GenerationConfig`, or a mapping.
            stopping_criteria: one, or a list: called with (ids, None) after
                each step, they answer for all rows or per row.
            streamer: gets `put(ids)`, the prompt and each step's tokens, and
                `end()`.
            attention_mask: [rows, length], zeros where a row is padded.
            settings: max_new_tokens (or max_length), min_new_tokens,
                eos_token_id (the model's own; []: none), pad_token_id,
                max_time; they go before `generation_config`.

        Returns ids [rows, length + steps], prompts included, rows that ended
        before others filled up with pad_token_id, as a tensor where a tensor
        was given, else as an array.

        Raises `NotImplementedError` for sampling, beams and what else would
        change the tokens, and `qeff.Error` for what cannot be run.
        """
        from . import peft_generation

        if isinstance(inputs, Mapping):
            attention_mask = inputs.get("attention_mask", attention_mask)
            inputs = inputs.get("input_ids")
        if (inputs is None) == (input_ids is None):
            raise Error("expects inputs or input_ids, and not both")
        if device_ids is not None:
            warn_once("device_ids: has no effect on the host")
        session = self.session
        session.set_adapter(None if self._disabled else self._active)
        ids, result = peft_generation.generate(
            session,
            inputs if input_ids is None else input_ids,
            attention_mask,
            generation_config,
            settings,
            stopping_criteria,
            streamer,
        )
        self.metrics = result.metrics
        return ids

    def _check_new(self, name: str) -> None:
        check_name(name)
        if name in self._folders:
            raise Error(
                f"adapter '{name}' is loaded already: call unload_adapter "
                "first, or choose another name"
            )

    def _common(self) -> dict[str, Any]:
        return {"allow_nonfinite": self._allow_nonfinite}

    def _give(
        self, session: InferenceSession | None, name: str, folder: Path
    ) -> None:
        give_adapter(
            session, self.qpc_path, name, folder, self._allow_nonfinite
        )


class QEffAutoPeftModelForCausalLM(QEffPeftModelForCausalLM):
    """The same; `from_pretrained` finds the base by the adapter."""
