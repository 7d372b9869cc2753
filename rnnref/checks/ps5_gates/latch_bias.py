"""latch_bias: how far the forget gate must be open to keep something for T steps (row R24)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special


def latch_bias(T, keep=0.9):
    """The logit of f = keep^(1/T): ln f − ln(1 − f), with 1 − f to full precision."""
    log_f = np.log(keep) / T
    return float(log_f - np.log(-np.expm1(log_f)))


def draw(rng, least, most):
    """A number of steps, and a share whose bias is not near 0."""
    T = int(rng.integers(least, most))
    keep = float(rng.uniform(0.2, 0.95))
    return (T, keep) if abs(latch_bias(T, keep)) > 0.05 else draw(rng, least, most)


def cases(rng):
    """From one step to a million."""
    yield plain("ten to a hundred steps", *draw(rng, 10, 100))
    yield plain("three to nine steps", *draw(rng, 3, 10))
    yield plain("keep is not given", int(rng.integers(10, 100)))
    yield special("one step (T = 1)", *draw(rng, 1, 2))
    yield special("one step, little to keep", 1, float(rng.uniform(0.05, 0.4)))
    yield special("keep near 1", int(rng.integers(20, 50)), float(1 - rng.uniform(1e-6, 1e-5)))
    yield special("keep near 0", int(rng.integers(3, 9)), float(rng.uniform(1e-6, 1e-5)))
    yield special("about 100,000 steps", *draw(rng, 90_000, 110_000))
    yield special("a million steps", 10**6, float(rng.uniform(0.2, 0.95)))


def logit(T, keep=0.9):
    f = keep ** (1 / T)
    return np.log(f / (1 - f))


def one_logarithm(T, keep=0.9):
    return -np.log(np.expm1(-np.log(keep) / T))


def inverse_root(T, keep=0.9):
    return -np.log(keep ** (-1 / T) - 1)


def bisection(T, keep=0.9):
    low, high = -100.0, 100.0
    for _ in range(200):
        middle = (low + high) / 2
        if -T * np.log1p(np.exp(-middle)) >= np.log(keep):
            high = middle
        else:
            low = middle
    return high


EXERCISE = Exercise(
    name="latch_bias",
    points=5,
    returns="bias",
    reference=latch_bias,
    cases=cases,
    alternatives=(logit, one_logarithm, inverse_root, bisection),
    mistakes=(
        Mistake(
            "the gate and not its bias",
            edit(logit, ("np.log(f / (1 - f))", "f")),
            "You return what the gate is; its bias is asked for.",
            "Which number must σ be given so that it is f?",
        ),
        Mistake(
            "the wrong sign",
            edit(logit, ("np.log(f / (1 - f))", "np.log((1 - f) / f)")),
            "The sign is wrong: your gate is as far closed as it should be open.",
            "For which bias is σ larger than ½?",
        ),
        Mistake(
            "the logarithm of f",
            edit(logit, ("np.log(f / (1 - f))", "np.log(f)")),
            "Your bias is ln f, which is never positive.",
            "σ is not the exponential function: solve f = σ(b) for b.",
        ),
        Mistake(
            "1 − f is forgotten",
            edit(logit, ("np.log(f / (1 - f))", "-np.log(1 - f)")),
            "Your bias is −ln(1 − f), which is close only where f is nearly 1.",
            "f = 1/(1 + e^(−b)): solve it for b step by step.",
        ),
        Mistake(
            "tanh for the gate",
            edit(logit, ("np.log(f / (1 - f))", "np.arctanh(f)")),
            "tanh of your bias is f; σ of it should be.",
            "The forget gate is logistic.",
        ),
        Mistake(
            "a single step",
            edit(logit, ("keep ** (1 / T)", "keep")),
            "Right for T = 1 alone: your bias does not depend on T.",
            "What is kept passes the gate at each of the T steps.",
        ),
        Mistake(
            "keep to the power T",
            edit(logit, ("keep ** (1 / T)", "keep**T")),
            "The more steps, the further your gate closes.",
            "f^T is to be keep. What is f, then?",
        ),
        Mistake(
            "a T-th part of keep",
            edit(logit, ("keep ** (1 / T)", "keep / T")),
            "The more steps, the further your gate closes: you divide keep by T.",
            "At each step the cell is multiplied by f; after T steps, by what?",
        ),
        Mistake(
            "the loss in equal parts",
            edit(logit, ("keep ** (1 / T)", "1 - (1 - keep) / T")),
            "You let each step take the same amount, (1 − keep)/T of the first value.",
            "Each step takes a share of what is still there, so that f^T is left.",
        ),
        Mistake(
            "one step too few",
            edit(logit, ("keep ** (1 / T)", "keep ** (1 / max(T - 1, 1))")),
            "Your gate is passed T − 1 times.",
            "f^T has T factors.",
        ),
        Mistake(
            "one step too many",
            edit(logit, ("keep ** (1 / T)", "keep ** (1 / (T + 1))")),
            "Your gate is passed T + 1 times.",
            "f^T has T factors.",
        ),
        Mistake(
            "keep is always 0.9",
            edit(logit, ("    f = ", "    keep = 0.9\n    f = ")),
            "Right for keep = 0.9; your bias does not depend on keep.",
            "keep is an argument.",
        ),
        Mistake(
            "T divided by the logarithm",
            edit(one_logarithm, ("-np.log(keep) / T", "-np.log(keep) * T")),
            "The more steps, the further your gate closes: T stands as a factor where it should "
            "divide.",
            "T ln f = ln keep: what is ln f?",
        ),
        Mistake(
            "the logarithm of ten",
            edit(logit, ("np.log(f / (1 - f))", "np.log10(f / (1 - f))")),
            "Your logarithm is that to base 10.",
            "σ is made with e.",
        ),
        Mistake(
            "the approximation for long times",
            edit(
                one_logarithm, ("-np.log(np.expm1(-np.log(keep) / T))", "np.log(T / -np.log(keep))")
            ),
            "Your bias is close where T is large, and off where it is small.",
            "e^x − 1 is about x only for small x; nothing needs to be neglected here.",
        ),
        Mistake(
            "a rule of thumb",
            edit(logit, ("np.log(f / (1 - f))", "np.log(max(T, 2))")),
            "Your bias is ln T, which does not depend on keep.",
            "Solve f^T = keep for f, and f = σ(b) for b.",
        ),
        Mistake(
            "a search in steps of 0.01",
            edit(
                bisection,
                (
                    "low, high = -100.0, 100.0",
                    "grid = np.arange(-20, 20, 0.01)\n"
                    "    return grid[-T * np.log1p(np.exp(-grid)) >= np.log(keep)][0]\n"
                    "    low, high = -20.0, 20.0",
                ),
            ),
            "Your bias keeps enough, but it is not the smallest one: there is a gap of up to 0.01.",
            "A relative error of 1e-6 is allowed; can f^T = keep be solved for b?",
        ),
        Mistake(
            "a search that starts at 0",
            edit(bisection, ("low, high = -100.0, 100.0", "low, high = 0.0, 100.0")),
            "Right where the bias is positive; where less than half is to be kept in a step, yours "
            "is 0.",
            "Can the bias be negative?",
        ),
        Mistake(
            "a search that ends at 10",
            edit(bisection, ("low, high = -100.0, 100.0", "low, high = -10.0, 10.0")),
            "Right as long as the bias is below 10; for more steps yours stays at 10.",
            "How open must a gate be for a million steps?",
        ),
    ),
)
