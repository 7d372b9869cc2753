"""rnn_backward: backpropagation through time, matrices and minibatches (course rows R15, R16)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.rnn import RNNCache, RNNParams, rnn_forward
from rnnref.nets.rnn import rnn_backward as core


def rnn_backward(dH, X, H, h0, U, W):
    """The core's backward pass, its cache made from the given states."""
    params = RNNParams(U, W, np.zeros(len(W)))
    states = np.concatenate([h0[None], H])
    dX, dh0, (dU, dW, db) = core(dH, RNNCache(params, X, states, None, "tanh"))
    return dX, dh0, dU, dW, db


def draw(rng, T, B, D, H, last_only=False):
    """dH, X, H, h0, U, W of these sizes; the states are those of a network with a bias.

    Drawn again while a gradient is tiny, as it may be with one unit.
    """
    X, h0 = rng.normal(size=(T, B, D)), rng.normal(size=(B, H)) * 0.6
    U = rng.normal(size=(H, D)) * 0.6 / np.sqrt(D)
    W = rng.normal(size=(H, H)) / np.sqrt(H)
    b = rng.normal(size=H) * 0.3 + 0.3
    states, _, _ = rnn_forward(RNNParams(U, W, b), X, h0)
    dH = rng.normal(size=(T, B, H)) * 3 + 1
    if last_only:
        dH[:-1] = 0
    args = dH, X, states, h0, U, W
    large = all(np.abs(gradient).max() > 0.05 for gradient in rnn_backward(*args))
    return args if large else draw(rng, T, B, D, H, last_only)


def cases(rng):
    """All sizes different, then each size that hides a slip."""
    yield plain("T = 6 steps, B = 3, D = 4, H = 5", *draw(rng, 6, 3, 4, 5))
    yield plain("T = 3 steps, B = 5, D = 2, H = 4", *draw(rng, 3, 5, 2, 4))
    yield special("one step (T = 1)", *draw(rng, 1, 3, 4, 2))
    yield special("one sequence (B = 1)", *draw(rng, 4, 1, 3, 5))
    yield special("one unit (H = 1)", *draw(rng, 4, 3, 2, 1))
    yield special("as many inputs as units (D = H)", *draw(rng, 4, 2, 3, 3))
    yield special("a loss at the last step only", *draw(rng, 5, 2, 3, 4, last_only=True))


def loop(dH, X, H, h0, U, W):
    T, B, D = X.shape
    dX, dh0 = np.zeros_like(X), np.zeros_like(h0)
    dU, dW, db = np.zeros_like(U), np.zeros_like(W), np.zeros(len(W))
    carry = np.zeros_like(h0)
    for t in reversed(range(T)):
        before = H[t - 1] if t > 0 else h0
        dh = dH[t] + carry
        dz = dh * (1 - H[t] ** 2)
        dX[t] = dz @ U
        dU += dz.T @ X[t]
        dW += dz.T @ before
        db += dz.sum(axis=0)
        carry = dz @ W
    dh0 = carry
    return dX, dh0, dU, dW, db


def sums_after_the_loop(dH, X, H, h0, U, W):
    T, B, D = X.shape
    before = np.concatenate([h0[None], H[:-1]])
    dZ = np.zeros_like(H)
    for t in range(T - 1, -1, -1):
        later = dZ[t + 1] @ W if t + 1 < T else 0.0
        dZ[t] = (dH[t] + later) * (1 - H[t] ** 2)
    dX = dZ @ U
    dh0 = dZ[0] @ W
    dU = np.einsum("tbi,tbj->ij", dZ, X)
    dW = np.einsum("tbi,tbj->ij", dZ, before)
    db = dZ.sum(axis=(0, 1))
    return dX, dh0, dU, dW, db


