"""Measurements as a Markdown table, with what they were made on."""

import os
import platform
from pathlib import Path

import numpy as np


def report(title, axes, command, rows, kept=None):
    """Return the text.

    A row is (shape, dtype, seconds by contender, memory), `rnnref` the first contender; its
    memory is in units of what is `kept`, in words, or None.
    """
    _, *others = rows[0][2]
    head = [axes, "dtype", "rnnref, ms"]
    for other in others:
        head += [f"{other}, ms", f"rnnref / {other}"]
    if kept:
        head.append("memory / kept")
    body = []
    for shape, dtype, seconds, memory in rows:
        ours = seconds["rnnref"]
        cells = [str(shape), dtype, f"{1e3 * ours:.2f}"]
        for other in others:
            cells += [f"{1e3 * seconds[other]:.2f}", f"{ours / seconds[other]:.2f}"]
        if kept:
            cells.append(f"{memory:.2f}")
        body.append(cells)
    made = f"Made by `{command}`: medians of rounds in which all take turns. {machine()}"
    unit = [f"Memory is the most that `rnnref` holds at once; kept are {kept}.", ""]
    return "\n".join([f"# {title}", "", *table(head, body), "", *(unit if kept else []), made, ""])


def table(head, body):
    """Return the lines of a Markdown table, its columns aligned."""
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    lines = [head, ["-" * (width - 1) + ":" for width in widths], *body]
    return [
        "| " + " | ".join(c.rjust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]


def machine():
    """Return processor, cores and versions in one sentence."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return (
        f"{processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, "
        f"NumPy {np.__version__}, {blas['name']} {blas['version']}."
    )


def processor():
    """Return the processor's name, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
