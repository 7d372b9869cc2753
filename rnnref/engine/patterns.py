"""How a wrong array relates to the right one: sign, factor, transposed, shifted in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .compare import close
from .returned import Leaf


def pattern(leaves: Sequence[Leaf]) -> str | None:
    """A sentence for a relation that holds on two failing probes at least, on all of them.

    Parameters
    ----------
    leaves : sequence of Leaf
        The same array from several failing probes.

    Returns
    -------
    str or None
        None where no relation holds: one that fits a single probe may be chance.
    """
    telling = [leaf for leaf in leaves if _is_float(leaf) and np.asarray(leaf.expected).any()]
    if len(telling) < 2:
        return None
    name = telling[0].returned.name
    everywhere = ", everywhere" if telling[0].returned.axes else ""
    if all(np.isnan(leaf.value).all() for leaf in telling):
        return f"{name} is nan everywhere."
    for holds, applies, sentence in _RELATIONS:
        enough = [leaf for leaf in telling if applies(leaf)]
        if len(enough) > 1 and all(map(holds, enough)):
            return sentence.format(name=name, everywhere=everywhere)
    factor = _factor(telling)
    return factor and f"{name} is {factor} what it should be{everywhere}."


def _is_float(leaf: Leaf) -> bool:
    if isinstance(leaf.expected, list):
        return False
    return all(np.asarray(part).dtype.kind in "fiu" for part in (leaf.value, leaf.expected))


def _equal(value: np.ndarray, expected: np.ndarray) -> bool:
    return value.shape == expected.shape and bool(np.all(close(value, expected)))


def _negated(leaf: Leaf) -> bool:
    return _equal(-np.asarray(leaf.value), np.asarray(leaf.expected))


def _transposed(leaf: Leaf) -> bool:
    return _equal(leaf.value.T, leaf.expected)


def _late(leaf: Leaf) -> bool:
    return _equal(leaf.value[1:], leaf.expected[:-1])


def _early(leaf: Leaf) -> bool:
    return _equal(leaf.value[:-1], leaf.expected[1:])


def _backwards(leaf: Leaf) -> bool:
    return _equal(leaf.value[::-1], leaf.expected)


def _any(leaf: Leaf) -> bool:
    return True


def _is_matrix(leaf: Leaf) -> bool:
    return np.ndim(leaf.expected) == 2


def _has_steps(leaf: Leaf) -> bool:
    return leaf.returned.axes[:1] == ("T",) and len(leaf.expected) > 1


# What must hold on all leaves to which it can apply, that test, and the sentence.
_RELATIONS = (
    (_negated, _any, "{name} has the wrong sign{everywhere}."),
    (_transposed, _is_matrix, "{name} is transposed: rows and columns have changed places."),
    (_late, _has_steps, "{name} is late by one step: it holds at t what belongs to t − 1."),
    (_early, _has_steps, "{name} is early by one step: it holds at t what belongs to t + 1."),
    (_backwards, _has_steps, "{name} is right in reversed time."),
)


def _factor(leaves: Sequence[Leaf]) -> str | None:
    """A constant factor in words, as a number or as one of the sizes."""
    ratios = [_ratio(leaf) for leaf in leaves]
    if any(ratio is None for ratio in ratios):
        return None
    if np.allclose(ratios, ratios[0], rtol=1e-6):
        digits = 6 if f"{abs(ratios[0]):.6g}" != "1" else 12  # not "1 times what it should be"
        return f"{ratios[0]:.{digits}g} times".replace("-", "\N{MINUS SIGN}")
    axes = [(axis,) for axis in dict.fromkeys(axis for leaf in leaves for axis in leaf.sizes)]
    for which in (*axes, ("T", "B")):
        counts = np.array([np.prod([leaf.sizes.get(a, np.nan) for a in which]) for leaf in leaves])
        words = "·".join(which)
        if np.allclose(ratios, counts, rtol=1e-6):
            return f"{words} times"
        if np.allclose(ratios, 1 / counts, rtol=1e-6):
            return f"1/({words}) of" if len(which) > 1 else f"1/{words} of"
    return None


def _ratio(leaf: Leaf) -> float | None:
    value, expected = np.ravel(leaf.value), np.ravel(leaf.expected)
    largest = np.where(np.isfinite(expected), np.abs(expected), 0.0).argmax()
    if not expected[largest] or not np.isfinite(value[largest]):
        return None
    ratio = float(value[largest] / expected[largest])
    return ratio if ratio and _equal(value, ratio * expected) else None
