# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A small valid checkpoint to spoil, made without any other library than
NumPy, and the one check that all bad input must pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracles import raw_files, tools


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    return raw_files.write_checkpoint(tmp_path / "model")


@pytest.fixture
def gguf_file(tmp_path) -> Path:
    return raw_files.write_gguf(tmp_path / "model.gguf")


@pytest.fixture(scope="session")
def good_package(tmp_path_factory) -> Path:
    """OUT of the valid checkpoint: batch 2, chunks of 8, context 32."""
    folder = tmp_path_factory.mktemp("good")
    model = raw_files.write_checkpoint(folder / "model")
    return tools.compile_model(
        model, folder / "out", "--prefill-seq-len=8", "--ctx-len=32",
        "--batch-size=2",
    )
