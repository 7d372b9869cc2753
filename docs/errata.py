"""Where the slides that the course follows are wrong, and which cell shows the right form."""

from __future__ import annotations

import tomllib
from pathlib import Path

from .notebooks import Lecture

_FILE = Path(__file__).with_name("errata.toml")


def read() -> list[dict[str, str]]:
    """Return the entries of ``errata.toml``."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))["erratum"]


def places(entries: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return for each lecture the targets: first line of a cell → name."""
    found: dict[str, dict[str, str]] = {}
    for entry in entries:
        if "cell" in entry:
            cells = found.setdefault(entry["lecture"], {})
            cells.setdefault(entry["cell"], f"shown-{entry['lecture'][:2]}-{len(cells) + 1}")
    return found


def pages(entries: list[dict[str, str]], lectures: list[Lecture]) -> dict[str, bytes]:
    """Return the page."""
    targets, numbers = places(entries), {lecture.name: lecture.number for lecture in lectures}
    text = [
        "# Errata of the slides",
        "The course follows five sets of lecture slides, called D0 to D4. Where they are wrong, or "
        "say less than is needed, the lectures teach the right form. A link leads to a cell that "
        "shows it.",
    ]
    for document in sorted({entry["slides"] for entry in entries}):
        rows = ["| the slides | the right form | shown in |", "|:--|:--|:--|"]
        for entry in entries:
            if entry["slides"] == document:
                shown = ""
                if entry.get("lecture") in numbers:
                    target = targets[entry["lecture"]][entry["cell"]]
                    label = entry["cell"].removeprefix("# ").replace("|", r"\|")
                    shown = f"[lecture {numbers[entry['lecture']]}, “{label}”](#{target})"
                rows.append(f"| {entry['wrong']} | {entry['right']} | {shown} |")
        text += [f"## {document}", "\n".join(rows)]
    return {"errata.md": ("\n\n".join(text) + "\n").encode()}
