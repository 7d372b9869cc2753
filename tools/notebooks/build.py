"""Build notebooks from their text: the same bytes every time."""

import copy
import logging
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.nbgraderformat import ValidationError
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    IncludeHeaderFooter,
    LockCells,
)

from .text import NotebookError, read_text

# What nbgrader's GenerateAssignment runs, in its order and with its defaults, but for
# InstantiateTests (there are no autotests here) and SaveCells (no gradebook is touched).
RELEASE_CHAIN = (
    IncludeHeaderFooter,
    LockCells,
    ClearSolutions,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
)

# nbgrader logs whole cells before it raises; the exception says what matters.
_quiet = logging.Logger("nbgrader", level=logging.CRITICAL)
_quiet.addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Source:
    """One edited text of the course, and where its notebooks belong."""

    root: Path
    name: str
    graded: bool

    @property
    def text(self) -> Path:
        """The edited text."""
        return self.root / ("solutions" if self.graded else "lectures") / f"{self.name}.py"

    @property
    def notebook(self) -> Path:
        """The notebook with everything that is in the text."""
        folder = self.text.with_suffix("") if self.graded else self.text.parent
        return folder / f"{self.name}.ipynb"

    @property
    def release(self) -> Path | None:
        """The notebook that students get, of a problem set."""
        return self.root / "assignments" / self.name / f"{self.name}.ipynb" if self.graded else None

    def read(self) -> NotebookNode:
        """Read the text as a notebook.

        Raises
        ------
        NotebookError
            If the text is not in the form of this package; the message begins with its path.
        """
        try:
            return read_text(self.text.read_text(encoding="utf-8"), graded=self.graded)
        except (NotebookError, UnicodeDecodeError) as error:
            raise NotebookError(f"{shown(self.text, self.root)}: {error}") from None

    def build(self) -> dict[Path, bytes]:
        """Return the bytes of each notebook of this text, without writing them.

        Raises
        ------
        NotebookError
            As `read`, and if nbgrader refuses to make a release from the notebook.
        """
        notebook = self.read()
        files = {self.notebook: to_bytes(notebook)}
        if self.graded:
            try:
                files[self.release] = to_bytes(make_release(notebook))
            except (RuntimeError, ValidationError) as error:
                path = shown(self.text, self.root)
                raise NotebookError(f"{path}: nbgrader cannot release it: {error}") from None
        return files


def find_sources(root: Path) -> list[Source]:
    """Find the edited texts below the course's root, lectures first."""
    return [
        Source(root, path.stem, graded)
        for folder, graded in (("lectures", False), ("solutions", True))
        for path in sorted((root / folder).glob("*.py"))
    ]


def make_release(notebook: NotebookNode) -> NotebookNode:
    """Return what students get, made by nbgrader's own preprocessors from a copy."""
    release, resources = copy.deepcopy(notebook), {}
    for preprocessor in RELEASE_CHAIN:
        release, resources = preprocessor(log=_quiet).preprocess(release, resources)
    return release


def to_bytes(notebook: NotebookNode) -> bytes:
    """Return a notebook file: sorted keys, a newline at the end."""
    return nbformat.writes(notebook).rstrip("\n").encode() + b"\n"


def write_changed(files: dict[Path, bytes]) -> list[Path]:
    """Write the files whose bytes differ from those on the disk; return their paths."""
    changed = [
        path for path, new in files.items() if not path.is_file() or path.read_bytes() != new
    ]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[path])
    return changed


def shown(path: Path, root: Path) -> str:
    """Return a path as messages show it: relative to the course's root."""
    return path.relative_to(root).as_posix()
