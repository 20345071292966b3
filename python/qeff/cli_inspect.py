# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `qeff inspect` does."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from . import cache
from .adapters import (
    describe_adapter,
    describe_package,
    is_peft_directory,
    print_adapter,
)
from .errors import Error


def run(options: argparse.Namespace) -> int:
    """`qeff inspect`: exit code 1 where an adapter does not fit."""
    path = Path(options.path)
    if not path.exists():
        raise Error(f"{path}: no such file or directory")
    is_model = path.suffix in (".gguf", ".onnx", ".mlir", ".mlirbc")
    if is_model if path.is_file() else not is_peft_directory(path):
        return _inspect_package(path, options)
    document = describe_adapter(path, options.base)
    if options.json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    elif path.is_dir():
        print(print_adapter(path, options.base), end="")
    else:
        print(_file_text(document), end="")
    return 0 if document.get("fits", True) else 1


def _inspect_package(path: Path, options: argparse.Namespace) -> int:
    if not cache.is_package(path):
        raise Error(
            f"{path}: expects a folder with adapter_config.json, an adapter's "
            "file, or a package"
        )
    if options.base is not None:
        raise Error(f"--base: expects an adapter, {path} is a package")
    document = describe_package(path)
    if options.json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return 0
    print(f"parts: {', '.join(document['parts']) or 'host'}")
    if not document["takes_adapters"]:
        print("adapters: takes none")
        return 0
    print(f"largest rank: {document['max_lora_rank']}")
    print(f"targets: {sum(document['targets'].values())} modules")
    for kind, count in document["targets"].items():
        print(f"  {kind}: {count}")
    print(f"adapters: {len(document['adapters']) or 'none'}")
    for name, adapter in document["adapters"].items():
        modules = sum(g["modules"] for g in adapter["targets"].values())
        print(
            f"  {name}: rank {_list(adapter['ranks'])}, {modules} modules, "
            f"{_size(adapter['bytes'])}"
        )
    return 0


def _file_text(document: dict[str, Any]) -> str:
    """Of a package's file, as the text of a folder's is."""
    groups = document["targets"]
    lines = [
        f"name: {document['name']}",
        f"rank: {_list(document['ranks']) or 'none'}",
        f"scaling: {_list(document['scalings'])}",
        f"targets: {sum(g['modules'] for g in groups.values())} modules",
    ]
    for kind, group in groups.items():
        ranks = _list(group["ranks"])
        lines.append(f"  {kind}: {group['modules']}, rank {ranks}")
    lines.append(
        f"size: {document['num_parameters']} parameters, "
        f"{_size(document['bytes'])} of {', '.join(document['types'])}"
    )
    if "fits" in document:
        verdict = "fits" if document["fits"] else "does not fit"
        lines.append(f"{verdict}: {document['base']}")
        if not document["fits"]:
            lines.append(f"  {document['reason']}")
    return "\n".join(lines) + "\n"


def _list(values) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _size(count: int) -> str:
    return f"{count} bytes" if count < 10**6 else f"{count / 1e6:.1f} MB"
