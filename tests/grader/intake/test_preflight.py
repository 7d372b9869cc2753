"""Whatever was handed in: a notebook, or a state and a sentence each for student and instructor."""

import io
import json
import os
import re
import stat
import zipfile

import nbformat
import pytest

from rnnref.grader.intake import files
from rnnref.grader.intake import notebook as notebooks
from rnnref.grader.intake import preflight as module
from rnnref.grader.intake.files import is_safe, read_regular
from rnnref.grader.intake.notebook import Refused, RefusedError
from rnnref.grader.intake.preflight import Accepted, check_notebook, preflight

NAME = "tiny.ipynb"


@pytest.fixture
def folder(tmp_path):
    """An empty submission."""
    path = tmp_path / "tiny"
    path.mkdir()
    return path


@pytest.fixture
def good(answered):
    """A submission's bytes."""
    return nbformat.writes(answered(double="def double(x):\n    return x + x")).encode()


def _refused(result, state):
    assert isinstance(result, Refused), result
    assert result.state == state
    for sentence in (result.for_student, result.for_instructor):
        assert re.fullmatch(r"\S[^\n]+\.", sentence), sentence


def _accepted(result, *notes):
    assert isinstance(result, Accepted), result
    assert len(result.notes) == len(notes), result.notes
    for said, expected in zip(result.notes, notes, strict=True):
        assert expected in said
    notebook = nbformat.reads(result.notebook.decode(), as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    return notebook


def _zip(*entries, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def _changed(data, **changes):
    return json.dumps(json.loads(data) | changes).encode()


def test_a_good_notebook_has_no_notes(folder, good, source):
    (folder / NAME).write_bytes(good)
    notebook = _accepted(preflight(folder, source))
    assert [c.source for c in notebook.cells if "x + x" in c.source]


BROKEN = {
    "empty": (b"", "empty file"),
    "white space": (b" \n\t", "empty file"),
    "cut off": (b'{"cells": [', "not JSON"),
    "text": (b"def double(x): return 2 * x", "not JSON"),
    "nested deeply": (b"[" * 200_000, "not JSON"),
    "a number of 5000 digits": (b'{"nbformat": ' + b"1" * 5000 + b"}", "not JSON"),
    "Latin-1": ('{"nbformat": 4, "x": "é"}'.encode("latin-1"), "not UTF-8"),
    "PNG": (b"\x89PNG\r\n\x1a\n\xff\xfe", "not UTF-8"),
    "a list": (b"[]", "not a notebook"),
    "null": (b"null", "not a notebook"),
    "another JSON file": (b'{"a": 1}', "not a notebook"),
    "nbformat is text": (b'{"nbformat": "4", "cells": []}', "not a notebook"),
    "no cells": (b'{"nbformat": 4}', "not a notebook"),
    "cells are text": (b'{"nbformat": 4, "cells": "x"}', "not a notebook"),
    "a newer format": (b'{"nbformat": 5, "cells": []}', "unknown format"),
    "an ancient format": (b'{"nbformat": 1, "cells": []}', "unknown format"),
    "a broken old format": (b'{"nbformat": 3, "worksheets": 7}', "not a notebook"),
    "no cell of the set": (b'{"nbformat": 4, "cells": []}', "another notebook"),
    "cells that are no cells": (
        b'{"nbformat": 4, "cells": [5, null, {"cell_type": "x"}, '
        b'{"cell_type": "code", "source": 7}, {"cell_type": ["code"], "source": ""}]}',
        "another notebook",
    ),
}


@pytest.mark.parametrize(("data", "state"), BROKEN.values(), ids=BROKEN)
def test_broken_files(folder, source, data, state):
    (folder / NAME).write_bytes(data)
    _refused(preflight(folder, source), state)
    _refused(check_notebook(data, source), state)


@pytest.mark.parametrize(
    ("encoding", "notes"),
    [
        ("utf-8-sig", ()),
        ("utf-16", ("UTF-16",)),
        ("utf-16-le", ("UTF-16",)),
        ("utf-32", ("UTF-32",)),
    ],
)
def test_other_encodings_are_read(good, source, encoding, notes):
    _accepted(check_notebook(good.decode().encode(encoding), source), *notes)


def test_older_formats_are_brought_up_to_date(good, source):
    notebook = nbformat.reads(good.decode(), as_version=4)
    old = json.dumps(nbformat.convert(notebook, 3)).encode()
    clean = _accepted(check_notebook(old, source), "old format 3")
    assert any("x + x" in cell.source for cell in clean.cells)
    for minor in (0, 4, 99):
        plain = json.loads(good)
        for cell in plain["cells"]:
            del cell["id"]
        _accepted(check_notebook(_changed(json.dumps(plain), nbformat_minor=minor), source))


def test_unreadable_cells_are_left_out_and_the_others_kept(good, source):
    plain = json.loads(good)
    plain["cells"].insert(3, 17)
    plain["cells"][0]["metadata"] = []
    plain["cells"][1]["id"] = "no good id!"
    plain["cells"][2]["id"] = plain["cells"][4]["id"] = "twice"
    plain["metadata"] = {"kernelspec": 5}
    _accepted(check_notebook(json.dumps(plain).encode(), source), "1 of its cells")


def test_lone_surrogates_do_not_get_through(good, source):
    plain = json.loads(good)
    plain["cells"][0] |= {"source": ["a\ud800", "b"], "attachments": {
        "\udfff.png": {"image/png": "aGk=", "text/html": "<script>"}, "x": 3}}  # fmt: skip
    accepted = check_notebook(json.dumps(plain).encode(), source)
    notebook = _accepted(accepted)
    nbformat.writes(notebook).encode("utf-8")
    assert notebook.cells[0].source == "a?b"
    assert notebook.cells[0].attachments == {"?.png": {"image/png": "aGk="}}


@pytest.mark.parametrize("version", [0, 2, 99, "3", None])
def test_another_schema_version_is_told_and_does_not_matter(good, source, version):
    plain = json.loads(good)
    plain["cells"][3]["metadata"]["nbgrader"]["schema_version"] = version
    _accepted(check_notebook(json.dumps(plain).encode(), source), "schema version")


def test_no_folder_no_notebook(tmp_path, folder, source):
    _refused(preflight(folder, source), "no notebook")
    (folder / "notes.txt").write_text("hello")
    _refused(preflight(folder, source), "no notebook")
    _refused(preflight(tmp_path / "missing", source), "unreadable")
    (tmp_path / "file").write_text("")
    _refused(preflight(tmp_path / "file", source), "no folder")


def test_links_are_refused_unopened(tmp_path, folder, good, source):
    real = tmp_path / "instructors.ipynb"
    real.write_bytes(good)
    (folder / NAME).symlink_to(real)
    _refused(preflight(folder, source), "link")
    assert not is_safe(folder / NAME)
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    _refused(preflight(linked, source), "link")
    # A folder that is a link is not entered either.
    (folder / NAME).unlink()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / NAME).write_bytes(good)
    (folder / "sub").symlink_to(tmp_path / "elsewhere")
    _refused(preflight(folder, source), "no notebook")


def test_special_files_are_refused_unopened(folder, source):
    os.mkfifo(folder / NAME)  # opening it for reading would wait for ever
    _refused(preflight(folder, source), "special file")
    assert not is_safe(folder / NAME)
    (folder / NAME).unlink()
    (folder / NAME).mkdir()
    _refused(preflight(folder, source), "no notebook")


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to(__file__)])
def test_a_file_swapped_after_the_look_is_not_read(folder, make):
    class Swapped(type(folder)):
        def lstat(self):
            return os.stat(__file__)

    make(folder / NAME)
    with pytest.raises((RefusedError, OSError)):
        read_regular(Swapped(folder / NAME))


