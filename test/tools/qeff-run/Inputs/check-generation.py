# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares qeff-run --json of the toy program with the toy's definition."""

import json
import sys

VOCAB = 97


def next_token(history):
    return sum((2 * p + 3) * ((37 * token + 11) % 101 + 1) + p * p
               for p, token in enumerate(history)) % VOCAB


path, *rows, count = sys.argv[1:]
count = int(count.removeprefix("--count="))
with open(path) as file:
    result = json.load(file)
expected = []
for row in rows:
    history = [int(token) for token in row.split(",")]
    for _ in range(count):
        history.append(next_token(history))
    expected.append(history[-count:])
assert result["tokens"] == expected, (result["tokens"], expected)
metrics = result["metrics"]
assert metrics["prompt_tokens"] == sum(row.count(",") + 1 for row in rows)
assert metrics["generated_tokens"] == count * len(rows)
for name in ("ttft_s", "prefill_tokens_per_s", "decode_tokens_per_s",
             "total_s"):
    assert metrics[name] > 0, name
