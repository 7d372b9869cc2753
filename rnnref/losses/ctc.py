"""Connectionist temporal classification (CTC): the loss of labels that nobody has aligned."""

import numpy as np

from rnnref.losses.ctc_lattice import (
    align,
    extend,
    letters,
    posterior,
    require_blank,
    require_letters,
    softmax,
)
from rnnref.losses.reduction import REDUCTIONS
from rnnref.shapes import ShapeError, require_lengths, require_option, require_real, require_shape


@np.errstate(over="ignore", under="ignore", invalid="ignore")
def ctc_loss(logits, labels, *, lengths=None, blank=0, reduction="sequence", zero_infinity=False):
    """Return −log p of labels whose alignment with the frames is unknown, and its gradient.

    Parameters
    ----------
    logits : ndarray, shape (T, B, K)
        Scores o_t of K classes at T frames, before the softmax. −inf is a probability of 0.
    labels : list of B lists of int
        What each sequence reads: letters, none of them the blank; none at all is allowed.
    lengths : array_like of int, shape (B,), optional
        Number of frames of each sequence, by default T. Later frames may hold anything, even nan.
    blank : int, default 0
        The class that stands for no letter.
    reduction : {"sequence", "mean", "sum"}
        "sequence" divides the sum over sequences by B; "mean" first divides the loss of each
        sequence by the length of its label (by 1 if that is 0), then the sum by B; "sum" divides
        by nothing.
    zero_infinity : bool, default False
        Let the loss of an impossible label be 0, not inf.

    Returns
    -------
    loss : float
        In nats.
    dlogits : ndarray, shape (T, B, K)
        ∂L/∂logits, in the dtype of the logits; exactly zero at frames after the end, and for a
        label that is impossible: no path of so many frames reads so, or all that do have
        probability 0.

    Raises
    ------
    ShapeError
        If an argument has another shape, B = 0, or a length is negative or more than T. T = 0 is
        allowed: there the empty label has loss 0, any other inf.
    TypeError
        If the logits are not float32 or float64, or labels, lengths or `blank` not integers.
    ValueError
        If `blank` or a letter lies outside 0 … K − 1, a label has a blank in it, or there is no
        such reduction.

    Notes
    -----
    A path names one class for every frame. `ctc_collapse` says what it reads, and p is the sum
    of all paths that read the label, by α and β as in `ctc_alignment`::

        p = Σ_π Π_t y_t(π_t)                               y_t = softmax(o_t)             (2, 3)
          = Σ_s α_t(s) β_t(s)                              for every t                      (14)
        L = −log p

    The numbers are those of Graves et al. (2006). Each path through state s at frame t has one
    factor y_t(ext_s), and α_t(s) β_t(s) is the sum of these paths. Therefore::

        ∂p/∂log y_t(k) = Σ_{s: ext_s = k} α_t(s) β_t(s)                                     (15)
        ∂L/∂log y_t(k) = −Σ_{s: ext_s = k} γ_t(s)           γ_t(s) = α_t(s) β_t(s) / p
        ∂log y_t(j)/∂o_t(k) = [j = k] − y_t(k)

    and as Σ_s γ_t(s) = 1, the posterior share of each class takes the place that the one-hot
    target has in `softmax_cross_entropy`::

        ∂L/∂o_t(k) = y_t(k) − Σ_{s: ext_s = k} γ_t(s)                                       (16)

    All of it is computed as logarithms, rounded in proportion to −log p: in float32, γ is right
    to about 1e-5 at log p = −100 and 1e-3 at log p = −10,000. A frame with nan or +inf, or of
    only −inf, makes the loss nan. What D3 asks for, to read scene text that is not cut into
    letters.

    Examples
    --------
    Two frames, two equally likely classes: of the four paths, three read as the letter 1.

    >>> import numpy as np
    >>> from rnnref import ctc_loss
    >>> loss, dlogits = ctc_loss(np.zeros((2, 1, 2)), [[1]])
    >>> round(float(np.exp(-loss)), 12)
    0.75
    >>> dlogits[:, 0].round(3)
    array([[ 0.167, -0.167],
           [ 0.167, -0.167]])
    """
    require_shape("ctc_loss", "logits", logits, "T, B, K")
    require_real("ctc_loss", "logits", logits.dtype)
    T, B, K = logits.shape
    blank = require_blank("ctc_loss", blank, K)
    require_option("ctc_loss", "reduction", reduction, REDUCTIONS)
    label, L = _pad(labels, blank, B, K)
    counts = None
    if lengths is not None:
        lengths = require_lengths("ctc_loss", lengths, B, T)
        counts = np.arange(T)[:, None] < lengths
        # After the end the blank is certain: that leaves every label's probability as it is.
        certain = np.full(K, -np.inf, logits.dtype)
        certain[blank] = 0
        logits = np.where(counts[..., None], logits, certain)

    y, log_y = softmax(logits)
    log_alpha, log_beta, log_p = align(log_y, *extend(label, blank), L)
    gamma = posterior(log_alpha, log_beta, log_p)

    possible = ~np.isneginf(log_p)
    losses = np.where(possible, -log_p, 0 if zero_infinity else np.inf)
    weight = np.ones(B)
    if reduction == "mean":
        weight /= np.maximum(L, 1)
    if reduction != "sum":
        weight /= B
    loss = float(np.sum(weight * losses))

    dlogits = y
    dlogits[..., blank] -= gamma[:, ::2].sum(axis=1)
    frames, each = np.arange(T)[:, None, None], np.arange(B)
    at = (frames * B + each) * K + label  # of each letter's posterior among the classes
    shares = np.bincount(at.ravel(), gamma[:, 1::2].ravel(), minlength=T * B * K)
    dlogits -= shares.reshape(T, B, K)
    dlogits *= weight[:, None].astype(y.dtype)
    dlogits[:, ~possible] = 0
    if counts is not None:
        dlogits[~counts] = 0
    return loss, dlogits


def _pad(labels, blank, B, K):
    """Return the labels as one array (longest L, B), filled up with 0, and their lengths."""
    if len(labels) != B:
        raise ShapeError(f"ctc_loss: labels must hold B={B} labels, got {len(labels)}")
    labels = [letters("ctc_loss", f"labels[{i}]", label) for i, label in enumerate(labels)]
    L = np.array([len(label) for label in labels])
    padded = np.zeros((B, L.max()), int)
    inside = np.arange(L.max()) < L[:, None]
    padded[inside] = np.concatenate(labels)
    if np.any(((padded < 0) | (padded >= K) | (padded == blank)) & inside):
        for i, label in enumerate(labels):
            require_letters("ctc_loss", f"labels[{i}]", label, blank, K)
    return padded.T, L
