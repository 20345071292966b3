# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adapters of a model come and go, packages and bases are found and written."""

import json
import shutil
import sys

import numpy as np
import onnx
import peft_models
import pytest
from oracles import tools
from peft_fixtures import (  # noqa: F401
    COMPILED,
    SHAPE,
    adapters,
    base,
    load,
    model,
    packages,
    reference,
)

import qeff

# ---- adapters come and go ----------------------------------------------------


def test_adapters_that_do_not_fit(model, base, adapters, reference, tmp_path):
    ids = peft_models.prompts(12)[0][None]
    before = model.generate(ids, max_new_tokens=9)
    head = peft_models.write_adapter(
        base, tmp_path / "head", 9, r=4, target_modules=["lm_head", "q_proj"]
    )
    rank = peft_models.write_adapter(
        base, tmp_path / "rank", 9, r=65, target_modules=["q_proj"]
    )
    dora = peft_models.write_adapter(
        base, tmp_path / "dora", 9, r=4, target_modules=["q_proj"],
        use_dora=True,
    )
    for folder, message in (
        (head, "got 'lm_head'; to take this adapter, compile again with"),
        (rank, "ranks of at most 64, got 65 .*; to take this adapter, compile"),
        (dora, "use_dora"),
        (tmp_path / "none", "expects a path, or a model in the Hugging Face"),
    ):
        with pytest.raises(qeff.Error, match=message):
            model.load_adapter(folder, "other")
        assert model.active_adapter == COMPILED[0]
        assert not model.unload_adapter("other")
        np.testing.assert_array_equal(
            model.generate(ids, max_new_tokens=9), before
        )
    # As the message says.
    model.compile(
        compile_dir=tmp_path / "again", adapters={"head": head}, **SHAPE
    )
    np.testing.assert_array_equal(model.generate(ids, max_new_tokens=9), before)
    model.set_adapter("head")
    head_reference = peft_models.load_reference(base, {"head": head})
    np.testing.assert_array_equal(
        model.generate(ids, max_new_tokens=20),
        peft_models.greedy(head_reference, ids),
    )


def test_loading_and_unloading(model, adapters):
    ids = peft_models.prompts(12)[0][None]

    def run():
        return model.generate(ids, max_new_tokens=9).tolist()

    first = run()
    model.load_adapter(adapters["stable"], "new")
    assert model.active_adapter == COMPILED[0] and run() == first
    assert model.peft_config["new"]["ranks"] == [16]
    with pytest.raises(qeff.Error, match="'new' is loaded already"):
        model.load_adapter(adapters["late"], "new")
    for name in ("", "a/b", ".hidden", "x" * 129, None):
        with pytest.raises(qeff.Error, match="adapter_name: expects"):
            model.load_adapter(adapters["late"], name)
    with pytest.raises(qeff.Error, match="unknown adapter 'x', loaded are q"):
        model.set_adapter("x")
    model.set_adapter("new")
    new = run()
    with model.disable_adapter(), model.disable_adapter():
        off = run()
        model.set_adapter(COMPILED[0])
        assert run() == off
    assert run() == first and len({str(r) for r in (first, new, off)}) == 3
    assert model.unload_adapter("new") and not model.unload_adapter("new")
    assert run() == first
    model.load_adapter(adapters["late"], "new")
    model.set_adapter("new")
    assert run() not in (first, new, off)
    assert model.unload_adapter("new")
    assert model.active_adapter is None and run() == off


def test_an_exception_ends_disabling(model):
    with pytest.raises(ZeroDivisionError):
        with model.disable_adapter():
            raise ZeroDivisionError
    ids = peft_models.prompts(12)[0][None]
    tokens = model.generate(ids, max_new_tokens=9)
    with model.disable_adapter():
        off = model.generate(ids, max_new_tokens=9)
    assert tokens.tolist() != off.tolist()


def test_a_failed_compile_leaves_the_package_in_use(model, adapters):
    ids = peft_models.prompts(12)[0][None]
    first = model.generate(ids, max_new_tokens=9)
    with pytest.raises(qeff.Error, match="positive lengths"):
        model.compile(ctx_len=0, adapters={"late": adapters["late"]})
    assert not model.unload_adapter("late")
    np.testing.assert_array_equal(model.generate(ids, max_new_tokens=9), first)


# ---- where things are found and written --------------------------------------


def test_the_base_and_names_of_the_hub(base, adapters, tmp_path, monkeypatch):
    model = qeff.QEffAutoPeftModelForCausalLM.from_pretrained(
        adapters["all"]
    )
    assert model.base_model == base and model.active_adapter == "default"
    assert isinstance(model, qeff.QEffPeftModelForCausalLM)
    moved = tmp_path / "moved"
    shutil.copytree(base, moved)
    model = qeff.QEffAutoPeftModelForCausalLM.from_pretrained(
        str(adapters["all"]), "x", base_model=moved
    )
    assert model.base_model == moved
    snapshot = tmp_path / "hub" / "models--me--tiny" / "snapshots" / "1234"
    shutil.copytree(adapters["all"], snapshot)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("1234")
    model = qeff.QEffAutoPeftModelForCausalLM.from_pretrained(
        "me/tiny", cache_dir=tmp_path / "hub"
    )
    assert model.peft_config["default"]["ranks"] == [8]
    with pytest.raises(qeff.Error, match="base_model: expects a path, or a mo"):
        qeff.QEffAutoPeftModelForCausalLM.from_pretrained(
            adapters["all"], base_model="me/none"
        )


