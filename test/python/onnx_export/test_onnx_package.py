# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The AI 100 package against golden listings written from the contract, and
the call of the compiler against a strict stand-in."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from onnx_modules import Config, TinyModule
from onnx_session import QEFF_OPT, QEFF_TRANSLATE, ROOT, load

GOLDENS = ROOT / "test" / "Target" / "AIC100"
STANDIN = GOLDENS / "Inputs" / "qaic_compile.py"
# The stand-in runs in this interpreter's environment.
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
PASS_OPTIONS = {"--prefill-seq-len", "--ctx-len", "--batch-size", "--onnx-dtype",
                "--adapter-mode", "--max-lora-rank"}
CASES = {
    "llama-gqa-f32": (Config(), ["--prefill-seq-len=8", "--ctx-len=32"]),
    "llama-mha-f16-mx": (
        Config(layers=1, groups=4),
        ["--prefill-seq-len=16", "--ctx-len=64", "--batch-size=2",
         "--onnx-dtype=f16", "--num-cores=14", "--mxfp6-matmul",
         "--mxint8-kv-cache"]),
    "gpt2-decode-only-f32": (
        Config(family="gpt2", layers=1, groups=4),
        ["--prefill-seq-len=1", "--ctx-len=32"]),
    "llama-swap-f32": (
        Config(layers=1, groups=4),
        ["--prefill-seq-len=8", "--ctx-len=32", "--mxint8-kv-cache",
         "--adapter-mode=swap", "--max-lora-rank=4"]),
    "llama-swap-f16": (
        Config(layers=1, groups=4),
        ["--prefill-seq-len=8", "--ctx-len=32", "--mxint8-kv-cache",
         "--onnx-dtype=f16", "--adapter-mode=swap", "--max-lora-rank=4"]),
}


def compile_package(folder: Path, config: Config, options, environment=None,
                    check=True):
    """Makes a package; no AI 100 compiler is found by accident, since the
    environment has no QAIC_COMPILER but the one given."""
    passes = [o[2:] for o in options if o.split("=")[0] in PASS_OPTIONS]
    module = TinyModule(config).write(folder)
    converted = folder / "converted.mlir"
    subprocess.run([QEFF_OPT, module, f"--qeff-to-aic100={' '.join(passes)}",
                    "-o", converted], check=True)
    variables = {"PATH": PATH, "TMPDIR": str(folder),
                 **(environment or {})}
    package = folder / "aic100"
    result = subprocess.run(
        [QEFF_TRANSLATE, "--export-aic100", converted, f"--package={package}",
         f"--root=model={folder}",
         *(o for o in options if o.split("=")[0] not in PASS_OPTIONS)],
        env=variables, check=False, capture_output=True, text=True)
    assert not check or result.returncode == 0, result.stderr
    if result.returncode:
        assert not any(path.name.startswith("aic100") for path in folder.iterdir())
    return package, result


def tensor(kind: str, value: onnx.ValueInfoProto) -> str:
    info = value.type.tensor_type
    dims = ", ".join(d.dim_param or str(d.dim_value) for d in info.shape.dim)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(info.elem_type)
    return f"{kind} {value.name} {dtype} [{dims}]"


def command(package: Path) -> list[str]:
    """The arguments that compile.sh passes on, from another folder."""
    recorder = package.parent / "record.sh"
    recorder.write_text('#!/bin/sh\nfor a in "$@"; do echo "$a"; done\n')
    recorder.chmod(0o755)
    return subprocess.run(
        [package / "compile.sh"], cwd="/", check=True, text=True,
        capture_output=True, env={"PATH": PATH, "QAIC_COMPILER": str(recorder)},
    ).stdout.splitlines()


def listing(package: Path) -> list[str]:
    model = load(package / "model.onnx")
    lines = [f"ir {model.ir_version}"]
    lines += [f"opset {o.domain or 'ai.onnx'} {o.version}"
              for o in sorted(model.opset_import, key=lambda o: o.domain)]
    lines += [tensor("input", value) for value in model.graph.input]
    lines += [tensor("output", value) for value in model.graph.output]
    lines += [" ".join([f"function {f.domain} {f.name}({', '.join(f.input)})",
                        *f.attribute])
              for f in sorted(model.functions, key=lambda f: (f.domain, f.name))]
    lines += [f"file {path.name} {stat.S_IMODE(path.stat().st_mode):o}"
              for path in sorted(package.iterdir())]
    specializations = json.loads((package / "specializations.json").read_text())
    assert list(specializations) == ["specializations"]
    for entry in specializations["specializations"]:
        assert list(entry) == ["name", "symbols"]
        symbols = " ".join(f"{k}={v}" for k, v in entry["symbols"].items())
        lines.append(f"specialization {entry['name']} {symbols}")
    yaml = (package / "custom_io.yaml").read_text()
    assert yaml.endswith("\n")
    lines += [f"custom_io|{line}" for line in yaml[:-1].split("\n")]
    return lines + [f"command {argument}" for argument in command(package)]


