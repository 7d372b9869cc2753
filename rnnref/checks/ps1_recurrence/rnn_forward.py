"""rnn_forward: a tanh network over whole sequences (course rows R09, R10)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.rnn import RNNParams
from rnnref.nets.rnn import rnn_forward as core


def rnn_forward(X, h0, U, W, b):
    """The core's network."""
    return core(RNNParams(U, W, b), X, h0)[0]


def draw(rng, T, B, D, H):
    """X, h0, U, W, b of these sizes, all random; nothing is symmetric or zero."""
    return (
        rng.normal(size=(T, B, D)),
        rng.normal(size=(B, H)) * 0.6,
        rng.normal(size=(H, D)) * 0.6 / np.sqrt(D),
        rng.normal(size=(H, H)) * 0.9 / np.sqrt(H),
        rng.normal(size=H) * 0.4 + 0.2,
    )


def cases(rng):
    """All sizes different, then each size that hides a slip."""
    yield plain("T = 6 steps, B = 3, D = 4, H = 5", *draw(rng, 6, 3, 4, 5))
    yield plain("T = 3 steps, B = 5, D = 2, H = 4", *draw(rng, 3, 5, 2, 4))
    yield special("one step (T = 1)", *draw(rng, 1, 3, 4, 2))
    yield special("one sequence (B = 1)", *draw(rng, 4, 1, 3, 5))
    yield special("one unit (H = 1)", *draw(rng, 4, 3, 2, 1))
    yield special("as many inputs as units (D = H)", *draw(rng, 4, 2, 3, 3))
    yield special("as many steps as sequences (T = B)", *draw(rng, 3, 3, 2, 4))


def loop(X, h0, U, W, b):
    T, B, D = X.shape
    H = np.zeros((T, B, len(b)))
    h = h0
    for t in range(T):
        h = np.tanh(X[t] @ U.T + h @ W.T + b)
        H[t] = h
    return H


def hoisted(X, h0, U, W, b):
    Z = X @ U.T + b
    H = np.empty_like(Z)
    for t in range(len(X)):
        previous = H[t - 1] if t > 0 else h0
        H[t] = np.tanh(Z[t] + previous @ W.T)
    return H


def recursive(X, h0, U, W, b):
    if len(X) == 0:
        return np.zeros((0,) + h0.shape)
    h = np.tanh(np.einsum("bd,hd->bh", X[0], U) + np.einsum("bj,ij->bi", h0, W) + b)
    return np.concatenate([h[None], recursive(X[1:], h, U, W, b)])


def per_sequence(X, h0, U, W, b):
    states = []
    for n in range(X.shape[1]):
        h, path = h0[n], []
        for x in X[:, n]:
            h = np.tanh(U @ x + W @ h + b)
            path.append(h)
        states.append(path)
    return np.array(states).transpose(1, 0, 2)


