# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the Python tests find the package, the tools and the real model.

Nothing is skipped: a missing oracle, model or build fails the run.
"""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("QEFF_BUILD_DIR", ROOT / "build" / "release"))

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
