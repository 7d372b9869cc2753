"""The other recipe: what is run here as root is run once more as an ordinary user."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rnnref

pytestmark = pytest.mark.sandbox

SCRIPT = """
import json, sys
from dataclasses import replace
from rnnref.grader.sandbox.limits import Limits
from rnnref.grader.sandbox import Sandbox

FORKS = '''
n = 0
for _ in range(200):
    try:
        if os.fork() == 0: time.sleep(100)
        n += 1
    except BlockingIOError: pass
n
'''
MEMORY = '''
def fork():
    while True:  # until those that were killed before no longer count
        try: return os.fork()
        except BlockingIOError: time.sleep(0.1)
for _ in range(5):
    if fork() == 0:
        a = bytearray(b"x" * 2**28)
        time.sleep(100)
time.sleep(100)
'''
found = {}
limits = Limits(cell_cpu=20, total_memory=500 * 2**20)
with Sandbox(limits) as sandbox:
    with sandbox.child() as child:
        who = "import os, time; os.getuid(), os.path.exists('/home'), os.listdir('/proc')"
        shown = child.run_cell(who)
        found["who"] = shown.outputs[0]["data"]["text/plain"]
        child.run_cell("def f(x): return 2 * x")
        with child.fork() as one, child.fork() as two:
            found["fork"] = one.call("f", [4]).value + two.call("f", [5]).value
        shown = child.run_cell(FORKS)
        found["forks"] = shown.outputs[0]["data"]["text/plain"]
        with child.fork() as fork:
            found["after"] = fork.call("f", [1]).value
        found["memory"] = child.run_cell(MEMORY).ended.text
    with sandbox.child(replace(limits, cell_cpu=0.3)) as child:
        found["loop"] = child.run_cell("while True: pass").ended.text
    with sandbox.child() as child:
        found["exit"] = child.run_cell("import os; os._exit(2)").ended.text
print(json.dumps(found))
"""


def readable_python():
    """A Python of this version that any user may run."""
    here = os.path.realpath(sys.executable)
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for path in (here, shutil.which(name, path="/usr/local/bin:/usr/bin")):
        folders = Path(path or "/nonexistent").parents
        if path and all(
            folder.exists() and folder.stat().st_mode & 0o005 == 5 for folder in folders
        ):
            return path
    return None


def test_an_ordinary_user_has_the_same_sandbox(sandbox):
    packages = [path for path in sys.path if path.endswith("-packages")]
    project = Path(rnnref.__file__).parents[1]
    command = [sys.executable]
    if os.geteuid() == 0:
        python = readable_python()
        if python is None:
            pytest.skip("no Python of this version can be run by an ordinary user")
        command = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", python]
        unreadable = subprocess.run(
            [*command, "-c", "import sys; open(sys.argv[1])", rnnref.__file__]
        )
        if unreadable.returncode:
            pytest.skip("an ordinary user cannot read the project")
    ran = subprocess.run(
        [*command, "-B", "-c", SCRIPT],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join((str(project), *packages))},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.stderr == ""
    found = json.loads(ran.stdout)
    assert int(found.pop("forks")) < 48
    assert found == {
        "who": "(65534, False, [])",
        "fork": 18,
        "after": 2,
        "memory": "stopped: it used more than 500 MiB of memory",
        "loop": "stopped after 0.3 s of CPU time",
        "exit": "the process ended itself (exit code 2)",
    }
