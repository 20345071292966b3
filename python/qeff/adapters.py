# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adapters on disk: PEFT's folders, and the files that packages load."""

from __future__ import annotations

import json
import os
from typing import Any


def convert_adapter(
    directory: str | os.PathLike,
    package: str | os.PathLike,
    output: str | os.PathLike,
    name: str,
    *,
    allow_nonfinite: bool = False,
) -> None:
    """Writes the PEFT adapter in `directory` as the file `output`, for
    `InferenceSession.load_adapter` on `package`.

    Args:
        directory: adapter_config.json and adapter_model.safetensors.
        package: one that was compiled with `adapter_mode="swap"`, or its part
            `host`.
        output: the file, NAME.safetensors; it appears whole or not at all.
        name: what sessions call the adapter.
        allow_nonfinite: take NaN and infinity.

    Raises `qeff.Error` for an adapter that is damaged or does not fit the
    package, naming the module.
    """
    from . import _qeff

    _qeff.convert_adapter(
        os.fsencode(directory),
        os.fsencode(package),
        os.fsencode(output),
        name,
        allow_nonfinite,
    )


def describe_adapter(
    directory: str | os.PathLike, base: str | os.PathLike | None = None
) -> dict[str, Any]:
    """What the PEFT adapter in `directory` is: its method, ranks, alpha,
    scalings, targets, size; with `base` also whether it "fits" that, and if not
    for what "reason".

    Args:
        directory: adapter_config.json and adapter_model.safetensors.
        base: a Hugging Face directory, a `.gguf` file, a module, or a package
            that was compiled with `adapter_mode="swap"`.

    Raises `qeff.Error` for a folder without a readable adapter, and for a base
    that cannot be read or takes no adapters.
    """
    from . import _qeff

    base = None if base is None else os.fsencode(base)
    return json.loads(
        _qeff.describe_adapter(os.fsencode(directory), base, True)
    )
