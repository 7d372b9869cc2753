"""The rules that the notebooks on the disk must keep, each finding one sentence."""

import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.validator import isvalid
from nbgrader.nbgraderformat import MetadataValidator, ValidationError
from nbgrader.nbgraderformat.common import SchemaMismatchError

from . import syntax
from .build import Source, find_sources, shown
from .text import HIDDEN_BEGIN, NOTEBOOK_METADATA, NotebookError, cell_id, with_hidden_test

POINTS_PER_SET = 100
CELL_METADATA = {False: {"tags"}, True: {"nbgrader", "deletable", "editable"}}
MARKS = ("### BEGIN", "### END", "check.hidden")
# Shorter lines, such as `return h`, say nothing.
TELLING_LENGTH = 10


def check(root: Path, selected: list[Source]) -> list[str]:
    """Check the course's notebooks.

    Parameters
    ----------
    root : Path
        The course's root.
    selected : list of Source
        The notebooks to look into; stray files and names used twice are looked for everywhere.

    Returns
    -------
    list of str
        The findings, each one line that begins with a path.
    """
    findings = [*_strays(root), *_repeated_names(root)]
    for source in selected:
        findings += _check_source(source)
    return list(dict.fromkeys(findings))


def _check_source(source: Source) -> Iterator[str]:
    try:
        expected = source.build()
    except NotebookError as error:
        yield str(error)
        expected = {}
    for path, new in expected.items():
        if not path.is_file():
            yield f"{shown(path, source.root)}: is missing; build it"
        elif path.read_bytes() != new:
            yield f"{shown(path, source.root)}: differs from its text; build it anew"

    notebook = _load(source.notebook)
    release = _load(source.release) if source.graded else None
    for path, loaded in ((source.notebook, notebook), (source.release, release)):
        if loaded is not None:
            for finding in (*_form(loaded, source.graded), *_code(loaded, source.graded)):
                yield f"{shown(path, source.root)}: {finding}"
        elif path is not None and path.is_file():
            yield f"{shown(path, source.root)}: is not a valid notebook"
    if source.graded and notebook is not None:
        for finding in (*_points(notebook), *_test_cells(notebook)):
            yield f"{shown(source.notebook, source.root)}: {finding}"
        if release is not None:
            for finding in (*_secrets(notebook, release), *_stubs(notebook, release)):
                yield f"{shown(source.release, source.root)}: {finding}"


def _load(path: Path) -> NotebookNode | None:
    # nbformat.read would mend a notebook in silence; what is on the disk counts here.
    try:
        text = path.read_text(encoding="utf-8")
        if not isvalid(json.loads(text)):
            return None
        notebook = nbformat.v4.reads(text)
        for cell in notebook.cells:
            MetadataValidator().validate_cell(cell)
    except (OSError, ValueError, AttributeError, ValidationError, SchemaMismatchError):
        return None
    return notebook


def _strays(root: Path) -> Iterator[str]:
    sources = find_sources(root)
    generated = {path for source in sources for path in (source.notebook, source.release)}
    nbgrader_folders = {source.notebook.parent for source in sources if source.graded}
    for folder in ("lectures", "solutions", "assignments"):
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            if path.is_dir() or "__pycache__" in parts or any(p.startswith(".") for p in parts):
                continue  # nbgrader leaves these out, too
            if path in generated:
                continue
            if path.suffix == ".ipynb" or folder == "assignments":
                yield f"{shown(path, root)}: has no text from which it is built"
            elif nbgrader_folders.intersection(path.parents):
                yield f"{shown(path, root)}: stands in nbgrader's folder and would be released"


def _repeated_names(root: Path) -> Iterator[str]:
    first_place: dict[str, str] = {}
    for source in find_sources(root):
        notebook = _load(source.notebook) if source.graded else None
        for cell in notebook.cells if notebook else ():
            nbgrader = cell.metadata.get("nbgrader")
            if not nbgrader:
                continue
            name, place = nbgrader["grade_id"], shown(source.notebook, root)
            # Read-only cells have no marks: every set may have its own `setup`.
            marked = nbgrader["grade"] or nbgrader["solution"]
            key = name if marked else f"{name} of {place}"
            if key in first_place:
                yield f"{place}: the grade id {name!r} stands in {first_place[key]} already"
            first_place.setdefault(key, place)


