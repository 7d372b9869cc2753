"""The trained reader of words: right gradients stay below the limit, wrong ones do not."""

import numpy as np
import pytest

from rnnref.checks import references, table
from rnnref.checks.ps7_scene_text import trained_model
from rnnref.course.training import train_words
from rnnref.engine.outcome import Outcome

SEEDS = range(2)  # the numbers beside the limit are those of range(10), with loops of range(3)
TABLE = table("ps7_scene_text")
RIGHT = references("ps7_scene_text")["ctc_loss_grad"]
STYLES = {f.__name__: f for f in TABLE["ctc_loss_grad"].alternatives}


def train(ctc_loss_grad, seed=0):
    return train_words(ctc_loss_grad, seed=seed, progress=lambda line: None)


def blank():
    return {name: np.zeros(shape) for name, shape in trained_model.EXERCISE.shapes.items()}


def mistake(name):
    return next(m.wrong for m in TABLE["ctc_loss_grad"].mistakes if m.name == name)


def test_the_limit_is_far_below_the_fixed_width_reader():
    assert trained_model.limit() == 0.1
    assert 0.3 < trained_model.fixed_width_error() < 0.7


def test_a_model_that_knows_nothing_reads_nothing():
    assert trained_model.measure(blank()) == pytest.approx(1.0)
    report = trained_model.EXERCISE.examine(Outcome(blank()))
    assert (report.state, report.points) == ("wrong", 0)
    assert report.sentence.startswith("1.00 errors")


@pytest.mark.parametrize("size", [1e3, 1e200, 1e308])
def test_absurd_parameters_are_wrong_and_no_error(size):
    absurd = {name: array + size for name, array in blank().items()}
    assert trained_model.EXERCISE.examine(Outcome(absurd)).points == 0


@pytest.mark.slow
def test_what_the_right_function_trains_gets_the_points():
    report = trained_model.EXERCISE.examine(Outcome(train(RIGHT)))
    assert (report.state, report.points) == ("right", 5), report.sentence


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "with respect to the log-probabilities",
        "the blank's share is missing",
        "the future is not asked",
    ],
)
def test_a_mistake_that_spoils_learning_misses_the_limit(name):
    params = train(mistake(name))
    assert trained_model.measure(params) > trained_model.limit()


@pytest.mark.slow
@pytest.mark.parametrize("style", ["vectors", "loops"])
def test_right_solutions_stay_clear_of_the_limit_by_five_times_their_spread(style):
    """With -s it prints the numbers; those that stand beside the limit are of more seeds."""
    rates = [trained_model.measure(train(STYLES[style], seed)) for seed in SEEDS]
    spread = np.std(rates, ddof=1)
    print(f"{style}: {np.mean(rates):.4f} ± {spread:.4f}, at most {max(rates):.4f}")
    assert max(rates) + 5 * spread < trained_model.limit()
