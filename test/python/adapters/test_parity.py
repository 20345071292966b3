# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adapters compute what peft computes: merged and swapped, on the host and in
ONNX Runtime, alone and in batches of rows of different length."""

import functools
import json

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file

from oracles import batches, compare, ledger, ort_session, tools
from oracles.adapter_cases import (
    CASE_BY_NAME, CASES, FIRST_OF_FAMILY, swapped_together,
)
from oracles.variants import NEW_TOKENS, PROMPT_LENGTHS

MERGED = [case.name for case in CASES if "merge" in case.modes]
SWAPPED = [case.name for case in CASES if "swap" in case.modes]
REFUSED = [case.name for case in CASES if case.refused]


def _rows(name: str, batch: int) -> list[list[int]]:
    lengths = CASE_BY_NAME[name].lengths
    if batch == 1:
        return [[length] for length in lengths]
    if lengths == PROMPT_LENGTHS:
        return [[7, 100, 1], [32, 33, 100], [33]]
    return [[7, 100, 33]]


def _host_job(package, adapters, name, batch, **more) -> dict:
    return {
        "package": str(package), "reference": str(adapters.path(name)),
        "rows": _rows(name, batch), "steps": NEW_TOKENS, "mode": "generate",
        **more,
    }


@functools.lru_cache(maxsize=2)
def _session(directory):
    return ort_session.Package(directory / "aic100")


def _check_onnx(package, values, name, batch, what, pairs=None) -> None:
    session = _session(package)
    session.use_adapter(pairs)
    for rows in _rows(name, batch):
        result = batches.check_batch(
            session.generate, values, rows, NEW_TOKENS
        )
        ledger.check(
            f"onnx {what} {name} b{batch}", result, NEW_TOKENS,
            CASE_BY_NAME[name].limit,
        )


#===----------------------------------------------------------------------===#
# The reference
#===----------------------------------------------------------------------===#


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reference_is_varied_and_exact(adapters, case):
    values = adapters[case.name]
    for length in case.lengths:
        tokens = set(values[f"tokens_{length}"].tolist())
        assert len(tokens) >= compare.MINIMUM_DISTINCT, length
        assert values[f"noise_{length}"] <= 0.4, length


@pytest.mark.parametrize(
    "name,mutation",
    [(case.name, name) for case in CASES for name in case.mutations],
)
def test_mutation_is_noticed(adapters, name, mutation):
    values = adapters[name]
    moved = compare.worst(
        values[f"mutation/{mutation}/logits_33"], values["logits_33"]
    )
    assert moved >= compare.MUTATION_FACTOR
    tokens = compare.compare_tokens(
        values[f"mutation/{mutation}/tokens_33"], values["tokens_33"],
        values["logits_33"],
    )
    assert tokens["mismatch"] is not None


def test_tokens_differ_from_base_and_from_each_other(references, adapters):
    seen = {}
    for case in CASES:
        for length in case.lengths:
            prompt = tuple(adapters[case.name][f"prompt_{length}"].tolist())
            tokens = tuple(adapters[case.name][f"tokens_{length}"].tolist())
            base = tuple(references[case.base][f"tokens_{length}"].tolist())
            others = seen.setdefault((case.base, prompt), {base: case.base})
            assert tokens not in others, (case.name, others.get(tokens))
            others[tokens] = case.name


#===----------------------------------------------------------------------===#
# Merged
#===----------------------------------------------------------------------===#


@pytest.mark.parametrize("name", MERGED)
def test_merged_on_the_host(adapters, merged_package, host_worker, name):
    jobs = [
        _host_job(merged_package(name, batch), adapters, name, batch)
        for batch in (1, 3)
    ]
    for result in host_worker(jobs):
        ledger.check(
            f"host merged {name}", result, NEW_TOKENS, CASE_BY_NAME[name].limit
        )


@pytest.mark.parametrize("name", MERGED)
def test_merged_in_onnx_runtime(adapters, merged_package, name):
    for batch in (1, 3):
        _check_onnx(
            merged_package(name, batch), adapters[name], name, batch, "merged"
        )


@pytest.mark.parametrize("name", FIRST_OF_FAMILY)
def test_merged_package_takes_no_adapters(merged_package, name):
    package = merged_package(name, 1)
    assert not list(package.rglob("adapters"))
    manifest = json.loads((package / "host" / "qpc.json").read_text())
    assert "adapter" not in manifest
    graph = onnx.load(
        package / "aic100" / "model.onnx", load_external_data=False
    ).graph
    assert not [value.name for value in graph.input if "lora" in value.name]


def test_magnitudes_come_first(references, adapters, tmp_path):
    """peft takes DoRA's norms from the base whatever was added before."""
    later, first = adapters.folders("llama-dora-sum")
    result = tools.run(
        tools.tool("qeff-compile"), references.model("llama"),
        "-o", tmp_path / "out", "--adapter-mode=merge",
        f"--adapter=first={first}", f"--adapter=later={later}",
    )
    assert result.returncode == 1
    assert "expects a magnitude in the first adapter alone" in result.stderr
    assert "v_proj" in result.stderr
    assert not list(tmp_path.iterdir())


