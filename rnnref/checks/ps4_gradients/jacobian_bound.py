"""jacobian_bound: how large the Jacobian over n steps can be at most (course row R21)."""

import numpy as np

from rnnref.analysis.jacobians import jacobian_bound as core
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.shapes import require_option


def jacobian_bound(W, activation, n):
    """The core's bound, for the activations of the exercise."""
    require_option("jacobian_bound", "activation", activation, ("tanh", "logistic", "linear"))
    return core(W, activation, n)


def draw(rng, H, norm):
    """A W of this norm, without any symmetry: far from normal, its eigenvalues mislead."""
    W = rng.normal(size=(H, H)) + np.triu(rng.uniform(1.0, 3.0, (H, H)), 1)
    return W * (norm / np.linalg.norm(W, 2))


def cases(rng):
    """Each activation, then no step and one, and matrices of all kinds."""
    yield plain("tanh, n = 3", draw(rng, 4, rng.uniform(1.1, 2.0)), "tanh", 3)
    yield plain("logistic, n = 4", draw(rng, 3, rng.uniform(2.0, 3.5)), "logistic", 4)
    yield plain("linear, n = 2", draw(rng, 5, rng.uniform(0.5, 0.9)), "linear", 2)
    yield plain("logistic, n = 5, W large", draw(rng, 3, rng.uniform(5.0, 8.0)), "logistic", 5)
    yield special("no step (n = 0)", draw(rng, 3, rng.uniform(1.5, 3.0)), "logistic", 0)
    yield special("a single step (n = 1)", draw(rng, 4, rng.uniform(2.0, 3.0)), "logistic", 1)
    w = rng.uniform(1.2, 2.0)
    yield special("one unit (H = 1), w < 0", np.array([[-w]]), "tanh", 3)
    above, diagonal = rng.uniform(2.0, 6.0), rng.uniform(0.3, 0.6, 2)
    W = np.diag(diagonal) + np.diag([above], 1)
    yield special("W = [[a, b], [0, d]] with a large b", W, "tanh", 2)
    a, b = rng.uniform(0.5, 1.5, 2)
    yield special("W = [[a, −b], [b, a]]", np.array([[a, -b], [b, a]]), "linear", 4)
    W = -np.diag(rng.uniform(1.2, 2.5, 3)) + np.diag(rng.uniform(0.1, 0.3, 2), 1)
    yield special("W with negative eigenvalues", W, "logistic", 2)
    W = np.diag(rng.uniform(1.0, 2.5, 3), 1)
    yield special("a chain of units (W is nilpotent)", W, "tanh", 3)
    yield special("another activation: ValueError", draw(rng, 3, 1.5), "relu", 2)


def by_norm(W, activation, n):
    if activation == "logistic":
        gamma = 0.25
    elif activation in ("tanh", "linear"):
        gamma = 1.0
    else:
        raise ValueError(f"activation must be tanh, logistic or linear, got {activation}")
    size = np.linalg.norm(W, 2)
    return (gamma * size) ** n


def by_singular_values(W, activation, n):
    gammas = {"tanh": 1.0, "logistic": 0.25, "linear": 1.0}
    if activation not in gammas:
        raise ValueError(f"no activation {activation!r}")
    bound = 1.0
    for _ in range(n):
        bound *= gammas[activation] * np.linalg.svd(W)[1][0]
    return bound


def by_eigenvalues(W, activation, n):
    if activation not in ("tanh", "logistic", "linear"):
        raise ValueError("activation: tanh, logistic or linear")
    squares = np.linalg.eigvalsh(W.T @ W)
    return float(np.sqrt(max(squares)) / (4 if activation == "logistic" else 1)) ** n


