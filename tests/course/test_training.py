"""The given training loop: what it does with a student's functions, and what it says of them."""

import numpy as np
import pytest

from rnnref.checks import references
from rnnref.course import training
from rnnref.course.training import character_data, train_characters

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
    monkeypatch.setattr(training, "character_data", lambda: (character_data()[0], text, text))
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
        ("char_loss", lambda r: [np.inf, *r[1:]], "loss with numbers that are not finite"),
        ("clip_by_global_norm", lambda r: r[0], "should return grads, norm, it returned a list of"),
        ("clip_by_global_norm", lambda r: [r[0][:4], r[1]], "lists of 5 arrays, one was a list of"),
        ("adagrad_step", lambda r: [r[0], None], "lists of 5 arrays, one was None"),
        ("adagrad_step", lambda r: [r[0][::-1], r[1]], "should return U as an array of shape"),
    ],
)
def test_what_comes_back_wrong_is_said_in_the_functions_name(name, change, said):
    with pytest.raises(RuntimeError, match=f"your {name} .*{said}"):
        train(**{name: spoil(name, change)})
