# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of the classes under test, and peft's, for the tests that import
these fixtures."""

import peft_models
import pytest

import qeff

SHAPE = {"prefill_seq_len": 32, "ctx_len": 160}
COMPILED = ("queries", "all", "large")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return peft_models.write_base(tmp_path_factory.mktemp("base") / "llama")


@pytest.fixture(scope="module")
def adapters(base, tmp_path_factory):
    return peft_models.write_adapters(base, tmp_path_factory.mktemp("peft"))


@pytest.fixture(scope="module")
def reference(base, adapters):
    return peft_models.load_reference(base, adapters)


@pytest.fixture(scope="module")
def packages(base, adapters, tmp_path_factory):
    """Packages by batch size."""
    folder = tmp_path_factory.mktemp("packages")
    made = {}

    def make(batch_size):
        model = load(adapters)
        output = folder / str(batch_size)
        if batch_size not in made:
            made[batch_size] = model.compile(
                compile_dir=output, batch_size=batch_size, **SHAPE
            )
        # As compile() leaves it.
        model.qpc_path, model._runs_here = made[batch_size], True
        return model

    return make


def load(adapters, names=COMPILED):
    model = qeff.QEffAutoPeftModelForCausalLM.from_pretrained(
        adapters[names[0]], names[0]
    )
    for name in names[1:]:
        model.load_adapter(adapters[name], name)
    return model


@pytest.fixture
def model(packages):
    return packages(1)


@pytest.fixture
def wide(packages):
    return packages(3)
