"""stacked_step: the same step with one matrix, W_a [h; x] (course row R10)."""

import numpy as np

from rnnref.checks.ps1_recurrence import rnn_step as plain_step
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special


def stacked_step(x, h, Wa, b):
    """The plain step with W and U cut out of Wa = [W U]."""
    H = len(b)
    return plain_step.rnn_step(x, h, np.ascontiguousarray(Wa[:, H:]), Wa[:, :H].copy(), b)


def draw(rng, B, D, H):
    """x, h, Wa = [W U], b of these sizes."""
    x, h, U, W, b = plain_step.draw(rng, B, D, H)
    return x, h, np.hstack([W, U]), b


def cases(rng):
    """All sizes different, then each size that hides a slip."""
    yield plain("B = 3 sequences, D = 4 inputs, H = 5 units", *draw(rng, 3, 4, 5))
    yield plain("B = 4 sequences, D = 6 inputs, H = 2 units", *draw(rng, 4, 6, 2))
    yield special("one sequence (B = 1)", *draw(rng, 1, 4, 3))
    yield special("one unit (H = 1)", *draw(rng, 3, 2, 1))
    yield special("one input (D = 1)", *draw(rng, 3, 1, 4))
    yield special("as many inputs as units (D = H)", *draw(rng, 2, 3, 3))


def joined(x, h, Wa, b):
    both = np.concatenate([h, x], axis=1)
    z = both @ Wa.T + b
    return np.tanh(z)


def cut(x, h, Wa, b):
    H = h.shape[1]
    W, U = Wa[:, :H], Wa[:, H:]
    return np.tanh(h @ W.T + x @ U.T + b)


def loop(x, h, Wa, b):
    new = np.zeros_like(h)
    for n in range(len(x)):
        new[n] = np.tanh(Wa @ np.append(h[n], x[n]) + b)
    return new


EXERCISE = Exercise(
    name="stacked_step",
    points=5,
    returns="h (B, H)",
    reference=stacked_step,
    cases=cases,
    alternatives=(joined, cut, loop),
    mistakes=(
        Mistake(
            "[x; h] for [h; x]",
            edit(joined, ("[h, x]", "[x, h]")),
            "This is the stacked step with the two halves swapped: right for W_a = [U W], which "
            "some libraries use.",
            "Here W_a = [W U]: its first H columns meet the state.",
            convention=True,
        ),
        Mistake(
            "b missing",
            edit(joined, (" + b", "")),
            "At zero input and zero state your network gives 0, whatever b is.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "b twice",
            edit(joined, (" + b", " + 2 * b")),
            "At zero input and zero state your network gives tanh(2b).",
            "Is b added in two places?",
        ),
        Mistake(
            "no tanh",
            edit(joined, ("np.tanh(z)", "z")),
            "You return the pre-activation: some of your states leave (−1, 1).",
            "The last operation is missing.",
        ),
        Mistake(
            "the logistic function for tanh",
            edit(joined, ("np.tanh(z)", "1 / (1 + np.exp(-z))")),
            "All your states are positive; those of this network are not.",
            "The activation is tanh; the logistic function runs from 0 to 1.",
        ),
        Mistake(
            "W for its transpose",
            edit(cut, ("h @ W.T", "h @ W")),
            "In yours the part of W_a that meets the state works the wrong way round.",
            "Row i of W_a collects all that unit i receives.",
        ),
        Mistake(
            "the state is not used",
            edit(cut, ("h @ W.T + ", "")),
            "Your result does not depend on h.",
            "[h; x] has two halves.",
        ),
        Mistake(
            "the input is not used",
            edit(cut, (" + x @ U.T", "")),
            "Your result does not depend on x.",
            "[h; x] has two halves.",
        ),
        Mistake(
            "writes into h",
            edit(joined, ("    return np.tanh(z)", "    h[:] = np.tanh(z)\n    return h")),
            "The numbers are right, but the caller's h is overwritten.",
            "`h[:] = …` writes into the array you were given; make a new one.",
        ),
    ),
)
