# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""qeff: compiles transformers for the host CPU and Qualcomm Cloud AI 100."""

from .errors import Error
from .tokenizer import DecodeStream, Tokenizer

__all__ = ["DecodeStream", "Error", "Tokenizer"]
