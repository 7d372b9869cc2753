"""lstm_forward: an LSTM over time (course row R23)."""

import numpy as np

from rnnref.checks.ps5_gates.lstm_step import other_orders, weights
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.lstm import LSTMParams
from rnnref.nets.lstm import lstm_forward as core


def lstm_forward(X, h0, c0, U, W, b):
    """The core's forward pass: outputs and cells of all steps."""
    H, _, cache = core(LSTMParams(U, W, b), X, (h0, c0))
    return H, cache.c


def sequence_arguments(rng, T, B, D, H):
    """X, h0, c0, U, W, b of these sizes; drawn again while everything is small."""
    while True:
        X, h0 = rng.normal(size=(T, B, D)), rng.uniform(-0.9, 0.9, size=(B, H))
        args = X, h0, rng.normal(size=(B, H)) * 1.5, *weights(rng, D, H)
        if all(np.abs(part).max() > 0.05 for part in (*args[1:3], *lstm_forward(*args))):
            return args


def cases(rng):
    """All sizes different, then each size that hides a slip."""
    yield plain("T = 6 steps, B = 3, D = 4, H = 5", *sequence_arguments(rng, 6, 3, 4, 5))
    yield plain("T = 4 steps, B = 5, D = 2, H = 3", *sequence_arguments(rng, 4, 5, 2, 3))
    yield special("one step (T = 1)", *sequence_arguments(rng, 1, 3, 4, 2))
    yield special("one sequence (B = 1)", *sequence_arguments(rng, 4, 1, 3, 5))
    yield special("one unit (H = 1)", *sequence_arguments(rng, 5, 4, 3, 1))
    yield special("as many inputs as units (D = H)", *sequence_arguments(rng, 5, 2, 3, 3))
    X, h0, c0, *rest = sequence_arguments(rng, 5, 3, 2, 4)
    yield special("nothing remembered at first: h0 = 0 and c0 = 0", X, 0 * h0, 0 * c0, *rest)


def loop(X, h0, c0, U, W, b):
    h, c = h0, c0
    hs, cs = [], []
    for x in X:
        a_i, a_f, a_g, a_o = np.split(x @ U.T + h @ W.T + b, 4, axis=1)
        i = 1 / (1 + np.exp(-a_i))
        f = 1 / (1 + np.exp(-a_f))
        g = np.tanh(a_g)
        o = 1 / (1 + np.exp(-a_o))
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
    return np.array(hs), np.array(cs)


def into_arrays(X, h0, c0, U, W, b):
    T, B, D = X.shape
    n = h0.shape[1]
    H, C = np.zeros((T + 1, B, n)), np.zeros((T + 1, B, n))
    H[0], C[0] = h0, c0
    from_x = X @ U.T + b
    for t in range(1, T + 1):
        a = from_x[t - 1] + H[t - 1] @ W.T
        i, f, o = (1 / (1 + np.exp(-a[:, k * n : (k + 1) * n])) for k in (0, 1, 3))
        C[t] = f * C[t - 1] + i * np.tanh(a[:, 2 * n : 3 * n])
        H[t] = o * np.tanh(C[t])
    return H[1:], C[1:]


