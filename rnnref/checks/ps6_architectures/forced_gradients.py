"""forced_gradients: loss and gradients under teacher forcing, all steps at once (row R29)."""

import numpy as np

from rnnref.checks.ps6_architectures.output_rnn import forced as draw_once
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.output_recurrence import (
    OutputRNNParams,
    output_rnn_backward,
    output_rnn_forward,
)


def forced_gradients(X, y0, targets, U, R, V, b, c):
    """The core's network; fed with targets it has no way back through them."""
    return loss_and_gradients(X, y0, targets, (U, R, V, b, c), forced=True)


def loss_and_gradients(X, y0, targets, params, forced):
    """Half the squared distance, summed over time, a mean over the minibatch; its gradients."""
    params = OutputRNNParams(*params)
    y, _, cache = output_rnn_forward(params, X, y0, targets=targets if forced else None)
    error, B = y - targets, len(y0)
    _, _, gradients = output_rnn_backward(error / B, cache)
    return float(0.5 * np.sum(error**2) / B), *gradients


def draw(rng, right, *sizes):
    """X, y0, targets, U, R, V, b, c of these sizes.

    Drawn again while a gradient is tiny, as it may be with one unit.
    """
    while True:
        X, y0, *weights, targets = draw_once(rng, *sizes)
        args = X, y0, targets, *weights
        if all(np.abs(gradient).max() > 0.02 for gradient in right(*args)):
            return args


def cases(rng, right=forced_gradients):
    """All sizes different, then each size that hides a slip."""
    yield plain("T = 6 steps, B = 3, D = 4, H = 5, K = 2", *draw(rng, right, 6, 3, 4, 5, 2))
    yield plain("T = 4 steps, B = 5, D = 2, H = 6, K = 3", *draw(rng, right, 4, 5, 2, 6, 3))
    yield special("one step (T = 1)", *draw(rng, right, 1, 3, 4, 5, 2))
    yield special("one sequence (B = 1)", *draw(rng, right, 5, 1, 3, 4, 2))
    yield special("one unit (H = 1)", *draw(rng, right, 4, 3, 2, 1, 5))
    yield special("one output (K = 1)", *draw(rng, right, 5, 2, 3, 4, 1))
    yield special("as many inputs as units (D = H)", *draw(rng, right, 5, 2, 3, 3, 4))
    yield special("as many outputs as units (K = H)", *draw(rng, right, 5, 4, 2, 3, 3))


def products(X, y0, targets, U, R, V, b, c):
    T, B, D = X.shape
    fed = np.concatenate([y0[None], targets[:-1]])
    H = np.tanh(X @ U.T + fed @ R.T + b)
    Y = H @ V.T + c
    error = Y - targets
    loss = 0.5 * np.sum(error**2) / B
    dY = error / B
    dZ = (dY @ V) * (1 - H**2)
    dU = np.einsum("tbi,tbj->ij", dZ, X)
    dR = np.einsum("tbi,tbj->ij", dZ, fed)
    dV = np.einsum("tbi,tbj->ij", dY, H)
    db = dZ.sum(axis=(0, 1))
    dc = dY.sum(axis=(0, 1))
    return loss, dU, dR, dV, db, dc


def rows(X, y0, targets, U, R, V, b, c):
    B, K = y0.shape
    x = X.reshape(-1, X.shape[-1])
    goal = targets.reshape(-1, K)
    before = np.vstack([y0, goal])[: len(goal)]
    h = np.tanh(np.dot(x, U.T) + np.dot(before, R.T) + b)
    dy = (np.dot(h, V.T) + c - goal) / B
    dz = np.dot(dy, V) * (1 - h) * (1 + h)
    loss = B * np.vdot(dy, dy) / 2
    return [loss, dz.T @ x, dz.T @ before, dy.T @ h, dz.sum(0), dy.sum(0)]


def steps(X, y0, targets, U, R, V, b, c):
    T, B, D = X.shape
    loss = 0.0
    dU, dR, dV = np.zeros_like(U), np.zeros_like(R), np.zeros_like(V)
    db, dc = np.zeros_like(b), np.zeros_like(c)
    for t in range(T):
        fed = targets[t - 1] if t > 0 else y0
        h = np.tanh(X[t] @ U.T + fed @ R.T + b)
        y = h @ V.T + c
        loss += 0.5 * np.sum((y - targets[t]) ** 2) / B
        dy = (y - targets[t]) / B
        dz = (dy @ V) * (1 - h**2)
        dU += dz.T @ X[t]
        dR += dz.T @ fed
        dV += dy.T @ h
        db += dz.sum(axis=0)
        dc += dy.sum(axis=0)
    return loss, dU, dR, dV, db, dc


