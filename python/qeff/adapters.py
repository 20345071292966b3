# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adapters on disk: PEFT's folders, and the files that packages load."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

from .errors import Error

_PREFIX = "base_model.model."


def is_peft_directory(path: str | os.PathLike) -> bool:
    """Whether `path` is a folder with an adapter in PEFT's format."""
    return (Path(path) / "adapter_config.json").is_file()


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
    adapter: str | os.PathLike, base: str | os.PathLike | None = None
) -> dict[str, Any]:
    """What an adapter is: its ranks, scalings, targets, size; with `base` also
    whether it "fits" that, and if not for what "reason".

    Args:
        adapter: a folder with adapter_config.json and
            adapter_model.safetensors, or a file that packages load.
        base: a Hugging Face directory, a `.gguf` file, a module, or a package
            that was compiled with `adapter_mode="swap"`; of a file, such a
            package with a part for the host.

    Raises `qeff.Error` for what is no readable adapter, and for a base that
    cannot be read or takes no adapters.
    """
    if Path(adapter).is_file():
        return _describe_file(Path(adapter), base)
    return json.loads(_describe(adapter, base, True))


def print_adapter(
    directory: str | os.PathLike, base: str | os.PathLike | None = None
) -> str:
    """The same of a folder as lines of text."""
    return _describe(directory, base, False)


def describe_package(package: str | os.PathLike) -> dict[str, Any]:
    """What adapters `package` takes, and those that lie in it.

    Raises `qeff.Error` for what is no package.
    """
    from . import _qeff

    package = Path(package)
    document = {
        "format": "qeff.package-report",
        "version": 1,
        "parts": [p for p in ("host", "aic100") if (package / p).is_dir()],
        "takes_adapters": takes_adapters(package),
    }
    if not document["takes_adapters"]:
        return document
    rank, targets = _qeff.read_targets(os.fsencode(package))
    groups: dict[str, int] = {}
    for path, _, _ in targets:
        kind = path.rpartition(".")[2]
        groups[kind] = groups.get(kind, 0) + 1
    adapters = {}
    for folder in _adapter_folders(package):
        for path in sorted(folder.glob("*.safetensors")):
            adapters.setdefault(path.stem, _describe_file(path, None))
    return document | {
        "max_lora_rank": rank,
        "targets": groups,
        "adapters": adapters,
    }


def takes_adapters(package: Path) -> bool:
    """Whether `package` was compiled for adapters set while running."""
    return any(
        (folder / "targets.json").is_file()
        for folder in _adapter_folders(package)
    )


def find_adapter(package: Path, name: str) -> Path | None:
    """The file of the adapter that `package` holds under `name`."""
    for folder in _adapter_folders(package):
        path = folder / f"{name}.safetensors"
        if "/" not in name and path.is_file():
            return path
    return None


def _adapter_folders(package: Path) -> list[Path]:
    """Where adapters of a package, or of its part for the host, may lie."""
    if (package / "qpc.json").is_file():
        return [package / "adapters", package / ".." / "adapters"]
    return [package / "host" / "adapters", package / "adapters"]


def _describe(adapter, base, as_json: bool) -> str:
    from . import _qeff

    base = None if base is None else os.fsencode(base)
    return _qeff.describe_adapter(os.fsencode(adapter), base, as_json)


def _describe_file(path: Path, base) -> dict[str, Any]:
    from . import _qeff

    metadata, tensors = _qeff.read_safetensors_header(os.fsencode(path))
    if metadata.get("format") != "qeff.adapter":
        raise Error(
            f"{path}: expects an adapter as packages load it "
            "(__metadata__.format = 'qeff.adapter')"
        )
    ranks, scalings, groups = set(), set(), {}
    parameters = 0
    with open(path, "rb") as file:
        for name, (dtype, shape, offset) in sorted(tensors.items()):
            if name.endswith(".lora_scaling"):
                if (dtype, shape) == ("F32", [1]):
                    file.seek(offset)
                    scalings.add(struct.unpack("<f", file.read(4))[0])
                continue
            parameters += shape[0] * shape[1] if len(shape) == 2 else 0
            module = name.removeprefix(_PREFIX).removesuffix(".lora_A.weight")
            if name.endswith(".lora_A.weight") and len(shape) == 2:
                kind = module.rpartition(".")[2]
                group = groups.setdefault(kind, {"modules": 0, "ranks": set()})
                group["modules"] += 1
                group["ranks"].add(shape[0])
                ranks.add(shape[0])
    document = {
        "format": "qeff.adapter-report",
        "version": 1,
        "name": metadata.get("name", path.stem),
        "ranks": sorted(ranks),
        "scalings": sorted(scalings),
        "targets": {
            kind: {"modules": g["modules"], "ranks": sorted(g["ranks"])}
            for kind, g in sorted(groups.items())
        },
        "num_parameters": parameters,
        "bytes": path.stat().st_size,
        "types": sorted({dtype for dtype, _, _ in tensors.values()}),
    }
    return document if base is None else document | _check_file(path, base)


def _check_file(path: Path, base: str | os.PathLike) -> dict[str, Any]:
    """Whether the runtime loads the file on the package `base`."""
    from .session import InferenceSession

    session = InferenceSession(base, 1)
    try:
        session.load_adapter(path.absolute())
    except Error as error:
        return {"base": str(base), "fits": False, "reason": str(error)}
    return {"base": str(base), "fits": True}
