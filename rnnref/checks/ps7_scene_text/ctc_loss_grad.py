"""ctc_loss_grad: the loss of a label that nobody has aligned, and its gradient (row R31)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special, strict
from rnnref.losses.ctc import ctc_loss


def ctc_loss_grad(logits, label, blank=0):
    """The core's loss of a single sequence."""
    loss, dlogits = ctc_loss(logits[:, None], [label], blank=blank)
    return loss, dlogits[:, 0]


def draw(rng, T, K, pattern, blank=0):
    """Scores, and a label: equal letters of the pattern are equal in it, none is the blank."""
    kinds = sorted(set(pattern))
    letters = rng.permutation([k for k in range(K) if k != blank])[: len(kinds)].tolist()
    return rng.normal(size=(T, K)) * 1.5, [letters[kinds.index(kind)] for kind in pattern]


def cases(rng):
    """All sizes different, then the labels, lengths and scores that hide a slip."""
    yield plain("T = 8 frames, K = 6 classes, 3 letters", *draw(rng, 8, 6, "abc"))
    yield plain("T = 7 frames, K = 4 classes, 2 letters", *draw(rng, 7, 4, "ab"))
    yield special("one letter twice, another between", *draw(rng, 9, 5, "aba"))
    yield special("one letter twice in a row", *draw(rng, 7, 4, "baa"))
    logits, label = draw(rng, 6, 5, "ab")
    yield special("the label as an array", logits, np.array(label))
    yield special("the empty label", *draw(rng, 4, 3, ""))
    yield special("one frame, one letter (T = 1)", *draw(rng, 1, 5, "a"))
    blank = int(rng.integers(2, 5))
    logits, (first, last) = draw(rng, 7, 5, "ab", blank)
    others = [k for k in (first, last) if k]
    yield special(f"the blank is {blank}, 0 is a letter", logits, [others[0], 0], blank)
    yield special("just enough frames", *draw(rng, 6, 4, "abbac"))
    yield strict("one frame too few", *draw(rng, 3, 5, "abb"))
    yield strict("fewer frames than letters", *draw(rng, 2, 4, "abc"))
    logits, label = draw(rng, 6, 5, "ab")
    far = rng.uniform(950.0, 1050.0)
    other = next(k for k in range(1, 5) if k not in label)
    logits[[0, 3], other] += far
    logits[[1, 4], 0] -= far
    yield strict("scores 1000 apart", logits, label)
    yield special("T = 400 frames, K = 30 classes", *draw(rng, 400, 30, "abcdc"))


def vectors(logits, label, blank=0):
    T, K = logits.shape
    shifted = logits - logits.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    ext = np.full(2 * len(label) + 1, blank)
    ext[1::2] = label
    skip = np.zeros(len(ext), bool)
    skip[2:] = (ext[2:] != blank) & (ext[2:] != ext[:-2])
    emission = logp[:, ext]
    alpha = np.full((T, len(ext)), -np.inf)
    alpha[0, :2] = emission[0, :2]
    for t in range(1, T):
        before = alpha[t - 1]
        total = before.copy()
        total[1:] = np.logaddexp(total[1:], before[:-1])
        total[2:] = np.where(skip[2:], np.logaddexp(total[2:], before[:-2]), total[2:])
        alpha[t] = total + emission[t]
    beta = np.full((T, len(ext)), -np.inf)
    beta[-1, -2:] = 0.0
    for t in reversed(range(T - 1)):
        after = beta[t + 1] + emission[t + 1]
        total = after.copy()
        total[:-1] = np.logaddexp(total[:-1], after[1:])
        total[:-2] = np.where(skip[2:], np.logaddexp(total[:-2], after[2:]), total[:-2])
        beta[t] = total
    log_likelihood = np.logaddexp.reduce(alpha[-1, -2:])
    if log_likelihood == -np.inf:
        return np.inf, np.zeros((T, K))
    gamma = np.exp(alpha + beta - log_likelihood)
    posterior = np.zeros((T, K))
    for s in range(len(ext)):
        posterior[:, ext[s]] += gamma[:, s]
    loss = -log_likelihood
    return loss, np.exp(logp) - posterior