def _form(notebook: NotebookNode, graded: bool) -> Iterator[str]:
    if notebook.metadata != NOTEBOOK_METADATA:
        yield "the notebook's metadata are not those that the builder writes"
    for position, cell in enumerate(notebook.cells, start=1):
        wanted = cell_id(cell, position)
        if cell.get("id") != wanted:
            yield f"cell {position}: its id must be {wanted!r}, got {cell.get('id')!r}"
        for key in sorted(set(cell.metadata) - CELL_METADATA[graded]):
            yield f"cell {wanted!r}: metadata must not have {key!r}"
        if cell.get("outputs"):
            yield f"cell {wanted!r}: has an output"
        if cell.get("execution_count") is not None:
            yield f"cell {wanted!r}: has an execution count"


def _code(notebook: NotebookNode, graded: bool) -> Iterator[str]:
    for cell in notebook.cells:
        if cell.cell_type == "code" and syntax.parse(cell.source) is None:
            yield f"cell {cell.id!r}: is not valid Python"
    for name, tree in syntax.code_trees(notebook):
        for module in syntax.forbidden_imports(tree, graded=graded):
            yield f"cell {name!r}: must not import {module}"
        if syntax.lacks_alt_text(tree):
            yield f'cell {name!r}: makes a figure without show(…, alt="…")'


def _points(notebook: NotebookNode) -> Iterator[str]:
    total = sum(cell.metadata.nbgrader.points for cell in _cells(notebook, grade=True))
    if total != POINTS_PER_SET:
        yield f"the points must add up to {POINTS_PER_SET}, got {total}"


def _test_cells(notebook: NotebookNode) -> Iterator[str]:
    for cell in _cells(notebook, grade=True, solution=False):
        visible = cell.source.split(HIDDEN_BEGIN)[0].rstrip("\n")
        name = cell.metadata.nbgrader.grade_id.removeprefix("test_")
        try:
            if cell.source != with_hidden_test(visible, name):
                yield f"cell {cell.id!r}: the hidden test is not the visible check's"
        except NotebookError as error:
            yield f"cell {cell.id!r}: {error}"


def _secrets(notebook: NotebookNode, release: NotebookNode) -> Iterator[str]:
    secrets = _secret_lines(notebook)
    for position, cell in enumerate(release.cells, start=1):
        texts = list(_strings(cell))
        for mark in MARKS:
            if any(mark in text for text in texts):
                yield f"cell {cell_id(cell, position)!r}: contains {mark!r}"
        for line in secrets:
            if any(line in text for text in texts):
                yield f"cell {cell_id(cell, position)!r}: gives the solution's line {line!r} away"


def _secret_lines(notebook: NotebookNode) -> list[str]:
    """Return the lines that stand in solution regions, in order, and nowhere else."""
    hidden, open_text = [], []
    for cell in notebook.cells:
        is_solution = cell.metadata.get("nbgrader", {}).get("solution", False)
        inside = is_solution and "BEGIN SOLUTION" not in cell.source
        for line in cell.source.split("\n"):
            if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
                inside = "BEGIN SOLUTION" in line
            else:
                (hidden if inside else open_text).append(line.strip())
    shown_text = "\n".join(open_text)
    return [
        line
        for line in dict.fromkeys(hidden)
        if len(line) >= TELLING_LENGTH and line not in shown_text
    ]


def _stubs(notebook: NotebookNode, release: NotebookNode) -> Iterator[str]:
    stubs = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in _cells(release, grade=False, solution=True)
    }
    for cell in _cells(notebook, grade=False, solution=True):
        name = cell.metadata.nbgrader.grade_id
        if name not in stubs:
            yield f"the solution cell {name!r} is missing"
            continue
        for fault in syntax.stub_faults(name, cell.source, stubs[name]):
            yield f"cell {name!r}: {fault}"


def _cells(notebook: NotebookNode, **switches: bool) -> list[NotebookNode]:
    """Return the cells whose nbgrader metadata have these switches."""
    return [
        cell
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
        and all(cell.metadata.nbgrader.get(key) == value for key, value in switches.items())
    ]


def _strings(value: object) -> Iterator[str]:
    """Iterate over every string below a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for below in value.values():
            yield from _strings(below)
    elif isinstance(value, list):
        for below in value:
            yield from _strings(below)
