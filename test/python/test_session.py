# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sessions: calls by name, generation, errors, other threads."""

import gc
import json
import os
import signal
import threading
import time

import numpy as np
import pytest
import toy_model

import qeff

PROMPTS = [
    [5, 9, 33],
    list(range(3, 40)),
    [7],
    [60, 61, 62, 63] * 5,
    [11, 12],
]


@pytest.fixture
def session(toy_package):
    return qeff.InferenceSession(toy_package, threads=2)


def test_describes_the_package(session, toy_package):
    assert session.directory == toy_package / "host"
    assert session.architecture == "ToyForCausalLM"
    assert session.vocab_size == toy_model.VOCAB
    assert (session.batch_size, session.prefill_seq_len) == (3, 16)
    assert (session.ctx_len, session.max_position) == (40, 64)
    assert session.eos_token_ids == [2]
    assert session.threads == 2
    assert session.state_bytes == 3 * 40 * 4
    assert list(session.functions) == ["prefill", "decode"]
    decode = session.functions["decode"]
    assert decode.inputs["input_ids"] == qeff.TensorInfo("i64", (3, 1))
    assert decode.outputs["logits"] == qeff.TensorInfo("f32", (3, 1, 97))


def test_opens_the_host_part_alone(toy_package):
    session = qeff.InferenceSession(str(toy_package / "host"))
    assert session.directory == toy_package / "host"


def test_run_prefill_then_decode(session):
    ids = np.zeros((3, 16), np.int64)
    positions = np.full((3, 16), -1)
    for row, prompt in enumerate(PROMPTS[0:1] + PROMPTS[2:3] + PROMPTS[4:5]):
        ids[row, : len(prompt)] = prompt
        positions[row, : len(prompt)] = range(len(prompt))
    outputs = session.run(
        "prefill", {"input_ids": ids, "position_ids": positions}
    )
    logits = outputs["logits"]
    assert logits.shape == (3, 1, 97) and logits.dtype == np.float32
    rows = [PROMPTS[0], PROMPTS[2], PROMPTS[4]]
    chosen = logits[:, 0].argmax(-1)
    assert chosen.tolist() == [toy_model.next_token(row) for row in rows]
    again = session.run(
        "decode",
        {
            "input_ids": chosen[:, None].astype(np.int32),
            "position_ids": [[len(row)] for row in rows],
        },
        copy=False,
    )["logits"]
    expected = [
        toy_model.next_token([*row, token]) for row, token in zip(rows, chosen)
    ]
    assert again[:, 0].argmax(-1).tolist() == expected
    assert np.shares_memory(again, session.tensor("decode", "logits"))
    assert not np.shares_memory(logits, session.tensor("prefill", "logits"))


def test_inputs_written_in_place(session):
    session.tensor("decode", "input_ids")[:] = 5
    session.tensor("decode", "position_ids")[:] = 0
    logits = session.run("decode")["logits"]
    assert (logits[:, 0].argmax(-1) == toy_model.next_token([5])).all()


def test_arrays_outlive_the_session(toy_package):
    array = qeff.InferenceSession(toy_package).tensor("decode", "input_ids")
    gc.collect()
    array[:] = 3
    assert (array == 3).all()


def test_reset_clears_the_state(session):
    def step(position):
        inputs = {
            "input_ids": np.full((3, 1), 9),
            "position_ids": np.full((3, 1), position),
        }
        return session.run("decode", inputs)["logits"]

    step(0)
    kept = step(1)
    session.reset()
    assert not np.array_equal(step(1), kept)


@pytest.mark.parametrize("stop", [[], None])
def test_generate(session, stop):
    seen = [[] for _ in PROMPTS]
    result = session.generate(
        PROMPTS, 12, stop, callback=lambda row, token: seen[row].append(token)
    )
    for row, prompt in enumerate(PROMPTS):
        tokens, finish = toy_model.continue_row(
            prompt, 12, [2] if stop is None else stop
        )
        assert result.tokens[row] == tokens == seen[row]
        assert result.finish[row] == finish
    metrics = result.metrics
    assert metrics.prompt_tokens == sum(map(len, PROMPTS))
    assert metrics.generated_tokens == sum(map(len, seen))
    assert 0 < metrics.ttft_s <= metrics.total_s


def test_generate_stops(session):
    tokens, _ = toy_model.continue_row(PROMPTS[0], 10)
    result = session.generate(PROMPTS[:1], 10, [tokens[4]])
    at = tokens.index(tokens[4])
    assert result.tokens == [tokens[: at + 1]]
    assert result.finish == ["stop"]
    result = session.generate(
        PROMPTS[:1], 10, [], callback=lambda row, token: False
    )
    assert result.finish == ["canceled"]
    assert result.tokens == [tokens[:1]]


def test_choose_forces_tokens(session):
    forced = [20, 30, 40]
    seen = []

    def choose(row, logits):
        seen.append(int(logits.argmax()))
        return forced[len(seen) - 1]

    result = session.generate([[5]], 3, [], choose=choose)
    assert result.tokens == [forced]
    assert seen == [
        toy_model.next_token([5, *forced[:count]]) for count in range(3)
    ]


@pytest.mark.parametrize("which", ["callback", "choose"])
def test_errors_of_callbacks_come_through(session, which):
    def fail(row, value):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        session.generate([[5]], 5, [], **{which: fail})
    assert session.generate([[5]], 1, []).tokens == [[toy_model.next_token([5])]]


