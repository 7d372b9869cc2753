"""Marks into nbgrader's own gradebook: what its SaveAutoGrades would write, in one transaction.

nbgrader's conversion of a notebook opens the gradebook six times and commits after every cell;
here it is opened once for the class, and a submission is one commit.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import sysconfig
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from rnnref.grader.intake.source import CourseError, Source, grade_id
from rnnref.grader.record import Record

BUSY_SECONDS = 30


@dataclass(frozen=True)
class Mark:
    """What the gradebook holds for one cell.

    Parameters
    ----------
    score, possible : float
        What counts, a person's mark before the grader's.
    by_person : bool
        Whether a person gave it.
    waiting : bool
        Whether a person has to give it yet.
    comment : str or None
        A person's comment.
    """

    score: float
    possible: float
    by_person: bool
    waiting: bool
    comment: str | None = None


@dataclass(frozen=True)
class Marks:
    """What the gradebook holds for one submission.

    Parameters
    ----------
    cells : dict of str to Mark
        Grade id → mark, in the notebook's order.
    penalty : float
        What nbgrader's late-submission plugin takes off.
    """

    cells: dict[str, Mark]
    penalty: float = 0.0

    @property
    def total(self) -> float:
        """All points, the penalty taken off."""
        return sum(mark.score for mark in self.cells.values()) - self.penalty


class ClassGradebook:
    """The gradebook, open for the submissions of one problem set; a context manager.

    Parameters
    ----------
    course : CourseDirectory
        Where the gradebook is.
    source : Source
        The problem set; entered by nbgrader's own converter if the gradebook does not hold it
        as it is.

    Raises
    ------
    CourseError
        If the gradebook cannot be used, or nbgrader cannot enter the problem set.
    """

    def __init__(self, course: CourseDirectory, source: Source):
        if shutil.which("alembic") is None:  # nbgrader runs it by this name
            os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
        url = make_url(course.db_url)
        if url.get_backend_name() == "sqlite":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            url = url.update_query_dict({"timeout": str(BUSY_SECONDS)})
        self.source = source
        self._late = AssignLatePenalties(config=course.config)
        self._late.init_plugin()
        try:
            self._gradebook = Gradebook(url.render_as_string(hide_password=False), course.course_id)
            with contextlib.ExitStack() as stack:
                stack.callback(self.close)
                if self._stored() != _expected(source):
                    _generate(course, source)
                self._read_ids()
                stack.pop_all()
        except SQLAlchemyError as error:
            reason = getattr(error, "orig", None) or error
            raise CourseError(
                f"nbgrader's gradebook {url.render_as_string()} cannot be used ({reason}); if "
                "nbgrader was brought up to date, `nbgrader db upgrade` may help."
            ) from error

    def __enter__(self) -> ClassGradebook:
        """Give the gradebook itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Let go of the database."""
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._gradebook.close()

    def save(
        self,
        student: str,
        record: Record,
        notebook: NotebookNode | None = None,
        timestamp: datetime | None = None,
    ) -> Marks:
        """Write a submission's marks; a person's marks and comments stay.

        Parameters
        ----------
        student : str
            The student's id.
        record : Record
            The grader's result.
        notebook : NotebookNode or None
            The sanitized notebook; None if the submission was refused or the grader failed.
        timestamp : datetime or None
            When it was handed in, UTC.

        Returns
        -------
        Marks
            What the gradebook now holds.

        Raises
        ------
        ValueError
            If the record gives an exercise marks that are not between 0 and its points.
        """
        try:
            marks = self._save(student, record, notebook, timestamp)
            self._gradebook.db.commit()
        except BaseException:
            self._gradebook.db.rollback()
            raise
        return marks

    def _save(self, student, record, notebook, timestamp) -> Marks:
        scores = _scores(record, notebook, self.source)
        comments = _comments(record, notebook, self.source)
        submission, submitted = self._submission(student)
        if timestamp is not None:
            submission.timestamp = timestamp
        for comment in submitted.comments:
            comment.auto_comment = comments.get(self._names[comment.cell_id])
        by_cell = {self._names[comment.cell_id]: comment for comment in submitted.comments}
        marks = {}
        for grade in submitted.grades:
            name = self._names[grade.cell_id]
            grade.auto_score = scores.get(name)
            # As nbgrader has it: a person's earlier mark stays, and is to be looked at again.
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
            marks[name] = _mark(grade, self._possible[name], by_cell.get(name))
        self._penalise(student, submission, submitted)
        cells = {name: marks[name] for name in self.source.cells if name in marks}
        return Marks(cells, submitted.late_submission_penalty or 0.0)

    def _submission(self, student: str) -> tuple[SubmittedAssignment, SubmittedNotebook]:
        """The student's rows; made like nbgrader's add_submission, but not committed."""
        db = self._gradebook.db
        if db.get(Student, student) is None:
            db.add(Student(id=student))
        submission = (
            db.query(SubmittedAssignment)
            .filter_by(assignment_id=self._assignment_id, student_id=student)
            .one_or_none()
        )
        if submission is None:
            submission = SubmittedAssignment(assignment_id=self._assignment_id, student_id=student)
            submitted = SubmittedNotebook(notebook_id=self._notebook_id, assignment=submission)
            for cell_id in self._grade_cells.values():
                Grade(cell_id=cell_id, notebook=submitted)
            for cell_id in self._solution_cells.values():
                Comment(cell_id=cell_id, notebook=submitted)
            db.add(submission)
            db.flush()
        return submission, next(
            n for n in submission.notebooks if n.notebook_id == self._notebook_id
        )

    def _penalise(self, student, submission, submitted) -> None:
        submitted.late_submission_penalty = None
        late = submission.total_seconds_late
        if late > 0:
            self._gradebook.db.flush()
            penalty = self._late.plugin_inst.late_submission_penalty(student, submitted.score, late)
            if penalty is not None:
                submitted.late_submission_penalty = max(0, min(penalty, submitted.score))

    def _stored(self) -> dict | None:
        """The problem set's cells as the gradebook holds them."""
        name = self.source.problem_set
        try:
            notebook = self._gradebook.find_notebook(name, name)
        except MissingEntry:
            return None
        possible = {cell.name: cell.max_score for cell in notebook.grade_cells}
        return {
            cell.name: (cell.cell_type, cell.locked, cell.source, possible.get(cell.name))
            for cell in notebook.source_cells
        }

    def _read_ids(self) -> None:
        self._gradebook.db.expire_all()
        name = self.source.problem_set
        notebook = self._gradebook.find_notebook(name, name)
        self._assignment_id, self._notebook_id = notebook.assignment_id, notebook.id
        self._grade_cells = {cell.name: cell.id for cell in notebook.grade_cells}
        self._solution_cells = {cell.name: cell.id for cell in notebook.solution_cells}
        self._possible = {cell.name: cell.max_score for cell in notebook.grade_cells}
        cells = (*self._grade_cells.items(), *self._solution_cells.items())
        self._names = {cell_id: name for name, cell_id in cells}
        self._gradebook.db.commit()