def per_sequence(X, y0, targets, U, R, V, b, c):
    T, B, D = X.shape
    loss, dU, dR, dV, db, dc = 0.0, 0.0 * U, 0.0 * R, 0.0 * V, 0.0 * b, 0.0 * c
    for i in range(B):
        fed = y0[i]
        for x, target in zip(X[:, i], targets[:, i], strict=True):
            h = np.tanh(U @ x + R @ fed + b)
            dy = V @ h + c - target
            dz = (V.T @ dy) * (1 - h * h)
            loss += dy @ dy
            dU += np.outer(dz, x)
            dR += np.outer(dz, fed)
            dV += np.outer(dy, h)
            db += dz
            dc += dy
            fed = target
    return loss / (2 * B), dU / B, dR / B, dV / B, db / B, dc / B


THROUGH_WHAT_WAS_FED = (
    "    dZ = (dY @ V) * (1 - H**2)\n",
    "    dZ = (dY @ V) * (1 - H**2)\n"
    "    for t in range(T - 2, -1, -1):\n"
    "        dY[t] += dZ[t + 1] @ R\n"
    "        dZ[t] = (dY[t] @ V) * (1 - H[t] ** 2)\n",
)

FREE = (
    "    H = np.tanh(X @ U.T + fed @ R.T + b)\n",
    "    H = np.zeros((T, B, len(b)))\n"
    "    for t in range(T):\n"
    "        H[t] = np.tanh(X[t] @ U.T + fed[t] @ R.T + b)\n"
    "        if t + 1 < T:\n"
    "            fed[t + 1] = H[t] @ V.T + c\n",
)

# Name, loss from the squares, gradient from the error, what is said, the hint.
_CONVENTIONS = (
    (
        "half a square",
        ("np.sum({}) / B", "2 * {} / B"),
        "Right, for a loss without the factor ½: loss and gradients are twice what they should be.",
        "Compare the loss of the exercise with yours, factor by factor.",
    ),
    (
        "a sum for the mean over the minibatch",
        ("0.5 * np.sum({})", "{}"),
        "Right, if losses were summed over the sequences: yours grow with B.",
        "Sum over time, mean over the minibatch.",
    ),
    (
        "a sum, and without ½",
        ("np.sum({})", "2 * {}"),
        "Right, for a loss that is summed over the sequences and has no factor ½.",
        "Sum over time, mean over the minibatch, and half of it.",
    ),
    (
        "a mean over time",
        ("0.5 * np.sum({}) / (T * B)", "{} / (T * B)"),
        "Right, as a mean over the time steps too: yours is divided by T as well as by B.",
        "Sum over time, mean over the minibatch: what is the only size to divide by?",
    ),
    (
        "a mean over time, and without ½",
        ("np.sum({}) / (T * B)", "2 * {} / (T * B)"),
        "Right, for a loss without the factor ½ that is a mean over the time steps too.",
        "Sum over time, mean over the minibatch, and half of it.",
    ),
    (
        "the mean squared error of libraries",
        ("np.mean({})", "2 * {} / Y.size"),
        "Right, as libraries have it: the mean of all squares, without ½.",
        "Here the squares are summed over time and outputs. What is the only size to divide by? "
        "And which factor stands in front?",
    ),
    (
        "half the mean squared error",
        ("0.5 * np.mean({})", "{} / Y.size"),
        "Right, as half the mean over time, minibatch and outputs.",
        "Squares are summed over time and outputs. What is the only size to divide by?",
    ),
)
_CONTRADICTIONS = (
    (
        "½ only in the gradients",
        ("np.sum({}) / B", "{} / B"),
        "Your gradients are right; your loss is twice what it should be.",
        "Are your gradients those of the loss that you return?",
    ),
    (
        "½ only in the loss",
        ("0.5 * np.sum({}) / B", "2 * {} / B"),
        "The loss is right; all your gradients are twice what they should be.",
        "What is the derivative of ½ e²?",
    ),
    (
        "B only in the loss",
        ("0.5 * np.sum({}) / B", "{}"),
        "The loss is right; all your gradients are B times what they should be.",
        "Are your gradients those of the loss that you return?",
    ),
    (
        "B only in the gradients",
        ("0.5 * np.sum({})", "{} / B"),
        "Your gradients are right; your loss is B times what it should be.",
        "Are your gradients those of the loss that you return?",
    ),
)


