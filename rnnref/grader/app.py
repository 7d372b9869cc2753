"""The command ``rnnref``: grade a class, look what this machine has."""

from __future__ import annotations

import argparse
import signal
import sys

from rnnref import __version__

OLDEST = (3, 11)


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : list of str or None
        What follows ``rnnref`` on the command line; None takes it from there.

    Returns
    -------
    int
        0: done. 1: graded, but the grader itself failed for somebody. 2: nothing was graded, and
        one sentence said why.
    """
    if sys.version_info < OLDEST:
        needed, found = ".".join(map(str, OLDEST)), ".".join(map(str, sys.version_info[:3]))
        return _fail(f"rnnref needs Python {needed} or newer; this is Python {found}.")
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second one changes nothing
        return _fail("Stopped. What was graded so far is saved.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rnnref", description="Grades the problem sets of the course and names the mistakes."
    )
    parser.add_argument("--version", action="version", version=f"rnnref {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    grading = commands.add_parser(
        "grade",
        help="grade a problem set",
        description="Grades what stands in grading/submitted/<student>/<set>/, writes the marks "
        "into nbgrader's gradebook and a feedback page for every student, and prints a table.",
    )
    grading.add_argument("set", metavar="SET", help="the problem set, for example ps1_recurrence")
    grading.add_argument(
        "--student",
        action="append",
        default=[],
        metavar="ID",
        help="only this student; may be given several times",
    )
    grading.add_argument(
        "--course", default=".", metavar="DIR", help="the course folder (default: this folder)"
    )
    grading.add_argument(
        "--seed",
        action="store_true",
        help="draw new hidden cases for the class (otherwise those of the first grading)",
    )
    grading.add_argument(
        "--isolation",
        choices=("sandbox", "none"),
        default="sandbox",
        help="'none' runs the students' code as you, without a sandbox: only for submissions "
        "that you trust",
    )
    grading.set_defaults(run=_grade)

    doctor = commands.add_parser(
        "doctor",
        help="look what this machine has for grading",
        description="Tries the sandbox and says what is missing and what to do about it.",
    )
    doctor.set_defaults(run=_doctor)
    return parser


def _grade(options: argparse.Namespace) -> int:
    # Imported here so that --help and a wrong Python are answered at once.
    from rnnref.grader.intake.source import CourseError
    from rnnref.grader.runner import grade
    from rnnref.grader.sandbox import SandboxUnavailable
    from rnnref.grader.table import class_table

    if options.seed and options.student:
        return _fail("--seed is for the whole class: the same hidden cases for everybody.")
    try:
        result = grade(
            options.set,
            options.course,
            students=tuple(options.student),
            new_seed=options.seed,
            isolation=options.isolation,
            progress=sys.stderr.isatty(),
        )
    except (CourseError, SandboxUnavailable) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename or 'The course folder'}: {error.strerror or error}.")
    print(class_table(result, colour=sys.stdout.isatty()))
    return 1 if result.failed else 0


def _doctor(options: argparse.Namespace) -> int:
    from rnnref.grader import doctor

    return doctor.main()


def _fail(sentence: str) -> int:
    shown = "".join(c if c.isprintable() else "?" for c in sentence)
    print(f"rnnref: {shown}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
