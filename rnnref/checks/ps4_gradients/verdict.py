"""verdict: what the bound says about a recurrent matrix, and what it cannot say (row R21)."""

import numpy as np

from rnnref.analysis.jacobians import jacobian_bound
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.shapes import require_option


def verdict(W, activation):
    """What the core's bound over one step proves."""
    require_option("verdict", "activation", activation, ("tanh", "logistic", "linear"))
    return "vanishes" if jacobian_bound(W, activation, 1) < 1 else "undecided"


def draw(rng, H, norm):
    """A W of this norm, without any symmetry."""
    W = rng.normal(size=(H, H))
    return W * (norm / np.linalg.norm(W, 2))


def rotation(rng, H, norm):
    """A W that stretches all vectors alike: every other norm is larger."""
    return np.linalg.qr(rng.normal(size=(H, H)))[0] * norm


def jordan(rng, size):
    """[[a, b], [0, d]] with a norm beyond `size` and eigenvalues well below it."""
    a, b, d = rng.uniform([0.3, 1.5, 0.3], [0.8, 4.0, 0.8]) * size
    return np.array([[a, b], [0.0, d]])


def cases(rng):
    """Both verdicts for each activation, then what other sizes of W get wrong, and equality."""
    u = rng.uniform
    yield plain("tanh, a small W", draw(rng, 4, u(0.6, 0.95)), "tanh")
    yield plain("tanh, a larger W", draw(rng, 4, u(1.05, 1.4)), "tanh")
    yield plain("logistic, a W of norm 1 to 2", draw(rng, 3, u(1.1, 1.9)), "logistic")
    yield plain("logistic, a W of norm 2 to 4", draw(rng, 3, u(2.1, 3.9)), "logistic")
    yield plain("logistic, a larger W", draw(rng, 5, u(4.1, 6.0)), "logistic")
    yield plain("linear, a small W", draw(rng, 3, u(0.6, 0.95)), "linear")
    yield plain("linear, a larger W", draw(rng, 3, u(1.05, 3.0)), "linear")
    yield special("tanh, W = [[a, b], [0, d]]", jordan(rng, 1.0), "tanh")
    yield special("logistic, W = [[a, b], [0, d]]", jordan(rng, 4.0), "logistic")
    yield special("tanh, W is a rotation, made smaller", rotation(rng, 4, u(0.8, 0.95)), "tanh")
    yield special(
        "logistic, W is a rotation, made larger", rotation(rng, 3, u(3.2, 3.9)), "logistic"
    )
    W = np.diag(u(5.0, 9.0, 3), 1)
    yield special("tanh, 0.8 times the identity", 0.8 * np.eye(3), "tanh")
    yield special("a chain of units (W is nilpotent)", W, rng.choice(["tanh", "logistic"]).item())
    yield special("one unit (H = 1), w < −1", np.array([[-u(1.1, 2.0)]]), "tanh")
    yield special("W = 0", np.zeros((3, 3)), "tanh")
    yield special("tanh, W the identity", np.eye(3), "tanh")
    yield special("logistic, W four times the identity", 4 * np.eye(3), "logistic")
    diagonal = rng.permutation([u(0.2, 0.9), -1.0, -u(0.2, 0.9), u(0.2, 0.9)])
    yield special("linear, a diagonal W with an entry −1", np.diag(diagonal), "linear")
    diagonal = rng.permutation([u(0.5, 3.5), 4.0, -u(0.5, 3.5)])
    yield special("logistic, a diagonal W with an entry 4", np.diag(diagonal), "logistic")
    yield special("another activation: ValueError", draw(rng, 3, u(0.5, 2.0)), "relu")


def by_norm(W, activation):
    if activation == "logistic":
        gamma = 0.25
    elif activation in ("tanh", "linear"):
        gamma = 1.0
    else:
        raise ValueError(f"activation must be tanh, logistic or linear, got {activation}")
    size = np.linalg.norm(W, 2)
    if gamma * size < 1:
        return "vanishes"
    return "undecided"


def by_singular_values(W, activation):
    limits = {"tanh": 1, "logistic": 4, "linear": 1}
    if activation not in limits:
        raise ValueError(f"no activation {activation!r}")
    small = np.all(np.linalg.svd(W)[1] < limits[activation])
    return ["undecided", "vanishes"][int(small)]


def by_eigenvalues(W, activation):
    if activation not in {"tanh", "logistic", "linear"}:
        raise ValueError("activation: tanh, logistic or linear")
    limit = 16 if activation == "logistic" else 1
    return "undecided" if np.linalg.eigvalsh(W @ W.T).max() >= limit else "vanishes"


