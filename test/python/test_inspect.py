# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`qeff inspect` and qeff.adapters: what an adapter is, whether it fits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from oracles import raw_adapters, raw_files, tools
from oracles.tools import BUILD

from qeff import Error
from qeff.adapters import convert_adapter, describe_adapter, describe_package

SHAPE = ("--prefill-seq-len=8", "--ctx-len=32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model, the same as a GGUF file and as a module, an adapter."""
    folder = tmp_path_factory.mktemp("inspect")
    raw_files.write_checkpoint(folder / "model")
    raw_files.write_gguf(folder / "model.gguf")
    tools.import_model(folder / "model", folder / "model.mlir")
    raw_adapters.write_plain(folder / "math")
    raw_adapters.write_plain(folder / "code", 8, 4, ("down_proj",), 3)
    return folder


@pytest.fixture(scope="module")
def package(folder):
    return tools.compile_model(
        folder / "model", folder / "out", *SHAPE, "--adapter-mode=swap",
        f"--adapter=math={folder / 'math'}:0.5", "--max-lora-rank=6",
    )


def inspect(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "qeff", "inspect", *map(str, arguments)],
        capture_output=True, text=True,
        env=dict(os.environ, PYTHONPATH=str(BUILD / "python")),
    )


def shown(*arguments, code=0):
    result = inspect(*arguments)
    assert (result.returncode, result.stderr) == (code, ""), result
    return result.stdout


MATH = """\
method: LoRA
trained on: tiny
rank: 4
alpha: 8
scaling: 2
targets: 4 modules
  q_proj: 2, rank 4
  v_proj: 2, rank 4
size: 896 parameters, 3584 bytes of F32
"""


def test_a_folder(folder):
    assert shown(folder / "math") == MATH


@pytest.mark.parametrize("base", ["model", "model.gguf", "model.mlir"])
def test_fits_a_model(folder, base):
    base = folder / base
    assert shown(folder / "math", "--base", base) == f"{MATH}fits: {base}\n"


def test_fits_a_package(folder, package):
    for base in (package, package / "host"):
        assert shown(folder / "math", "--base", base).endswith(
            f"fits: {base}\n"
        )


def test_other_targets_than_the_package(folder, package):
    text = shown(folder / "code", "--base", package, code=1)
    assert f"does not fit: {package}" in text
    assert "model.layers.0.mlp.down_proj" in text


def test_larger_rank_than_the_package(folder, package, tmp_path):
    large = raw_adapters.write_plain(tmp_path / "large", 7)
    text = shown(large, "--base", package, code=1)
    assert "at most 6, got 7" in text


def test_another_base(folder, tmp_path):
    values = raw_adapters.tensors()
    name = f"{raw_adapters.PREFIX}model.layers.1.self_attn.v_proj.lora_A.weight"
    values[name] = np.ones((4, 48), np.float32)
    other = raw_adapters.write(tmp_path / "other", values)
    document = describe_adapter(other, folder / "model")
    assert document["fits"] is False
    for part in ("model.layers.1.self_attn.v_proj", "[4, 32]", "[4, 48]"):
        assert part in document["reason"]
    text = shown(other, "--base", folder / "model", code=1)
    assert document["reason"] in text


def test_json_is_what_python_gives(folder, package):
    for path, base in [
        (folder / "math", None),
        (folder / "math", folder / "model"),
        (package / "adapters" / "math.safetensors", package),
    ]:
        flags = () if base is None else ("--base", base)
        document = json.loads(shown(path, "--json", *flags))
        assert document == describe_adapter(path, base)
        assert document["ranks"] == [4]
        assert document.get("fits") == (None if base is None else True)
    assert json.loads(shown(package, "--json")) == describe_package(package)


def test_a_file_of_a_package(package):
    text = shown(package / "adapters" / "math.safetensors", "--base", package)
    assert text.startswith("name: math\nrank: 4\nscaling: 1\n")
    assert text.endswith(f"fits: {package}\n")


def test_a_file_that_does_not_fit(folder, package, tmp_path):
    other = tools.compile_model(
        folder / "model", tmp_path / "out", *SHAPE, "--adapter-mode=swap",
        f"--adapter=code={folder / 'code'}",
    )
    text = shown(
        other / "adapters" / "code.safetensors", "--base", package, code=1
    )
    assert "down_proj" in text.splitlines()[-1]


def test_a_package(package):
    assert shown(package) == (
        "parts: host, aic100\n"
        "largest rank: 6\n"
        "targets: 4 modules\n"
        "  q_proj: 2\n"
        "  v_proj: 2\n"
        "adapters: 1\n"
        f"  math: rank 4, 4 modules, "
        f"{(package / 'adapters' / 'math.safetensors').stat().st_size} bytes\n"
    )


def test_a_package_that_takes_none(folder, tmp_path):
    out = tools.compile_model(
        folder / "model", tmp_path / "out", *SHAPE, "--target=host"
    )
    assert shown(out) == "parts: host\nadapters: takes none\n"
    result = inspect(folder / "math", "--base", out)
    assert result.returncode == 1 and result.stdout == ""
    assert "expects a package that takes adapters" in result.stderr


def test_converted_equals_compiled(folder, package, tmp_path):
    """A folder becomes the same file with the package and after it."""
    target = tmp_path / "math.safetensors"
    convert_adapter(folder / "math", package, target, "math")
    plain = tools.compile_model(
        folder / "model", tmp_path / "out", *SHAPE, "--adapter-mode=swap",
        f"--adapter=math={folder / 'math'}", "--max-lora-rank=6",
    )
    compiled = plain / "adapters" / "math.safetensors"
    assert compiled.read_bytes() == target.read_bytes()


def test_models_are_no_adapters(folder):
    for name in ("model", "model.gguf", "model.mlir"):
        result = inspect(folder / name)
        assert result.returncode == 1 and result.stdout == ""
        assert result.stderr == (
            f"qeff: error: {folder / name}: expects a folder with "
            "adapter_config.json, an adapter's file, or a package\n"
        )


def test_what_is_no_adapter(folder, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "adapter_config.json").write_text("{")
    for path in (empty, folder / "model" / "model.safetensors", Path("/")):
        result = inspect(path)
        assert result.returncode == 1 and result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert result.stderr.startswith("qeff: error: ")
    with pytest.raises(Error, match="adapter_config.json"):
        describe_adapter(empty)
