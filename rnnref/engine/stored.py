"""Checks from stored arrays: a sheet in a file, so that a machine can check without the answers.

A file holds what `Exercise.sheet` computes: for each probe the arguments, the right outcome and
the outcome of each mistake. It is a plain ``.npz`` without pickled objects. Who opens it finds
numbers, but no code and no choice that he was to make himself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from .answers import Answers, Misreading
from .codec import decode, encode
from .formula import Formula
from .judge import Judge
from .outcome import Outcome, Raised
from .returned import Returned
from .sampled import Sampled
from .sheet import Note, Probe, Sheet
from .trained import Trained

_SAMPLED = "mean, standard error"


def file_name(problem_set: str) -> str:
    """The name of a problem set's stored checks."""
    return f"{problem_set}.checks.npz"


def save(path: Path, exercises: Iterable[Sheet | Answers | Trained]) -> None:
    """Store sheets, answers and trained models in one file.

    Parameters
    ----------
    path : Path
        The file to write.
    exercises : iterable of Sheet, Answers or Trained
        Of a trained model only the shapes are kept: it takes the reference to measure it.

    Raises
    ------
    CodecError
        If an argument or a result is of a type that cannot be stored; the message names it.
    """
    tree, buffers = encode([_plain(exercise) for exercise in exercises])
    # Most mistakes show on few probes: on the others their arrays are the right ones once more.
    place: dict[bytes, int] = {}
    order = [place.setdefault(bytes(buffer), len(place)) for buffer in buffers]
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            header=np.frombuffer(json.dumps(tree).encode(), dtype=np.uint8),
            order=np.array(order, dtype=np.int64),
            sizes=np.array([len(buffer) for buffer in place], dtype=np.int64),
            content=np.frombuffer(b"".join(place), dtype=np.uint8),
        )


def load(path: Path) -> dict[str, Sheet | Answers | Trained]:
    """What `save` stored, by name.

    Parameters
    ----------
    path : Path
        A file that `save` wrote.

    Returns
    -------
    dict
    """
    with np.load(path, allow_pickle=False) as stored:
        tree = json.loads(stored["header"].tobytes())
        content, ends = stored["content"].tobytes(), np.cumsum(stored["sizes"])
        parts = [content[end - size : end] for size, end in zip(stored["sizes"], ends, strict=True)]
        buffers = [parts[i] for i in stored["order"]]
    return {plain["name"]: _exercise(plain) for plain in decode(tree, buffers)}


def open_checks(problem_set: str) -> Judge:
    """The checks stored beside the notebook, in the present folder.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    path = Path(file_name(problem_set))
    if not path.is_file():
        raise FileNotFoundError(f"no {path} in {Path.cwd()}")
    exercises = load(path)
    return Judge(problem_set, exercises)


def _plain(exercise: Sheet | Answers | Trained) -> dict:
    if isinstance(exercise, Trained):
        kept = {"name": exercise.name, "points": exercise.points, "shapes": dict(exercise.shapes)}
        return {"kind": "trained", **kept}
    if isinstance(exercise, Answers):
        plain = asdict(exercise)
        right = {key: _seal(key, choice) for key, choice in exercise.right.items()}
        return {"kind": "answers", **plain, "right": right}
    return {
        "kind": "sheet",
        "name": exercise.name,
        "points": exercise.points,
        "returned": [asdict(r) for r in exercise.returned],
        "parameters": exercise.parameters,
        "notes": [asdict(note) for note in exercise.notes],
        "probes": [_plain_probe(probe, exercise.notes) for probe in exercise.probes],
        "observe": exercise.observe,
        "enough": exercise.enough,
        "new": exercise.new,
    }


def _plain_probe(probe: Probe, notes: tuple[Note, ...]) -> dict:
    return {
        "label": probe.label,
        "args": [_plain_arg(arg) for arg in probe.args],
        "special": probe.special,
        "strict": probe.strict,
        "expected": _plain_outcome(probe.expected),
        "fingerprints": {note.name: _plain_outcome(probe.fingerprint(note.name)) for note in notes},
    }


def _plain_outcome(outcome: Outcome) -> dict:
    """An outcome's fields, but `shared`, which has been looked at (`sheet.seen`)."""
    plain = {field: getattr(outcome, field) for field in ("changed", "ended", "refused")}
    error = asdict(outcome.error) if outcome.error else None
    return {**plain, "error": error, "value": _plain_value(outcome.value)}


def _plain_value(value: object) -> object:
    """A value in which each `Sampled` is a dict with one key, which no other dict has."""
    if isinstance(value, Sampled):
        return {_SAMPLED: (value.mean, value.error)}
    if type(value) in (tuple, list):
        return type(value)(map(_plain_value, value))
    if type(value) is dict:
        return {key: _plain_value(part) for key, part in value.items()}
    return value


def _seal(key: str, choice: str) -> str:
    """A choice in a form that does not show it to a reader."""
    return hashlib.sha256(f"{key}: {choice}".encode()).hexdigest()


def _exercise(plain: dict) -> Sheet | Answers | Trained:
    if plain["kind"] == "trained":
        return Trained(plain["name"], plain["points"], plain["shapes"])
    if plain["kind"] == "answers":
        mistakes = tuple(Misreading(**mistake) for mistake in plain["mistakes"])
        choices, sealed = tuple(plain["choices"]), plain["right"]
        right = {k: next(c for c in choices if _seal(k, c) == sealed[k]) for k in sealed}
        return Answers(plain["name"], plain["points"], right, choices, mistakes)
    return Sheet(
        plain["name"],
        plain["points"],
        tuple(map(_returned, plain["returned"])),
        tuple(plain["parameters"]),
        tuple(Note(**note) for note in plain["notes"]),
        tuple(_probe(probe) for probe in plain["probes"]),
        plain["observe"],
        plain["enough"],
        plain["new"],
    )


def _probe(plain: dict) -> Probe:
    fingerprints = {name: _outcome(outcome) for name, outcome in plain["fingerprints"].items()}
    return Probe(
        plain["label"],
        tuple(_arg(arg) for arg in plain["args"]),
        plain["special"],
        _outcome(plain["expected"]),
        fingerprints.__getitem__,
        plain["strict"],
    )


def _returned(plain: dict) -> Returned:
    return Returned(plain["name"], tuple(plain["axes"]), tuple(map(_returned, plain["parts"])))


def _plain_arg(arg: object) -> dict:
    """An argument as plain data: a formula as what makes it, a random generator as its state."""
    if isinstance(arg, Formula):
        return {"formula": {name: getattr(arg, name) for name in ("w", "A", "c", "shape", "most")}}
    if isinstance(arg, np.random.Generator):
        return {"state": arg.bit_generator.state}
    return {"value": arg}


def _arg(plain: dict) -> object:
    if "formula" in plain:
        return Formula(**plain["formula"])
    if "state" in plain:
        bits = getattr(np.random, plain["state"]["bit_generator"])()
        bits.state = plain["state"]
        return np.random.Generator(bits)
    return plain["value"]


def _outcome(plain: dict) -> Outcome:
    error = Raised(**plain["error"]) if plain["error"] else None
    ended, refused = plain["ended"], plain["refused"]
    changed = tuple(plain["changed"])
    return Outcome(_value(plain["value"]), error, changed, ended=ended, refused=refused)


def _value(plain: object) -> object:
    if isinstance(plain, tuple | list):
        return type(plain)(map(_value, plain))
    if isinstance(plain, dict):
        if set(plain) == {_SAMPLED}:
            return Sampled(*plain[_SAMPLED])
        return {key: _value(part) for key, part in plain.items()}
    return plain
