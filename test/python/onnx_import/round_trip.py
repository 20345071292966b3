# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sends ONNX models through the project's IR and compares what comes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from oracles import tools

_TYPED = ("float_data", "int32_data", "int64_data", "double_data",
          "uint64_data")


def import_onnx(model: Path, output: Path):
    """Runs qeff-translate --import-onnx; the result, good or bad."""
    return tools.run(
        tools.tool("qeff-translate"), "--import-onnx", model, "-o", output
    )


def round_trip(model: Path, folder: Path) -> Path:
    """`model` after import, as text, and export, in `folder`."""
    module, output = folder / "module.mlir", folder / "exported.onnx"
    result = import_onnx(model, module)
    assert result.returncode == 0, result.stderr[-2000:]
    tools.run_ok(
        tools.tool("qeff-translate"), "--export-onnx", module,
        f"--root=model={model.parent}", f"--onnx-data={output}.data",
        "-o", output,
    )
    return output


def _normalize_tensor(tensor: onnx.TensorProto) -> None:
    """Elements as raw data, wherever they were in the message."""
    if any(len(getattr(tensor, field)) for field in _TYPED):
        raw = numpy_helper.from_array(numpy_helper.to_array(tensor)).raw_data
        for field in _TYPED:
            tensor.ClearField(field)
        tensor.raw_data = raw
    # What loading external data leaves behind.
    if tensor.data_location == onnx.TensorProto.DEFAULT:
        tensor.ClearField("data_location")


def normalize(message):
    """Brings a message with external data loaded to the form in which equal
    models are equal: raw data, value infos by name. Sparse tensors and training
    information must come back as they were."""
    if isinstance(message, onnx.TensorProto):
        _normalize_tensor(message)
        return message
    if isinstance(message, (onnx.SparseTensorProto, onnx.TrainingInfoProto)):
        return message
    if isinstance(message, onnx.GraphProto):
        infos = sorted(
            (onnx.ValueInfoProto.FromString(info.SerializeToString())
             for info in message.value_info),
            key=lambda info: info.name,
        )
        del message.value_info[:]
        message.value_info.extend(infos)
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in [value] if hasattr(value, "ListFields") else value:
                normalize(each)
    return message


def assert_same(first: onnx.ModelProto, second: onnx.ModelProto) -> None:
    """That the normalized messages are equal. Bytes are compared: a NaN is equal
    to itself, and fields that are set to their default differ from unset ones."""
    one = normalize(first).SerializeToString(deterministic=True)
    two = normalize(second).SerializeToString(deterministic=True)
    assert one == two, f"{first}\n--- is not ---\n{second}"


def assert_lossless(model: Path, folder: Path) -> Path:
    output = round_trip(model, folder)
    assert_same(onnx.load(model), onnx.load(output))
    return output


def save(model: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def same_bits(first, second) -> bool:
    """Whether two outputs, of any type, are equal bit by bit."""
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(
            map(same_bits, first, second)
        )
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(
            same_bits(first[key], second[key]) for key in first
        )
    if first is None or second is None:
        return first is second
    if isinstance(first, (str, bytes)):
        return first == second
    one, two = np.asarray(first), np.asarray(second)
    if one.dtype == object:
        return one.shape == two.shape and one.tolist() == two.tolist()
    return (one.dtype, one.shape) == (two.dtype, two.shape) and (
        one.tobytes() == two.tobytes()
    )
