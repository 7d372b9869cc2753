"""A layer at its shapes and dtypes against other implementations, as one table."""

from bench.report import report
from bench.timing import compare


def measure(layer):
    """Return the table of a module with TITLE, AXES, SHAPES and contenders(shape, dtype)."""
    name = layer.__name__.removeprefix("bench.")
    rows = [
        (shape, dtype, compare(layer.contenders(shape, dtype)))
        for dtype in ("float64", "float32")
        for shape in layer.SHAPES
    ]
    return report(layer.TITLE, layer.AXES, f"python -m bench {name}", rows)
