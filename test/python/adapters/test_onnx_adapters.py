# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adapters on ONNX graphs compute what peft computes on the model that was
exported: merged and swapped, on the host and in ONNX Runtime."""

from __future__ import annotations

import functools
import json

import numpy as np
import onnx
import onnxruntime
import pytest

import qeff
from qeff import adapters as qeff_adapters, cache
from oracles import batches, compare, fixtures, ledger, ort_session, tools
from raising import cells, models, peft_cases, scramble

EXPORTERS = ("dynamo18", "dynamo23", "torchscript17", "optimum")
LENGTHS = list(cells.PROMPT_LENGTHS)
FAMILIES = sorted({case.family for case in peft_cases.CASES})
SIZES = (
    "--batch-size=2", "--prefill-seq-len=8", f"--ctx-len={models.LONGEST}",
    "--require-raised",
)
NAMES = [case.name for case in peft_cases.CASES]
SWAPPED = [case.name for case in peft_cases.CASES if not case.refused]
REFUSED = [case.name for case in peft_cases.CASES if case.refused]


def _exports(names, family_of) -> list[tuple[str, str]]:
    """Each name with the exporters of its family."""
    return [
        (name, exporter) for name in names for exporter in EXPORTERS
        if cells.Cell(family_of(name), exporter).path.exists()
    ]


class Material:
    """Folders of adapters and what peft says of them."""

    def __init__(self, directory):
        self.directory = directory

    def folder(self, name: str):
        return self.directory / name / "adapter"

    def path(self, name: str):
        return self.directory / name / "reference.npz"

    @functools.cache
    def __getitem__(self, name: str) -> dict[str, np.ndarray]:
        with np.load(self.path(name)) as values:
            return dict(values)


@pytest.fixture(scope="module")
def material():
    names = ("peft_cases", "models", "reference", "cells")
    key = fixtures.cache_key(
        [f"../raising/{name}" for name in names],
        (*fixtures.BASE_PACKAGES, "peft"),
    )
    every = list(peft_cases.BY_NAME)
    return Material(fixtures.made_once(
        "onnx-adapters", key,
        lambda folder: [
            ["raising.peft_cases", str(folder), *every[part::2]]
            for part in (0, 1)
        ],
    ))


@pytest.fixture(scope="module")
def package(material, tmp_path_factory):
    """package(family, exporter, mode, names): OUT for both targets, once."""
    folder = tmp_path_factory.mktemp("onnx-adapters")

    @functools.cache
    def make(family: str, exporter: str, mode: str, names: tuple[str, ...]):
        output = folder / f"{exporter}-{mode}-{'-'.join(names)}"
        flags = [f"--adapter={name}={material.folder(name)}" for name in names]
        return tools.compile_model(
            cells.Cell(family, exporter).path, output, *SIZES,
            "--onnx-dtype=f32", f"--adapter-mode={mode}", *flags,
        )

    return make


def _family(name: str) -> str:
    return peft_cases.BY_NAME[name].family


def _together(name: str) -> tuple[str, ...]:
    return tuple(n for n in SWAPPED if _family(n) == _family(name))


def _check_host(host_worker, output, reference, what, adapter=None) -> None:
    (result,) = host_worker([{
        "package": str(output), "reference": str(reference), "rows": [LENGTHS],
        "steps": cells.NEW_TOKENS, "mode": "generate", "adapter": adapter,
    }])
    ledger.check(f"host {what}", result, cells.NEW_TOKENS)


@functools.lru_cache(maxsize=2)
def _session(directory):
    return ort_session.Package(directory)


def _check_onnx(output, values, what, pairs=None) -> None:
    session = _session(output / "aic100")
    session.use_adapter(pairs)
    result = batches.check_batch(
        session.generate, values, LENGTHS, cells.NEW_TOKENS
    )
    ledger.check(f"onnx {what}", result, cells.NEW_TOKENS)


#===----------------------------------------------------------------------===#
# The reference
#===----------------------------------------------------------------------===#


@pytest.mark.parametrize("name", NAMES)
def test_reference_can_fail(material, name):
    values = material[name]
    tokens = [values[f"tokens_{length}"] for length in LENGTHS]
    assert len(set(np.concatenate(tokens))) >= compare.MINIMUM_DISTINCT
    for mutation in peft_cases.BY_NAME[name].mutations:
        other = f"mutation/{mutation}/"
        moved = compare.worst(values[f"{other}logits_30"], values["logits_30"])
        assert moved >= compare.MUTATION_FACTOR, mutation
        assert (values[f"{other}tokens_30"] != values["tokens_30"]).any()


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_differ_from_the_base_and_from_each_other(material, family):
    rows = [cells.Cell(family, "").reference()]
    rows += [material[name] for name in NAMES if _family(name) == family]
    for length in LENGTHS:
        assert len({tuple(row[f"prompt_{length}"]) for row in rows}) == 1
        tokens = {tuple(row[f"tokens_{length}"]) for row in rows}
        assert len(tokens) == len(rows)


#===----------------------------------------------------------------------===#
# Both modes
#===----------------------------------------------------------------------===#


@pytest.mark.parametrize("name, exporter", _exports(NAMES, _family))
def test_merged(material, package, host_worker, name, exporter):
    output = package(_family(name), exporter, "merge", (name,))
    what = f"merged {name} {exporter}"
    _check_host(host_worker, output, material.path(name), what)
    _check_onnx(output, material[name], what)


@pytest.mark.parametrize("name, exporter", _exports(SWAPPED, _family))
def test_swapped(material, package, host_worker, name, exporter):
    """One package for all adapters of a family's export."""
    output = package(_family(name), exporter, "swap", _together(name))
    what = f"swapped {name} {exporter}"
    _check_host(host_worker, output, material.path(name), what, name)
    pairs = peft_cases.pairs(material[name])
    _check_onnx(output, material[name], what, pairs)