def per_sequence(dH, X, H, h0, U, W):
    dX, dh0 = np.empty(X.shape), np.empty(h0.shape)
    dU, dW, db = 0.0 * U, 0.0 * W, 0.0 * W[0]
    for n in range(X.shape[1]):
        carry = 0.0 * h0[n]
        for t in reversed(range(X.shape[0])):
            before = h0[n] if t == 0 else H[t - 1, n]
            dz = (dH[t, n] + carry) * (1 - H[t, n] * H[t, n])
            dX[t, n] = U.T @ dz
            dU += np.outer(dz, X[t, n])
            dW += np.outer(dz, before)
            db += dz
            carry = W.T @ dz
        dh0[n] = carry
    return dX, dh0, dU, dW, db


def recursive(dH, X, H, h0, U, W):
    if len(X) == 0:
        return X, np.zeros(h0.shape), np.zeros(U.shape), np.zeros(W.shape), np.zeros(len(W))
    dX, carry, dU, dW, db = recursive(dH[1:], X[1:], H[1:], H[0], U, W)
    dz = (dH[0] + carry) * (1 - np.square(H[0]))
    return [
        np.concatenate([(dz @ U)[None], dX]),
        dz @ W,
        dU + dz.T @ X[0],
        dW + dz.T @ h0,
        db + np.ones(len(dz)) @ dz,
    ]


