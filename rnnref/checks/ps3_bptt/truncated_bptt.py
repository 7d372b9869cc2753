"""truncated_bptt: backpropagation through time in chunks (course rows R15, R32)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.losses.cross_entropy import softmax_cross_entropy
from rnnref.nets.dense import DenseParams, dense_backward, dense_forward
from rnnref.nets.embedding import one_hot
from rnnref.nets.rnn import RNNParams, rnn_backward, rnn_forward


def truncated_bptt(ids, targets, h0, U, W, V, b, c, tau):
    """The core's network: forwards at one go, backwards with the gradient cut between chunks."""
    x = one_hot(ids, U.shape[1])[:, None]
    h, hT, states = rnn_forward(RNNParams(U, W, b), x, h0[None])
    o, readout = dense_forward(DenseParams(V, c), h)
    loss, do = softmax_cross_entropy(o, targets[:, None], reduction="sum")
    dh, (dV, dc) = dense_backward(do, readout)
    _, _, (dU, dW, db) = rnn_backward(dh, states, truncate=tau)
    return loss, dU, dW, dV, db, dc, hT[0]


def draw(rng, T, K, H, tau):
    """All arguments, random."""
    return (
        rng.integers(K, size=T),
        rng.integers(K, size=T),
        rng.normal(size=H) * 0.6,
        rng.normal(size=(H, K)) * 0.6,
        rng.normal(size=(H, H)) * 1.1 / np.sqrt(H),
        rng.normal(size=(K, H)) * 0.9,
        rng.normal(size=H) * 0.4 + 0.2,
        rng.normal(size=K) * 0.7,
        tau,
    )


def cases(rng):
    """Whole chunks and a shorter last one; chunks of one step, of all steps, of more."""
    yield plain("T = 9 steps in chunks of 3, 4 letters, H = 5", *draw(rng, 9, 4, 5, 3))
    yield plain("T = 11 steps in chunks of 4, 5 letters, H = 3", *draw(rng, 11, 5, 3, 4))
    yield special("chunks of one step (tau = 1)", *draw(rng, 5, 4, 3, 1))
    yield special("one chunk (tau = T)", *draw(rng, 6, 3, 4, 6))
    yield special("chunks longer than the sequence (tau > T)", *draw(rng, 4, 5, 3, 7))
    yield special("one step (T = 1)", *draw(rng, 1, 5, 3, 2))
    yield special("one unit (H = 1)", *draw(rng, 7, 4, 1, 2))
    yield special("as many letters as units", *draw(rng, 7, 4, 4, 3))


def chunks(ids, targets, h0, U, W, V, b, c, tau):
    T = len(ids)
    loss, h_start = 0.0, h0
    dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
    db, dc = np.zeros_like(b), np.zeros_like(c)
    for start in range(0, T, tau):
        end = min(start + tau, T)
        h, p = {start - 1: h_start}, {}
        for t in range(start, end):
            h[t] = np.tanh(U[:, ids[t]] + W @ h[t - 1] + b)
            e = np.exp(V @ h[t] + c)
            p[t] = e / e.sum()
            loss += -np.log(p[t][targets[t]])
        dh_next = np.zeros_like(h0)
        for t in reversed(range(start, end)):
            do = p[t].copy()
            do[targets[t]] -= 1
            dV += np.outer(do, h[t])
            dc += do
            dz = (V.T @ do + dh_next) * (1 - h[t] ** 2)
            dU[:, ids[t]] += dz
            dW += np.outer(dz, h[t - 1])
            db += dz
            dh_next = W.T @ dz
        h_start = h[end - 1]
    return loss, dU, dW, dV, db, dc, h_start


def one_pass(ids, targets, h0, U, W, V, b, c, tau):
    T, H = len(ids), len(b)
    X, Y = np.eye(U.shape[1])[ids], np.eye(len(c))[targets]
    states = np.zeros((T + 1, H))
    states[0] = h0
    for t in range(T):
        states[t + 1] = np.tanh(X[t] @ U.T + states[t] @ W.T + b)
    O = states[1:] @ V.T + c
    O = O - O.max(axis=1, keepdims=True)
    log_p = O - np.log(np.exp(O).sum(axis=1, keepdims=True))
    dO = np.exp(log_p) - Y
    dZ = (dO @ V) * (1 - states[1:] ** 2)
    for t in range(T - 2, -1, -1):
        if (t + 1) % tau != 0:
            dZ[t] += (dZ[t + 1] @ W) * (1 - states[t + 1] ** 2)
    gradients = dZ.T @ X, dZ.T @ states[:-1], dO.T @ states[1:], dZ.sum(axis=0), dO.sum(axis=0)
    return (-(Y * log_p).sum(), *gradients, states[T].copy())


