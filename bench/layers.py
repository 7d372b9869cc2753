"""A layer at its shapes and dtypes against other implementations, as one table."""

import numpy as np

from bench.report import report
from bench.timing import compare, peak


def measure(layer):
    """Return the table of a module with TITLE, AXES, SHAPES and contenders(shape, dtype).

    If it has KEPT as well, a pair of words and a function from a shape's sizes to a number of
    values, memory is compared with that.
    """
    name = layer.__name__.removeprefix("bench.")
    kept, count = getattr(layer, "KEPT", (None, None))
    rows = []
    for dtype in ("float64", "float32"):
        for shape in layer.SHAPES:
            contenders = layer.contenders(shape, dtype)
            memory = None
            if kept is not None:
                least = count(*shape) * np.dtype(dtype).itemsize
                memory = peak(contenders["rnnref"]) / least
            rows.append((shape, dtype, compare(contenders), memory))
    return report(layer.TITLE, layer.AXES, f"python -m bench {name}", rows, kept)
