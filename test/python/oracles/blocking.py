# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes other implementations impossible to import in this process."""

from __future__ import annotations

import sys

BLOCKED = (
    "torch",
    "onnxruntime",
    "onnxruntime_genai",
    "onnx",
    "llama_cpp",
    "openvino",
    "transformers",
    "tensorflow",
    "jax",
)


class _Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is blocked in this process")
        return None


def install() -> None:
    sys.meta_path.insert(0, _Finder)
    for name in BLOCKED:
        assert name not in sys.modules, name


def loaded_libraries() -> set[str]:
    """Names of the files mapped into this process."""
    with open("/proc/self/maps") as maps:
        return {line.split("/")[-1].strip() for line in maps if "/" in line}


def check() -> None:
    """Fails if a blocked implementation got in nevertheless."""
    for name in BLOCKED:
        assert name not in sys.modules, name
    names = " ".join(loaded_libraries()).lower()
    for part in ("torch", "onnxruntime", "libllama", "libggml", "openvino",
                 "libllvm", "libmlir"):
        assert part not in names, f"{part} is loaded"