def test_keyboard_interrupt_between_tokens(session):
    def interrupt(row, token):
        os.kill(os.getpid(), signal.SIGINT)

    # A process that was started in the background ignores the signal.
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            session.generate([[5]], 30, [], callback=interrupt)
    finally:
        signal.signal(signal.SIGINT, previous)


def test_a_session_serves_one_call_at_a_time(session):
    errors = []

    def nested(row, token):
        try:
            session.reset()
        except qeff.Error as error:
            errors.append(str(error))

    session.generate([[5]], 1, [], callback=nested)
    assert errors == ["the session is busy with another call"]


def test_other_threads_run_meanwhile(session):
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(1)
            time.sleep(0)

    thread = threading.Thread(target=tick)
    thread.start()
    session.generate([[5]] * 30, 30, [])
    done.set()
    thread.join()
    assert ticks


def test_trace(session):
    assert session.trace() == []
    session.set_trace(True)
    session.generate([[5, 6]], 4, [])
    entries = session.trace()
    assert {entry["function"] for entry in entries} == {"prefill", "decode"}
    decode = [e["calls"] for e in entries if e["function"] == "decode"]
    assert set(decode) == {3}


# ---- what is refused ---------------------------------------------------------


@pytest.mark.parametrize(
    "function, inputs, message",
    [
        ("nope", {}, "unknown function 'nope', known are prefill, decode"),
        ("decode", {"x": 1}, "unknown input 'x' of 'decode', known are input"),
        (
            "decode",
            {"input_ids": [[1, 2, 3]]},
            r"decode.input_ids: expects shape \(3, 1\), got \(1, 3\)",
        ),
        (
            "decode",
            {"input_ids": np.zeros((3, 1))},
            "decode.input_ids: expects int64, got float64",
        ),
        ("decode", {"input_ids": np.full((3, 1), 97)}, "97"),
        ("decode", {"input_ids": np.full((3, 1), -1)}, "-1"),
        ("decode", {"position_ids": np.full((3, 1), 40)}, "40"),
    ],
)
def test_bad_calls(session, function, inputs, message):
    with pytest.raises(qeff.Error, match=message):
        session.run(function, inputs)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (([],), "prompt|row"),
        (([[]],), "row|prompt"),
        (([[97]],), "97"),
        (([[1.5, "x"]],), "row 0: expects token ids"),
        (([[2**70]],), "row 0: expects token ids"),
        (([[1] * 41],), "41"),
        (([[1]], 0), "max_new_tokens: expects at least 1, got 0"),
        (([[1]], 5, ["x"]), "stop_tokens: expects token ids"),
    ],
)
def test_bad_generations(session, arguments, message):
    with pytest.raises(qeff.Error, match=message):
        session.generate(*arguments)


def test_bad_packages(toy_package, tmp_path):
    with pytest.raises(qeff.Error, match="nowhere"):
        qeff.InferenceSession(tmp_path / "nowhere")
    with pytest.raises(qeff.Error, match="threads: expects"):
        qeff.InferenceSession(toy_package, threads=-1)
    qeff.verify(toy_package)
    weights = toy_package / "host" / "weights.bin"
    data = bytearray(weights.read_bytes())
    data[5] ^= 1
    weights.write_bytes(data)
    with pytest.raises(qeff.Error, match="weights.bin"):
        qeff.verify(toy_package)
    weights.write_bytes(data[:-1])
    with pytest.raises(qeff.Error, match="weights.bin"):
        qeff.InferenceSession(toy_package)
    manifest = toy_package / "host" / "qpc.json"
    document = json.loads(manifest.read_text())
    document["version"] = 99
    manifest.write_text(json.dumps(document))
    with pytest.raises(qeff.Error, match="version"):
        qeff.InferenceSession(toy_package)


def test_odd_paths(toy_package, tmp_path):
    odd = os.fsencode(tmp_path) + b"/\xff \xc3\xa9"
    os.rename(toy_package, odd)
    session = qeff.InferenceSession(os.fsdecode(odd))
    assert os.fsencode(session.directory) == odd + b"/host"
    with pytest.raises(qeff.Error):
        qeff.InferenceSession(os.fsdecode(odd + b"\xfe"))


# ---- text --------------------------------------------------------------------


def test_text_generation(toy_package):
    pieces = {0: "", 1: ""}

    def callback(row, text):
        pieces[row] += text

    prompts = ["hello", "x"]
    result = qeff.generate(
        toy_package, prompts, max_new_tokens=9, callback=callback
    )
    tokenizer = qeff.Tokenizer.from_model(toy_package)
    for row, prompt in enumerate(prompts):
        ids = tokenizer.encode(prompt)
        assert ids == [ord(c) - 30 for c in prompt]
        tokens, finish = toy_model.continue_row(ids, 9, [2])
        assert result.tokens[row] == tokens
        assert result.finish[row] == finish
        assert result.text[row] == toy_model.text_of(tokens) == pieces[row]


def test_text_generation_of_a_conversation(toy_package):
    conversation = [{"role": "user", "content": "hi"}]
    ids = [1] + [ord(c) - 30 for c in "u:hi;a:"]
    tokens, _ = toy_model.continue_row(ids, 5, [2])
    result = qeff.generate(
        toy_package, conversations=conversation, max_new_tokens=5
    )
    assert result.tokens == [tokens]
    with pytest.raises(qeff.Error, match="prompts or conversations"):
        qeff.generate(toy_package)