@pytest.mark.parametrize("family, exporter", _exports(FAMILIES, str))
def test_off(package, host_worker, family, exporter):
    names = tuple(name for name in SWAPPED if _family(name) == family)
    output = package(family, exporter, "swap", names)
    cell = cells.Cell(family, exporter)
    what = f"off {cell.name}"
    _check_host(host_worker, output, cells.reference_path(family), what)
    _check_onnx(output, cell.reference(), what)


@pytest.mark.parametrize("name", SWAPPED)
def test_an_adapter_that_comes_later(material, host_worker, name, tmp_path):
    """Fitted to a package that takes adapters of every linear layer."""
    output = tools.compile_model(
        cells.Cell(_family(name), "torchscript17").path, tmp_path / "out",
        *SIZES, "--target=host", "--adapter-mode=swap", "--max-lora-rank=12",
    )
    file = tmp_path / "later.safetensors"
    qeff_adapters.convert_adapter(material.folder(name), output, file, "later")
    _check_host(
        host_worker, output, material.path(name), f"later {name}", str(file)
    )


#===----------------------------------------------------------------------===#
# Encoders
#===----------------------------------------------------------------------===#


def _hidden(output, inputs, host_folder) -> list[np.ndarray]:
    """Last hidden states by both targets."""
    session = onnxruntime.InferenceSession(
        str(output / "aic100" / "model.onnx"),
        providers=["CPUExecutionProvider"],
    )
    names = {value.name for value in session.get_inputs()}
    feeds = {name: inputs[name] for name in names}
    np.savez(host_folder / "x.npz", **feeds)
    tools.run_ok(
        tools.tool("qeff-run"), output, f"--inputs={host_folder / 'x.npz'}",
        f"--outputs={host_folder / 'y.npz'}",
    )
    with np.load(host_folder / "y.npz") as outputs:
        return [session.run(None, feeds)[0], outputs[outputs.files[0]]]


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("case", peft_cases.ENCODERS, ids=lambda c: c.name)
def test_merged_encoders(material, case, exporter, tmp_path):
    """Also where the exporter was given a wrapper, and no head tells of it."""
    values = material[case.name]
    for mutation in case.mutations:
        other = values[f"mutation/{mutation}/hidden_30"]
        moved = compare.worst(other, values["hidden_30"])
        assert moved >= compare.MUTATION_FACTOR, mutation
    output = tools.compile_model(
        cells.Cell(case.family, exporter).path, tmp_path / "out",
        f"--dims=batch_size=2,seq_len={max(LENGTHS)}", "--onnx-dtype=f32",
        "--require-raised", "--adapter-mode=merge",
        f"--adapter=one={material.folder(case.name)}",
    )
    rows = [values[f"prompt_{length}"] for length in LENGTHS]
    ids, mask = cells.padded(rows)
    inputs = {"input_ids": ids, "attention_mask": mask}
    if "types_7" in values:
        types = [values[f"types_{length}"] for length in LENGTHS]
        inputs["token_type_ids"] = cells.padded(types)[0] * mask
    for hidden in _hidden(output, inputs, tmp_path):
        for row, length in enumerate(LENGTHS):
            expected = values[f"hidden_{length}"]
            assert compare.worst(hidden[row, :length], expected) <= 1


