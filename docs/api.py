"""Pages of the reference, from its public names."""

from __future__ import annotations

import inspect
from importlib import import_module

import rnnref

# What stands on each page, in the order of the site.
_ROOMS = {
    "nets": "Networks, each forward pass beside its backward pass",
    "losses": "Losses",
    "learning": "Learning: optimisers, training, models",
    "analysis": "Analysis: gradients, Jacobians, sensitivities",
    "baselines": "Baselines: models without, or with another, memory",
}
_FACES = {
    "rnnref.course": "The checks' face",
    "rnnref.course.tasks": "Tasks",
    "rnnref.course.plots": "Plots",
    "rnnref.course.training": "Training loops that are given",
}


def pages() -> dict[str, bytes]:
    """Return all pages of the reference."""
    modules = dict(sorted(rnnref._NAMES.items()))
    files, rooms = {}, []
    for room, title in _ROOMS.items():
        inside = [name for name in modules if name.startswith(f"rnnref.{room}.")]
        text = [_heading(title, "=")]
        for module in inside:
            page = module.split(".")[-1]
            text += [_heading(f":doc:`{page} <{room}/{page}>`", "-"), _about(module)]
            text.append(_summary("rnnref", modules[module]))
            files[f"api/{room}/{page}.rst"] = _page(page, module, modules[module])
        text.append(_tree([f"{room}/{module.split('.')[-1]}" for module in inside]))
        files[f"api/{room}.rst"] = "\n\n".join(text) + "\n"
        rooms.append(room)
    rest = [name for name in modules if name.split(".")[1] not in _ROOMS]
    files["api/errors.rst"] = "\n\n".join(
        [_heading("Errors", "="), *(_entries("rnnref", modules[name]) for name in rest)]
    )
    for face, title in _FACES.items():
        names = import_module(face).__all__
        files[f"api/{face.split('.')[-1]}.rst"] = "\n\n".join(
            [_heading(title, "="), _about(face), _summary(face, names), _entries(face, names)]
        )
    faces = [face.split(".")[-1] for face in _FACES]
    files["api/index.rst"] = "\n\n".join(
        [
            _heading("The reference", "="),
            "Everything under the first five headings, and the errors, can be imported from "
            "``rnnref`` itself::\n\n    from rnnref import rnn_forward, rnn_backward\n\n"
            "and a name is loaded when it is first used, so that ``rnnref.course``, what students' "
            "notebooks import, loads no answer. Shapes, names and layouts are those of the "
            ":doc:`conventions </conventions>`.",
            ".. toctree::\n   :maxdepth: 2\n\n" + "\n".join(f"   {x}" for x in (*rooms, "errors")),
            _heading("What notebooks may import", "-"),
            ".. toctree::\n   :maxdepth: 1\n\n" + "\n".join(f"   {x}" for x in faces),
        ]
    )
    return {name: text.encode() for name, text in files.items()}


def _page(title: str, module: str, names: tuple[str, ...]) -> str:
    text = [_heading(title, "="), _about(module), _summary("rnnref", names)]
    return "\n\n".join([*text, _entries("rnnref", names)])


def _heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}"


def _about(module: str) -> str:
    return inspect.getdoc(import_module(module)) or ""


def _summary(home: str, names: tuple[str, ...]) -> str:
    lines = "\n".join(f"   {name}" for name in names)
    return f".. currentmodule:: {home}\n\n.. autosummary::\n   :nosignatures:\n\n{lines}"


def _entries(home: str, names: tuple[str, ...]) -> str:
    return f".. currentmodule:: {home}\n\n" + "\n\n".join(_entry(home, name) for name in names)


def _entry(home: str, name: str) -> str:
    value = getattr(import_module(home), name)
    if inspect.isclass(value):
        kind = "autoexception" if issubclass(value, Exception) else "autoclass"
        members = "" if issubclass(value, tuple | Exception) else "\n   :members:"
        return f".. {kind}:: {name}{members}"
    if inspect.isroutine(value):
        return f".. autofunction:: {name}"
    return f".. autodata:: {name}\n   :no-value:"


def _tree(pages: list[str]) -> str:
    return ".. toctree::\n   :hidden:\n\n" + "\n".join(f"   {page}" for page in pages)
