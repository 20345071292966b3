# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the shared library's size, dependencies and exports."""

import os
import re
import subprocess
import sys

library = sys.argv[1]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


sanitized = "san_" in run("nm", "-D", library)
size = os.path.getsize(library)
assert sanitized or size < 1 << 20, f"expects under 1 MB, got {size}"

needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", library)))
allowed = {"libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libc.so.6",
           "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2"}
assert sanitized or needed <= allowed, f"expects {allowed}, got {needed}"

exported = {line.split()[-1]
            for line in run("nm", "-D", "--defined-only", library).splitlines()}
with open(os.path.join(os.path.dirname(__file__),
                       "../../../include/qeff-c/Runtime.h")) as file:
    declared = set(re.findall(r"\b(qeff[A-Z]\w+)\(", file.read()))
assert exported == declared, sorted(exported ^ declared)
