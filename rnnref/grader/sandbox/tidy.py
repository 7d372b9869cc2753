"""Texts and JSON of a student's process, as every notebook file can hold them."""

from __future__ import annotations

import re

TEXT = 1000
# Half a character of UTF-16, which no encoding takes.
_SURROGATE = re.compile("[\ud800-\udfff]")
_DEPTH = 50


def tidy_text(text: str, length: int | None = TEXT) -> str:
    """A text without lone surrogates, cut.

    Parameters
    ----------
    text : str
    length : int or None
        Characters that are kept; None keeps all.

    Returns
    -------
    str
    """
    return _SURROGATE.sub("\ufffd", text[:length])


def tidy_json(part: object, depth: int = _DEPTH) -> object:
    """A copy of parsed JSON without lone surrogates.

    Parameters
    ----------
    part : object
    depth : int
        Levels of lists and objects that it may have.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If it has more: what writes or copies it later would overflow Python's stack.
    """
    if type(part) is str:
        return tidy_text(part, None)
    if type(part) not in (list, dict):
        return part
    if not depth:
        raise ValueError("nested too deep")
    if type(part) is list:
        return [tidy_json(item, depth - 1) for item in part]
    return {tidy_text(key, None): tidy_json(item, depth - 1) for key, item in part.items()}
