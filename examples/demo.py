"""Grades the sample class in a course folder of its own and shows the table.

Run by ``make demo``. Nothing of a real class is touched: everything lies below ``grading/demo``.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sample import write
from sample_class import ORDINARY, SAMPLES, SET

from rnnref.grader.app import main as rnnref
from rnnref.grader.sandbox import Sandbox, SandboxUnavailable

ROOT = Path(__file__).parents[1]
COURSE = ROOT / "grading" / "demo"


def sandbox_trouble() -> str:
    """Why there is no sandbox on this machine; empty if there is one."""
    try:
        with Sandbox():
            return ""
    except SandboxUnavailable as error:
        return str(error)


def make_course(folder: Path, samples: tuple) -> None:
    """A course folder with a class's submissions and their problem set."""
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "solutions").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for problem_set in {sample.problem_set for sample in samples}:
        shutil.copytree(ROOT / "solutions" / problem_set, folder / "solutions" / problem_set)
    write(folder / "grading" / "submitted", samples)


def main() -> int:
    """Grade the sample class."""
    trouble = sandbox_trouble()
    samples = ORDINARY if trouble else SAMPLES
    if trouble:
        print(f"No sandbox here, so the hostile submissions are left out: {trouble}")
    make_course(COURSE, samples)
    print(f"A class of {len(samples)} has handed in {SET}:")
    for sample in samples:
        print(f"  {sample.student:8} {sample.about}")
    isolation = ["--isolation", "none"] if trouble else []
    status = rnnref(["grade", SET, "--course", str(COURSE), *isolation])
    page = COURSE / "grading" / "feedback" / "elif" / SET / f"{SET}.html"
    print(f"Open {page.relative_to(ROOT)} in a browser; then `make lab` for the course itself.")
    return status


if __name__ == "__main__":
    sys.exit(main())
