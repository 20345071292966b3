# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compiler refuses bad adapters with one clear error and leaves nothing
behind."""

import shutil

import numpy as np
import pytest
from bad_adapters import A0, ALL, LAYER0, spoil, write_bad
from oracles import raw_adapters, raw_files, tools
from oracles.raw_adapters import PREFIX
from oracles.raw_files import check_refused, refused

SHAPE = ("--prefill-seq-len=8", "--ctx-len=32")


@pytest.fixture
def checkpoint(tmp_path):
    return raw_files.write_checkpoint(tmp_path / "model")


@pytest.mark.parametrize("mode", ["merge", "swap"])
@pytest.mark.parametrize("name", ALL)
def test_compiler(checkpoint, tmp_path, name, mode):
    bad, patterns = write_bad(tmp_path / "bad", name)
    refused(
        checkpoint, tmp_path, *patterns,
        flags=[f"--adapter=x={bad}", f"--adapter-mode={mode}"],
    )


@pytest.mark.parametrize("mode", ["merge", "swap"])
def test_the_good_one_is_good(checkpoint, tmp_path, mode):
    good = raw_adapters.write_plain(tmp_path / "good")
    tools.compile_model(
        checkpoint, tmp_path / "out", *SHAPE, f"--adapter=x={good}",
        f"--adapter-mode={mode}",
    )


def test_no_such_folder(checkpoint, tmp_path):
    refused(
        checkpoint, tmp_path, "nowhere", "No such file",
        flags=["--adapter=x=/nowhere", "--adapter-mode=merge"],
    )


def test_rank_above_the_capacity(checkpoint, tmp_path):
    good = raw_adapters.write_plain(tmp_path / "good")
    refused(
        checkpoint, tmp_path, "at most 3, got 4", LAYER0,
        flags=[f"--adapter=x={good}", "--adapter-mode=swap",
               "--max-lora-rank=3"],
    )


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_nonfinite_where_it_is_wanted(checkpoint, tmp_path, number):
    bad = raw_adapters.write(tmp_path / "bad", spoil(A0, 5, number))
    tools.compile_model(
        checkpoint, tmp_path / "out", *SHAPE, f"--adapter=x={bad}",
        "--adapter-mode=swap", "--allow-nonfinite",
    )


def test_names(checkpoint, tmp_path):
    good = raw_adapters.write_plain(tmp_path / "good")
    mode = "--adapter-mode=swap"
    refused(
        checkpoint, tmp_path, "'x' twice",
        flags=[f"--adapter=x={good}", f"--adapter=x={good}:2", mode],
    )
    for name in ("../x", "a/b", ".hidden", "a b", "x" * 129):
        refused(
            checkpoint, tmp_path, "adapter's name",
            flags=[f"--adapter={name}={good}", mode],
        )
    for weight in ("nan", "inf", "1e999"):
        refused(
            checkpoint, tmp_path, "finite",
            flags=[f"--adapter=x={good}:{weight}", mode],
        )


def test_a_name_that_the_module_has(checkpoint, tmp_path):
    """Of an adapter, or of anything else."""
    good = raw_adapters.write_plain(tmp_path / "good")
    module = checkpoint / "canonical.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), checkpoint, "-o", module,
        f"--adapter=x={good}", "--compile-to=canonical",
    )
    for name in ("x", "main"):
        refused(
            module, tmp_path, f"'{name}'", "free",
            flags=[f"--adapter={name}={good}", "--adapter-mode=merge"],
        )


@pytest.mark.parametrize("mode", ["merge", "swap"])
def test_a_module_with_a_file_outside_its_folder(checkpoint, tmp_path, mode):
    good = raw_adapters.write_plain(tmp_path / "good")
    (tmp_path / "elsewhere").mkdir()
    module = checkpoint / "canonical.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), checkpoint, "-o", module,
        f"--adapter=x={good}", "--compile-to=canonical",
    )
    module.write_text(
        module.read_text().replace(
            '"adapter_model.safetensors"', '"../good/adapter_model.safetensors"'
        )
    )
    refused(
        module, tmp_path, "path inside its root",
        flags=[f"--root=adapter.x={tmp_path / 'elsewhere'}",
               f"--adapter-mode={mode}"],
    )


@pytest.mark.parametrize("mode", ["merge", "swap"])
def test_a_file_that_changed_since(checkpoint, tmp_path, mode):
    """A module finds another adapter in the folder."""
    good = raw_adapters.write_plain(tmp_path / "good")
    module = checkpoint / "canonical.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), checkpoint, "-o", module,
        f"--adapter=x={good}", "--compile-to=canonical",
    )
    raw_adapters.write_plain(good, 8)
    refused(
        module, tmp_path, "adapter_model",
        flags=[f"--root=adapter.x={good}", f"--adapter-mode={mode}"],
    )


@pytest.mark.parametrize("mode", ["merge", "swap"])
def test_values_that_changed_since(checkpoint, tmp_path, mode):
    """The header of a module's adapter is the one that was read, its values
    are others: they are checked again."""
    good = raw_adapters.write_plain(tmp_path / "good")
    module = checkpoint / "canonical.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), checkpoint, "-o", module,
        f"--adapter=x={good}", "--compile-to=canonical",
    )
    flags = [f"--root=adapter.x={good}", f"--adapter-mode={mode}"]
    tools.compile_model(module, tmp_path / "out", *SHAPE, *flags)
    shutil.rmtree(tmp_path / "out")
    raw_adapters.write(good, spoil(A0, 5, np.nan))
    refused(
        module, tmp_path, "adapter_model.safetensors",
        f"finite values in tensor '{A0}'", "element 5", flags=flags,
    )
    # So is a module that is only written.
    result = tools.run(
        tools.tool("qeff-compile"), module, "-o", tmp_path / "adapted.mlir",
        *flags, "--compile-to=adapted",
    )
    check_refused(result, "element 5")
    tools.compile_model(
        module, tmp_path / "out", *SHAPE, *flags, "--allow-nonfinite"
    )


def test_what_swapping_cannot_express(checkpoint, tmp_path):
    generator = np.random.default_rng(4)

    def normal(*shape):
        return generator.normal(0, 0.3, shape).astype(np.float32)

    magnitude = {
        name.replace("lora_A.weight", "lora_magnitude_vector"): normal(
            raw_files.shapes()[
                name.removeprefix(PREFIX).replace(".lora_A", "")
            ][0]
        )
        for name in raw_adapters.tensors() if "lora_A" in name
    }
    embedding = {
        f"{PREFIX}model.embed_tokens.lora_embedding_A": normal(4, 64),
        f"{PREFIX}model.embed_tokens.lora_embedding_B": normal(32, 4),
    }
    saved = {f"{PREFIX}model.norm.weight": normal(32)}
    cases = [
        (magnitude, {"use_dora": True}, "DoRA|use_dora|magnitude"),
        (embedding, {"targets": ("q_proj", "v_proj", "embed_tokens")},
         "embed_tokens"),
        (saved, {"modules_to_save": ["model.norm"]},
         "modules_to_save|model.norm"),
    ]
    for more, settings, pattern in cases:
        adapter = raw_adapters.write(
            tmp_path / "adapter", raw_adapters.tensors() | more,
            raw_adapters.config(**settings),
        )
        flags = [f"--adapter=x={adapter}"]
        refused(
            checkpoint, tmp_path, pattern, "merge|swap",
            flags=[*flags, "--adapter-mode=swap"],
        )
        tools.compile_model(
            checkpoint, tmp_path / "out", *SHAPE, *flags,
            "--adapter-mode=merge", "--target=host",
        )
