"""The training loop: what it does, when it stops, what it says."""

import itertools
import math
import sys
from functools import partial

import numpy as np
import pytest

from rnnref import (
    RNNParams,
    ShapeError,
    adam_step,
    clip_by_global_norm,
    fit,
    momentum_step,
    sgd_step,
)

fit = partial(fit, progress=False)
sgd = partial(fit, optimiser="sgd")


def bowl(w, target):
    """Return ‖w − target‖² and its gradient."""
    return float(np.sum((w - target) ** 2)), 2 * (w - target)


def count_up(w, batch):
    """Return a gradient with which each step of gradient descent with lr = 1 adds 1."""
    return 0.0, -np.ones_like(w)


def at_one_by_one(batches, **options):
    """Return the batches that updates were made with, in order."""
    seen = []

    def loss_and_grads(w, batch):
        seen.append(batch)
        return 0.0, np.zeros_like(w)

    result = sgd(loss_and_grads, np.zeros(1), batches, lr=0, **options)
    assert result.history.updates.tolist() == list(range(1, len(seen) + 1))
    return seen


def validated(curve, updates=None, **options):
    """Train where the validation loss after update u is curve[u − 1]."""
    return sgd(
        count_up,
        np.zeros(1),
        [None],
        updates=updates or len(curve),
        lr=1,
        validate=lambda w: curve[int(w[0]) - 1],
        **options,
    )


def test_the_loop_written_out():
    targets = np.random.default_rng(0).normal(size=(20, 3))
    start, clip = np.ones(3), 1.5
    w, state, losses, norms = start, None, [], []
    for target in targets:
        loss, g = bowl(w, target)
        g, norm = clip_by_global_norm(g, clip)
        w, state = adam_step(w, g, state, lr=0.1, beta1=0.8)
        losses.append(loss)
        norms.append(norm)
    result = fit(bowl, start, targets, clip=clip, lr=0.1, beta1=0.8)
    np.testing.assert_array_equal(result.params, w)
    np.testing.assert_array_equal(result.last, w)
    np.testing.assert_array_equal(result.history.losses, losses)
    np.testing.assert_array_equal(result.history.norms, norms)
    assert max(norms) > clip > min(norms)
    assert result.best == 20
    assert start.tolist() == [1, 1, 1]


@pytest.mark.parametrize("optimiser", ["adagrad", "adam", "momentum", "rmsprop", "sgd"])
def test_each_optimiser_finds_the_bottom_and_always_the_same(optimiser):
    run = partial(fit, bowl, np.zeros(2), [np.ones(2)], updates=400, optimiser=optimiser, lr=0.05)
    result = run()
    np.testing.assert_allclose(result.params, 1, atol=0.06)
    assert result.history.losses[-1] < 0.01 * result.history.losses[0]
    again = run()
    np.testing.assert_array_equal(again.params, result.params)
    np.testing.assert_array_equal(again.history.losses, result.history.losses)


def test_any_step_function_is_an_optimiser():
    named = fit(bowl, np.zeros(2), [np.ones(2)], updates=9, optimiser="momentum", lr=0.1)
    given = fit(bowl, np.zeros(2), [np.ones(2)], updates=9, optimiser=momentum_step, lr=0.1)
    bound = partial(momentum_step, lr=0.1)
    closed = fit(bowl, np.zeros(2), [np.ones(2)], updates=9, optimiser=bound)
    np.testing.assert_array_equal(given.params, named.params)
    np.testing.assert_array_equal(closed.params, named.params)


def test_a_step_of_ones_own_may_count_updates():
    def falling(params, grads, state):
        t = 1 if state is None else state + 1
        return sgd_step(params, grads, lr=1 / t), t

    result = fit(count_up, np.zeros(1), [None], updates=4, optimiser=falling)
    assert result.params.item() == pytest.approx(1 + 1 / 2 + 1 / 3 + 1 / 4)


def test_trees_in_trees_out():
    params = RNNParams(np.ones((2, 1)), np.ones((2, 2)), np.ones(2)), None

    def loss_and_grads(params, batch):
        net, _ = params
        return sum(float(np.sum(p**2)) for p in net), (RNNParams(*(2 * p for p in net)), None)

    (net, nothing), *_ = sgd(loss_and_grads, params, [None], updates=5, lr=0.25)
    assert type(net) is RNNParams
    assert nothing is None
    assert all(np.all(p == 2**-5) for p in net)


def test_without_limits_there_is_one_epoch():
    assert at_one_by_one("abc") == ["a", "b", "c"]
    assert at_one_by_one(iter("abc")) == ["a", "b", "c"]
    assert at_one_by_one(lambda: "abc") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("updates", "epochs", "expected"),
    [
        (None, 2, "abcabc"),
        (2, None, "ab"),
        (3, None, "abc"),
        (7, None, "abcabca"),
        (4, 2, "abca"),
        (9, 2, "abcabc"),
    ],
)
@pytest.mark.parametrize("batches", ["abc", lambda: iter("abc")])
def test_the_first_limit_counts(batches, updates, epochs, expected):
    assert "".join(at_one_by_one(batches, updates=updates, epochs=epochs)) == expected


