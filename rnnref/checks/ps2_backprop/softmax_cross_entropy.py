"""softmax_cross_entropy: loss and gradient of a classifier's scores (course rows R11, R18)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special, strict
from rnnref.losses.cross_entropy import softmax_cross_entropy as core


def softmax_cross_entropy(logits, y):
    """The core's loss at a single time step."""
    loss, dlogits = core(logits[None], y[None])
    return loss, dlogits[0]


def draw(rng, B, K):
    """Scores and classes: two classes at least, and for K > 2 not the last one."""
    occurring = max(K - 1, 2)
    y = rng.integers(0, occurring, size=B)
    y[[0, -1]] = rng.permutation(occurring)[:2]
    return rng.normal(size=(B, K)), y


def cases(rng):
    """All sizes different, then the sizes and scores that hide a slip."""
    yield plain("B = 4 rows, K = 6 classes", *draw(rng, 4, 6))
    yield plain("B = 7 rows, K = 3 classes", *draw(rng, 7, 3))
    yield special("one row (B = 1)", *draw(rng, 1, 5))
    yield special("as many rows as classes (B = K)", *draw(rng, 4, 4))
    yield special("two classes (K = 2)", *draw(rng, 5, 2))
    logits, y = draw(rng, 3, 5)
    far = rng.uniform(950.0, 1050.0)
    yield strict("rows 1000 apart", logits + np.array([[far], [0.0], [-far]]), y)
    logits, y = draw(rng, 3, 4)
    logits[np.arange(3), (y + 1) % 4] += 40.0 - logits.max(axis=1)
    logits[np.arange(3), y] = rng.uniform(-1.0, 1.0, size=3)
    yield special("sure and wrong (each loss about 40)", logits, y)
    logits, y = draw(rng, 6, 3)
    logits[np.arange(3), y[:3]] += 40.0
    yield special("three rows sure and right, three unsure", logits, y)


