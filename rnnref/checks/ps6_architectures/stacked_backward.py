"""stacked_backward: the gradients of recurrent layers on top of one another (course row R27)."""

import numpy as np

from rnnref.checks.ps6_architectures.stacked_forward import stacked_arguments, stacked_forward
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.rnn import RNNCache, RNNParams
from rnnref.nets.rnn import rnn_backward as core


def stacked_backward(dH_top, X, Hs, h0s, layers):
    """The core's backward pass, from the top layer down; what a layer reads comes from below."""
    dH, inputs, dh0s, grads = dH_top, [X, *Hs[:-1]], [], []
    for below, H, h0, layer in reversed(list(zip(inputs, Hs, h0s, layers, strict=True))):
        states = np.concatenate([h0[None], H])
        dH, dh0, gradient = core(dH, RNNCache(RNNParams(*layer), below, states, None, "tanh"))
        dh0s.insert(0, dh0)
        grads.insert(0, tuple(gradient))
    return dH, dh0s, grads


def draw(rng, T, B, D, *sizes, last_only=False):
    """dH_top, X, Hs, h0s, layers of these sizes; drawn again while a gradient is tiny."""
    while True:
        X, h0s, layers = stacked_arguments(rng, T, B, D, *sizes)
        Hs = stacked_forward(X, h0s, layers)
        dH_top = rng.normal(size=Hs[-1].shape) * 3 + 1
        if last_only:
            dH_top[:-1] = 0
        args = dH_top, X, Hs, h0s, layers
        dX, dh0s, grads = stacked_backward(*args)
        gradients = dX, *dh0s, *(array for layer in grads for array in layer)
        if all(np.abs(gradient).max() > 0.05 for gradient in gradients):
            return args


def cases(rng):
    """Layers of several sizes, then each size that hides a slip; equal ones let others through."""
    yield plain("T = 5 steps, B = 3, D = 4, layers of 6 and 2", *draw(rng, 5, 3, 4, 6, 2))
    yield plain("T = 4, B = 2, D = 3, layers of 5, 6 and 7", *draw(rng, 4, 2, 3, 5, 6, 7))
    yield special("one layer", *draw(rng, 4, 3, 2, 5))
    yield special("one step (T = 1)", *draw(rng, 1, 3, 4, 2, 5))
    yield special("one sequence (B = 1)", *draw(rng, 4, 1, 2, 3, 5))
    yield special("layers of one unit", *draw(rng, 4, 3, 2, 1, 1))
    yield special("three layers, all with D units", *draw(rng, 5, 2, 3, 3, 3, 3))
    yield special("a loss at the last step only", *draw(rng, 5, 2, 3, 4, 6, last_only=True))


def layer_by_layer(dH_top, X, Hs, h0s, layers):
    T = len(X)
    dh0s = [None] * len(layers)
    grads = [None] * len(layers)
    dH = dH_top
    for l in reversed(range(len(layers))):
        U, W, b = layers[l]
        H = Hs[l]
        below = Hs[l - 1] if l > 0 else X
        dbelow = np.zeros_like(below)
        dU, dW, db = np.zeros_like(U), np.zeros_like(W), np.zeros_like(b)
        carry = np.zeros_like(h0s[l])
        for t in reversed(range(T)):
            before = H[t - 1] if t > 0 else h0s[l]
            dh = dH[t] + carry
            dz = dh * (1 - H[t] ** 2)
            dbelow[t] = dz @ U
            dU += dz.T @ below[t]
            dW += dz.T @ before
            db += dz.sum(axis=0)
            carry = dz @ W
        dh0s[l] = carry
        grads[l] = (dU, dW, db)
        dH = dbelow
    dX = dH
    return dX, dh0s, grads


def step_by_step(dH_top, X, Hs, h0s, layers):
    T, n = len(X), len(layers)
    dX = np.zeros(X.shape)
    carries = [0.0 * h0 for h0 in h0s]
    dUs, dWs, dbs = [[0.0 * layer[k] for layer in layers] for k in range(3)]
    for t in range(T - 1, -1, -1):
        dh = dH_top[t]
        for l in range(n - 1, -1, -1):
            U, W, b = layers[l]
            dz = (dh + carries[l]) * (1 - np.square(Hs[l][t]))
            x = X[t] if l == 0 else Hs[l - 1][t]
            dUs[l] += np.einsum("bi,bj->ij", dz, x)
            dWs[l] += np.einsum("bi,bj->ij", dz, Hs[l][t - 1] if t else h0s[l])
            dbs[l] += np.ones(len(dz)) @ dz
            carries[l] = np.dot(dz, W)
            dh = np.dot(dz, U)
        dX[t] = dh
    return [dX, carries, list(zip(dUs, dWs, dbs, strict=True))]


