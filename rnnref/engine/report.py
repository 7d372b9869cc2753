"""What a check says, as text and as a coloured table, and the mark that shows it in a notebook."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass

# State → sign, words, colour. The sign and the words carry the meaning, colour only repeats it;
# blue and orange stay apart for every kind of colour vision, on white and on black.
STATES = {
    "right": ("✓", "right", "#0072b2"),
    "special case": ("◐", "right but for a special case", "#b87800"),
    "other convention": ("◐", "right in another convention", "#b87800"),
    "wrong": ("✗", "not right yet", "#d55e00"),
    "blank": ("○", "not written yet", "#808080"),
    "stopped": ("✗", "stopped", "#d55e00"),
    "needs a person": ("?", "a person will look at it", "#808080"),
    "unmeasured": ("?", "how good it is, is measured where it is graded", "#808080"),
}
_WIDTH = 88


@dataclass(frozen=True)
class Row:
    """One thing that was tried; `holds` is None where it was not run."""

    label: str
    holds: bool | None


@dataclass(frozen=True)
class Report:
    """The verdict on one exercise.

    Parameters
    ----------
    exercise : str
        Its name.
    points, possible : float
        What it gets, and what it could get.
    state : str
        One of `STATES`.
    sentence : str
        The first thing that is wrong, or that all is right.
    mistake : str or None
        The known mistake's name.
    hint : str
        The idea that is missing; folded until asked for.
    rows : tuple of Row
        What was tried.
    """

    exercise: str
    points: float
    possible: float
    state: str
    sentence: str
    mistake: str | None = None
    hint: str = ""
    rows: tuple[Row, ...] = ()

    @property
    def headline(self) -> str:
        """Sign, exercise, state and points in one line."""
        sign, words, _ = STATES[self.state]
        return f"{sign} {self.exercise}: {words} ({self.points:g} of {self.possible:g} points)"

    @property
    def _says_more(self) -> bool:
        """Whether the sentence says more than the headline."""
        return self.state != "right" or not self.sentence.startswith("Right: ")

    def text(self, *, hint: bool = False) -> str:
        """The report in plain text.

        Parameters
        ----------
        hint : bool
            Whether to show the hint at once.

        Returns
        -------
        str
        """
        lines = [self.headline]
        lines += [f"    {_sign(row)} {row.label}" for row in self.rows]
        if self._says_more:
            name = f"{self.mistake}: " if self.mistake else ""
            lines += textwrap.wrap(
                name + self.sentence, _WIDTH, initial_indent="  ", subsequent_indent="  "
            )
        if self.hint and hint:
            lines += textwrap.wrap(
                "Hint: " + self.hint, _WIDTH, initial_indent="  ", subsequent_indent="  "
            )
        elif self.hint:
            lines.append("  (For a hint, call check(…, hint=True).)")
        return "\n".join(lines)

    def html(self) -> str:
        """The report as a small table that reads on light and on dark pages.

        Returns
        -------
        str
            HTML without scripts, links or outside resources; all text is escaped.
        """
        colour = STATES[self.state][2]
        parts = [
            f'<div class="rnnref-report" style="border-left:4px solid {colour};'
            'padding:2px 0 2px 12px;margin:4px 0;max-width:52em">',
            f'<div style="font-weight:600">{html.escape(self.headline)}</div>',
        ]
        if self._says_more:
            name = f"<strong>{html.escape(self.mistake)}.</strong> " if self.mistake else ""
            parts.append(f'<div style="margin:4px 0">{name}{_prose(self.sentence)}</div>')
        if self.hint:
            parts.append(
                '<details style="margin:4px 0"><summary>Hint</summary>'
                f"{_prose(self.hint)}</details>"
            )
        if self.rows:
            parts.append('<table style="margin:4px 0;border-collapse:collapse">')
            parts += [_row_html(row) for row in self.rows]
            parts.append("</table>")
        return "".join([*parts, "</div>"])


class Mark(float):
    """A report's points; a notebook shows the report, nbgrader reads the number.

    nbgrader takes partial credit from the text form of a test cell's last value, so that form is
    the plain number; Jupyter prefers the table.
    """

    def __new__(cls, report: Report) -> Mark:
        mark = super().__new__(cls, report.points)
        mark.report = report
        return mark

    def _repr_mimebundle_(self, **_) -> dict[str, str]:
        return {"text/plain": repr(float(self)), "text/html": self.report.html()}


def _sign(row: Row) -> str:
    return {True: "✓", False: "✗", None: "·"}[row.holds]


def _row_html(row: Row) -> str:
    colour = {True: "#0072b2", False: "#d55e00", None: "#808080"}[row.holds]
    cell = "text-align:left;padding:1px 8px 1px 0;border:none;background:none"
    said = {True: "holds", False: "does not hold", None: "not tried"}[row.holds]
    return (
        f'<tr style="background:none"><td style="{cell};color:{colour};font-weight:600" '
        f'title="{said}">{_sign(row)}</td><td style="{cell}">{_prose(row.label)}</td></tr>'
    )


def _prose(text: str) -> str:
    """Escaped text with `code` set in a code font."""
    parts = html.escape(text).split("`")
    if len(parts) % 2 == 0:
        return html.escape(text)
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
