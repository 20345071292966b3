# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The host QPC says what transformers says: greedy tokens and teacher-forced
logits, in a process that can import neither torch nor onnxruntime."""

import json

import numpy as np
import pytest

from oracles import compare, ledger, tools
from oracles.variants import GGUF_NAMES, NEW_TOKENS, PROMPT_LENGTHS, VARIANTS

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
