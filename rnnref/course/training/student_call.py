"""One call of a student's function in a training loop."""

from collections.abc import Callable
from copy import deepcopy
from numbers import Real

import numpy as np

LARGEST = 1e50  # products and squares of such numbers do not overflow


class StudentCall:
    """One call of a student's function: what is wrong with it is said in its name."""

    def __init__(self, name: str, update: int):
        self._name, self._update = name, update
        self._value: object = None

    def __call__(self, function: Callable, *args):
        """Call the function with copies: what it does to them must not reach the loop."""
        try:
            self._value = function(*map(deepcopy, args))
        except NotImplementedError as error:
            raise NotImplementedError(f"{self._name} is not written yet") from error
        except Exception as error:
            raise self._failure(f"raised {type(error).__name__}: {error}") from error
        return self

    def parts(self, names: str) -> list:
        """The returned values, as many as there are names."""
        wanted, value = len(names.split(", ")), self._value
        if not isinstance(value, tuple | list) or len(value) != wanted:
            raise self._failure(f"should return {names}, it returned {_described(value)}")
        return list(value)

    def require_arrays(self, arrays, names, like) -> None:
        """Refuse anything but arrays of these shapes, with numbers that can be trained with."""
        if not isinstance(arrays, tuple | list) or len(arrays) != len(names):
            raise self._failure(
                f"should return lists of {len(names)} arrays, one was {_described(arrays)}"
            )
        for array, name, right in zip(arrays, names, like, strict=True):
            fits = isinstance(array, np.ndarray) and array.shape == right.shape
            if not fits or array.dtype.kind not in "iuf":
                raise self._failure(
                    f"should return {name} as an array of shape {right.shape}, it returned "
                    f"{_described(array)}"
                )
            self._require_size(name, array)

    def require_number(self, name, value) -> float:
        """Return a number as a float; refuse anything else."""
        number = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
        if not isinstance(number, Real):
            raise self._failure(
                f"should return {name} as a number, it returned {_described(value)}"
            )
        self._require_size(name, number)
        return float(number)

    def _require_size(self, name, value) -> None:
        """Refuse nan, infinity and what is on the way there: what is trained with them is lost."""
        if not np.all(np.abs(value) < LARGEST):
            raise self._failure(
                f"returned {name} with numbers that are not finite, or larger than {LARGEST:g}"
            )

    def _failure(self, what: str) -> RuntimeError:
        return RuntimeError(f"your {self._name} {what} (update {self._update})")


def _described(value) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)[:60]