def test_a_link_beside_a_good_notebook_does_not_matter(folder, good, source):
    (folder / NAME).write_bytes(good)
    (folder / "other.ipynb").symlink_to(folder / NAME)
    os.mkfifo(folder / "pipe.ipynb")
    _accepted(preflight(folder, source))


def test_the_size_limit(folder, good, source, monkeypatch):
    (folder / NAME).write_bytes(good)
    assert is_safe(folder / NAME)
    monkeypatch.setattr(files, "MAX_BYTES", len(good) - 1)
    _refused(preflight(folder, source), "too large")
    assert not is_safe(folder / NAME)
    monkeypatch.setattr(files, "MAX_BYTES", len(good))
    _accepted(preflight(folder, source))


def test_a_folder_that_cannot_be_read(folder, source, monkeypatch):
    (folder / NAME).write_bytes(b"{}")

    def forbidden(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.os, "open", forbidden)
    _refused(preflight(folder, source), "unreadable")


def test_an_unreadable_file_beside_a_good_one_does_not_matter(folder, good, source, monkeypatch):
    (folder / NAME).write_bytes(good)
    (folder / "other.ipynb").write_bytes(good)
    opened = os.open

    def forbidden(path, *rest):
        if str(path).endswith("other.ipynb"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest)

    monkeypatch.setattr(files.os, "open", forbidden)
    _accepted(preflight(folder, source))


