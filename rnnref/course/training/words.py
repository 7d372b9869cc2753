"""The reader of words of problem set 7."""

import numpy as np

from ..tasks import EASY_STYLE, TEN_LETTERS, random_words, render_words, word_vocabulary
from .adam import Adam, flat, shaped
from .student_call import StudentCall

WIDTH, STRIDE, HEIGHT = 12, 3, 32  # of a window over the image, in columns and rows
FEATURES, HIDDEN, MINIBATCH = 48, 32, 16
RATE, CLIP = 0.004, 5.0
UPDATES = 800
_NAMES = ("F", "d", "Uf", "Wf", "bf", "Ub", "Wb", "bb", "V", "c")


def draw_words(rng, B, *, letters=TEN_LETTERS):
    """Draw images of random words, 3 to 6 letters long, in a style that is easy to learn.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int
        Number of words.
    letters : str
        The alphabet.

    Returns
    -------
    WordImages

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.training import draw_words
    >>> words = draw_words(np.random.default_rng(0), B=2)
    >>> words.images.shape[1:], [len(label) for label in words.labels]
    ((2, 32), [6, 5])
    """
    words = random_words(rng, B, alphabet=letters)
    return render_words(rng, words, alphabet=letters, height=HEIGHT, style=EASY_STYLE)


def word_scores(params, words):
    """Return what a trained reader says to each word.

    Parameters
    ----------
    params : dict
        From `train_words`.
    words : WordImages
        Of the same alphabet.

    Returns
    -------
    list of B ndarrays, shape (T_i, K)
        Scores before the softmax at each frame; class 0 is the blank.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.training import draw_words, train_words, word_scores
    >>> params = train_words(None, updates=0)  # untrained
    >>> words = draw_words(np.random.default_rng(0), B=2)
    >>> [scores.shape[1] for scores in word_scores(params, words)]
    [11, 11]
    """
    X, mask, counts = _frames(words)
    O, _ = _forward([params[name] for name in _NAMES], X, mask)
    return [O[:count, i] for i, count in enumerate(counts)]


def train_words(
    ctc_loss_grad,
    greedy_read=None,
    *,
    letters=TEN_LETTERS,
    updates=UPDATES,
    seed=0,
    progress=print,
):
    """Train a reader of words with the functions of problem set 7.

    Parameters
    ----------
    ctc_loss_grad : callable
        Yours, as the problem set describes it.
    greedy_read : callable, optional
        Yours too: shows, from time to time, what is read.
    letters : str
        The alphabet.
    updates : int
        Number of updates; the same number and seed give the same reader.
    seed : int
        For the first parameters and the words.
    progress : callable
        Is given a line to show, from time to time.

    Returns
    -------
    dict
        The parameters, for `word_scores`: F (48, 384) and d (48,) make features, Uf, Wf, bf and
        Ub, Wb, bb are the recurrent layer's that reads forwards and the other's, V (K, 64) and
        c (K,) make scores of the K classes, blank and letters.

    Raises
    ------
    NotImplementedError
        If `ctc_loss_grad` is not written yet.
    RuntimeError
        If it fails, or returns something else than it should: the message says at which update,
        and what came.

    Notes
    -----
    A window of 12 columns moves over the image in steps of 3, one frame at each: 48 features of
    it, max(0, F x + d), are read by 32 tanh units from the left and by 32 from the right. There
    are 16 new words for each update; the loss is the mean of theirs. The gradient is clipped to a
    norm of 5, and Adam's rate is 0.004 (Kingma and Ba, 2015).
    """
    rng = np.random.default_rng(seed)
    params = _first_parameters(rng, len(letters) + 1)
    theta, adam = flat(params), Adam(CLIP)
    losses = []
    for update in range(updates):
        words = draw_words(rng, MINIBATCH, letters=letters)
        X, mask, counts = _frames(words)
        O, cache = _forward(params, X, mask)
        dO = np.zeros_like(O)
        for i, (count, label) in enumerate(zip(counts, words.labels, strict=True)):
            call = StudentCall("ctc_loss_grad", update)
            scores = O[:count, i]
            loss, dlogits = call(ctc_loss_grad, scores, label.tolist()).parts("loss, dlogits")
            losses.append(call.require_number("loss", loss))
            call.require_arrays([dlogits], ["dlogits"], [scores])
            dO[:count, i] = dlogits / MINIBATCH

        if update % 100 == 0 or update == updates - 1:
            line = f"update {update:>5}: loss {np.mean(losses[-25 * MINIBATCH :]):.2f}"
            if greedy_read is not None:
                line += _reading(greedy_read, O[: counts[0], 0], words.labels[0], letters)
            progress(line)
        gradient = flat(_backward(params, X, mask, cache, dO))
        theta = theta - RATE * adam.direction(gradient)
        params = shaped(theta, params)
    return dict(zip(_NAMES, params, strict=True))


