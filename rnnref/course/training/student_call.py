"""One call of a student's function in a training loop."""

from collections.abc import Callable

import numpy as np


class StudentCall:
    """One call of a student's function: what is wrong with it is said in its name."""

    def __init__(self, name: str, update: int):
        self._name, self._update = name, update
        self._value: object = None

    def __call__(self, function: Callable, *args):
        try:
            self._value = function(*args)
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
        """Refuse other arrays than finite ones of these shapes."""
        if not isinstance(arrays, tuple | list) or len(arrays) != len(names):
            raise self._failure(
                f"should return lists of {len(names)} arrays, one was {_described(arrays)}"
            )
        for array, name, right in zip(arrays, names, like, strict=True):
            if not isinstance(array, np.ndarray) or array.shape != right.shape:
                raise self._failure(
                    f"should return {name} as an array of shape {right.shape}, it returned "
                    f"{_described(array)}"
                )
            self.require_finite(name, array)

    def require_finite(self, name, value) -> None:
        """Refuse nan and infinity: what is trained with them is lost."""
        if not np.all(np.isfinite(value)):
            raise self._failure(f"returned {name} with numbers that are not finite")

    def _failure(self, what: str) -> RuntimeError:
        return RuntimeError(f"your {self._name} {what} (update {self._update})")


def _described(value) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)[:60]
