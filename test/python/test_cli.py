# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command `qeff` on the toy package: output, exit codes, errors."""

import json
import os
import pty
import subprocess
import sys

import pytest
import toy_model
from oracles.tools import BUILD

from qeff import cli, cli_options


def qeff(*arguments, stdin=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "qeff", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(BUILD / "python"), **environment},
        timeout=120,
    )


def answer(prompt, count):
    ids = [ord(c) - 30 for c in prompt]
    return toy_model.continue_row(ids, count, [2])[0]


def test_generate_streams_text_and_reports_times(toy_package):
    done = qeff("generate", toy_package, "-p", "hello", "-n", 9)
    assert done.returncode == 0, done.stderr
    text = toy_model.text_of(answer("hello", 9))
    assert done.stdout.decode() == text + "\n"
    report = done.stderr.decode()
    for part in ("time to first token", "prefill", "decode", "total"):
        assert part in report
    assert report.count("\n") == 1


def test_generate_json(toy_package):
    done = qeff(
        "generate", toy_package, "--prompt", "hello", "--prompt", "x",
        "--max-new-tokens", 9, "--json",
    )
    assert done.returncode == 0 and done.stderr == b""
    document = json.loads(done.stdout)
    rows = [answer("hello", 9), answer("x", 9)]
    assert document["tokens"] == rows
    assert document["text"] == [toy_model.text_of(row) for row in rows]
    assert set(document["metrics"]) == {
        "ttft_s",
        "prefill_tokens_per_s",
        "decode_tokens_per_s",
        "total_s",
        "prompt_tokens",
        "generated_tokens",
    }
    assert document["metrics"]["prompt_tokens"] == 6


def test_generate_several_prompts_in_turn(toy_package):
    prompts = ["hello", "x", "yy", "abc"]
    flags = [part for prompt in prompts for part in ("-p", prompt)]
    done = qeff("generate", toy_package, *flags, "-n", 5)
    rows = [toy_model.text_of(answer(prompt, 5)) for prompt in prompts]
    assert done.stdout.decode() == "\n\n".join(rows) + "\n"


def test_generate_chat_from_stdin(toy_package):
    done = qeff(
        "generate", toy_package, "-p", "-", "--chat", "--system", "s",
        "-n", 4, "--json", stdin=b"hi\n",
    )
    assert done.returncode == 0, done.stderr
    ids = [1] + [ord(c) - 30 for c in "s:s;u:hi;a:"]
    tokens, _ = toy_model.continue_row(ids, 4, [2])
    assert json.loads(done.stdout)["tokens"] == [tokens]


def test_stop_tokens(toy_package):
    tokens = answer("hello", 9)
    done = qeff(
        "generate", toy_package, "-p", "hello", "-n", 9, "--json",
        "--stop-token", tokens[3], "--ignore-eos",
    )
    document = json.loads(done.stdout)
    assert document["tokens"] == [tokens[: tokens.index(tokens[3]) + 1]]
    assert document["finish"] == ["stop"]


def test_closed_pipe(toy_package):
    command = f"{sys.executable} -m qeff generate {toy_package} -p hi -n 30"
    done = subprocess.run(
        f"{command} | head -c 1",
        shell=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(BUILD / "python")},
        timeout=120,
    )
    assert len(done.stdout) == 1
    assert b"Traceback" not in done.stderr


def test_verify(toy_package):
    done = qeff("verify", toy_package)
    assert done.returncode == 0
    assert done.stdout.decode() == f"{toy_package}: verified\n"
    weights = toy_package / "host" / "weights.bin"
    weights.write_bytes(b"\1" + weights.read_bytes()[1:])
    done = qeff("verify", toy_package)
    assert done.returncode == 1 and b"weights.bin" in done.stderr


def test_tokenize(toy_package):
    ids = [ord(c) - 30 for c in "hello"]
    text = ",".join(map(str, ids))
    assert qeff("tokenize", toy_package, "hello").stdout.decode() == text + "\n"
    done = qeff("tokenize", toy_package, "--decode", text)
    assert done.stdout == b"hello\n"
    done = qeff("tokenize", toy_package, "-", "--json", stdin=b"hello\n")
    assert json.loads(done.stdout) == {
        "tokens": ids,
        "pieces": list("hello"),
        "text": "hello",
    }
    done = qeff("tokenize", toy_package, "--chat", "hi")
    chat = [1] + [ord(c) - 30 for c in "u:hi;a:"]
    assert done.stdout.decode() == ",".join(map(str, chat)) + "\n"


def test_help_and_version():
    done = qeff("--help")
    assert done.returncode == 0
    commands = ("generate", "compile", "inspect", "verify", "tokenize")
    for command in commands:
        assert command.encode() in done.stdout
    for command in commands:
        done = qeff(command, "--help")
        assert done.returncode == 0 and b"usage: qeff " in done.stdout
    assert qeff("--version").stdout.startswith(b"qeff 0.")


# ---- one error, exit code 1 --------------------------------------------------


