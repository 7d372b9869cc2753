"""char_loss: a character model over a padded minibatch (course rows R16, R18, R20)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.losses.cross_entropy import softmax_cross_entropy
from rnnref.nets.dense import DenseParams, dense_backward, dense_forward
from rnnref.nets.embedding import one_hot
from rnnref.nets.rnn import RNNParams, rnn_backward, rnn_forward


def char_loss(ids, targets, weights, h0, U, W, V, b, c):
    """The core's network, unmasked: `weights` are the loss's mask only, and hold no state."""
    h, hT, states = rnn_forward(RNNParams(U, W, b), one_hot(ids, U.shape[1]), h0)
    o, readout = dense_forward(DenseParams(V, c), h)
    loss, do = softmax_cross_entropy(o, targets, mask=weights > 0)
    dh, (dV, dc) = dense_backward(do, readout)
    _, _, (dU, dW, db) = rnn_backward(dh, states)
    return loss, dU, dW, dV, db, dc, hT


def draw(rng, T, B, K, H, weights=None):
    """All arguments, random; in each step two sequences, if there are two, read the same letter."""
    ids = rng.integers(K, size=(T, B))
    ids[:, -1] = ids[:, 0]
    return (
        ids,
        rng.integers(K, size=(T, B)),
        np.ones((T, B)) if weights is None else weights,
        rng.normal(size=(B, H)) * 0.6,
        rng.normal(size=(H, K)) * 0.8,
        rng.normal(size=(H, H)) * 0.9 / np.sqrt(H),
        rng.normal(size=(K, H)) * 0.9,
        rng.normal(size=H) * 0.4 + 0.2,
        rng.normal(size=K) * 0.7,
    )


def until(lengths, T):
    """Weights of texts of these lengths: 1 up to each text's end, then 0."""
    return (np.arange(T)[:, None] < np.array(lengths)).astype(float)


def with_gaps(rng, T, B):
    """Weights in any pattern: about a third 0, in each sequence its second step is."""
    weights = (rng.random((T, B)) < 0.7).astype(float)
    weights[1], weights[2] = 0.0, 1.0
    return weights


def cases(rng):
    """Texts of several lengths, all shorter than T; gaps; sizes and scores at the edge."""
    yield plain(
        "T = 6 steps, B = 3 texts of lengths 3, 5 and 2, 5 letters, H = 4",
        *draw(rng, 6, 3, 5, 4, until([3, 5, 2], 6)),
    )
    yield plain(
        "T = 5, B = 4, 3 letters, H = 6, padding anywhere",
        *draw(rng, 5, 4, 3, 6, with_gaps(rng, 5, 4)),
    )
    yield special("no padding", *draw(rng, 4, 2, 5, 3))
    yield special("one step (T = 1)", *draw(rng, 1, 4, 5, 3))
    yield special("one text (B = 1)", *draw(rng, 5, 1, 4, 3, with_gaps(rng, 5, 1)))
    yield special("one unit (H = 1)", *draw(rng, 4, 3, 5, 1, until([2, 4, 1], 4)))
    yield special("as many letters as units", *draw(rng, 5, 2, 3, 3, until([2, 4], 5)))
    ids, targets, weights, h0, U, W, V, b, c = draw(rng, 4, 3, 5, 2)
    targets[:2, 1] = 4
    c[4] = -30.0
    yield special(
        "two predictions that are sure and wrong", ids, targets, weights, h0, U, W, V, b, c
    )


def steps(ids, targets, weights, h0, U, W, V, b, c):
    T, B = ids.shape
    h, p = {-1: h0}, {}
    loss = 0.0
    for t in range(T):
        h[t] = np.tanh(U[:, ids[t]].T + h[t - 1] @ W.T + b)
        o = h[t] @ V.T + c
        e = np.exp(o - o.max(axis=1, keepdims=True))
        p[t] = e / e.sum(axis=1, keepdims=True)
        losses = -np.log(p[t][np.arange(B), targets[t]])
        loss += np.sum(weights[t] * losses) / B
    dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
    db, dc = np.zeros_like(b), np.zeros_like(c)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(T)):
        do = p[t].copy()
        do[np.arange(B), targets[t]] -= 1
        do *= weights[t][:, None] / B
        dV += do.T @ h[t]
        dc += do.sum(axis=0)
        dh = do @ V + dh_next
        dz = dh * (1 - h[t] ** 2)
        np.add.at(dU.T, ids[t], dz)
        dW += dz.T @ h[t - 1]
        db += dz.sum(axis=0)
        dh_next = dz @ W
    return loss, dU, dW, dV, db, dc, h[T - 1]


