# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The classes named after peft's and QEfficient's, beside peft itself."""

import json
import shutil
import sys
import threading
import time
import warnings

import numpy as np
import onnx
import peft_models
import pytest
import torch
import transformers
from oracles import tools

import qeff
from qeff import peft_options

SHAPE = {"prefill_seq_len": 32, "ctx_len": 160}
COMPILED = ("queries", "all", "large")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return peft_models.write_base(tmp_path_factory.mktemp("base") / "llama")


@pytest.fixture(scope="module")
def adapters(base, tmp_path_factory):
    return peft_models.write_adapters(base, tmp_path_factory.mktemp("peft"))


@pytest.fixture(scope="module")
def reference(base, adapters):
    return peft_models.load_reference(base, adapters)


@pytest.fixture(scope="module")
def packages(base, adapters, tmp_path_factory):
    """Packages by batch size."""
    folder = tmp_path_factory.mktemp("packages")
    made = {}

    def make(batch_size):
        model = load(adapters)
        output = folder / str(batch_size)
        if batch_size not in made:
            made[batch_size] = model.compile(
                compile_dir=output, batch_size=batch_size, **SHAPE
            )
        # As compile() leaves it.
        model.qpc_path, model._runs_here = made[batch_size], True
        return model

    return make


def load(adapters, names=COMPILED):
    model = qeff.QEffAutoPeftModelForCausalLM.from_pretrained(
        adapters[names[0]], names[0]
    )
    for name in names[1:]:
        model.load_adapter(adapters[name], name)
    return model


@pytest.fixture
def model(packages):
    return packages(1)


@pytest.fixture
def wide(packages):
    return packages(3)


# ---- against peft ------------------------------------------------------------


def test_every_adapter_generates_as_in_peft(model, adapters, reference):
    for name in ("late", "stable"):
        model.load_adapter(adapters[name], name)
    seen = set()
    for length in (1, 7, 32, 33, 100):
        ids = peft_models.prompts(length)[0][None]
        for name in adapters:
            reference.set_adapter(name)
            model.set_adapter(name)
            assert model.active_adapter == name
            expected = peft_models.greedy(reference, ids)
            tokens = model.generate(ids, max_new_tokens=20)
            np.testing.assert_array_equal(tokens, expected, f"{name} {length}")
            seen.add(tokens[:, length:].tobytes())
            with reference.disable_adapter(), model.disable_adapter():
                assert model.active_adapter == name
                expected = peft_models.greedy(reference, ids)
                tokens = model.generate(ids, max_new_tokens=20)
            np.testing.assert_array_equal(tokens, expected, f"off {length}")
            seen.add(tokens[:, length:].tobytes())
        model.set_adapter(None)
        off = model.generate(ids, max_new_tokens=20)
        np.testing.assert_array_equal(off, expected)
    # Five adapters and the base, five prompts: nothing answers alike.
    assert len(seen) == 30


def test_right_padded_batch(wide, adapters, reference):
    rows = peft_models.prompts(7, 100, 33)
    ids = np.zeros((3, 100), np.int64)
    mask = np.zeros((3, 100), np.int64)
    for row, prompt in enumerate(rows):
        ids[row, : len(prompt)] = prompt
        mask[row, : len(prompt)] = 1
    for name in COMPILED:
        wide.set_adapter(name)
        reference.set_adapter(name)
        tokens = wide.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=24
        )
        assert tokens.shape == (3, 124)
        np.testing.assert_array_equal(tokens[:, :100], ids)
        for row, prompt in enumerate(rows):
            expected = peft_models.greedy(
                reference, prompt[None], max_new_tokens=24
            )
            np.testing.assert_array_equal(
                tokens[row, 100:], expected[0, len(prompt) :]
            )


