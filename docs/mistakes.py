"""The mistakes that the checks know, without the answers."""

from __future__ import annotations

import re

from rnnref.checks import problem_sets, table
from rnnref.engine.answers import Answers
from rnnref.engine.trained import Trained

from .notebooks import ProblemSet


def pages(sets: list[ProblemSet]) -> dict[str, bytes]:
    """Return the page: of each mistake its name and what the check says, no hint and no code."""
    sections, count = [], 0
    for one in sets:
        if one.name not in problem_sets():
            continue
        sections.append(f"## {one.number} {one.title[0].upper()}{one.title[1:]}")
        for name, exercise in table(one.name).items():
            if isinstance(exercise, Trained) or not exercise.mistakes:
                continue
            count += len(exercise.mistakes)
            rows = [
                f"| {_plain(mistake.name)} | {_says(mistake, exercise)} |"
                for mistake in exercise.mistakes
            ]
            topic = one.exercises.get(name, "")
            sections.append(f"### `{name}`{': ' + topic if topic else ''}")
            sections.append("\n".join(["| mistake | what the check says |", "|:--|:--|", *rows]))
    opening = (
        "# The mistakes that the checks know\n\n"
        f"{count} mistakes have a name. An exercise's table holds each as a wrong line in a right "
        "solution; a check names it when your function gives exactly its numbers (see "
        "[how the checks work](checks.md)). Here stand the names and the sentences. Hints, which "
        "come folded below a verdict, and the code of the tables are left out: if you are working "
        "on a set, write your own answer first. A mistake marked ½ is right in another convention "
        "and gets half the points."
    )
    return {"mistakes.md": ("\n\n".join([opening, *sections]) + "\n").encode()}


def _says(mistake: object, exercise: object) -> str:
    said = _plain(mistake.says)
    if isinstance(exercise, Answers):
        return f"(your choices): {said}"
    return f"½ {said}" if mistake.convention else said


def _plain(text: str) -> str:
    """Text for a cell of a Markdown table; what stands in backticks stays code."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(
        part.replace("|", r"\|")
        if part.startswith("`")
        else re.sub(r"([\\*_<>\[\]$|{}~^])", r"\\\1", part)
        for part in parts
    )
