"""sigmoid: the logistic function, stable on both sides (course row R11)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special, strict
from rnnref.nets.activations import logistic


def sigmoid(a):
    """The core's logistic function, which takes arrays of floats with an axis at least."""
    y = logistic(np.array(a, dtype=float, ndmin=1))
    return y.reshape(np.shape(a)) if np.ndim(a) else y.item()


def cases(rng):
    """All shapes, numbers, integers, and exponents that overflow on either side."""
    yield plain("a = (0, ln 3, −ln 3)", np.array([0.0, np.log(3.0), -np.log(3.0)]))
    yield plain("six random numbers", rng.normal(size=6) * 2)
    yield plain("a matrix (3, 5)", rng.normal(size=(3, 5)) * 3)
    yield special("three axes (2, 4, 3)", rng.normal(size=(2, 4, 3)) * 2)
    yield special("a Python float, positive", float(rng.uniform(0.5, 3.0)))
    yield special("a Python float, negative", -float(rng.uniform(0.5, 3.0)))
    yield special("an array without axes (0-d)", np.array(rng.uniform(0.5, 3.0)))
    yield special("a Python int", int(rng.integers(1, 5)))
    yield special("an array of integers", rng.permutation(np.arange(-3, 4))[:5])
    far = rng.uniform(900.0, 1100.0, size=4)
    yield strict("a about 1000", far)
    yield strict("a about −1000", -far)
    yield strict("some a about 1000, some about −1000", np.append(far, -far) * 1.01)


def by_tanh(a):
    a = np.asarray(a, dtype=float)
    return 0.5 * (1 + np.tanh(0.5 * a))


def one_small_exponential(a):
    e = np.exp(-np.abs(a))
    return np.where(np.asarray(a) >= 0, 1, e) / (1 + e)


def in_two_parts(a):
    a = np.asarray(a, dtype=float)
    y = np.zeros(a.shape)
    positive = a >= 0
    y[positive] = 1 / (1 + np.exp(-a[positive]))
    e = np.exp(a[~positive])
    y[~positive] = e / (1 + e)
    return y


def number_by_number(a):
    if np.ndim(a) > 0:
        return np.array([number_by_number(part) for part in a])
    if a >= 0:
        return 1 / (1 + np.exp(-a))
    return np.exp(a) / (1 + np.exp(a))


def clipped(a):
    return 1 / (1 + np.exp(-np.clip(a, -700, 700)))


def by_logarithm(a):
    return np.exp(-np.logaddexp(0, -np.asarray(a)))


def entry_by_entry(a):
    y = np.zeros(len(a))
    for i in range(len(a)):
        if a[i] >= 0:
            y[i] = 1 / (1 + np.exp(-a[i]))
        else:
            y[i] = np.exp(a[i]) / (1 + np.exp(a[i]))
    return y


