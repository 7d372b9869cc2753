"""lstm_step_variant: peepholes and coupled gates (course row R25)."""

import numpy as np

from rnnref.checks.ps5_gates.lstm_step import OTHER_ORDERS, other_orders, step_arguments
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.lstm import LSTMParams, lstm_forward


def lstm_step_variant(x, h, c, U, W, b, peepholes=None, coupled=False):
    """The core's LSTM over one step."""
    params = LSTMParams(U, W, b, peepholes)
    _, state, _ = lstm_forward(params, x[None], (h, c), coupled=coupled)
    return state.h, state.c


def draw(rng, B, D, H, *, peepholes):
    """The arguments of one step and the peepholes, none of which is tiny; None for no peepholes."""
    args = step_arguments(rng, B, D, H)
    P = rng.uniform(0.4, 1.2, size=(3, H)) * rng.choice([-1.0, 1.0], size=(3, H))
    return *args, P if peepholes else None


def cases(rng):
    """All four combinations at different sizes, then each size that hides a slip."""
    yield plain("neither peepholes nor coupled gates", *draw(rng, 3, 4, 5, peepholes=False)[:-1])
    yield plain("peepholes", *draw(rng, 4, 2, 3, peepholes=True))
    yield plain("coupled gates", *draw(rng, 3, 5, 4, peepholes=False), True)
    yield plain("peepholes and coupled gates", *draw(rng, 2, 3, 5, peepholes=True), True)
    yield special("one sequence (B = 1)", *draw(rng, 1, 3, 4, peepholes=True), True)
    yield special("one unit (H = 1)", *draw(rng, 4, 3, 1, peepholes=True), False)
    yield special("as many inputs as units (D = H)", *draw(rng, 2, 3, 3, peepholes=True), False)
    x, h, c, *rest = draw(rng, 3, 5, 4, peepholes=True)
    yield special("nothing remembered yet: h = 0 and c = 0", x, 0 * h, 0 * c, *rest)
    *args, P = draw(rng, 3, 2, 4, peepholes=True)
    yield special("peepholes that are all zero", *args, 0 * P)


def at_once(x, h, c, U, W, b, peepholes=None, coupled=False):
    if peepholes is None:
        peepholes = np.zeros((3, h.shape[1]))
    p_i, p_f, p_o = peepholes
    a = x @ U.T + h @ W.T + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    f = 1 / (1 + np.exp(-(a_f + p_f * c)))
    i = 1 / (1 + np.exp(-(a_i + p_i * c)))
    if coupled:
        i = 1 - f
    g = np.tanh(a_g)
    c_new = f * c + i * g
    o = 1 / (1 + np.exp(-(a_o + p_o * c_new)))
    h_new = o * np.tanh(c_new)
    return h_new, c_new


def step_by_step(x, h, c, U, W, b, peepholes=None, coupled=False):
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    H = h.shape[1]
    a_i = x @ U[:H].T + h @ W[:H].T + b[:H]
    a_f = x @ U[H : 2 * H].T + h @ W[H : 2 * H].T + b[H : 2 * H]
    g = np.tanh(x @ U[2 * H : 3 * H].T + h @ W[2 * H : 3 * H].T + b[2 * H : 3 * H])
    a_o = x @ U[3 * H :].T + h @ W[3 * H :].T + b[3 * H :]
    if peepholes is not None:
        a_i = a_i + peepholes[0] * c
        a_f = a_f + peepholes[1] * c
    f = sigmoid(a_f)
    c = f * c + (1 - f if coupled else sigmoid(a_i)) * g
    if peepholes is not None:
        a_o = a_o + peepholes[2] * c
    return sigmoid(a_o) * np.tanh(c), c


def einsum(x, h, c, U, W, b, peepholes=None, coupled=False):
    H = h.shape[-1]
    a = np.einsum("kjd,bd->kbj", U.reshape(4, H, -1), x)
    a = a + np.einsum("kjm,bm->kbj", W.reshape(4, H, H), h) + b.reshape(4, 1, H)
    if peepholes is not None:
        a[:2] += np.einsum("kj,bj->kbj", peepholes[:2], c)
    if coupled:
        a[0] = -a[1]
    write, keep = 0.5 + 0.5 * np.tanh(0.5 * a[:2])
    c = keep * c + write * np.tanh(a[2])
    if peepholes is not None:
        a[3] += c @ np.diag(peepholes[2])
    return [np.tanh(c) * (0.5 + 0.5 * np.tanh(0.5 * a[3])), c]


