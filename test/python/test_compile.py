# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""qeff.compile, and models that go all the way to text."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from oracles.tools import BUILD, ROOT
from test_tokenizer_directory import llama3
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

import qeff

ANSWER = (
    "Gravity is a fundamental concept in physics that describes the force of "
    "gravity, which is a result of the curvature of spacetime caused by the "
    "presence of mass."
)
QUESTION = "What is gravity? Answer in one sentence."


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A small Llama with a tokenizer, as a directory, and the model itself."""
    directory = tmp_path_factory.mktemp("tiny")
    llama3(directory)
    torch.manual_seed(3)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(AutoTokenizer.from_pretrained(directory)),
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=128,
            bos_token_id=0,
            eos_token_id=2,
            initializer_range=0.2,
            tie_word_embeddings=False,
        )
    ).eval()
    model.generation_config.eos_token_id = [1, 2]
    model.save_pretrained(directory)
    return directory, model


@pytest.fixture(scope="module")
def package(tiny, tmp_path_factory):
    output = tmp_path_factory.mktemp("out") / "package"
    stages = []
    qeff.compile(
        tiny[0],
        output,
        target="host",
        prefill_seq_len=8,
        ctx_len=64,
        batch_size=2,
        progress=lambda *step: stages.append(step),
    )
    assert stages
    assert all(0 <= done <= total for _, done, total in stages)
    assert len({stage for stage, _, _ in stages}) >= 2
    return output


def greedy(model, prompt, count):
    ids = torch.tensor([prompt])
    for _ in range(count):
        with torch.no_grad():
            logits = model(ids).logits[0, -1]
        ids = torch.cat([ids, logits.argmax().view(1, 1)], dim=1)
    return ids[0, len(prompt) :].tolist()


def test_generates_what_transformers_generates(tiny, package):
    session = qeff.InferenceSession(package)
    assert session.architecture == "LlamaForCausalLM"
    assert sorted(session.eos_token_ids) == [1, 2]
    prompts = [[5], list(range(20, 41)), [7, 300, 9]]
    result = session.generate(prompts, 20, stop_tokens=[])
    for prompt, tokens in zip(prompts, result.tokens):
        assert tokens == greedy(tiny[1], prompt, 20)


def test_logits_of_calls_by_name(tiny, package):
    session = qeff.InferenceSession(package)
    ids = np.array([[3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 0, 0, 0, 0]])
    positions = np.array([range(8), [0, 1, 2, 3, -1, -1, -1, -1]])
    logits = session.run(
        "prefill", {"input_ids": ids, "position_ids": positions}
    )["logits"]
    for row, length in ((0, 8), (1, 4)):
        with torch.no_grad():
            expected = tiny[1](torch.tensor(ids[row : row + 1, :length]))
        np.testing.assert_allclose(
            logits[row, 0], expected.logits[0, -1].numpy(), 1e-4, 1e-4
        )


def test_a_package_carries_its_tokenizer(tiny, package):
    ours = qeff.Tokenizer.from_model(package)
    theirs = AutoTokenizer.from_pretrained(tiny[0])
    assert ours.encode("Hello, world") == theirs.encode("Hello, world")
    assert sorted(ours.stop_token_ids) == [1, 2]
    result = qeff.generate(package, "Hello", max_new_tokens=4, stop_tokens=[])
    prompt = theirs.encode("Hello")
    assert result.tokens == [greedy(tiny[1], prompt, 4)]


def test_a_package_is_replaced_and_nothing_else_is(tiny, tmp_path):
    output = tmp_path / "out"

    def compile(**options):
        options = {"target": "host", "ctx_len": 32, **options}
        qeff.compile(tiny[0], output, **options)

    compile(prefill_seq_len=4)
    compile(prefill_seq_len=16)
    assert qeff.InferenceSession(output).prefill_seq_len == 16
    assert sorted(os.listdir(output)) == ["host", "qeff.json"]
    with pytest.raises(qeff.Error, match="prefill-seq-len <= ctx-len"):
        compile(prefill_seq_len=64)
    assert qeff.InferenceSession(output).prefill_seq_len == 16
    assert os.listdir(tmp_path) == ["out"]
    os.remove(output / "qeff.json")
    with pytest.raises(qeff.Error, match="exists and is no package of qeff"):
        compile(prefill_seq_len=4)
    assert qeff.InferenceSession(output).prefill_seq_len == 16
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"model": "/nowhere"}, "/nowhere: No such file"),
        ({"target": "gpu"}, "target: expects host, aic100 and onnx, got 'gpu'"),
        ({"target": []}, "expects at least one target"),
        ({"compile_to": "nowhere"}, "unknown phase 'nowhere', known are canon"),
        ({"onnx_dtype": "f8"}, "onnx-dtype: expects f32 or f16, got 'f8'"),
        ({"host_weights": "q4"}, "auto, f32, f16 or bf16, got 'q4'"),
        ({"mcpu": "a b"}, "expects the name of a CPU"),
        ({"batch_size": 0}, "expects positive"),
        ({"batch_size": "one"}, "expects options of the types"),
        ({"output": "/nowhere/out"}, "/nowhere/out: cannot create"),
    ],
)
def test_what_cannot_be_compiled(tiny, tmp_path, options, message):
    arguments = {"model": tiny[0], "output": tmp_path / "out", **options}
    with pytest.raises(qeff.Error, match=message):
        qeff.compile(
            arguments.pop("model"), arguments.pop("output"), **arguments
        )
    assert os.listdir(tmp_path) == []


def test_modules_of_phases_go_on(tiny, tmp_path):
    module = tmp_path / "canonical.mlirbc"
    qeff.compile(tiny[0], module, compile_to="canonical")
    options = {"target": "host", "ctx_len": 32, "prefill_seq_len": 8}
    qeff.compile(
        module, tmp_path / "a", roots={"model": tiny[0]}, **options,
        compile_from="canonical",
    )  # fmt: skip
    qeff.compile(tiny[0], tmp_path / "b", **options)
    for name in ("qpc.json", "program.so", "weights.bin"):
        a, b = (tmp_path / part / "host" / name for part in "ab")
        assert a.read_bytes() == b.read_bytes(), name
    with pytest.raises(qeff.Error, match="phase stateful, got canonical"):
        qeff.compile(module, tmp_path / "c", compile_from="stateful")


def test_errors_of_the_progress_callback_come_through(tiny, tmp_path):
    def fail(*_):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        qeff.compile(
            tiny[0], tmp_path / "out", target="host", ctx_len=32, progress=fail
        )


# ---- the command -------------------------------------------------------------


def command(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "qeff", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(BUILD / "python"), **environment},
        timeout=600,
    )


def test_generate_compiles_and_keeps_the_package(tiny, tmp_path):
    arguments = [
        "generate", tiny[0], "-p", "Hello", "-n", 5, "--json", "--ignore-eos",
        "--ctx-len", 64, "--prefill-seq-len", 8,
    ]  # fmt: skip
    environment = {"QEFF_CACHE_DIR": str(tmp_path / "cache")}
    done = command(*arguments, **environment)
    assert done.returncode == 0, done.stderr
    (package,) = (tmp_path / "cache").iterdir()
    stamp = (package / "qeff.json").stat()
    again = command(*arguments, **environment)
    assert json.loads(again.stdout)["tokens"] == json.loads(done.stdout)["tokens"]
    assert (package / "qeff.json").stat() == stamp
    prompt = AutoTokenizer.from_pretrained(tiny[0]).encode("Hello")
    expected = greedy(tiny[1], prompt, 5)
    assert json.loads(done.stdout)["tokens"] == [expected]
    once = command(*arguments, "--no-cache", TMPDIR=str(tmp_path))
    assert json.loads(once.stdout)["tokens"] == [expected]
    assert os.listdir(tmp_path) == ["cache"]


def test_interrupted_compiling_leaves_nothing(tiny, tmp_path):
    process = subprocess.Popen(
        [
            sys.executable, "-m", "qeff", "generate", str(tiny[0]), "-p", "x",
            "--no-cache", "--ctx-len", "64", "--prefill-seq-len", "8",
        ],
        env={**os.environ, "PYTHONPATH": str(BUILD / "python"),
             "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    while not list(tmp_path.glob("qeff-*/*")) and process.poll() is None:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert output == b"" and b"Traceback" not in errors
    assert os.listdir(tmp_path) == []


def test_without_tokenizer_nothing_is_compiled(tiny, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(
        tiny[0], model, ignore=shutil.ignore_patterns("token*", "special*")
    )
    done = command("generate", model, "-p", "x", "--cache-dir", tmp_path / "new")
    assert done.returncode == 1
    assert "tokenizer" in done.stderr
    assert os.listdir(tmp_path) == ["model"]


def test_no_cache_folder_without_a_package(tiny, tmp_path):
    done = command(
        "generate", tiny[0], "-p", "x", "--cache-dir", tmp_path / "new",
        "--ctx-len", 1000000,
    )  # fmt: skip
    assert done.returncode == 1
    assert "qeff: error: " in done.stderr and "ctx-len" in done.stderr
    assert os.listdir(tmp_path) == []


def test_compile_command(tiny, tmp_path):
    done = command(
        "compile", tiny[0], "-o", tmp_path / "out", "--target", "host",
        "--ctx-len", 32,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "" and done.stderr == ""
    assert command("verify", tmp_path / "out").returncode == 0
    done = command("compile", tmp_path / "out", "-o", tmp_path / "new")
    assert done.returncode == 1
    assert done.stderr.startswith("qeff: error: ")


# ---- the real model ----------------------------------------------------------


def test_the_real_model_answers(smollm2_gguf, tmp_path):
    done = command(
        "generate", smollm2_gguf, "--chat", "--prompt", QUESTION,
        "--ctx-len", 256, "--cache-dir", tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ANSWER + "\n"
    (package,) = tmp_path.iterdir()
    answer = qeff.generate(
        package,
        conversations=[{"role": "user", "content": QUESTION}],
        max_new_tokens=100,
    )
    assert answer.text == [ANSWER]
    assert answer.finish == ["stop"]


def test_the_demo_answers(smollm2_gguf, tmp_path):
    package = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, ROOT / "utils" / "demo.py", BUILD, "--output", package],
        capture_output=True,
        text=True,
        env={**os.environ, "QEFF_MODELS_DIR": str(smollm2_gguf.parent)},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ANSWER + "\n"
    assert "time to first token" in done.stderr
    assert sorted(os.listdir(package)) == ["aic100", "host", "qeff.json"]
