# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models become packages: the compiler's face in Python."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping

from .errors import Error

ProgressCallback = Callable[[str, int, int], None]
NoteCallback = Callable[[str], None]
Adapters = Mapping[str, "str | os.PathLike | tuple[str | os.PathLike, float]"]


def compile(
    model: str | os.PathLike,
    output: str | os.PathLike,
    *,
    target: str | Iterable[str] | None = None,
    prefill_seq_len: int | None = None,
    ctx_len: int | None = None,
    batch_size: int | None = None,
    require_raised: bool = False,
    dims: Mapping[str, int] | None = None,
    adapters: Adapters | None = None,
    adapter_mode: str | None = None,
    max_lora_rank: int | None = None,
    allow_nonfinite: bool = False,
    onnx_dtype: str | None = None,
    num_cores: int | None = None,
    mxfp6_matmul: bool = False,
    mxint8_kv_cache: bool = False,
    host_weights: str | None = None,
    mcpu: str | None = None,
    roots: Mapping[str, str | os.PathLike] | None = None,
    compile_from: str | None = None,
    compile_to: str | None = None,
    report: str | os.PathLike | None = None,
    threads: int = 0,
    progress: ProgressCallback | None = None,
    note: NoteCallback | None = None,
) -> None:
    """Compiles a model into the package `output`.

    What is None takes the default in brackets. What is given and would change
    nothing, because its target is not made or the module's phase has passed it,
    is refused.

    Args:
        model: a Hugging Face directory, a `.gguf` or `.onnx` file, or a `.mlir`
            or `.mlirbc` module of any phase.
        output: the package to write, or to replace if it is one of ours; with
            `compile_to`, the file to write.
        target: "host", "aic100", or both (a list, or with a comma); None: both,
            or the one that a module of a later phase can become.
        prefill_seq_len: tokens of a row in one prefill call (32).
        ctx_len: slots of the KV cache, prompt and answer together (1024).
        batch_size: rows of a call (1).
        require_raised: fail where operators of an ONNX graph are left that are
            no transformer-level ops.
        dims: of an ONNX graph that is no decoder: sizes of its inputs' named
            dims.
        adapters: name to the folder of a LoRA adapter in PEFT's format, or to
            (folder, weight), the weight a factor of its scaling.
        adapter_mode: "merge" makes adapters a part of the weights, in their
            order; "swap" makes a package that takes adapters while it runs,
            those given lie in it. Needed with `adapters`.
        max_lora_rank: with "swap", the largest rank of an adapter (that of
            those given); without adapters every linear layer takes one.
        allow_nonfinite: take adapters with NaN or infinity.
        onnx_dtype: "f32" or "f16" storage in the ONNX file (f16 for 16-bit
            models, else f32).
        num_cores: cores of the Cloud AI 100 (16).
        mxfp6_matmul, mxint8_kv_cache: the card's compressed formats.
        host_weights: "auto" (as stored), "f32", "f16" or "bf16" (auto).
        mcpu: the CPU to compile for (native: this one).
        roots: name to directory, where a module's files moved.
        compile_from, compile_to: phases to start and to stop at.
        report: a file outside of the package for a page (HTML) about the
            model, what was fused and what was not, and what each step took;
            written when compiling fails as well, once the model is read.
        threads: 0: one per core.
        progress: called with (stage, done, total) as work proceeds.
        note: called with a line about what is no error but should be known;
            None: Python's warnings.

    Raises `qeff.Error` with the compiler's diagnostics. An error, or a killed
    process, leaves what was at `output` as it was.
    """
    from . import _qeff

    targets = target.split(",") if isinstance(target, str) else target
    targets = list(targets or [])
    if target is not None and not targets:
        raise Error("target: expects at least one target, or None")
    options = {
        "model": os.fsencode(model),
        "output": os.fsencode(output),
        "targets": [name.strip() for name in targets],
        "prefill_seq_len": prefill_seq_len,
        "ctx_len": ctx_len,
        "batch_size": batch_size,
        "require_raised": require_raised,
        "dims": dict(dims or {}),
        "adapters": _list_adapters(adapters or {}),
        "adapter_mode": adapter_mode or "",
        "max_lora_rank": max_lora_rank,
        "allow_nonfinite": allow_nonfinite,
        "onnx_dtype": onnx_dtype or "",
        "num_cores": num_cores,
        "mxfp6_matmul": mxfp6_matmul,
        "mxint8_kv_cache": mxint8_kv_cache,
        "host_weights": host_weights or "",
        "mcpu": mcpu or "",
        "compile_from": compile_from or "",
        "compile_to": compile_to or "",
        "report": os.fsencode(report or ""),
        "roots": {k: os.fsencode(v) for k, v in (roots or {}).items()},
        "threads": threads,
    }
    _qeff.compile(options, progress, note or _warn)


def _list_adapters(adapters: Adapters) -> list[tuple[str, bytes, float]]:
    listed = []
    for name, value in adapters.items():
        try:
            pair = value if isinstance(value, tuple) else (value, 1)
            directory, weight = pair
            listed.append((name, os.fsencode(directory), float(weight)))
        except (TypeError, ValueError) as error:
            raise Error(
                f"adapters: expects a folder, or a folder and a weight, of "
                f"'{name}', got {value!r:.60}"
            ) from error
    return listed


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=4)
