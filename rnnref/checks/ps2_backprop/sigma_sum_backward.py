"""sigma_sum_backward: L = 1ᵀσ(Wx), vectors and a matrix (course row R13)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.activations import ACTIVATIONS
from rnnref.nets.dense import DenseParams, dense_backward, dense_forward


def sigma_sum_backward(W, x):
    """The core's dense layer without a bias, and its logistic units."""
    logistic = ACTIVATIONS["logistic"]
    a, cache = dense_forward(DenseParams(W, np.zeros(len(W))), x[None])
    s = logistic.function(a)
    dx, gradients = dense_backward(logistic.derivative(s), cache)
    return float(s.sum()), gradients.V, dx[0]


def draw(rng, m, n):
    """W and x of these sizes, all random."""
    return rng.normal(size=(m, n)) / np.sqrt(n) + 0.2, rng.normal(size=n) + 0.5


def cases(rng):
    """Wide and tall, square, and one of each."""
    yield plain("W of shape (3, 5)", *draw(rng, 3, 5))
    yield plain("W of shape (6, 2)", *draw(rng, 6, 2))
    yield special("as many rows as columns (m = n)", *draw(rng, 4, 4))
    yield special("one row (m = 1)", *draw(rng, 1, 3))
    yield special("one column (n = 1)", *draw(rng, 4, 1))


def vectorised(W, x):
    a = W @ x
    s = 1 / (1 + np.exp(-a))
    L = s.sum()
    da = s * (1 - s)
    dW = np.outer(da, x)
    dx = W.T @ da
    return L, dW, dx


def loops(W, x):
    m, n = W.shape
    L = 0.0
    dW = np.zeros((m, n))
    dx = np.zeros(n)
    for i in range(m):
        a = sum(W[i, j] * x[j] for j in range(n))
        s = 1 / (1 + np.exp(-a))
        L += s
        for j in range(n):
            dW[i, j] = s * (1 - s) * x[j]
            dx[j] += s * (1 - s) * W[i, j]
    return L, dW, dx


def by_columns(W, x):
    half = 0.5 * np.einsum("ij,j->i", W, x)
    slope = 0.25 / np.cosh(half) ** 2
    return [
        float(np.sum(0.5 + 0.5 * np.tanh(half))),
        slope[:, None] * x[None, :],
        (slope[:, None] * W).sum(axis=0),
    ]


