# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules that qeff-compile is given as files: whatever they hold, one error
and exit code 1."""

import os

import pytest

from oracles import tools
from oracles.raw_files import check_refused

DEEP = 300000


def _refused(module, tmp_path, *patterns):
    result = tools.run(
        tools.tool("qeff-compile"), module, "-o", tmp_path / "out", timeout=60
    )
    check_refused(result, *patterns)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    [
        "module attributes {a = " + "[" * DEEP,
        "module attributes {a = " + "[" * DEEP + "]" * DEEP + "} {}",
        "module attributes {a = " + "{a = " * DEEP,
        "module { func.func @f(%a: " + "tuple<" * DEEP,
        "module { func.func @f(%a: " + "(" * DEEP,
        "module {" * DEEP,
        "module attributes {a = affine_map<(d) -> (" + "- " * DEEP + "d)>} {}",
        "module attributes {a = affine_map<(d) -> (" + "(" * DEEP + "d)>} {}",
        "module attributes {a = dense<" + "[" * DEEP + "> : tensor<1xi8>} {}",
        "module {} loc(" + "fused[" * DEEP,
    ],
    ids=range(10),
)
def test_deep_nesting(tmp_path, text):
    module = tmp_path / "deep.mlir"
    module.write_text("\n\n" + text)
    _refused(module, tmp_path, r"deep\.mlir:3", "256 nested")


@pytest.mark.parametrize(
    "text",
    [
        'module attributes {t.a = "' + "[" * DEEP + '"} {}',
        'module attributes {t.a = "\\"' + "[" * DEEP + '"} {}',
        "module {} // " + "[" * DEEP,
        "module attributes {t.a = [" + "() -> (), " * DEEP + "() -> ()]} {}",
    ],
    ids=["string", "escape", "comment", "arrows"],
)
def test_what_is_not_nested(tmp_path, text):
    module = tmp_path / "flat.mlir"
    module.write_text(text)
    _refused(module, tmp_path, "qeff.phase")


def test_fifo(tmp_path):
    module = tmp_path / "fifo.mlir"
    os.mkfifo(module)
    _refused(module, tmp_path, r"fifo\.mlir", "regular file")


def test_folder(tmp_path):
    module = tmp_path / "folder.mlir"
    module.mkdir()
    _refused(module, tmp_path, r"folder\.mlir", "regular file")


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"ML\xefR", b"\xff\xfe("])
def test_no_module(tmp_path, content):
    module = tmp_path / "bytes.mlir"
    module.write_bytes(content)
    _refused(module, tmp_path)
