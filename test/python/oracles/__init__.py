# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Oracles of the numerical tests. Nothing in here uses qeff code: reference
values come from transformers, ONNX Runtime, gguf and NumPy alone."""
