# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs qeff-run on bad command lines and packages: check-errors.py PKG TMP."""

import os
import shutil
import subprocess
import sys

package, scratch = sys.argv[1:]
run = [package, "--tokens=1", "--max-new-tokens=2"]
shutil.rmtree(scratch, ignore_errors=True)


def damaged(name, data):
    copy = os.path.join(scratch, name)
    shutil.copytree(package, copy)
    with open(os.path.join(copy, "host", name), "wb") as file:
        file.write(data)
    return copy


SAMPLING = "sampling is not supported, tokens are chosen greedily"
CASES = [
    ([], "expects a package (see --help)"),
    ([package], "expects --tokens=ID,ID,... (see --help)"),
    ([package, "--tokens="],
     "--tokens: expects token ids separated by commas, got ''"),
    ([package, "--tokens=1,,2"],
     "--tokens: expects token ids separated by commas, got '1,,2'"),
    ([package, "--tokens=1,x"],
     "--tokens: expects token ids separated by commas, got '1,x'"),
    ([package, "--tokens=99999999999999999999"],
     "--tokens: expects token ids separated by commas, got "
     "'99999999999999999999'"),
    ([package, "--tokens"], "--tokens: expects a value, got none"),
    (run + ["--max-new-tokens=0"],
     "--max-new-tokens: expects a number from 1, got '0'"),
    (run + ["--threads=0"],
     "--threads: expects a number from 1 to 1024, got '0'"),
    (run + ["--stop-token=-1"],
     "--stop-token: expects a token id or 'eos', got '-1'"),
    (run + ["--stop-token=97"],
     "--stop-token: expects an id in [0, 97), got 97"),
    (run + ["other"], "expects one package, got 'other' as well"),
    (run + ["--frobnicate"], "--frobnicate: unknown option (see --help)"),
    (run + ["--max-new-token=1"],
     "--max-new-token: unknown option, did you mean --max-new-tokens? "
     "(see --help)"),
    (run + ["--verfy"],
     "--verfy: unknown option, did you mean --verify? (see --help)"),
    (run + ["-tokens", "1"],
     "-tokens: unknown option, did you mean --tokens? (see --help)"),
    (run + ["--json=1"], "--json: unknown option, or one that takes no value "
                         "(see --help)"),
    (run + ["--temperature=0.7"], "--temperature: " + SAMPLING),
    (run + ["--top-k", "5"], "--top-k: " + SAMPLING),
    (run + ["--top-p=0.9"], "--top-p: " + SAMPLING),
    (run + ["--seed=1"], "--seed: " + SAMPLING),
    (run + ["--adapter=x"], "expects a file or an adapter of the package "
                            "(adapters/x.safetensors), got 'x'"),
    (run + ["--adapter="], "--adapter: expects a name or a file"),
    (run + ["--adapter=/nowhere/x"], "/nowhere/x: cannot open"),
    (run + ["--adapter=/"], "/: expects an adapter's file, got a directory; "
                            "`qeff generate --adapter DIR` takes PEFT's"),
    (run + ["--lora=x"], "--lora: expects --adapter=NAME|FILE"),
    (run + ["--num-beams=4"], "--num-beams: beam search is not supported"),
    (run + ["--inputs=x"], "--inputs: packages with other inputs than tokens "
                           "are not supported"),
    (["/nowhere", "--tokens=1"], "/nowhere: no such file or directory"),
    ([package, "--tokens=97", "--max-new-tokens=1"],
     "prompt 0, token 0: expects an id in [0, 97), got 97"),
    ([package, "--tokens=-1", "--max-new-tokens=1"],
     "prompt 0, token 0: expects an id in [0, 97), got -1"),
    ([package, "--tokens=" + ",".join(["1"] * 41), "--max-new-tokens=1"],
     "prompt 0: expects 1 to 40 tokens (ctx_len), got 41"),
    (run + ["--trace=/nowhere/trace"],
     "/nowhere/trace: cannot write: No such file or directory"),
    ([damaged("qpc.json", b"{")] + run[1:], "malformed JSON at byte 2"),
    ([damaged("weights.bin", b"short")] + run[1:],
     "weights.bin: expects 784 bytes, got 5"),
    ([damaged("program.so", b"short")] + run[1:], "program.so: expects "),
]

failures = 0
for arguments, message in CASES:
    result = subprocess.run(["qeff-run", *arguments], capture_output=True,
                            text=True)
    lines = result.stderr.splitlines()
    errors = [line for line in lines if line.startswith("qeff-run: error: ")]
    late = any(argument.startswith("--trace") for argument in arguments)
    if (result.returncode != 1 or len(errors) != 1 or message not in errors[0]
            or (not late and (result.stdout or len(lines) != 1))):
        failures += 1
        print(arguments, "expects", message, "got", result)
shutil.rmtree(scratch)
sys.exit(failures != 0)
