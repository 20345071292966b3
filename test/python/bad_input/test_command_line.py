# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bad flags, sizes, tokens and packages are refused with one clear error."""

import json
import os
import shutil
import subprocess

import pytest

from oracles import raw_files, tools
from oracles.raw_files import CONFIG, check_refused, refused


def _write_config(checkpoint, **changes):
    (checkpoint / "config.json").write_text(json.dumps(dict(CONFIG, **changes)))


def test_no_such_model(tmp_path):
    refused(tmp_path / "nothing", tmp_path, "nothing")


def test_missing_config(checkpoint, tmp_path):
    (checkpoint / "config.json").unlink()
    refused(checkpoint, tmp_path, "config.json")


def test_what_the_importer_refuses(checkpoint, tmp_path):
    (checkpoint / "model.safetensors").write_bytes(b"\0" * 100)
    refused(checkpoint, tmp_path, r"model\.safetensors")


def test_prefill_longer_than_context(checkpoint, tmp_path):
    refused(
        checkpoint, tmp_path, "prefill", "33", "32",
        flags=["--prefill-seq-len=33"],
    )


def test_context_beyond_the_model(checkpoint, tmp_path):
    """Rope goes on beyond what the model was trained for: a warning."""
    result = tools.run(
        tools.tool("qeff-compile"), checkpoint, "-o", tmp_path / "out",
        "--prefill-seq-len=8", "--ctx-len=65",
    )
    assert result.returncode == 0, result.stderr
    assert (
        "warning: ctx-len 65 is beyond the 64 positions" in result.stderr
    )


def test_context_out_of_reach(checkpoint, tmp_path):
    """What rope cannot stretch to needs no memory first."""
    refused(checkpoint, tmp_path, "ctx-len", "64", "100000000",
            flags=["--ctx-len=100000000"])


def test_context_beyond_learned_positions(tmp_path):
    """A table of learned positions ends: an error."""
    model = raw_files.write_gpt2(tmp_path / "model", positions=64)
    tools.compile_model(
        model, tmp_path / "good", "--prefill-seq-len=8", "--ctx-len=64"
    )
    refused(model, tmp_path, "65", "64", flags=["--ctx-len=65"])


@pytest.mark.parametrize(
    "flag",
    [
        "--ctx-len=0",
        "--ctx-len=-5",
        "--ctx-len=many",
        "--ctx-len=99999999999999999999",
        "--batch-size=0",
        "--batch-size=-1",
        "--batch-size=1.5",
        "--prefill-seq-len=0",
        "--num-cores=0",
        "--onnx-dtype=f8",
        "--host-weights=q4",
        "--target=gpu",
        "--target=",
        "--compile-to=nowhere",
        "--adapter=math",
        "--adapter=math=",
        "--adapter==folder",
        "--adapter-mode=both",
        "--adapter-mode=merge",
        "--adapter-mode=swap",
        "--max-lora-rank=0",
        "--max-lora-rank=8",
        "--allow-nonfinite",
        "--allow-nonfinite=yes",
        "--no-such-flag",
    ],
)
def test_bad_flag(checkpoint, tmp_path, flag):
    refused(checkpoint, tmp_path, flag.partition("=")[0].lstrip("-"),
            flags=[flag])


@pytest.mark.parametrize(
    "flag",
    ["--lora=math", "--full-batch-size=4", "--num-speculative-tokens=3",
     "--continuous-batching"],
)
def test_later_features_are_refused_by_name(checkpoint, tmp_path, flag):
    refused(checkpoint, tmp_path, flag.partition("=")[0].lstrip("-"),
            flags=[flag])


def test_no_model(tmp_path):
    result = tools.run(tools.tool("qeff-compile"), "-o", tmp_path / "out")
    check_refused(result)


def test_no_output(checkpoint):
    check_refused(tools.run(tools.tool("qeff-compile"), checkpoint))


def _run(package, *flags, **kwargs):
    return tools.run(
        tools.tool("qeff-run"), package, *flags, "--max-new-tokens=4", **kwargs
    )


def test_good_package_runs(good_package):
    assert _run(good_package, "--tokens=1,2,3").returncode == 0


