"""From scores to labels: reading what a network trained with `ctc_loss` says."""

from itertools import groupby

import numpy as np

from rnnref.losses.ctc_lattice import letters, require_blank, softmax
from rnnref.shapes import require_count, require_lengths, require_real, require_shape


def ctc_collapse(path, blank=0):
    """Return what a path reads: repeats become one letter, then blanks are left out.

    Parameters
    ----------
    path : array_like of int, shape (T,)
        One class for every frame.
    blank : int, default 0
        The class that stands for no letter.

    Returns
    -------
    list of int
        The label.

    Raises
    ------
    ShapeError
        If the path has more than one axis.
    TypeError
        If the path or `blank` are not integers.
    ValueError
        If `blank` is negative.

    Notes
    -----
    ℬ in section 3.1 of Graves et al. (2006). In the other order no label could have the same
    letter twice in a row.

    Examples
    --------
    >>> from rnnref import ctc_collapse
    >>> ctc_collapse([3, 3, 0, 5, 0, 5, 5])
    [3, 5, 5]
    """
    blank = require_count("ctc_collapse", "blank", blank, least=0)
    path = letters("ctc_collapse", "path", path, "T")
    return [letter for letter, _ in groupby(path.tolist()) if letter != blank]


def ctc_greedy(logits, lengths=None, blank=0):
    """Return what the most probable path of each sequence reads.

    Parameters
    ----------
    logits : ndarray, shape (T, B, K)
        Scores o_t of K classes at T frames.
    lengths : array_like of int, shape (B,), optional
        Number of frames of each sequence, by default T. Later frames may hold anything.
    blank : int, default 0
        The class that stands for no letter.

    Returns
    -------
    list of B lists of int
        The labels.

    Raises
    ------
    ShapeError
        If an argument has another shape, B = 0, or a length is negative or more than T. T = 0 is
        allowed: there every label is empty.
    TypeError
        If the logits are not float32 or float64, or the lengths or `blank` not integers.
    ValueError
        If `blank` lies outside 0 … K − 1, or the largest logit of a frame is not finite.

    Notes
    -----
    Eq. 4 of Graves et al. (2006). Not always the most probable label, which may have many paths,
    each of them less probable. Of classes with equal scores the first one is taken.

    Examples
    --------
    At both frames the blank (0.6) beats the letter 1 (0.4). And yet of the two labels, the empty
    one (0.36) is the less probable.

    >>> import numpy as np
    >>> from rnnref import ctc_beam_search, ctc_greedy
    >>> logits = np.log([[[0.6, 0.4]], [[0.6, 0.4]]])
    >>> ctc_greedy(logits)
    [[]]
    >>> labels, log_p = ctc_beam_search(logits, width=2)
    >>> labels, np.exp(log_p).round(2)
    ([[1]], array([0.64]))
    """
    lengths, blank = _check("ctc_greedy", logits, lengths, blank)
    paths = logits.argmax(axis=2).T
    return [ctc_collapse(path[:T], blank) for path, T in zip(paths, lengths, strict=True)]


