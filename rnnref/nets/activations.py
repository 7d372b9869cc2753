"""Activation functions, each with its derivative written in terms of its output.

That form, φ′(z) as a function of y = φ(z), is what a backward pass needs: it keeps y, not z.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Activation(NamedTuple):
    """A function with its derivative.

    Parameters
    ----------
    function : callable
        ``function(z, out=None) -> y``, elementwise; `out` may be `z`.
    derivative : callable
        ``derivative(y) -> dy/dz``, a new array.
    """

    function: Callable
    derivative: Callable


def logistic(z, out=None):
    """Return σ(z) = ½ (1 + tanh(z/2)), which cannot overflow, as 1 / (1 + exp(−z)) can."""
    y = np.multiply(z, 0.5, out=out)
    np.tanh(y, out=y)
    y += 1
    y *= 0.5
    return y


def relu(z, out=None):
    """Return max(z, 0)."""
    return np.maximum(z, 0, out=out)


def tanh_derivative(y):
    """Return 1 − y²."""
    slope = y * y
    return np.subtract(1, slope, out=slope)


def logistic_derivative(y):
    """Return y (1 − y)."""
    slope = 1 - y
    return np.multiply(y, slope, out=slope)


def relu_derivative(y):
    """Return 1 where y > 0, else 0: the derivative at 0 is taken as 0."""
    return (y > 0).astype(y.dtype)


ACTIVATIONS = {
    "linear": Activation(np.positive, np.ones_like),
    "logistic": Activation(logistic, logistic_derivative),
    "relu": Activation(relu, relu_derivative),
    "tanh": Activation(np.tanh, tanh_derivative),
}
