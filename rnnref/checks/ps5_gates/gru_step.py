"""gru_step: one step of a GRU in the documents' form (course row R26)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.gru import GRUParams, gru_forward


def gru_step(x, h, U, W, b):
    """The core's step with the reset before the product and z = 1 for writing."""
    _, h_T, _ = gru_forward(GRUParams(U, W, b, np.zeros(h.shape[1])), x[None], h)
    return h_T


def draw(rng, B, D, H):
    """x, h, U, W, b of these sizes; states in −1 … 1, gates neither open nor closed."""
    x, h = rng.normal(size=(B, D)), rng.uniform(-0.9, 0.9, (B, H))
    U = rng.normal(size=(3 * H, D)) / np.sqrt(D)
    W = rng.normal(size=(3 * H, H)) / np.sqrt(H) + 0.2
    b = rng.normal(size=3 * H) * 0.5 + 0.4
    return x, h, U, W, b


def cases(rng):
    """All sizes different, then each size that hides a slip."""
    yield plain("B = 3 sequences, D = 4, H = 5", *draw(rng, 3, 4, 5))
    yield plain("B = 5, D = 2, H = 3", *draw(rng, 5, 2, 3))
    yield special("one sequence (B = 1)", *draw(rng, 1, 4, 3))
    yield special("one unit (H = 1)", *draw(rng, 3, 2, 1))
    yield special("one input (D = 1)", *draw(rng, 2, 1, 4))
    yield special("as many inputs as units (D = H)", *draw(rng, 2, 3, 3))
    x, h, U, W, b = draw(rng, 4, 3, 5)
    yield special("before anything is known (h = 0)", x, 0 * h, U, W, b)


def blocks(x, h, U, W, b):
    H = h.shape[1]
    Ur, Uz, Un = U[:H], U[H : 2 * H], U[2 * H :]
    Wr, Wz, Wn = W[:H], W[H : 2 * H], W[2 * H :]
    br, bz, bn = b[:H], b[H : 2 * H], b[2 * H :]
    r = 1 / (1 + np.exp(-(x @ Ur.T + h @ Wr.T + br)))
    z = 1 / (1 + np.exp(-(x @ Uz.T + h @ Wz.T + bz)))
    n = np.tanh(x @ Un.T + (r * h) @ Wn.T + bn)
    return (1 - z) * h + z * n


def one_product(x, h, U, W, b):
    H = h.shape[1]
    a = x @ U.T + b
    gates = 0.5 + 0.5 * np.tanh((a[:, : 2 * H] + h @ W[: 2 * H].T) / 2)
    r, z = gates[:, :H], gates[:, H:]
    n = np.tanh(a[:, 2 * H :] + np.einsum("ij,bj->bi", W[2 * H :], r * h))
    return h + z * (n - h)


def unit_by_unit(x, h, U, W, b):
    B, H = h.shape
    new = np.zeros((B, H))
    for s in range(B):
        gate = [1 / (1 + np.exp(-(U[k] @ x[s] + W[k] @ h[s] + b[k]))) for k in range(2 * H)]
        hidden_past = np.array([gate[j] * h[s, j] for j in range(H)])
        for j in range(H):
            k, z = 2 * H + j, gate[H + j]
            candidate = np.tanh(U[k] @ x[s] + W[k] @ hidden_past + b[k])
            new[s, j] = (1 - z) * h[s, j] + z * candidate
    return new


