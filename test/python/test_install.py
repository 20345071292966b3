# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`cmake --install`, and a project that builds on what it installs."""

import os
import subprocess
from pathlib import Path

import pytest
from oracles.tools import BUILD

import qeff

SOURCE = Path(__file__).parent / "out_of_tree"


def run(*command, **environment):
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("installed")
    run("cmake", "--install", BUILD, "--prefix", prefix)
    return prefix


@pytest.fixture(scope="module")
def project(prefix, tmp_path_factory):
    build = tmp_path_factory.mktemp("project")
    run("cmake", "-G", "Ninja", "-S", SOURCE, "-B", build,
        "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_PREFIX_PATH={prefix}")  # fmt: skip
    run("cmake", "--build", build, "-j", "2")
    return build


def test_a_project_compiles_and_runs_models(project, smollm2_gguf, tmp_path):
    package = tmp_path / "package"
    # Seven matrices a layer, and the output.
    assert run(project / "count-ops", smollm2_gguf, package) == "211\n"
    prompt = qeff.Tokenizer.from_model(package).encode("The sky is")
    (token,) = qeff.InferenceSession(package).generate([prompt], 1).tokens[0]
    assert run(project / "next-token", package, *prompt) == f"{token}\n"
    needed = run("ldd", project / "next-token")
    assert "libqeff_runtime" in needed
    assert "LLVM" not in needed and "MLIR" not in needed


def test_installed_tools_run(prefix, smollm2_gguf, tmp_path):
    module = tmp_path / "module.mlir"
    run(prefix / "bin" / "qeff-compile", smollm2_gguf, "-o", module,
        "--compile-to=canonical")  # fmt: skip
    text = run(prefix / "bin" / "qeff-opt", module, "--qeff-to-stateful")
    assert "qeff.attention" in text
    for tool in ("qeff-run", "qeff-translate", "qeff-lsp-server"):
        run(prefix / "bin" / tool, "--help")