def test_a_base_without_config(base, adapters, tmp_path):
    adapter = tmp_path / "adapter"
    shutil.copytree(adapters["all"], adapter)
    config = json.loads((adapter / "adapter_config.json").read_text())
    folder = tmp_path / "base"
    folder.mkdir()
    config["base_model_name_or_path"] = str(folder)
    (adapter / "adapter_config.json").write_text(json.dumps(config))

    def load():
        return qeff.QEffAutoPeftModelForCausalLM.from_pretrained(adapter)

    with pytest.raises(qeff.Error, match=r"config\.json.* base_model='.*NAME"):
        load()
    (folder / "tiny.gguf").touch()
    with pytest.raises(qeff.Error, match=r"base_model='.*/base/tiny\.gguf'"):
        load()
    shutil.copy(base / "config.json", folder)
    assert load().base_model == folder


def test_the_cache(adapters, tmp_path, monkeypatch):
    monkeypatch.setenv("QEFF_CACHE_DIR", str(tmp_path / "cache"))
    package = load(adapters).compile(**SHAPE)
    assert package.parent == tmp_path / "cache"
    before = (package / "qeff.json").stat().st_mtime_ns
    model = load(adapters)
    assert model.compile(**SHAPE, threads=1) == package
    assert (package / "qeff.json").stat().st_mtime_ns == before
    assert model.session.threads == 1
    assert model.compile(**SHAPE, max_lora_rank=80) != package
    assert model.session.max_lora_rank == 80
    assert load(adapters, ("all",)).compile(**SHAPE) != package


def test_the_model_says_what_ends_a_text(base, adapters, model, tmp_path):
    ids = peft_models.prompts(9)[0][None]
    free = model.generate(ids, max_new_tokens=20, eos_token_id=[])
    stops = shutil.copytree(base, tmp_path / "base")
    config = {"eos_token_id": [int(free[0, 9 + 4])], "do_sample": True}
    (stops / "generation_config.json").write_text(json.dumps(config))
    other = qeff.QEffPeftModelForCausalLM(stops, adapters[COMPILED[0]])
    other.compile(compile_dir=tmp_path / "package", **SHAPE)
    tokens = other.generate(ids, max_new_tokens=20)
    np.testing.assert_array_equal(tokens, free[:, : tokens.shape[1]])
    assert tokens[0, -1] in config["eos_token_id"] and tokens.shape[1] <= 14
    tokens = other.generate(ids, max_new_tokens=20, eos_token_id=[])
    np.testing.assert_array_equal(tokens, free)


def test_export(adapters, tmp_path):
    model = load(adapters)
    path = model.export(tmp_path / "out")
    assert path == model.onnx_path == tmp_path / "out" / "aic100" / "model.onnx"
    graph = onnx.load(path, load_external_data=False).graph
    inputs = {value.name for value in graph.input}
    outputs = {value.name for value in graph.output}
    prefix = "base_model.model.model.layers.1.mlp.up_proj.lora_"
    for name in (f"{prefix}A.weight", f"{prefix}B.weight"):
        assert name in inputs and f"{name}_RetainedState" in outputs
    assert "model.layers.1.mlp.up_proj.lora_scaling" in inputs
    assert model.qpc_path is None
    with pytest.raises(qeff.Error, match="call compile\\(\\) first"):
        model.generate([[5]], max_new_tokens=1)
    model.compile(compile_dir=tmp_path / "card", target="aic100", **SHAPE)
    with pytest.raises(qeff.Error, match="for the Cloud AI 100"):
        model.generate([[5]], max_new_tokens=1)
    model.load_adapter(adapters["stable"], "stable")
    model.compile(compile_dir=tmp_path / "both", target="host,aic100", **SHAPE)
    assert model.generate([[5]], max_new_tokens=1).shape == (1, 2)
    assert (tmp_path / "both" / "aic100" / "model.onnx").is_file()


def test_without_torch(base, adapters):
    """Nothing of torch, transformers or peft is needed."""
    script = f"""
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "peft", "onnx"):
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Block())
sys.path.insert(0, {str(tools.BUILD / "python")!r})
import tempfile, qeff
model = qeff.QEffAutoPeftModelForCausalLM.from_pretrained(
    {str(adapters["all"])!r})
with tempfile.TemporaryDirectory() as folder:
    model.compile(compile_dir=folder + "/package", ctx_len=160)
    print(model.generate([[5, 6, 7]], max_new_tokens=6,
                         stopping_criteria=lambda ids, scores: False).tolist())
"""
    said = tools.run_ok(sys.executable, "-c", script).stdout
    reference = peft_models.load_reference(base, {"all": adapters["all"]})
    expected = peft_models.greedy(reference, [[5, 6, 7]], max_new_tokens=6)
    assert said.strip() == str(expected.tolist())
