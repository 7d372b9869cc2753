"""gru_step_backward: the gradients of one step of a GRU (course row R26)."""

import numpy as np

from rnnref.checks.ps5_gates.gru_step import draw as draw_step
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.gru import GRUParams, gru_backward, gru_forward


def gru_step_backward(dh, x, h, U, W, b):
    """The core's backward pass over one step."""
    _, _, cache = gru_forward(GRUParams(U, W, b, np.zeros(h.shape[1])), x[None], h)
    dx, dh_prev, (dU, dW, db, _) = gru_backward(dh[None], cache)
    return dx[0], dh_prev, dU, dW, db


def draw(rng, B, D, H):
    """dh, x, h, U, W, b; drawn again while a gradient is tiny."""
    while True:
        args = rng.normal(size=(B, H)) * 4 + 1, *draw_step(rng, B, D, H)
        if all(np.abs(gradient).max() > 0.05 for gradient in gru_step_backward(*args)):
            return args


def cases(rng):
    """All sizes different, then each size that hides a slip."""
    yield plain("B = 3, D = 4, H = 5", *draw(rng, 3, 4, 5))
    yield plain("B = 5, D = 2, H = 3", *draw(rng, 5, 2, 3))
    yield special("one sequence (B = 1)", *draw(rng, 1, 3, 4))
    yield special("one unit (H = 1)", *draw(rng, 4, 3, 1))
    yield special("one input (D = 1)", *draw(rng, 3, 1, 4))
    yield special("as many inputs as units (D = H)", *draw(rng, 2, 3, 3))
    dh, x, h, U, W, b = draw(rng, 4, 3, 5)
    yield special("before anything is known (h = 0)", dh, x, 0 * h, U, W, b)


def blocks(dh, x, h, U, W, b):
    H = h.shape[1]
    Ur, Uz, Un = U[:H], U[H : 2 * H], U[2 * H :]
    Wr, Wz, Wn = W[:H], W[H : 2 * H], W[2 * H :]
    br, bz, bn = b[:H], b[H : 2 * H], b[2 * H :]
    r = 1 / (1 + np.exp(-(x @ Ur.T + h @ Wr.T + br)))
    z = 1 / (1 + np.exp(-(x @ Uz.T + h @ Wz.T + bz)))
    s = r * h
    n = np.tanh(x @ Un.T + s @ Wn.T + bn)

    dn = dh * z
    dz = dh * (n - h)
    dan = dn * (1 - n**2)
    ds = dan @ Wn
    dr = ds * h
    daz = dz * z * (1 - z)
    dar = dr * r * (1 - r)
    kept = dh * (1 - z)
    through_s = ds * r
    through_z = daz @ Wz
    through_r = dar @ Wr
    dh_prev = kept + through_s + through_z + through_r
    dx = dar @ Ur + daz @ Uz + dan @ Un
    dU = np.concatenate([dar.T @ x, daz.T @ x, dan.T @ x])
    dW = np.concatenate([dar.T @ h, daz.T @ h, dan.T @ s])
    db = np.concatenate([dar.sum(axis=0), daz.sum(axis=0), dan.sum(axis=0)])
    return dx, dh_prev, dU, dW, db


def stacked(dh, x, h, U, W, b):
    H = h.shape[1]
    a = x @ U.T + b
    gates = 0.5 + 0.5 * np.tanh((a[:, : 2 * H] + h @ W[: 2 * H].T) / 2)
    r, z = np.split(gates, 2, axis=1)
    n = np.tanh(a[:, 2 * H :] + (r * h) @ W[2 * H :].T)
    da = np.zeros((len(x), 3 * H))
    da[:, 2 * H :] = dh * z * (1 - n) * (1 + n)
    da[:, H : 2 * H] = dh * (n - h) * z * (1 - z)
    ds = da[:, 2 * H :] @ W[2 * H :]
    da[:, :H] = ds * h * r * (1 - r)
    dh_prev = (1 - z) * dh + r * ds + da[:, : 2 * H] @ W[: 2 * H]
    dW = np.vstack([da[:, : 2 * H].T @ h, da[:, 2 * H :].T @ (r * h)])
    return [da @ U, dh_prev, np.einsum("bi,bj->ij", da, x), dW, np.ones(len(x)) @ da]


