"""A class's result for the terminal: students, points, named mistakes, states."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator

from rnnref.grader.intake.notebook import printable
from rnnref.grader.runner import ClassResult, Graded

WIDTH = 100
MAX_REMARK = 1_000
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def class_table(result: ClassResult, *, colour: bool = False, width: int = WIDTH) -> str:
    """Set a class's result as text.

    Parameters
    ----------
    result : ClassResult
        The class.
    colour : bool
        Whether the terminal understands bold and dim.
    width : int
        Columns; longer lines are wrapped where that can be.

    Returns
    -------
    str
        A key to the exercises, a line for each student with the points, and under it the named
        mistakes and remarks; then where the feedback and the gradebook are.
    """
    bold, dim, plain = (_BOLD, _DIM, _PLAIN) if colour else ("", "", "")
    exercises = result.source.exercises
    name_width = max(len("student"), *(min(len(one.student), 24) for one in result.graded))
    count = len(result.graded)
    title = f"{result.source.problem_set}: {count} submission{'s' * (count != 1)}"
    lines = [bold + title + plain, ""]
    lines += _key(result, width)
    heads = "".join(f"{number:>5}" for number in range(1, len(exercises) + 1))
    lines += ["", f"{bold}{'student':<{name_width}}{heads}   total  state{plain}"]
    for one in result.graded:
        lines.append(_row(one, result, name_width))
        lines += [dim + line + plain for line in _below(one, width)]
    lines += ["", f"Feedback   {_near(result.feedback)}", f"Gradebook  {_near(result.gradebook)}"]
    return "\n".join(lines)


def _near(path: str) -> str:
    """A path as seen from the working directory, where it lies below it."""
    here = os.path.join(os.getcwd(), "")
    return path.removeprefix(here)


def _key(result: ClassResult, width: int) -> Iterator[str]:
    """The numbers' exercises and points, in columns."""
    entries = [
        f"{number:>2} {exercise.name} ({exercise.points:g})"
        for number, exercise in enumerate(result.source.exercises, 1)
    ]
    column = max(map(len, entries), default=0) + 2
    per_line = max(1, width // column)
    for start in range(0, len(entries), per_line):
        yield "".join(f"{e:<{column}}" for e in entries[start : start + per_line]).rstrip()
    for question in result.source.hand_graded:
        yield f" + {question.name} ({question.points:g}), read by a person"


def _row(one: Graded, result: ClassResult, name_width: int) -> str:
    """Points of the exercises; `?` where a person has to look, `*` where a person gave them."""
    cells = one.marks.cells if one.marks else {}
    shown = []
    for exercise in result.source.exercises:
        mark = cells.get(exercise.grade_id)
        if mark is None:
            shown.append("?")
        else:
            shown.append("?" if mark.waiting else f"{mark.score:g}" + "*" * mark.by_person)
    total = f"{one.marks.total:g}" if one.marks else "?"
    points = "".join(f"{text:>5}" for text in shown)
    name = printable(one.student[:name_width])
    return f"{name:<{name_width}}{points}{total:>8}  {one.state}"


def _below(one: Graded, width: int) -> Iterator[str]:
    """Named mistakes, then what the instructor should know."""
    named = [f"{r.name}: {r.mistake}" for r in one.record.exercises if r.mistake]
    texts = [*(["; ".join(named)] if named else []), *([one.remark] if one.remark else [])]
    for text in texts:
        text = printable(textwrap.shorten(text, MAX_REMARK, placeholder=" …"))
        yield from textwrap.wrap(text, width, initial_indent="    ", subsequent_indent="      ")
