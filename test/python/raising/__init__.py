# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The raising matrix: ONNX files of tiny models, as exporters write them, with
what transformers says about each. Nothing in here uses qeff code but the
tests."""
