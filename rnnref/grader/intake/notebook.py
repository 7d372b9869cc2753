"""A student's file as a well-formed notebook: any Unicode encoding, any known format, any mess."""

from __future__ import annotations

import codecs
import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import nbformat

METADATA = "rnnref"
# Far more than anybody writes. Python's parser needs 700 times a text's size in memory.
MAX_CELLS = 2_000
MAX_CELL = 200_000
MAX_TEXT = 1_000_000
MAX_NOTEBOOK = 10_000_000
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
_PICTURES = ("image/png", "image/jpeg", "image/gif")
_KINDS = ("code", "markdown", "raw")


@dataclass(frozen=True)
class Refused:
    """Why there is nothing to grade.

    Parameters
    ----------
    state : str
        One to three words for the class's table, for example ``"not JSON"``.
    for_student, for_instructor : str
        One sentence each.
    """

    state: str
    for_student: str
    for_instructor: str


class RefusedError(Exception):
    """Carries a `Refused` out of the function that found the reason."""

    def __init__(self, state: str, for_student: str, for_instructor: str):
        super().__init__(for_instructor)
        self.refused = Refused(state, for_student, for_instructor)


def well_formed(name: str, data: bytes) -> tuple[bytes, list[dict], tuple[str, ...]]:
    """Read a notebook.

    Parameters
    ----------
    name : str
        The file's name, for the sentences.
    data : bytes
        Its content.

    Returns
    -------
    notebook : bytes
        The file of a valid notebook of nbformat 4.5: each cell with its text, its nbgrader
        metadata (plain values only) and, in text cells, pasted pictures. No outputs.
    cells : list of dict
        The same cells, JSON types only.
    notes : tuple of str
        What was unusual, a sentence each.

    Raises
    ------
    RefusedError
        If it is not a notebook, or too large without its outputs.
    """
    content, notes = _parse(name, data)
    content, more = _upgrade(name, content)
    cells = content.get("cells")
    if not isinstance(cells, list):
        raise _no_notebook(name, "it has no list of cells")
    if len(cells) > MAX_CELLS:
        raise _too_large(name, f"has more than {MAX_CELLS} cells")
    metadata = content.get("metadata")
    kernel = _plain(metadata.get("kernelspec")) if isinstance(metadata, dict) else {}
    kernel = {key: kernel[key] for key in ("name", "display_name") if type(kernel.get(key)) is str}
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel} if len(kernel) == 2 else {},
        "cells": _cells(cells),
    }
    left_out = len(cells) - len(notebook["cells"])
    if left_out:
        more += (f"{left_out} of its cells could not be read and were left out.",)
    more += _without_long(notebook)
    if sum(len(cell["source"]) for cell in notebook["cells"]) > MAX_TEXT:
        raise _too_large(name, f"holds more than {MAX_TEXT // 1000} kB of text")
    written = json.dumps(notebook).encode()
    if len(written) > MAX_NOTEBOOK:
        limit = MAX_NOTEBOOK // 1_000_000
        raise _too_large(name, f"is larger than {limit} MB even without outputs")
    return written, notebook["cells"], notes + more


def keep_notes(notebook: nbformat.NotebookNode, notes: Sequence[str]) -> None:
    """Put the grader's notes into an autograded notebook, where feedback finds them.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place.
    notes : sequence of str
        A sentence each.
    """
    notebook.metadata[METADATA] = {"notes": list(notes)}


def kept_notes(notebook: nbformat.NotebookNode) -> tuple[str, ...]:
    """Take the notes out of an autograded notebook again.

    Parameters
    ----------
    notebook : NotebookNode
        What the grader wrote; a student's own notebook never keeps this metadata.

    Returns
    -------
    tuple of str
    """
    return tuple(notebook.metadata.get(METADATA, {}).get("notes", ()))


def quoted(name: str) -> str:
    """A file's name for a sentence: short, on one line, printable."""
    return f"“{printable(name)[:80]}”"


