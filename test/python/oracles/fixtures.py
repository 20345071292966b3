# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fixtures that several folders of tests share: the tiny models with their
reference values, and the process in which host QPCs run."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from . import tools, variants


class References:
    """The checkpoints and reference values of all tiny models. They depend on
    the oracles and on transformers alone and are kept between runs."""

    def __init__(self, directory: Path):
        self.directory = directory

    def model(self, name: str) -> Path:
        folder = self.directory / name
        gguf = folder / "model.gguf"
        return gguf if gguf.exists() else folder / "checkpoint"

    def path(self, name: str) -> Path:
        return self.directory / name / "reference.npz"

    @functools.cache
    def __getitem__(self, name: str) -> dict[str, np.ndarray]:
        with np.load(self.path(name)) as values:
            return dict(values)


def cache_key(modules, packages) -> str:
    """Changes with the source of these oracles and the packages' versions."""
    key = hashlib.sha256()
    for name in modules:
        key.update((tools.PYTHON_TESTS / "oracles" / f"{name}.py").read_bytes())
    for package in packages:
        key.update(version(package).encode())
    return key.hexdigest()[:16]


def made_once(name: str, key: str, commands) -> Path:
    """The folder of a key, filled by `commands(folder)`, lists of arguments of
    python -m, where it is not there yet; those of other keys are removed."""
    parent = tools.BUILD / "test" / name
    directory = parent / key
    if not (directory / "complete").exists():
        shutil.rmtree(parent, ignore_errors=True)
        directory.mkdir(parents=True)
        _run_together(commands(directory))
        (directory / "complete").touch()
    return directory


def _run_together(commands) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=tools.PYTHON_TESTS,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    errors = [process.communicate()[1] for process in processes]
    for process, error in zip(processes, errors):
        assert process.returncode == 0, error[-4000:]


BASE_MODULES = ("variants", "mutations", "reference", "gguf_models")
BASE_PACKAGES = ("torch", "transformers", "gguf")


@pytest.fixture(scope="session")
def references() -> References:
    names = [variant.name for variant in variants.VARIANTS]
    directory = made_once(
        "parity",
        cache_key(BASE_MODULES, BASE_PACKAGES),
        lambda folder: [
            ["oracles.reference", str(folder), *names[0::2]],
            ["oracles.reference", str(folder), *names[1::2]],
            ["oracles.gguf_models", str(folder)],
        ],
    )
    return References(directory)


@pytest.fixture(scope="session")
def host_worker(tmp_path_factory):
    """Runs jobs in a process that can import no other implementation."""
    folder = tmp_path_factory.mktemp("host")
    count = 0

    def run(jobs: list[dict]) -> list[dict]:
        nonlocal count
        count += 1
        request = folder / f"request-{count}.json"
        request.write_text(
            json.dumps({"library": tools.runtime_library(), "jobs": jobs})
        )
        result = tools.python_module("oracles.host_worker", request)
        return json.loads(result.stdout)

    return run
