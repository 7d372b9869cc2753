"""What a student gets back: one HTML page that needs nothing else, and the same in Markdown.

Neither shows a hidden test. The reports come from `rnnref.engine.report`, which escapes what it
quotes; the template escapes everything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jinja2 import Environment
from markupsafe import Markup
from nbformat import NotebookNode

from rnnref.engine.report import STATES
from rnnref.grader.gradebook import Marks
from rnnref.grader.intake.source import Exercise, Source, grade_id
from rnnref.grader.record import ExerciseResult, Record

MAX_ANSWER = 20_000
MAX_REPORT = 100_000
MAX_SENTENCE = 2_000
MAX_NOTES = 100
# Control characters, lone surrogates, and what turns the direction of text.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
# State → sign, words: those of the reports, and what only a page says.
_SHOWN = {state: (sign, words) for state, (sign, words, _) in STATES.items()} | {
    "waiting": ("?", "a person will read it"),
    "read": ("●", "read by a person"),
    "refused": ("–", "not graded"),
}
_KINDS = {"✓": "right", "◐": "half", "✗": "wrong", "●": "read"}  # sign → class of the style sheet


@dataclass(frozen=True)
class Item:
    """One line of the page: an exercise or a question."""

    name: str
    points: str
    possible: str
    sign: str
    words: str
    kind: str
    mistake: str | None
    sentence: str
    report: Markup
    comment: str | None
    answer: str


@dataclass(frozen=True)
class Feedback:
    """A student's result on one problem set, ready to be shown.

    Parameters
    ----------
    student : str
        The student's id.
    record : Record
        The grader's result.
    source : Source
        The instructor's notebook.
    marks : Marks or None
        What the gradebook holds; a person's marks go before the grader's.
    notebook : NotebookNode or None
        The sanitized notebook, for the student's own answers.
    """

    student: str
    record: Record
    source: Source
    marks: Marks | None = None
    notebook: NotebookNode | None = None

    @property
    def items(self) -> list[Item]:
        """The exercises and questions in the notebook's order."""
        results = {result.name: result for result in self.record.exercises}
        exercises = {e.grade_id: e for e in (*self.source.exercises, *self.source.hand_graded)}
        return [
            self._item(exercises[name], results.get(exercises[name].name))
            for name in self.source.cells
            if name in exercises
        ]

    @property
    def total(self) -> tuple[float, float]:
        """Points so far, after a late submission's penalty, and the points there are."""
        possible = sum(e.points for e in (*self.source.exercises, *self.source.hand_graded))
        if self.marks is not None:
            return self.marks.total, possible
        return sum(self.record.points.values()), possible

    @property
    def waiting(self) -> float:
        """Points that a person has yet to give."""
        if self.marks is None:
            return sum(e.points for e in self.source.hand_graded)
        return sum(mark.possible for mark in self.marks.cells.values() if mark.waiting)

    def html(self) -> str:
        """The page."""
        return _PAGE.render(**self._values(), penalty=self.marks.penalty if self.marks else 0)

    def markdown(self) -> str:
        """The same in a few lines of Markdown."""
        values = self._values()
        lines = [
            f"# {values['title']}: {_line(values['student'])}",
            "",
            f"**{values['points']} of {values['possible']} points**{values['remark']}",
            "",
        ]
        if values["notes"]:
            notes = (f"- {_line(note)}" for note in values["notes"])
            lines += ["What the grader noted:", "", *notes, ""]
        lines += ["| | exercise | points | |", "|---|---|---:|---|"]
        for item in self.items:
            said = item.words if item.kind == "right" else item.sentence or item.words
            name = f"**{_line(item.mistake)}.** " if item.mistake else ""
            lines.append(
                f"| {item.sign} | {item.name} | {item.points} / {item.possible} "
                f"| {name}{_line(said)} |"
            )
        return "\n".join([*lines, ""])

    def _values(self) -> dict:
        points, possible = self.total
        remark = (
            f" so far; {self.waiting:g} more are still to be read by a person"
            if self.waiting
            else ""
        )
        return {
            "title": self.source.problem_set,
            "student": _short(self.student),
            "state": self.record.state,
            "notes": [_short(note) for note in self.record.notes[:MAX_NOTES]],
            "points": f"{points:g}",
            "possible": f"{possible:g}",
            "remark": remark,
            "items": self.items,
        }

    def _item(self, exercise: Exercise, result: ExerciseResult | None) -> Item:
        mark = self.marks.cells.get(exercise.grade_id) if self.marks else None
        state = result.state if result else "waiting"
        score = mark.score if mark else (result.points if result else 0.0)
        if mark and mark.by_person:
            state = state if result else "read"
        elif result is None and mark and not mark.waiting:
            state = "blank"
        if self.record.state == "refused":
            state = "refused"
        sign, words = _SHOWN[state]
        return Item(
            name=exercise.name,
            points="–" if state == "waiting" or (mark and mark.waiting) else f"{score:g}",
            possible=f"{exercise.points:g}",
            sign=sign,
            words=f"{words}; marked by a person" if mark and mark.by_person and result else words,
            kind=_KINDS.get(sign, "none"),
            mistake=_short(result.mistake) if result and result.mistake else None,
            sentence=_short(result.sentence) if result else "",
            report=_report(result) if result else Markup(""),
            comment=mark.comment if mark else None,
            answer=self._answer(exercise),
        )

    def _answer(self, exercise: Exercise) -> str:
        """The student's own text for an exercise."""
        for cell in self.notebook.cells if self.notebook is not None else ():
            stub = self.source.release.get(exercise.name)
            if grade_id(cell) == exercise.name and cell.source != stub:
                cut = "\n…" if len(cell.source) > MAX_ANSWER else ""
                return _seen(cell.source[:MAX_ANSWER]) + cut
        return ""


