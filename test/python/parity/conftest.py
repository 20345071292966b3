# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Packages of the tiny models, made once and shared by all parity tests."""

from __future__ import annotations

import functools
import json
import shutil
from pathlib import Path

import pytest

from oracles import tools, variants


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
