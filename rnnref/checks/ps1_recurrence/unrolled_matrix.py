"""unrolled_matrix: a linear network over T steps as one matrix, h = L x (course row R09)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.rnn import RNNParams, rnn_forward


def unrolled_matrix(u, w, T):
    """Column k is what the core's linear unit answers to an impulse at step k."""
    params = RNNParams(np.array([[float(u)]]), np.array([[float(w)]]), np.zeros(1))
    impulses = np.eye(T)[:, :, None]
    return rnn_forward(params, impulses, activation="linear")[0][:, :, 0]


def cases(rng):
    """Both signs of w, none, whole numbers, one step."""
    u, w = rng.uniform(1.2, 2.0), rng.uniform(0.4, 0.9)
    yield plain("T = 5, 0 < w < 1", u, w, 5)
    yield plain("T = 6, w < 0", u, -w - 0.3, 6)
    yield plain("T = 4, w > 1", -u, w + 1.0, 4)
    yield special("one step (T = 1)", u, w, 1)
    yield special("w = 0: no memory (0⁰ = 1)", u, 0.0, 4)
    yield special(
        "u and w whole numbers (int)", int(rng.integers(2, 5)), int(rng.integers(2, 5)), 4
    )
    yield special("w = −1 as a whole number (int)", int(rng.integers(2, 5)), -1, 5)


def double_loop(u, w, T):
    L = np.zeros((T, T))
    for t in range(T):
        for k in range(t + 1):
            L[t, k] = u * w ** (t - k)
    return L


def lags(u, w, T):
    steps = np.arange(T)
    lag = steps[:, None] - steps[None, :]
    powers = float(w) ** np.maximum(lag, 0)
    return np.where(lag >= 0, u * powers, 0.0)


def row_by_row(u, w, T):
    L = np.zeros((T, T))
    L[0, 0] = u
    for t in range(1, T):
        L[t] = w * L[t - 1]
        L[t, t] = u
    return L


def inverse(u, w, T):
    step_back = np.eye(T, k=-1)
    return u * np.linalg.inv(np.eye(T) - w * step_back)


EXERCISE = Exercise(
    name="unrolled_matrix",
    points=10,
    returns="L (T, T)",
    reference=unrolled_matrix,
    cases=cases,
    alternatives=(double_loop, lags, row_by_row, inverse),
    mistakes=(
        Mistake(
            "the upper triangle",
            edit(double_loop, ("L[t, k]", "L[k, t]")),
            "In yours an early state depends on a later input.",
            "Row t holds what h_t takes from each input. Which triangle must be empty?",
        ),
        Mistake(
            "both triangles",
            edit(double_loop, ("range(t + 1)", "range(T)"), ("(t - k)", "abs(t - k)")),
            "In yours a state depends on inputs that are still to come.",
            "Which inputs has h_t seen?",
        ),
        Mistake(
            "the present input is missing",
            edit(double_loop, ("range(t + 1)", "range(t)")),
            "Your diagonal is zero: h_t does not hear x_t.",
            "Does the range reach k = t?",
        ),
        Mistake(
            "one power of w too many",
            edit(double_loop, ("(t - k)", "(t - k + 1)")),
            "Every entry of yours has one factor w too many, also on the diagonal.",
            "How often does x_t pass w on its way to h_t?",
        ),
        Mistake(
            "one power of w too few",
            edit(double_loop, ("w ** (t - k)", "w ** max(t - k - 1, 0)")),
            "Your diagonal is right; one step below it a factor w is missing.",
            "How often does x_{t−1} pass w on its way to h_t?",
        ),
        Mistake(
            "forgets u",
            edit(double_loop, ("u * w", "w")),
            "Your diagonal is 1, whatever u is.",
            "On its way in an input passes u, once.",
        ),
        Mistake(
            "u at every step",
            edit(double_loop, ("u * w ** (t - k)", "(u * w) ** (t - k)")),
            "In yours u is applied again with every step that an input waits.",
            "u is passed once, w at every step.",
        ),
        Mistake(
            "u to a power",
            edit(double_loop, ("u * w ** (t - k)", "u ** (t - k + 1) * w ** (t - k)")),
            "In yours u is applied again with every step that an input waits.",
            "u is passed once, w at every step.",
        ),
        Mistake(
            "w without powers",
            edit(double_loop, ("u * w ** (t - k)", "u * w if k < t else u")),
            "Your two first diagonals are right; further down, each repeats the second.",
            "An input that waits two steps passes w twice.",
        ),
        Mistake(
            "one step of memory",
            edit(double_loop, ("for k in range(t + 1)", "for k in range(max(t - 1, 0), t + 1)")),
            "In yours an input is forgotten after one step.",
            "What h_{t−1} holds comes from all inputs before it.",
        ),
        Mistake(
            "u and w exchanged",
            edit(double_loop, ("u * w ** (t - k)", "w * u ** (t - k)")),
            "Your two weights have changed places.",
            "u is passed once, w at every step.",
        ),
        Mistake(
            "reversed rows",
            edit(double_loop, ("return L", "return L[::-1].copy()")),
            "Your rows stand in reversed order.",
            "Row 0 belongs to h_1.",
        ),
        Mistake(
            "powers by division",
            edit(
                lags,
                (
                    "np.where(lag >= 0, u * powers, 0.0)",
                    "np.tril(u * np.outer(float(w) ** steps, 1 / float(w) ** steps))",
                ),
                ("powers = float(w) ** np.maximum(lag, 0)", "w = np.float64(w)"),
            ),
            "Right, except for w = 0: there yours divides by zero.",
            "w^(t−k) needs no division: the lag is never negative where it counts.",
        ),
        Mistake(
            "powers by logarithm",
            edit(
                lags,
                (
                    "float(w) ** np.maximum(lag, 0)",
                    "np.exp(np.maximum(lag, 0) * np.log(np.float64(w)))",
                ),
            ),
            "For w < 0 your entries are not numbers, for w = 0 those on the diagonal: a logarithm "
            "fails.",
            "w ** n knows what to do with a negative w.",
        ),
        Mistake(
            "the size of w only",
            edit(double_loop, ("w ** (t - k)", "abs(w) ** (t - k)")),
            "For w < 0 your signs do not alternate.",
            "(−½)³ is negative.",
        ),
        Mistake(
            "whole numbers to negative powers",
            edit(lags, ("float(w) ** np.maximum(lag, 0)", "w ** lag")),
            "Your powers of w are taken for negative lags too, where they do not count: for whole "
            "numbers that is an error.",
            "Where do negative lags stand in the matrix, and are their powers needed at all?",
        ),
        Mistake(
            "an array of whole numbers",
            edit(
                lags,
                ("float(w) ** np.maximum(lag, 0)", "w ** np.maximum(lag, 0)"),
                ("u * powers, 0.0", "u * powers, 0"),
            ),
            "For whole u and w your matrix holds whole numbers (an int array).",
            "L is float64, always: of what type are its factors?",
        ),
    ),
)
