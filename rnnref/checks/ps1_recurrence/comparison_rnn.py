"""comparison_rnn: which of two streams has the larger sum so far (course row R08)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.activations import logistic
from rnnref.nets.dense import DenseParams, dense_forward
from rnnref.nets.rnn import RNNParams, rnn_forward


def comparison_rnn(x, gain=5.0):
    """A linear unit that sums the difference, read out by a logistic one."""
    params = RNNParams(np.array([[1.0, -1.0]]), np.eye(1), np.zeros(1))
    h, _, _ = rnn_forward(params, x[:, None, :], activation="linear")
    o, _ = dense_forward(DenseParams(np.array([[float(gain)]]), np.zeros(1)), h)
    return logistic(o)[:, 0, 0]


def cases(rng):
    """Both verdicts, other gains, one step, and sums far apart."""
    yield plain(
        "the streams (2, 0, 1) and (−2, 3.5, 2.2)",
        np.array([[2.0, -2.0], [0.0, 3.5], [1.0, 2.2]]),
        5.0,
    )
    yield plain("six steps, random streams", rng.normal(size=(6, 2)), rng.uniform(0.5, 1.5))
    yield plain(
        "nine steps, a lead that changes hands",
        rng.normal(size=(9, 2)) + 0.3,
        rng.uniform(1.5, 2.5),
    )
    yield special("no gain given: it is 5", rng.normal(size=(4, 2)) / 2)
    yield special("one step (T = 1)", rng.normal(size=(1, 2)), rng.uniform(0.5, 1.5))
    far = np.array([[30.0, 1.0], [20.0, -3.0], [0.0, 80.0]]) + rng.normal(size=(3, 2))
    yield special("sums far apart: |gain · sum| about 400", far, 8.0)


def loop(x, gain=5.0):
    p = np.zeros(len(x))
    h = 0.0
    for t in range(len(x)):
        h = h + x[t, 0] - x[t, 1]
        z = gain * h
        p[t] = 1.0 / (1.0 + np.exp(-z))
    return p


def cumulative(x, gain=5.0):
    lead = np.cumsum(x[:, 0] - x[:, 1])
    return 0.5 * (1.0 + np.tanh(0.5 * gain * lead))


def two_sums(x, gain=5.0):
    first, second, p = 0.0, 0.0, []
    for a, b in x:
        first, second = first + a, second + b
        z = gain * (first - second)
        p.append(1 / (1 + np.exp(-z)) if z >= 0 else np.exp(z) / (1 + np.exp(z)))
    return np.array(p)


EXERCISE = Exercise(
    name="comparison_rnn",
    points=10,
    returns="p (T,)",
    reference=comparison_rnn,
    cases=cases,
    alternatives=(loop, cumulative, two_sums),
    mistakes=(
        Mistake(
            "only the current pair",
            edit(loop, ("h = h + x[t, 0] - x[t, 1]", "h = x[t, 0] - x[t, 1]")),
            "Your verdict uses only the current pair; the first step is right.",
            "Who remembers the earlier inputs? The hidden unit adds to what it holds.",
        ),
        Mistake(
            "the verdict goes round the loop",
            edit(loop, ("h = h + x", "h = (p[t - 1] if t else 0.0) + x")),
            "What you carry to the next step is the probability, not the sum.",
            "The loop leaves the hidden unit, before the logistic output.",
        ),
        Mistake(
            "stream 2 for stream 1",
            edit(loop, ("h + x[t, 0] - x[t, 1]", "h - x[t, 0] + x[t, 1]")),
            "Your p is the probability of stream 2: yours and the right one add up to 1.",
            "Look at two places: which stream counts with −1, and is your σ(z) near 1 for large z?",
        ),
        Mistake(
            "adds the streams",
            edit(loop, ("- x[t, 1]", "+ x[t, 1]")),
            "Your unit adds both streams; exchange them, and your verdict stays as it is.",
            "The second stream should count against the first.",
        ),
        Mistake(
            "hears one stream only",
            edit(loop, (" - x[t, 1]", "")),
            "Your verdict does not change when the second stream changes.",
            "Two inputs, two weights: one is +1.",
        ),
        Mistake(
            "means for sums",
            edit(loop, ("z = gain * h", "z = gain * h / (t + 1)")),
            "You compare means: your lead is divided by the number of steps.",
            "Sums are compared; nothing asks to divide by the number of steps.",
        ),
        Mistake(
            "forgets the gain",
            edit(loop, ("z = gain * h", "z = h")),
            "Your verdict is the same for every gain.",
            "How steep is the output unit?",
        ),
        Mistake(
            "a fixed gain",
            edit(loop, ("z = gain * h", "z = 5.0 * h")),
            "Right for gain = 5; another gain changes nothing in yours.",
            "5 is only what the gain is if the call does not give one.",
        ),
        Mistake(
            "the gain outside",
            edit(loop, ("z = gain * h", "z = h"), ("1.0 / (1.0", "gain / (1.0")),
            "Your values reach up to the gain; a probability ends at 1.",
            "The gain multiplies what goes into the logistic function.",
        ),
        Mistake(
            "the gain at every step of the loop",
            edit(
                loop,
                ("h = h + x[t, 0] - x[t, 1]", "h = gain * (h + x[t, 0] - x[t, 1])"),
                ("z = gain * h", "z = h"),
            ),
            "In yours the gain is applied again each time round: once for every step that an "
            "input waits.",
            "The gain belongs between hidden unit and output, outside the loop.",
        ),
        Mistake(
            "a hard verdict",
            edit(loop, ("p[t] = 1.0 / (1.0 + np.exp(-z))", "p[t] = float(z > 0)")),
            "Yours says 0 or 1; a probability is asked for.",
            "The output unit is logistic: σ of something.",
        ),
        Mistake(
            "tanh for the logistic function",
            edit(loop, ("1.0 / (1.0 + np.exp(-z))", "np.tanh(z)")),
            "Some of your values are negative; no probability is.",
            "The output unit is logistic; tanh runs from −1 to 1.",
        ),
        Mistake(
            "no output unit",
            edit(loop, ("1.0 / (1.0 + np.exp(-z))", "z")),
            "You return what goes into the output unit; a probability is asked for.",
            "One function is missing, and it maps every number into (0, 1).",
        ),
        Mistake(
            "a squashed sum",
            edit(loop, ("h = h + x[t, 0] - x[t, 1]", "h = np.tanh(h + x[t, 0] - x[t, 1])")),
            "Your hidden unit cannot hold more than 1, so a large lead is forgotten.",
            "The hidden unit is linear; only the output is squashed.",
        ),
        Mistake(
            "one step late",
            edit(
                loop,
                ("        z = gain * h\n        p[t] = 1.0 / (1.0 + np.exp(-z))\n", ""),
                (
                    "        h = h + x",
                    "        p[t] = 1.0 / (1.0 + np.exp(-gain * h))\n        h = h + x",
                ),
            ),
            "Your verdict at t does not know the pair at t: it starts at ½ and lags by one step.",
            "First take in the pair, then give the verdict.",
        ),
        Mistake(
            "only the last verdict",
            edit(loop, ("return p", "return p[-1]")),
            "The last verdict is right, but one after each step is asked for.",
            "p has T entries.",
        ),
    ),
)
