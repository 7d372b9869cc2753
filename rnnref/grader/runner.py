"""Grades a class: every student in order, whatever one of them handed in."""

from __future__ import annotations

import contextlib
import time
import traceback
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import nbformat
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url
from tqdm import tqdm

from rnnref.grader.course_folder import (
    GRADING,
    back_up,
    class_seed,
    only_run,
    open_course,
    submissions,
    write,
    write_record,
)
from rnnref.grader.execute import execute
from rnnref.grader.feedback import Feedback
from rnnref.grader.gradebook import ClassGradebook, Marks
from rnnref.grader.intake.files import carried, handed_in
from rnnref.grader.intake.notebook import Refused, keep_notes, printable
from rnnref.grader.intake.preflight import preflight
from rnnref.grader.intake.source import Source, find_source
from rnnref.grader.record import ExerciseResult, Record
from rnnref.grader.sandbox import Sandbox


@dataclass(frozen=True)
class Graded:
    """What came of one submission.

    Parameters
    ----------
    student : str
        The student's id.
    record : Record
        The grader's result.
    state : str
        For the class's table: "graded", or why not.
    marks : Marks or None
        What the gradebook holds; None if it could not be saved.
    remark : str
        A sentence for the instructor; empty if there is nothing to say.
    """

    student: str
    record: Record
    state: str
    marks: Marks | None = None
    remark: str = ""


@dataclass(frozen=True)
class ClassResult:
    """What came of a class.

    Parameters
    ----------
    source : Source
        The instructor's notebook.
    graded : tuple of Graded
        One for each student, in order.
    feedback : str
        Where the students' pages are, ``<student>`` standing for one of them.
    gradebook : str
        nbgrader's database: a path, or a server's address.
    """

    source: Source
    graded: tuple[Graded, ...]
    feedback: str
    gradebook: str

    @property
    def failed(self) -> bool:
        """Whether the grader itself failed for somebody."""
        return any(one.remark and one.record.state == "needs a person" for one in self.graded)


def grade(
    problem_set: str,
    course_root: Path | str = ".",
    *,
    students: tuple[str, ...] = (),
    new_seed: bool = False,
    isolation: str = "sandbox",
    progress: bool = True,
) -> ClassResult:
    """Grade a problem set for a class.

    Parameters
    ----------
    problem_set : str
        For example ``"ps1_recurrence"``.
    course_root : Path or str
        The course folder.
    students : tuple of str
        Only these; everybody if empty.
    new_seed : bool
        Whether to draw new hidden cases.
    isolation : {"sandbox", "none"}
        "none" runs the students' code without a sandbox: for submissions that you trust.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    ClassResult

    Raises
    ------
    CourseError
        If the course folder, the problem set or the submissions are not there.
    SandboxUnavailable
        If this machine has no sandbox.
    """
    course = open_course(course_root)
    source = find_source(course.root, problem_set)
    folders = submissions(course, problem_set, tuple(students))
    with contextlib.ExitStack() as stack:
        stack.enter_context(only_run(course.root))
        sandboxes = stack.enter_context(_Sandboxes(Path(course.root), isolation))
        seed = class_seed(course.root, problem_set, renew=new_seed)
        back_up(course)
        gradebook = stack.enter_context(ClassGradebook(course, source))
        run = _Run(course, source, gradebook, sandboxes, seed)
        bar = stack.enter_context(
            tqdm(folders.items(), desc="grading", unit="student", disable=not progress)
        )
        graded = []
        for student, folder in bar:
            bar.set_postfix_str(printable(student[:30]))
            graded.append(run.submission(student, folder))
    pages = Path(course.format_path(course.feedback_directory, "<student>", problem_set))
    url = make_url(course.db_url)
    address = url.database if url.get_backend_name() == "sqlite" else str(url)
    return ClassResult(source, tuple(graded), str(pages / f"{problem_set}.html"), address)


def open_sandbox(course_root: Path, isolation: str = "sandbox") -> Sandbox:
    """Give a sandbox in which nothing of the course folder can be seen.

    Parameters
    ----------
    course_root : Path
        The course folder.
    isolation : {"sandbox", "none"}
        "none" is for submissions that you trust.

    Returns
    -------
    Sandbox
        Not entered yet.
    """
    return Sandbox(hide=(course_root,), isolation=isolation)


