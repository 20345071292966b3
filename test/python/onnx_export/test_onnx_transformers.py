# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of each family, saved by transformers, imported and exported: logits
at all positions and of the last one through the cache."""

import subprocess

import numpy as np
import pytest
import torch
from transformers import (GPT2Config, GPT2LMHeadModel, LlamaConfig,
                          LlamaForCausalLM, MptConfig, MptForCausalLM)

from onnx_session import (QEFF_TRANSLATE, Generator, chunks, export, load,
                          ort_session, stateful, stateless)

MODELS = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(
        hidden_size=64, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, vocab_size=128,
        max_position_embeddings=256, tie_word_embeddings=False)),
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config(
        n_embd=64, n_layer=2, n_head=4, vocab_size=128, n_positions=256,
        bos_token_id=1, eos_token_id=2)),
    "mpt": lambda: MptForCausalLM(MptConfig(
        d_model=64, n_layers=2, n_heads=4, vocab_size=128, max_seq_len=256)),
}


@pytest.mark.parametrize("family", MODELS)
def test_logits(family, tmp_path):
    torch.manual_seed(0)
    model = MODELS[family]().eval()
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(tmp_path)
    module = tmp_path / "model.mlir"
    subprocess.run([QEFF_TRANSLATE, "--import-hf", tmp_path / "config.json", "-o",
                    module], check=True)
    ids = torch.randint(0, 128, (1, 40))
    with torch.no_grad():
        expected = model(ids).logits[0].numpy()
    path = export(module, stateless(), tmp_path / "all.onnx")
    load(path)
    (got,) = ort_session(path).run(None, {
        "input_ids": ids.numpy(), "position_ids": np.arange(40)[None]})
    np.testing.assert_allclose(got[0], expected, rtol=1e-4, atol=1e-4)
    path = export(module, stateful(prefill=32, ctx=64), tmp_path / "state.onnx")
    load(path)
    generator = Generator(ort_session(path), batch=1, ctx=64)
    for tokens, positions in chunks([ids[0].tolist()], 32):
        got = generator.run(tokens, positions)
    np.testing.assert_allclose(got[0, 0], expected[-1], rtol=1e-4, atol=1e-4)
