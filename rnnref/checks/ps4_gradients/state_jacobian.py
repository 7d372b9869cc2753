"""state_jacobian: what a small change of an early state does to a later one (course row R21)."""

import numpy as np

from rnnref.analysis.jacobians import state_jacobian as core
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.activations import ACTIVATIONS
from rnnref.nets.rnn import RNNCache, RNNParams
from rnnref.shapes import require_option


def state_jacobian(Z, W, k, t, activation):
    """The core's Jacobian, of one sequence that passes through Z."""
    require_option("state_jacobian", "activation", activation, ("tanh", "logistic", "linear"))
    states = ACTIVATIONS[activation].function(np.vstack([np.zeros_like(Z[:1]), Z]))[:, None]
    return core(RNNCache(RNNParams(None, W, None), None, states, None, activation), k, t)[0]


def draw(rng, T, H, activation):
    """Z and W such that the product is neither tiny nor huge; slopes differ from step to step."""
    Z = rng.uniform(0.2, 1.5, (T, H)) * rng.choice([-1.0, 1.0], (T, H))
    size = {"tanh": 1.5, "logistic": 5.0, "linear": 1.0}[activation]
    W = rng.normal(size=(H, H)) * size / np.sqrt(H)
    return Z, W + 0.5 * np.where(W < 0, -1.0, 1.0)


def cases(rng):
    """Each activation, then the ends of time, matrices of all kinds, and times that are none."""
    Z, W = draw(rng, 7, 4, "tanh")
    yield plain("tanh, T = 7, from k = 2 to t = 5", Z, W, 2, 5, "tanh")
    Z, W = draw(rng, 8, 3, "logistic")
    yield plain("logistic, T = 8, from k = 1 to t = 5", Z, W, 1, 5, "logistic")
    Z, W = draw(rng, 6, 5, "linear")
    yield plain("linear, T = 6, from k = 2 to t = 4", Z, W, 2, 4, "linear")
    Z, W = draw(rng, 6, 3, "tanh")
    yield special("a single step (k = 3, t = 4)", Z, W, 3, 4, "tanh")
    yield special("from the first state (k = 0)", *draw(rng, 6, 3, "tanh"), 0, 4, "tanh")
    yield special("to the last state (t = T)", *draw(rng, 5, 4, "logistic"), 2, 5, "logistic")
    yield special("over the whole sequence (k = 0, t = T)", *draw(rng, 4, 3, "tanh"), 0, 4, "tanh")
    k = int(rng.integers(1, 4))
    yield special("k = t", *draw(rng, 5, 3, "logistic"), k, k, "logistic")
    yield special("k = t = 0", *draw(rng, 3, 4, "tanh"), 0, 0, "tanh")
    yield special("one step in all (T = 1)", *draw(rng, 1, 3, "tanh"), 0, 1, "tanh")
    yield special("one unit (H = 1)", *draw(rng, 5, 1, "tanh"), 1, 4, "tanh")
    Z, W = draw(rng, 5, 4, "tanh")[0], np.diag(rng.uniform(-4.0, -2.0, 3), -1)
    yield special("a chain of units (W is nilpotent)", Z, W, 1, 4, "tanh")
    Z, W = draw(rng, 5, 3, "linear")
    yield special("all weights negative", Z, -np.abs(W), 1, 4, "linear")
    Z, W = draw(rng, 5, 3, "tanh")
    yield special("later than T (t = T + 1): ValueError", Z, W, 2, 6, "tanh")
    yield special("backwards in time (k > t): ValueError", Z, W, 4, 2, "tanh")
    yield special("before h_0 (k = −1): ValueError", Z, W, -1, 2, "tanh")
    yield special("another activation: ValueError", Z, W, 1, 3, "relu")


def forwards(Z, W, k, t, activation):
    if not 0 <= k <= t <= len(Z):
        raise ValueError(f"0 <= k <= t <= {len(Z)} must hold, got k = {k}, t = {t}")
    J = np.eye(len(W))
    for j in range(k + 1, t + 1):
        z = Z[j - 1]
        if activation == "tanh":
            slope = 1 - np.tanh(z) ** 2
        elif activation == "logistic":
            y = 1 / (1 + np.exp(-z))
            slope = y * (1 - y)
        elif activation == "linear":
            slope = np.ones_like(z)
        else:
            raise ValueError(f"activation must be tanh, logistic or linear, got {activation}")
        J = (slope[:, None] * W) @ J
    return J


