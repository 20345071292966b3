# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""program.so and the runtime stand alone, and code size does not grow with
the number of layers."""

import json
import re

import pytest

from oracles import raw_files, tools

LIMIT = 1 << 20


def _needed(path):
    """Names of the shared libraries that a file asks for."""
    text = tools.run_ok("readelf", "--dynamic", "--wide", path).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", text))


def _symbols(path, *flags):
    text = tools.run_ok("nm", "-D", *flags, path).stdout
    return {line.split()[-1].split("@")[0] for line in text.splitlines()}


def test_program_needs_nothing(package):
    program = package("llama", 1) / "host" / "program.so"
    assert _needed(program) == set()
    assert _symbols(program, "--defined-only") == {"qeff_program"}
    assert _symbols(program, "--undefined-only") == set()


def test_runtime_needs_the_standard_library_alone():
    library = tools.runtime_library()
    assert _needed(library) <= {
        "libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "libc.so.6",
        "ld-linux-x86-64.so.2", "libpthread.so.0", "libdl.so.2",
    }
    exported = _symbols(library, "--defined-only")
    assert exported and all(name.startswith("qeff") for name in exported)
    linked = tools.run_ok("ldd", library).stdout
    for part in ("LLVM", "MLIR", "protobuf", "onnx", "torch", "ggml", "blas"):
        assert part.lower() not in linked.lower()


def test_runtime_is_small(tmp_path):
    stripped = tmp_path / "runtime.so"
    tools.run_ok("strip", "-o", stripped, tools.runtime_library())
    assert stripped.stat().st_size < LIMIT


def _kernels(path):
    """Distinct kernels that the launches of a host module name."""
    return set(re.findall(r"qeff_host\.launch @([\w.$-]+)", path.read_text()))


@pytest.mark.parametrize("layers", [16, 64])
def test_kernels_do_not_multiply_with_layers(tmp_path, layers):
    modules, sizes = {}, {}
    for count in (2, layers):
        model = raw_files.write_checkpoint(
            tmp_path / f"model-{count}",
            dict(raw_files.CONFIG, num_hidden_layers=count),
            raw_files.tensors(layers=count),
        )
        path = tmp_path / f"host-{count}.mlir"
        flags = ("--prefill-seq-len=8", "--ctx-len=32")
        tools.run_ok(
            tools.tool("qeff-compile"), model, "-o", path,
            "--compile-to=host", *flags,
        )
        modules[count] = _kernels(path)
        out = tools.compile_model(
            model, tmp_path / f"out-{count}", "--target=host", *flags
        )
        text = tools.run_ok("size", "-A", out / "host" / "program.so").stdout
        sizes[count] = int(re.search(r"\.text\s+(\d+)", text)[1])
        manifest = json.loads((out / "host" / "qpc.json").read_text())
        assert len(manifest["states"]) == 2 * count
    assert modules[2] == modules[layers] and modules[2]
    assert sizes[2] == sizes[layers]
