# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Options that would change nothing are refused by name: those that a module's
phase has passed, those of a target that is not made, unused roots."""

import pytest

from oracles import raw_files, tools
from oracles.raw_files import check_refused

SHAPE = ("--prefill-seq-len=8", "--ctx-len=32")


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """modules(phase): that phase of a small model."""
    folder = tmp_path_factory.mktemp("modules")
    model = raw_files.write_checkpoint(folder / "model")

    def make(phase):
        module = folder / "model" / f"{phase}.mlir"
        if not module.exists():
            tools.run_ok(
                tools.tool("qeff-compile"), model, "-o", module,
                f"--compile-to={phase}",
                *(SHAPE if phase != "canonical" else ()),
            )
        return module

    return make


@pytest.mark.parametrize(
    "phase,target,flag",
    [
        ("stateful", "host", "--prefill-seq-len=8"),
        ("stateful", "host", "--ctx-len=64"),
        ("tuned", "aic100", "--batch-size=7"),
        ("aic100", "aic100", "--onnx-dtype=f16"),
        ("aic100", "aic100", "--ctx-len=32"),
        ("host", "host", "--mcpu=x86-64"),
        ("host", "host", "--host-weights=bf16"),
        ("tuned", "host", "--onnx-dtype=f32"),
        ("tuned", "host", "--num-cores=16"),
        ("tuned", "host", "--mxfp6-matmul"),
        ("tuned", "host", "--mxint8-kv-cache"),
        ("tuned", "aic100", "--mcpu=native"),
        ("tuned", "aic100", "--host-weights=auto"),
        ("tuned", "host", "--root=foo=/nowhere"),
        ("tuned", "host", "--adapter-mode=swap"),
        ("stateful", "aic100", "--max-lora-rank=8"),
    ],
)
def test_package(modules, tmp_path, phase, target, flag):
    result = tools.run(
        tools.tool("qeff-compile"), modules(phase), "-o", tmp_path / "out",
        f"--target={target}", flag,
    )
    check_refused(result, flag.split("=")[0].lstrip("-") + ": expects")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "to,flag",
    [
        ("canonical", "--ctx-len=32"),
        ("canonical", "--adapter-mode=merge"),
        ("canonical", "--max-lora-rank=8"),
        ("tuned", "--onnx-dtype=f16"),
        ("tuned", "--mcpu=native"),
        ("host", "--target=aic100"),
        ("aic100", "--target=host"),
        ("aic100", "--num-cores=8"),
        ("aic100", "--mxfp6-matmul"),
    ],
)
def test_module(modules, tmp_path, to, flag):
    result = tools.run(
        tools.tool("qeff-compile"), modules("canonical"), "-o",
        tmp_path / "out.mlir", f"--compile-to={to}", flag,
    )
    check_refused(result, flag.split("=")[0].lstrip("-") + ": expects")
    assert not (tmp_path / "out.mlir").exists()


def test_what_applies_is_taken(modules, tmp_path):
    """From a module whose shape is open, and for both targets."""
    tools.compile_model(
        modules("canonical"), tmp_path / "out", *SHAPE, "--batch-size=2",
        "--onnx-dtype=f16", "--num-cores=8", "--host-weights=f16",
        "--mcpu=native", f"--root=model={modules('canonical').parent}",
    )
