"""mean_log_gain: growth or decay per step, on average over trajectories (course row R21)."""

import numpy as np

from rnnref.analysis.jacobians import state_jacobian
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.engine.sampled import Sampled
from rnnref.nets.activations import ACTIVATIONS
from rnnref.nets.rnn import RNNCache, RNNParams
from rnnref.shapes import require_option

TRAJECTORIES = 4000


def mean_log_gain(W, activation, T, rng, n=200):
    """What a mean over n trajectories should be, from many: they are the core's sequences."""
    require_option("mean_log_gain", "activation", activation, ("tanh", "logistic", "linear"))
    states = ACTIVATIONS[activation].function(rng.normal(size=(T + 1, TRAJECTORIES, len(W))))
    cache = RNNCache(RNNParams(None, W, None), None, states, None, activation)
    gains = np.linalg.norm(state_jacobian(cache, 0, T), 2, axis=(1, 2))
    return Sampled.forecast(np.log(gains) / T, n)


def crooked(rng, H):
    """A W far from normal: no other size of a product is near its largest singular value."""
    rows, columns = rng.permutation(np.geomspace(0.5, 2.0, H)), rng.uniform(0.6, 1.5, H)
    return rows[:, None] * (rng.normal(size=(H, H)) * 0.4 + np.eye(H)) * columns


def apart(rng, H, size):
    """A W whose units hardly hear each other: the luckiest of them decides how much is left."""
    signs = rng.choice([-1.0, 1.0], H)
    return size * (np.diag(signs * rng.uniform(0.95, 1.05, H)) + rng.normal(size=(H, H)) * 0.03)


def one_listener(rng, H):
    """A W in which one unit hears all others: its slope is all, those of the senders nothing."""
    W = rng.normal(size=(H, H)) * 0.02
    W[rng.integers(H)] += rng.uniform(1.0, 2.0, H) * rng.choice([-1.0, 1.0], H)
    return W


def cases(rng):
    """A product known exactly, then what shows each forgotten part of the chance in the others."""
    u = rng.uniform

    def call(W, activation, T, *n):
        return W, activation, T, rng.spawn(1)[0], *n

    yield plain("linear, T = 4, n = 7", *call(crooked(rng, 3), "linear", 4, 7))
    yield plain("tanh, T = 12, n = 300", *call(apart(rng, 2, u(1.5, 3.0)), "tanh", 12, 300))
    yield plain("tanh, T = 4, n = 500", *call(apart(rng, 4, u(1.5, 3.0)), "tanh", 4, 500))
    yield plain("tanh, one step (T = 1)", *call(one_listener(rng, 5), "tanh", 1, 1200))
    yield plain("logistic, n not given", *call(apart(rng, 3, u(4.0, 9.0)), "logistic", 5))
    yield plain("logistic, one unit (H = 1)", *call(-u(3.0, 9.0, (1, 1)), "logistic", 3, 300))
    yield special("another activation: ValueError", *call(crooked(rng, 3), "relu", 3))


def one_by_one(W, activation, T, rng, n=200):
    if activation not in ("tanh", "logistic", "linear"):
        raise ValueError(f"activation must be tanh, logistic or linear, got {activation}")
    total = 0.0
    for _ in range(n):
        J = np.eye(len(W))
        for _ in range(T):
            z = rng.standard_normal(len(W))
            slope = np.ones(len(W))
            if activation == "tanh":
                slope = 1 - np.tanh(z) ** 2
            if activation == "logistic":
                slope = np.exp(-z) / (1 + np.exp(-z)) ** 2
            J = (slope[:, None] * W) @ J
        total += np.log(np.linalg.norm(J, 2)) / T
    return total / n


