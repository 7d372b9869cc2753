"""linear_rnn: h_t = u x_t + w h_{t−1}, y_t = v h_t (course rows R07, R10)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.rnn import RNNParams
from rnnref.nets.rnn import rnn_forward as core


def linear_rnn(x, u, w, v, h0=0.0):
    """The core's linear network with one unit and one sequence."""
    params = RNNParams(np.array([[u]]), np.array([[w]]), np.zeros(1))
    h, _, _ = core(params, x[:, None, None], np.array([[h0]]), activation="linear")
    return h[:, 0, 0], v * h[:, 0, 0]


def cases(rng):
    """Every sign of w, a first state, one step, and the default of h0."""
    u, v = rng.uniform(0.5, 2.0, 2)
    w, h0 = rng.uniform(0.3, 0.9), rng.normal() + 2.0
    yield plain(
        "the sum network: x = (1, 1, −½, 2), u = w = v = 1",
        np.array([1.0, 1.0, -0.5, 2.0]),
        1.0,
        1.0,
        1.0,
        0.0,
    )
    yield plain("six steps, random weights and first state", rng.normal(size=6), u, w, v, h0)
    yield plain("nine steps, w < 0", rng.normal(size=9), -u, -w, v, -h0)
    yield special("no first state given: it is 0", rng.normal(size=5), u, w, v)
    yield special("one step (T = 1)", rng.normal(size=1) + 3.0, u, w, v, h0)
    yield special("w = 0: no memory at all", rng.normal(size=5), u, 0.0, v, h0)


def loop(x, u, w, v, h0=0.0):
    T = len(x)
    h = np.zeros(T)
    y = np.zeros(T)
    previous = h0
    for t in range(T):
        h[t] = u * x[t] + w * previous
        y[t] = v * h[t]
        previous = h[t]
    return h, y


def lists(x, u, w, v, h0=0.0):
    states = [h0]
    for value in x:
        states.append(u * value + w * states[-1])
    h = np.array(states[1:], dtype=float)
    return h, v * h


def weighted_sums(x, u, w, v, h0=0.0):
    steps = np.arange(len(x))
    lags = steps[:, None] - steps[None, :]
    weights = np.where(lags >= 0, float(w) ** np.maximum(lags, 0), 0.0)
    h = u * (weights @ x) + float(w) ** (steps + 1) * h0
    return [h, v * h]