def probabilities(logits, y):
    rows = np.arange(len(y))
    E = np.exp(logits - logits.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    loss = -np.log(P[rows, y]).mean()
    d = P.copy()
    d[rows, y] -= 1
    return loss, d / len(y)


def log_softmax(logits, y):
    B, K = logits.shape
    Y = np.eye(K)[y]
    shifted = logits - logits.max(axis=1, keepdims=True)
    logP = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -(Y * logP).sum() / B
    return loss, (np.exp(logP) - Y) / B


def row_by_row(logits, y):
    B, K = logits.shape
    loss = 0.0
    dlogits = np.zeros((B, K))
    for i in range(B):
        m = max(logits[i])
        total = sum(np.exp(logits[i, j] - m) for j in range(K))
        for j in range(K):
            p = np.exp(logits[i, j] - m) / total
            dlogits[i, j] = (p - (j == y[i])) / B
        loss += (m + np.log(total) - logits[i, y[i]]) / B
    return loss, dlogits


def through_the_jacobian(logits, y):
    losses, rows = [], []
    for o, k in zip(logits, y, strict=True):
        e = np.exp(o - o.max())
        p = e / e.sum()
        dp = np.zeros(len(o))
        dp[k] = -1 / p[k]
        jacobian = np.diag(p) - np.outer(p, p)
        losses.append(-np.log(p[k]))
        rows.append(jacobian.T @ dp)
    return np.mean(losses), np.array(rows) / len(y)


def with_logaddexp(logits, y):
    logP = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    chosen = np.take_along_axis(logP, y[:, None], axis=1)
    is_target = np.arange(logits.shape[1]) == y[:, None]
    return [np.array(-chosen.mean()), (np.exp(logP) - is_target) / len(logits)]


def ceiling(eps, near):
    """log(P + ε), the guard that makes a sure wrong prediction cheap."""
    return Mistake(
        f"log(P + {eps})",
        edit(probabilities, ("P[rows, y])", f"P[rows, y] + {eps})")),
        f"dlogits is right. Your loss has a ceiling near {near}: a sure and wrong prediction "
        "costs no more.",
        "What do you add before the logarithm? Score minus log-sum needs no such guard.",
    )


def floor(eps, near):
    """The same by np.clip or np.maximum."""
    return Mistake(
        f"P at least {eps}",
        edit(probabilities, ("P[rows, y])", f"np.maximum(P[rows, y], {eps}))")),
        f"dlogits is right. Your loss has a ceiling near {near}: a sure and wrong prediction "
        "costs no more.",
        "You hold the probabilities above some bound before the logarithm. Score minus log-sum "
        "needs no such guard.",
    )


def unaligned(name, *changes):
    """A number for each row that does not lie along the rows."""
    return Mistake(
        name,
        edit(probabilities, *changes),
        "A number for each row, of shape (B,), cannot be aligned with an array of shape (B, K): "
        "NumPy stops, or, where B = K, goes along the wrong axis.",
        "Shapes are aligned from the right: (B, 1) fits (B, K). Which argument of max and sum "
        "keeps the axis?",
    )


EXERCISE = Exercise(
    name="softmax_cross_entropy",
    points=20,
    returns="loss, dlogits (B, K)",
    reference=softmax_cross_entropy,
    cases=cases,
    alternatives=(probabilities, log_softmax, row_by_row, through_the_jacobian, with_logaddexp),
    mistakes=(
        Mistake(
            "changes the logits",
            edit(
                log_softmax,
                (
                    "shifted = logits - logits.max(axis=1, keepdims=True)",
                    "shifted = logits\n    shifted -= logits.max(axis=1, keepdims=True)",
                ),
            ),
            "The numbers are right, but the caller's logits are changed.",
            "`-=`, `/=` and `out=…` write into the array itself; `logits - …` makes a new one.",
        ),
        Mistake(
            "the maximum of each column",
            edit(probabilities, ("logits.max(axis=1, keepdims=True)", "logits.max(axis=0)")),
            "You subtract another number from each class: that changes the probabilities.",
            "The same number may be subtracted from all scores of a row, and each row has its own.",
        ),
        unaligned(
            "axes dropped from maximum and sum",
            ("logits.max(axis=1, keepdims=True)", "logits.max(axis=1)"),
            ("E.sum(axis=1, keepdims=True)", "E.sum(axis=1)"),
        ),
        unaligned(
            "the axis dropped from the maximum",
            ("logits.max(axis=1, keepdims=True)", "logits.max(axis=1)"),
        ),
        unaligned(
            "the axis dropped from the sum",
            ("E.sum(axis=1, keepdims=True)", "E.sum(axis=1)"),
        ),
        unaligned(
            "the axis dropped from the sum, no maximum",
            (" - logits.max(axis=1, keepdims=True)", ""),
            ("E.sum(axis=1, keepdims=True)", "E.sum(axis=1)"),
        ),
        Mistake(
            "no exponential",
            edit(
                probabilities,
                (
                    "np.exp(logits - logits.max(axis=1, keepdims=True))",
                    "logits",
                ),
            ),
            "Your “probabilities” are scores divided by their sum: some are negative.",
            "Which function makes every score positive before you divide?",
        ),
        Mistake(
            "columns sum to 1",
            edit(
                probabilities,
                ("logits.max(axis=1, keepdims=True)", "logits.max(axis=0)"),
                ("E.sum(axis=1, keepdims=True)", "E.sum(axis=0)"),
            ),
            "Your probabilities add up to 1 over the rows: you compare examples with each other, "
            "not classes.",
            "Which axis holds the classes?",
        ),
        Mistake(
            "columns sum to 1, shifted by rows",
            edit(probabilities, ("E.sum(axis=1, keepdims=True)", "E.sum(axis=0)")),
            "Your probabilities add up to 1 over the rows: you compare examples with each other, "
            "not classes.",
            "Which axis holds the classes?",
        ),
        Mistake(
            "columns sum to 1, no maximum",
            edit(
                probabilities,
                (" - logits.max(axis=1, keepdims=True)", ""),
                ("E.sum(axis=1, keepdims=True)", "E.sum(axis=0)"),
            ),
            "Your probabilities add up to 1 over the rows: you compare examples with each other, "
            "not classes.",
            "Which axis holds the classes?",
        ),
        Mistake(
            "the whole array sums to 1",
            edit(
                probabilities,
                ("logits.max(axis=1, keepdims=True)", "logits.max()"),
                ("E.sum(axis=1, keepdims=True)", "E.sum()"),
            ),
            "Your probabilities add up to 1 over the whole array, so that rows compete.",
            "Each row has probabilities of its own: sum along one axis, and keep it.",
        ),
        Mistake(
            "the whole array sums to 1, no maximum",
            edit(
                probabilities,
                (" - logits.max(axis=1, keepdims=True)", ""),
                ("E.sum(axis=1, keepdims=True)", "E.sum()"),
            ),
            "Your probabilities add up to 1 over the whole array, so that rows compete.",
            "Each row has probabilities of its own: sum along one axis, and keep it.",
        ),
        Mistake(
            "classes counted from 1",
            edit(
                probabilities,
                ("rows = np.arange(len(y))", "rows = np.arange(len(y))\n    y = y - 1"),
            ),
            "Your target is the class before the right one (for class 0, the last).",
            "The classes count from 0 here.",
        ),
        Mistake(
            "as many classes as occur",
            edit(log_softmax, ("np.eye(K)", "np.eye(y.max() + 1)")),
            "The width of your one-hot rows depends on the classes that occur in y.",
            "How many classes there are, the shape of logits tells.",
        ),
        Mistake(
            "the predicted class for the right one",
            edit(
                probabilities,
                (
                    "rows = np.arange(len(y))",
                    "rows = np.arange(len(y))\n    y = logits.argmax(axis=1)",
                ),
            ),
            "Your loss does not depend on y: you take the class with the highest score.",
            "How much probability does the *right* class get?",
        ),
        Mistake(
            "every class of the batch in every row",
            edit(probabilities, ("P[rows, y]", "P[:, y]"), ("d[rows, y]", "d[:, y]")),
            "P[:, y] takes from every row the classes of all rows: B² numbers, not B.",
            "Name the row and the column of each entry.",
        ),
        Mistake(
            "every class of the batch in the loss",
            edit(probabilities, ("P[rows, y]", "P[:, y]")),
            "dlogits is right; in the loss, P[:, y] takes from every row the classes of all rows: "
            "B² numbers, not B.",
            "Name the row and the column of each entry.",
        ),
        Mistake(
            "every class of the batch in the gradient",
            edit(probabilities, ("d[rows, y]", "d[:, y]")),
            "The loss is right; in the gradient, [:, y] subtracts 1 in every row at the classes "
            "of all rows.",
            "Name the row and the column of each entry.",
        ),
        Mistake(
            "rows chosen by class",
            edit(probabilities, ("d[rows, y] -= 1", "d[y] -= 1")),
            "[y] chooses whole rows by the number of a class, and there may be no such row.",
            "Each 1 has a row and a column: name both.",
        ),
        Mistake(
            "no logarithm",
            edit(probabilities, ("-np.log(P[rows, y]).mean()", "-P[rows, y].mean()")),
            "dlogits is right; your loss is the mean probability with a minus, never positive.",
            "The loss of a row is 0 for P = 1 and grows without bound for P → 0.",
        ),
        Mistake(
            "the logarithm of the mean",
            edit(probabilities, ("-np.log(P[rows, y]).mean()", "-np.log(P[rows, y].mean())")),
            "dlogits is right; you take the logarithm of the mean probability.",
            "Every row has a loss; the mean is taken over the losses.",
        ),
        Mistake(
            "bits",
            edit(probabilities, ("np.log(", "np.log2(")),
            "dlogits is right; your loss is in bits.",
            "The natural logarithm, please: dlogits is its derivative.",
        ),
        Mistake(
            "digits",
            edit(probabilities, ("np.log(", "np.log10(")),
            "dlogits is right; your loss uses the logarithm of base 10.",
            "The natural logarithm, please: dlogits is its derivative.",
        ),
        Mistake(
            "multiplied by the class number",
            edit(log_softmax, ("(Y * logP)", "(y[:, None] * logP)")),
            "dlogits is right; your loss multiplies by the number of the class: class 0 costs "
            "nothing.",
            "The number of the class should select, not multiply.",
        ),
        Mistake(
            "multiplied by the class number in loss and gradient",
            edit(log_softmax, ("Y = np.eye(K)[y]", "Y = y[:, None]")),
            "You calculate with the number of the class as if it were an amount.",
            "The number of the class should select an entry: as an index, or by a one-hot row.",
        ),
        Mistake(
            "the class number subtracted",
            edit(log_softmax, ("(np.exp(logP) - Y)", "(np.exp(logP) - y[:, None])")),
            "The loss is right; in the gradient you subtract the number of the class.",
            "The number of the class should select one entry of the row.",
        ),
        Mistake(
            "one yes-or-no question for each class",
            edit(
                log_softmax,
                (
                    "loss = -(Y * logP).sum() / B",
                    "P = np.exp(logP)\n    loss = -(Y * logP + (1 - Y) * np.log(1 - P)).sum() / B",
                ),
            ),
            "dlogits is right; your loss also counts log(1 − P) of the wrong classes.",
            "One question with K answers: the loss hears of the wrong classes through the softmax "
            "alone.",
        ),
        Mistake(
            "the maximum not given back",
            edit(row_by_row, ("m + np.log(total)", "np.log(total)")),
            "dlogits is right; your loss depends on what you subtracted from the scores: with a "
            "larger maximum it is smaller.",
            "Score and log-sum must be shifted alike, or what was subtracted be added again.",
        ),
        Mistake(
            "the loss with the wrong sign",
            edit(probabilities, ("-np.log(", "np.log(")),
            "dlogits is right; your loss is negative.",
            "log P is negative: what must stand before it, so that less loss is better?",
        ),
        Mistake(
            "everything with the wrong sign",
            edit(
                probabilities,
                ("-np.log(", "np.log("),
                ("d / len(y)", "-d / len(y)"),
            ),
            "Loss and gradient have the wrong sign: your loss is the log-likelihood.",
            "A loss is to be made small.",
        ),
        Mistake(
            "the last row's loss",
            edit(row_by_row, ("loss += (m", "loss = (m")),
            "dlogits is right; of the losses only that of the last row is left, divided by B.",
            "A later row has replaced the earlier ones.",
        ),
        Mistake(
            "the losses one by one",
            edit(probabilities, ("-np.log(P[rows, y]).mean()", "-np.log(P[rows, y])")),
            "Your loss is an array, one number for each row.",
            "One number is asked for: their mean.",
        ),
        Mistake(
            "sum for mean",
            edit(probabilities, (".mean()", ".sum()"), ("d / len(y)", "d")),
            "Loss and gradient are sums over the rows, B times what they should be.",
            "The loss here is the mean over the B rows.",
            convention=True,
        ),
        Mistake(
            "the loss a sum, the gradient a mean",
            edit(probabilities, (".mean()", ".sum()")),
            "dlogits is right; your loss is the sum over the rows, B times what it should be.",
            "dlogits is the gradient of the mean over the rows; so should the loss be.",
        ),
        Mistake(
            "the loss divided by B and K",
            edit(log_softmax, ("loss = -(Y * logP).sum() / B", "loss = -(Y * logP).mean()")),
            "dlogits is right; your loss is divided by K as well as by B.",
            "A mean over all entries counts the zeros of the one-hot rows too: over what is the "
            "mean to be taken?",
        ),
        Mistake(
            "loss and gradient divided by B and K",
            edit(
                log_softmax,
                ("loss = -(Y * logP).sum() / B", "loss = -(Y * logP).mean()"),
                ("(np.exp(logP) - Y) / B", "(np.exp(logP) - Y) / logits.size"),
            ),
            "Loss and gradient are divided by K as well as by B.",
            "The mean is over the rows alone: each row has one loss, whatever K is.",
        ),
        Mistake(
            "changed before they are used",
            edit(
                probabilities,
                (
                    "    loss = -np.log(P[rows, y]).mean()\n"
                    "    d = P.copy()\n    d[rows, y] -= 1\n",
                    "    d = P\n    d[rows, y] -= 1\n    loss = -np.log(P[rows, y]).mean()\n",
                ),
            ),
            "dlogits is right; your loss is nan (or inf), since the probabilities were altered "
            "before the logarithm.",
            "`d = P` copies nothing: d and P are one array.",
        ),
        Mistake(
            "no 1 at the target",
            edit(probabilities, ("d[rows, y] -= 1", "pass")),
            "The loss is right; your gradient does not know the target. Each of its rows must add "
            "up to 0: the same number added to all scores changes nothing.",
            "The score of the right class enters the loss in two places, the sum and by itself.",
        ),
        Mistake(
            "1 subtracted everywhere",
            edit(probabilities, ("d[rows, y] -= 1", "d -= 1")),
            "The loss is right; in the gradient you subtract 1 from all classes.",
            "Only the score of the right class enters the loss a second time.",
        ),
        Mistake(
            "only the target's entry",
            edit(
                log_softmax,
                ("(np.exp(logP) - Y) / B", "Y * (np.exp(logP) - 1) / B"),
            ),
            "The loss is right; in your gradient only the entry of the right class is not 0.",
            "If the score of a wrong class grows, what happens to the probability of the right "
            "one? (The derivative of the softmax is a matrix.)",
        ),
        Mistake(
            "1 added at the target",
            edit(probabilities, ("d[rows, y] -= 1", "d[rows, y] += 1")),
            "The loss is right; at the target your gradient is too large by 2/B.",
            "If the score of the right class grows, the loss falls.",
        ),
        Mistake(
            "the gradient with the wrong sign",
            edit(probabilities, ("d / len(y)", "-d / len(y)")),
            "The loss is right; your gradient has the wrong sign.",
            "If the score of the right class grows, the loss falls. (The gradient itself is asked "
            "for, not the direction of descent.)",
        ),
        Mistake(
            "the gradient stops at the probabilities",
            edit(
                log_softmax,
                ("(np.exp(logP) - Y) / B", "-Y / np.exp(logP) / B"),
            ),
            "The loss is right; yours is the gradient with respect to the probabilities.",
            "One step remains: through the softmax to the scores.",
        ),
        Mistake(
            "the softmax passed twice",
            edit(
                log_softmax,
                (
                    "return loss, (np.exp(logP) - Y) / B",
                    "P = np.exp(logP)\n    return loss, (P - Y) * P * (1 - P) / B",
                ),
            ),
            "The loss is right; your gradient is multiplied by P(1 − P) once too often.",
            "You differentiate the softmax twice: P minus one-hot contains its derivative.",
        ),
        Mistake(
            "the Jacobian passed twice",
            edit(
                through_the_jacobian,
                ("        dp[k] = -1 / p[k]\n", "        dp[:] = p\n        dp[k] -= 1\n"),
            ),
            "The loss is right; your gradient passes the softmax's Jacobian once too often.",
            "P minus one-hot is the gradient at the scores already.",
        ),
        Mistake(
            "the gradient not divided by B",
            edit(probabilities, ("d / len(y)", "d")),
            "The loss is right; your gradient is B times what it should be.",
            "The loss is a mean over the rows: what does that do to its derivative?",
        ),
        Mistake(
            "the gradient divided by B twice",
            edit(probabilities, ("d / len(y)", "d / len(y) / len(y)")),
            "The loss is right; your gradient is divided by B twice.",
            "The mean divides by B once: is it done in two places?",
        ),
        Mistake(
            "the gradient divided by B and K",
            edit(probabilities, ("d / len(y)", "d / d.size")),
            "The loss is right; your gradient is divided by K as well as by B.",
            "The mean is over the rows alone.",
        ),
        Mistake(
            "the gradient summed over the rows",
            edit(probabilities, ("d / len(y)", "d.mean(axis=0)")),
            "The loss is right; your gradient has one row for the whole batch.",
            "Every score has a derivative: dlogits has the shape of logits.",
        ),
        Mistake(
            "the gradient first",
            edit(probabilities, ("loss, d / len(y)", "d / len(y), loss")),
            "You return the gradient before the loss.",
            "The order is loss, dlogits.",
        ),
        Mistake(
            "the probabilities for the loss",
            edit(probabilities, ("return loss,", "return P,")),
            "In the place of the loss you return the probabilities.",
            "The loss is one number, the mean of −log of the right classes' probabilities.",
        ),
        Mistake(
            "no maximum subtracted",
            edit(probabilities, (" - logits.max(axis=1, keepdims=True)", "")),
            "Right, except that scores about 1000 make your exponential overflow.",
            "The same number added to all scores of a row changes nothing. Which would be a good "
            "one to subtract?",
        ),
        Mistake(
            "one maximum for all rows",
            edit(probabilities, ("logits.max(axis=1, keepdims=True)", "logits.max()")),
            "Right, except with rows 1000 apart: in the lower ones all your exponentials are 0, "
            "and so is their sum.",
            "Each row may have its own number subtracted.",
        ),
        Mistake(
            "one maximum for all rows, log-sum",
            edit(log_softmax, ("logits.max(axis=1, keepdims=True)", "logits.max()")),
            "Right, except with rows 1000 apart: in the lower ones all your exponentials are 0, "
            "and so is their sum.",
            "Each row may have its own number subtracted.",
        ),
        ceiling("1e-8", 18.4),
        ceiling("1e-9", 20.7),
        ceiling("1e-10", 23.0),
        ceiling("1e-12", 27.6),
        floor("1e-12", 27.6),
        ceiling("1e-15", 34.5),
        floor("1e-15", 34.5),
    ),
)