def at_once(W, activation, T, rng, n=200):
    H = len(W)
    Z = rng.normal(size=(T, n, H))
    if activation == "tanh":
        slopes = 1 - np.tanh(Z) ** 2
    elif activation == "logistic":
        Y = 1 / (1 + np.exp(-Z))
        slopes = Y * (1 - Y)
    elif activation == "linear":
        slopes = np.ones_like(Z)
    else:
        raise ValueError(f"activation must be tanh, logistic or linear, got {activation}")
    J = np.stack([np.eye(H)] * n)
    for slope in slopes:
        J = slope[:, :, None] * (W @ J)
    gains = np.linalg.svd(J, compute_uv=False)[:, 0]
    return float(np.mean(np.log(gains)) / T)


def by_squares(W, activation, T, rng, n=200):
    if activation not in ("tanh", "logistic", "linear"):
        raise ValueError(f"no activation {activation!r}")
    logs = []
    for _ in range(n):
        Z = rng.normal(0.0, 1.0, (T, W.shape[0]))
        scale = {"tanh": 1.0, "logistic": 0.5, "linear": 0.0}[activation]
        slopes = (1 - np.tanh(scale * Z) ** 2) * (scale**2 or 1.0)
        rows = np.diag(slopes[0]) @ W
        for slope in slopes[1:]:
            rows = np.diag(slope) @ W @ rows
        logs.append(np.log(np.linalg.eigvalsh(rows.T @ rows)[-1]) / (2 * T))
    return np.mean(logs)


