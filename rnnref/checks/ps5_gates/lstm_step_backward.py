"""lstm_step_backward: the gradients of one step of an LSTM (course row R24)."""

import numpy as np

from rnnref.checks.ps5_gates.lstm_step import other_orders, step_arguments
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.lstm import LSTMParams, lstm_backward, lstm_forward


def lstm_step_backward(dh, dc, x, h, c, U, W, b):
    """The core's backward pass over one step; dh comes from the step's own loss."""
    _, _, cache = lstm_forward(LSTMParams(U, W, b), x[None], (h, c))
    dx, before, (dU, dW, db, _) = lstm_backward(dh[None], cache, (np.zeros_like(dc), dc))
    return dx[0], before.h, before.c, dU, dW, db


def draw(rng, B, D, H):
    """dh, dc, x, h, c, U, W, b; drawn again while a gradient is tiny."""
    while True:
        dh, dc = rng.normal(size=(B, H)) * 2 + 0.5, rng.normal(size=(B, H)) * 2 - 0.5
        args = dh, dc, *step_arguments(rng, B, D, H)
        if all(np.abs(gradient).max() > 0.05 for gradient in lstm_step_backward(*args)):
            return args


def cases(rng):
    """All sizes different, each size that hides a slip, and each of dh and dc alone."""
    yield plain("B = 3, D = 4, H = 5", *draw(rng, 3, 4, 5))
    yield plain("B = 5, D = 2, H = 3", *draw(rng, 5, 2, 3))
    yield special("one sequence (B = 1)", *draw(rng, 1, 3, 4))
    yield special("one unit (H = 1)", *draw(rng, 4, 3, 1))
    yield special("as many inputs as units (D = H)", *draw(rng, 2, 3, 3))
    dh, dc, *rest = draw(rng, 4, 3, 2)
    yield special("nothing comes back through the cell: dc = 0", dh, 0 * dc, *rest)
    yield special("nothing comes back through what is shown: dh = 0", 0 * dh, dc, *rest)
    dh, dc, x, h, c, *rest = draw(rng, 3, 5, 4)
    yield special("nothing remembered yet: h = 0 and c = 0", dh, dc, x, 0 * h, 0 * c, *rest)


def at_once(dh, dc, x, h, c, U, W, b):
    a = x @ U.T + h @ W.T + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    i = 1 / (1 + np.exp(-a_i))
    f = 1 / (1 + np.exp(-a_f))
    g = np.tanh(a_g)
    o = 1 / (1 + np.exp(-a_o))
    c_new = f * c + i * g
    tanh_c = np.tanh(c_new)
    do = dh * tanh_c
    dc_all = dc + dh * o * (1 - tanh_c**2)
    di = dc_all * g
    df = dc_all * c
    dg = dc_all * i
    dc_prev = dc_all * f
    da_i = di * i * (1 - i)
    da_f = df * f * (1 - f)
    da_g = dg * (1 - g**2)
    da_o = do * o * (1 - o)
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
    dx = da @ U
    dh_prev = da @ W
    dU = da.T @ x
    dW = da.T @ h
    db = da.sum(axis=0)
    return dx, dh_prev, dc_prev, dU, dW, db


def per_gate(dh, dc, x, h, c, U, W, b):
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    H = h.shape[1]
    rows = {gate: slice(n * H, (n + 1) * H) for n, gate in enumerate("ifgo")}
    a = {gate: x @ U[r].T + h @ W[r].T + b[r] for gate, r in rows.items()}
    i, f, g, o = sigmoid(a["i"]), sigmoid(a["f"]), np.tanh(a["g"]), sigmoid(a["o"])
    tanh_c = np.tanh(f * c + i * g)
    dc_all = dc + dh * o / np.cosh(f * c + i * g) ** 2
    da = {
        "i": dc_all * g * i * sigmoid(-a["i"]),
        "f": dc_all * c * f * sigmoid(-a["f"]),
        "g": dc_all * i / np.cosh(a["g"]) ** 2,
        "o": dh * tanh_c * o * sigmoid(-a["o"]),
    }
    dx = sum(da[gate] @ U[r] for gate, r in rows.items())
    dh_prev = sum(da[gate] @ W[r] for gate, r in rows.items())
    dU = np.vstack([da[gate].T @ x for gate in rows])
    dW = np.vstack([da[gate].T @ h for gate in rows])
    db = np.hstack([da[gate].sum(axis=0) for gate in rows])
    return dx, dh_prev, dc_all * f, dU, dW, db


