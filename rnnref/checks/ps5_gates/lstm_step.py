"""lstm_step: one step of an LSTM (course row R23)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.lstm import LSTMParams, lstm_forward

# Orders of the blocks that are in use elsewhere, or come from two gates that change their roles.
OTHER_ORDERS = ("figo", "ifog", "fiog", "igfo", "iofg", "gifo")


def lstm_step(x, h, c, U, W, b):
    """The core's LSTM over one step."""
    _, state, _ = lstm_forward(LSTMParams(U, W, b), x[None], (h, c))
    return state.h, state.c


def weights(rng, D, H):
    """U, W and b of an LSTM whose gates are neither all open nor all shut."""
    U = rng.normal(size=(4 * H, D)) / np.sqrt(D)
    W = rng.normal(size=(4 * H, H)) / np.sqrt(H)
    return U, W, rng.normal(size=4 * H) * 0.5


def step_arguments(rng, B, D, H):
    """x, h, c, U, W, b of one step; the cells are beyond ±1 here and there.

    Drawn again while everything is small.
    """
    while True:
        x, h = rng.normal(size=(B, D)), rng.uniform(-0.9, 0.9, size=(B, H))
        args = x, h, rng.normal(size=(B, H)) * 1.5, *weights(rng, D, H)
        if all(np.abs(part).max() > 0.05 for part in (h, args[2], *lstm_step(*args))):
            return args


def other_orders(function, *prefixes, more=""):
    """A mistake for each other order; `i, f, g, o` stands in the source once with each prefix.

    The names end with `more`, where there are two kinds of them.
    """

    def listed(prefix, order):
        return ", ".join(prefix + gate for gate in order)

    return tuple(
        Mistake(
            f"blocks {', '.join(order)}{more}",
            edit(function, *((listed(p, "ifgo"), listed(p, order)) for p in prefixes)),
            f"Your answer is right for blocks in the order {', '.join(order)}. Here U, W and b "
            "hold them in another order.",
            "In which order does the docstring list the blocks? And does each gate do its own "
            "work?",
            convention=True,
        )
        for order in OTHER_ORDERS
    )


def cases(rng):
    """All sizes different, then each size that hides a slip."""
    yield plain("B = 3, D = 4, H = 5", *step_arguments(rng, 3, 4, 5))
    yield plain("B = 5, D = 2, H = 3", *step_arguments(rng, 5, 2, 3))
    yield special("one sequence (B = 1)", *step_arguments(rng, 1, 3, 4))
    yield special("one unit (H = 1)", *step_arguments(rng, 4, 3, 1))
    yield special("as many inputs as units (D = H)", *step_arguments(rng, 2, 3, 3))
    x, h, c, U, W, b = step_arguments(rng, 3, 5, 4)
    yield special("nothing remembered yet: h = 0 and c = 0", x, 0 * h, 0 * c, U, W, b)


def at_once(x, h, c, U, W, b):
    a = x @ U.T + h @ W.T + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    i = 1 / (1 + np.exp(-a_i))
    f = 1 / (1 + np.exp(-a_f))
    g = np.tanh(a_g)
    o = 1 / (1 + np.exp(-a_o))
    c = f * c + i * g
    h = o * np.tanh(c)
    return h, c


def per_gate(x, h, c, U, W, b):
    H = h.shape[1]
    U_i, U_f, U_g, U_o = U[:H], U[H : 2 * H], U[2 * H : 3 * H], U[3 * H :]
    W_i, W_f, W_g, W_o = W[:H], W[H : 2 * H], W[2 * H : 3 * H], W[3 * H :]
    b_i, b_f, b_g, b_o = b[:H], b[H : 2 * H], b[2 * H : 3 * H], b[3 * H :]
    i = 1 / (1 + np.exp(-(x @ U_i.T + h @ W_i.T + b_i)))
    f = 1 / (1 + np.exp(-(x @ U_f.T + h @ W_f.T + b_f)))
    g = np.tanh(x @ U_g.T + h @ W_g.T + b_g)
    o = 1 / (1 + np.exp(-(x @ U_o.T + h @ W_o.T + b_o)))
    c_new = f * c + i * g
    return o * np.tanh(c_new), c_new


def einsum(x, h, c, U, W, b):
    H = h.shape[-1]
    a = np.einsum("kjd,bd->kbj", U.reshape(4, H, -1), x)
    a = a + np.einsum("kjm,bm->kbj", W.reshape(4, H, H), h) + b.reshape(4, 1, H)
    i, f, o = 0.5 + 0.5 * np.tanh(0.5 * a[[0, 1, 3]])
    c = np.tanh(a[2]) * i + f * c
    return [np.tanh(c) * o, c]