def printable(text: str) -> str:
    """Text in which nothing steers a terminal: a question mark stands for what cannot be seen."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _parse(name: str, data: bytes) -> tuple[dict, tuple[str, ...]]:
    """The JSON object in a file, whichever Unicode encoding it has."""
    if not data.strip():
        raise RefusedError(
            "empty file",
            f"{quoted(name)} is empty; please save your notebook and hand it in again.",
            f"{quoted(name)} is empty.",
        )
    encoding = json.detect_encoding(data)
    try:
        content = json.loads(data.decode(encoding))
    except UnicodeDecodeError as error:
        raise RefusedError(
            "not UTF-8",
            f"{quoted(name)} is not stored as UTF-8 text; please save it in JupyterLab and hand "
            "it in again.",
            f"{quoted(name)} is not UTF-8 text (byte {error.start}).",
        ) from error
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "no values"
        raise RefusedError(
            "not JSON",
            f"{quoted(name)} is damaged: it is not JSON, as every notebook is; please open it in "
            "JupyterLab, save it and hand it in again.",
            f"{quoted(name)} is not JSON ({where}).",
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        raise _no_notebook(name, "it has no nbformat number")
    if encoding.startswith("utf-8"):
        return content, ()
    family = codecs.lookup(encoding).name[:6].upper()
    return content, (f"The notebook was stored as {family} and not as UTF-8; it was read.",)


def _upgrade(name: str, content: dict) -> tuple[dict, tuple[str, ...]]:
    """An older notebook format in the current one."""
    version = content["nbformat"]
    if version == 4:
        return content, ()
    if version not in (2, 3):
        raise RefusedError(
            "unknown format",
            f"{quoted(name)} has notebook format {version}, which the grader does not know; "
            "please save it in the course's JupyterLab and hand it in again.",
            f"{quoted(name)} has nbformat {version}; 2, 3 and 4 are read.",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = nbformat.convert(nbformat.from_dict(content), 4)
    except Exception as error:  # whatever nbformat makes of a malformed old notebook
        raise _no_notebook(name, f"its format {version} could not be brought up to date") from error
    return content, (f"The notebook had the old format {version}; it was brought up to date.",)


def _cells(cells: list) -> list[dict]:
    kept, ids = [], set()
    for position, cell in enumerate(cells):
        clean = _cell(cell)
        if clean is not None:
            wanted = cell.get("id")
            fits = isinstance(wanted, str) and _CELL_ID.fullmatch(wanted) and wanted not in ids
            clean["id"] = wanted if fits else f"unnamed-{position}"
            ids.add(clean["id"])
            kept.append(clean)
    return kept


def _cell(cell: object) -> dict | None:
    if not isinstance(cell, dict) or cell.get("cell_type") not in _KINDS:
        return None
    text = cell.get("source", "")
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        text = "".join(text)
    if not isinstance(text, str):
        return None
    metadata = cell.get("metadata")
    nbgrader = _plain(metadata.get("nbgrader")) if isinstance(metadata, dict) else {}
    clean = {
        "cell_type": cell["cell_type"],
        "source": _writable(text),
        "metadata": {"nbgrader": nbgrader} if nbgrader else {},
    }
    if clean["cell_type"] == "code":
        clean |= {"outputs": [], "execution_count": None}
    elif pictures := _pictures(cell.get("attachments")):
        clean["attachments"] = pictures
    return clean


def _without_long(notebook: dict) -> tuple[str, ...]:
    """Take cells out that are far too long; the note says so."""
    long = [n for n, c in enumerate(notebook["cells"], 1) if len(c["source"]) > MAX_CELL]
    notebook["cells"] = [c for c in notebook["cells"] if len(c["source"]) <= MAX_CELL]
    if not long:
        return ()
    which = ", ".join(map(str, long[:10])) + (", …" if len(long) > 10 else "")
    cells = f"Cell {which} was" if len(long) == 1 else f"Cells {which} were"
    return (f"{cells} longer than {MAX_CELL // 1000} kB and left out.",)


def _plain(mapping: object) -> dict:
    """The plain values of a JSON object."""
    if not isinstance(mapping, dict):
        return {}
    return {k: v for k, v in mapping.items() if v is None or isinstance(v, str | int | float)}


def _pictures(attachments: object) -> dict:
    """The pictures pasted into an answer."""
    found = {}
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        kept = {
            mime: data
            for mime, data in _plain(bundle).items()
            if mime in _PICTURES and isinstance(data, str) and _BASE64.fullmatch(data)
        }
        if kept:
            found[_writable(name)] = kept
    return found


def _writable(text: str) -> str:
    """The text without lone surrogates, which cannot be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _too_large(name: str, reason: str) -> RefusedError:
    return RefusedError(
        "too large",
        f"{quoted(name)} {reason}; please take out what does not belong to your answers and hand "
        "it in again.",
        f"{quoted(name)} {reason}.",
    )


def _no_notebook(name: str, reason: str) -> RefusedError:
    return RefusedError(
        "not a notebook",
        f"{quoted(name)} is not a notebook; please check which file you handed in.",
        f"{quoted(name)} is not a notebook: {reason}.",
    )
