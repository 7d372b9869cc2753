"""clip_by_global_norm: gradients that are too long, shortened together (course row R32)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.learning.clipping import clip_by_global_norm as core


def clip_by_global_norm(grads, max_norm):
    """The core's clipping, of a list."""
    clipped, norm = core(tuple(grads), max_norm)
    return list(clipped), norm


def draw(rng, *shapes):
    """One array of each shape; they differ in size, so that one factor for each array shows."""
    return [rng.normal(size=shape) * rng.uniform(0.5, 2.0) + 0.3 for shape in shapes]


def length(grads):
    """The norm of all arrays together."""
    return float(np.sqrt(sum(np.sum(g**2) for g in grads)))


def cases(rng):
    """Too long and short enough, just at the limit, all zero, one array."""
    shapes = (5, 3), (5, 5), (5,)
    grads = draw(rng, *shapes)
    yield plain("longer than max_norm", grads, length(grads) * rng.uniform(0.2, 0.6))
    grads = draw(rng, (2, 4), (3,))
    yield plain("a little longer than max_norm", grads, length(grads) * rng.uniform(0.85, 0.95))
    grads = draw(rng, *shapes)
    yield plain("shorter than max_norm", grads, length(grads) * rng.uniform(1.2, 3.0))
    scale = float(rng.integers(2, 50))
    yield special(
        "just as long as max_norm",
        [np.array([[3.0, 0.0], [0.0, 0.0]]) * scale, np.array([0.0, -4.0]) * scale],
        5.0 * scale,
    )
    yield special(
        "all gradients zero", [np.zeros(shape) for shape in shapes], rng.uniform(0.5, 2.0)
    )
    grads = draw(rng, (4, 3))
    yield special("a single array", grads, length(grads) * rng.uniform(0.2, 0.6))
    grads = [g * 0.02 for g in draw(rng, *shapes)]
    yield special("short gradients, a small max_norm", grads, length(grads) * rng.uniform(0.5, 0.8))
    grads = draw(rng, (2, 3), (4,))
    grads[0][:] = 0
    yield special("one array zero", grads, length(grads) * rng.uniform(0.2, 0.6))


def plainly(grads, max_norm):
    total = 0.0
    for g in grads:
        total += np.sum(g**2)
    norm = np.sqrt(total)
    scale = 1.0
    if norm > max_norm:
        scale = max_norm / norm
    return [g * scale for g in grads], norm


def one_vector(grads, max_norm):
    norm = float(np.linalg.norm(np.concatenate([g.ravel() for g in grads])))
    if norm <= max_norm:
        return [g.copy() for g in grads], norm
    return [max_norm * g / norm for g in grads], norm


def norm_of_norms(grads, max_norm):
    norm = np.linalg.norm([np.linalg.norm(g) for g in grads])
    return [g / max(1.0, norm / max_norm) for g in grads], norm


def on_copies(grads, max_norm):
    clipped = [np.array(g) for g in grads]
    norm = sum((g * g).sum() for g in clipped) ** 0.5
    for g in clipped:
        if norm > max_norm:
            g *= max_norm / norm
    return [clipped, norm]


