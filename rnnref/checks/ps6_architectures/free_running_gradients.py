"""free_running_gradients: outputs fed back, and the gradient through them (course row R29)."""

from functools import partial

import numpy as np

from rnnref.checks.ps6_architectures import forced_gradients as forced
from rnnref.engine.exercise import Exercise, Mistake, edit


def free_running_gradients(X, y0, targets, U, R, V, b, c):
    """The core's network, which goes back through the outputs that it fed."""
    return forced.loss_and_gradients(X, y0, targets, (U, R, V, b, c), forced=False)


def loop(X, y0, targets, U, R, V, b, c):
    T, B, D = X.shape
    H, Y = np.zeros((T, B, len(b))), np.zeros((T, B, len(c)))
    for t in range(T):
        fed = Y[t - 1] if t > 0 else y0
        H[t] = np.tanh(X[t] @ U.T + fed @ R.T + b)
        Y[t] = H[t] @ V.T + c
    loss = 0.5 * np.sum((Y - targets) ** 2) / B
    dU, dR, dV = np.zeros_like(U), np.zeros_like(R), np.zeros_like(V)
    db, dc = np.zeros_like(b), np.zeros_like(c)
    carry = np.zeros_like(y0)
    for t in reversed(range(T)):
        before = Y[t - 1] if t > 0 else y0
        own = (Y[t] - targets[t]) / B
        dy = own + carry
        dz = (dy @ V) * (1 - H[t] ** 2)
        dU += dz.T @ X[t]
        dR += dz.T @ before
        dV += dy.T @ H[t]
        db += dz.sum(axis=0)
        dc += dy.sum(axis=0)
        carry = dz @ R
    return loss, dU, dR, dV, db, dc


def sums_after_the_loop(X, y0, targets, U, R, V, b, c):
    T, B, D = X.shape
    outputs, H = np.zeros((T + 1, B, len(c))), X @ U.T + b
    outputs[0] = y0
    for t in range(T):
        H[t] = np.tanh(H[t] + outputs[t] @ R.T)
        outputs[t + 1] = np.einsum("bh,kh->bk", H[t], V) + c
    dY, dZ = outputs[1:] - targets, 1 - H**2
    loss = np.sum(dY**2) / (2 * B)
    dY = dY / B
    for t in range(T - 1, -1, -1):
        if t < T - 1:
            dY[t] += np.einsum("bh,hk->bk", dZ[t + 1], R)
        dZ[t] *= np.einsum("bk,kh->bh", dY[t], V)
    dU = np.einsum("tbi,tbj->ij", dZ, X)
    dR = np.einsum("tbi,tbj->ij", dZ, outputs[:-1])
    dV = np.einsum("tbi,tbj->ij", dY, H)
    return loss, dU, dR, dV, dZ.sum(axis=(0, 1)), dY.sum(axis=(0, 1))


def recursive(X, y0, targets, U, R, V, b, c):
    T, B, D = X.shape

    def run(t, before):
        if t == T:
            return 0.0 * before, [0.0, 0.0 * U, 0.0 * R, 0.0 * V, 0.0 * b, 0.0 * c]
        h = np.tanh(X[t] @ U.T + before @ R.T + b)
        y = h @ V.T + c
        later, sums = run(t + 1, y)
        error = y - targets[t]
        dy = error / B + later
        dz = (dy @ V) * (1 - h * h)
        here = [
            np.sum(error**2) / 2 / B,
            dz.T @ X[t],
            dz.T @ before,
            dy.T @ h,
            dz.sum(0),
            dy.sum(0),
        ]
        return dz @ R, [one + other for one, other in zip(here, sums, strict=True)]

    return run(0, y0)[1]


