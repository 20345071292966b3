# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `qeff generate` and `qeff tokenize` do."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from . import cache
from .adapters import convert_adapter, find_adapter, is_peft_directory
from .errors import Error
from .progress import ProgressBar
from .tokenizer import Tokenizer

_SHAPE = {
    "prefill_seq_len": 32,
    "ctx_len": 1024,
    "batch_size": 1,
    "host_weights": "auto",
}


def compile_model(
    model: str | Path,
    output: str | Path,
    options: argparse.Namespace,
    **more: Any,
) -> None:
    """Compiles with progress bars, under the shape that `options` gives."""
    from .compiler import compile

    with ProgressBar() as bar, _interruptible():

        def note(text: str) -> None:
            bar.close()
            print(f"qeff: note: {text}", file=sys.stderr)

        compile(
            model,
            output,
            threads=options.threads,
            progress=bar,
            note=note,
            **{name: getattr(options, name) for name in _SHAPE},
            **more,
        )


def run(options: argparse.Namespace) -> int:
    """`qeff generate`."""
    texts = [_read_text(prompt) for prompt in options.prompt]
    if options.system is not None and not options.chat:
        raise Error("--system: expects --chat")
    model = Path(options.model)
    if not model.exists():
        raise Error(f"{model}: no such file or directory")
    if cache.is_package(model):
        _refuse_shape(model, options)
    # First: a model that has none need not be compiled.
    tokenizer = Tokenizer.from_model(options.tokenizer or model)
    if cache.is_package(model):
        return _answer(model, texts, options, tokenizer)
    if options.adapter is not None and not is_peft_directory(options.adapter):
        raise Error(
            f"--adapter: expects a folder with adapter_config.json, got "
            f"'{options.adapter}'"
        )
    if options.no_cache:
        with tempfile.TemporaryDirectory(prefix="qeff-") as folder:
            package = Path(folder) / "package"
            _compile_in_child(model, package, options)
            return _answer(package, texts, options, tokenizer)
    return _answer(_cached(model, options), texts, options, tokenizer)


def _cached(model: Path, options: argparse.Namespace) -> Path:
    """The package of `model`, compiled now if it was not before."""
    import qeff

    directory = cache.default_directory()
    if options.cache_dir:
        directory = Path(options.cache_dir)
    key = _shape(options)
    if options.adapter is not None:
        key["adapter"] = cache.fingerprint(Path(options.adapter))
    package = cache.package_path(directory, model, qeff.__version__, key)
    if not cache.is_package(package):
        existed = directory.exists()
        directory.mkdir(parents=True, exist_ok=True)
        try:
            _compile_in_child(model, package, options)
        except BaseException:
            if not existed:
                with suppress(OSError):  # it holds what another process made
                    directory.rmdir()
            raise
    return package


def _compile_in_child(
    model: Path, package: Path, options: argparse.Namespace
) -> None:
    """Compiles for the host in a process of its own: it can be ended at any
    time, and the caller then cleans up."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        code, message = 1, ""
        try:
            compile_model(
                model, package, options, target="host", **_adapters(options)
            )
            code = 0
        except (Error, OSError, MemoryError) as error:
            message = str(error) or "out of memory"
        finally:  # nothing of the caller's runs here
            with open(sink, "wb") as stream:
                stream.write(message.encode("utf-8", "replace"))
            os._exit(code)
    os.close(sink)
    try:
        with open(source, "rb") as stream:
            message = stream.read().decode("utf-8", "replace")
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == -signal.SIGINT:  # which this process may get a little later
        raise KeyboardInterrupt
    if status < 0:
        raise Error(f"{model}: compiling was ended by signal {-status}")
    if status != 0:
        raise Error(message or f"{model}: compiling was interrupted")


def _adapters(options: argparse.Namespace) -> dict[str, Any]:
    """What the compiler is told of the adapter's folder."""
    if options.adapter is None:
        return {}
    name = _adapter_name(options.adapter)
    return {"adapters": {name: options.adapter}, "adapter_mode": "swap"}


def _adapter_name(directory: str) -> str:
    """The folder's own name, as far as adapters can have it."""
    name = re.sub("[^A-Za-z0-9_.-]", "_", Path(directory).resolve().name)
    return name.lstrip(".")[:128] or "adapter"


def _use_adapter(session, package: Path, adapter: str) -> None:
    """Loads and sets an adapter of the package, or the one in a folder."""
    if find_adapter(package, adapter) or not is_peft_directory(adapter):
        info = session.load_adapter(adapter)
    else:
        name = _adapter_name(adapter)
        with tempfile.TemporaryDirectory(prefix="qeff-") as folder:
            file = Path(folder) / f"{name}.safetensors"
            convert_adapter(adapter, package, file, name)
            info = session.load_adapter(file)
    session.set_adapter(info.name)