EXERCISE = Exercise(
    name="rnn_forward",
    points=15,
    returns="H (T, B, H)",
    reference=rnn_forward,
    cases=cases,
    alternatives=(loop, hoisted, recursive, per_sequence),
    mistakes=(
        Mistake(
            "starts from zero",
            edit(loop, ("h = h0", "h = np.zeros_like(h0)")),
            "Your states are those of a network that starts from zero, whatever h0 is.",
            "Which argument tells you where to start? (If you read H[t − 1] at t = 0: in Python "
            "that is H[−1], the last step, still empty.)",
        ),
        Mistake(
            "always looks back at h0",
            edit(hoisted, ("H[t - 1] if t > 0 else h0", "h0")),
            "Every step of yours looks back at h0: the first is right, then nothing travels.",
            "The state of one step is what the next one starts from.",
        ),
        Mistake(
            "the state is not used",
            edit(loop, (" + h @ W.T", "")),
            "Your h_t depends on x_t alone: exchange two early inputs, and the last state stays.",
            "Which term of the equation remembers?",
        ),
        Mistake(
            "skips the first input",
            edit(loop, ("for t in range(T)", "for t in range(1, T)")),
            "Your h_1 is zero: the first input never enters.",
            "With T inputs there are T updates.",
        ),
        Mistake(
            "h0 in the place of h_1",
            edit(
                loop,
                ("    h = h0\n", "    h = H[0] = h0\n"),
                ("for t in range(T)", "for t in range(1, T)"),
            ),
            "Your first state is h0 itself, and the first input never enters.",
            "h_1 is made from h_0 and x_1. With T inputs there are T updates.",
        ),
        Mistake(
            "reads the input one step late",
            edit(loop, ("X[t] @ U.T", "X[t - 1] @ U.T")),
            "At step t your network reads the input of the step before; at the first step, the "
            "last one.",
            "h_t depends on x_t. In Python, X[-1] is no error: it is the last entry.",
        ),
        Mistake(
            "reads backwards",
            edit(loop, ("X[t] @ U.T", "X[T - 1 - t] @ U.T")),
            "Your network reads the sequences from their end.",
            "The first input comes first.",
        ),
        Mistake(
            "W for its transpose",
            edit(loop, ("h @ W.T", "h @ W")),
            "Your W works the wrong way round: connect unit 1 to unit 0 alone (W[0, 1] = 1) and "
            "see which of them hears the other.",
            "Row i of W collects what unit i receives. With sequences in rows, where does the "
            "transpose go?",
        ),
        Mistake(
            "b missing",
            edit(loop, (" + b)", ")")),
            "With zero input and zero first state yours stays at 0, whatever b is.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "b twice",
            edit(hoisted, ("Z[t] + previous @ W.T", "Z[t] + previous @ W.T + b")),
            "With zero input and zero first state your h_1 is tanh(2b).",
            "Is b added in two places?",
        ),
        Mistake(
            "no tanh",
            edit(loop, ("np.tanh(X[t] @ U.T + h @ W.T + b)", "X[t] @ U.T + h @ W.T + b")),
            "Your units are linear: some states leave (−1, 1).",
            "The last operation of each step is missing.",
        ),
        Mistake(
            "tanh at the end only",
            edit(
                loop,
                ("np.tanh(X[t] @ U.T + h @ W.T + b)", "X[t] @ U.T + h @ W.T + b"),
                ("return H", "return np.tanh(H)"),
            ),
            "Your first step is right; after it, what travels is not squashed.",
            "tanh belongs to every step: it is the squashed state that goes round the loop.",
        ),
        Mistake(
            "the logistic function for tanh",
            edit(
                loop,
                (
                    "h = np.tanh(X[t] @ U.T + h @ W.T + b)",
                    "h = 1 / (1 + np.exp(-(X[t] @ U.T + h @ W.T + b)))",
                ),
            ),
            "All your states are positive; those of this network are not.",
            "The activation is tanh; the logistic function runs from 0 to 1.",
        ),
        Mistake(
            "states before the update",
            edit(
                loop,
                ("        H[t] = h\n", ""),
                ("        h = np.tanh", "        H[t] = h\n        h = np.tanh"),
            ),
            "Your H starts with h0 and lacks the last state: it lags by one step.",
            "Store the state after the update.",
        ),
        Mistake(
            "the first state among the results",
            edit(loop, ("return H", "return np.concatenate([h0[None], H])")),
            "You return T + 1 states: h0 stands in front.",
            "H holds h_1 … h_T.",
        ),
        Mistake(
            "only the last state",
            edit(loop, ("return H", "return h")),
            "Right numbers for the last step; the state at every step is asked for.",
            "Keep what each step gives, in an array of shape (T, B, H).",
        ),
        Mistake(
            "one array for all steps",
            edit(loop, ("return H", "return np.array([h] * T)")),
            "All your time steps are equal: the last state stands at each of them.",
            "A list that holds the same array T times shows its last content T times: store a "
            "copy at each step.",
        ),
        Mistake(
            "sequences first",
            edit(per_sequence, (".transpose(1, 0, 2)", "")),
            "Right numbers, but the axes are (B, T, H).",
            "Time comes first here: (T, B, H).",
        ),
        Mistake(
            "writes into h0",
            edit(
                loop,
                (
                    "h = np.tanh(X[t] @ U.T + h @ W.T + b)",
                    "h[:] = np.tanh(X[t] @ U.T + h @ W.T + b)",
                ),
            ),
            "The numbers are right, but the caller's h0 is overwritten: a second call starts from "
            "another state.",
            "`h = h0` copies nothing, and `h[:] = …` writes into it.",
        ),
        Mistake(
            "the state runs on into the next sequence",
            edit(
                per_sequence,
                ("        h, path = h0[n], []\n", "        path = []\n"),
                ("    states = []\n", "    states = []\n    h = h0[0]\n"),
            ),
            "Your first sequence is right; each later one starts where the one before it ended.",
            "Every sequence of the minibatch has a first state of its own, a row of h0.",
        ),
    ),
)
