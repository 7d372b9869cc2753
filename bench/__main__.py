"""Measure every layer, print one table each and write it to `bench/results/`.

Usage: ``python -m bench [layer ...]``, by default all layers.
"""

import argparse
from importlib import import_module
from pathlib import Path

from bench.report import report
from bench.timing import compare

LAYERS = ("rnn",)  # each a module here: TITLE, AXES, SHAPES, contenders(shape, dtype)
RESULTS = Path(__file__).parent / "results"


def main():
    """Run the layers named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n\n")[0])
    parser.add_argument("layers", nargs="*", metavar="layer", help=f"out of {', '.join(LAYERS)}")
    layers = parser.parse_args().layers or LAYERS
    if unknown := set(layers) - set(LAYERS):
        parser.error(f"layer must be one of {', '.join(LAYERS)}, got {', '.join(unknown)}")
    RESULTS.mkdir(exist_ok=True)
    for name in layers:
        layer = import_module(f"bench.{name}")
        rows = [
            (shape, dtype, compare(layer.contenders(shape, dtype)))
            for dtype in ("float64", "float32")
            for shape in layer.SHAPES
        ]
        text = report(layer.TITLE, layer.AXES, f"python -m bench {name}", rows)
        print(text)
        (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