def _shape(options: argparse.Namespace) -> dict[str, Any]:
    shape = {name: getattr(options, name) for name in _SHAPE}
    return {k: _SHAPE[k] if v is None else v for k, v in shape.items()}


def _refuse_shape(package: Path, options: argparse.Namespace) -> None:
    for name in _SHAPE:
        if getattr(options, name) is not None:
            flag = "--" + name.replace("_", "-")
            raise Error(f"{flag}: expects a model, {package} is compiled")


def _answer(
    package: Path,
    texts: list[str],
    options: argparse.Namespace,
    tokenizer: Tokenizer,
) -> int:
    from .generation import default_stop_tokens, generate
    from .session import InferenceSession

    session = InferenceSession(package, options.threads)
    if options.adapter is not None:
        _use_adapter(session, package, options.adapter)
    stop = [] if options.ignore_eos else default_stop_tokens(session, tokenizer)
    stop += options.stop_token or []
    with ProgressBar() as bar:
        printer = None if options.json else _Printer(len(texts), bar)
        result = generate(
            session,
            None if options.chat else texts,
            conversations=(
                _conversations(texts, options) if options.chat else None
            ),
            tokenizer=tokenizer,
            max_new_tokens=options.max_new_tokens,
            stop_tokens=stop,
            callback=printer,
            progress=printer.progress if printer else bar,
        )
    if printer is None:
        document = {
            "text": result.text,
            "tokens": result.tokens,
            "finish": result.finish,
            "adapter": session.active_adapter,
            "metrics": result.metrics.as_dict(),
        }
        print(json.dumps(document, ensure_ascii=False))
        return 0
    printer.close()
    _print_metrics(result.metrics)
    return 0


def _conversations(texts: list[str], options: argparse.Namespace) -> list:
    system = []
    if options.system is not None:
        system = [{"role": "system", "content": options.system}]
    return [[*system, {"role": "user", "content": text}] for text in texts]


class _Printer:
    """Prints answers as they come, one row after another: text of later rows
    waits until the rows before have ended. Shows progress until there is text
    to see."""

    def __init__(self, rows: int, bar: ProgressBar):
        self._waiting = [""] * rows
        self._row = 0
        self._bar = bar
        self._started = False

    def progress(self, stage: str, done: int, total: int) -> None:
        if not self._started:
            self._bar(stage, done, total)

    def __call__(self, row: int, text: str) -> None:
        if row == self._row:
            self._write(text)
        else:
            self._waiting[row] += text

    def close(self) -> None:
        for text in self._waiting[1:]:
            self._write(f"\n\n{text}")
        self._write("\n")

    def _write(self, text: str) -> None:
        self._started = True
        self._bar.erase()
        sys.stdout.write(text)
        sys.stdout.flush()


def _print_metrics(metrics) -> None:
    print(
        f"time to first token {metrics.ttft_s:.3f} s, "
        f"prefill {metrics.prefill_tokens_per_s:.1f} tokens/s "
        f"({metrics.prompt_tokens} tokens), "
        f"decode {metrics.decode_tokens_per_s:.1f} tokens/s "
        f"({metrics.generated_tokens} tokens), "
        f"total {metrics.total_s:.3f} s",
        file=sys.stderr,
    )


@contextmanager
def _interruptible():
    """Ctrl-C ends the process while native code compiles; outputs are written
    aside and renamed, so nothing is left half done."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _read_text(argument: str) -> str:
    """The argument, or stdin (its last line end left out) for "-"."""
    if argument != "-":
        return argument
    try:
        return sys.stdin.buffer.read().decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise Error(f"stdin: expects UTF-8: {error.reason}") from error


def tokenize(options: argparse.Namespace) -> int:
    """`qeff tokenize`."""
    tokenizer = Tokenizer.from_model(options.model)
    text = _read_text(options.text)
    if options.decode:
        ids = _parse_ids(text)
        text = tokenizer.decode(ids)
    elif options.chat:
        ids = tokenizer.encode_chat([{"role": "user", "content": text}])
    else:
        ids = tokenizer.encode(text, not options.no_special_tokens)
    if options.json:
        pieces = [tokenizer.decode([i]) for i in ids]
        document = {"tokens": ids, "pieces": pieces, "text": text}
        print(json.dumps(document, ensure_ascii=False))
    elif options.decode:
        print(text)
    else:
        print(",".join(map(str, ids)))
    return 0


def _parse_ids(text: str) -> list[int]:
    parts = text.replace(",", " ").split()
    try:
        return [int(part) for part in parts]
    except ValueError as error:
        raise Error(f"expects token ids, got '{text:.60}'") from error
