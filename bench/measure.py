# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs one command and prints its time and peak memory as JSON.

    python -SE measure.py COMMAND...

Standard library alone, and small: a process inherits its parent's peak
between fork and exec. The peak is the larger of the command's own (VmHWM,
file pages included, as the kernel keeps it) and the sum of VmHWM over its
process tree, polled."""

import json
import os
import sys
import threading
import time


def _children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def _high_water(pid):
    """VmHWM in KiB; 0 once the process has gone."""
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def _tree(pid):
    yield pid
    for child in _children(pid):
        yield from _tree(child)


def measure(command):
    """(exit code, seconds, peak in KiB)"""
    peaks = {}
    done = threading.Event()
    start = time.perf_counter()
    pid = os.posix_spawnp(
        command[0], command, os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)],
    )

    def poll():
        while not done.wait(0.01):
            for member in _tree(pid):
                high = _high_water(member)
                peaks[member] = max(peaks.get(member, 0), high)

    poller = threading.Thread(target=poll, daemon=True)
    poller.start()
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    done.set()
    poller.join()
    peak = max(usage.ru_maxrss, sum(peaks.values()))
    return os.waitstatus_to_exitcode(status), seconds, peak


if __name__ == "__main__":
    code, seconds, peak = measure(sys.argv[1:])
    print(json.dumps({"exit": code, "seconds": seconds, "peak_kib": peak}))
