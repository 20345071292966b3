# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Names of the Hugging Face hub become paths, where the model is on this
machine already."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import Error


def locate(
    name: str | os.PathLike,
    what: str,
    revision: str | None = None,
    cache_dir: str | os.PathLike | None = None,
) -> Path:
    """The path `name`, or the snapshot of that name in the hub's cache; nothing
    is downloaded.

    Args:
        what: how errors call it.
        revision, cache_dir: of the hub; None: its defaults.

    Raises `qeff.Error` for what is neither.
    """
    path = Path(name).expanduser()
    if path.exists():
        return path
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise Error(
            f"{what}: no such file or directory: {name} (names of the Hugging "
            "Face hub need the package huggingface_hub)"
        ) from error
    try:
        return Path(
            snapshot_download(
                os.fspath(name),
                revision=revision,
                cache_dir=cache_dir,
                local_files_only=True,
            )
        )
    except (OSError, ValueError) as error:
        raise Error(
            f"{what}: expects a path, or a model in the Hugging Face cache "
            f"(hf download fetches it), got '{name}'"
        ) from error