#===----------------------------------------------------------------------===#
# Python
#===----------------------------------------------------------------------===#


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_python_classes(material, exporter, tmp_path):
    """Rows of peft, after a switch, and off."""
    names = ("llama-suffixes", "llama-all")
    model = qeff.QEffAutoPeftModelForCausalLM.from_pretrained(
        material.folder(names[0]), names[0],
        base_model=cells.Cell("llama", exporter).path,
    )
    model.compile(
        compile_dir=tmp_path / "out", prefill_seq_len=8,
        ctx_len=models.LONGEST, max_lora_rank=11,
        adapters={names[1]: material.folder(names[1])},
    )
    rows = {name: material[name] for name in names}
    rows[None] = cells.Cell("llama", "").reference()
    for name, values in rows.items():
        model.set_adapter(name)
        for length in LENGTHS:
            tokens = model.generate(
                values[f"prompt_{length}"][None],
                max_new_tokens=cells.NEW_TOKENS,
            )
            expected = values[f"tokens_{length}"]
            np.testing.assert_array_equal(tokens[0, length:], expected)


def test_python_compile_merges(material, host_worker, tmp_path):
    qeff.compile(
        cells.Cell("gpt2", "dynamo23").path, tmp_path / "out", target="host",
        prefill_seq_len=8, ctx_len=models.LONGEST, batch_size=2,
        adapters={"one": material.folder("gpt2-all")}, adapter_mode="merge",
    )
    path = material.path("gpt2-all")
    _check_host(host_worker, tmp_path / "out", path, "python gpt2-all")


@pytest.mark.parametrize("name, fits", [
    ("llama-all", True), ("gpt2-fused", False), ("phi3-fused", False),
])
def test_inspect(material, name, fits):
    described = qeff_adapters.describe_adapter(
        material.folder(name), cells.Cell("llama", "torchscript17").path
    )
    assert described["fits"] is fits
    if not fits:
        assert "to name modules that the base has" in described["reason"]


def test_external_data_belongs_to_a_model(tmp_path):
    """A package in the cache is another one when the weights change."""
    model = tmp_path / "model.onnx"
    model.write_bytes(b"")
    (tmp_path / "model.onnx.data").write_bytes(b"1")
    before = cache.fingerprint(model)
    (tmp_path / "model.onnx.data").write_bytes(b"12")
    assert cache.fingerprint(model) != before


#===----------------------------------------------------------------------===#
# Refusals
#===----------------------------------------------------------------------===#


def _refuse(material, name, model, mode, tmp_path) -> str:
    result = tools.run(
        tools.tool("qeff-compile"), model, "-o", tmp_path / "out",
        f"--adapter-mode={mode}", f"--adapter=other={material.folder(name)}",
    )
    assert result.returncode == 1, result.stderr
    assert not (tmp_path / "out").exists()
    return result.stderr


@pytest.mark.parametrize("name", REFUSED)
def test_swap_mode_refuses(material, name, tmp_path):
    model = cells.Cell(_family(name), "optimum").path
    said = _refuse(material, name, model, "swap", tmp_path)
    assert peft_cases.BY_NAME[name].refused in said


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_a_graph_without_names(material, exporter, tmp_path):
    path = tmp_path / "scrambled.onnx"
    model = onnx.load(cells.Cell("llama", exporter).path)
    onnx.save(scramble.scramble(model)[0], path)
    said = _refuse(material, "llama-suffixes", path, "merge", tmp_path)
    assert "expects a base whose modules have names, got one without" in said


def test_an_unknown_target_names_those_near(material, tmp_path):
    folder = tmp_path / "typo"
    folder.mkdir()
    source = material.folder("llama-suffixes")
    config = json.loads((source / "adapter_config.json").read_text())
    config["target_modules"] = ["qproj", "v_proj"]
    (folder / "adapter_config.json").write_text(json.dumps(config))
    tensors = (source / "adapter_model.safetensors").read_bytes()
    (folder / "adapter_model.safetensors").write_bytes(tensors)
    result = tools.run(
        tools.tool("qeff-compile"), cells.Cell("llama", "dynamo18").path,
        "-o", tmp_path / "out", "--adapter-mode=merge",
        f"--adapter=typo={folder}",
    )
    assert result.returncode == 1
    assert "got 'qproj', near 'q_proj'" in result.stderr


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_an_adapter_of_another_family(material, exporter, tmp_path):
    model = cells.Cell("gpt2", exporter).path
    said = _refuse(material, "llama-suffixes", model, "merge", tmp_path)
    assert "to name modules that the base has" in said


def test_waivers_are_rare():
    assert ledger.share_waived() < ledger.WAIVER_LIMIT
