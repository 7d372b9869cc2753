"""readout: scores o_t = V h_t + c at every step (course row R10)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.dense import DenseParams, dense_forward


def readout(H, V, c):
    """The core's dense layer."""
    return dense_forward(DenseParams(V, c), H)[0]


def draw(rng, T, B, H, K):
    """States, V and c of these sizes."""
    return rng.normal(size=(T, B, H)), rng.normal(size=(K, H)), rng.normal(size=K) + 1.0


def cases(rng):
    """All sizes different, then each size that hides a slip."""
    yield plain("T = 4 steps, B = 3, H = 5 units, K = 2 scores", *draw(rng, 4, 3, 5, 2))
    yield plain("T = 2 steps, B = 5, H = 3 units, K = 6 scores", *draw(rng, 2, 5, 3, 6))
    yield special("one step (T = 1)", *draw(rng, 1, 3, 4, 2))
    yield special("one sequence (B = 1)", *draw(rng, 4, 1, 3, 2))
    yield special("one unit (H = 1)", *draw(rng, 3, 2, 1, 4))
    yield special("one score (K = 1)", *draw(rng, 3, 2, 4, 1))
    yield special("as many scores as units (K = H)", *draw(rng, 3, 2, 4, 4))


def product(H, V, c):
    O = H @ V.T + c
    return O


def loop(H, V, c):
    T, B, _ = H.shape
    O = np.zeros((T, B, len(c)))
    for t in range(T):
        for n in range(B):
            O[t, n] = V @ H[t, n] + c
    return O


def einsum(H, V, c):
    return np.einsum("tbh,kh->tbk", H, V) + c[None, None, :]


EXERCISE = Exercise(
    name="readout",
    points=5,
    returns="O (T, B, K)",
    reference=readout,
    cases=cases,
    alternatives=(product, loop, einsum),
    mistakes=(
        Mistake(
            "c missing",
            edit(product, (" + c", "")),
            "For a state of zeros your scores are 0, whatever c is.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "c twice",
            edit(product, (" + c", " + 2 * c")),
            "For a state of zeros your scores are 2c.",
            "Is c added in two places?",
        ),
        Mistake(
            "c with the wrong sign",
            edit(product, (" + c", " - c")),
            "For a state of zeros your scores are −c.",
            "Look at the sign of c.",
        ),
        Mistake(
            "scores squashed by tanh",
            edit(product, ("return O", "return np.tanh(O)")),
            "Your scores never leave (−1, 1).",
            "Scores are the plain affine map; what makes probabilities of them comes later.",
        ),
        Mistake(
            "softmax of the scores",
            edit(
                product,
                (
                    "return O",
                    "E = np.exp(O - O.max(-1, keepdims=True))\n"
                    "    return E / E.sum(-1, keepdims=True)",
                ),
            ),
            "Your values add up to 1 over the last axis: these are probabilities already.",
            "Scores are the plain affine map; what makes probabilities of them comes later.",
        ),
        Mistake(
            "logistic function of the scores",
            edit(product, ("return O", "return 1 / (1 + np.exp(-O))")),
            "All your values lie between 0 and 1: these are probabilities already.",
            "Scores are the plain affine map; what makes probabilities of them comes later.",
        ),
        Mistake(
            "only the last step",
            edit(product, ("return O", "return O[-1]")),
            "Right numbers for the last step; scores at every step are asked for.",
            "O has shape (T, B, K).",
        ),
        Mistake(
            "sequences first",
            edit(product, ("return O", "return O.swapaxes(0, 1)")),
            "Right numbers, but the axes are (B, T, K).",
            "Time comes first here.",
        ),
        Mistake(
            "scores before sequences",
            edit(product, ("return O", "return O.transpose(0, 2, 1)")),
            "Right numbers, but the axes are (T, K, B).",
            "The scores are the last axis.",
        ),
        Mistake(
            "only the first step",
            edit(loop, ("for t in range(T)", "for t in range(1)")),
            "Your first step is right; the others are left at zero.",
            "The same V and c read out every step.",
        ),
        Mistake(
            "scores add up over time",
            edit(product, ("return O", "return np.cumsum(O, axis=0)")),
            "Your scores at step t are the sum of those up to t.",
            "o_t depends on h_t alone; remembering is the hidden layer's business.",
        ),
    ),
)
