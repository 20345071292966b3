# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a module that `convert-qeff-to-linalg` wrote, with stock tools of LLVM
alone: mlir-opt, mlir-translate and clang make a shared library of it, and the
weights are bound by what the arguments' attributes say."""

from __future__ import annotations

import ctypes
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import tools

LLVM = Path("/usr/lib/llvm-22/bin")
LIB = LLVM.parent / "lib"
RUNNER = LIB / "libmlir_c_runner_utils.so"  # memrefCopy
STOCK_PASSES = (
    "builtin.module(one-shot-bufferize{bufferize-function-boundaries "
    "function-boundary-type-conversion=identity-layout-map},"
    "func.func(convert-linalg-to-loops,lower-affine,convert-scf-to-cf,"
    "llvm-request-c-wrappers),expand-strided-metadata,lower-affine,"
    "convert-math-to-llvm,convert-math-to-libm,finalize-memref-to-llvm,"
    "convert-cf-to-llvm,convert-arith-to-llvm,convert-func-to-llvm,"
    "reconcile-unrealized-casts)"
)
DTYPES = {"f32": np.float32, "i64": np.int64, "f16": np.float16,
          "bf16": np.uint16}  # the bits
VALUE = re.compile(r"tensor<((?:[?\d]+x)*)(\w+)>\s*(\{.*?\})?\s*(?:,|$)")
TEXT = re.compile(r'qeff\.(\w+) = (?:"((?:[^"\\]|\\.)*)"|(\d+) : i64)')


def llvm_tool(name: str) -> str:
    found = shutil.which(f"{name}-22") or shutil.which(LLVM / name)
    assert found, f"{name} of LLVM 22 is missing"
    return found


@dataclass(frozen=True)
class Slot:
    """An argument or a result."""

    shape: tuple[int | None, ...]
    element: str
    attributes: dict[str, str]

    @property
    def name(self) -> str:
        return self.attributes.get("name", "")


def parse_values(text: str) -> list[Slot]:
    return [
        Slot(
            tuple(None if size == "?" else int(size)
                  for size in match[1].split("x")[:-1]),
            match[2],
            {key: string or number
             for key, string, number in TEXT.findall(match[3] or "")},
        )
        for match in VALUE.finditer(text)
    ]


def parse_signature(module: str) -> tuple[list[Slot], list[Slot]]:
    line = next(line for line in module.splitlines() if "func.func @" in line)
    arguments, results = line.rsplit(" -> ", 1)
    results = results.rsplit(" {", 1)[0].strip()
    if results.startswith("("):
        results = results[1:-1]
    arguments = arguments.split("(", 1)[1].rsplit(")", 1)[0]
    return parse_values(arguments), parse_values(results)


def descriptor(rank: int) -> type[ctypes.Structure]:
    """A memref of `rank` axes as MLIR's C interface has it."""
    axes = ctypes.c_int64 * rank
    fields = [("allocated", ctypes.c_void_p), ("aligned", ctypes.c_void_p),
              ("offset", ctypes.c_int64), ("sizes", axes), ("strides", axes)]
    return type(f"MemRef{rank}", (ctypes.Structure,), {"_fields_": fields})


def describe(array: np.ndarray) -> ctypes.Structure:
    axes = ctypes.c_int64 * array.ndim
    pointer = array.ctypes.data
    strides = (stride // array.itemsize for stride in array.strides)
    return descriptor(array.ndim)(pointer, pointer, 0, axes(*array.shape),
                                  axes(*strides))


def read(memref: ctypes.Structure, element: str) -> np.ndarray:
    dtype = np.dtype(DTYPES[element])
    sizes, strides = tuple(memref.sizes), tuple(memref.strides)
    span = 1 + sum((n - 1) * s for n, s in zip(sizes, strides))
    pointer = memref.aligned + memref.offset * dtype.itemsize
    flat = (ctypes.c_char * (span * dtype.itemsize)).from_address(pointer)
    return np.lib.stride_tricks.as_strided(
        np.frombuffer(flat, dtype), sizes,
        [stride * dtype.itemsize for stride in strides]).copy()


def read_weight(slot: Slot, root: Path) -> np.ndarray:
    """The bytes that the attributes name."""
    assert "encoding" not in slot.attributes
    return np.fromfile(
        root / slot.attributes["file"], DTYPES[slot.element],
        count=int(np.prod(slot.shape)), offset=int(slot.attributes["offset"]),
    ).reshape(slot.shape)


def convert(module: Path, output: Path, passes: str) -> Path:
    """`passes` of ours by stock mlir-opt with the plugin."""
    plugin = tools.BUILD / "lib" / "QEffPlugin.so"
    tools.run_ok(
        llvm_tool("mlir-opt"), f"--load-dialect-plugin={plugin}",
        f"--load-pass-plugin={plugin}",
        f"--pass-pipeline=builtin.module({passes})", module, "-o", output,
    )
    return output


def build_library(module: Path) -> Path:
    """A shared library of a module of builtin dialects, without qeff."""
    lowered = module.with_suffix(".llvm.mlir")
    bitcode, library = module.with_suffix(".ll"), module.with_suffix(".so")
    tools.run_ok(llvm_tool("mlir-opt"), module,
                 f"--pass-pipeline={STOCK_PASSES}", "-o", lowered)
    tools.run_ok(llvm_tool("mlir-translate"), "--mlir-to-llvmir", lowered,
                 "-o", bitcode)
    tools.run_ok(llvm_tool("clang"), "-O1", "-shared", "-fPIC",
                 "-Wno-override-module", bitcode, RUNNER, f"-Wl,-rpath,{LIB}",
                 "-lm", "-o", library)
    return library


class Program:
    """`module` run with weights from `root`."""

    def __init__(self, module: Path, root: Path, folder: Path,
                 passes: str = "convert-qeff-to-linalg"):
        plain = convert(module, folder / "linalg.mlir", passes)
        self.arguments, self.results = parse_signature(plain.read_text())
        self.weights = {
            slot.attributes["weight"]: read_weight(slot, root)
            for slot in self.arguments if "weight" in slot.attributes
        }
        self.library = ctypes.CDLL(str(build_library(plain)))

    def __call__(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        arrays = [
            self.weights[slot.attributes["weight"]]
            if "weight" in slot.attributes
            else np.array(inputs[slot.name], DTYPES[slot.element], order="C")
            for slot in self.arguments
        ]
        memrefs = [descriptor(len(slot.shape)) for slot in self.results]
        returned = type("Results", (ctypes.Structure,), {
            "_fields_": [(f"r{i}", memref) for i, memref in enumerate(memrefs)]
        })()
        given = [describe(array) for array in arrays]
        self.library._mlir_ciface_main(
            ctypes.byref(returned), *map(ctypes.byref, given))
        return {
            slot.name: read(getattr(returned, f"r{i}"), slot.element)
            for i, slot in enumerate(self.results)
        }
