"""What came from chance: agreement within its errors, in checks from first to last."""

import numpy as np
import pytest

from rnnref.engine.examine import examine
from rnnref.engine.exercise import Exercise, Mistake, plain
from rnnref.engine.outcome import local
from rnnref.engine.sampled import Sampled
from rnnref.engine.stored import load, save

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


def average(scale, rng, n=50):
    """The mean of n numbers between 0 and `scale`."""
    return Sampled.forecast(scale * np.random.default_rng(0).random(10_000), n)


def by_sum(scale, rng, n=50):
    return sum(rng.random(n)) * scale / n


def by_array(scale, rng, n=50):
    return (scale * rng.random(n)).mean()


def sum_for_mean(scale, rng, n=50):
    return (scale * rng.random(n)).sum()


def middle(scale, rng, n=50):
    return 0.6 * scale


def average_cases(rng):
    yield plain("50 draws", rng.uniform(1, 2), rng.spawn(1)[0])
    yield plain("400 draws", rng.uniform(1, 2), rng.spawn(1)[0], 400)


AVERAGE = Exercise(
    name="average",
    points=4,
    returns="average",
    reference=average,
    cases=average_cases,
    observe="mean of draws",
    repeats=10,
    alternatives=(by_sum, by_array),
    mistakes=(Mistake("a sum", sum_for_mean, "You add them up.", "What is a mean?"),),
)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("function", [average, by_sum, by_array])
def test_any_mean_of_draws_is_right(function, seed):
    assert examine(AVERAGE.sheet(seed), local(function)).state == "right"


@pytest.mark.parametrize("seed", range(10))
def test_a_mistake_in_a_mean_is_named_whatever_is_drawn(seed):
    def other_draws(scale, rng, n=50):
        return sum_for_mean(scale, rng.spawn(1)[0], n)

    report = examine(AVERAGE.sheet(seed), local(other_draws))
    assert (report.state, report.mistake) == ("wrong", "a sum")


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (middle, "should be about"),
        (lambda scale, rng, n=50: rng.random(n), "return a number; yours is an array"),
        (lambda scale, rng, n=50: None, "return a number; yours is None"),
        (lambda scale, rng, n=50: np.nan, "return a finite number; yours is nan"),
    ],
)
def test_another_number_than_the_mean_gets_a_true_sentence(function, sentence):
    report = examine(AVERAGE.sheet(0), local(function))
    assert (report.state, report.mistake) == ("wrong", None)
    assert sentence in report.sentence


def test_a_mean_of_draws_can_be_stored(tmp_path):
    save(tmp_path / "checks.npz", [AVERAGE.sheet(0)])
    stored = load(tmp_path / "checks.npz")["average"]
    for function in (by_sum, by_array, sum_for_mean, middle):
        assert examine(stored, local(function)) == examine(AVERAGE.sheet(0), local(function))


def test_a_forecast_says_how_far_the_mean_of_more_draws_may_lie():
    draws = np.array([1.0, 2.0, 3.0, 6.0])
    found = Sampled.forecast(draws, 16)
    assert found.mean == 3.0
    np.testing.assert_allclose(found.error**2, draws.var(ddof=1) * (1 / 4 + 1 / 16))