def test_prompt_longer_than_context(good_package):
    tokens = ",".join(["1"] * 33)
    check_refused(_run(good_package, f"--tokens={tokens}"), "33", "32")


@pytest.mark.parametrize("token", ["64", "-1", "9223372036854775807"])
def test_token_out_of_range(good_package, token):
    check_refused(
        _run(good_package, "--tokens=1,2", f"--tokens=3,{token}"), token, "64"
    )


@pytest.mark.parametrize("tokens", ["", "1,,2", "a", "1,2,", "1;2"])
def test_malformed_tokens(good_package, tokens):
    check_refused(_run(good_package, f"--tokens={tokens}"), "tokens")


@pytest.mark.parametrize(
    "flag", ["--temperature=0.7", "--top-k=5", "--no-such-flag", "--seed=3"]
)
def test_run_refuses_flags(good_package, flag):
    check_refused(
        _run(good_package, "--tokens=1", flag), flag.partition("=")[0]
    )


def test_no_such_package(tmp_path):
    check_refused(_run(tmp_path / "nothing", "--tokens=1"), "nothing")


@pytest.mark.parametrize(
    "file,change",
    [
        ("qpc.json", lambda b: b[:100]),
        ("qpc.json", lambda b: b""),
        ("qpc.json", lambda b: b.replace(b'"version"', b'"vers"')),
        ("program.so", lambda b: b[:-1]),
        ("program.so", lambda b: b[:100] + bytes([b[100] ^ 1]) + b[101:]),
        ("weights.bin", lambda b: b[:-64]),
        ("weights.bin", lambda b: b""),
        ("qpc.json", None),
        ("program.so", None),
        ("weights.bin", None),
    ],
    ids=range(10),
)
def test_spoilt_package(good_package, tmp_path, file, change):
    copy = tmp_path / "out"
    shutil.copytree(good_package, copy)
    path = copy / "host" / file
    if change is None:
        path.unlink()
    else:
        path.write_bytes(change(path.read_bytes()))
    check_refused(_run(copy, "--tokens=1"), "qpc|program|weights")


def test_verify_notices_one_bit_of_the_weights(good_package, tmp_path):
    copy = tmp_path / "out"
    shutil.copytree(good_package, copy)
    path = copy / "host" / "weights.bin"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    check_refused(_run(copy, "--tokens=1", "--verify"), "weights")


def test_package_without_host(checkpoint, tmp_path):
    out = tools.compile_model(
        checkpoint, tmp_path / "out", "--prefill-seq-len=8", "--ctx-len=32",
        "--target=aic100",
    )
    check_refused(_run(out, "--tokens=1"), "host")


def _terminal_output(command):
    """What a command writes to standard error where that is a terminal."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=slave
    )
    os.close(slave)
    text = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        text += part
    os.close(master)
    assert process.wait() == 0, text
    return text.decode()


def test_progress_on_a_terminal_only(checkpoint, tmp_path):
    command = [
        tools.tool("qeff-compile"), checkpoint, "-o", tmp_path / "out",
        "--prefill-seq-len=8", "--ctx-len=32",
    ]
    shown = _terminal_output(command)
    assert "weights" in shown and "100%" in shown
    assert "%" not in tools.run_ok(*command).stderr


def test_progress_of_a_run(good_package):
    """Of prompts, answers that are not shown as they come, and verifying."""
    run = [
        tools.tool("qeff-run"), good_package,
        "--tokens=" + ",".join(["1"] * 24), "--max-new-tokens=4",
    ]
    streamed = _terminal_output(run)
    assert "decode  " not in streamed
    prefill, _, decode = _terminal_output([*run, "--json"]).partition("decode")
    for shown in (streamed, prefill):
        assert "prefill" in shown and "33%" in shown and "100%" in shown
    assert "50%" in decode and "100%" in decode
    verified = _terminal_output(
        [tools.tool("qeff-run"), good_package, "--verify"]
    )
    assert "program.so" in verified and "weights.bin" in verified
    assert "%" not in tools.run_ok(*run).stderr