def test_an_endless_iterator_gives_no_batch_more_than_needed():
    numbers = itertools.count()
    assert at_one_by_one(numbers, updates=5) == [0, 1, 2, 3, 4]
    assert next(numbers) == 5


def test_an_iterator_may_end_before_the_updates_do():
    assert at_one_by_one(iter("abc"), updates=5) == ["a", "b", "c"]


def test_a_callable_may_draw_a_new_order_for_each_epoch():
    rng = np.random.default_rng(0)
    seen = at_one_by_one(lambda: rng.permutation(8), epochs=2)
    assert sorted(seen[:8]) == sorted(seen[8:]) == list(range(8))
    assert seen[:8] != seen[8:]


def test_none_is_a_batch():
    assert at_one_by_one([None], updates=2) == [None, None]


def test_validation_after_so_many_updates_and_the_last():
    history = validated(range(8), every=3).history
    assert history.validation_updates.tolist() == [3, 6, 8]
    assert history.validation_losses.tolist() == [2, 5, 7]


def test_the_last_update_is_validated_once():
    assert validated(range(6), every=3).history.validation_updates.tolist() == [3, 6]
    assert validated(range(2), every=5).history.validation_updates.tolist() == [2]


def test_validation_after_each_epoch():
    run = partial(sgd, count_up, np.zeros(1), "abc", lr=1, validate=lambda w: float(w[0]))
    assert run(epochs=2).history.validation_updates.tolist() == [3, 6]
    assert run(updates=7).history.validation_updates.tolist() == [3, 6, 7]
    assert run(updates=6).history.validation_updates.tolist() == [3, 6]


def early_stopping(losses, patience):
    """Return the index of the best and of the last validation, by the exercise's words."""
    for stop in range(len(losses)):
        best = losses.index(min(losses[: stop + 1]))
        if stop - best >= patience:
            return best, stop
    return best, stop


@pytest.mark.parametrize(
    ("curve", "patience", "best", "last"),
    [
        ([5, 4, 3, 2, 1], 1, 5, 5),
        ([5, 4, 6, 3, 2], 1, 2, 3),
        ([5, 4, 6, 3, 2], 2, 5, 5),
        ([3, 4, 5, 6, 1], 3, 1, 4),
        ([3, 3, 3, 3], 2, 1, 3),  # an equal is no new lowest
        ([3, 2, 2, 1, 1, 1], 2, 4, 6),
        ([math.inf, 4, 5, 6], 2, 2, 4),
        ([math.inf, math.inf, math.inf], 2, 1, 3),
        ([1], 1, 1, 1),
    ],
)
def test_early_stopping_by_hand(curve, patience, best, last):
    result = validated(curve, every=1, patience=patience)
    assert result.best == best
    assert result.params.tolist() == [best]
    assert result.last.tolist() == [last]
    assert result.history.updates[-1] == last
    assert result.history.validation_losses.tolist() == curve[:last]


@pytest.mark.parametrize("patience", [1, 2, 3, 20])
def test_early_stopping_is_that_of_the_exercise(patience):
    rng = np.random.default_rng(patience)
    for _ in range(30):
        curve = rng.integers(6, size=rng.integers(1, 12)).tolist()
        result = validated(curve, every=1, patience=patience)
        best, stop = early_stopping(curve, patience)
        assert (result.best, result.history.updates[-1]) == (best + 1, stop + 1)


def test_patience_counts_validations_not_updates():
    result = validated([9, 1, 9, 9, 9, 9, 9, 9, 9, 9], every=2, patience=2)
    assert (result.best, result.history.updates[-1]) == (2, 6)


def test_without_patience_the_best_is_kept_and_training_goes_on():
    result = validated([3, 1, 2, 2, 1], every=1)
    assert (result.best, result.params.item(), result.last.item()) == (2, 2, 5)


def test_the_history_is_of_arrays():
    history = validated([3, 1, 2, 2, 1], every=2).history
    assert {type(part) for part in history} == {np.ndarray}
    assert [part.dtype.kind for part in history] == list("ifffif")
    assert [len(part) for part in history] == [5, 5, 5, 5, 3, 3]
    assert np.all(np.diff(history.seconds, prepend=0) > 0)


def test_no_validation_no_validation_losses():
    history = sgd(count_up, np.zeros(1), [None], lr=1).history
    assert history.validation_updates.shape == history.validation_losses.shape == (0,)


def in_terminal(monkeypatch, answer):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: answer)


def test_progress_outside_a_terminal_is_a_few_lines(capsys, monkeypatch):
    in_terminal(monkeypatch, False)
    losses = iter(range(1, 100))
    sgd(
        lambda w, batch: (float(next(losses)), np.zeros(1)),
        np.zeros(1),
        [None],
        updates=23,
        lr=0,
        validate=lambda w: 0.25,
        every=10,
        progress=True,
    )
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "update 1: loss 1",
        "update 2: loss 2",
        "update 5: loss 5",
        "update 10: loss 10, validation 0.25",
        "update 20: loss 20, validation 0.25",
        "update 23: loss 23, validation 0.25",
    ]


