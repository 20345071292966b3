# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""qeff: compiles transformers for the host CPU and Qualcomm Cloud AI 100.

    import qeff
    qeff.compile("SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2", target="host")
    answer = qeff.generate("smollm2", conversations=[
        {"role": "user", "content": "What is gravity?"}])
    print(answer.text[0])

Tokenizers and chat templates need neither torch nor transformers; native code
is loaded when it is first used.
"""

import importlib as _importlib
from typing import TYPE_CHECKING as _TYPE_CHECKING

from .errors import Error
from .tokenizer import DecodeStream, Tokenizer

if _TYPE_CHECKING:
    from .compiler import compile
    from .generation import TextGeneration, generate
    from .peft import QEffAutoPeftModelForCausalLM, QEffPeftModelForCausalLM
    from .session import (
        AdapterInfo,
        FunctionInfo,
        Generation,
        InferenceSession,
        Metrics,
        TensorInfo,
        verify,
    )

_LAZY = {
    "compile": "compiler",
    "generate": "generation",
    "TextGeneration": "generation",
    "QEffAutoPeftModelForCausalLM": "peft",
    "QEffPeftModelForCausalLM": "peft",
    "AdapterInfo": "session",
    "FunctionInfo": "session",
    "Generation": "session",
    "InferenceSession": "session",
    "Metrics": "session",
    "TensorInfo": "session",
    "verify": "session",
}

__all__ = ["DecodeStream", "Error", "Tokenizer", *_LAZY]


def __getattr__(name: str):
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("qeff")
        except PackageNotFoundError:
            from . import _runtime

            return _runtime.version().split()[-1]
    if name not in _LAZY:
        raise AttributeError(f"module 'qeff' has no attribute '{name}'")
    return getattr(_importlib.import_module(f".{_LAZY[name]}", "qeff"), name)


def __dir__():
    return sorted([*globals(), *__all__])
