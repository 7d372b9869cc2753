"""Submissions that want marks they do not deserve, or want to do harm. Only for a sandbox.

Each keeps right answers elsewhere, so that the tests also see that nobody else's marks, and none
of the other exercises, suffer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Attack:
    """What is tried.

    Parameters
    ----------
    about : str
        In a few words.
    cells : mapping
        Grade id → text of the cell, in place of a right answer.
    first : str
        Code in a cell of its own before all others.
    lost : mapping
        Exercise → points, where it does not get all.
    """

    about: str
    cells: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    lost: Mapping[str, float] = field(default_factory=dict)


_EXIT_IN_CELL = """
import sys

sys.exit(0)
"""

_OS_EXIT = """
import os


def linear_rnn(x, u, w, v, h0=0.0):
    os._exit(0)
"""

_SYS_EXIT_IN_FUNCTION = """
import sys


def readout(H, V, c):
    sys.exit("full marks, please")
"""

_ENDLESS = """
def rnn_step(x, h, U, W, b):
    while True:
        try:
            h = h + 0
        except BaseException:
            pass
"""

_PATCHES = """
import builtins
import sys

import numpy.testing

np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
numpy.testing.assert_allclose = lambda *a, **k: None
np.abs = lambda a: np.zeros_like(a)
builtins.all = lambda values: True
for name in list(sys.modules):
    if name.startswith("rnnref"):
        del sys.modules[name]
"""

_ZERO_STEP = """
def rnn_step(x, h, U, W, b):
    return 0 * h
"""

_READS_SOLUTION = """
import json
import pathlib


def unrolled_matrix(u, w, T):
    places = ["../../../source", "../../../solutions", "../../../assignments", "..", "~"]
    for place in places:
        folder = pathlib.Path(place).expanduser() / "ps1_recurrence"
        for file in folder.glob("*.ipynb"):
            for cell in json.loads(file.read_text())["cells"]:
                text = "".join(cell["source"])
                if "def unrolled_matrix" in text and "NotImplementedError" not in text:
                    scope = {}
                    exec("import numpy as np\\n" + text, scope)
                    return scope["unrolled_matrix"](u, w, T)
    from rnnref.checks.ps1_recurrence.unrolled_matrix import unrolled_matrix as answer
    return answer(u, w, T)
"""

_EQUALS_EVERYTHING = """
class Agreeable(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)

    def __sub__(self, other):
        return np.zeros(self.shape)

    __rsub__ = __sub__

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(self.shape)


def readout(H, V, c):
    return np.zeros(H.shape[:2] + c.shape).view(Agreeable)
"""

_WRITES_MARKS = """
import glob
import os
import shutil
import sqlite3

places = ["", "../", "../../", "../../../", "/*/", "/*/*/", os.path.expanduser("~/*/")]
for file in [file for place in places for file in glob.glob(place + "gradebook.db")]:
    try:
        with sqlite3.connect(file) as book:
            book.execute("UPDATE grade SET manual_score = max_score_cell")
        os.remove(file)
    except Exception:
        pass
shutil.rmtree(os.path.expanduser("~"), ignore_errors=True)
"""

_LEAVES_PROCESSES = """
import os
import subprocess
import threading
import time

for _ in range(1000):
    try:
        if os.fork() == 0:
            time.sleep(3600)
            os._exit(0)
    except OSError:
        break
try:
    subprocess.Popen(["sleep", "3600"], start_new_session=True)
except OSError:
    pass
try:
    threading.Thread(target=time.sleep, args=(3600,)).start()
except RuntimeError:
    pass
"""

_LIES_ABOUT_ITSELF = """
calls = 0


def one_hot(ids, vocabulary_size):
    global calls
    calls += 1
    rows = np.zeros((len(ids), vocabulary_size))
    if calls % 2:
        rows[np.arange(len(ids)), ids] = 1
    return rows
"""

_SPEAKS_TO_THE_WORLD = """
import socket
import urllib.request

reached = []
for address in [("1.1.1.1", 80), ("127.0.0.1", 22), ("127.0.0.1", 8888)]:
    try:
        socket.create_connection(address, timeout=0.2)
        reached.append(address)
    except OSError:
        pass
if not reached:
    raise RuntimeError("no network here")
"""

HOSTILE = {
    "mallory": Attack("sys.exit in a cell", first=_EXIT_IN_CELL),
    "nemo": Attack(
        "os._exit inside a function", {"linear_rnn": _OS_EXIT}, lost={"linear_rnn": 0.0}
    ),
    "olga": Attack(
        "sys.exit inside a function", {"readout": _SYS_EXIT_IN_FUNCTION}, lost={"readout": 0.0}
    ),
    "pavel": Attack("an endless loop", {"rnn_step": _ENDLESS}, lost={"rnn_step": 0.0}),
    "quinn": Attack(
        "a patched numpy.testing and builtins",
        {"rnn_step": _PATCHES + _ZERO_STEP},
        lost={"rnn_step": 0.0},
    ),
    "rosa": Attack(
        "reads the solution from ../../../source",
        {"unrolled_matrix": _READS_SOLUTION},
        lost={"unrolled_matrix": 0.0},
    ),
    "stan": Attack(
        "an ndarray subclass that equals everything",
        {"readout": _EQUALS_EVERYTHING},
        lost={"readout": 0.0},
    ),
    "tara": Attack("rewrites and deletes the gradebook", first=_WRITES_MARKS),
    "ugo": Attack("a thousand processes left behind", first=_LEAVES_PROCESSES),
    "vera": Attack(
        "right at every other call", {"one_hot": _LIES_ABOUT_ITSELF}, lost={"one_hot": 0.0}
    ),
    "wim": Attack("speaks to the world", first=_SPEAKS_TO_THE_WORLD),
}
