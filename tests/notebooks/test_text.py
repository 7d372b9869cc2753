"""The short headers, and what the builder refuses."""

import pytest

from tools.notebooks.text import NotebookError, read_text


def only_cell(text, *, graded=True):
    (cell,) = read_text(text, graded=graded).cells
    return cell


@pytest.mark.parametrize(
    ("text", "grade_id", "switches"),
    [
        ('# %% locked="setup"\nx = 1', "setup", (False, False, True)),
        ('# %% [markdown] locked="rules"\n# Read.', "rules", (False, False, True)),
        ('# %% solution="f"\nx = 1', "f", (False, True, False)),
        ('# %% test="f" points=10\ncheck("f", f)', "test_f", (True, False, True)),
        ('# %% points=10 test="f"\ncheck("f", f)', "test_f", (True, False, True)),
        ('# %% [markdown] written="why" points=5\n# So.', "why", (True, True, False)),
    ],
)
def test_header_becomes_nbgrader_metadata(text, grade_id, switches):
    cell = only_cell(text)
    grade, solution, locked = switches
    expected = {
        "grade": grade,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if grade:
        expected["points"] = 10 if solution is False else 5
    assert cell.metadata == {"nbgrader": expected}
    assert cell.id == grade_id


def test_cells_without_a_name_get_their_position_as_id():
    notebook = read_text(
        '# %%\nx = 1\n# %% locked="setup"\ny = 1\n# %% [markdown]\n# z', graded=True
    )
    assert [cell.id for cell in notebook.cells] == ["cell-1", "setup", "cell-3"]
    assert [cell.metadata for cell in (notebook.cells[0], notebook.cells[2])] == [{}, {}]


def test_test_cell_gets_the_hidden_test_with_the_same_arguments():
    cell = only_cell('# %% test="f" points=10\ncheck(\n    "f",\n    f,\n)')
    assert cell.source == (
        'check(\n    "f",\n    f,\n)\n'
        "### BEGIN HIDDEN TESTS\n"
        'check.hidden(\n    "f",\n    f,\n)\n'
        "### END HIDDEN TESTS"
    )


def test_magics_and_tags_of_a_lecture():
    cell = only_cell('# %% tags=["hide-input"]\n# %matplotlib inline', graded=False)
    assert cell.source == "%matplotlib inline"
    assert cell.metadata == {"tags": ["hide-input"]}


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ('# %% locked="a" solution="a"', "must be one of locked, solution, test, written, got"),
        ('# %% colour="red"', "may say locked, solution, test, written here, got 'colour'"),
        ('# %% solution="f" points=5', "may say solution here, got 'points'"),
        ('# %% tags=["hide-input"]', "may say locked, solution, test, written here, got 'tags'"),
        ("# %% A title", "cannot read the header 'A title'"),
        ("# %% solution=f", "cannot read the header 'solution=f'"),
        ('# %% solution="linear rnn"', "solution must be a name of letters, digits and _, got"),
        ("# %% solution", "cannot read the header 'solution'"),
        ("# %% solution=1", "solution must be a name of letters, digits and _, got 1"),
        ('# %% test="f"', "points of f must be a whole number above 0, got None"),
        ('# %% test="f" points=0', "points of f must be a whole number above 0, got 0"),
        ('# %% test="f" points=2.5', "points of f must be a whole number above 0, got 2.5"),
        ('# %% [markdown] test="f" points=5', "a test cell must be code, got markdown"),
        ('# %% written="why" points=5', "a written cell must be markdown, got code"),
        ("# %% [raw]", "must be code or markdown, got raw"),
    ],
)
def test_header_that_is_refused(header, sentence):
    with pytest.raises(NotebookError) as error:
        read_text(f"# %%\nx = 1\n{header}\n# text", graded=True)
    assert str(error.value).startswith("cell 2: ")
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ('# %% locked="setup"', "its header may say tags here, got 'locked'"),
        ('# %% tags=["skip-execution"]', "tags must be a list from hide-cell, hide-input"),
        ('# %% tags=["hide-input", "red"]', "tags must be a list from hide-cell, hide-input"),
        ('# %% tags="hide-input"', "jupytext cannot read it: "),
    ],
)
def test_header_that_is_refused_in_a_lecture(header, sentence):
    with pytest.raises(NotebookError) as error:
        read_text(f"{header}\nx = 1", graded=False)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    "body",
    [
        'check("g", f)',
        'check("f")',
        'check.hidden("f", f)',
        'check("f", f)\ncheck("f", f)',
        'check("f", f)\n### BEGIN HIDDEN TESTS\ncheck.hidden("f", f)\n### END HIDDEN TESTS',
        'mark = check("f", f)',
        'check("f", f',
        "",
    ],
)
def test_test_cell_in_another_form_is_refused(body):
    with pytest.raises(NotebookError, match=r'must be the one call check\("f", …\)'):
        read_text(f'# %% test="f" points=10\n{body}', graded=True)


def test_name_that_stands_twice_is_refused():
    text = '# %% solution="f"\nx = 1\n# %% locked="f"\nx = 1'
    with pytest.raises(NotebookError, match="cell 2: the grade id 'f' stands in cell 1 already"):
        read_text(text, graded=True)


def test_empty_text_is_refused():
    with pytest.raises(NotebookError, match="no cells"):
        read_text("", graded=False)
