# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention operators of com.microsoft, one by one: ONNX Runtime runs the graph
as it is and the one that was compiled, and both say the same. Each option that
is switched off in the first makes another function of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from oracles import compare, ort_session, tools

VOCAB, WIDTH, HEADS, GROUPS, SIZE = 40, 32, 4, 2, 16
ROWS = (9, 30)
LONGEST = 64


@dataclass(frozen=True)
class Case:
    name: str
    op: str
    attributes: dict = field(default_factory=dict)
    packed: bool = False
    # Takes packed heads apart first: ONNX Runtime does not run them on the CPU.
    unpacks: bool = False
    # Channels of a head that are rotated, or none.
    rotary: int = 0
    bias: bool = False
    # The rank of the mask of padding; without one, the graph is a decoder.
    mask: int = 0
    heads: int = HEADS
    groups: int = HEADS


def _gqa(name: str, **more) -> Case:
    attributes = dict(num_heads=HEADS, kv_num_heads=GROUPS)
    attributes.update(more.pop("attributes", {}))
    return Case(name, "GroupQueryAttention", attributes, groups=GROUPS, **more)


def _mha(name: str, **more) -> Case:
    attributes = dict(num_heads=HEADS) | more.pop("attributes", {})
    return Case(name, "MultiHeadAttention", attributes, **more)


def _packed(name: str, **more) -> Case:
    attributes = dict(num_heads=HEADS) | more.pop("attributes", {})
    return Case(name, "Attention", attributes, bias=True, **more)


ROTARY = dict(do_rotary=1)
DECODERS = [
    _gqa("gqa"),
    _gqa("gqa-packed", packed=True),
    _gqa("gqa-rotary", rotary=SIZE, attributes=ROTARY),
    _gqa("gqa-packed-rotary", packed=True, rotary=SIZE, attributes=ROTARY),
    _gqa(
        "gqa-interleaved", rotary=SIZE,
        attributes=dict(ROTARY, rotary_interleaved=1),
    ),
    _gqa("gqa-window", attributes=dict(local_window_size=5)),
    _gqa("gqa-softcap", attributes=dict(softcap=0.5)),
    _gqa("gqa-scale", attributes=dict(scale=0.7)),
    _mha("mha", attributes=dict(unidirectional=1)),
    _mha(
        "mha-bias-scale", bias=True,
        attributes=dict(unidirectional=1, scale=0.7),
    ),
    _packed("attention", attributes=dict(unidirectional=1)),
]
ENCODERS = [
    _mha("mha-lengths", mask=1, bias=True),
    _mha("mha-mask", mask=2),
    _mha("mha-square-mask", mask=3),
    _mha("mha-packed", mask=2, packed=True),
    _packed("attention-lengths", mask=1),
    _packed("attention-mask", mask=2),
    _packed("attention-square-mask", mask=3),
]

# Options of decoders, and what switches them off.
CHANGES = [
    ("gqa-rotary", dict(do_rotary=0)),
    ("gqa-interleaved", dict(rotary_interleaved=0)),
    ("gqa-window", dict(local_window_size=-1)),
    ("gqa-window", dict(local_window_size=6)),
    ("gqa-softcap", dict(softcap=0.0)),
    ("gqa-scale", dict(scale=0.25)),
    ("mha", dict(unidirectional=0)),
    ("mha-bias-scale", dict(scale=0.25)),
    ("attention", dict(unidirectional=0)),
]