EXERCISE = Exercise(
    name="linear_rnn",
    points=10,
    returns="h (T,), y (T,)",
    reference=linear_rnn,
    cases=cases,
    alternatives=(loop, lists, weighted_sums),
    mistakes=(
        Mistake(
            "starts from zero",
            edit(loop, ("previous = h0", "previous = 0.0")),
            "Your states are those of a network that starts from zero, whatever the call says.",
            "One of the arguments tells you where to start; h_1 needs it as its h_0.",
        ),
        Mistake(
            "always looks back at h0",
            edit(loop, ("        previous = h[t]\n", "")),
            "Every step of yours looks back at the same state: the first step is right, then "
            "the state does not travel.",
            "What h_t needs is the state of one step before, not the state before everything.",
        ),
        Mistake(
            "skips the first input",
            edit(loop, ("for t in range(T)", "for t in range(1, T)")),
            "Your h_1 is zero: the first input never enters.",
            "With T inputs there are T updates. Which one is missing in your loop?",
        ),
        Mistake(
            "h0 in the place of h_1",
            edit(
                loop,
                ("    previous = h0\n", "    previous = h[0] = h0\n    y[0] = v * h0\n"),
                ("for t in range(T)", "for t in range(1, T)"),
            ),
            "Your first state is h0 itself, and the first input never enters.",
            "h_1 is made from h_0 and x_1. With T inputs there are T updates.",
        ),
        Mistake(
            "the first step is left out",
            edit(
                loop,
                ("    previous = h0\n", "    previous = h[0]\n"),
                ("for t in range(T)", "for t in range(1, T)"),
            ),
            "Your h_1 is zero, and neither h0 nor the first input enters anywhere.",
            "h_1 is made from h_0 and x_1. With T inputs there are T updates.",
        ),
        Mistake(
            "states before the update",
            edit(lists, ("states[1:]", "states[:-1]")),
            "Your states start with h0 and lack the last one: they lag by one step.",
            "h holds h_1 … h_T; h_0 is given, no result.",
        ),
        Mistake(
            "reads the input one step late",
            edit(loop, ("u * x[t] +", "u * x[t - 1] +")),
            "At step t your state has read the input of step t − 1, and at the first step the "
            "last one of all.",
            "h_t depends on x_t. In Python, x[-1] is no error: it is the last entry.",
        ),
        Mistake(
            "no recurrence",
            edit(loop, ("u * x[t] + w * previous", "u * x[t]")),
            "Your h_t depends on x_t alone: nothing is remembered.",
            "The equation has two terms. The second brings in the state of the step before.",
        ),
        Mistake(
            "forgets w",
            edit(loop, ("w * previous", "previous")),
            "Your network always keeps its whole state, also when w is not 1.",
            "On its way round the loop the state passes one weight.",
        ),
        Mistake(
            "forgets u",
            edit(loop, ("u * x[t] +", "x[t] +")),
            "Your state takes the input as it is, also when u is not 1.",
            "On its way in the input passes one weight.",
        ),
        Mistake(
            "u and w exchanged",
            edit(loop, ("u * x[t] + w * previous", "w * x[t] + u * previous")),
            "Your two weights have changed places.",
            "u stands at the arrow from the input, w at the arrow from the state to itself.",
        ),
        Mistake(
            "the output goes round the loop",
            edit(loop, ("previous = h[t]", "previous = y[t]")),
            "Your next state is made from the output, which is v times the state.",
            "Look at the arrow that goes round: does it leave h or y?",
        ),
        Mistake(
            "a squashed state",
            edit(loop, ("u * x[t] + w * previous", "np.tanh(u * x[t] + w * previous)")),
            "Your states never leave (−1, 1), so this unit cannot hold a sum like 3.5.",
            "All units of this network are linear.",
        ),
        Mistake(
            "output before the update",
            edit(loop, ("y[t] = v * h[t]", "y[t] = v * previous")),
            "h is right, but your output lags by one step.",
            "May the input at time t influence the output at time t?",
        ),
        Mistake(
            "forgets v",
            edit(loop, ("y[t] = v * h[t]", "y[t] = h[t]")),
            "h is right; your output is the state itself, also when v is not 1.",
            "On its way out the state passes one weight.",
        ),
        Mistake(
            "writes into x",
            edit(loop, ("h = np.zeros(T)", "h = x")),
            "The numbers are right, but after the call the caller's x holds your states: call it "
            "twice and compare.",
            "`h = x` gives the same array a second name, and `x[t] = …` writes into it: make a new "
            "array for the states.",
        ),
        Mistake(
            "only the last step",
            edit(loop, ("return h, y", "return h[-1], y[-1]")),
            "Right numbers for the last step, but h and y of every step are asked for.",
            "Keep what each step gives: two arrays of length T.",
        ),
        Mistake(
            "h and y exchanged",
            edit(loop, ("return h, y", "return y, h")),
            "You return the right two arrays in the other order.",
            "First the states, then the outputs.",
        ),
        Mistake(
            "the states are missing",
            edit(loop, ("return h, y", "return y")),
            "You return the outputs alone.",
            "Two arrays are asked for: states first, then outputs.",
        ),
        Mistake(
            "the first state among the results",
            edit(lists, ("states[1:]", "states")),
            "You return T + 1 states: h_0 stands in front.",
            "h holds h_1 … h_T. The state before the first input is no result.",
        ),
    ),
)