def _reading(greedy_read, scores, label, letters) -> str:
    """A word and what is read instead. That it cannot be read is no reason not to train."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    vocabulary = word_vocabulary(letters)
    try:
        read = vocabulary.decode(greedy_read(logp))
    except Exception as error:
        return f" (your greedy_read fails: {type(error).__name__}: {error})"
    return f"; {vocabulary.decode(label)!r} is read as {read!r}"


def _frames(words):
    """The windows X (T, B, WIDTH·HEIGHT), where they are (T, B, 1), and each word's number.

    The contrast of an image is taken away first. With a step of 3 columns even the narrowest word,
    six times the letter l, has the 11 frames that it needs.
    """
    images, lengths = words.images, words.lengths
    T, B, height = images.shape
    inside = (np.arange(T)[:, None] < lengths)[..., None]
    size = lengths[:, None] * height
    images = np.where(inside, images - images.sum(axis=(0, 2))[:, None] / size, 0.0)
    images = images / np.sqrt((images**2).sum(axis=(0, 2))[:, None] / size)

    counts = -(-lengths // STRIDE)
    before = (WIDTH - STRIDE) // 2
    padded = np.zeros((counts.max() * STRIDE + WIDTH, B, height))
    padded[before : before + T] = images
    starts = range(0, counts.max() * STRIDE, STRIDE)
    X = np.stack([padded[t : t + WIDTH].swapaxes(0, 1).reshape(B, -1) for t in starts])
    return X, (np.arange(len(X))[:, None] < counts)[..., None], counts


def _forward(params, X, mask):
    """The scores O (T, B, K), and what the way back needs."""
    F, d, Uf, Wf, bf, Ub, Wb, bb, V, c = params
    A = np.maximum(X @ F.T + d, 0.0)
    Hf = _read(A, mask, Uf, Wf, bf)
    Hb = _read(A[::-1], mask[::-1], Ub, Wb, bb)
    H = np.concatenate([Hf, Hb[::-1]], axis=2)
    return H @ V.T + c, (A, Hf, Hb, H)


def _backward(params, X, mask, cache, dO):
    """The gradients of all parameters, in their order."""
    _, _, Uf, Wf, _, Ub, Wb, _, V, _ = params
    A, Hf, Hb, H = cache
    dHf, dHb = np.split(dO @ V, 2, axis=2)
    dAf, *forwards = _read_backward(dHf, A, mask, Hf, Uf, Wf)
    dAb, *backwards = _read_backward(dHb[::-1], A[::-1], mask[::-1], Hb, Ub, Wb)
    dZ = (dAf + dAb[::-1]) * (A > 0)
    over_time = dZ.sum(axis=(0, 1)), dO.sum(axis=(0, 1))
    return [_outer(dZ, X), over_time[0], *forwards, *backwards, _outer(dO, H), over_time[1]]


def _read(A, mask, U, W, b):
    """The states of a tanh RNN; at padding they are zero, so that a reader starts after it."""
    Z, H, h = A @ U.T + b, [], np.zeros((A.shape[1], len(W)))
    for z, there in zip(Z, mask, strict=True):
        h = np.tanh(z + h @ W.T) * there
        H.append(h)
    return np.array(H)


def _read_backward(dH, A, mask, H, U, W):
    """dA, dU, dW and db of `_read`."""
    dZ, carry = np.empty_like(H), 0.0
    for t in reversed(range(len(H))):
        dZ[t] = (dH[t] + carry) * (1 - H[t] ** 2) * mask[t]
        carry = dZ[t] @ W
    before = np.concatenate([np.zeros_like(H[:1]), H[:-1]])
    return dZ @ U, _outer(dZ, A), _outer(dZ, before), dZ.sum(axis=(0, 1))


def _outer(dZ, X):
    """The gradient of a matrix that is used at every frame of every word."""
    return np.tensordot(dZ, X, axes=((0, 1), (0, 1)))


def _first_parameters(rng, K):
    """Random matrices that keep the size of what they are given, and biases of zero."""

    def matrix(rows, columns, gain=1.0):
        return gain * rng.normal(size=(rows, columns)) / np.sqrt(columns)

    def reader():
        U, W = matrix(HIDDEN, FEATURES), matrix(HIDDEN, HIDDEN, gain=0.7)
        return U, W, np.zeros(HIDDEN)

    # The root of two makes up for the features that max(0, ·) sets to zero.
    F = matrix(FEATURES, WIDTH * HEIGHT, gain=np.sqrt(2))
    V = matrix(K, 2 * HIDDEN)
    return [F, np.zeros(FEATURES), *reader(), *reader(), V, np.zeros(K)]
