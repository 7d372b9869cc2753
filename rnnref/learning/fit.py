"""A plain training loop, with validation, early stopping and a history."""

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

import numpy as np

from rnnref.learning.arguments import require_number
from rnnref.learning.clipping import clip_by_global_norm
from rnnref.learning.optimisers import (
    adagrad_step,
    adam_step,
    momentum_step,
    rmsprop_step,
    sgd_step,
)
from rnnref.learning.progress import Progress
from rnnref.shapes import require_count, require_option

OPTIMISERS = {
    "adagrad": adagrad_step,
    "adam": adam_step,
    "momentum": momentum_step,
    "rmsprop": rmsprop_step,
    "sgd": lambda params, grads, state, **options: (sgd_step(params, grads, **options), None),
}

_END = object()  # stands in the schedule where an epoch ends


class History(NamedTuple):
    """What was measured during training.

    Parameters
    ----------
    updates : ndarray of int, shape (n,)
        Numbers of the updates, 1 … n.
    losses : ndarray, shape (n,)
        The loss of each update's batch, before the update.
    norms : ndarray, shape (n,)
        The norm of each gradient, before clipping.
    seconds : ndarray, shape (n,)
        Time spent on the updates so far; making batches and validating do not count.
    validation_updates : ndarray of int, shape (m,)
        The updates after which there was a validation.
    validation_losses : ndarray, shape (m,)
        What `validate` returned.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import fit
    >>> square = lambda w, batch: (float(w @ w), 2 * w)
    >>> result = fit(
    ...     square, np.ones(2), [None], updates=3, optimiser="sgd", lr=0.25, progress=False
    ... )
    >>> result.history.updates, result.history.losses
    (array([1, 2, 3]), array([2.   , 0.5  , 0.125]))
    """

    updates: np.ndarray
    losses: np.ndarray
    norms: np.ndarray
    seconds: np.ndarray
    validation_updates: np.ndarray
    validation_losses: np.ndarray


class FitResult(NamedTuple):
    """What `fit` returns.

    Parameters
    ----------
    params : ndarray or nested tuple of ndarrays
        The parameters with the lowest validation loss, the first of equals; without validation,
        the last ones.
    best : int
        The number of the update after which they were found.
    last : ndarray or nested tuple of ndarrays
        The parameters after the last update.
    history : History

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import fit
    >>> down = lambda w, batch: (float(w[0]), np.ones(1))
    >>> valley = lambda w: abs(float(w[0]) - 3)
    >>> result = fit(
    ...     down, np.array([5.0]), [None], updates=9, optimiser="sgd", lr=1,
    ...     validate=valley, every=1, progress=False,
    ... )
    >>> result.params, result.best, result.last
    (array([3.]), 2, array([-4.]))
    """

    params: tuple
    best: int
    last: tuple
    history: History


