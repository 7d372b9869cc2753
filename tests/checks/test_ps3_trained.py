"""The trained character model: right gradients stay below the limit, wrong ones do not."""

import numpy as np
import pytest

from rnnref.checks import references, table
from rnnref.checks.ps3_bptt import trained_model
from rnnref.course.training import train_characters
from rnnref.engine.outcome import Outcome

SEEDS = 3  # ten for the numbers that stand beside the limit
TABLE = table("ps3_bptt")
RIGHT = references("ps3_bptt")
STYLES = {f.__name__: f for f in (RIGHT["char_loss"], *TABLE["char_loss"].alternatives)}


def train(char_loss, seed=0):
    helpers = RIGHT["clip_by_global_norm"], RIGHT["adagrad_step"]
    return train_characters(char_loss, *helpers, seed=seed, progress=lambda line: None)


def mistake(name):
    return next(m.wrong for m in TABLE["char_loss"].mistakes if m.name == name)


def test_the_limit_is_that_of_this_text():
    assert 2.5 < trained_model.limit() < 4.5


def test_a_model_that_knows_nothing_needs_the_logarithm_of_the_alphabet():
    shapes = trained_model.EXERCISE.shapes
    blank = {name: np.zeros(shape) for name, shape in shapes.items()}
    assert trained_model.measure(blank) == pytest.approx(np.log2(len(blank["c"])))
    report = trained_model.EXERCISE.examine(Outcome(blank))
    assert (report.state, report.points) == ("wrong", 0)
    assert report.sentence.startswith("6.")


@pytest.mark.parametrize("size", [1e3, 1e200, 1e308])
def test_absurd_parameters_are_wrong_and_no_error(size):
    shapes = trained_model.EXERCISE.shapes
    absurd = {name: np.full(shape, size) for name, shape in shapes.items()}
    assert trained_model.EXERCISE.examine(Outcome(absurd)).points == 0


def test_what_the_right_functions_train_gets_the_points():
    report = trained_model.EXERCISE.examine(Outcome(train(RIGHT["char_loss"])))
    assert (report.state, report.points) == ("right", 5), report.sentence


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "reads the targets",
        "one target late",
        "the input for the target",
        "softmax over the minibatch",
        "the target is not subtracted",
        "the wrong sign",
    ],
)
def test_a_mistake_that_spoils_learning_misses_the_limit(name):
    params = train(mistake(name))
    assert trained_model.measure(params) > trained_model.limit()


@pytest.mark.slow
@pytest.mark.parametrize("style", ["steps", "whole", "sequences"])
def test_right_solutions_stay_clear_of_the_limit_by_five_times_their_spread(style):
    """With -s it prints the numbers that stand beside the limit; a style takes 3 to 20 s a seed."""
    limit = trained_model.limit()
    bits = [trained_model.measure(train(STYLES[style], seed)) for seed in range(SEEDS)]
    spread = np.std(bits, ddof=1)
    print(f"{style}: {np.mean(bits):.3f} ± {spread:.3f}, at most {max(bits):.3f}; {limit:.3f}")
    assert max(bits) + 5 * spread < limit
