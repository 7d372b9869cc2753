"""output_rnn: a network whose memory is its output, free or teacher forced (course row R29)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.output_recurrence import OutputRNNParams, output_rnn_forward


def output_rnn(X, y0, U, R, V, b, c, targets=None):
    """The core's network."""
    return output_rnn_forward(OutputRNNParams(U, R, V, b, c), X, y0, targets=targets)[0]


def weights(rng, D, H, K):
    """U, R, V, b, c of these sizes; no bias is small on the whole."""
    return (
        rng.normal(size=(H, D)) * 0.7 / np.sqrt(D),
        rng.normal(size=(H, K)) * 0.9 / np.sqrt(K),
        rng.normal(size=(K, H)) * 1.2 / np.sqrt(H),
        rng.normal(size=H) * 0.4 + 0.3,
        rng.normal(size=K) * 0.5 + 0.5,
    )


def draw(rng, T, B, D, H, K):
    """X, y0, U, R, V, b, c of these sizes, all random."""
    return rng.normal(size=(T, B, D)), rng.normal(size=(B, K)), *weights(rng, D, H, K)


def forced(rng, T, B, D, H, K):
    """The same with targets."""
    return *draw(rng, T, B, D, H, K), rng.normal(size=(T, B, K)) + 0.3


def cases(rng):
    """Both ways with all sizes different, then each size that hides a slip."""
    yield plain("free: T = 6 steps, B = 3, D = 4, H = 5, K = 2", *draw(rng, 6, 3, 4, 5, 2))
    yield plain("forced: T = 5 steps, B = 4, D = 2, H = 6, K = 3", *forced(rng, 5, 4, 2, 6, 3))
    yield plain("free: T = 4 steps, B = 5, D = 3, H = 6, K = 2", *draw(rng, 4, 5, 3, 6, 2), None)
    yield plain("forced: T = 3 steps, B = 2, D = 5, H = 4, K = 6", *forced(rng, 3, 2, 5, 4, 6))
    yield special("one step (T = 1), free", *draw(rng, 1, 3, 4, 5, 2))
    yield special("one step (T = 1), forced", *forced(rng, 1, 3, 4, 5, 2))
    yield special("one sequence (B = 1), forced", *forced(rng, 4, 1, 3, 5, 2))
    yield special("one unit, one output (H = K = 1), free", *draw(rng, 4, 3, 2, 1, 1))
    yield special("as many inputs as units (D = H), free", *draw(rng, 4, 2, 3, 3, 5))
    yield special("as many outputs as units (K = H), free", *draw(rng, 4, 2, 5, 3, 3))
    yield special("as many outputs as units (K = H), forced", *forced(rng, 4, 2, 5, 3, 3))
    *given, targets = forced(rng, 4, 3, 2, 5, 3)
    yield special("targets that are all zero", *given, 0 * targets)


def loop(X, y0, U, R, V, b, c, targets=None):
    T, B, D = X.shape
    Y = np.zeros((T, B, len(c)))
    fed = y0
    for t in range(T):
        h = np.tanh(X[t] @ U.T + fed @ R.T + b)
        y = h @ V.T + c
        Y[t] = y
        fed = y if targets is None else targets[t]
    return Y


def two_ways(X, y0, U, R, V, b, c, targets=None):
    Z = X @ U.T + b
    if targets is not None:
        fed = np.concatenate([y0[None], targets[:-1]])
        return np.tanh(Z + fed @ R.T) @ V.T + c
    Y = np.zeros((X.shape[0], X.shape[1], len(c)))
    for t in range(len(X)):
        before = Y[t - 1] if t > 0 else y0
        Y[t] = np.tanh(Z[t] + before @ R.T) @ V.T + c
    return Y


def per_sequence(X, y0, U, R, V, b, c, targets=None):
    results = []
    for i in range(X.shape[1]):
        before, path = y0[i], []
        for t, x in enumerate(X[:, i]):
            y = V @ np.tanh(U @ x + R @ before + b) + c
            path.append(y)
            before = y
            if targets is not None:
                before = targets[t, i]
        results.append(path)
    return np.array(results).transpose(1, 0, 2)


def recursive(X, y0, U, R, V, b, c, targets=None):
    h = np.tanh(np.einsum("bd,hd->bh", X[0], U) + np.einsum("bk,hk->bh", y0, R) + b)
    y = np.einsum("bh,kh->bk", h, V) + c
    if len(X) == 1:
        return y[None]
    if targets is None:
        rest = recursive(X[1:], y, U, R, V, b, c)
    else:
        rest = recursive(X[1:], targets[0], U, R, V, b, c, targets[1:])
    return np.concatenate([y[None], rest])


