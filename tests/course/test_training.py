"""The given training loops: what they do with a student's functions, and what they say of them."""

from copy import deepcopy

import numpy as np
import pytest

from rnnref.checks import references
from rnnref.course.training import (
    CELLS,
    character_data,
    characters,
    draw_long_lag,
    train_characters,
    train_latch,
)

RIGHT = references("ps3_bptt")
NAMES = ("char_loss", "clip_by_global_norm", "adagrad_step")


def quiet(line):
    """Show nothing."""


def train(updates=2, seed=0, progress=quiet, **replaced):
    functions = (replaced.get(name, RIGHT[name]) for name in NAMES)
    return train_characters(*functions, updates=updates, seed=seed, progress=progress)


def test_the_text_is_split_and_cannot_be_changed():
    vocabulary, train_ids, held_out = character_data()
    assert 8 < len(train_ids) / len(held_out) < 10
    assert max(train_ids.max(), held_out.max()) < len(vocabulary)
    with pytest.raises(ValueError, match="read-only"):
        held_out[0] = 0


def test_the_parameters_have_the_shapes_of_the_equations():
    K = len(character_data()[0])
    shapes = {name: array.shape for name, array in train().items()}
    assert shapes == {"U": (64, K), "W": (64, 64), "V": (K, 64), "b": (64,), "c": (K,)}


def test_a_seed_gives_the_same_model_again_and_another_seed_another():
    first, again, other = train(seed=1), train(seed=1), train(seed=2)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["W"], other["W"])


def test_progress_is_sparse_and_the_same_every_time():
    lines = [], []
    for shown in lines:
        train(updates=12, progress=shown.append)
    assert lines[0] == lines[1]
    assert len(lines[0]) == 2
    assert lines[0][0].startswith("update     0: 6.7 bits")


def test_the_text_is_read_in_order_and_the_state_handed_on(monkeypatch):
    _, text, _ = character_data()
    text = text[: 32 * 25 * 2 + 1]  # two minibatches
    monkeypatch.setattr(characters, "character_data", lambda: (character_data()[0], text, text))
    calls = []

    def char_loss(ids, targets, weights, h0, *params):
        loss, *grads, hT = RIGHT["char_loss"](ids, targets, weights, h0, *params)
        calls.append((ids, targets, weights, h0, hT))
        return loss, *grads, hT

    train(updates=3, char_loss=char_loss)
    ids = np.concatenate([call[0] for call in calls[:2]])
    np.testing.assert_array_equal(ids.T.ravel(), text[:-1])
    np.testing.assert_array_equal(calls[0][1][:-1], calls[0][0][1:])
    assert all(np.all(call[2] == 1) for call in calls)
    np.testing.assert_array_equal(calls[1][3], calls[0][4])
    assert not calls[2][3].any()  # the text begins anew
    np.testing.assert_array_equal(calls[2][0], calls[0][0])


def test_clipping_comes_before_the_step_with_the_documents_numbers():
    seen = {}

    def clip(grads, max_norm):
        seen["max_norm"] = max_norm
        return [np.full_like(g, 7.0) for g in grads], 1.0

    def step(params, grads, memory, lr):
        seen.update(lr=lr, clipped=all(np.all(g == 7) for g in grads))
        seen.setdefault("memory", sum(np.abs(m).sum() for m in memory))
        return params, memory

    train(updates=1, clip_by_global_norm=clip, adagrad_step=step)
    assert seen == {"max_norm": 5.0, "lr": 0.1, "clipped": True, "memory": 0.0}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_that_is_not_written_is_named(name):
    def stub(*args):
        raise NotImplementedError

    with pytest.raises(NotImplementedError, match=f"{name} is not written yet"):
        train(**{name: stub})


def spoil(name, change):
    return lambda *args: change(list(RIGHT[name](*args)))


@pytest.mark.parametrize("name", NAMES)
def test_a_function_that_raises_is_named_with_its_error(name):
    def broken(*args):
        return args[0]["nothing"]

    with pytest.raises(RuntimeError, match=rf"your {name} raised \w+Error: .*\(update 0\)"):
        train(**{name: broken})


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("char_loss", lambda r: r[:-1], "should return loss, dU, dW, dV, db, dc, hT, it returned"),
        ("char_loss", lambda r: None, "should return .*it returned None"),
        ("char_loss", lambda r: [r[0], r[1].T, *r[2:]], r"dU as an array of shape \(64, \d+\)"),
        ("char_loss", lambda r: [*r[:-1], r[-1].T], r"hT as an array of shape \(32, 64\)"),
        (
            "char_loss",
            lambda r: [*r[:4], r[4] * np.nan, *r[5:]],
            "db with numbers that are not fin",
        ),
        ("char_loss", lambda r: [*r[:4], r[4].astype(object), *r[5:]], "db as .* dtype object"),
        ("char_loss", lambda r: [np.inf, *r[1:]], "loss with numbers that are not finite"),
        ("char_loss", lambda r: [None, *r[1:]], "should return loss as a number, it returned None"),
        ("char_loss", lambda r: [[r[0]], *r[1:]], "loss as a number, it returned a list of 1"),
        ("clip_by_global_norm", lambda r: r[0], "should return grads, norm, it returned a list of"),
        ("clip_by_global_norm", lambda r: [r[0][:4], r[1]], "lists of 5 arrays, one was a list of"),
        ("adagrad_step", lambda r: [r[0], None], "lists of 5 arrays, one was None"),
        ("adagrad_step", lambda r: [r[0][::-1], r[1]], "should return U as an array of shape"),
    ],
)
def test_what_comes_back_wrong_is_said_in_the_functions_name(name, change, said):
    with pytest.raises(RuntimeError, match=f"your {name} .*{said}"):
        train(**{name: spoil(name, change)})


