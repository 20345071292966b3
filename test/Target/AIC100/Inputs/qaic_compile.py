#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A stand-in for AI 100's compiler. It knows nothing of the project: it takes
the flags of qaic-compile, reads the files strictly, and fails on anything that
it does not know. It records its arguments in programqpc.bin.

QAIC_STANDIN=fail makes it fail, QAIC_STANDIN=silent makes it write nothing,
QAIC_STANDIN=killed makes it end by a signal.
"""
import json
import os
import re
import signal
import sys

BARE = {"-aic-hw", "-retained-state", "-convert-to-fp16", "-mxfp6-matmul",
        "-compile-only"}
VALUED = {"-aic-hw-version", "-m", "-aic-num-cores", "-aic-binary-dir",
          "-network-specialization-config", "-custom-IO-list-file"}
REQUIRED = {"-aic-hw", "-aic-hw-version", "-m", "-aic-binary-dir",
            "-network-specialization-config", "-aic-num-cores",
            "-convert-to-fp16"}
PRECISIONS = {"float16", "mxint8", "bfloat16"}


def fail(message):
    print(f"qaic-compile: error: {message}", file=sys.stderr)
    sys.exit(1)


def parse(arguments):
    options = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if (key in BARE) == bool(equals) or key not in BARE | VALUED:
            fail(f"unknown flag {argument}")
        if key in options:
            fail(f"{key} is given twice")
        if equals and not value:
            fail(f"{key} has no value")
        options[key] = value
    missing = REQUIRED - options.keys()
    if missing:
        fail(f"missing {sorted(missing)}")
    legacy = os.path.basename(sys.argv[0]).startswith("qaic-exec")
    if options["-aic-hw-version"] != ("2.0" if legacy else "ai100"):
        fail(f"unknown hardware {options['-aic-hw-version']}")
    if ("-compile-only" in options) != legacy:
        fail("-compile-only belongs to qaic-exec")
    if not 1 <= int(options["-aic-num-cores"]) <= 16:
        fail("1 to 16 cores")
    return options


def unique(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        fail(f"a key twice among {keys}")
    return dict(pairs)


def read_specializations(path):
    with open(path, encoding="utf-8") as file:
        top = json.load(file, object_pairs_hook=unique)
    if list(top) != ["specializations"] or not top["specializations"]:
        fail("specializations.json: expects one key 'specializations'")
    names = set()
    for entry in top["specializations"]:
        if list(entry) != ["name", "symbols"]:
            fail(f"specializations.json: unknown keys {list(entry)}")
        if entry["name"] in names or not re.fullmatch(r"[A-Z]\w*", entry["name"]):
            fail(f"specializations.json: bad name {entry['name']}")
        names.add(entry["name"])
        for key, value in entry["symbols"].items():
            if not isinstance(value, str) or not re.fullmatch(r"[1-9]\d*", value):
                fail(f"specializations.json: {key} is {value!r}")
    symbols = [entry["symbols"] for entry in top["specializations"]]
    if any(list(s) != list(symbols[0]) for s in symbols):
        fail("specializations.json: entries differ in their symbols")
    return symbols


def read_custom_io(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    entry = re.compile(r" - IOName: ([\w./]+)\n   Precision: (\w+)\n\n")
    found, end = [], 0
    while end < len(text):
        match = entry.match(text, end)
        if not match or match[2] not in PRECISIONS:
            fail(f"custom_io.yaml: malformed at byte {end}")
        found.append(match[1])
        end = match.end()
    if len(set(found)) != len(found):
        fail("custom_io.yaml: a name twice")
    return set(found)


def read_model(path):
    import onnx
    onnx.checker.check_model(path)
    graph = onnx.load(path, load_external_data=False).graph
    dims = {dim.dim_param for value in graph.input
            for dim in value.type.tensor_type.shape.dim if dim.dim_param}
    inputs = {value.name for value in graph.input}
    outputs = {value.name for value in graph.output}
    pairs = {name for name in inputs if f"{name}_RetainedState" in outputs}
    if any(name.endswith("_RetainedState") and name[:-14] not in inputs
           for name in outputs):
        fail("an output _RetainedState without its input")
    return dims, pairs


def main():
    options = parse(sys.argv[1:])
    mode = os.environ.get("QAIC_STANDIN", "")
    if mode == "fail":
        fail("told to fail")
    if mode == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    dims, states = read_model(options["-m"])
    for symbols in read_specializations(options["-network-specialization-config"]):
        if set(symbols) != dims:
            fail(f"symbols {sorted(symbols)} for dims {sorted(dims)}")
    if bool(states) != ("-retained-state" in options):
        fail("-retained-state does not agree with the model")
    if states:
        if "-custom-IO-list-file" not in options:
            fail("no -custom-IO-list-file for retained state")
        listed = read_custom_io(options["-custom-IO-list-file"])
        if listed != states | {f"{name}_RetainedState" for name in states}:
            fail("custom_io.yaml does not list the states")
    os.mkdir(options["-aic-binary-dir"])
    if mode != "silent":
        with open(os.path.join(options["-aic-binary-dir"], "programqpc.bin"), "w",
                  encoding="utf-8") as file:
            json.dump(sys.argv[1:], file)


if __name__ == "__main__":
    main()
