# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cells without a file, each with the reason."""

REASONS: dict[str, str] = {}
