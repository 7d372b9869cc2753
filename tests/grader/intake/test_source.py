"""The instructor's notebook as the grader reads it."""

import nbformat
import pytest

from rnnref.grader.intake.source import CourseError, bound_names, find_source


def test_exercises_questions_and_setup(source):
    assert [(e.name, e.points, e.grade_id) for e in source.exercises] == [
        ("double", 4.0, "test_double"),
        ("triple", 6.0, "test_triple"),
    ]
    assert [(e.name, e.points) for e in source.hand_graded] == [("why_linear", 5.0)]
    assert [cell.source for cell in source.setup] == ['check = checker("tiny")']
    assert source.names == {"double": {"double"}, "triple": {"triple"}}
    assert source.student_names == {"double", "triple"}


def test_solutions_are_stubs_and_tests_keep_their_hidden_part(source):
    text = nbformat.writes(source.notebook)
    assert "return 2" not in text
    assert "model answer" not in text
    assert "raise NotImplementedError()" in source.cells["double"].source
    assert "check.hidden" in source.cells["test_double"].source
    assert source.release["test_double"] == 'check("double", double)'


def test_digest_changes_with_the_content(course):
    before = find_source(course, "tiny").digest
    path = course / "solutions/tiny/tiny.ipynb"
    path.write_text(path.read_text().replace("return 2", "return 2.0"))
    assert find_source(course, "tiny").digest != before


@pytest.mark.parametrize("name", ["ps9", "", "..", "../tiny", "tiny/tiny"])
def test_an_unknown_problem_set_names_the_known_ones(course, name):
    with pytest.raises(CourseError, match="known ones: tiny"):
        find_source(course, name)


def test_a_folder_that_is_no_course(tmp_path):
    with pytest.raises(CourseError, match="it has no solutions/"):
        find_source(tmp_path, "tiny")


def test_an_instructors_notebook_that_cannot_be_used(course):
    (course / "solutions/tiny/tiny.ipynb").write_text("{")
    with pytest.raises(CourseError, match=r"tiny\.ipynb cannot be used"):
        find_source(course, "tiny")


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def f(x):\n    y = 1\n    return y", {"f"}),
        ("async def f(): pass\nclass C:\n    a = 1", {"f", "C"}),
        ("f = lambda x: (z := x)\n(a, *b), c.d = 1, 2", {"f", "a", "b"}),
        ("if True:\n    import numpy as np, os.path\nelse:\n    from m import g as h",
         {"np", "os", "h"}),
        ("for i in range(3):\n    with open(p) as file: x: int = 1", {"i", "file", "x"}),
        ("[k for k in range(3)]", set()),
        # What does not parse: lines at the left margin.
        ("def f(x):\n    return (\nasync def g(): pass\nw = 3\nif w == 3: pass", {"f", "g", "w"}),
        ("%matplotlib inline\nrnn_type = {}\n!ls", {"rnn_type"}),
        ("x = '\\d'", {"x"}),
        ("y = 1\0", {"y"}),
        ("z = " + "-" * 100_000 + "1", {"z"}),
        ("z = 1" + "+1" * 200_000, {"z"}),
        ("(" * 10_000, set()),
    ],
)  # fmt: skip
def test_bound_names(code, names):
    assert bound_names(code) == names