def einsum(dh, dc, x, h, c, U, W, b):
    H, D = h.shape[1], x.shape[1]
    U4, W4 = U.reshape(4, H, D), W.reshape(4, H, H)
    a = np.einsum("kjd,bd->kbj", U4, x) + np.einsum("kjm,bm->kbj", W4, h) + b.reshape(4, 1, H)
    s, g = 0.5 + 0.5 * np.tanh(a / 2), np.tanh(a[2])
    tanh_c = np.tanh(s[1] * c + s[0] * g)
    dc = dc + dh * s[3] * (1 - tanh_c * tanh_c)
    da = np.stack([dc * g, dc * c, dc * s[0] * (1 - g * g), dh * tanh_c])
    da[[0, 1, 3]] *= (s * (1 - s))[[0, 1, 3]]
    return [
        np.einsum("kbj,kjd->bd", da, U4),
        np.einsum("kbj,kjm->bm", da, W4),
        s[1] * dc,
        np.einsum("kbj,bd->kjd", da, x).reshape(4 * H, D),
        np.einsum("kbj,bm->kjm", da, h).reshape(4 * H, H),
        np.einsum("kbj->kj", da).ravel(),
    ]


def per_sequence(dh, dc, x, h, c, U, W, b):
    dx, dh_prev, dc_prev = np.empty_like(x), np.empty_like(h), np.empty_like(c)
    dU, dW, db = np.zeros_like(U), np.zeros_like(W), np.zeros_like(b)
    for n in range(len(x)):
        a = (U @ x[n] + W @ h[n] + b).reshape(4, -1)
        i, f, o = (1 / (1 + np.exp(-a[k])) for k in (0, 1, 3))
        g = np.tanh(a[2])
        shown = np.tanh(f * c[n] + i * g)
        total = dc[n] + dh[n] * o * (1 - shown**2)
        da_i, da_f = total * g * i * (1 - i), total * c[n] * f * (1 - f)
        da_g, da_o = total * i * (1 - g**2), dh[n] * shown * o * (1 - o)
        da = np.concatenate([da_i, da_f, da_g, da_o])
        dx[n], dh_prev[n], dc_prev[n] = U.T @ da, W.T @ da, f * total
        dU += np.outer(da, x[n])
        dW += np.outer(da, h[n])
        db += da
    return dx, dh_prev, dc_prev, dU, dW, db


