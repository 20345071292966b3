# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""make_onnx.py OUT: the model on standard input, in ONNX's text form; lines in
front of the first `<` are not the model's."""
import sys

import onnx.parser

text = sys.stdin.read()
model = onnx.parser.parse_model(text[text.index("<\n"):])
open(sys.argv[1], "wb").write(model.SerializeToString())
