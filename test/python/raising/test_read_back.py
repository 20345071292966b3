# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A graph for AI 100, with caches that are scattered into and the logits of the
last position alone, is a model like any other: it compiles again, also when
nothing is called what it was."""

from __future__ import annotations

import json

import onnx
import pytest

from oracles import ledger
from raising import cells, compiled, models, scramble

FAMILIES = [family.name for family in models.FAMILIES if not family.encoder]


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """package(family): the folder aic100 made from an export."""
    folder = tmp_path_factory.mktemp("packages")

    def package(family: str):
        output = folder / family
        if not output.exists():
            path = cells.EXPORTS / f"{family}.dynamo18.onnx"
            compiled.build(family, "onnx", path, output)
        return output / "aic100"

    return package


@pytest.mark.parametrize("family", FAMILIES)
def test_dims_are_those_of_the_specializations(family, packages):
    folder = packages(family)
    graph = onnx.load(folder / "model.onnx", load_external_data=False).graph
    given = json.loads((folder / "specializations.json").read_text())
    symbols = set(given["specializations"][0]["symbols"])
    for value in graph.input:
        dims = {dim.dim_param for dim in value.type.tensor_type.shape.dim}
        assert dims - {""} <= symbols, value.name


@pytest.mark.parametrize("naming", ["named", "scrambled"])
@pytest.mark.parametrize("target", ["host", "onnx"])
@pytest.mark.parametrize("family", FAMILIES)
def test_compiles_again(
    family, target, naming, packages, host_worker, tmp_path
):
    model = packages(family) / "model.onnx"
    if naming == "scrambled":
        graph, _ = scramble.scramble(onnx.load(model))
        model = tmp_path / "model.onnx"
        onnx.save(graph, model)
    output = compiled.build(family, target, model, tmp_path / "out")
    result = compiled.run_decoder(family, target, output, host_worker)
    ledger.check(
        f"read back {family} {target} {naming}", result, cells.NEW_TOKENS
    )
