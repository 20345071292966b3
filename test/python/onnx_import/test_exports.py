# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What exporters write for a tiny Llama comes back as it was, and computes the
same bits."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import transformers

import round_trip
from oracles import tools

IDS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])


class Logits(torch.nn.Module):
    """A model without a cache: token ids to logits."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        # With a mask there is no search for packed sequences, which opset 17
        # has no operator for.
        mask = torch.ones_like(input_ids)
        return self.model(input_ids, attention_mask=mask,
                          use_cache=False).logits


@pytest.fixture(scope="module")
def llama():
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        hidden_size=64, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, vocab_size=160,
        max_position_embeddings=64, initializer_range=0.2,
        tie_word_embeddings=False, attn_implementation="eager",
    )
    return Logits(transformers.LlamaForCausalLM(config)).eval()


def export_dynamo(model, path, opset):
    torch.onnx.export(
        model, (IDS,), path, dynamo=True, opset_version=opset, verbose=False,
        input_names=["input_ids"], output_names=["logits"],
        dynamic_shapes=({1: torch.export.Dim("seq_len", min=2, max=64)},),
    )


def export_torchscript(model, path, opset):
    torch.onnx.export(
        model, (IDS,), path, dynamo=False, opset_version=opset, verbose=False,
        input_names=["input_ids"], output_names=["logits"],
        dynamic_axes={"input_ids": {1: "seq_len"}, "logits": {1: "seq_len"}},
    )


@pytest.mark.parametrize(
    "export, opset",
    [(export_dynamo, 18), (export_dynamo, 23), (export_torchscript, 17)],
    ids=["dynamo-18", "dynamo-23", "torchscript-17"],
)
def test_llama(llama, tmp_path, export, opset):
    path = tmp_path / "llama.onnx"
    export(llama, str(path), opset)
    proto = onnx.load(path)
    versions = {each.domain: each.version for each in proto.opset_import}
    assert versions[""] == opset
    output = round_trip.assert_lossless(path, tmp_path)
    tools.run_ok(tools.tool("qeff-translate"), "--verify-roundtrip", path)
    onnx.checker.check_model(str(output))

    def run(file):
        session = onnxruntime.InferenceSession(
            str(file), providers=["CPUExecutionProvider"]
        )
        return session.run(None, {"input_ids": IDS.numpy()})[0]

    expected = run(path)
    assert len(np.unique(expected.argmax(-1))) > 1
    assert run(output).tobytes() == expected.tobytes()
