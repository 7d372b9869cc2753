"""Sentences for wrong answers that have no name: true, and as near to the slip as may be."""

import numpy as np
import pytest

from rnnref.engine.examine import examine
from rnnref.engine.exercise import Exercise, plain, strict
from rnnref.engine.outcome import local


def sums(x, y):
    """Sums from each step to the last, a total, and the mean of the rows of y."""
    return {"rest": np.cumsum(x[::-1])[::-1].copy(), "total": x.sum(), "mean": y.mean(axis=0)}


def cases(rng):
    for T, B in ((5, 3), (7, 4), (6, 2)):
        yield plain(f"T = {T}", rng.normal(size=T) + 3, rng.normal(size=(B, 2)) + 3)
    yield strict("large numbers", np.full(3, 1e200), np.full((2, 2), 1e200))


EXERCISE = Exercise(
    name="sums",
    points=4,
    returns="rest (T,), total, mean (K,)",
    reference=sums,
    cases=cases,
)


def cut_at_two(x, y):
    right = sums(x, y)
    right["rest"][:2] -= x[2:].sum() / 2
    return right


def late(x, y):
    right = sums(x, y)
    right["rest"] = np.concatenate([[0.5], right["rest"][:-1]])
    return right


def changed(key, value):
    def function(x, y):
        return {**sums(x, y), key: value(sums(x, y)[key], x, y)}

    return function


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (cut_at_two, "right after this time step (index 1), wrong up to it"),
        (late, "total and mean are right, rest not: rest is late by one step"),
        (changed("total", lambda v, x, y: -v), "total has the wrong sign."),
        (changed("total", lambda v, x, y: -2 * v), "total is −2 times what it should be."),
        (changed("rest", lambda v, x, y: v / len(x)), "rest is 1/T of what it should be"),
        (changed("mean", lambda v, x, y: -v), "mean has the wrong sign, everywhere."),
        (changed("total", lambda v, x, y: v * (1 + 3e-6)), "total is 1.000003 times"),
        (lambda x, y: {"rest": x, "total": 1.0}, "yours lacks 'mean'"),
        (lambda x, y: {**sums(x, y), "sum": 1.0}, "yours also has 'sum'"),
        (lambda x, y: [], "return a dict with exactly the keys 'rest', 'total', 'mean'"),
    ],
)
def test_the_sentence(function, sentence):
    report = examine(EXERCISE.sheet(0), local(function))
    assert report.state == "wrong"
    assert sentence in report.sentence


def test_close_numbers_are_told_apart():
    half = Exercise("half", 1, "half", lambda x: x / 2, lambda rng: [plain("five", 5.0)])
    report = examine(half.sheet(0), local(lambda x: x / 2 * (1 + 1.5e-6)))
    assert "half should be 2.5, yours is 2.50000375." in report.sentence


def test_a_list_of_names_is_shown_whole():
    names = Exercise("names", 1, "names", lambda x: ["W"], lambda rng: [plain("one", rng.normal())])
    report = examine(names.sheet(0), local(lambda x: []))
    assert "names should be ['W'], yours is []" in report.sentence


def test_arguments_that_are_changed_are_told_in_the_plural():
    def writes(x, y):
        result = sums(x, y)
        x[0] = y[0] = 0
        return result

    sentence = examine(EXERCISE.sheet(0), local(writes)).sentence
    assert "the result is right, but your function changes its arguments x and y" in sentence
    assert "work on copies" in sentence


def test_a_minibatch_that_only_the_arguments_show():
    total = Exercise(
        "total",
        1,
        "total (D,)",
        lambda X, ids: X.sum(axis=(0, 1)) / X.shape[1],
        lambda rng: [plain("any", rng.normal(size=(4, 3, 2)) + 3, np.array([1, 2]))] * 2,
    )
    report = examine(total.sheet(0), local(lambda X, ids: X.sum(axis=(0, 1)) / X.shape[1] ** 2))
    assert "total is 0.333333 times what it should be" in report.sentence
    assert "(Called with X of shape (4, 3, 2), ids = [1, 2].)" in report.sentence


def test_a_factor_that_is_the_minibatch():
    def mean(X):
        return X.mean(axis=(0, 1)) * len(X)

    sizes = [(4, 3, 2), (2, 5, 3)]
    exercise = Exercise(
        "total",
        1,
        "total (D,)",
        mean,
        lambda rng: [plain(f"{size}", rng.normal(size=size) + 3) for size in sizes],
    )
    report = examine(exercise.sheet(0), local(lambda X: X.sum(axis=(0, 1))))
    assert "total is B times what it should be, everywhere" in report.sentence


def test_a_wrong_truth_value_and_a_list_of_ids():
    even = Exercise(
        "even",
        1,
        "even (T,)",
        lambda ids: np.array(ids) % 2 == 0,
        lambda rng: [plain("any", rng.integers(0, 9, 4).tolist())],
    )
    report = examine(even.sheet(3), local(lambda ids: np.array(ids) % 2 == 1))
    assert "even[0] should be " in report.sentence
    assert "(Called with ids = [" in report.sentence
