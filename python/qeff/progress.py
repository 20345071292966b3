# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Progress bars on a terminal, nothing elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO


class ProgressBar:
    """Draws the progress of one stage after another, each on its own line.

    Called with (stage, done, total) as `qeff.compile` reports it; does nothing
    if `stream` (stderr by default) is no terminal.
    """

    _INTERVAL = 0.05  # seconds between drawings

    def __init__(self, stream: TextIO | None = None):
        self._stream = sys.stderr if stream is None else stream
        self._on = self._stream.isatty()
        self._stage = ""
        self._last = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        if not self._on:
            return
        if stage != self._stage:
            self.close()
            self._stage = stage
            self._last = 0.0
        now = time.monotonic()
        if now - self._last < self._INTERVAL and done < total:
            return
        self._last = now
        self._draw(done, total)

    def close(self) -> None:
        """Ends the current line."""
        if self._on and self._stage:
            self._stream.write("\n")
            self._stream.flush()
            self._stage = ""

    def erase(self) -> None:
        """Takes the current line away: its place is for other output."""
        if self._on and self._stage:
            self._stream.write("\r\033[K")
            self._stream.flush()
            self._stage = ""

    def _draw(self, done: int, total: int) -> None:
        part = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
        width = max(10, min(40, shutil.get_terminal_size().columns - 40))
        filled = int(part * width)
        bar = "#" * filled + "-" * (width - filled)
        self._stream.write(f"\r{self._stage:<24.24} [{bar}] {part:4.0%}\x1b[K")
        self._stream.flush()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_) -> None:
        self.close()
