# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Seconds of a decode step in ONNX Runtime: one token behind a cache.

    python bench/onnx_decode.py MODEL PAST STEPS THREADS

Prints JSON: the steps' seconds, and the logits' largest element and sum, by
which models are told to agree. The cache holds the same random numbers for
every model.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import onnxruntime

WARM = 3


def feeds(session: onnxruntime.InferenceSession, past: int) -> dict:
    generator = np.random.default_rng(0)
    values = {
        "input_ids": np.array([[17]], np.int64),
        "position_ids": np.array([[past]], np.int64),
        "attention_mask": np.ones((1, past + 1), np.int64),
    }
    result = {}
    for value in sorted(session.get_inputs(), key=lambda value: value.name):
        if value.name in values:
            result[value.name] = values[value.name]
            continue
        dtype = np.float16 if "float16" in value.type else np.float32
        shape = (1, value.shape[1], past, value.shape[3])
        result[value.name] = (
            generator.normal(0, 0.2, shape).astype(np.float16).astype(dtype)
        )
    return result


def main(model: str, past: int, steps: int, threads: int) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"]
    )
    loading = time.perf_counter() - start
    inputs = feeds(session, past)
    seconds = []
    for step in range(WARM + steps):
        start = time.perf_counter()
        results = session.run(None, inputs)
        seconds.append(time.perf_counter() - start)
    logits = results[0].astype(np.float64)
    print(json.dumps({
        "load_seconds": loading, "seconds": seconds[WARM:],
        "token": int(logits.argmax()), "largest": logits.max(),
        "mean": logits.mean(),
    }))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