EXERCISE = Exercise(
    name="mean_log_gain",
    points=10,
    returns="gain",
    reference=mean_log_gain,
    cases=cases,
    observe="mean of draws",
    repeats=10,
    alternatives=(one_by_one, at_once, by_squares),
    mistakes=(
        Mistake(
            "uniform z",
            edit(at_once, ("rng.normal(size=(T, n, H))", "rng.random((T, n, H))")),
            "Your z_j are not standard normal: none is larger than 1.",
            "rng has a method for each distribution. Which one is normal?",
        ),
        Mistake(
            "the activation once too often",
            edit(
                at_once,
                ("np.tanh(Z) ** 2", "np.tanh(np.tanh(Z)) ** 2"),
                ("np.exp(-Z)", "np.exp(-1 / (1 + np.exp(-Z)))"),
            ),
            "In your slopes the activation was applied once too often.",
            "φ′ is asked for at z itself.",
        ),
        Mistake(
            "largest slopes for the slopes",
            edit(at_once, ("np.tanh(Z) ** 2", "0 * Z"), ("Y * (1 - Y)", "0.25 + 0 * Y")),
            "Your gains do not depend on what is drawn: each unit has the largest slope.",
            "1 and ¼ are the largest values of φ′. Take the slopes at the z that were drawn.",
        ),
        Mistake(
            "a power of W",
            edit(at_once, ("slope[:, :, None] * (W @ J)", "W @ J")),
            "Your gains do not depend on what is drawn: no activation is passed.",
            "Each step has a W and a φ.",
        ),
        Mistake(
            "one z for all steps",
            edit(
                at_once,
                ("rng.normal(size=(T, n, H))", "np.repeat(rng.normal(size=(1, n, H)), T, axis=0)"),
            ),
            "Right for a single step; in yours all steps of a trajectory have the same z.",
            "The z_j are independent: each step draws its own.",
        ),
        Mistake(
            "one z for all units",
            edit(
                at_once,
                ("rng.normal(size=(T, n, H))", "np.repeat(rng.normal(size=(T, n, 1)), H, axis=2)"),
            ),
            "Right for a single unit; in yours all units of a step have the same z.",
            "Each unit draws its own.",
        ),
        Mistake(
            "columns for rows",
            edit(at_once, ("slope[:, :, None] * (W @ J)", "W @ (slope[:, :, None] * J)")),
            "Your number is as if the slopes stood at the columns of W: W diag(φ′(z)).",
            "Which index does the activation belong to: the unit that sends or the unit that "
            "receives?",
        ),
        Mistake(
            "entry by entry",
            edit(
                at_once,
                ("np.stack([np.eye(H)] * n)", "np.ones((n, H, H))"),
                ("slope[:, :, None] * (W @ J)", "slope[:, :, None] * (W * J)"),
            ),
            "Right for a single step; with more, you multiply entry by entry.",
            "Jacobians are matrices. What is their product in NumPy?",
        ),
        Mistake(
            "a step too many",
            edit(at_once, ("size=(T, n, H)", "size=(T + 1, n, H)")),
            "Your product has T + 1 factors.",
            "How many steps lead from h_0 to h_T?",
        ),
        Mistake(
            "a product of norms",
            edit(
                at_once,
                ("J = np.stack([np.eye(H)] * n)", "gains = np.ones(n)"),
                ("J = slope[:, :, None] * (W @ J)", "J = slope[:, :, None] * W"),
                ("    gains = np.linalg.svd(J", "        gains = gains * np.linalg.svd(J"),
            ),
            "Right for a single step; with more, yours are products of norms: bounds for what is "
            "asked.",
            "Multiply first, then take the norm.",
        ),
        Mistake(
            "the Frobenius norm",
            edit(
                at_once,
                ("np.linalg.svd(J, compute_uv=False)[:, 0]", "np.sqrt((J**2).sum(axis=(1, 2)))"),
            ),
            "Your norm is the Frobenius norm.",
            "The largest singular value is asked for. What does np.linalg.norm do with a matrix if "
            "it is told nothing more?",
        ),
        Mistake(
            "the largest eigenvalue",
            edit(
                at_once,
                (
                    "np.linalg.svd(J, compute_uv=False)[:, 0]",
                    "np.abs(np.linalg.eigvals(J)).max(axis=1)",
                ),
            ),
            "You take the largest eigenvalue of the Jacobian for its norm.",
            "‖·‖₂ is the most by which a matrix can stretch a vector: a singular value.",
        ),
        Mistake(
            "not per step",
            edit(at_once, (" / T)", ")")),
            "Right for a single step; with more, yours is not divided by T.",
            "How much is gained per step?",
        ),
        Mistake(
            "a sum over the trajectories",
            edit(at_once, ("np.mean(np.log(gains))", "np.sum(np.log(gains))")),
            "Yours is n times what it should be.",
            "The mean over the trajectories is asked for.",
        ),
        Mistake(
            "another logarithm",
            edit(at_once, ("np.log(gains)", "np.log10(gains)")),
            "Your logarithm is the one to base 10.",
            "ln is the natural logarithm. What is its name in NumPy?",
        ),
        Mistake(
            "the logarithm of the mean",
            edit(at_once, ("np.mean(np.log(gains))", "np.log(np.mean(gains))")),
            "Yours is the logarithm of the mean gain: a few trajectories with large gains decide.",
            "First the logarithm of each trajectory, then the mean.",
        ),
        Mistake(
            "the logarithm of the norm of the mean",
            edit(at_once, ("svd(J, compute_uv=False)[:, 0]", "norm(J.mean(axis=0), 2)")),
            "You take the mean of the Jacobians, then its norm, then one logarithm.",
            "First the logarithm of each trajectory, then the mean.",
        ),
        Mistake(
            "no logarithm",
            edit(at_once, ("np.mean(np.log(gains)) / T", "np.mean(gains ** (1 / T))")),
            "Yours is a mean of gains per step, without a logarithm.",
            "A log gain below 0 is decay, and above 0 growth. Can yours be negative?",
        ),
        Mistake(
            "all trajectories",
            edit(at_once, ("float(np.mean(np.log(gains)) / T)", "np.log(gains) / T")),
            "You return a number for each trajectory.",
            "One number is asked for, their mean.",
        ),
        Mistake(
            "anything else is linear",
            edit(
                at_once,
                ('elif activation == "linear":', "else:"),
                (
                    '    else:\n        raise ValueError(f"activation must be tanh, logistic or '
                    'linear, got {activation}")\n',
                    "",
                ),
            ),
            "Right, but an activation that does not exist is taken for a linear one.",
            "Which error says that an argument has no meaning? `raise` it.",
        ),
    ),
)
