"""Grading one notebook: a pure function from bytes to bytes and a record.

The student's cells run in the sandbox. Test cells run here, in the trusted process, where the
names that the instructor's solution cells define are proxies; locked set-up cells run on both
sides. Neither the database nor the course folder is needed.
"""

from __future__ import annotations

import ast
import math
import time
import traceback
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils

from rnnref.course import check as face
from rnnref.engine.report import Mark, Report
from rnnref.grader.intake.sanitize import sanitize
from rnnref.grader.intake.source import Exercise, Source, find_source, grade_id
from rnnref.grader.judge import SandboxJudge
from rnnref.grader.record import ExerciseResult, Record
from rnnref.grader.sandbox import Sandbox
from rnnref.grader.sandbox.limits import Limits
from rnnref.grader.student import Student

_PERSON = "The grader itself failed here; a person will look at it."


def execute(
    notebook: bytes, source: Source, *, sandbox: Sandbox, seed: int, limits: Limits | None = None
) -> tuple[bytes, Record]:
    """Grade a notebook.

    Parameters
    ----------
    notebook : bytes
        A well-formed submission (see `rnnref.grader.intake.notebook`).
    source : Source
        The instructor's notebook.
    sandbox : Sandbox
        Where the student's cells run.
    seed : int
        The class's secret seed of this problem set.
    limits : Limits, optional
        What the submission may use; the defaults if not given.

    Returns
    -------
    executed : bytes
        The sanitized notebook with its outputs; each test cell ends in the points as a number.
    record : Record
    """
    start = time.perf_counter()
    set_up = {grade_id(cell) for cell in source.setup}
    clean, notes = sanitize(nbformat.reads(notebook.decode(), as_version=4), source)
    with Student(sandbox, limits or sandbox.limits) as student:
        tests = _Tests(source, SandboxJudge(source.problem_set, seed), student)
        for count, cell in enumerate((c for c in clean.cells if c.cell_type == "code"), start=1):
            cell.execution_count = count
            cell.outputs = tests.run(cell) if _is_test(cell) else student.run(cell)
            if grade_id(cell) in set_up:
                tests.set_up(cell)
    person = any(result.state == "needs a person" for result in tests.results)
    record = Record(
        source.problem_set,
        "needs a person" if person else "graded",
        tuple(tests.results),
        (*notes, *student.notes),
        time.perf_counter() - start,
    )
    return nbformat.writes(clean).encode(), record


def grade_notebook(notebook: bytes, problem_set: str, course_root: Path | str = ".") -> Record:
    """Grade one notebook in a sandbox of its own.

    Parameters
    ----------
    notebook : bytes
        The submission.
    problem_set : str
        Its name.
    course_root : Path or str
        The course folder.

    Returns
    -------
    Record
    """
    source = find_source(course_root, problem_set)
    with Sandbox() as sandbox:
        return execute(notebook, source, sandbox=sandbox, seed=0)[1]


def _is_test(cell: NotebookNode) -> bool:
    return utils.is_grade(cell) and not utils.is_solution(cell)


class _Tests:
    """The test cells of one notebook, and what the exercises got."""

    def __init__(self, source: Source, judge: SandboxJudge, student: Student):
        self._exercises = {exercise.grade_id: exercise for exercise in source.exercises}
        self._names = source.student_names
        self._judge = judge
        self._student = student
        self._namespace: dict[str, object] = {"__name__": "__main__"}
        self.results: list[ExerciseResult] = []

    def set_up(self, cell: NotebookNode) -> None:
        """Run a locked set-up cell on this side, its checks being the hidden tests'."""
        face.use(lambda problem_set: self._judge)
        try:
            _value(cell.source, self._namespace)
        finally:
            face.use(None)

    def run(self, cell: NotebookNode) -> list[NotebookNode]:
        """Run a test cell; its output is the points as a number, and the report."""
        exercise = self._exercises[grade_id(cell)]
        try:
            report = self._report(cell, exercise)
            outputs = [_shown(report, cell.execution_count)]
        except Exception as error:
            # Never marks for what could not be judged; whoever reads the log can find the reason.
            report = _verdict(exercise, "needs a person", _PERSON)
            trace = traceback.format_exc().splitlines()
            name, text = type(error).__name__, str(error)
            outputs = [new_output("error", ename=name, evalue=text, traceback=trace)]
        self.results.append(ExerciseResult.of(report))
        return outputs

    def _report(self, cell: NotebookNode, exercise: Exercise) -> Report:
        proxies = {name: self._student.proxy(name) for name in self._names}
        if exercise.name in proxies and (why := self._student.missing(exercise.name)):
            return _verdict(exercise, "wrong", why)
        value = _value(cell.source, {**self._namespace, **proxies})
        if not isinstance(value, Mark):
            raise TypeError(f"a test cell must end in a mark, {grade_id(cell)} gave {value!r}")
        if not (math.isfinite(value) and 0 <= value <= exercise.points == value.report.possible):
            raise ValueError(f"{grade_id(cell)} gave {value!r} of {exercise.points} points")
        return value.report


def _value(code: str, namespace: dict[str, object]) -> object:
    """The value of a cell's last expression, the cell having run in `namespace`."""
    *body, last = ast.parse(code).body
    if not isinstance(last, ast.Expr):
        body, last = [*body, last], None
    exec(compile(ast.Module(body, []), "<cell>", "exec"), namespace)
    return last and eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)


def _verdict(exercise: Exercise, state: str, sentence: str) -> Report:
    return Report(exercise.name, 0.0, exercise.points, state, sentence)


def _shown(report: Report, count: int) -> NotebookNode:
    data = Mark(report)._repr_mimebundle_()
    return new_output("execute_result", data, execution_count=count)
