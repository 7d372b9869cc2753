"""Lectures and problem sets as pages, and the tables that list them."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from tools.notebooks.build import Source, make_release, to_bytes

_SET_LINK = re.compile(r"\.\./assignments/(\w+)/\w+\.ipynb")


@dataclass(frozen=True)
class Figure:
    """A picture of a lecture."""

    number: int
    png: bytes
    alt: str
    width: int | None

    @property
    def digest(self) -> str:
        """What names its file on the site."""
        return hashlib.sha256(self.png).hexdigest()


@dataclass(frozen=True)
class Lecture:
    """An executed lecture."""

    name: str
    notebook: NotebookNode

    @property
    def page(self) -> str:
        """Its page on the site, without a suffix."""
        return f"lectures/{self.name}"

    @property
    def number(self) -> int:
        """Its number in the course."""
        return int(self.name.split("_")[0])

    @property
    def opening(self) -> str:
        """Its first cell."""
        return self.notebook.cells[0].source

    @property
    def title(self) -> str:
        """Its heading."""
        return _title(self.opening)

    @property
    def minutes(self) -> str:
        """How long it takes: to read, and with all trials, where it says both."""
        found = re.search(r"\*\*Time:\*\*\s+([^.]*)\.", self.opening)
        return "–".join(re.findall(r"\d+", found[1])) + " minutes" if found else ""

    @property
    def topics(self) -> list[str]:
        """What it teaches: a column of its opening table."""
        rows = _table_rows(self.opening)
        if not rows or "Topic" not in rows[0]:
            return []
        column = rows[0].index("Topic")
        return [row[column] for row in rows[1:] if len(row) > column]

    @property
    def sets(self) -> list[str]:
        """The problem sets that its first cell links to: those that it prepares."""
        return list(dict.fromkeys(_SET_LINK.findall(self.opening)))

    @cached_property
    def figures(self) -> list[Figure]:
        """Its pictures in order."""
        return [
            Figure(number, png, alt, width)
            for number, (png, alt, width) in enumerate(_pictures(self.notebook), start=1)
        ]

    def staged(self, places: Mapping[str, str]) -> bytes:
        """Return the notebook with a target in front of each code cell that is linked to.

        Parameters
        ----------
        places : mapping
            First line of a cell → name of the target.

        Raises
        ------
        ValueError
            If a cell is not there, or not once.
        """
        notebook = _for_site(self.notebook, self.name)
        for first_line, target in places.items():
            found = [
                i
                for i, cell in enumerate(notebook.cells)
                if cell.cell_type == "code" and cell.source.split("\n")[0] == first_line
            ]
            if len(found) != 1:
                raise ValueError(f"{self.name}: {len(found)} cells begin with {first_line!r}")
            notebook.cells.insert(found[0], new_markdown_cell(f"({target})=", id=target))
        return to_bytes(notebook)

    def download(self) -> bytes:
        """The notebook as readers run it, without outputs."""
        notebook = copy.deepcopy(self.notebook)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        return to_bytes(notebook)


@dataclass(frozen=True)
class ProblemSet:
    """A problem set as students get it."""

    name: str
    release: NotebookNode

    @classmethod
    def of(cls, source: Source) -> ProblemSet:
        """Release a set from its text."""
        return cls(source.name, make_release(source.read()))

    @property
    def page(self) -> str:
        """Its page on the site, without a suffix."""
        return f"assignments/{self.name}/{self.name}"

    @property
    def number(self) -> int:
        """Its number in the course."""
        return int(re.match(r"ps(\d+)", self.name)[1])

    @property
    def title(self) -> str:
        """Its heading, without "Problem set …:"."""
        title = _title(self.release.cells[0].source)
        return re.sub(r"^Problem set \d+:\s*", "", title)

    @property
    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """Its opening table: number, exercises, topic, points, minutes; the sum comes last."""
        rows = _table_rows(self.release.cells[0].source)
        return [tuple(row) for row in rows[1:] if len(row) == 5]

    @property
    def minutes(self) -> int:
        """How long it takes, from its opening table."""
        return int(self.rows[-1][4].strip("*"))

    @property
    def exercises(self) -> dict[str, str]:
        """The graded functions and the topic of each, in order."""
        return {name: row[2] for row in self.rows for name in re.findall(r"`(\w+)`", row[1])}

    def staged(self) -> bytes:
        """Return the notebook as a page; the site executes no problem set."""
        return to_bytes(_for_site(self.release, self.name))

    def download(self) -> bytes:
        """The notebook as students get it."""
        return to_bytes(self.release)


def tables(lectures: list[Lecture], sets: list[ProblemSet]) -> dict[str, bytes]:
    """Return the lists of lectures and problem sets, to be included in pages."""
    by_name = {one.name: one for one in sets}
    lines = ["| | lecture | topics | time | problem set |", "|--:|:--|:--|:--|:--|"]
    for one in lectures:
        links = ", ".join(
            f"[{by_name[name].number}](/{by_name[name].page})"
            for name in one.sets
            if name in by_name
        )
        lines.append(
            f"| {one.number} | [{one.title}](/{one.page}) | {'; '.join(one.topics)} "
            f"| {one.minutes} | {links} |"
        )
    lecture_table = "\n".join(lines) + "\n"
    lines = ["| | problem set | exercises | time | lectures |", "|--:|:--|:--|:--|:--|"]
    for one in sets:
        links = ", ".join(f"[{x.number}](/{x.page})" for x in lectures if one.name in x.sets)
        lines.append(
            f"| {one.number} | [{one.title[0].upper()}{one.title[1:]}](/{one.page}) "
            f"| {', '.join(f'`{name}`' for name in one.exercises)} | {_hours(one.minutes)} "
            f"| {links} |"
        )
    set_table = "\n".join(lines) + "\n"
    return {
        "parts/lectures.md": lecture_table.encode(),
        "parts/sets.md": set_table.encode(),
        "lectures/index.md": _index(
            "Lectures",
            "Each is a notebook; what you see on a page here is what its cells have shown when "
            "they were run for this site. Answers are folded: predict first.",
            lecture_table,
            [(f"{x.number} {x.title}", x.name) for x in lectures],
        ),
        "assignments/index.md": _index(
            "Problem sets",
            "Each is a notebook with 100 points, shown here as you get it: not run, and without "
            "answers. The [student's guide](/students) says how to work on one.",
            set_table
            + "".join(
                f"\n## {x.number} {x.title[0].upper()}{x.title[1:]}\n\n{_table(x)}" for x in sets
            ),
            [(f"{x.number} {x.title[0].upper()}{x.title[1:]}", f"{x.name}/{x.name}") for x in sets],
        ),
    }


def _index(title: str, text: str, table: str, entries: list[tuple[str, str]]) -> bytes:
    tree = "\n".join(f"{label} <{page}>" for label, page in entries)
    return (
        f"# {title}\n\n{text}\n\n{table}\n```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{tree}\n```\n"
    ).encode()


def _table(one: ProblemSet) -> str:
    lines = ["| | exercise | what it is about | points | minutes |", "|--:|:--|:--|--:|--:|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in one.rows)]) + "\n"


def _for_site(notebook: NotebookNode, name: str) -> NotebookNode:
    notebook = copy.deepcopy(notebook)
    first = notebook.cells[0]
    up = "../" * (2 if name.startswith("ps") else 1)
    heading, rest = first.source.split("\n", 1)
    first.source = f"{heading}\n\n{{download}}`The notebook <{up}notebooks/{name}.ipynb>`\n{rest}"
    return notebook


def _pictures(notebook: NotebookNode) -> Iterator[tuple[bytes, str, int | None]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                about = output.metadata.get("image/png", {})
                png = base64.b64decode(output.data["image/png"])
                yield png, about.get("alt", ""), about.get("width")


def _title(opening: str) -> str:
    return opening.split("\n", 1)[0].removeprefix("# ").strip()


def _table_rows(text: str) -> list[list[str]]:
    """The cells of the first table in a text, the header's first."""
    rows: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        elif rows:
            break
    return [row for row in rows if not all(set(cell) <= set(":-") for cell in row) or "" in row]


def _hours(minutes: int) -> str:
    hours, rest = divmod(round(minutes / 15), 4)
    return f"{hours}{('', '¼', '½', '¾')[rest]} hours"
