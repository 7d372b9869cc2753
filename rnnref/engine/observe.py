"""What is compared where an answer may be right in many ways."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .returned import described


def linear_response(value: object, args: tuple) -> tuple[np.ndarray, np.ndarray]:
    """What scalar weights (u, w, v, h0) do: the answer to an impulse, and to the first state.

    Two sets of weights do the same job on every input if and only if these agree: the output is
    y_t = Σ_k v wᵏ u x_{t−k} + v wᵗ h0.

    Parameters
    ----------
    value : object
        Four numbers (u, w, v, h0) in a tuple or list.
    args : tuple
        The arguments of the call; not needed.

    Returns
    -------
    impulse, start : ndarray
        v wᵏ u for k = 0 … 7 and v wᵗ h0 for t = 1 … 8.

    Raises
    ------
    ValueError
        With a sentence, if `value` is not four finite numbers.
    """
    if not isinstance(value, tuple | list) or len(value) != 4:
        raise ValueError(f"return a tuple of four, u, w, v, h0; yours is {described(value)}")
    for name, number in zip("u w v h0".split(), value, strict=True):
        if np.ndim(number) or np.asarray(number).dtype.kind not in "iuf":
            raise ValueError(f"{name} must be a number, yours is {described(number)}")
        if not np.isfinite(number):
            raise ValueError(f"{name} must be a finite number, yours is {number}")
    u, w, v, h0 = map(float, value)
    powers = w ** np.arange(9.0)
    return v * powers[:8] * u, v * powers[1:] * h0


OBSERVERS: dict[str, Callable] = {"linear response": linear_response}
