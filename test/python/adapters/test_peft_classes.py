# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The classes named after peft's and QEfficient's generate what peft does, with
streamers and stopping criteria as transformers calls them."""

import threading
import time

import numpy as np
import peft_models
import pytest
import torch
import transformers
from peft_fixtures import (  # noqa: F401
    COMPILED,
    adapters,
    base,
    model,
    packages,
    reference,
    wide,
)

import qeff

# ---- against peft ------------------------------------------------------------


def test_every_adapter_generates_as_in_peft(model, adapters, reference):
    for name in ("late", "stable"):
        model.load_adapter(adapters[name], name)
    seen = set()
    for length in (1, 7, 32, 33, 100):
        ids = peft_models.prompts(length)[0][None]
        for name in adapters:
            reference.set_adapter(name)
            model.set_adapter(name)
            assert model.active_adapter == name
            expected = peft_models.greedy(reference, ids)
            tokens = model.generate(ids, max_new_tokens=20)
            np.testing.assert_array_equal(tokens, expected, f"{name} {length}")
            seen.add(tokens[:, length:].tobytes())
            with reference.disable_adapter(), model.disable_adapter():
                assert model.active_adapter == name
                expected = peft_models.greedy(reference, ids)
                tokens = model.generate(ids, max_new_tokens=20)
            np.testing.assert_array_equal(tokens, expected, f"off {length}")
            seen.add(tokens[:, length:].tobytes())
        model.set_adapter(None)
        off = model.generate(ids, max_new_tokens=20)
        np.testing.assert_array_equal(off, expected)
    # Five adapters and the base, five prompts: nothing answers alike.
    assert len(seen) == 30


def test_right_padded_batch(wide, adapters, reference):
    rows = peft_models.prompts(7, 100, 33)
    ids = np.zeros((3, 100), np.int64)
    mask = np.zeros((3, 100), np.int64)
    for row, prompt in enumerate(rows):
        ids[row, : len(prompt)] = prompt
        mask[row, : len(prompt)] = 1
    for name in COMPILED:
        wide.set_adapter(name)
        reference.set_adapter(name)
        tokens = wide.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=24
        )
        assert tokens.shape == (3, 124)
        np.testing.assert_array_equal(tokens[:, :100], ids)
        for row, prompt in enumerate(rows):
            expected = peft_models.greedy(
                reference, prompt[None], max_new_tokens=24
            )
            np.testing.assert_array_equal(
                tokens[row, 100:], expected[0, len(prompt) :]
            )


def test_left_padded_batch(wide, reference):
    rows = peft_models.prompts(7, 40, 33)
    ids = np.zeros((3, 40), np.int64)
    mask = np.zeros((3, 40), np.int64)
    for row, prompt in enumerate(rows):
        ids[row, 40 - len(prompt) :] = prompt
        mask[row, 40 - len(prompt) :] = 1
    reference.set_adapter(wide.active_adapter)
    expected = peft_models.greedy(
        reference, ids, attention_mask=torch.as_tensor(mask)
    )
    tokens = wide.generate(ids, attention_mask=mask, max_new_tokens=20)
    np.testing.assert_array_equal(tokens, expected)


def test_rows_end_and_are_padded_as_in_transformers(wide, reference):
    name = COMPILED[1]
    wide.set_adapter(name)
    reference.set_adapter(name)
    ids = np.stack(peft_models.prompts(9, 9, 9))
    free = peft_models.greedy(reference, ids)[:, 9:]
    # The rows end at different steps, one of them not at all.
    eos = [int(free[0, 3]), int(free[1, 11])]
    for more in ({}, {"min_new_tokens": 8}, {"max_length": 20}):
        options = {"eos_token_id": eos, "pad_token_id": 1, **more}
        if "max_length" not in more:
            options["max_new_tokens"] = 20
        else:
            options["max_new_tokens"] = None
        expected = peft_models.greedy(reference, ids, **options)
        np.testing.assert_array_equal(wide.generate(ids, **options), expected)
        config = transformers.GenerationConfig(do_sample=False, **options)
        np.testing.assert_array_equal(
            wide.generate(ids, generation_config=config), expected
        )
    # By default the first of them is the padding.
    tokens = wide.generate(ids, max_new_tokens=20, eos_token_id=eos)
    assert tokens[0, 9 + 3] == eos[0] == tokens[0, 9 + 4]


def test_fewer_rows_than_compiled(wide, reference):
    ids = peft_models.prompts(5)[0][None]
    reference.set_adapter(wide.active_adapter)
    np.testing.assert_array_equal(
        wide.generate(ids, max_new_tokens=20),
        peft_models.greedy(reference, ids),
    )


# ---- what goes in and comes out ----------------------------------------------


def test_arrays_tensors_lists_and_mappings(model):
    ids = peft_models.prompts(8)[0][None]
    tokens = model.generate(ids, max_new_tokens=5)
    assert isinstance(tokens, np.ndarray) and tokens.dtype == np.int64
    tensor = model.generate(torch.as_tensor(ids), max_new_tokens=5)
    assert isinstance(tensor, torch.Tensor) and tensor.dtype == torch.int64
    encoding = transformers.BatchEncoding(
        {
            "input_ids": torch.as_tensor(ids),
            "attention_mask": torch.ones((1, 8)).long(),
        }
    )
    for other in (
        tensor.numpy(),
        model.generate(ids.tolist(), max_new_tokens=5),
        model.generate(encoding, max_new_tokens=5),
        model.generate(**encoding, max_new_tokens=5),
        model.generate(input_ids=ids.astype(np.int32), max_new_tokens=5),
        model.generate(ids, generation_config={"max_new_tokens": 5}),
    ):
        np.testing.assert_array_equal(other, tokens)
    assert model.metrics.generated_tokens == 5


class Recorder(transformers.generation.BaseStreamer):
    def __init__(self):
        self.said = []

    def put(self, value):
        self.said.append((type(value), np.asarray(value).tolist()))

    def end(self):
        self.said.append("end")


def test_streamers(wide, reference):
    reference.set_adapter(wide.active_adapter)
    ids = torch.as_tensor(np.stack(peft_models.prompts(9, 9)))
    eos = int(peft_models.greedy(reference, ids)[0, 9 + 4])
    options = {"eos_token_id": eos, "pad_token_id": 1, "max_new_tokens": 8}
    theirs, ours = Recorder(), Recorder()
    peft_models.greedy(reference, ids, streamer=theirs, **options)
    wide.generate(ids, streamer=ours, **options)
    assert ours.said == theirs.said
    ours = Recorder()
    wide.generate(ids.numpy(), streamer=ours, **options)
    assert [s[1] for s in ours.said] == [s[1] for s in theirs.said]
    assert ours.said[0][0] is np.ndarray


class Letters:
    """All that a streamer wants of a tokenizer."""

    def decode(self, ids, **options):
        return "".join(f"<{i}> " for i in ids)


def test_a_streamer_that_is_read_in_another_thread(model):
    ids = peft_models.prompts(6)[0][None]
    streamer = transformers.TextIteratorStreamer(
        Letters(), skip_prompt=True, timeout=60
    )
    thread = threading.Thread(
        target=model.generate,
        args=(ids,),
        kwargs={"streamer": streamer, "max_new_tokens": 6},
    )
    thread.start()
    text = "".join(streamer)
    thread.join()
    tokens = model.generate(ids, max_new_tokens=6)[0, 6:]
    assert text == Letters().decode(tokens)


class StopsAt(transformers.StoppingCriteria):
    def __init__(self, token):
        self.token = token

    def __call__(self, input_ids, scores, **kwargs):
        assert isinstance(input_ids, torch.Tensor) and scores is None
        return input_ids[:, -1] == self.token


def test_stopping_criteria(wide, reference):
    reference.set_adapter(wide.active_adapter)
    ids = np.stack(peft_models.prompts(9, 9, 9))
    free = peft_models.greedy(reference, ids)[:, 9:]
    stops = StopsAt(int(free[1, 5])), StopsAt(int(free[2, 2]))
    length = transformers.generation.MaxLengthCriteria(9 + 13)
    for criteria in ([length], [*stops, length], [StopsAt(int(free[0, 4]))]):
        criteria = transformers.StoppingCriteriaList(criteria)
        for more in ({}, {"eos_token_id": 255, "pad_token_id": 3}):
            options = {"stopping_criteria": criteria, **more}
            expected = peft_models.greedy(reference, ids, **options)
            options.setdefault("max_new_tokens", 20)
            np.testing.assert_array_equal(
                wide.generate(ids, **options), expected
            )
    past = transformers.generation.MaxTimeCriteria(1, time.time() - 2)
    assert wide.generate(
        ids, max_new_tokens=9, stopping_criteria=past
    ).shape == (3, 10)
    assert wide.generate(ids, max_new_tokens=9, max_time=0).shape == (3, 10)


def test_a_criterion_without_torch_gets_arrays(wide):
    ids = np.stack(peft_models.prompts(9, 9, 9))
    kinds = []

    def criterion(tokens, scores):
        kinds.append(type(tokens))
        return tokens.shape[1] >= 12

    tokens = wide.generate(ids, max_new_tokens=9, stopping_criteria=criterion)
    assert tokens.shape == (3, 12) and set(kinds) == {np.ndarray}
    wide.generate(
        torch.as_tensor(ids), max_new_tokens=9, stopping_criteria=criterion
    )
    assert kinds[-1] is torch.Tensor
    with pytest.raises(qeff.Error, match="one per row, got 2 for 3 rows"):
        wide.generate(
            ids, max_new_tokens=9, stopping_criteria=lambda i, s: [True, False]
        )


def test_errors_of_streamers_and_criteria_come_through(model):
    ids = peft_models.prompts(4)[0][None]

    def fail(tokens, scores):
        raise ZeroDivisionError("mine")

    recorder = Recorder()
    with pytest.raises(ZeroDivisionError, match="mine"):
        model.generate(
            ids, max_new_tokens=3, stopping_criteria=fail, streamer=recorder
        )
    assert recorder.said[-1] == "end"
    assert model.generate(ids, max_new_tokens=3).shape == (1, 7)


def test_full_context(model, reference):
    reference.set_adapter(model.active_adapter)
    ids = peft_models.prompts(150)[0][None]
    with pytest.warns(UserWarning, match="context of 160 tokens is full"):
        tokens = model.generate(ids, max_new_tokens=50)
    assert tokens.shape == (1, 161)
    expected = peft_models.greedy(reference, ids, max_new_tokens=11)
    np.testing.assert_array_equal(tokens, expected)
    with pytest.raises(qeff.Error, match="160"):
        model.generate(np.full((1, 161), 5), max_new_tokens=1)
