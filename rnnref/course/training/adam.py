"""What the loops with Adam have in common: the steps, and parameters as one vector."""

import numpy as np


class Adam:
    """Running means of the clipped gradient and of its square, and the step they give."""

    def __init__(self, clip: float):
        self._clip = clip
        self._mean = self._square = 0.0
        self._steps = 0

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """The next step at a rate of −1."""
        gradient = gradient / max(1.0, np.sqrt(gradient @ gradient) / self._clip)
        self._steps += 1
        self._mean = 0.9 * self._mean + 0.1 * gradient
        self._square = 0.999 * self._square + 0.001 * gradient**2
        # Both began at zero: in the first steps they are too small by these factors.
        mean = self._mean / (1 - 0.9**self._steps)
        square = self._square / (1 - 0.999**self._steps)
        return mean / (np.sqrt(square) + 1e-8)


def flat(arrays) -> np.ndarray:
    """All entries in a row: one vector is easier to clip and to step with."""
    return np.concatenate([np.ravel(array) for array in arrays])


def shaped(entries, like) -> list:
    """The arrays whose entries stand in a row, in the shapes of others."""
    ends = np.cumsum([array.size for array in like])
    parts = zip(np.split(entries, ends[:-1]), like, strict=True)
    return [part.reshape(array.shape) for part, array in parts]