EXERCISE = Exercise(
    name="jacobian_bound",
    points=10,
    returns="bound",
    reference=jacobian_bound,
    cases=cases,
    alternatives=(by_norm, by_singular_values, by_eigenvalues),
    mistakes=(
        Mistake(
            "the largest eigenvalue",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.abs(np.linalg.eigvals(W)).max()")),
            "You take the largest eigenvalue for ‖W‖₂. For W = [[0.5, 5], [0, 0.5]] your bound is "
            "smaller than what it should bound.",
            "‖W‖₂ is the most by which W can stretch a vector, also one that is no eigenvector.",
        ),
        Mistake(
            "the largest eigenvalue, by its real part",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.linalg.eigvals(W).real.max()")),
            "You take the largest real part of an eigenvalue for ‖W‖₂.",
            "‖W‖₂ is the most by which W can stretch a vector, also one that is no eigenvector.",
        ),
        Mistake(
            "no root",
            edit(by_eigenvalues, ("np.sqrt(max(squares))", "max(squares)")),
            "You take ‖W‖₂² for ‖W‖₂.",
            "The eigenvalues of WᵀW are squares of what you are looking for.",
        ),
        Mistake(
            "the Frobenius norm",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.linalg.norm(W)")),
            "Yours is a bound, but a loose one: it is made of the Frobenius norm of W.",
            "The largest singular value is asked for. What does np.linalg.norm do with a matrix if "
            "it is told nothing more?",
        ),
        Mistake(
            "the largest row sum",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.linalg.norm(W, np.inf)")),
            "Your norm of W is its largest row sum.",
            "That belongs to another length of vectors. For ‖·‖₂, see the largest singular value.",
        ),
        Mistake(
            "the largest column sum",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.linalg.norm(W, 1)")),
            "Your norm of W is its largest column sum.",
            "That belongs to another length of vectors. For ‖·‖₂, see the largest singular value.",
        ),
        Mistake(
            "the sum of all entries",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.abs(W).sum()")),
            "Your norm of W is the sum of all its entries' sizes.",
            "That bounds, too, but ‖·‖₂ is asked for, the largest singular value.",
        ),
        Mistake(
            "the largest entry",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.abs(W).max()")),
            "Your norm of W is its largest entry.",
            "Several entries together stretch a vector more than one of them.",
        ),
        Mistake(
            "the smallest singular value",
            edit(by_norm, ("np.linalg.norm(W, 2)", "np.linalg.svd(W)[1][-1]")),
            "You take the smallest singular value.",
            "A bound must hold for every vector. Which singular value belongs to the one that is "
            "stretched most?",
        ),
        Mistake(
            "no γ",
            edit(by_norm, ("(gamma * size) ** n", "size**n")),
            "For logistic units your bound is larger than it need be.",
            "How steep is the logistic function at most?",
        ),
        Mistake(
            "½ for the logistic function",
            edit(by_norm, ("gamma = 0.25", "gamma = 0.5")),
            "For logistic units your γ is ½.",
            "σ(0) = ½ is the value at 0. How steep is σ there?",
        ),
        Mistake(
            "γ once",
            edit(by_norm, ("(gamma * size) ** n", "gamma * size**n")),
            "Over several steps, yours has γ only once.",
            "The activation is passed at every step.",
        ),
        Mistake(
            "the norm of the power",
            edit(
                by_norm,
                ("norm(W, 2)", "norm(np.linalg.matrix_power(W, n), 2)"),
                ("(gamma * size) ** n", "gamma**n * size"),
            ),
            "Yours is γⁿ‖Wⁿ‖₂, which may be smaller than (γ‖W‖₂)ⁿ: for n = 2 and "
            "W = [[0, 1], [0, 0]] it is 0.",
            "Between two W there stands a diagonal matrix: it may turn a vector to where the next "
            "W stretches most. Bound each factor on its own.",
        ),
        Mistake(
            "n times",
            edit(by_norm, ("(gamma * size) ** n", "gamma * size * n")),
            "Yours grows in proportion to n.",
            "The norm of a product is at most the product of the norms.",
        ),
        Mistake(
            "without n",
            edit(by_norm, ("(gamma * size) ** n", "gamma * size")),
            "Right for a single step; yours does not depend on n.",
            "Over n steps there are n factors.",
        ),
        Mistake(
            "one factor too few",
            edit(by_norm, ("** n", "** (n - 1)")),
            "Yours has one factor too few.",
            "How many factors has a product over n steps? For n = 0 it is the identity.",
        ),
        Mistake(
            "one factor too many",
            edit(by_norm, ("** n", "** (n + 1)")),
            "Yours has one factor too many.",
            "How many factors has a product over n steps? For n = 0 it is the identity.",
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
            "Right, but an activation that does not exist gets a bound.",
            "Which error says that an argument has no meaning? `raise` it.",
        ),
        Mistake(
            "a KeyError for another activation",
            edit(
                by_singular_values,
                (
                    '    if activation not in gammas:\n        raise ValueError(f"no activation '
                    '{activation!r}")\n',
                    "",
                ),
            ),
            "Right, but an activation that does not exist gives a KeyError.",
            "ValueError is asked for; look for the name before you use it.",
        ),
    ),
)
