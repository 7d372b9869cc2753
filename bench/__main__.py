"""Measure the reference and the grader; print each table and write it to `bench/results/`.

Usage: ``python -m bench [name ...] [--text FILE]``, by default all.
"""

import argparse
from importlib import import_module
from pathlib import Path

# Each a module here, with measure() -> Markdown.
BENCHES = ("rnn", "lstm", "gru", "ctc", "character_model", "grading")
RESULTS = Path(__file__).parent / "results"


def main():
    """Run the benches named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help=f"out of {', '.join(BENCHES)}")
    parser.add_argument("--text", metavar="FILE", help="a further text for character_model, UTF-8")
    arguments = parser.parse_args()
    names = arguments.names or BENCHES
    if unknown := set(names) - set(BENCHES):
        parser.error(f"name must be one of {', '.join(BENCHES)}, got {', '.join(unknown)}")
    RESULTS.mkdir(exist_ok=True)
    for name in names:
        options = {"text": arguments.text} if name == "character_model" else {}
        text = import_module(f"bench.{name}").measure(**options)
        print(text)
        (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
