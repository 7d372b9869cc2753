"""dropout: while training, some numbers are dropped at random (course row R34)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.dropout import dropout_forward


def dropout(H, p, rng):
    """The core's dropout; its factors are positive where a number is kept."""
    dropped, factors = dropout_forward(H, p, rng)
    return dropped, factors > 0


def cases(rng):
    """Arrays so large that shares tell; p on both sides of ½, at its edge and outside."""

    def call(shape, p):
        signs = rng.choice([-1.0, 1.0], size=shape)
        return signs * rng.uniform(0.1, 1.0, size=shape), p, rng.spawn(1)[0]

    yield plain("p about 0.3, H of 30 × 20 × 40", *call((30, 20, 40), rng.uniform(0.25, 0.35)))
    yield plain("p about 0.8, H of 180 × 120", *call((180, 120), rng.uniform(0.75, 0.85)))
    yield special("p = 0", *call((4, 3, 5), 0.0))
    yield special("p about 0.02", *call((50, 20, 30), rng.uniform(0.015, 0.025)))
    yield special(
        "one step, one sequence, p about 0.4", *call((1, 1, 9000), rng.uniform(0.35, 0.45))
    )
    yield special("p = 1: ValueError", *call((4, 3, 5), 1.0))
    yield special("p above 1: ValueError", *call((4, 3, 5), rng.uniform(1.1, 3.0)))
    yield special("p below 0: ValueError", *call((4, 3, 5), -rng.uniform(0.1, 0.9)))


def compare(H, p, rng):
    if not 0 <= p < 1:
        raise ValueError(f"p must lie in [0, 1), it is {p}")
    mask = rng.random(H.shape) >= p
    return H * mask / (1 - p), mask


def choice(H, p, rng):
    if p < 0 or p >= 1:
        raise ValueError("p lies outside [0, 1)")
    mask = rng.choice([True, False], size=H.shape, p=[1 - p, p])
    return np.where(mask, H / (1 - p), 0.0), mask


def each_number(H, p, rng):
    keep = 1.0 - p
    if keep > 1 or keep <= 0:
        raise ValueError("no such p")
    mask = np.array([rng.uniform() < keep for _ in range(H.size)]).reshape(H.shape)
    dropped = H / keep
    dropped[~mask] = 0
    return [dropped, mask]


def count_of_one(H, p, rng):
    if p < 0 or p >= 1:
        raise ValueError("p lies outside [0, 1)")
    mask = rng.binomial(1, 1 - p, H.shape) == 1
    return mask * (1 / (1 - p)) * H, mask


