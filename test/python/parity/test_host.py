# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The host QPC says what transformers says: greedy tokens and teacher-forced
logits, in a process that can import neither torch nor onnxruntime."""

import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch

from oracles import compare, ledger, tools
from oracles.variants import (
    CONTEXT, GGUF_NAMES, NEW_TOKENS, PREFILL, PROMPT_LENGTHS, VARIANTS,
)

ALL = [variant.name for variant in VARIANTS] + list(GGUF_NAMES)
FAMILIES = ("llama", "gpt2", "mpt")
BATCHES_OF_THREE = [[7, 100, 1], [32, 33, 100], [33], [1, 7, 32, 33, 100]]


def _job(package, references, name, rows, mode="generate", **more):
    return {
        "package": str(package),
        "reference": str(references.path(name)),
        "rows": rows,
        "steps": NEW_TOKENS,
        "mode": mode,
        **more,
    }


@pytest.mark.parametrize("name", ALL)
def test_batch_of_one(references, host_package, host_worker, name):
    rows = [[length] for length in PROMPT_LENGTHS]
    jobs = [_job(host_package(name, 1), references, name, rows)]
    for result in host_worker(jobs):
        ledger.check(f"host {name} b1", result, NEW_TOKENS)


@pytest.mark.parametrize("name", ALL)
def test_batch_of_three(references, host_package, host_worker, name):
    jobs = [
        _job(host_package(name, 3), references, name, BATCHES_OF_THREE),
        # The functions called by the tests' own schedule.
        _job(host_package(name, 3), references, name, [[7, 100, 1]], "calls"),
    ]
    for result in host_worker(jobs):
        ledger.check(f"host {name} b3", result, NEW_TOKENS)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("ctx,counts", [(100, [1, 40, 40]), (104, [5, 40, 40])])
def test_full_context(references, host_package, host_worker, name, ctx, counts):
    """The row of 100 tokens fills the context with a padded last chunk."""
    made = host_package(name, 3, ctx)
    jobs = [
        _job(made, references, name, [[100, 7, 33]], mode)
        for mode in ("generate", "calls")
    ]
    for result in host_worker(jobs):
        assert result["counts"] == counts
        ledger.check(f"host {name} ctx {ctx}", result)


@pytest.mark.parametrize("name", FAMILIES)
def test_context_ends_while_other_rows_run(
    references, host_package, host_worker, name
):
    """One token more than a chunk in a context of exactly that length: the
    last chunk is all rewritten keys and one new one."""
    jobs = [_job(host_package(name, 3, 33), references, name, [[33, 7, 1]])]
    (result,) = host_worker(jobs)
    assert result["counts"] == [1, 27, 33]
    ledger.check(f"host {name} ctx 33", result)


@pytest.mark.parametrize("name", FAMILIES)
def test_rows_do_not_depend_on_batch_chunk_or_threads(
    references, host_package, host_worker, name, tmp_path
):
    """The same bits alone, in a batch, in chunks or token by token."""
    alone = host_package(name, 1)
    by_token = host_package(name, 1, prefill=1)
    jobs = [
        _job(made, references, name, [rows], threads=threads,
             save=str(tmp_path / f"{index}.npz"))
        for index, (made, rows, threads) in enumerate(
            [
                (host_package(name, 3), [7, 100, 1], 1),
                (host_package(name, 3), [7, 100, 1], 2),
                (host_package(name, 3), [100, 1, 7], 3),
                (alone, [7, 100, 1], 2),
                (by_token, [7, 100, 1], 2),
            ]
        )
    ]
    host_worker(jobs)
    expected = dict(np.load(tmp_path / "0.npz"))
    for index in range(1, len(jobs)):
        for row, logits in np.load(tmp_path / f"{index}.npz").items():
            assert np.array_equal(logits, expected[row]), (index, row)


def _teacher_forced(packages, references, name, host_worker, folder):
    """The logits of one batch from each package."""
    jobs = [
        _job(package, references, name, [[7, 33, 1]],
             save=str(folder / f"{index}.npz"))
        for index, package in enumerate(packages)
    ]
    results = host_worker(jobs)
    return results, [dict(np.load(job["save"])) for job in jobs]


def _round_matrices(checkpoint, output, dtype):
    """A copy of a checkpoint whose matrices went through `dtype`."""
    shutil.copytree(checkpoint, output)
    for path in output.glob("*.safetensors"):
        tensors = safetensors.torch.load_file(path)
        for name, value in tensors.items():
            if value.ndim == 2:
                tensors[name] = value.to(dtype).to(value.dtype)
        safetensors.torch.save_file(tensors, path, metadata={"format": "pt"})
    return output


@pytest.mark.parametrize(
    "name,kind",
    [("llama", "f16"), ("llama", "bf16"), ("gpt2", "f16"),
     ("gpt2-tied", "bf16"), ("mpt", "bf16")],
)
def test_matrices_stored_in_16_bits(
    references, host_package, host_worker, name, kind, tmp_path
):
    """--host-weights rounds the matrices and nothing else: the bits of a
    checkpoint that was rounded before."""
    dtype = {"f16": torch.float16, "bf16": torch.bfloat16}[kind]
    rounded = tools.compile_model(
        _round_matrices(references.model(name), tmp_path / "model", dtype),
        tmp_path / "out", "--target=host", f"--prefill-seq-len={PREFILL}",
        f"--ctx-len={CONTEXT}", "--batch-size=3",
    )
    packages = [
        host_package(name, 3, weights=kind), rounded, host_package(name, 3)
    ]
    _, logits = _teacher_forced(
        packages, references, name, host_worker, tmp_path
    )
    for row, values in logits[0].items():
        assert np.array_equal(values, logits[1][row]), row
        assert not np.array_equal(values, logits[2][row]), row
    sizes = [
        (path / "host" / "weights.bin").stat().st_size for path in packages
    ]
    assert sizes[0] < 0.7 * sizes[1]


@pytest.mark.parametrize("name", ["llama-f16", "llama-bf16", "gpt2-bf16"])
def test_16_bits_stored_in_32(
    references, host_package, host_worker, name, tmp_path
):
    """The arithmetic is in f32 however a weight is stored."""
    packages = [host_package(name, 3), host_package(name, 3, weights="f32")]
    results, logits = _teacher_forced(
        packages, references, name, host_worker, tmp_path
    )
    for result in results:
        ledger.check(f"host {name} weights", result, NEW_TOKENS)
    for row, values in logits[0].items():
        assert np.array_equal(values, logits[1][row]), row


@pytest.mark.parametrize("name", FAMILIES)
def test_qeff_run(references, host_package, name):
    """The command line: rows of different length, more rows than the batch,
    and the ids of the stop tokens among the tokens."""
    values = references[name]
    rows = [
        "--tokens=" + ",".join(map(str, values[f"prompt_{n}"]))
        for n in PROMPT_LENGTHS
    ]
    out = host_package(name, 3)
    for path in (out, out / "host"):
        result = tools.run_ok(
            tools.tool("qeff-run"), path, *rows,
            f"--max-new-tokens={NEW_TOKENS}", "--json",
        )
        said = json.loads(result.stdout)
        assert len(said["tokens"]) == len(PROMPT_LENGTHS)
        for tokens, length in zip(said["tokens"], PROMPT_LENGTHS):
            compared = compare.compare_tokens(
                tokens, values[f"tokens_{length}"], values[f"logits_{length}"]
            )
            assert compared["mismatch"] is None, (length, compared)
        metrics = said["metrics"]
        assert metrics["prompt_tokens"] == sum(PROMPT_LENGTHS)
        assert metrics["generated_tokens"] == NEW_TOKENS * len(rows)
        for key in ("ttft_s", "prefill_tokens_per_s", "decode_tokens_per_s",
                    "total_s"):
            assert metrics[key] > 0, key


def test_qeff_run_stops(references, host_package):
    values = references["llama"]
    tokens = values["tokens_33"].tolist()
    stop = tokens[5]
    result = tools.run_ok(
        tools.tool("qeff-run"), host_package("llama", 1),
        "--tokens=" + ",".join(map(str, values["prompt_33"])),
        f"--max-new-tokens={NEW_TOKENS}", f"--stop-token={stop}", "--json",
    )
    expected = tokens[: tokens.index(stop) + 1]
    assert json.loads(result.stdout)["tokens"] == [expected]
