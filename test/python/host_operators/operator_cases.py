# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The node cases of the onnx package, by operator, run on the host."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data" / "node"

# What the host runs, by what it is for.
SCOPE = {
    "arithmetic": "Abs Acos Acosh Add Asin Asinh Atan Atanh BitCast BitShift "
    "BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Clip Cos "
    "Cosh CumProd CumSum Div Erf Exp Floor Log Max Mean Min Mod Mul Neg Pow "
    "Reciprocal Round Sign Sin Sinh Sqrt Sub Sum Tan",
    "activations": "Celu Elu Gelu HardSigmoid HardSwish LeakyRelu Mish PRelu "
    "Relu Selu Shrink Sigmoid Softplus Softsign Swish Tanh ThresholdedRelu",
    "logic": "And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual "
    "Not Or Where Xor",
    "reductions": "ArgMax ArgMin Hardmax ReduceL1 ReduceL2 ReduceLogSum "
    "ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum "
    "ReduceSumSquare TopK",
    "products": "Einsum Gemm MatMul MatMulInteger QLinearMatMul",
    "shapes": "CenterCropPad Concat ConstantOfShape DepthToSpace Dropout "
    "Expand EyeLike Flatten Gather GatherElements GatherND Identity OneHot "
    "Pad Range Reshape ReverseSequence ScatterElements ScatterND Shape Size "
    "Slice SpaceToDepth Split Squeeze TensorScatter Tile Transpose Trilu "
    "Unsqueeze",
    "normalizations": "BatchNormalization GroupNormalization "
    "InstanceNormalization LayerNormalization LogSoftmax LpNormalization "
    "MeanVarianceNormalization RMSNormalization Softmax",
    "windows": "AveragePool Conv ConvInteger ConvTranspose GlobalAveragePool "
    "GlobalMaxPool LpPool MaxPool",
    "quantization": "DequantizeLinear DynamicQuantizeLinear QLinearConv "
    "QuantizeLinear",
}
OPERATORS = sorted(name for names in SCOPE.values() for name in names.split())

# Types that the host does not compute with, by ONNX's numbers.
_OTHER_TYPES = {
    number
    for name, number in onnx.TensorProto.DataType.items()
    if name in ("STRING", "COMPLEX64", "COMPLEX128")
    or name.startswith(("FLOAT8", "FLOAT4", "INT4", "UINT4", "INT2", "UINT2"))
}
# Expected values of four decimals.
_ROUNDED = ("test_averagepool_2d_ceil_last_window_starts_on_pad",)

_TOLERANCE = {
    np.dtype(np.float16): (2e-3, 1e-5),
    np.dtype(np.float32): (1e-4, 1e-6),
    np.dtype(np.float64): (1e-7, 1e-9),
}


@dataclass(frozen=True)
class Case:
    """A model of one node with its inputs and outputs."""

    folder: Path
    operator: str

    @property
    def name(self) -> str:
        return self.folder.name.removeprefix("test_")

    @property
    def model(self) -> Path:
        return self.folder / "model.onnx"

    @property
    def unsupported(self) -> str:
        """Why the case is out of scope, or ""."""
        graph = onnx.load(self.model).graph
        for info in [*graph.input, *graph.output]:
            if info.type.WhichOneof("value") != "tensor_type":
                return "sequences and optional values are out of scope"
            if info.type.tensor_type.elem_type in _OTHER_TYPES:
                return "elements of this type are out of scope"
        if "training" in self.name:
            return "training is out of scope"
        return ""


def find_cases() -> dict[str, list[Case]]:
    """Operator to its cases; those of several nodes belong to none."""
    found: dict[str, list[Case]] = {name: [] for name in OPERATORS}
    for path in sorted(DATA.glob("*/model.onnx")):
        graph = onnx.load(path).graph
        if len(graph.node) != 1 or graph.node[0].domain not in ("", "ai.onnx"):
            continue
        operator = graph.node[0].op_type
        if operator in found:
            found[operator].append(Case(path.parent, operator))
    return found


def _read(path: Path) -> np.ndarray:
    return numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))


def read_values(case: Case) -> tuple[dict, dict]:
    """The case's inputs and outputs by name."""
    graph = onnx.load(case.model).graph
    data = case.folder / "test_data_set_0"
    inputs, outputs = (
        {
            info.name: _read(data / f"{kind}_{index}.pb")
            for index, info in enumerate(infos)
        }
        for kind, infos in (("input", graph.input), ("output", graph.output))
    )
    return inputs, outputs


def to_host(array: np.ndarray) -> np.ndarray:
    """bf16 as its bits, as the runtime shows it."""
    if array.dtype.name == "bfloat16":
        return array.view(np.uint16)
    return array


def compare(got: np.ndarray, expected: np.ndarray, rounded: bool) -> str:
    """What differs, or ""."""
    if got.shape != expected.shape:
        return f"expects shape {expected.shape}, got {got.shape}"
    if expected.dtype.name == "bfloat16":
        got = got.view(expected.dtype).astype(np.float32)
        expected = expected.astype(np.float32)
        rtol, atol = 1e-2, 1e-3
    elif got.dtype != expected.dtype:
        return f"expects {expected.dtype}, got {got.dtype}"
    else:
        rtol, atol = _TOLERANCE.get(expected.dtype, (0, 0))
        rtol = 1e-3 if rounded else rtol
    if np.allclose(got, expected, rtol=rtol, atol=atol, equal_nan=True):
        return ""
    return f"expects {expected.ravel()[:8]}, got {got.ravel()[:8]}"


def run_case(case: Case, folder: Path, **options) -> str:
    """Compiles the case and runs it; what went wrong, or ""."""
    import qeff

    package = folder / "package"
    try:
        inputs, outputs = read_values(case)
        qeff.compile(case.model, package, target="host", **options)
        session = qeff.InferenceSession(package, threads=1)
        inputs = {name: to_host(value) for name, value in inputs.items()}
        got = session.run(inputs)
        problems = (
            compare(got[name], value, case.folder.name in _ROUNDED)
            for name, value in outputs.items()
        )
        return next((text for text in problems if text), "")
    except Exception as error:  # every failure is a result of the table
        return f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(package, ignore_errors=True)