def recursive(dH_top, X, Hs, h0s, layers):
    if not layers:
        return dH_top, [], []
    *lower, (U, W, b) = layers
    below = Hs[-2] if lower else X
    dZ = dH_top * 1.0
    dh0 = np.zeros(h0s[-1].shape)
    for t in range(len(X))[::-1]:
        dZ[t] = (dZ[t] + dh0) * (1 - Hs[-1][t] * Hs[-1][t])
        dh0 = dZ[t] @ W
    before = np.concatenate([h0s[-1][None], Hs[-1][:-1]])
    dU = np.tensordot(dZ, below, axes=([0, 1], [0, 1]))
    dW = np.tensordot(dZ, before, axes=([0, 1], [0, 1]))
    dX, dh0s, grads = recursive(dZ @ U, X, Hs[:-1], h0s[:-1], lower)
    return dX, dh0s + [dh0], grads + [(dU, dW, dZ.sum(axis=(0, 1)))]


EXERCISE = Exercise(
    name="stacked_backward",
    points=10,
    returns="dX (T, B, D), dh0s [dh0 (B, H)], grads [dU (H, D), dW (H, H), db (H,)]",
    reference=stacked_backward,
    cases=cases,
    alternatives=(layer_by_layer, step_by_step, recursive),
    mistakes=(
        Mistake(
            "from the bottom up",
            edit(
                layer_by_layer,
                ("for l in reversed(range(len(layers))):", "for l in range(len(layers)):"),
            ),
            "You begin with the bottom layer; right for one layer only. (With layers of other "
            "sizes NumPy complains.)",
            "Whose gradient is dH_top, and which layer hears about the loss from which?",
        ),
        Mistake(
            "each layer gets dH_top",
            edit(
                layer_by_layer,
                ("            dh = dH[t] + carry\n", "            dh = dH_top[t] + carry\n"),
            ),
            "The top layer's gradients are right; those below it get dH_top, too, and nothing from "
            "the layer above. (With layers of other sizes NumPy complains.)",
            "A layer below the top hears about the loss only through the layer above it.",
        ),
        Mistake(
            "dH_top beside what comes from above",
            edit(
                layer_by_layer,
                ("        dH = dbelow\n", "        dH = dbelow + dH_top if l > 0 else dbelow\n"),
            ),
            "The top layer's gradients are right; those below it get dH_top on top of what comes "
            "from above. (With layers of other sizes NumPy complains.)",
            "A layer below the top hears about the loss only through the layer above it.",
        ),
        Mistake(
            "nothing goes down",
            edit(layer_by_layer, ("        dH = dbelow\n", "        dH = dbelow * 0\n")),
            "The top layer's gradients are right; nothing reaches the layers below it, nor X.",
            "The layer below hears about the loss through the layer above: what does that send "
            "down?",
        ),
        Mistake(
            "only the last step goes down",
            edit(
                layer_by_layer,
                (
                    "            dbelow[t] = dz @ U\n",
                    "            dbelow[t] = dz @ U if t == T - 1 else 0\n",
                ),
            ),
            "The top layer's gradients are right; to the layer below it only something at the last "
            "step is sent.",
            "At each step a layer reads the layer below.",
        ),
        Mistake(
            "what goes down is late",
            edit(
                layer_by_layer,
                (
                    "            dbelow[t] = dz @ U\n",
                    "            dbelow[t] = dz @ U\n        if l > 0:\n"
                    "            dbelow[1:], dbelow[0] = dbelow[:-1].copy(), 0\n",
                ),
            ),
            "The top layer's gradients are right; what it sends down at step t arrives in the "
            "layer below at step t + 1.",
            "At step t, layer 2 reads layer 1's state at step t.",
        ),
        Mistake(
            "what goes down is turned round in time",
            edit(
                layer_by_layer,
                ("dbelow = np.zeros_like(below)", "dbelow = []"),
                ("dbelow[t] = dz @ U", "dbelow.append(dz @ U)"),
                ("dH = dbelow", "dH = np.array(dbelow)"),
            ),
            "The top layer's gradients are right; what it sends down has the last step in front.",
            "The loop runs from the last step to the first; the list that it fills does so too.",
        ),
        Mistake(
            "what goes down jumps over tanh",
            edit(layer_by_layer, ("dbelow[t] = dz @ U", "dbelow[t] = dh @ U")),
            "The top layer's gradients are right; what each layer sends down jumps over its tanh.",
            "What a layer reads enters z, not h: which of the two gradients is sent to it?",
        ),
        Mistake(
            "the own loss only goes down",
            edit(
                layer_by_layer, ("dbelow[t] = dz @ U", "dbelow[t] = (dH[t] * (1 - H[t] ** 2)) @ U")
            ),
            "The top layer's gradients are right; what each layer sends down lacks what came back "
            "to it from later steps.",
            "Through h⁽²⁾_t the state h⁽¹⁾_t reaches the losses of later steps too.",
        ),
        Mistake(
            "what goes down passes W",
            edit(layer_by_layer, ("dbelow[t] = dz @ U", "dbelow[t] = dz @ W")),
            "What your layers send down passes W, which leads back in time. (With layers of other "
            "sizes NumPy complains.)",
            "By which matrix does a layer read the layer below?",
        ),
        Mistake(
            "what goes down does not pass U",
            edit(layer_by_layer, ("dbelow[t] = dz @ U", "dbelow[t] = dz")),
            "What your layers send down does not pass U. (With layers of other sizes NumPy "
            "complains.)",
            "From what a layer reads to z there is one more matrix.",
        ),
        Mistake(
            "what goes down has its U transposed",
            edit(layer_by_layer, ("dbelow[t] = dz @ U", "dbelow[t] = dz @ U.T")),
            "What your layers send down passes U the wrong way round. (With layers of other sizes "
            "NumPy complains.)",
            "dz has a column for each unit; with sequences in rows, where does U (H, D) lead?",
        ),
        Mistake(
            "what comes back goes on in the layer below",
            edit(
                layer_by_layer,
                (
                    "        carry = np.zeros_like(h0s[l])\n",
                    "        carry = np.zeros_like(h0s[l]) if dH is dH_top else carry\n",
                ),
            ),
            "The top layer's gradients are right; the layer below starts with what was left in "
            "your carry. (With layers of other sizes NumPy complains.)",
            "What comes back from the future is nothing at the last step, in each layer.",
        ),
        Mistake(
            "nothing comes back in time",
            edit(layer_by_layer, ("dh = dH[t] + carry", "dh = dH[t]")),
            "Right at the last step; at the others nothing of the later losses arrives.",
            "h_t influences the layer above, or the loss, at its own step, and its own layer's "
            "next state.",
        ),
        Mistake(
            "nothing comes back in time below the top",
            edit(
                layer_by_layer,
                ("dh = dH[t] + carry", "dh = dH[t] + (carry if l == len(layers) - 1 else 0)"),
            ),
            "The top layer's gradients are right; below it nothing comes back from later steps.",
            "What goes down is ∂L/∂h_t through the layer above only. What about the layer's own "
            "next state?",
        ),
        Mistake(
            "only the last loss",
            edit(layer_by_layer, ("dh = dH[t] + carry", "dh = dH[t] if t == T - 1 else carry")),
            "Right at the last step; what comes from above at the steps before it is not heard.",
            "Both arrive at each step: what comes from above, and what comes back from the future.",
        ),
        Mistake(
            "dH is added twice",
            edit(layer_by_layer, ("dh = dH[t] + carry", "dh = dH[t] + carry + dH[t]")),
            "What comes from above is added twice, in each of your layers.",
            "∂L/∂h_t has two parts: one from above, one from the future.",
        ),
        Mistake(
            "the carry piles up",
            edit(layer_by_layer, ("carry = dz @ W", "carry = carry + dz @ W")),
            "Right at the last two steps; before them, what came back once comes back again.",
            "What comes back from t + 1 already holds all that came later: it is replaced at each "
            "step, not added to.",
        ),
        Mistake(
            "the carry's W is transposed",
            edit(layer_by_layer, ("carry = dz @ W", "carry = dz @ W.T")),
            "Right at the last step; what comes back to the others passes W the wrong way round.",
            "Going back, signals run along the same wires in reverse: if only unit 0 hears unit 1 "
            "(W[0, 1]), which unit of the step before gets a gradient?",
        ),
        Mistake(
            "what comes back jumps over tanh",
            edit(layer_by_layer, ("carry = dz @ W", "carry = dh @ W")),
            "Right at the last step; what comes back to the others jumps over a tanh.",
            "h_t enters z_{t+1}, not h_{t+1}: which of the two gradients is sent back?",
        ),
        Mistake(
            "time runs forward",
            edit(layer_by_layer, ("for t in reversed(range(T))", "for t in range(T)")),
            "What you add at step t comes from step t − 1: your way back goes forward in time.",
            "What must be known before dh_t is what happened after t.",
        ),
        Mistake(
            "tanh is not passed",
            edit(layer_by_layer, (" * (1 - H[t] ** 2)", "")),
            "Your gradients are those of linear layers.",
            "On the way forward z passes through tanh to become h. What does that do backwards?",
        ),
        Mistake(
            "tanh is passed in the top layer only",
            edit(
                layer_by_layer,
                (" * (1 - H[t] ** 2)", " * (1 - H[t] ** 2 if l == len(layers) - 1 else 1)"),
            ),
            "The top layer's gradients are right; in those below it tanh is not passed.",
            "Each layer has its own tanh.",
        ),
        Mistake(
            "tanh once too often",
            edit(layer_by_layer, ("1 - H[t] ** 2", "1 - np.tanh(H[t]) ** 2")),
            "In your slopes tanh was applied once too often.",
            "tanh′(z) = 1 − tanh²(z), and tanh(z) is h already.",
        ),
        Mistake(
            "1 − h for the slope",
            edit(layer_by_layer, ("1 - H[t] ** 2", "1 - H[t]")),
            "The slope of your tanh is 1 − h.",
            "Compare your slope with tanh′(z), symbol by symbol.",
        ),
        Mistake(
            "only what comes back passes tanh",
            edit(
                layer_by_layer,
                ("dz = dh * (1 - H[t] ** 2)", "dz = dH[t] + carry * (1 - H[t] ** 2)"),
            ),
            "What comes back from later steps passes your tanh; what comes from above does not.",
            "Both arrive at h_t. (Is a bracket missing?)",
        ),
        Mistake(
            "only what comes from above passes tanh",
            edit(
                layer_by_layer,
                ("dz = dh * (1 - H[t] ** 2)", "dz = dH[t] * (1 - H[t] ** 2) + carry"),
            ),
            "What comes from above passes your tanh; what comes back from later steps does not.",
            "Both arrive at h_t. (Is a bracket missing?)",
        ),
        Mistake(
            "the slopes of the layer below",
            edit(layer_by_layer, ("1 - H[t] ** 2", "1 - below[t] ** 2")),
            "Your slopes are taken from what a layer reads. (With other sizes NumPy complains.)",
            "z went through tanh and became the layer's own h: how steep was it there?",
        ),
        Mistake(
            "each dU from X",
            edit(layer_by_layer, ("dU += dz.T @ below[t]", "dU += dz.T @ X[t]")),
            "In your dU each layer reads X. (With other sizes NumPy complains.)",
            "What did U multiply in the layers above the bottom?",
        ),
        Mistake(
            "dU from the layer's own states",
            edit(layer_by_layer, ("dU += dz.T @ below[t]", "dU += dz.T @ H[t]")),
            "In your dU each layer reads its own states. (With other sizes NumPy complains.)",
            "What did U multiply?",
        ),
        Mistake(
            "dU from the layer below, one step before",
            edit(
                layer_by_layer,
                ("dU += dz.T @ below[t]", "dU += dz.T @ below[t - 1] if t or not l else 0"),
            ),
            "All but dU is right: each goes with what its layer reads one step before.",
            "U multiplied what the layer read at the same step.",
        ),
        Mistake(
            "the state after the step in dW",
            edit(layer_by_layer, ("dW += dz.T @ before", "dW += dz.T @ H[t]")),
            "All but dW is right.",
            "Which state did W multiply at step t?",
        ),
        Mistake(
            "h0 is not in dW",
            edit(layer_by_layer, ("dW += dz.T @ before", "dW += dz.T @ before * (t > 0)")),
            "All but dW is right: the first step's part is missing.",
            "W multiplies a state at the first step too.",
        ),
        Mistake(
            "the last state in dW",
            edit(layer_by_layer, ("H[t - 1] if t > 0 else h0s[l]", "H[t - 1]")),
            "All but dW is right: at the first step it takes each layer's last state.",
            "In Python, index −1 is no error: it is the last entry.",
        ),
        Mistake(
            "one step's gradients only",
            edit(layer_by_layer, ("dU += ", "dU = "), ("dW += ", "dW = "), ("db += ", "db = ")),
            "dX and dh0s are right; dU, dW and db hold the first step's part alone.",
            "The same weights are used at every step, so T parts come together.",
        ),
        Mistake(
            "dh0s are those of h_1",
            edit(layer_by_layer, ("dh0s[l] = carry", "dh0s[l] = dh")),
            "All is right but dh0s, which holds ∂L/∂h_1 of each layer.",
            "From h_1 to h_0 there is one more step back.",
        ),
        Mistake(
            "dh0s stop before W",
            edit(layer_by_layer, ("dh0s[l] = carry", "dh0s[l] = dz")),
            "All is right but dh0s, which holds ∂L/∂z_1 of each layer.",
            "How does h_0 enter z_1?",
        ),
        Mistake(
            "the top layer's dX",
            edit(
                layer_by_layer,
                (
                    "        dH = dbelow\n",
                    "        dH = dbelow\n        if l == len(layers) - 1:\n            dX = dH\n",
                ),
                ("    dX = dH\n    return", "    return"),
            ),
            "The layers' gradients are right; your dX is what the top layer sends down to the one "
            "below it.",
            "X is what the bottom layer reads.",
        ),
        Mistake(
            "top layer first",
            edit(layer_by_layer, ("return dX, dh0s, grads", "return dX, dh0s[::-1], grads[::-1]")),
            "The numbers are right; your lists begin with the top layer.",
            "Bottom layer first, in every list. The loop runs the other way: where in the list "
            "does each result belong?",
        ),
        Mistake(
            "top layer first in grads",
            edit(layer_by_layer, ("return dX, dh0s, grads", "return dX, dh0s, grads[::-1]")),
            "The numbers are right; your list grads begins with the top layer.",
            "Bottom layer first, in every list. The loop runs the other way: where in the list "
            "does each result belong?",
        ),
        Mistake(
            "top layer first in dh0s",
            edit(layer_by_layer, ("return dX, dh0s, grads", "return dX, dh0s[::-1], grads")),
            "The numbers are right; your list dh0s begins with the top layer.",
            "Bottom layer first, in every list. The loop runs the other way: where in the list "
            "does each result belong?",
        ),
        Mistake(
            "only the top layer",
            edit(layer_by_layer, ("return dX, dh0s, grads", "return dX, dh0s[-1:], grads[-1:]")),
            "Your lists hold the top layer's gradients alone.",
            "Each list has as many elements as there are layers.",
        ),
        Mistake(
            "only the bottom layer",
            edit(layer_by_layer, ("return dX, dh0s, grads", "return dX, dh0s[:1], grads[:1]")),
            "Your lists hold the bottom layer's gradients alone.",
            "Each list has as many elements as there are layers.",
        ),
        Mistake(
            "a list for each letter",
            edit(
                layer_by_layer,
                (
                    "return dX, dh0s, grads",
                    "return dX, dh0s, [list(arrays) for arrays in zip(*grads, strict=True)]",
                ),
            ),
            "Your grads holds a list of all dU, one of all dW and one of all db.",
            "One element for each layer is asked for: (dU, dW, db).",
        ),
        Mistake(
            "db is a mean",
            edit(layer_by_layer, ("dz.sum(axis=0)", "dz.mean(axis=0)")),
            "All is right but db, which is divided by the number of sequences.",
            "b is added for every sequence, and the parts are summed as those of U and W are.",
        ),
        Mistake(
            "divided by the number of sequences",
            edit(
                layer_by_layer,
                (
                    "grads[l] = (dU, dW, db)",
                    "grads[l] = (dU / len(dz), dW / len(dz), db / len(dz))",
                ),
            ),
            "dX and dh0s are right; dU, dW and db are means over the minibatch.",
            "Here the parts of the sequences are summed; dH_top says already what each counts.",
            convention=True,
        ),
        Mistake(
            "all divided by the number of sequences",
            edit(layer_by_layer, ("dH = dH_top\n", "dH = dH_top / X.shape[1]\n")),
            "All your gradients are divided by the number of sequences.",
            "Nothing is divided here; dH_top says already what each sequence counts.",
            convention=True,
        ),
        Mistake(
            "writes into dH_top",
            edit(recursive, ("dZ = dH_top * 1.0", "dZ = dH_top")),
            "The gradients are right, but your function changes its argument dH_top.",
            "`dZ[t] = …` writes into the array that you were given: work on a copy.",
        ),
    ),
)