def other_losses(right, squares, error):
    """Another loss than half the squares over B, in both places or in one, in either exercise."""
    mistakes = []
    for table, convention in ((_CONVENTIONS, True), (_CONTRADICTIONS, False)):
        for name, (loss, gradient), says, hint in table:
            wrong = edit(
                right,
                (f"0.5 * np.sum({squares}) / B", loss.format(squares)),
                (f"{error} / B", gradient.format(error)),
            )
            mistakes.append(Mistake(name, wrong, says, hint, convention=convention))
    return mistakes


EXERCISE = Exercise(
    name="forced_gradients",
    points=15,
    returns="loss, dU (H, D), dR (H, K), dV (K, H), db (H,), dc (K,)",
    reference=forced_gradients,
    cases=cases,
    alternatives=(products, rows, steps, per_sequence),
    mistakes=(
        Mistake(
            "runs freely, and back through the outputs",
            edit(products, FREE, THROUGH_WHAT_WAS_FED),
            "Your network runs freely: its own outputs are fed back, and the gradient goes back "
            "through them.",
            "Teacher forced: what stands in the place of y_{t−1}, and does it depend on a weight?",
        ),
        Mistake(
            "runs freely",
            edit(products, FREE),
            "Your network runs freely: from the second step on it hears its own outputs.",
            "Teacher forced: what stands in the place of y_{t−1}?",
        ),
        Mistake(
            "y0 is ignored",
            edit(products, ("[y0[None], targets[:-1]]", "[0 * y0[None], targets[:-1]]")),
            "Your network starts as if y0 were zero.",
            "Before the first step there is no target yet. What is fed then?",
        ),
        Mistake(
            "rolled round",
            edit(
                products,
                ("np.concatenate([y0[None], targets[:-1]])", "np.roll(targets, 1, axis=0)"),
            ),
            "Your first step hears the last target.",
            "np.roll, and index −1, bring the end to the beginning. What should stand before the "
            "first target?",
        ),
        Mistake(
            "the target of the same step",
            edit(products, ("np.concatenate([y0[None], targets[:-1]])", "targets")),
            "Each step of yours is told its own answer.",
            "y_t is to be found: which target may be known by then?",
        ),
        Mistake(
            "y0, then the target of the same step",
            edit(products, ("targets[:-1]", "targets[1:]")),
            "After the first step, each step of yours is told its own answer.",
            "y_t is to be found: which target may be known by then? One target is never fed.",
        ),
        Mistake(
            "the last target is fed",
            edit(products, ("targets[:-1]", "targets")),
            "You have one thing more to feed than there are steps.",
            "y0 and T targets are T + 1. Which of them comes too late to be fed?",
        ),
        Mistake(
            "nothing is fed",
            edit(products, (" + fed @ R.T", "")),
            "Your loss does not depend on R.",
            "What is fed back enters the hidden units.",
        ),
        Mistake(
            "V for the transpose of R",
            edit(products, ("fed @ R.T", "fed @ V")),
            "What is fed enters by V in yours: your loss does not depend on R.",
            "V and the transpose of R have the same shape. Which of them leads to the hidden "
            "units?",
        ),
        Mistake(
            "R for the transpose of V",
            edit(products, ("H @ V.T + c", "H @ R + c")),
            "On the way forward your outputs are read out by R.",
            "R and the transpose of V have the same shape. Which of them leads to the outputs?",
        ),
        Mistake(
            "no b",
            edit(products, ("fed @ R.T + b", "fed @ R.T")),
            "Your loss does not depend on b.",
            "Compare your forward pass with the equations, argument by argument.",
        ),
        Mistake(
            "no c",
            edit(products, ("H @ V.T + c", "H @ V.T")),
            "Your loss does not depend on c.",
            "Compare your forward pass with the equations, argument by argument.",
        ),
        Mistake(
            "no tanh",
            edit(
                products,
                ("np.tanh(X @ U.T + fed @ R.T + b)", "X @ U.T + fed @ R.T + b"),
                (" * (1 - H**2)", ""),
            ),
            "Your hidden units are linear.",
            "Something stands between the sum and h.",
        ),
        Mistake(
            "tanh of the outputs too",
            edit(products, ("Y = H @ V.T + c", "Y = np.tanh(H @ V.T + c)")),
            "Your outputs stay within ±1.",
            "The outputs are linear: only the hidden units are squashed.",
        ),
        Mistake(
            "writes into targets",
            edit(
                products,
                (
                    "fed = np.concatenate([y0[None], targets[:-1]])",
                    "fed = targets\n    fed[1:] = targets[:-1]\n    fed[0] = y0",
                ),
            ),
            "You shift the caller's targets, and then compare your outputs with the shifted ones.",
            "`fed = targets` copies nothing.",
        ),
        Mistake(
            "the other sign",
            edit(products, ("error = Y - targets", "error = targets - Y")),
            "The loss is right; all your gradients have the wrong sign.",
            "If an output is larger than its target, should the loss grow or fall with it?",
        ),
        *other_losses(products, "error**2", "error"),
        Mistake(
            "½ in the gradients too",
            edit(products, ("dY = error / B", "dY = 0.5 * error / B")),
            "The loss is right; all your gradients are half of what they should be.",
            "What is the derivative of ½ e²?",
        ),
        Mistake(
            "divided by B twice",
            edit(
                products,
                (
                    "return loss, dU, dR, dV, db, dc",
                    "return loss, *(g / B for g in (dU, dR, dV, db, dc))",
                ),
            ),
            "The loss is right; all your gradients are divided by B once more.",
            "Where does the 1/B of the loss enter, and how often?",
        ),
        Mistake(
            "distances, not squared",
            edit(
                products,
                ("0.5 * np.sum(error**2) / B", "0.5 * np.sum(np.linalg.norm(error, axis=-1)) / B"),
            ),
            "Your gradients are right; your loss sums the distances as they are.",
            "‖ ‖² is a squared distance.",
        ),
        Mistake(
            "the loss of the last step only",
            edit(products, ("np.sum(error**2) / B", "np.sum(error[-1] ** 2) / B")),
            "Your gradients are right; your loss is that of the last step.",
            "Losses are summed over all steps.",
        ),
        Mistake(
            "only the last step counts",
            edit(
                products,
                (
                    "error = Y - targets",
                    "error = (Y - targets) * (np.arange(T) == T - 1)[:, None, None]",
                ),
            ),
            "Your loss and your gradients are those of the last step.",
            "Every step has a target, and a loss of its own.",
        ),
        Mistake(
            "back through what was forced",
            edit(products, THROUGH_WHAT_WAS_FED),
            "The loss is right; your gradient goes back to earlier steps, through what was fed.",
            "What was fed is data: does it change when a weight does?",
        ),
        Mistake(
            "back through what was forced, on the way to h",
            edit(
                products,
                (
                    "    dZ = (dY @ V) * (1 - H**2)\n",
                    "    dZ = (dY @ V) * (1 - H**2)\n"
                    "    for t in range(T - 2, -1, -1):\n"
                    "        dZ[t] += (dZ[t + 1] @ R @ V) * (1 - H[t] ** 2)\n",
                ),
            ),
            "Loss, dV and dc are right; in the others the gradient goes back to earlier steps.",
            "What was fed is data: does it change when a weight does?",
        ),
        Mistake(
            "R for V on the way back",
            edit(products, ("dY @ V", "dY @ R.T")),
            "Loss, dV and dc are right; on the way from the outputs to h you pass R.",
            "V and the transpose of R have the same shape. Which of them made y from h?",
        ),
        Mistake(
            "tanh is not differentiated",
            edit(products, (" * (1 - H**2)", "")),
            "Loss, dV and dc are right; your dU, dR and db are those of linear units.",
            "You passed through tanh on the way forward; did you on the way back?",
        ),
        Mistake(
            "tanh twice in its slope",
            edit(products, ("1 - H**2", "1 - np.tanh(H) ** 2")),
            "Loss, dV and dc are right; the slope of your tanh is taken at the wrong place.",
            "H has been through tanh already.",
        ),
        Mistake(
            "1 − h for the slope",
            edit(products, ("1 - H**2", "1 - H")),
            "Loss, dV and dc are right; the slope of your tanh is 1 − h.",
            "Compare your slope with tanh′(z), symbol by symbol.",
        ),
        Mistake(
            "the slope of the logistic function",
            edit(products, ("(1 - H**2)", "H * (1 - H)")),
            "Loss, dV and dc are right; your hidden units have the slope of σ.",
            "Through which function did h go?",
        ),
        Mistake(
            "the slope at the outputs",
            edit(products, ("dY = error / B", "dY = error * (1 - Y**2) / B")),
            "The loss is right; on the way back your outputs have a tanh that they have not on "
            "the way forward.",
            "y = V h + c, nothing more.",
        ),
        Mistake(
            "own outputs in dR",
            edit(products, ("dZ, fed)", "dZ, np.concatenate([y0[None], Y[:-1]]))")),
            "All is right but dR, which takes the network's own outputs.",
            "What did R multiply at step t?",
        ),
        Mistake(
            "outputs of the same step in dR",
            edit(products, ("dZ, fed)", "dZ, Y)")),
            "All is right but dR, which takes each step's own output.",
            "What did R multiply at step t?",
        ),
        Mistake(
            "targets of the same step in dR",
            edit(products, ("dZ, fed)", "dZ, targets)")),
            "All is right but dR, which takes each step's own target.",
            "What did R multiply at step t?",
        ),
        Mistake(
            "y0 is not in dR",
            edit(products, ("dZ, fed)", "dZ[1:], fed[1:])")),
            "All is right but dR, which lacks the part of the first step.",
            "R multiplies something at the first step too.",
        ),
        Mistake(
            "the last target in dR",
            edit(products, ("dZ, fed)", "dZ, np.roll(targets, 1, axis=0))")),
            "All is right but dR, which takes the last target at the first step.",
            "In Python, index −1 is no error: it is the last entry.",
        ),
        Mistake(
            "states of the step before in dV",
            edit(products, ("dY, H)", "dY[1:], H[:-1])")),
            "All is right but dV, which takes the states of the step before.",
            "Which h does V multiply at step t?",
        ),
        Mistake(
            "sums, then the product",
            edit(
                products,
                (
                    'np.einsum("tbi,tbj->ij", dZ, X)',
                    "np.outer(dZ.sum(axis=(0, 1)), X.sum(axis=(0, 1)))",
                ),
                (
                    'np.einsum("tbi,tbj->ij", dZ, fed)',
                    "np.outer(dZ.sum(axis=(0, 1)), fed.sum(axis=(0, 1)))",
                ),
                (
                    'np.einsum("tbi,tbj->ij", dY, H)',
                    "np.outer(dY.sum(axis=(0, 1)), H.sum(axis=(0, 1)))",
                ),
            ),
            "Loss, db and dc are right; your dU, dR and dV mix steps and sequences.",
            "A sum of products is not the product of the sums.",
        ),
        Mistake(
            "the gradients of the last step",
            edit(
                steps,
                ("dU += ", "dU = "),
                ("dR += ", "dR = "),
                ("dV += ", "dV = "),
                ("db += ", "db = "),
                ("dc += ", "dc = "),
            ),
            "The loss is right; your gradients hold the last step's part alone.",
            "The same weights are used at every step, so T parts come together.",
        ),
        Mistake(
            "the biases of the last step",
            edit(steps, ("db += ", "db = "), ("dc += ", "dc = ")),
            "All is right but db and dc, which hold the last step's part alone.",
            "The same biases are used at every step, so T parts come together.",
        ),
        Mistake(
            "db and dc are means",
            edit(
                steps, ("dz.sum(axis=0)", "dz.mean(axis=0)"), ("dy.sum(axis=0)", "dy.mean(axis=0)")
            ),
            "All is right but db and dc, which are divided by B once more.",
            "b and c are added for every sequence, and the parts are summed as those of the "
            "matrices are.",
        ),
        Mistake(
            "a mean over time in the gradients",
            edit(
                products,
                (
                    "return loss, dU, dR, dV, db, dc",
                    "return loss, *(g / T for g in (dU, dR, dV, db, dc))",
                ),
            ),
            "The loss is right; your gradients are divided by T.",
            "The parts of the steps add up; nothing asks for their average.",
        ),
    ),
)
