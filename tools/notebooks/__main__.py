"""The command line: ``python -m tools.notebooks build | check | run``."""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from .build import Source, find_sources, shown, write_changed
from .rules import check
from .run import AT_ONCE, check_marks, execute
from .text import NotebookError

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run one command; return 0, or 1 if there are findings (printed to stderr, one a line)."""
    parser = _parser()
    options = parser.parse_args(arguments)
    sources = find_sources(root)
    known = [source.name for source in sources]
    for name in options.only or ():
        if name not in known:
            parser.error(
                f"--only must name texts in lectures/ or solutions/, got {name!r}; "
                f"there are {', '.join(known) or 'none'}"
            )
    selected = [source for source in sources if not options.only or source.name in options.only]
    findings = {"build": _build, "check": _check, "run": _run}[options.command](root, selected)
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.notebooks",
        description="Build, check and run the course's notebooks from lectures/*.py and "
        "solutions/*.py.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="build | check | run")
    for command, text in (
        ("build", "write the notebooks whose text has changed"),
        ("check", "report notebooks that are out of date, leak answers or break a rule"),
        ("run", "execute the notebooks; grade each solution (all marks) and release (none)"),
    ):
        subparser = commands.add_parser(command, help=text, description=text.capitalize() + ".")
        subparser.add_argument(
            "--only",
            nargs="+",
            metavar="NAME",
            help="limit to these, such as 03_recurrent_networks or ps1_recurrence",
        )
    return parser


def _build(root: Path, sources: list[Source]) -> list[str]:
    findings, files = [], {}
    for source in sources:
        try:
            files |= source.build()
        except NotebookError as error:
            findings.append(str(error))
    changed = write_changed(files)
    for path in changed:
        print(f"wrote {shown(path, root)}")
    print(f"notebooks written: {len(changed)}, up to date: {len(files) - len(changed)}")
    return findings


def _check(root: Path, sources: list[Source]) -> list[str]:
    findings = check(root, sources)
    print(f"texts checked: {len(sources)}, findings: {len(findings)}")
    return findings


def _run(root: Path, sources: list[Source]) -> list[str]:
    findings = []
    with ProcessPoolExecutor(AT_ONCE) as pool:
        lectures = [source for source in sources if not source.graded]
        for outcome in pool.map(_execute, lectures):
            findings += _told(outcome)
    # One after the other: a grade needs the machine to itself, for its limits are in seconds.
    for source in (source for source in sources if source.graded):
        findings += _told(_execute(source))
        print(f"{source.name}: grading solution and release", flush=True)
        try:
            findings += check_marks(source)
        except NotebookError as error:
            findings.append(str(error))
    return findings


def _execute(source: Source) -> tuple[list[str], list[str]]:
    """What to print about one notebook, and the findings."""
    try:
        outcome = execute(source)
    except NotebookError as error:
        return [], [str(error)]
    lines = [f"{source.name}: executed in {outcome.seconds:.1f} s"]
    return lines + [f"warning: {warning}" for warning in outcome.warnings], outcome.findings


def _told(outcome: tuple[list[str], list[str]]) -> list[str]:
    lines, findings = outcome
    for line in lines:
        print(line, flush=True)
    return findings


if __name__ == "__main__":
    sys.exit(main())
