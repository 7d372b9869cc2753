"""Puts all sources of the site into one folder, as Sphinx wants them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from nbformat import NotebookNode

from tools.notebooks.build import Source, find_sources
from tools.notebooks.run import AT_ONCE, executed
from tools.notebooks.text import NotebookError

from . import api, errata, figures, limits, mistakes, notebooks

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
SOURCE = BUILD / "site-source"


def assemble() -> list[str]:
    """Write the sources; what has not changed is left alone, so that Sphinx need not read it.

    Returns
    -------
    list of str
        What is wrong, a sentence each: a lecture that does not run is left out.
    """
    sources = find_sources(ROOT)
    lectures, findings = [], []
    for source, notebook in _executed([source for source in sources if not source.graded]):
        if isinstance(notebook, str):
            findings.append(notebook)
        else:
            lectures.append(notebooks.Lecture(source.name, notebook))
    sets = [notebooks.ProblemSet.of(source) for source in sources if source.graded]
    places = errata.places(errata.read())
    files: dict[str, bytes] = {}
    for path in sorted((ROOT / "docs/text").rglob("*")):
        if path.is_file():
            files[path.relative_to(ROOT / "docs/text").as_posix()] = path.read_bytes()
    files["changelog.md"] = (ROOT / "CHANGELOG.md").read_bytes()
    for lecture in lectures:
        files[f"{lecture.page}.ipynb"] = lecture.staged(places.get(lecture.name, {}))
    for problem_set in sets:
        files[f"{problem_set.page}.ipynb"] = problem_set.staged()
    for one in (*lectures, *sets):
        files[f"notebooks/{one.name}.ipynb"] = one.download()
    files |= notebooks.tables(lectures, sets)
    files |= figures.pages(lectures)
    files |= mistakes.pages(sets)
    files |= errata.pages(errata.read(), lectures)
    files |= limits.pages()
    files |= api.pages()
    _write(files)
    return findings


def _executed(sources: list[Source]) -> Iterator[tuple[Source, NotebookNode | str]]:
    """Yield each lecture with its notebook and all outputs, or with the error of a cell."""
    with ProcessPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(executed, source) for source in sources]
        for source, job in zip(sources, jobs, strict=True):
            try:
                yield source, job.result()
            except NotebookError as error:
                yield source, str(error)


def _write(files: dict[str, bytes]) -> None:
    wanted = {SOURCE / name: content for name, content in files.items()}
    for path in sorted(SOURCE.rglob("*")):
        if path.is_file() and path not in wanted:
            path.unlink()
    for path, content in wanted.items():
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
