# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Graphs of many nodes on the host: the command line with arrays in and out,
named dims, external weights, and what is refused."""

from __future__ import annotations

from pathlib import Path

import graph_models
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from oracles import tools


def block_inputs(batch: int, seq: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    lengths = random.integers(1, seq + 1, batch)
    return {
        "ids": random.integers(0, 50, (batch, seq)),
        "mask": np.arange(seq)[None, :] < lengths[:, None],
    }


def image_inputs(batch: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(8)
    return {"x": random.standard_normal((batch, 3, 20, 20), dtype=np.float32)}


def compile_host(model: Path, package: Path, *flags: str) -> Path:
    return tools.compile_model(model, package, "--target=host", *flags)


def run_arrays(package: Path, folder: Path, inputs: dict, *flags: str):
    """What qeff-run makes of `inputs`."""
    np.savez(folder / "x.npz", **inputs)
    tools.run_ok(
        tools.tool("qeff-run"), package, f"--inputs={folder / 'x.npz'}",
        f"--outputs={folder / 'y.npz'}", *flags,
    )
    return dict(np.load(folder / "y.npz"))


def assert_as_onnxruntime(model: Path, inputs: dict, got: dict) -> None:
    session = onnxruntime.InferenceSession(
        model, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    assert list(got) == names
    for name, expected in zip(names, session.run(None, inputs)):
        assert got[name].dtype == expected.dtype
        np.testing.assert_allclose(
            got[name], expected, rtol=1e-4, atol=1e-4, err_msg=name
        )


@pytest.mark.parametrize("external", [False, True])
@pytest.mark.parametrize("batch, seq", [(1, 1), (3, 9)])
def test_block(tmp_path: Path, batch: int, seq: int, external: bool):
    model = graph_models.save_block(tmp_path / "m.onnx", external)
    package = compile_host(
        model, tmp_path / "out", f"--dims=batch={batch}", f"--dims=seq={seq}"
    )
    inputs = block_inputs(batch, seq)
    got = run_arrays(package, tmp_path, inputs)
    assert_as_onnxruntime(model, inputs, got)


def test_a_mask_counts(tmp_path: Path):
    """The comparison would see a mask that is ignored."""
    model = graph_models.save_block(tmp_path / "m.onnx")
    package = compile_host(model, tmp_path / "out", "--dims=batch=3,seq=9")
    inputs = block_inputs(3, 9)
    masked = run_arrays(package, tmp_path, inputs)
    inputs["mask"] = np.ones_like(inputs["mask"])
    bare = run_arrays(package, tmp_path, inputs)
    name = next(iter(masked))
    assert np.abs(masked[name] - bare[name]).max() > 1e-2


def test_convolutions(tmp_path: Path):
    model = graph_models.save_convolutions(tmp_path / "m.onnx")
    package = compile_host(model, tmp_path / "out", "--dims=batch=2")
    inputs = image_inputs(2)
    got = run_arrays(package, tmp_path, inputs)
    assert_as_onnxruntime(model, inputs, got)


def test_threads_give_the_same_bits(tmp_path: Path):
    model = graph_models.save_block(tmp_path / "m.onnx")
    package = compile_host(model, tmp_path / "out", "--dims=batch=3,seq=9")
    inputs = block_inputs(3, 9)
    one = run_arrays(package, tmp_path, inputs, "--threads=1")
    many = run_arrays(package, tmp_path, inputs, "--threads=4")
    assert all(one[name].tobytes() == many[name].tobytes() for name in one)


def test_python_session(tmp_path: Path):
    import qeff

    model = graph_models.save_convolutions(tmp_path / "m.onnx")
    qeff.compile(model, tmp_path / "out", target="host", dims={"batch": 4})
    session = qeff.InferenceSession(tmp_path / "out")
    inputs = image_inputs(4)
    assert_as_onnxruntime(model, inputs, session.run(inputs))


def test_phases_lead_to_the_same_package(tmp_path: Path):
    model = graph_models.save_block(tmp_path / "m.onnx", external=True)
    dims = "--dims=batch=2,seq=5"
    straight = compile_host(model, tmp_path / "a", dims)
    module = tmp_path / "m.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), model, "-o", module,
        "--compile-to=canonical",
    )
    staged = compile_host(module, tmp_path / "b", dims)
    for name in ("program.so", "weights.bin"):
        first, second = straight / "host" / name, staged / "host" / name
        assert first.read_bytes() == second.read_bytes()


def _error(*arguments) -> str:
    result = tools.run(*arguments)
    assert result.returncode == 1, result.stdout
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    return result.stderr


def test_unknown_operators_are_named(tmp_path: Path):
    node = helper.make_node("Det", ["x"], ["y"], name="/blocks/det")
    graph = helper.make_graph(
        [node], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [])],
    )
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph), path)
    error = _error(
        tools.tool("qeff-compile"), path, "-o", tmp_path / "o", "--target=host"
    )
    assert "operator Det of node '/blocks/det': expects an operator" in error


@pytest.mark.parametrize(
    "flags, message",
    [
        ([], "got none for 'batch', 'seq'"),
        (["--dims=batch=2"], "got none for 'seq'"),
        (["--dims=batch=2,seq=3,x=1"], "names of the inputs' dims ('batch', "),
        (["--dims=batch=2,batch=3"], "expects each name once, got 'batch'"),
        (["--dims=batch"], "--dims: expects NAME=VALUE, got 'batch'"),
        (["--dims=batch=-1"], "--dims: expects NAME=VALUE, got 'batch=-1'"),
    ],
)
def test_dims_are_checked(tmp_path: Path, flags: list[str], message: str):
    model = graph_models.save_block(tmp_path / "m.onnx")
    error = _error(
        tools.tool("qeff-compile"), model, "-o", tmp_path / "o",
        "--target=host", *flags,
    )
    assert message in error


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    model = graph_models.save_convolutions(folder / "m.onnx")
    return compile_host(model, folder / "out", "--dims=batch=1")


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({}, "input 'x': expects an array of that name"),
        ({"x": np.zeros((1, 3, 20, 21), np.float32)}, "got f32 [1, 3, 20, 21]"),
        ({"x": np.zeros((1, 3, 20, 20))}, "got f64 [1, 3, 20, 20]"),
        ({"x": np.array(["a"])}, "expects little-endian floats"),
        ({"x": np.zeros((2, 3, 4), order="F")}, "expects C order"),
        ({**image_inputs(1), "z": np.zeros(2)}, "1 inputs, got 2 arrays"),
    ],
)
def test_arrays_are_checked(images, tmp_path: Path, arrays, message: str):
    np.savez(tmp_path / "x.npz", **arrays)
    assert message in _error(
        tools.tool("qeff-run"), images, f"--inputs={tmp_path / 'x.npz'}",
        f"--outputs={tmp_path / 'y.npz'}",
    )
    assert not (tmp_path / "y.npz").exists()


def test_compressed_arrays_are_refused(images, tmp_path: Path):
    np.savez_compressed(tmp_path / "x.npz", **image_inputs(1))
    assert "expects no compression (numpy.savez)" in _error(
        tools.tool("qeff-run"), images, f"--inputs={tmp_path / 'x.npz'}",
        f"--outputs={tmp_path / 'y.npz'}",
    )


def test_damaged_archives_are_refused(images, tmp_path: Path):
    """Every cut and many changed bytes: an error or a result, never a crash."""
    path = tmp_path / "x.npz"
    np.savez(path, x=np.zeros(3, np.float32))
    sound = path.read_bytes()
    random = np.random.default_rng(3)
    damaged = [sound[:size] for size in range(0, len(sound), 7)]
    for _ in range(60):
        changed = bytearray(sound)
        for at in random.integers(0, len(sound), 4):
            changed[at] = random.integers(0, 256)
        damaged.append(bytes(changed))
    for content in damaged:
        path.write_bytes(content)
        _error(
            tools.tool("qeff-run"), images, f"--inputs={path}",
            f"--outputs={tmp_path / 'y.npz'}",
        )