def recursive(X, h0, c0, U, W, b):
    if len(X) == 0:
        return np.zeros((0, *h0.shape)), np.zeros((0, *c0.shape))
    H, C = recursive(X[:-1], h0, c0, U, W, b)
    h, c = (H[-1], C[-1]) if len(H) else (h0, c0)
    a = np.einsum("kjd,bd->kbj", U.reshape(4, len(U) // 4, -1), X[-1])
    a = a + np.einsum("kjm,bm->kbj", W.reshape(4, len(U) // 4, -1), h) + b.reshape(4, 1, -1)
    s = 0.5 + 0.5 * np.tanh(a / 2)
    c = s[1] * c + s[0] * np.tanh(a[2])
    return [np.concatenate([H, [s[3] * np.tanh(c)]]), np.concatenate([C, [c]])]


EXERCISE = Exercise(
    name="lstm_forward",
    points=5,
    returns="H (T, B, H), C (T, B, H)",
    reference=lstm_forward,
    cases=cases,
    alternatives=(loop, into_arrays, recursive),
    mistakes=(
        *other_orders(loop, "a_"),
        Mistake(
            "h0 is ignored",
            edit(loop, ("h, c = h0, c0", "h, c = 0 * h0, c0")),
            "Your network starts with an h of zero.",
            "Which argument says what was shown before the first step?",
        ),
        Mistake(
            "c0 is ignored",
            edit(loop, ("h, c = h0, c0", "h, c = h0, 0 * c0")),
            "Your network starts with empty cells.",
            "Which argument says what the cells hold before the first step?",
        ),
        Mistake(
            "both first states are ignored",
            edit(loop, ("h, c = h0, c0", "h, c = 0 * h0, 0 * c0")),
            "Your network starts from zero, whatever h0 and c0 are.",
            "Which arguments say where to start?",
        ),
        Mistake(
            "h0 and c0 change places",
            edit(loop, ("h, c = h0, c0", "h, c = c0, h0")),
            "Your network starts with h0 in the cells and c0 in the gates.",
            "Which of the two states does W see, and which lies on the conveyor belt?",
        ),
        Mistake(
            "neither state travels",
            edit(loop, ("for x in X:", "for x in X:\n        h, c = h0, c0")),
            "The first step is right; after it each step starts from h0 and c0 again.",
            "The two states should travel from step to step.",
        ),
        Mistake(
            "h does not travel",
            edit(loop, ("h @ W.T", "h0 @ W.T")),
            "The first step is right; at the others the gates hear h0 again.",
            "Two states travel from step to step; one of yours stays at home.",
        ),
        Mistake(
            "c does not travel",
            edit(loop, ("f * c + i * g", "f * c0 + i * g")),
            "The first step is right; at the others the cells start from c0 again.",
            "Two states travel from step to step; one of yours stays at home.",
        ),
        Mistake(
            "h in the place of c",
            edit(loop, ("f * c + i * g", "f * (c if len(cs) == 0 else h) + i * g")),
            "The first step is right; after it h lies on your conveyor belt.",
            "Which of the two states goes into the next cell?",
        ),
        Mistake(
            "the gates hear the cells",
            edit(loop, ("h @ W.T", "(h if len(hs) == 0 else c) @ W.T")),
            "The first step is right; after it W multiplies the cells.",
            "Which of the two states is the one that the layer shows?",
        ),
        Mistake(
            "no bias",
            edit(loop, ("h @ W.T + b", "h @ W.T")),
            "Your result does not depend on b.",
            "What should the gates do when x and h are zero?",
        ),
        Mistake(
            "one more on the forget gate",
            edit(loop, ("np.exp(-a_f)", "np.exp(-(a_f + 1))")),
            "Your forget gates are more open than they should be: their bias is larger by 1 than "
            "what b says.",
            "A forget gate may well start with bias 1, but then the 1 stands in b.",
        ),
        Mistake(
            "the blocks of W are transposed",
            edit(
                loop,
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
            edit(loop, ("np.tanh(a_g)", "1 / (1 + np.exp(-a_g))")),
            "Your candidate is never negative.",
            "A gate says how much; the candidate says what. Which of them needs both signs?",
        ),
        Mistake(
            "coupled gates",
            edit(loop, ("f * c + i * g", "f * c + (1 - f) * g")),
            "Your input gate has no influence: what is written is ruled by f.",
            "Coupled gates are a variant. Here a cell may keep and write at once, or do neither.",
        ),
        Mistake(
            "nothing is forgotten",
            edit(loop, ("f * c + i * g", "c + i * g")),
            "Your forget gate has no influence: the whole old cell is kept.",
            "Vary the block f of b: what should change?",
        ),
        Mistake(
            "the old cells are not there",
            edit(loop, ("f * c + i * g", "i * g")),
            "Your cells hold what was written at their own step, and nothing older.",
            "What is the forget gate for?",
        ),
        Mistake(
            "no tanh in h",
            edit(loop, ("o * np.tanh(c)", "o * c")),
            "Your h may be beyond ±1.",
            "What stands between the cell and what is shown of it?",
        ),
        Mistake(
            "tanh after the gate",
            edit(loop, ("o * np.tanh(c)", "np.tanh(o * c)")),
            "In your h, the output gate and tanh have changed places.",
            "Think of a large cell behind a half-open gate: how much of it is shown?",
        ),
        Mistake(
            "the cells are squashed",
            edit(loop, ("c = f * c + i * g", "c = np.tanh(f * c + i * g)")),
            "Your cells stay within ±1.",
            "From cell to cell there are a product and a sum only: that is what lets it remember.",
        ),
        Mistake(
            "C holds tanh(c)",
            edit(loop, ("cs.append(c)", "cs.append(np.tanh(c))")),
            "H is right; your C has gone through tanh.",
            "tanh is applied on the way to h; the cell itself is handed on as it is.",
        ),
        Mistake(
            "X backwards",
            edit(loop, ("for x in X:", "for x in X[::-1]:")),
            "Your network reads the sequences from their end.",
            "Which step comes first?",
        ),
        Mistake(
            "the states before each step",
            edit(
                into_arrays,
                ("return H[1:], C[1:]", "return H[:-1], C[:-1]"),
            ),
            "You return the states before each step: h0 and c0 stand in front, the last ones are "
            "missing.",
            "H[0] is what the first input has made.",
        ),
        Mistake(
            "the first states too",
            edit(into_arrays, ("return H[1:], C[1:]", "return H, C")),
            "You return T + 1 states: h0 and c0 stand in front.",
            "One state for each input is asked for.",
        ),
        Mistake(
            "only the last states",
            edit(loop, ("return np.array(hs), np.array(cs)", "return h, c")),
            "You return the states of the last step only.",
            "All steps are asked for: what do you keep on the way?",
        ),
        Mistake(
            "the last state T times",
            edit(
                loop,
                ("hs, cs = [], []", "hs, cs = [], []\n    h, c = h.copy(), c.copy()"),
                ("c = f * c + i * g", "c[:] = f * c + i * g"),
                ("h = o * np.tanh(c)", "h[:] = o * np.tanh(c)"),
            ),
            "Every step of yours shows the states of the last one.",
            "A list holds the arrays themselves, not what was in them when they were appended.",
        ),
        Mistake(
            "the last cell T times",
            edit(
                loop,
                ("hs, cs = [], []", "hs, cs = [], []\n    c = c.copy()"),
                ("c = f * c + i * g", "c[:] = f * c + i * g"),
            ),
            "H is right; every step of your C shows the last cells.",
            "A list holds the arrays themselves, not what was in them when they were appended.",
        ),
        Mistake(
            "C, H",
            edit(loop, ("return np.array(hs), np.array(cs)", "return np.array(cs), np.array(hs)")),
            "The numbers are right; H and C have changed places.",
            "In which order does the docstring return them?",
        ),
        Mistake(
            "sequences in front",
            edit(
                loop,
                (
                    "return np.array(hs), np.array(cs)",
                    "return np.stack(hs, axis=1), np.stack(cs, axis=1)",
                ),
            ),
            "The numbers are right; your first axis is that of the sequences.",
            "Time is the first axis, everywhere in this course.",
        ),
    ),
)
