"""gradient_profile: what is left of a gradient, step by step back to h_0 (course row R21)."""

import numpy as np

from rnnref.analysis.jacobians import gradient_profile as core
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.rnn import RNNParams, rnn_forward


def gradient_profile(X, h0, U, W, b, dh):
    """The core's profile, of one sequence with a loss at its end."""
    H, _, cache = rnn_forward(RNNParams(U, W, b), X[:, None], h0[None])
    return core(np.zeros_like(H), cache, dstate=dh[None])[:, 0]


def draw(rng, T, D, H):
    """X, h0, U, W, b, dh, all random; no unit is far from 0, so that slopes differ but count."""
    return (
        rng.normal(size=(T, D)),
        rng.uniform(0.3, 0.8, H) * rng.choice([-1.0, 1.0], H),
        rng.normal(size=(H, D)) * 0.5 / np.sqrt(D),
        rng.normal(size=(H, H)) / np.sqrt(H) + 0.3 * rng.choice([-1.0, 1.0], (H, H)),
        rng.uniform(0.2, 0.5, H) * rng.choice([-1.0, 1.0], H),
        rng.uniform(0.5, 1.5, H) * rng.choice([-1.0, 1.0], H),
    )


def cases(rng):
    """All sizes different, then each size that hides a slip, and matrices of all kinds."""
    yield plain("T = 6 steps, D = 3, H = 4", *draw(rng, 6, 3, 4))
    yield plain("T = 4 steps, D = 2, H = 5", *draw(rng, 4, 2, 5))
    yield special("one step (T = 1)", *draw(rng, 1, 2, 3))
    yield special("two steps (T = 2)", *draw(rng, 2, 3, 4))
    X, h0, U, _, b, dh = draw(rng, 5, 2, 1)
    w = rng.uniform(0.9, 1.5)
    yield special("one unit (H = 1), w < 0", X, h0, U, np.array([[-w]]), b, dh)
    yield special("as many inputs as units (D = H)", *draw(rng, 5, 3, 3))
    yield special("as many units as steps (H = T)", *draw(rng, 4, 2, 4))
    X, h0, U, _, b, dh = draw(rng, 4, 2, 3)
    W = np.diag(rng.uniform(1.5, 2.5, 2), 1)
    yield special("a chain of units (W is nilpotent)", X, h0, U, W, b, dh)
    X, h0, U, _, b, dh = draw(rng, 6, 2, 2)
    W = np.array([[0.5, rng.uniform(3.0, 6.0)], [0.0, 0.5]])
    yield special("W = [[a, b], [0, d]] with a large b", 0.3 * X, h0, U, W, b, dh)


def loop(X, h0, U, W, b, dh):
    T = len(X)
    H = [h0]
    for t in range(T):
        H.append(np.tanh(U @ X[t] + W @ H[-1] + b))
    norms = np.zeros(T + 1)
    norms[T] = np.linalg.norm(dh)
    for k in range(T, 0, -1):
        dz = dh * (1 - H[k] ** 2)
        dh = W.T @ dz
        norms[k - 1] = np.linalg.norm(dh)
    return norms


def by_products(X, h0, U, W, b, dh):
    steps, h = [], h0
    for x in X:
        h = np.tanh(x @ U.T + h @ W.T + b)
        steps.append(np.diag(1 - h * h) @ W)
    norms = []
    for k in range(len(X) + 1):
        J = np.eye(len(h0))
        for step in steps[k:]:
            J = step @ J
        norms.append(np.sqrt(np.sum((J.T @ dh) ** 2)))
    return np.array(norms)


def recursive(X, h0, U, W, b, dh):
    if len(X) == 0:
        return np.array([(dh @ dh) ** 0.5])

    def back(t, h):
        if t == len(X):
            return [dh]
        z = np.einsum("hd,d->h", U, X[t]) + np.einsum("ij,j->i", W, h) + b
        later = back(t + 1, np.tanh(z))
        return [(later[0] / np.cosh(z) ** 2) @ W, *later]

    return np.linalg.norm(back(0, h0), axis=1)


def hoisted(X, h0, U, W, b, dh):
    T, H = len(X), len(b)
    Z, states = X @ U.T + b, np.empty((T + 1, H))
    states[0] = h0
    for t in range(T):
        states[t + 1] = np.tanh(Z[t] + W @ states[t])
    J = (1 - states[1:, :, None] ** 2) * W
    dH = np.empty((T + 1, H))
    dH[T] = dh
    for t in reversed(range(T)):
        dH[t] = dH[t + 1] @ J[t]
    return np.sqrt((dH**2).sum(axis=1))