def sequences(ids, targets, weights, h0, U, W, V, b, c):
    (T, B), loss, last = ids.shape, 0.0, []
    dU, dW, dV, db, dc = (np.zeros(array.shape) for array in (U, W, V, b, c))
    for n in range(B):
        states, outputs, letters = [h0[n]], [], np.eye(U.shape[1])[ids[:, n]]
        for t in range(T):
            states.append(np.tanh(np.dot(U, letters[t]) + np.dot(W, states[t]) + b))
            scores = np.exp(np.dot(V, states[t + 1]) + c)
            outputs.append(scores / np.sum(scores))
            loss -= weights[t, n] * np.log(outputs[t][targets[t, n]])
        carried = np.zeros(len(b))
        for t in range(T - 1, -1, -1):
            do = np.copy(outputs[t])
            do[targets[t, n]] -= 1
            do = do * weights[t, n]
            dz = (np.dot(V.T, do) + carried) * (1 - states[t + 1] ** 2)
            carried = np.dot(W.T, dz)
            dV += np.outer(do, states[t + 1])
            dc += do
            dU += np.outer(dz, letters[t])
            dW += np.outer(dz, states[t])
            db += dz
        last.append(states[T])
    return loss / B, dU / B, dW / B, dV / B, db / B, dc / B, np.array(last)


def whole(ids, targets, weights, h0, U, W, V, b, c):
    T, B = ids.shape
    X, Y = np.eye(U.shape[1])[ids], np.eye(len(c))[targets]
    H = np.empty((T + 1, B, len(b)))
    H[0] = h0
    for t in range(T):
        H[t + 1] = np.tanh(X[t] @ U.T + H[t] @ W.T + b)
    O = np.einsum("tbh,kh->tbk", H[1:], V) + c
    O = O - O.max(axis=2, keepdims=True)
    log_p = O - np.log(np.exp(O).sum(axis=2, keepdims=True))
    loss = -np.einsum("tbk,tbk,tb->", Y, log_p, weights) / B
    dO = (np.exp(log_p) - Y) * weights[:, :, None] / B
    dZ = np.einsum("tbk,kh->tbh", dO, V)
    dh_next = np.zeros((B, len(b)))
    for t in range(T)[::-1]:
        dZ[t] = (dZ[t] + dh_next) * (1 - H[t + 1] ** 2)
        dh_next = dZ[t] @ W
    dU = np.einsum("tbh,tbd->hd", dZ, X)
    dW = np.einsum("tbi,tbj->ij", dZ, H[:-1])
    dV = np.einsum("tbk,tbh->kh", dO, H[1:])
    return [loss, dU, dW, dV, dZ.sum(axis=(0, 1)), dO.sum(axis=(0, 1)), H[-1].copy()]


