"""stacked_forward: recurrent layers on top of one another (course row R27)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.rnn import RNNParams, rnn_forward


def stacked_forward(X, h0s, layers):
    """The core's forward pass, layer by layer."""
    Hs = []
    for h0, layer in zip(h0s, layers, strict=True):
        H, _, _ = rnn_forward(RNNParams(*layer), Hs[-1] if Hs else X, h0)
        Hs.append(H)
    return Hs


def stacked_arguments(rng, T, B, D, *sizes):
    """X, h0s, layers of these sizes."""
    layers, below = [], D
    for H in sizes:
        U = rng.normal(size=(H, below)) / np.sqrt(below)
        W = rng.normal(size=(H, H)) * 0.9 / np.sqrt(H)
        layers.append((U, W, rng.normal(size=H) * 0.4 + 0.3))
        below = H
    h0s = [rng.uniform(-0.9, 0.9, size=(B, H)) for H in sizes]
    return rng.normal(size=(T, B, D)), h0s, layers


def cases(rng):
    """Layers of several sizes, then each size that hides a slip; equal ones let others through."""
    yield plain(
        "T = 5 steps, B = 3, D = 4, layers of 6 and 2", *stacked_arguments(rng, 5, 3, 4, 6, 2)
    )
    yield plain(
        "T = 4, B = 2, D = 3, layers of 5, 6 and 7", *stacked_arguments(rng, 4, 2, 3, 5, 6, 7)
    )
    yield special("one layer", *stacked_arguments(rng, 4, 3, 2, 5))
    yield special("one step (T = 1)", *stacked_arguments(rng, 1, 3, 4, 2, 5))
    yield special("one sequence (B = 1)", *stacked_arguments(rng, 4, 1, 2, 3, 5))
    yield special("layers of one unit", *stacked_arguments(rng, 4, 3, 2, 1, 1))
    yield special("three layers, all with D units", *stacked_arguments(rng, 5, 2, 3, 3, 3, 3))


def layer_by_layer(X, h0s, layers):
    Hs = []
    below = X
    for h0, (U, W, b) in zip(h0s, layers, strict=True):
        h = h0
        H = []
        for x in below:
            h = np.tanh(x @ U.T + h @ W.T + b)
            H.append(h)
        below = np.array(H)
        Hs.append(below)
    return Hs


def step_by_step(X, h0s, layers):
    T, B, D = X.shape
    Hs = [np.zeros((T, B, len(b))) for U, W, b in layers]
    hs = list(h0s)
    for t in range(T):
        x = X[t]
        for l, (U, W, b) in enumerate(layers):
            hs[l] = np.tanh(x @ U.T + hs[l] @ W.T + b)
            Hs[l][t] = hs[l]
            x = hs[l]
    return Hs


def recursive(X, h0s, layers):
    if not layers:
        return []
    U, W, b = layers[0]
    H = np.einsum("tbd,hd->tbh", X, U) + b
    H[0] = np.tanh(H[0] + h0s[0] @ W.T)
    for t in range(1, len(H)):
        H[t] = np.tanh(H[t] + np.dot(H[t - 1], W.T))
    return [H] + recursive(H, h0s[1:], layers[1:])


