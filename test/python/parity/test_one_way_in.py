# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every way to an artifact gives the same bytes: the driver, the stock
mlir-opt with the plugin and qeff-translate, and each dumped phase."""

import os
import shutil

import onnx
import pytest

from oracles import raw_adapters, raw_files, tools
from oracles.variants import CONTEXT, PREFILL

FAMILIES = ("llama", "gpt2", "mpt")
PHASES = ("canonical", "adapted", "stateful", "tuned")
SHAPE = (
    f"--prefill-seq-len={PREFILL}", f"--ctx-len={CONTEXT}", "--batch-size=1",
)
DTYPE = ("--onnx-dtype=f32",)


def _flags(phase):
    """The options that apply before `phase`, and those that apply after."""
    if phase in ("canonical", "adapted"):
        return (), SHAPE + DTYPE
    if phase in ("stateful", "tuned"):
        return SHAPE, DTYPE
    return (SHAPE + DTYPE if phase == "aic100" else SHAPE), ()


def _mlir_opt():
    for name in ("mlir-opt-22", "/usr/lib/llvm-22/bin/mlir-opt"):
        found = shutil.which(name)
        if found:
            return found
    raise AssertionError("mlir-opt of LLVM 22 is missing")


@pytest.mark.parametrize("name", FAMILIES)
def test_package_has_the_same_graph(package, onnx_package, name):
    """The driver writes what the single tools write."""
    made = package(name, 1) / "aic100"
    expected = onnx_package(name, 1)
    for file in ("model.onnx", "model.onnx.data"):
        assert (made / file).read_bytes() == (expected / file).read_bytes()


def _stock_export(module, model, options, folder, *flags):
    """model.onnx and its data in `folder`, by mlir-opt and qeff-translate."""
    plugin = tools.BUILD / "lib" / "QEffPlugin.so"
    converted = folder / "aic100.mlir"
    tools.run_ok(
        _mlir_opt(), f"--load-dialect-plugin={plugin}",
        f"--load-pass-plugin={plugin}",
        f"--pass-pipeline=builtin.module(qeff-to-aic100{{{options}}})",
        module, "-o", converted,
    )
    tools.translate_onnx(converted, model, folder / "model.onnx", *flags)


@pytest.mark.parametrize("name", FAMILIES)
def test_stock_mlir_opt(references, package, canonical, name, tmp_path):
    options = (
        f"prefill-seq-len={PREFILL} ctx-len={CONTEXT} batch-size=1 "
        "onnx-dtype=f32"
    )
    _stock_export(canonical(name), references.model(name), options, tmp_path)
    expected = package(name, 1) / "aic100"
    for file in ("model.onnx", "model.onnx.data"):
        assert (tmp_path / file).read_bytes() == (expected / file).read_bytes()


def test_stock_mlir_opt_with_defaults(tmp_path):
    """A model of 16-bit weights is stored in f16, whoever converts it."""
    model = raw_files.write_checkpoint(
        tmp_path / "model",
        dict(raw_files.CONFIG, torch_dtype="float16"),
        {k: v.astype("float16") for k, v in raw_files.tensors().items()},
    )
    out = tools.compile_model(model, tmp_path / "out", "--target=aic100")
    module = tools.import_model(model, tmp_path / "canonical.mlir")
    _stock_export(module, model, "", tmp_path)
    for file in ("model.onnx", "model.onnx.data"):
        made = (out / "aic100" / file).read_bytes()
        assert made == (tmp_path / file).read_bytes()
    exported = onnx.load(tmp_path / "model.onnx", load_external_data=False)
    types = {v.name: v.data_type for v in exported.graph.initializer}
    matrices = [name for name in types if name.endswith("_proj.weight")]
    assert matrices
    assert {types[name] for name in matrices} == {onnx.TensorProto.FLOAT16}


@pytest.mark.parametrize("mode", ["merge", "swap"])
def test_stock_mlir_opt_with_adapters(tmp_path, mode):
    """The canonical module carries the adapter, the pipeline has the mode."""
    model = raw_files.write_checkpoint(tmp_path / "model")
    adapter = raw_adapters.write_plain(tmp_path / "math")
    flag = f"--adapter=math={adapter}:0.5"
    out = tools.compile_model(
        model, tmp_path / "out", "--target=aic100", flag,
        f"--adapter-mode={mode}", "--onnx-dtype=f32",
    )
    module = tmp_path / "canonical.mlir"
    tools.compile_model(model, module, flag, "--compile-to=canonical")
    options = f"adapter-mode={mode} onnx-dtype=f32"
    _stock_export(
        module, model, options, tmp_path, f"--root=adapter.math={adapter}"
    )
    for file in ("model.onnx", "model.onnx.data"):
        made = (out / "aic100" / file).read_bytes()
        assert made == (tmp_path / file).read_bytes()


@pytest.mark.parametrize("name", FAMILIES)
def test_host_by_single_tools(references, package, canonical, name, tmp_path):
    options = (
        f"prefill-seq-len={PREFILL} ctx-len={CONTEXT} batch-size=1 "
        "host-weights=auto"
    )
    made = tools.digests(
        tools.export_host(
            canonical(name), options, references.model(name), tmp_path / "made"
        )
    )
    # The driver adds the model's tokenizer.
    expected = tools.digests(package(name, 1) / "host")
    assert set(made) == {"qpc.json", "program.so", "weights.bin"}
    assert made == {file: expected[file] for file in made}


@pytest.mark.parametrize(
    "name,suffix",
    [("llama", "mlir"), ("llama", "mlirbc"), ("gpt2", "mlir"), ("mpt", "mlir")],
)
@pytest.mark.parametrize("phase", PHASES + ("aic100", "specialized", "host"))
def test_each_phase_goes_on(references, package, name, phase, suffix, tmp_path):
    before, after = _flags(phase)
    module = tmp_path / f"module.{suffix}"
    root = f"--root=model={references.model(name)}"
    tools.run_ok(
        tools.tool("qeff-compile"), references.model(name), "-o", module,
        f"--compile-to={phase}", *before,
    )
    expected = tools.digests(package(name, 1))
    if phase == "aic100":
        expected = {k: v for k, v in expected.items() if "host" not in k}
    if phase in ("specialized", "host"):
        expected = {k: v for k, v in expected.items() if "aic100" not in k}
    out = tmp_path / "out"
    tools.run_ok(
        tools.tool("qeff-compile"), module, "-o", out, root,
        f"--compile-from={phase}", *after,
    )
    assert tools.digests(out) == expected


def test_standard_output(references, canonical):
    result = tools.run_ok(
        tools.tool("qeff-compile"), references.model("llama"), "-o", "-",
        "--compile-to=canonical",
    )
    assert result.stdout == canonical("llama").read_text()


def test_root_is_needed_where_files_moved(canonical, tmp_path):
    moved = tmp_path / "module.mlir"
    shutil.copy(canonical("llama"), moved)
    result = tools.run(
        tools.tool("qeff-compile"), moved, "-o", tmp_path / "out", *SHAPE,
        env=dict(os.environ),
    )
    assert result.returncode == 1
    assert "error:" in result.stderr
    assert "root 'model' is bound to '" in result.stderr
    assert "--root=model=DIR" in result.stderr
    assert not (tmp_path / "out").exists()