def golden(name: str) -> list[str]:
    lines = []
    for line in (GOLDENS / f"{name}.golden").read_text().splitlines():
        if not line.startswith("#"):
            match = re.fullmatch(r"(.*)  # (\d+\.\d+)", line)
            assert match, f"no section cited: {line}"
            lines.append(match[1])
    return lines


@pytest.mark.parametrize("name", CASES)
def test_listing(name, tmp_path):
    package, _ = compile_package(tmp_path, *CASES[name])
    assert listing(package) == golden(name)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("program", ["qaic-compile", "qaic-exec"])
def test_compiler_is_called(name, program, tmp_path):
    compiler = tmp_path / "bin" / program
    compiler.parent.mkdir()
    shutil.copy(STANDIN, compiler)
    package, _ = compile_package(tmp_path, *CASES[name],
                                 {"QAIC_COMPILER": str(compiler)})
    recorded = json.loads((package / "qpc" / "programqpc.bin").read_text())
    assert recorded[0] == "-aic-hw"


def test_compiler_is_found_in_path(tmp_path):
    (tmp_path / "bin").mkdir()
    shutil.copy(STANDIN, tmp_path / "bin" / "qaic-compile")
    path = f"{tmp_path / 'bin'}{os.pathsep}{PATH}"
    package, _ = compile_package(tmp_path, *CASES["llama-gqa-f32"],
                                 {"PATH": path})
    assert (package / "qpc" / "programqpc.bin").is_file()


def test_script_compiles(tmp_path):
    package, _ = compile_package(tmp_path, *CASES["llama-gqa-f32"])
    for _ in range(2):
        subprocess.run([package / "compile.sh"], cwd="/", check=True,
                       env={"PATH": PATH, "QAIC_COMPILER": str(STANDIN)})
    assert (package / "qpc" / "programqpc.bin").is_file()


@pytest.mark.parametrize("program", ["qaic-compile", "qaic-exec"])
@pytest.mark.parametrize("named", ["in PATH", "by name", "by relative path"])
def test_script_finds_what_the_note_asks_for(program, named, tmp_path):
    """Each compiler gets its own flags, however it is found."""
    package, _ = compile_package(tmp_path, *CASES["llama-gqa-f32"])
    (tmp_path / "bin").mkdir()
    shutil.copy(STANDIN, tmp_path / "bin" / program)
    environment = {"PATH": PATH}
    if named == "by relative path":
        environment["QAIC_COMPILER"] = f"bin/{program}"
    else:
        environment["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{PATH}"
    if named == "by name":
        environment["QAIC_COMPILER"] = program
    subprocess.run([package / "compile.sh"], cwd=tmp_path, check=True,
                   env=environment)
    recorded = json.loads((package / "qpc" / "programqpc.bin").read_text())
    assert ("-compile-only" in recorded) == (program == "qaic-exec")


def test_script_without_a_compiler(tmp_path):
    package, _ = compile_package(tmp_path, *CASES["llama-gqa-f32"])
    result = subprocess.run([package / "compile.sh"], env={"PATH": PATH},
                            check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert "qaic-compile" in result.stderr and "qaic-exec" in result.stderr


def test_compiler_is_named_alone(tmp_path):
    (tmp_path / "bin").mkdir()
    shutil.copy(STANDIN, tmp_path / "bin" / "qaic-exec")
    path = f"{tmp_path / 'bin'}{os.pathsep}{PATH}"
    package, _ = compile_package(tmp_path, *CASES["llama-gqa-f32"],
                                 {"PATH": path, "QAIC_COMPILER": "qaic-exec"})
    assert (package / "qpc" / "programqpc.bin").is_file()


def test_missing_compiler_is_said(tmp_path):
    package, result = compile_package(tmp_path, *CASES["llama-gqa-f32"])
    assert not (package / "qpc").exists()
    assert "qaic-compile" in result.stdout
    assert "compile.sh" in result.stdout


@pytest.mark.parametrize("mode, message", [
    ("fail", "told to fail"), ("silent", "programqpc.bin"),
    ("killed", "killed by a signal: Killed")])
def test_failing_compiler(mode, message, tmp_path):
    package, result = compile_package(
        tmp_path, *CASES["llama-gqa-f32"],
        {"QAIC_COMPILER": str(STANDIN), "QAIC_STANDIN": mode}, check=False)
    assert result.returncode == 1
    assert message in result.stderr
    assert "-retained-state" in result.stderr
    # Nothing that is said is in the folder that is gone.
    assert "-m=model.onnx" in result.stderr
    assert str(tmp_path / "aic100") not in result.stderr
    assert not package.exists()


def test_compiler_that_is_no_program(tmp_path):
    package, result = compile_package(
        tmp_path, *CASES["llama-gqa-f32"],
        {"QAIC_COMPILER": str(tmp_path / "nothing")}, check=False)
    assert result.returncode == 1
    assert "nothing" in result.stderr
    assert not package.exists()
