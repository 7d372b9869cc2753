"""The trained LSTM: right functions learn the long lag, wrong ones and an RNN do not."""

import numpy as np
import pytest

from rnnref.checks import references, table
from rnnref.checks.ps5_gates import trained_model
from rnnref.course.training import CELLS, draw_long_lag, train_latch
from rnnref.engine.outcome import Outcome

TABLE = table("ps5_gates")
RIGHT = references("ps5_gates")
FORWARD, BACKWARD = RIGHT["lstm_forward"], RIGHT["lstm_backward"]
BLOCK = slice(2 * CELLS, 3 * CELLS)  # where an LSTM has g
SEEDS = range(2)  # the numbers beside the limit are those of range(10)


def train(forward=FORWARD, backward=BACKWARD, seed=0):
    return train_latch(forward, backward, seed=seed, progress=lambda line: None)


def blank():
    return {name: np.zeros(shape) for name, shape in trained_model.EXERCISE.shapes.items()}


def test_what_the_right_functions_train_gets_the_points():
    report = trained_model.EXERCISE.examine(Outcome(train()))
    assert (report.state, report.points) == ("right", 5), report.sentence


def test_a_model_that_knows_nothing_guesses():
    assert trained_model.measure(blank()) == pytest.approx(0.75, abs=0.05)
    report = trained_model.EXERCISE.examine(Outcome(blank()))
    assert (report.state, report.points) == ("wrong", 0)
    assert "guessing makes it 0.75" in report.sentence


@pytest.mark.parametrize("size", [1e3, 1e200, 1e308])
def test_absurd_parameters_are_wrong_and_no_error(size):
    absurd = {name: array + size for name, array in blank().items()}
    assert trained_model.EXERCISE.examine(Outcome(absurd)).points == 0


def rnn_forward(X, h0, c0, U, W, b):
    """A tanh RNN of the same size, from the same first numbers: block g alone is used."""
    H, h = [], h0
    for x in X:
        h = np.tanh(x @ U[BLOCK].T + h @ W[BLOCK].T + b[BLOCK])
        H.append(h)
    return np.array(H), np.array(H)


def rnn_backward(dH, X, H, C, h0, c0, U, W, b):
    dX, (dh, dU, dW, db) = np.zeros_like(X), map(np.zeros_like, (h0, U, W, b))
    before = np.concatenate([h0[None], H[:-1]])
    for t in reversed(range(len(X))):
        dz = (dH[t] + dh) * (1 - H[t] ** 2)
        dX[t], dh = dz @ U[BLOCK], dz @ W[BLOCK]
        dU[BLOCK] += dz.T @ X[t]
        dW[BLOCK] += dz.T @ before[t]
        db[BLOCK] += dz.sum(axis=0)
    return dX, dh, 0 * c0, dU, dW, db


def errors_of_the_rnn(seed):
    params = train(rnn_forward, rnn_backward, seed)
    X, answers = draw_long_lag(np.random.default_rng(1), 1000)
    rest = np.zeros((1000, CELLS))
    H, _ = rnn_forward(X, rest, rest, *(params[name] for name in "UWb"))
    return np.mean((H[-1] @ params["V"].T + params["c"]).argmax(axis=1) != answers)


def mistake(exercise, name):
    return next(m.wrong for m in TABLE[exercise].mistakes if m.name == name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("exercise", "name"),
    [
        ("lstm_backward", "nothing comes back"),
        ("lstm_backward", "nothing comes back through the cells"),
        ("lstm_backward", "the loop runs forward"),
        ("lstm_forward", "X backwards"),
    ],
)
def test_a_mistake_that_spoils_learning_misses_the_limit(exercise, name):
    functions = {"lstm_forward": FORWARD, "lstm_backward": BACKWARD}
    functions[exercise] = mistake(exercise, name)
    params = train(*functions.values())
    assert trained_model.measure(params) > trained_model.limit()


@pytest.mark.slow
@pytest.mark.parametrize("style", range(3))
def test_right_solutions_stay_clear_of_the_limit_by_five_times_their_spread(style):
    """With -s it prints the numbers; those that stand beside the limit are of SEEDS = range(10)."""
    solutions = [TABLE[name].alternatives[style] for name in ("lstm_forward", "lstm_backward")]
    wrong = [trained_model.measure(train(*solutions, seed)) for seed in SEEDS]
    spread = np.std(wrong, ddof=1)
    names = " and ".join(solution.__name__ for solution in solutions)
    print(f"{names}: {np.mean(wrong):.4f} ± {spread:.4f}, at most {max(wrong):.4f}")
    assert max(wrong) + 5 * spread < trained_model.limit()


@pytest.mark.slow
def test_an_rnn_stays_near_chance():
    wrong = [errors_of_the_rnn(seed) for seed in SEEDS]
    print(f"RNN: {np.mean(wrong):.2f} ± {np.std(wrong, ddof=1):.2f}, at least {min(wrong):.2f}")
    assert min(wrong) > 0.65