def test_the_last_line_comes_once_and_with_the_last_validation(capsys, monkeypatch):
    in_terminal(monkeypatch, False)
    validated([3, 2], progress=True)
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "update 1: loss 0, validation 3",
        "update 2: loss 0, validation 2",
    ]


def test_progress_in_a_terminal_is_a_bar(capsys, monkeypatch):
    in_terminal(monkeypatch, True)
    validated([3, 2, 1], every=1, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "3/3" in err
    assert "loss 0, validation 1" in err


@pytest.mark.parametrize("terminal", [True, False])
def test_no_progress_is_quiet(capsys, monkeypatch, terminal):
    in_terminal(monkeypatch, terminal)
    validated([3, 2, 1], every=1)
    assert capsys.readouterr() == ("", "")


def test_the_last_line_is_shown_before_an_error(capsys, monkeypatch):
    in_terminal(monkeypatch, False)
    losses = iter([3.0, 2.5, 2.0, math.nan])
    with pytest.raises(FloatingPointError):
        sgd(lambda w, b: (next(losses), w), np.zeros(1), "abcd", lr=0, progress=True)
    assert capsys.readouterr().out.splitlines()[-1] == "update 3: loss 2"


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf, np.float32("nan")])
def test_a_loss_that_is_not_finite_ends_training(loss):
    losses = iter([3.0, 2.0, loss])
    with pytest.raises(FloatingPointError) as raised:
        sgd(lambda w, batch: (next(losses), np.zeros(1)), np.zeros(1), "abcd", lr=0.1)
    assert str(raised.value) == (
        f"fit: the loss at update 3 is {float(loss)}: clip the gradients (clip=…) or lower lr"
    )


@pytest.mark.parametrize("clip", [None, 1])
def test_so_does_a_gradient_that_is_not_finite(clip):
    grads = iter([1.0, np.nan])
    message = r"fit: the norm of the gradient at update 2 is nan: clip the gradients \(clip=…\) or"
    with pytest.raises(FloatingPointError, match=message):
        sgd(lambda w, b: (1.0, np.array([next(grads)])), np.zeros(1), "abcd", lr=0.1, clip=clip)


def test_so_does_a_validation_loss_of_nan():
    with pytest.raises(FloatingPointError, match="fit: the validation loss after update 2 is nan"):
        validated([3, math.nan, 2], every=1)


def test_divergence_is_found_by_its_update():
    # Each step multiplies w by −3: the loss, 9^(u − 1), leaves float64 at update 324.
    with (
        pytest.raises(FloatingPointError, match=r"at update \d+ is inf"),
        np.errstate(all="ignore"),
    ):
        sgd(bowl, np.ones(1), [np.zeros(1)], updates=1000, lr=2)


def test_clipping_prevents_it():
    result = sgd(bowl, np.ones(1), [np.zeros(1)], updates=1000, lr=2, clip=0.01)
    assert np.abs(result.params).max() <= 1


def test_gradients_unlike_the_parameters():
    with pytest.raises(ShapeError, match="sgd_step: grads must be built like params"):
        sgd(lambda w, batch: (0.0, np.zeros(2)), np.zeros(3), "a", lr=1)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"optimiser": "adamw"},
            ValueError,
            "optimiser must be one of 'adagrad', 'adam', 'momentum', 'rmsprop', 'sgd', got 'adamw'",
        ),
        ({"batches": 3}, TypeError, "batches must be an iterable or a callable, got int"),
        ({"batches": []}, ValueError, "batches must give at least one batch, got none in epoch 1"),
        (
            {"batches": iter("abc"), "epochs": 2},
            ValueError,
            "epochs must be 1 if batches is an iterator, got 2",
        ),
        (
            {"batches": iter("abc").__iter__, "epochs": 2},
            ValueError,
            "batches must give at least one batch, got none in epoch 2",
        ),
        ({"updates": 0}, ValueError, "updates must be at least 1, got 0"),
        ({"updates": 1.5}, TypeError, "updates must be an integer, got float"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"clip": -1}, ValueError, "clip must be at least 0, got -1.0"),
        ({"clip": "1"}, TypeError, "clip must be a number, got str"),
        ({"every": 2}, ValueError, "every must be None without validate, got 2"),
        ({"patience": 2}, ValueError, "patience must be None without validate, got 2"),
        ({"validate": len, "every": 0}, ValueError, "every must be at least 1, got 0"),
        ({"validate": len, "patience": 0}, ValueError, "patience must be at least 1, got 0"),
    ],
)
def test_errors_name_what_is_wrong(change, error, message):
    arguments = {"loss_and_grads": count_up, "params": np.zeros(1), "batches": "abc", **change}
    with pytest.raises(error) as raised:
        fit(**arguments)
    assert str(raised.value) == f"fit: {message}"


def test_an_option_that_the_optimiser_does_not_know():
    with pytest.raises(TypeError, match="patince"):
        fit(count_up, np.zeros(1), "abc", patince=3)
