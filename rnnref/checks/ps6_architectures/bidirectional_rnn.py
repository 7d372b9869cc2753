"""bidirectional_rnn: two readers, and sequences of different lengths (course row R28)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.compose import bidirectional
from rnnref.nets.layers import rnn_layer
from rnnref.nets.rnn import RNNParams
from rnnref.nets.sequences import lengths_to_mask


def bidirectional_rnn(X, lengths, fw, bw):
    """The core's two readers under a mask, which hold their states at padding: zeros go there."""
    H, D = fw[0].shape
    mask = lengths_to_mask(lengths, len(X))
    net = bidirectional(rnn_layer(D, H), rnn_layer(D, H))
    h, _, _ = net.forward((RNNParams(*fw), RNNParams(*bw)), X, mask=mask)
    return np.where(mask[..., None], h, 0.0)


def reader(rng, D, H):
    """U, W, b of these sizes."""
    return (
        rng.normal(size=(H, D)) * 0.7 / np.sqrt(D),
        rng.normal(size=(H, H)) * 0.9 / np.sqrt(H),
        rng.normal(size=H) * 0.4 + 0.3,
    )


def draw(rng, T, D, H, lengths, padding=1.0):
    """X, lengths, fw, bw: all random, the padding `padding` times as large as the text."""
    X = rng.normal(size=(T, len(lengths), D))
    X[np.arange(T)[:, None] >= lengths] *= padding
    return X, np.array(lengths), reader(rng, D, H), reader(rng, D, H)


def cases(rng):
    """Ragged lengths and all sizes different, then what hides a slip."""
    yield plain("T = 6, D = 3, H = 5, lengths 4, 6, 2, 5", *draw(rng, 6, 3, 5, [4, 6, 2, 5]))
    yield plain("T = 5, D = 4, H = 2, lengths 3, 2, 5", *draw(rng, 5, 4, 2, [3, 2, 5]))
    yield special(
        "T = 7, the longest length is shorter", *draw(rng, 7, 2, 4, [2, 5, 3], padding=2.0)
    )
    yield special("the longest first, T = 6 and shorter", *draw(rng, 6, 3, 2, [5, 4, 1, 3]))
    yield special("sequences of one step", *draw(rng, 4, 5, 3, [1, 3, 1, 4, 2, 1]))
    yield special("all sequences of one step", *draw(rng, 3, 4, 5, [1, 1]))
    yield special("no padding", *draw(rng, 5, 4, 3, [5, 5]))
    yield special("one step (T = 1)", *draw(rng, 1, 4, 5, [1, 1, 1]))
    yield special("one sequence (B = 1), padded", *draw(rng, 6, 3, 4, [4]))
    yield special("one unit (H = 1)", *draw(rng, 4, 3, 1, [2, 4]))
    yield special("as many inputs as units (D = H)", *draw(rng, 5, 3, 3, [3, 1, 5, 4]))
    huge = draw(rng, 6, 2, 3, [3, 6, 5, 2], padding=1e150)
    yield special("padding that holds huge numbers", *huge)


def per_sequence(X, lengths, fw, bw):
    T, B, D = X.shape
    n = len(fw[2])
    out = np.zeros((T, B, 2 * n))
    for i in range(B):
        U, W, b = fw
        h = np.zeros(n)
        for t in range(lengths[i]):
            h = np.tanh(U @ X[t, i] + W @ h + b)
            out[t, i, :n] = h
        U, W, b = bw
        h = np.zeros(n)
        for t in reversed(range(lengths[i])):
            h = np.tanh(U @ X[t, i] + W @ h + b)
            out[t, i, n:] = h
    return out


def masked(X, lengths, fw, bw):
    T, B, D = X.shape
    valid = (np.arange(T)[:, None] < lengths)[:, :, None]
    (U, W, b), (U_back, W_back, b_back) = fw, bw
    ahead, back = np.zeros((T, B, len(b))), np.zeros((T, B, len(b)))
    h = np.zeros((B, len(b)))
    for t in range(T):
        h = np.tanh(X[t] @ U.T + h @ W.T + b)
        ahead[t] = np.where(valid[t], h, 0)
    h = np.zeros((B, len(b)))
    for t in reversed(range(T)):
        h = np.tanh(X[t] @ U_back.T + h @ W_back.T + b_back)
        h = np.where(valid[t], h, 0)
        back[t] = h
    return np.concatenate([ahead, back], axis=2)


