"""What a student handed in, before anything else reads it: a notebook, or a reason why not.

Nothing is opened that is not a regular file, nothing larger than a limit is read, and what comes
out is a well-formed notebook without outputs, whatever went in.
"""

from __future__ import annotations

import io
import json
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nbgrader.nbgraderformat import SCHEMA_VERSION

from rnnref.grader.notebook import Refused, RefusedError, quoted, well_formed
from rnnref.grader.source import Source, bound_names

MAX_BYTES = 50_000_000
MAX_ENTRIES = 1_000
MAX_DEPTH = 3
MAX_RATIO = 200
_SKIPPED = {".ipynb_checkpoints", "__MACOSX"}


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
        return Refused(
            "unreadable",
            "What you handed in could not be read from the disk; please tell your instructor.",
            f"The submission cannot be read: {error.strerror or error}.",
        )


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


def is_safe(path: Path) -> bool:
    """Whether a path is a regular file of a size that is read here; it is not opened.

    Parameters
    ----------
    path : Path
        What a student handed in.

    Returns
    -------
    bool
    """
    found = path.lstat()
    return stat.S_ISREG(found.st_mode) and found.st_size <= MAX_BYTES


def _find(folder: Path, source: Source) -> Accepted:
    mode = folder.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise _link(folder.name)
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
        accepted = _from_zip(archives[0], source)
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
        folders[:] = sorted(set(folders) - _SKIPPED) if depth < MAX_DEPTH else []
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
    found, refusals = [], {}
    for name, where in named:
        try:
            found.append(_candidate(name, read(where), source))
        except RefusedError as error:
            refusals[name] = error
    if not found:
        raise refusals.get(f"{source.problem_set}.ipynb") or next(iter(refusals.values()))
    return found


def _candidate(name: str, data: bytes, source: Source) -> _Candidate:
    notebook, notes = well_formed(name, data)
    content = json.dumps(notebook).encode()
    return _Candidate(
        name, Accepted(content, notes + _schema_note(notebook)), _matches(notebook, source)
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


def read_regular(path: Path) -> bytes:
    """Read a regular file within the limit; anything else is not even opened.

    Parameters
    ----------
    path : Path
        What a student handed in.

    Returns
    -------
    bytes

    Raises
    ------
    RefusedError
        If it is a link, a special file or too large.
    OSError
        If it cannot be read.
    """
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise _link(path.name)
    if not stat.S_ISREG(mode):
        raise RefusedError(
            "special file",
            f"{quoted(path.name)} is not an ordinary file; please hand in the notebook itself.",
            f"{quoted(path.name)} is not a regular file; it was not opened.",
        )
    # Should the file be swapped after the look above, these flags refuse a link and do not
    # wait for the other end of a pipe.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise _link(path.name)
        return _within_limit(path.name, file)


def _within_limit(name: str, file: io.BufferedIOBase) -> bytes:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        limit = f"{MAX_BYTES // 1_000_000} MB"
        raise RefusedError(
            "too large",
            f"{quoted(name)} is larger than {limit}; please clear its outputs and hand it in "
            "again.",
            f"{quoted(name)} is larger than {limit}.",
        )
    return data


def _from_zip(path: Path, source: Source) -> Accepted:
    """The notebook in a zip file; entries are read in memory, never written to the disk."""
    try:
        with zipfile.ZipFile(io.BytesIO(read_regular(path))) as archive:
            entries = archive.infolist()
            for entry in entries:
                _require_harmless(entry, len(entries))
            named = [(e.filename, e) for e in entries if _is_notebook(PurePosixPath(e.filename))]
            if not named:
                raise _missing("the zip file", source)

            def read(entry: zipfile.ZipInfo) -> bytes:
                with archive.open(entry) as file:  # its size in the directory may be a lie
                    return _within_limit(entry.filename, file)

            return _choose(_candidates(named, read, source), source)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise RefusedError(
            "bad zip file",
            "Your zip file is damaged and cannot be opened; please hand in "
            f"{source.problem_set}.ipynb itself.",
            f"{quoted(path.name)} cannot be opened as a zip file.",
        ) from error


def _is_notebook(path: PurePosixPath) -> bool:
    skipped = _SKIPPED.intersection(path.parts) or path.name.startswith("._")
    return path.suffix.lower() == ".ipynb" and not skipped


def _require_harmless(entry: zipfile.ZipInfo, count: int) -> None:
    name = entry.filename.replace("\\", "/")
    if count > MAX_ENTRIES:
        reason = f"it has more than {MAX_ENTRIES} entries"
    elif name.startswith("/") or ".." in name.split("/") or re.match("[A-Za-z]:", name):
        reason = "an entry leads out of the folder"
    elif stat.S_ISLNK(entry.external_attr >> 16):
        reason = "an entry is a link"
    elif entry.flag_bits & 1:
        reason = "it has a password"
    elif entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        reason = "its kind of compression is not read here"
    elif entry.file_size > min(MAX_BYTES, MAX_RATIO * max(entry.compress_size, 50)):
        reason = "an entry grows far too large"
    else:
        return
    raise RefusedError(
        "unsafe zip file",
        f"Your zip file was not opened because {reason}; please hand in the notebook itself.",
        f"The zip file was not opened because {reason} ({quoted(entry.filename)}).",
    )


def _matches(notebook: dict, source: Source) -> int:
    """How many of the set's cells a notebook has: by grade id, else by the names that it binds."""
    ids = {str(cell["metadata"].get("nbgrader", {}).get("grade_id")) for cell in notebook["cells"]}
    known = ids & source.cells.keys()
    if known:
        return len(known)
    code = (cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    return len(source.student_names.intersection(frozenset().union(*map(bound_names, code))))


def _schema_note(notebook: dict) -> tuple[str, ...]:
    marks = (cell["metadata"].get("nbgrader", {}) for cell in notebook["cells"])
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


def _link(name: str) -> RefusedError:
    return RefusedError(
        "link",
        f"{quoted(name)} is a link and not a file; please hand in the notebook itself.",
        f"{quoted(name)} is a link; it was not followed.",
    )
