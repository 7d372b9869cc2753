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
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

from rnnref.course import check as face
from rnnref.engine.report import Mark, Report
from rnnref.grader.intake.sanitize import sanitize
from rnnref.grader.intake.source import Exercise, Source, find_source, grade_id
from rnnref.grader.judge import SandboxJudge
from rnnref.grader.record import ExerciseResult, Record
from rnnref.grader.sandbox import Sandbox
from rnnref.grader.sandbox.limits import Limits
from rnnref.grader.student import Student, error_output

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
    clean, notes = sanitize(nbformat.reads(notebook.decode(), as_version=4), source)
    with Student(sandbox, limits or sandbox.limits) as student:
        tests = _Tests(source, SandboxJudge(source.problem_set, seed), student)
        for cell in source.setup:
            tests.set_up(cell)
        code = [cell for cell in clean.cells if cell.cell_type == "code"]
        outputs = [tests.run(cell) if _is_test(cell) else student.run(cell) for cell in code]
        # When no cell of the student's runs any more: what is computed now finds no way out.
        outputs = [
            tests.rescue(cell, shown) if _is_test(cell) else shown
            for cell, shown in zip(code, outputs, strict=True)
        ]
    for count, (cell, shown) in enumerate(zip(code, outputs, strict=True), start=1):
        cell.execution_count = count
        cell.outputs = [_counted(output, count) for output in shown]
    results = tests.results
    person = any(result.state == "needs a person" for result in results)
    record = Record(
        source.problem_set,
        "needs a person" if person else "graded",
        results,
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
        self._results: dict[str, ExerciseResult] = {}

    @property
    def results(self) -> tuple[ExerciseResult, ...]:
        """What each exercise got, in the notebook's order."""
        return tuple(self._results.values())

    def set_up(self, cell: NotebookNode) -> None:
        """Run a locked set-up cell on this side, its checks being the hidden tests'."""
        face.use(lambda problem_set: self._judge)
        try:
            _value(cell.source, self._namespace)
        finally:
            face.use(None)

    def run(self, cell: NotebookNode) -> list[dict]:
        """Run a test cell; its output is the points as a number, and the report."""
        return self._keep(cell, self._tested)

    def rescue(self, cell: NotebookNode, outputs: list[dict]) -> list[dict]:
        """Its outputs after a second look: was only an earlier function of the student's wrong?"""
        result = self._results[self._exercises[grade_id(cell)].name]
        if result.state in ("right", "needs a person") or result.name not in self._judge.reports:
            return outputs
        return self._keep(cell, self._rescued)

    def _keep(self, cell: NotebookNode, judged: Callable) -> list[dict]:
        exercise = self._exercises[grade_id(cell)]
        try:
            report = judged(cell, exercise)
            outputs = [_shown(report)]
        except Exception as error:
            # Never marks for what could not be judged; whoever reads the log can find the reason.
            report = _verdict(exercise, "needs a person", _PERSON)
            trace = traceback.format_exc().splitlines()
            outputs = [error_output(type(error).__name__, str(error), trace)]
        self._results[exercise.name] = ExerciseResult.of(report)
        return outputs

    def _tested(self, cell: NotebookNode, exercise: Exercise) -> Report:
        proxies = {name: self._student.proxy(name) for name in self._names}
        if exercise.name in proxies and (why := self._student.missing(exercise.name)):
            return _verdict(exercise, "wrong", why)
        value = _value(cell.source, {**self._namespace, **proxies})
        if not isinstance(value, Mark):
            raise TypeError(f"a test cell must end in a mark, {grade_id(cell)} gave {value!r}")
        if not (math.isfinite(value) and 0 <= value <= exercise.points == value.report.possible):
            raise ValueError(f"{grade_id(cell)} gave {value!r} of {exercise.points} points")
        return value.report

    def _rescued(self, cell: NotebookNode, exercise: Exercise) -> Report:
        if self._student.missing(exercise.name):
            return self._judge.reports[exercise.name]
        return self._judge.rescue(exercise.name, self._student.proxy(exercise.name))


def _value(code: str, namespace: dict[str, object]) -> object:
    """The value of a cell's last expression, the cell having run in `namespace`."""
    *body, last = ast.parse(code).body
    if not isinstance(last, ast.Expr):
        body, last = [*body, last], None
    exec(compile(ast.Module(body, []), "<cell>", "exec"), namespace)
    return last and eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)


def _verdict(exercise: Exercise, state: str, sentence: str) -> Report:
    return Report(exercise.name, 0.0, exercise.points, state, sentence)


def _shown(report: Report) -> dict:
    data = Mark(report)._repr_mimebundle_()
    return {"output_type": "execute_result", "data": data, "metadata": {}}


def _counted(output: dict, count: int) -> NotebookNode:
    """An output for the notebook; a cell's result carries the cell's number."""
    if output["output_type"] == "execute_result":
        output = {**output, "execution_count": count}
    return nbformat.from_dict(output)