def test_left_padded_batch(wide, reference):
    rows = peft_models.prompts(7, 40, 33)
    ids = np.zeros((3, 40), np.int64)
    mask = np.zeros((3, 40), np.int64)
    for row, prompt in enumerate(rows):
        ids[row, 40 - len(prompt) :] = prompt
        mask[row, 40 - len(prompt) :] = 1
    reference.set_adapter(wide.active_adapter)
    expected = peft_models.greedy(
        reference, ids, attention_mask=torch.as_tensor(mask)
    )
    tokens = wide.generate(ids, attention_mask=mask, max_new_tokens=20)
    np.testing.assert_array_equal(tokens, expected)


def test_rows_end_and_are_padded_as_in_transformers(wide, reference):
    name = COMPILED[1]
    wide.set_adapter(name)
    reference.set_adapter(name)
    ids = np.stack(peft_models.prompts(9, 9, 9))
    free = peft_models.greedy(reference, ids)[:, 9:]
    # The rows end at different steps, one of them not at all.
    eos = [int(free[0, 3]), int(free[1, 11])]
    for more in ({}, {"min_new_tokens": 8}, {"max_length": 20}):
        options = {"eos_token_id": eos, "pad_token_id": 1, **more}
        if "max_length" not in more:
            options["max_new_tokens"] = 20
        else:
            options["max_new_tokens"] = None
        expected = peft_models.greedy(reference, ids, **options)
        np.testing.assert_array_equal(wide.generate(ids, **options), expected)
        config = transformers.GenerationConfig(do_sample=False, **options)
        np.testing.assert_array_equal(
            wide.generate(ids, generation_config=config), expected
        )
    # By default the first of them is the padding.
    tokens = wide.generate(ids, max_new_tokens=20, eos_token_id=eos)
    assert tokens[0, 9 + 3] == eos[0] == tokens[0, 9 + 4]


def test_fewer_rows_than_compiled(wide, reference):
    ids = peft_models.prompts(5)[0][None]
    reference.set_adapter(wide.active_adapter)
    np.testing.assert_array_equal(
        wide.generate(ids, max_new_tokens=20),
        peft_models.greedy(reference, ids),
    )


# ---- what goes in and comes out ----------------------------------------------


def test_arrays_tensors_lists_and_mappings(model):
    ids = peft_models.prompts(8)[0][None]
    tokens = model.generate(ids, max_new_tokens=5)
    assert isinstance(tokens, np.ndarray) and tokens.dtype == np.int64
    tensor = model.generate(torch.as_tensor(ids), max_new_tokens=5)
    assert isinstance(tensor, torch.Tensor) and tensor.dtype == torch.int64
    encoding = transformers.BatchEncoding(
        {
            "input_ids": torch.as_tensor(ids),
            "attention_mask": torch.ones((1, 8)).long(),
        }
    )
    for other in (
        tensor.numpy(),
        model.generate(ids.tolist(), max_new_tokens=5),
        model.generate(encoding, max_new_tokens=5),
        model.generate(**encoding, max_new_tokens=5),
        model.generate(input_ids=ids.astype(np.int32), max_new_tokens=5),
        model.generate(ids, generation_config={"max_new_tokens": 5}),
    ):
        np.testing.assert_array_equal(other, tokens)
    assert model.metrics.generated_tokens == 5


class Recorder(transformers.generation.BaseStreamer):
    def __init__(self):
        self.said = []

    def put(self, value):
        self.said.append((type(value), np.asarray(value).tolist()))

    def end(self):
        self.said.append("end")


def test_streamers(wide, reference):
    reference.set_adapter(wide.active_adapter)
    ids = torch.as_tensor(np.stack(peft_models.prompts(9, 9)))
    eos = int(peft_models.greedy(reference, ids)[0, 9 + 4])
    options = {"eos_token_id": eos, "pad_token_id": 1, "max_new_tokens": 8}
    theirs, ours = Recorder(), Recorder()
    peft_models.greedy(reference, ids, streamer=theirs, **options)
    wide.generate(ids, streamer=ours, **options)
    assert ours.said == theirs.said
    ours = Recorder()
    wide.generate(ids.numpy(), streamer=ours, **options)
    assert [s[1] for s in ours.said] == [s[1] for s in theirs.said]
    assert ours.said[0][0] is np.ndarray


