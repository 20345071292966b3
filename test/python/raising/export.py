# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes cells of the matrix: FAMILY.EXPORTER.onnx, and FAMILY.npz with what
transformers says, which must be the same in every environment.

    cd test/python && PYTHON -m raising.export FAMILY,... EXPORTER,... FOLDER

PYTHON is that of the exporter's environment (`environments.py`). Each exporter
is called as its users call it, on the model with its default attention but for
TorchScript: opset 17 has nothing for the masks of transformers 5 that come with
scaled_dot_product_attention, so that users choose attn_implementation="eager".
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import onnx
import torch

from . import cells, models, reference, tidy
from .models import Family

SAMPLE = torch.tensor([[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8]])


def _inputs(family: Family) -> dict[str, torch.Tensor]:
    """Two rows of six tokens, the first one padded on the right."""
    mask = torch.ones_like(SAMPLE)
    mask[0, 4:] = 0
    values = {"input_ids": SAMPLE, "attention_mask": mask}
    positions = torch.arange(SAMPLE.shape[1]).expand(SAMPLE.shape).contiguous()
    others = {
        "position_ids": positions, "token_type_ids": torch.zeros_like(SAMPLE),
    }
    return values | {name: others[name] for name in family.more_inputs}


def _outputs(family: Family) -> list[str]:
    if not family.encoder:
        return ["logits"]
    pooled = ["pooler_output"] if family.name == "bert" else []
    return ["last_hidden_state"] + pooled


def _without_cache(family: Family, **more):
    model = models.make(family, **more)
    if not family.encoder:
        model.config.use_cache = False
    return model


def _dynamo(
    family: Family, output: Path, opset: int, masked: bool = True
) -> None:
    """torch.onnx.export(dynamo=True); opset 23 with its weights outside.
    Without a mask, transformers 5 finds packed sequences by the positions."""
    inputs = _inputs(family)
    if not masked:
        del inputs["attention_mask"]
    axes = {
        0: torch.export.Dim("batch_size"),
        1: torch.export.Dim("sequence_length"),
    }
    torch.onnx.export(
        _without_cache(family), (), str(output), kwargs=inputs, dynamo=True,
        opset_version=opset, external_data=opset >= 23, verbose=False,
        input_names=list(inputs), output_names=_outputs(family),
        dynamic_shapes={name: axes for name in inputs},
    )


class _Positional(torch.nn.Module):
    """Takes tensors and gives a tuple of tensors, as the tracer wants it."""

    def __init__(self, family: Family, model: torch.nn.Module):
        super().__init__()
        self.model = model
        self.names = list(_inputs(family))
        self.outputs = _outputs(family)

    def forward(self, *values):
        result = self.model(**dict(zip(self.names, values)))
        return tuple(result[name] for name in self.outputs)


def _torchscript(family: Family, output: Path, opset: int) -> None:
    """torch.onnx.export(dynamo=False), with attention that opset 17 has."""
    inputs = _inputs(family)
    model = _Positional(family, _without_cache(family, attention="eager"))
    axes = {0: "batch_size", 1: "sequence_length"}
    named = {name: axes for name in [*inputs, *_outputs(family)[:1]]}
    if "pooler_output" in _outputs(family):
        named["pooler_output"] = {0: "batch_size"}
    torch.onnx.export(
        model, tuple(inputs.values()), str(output), dynamo=False,
        opset_version=opset, verbose=False, input_names=list(inputs),
        output_names=_outputs(family), dynamic_axes=named,
    )


def _optimum(family: Family, output: Path) -> None:
    """optimum-onnx's own export, decoders with their cache."""
    # pylint: disable=import-error,import-outside-toplevel
    from optimum.exporters.onnx import onnx_export_from_model

    task = (
        "feature-extraction" if family.encoder else "text-generation-with-past"
    )
    with tempfile.TemporaryDirectory() as folder:
        onnx_export_from_model(models.make(family), folder, task=task)
        onnx.save(onnx.load(f"{folder}/model.onnx"), output)


