"""A submission to try the grader on, and what it must be given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from rnnref.checks import table

ASSIGNMENTS = Path(__file__).parents[1] / "assignments"


def points_of(problem_set: str) -> dict[str, float]:
    """Exercise → its points."""
    return {name: float(exercise.points) for name, exercise in table(problem_set).items()}


@dataclass(frozen=True)
class Sample:
    """A submission and what it must be given.

    Parameters
    ----------
    student : str
        The student's id.
    about : str
        What this submission is a sample of.
    problem_set : str
        What it is handed in for.
    cells : mapping
        Grade id → the cell's text; cells that are not named stay as they were handed out.
    first : str
        Code in a cell of its own before all others.
    change : callable, optional
        ``change(notebook)`` for what is done to the notebook itself.
    data : bytes, optional
        The file's content, where it is no notebook.
    hostile : bool
        Whether it must not run outside a sandbox.
    lost : mapping
        Exercise → points, where it does not get all.
    mistakes : mapping
        Exercise → the mistake that must be named.
    state : str
        What the class's table must say.
    """

    student: str
    about: str
    problem_set: str = field(kw_only=True)
    cells: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    change: Callable[[NotebookNode], None] | None = None
    data: bytes | None = None
    hostile: bool = False
    lost: Mapping[str, float] = field(default_factory=dict)
    mistakes: Mapping[str, str] = field(default_factory=dict)
    state: str = "graded"

    @property
    def points(self) -> dict[str, float]:
        """Exercise → the points that it must get."""
        return {**points_of(self.problem_set), **self.lost}

    def notebook(self) -> bytes:
        """The submission's file."""
        if self.data is not None:
            return self.data
        name = self.problem_set
        notebook = nbformat.read(ASSIGNMENTS / name / f"{name}.ipynb", as_version=4)
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = self.cells.get(grade_id, cell.source)
        if self.first:
            notebook.cells.insert(0, new_code_cell(self.first, id="mine"))
        if self.change:
            self.change(notebook)
        return nbformat.writes(notebook).encode()


def write(folder: Path, samples: Iterable[Sample]) -> None:
    """Write submissions as students' folders.

    Parameters
    ----------
    folder : Path
        Gets ``<student>/<problem set>/<problem set>.ipynb``.
    samples : iterable of Sample
    """
    for sample in samples:
        place = folder / sample.student / sample.problem_set
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{sample.problem_set}.ipynb").write_bytes(sample.notebook())
