"""What an exercise returns: names and axes of its arrays, and a result taken apart by them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Integral, Real

import numpy as np


@dataclass(frozen=True)
class Returned:
    """One returned value: `H (T, B, H)` is the array H with axes T, B and H.

    `grads [dU (H, D), db (H,)]` is a list of such pairs, `grads {U (H, D), b (H,)}` a dict.
    """

    name: str
    axes: tuple[str, ...] = ()
    parts: tuple[Returned, ...] = ()

    @classmethod
    def parse(cls, text: str) -> tuple[Returned, ...]:
        """The values named in a text such as ``"h (T,), y (T,)"``, in their order."""
        found = re.findall(r"(\w+)\s*(?:\(([^)]*)\)|\[([^]]*)\]|\{([^}]*)\})?", text)
        return tuple(
            cls(
                name,
                tuple(axis.strip() for axis in axes.split(",") if axis.strip()),
                cls.parse(in_list or in_dict),
            )
            for name, axes, in_list, in_dict in found
        )

    def element(self, i: int) -> tuple[Returned, ...]:
        """Names and axes of what element `i` of a list holds."""
        place = f"{self.name}[{i}]"
        if len(self.parts) > 1:
            return tuple(replace(part, name=f"{part.name} of {place}") for part in self.parts)
        return (replace(self.parts[0] if self.parts else self, name=place),)

    def __str__(self) -> str:
        if not self.axes:
            return self.name
        inside = ", ".join(self.axes) + ("," if len(self.axes) == 1 else "")
        return f"{self.name} ({inside})"


@dataclass(frozen=True, eq=False)
class Leaf:
    """One array or number of a result beside what it should be."""

    returned: Returned
    value: object
    expected: object
    # Axis → size in the call that it comes from, those of the other arrays too.
    sizes: Mapping[str, int] = field(default_factory=dict)


class Unreadable(ValueError):
    """A result that has another structure, type or shape than the exercise asks for."""

    def __init__(self, sentence: str, leaf: Leaf | None = None):
        super().__init__(sentence)
        self.leaf = leaf


def leaves(value: object, expected: object, returned: tuple[Returned, ...]) -> list[Leaf]:
    """`value` taken apart beside `expected`.

    Parameters
    ----------
    value, expected : object
        What came, and what is right: an array, a number, a string, or a tuple, list or dict of
        such.
    returned : tuple of Returned
        Names and axes, one for each value of a tuple.

    Returns
    -------
    list of Leaf
        The parts in their order, each of the right type and shape.

    Raises
    ------
    Unreadable
        With a sentence for the student, where structure, type, dtype or shape is another.
    """
    if isinstance(expected, tuple):
        if not isinstance(value, tuple | list) or len(value) != len(expected):
            names = ", ".join(str(r) for r in returned)
            raise Unreadable(f"return {len(expected)} values, {names}; yours is {described(value)}")
        parts = zip(value, expected, returned, strict=True)
        return [leaf for v, e, r in parts for leaf in leaves(v, e, (r,))]
    name = returned[0] if returned else Returned("the result")
    if isinstance(expected, dict):
        return _dict_leaves(value, expected, returned)
    if isinstance(expected, list):
        return _list_leaves(value, expected, name)
    leaf = Leaf(name, value, expected)
    _require_kind(leaf)
    return [leaf]


def described(value: object) -> str:
    """A value's type in a student's words: `a tuple of 3 values`, `an array of shape (4,)`."""
    if value is None:
        return "None (is there a return?)"
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
        return f"a {type(value).__name__} (make it a plain array by np.array)"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)} values"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _dict_leaves(value: object, expected: dict, returned: tuple[Returned, ...]) -> list[Leaf]:
    wanted = f"return a dict with exactly the keys {', '.join(map(repr, expected))}"
    if not isinstance(value, dict):
        raise Unreadable(f"{wanted}; yours is {described(value)}")
    missing = [repr(key) for key in expected if key not in value]
    more = [repr(key) for key in value if key not in expected]
    if missing:
        raise Unreadable(f"{wanted}; yours lacks {', '.join(missing)}")
    if more:
        raise Unreadable(f"{wanted}; yours also has {', '.join(more)[:60]}")
    known = {r.name: r for r in returned}
    if len(returned) == 1 and returned[0].parts:  # one dict among several values
        name, parts = returned[0].name, returned[0].parts
        known = {part.name: replace(part, name=f"{name}[{part.name!r}]") for part in parts}
    return [
        leaf
        for key in expected
        for leaf in leaves(value[key], expected[key], (known.get(key, Returned(key)),))
    ]


def _list_leaves(value: object, expected: list, name: Returned) -> list[Leaf]:
    if not isinstance(value, list):
        raise Unreadable(f"{name} must be a list, yours is {described(value)}")
    if all(isinstance(e, str) for e in expected) or all(map(_is_id, expected)):
        return [_row_of_words(value, expected, name)]
    if len(value) != len(expected):
        raise Unreadable(f"{name} must have {len(expected)} elements, yours has {len(value)}")
    return [
        leaf
        for i, (v, e) in enumerate(zip(value, expected, strict=True))
        for leaf in leaves(v, e, name.element(i))
    ]


def _row_of_words(value: list, expected: list, name: Returned) -> Leaf:
    """A list of ids or words: how long it is belongs to the answer."""
    ids = not isinstance(expected[0], str) if expected else True
    strange = next((v for v in value if not (_is_id(v) if ids else isinstance(v, str))), None)
    if strange is not None and expected:
        kind = "integers" if ids else "strings"
        raise Unreadable(f"{name} must be a list of {kind}; one of yours is {described(strange)}")
    return Leaf(name, [int(v) if _is_id(v) else v for v in value], expected)


def _is_id(value: object) -> bool:
    """Whether a value is a Python or NumPy integer, as ids are."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind in "iu"
    return isinstance(value, Integral) and not isinstance(value, bool)


