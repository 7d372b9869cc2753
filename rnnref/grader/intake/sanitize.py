"""The instructor's cells in the instructor's order, with the student's answers in their places.

Whatever was deleted, doubled, renamed, retyped, moved or marked otherwise comes back from the
instructor's notebook; each change is told in one sentence. The student's own extra cells stay
behind the cell that they followed, and no metadata of the student's has any effect.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from nbformat import NotebookNode
from nbgrader import utils

from rnnref.grader.intake.source import Source, bound_names, grade_id

_MARKS = ("grade", "solution", "locked", "points")
_KINDS = {"code": "a code cell", "markdown": "a text cell", "raw": "a raw cell"}
_ELSEWHERE = "# This cell was missing; what it defines stands in another cell."


def sanitize(notebook: NotebookNode, source: Source) -> tuple[NotebookNode, tuple[str, ...]]:
    """Put a submission into the instructor's form.

    Parameters
    ----------
    notebook : NotebookNode
        A well-formed submission (see `rnnref.grader.intake.notebook`). Left as it is.
    source : Source
        The instructor's notebook.

    Returns
    -------
    clean : NotebookNode
        A valid notebook of nbformat 4.5 without outputs: test and set-up cells as the instructor
        wrote them (hidden tests too), solution cells with the student's text.
    notes : tuple of str
        What was put right, one sentence each.
    """
    restoration = _Restoration(notebook, source)
    return restoration.clean(), tuple(restoration.notes)


@dataclass(eq=False)
class _Place:
    """A cell of the instructor's, and what of the student's belongs to it.

    `given` are the student's versions in their order, `after` the extra cells that follow them.
    """

    cell: NotebookNode | None = None
    given: list[NotebookNode] = field(default_factory=list)
    after: list[NotebookNode] = field(default_factory=list)

    @cached_property
    def id(self) -> str | None:
        return self.cell and grade_id(self.cell)

    @cached_property
    def is_answer(self) -> bool:
        return self.cell is not None and utils.is_solution(self.cell)

    def __str__(self) -> str:
        if self.is_answer:
            return f"The answer cell {self.id}"
        return f"The {'test' if utils.is_grade(self.cell) else 'set-up'} cell {self.id}"


class _Restoration:
    """One submission on its way into the instructor's form."""

    def __init__(self, notebook: NotebookNode, source: Source):
        self.source = source
        self.submitted = notebook
        self.top = _Place()
        self.places = [_Place(cell) for cell in source.notebook.cells]
        self.by_id = {place.id: place for place in self.places if place.id}
        self.used_ids = {place.cell.id for place in self.places}
        self.notes: list[str] = []

    def clean(self) -> NotebookNode:
        owner = self._owners()
        before = self.top
        for position, cell in enumerate(self.submitted.cells):
            before = owner.get(position, before)
            (before.given if position in owner else before.after).append(cell)
        self._note_order([owner[position].id for position in sorted(owner)])
        self._note_kernel()
        return NotebookNode(
            nbformat=4,
            nbformat_minor=5,
            metadata=copy.deepcopy(self.source.notebook.metadata),
            cells=list(self._cells()),
        )

    def _owners(self) -> dict[int, _Place]:
        """Position in the submission → the instructor's cell that it is."""
        cells = self.submitted.cells
        owner = {
            position: self.by_id[name]
            for position, cell in enumerate(cells)
            if (name := cell.metadata.get("nbgrader", {}).get("grade_id")) in self.by_id
        }
        self._find_by_text(owner)
        self._find_by_names(owner)
        return owner

    def _find_by_text(self, owner: dict[int, _Place]) -> None:
        """Plain cells of the instructor's, by id or text, and locked ones that lost their id."""
        taken = set(owner.values())
        free = [place for place in self.places if place not in taken and not place.is_answer]
        by_cell_id = {
            (place.cell.id, place.cell.cell_type): place for place in free if not place.id
        }
        by_text = {self._released(place): place for place in free}
        for position, cell in enumerate(self.submitted.cells):
            place = by_cell_id.get((cell.get("id"), cell.cell_type)) or by_text.get(cell.source)
            if position not in owner and place and place not in taken:
                owner[position] = place
                taken.add(place)
                if place.id:
                    self.notes.append(f"{place} had lost its id; it was found by its text.")

    def _find_by_names(self, owner: dict[int, _Place]) -> None:
        """Solution cells that lost their id, by what they define."""
        taken = set(owner.values())
        lost = [name for name in self.source.names if self.by_id[name] not in taken]
        free = [
            (position, bound_names(cell.source))
            for position, cell in enumerate(self.submitted.cells if lost else ())
            if position not in owner and cell.cell_type == "code"
        ]
        for name in lost:
            place = self.by_id[name]
            found = [
                at for at, bound in free if at not in owner and bound & self.source.names[name]
            ]
            owner.update(dict.fromkeys(found, place))
            if found:
                self.notes.append(f"{place} had lost its id; it was found by what it defines.")

    def _cells(self) -> Iterator[NotebookNode]:
        yield from map(self._extra, self.top.after)
        for place in self.places:
            last = self._counting(place)
            if place.is_answer:
                # Both run, and the last definition counts: so the earlier ones stand before it.
                yield from (self._extra(cell) for cell in place.given if cell is not last)
            yield self._restored(place, last)
            yield from map(self._extra, place.after)

    def _counting(self, place: _Place) -> NotebookNode | None:
        """Which of the student's versions counts: the last; of texts, the last that was written."""
        if place.is_answer and place.cell.cell_type == "markdown":
            stub = self._released(place).strip()
            written = [cell for cell in place.given if cell.source.strip() != stub]
            return (written or place.given or [None])[-1]
        return place.given[-1] if place.given else None

    def _restored(self, place: _Place, given: NotebookNode | None) -> NotebookNode:
        cell = copy.deepcopy(place.cell)
        if given is None:
            self._put_back(place, cell)
            return cell
        if place.id:
            self._note_changes(place, given)
        if place.is_answer or not place.id:
            cell.source = given.source
            _keep_pictures(cell, given)
        return cell

    def _put_back(self, place: _Place, cell: NotebookNode) -> None:
        if self.source.names.get(place.id, frozenset()) & self._defined:
            cell.source = _ELSEWHERE  # the stub would undo what the student defined there
            self.notes.append(f"{place} was missing; what it defines was found in another cell.")
        elif place.is_answer:
            self.notes.append(f"{place} was missing; an empty one was put back.")
        elif place.id:
            self.notes.append(f"{place} was missing; it was put back.")

    @cached_property
    def _defined(self) -> frozenset[str]:
        """Every name that the student's cells bind."""
        codes = (cell.source for cell in self.submitted.cells if cell.cell_type == "code")
        return frozenset().union(*map(bound_names, codes))

    def _note_changes(self, place: _Place, given: NotebookNode) -> None:
        if given.cell_type != place.cell.cell_type:
            was, now = _KINDS[given.cell_type], _KINDS[place.cell.cell_type]
            self.notes.append(f"{place} had been made {was}; it is {now} again.")
        known = (place.cell.source.strip(), self._released(place).strip())
        if not place.is_answer and given.source.strip() not in known:
            self.notes.append(f"{place} was changed; the instructor's text was put back.")
        if len(place.given) > 1:
            rule = "the last one counts" if place.is_answer else "one was kept"
            self.notes.append(f"{place} was there {len(place.given)} times; {rule}.")
        theirs, ours = given.metadata.get("nbgrader", {}), place.cell.metadata.nbgrader
        wrong = [key for key in _MARKS if (theirs.get(key) or 0) != (ours.get(key) or 0)]
        if theirs and wrong:
            self.notes.append(
                f"{place} was marked otherwise ({', '.join(wrong)}); the instructor's marks were "
                "put back."
            )

    def _note_order(self, came: list[str | None]) -> None:
        came = [name for name in came if name]
        first = list(dict.fromkeys(came))
        last = list(dict.fromkeys(reversed(came)))[::-1]
        if [name for name in self.by_id if name in first] not in (first, last):
            self.notes.append("The cells stood in another order; the instructor's was restored.")

    def _note_kernel(self) -> None:
        ours = self.source.notebook.metadata.get("kernelspec", {}).get("name")
        theirs = self.submitted.metadata.get("kernelspec", {}).get("name")
        if ours and theirs and ours != theirs:
            self.notes.append("The notebook asked for another kernel; the course's was used.")

    def _extra(self, cell: NotebookNode) -> NotebookNode:
        """A student's cell without metadata, under an id that is nobody else's."""
        name, number = cell.get("id"), 0
        while not name or name in self.used_ids:
            number += 1
            name = f"extra-{number}"
        self.used_ids.add(name)
        kept = NotebookNode(
            cell_type=cell.cell_type, id=name, metadata=NotebookNode(), source=cell.source
        )
        if cell.cell_type == "code":
            kept.update(outputs=[], execution_count=None)
        _keep_pictures(kept, cell)
        return kept

    def _released(self, place: _Place) -> str:
        return self.source.release.get(place.id, place.cell.source)


def _keep_pictures(cell: NotebookNode, given: NotebookNode) -> None:
    """Carry the pictures pasted into a text cell over."""
    if cell.cell_type != "code" and given.get("attachments"):
        cell.attachments = copy.deepcopy(given.attachments)
