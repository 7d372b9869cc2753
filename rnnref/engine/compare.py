"""When two results are equal: the tolerance of every exercise, in one place."""

from __future__ import annotations

import builtins
import re

import numpy as np

from .outcome import Outcome
from .returned import Leaf, Returned, Unreadable, leaves
from .sampled import Sampled

# |value − expected| ≤ RTOL·|expected| + SCALE·(largest finite |expected|) + ATOL
RTOL, SCALE, ATOL = 1e-6, 1e-9, 1e-12

# A fingerprint comes from the same wrong operations, at most in another order: closer still.
FINGERPRINT_RTOL = 1e-7
HUGE = 1e6  # what is larger may stand for infinity: there it says nothing of the others' size


def close(value: object, expected: object, rtol: float = RTOL) -> np.ndarray:
    """Where `value` equals `expected`.

    Parameters
    ----------
    value, expected : array_like
        Numbers of the same shape.
    rtol : float
        The relative tolerance of each entry.

    Returns
    -------
    ndarray of bool
        True where equal: infinities are equal to themselves, nan to nothing.
    """
    value, expected = np.asarray(value), np.asarray(expected)
    if "b" in (value.dtype.kind, expected.dtype.kind):
        return value == expected
    finite = np.isfinite(expected)
    largest = np.abs(expected[finite]).max(initial=0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(value - expected) <= rtol * np.abs(expected) + SCALE * largest + ATOL
        return np.where(finite, near, value == expected)


def leaf_is_right(leaf: Leaf) -> bool:
    """Whether one array, number or string of a result is right everywhere."""
    if isinstance(leaf.expected, Sampled):
        return leaf.value.agrees(leaf.expected)
    if isinstance(leaf.expected, str | list):
        return leaf.value == leaf.expected
    if isinstance(leaf.expected, bool | int) or np.asarray(leaf.expected).dtype.kind in "biu":
        return bool(np.all(np.asarray(leaf.value) == np.asarray(leaf.expected)))
    return bool(np.all(close(leaf.value, leaf.expected)))


def is_right(outcome: Outcome, expected: Outcome, returned: tuple[Returned, ...]) -> bool:
    """Whether a call gave what the reference gives: value or demanded error, arguments kept."""
    if expected.error is not None:
        return outcome.error is not None and _is_a(outcome.error.kind, expected.error.kind)
    if not outcome.has_value or outcome.changed:
        return False
    try:
        return all(map(leaf_is_right, leaves(outcome.value, expected.value, returned)))
    except Unreadable:
        return False


def is_same(outcome: Outcome, fingerprint: Outcome) -> bool:
    """Whether a call did just what a known mistake does: the same numbers, error and changes."""
    if outcome.ended or fingerprint.ended:
        return False
    if outcome.error or fingerprint.error:
        return (
            outcome.error is not None
            and fingerprint.error is not None
            and outcome.error.kind == fingerprint.error.kind
            and _without_digits(outcome.error.text) == _without_digits(fingerprint.error.text)
        )
    if set(outcome.changed) != set(fingerprint.changed):
        return False
    if outcome.refused or fingerprint.refused:
        return outcome.refused == fingerprint.refused
    return _same_value(outcome.value, fingerprint.value)


def _without_digits(text: str) -> str:
    """An error's text without the sizes and places in it: they depend on how the code is laid."""
    return re.sub(r"\d+", "#", text)


def _same_value(value: object, other: object) -> bool:
    if isinstance(value, Sampled) and isinstance(other, Sampled):
        return value.agrees(other)
    if isinstance(value, np.ndarray) and isinstance(other, np.ndarray):
        if value.shape != other.shape or value.dtype.kind != other.dtype.kind:
            return False
        if value.dtype.kind != "f":
            return bool(np.array_equal(value, other))
        if value.dtype != other.dtype:
            return False
        if not np.array_equal(np.isnan(value), np.isnan(other)):
            return False
        parts = np.abs(other) > HUGE, np.abs(other) <= HUGE
        return all(np.all(close(value[p], other[p], FINGERPRINT_RTOL)) for p in parts)
    if isinstance(value, tuple | list) and isinstance(other, tuple | list):
        return len(value) == len(other) and all(map(_same_value, value, other))
    if isinstance(value, dict) and isinstance(other, dict):
        return set(value) == set(other) and all(_same_value(value[k], other[k]) for k in value)
    if _is_number(value) and _is_number(other):
        value, other = np.asarray(value), np.asarray(other)
        if value.dtype.kind in "iuf" and other.dtype.kind in "iuf":
            # A sum over nothing is 0 in one style and 0.0 in another.
            value, other = value.astype(float), other.astype(float)
        return _same_value(value[None], other[None])
    return type(value) is type(other) and value == other


def _is_number(value: object) -> bool:
    return isinstance(value, bool | int | float | np.generic) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    )


def _is_a(kind: str, wanted: str) -> bool:
    """Whether the builtin exception `kind` is, or derives from, the builtin `wanted`."""
    cls, base = getattr(builtins, kind, None), getattr(builtins, wanted)
    return isinstance(cls, type) and issubclass(cls, base)
