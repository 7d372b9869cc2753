"""Optimisers: one update of the parameters by their gradients, as pure functions on trees."""

import math
from typing import NamedTuple

import numpy as np

from rnnref.learning.arguments import require_number, side_by_side
from rnnref.trees import with_leaves


class AdamState(NamedTuple):
    """What Adam remembers: the number of updates so far and both moving averages."""

    t: int
    m: tuple
    v: tuple


def sgd_step(params, grads, *, lr):
    """Take a step of stochastic gradient descent.

    Parameters
    ----------
    params : ndarray or nested tuple of ndarrays
        θ: NamedTuples, tuples of them, a single array, of float32 or float64. None stands for no
        array and passes through.
    grads : same structure as `params`
        g = ∂L/∂θ.
    lr : float
        Learning rate, at least 0.

    Returns
    -------
    same structure as `params`
        New arrays of the same dtypes; the arguments stay as they are.

    Raises
    ------
    ShapeError
        If `grads` is not built like `params`; the message names the leaf.
    TypeError
        If dtypes differ or are not float32 or float64, or a number is none.
    ValueError
        If a number is out of its range.

    Notes
    -----
    ::

        θ ← θ − lr g

    D0, D3.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import sgd_step
    >>> sgd_step((np.array([1.0, 2.0]), None), (np.array([10.0, -10.0]), None), lr=0.1)
    (array([0., 3.]), None)
    """
    lr = require_number("sgd_step", "lr", lr)
    stepped = []
    for p, g in side_by_side("sgd_step", {"params": params, "grads": grads}):
        step = _times(g, lr)
        stepped.append(np.subtract(p, step, out=step))
    return with_leaves(params, iter(stepped))


def momentum_step(params, grads, state=None, *, lr, momentum=0.9):
    """Take a step of gradient descent with momentum.

    Parameters
    ----------
    params, grads : ndarray or nested tuple of ndarrays
        As for `sgd_step`.
    state : same structure as `params`, optional
        The velocity v that the step before returned; zero before the first.
    lr : float
        Learning rate, at least 0.
    momentum : float, default 0.9
        μ, the part of the velocity that is kept, from 0 to below 1.

    Returns
    -------
    params : same structure as `params`
        New arrays of the same dtypes; the arguments stay as they are.
    state : same structure as `params`
        For the next step.

    Raises
    ------
    ShapeError
        If a tree is not built like `params`; the message names the leaf.
    TypeError
        If dtypes differ or are not float32 or float64, or a number is none.
    ValueError
        If a number is out of its range.

    Notes
    -----
    ::

        v ← μ v − lr g
        θ ← θ + v

    The classical momentum of Polyak (1964) as Sutskever, Martens, Dahl and Hinton (2013) write
    it, eqs. 1 and 2. PyTorch keeps −v / lr instead: the same steps while lr stays as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import momentum_step
    >>> params, velocity = momentum_step(np.array([1.0]), np.array([2.0]), lr=0.25)
    >>> params, velocity = momentum_step(params, np.array([2.0]), velocity, lr=0.25, momentum=0.5)
    >>> params, velocity
    (array([-0.25]), array([-0.75]))
    """
    lr = require_number("momentum_step", "lr", lr)
    momentum = require_number("momentum_step", "momentum", momentum, below=1)
    state = _zeros("momentum_step", params) if state is None else state
    stepped, velocities = [], []
    for p, g, v in side_by_side(
        "momentum_step", {"params": params, "grads": grads, "state": state}
    ):
        v, step = _times(v, momentum), _times(g, lr)
        v -= step
        stepped.append(np.add(p, v, out=step))
        velocities.append(v)
    return with_leaves(params, iter(stepped)), with_leaves(params, iter(velocities))