def _seen(text: str) -> str:
    """Text of whole lines, a sign in the place of what cannot be seen or written."""
    return _UNSEEN.sub("\ufffd", text)


def _short(text: str) -> str:
    cut = "…" if len(text) > MAX_SENTENCE else ""
    return _seen(text[:MAX_SENTENCE]) + cut


def _report(result: ExerciseResult) -> Markup:
    """The report; its sentence alone if it is far too long, as it cannot be cut."""
    if len(result.report_html) <= MAX_REPORT:
        return Markup(_seen(result.report_html))
    return Markup("<p>{}</p>").format(_short(result.sentence))


def _line(text: str) -> str:
    """Text that stays on one line and in one table cell of Markdown, as plain text."""
    plain = " ".join(text.split())
    return re.sub(r"([\\|\[\]!])", r"\\\1", plain).replace("<", "&lt;")


_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}: {{ student }}</title>
<style>
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #5b5b5b;
  --line: #d0d0d0; --right: #0072b2; --half: #8a5a00; --wrong: #b84300; --shade: #f5f5f5; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #161616; --soft: #ababab; --line: #454545;
    --right: #56b4e9; --half: #e69f00; --wrong: #ff9259; --shade: #222; } }
@media print { :root { --ink: #000; --paper: #fff; --soft: #444; --line: #aaa; --right: #0072b2;
    --half: #8a5a00; --wrong: #b84300; --shade: #fff; }
  section { break-inside: avoid; } details.answer { display: none; } }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin: 0 0 .3rem; }
.student, .soft { color: var(--soft); }
.total { font-size: 1.25rem; margin: .5rem 0 1rem; }
table.marks { border-collapse: collapse; width: 100%; }
.marks th, .marks td { text-align: left; padding: .25rem .6rem .25rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; }
.marks td.points { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.right { color: var(--right); } .half { color: var(--half); } .wrong { color: var(--wrong); }
.none { color: var(--soft); } .read { color: var(--ink); } .sign { font-weight: 700; }
section { border-top: 1px solid var(--line); margin-top: 1.5rem; padding-top: 1rem; }
section .points { float: right; color: var(--soft); }
pre { background: var(--shade); padding: .6rem .8rem; overflow-x: auto; font-size: .875rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.notes { background: var(--shade); padding: .6rem 1rem; margin-bottom: 1rem; }
a { color: inherit; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<div class="student">{{ student }}</div>
<p class="total"><strong>{{ points }} of {{ possible }} points</strong>{{ remark }}
{%- if penalty %} <span class="soft">({{ "%g" | format(penalty) }} taken off for handing in late)
{%- endif %}</p>
{% if state == "refused" %}
<p class="wrong"><span class="sign">✗</span> Your submission could not be graded.</p>
{% elif state == "needs a person" %}
<p><span class="sign">?</span> The grader could not judge all of your work; a person will.</p>
{% endif %}
{% if notes %}
<div class="notes"><strong>What the grader noted</strong>
<ul>
{% for note in notes %}
<li>{{ note }}</li>
{% endfor %}
</ul></div>
{% endif %}
<table class="marks">
<thead><tr><th scope="col">Exercise</th><th scope="col">Result</th>
<th scope="col" style="text-align:right">Points</th></tr></thead>
<tbody>
{% for item in items %}
<tr><td><a href="#{{ item.name }}">{{ item.name }}</a></td>
<td class="{{ item.kind }}"><span class="sign" aria-hidden="true">{{ item.sign }}</span>
{{ item.words }}{% if item.mistake %}: {{ item.mistake }}{% endif %}</td>
<td class="points">{{ item.points }} / {{ item.possible }}</td></tr>
{% endfor %}
</tbody></table>
{% for item in items %}
<section id="{{ item.name }}">
<span class="points">{{ item.points }} / {{ item.possible }}</span>
<h2>{{ item.name }}</h2>
{% if item.report %}
{{ item.report }}
{% else %}
<p class="{{ item.kind }}"><span class="sign" aria-hidden="true">{{ item.sign }}</span>
{{ item.words }}</p>
{% endif %}
{% if item.comment %}
<p><strong>Comment:</strong> {{ item.comment }}</p>
{% endif %}
{% if item.answer %}
<details class="answer"><summary>Your answer</summary><pre>{{ item.answer }}</pre></details>
{% endif %}
</section>
{% endfor %}
</body>
</html>
""")
