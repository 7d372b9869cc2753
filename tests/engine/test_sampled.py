"""What came from chance: agreement within its errors, in checks from first to last."""

import numpy as np
import pytest

from rnnref.engine.examine import examine
from rnnref.engine.exercise import Exercise, Mistake, plain
from rnnref.engine.outcome import local
from rnnref.engine.sampled import Sampled

COLD = np.array([0.7, 0.2, 0.1])


def write(first_id, h0, U, W, V, b, c, n, rng):
    """A chain: the next symbol is the last one, moved on by 0, 1 or 2 with probabilities c."""
    return (first_id + np.cumsum(rng.choice(3, p=c, size=n))) % 3


def by_uniform(first_id, h0, U, W, V, b, c, n, rng):
    moves = np.searchsorted(np.cumsum(c), rng.random(n))
    return (first_id + np.cumsum(moves)) % 3


def backwards(first_id, h0, U, W, V, b, c, n, rng):
    moves = np.searchsorted(np.cumsum(c), rng.random(n))
    return (first_id - np.cumsum(moves)) % 3


def cases(rng):
    zero = np.zeros(1)
    yield plain("20,000 draws", 0, zero, zero, zero, zero, zero, COLD, 20_000, rng.spawn(1)[0])
    yield plain("10,000 draws", 2, zero, zero, zero, zero, zero, COLD, 10_000, rng.spawn(1)[0])


EXERCISE = Exercise(
    name="write",
    points=4,
    returns="frequencies (last but one, last, next)",
    reference=write,
    cases=cases,
    observe="transitions",
    alternatives=(by_uniform,),
    mistakes=(Mistake("the wrong way round", backwards, "It turns back.", "Which way?"),),
)


@pytest.mark.parametrize("seed", range(10))
def test_any_way_of_drawing_is_right(seed):
    sheet = EXERCISE.sheet(seed)
    for function in (write, by_uniform):
        assert examine(sheet, local(function)).state == "right"


def test_a_mistake_is_named_whatever_is_drawn():
    report = examine(EXERCISE.sheet(0), local(backwards))
    assert (report.state, report.mistake) == ("wrong", "the wrong way round")


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda *args: [0] * args[7], "return an array of 20000 integer ids; yours is a list"),
        (lambda *args: np.zeros(args[7]), "dtype float64"),
        (lambda *args: np.full(args[7], 3), "ids lie in 0 … 2; one of yours is 3"),
        (lambda *args: args[8].integers(3, size=args[7]), "should be about"),
    ],
)
def test_other_wrong_answers_get_a_true_sentence(function, sentence):
    report = examine(EXERCISE.sheet(0), local(function))
    assert report.state == "wrong"
    assert report.mistake is None
    assert sentence in report.sentence


def test_shares():
    found = Sampled.shares(np.array([[3, 1], [0, 0]]))
    np.testing.assert_allclose(found.mean, [[0.75, 0.25], [0, 0]])
    assert np.all(np.isinf(found.error[1]))
    assert np.all(found.error[0] > 0)


def test_shares_of_the_same_coin_agree_and_of_another_do_not():
    rng = np.random.default_rng(0)
    fair = [Sampled.shares(rng.multinomial(2000, [0.5, 0.5], size=50)) for _ in range(2)]
    bent = Sampled.shares(rng.multinomial(2000, [0.6, 0.4], size=50))
    assert fair[0].agrees(fair[1])
    assert not fair[0].agrees(bent)
    assert not fair[0].agrees(Sampled(np.zeros(3), np.zeros(3)))