def sequence_by_sequence(dh, x, h, U, W, b):
    B, H = h.shape
    dx, dh_prev = np.empty(x.shape), np.empty(h.shape)
    dU, dW, db = 0.0 * U, 0.0 * W, 0.0 * b
    for i in range(B):
        a = U @ x[i] + b
        r = 1 / (1 + np.exp(-a[:H] - W[:H] @ h[i]))
        z = 1 / (1 + np.exp(-a[H : 2 * H] - W[H : 2 * H] @ h[i]))
        n = np.tanh(a[2 * H :] + W[2 * H :] @ (r * h[i]))
        dan = dh[i] * z / np.cosh(np.arctanh(n)) ** 2
        back = W[2 * H :].T @ dan
        dar = back * h[i] * r * (1 - r)
        daz = dh[i] * (n - h[i]) * z * (1 - z)
        da = np.hstack([dar, daz, dan])
        dx[i] = U.T @ da
        dh_prev[i] = dh[i] - z * dh[i] + r * back + W[:H].T @ dar + W[H : 2 * H].T @ daz
        dU += np.outer(da, x[i])
        dW += np.vstack([np.outer(dar, h[i]), np.outer(daz, h[i]), np.outer(dan, r * h[i])])
        db += da
    return dx, dh_prev, dU, dW, db


# What another convention changes, in the forward pass and on the way back.
KEEP = (
    ("dn = dh * z\n", "dn = dh * (1 - z)\n"),
    ("dh * (n - h)", "dh * (h - n)"),
    ("kept = dh * (1 - z)", "kept = dh * z"),
)
AFTER = (
    ("s = r * h", "s = h @ Wn.T"),
    ("s @ Wn.T + bn", "r * s + bn"),
    ("ds = dan @ Wn", "ds = dan * r"),
    ("dr = ds * h", "dr = dan * s"),
    ("through_s = ds * r", "through_s = ds @ Wn"),
    ("dan.T @ s", "ds.T @ h"),
)
AFTER_WITH_BIAS = (
    ("s = r * h", "s = h @ Wn.T + bn"),
    ("s @ Wn.T + bn", "r * s"),
    *AFTER[2:],
    ("dan.sum(axis=0)", "ds.sum(axis=0)"),
)


