"""A submission in the instructor's form: what comes back, what stays, and what is told."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from rnnref.grader.intake.sanitize import sanitize

ORDER = ["setup", "double", "test_double", "triple", "test_triple", "why_linear"]
ANSWER = "def double(x):\n    return x + x"
WRITTEN = "Because sums of sums are sums."


@pytest.fixture
def given(answered):
    """An ordinary submission, everything answered but `triple`."""
    return answered(double=ANSWER, why_linear=WRITTEN)


@pytest.fixture
def clean(source):
    """Sanitize a copy; the result is valid, complete, and sanitizing again changes nothing."""

    def run(notebook):
        before = copy.deepcopy(notebook)
        result, notes = sanitize(notebook, source)
        assert notebook == before
        nbformat.validate(result)
        assert (result.nbformat, result.nbformat_minor) == (4, 5)
        ids = [c.metadata.nbgrader.grade_id for c in result.cells if "nbgrader" in c.metadata]
        assert ids == ORDER
        for cell in result.cells:
            if "nbgrader" in cell.metadata:
                ours = source.cells[cell.metadata.nbgrader.grade_id]
                assert (cell.metadata, cell.cell_type) == (ours.metadata, ours.cell_type)
                if ours.metadata.nbgrader.locked:
                    assert cell.source == ours.source
            assert not cell.get("outputs")
        again, no_notes = sanitize(result, source)
        assert (again, no_notes) == (result, ())
        return result, notes

    return run


def _index(notebook, grade_id):
    ids = [c.metadata.get("nbgrader", {}).get("grade_id") for c in notebook.cells]
    return ids.index(grade_id)


def _sources(notebook):
    return [cell.source for cell in notebook.cells]


def test_an_honest_submission_gets_no_notes(given, clean, source, by_id):
    result, notes = clean(given)
    assert notes == ()
    assert by_id(result, "double").source == ANSWER
    assert by_id(result, "why_linear").source == WRITTEN
    assert by_id(result, "triple").source == source.release["triple"]
    assert "check.hidden" in by_id(result, "test_double").source
    assert [c.id for c in result.cells] == [c.id for c in source.notebook.cells]


def test_the_untouched_release_is_the_instructors_notebook(release, clean, source):
    result, notes = clean(release)
    assert notes == ()
    assert result.cells == source.notebook.cells


@pytest.mark.parametrize(
    ("grade_id", "note"),
    [
        ("setup", "The set-up cell setup was missing; it was put back."),
        ("test_double", "The test cell test_double was missing; it was put back."),
        ("double", "The answer cell double was missing; an empty one was put back."),
        ("why_linear", "The answer cell why_linear was missing; an empty one was put back."),
    ],
)
def test_a_deleted_cell_comes_back(given, clean, source, by_id, grade_id, note):
    del given.cells[_index(given, grade_id)]
    result, notes = clean(given)
    assert notes == (note,)
    assert by_id(result, grade_id) == source.cells[grade_id]


def test_a_deleted_plain_cell_comes_back_without_a_word(given, clean, source):
    given.cells = [cell for cell in given.cells if cell.id not in ("text-double", "figure")]
    result, notes = clean(given)
    assert notes == ()
    assert [c.id for c in result.cells] == [c.id for c in source.notebook.cells]


def test_an_empty_notebook_gets_all_cells(given, clean, source):
    given.cells = []
    result, notes = clean(given)
    assert result.cells == source.notebook.cells
    assert len(notes) == len(ORDER)


def test_a_changed_test_cell_is_restored(given, clean, by_id):
    by_id(given, "test_double").source = "4.0"
    by_id(given, "setup").source += "\ncheck = print"
    _, notes = clean(given)
    assert notes == (
        "The set-up cell setup was changed; the instructor's text was put back.",
        "The test cell test_double was changed; the instructor's text was put back.",
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [("points", 100), ("points", "nan"), ("grade", False), ("solution", True), ("locked", False)],
)
def test_changed_marks_are_restored(given, clean, by_id, key, value):
    by_id(given, "test_double").metadata.nbgrader[key] = value
    _, notes = clean(given)
    assert notes == (
        f"The test cell test_double was marked otherwise ({key}); the instructor's marks were put "
        "back.",
    )


def test_an_answer_cannot_become_a_grade_cell(given, clean, by_id):
    by_id(given, "double").metadata.nbgrader.update(grade=True, points=50)
    _, notes = clean(given)
    assert "(grade, points)" in notes[0]


def test_tags_and_other_metadata_have_no_effect(given, clean):
    for cell in given.cells:
        cell.metadata.update(tags=["skip-execution", "raises-exception"], editable=True)
        cell.metadata["jupyter"] = {"source_hidden": True}
    _, notes = clean(given)
    assert notes == ()


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_retyped_answer_is_code_again(given, clean, by_id, kind):
    cell = by_id(given, "double")
    cell.cell_type = kind
    del cell["outputs"], cell["execution_count"]
    result, notes = clean(given)
    assert by_id(result, "double").source == ANSWER
    assert len(notes) == 1
    assert "it is a code cell again" in notes[0]


def test_a_written_answer_in_a_code_cell_is_text_again(given, clean, by_id):
    cell = by_id(given, "why_linear")
    cell.update(cell_type="code", outputs=[], execution_count=None)
    result, notes = clean(given)
    assert by_id(result, "why_linear").source == WRITTEN
    assert "it is a text cell again" in notes[0]


def test_a_doubled_test_cell_is_kept_once(given, clean, by_id):
    given.cells.insert(_index(given, "test_double"), copy.deepcopy(by_id(given, "test_double")))
    result, notes = clean(given)
    assert notes == ("The test cell test_double was there 2 times; one was kept.",)
    assert len(result.cells) == len(given.cells) - 1


def test_of_a_doubled_answer_both_run_and_the_last_counts(given, clean, by_id):
    second = copy.deepcopy(by_id(given, "double"))
    second.source = "def double(x):\n    return 2 * x"
    given.cells.append(second)  # below its test
    result, notes = clean(given)
    assert notes == ("The answer cell double was there 2 times; the last one counts.",)
    assert by_id(result, "double").source == second.source
    at = _index(result, "double")
    assert result.cells[at - 1].source == ANSWER
    assert result.cells[at - 1].metadata == {}


def test_the_last_definition_stays_the_last_when_cells_were_moved(given, clean, by_id):
    first, second = by_id(given, "double"), copy.deepcopy(by_id(given, "double"))
    second.source = "double = 'last'"
    given.cells.remove(first)
    given.cells += [first, second]
    result, notes = clean(given)
    sources = _sources(result)
    assert sources.index(ANSWER) < sources.index("double = 'last'")
    assert sources.index("double = 'last'") < _index(result, "test_double")
    assert any("another order" in note for note in notes)


def test_of_a_doubled_question_the_written_answer_counts(given, clean, by_id, source):
    untouched = copy.deepcopy(source.cells["why_linear"])
    given.cells.append(untouched)
    result, _ = clean(given)
    assert by_id(result, "why_linear").source == WRITTEN


def test_moved_cells_go_back(given, clean, by_id):
    test = by_id(given, "test_triple")
    given.cells.remove(test)
    given.cells.insert(0, test)
    _, notes = clean(given)
    assert notes == ("The cells stood in another order; the instructor's was restored.",)


def test_extra_cells_stay_behind_the_cell_that_they_followed(given, clean):
    given.cells.insert(0, new_code_cell("first = 1", id="mine"))
    given.cells.insert(_index(given, "double") + 1, new_code_cell("helper = 2"))
    given.cells.insert(_index(given, "test_triple") + 1, new_markdown_cell("A note."))
    given.cells.append(new_code_cell("last = 3"))
    result, notes = clean(given)
    assert notes == ()
    assert result.cells[0].source == "first = 1"
    assert result.cells[_index(result, "double") + 1].source == "helper = 2"
    assert result.cells[_index(result, "test_triple") + 1].source == "A note."
    assert result.cells[-1].source == "last = 3"


def test_extra_cells_never_carry_marks(given, clean):
    cheat = new_code_cell("100.0", metadata={"tags": ["x"], "nbgrader": {
        "grade": True, "grade_id": "bonus", "points": 100, "locked": True, "solution": False,
        "schema_version": 3}})  # fmt: skip
    given.cells.append(cheat)
    result, _ = clean(given)
    assert result.cells[-1].source == "100.0"
    assert result.cells[-1].metadata == {}


def test_extra_cells_cannot_take_an_id(given, clean):
    given.cells.append(new_code_cell("a = 1", id="test_double"))
    given.cells.append(new_code_cell("b = 1", id="extra-1"))
    result, _ = clean(given)
    assert len({cell.id for cell in result.cells}) == len(result.cells)


def test_an_answer_without_its_id_is_found_by_what_it_defines(given, clean, by_id):
    by_id(given, "double").metadata = nbformat.NotebookNode()
    result, notes = clean(given)
    assert by_id(result, "double").source == ANSWER
    assert notes == ("The answer cell double had lost its id; it was found by what it defines.",)
    assert len(result.cells) == len(given.cells)


def test_a_renamed_answer_with_a_syntax_error_is_found_too(given, clean, by_id):
    cell = by_id(given, "double")
    cell.metadata.nbgrader.grade_id = "my_double"
    cell.source = "def double(x):\n    return (2 * x"
    result, notes = clean(given)
    assert by_id(result, "double").source == cell.source
    assert "lost its id" in notes[0]


def test_a_notebook_without_any_metadata_is_put_together_again(given, clean, by_id):
    for number, cell in enumerate(given.cells):
        cell.metadata, cell.id = nbformat.NotebookNode(), f"new-{number}"
    result, notes = clean(given)
    assert by_id(result, "double").source == ANSWER
    # The written answer cannot be told from a text of the student's: it stays where it stood.
    assert result.cells[-1].source == WRITTEN or WRITTEN in _sources(result)
    assert not any("test cell" in note and "missing" in note for note in notes)


def test_two_answers_in_one_cell_are_not_undone_by_a_stub(given, clean, by_id):
    given.cells = [c for c in given.cells if c.id not in ("double", "triple")]
    both = ANSWER + "\n\ndef triple(x):\n    return 3 * x"
    given.cells.insert(3, new_code_cell(both))
    result, notes = clean(given)
    assert by_id(result, "double").source == both
    assert "NotImplementedError" not in by_id(result, "triple").source
    assert notes[1] == (
        "The answer cell triple was missing; what it defines was found in another cell."
    )


def test_another_kernel_is_told(given, clean, source):
    given.metadata["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
    given.metadata["widgets"] = {"x": 1}
    result, notes = clean(given)
    assert notes == ("The notebook asked for another kernel; the course's was used.",)
    assert result.metadata == source.notebook.metadata


def test_pasted_pictures_stay(given, clean, by_id):
    pictures = {"a.png": {"image/png": "aGVsbG8="}}
    by_id(given, "why_linear").attachments = pictures
    result, _ = clean(given)
    assert by_id(result, "why_linear").attachments == pictures


def test_outputs_are_cleared(given, clean, by_id):
    by_id(given, "test_double").outputs = [
        nbformat.v4.new_output("execute_result", {"text/plain": "4.0"}, execution_count=1)
    ]
    clean(given)
