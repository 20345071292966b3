# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the Python tests find the package, the tools and the real model.

Nothing is skipped: a missing oracle, model or build fails the run.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest
import toy_model
from oracles import ledger
from oracles.fixtures import host_worker, references  # noqa: F401
from oracles.tools import BUILD, ROOT

sys.path.insert(0, str(BUILD / "python"))
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def model_path(name: str) -> Path:
    """A real model that `utils/fetch_models.py` downloads."""
    folder = Path(os.environ.get("QEFF_MODELS_DIR", ROOT / "build" / "models"))
    path = folder / name
    assert path.is_file(), f"{path} is missing: run utils/fetch_models.py"
    return path


@pytest.fixture(scope="session")
def smollm2_gguf() -> Path:
    return model_path("SmolLM2-135M-Instruct.Q4_1.gguf")


@pytest.fixture
def toy_package(tmp_path) -> Path:
    """A package whose program is written by hand (`toy_model` says what it
    computes), with a tokenizer of one token per character."""
    source = BUILD / "test" / "unit" / "Runtime" / "packages" / "dropped"
    assert source.is_dir(), f"{source} is missing: build QEffFakePackages"
    package = tmp_path / "toy"
    shutil.copytree(source, package)
    (package / "host" / "tokenizer").mkdir()
    toy_model.write_tokenizer(package / "host" / "tokenizer")
    return package


def pytest_terminal_summary(terminalreporter):
    if ledger.compared:
        for line in ledger.report():
            terminalreporter.write_line(line)
