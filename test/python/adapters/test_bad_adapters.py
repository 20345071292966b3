# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bad adapters are refused with one clear error: by the compiler, which leaves
nothing behind, and by a session, which goes on with the adapter it had."""

import json
import re
import shutil

import numpy as np
import pytest
from oracles import raw_adapters, raw_files, tools
from oracles.raw_adapters import PREFIX
from oracles.raw_files import listing, refused

import qeff
from qeff.adapters import convert_adapter

SHAPE = ("--prefill-seq-len=8", "--ctx-len=32")
LAYER0 = "model.layers.0.self_attn.q_proj"
LAYER1 = "model.layers.1.self_attn.q_proj"
A0, B0 = (f"{PREFIX}{LAYER0}.lora_{part}.weight" for part in "AB")
A1 = f"{PREFIX}{LAYER1}.lora_A.weight"


@pytest.fixture
def checkpoint(tmp_path):
    return raw_files.write_checkpoint(tmp_path / "model")


def _values(**changes):
    """The good adapter's tensors but for those given; None takes one away."""
    values = raw_adapters.tensors() | {
        name: value for name, value in changes.items() if value is not None
    }
    return {k: v for k, v in values.items() if changes.get(k, v) is not None}


def _with(name, index, number):
    values = raw_adapters.tensors()
    values[name].flat[index] = number
    return values


def _config(**changes):
    return raw_adapters.config(**changes)


# name: (tensors, configuration, what the error says)
BAD = {
    "another base": (
        _values(**{A1: np.ones((4, 48), np.float32)}), None,
        [LAYER1, r"\[4, 32\]", r"\[4, 48\]"],
    ),
    "more layers": (
        raw_adapters.tensors(layers=3), None,
        [r"model\.layers\.2\.self_attn\.", "does not have"],
    ),
    "missing tensor": (_values(**{B0: None}), None, [LAYER0, "got none"]),
    "extra tensor": (
        _values(**{f"{PREFIX}{LAYER0}.lora_C.weight": np.ones((4, 4), "f4")}),
        None, [LAYER0, "lora_C"],
    ),
    "no prefix": (
        _values(q=np.ones((4, 4), np.float32)), None, ["'q'", PREFIX],
    ),
    "unknown target": (
        None, _config(targets=("q_proj", "v_proj", "w1")), ["'w1'"],
    ),
    "norm as target": (
        None, _config(targets=("model.norm",)), [r"model\.norm", "norm"],
    ),
    "rank of another config": (
        None, _config(rank=2), [LAYER0, r"\[2, 32\]", r"\[4, 32\]"],
    ),
    "NaN": (_with(A0, 5, np.nan), None, [LAYER0, "NaN", "5"]),
    "infinity": (_with(B0, 7, np.inf), None, [LAYER0, "infinity", "7"]),
    "other type": (
        _values(**{A0: np.ones((4, 32), np.int64)}), None, [LAYER0, "I64"],
    ),
}
for method in ("IA3", "PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING", "ADALORA"):
    BAD[method] = (None, _config(peft_type=method), [method, "LORA"])


def _spoil_config(folder, content):
    (folder / "adapter_config.json").write_text(content)


def _cut(folder, count):
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:count])


def _pickle(folder):
    (folder / "adapter_model.safetensors").unlink()
    (folder / "adapter_model.bin").write_bytes(b"\x80\x02}q\x00.")


# name: (what is done to a good folder, what the error says)
DAMAGED = {
    "no config": (lambda f: (f / "adapter_config.json").unlink(),
                  ["adapter_config"]),
    "config cut": (lambda f: _spoil_config(f, '{"peft_type": "LO'),
                   ["adapter_config"]),
    "config is a list": (lambda f: _spoil_config(f, "[]"), ["adapter_config"]),
    "no weights": (lambda f: (f / "adapter_model.safetensors").unlink(),
                   ["adapter_model"]),
    "a pickle": (_pickle, ["adapter_model", "pickle"]),
    "empty": (lambda f: _cut(f, 0), ["adapter_model"]),
    "cut in the header": (lambda f: _cut(f, 60), ["adapter_model", "header"]),
    "cut in the data": (lambda f: _cut(f, -4), ["adapter_model", "expects"]),
    "a folder": (
        lambda f: ((f / "adapter_model.safetensors").unlink(),
                   (f / "adapter_model.safetensors").mkdir()),
        ["adapter_model"],
    ),
}

ALL = sorted(BAD) + sorted(DAMAGED)


def _write_bad(folder, name):
    """The folder of a bad adapter, and what errors about it say."""
    if name in BAD:
        values, settings, patterns = BAD[name]
        return raw_adapters.write(folder, values, settings), patterns
    change, patterns = DAMAGED[name]
    raw_adapters.write_plain(folder)
    change(folder)
    return folder, patterns


# ---- the compiler ------------------------------------------------------------


@pytest.mark.parametrize("mode", ["merge", "swap"])
@pytest.mark.parametrize("name", ALL)
def test_compiler(checkpoint, tmp_path, name, mode):
    bad, patterns = _write_bad(tmp_path / "bad", name)
    refused(
        checkpoint, tmp_path, *patterns,
        flags=[f"--adapter=x={bad}", f"--adapter-mode={mode}"],
    )


