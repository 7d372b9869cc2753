"""Where a class's things stand on the disk: configuration, submissions, seed, backups, records."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url
from traitlets.config.loader import PyFileConfigLoader

from rnnref.grader.intake.source import CourseError
from rnnref.grader.record import Record

CONFIG = "nbgrader_config.py"
GRADING = "grading"
BACKUPS_KEPT = 5


def open_course(root: Path | str) -> CourseDirectory:
    """Read the course's nbgrader configuration.

    Parameters
    ----------
    root : Path or str
        The course folder.

    Returns
    -------
    CourseDirectory
        nbgrader's own account of where everything stands.

    Raises
    ------
    CourseError
        If the folder does not exist, or holds no ``nbgrader_config.py`` that can be read.
    """
    root = Path(root).absolute()
    if not (root / CONFIG).is_file():
        what = f"it has no {CONFIG}" if root.is_dir() else "there is no such folder"
        raise CourseError(f"{root} is not the course folder: {what}.")
    try:
        config = PyFileConfigLoader(CONFIG, path=str(root)).load_config()
    except Exception as error:  # it is a program
        reason = f"{type(error).__name__}: {error}"
        raise CourseError(f"{root / CONFIG} cannot be read ({reason}).") from error
    return CourseDirectory(config=config, root=str(root))


def submissions(
    course: CourseDirectory, problem_set: str, students: tuple[str, ...] = ()
) -> dict[str, Path]:
    """Who handed in a problem set.

    Parameters
    ----------
    course : CourseDirectory
        The course.
    problem_set : str
        Its name.
    students : tuple of str
        Only these; everybody if empty.

    Returns
    -------
    dict of str to Path
        Student → what was handed in, in the students' order; it need not be a folder.

    Raises
    ------
    CourseError
        If there is no submission, or none of a student who was named.
    """
    pattern = Path(course.format_path(course.submitted_directory, "*", problem_set))
    folder = pattern.parent.parent
    found = {
        student: folder / student / problem_set
        for student in (sorted(os.listdir(folder)) if folder.is_dir() else ())
        if not student.startswith(".") and os.path.lexists(folder / student / problem_set)
    }
    unknown = [student for student in students if student not in found]
    if unknown:
        raise CourseError(f"No submission of {problem_set} by {', '.join(unknown)}.")
    if not found:
        raise CourseError(
            f"No submissions of {problem_set}: they are expected as {pattern}/{problem_set}.ipynb."
        )
    return {student: path for student, path in found.items() if not students or student in students}


def class_seed(root: Path | str, problem_set: str, *, renew: bool = False) -> int:
    """Give the class's secret seed of a problem set, made at the first grading.

    Parameters
    ----------
    root : Path or str
        The course folder.
    problem_set : str
        Its name.
    renew : bool
        Whether to make a new one.

    Returns
    -------
    int

    Raises
    ------
    CourseError
        If the seed's file holds something else.
    """
    path = Path(root) / GRADING / f"seed-{problem_set}"
    if renew or not path.exists():
        write(path, f"{secrets.randbits(63)}\n", mode=0o600)
    try:
        return int(path.read_text())
    except ValueError as error:
        raise CourseError(
            f"{path} does not hold a whole number; `--seed` makes a new one."
        ) from error


def back_up(course: CourseDirectory) -> Path | None:
    """Copy an SQLite gradebook to ``backups/`` beside it and keep the last few copies.

    Parameters
    ----------
    course : CourseDirectory
        Where the gradebook is.

    Returns
    -------
    Path or None
        The copy; None if there is no gradebook yet, or if it is a database server's.

    Raises
    ------
    CourseError
        If the gradebook is damaged.
    """
    url = make_url(course.db_url)
    if url.get_backend_name() != "sqlite" or not Path(url.database).is_file():
        return None
    database = Path(url.database)
    folder = database.parent / "backups"
    folder.mkdir(exist_ok=True)
    copy = folder / f"{database.stem}-{datetime.now():%Y%m%d-%H%M%S-%f}.db"
    try:
        with (
            contextlib.closing(sqlite3.connect(database)) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except sqlite3.DatabaseError as error:
        copy.unlink(missing_ok=True)
        raise CourseError(
            f"The gradebook {database} cannot be read ({error}); earlier copies are in {folder}."
        ) from error
    shutil.copymode(database, copy)
    for old in sorted(folder.glob(f"{database.stem}-*.db"))[:-BACKUPS_KEPT]:
        old.unlink()
    return copy


def write_record(root: Path | str, student: str, record: Record) -> Path:
    """Keep a grader's result as JSON, ``grading/records/<set>/<student>.json``.

    Parameters
    ----------
    root : Path or str
        The course folder.
    student : str
        The student's id.
    record : Record
        The result.

    Returns
    -------
    Path
    """
    path = Path(root) / GRADING / "records" / record.problem_set / f"{student}.json"
    write(path, record.to_json(), mode=0o600)
    return path


def write(path: Path, content: str | bytes, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all, whatever stood there.

    Parameters
    ----------
    path : Path
        Where to; its folder is made if it is missing.
    content : str or bytes
        Text is written as UTF-8.
    mode : int
        The file's permissions.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}-")
    try:
        with open(handle, "wb") as file:
            file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def only_run(root: Path | str) -> Iterator[None]:
    """Hold the class for one grader at a time.

    Parameters
    ----------
    root : Path or str
        The course folder.

    Raises
    ------
    CourseError
        If another grader is at work.
    """
    import fcntl  # not on Windows, where nothing is graded

    path = Path(root) / GRADING / ".lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, stat.S_IRUSR | stat.S_IWUSR)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CourseError("Another grader is at work on this class; wait for it.") from error
        yield
    finally:
        os.close(handle)  # the lock goes with it, whatever way the process ends
