# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The generated pages are what the definitions say."""

import subprocess
import sys

from oracles.tools import BUILD, ROOT


def test_generated_pages_are_up_to_date():
    result = subprocess.run(
        [sys.executable, ROOT / "utils" / "docs.py", BUILD, "--check"],
        capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