EXERCISE = Exercise(
    name="gru_step_backward",
    points=10,
    returns="dx (B, D), dh_prev (B, H), dU (3H, D), dW (3H, H), db (3H,)",
    reference=gru_step_backward,
    cases=cases,
    alternatives=(blocks, stacked, sequence_by_sequence),
    mistakes=(
        Mistake(
            "z = 1 keeps",
            edit(blocks, *KEEP),
            "These are the gradients of a GRU in the other convention, PyTorch's: in yours z = 1 "
            "keeps the old state, here it writes the new one.",
            "In (1 − z) ∗ h + z ∗ n, what is left if z = 1?",
            convention=True,
        ),
        Mistake(
            "reset after the product",
            edit(blocks, *AFTER),
            "These are the gradients of a GRU that resets after the product with W_n, as "
            "PyTorch's does; here the state is reset before it.",
            "W_n (r ∗ h): which comes first?",
            convention=True,
        ),
        Mistake(
            "reset after the product, the bias with it",
            edit(blocks, *AFTER_WITH_BIAS),
            "These are the gradients of a GRU that resets after the product with W_n, and its "
            "bias with it; here the state is reset before the product, and the bias stays.",
            "W_n (r ∗ h) + b_n: which comes first?",
            convention=True,
        ),
        Mistake(
            "z = 1 keeps, reset after the product",
            edit(blocks, *KEEP, *AFTER),
            "These are the gradients of PyTorch's GRU: in yours z = 1 keeps the old state, and the "
            "reset gate acts after the product with W_n. Here z = 1 writes, and the reset comes "
            "before.",
            "Two conventions differ: look at both equations of the statement again.",
            convention=True,
        ),
        Mistake(
            "z = 1 keeps, reset after the product, the bias with it",
            edit(blocks, *KEEP, *AFTER_WITH_BIAS),
            "In yours z = 1 keeps the old state, and the reset gate acts after the product with "
            "W_n, on b_n too. Here z = 1 writes, the reset comes before, and the bias stays.",
            "Two conventions differ: look at both equations of the statement again.",
            convention=True,
        ),
        Mistake(
            "blocks z, r, n",
            edit(
                blocks,
                ("Ur, Uz, Un = U", "Uz, Ur, Un = U"),
                ("Wr, Wz, Wn = W", "Wz, Wr, Wn = W"),
                ("br, bz, bn = b", "bz, br, bn = b"),
                ("dar.T @ x, daz.T @ x", "daz.T @ x, dar.T @ x"),
                ("dar.T @ h, daz.T @ h", "daz.T @ h, dar.T @ h"),
                ("dar.sum(axis=0), daz.sum(axis=0)", "daz.sum(axis=0), dar.sum(axis=0)"),
            ),
            "The gates have exchanged roles: your blocks are in the order z, r, n.",
            "The docstring says in which order the blocks stand.",
            convention=True,
        ),
        Mistake(
            "blocks n, r, z",
            edit(
                blocks,
                ("Ur, Uz, Un = U", "Un, Ur, Uz = U"),
                ("Wr, Wz, Wn = W", "Wn, Wr, Wz = W"),
                ("br, bz, bn = b", "bn, br, bz = b"),
                ("dar.T @ x, daz.T @ x, dan.T @ x", "dan.T @ x, dar.T @ x, daz.T @ x"),
                ("dar.T @ h, daz.T @ h, dan.T @ s", "dan.T @ s, dar.T @ h, daz.T @ h"),
                (
                    "dar.sum(axis=0), daz.sum(axis=0), dan.sum(axis=0)",
                    "dan.sum(axis=0), dar.sum(axis=0), daz.sum(axis=0)",
                ),
            ),
            "Your blocks are in the order n, r, z.",
            "The docstring says in which order the blocks stand.",
            convention=True,
        ),
        Mistake(
            "the bias is missing in the forward pass",
            edit(
                blocks,
                (" + h @ Wr.T + br", " + h @ Wr.T"),
                (" + h @ Wz.T + bz", " + h @ Wz.T"),
                ("s @ Wn.T + bn", "s @ Wn.T"),
            ),
            "Your gates and candidate are computed without b.",
            "The backward pass begins with the step's own forward pass: is it that of gru_step?",
        ),
        Mistake(
            "the candidate of the forward pass is not reset",
            edit(blocks, ("s @ Wn.T + bn", "h @ Wn.T + bn")),
            "Your candidate is computed without the reset gate.",
            "The backward pass begins with the step's own forward pass: is it that of gru_step?",
        ),
        Mistake(
            "the candidate without z",
            edit(blocks, ("dn = dh * z\n", "dn = dh\n")),
            "What reaches your candidate does not pass the update gate.",
            "n stands in the mixture with a factor.",
        ),
        Mistake(
            "tanh of the candidate is not passed",
            edit(blocks, ("dan = dn * (1 - n**2)", "dan = dn")),
            "On the way back to the candidate's sum you do not pass tanh. Block z of dU, dW and db "
            "is right.",
            "n is tanh of something: how steep is it there?",
        ),
        Mistake(
            "the candidate by the logistic slope",
            edit(blocks, ("1 - n**2", "n * (1 - n)")),
            "You pass the candidate with the slope of the logistic function. Block z of dU, dW and "
            "db is right.",
            "n went through tanh.",
        ),
        Mistake(
            "tanh once too often",
            edit(blocks, ("1 - n**2", "1 - np.tanh(n) ** 2")),
            "In the candidate's slope tanh was applied once too often. Block z of dU, dW and db is "
            "right.",
            "n is tanh of something already.",
        ),
        Mistake(
            "no square in the slope",
            edit(blocks, ("1 - n**2", "1 - n")),
            "Where n is negative your slope is larger than 1. Block z of dU, dW and db is right.",
            "Where n is near −1 it is saturated: how steep is tanh there?",
        ),
        Mistake(
            "z without the old state",
            edit(blocks, ("dh * (n - h)", "dh * n")),
            "What reaches your update gate lacks one of its two parts. Blocks r and n of dU, dW "
            "and db are right.",
            "z stands twice in the mixture.",
        ),
        Mistake(
            "z without the candidate",
            edit(blocks, ("dh * (n - h)", "dh * -h")),
            "What reaches your update gate lacks one of its two parts. Blocks r and n of dU, dW "
            "and db are right.",
            "z stands twice in the mixture.",
        ),
        Mistake(
            "z with a plus",
            edit(blocks, ("dh * (n - h)", "dh * (n + h)")),
            "One of the two parts that reach your update gate has the wrong sign. Blocks r and n "
            "of dU, dW and db are right.",
            "The more z writes, the less it keeps.",
        ),
        Mistake(
            "z the other way round",
            edit(blocks, ("dh * (n - h)", "dh * (h - n)")),
            "What reaches your update gate has the wrong sign. Blocks r and n of dU, dW and db are "
            "right.",
            "If n is larger than h, does the new state grow or fall as z opens?",
        ),
        Mistake(
            "the slope of z is missing",
            edit(blocks, ("dz * z * (1 - z)", "dz")),
            "In the update gate you do not pass σ. Blocks r and n of dU, dW and db are right.",
            "z is σ of something: how steep is it there?",
        ),
        Mistake(
            "the slope of r is missing",
            edit(blocks, ("dr * r * (1 - r)", "dr")),
            "In the reset gate you do not pass σ. Blocks z and n of dU, dW and db are right.",
            "r is σ of something: how steep is it there?",
        ),
        Mistake(
            "no slope of a gate",
            edit(blocks, ("dz * z * (1 - z)", "dz"), ("dr * r * (1 - r)", "dr")),
            "In both gates you do not pass σ. Block n of dU, dW and db is right.",
            "Both gates are σ of something: how steep is it there?",
        ),
        Mistake(
            "the gates by the slope of tanh",
            edit(blocks, ("z * (1 - z)", "(1 - z**2)"), ("r * (1 - r)", "(1 - r**2)")),
            "You pass both gates with the slope of tanh. Block n of dU, dW and db is right.",
            "The gates are logistic.",
        ),
        Mistake(
            "W_n the wrong way round",
            edit(blocks, ("ds = dan @ Wn", "ds = dan @ Wn.T")),
            "Back through W_n you go the wrong way round. Blocks z and n of dU, dW and db are "
            "right.",
            "Going back, signals run along the same wires in reverse.",
        ),
        Mistake(
            "W_n is not passed",
            edit(blocks, ("ds = dan @ Wn", "ds = dan")),
            "Between the candidate and the reset state you do not pass W_n. Blocks z and n of dU, "
            "dW and db are right.",
            "How does r ∗ h enter the candidate?",
        ),
        Mistake(
            "r without h",
            edit(blocks, ("dr = ds * h", "dr = ds")),
            "What reaches your reset gate is what reaches r ∗ h. Blocks z and n of dU, dW and db "
            "are right.",
            "In r ∗ h, what is the factor of r?",
        ),
        Mistake(
            "r by r ∗ h",
            edit(blocks, ("dr = ds * h", "dr = ds * s")),
            "In what reaches your reset gate r is a factor too many. Blocks z and n of dU, dW and "
            "db are right.",
            "In r ∗ h, what is the factor of r?",
        ),
        Mistake(
            "r gets nothing",
            edit(blocks, ("dr = ds * h", "dr = 0 * ds")),
            "Nothing reaches your reset gate: block r of dU, dW and db is zero.",
            "r influences the loss through the candidate.",
        ),
        *(
            Mistake(
                name,
                edit(blocks, change),
                "All is right but dh_prev: it holds three of the four ways from h into the new "
                "state.",
                hint,
            )
            for name, change, hint in (
                (
                    "dh_prev without what is kept",
                    ("kept + through_s", "through_s"),
                    "Is there a way that passes neither a gate's sum nor the candidate's?",
                ),
                (
                    "dh_prev without the candidate",
                    ("+ through_s ", ""),
                    "How does h enter the candidate?",
                ),
                (
                    "dh_prev without z",
                    ("+ through_z ", ""),
                    "How does h enter the gate that mixes?",
                ),
                (
                    "dh_prev without r",
                    (" + through_r", ""),
                    "How does h enter the gate that hides the past?",
                ),
            )
        ),
        Mistake(
            "dh_prev without the gates",
            edit(blocks, (" + through_z + through_r", "")),
            "All is right but dh_prev: two of h's ways into the new state are missing.",
            "The old state feeds four places, and two of them are gates.",
        ),
        Mistake(
            "dh_prev is what is kept",
            edit(blocks, (" + through_s + through_z + through_r", "")),
            "All is right but dh_prev, which holds the mixture's part alone.",
            "The old state feeds four places.",
        ),
        Mistake(
            "dh_prev without the mixture and the gates",
            edit(blocks, ("kept + through_s + through_z + through_r", "through_s")),
            "All is right but dh_prev, which holds the candidate's part alone.",
            "The old state feeds four places.",
        ),
        Mistake(
            "what is kept, by z",
            edit(blocks, ("kept = dh * (1 - z)", "kept = dh * z")),
            "All is right but dh_prev: its part from the mixture has the wrong factor.",
            "With which factor does h stand in the mixture?",
        ),
        Mistake(
            "all is kept",
            edit(blocks, ("kept = dh * (1 - z)", "kept = dh")),
            "All is right but dh_prev: its part from the mixture has no factor.",
            "With which factor does h stand in the mixture?",
        ),
        Mistake(
            "the reset is not passed back",
            edit(blocks, ("through_s = ds * r", "through_s = ds")),
            "All is right but dh_prev: what comes from the candidate does not pass the reset gate.",
            "In r ∗ h, what is the factor of h?",
        ),
        Mistake(
            "the gates' W the wrong way round",
            edit(blocks, ("daz @ Wz", "daz @ Wz.T"), ("dar @ Wr", "dar @ Wr.T")),
            "All is right but dh_prev: what comes from the gates passes W the wrong way round.",
            "Going back, signals run along the same wires in reverse.",
        ),
        Mistake(
            "dx from the candidate alone",
            edit(blocks, ("dar @ Ur + daz @ Uz + dan @ Un", "dan @ Un")),
            "All is right but dx, which holds the candidate's part alone.",
            "x feeds the gates as well.",
        ),
        Mistake(
            "dW's candidate by h",
            edit(blocks, ("dan.T @ s", "dan.T @ h")),
            "All is right but block n of dW.",
            "What is it that W_n multiplies?",
        ),
        Mistake(
            "dW by the reset state",
            edit(blocks, ("dar.T @ h, daz.T @ h", "dar.T @ s, daz.T @ s")),
            "All is right but blocks r and z of dW.",
            "The gates see the old state as it is.",
        ),
        Mistake(
            "dW's blocks are transposed",
            edit(blocks, ("dar.T @ h, daz.T @ h, dan.T @ s", "h.T @ dar, h.T @ daz, s.T @ dan")),
            "All is right but dW: in each of its blocks rows and columns have changed places.",
            "dW[i, j] says how the weight from unit j matters.",
        ),
        Mistake(
            "the blocks of the gradients are r, n, z",
            edit(
                blocks,
                ("daz.T @ x, dan.T @ x", "dan.T @ x, daz.T @ x"),
                ("daz.T @ h, dan.T @ s", "dan.T @ s, daz.T @ h"),
                ("daz.sum(axis=0), dan.sum(axis=0)", "dan.sum(axis=0), daz.sum(axis=0)"),
            ),
            "dx and dh_prev are right; in dU, dW and db the blocks z and n have changed places.",
            "Each gradient is built like the array it belongs to.",
        ),
        Mistake(
            "the blocks of the gradients are z, r, n",
            edit(
                blocks,
                ("dar.T @ x, daz.T @ x", "daz.T @ x, dar.T @ x"),
                ("dar.T @ h, daz.T @ h", "daz.T @ h, dar.T @ h"),
                ("dar.sum(axis=0), daz.sum(axis=0)", "daz.sum(axis=0), dar.sum(axis=0)"),
            ),
            "dx and dh_prev are right; in dU, dW and db the blocks r and z have changed places.",
            "Each gradient is built like the array it belongs to.",
        ),
        Mistake(
            "db is a mean",
            edit(
                blocks,
                ("dar.sum(axis=0)", "dar.mean(axis=0)"),
                ("daz.sum(axis=0)", "daz.mean(axis=0)"),
                ("dan.sum(axis=0)", "dan.mean(axis=0)"),
            ),
            "All is right but db, which is divided by the number of sequences.",
            "b is added for every sequence, and the parts are summed as those of U and W are.",
        ),
        Mistake(
            "divided by the number of sequences",
            edit(
                blocks,
                (
                    "return dx, dh_prev, dU, dW, db",
                    "return dx, dh_prev, dU / len(x), dW / len(x), db / len(x)",
                ),
            ),
            "dx and dh_prev are right; dU, dW and db are means over the minibatch.",
            "Here the parts of the sequences are summed; dh says already what each of them counts.",
            convention=True,
        ),
        Mistake(
            "all divided by the number of sequences",
            edit(blocks, ("    dn = dh * z\n", "    dh = dh / len(x)\n    dn = dh * z\n")),
            "All your gradients are divided by the number of sequences.",
            "Nothing is divided here; dh says already what each sequence counts.",
            convention=True,
        ),
        Mistake(
            "products of sums",
            edit(
                blocks,
                (
                    "dar.T @ x, daz.T @ x, dan.T @ x",
                    "*(np.outer(d.sum(0), x.sum(0)) for d in (dar, daz, dan))",
                ),
                (
                    "dar.T @ h, daz.T @ h, dan.T @ s",
                    "*(np.outer(d.sum(0), v.sum(0)) for d, v in ((dar, h), (daz, h), (dan, s)))",
                ),
            ),
            "All is right but dU and dW: in yours, one sequence's gradient meets another one's x "
            "and h.",
            "A sum of products is not the product of the sums.",
        ),
        Mistake(
            "dh is changed",
            edit(blocks, ("kept = dh * (1 - z)", "kept = dh\n    kept *= 1 - z")),
            "The numbers are right, but the caller's dh is changed.",
            "`dh *= …` writes into the array that you were given: make a new one.",
        ),
    ),
)
