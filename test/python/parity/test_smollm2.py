# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The real model: 64 greedy tokens of five prompts as transformers says them
on the same dequantized weights."""

import json

import numpy as np
import pytest

from oracles import batches, compare, ledger, ort_session, tools

STEPS = 64
CONTEXT = 192


@pytest.fixture(scope="module")
def reference(smollm2_gguf):
    path = tools.BUILD / "test" / "smollm2-reference.npz"
    stamp = f"{smollm2_gguf.stat().st_size}"
    if not path.exists() or str(np.load(path)["stamp"]) != stamp:
        tools.python_module(
            "oracles.smollm2", smollm2_gguf, path, str(STEPS), stamp
        )
    with np.load(path) as values:
        return path, dict(values)


@pytest.fixture(scope="module")
def smollm2(smollm2_gguf, tmp_path_factory):
    return tools.compile_model(
        smollm2_gguf, tmp_path_factory.mktemp("smollm2") / "out",
        "--prefill-seq-len=32", f"--ctx-len={CONTEXT}", "--onnx-dtype=f32",
    )


def _rows(values):
    return sorted(
        int(key.removeprefix("prompt_"))
        for key in values
        if key.startswith("prompt_")
    )


def test_host(reference, smollm2, host_worker):
    path, values = reference
    rows = _rows(values)
    assert len(rows) == 5
    (job,) = host_worker(
        [
            {
                "package": str(smollm2), "reference": str(path),
                "rows": [rows], "steps": STEPS, "mode": "generate",
            }
        ]
    )
    ledger.check("host SmolLM2", job, STEPS)


def test_qeff_run(reference, smollm2):
    _, values = reference
    rows = _rows(values)
    flags = [
        "--tokens=" + ",".join(map(str, values[f"prompt_{row}"]))
        for row in rows
    ]
    result = tools.run_ok(
        tools.tool("qeff-run"), smollm2, *flags, f"--max-new-tokens={STEPS}",
        "--json",
    )
    for tokens, row in zip(json.loads(result.stdout)["tokens"], rows):
        compared = compare.compare_tokens(
            tokens, values[f"tokens_{row}"], values[f"logits_{row}"]
        )
        assert compared["mismatch"] is None, (row, compared)


def test_onnx(reference, smollm2):
    _, values = reference
    session = ort_session.Package(smollm2 / "aic100", threads=2)
    for row in _rows(values):
        result = batches.check_batch(session.generate, values, [row], STEPS)
        ledger.check("onnx SmolLM2", result, STEPS)