#===----------------------------------------------------------------------===#
# Swapped
#===----------------------------------------------------------------------===#


@pytest.mark.parametrize("name", SWAPPED)
def test_swapped_on_the_host(adapters, swap_package, host_worker, name):
    """One package for all adapters of a base: ranks, alphas and targets
    differ, the package takes the largest and all of them."""
    jobs = [
        _host_job(
            swap_package(swapped_together(name), batch), adapters, name, batch,
            adapter=name,
        )
        for batch in (1, 3)
    ]
    for result in host_worker(jobs):
        ledger.check(f"host swapped {name}", result, NEW_TOKENS)


@pytest.mark.parametrize(
    "name", [n for n in SWAPPED if CASE_BY_NAME[n].base_rounded is None]
)
def test_swapped_in_onnx_runtime(adapters, swap_package, name):
    for batch in (1, 3):
        _check_onnx(
            swap_package(swapped_together(name), batch), adapters[name], name,
            batch, "swapped", adapters.pairs(name),
        )


@pytest.mark.parametrize("name", FIRST_OF_FAMILY)
def test_swapped_alone(adapters, swap_package, host_worker, name):
    """A package of exactly one adapter's rank and targets."""
    package = swap_package((name,), 3)
    manifest = json.loads((package / "host" / "qpc.json").read_text())
    taken = manifest["adapter"]
    pairs = adapters.pairs(name)
    assert [target["module"] for target in taken["targets"]] == list(pairs)
    assert taken["max_lora_rank"] == CASE_BY_NAME[name].part.config["r"]
    job = _host_job(package, adapters, name, 3, adapter=name)
    for result in host_worker([job, {**job, "mode": "calls"}]):
        ledger.check(f"host swapped alone {name}", result, NEW_TOKENS)
    _check_onnx(package, adapters[name], name, 3, "swapped alone", pairs)


@pytest.mark.parametrize("name", FIRST_OF_FAMILY)
def test_rows_do_not_depend_on_batch_or_threads(
    adapters, swap_package, host_worker, name, tmp_path
):
    """The same bits alone and in a batch, whatever the package's rank."""
    together = swapped_together(name)
    jobs = [
        {
            **_host_job(package, adapters, name, 3, adapter=name),
            "rows": [[7, 100, 1]], "threads": threads,
            "save": str(tmp_path / f"{index}.npz"),
        }
        for index, (package, threads) in enumerate(
            (
                (swap_package(together, 3), 1),
                (swap_package(together, 3), 3),
                (swap_package(together, 1), 2),
                (swap_package((name,), 3), 2),
            )
        )
    ]
    host_worker(jobs)
    expected = dict(np.load(tmp_path / "0.npz"))
    for index in range(1, len(jobs)):
        for row, logits in np.load(tmp_path / f"{index}.npz").items():
            assert np.array_equal(logits, expected[row]), (index, row)


@pytest.mark.parametrize("name", FIRST_OF_FAMILY)
def test_swapped_graph_is_valid(swap_package, name):
    path = swap_package(swapped_together(name), 1) / "aic100" / "model.onnx"
    onnx.checker.check_model(str(path), full_check=True)