EXERCISE = Exercise(
    name="gradient_profile",
    points=20,
    returns="norms (T + 1,)",
    reference=gradient_profile,
    cases=cases,
    alternatives=(loop, by_products, recursive, hoisted),
    mistakes=(
        Mistake(
            "starts from zero",
            edit(loop, ("H = [h0]", "H = [np.zeros_like(h0)]")),
            "Your states are those of a network that starts from zero, whatever h0 is.",
            "One of the arguments is the state before the first input.",
        ),
        Mistake(
            "the state is not used",
            edit(loop, ("U @ X[t] + W @ H[-1] + b", "U @ X[t] + b")),
            "Your states depend on their own input alone: they are wrong before any gradient.",
            "Which term of the forward pass remembers?",
        ),
        Mistake(
            "b missing",
            edit(loop, (" + W @ H[-1] + b", " + W @ H[-1]")),
            "Your states do not change when b does.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "W for its transpose, forwards",
            edit(loop, ("W @ H[-1]", "W.T @ H[-1]")),
            "In your forward pass W works the wrong way round.",
            "Row i of W collects what unit i receives.",
        ),
        Mistake(
            "W for its transpose, backwards",
            edit(loop, ("W.T @ dz", "W @ dz")),
            "Your forward pass is right; on the way back W works the wrong way round.",
            "Unit j gets back what it sent to all units i: that is column j of W.",
        ),
        Mistake(
            "W for its transpose, both ways",
            edit(loop, ("W @ H[-1]", "W.T @ H[-1]"), ("W.T @ dz", "W @ dz")),
            "W works the wrong way round in your network, forwards and backwards.",
            "Row i of W collects what unit i receives.",
        ),
        Mistake(
            "no slope",
            edit(loop, ("dh * (1 - H[k] ** 2)", "dh")),
            "On your way back no tanh is passed: only W is.",
            "From ∂L/∂h_k to ∂L/∂h_{k−1} there are two steps, and the first leads to z_k. "
            "(Or are your units linear?)",
        ),
        Mistake(
            "no W",
            edit(loop, ("W.T @ dz", "dz")),
            "On your way back only tanh is passed: W is left out.",
            "From ∂L/∂h_k to ∂L/∂h_{k−1} there are two steps, and the second leads through z_k.",
        ),
        Mistake(
            "tanh once too often",
            edit(loop, ("1 - H[k] ** 2", "1 - np.tanh(H[k]) ** 2")),
            "In your slopes tanh was applied once too often.",
            "tanh′(z) = 1 − tanh²(z), and tanh(z) is h already.",
        ),
        Mistake(
            "the slope without the square",
            edit(loop, ("1 - H[k] ** 2", "1 - H[k]")),
            "Your slopes are 1 − h.",
            "tanh is as steep at −z as at z.",
        ),
        Mistake(
            "the logistic function's slope",
            edit(loop, ("(1 - H[k] ** 2)", "H[k] * (1 - H[k])")),
            "Your slopes are those of the logistic function.",
            "The units are tanh. How steep is it at 0?",
        ),
        Mistake(
            "the slopes of the step before",
            edit(loop, ("1 - H[k] ** 2", "1 - H[k - 1] ** 2")),
            "On your way back each slope is taken one step too early: that of h_{k−1} for h_k.",
            "From h_{k−1} to h_k the tanh of step k is passed.",
        ),
        Mistake(
            "the last slope at every step",
            edit(loop, ("1 - H[k] ** 2", "1 - H[T] ** 2")),
            "On your way back every step takes the slopes of step T.",
            "Each step has slopes of its own.",
        ),
        Mistake(
            "W first, then the slope",
            edit(
                loop,
                ("dz = dh * (1 - H[k] ** 2)", "dz = W.T @ dh"),
                ("dh = W.T @ dz", "dh = dz * (1 - H[k] ** 2)"),
            ),
            "On your way back W comes first and tanh second.",
            "Forwards it is W first, then tanh. And in reverse?",
        ),
        Mistake(
            "factors in the wrong order",
            edit(by_products, ("J = step @ J", "J = J @ step")),
            "Your last two norms are right; in the others the Jacobians stand in the wrong order.",
            "The latest factor stands leftmost.",
        ),
        Mistake(
            "a transpose too few",
            edit(by_products, ("J.T @ dh", "J @ dh")),
            "You multiply the Jacobian with dh as if dh were a change of h_k.",
            "A change of h_k goes forward by the Jacobian. What comes back is a row times it, or "
            "its transpose times a column.",
        ),
        Mistake(
            "a loss at every step",
            edit(
                loop,
                ("    norms = np.zeros(T + 1)\n", "    norms, last = np.zeros(T + 1), dh\n"),
                ("dh = W.T @ dz", "dh = W.T @ dz + last"),
            ),
            "You add dh again at every step, as if there were a loss at each of them.",
            "L depends on h_T alone; all that reaches h_k comes through h_{k+1}.",
        ),
        Mistake(
            "always the same dh",
            edit(
                loop,
                ("dh = W.T @ dz", "back = W.T @ dz"),
                ("np.linalg.norm(dh)\n    return", "np.linalg.norm(back)\n    return"),
            ),
            "Your last two norms are right; the others go back by one step only, each from dh.",
            "What was found for h_k is what the way to h_{k−1} begins with.",
        ),
        Mistake(
            "the gradient of z",
            edit(loop, ("norms[k - 1] = np.linalg.norm(dh)", "norms[k - 1] = np.linalg.norm(dz)")),
            "Yours are ‖∂L/∂z_{k+1}‖: they stop half-way to h_k.",
            "Between z_{k+1} and h_k there is still W.",
        ),
        Mistake(
            "the norm of the Jacobian",
            edit(by_products, ("np.sqrt(np.sum((J.T @ dh) ** 2))", "np.linalg.norm(J, 2)")),
            "Yours are ‖∂h_T/∂h_k‖₂: dh is not used.",
            "∂L/∂h_k is a vector, made of dh and that Jacobian.",
        ),
        Mistake(
            "a product of norms",
            edit(
                loop,
                (
                    "norms[k - 1] = np.linalg.norm(dh)",
                    "norms[k - 1] = norms[k] * np.linalg.norm((1 - H[k] ** 2)[:, None] * W, 2)",
                ),
            ),
            "Yours are products of norms: bounds for what is asked, not the thing itself.",
            "Multiply first, then take the norm.",
        ),
        Mistake(
            "squared",
            edit(hoisted, ("np.sqrt((dH**2).sum(axis=1))", "(dH**2).sum(axis=1)")),
            "Your norms are squared.",
            "What is missing between a sum of squares and a norm?",
        ),
        Mistake(
            "the sum of the entries' sizes",
            edit(hoisted, ("np.sqrt((dH**2).sum(axis=1))", "np.abs(dH).sum(axis=1)")),
            "You add up the entries' sizes: that is another norm.",
            "‖·‖₂ is the length of a vector.",
        ),
        Mistake(
            "the largest entry",
            edit(hoisted, ("np.sqrt((dH**2).sum(axis=1))", "np.abs(dH).max(axis=1)")),
            "Your norm is the largest entry's size: that is another norm.",
            "‖·‖₂ is the length of a vector.",
        ),
        Mistake(
            "the root of the mean square",
            edit(hoisted, ("(dH**2).sum(axis=1)", "(dH**2).mean(axis=1)")),
            "You take the mean over the units, where a length has a sum.",
            "A length adds up its squares; nothing divides by their number.",
        ),
        Mistake(
            "relative to the last one",
            edit(loop, ("return norms", "return norms / norms[T]")),
            "You divide by ‖dh‖: your last norm is 1.",
            "∂L/∂h_T is dh itself.",
        ),
        Mistake(
            "h_0 is left out",
            edit(loop, ("return norms", "return norms[1:]")),
            "You return T norms: that of ∂L/∂h_0 is missing.",
            "k runs from 0 to T.",
        ),
        Mistake(
            "h_T is left out",
            edit(loop, ("return norms", "return norms[:-1]")),
            "You return T norms: that of ∂L/∂h_T is missing.",
            "k runs from 0 to T.",
        ),
        Mistake(
            "h_0 is not reached",
            edit(loop, ("range(T, 0, -1)", "range(T, 1, -1)")),
            "All your norms are right but the first, which is 0.",
            "In Python, range(a, b, −1) ends before b.",
        ),
        Mistake(
            "in reversed order",
            edit(loop, ("return norms", "return norms[::-1]")),
            "Right norms, but that of h_T comes first.",
            "Entry k belongs to h_k.",
        ),
        Mistake(
            "writes into dh",
            edit(loop, ("dh = W.T @ dz", "dh[:] = W.T @ dz")),
            "The numbers are right, but the caller's dh is overwritten: call it twice and compare.",
            "`dh[:] = …` writes into the array that was given.",
        ),
        Mistake(
            "the vectors",
            edit(hoisted, ("np.sqrt((dH**2).sum(axis=1))", "dH")),
            "You return the gradients themselves.",
            "For each k one number is asked for, the length of the gradient.",
        ),
        Mistake(
            "the vector on the wrong side",
            edit(
                loop,
                (
                    "        dz = dh * (1 - H[k] ** 2)\n        dh = W.T @ dz\n",
                    "        dh = (1 - H[k] ** 2) * (W @ dh)\n",
                ),
            ),
            "Going back, the vector stands on the wrong side of each Jacobian in yours: J v where "
            "the chain rule has Jᵀ v.",
            "∂L/∂h_{k−1} sums over what each unit of step k received: is that a row or a column of "
            "the Jacobian?",
        ),
    ),
)
