"""Our part of nbgrader's own commands, named in ``nbgrader_config.py``.

`Restore` goes into ``Autograde.sanitize_preprocessors``, `SandboxExecute` stands for ``Execute`` in
``Autograde.autograde_preprocessors`` with `FlagForPerson` after ``SaveAutoGrades``, `CleanFeedback`
goes into ``GenerateFeedback.preprocessors`` after ``GetGrades``, and `CleanDisplay` into
``HTMLExporter.preprocessors``, for the pages of formgrader; `set_aside` is for
``Autograde.pre_convert_hook``. nbgrader works with the course folder as working directory, and so
do these.
"""

from __future__ import annotations

import atexit
import html
import json
import math
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import nbformat
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor
from traitlets import Bool
from traitlets.log import get_logger

from rnnref.grader.course_folder import GRADING, class_seed, write_record
from rnnref.grader.execute import execute
from rnnref.grader.intake.files import carried, is_safe
from rnnref.grader.intake.notebook import METADATA, Refused, keep_notes, kept_notes, printable
from rnnref.grader.intake.preflight import check_notebook
from rnnref.grader.intake.sanitize import sanitize
from rnnref.grader.intake.source import Source, find_source
from rnnref.grader.markup import clean_html, clean_markdown, plain_text
from rnnref.grader.runner import open_sandbox
from rnnref.grader.sandbox import Sandbox

_sandboxes = ExitStack()
atexit.register(_sandboxes.close)
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def set_aside(assignment: str, student: str, notebooks: list[str]) -> None:
    """Leave nothing in a submission but notebooks and what the exchange put beside them.

    nbgrader copies every other file of a submission to the student's feedback: what a link names,
    too. That copy is its next step after this hook, and no setting keeps it from it. So all else
    is moved to ``grading/set_aside/<student>/``: links, pipes, folders, far too large files, and
    a time stamp that says no time, on which nbgrader would fail.

    Parameters
    ----------
    assignment, student : str
        Not used; nbgrader passes patterns here.
    notebooks : list of str
        The submission's notebooks; changed in place. nbgrader reports a submission that has none
        left and goes on.

    Raises
    ------
    SystemExit
        If something cannot be moved. nbgrader would go on, and copy, after any other error.
    """
    folder = Path(notebooks[0]).parent
    try:
        _move(folder, [folder] if folder.is_symlink() else list(_unwanted(folder)))
    except (OSError, shutil.Error) as error:
        where = printable(str(folder))
        raise SystemExit(f"{where} holds what must not be copied: {error}") from error
    notebooks[:] = [path for path in notebooks if Path(path).exists()]


def _unwanted(folder: Path) -> Iterator[Path]:
    beside = carried(folder)
    for path in folder.iterdir():
        if path.name not in beside and not (path.suffix == ".ipynb" and is_safe(path)):
            yield path


def _move(folder: Path, unwanted: list[Path]) -> None:
    if not unwanted:
        return
    aside = Path(GRADING, "set_aside", folder.parent.name)
    aside.mkdir(parents=True, exist_ok=True)
    place = tempfile.mkdtemp(prefix=f"{folder.name}-", dir=aside)
    for path in unwanted:
        shutil.move(path, place)
    names = map(printable, (str(folder), place))
    get_logger().warning("What %s held beside its notebook was moved to %s", *names)


class Restore(NbGraderPreprocessor):
    """Puts the instructor's cells back; see `rnnref.grader.intake.sanitize`."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Sanitize a submission.

        Parameters
        ----------
        nb : NotebookNode
            The submission.
        resources : dict
            nbgrader's account of what it converts.

        Returns
        -------
        tuple
            The clean notebook, with the notes in its metadata, and `resources`.

        Raises
        ------
        ValueError
            If it is no notebook of this problem set.
        """
        source = _source(resources)
        checked = check_notebook(json.dumps(nb).encode(), source)
        if isinstance(checked, Refused):
            raise ValueError(checked.for_instructor)
        clean, notes = sanitize(nbformat.reads(checked.notebook, as_version=4), source)
        notes = (*checked.notes, *notes)
        for note in notes:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], note)
        keep_notes(clean, notes)
        return clean, resources


class SandboxExecute(NbGraderPreprocessor):
    """Runs student cells in the sandbox and test cells here; see `rnnref.grader.execute`."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Execute a sanitized submission.

        Parameters
        ----------
        nb : NotebookNode
            What `Restore` gave.
        resources : dict
            nbgrader's account; gets the grader's ``record``.

        Returns
        -------
        tuple
            The notebook with its outputs, and `resources`.

        Raises
        ------
        SandboxUnavailable
            If there is no sandbox.
        RuntimeError
            If nbgrader would not read the record's marks from the outputs.
        """
        source = _source(resources)
        seed = class_seed(Path.cwd(), source.problem_set)
        sandbox = _shared_sandbox(Path.cwd())
        try:
            data, record = execute(json.dumps(nb).encode(), source, sandbox=sandbox, seed=seed)
        except Exception:
            _discard_sandbox()
            raise
        executed = nbformat.reads(data, as_version=4)
        record = replace(record, notes=kept_notes(nb) + record.notes)
        _require_same_marks(executed, record, source)
        keep_notes(executed, record.notes)
        write_record(Path.cwd(), resources["nbgrader"]["student"], record)
        resources["nbgrader"]["record"] = record
        return executed, resources


