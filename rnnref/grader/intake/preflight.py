"""What a student handed in, before anything else reads it: a notebook, or a reason why not.

Nothing is opened that is not a regular file, nothing larger than a limit is read, and what comes
out is a well-formed notebook without outputs, whatever went in.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nbgrader.nbgraderformat import SCHEMA_VERSION

from rnnref.grader.intake.files import LEFTOVERS, MAX_ENTRIES, link, read_regular, zipped_notebooks
from rnnref.grader.intake.notebook import Refused, RefusedError, quoted, well_formed
from rnnref.grader.intake.source import Source, bound_names

MAX_DEPTH = 3
# All notebooks of one submission together.
MAX_NOTEBOOKS = 20
MAX_TOTAL = 50_000_000


@dataclass(frozen=True)
class Accepted:
    """A notebook that can be graded.

    Parameters
    ----------
    notebook : bytes
        A valid notebook (nbformat 4.5, UTF-8, no outputs).
    notes : tuple of str
        What was unusual about it, a sentence each.
    """

    notebook: bytes
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Candidate:
    """A notebook that was read: its file's name and how many of the set's cells it has."""

    name: str
    accepted: Accepted
    matches: int


def preflight(folder: Path | str, source: Source) -> Accepted | Refused:
    """Find a student's notebook of a problem set.

    Parameters
    ----------
    folder : Path or str
        What was handed in, ``grading/submitted/<student>/<set>``.
    source : Source
        The instructor's notebook.

    Returns
    -------
    Accepted or Refused
        Nothing that a student can put into the folder raises.
    """
    try:
        return _find(Path(folder), source)
    except RefusedError as error:
        return error.refused
    except OSError as error:
        return _unreadable(error).refused


def check_notebook(data: bytes, source: Source) -> Accepted | Refused:
    """The same for a notebook that has already been read.

    Parameters
    ----------
    data : bytes
        The file's content.
    source : Source
        The instructor's notebook.

    Returns
    -------
    Accepted or Refused
    """
    try:
        return _choose([_candidate(f"{source.problem_set}.ipynb", data, source)], source)
    except RefusedError as error:
        return error.refused


def _find(folder: Path, source: Source) -> Accepted:
    mode = folder.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise link(folder.name)
    if not stat.S_ISDIR(mode):
        raise RefusedError(
            "no folder",
            "What you handed in is not a folder with a notebook; please hand it in again.",
            f"{quoted(folder.name)} is not a folder.",
        )
    files = list(_files(folder))
    notebooks = [path for path in files if path.suffix.lower() == ".ipynb"]
    archives = [path for path in files if path.suffix.lower() == ".zip"]
    if notebooks:
        named = [(path.relative_to(folder).as_posix(), path) for path in notebooks]
        return _choose(_candidates(named, read_regular, source), source)
    if len(archives) == 1:
        with zipped_notebooks(archives[0]) as (named, read):
            if not named:
                raise _missing("the zip file", source)
            accepted = _choose(_candidates(named, read, source), source)
        note = f"The notebook was taken out of the zip file {quoted(archives[0].name)}."
        return Accepted(accepted.notebook, (note, *accepted.notes))
    if archives:
        raise RefusedError(
            "several zip files",
            "You handed in several zip files and no notebook; please hand in "
            f"{source.problem_set}.ipynb itself.",
            f"There are {len(archives)} zip files and no notebook.",
        )
    raise _missing("the submission", source)


def _files(folder: Path) -> Iterator[Path]:
    """What stands in the folder and a few levels below; links are listed, never followed."""
    seen = 0
    for root, folders, names in os.walk(folder, onerror=_raise):
        depth = len(Path(root).relative_to(folder).parts)
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        folders[:] = sorted(set(folders) - LEFTOVERS) if depth < MAX_DEPTH else []
        for name in sorted(names + links):
            seen += 1
            if seen > MAX_ENTRIES:
                raise RefusedError(
                    "too many files",
                    f"You handed in more than {MAX_ENTRIES} files; please hand in the notebook "
                    "alone.",
                    f"There are more than {MAX_ENTRIES} files.",
                )
            if not name.startswith("._"):  # macOS leaves these beside every file
                yield Path(root) / name


def _raise(error: OSError) -> None:
    raise error


def _candidates(
    named: Iterable[tuple[str, object]], read: Callable[..., bytes], source: Source
) -> list[_Candidate]:
    """Those that can be read; if none can, the refusal of the one with the right name."""
    named = list(named)
    if len(named) > MAX_NOTEBOOKS:
        raise _too_much(f"more than {MAX_NOTEBOOKS} notebooks", source)
    found, refusals, total = [], {}, 0
    for name, where in named:
        try:
            data = read(where)
            total += len(data)
            if total <= MAX_TOTAL:
                found.append(_candidate(name, data, source))
        except RefusedError as error:
            refusals[name] = error
        except OSError as error:
            refusals[name] = _unreadable(error)
        if total > MAX_TOTAL:
            raise _too_much(f"more than {MAX_TOTAL // 1_000_000} MB of notebooks", source)
    if not found:
        raise refusals.get(f"{source.problem_set}.ipynb") or next(iter(refusals.values()))
    return found


def _candidate(name: str, data: bytes, source: Source) -> _Candidate:
    notebook, cells, notes = well_formed(name, data)
    return _Candidate(
        name, Accepted(notebook, notes + _schema_note(cells)), _matches(cells, source)
    )


def _choose(found: list[_Candidate], source: Source) -> Accepted:
    """The right name if there is one, else the notebook with most of the set's cells."""
    right = f"{source.problem_set}.ipynb"
    best = min(found, key=lambda c: (PurePosixPath(c.name).name != right, -c.matches, c.name))
    if not best.matches:
        raise RefusedError(
            "another notebook",
            f"Your notebook {quoted(best.name)} holds no exercise of {source.problem_set}; please "
            "check which file you handed in.",
            f"{quoted(best.name)} has no cell of {source.problem_set}, by id or by name.",
        )
    notes = ()
    if len(found) > 1:
        notes = (f"There were {len(found)} notebooks; {quoted(best.name)} was graded.",)
    elif PurePosixPath(best.name).name != right:
        notes = (f"The notebook was called {quoted(best.name)} and should be {right}.",)
    return Accepted(best.accepted.notebook, notes + best.accepted.notes)


