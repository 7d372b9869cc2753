"""Read the edited text (py:percent) as a notebook with nbgrader's metadata."""

import ast
import re

import jupytext
from nbformat import NotebookNode, ValidationError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
TAGS = frozenset({"hide-cell", "hide-input", "hide-output", "raises-exception"})

# header key -> nbgrader's three switches, and the type the cell must have (None: either)
KINDS = {
    "locked": ({"grade": False, "solution": False, "locked": True}, None),
    "solution": ({"grade": False, "solution": True, "locked": False}, "code"),
    "test": ({"grade": True, "solution": False, "locked": True}, "code"),
    "written": ({"grade": True, "solution": True, "locked": False}, "markdown"),
}
# A cell id has at most 64 characters, five of them "test_".
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,58}")
HIDDEN_BEGIN = "### BEGIN HIDDEN TESTS"
HIDDEN_END = "### END HIDDEN TESTS"


class NotebookError(ValueError):
    """A text from which no notebook can be built."""


def read_text(text: str, *, graded: bool) -> NotebookNode:
    """Read one text.

    Parameters
    ----------
    text : str
        A lecture or a problem set with its solutions, in py:percent.
    graded : bool
        True for a problem set, whose headers may say ``locked``, ``solution``, ``test`` and
        ``written``; False for a lecture, whose headers may say ``tags``.

    Returns
    -------
    NotebookNode
        Without outputs; every byte of it follows from the text.

    Raises
    ------
    NotebookError
        If a name stands twice, or a header or a test cell is not in the form that the package's
        docstring describes.
    """
    cells: list[NotebookNode] = []
    positions: dict[str, int] = {}
    try:
        read = jupytext.reads(text, fmt="py:percent")
    except ValidationError as error:
        raise NotebookError(f"jupytext cannot read it: {str(error).splitlines()[0]}") from None
    for position, cell in enumerate(read.cells, start=1):
        try:
            cells.append(_read_cell(cell, position, graded))
            first = positions.setdefault(cells[-1].id, position)
            if first != position:
                raise NotebookError(f"the grade id {cells[-1].id!r} stands in cell {first} already")
        except NotebookError as error:
            raise NotebookError(f"cell {position}: {error}") from None
    if not cells:
        raise NotebookError("the text has no cells")
    return new_notebook(cells=cells, metadata=NOTEBOOK_METADATA)


def cell_id(cell: NotebookNode, position: int) -> str:
    """Return the id a cell must have: its grade_id, or else its position (from 1)."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", f"cell-{position}")


def with_hidden_test(visible: str, name: str) -> str:
    """Return a test cell's whole source: the visible check, then the hidden one.

    Raises
    ------
    NotebookError
        If `visible` is not the one call ``check("<name>", …)``.
    """
    if not visible.startswith("check(") or not _is_check_call(visible, name):
        raise NotebookError(
            f'a test cell must be the one call check("{name}", …), without the hidden test, '
            f"which the builder adds; got {visible.splitlines()[:1]}"
        )
    hidden = visible.replace("check(", "check.hidden(", 1)
    return "\n".join([visible, HIDDEN_BEGIN, hidden, HIDDEN_END])


def _read_cell(cell: NotebookNode, position: int, graded: bool) -> NotebookNode:
    header = {key: value for key, value in cell.metadata.items() if key != "lines_to_next_cell"}
    if cell.cell_type == "raw":
        raise NotebookError("a cell must be code or markdown, got raw")
    for unread in ("incorrectly_encoded_metadata", "title"):  # jupytext's names for it
        if unread in header:
            raise NotebookError(f"cannot read the header {header[unread]!r}")

    metadata, source = {}, cell.source
    if graded:
        nbgrader = _nbgrader_metadata(header, cell.cell_type)
        if nbgrader:
            metadata["nbgrader"] = nbgrader
        if "test" in header:
            source = with_hidden_test(source, header["test"])
    else:
        _refuse_unknown(header, {"tags"})
        if "tags" in header:
            metadata["tags"] = _tags(header["tags"])

    new_cell = new_code_cell if cell.cell_type == "code" else new_markdown_cell
    read = new_cell(source, metadata=metadata)
    read.id = cell_id(read, position)
    return read


def _nbgrader_metadata(header: dict, cell_type: str) -> dict:
    kinds = [key for key in header if key in KINDS]
    if len(kinds) > 1:
        raise NotebookError(f"a cell must be one of {', '.join(KINDS)}, got {' and '.join(kinds)}")
    if not kinds:
        _refuse_unknown(header, set(KINDS))
        return {}

    (kind,) = kinds
    switches, wanted_type = KINDS[kind]
    _refuse_unknown(header, {kind, "points"} if switches["grade"] else {kind})
    name = header[kind]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise NotebookError(f"{kind} must be a name of letters, digits and _, got {name!r}")
    if wanted_type not in (None, cell_type):
        raise NotebookError(f"a {kind} cell must be {wanted_type}, got {cell_type}")

    nbgrader = dict(switches, grade_id=name, schema_version=3, task=False)
    if kind == "test":
        nbgrader["grade_id"] = f"test_{name}"
    if switches["grade"]:
        points = header.get("points")
        if type(points) is not int or points <= 0:
            raise NotebookError(f"points of {name} must be a whole number above 0, got {points!r}")
        nbgrader["points"] = points
    return nbgrader


def _tags(tags: object) -> list:
    if not isinstance(tags, list) or not TAGS.issuperset(tags):
        raise NotebookError(f"tags must be a list from {', '.join(sorted(TAGS))}, got {tags!r}")
    return tags


def _refuse_unknown(header: dict, known: set) -> None:
    for key in header:
        if key not in known:
            raise NotebookError(f"its header may say {', '.join(sorted(known))} here, got {key!r}")


def _is_check_call(source: str, name: str) -> bool:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        return False
    call = body[0].value
    return (
        isinstance(call, ast.Call)
        and ast.unparse(call.func) == "check"
        and len(call.args) >= 2
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value == name
    )
