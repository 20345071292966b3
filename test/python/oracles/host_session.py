# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The C interface of libqeff_runtime through ctypes, as a stranger would
call it: qeff-c/Runtime.h is the only thing it relies on."""

from __future__ import annotations

import ctypes as c

import numpy as np


class _Tokens(c.Structure):
    _fields_ = [("ids", c.POINTER(c.c_int64)), ("size", c.c_uint64)]


_TOKEN_FN = c.CFUNCTYPE(c.c_bool, c.c_void_p, c.c_uint64, c.c_int64)
_CHOOSE_FN = c.CFUNCTYPE(
    c.c_int64, c.c_void_p, c.c_uint64, c.POINTER(c.c_float), c.c_uint64
)


class _Options(c.Structure):
    _fields_ = [
        ("max_new_tokens", c.c_uint64),
        ("stop_tokens", c.POINTER(c.c_int64)),
        ("num_stop_tokens", c.c_uint64),
        ("on_token", _TOKEN_FN),
        ("choose", _CHOOSE_FN),
        ("user", c.c_void_p),
    ]


class RuntimeFailure(Exception):
    pass


class Session:
    def __init__(self, library: str, package: str, threads: int = 0):
        self.lib = c.CDLL(library)
        lib = self.lib
        for name in ("BatchSize", "PrefillSeqLen", "CtxLen", "VocabSize"):
            getattr(lib, "qeffModel" + name).restype = c.c_int64
        lib.qeffStatusMessage.restype = c.c_char_p
        for name in ("ModelLoad", "SessionCreate", "SessionRun",
                     "SessionReset", "SessionTensor", "SessionGenerate",
                     "AdapterLoad", "SessionSetAdapter"):
            getattr(lib, "qeff" + name).restype = c.c_void_p
        lib.qeffGenerationTokens.restype = _Tokens
        self.model = c.c_void_p()
        self._check(
            lib.qeffModelLoad(package.encode(), c.c_uint32(threads),
                              c.byref(self.model))
        )
        self.session = c.c_void_p()
        self._check(lib.qeffSessionCreate(self.model, c.byref(self.session)))
        self.batch = lib.qeffModelBatchSize(self.model)
        self.chunk = lib.qeffModelPrefillSeqLen(self.model)
        self.context = lib.qeffModelCtxLen(self.model)
        self.vocab = lib.qeffModelVocabSize(self.model)

    def close(self) -> None:
        self.lib.qeffSessionDestroy(self.session)
        self.lib.qeffModelDestroy(self.model)

    def _check(self, status) -> None:
        if status:
            status = c.c_void_p(status)
            message = self.lib.qeffStatusMessage(status).decode()
            self.lib.qeffStatusDestroy(status)
            raise RuntimeFailure(message)

    def _tensor(self, function: str, name: str, dtype) -> np.ndarray:
        data, size = c.c_void_p(), c.c_uint64()
        self._check(
            self.lib.qeffSessionTensor(
                self.session, function.encode(), name.encode(), c.byref(data),
                c.byref(size)
            )
        )
        buffer = (c.c_char * size.value).from_address(data.value)
        return np.frombuffer(buffer, dtype)

    def reset(self) -> None:
        self._check(self.lib.qeffSessionReset(self.session))

    def use_adapter(self, adapter: str | None) -> None:
        """An adapter of the package by its name, a file by its path, or
        none."""
        loaded = c.c_void_p()
        if adapter is not None:
            self._check(
                self.lib.qeffAdapterLoad(
                    self.model, adapter.encode(), None, c.byref(loaded)
                )
            )
        self._check(self.lib.qeffSessionSetAdapter(self.session, loaded))
        self.lib.qeffAdapterDestroy(loaded)  # the session keeps it

    def run(self, ids, positions) -> np.ndarray:
        """One call; logits [B, vocab] of each row's largest position."""
        decode = ids.shape[1] == 1
        function = "decode" if decode else "prefill"
        self._tensor(function, "input_ids", np.int64)[:] = ids.ravel()
        self._tensor(function, "position_ids", np.int64)[:] = positions.ravel()
        self._check(self.lib.qeffSessionRun(self.session, function.encode()))
        logits = self._tensor(function, "logits", np.float32)
        return logits.reshape(self.batch, self.vocab).copy()

    def generate(self, prompts, steps, forced=None):
        """The runtime's own generation: per row (tokens, logits [T, vocab]).
        With `forced`, row r takes its tokens from forced[r]."""
        logits = [[] for _ in prompts]

        def choose(user, row, values, size):
            logits[row].append(np.ctypeslib.as_array(values, (size,)).copy())
            if forced is None:
                return -1
            return int(forced[row][len(logits[row]) - 1])

        arrays = [np.ascontiguousarray(p, np.int64) for p in prompts]
        rows = (_Tokens * len(arrays))(
            *[
                _Tokens(a.ctypes.data_as(c.POINTER(c.c_int64)), a.size)
                for a in arrays
            ]
        )
        options = _Options(
            max_new_tokens=steps, choose=_CHOOSE_FN(choose)
        )
        generation = c.c_void_p()
        self._check(
            self.lib.qeffSessionGenerate(
                self.session, rows, c.c_uint64(len(arrays)), c.byref(options),
                c.byref(generation)
            )
        )
        results = []
        for row in range(len(arrays)):
            tokens = self.lib.qeffGenerationTokens(generation, c.c_uint64(row))
            ids = np.ctypeslib.as_array(tokens.ids, (tokens.size,)).copy()
            results.append((ids, np.stack(logits[row])))
        self.lib.qeffGenerationDestroy(generation)
        return results