EXERCISE = Exercise(
    name="verdict",
    points=10,
    returns="verdict",
    reference=verdict,
    cases=cases,
    alternatives=(by_norm, by_singular_values, by_eigenvalues),
    mistakes=(
        Mistake(
            "the same answer for every W",
            edit(by_norm, ("if gamma * size < 1", "if size >= 0")),
            "You answer “vanishes” whatever W is.",
            "What do you compare with what?",
        ),
        Mistake(
            "undecided for every W",
            edit(by_norm, ("if gamma * size < 1", "if size < 0")),
            "You answer “undecided” whatever W is.",
            "What do you compare with what?",
        ),
        Mistake(
            "the largest eigenvalue",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.abs(np.linalg.eigvals(W)).max()")),
            "You judge by the eigenvalues: for W = [[0.5, 5], [0, 0.5]] the bound proves nothing, "
            "and you say that it does.",
            "The bound is made of ‖W‖₂. When is that the largest eigenvalue, and when not?",
        ),
        Mistake(
            "the Frobenius norm",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.linalg.norm(W)")),
            "You judge by the Frobenius norm: where it is too large, ‖W‖₂ may still be small "
            "enough.",
            "What does np.linalg.norm do with a matrix if it is told nothing more?",
        ),
        Mistake(
            "the largest row sum",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.linalg.norm(W, np.inf)")),
            "You judge by the largest row sum, not by the largest singular value.",
            "Which norm stands in the bound?",
        ),
        Mistake(
            "the largest entry",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.abs(W).max()")),
            "You judge by the largest entry: many small ones can stretch a vector, too.",
            "Which norm stands in the bound?",
        ),
        Mistake(
            "the smallest singular value",
            edit(by_singular_values, ("np.all(", "np.any(")),
            "You say “vanishes” as soon as one of the singular values is small enough.",
            "A bound must hold for every vector, also for the one that is stretched most.",
        ),
        Mistake(
            "no γ",
            edit(by_norm, ("gamma = 0.25", "gamma = 1.0")),
            "For logistic units the bound proves more than you say.",
            "How steep is the logistic function at most?",
        ),
        Mistake(
            "the largest eigenvalue, with its sign",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.linalg.eigvals(W).real.max()")),
            "You judge by the largest eigenvalue, and with its sign: [[−2]] stretches, too.",
            "Which number says how much W can stretch a vector at most?",
        ),
        Mistake(
            "½ for the logistic function",
            edit(by_norm, ("gamma = 0.25", "gamma = 0.5")),
            "For logistic units you draw the line at ‖W‖₂ = 2, not at 4: your γ is ½, or you take "
            "the norm's square.",
            "σ(0) = ½ is the value at 0. How steep is σ there?",
        ),
        Mistake(
            "¼ for every activation",
            edit(by_norm, ("gamma = 1.0", "gamma = 0.25")),
            "For tanh and linear units you say “vanishes” too often.",
            "How steep is tanh at most?",
        ),
        Mistake(
            "explodes",
            edit(
                by_norm,
                (
                    '    return "undecided"',
                    '    return "explodes" if gamma * size > 1 else "undecided"',
                ),
            ),
            "Where γ‖W‖₂ > 1 you say that the gradient explodes.",
            "“At most 7” does not mean 7. Can an upper bound promise that something is large?",
        ),
        Mistake(
            "explodes at equality, too",
            edit(by_norm, ('return "undecided"', 'return "explodes"')),
            "Where γ‖W‖₂ ≥ 1 you say that the gradient explodes.",
            "“At most 7” does not mean 7. Can an upper bound promise that something is large?",
        ),
        Mistake(
            "equality vanishes",
            edit(by_norm, ("gamma * size < 1", "gamma * size <= 1")),
            "For γ‖W‖₂ = 1 you say “vanishes”.",
            "What becomes of 1ⁿ as n grows?",
        ),
        Mistake(
            "the other way round",
            edit(by_norm, ("gamma * size < 1", "gamma * size >= 1")),
            "Your two answers have changed places.",
            "When does (γ‖W‖₂)ⁿ go to 0?",
        ),
        Mistake(
            "true or false",
            edit(
                by_norm,
                ('return "vanishes"', "return True"),
                ('return "undecided"', "return False"),
            ),
            "Your verdicts are right, but they are True and False.",
            "One of two words is asked for.",
        ),
        Mistake(
            "anything else has γ = 1",
            edit(
                by_norm,
                ('elif activation in ("tanh", "linear"):', "else:"),
                (
                    '    else:\n        raise ValueError(f"activation must be tanh, logistic or '
                    'linear, got {activation}")\n',
                    "",
                ),
            ),
            "Right, but an activation that does not exist gets a verdict.",
            "Which error says that an argument has no meaning? `raise` it.",
        ),
        Mistake(
            "a KeyError for another activation",
            edit(
                by_singular_values,
                (
                    '    if activation not in limits:\n        raise ValueError(f"no activation '
                    '{activation!r}")\n',
                    "",
                ),
            ),
            "Right, but an activation that does not exist gives a KeyError.",
            "ValueError is asked for; look for the name before you use it.",
        ),
    ),
)
