# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Packages of a base and adapters: compiled, found again, given adapters."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import cache
from .adapters import convert_adapter
from .errors import Error
from .peft_options import (
    COMPILATION,
    check_settings,
    warn,
    warn_irrelevant,
    warn_once,
)
from .session import InferenceSession

_NAME = re.compile("[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")

# What only the card has, and the values that ask for nothing.
_CARD = {
    "num_devices": 1,
    "num_cores": 16,
    "mxfp6_matmul": False,
    "mxint8_kv_cache": False,
}

# Said by the reader of an adapter that a package was not compiled for.
_NOT_COMPILED_FOR = (
    "expects only modules that the package takes",
    "expects ranks of at most",
)


def check_name(name: str) -> None:
    """Refuses what cannot be an adapter's name, a part of files' names."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Error(
            "adapter_name: expects at most 128 of letters, digits, '_', '-' "
            f"and '.', without a '.' in front, got {name!r:.60}"
        )


def check_base(base: Path) -> None:
    """Refuses a folder that is no model, with a hint at the file in it."""
    if not base.is_dir() or (base / "config.json").is_file():
        return
    files = list(base.glob("*.gguf"))
    file = files[0] if len(files) == 1 else base / "NAME.gguf"
    raise Error(
        f"{base}: expects a folder with config.json, got none: for another "
        f"base or a .gguf file give base_model='{file}'"
    )


def build(
    base: Path,
    folders: Mapping[str, Path],
    output: str | os.PathLike | None,
    options: Mapping[str, Any],
) -> tuple[Path, set[str]]:
    """Compiles `base` for adapters, those in `folders` in it, into `output` or
    the cache; gives the package and its targets."""
    from .compiler import compile

    arguments, targets = _compiler_options(options)
    arguments.setdefault("note", warn)
    package = Path(output or _cached(base, folders, arguments))
    if output is not None or not cache.is_package(package):
        package.parent.mkdir(parents=True, exist_ok=True)
        compile(
            base, package, adapters=folders, adapter_mode="swap", **arguments
        )
    return package, targets


def _compiler_options(
    options: Mapping[str, Any],
) -> tuple[dict[str, Any], set[str]]:
    """What `qeff.compile` is told, and the targets."""
    check_settings(options, COMPILATION)
    warn_irrelevant(options, COMPILATION)
    arguments = {k: v for k, v in options.items() if k in COMPILATION.honoured}
    targets = {part.strip() for part in arguments["target"].split(",")}
    for name, neutral in _CARD.items():
        value = arguments.get(name, neutral)
        if "aic100" not in targets:
            arguments.pop(name, None)
            if value != neutral:
                warn_once(f"{name}: has no effect on the host")
    if arguments.pop("num_devices", 1) != 1:
        raise NotImplementedError("num_devices: one device is supported")
    return arguments, targets


def _cached(
    base: Path, folders: Mapping[str, Path], arguments: Mapping[str, Any]
) -> Path:
    from . import __version__

    key = {
        name: value
        for name, value in arguments.items()
        if name not in ("threads", "progress", "note")
    }
    key["adapters"] = {n: cache.fingerprint(f) for n, f in folders.items()}
    return cache.package_path(
        cache.default_directory(), base, __version__, key
    )


def give_adapter(
    session: InferenceSession | None,
    package: Path,
    name: str,
    folder: Path,
    allow_nonfinite: bool,
) -> None:
    """Loads an adapter into a session of `package`; without one, only finds
    out whether it fits.

    Raises `qeff.Error` where it does not.
    """
    with tempfile.TemporaryDirectory(prefix="qeff-") as scratch:
        file = Path(scratch) / f"{name}.safetensors"
        try:
            convert_adapter(
                folder, package, file, name, allow_nonfinite=allow_nonfinite
            )
        except Error as error:
            if not any(text in str(error) for text in _NOT_COMPILED_FOR):
                raise
            raise Error(
                f"{error}; to take this adapter, compile again with "
                f"adapters={{'{name}': '{folder}'}}"
            ) from error
        if session is not None:
            session.load_adapter(file, name, allow_nonfinite=allow_nonfinite)
