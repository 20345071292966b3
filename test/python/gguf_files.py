# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""GGUF files byte by byte, sound and hostile, for the reader's tests."""

import struct

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)

_FORMATS = {
    U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f",
    BOOL: "B", U64: "Q", I64: "q", F64: "d",
}  # fmt: skip


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def scalar(kind, value):
    if kind == STRING:
        return string(value)
    return struct.pack("<" + _FORMATS[kind], value)


def pair(key, kind, value):
    return string(key) + struct.pack("<I", kind) + scalar(kind, value)


def array(key, kind, values, count=None):
    count = len(values) if count is None else count
    head = struct.pack("<IIQ", ARRAY, kind, count)
    return string(key) + head + b"".join(scalar(kind, v) for v in values)


def tensor(name, shape, kind=0, offset=0, rank=None):
    rank = len(shape) if rank is None else rank
    dims = b"".join(struct.pack("<Q", size) for size in reversed(shape))
    return (
        string(name) + struct.pack("<I", rank) + dims
        + struct.pack("<IQ", kind, offset)
    )  # fmt: skip


def header(pairs=(), tensors=(), version=3, num_pairs=None, num_tensors=None):
    counts = (
        len(tensors) if num_tensors is None else num_tensors,
        len(pairs) if num_pairs is None else num_pairs,
    )
    return b"".join(
        [b"GGUF", struct.pack("<IQQ", version, *counts), *pairs, *tensors]
    )