def rmsprop_step(params, grads, state=None, *, lr=1e-3, decay=0.9, eps=1e-8):
    """Take a step of RMSProp.

    Parameters
    ----------
    params, grads : ndarray or nested tuple of ndarrays
        As for `sgd_step`.
    state : same structure as `params`, optional
        The mean square s that the step before returned; zero before the first.
    lr : float, default 1e-3
        Learning rate, at least 0.
    decay : float, default 0.9
        ρ, from 0 to below 1.
    eps : float, default 1e-8
        ε, at least 0. With 0, an entry that never had a gradient becomes nan.

    Returns
    -------
    params : same structure as `params`
        New arrays of the same dtypes; the arguments stay as they are.
    state : same structure as `params`
        For the next step.

    Raises
    ------
    ShapeError
        If a tree is not built like `params`; the message names the leaf.
    TypeError
        If dtypes differ or are not float32 or float64, or a number is none.
    ValueError
        If a number is out of its range.

    Notes
    -----
    ::

        s ← ρ s + (1 − ρ) g²
        θ ← θ − lr g / (√s + ε)

    Tieleman and Hinton (2012), lecture 6e of *Neural Networks for Machine Learning*, which has
    no ε; it stands outside the root, as in PyTorch.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import rmsprop_step
    >>> params, state = rmsprop_step(np.array([1.0, 1.0]), np.array([3.0, -0.3]), lr=0.1)
    >>> params.round(4)  # √0.1 to either side, whatever the size of the gradient
    array([0.6838, 1.3162])
    """
    lr = require_number("rmsprop_step", "lr", lr)
    decay = require_number("rmsprop_step", "decay", decay, below=1)
    eps = require_number("rmsprop_step", "eps", eps)
    state = _zeros("rmsprop_step", params) if state is None else state
    stepped, squares = [], []
    for p, g, s in side_by_side("rmsprop_step", {"params": params, "grads": grads, "state": state}):
        s = _averaged_square(s, g, decay)
        stepped.append(_scaled_step(p, g, s, lr, eps))
        squares.append(s)
    return with_leaves(params, iter(stepped)), with_leaves(params, iter(squares))


def adagrad_step(params, grads, state=None, *, lr=0.1, eps=1e-8):
    """Take a step of Adagrad.

    Parameters
    ----------
    params, grads : ndarray or nested tuple of ndarrays
        As for `sgd_step`.
    state : same structure as `params`, optional
        The sum of squares s that the step before returned; zero before the first.
    lr : float, default 0.1
        Learning rate, at least 0.
    eps : float, default 1e-8
        ε, at least 0. With 0, an entry that never had a gradient becomes nan.

    Returns
    -------
    params : same structure as `params`
        New arrays of the same dtypes; the arguments stay as they are.
    state : same structure as `params`
        For the next step.

    Raises
    ------
    ShapeError
        If a tree is not built like `params`; the message names the leaf.
    TypeError
        If dtypes differ or are not float32 or float64, or a number is none.
    ValueError
        If a number is out of its range.

    Notes
    -----
    ::

        s ← s + g²
        θ ← θ − lr g / √(s + ε)

    Duchi, Hazan and Singer (2011), the diagonal form. ε stands inside the root, as in the demo of
    D4; in the paper and in PyTorch it stands outside.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import adagrad_step
    >>> params, memory = np.array([1.0]), None
    >>> for _ in range(3):
    ...     params, memory = adagrad_step(params, np.array([2.0]), memory)
    ...     print(params.round(4), memory)
    [0.9] [4.]
    [0.8293] [8.]
    [0.7716] [12.]
    """
    lr = require_number("adagrad_step", "lr", lr)
    eps = require_number("adagrad_step", "eps", eps)
    state = _zeros("adagrad_step", params) if state is None else state
    stepped, memories = [], []
    for p, g, s in side_by_side("adagrad_step", {"params": params, "grads": grads, "state": state}):
        memory = _times(g, g)
        memory += s
        step = np.add(memory, eps, out=np.empty_like(memory))
        np.sqrt(step, out=step)
        np.divide(g, step, out=step)
        step *= lr
        stepped.append(np.subtract(p, step, out=step))
        memories.append(memory)
    return with_leaves(params, iter(stepped)), with_leaves(params, iter(memories))


