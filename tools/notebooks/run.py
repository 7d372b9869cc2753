"""Execute the notebooks as a reader would, and grade the solutions."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

from . import kept
from .build import Source, make_release, shown, to_bytes
from .text import NotebookError

SLOW_NOTEBOOK = 60.0  # seconds; slower than this is a warning
SLOW_CELL = 10.0
AT_ONCE = 2  # lectures that are executed side by side
STUCK_CELL = 900  # a cell that takes longer hangs

# (notebook bytes, problem set) -> marks given and marks possible, both by exercise
Grade = Callable[[bytes, str], tuple[dict[str, float], dict[str, float]]]


@dataclass
class Outcome:
    """What running a notebook has shown."""

    notebook: NotebookNode
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def execute(source: Source) -> Outcome:
    """Execute one notebook in a kernel of its own, in the text's folder.

    A cell that fails, and an image without alt text, are findings; slowness is a warning only. A
    lecture without findings is kept with its outputs.

    Raises
    ------
    NotebookError
        If the text is not in the form of this package.
    """
    notebook = source.read()
    outcome = Outcome(notebook)
    place = shown(source.text, source.root)
    started: dict[int, float] = {}
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    progress = tqdm(total=len(code_cells), desc=source.name, unit="cell", disable=None)

    def on_start(cell: NotebookNode, cell_index: int) -> None:
        started[cell_index] = time.perf_counter()

    def on_executed(cell: NotebookNode, cell_index: int, execute_reply: dict) -> None:
        progress.update()
        seconds = time.perf_counter() - started[cell_index]
        if seconds > SLOW_CELL:
            outcome.warnings.append(f"{place}: cell {cell.id!r}: took {seconds:.0f} s")

    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=STUCK_CELL,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(source.text.parent)}},
        on_cell_start=on_start,
        on_cell_executed=on_executed,
    )
    begin = time.perf_counter()
    try:
        client.execute(env=_environment(source.root))
    except (CellControlSignal, DeadKernelError) as error:
        outcome.findings.append(
            f"{place}: cell {notebook.cells[max(started)].id!r}: {_summary(error)}"
        )
    finally:
        progress.close()
    outcome.seconds = time.perf_counter() - begin
    if outcome.seconds > SLOW_NOTEBOOK and not source.graded:
        outcome.warnings.append(f"{place}: took {outcome.seconds:.0f} s")
    outcome.findings += [
        f"{place}: cell {cell.id!r}: shows an image without alt text"
        for cell in code_cells
        if any(_image_without_alt(output) for output in cell.outputs)
    ]
    if not outcome.findings and not source.graded:
        kept.keep(source, notebook)
    return outcome


def executed(source: Source) -> NotebookNode:
    """A lecture with its outputs, executed anew only if they may have changed.

    Raises
    ------
    NotebookError
        If a cell fails, or shows an image without alt text.
    """
    notebook = kept.find(source)
    if notebook is not None:
        return notebook
    outcome = execute(source)
    if outcome.findings:
        raise NotebookError(outcome.findings[0])
    return outcome.notebook


def grade(notebook: bytes, problem_set: str) -> tuple[dict[str, float], dict[str, float]]:
    """Grade a notebook as a submission is graded, in the sandbox.

    Returns
    -------
    points, possible : dict of str to float
        The marks given and those possible, by exercise; hand-graded parts aside.
    """
    # Only `run` needs the grader.
    from rnnref.grader.execute import grade_notebook

    record = grade_notebook(notebook, problem_set)
    return record.points, record.possible


def check_marks(source: Source, grade: Grade = grade) -> list[str]:
    """Grade the solution, which must get all marks, and the release, which must get none."""
    notebook, place = source.read(), shown(source.text, source.root)
    wanted = {
        cell.metadata.nbgrader.grade_id.removeprefix("test_"): cell.metadata.nbgrader.points
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
        and cell.metadata.nbgrader.grade
        and not cell.metadata.nbgrader.solution
    }
    findings = []
    for what, graded, share in (("solution", notebook, 1), ("release", make_release(notebook), 0)):
        points, possible = grade(to_bytes(graded), source.name)
        if possible != wanted:
            findings.append(f"{place}: graded out of {possible}, its test cells say {wanted}")
        findings += [
            f"{place}: {exercise}: the {what} must get {share * most} points, "
            f"got {points.get(exercise)}"
            for exercise, most in wanted.items()
            if points.get(exercise) != share * most
        ]
    return findings


def _environment(root: Path) -> dict[str, str]:
    return {
        "OPENBLAS_NUM_THREADS": "1",  # matrices are small: more threads wait for each other
        **os.environ,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")])),
    }


def _summary(error: Exception) -> str:
    if hasattr(error, "ename"):
        return f"{error.ename}: {error.evalue}".splitlines()[0]
    return str(error).splitlines()[0]


def _image_without_alt(output: NotebookNode) -> bool:
    return any(
        mime.startswith("image/") and not output.get("metadata", {}).get(mime, {}).get("alt")
        for mime in output.get("data", {})
    )