def loops(logits, label, blank=0):
    T, K = logits.shape
    logp = np.array([o - np.logaddexp.reduce(o) for o in logits])
    ext = [blank]
    for letter in label:
        ext += [int(letter), blank]
    S = len(ext)
    skip = [s >= 2 and ext[s] != blank and ext[s] != ext[s - 2] for s in range(S)]
    alpha = np.full((T, S), -np.inf)
    beta = np.full((T, S), -np.inf)
    for s in range(min(S, 2)):
        alpha[0, s] = logp[0, ext[s]]
        beta[T - 1, S - 1 - s] = 0.0
    for t in range(1, T):
        for s in range(S):
            total = alpha[t - 1, s]
            if s >= 1:
                total = np.logaddexp(total, alpha[t - 1, s - 1])
            if skip[s]:
                total = np.logaddexp(total, alpha[t - 1, s - 2])
            alpha[t, s] = total + logp[t, ext[s]]
    for t in range(T - 2, -1, -1):
        for s in range(S):
            total = beta[t + 1, s] + logp[t + 1, ext[s]]
            if s + 1 < S:
                total = np.logaddexp(total, beta[t + 1, s + 1] + logp[t + 1, ext[s + 1]])
            if s + 2 < S and skip[s + 2]:
                total = np.logaddexp(total, beta[t + 1, s + 2] + logp[t + 1, ext[s + 2]])
            beta[t, s] = total
    log_likelihood = np.logaddexp.reduce(alpha[0] + beta[0])
    dlogits = np.zeros((T, K))
    if np.isinf(log_likelihood):
        return np.inf, dlogits
    for t in range(T):
        for k in range(K):
            dlogits[t, k] = np.exp(logp[t, k])
        for s in range(S):
            dlogits[t, ext[s]] -= np.exp(alpha[t, s] + beta[t, s] - log_likelihood)
    return float(-log_likelihood), dlogits


