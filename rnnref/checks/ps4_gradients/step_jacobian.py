"""step_jacobian: what one step does to a small change of the state (course row R21)."""

import numpy as np

from rnnref.analysis.jacobians import step_jacobian as core
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.activations import ACTIVATIONS
from rnnref.nets.rnn import RNNCache, RNNParams
from rnnref.shapes import require_option


def step_jacobian(z, W, activation):
    """The core's Jacobian at the first step, of one sequence that is at z there."""
    require_option("step_jacobian", "activation", activation, ("tanh", "logistic", "linear"))
    states = np.stack([np.zeros_like(z), ACTIVATIONS[activation].function(z)])
    return core(RNNCache(RNNParams(None, W, None), None, states[:, None], None, activation), 1)[0]


def draw(rng, H, activation, low=0.3, high=1.5):
    """z with entries of both signs and sizes low … high, and a W without any symmetry."""
    z = rng.uniform(low, high, H) * rng.permutation(np.resize([-1.0, 1.0], H))
    return z, rng.normal(size=(H, H)) + 0.3, activation


def cases(rng):
    """Each activation, then small and large z, one unit, a chain, and a name that is none."""
    for H, activation in ((5, "tanh"), (4, "logistic"), (3, "linear")):
        yield plain(f"{activation}, H = {H}", *draw(rng, H, activation))
    yield special("tanh, some units far from 0", *draw(rng, 4, "tanh", 0.5, 4.0))
    yield special("logistic, some units far from 0", *draw(rng, 3, "logistic", 0.5, 5.0))
    yield special("tanh, one unit (H = 1)", *draw(rng, 1, "tanh"))
    yield special("logistic, one unit (H = 1)", *draw(rng, 1, "logistic"))
    z, W, activation = draw(rng, 4, "tanh")
    yield special(
        "tanh, a chain of units (W is zero but for one diagonal)",
        z,
        np.diag(W[0, 1:], 1),
        activation,
    )
    yield special("tanh, z = 0", np.zeros(3), rng.normal(size=(3, 3)), "tanh")
    z, W, _ = draw(rng, 3, "tanh")
    yield special("another activation: ValueError", z, W, "relu")


def by_rows(z, W, activation):
    if activation == "tanh":
        slope = 1 - np.tanh(z) ** 2
    elif activation == "logistic":
        y = 1 / (1 + np.exp(-z))
        slope = y * (1 - y)
    elif activation == "linear":
        slope = np.ones_like(z)
    else:
        raise ValueError(f"activation must be tanh, logistic or linear, got {activation}")
    return slope[:, None] * W


def by_diag(z, W, activation):
    slopes = {
        "tanh": lambda z: 1 / np.cosh(z) ** 2,
        "logistic": lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
        "linear": lambda z: np.ones(len(z)),
    }
    if activation not in slopes:
        raise ValueError(f"no activation {activation!r}")
    return np.diag(slopes[activation](z)) @ W


def by_entries(z, W, activation):
    if activation not in ("tanh", "logistic", "linear"):
        raise ValueError("activation: tanh, logistic or linear")
    J = np.zeros(W.shape)
    for i in range(len(z)):
        slope = 1.0
        if activation == "tanh":
            slope = 1 - np.tanh(z[i]) * np.tanh(z[i])
        if activation == "logistic":
            slope = 0.25 * (1 - np.tanh(z[i] / 2) ** 2)
        for j in range(len(z)):
            J[i, j] = slope * W[i, j]
    return J