class _Graph:
    """Nodes and weights; every weight is random, of the same seed."""

    def __init__(self):
        self.nodes, self.initializers = [], []
        self.generator = np.random.default_rng(7)

    def weight(self, name: str, *shape: int) -> str:
        values = 0.3 * self.generator.standard_normal(shape)
        return self.constant(name, values.astype(np.float32))

    def constant(self, name: str, values: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def node(self, op: str, inputs: list[str], output: str, **attributes) -> str:
        domain = attributes.pop("domain", "")
        self.nodes.append(helper.make_node(
            op, inputs, [output], name=output, domain=domain, **attributes
        ))
        return output

    def integers(self, name: str, values: list[int]) -> str:
        return self.constant(name, np.array(values, np.int64))


def _project(graph: _Graph, name: str, width: int) -> str:
    weight = graph.weight(f"w{name}", WIDTH, width)
    return graph.node("MatMul", ["x", weight], name)


def _rotary_tables(graph: _Graph, rotary: int) -> list[str]:
    if rotary == 0:
        return ["", ""]
    half = rotary // 2
    angles = np.outer(np.arange(LONGEST), 100.0 ** -(np.arange(half) / half))
    return [
        graph.constant(name, function(angles).astype(np.float32))
        for name, function in (("cosines", np.cos), ("sines", np.sin))
    ]


def _add_gqa(graph: _Graph, case: Case) -> None:
    widths = [case.heads * SIZE, case.groups * SIZE, case.groups * SIZE]
    if case.packed:
        inputs = [_project(graph, "q", sum(widths)), "", ""]
    else:
        inputs = [_project(graph, n, w) for n, w in zip("qkv", widths)]
    graph.node("ReduceSum", ["mask", graph.integers("last", [1])], "sum",
               keepdims=0)
    graph.node("Sub", ["sum", graph.integers("one", [1])], "less")
    graph.node("Cast", ["less"], "lengths", to=TensorProto.INT32)
    graph.node("Shape", ["mask"], "shape")
    index = graph.constant("index", np.array(1, np.int64))
    graph.node("Gather", ["shape", index], "total64", axis=0)
    graph.node("Cast", ["total64"], "total", to=TensorProto.INT32)
    inputs += ["", "", "lengths", "total", *_rotary_tables(graph, case.rotary)]
    graph.node(case.op, inputs, "y", domain="com.microsoft", **case.attributes)


def _mask(graph: _Graph, rank: int) -> str:
    """What a mask of padding of that rank is made of the argument."""
    if rank == 0:
        return ""
    graph.node("Cast", ["mask"], "mask32", to=TensorProto.INT32)
    if rank == 1:
        return graph.node(
            "ReduceSum", ["mask32", graph.integers("last", [1])], "lengths",
            keepdims=0,
        )
    if rank == 2:
        return "mask32"
    graph.node("Unsqueeze", ["mask32", graph.integers("middle", [1])], "row")
    graph.node("Shape", ["mask"], "sizes")
    graph.node(
        "Gather", ["sizes", graph.integers("square", [0, 1, 1])], "squares"
    )
    return graph.node("Expand", ["row", "squares"], "square_mask")


def _unpack(graph: _Graph) -> list[str]:
    flat = graph.integers("three", [0, 0, HEADS * SIZE])
    parts = []
    for i, name in enumerate("qkv"):
        index = graph.constant(f"index{name}", np.array(i, np.int64))
        part = graph.node("Gather", ["packed", index], f"part{name}", axis=3)
        parts.append(graph.node("Reshape", [part, flat], name))
    return parts


def _add_mha(graph: _Graph, case: Case) -> None:
    width = HEADS * SIZE
    if case.packed:
        _project(graph, "qkv", 3 * width)
        shape = graph.integers("five", [0, 0, HEADS, 3, SIZE])
        inputs = [graph.node("Reshape", ["qkv", shape], "packed"), "", ""]
        inputs = _unpack(graph) if case.unpacks else inputs
    else:
        inputs = [_project(graph, name, width) for name in "qkv"]
    bias = graph.weight("bias", 3 * width) if case.bias else ""
    inputs += [bias, _mask(graph, case.mask)]
    graph.node(case.op, inputs, "y", domain="com.microsoft", **case.attributes)


def _add_attention(graph: _Graph, case: Case) -> None:
    width = HEADS * SIZE
    inputs = [
        "x", graph.weight("weights", WIDTH, 3 * width),
        graph.weight("bias", 3 * width), _mask(graph, case.mask),
    ]
    graph.node(case.op, inputs, "y", domain="com.microsoft", **case.attributes)


_ADD = {
    "GroupQueryAttention": _add_gqa, "MultiHeadAttention": _add_mha,
    "Attention": _add_attention,
}


def _build(case: Case, path: Path) -> Path:
    graph = _Graph()
    graph.node("Gather", [graph.weight("table", VOCAB, WIDTH), "ids"], "x")
    _ADD[case.op](graph, case)
    out = graph.weight("out", case.heads * SIZE, VOCAB)
    graph.node("MatMul", ["y", out], "logits")
    inputs = [
        helper.make_tensor_value_info(
            name, TensorProto.INT64, ["batch", "sequence"]
        )
        for name in ("ids", "mask")
    ]
    output = helper.make_tensor_value_info(
        "logits", TensorProto.FLOAT, ["batch", "sequence", VOCAB]
    )
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, case.name, inputs, [output], graph.initializers
        ),
        opset_imports=[
            helper.make_opsetid("", 17),
            helper.make_opsetid("com.microsoft", 1),
        ],
        ir_version=8,
    )
    onnx.save(model, path)
    return path


