"""The instructor's notebook of a problem set: what every submission is measured against."""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)

FOLDER = "solutions"
_TEST = "test_"
_BINDING = re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)|(\w+)\s*(?::[^=\n]+)?=(?!=)")


class CourseError(ValueError):
    """Something about the course folder or the command is not as it must be.

    Its text is one sentence for the instructor.
    """


@dataclass(frozen=True)
class Exercise:
    """One test cell: the exercise's name, its points and the test cell's grade id."""

    name: str
    points: float
    grade_id: str


@dataclass(frozen=True)
class Source:
    """The instructor's notebook of a problem set.

    Parameters
    ----------
    problem_set : str
        Its name, which is nbgrader's assignment and notebook id too.
    notebook : NotebookNode
        The cells as nbgrader's gradebook knows them: solutions replaced by stubs, test cells
        with their hidden tests, checksums set. Never changed; take a copy.
    release : dict of str to str
        Grade id → text of that cell as the students got it (without hidden tests).
    names : dict of str to frozenset of str
        Grade id of a solution cell → the names that the instructor's solution binds in it.
    digest : str
        SHA-256 of the file, in hexadecimal.
    """

    problem_set: str
    notebook: NotebookNode
    release: dict[str, str]
    names: dict[str, frozenset[str]]
    digest: str

    @cached_property
    def cells(self) -> dict[str, NotebookNode]:
        """Grade id → cell, in the notebook's order."""
        return {grade_id(c): c for c in self.notebook.cells if grade_id(c)}

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises that test cells mark, in order."""
        return tuple(
            Exercise(name.removeprefix(_TEST), points(cell), name)
            for name, cell in self.cells.items()
            if utils.is_grade(cell) and not utils.is_solution(cell)
        )

    @cached_property
    def hand_graded(self) -> tuple[Exercise, ...]:
        """The questions that a person reads, in order."""
        return tuple(
            Exercise(name, points(cell), name)
            for name, cell in self.cells.items()
            if utils.is_grade(cell) and utils.is_solution(cell)
        )

    @cached_property
    def setup(self) -> tuple[NotebookNode, ...]:
        """The locked code cells without points: they run on both sides."""
        return tuple(
            cell
            for cell in self.cells.values()
            if cell.cell_type == "code" and utils.is_locked(cell) and not utils.is_grade(cell)
        )

    @cached_property
    def student_names(self) -> frozenset[str]:
        """Every name that a solution cell binds: what test cells take from the student."""
        return frozenset().union(*self.names.values())


def find_source(course_root: Path | str, problem_set: str) -> Source:
    """Read the instructor's notebook of a problem set.

    Parameters
    ----------
    course_root : Path or str
        The course folder, with ``solutions/<set>/<set>.ipynb`` in it.
    problem_set : str
        For example ``"ps1_recurrence"``.

    Returns
    -------
    Source

    Raises
    ------
    CourseError
        If there is no such folder or problem set, or its notebook cannot be used.
    """
    folder = Path(course_root) / FOLDER
    if not folder.is_dir():
        raise CourseError(f"{Path(course_root)} is not the course folder: it has no {FOLDER}/.")
    known = sorted(path.stem for path in folder.glob("*/*.ipynb") if path.stem == path.parent.name)
    if problem_set not in known:
        names = ", ".join(known) or f"none yet (no {FOLDER}/<set>/<set>.ipynb)"
        raise CourseError(f"There is no problem set {problem_set!r}; known ones: {names}.")
    path = folder / problem_set / f"{problem_set}.ipynb"
    data = path.read_bytes()
    try:
        return read_source(data, problem_set)
    except (ValueError, RuntimeError, KeyError, nbformat.ValidationError) as error:
        raise CourseError(f"The instructor's notebook {path} cannot be used: {error}") from error


def read_source(data: bytes, problem_set: str) -> Source:
    """The same from the file's bytes.

    Parameters
    ----------
    data : bytes
        An instructor's notebook, solutions and hidden tests in it.
    problem_set : str
        Its name.

    Returns
    -------
    Source
    """
    notebook = nbformat.reads(data.decode("utf-8"), as_version=4)
    notebook.nbformat_minor = 5
    for position, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{position}")
    names = {
        grade_id(cell): bound_names(cell.source)
        for cell in notebook.cells
        if cell.cell_type == "code" and utils.is_solution(cell)
    }
    # What nbgrader's generate_assignment stores, step by step, so that checksums agree.
    for step in (LockCells, ClearSolutions, ClearOutput, ComputeChecksums):
        notebook, _ = step().preprocess(notebook, {})
    released, _ = ClearHiddenTests().preprocess(nbformat.from_dict(notebook), {})
    release = {grade_id(cell): cell.source for cell in released.cells if grade_id(cell)}
    return Source(problem_set, notebook, release, names, hashlib.sha256(data).hexdigest())


def grade_id(cell: NotebookNode) -> str | None:
    """The cell's nbgrader id, or None for a plain cell."""
    marked = utils.is_grade(cell) or utils.is_solution(cell) or utils.is_locked(cell)
    return cell.metadata.nbgrader["grade_id"] if marked else None


def points(cell: NotebookNode) -> float:
    """What a grade cell is worth."""
    return float(cell.metadata.nbgrader["points"])


def bound_names(code: str) -> frozenset[str]:
    """The names that code binds at its top level.

    Parameters
    ----------
    code : str
        A cell's text. Where it does not parse, lines that look like a definition or an assignment
        at the left margin count.

    Returns
    -------
    frozenset of str
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = (match for line in code.splitlines() if (match := _BINDING.match(line)))
        return frozenset(match[1] or match[2] for match in found)
    return frozenset(_bindings(tree))


def _bindings(tree: ast.Module) -> Iterator[str]:
    # A stack and no recursion: a student's expression may be nested as deeply as the parser allows.
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]
        if not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp):
            waiting.extend(ast.iter_child_nodes(node))
