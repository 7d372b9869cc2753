"""What is wrong and where, for a mistake that has no name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .compare import close, leaf_is_right
from .outcome import Outcome
from .patterns import pattern
from .returned import Leaf, Unreadable, leaves
from .sampled import Sampled
from .sheet import Probe, Sheet

_FEW = 8  # whole numbers that are shown one by one


@dataclass(frozen=True, eq=False)
class Tried:
    """One probe and what a function did on it."""

    probe: Probe
    outcome: Outcome
    right: bool


def describe(sheet: Sheet, tried: Sequence[Tried]) -> str:
    """One sentence on the first failing probe, for a mistake that has no name."""
    wrong = [t for t in tried if not t.right]
    first = _telling(wrong)
    head = "All plain cases hold. " if first.probe.special else ""
    return f"{head}«{first.probe.label}»: {_what(sheet, first, wrong)}"


def _telling(wrong: Sequence[Tried]) -> Tried:
    """The first failure with random numbers, if any: a worked example may be right by accident."""
    kind = [t for t in wrong if t.probe.special == wrong[0].probe.special]
    labels = [t.probe.label for t in kind]
    return next((t for t in kind if labels.count(t.probe.label) > 1), kind[0])


def _what(sheet: Sheet, first: Tried, wrong: Sequence[Tried]) -> str:
    outcome, expected = first.outcome, first.probe.expected
    if outcome.ended:
        return f"{outcome.ended}."
    if expected.error is not None:
        return (
            f"{_came(outcome)}; here {expected.error.kind} must be raised (`raise`, not `return`)."
        )
    if outcome.error is not None:
        line = f" in line {outcome.error.line} of your code" if outcome.error.line else ""
        said = f"your function raised {outcome.error.kind}{line}"
        said += f": {outcome.error.text}" if outcome.error.text else "."
        return said + _arguments(sheet, first.probe)
    if outcome.refused:
        return f"{outcome.refused}."
    changed = ""
    if outcome.changed:
        names = " and ".join(sheet.named(outcome.changed))
        several = len(outcome.changed) > 1
        changed = f"your function changes its argument{'s' * several} {names}: work on " + (
            "copies" if several else "a copy"
        )
    try:
        parts = leaves(outcome.value, expected.value, sheet.returned)
    except Unreadable as error:
        return f"{_shape(error)}." + (f" Also, {changed}." if changed else "")
    bad = [leaf for leaf in parts if not leaf_is_right(leaf)]
    if not bad:
        return f"the result is right, but {changed}."
    sentence = _values(parts, bad, pattern(_same_leaf(sheet, wrong, bad[0])))
    sentence += _arguments(sheet, first.probe)
    return sentence + (f" Also, {changed}." if changed else "")


def _came(outcome: Outcome) -> str:
    if outcome.error is not None:
        return f"your function raised {outcome.error.kind}"
    return "your function returned a value"


def _arguments(sheet: Sheet, probe: Probe) -> str:
    """The arguments of the call: arrays by shape, for most errors of NumPy's are about shapes."""
    said = []
    for name, value in zip(sheet.parameters, probe.args, strict=False):
        if isinstance(value, np.ndarray):
            few = value.dtype.kind in "iu" and value.ndim == 1 and value.size <= _FEW
            said.append(f"{name} = {value.tolist()}" if few else f"{name} of shape {value.shape}")
        elif isinstance(value, str | int):
            said.append(f"{name} = {value!r}")
        elif isinstance(value, float):
            said.append(f"{name} = {value:.6g}")
        elif isinstance(value, list) and len(value) <= _FEW and _are_numbers(value):
            said.append(f"{name} = [{', '.join(f'{v:.4g}' for v in value)}]")
        elif isinstance(value, tuple | list) and any(isinstance(v, np.ndarray) for v in value):
            said.append(f"{name} of {len(value)} arrays")
    return f" (Called with {', '.join(said)}.)" if said else ""


def _are_numbers(values: list) -> bool:
    return {type(value) for value in values} <= {int, float}


def _shape(error: Unreadable) -> str:
    """The structural complaint, with the numbers' own story where they are right."""
    leaf = error.leaf
    if leaf is not None and isinstance(leaf.value, np.ndarray):
        value, expected = leaf.value, np.asarray(leaf.expected)
        if value.dtype.kind in "iuf" and value.shape != expected.shape:
            if value.shape == expected.shape[::-1] and np.all(close(value.T, expected)):
                return f"{error}: the numbers are right, but transposed"
            is_one_of_several = value.shape == expected.shape[1:] and len(expected) > 1
            if is_one_of_several and np.all(close(value, expected[-1])):
                return f"{error}: right for the last {_axis(leaf)}, and all of them are asked for"
            if value.size == expected.size and np.all(
                close(value.reshape(expected.shape), expected)
            ):
                return f"{error}: the numbers are right, only their arrangement is not"
    return str(error)


def _axis(leaf: Leaf) -> str:
    return {"T": "time step"}.get(leaf.returned.axes[0] if leaf.returned.axes else "", "entry")


def _same_leaf(sheet: Sheet, wrong: Sequence[Tried], leaf: Leaf) -> list[Leaf]:
    """The leaf of this name from every failing probe that can be read."""
    found = []
    for tried in wrong:
        if tried.outcome.has_value and tried.probe.expected.error is None:
            try:
                parts = leaves(tried.outcome.value, tried.probe.expected.value, sheet.returned)
            except Unreadable:
                continue
            sizes = {**_batch(tried.probe), **_sizes(parts)}
            found += [
                replace(part, sizes=sizes) for part in parts if part.returned == leaf.returned
            ]
    return [part for part in found if not leaf_is_right(part)]