@np.errstate(over="ignore", under="ignore")
def ctc_beam_search(logits, width, lengths=None, blank=0):
    """Search for the most probable label of each sequence among the best beginnings.

    Parameters
    ----------
    logits : ndarray, shape (T, B, K)
        Scores o_t of K classes at T frames, before the softmax. −inf is a probability of 0.
    width : int
        How many prefixes are kept after each frame, the empty one included.
    lengths : array_like of int, shape (B,), optional
        Number of frames of each sequence, by default T. Later frames may hold anything.
    blank : int, default 0
        The class that stands for no letter.

    Returns
    -------
    labels : list of B lists of int
        The most probable prefix after the last frame.
    log_probabilities : ndarray, shape (B,)
        The logarithm of what was found of its probability, at most all of it; in the dtype of
        the logits.

    Raises
    ------
    ShapeError
        If an argument has another shape, B = 0, or a length is negative or more than T. T = 0 is
        allowed: there every label is empty, of probability 1.
    TypeError
        If the logits are not float32 or float64, or `width`, the lengths or `blank` not integers.
    ValueError
        If `width` is less than 1, `blank` lies outside 0 … K − 1, or the largest logit of a frame
        is not finite.

    Notes
    -----
    For every prefix, p_b sums the paths that read it and end in blank, p_l those that end in its
    last letter. At first the empty prefix has p_b = 1. With y = softmax(o_t), frame t makes of
    a prefix q, and of q followed by a letter k::

        p_b′(q)  = y(blank) (p_b(q) + p_l(q))
        p_l′(q)  = y(last letter of q) p_l(q)                      + p_l′ from the line below
        p_l′(qk) = y(k) p_b(q) if k is the last letter of q, otherwise y(k) (p_b(q) + p_l(q))

    where qk may itself be one of the prefixes kept: then both sums are its. The `width` prefixes
    with the largest p_b′ + p_l′ go on to frame t + 1. With a width that keeps all, the
    probabilities are those of `ctc_loss`. A beam search in the form of Hannun et al. (2014),
    without a language model. Of prefixes with equal probabilities any may be kept.

    Examples
    --------
    See `ctc_greedy` for a case in which it reads another label.

    >>> import numpy as np
    >>> from rnnref import ctc_beam_search, ctc_loss
    >>> logits = np.random.default_rng(0).normal(size=(4, 2, 3))
    >>> labels, log_p = ctc_beam_search(logits, width=100, lengths=[4, 2])
    >>> labels
    [[2, 1], [2]]
    >>> loss, _ = ctc_loss(logits, labels, lengths=[4, 2], reduction="sum")
    >>> np.allclose(loss, -log_p.sum())
    True
    """
    width = require_count("ctc_beam_search", "width", width)
    lengths, blank = _check("ctc_beam_search", logits, lengths, blank)
    found = [
        _search(softmax(logits[:T, b])[1], width, blank) for b, T in enumerate(lengths.tolist())
    ]
    labels, log_p = zip(*found, strict=True)
    return [list(label) for label in labels], np.array(log_p, logits.dtype)


def _search(log_y, width, blank):
    """Return the best prefix of one sequence (T, K), a tuple, and its log-probability."""
    prefixes = [()]
    log_b, log_l = np.array([0.0]), np.array([-np.inf])  # paths that end in blank, in a letter
    for log_y_t in log_y:
        last = [prefix[-1] if prefix else blank for prefix in prefixes]
        either = np.logaddexp(log_b, log_l)
        kept = np.arange(len(prefixes))
        longer = either[:, None] + log_y_t  # (prefixes, K), their next letter
        longer[kept, last] = log_b + log_y_t[last]
        longer[:, blank] = -np.inf
        log_b = either + log_y_t[blank]
        log_l = log_l + log_y_t[last]
        place = {prefix: i for i, prefix in enumerate(prefixes)}
        for i, prefix in enumerate(prefixes):
            if prefix and (parent := place.get(prefix[:-1])) is not None:
                log_l[i] = np.logaddexp(log_l[i], longer[parent, last[i]])
                longer[parent, last[i]] = -np.inf  # this prefix is there already

        total = np.concatenate([np.logaddexp(log_b, log_l), longer.ravel()])
        best = np.argsort(-total, kind="stable")[:width]
        best = best[total[best] > -np.inf]
        all_b = np.concatenate([log_b, np.full(longer.size, -np.inf)])
        all_l = np.concatenate([log_l, longer.ravel()])
        K, n = len(log_y_t), len(prefixes)
        prefixes = [
            prefixes[i] if i < n else (*prefixes[(i - n) // K], (i - n) % K) for i in best.tolist()
        ]
        log_b, log_l = all_b[best], all_l[best]
    total = np.logaddexp(log_b, log_l)
    return prefixes[total.argmax()], total.max()


def _check(where, logits, lengths, blank):
    """Return the lengths (B,) and the blank, checked as the logits are."""
    require_shape(where, "logits", logits, "T, B, K")
    require_real(where, "logits", logits.dtype)
    T, B, K = logits.shape
    blank = require_blank(where, blank, K)
    lengths = np.full(B, T) if lengths is None else require_lengths(where, lengths, B, T)
    largest = logits.max(axis=2)
    wrong = np.argwhere(~np.isfinite(largest) & (np.arange(T)[:, None] < lengths))
    if wrong.size:
        t, b = wrong[0]
        raise ValueError(
            f"{where}: the largest of logits[{t}, {b}] must be finite, got {largest[t, b]}"
        )
    return lengths, blank