EXERCISE = Exercise(
    name="stacked_forward",
    points=5,
    returns="Hs [H (T, B, H)]",
    reference=stacked_forward,
    cases=cases,
    alternatives=(layer_by_layer, step_by_step, recursive),
    mistakes=(
        Mistake(
            "all layers start from zero",
            edit(layer_by_layer, ("h = h0\n", "h = np.zeros_like(h0)\n")),
            "Each layer of yours starts from zero, whatever h0s holds.",
            "Which argument says where each layer starts?",
        ),
        Mistake(
            "upper layers start from zero",
            edit(layer_by_layer, ("h = h0\n", "h = h0 if not Hs else np.zeros_like(h0)\n")),
            "Your bottom layer is right; those above start from zero.",
            "How many first states are there in h0s?",
        ),
        Mistake(
            "one first state for all layers",
            edit(layer_by_layer, ("h = h0\n", "h = h0s[0]\n")),
            "Your bottom layer is right; those above start from its first state too. (With layers "
            "of other sizes NumPy complains.)",
            "Each layer keeps a memory of its own, and starts from its own h0.",
        ),
        Mistake(
            "first states in the wrong order",
            edit(layer_by_layer, ("zip(h0s, layers", "zip(h0s[::-1], layers")),
            "You give the first states to the layers from the top down. (With layers of other "
            "sizes NumPy complains.)",
            "h0s holds the bottom layer's first state first, as layers holds the bottom layer "
            "first.",
        ),
        Mistake(
            "a layer goes on where the one below ended",
            edit(
                layer_by_layer,
                ("    below = X\n", "    below = X\n    h = h0s[0]\n"),
                ("        h = h0\n", ""),
            ),
            "Your bottom layer is right; the next one starts from the last state of the layer "
            "below. (With layers of other sizes NumPy complains.)",
            "Each layer keeps a memory of its own, and starts from its own h0.",
        ),
        Mistake(
            "the state does not travel",
            edit(layer_by_layer, ("h = np.tanh(x @ U.T + h @", "h = np.tanh(x @ U.T + h0 @")),
            "Each step of yours starts from h0 again.",
            "Within a layer, what does step t get from step t − 1?",
        ),
        Mistake(
            "no recurrence",
            edit(layer_by_layer, (" + h @ W.T", "")),
            "Your states do not change when W or h0s does.",
            "Within a layer, what does step t get from step t − 1?",
        ),
        Mistake(
            "one array for all steps",
            edit(
                layer_by_layer,
                ("h = h0\n", "h = h0.copy()\n"),
                ("h = np.tanh(x", "h[:] = np.tanh(x"),
            ),
            "In each of your layers all steps hold the same state.",
            "`h[:] = …` writes into one array, and a list may hold that array many times.",
        ),
        Mistake(
            "no recurrence above",
            edit(step_by_step, ("hs[l] @ W.T", "(hs[l] if l == 0 else h0s[l]) @ W.T")),
            "Your bottom layer is right; in those above, the state does not travel: each step "
            "starts from h0 again.",
            "A layer above the bottom is recurrent too.",
        ),
        Mistake(
            "each layer reads X",
            edit(
                layer_by_layer,
                (
                    "        below = np.array(H)\n        Hs.append(below)",
                    "        Hs.append(np.array(H))",
                ),
            ),
            "Your bottom layer is right; those above read X again. (With another number of inputs "
            "NumPy complains.)",
            "Layers stand on top of one another: what is the input of the second one?",
        ),
        Mistake(
            "each layer reads the bottom one",
            edit(
                layer_by_layer,
                (
                    "below = np.array(H)\n        Hs.append(below)",
                    "below = np.array(H) if not Hs else Hs[0]\n        Hs.append(np.array(H))",
                ),
            ),
            "Your two bottom layers are right; the third one reads the bottom one again. (With "
            "another number of units NumPy complains.)",
            "Layers stand on top of one another: what is the input of the third one?",
        ),
        Mistake(
            "the layer below is heard one step late",
            edit(
                step_by_step,
                ("        x = X[t]\n", "        x = X[t]\n        before = list(hs)\n"),
                ("            x = hs[l]\n", "            x = before[l]\n"),
            ),
            "Your bottom layer is right; those above hear the layer below one step late.",
            "At step t, layer 2 reads what layer 1 has just made of x_t.",
        ),
        Mistake(
            "the layer below in reversed time",
            edit(
                layer_by_layer,
                (
                    "below = np.array(H)\n        Hs.append(below)",
                    "below = np.array(H)[::-1]\n        Hs.append(np.array(H))",
                ),
            ),
            "Your bottom layer is right; the one above reads it from its end.",
            "All layers go through time in the same direction.",
        ),
        Mistake(
            "only the last state goes up",
            edit(
                layer_by_layer,
                ("for x in below:", "for x in (below if not Hs else [below[-1]] * len(X)):"),
            ),
            "Your bottom layer is right; those above read its last state at every step.",
            "At step t, layer 2 reads layer 1's state at step t.",
        ),
        Mistake(
            "the bottom layer's weights everywhere",
            edit(
                layer_by_layer,
                ("        h = h0\n", "        h = h0\n        U, W, b = layers[0]\n"),
            ),
            "Your bottom layer is right; those above use its weights too. (With other sizes NumPy "
            "complains.)",
            "Each layer has its own U, W and b.",
        ),
        Mistake(
            "W for its transpose",
            edit(layer_by_layer, ("h @ W.T", "h @ W")),
            "Your W works the wrong way round: with one unit all is right.",
            "Row i of W collects what unit i receives. With sequences in rows, where does the "
            "transpose go?",
        ),
        Mistake(
            "no bias",
            edit(layer_by_layer, (" + b)", ")")),
            "Your states do not change when b does.",
            "What is added before tanh?",
        ),
        Mistake(
            "no tanh",
            edit(layer_by_layer, ("np.tanh(x @ U.T + h @ W.T + b)", "x @ U.T + h @ W.T + b")),
            "Your layers are linear: a stack of such can do no more than one.",
            "What stands between z and h?",
        ),
        Mistake(
            "tanh between the layers",
            edit(
                layer_by_layer,
                (
                    "below = np.array(H)\n        Hs.append(below)",
                    "below = np.tanh(np.array(H))\n        Hs.append(np.array(H))",
                ),
            ),
            "Your bottom layer is right; what goes up passes tanh once more.",
            "h is what tanh gave; the layer above reads it as it is.",
        ),
        Mistake(
            "top layer first",
            edit(layer_by_layer, ("return Hs", "return Hs[::-1]")),
            "The states are right; your list begins with the top layer.",
            "Bottom layer first, in every list.",
        ),
        Mistake(
            "only the top layer",
            edit(layer_by_layer, ("return Hs", "return below")),
            "You return the top layer's states alone.",
            "The states of all layers are asked for, in a list: the backward pass will need them.",
        ),
        Mistake(
            "a list of the top layer alone",
            edit(layer_by_layer, ("return Hs", "return [below]")),
            "You return the top layer's states alone, in a list.",
            "The states of all layers are asked for: the backward pass will need them.",
        ),
        Mistake(
            "X in the list",
            edit(layer_by_layer, ("return Hs", "return [X] + Hs")),
            "Your list begins with X, which is no layer's state.",
            "The list has as many elements as there are layers.",
        ),
        Mistake(
            "only last states",
            edit(layer_by_layer, ("return Hs", "return [H[-1] for H in Hs]")),
            "You return each layer's last state.",
            "The states of all steps are asked for.",
        ),
        Mistake(
            "the first states too",
            edit(
                layer_by_layer,
                (
                    "return Hs",
                    "return [np.concatenate([h0[None], H]) for h0, H in zip(h0s, Hs, strict=True)]",
                ),
            ),
            "You return T + 1 states of each layer: h0 stands in front.",
            "One state for each step is asked for.",
        ),
        Mistake(
            "writes into h0s",
            edit(step_by_step, ("hs = list(h0s)", "hs = h0s")),
            "The states are right, but what the caller's h0s holds is overwritten by last states.",
            "`hs = h0s` copies nothing, nor does `h = h0s[0]`: what you write into them, you write "
            "into your argument.",
        ),
    ),
)
