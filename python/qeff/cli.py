# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command `qeff`: generate, compile, inspect, verify, tokenize.

Errors are one line on stderr and exit code 1; an interrupt ends with 130.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from typing import NoReturn

from .cli_options import (
    REFUSED,
    add_adapter_options,
    add_refused,
    add_shape_options,
    add_threads,
    positive,
)
from .errors import Error

_DESCRIPTION = """\
Compiles transformers for the host CPU and Qualcomm Cloud AI 100, and runs them
on the host.

  qeff generate smollm2.gguf --chat --prompt "What is gravity?"
  qeff compile ./Llama-3.2-1B -o out --target host,aic100
  qeff generate out --prompt "Once upon a time"
"""

_GENERATE = """\
Answers a prompt, token by token, on stdout. MODEL is a Hugging Face directory
or a .gguf file, compiled first (and kept for the next time), or a package that
`qeff compile` wrote.

  qeff generate smollm2.gguf --chat --prompt "What is gravity?"
  echo "Summarize: ..." | qeff generate out --prompt - --chat --json
"""

_COMPILE = """\
Compiles MODEL (a Hugging Face directory, a .gguf file, or a .mlir or .mlirbc
module) into the package OUT with the parts OUT/host and OUT/aic100.

  qeff compile ./Llama-3.2-1B -o out --ctx-len 2048 --target host
"""

_INSPECT = """\
Prints an adapter's rank, alpha, targets and size, and with --base whether it
fits a model or a package (exit code 1 where it does not). Of a package: which
adapters it takes, and those in it.

  qeff inspect ./math-lora --base ./Llama-3.2-1B
"""

_VERIFY = """\
Checks qpc.json, program.so and weights.bin of a host package, hashed in full,
without loading its code. Adapters in the package are read: they must fit it and
be finite.

  qeff verify out
"""

_TOKENIZE = """\
Prints the token ids of a text, or the text of token ids.

  qeff tokenize smollm2.gguf "What is gravity?"
  qeff tokenize out --decode 1780,314,9354,47
"""


