"""seq2seq_loss: an encoder–decoder's loss and gradients, teacher-forced (course row R30)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.losses.cross_entropy import softmax_cross_entropy
from rnnref.nets.dense import DenseParams, dense_backward, dense_forward
from rnnref.nets.embedding import one_hot
from rnnref.nets.rnn import RNNParams, rnn_backward, rnn_forward
from rnnref.nets.sequences import lengths_to_mask


def seq2seq_loss(src, src_lengths, tgt, tgt_lengths, p):
    """Two of the core's networks: the mask holds the encoder's state through the padding."""
    encoder = RNNParams(p["Ue"], p["We"], p["be"])
    decoder = RNNParams(p["Ud"], p["Wd"], p["bd"])
    valid, counted = lengths_to_mask(src_lengths, len(src)), lengths_to_mask(tgt_lengths, len(tgt))
    fed = np.concatenate([np.zeros_like(tgt[:1]), tgt[:-1]])
    read, s0, reading = rnn_forward(encoder, one_hot(src, p["Ue"].shape[1]), mask=valid)
    h, _, writing = rnn_forward(decoder, one_hot(fed, len(p["c"])), s0)
    o, readout = dense_forward(DenseParams(p["V"], p["c"]), h)
    loss, do = softmax_cross_entropy(o, tgt, mask=counted)
    dh, (dV, dc) = dense_backward(do, readout)
    _, ds0, (dUd, dWd, dbd) = rnn_backward(dh, writing)
    _, _, (dUe, dWe, dbe) = rnn_backward(np.zeros_like(read), reading, ds0)
    grads = {"Ue": dUe, "We": dWe, "be": dbe, "Ud": dUd, "Wd": dWd, "bd": dbd, "V": dV, "c": dc}
    return loss, grads


def parameters(rng, words, letters, H):
    """p for `words` ids in the sources and `letters` in the targets."""
    return {
        "Ue": rng.normal(size=(H, words)) * 0.8,
        "We": rng.normal(size=(H, H)) * 1.1 / np.sqrt(H),
        "be": rng.normal(size=H) * 0.4 + 0.2,
        "Ud": rng.normal(size=(H, letters)) * 0.8,
        "Wd": rng.normal(size=(H, H)) * 1.1 / np.sqrt(H),
        "bd": rng.normal(size=H) * 0.4 - 0.2,
        "V": rng.normal(size=(letters, H)) * 0.9,
        "c": rng.normal(size=letters) * 0.7,
    }


def draw(rng, src_lengths, S, tgt_lengths, T, words, letters, H):
    """All arguments; padding holds valid ids, and in each step two sequences read the same one.

    Drawn again while a gradient is tiny, as it may be with one unit.
    """
    B = len(src_lengths)
    while True:
        src, tgt = rng.integers(words, size=(S, B)), rng.integers(letters, size=(T, B))
        src[:, -1], tgt[:, -1] = src[:, 0], tgt[:, 0]
        tgt[0] = rng.integers(1, letters, size=B)  # else id 0 first would be right by chance
        args = src, np.array(src_lengths), tgt, np.array(tgt_lengths)
        args = *args, parameters(rng, words, letters, H)
        _, grads = seq2seq_loss(*args)
        sizes = [np.abs(gradient).max() for name, gradient in grads.items() if name != "We"]
        # Sources of length 1 never pass We.
        if min(sizes) > 0.02 and (max(src_lengths) == 1 or np.abs(grads["We"]).max() > 0.02):
            return args


def cases(rng):
    """All sizes different, no longest sequence first or as long as the array; then the edges."""
    yield plain(
        "B = 3, sources of 2, 5 and 3 in S = 6, targets of 4, 2 and 3 in T = 5",
        *draw(rng, [2, 5, 3], 6, [4, 2, 3], 5, 7, 4, 8),
    )
    yield plain(
        "B = 4, sources of 3, 1, 4 and 2 in S = 5, targets of 2, 6, 3 and 5 in T = 7",
        *draw(rng, [3, 1, 4, 2], 5, [2, 6, 3, 5], 7, 3, 5, 6),
    )
    yield special("no padding", *draw(rng, [4, 4], 4, [3, 3], 3, 6, 5, 2))
    yield special("one pair (B = 1)", *draw(rng, [3], 5, [4], 6, 4, 5, 3))
    yield special("sources of length 1", *draw(rng, [1, 1, 1], 4, [3, 5, 2], 6, 5, 4, 2))
    yield special("sources of length 1 (S = 1)", *draw(rng, [1, 1, 1], 1, [3, 5, 2], 6, 5, 4, 2))
    yield special("targets of length 1", *draw(rng, [2, 4, 3], 5, [1, 1, 1], 4, 5, 6, 2))
    yield special("targets of length 1 (T = 1)", *draw(rng, [2, 4, 3], 5, [1, 1, 1], 1, 5, 6, 2))
    yield special("one unit (H = 1)", *draw(rng, [2, 4, 3], 5, [3, 1, 4], 5, 5, 3, 1))
    yield special(
        "as many units as ids on both sides", *draw(rng, [3, 4, 2], 5, [2, 5, 3], 6, 4, 4, 4)
    )


def steps(src, src_lengths, tgt, tgt_lengths, p):
    (S, B), T, H = src.shape, len(tgt), len(p["be"])
    each = np.arange(B)
    grads = {name: np.zeros_like(array) for name, array in p.items()}
    e = {-1: np.zeros((B, H))}
    for t in range(S):
        e[t] = np.tanh(p["Ue"][:, src[t]].T + e[t - 1] @ p["We"].T + p["be"])
    last = src_lengths - 1
    s0 = np.array([e[last[i]][i] for i in range(B)])
    h, inputs, do = {-1: s0}, {}, {}
    loss = 0.0
    for t in range(T):
        inputs[t] = tgt[t - 1] if t > 0 else np.zeros(B, dtype=int)
        h[t] = np.tanh(p["Ud"][:, inputs[t]].T + h[t - 1] @ p["Wd"].T + p["bd"])
        o = h[t] @ p["V"].T + p["c"]
        y = np.exp(o - o.max(axis=1, keepdims=True))
        y = y / y.sum(axis=1, keepdims=True)
        counts = t < tgt_lengths
        losses = -np.log(y[each, tgt[t]])
        loss += np.sum(counts * losses) / B
        do[t] = y
        do[t][each, tgt[t]] -= 1
        do[t] = do[t] * counts[:, None] / B
    dh_next = np.zeros((B, H))
    for t in reversed(range(T)):
        grads["V"] += do[t].T @ h[t]
        grads["c"] += do[t].sum(axis=0)
        dh = do[t] @ p["V"] + dh_next
        dz = dh * (1 - h[t] ** 2)
        np.add.at(grads["Ud"].T, inputs[t], dz)
        grads["Wd"] += dz.T @ h[t - 1]
        grads["bd"] += dz.sum(axis=0)
        dh_next = dz @ p["Wd"]
    ds0 = dh_next
    de_next = np.zeros((B, H))
    for t in reversed(range(S)):
        de = de_next + ds0 * (t == last)[:, None]
        da = de * (1 - e[t] ** 2)
        np.add.at(grads["Ue"].T, src[t], da)
        grads["We"] += da.T @ e[t - 1]
        grads["be"] += da.sum(axis=0)
        de_next = da @ p["We"]
    return loss, grads


def pairs(src, src_lengths, tgt, tgt_lengths, p):
    B, loss = src.shape[1], 0.0
    Ue, We, be, Ud, Wd, bd, V, c = (p[k] for k in "Ue We be Ud Wd bd V c".split())
    dUe, dWe, dbe, dUd, dWd, dbd, dV, dc = (0.0 * p[k] for k in "Ue We be Ud Wd bd V c".split())
    for i in range(B):
        source, target = list(src[: src_lengths[i], i]), list(tgt[: tgt_lengths[i], i])
        e = [0.0 * be]
        for k in source:
            e.append(np.tanh(Ue[:, k] + We @ e[-1] + be))
        h, outputs, fed = [e[-1]], [], [0] + target[:-1]
        for k, right in zip(fed, target, strict=True):
            h.append(np.tanh(Ud[:, k] + Wd @ h[-1] + bd))
            scores = np.exp(V @ h[-1] + c)
            outputs.append(scores / np.sum(scores))
            loss -= np.log(outputs[-1][right])
        dh = 0.0 * bd
        for t in range(len(target) - 1, -1, -1):
            do = np.copy(outputs[t])
            do[target[t]] -= 1
            dV += np.outer(do, h[t + 1])
            dc += do
            dz = (dh + V.T @ do) * (1 - h[t + 1] ** 2)
            dUd[:, fed[t]] += dz
            dWd += np.outer(dz, h[t])
            dbd += dz
            dh = Wd.T @ dz
        for t in range(len(source) - 1, -1, -1):
            dz = dh * (1 - e[t + 1] ** 2)
            dUe[:, source[t]] += dz
            dWe += np.outer(dz, e[t])
            dbe += dz
            dh = We.T @ dz
    grads = {"Ue": dUe, "We": dWe, "be": dbe, "Ud": dUd, "Wd": dWd, "bd": dbd, "V": dV, "c": dc}
    return loss / B, {name: array / B for name, array in grads.items()}


def whole(src, src_lengths, tgt, tgt_lengths, p):
    (S, B), T = src.shape, tgt.shape[0]
    X = np.eye(p["Ue"].shape[1])[src]
    Y = np.eye(len(p["c"]))[tgt]
    D = np.eye(len(p["c"]))[np.vstack([[0] * B, tgt[:-1]])]
    on = (np.arange(S)[:, None] < src_lengths)[:, :, None] * 1.0
    E = np.zeros((S + 1, B, len(p["be"])))
    for t in range(S):
        new = np.tanh(X[t] @ p["Ue"].T + E[t] @ p["We"].T + p["be"])
        E[t + 1] = on[t] * new + (1 - on[t]) * E[t]
    Z = np.zeros((T + 1, B, len(p["bd"])))
    Z[0] = E[S]
    for t in range(T):
        Z[t + 1] = np.tanh(D[t] @ p["Ud"].T + Z[t] @ p["Wd"].T + p["bd"])
    O = np.einsum("tbh,kh->tbk", Z[1:], p["V"]) + p["c"]
    O = O - O.max(axis=2, keepdims=True)
    log_y = O - np.log(np.exp(O).sum(axis=2, keepdims=True))
    w = (np.arange(T)[:, None] < tgt_lengths) / B
    dO = (np.exp(log_y) - Y) * w[:, :, None]
    dZ, dE, carry = np.zeros_like(Z[1:]), np.zeros_like(E[1:]), np.zeros_like(Z[0])
    for t in range(T)[::-1]:
        dZ[t] = (np.einsum("bk,kh->bh", dO[t], p["V"]) + carry) * (1 - Z[t + 1] ** 2)
        carry = dZ[t] @ p["Wd"]
    for t in range(S)[::-1]:
        dE[t] = on[t] * carry * (1 - E[t + 1] ** 2)
        carry = dE[t] @ p["We"] + (1 - on[t]) * carry
    return [
        -np.einsum("tbk,tbk,tb->", Y, log_y, w),
        {
            "Ue": np.einsum("tbh,tbd->hd", dE, X),
            "We": np.einsum("tbi,tbj->ij", dE, E[:-1]),
            "be": dE.sum(axis=(0, 1)),
            "Ud": np.einsum("tbh,tbd->hd", dZ, D),
            "Wd": np.einsum("tbi,tbj->ij", dZ, Z[:-1]),
            "bd": dZ.sum(axis=(0, 1)),
            "V": np.einsum("tbk,tbh->kh", dO, Z[1:]),
            "c": dO.sum(axis=(0, 1)),
        },
    ]


EXERCISE = Exercise(
    name="seq2seq_loss",
    points=15,
    returns="loss, grads {Ue (H, D), We (H, H), be (H,), Ud (H, K), Wd (H, H), bd (H,), "
    "V (K, H), c (K,)}",
    reference=seq2seq_loss,
    cases=cases,
    alternatives=(steps, pairs, whole),
    mistakes=(
        Mistake(
            "the shift is written into tgt",
            edit(
                steps,
                (
                    "    each = np.arange(B)\n",
                    "    each = np.arange(B)\n"
                    "    x = tgt\n    x[1:] = tgt[:-1].copy()\n    x[0] = 0\n",
                ),
                ("tgt[t - 1] if t > 0 else np.zeros(B, dtype=int)", "x[t]"),
            ),
            "You write the shifted ids into tgt itself: then they are the targets, too.",
            "The decoder's inputs and its targets are two arrays: `x = tgt` makes no second one.",
        ),
        Mistake(
            "the source from its end",
            edit(
                pairs,
                (
                    "source, target = list(src[: src_lengths[i], i])",
                    "source, target = list(src[: src_lengths[i], i][::-1])",
                ),
            ),
            "Your encoder reads each source from its last id to its first.",
            "That has its use in translation, but here the source is read from its beginning.",
        ),
        Mistake(
            "the encoder reads the padding",
            edit(steps, ("last = src_lengths - 1", "last = np.full(B, S - 1)")),
            "Your decoder starts from the encoder's state after the last column, padding included.",
            "After which step has the encoder read all of source i and nothing else?",
        ),
        Mistake(
            "one step too many",
            edit(steps, ("last = src_lengths - 1", "last = np.minimum(src_lengths, S - 1)")),
            "Your decoder starts from the encoder's state one step after the source's end.",
            "The steps are counted from 1 in src_lengths[i]. At which index does the last one "
            "stand?",
        ),
        Mistake(
            "one step too few",
            edit(steps, ("last = src_lengths - 1", "last = src_lengths - 2")),
            "Your decoder starts from the encoder's state one step before the source's end.",
            "At which index does a source's last id stand?",
        ),
        Mistake(
            "one step too few, and back from the end",
            edit(pairs, ("h, outputs, fed = [e[-1]]", "h, outputs, fed = [e[-2]]")),
            "Your decoder starts from the encoder's state one step before the source's end.",
            "If e[0] is the state before the first word, at which index does the last one stand?",
        ),
        Mistake(
            "the end of the longest source for all",
            edit(steps, ("last = src_lengths - 1", "last = np.full(B, src_lengths.max() - 1)")),
            "Your decoder starts from the encoder's state at the end of the longest source, in all "
            "pairs.",
            "Each source has an end of its own.",
        ),
        Mistake(
            "the end of the first source for all",
            edit(steps, ("last = src_lengths - 1", "last = np.full(B, src_lengths[0] - 1)")),
            "Your decoder starts from the encoder's state at the end of the first source, in all "
            "pairs.",
            "Each source has an end of its own.",
        ),
        Mistake(
            "padding sets the state to zero",
            edit(
                steps,
                (
                    '+ e[t - 1] @ p["We"].T + p["be"])',
                    '+ e[t - 1] @ p["We"].T + p["be"]) * (t < src_lengths)[:, None]',
                ),
                ("last = src_lengths - 1", "last = np.full(B, S - 1)"),
                ("(1 - e[t] ** 2)", "(1 - e[t] ** 2) * (t < src_lengths)[:, None]"),
            ),
            "In yours padding sets the encoder's state to zero: shorter sources are forgotten.",
            "What should a state do while nothing is read?",
        ),
        Mistake(
            "We for its transpose",
            edit(
                steps,
                ('e[t - 1] @ p["We"].T', 'e[t - 1] @ p["We"]'),
                ("da.T @ e[t - 1]", "e[t - 1].T @ da"),
                ('da @ p["We"]', 'da @ p["We"].T'),
            ),
            "Your We works the wrong way round, forwards and backwards.",
            "Row i of We collects what unit i receives. With sequences in rows, where does the "
            "transpose go?",
        ),
        Mistake(
            "be missing",
            edit(steps, (' + p["be"])', ")")),
            "Your loss does not change when be does.",
            "What is added before tanh?",
        ),
        Mistake(
            "the decoder starts from zero",
            edit(
                steps,
                ("{-1: s0}", "{-1: np.zeros((B, H))}"),
                ("ds0 = dh_next", "ds0 = 0 * dh_next"),
            ),
            "Your decoder has not heard from the encoder: exchange the sources, and your loss "
            "stays.",
            "Through what does the decoder learn which sequence it is to answer?",
        ),
        Mistake(
            "the decoder starts from zero, but sends a gradient back",
            edit(steps, ("{-1: s0}", "{-1: np.zeros((B, H))}")),
            "Your decoder has not heard from the encoder: exchange the sources, and your loss "
            "stays.",
            "Through what does the decoder learn which sequence it is to answer?",
        ),
        Mistake(
            "the last target comes first",
            edit(steps, ("tgt[t - 1] if t > 0 else np.zeros(B, dtype=int)", "tgt[t - 1]")),
            "What your decoder reads first is tgt[−1], the last row of tgt.",
            "What comes before the first answer? (np.roll, and the index −1, go round in a "
            "circle.)",
        ),
        Mistake(
            "the first target comes first",
            edit(steps, ("tgt[t - 1] if t > 0 else np.zeros(B, dtype=int)", "tgt[max(t - 1, 0)]")),
            "What your decoder reads first is the first answer, which it is to find.",
            "What is the decoder's input before there is any answer?",
        ),
        Mistake(
            "the decoder reads the answer",
            edit(steps, ("tgt[t - 1] if t > 0 else np.zeros(B, dtype=int)", "tgt[t]")),
            "Your decoder reads tgt[t] when it is to predict tgt[t].",
            "When the answer at t is to be found, what is known of the answer?",
        ),
        Mistake(
            "the first word is given away",
            edit(
                steps,
                ("len(tgt), len(p", "len(tgt) - 1, len(p"),
                ("tgt[t - 1] if t > 0 else np.zeros(B, dtype=int)", "tgt[t]"),
                ("counts = t < tgt_lengths", "counts = t + 1 < tgt_lengths"),
                ("y[each, tgt[t]]", "y[each, tgt[t + 1]]"),
                ("do[t][each, tgt[t]]", "do[t][each, tgt[t + 1]]"),
            ),
            "Your decoder reads tgt[0] first and has to find tgt[1] …: a step of loss is missing.",
            "tgt does not contain the id 0 that is read first: all its words are to be found.",
        ),
        Mistake(
            "nothing comes first",
            edit(
                steps,
                ("inputs[t]].T + h", "inputs[t]].T * (t > 0) + h"),
                ("inputs[t], dz)", "inputs[t], dz * (t > 0))"),
            ),
            "Your decoder's first input is a vector of zeros: no id at all.",
            "Id 0 is an id like the others: what is its one-hot vector?",
        ),
        Mistake(
            "id 0 at every step",
            edit(
                steps, ("tgt[t - 1] if t > 0 else np.zeros(B, dtype=int)", "np.zeros(B, dtype=int)")
            ),
            "Your decoder reads id 0 at every step.",
            "Id 0 comes first. And then?",
        ),
        Mistake(
            "its own outputs are fed",
            edit(
                steps, ("inputs[t] = tgt[t - 1] if t > 0", "inputs[t] = o.argmax(axis=1) if t > 0")
            ),
            "Your decoder reads what it has found itself: that is free running.",
            "In training the decoder is told the right answer of the step before.",
        ),
        Mistake(
            "the decoder's state does not travel",
            edit(
                steps,
                ('h[t - 1] @ p["Wd"].T', 's0 @ p["Wd"].T'),
                ("dz.T @ h[t - 1]", "dz.T @ s0"),
                ("+ dh_next\n", "\n"),
                ('dh_next = dz @ p["Wd"]', 'dh_next += dz @ p["Wd"]'),
            ),
            "Each step of your decoder starts from the encoder's state again.",
            "What does step t of the decoder get from step t − 1?",
        ),
        Mistake(
            "Wd for its transpose",
            edit(
                steps,
                ('h[t - 1] @ p["Wd"].T', 'h[t - 1] @ p["Wd"]'),
                ("dz.T @ h[t - 1]", "h[t - 1].T @ dz"),
                ('dz @ p["Wd"]', 'dz @ p["Wd"].T'),
            ),
            "Your Wd works the wrong way round, forwards and backwards.",
            "Row i of Wd collects what unit i receives. With sequences in rows, where does the "
            "transpose go?",
        ),
        Mistake(
            "bd missing",
            edit(steps, (' + p["bd"])', ")")),
            "Your loss does not change when bd does.",
            "What is added before tanh?",
        ),
        Mistake(
            "c missing",
            edit(steps, (' + p["c"]\n', "\n")),
            "Your loss does not change when c does.",
            "What is added to the scores?",
        ),
        Mistake(
            "padding counts",
            edit(steps, ("counts = t < tgt_lengths", "counts = np.ones(B)")),
            "Your loss does not change when tgt_lengths does: padding counts like text.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "padding counts in the loss",
            edit(steps, ("np.sum(counts * losses)", "np.sum(losses)")),
            "Your gradients are right; in your loss padding counts like text.",
            "The gradients should be those of the loss that you return.",
        ),
        Mistake(
            "padding counts in the gradients",
            edit(steps, ("do[t] * counts[:, None] / B", "do[t] / B")),
            "Your loss is right; in your gradients padding counts like text.",
            "The gradients should be those of the loss that you return.",
        ),
        Mistake(
            "id 0 is taken for padding",
            edit(steps, ("counts = t < tgt_lengths", "counts = tgt[t] != 0")),
            "In yours id 0 does not count, wherever it stands, and padding with other ids does.",
            "Padding holds valid ids: what alone says where a target ends?",
        ),
        Mistake(
            "the end symbol does not count",
            edit(steps, ("counts = t < tgt_lengths", "counts = t < tgt_lengths - 1")),
            "You leave out the last word of each target.",
            "Targets contain their own end symbol, and it is counted in tgt_lengths: stopping has "
            "to be learnt, too.",
        ),
        Mistake(
            "one word too many",
            edit(steps, ("counts = t < tgt_lengths", "counts = t <= tgt_lengths")),
            "You count one word of padding in each target.",
            "Targets contain their own end symbol, and it is counted in tgt_lengths already.",
        ),
        Mistake(
            "the longest target's length for all",
            edit(steps, ("counts = t < tgt_lengths", "counts = np.full(B, t < tgt_lengths.max())")),
            "You count in all targets as many words as the longest one has.",
            "Each target has a length of its own.",
        ),
        Mistake(
            "a sum for the mean over the minibatch",
            edit(
                steps,
                ("np.sum(counts * losses) / B", "np.sum(counts * losses)"),
                ("counts[:, None] / B", "counts[:, None]"),
            ),
            "Right, if losses were summed over the pairs: yours grow with B.",
            "Sum over time, mean over the minibatch.",
            convention=True,
        ),
        Mistake(
            "divided by the number of words",
            edit(
                steps,
                ("np.sum(counts * losses) / B", "np.sum(counts * losses) / tgt_lengths.sum()"),
                ("counts[:, None] / B", "counts[:, None] / tgt_lengths.sum()"),
            ),
            "Right, as a mean over all words that count; here losses are summed over time.",
            "Sum over time, mean over the minibatch: what is the only size to divide by?",
            convention=True,
        ),
        Mistake(
            "divided by T · B",
            edit(
                steps,
                ("np.sum(counts * losses) / B", "np.sum(counts * losses) / (T * B)"),
                ("counts[:, None] / B", "counts[:, None] / (T * B)"),
            ),
            "Your loss and your gradients are too small by the factor T: longer padding makes them "
            "smaller still.",
            "Sum over time, mean over the minibatch: what is the only size to divide by?",
        ),
        Mistake(
            "a mean for each target",
            edit(
                steps,
                ("np.sum(counts * losses) / B", "np.sum(counts * losses / tgt_lengths) / B"),
                ("counts[:, None] / B", "(counts / tgt_lengths)[:, None] / B"),
            ),
            "Right, as a mean over the words of each target, and then over the targets.",
            "Sum over time, mean over the minibatch: what is the only size to divide by?",
            convention=True,
        ),
        Mistake(
            "only the loss is divided",
            edit(steps, ("counts[:, None] / B", "counts[:, None]")),
            "Your loss is right, and all your gradients are B times what they should be.",
            "The gradients should be those of the loss that you return.",
        ),
        Mistake(
            "only the gradients are divided",
            edit(steps, ("np.sum(counts * losses) / B", "np.sum(counts * losses)")),
            "Your gradients are right, and your loss is B times what it should be.",
            "The gradients should be those of the loss that you return.",
        ),
        Mistake(
            "bits for nats",
            edit(steps, ("-np.log(", "-np.log2(")),
            "Your loss is in bits, your gradients are those of a loss in nats.",
            "Which logarithm has the derivative 1/p?",
        ),
        Mistake(
            "the target is not subtracted",
            edit(steps, ("        do[t][each, tgt[t]] -= 1\n", "")),
            "Your loss is right; the rows of your ∂L/∂o add up to something else than 0, as the "
            "gradient of c shows.",
            "The same number added to all scores of a step changes nothing: what must ∂L/∂o add "
            "up to?",
        ),
        Mistake(
            "the input is subtracted",
            edit(steps, ("do[t][each, tgt[t]]", "do[t][each, inputs[t]]")),
            "Your loss is right; in ∂L/∂o you subtract the 1 where the input stands.",
            "Which word's score should rise?",
        ),
        Mistake(
            "the wrong sign",
            edit(steps, ("do[t] * counts", "-do[t] * counts")),
            "Your loss is right, and all your gradients point the other way.",
            "Should the score of the right word rise or fall, so that the loss falls?",
        ),
        Mistake(
            "nothing comes back in the decoder",
            edit(steps, (" + dh_next\n", "\n")),
            "Loss and the gradients of V and c are right; in your decoder each d_t reaches the "
            "loss at its own step only.",
            "d_t influences the loss in two ways: now, and through d_{t+1}.",
        ),
        Mistake(
            "the decoder's tanh is not passed",
            edit(steps, ("dz = dh * (1 - h[t] ** 2)", "dz = dh")),
            "Loss and the gradients of V and c are right; in your decoder tanh is not passed on "
            "the way back.",
            "You passed through tanh on the way forward; did you on the way back?",
        ),
        Mistake(
            "tanh is passed nowhere",
            edit(
                steps,
                ("dz = dh * (1 - h[t] ** 2)", "dz = dh"),
                ("da = de * (1 - e[t] ** 2)", "da = de"),
            ),
            "Loss and the gradients of V and c are right; those of both networks are as if their "
            "units were linear.",
            "You passed through tanh on the way forward; did you on the way back?",
        ),
        Mistake(
            "what comes back passes Wd transposed",
            edit(steps, ('dh_next = dz @ p["Wd"]', 'dh_next = dz @ p["Wd"].T')),
            "Loss and the gradients of V and c are right; on the way back your Wd works the wrong "
            "way round.",
            "Signals run the same wires in reverse: what multiplied h_{t−1} by rows goes back by "
            "columns.",
        ),
        Mistake(
            "the decoder's words count once",
            edit(
                steps,
                ('np.add.at(grads["Ud"].T, inputs[t], dz)', 'grads["Ud"][:, inputs[t]] += dz.T'),
            ),
            "All but the gradient of Ud is right: where two targets feed the same id in one step, "
            "only one of them arrives.",
            "`a[[2, 2]] += 1` adds once: NumPy computes both sums first and stores the last one.",
        ),
        Mistake(
            "words count once on both sides",
            edit(
                steps,
                ('np.add.at(grads["Ud"].T, inputs[t], dz)', 'grads["Ud"][:, inputs[t]] += dz.T'),
                ('np.add.at(grads["Ue"].T, src[t], da)', 'grads["Ue"][:, src[t]] += da.T'),
            ),
            "All but the gradients of Ue and Ud is right: where two sequences read the same id in "
            "one step, only one of them arrives.",
            "`a[[2, 2]] += 1` adds once: NumPy computes both sums first and stores the last one.",
        ),
        Mistake(
            "the target in the gradient of Ud",
            edit(steps, ('grads["Ud"].T, inputs[t], dz', 'grads["Ud"].T, tgt[t], dz')),
            "All but the gradient of Ud is right: it goes to the words that are to be found.",
            "Which ids did the decoder read?",
        ),
        Mistake(
            "the state before the step in the gradient of V",
            edit(whole, ('"tbk,tbh->kh", dO, Z[1:]', '"tbk,tbh->kh", dO, Z[:-1]')),
            "All but the gradient of V is right: it takes the decoder's states of the step before.",
            "Which state does V multiply at step t?",
        ),
        Mistake(
            "the state after the step in the gradient of Wd",
            edit(steps, ("dz.T @ h[t - 1]", "dz.T @ h[t]")),
            "All but the gradient of Wd is right.",
            "Which state did Wd multiply at step t?",
        ),
        Mistake(
            "the encoder's state is not in the gradient of Wd",
            edit(steps, ("dz.T @ h[t - 1]", "dz.T @ h[t - 1] if t else 0")),
            "All but the gradient of Wd is right: the first step's part is missing.",
            "Wd multiplies a state at the first step too: which one?",
        ),
        Mistake(
            "one step's gradients only",
            edit(
                steps,
                (
                    '        np.add.at(grads["Ud"]',
                    '        grads["Ud"][:] = 0\n        np.add.at(grads["Ud"]',
                ),
                ('grads["Wd"] += ', 'grads["Wd"] = '),
                ('grads["bd"] += ', 'grads["bd"] = '),
                ('grads["V"] += ', 'grads["V"] = '),
                ('grads["c"] += ', 'grads["c"] = '),
                (
                    '        np.add.at(grads["Ue"]',
                    '        grads["Ue"][:] = 0\n        np.add.at(grads["Ue"]',
                ),
                ('grads["We"] += ', 'grads["We"] = '),
                ('grads["be"] += ', 'grads["be"] = '),
            ),
            "Your gradients are those of the first step alone: each pass of the loop replaces what "
            "came before.",
            "The same weights were used at every step; how many contributions are in your sums?",
        ),
        Mistake(
            "nothing reaches the encoder",
            edit(steps, ("ds0 = dh_next", "ds0 = 0 * dh_next")),
            "Loss and the decoder's gradients are right; nothing of them reaches the encoder.",
            "The encoder made the decoder's first state, and so has its part in the loss.",
        ),
        Mistake(
            "the gradient of d_1 goes to the encoder",
            edit(steps, ("ds0 = dh_next", "ds0 = dh")),
            "Loss and the decoder's gradients are right; what you send to the encoder is ∂L/∂d_1.",
            "From the decoder's first step to the state that it started from there is one more "
            "step back.",
        ),
        Mistake(
            "the gradient of z_1 goes to the encoder",
            edit(steps, ("ds0 = dh_next", "ds0 = dz")),
            "Loss and the decoder's gradients are right; what you send to the encoder is ∂L/∂z_1 "
            "of the decoder.",
            "How does the encoder's state enter z_1?",
        ),
        Mistake(
            "into the encoder at the last column",
            edit(steps, ("(t == last)[:, None]", "(t == S - 1)")),
            "Loss and the decoder's gradients are right; your gradient enters the encoder at the "
            "last column: padding gets some of it.",
            "The decoder started from the state at which step? There its gradient arrives.",
        ),
        Mistake(
            "into the encoder one step late",
            edit(steps, ("(t == last)[:, None]", "(t == last + 1)[:, None]")),
            "Loss and the decoder's gradients are right; your gradient enters the encoder one step "
            "after the source's end.",
            "The decoder started from the state at which step? There its gradient arrives.",
        ),
        Mistake(
            "into the encoder one step early",
            edit(steps, ("(t == last)[:, None]", "(t == last - 1)[:, None]")),
            "Loss and the decoder's gradients are right; your gradient enters the encoder one step "
            "before the source's end.",
            "The decoder started from the state at which step? There its gradient arrives.",
        ),
        Mistake(
            "into the encoder at every step",
            edit(steps, ("(t == last)[:, None]", "(t <= last)[:, None]")),
            "Loss and the decoder's gradients are right; your gradient enters the encoder at each "
            "step of the source.",
            "How many of the encoder's states does the decoder see?",
        ),
        Mistake(
            "the padding is read on the way forward",
            edit(whole, ("E[t + 1] = on[t] * new + (1 - on[t]) * E[t]", "E[t + 1] = new")),
            "On the way forward your encoder reads the padding; on the way back it does not.",
            "After which step has the encoder read all of source i and nothing else?",
        ),
        Mistake(
            "the padding is read on the way back",
            edit(
                whole,
                ("dE[t] = on[t] * carry", "dE[t] = carry"),
                ('dE[t] @ p["We"] + (1 - on[t]) * carry', 'dE[t] @ p["We"]'),
            ),
            "Loss and the decoder's gradients are right; on the way back your encoder goes through "
            "the padding as if it had been read.",
            "A step that left the state as it was: what does it do to a gradient?",
        ),
        Mistake(
            "lost in the padding",
            edit(whole, ('dE[t] @ p["We"] + (1 - on[t]) * carry', 'dE[t] @ p["We"]')),
            "Loss and the decoder's gradients are right; what goes back to a source shorter than S "
            "is lost in its padding.",
            "A step that left the state as it was: what does it do to a gradient?",
        ),
        Mistake(
            "the padding adds to the encoder's gradients",
            edit(
                whole,
                ("dE[t] = on[t] * carry", "dE[t] = carry"),
                ('dE[t] @ p["We"] + (1', 'on[t] * (dE[t] @ p["We"]) + (1'),
            ),
            "Loss and the decoder's gradients are right; in the encoder's, steps of padding have a "
            "part.",
            "How many steps of source i made use of the encoder's parameters?",
        ),
        Mistake(
            "nothing comes back in the encoder",
            edit(steps, ("de = de_next + ds0", "de = ds0")),
            "Loss and the decoder's gradients are right; in your encoder only the source's last "
            "step gets a gradient.",
            "The encoder's last state holds all that was read before it.",
        ),
        Mistake(
            "the encoder's tanh is not passed",
            edit(steps, ("da = de * (1 - e[t] ** 2)", "da = de")),
            "Loss and the decoder's gradients are right; in your encoder tanh is not passed on the "
            "way back.",
            "You passed through tanh on the way forward; did you on the way back?",
        ),
        Mistake(
            "what comes back passes We transposed",
            edit(steps, ('de_next = da @ p["We"]', 'de_next = da @ p["We"].T')),
            "Loss and the decoder's gradients are right; on the encoder's way back We works the "
            "wrong way round.",
            "Signals run the same wires in reverse: what multiplied h_{t−1} by rows goes back by "
            "columns.",
        ),
        Mistake(
            "the encoder's words count once",
            edit(steps, ('np.add.at(grads["Ue"].T, src[t], da)', 'grads["Ue"][:, src[t]] += da.T')),
            "All but the gradient of Ue is right: where two sources hold the same id in one step, "
            "only one of them arrives.",
            "`a[[2, 2]] += 1` adds once: NumPy computes both sums first and stores the last one.",
        ),
        Mistake(
            "the state after the step in the gradient of We",
            edit(steps, ("da.T @ e[t - 1]", "da.T @ e[t]")),
            "All but the gradient of We is right.",
            "Which state did We multiply at step t?",
        ),
        Mistake(
            "means in the gradients of the biases",
            edit(
                steps,
                ("da.sum(axis=0)", "da.mean(axis=0)"),
                ("dz.sum(axis=0)", "dz.mean(axis=0)"),
                ("do[t].sum(axis=0)", "do[t].mean(axis=0)"),
            ),
            "All but the gradients of be, bd and c is right: they are too small by the factor B.",
            "1/B has entered already; every pair adds its part to a bias.",
        ),
        Mistake(
            "keys with a d",
            edit(
                steps,
                ("return loss, grads", 'return loss, {"d" + name: grads[name] for name in grads}'),
            ),
            "The numbers are right; the keys of your grads begin with a d.",
            "grads has the keys of p, so that each parameter finds its gradient.",
        ),
    ),
)