def _matches(cells: list[dict], source: Source) -> int:
    """How many of the set's cells a notebook has: by grade id, else by the names that it binds."""
    ids = {str(cell["metadata"].get("nbgrader", {}).get("grade_id")) for cell in cells}
    known = ids & source.cells.keys()
    if known:
        return len(known)
    code = (cell["source"] for cell in cells if cell["cell_type"] == "code")
    return len(source.student_names.intersection(frozenset().union(*map(bound_names, code))))


def _schema_note(cells: list[dict]) -> tuple[str, ...]:
    marks = (cell["metadata"].get("nbgrader", {}) for cell in cells)
    versions = {mark.get("schema_version") for mark in marks if "grade_id" in mark}
    if versions <= {SCHEMA_VERSION}:
        return ()
    return ("The grading metadata had another schema version; the instructor's was used.",)


def _missing(where: str, source: Source) -> RefusedError:
    return RefusedError(
        "no notebook",
        f"There was no notebook in {where}; please hand in {source.problem_set}.ipynb.",
        f"There is no notebook in {where}.",
    )


def _too_much(what: str, source: Source) -> RefusedError:
    return RefusedError(
        "too large",
        f"You handed in {what}; please hand in {source.problem_set}.ipynb alone.",
        f"There are {what}.",
    )


def _unreadable(error: OSError) -> RefusedError:
    return RefusedError(
        "unreadable",
        "What you handed in could not be read from the disk; please tell your instructor.",
        f"The submission cannot be read: {error.strerror or error}.",
    )