def _rows() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    ids = generator.integers(0, VOCAB, (len(ROWS), max(ROWS)), dtype=np.int64)
    mask = (np.arange(max(ROWS)) < np.array(ROWS)[:, None]).astype(np.int64)
    return ids, mask


def _expected(path: Path) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"]
    )
    ids, mask = _rows()
    return session.run(None, {"ids": ids, "mask": mask})[0]


def _compile(path: Path, *sizes: str) -> Path:
    return tools.compile_model(
        path, path.parent / "out", "--require-raised", "--target=aic100",
        "--onnx-dtype=f32", *sizes,
    ) / "aic100"


def _id(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", DECODERS, ids=_id)
def test_decoders(case, tmp_path):
    path = _build(case, tmp_path / "model.onnx")
    expected = _expected(path)
    package = ort_session.Package(_compile(
        path, f"--batch-size={len(ROWS)}", "--prefill-seq-len=8",
        f"--ctx-len={LONGEST}",
    ))
    ids, _ = _rows()
    first = 3
    rows = [ids[row, :length] for row, length in enumerate(ROWS)]
    results = package.generate(
        [row[:first] for row in rows], min(ROWS) - first,
        [row[first:] for row in rows],
    )
    for row, (_, logits) in enumerate(results):
        part = expected[row, first - 1 : first - 1 + len(logits)]
        assert compare.worst(logits, part) <= 1
    results = package.generate(rows, 1, None)
    for row, (_, logits) in enumerate(results):
        assert compare.worst(logits[0], expected[row, ROWS[row] - 1]) <= 1


@pytest.mark.parametrize("case", ENCODERS, ids=_id)
def test_encoders(case, tmp_path):
    path = _build(case, tmp_path / "model.onnx")
    expected = _expected(
        _build(replace(case, unpacks=True), tmp_path / "oracle.onnx")
    )
    folder = _compile(
        path, f"--dims=batch_size={len(ROWS)},seq_len={max(ROWS)}"
    )
    session = onnxruntime.InferenceSession(
        str(folder / "model.onnx"), providers=["CPUExecutionProvider"]
    )
    ids, mask = _rows()
    inputs = {"input_ids": ids, "attention_mask": mask}
    (result,) = session.run(None, inputs)
    unmasked = session.run(None, inputs | {"attention_mask": mask * 0 + 1})[0]
    for row, length in enumerate(ROWS):
        part = expected[row, :length]
        assert compare.worst(result[row, :length], part) <= 1
    # The mask hides something.
    assert compare.worst(unmasked[0, : ROWS[0]], expected[0, : ROWS[0]]) > 100


@pytest.mark.parametrize("name, change", CHANGES, ids=str)
def test_options_matter(name, change, tmp_path):
    (case,) = [each for each in DECODERS if each.name == name]
    before = _expected(_build(case, tmp_path / "model.onnx"))
    changed = replace(case, attributes=case.attributes | change)
    after = _expected(_build(changed, tmp_path / "changed.onnx"))
    assert compare.worst(after[1], before[1]) > 100
