"""Numbers that came from chance: a mean with its standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ERRORS = 5.0  # two right answers differ by more once in some millions


@dataclass(frozen=True, eq=False)
class Sampled:
    """What was found by drawing: means, and how far chance may have moved them.

    Parameters
    ----------
    mean, error : ndarray of the same shape
        `error` is the standard error of each mean, 0 where it is known exactly.
    """

    mean: np.ndarray
    error: np.ndarray

    @classmethod
    def shares(cls, counts: np.ndarray) -> Sampled:
        """The shares of what was counted: each row of `counts` is one draw's possible results.

        Parameters
        ----------
        counts : ndarray of int, shape (..., K)
            How often each of K results came up; a row without any draw tells nothing.

        Returns
        -------
        Sampled
        """
        n = counts.sum(axis=-1, keepdims=True)
        share = counts / np.maximum(n, 1)
        # Not 0 for what never came up (Agresti and Coull 1998): two draws more or less must not
        # decide.
        rounded = (counts + 2) / (n + 4)
        error = np.sqrt(rounded * (1 - rounded) / np.maximum(n, 1))
        return cls(np.where(n, share, 0.0), np.where(n, error, np.inf))

    @classmethod
    def forecast(cls, draws: np.ndarray, n: int = 1) -> Sampled:
        """What the mean of `n` more draws will be, and how far from there chance may move it.

        Parameters
        ----------
        draws : ndarray, shape (N,)
            Numbers drawn independently of each other.
        n : int

        Returns
        -------
        Sampled
        """
        spread = np.std(draws, ddof=1)
        error = spread * np.sqrt(1 / len(draws) + 1 / n)
        return cls(np.array(np.mean(draws)), np.array(error))

    @property
    def is_exact(self) -> bool:
        """Whether chance has no part in it."""
        return not np.any(self.error)

    def agrees(self, other: Sampled) -> bool:
        """Whether both may have come from the same distribution."""
        if self.mean.shape != other.mean.shape:
            return False
        gap = np.abs(self.mean - other.mean)
        allowed = ERRORS * np.hypot(self.error, other.error) + 1e-9 * (1 + np.abs(other.mean))
        return bool(np.all(gap <= allowed))
