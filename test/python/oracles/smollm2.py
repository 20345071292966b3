# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What transformers says on the dequantized weights of SmolLM2's GGUF file.

    python -m oracles.smollm2 MODEL.gguf REFERENCE.npz STEPS STAMP
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from . import reference

PROMPTS = (
    "The capital of France is",
    "<|im_start|>user\nWhat is gravity? Answer in one sentence.<|im_end|>\n"
    "<|im_start|>assistant\n",
    "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\n\n"
    "    >>> fibonacci(10)\n    55\n    \"\"\"\n",
    "Once upon a time, in a village at the edge of a deep forest, there lived "
    "a clockmaker who had never once been late. Every morning he wound the "
    "great clock of the tower, and every evening he",
    "Water boils at 100 degrees Celsius at sea level. On a mountain it",
)


def main(arguments: list[str]) -> int:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path, target, steps, stamp = arguments
    path = Path(path)
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    ).eval()
    model.generation_config.eos_token_id = None
    values = {"stamp": np.array(stamp)}
    for text in PROMPTS:
        prompt = np.array(
            tokenizer(text, add_special_tokens=False)["input_ids"], np.int64
        )
        assert f"prompt_{len(prompt)}" not in values, "prompts of one length"
        tokens = reference.greedy(model, prompt, int(steps))
        values[f"prompt_{len(prompt)}"] = prompt
        values[f"tokens_{len(prompt)}"] = tokens
        values[f"logits_{len(prompt)}"] = reference.teacher_forced(
            model, prompt, tokens
        )
    np.savez(target, **values)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
