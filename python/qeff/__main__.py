# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m qeff`: the same as the command `qeff`."""

import sys

from .cli import main

sys.exit(main())
