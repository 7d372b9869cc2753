"""Gradients compared with differences of the loss."""

from functools import partial
from typing import NamedTuple

import numpy as np

from rnnref.shapes import ShapeError, require_count
from rnnref.trees import named_leaves, with_leaves


class GradientComparison(NamedTuple):
    """One derivative of a loss, found in two ways.

    Parameters
    ----------
    name : str
        What was changed: ``params``, ``params.W``, ``params.W[0, 2]``.
    numeric : float
        Central difference of the loss.
    analytic : float
        The same derivative by the gradients under test.
    error : float
        |numeric − analytic| in units of the size of the gradient; 0 if the gap is no more than
        the rounding of the loss, inf if there is no such number.

    Examples
    --------
    >>> from rnnref import GradientComparison
    >>> print(GradientComparison("params.W[0, 2]", numeric=0.5, analytic=1.0, error=0.5))
    params.W[0, 2]: central difference 0.5, grads say 1, relative error 0.5
    """

    name: str
    numeric: float
    analytic: float
    error: float

    def __str__(self):
        """Return both numbers in one line."""
        return (
            f"{self.name}: central difference {self.numeric:.8g}, grads say {self.analytic:.8g}, "
            f"relative error {self.error:.2g}"
        )


def check_gradient(loss, params, grads, *, rng, directions=3, eps=None, rtol=None):
    """Compare gradients with differences of the loss along random directions.

    Parameters
    ----------
    loss : callable
        ``loss(params) -> float``.
    params : ndarray or nested tuple of ndarrays
        Where to check: NamedTuples, tuples of them, a single array. None passes through. Arrays
        are of float32 or float64.
    grads : same structure as `params`
        The gradients under test.
    rng : numpy.random.Generator
        Draws the directions, standard normal.
    directions : int, default 3
        Each costs two evaluations of the loss, however many parameters there are.
    eps : float, optional
        Step along the direction; by default ∛u with u the coarsest dtype's machine epsilon,
        about 6e-6 in float64.
    rtol : float, optional
        Largest relative error allowed, in units of ‖grads‖; by default 1000 u^⅔, about 4e-8 in
        float64 and 0.02 in float32.

    Returns
    -------
    GradientComparison
        The direction with the largest error.

    Raises
    ------
    AssertionError
        If a derivative along a direction is wrong. The message names the arrays that are wrong,
        found by going along the same direction in one array at a time, with both numbers.
    ShapeError
        If `grads` is built in another way than `params`.
    TypeError
        If there is anything but such arrays in `params`.

    Notes
    -----
    For every direction v, (L(θ + εv) − L(θ − εv)) / 2ε = vᵀ∇L + O(ε²). An error that makes up
    less than `rtol` of the whole gradient is not seen; then check that array alone, or use
    `check_entries`. A kink (ReLU) within ε of the point counts as an error.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import check_gradient
    >>> rng = np.random.default_rng(0)
    >>> params = (rng.normal(size=(3, 2)), rng.normal(size=3))
    >>> loss = lambda params: sum(np.sum(p**3) for p in params)
    >>> check_gradient(loss, params, tuple(3 * p**2 for p in params), rng=rng).error < 1e-8
    True
    >>> try:
    ...     check_gradient(loss, params, (3 * params[0] ** 2, 2 * params[1]), rng=rng)
    ... except AssertionError as error:
    ...     print(error)  # doctest: +ELLIPSIS
    check_gradient: wrong gradient
      params[1]: central difference ..., grads say ..., relative error ...
    """
    directions = require_count("check_gradient", "directions", directions)
    arrays, grads, eps, rtol = _prepare("check_gradient", params, grads, eps, rtol)
    compare = partial(_compare, loss, params, arrays, grads, eps)
    found = []
    for _ in range(directions):
        v = {name: rng.standard_normal(p.shape).astype(p.dtype) for name, p in arrays.items()}
        whole = compare("params", v, _norm(grads.values()))
        if whole.error > rtol:
            single = [compare(name, {name: v[name]}, _norm([grads[name]])) for name in arrays]
            _raise("check_gradient", [part for part in single if part.error > rtol] or [whole])
        found.append(whole)
    return _worst(found)


