"""Dates as people write them, to be written as 1998-05-03."""

import datetime
import string

from ..arguments import require_count
from ..plots import COLOURS
from .batches import batch
from .pictures import WHITE, draw_cells
from .vocabulary import Vocabulary

_FIRST, _LAST = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

# Day before month wherever both are numbers, as in Britain.
_FORMATS = (
    "{d} {month} {year}",
    "{d} {mon} {year}",
    "{d} {mon} {yy}",
    "the {d}{th} of {month} {year}",
    "{d}{th} {month} {year}",
    "{month} {d}, {year}",
    "{month} the {d}{th}, {year}",
    "{weekday}, {d} {mon} {yy}",
    "{weekday}, {d} {month} {year}",
    "{weekday}, the {d}{th} of {month} {year}",
    "{d}/{m}/{year}",
    "{dd}/{mm}/{yy}",
    "{d}.{m}.{year}",
    "{dd}.{mm}.{yy}",
    "{year} {month} {d}",
)

# The colours of the fields: year, month and day, however written.
_LOOKS = {
    **dict.fromkeys(("year", "yy"), COLOURS.second),
    **dict.fromkeys(("m", "mm", "month", "mon"), COLOURS.accent),
    **dict.fromkeys(("d", "dd"), COLOURS.output),
}

START, END = "<", ">"
DATE_SOURCE = Vocabulary(
    sorted(set(" ,./0123456789theof" + "".join(_MONTHS + _WEEKDAYS) + "stndr"))
)
DATE_TARGET = Vocabulary((START, END, *"-0123456789"))


def date_pairs(rng, B, *, held_out=False):
    """Draw dates as people write them, and the same by ISO 8601.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int
        Number of dates.
    held_out : bool
        Whether to draw from the tenth of all days that is never drawn otherwise.

    Returns
    -------
    list of (str, str)
        A date from 1950 to 2049, so that two digits of the year suffice, in one of 15 forms, and
        as year-month-day.

    Raises
    ------
    TypeError
        If B is no integer.
    ValueError
        If B is less than 1.

    See Also
    --------
    date_translation : The same as ids.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import date_pairs
    >>> for source, target in date_pairs(np.random.default_rng(0), B=3):
    ...     print(f"{source} → {target}")
    20 Jan 2035 → 2035-01-20
    14 September 2013 → 2013-09-14
    11 Feb 01 → 2001-02-11
    """
    B = require_count("date_pairs", "B", B)
    first, tens = _FIRST.toordinal(), (_LAST.toordinal() - _FIRST.toordinal()) // 10
    # Of each ten days one is held out, at another place in each ten.
    ten = rng.integers(0, tens, B)
    held = (ten * 7 + ten // 10) % 10
    within = held if held_out else (held + rng.integers(1, 10, B)) % 10
    days = first + ten * 10 + within
    forms = rng.integers(0, len(_FORMATS), B)
    return [
        (_write(day, _FORMATS[form]), day.isoformat())
        for day, form in zip(map(datetime.date.fromordinal, days.tolist()), forms, strict=True)
    ]


def date_translation(rng, B, *, held_out=False):
    """Draw dates as ids of characters, for an encoder and a decoder.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int
        Number of dates.
    held_out : bool
        Whether to draw from the tenth of all days that is never drawn otherwise.

    Returns
    -------
    source : ndarray of int, shape (S, B)
        Characters, by `DATE_SOURCE`; id 0 after the end of the shorter ones.
    source_lengths : ndarray of int, shape (B,)
    target : ndarray of int, shape (11, B)
        Characters, by `DATE_TARGET`; each ends in the end symbol, id 1. The start symbol, id 0,
        which a decoder reads first, is not in it.
    target_lengths : ndarray of int, shape (B,)
        All 11: ten characters and the end symbol.

    Raises
    ------
    TypeError
        If B is no integer.
    ValueError
        If B is less than 1.

    Notes
    -----
    Translation, many to many and asynchronous, at the smallest scale: lengths differ, and the
    order does (D3).

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import DATE_SOURCE, DATE_TARGET, date_translation
    >>> source, lengths, target, _ = date_translation(np.random.default_rng(0), B=3)
    >>> DATE_SOURCE.decode(source[: lengths[0], 0]), DATE_TARGET.decode(target[:, 0])
    ('20 Jan 2035', '2035-01-20>')
    """
    require_count("date_translation", "B", B)
    pairs = date_pairs(rng, B, held_out=held_out)
    source = batch([DATE_SOURCE.encode(text) for text, _ in pairs])
    target = batch([DATE_TARGET.encode(text + END) for _, text in pairs])
    return *source, *target


def draw_date_translation(ax, source, target):
    """Draw a date character by character; year, month and day are marked alike on both sides.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    source, target : str
        One of `date_pairs`.

    Returns
    -------
    list of matplotlib.patches.Rectangle
        The cells, the source's first.

    Raises
    ------
    ValueError
        If the target is no date, or the source is not that date in one of the forms.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import draw_date_translation
    >>> ax = Figure().subplots()
    >>> len(draw_date_translation(ax, "3 May 98", "1998-05-03"))
    19
    """
    day = datetime.date.fromisoformat(target)
    parts = next((_parts(day, form) for form in _FORMATS if _write(day, form) == source), None)
    if parts is None:
        raise ValueError(
            f"draw_date_translation: source must be {target} in one of the forms, got {source!r}"
        )
    rows = {"input": [c if c != " " else "␣" for c in source], "target": [*target, END]}
    answer = [("year", target[:4]), ("", "-"), ("m", target[5:7]), ("", "-"), ("d", target[8:])]
    colours = {
        name: [_LOOKS.get(field, WHITE) for field, text in part for _ in text]
        for name, part in (("input", parts), ("target", [*answer, ("", END)]))
    }
    for field, label in (("year", "year"), ("m", "month"), ("d", "day")):
        ax.bar(0, 0, color=_LOOKS[field], label=label)
    cells = draw_cells(ax, rows, colours=colours)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    ax.set_ylim(1.5, -1.2)
    return cells


def _write(day, form):
    """Write a datetime.date in one of the forms."""
    return "".join(text for _, text in _parts(day, form))


def _parts(day, form):
    """Return a datetime.date in one of the forms, as fields and their texts."""
    d, m = day.day, day.month
    ending = "th" if d in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th")
    texts = {
        "d": f"{d}",
        "dd": f"{d:02}",
        "th": ending,
        "m": f"{m}",
        "mm": f"{m:02}",
        "month": _MONTHS[m - 1],
        "mon": _MONTHS[m - 1][:3],
        "year": f"{day.year}",
        "yy": f"{day.year % 100:02}",
        "weekday": _WEEKDAYS[day.weekday()],
    }
    parts = []
    for between, field, _, _ in string.Formatter().parse(form):
        parts.append(("", between))
        if field is not None:
            parts.append((field, texts[field]))
    return parts