def fit(
    loss_and_grads,
    params,
    batches,
    *,
    updates=None,
    epochs=None,
    optimiser="adam",
    clip=None,
    validate=None,
    every=None,
    patience=None,
    progress=True,
    **options,
):
    """Train: compute a gradient, clip it, take a step, for each batch.

    Parameters
    ----------
    loss_and_grads : callable
        ``loss_and_grads(params, batch) -> (loss, grads)``.
    params : ndarray or nested tuple of ndarrays
        Where to start, as for `sgd_step`; they stay as they are.
    batches : iterable or callable
        Whatever `loss_and_grads` takes, one for each update. An iterable is gone through again in
        each epoch; an iterator, which may be endless, once; of a callable, ``batches()`` gives
        each epoch's own iterable, so that it may draw a new order.
    updates, epochs : int, optional
        Stop after so many updates, or so many times through the batches, whichever is first.
        With neither, one epoch; with `updates` alone, as many epochs as they take.
    optimiser : {"adam", "adagrad", "momentum", "rmsprop", "sgd"} or callable
        By name, or a step ``(params, grads, state, **options) -> (params, state)``, whose first
        state is None.
    clip : float, optional
        Greatest norm of a gradient, for `clip_by_global_norm`; by default none.
    validate : callable, optional
        ``validate(params) -> float``, the loss on data that is not trained on.
    every : int, optional
        Validate after every so many updates, by default after each epoch, and after the last.
    patience : int, optional
        Stop after so many validations in a row without a new lowest loss; by default never.
    progress : bool, default True
        Show update, loss and validation loss: in a terminal as a bar on standard error, elsewhere,
        as in a notebook, as a line on standard output after 1, 2, 5, 10, 20, 50 … updates and
        after the last.
    **options : dict
        For the optimiser, such as ``lr=0.1``.

    Returns
    -------
    FitResult
        The best parameters, with the history.

    Raises
    ------
    FloatingPointError
        If a loss or the norm of a gradient is not finite, or a validation loss is nan; the
        message names the update.
    ShapeError
        If the gradients are not built like the parameters.
    TypeError
        If a number is none, or the optimiser does not know an option.
    ValueError
        If a number is out of its range, there is no such optimiser, an epoch has no batches,
        several epochs are asked of an iterator, or `every` or `patience` is given without
        `validate`.

    Notes
    -----
    The update of D3, θ ← θ − lr ∂L/∂θ, over the minibatches of D0, with any optimiser. Early
    stopping is as in the exercise `early_stopping`: with the validation losses v_1, v_2, … and the
    first lowest v_b so far, training ends at v_{b + patience}.

    All that is random is in the caller's hands: the same arguments give the same result.

    Examples
    --------
    A line through four points, two in each batch:

    >>> import numpy as np
    >>> from rnnref import fit
    >>> x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([-1.0, 1.0, 3.0, 5.0])
    >>> def loss_and_grads(params, points):
    ...     slope, offset = params
    ...     error = slope * x[points] + offset - y[points]
    ...     dslope, doffset = 2 * error @ x[points], 2 * error.sum()
    ...     return float(error @ error), (np.array([dslope]), np.array([doffset]))
    >>> result = fit(
    ...     loss_and_grads, (np.zeros(1), np.zeros(1)), [[0, 2], [1, 3]], epochs=200,
    ...     optimiser="momentum", lr=0.01, progress=False,
    ... )
    >>> [p.round(3) for p in result.params]
    [array([2.]), array([-1.])]
    """
    step = optimiser
    if not callable(optimiser):
        require_option("fit", "optimiser", optimiser, OPTIMISERS)
        step = OPTIMISERS[optimiser]
    updates, epochs = _limits(batches, updates, epochs)
    clip = math.inf if clip is None else require_number("fit", "clip", clip)
    for name, count in {"every": every, "patience": patience}.items():
        if count is not None:
            require_count("fit", name, count)
            if validate is None:
                raise ValueError(f"fit: {name} must be None without validate, got {count}")

    state, seconds, measured = None, 0.0, []
    watch = _Watch(validate, patience, params)
    with closing(Progress(progress, _total(batches, updates, epochs))) as shown:
        for u, batch in _schedule(batches, updates, epochs):
            if batch is not _END:
                began = time.perf_counter()
                loss, grads = loss_and_grads(params, batch)
                clipped, norm = clip_by_global_norm(grads, clip)
                _require_finite(u, float(loss), norm)
                params, state = step(params, clipped, state, **options)
                seconds += time.perf_counter() - began
                measured.append((float(loss), norm, seconds))
            due = batch is _END if every is None else u % every == 0
            if due:
                watch.look(u, params)
            shown.show(u, measured[-1][0], watch.losses)
            if watch.stop:
                break
        watch.look(u, params)
        shown.show(u, measured[-1][0], watch.losses)

    losses, norms, times = np.array(measured).T
    history = History(
        np.arange(1, u + 1),
        losses,
        norms,
        times,
        np.array(watch.updates, int),
        np.array(watch.losses),
    )
    best, found = (params, u) if validate is None else watch.best
    return FitResult(best, found, params, history)


class _Watch:
    """The validation losses so far, the best parameters, and whether it is time to stop."""

    def __init__(self, validate, patience, params):
        self.validate, self.patience = validate, patience
        self.updates, self.losses = [], []
        self.best, self.stop = (params, 0), False

    def look(self, u, params):
        """Validate after update u, if that has not been done."""
        if self.validate is None or u in self.updates[-1:]:
            return
        loss = float(self.validate(params))
        if math.isnan(loss):
            raise FloatingPointError(f"fit: the validation loss after update {u} is nan")
        self.updates.append(u)
        self.losses.append(loss)
        first_lowest = self.losses.index(min(self.losses))
        since = len(self.losses) - 1 - first_lowest
        if since == 0:
            self.best = params, u
        self.stop = self.patience is not None and since >= self.patience


def _schedule(batches, updates, epochs):
    """Yield (u, batch) for update u = 1, 2, …, and (u, _END) where an epoch ends after update u."""
    u, epoch = 0, 0
    while epochs is None or epoch < epochs:
        epoch, first = epoch + 1, u
        for batch in batches() if callable(batches) else batches:
            u += 1
            yield u, batch
            if u == updates:
                return
        if u == first:
            raise ValueError(
                f"fit: batches must give at least one batch, got none in epoch {epoch}"
            )
        yield u, _END


def _limits(batches, updates, epochs):
    """Return both limits, checked; the one that is not needed is None."""
    if not callable(batches) and not isinstance(batches, Iterable):
        kind = type(batches).__name__
        raise TypeError(f"fit: batches must be an iterable or a callable, got {kind}")
    updates = None if updates is None else require_count("fit", "updates", updates)
    epochs = None if epochs is None else require_count("fit", "epochs", epochs)
    once = isinstance(batches, Iterator) and not callable(batches)
    if once and epochs is not None and epochs > 1:
        raise ValueError(f"fit: epochs must be 1 if batches is an iterator, got {epochs}")
    if once or (updates is None and epochs is None):
        epochs = 1
    return updates, epochs


def _total(batches, updates, epochs):
    """Return the number of updates if it can be told, else None."""
    sizes = [updates] if updates else []
    if epochs and hasattr(batches, "__len__"):
        sizes.append(epochs * len(batches))
    return min(sizes, default=None)


def _require_finite(u, loss, norm):
    """Raise unless the loss at update u and the norm of its gradient are finite."""
    for name, value in {"loss": loss, "norm of the gradient": norm}.items():
        if not math.isfinite(value):
            raise FloatingPointError(
                f"fit: the {name} at update {u} is {value}: clip the gradients (clip=…) or lower lr"
            )