EXERCISE = Exercise(
    name="clip_by_global_norm",
    points=5,
    returns="clipped, norm",
    reference=clip_by_global_norm,
    cases=cases,
    new=True,
    alternatives=(plainly, one_vector, norm_of_norms, on_copies),
    mistakes=(
        Mistake(
            "no root",
            edit(plainly, ("norm = np.sqrt(total)", "norm = total")),
            "You compare the squared length with max_norm, a length.",
            "What is missing between a sum of squares and a norm?",
        ),
        Mistake(
            "the mean of the squares",
            edit(
                one_vector,
                ("norm = float(", "n = sum(g.size for g in grads)\n    norm = float("),
                ("for g in grads])))\n", "for g in grads]))) / n**0.5\n"),
            ),
            "Your norm is the root of the mean of the squares.",
            "A length adds up its squares; nothing divides by their number.",
        ),
        Mistake(
            "the norm of the last array",
            edit(plainly, ("total += np.sum", "total = np.sum")),
            "Your norm is that of the last array alone.",
            "Each array adds its squares to those of the others.",
        ),
        Mistake(
            "the norms are added",
            edit(norm_of_norms, ("np.linalg.norm([", "sum([")),
            "Your norm is the sum of the arrays' norms: with more than one array it is too large.",
            "Think of all entries in one long vector: squares add up, not the lengths of its "
            "parts.",
        ),
        Mistake(
            "the norm of the longest array",
            edit(norm_of_norms, ("np.linalg.norm([", "max([")),
            "Your norm is that of the longest array alone.",
            "Global: think of all entries in one long vector.",
        ),
        Mistake(
            "the largest entry for the norm",
            edit(norm_of_norms, ("np.linalg.norm([np.linalg.norm(g)", "max([np.abs(g).max()")),
            "Your norm is the largest entry's size.",
            "The length of a vector is made from all its entries.",
        ),
        Mistake(
            "the norm of a matrix as a map",
            edit(norm_of_norms, ("np.linalg.norm(g)", "np.linalg.norm(g, 2)")),
            "Your norm is right for vectors; of a matrix you take the largest singular value.",
            "The squares of all entries count. What does np.linalg.norm do with a matrix and "
            "ord = 2?",
        ),
        Mistake(
            "entries are cut",
            edit(plainly, ("g * scale", "np.clip(g, -max_norm, max_norm)")),
            "The norm is right, but yours cuts single entries: a gradient whose entries are small "
            "stays too long, and others turn.",
            "After clipping by the norm, the direction is the same as before.",
        ),
        Mistake(
            "entries are cut if the norm is too large",
            edit(
                plainly,
                ("scale = 1.0", "limit = np.inf"),
                (
                    "scale = max_norm / norm",
                    "limit = max_norm / np.sqrt(sum(g.size for g in grads))",
                ),
                ("g * scale", "np.clip(g, -limit, limit)"),
            ),
            "The norm is right, but you cut single entries: the gradient turns.",
            "After clipping by the norm, the direction is the same as before.",
        ),
        Mistake(
            "each array by its own norm",
            edit(plainly, ("g * scale", "g * min(1.0, max_norm / max(np.linalg.norm(g), 1e-99))")),
            "The norm is right, but each array is clipped by its own: together they are still too "
            "long, or they point elsewhere.",
            "One factor for all arrays keeps the direction.",
        ),
        Mistake(
            "always to max_norm",
            edit(plainly, ("    if norm > max_norm:\n        scale", "    scale")),
            "Yours makes short gradients longer, and of zero gradients nan.",
            "Clipping leaves alone what is short enough.",
        ),
        Mistake(
            "always to max_norm, and zeros fail",
            edit(
                one_vector,
                ("norm <= max_norm", "norm < 0"),
                ("max_norm * g / norm", "max_norm / norm * g"),
            ),
            "Yours makes short gradients longer, and divides by zero if all are zero.",
            "Clipping leaves alone what is short enough.",
        ),
        Mistake(
            "always to max_norm, but for zeros",
            edit(plainly, ("if norm > max_norm:", "if norm > 0:")),
            "Yours makes short gradients longer.",
            "Clipping leaves alone what is short enough.",
        ),
        Mistake(
            "the short ones are scaled",
            edit(plainly, ("norm > max_norm", "norm < max_norm")),
            "Yours lengthens what is short, and leaves alone what is too long.",
            "Which of the two should be the larger one, when something is to be done?",
        ),
        Mistake(
            "the ratio is upside down",
            edit(plainly, ("max_norm / norm", "norm / max_norm")),
            "Yours makes long gradients longer still.",
            "Which factor takes a vector of length norm to length max_norm?",
        ),
        Mistake(
            "to length 1",
            edit(plainly, ("max_norm / norm", "1 / norm")),
            "What is too long comes back with length 1, whatever max_norm is.",
            "Which factor takes a vector of length norm to length max_norm?",
        ),
        Mistake(
            "times max_norm",
            edit(plainly, ("max_norm / norm", "max_norm")),
            "What is too long is multiplied by max_norm, whatever its length.",
            "Which factor takes a vector of length norm to length max_norm?",
        ),
        Mistake(
            "too long becomes zero",
            edit(plainly, ("max_norm / norm", "0.0")),
            "What is too long comes back as zero: no step would be taken.",
            "Only the length should change, and to max_norm.",
        ),
        Mistake(
            "something is added to the norm",
            edit(plainly, ("max_norm / norm", "max_norm / (norm + 1e-6)")),
            "What is clipped comes out a little shorter than max_norm; it shows where the norm is "
            "small.",
            "A norm that is larger than max_norm is not zero: nothing need be added to it.",
        ),
        Mistake(
            "the norm after clipping",
            edit(plainly, ("for g in grads], norm", "for g in grads], norm * scale")),
            "The arrays are right; the norm that you return is that after clipping.",
            "The norm before clipping is asked for: it tells how often, and how hard, you clip.",
        ),
        Mistake(
            "the norm is missing",
            edit(plainly, ("for g in grads], norm", "for g in grads]")),
            "You return the arrays alone.",
            "Two values are asked for: the list, and the norm before clipping.",
        ),
        Mistake(
            "writes into the gradients",
            edit(
                plainly,
                (
                    "    return [g * scale for g in grads], norm\n",
                    "    for g in grads:\n        g *= scale\n    return grads, norm\n",
                ),
            ),
            "The numbers are right, but the caller's gradients are changed when they are clipped.",
            "`g *= …` writes into the array, and `grads[i] = …` into the list that you were given: "
            "make new ones.",
        ),
        Mistake(
            "the same arrays come back",
            edit(one_vector, ("return [g.copy() for g in grads], norm", "return grads, norm")),
            "What is short enough comes back as the very list that you were given: whoever changes "
            "the one changes the other.",
            "New arrays are asked for, also where the numbers stay: `g.copy()`.",
        ),
    ),
)
