# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Options that commands of `qeff` share, and those that none takes."""

from __future__ import annotations

import argparse
import os

from .errors import Error

# Flags of other tools and of features that are not there, and why.
REFUSED = {
    "--temperature": "decoding is greedy",
    "--top-k": "decoding is greedy",
    "--top-p": "decoding is greedy",
    "--min-p": "decoding is greedy",
    "--do-sample": "decoding is greedy",
    "--seed": "decoding is greedy",
    "--repetition-penalty": "decoding is greedy",
    "--num-beams": "decoding is greedy",
    "--lora": "--adapter takes adapters",
    "--full-batch-size": "continuous batching is not supported",
    "--num-speculative-tokens": "speculation is not supported",
    "--draft-model": "speculation is not supported",
    "--device-group": "packages run on the host",
    "--num-devices": "one device is supported",
    "--mdp": "one device is supported",
    "--comp-ctx-lengths": "one context length is supported",
    "--on-device-sampling": "decoding is greedy",
    "--quantize": "weights keep their precision",
}


class _Refuse(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        reason = REFUSED[self.option_strings[0]]
        raise Error(f"{option_string}: not supported: {reason}")


def positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 1 <= value < 2**31:
        raise argparse.ArgumentTypeError(
            f"expects a positive number, got '{text}'"
        )
    return value


def count(text: str) -> int:
    return 0 if text == "0" else positive(text)


def adapter(text: str) -> tuple[str, str, float]:
    """NAME=DIR or NAME=DIR:WEIGHT."""
    name, _, directory = text.partition("=")
    folder, colon, number = directory.rpartition(":")
    weight = 1.0
    try:
        weight = float(number)
        directory = folder
    except ValueError:  # no weight, or a colon of the folder's
        if colon and "/" not in number and not os.path.exists(directory):
            raise argparse.ArgumentTypeError(
                f"expects NAME=DIR[:WEIGHT], got weight '{number}'"
            ) from None
    if not name or not directory:
        raise argparse.ArgumentTypeError(
            f"expects NAME=DIR or NAME=DIR:WEIGHT, got '{text}'"
        )
    return name, directory, weight


def add_refused(parser: argparse.ArgumentParser) -> None:
    for flag in REFUSED:
        parser.add_argument(
            flag, nargs="?", action=_Refuse, help=argparse.SUPPRESS
        )


def add_shape_options(parser: argparse.ArgumentParser, note: str) -> None:
    group = parser.add_argument_group(f"shape of the package{note}")
    group.add_argument(
        "--prefill-seq-len", type=positive, metavar="N",
        help="tokens of a prompt in one call (32)",
    )
    group.add_argument(
        "--ctx-len", type=positive, metavar="N",
        help="slots of the KV cache, prompt and answer together (1024)",
    )
    group.add_argument(
        "--batch-size", type=positive, metavar="N", help="rows of a call (1)"
    )
    group.add_argument(
        "--host-weights", choices=["auto", "f32", "f16", "bf16"],
        help="storage of the weights on the host (auto: as in the model)",
    )


def add_adapter_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("LoRA adapters")
    group.add_argument(
        "--adapter", type=adapter, action="append", default=[],
        metavar="NAME=DIR[:W]",
        help="an adapter of MODEL in PEFT's format, its scaling times W (1); "
        "again for more",
    )
    group.add_argument(
        "--adapter-mode", choices=["merge", "swap"],
        help="merge: adapters become a part of the weights; swap: OUT takes "
        "adapters while it runs, those given lie in it",
    )
    group.add_argument(
        "--max-lora-rank", type=positive, metavar="N",
        help="swap: room for ranks up to N (the largest given); without "
        "--adapter every linear layer takes adapters",
    )
    group.add_argument(
        "--allow-nonfinite", action="store_true",
        help="take adapters with NaN or infinity",
    )


def add_threads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--threads", type=count, default=0, metavar="N",
        help="threads to use (0: one per core)",
    )
