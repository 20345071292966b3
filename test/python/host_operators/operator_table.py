# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""docs/HostOperators.md from the results of the node cases."""

from __future__ import annotations

import onnx
from operator_cases import SCOPE, Case
from onnx import TensorProto

_HEADER = """\
# ONNX operators on the host

Graphs that are no decoders run on the host as they are: `qeff-compile
model.onnx -o OUT --target=host`, then `qeff-run OUT --inputs=x.npz
--outputs=y.npz`. These operators have kernels. The cases are the node tests of
the `onnx` package; `test/python/host_operators` runs them and writes this page.
Types are those of the first operand that the passing cases have.

| operator | cases passed | types |
|---|---|---|
"""


def _type_name(case: Case) -> str:
    graph = onnx.load(case.model).graph
    info = (list(graph.input) or list(graph.output))[0]
    kind = info.type.tensor_type.elem_type
    return TensorProto.DataType.Name(kind).lower()


def format_table(
    cases: dict[str, list[Case]], failures: dict[str, dict[str, str]]
) -> str:
    lines, missing = [], []
    for names in SCOPE.values():
        for operator in names.split():
            passed = [
                case
                for case in cases[operator]
                if case.name not in failures[operator]
            ]
            types = ", ".join(sorted({_type_name(case) for case in passed}))
            lines.append(
                f"| {operator} | {len(passed)} / {len(cases[operator])} "
                f"| {types} |"
            )
            missing += [
                f"- `{case.name}`: {case.unsupported or 'fails'}"
                for case in cases[operator]
                if case.name in failures[operator]
            ]
    text = _HEADER + "\n".join(lines) + "\n"
    if missing:
        text += "\n## Cases that do not pass\n" + "\n".join(missing) + "\n"
    return text