EXERCISE = Exercise(
    name="sigmoid",
    points=5,
    returns="y",
    reference=sigmoid,
    cases=cases,
    alternatives=(
        by_tanh,
        one_small_exponential,
        in_two_parts,
        number_by_number,
        clipped,
        by_logarithm,
    ),
    mistakes=(
        Mistake(
            "the wrong sign, and it overflows",
            edit(clipped, ("-np.clip(a, -700, 700)", "a")),
            "Your function falls where it should rise: right at 0, and σ(−a) elsewhere.",
            "For a large positive a the exponential must become small, not large.",
        ),
        Mistake(
            "the wrong sign",
            edit(by_tanh, ("1 + np", "1 - np")),
            "Your function falls where it should rise: right at 0, and σ(−a) elsewhere.",
            "σ runs from 0 on the left to 1 on the right.",
        ),
        Mistake(
            "a bracket is missing",
            edit(clipped, ("1 / (1 + np.exp(-np.clip(a, -700, 700)))", "1 / 1 + np.exp(-a)")),
            "Your values are above 1, and grow to the left.",
            "1 / 1 + e is (1 / 1) + e in Python: what is the denominator?",
        ),
        Mistake(
            "the 1 is missing",
            edit(clipped, ("1 / (1 + np.exp(-np.clip(a, -700, 700)))", "1 / np.exp(-a)")),
            "Your function is 1 at 0, and above 1 for a > 0.",
            "The denominator has two terms.",
        ),
        Mistake(
            "e with three decimals",
            edit(clipped, ("np.exp(-np.clip(a, -700, 700))", "2.718 ** (-a)")),
            "Your values are right to some three digits only: your e is rounded.",
            "NumPy has a function for powers of e.",
        ),
        Mistake(
            "tanh",
            edit(by_tanh, ("0.5 * (1 + np.tanh(0.5 * a))", "np.tanh(a)")),
            "Your function is 0 at 0, and negative for a < 0.",
            "tanh runs from −1 to 1; the logistic function from 0 to 1.",
        ),
        Mistake(
            "twice as steep",
            edit(by_tanh, ("0.5 * a", "a")),
            "Right at 0 and far from it, too steep between: ½(1 + tanh a) is σ(2a).",
            "Write tanh in exponentials: at which argument does only e^(−a) remain?",
        ),
        Mistake(
            "the slope",
            edit(
                clipped,
                (
                    "return 1 / (1 + np.exp(-np.clip(a, -700, 700)))",
                    "s = 1 / (1 + np.exp(-a))\n    return s * (1 - s)",
                ),
            ),
            "You return the derivative of σ: ¼ at 0, and small far from it.",
            "The function itself is asked for.",
        ),
        Mistake(
            "softmax",
            edit(
                clipped,
                ("1 / (1 + np.exp(-np.clip(a, -700, 700)))", "np.exp(a) / np.sum(np.exp(a))"),
            ),
            "Your values add up to 1: each depends on all the others.",
            "σ works on every entry by itself.",
        ),
        Mistake(
            "only numbers",
            edit(number_by_number, ("if np.ndim(a) > 0", "if False")),
            "An array with several entries ends in an error: `if` asks one question about all of "
            "them.",
            "Is there one formula for all entries, or a way to treat the two kinds separately?",
        ),
        Mistake(
            "only numbers, by float or math",
            edit(by_tanh, ("np.asarray(a, dtype=float)", "float(a)")),
            "An array with several entries ends in an error: it cannot become one Python number.",
            "float() and the functions of `math` take one number; those of NumPy take arrays.",
        ),
        Mistake(
            "only one axis",
            entry_by_entry,
            "Yours takes arrays with a single axis: neither numbers nor matrices.",
            "NumPy's functions work on every entry, whatever the shape: is a loop needed?",
        ),
        Mistake(
            "always one axis",
            edit(
                in_two_parts,
                ("np.asarray(a, dtype=float)", "np.array(a, dtype=float).ravel()"),
            ),
            "The numbers are right, but your result has exactly one axis, whatever the shape of a.",
            "The result has the shape of a; for a number, it is a number.",
        ),
        Mistake(
            "an axis for a number",
            edit(
                in_two_parts,
                ("np.asarray(a, dtype=float)", "np.atleast_1d(a).astype(float)"),
            ),
            "For a single number you return an array with one axis, of shape (1,).",
            "For a number, return a number (or an array without axes).",
        ),
        Mistake(
            "only arrays",
            edit(in_two_parts, ("    a = np.asarray(a, dtype=float)\n", "")),
            "Right for arrays; a Python number has no shape.",
            "np.asarray makes an array of either.",
        ),
        Mistake(
            "only arrays, and integers cut off",
            edit(
                in_two_parts,
                ("    a = np.asarray(a, dtype=float)\n", ""),
                ("np.zeros(a.shape)", "np.zeros_like(a)"),
            ),
            "Right for arrays of floats. A Python number cannot be indexed, and for an array of "
            "integers your values are cut to 0 (σ is between 0 and 1).",
            "np.asarray makes an array of either; which dtype does np.zeros_like take over?",
        ),
        Mistake(
            "integers cut off",
            edit(
                in_two_parts,
                ("a = np.asarray(a, dtype=float)", "a = np.asarray(a)"),
                ("np.zeros(a.shape)", "np.zeros_like(a)"),
            ),
            "Right for floats; for integers your values are cut to whole numbers.",
            "Which dtype does np.zeros_like take over? What is written into an array of integers "
            "becomes one.",
        ),
        Mistake(
            "overflows on the left",
            edit(clipped, ("np.clip(a, -700, 700)", "a")),
            "Right, except that for a about −1000 your exponential overflows.",
            "e^1000 is no float64, e^(−1000) is (it is 0). For a < 0, multiply numerator and "
            "denominator by something.",
        ),
        Mistake(
            "overflows on the right",
            edit(
                clipped,
                ("1 / (1 + np.exp(-np.clip(a, -700, 700)))", "np.exp(a) / (1 + np.exp(a))"),
            ),
            "Right, except that for a about 1000 your exponential overflows (and inf / inf is "
            "nan).",
            "e^1000 is no float64, e^(−1000) is (it is 0). For a > 0, divide numerator and "
            "denominator by something.",
        ),
        Mistake(
            "both formulas everywhere",
            edit(
                clipped,
                (
                    "1 / (1 + np.exp(-np.clip(a, -700, 700)))",
                    "np.where(np.asarray(a) >= 0, 1 / (1 + np.exp(-a)), "
                    "np.exp(a) / (1 + np.exp(a)))",
                ),
            ),
            "The values are right, but about ±1000 an exponential overflows, although its value "
            "is not used.",
            "np.where chooses between two finished arrays: both formulas are computed for every "
            "entry.",
        ),
        Mistake(
            "one formula for the whole array",
            edit(
                number_by_number,
                ("if np.ndim(a) > 0", "if False"),
                ("if a >= 0", "if np.all(a >= 0)"),
            ),
            "Right where all entries have the same sign; with both about 1000 and about −1000 in "
            "an array, the exponential overflows.",
            "Which formula is safe differs from entry to entry.",
        ),
        Mistake(
            "clipped too early",
            edit(clipped, ("-700, 700", "-20, 20")),
            "Yours does not fall below 2e-9: where a is about −1000, that is too much.",
            "Clip a only where the exponential would overflow: from which exponent on?",
        ),
        Mistake(
            "writes into a",
            edit(by_tanh, ("    return", "    a *= 0.5\n    return"), ("0.5 * a))", "a))")),
            "The numbers are right, but the caller's array is changed.",
            "np.asarray copies nothing if a is an array of floats already, and `a *= …` or `out=a` "
            "writes into it.",
        ),
        Mistake(
            "clips the caller's array",
            edit(
                by_tanh,
                ("    return", "    a[a < -500] = -500\n    return"),
                ("0.5 * (1 + np.tanh(0.5 * a))", "1 / (1 + np.exp(-a))"),
            ),
            "The numbers are right, but entries about −1000 of the caller's array are overwritten.",
            "np.asarray copies nothing if a is an array of floats already; np.clip gives a new "
            "array.",
        ),
    ),
)