EXERCISE = Exercise(
    name="sigma_sum_backward",
    points=10,
    returns="L, dW (m, n), dx (n,)",
    reference=sigma_sum_backward,
    cases=cases,
    alternatives=(vectorised, loops, by_columns),
    mistakes=(
        Mistake(
            "x enters from the wrong side",
            edit(vectorised, ("a = W @ x", "a = x @ W")),
            "Yours multiplies W by x from the left: numpy complains, unless W is square.",
            "(Wx)_i collects row i of W. What does each row multiply?",
        ),
        Mistake(
            "no σ",
            edit(
                vectorised,
                ("s = 1 / (1 + np.exp(-a))", "s = a"),
                ("s * (1 - s)", "np.ones(len(a))"),
            ),
            "Your L is the sum of Wx: σ is missing, and so is its slope.",
            "From inside out: first Wx, then σ of each component, then the sum.",
        ),
        Mistake(
            "tanh for σ",
            edit(
                vectorised,
                ("s = 1 / (1 + np.exp(-a))", "s = np.tanh(a)"),
                ("s * (1 - s)", "1 - s**2"),
            ),
            "Your units are tanh units; σ is the logistic function here.",
            "At W = 0 every unit gives σ(0). What does yours give there?",
        ),
        Mistake(
            "σ of the sum",
            edit(
                vectorised,
                ("a = W @ x\n", "a = np.full(len(W), (W @ x).sum())\n"),
                ("L = s.sum()", "L = s[0]"),
            ),
            "Your L lies between 0 and 1, whatever W: you add first and squash then.",
            "σ works on each component of Wx; 1ᵀ adds what comes out.",
        ),
        Mistake(
            "L is not summed",
            edit(vectorised, ("L = s.sum()", "L = s")),
            "Your L is the vector σ(Wx); the loss is one number.",
            "What does 1ᵀ in front of a vector do?",
        ),
        Mistake(
            "the mean for the sum",
            edit(
                vectorised, ("L = s.sum()", "L = s.mean()"), ("s * (1 - s)", "s * (1 - s) / len(s)")
            ),
            "Everything of yours is too small by m: you take the mean over the components.",
            "1ᵀ adds; nothing asks to divide by the number of components.",
            convention=True,
        ),
        Mistake(
            "the mean for the sum, in L only",
            edit(vectorised, ("L = s.sum()", "L = s.mean()")),
            "Your gradients are right, but they are those of a sum, and your L is a mean.",
            "1ᵀ adds; nothing asks to divide by the number of components.",
        ),
        Mistake(
            "σ′ is missing",
            edit(vectorised, ("da = s * (1 - s)", "da = np.ones(len(s))")),
            "Your L is right; in the gradients what comes back passes σ as if its slope were 1.",
            "You went through σ on the way forward. What does it do on the way back?",
        ),
        Mistake(
            "σ for σ′",
            edit(vectorised, ("da = s * (1 - s)", "da = s")),
            "What comes back through σ is multiplied by σ itself in yours, not by its slope.",
            "Where a unit saturates (σ(z) near 1), should the gradient be large or small?",
        ),
        Mistake(
            "σ′ taken at the output",
            edit(
                vectorised,
                ("da = s * (1 - s)", "r = 1 / (1 + np.exp(-s))\n    da = r * (1 - r)"),
            ),
            "Your slope of σ is taken at σ(z), not at z.",
            "σ′ = σ(1 − σ) holds at the same point: which point is it, and has σ been applied "
            "already?",
        ),
        Mistake(
            "s(1 − s) at a",
            edit(vectorised, ("da = s * (1 - s)", "da = a * (1 - a)")),
            "You use the short form of σ′ with what goes into σ.",
            "σ′ = σ(1 − σ): which of your variables holds σ?",
        ),
        Mistake(
            "the slope of tanh",
            edit(vectorised, ("da = s * (1 - s)", "da = 1 - s**2")),
            "Your slope is that of tanh.",
            "Each activation has a slope of its own: which is that of the logistic function?",
        ),
        Mistake(
            "the sign of σ′",
            edit(vectorised, ("da = s * (1 - s)", "da = s * (s - 1)")),
            "Both your gradients have the wrong sign.",
            "σ rises everywhere: which sign has its slope?",
        ),
        Mistake(
            "the slope of s²",
            edit(vectorised, ("da = s * (1 - s)", "da = s * s * (1 - s)")),
            "What comes back has one factor s too many: it fits the loss ½ Σ s².",
            "How much does L grow if one component of σ(Wx) grows by a little?",
        ),
        Mistake(
            "1ᵀ adds on the way back",
            edit(vectorised, ("da = s * (1 - s)", "da = np.full(len(s), (s * (1 - s)).sum())")),
            "All rows of your dW are equal: each gets what belongs to all of them together.",
            "A sum hands what comes back to each of its terms; component i has its own slope.",
        ),
        Mistake(
            "dW is transposed",
            edit(vectorised, ("np.outer(da, x)", "np.outer(x, da)")),
            "Your dW has the shape of Wᵀ.",
            "dW[i, j] says how W[i, j] matters: it must have the shape of W.",
        ),
        Mistake(
            "dW without x",
            edit(vectorised, ("np.outer(da, x)", "np.outer(da, np.ones(len(x)))")),
            "The rows of your dW are constant: x does not enter.",
            "W[i, j] is multiplied by something on the way forward.",
        ),
        Mistake(
            "W and x exchanged in dW",
            edit(vectorised, ("np.outer(da, x)", "da[:, None] * W")),
            "In your dW what comes back is multiplied by W itself.",
            "At a product, each factor receives the other one.",
        ),
        Mistake(
            "W and x exchanged in dx",
            edit(vectorised, ("dx = W.T @ da", "dx = da.sum() * x")),
            "In your dx what comes back is multiplied by x itself.",
            "At a product, each factor receives the other one.",
        ),
        Mistake(
            "dx without σ′",
            edit(vectorised, ("dx = W.T @ da", "dx = W.sum(axis=0)")),
            "L and dW are right; what reaches x has not passed the slope of σ.",
            "dx and dW start from the same thing, what comes back to Wx.",
        ),
        Mistake(
            "W for its transpose",
            edit(vectorised, ("dx = W.T @ da", "dx = W @ da")),
            "On the way back to x yours uses W as on the way forward; numpy complains, unless W "
            "is square.",
            "Back along the same wires: x_j hears from each row i through W[i, j].",
        ),
        Mistake(
            "the last row only",
            edit(loops, ("dx[j] += s", "dx[j] = s")),
            "Your dx knows the last row of W only.",
            "x_j takes part in every component of Wx. How many contributions are in its gradient?",
        ),
        Mistake(
            "the paths averaged",
            edit(by_columns, (".sum(axis=0)", ".mean(axis=0)")),
            "Your dx is too small by m, the number of rows.",
            "x_j reaches L along m paths. Contributions add up; nothing asks for their mean.",
        ),
        Mistake(
            "dx is not added up",
            edit(by_columns, (".sum(axis=0)", "")),
            "Your dx is a matrix: one row for each component of Wx.",
            "x_j reaches L along m paths, and its gradient is one number: what happens to the "
            "contributions?",
        ),
        Mistake(
            "dx is a row of a matrix",
            edit(vectorised, ("dx = W.T @ da", "dx = da[None, :] @ W")),
            "The numbers are right, but your dx is a matrix of one row.",
            "dx must have the shape of x, which has one axis.",
        ),
        Mistake(
            "dx is a column",
            edit(vectorised, ("dx = W.T @ da", "dx = W.T @ da[:, None]")),
            "The numbers are right, but your dx is a matrix of one column.",
            "dx must have the shape of x, which has one axis.",
        ),
        Mistake(
            "dx before dW",
            edit(vectorised, ("return L, dW, dx", "return L, dx, dW")),
            "You return dx before dW.",
            "Look at the order in the docstring.",
        ),
        Mistake(
            "writes into W",
            edit(
                vectorised,
                ("dx = W.T @ da", "W *= da[:, None]\n    dx = W.sum(axis=0)"),
            ),
            "The numbers are right, but the caller's W is another one after the call.",
            "`W *= …` writes into the array that you were given.",
        ),
    ),
)
