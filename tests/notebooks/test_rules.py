"""Notebooks that break one rule each, and the sentence that says so."""

import json

import pytest

from tools.notebooks.__main__ import main
from tools.notebooks.rules import check

SOLUTION = "solutions/ps_small/ps_small.ipynb"
RELEASE = "assignments/ps_small/ps_small.ipynb"
LECTURE = "lectures/01_small.ipynb"


def findings(course):
    return check(course.root, course.sources)


def edit(path, change):
    """Change a notebook on the disk behind the builder's back."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def cell_named(notebook, name):
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def test_sound_course_has_no_findings(course, capsys):
    assert findings(course) == []
    assert main(["check"], course.root) == 0
    assert capsys.readouterr().out == "texts checked: 2, findings: 0\n"


def test_findings_are_lines_and_exit_code_1(course, capsys):
    course.release.unlink()
    assert main(["check"], course.root) == 1
    assert capsys.readouterr().err == f"{RELEASE}: is missing; build it\n"


def test_check_only_what_is_asked(course, capsys):
    course.release.unlink()
    assert main(["check", "--only", "01_small"], course.root) == 0
    assert capsys.readouterr().out == "texts checked: 1, findings: 0\n"


# In the text: built, and then found.


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            'written="why_twice" points=5',
            'written="why_twice" points=4',
            [f"{SOLUTION}: the points must add up to 100, got 99"],
            id="points 99",
        ),
        pytest.param(
            "def square(x, power=2):\n",
            "import os\nimport scipy.linalg\n\ndef square(x, power=2):\n",
            [
                f"{SOLUTION}: cell 'square': must not import scipy.linalg",
                f"{RELEASE}: cell 'square': must not import scipy.linalg",
            ],
            id="forbidden import",
        ),
        pytest.param(
            "class Check:\n",
            "from rnnref import checks, course\nfrom rnnref.course import tasks\nclass Check:\n",
            [
                f"{SOLUTION}: cell 'setup': must not import rnnref.checks",
                f"{RELEASE}: cell 'setup': must not import rnnref.checks",
            ],
            id="import of answers",
        ),
        pytest.param(
            "# Because two halves make a whole.",
            "# ```\n# twice_the_number = x + x\n# ```",
            [],
            id="a solution's line in another solution region",
        ),
        pytest.param(
            "# ## 1 Double a number",
            "# Hint: twice_the_number = x + x",
            [],
            id="a solution's line that the statement shows to all",
        ),
        pytest.param(
            "    ### BEGIN SOLUTION\n    return x**power\n    ### END SOLUTION",
            "    return x**power",
            [f"{RELEASE}: cell 'square': the stub does not define square"],
            id="no region: the whole cell goes",
        ),
        pytest.param(
            '    """Return `x` squared."""\n    ### BEGIN SOLUTION\n',
            '    ### BEGIN SOLUTION\n    """Return `x` squared."""\n',
            [f"{RELEASE}: cell 'square': the stub of square has no docstring"],
            id="docstring in the region",
        ),
        pytest.param(
            "def square(x, power=2):\n",
            "def squared(x, power=2):\n",
            [f"{RELEASE}: cell 'square': the solution does not define square"],
            id="another name",
        ),
        pytest.param(
            "    return x**power\n    ### END SOLUTION",
            "    return x**power\n    ### END SOLUTION\n    return (",
            [
                f"{SOLUTION}: cell 'square': is not valid Python",
                f"{RELEASE}: cell 'square': is not valid Python",
            ],
            id="a syntax error",
        ),
    ],
)
def test_rule_broken_in_the_text(course, old, new, expected):
    course.replace(course.set_text, old, new)
    course.build()
    assert findings(course) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('alt="A straight line from 0 to 4."', "", 'makes a figure without show(…, alt="…")'),
        ("A straight line from 0 to 4.", " ", 'makes a figure without show(…, alt="…")'),
        ("show(figure, alt=", "print(figure, alt=", 'makes a figure without show(…, alt="…")'),
        ("axes.plot(", "import rnnref.grader\naxes.plot(", "must not import rnnref.grader"),
        ("axes.plot(", "from . import code\naxes.plot(", "must not import ."),
    ],
)
def test_rule_broken_in_a_lecture(course, old, new, expected):
    course.replace(course.lecture_text, old, new)
    course.build()
    assert findings(course) == [f"{LECTURE}: cell 'cell-3': {expected}"]


def test_lectures_may_use_the_reference(course):
    course.replace(
        course.lecture_text, "import numpy as np", "from rnnref import nets\nimport rnnref"
    )
    course.build()
    assert findings(course) == []


def test_plain_variable_may_be_a_solution(course):
    course.replace(
        course.set_text,
        'def square(x, power=2):\n    """Return `x` squared."""\n    ### BEGIN SOLUTION\n'
        "    return x**power\n    ### END SOLUTION",
        '### BEGIN SOLUTION\nsquare = {"power": 2}\n### END SOLUTION',
    )
    course.build()
    assert findings(course) == []


def test_grade_id_used_in_another_set(course):
    other = course.root / "solutions/ps_zother.py"
    text = course.set_text.read_text(encoding="utf-8")
    other.write_text(
        text.replace("double", "halve").replace("why_twice", "why_half"), encoding="utf-8"
    )
    course.build()
    place = "solutions/ps_zother/ps_zother.ipynb"
    assert findings(course) == [  # and nothing about `setup`, which each set has
        f"{place}: the grade id 'square' stands in {SOLUTION} already",
        f"{place}: the grade id 'test_square' stands in {SOLUTION} already",
    ]


def test_text_that_cannot_be_built(course):
    course.replace(course.set_text, 'locked="setup"', 'locked="double"')
    assert findings(course) == [
        "solutions/ps_small.py: cell 4: the grade id 'double' stands in cell 2 already"
    ]


# On the disk: changed behind the builder's back.


def test_text_changed_since_the_build(course):
    course.replace(course.lecture_text, "A small lecture", "A changed lecture")
    assert findings(course) == [f"{LECTURE}: differs from its text; build it anew"]


def spoilt(course, path, change):
    """Return what is found, next to the difference from the text, after a change."""
    edit(path, change)
    first, *others = findings(course)
    assert first == f"{path.relative_to(course.root)}: differs from its text; build it anew"
    return others


def test_solution_left_in_the_release(course):
    def change(notebook):
        cell_named(notebook, "double")["source"].insert(2, "    twice_the_number = x + x\n")

    assert spoilt(course, course.release, change) == [
        f"{RELEASE}: cell 'double': gives the solution's line 'twice_the_number = x + x' away"
    ]


def test_model_answer_left_in_the_release(course):
    def change(notebook):
        cell_named(notebook, "why_twice")["source"] = "Because two halves make a whole."

    assert spoilt(course, course.release, change) == [
        f"{RELEASE}: cell 'why_twice': gives the solution's line "
        "'Because two halves make a whole.' away"
    ]


def test_hidden_test_left_in_the_release(course):
    def change(notebook):
        cell_named(notebook, "test_double")["source"] = (
            'check("double", double)\n### BEGIN HIDDEN TESTS\n'
            'check.hidden("double", double)\n### END HIDDEN TESTS'
        )

    assert spoilt(course, course.release, change) == [
        f"{RELEASE}: cell 'test_double': contains '### BEGIN'",
        f"{RELEASE}: cell 'test_double': contains '### END'",
        f"{RELEASE}: cell 'test_double': contains 'check.hidden'",
    ]


def test_mark_scheme_left_in_the_release(course):
    def change(notebook):
        cell_named(notebook, "why_twice")["source"] = "### BEGIN MARK SCHEME"

    assert spoilt(course, course.release, change) == [
        f"{RELEASE}: cell 'why_twice': contains '### BEGIN'"
    ]


def test_stub_with_another_signature_and_docstring(course):
    def change(notebook):
        cell_named(notebook, "square")["source"] = (
            'def square(x, power=3):\n    """Return `x` cubed."""\n    return 0'
        )

    assert spoilt(course, course.release, change) == [
        f"{RELEASE}: cell 'square': the stub's signature square(x, power=3) "
        "is not the solution's square(x, power=2)",
        f"{RELEASE}: cell 'square': the docstring of square is not the solution's",
        f"{RELEASE}: cell 'square': the stub of square does not raise NotImplementedError",
    ]


def test_missing_solution_cell(course):
    def change(notebook):
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "square"]

    assert f"{RELEASE}: the solution cell 'square' is missing" in spoilt(
        course, course.release, change
    )


def test_hidden_test_that_is_not_the_visible_one(course):
    def change(notebook):
        cell_named(notebook, "test_double")["source"] = (
            'check("double", double)\n### BEGIN HIDDEN TESTS\n'
            'check.hidden("square", double)\n### END HIDDEN TESTS'
        )

    assert spoilt(course, course.solution, change) == [
        f"{SOLUTION}: cell 'test_double': the hidden test is not the visible check's"
    ]


def test_hidden_test_before_the_visible_one(course):
    def change(notebook):
        cell_named(notebook, "test_double")["source"] = (
            '### BEGIN HIDDEN TESTS\ncheck.hidden("double", double)\n### END HIDDEN TESTS\n'
            'check("double", double)'
        )

    (finding,) = spoilt(course, course.solution, change)
    assert "cell 'test_double': a test cell must be the one call check(\"double\", …)" in finding


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(
            lambda notebook: notebook["cells"][0]["metadata"].update(collapsed=True),
            "cell 'cell-1': metadata must not have 'collapsed'",
            id="forbidden cell metadata",
        ),
        pytest.param(
            lambda notebook: notebook["metadata"].update(celltoolbar="Create Assignment"),
            "the notebook's metadata are not those that the builder writes",
            id="forbidden notebook metadata",
        ),
        pytest.param(
            lambda notebook: notebook["cells"][1]["outputs"].append(
                {"output_type": "stream", "name": "stdout", "text": "4"}
            ),
            "cell 'cell-2': has an output",
            id="output left",
        ),
        pytest.param(
            lambda notebook: notebook["cells"][1].update(execution_count=1),
            "cell 'cell-2': has an execution count",
            id="execution count left",
        ),
        pytest.param(
            lambda notebook: notebook["cells"][1].update(id="a1b2c3"),
            "cell 2: its id must be 'cell-2', got 'a1b2c3'",
            id="cell id not stable",
        ),
    ],
)
def test_form_of_a_notebook(course, change, sentence):
    assert spoilt(course, course.lecture, change) == [f"{LECTURE}: {sentence}"]


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"cells": 1, "metadata": {}, "nbformat": 4}', "not JSON"]
)
def test_file_that_is_no_notebook(course, content):
    course.lecture.write_text(content, encoding="utf-8")
    assert f"{LECTURE}: is not a valid notebook" in findings(course)


def test_damaged_nbgrader_metadata(course):
    def change(notebook):
        del cell_named(notebook, "double")["metadata"]["nbgrader"]["grade_id"]

    assert f"{RELEASE}: is not a valid notebook" in spoilt(course, course.release, change)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("lectures/02_stray.ipynb", "has no text from which it is built"),
        ("solutions/ps_small/extra.ipynb", "has no text from which it is built"),
        ("assignments/ps_old/ps_old.ipynb", "has no text from which it is built"),
        ("assignments/ps_small/answers.txt", "has no text from which it is built"),
        (
            "solutions/ps_small/ps_small.py",  # the text twin
            "stands in nbgrader's folder and would be released",
        ),
        (
            "solutions/ps_small/data/table.csv",
            "stands in nbgrader's folder and would be released",
        ),
    ],
)
def test_stray_file(course, path, sentence):
    stray = course.root / path
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_text("{}", encoding="utf-8")
    assert findings(course) == [f"{path}: {sentence}"]


def test_checkpoints_are_nobodys_business(course):
    for folder in ("lectures", "solutions/ps_small", "assignments/ps_small"):
        checkpoints = course.root / folder / ".ipynb_checkpoints"
        checkpoints.mkdir()
        (checkpoints / "x-checkpoint.ipynb").write_text("{}", encoding="utf-8")
    assert findings(course) == []
