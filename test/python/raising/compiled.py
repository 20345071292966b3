# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles a graph of a family for a target and runs it beside what
transformers says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from oracles import batches, ort_session, tools

from . import cells, models

PREFILL = 8


def build(family: str, target: str, model: Path, output: Path) -> Path:
    """OUT of one target; nothing may stay that did not raise."""
    flags = {
        "host": ["--target=host"],
        "onnx": ["--target=aic100", "--onnx-dtype=f32"],
    }[target]
    sizes = [
        "--batch-size=2", f"--prefill-seq-len={PREFILL}",
        f"--ctx-len={models.LONGEST}",
    ]
    if models.BY_NAME[family].encoder:
        sizes = [f"--dims=batch_size=2,seq_len={max(cells.PROMPT_LENGTHS)}"]
    return tools.compile_model(
        model, output, "--require-raised", *flags, *sizes,
    )


def run_decoder(family: str, target: str, output: Path, host_worker) -> dict:
    lengths = list(cells.PROMPT_LENGTHS)
    if target == "onnx":
        session = ort_session.Package(output / "aic100")
        with np.load(cells.reference_path(family)) as reference:
            return batches.check_batch(
                session.generate, dict(reference), lengths, cells.NEW_TOKENS
            )
    (result,) = host_worker([{
        "package": str(output), "mode": "generate", "rows": [lengths],
        "reference": str(cells.reference_path(family)),
        "steps": cells.NEW_TOKENS,
    }])
    return result