class _Sandboxes:
    """The run's sandbox; a new one after the grader stumbled, so that nothing is handed on."""

    def __init__(self, course_root: Path, isolation: str):
        self._options = course_root, isolation
        self._stack = contextlib.ExitStack()
        self._open: Sandbox | None = None

    def __enter__(self) -> _Sandboxes:
        # What a machine does not allow comes out here, before anybody has been graded.
        try:
            self.get().child().close()
        except BaseException:
            self.discard()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.discard()

    def get(self) -> Sandbox:
        if self._open is None:
            self._open = self._stack.enter_context(open_sandbox(*self._options))
        return self._open

    def discard(self) -> None:
        self._open = None
        self._stack.close()


@dataclass(frozen=True)
class _Run:
    """One grading of a class."""

    course: CourseDirectory
    source: Source
    gradebook: ClassGradebook
    sandboxes: _Sandboxes
    seed: int

    def submission(self, student: str, folder: Path) -> Graded:
        """Grade one submission; nothing but the instructor's Ctrl-C gets out of here."""
        start = time.perf_counter()
        executed = None
        try:
            executed, record, state, remark = self._graded(folder)
        except Exception:
            record, state = self._unfinished(), "needs a person"
            remark = f"The grader failed; see {self._log(student)}."
            with contextlib.suppress(Exception):
                self.sandboxes.discard()
        record = replace(record, seconds=time.perf_counter() - start)
        marks = None
        try:
            marks = self._kept(student, folder, record, executed)
        except Exception:
            state = "needs a person"
            remark = f"The marks could not be saved; see {self._log(student)}."
            record = replace(record, state="needs a person")
        return Graded(student, record, state, marks, remark)

    def _graded(self, folder: Path) -> tuple[bytes | None, Record, str, str]:
        checked = preflight(folder, self.source)
        if isinstance(checked, Refused):
            record = self._empty("refused", "blank", checked.for_student)
            return None, record, f"refused: {checked.state}", checked.for_instructor
        executed, record = execute(
            checked.notebook, self.source, sandbox=self.sandboxes.get(), seed=self.seed
        )
        record = replace(record, notes=checked.notes + record.notes)
        return executed, record, record.state, ""

    def _kept(self, student: str, folder: Path, record: Record, executed: bytes | None) -> Marks:
        """Notebook, gradebook, feedback and record on the disk."""
        set_name = self.source.problem_set
        autograded = self._place(self.course.autograded_directory, student)
        pages = self._place(self.course.feedback_directory, student)
        beside = carried(folder)  # nothing else of the student's is copied
        notebook = None
        if executed is None:
            (autograded / f"{set_name}.ipynb").unlink(missing_ok=True)  # an earlier one's
        else:
            notebook = nbformat.v4.reads(executed.decode())  # ours: it need not be validated
            keep_notes(notebook, record.notes)
            content = nbformat.v4.writes(notebook)
            write(autograded / f"{set_name}.ipynb", content, mode=self._mode(0o444))
            for name, data in beside.items():
                write(autograded / name, data, mode=self._mode(0o444))
        marks = self.gradebook.save(student, record, notebook, handed_in(beside))
        feedback = Feedback(student, record, self.source, marks, notebook)
        write(pages / f"{set_name}.html", feedback.html(), mode=self._mode(0o644))
        write(pages / f"{set_name}.md", feedback.markdown(), mode=self._mode(0o644))
        for name, data in beside.items():
            write(pages / name, data, mode=self._mode(0o644))
        write_record(self.course.root, student, record)
        return marks

    def _place(self, step: str, student: str) -> Path:
        return Path(self.course.format_path(step, student, self.source.problem_set))

    def _mode(self, usual: int) -> int:
        """The permissions that nbgrader gives: 664 where a group shares the course."""
        return 0o664 if self.course.groupshared else usual

    def _unfinished(self) -> Record:
        sentence = "The grader could not finish; a person will look at it."
        return self._empty("needs a person", "needs a person", sentence)

    def _empty(self, state: str, exercise_state: str, sentence: str) -> Record:
        results = (
            ExerciseResult(e.name, 0.0, e.points, exercise_state, None, sentence, "", sentence)
            for e in self.source.exercises
        )
        return Record(self.source.problem_set, state, tuple(results), (sentence,))

    def _log(self, student: str) -> Path:
        """Add the current exception to the student's log."""
        name = f"{self.source.problem_set}-{printable(student)}.log"
        path = Path(self.course.root) / GRADING / "logs" / name
        with contextlib.suppress(OSError):  # a full disk must not stop the class
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"{datetime.now():%Y-%m-%d %H:%M:%S}\n{traceback.format_exc()}\n")
        return path
