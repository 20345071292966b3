# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reference values and packages, made once and shared by all parity tests."""

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

from oracles import ledger, tools, variants


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


def _cache_key() -> str:
    key = hashlib.sha256()
    for name in ("variants", "mutations", "reference", "gguf_models"):
        key.update((tools.PYTHON_TESTS / "oracles" / f"{name}.py").read_bytes())
    for package in ("torch", "transformers", "gguf"):
        key.update(version(package).encode())
    return key.hexdigest()[:16]


def _make_references(directory: Path) -> None:
    names = [variant.name for variant in variants.VARIANTS]
    commands = [
        ["oracles.reference", str(directory), *names[0::2]],
        ["oracles.reference", str(directory), *names[1::2]],
        ["oracles.gguf_models", str(directory)],
    ]
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


@pytest.fixture(scope="session")
def references() -> References:
    parent = tools.BUILD / "test" / "parity"
    directory = parent / _cache_key()
    if not (directory / "complete").exists():
        shutil.rmtree(parent, ignore_errors=True)
        directory.mkdir(parents=True)
        _make_references(directory)
        (directory / "complete").touch()
    return References(directory)


@pytest.fixture(scope="session")
def package(references, tmp_path_factory):
    """package(name, batch, ctx=…, flags=…): OUT, compiled once."""
    folder = tmp_path_factory.mktemp("packages")

    @functools.cache
    def make(name, batch=1, ctx=variants.CONTEXT, flags=()) -> Path:
        output = folder / f"{name}-{batch}-{ctx}{''.join(flags)}"
        return tools.compile_model(
            references.model(name),
            output,
            f"--prefill-seq-len={variants.PREFILL}",
            f"--ctx-len={ctx}",
            f"--batch-size={batch}",
            "--onnx-dtype=f32",
            *flags,
        )

    return make


@pytest.fixture(scope="session")
def canonical(references, tmp_path_factory):
    """canonical(name): the imported module, imported once."""
    folder = tmp_path_factory.mktemp("canonical")

    @functools.cache
    def make(name) -> Path:
        return tools.import_model(
            references.model(name), folder / f"{name}.mlir"
        )

    return make


@pytest.fixture(scope="session")
def onnx_package(references, canonical, tmp_path_factory):
    """onnx_package(name, batch, ctx=…): a folder with model.onnx and the
    sizes to run it with, by qeff-opt and qeff-translate."""
    folder = tmp_path_factory.mktemp("onnx")

    @functools.cache
    def graph(name, dtype) -> Path:
        # One graph for all sizes; rope's one set of frequencies and the
        # specializations depend on the context.
        output = folder / f"{name}-{dtype}"
        output.mkdir()
        passes = (
            f"qeff-to-aic100{{ctx-len={variants.CONTEXT} "
            f"prefill-seq-len={variants.PREFILL} onnx-dtype={dtype}}}"
        )
        tools.export_onnx(
            canonical(name), passes, references.model(name),
            output / "model.onnx",
        )
        return output

    @functools.cache
    def make(name, batch=1, ctx=variants.CONTEXT, dtype="f32") -> Path:
        output = folder / f"{name}-{dtype}-{batch}-{ctx}"
        output.mkdir()
        for path in graph(name, dtype).glob("model.onnx*"):
            # A copy: the checker refuses links.
            shutil.copy(path, output / path.name)
        sizes = [
            {
                "name": call,
                "symbols": {
                    "batch_size": str(batch), "seq_len": str(seq_len),
                    "ctx_len": str(ctx),
                },
            }
            for call, seq_len in (("Prefill", variants.PREFILL), ("Decode", 1))
        ]
        (output / "specializations.json").write_text(
            json.dumps({"specializations": sizes})
        )
        return output

    return make


@pytest.fixture(scope="session")
def host_package(references, tmp_path_factory):
    """host_package(name, batch, ctx=…, prefill=…, weights=…): OUT with a host
    QPC alone, compiled once."""
    folder = tmp_path_factory.mktemp("host-packages")

    @functools.cache
    def make(
        name, batch=1, ctx=variants.CONTEXT, prefill=variants.PREFILL,
        weights="auto",
    ) -> Path:
        return tools.compile_model(
            references.model(name),
            folder / f"{name}-{batch}-{ctx}-{prefill}-{weights}",
            "--target=host",
            f"--prefill-seq-len={prefill}",
            f"--ctx-len={ctx}",
            f"--batch-size={batch}",
            f"--host-weights={weights}",
        )

    return make


@pytest.fixture(scope="session")
def host_worker(references, tmp_path_factory):
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


def pytest_terminal_summary(terminalreporter):
    if ledger.compared:
        for line in ledger.report():
            terminalreporter.write_line(line)