EXERCISE = Exercise(
    name="step_jacobian",
    points=15,
    returns="J (to, from)",
    reference=step_jacobian,
    cases=cases,
    alternatives=(by_rows, by_diag, by_entries),
    mistakes=(
        Mistake(
            "h for z",
            edit(
                by_rows,
                ("1 - np.tanh(z) ** 2", "1 - z**2"),
                ("y = 1 / (1 + np.exp(-z))", "y = z"),
            ),
            "Your slopes take z for h: 1 − z² and z(1 − z).",
            "tanh′(z) = 1 − h² with h = tanh(z). What is given here, z or h?",
        ),
        Mistake(
            "h for z in tanh",
            edit(by_rows, ("1 - np.tanh(z) ** 2", "1 - z**2")),
            "For tanh you take z for h in the slope: 1 − z².",
            "tanh′(z) = 1 − h² with h = tanh(z). What is given here, z or h?",
        ),
        Mistake(
            "the activation once too often",
            edit(
                by_rows,
                ("1 - np.tanh(z) ** 2", "1 - np.tanh(np.tanh(z)) ** 2"),
                ("np.exp(-z)", "np.exp(-1 / (1 + np.exp(-z)))"),
            ),
            "In your slopes the activation was applied once too often.",
            "φ′ is asked for at z itself.",
        ),
        Mistake(
            "tanh once too often",
            edit(by_rows, ("1 - np.tanh(z) ** 2", "1 - np.tanh(np.tanh(z)) ** 2")),
            "In your slope of tanh, tanh was applied once too often.",
            "tanh′ is asked for at z itself.",
        ),
        Mistake(
            "the activation for its derivative",
            edit(
                by_rows,
                ("1 - np.tanh(z) ** 2", "np.tanh(z)"),
                ("y * (1 - y)", "y"),
                ("np.ones_like(z)", "z"),
            ),
            "Each row of yours is multiplied by φ(z), the state itself.",
            "A Jacobian is made of derivatives. What is the derivative of φ?",
        ),
        Mistake(
            "tanh without the square",
            edit(by_rows, ("np.tanh(z) ** 2", "np.tanh(z)")),
            "Your slope of tanh is larger than 1 where z < 0.",
            "How steep is tanh at z, and how steep at −z?",
        ),
        Mistake(
            "largest slopes for the slopes",
            edit(
                by_rows,
                ("1 - np.tanh(z) ** 2", "np.ones_like(z)"),
                ("y * (1 - y)", "np.full_like(z, 0.25)"),
            ),
            "Your Jacobian does not depend on z: each unit has the slope that φ has at 0.",
            "1 and ¼ are the largest values of φ′. A unit that is far from 0 passes on less.",
        ),
        Mistake(
            "half for a quarter",
            edit(by_rows, ("y * (1 - y)", "y * (1 - y) * 2")),
            "Your logistic slope is twice what it should be.",
            "How steep is σ at 0? Draw it, or try a small step.",
        ),
        Mistake(
            "the slope of tanh for the logistic one",
            edit(by_rows, ("y * (1 - y)", "1 - y**2")),
            "For the logistic function you take the slope 1 − σ².",
            "1 − h² belongs to tanh. What is σ′, in terms of σ?",
        ),
        Mistake(
            "tanh whatever is asked",
            edit(
                by_rows,
                ('if activation == "tanh":', 'if activation in ("tanh", "logistic", "linear"):'),
                ('elif activation == "logistic":', "elif False:"),
                ('elif activation == "linear":', "elif False:"),
            ),
            "Yours takes the slope of tanh for the other activations, too.",
            "One of the arguments says which activation it is.",
        ),
        Mistake(
            "columns for rows",
            edit(by_rows, ("slope[:, None] * W", "W * slope")),
            "Your slopes stand at the columns of W: W diag(φ′(z)).",
            "Which index does the activation belong to: the unit that sends or the "
            "unit that receives? (A vector times a matrix by * goes along the columns.)",
        ),
        Mistake(
            "W for its transpose",
            edit(by_rows, ("slope[:, None] * W", "slope[:, None] * W.T")),
            "Your slopes are right, but W stands there transposed.",
            "Entry (i, j) says what unit j does to unit i. Which weight leads there?",
        ),
        Mistake(
            "the whole Jacobian transposed",
            edit(by_rows, ("slope[:, None] * W", "(slope[:, None] * W).T")),
            "Your Jacobian is transposed: rows and columns have changed places.",
            "Row i belongs to unit i of h_t, column j to unit j of h_{t−1}.",
        ),
        Mistake(
            "no W",
            edit(by_rows, ("slope[:, None] * W", "np.diag(slope)")),
            "Yours is ∂h_t/∂z_t: W is left out.",
            "From h_{t−1} to z_t there is a step as well.",
        ),
        Mistake(
            "no slope",
            edit(by_rows, ("slope[:, None] * W", "1.0 * W")),
            "Yours is ∂z_t/∂h_{t−1}: it does not depend on z.",
            "From z_t to h_t there is a step as well.",
        ),
        Mistake(
            "a vector",
            edit(by_diag, ("np.diag(slopes[activation](z)) @ W", "slopes[activation](z) @ W")),
            "You return a vector, the slopes times W.",
            "The slopes belong into a diagonal matrix; each pair of units has an entry.",
        ),
        Mistake(
            "z for the slope of a linear unit",
            edit(by_rows, ("np.ones_like(z)", "z")),
            "Your linear units have the slope z.",
            "φ(z) = z. What is its derivative?",
        ),
        Mistake(
            "the identity for linear units",
            edit(
                by_rows,
                ("slope = np.ones_like(z)", "return np.eye(len(z))"),
            ),
            "For linear units you return the identity.",
            "With φ′ = 1 something is left.",
        ),
        Mistake(
            "writes into W",
            edit(by_rows, ("return slope[:, None] * W", "W *= slope[:, None]\n    return W")),
            "The numbers are right, but the caller's W is overwritten: call it twice and compare.",
            "`W *= …` writes into the array that was given.",
        ),
        Mistake(
            "anything else is linear",
            edit(
                by_rows,
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
        Mistake(
            "no error for another activation",
            edit(
                by_rows,
                (
                    'raise ValueError(f"activation must be tanh, logistic or linear, got '
                    '{activation}")',
                    "return None",
                ),
            ),
            "Right, but for an activation that does not exist your function returns None.",
            "Which error says that an argument has no meaning? `raise` it.",
        ),
        Mistake(
            "a KeyError for another activation",
            edit(
                by_diag,
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