@pytest.mark.parametrize("flag", sorted(cli_options.REFUSED))
@pytest.mark.parametrize("command", ["generate", "compile"])
def test_flags_of_other_features_are_refused_by_name(command, flag, capsys):
    rest = ["-p", "x"] if command == "generate" else ["-o", "x"]
    for arguments in ([flag, "1"], [f"{flag}=1"], [flag]):
        assert cli.main([command, "model", *rest, *arguments]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"qeff: error: {flag}: not supported: ")
        assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["generate"], "the following arguments are required: MODEL"),
        (["generate", "/nowhere", "-p", "x"], "/nowhere: no such file"),
        (["generate", "TOY"], "required: -p/--prompt"),
        (["generate", "TOY", "-p", "x", "-n", "0"], "expects a positive"),
        (["generate", "TOY", "-p", "x", "-n", "many"], "got 'many'"),
        (["generate", "TOY", "-p", "x", "--nope"],
         "--nope: unknown option (see qeff generate --help)"),
        (["generate", "TOY", "--promt", "hi"],
         "--promt: unknown option, did you mean --prompt? (see qeff generate "
         "--help)"),
        (["generate", "TOY", "-p", "x", "y"],
         "unrecognized arguments: y (see qeff generate --help)"),
        (["generate", "TOY", "-p", "x", "--system", "y"], "expects --chat"),
        (["generate", "TOY", "-p", "x", "--ctx-len", "8"], "is compiled"),
        (["generate", "TOY", "-p", "x", "--stop-token", "z"], "'z'"),
        (["generate", "TOY", "-p", "x" * 41], "41"),
        (["generate", "TOY", "-p", ""], "row|prompt|empty"),
        (["generate", "TOY", "-p", "x", "--tokenizer", "/no"], "/no: no such"),
        (["frobnicate"], "frobnicate"),
        (["verify", "/nowhere"], "/nowhere"),
        (["tokenize", "TOY", "--decode", "1,x"], "expects token ids"),
        (["tokenize", "/nowhere", "x"], "/nowhere: no such file"),
        (["compile", "x"], "required: -o/--output"),
        (["compile", "x", "-o", "y", "--onnx-dtype", "f8"], "f8"),
        (["compile", "x", "-o", "y", "--adapter", "math"], "NAME=DIR"),
        (["compile", "x", "-o", "y", "--adapter", "math="], "NAME=DIR"),
        (["compile", "x", "-o", "y", "--adapter", "math=./math:abc"],
         "expects NAME=DIR[:WEIGHT], got weight 'abc'"),
        (["compile", "x", "-o", "y", "--adapter", "a=b", "--adapter=a=c:2"],
         "expects each name once, got 'a' twice"),
        (["compile", "x", "-o", "y", "--adapter-mode", "both"], "both"),
        (["generate", "TOY", "-p", "x", "--adapter", "math"],
         "expects a file or an adapter of the package"),
        (["inspect", "/nowhere"], "/nowhere: no such file"),
        (["inspect", "TOY", "--base", "TOY"], "is a package"),
        (["inspect", "/"], "expects a folder with adapter_config.json"),
    ],
)
def test_bad_command_lines(toy_package, arguments, message):
    done = qeff(
        *(str(toy_package) if a == "TOY" else a for a in arguments)
    )
    assert done.returncode == 1
    assert done.stdout == b""
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("qeff: error: ")
    assert any(part in lines[0] for part in message.split("|"))


def test_stdin_that_is_no_text(toy_package):
    done = qeff("generate", toy_package, "-p", "-", stdin=b"\xff\xfe")
    assert done.returncode == 1
    assert done.stderr == b"qeff: error: stdin: expects UTF-8: " + (
        b"invalid start byte\n"
    )


# ---- progress ----------------------------------------------------------------


def read_terminal(master):
    """All that was written to a terminal whose other end is closed; a single
    read may return a part of it."""
    data = b""
    while True:
        try:
            piece = os.read(master, 1 << 16)
        except OSError:  # Linux' end of file here
            piece = b""
        if not piece:
            os.close(master)
            return data.decode()
        data += piece


def test_progress_is_drawn_on_a_terminal_only(tmp_path):
    from qeff.progress import ProgressBar

    with open(tmp_path / "log", "w+") as stream:
        with ProgressBar(stream) as bar:
            bar("importing", 1, 2)
        assert (tmp_path / "log").read_text() == ""
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stream, ProgressBar(stream) as bar:
        for done in range(101):
            bar("importing", done, 100)
        bar("writing weights", 0, 0)
    drawn = read_terminal(master)
    assert "importing" in drawn and "100%" in drawn
    assert drawn.index("writing weights") > drawn.index("100%")
    assert drawn.endswith("\n")


def on_terminal(*arguments):
    """What a command writes to standard error where that is a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "qeff", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=slave,
        env={**os.environ, "PYTHONPATH": str(BUILD / "python")},
    )
    os.close(slave)
    drawn = read_terminal(master)
    assert process.wait() == 0, drawn
    return drawn


def test_progress_of_generating_and_verifying(toy_package):
    generate = ["generate", toy_package, "-p", "hello" * 5, "-n", 5]
    drawn = on_terminal(*generate)
    # The bar gives its place to the answer.
    assert "prefill" in drawn and "100%" in drawn
    assert "\r\033[K" in drawn and "decode" not in drawn.split("time to")[0]
    drawn = on_terminal(*generate, "--json")
    assert "prefill" in drawn and "decode" in drawn
    drawn = on_terminal("verify", toy_package)
    assert "weights.bin" in drawn and "100%" in drawn
