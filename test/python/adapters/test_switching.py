# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One session, many switches: each generation is what a session that has
loaded nothing else gives, memory stays flat, the package as it was."""

import hashlib
import random

import peft_models
import pytest
from oracles import tools

import qeff

OFF = None
STEPS = 6


@pytest.fixture(scope="module")
def adapters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("switching")
    base = peft_models.write_base(folder / "base")
    return peft_models.write_adapters(base, folder / "peft")


def compile_package(adapters, output, **shape):
    names = list(adapters)
    model = qeff.QEffAutoPeftModelForCausalLM.from_pretrained(
        adapters[names[0]], names[0]
    )
    for name in names[1:]:
        model.load_adapter(adapters[name], name)
    model.compile(compile_dir=output, **shape)
    return model


@pytest.fixture(scope="module")
def model(adapters, tmp_path_factory):
    output = tmp_path_factory.mktemp("package") / "one"
    return compile_package(adapters, output, ctx_len=64)


def run(session, rows):
    """Tokens and the bits of all logits."""
    digest = hashlib.sha256()

    def choose(row, logits):
        digest.update(logits.tobytes())

    tokens = session.generate(rows, STEPS, [], choose=choose).tokens
    return tokens, digest.hexdigest()


def fresh(package, name, rows):
    session = qeff.InferenceSession(package)
    if name is not OFF:
        session.load_adapter(name)
        session.set_adapter(name)
    return run(session, rows)


def resident_kib():
    with open("/proc/self/status", encoding="ascii") as file:
        lines = [line for line in file if line.startswith("VmRSS:")]
    return int(lines[0].split()[1])


def switches(names, count, seed):
    """`count` names, none twice in a row."""
    generator = random.Random(seed)
    order = [OFF]
    while len(order) <= count:
        order.append(generator.choice([n for n in names if n != order[-1]]))
    return order[1:]


def test_a_thousand_switches(model, adapters):
    package = model.qpc_path
    before = tools.digests(package)
    rows = [row.tolist() for row in peft_models.prompts(20)]
    expected = {n: fresh(package, n, rows) for n in [OFF, *adapters]}
    assert len({str(tokens) for tokens, _ in expected.values()}) == 6
    session = model.session
    order = switches(list(expected), 1000, 1)
    assert set(order[:50]) == set(order[-50:]) == {OFF, *adapters}
    for step, name in enumerate(order):
        session.set_adapter(name)
        assert run(session, rows) == expected[name], (step, name)
        if step == 200:
            start = resident_kib()
    assert resident_kib() - start < 1024
    assert tools.digests(package) == before


def test_switching_through_the_model(model, adapters):
    """The same through set_adapter, disable_adapter and generate."""
    ids = peft_models.prompts(20)[0][None]
    expected = {}
    for name in switches([OFF, *adapters], 60, 2):
        if name is OFF:
            with model.disable_adapter():
                tokens = model.generate(ids, max_new_tokens=STEPS)
        else:
            model.set_adapter(name)
            tokens = model.generate(ids, max_new_tokens=STEPS)
        expected.setdefault(name, tokens.tolist())
        assert tokens.tolist() == expected[name]
    assert len({str(tokens) for tokens in expected.values()}) == 6


def test_loading_again_and_again_keeps_memory_flat(model, adapters):
    rows = [row.tolist() for row in peft_models.prompts(20)]
    session = model.session
    session.set_adapter(OFF)
    expected = {
        name: fresh(model.qpc_path, name, rows) for name in adapters
    }
    for step in range(300):
        name = list(adapters)[step % len(adapters)]
        model.load_adapter(adapters[name], "visitor")
        session.set_adapter("visitor")
        assert run(session, rows) == expected[name], (step, name)
        assert model.unload_adapter("visitor")
        if step == 100:
            start = resident_kib()
    assert resident_kib() - start < 1024


def test_switching_a_batch_with_padding(adapters, tmp_path):
    """Rows of different lengths; each gives the bits that it gives alone."""
    model = compile_package(
        adapters, tmp_path / "three", batch_size=3, ctx_len=128
    )
    prompts = [row.tolist() for row in peft_models.prompts(7, 100, 33)]
    single = {
        (name, row): fresh(model.qpc_path, name, [prompt])[0][0]
        for name in [OFF, *adapters]
        for row, prompt in enumerate(prompts)
    }
    for name in switches([OFF, *adapters], 60, 3):
        model.session.set_adapter(name)
        tokens, _ = run(model.session, prompts)
        assert tokens == [single[name, row] for row in range(3)]
