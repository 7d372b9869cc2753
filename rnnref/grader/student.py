"""A student's notebook at work: its process, brought back when a cell has ended it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from nbformat import NotebookNode

from rnnref.grader.intake.source import bound_names
from rnnref.grader.sandbox import Sandbox
from rnnref.grader.sandbox.child import CellResult, Child, ChildEnded
from rnnref.grader.sandbox.limits import Limits
from rnnref.grader.sandbox.proxy import Proxy

# A notebook that kills its process again and again gets no more than these.
RESTARTS = 4


class Student:
    """Runs a student's cells; a context manager.

    A cell that ends the process costs what that cell defines and nothing else: the cells before it
    are run again in a new process, and the notebook goes on without it.

    Parameters
    ----------
    sandbox : Sandbox
        Where the processes are.
    limits : Limits
        What the notebook may use, all its processes together.
    """

    def __init__(self, sandbox: Sandbox, limits: Limits):
        self._sandbox = sandbox
        self._limits = limits
        self._deadline = time.monotonic() + limits.notebook_wall
        self._child: Child | None = None
        self._ran: list[str] = []
        self._restarts = 0
        self._lost: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self.notes: list[str] = []

    def __enter__(self) -> Student:
        self._child = self._sandbox.child(self._limits)
        return self

    def __exit__(self, *error: object) -> None:
        if self._child is not None:
            self._child.close()

    def run(self, cell: NotebookNode) -> list[dict]:
        """Run a code cell.

        Parameters
        ----------
        cell : NotebookNode
            One of the student's, or a locked set-up cell.

        Returns
        -------
        list of dict
            Its outputs; an error, or the process's end, is the last of them. Later cells may
            still update displays among them.
        """
        try:
            # Something that an earlier cell left behind may end the process between two cells.
            if self._child is not None and self._child.ended is not None:
                self._restore()
            if self._child is None:
                return [error_output("NotRun", "too many cells ended the notebook")]
            result = self._child.run_cell(cell.source)
        except ChildEnded as error:
            result = CellResult([], ended=error.ended)
        if result.ended is None:
            self._ran.append(cell.source)
            if result.error is not None:
                said = f"{result.error['ename']}: {result.error['evalue']}"[:200]
                self._failed |= dict.fromkeys(bound_names(cell.source), said)
            return result.outputs
        self._lose(cell, result.ended.text)
        self._restore()
        return [*result.outputs, error_output("Stopped", result.ended.text)]

    def proxy(self, name: str) -> Proxy | None:
        """Give a name of the notebook; None if there is no process any more.

        Parameters
        ----------
        name : str
            What the student was to define.

        Returns
        -------
        Proxy or None
        """
        if self._child is not None and self._child.ended is not None:
            self._restore()
        return self._child and Proxy(self._child, name)

    def missing(self, name: str) -> str:
        """Why the notebook does not define a name; empty if it does.

        Parameters
        ----------
        name : str
            What the student was to define.

        Returns
        -------
        str
            A sentence.
        """
        try:
            if self._child is None:
                return "Not run: too many cells ended the notebook."
            if name in self._child.names():
                return ""
        except ChildEnded as error:
            return f"The notebook ended before {name} could be tried: {error}."
        if name in self._lost:
            return f"The cell that defines {name} ended the notebook: {self._lost[name]}."
        if name in self._failed:
            return f"The cell that defines {name} fails: {self._failed[name]}"
        return f"Your notebook does not define {name}; is its cell there, under this name?"

    def _lose(self, cell: NotebookNode, why: str) -> None:
        """Say what a cell that ended the process has cost."""
        self._lost |= dict.fromkeys(bound_names(cell.source), why)
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        which = f"The cell {name}" if name else f"The cell “{cell.source.strip()[:40]}…”"
        self.notes.append(f"{which} ended the notebook ({why}); the rest was run without it.")

    def _restore(self) -> None:
        """A new process in which all cells have run that did not end theirs."""
        while self._restarts < RESTARTS and (left := self._deadline - time.monotonic()) > 0:
            self._restarts += 1
            self._child.close()
            self._child = self._sandbox.child(replace(self._limits, notebook_wall=left))
            ended = next((source for source in self._ran if self._ends(source)), None)
            if ended is None:
                return
            self._ran.remove(ended)
        self._child.close()
        self._child = None
        self.notes.append("The process ended too often; what follows was not run.")

    def _ends(self, source: str) -> bool:
        """Whether a cell ends the process, which runs it."""
        try:
            return self._child.run_cell(source).ended is not None
        except ChildEnded:
            return True


def error_output(name: str, text: str, traceback: Sequence[str] = ()) -> dict:
    """An error as a cell's output.

    Parameters
    ----------
    name, text : str
        The exception's class and text.
    traceback : sequence of str
        Its lines.

    Returns
    -------
    dict
    """
    return {
        "output_type": "error",
        "ename": name,
        "evalue": text,
        "traceback": [*traceback] or [f"{name}: {text}"],
    }