def _save_tokenizer(folder: str) -> None:
    """Files that the builder copies; what they hold does not matter."""
    import tokenizers  # pylint: disable=import-outside-toplevel
    import transformers  # pylint: disable=import-outside-toplevel

    words = {f"w{index}": index for index in range(models.VOCAB)}
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordLevel(words, unk_token="w0")
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="w0", bos_token="w1",
        eos_token="w2",
    ).save_pretrained(folder)


def _genai(family: Family, output: Path) -> None:
    """onnxruntime-genai's builder, f32 for the CPU."""
    # pylint: disable=import-error,import-outside-toplevel
    from onnxruntime_genai.models import builder

    with tempfile.TemporaryDirectory() as folder:
        models.make(family).save_pretrained(folder)
        _save_tokenizer(folder)
        arguments = (
            "", folder, f"{folder}/out", "fp32", "cpu", f"{folder}/cache"
        )
        options = builder.parse_extra_options(
            *arguments, [f"filename={output.name}"]
        )
        builder.create_model(*arguments, **options)
        for path in Path(folder, "out").glob(f"{output.name}*"):
            shutil.copy(path, output.parent)


# What the optimizer calls the families, and whether it writes
# MultiHeadAttention instead of Attention.
_FUSIONS = {
    "bert": ("bert", False), "distilbert": ("bert", True),
    "gpt2": ("gpt2", False),
}


def _fused(family: Family, output: Path, opset: int) -> None:
    """TorchScript's export through ONNX Runtime's optimizer."""
    # pylint: disable=import-outside-toplevel
    from onnxruntime.transformers import fusion_options, optimizer

    kind, is_multi_head = _FUSIONS[family.name]
    options = fusion_options.FusionOptions(kind)
    options.use_multi_head_attention = is_multi_head
    with tempfile.TemporaryDirectory() as folder:
        plain = f"{folder}/plain.onnx"
        _torchscript(family, Path(plain), opset)
        model = optimizer.optimize_model(
            plain, kind, num_heads=4, hidden_size=32,
            optimization_options=options, opt_level=0,
        )
        model.save_model_to_file(str(output))


def export(family: Family, exporter: str, output: Path) -> None:
    kind, opset = re.fullmatch(r"([a-z]+)(\d*)", exporter).groups()
    if kind in ("dynamo", "packed"):
        _dynamo(family, output, int(opset), masked=kind == "dynamo")
    elif kind == "torchscript":
        _torchscript(family, output, int(opset))
    elif kind == "fused":
        _fused(family, output, int(opset))
    else:
        {"optimum": _optimum, "genai": _genai}[kind](family, output)
    tidy.tidy(output)


def write(family: Family, exporter: str, folder: Path) -> None:
    """One cell and, if it is not there yet, the family's reference."""
    output = folder / f"{cells.Cell(family.name, exporter).name}.onnx"
    Path(f"{output}.data").unlink(missing_ok=True)
    output.unlink(missing_ok=True)
    reference.write_or_check(
        reference.describe(family, models.make(family)),
        cells.reference_path(family.name, folder),
    )
    export(family, exporter, output)


def main(arguments: list[str]) -> int:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    folder = Path(arguments[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name, exporter in itertools.product(
        arguments[0].split(","), arguments[1].split(",")
    ):
        try:
            write(models.BY_NAME[name], exporter, folder)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            text = f"{type(error).__name__}: {error}".strip()
            print(f"{name}.{exporter}: {text[-1000:]}", file=sys.stderr)
    return 1 if failed else 0


def _start_again() -> None:
    """With fixed hashes: Gemma 3 lists its rotary tables in a set's order."""
    environment = dict(os.environ, PYTHONHASHSEED="0", HF_HUB_OFFLINE="1")
    os.execve(
        sys.executable,
        [sys.executable, "-m", "raising.export", *sys.argv[1:]], environment,
    )


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        _start_again()
    sys.exit(main(sys.argv[1:]))