def check_entries(loss, params, grads, *, eps=None, rtol=None):
    """Compare every entry of gradients with a difference of the loss.

    Parameters
    ----------
    loss : callable
        ``loss(params) -> float``; it is evaluated twice for every entry.
    params : ndarray or nested tuple of ndarrays
        As in `check_gradient`.
    grads : same structure as `params`
        The gradients under test.
    eps : float, optional
        Step; by default as in `check_gradient`.
    rtol : float, optional
        Largest relative error allowed, in units of the largest entry of the same array of
        `grads`; by default as in `check_gradient`.

    Returns
    -------
    GradientComparison
        The entry with the largest error.

    Raises
    ------
    AssertionError
        If an entry is wrong. The message names the worst entry of every array that is wrong, with
        both numbers.
    ShapeError
        If `grads` is built in another way than `params`.
    TypeError
        If there is anything but such arrays in `params`.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import check_entries
    >>> w = np.array([1.0, 2.0, 3.0])
    >>> try:
    ...     check_entries(lambda w: np.sum(w**2), w, np.array([2.0, 4.0, 3.0]))
    ... except AssertionError as error:
    ...     print(error)
    check_entries: wrong gradient
      params[2]: central difference 6, grads say 3, relative error 0.5
    """
    arrays, grads, eps, rtol = _prepare("check_entries", params, grads, eps, rtol)
    compare = partial(_compare, loss, params, arrays, grads, eps)
    worst = []
    for name, array in arrays.items():
        g = grads[name]
        scale = np.max(np.abs(g), where=np.isfinite(g), initial=0)
        entries = []
        for index in np.ndindex(array.shape):
            v = np.zeros_like(array)
            v[index] = 1
            entries.append(compare(f"{name}[{', '.join(map(str, index))}]", {name: v}, scale))
        if entries:
            worst.append(_worst(entries))
    wrong = [entry for entry in worst if entry.error > rtol]
    if wrong:
        _raise("check_entries", wrong)
    return _worst(worst)


def _prepare(where, params, grads, eps, rtol):
    """Return the arrays of both trees by name, the step and the tolerance."""
    arrays = named_leaves(params, "params")
    grads = named_leaves(grads, "params")
    wrong = [f"{name} {p.dtype}" for name, p in arrays.items() if p.dtype.kind != "f"]
    if wrong or not any(p.size for p in arrays.values()):
        raise TypeError(f"{where}: params must hold float arrays, got {', '.join(wrong) or 'none'}")
    shapes, came = (
        ", ".join(f"{name} {a.shape}" for name, a in tree.items()) for tree in (arrays, grads)
    )
    if came != shapes:
        raise ShapeError(f"{where}: grads must have the arrays {shapes}, got {came or 'none'}")
    u = _epsilon(arrays)
    eps = u ** (1 / 3) if eps is None else eps
    rtol = 1000 * u ** (2 / 3) if rtol is None else rtol
    return arrays, grads, eps, rtol


def _compare(loss, params, arrays, grads, eps, name, v, scale):
    """Compare the derivatives along v, a dict of arrays by name; others stay as they are."""

    def along(step):
        moved = (p + step * v[key] if key in v else p for key, p in arrays.items())
        return float(loss(with_leaves(params, moved)))

    up, down = along(eps), along(-eps)
    numeric = (up - down) / (2 * eps)
    # Only where v is not zero: 0 · nan would spread one bad entry to all others.
    analytic = float(sum(_dot(grads[key][v[key] != 0], v[key][v[key] != 0]) for key in v))
    rounding = 10 * _epsilon(arrays) * max(abs(up), abs(down)) / eps
    gap = abs(numeric - analytic)
    if not np.isfinite(gap):
        error = np.inf
    elif gap <= rounding:
        error = 0.0
    else:
        error = gap / max(scale, abs(numeric))
    return GradientComparison(name, numeric, analytic, float(error))


def _dot(a, b):
    """Return Σ a b, summed in float64."""
    return np.sum(a * b, dtype=np.float64)


def _epsilon(arrays):
    """Return the machine epsilon of the coarsest dtype."""
    return float(max(np.finfo(array.dtype).eps for array in arrays.values()))


def _norm(arrays):
    """Return the Euclidean norm of all arrays together."""
    return float(np.sqrt(sum(_dot(a, a) for a in arrays)))


def _worst(comparisons):
    return max(comparisons, key=lambda comparison: comparison.error)


def _raise(where, wrong):
    raise AssertionError("\n  ".join([f"{where}: wrong gradient", *map(str, wrong)]))
