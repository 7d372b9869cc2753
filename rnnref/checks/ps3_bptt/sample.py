"""sample: a character model writes (course row R20); graded by frequencies."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special, strict


def sample(first_id, h0, U, W, V, b, c, n, rng, temperature=1.0):
    """Gumbel noise on the scores, the largest wins: the same distribution, nothing overflows."""
    inputs, noise = U.T + b, c + temperature * rng.gumbel(size=(n, len(c)))
    ids = np.empty(n, np.intp)
    h, letter = h0, first_id
    for i in range(n):
        h = np.tanh(inputs[letter] + W @ h)
        ids[i] = letter = (V @ h + noise[i]).argmax()
    return ids


def draw(rng, n, scale, *temperature):
    """A model of three letters in which whatever is forgotten changes frequencies, and its call.

    Units 0–2 hold the last letter and units 3–5, which hear them alone, the one before it: that
    part of W is nilpotent. Unit 6 keeps for ever the sign that h0 gives it, and unit 7 the sign
    that the first letter gives it: without them, a small bias would give both the other sign.
    `scale` is that of the scores.
    """
    first_id, (sign, mark) = int(rng.integers(1, 3)), rng.choice([-1.0, 1.0], 2)
    h0 = np.array([*rng.normal(size=6) * 0.5, sign * rng.uniform(0.7, 0.9), 0.0])
    U, W = np.zeros((8, 3)), np.zeros((8, 8))
    U[:3] = np.diag(rng.uniform(1.5, 2.5, 3)) - 0.5
    U[7] = np.where(np.arange(3) == first_id, 0.6, -0.6) * mark
    W[3:6, :3] = np.diag(rng.uniform(1.2, 1.8, 3))
    W[6, 6], W[7, 7] = rng.uniform(2.5, 3.0), rng.uniform(5.5, 6.0)
    b = np.array([*rng.choice([-1, 1], 6) * rng.uniform(0.6, 0.9, 6), -0.3 * sign, -0.3 * mark])
    # What each pair of units favours: every part of the state has a say.
    last, before = (np.roll(np.eye(3), rng.integers(3), axis=0) for _ in range(2))
    kept = np.array([rng.permutation([-0.6, 0.0, 0.6]) for _ in range(2)]).T
    V = np.hstack([1.2 * last, before, kept]) + rng.normal(size=(3, 8)) * 0.1
    c = rng.permutation([0.5, 1.0, 1.5])  # positive, so that in the cold they overflow
    return first_id, h0, U, W, scale * V, b, scale * c, n, rng.spawn(1)[0], *temperature


def mixed(rng, n, scale, *temperature):
    """A call with a text in which no pair of letters is so rare that chance decides."""
    while True:
        call = draw(rng, n, scale, *temperature)
        ids = sample(*call[:8], np.random.default_rng(0), *temperature)
        if np.bincount(3 * ids[:-1] + ids[1:], minlength=9).min() >= 30:
            return call


def certain(rng, n, scale, temperature):
    """A call so cold that there is one text only: no two scores are close.

    It does not begin with the letter that is read first.
    """
    while True:
        call = draw(rng, n, scale, temperature)
        ids = [sample(*call[:8], np.random.default_rng(i), temperature) for i in range(3)]
        is_one = np.array_equal(ids[0], ids[1]) and np.array_equal(ids[0], ids[2])
        if is_one and ids[0][0] != call[0]:
            return call


def cases(rng):
    """All that is remembered shows in one text; then hotter, cooler and cold."""
    yield plain("8,000 letters", *mixed(rng, 8000, 1.0))
    yield plain("2,000 letters at temperature 2", *mixed(rng, 2000, 1.5, 2.0))
    yield special("2,000 letters at temperature 0.5", *mixed(rng, 2000, 0.65, 0.5))
    yield strict(
        "300 letters at temperature 0.001, without overflow", *certain(rng, 300, 2.0, 1e-3)
    )


def by_choice(first_id, h0, U, W, V, b, c, n, rng, temperature=1.0):
    ids = np.zeros(n, dtype=int)
    x, h = first_id, h0
    for i in range(n):
        h = np.tanh(U[:, x] + W @ h + b)
        o = (V @ h + c) / temperature
        p = np.exp(o - np.max(o))
        p = p / np.sum(p)
        x = rng.choice(len(p), p=p)
        ids[i] = x
    return ids


def by_threshold(first_id, h0, U, W, V, b, c, n, rng, temperature=1.0):
    x, h, ids = np.eye(U.shape[1])[first_id], np.copy(h0), []
    while len(ids) < n:
        h = np.tanh(np.dot(U, x) + np.dot(W, h) + b)
        scores = (np.dot(V, h) + c) / temperature
        steps = np.exp(scores - scores.max()).cumsum()
        ids.append(int((rng.random() * steps[-1] > steps).sum()))
        x = np.zeros(U.shape[1])
        x[ids[-1]] = 1.0
    return np.array(ids)


def by_noise(first_id, h0, U, W, V, b, c, n, rng, temperature=1.0):
    A = U.T + b
    ids = np.zeros(n, dtype=int)
    noise = rng.gumbel(size=(n, len(c)))
    x, h = first_id, h0
    for i in range(n):
        h = np.tanh(A[x] + W @ h)
        o = (V @ h + c) / temperature
        ids[i] = x = (o + noise[i]).argmax()
    return ids


EXERCISE = Exercise(
    name="sample",
    points=5,
    returns="shares (last but one, last, next)",
    reference=sample,
    cases=cases,
    observe="transitions",
    alternatives=(by_choice, by_threshold, by_noise),
    mistakes=(
        Mistake(
            "h0 is not used",
            edit(by_noise, ("x, h = first_id, h0", "x, h = first_id, np.zeros_like(h0)")),
            "Your text begins in the state 0, whatever h0 is; one unit here keeps its first sign "
            "for ever.",
            "One of the arguments tells you where to start.",
        ),
        Mistake(
            "first_id is not read",
            edit(by_noise, ("A[x] + W", "(A[x] if i else b) + W")),
            "Your first step reads something else than first_id; one unit here keeps for ever what "
            "the first letter told it.",
            "What is the input of the first step?",
        ),
        Mistake(
            "each letter as if it were the first",
            edit(by_noise, ("h = np.tanh(A[x] + W @ h)", "h = np.tanh(A[first_id] + W @ h0)")),
            "You draw every letter from the same probabilities, as if it were the first.",
            "Two things change from step to step: the letter that is read and the state.",
        ),
        Mistake(
            "always reads first_id",
            edit(by_noise, ("ids[i] = x = ", "ids[i] = ")),
            "What you draw has no influence on what follows: your network reads first_id again "
            "and again.",
            "Which letter is read after the first?",
        ),
        Mistake(
            "the state is not carried",
            edit(by_noise, ("h = np.tanh(A[x] + W @ h)", "h = np.tanh(A[x] + W @ h0)")),
            "Your next letter depends on the last one alone: each step goes back to h0.",
            "The state of one step is what the next one starts from.",
        ),
        Mistake(
            "no state at all",
            edit(by_noise, ("A[x] + W @ h)", "A[x])")),
            "Your next letter depends on the last one alone: the state does not enter.",
            "Which term of the equation remembers?",
        ),
        Mistake(
            "the lamps stay on",
            edit(
                by_threshold,
                ("        x = np.zeros(U.shape[1])\n", ""),
            ),
            "Your input holds more and more ones: the letters before the last are read again.",
            "A one-hot vector has one 1; where does the old one go?",
        ),
        Mistake(
            "W for its transpose",
            edit(by_noise, ("W @ h", "h @ W")),
            "Your W works the wrong way round.",
            "Row i of W collects what unit i receives.",
        ),
        Mistake(
            "b missing",
            edit(by_noise, ("A = U.T + b", "A = U.T")),
            "Your states do not change when b does.",
            "What is added before tanh?",
        ),
        Mistake(
            "scores of the state before",
            edit(
                by_noise,
                (
                    "        h = np.tanh(A[x] + W @ h)\n        o = (V @ h + c) / temperature\n",
                    "        o = (V @ h + c) / temperature\n        h = np.tanh(A[x] + W @ h)\n",
                ),
            ),
            "You draw from the scores of h_{t−1}: the letter just read has no say yet.",
            "First read, then write: ids[0] is drawn from h_1.",
        ),
        Mistake(
            "c missing",
            edit(by_noise, ("V @ h + c", "V @ h")),
            "Your frequencies do not change when c does.",
            "What is added to the scores?",
        ),
        Mistake(
            "the likeliest letter instead of a draw",
            edit(by_noise, ("(o + noise[i]).argmax()", "o.argmax()")),
            "You always take the likeliest letter; called twice, you write the same text.",
            "A letter with probability 0.3 should come up three times in ten.",
        ),
        Mistake(
            "all letters equally likely",
            edit(by_noise, ("(o + noise[i]).argmax()", "noise[i].argmax()")),
            "You draw all letters equally often, whatever their scores are.",
            "Where do the probabilities enter the draw?",
        ),
        Mistake(
            "first_id among the results",
            edit(
                by_noise,
                (
                    "ids[i] = x = (o + noise[i]).argmax()",
                    "ids[i] = x\n        x = (o + noise[i]).argmax()",
                ),
            ),
            "The letters come in the right proportions, but your text begins with first_id, and so "
            "lacks the last draw.",
            "first_id is read, not written: ids[0] is the first letter that is drawn.",
        ),
        Mistake(
            "the temperature is not used",
            edit(by_noise, (" / temperature", "")),
            "Right at temperature 1; another temperature changes nothing in yours.",
            "One of the arguments is not used. (Or does it cancel out, as a factor of all "
            "probabilities does?)",
        ),
        Mistake(
            "the temperature multiplies",
            edit(by_noise, ("(V @ h + c) / temperature", "(V @ h + c) * temperature")),
            "Right at temperature 1; in yours heat makes the text more orderly.",
            "Hotter should be more random: which scores are closer to each other then?",
        ),
        Mistake(
            "overflow in the cold",
            edit(by_threshold, ("np.exp(scores - scores.max())", "np.exp(scores)")),
            "Right, but at temperature 0.001 the exponential of your scores overflows.",
            "The same number taken from all scores changes no probability. Which number would "
            "make the largest exponent 0?",
        ),
    ),
)