EXERCISE = Exercise(
    name="rnn_backward",
    points=20,
    returns="dX (T, B, D), dh0 (B, H), dU (H, D), dW (H, H), db (H,)",
    reference=rnn_backward,
    cases=cases,
    alternatives=(loop, sums_after_the_loop, per_sequence, recursive),
    mistakes=(
        Mistake(
            "states made anew",
            edit(
                loop,
                (
                    "    carry = np.zeros_like(h0)\n",
                    "    carry = np.zeros_like(h0)\n"
                    "    H, h = np.zeros_like(H), h0\n"
                    "    for t in range(T):\n"
                    "        h = H[t] = np.tanh(X[t] @ U.T + h @ W.T)\n",
                ),
            ),
            "You compute the states again, without their bias: they are not those of the forward "
            "pass.",
            "The states of the forward pass are an argument.",
        ),
        Mistake(
            "nothing comes back",
            edit(loop, ("dh = dH[t] + carry", "dh = dH[t]")),
            "Your dX is right at the last step; at the others nothing of the later losses arrives.",
            "dH holds what each step's own loss sends. h_t also influences the loss through "
            "h_{t+1}.",
        ),
        Mistake(
            "only the last loss",
            edit(loop, ("dh = dH[t] + carry", "dh = dH[t] if t == T - 1 else carry")),
            "Your dX is right at the last step; the losses of the steps before it are not heard.",
            "Each step has a loss of its own, and adds it to what comes back from later steps.",
        ),
        Mistake(
            "the loop runs forward",
            edit(loop, ("for t in reversed(range(T))", "for t in range(T)")),
            "What you add at step t comes from step t − 1: your backward pass goes forward.",
            "What must be known before dh_t is what happened after t.",
        ),
        Mistake(
            "only one step back",
            edit(loop, ("carry = dz @ W", "carry = (dH[t] * (1 - H[t] ** 2)) @ W")),
            "Your dX is right at the last two steps; what comes back to the earlier ones is only "
            "what one later loss sends.",
            "What comes back from t + 1 holds all later losses: it is made from the whole of dh "
            "there.",
        ),
        Mistake(
            "the carry piles up",
            edit(loop, ("carry = dz @ W", "carry = carry + dz @ W")),
            "Your dX is right at the last two steps; before them, what came back once comes back "
            "again.",
            "What comes back from t + 1 already holds all that came later: it is replaced at each "
            "step, not added to.",
        ),
        Mistake(
            "the carry's W is transposed",
            edit(loop, ("carry = dz @ W", "carry = dz @ W.T")),
            "Your dX is right at the last step; what comes back to the others passes W the wrong "
            "way round.",
            "Going back, signals run along the same wires in reverse: if only unit 0 hears unit 1 "
            "(W[0, 1]), which unit of the step before gets a gradient?",
        ),
        Mistake(
            "what comes back passes by W",
            edit(loop, ("carry = dz @ W", "carry = dz")),
            "Your dX is right at the last step; what comes back to the others does not pass W.",
            "How does h_t enter z_{t+1}?",
        ),
        Mistake(
            "what comes back passes by tanh",
            edit(loop, ("carry = dz @ W", "carry = dh @ W")),
            "Your dX is right at the last step; what comes back to the others jumps over a tanh.",
            "h_t enters z_{t+1}, not h_{t+1}: which of the two gradients is sent back?",
        ),
        Mistake(
            "the tanh of what comes back is passed twice",
            edit(loop, ("carry = dz @ W", "carry = dz @ W * (1 - before**2)")),
            "Your dX is right at the last step; what comes back to the others has passed one tanh "
            "too many.",
            "From z_{t+1} to h_t there is only W. The slope of step t follows when dh is complete.",
        ),
        Mistake(
            "tanh for the own loss only",
            edit(
                loop,
                ("dh = dH[t] + carry", "dh = dH[t]"),
                ("dz = dh * (1 - H[t] ** 2)", "dz = dh * (1 - H[t] ** 2) + carry"),
            ),
            "Your dX is right at the last step; at the others, what comes back is added after "
            "tanh was passed.",
            "Both parts arrive at h_t, and h_t is the output of tanh.",
        ),
        Mistake(
            "tanh for what comes back only",
            edit(loop, ("dh * (1 - H[t] ** 2)", "dH[t] + carry * (1 - H[t] ** 2)")),
            "In your dz, what the own loss sends does not pass tanh.",
            "Both parts arrive at h_t, and h_t is the output of tanh.",
        ),
        Mistake(
            "tanh is not passed",
            edit(loop, (" * (1 - H[t] ** 2)", "")),
            "Your gradient is that of a linear network: even dX at the last step is wrong.",
            "On the way forward z passes through tanh to become h. What does that do backwards?",
        ),
        Mistake(
            "tanh once too often",
            edit(loop, ("1 - H[t] ** 2", "1 - np.tanh(H[t]) ** 2")),
            "In your slopes tanh was applied once too often.",
            "tanh′(z) = 1 − tanh²(z), and tanh(z) is h already.",
        ),
        Mistake(
            "no square in the slope",
            edit(loop, ("1 - H[t] ** 2", "1 - H[t]")),
            "Where h is negative your slope is larger than 1; tanh is nowhere as steep as that.",
            "Where h is near −1 the unit is saturated: how steep is it there?",
        ),
        Mistake(
            "divided by the slope",
            edit(loop, ("dh * (1 - H[t] ** 2)", "dh / (1 - H[t] ** 2)")),
            "Your gradient grows where the unit is saturated.",
            "Where tanh is flat, z hardly matters: should ∂L/∂z be large or small there?",
        ),
        Mistake(
            "the logistic function's slope",
            edit(loop, ("(1 - H[t] ** 2)", "H[t] * (1 - H[t])")),
            "Your slope is that of the logistic function.",
            "The units are tanh. How steep is tanh at 0?",
        ),
        Mistake(
            "the slope of the step before",
            edit(loop, ("1 - H[t] ** 2", "1 - before**2")),
            "Your dz at t takes the slope of step t − 1.",
            "z_t went through tanh at step t: how steep was it there?",
        ),
        Mistake(
            "the gradient of z for that of x",
            edit(sums_after_the_loop, ("dX = dZ @ U", "dX = dZ")),
            "All is right but dX, which holds the gradients of z.",
            "From x_t to z_t there is one more matrix.",
        ),
        Mistake(
            "dX from dh",
            edit(loop, ("dX[t] = dz @ U", "dX[t] = dh @ U")),
            "All is right but dX, which jumps over a tanh.",
            "x_t enters z_t, not h_t: which of the two gradients is sent to it?",
        ),
        Mistake(
            "dX's U is transposed",
            edit(loop, ("dX[t] = dz @ U", "dX[t] = dz @ U.T")),
            "Your dX passes U the wrong way round: numpy complains, unless D = H.",
            "dz has a column for each unit, dX one for each input. With sequences in rows, "
            "where does U (H, D) lead from one to the other?",
        ),
        Mistake(
            "dX in reversed time",
            edit(
                loop,
                ("dX, dh0 = np.zeros_like(X), np.zeros_like(h0)", "dX, dh0 = [], 0"),
                ("dX[t] = dz @ U", "dX.append(dz @ U)"),
                ("return dX,", "return np.array(dX),"),
            ),
            "All is right but dX, which has the last step in front.",
            "The loop runs from the last step to the first; the result does not.",
        ),
        Mistake(
            "dh0 is that of h_1",
            edit(loop, ("dh0 = carry", "dh0 = dh")),
            "All is right but dh0, which holds ∂L/∂h_1.",
            "From h_1 to h_0 there is one more step back.",
        ),
        Mistake(
            "dh0 stops before W",
            edit(loop, ("dh0 = carry", "dh0 = dz")),
            "All is right but dh0, which holds ∂L/∂z_1.",
            "How does h_0 enter z_1?",
        ),
        Mistake(
            "dh0 is dH at the first step",
            edit(loop, ("dh0 = carry", "dh0 = dH[0].copy()")),
            "All is right but dh0: you return what the first step's own loss sends to h_1.",
            "h_0 influences the loss through z_1 only.",
        ),
        Mistake(
            "dh0 stays zero",
            edit(loop, ("    dh0 = carry\n", "")),
            "All is right but dh0, which is zero.",
            "h_0 influences the loss: what comes back from the first step is its gradient.",
        ),
        Mistake(
            "only the last step counts",
            edit(
                sums_after_the_loop,
                ('np.einsum("tbi,tbj->ij", dZ, X)', "dZ[-1].T @ X[-1]"),
                ('np.einsum("tbi,tbj->ij", dZ, before)', "dZ[-1].T @ before[-1]"),
                ("dZ.sum(axis=(0, 1))", "dZ[-1].sum(axis=0)"),
            ),
            "dX and dh0 are right; dU, dW and db hold the last step's part alone.",
            "The same weights are used at every step, so T parts come together.",
        ),
        Mistake(
            "only the first step counts",
            edit(loop, ("dU += ", "dU = "), ("dW += ", "dW = "), ("db += ", "db = ")),
            "dX and dh0 are right; dU, dW and db hold the first step's part alone.",
            "The same weights are used at every step, so T parts come together.",
        ),
        Mistake(
            "dh for dz in the sums",
            edit(
                loop,
                ("dU += dz.T", "dU += dh.T"),
                ("dW += dz.T", "dW += dh.T"),
                ("db += dz.sum", "db += dh.sum"),
            ),
            "dX and dh0 are right; dU, dW and db jump over a tanh.",
            "U, W and b stand in z: which gradient do they get?",
        ),
        Mistake(
            "divided by the number of sequences",
            edit(loop, ("return dX, dh0, dU, dW, db", "return dX, dh0, dU / B, dW / B, db / B")),
            "dX and dh0 are right; dU, dW and db are means over the minibatch.",
            "Here the parts of the sequences are summed; dH says already what each of them counts.",
            convention=True,
        ),
        Mistake(
            "all divided by the number of sequences",
            edit(loop, ("dh = dH[t] + carry", "dh = dH[t] / B + carry")),
            "All your gradients are divided by the number of sequences.",
            "Nothing is divided here; dH says already what each sequence counts.",
            convention=True,
        ),
        Mistake(
            "divided by steps and sequences",
            edit(
                loop,
                (
                    "return dX, dh0, dU, dW, db",
                    "return dX, dh0, dU / (T * B), dW / (T * B), db / (T * B)",
                ),
            ),
            "dX and dh0 are right; dU, dW and db are means over all steps and sequences.",
            "The parts add up; nothing asks for their average.",
        ),
        Mistake(
            "divided by the number of steps",
            edit(loop, ("return dX, dh0, dU, dW, db", "return dX, dh0, dU / T, dW / T, db / T")),
            "dX and dh0 are right; dU, dW and db are divided by T.",
            "The parts of the steps add up; nothing asks for their average.",
        ),
        Mistake(
            "entries are cut at ±5",
            edit(
                loop,
                (
                    "return dX, dh0, dU, dW, db",
                    "return dX, dh0, *(np.clip(g, -5, 5) for g in (dU, dW, db))",
                ),
            ),
            "dX and dh0 are right; in dU, dW and db no entry of yours is beyond ±5.",
            "Clipping is another function's job; here the gradient itself is asked for.",
        ),
        Mistake(
            "products of sums",
            edit(
                loop,
                ("dU += dz.T @ X[t]", "dU += np.outer(dz.sum(axis=0), X[t].sum(axis=0))"),
                ("dW += dz.T @ before", "dW += np.outer(dz.sum(axis=0), before.sum(axis=0))"),
            ),
            "All is right but dU and dW: in yours, one sequence's dz meets another one's x and h.",
            "A sum of products is not the product of the sums.",
        ),
        Mistake(
            "the states of the same step in dW",
            edit(loop, ("dW += dz.T @ before", "dW += dz.T @ H[t]")),
            "All is right but dW, which takes each step's own state.",
            "Which state does W multiply in z_t?",
        ),
        Mistake(
            "h0 is not in dW",
            edit(loop, ("H[t - 1] if t > 0 else h0", "H[t - 1] if t > 0 else 0 * h0")),
            "All is right but dW, which lacks the part of the first step.",
            "W multiplies a state at the first step too.",
        ),
        Mistake(
            "the last state for h0 in dW",
            edit(loop, ("H[t - 1] if t > 0 else h0", "H[t - 1]")),
            "All is right but dW: at the first step it takes the last state for the one before.",
            "In Python, H[-1] is no error: it is the last entry.",
        ),
        Mistake(
            "dW is transposed",
            edit(loop, ("dW += dz.T @ before", "dW += before.T @ dz")),
            "All is right but dW: its rows and columns have changed places.",
            "dW[i, j] says how the weight from unit j to unit i matters.",
        ),
        Mistake(
            "db is a mean",
            edit(loop, ("db += dz.sum(axis=0)", "db += dz.mean(axis=0)")),
            "All is right but db, which is divided by the number of sequences.",
            "b is added for every sequence, and the parts are summed as those of U and W are.",
        ),
        Mistake(
            "db is not summed over the sequences",
            edit(
                loop,
                ("np.zeros(len(W))", "np.zeros_like(h0)"),
                ("db += dz.sum(axis=0)", "db += dz"),
            ),
            "All is right but db: yours still has a row for each sequence.",
            "There is one b for all sequences.",
        ),
        Mistake(
            "what comes back runs into the next sequence",
            edit(
                per_sequence,
                ("        carry = 0.0 * h0[n]\n", ""),
                ("    for n in range", "    carry = 0.0 * h0[0]\n    for n in range"),
            ),
            "Your dX is right for the first sequence; in the others, what comes back at the last "
            "step is what the sequence before sent to its h_0.",
            "Nothing comes back to the last step of any sequence.",
        ),
        Mistake(
            "writes into dH",
            edit(
                loop,
                ("        dh = dH[t] + carry\n", "        dH[t] += carry\n        dh = dH[t]\n"),
            ),
            "The numbers are right, but the caller's dH is changed: a second call gives others.",
            "`dH[t] += …` writes into the array that you were given.",
        ),
        Mistake(
            "only the first sequence in the weights",
            edit(
                loop,
                ("dU += dz.T @ X[t]", "dU += np.outer(dz[0], X[t][0])"),
                ("dW += dz.T @ before", "dW += np.outer(dz[0], before[0])"),
                ("db += dz.sum(axis=0)", "db += dz[0]"),
            ),
            "dX and dh0 are right; of the minibatch only the first sequence arrives in dU, dW and "
            "db.",
            "All sequences use the same weights: how many outer products belong to one step?",
        ),
    ),
)
