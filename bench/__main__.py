"""Measure the reference and the grader; print each table and write it to `bench/results/`.

Usage: ``python -m bench [name ...]``, by default all.
"""

import argparse
from importlib import import_module
from pathlib import Path

BENCHES = ("rnn", "lstm", "gru", "ctc", "grading")  # each a module here, with measure() -> Markdown
RESULTS = Path(__file__).parent / "results"


def main():
    """Run the benches named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help=f"out of {', '.join(BENCHES)}")
    names = parser.parse_args().names or BENCHES
    if unknown := set(names) - set(BENCHES):
        parser.error(f"name must be one of {', '.join(BENCHES)}, got {', '.join(unknown)}")
    RESULTS.mkdir(exist_ok=True)
    for name in names:
        text = import_module(f"bench.{name}").measure()
        print(text)
        (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