class Letters:
    """All that a streamer wants of a tokenizer."""

    def decode(self, ids, **options):
        return "".join(f"<{i}> " for i in ids)


def test_a_streamer_that_is_read_in_another_thread(model):
    ids = peft_models.prompts(6)[0][None]
    streamer = transformers.TextIteratorStreamer(
        Letters(), skip_prompt=True, timeout=60
    )
    thread = threading.Thread(
        target=model.generate,
        args=(ids,),
        kwargs={"streamer": streamer, "max_new_tokens": 6},
    )
    thread.start()
    text = "".join(streamer)
    thread.join()
    tokens = model.generate(ids, max_new_tokens=6)[0, 6:]
    assert text == Letters().decode(tokens)


class StopsAt(transformers.StoppingCriteria):
    def __init__(self, token):
        self.token = token

    def __call__(self, input_ids, scores, **kwargs):
        assert isinstance(input_ids, torch.Tensor) and scores is None
        return input_ids[:, -1] == self.token


def test_stopping_criteria(wide, reference):
    reference.set_adapter(wide.active_adapter)
    ids = np.stack(peft_models.prompts(9, 9, 9))
    free = peft_models.greedy(reference, ids)[:, 9:]
    stops = StopsAt(int(free[1, 5])), StopsAt(int(free[2, 2]))
    length = transformers.generation.MaxLengthCriteria(9 + 13)
    for criteria in ([length], [*stops, length], [StopsAt(int(free[0, 4]))]):
        criteria = transformers.StoppingCriteriaList(criteria)
        for more in ({}, {"eos_token_id": 255, "pad_token_id": 3}):
            options = {"stopping_criteria": criteria, **more}
            expected = peft_models.greedy(reference, ids, **options)
            options.setdefault("max_new_tokens", 20)
            np.testing.assert_array_equal(
                wide.generate(ids, **options), expected
            )
    past = transformers.generation.MaxTimeCriteria(1, time.time() - 2)
    assert wide.generate(
        ids, max_new_tokens=9, stopping_criteria=past
    ).shape == (3, 10)
    assert wide.generate(ids, max_new_tokens=9, max_time=0).shape == (3, 10)


def test_a_criterion_without_torch_gets_arrays(wide):
    ids = np.stack(peft_models.prompts(9, 9, 9))
    kinds = []

    def criterion(tokens, scores):
        kinds.append(type(tokens))
        return tokens.shape[1] >= 12

    tokens = wide.generate(ids, max_new_tokens=9, stopping_criteria=criterion)
    assert tokens.shape == (3, 12) and set(kinds) == {np.ndarray}
    wide.generate(
        torch.as_tensor(ids), max_new_tokens=9, stopping_criteria=criterion
    )
    assert kinds[-1] is torch.Tensor
    with pytest.raises(qeff.Error, match="one per row, got 2 for 3 rows"):
        wide.generate(
            ids, max_new_tokens=9, stopping_criteria=lambda i, s: [True, False]
        )


def test_errors_of_streamers_and_criteria_come_through(model):
    ids = peft_models.prompts(4)[0][None]

    def fail(tokens, scores):
        raise ZeroDivisionError("mine")

    recorder = Recorder()
    with pytest.raises(ZeroDivisionError, match="mine"):
        model.generate(
            ids, max_new_tokens=3, stopping_criteria=fail, streamer=recorder
        )
    assert recorder.said[-1] == "end"
    assert model.generate(ids, max_new_tokens=3).shape == (1, 7)


def test_full_context(model, reference):
    reference.set_adapter(model.active_adapter)
    ids = peft_models.prompts(150)[0][None]
    with pytest.warns(UserWarning, match="context of 160 tokens is full"):
        tokens = model.generate(ids, max_new_tokens=50)
    assert tokens.shape == (1, 161)
    expected = peft_models.greedy(reference, ids, max_new_tokens=11)
    np.testing.assert_array_equal(tokens, expected)
    with pytest.raises(qeff.Error, match="160"):
        model.generate(np.full((1, 161), 5), max_new_tokens=1)


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


# ---- keywords ----------------------------------------------------------------


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
