"""lstm_backward: an LSTM's gradients through time (course row R24)."""

import numpy as np

from rnnref.checks.ps5_gates.lstm_forward import sequence_arguments
from rnnref.checks.ps5_gates.lstm_step import other_orders
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.lstm import LSTMParams, lstm_forward
from rnnref.nets.lstm import lstm_backward as core


def lstm_backward(dH, X, H, C, h0, c0, U, W, b):
    """The core's backward pass, its cache made by its forward pass: H and C are what that gives."""
    _, _, cache = lstm_forward(LSTMParams(U, W, b), X, (h0, c0))
    dX, first, (dU, dW, db, _) = core(dH, cache)
    return dX, first.h, first.c, dU, dW, db


def draw(rng, T, B, D, H, last_only=False):
    """dH, X, H, C, h0, c0, U, W, b of these sizes; drawn again while a gradient is tiny."""
    while True:
        X, h0, c0, U, W, b = sequence_arguments(rng, T, B, D, H)
        h, _, cache = lstm_forward(LSTMParams(U, W, b), X, (h0, c0))
        dH = rng.normal(size=(T, B, H)) * 3 + 1
        if last_only:
            dH[:-1] = 0
        args = dH, X, h, cache.c.copy(), h0, c0, U, W, b
        if all(np.abs(gradient).max() > 0.05 for gradient in lstm_backward(*args)):
            return args


def cases(rng):
    """All sizes different, then each size that hides a slip."""
    yield plain("T = 5 steps, B = 3, D = 4, H = 6", *draw(rng, 5, 3, 4, 6))
    yield plain("T = 4 steps, B = 5, D = 2, H = 3", *draw(rng, 4, 5, 2, 3))
    yield special("one step (T = 1)", *draw(rng, 1, 3, 4, 2))
    yield special("one sequence (B = 1)", *draw(rng, 4, 1, 3, 5))
    yield special("one unit (H = 1)", *draw(rng, 5, 4, 3, 1))
    yield special("as many inputs as units (D = H)", *draw(rng, 5, 2, 3, 3))
    yield special("a loss at the last step only", *draw(rng, 4, 2, 3, 5, last_only=True))