def backwards(Z, W, k, t, activation):
    slopes = {
        "tanh": lambda z: 1 / np.cosh(z) ** 2,
        "logistic": lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
        "linear": lambda z: np.ones(len(z)),
    }
    T, H = Z.shape
    if activation not in slopes:
        raise ValueError(f"no activation {activation!r}")
    if k < 0 or k > t or t > T:
        raise ValueError("k and t are times with 0 <= k <= t <= T")
    product = np.identity(H)
    for j in range(t - 1, k - 1, -1):
        product = product @ np.diag(slopes[activation](Z[j])) @ W
    return product


def recursive(Z, W, k, t, activation):
    if activation not in ("tanh", "logistic", "linear"):
        raise ValueError("activation: tanh, logistic or linear")
    if k < 0 or k > t or t > len(Z):
        raise ValueError("no such times")
    if k == t:
        return np.eye(Z.shape[1])
    h = np.tanh(Z[t - 1]) if activation == "tanh" else np.tanh(Z[t - 1] / 2)
    slope = (1 - h**2) * {"tanh": 1.0, "logistic": 0.25, "linear": 0.0}[activation]
    slope = slope + (activation == "linear")
    return np.einsum("i,ij,jk->ik", slope, W, recursive(Z, W, k, t - 1, activation))


def by_columns(Z, W, k, t, activation):
    if activation == "tanh":
        slopes = 1 - np.tanh(Z) ** 2
    elif activation == "logistic":
        slopes = 1 / (2 + np.exp(Z) + np.exp(-Z))
    elif activation == "linear":
        slopes = np.ones(Z.shape)
    else:
        raise ValueError("activation")
    if k not in range(t + 1) or t not in range(len(Z) + 1):
        raise ValueError("times")
    columns = []
    for unit in np.eye(Z.shape[1]):
        change = unit
        for slope in slopes[k:t]:
            change = slope * (W @ change)
        columns.append(change)
    return np.stack(columns, axis=1)


NO_CHECK = (
    "    if not 0 <= k <= t <= len(Z):\n"
    '        raise ValueError(f"0 <= k <= t <= {len(Z)} must hold, got k = {k}, t = {t}")\n'
)

