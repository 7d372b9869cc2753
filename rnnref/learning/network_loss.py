"""From a network and a loss to what training and validation ask for."""

from rnnref.losses.cross_entropy import softmax_cross_entropy


def network_loss(net, loss=softmax_cross_entropy, *, reduction="mean", rng=None, carry=False):
    """Return the function of parameters and a batch that `fit` minimises.

    Parameters
    ----------
    net : Layer
    loss : callable
        ``loss(y, targets, *, mask, reduction) -> (value, dy)``, such as `softmax_cross_entropy`.
    reduction : {"sequence", "mean", "sum"}
        For the loss.
    rng : numpy.random.Generator, optional
        For dropout; without it nothing is dropped.
    carry : bool
        Whether a batch begins with the states with which the last one ended, as long as there are
        equally many sequences. Gradients do not go back across that border.

    Returns
    -------
    callable
        ``f(params, batch) -> (value, dparams)`` for a batch (x, targets) or (x, targets, mask).

    Raises
    ------
    ValueError
        When called: if a batch has neither two nor three parts.

    Notes
    -----
    The loss is one of those that compare step with step; `ctc_loss`, whose labels have lengths of
    their own, takes a function of its own.

    With `carry`, steps of one text cut into pieces are trained by truncated BPTT: the state
    crosses the cuts, the gradient does not (D4's demo does so). The state also goes on where a
    text begins anew.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import char_lm, network_loss
    >>> net = char_lm(V=5, H=8)
    >>> params = net.init(np.random.default_rng(0))
    >>> ids = np.array([[0], [1], [2], [3]])
    >>> value, dparams = network_loss(net)(params, (ids[:-1], ids[1:]))
    >>> dparams[-1].V.shape
    (5, 8)
    """
    run = _Runs(net, loss, reduction, carry)

    def value_and_gradient(params, batch):
        value, dy, cache, _ = run(params, batch, rng)
        return value, net.backward(dy, cache)[2]

    return value_and_gradient


def mean_loss(net, params, batches, loss=softmax_cross_entropy, *, carry=False):
    """Return the mean loss over the valid steps of all batches, without dropout.

    Parameters
    ----------
    net : Layer
    params : nested tuple of ndarrays
    batches : iterable
        Of (x, targets) or (x, targets, mask).
    loss : callable
        As in `network_loss`.
    carry : bool
        As in `network_loss`.

    Returns
    -------
    float
        In the loss's unit per step; nan without any valid step.

    Raises
    ------
    ValueError
        If a batch has neither two nor three parts.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import char_lm, mean_loss
    >>> net = char_lm(V=5, H=8)
    >>> params = net.init(np.random.default_rng(0))
    >>> ids = np.array([[0], [1], [2], [3]])
    >>> bool(abs(mean_loss(net, params, [(ids[:-1], ids[1:])]) - np.log(5)) < 1)
    True
    """
    run = _Runs(net, loss, "sum", carry)
    total, steps = 0.0, 0
    for batch in batches:
        value, _, _, answers = run(params, batch, None)
        total += value
        steps += answers
    return total / steps if steps else float("nan")


class _Runs:
    """Forward passes over batches, the state handed on from one to the next if `carry`."""

    def __init__(self, net, loss, reduction, carry):
        self._net, self._loss, self._reduction, self._carry = net, loss, reduction, carry
        self._state, self._B = None, None

    def __call__(self, params, batch, rng):
        """Return the loss, its gradient, the network's cache and the number of valid answers."""
        if len(batch) not in (2, 3):
            raise ValueError(f"network_loss: batch must have 2 or 3 parts, got {len(batch)}")
        x, targets, mask = batch if len(batch) == 3 else (*batch, None)
        T, B = x.shape[:2]
        state0 = self._state if self._carry and B == self._B else None
        y, state, cache = self._net.forward(params, x, state0, mask=mask, rng=rng)
        if self._carry:
            self._state, self._B = state, B
        if len(y) != T:
            mask = None  # a network that answers once has used up the mask
        value, dy = self._loss(y, targets, mask=mask, reduction=self._reduction)
        return value, dy, cache, len(y) * B if mask is None else int(mask.sum())