def test_another_file_name_is_found_by_its_cells(folder, good, source):
    (folder / "my solution (1).IPYNB").write_bytes(good)
    _accepted(preflight(folder, source), "was called")


def test_another_file_name_without_ids_is_found_by_its_names(folder, good, source):
    plain = json.loads(good)
    for cell in plain["cells"]:
        cell["metadata"] = {}
    (folder / "homework.ipynb").write_bytes(json.dumps(plain).encode())
    _accepted(preflight(folder, source), "was called")


def test_of_several_notebooks_the_right_name_wins(folder, good, answered, source):
    (folder / "a.ipynb").write_bytes(good)
    (folder / NAME).write_text(nbformat.writes(answered(double="double = 'this one'")))
    checkpoints = folder / ".ipynb_checkpoints"
    checkpoints.mkdir()
    (checkpoints / "tiny-checkpoint.ipynb").write_bytes(good)
    accepted = preflight(folder, source)
    _accepted(accepted, "There were 2 notebooks; “tiny.ipynb” was graded")
    assert b"this one" in accepted.notebook


def test_of_several_other_names_the_one_with_most_cells_wins(folder, good, source):
    fewer = json.loads(good)
    fewer["cells"] = fewer["cells"][:3]
    (folder / "a.ipynb").write_bytes(json.dumps(fewer).encode())
    (folder / "b.ipynb").write_bytes(good)
    (folder / "c.ipynb").write_bytes(b"not JSON")
    _accepted(preflight(folder, source), "“b.ipynb” was graded")


def test_a_notebook_in_a_folder_below(folder, good, source):
    (folder / "hand" / "in").mkdir(parents=True)
    (folder / "hand" / "in" / NAME).write_bytes(good)
    _accepted(preflight(folder, source))


def test_too_many_files(folder, good, source, monkeypatch):
    (folder / NAME).write_bytes(good)
    (folder / "x").write_text("")
    monkeypatch.setattr(module, "MAX_ENTRIES", 1)
    _refused(preflight(folder, source), "too many files")


def test_a_zip_file(folder, good, source):
    data = _zip(("ps/" + NAME, good), ("__MACOSX/ps/._" + NAME, b"\0"), ("ps/notes.txt", b"x"))
    (folder / "hand in.zip").write_bytes(data)
    _accepted(preflight(folder, source), "zip file")
    assert sorted(p.name for p in folder.iterdir()) == ["hand in.zip"]


def test_a_notebook_goes_before_a_zip_file(folder, good, source):
    (folder / "a.zip").write_bytes(b"broken")
    (folder / NAME).write_bytes(good)
    _accepted(preflight(folder, source))


def _linked(good):
    entry = zipfile.ZipInfo(NAME)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return _zip((entry, b"/etc/passwd"))


def _with_flag(data, bit):
    """The same archive with a flag set in the central directory."""
    at = data.rindex(b"PK\x01\x02") + 8
    return data[:at] + bytes([data[at] | bit]) + data[at + 1 :]


def _lying(good):
    """An entry whose central directory says that it is one byte long."""
    data = _zip((NAME, good))
    at = data.rindex(b"PK\x01\x02") + 24
    return data[:at] + b"\1\0\0\0" + data[at + 4 :]