GATES = references("ps5_gates")
GATE_NAMES = ("lstm_forward", "lstm_backward")


def latch(updates=2, seed=0, progress=quiet, **replaced):
    functions = (replaced.get(name, GATES[name]) for name in GATE_NAMES)
    return train_latch(*functions, updates=updates, seed=seed, progress=progress)


def test_a_long_lag_lies_between_the_symbol_and_the_question():
    X, answers = draw_long_lag(np.random.default_rng(0), 50)
    ids = X.argmax(axis=-1)
    np.testing.assert_array_equal(X.sum(axis=-1), np.ones((62, 50)))
    np.testing.assert_array_equal(ids[0], answers)
    assert set(answers) == {0, 1, 2, 3}
    assert set(ids[1:-1].ravel()) == {4, 5, 6, 7}
    assert set(ids[-1]) == {8}


def test_the_latch_has_the_shapes_of_the_equations_and_follows_its_seed():
    first, again, other = latch(seed=1), latch(seed=1), latch(seed=2)
    shapes = {name: array.shape for name, array in first.items()}
    assert shapes == {"U": (64, 9), "W": (64, 16), "b": (64,), "V": (4, 16), "c": (4,)}
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["W"], other["W"])


def test_the_latch_begins_with_open_forget_gates_and_shows_sparse_progress():
    lines = []
    b = latch(updates=0)["b"].reshape(4, CELLS)
    np.testing.assert_array_equal(b, np.outer([0, 4, 0, 0], np.ones(CELLS)))
    latch(updates=3, progress=lines.append)
    assert len(lines) == 2
    assert lines[-1].startswith("update     2: ")


def test_only_the_last_step_has_a_loss_and_a_first_step_has_the_size_of_the_rate():
    seen = []

    def lstm_backward(dH, *rest):
        seen.append(dH.copy())
        return GATES["lstm_backward"](dH, *rest)

    before, after = latch(updates=0), latch(updates=1, lstm_backward=lstm_backward)
    assert not seen[0][:-1].any()
    assert seen[0][-1].any()
    np.testing.assert_allclose(np.abs(after["V"] - before["V"]), 0.002, rtol=1e-3)


def spoils(function):
    """The function, which then overwrites all arrays that it was given."""

    def spoiling(*args):
        result = deepcopy(function(*args))
        for arg in args:
            for array in arg if isinstance(arg, list) else [arg]:
                if isinstance(array, np.ndarray):
                    array[...] = 7
        return result

    return spoiling


@pytest.mark.parametrize(("loop", "functions"), [(train, RIGHT), (latch, GATES)])
def test_what_a_function_does_to_its_arguments_does_not_reach_the_loop(loop, functions):
    spoiled = loop(**{name: spoils(function) for name, function in functions.items()})
    right = loop()
    assert all(np.array_equal(spoiled[name], right[name]) for name in right)


def test_large_numbers_are_trained_with_and_do_not_overflow():
    def huge(name):
        return lambda *args: [np.full_like(array, 9e49) for array in GATES[name](*args)]

    params = latch(**{name: huge(name) for name in GATE_NAMES})
    assert all(np.isfinite(array).all() for array in params.values())


@pytest.mark.parametrize("name", GATE_NAMES)
def test_a_gated_function_that_is_not_written_or_returns_nothing_is_named(name):
    def stub(*args):
        raise NotImplementedError

    with pytest.raises(NotImplementedError, match=f"{name} is not written yet"):
        latch(**{name: stub})
    with pytest.raises(RuntimeError, match=f"your {name} should return .*it returned None"):
        latch(**{name: lambda *args: None})


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("lstm_forward", lambda r: r[0], "should return H, C, it returned an array"),
        ("lstm_forward", lambda r: [r[0], r[1][-1]], r"C as an array of shape \(62, 16, 16\)"),
        ("lstm_backward", lambda r: r[:-1], "should return dX, dh0, dc0, dU, dW, db, it returned"),
        ("lstm_backward", lambda r: [*r[:3], r[3].T, *r[4:]], r"dU as an array of shape \(64, 9\)"),
        ("lstm_backward", lambda r: [*r[:5], r[5] * np.nan], "db with numbers that are not finite"),
        ("lstm_backward", lambda r: [*r[:5], r[5] + 1e200], "db with .* or larger than 1e.50"),
    ],
)
def test_what_a_gated_function_returns_wrong_is_said_in_its_name(name, change, said):
    with pytest.raises(RuntimeError, match=f"your {name} .*{said}"):
        latch(**{name: lambda *args: change(list(GATES[name](*args)))})
