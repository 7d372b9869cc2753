"""trained_lstm: the LSTM that the student's functions have trained to remember (course row R23)."""

from collections.abc import Mapping

import numpy as np

from rnnref.course.training import CELLS, draw_long_lag
from rnnref.engine.trained import Trained
from rnnref.nets.lstm import LSTMParams, lstm_forward

_X, _ANSWERS = draw_long_lag(np.random.default_rng(2024), 1000)
D, K = _X.shape[-1], int(_ANSWERS.max()) + 1


def measure(params: Mapping[str, np.ndarray]) -> float:
    """The share of wrong answers to a thousand sequences that training has not shown."""
    _, last, _ = lstm_forward(LSTMParams(params["U"], params["W"], params["b"]), _X)
    scores = last.h @ params["V"].T + params["c"]
    return float(np.mean(scores.argmax(axis=1) != _ANSWERS))


# Right solutions in three styles give no wrong answer, 0.000 ± 0.000, for seeds 0 to 9, in 1 to 3 s
# of one processor each. A tanh RNN of the same size, trained by the same loop from the same first
# numbers, stays near chance: 0.74 ± 0.02, 0.71 at least. Measured, with SEEDS = range(10), by
# `python -m pytest -m slow -s tests/checks/test_ps5_trained.py -k "spread or chance"`.
def limit() -> float:
    """One wrong answer in ten; by guessing it is three in four."""
    return 0.1


EXERCISE = Trained(
    name="trained_lstm",
    points=5,
    shapes={
        "U": (4 * CELLS, D),
        "W": (4 * CELLS, CELLS),
        "b": (4 * CELLS,),
        "V": (K, CELLS),
        "c": (K,),
    },
    measure=measure,
    limit=limit,
    says="{value} of its answers to sequences that it has not seen are wrong; guessing makes it "
    "0.75, and less than {limit} is asked for.",
    advice="Do the checks of lstm_forward and lstm_backward hold?",
)
