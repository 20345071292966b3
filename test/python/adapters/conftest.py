# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PEFT adapters with peft's reference values, and packages that have them."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from oracles import fixtures, tools, variants
from oracles.adapter_cases import CASE_BY_NAME, CASES


class Adapters:
    """The folders and reference values of oracles.adapters."""

    def __init__(self, directory: Path):
        self.directory = directory

    def folders(self, name: str) -> list[Path]:
        parts = CASE_BY_NAME[name].parts
        return [self.directory / name / f"a{i}" for i in range(len(parts))]

    def path(self, name: str) -> Path:
        return self.directory / name / "reference.npz"

    @functools.cache
    def __getitem__(self, name: str) -> dict[str, np.ndarray]:
        with np.load(self.path(name)) as values:
            return dict(values)

    def pairs(self, name: str) -> dict[str, tuple]:
        """{module: (A, B, scaling)} as peft has them."""
        values = self[name]
        return {
            key[2:]: (value, values["b" + key[1:]], values["scaling" + key[1:]])
            for key, value in values.items()
            if key.startswith("a/")
        }


@pytest.fixture(scope="session")
def adapters(references) -> Adapters:
    names = [case.name for case in CASES]
    bases = str(references.directory)
    key = fixtures.cache_key(
        (*fixtures.BASE_MODULES, "adapter_cases", "adapter_mutations",
         "adapters"),
        (*fixtures.BASE_PACKAGES, "peft"),
    )
    directory = fixtures.made_once(
        "adapters", key,
        lambda folder: [
            ["oracles.adapters", bases, str(folder), *names[part::2]]
            for part in (0, 1)
        ],
    )
    return Adapters(directory)


@pytest.fixture(scope="session")
def adapter_package(references, tmp_path_factory):
    """adapter_package(base, batch, flags): OUT for both targets, once."""
    folder = tmp_path_factory.mktemp("adapter-packages")

    @functools.cache
    def make(base: str, batch: int, flags: tuple[str, ...]) -> Path:
        count = len(list(folder.iterdir()))
        return tools.compile_model(
            references.model(base),
            folder / f"{base}-{batch}-{count}",
            f"--prefill-seq-len={variants.PREFILL}",
            f"--ctx-len={variants.CONTEXT}",
            f"--batch-size={batch}",
            "--onnx-dtype=f32",
            *flags,
        )

    return make


@pytest.fixture(scope="session")
def merged_package(adapters, adapter_package):
    """merged_package(case, batch): the case's adapters in the weights."""

    def make(name: str, batch: int) -> Path:
        case = CASE_BY_NAME[name]
        flags = ["--adapter-mode=merge"]
        for folder, part in zip(adapters.folders(name), case.parts):
            weight = "" if part.weight == 1 else f":{part.weight}"
            flags.append(f"--adapter={folder.name}={folder}{weight}")
        return adapter_package(case.base, batch, tuple(flags))

    return make


@pytest.fixture(scope="session")
def swap_package(adapters, adapter_package):
    """swap_package(names, batch): those adapters, to be set while running."""

    def make(names, batch: int) -> Path:
        case = CASE_BY_NAME[names[0]]
        flags = [f"--host-weights={case.host_weights}", "--adapter-mode=swap"]
        for name in names:
            (folder,) = adapters.folders(name)
            flags.append(f"--adapter={name}={folder}")
        return adapter_package(case.base, batch, tuple(flags))

    return make
