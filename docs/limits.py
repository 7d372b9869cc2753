"""The grader's default limits as a table, from the class that holds them."""

from __future__ import annotations

import inspect
import re

from rnnref.grader.sandbox.limits import Limits


def pages() -> dict[str, bytes]:
    """Return the table, to be included: each group's comment, its limits and their values."""
    groups: list[tuple[str, list[str]]] = []
    in_comment = False
    for line in inspect.getsource(Limits).splitlines():
        if line.strip().startswith("# "):
            text = line.strip().removeprefix("# ")
            if in_comment:
                groups[-1] = (f"{groups[-1][0]} {text}", [])
            else:
                groups.append((text, []))
            in_comment = True
        elif found := re.match(r"    (\w+): (?:int|float) = ", line):
            groups[-1][1].append(found[1])
            in_comment = False
    lines = ["| what | limits | default |", "|:--|:--|:--|"]
    for comment, names in groups:
        if names:
            values = ", ".join(_shown(name, getattr(Limits(), name)) for name in names)
            lines.append(f"| {comment} | {', '.join(f'`{name}`' for name in names)} | {values} |")
    return {"parts/limits.md": ("\n".join(lines) + "\n").encode()}


def _shown(name: str, value: float) -> str:
    if name.endswith(("cpu", "wall")):
        return f"{value:g} s"
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value % size == 0:
            return f"{value // size} {unit}"
    return f"{value:,}"
