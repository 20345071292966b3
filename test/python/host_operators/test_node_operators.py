# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every node case of the operators in scope runs on the host and gives what
ONNX says; docs/HostOperators.md lists them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from operator_cases import OPERATORS, find_cases, run_case
from operator_table import format_table
from oracles.tools import ROOT

TABLE = ROOT / "docs" / "HostOperators.md"
CASES = find_cases()
FAILURES: dict[str, dict[str, str]] = {}


def test_there_are_cases():
    assert sum(map(len, CASES.values())) >= 850
    assert all(CASES.values()), [n for n in OPERATORS if not CASES[n]]


@pytest.mark.parametrize("operator", OPERATORS)
def test_operator(operator: str, tmp_path: Path):
    failures = {}
    for case in CASES[operator]:
        problem = case.unsupported or run_case(case, tmp_path)
        if problem:
            failures[case.name] = problem
    FAILURES[operator] = failures
    unknown = [
        f"{case.name}: {failures[case.name]}"
        for case in CASES[operator]
        if case.name in failures and not case.unsupported
    ]
    assert not unknown, "\n".join(unknown)


@pytest.mark.parametrize("operator", OPERATORS)
def test_operator_on_any_cpu(operator: str, tmp_path: Path):
    """Code without fused multiply-add and f16 conversions links nothing and
    computes the same."""
    problems = (
        f"{case.name}: {run_case(case, tmp_path, mcpu='x86-64')}"
        for case in CASES[operator]
        if not case.unsupported
    )
    assert [text for text in problems if not text.endswith(": ")] == []


def test_zz_table():
    if set(FAILURES) != set(OPERATORS):
        pytest.fail("the table needs the results of all operators")
    text = format_table(CASES, FAILURES)
    if os.environ.get("QEFF_WRITE_TABLES"):
        TABLE.write_text(text)
    assert TABLE.read_text() == text
