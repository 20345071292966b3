# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Keywords of peft, transformers and QEfficient: honoured, without effect (said
once), or refused."""

import shutil
import warnings

import numpy as np
import pytest
import transformers
from peft_fixtures import (  # noqa: F401
    adapters,
    base,
    model,
    packages,
)

import qeff
from qeff import peft_options


def test_every_setting_of_transformers_is_known():
    fields = vars(transformers.GenerationConfig())
    assert set(fields) <= peft_options.GENERATION.names()
    peft_options.check_settings(
        transformers.GenerationConfig().to_dict(), peft_options.GENERATION
    )


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"do_sample": True}, "do_sample=True: not supported: decoding is"),
        ({"num_beams": 2}, "num_beams=2: not supported: decoding is greedy"),
        ({"repetition_penalty": 1.2}, "repetition_penalty=1.2: not supported"),
        ({"stop_strings": ["x"]}, "stop_strings"),
        ({"num_return_sequences": True}, "num_return_sequences=True"),
    ],
)
def test_settings_that_are_not_there(model, settings, message):
    ids = [[5, 6]]
    with pytest.raises(NotImplementedError, match=message):
        model.generate(ids, max_new_tokens=3, **settings)
    with pytest.raises(NotImplementedError, match=message):
        model.generate(ids, generation_config=settings)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({}, "max_new_tokens: expects at least 1, got None"),
        ({"max_new_tokens": 0}, "max_new_tokens: expects at least 1, got 0"),
        ({"max_length": 2}, "max_new_tokens: expects at least 1, got 0"),
        ({"max_new_token": 1}, "unknown keyword 'max_new_token', did you mean "
         "'max_new_tokens'"),
        ({"inputs": [[1]], "max_new_tokens": 1}, "inputs or input_ids, and"),
        ({"input_ids": None, "max_new_tokens": 1}, "inputs or input_ids, and"),
        ({"input_ids": [1, 2], "max_new_tokens": 1}, r"input_ids: expects int"),
        ({"input_ids": [[1.5]], "max_new_tokens": 1}, "got float64"),
        ({"input_ids": [[1], [2, 3]], "max_new_tokens": 1}, "rows of one len"),
        ({"input_ids": [[1], [2]], "max_new_tokens": 1}, "at most 1 rows, as "),
        ({"attention_mask": [[1]], "max_new_tokens": 1}, r"expects \[1, 2\]"),
        ({"attention_mask": [[0, 0]], "max_new_tokens": 1}, "prompt 0: expec"),
        ({"input_ids": [[256]], "max_new_tokens": 1}, "256"),
    ],
)
def test_bad_calls(model, arguments, message):
    with pytest.raises(qeff.Error, match=message):
        model.generate(**{"input_ids": [[5, 6]], **arguments})


def test_options_without_effect_say_so_once(adapters, tmp_path, monkeypatch):
    monkeypatch.setattr(peft_options, "_said", set())

    def run():
        model = qeff.QEffAutoPeftModelForCausalLM.from_pretrained(
            adapters["all"], torch_dtype="float32"
        )
        model.compile(
            "x.onnx", tmp_path / "out", num_cores=14, mxfp6_matmul=True, mos=1
        )
        model.generate([[5]], [0], max_new_tokens=1)

    with pytest.warns(UserWarning) as record:
        run()
    texts = sorted(str(w.message) for w in record)
    assert [text.partition(":")[0] for text in texts] == [
        "device_ids", "mos", "mxfp6_matmul", "num_cores", "onnx_path",
        "torch_dtype",
    ]
    assert all("has no effect" in text for text in texts)
    assert {w.filename for w in record} == {__file__}
    with pytest.warns() as record:
        run()
        warnings.warn("only this")
    assert [str(w.message) for w in record] == ["only this"]


def test_what_is_refused(adapters, tmp_path):
    auto = qeff.QEffAutoPeftModelForCausalLM
    with pytest.raises(NotImplementedError, match="load_adapter takes any"):
        auto.from_pretrained(adapters["all"], finite_adapters=True)
    with pytest.raises(NotImplementedError, match="continuous batching is not"):
        auto.from_pretrained(adapters["all"], continuous_batching=True)
    with pytest.raises(qeff.Error, match="'basemodel', did you mean 'base_mo"):
        auto.from_pretrained(adapters["all"], basemodel="x")
    model = auto.from_pretrained(adapters["all"])
    with pytest.raises(NotImplementedError, match="continuous batching is not"):
        model.compile(full_batch_size=4)
    with pytest.raises(qeff.Error, match="did you mean 'ctx_len'"):
        model.compile(ctx_length=4)
    with pytest.raises(NotImplementedError, match="one device"):
        model.compile(target="aic100", num_devices=2)
    with pytest.raises(qeff.Error, match="target|card"):
        model.compile(target="card")
    with pytest.raises(qeff.Error, match="'default' is loaded already"):
        model.compile(adapters={"default": adapters["late"]})
    assert model.qpc_path is None


def test_adapters_with_nan(base, adapters, tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "nan"
    shutil.copytree(adapters["all"], folder)
    file = folder / "adapter_model.safetensors"
    tensors = load_file(file)
    name = sorted(tensors)[0]
    tensors[name][0, 0] = np.nan
    save_file(tensors, file, {"format": "pt"})
    auto = qeff.QEffAutoPeftModelForCausalLM
    with pytest.raises(qeff.Error, match="nan"):
        auto.from_pretrained(folder).compile(compile_dir=tmp_path / "out")
    model = auto.from_pretrained(folder, allow_nonfinite=True)
    model.compile(compile_dir=tmp_path / "out")
    with pytest.raises(qeff.Error, match="expects logits that are numbers"):
        model.generate([[5]], max_new_tokens=1)
