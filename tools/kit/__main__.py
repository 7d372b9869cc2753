"""The command line: ``python -m tools.kit [--only NAME …]``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnref.checks import problem_sets

from .build import ROOT, write_kit


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the kits and say where they are."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.kit", description="Build a zip for students per problem set."
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=problem_sets())
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "kit", metavar="FOLDER")
    options = parser.parse_args(arguments)
    for name in options.only or problem_sets():
        path = write_kit(name, options.to)
        print(f"{path}  {path.stat().st_size / 2**20:.1f} MiB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
