# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Copies bytecode and raises the version of the one dialect that writes one.

A dialect's version is a section of its own in the bytecode: id 7, then its size
and, here, one variable-length integer. A byte 2n + 1 stands for n < 128.
"""

import sys

VERSION_1 = bytes([7, 3, 3])
VERSION_2 = bytes([7, 3, 5])

bytecode = sys.stdin.buffer.read()
if bytecode.count(VERSION_1) != 1:
    sys.exit("expects bytecode with one version section of version 1, got "
             f"{bytecode.count(VERSION_1)}")
sys.stdout.buffer.write(bytecode.replace(VERSION_1, VERSION_2))