def loops(x, h, c, U, W, b):
    (B, H), h_new, c_new = h.shape, np.empty_like(h), np.empty_like(c)
    for n in range(B):
        for j in range(H):
            a = [U[k] @ x[n] + W[k] @ h[n] + b[k] for k in (j, H + j, 2 * H + j, 3 * H + j)]
            keep, write = 1 / (1 + np.exp(-a[1])), 1 / (1 + np.exp(-a[0]))
            c_new[n, j] = keep * c[n, j] + write * np.tanh(a[2])
            h_new[n, j] = np.tanh(c_new[n, j]) / (1 + np.exp(-a[3]))
    return h_new, c_new


EXERCISE = Exercise(
    name="lstm_step",
    points=15,
    returns="h (B, H), c (B, H)",
    reference=lstm_step,
    cases=cases,
    alternatives=(at_once, per_gate, einsum, loops),
    mistakes=(
        *other_orders(at_once, "a_"),
        Mistake(
            "gate by gate within a unit",
            edit(
                at_once,
                ("np.split(a, 4, axis=1)", "np.moveaxis(a.reshape(len(x), -1, 4), 2, 0)"),
            ),
            "You take every fourth number for a gate.",
            "All H rows of i come first, then all H rows of f: a block is a whole piece.",
        ),
        Mistake(
            "reshaped across the sequences",
            edit(at_once, ("np.split(a, 4, axis=1)", "a.reshape(4, len(x), -1)")),
            "Your blocks mix the sequences: with one sequence (B = 1) all is right.",
            "reshape goes through memory row by row, and one row of (B, 4H) holds all four blocks "
            "of one sequence.",
        ),
        Mistake(
            "x is not heard",
            edit(at_once, ("x @ U.T + h @ W.T + b", "h @ W.T + b")),
            "Your result does not depend on x.",
            "All four blocks look at the input and at the state before.",
        ),
        Mistake(
            "h is not heard",
            edit(at_once, ("x @ U.T + h @ W.T + b", "x @ U.T + b")),
            "Your result does not depend on h.",
            "All four blocks look at the input and at the state before.",
        ),
        Mistake(
            "the gates look at the cell",
            edit(at_once, ("h @ W.T", "c @ W.T")),
            "W multiplies c in your step. Where c = 0 and h = 0 you do not notice.",
            "Which of the two states is the one that the layer shows?",
        ),
        Mistake(
            "no bias",
            edit(at_once, ("h @ W.T + b", "h @ W.T")),
            "Your result does not depend on b.",
            "What should the gates do when x and h are zero?",
        ),
        Mistake(
            "the bias twice",
            edit(at_once, ("x @ U.T + h @ W.T + b", "x @ U.T + b + h @ W.T + b")),
            "Your b is added twice.",
            "Some libraries have a bias for x and another one for h; here there is one for both.",
        ),
        Mistake(
            "one more on the forget gate",
            edit(at_once, ("np.exp(-a_f)", "np.exp(-(a_f + 1))")),
            "Your forget gates are more open than they should be: their bias is larger by 1 than "
            "what b says.",
            "A forget gate may well start with bias 1, but then the 1 stands in b.",
        ),
        Mistake(
            "the blocks of W are transposed",
            edit(
                at_once,
                (
                    "h @ W.T",
                    "np.concatenate([h @ block for block in np.split(W, 4)], axis=1)",
                ),
            ),
            "Each block of your W is used the wrong way round: with one unit all is right.",
            "Row j of a block collects what unit j hears. Connect one unit to one other and look.",
        ),
        Mistake(
            "the candidate is a gate",
            edit(at_once, ("np.tanh(a_g)", "1 / (1 + np.exp(-a_g))")),
            "Your candidate is never negative.",
            "A gate says how much; the candidate says what. Which of them needs both signs?",
        ),
        Mistake(
            "the candidate is linear",
            edit(at_once, ("np.tanh(a_g)", "a_g")),
            "Your candidate is not bounded.",
            "What is written into the cell passes through a nonlinearity first.",
        ),
        Mistake(
            "all gates are tanh",
            edit(
                at_once,
                ("1 / (1 + np.exp(-a_i))", "np.tanh(a_i)"),
                ("1 / (1 + np.exp(-a_f))", "np.tanh(a_f)"),
                ("1 / (1 + np.exp(-a_o))", "np.tanh(a_o)"),
            ),
            "Your gates may be negative.",
            "A gate says which share passes: from none to all.",
        ),
        Mistake(
            "the output gate is tanh",
            edit(at_once, ("1 / (1 + np.exp(-a_o))", "np.tanh(a_o)")),
            "c is right; your output gate may be negative.",
            "A gate says which share passes: from none to all.",
        ),
        Mistake(
            "no nonlinearity in the gates",
            edit(
                at_once,
                ("1 / (1 + np.exp(-a_i))", "a_i"),
                ("1 / (1 + np.exp(-a_f))", "a_f"),
                ("1 / (1 + np.exp(-a_o))", "a_o"),
            ),
            "Your gates may be negative, and larger than 1.",
            "A gate says which share passes: from none to all.",
        ),
        Mistake(
            "σ(−a)",
            edit(
                at_once,
                ("np.exp(-a_i)", "np.exp(a_i)"),
                ("np.exp(-a_f)", "np.exp(a_f)"),
                ("np.exp(-a_o)", "np.exp(a_o)"),
            ),
            "Your gates shut where they should open.",
            "Is σ(a) near 1 for large a, or for large −a?",
        ),
        Mistake(
            "the old cell is not there",
            edit(at_once, ("f * c + i * g", "i * g")),
            "Your new c does not depend on the old one.",
            "What is the forget gate for?",
        ),
        Mistake(
            "h for c on the conveyor belt",
            edit(at_once, ("f * c + i * g", "f * h + i * g")),
            "Your new c is made from h, not from the old c.",
            "There are two memories: which of them lies on the conveyor belt, and which is shown?",
        ),
        Mistake(
            "nothing is forgotten",
            edit(at_once, ("f * c + i * g", "c + i * g")),
            "Your forget gate has no influence: the whole old cell is kept.",
            "Vary the block f of b: what should change?",
        ),
        Mistake(
            "everything is written",
            edit(at_once, ("f * c + i * g", "f * c + g")),
            "Your input gate has no influence: the whole candidate is written.",
            "Vary the block i of b: what should change?",
        ),
        Mistake(
            "coupled gates",
            edit(at_once, ("f * c + i * g", "f * c + (1 - f) * g")),
            "Your input gate has no influence: what is written is ruled by f.",
            "Coupled gates are a variant. Here a cell may keep and write at once, or do neither.",
        ),
        Mistake(
            "1 − f",
            edit(at_once, ("f * c + i * g", "(1 - f) * c + i * g")),
            "You keep what should be forgotten, and forget what should be kept.",
            "An open forget gate (f = 1) lets the old cell pass.",
        ),
        Mistake(
            "what is written is forgotten at once",
            edit(at_once, ("f * c + i * g", "f * (c + i * g)")),
            "Your forget gate acts on the new candidate too.",
            "Each of the two parts of the new cell has a gate of its own.",
        ),
        Mistake(
            "the cell is squashed",
            edit(at_once, ("c = f * c + i * g", "c = np.tanh(f * c + i * g)")),
            "Your c stays within ±1.",
            "From cell to cell there are a product and a sum only: that is what lets it remember.",
        ),
        Mistake(
            "tanh(c) for c",
            edit(at_once, ("return h, c", "return h, np.tanh(c)")),
            "h is right; your c has gone through tanh.",
            "tanh is applied on the way to h; the cell itself is handed on as it is.",
        ),
        Mistake(
            "h from the old cell",
            edit(
                at_once,
                ("c = f * c + i * g", "c_new = f * c + i * g"),
                ("return h, c", "return h, c_new"),
            ),
            "c is right; your h shows the cell as it was before this step.",
            "Can x make a difference to what is shown at this very step?",
        ),
        Mistake(
            "no tanh in h",
            edit(at_once, ("o * np.tanh(c)", "o * c")),
            "c is right; your h may be beyond ±1.",
            "What stands between the cell and what is shown of it?",
        ),
        Mistake(
            "tanh after the gate",
            edit(at_once, ("o * np.tanh(c)", "np.tanh(o * c)")),
            "c is right; in your h, gate and tanh have changed places.",
            "Think of a large cell behind a half-open gate: how much of it is shown?",
        ),
        Mistake(
            "σ for tanh in h",
            edit(at_once, ("o * np.tanh(c)", "o / (1 + np.exp(-c))")),
            "c is right; your h is never negative.",
            "The output gate is a σ already; what is behind it needs both signs.",
        ),
        Mistake(
            "no output gate",
            edit(at_once, ("o * np.tanh(c)", "np.tanh(c)")),
            "c is right; your output gate has no influence.",
            "Vary the block o of b: what should change?",
        ),
        Mistake(
            "the candidate is shown",
            edit(at_once, ("o * np.tanh(c)", "o * g")),
            "c is right; your h shows the candidate.",
            "What is shown comes from the cell, with all that it remembers.",
        ),
        Mistake(
            "c, h",
            edit(at_once, ("return h, c", "return c, h")),
            "The numbers are right; h and c have changed places.",
            "In which order does the docstring return them?",
        ),
        Mistake(
            "h only",
            edit(at_once, ("return h, c", "return h")),
            "Your h is right, but c does not come back.",
            "The next step needs both of them.",
        ),
    ),
)
