# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adapters through the compiler's flags, Python and the command `qeff`: what
packages hold, and that every way leads to the same one."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import toy_model
from oracles import raw_adapters, raw_files, tools
from oracles.tools import BUILD

import qeff
import qeff.adapters

SHAPE = ("--prefill-seq-len=8", "--ctx-len=32")
PROMPT = [3, 5, 7, 11]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model with a tokenizer, and two adapters."""
    folder = tmp_path_factory.mktemp("packages")
    model = raw_files.write_checkpoint(folder / "model")
    toy_model.write_tokenizer(model)
    raw_adapters.write_plain(folder / "math")
    raw_adapters.write_plain(folder / "code", 6, 4, ("k_proj", "down_proj"), 3)
    return folder


def _flags(folder, mode, math=""):
    return (
        f"--adapter=math={folder / 'math'}{math}",
        f"--adapter=code={folder / 'code'}",
        f"--adapter-mode={mode}",
    )


@pytest.fixture(scope="module")
def swap(folder):
    return tools.compile_model(
        folder / "model", folder / "swap", *SHAPE, *_flags(folder, "swap")
    )


@pytest.fixture(scope="module")
def merge(folder):
    return tools.compile_model(
        folder / "model", folder / "merge", *SHAPE,
        *_flags(folder, "merge", ":0.5"),
    )


def _logits(package, adapter=None):
    session = qeff.InferenceSession(package, 1)
    if adapter:
        session.load_adapter(adapter)
        session.set_adapter(adapter)
    rows = []
    session.generate(
        [PROMPT], 8, [], choose=lambda row, logits: rows.append(logits.copy())
    )
    return np.array(rows)


def _numpy_merged(folder, *adapters):
    """The model with adapters merged in NumPy: (folder, scaling) each."""
    values = raw_files.tensors()
    for rank, targets, seed, scaling in adapters:
        values = raw_adapters.merged(
            values, raw_adapters.tensors(rank, targets, seed), scaling
        )
    model = raw_files.write_checkpoint(folder / "model", values=values)
    return tools.compile_model(model, folder / "out", *SHAPE, "--target=host")


MATH = (4, ("q_proj", "v_proj"), 1)
CODE = (6, ("k_proj", "down_proj"), 3)


def test_merged_is_what_numpy_merges(merge, tmp_path):
    expected = _logits(
        _numpy_merged(tmp_path, (*MATH, 2 * 0.5), (*CODE, 4 / 6))
    )
    np.testing.assert_allclose(_logits(merge), expected, 1e-3, 1e-3)
    assert not (merge / "adapters").exists()


def test_swapped_is_what_numpy_merges(swap, tmp_path):
    base = _logits(swap)
    for name, adapter in (("math", (*MATH, 2)), ("code", (*CODE, 4 / 6))):
        expected = _logits(_numpy_merged(tmp_path / name, adapter))
        actual = _logits(swap, name)
        np.testing.assert_allclose(actual, expected, 1e-3, 1e-3)
        assert np.abs(actual - base).max() > 0.1
    plain = _numpy_merged(tmp_path / "base")
    np.testing.assert_allclose(base, _logits(plain), 1e-5, 1e-5)


def test_what_a_package_holds(swap):
    assert sorted(p.name for p in (swap / "adapters").iterdir()) == [
        "code.safetensors", "math.safetensors", "targets.json"
    ]
    targets = json.loads((swap / "adapters" / "targets.json").read_text())
    assert targets["max_lora_rank"] == 6
    found = {m["path"] for m in targets["modules"] if m["target"]}
    assert found == {
        f"model.layers.{layer}.{path}" for layer in range(2)
        for path in ("self_attn.q_proj", "self_attn.k_proj",
                     "self_attn.v_proj", "mlp.down_proj")
    }
    session = qeff.InferenceSession(swap, 1)
    assert set(session.adapter_targets) == found
    assert session.max_lora_rank == 6


def test_without_adapters_every_linear_layer_is_a_target(folder, tmp_path):
    out = tools.compile_model(
        folder / "model", tmp_path / "out", *SHAPE, "--target=host",
        "--adapter-mode=swap", "--max-lora-rank=8",
    )
    session = qeff.InferenceSession(out, 1)
    assert session.max_lora_rank == 8
    names = {path.rpartition(".")[2] for path in session.adapter_targets}
    assert names >= set(raw_adapters.LINEAR)
    assert [p.name for p in (out / "adapters").iterdir()] == ["targets.json"]
    file = tmp_path / "math.safetensors"
    qeff.adapters.convert_adapter(folder / "math", out, file, "math")
    session.load_adapter(file)


@pytest.mark.parametrize("mode", ["merge", "swap"])
def test_a_module_in_between(folder, tmp_path, mode):
    """The canonical module with its adapters gives the same package."""
    direct = tools.compile_model(
        folder / "model", tmp_path / "direct", *SHAPE, *_flags(folder, mode)
    )
    module = folder / "model" / f"{mode}.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), folder / "model", "-o", module,
        *_flags(folder, mode)[:2], "--compile-to=canonical",
    )
    again = tools.compile_model(
        module, tmp_path / "again", *SHAPE, f"--adapter-mode={mode}",
        f"--root=adapter.math={folder / 'math'}",
        f"--root=adapter.code={folder / 'code'}",
    )
    assert tools.digests(direct) == tools.digests(again)


@pytest.mark.parametrize("phase", ["adapted", "stateful", "tuned"])
def test_a_later_module_in_between(folder, swap, tmp_path, phase):
    """It has no adapters any more, all else is the same."""
    module = folder / "model" / f"{phase}.mlir"
    shape = SHAPE if phase != "adapted" else ()
    tools.run_ok(
        tools.tool("qeff-compile"), folder / "model", "-o", module,
        *_flags(folder, "swap"), f"--compile-to={phase}", *shape,
    )
    again = tools.compile_model(
        module, tmp_path / "again", *(() if shape else SHAPE)
    )
    expected = tools.digests(swap)
    for name in ("math", "code"):
        del expected[f"adapters/{name}.safetensors"]
    assert tools.digests(again) == expected


@pytest.mark.parametrize(
    "phase,part",
    [("specialized", "host"), ("host", "host"), ("aic100", "aic100")],
)
def test_a_module_that_does_not_say_what_there_is(
    folder, swap, tmp_path, phase, part
):
    module = folder / "model" / f"{phase}.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), folder / "model", "-o", module,
        *_flags(folder, "swap"), f"--compile-to={phase}", *SHAPE,
    )
    result = tools.run_ok(
        tools.tool("qeff-compile"), module, "-o", tmp_path / "again"
    )
    assert f"note: a module of phase {phase}" in result.stderr
    assert "targets.json" in result.stderr
    assert not (tmp_path / "again" / "adapters").exists()
    assert tools.digests(tmp_path / "again" / part) == {
        name: digest for name, digest in tools.digests(swap / part).items()
    }


def test_an_unbound_root(folder, tmp_path):
    module = folder / "model" / "unbound.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), folder / "model", "-o", module,
        *_flags(folder, "swap")[:2], "--compile-to=canonical",
    )
    for mode in ("merge", "swap"):
        raw_files.refused(
            module, tmp_path, "root 'adapter.math'",
            flags=[f"--adapter-mode={mode}"],
        )
    raw_files.refused(module, tmp_path, "adapter-mode: expects merge")


def test_adapters_that_were_added_stay(folder, tmp_path):
    """Compiling again replaces what it writes and keeps the rest."""
    out = tmp_path / "out"
    flags = (*SHAPE, "--target=host")
    math = f"--adapter=math={folder / 'math'}"
    tools.compile_model(
        folder / "model", out, *flags, math, "--adapter-mode=swap"
    )
    before = (out / "adapters" / "math.safetensors").read_bytes()
    (out / "adapters" / "mine.safetensors").write_bytes(before)
    tools.compile_model(
        folder / "model", out, *flags, f"{math}:2", "--adapter-mode=swap"
    )
    assert (out / "adapters" / "mine.safetensors").read_bytes() == before
    assert (out / "adapters" / "math.safetensors").read_bytes() != before
    for path in (out / "adapters").glob("*.safetensors"):
        path.unlink()
    tools.compile_model(folder / "model", out, *flags)
    assert not (out / "adapters").exists()


def test_an_adapter_is_not_written_over(folder):
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        target = folder / "math" / name
        before = target.read_bytes()
        result = tools.run(
            tools.tool("qeff-compile"), folder / "model", "-o", target,
            f"--adapter=math={folder / 'math'}", "--compile-to=canonical",
        )
        raw_files.check_refused(result, name)
        assert target.read_bytes() == before


def test_python_compiles_the_same(folder, merge, swap, tmp_path):
    shape = {"prefill_seq_len": 8, "ctx_len": 32}
    stages = []
    qeff.compile(
        folder / "model", tmp_path / "merge", adapter_mode="merge",
        adapters={"math": (folder / "math", 0.5), "code": folder / "code"},
        progress=lambda stage, done, total: stages.append(stage),
        note=lambda text: None, **shape,
    )
    assert tools.digests(tmp_path / "merge") == tools.digests(merge)
    assert "reading adapters" in stages
    qeff.compile(
        folder / "model", tmp_path / "swap", adapter_mode="swap",
        adapters={"math": str(folder / "math"), "code": folder / "code"},
        max_lora_rank=6, note=lambda text: None, **shape,
    )
    assert tools.digests(tmp_path / "swap") == tools.digests(swap)


@pytest.mark.parametrize(
    "options,message",
    [
        ({"adapters": {"x": 3}, "adapter_mode": "swap"}, "of 'x', got 3"),
        ({"adapters": {"x": ("a", "b")}, "adapter_mode": "swap"}, "of 'x'"),
        ({"adapters": {"x": ("a", 1, 2)}, "adapter_mode": "swap"}, "of 'x'"),
        ({"adapters": {"x": "/nowhere"}, "adapter_mode": "swap"}, "/nowhere"),
        ({"adapters": {"x": "/nowhere"}}, "adapter-mode: expects merge"),
        ({"adapter_mode": "both"}, "expects merge or swap, got 'both'"),
        ({"max_lora_rank": 0, "adapter_mode": "swap"}, "from 1 to 65536"),
        ({"max_lora_rank": 8}, "max-lora-rank: expects adapter-mode swap"),
        ({"allow_nonfinite": True}, "allow-nonfinite"),
    ],
)
def test_python_refuses(folder, tmp_path, options, message):
    with pytest.raises(qeff.Error) as caught:
        qeff.compile(folder / "model", tmp_path / "out", **options)
    assert message in str(caught.value)
    assert not (tmp_path / "out").exists()


# ---- the command qeff --------------------------------------------------------


def _qeff(*arguments, **environment):
    result = subprocess.run(
        [sys.executable, "-m", "qeff", *map(str, arguments)],
        capture_output=True, text=True,
        env=dict(os.environ, PYTHONPATH=str(BUILD / "python"), **environment),
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def _generate(model, *arguments, **environment):
    return json.loads(
        _qeff("generate", model, "-p", "!#%)", "-n", 8, "--json",
              "--ignore-eos", *arguments, **environment)
    )


def test_qeff_compile(folder, swap, tmp_path):
    _qeff(
        "compile", folder / "model", "-o", tmp_path / "out", *SHAPE,
        *_flags(folder, "swap"), "--max-lora-rank=6",
    )
    assert tools.digests(tmp_path / "out") == tools.digests(swap)


def test_qeff_generate(folder, swap, tmp_path):
    """Adapters of a package, by name and as a folder; of a model, compiled
    with it and found again; as `qeff-run` does."""
    base = _generate(swap)
    math = _generate(swap, "--adapter=math")
    assert math["tokens"] != base["tokens"]
    assert (base["adapter"], math["adapter"]) == (None, "math")
    assert _generate(swap, "--adapter=code")["tokens"] not in (
        base["tokens"], math["tokens"]
    )
    before = tools.digests(swap)
    folder_math = _generate(swap, "--adapter", folder / "math")
    assert folder_math["tokens"] == math["tokens"]
    assert tools.digests(swap) == before
    ids = _qeff("tokenize", swap, "!#%)").strip()
    run = tools.run_ok(
        tools.tool("qeff-run"), swap, f"--tokens={ids}", "--max-new-tokens=8",
        "--adapter=math", "--json",
    )
    assert json.loads(run.stdout)["tokens"] == math["tokens"]
    cache = {"QEFF_CACHE_DIR": str(tmp_path / "cache")}
    shape = ("--prefill-seq-len=8", "--ctx-len=32")
    for name, expected in [("math", math), ("math", math), ("code", None)]:
        made = _generate(
            folder / "model", "--adapter", folder / name, *shape, **cache
        )
        assert expected is None or made["tokens"] == expected["tokens"]
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_qeff_verify(swap, tmp_path):
    """Adapters of the package are read as a session would."""
    copy = shutil.copytree(swap, tmp_path / "out")
    assert _qeff("verify", copy) == f"{copy}: verified\n"
    path = copy / "adapters" / "code.safetensors"
    good = path.read_bytes()
    nan = np.float32(np.nan).tobytes()
    for bad, message in [
        (good[:-1], "bytes"), (b"", "expects"), (good[:-4] + nan, "finite"),
        (good.replace(b"k_proj", b"x_proj"), "x_proj"),
    ]:
        path.write_bytes(bad)
        with pytest.raises(qeff.Error) as caught:
            qeff.verify(copy)
        assert "adapters/code.safetensors: " in str(caught.value)
        assert message in str(caught.value)
        run = tools.run(tools.tool("qeff-run"), copy, "--verify")
        assert run.returncode == 1 and str(caught.value) in run.stderr
    path.unlink()
    qeff.verify(copy)


def test_qeff_run_refuses_folders(folder, swap, tmp_path):
    shutil.copytree(folder / "math", tmp_path / "poems")
    for name in ("./poems", "poems"):
        result = subprocess.run(
            [tools.tool("qeff-run"), swap, "--tokens=1", f"--adapter={name}"],
            capture_output=True, text=True, cwd=tmp_path,
        )
        assert result.returncode == 1 and result.stdout == ""
        assert result.stderr.count("\n") == 1
        for part in ("directory", "qeff generate --adapter DIR",
                     "qeff.adapters.convert_adapter"):
            assert part in result.stderr


def test_qeff_generate_refuses(folder, merge, swap):
    for model, adapter, message in [
        (folder / "model", "math", "expects a folder with adapter_config"),
        (merge, folder / "math", "takes none"),
        (merge, "math", "takes none; compile it with --adapter-mode=swap"),
        (swap, "nothing", "expects a file or an adapter of the package"),
    ]:
        result = subprocess.run(
            [sys.executable, "-m", "qeff", "generate", str(model), "-p", "!#",
             "--adapter", str(adapter)],
            capture_output=True, text=True,
            env=dict(os.environ, PYTHONPATH=str(BUILD / "python")),
        )
        assert result.returncode == 1 and result.stdout == ""
        assert result.stderr.count("\n") == 1 and message in result.stderr
