# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every node case of the operators in scope runs on the host and gives what
ONNX says; docs/HostOperators.md lists them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from operator_cases import OPERATORS, find_cases, run_case
from operator_table import KNOWN_FAILURES, format_table
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
        problem = run_case(case, tmp_path)
        if problem:
            failures[case.name] = problem
    FAILURES[operator] = failures
    unknown = {
        name: text
        for name, text in failures.items()
        if name not in KNOWN_FAILURES
    }
    assert not unknown, "\n".join(f"{n}: {t}" for n, t in unknown.items())


def test_zz_table():
    if set(FAILURES) != set(OPERATORS):
        pytest.fail("the table needs the results of all operators")
    text = format_table(CASES, FAILURES)
    if os.environ.get("QEFF_WRITE_TABLES"):
        TABLE.write_text(text)
    assert TABLE.read_text() == text
