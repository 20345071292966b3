# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Removes from an exported file what differs between two machines or only takes
space: the Python stack of each node, with its paths, and the classes of its
modules. Names, scopes and values stay."""

from __future__ import annotations

from pathlib import Path

import onnx

REMOVED = (
    "pkg.torch.onnx.stack_trace", "pkg.torch.onnx.fx_node",
    "pkg.torch.onnx.class_hierarchy", "namespace",
)


def _tidy_message(message) -> None:
    """Removes these from a message of the model and from those inside."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for each in [value] if hasattr(value, "ListFields") else value:
            _tidy_message(each)
        if field.name == "metadata_props":
            kept = [each for each in value if each.key not in REMOVED]
            if len(kept) < len(value):
                message.ClearField("metadata_props")
                message.metadata_props.extend(kept)


def tidy(path: Path) -> None:
    model = onnx.load(path, load_external_data=False)
    _tidy_message(model)
    path.write_bytes(model.SerializeToString(deterministic=True))