@pytest.mark.parametrize("name", FIRST_OF_FAMILY)
def test_swapped_off(references, swap_package, host_worker, name):
    """No adapter, and zeros in the graph, are the base."""
    base = CASE_BY_NAME[name].base
    package = swap_package(swapped_together(name), 3)
    rows = [7, 100, 33]
    (result,) = host_worker(
        [
            {
                "package": str(package), "rows": [rows], "mode": "generate",
                "reference": str(references.path(base)), "steps": NEW_TOKENS,
            }
        ]
    )
    ledger.check(f"host off {base}", result, NEW_TOKENS)
    session = _session(package)
    session.use_adapter(None)
    result = batches.check_batch(
        session.generate, references[base], rows, NEW_TOKENS
    )
    ledger.check(f"onnx off {base}", result, NEW_TOKENS)


@pytest.mark.parametrize("name", SWAPPED)
def test_file_of_the_package(adapters, swap_package, name):
    """A, B and scaling as peft has them, to the bit."""
    package = swap_package(swapped_together(name), 1)
    found = load_file(package / "adapters" / f"{name}.safetensors")
    for module, (a, b, scaling) in adapters.pairs(name).items():
        path = f"base_model.model.{module}.lora_"
        for given, expected in (
            (found.pop(f"{path}A.weight"), a),
            (found.pop(f"{path}B.weight"), b),
            (found.pop(f"{module}.lora_scaling"), np.float32([scaling])),
        ):
            assert np.array_equal(np.asarray(given, np.float32), expected)
    assert not found


@pytest.mark.parametrize("name", FIRST_OF_FAMILY)
def test_qeff_run(adapters, swap_package, name):
    """The command line, with more rows than the batch; nothing is written."""
    values = adapters[name]
    package = swap_package(swapped_together(name), 3)
    before = tools.digests(package)
    rows = [
        "--tokens=" + ",".join(map(str, values[f"prompt_{n}"]))
        for n in PROMPT_LENGTHS
    ]
    for path in (package, package / "host"):
        said = json.loads(
            tools.run_ok(
                tools.tool("qeff-run"), path, f"--adapter={name}", *rows,
                f"--max-new-tokens={NEW_TOKENS}", "--json",
            ).stdout
        )
        assert said["adapter"] == name
        for tokens, length in zip(said["tokens"], PROMPT_LENGTHS):
            compared = compare.compare_tokens(
                tokens, values[f"tokens_{length}"], values[f"logits_{length}"]
            )
            assert compared["mismatch"] is None, (length, compared)
    assert tools.digests(package) == before


@pytest.mark.parametrize("name", FIRST_OF_FAMILY)
def test_every_linear_layer_is_a_target(
    adapters, adapter_package, swap_package, host_worker, name
):
    """A package that was compiled without an adapter takes another's file."""
    case = CASE_BY_NAME[name]
    package = adapter_package(
        case.base, 3, ("--adapter-mode=swap", "--max-lora-rank=13")
    )
    files = swap_package(swapped_together(name), 3) / "adapters"
    job = _host_job(
        package, adapters, name, 3, adapter=str(files / f"{name}.safetensors")
    )
    for result in host_worker([job]):
        ledger.check(f"host all targets {name}", result, NEW_TOKENS)
    _check_onnx(
        package, adapters[name], name, 3, "all targets", adapters.pairs(name)
    )


@pytest.mark.parametrize("name", REFUSED)
def test_swap_mode_refuses(references, adapters, name, tmp_path):
    case = CASE_BY_NAME[name]
    (folder,) = adapters.folders(name)
    result = tools.run(
        tools.tool("qeff-compile"), references.model(case.base),
        "-o", tmp_path / "out", "--adapter-mode=swap",
        f"--adapter=other={folder}",
    )
    assert result.returncode == 1, result.stderr
    assert case.refused in result.stderr
    assert str(folder / "adapter_config.json") in result.stderr
    assert not list(tmp_path.iterdir())


def test_waivers_are_rare():
    print("\n".join(ledger.report()))
    assert ledger.share_waived() < ledger.WAIVER_LIMIT
