# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The classes named after peft's on bases whose projections are fused."""

import numpy as np
import peft_models
import pytest

import qeff

TARGETS = {
    "gpt2": (
        dict(r=8, lora_alpha=16, target_modules=["c_attn"],
             fan_in_fan_out=True),
        dict(r=4, lora_alpha=12, target_modules=["c_attn", "c_fc"],
             fan_in_fan_out=True, use_rslora=True),
    ),
    "mpt": (
        dict(r=8, lora_alpha=16, target_modules=["Wqkv"]),
        dict(r=4, lora_alpha=12, target_modules=["Wqkv", "down_proj"]),
    ),
}


@pytest.mark.parametrize("family", TARGETS)
def test_fused_projections(family, tmp_path):
    base = peft_models.write_base(tmp_path / "base", family)
    folders = {
        name: peft_models.write_adapter(
            base, tmp_path / name, seed, std=0.2, **config
        )
        for seed, (name, config) in enumerate(
            zip(("fused", "more"), TARGETS[family]), 1
        )
    }
    reference = peft_models.load_reference(base, folders)
    model = qeff.QEffAutoPeftModelForCausalLM.from_pretrained(
        folders["more"], "more"
    )
    model.compile(
        compile_dir=tmp_path / "out", prefill_seq_len=32, ctx_len=160,
        max_lora_rank=8,
    )
    model.load_adapter(folders["fused"], "fused")
    seen = set()
    for length in (1, 7, 33, 100):
        ids = peft_models.prompts(length)[0][None]
        for name in folders:
            reference.set_adapter(name)
            model.set_adapter(name)
            expected = peft_models.greedy(reference, ids)
            tokens = model.generate(ids, max_new_tokens=20)
            np.testing.assert_array_equal(tokens, expected, f"{name} {length}")
            seen.add(tokens[:, length:].tobytes())
        with reference.disable_adapter(), model.disable_adapter():
            expected = peft_models.greedy(reference, ids)
            tokens = model.generate(ids, max_new_tokens=20)
        np.testing.assert_array_equal(tokens, expected, f"off {length}")
        seen.add(tokens[:, length:].tobytes())
    assert len(seen) == 3 * 4
