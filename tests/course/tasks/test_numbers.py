"""Sequences of numbers: targets agree with a plain rule, chance is what is said."""

import numpy as np
import pytest

from rnnref.course.tasks import (
    adding_problem,
    copy_memory,
    draw_adding_problem,
    draw_copy_memory,
    forward_accuracy,
    larger_sum,
    parity,
    running_sum,
    window_sign,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_running_sum(rng):
    x, y = running_sum(rng, 6, 4)
    assert x.shape == y.shape == (6, 4, 1)
    for b in range(4):
        total = 0.0
        for t in range(6):
            total += x[t, b, 0]
            assert y[t, b, 0] == total  # exactly: halves have no rounding
    values, _ = running_sum(rng, 50, 50)
    assert set(np.unique(values)) == set(np.arange(-4, 5) / 2)


def test_larger_sum(rng):
    x, y = larger_sum(rng, 6, 400)
    assert x.shape == (6, 400, 2)
    assert y.shape == (6, 400, 1)
    for b in range(400):
        for t in range(6):
            first, second = (sum(x[: t + 1, b, i]) for i in (0, 1))
            assert y[t, b, 0] == float(first > second)
    assert abs(y.mean() - 0.5) < 0.05


def test_parity(rng):
    x, y = parity(rng, 6, 400)
    for b in range(400):
        odd = False
        for t in range(6):
            odd ^= bool(x[t, b, 0])
            assert y[t, b, 0] == float(odd)
    assert set(np.unique(x)) == {0.0, 1.0}
    # Whoever misses the first bit knows nothing.
    rest = (y[-1] + x[0]) % 2
    assert abs(np.mean(rest == y[-1]) - 0.5) < 0.1


@pytest.mark.parametrize("window", [(-1, 1), (0, 2), (2, 3), (-2, -1), (-9, 9), (0, 0)])
def test_window_sign(rng, window):
    first, last = window
    x, y = window_sign(rng, 5, 30, first=first, last=last)
    for b in range(30):
        for t in range(5):
            inside = [x[s, b, 0] for s in range(t + first, t + last + 1) if 0 <= s < 5]
            assert y[t, b, 0] == float(sum(inside) > 0)


@pytest.mark.parametrize("window", [(-1, 1), (0, 3), (2, 2), (-3, 0), (-2, 1)])
def test_the_best_forward_guess_is_as_good_as_said(rng, window):
    first, last = window
    x, y = window_sign(rng, 40, 1000, first=first, last=last)
    inner = range(3, 36)
    guess = np.stack([x[t + first : t + min(last, 0) + 1, :, 0].sum(axis=0) > 0 for t in inner])
    right = np.mean(guess == y[3:36, :, 0])
    assert abs(right - forward_accuracy(first, last)) < 0.01


def test_adding_problem(rng):
    x, y = adding_problem(rng, 9, 5000)
    values, marks = x[..., 0], x[..., 1]
    assert y.shape == (5000, 1)
    np.testing.assert_allclose((values * marks).sum(axis=0), y[:, 0], rtol=1e-15)
    np.testing.assert_array_equal(marks[:4].sum(axis=0), 1)
    np.testing.assert_array_equal(marks[4:].sum(axis=0), 1)
    assert values.min() >= 0
    assert values.max() <= 1
    assert abs(np.mean((y - 1) ** 2) - 1 / 6) < 0.01


@pytest.mark.parametrize(("lag", "length", "distractors"), [(0, 1, 1), (5, 1, 3), (4, 3, 1)])
def test_copy_memory(rng, lag, length, distractors):
    ids, y = copy_memory(rng, lag, 2000, symbols=4, distractors=distractors, length=length)
    assert ids.shape == (2 * length + lag, 2000)
    np.testing.assert_array_equal(ids[:length], y)
    assert set(np.unique(ids[length : length + lag])) == set(
        range(4, 4 + distractors) if lag else []
    )
    np.testing.assert_array_equal(ids[length + lag :], 4 + distractors)
    shares = np.bincount(y.ravel(), minlength=4) / y.size
    np.testing.assert_allclose(shares, 1 / 4, atol=0.05)


def test_the_picture_of_the_adding_problem_adds_up():
    from matplotlib.figure import Figure

    x, y = adding_problem(np.random.default_rng(3), 12, 4)
    for b in range(4):
        ax = Figure().subplots()
        rest, kept = draw_adding_problem(ax, x, y, sequence=b)
        heights = [bar.get_height() for bar in kept]
        assert np.nansum(heights) == pytest.approx(y[b, 0])
        assert np.isnan([bar.get_height() for bar in rest]).sum() == 2


def test_the_picture_of_the_copy_task_names_symbols_and_answers():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    ids, y = np.array([[2], [0], [4], [5], [6], [6]]), np.array([[2], [0]])
    draw_copy_memory(ax, ids, y, symbols=4, distractors=2)
    assert [text.get_text() for text in ax.texts] == [*"CAab??", *"CA"]


@pytest.mark.parametrize(
    ("function", "arguments", "options", "error", "message"),
    [
        (running_sum, (0, 2), {}, ValueError, "T must be at least 1, got 0"),
        (parity, (3.0, 2), {}, TypeError, "T must be an integer, got float"),
        (adding_problem, (1, 2), {}, ValueError, "T must be at least 2, got 1"),
        (copy_memory, (-1, 2), {}, ValueError, "lag must be at least 0, got -1"),
        (copy_memory, (3, 2), {"symbols": 1}, ValueError, "symbols must be at least 2, got 1"),
        (copy_memory, (3, 2), {"length": 0}, ValueError, "length must be at least 1, got 0"),
        (window_sign, (3, 2), {"first": 2}, ValueError, "last must be at least 2, got 1"),
        (window_sign, (3, 2), {"first": 0.5}, TypeError, "first must be an integer, got float"),
    ],
)
def test_errors(rng, function, arguments, options, error, message):
    with pytest.raises(error, match=f"^{function.__name__}: {message}"):
        function(rng, *arguments, **options)
