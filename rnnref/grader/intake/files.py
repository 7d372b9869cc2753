"""Files that a student handed in, read without harm: regular ones, and what is in a zip file."""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from nbgrader.utils import parse_utc

from rnnref.grader.intake.notebook import RefusedError, quoted

MAX_BYTES = 20_000_000
MAX_ENTRIES = 1_000
MAX_RATIO = 200
# What the exchange keeps beside a notebook and needs again beside the feedback.
TIMESTAMP = "timestamp.txt"
CARRIED = (TIMESTAMP, "submission_secret.txt")
MAX_CARRIED = 1_000
# What macOS and Jupyter leave beside the files that somebody wrote.
LEFTOVERS = {".ipynb_checkpoints", "__MACOSX"}


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
        raise link(path.name)
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
            raise link(path.name)
        return _within_limit(path.name, file)


def carried(folder: Path) -> dict[str, bytes]:
    """Read the exchange's own small files beside a submission.

    Parameters
    ----------
    folder : Path
        What a student handed in.

    Returns
    -------
    dict of str to bytes
        Name → content; what is no such file, or a time stamp that says no time, is left out.
    """
    found = {}
    for name in CARRIED:
        with contextlib.suppress(OSError, RefusedError):
            found[name] = read_regular(folder / name)
    small = {name: data for name, data in found.items() if len(data) <= MAX_CARRIED}
    if handed_in(small) is None:
        small.pop(TIMESTAMP, None)
    return small


def handed_in(files: dict[str, bytes]) -> datetime | None:
    """When something was handed in.

    Parameters
    ----------
    files : dict of str to bytes
        As of `carried`.

    Returns
    -------
    datetime or None
        In UTC; None if that is not known.
    """
    try:
        return parse_utc(files[TIMESTAMP].decode().strip())
    except Exception:  # whatever the parser makes of a student's text
        return None


@contextlib.contextmanager
def zipped_notebooks(
    path: Path,
) -> Iterator[tuple[list[tuple[str, zipfile.ZipInfo]], Callable[[zipfile.ZipInfo], bytes]]]:
    """Open a zip file; its entries are read in memory, never written to the disk.

    Parameters
    ----------
    path : Path
        The zip file.

    Yields
    ------
    tuple
        The notebooks' names and entries, and a function that reads an entry.

    Raises
    ------
    RefusedError
        If it is damaged, or if an entry is a link, leads elsewhere, is encrypted or grows too
        large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(read_regular(path))) as archive:
            entries = archive.infolist()
            for entry in entries:
                _require_harmless(entry, len(entries))

            def read(entry: zipfile.ZipInfo) -> bytes:
                with archive.open(entry) as file:  # its size in the directory may be a lie
                    return _within_limit(entry.filename, file)

            yield [(e.filename, e) for e in entries if _is_notebook(e.filename)], read
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise RefusedError(
            "bad zip file",
            f"{quoted(path.name)} is damaged and cannot be opened; please hand in the notebook "
            "itself.",
            f"{quoted(path.name)} cannot be opened as a zip file.",
        ) from error


def link(name: str) -> RefusedError:
    """Say that something is a link."""
    return RefusedError(
        "link",
        f"{quoted(name)} is a link and not a file; please hand in the notebook itself.",
        f"{quoted(name)} is a link; it was not followed.",
    )


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


def _is_notebook(name: str) -> bool:
    path = PurePosixPath(name)
    left_over = LEFTOVERS.intersection(path.parts) or path.name.startswith("._")
    return path.suffix.lower() == ".ipynb" and not left_over


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