def with_a_transition_matrix(logits, label, blank=0):
    logp = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    label = np.array(label, dtype=int)
    S = 2 * len(label) + 1
    ext = np.array([label[s // 2] if s % 2 else blank for s in range(S)])
    allowed = np.eye(S, dtype=bool) | np.eye(S, k=1, dtype=bool)
    for s in range(3, S, 2):
        allowed[s - 2, s] = ext[s] != ext[s - 2]
    step = np.full((S, S), -np.inf)  # from the row's state to the column's
    step[allowed] = 0.0
    alphas, betas = [np.where(np.arange(S) < 2, logp[0, ext], -np.inf)], []
    for row in logp[1:]:
        alphas.append(np.logaddexp.reduce(alphas[-1][:, None] + step, axis=0) + row[ext])
    betas.append(np.where(np.arange(S) >= S - 2, 0.0, -np.inf))
    for row in logp[:0:-1]:
        betas.append(np.logaddexp.reduce(step + (row[ext] + betas[-1]), axis=1))
    both = np.array(alphas) + np.array(betas[::-1])
    totals = np.logaddexp.reduce(both, axis=1, keepdims=True)
    if totals[0, 0] == -np.inf:
        return np.inf, np.zeros(logits.shape)
    shares = np.exp(both - totals) @ (ext[:, None] == np.arange(logits.shape[1]))
    return -totals[0, 0], np.exp(logp) - shares


def backwards_through_alpha(logits, label, blank=0):
    T, K = logits.shape
    m = logits.max(axis=1, keepdims=True)
    logp = logits - m - np.log(np.sum(np.exp(logits - m), axis=1, keepdims=True))
    ext = [blank]
    for k in label:
        ext.extend((k, blank))
    S = len(ext)
    come = [[s] + [s - 1] * (s > 0) for s in range(S)]
    for s in range(3, S, 2):
        if ext[s] != ext[s - 2]:
            come[s].append(s - 2)
    arrive, alpha = np.full((T, S), -np.inf), np.full((T, S), -np.inf)
    arrive[0, :2] = 0.0
    for t in range(T):
        if t > 0:
            arrive[t] = [np.logaddexp.reduce(alpha[t - 1, come[s]]) for s in range(S)]
        alpha[t] = arrive[t] + logp[t, ext]
    total = np.logaddexp.reduce(alpha[-1, -2:])
    if not np.isfinite(total):
        return np.inf, 0.0 * logits
    share = np.zeros(S)  # ∂ log p / ∂ alpha[t]
    share[-2:] = np.exp(alpha[-1, -2:] - total)
    dlogp = np.zeros((T, K))
    for t in reversed(range(T)):
        np.add.at(dlogp[t], ext, -share)
        earlier = np.zeros(S)
        for s in range(S):
            if t > 0 and share[s] > 0:
                earlier[come[s]] += share[s] * np.exp(alpha[t - 1, come[s]] - arrive[t, s])
        share = earlier
    return [-total, dlogp - np.exp(logp) * dlogp.sum(axis=1, keepdims=True)]


# What the mistakes below replace in `vectors`.
SOFTMAX = "np.log(np.exp(shifted).sum(axis=1, keepdims=True))"
STATES = "ext = np.full(2 * len(label) + 1, blank)\n    ext[1::2] = label"
SKIP = "(ext[2:] != blank) & (ext[2:] != ext[:-2])"
START = "alpha[0, :2] = emission[0, :2]"
END = "beta[-1, -2:] = 0.0"
TOTAL = "np.logaddexp.reduce(alpha[-1, -2:])"
IMPOSSIBLE = "    if log_likelihood == -np.inf:\n        return np.inf, np.zeros((T, K))\n"
GAMMA = "np.exp(alpha + beta - log_likelihood)"
SHARES = (
    "    posterior = np.zeros((T, K))\n"
    "    for s in range(len(ext)):\n"
    "        posterior[:, ext[s]] += gamma[:, s]\n"
)
LOSS = "loss = -log_likelihood"
GRADIENT = "np.exp(logp) - posterior"


def linear(logits, label, blank=0):
    T, K = logits.shape
    E = np.exp(logits - logits.max(axis=1, keepdims=True))
    y = E / E.sum(axis=1, keepdims=True)
    ext = np.full(2 * len(label) + 1, blank)
    ext[1::2] = label
    skip = np.zeros(len(ext), bool)
    skip[2:] = (ext[2:] != blank) & (ext[2:] != ext[:-2])
    alpha, beta = np.zeros((T, len(ext))), np.zeros((T, len(ext)))
    alpha[0, :2] = y[0, ext[:2]]
    for t in range(1, T):
        alpha[t] = alpha[t - 1]
        alpha[t, 1:] += alpha[t - 1, :-1]
        alpha[t, 2:] += alpha[t - 1, :-2] * skip[2:]
        alpha[t] *= y[t, ext]
    beta[-1, -2:] = 1.0
    for t in reversed(range(T - 1)):
        after = beta[t + 1] * y[t + 1, ext]
        beta[t] = after
        beta[t, :-1] += after[1:]
        beta[t, :-2] += after[2:] * skip[2:]
    p = alpha[-1, -2:].sum()
    if p == 0:
        return np.inf, np.zeros((T, K))
    posterior = np.zeros((T, K))
    np.add.at(posterior.T, ext, (alpha * beta / p).T)
    return -np.log(p), y - posterior


def best_path(logits, label, blank=0):
    T, K = logits.shape
    logp = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    ext = [blank]
    for letter in label:
        ext += [letter, blank]
    score, path = np.full(len(ext), -np.inf), [[] for _ in ext]
    score[:2] = 0.0
    for t in range(T):
        new, longer = score.copy(), []
        for s in range(len(ext)):
            froms = [s]
            if t > 0 and s > 0:
                froms.append(s - 1)
            if t > 0 and s > 1 and ext[s] != blank and ext[s] != ext[s - 2]:
                froms.append(s - 2)
            best = max(froms, key=lambda r: score[r])
            new[s] = score[best] + logp[t, ext[s]]
            longer.append([*path[best], s])
        score, path = new, longer
    end = max(range(len(ext))[-2:], key=lambda r: score[r])
    if score[end] == -np.inf:
        return np.inf, np.zeros((T, K))
    loss, dlogits = -score[end], np.exp(logp)
    for t in range(T):
        dlogits[t, ext[path[end][t]]] -= 1
    return loss, dlogits


def ceiling(eps):
    """log(P + ε), the guard against log 0."""
    probabilities = "np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)"
    return Mistake(
        f"log(P + {eps})",
        edit(vectors, (f"shifted - {SOFTMAX}", f"np.log({probabilities} + {eps})")),
        "You add a small number to the probabilities before the logarithm: no class can be less "
        "probable than that, and no loss is quite right.",
        "Score minus log-sum needs no such guard.",
    )


def gradient(name, new, says, hint, *more, convention=False):
    """The loss is right, or what stands in `more` is changed too; another gradient is returned."""
    wrong = edit(vectors, (GRADIENT, new), *more)
    return Mistake(name, wrong, says, hint, convention)


EXERCISE = Exercise(
    name="ctc_loss_grad",
    points=15,
    returns="loss, dlogits (T, K)",
    reference=ctc_loss_grad,
    cases=cases,
    alternatives=(vectors, loops, with_a_transition_matrix, backwards_through_alpha),
    mistakes=(
        Mistake(
            "changes the logits",
            edit(
                vectors,
                (
                    "shifted = logits - logits.max(axis=1, keepdims=True)",
                    "shifted = logits\n    shifted -= logits.max(axis=1, keepdims=True)",
                ),
            ),
            "The numbers are right, but the caller's logits are changed.",
            "`-=` writes into the array itself; `logits - …` makes a new one.",
        ),
        Mistake(
            "scores taken for log-probabilities",
            edit(vectors, (f"shifted - {SOFTMAX}", "logits")),
            "You take the scores for log-probabilities: the exponentials of a frame's scores do "
            "not add up to 1.",
            "What makes probabilities of scores?",
        ),
        Mistake(
            "the loss without softmax",
            edit(vectors, ("emission = logp[:, ext]", "emission = logits[:, ext]")),
            "dlogits is right; in the loss, the scores stand for log-probabilities.",
            "The same number added to all scores of a frame must not change the loss.",
        ),
        Mistake(
            "the loss with probabilities for their logarithms",
            edit(vectors, ("emission = logp[:, ext]", "emission = np.exp(logp[:, ext])")),
            "On your way forward, probabilities stand where their logarithms should.",
            "A product of probabilities is a sum of what?",
        ),
        Mistake(
            "the softmax over time",
            edit(
                vectors,
                ("logits.max(axis=1, keepdims=True)", "logits.max(axis=0, keepdims=True)"),
                (SOFTMAX, SOFTMAX.replace("axis=1", "axis=0")),
            ),
            "Your probabilities add up to 1 over the frames: moments compete, not classes.",
            "Which axis holds the classes?",
        ),
        ceiling("1e-12"),
        ceiling("1e-8"),
        Mistake(
            "no blanks at all",
            edit(
                vectors,
                (STATES, "ext = np.array(label, dtype=int)"),
                (SKIP, "False"),
                (START, "alpha[0, :1] = emission[0, :1]"),
                (END, "beta[-1, -1:] = 0.0"),
                (TOTAL, "np.logaddexp.reduce(alpha[-1, -1:])"),
            ),
            "Your paths go through the letters of the label alone.",
            "May a path be silent before, between and after the letters?",
        ),
        Mistake(
            "blanks at the ends only",
            edit(vectors, (STATES, "ext = np.array([blank, *label, blank])"), (SKIP, "False")),
            "In your paths there is no blank between two letters.",
            "How does a path read that goes from a letter to an equal one without a blank?",
        ),
        Mistake(
            "no blank in front",
            edit(
                vectors,
                (STATES, STATES + "\n    ext = ext[min(1, len(label)) :]"),
                (START, "alpha[0, :1] = emission[0, :1]"),
            ),
            "Your paths begin with the first letter.",
            "May a path begin with silence?",
        ),
        Mistake(
            "no blank at the end",
            edit(
                vectors,
                (STATES, STATES + "\n    ext = ext[: max(1, 2 * len(label))]"),
                (END, "beta[-1, -1:] = 0.0"),
                (TOTAL, "np.logaddexp.reduce(alpha[-1, -1:])"),
            ),
            "Your paths end in the last letter.",
            "May a path end in silence?",
        ),
        Mistake(
            "the blank is always 0",
            edit(vectors, ("blank=0):\n", "blank=0):\n    blank = 0\n")),
            "Right where the blank is 0; elsewhere you do not look at the argument `blank`.",
            "Which class is silence?",
        ),
        Mistake(
            "0 between the letters",
            edit(vectors, (STATES, STATES.replace("blank)", "0)"))),
            "Right where the blank is 0; between the letters you put 0, whatever the blank is.",
            "Which class is silence?",
        ),
        Mistake(
            "no skip",
            edit(vectors, (SKIP, "False")),
            "Your paths go through every blank of the extended label.",
            "May the blank between two different letters be left out?",
        ),
        Mistake(
            "skips between equal letters",
            edit(vectors, (SKIP, "ext[2:] != blank")),
            "Your paths may leave out the blank between two equal letters.",
            "How does a path without that blank read?",
        ),
        Mistake(
            "skips everywhere",
            edit(vectors, (SKIP, "True")),
            "Your paths may come to every state from two before, to blanks too: a letter is left "
            "out then.",
            "What may be left out of a label, and what may not?",
        ),
        Mistake(
            "skips letters",
            edit(vectors, (SKIP, "ext[2:] == blank")),
            "Your paths jump from blank to blank, and leave out the letter between.",
            "What may be left out of a label, and what may not?",
        ),
        Mistake(
            "begins in a blank only",
            edit(vectors, (START, "alpha[0, 0] = emission[0, 0]")),
            "Your paths begin with a blank.",
            "Which two places may a path begin in?",
        ),
        Mistake(
            "begins in a letter only",
            edit(vectors, (START, "alpha[0, 1:2] = emission[0, 1:2]")),
            "Your paths begin with the first letter.",
            "Which two places may a path begin in?",
        ),
        Mistake(
            "begins anywhere",
            edit(vectors, (START, "alpha[0] = emission[0]")),
            "Your paths may begin in the middle of the label.",
            "Which two places may a path begin in?",
        ),
        Mistake(
            "no emission at the first frame",
            edit(vectors, (START, "alpha[0, :2] = 0.0")),
            "What is said at the first frame costs nothing in your loss.",
            "How probable is a path of one frame?",
        ),
        Mistake(
            "no state lasts two frames",
            edit(
                vectors,
                ("total = before.copy()", "total = np.full(len(ext), -np.inf)"),
                ("total = after.copy()", "total = np.full(len(ext), -np.inf)"),
            ),
            "Your paths leave every state after one frame.",
            "May a letter last two frames?",
        ),
        Mistake(
            "the best path",
            best_path,
            "Your loss is that of the most probable path, and your target is that path.",
            "Many paths read the label: which of them does the loss ask for?",
        ),
        Mistake(
            "the best path's loss",
            edit(
                vectors,
                (
                    "total[1:] = np.logaddexp(total[1:], before[:-1])",
                    "total[1:] = np.maximum(total[1:], before[:-1])",
                ),
                ("np.logaddexp(total[2:], before[:-2])", "np.maximum(total[2:], before[:-2])"),
                (TOTAL, "alpha[-1, -2:].max()"),
            ),
            "Your loss is that of the most probable path.",
            "Many paths read the label: which of them does the loss ask for?",
        ),
        Mistake(
            "the better of the two ends",
            edit(vectors, (TOTAL, "alpha[-1, -2:].max()")),
            "Of the two states that a path may end in, you take the more probable one.",
            "Paths that end in the one and paths that end in the other read the same label.",
        ),
        Mistake(
            "the loss of paths that end in a blank",
            edit(vectors, (TOTAL, "alpha[-1, -1]")),
            "Your loss is that of the paths that end in a blank.",
            "Which two places may a path end in?",
        ),
        Mistake(
            "the loss of paths that end in a letter",
            edit(vectors, (TOTAL, "alpha[-1, -2:][0]")),
            "Your loss is that of the paths that end in the last letter.",
            "Which two places may a path end in?",
        ),
        Mistake(
            "all states at the end",
            edit(vectors, (TOTAL, "np.logaddexp.reduce(alpha[-1])")),
            "Your loss counts paths that stop in the middle of the label.",
            "Which two places may a path end in?",
        ),
        Mistake(
            "β ends in a blank only",
            edit(vectors, (END, "beta[-1, -1] = 0.0")),
            "The loss is right; in your gradient, all paths end in a blank.",
            "Which two places may a path end in?",
        ),
        Mistake(
            "β ends anywhere",
            edit(vectors, (END, "beta[-1] = 0.0")),
            "The loss is right; in your gradient, paths may stop in the middle of the label.",
            "Which two places may a path end in? (A logarithm of 0 stands for a probability of 1.)",
        ),
        Mistake(
            "the emission counted twice",
            edit(
                vectors,
                (END, "beta[-1, -2:] = emission[-1, -2:]"),
                ("after = beta[t + 1] + emission[t + 1]", "after = beta[t + 1]"),
                ("beta[t] = total", "beta[t] = total + emission[t]"),
            ),
            "The loss is right. Add up your α_t(s) β_t(s) over s: the sum is not the same at "
            "every frame, since the emission at t is in both.",
            "What is said at frame t is to be counted once.",
        ),
        Mistake(
            "the emission counted twice, shares that add up to 1",
            edit(
                vectors,
                (END, "beta[-1, -2:] = emission[-1, -2:]"),
                ("after = beta[t + 1] + emission[t + 1]", "after = beta[t + 1]"),
                ("beta[t] = total", "beta[t] = total + emission[t]"),
                (
                    GAMMA,
                    "np.exp(alpha + beta - np.logaddexp.reduce(alpha + beta, axis=1)[:, None])",
                ),
            ),
            "The loss is right. In your shares α_t(s) β_t(s) the emission at t is counted twice; "
            "dividing by their sum hides it.",
            "What is said at frame t is to be counted once.",
        ),
        Mistake(
            "the emission at the wrong end of β's step",
            edit(vectors, ("beta[t + 1] + emission[t + 1]", "beta[t + 1] + emission[t]")),
            "The loss is right; your β_t holds the emissions from t to T − 1, not those after t.",
            "What do the frames say that follow frame t?",
        ),
        Mistake(
            "the emission of the state that is left",
            edit(
                vectors,
                ("after = beta[t + 1] + emission[t + 1]", "after = beta[t + 1]"),
                ("beta[t] = total", "beta[t] = total + emission[t + 1]"),
            ),
            "The loss is right; in your β, the emission at t + 1 is that of the state in which "
            "the path was at t.",
            "At frame t + 1 a path says the class of the state that it has come to.",
        ),
        Mistake(
            "no emission in β",
            edit(vectors, ("beta[t + 1] + emission[t + 1]", "beta[t + 1]")),
            "The loss is right; your β counts the paths to the end, whatever their frames say.",
            "How probable is what the later frames say?",
        ),
        Mistake(
            "no skip in β",
            edit(
                vectors,
                (
                    "np.where(skip[2:], np.logaddexp(total[:-2], after[2:]), total[:-2])",
                    "total[:-2]",
                ),
            ),
            "The loss is right; your β goes through every blank of the extended label.",
            "β takes the same steps as α.",
        ),
        Mistake(
            "β asks the state that is left",
            edit(
                vectors,
                (
                    "np.where(skip[2:], np.logaddexp(total[:-2], after[2:])",
                    "np.where(skip[:-2], np.logaddexp(total[:-2], after[2:])",
                ),
            ),
            "The loss is right; whether β may skip, you ask the state that is left.",
            "can_skip belongs to the state that a path comes to.",
        ),
        Mistake(
            "the future is not asked",
            edit(vectors, (GAMMA, "np.exp(alpha - np.logaddexp.reduce(alpha, axis=1)[:, None])")),
            "The loss is right; your shares come from α alone.",
            "Where a path is at frame t depends on what it has said, and on what is still to say.",
        ),
        Mistake(
            "the past is not asked",
            edit(vectors, (GAMMA, "np.exp(beta - np.logaddexp.reduce(beta, axis=1)[:, None])")),
            "The loss is right; your shares come from β alone.",
            "Where a path is at frame t depends on what is still to say, and on what it has said.",
        ),
        Mistake(
            "not divided by p",
            edit(vectors, (GAMMA, "np.exp(alpha + beta)")),
            "The loss is right; your shares of the states do not add up to 1 at each frame.",
            "How probable is a state, given that the label is read?",
        ),
        Mistake(
            "multiplied by p",
            edit(vectors, (GAMMA, "np.exp(alpha + beta + log_likelihood)")),
            "The loss is right; your shares of the states do not add up to 1 at each frame.",
            "How probable is a state, given that the label is read?",
        ),
        Mistake(
            "assigned, not added",
            edit(vectors, ("posterior[:, ext[s]] +=", "posterior[:, ext[s]] =")),
            "The loss is right; of the states with the same class, only the last one arrives in "
            "your gradient.",
            "The blank stands in many states: what do they do together?",
        ),
        Mistake(
            "letters assigned, not added",
            edit(
                vectors,
                (
                    SHARES,
                    "    posterior = np.zeros((T, K))\n"
                    "    posterior[:, blank] = gamma[:, ::2].sum(axis=1)\n"
                    "    posterior[:, ext[1::2]] = gamma[:, 1::2]\n",
                ),
            ),
            "Right, unless a letter stands twice in the label: then only its last place arrives "
            "in your gradient.",
            "With repeated indices, `a[:, i] = …` and `a[:, i] -= …` count each of them once.",
        ),
        Mistake(
            "the blank's share is missing",
            edit(vectors, ("range(len(ext))", "range(1, len(ext), 2)")),
            "The loss is right; your gradient has no share for the blank.",
            "Paths go through blanks too. What do all shares of a frame add up to?",
        ),
        Mistake(
            "the most probable state as target",
            edit(
                vectors,
                (
                    "gamma = " + GAMMA,
                    "gamma = (alpha + beta).argmax(axis=1)[:, None] == np.arange(len(ext))",
                ),
            ),
            "The loss is right; your target at each frame is its most probable state.",
            "Each state has a share, and the shares of a frame add up to 1.",
        ),
        gradient(
            "with respect to the log-probabilities",
            "-posterior",
            "The loss is right; yours is the gradient with respect to the log-probabilities. Each "
            "row must add up to 0: the same number added to all scores changes nothing.",
            "One step remains: through the softmax to the scores.",
        ),
        gradient(
            "with respect to the probabilities",
            "-posterior / np.exp(logp)",
            "The loss is right; yours is the gradient with respect to the probabilities. Each row "
            "must add up to 0: the same number added to all scores changes nothing.",
            "One step remains: through the softmax to the scores.",
        ),
        gradient(
            "only classes of the label",
            "(np.exp(logp) - posterior) * (posterior > 0)",
            "The loss is right; your gradient is zero for the classes that are not in the label.",
            "If the score of another class grows, what happens to the probabilities of these?",
        ),
        gradient(
            "the softmax passed twice",
            "(np.exp(logp) - posterior) * np.exp(logp)",
            "The loss is right; your gradient is multiplied by the probabilities once too often.",
            "Probability minus share is the gradient at the scores already.",
        ),
        gradient(
            "the gradient is zero",
            "np.zeros((T, K))",
            "The loss is right; your gradient is zero.",
            "Which classes should become more probable at frame t, and which less?",
        ),
        gradient(
            "the gradient has the wrong sign",
            "posterior - np.exp(logp)",
            "The loss is right; your gradient has the wrong sign.",
            "If the score of a class grows that all paths need, the loss falls.",
        ),
        gradient(
            "everything has the wrong sign",
            "posterior - np.exp(logp)",
            "Loss and gradient have the wrong sign: yours are those of the log-likelihood.",
            "A loss is to be made small.",
            (LOSS, "loss = log_likelihood"),
        ),
        Mistake(
            "the loss has the wrong sign",
            edit(vectors, (LOSS, "loss = log_likelihood")),
            "dlogits is right; your loss is the log-likelihood, which is negative.",
            "A loss is to be made small.",
        ),
        Mistake(
            "no logarithm",
            edit(vectors, (LOSS, "loss = -np.exp(log_likelihood)")),
            "dlogits is right; your loss is a probability with a minus.",
            "dlogits is the gradient of −log p.",
        ),
        Mistake(
            "bits",
            edit(vectors, (LOSS, "loss = -log_likelihood / np.log(2)")),
            "dlogits is right; your loss is in bits.",
            "The natural logarithm, please: dlogits is its derivative.",
        ),
        gradient(
            "divided by the frames",
            "(np.exp(logp) - posterior) / T",
            "Loss and gradient are divided by the number of frames.",
            "Nothing is divided here.",
            (LOSS, "loss = -log_likelihood / T"),
            convention=True,
        ),
        gradient(
            "divided by the letters",
            "(np.exp(logp) - posterior) / max(len(label), 1)",
            "Loss and gradient are divided by the number of letters.",
            "Nothing is divided here.",
            (LOSS, "loss = -log_likelihood / max(len(label), 1)"),
            convention=True,
        ),
        Mistake(
            "the loss divided by the frames",
            edit(vectors, (LOSS, "loss = -log_likelihood / T")),
            "dlogits is right; your loss is divided by the number of frames.",
            "Nothing is divided here.",
        ),
        Mistake(
            "the loss divided by the letters",
            edit(vectors, (LOSS, "loss = -log_likelihood / max(len(label), 1)")),
            "dlogits is right; your loss is divided by the number of letters.",
            "Nothing is divided here.",
        ),
        gradient(
            "the gradient divided by the frames",
            "(np.exp(logp) - posterior) / T",
            "The loss is right; your gradient is divided by the number of frames.",
            "Nothing is divided here.",
        ),
        gradient(
            "the gradient divided by the letters",
            "(np.exp(logp) - posterior) / max(len(label), 1)",
            "The loss is right; your gradient is divided by the number of letters.",
            "Nothing is divided here.",
        ),
        Mistake(
            "the gradient first",
            edit(vectors, (f"return loss, {GRADIENT}", f"return {GRADIENT}, loss")),
            "You return the gradient before the loss.",
            "The order is loss, dlogits.",
        ),
        Mistake(
            "the empty label has two states",
            edit(
                vectors,
                (START, "alpha[0, 0], alpha[0, 1] = emission[0, 0], emission[0, 1]"),
            ),
            "Right, but the empty label has one state only, and yours looks for a second.",
            "Without letters, which states are there?",
        ),
        Mistake(
            "a label counts as false",
            edit(
                vectors,
                (
                    STATES,
                    "ext = [blank]\n    for letter in label or []:\n"
                    "        ext += [letter, blank]\n    ext = np.array(ext)",
                ),
            ),
            "Right for lists; a label may be an array too, which is neither true nor false.",
            "len(label) works for both.",
        ),
        Mistake(
            "a label is added to a list",
            edit(
                vectors,
                (
                    STATES,
                    "ext = [blank]\n    for i in range(len(label)):\n"
                    "        ext = ext + label[i : i + 1] + [blank]\n    ext = np.array(ext)",
                ),
            ),
            "Right for lists; a label may be an array too, and an array + adds numbers.",
            "Put the letters in one by one.",
        ),
        Mistake(
            "the impossible label is not looked for",
            edit(vectors, (IMPOSSIBLE, "")),
            "Right, but for a label that no path of so few frames can read, you divide 0 by 0.",
            "How probable is such a label? Its loss is asked for, and a gradient of zeros.",
        ),
        Mistake(
            "a gradient for the impossible label",
            edit(vectors, ("return np.inf, np.zeros((T, K))", "return np.inf, np.exp(logp)")),
            "Right, but an impossible label has a gradient of zeros, and yours has others.",
            "No change of the scores makes such a label possible.",
        ),
        Mistake(
            "the impossible label costs nothing",
            edit(vectors, ("return np.inf, np", "return 0.0, np")),
            "Right, but your loss for an impossible label is 0.",
            "What is −log of a probability of 0?",
        ),
        Mistake(
            "an error for the impossible label",
            edit(
                vectors, ("return np.inf, np.zeros((T, K))", 'raise ValueError("too few frames")')
            ),
            "Right, but you raise an error for an impossible label.",
            "It has a loss: what is −log of a probability of 0?",
        ),
        Mistake(
            "only the letters are counted",
            edit(vectors, ("if log_likelihood == -np.inf", "if T < len(label)")),
            "Right, but you take a label for possible that needs more frames: you divide 0 by 0.",
            "How many frames does a letter twice in a row need?",
        ),
        Mistake(
            "the impossible label costs 1e30",
            edit(vectors, ("return np.inf, np", "return 1e30, np")),
            "Right, but your loss for an impossible label is a large number.",
            "What is −log of a probability of 0?",
        ),
        Mistake(
            "no maximum subtracted",
            edit(vectors, ("logits - logits.max(axis=1, keepdims=True)", "logits + 0.0")),
            "Right, except that scores about 1000 make your exponential overflow.",
            "The same number added to all scores of a frame changes nothing. Which would be a "
            "good one?",
        ),
        Mistake(
            "the logarithm of the softmax",
            edit(
                vectors,
                (
                    f"shifted - {SOFTMAX}",
                    "np.log(np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True))",
                ),
            ),
            "Right, except that e^−1000 becomes 0 in yours before you take a logarithm.",
            "log(exp(a) / b) = a − log(b), and the right side does not underflow if each frame "
            "has its own maximum subtracted.",
        ),
        Mistake(
            "probabilities, not their logarithms",
            linear,
            "Right for a few frames and scores that are near each other; otherwise your "
            "probabilities become 0.",
            "What is 0.05 to the power of 500? And its logarithm?",
        ),
        Mistake(
            "the logarithm of added exponentials",
            edit(
                vectors,
                (
                    "total[1:] = np.logaddexp(total[1:], before[:-1])",
                    "total[1:] = np.log(np.exp(total[1:]) + np.exp(before[:-1]))",
                ),
                (
                    "np.logaddexp(total[2:], before[:-2])",
                    "np.log(np.exp(total[2:]) + np.exp(before[:-2]))",
                ),
            ),
            "Right while the probabilities of the beginnings are no smaller than about 1e-308; "
            "after that, your exponentials are 0.",
            "There is a stable way to add two numbers of which you know the logarithms.",
        ),
    ),
)
