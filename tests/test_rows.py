"""Every row of the course's contents keeps its place: what lectures/rows.toml says is true."""

import functools
import re
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools.notebooks.build import find_sources
from tools.notebooks.run import executed

ROOT = Path(__file__).resolve().parents[1]
ROWS = tomllib.loads((ROOT / "lectures/rows.toml").read_text(encoding="utf-8"))
SOURCES = {source.name: source for source in find_sources(ROOT)}
PLACES = [
    pytest.param(place, id=f"{row}-{i}")
    for row, entry in ROWS.items()
    for i, place in enumerate(entry["shown"], start=1)
]


def find_cell(place, notebook):
    """Return the code cell of a place, which must be the only one with its first line."""
    cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.source.split("\n")[0] == place["cell"]
    ]
    assert len(cells) == 1, f"{len(cells)} cells begin with {place['cell']!r}"
    return cells[0]


def check_place(place, notebook):
    """Fail unless an executed notebook shows what a place promises."""
    outputs = find_cell(place, notebook).outputs
    data = [output.get("data", {}) for output in outputs]
    if place.get("figure"):
        assert any("image/png" in shown for shown in data), "there is no figure"
    if "output" not in place:
        return
    text = "".join(output.get("text", "") for output in outputs)
    matches = list(re.finditer(place["output"], text))
    assert len(matches) == place.get("times", 1), f"{place['output']!r} in {text!r}"
    numbers = [float(group) for match in matches for group in match.groups()]
    if "numbers" in place:
        assert numbers == pytest.approx(place["numbers"], rel=0, abs=place.get("tolerance", 0))
    if "at_most" in place:
        assert numbers
        assert all(number <= place["at_most"] for number in numbers), numbers


@functools.cache
def outputs_of(lecture):
    """Return a lecture with its outputs."""
    return executed(SOURCES[lecture])


@pytest.mark.parametrize("row", ROWS)
def test_a_row_says_what_where_and_how_it_is_practised(row):
    assert re.fullmatch(r"R(0[1-9]|[12]\d|3[0-4])", row)
    assert set(ROWS[row]) == {"topic", "exercises", "shown"}
    assert ROWS[row]["shown"]
    known = {"lecture", "cell", "output", "times", "numbers", "tolerance", "at_most", "figure"}
    for place in ROWS[row]["shown"]:
        assert {"lecture", "cell"} < set(place) <= known
        assert "output" in place or place.get("figure")


@pytest.mark.parametrize("row", ROWS)
def test_each_lecture_that_shows_a_row_cites_its_topic_and_exercises_first(row):
    for lecture in {place["lecture"] for place in ROWS[row]["shown"]}:
        opening = SOURCES[lecture].read().cells[0].source
        line = next(line for line in opening.splitlines() if ROWS[row]["topic"] in line)
        for exercise in ROWS[row]["exercises"]:
            assert f"`{exercise}`" in line


@pytest.mark.parametrize("row", ROWS)
def test_the_exercises_of_a_row_are_graded(row):
    graded = {
        cell.metadata.nbgrader.grade_id.removeprefix("test_")
        for source in SOURCES.values()
        if source.graded
        for cell in source.read().cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert set(ROWS[row]["exercises"]) <= graded


@pytest.mark.parametrize("place", PLACES)
def test_the_cell_of_a_place_exists(place):
    find_cell(place, SOURCES[place["lecture"]].read())


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_place_shows_what_it_promises(place):
    check_place(place, outputs_of(place["lecture"]))


class TestCheckPlace:
    """The check itself can fail."""

    @pytest.fixture
    def notebook(self):
        text = new_output("stream", text="sum = 3.5\nerror 1e-16\nerror 2e-16\n")
        cell = new_code_cell("# A sum\nprint(…)", outputs=[text])
        return new_notebook(cells=[cell, new_code_cell("# Twice"), new_code_cell("# Twice")])

    @pytest.mark.parametrize(
        "promise",
        [
            {"output": r"sum = (\S+)", "numbers": [3.5]},
            {"output": r"sum = (\S+)", "numbers": [3.4], "tolerance": 0.11},
            {"output": r"error (\S+)", "times": 2, "at_most": 1e-12},
        ],
    )
    def test_passes_on_what_is_there(self, notebook, promise):
        check_place({"cell": "# A sum", **promise}, notebook)

    @pytest.mark.parametrize(
        "promise",
        [
            {"cell": "# A product", "output": "3.5"},
            {"cell": "# Twice", "output": ""},
            {"output": "4.5"},
            {"output": r"sum = (\S+)", "numbers": [3.4]},
            {"output": r"sum = (\S+)", "numbers": [3.5, 3.5]},
            {"output": r"error (\S+)"},
            {"output": r"error (\S+)", "times": 2, "at_most": 1.5e-16},
            {"output": "error", "times": 2, "at_most": 1},
            {"output": r"sum = (\S+)", "figure": True},
        ],
    )
    def test_fails_on_what_is_not(self, notebook, promise):
        with pytest.raises(AssertionError):
            check_place({"cell": "# A sum", **promise}, notebook)

    def test_sees_a_figure(self, notebook):
        notebook.cells[0].outputs.append(new_output("display_data", {"image/png": "…"}))
        nbformat.validate(notebook)
        check_place({"cell": "# A sum", "figure": True}, notebook)
