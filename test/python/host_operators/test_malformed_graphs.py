# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Node cases with other shapes, types, attributes and operands than they
should have: an error or a package, never a crash. What compiles runs on random
bytes without touching memory that is not its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from operator_cases import OPERATORS, find_cases
from onnx import TensorProto
from oracles import tools

CASES = find_cases()
MUTATIONS = 4
# Compiles each model of a folder in one process and runs what it made of it.
_WORKER = """
import sys
from pathlib import Path
import numpy as np
import qeff
random = np.random.default_rng(0)
for model in sorted(Path(sys.argv[1]).glob("*.onnx")):
    package = model.with_suffix("")
    print(model.name, flush=True)
    try:
        qeff.compile(model, package, target="host")
        session = qeff.InferenceSession(package, threads=1)
        function = session.functions["main"]
        for name, info in function.inputs.items():
            memory = session.tensor("main", name)
            high = 2 if memory.dtype == bool else 256
            content = random.integers(0, high, memory.nbytes, dtype=np.uint8)
            memory[...] = content.view(memory.dtype).reshape(memory.shape)
        session.run("main")
    except qeff.Error as error:
        assert str(error), model
print("done")
"""


def _change_shape(random, graph: onnx.GraphProto) -> None:
    info = random.choice([*graph.input, *graph.output])
    dims = info.type.tensor_type.shape.dim
    if dims and random.random() < 0.7:
        dims[random.integers(len(dims))].dim_value = int(random.integers(0, 9))
    elif dims and random.random() < 0.5:
        del dims[int(random.integers(len(dims)))]
    else:
        dims.add().dim_value = int(random.integers(0, 5))


def _change_type(random, graph: onnx.GraphProto) -> None:
    info = random.choice([*graph.input, *graph.output])
    kinds = [
        TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL,
        TensorProto.FLOAT16, TensorProto.UINT8, TensorProto.DOUBLE,
    ]
    info.type.tensor_type.elem_type = int(random.choice(kinds))


def _change_attribute(random, graph: onnx.GraphProto) -> None:
    attributes = graph.node[0].attribute
    if not attributes:
        return _change_shape(random, graph)
    chosen = attributes[random.integers(len(attributes))]
    values = [-(2**63), -7, -1, 0, 1, 3, 2**31, 2**62]
    if chosen.type == onnx.AttributeProto.INT:
        chosen.i = values[random.integers(len(values))]
    elif chosen.type == onnx.AttributeProto.INTS and chosen.ints:
        at = random.integers(len(chosen.ints))
        chosen.ints[at] = values[random.integers(len(values))]
    elif chosen.type == onnx.AttributeProto.STRING:
        chosen.s = b"\xff?"
    else:
        attributes.remove(chosen)


def _change_operands(random, graph: onnx.GraphProto) -> None:
    inputs = graph.node[0].input
    if not inputs:
        return
    if random.random() < 0.5:
        del inputs[int(random.integers(len(inputs)))]
    else:
        inputs[random.integers(len(inputs))] = str(random.choice(inputs))


def _mutate(random, case, path: Path) -> None:
    model = onnx.load(case.model)
    for _ in range(random.integers(1, 3)):
        change = (
            _change_shape, _change_type, _change_attribute, _change_operands
        )[random.integers(4)]
        change(random, model.graph)
    path.write_bytes(model.SerializeToString())


@pytest.mark.parametrize("first", range(0, len(OPERATORS), 24))
def test_no_crash(tmp_path: Path, first: int):
    random = np.random.default_rng(first)
    for operator in OPERATORS[first : first + 24]:
        cases = [case for case in CASES[operator] if not case.unsupported]
        for index in range(MUTATIONS):
            case = cases[random.integers(len(cases))]
            _mutate(random, case, tmp_path / f"{operator}{index}.onnx")
    result = subprocess.run(
        [sys.executable, "-c", _WORKER, str(tmp_path)],
        capture_output=True, text=True, timeout=200,
        env={"PYTHONPATH": str(tools.BUILD / "python"), "PATH": "/usr/bin:/bin"},
    )
    assert result.returncode == 0 and result.stdout.endswith("done\n"), (
        result.stdout[-300:] + result.stderr[-2000:]
    )
