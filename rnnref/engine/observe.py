"""What is compared where an answer may be right in many ways."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .returned import described
from .sampled import ERRORS, Sampled


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


FROZEN = 1e-3  # a temperature at which the likeliest symbol always comes


def transitions(value: object, args: tuple) -> Sampled:
    """How often each symbol follows each pair of symbols in what a model has written.

    Parameters
    ----------
    value : object
        The ids that were drawn.
    args : tuple
        The call's: the first is the symbol before the first drawn one, the seventh the output bias,
        as long as the vocabulary, the eighth the number of ids, the tenth, if it is there, the
        temperature.

    Returns
    -------
    Sampled
        Shares of shape (K, K, K): before the last symbol, the last, the next. At a temperature
        where only one text can come about, that text itself.

    Raises
    ------
    ValueError
        With a sentence, if `value` is not an array of that many ids.
    """
    first, n, K = args[0], args[7], len(args[6])
    if type(value) is not np.ndarray or value.dtype.kind not in "iu" or value.shape != (n,):
        raise ValueError(f"return an array of {n} integer ids; yours is {described(value)}")
    outside = value[(value < 0) | (value >= K)]
    if outside.size:
        raise ValueError(f"ids lie in 0 … {K - 1}; one of yours is {outside[0]}")
    if len(args) > 9 and args[9] <= FROZEN:
        return Sampled(value.astype(float), np.zeros(n))
    ids = np.concatenate([[first], value])
    counts = np.zeros((K, K, K), int)
    np.add.at(counts, (ids[:-2], ids[1:-1], ids[2:]), 1)
    return Sampled.shares(counts)


def mean_of_draws(value: object, args: tuple) -> Sampled:
    """A number that chance has a part in.

    Parameters
    ----------
    value : object
        What one call gave; or, from the table, what calls will give.
    args : tuple
        The arguments of the call; not needed.

    Returns
    -------
    Sampled
        The number as it is: how far chance may have moved it is known to the table alone.

    Raises
    ------
    ValueError
        With a sentence, if `value` is no finite number.
    """
    if isinstance(value, Sampled):
        return value
    if np.ndim(value) or np.asarray(value).dtype.kind not in "iuf":
        raise ValueError(f"return a number; yours is {described(value)}")
    if not np.isfinite(value):
        raise ValueError(f"return a finite number; yours is {value}")
    return Sampled(np.array(float(value)), np.array(0.0))


def kept_entries(value: object, args: tuple) -> Sampled:
    """How often dropout keeps an entry, beside a neighbour that it drops and one that it keeps.

    Parameters
    ----------
    value : object
        What was left of the array, and the mask.
    args : tuple
        The call's: the first is the array, without zeros, the second the probability of dropping.

    Returns
    -------
    Sampled
        Shares of shape (axes, 2): along each axis, of the entries at odd places, those that are
        kept after one that is dropped, and after one that is kept. (Each entry is in one pair at
        most, so that pairs are independent.) Exact where nothing may be dropped, and zeros where
        `p` is no probability of dropping: there an error is asked for.

    Raises
    ------
    ValueError
        With a sentence, if `value` is not of that form, or what is left does not fit the mask.
    """
    H, p = args[:2]
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(f"return two values, dropped and mask; yours is {described(value)}")
    dropped, mask = value
    for name, part, kind in (("dropped", dropped, "float64"), ("mask", mask, "bool")):
        if type(part) is not np.ndarray or part.shape != H.shape or part.dtype != kind:
            raise ValueError(
                f"{name} must be an array of shape {H.shape} and dtype {kind}; yours is "
                f"{described(part)}"
            )
    if not 0 <= p < 1:
        return Sampled(np.zeros((H.ndim, 2)), np.zeros((H.ndim, 2)))
    _require_scaled(dropped / H, mask, p)
    counts = np.zeros((H.ndim, 2, 2), int)
    for axis in range(H.ndim):
        pairs = np.moveaxis(mask, axis, 0)[: mask.shape[axis] // 2 * 2]
        np.add.at(counts[axis], (pairs[::2].astype(int), pairs[1::2].astype(int)), 1)
    found = Sampled.shares(counts)
    error = found.error[..., 1] if p > 0 else np.zeros((H.ndim, 2))
    return Sampled(found.mean[..., 1], error)


def _require_scaled(factor: np.ndarray, mask: np.ndarray, p: float) -> None:
    """Raise with a sentence unless `factor` is 1 / (1 − p) where `mask` is True, else 0."""
    faults = []
    for name, where, right in ("True", mask, 1 / (1 - p)), ("False", ~mask, 0.0):
        found = factor[where]
        if not np.allclose(found, right, rtol=1e-6, atol=1e-9):
            least, most = f"{found.min():.6g}", f"{found.max():.6g}"
            yours = least if least == most else f"between {least} and {most}"
            faults.append(f"where mask is {name}, dropped should be H times {right:.6g}; ")
            faults[-1] += f"yours is H times {yours}"
    share, expected = mask.mean(), 1 - p
    if faults and abs(share - expected) > ERRORS * np.sqrt(p * expected / mask.size):
        faults.append(f"mask is True too {'often' if share > expected else 'seldom'}")
    if faults:
        raise ValueError("; also, ".join(faults))


OBSERVERS: dict[str, Callable] = {
    "linear response": linear_response,
    "transitions": transitions,
    "mean of draws": mean_of_draws,
    "kept entries": kept_entries,
}