def _batch(probe: Probe) -> dict[str, int]:
    """Steps and sequences of a call, from its first time-major argument, where there is one."""
    shapes = [value.shape for value in probe.args if isinstance(value, np.ndarray)]
    return next(({"T": s[0], "B": s[1]} for s in shapes if len(s) == 3), {})


def _sizes(parts: list[Leaf]) -> dict[str, int]:
    """Axis → size, as far as the arrays of one result tell and agree (layers may differ)."""
    found: dict[str, set[int]] = {}
    for part in parts:
        axes, shape = part.returned.axes, np.shape(part.expected)
        if len(axes) == len(shape):
            for axis, n in zip(axes, shape, strict=True):
                found.setdefault(axis, set()).add(n)
    return {axis: sizes.pop() for axis, sizes in found.items() if len(sizes) == 1}


def _values(parts: list[Leaf], bad: list[Leaf], story: str | None) -> str:
    """Which arrays are right, then the first wrong one's pattern or its first wrong entry."""
    right = [part.returned.name for part in parts if part not in bad]
    head = f"{_join(right)} right, {bad[0].returned.name} not: " if right else ""
    return head + (story or _first_wrong(bad[0]))


def _join(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} is"
    return f"{', '.join(names[:-1])} and {names[-1]} are"


def _first_wrong(leaf: Leaf) -> str:
    """The first wrong entry in the order of time, with both numbers."""
    name = leaf.returned.name
    if isinstance(leaf.expected, Sampled):
        return _first_unlikely(leaf)
    if isinstance(leaf.expected, str | list):
        return f"{name} should be {repr(leaf.expected)[:80]}, yours is {repr(leaf.value)[:80]}."
    expected = np.asarray(leaf.expected)
    value = np.asarray(leaf.value)
    if expected.ndim == 0:
        return f"{name} should be {_beside(expected, value)}."
    wrong = np.argwhere(~close(value, expected))
    index = tuple(int(i) for i in wrong[_telling_entry(leaf, wrong[:, 0])])
    place = f"{name}[{', '.join(map(str, index))}]"
    sentence = f"{place} should be {_beside(expected[index], value[index])}"
    if value.dtype.kind == "f" and not np.isfinite(value[index]):
        sentence += " (not a finite number)"
    return f"{sentence}: {_in_time(leaf, index[0])}."


def _telling_entry(leaf: Leaf, steps: np.ndarray) -> int:
    """Which of the wrong entries to show: the first, or the first at the step where a way back
    through time went wrong, if all later steps are right and all earlier ones are not.
    """
    if not _steps(leaf) or set(steps) != set(range(steps[-1] + 1)):
        return 0
    return int(np.argmax(steps == steps[-1])) if 0 < steps[-1] < len(leaf.expected) - 1 else 0


def _steps(leaf: Leaf) -> bool:
    return leaf.returned.axes[:1] == ("T",) and len(leaf.expected) > 1


def _first_unlikely(leaf: Leaf) -> str:
    """The mean that chance explains least."""
    value, expected = leaf.value, leaf.expected
    if value.mean.shape != expected.mean.shape:
        return f"{leaf.returned.name} has another number of possible results."
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.abs(value.mean - expected.mean) / np.hypot(value.error, expected.error)
    index = np.unravel_index(np.nanargmax(gap), gap.shape)
    name, chance = leaf.returned.name, np.hypot(value.error[index], expected.error[index])
    place = name
    if len(leaf.returned.axes) == len(index) > 0:
        words = zip(leaf.returned.axes, index, strict=True)
        place = f"{name} for " + ", ".join(f"{axis} = {i}" for axis, i in words)
    elif index:
        place = f"{name}[{', '.join(map(str, index))}]"
    said = f"{place} should be about {expected.mean[index]:.3f}, yours is {value.mean[index]:.3f}"
    if chance < 5e-4:
        return f"{said}."
    return f"{said}: chance moves it by some {chance:.3f}."


def _in_time(leaf: Leaf, first: int) -> str:
    """How the wrong entries lie in time; `first` is the step of the one that is shown."""
    if not _steps(leaf):
        return "the first wrong entry"
    right = close(leaf.value, leaf.expected).reshape(len(leaf.expected), -1).all(axis=1)
    if right.sum() == len(right) - 1:
        return f"only time step {first + 1} (index {first}) is wrong"
    if first > 0 and right[first + 1 :].all() and not right[: first + 1].any():
        return f"right after this time step (index {first}), wrong up to it"
    if right[first:].any():
        return "the first wrong entry"
    if first == 0:
        return "no time step is right"
    return f"right before this time step (index {first}), wrong from it on"


def _beside(expected: object, value: object) -> str:
    """Both numbers, with as many digits as it takes to tell them apart."""
    for digits in (6, 10, 17):
        texts = [_number(number, digits) for number in (expected, value)]
        if texts[0] != texts[1]:
            break
    return f"{texts[0]}, yours is {texts[1]}"


def _number(value: object, digits: int = 6) -> str:
    value = np.asarray(value).item()
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a number of more than 18 digits"
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