class _Parser(argparse.ArgumentParser):
    """Errors are one line and exit code 1."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault(
            "formatter_class", argparse.RawDescriptionHelpFormatter
        )
        super().__init__(*args, **kwargs)

    def parse_known_args(self, args=None, namespace=None):
        if self._subparsers is None:  # a command's own
            self._check_flags(args)
        namespace, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return namespace, rest

    def _check_flags(self, args: list[str]) -> None:
        """Names an unknown flag before argparse misses a required one."""
        known = {flag for a in self._actions for flag in a.option_strings}
        for argument in args:
            flag = argument.partition("=")[0]
            if flag == "--":
                return
            if not flag.startswith("--") or " " in argument or flag in known:
                continue
            near = difflib.get_close_matches(flag, known - set(REFUSED), 1, 0.8)
            hint = f", did you mean {near[0]}?" if near else ""
            self.error(f"{flag}: unknown option{hint}")

    def error(self, message: str) -> NoReturn:
        raise Error(f"{message} (see {self.prog} --help)")


def _add_generate(commands) -> None:
    parser = commands.add_parser(
        "generate", help="answer a prompt", description=_GENERATE
    )
    parser.add_argument("model", metavar="MODEL", help="model or package")
    parser.add_argument(
        "-p", "--prompt", action="append", required=True, metavar="TEXT",
        help="the prompt, - for stdin; several are answered in turn",
    )
    parser.add_argument(
        "--chat", action="store_true",
        help="put the prompt into the model's chat template",
    )
    parser.add_argument(
        "--system", metavar="TEXT", help="a system message, with --chat"
    )
    parser.add_argument(
        "-n", "--max-new-tokens", type=positive, default=256, metavar="N",
        help="length of the answer at most (256)",
    )
    parser.add_argument(
        "--stop-token", type=int, action="append", metavar="ID",
        help="one more token id that ends the answer",
    )
    parser.add_argument(
        "--ignore-eos", action="store_true",
        help="do not end where the model and its tokenizer end",
    )
    parser.add_argument(
        "--tokenizer", metavar="PATH",
        help="tokenizer of another directory or .gguf file",
    )
    parser.add_argument(
        "--json", action="store_true",
        help="one JSON object instead of the text and the times",
    )
    parser.add_argument(
        "--adapter", metavar="NAME|DIR",
        help="a LoRA adapter: one that lies in the package, or a folder in "
        "PEFT's format",
    )
    add_threads(parser)
    parser.add_argument(
        "--cache-dir", metavar="DIR",
        help="where compiled packages are kept ($QEFF_CACHE_DIR, else "
        "~/.cache/qeff)",
    )
    parser.add_argument(
        "--no-cache", action="store_true",
        help="compile into a temporary directory and remove it",
    )
    add_shape_options(parser, ", where MODEL is to be compiled")
    add_refused(parser)
    parser.set_defaults(run=_generate)


def _add_compile(commands) -> None:
    parser = commands.add_parser(
        "compile", help="compile a model", description=_COMPILE
    )
    parser.add_argument("model", metavar="MODEL", help="what to compile")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the package"
    )
    parser.add_argument(
        "--target", metavar="LIST",
        help="host, aic100, or both with a comma (both, as far as MODEL's "
        "phase allows)",
    )
    add_shape_options(parser, "")
    add_adapter_options(parser)
    parser.add_argument(
        "--mcpu", metavar="CPU",
        help="the CPU to compile for (native: this one)",
    )
    parser.add_argument(
        "--report", metavar="FILE",
        help="write a page (HTML) about the model, what was fused and what was "
        "not, and what each step took",
    )
    group = parser.add_argument_group("Cloud AI 100")
    group.add_argument(
        "--onnx-dtype", choices=["f32", "f16"],
        help="storage in the ONNX file (f16 for 16-bit models, else f32)",
    )
    group.add_argument(
        "--num-cores", type=positive, metavar="N", help="cores to use (16)",
    )
    group.add_argument(
        "--mxfp6-matmul", action="store_true", help="MXFP6 weights"
    )
    group.add_argument(
        "--mxint8-kv-cache", action="store_true", help="MXINT8 KV cache"
    )
    add_threads(parser)
    add_refused(parser)
    parser.set_defaults(run=_compile)


def _add_inspect(commands) -> None:
    parser = commands.add_parser(
        "inspect", help="describe an adapter or a package",
        description=_INSPECT,
    )
    parser.add_argument(
        "path", metavar="PATH",
        help="an adapter's folder in PEFT's format, an adapter's file "
        "(NAME.safetensors of a package), or a package",
    )
    parser.add_argument(
        "--base", metavar="MODEL|PACKAGE",
        help="say whether the adapter fits this, and if not why not",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object"
    )
    parser.set_defaults(run=_inspect)


def _add_verify(commands) -> None:
    parser = commands.add_parser(
        "verify", help="check a package", description=_VERIFY
    )
    parser.add_argument("package", metavar="OUT", help="the package")
    parser.set_defaults(run=_verify)


def _add_tokenize(commands) -> None:
    parser = commands.add_parser(
        "tokenize", help="text to token ids and back", description=_TOKENIZE
    )
    parser.add_argument("model", metavar="MODEL", help="model or package")
    parser.add_argument(
        "text", metavar="TEXT", help="the text, or ids with commas; - for stdin"
    )
    parser.add_argument(
        "--decode", action="store_true", help="TEXT holds ids: print their text"
    )
    parser.add_argument(
        "--chat", action="store_true",
        help="put the text into the model's chat template",
    )
    parser.add_argument(
        "--no-special-tokens", action="store_true",
        help="leave out what texts begin and end with",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object, pieces included"
    )
    parser.set_defaults(run=_tokenize)


def _generate(options: argparse.Namespace) -> int:
    from .cli_generate import run

    return run(options)


def _inspect(options: argparse.Namespace) -> int:
    from .cli_inspect import run

    return run(options)


def _compile(options: argparse.Namespace) -> int:
    from .cli_generate import compile_model

    adapters = {}
    for name, directory, weight in options.adapter:
        if name in adapters:
            raise Error(
                f"--adapter: expects each name once, got '{name}' twice"
            )
        adapters[name] = (directory, weight)
    compile_model(
        options.model,
        options.output,
        options,
        target=options.target,
        mcpu=options.mcpu,
        onnx_dtype=options.onnx_dtype,
        num_cores=options.num_cores,
        mxfp6_matmul=options.mxfp6_matmul,
        mxint8_kv_cache=options.mxint8_kv_cache,
        adapters=adapters,
        adapter_mode=options.adapter_mode,
        max_lora_rank=options.max_lora_rank,
        allow_nonfinite=options.allow_nonfinite,
        report=options.report,
    )
    return 0


def _verify(options: argparse.Namespace) -> int:
    from .progress import ProgressBar
    from .session import verify

    with ProgressBar() as bar:
        verify(options.package, bar)
    print(f"{options.package}: verified")
    return 0


def _tokenize(options: argparse.Namespace) -> int:
    from .cli_generate import tokenize

    return tokenize(options)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="qeff", description=_DESCRIPTION)
    parser.add_argument(
        "--version", action="store_true", help="print the version"
    )
    commands = parser.add_subparsers(
        metavar="COMMAND", title="commands", parser_class=_Parser
    )
    _add_generate(commands)
    _add_compile(commands)
    _add_inspect(commands)
    _add_verify(commands)
    _add_tokenize(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line `arguments` (sys.argv's by default); returns the
    exit code."""
    try:
        parser = _parser()
        options = parser.parse_args(arguments)
        if options.version:
            import qeff

            print(f"qeff {qeff.__version__}")
            return 0
        if not hasattr(options, "run"):
            parser.print_help()
            return 1
        code = options.run(options)
        sys.stdout.flush()
        return code
    except Error as error:
        message = " ".join(str(error).splitlines())
        print(f"qeff: error: {message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader has gone; what is buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except MemoryError:
        print("qeff: error: out of memory", file=sys.stderr)
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"qeff: error: {where}{error.strerror}", file=sys.stderr)
        return 1
