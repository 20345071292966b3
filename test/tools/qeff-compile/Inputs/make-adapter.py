# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a LoRA adapter of rank 4 for q_proj in layer 0 of a Llama.

make-adapter.py DIR INPUTS OUTPUTS
"""
import json
import pathlib
import sys

import numpy

directory = pathlib.Path(sys.argv[1])
inputs, outputs = map(int, sys.argv[2:])
directory.mkdir()
(directory / "adapter_config.json").write_text(
    json.dumps({
        "peft_type": "LORA", "r": 4, "lora_alpha": 8,
        "target_modules": ["model.layers.0.self_attn.q_proj"],
    })
)
header, payload = {}, b""
path = "base_model.model.model.layers.0.self_attn.q_proj"
for part, shape in (("A", (4, inputs)), ("B", (outputs, 4))):
    values = numpy.full(shape, 0.1, numpy.float32).tobytes()
    header[f"{path}.lora_{part}.weight"] = {
        "dtype": "F32", "shape": shape,
        "data_offsets": [len(payload), len(payload) + len(values)],
    }
    payload += values
text = json.dumps(header).encode()
(directory / "adapter_model.safetensors").write_bytes(
    len(text).to_bytes(8, "little") + text + payload
)