EXERCISE = Exercise(
    name="dropout",
    points=5,
    returns="share_kept (axis, neighbour_kept)",
    reference=dropout,
    cases=cases,
    observe="kept entries",
    alternatives=(compare, choice, each_number, count_of_one),
    mistakes=(
        Mistake(
            "p is not checked",
            edit(compare, ("not 0 <= p < 1", "False")),
            "Right for 0 ≤ p < 1; another p raises no error.",
            "Which error says that an argument has no meaning? `raise` it.",
        ),
        Mistake(
            "p = 1 is let through",
            edit(compare, ("0 <= p < 1", "0 <= p <= 1")),
            "Right, but p = 1 raises no error.",
            "If all is dropped, by what would you divide?",
        ),
        Mistake(
            "p = 0 is refused",
            edit(compare, ("0 <= p < 1", "0 < p < 1")),
            "Right, but p = 0 raises an error.",
            "[0, 1) contains 0: what happens if nothing is dropped?",
        ),
        Mistake(
            "p below 0 is let through",
            edit(compare, ("0 <= p < 1", "p < 1")),
            "Right, but a negative p raises no error.",
            "A probability has two limits.",
        ),
        Mistake(
            "p above 1 is let through",
            edit(compare, ("not 0 <= p < 1", "p < 0 or p == 1")),
            "Right, but a p above 1 raises no error.",
            "A probability has two limits.",
        ),
        Mistake(
            "p of all are kept",
            edit(compare, (">= p", "< p")),
            "You keep a number with probability p; p is the probability that it is dropped. The "
            "factor of what is kept goes with p as it should.",
            "How often is rng.random() less than p?",
        ),
        Mistake(
            "p for its opposite",
            edit(compare, (">= p", "< p"), ("/ (1 - p)", "/ p")),
            "You take p for the probability that a number is kept.",
            "p = 0 should change nothing.",
        ),
        Mistake(
            "half are kept",
            edit(compare, (">= p", ">= 0.5")),
            "You keep half of all numbers, whatever p is.",
            "One of the arguments should decide how many are dropped.",
        ),
        Mistake(
            "normal numbers",
            edit(compare, ("rng.random(H.shape)", "rng.normal(size=H.shape)")),
            "You compare p with numbers that are not uniform between 0 and 1: too few are kept, or "
            "too many.",
            "Of which random numbers is the share p less than p?",
        ),
        Mistake(
            "one mask for all of the first axis",
            edit(
                compare,
                ("rng.random(H.shape)", "np.repeat(rng.random((1, *H.shape[1:])), len(H), axis=0)"),
            ),
            "All entries along the first axis share their fate: your mask is drawn without it.",
            "Each entry of H is dropped, or not, independently of the others.",
        ),
        Mistake(
            "one mask for all of the last axis",
            edit(
                compare,
                (
                    "rng.random(H.shape)",
                    "np.repeat(rng.random((*H.shape[:-1], 1)), H.shape[-1], axis=-1)",
                ),
            ),
            "All entries along the last axis share their fate: whole rows are dropped.",
            "Each entry of H is dropped, or not, independently of the others.",
        ),
        Mistake(
            "one number for each step",
            edit(
                compare,
                (
                    "rng.random(H.shape)",
                    "np.zeros(H.shape) + rng.random((len(H), *[1] * (H.ndim - 1)))",
                ),
            ),
            "All entries with the same first index share their fate: whole steps are dropped.",
            "Each entry of H is dropped, or not, independently of the others.",
        ),
        Mistake(
            "one row of a mask for all",
            edit(compare, ("rng.random(H.shape)", "np.zeros(H.shape) + rng.random(H.shape[-1])")),
            "You draw one row and use it for all others: all entries of a column share their fate.",
            "Each entry of H is dropped, or not, independently of the others.",
        ),
        Mistake(
            "not scaled",
            edit(compare, (" / (1 - p)", "")),
            "What is kept is as large as before: with dropout the sums would be smaller than "
            "without.",
            "Inverted dropout scales while training, so that evaluation needs no change. What "
            "factor keeps the mean?",
        ),
        Mistake(
            "scaled down",
            edit(compare, ("/ (1 - p)", "* (1 - p)")),
            "What is kept comes out smaller than before.",
            "Fewer numbers are left: should each be larger or smaller, if the mean is to stay?",
        ),
        Mistake(
            "divided by p",
            edit(compare, ("/ (1 - p)", "/ p")),
            "What is kept is divided by p.",
            "p = 0 should change nothing. What share of the numbers is kept?",
        ),
        Mistake(
            "all is scaled, nothing is dropped",
            edit(compare, ("H * mask / (1 - p)", "H / (1 - p)")),
            "Your mask is right, but it is not used: nothing is dropped.",
            "What should stand where the mask is False?",
        ),
        Mistake(
            "True where it is dropped",
            edit(compare, ("(1 - p), mask", "(1 - p), ~mask")),
            "Your mask is True where a number is dropped.",
            "mask tells what is kept: dropped = H · mask/(1 − p).",
        ),
        Mistake(
            "a second mask is returned",
            edit(compare, ("(1 - p), mask", "(1 - p), rng.random(H.shape) >= p")),
            "The mask that you return is not the one that was used.",
            "The backward pass needs the very mask of the forward pass: draw once.",
        ),
        Mistake(
            "a mask of numbers",
            edit(compare, ("(1 - p), mask", "(1 - p), mask * 1.0")),
            "Your mask holds numbers.",
            "bool is asked for: what a comparison gives.",
        ),
        Mistake(
            "mask first",
            edit(compare, ("return H * mask / (1 - p), mask", "return mask, H * mask / (1 - p)")),
            "You return the mask first.",
            "dropped, mask: in this order.",
        ),
        Mistake(
            "no mask",
            edit(compare, ("(1 - p), mask", "(1 - p)")),
            "You return what is left of H alone.",
            "The backward pass needs the mask: return both.",
        ),
        Mistake(
            "writes into H",
            edit(
                compare,
                (
                    "    return H * mask / (1 - p), mask",
                    "    H *= mask / (1 - p)\n    return H, mask",
                ),
            ),
            "The numbers are right, but the caller's H is changed.",
            "`H *= …` writes into the array that you were given: make a new one.",
        ),
    ),
)