EXERCISE = Exercise(
    name="output_rnn",
    points=10,
    returns="Y (T, B, K)",
    reference=output_rnn,
    cases=cases,
    alternatives=(loop, two_ways, per_sequence, recursive),
    mistakes=(
        Mistake(
            "y0 is ignored",
            edit(loop, ("fed = y0", "fed = np.zeros_like(y0)")),
            "Free and forced, your network starts as if y0 were zero.",
            "Something is fed back at the first step too: which argument says what?",
        ),
        Mistake(
            "y0 is ignored when it runs freely",
            edit(two_ways, ("Y[t - 1] if t > 0 else y0", "Y[t - 1]")),
            "Running freely, your network starts as if y0 were zero.",
            "What stands in Y[−1] before it has been computed? And what should be fed at the "
            "first step?",
        ),
        Mistake(
            "y0 is ignored when forced",
            edit(two_ways, ("[y0[None], targets[:-1]]", "[0 * y0[None], targets[:-1]]")),
            "Running freely, yours is right; forced, it starts as if y0 were zero.",
            "Before the first step there is no target yet. What is fed then?",
        ),
        Mistake(
            "y0 at every step",
            edit(loop, ("        fed = y if targets is None else targets[t]\n", "")),
            "Your first step is right; at all others y0 is fed again.",
            "What is fed back should be of the step before.",
        ),
        Mistake(
            "nothing is fed back",
            edit(loop, (" + fed @ R.T", "")),
            "Your y_t depends on x_t alone: R and y0 have no influence.",
            "Which argument says how an output enters the next step?",
        ),
        Mistake(
            "h goes round the loop",
            edit(loop, ("fed = y if", "fed = h if")),
            "Running freely, what you feed back is h.",
            "What does the arrow from step t − 1 to step t start from in this network? R has K "
            "columns.",
        ),
        Mistake(
            "fed back without its bias",
            edit(loop, ("fed = y if", "fed = h @ V.T if")),
            "Running freely, what you feed back is V h, without c.",
            "It is the whole output that goes round the loop.",
        ),
        Mistake(
            "tanh of the output is fed back",
            edit(loop, ("fed = y if", "fed = np.tanh(y) if")),
            "Running freely, you squash y before you feed it back.",
            "It is the output itself that goes round the loop.",
        ),
        Mistake(
            "two steps late",
            edit(
                loop,
                ("fed = y0", "fed = following = y0"),
                ("fed = y if", "fed = following\n        following = y if"),
            ),
            "Your first step is right; what each step gives reaches the one after the next.",
            "At step t, what was made at t − 1 is fed back.",
        ),
        Mistake(
            "the targets are not used",
            edit(loop, ("fed = y if targets is None else targets[t]", "fed = y")),
            "Running freely, yours is right; given targets, it still feeds its own outputs back.",
            "With a teacher, the network hears what it should have said, not what it said.",
        ),
        Mistake(
            "forced without targets",
            edit(loop, ("fed = y if targets is None else targets[t]", "fed = targets[t]")),
            "Without targets yours asks for them all the same, and stops with an error.",
            "targets may be None. What is fed back then?",
        ),
        Mistake(
            "zeros for targets that are not given",
            edit(loop, ("fed = y if targets is None", "fed = 0 * y if targets is None")),
            "Without targets, nothing is fed back in yours after the first step.",
            "Without a teacher, what does the network hear?",
        ),
        Mistake(
            "free and forced change places",
            edit(loop, ("targets is None", "targets is not None")),
            "Given targets, yours runs freely; without them it asks for them.",
            "Which of the two branches is for `targets is None`?",
        ),
        Mistake(
            "the truth value of an array",
            edit(loop, ("y if targets is None", "y if not targets")),
            "Without targets yours is right; given targets, it raises an error: an array of "
            "several numbers is neither true nor false.",
            "How do you ask whether something is None?",
        ),
        Mistake(
            "targets of zero are taken for none",
            edit(two_ways, ("targets is not None", "targets is not None and np.any(targets)")),
            "When all targets are zero, your network runs freely.",
            "Zero is a target like any other. What says that there are none?",
        ),
        Mistake(
            "the target of the same step",
            edit(two_ways, ("np.concatenate([y0[None], targets[:-1]])", "targets")),
            "Running freely, yours is right; forced, each step of yours is told its own answer.",
            "y_t is to be found: which target may be known by then?",
        ),
        Mistake(
            "y0, then the target of the same step",
            edit(two_ways, ("targets[:-1]", "targets[1:]")),
            "Running freely, yours is right; forced, only your first step is: after it each step "
            "is told its own answer.",
            "y_t is to be found: which target may be known by then? One target is never fed.",
        ),
        Mistake(
            "rolled round",
            edit(
                two_ways,
                ("np.concatenate([y0[None], targets[:-1]])", "np.roll(targets, 1, axis=0)"),
            ),
            "Running freely, yours is right; forced, only your first step is not: it hears the "
            "last target.",
            "np.roll, and index −1, bring the end to the beginning. What should stand before the "
            "first target?",
        ),
        Mistake(
            "one row too early",
            edit(loop, ("else targets[t]", "else targets[t - 1]")),
            "Running freely, yours is right; forced, all steps but the first hear a row of targets "
            "that is one too early.",
            "Which target is fed after step t? (Index −1 is no error: it is the last row.)",
        ),
        Mistake(
            "the last target is fed",
            edit(two_ways, ("targets[:-1]", "targets")),
            "Running freely, yours is right; forced, you have one thing more to feed than there "
            "are steps.",
            "y0 and T targets are T + 1. Which of them comes too late to be fed?",
        ),
        Mistake(
            "the output and the target",
            edit(loop, ("else targets[t]", "else y + targets[t]")),
            "Running freely, yours is right; forced, it feeds back the sum of output and target.",
            "The target stands in the place of the output, not beside it.",
        ),
        Mistake(
            "the error is fed back",
            edit(loop, ("else targets[t]", "else targets[t] - y")),
            "Running freely, yours is right; forced, it feeds back how far it was off.",
            "The target itself stands in the place of the output.",
        ),
        Mistake(
            "half forced",
            edit(loop, ("else targets[t]", "else (y + targets[t]) / 2")),
            "Running freely, yours is right; forced, it feeds back the mean of output and target.",
            "The target stands in the place of the output.",
        ),
        Mistake(
            "V for the transpose of R",
            edit(loop, ("fed @ R.T", "fed @ V")),
            "What is fed back enters by V in yours: R has no influence.",
            "V and the transpose of R have the same shape. Which of them leads to the hidden "
            "units?",
        ),
        Mistake(
            "R for the transpose of V",
            edit(loop, ("y = h @ V.T + c", "y = h @ R + c")),
            "Your outputs are read out by R: V has no influence.",
            "R and the transpose of V have the same shape. Which of them leads to the outputs?",
        ),
        Mistake(
            "no b",
            edit(loop, ("fed @ R.T + b", "fed @ R.T")),
            "Your result does not depend on b.",
            "What should h be when x and what is fed back are zero?",
        ),
        Mistake(
            "no c",
            edit(loop, ("h @ V.T + c", "h @ V.T")),
            "Your result does not depend on what stands in c.",
            "What should y be when h is zero?",
        ),
        Mistake(
            "no tanh",
            edit(loop, ("np.tanh(X[t] @ U.T + fed @ R.T + b)", "X[t] @ U.T + fed @ R.T + b")),
            "Your hidden units are linear.",
            "Something stands between the sum and h.",
        ),
        Mistake(
            "the logistic function for tanh",
            edit(
                loop,
                (
                    "np.tanh(X[t] @ U.T + fed @ R.T + b)",
                    "1 / (1 + np.exp(-(X[t] @ U.T + fed @ R.T + b)))",
                ),
            ),
            "Your hidden units are never negative.",
            "The activation is tanh; the logistic function runs from 0 to 1.",
        ),
        Mistake(
            "tanh of the outputs too",
            edit(loop, ("y = h @ V.T + c", "y = np.tanh(h @ V.T + c)")),
            "Your outputs stay within ±1.",
            "The outputs are linear: only the hidden units are squashed.",
        ),
        Mistake(
            "what is fed, for what is said",
            edit(
                loop,
                ("        Y[t] = y\n", ""),
                ("    return Y", "        Y[t] = fed\n    return Y"),
            ),
            "Running freely, yours is right; forced, you return the targets.",
            "Forced or not, the network's own outputs are asked for.",
        ),
        Mistake(
            "states for outputs",
            edit(
                loop, ("np.zeros((T, B, len(c)))", "np.zeros((T, B, len(b)))"), ("= y\n", "= h\n")
            ),
            "You return the hidden states.",
            "What is asked for has K entries at each step.",
        ),
        Mistake(
            "only the last output",
            edit(loop, ("return Y", "return y")),
            "You return the output of the last step only.",
            "All steps are asked for.",
        ),
        Mistake(
            "sequences in front",
            edit(per_sequence, (".transpose(1, 0, 2)", "")),
            "The numbers are right; your first axis is that of the sequences.",
            "Time is the first axis, everywhere in this course.",
        ),
        Mistake(
            "writes into y0",
            edit(
                loop,
                (
                    "fed = y if targets is None else targets[t]",
                    "fed[:] = y if targets is None else targets[t]",
                ),
            ),
            "The numbers are right, but the caller's y0 is overwritten.",
            "`fed = y0` copies nothing, and `fed[:] = …` writes into it.",
        ),
        Mistake(
            "writes into targets",
            edit(
                two_ways,
                (
                    "fed = np.concatenate([y0[None], targets[:-1]])",
                    "fed = targets\n        fed[1:] = targets[:-1]\n        fed[0] = y0",
                ),
            ),
            "The numbers are right, but the caller's targets have been shifted.",
            "`fed = targets` copies nothing: whoever computes a loss afterwards has other targets.",
        ),
    ),
)
