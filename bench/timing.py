"""Times of several functions that do the same work, side by side in one process; memory."""

import time
import tracemalloc

import numpy as np

ROUNDS = 15
SECONDS = 0.05  # of one function in one round


def compare(contenders):
    """Return the median time in seconds of each contender, a dict of functions by name.

    All must return the same numbers. They take turns, so that whatever else the machine does
    meets them alike.
    """
    first, *others = (contender() for contender in contenders.values())
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * np.abs(b).max())
    repeats = {name: max(1, round(SECONDS / _time(f, 1))) for name, f in contenders.items()}
    times = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, contender in contenders.items():
            times[name].append(_time(contender, repeats[name]))
    return {name: float(np.median(seconds)) for name, seconds in times.items()}


def peak(function):
    """Return the most bytes that NumPy and Python hold at once for a call, its results too."""
    function()  # what is made once and kept is not counted
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _time(function, repeats):
    """Return the mean time of a call in seconds."""
    start = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - start) / repeats
