"""What grading one notebook takes, besides the student's own cells, and beside a stock kernel."""

import functools
import time
from collections import Counter
from pathlib import Path
from unittest.mock import patch

import nbformat
import numpy as np
from nbclient import NotebookClient
from traitlets.config import Config

from bench.report import machine, table
from rnnref.grader.execute import execute
from rnnref.grader.intake.source import find_source
from rnnref.grader.sandbox import Sandbox
from rnnref.grader.sandbox.child import Child
from rnnref.grader.student import Student

SET = "ps1_recurrence"
ROOT = Path(__file__).parents[1]
ROUNDS = 9
# Over a socket of this user's own a kernel has nothing to warn of.
_QUIET = Config({"KernelManager": {"transport": "ipc"}})


def measure():
    """Return the table."""
    path = ROOT / "solutions" / SET / f"{SET}.ipynb"
    source, submission = find_source(ROOT, SET), path.read_bytes()
    rounds, stock = [], []
    with Sandbox() as sandbox:
        execute(submission, source, sandbox=sandbox, seed=0)
        for _ in range(ROUNDS):
            rounds.append(_ours(submission, source, sandbox))
            stock.append(_stock(submission))
    counts = rounds[0][1]
    seconds = {name: np.median([r[0][name] for r in rounds]) for name in rounds[0][0]}
    rest = np.median([r[0]["whole"] - r[0]["cells"] - r[0]["fork"] - r[0]["call"] for r in rounds])
    rows = [
        ("the whole notebook", 1, seconds["whole"]),
        ("the student's cells, figures too", counts["cells"], seconds["cells"]),
        ("fresh forks for the hidden tests", counts["fork"], seconds["fork"]),
        ("calls of the student's functions", counts["call"], seconds["call"]),
        ("all the rest", 1, rest),
        ("the same cells in a stock kernel", 1, np.median(stock)),
    ]
    body = [[what, str(n), f"{1e3 * s:.0f}", f"{1e3 * s / n:.2f}"] for what, n, s in rows]
    ratio = np.median([r[0]["whole"] / s for r, s in zip(rounds, stock, strict=True)])
    return "\n".join(
        [
            f"# Grading one notebook of {SET}",
            "",
            *table(["part", "number", "ms", "ms each"], body),
            "",
            f"Grading takes {ratio:.2f} times what a stock kernel takes for the notebook.",
            f"Made by `python -m bench grading`: medians of {ROUNDS} rounds. {machine()}",
            "",
        ]
    )


def _ours(submission, source, sandbox):
    """Return seconds and counts of the parts of one grading."""
    spent, counts = Counter(), Counter()

    def timed(part, function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                spent[part] += time.perf_counter() - start
                counts[part] += 1

        return call

    with (
        patch.object(Student, "run", timed("cells", Student.run)),
        patch.object(Child, "fork", timed("fork", Child.fork)),
        patch.object(Child, "call", timed("call", Child.call)),
    ):
        start = time.perf_counter()
        execute(submission, source, sandbox=sandbox, seed=0)
    spent["whole"] = time.perf_counter() - start
    return spent, counts


def _stock(submission):
    """Return the seconds that a kernel of its own takes for the same notebook."""
    notebook = nbformat.reads(submission.decode(), as_version=4)
    start = time.perf_counter()
    NotebookClient(notebook, kernel_name="python3", config=_QUIET).execute()
    return time.perf_counter() - start
