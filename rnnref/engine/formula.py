"""Functions given to a student's function as an argument, as plain data that can be stored."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Shape = tuple[int, ...]


class Formula:
    """The function f(x) = Σ_j w_j sin(Σ_i A_ji x_i + c_j) of all entries of an array, or of a dict.

    It takes nothing but what it was made for, and no more calls than it allows: both are errors
    that say so.

    Parameters
    ----------
    w, c : ndarray, shape (J,)
        Weights and phases of the waves.
    A : ndarray, shape (J, n)
        n is the number of entries of x, those of a dict one array after another.
    shape : tuple of int, or dict of them
        Of x, or of each array of x.
    most : int, optional
        How often it may be called.
    """

    def __init__(
        self,
        w: np.ndarray,
        A: np.ndarray,
        c: np.ndarray,
        shape: Shape | Mapping[str, Shape],
        most: int | None = None,
    ):
        self.w, self.A, self.c, self.shape, self.most = w, A, c, shape, most
        self._calls = 0

    @classmethod
    def draw(
        cls, rng: np.random.Generator, shape: Shape | Mapping[str, Shape], most: int | None = None
    ) -> Formula:
        """A random one of four waves."""
        shapes = shape.values() if isinstance(shape, Mapping) else [shape]
        n = sum(int(np.prod(one)) for one in shapes)
        A = rng.normal(size=(4, n))
        return cls(rng.uniform(0.5, 1.5, 4), A, rng.uniform(0, 3, 4), shape, most)

    def fresh(self) -> Formula:
        """The same function, not yet called."""
        return Formula(self.w, self.A, self.c, self.shape, self.most)

    def __call__(self, x: np.ndarray | dict[str, np.ndarray]) -> float:
        """The value at x.

        Raises
        ------
        TypeError
            If x is not what the function takes.
        RuntimeError
            If it is called too often.
        """
        self._calls += 1
        if self.most is not None and self._calls > self.most:
            raise RuntimeError(f"f may be called {self.most} times, and this was once more")
        return float(np.sum(self.w * np.sin(self.A @ self._entries(x) + self.c)))

    def gradient(self, x: np.ndarray | dict[str, np.ndarray]) -> np.ndarray | dict:
        """∂f/∂x, built like x."""
        g = (self.w * np.cos(self.A @ self._entries(x) + self.c)) @ self.A
        if not isinstance(self.shape, Mapping):
            return g.reshape(self.shape)
        parts, start = {}, 0
        for name, shape in self.shape.items():
            size = int(np.prod(shape))
            parts[name] = g[start : start + size].reshape(shape)
            start += size
        return parts

    def _entries(self, x: object) -> np.ndarray:
        if not isinstance(self.shape, Mapping):
            return _array("x", x, self.shape).ravel()
        if not isinstance(x, dict) or list(x) != list(self.shape):
            keys = ", ".join(self.shape)
            raise TypeError(f"f takes a dict with the keys {keys}, in this order")
        return np.concatenate([_array(f"{k!r}", x[k], s).ravel() for k, s in self.shape.items()])


def _array(name: str, x: object, shape: Shape) -> np.ndarray:
    if not isinstance(x, np.ndarray) and not (shape == () and isinstance(x, float)):
        # Scalars of NumPy reach it as Python's through a sandbox: one word for both.
        came = "a number" if isinstance(x, np.number | int | float) else f"a {type(x).__name__}"
        raise TypeError(f"f takes for {name} a numpy.ndarray, got {came}")
    x = np.asarray(x)
    if x.shape != shape or x.dtype != np.float64:
        raise TypeError(
            f"f takes for {name} an array of shape {shape} and dtype float64, "
            f"got {x.shape} and {x.dtype}"
        )
    return x
