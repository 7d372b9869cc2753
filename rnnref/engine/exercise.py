"""The table of an exercise: reference, cases, other right solutions, mistakes.

Everything that judges a student's function is read off this one table: the visible check, the
hidden tests, the stored checks, the tests of the checks themselves and the sample class.
"""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from .outcome import Call, Outcome, copied, differ, local
from .returned import Returned
from .sampled import Sampled
from .sheet import Note, Probe, Sheet, seen


@dataclass(frozen=True, eq=False)
class Case:
    """One call: a label that says what is tried, and the arguments by position."""

    label: str
    args: tuple
    special: bool = False
    strict: bool = False


def plain(label: str, *args: object) -> Case:
    """A case that every understanding of the exercise must get right."""
    return Case(label, args)


def special(label: str, *args: object) -> Case:
    """A case at the edge (one step, one unit, a demanded error): half the points hang on these."""
    return Case(label, args, special=True)


def strict(label: str, *args: object) -> Case:
    """A special case in which overflow, division by zero and invalid values are errors."""
    return Case(label, args, special=True, strict=True)


@dataclass(frozen=True, eq=False)
class Mistake:
    """A wrong answer that students hand in.

    Parameters
    ----------
    name : str
        A few words, unique in the exercise.
    wrong : callable
        The wrong solution itself, written as a student writes it; often `edit` of a right one.
    says : str
        The feedback: what fails and where, without the answer.
    hint : str
        The idea that is missing, shown on request.
    convention : bool
        Whether it is right in another convention (and gets half the points).
    """

    name: str
    wrong: Callable
    says: str
    hint: str
    convention: bool = False


@dataclass(frozen=True, eq=False)
class Exercise:
    """A graded function and all that is known about it.

    Parameters
    ----------
    name : str
        The function's name, as in the notebook.
    points : float
        Points for a right answer.
    returns : str
        Names and axes of what it returns: ``"h (T,), y (T,)"``.
    reference : callable
        The right answer, a thin layer over the reference package.
    cases : callable
        ``cases(rng)`` gives the `Case` list, all numbers drawn from `rng` alone.
    alternatives : tuple of callable
        Right solutions written differently, self-contained: they use `np` and nothing of ours.
    mistakes : tuple of Mistake
        In the order of the computation: of two at once, the first is named.
    observe : str, optional
        Name of an observer (`observe.OBSERVERS`), for an answer that may be right in many ways.
    enough : int
        On how many probes a mistake must show to be named: 2, since one may be chance; 1 only
        where an answer has no random part and a single probe shows it whole.
    new : bool
        Whether the returned arrays and lists must not be those of the arguments.
    repeats : int
        How often a mistake is called on a probe: more than once if it gives another number each
        time, to learn how far chance moves it. The reference says that itself, by a `Sampled`.
    """

    name: str
    points: float
    returns: str
    reference: Callable
    cases: Callable[[np.random.Generator], Iterable[Case]]
    alternatives: tuple[Callable, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    observe: str | None = None
    enough: int = 2
    new: bool = False
    repeats: int = 1

    def sheet(self, seed: int) -> Sheet:
        """The exercise as a sheet of probes, drawn from `seed`.

        Each case is drawn twice, since a mistake is named only if it fits two probes; a case
        without randomness stands once.
        """
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        drawn: list[Case] = []
        for case in (*self.cases(rng), *self.cases(rng)):
            twin = (c for c in drawn if c.label == case.label)
            if all(differ(c.args, case.args) or repr(c.args) != repr(case.args) for c in twin):
                drawn.append(case)
        return Sheet(
            self.name,
            self.points,
            Returned.parse(self.returns),
            self._parameters,
            tuple(Note(m.name, m.says, m.hint, m.convention) for m in self.mistakes),
            tuple(self._probe(case) for case in sorted(drawn, key=lambda c: c.special)),
            self.observe,
            self.enough,
            self.new,
        )

    @property
    def _parameters(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.reference).parameters)

    def _probe(self, case: Case) -> Probe:
        wrong = {mistake.name: mistake.wrong for mistake in self.mistakes}

        @functools.cache
        def fingerprint(name: str) -> Outcome:
            return self._repeated(local(wrong[name]), case)

        expected = self._seen(local(self.reference)(case), case)
        return Probe(case.label, case.args, case.special, expected, fingerprint, case.strict)

    def _repeated(self, call: Call, case: Case) -> Outcome:
        """What a call gives; what one more call will give, if it is made several times."""
        outcomes = [self._seen(call(other), other) for other in _redrawn(case, self.repeats)]
        if len(outcomes) == 1 or not all(outcome.has_value for outcome in outcomes):
            return outcomes[0]
        found = Sampled.forecast([outcome.value.mean for outcome in outcomes])
        return replace(outcomes[0], value=found)

    def _seen(self, outcome: Outcome, case: Case) -> Outcome:
        return seen(outcome, case.args, self.observe, self.new, self._parameters)


def _redrawn(case: Case, times: int) -> list[Case]:
    """The case, and the same again with other random generators, `times` in all."""
    args, cases = copied(case.args), [case]
    while len(cases) < times:
        other = (a.spawn(1)[0] if isinstance(a, np.random.Generator) else a for a in args)
        cases.append(replace(case, args=tuple(other)))
    return cases


def edit(function: Callable, *changes: tuple[str, str]) -> Callable:
    """A solution with some text replaced: one wrong line in a right solution.

    Parameters
    ----------
    function : callable
        A self-contained solution.
    *changes : tuple of str
        Pairs (old, new); each old text must stand in the source exactly once.

    Returns
    -------
    callable
        The changed solution; `source_of` knows its text.

    Raises
    ------
    ValueError
        If an old text stands in the source never or more than once.
    """
    source = source_of(function)
    for old, new in changes:
        if source.count(old) != 1:
            raise ValueError(
                f"edit of {function.__name__}: {old!r} must stand in it exactly once, "
                f"it stands there {source.count(old)} times"
            )
        source = source.replace(old, new)
    namespace = {"np": np}
    exec(compile(source, f"<edit of {function.__name__}>", "exec"), namespace)
    edited = namespace[function.__name__]
    edited.__source__ = source
    return edited


def source_of(function: Callable, name: str | None = None) -> str:
    """The text of a self-contained solution, renamed to `name` if one is given."""
    text = getattr(function, "__source__", None) or textwrap.dedent(inspect.getsource(function))
    if name is None:
        return text
    return re.sub(rf"(?<![.\w]){function.__name__}\b", name, text)
