"""relative_error: how far apart two gradients are, as one number (course row R12)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special


def relative_error(g, g_num):
    """‖g − g_num‖ / (‖g‖ + ‖g_num‖), over all entries."""
    sizes = np.linalg.norm(g) + np.linalg.norm(g_num)
    return float(np.linalg.norm(g - g_num) / sizes) if sizes else 0.0


def cases(rng):
    """Vectors, matrices and more, zeros, and gradients far apart or small."""
    g = rng.normal(size=5)
    yield plain("two vectors", g, g + rng.normal(size=5) * 0.3)
    g = rng.normal(size=(3, 4))
    yield plain("two matrices", g, g * 1.5 + rng.normal(size=(3, 4)) * 0.2)
    g = rng.normal(size=(2, 3, 4))
    yield plain("arrays with three axes, not alike at all", g, rng.normal(size=(2, 3, 4)) - g)
    g = rng.normal(size=(4, 3))
    g_num = g + rng.normal(size=(4, 3)) * 0.1
    g[1], g_num[2, 1] = 0.0, 0.0
    yield plain("some entries are 0 in one of them, some in both", g, g_num)
    yield special("single numbers: 0-d arrays", *map(np.array, rng.uniform([0.5, 1.5], [1, 3])))
    g = rng.normal(size=(3, 2))
    yield special("one the negative of the other", g, -g * rng.uniform(0.8, 0.9))
    g = rng.normal(size=(2, 4)) * 2e-6
    yield special("small gradients", g, g + rng.normal(size=(2, 4)) * 1e-6)
    yield special("two zero gradients", np.zeros((2, 3)), np.zeros((2, 3)))
    yield special("two zeros: 0-d arrays", np.array(0.0), np.array(0.0))
    yield special("g is zero, g_num is not", np.zeros((3, 2)), rng.normal(size=(3, 2)))
    yield special("g_num is zero, g is not", rng.normal(size=4), np.zeros(4))


def norms(g, g_num):
    difference = np.linalg.norm(g - g_num)
    size = np.linalg.norm(g) + np.linalg.norm(g_num)
    if size == 0:
        return 0.0
    return difference / size


def by_hand(g, g_num):
    d, a, b = 0.0, 0.0, 0.0
    for x, y in zip(g.ravel().tolist(), g_num.ravel().tolist(), strict=True):
        d += (x - y) ** 2
        a += x**2
        b += y**2
    if a == 0 and b == 0:
        return 0.0
    return d**0.5 / (a**0.5 + b**0.5)


def guarded(g, g_num):
    size = np.sqrt(np.sum(g**2)) + np.sqrt(np.sum(g_num**2))
    return np.sqrt(np.sum(np.square(g - g_num))) / max(size, 1e-300)


EXERCISE = Exercise(
    name="relative_error",
    points=5,
    returns="error",
    reference=relative_error,
    cases=cases,
    alternatives=(norms, by_hand, guarded),
    mistakes=(
        Mistake(
            "one number for each entry",
            edit(
                norms,
                ("np.linalg.norm(g - g_num)", "np.abs(g - g_num)"),
                ("np.linalg.norm(g) + np.linalg.norm(g_num)", "np.abs(g) + np.abs(g_num)"),
                ("if size == 0", "if not np.any(size)"),
            ),
            "You return one error for each entry; one number is asked for, over all entries.",
            "‖ ‖ takes a whole array and gives one number: the root of the sum of the squares.",
        ),
        Mistake(
            "one number for each column",
            edit(
                norms,
                ("np.linalg.norm(g - g_num)", "np.linalg.norm(g - g_num, axis=0)"),
                (
                    "np.linalg.norm(g) + np.linalg.norm(g_num)",
                    "np.linalg.norm(g, axis=0) + np.linalg.norm(g_num, axis=0)",
                ),
                ("if size == 0", "if not np.any(size)"),
            ),
            "Your norms go along the first axis only; for a 0-d array there is none.",
            "‖ ‖ takes in all entries, on however many axes they lie.",
        ),
        Mistake(
            "the worst entry",
            edit(
                norms,
                ("np.linalg.norm(g - g_num)", "np.abs(g - g_num)"),
                ("np.linalg.norm(g) + np.linalg.norm(g_num)", "np.abs(g) + np.abs(g_num)"),
                ("if size == 0", "if not np.any(size)"),
                (
                    "return difference / size",
                    "return np.max(difference / np.maximum(size, 1e-300))",
                ),
            ),
            "You take the relative error of each entry, and the largest of them.",
            "An entry that should be nearly 0 is never relatively exact. Compare the norms of "
            "whole arrays: first add up over the entries, then divide.",
        ),
        Mistake(
            "the worst entry, and 0/0",
            edit(
                norms,
                ("np.linalg.norm(g - g_num)", "np.abs(g - g_num)"),
                ("np.linalg.norm(g) + np.linalg.norm(g_num)", "np.abs(g) + np.abs(g_num)"),
                ("    if size == 0:\n        return 0.0\n", ""),
                ("return difference / size", "return np.max(difference / size)"),
            ),
            "You take the largest relative error of an entry, and it is nan as soon as one entry "
            "is 0 in both arrays.",
            "Compare the norms of whole arrays: first add up over the entries, then divide.",
        ),
        Mistake(
            "the mean over the entries",
            edit(
                norms,
                ("np.linalg.norm(g - g_num)", "np.abs(g - g_num)"),
                ("np.linalg.norm(g) + np.linalg.norm(g_num)", "np.abs(g) + np.abs(g_num)"),
                ("if size == 0", "if not np.any(size)"),
                (
                    "return difference / size",
                    "return np.mean(difference / np.maximum(size, 1e-300))",
                ),
            ),
            "You take the relative error of each entry, and their mean.",
            "First add up over the entries, then divide: one quotient of norms.",
        ),
        Mistake(
            "the difference of the norms",
            edit(
                norms,
                ("np.linalg.norm(g - g_num)", "abs(np.linalg.norm(g) - np.linalg.norm(g_num))"),
            ),
            "You compare the lengths of the two: a gradient with the wrong sign has the right one.",
            "First the difference, then its norm.",
        ),
        Mistake(
            "differences that cancel",
            edit(norms, ("np.linalg.norm(g - g_num)", "np.abs(np.sum(g - g_num))")),
            "In your numerator positive and negative differences cancel.",
            "A norm adds up squares, which have no sign.",
        ),
        Mistake(
            "the sum of the arrays above",
            edit(norms, ("np.linalg.norm(g - g_num)", "np.linalg.norm(g + g_num)")),
            "Your error is large for two equal gradients.",
            "What is it that should be 0 when the two agree?",
        ),
        Mistake(
            "no root",
            edit(
                guarded,
                (
                    "np.sqrt(np.sum(g**2)) + np.sqrt(np.sum(g_num**2))",
                    "np.sum(g**2) + np.sum(g_num**2)",
                ),
                ("np.sqrt(np.sum(np.square(g - g_num)))", "np.sum(np.square(g - g_num))"),
            ),
            "You compare squared norms.",
            "What stands between the sum of the squares and the norm?",
        ),
        Mistake(
            "one root for both below",
            edit(
                guarded,
                (
                    "np.sqrt(np.sum(g**2)) + np.sqrt(np.sum(g_num**2))",
                    "np.sqrt(np.sum(g**2) + np.sum(g_num**2))",
                ),
            ),
            "You divide by the root of all squares together.",
            "Two norms are added below, each with a root of its own.",
        ),
        Mistake(
            "sums of absolute values",
            edit(
                norms,
                ("np.linalg.norm(g - g_num)", "np.sum(np.abs(g - g_num))"),
                (
                    "np.linalg.norm(g) + np.linalg.norm(g_num)",
                    "np.sum(np.abs(g)) + np.sum(np.abs(g_num))",
                ),
            ),
            "You add up absolute values; single numbers come out right.",
            "‖ ‖ is the Euclidean norm: the root of the sum of the squares.",
        ),
        Mistake(
            "largest entries",
            edit(
                norms,
                ("np.linalg.norm(g - g_num)", "np.max(np.abs(g - g_num))"),
                (
                    "np.linalg.norm(g) + np.linalg.norm(g_num)",
                    "np.max(np.abs(g)) + np.max(np.abs(g_num))",
                ),
            ),
            "You compare the largest entries only; single numbers come out right.",
            "‖ ‖ is the Euclidean norm: every entry takes part.",
        ),
        Mistake(
            "a norm for matrices",
            edit(
                norms,
                ("np.linalg.norm(g - g_num)", "np.linalg.norm(g - g_num, 2)"),
                (
                    "np.linalg.norm(g) + np.linalg.norm(g_num)",
                    "np.linalg.norm(g, 2) + np.linalg.norm(g_num, 2)",
                ),
            ),
            "Right for vectors; for a matrix `norm(…, 2)` is its largest singular value, and for "
            "more axes it does not exist.",
            "The norm is to go over all entries, as if they stood in one long vector.",
        ),
        Mistake(
            "not relative",
            edit(norms, ("return difference / size", "return difference")),
            "Your number doubles when both gradients are doubled.",
            "Relative to what? Look at the denominator.",
        ),
        Mistake(
            "relative to g",
            edit(norms, ("np.linalg.norm(g) + np.linalg.norm(g_num)", "np.linalg.norm(g)")),
            "Exchange g and g_num, and yours gives another number.",
            "Both norms stand in the denominator.",
        ),
        Mistake(
            "relative to g_num",
            edit(norms, ("np.linalg.norm(g) + np.linalg.norm(g_num)", "np.linalg.norm(g_num)")),
            "Exchange g and g_num, and yours gives another number.",
            "Both norms stand in the denominator.",
        ),
        Mistake(
            "relative to the larger one",
            edit(
                norms,
                (
                    "np.linalg.norm(g) + np.linalg.norm(g_num)",
                    "max(np.linalg.norm(g), np.linalg.norm(g_num))",
                ),
            ),
            "You divide by the larger norm: for g_num = −g yours gives 2.",
            "Both norms stand in the denominator, so that the result is never above 1.",
        ),
        Mistake(
            "relative to the mean",
            edit(
                norms,
                (
                    "np.linalg.norm(g) + np.linalg.norm(g_num)",
                    "(np.linalg.norm(g) + np.linalg.norm(g_num)) / 2",
                ),
            ),
            "Your errors are twice what is asked for: they reach up to 2.",
            "The sum of the norms stands in the denominator, not their mean.",
        ),
        Mistake(
            "the norm of the sum below",
            edit(norms, ("np.linalg.norm(g) + np.linalg.norm(g_num)", "np.linalg.norm(g + g_num)")),
            "You divide by the norm of g + g_num, which is next to nothing for g_num ≈ −g.",
            "Two norms are added below: first the norms, then the sum.",
        ),
        Mistake(
            "0/0",
            edit(norms, ("    if size == 0:\n        return 0.0\n", "")),
            "Right, but for two zero gradients yours is nan.",
            "Two zeros agree exactly. Which error is that, and what is 0/0 for numpy?",
        ),
        Mistake(
            "division by zero",
            edit(
                by_hand,
                ("    if a == 0 and b == 0:\n        return 0.0\n", ""),
            ),
            "Right, but for two zero gradients yours divides by zero.",
            "Two zeros agree exactly. Which error is that?",
        ),
        Mistake(
            "two zeros do not agree",
            edit(norms, ("return 0.0", "return 1.0")),
            "Right, but for two zero gradients yours is 1.",
            "Two zeros agree exactly. Which error is that?",
        ),
        Mistake(
            "0 if one of them is zero",
            edit(
                by_hand,
                ("if a == 0 and b == 0", "if a == 0 or b == 0"),
            ),
            "For a zero gradient yours says 0, whatever the other one is.",
            "A gradient of zeros can be quite wrong. When is there really nothing to divide by?",
        ),
        Mistake(
            "0 if both have a zero somewhere",
            edit(norms, ("if size == 0", "if not g.all() and not g_num.all()")),
            "Yours gives 0 as soon as each array has a zero in it.",
            "`not g.all()` says that some entry is 0. What says that all of them are?",
        ),
        Mistake(
            "a small number below",
            edit(norms, ("np.linalg.norm(g_num)\n", "np.linalg.norm(g_num) + 1e-8\n")),
            "Right for gradients of usual size; for small ones what you add below shows.",
            "Only 0/0 needs care: treat that case, and leave the others as they are.",
        ),
        Mistake(
            "small gradients count as zero",
            edit(norms, ("if size == 0", "if size < 1e-4")),
            "Right for gradients of usual size; small ones agree in yours, whatever they are.",
            "A relative error stays as it is when both gradients are a million times smaller. "
            "Only 0/0 needs care.",
        ),
    ),
)
