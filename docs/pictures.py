"""Make the pictures of the README: ``python -m docs.pictures``."""

from pathlib import Path

import matplotlib.pyplot as plt

from rnnref.checks import TableJudge, table
from rnnref.course.plots import COLOURS
from rnnref.engine.exercise import source_of
from tools.notebooks.build import find_sources
from tools.notebooks.run import executed

from .notebooks import Lecture
from .site import ROOT

FOLDER = Path(__file__).parent / "pictures"
CHECKED = "ps1_recurrence", "rnn_forward", "W for its transpose"
SHOWN = "11_reading_scene_text", "# Readings while it learns"


def main() -> None:
    """Write both pictures."""
    plt.switch_backend("agg")
    FOLDER.mkdir(exist_ok=True)
    draw_check(FOLDER / "check.png", *CHECKED)
    (FOLDER / "reading.png").write_bytes(lecture_figure(*SHOWN))


def draw_check(path: Path, problem_set: str, exercise: str, mistake: str) -> None:
    """Draw a wrong answer, and below it what the check says."""
    wrong = next(m for m in table(problem_set)[exercise].mistakes if m.name == mistake).wrong
    code = f'{source_of(wrong, exercise).strip()}\n\n\ncheck("{exercise}", {exercise})'
    report = TableJudge(problem_set).report(exercise, wrong).text()
    lines = len(code.splitlines()) + len(report.splitlines()) + 3
    fig, ax = plt.subplots(figsize=(9.6, 0.21 * lines), layout="none")
    ax.set_position([0, 0, 1, 1])
    ax.set(xlim=(0, 1), ylim=(lines, 0))
    ax.axis("off")
    style = {"family": "monospace", "size": 10.5, "va": "top", "linespacing": 1.25}
    top = len(code.splitlines()) + 1.5
    ax.axhspan(0, top, color="#f4f4f4", linewidth=0)
    ax.text(0.025, 0.6, code, color="#222222", **style)
    ax.text(0.025, top + 0.6, report, color="#222222", **style)
    ax.axvspan(0.008, 0.013, ymax=1 - (top + 0.5) / lines, ymin=0.5 / lines, color=COLOURS.state)
    fig.savefig(path, dpi=150, metadata={"Software": None})
    plt.close(fig)


def lecture_figure(name: str, first_line: str) -> bytes:
    """Return the picture below the cell of a lecture that begins with a line."""
    source = next(s for s in find_sources(ROOT) if s.name == name)
    lecture = Lecture(name, executed(source))
    cells = [cell for cell in lecture.notebook.cells if cell.source.split("\n")[0] == first_line]
    if len(cells) != 1:
        raise ValueError(f"{name}: {len(cells)} cells begin with {first_line!r}")
    return next(f.png for f in lecture.figures if f.alt in str(cells[0].outputs))


if __name__ == "__main__":
    main()