EXERCISE = Exercise(
    name="state_jacobian",
    points=15,
    returns="J (to, from)",
    reference=state_jacobian,
    cases=cases,
    alternatives=(forwards, backwards, recursive, by_columns),
    mistakes=(
        Mistake(
            "the slopes of the step before",
            edit(forwards, ("z = Z[j - 1]", "z = Z[j - 2]")),
            "Each of your factors takes the slopes of one step too early (and step 1, those of the "
            "last).",
            "From h_{j−1} to h_j the activation of step j is passed: z_j. Where does Z hold it?",
        ),
        Mistake(
            "the slopes of the step after",
            edit(forwards, ("z = Z[j - 1]", "z = Z[min(j, len(Z) - 1)]")),
            "Each of your factors takes the slopes of one step too late.",
            "Times are counted from 1 and rows of Z from 0: where does Z hold z_j?",
        ),
        Mistake(
            "past the end of Z",
            edit(forwards, ("z = Z[j - 1]", "z = Z[j]")),
            "Each of your factors takes the slopes of one step too late; at t = T there is no such "
            "row.",
            "Times are counted from 1 and rows of Z from 0: where does Z hold z_j?",
        ),
        Mistake(
            "one factor too many",
            edit(forwards, ("range(k + 1, t + 1)", "range(k, t + 1)")),
            "Your product has one factor too many, at its early end.",
            "How many steps lead from h_k to h_t? For k = t there are none.",
        ),
        Mistake(
            "the last factor is missing",
            edit(forwards, ("range(k + 1, t + 1)", "range(k + 1, t)")),
            "Your product stops at h_{t−1}.",
            "How many steps lead from h_k to h_t? In Python, range(a, b) ends before b.",
        ),
        Mistake(
            "the first factor is missing",
            edit(forwards, ("range(k + 1, t + 1)", "range(k + 2, t + 1)")),
            "Your product starts at h_{k+1}.",
            "How many steps lead from h_k to h_t? For t = k + 1 there is one.",
        ),
        Mistake(
            "from the beginning, whatever k is",
            edit(forwards, ("range(k + 1, t + 1)", "range(1, t + 1)")),
            "Right for k = 0; yours always goes back to h_0.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "to the end, whatever t is",
            edit(forwards, ("range(k + 1, t + 1)", "range(k + 1, len(Z) + 1)")),
            "Right for t = T; yours always goes on to h_T.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "h for z",
            edit(
                forwards,
                ("1 - np.tanh(z) ** 2", "1 - z**2"),
                ("y = 1 / (1 + np.exp(-z))", "y = z"),
            ),
            "Your slopes take z for h: 1 − z² and z(1 − z).",
            "What does Z hold, states or what goes into φ?",
        ),
        Mistake(
            "the activation once too often",
            edit(
                forwards,
                ("1 - np.tanh(z) ** 2", "1 - np.tanh(np.tanh(z)) ** 2"),
                ("np.exp(-z)", "np.exp(-1 / (1 + np.exp(-z)))"),
            ),
            "In your slopes the activation was applied once too often.",
            "φ′ is asked for at z itself.",
        ),
        Mistake(
            "largest slopes for the slopes",
            edit(
                forwards,
                ("1 - np.tanh(z) ** 2", "np.ones_like(z)"),
                ("y * (1 - y)", "np.full_like(z, 0.25)"),
            ),
            "Yours does not depend on Z: it is γ^{t−k} times a power of W.",
            "1 and ¼ are the largest values of φ′. Take the slopes at the z that occurred.",
        ),
        Mistake(
            "a power of W",
            edit(forwards, ("(slope[:, None] * W) @ J", "W @ J")),
            "Your product is a power of W: no activation is passed on the way.",
            "Each step from h_{j−1} to h_j has a W and a φ.",
        ),
        Mistake(
            "one slope for all steps",
            edit(forwards, ("z = Z[j - 1]", "z = Z[t - 1]")),
            "Right for a single step; in yours every step takes the slopes of step t.",
            "Each step has slopes of its own: the product is no power.",
        ),
        Mistake(
            "slopes first, then a power of W",
            edit(
                forwards,
                ("    J = np.eye(len(W))\n", "    J, D = np.eye(len(W)), np.eye(len(W))\n"),
                ("J = (slope[:, None] * W) @ J", "J, D = W @ J, slope[:, None] * D"),
                ("return J", "return D @ J"),
            ),
            "Right for a single step; you pull the slopes of all steps together, in front of a "
            "power of W.",
            "Matrices do not commute: diag(a) W diag(b) W is not diag(a) diag(b) W W.",
        ),
        Mistake(
            "columns for rows",
            edit(forwards, ("slope[:, None] * W", "W * slope")),
            "In each of your factors the slopes stand at the columns of W: W diag(φ′(z)).",
            "Which index does the activation belong to: the unit that sends or the unit that "
            "receives?",
        ),
        Mistake(
            "W for its transpose",
            edit(forwards, ("slope[:, None] * W", "slope[:, None] * W.T")),
            "In each of your factors W stands transposed.",
            "Entry (i, j) says what unit j does to unit i. Which weight leads there?",
        ),
        Mistake(
            "transposed",
            edit(forwards, ("return J", "return J.T")),
            "Your result is transposed: it would carry gradients back, not changes forward.",
            "Row i belongs to unit i of h_t, column j to unit j of h_k.",
        ),
        Mistake(
            "in the wrong order",
            edit(forwards, ("(slope[:, None] * W) @ J", "J @ (slope[:, None] * W)")),
            "Right for a single step; with more, your factors stand in the wrong order.",
            "The change of h_k meets the factor of step k + 1 first. At which end of the product "
            "does it stand?",
        ),
        Mistake(
            "entry by entry",
            edit(
                forwards,
                ("(slope[:, None] * W) @ J", "(slope[:, None] * W) * J"),
                ("np.eye(len(W))", "np.ones((len(W), len(W))) if k < t else np.eye(len(W))"),
            ),
            "Right for a single step; with more, you multiply entry by entry.",
            "Jacobians are matrices. What is their product in NumPy?",
        ),
        Mistake(
            "entry by entry, from the identity",
            edit(forwards, ("(slope[:, None] * W) @ J", "(slope[:, None] * W) * J")),
            "You multiply entry by entry: all that is not on the diagonal stays 0.",
            "Jacobians are matrices. What is their product in NumPy?",
        ),
        Mistake(
            "the last step alone",
            edit(forwards, ("(slope[:, None] * W) @ J", "slope[:, None] * W")),
            "Right for a single step; otherwise you return the Jacobian of the last step alone.",
            "What was found for the steps before must not be lost.",
        ),
        Mistake(
            "a sum",
            edit(
                forwards,
                ("np.eye(len(W))", "np.zeros(W.shape) if k < t else np.eye(len(W))"),
                ("J = (slope[:, None] * W) @ J", "J = J + slope[:, None] * W"),
            ),
            "Right for a single step; with more, you add the Jacobians of the steps.",
            "One step after the other: what does the chain rule do with them?",
        ),
        Mistake(
            "starts from W",
            edit(
                forwards,
                ("np.eye(len(W))", "W.copy()"),
            ),
            "Your product has one W too many.",
            "With which matrix does a product of matrices begin, so that it changes nothing?",
        ),
        Mistake(
            "starts from zero",
            edit(forwards, ("np.eye(len(W))", "np.zeros(W.shape)")),
            "Your result is zero everywhere.",
            "A sum begins with 0. And a product of matrices?",
        ),
        Mistake(
            "starts from ones",
            edit(forwards, ("np.eye(len(W))", "np.ones(W.shape)")),
            "Your product begins with a matrix full of ones: all columns are equal.",
            "With which matrix does a product of matrices begin, so that it changes nothing?",
        ),
        Mistake(
            "zeros for k = t",
            edit(
                forwards,
                (
                    "    J = np.eye",
                    "    if k == t:\n        return np.zeros(W.shape)\n    J = np.eye",
                ),
            ),
            "Right for k < t; for k = t you return zeros.",
            "What is ∂h_t/∂h_t?",
        ),
        Mistake(
            "ones for k = t",
            edit(
                forwards,
                (
                    "    J = np.eye",
                    "    if k == t:\n        return np.ones(W.shape)\n    J = np.eye",
                ),
            ),
            "Right for k < t; for k = t every unit of yours depends on every other.",
            "What is ∂h_t/∂h_t?",
        ),
        Mistake(
            "k = t refused",
            edit(forwards, ("0 <= k <= t <= len(Z)", "0 <= k < t <= len(Z)")),
            "Right for k < t; for k = t you raise an error.",
            "What is ∂h_t/∂h_t?",
        ),
        Mistake(
            "k = 0 refused",
            edit(forwards, ("0 <= k <= t <= len(Z)", "1 <= k <= t <= len(Z)")),
            "Right for k ≥ 1; for k = 0 you raise an error.",
            "h_0 is a state, too.",
        ),
        Mistake(
            "t = T refused",
            edit(forwards, ("0 <= k <= t <= len(Z)", "0 <= k <= t < len(Z)")),
            "Right for t < T; for t = T you raise an error.",
            "Times run from 1 to T. Where does Z hold z_T?",
        ),
        Mistake(
            "times are not looked at",
            edit(forwards, (NO_CHECK, "")),
            "Right, but times that do not exist, or in the wrong order, give no ValueError.",
            "Python takes Z[-1] for the last row, and range(a, b) is empty if b ≤ a: look at k "
            "and t before you begin.",
        ),
        Mistake(
            "t > T not looked at",
            edit(forwards, ("0 <= k <= t <= len(Z)", "0 <= k <= t")),
            "Right, but for t > T there is no ValueError.",
            "0 ≤ k ≤ t ≤ T is asked for: which part do you not look at?",
        ),
        Mistake(
            "k < 0 not looked at",
            edit(forwards, ("0 <= k <= t <= len(Z)", "k <= t <= len(Z)")),
            "Right, but for k < 0 there is no ValueError.",
            "0 ≤ k ≤ t ≤ T is asked for: which part do you not look at?",
        ),
        Mistake(
            "k > t not looked at",
            edit(forwards, ("not 0 <= k <= t <= len(Z)", "k < 0 or t > len(Z)")),
            "Right, but for k > t there is no ValueError.",
            "0 ≤ k ≤ t ≤ T is asked for: which part do you not look at?",
        ),
        Mistake(
            "anything else is linear",
            edit(
                forwards,
                ('elif activation == "linear":', "else:"),
                (
                    '        else:\n            raise ValueError(f"activation must be tanh, '
                    'logistic or linear, got {activation}")\n',
                    "",
                ),
            ),
            "Right, but an activation that does not exist is taken for a linear one.",
            "Which error says that an argument has no meaning? `raise` it.",
        ),
        Mistake(
            "a KeyError for another activation",
            edit(
                backwards,
                (
                    '    if activation not in slopes:\n        raise ValueError(f"no activation '
                    '{activation!r}")\n',
                    "",
                ),
            ),
            "Right, but an activation that does not exist gives a KeyError.",
            "ValueError is asked for; look for the name before you use it.",
        ),
    ),
)