class FlagForPerson(NbGraderPreprocessor):
    """Marks what the grader could not judge as waiting for a person; after SaveAutoGrades."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Flag the exercises that need a person.

        Parameters
        ----------
        nb : NotebookNode
            The executed notebook; left as it is.
        resources : dict
            With the ``record`` of `SandboxExecute`.

        Returns
        -------
        tuple
            `nb` and `resources`.
        """
        info = resources["nbgrader"]
        waiting = {r.name for r in info["record"].exercises if r.state == "needs a person"}
        for exercise in _source(resources).exercises if waiting else ():
            if exercise.name in waiting:
                with Gradebook(info["db_url"]) as gradebook:
                    grade = gradebook.find_grade(
                        exercise.grade_id, info["notebook"], info["assignment"], info["student"]
                    )
                    grade.auto_score, grade.needs_manual_grade = None, True
                    gradebook.db.commit()
        return nb, resources


class CleanDisplay(Preprocessor):
    """Takes everything that could do something out of a page that shows a student's notebook."""

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Clean a notebook for whoever looks at it.

        Parameters
        ----------
        nb : NotebookNode
            The autograded notebook.
        resources : dict
            Passed on.

        Returns
        -------
        tuple
            The notebook to show, and `resources`.
        """
        nb.metadata = _only(nb.metadata, "kernelspec", METADATA)
        return super().preprocess(nb, resources)

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict, cell_index: int
    ) -> tuple[NotebookNode, dict]:
        """Clean one cell.

        Parameters
        ----------
        cell : NotebookNode
            Any cell.
        resources : dict
            Passed on.
        cell_index : int
            Not used.

        Returns
        -------
        tuple
            The cell and `resources`.
        """
        cell.metadata = _only(cell.metadata, "nbgrader")
        if cell.cell_type == "code":
            for output in cell.outputs:
                if "data" in output:
                    output.metadata = NotebookNode()
                    output.data = NotebookNode(_clean_data(output.data))
        elif cell.cell_type == "markdown":
            cell.source = clean_markdown(cell.source, cell.pop("attachments", None))
        else:  # nbconvert puts raw cells into the page as they are
            cell.cell_type, cell.source = "markdown", plain_text(cell.source)
            cell.pop("attachments", None)
        return cell, resources


class CleanFeedback(CleanDisplay):
    """The same for a page that goes to the student: without hidden tests, with the notes."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Clean a graded notebook for its student.

        Parameters
        ----------
        nb : NotebookNode
            The autograded notebook.
        resources : dict
            Passed on.

        Returns
        -------
        tuple
            The notebook to show, and `resources`.
        """
        nb, resources = super().preprocess(nb, resources)
        notes = kept_notes(nb)
        if notes:
            said = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
            text = f"<div><p>What the grader noted:</p><ul>{said}</ul></div>"
            nb.cells.insert(0, nbformat.v4.new_markdown_cell(text, id="rnnref-notes"))
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict, cell_index: int
    ) -> tuple[NotebookNode, dict]:
        """Clean one cell.

        Parameters
        ----------
        cell : NotebookNode
            Any cell.
        resources : dict
            Passed on.
        cell_index : int
            Not used.

        Returns
        -------
        tuple
            The cell and `resources`.
        """
        if cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell):
            cell, resources = ClearHiddenTests().preprocess_cell(cell, resources, cell_index)
            for output in cell.outputs:
                if output.output_type == "error":  # its lines show hidden tests
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return super().preprocess_cell(cell, resources, cell_index)


def _clean_data(data: dict) -> dict[str, str]:
    """A display's harmless forms."""
    texts = {kind: _joined(value) for kind, value in data.items()}
    clean = {}
    if "text/html" in texts:
        clean["text/html"] = clean_html(texts["text/html"])
    elif "text/markdown" in texts:
        clean["text/html"] = clean_markdown(texts["text/markdown"])
    for kind in ("image/png", "image/jpeg"):
        if kind in texts and _BASE64.fullmatch(texts[kind]):
            clean[kind] = texts[kind]
    if "text/plain" in texts:
        clean["text/plain"] = texts["text/plain"]
    return clean


def _joined(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _source(resources: dict) -> Source:
    return find_source(Path.cwd(), resources["nbgrader"]["assignment"])


@cache
def _shared_sandbox(course_root: Path) -> Sandbox:
    """One sandbox for the process; nbgrader makes a new preprocessor for every notebook."""
    return _sandboxes.enter_context(open_sandbox(course_root))


def _discard_sandbox() -> None:
    """After a failure nothing is handed on to the next notebook."""
    _shared_sandbox.cache_clear()
    _sandboxes.close()


def _only(metadata: dict, *kept: str) -> NotebookNode:
    return NotebookNode({key: value for key, value in metadata.items() if key in kept})


def _require_same_marks(executed: NotebookNode, record, source: Source) -> None:
    """Nbgrader reads marks from outputs, and what it cannot read gets full marks."""
    cells = {c.metadata.nbgrader["grade_id"]: c for c in executed.cells if utils.is_grade(c)}
    results = {result.name: result for result in record.exercises}
    for exercise in source.exercises:
        result = results.get(exercise.name)
        said = 0.0 if result is None or result.state == "needs a person" else result.points
        read, _ = utils.determine_grade(cells[exercise.grade_id])
        if not math.isclose(read, said):
            raise RuntimeError(
                f"{exercise.name}: nbgrader would read {read} points where the grader gave {said}"
            )