def loops(x, h, c, U, W, b, peepholes=None, coupled=False):
    (B, H), h_new, c_new = h.shape, np.empty_like(h), np.empty_like(c)
    p = [[0.0] * H] * 3 if peepholes is None else peepholes
    for n in range(B):
        for j in range(H):
            a = [U[k] @ x[n] + W[k] @ h[n] + b[k] for k in (j, H + j, 2 * H + j, 3 * H + j)]
            keep = 1 / (1 + np.exp(-a[1] - p[1][j] * c[n, j]))
            write = 1 - keep if coupled else 1 / (1 + np.exp(-a[0] - p[0][j] * c[n, j]))
            cell = c_new[n, j] = keep * c[n, j] + write * np.tanh(a[2])
            h_new[n, j] = np.tanh(cell) / (1 + np.exp(-a[3] - p[2][j] * cell))
    return h_new, c_new


def with_peepholes(order):
    """The mistake of both the blocks and the peepholes in another order."""
    blocks, rows = ", ".join(order), ", ".join(order.replace("g", ""))
    return Mistake(
        f"blocks {blocks} and peepholes {rows}",
        edit(
            at_once,
            ("a_i, a_f, a_g, a_o", ", ".join(f"a_{gate}" for gate in order)),
            ("p_i, p_f, p_o", ", ".join(f"p_{gate}" for gate in order.replace("g", ""))),
        ),
        f"Your answer is right for blocks in the order {blocks} and peepholes in the order {rows}. "
        "Here they stand in another order.",
        "In which order does the docstring list the blocks, and the peepholes? And does each gate "
        "do its own work?",
        convention=True,
    )