def _expected(source: Source) -> dict:
    return {
        name: (
            cell.cell_type,
            utils.is_locked(cell),
            cell.source,
            float(cell.metadata.nbgrader["points"]) if utils.is_grade(cell) else None,
        )
        for name, cell in source.cells.items()
    }


def _generate(course: CourseDirectory, source: Source) -> None:
    """What ``nbgrader generate_assignment`` enters; its release version goes nowhere."""
    name = source.problem_set
    with tempfile.TemporaryDirectory() as release:
        target = CourseDirectory(
            config=course.config, root=course.root, assignment_id=name, release_directory=release
        )
        try:
            GenerateAssignment(coursedir=target, config=course.config).start()
        except NbGraderException as error:
            raise CourseError(
                f"nbgrader could not enter {name} into the gradebook; `nbgrader generate_assignment"
                f" {name} --force` says why (cells cannot be added or taken away once there are "
                "marks)."
            ) from error


def _scores(record: Record, notebook: NotebookNode | None, source: Source) -> dict:
    """Grade id → the grader's score; None, or no entry, where a person has to say."""
    if record.state == "refused":
        return dict.fromkeys((e.grade_id for e in (*source.exercises, *source.hand_graded)), 0.0)
    results = {result.name: result for result in record.exercises}
    scores = {}
    for exercise in source.exercises:
        result = results.get(exercise.name)
        if result is not None and result.state != "needs a person":
            if not (math.isfinite(result.points) and 0 <= result.points <= exercise.points):
                raise ValueError(
                    f"{exercise.name}: marks must be between 0 and {exercise.points:g}, "
                    f"got {result.points!r}"
                )
            scores[exercise.grade_id] = float(result.points)
    for cell in notebook.cells if notebook is not None else ():
        if utils.is_grade(cell) and utils.is_solution(cell):
            scores[grade_id(cell)] = utils.determine_grade(cell)[0]
    return scores


def _comments(record: Record, notebook: NotebookNode | None, source: Source) -> dict[str, str]:
    """Grade id → what nbgrader says about an answer by itself."""
    if record.state == "refused":
        return dict.fromkeys(source.cells, " ".join(record.notes))
    return {
        grade_id(cell): "No response."
        for cell in (notebook.cells if notebook is not None else ())
        if utils.is_solution(cell)
        and cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
    }


def _mark(grade: Grade, possible: float, comment: Comment | None) -> Mark:
    by_person = grade.manual_score is not None
    score = grade.manual_score if by_person else grade.auto_score or 0.0
    return Mark(
        score + (grade.extra_credit or 0.0),
        possible,
        by_person,
        not by_person and grade.auto_score is None,
        comment.manual_comment if comment else None,
    )
