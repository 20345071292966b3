# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Copies bytecode and raises the version of the one dialect that writes one.

A dialect's version is a section of its own in the bytecode: id 7, then its size
and, here, one variable-length integer. A byte 2n + 1 stands for n < 128.
"""

import re
import sys

VERSION = re.compile(rb"\x07\x03([\x03\x05])")

bytecode = sys.stdin.buffer.read()
found = VERSION.findall(bytecode)
if len(found) != 1:
    sys.exit("expects bytecode with one version section of version 1 or 2, got "
             f"{len(found)}")
sys.stdout.buffer.write(
    VERSION.sub(lambda m: bytes([7, 3, m[1][0] + 2]), bytecode))