EXERCISE = Exercise(
    name="lstm_step_variant",
    points=10,
    returns="h (B, H), c (B, H)",
    reference=lstm_step_variant,
    cases=cases,
    alternatives=(at_once, step_by_step, einsum, loops),
    mistakes=(
        *other_orders(at_once, "a_"),
        *(with_peepholes(order) for order in OTHER_ORDERS if order.replace("g", "") != "ifo"),
        Mistake(
            "peepholes f, i, o",
            edit(at_once, ("p_i, p_f, p_o", "p_f, p_i, p_o")),
            "Your answer is right for peepholes in the order f, i, o. Here they stand in another "
            "order.",
            "In which order does the docstring list the peepholes?",
            convention=True,
        ),
        Mistake(
            "peepholes as true or false",
            edit(at_once, ("if peepholes is None", "if not peepholes")),
            "All is right without peepholes; with them, your function asks whether an array of "
            "several numbers is true.",
            "An array of many numbers is neither true nor false: what else tells that there is "
            "none?",
        ),
        Mistake(
            "neither is heard",
            edit(
                at_once,
                ("if peepholes is None", "if True"),
                ("    if coupled:\n        i = 1 - f\n", ""),
            ),
            "Yours is the step without peepholes and with an input gate of its own, whatever is "
            "asked for.",
            "Two more arguments say what is different.",
        ),
        Mistake(
            "peepholes are ignored",
            edit(at_once, ("if peepholes is None", "if True")),
            "Your result does not depend on the peepholes.",
            "With peepholes, what do the gates see besides x and h?",
        ),
        Mistake(
            "no peepholes when coupled",
            edit(at_once, ("if peepholes is None", "if peepholes is None or coupled")),
            "All is right but for peepholes and coupled gates together: there yours has no "
            "peepholes.",
            "Coupled gates need one peephole less. Which ones are left?",
        ),
        Mistake(
            "coupled is ignored",
            edit(at_once, ("    if coupled:\n        i = 1 - f\n", "")),
            "All is right where the gates are not coupled; coupled makes no difference in your "
            "step.",
            "With coupled gates a cell writes as much as it forgets.",
        ),
        Mistake(
            "always coupled",
            edit(at_once, ("if coupled", "if True")),
            "All is right where the gates are coupled; yours always are.",
            "Unless coupled is true, the input gate decides for itself.",
        ),
        Mistake(
            "coupled when there are peepholes",
            edit(
                at_once,
                (
                    "    if peepholes is None:\n",
                    "    coupled = coupled or peepholes is not None\n    if peepholes is None:\n",
                ),
            ),
            "All is right but for peepholes with gates that are not coupled: yours are coupled "
            "there.",
            "The two variants have nothing to do with one another: all four combinations occur.",
        ),
        Mistake(
            "f is 1 − i",
            edit(at_once, ("        i = 1 - f\n", "        f = 1 - i\n")),
            "All is right where the gates are not coupled; when coupled, yours takes f from block "
            "i.",
            "Which of the two gates decides, and which follows?",
        ),
        Mistake(
            "i is f",
            edit(at_once, ("i = 1 - f", "i = f")),
            "All is right where the gates are not coupled; when coupled, yours writes most where "
            "it keeps most.",
            "With coupled gates a cell writes as much as it forgets.",
        ),
        Mistake(
            "the input gate still counts",
            edit(at_once, ("i = 1 - f", "i = i * (1 - f)")),
            "All is right where the gates are not coupled; when coupled, block i still has an "
            "influence in yours.",
            "1 − f does not come beside the input gate but in its place.",
        ),
        Mistake(
            "coupled before the peephole",
            edit(at_once, ("i = 1 - f", "i = 1 - 1 / (1 + np.exp(-a_f))")),
            "All is right but for peepholes and coupled gates together: your i follows a forget "
            "gate without its peephole.",
            "What is kept and what is written must add up to 1.",
        ),
        Mistake(
            "the coupled gate has a peephole of its own",
            edit(at_once, ("i = 1 - f", "i = 1 / (1 + np.exp(a_f - p_i * c))")),
            "All is right but for peepholes and coupled gates together: the peepholes of i have an "
            "influence in yours.",
            "What is kept and what is written must add up to 1.",
        ),
        Mistake(
            "the first peepholes for f when coupled",
            edit(
                at_once,
                (
                    "p_i, p_f, p_o = peepholes",
                    "p_i, p_f, p_o = peepholes if not coupled else peepholes[[0, 0, 2]]",
                ),
            ),
            "All is right but for peepholes and coupled gates together: there your f has the "
            "peepholes of i.",
            "When coupled, the peepholes of i are not used, but they are still there.",
        ),
        Mistake(
            "the first two peepholes when coupled",
            edit(
                at_once,
                (
                    "p_i, p_f, p_o = peepholes",
                    "p_i, p_f, p_o = peepholes if not coupled else peepholes[[0, 0, 1]]",
                ),
            ),
            "All is right but for peepholes and coupled gates together: there your f and o take "
            "the first two rows of the peepholes.",
            "When coupled, the peepholes of i are not used, but they are still there.",
        ),
        Mistake(
            "the first three blocks when coupled",
            edit(
                at_once,
                (
                    "np.split(a, 4, axis=1)\n",
                    "np.split(a, 4, axis=1)\n"
                    "    if coupled:\n"
                    "        a_f, a_g, a_o = a_i, a_f, a_g\n",
                ),
            ),
            "All is right where the gates are not coupled; when coupled, yours takes f, g and o "
            "from the first three blocks.",
            "When coupled, block i is not used, but it is still there.",
        ),
        Mistake(
            "o's peephole sees the old cell",
            edit(at_once, ("p_o * c_new", "p_o * c")),
            "c is right; with peepholes your output gate looks at the cell before this step.",
            "Which gate opens after the cell has been updated?",
        ),
        Mistake(
            "no peephole for o",
            edit(at_once, ("a_o + p_o * c_new", "a_o")),
            "c is right; your output gate has no peephole.",
            "There are three rows of peepholes: which gates do they belong to?",
        ),
        Mistake(
            "only o has a peephole",
            edit(at_once, ("a_f + p_f * c", "a_f"), ("a_i + p_i * c", "a_i")),
            "Your input and forget gates have no peepholes.",
            "There are three rows of peepholes: which gates do they belong to?",
        ),
        Mistake(
            "no peephole for f",
            edit(at_once, ("a_f + p_f * c", "a_f")),
            "Your forget gate has no peephole.",
            "There are three rows of peepholes: which gates do they belong to?",
        ),
        Mistake(
            "no peephole for i",
            edit(at_once, ("a_i + p_i * c", "a_i")),
            "Your input gate has no peephole.",
            "There are three rows of peepholes: which gates do they belong to?",
        ),
        Mistake(
            "all peepholes see the new cell",
            edit(
                at_once,
                (
                    "    f = 1",
                    "    f, g = 1 / (1 + np.exp(-a_f)), np.tanh(a_g)\n"
                    "    i = 1 - f if coupled else 1 / (1 + np.exp(-a_i))\n"
                    "    old, c = c, f * c + i * g\n"
                    "    f = 1",
                ),
                ("c_new = f * c + i * g", "c_new = f * old + i * g"),
            ),
            "With peepholes, your input and forget gates look at a cell that they are yet to make.",
            "When i and f are computed, which cell is there to look at?",
        ),
        Mistake(
            "peepholes on h",
            edit(
                at_once,
                ("p_f * c)", "p_f * h)"),
                ("p_i * c)", "p_i * h)"),
                ("p_o * c_new", "p_o * h"),
            ),
            "Your peepholes look at h, which the gates hear anyway.",
            "A peephole is there to show a gate what the output gate may hide.",
        ),
        Mistake(
            "peepholes on tanh(c)",
            edit(
                at_once,
                ("p_f * c)", "p_f * np.tanh(c))"),
                ("p_i * c)", "p_i * np.tanh(c))"),
                ("p_o * c_new", "p_o * np.tanh(c_new)"),
            ),
            "Your peepholes see the cells through a tanh.",
            "A peephole looks at the cell itself.",
        ),
        Mistake(
            "peepholes outside σ",
            edit(
                at_once,
                ("1 / (1 + np.exp(-(a_f + p_f * c)))", "1 / (1 + np.exp(-a_f)) + p_f * c"),
                ("1 / (1 + np.exp(-(a_i + p_i * c)))", "1 / (1 + np.exp(-a_i)) + p_i * c"),
                ("1 / (1 + np.exp(-(a_o + p_o * c_new)))", "1 / (1 + np.exp(-a_o)) + p_o * c_new"),
            ),
            "With peepholes, your gates may be negative, and larger than 1.",
            "A gate says which share passes, from none to all, whatever it looks at.",
        ),
        Mistake(
            "a peephole for all cells",
            edit(
                at_once,
                ("p_f * c)", "(c @ p_f)[:, None])"),
                ("p_i * c)", "(c @ p_i)[:, None])"),
                ("p_o * c_new", "(c_new @ p_o)[:, None]"),
            ),
            "Your peepholes add up all cells: with one unit all is right.",
            "Each gate looks at the one cell that it belongs to.",
        ),
        Mistake(
            "h is not heard",
            edit(at_once, ("x @ U.T + h @ W.T + b", "x @ U.T + b")),
            "Your result does not depend on h.",
            "Peepholes come beside what the gates hear, not in its place.",
        ),
        Mistake(
            "h is not heard when there are peepholes",
            edit(
                at_once,
                (
                    "    if peepholes is None:\n",
                    "    W = W if peepholes is None else 0 * W\n    if peepholes is None:\n",
                ),
            ),
            "All is right without peepholes; with them, your gates no longer hear h.",
            "Peepholes come beside what the gates hear, not in its place.",
        ),
        Mistake(
            "no bias",
            edit(at_once, ("h @ W.T + b", "h @ W.T")),
            "Your result does not depend on b.",
            "What should the gates do when x, h and c are zero?",
        ),
        Mistake(
            "the candidate is a gate",
            edit(at_once, ("np.tanh(a_g)", "1 / (1 + np.exp(-a_g))")),
            "Your candidate is never negative.",
            "A gate says how much; the candidate says what. Which of them needs both signs?",
        ),
        Mistake(
            "h for c on the conveyor belt",
            edit(at_once, ("f * c + i * g", "f * h + i * g")),
            "Your new c is made from h, not from the old c.",
            "There are two memories: which of them lies on the conveyor belt, and which is shown?",
        ),
        Mistake(
            "no tanh in h",
            edit(at_once, ("o * np.tanh(c_new)", "o * c_new")),
            "c is right; your h may be beyond ±1.",
            "What stands between the cell and what is shown of it?",
        ),
        Mistake(
            "h from the old cell",
            edit(at_once, ("o * np.tanh(c_new)", "o * np.tanh(c)")),
            "c is right; your h shows the cell as it was before this step.",
            "Can x make a difference to what is shown at this very step?",
        ),
        Mistake(
            "c, h",
            edit(at_once, ("return h_new, c_new", "return c_new, h_new")),
            "The numbers are right; h and c have changed places.",
            "In which order does the docstring return them?",
        ),
    ),
)