def hidden_recurrence(X, y0, targets, U, R, V, b, c):
    T, B, D = X.shape
    W, shift = R @ V, R @ c
    parts = [0.0, 0.0 * U, 0.0 * R, 0.0 * V, 0.0 * b, 0.0 * c]
    for i in range(B):
        hs, ys, h = [], [y0[i]], None
        for t in range(T):
            h = np.tanh(U @ X[t, i] + (R @ y0[i] if t == 0 else W @ h + shift) + b)
            hs.append(h)
            ys.append(V @ h + c)
        later = 0.0 * c
        for t in reversed(range(T)):
            error = ys[t + 1] - targets[t, i]
            dy = error + later
            dz = (V.T @ dy) * (1 - hs[t] ** 2)
            later = R.T @ dz
            new = (
                error @ error / 2,
                *(np.outer(dz, a) for a in (X[t, i], ys[t])),
                np.outer(dy, hs[t]),
            )
            parts = [part + more for part, more in zip(parts, (*new, dz, dy), strict=True)]
    return [part / B for part in parts]


FORCED = (
    "        fed = Y[t - 1] if t > 0 else y0\n",
    "        fed = targets[t - 1] if t > 0 else y0\n",
)

EXERCISE = Exercise(
    name="free_running_gradients",
    points=10,
    returns="loss, dU (H, D), dR (H, K), dV (K, H), db (H,), dc (K,)",
    reference=free_running_gradients,
    cases=partial(forced.cases, right=free_running_gradients),
    alternatives=(loop, sums_after_the_loop, recursive, hidden_recurrence),
    mistakes=(
        Mistake(
            "forced",
            edit(
                loop,
                FORCED,
                ("before = Y[t - 1] if", "before = targets[t - 1] if"),
                ("dy = own + carry", "dy = own"),
            ),
            "You feed the targets, forwards and backwards: these are the loss and the gradients of "
            "teacher forcing.",
            "Running freely, the network hears its own outputs, and they depend on the weights.",
        ),
        Mistake(
            "forced on the way forward",
            edit(loop, FORCED),
            "On the way forward you feed the targets; on the way back you go through outputs that "
            "were never fed.",
            "Running freely, the network hears its own outputs.",
        ),
        Mistake(
            "forced on the way forward and in dR",
            edit(loop, FORCED, ("before = Y[t - 1] if", "before = targets[t - 1] if")),
            "You feed the targets, and yet go back through them as if they were outputs.",
            "Running freely, the network hears its own outputs.",
        ),
        Mistake(
            "y0 is ignored",
            edit(
                loop,
                ("fed = Y[t - 1] if t > 0 else y0", "fed = Y[t - 1] if t > 0 else 0 * y0"),
                ("before = Y[t - 1] if t > 0 else y0", "before = Y[t - 1] if t > 0 else 0 * y0"),
            ),
            "Your network starts as if y0 were zero.",
            "Something is fed back at the first step too: which argument says what?",
        ),
        Mistake(
            "y0 at every step",
            edit(
                loop,
                ("fed = Y[t - 1] if t > 0 else y0", "fed = y0"),
                ("before = Y[t - 1] if t > 0 else y0", "before = y0"),
            ),
            "On the way forward y0 is fed at every step.",
            "What is fed back should be of the step before.",
        ),
        Mistake(
            "tanh of the output is fed back",
            edit(loop, ("fed = Y[t - 1] if", "fed = np.tanh(Y[t - 1]) if")),
            "On the way forward you squash y before you feed it back.",
            "It is the output itself that goes round the loop.",
        ),
        Mistake(
            "V for the transpose of R",
            edit(loop, ("fed @ R.T", "fed @ V")),
            "On the way forward, what is fed back enters by V.",
            "V and the transpose of R have the same shape. Which of them leads to the hidden "
            "units?",
        ),
        Mistake(
            "R for the transpose of V",
            edit(loop, ("H[t] @ V.T + c", "H[t] @ R + c")),
            "On the way forward your outputs are read out by R.",
            "R and the transpose of V have the same shape. Which of them leads to the outputs?",
        ),
        Mistake(
            "no b",
            edit(loop, ("fed @ R.T + b", "fed @ R.T")),
            "Your loss does not depend on b.",
            "Compare your forward pass with the equations, argument by argument.",
        ),
        Mistake(
            "no c",
            edit(loop, ("H[t] @ V.T + c", "H[t] @ V.T")),
            "Your loss does not depend on c.",
            "Compare your forward pass with the equations, argument by argument.",
        ),
        *forced.other_losses(loop, "(Y - targets) ** 2", "(Y[t] - targets[t])"),
        Mistake(
            "divided by B at every step back",
            edit(
                loop,
                ("(Y[t] - targets[t]) / B", "Y[t] - targets[t]"),
                ("dy = own + carry", "dy = (own + carry) / B"),
            ),
            "The loss is right; what comes back from later steps is divided by B again at each "
            "step.",
            "The 1/B stands in the loss once: what comes back holds it already.",
        ),
        Mistake(
            "the other sign",
            edit(loop, ("own = (Y[t] - targets[t])", "own = (targets[t] - Y[t])")),
            "The loss is right; all your gradients have the wrong sign.",
            "If an output is larger than its target, should the loss grow or fall with it?",
        ),
        Mistake(
            "what was fed back is a constant",
            edit(loop, ("dy = own + carry", "dy = own")),
            "The loss is right; your gradients take what was fed back for data, as if it had been "
            "forced.",
            "Running freely, y_{t−1} depends on the weights. How many ways lead from it to the "
            "loss?",
        ),
        Mistake(
            "only the last loss",
            edit(loop, ("dy = own + carry", "dy = own if t == T - 1 else carry")),
            "The loss is right; in your gradients only the last step's loss is heard.",
            "Each step has a loss of its own, and adds it to what comes back from later steps.",
        ),
        Mistake(
            "only one step back",
            edit(loop, ("carry = dz @ R", "carry = ((own @ V) * (1 - H[t] ** 2)) @ R")),
            "The loss is right; in your gradients each step's loss goes one step back, not "
            "further.",
            "What comes back from t + 1 holds all later losses: it is made from the whole of dy "
            "there.",
        ),
        Mistake(
            "the loop runs forward",
            edit(loop, ("for t in reversed(range(T))", "for t in range(T)")),
            "The loss is right; what you add at step t comes from step t − 1: your backward pass "
            "goes forward.",
            "What must be known before dy_t is what happened after t.",
        ),
        Mistake(
            "the carry piles up",
            edit(loop, ("carry = dz @ R", "carry = carry + dz @ R")),
            "The loss is right; on the way back, what came back once comes back again.",
            "What comes back from t + 1 already holds all that came later: it is replaced at each "
            "step, not added to.",
        ),
        Mistake(
            "back through V in the place of R",
            edit(loop, ("carry = dz @ R", "carry = dz @ V.T")),
            "The loss is right; from h_{t+1} back to y_t you pass V.",
            "Going back, signals run along the same wires in reverse. Which matrix led from y_t to "
            "h_{t+1}? (R and the transpose of V have the same shape.)",
        ),
        Mistake(
            "R for V on the way back",
            edit(loop, ("dy @ V", "dy @ R.T")),
            "The loss is right; from y_t back to h_t you pass R.",
            "V and the transpose of R have the same shape. Which of them made y from h?",
        ),
        Mistake(
            "the carry does not pass tanh",
            edit(loop, ("carry = dz @ R", "carry = dy @ V @ R")),
            "The loss is right; what comes back from later steps has not gone through the slope "
            "of tanh.",
            "On the way from y_t to h_{t+1} there are a matrix and a tanh.",
        ),
        Mistake(
            "what comes back reaches h only",
            edit(
                loop,
                ("dV += dy.T @ H[t]", "dV += own.T @ H[t]"),
                ("dc += dy.sum(axis=0)", "dc += own.sum(axis=0)"),
            ),
            "Loss, dU, dR and db are right; your dV and dc hear each step's own loss only.",
            "What comes back arrives at y_t, and y_t is made with V and c.",
        ),
        Mistake(
            "what comes back does not reach V",
            edit(loop, ("dV += dy.T @ H[t]", "dV += own.T @ H[t]")),
            "All is right but dV, which hears each step's own loss only.",
            "What comes back arrives at y_t, and y_t is made with V and c.",
        ),
        Mistake(
            "what comes back does not reach c",
            edit(loop, ("dc += dy.sum(axis=0)", "dc += own.sum(axis=0)")),
            "All is right but dc, which hears each step's own loss only.",
            "What comes back arrives at y_t, and y_t is made with V and c.",
        ),
        Mistake(
            "what comes back reaches V and c only",
            edit(loop, ("dz = (dy @ V)", "dz = (own @ V)")),
            "The loss is right; what comes back from the next step goes into dV and dc, but no "
            "further.",
            "From y_t the way back goes on to h_t, and from there to the step before.",
        ),
        Mistake(
            "straight from hidden to hidden",
            edit(loop, ("dy = own + carry", "dy = own"), ("(dy @ V) *", "(dy @ V + carry @ V) *")),
            "Loss, dU, dR and db are right; your dV and dc miss what later steps send back.",
            "From h_{t+1} to h_t the way leads through y_t: what else is y_t made of?",
        ),
        Mistake(
            "tanh is not differentiated",
            edit(loop, (" * (1 - H[t] ** 2)", "")),
            "The loss is right; your gradients are those of linear units.",
            "You passed through tanh on the way forward; did you on the way back?",
        ),
        Mistake(
            "tanh twice in its slope",
            edit(loop, ("1 - H[t] ** 2", "1 - np.tanh(H[t]) ** 2")),
            "The loss is right; the slope of your tanh is taken at the wrong place.",
            "H has been through tanh already.",
        ),
        Mistake(
            "1 − h for the slope",
            edit(loop, ("1 - H[t] ** 2", "1 - H[t]")),
            "The loss is right; the slope of your tanh is 1 − h.",
            "Compare your slope with tanh′(z), symbol by symbol.",
        ),
        Mistake(
            "the slope of the logistic function",
            edit(loop, ("(1 - H[t] ** 2)", "H[t] * (1 - H[t])")),
            "The loss is right; in your gradients the hidden units have the slope of σ.",
            "Through which function did h go?",
        ),
        Mistake(
            "the slope at the outputs",
            edit(loop, ("dy = own + carry", "dy = (own + carry) * (1 - Y[t] ** 2)")),
            "The loss is right; on the way back your outputs have a tanh that they have not on "
            "the way forward.",
            "y = V h + c, nothing more.",
        ),
        Mistake(
            "targets in dR",
            edit(loop, ("before = Y[t - 1] if", "before = targets[t - 1] if")),
            "All is right but dR, which takes the targets.",
            "What did R multiply at step t?",
        ),
        Mistake(
            "outputs of the same step in dR",
            edit(loop, ("dz.T @ before", "dz.T @ Y[t]")),
            "All is right but dR, which takes each step's own output.",
            "What did R multiply at step t?",
        ),
        Mistake(
            "y0 is not in dR",
            edit(loop, ("dz.T @ before", "dz.T @ before * (t > 0)")),
            "All is right but dR, which lacks the part of the first step.",
            "R multiplies something at the first step too.",
        ),
        Mistake(
            "the last output in dR",
            edit(loop, ("before = Y[t - 1] if t > 0 else y0", "before = Y[t - 1]")),
            "All is right but dR, which takes the last output at the first step.",
            "In Python, index −1 is no error: it is the last entry.",
        ),
        Mistake(
            "the first step is left out",
            edit(loop, ("reversed(range(T))", "reversed(range(1, T))")),
            "The loss is right; your gradients lack the part of the first step.",
            "T steps forward, T steps back.",
        ),
        Mistake(
            "the gradients of the first step",
            edit(
                loop,
                ("dU += ", "dU = "),
                ("dR += ", "dR = "),
                ("dV += ", "dV = "),
                ("db += ", "db = "),
                ("dc += ", "dc = "),
            ),
            "The loss is right; your gradients hold the first step's part alone.",
            "The same weights are used at every step, so T parts come together.",
        ),
        Mistake(
            "db and dc are means",
            edit(
                loop,
                ("dz.sum(axis=0)", "dz.mean(axis=0)"),
                ("dy.sum(axis=0)", "dy.mean(axis=0)"),
            ),
            "All is right but db and dc, which are divided by B once more.",
            "b and c are added for every sequence, and the parts are summed as those of the "
            "matrices are.",
        ),
        Mistake(
            "a mean over time in the gradients",
            edit(
                loop,
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