@pytest.mark.parametrize("mode", ["merge", "swap"])
def test_the_good_one_is_good(checkpoint, tmp_path, mode):
    good = raw_adapters.write_plain(tmp_path / "good")
    tools.compile_model(
        checkpoint, tmp_path / "out", *SHAPE, f"--adapter=x={good}",
        f"--adapter-mode={mode}",
    )


def test_no_such_folder(checkpoint, tmp_path):
    refused(
        checkpoint, tmp_path, "nowhere", "No such file",
        flags=["--adapter=x=/nowhere", "--adapter-mode=merge"],
    )


def test_rank_above_the_capacity(checkpoint, tmp_path):
    good = raw_adapters.write_plain(tmp_path / "good")
    refused(
        checkpoint, tmp_path, "at most 3, got 4", LAYER0,
        flags=[f"--adapter=x={good}", "--adapter-mode=swap",
               "--max-lora-rank=3"],
    )


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_nonfinite_where_it_is_wanted(checkpoint, tmp_path, number):
    bad = raw_adapters.write(tmp_path / "bad", _with(A0, 5, number))
    tools.compile_model(
        checkpoint, tmp_path / "out", *SHAPE, f"--adapter=x={bad}",
        "--adapter-mode=swap", "--allow-nonfinite",
    )


def test_names(checkpoint, tmp_path):
    good = raw_adapters.write_plain(tmp_path / "good")
    mode = "--adapter-mode=swap"
    refused(
        checkpoint, tmp_path, "'x' twice",
        flags=[f"--adapter=x={good}", f"--adapter=x={good}:2", mode],
    )
    for name in ("../x", "a/b", ".hidden", "a b", "x" * 129):
        refused(
            checkpoint, tmp_path, "adapter's name",
            flags=[f"--adapter={name}={good}", mode],
        )
    for weight in ("nan", "inf", "1e999"):
        refused(
            checkpoint, tmp_path, "finite",
            flags=[f"--adapter=x={good}:{weight}", mode],
        )


def test_a_name_that_the_module_has(checkpoint, tmp_path):
    """Of an adapter, or of anything else."""
    good = raw_adapters.write_plain(tmp_path / "good")
    module = checkpoint / "canonical.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), checkpoint, "-o", module,
        f"--adapter=x={good}", "--compile-to=canonical",
    )
    for name in ("x", "main"):
        refused(
            module, tmp_path, f"'{name}'", "free",
            flags=[f"--adapter={name}={good}", "--adapter-mode=merge"],
        )


@pytest.mark.parametrize("mode", ["merge", "swap"])
def test_a_module_with_a_file_outside_its_folder(checkpoint, tmp_path, mode):
    good = raw_adapters.write_plain(tmp_path / "good")
    (tmp_path / "elsewhere").mkdir()
    module = checkpoint / "canonical.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), checkpoint, "-o", module,
        f"--adapter=x={good}", "--compile-to=canonical",
    )
    module.write_text(
        module.read_text().replace(
            '"adapter_model.safetensors"', '"../good/adapter_model.safetensors"'
        )
    )
    refused(
        module, tmp_path, "path inside its root",
        flags=[f"--root=adapter.x={tmp_path / 'elsewhere'}",
               f"--adapter-mode={mode}"],
    )


@pytest.mark.parametrize("mode", ["merge", "swap"])
def test_a_file_that_changed_since(checkpoint, tmp_path, mode):
    """A module finds another adapter in the folder."""
    good = raw_adapters.write_plain(tmp_path / "good")
    module = checkpoint / "canonical.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), checkpoint, "-o", module,
        f"--adapter=x={good}", "--compile-to=canonical",
    )
    raw_adapters.write_plain(good, 8)
    refused(
        module, tmp_path, "adapter_model",
        flags=[f"--root=adapter.x={good}", f"--adapter-mode={mode}"],
    )


def test_what_swapping_cannot_express(checkpoint, tmp_path):
    generator = np.random.default_rng(4)

    def normal(*shape):
        return generator.normal(0, 0.3, shape).astype(np.float32)

    magnitude = {
        name.replace("lora_A.weight", "lora_magnitude_vector"): normal(
            raw_files.shapes()[
                name.removeprefix(PREFIX).replace(".lora_A", "")
            ][0]
        )
        for name in raw_adapters.tensors() if "lora_A" in name
    }
    embedding = {
        f"{PREFIX}model.embed_tokens.lora_embedding_A": normal(4, 64),
        f"{PREFIX}model.embed_tokens.lora_embedding_B": normal(32, 4),
    }
    saved = {f"{PREFIX}model.norm.weight": normal(32)}
    cases = [
        (magnitude, {"use_dora": True}, "DoRA|use_dora|magnitude"),
        (embedding, {"targets": ("q_proj", "v_proj", "embed_tokens")},
         "embed_tokens"),
        (saved, {"modules_to_save": ["model.norm"]}, "modules_to_save|model.norm"),
    ]
    for more, settings, pattern in cases:
        adapter = raw_adapters.write(
            tmp_path / "adapter", raw_adapters.tensors() | more,
            raw_adapters.config(**settings),
        )
        flags = [f"--adapter=x={adapter}"]
        refused(
            checkpoint, tmp_path, pattern, "merge|swap",
            flags=[*flags, "--adapter-mode=swap"],
        )
        tools.compile_model(
            checkpoint, tmp_path / "out", *SHAPE, *flags,
            "--adapter-mode=merge", "--target=host",
        )


# ---- a running session -------------------------------------------------------


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
    bad, patterns = _write_bad(tmp_path / "bad", name)
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