EXERCISE = Exercise(
    name="lstm_step_backward",
    points=25,
    returns="dx (B, D), dh_prev (B, H), dc_prev (B, H), dU (4H, D), dW (4H, H), db (4H,)",
    reference=lstm_step_backward,
    cases=cases,
    alternatives=(at_once, per_gate, einsum, per_sequence),
    mistakes=(
        *other_orders(at_once, "a_", "da_"),
        Mistake(
            "h is not heard",
            edit(at_once, ("x @ U.T + h @ W.T + b", "x @ U.T + b")),
            "On your way forward the gates do not hear h.",
            "The gates' values are needed: compute them exactly as in the forward step.",
        ),
        Mistake(
            "no bias on the way forward",
            edit(at_once, ("x @ U.T + h @ W.T + b", "x @ U.T + h @ W.T")),
            "On your way forward b is missing: where gates are needed, yours are others.",
            "The gates' values are needed: compute them exactly as in the forward step.",
        ),
        Mistake(
            "the candidate is a gate on the way forward",
            edit(at_once, ("g = np.tanh(a_g)", "g = 1 / (1 + np.exp(-a_g))")),
            "On your way forward the candidate is never negative.",
            "Which function makes the candidate?",
        ),
        Mistake(
            "the candidate is a gate both ways",
            edit(
                at_once,
                ("g = np.tanh(a_g)", "g = 1 / (1 + np.exp(-a_g))"),
                ("dg * (1 - g**2)", "dg * g * (1 - g)"),
            ),
            "Your gradients are those of a step whose candidate is never negative.",
            "Which function makes the candidate?",
        ),
        Mistake(
            "the old cell for the new one in tanh",
            edit(at_once, ("np.tanh(c_new)", "np.tanh(c)")),
            "Your tanh(c) is that of the cell before the step.",
            "The argument c is the step's input. Which cell does the output gate show?",
        ),
        Mistake(
            "the gradients of o ∗ c",
            edit(
                at_once,
                ("do = dh * tanh_c", "do = dh * c_new"),
                ("dh * o * (1 - tanh_c**2)", "dh * o"),
            ),
            "Your gradients are those of a step without tanh in h = o ∗ tanh(c).",
            "On the way forward the new cell passes through tanh. What does that do backwards?",
        ),
        Mistake(
            "do without tanh",
            edit(at_once, ("do = dh * tanh_c", "do = dh * c_new")),
            "dc_prev is right, and block o of dU, dW and db is not: your do takes the new cell "
            "as it is.",
            "By what was o multiplied on the way forward?",
        ),
        Mistake(
            "do from the old cell",
            edit(at_once, ("do = dh * tanh_c", "do = dh * np.tanh(c)")),
            "dc_prev is right, and block o of dU, dW and db is not: your do takes the old cell.",
            "By what was o multiplied on the way forward?",
        ),
        Mistake(
            "do from dc",
            edit(at_once, ("da_o = do * o", "da_o = dc_all * tanh_c * o")),
            "dc_prev is right, and block o of dU, dW and db is not: your do is made from the "
            "gradient of the cell.",
            "Which of the two outputs of the step does o reach?",
        ),
        Mistake(
            "nothing through h",
            edit(at_once, ("dc_all = dc + dh * o * (1 - tanh_c**2)", "dc_all = dc")),
            "Block o is right. What dh says does not reach the cell: your dc_prev depends on dc "
            "alone.",
            "The new cell reaches the loss along two roads; one is missing.",
        ),
        Mistake(
            "nothing through c",
            edit(at_once, ("dc + dh * o * (1 - tanh_c**2)", "dh * o * (1 - tanh_c**2)")),
            "Your result does not depend on dc.",
            "The new cell reaches the loss along two roads; one is missing.",
        ),
        Mistake(
            "dc takes the way through h",
            edit(at_once, ("dc + dh * o * (1 - tanh_c**2)", "(dc + dh) * o * (1 - tanh_c**2)")),
            "Your dc passes the output gate and a tanh, as dh does.",
            "dc is ∂L/∂c of the new cell itself: what lies between?",
        ),
        Mistake(
            "no tanh′ on the way to the cell",
            edit(at_once, ("dh * o * (1 - tanh_c**2)", "dh * o")),
            "Block o is right; on the way from dh to the cell the slope of tanh is missing.",
            "h = o ∗ tanh(c): what is ∂h/∂c?",
        ),
        Mistake(
            "no output gate on the way to the cell",
            edit(at_once, ("dh * o * (1 - tanh_c**2)", "dh * (1 - tanh_c**2)")),
            "Block o is right; on the way from dh to the cell the output gate is missing.",
            "A gate that is shut shows nothing of the cell: can the cell matter to h then?",
        ),
        Mistake(
            "tanh′ without tanh",
            edit(at_once, ("1 - tanh_c**2", "1 - c_new**2")),
            "Block o is right; your slope of tanh is negative where a cell is beyond ±1.",
            "tanh′(c) = 1 − tanh²(c). Which of the two do you square?",
        ),
        Mistake(
            "tanh′ of tanh",
            edit(at_once, ("1 - tanh_c**2", "1 - np.tanh(tanh_c) ** 2")),
            "Block o is right; in the slope on the way to the cell tanh was applied once too "
            "often.",
            "tanh′(c) = 1 − tanh²(c). How often does tanh stand there?",
        ),
        Mistake(
            "no square in the slope on the way to the cell",
            edit(at_once, ("1 - tanh_c**2", "1 - tanh_c")),
            "Block o is right; your slope of tanh exceeds 1 where the new cell is negative.",
            "Is tanh(−2) steeper than tanh(2)?",
        ),
        Mistake(
            "h for tanh(c)",
            edit(at_once, ("1 - tanh_c**2", "1 - (o * tanh_c) ** 2")),
            "Block o is right; in the slope on the way to the cell you use h where tanh(c) should "
            "stand.",
            "In a plain RNN h is the output of tanh. Is it here?",
        ),
        Mistake(
            "each its own factor",
            edit(
                at_once,
                ("di = dc_all * g", "di = dc_all * i"),
                ("dg = dc_all * i", "dg = dc_all * g"),
            ),
            "dc_prev is right, and so are the blocks f and o of dU, dW and db; i and g are not.",
            "In the product i ∗ g, what is the slope with respect to i?",
        ),
        Mistake(
            "di from the cell",
            edit(at_once, ("di = dc_all * g", "di = dc_all * c")),
            "dc_prev is right, and in dU, dW and db all blocks but i: your di takes the old cell.",
            "What did the input gate multiply?",
        ),
        Mistake(
            "df from the new cell",
            edit(at_once, ("df = dc_all * c", "df = dc_all * c_new")),
            "dc_prev is right, and in dU, dW and db all blocks but f: your df takes the new cell.",
            "Which cell did the forget gate multiply?",
        ),
        Mistake(
            "df from the candidate",
            edit(at_once, ("df = dc_all * c", "df = dc_all * g")),
            "dc_prev is right, and in dU, dW and db all blocks but f: your df takes the candidate.",
            "Which cell did the forget gate multiply?",
        ),
        Mistake(
            "df of coupled gates",
            edit(at_once, ("df = dc_all * c", "df = dc_all * (c - g)")),
            "dc_prev is right, and in dU, dW and db all blocks but f: your f also rules what is "
            "written.",
            "How often does f stand in the new cell here?",
        ),
        Mistake(
            "dc alone behind the cell",
            edit(
                at_once,
                ("di = dc_all", "di = dc"),
                ("df = dc_all", "df = dc"),
                ("dg = dc_all", "dg = dc"),
            ),
            "dc_prev and the block o of dU, dW and db are right; to the other three blocks goes "
            "the dc of the arguments.",
            "i, f and g reach the loss through the new cell: which gradient arrives there?",
        ),
        Mistake(
            "dc_prev is the cell's gradient",
            edit(at_once, ("dc_prev = dc_all * f", "dc_prev = dc_all")),
            "All is right but dc_prev, which holds the gradient of the new cell.",
            "By what was the old cell multiplied on its way to the new one?",
        ),
        Mistake(
            "dc_prev through the wrong gate",
            edit(at_once, ("dc_prev = dc_all * f", "dc_prev = dc_all * i")),
            "All is right but dc_prev, which passes the input gate.",
            "By what was the old cell multiplied on its way to the new one?",
        ),
        Mistake(
            "dc_prev from dc alone",
            edit(at_once, ("dc_prev = dc_all * f", "dc_prev = dc * f")),
            "All is right but dc_prev, in which what dh says is missing.",
            "The new cell reaches the loss along two roads, and the old one reaches it by the new "
            "one.",
        ),
        Mistake(
            "σ′ is missing",
            edit(
                at_once,
                ("di * i * (1 - i)", "di"),
                ("df * f * (1 - f)", "df"),
                ("do * o * (1 - o)", "do"),
            ),
            "dc_prev is right; in dU, dW and db the block g is right, those of the gates jump "
            "over σ.",
            "U, W and b stand inside σ.",
        ),
        Mistake(
            "tanh′ for the gates",
            edit(
                at_once,
                ("di * i * (1 - i)", "di * (1 - i**2)"),
                ("df * f * (1 - f)", "df * (1 - f**2)"),
                ("do * o * (1 - o)", "do * (1 - o**2)"),
            ),
            "dc_prev is right; in dU, dW and db the block g is right, the gates have another "
            "function's slope.",
            "The gates are logistic: how steep is σ at most?",
        ),
        Mistake(
            "half of σ′",
            edit(
                at_once,
                ("di * i * (1 - i)", "di * (1 - i)"),
                ("df * f * (1 - f)", "df * (1 - f)"),
                ("do * o * (1 - o)", "do * (1 - o)"),
            ),
            "dc_prev is right; in dU, dW and db the block g is right, the slopes of the gates are "
            "too large.",
            "σ is flat at both ends: your slope should vanish where a gate is shut, too.",
        ),
        Mistake(
            "σ′ of σ",
            edit(
                at_once,
                (
                    "    da_i = ",
                    "    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))\n    da_i = ",
                ),
            ),
            "dc_prev is right; in dU, dW and db the block g is right, and in the slopes of the "
            "gates σ was applied once too often.",
            "σ′ = σ(1 − σ): is the gate's value not σ already?",
        ),
        Mistake(
            "tanh′ of the candidate is missing",
            edit(at_once, ("dg * (1 - g**2)", "dg")),
            "dc_prev is right, and in dU, dW and db all blocks but g, which jumps over its tanh.",
            "U, W and b stand inside tanh.",
        ),
        Mistake(
            "σ′ for the candidate",
            edit(at_once, ("dg * (1 - g**2)", "dg * g * (1 - g)")),
            "dc_prev is right, and in dU, dW and db all blocks but g, which has the slope of σ.",
            "Through which function did g go?",
        ),
        Mistake(
            "tanh′ of tanh for the candidate",
            edit(at_once, ("1 - g**2", "1 - np.tanh(g) ** 2")),
            "dc_prev is right, and in dU, dW and db all blocks but g: tanh was applied once too "
            "often in its slope.",
            "tanh′ = 1 − tanh²: is g not tanh already?",
        ),
        Mistake(
            "the gradients of g and o change places",
            edit(at_once, ("[da_i, da_f, da_g, da_o]", "[da_i, da_f, da_o, da_g]")),
            "dc_prev is right; in the rest the gradients of g and o have changed places.",
            "The blocks come back in the order in which they were cut.",
        ),
        Mistake(
            "the gradients of i and f change places",
            edit(at_once, ("[da_i, da_f, da_g, da_o]", "[da_f, da_i, da_g, da_o]")),
            "dc_prev is right; in the rest the gradients of i and f have changed places.",
            "The blocks come back in the order in which they were cut.",
        ),
        Mistake(
            "the gates for their arguments",
            edit(at_once, ("[da_i, da_f, da_g, da_o]", "[di, df, dg, do]")),
            "dc_prev is right; the rest jumps over the slopes of σ and tanh.",
            "U, W and b stand inside σ and tanh.",
        ),
        Mistake(
            "dh_prev through the candidate only",
            edit(at_once, ("dh_prev = da @ W", "dh_prev = da_g @ np.split(W, 4)[2]")),
            "All is right but dh_prev, which comes by the candidate alone.",
            "Which of the four blocks hear h?",
        ),
        Mistake(
            "dh_prev by three blocks",
            edit(
                at_once,
                ("dh_prev = da @ W", "dh_prev = (da @ W) - da_o @ np.split(W, 4)[3]"),
            ),
            "All is right but dh_prev, to which the output gate sends nothing.",
            "Which of the four blocks hear h?",
        ),
        Mistake(
            "dx by three blocks",
            edit(at_once, ("dx = da @ U", "dx = (da @ U) - da_o @ np.split(U, 4)[3]")),
            "All is right but dx, to which the output gate sends nothing.",
            "Which of the four blocks hear x?",
        ),
        Mistake(
            "the blocks of W the wrong way round",
            edit(
                at_once,
                (
                    "dh_prev = da @ W",
                    "dh_prev = sum(\n"
                    "        d @ block.T for d, block in zip((da_i, da_f, da_g, da_o), "
                    "np.split(W, 4))\n"
                    "    )",
                ),
            ),
            "All is right but dh_prev, which passes each block of W the wrong way round.",
            "Going back, signals run along the same wires in reverse: if only unit 0 hears unit 1, "
            "which unit gets a gradient?",
        ),
        Mistake(
            "dh is handed on",
            edit(at_once, ("dh_prev = da @ W", "dh_prev = dh + da @ W")),
            "All is right but dh_prev, to which you add dh.",
            "Is there a way from the old h to the new one that passes no gate?",
        ),
        Mistake(
            "dh_prev is zero",
            edit(at_once, ("dh_prev = da @ W", "dh_prev = np.zeros_like(h)")),
            "All is right but dh_prev, which is zero.",
            "The old h has an influence on the gates.",
        ),
        Mistake(
            "the new h in dW",
            edit(at_once, ("dW = da.T @ h", "dW = da.T @ (o * tanh_c)")),
            "All is right but dW, which takes the new h.",
            "Which h does W multiply?",
        ),
        Mistake(
            "the cell in dW",
            edit(at_once, ("dW = da.T @ h", "dW = da.T @ c")),
            "All is right but dW, which takes the cell.",
            "Which of the two states does W multiply?",
        ),
        Mistake(
            "products of sums",
            edit(
                at_once,
                ("dU = da.T @ x", "dU = np.outer(da.sum(axis=0), x.sum(axis=0))"),
                ("dW = da.T @ h", "dW = np.outer(da.sum(axis=0), h.sum(axis=0))"),
            ),
            "All is right but dU and dW: in yours the gradients of one sequence meet x and h of "
            "another.",
            "A sum of products is not the product of the sums.",
        ),
        Mistake(
            "dU and dW are transposed",
            edit(at_once, ("dU = da.T @ x", "dU = x.T @ da"), ("dW = da.T @ h", "dW = h.T @ da")),
            "All is right but dU and dW: their rows and columns have changed places.",
            "A gradient has the shape of what it belongs to.",
        ),
        Mistake(
            "db is a mean",
            edit(at_once, ("db = da.sum(axis=0)", "db = da.mean(axis=0)")),
            "All is right but db, which is divided by the number of sequences.",
            "b is added for every sequence, and the parts are summed as those of U and W are.",
        ),
        Mistake(
            "db is not summed over the sequences",
            edit(at_once, ("db = da.sum(axis=0)", "db = da")),
            "All is right but db, which has a row for each sequence.",
            "One b serves all sequences.",
        ),
        Mistake(
            "divided by the number of sequences",
            edit(
                at_once,
                (
                    "return dx, dh_prev, dc_prev, dU, dW, db",
                    "return dx, dh_prev, dc_prev, dU / len(x), dW / len(x), db / len(x)",
                ),
            ),
            "dx, dh_prev and dc_prev are right; dU, dW and db are means over the minibatch.",
            "Here the parts of the sequences are summed; dh and dc say already what each counts.",
            convention=True,
        ),
        Mistake(
            "all divided by the number of sequences",
            edit(at_once, ("    a = x @", "    dh, dc = dh / len(x), dc / len(x)\n    a = x @")),
            "All your gradients are divided by the number of sequences.",
            "Nothing is divided here; dh and dc say already what each sequence counts.",
            convention=True,
        ),
        Mistake(
            "h before x",
            edit(
                at_once,
                (
                    "return dx, dh_prev, dc_prev, dU, dW, db",
                    "return dh_prev, dc_prev, dx, dU, dW, db",
                ),
            ),
            "The numbers are right, their order is not: dx stands behind dh_prev and dc_prev.",
            "In which order does the docstring return them?",
        ),
    ),
)