def turned(X, lengths, fw, bw):
    T, B, D = X.shape
    t, every = np.arange(T)[:, None], np.arange(B)
    order = np.where(t < lengths, lengths - 1 - t, t)

    def read(inputs, params):
        U, W, b = params
        h, H = np.zeros((B, len(b))), []
        for x in inputs:
            h = np.tanh(x @ U.T + h @ W.T + b)
            H.append(h)
        return np.array(H)

    ahead = read(X, fw)
    back = read(X[order, every], bw)[order, every]
    both = np.concatenate([ahead, back], axis=-1)
    both[t >= lengths] = 0
    return both


def recursive(X, lengths, fw, bw):
    def read(words, U, W, b):
        if len(words) == 0:
            return [np.zeros(len(b))]
        before = read(words[:-1], U, W, b)
        return [*before, np.tanh(np.dot(U, words[-1]) + np.dot(W, before[-1]) + b)]

    columns = []
    for i, length in enumerate(lengths):
        words = list(X[:length, i])
        ahead, back = read(words, *fw)[1:], read(words[::-1], *bw)[:0:-1]
        column = [np.hstack(pair) for pair in zip(ahead, back, strict=True)]
        columns.append(column + [0.0 * column[0]] * (len(X) - length))
    return np.array(columns).swapaxes(0, 1)


TURNED_BACK = "back = read(X[order, every], bw)[order, every]"

