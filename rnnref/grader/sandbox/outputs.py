"""Collects what a cell shows, as the notebook format has it, and cuts it at the limits."""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass

from .limits import Limits
from .tidy import tidy_json

_MIME = re.compile(r"[a-z]+/[A-Za-z0-9.+-]{1,80}")
_JSON = re.compile(r"application/(.*\+)?json")
_MAX_OUTPUTS = 500
_REMEMBERED = 200


class NotebookOutputs:
    """What is kept of one notebook's cells together.

    Parameters
    ----------
    limits : Limits
        How much.
    """

    def __init__(self, limits: Limits):
        self.limits = limits
        self.left = limits.notebook_output
        # What later messages can update.
        self.shown: list[_Shown] = []


class CellOutputs:
    """What one cell shows: printed text comes in bytes, displays as messages of the worker.

    Parameters
    ----------
    notebook : NotebookOutputs
        What the notebook's cells share.
    """

    def __init__(self, notebook: NotebookOutputs):
        self._notebook = notebook
        self._outputs: list[dict] = []
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {name: decoder("replace") for name in ("stdout", "stderr")}
        self._text = self._display = 0
        self._clear()

    def print(self, name: str, data: bytes) -> None:
        """Take bytes that were written to stdout or stderr."""
        if self._clear_next:
            self._clear()
        room = min(self._notebook.limits.cell_text - self._text, self._notebook.left)
        kept = data[: max(0, room)]
        self._cut[name] += len(data) - len(kept)
        self._text += len(kept)
        self._notebook.left -= len(kept)
        text = self._decoders[name].decode(kept)
        if text:
            self._append_text(name, text)

    def show(self, message: dict) -> None:
        """Take a display, an update of one, or the wish to clear what was shown.

        Whatever has not the right form is left out: it comes from a student's process.
        """
        kind = message.get("show")
        if kind == "clear_output":
            self._clear_next = True
            if not message.get("wait"):
                self._clear()
            return
        data, metadata = message.get("data"), message.get("metadata")
        if type(data) is not dict or type(metadata) is not dict:
            return
        data = {mime: part for mime, part in data.items() if _is_mime_part(mime, part)}
        try:
            data, metadata = tidy_json(data), tidy_json(metadata)
            size = len(json.dumps([data, metadata], allow_nan=False))
        except ValueError:
            self._left_out += 1
            return
        identity = message.get("display_id")
        if kind == "update_display_data":
            self._update(identity, size, data=data, metadata=metadata)
            return
        if self._clear_next:
            self._clear()
        if len(self._outputs) >= _MAX_OUTPUTS or not self._charge(size):
            self._left_out += 1
            return
        output = {"output_type": "display_data", "data": data, "metadata": metadata}
        if kind == "execute_result":
            count = message.get("count")
            count = count if type(count) is int and 0 < count < 10**6 else None
            output |= {"output_type": "execute_result", "execution_count": count}
        self._outputs.append(output)
        if type(identity) is str and len(self._notebook.shown) < _REMEMBERED:
            self._notebook.shown.append(_Shown(identity, self, output, size))

    def finish(self) -> list[dict]:
        """The outputs; later cells may still update displays within them."""
        for name, cut in self._cut.items():
            if cut:
                self._append_text(name, f"\n[… {_size(cut)} more cut off here]\n", always=True)
        if self._left_out:
            note = f"\n[… {self._left_out} more outputs, or too large ones, left out]\n"
            self._append_text("stdout", note, always=True)
        return self._outputs

    def _append_text(self, name: str, text: str, *, always: bool = False) -> None:
        last = self._outputs[-1] if self._outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        elif len(self._outputs) < _MAX_OUTPUTS or always:
            self._outputs.append({"output_type": "stream", "name": name, "text": text})
        else:
            self._left_out += 1

    def _update(self, identity: object, size: int, **content: dict) -> None:
        """Change all displays under an id; each takes the room of what it shows now."""
        for shown in self._notebook.shown:
            if shown.identity == identity:
                if shown.cell._charge(size - shown.size):
                    shown.size = size
                    shown.output.update(content)
                else:
                    self._left_out += 1

    def _charge(self, size: int) -> bool:
        """Take room in this cell and in the notebook, if there is enough."""
        if size > min(self._notebook.limits.cell_display - self._display, self._notebook.left):
            return False
        self._display += size
        self._notebook.left -= size
        return True

    def _clear(self) -> None:
        """Forget what was shown: an animation keeps its last picture, and takes only its room."""
        self._outputs = []
        self._notebook.shown = [s for s in self._notebook.shown if s.cell is not self]
        self._notebook.left += self._text + self._display
        self._text = self._display = self._left_out = 0
        self._cut = {"stdout": 0, "stderr": 0}
        self._clear_next = False


@dataclass
class _Shown:
    identity: str
    cell: CellOutputs
    output: dict
    size: int


def _is_mime_part(mime: str, part: object) -> bool:
    """Whether the notebook format allows it: text, and objects for JSON only."""
    if not _MIME.fullmatch(mime):
        return False
    return type(part) is str or bool(_JSON.fullmatch(mime))


def _size(count: int) -> str:
    return f"{count} bytes" if count < 10_000 else f"{count / 1e6:.2f} MB"
