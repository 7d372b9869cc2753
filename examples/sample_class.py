"""A class to try the grader on: right, wrong, careless and hostile submissions of problem set 1.

Most are put together from the tables of `rnnref.checks`: right answers in several styles, and
mistakes by name. The hostile ones are written by hand. Each says what it must be given, and the
tests hold the grader to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import nbformat
import sample
from hostile import HOSTILE
from nbformat import NotebookNode
from sample import points_of

from rnnref.checks import table
from rnnref.engine.answers import Answers
from rnnref.engine.exercise import source_of

SET = "ps1_recurrence"
POINTS = points_of(SET)
Sample = partial(sample.Sample, problem_set=SET)


def right(style: int = 0) -> dict[str, str]:
    """Right answers to everything, written in one of several styles."""
    cells = {"why_share": "The same weights serve every length, also one never seen."}
    for name, exercise in table(SET).items():
        if isinstance(exercise, Answers):
            cells[name] = f"{name} = {dict(exercise.right)!r}"
        else:
            alternatives = exercise.alternatives
            cells[name] = source_of(alternatives[style % len(alternatives)], name)
    return cells


def wrong(**mistakes: str) -> dict[str, str]:
    """Right answers but for some mistakes, each by its name in the table."""
    cells = right()
    for name, mistake in mistakes.items():
        (known,) = (m for m in table(SET)[name].mistakes if m.name == mistake)
        cells[name] = source_of(known.wrong, name)
    return cells


def with_mistakes(
    student: str, about: str, lost: Mapping[str, float], **mistakes: str
) -> sample.Sample:
    """A sample of named mistakes; each loses all points unless `lost` says otherwise."""
    none = dict.fromkeys(mistakes, 0.0)
    return Sample(
        student, about, cells=wrong(**mistakes), lost={**none, **lost}, mistakes=dict(mistakes)
    )


def _without_test(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if not _is(cell, "test_rnn_step")]


def _doubled_test(notebook: NotebookNode) -> None:
    (test,) = (cell for cell in notebook.cells if _is(cell, "test_linear_rnn"))
    copy = nbformat.from_dict({**test, "id": "pasted"})
    copy.metadata.nbgrader.points = 1000
    notebook.cells.insert(notebook.cells.index(test), copy)


def _is(cell: NotebookNode, grade_id: str) -> bool:
    return cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id


_NOISY = """
import sys
import warnings


def rnn_forward(X, h0, U, W, b):
    print("stepping", X.shape, file=sys.stderr)
    warnings.warn("a warning in right code", stacklevel=1)
    np.log(np.zeros(1))
    H = []
    for x in X:
        h0 = np.tanh(x @ U.T + h0 @ W.T + b)
        H.append(h0)
    return np.array(H)


print("a word to stderr", file=sys.stderr)
"""

_CALLS_WRONG_STEP = """
def rnn_forward(X, h0, U, W, b):
    H = []
    for x in X:
        h0 = rnn_step(x, h0, U, W, b)
        H.append(h0)
    return np.array(H)
"""

_ALMOST = """
def readout(H, V, c):
    O = H @ V.T + c
    O[-1] *= 1.001
    return O
"""

_TURNED = """
rnn_type["sentiment"] = "one to many"
rnn_type["image captioning"] = "many to one"
"""

ORDINARY = (
    Sample("ada", "right, in plain loops", right(0)),
    Sample("bruno", "right, with NumPy's whole vocabulary", right(1)),
    Sample("chloe", "right, in a third style", right(2)),
    with_mistakes("dmitri", "a single mistake", {}, rnn_forward="starts from zero"),
    with_mistakes(
        "elif",
        "several mistakes",
        {},
        linear_rnn="output before the update",
        comparison_rnn="only the current pair",
        rnn_step="W for its transpose",
        rnn_forward="W for its transpose",
        unrolled_matrix="the upper triangle",
        count_parameters="shared, yet one for each step",
    ),
    with_mistakes(
        "farid",
        "special cases, and another convention",
        {"stacked_step": 2.5, "one_hot": 2.5, "unrolled_matrix": 5.0, "design_weights": 5.0},
        stacked_step="[x; h] for [h; x]",
        one_hot="a negative id counts from the end",
        unrolled_matrix="whole numbers to negative powers",
        design_weights="another task goes unnoticed",
    ),
    Sample("grace", "nothing done", lost=dict.fromkeys(POINTS, 0.0)),
    Sample(
        "hugo",
        "half of it done",
        {n: t for n, t in right().items() if n in list(POINTS)[:5]},
        lost=dict.fromkeys(list(POINTS)[5:], 0.0),
    ),
    Sample("ines", "stderr and warnings in right code", {**right(1), "rnn_forward": _NOISY}),
    Sample(
        "jonas",
        "a right function that calls a wrong one",
        {**wrong(rnn_step="b missing"), "rnn_forward": _CALLS_WRONG_STEP},
        lost={"rnn_step": 0.0},
        mistakes={"rnn_step": "b missing"},
    ),
    Sample(
        "kavya",
        "a mistake that is in no table",
        {**right(2), "readout": _ALMOST},
        lost={"readout": 0.0},
    ),
    Sample(
        "lena",
        "two wrong types",
        {
            **right(),
            "rnn_type": right()["rnn_type"] + _TURNED,
        },
        lost={"rnn_type": 3.0},
        mistakes={"rnn_type": "the arrow read backwards"},
    ),
    with_mistakes(
        "mats", "an argument overwritten", {}, rnn_step="writes into h", linear_rnn="writes into x"
    ),
    Sample("nora", "a test cell deleted", right(1), change=_without_test),
    Sample("oskar", "a test cell pasted twice, worth 1000", right(), change=_doubled_test),
    Sample(
        "paula",
        "a file that is not JSON",
        data=b"{ this was a notebook",
        lost=dict.fromkeys(POINTS, 0.0),
        state="not JSON",
    ),
)

HOSTILE_SAMPLES = tuple(
    Sample(
        student,
        case.about,
        {**right(), **case.cells},
        first=case.first,
        hostile=True,
        lost=case.lost,
    )
    for student, case in HOSTILE.items()
)

SAMPLES = ORDINARY + HOSTILE_SAMPLES
