# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds and runs the command line tools under test."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PYTHON_TESTS = ROOT / "test" / "python"
BUILD = Path(
    os.environ.get("QEFF_BUILD_DIR", ROOT / "build" / "release")
).resolve()


def tool(name: str) -> str:
    path = BUILD / "bin" / name
    assert path.is_file(), f"{path} is missing: build first"
    return str(path)


def runtime_library() -> str:
    found = sorted(BUILD.glob("lib/libqeff_runtime.so*"))
    assert found, f"no libqeff_runtime.so in {BUILD}/lib: build first"
    return str(found[0])


def run(*arguments, timeout: float = 300, **kwargs):
    """Runs a command to its end, output captured as text."""
    return subprocess.run(
        [str(argument) for argument in arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        **kwargs,
    )


def run_ok(*arguments, **kwargs):
    result = run(*arguments, **kwargs)
    assert result.returncode == 0, (
        f"{' '.join(map(str, arguments))}\nexit code {result.returncode}\n"
        f"{result.stdout[-2000:]}\n{result.stderr[-4000:]}"
    )
    return result


def compile_model(model, output, *flags, **kwargs) -> Path:
    run_ok(tool("qeff-compile"), model, "-o", output, *flags, **kwargs)
    return Path(output)


def run_import(model: Path, output: Path):
    """Imports a Hugging Face directory or a GGUF file with qeff-translate."""
    flag, source = (
        ("--import-hf", model / "config.json")
        if model.is_dir()
        else ("--import-gguf", model)
    )
    return run(tool("qeff-translate"), flag, source, "-o", output)


def import_model(model: Path, output: Path) -> Path:
    """The canonical module of `model`."""
    result = run_import(model, output)
    assert result.returncode == 0, result.stderr
    return output


def export_onnx(module: Path, passes: str, model: Path, output: Path) -> Path:
    """Runs `passes` on a module and writes OUTPUT and OUTPUT.data; the files
    that the module names lie where `model` does."""
    converted = output.with_suffix(".mlir")
    run_ok(
        tool("qeff-opt"), module, f"--pass-pipeline=builtin.module({passes})",
        "-o", converted,
    )
    translate_onnx(converted, model, output)
    return output


def translate_onnx(module: Path, model: Path, output: Path, *flags) -> None:
    root = model if model.is_dir() else model.parent
    run_ok(
        tool("qeff-translate"), "--export-onnx", module, "-o", output,
        f"--onnx-data={output}.data", f"--root=model={root}", *flags,
    )


def export_host(module: Path, options: str, model: Path, output: Path) -> Path:
    """The host QPC of a canonical module, written to the folder `output`."""
    converted = output.with_suffix(".mlir")
    run_ok(
        tool("qeff-opt"), module,
        f"--pass-pipeline=builtin.module(qeff-to-host{{{options}}})",
        "-o", converted,
    )
    root = model if model.is_dir() else model.parent
    run_ok(
        tool("qeff-translate"), "--export-host", converted,
        f"--root=model={root}", f"--package={output}",
    )
    return output


def python_module(module: str, *arguments, timeout: float = 600):
    """Runs a module of the tests in a process of its own."""
    environment = dict(
        os.environ,
        PYTHONPATH=str(PYTHON_TESTS),
        HF_HUB_OFFLINE="1",
        TOKENIZERS_PARALLELISM="false",
    )
    return run_ok(
        sys.executable, "-m", module, *arguments, env=environment,
        timeout=timeout,
    )


def digests(directory: Path) -> dict[str, str]:
    """SHA-256 of every file under `directory`, by relative path."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(Path(directory).rglob("*"))
        if path.is_file()
    }