def loop(dH, X, H, C, h0, c0, U, W, b):
    T, B, D = X.shape
    dX = np.zeros_like(X)
    dU, dW, db = np.zeros_like(U), np.zeros_like(W), np.zeros_like(b)
    dh_next, dc_next = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(T)):
        h_prev = H[t - 1] if t > 0 else h0
        c_prev = C[t - 1] if t > 0 else c0
        a = X[t] @ U.T + h_prev @ W.T + b
        a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
        i = 1 / (1 + np.exp(-a_i))
        f = 1 / (1 + np.exp(-a_f))
        g = np.tanh(a_g)
        o = 1 / (1 + np.exp(-a_o))
        tanh_c = np.tanh(C[t])
        dh = dH[t] + dh_next
        dc = dc_next + dh * o * (1 - tanh_c**2)
        da_i = dc * g * i * (1 - i)
        da_f = dc * c_prev * f * (1 - f)
        da_g = dc * i * (1 - g**2)
        da_o = dh * tanh_c * o * (1 - o)
        da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
        dX[t] = da @ U
        dU += da.T @ X[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dh_next = da @ W
        dc_next = dc * f
    dh0, dc0 = dh_next, dc_next
    return dX, dh0, dc0, dU, dW, db


def sums_after_the_loop(dH, X, H, C, h0, c0, U, W, b):
    T, B, D = X.shape
    n = h0.shape[1]
    H_prev, C_prev = np.concatenate([h0[None], H[:-1]]), np.concatenate([c0[None], C[:-1]])
    A = (X @ U.T + H_prev @ W.T + b).reshape(T, B, 4, n)
    I, F, _, O = np.moveaxis(0.5 + 0.5 * np.tanh(A / 2), 2, 0)
    G = np.tanh(A[:, :, 2])
    S = np.tanh(C)
    slopes = np.stack([G * I * (1 - I), C_prev * F * (1 - F), I * (1 - G**2)], axis=2)
    dA = np.zeros((T, B, 4, n))
    dh, dc = 0.0, 0.0
    for t in range(T - 1, -1, -1):
        dh = dh + dH[t]
        dc = dc + dh * O[t] * (1 - S[t] ** 2)
        dA[t, :, :3] = slopes[t] * dc[:, None]
        dA[t, :, 3] = dh * S[t] * O[t] * (1 - O[t])
        dh = dA[t].reshape(B, 4 * n) @ W
        dc = dc * F[t]
    dA = dA.reshape(T, B, 4 * n)
    dU = np.einsum("tbk,tbd->kd", dA, X)
    dW = np.einsum("tbk,tbj->kj", dA, H_prev)
    return dA @ U, dh, dc, dU, dW, dA.sum(axis=(0, 1))


def per_gate(dH, X, H, C, h0, c0, U, W, b):
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    n = W.shape[1]
    Us, Ws, bs = U.reshape(4, n, -1), W.reshape(4, n, n), b.reshape(4, n)
    dUs, dWs, dbs = 0 * Us, 0 * Ws, 0 * bs
    dX, dh, dc = np.empty(X.shape), np.zeros(h0.shape), np.zeros(c0.shape)
    for t in range(len(X))[::-1]:
        h, c = (H[t - 1], C[t - 1]) if t else (h0, c0)
        a = [X[t] @ Us[k].T + h @ Ws[k].T + bs[k] for k in range(4)]
        i, f, g, o = sigmoid(a[0]), sigmoid(a[1]), np.tanh(a[2]), sigmoid(a[3])
        dh = dh + dH[t]
        dc = dc + dh * o / np.cosh(C[t]) ** 2
        da = [
            dc * g * i * sigmoid(-a[0]),
            dc * c * f * sigmoid(-a[1]),
            dc * i / np.cosh(a[2]) ** 2,
            dh * H[t] * sigmoid(-a[3]),
        ]
        for k in range(4):
            dUs[k] += da[k].T @ X[t]
            dWs[k] += da[k].T @ h
            dbs[k] += da[k].sum(axis=0)
        dX[t] = sum(da[k] @ Us[k] for k in range(4))
        dh = sum(da[k] @ Ws[k] for k in range(4))
        dc = dc * f
    return dX, dh, dc, dUs.reshape(U.shape), dWs.reshape(W.shape), dbs.ravel()


EXERCISE = Exercise(
    name="lstm_backward",
    points=10,
    returns="dX (T, B, D), dh0 (B, H), dc0 (B, H), dU (4H, D), dW (4H, H), db (4H,)",
    reference=lstm_backward,
    cases=cases,
    alternatives=(loop, sums_after_the_loop, per_gate),
    mistakes=(
        *other_orders(loop, "a_", "da_"),
        # In another order, cells that are made anew are not those of the argument C.
        *other_orders(
            edit(loop, ("np.tanh(C[t])", "np.tanh(f * c_prev + i * g)")),
            "a_",
            "da_",
            more=", with cells made anew",
        ),
        Mistake(
            "nothing comes back",
            edit(
                loop,
                ("dh = dH[t] + dh_next", "dh = dH[t]"),
                ("dc = dc_next + dh", "dc = dh"),
            ),
            "Your dX is right at the last step; at the others nothing of the later losses arrives.",
            "Two things travel back from step t + 1: what are they?",
        ),
        Mistake(
            "nothing comes back through the cells",
            edit(loop, ("dc = dc_next + dh", "dc = dh")),
            "Your dX is right at the last step; to the others nothing comes back from cell to "
            "cell.",
            "Two things travel back from step t + 1; you carry one of them.",
        ),
        Mistake(
            "nothing comes back through h",
            edit(loop, ("dh = dH[t] + dh_next", "dh = dH[t]")),
            "Your dX is right at the last step; to the others nothing comes back by the gates "
            "that heard h.",
            "Two things travel back from step t + 1; you carry one of them.",
        ),
        Mistake(
            "only the last loss",
            edit(loop, ("dh = dH[t] + dh_next", "dh = dH[t] if t == T - 1 else dh_next")),
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
            "the steps do not keep their own states",
            edit(loop, ("H[t - 1] if t > 0 else h0", "h0"), ("C[t - 1] if t > 0 else c0", "c0")),
            "Your gates are computed from h0 and c0 at every step.",
            "Each step has its own h and c before it.",
        ),
        Mistake(
            "the h of the same step in the gates",
            edit(loop, ("h_prev @ W.T + b", "H[t] @ W.T + b")),
            "Your gates are computed from the h of their own step, which they have yet to make.",
            "Which h do the gates of step t hear?",
        ),
        Mistake(
            "h and c of the same step",
            edit(
                loop, ("H[t - 1] if t > 0 else h0", "H[t]"), ("C[t - 1] if t > 0 else c0", "C[t]")
            ),
            "Your states «before» step t are those after it.",
            "H[t] is made at step t: what stood there before?",
        ),
        Mistake(
            "the last states for the first",
            edit(
                loop,
                ("H[t - 1] if t > 0 else h0", "H[t - 1]"),
                ("C[t - 1] if t > 0 else c0", "C[t - 1]"),
            ),
            "dX is right but at the first step, which takes the last states for those before it.",
            "In Python, H[-1] is no error: it is the last entry.",
        ),
        Mistake(
            "h0 and c0 are ignored",
            edit(
                loop,
                ("H[t - 1] if t > 0 else h0", "H[t - 1] if t > 0 else 0 * h0"),
                ("C[t - 1] if t > 0 else c0", "C[t - 1] if t > 0 else 0 * c0"),
            ),
            "dX is right but at the first step, which you take to start from zero.",
            "h0 and c0 are arguments, and are not zero.",
        ),
        Mistake(
            "c0 is ignored",
            edit(loop, ("C[t - 1] if t > 0 else c0", "C[t - 1] if t > 0 else 0 * c0")),
            "dX is right but at the first step, whose forget gates meet empty cells.",
            "What did the forget gate multiply at the first step?",
        ),
        Mistake(
            "no bias on the way forward",
            edit(loop, ("h_prev @ W.T + b", "h_prev @ W.T")),
            "Your gates are computed without b.",
            "The gates' values are needed: compute them exactly as in the forward pass.",
        ),
        Mistake(
            "cells of the step before in tanh",
            edit(loop, ("np.tanh(C[t])", "np.tanh(c_prev)")),
            "Your tanh(c) at step t is that of step t − 1.",
            "Which cells does the output gate show?",
        ),
        Mistake(
            "H for tanh(C)",
            edit(loop, ("np.tanh(C[t])", "H[t]")),
            "You use h where tanh(c) should stand.",
            "In a plain RNN h is the output of tanh. Is it here?",
        ),
        Mistake(
            "the cells without tanh",
            edit(loop, ("np.tanh(C[t])", "C[t]")),
            "You use the cells as they are where tanh(c) should stand.",
            "What stands between the cell and what is shown of it?",
        ),
        Mistake(
            "what comes back passes the output gate",
            edit(
                loop,
                (
                    "dc_next + dh * o * (1 - tanh_c**2)",
                    "(dc_next + dh) * o * (1 - tanh_c**2)",
                ),
            ),
            "Your dX is right at the last step; what comes back from cell to cell passes the "
            "output gate and tanh at each step.",
            "The conveyor belt does not lead through h.",
        ),
        Mistake(
            "no output gate on the way to the cells",
            edit(loop, ("dh * o * (1 - tanh_c**2)", "dh * (1 - tanh_c**2)")),
            "On your way from dh to the cells the output gate is missing.",
            "A gate that is shut shows nothing of the cell: can the cell matter to h then?",
        ),
        Mistake(
            "no tanh′ on the way to the cells",
            edit(loop, ("dh * o * (1 - tanh_c**2)", "dh * o")),
            "On your way from dh to the cells the slope of tanh is missing.",
            "h = o ∗ tanh(c): what is ∂h/∂c?",
        ),
        Mistake(
            "the own loss only behind the output gate",
            edit(loop, ("da_o = dh * tanh_c", "da_o = dH[t] * tanh_c")),
            "Your dX is right at the last step; at the others your output gates hear of their own "
            "step's loss only.",
            "dH[t] is not the whole of ∂L/∂h_t.",
        ),
        Mistake(
            "the own loss only on the way to the cells",
            edit(loop, ("dh * o * (1 - tanh_c**2)", "dH[t] * o * (1 - tanh_c**2)")),
            "Your dX is right at the last step; at the others, what comes back by h does not "
            "reach the cells.",
            "dH[t] is not the whole of ∂L/∂h_t.",
        ),
        Mistake(
            "the forget gates meet the new cells",
            edit(loop, ("dc * c_prev", "dc * C[t]")),
            "In your gradients the forget gates meet the cells after the step.",
            "Which cells did the forget gate multiply?",
        ),
        Mistake(
            "each its own factor",
            edit(
                loop,
                ("da_i = dc * g", "da_i = dc * i"),
                ("da_g = dc * i", "da_g = dc * g"),
            ),
            "In your gradients i and g have each its own value as slope.",
            "In the product i ∗ g, what is the slope with respect to i?",
        ),
        Mistake(
            "σ′ for the candidate",
            edit(loop, ("(1 - g**2)", "g * (1 - g)")),
            "Your candidates have the slope of σ.",
            "Through which function did g go?",
        ),
        Mistake(
            "the carry's W is the wrong way round",
            edit(
                loop,
                (
                    "dh_next = da @ W",
                    "dh_next = sum(\n"
                    "            d @ block.T for d, block in zip((da_i, da_f, da_g, da_o), "
                    "np.split(W, 4))\n"
                    "        )",
                ),
            ),
            "Your dX is right at the last step; what comes back by h passes each block of W the "
            "wrong way round.",
            "Going back, signals run along the same wires in reverse: if only unit 0 hears unit 1, "
            "which unit gets a gradient?",
        ),
        Mistake(
            "h's carry piles up",
            edit(loop, ("dh_next = da @ W", "dh_next = dh_next + da @ W")),
            "Your dX is right at the last two steps; before them, what came back by h once comes "
            "back again.",
            "What comes back from t + 1 already holds all that came later: it is replaced at each "
            "step, not added to.",
        ),
        Mistake(
            "the cells' carry piles up",
            edit(loop, ("dc_next = dc * f", "dc_next = dc_next + dc * f")),
            "Your dX is right at the last two steps; before them, what came back from cell to cell "
            "once comes back again.",
            "What comes back from t + 1 already holds all that came later: it is replaced at each "
            "step, not added to.",
        ),
        Mistake(
            "nothing is forgotten on the way back",
            edit(loop, ("dc_next = dc * f", "dc_next = dc")),
            "Your dX is right at the last step; from cell to cell all comes back, whatever was "
            "forgotten.",
            "By what was the old cell multiplied on its way to the new one?",
        ),
        Mistake(
            "the wrong gate on the way back",
            edit(loop, ("dc_next = dc * f", "dc_next = dc * i")),
            "Your dX is right at the last step; from cell to cell you pass the input gate.",
            "By what was the old cell multiplied on its way to the new one?",
        ),
        Mistake(
            "the forget gate of the step before",
            edit(
                loop,
                ("dc = dc_next + dh", "dc = dc_next * f + dh"),
                ("dc_next = dc * f", "dc_next = dc"),
                ("dh0, dc0 = dh_next, dc_next", "dh0, dc0 = dh_next, dc_next * f"),
            ),
            "Your dX is right at the last step; from t + 1 to t you pass the forget gate of step "
            "t.",
            "Between c_t and c_{t+1} stands one forget gate: of which step?",
        ),
        Mistake(
            "only one step back",
            edit(
                loop,
                (
                    "        dh_next = da @ W\n        dc_next = dc * f\n",
                    "        dc_own = dH[t] * o * (1 - tanh_c**2)\n"
                    "        da_o = dH[t] * tanh_c * o * (1 - o)\n"
                    "        slopes = [g * i * (1 - i), c_prev * f * (1 - f), i * (1 - g**2)]\n"
                    "        da = np.concatenate([*(dc_own * s for s in slopes), da_o], axis=1)\n"
                    "        dh_next = da @ W\n"
                    "        dc_next = dc_own * f\n",
                ),
            ),
            "Your dX is right at the last two steps; what comes back to the earlier ones is only "
            "what one later loss sends.",
            "What comes back from t + 1 holds all later losses.",
        ),
        Mistake(
            "dX in reversed time",
            edit(
                loop,
                ("dX = np.zeros_like(X)", "dX = []"),
                ("dX[t] = da @ U", "dX.append(da @ U)"),
                ("return dX,", "return np.array(dX),"),
            ),
            "All is right but dX, which has the last step in front.",
            "The loop runs from the last step to the first; the result does not.",
        ),
        Mistake(
            "dh0 is that of h_1",
            edit(loop, ("dh0, dc0 = dh_next, dc_next", "dh0, dc0 = dh, dc_next")),
            "All is right but dh0, which holds ∂L/∂h_1.",
            "From h_1 to h_0 there is one more step back.",
        ),
        Mistake(
            "dc0 is that of c_1",
            edit(loop, ("dh0, dc0 = dh_next, dc_next", "dh0, dc0 = dh_next, dc")),
            "All is right but dc0, which holds ∂L/∂c_1.",
            "From c_1 to c_0 there is one more step back.",
        ),
        Mistake(
            "dh0 and dc0 are those of step 1",
            edit(loop, ("dh0, dc0 = dh_next, dc_next", "dh0, dc0 = dh, dc")),
            "All is right but dh0 and dc0, which are the gradients of h_1 and c_1.",
            "From the first step to what was before it there is one more step back.",
        ),
        Mistake(
            "dh0 and dc0 change places",
            edit(loop, ("dh0, dc0 = dh_next, dc_next", "dh0, dc0 = dc_next, dh_next")),
            "All is right, but dh0 and dc0 have changed places.",
            "In which order does the docstring return them?",
        ),
        Mistake(
            "only the first step counts",
            edit(loop, ("dU += ", "dU = "), ("dW += ", "dW = "), ("db += ", "db = ")),
            "dX, dh0 and dc0 are right; dU, dW and db hold the first step's part alone.",
            "The same weights are used at every step, so T parts come together.",
        ),
        Mistake(
            "the states of the same step in dW",
            edit(loop, ("dW += da.T @ h_prev", "dW += da.T @ H[t]")),
            "All is right but dW, which takes each step's own state.",
            "Which state does W multiply at step t?",
        ),
        Mistake(
            "h0 is not in dW",
            edit(loop, ("dW += da.T @ h_prev", "dW += da.T @ h_prev * (t > 0)")),
            "All is right but dW, which lacks the part of the first step.",
            "W multiplies a state at the first step too.",
        ),
        Mistake(
            "the cells in dW",
            edit(loop, ("dW += da.T @ h_prev", "dW += da.T @ c_prev")),
            "All is right but dW, which takes the cells.",
            "Which of the two states does W multiply?",
        ),
        Mistake(
            "db is a mean",
            edit(loop, ("da.sum(axis=0)", "da.mean(axis=0)")),
            "All is right but db, which is divided by the number of sequences.",
            "b is added for every sequence, and the parts are summed as those of U and W are.",
        ),
        Mistake(
            "divided by the number of sequences",
            edit(
                loop,
                (
                    "return dX, dh0, dc0, dU, dW, db",
                    "return dX, dh0, dc0, dU / B, dW / B, db / B",
                ),
            ),
            "dX, dh0 and dc0 are right; dU, dW and db are means over the minibatch.",
            "Here the parts of the sequences are summed; dH says already what each of them counts.",
            convention=True,
        ),
        Mistake(
            "all divided by the number of sequences",
            edit(loop, ("dh = dH[t] + dh_next", "dh = dH[t] / B + dh_next")),
            "All your gradients are divided by the number of sequences.",
            "Nothing is divided here; dH says already what each sequence counts.",
            convention=True,
        ),
        Mistake(
            "divided by the number of steps",
            edit(
                loop,
                (
                    "return dX, dh0, dc0, dU, dW, db",
                    "return dX, dh0, dc0, dU / T, dW / T, db / T",
                ),
            ),
            "dX, dh0 and dc0 are right; dU, dW and db are divided by T.",
            "The parts of the steps add up; nothing asks for their average.",
        ),
    ),
)