EXERCISE = Exercise(
    name="bidirectional_rnn",
    points=15,
    returns="states (T, B, 2H)",
    reference=bidirectional_rnn,
    cases=cases,
    alternatives=(per_sequence, masked, turned, recursive),
    mistakes=(
        Mistake(
            "the padded sequences turned round",
            edit(turned, (TURNED_BACK, "back = read(X[::-1], bw)[::-1]")),
            "The forward half is right; short sequences start their backward pass in the padding.",
            "Where a sequence has not begun yet, the backward reader should still be at zero.",
        ),
        Mistake(
            "zeros read in the padding",
            edit(
                masked,
                (
                    "        h = np.where(valid[t], h, 0)\n        back[t] = h\n",
                    "        back[t] = h * valid[t]\n",
                ),
                ("X[t] @ U_back.T", "(X[t] * valid[t]) @ U_back.T"),
            ),
            "The forward half is right; your backward reader goes through the padding too, and "
            "there reads zeros.",
            "An input of zero still moves the state: b and W are at work.",
        ),
        Mistake(
            "turned round within the longest length",
            edit(
                turned,
                (
                    "order = np.where(t < lengths, lengths - 1 - t, t)",
                    "n = max(lengths)\n    order = np.where(t < n, n - 1 - t, t) + 0 * lengths",
                ),
            ),
            "The forward half is right; in yours every sequence's backward pass starts where the "
            "longest one ends.",
            "Each sequence has an end of its own.",
        ),
        Mistake(
            "turned round, not turned back",
            edit(turned, (TURNED_BACK, "back = read(X[order, every], bw)")),
            "The forward half is right; your backward half stands in the order in which it was "
            "read.",
            "Both halves at t should be about step t: what does the backward reader know first?",
        ),
        Mistake(
            "the padded sequences turned round, not turned back",
            edit(turned, (TURNED_BACK, "back = read(X[::-1], bw)")),
            "The forward half is right; your backward reader starts in the padding, and its half "
            "stands in the order in which it was read.",
            "Two things: where does each sequence end, and which step is each state about?",
        ),
        Mistake(
            "turned back as a whole",
            edit(turned, (TURNED_BACK, "back = read(X[order, every], bw)[::-1]")),
            "The forward half is right; your backward reader reads each sequence from its own end, "
            "but its states are turned back as if all were of length T.",
            "What turns a sequence round turns it back as well.",
        ),
        Mistake(
            "the sequences change places",
            edit(turned, (TURNED_BACK, "back = read(X[:, ::-1], bw)")),
            "You turn the order of the sequences, not that of time.",
            "Time is the first axis.",
        ),
        Mistake(
            "both read forwards",
            edit(turned, (TURNED_BACK, "back = read(X, bw)")),
            "The forward half is right; your second reader, too, reads from the beginning.",
            "What should the second half at t know that the first does not? (If you turn something "
            "round: time is the first axis.)",
        ),
        Mistake(
            "both read backwards",
            edit(
                turned, ("ahead = read(X, fw)", "ahead = read(X[order, every], fw)[order, every]")
            ),
            "The backward half is right; your first reader, too, reads from the end.",
            "What should the first half at t know that the second does not?",
        ),
        Mistake(
            "the readers change roles",
            edit(masked, ("= fw, bw", "= bw, fw")),
            "In yours fw reads backwards and bw forwards.",
            "Which of the two parameter sets is whose?",
        ),
        Mistake(
            "one set of parameters",
            edit(masked, ("= fw, bw", "= fw, fw")),
            "The forward half is right; your backward reader has the forward reader's parameters.",
            "One argument has no influence on your result.",
        ),
        Mistake(
            "the backward reader goes on",
            edit(
                per_sequence,
                ("        U, W, b = bw\n        h = np.zeros(n)\n", "        U, W, b = bw\n"),
            ),
            "The forward half is right; your backward reader starts with the forward reader's "
            "last state.",
            "The two readers know nothing of one another: what does each start from?",
        ),
        Mistake(
            "the backward reader goes on where there is no padding",
            edit(
                masked,
                (
                    "    h = np.zeros((B, len(b)))\n    for t in reversed(range(T)):\n",
                    "    for t in reversed(range(T)):\n",
                ),
            ),
            "The forward half is right; where there is no padding, your backward reader starts "
            "with the forward reader's last state.",
            "The two readers know nothing of one another: what does each start from?",
        ),
        Mistake(
            "each sequence goes on from the one before",
            edit(
                per_sequence,
                (
                    "        U, W, b = fw\n        h = np.zeros(n)\n",
                    "        U, W, b = fw\n",
                ),
                (
                    "    for i in range(B):\n",
                    "    h = np.zeros(n)\n    for i in range(B):\n",
                ),
            ),
            "Your forward half is right for the first sequence; after it each one starts with the "
            "state that was left over.",
            "Each sequence starts from zero: what has to be set back, and how often?",
        ),
        Mistake(
            "the state is never set back",
            edit(
                per_sequence,
                ("        U, W, b = fw\n        h = np.zeros(n)\n", "        U, W, b = fw\n"),
                ("        U, W, b = bw\n        h = np.zeros(n)\n", "        U, W, b = bw\n"),
                ("    for i in range(B):\n", "    h = np.zeros(n)\n    for i in range(B):\n"),
            ),
            "Your forward half is right for the first sequence; after it each reader starts with "
            "the state that was left over.",
            "Each reader of each sequence starts from zero: how often must h be set back?",
        ),
        Mistake(
            "starts one step early",
            edit(
                per_sequence,
                (
                    "for t in reversed(range(lengths[i]))",
                    "for t in reversed(range(lengths[i] - 1))",
                ),
            ),
            "The forward half is right; your backward reader leaves out each sequence's last step.",
            "The last step of a sequence of n steps has index n − 1.",
        ),
        Mistake(
            "starts one step late",
            edit(
                masked,
                (
                    "        h = np.where(valid[t], h, 0)\n        back[t] = h\n",
                    "        h = np.where(t <= lengths[:, None], h, 0)\n"
                    "        back[t] = h * valid[t]\n",
                ),
            ),
            "The forward half is right; your backward reader starts one step behind each "
            "sequence's end, if there is padding.",
            "The last step of a sequence of n steps has index n − 1.",
        ),
        Mistake(
            "the last step is taken for padding",
            edit(masked, ("[:, None] < lengths)", "[:, None] < lengths - 1)")),
            "Each of your sequences is one step too short.",
            "The last step of a sequence of n steps has index n − 1.",
        ),
        Mistake(
            "one step of padding is read",
            edit(masked, ("[:, None] < lengths)", "[:, None] <= lengths)")),
            "Each of your sequences is one step too long, where there is padding.",
            "The last step of a sequence of n steps has index n − 1.",
        ),
        Mistake(
            "lengths are not used",
            edit(
                turned,
                ("np.where(t < lengths, lengths - 1 - t, t)", "T - 1 - t + 0 * lengths"),
                ("    both[t >= lengths] = 0\n", ""),
            ),
            "Your result does not depend on lengths: all sequences have T steps.",
            "What lies behind a sequence's end must not matter, and should give zero.",
        ),
        Mistake(
            "not zero behind the ends",
            edit(
                turned,
                ("both[t >= lengths] = 0", "both[(X == 0).all(axis=2)] = 0"),
            ),
            "Each reader's states are right within the sequences; behind their ends yours are not "
            "zero.",
            "Padding may hold anything: what says where a sequence ends?",
        ),
        Mistake(
            "the forward reader is not stopped",
            edit(masked, ("ahead[t] = np.where(valid[t], h, 0)", "ahead[t] = h")),
            "Within the sequences all is right; behind their ends your forward half goes on.",
            "Exactly zero is asked for at padding, in both halves.",
        ),
        Mistake(
            "the last state stands in the padding",
            edit(
                masked,
                (
                    "        h = np.tanh(X[t] @ U.T + h @ W.T + b)\n"
                    "        ahead[t] = np.where(valid[t], h, 0)\n",
                    "        h = np.where(valid[t], np.tanh(X[t] @ U.T + h @ W.T + b), h)\n"
                    "        ahead[t] = h\n",
                ),
            ),
            "Within the sequences all is right; behind their ends your forward half shows each "
            "sequence's last state.",
            "Exactly zero is asked for at padding, in both halves.",
        ),
        Mistake(
            "nan at padding",
            edit(turned, ("both[t >= lengths] = 0", "both[t >= lengths] = np.nan")),
            "Within the sequences all is right; behind their ends yours is nan.",
            "Exactly zero is asked for at padding.",
        ),
        Mistake(
            "only the longest length",
            edit(
                masked,
                (
                    "return np.concatenate([ahead, back], axis=2)",
                    "return np.concatenate([ahead, back], axis=2)[: max(lengths)]",
                ),
            ),
            "Where the longest length is shorter than T, yours ends there.",
            "All T steps are asked for, also those at which there is nothing but padding.",
        ),
        Mistake(
            "the first sequence is taken for the longest",
            edit(masked, ("[:, None] < lengths)", "[:, None] < np.minimum(lengths, lengths[0]))")),
            "Right where the first sequence is the longest; others are cut at its length.",
            "lengths may stand in any order.",
        ),
        Mistake(
            "sorted, and not put back",
            edit(
                masked,
                (
                    "    valid = ",
                    "    order = np.argsort(-lengths, kind='stable')\n"
                    "    X, lengths = X[:, order], lengths[order]\n"
                    "    valid = ",
                ),
            ),
            "Your sequences come out sorted by length.",
            "Whoever gave you the sequences expects them in the order in which they came.",
        ),
        Mistake(
            "W for its transpose",
            edit(masked, ("h @ W.T", "h @ W"), ("h @ W_back.T", "h @ W_back")),
            "Each reader's first step is right; after it your W works the wrong way round.",
            "Row i of W collects what unit i receives. With sequences in rows, where does the "
            "transpose go?",
        ),
        Mistake(
            "the state does not travel",
            edit(masked, (" + h @ W.T", ""), (" + h @ W_back.T", "")),
            "Right at the first step of each reader; the others do not hear the step before.",
            "One of a reader's three parameters has no influence on your result.",
        ),
        Mistake(
            "no bias",
            edit(masked, ("h @ W.T + b", "h @ W.T"), ("h @ W_back.T + b_back", "h @ W_back.T")),
            "Your result does not depend on what stands in the biases.",
            "Each reader has three parameters.",
        ),
        Mistake(
            "one set of parameters, the backward reader's",
            edit(masked, ("= fw, bw", "= bw, bw")),
            "The backward half is right; your forward reader has the backward reader's parameters.",
            "One argument has no influence on your result.",
        ),
        Mistake(
            "one bias",
            edit(masked, ("h @ W_back.T + b_back", "h @ W_back.T + b")),
            "The forward half is right; your backward reader has the forward reader's bias.",
            "Each reader has three parameters of its own.",
        ),
        Mistake(
            "one W",
            edit(masked, ("h @ W_back.T", "h @ W.T")),
            "The forward half is right; your backward reader has the forward reader's W.",
            "Each reader has three parameters of its own.",
        ),
        Mistake(
            "no tanh",
            edit(
                masked,
                ("np.tanh(X[t] @ U.T + h @ W.T + b)", "X[t] @ U.T + h @ W.T + b"),
                (
                    "np.tanh(X[t] @ U_back.T + h @ W_back.T + b_back)",
                    "X[t] @ U_back.T + h @ W_back.T + b_back",
                ),
            ),
            "Your units are linear.",
            "Something stands between the sum and h.",
        ),
        Mistake(
            "what the backward reader knew before",
            edit(
                per_sequence,
                (
                    "            h = np.tanh(U @ X[t, i] + W @ h + b)\n"
                    "            out[t, i, n:] = h\n",
                    "            out[t, i, n:] = h\n"
                    "            h = np.tanh(U @ X[t, i] + W @ h + b)\n",
                ),
            ),
            "The forward half is right; your backward half at t has not read x_t.",
            "Both readers have read x_t at t: store the state after the update.",
        ),
        Mistake(
            "the backward reader's last state at every step",
            edit(
                per_sequence,
                (
                    "            out[t, i, n:] = h\n    return",
                    "        out[: lengths[i], i, n:] = h\n    return",
                ),
            ),
            "The forward half is right; your backward half shows at all steps what it is at the "
            "first.",
            "The backward reader, too, has a state at each step.",
        ),
        Mistake(
            "halves in the other order",
            edit(masked, ("[ahead, back]", "[back, ahead]")),
            "Right, with the halves in the other order: yours is [←h; →h].",
            "D3 writes them so; here, as in libraries, the forward reader comes first.",
            convention=True,
        ),
        Mistake(
            "the sum of the readers",
            edit(masked, ("np.concatenate([ahead, back], axis=2)", "ahead + back")),
            "You add the two readers' states.",
            "How wide is what is asked for?",
        ),
        Mistake(
            "the mean of the readers",
            edit(masked, ("np.concatenate([ahead, back], axis=2)", "(ahead + back) / 2")),
            "You take the mean of the two readers' states.",
            "How wide is what is asked for?",
        ),
        Mistake(
            "one reader after the other in time",
            edit(masked, ("axis=2", "axis=0")),
            "The numbers are right; the two readers follow one another along the axis of time.",
            "How long, and how wide, is what is asked for?",
        ),
        Mistake(
            "units in pairs",
            edit(
                masked,
                (
                    "np.concatenate([ahead, back], axis=2)",
                    "np.stack([ahead, back], axis=3).reshape(T, B, -1)",
                ),
            ),
            "The numbers are right; each forward unit has its backward unit beside it.",
            "First the whole of the one, then the whole of the other.",
        ),
        Mistake(
            "sequences in front",
            edit(recursive, (".swapaxes(0, 1)", "")),
            "The numbers are right; your first axis is that of the sequences.",
            "Time is the first axis, everywhere in this course.",
        ),
        Mistake(
            "clears the caller's padding",
            edit(masked, ("    (U, W, b), (U_back", "    X *= valid\n    (U, W, b), (U_back")),
            "The numbers are right, but you write zeros into the caller's X.",
            "Work on a copy, or leave the padding as it is.",
        ),
    ),
)