def _require_kind(leaf: Leaf) -> None:
    """Refuse a leaf of another type, dtype or shape than its expected value's."""
    value, expected, name = leaf.value, leaf.expected, leaf.returned
    if isinstance(expected, np.generic):
        expected = expected.item()  # a student is asked for a float, not for a float64
    if isinstance(expected, np.ndarray):
        if type(value) is not np.ndarray:
            raise Unreadable(f"{name} must be a numpy array, yours is {described(value)}", leaf)
        if value.shape != expected.shape:
            raise Unreadable(
                f"{name} must have shape {expected.shape} here, yours has {value.shape}", leaf
            )
        if not _dtype_fits(value.dtype, expected.dtype):
            wanted = "float64" if expected.dtype.kind == "f" else f"{expected.dtype.name}"
            raise Unreadable(f"{name} must have dtype {wanted}, yours has {value.dtype}", leaf)
    elif isinstance(expected, bool | Real):
        if not _number_fits(value, expected):
            kind = type(expected).__name__
            article = "an" if kind == "int" else "a"
            raise Unreadable(f"{name} must be {article} {kind}, yours is {described(value)}", leaf)
    elif type(value) is not type(expected):
        kind = type(expected).__name__
        raise Unreadable(f"{name} must be a {kind}, yours is {described(value)}", leaf)


def _dtype_fits(dtype: np.dtype, expected: np.dtype) -> bool:
    if expected.kind in "iu":
        return dtype.kind in "iu"
    return dtype == expected


def _number_fits(value: object, expected: object) -> bool:
    """Whether a Python number, NumPy scalar or 0-d array stands for bool, int or float."""
    if isinstance(value, np.ndarray | np.generic):
        if value.ndim:
            return False
        value = value.item()
    if isinstance(expected, bool):
        return isinstance(value, bool)
    wanted = Integral if isinstance(expected, Integral) else Real
    return isinstance(value, wanted) and not isinstance(value, bool)