def recursive(ids, targets, h0, U, W, V, b, c, tau):
    loss, state, back = 0.0, h0, []
    for letter, target in zip(ids[:tau], targets[:tau], strict=True):
        before, state = state, np.tanh(U[:, letter] + np.dot(W, state) + b)
        e = np.exp(np.dot(V, state) + c)
        do = e / np.sum(e)
        loss = loss - np.log(do[target])
        do[target] -= 1
        back.append((letter, before, state, do))
    dU, dW, dV = np.zeros(U.shape), np.zeros(W.shape), np.zeros(V.shape)
    db, dc, carried = np.zeros(b.shape), np.zeros(c.shape), 0.0
    for letter, before, after, do in back[::-1]:
        dz = (np.dot(do, V) + carried) * (1 - after**2)
        carried = np.dot(dz, W)
        dU[:, letter] += dz
        dW += dz[:, None] * before
        dV += do[:, None] * after
        db += dz
        dc += do
    parts = [loss, dU, dW, dV, db, dc]
    if len(ids) <= tau:
        return [*parts, state]
    *others, last = recursive(ids[tau:], targets[tau:], state, U, W, V, b, c, tau)
    return [*(part + other for part, other in zip(parts, others, strict=True)), last]


EXERCISE = Exercise(
    name="truncated_bptt",
    points=10,
    returns="loss, dU (H, K), dW (H, H), dV (K, H), db (H,), dc (K,), hT (H,)",
    reference=truncated_bptt,
    cases=cases,
    alternatives=(chunks, one_pass, recursive),
    mistakes=(
        Mistake(
            "one step too long",
            edit(
                chunks,
                ("range(0, T, tau)", "range(0, T, tau + 1)"),
                ("min(start + tau, T)", "min(start + tau + 1, T)"),
            ),
            "Loss, dV, dc and hT are right; your chunks have tau + 1 steps.",
            "Where does the second chunk begin, counted from 0?",
        ),
        Mistake(
            "one step too short",
            edit(
                one_pass,
                ("(t + 1) % tau != 0", "tau > 1 and (t + 1) % (tau - 1) != 0"),
            ),
            "Loss, dV, dc and hT are right; your chunks have tau − 1 steps.",
            "How many steps does a chunk have?",
        ),
        Mistake(
            "cut one step late",
            edit(one_pass, ("(t + 1) % tau != 0", "t % tau != 0 or t == 0")),
            "Loss, dV, dc and hT are right; your first chunk is one step too long: you cut behind "
            "the first step of each chunk, not before it.",
            "With steps counted from 0: between which two does the first chunk end?",
        ),
        Mistake(
            "cut one step early",
            edit(one_pass, ("(t + 1) % tau != 0", "(t + 2) % tau != 0")),
            "Loss, dV, dc and hT are right; your first chunk is one step too short.",
            "With steps counted from 0: between which two does the first chunk end?",
        ),
        Mistake(
            "chunks counted from the end",
            edit(one_pass, ("(t + 1) % tau != 0", "(T - 1 - t) % tau != 0")),
            "Loss, dV, dc and hT are right; where tau does not divide T, it is your first chunk "
            "that is shorter.",
            "Chunks are counted from the start; which one is left over?",
        ),
        Mistake(
            "every loss goes tau steps back",
            edit(
                one_pass,
                (
                    "    for t in range(T - 2, -1, -1):\n        if (t + 1) % tau != 0:\n"
                    "            dZ[t] += (dZ[t + 1] @ W) * (1 - states[t + 1] ** 2)\n",
                    "    for s in range(T):\n"
                    "        sent = (dO[s] @ V) * (1 - states[s + 1] ** 2)\n"
                    "        for t in range(s - 1, max(s - tau, -1), -1):\n"
                    "            sent = (sent @ W) * (1 - states[t + 1] ** 2)\n"
                    "            dZ[t] += sent\n",
                ),
            ),
            "Loss, dV, dc and hT are right; in yours every loss goes tau steps back, across the "
            "borders of chunks.",
            "That too is called truncated BPTT. Here the gradient stops where a chunk begins, so "
            "that a chunk's first loss stays in its own step.",
        ),
        Mistake(
            "nothing is cut",
            edit(one_pass, ("(t + 1) % tau != 0", "True")),
            "Loss, dV, dc and hT are right; your gradient goes back to the first step: this is "
            "full BPTT, whatever tau is.",
            "The state crosses a chunk's border; what must not?",
        ),
        Mistake(
            "every step is cut off",
            edit(one_pass, ("(t + 1) % tau != 0", "False")),
            "Loss, dV, dc and hT are right; your gradient never goes back a step: tau is 1 in "
            "yours.",
            "Within a chunk, h_t influences the loss in two ways: now, and through h_{t+1}.",
        ),
        Mistake(
            "the last, shorter chunk is left out",
            edit(chunks, ("range(0, T, tau)", "range(0, T - tau + 1, tau)")),
            "Where tau does not divide T, your last steps count nowhere; nor does anything where "
            "tau is larger than T.",
            "The last chunk may be shorter than the others.",
        ),
        Mistake(
            "each chunk starts from h0",
            edit(chunks, ("        h_start = h[end - 1]\n", ""), ("dc, h_start", "dc, h[end - 1]")),
            "Each of your chunks starts from h0: what was read in the chunks before is forgotten.",
            "The gradient does not cross a chunk's border; what does?",
        ),
        Mistake(
            "each chunk starts from zero",
            edit(
                chunks,
                ("h_start = h[end - 1]", "h_start = np.zeros_like(h0)"),
                ("dc, h_start", "dc, h[end - 1]"),
            ),
            "Your second chunk starts from zero: what was read before is forgotten.",
            "The gradient does not cross a chunk's border; what does?",
        ),
        Mistake(
            "h0 is not used",
            edit(chunks, ("h_start = 0.0, h0", "h_start = 0.0, np.zeros_like(h0)")),
            "Your first chunk starts from zero, whatever h0 is.",
            "One of the arguments tells you where to start.",
        ),
        Mistake(
            "the first state of the last chunk",
            edit(
                chunks,
                ("        h_start = h[end - 1]\n", "        hT, h_start = h[start], h[end - 1]\n"),
                ("dc, h_start", "dc, hT"),
            ),
            "Loss and gradients are right; your hT is the state after the last chunk's first step.",
            "hT is the state after the last step of all.",
        ),
        Mistake(
            "h0 for the last state",
            edit(chunks, ("dc, h_start", "dc, h0")),
            "Loss and gradients are right; your hT is h0.",
            "hT is the state after the last step, where a next call would go on.",
        ),
        Mistake(
            "learns between chunks",
            edit(
                chunks,
                (
                    "        h_start = h[end - 1]\n",
                    "        h_start = h[end - 1]\n"
                    "        U, W, V = U - 0.1 * dU, W - 0.1 * dW, V - 0.1 * dV\n"
                    "        b, c = b - 0.1 * db, c - 0.1 * dc\n",
                ),
            ),
            "Your first chunk is right; after it the parameters are others.",
            "One gradient is asked for, of the loss at the parameters that were given.",
        ),
        Mistake(
            "gradients of the last chunk only",
            edit(
                chunks,
                (
                    "    dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)\n"
                    "    db, dc = np.zeros_like(b), np.zeros_like(c)\n"
                    "    for start in range(0, T, tau):\n",
                    "    for start in range(0, T, tau):\n"
                    "        dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)\n"
                    "        db, dc = np.zeros_like(b), np.zeros_like(c)\n",
                ),
            ),
            "Loss and hT are right; your gradients are those of the last chunk.",
            "What is set to zero at the start of each chunk, and what only once?",
        ),
        Mistake(
            "the last chunk only",
            edit(
                chunks,
                (
                    "    dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)\n"
                    "    db, dc = np.zeros_like(b), np.zeros_like(c)\n"
                    "    for start in range(0, T, tau):\n",
                    "    for start in range(0, T, tau):\n        loss = 0.0\n"
                    "        dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)\n"
                    "        db, dc = np.zeros_like(b), np.zeros_like(c)\n",
                ),
            ),
            "hT is right; your loss and your gradients are those of the last chunk.",
            "What is set to zero at the start of each chunk, and what only once?",
        ),
        Mistake(
            "the loss of the last chunk only",
            edit(
                chunks,
                ("        dh_next = np", "        loss = chunk\n        dh_next = np"),
                ("loss += -np.log", "chunk += -np.log"),
                ("        end = min", "        chunk = 0.0\n        end = min"),
            ),
            "Gradients and hT are right; your loss is that of the last chunk.",
            "Losses are summed over all steps.",
        ),
        Mistake(
            "a mean over chunks",
            edit(
                chunks,
                (
                    "    return loss, dU, dW, dV, db, dc,",
                    "    n = -(-T // tau)\n"
                    "    return loss / n, dU / n, dW / n, dV / n, db / n, dc / n,",
                ),
            ),
            "hT is right; all else is divided by the number of chunks.",
            "Losses and gradients are summed over all steps.",
        ),
        Mistake(
            "gradients averaged over chunks",
            edit(
                chunks,
                (
                    "    return loss, dU, dW, dV, db, dc,",
                    "    n = -(-T // tau)\n"
                    "    return loss, dU / n, dW / n, dV / n, db / n, dc / n,",
                ),
            ),
            "Loss and hT are right; your gradients are divided by the number of chunks.",
            "Losses and gradients are summed over all steps.",
        ),
        Mistake(
            "a mean over time",
            edit(
                chunks,
                (
                    "    return loss, dU, dW, dV, db, dc,",
                    "    return loss / T, dU / T, dW / T, dV / T, db / T, dc / T,",
                ),
            ),
            "Right, as a mean over time: loss and gradients are divided by T.",
            "Losses and gradients are summed over all steps.",
            convention=True,
        ),
        Mistake(
            "a mean within each chunk",
            edit(
                chunks,
                (
                    "loss += -np.log(p[t][targets[t]])",
                    "loss -= np.log(p[t][targets[t]]) / (end - start)",
                ),
                ("do[targets[t]] -= 1", "do[targets[t]] -= 1\n            do /= end - start"),
            ),
            "hT is right; each of your chunks is divided by its number of steps.",
            "Losses and gradients are summed over all steps.",
        ),
        Mistake(
            "the state before a chunk is missing in dW",
            edit(
                chunks,
                ("dW += np.outer(dz, h[t - 1])", "dW += np.outer(dz, h[t - 1]) * (t > start)"),
            ),
            "All but dW is right: the first step of each chunk is missing in it.",
            "The state before a chunk is a constant there; W multiplies it all the same.",
        ),
        Mistake(
            "h0 missing in dW",
            edit(
                chunks, ("dW += np.outer(dz, h[t - 1])", "dW += np.outer(dz, h[t - 1]) * (t > 0)")
            ),
            "All but dW is right: the part of the very first step is missing in it.",
            "The first step has a previous state too.",
        ),
        Mistake(
            "the state after the step in dW",
            edit(chunks, ("dW += np.outer(dz, h[t - 1])", "dW += np.outer(dz, h[t])")),
            "All but dW is right.",
            "Which state did W multiply at step t?",
        ),
        Mistake(
            "a letter's last step only in dU",
            edit(chunks, ("dU[:, ids[t]] += dz", "dU[:, ids[t]] = dz")),
            "All but dU is right: where a letter comes again, one step replaces the others.",
            "A column of U was used as often as its letter was read.",
        ),
        Mistake(
            "one chunk's way back ends in the next",
            edit(
                chunks,
                ("        dh_next = np.zeros_like(h0)\n", ""),
                ("    for start in", "    dh_next = np.zeros_like(h0)\n    for start in"),
            ),
            "Your first chunk is right; the way back through each later one starts with what the "
            "chunk before it has left over.",
            "Nothing comes back to a chunk's last step from outside: what must be zero there?",
        ),
        Mistake(
            "back through the transpose",
            edit(chunks, ("dh_next = W.T @ dz", "dh_next = W @ dz")),
            "Loss, dV, dc and hT are right; on the way back your W works the wrong way round.",
            "Signals run the same wires in reverse.",
        ),
        Mistake(
            "tanh is not differentiated",
            edit(chunks, (" * (1 - h[t] ** 2)", "")),
            "Loss, dV, dc and hT are right; your dU, dW and db are those of linear units.",
            "You passed through tanh on the way forward; did you on the way back?",
        ),
        Mistake(
            "writes into h0",
            edit(chunks, ("    return loss,", "    h0[:] = h_start\n    return loss,")),
            "All numbers are right, but the caller's h0 is overwritten by the last state.",
            "hT is returned; h0 belongs to the caller.",
        ),
    ),
)
