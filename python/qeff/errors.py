# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one exception that qeff raises for what a user can get wrong."""


class Error(RuntimeError):
    """A model, package, tokenizer, prompt or option that cannot be used.

    The message says what was expected, what was found, and where.
    """
