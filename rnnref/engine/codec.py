"""Values as plain JSON and raw bytes, and back, without running anybody's code.

Only exact types cross: None, bool, int, float, complex, str, list, tuple, dict with str keys, and
NumPy arrays of booleans, integers, floats and complex numbers. NumPy scalars become Python
numbers. Everything else, subclasses included, is a `CodecError` that names the type. `decode`
trusts nothing: what it is given may come from a student's process.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# No float16 and no long double: their size or existence differs between machines.
_DTYPES = frozenset(
    order + kind
    for order in "<>"
    for kind in ("i2", "i4", "i8", "u2", "u4", "u8", "f4", "f8", "c8", "c16")
) | {"|b1", "|i1", "|u1"}
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
# JSON numbers beyond this are read as floats by some; larger ones travel as hexadecimal text.
_PLAIN_INT = 2**53


class CodecError(ValueError):
    """A value that cannot cross; the text names its type or what is wrong with its code."""


@dataclass(frozen=True)
class Bounds:
    """How much one value may hold.

    Parameters
    ----------
    depth : int
        Levels of lists, tuples and dicts.
    items : int
        Values in all, the containers included.
    size : int
        Bytes of arrays and text in all.
    digits : int
        Hexadecimal digits of an integer.
    """

    depth: int = 32
    items: int = 200_000
    size: int = 256 * 2**20
    digits: int = 4096


BOUNDS = Bounds()


def encode(value: object, bounds: Bounds = BOUNDS) -> tuple[object, list[memoryview]]:
    """A value as JSON and raw bytes.

    Parameters
    ----------
    value : object
        Of the types above.
    bounds : Bounds
        How much it may hold.

    Returns
    -------
    tree : object
        Plain JSON; an array stands in it as its dtype, shape, memory order and buffer number.
    buffers : list of memoryview
        The arrays' bytes; a buffer may share memory with its array.

    Raises
    ------
    CodecError
        If some part has another type, or the value is too deep or too large.
    """
    encoder = _Encoder(bounds)
    return encoder.encode(value, 0), encoder.buffers


def decode(tree: object, buffers: Sequence[bytes], bounds: Bounds = BOUNDS) -> object:
    """The value that `encode` was given; arrays own their memory, but for strided views.

    Parameters
    ----------
    tree : object
        Parsed JSON, of any content.
    buffers : sequence of bytes-like
        The arrays' bytes.
    bounds : Bounds
        How much the value may hold.

    Returns
    -------
    object

    Raises
    ------
    CodecError
        If `tree` and `buffers` are not what `encode` gives, or more than `bounds` allow.
    """
    decoder = _Decoder(buffers, bounds)
    value = decoder.decode(tree, 0)
    if decoder.used != len(buffers):
        raise CodecError(f"{len(buffers)} buffers came, {decoder.used} are used")
    return value


class _Counter:
    """Counts what has passed, and refuses what is beyond the bounds."""

    def __init__(self, bounds: Bounds):
        self._bounds = bounds
        self._items = self._size = 0

    def count(self, depth: int) -> None:
        self._items += 1
        if depth > self._bounds.depth:
            raise CodecError(f"nested more than {self._bounds.depth} levels deep")
        if self._items > self._bounds.items:
            raise CodecError(f"holds more than {self._bounds.items} values; use an array")

    def weigh(self, size: int) -> None:
        self._size += size
        if self._size > self._bounds.size:
            raise CodecError(f"larger than {self._bounds.size} bytes")


class _Encoder(_Counter):
    def __init__(self, bounds: Bounds):
        super().__init__(bounds)
        self.buffers: list[memoryview] = []

    def encode(self, value: object, depth: int) -> object:
        self.count(depth)
        kind = type(value)
        # `is`, not `in`: a metaclass may define what being equal to a type means.
        if value is None or kind is bool:
            return value
        if kind is int:
            return self._int(value)
        if kind is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if kind is str:
            self.weigh(len(value))
            return value
        if kind is complex:
            parts = value.real, value.imag
            return {"complex": [self.encode(part, depth + 1) for part in parts]}
        if kind is np.ndarray:
            return self._array(value)
        if kind is list:
            return [self.encode(part, depth + 1) for part in value]
        if kind is tuple:
            return {"tuple": [self.encode(part, depth + 1) for part in value]}
        if kind is dict:
            return {"dict": dict(self._pair(key, part, depth) for key, part in value.items())}
        if issubclass(kind, np.generic) and kind.__module__ == "numpy":
            return self.encode(_python_scalar(value), depth)
        raise CodecError(_described(kind))

    def _int(self, value: int) -> object:
        if abs(value) <= _PLAIN_INT:
            return value
        if value.bit_length() > 4 * self._bounds.digits:
            raise CodecError(f"an integer of {value.bit_length()} bits")
        return {"int": hex(value)}

    def _pair(self, key: object, part: object, depth: int) -> tuple[str, object]:
        if type(key) is not str:
            raise CodecError(f"a dict with a key of type {_name(type(key))}; keys must be str")
        self.weigh(len(key))
        return key, self.encode(part, depth + 1)

    def _array(self, array: np.ndarray) -> object:
        dtype = array.dtype
        if dtype.str not in _DTYPES or dtype.metadata:
            raise CodecError(f"an array of dtype {dtype.name}")
        self.weigh(array.nbytes)
        order = "C" if array.flags.c_contiguous else "F" if array.flags.f_contiguous else "strided"
        flat = np.ascontiguousarray(array.reshape(-1, order="F" if order == "F" else "C"))
        self.buffers.append(memoryview(flat.view(np.uint8)) if flat.size else memoryview(b""))
        shape = list(array.shape)
        number = len(self.buffers) - 1
        return {"array": {"dtype": dtype.str, "shape": shape, "order": order, "buffer": number}}


class _Decoder(_Counter):
    def __init__(self, buffers: Sequence[bytes], bounds: Bounds):
        super().__init__(bounds)
        self._buffers = buffers
        self.used = 0

    def decode(self, tree: object, depth: int) -> object:
        self.count(depth)
        kind = type(tree)
        if tree is None or kind is bool:
            return tree
        if kind is int and abs(tree) <= _PLAIN_INT:
            return tree
        if kind is float and math.isfinite(tree):
            return tree
        if kind is str:
            self.weigh(len(tree))
            return tree
        if kind is list:
            return [self.decode(part, depth + 1) for part in tree]
        if kind is dict and len(tree) == 1:
            ((tag, code),) = tree.items()
            read = _READ.get(tag)
            if read:
                return read(self, code, depth)
        raise CodecError(f"not the code of a value: {_code_name(tree)[:40]}")

    def _int(self, code: object, depth: int) -> int:
        if type(code) is str and len(code) <= self._bounds.digits + 3:
            digits = code.removeprefix("-").removeprefix("0x")
            if digits and set(digits) <= set("0123456789abcdef"):
                return int(code, 16)
        raise CodecError("not the code of an integer")

    def _float(self, code: object, depth: int) -> float:
        if type(code) is str and code in _NOT_FINITE:
            return _NOT_FINITE[code]
        raise CodecError("not the code of a float")

    def _complex(self, code: object, depth: int) -> complex:
        if type(code) is list and len(code) == 2:
            parts = [self.decode(part, depth + 1) for part in code]
            if all(type(part) is float for part in parts):
                return complex(*parts)
        raise CodecError("not the code of a complex number")

    def _tuple(self, code: object, depth: int) -> tuple:
        if type(code) is not list:
            raise CodecError("not the code of a tuple")
        return tuple(self.decode(part, depth + 1) for part in code)

    def _dict(self, code: object, depth: int) -> dict:
        if type(code) is not dict or any(type(key) is not str for key in code):
            raise CodecError("not the code of a dict")
        self.weigh(sum(map(len, code)))
        return {key: self.decode(part, depth + 1) for key, part in code.items()}

    def _array(self, code: object, depth: int) -> np.ndarray:
        if type(code) is not dict or set(code) != {"dtype", "shape", "order", "buffer"}:
            raise CodecError("not the code of an array")
        name, shape, order, number = (code[key] for key in ("dtype", "shape", "order", "buffer"))
        if type(name) is not str or name not in _DTYPES:
            raise CodecError(f"an array of dtype {str(name)[:40]}")
        if type(shape) is not list or len(shape) > 32:
            raise CodecError("not an array's shape")
        if (
            not all(type(n) is int and n >= 0 for n in shape)
            or math.prod(filter(None, shape)) >> 48
        ):
            raise CodecError("not an array's shape")
        # In order and once each, or one buffer could fill many large arrays.
        if type(number) is not int or number != self.used or number >= len(self._buffers):
            raise CodecError("not the number of the next buffer")
        self.used += 1
        buffer, dtype = memoryview(self._buffers[number]), np.dtype(name)
        if buffer.nbytes != math.prod(shape) * dtype.itemsize:
            raise CodecError(f"{buffer.nbytes} bytes for an array of shape {tuple(shape)}"[:200])
        self.weigh(buffer.nbytes)
        flat = np.frombuffer(buffer, dtype)
        if dtype.kind == "b" and flat.size and flat.view(np.uint8).max() > 1:
            raise CodecError("a boolean that is neither 0 nor 1")
        if order == "C":
            return flat.reshape(shape).copy()
        if order == "F":
            return flat.reshape(shape, order="F").copy(order="F")
        if order == "strided" and shape and flat.size:
            wide = np.zeros((*shape[:-1], 2 * shape[-1]), dtype)
            view = wide[..., ::2]
            view[...] = flat.reshape(shape)
            return view
        raise CodecError("not an array's memory order")


_READ = {
    "int": _Decoder._int,
    "float": _Decoder._float,
    "complex": _Decoder._complex,
    "tuple": _Decoder._tuple,
    "dict": _Decoder._dict,
    "array": _Decoder._array,
}


def _python_scalar(value: np.generic) -> object:
    if value.dtype.kind == "b" or value.dtype.str in _DTYPES or value.dtype.kind == "U":
        return value.item()
    raise CodecError(f"a NumPy scalar of type {value.dtype.name}")


def _described(kind: type) -> str:
    for base in (np.ndarray, bool, int, float, complex, str, list, tuple, dict):
        if issubclass(kind, base):
            return f"a subclass of {base.__name__} called {_name(kind)}"
    return f"a value of type {_name(kind)}"


def _name(kind: type) -> str:
    """The class's own name, whatever its metaclass says; cut, for a student may choose it."""
    return str(type.__getattribute__(kind, "__name__"))[:80]


def _code_name(tree: object) -> str:
    """What stands where a value's code should: a dict's first keys, else the type."""
    return ", ".join(map(str, list(tree)[:3])) if type(tree) is dict else type(tree).__name__
