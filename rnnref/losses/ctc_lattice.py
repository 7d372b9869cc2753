"""The lattice of connectionist temporal classification (CTC): states, α, β and posterior."""

import numpy as np

from rnnref.shapes import ShapeError, require_count, require_ids, require_real, require_shape


def ctc_extend_label(label, blank=0):
    """Put blanks around every letter of a label: the states that a path goes through.

    Parameters
    ----------
    label : array_like of int, shape (L,)
        Letters, none of them the blank; L = 0 is allowed.
    blank : int, default 0
        The class that stands for no letter.

    Returns
    -------
    ext : ndarray of int, shape (2L + 1,)
        The class of each state.
    can_skip : ndarray of bool, shape (2L + 1,)
        True at the states that a path may come to from two states before: letters, unless the
        letter before is the same.

    Raises
    ------
    ShapeError
        If the label has more than one axis.
    TypeError
        If `label` or `blank` are not integers.
    ValueError
        If one of them is negative, or the label has a blank in it.

    Notes
    -----
    Between two equal letters the blank may not be left out, as `ctc_collapse` would make one
    letter of them. l′ in section 4.1 of Graves et al. (2006).

    Examples
    --------
    >>> from rnnref import ctc_extend_label
    >>> ext, can_skip = ctc_extend_label([3, 5, 5])
    >>> ext
    array([0, 3, 0, 5, 0, 5, 0])
    >>> can_skip
    array([False, False, False,  True, False, False, False])
    """
    label = letters("ctc_extend_label", "label", label)
    blank = require_count("ctc_extend_label", "blank", blank, least=0)
    require_letters("ctc_extend_label", "label", label, blank, np.inf)
    return extend(label, blank)


@np.errstate(over="ignore", under="ignore", invalid="ignore")
def ctc_alignment(logits, label, blank=0):
    """Align one sequence of scores with its label: α, β and the posterior of every state.

    Parameters
    ----------
    logits : ndarray, shape (T, K)
        Scores o_t of K classes, before the softmax.
    label : array_like of int, shape (L,)
        Letters, none of them the blank; L = 0 is allowed.
    blank : int, default 0
        The class that stands for no letter.

    Returns
    -------
    log_alpha : ndarray, shape (T, 2L + 1)
        log α_t(s): all beginnings of paths, of t frames, that end in state s. −inf where there
        is none; those that cannot reach the end any more are in it too.
    log_beta : ndarray, shape (T, 2L + 1)
        log β_t(s): all ends of paths after frame t, once they are in state s. The emission at t
        is not in it, but in α.
    posterior : ndarray, shape (T, 2L + 1)
        γ_t(s), the probability to be in state s at frame t, given the label; zero if the label
        is impossible.
    log_likelihood : float
        log p, the log-probability of the label; −inf if it is impossible.

    Raises
    ------
    ShapeError
        If an array has another shape. T = 0 is allowed.
    TypeError
        If the logits are not float32 or float64, or the label or `blank` not integers.
    ValueError
        If `blank` or a letter lies outside 0 … K − 1, or the label has a blank in it.

    Notes
    -----
    Counting frames from 1 and states from 0, with ext and can_skip from `ctc_extend_label` and
    y_t = softmax(o_t)::

        α_1(s) = y_1(ext_s) for s = 0 and s = 1, otherwise 0
        α_t(s) = y_t(ext_s) (α_{t−1}(s) + α_{t−1}(s−1) + [can_skip_s] α_{t−1}(s−2))        (6, 7)
        β_T(s) = 1 for the last two states, otherwise 0
        β_t(s) = y_{t+1}(ext_s) β_{t+1}(s) + y_{t+1}(ext_{s+1}) β_{t+1}(s+1)
                 + [can_skip_{s+2}] y_{t+1}(ext_{s+2}) β_{t+1}(s+2)                      (10, 11)
        p = Σ_s α_t(s) β_t(s), the same for every t                                          (14)
        γ_t(s) = α_t(s) β_t(s) / p

    Graves et al. (2006), whose β_t has y_t in it and therefore has to be divided by it in
    eq. 14. −inf among the logits is a probability of 0; nan, +inf or a frame of only −inf make
    the result nan.

    Examples
    --------
    Two frames, two equally likely classes: of the four paths, three read as the letter 1.

    >>> import numpy as np
    >>> from rnnref import ctc_alignment
    >>> log_alpha, log_beta, posterior, log_likelihood = ctc_alignment(np.zeros((2, 2)), [1])
    >>> round(float(np.exp(log_likelihood)), 12)
    0.75
    >>> posterior.round(3)
    array([[0.333, 0.667, 0.   ],
           [0.   , 0.667, 0.333]])
    """
    where = "ctc_alignment"
    require_shape(where, "logits", logits, "T, K")
    require_real(where, "logits", logits.dtype)
    blank = require_blank(where, blank, logits.shape[1])
    label = letters(where, "label", label)
    require_letters(where, "label", label, blank, logits.shape[1])
    _, log_y = softmax(logits[:, None])
    L = np.array([len(label)])
    log_alpha, log_beta, log_p = align(log_y, *extend(label[:, None], blank), L)
    gamma = posterior(log_alpha, log_beta, log_p)[:, :, 0]
    exact = (np.where(is_zero(x), -np.inf, x)[:, :, 0] for x in (log_alpha, log_beta))
    return *exact, gamma, float(log_p[0])


