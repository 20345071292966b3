# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A running session refuses bad adapters with one clear error and goes on with
the adapter that it had."""

import json
import re
import shutil

import numpy as np
import pytest
from bad_adapters import A0, ALL, B0, LAYER0, write_bad
from oracles import raw_adapters, raw_files, tools
from oracles.raw_adapters import PREFIX
from oracles.raw_files import listing

import qeff
from qeff.adapters import convert_adapter

SHAPE = ("--prefill-seq-len=8", "--ctx-len=32")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("running")
    model = raw_files.write_checkpoint(folder / "model")
    good = raw_adapters.write_plain(folder / "good", seed=5)
    return tools.compile_model(
        model, folder / "out", *SHAPE, "--target=host",
        f"--adapter=good={good}", "--adapter-mode=swap",
    )


def _tokens(session, callback=None):
    return session.generate([[3, 5, 7]], 12, [], callback).tokens


@pytest.fixture(scope="module")
def session(package):
    """One session for all: none of the bad adapters harms it."""
    session = qeff.InferenceSession(package, 1)
    base = _tokens(session)
    session.load_adapter("good")
    session.set_adapter("good")
    session.expected = _tokens(session)
    assert session.expected != base
    return session


def _refused_while_running(session, load, *patterns):
    """`load` fails in the middle of a generation, which goes on as it would
    have."""
    errors = []

    def callback(row, token):
        if not errors:
            with pytest.raises(qeff.Error) as caught:
                load()
            errors.append(str(caught.value))
        return True

    before = dict(session.adapters)
    assert _tokens(session, callback) == session.expected
    (message,) = errors
    assert message.count("\n") == 0
    for pattern in patterns:
        assert re.search(pattern, message), message
    assert session.adapters == before and session.active_adapter == "good"
    assert _tokens(session) == session.expected


@pytest.mark.parametrize("name", ALL)
def test_folder_while_running(session, package, tmp_path, name):
    bad, patterns = write_bad(tmp_path / "bad", name)
    before = listing(tmp_path)

    def load():
        file = tmp_path / "x.safetensors"
        convert_adapter(bad, package, file, "x")
        session.load_adapter(file)

    _refused_while_running(session, load, *patterns)
    assert listing(tmp_path) == before


def _write_file(path, change=lambda values: values, metadata=None):
    values = {}
    for name, value in raw_adapters.tensors().items():
        values[name] = value
        if "lora_A" in name:
            module = name.removeprefix(PREFIX).removesuffix(".lora_A.weight")
            values[f"{module}.lora_scaling"] = np.ones(1, np.float32)
    values = change(values)
    header = raw_files.safetensors_header(values)
    header["__metadata__"] = metadata or {"format": "qeff.adapter", "name": "x"}
    raw_files.write_safetensors(path, values, header)
    return path


FILES = {
    "another base": (
        lambda v: v | {A0: np.ones((4, 48), np.float32)},
        [LAYER0, r"\[rank, 32\]", r"\[4, 48\]"],
    ),
    "not a target": (
        lambda v: v | {
            f"{PREFIX}lm_head.lora_A.weight": np.ones((4, 32), np.float32),
            f"{PREFIX}lm_head.lora_B.weight": np.ones((64, 4), np.float32),
            "lm_head.lora_scaling": np.ones(1, np.float32),
        },
        ["lm_head"],
    ),
    "rank above the capacity": (
        lambda v: v | {A0: np.ones((9, 32), np.float32),
                       B0: np.ones((32, 9), np.float32)},
        [LAYER0, "1 to 4", "got 9"],
    ),
    "missing B": (
        lambda v: {k: x for k, x in v.items() if k != B0}, [LAYER0, "lora_B"],
    ),
    "missing scaling": (
        lambda v: {k: x for k, x in v.items()
                   if k != f"{LAYER0}.lora_scaling"},
        [LAYER0, "lora_scaling"],
    ),
    "extra tensor": (lambda v: v | {"q": np.ones(4, np.float32)}, ["'q'"]),
    "NaN": (
        lambda v: v | {A0: np.full((4, 32), np.nan, np.float32)},
        [LAYER0, "finite"],
    ),
    "infinite scaling": (
        lambda v: v | {f"{LAYER0}.lora_scaling": np.array([np.inf], "f4")},
        [LAYER0, "finite"],
    ),
    "nothing": (lambda v: {}, ["at least one"]),
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_file_while_running(session, tmp_path, name):
    change, patterns = FILES[name]
    bad = _write_file(tmp_path / "x.safetensors", change)
    _refused_while_running(
        session, lambda: session.load_adapter(bad), "x.safetensors", *patterns
    )


@pytest.mark.parametrize("count", [0, 7, 100, -1])
def test_file_cut_while_running(session, tmp_path, count):
    bad = _write_file(tmp_path / "x.safetensors")
    bad.write_bytes(bad.read_bytes()[:count])
    _refused_while_running(
        session, lambda: session.load_adapter(bad), "x.safetensors"
    )


def test_file_of_another_format_while_running(session, tmp_path):
    peft = raw_adapters.write_plain(tmp_path / "peft")
    for bad in (
        peft / "adapter_model.safetensors",
        _write_file(tmp_path / "x.safetensors", metadata={"format": "pt"}),
    ):
        _refused_while_running(
            session, lambda: session.load_adapter(bad), "qeff.adapter"
        )


def test_names_outside_the_package_while_running(session, tmp_path):
    for name in ("nowhere", "../good", str(tmp_path / "x.safetensors")):
        _refused_while_running(
            session, lambda: session.load_adapter(name), name
        )


def test_a_good_file_is_good(session, tmp_path):
    """The files above are bad for what was changed alone."""
    info = session.load_adapter(_write_file(tmp_path / "x.safetensors"))
    assert (info.name, info.rank, info.targets) == ("x", 4, 4)
    session.set_adapter("x")
    assert _tokens(session) != session.expected
    session.set_adapter("good")
    session.unload_adapter("x")
    assert _tokens(session) == session.expected


def test_a_name_with_control_characters(package, tmp_path):
    good = raw_adapters.write_plain(tmp_path / "good")
    for name in ("", "a/b", "a\nb", ".x"):
        with pytest.raises(qeff.Error, match="adapter's name"):
            convert_adapter(good, package, tmp_path / "x.safetensors", name)
    assert not (tmp_path / "x.safetensors").exists()


def test_damaged_targets(package, tmp_path):
    """A package's targets.json may hold anything."""
    good = raw_adapters.write_plain(tmp_path / "good")
    copy = tmp_path / "copy"
    shutil.copytree(package, copy)
    targets = copy / "adapters" / "targets.json"
    document = json.loads(targets.read_text())
    for content in (
        "", "[]", "{}", json.dumps(document)[:-5],
        json.dumps(document | {"version": 2}),
        json.dumps(document | {"max_lora_rank": -1}),
        json.dumps(document | {"modules": document["modules"] * 2}),
    ):
        targets.write_text(content)
        with pytest.raises(qeff.Error, match=r"targets\.json"):
            convert_adapter(good, copy, tmp_path / "x.safetensors", "x")
    assert not (tmp_path / "x.safetensors").exists()