def adam_step(params, grads, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Take a step of Adam.

    Parameters
    ----------
    params, grads : ndarray or nested tuple of ndarrays
        As for `sgd_step`.
    state : AdamState, optional
        What the step before returned; zero before the first.
    lr : float, default 1e-3
        Learning rate, at least 0.
    beta1, beta2 : float, default 0.9 and 0.999
        From 0 to below 1.
    eps : float, default 1e-8
        ε, at least 0. With 0, an entry that never had a gradient becomes nan.

    Returns
    -------
    params : same structure as `params`
        New arrays of the same dtypes; the arguments stay as they are.
    state : AdamState
        The number t of updates so far, and the trees m and v.

    Raises
    ------
    ShapeError
        If a tree is not built like `params`; the message names the leaf.
    TypeError
        If dtypes differ or are not float32 or float64, a number is none, or `state` is not Adam's.
    ValueError
        If a number is out of its range.

    Notes
    -----
    At update t = 1, 2, …::

        m ← β₁ m + (1 − β₁) g            m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²           v̂ = v / (1 − β₂ᵗ)
        θ ← θ − lr m̂ / (√v̂ + ε)

    Kingma and Ba (2015), Algorithm 1, computed as they advise at the end of their section 2: both
    corrections go into one learning rate and ε, lr √(1 − β₂ᵗ) / (1 − β₁ᵗ) and ε √(1 − β₂ᵗ), which
    changes nothing but the rounding.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import adam_step
    >>> params, state = adam_step(np.array([1.0, 1.0]), np.array([3.0, -0.3]), lr=0.1)
    >>> params  # the first step is lr to either side
    array([0.9, 1.1])
    """
    lr = require_number("adam_step", "lr", lr)
    beta1 = require_number("adam_step", "beta1", beta1, below=1)
    beta2 = require_number("adam_step", "beta2", beta2, below=1)
    eps = require_number("adam_step", "eps", eps)
    if state is None:
        state = AdamState(0, _zeros("adam_step", params), _zeros("adam_step", params))
    elif not isinstance(state, AdamState):
        kind = type(state).__name__
        raise TypeError(f"adam_step: state must be what adam_step returned, got {kind}")
    t = state.t + 1
    root = math.sqrt(1 - beta2**t)
    lr, eps = lr * root / (1 - beta1**t), eps * root
    trees = {"params": params, "grads": grads, "state.m": state.m, "state.v": state.v}
    stepped, means, squares = [], [], []
    for p, g, m, v in side_by_side("adam_step", trees):
        fresh = _times(g, 1 - beta1)
        m = _times(m, beta1)
        m += fresh
        v = _averaged_square(v, g, beta2)
        stepped.append(_scaled_step(p, m, v, lr, eps))
        means.append(m)
        squares.append(v)
    m, v = with_leaves(params, iter(means)), with_leaves(params, iter(squares))
    return with_leaves(params, iter(stepped)), AdamState(t, m, v)


def _times(array, factor):
    """Return a new array; unlike ``*``, also of arrays without axes."""
    return np.multiply(array, factor, out=np.empty_like(array))


def _averaged_square(average, g, decay):
    """Return decay · average + (1 − decay) g²."""
    square = _times(g, g)
    square *= 1 - decay
    average = _times(average, decay)
    average += square
    return average


def _scaled_step(p, direction, square, lr, eps):
    """Return p − lr direction / (√square + eps)."""
    step = np.sqrt(square, out=np.empty_like(square))
    step += eps
    np.divide(direction, step, out=step)
    step *= lr
    return np.subtract(p, step, out=step)


def _zeros(where, params):
    """Return a tree of zeros built like `params`."""
    rows = side_by_side(where, {"params": params})
    return with_leaves(params, (np.zeros_like(p) for (p,) in rows))
