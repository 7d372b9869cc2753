"""Arguments of a call as they cross: plain values, and from the trusted side functions and rngs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ...engine.codec import BOUNDS, Bounds, CodecError, decode, encode

_BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
_PARTS = ("args", "kwargs", "callables", "rngs")


def pack(
    args: Sequence,
    kwargs: Mapping[str, object],
    register: Callable[[Callable], int] | None = None,
) -> tuple[object, list]:
    """Arguments as JSON and raw bytes.

    Parameters
    ----------
    args, kwargs : sequence, mapping
        The arguments. With `register`, each may also be a function or a
        `numpy.random.Generator`; within lists, tuples and dicts these are refused.
    register : callable, optional
        Gives a function the number under which it is called back.

    Returns
    -------
    tree : object
    buffers : list of bytes-like

    Raises
    ------
    CodecError
        If an argument cannot cross.
    """
    plain: dict = {"args": list(args), "kwargs": dict(kwargs), "callables": {}, "rngs": {}}
    if register is not None:
        for values in (plain["args"], plain["kwargs"]):
            for key, value in enumerate(values) if isinstance(values, list) else values.items():
                if isinstance(value, np.random.Generator):
                    bits = value.bit_generator
                    plain["rngs"][str(key)] = [type(bits).__name__, bits.state]
                elif callable(value):
                    plain["callables"][str(key)] = register(value)
        for key in (*plain["rngs"], *plain["callables"]):
            plain["args" if key.isdigit() else "kwargs"][int(key) if key.isdigit() else key] = None
    return encode(plain)


def unpack(
    tree: object,
    buffers: Sequence,
    call_back: Callable[[int, str], Callable] | None = None,
    bounds: Bounds = BOUNDS,
) -> tuple[list, dict]:
    """The arguments that `pack` was given.

    Parameters
    ----------
    tree : object
    buffers : sequence of bytes-like
    call_back : callable, optional
        Makes a function from its number and its position or name. Without it functions and
        generators are refused: a generator's state is not safe to take from a student's process.
    bounds : Bounds
        How much the arguments may hold.

    Returns
    -------
    args : list
    kwargs : dict

    Raises
    ------
    CodecError
        If it is not what `pack` gives.
    """
    plain = decode(tree, buffers, bounds)
    if type(plain) is not dict or tuple(plain) != _PARTS:
        raise CodecError("not the code of arguments")
    args, kwargs, callables, rngs = (plain[part] for part in _PARTS)
    if [type(part) for part in (args, kwargs, callables, rngs)] != [list, dict, dict, dict]:
        raise CodecError("not the code of arguments")
    if call_back is None:
        if callables or rngs:
            raise CodecError("a function or a random generator")
        return args, kwargs
    special = {key: call_back(number, f"argument_{key}") for key, number in callables.items()}
    special |= {key: _generator(*parts) for key, parts in rngs.items()}
    for key, value in special.items():
        if key.isdigit():
            args[int(key)] = value
        else:
            kwargs[key] = value
    return args, kwargs


def _generator(name: str, state: dict) -> np.random.Generator:
    if name not in _BIT_GENERATORS:
        raise CodecError(f"a random generator over {name}")
    bits = getattr(np.random, name)()
    bits.state = state
    return np.random.Generator(bits)