EXERCISE = Exercise(
    name="gru_step",
    points=10,
    returns="h (B, H)",
    reference=gru_step,
    cases=cases,
    alternatives=(blocks, one_product, unit_by_unit),
    mistakes=(
        Mistake(
            "the bias is missing",
            edit(
                blocks,
                (" + h @ Wr.T + br", " + h @ Wr.T"),
                (" + h @ Wz.T + bz", " + h @ Wz.T"),
                (" @ Wn.T + bn", " @ Wn.T"),
            ),
            "Your new state does not depend on b.",
            "Gates and candidate all have a bias.",
        ),
        Mistake(
            "W is transposed",
            edit(blocks, ("h @ Wr.T", "h @ Wr"), ("h @ Wz.T", "h @ Wz"), ("h) @ Wn.T", "h) @ Wn")),
            "Each block of W is used the wrong way round.",
            "W[i, j] leads from unit j to unit i: which of the two belongs to h?",
        ),
        Mistake(
            "r and z have changed places",
            edit(
                blocks,
                ("Ur, Uz, Un = U", "Uz, Ur, Un = U"),
                ("Wr, Wz, Wn = W", "Wz, Wr, Wn = W"),
                ("br, bz, bn = b", "bz, br, bn = b"),
            ),
            "The gates have exchanged roles: your blocks are in the order z, r, n.",
            "The docstring says in which order the blocks stand.",
            convention=True,
        ),
        Mistake(
            "the candidate's block is the first",
            edit(
                blocks,
                ("Ur, Uz, Un = U", "Un, Ur, Uz = U"),
                ("Wr, Wz, Wn = W", "Wn, Wr, Wz = W"),
                ("br, bz, bn = b", "bn, br, bz = b"),
            ),
            "Your blocks are in the order n, r, z.",
            "The docstring says in which order the blocks stand.",
            convention=True,
        ),
        Mistake(
            "gates by tanh",
            edit(
                blocks,
                (
                    "r = 1 / (1 + np.exp(-(x @ Ur.T + h @ Wr.T + br)))",
                    "r = np.tanh(x @ Ur.T + h @ Wr.T + br)",
                ),
                (
                    "z = 1 / (1 + np.exp(-(x @ Uz.T + h @ Wz.T + bz)))",
                    "z = np.tanh(x @ Uz.T + h @ Wz.T + bz)",
                ),
            ),
            "Your gates can be negative.",
            "A gate is between closed and open, 0 and 1: which function gives that?",
        ),
        Mistake(
            "the wrong sign in the exponential",
            edit(
                blocks, ("np.exp(-(x @ Ur", "np.exp((x @ Ur"), ("np.exp(-(x @ Uz", "np.exp((x @ Uz")
            ),
            "Your gates close where they should open: both are one minus what they should be.",
            "What is σ(a) for a large a?",
        ),
        Mistake(
            "the reset gate does nothing",
            edit(blocks, ("(r * h) @ Wn.T", "h @ Wn.T")),
            "Your new state does not depend on block r.",
            "The candidate sees only as much of the old state as the reset gate lets through.",
        ),
        Mistake(
            "only the gate reaches W_n",
            edit(blocks, ("(r * h) @ Wn.T", "r @ Wn.T")),
            "In your candidate W_n multiplies the reset gate itself.",
            "A gate is a factor. Of what?",
        ),
        Mistake(
            "one minus the reset gate",
            edit(blocks, ("(r * h) @ Wn.T", "((1 - r) * h) @ Wn.T")),
            "Your reset gate hides the past where it should show it.",
            "With r = 1 the candidate is that of a plain recurrent network.",
        ),
        Mistake(
            "the candidate is reset by z",
            edit(blocks, ("(r * h) @ Wn.T", "(z * h) @ Wn.T")),
            "In your candidate the update gate stands where the reset gate should, and block r has "
            "no influence.",
            "Two gates, two jobs: one is for the candidate, one for the mixture.",
        ),
        Mistake(
            "reset after the product",
            edit(blocks, ("(r * h) @ Wn.T", "r * (h @ Wn.T)")),
            "This is a GRU that resets after the product with W_n, as PyTorch's does; here the "
            "state is reset before it.",
            "W_n (r ∗ h): which comes first?",
            convention=True,
        ),
        Mistake(
            "reset after the product, the bias with it",
            edit(blocks, ("(r * h) @ Wn.T + bn", "r * (h @ Wn.T + bn)")),
            "This is a GRU that resets after the product with W_n, and its bias with it; here the "
            "state is reset before the product, and the bias stays.",
            "W_n (r ∗ h) + b_n: which comes first?",
            convention=True,
        ),
        Mistake(
            "r hides the present too",
            edit(blocks, ("x @ Un.T + (r * h) @ Wn.T + bn", "r * (x @ Un.T + h @ Wn.T) + bn")),
            "In your candidate the reset gate multiplies what comes from x as well.",
            "The reset gate is there to hide the past, not the present.",
        ),
        Mistake(
            "r hides everything",
            edit(blocks, ("x @ Un.T + (r * h) @ Wn.T + bn", "r * (x @ Un.T + h @ Wn.T + bn)")),
            "In your candidate the reset gate multiplies the whole of what goes into tanh.",
            "The reset gate is there to hide the past, not the present.",
        ),
        Mistake(
            "the candidate without tanh",
            edit(
                blocks,
                ("np.tanh(x @ Un.T + (r * h) @ Wn.T + bn)", "x @ Un.T + (r * h) @ Wn.T + bn"),
            ),
            "Your candidate is not bounded.",
            "The state stays between −1 and 1: which function sees to that?",
        ),
        Mistake(
            "the candidate by the logistic function",
            edit(
                blocks,
                (
                    "np.tanh(x @ Un.T + (r * h) @ Wn.T + bn)",
                    "1 / (1 + np.exp(-(x @ Un.T + (r * h) @ Wn.T + bn)))",
                ),
            ),
            "Your candidate is never negative.",
            "The candidate is no gate: it is a state, between −1 and 1.",
        ),
        Mistake(
            "z = 1 keeps",
            edit(blocks, ("(1 - z) * h + z * n", "z * h + (1 - z) * n")),
            "This is a GRU in the other convention, PyTorch's: in yours z = 1 keeps the old state, "
            "here it writes the new one.",
            "In (1 − z) ∗ h + z ∗ n, what is left if z = 1?",
            convention=True,
        ),
        Mistake(
            "z = 1 keeps, reset after the product",
            edit(
                blocks,
                ("(r * h) @ Wn.T", "r * (h @ Wn.T)"),
                ("(1 - z) * h + z * n", "z * h + (1 - z) * n"),
            ),
            "This is PyTorch's GRU: in yours z = 1 keeps the old state, and the reset gate acts "
            "after the product with W_n. Here z = 1 writes, and the reset comes before.",
            "Two conventions differ: look at both equations of the statement again.",
            convention=True,
        ),
        Mistake(
            "z = 1 keeps, reset after the product, the bias with it",
            edit(
                blocks,
                ("(r * h) @ Wn.T + bn", "r * (h @ Wn.T + bn)"),
                ("(1 - z) * h + z * n", "z * h + (1 - z) * n"),
            ),
            "In yours z = 1 keeps the old state, and the reset gate acts after the product with "
            "W_n, on b_n too. Here z = 1 writes, the reset comes before, and the bias stays.",
            "Two conventions differ: look at both equations of the statement again.",
            convention=True,
        ),
        Mistake(
            "nothing is kept",
            edit(blocks, ("(1 - z) * h + z * n", "z * n")),
            "In your new state nothing of the old one is kept as it is.",
            "The new state is a mixture: what the update gate does not write, it leaves.",
        ),
        Mistake(
            "all is kept",
            edit(blocks, ("(1 - z) * h + z * n", "h + z * n")),
            "Your new state is not between the old one and the candidate: nothing is forgotten.",
            "The new state is a mixture: as much as the update gate writes, it takes away.",
        ),
        Mistake(
            "the mixture is reset too",
            edit(blocks, ("(1 - z) * h + z * n", "(1 - z) * r * h + z * n")),
            "The part of the old state that you keep passes the reset gate.",
            "The reset gate acts within the candidate only.",
        ),
        Mistake(
            "r mixes",
            edit(blocks, ("(1 - z) * h + z * n", "(1 - r) * h + r * n")),
            "Your mixture is that of the reset gate, and block z has no influence.",
            "Two gates, two jobs: one is for the candidate, one for the mixture.",
        ),
        Mistake(
            "the candidate alone",
            edit(blocks, ("(1 - z) * h + z * n", "n")),
            "You return the candidate.",
            "The candidate is a proposal. Which gate decides how much of it is written?",
        ),
        Mistake(
            "tanh once more",
            edit(blocks, ("(1 - z) * h + z * n", "np.tanh((1 - z) * h + z * n)")),
            "You take tanh of the mixture once more.",
            "Old state and candidate are between −1 and 1 already, and so is their mixture.",
        ),
    ),
)