def align(log_y, ext, can_skip, L):
    """Return log α (T, S, B), log β (T, S, B) and log p (B,) of a batch.

    Parameters
    ----------
    log_y : ndarray, shape (T, B, K)
        Log-probabilities of the classes.
    ext, can_skip : ndarray, shape (S, B)
        From `extend`. A shorter label is followed by any letters: no path comes back from them.
    L : ndarray of int, shape (B,)
        Lengths of the labels.

    Notes
    -----
    β without its emission is α without its emission of the problem turned round, frames and
    states counted from the end, so that one loop computes both. They are called arrivals: what
    comes into a state before the frame's class is emitted. What comes into the final blank after
    the last frame is all of p.
    """
    (T, B, K), S, each = log_y.shape, len(ext), np.arange(log_y.shape[1])
    zero = log_zero(log_y.dtype)
    emission = np.take(log_y.reshape(T, B * K), each * K + ext, axis=1)
    np.maximum(emission, zero, out=emission)

    arrival = np.empty((T + 1, 2, S, B), log_y.dtype)  # of α, and of β turned round
    arrival[0] = zero
    arrival[0, 0, :2] = 0
    for last in (2 * L, np.maximum(2 * L - 1, 0)):
        arrival[0, 1, S - 1 - last, each] = 0
    closed = np.full((2, S, B), zero)  # added to what skips a state: 0 where that is allowed
    closed[0][can_skip] = 0
    closed[1, 2:][can_skip[:1:-1]] = 0

    paths = np.full((2, S + 2, B), zero)  # α_t, with two impossible states in front
    stay, step, skip = paths[:, 2:], paths[:, 1:-1], paths[:, :-2]
    terms, peak = np.empty((3, 2, S, B), zero.dtype), np.empty((2, S, B), zero.dtype)
    for t in range(T):
        np.add(arrival[t, 0], emission[t], out=stay[0])
        np.add(arrival[t, 1], emission[T - 1 - t, ::-1], out=stay[1])
        np.add(skip, closed, out=terms[2])
        np.maximum(stay, step, out=peak)
        np.maximum(peak, terms[2], out=peak)
        np.subtract(stay, peak, out=terms[0])
        np.subtract(step, peak, out=terms[1])
        terms[2] -= peak
        np.exp(terms, out=terms)
        total = np.add(terms[0], terms[1], out=arrival[t + 1])
        total += terms[2]
        np.log(total, out=total)
        total += peak

    log_p = arrival[T, 0, 2 * L, each]
    log_alpha = np.add(emission, arrival[:T, 0], out=emission)
    log_beta = arrival[:T, 1][::-1, ::-1]
    return log_alpha, log_beta, np.where(is_zero(log_p), -np.inf, log_p)


def posterior(log_alpha, log_beta, log_p):
    """Return γ (T, S, B), zero for an impossible label.

    Each frame is divided by its own sum over states. Without rounding that is p at all of them;
    with rounding it takes away what the frames before and after have added up.
    """
    gamma = log_alpha + log_beta
    gamma -= gamma.max(axis=1, keepdims=True)
    np.exp(gamma, out=gamma)
    gamma /= gamma.sum(axis=1, keepdims=True)
    gamma[:, :, np.isneginf(log_p)] = 0
    return gamma


def extend(label, blank):
    """Return ext and can_skip, (2L + 1, ...) each, of one label (L,) or of several (L, B)."""
    ext = np.full((2 * len(label) + 1, *label.shape[1:]), blank)
    ext[1::2] = label
    can_skip = np.zeros(ext.shape, bool)
    can_skip[3::2] = label[1:] != label[:-1]
    return ext, can_skip


def softmax(logits):
    """Return the softmax over the last axis, and its logarithm."""
    log_y = logits - logits.max(axis=-1, keepdims=True)
    y = np.exp(log_y)
    total = y.sum(axis=-1, keepdims=True)
    y /= total
    log_y -= np.log(total)
    return y, log_y


def log_zero(dtype):
    """Return what stands for log 0: unlike −inf, it can be subtracted from itself.

    It lies far below every logarithm that comes up, and sums of many of it do not overflow.
    """
    return -np.sqrt(np.finfo(dtype).max)


def is_zero(log):
    """Say where a logarithm stands for log 0."""
    return log < log_zero(log.dtype) / 2


def letters(where, name, label, size="L"):
    """Return a label as an array of int; raise unless it is a sequence of integers."""
    label = np.asarray(label)
    if label.ndim != 1:
        raise ShapeError(f"{where}: {name} must have shape ({size},), got {label.shape}")
    if label.size and label.dtype.kind not in "iu":
        raise TypeError(f"{where}: {name} must be integers, got {label.dtype.name}")
    return label.astype(np.intp)


def require_letters(where, name, label, blank, K):
    """Raise ValueError unless all letters are classes other than the blank."""
    wrong = np.flatnonzero((label < 0) | (label >= K) | (label == blank))
    if wrong.size:
        classes = f"from 0 to {K - 1}" if np.isfinite(K) else "at least 0"
        raise ValueError(
            f"{where}: {name}[{wrong[0]}] must be a class {classes} other than blank={blank}, "
            f"got {label[wrong[0]]}"
        )


def require_blank(where, blank, K):
    """Return the blank as an int; raise unless it is one of K classes."""
    blank = require_count(where, "blank", blank, least=0)
    require_ids(where, "blank", blank, K)
    return blank
