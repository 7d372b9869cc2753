"""The long-lag task of problem set 5."""

import numpy as np

from ..tasks import copy_memory
from .adam import Adam, flat, shaped
from .student_call import StudentCall

LAG, SYMBOLS, DISTRACTORS = 60, 4, 4
CELLS, MINIBATCH = 16, 16
RATE, CLIP = 0.002, 0.5
UPDATES = 300
_NAMES = ("U", "W", "b", "V", "c")


def draw_long_lag(rng, B):
    """Draw sequences that begin with a symbol and end with the question which one it was.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int
        Number of sequences.

    Returns
    -------
    X : ndarray, shape (T, B, D)
        A symbol, 60 distractors and the question, all one-hot: T = 62, D = 9.
    answers : ndarray of int, shape (B,)
        The symbols, 0 … 3.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.training import draw_long_lag
    >>> X, answers = draw_long_lag(np.random.default_rng(0), B=2)
    >>> X.shape, np.array_equal(X[0].argmax(axis=1), answers)
    ((62, 2, 9), True)
    """
    ids, answers = copy_memory(rng, LAG, B, symbols=SYMBOLS, distractors=DISTRACTORS)
    return np.eye(SYMBOLS + DISTRACTORS + 1)[ids], answers[0]


def train_latch(lstm_forward, lstm_backward, *, updates=UPDATES, seed=0, progress=print):
    """Train an LSTM on the long-lag task with the functions of problem set 5.

    Parameters
    ----------
    lstm_forward, lstm_backward : callable
        Yours, as the problem set describes them.
    updates : int
        Number of updates; the same number and seed give the same model.
    seed : int
        For the first parameters and the sequences.
    progress : callable
        Is given a line to show, from time to time.

    Returns
    -------
    dict
        The LSTM's parameters U, W and b; V and c make the scores V h + c of its last state h.

    Raises
    ------
    NotImplementedError
        If one of the two is not written yet; the message names it.
    RuntimeError
        If one of the two fails, or returns something else than it should: the message says which,
        at which update, and what came.

    Notes
    -----
    16 cells; 16 new sequences for each update. After the last step, the right symbol's score
    should be 1 and the others 0; the loss is half the squared error. Its gradient is clipped to a
    norm of 0.5, and Adam's rate is 0.002 (Kingma and Ba, 2015). The forget gates begin with a bias
    of 4, almost open.
    """
    rng = np.random.default_rng(seed)
    params = _first_parameters(rng)
    theta, adam = flat(params), Adam(CLIP)
    rest = np.zeros((MINIBATCH, CELLS))
    right = []
    for update in range(updates):
        U, W, b, V, c = params
        X, answers = draw_long_lag(rng, MINIBATCH)
        states = np.zeros((len(X), MINIBATCH, CELLS))
        call = StudentCall("lstm_forward", update)
        H, C = call(lstm_forward, X, rest, rest, U, W, b).parts("H, C")
        call.require_arrays([H, C], ["H", "C"], [states, states])

        scores = H[-1] @ V.T + c
        right.append(np.mean(scores.argmax(axis=1) == answers))
        if update % 100 == 0 or update == updates - 1:
            progress(f"update {update:>5}: {np.mean(right[-25:]):4.0%} of the answers are right")
        dscores = (scores - np.eye(SYMBOLS)[answers]) / MINIBATCH
        dH = np.zeros_like(states)
        dH[-1] = dscores @ V

        call = StudentCall("lstm_backward", update)
        names = "dX, dh0, dc0, dU, dW, db"
        grads = call(lstm_backward, dH, X, H, C, rest, rest, U, W, b).parts(names)
        call.require_arrays(grads, names.split(", "), [X, rest, rest, U, W, b])

        gradient = flat([*grads[3:], dscores.T @ H[-1], dscores.sum(axis=0)])
        theta = theta - RATE * adam.direction(gradient)
        params = shaped(theta, params)
    return dict(zip(_NAMES, params, strict=True))


def _first_parameters(rng):
    """U, W, b, V, c before training: weights uniform in ±1/√H, the forget gates almost open."""
    D, most = SYMBOLS + DISTRACTORS + 1, CELLS**-0.5
    shapes = (4 * CELLS, D), (4 * CELLS, CELLS), (SYMBOLS, CELLS)
    U, W, V = (rng.uniform(-most, most, shape) for shape in shapes)
    b = np.zeros(4 * CELLS)
    b[CELLS : 2 * CELLS] = 4
    return [U, W, b, V, np.zeros(SYMBOLS)]
