# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Graphs that store and compute in f16, their adapters as inputs, against peft
in f32."""

import numpy as np
import onnx
import pytest

from oracles import compare, ort_session, tools, variants
from oracles.adapter_cases import CASE_BY_NAME, FIRST_OF_FAMILY

STEPS = 24
ROWS = (7, 100, 33)
LIMIT = compare.ROUNDED_GRAPHS["float16"]


@pytest.fixture(scope="module", params=FIRST_OF_FAMILY)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def half_package(references, adapters, tmp_path_factory, case):
    """The graph of a package that takes the case's adapter."""
    (folder,) = adapters.folders(case)
    return tools.compile_model(
        references.model(CASE_BY_NAME[case].base),
        tmp_path_factory.mktemp("half") / "out",
        f"--prefill-seq-len={variants.PREFILL}",
        f"--ctx-len={variants.CONTEXT}", "--batch-size=3", "--target=aic100",
        "--onnx-dtype=f16", "--adapter-mode=swap", f"--adapter=a={folder}",
    ) / "aic100"


def _forced(session, values) -> np.ndarray:
    """Logits [row, step, vocab] along the reference's tokens."""
    rows = session.generate(
        [values[f"prompt_{n}"] for n in ROWS], STEPS,
        [values[f"tokens_{n}"][:STEPS] for n in ROWS],
    )
    return np.stack([logits for _, logits in rows])


def _expected(values) -> np.ndarray:
    return np.stack([values[f"logits_{n}"][:STEPS] for n in ROWS])


def test_half_graph_is_as_peft(references, adapters, half_package, case):
    """Logits of adapter and base, and their best tokens where the reference's
    two best are apart."""
    values, base = adapters[case], references[CASE_BY_NAME[case].base]
    session = ort_session.Package(half_package)
    for pairs, expected in ((adapters.pairs(case), values), (None, base)):
        session.use_adapter(pairs)
        ours = _forced(session, expected)
        theirs = _expected(expected)
        assert compare.spread(ours, theirs) <= LIMIT
        best = np.sort(theirs, axis=-1)[..., -2:]
        gap = best[..., 1] - best[..., 0]
        clear = gap > 2 * LIMIT * theirs.std(axis=-1)
        assert clear.mean() > 0.3
        found = ours.argmax(axis=-1)[clear]
        np.testing.assert_array_equal(found, theirs.argmax(axis=-1)[clear])
    # Without the adapter, the same tokens give something else.
    off = _forced(session, values)
    assert compare.spread(off, _expected(values)) > 25 * LIMIT


def test_half_graph_stores_halves(half_package):
    path = half_package / "model.onnx"
    onnx.checker.check_model(str(path), full_check=True)
    graph = onnx.load(str(path), load_external_data=False).graph
    types = {v.name: v.type.tensor_type.elem_type for v in graph.input}
    pairs = [n for n in types if n.endswith((".lora_A.weight", ".lora_B.weight"))]
    assert pairs
    assert {types[n] for n in pairs} == {onnx.TensorProto.FLOAT16}
    scalings = [n for n in types if n.endswith(".lora_scaling")]
    assert {types[n] for n in scalings} == {onnx.TensorProto.FLOAT}


def test_fused_module_reads_its_input_once(half_package, case):
    """x·Aᵀ is one MatMul, whatever the parts of the module."""
    graph = onnx.load(
        str(half_package / "model.onnx"), load_external_data=False
    ).graph
    turned = {}
    for node in graph.node:
        name = node.input[0] if node.input else ""
        if node.op_type == "Transpose" and name.endswith(".lora_A.weight"):
            assert name not in turned, f"{name} is transposed twice"
            turned[name] = node.output[0]
    assert len(turned) == len(
        [v for v in graph.input if v.name.endswith(".lora_A.weight")]
    )
    for output in turned.values():
        users = [n.op_type for n in graph.node if output in n.input]
        assert users == ["MatMul"]