EXERCISE = Exercise(
    name="char_loss",
    points=20,
    returns="loss, dU (H, K), dW (H, H), dV (K, H), db (H,), dc (K,), hT (B, H)",
    reference=char_loss,
    cases=cases,
    alternatives=(steps, sequences, whole),
    mistakes=(
        Mistake(
            "reads the targets",
            edit(steps, ("U[:, ids[t]]", "U[:, targets[t]]"), ("dU.T, ids[t]", "dU.T, targets[t]")),
            "Your network reads the letters that it is to predict; exchange ids for other letters, "
            "and nothing of yours changes.",
            "Which of the two arrays does the network see, and which one does only the loss see?",
        ),
        Mistake(
            "starts from zero",
            edit(steps, ("{-1: h0}", "{-1: np.zeros_like(h0)}")),
            "Your network starts from zero, whatever h0 is.",
            "In training, h0 is the state with which the last minibatch ended.",
        ),
        Mistake(
            "W for its transpose",
            edit(
                steps,
                ("h[t - 1] @ W.T", "h[t - 1] @ W"),
                ("dz @ W", "dz @ W.T"),
                ("dW += dz.T @ h[t - 1]", "dW += h[t - 1].T @ dz"),
            ),
            "Your W works the wrong way round, forwards and backwards: see hT.",
            "Row i of W collects what unit i receives. With sequences in rows, where does the "
            "transpose go?",
        ),
        Mistake(
            "W for its transpose on the way forward",
            edit(steps, ("h[t - 1] @ W.T", "h[t - 1] @ W")),
            "On the way forward your W works the wrong way round: see hT.",
            "Row i of W collects what unit i receives. With sequences in rows, where does the "
            "transpose go?",
        ),
        Mistake(
            "b missing",
            edit(steps, (".T + h[t - 1] @ W.T + b)", ".T + h[t - 1] @ W.T)")),
            "Your states do not change when b does.",
            "What is added before tanh?",
        ),
        Mistake(
            "c missing",
            edit(steps, ("h[t] @ V.T + c", "h[t] @ V.T")),
            "Your states are right; your loss does not change when c does.",
            "What is added to the scores?",
        ),
        Mistake(
            "padding holds the state",
            edit(
                steps,
                (
                    "+ h[t - 1] @ W.T + b)\n",
                    "+ h[t - 1] @ W.T + b)\n        on = weights[t][:, None]\n"
                    "        h[t] = on * h[t] + (1 - on) * h[t - 1]\n",
                ),
                ("        np.add.at", "        on = weights[t][:, None]\n        np.add.at"),
                ("* (1 - h[t] ** 2)", "* (1 - h[t] ** 2) * weights[t][:, None]"),
                ("dh_next = dz @ W", "dh_next = dz @ W + (1 - on) * dh"),
            ),
            "Where weights are 0 your state stands still. That is a mask, and another exercise: "
            "here the recurrence runs on, and hT is the state after the last step.",
            "The weights multiply one thing only. Which?",
        ),
        Mistake(
            "padding sets the state to zero",
            edit(
                steps,
                (
                    "h[t] = np.tanh(U[:, ids[t]].T + h[t - 1] @ W.T + b)",
                    "h[t] = np.tanh(U[:, ids[t]].T + h[t - 1] @ W.T + b) * weights[t][:, None]",
                ),
                ("* (1 - h[t] ** 2)", "* (1 - h[t] ** 2) * weights[t][:, None]"),
            ),
            "Where weights are 0 your state is 0; here the recurrence runs on.",
            "The weights multiply one thing only. Which?",
        ),
        Mistake(
            "padding reads nothing",
            edit(
                steps,
                ("U[:, ids[t]].T + h", "U[:, ids[t]].T * weights[t][:, None] + h"),
                ("ids[t], dz)", "ids[t], dz * weights[t][:, None])"),
            ),
            "Where weights are 0 your network reads no letter; here it reads on.",
            "The weights multiply one thing only. Which?",
        ),
        Mistake(
            "the state where each text ends",
            edit(
                steps,
                ("dc, h[T - 1]", "dc, hT"),
                (
                    "    dU, dW, dV =",
                    "    ends = [max(np.flatnonzero(w)) if w.any() else T - 1 for w in weights.T]\n"
                    "    hT = np.array([h[t][n] for n, t in enumerate(ends)])\n    dU, dW, dV =",
                ),
            ),
            "Loss and gradients are right; your hT is the state at each text's last counted step.",
            "The recurrence runs on through the padding: after how many steps is it hT?",
        ),
        Mistake(
            "one target late",
            edit(
                steps,
                ("p[t][np.arange(B), targets[t]]", "p[t][np.arange(B), targets[t - 1]]"),
                ("do[np.arange(B), targets[t]]", "do[np.arange(B), targets[t - 1]]"),
            ),
            "You compare the scores of step t with the target of step t − 1, and the first with "
            "the last of all.",
            "ids and targets are shifted against each other already: targets[t] belongs to ids[t].",
        ),
        Mistake(
            "one target early",
            edit(
                steps,
                ("p[t][np.arange(B), targets[t]]", "p[t][np.arange(B), targets[(t + 1) % T]]"),
                ("do[np.arange(B), targets[t]]", "do[np.arange(B), targets[(t + 1) % T]]"),
            ),
            "You compare the scores of step t with the target of step t + 1.",
            "ids and targets are shifted against each other already: targets[t] belongs to ids[t].",
        ),
        Mistake(
            "the input for the target",
            edit(
                steps,
                ("p[t][np.arange(B), targets[t]]", "p[t][np.arange(B), ids[t]]"),
                ("do[np.arange(B), targets[t]]", "do[np.arange(B), ids[t]]"),
            ),
            "Your model is to predict the letter that it has just read; exchange targets for other "
            "letters, and nothing of yours changes.",
            "What should have a high probability after ids[t] has been read?",
        ),
        Mistake(
            "softmax over the minibatch",
            edit(
                steps,
                ("o - o.max(axis=1, keepdims=True)", "o - o.max(axis=0, keepdims=True)"),
                ("e.sum(axis=1, keepdims=True)", "e.sum(axis=0, keepdims=True)"),
            ),
            "Your probabilities add up to 1 over the sequences, not over the letters.",
            "Which axis of the scores holds the letters?",
        ),
        Mistake(
            "softmax over all scores of a step",
            edit(
                steps,
                ("o - o.max(axis=1, keepdims=True)", "o - o.max()"),
                ("e.sum(axis=1, keepdims=True)", "e.sum()"),
            ),
            "In yours all scores of a step share one softmax; each sequence needs its own.",
            "Over which axis should the probabilities add up to 1?",
        ),
        Mistake(
            "weights on the scores",
            edit(
                steps,
                ("o = h[t] @ V.T + c", "o = (h[t] @ V.T + c) * weights[t][:, None]"),
                ("np.sum(weights[t] * losses)", "np.sum(losses)"),
                ("do *= weights[t][:, None] / B", "do /= B"),
                ("dh = do @ V", "do *= weights[t][:, None]\n        dh = do @ V"),
                ("        dV += do.T @ h[t]\n        dc += do.sum(axis=0)\n", ""),
                (
                    "        dz = dh",
                    "        dV += do.T @ h[t]\n        dc += do.sum(axis=0)\n        dz = dh",
                ),
            ),
            "In yours padding has the scores 0, and so still costs log K.",
            "A score of 0 is a probability of 1/K, no silence. What should the weights multiply?",
        ),
        Mistake(
            "weights not used",
            edit(
                steps,
                ("np.sum(weights[t] * losses)", "np.sum(losses)"),
                ("do *= weights[t][:, None] / B", "do /= B"),
            ),
            "Your padding counts like text: set all weights to 0, and your loss stays.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "weights in the gradient only",
            edit(steps, ("np.sum(weights[t] * losses)", "np.sum(losses)")),
            "Your gradients are right; in your loss padding counts like text.",
            "The gradients should be those of the loss that you return.",
        ),
        Mistake(
            "weights in the loss only",
            edit(steps, ("do *= weights[t][:, None] / B", "do /= B")),
            "Your loss is right; in your gradients padding counts like text.",
            "The gradients should be those of the loss that you return.",
        ),
        Mistake(
            "a sum for the mean over the minibatch",
            edit(
                steps,
                ("np.sum(weights[t] * losses) / B", "np.sum(weights[t] * losses)"),
                ("do *= weights[t][:, None] / B", "do *= weights[t][:, None]"),
            ),
            "Right, if losses were summed over the sequences: yours grow with B.",
            "Sum over time, mean over the minibatch.",
            convention=True,
        ),
        Mistake(
            "divided by the number of letters that count",
            edit(
                steps,
                (
                    "np.sum(weights[t] * losses) / B",
                    "np.sum(weights[t] * losses) / np.sum(weights)",
                ),
                ("weights[t][:, None] / B", "weights[t][:, None] / np.sum(weights)"),
            ),
            "Right, as a mean over the letters that count; here losses are summed over time.",
            "Sum over time, mean over the minibatch: what is the only size to divide by?",
            convention=True,
        ),
        Mistake(
            "divided by T · B",
            edit(
                steps,
                ("np.sum(weights[t] * losses) / B", "np.sum(weights[t] * losses) / (T * B)"),
                ("weights[t][:, None] / B", "weights[t][:, None] / (T * B)"),
            ),
            "Your loss and your gradients are too small by the factor T: longer padding makes them "
            "smaller still.",
            "Sum over time, mean over the minibatch: what is the only size to divide by?",
        ),
        Mistake(
            "a mean for each text",
            edit(
                steps,
                (
                    "np.sum(weights[t] * losses) / B",
                    "np.sum(weights[t] * losses / weights.sum(axis=0)) / B",
                ),
                ("weights[t][:, None] / B", "(weights[t] / weights.sum(axis=0))[:, None] / B"),
            ),
            "You divide each text's loss by its length: letters of short texts weigh more.",
            "Sum over time, mean over the minibatch.",
        ),
        Mistake(
            "only the loss is divided",
            edit(steps, ("do *= weights[t][:, None] / B", "do *= weights[t][:, None]")),
            "Your loss is right, and all your gradients are B times what they should be.",
            "The gradients should be those of the loss that you return.",
        ),
        Mistake(
            "divided twice",
            edit(steps, ("dh = do @ V + dh_next", "dh = do @ V / B + dh_next")),
            "Loss, dV and dc are right; dU, dW and db are divided by B once too often.",
            "At which one place does 1/B enter on the way back?",
        ),
        Mistake(
            "only the gradients are divided",
            edit(steps, ("np.sum(weights[t] * losses) / B", "np.sum(weights[t] * losses)")),
            "Your gradients are right, and your loss is B times what it should be.",
            "The gradients should be those of the loss that you return.",
        ),
        Mistake(
            "bits for nats",
            edit(steps, ("losses = -np.log(", "losses = -np.log2(")),
            "Your loss is in bits, your gradients are those of a loss in nats.",
            "Which logarithm has the derivative 1/p?",
        ),
        Mistake(
            "a small number inside the logarithm",
            edit(steps, ("targets[t]])\n        loss", "targets[t]] + 1e-8)\n        loss")),
            "Your loss has a ceiling: a prediction can be so wrong that it costs more.",
            "What do you add to the probability before taking its logarithm, and what is it "
            "for? log p can be had from the scores without computing p.",
        ),
        Mistake(
            "the target is not subtracted",
            edit(steps, ("        do[np.arange(B), targets[t]] -= 1\n", "")),
            "Your loss is right; the rows of your ∂L/∂o add up to something else than 0, as dc "
            "shows.",
            "The same number added to all scores of a step changes nothing: what must ∂L/∂o add "
            "up to?",
        ),
        Mistake(
            "the wrong sign",
            edit(steps, ("do *= weights[t][:, None] / B", "do *= -weights[t][:, None] / B")),
            "Your loss is right, and all your gradients point the other way.",
            "Should the score of the right letter rise or fall, so that the loss falls?",
        ),
        Mistake(
            "the softmax differentiated twice",
            edit(
                steps,
                (
                    "do *= weights[t][:, None] / B",
                    "do *= p[t] * (1 - p[t]) * weights[t][:, None] / B",
                ),
            ),
            "Your loss is right; a factor p (1 − p) too much stands in your ∂L/∂o.",
            "ŷ − y is the derivative by the scores already, softmax included.",
        ),
        Mistake(
            "the gradient of the last step only",
            edit(
                steps,
                ("dh = do @ V + dh_next", "dh = (do @ V if t == T - 1 else 0) + dh_next"),
            ),
            "Loss, dV and dc are right; only the last step's loss reaches your dU, dW and db.",
            "Every step has a loss of its own.",
        ),
        Mistake(
            "nothing comes back from later steps",
            edit(steps, ("dh = do @ V + dh_next", "dh = do @ V")),
            "dV and dc are right; in your dU, dW and db h_t reaches the loss at its own step only.",
            "h_t influences the loss in two ways: now, and through h_{t+1}.",
        ),
        Mistake(
            "nothing comes back through padding",
            edit(steps, ("* (1 - h[t] ** 2)", "* (1 - h[t] ** 2) * weights[t][:, None]")),
            "Padding at the end does no harm; at a gap your gradient stops, though the state has "
            "run on through it.",
            "Where weights are 0 the step has no loss of its own, but later steps have.",
        ),
        Mistake(
            "back through the transpose",
            edit(steps, ("dh_next = dz @ W", "dh_next = dz @ W.T")),
            "Loss, dV and dc are right; on the way back your W works the wrong way round.",
            "Signals run the same wires in reverse: what multiplied h_{t−1} by rows goes back by "
            "columns.",
        ),
        Mistake(
            "what comes back piles up",
            edit(steps, ("dh_next = dz @ W", "dh_next = dh_next + dz @ W")),
            "Loss, dV and dc are right; what one step sends back stays in what the next one sends.",
            "h̄_{t−1} hears of z̄_t alone: later steps have their say in it already.",
        ),
        Mistake(
            "tanh is not differentiated",
            edit(steps, ("dz = dh * (1 - h[t] ** 2)", "dz = dh")),
            "Loss, dV and dc are right; your dU, dW and db are those of linear units.",
            "You passed through tanh on the way forward; did you on the way back?",
        ),
        Mistake(
            "tanh twice in its derivative",
            edit(steps, ("(1 - h[t] ** 2)", "(1 - np.tanh(h[t]) ** 2)")),
            "Loss, dV and dc are right; your dU, dW and db are slightly off: tanh′ is taken in the "
            "wrong place.",
            "1 − tanh² is the derivative at z; h is tanh z already.",
        ),
        Mistake(
            "repeated letters count once",
            edit(steps, ("np.add.at(dU.T, ids[t], dz)", "dU[:, ids[t]] += dz.T")),
            "All but dU is right: where two sequences read the same letter in one step, only one "
            "of them arrives.",
            "`a[[2, 2]] += 1` adds once: NumPy computes both sums first and stores the last one.",
        ),
        Mistake(
            "the state after the step in dW",
            edit(steps, ("dW += dz.T @ h[t - 1]", "dW += dz.T @ h[t]")),
            "All but dW is right.",
            "Which state did W multiply at step t?",
        ),
        Mistake(
            "h0 missing in dW",
            edit(steps, ("dW += dz.T @ h[t - 1]", "dW += dz.T @ h[t - 1] if t else 0")),
            "All but dW is right: the first step's part is missing.",
            "The first step has a previous state too.",
        ),
        Mistake(
            "dW transposed",
            edit(steps, ("dW += dz.T @ h[t - 1]", "dW += h[t - 1].T @ dz")),
            "All but dW is right, and dW is transposed.",
            "dW[i, j] belongs to the weight from unit j to unit i.",
        ),
        Mistake(
            "one step's gradients only",
            edit(
                steps,
                ("        np.add.at(dU.T", "        dU[:] = 0\n        np.add.at(dU.T"),
                ("dW += ", "dW = "),
                ("db += ", "db = "),
                ("dV += ", "dV = "),
                ("dc += ", "dc = "),
            ),
            "Your gradients are those of the first step alone: each pass of the loop replaces what "
            "came before.",
            "The same weights were used T times; how many contributions are in your sums?",
        ),
        Mistake(
            "back in the wrong order",
            edit(steps, ("for t in reversed(range(T))", "for t in range(T)")),
            "Loss, dV and dc are right; your way back starts at the first step.",
            "What h_t gets back comes from step t + 1: which one must be done before?",
        ),
        Mistake(
            "a mean in db and dc",
            edit(
                steps,
                ("db += dz.sum(axis=0)", "db += dz.mean(axis=0)"),
                ("dc += do.sum(axis=0)", "dc += do.mean(axis=0)"),
            ),
            "All but db and dc is right: they are too small by the factor B.",
            "1/B has entered already; every sequence adds its part to a bias.",
        ),
        Mistake(
            "the first state for the last",
            edit(steps, ("dc, h[T - 1]", "dc, h[-1]")),
            "Loss and gradients are right; your hT is h0.",
            "In a list, h[-1] is the last one; what is it in yours?",
        ),
        Mistake(
            "writes into h0",
            edit(
                steps,
                ("    return loss,", "    h0[:] = h[T - 1]\n    return loss,"),
            ),
            "All numbers are right, but the caller's h0 is overwritten by the last state.",
            "hT is returned; h0 belongs to the caller.",
        ),
    ),
)
