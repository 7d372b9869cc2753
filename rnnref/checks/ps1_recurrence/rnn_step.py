"""rnn_step: one step of a tanh network on a minibatch (course rows R09, R10)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.rnn import RNNParams, rnn_forward


def rnn_step(x, h, U, W, b):
    """The core's network on a sequence of one step."""
    return rnn_forward(RNNParams(U, W, b), x[None], h)[1]


def draw(rng, B, D, H):
    """x, h, U, W, b of these sizes, all random, small enough that tanh keeps its digits."""
    return (
        rng.normal(size=(B, D)),
        rng.normal(size=(B, H)) * 0.6,
        rng.normal(size=(H, D)) * 0.7 / np.sqrt(D),
        rng.normal(size=(H, H)) * 0.9 / np.sqrt(H),
        rng.normal(size=H) * 0.5 + 0.2,
    )


def cases(rng):
    """All sizes different, then each size that hides a slip."""
    yield plain("B = 3 sequences, D = 4 inputs, H = 5 units", *draw(rng, 3, 4, 5))
    yield plain("B = 5 sequences, D = 3 inputs, H = 2 units", *draw(rng, 5, 3, 2))
    x, h, U, W, b = draw(rng, 2, 3, 4)
    yield plain("from the zero state", x, np.zeros_like(h), U, W, b)
    yield special("one sequence (B = 1)", *draw(rng, 1, 4, 3))
    yield special("one unit (H = 1)", *draw(rng, 3, 2, 1))
    yield special("as many inputs as units (D = H)", *draw(rng, 2, 3, 3))


def matrices(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    return np.tanh(z)


def einsum(x, h, U, W, b):
    z = np.einsum("bd,hd->bh", x, U) + np.einsum("bj,ij->bi", h, W)
    return np.tanh(z + b[None, :])


def loops(x, h, U, W, b):
    B, H = h.shape
    new = np.zeros((B, H))
    for n in range(B):
        for i in range(H):
            z = b[i]
            for d in range(x.shape[1]):
                z += U[i, d] * x[n, d]
            for j in range(H):
                z += W[i, j] * h[n, j]
            new[n, i] = np.tanh(z)
    return new


def columns(x, h, U, W, b):
    new = h.copy()
    for n in range(len(x)):
        new[n] = np.tanh(U.dot(x[n]) + W.dot(h[n]) + b)
    return new


EXERCISE = Exercise(
    name="rnn_step",
    points=10,
    returns="h (B, H)",
    reference=rnn_step,
    cases=cases,
    alternatives=(matrices, einsum, loops, columns),
    mistakes=(
        Mistake(
            "W for its transpose",
            edit(matrices, ("h @ W.T", "h @ W")),
            "Your W works the wrong way round: connect unit 1 to unit 0 alone (W[0, 1] = 1) and "
            "see which of them hears the other.",
            "Row i of W collects what unit i receives, W[i, j] from unit j. With sequences in "
            "rows, where does the transpose go?",
        ),
        Mistake(
            "b missing",
            edit(matrices, (" + b", "")),
            "At zero input and zero state your network gives 0, whatever b is.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "b twice",
            edit(matrices, (" + b", " + 2 * b")),
            "At zero input and zero state your network gives tanh(2b).",
            "Is b added in two places?",
        ),
        Mistake(
            "b with the wrong sign",
            edit(matrices, (" + b", " - b")),
            "At zero input and zero state your network gives tanh(−b).",
            "Look at the sign of b.",
        ),
        Mistake(
            "b outside",
            edit(matrices, (" + b", ""), ("np.tanh(z)", "np.tanh(z) + b")),
            "Some of your states leave (−1, 1), as no tanh can.",
            "b belongs to the pre-activation z.",
        ),
        Mistake(
            "the state is not used",
            edit(matrices, (" + h @ W.T", "")),
            "Your result does not depend on h: this is a layer without memory.",
            "The equation has three terms; which of them remembers?",
        ),
        Mistake(
            "the input is not used",
            edit(matrices, ("x @ U.T + h @ W.T + b", "h @ W.T + b")),
            "Your result does not depend on x.",
            "The equation has three terms; which of them listens?",
        ),
        Mistake(
            "the state comes in without W",
            edit(matrices, ("h @ W.T", "h")),
            "In yours each unit hears its own old state alone, with weight 1.",
            "W mixes the old states before they come in.",
        ),
        Mistake(
            "the old state is added on top",
            edit(matrices, ("return np.tanh(z)", "return h + np.tanh(z)")),
            "Yours adds the old state to the new one (a residual connection).",
            "The new state replaces the old one.",
        ),
        Mistake(
            "no tanh",
            edit(matrices, ("np.tanh(z)", "z")),
            "You return the pre-activation: some of your states leave (−1, 1).",
            "The last operation is missing.",
        ),
        Mistake(
            "tanh twice",
            edit(matrices, ("np.tanh(z)", "np.tanh(np.tanh(z))")),
            "At zero input and zero state your network gives tanh(tanh(b)).",
            "Count how often tanh is applied.",
        ),
        Mistake(
            "a tanh for each term",
            edit(matrices, ("np.tanh(z)", "np.tanh(x @ U.T) + np.tanh(h @ W.T) + np.tanh(b)")),
            "Your states leave (−1, 1): each term is squashed on its own.",
            "First add, then squash once.",
        ),
        Mistake(
            "the logistic function for tanh",
            edit(matrices, ("np.tanh(z)", "1 / (1 + np.exp(-z))")),
            "All your states are positive; those of this network are not.",
            "The activation is tanh; the logistic function runs from 0 to 1.",
        ),
        Mistake(
            "ReLU for tanh",
            edit(matrices, ("np.tanh(z)", "np.maximum(z, 0)")),
            "None of your states is negative, and some exceed 1.",
            "The activation is tanh.",
        ),
        Mistake(
            "writes into h",
            edit(matrices, ("    return np.tanh(z)", "    h[:] = np.tanh(z)\n    return h")),
            "The numbers are right, but the caller's h is overwritten: who needs the old state "
            "again (you will, going backwards) finds the new one.",
            "`h[:] = …` writes into the array you were given; make a new one.",
        ),
        Mistake(
            "later units hear new states",
            edit(loops, ("new = np.zeros((B, H))", "new = h.copy()"), ("h[n, j]", "new[n, j]")),
            "Right for the first unit; later ones hear the new states of earlier ones.",
            "All units hear the old state at the same time: read from one array, write to another.",
        ),
    ),
)
