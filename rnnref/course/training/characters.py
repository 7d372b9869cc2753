"""The character model of problem set 3."""

from functools import cache

import numpy as np

from ..tasks import Vocabulary, character_batches, load_text, split_end
from .student_call import StudentCall

HIDDEN, MINIBATCH, STEPS = 64, 32, 25
RATE, CLIP = 0.1, 5.0
UPDATES = 400
_NAMES = ("U", "W", "V", "b", "c")


@cache
def character_data():
    """Return the text of `train_characters` as ids, its last tenth kept from training.

    Returns
    -------
    vocabulary : Vocabulary
        The characters.
    train, held_out : ndarray of int
        Not to be written to: each call gives the same arrays.

    Examples
    --------
    >>> from rnnref.course.training import character_data
    >>> vocabulary, train, held_out = character_data()
    >>> len(train) > 8 * len(held_out)
    True
    """
    text = load_text()
    vocabulary = Vocabulary.of(text)
    parts = split_end(vocabulary.encode(text))
    for part in parts:
        part.flags.writeable = False
    return vocabulary, *parts


def train_characters(
    char_loss, clip_by_global_norm, adagrad_step, *, updates=UPDATES, seed=0, progress=print
):
    """Train a character model with the functions of problem set 3.

    Parameters
    ----------
    char_loss, clip_by_global_norm, adagrad_step : callable
        Yours, as the problem set describes them.
    updates : int
        Number of updates; the same number and seed give the same model.
    seed : int
        For the first parameters.
    progress : callable
        Is given a line to show, from time to time.

    Returns
    -------
    dict
        The parameters U, W, V, b and c.

    Raises
    ------
    NotImplementedError
        If one of the three is not written yet; the message names it.
    RuntimeError
        If one of the three fails, or returns something else than it should: the message says
        which, at which update, and what came.

    Notes
    -----
    64 tanh units read 32 places of the text side by side, 25 characters at a time; gradients are
    clipped to a norm of 5, and Adagrad's rate is 0.1. The state of one minibatch is the first of
    the next; the gradient does not cross that border. This is truncated BPTT.
    """
    vocabulary, train, _ = character_data()
    inputs, targets = character_batches(train, MINIBATCH, STEPS)
    params = _first_parameters(np.random.default_rng(seed), len(vocabulary))
    memory = [np.zeros_like(array) for array in params]
    weights = np.ones((STEPS, MINIBATCH))
    h = np.zeros((MINIBATCH, HIDDEN))
    for update in range(updates):
        at = update % len(inputs)
        if at == 0:
            h = np.zeros((MINIBATCH, HIDDEN))  # the text begins, or begins anew
        call = StudentCall("char_loss", update)
        loss, *grads, h = call(char_loss, inputs[at], targets[at], weights, h, *params).parts(
            "loss, dU, dW, dV, db, dc, hT"
        )
        call.require_arrays(grads, [f"d{name}" for name in _NAMES], params)
        call.require_arrays([h], ["hT"], [np.zeros((MINIBATCH, HIDDEN))])
        loss = call.require_number("loss", loss)
        if update % 100 == 0 or update == updates - 1:
            bits = loss / STEPS / np.log(2)
            progress(f"update {update:>5}: {bits:.1f} bits per character of the minibatch")

        call = StudentCall("clip_by_global_norm", update)
        grads, norm = call(clip_by_global_norm, grads, CLIP).parts("grads, norm")
        call.require_arrays(grads, [f"d{name}" for name in _NAMES], params)

        call = StudentCall("adagrad_step", update)
        stepped = call(adagrad_step, params, grads, memory, RATE).parts("params, memory")
        for arrays in stepped:
            call.require_arrays(arrays, _NAMES, params)
        params, memory = stepped
    return dict(zip(_NAMES, params, strict=True))


def _first_parameters(rng, K):
    """U, W, V, b, c before training: small random numbers, so that all characters are alike."""
    shapes = (HIDDEN, K), (HIDDEN, HIDDEN), (K, HIDDEN)
    return [0.01 * rng.normal(size=shape) for shape in shapes] + [np.zeros(HIDDEN), np.zeros(K)]