ZIPS = {
    "broken": (lambda good: b"PK broken", "bad zip file"),
    "cut off": (lambda good: _zip((NAME, good))[:-40], "bad zip file"),
    "a lie about the size": (_lying, "bad zip file"),
    "empty": (lambda good: _zip(), "no notebook"),
    "no notebook": (lambda good: _zip(("a.txt", b"x")), "no notebook"),
    "a path upwards": (lambda good: _zip(("../" + NAME, good)), "unsafe zip file"),
    "a path upwards, Windows": (lambda good: _zip(("a\\..\\..\\x", b"")), "unsafe zip file"),
    "an absolute path": (lambda good: _zip(("/tmp/" + NAME, good)), "unsafe zip file"),
    "a drive": (lambda good: _zip(("C:" + NAME, good)), "unsafe zip file"),
    "a link": (_linked, "unsafe zip file"),
    "a password": (lambda good: _with_flag(_zip((NAME, good)), 1), "unsafe zip file"),
    "a bomb": (lambda good: _zip((NAME, b" " * 10_000_000)), "unsafe zip file"),
    "many entries": (lambda good: _zip(*((f"{i}", b"") for i in range(1001))), "unsafe zip file"),
    "rare compression": (
        lambda good: _zip((NAME, good), compression=zipfile.ZIP_LZMA),
        "unsafe zip file",
    ),
    "not JSON inside": (lambda good: _zip((NAME, b"x")), "not JSON"),
}


@pytest.mark.parametrize(("make", "state"), ZIPS.values(), ids=ZIPS)
def test_broken_and_unsafe_zip_files(folder, good, source, make, state):
    (folder / "a.zip").write_bytes(make(good))
    _refused(preflight(folder, source), state)


def test_several_zip_files(folder, good, source):
    for name in ("a.zip", "b.zip"):
        (folder / name).write_bytes(_zip((NAME, good)))
    _refused(preflight(folder, source), "several zip files")


def test_a_file_name_cannot_break_a_sentence(folder, source):
    (folder / ("x\n" * 20 + ".ipynb")).write_bytes(b"")
    _refused(preflight(folder, source), "empty file")


def test_a_cell_that_is_far_too_long_is_left_out(good, source):
    plain = json.loads(good)
    plain["cells"].append({"cell_type": "code", "metadata": {}, "source": "a=1\n" * 50_001})
    last = len(plain["cells"])
    _accepted(check_notebook(json.dumps(plain).encode(), source), f"Cell {last} was longer than")


def _with_cells(good, *sources):
    plain = json.loads(good)
    plain["cells"] += [{"cell_type": "code", "metadata": {}, "source": text} for text in sources]
    return json.dumps(plain).encode()


def test_a_notebook_that_is_far_too_large_is_refused_unparsed(good, source, monkeypatch):
    parsed = []
    monkeypatch.setattr(module, "bound_names", lambda text: parsed.append(text) or frozenset())
    _refused(check_notebook(_with_cells(good, *["a=1\n" * 40_000] * 7), source), "too large")
    _refused(check_notebook(_with_cells(good, *[""] * notebooks.MAX_CELLS), source), "too large")
    plain = json.loads(good)
    picture = {"x.png": {"image/png": "A" * notebooks.MAX_NOTEBOOK}}
    plain["cells"][0] = {"cell_type": "markdown", "source": "", "attachments": picture}
    _refused(check_notebook(json.dumps(plain).encode(), source), "too large")
    assert parsed == []


def test_outputs_do_not_count(good, source):
    plain = json.loads(good)
    code = next(cell for cell in plain["cells"] if cell["cell_type"] == "code")
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 11_000_000}]
    _accepted(check_notebook(json.dumps(plain).encode(), source))


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("limit", ["MAX_TOTAL", "MAX_NOTEBOOKS"])
def test_many_notebooks_are_not_kept_in_memory(folder, good, source, monkeypatch, zipped, limit):
    monkeypatch.setattr(module, limit, 3 * len(good) if limit == "MAX_TOTAL" else 3)
    entries = [(f"{number}.ipynb", good) for number in range(40)]
    if zipped:
        (folder / "a.zip").write_bytes(_zip(*entries))
    else:
        for name, data in entries:
            (folder / name).write_bytes(data)
    _refused(preflight(folder, source), "too large")
