"""Submissions that would end, fill, read or fool the grader."""

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest

import rnnref
from rnnref.grader.sandbox import Sandbox
from rnnref.grader.sandbox.child import ChildEnded
from rnnref.grader.sandbox.keeper import Stop
from rnnref.grader.sandbox.proxy import Proxy
from rnnref.grader.sandbox.replies import read_call

pytestmark = pytest.mark.sandbox


def still_works(child):
    """Whether right code after all that gets its value, in a fork as tests call it."""
    child.run_cell("def right(x): return 2 * x")
    with child.fork() as fork:
        return fork.call("right", [21]).value == 42


# Ends and hangs


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        ("print('said'); os._exit(3)", "exit", "exit code 3"),
        ("ctypes.string_at(0)", "killed", "SIGSEGV"),
        ("os.abort()", "killed", "SIGABRT"),
        ("os.kill(os.getpid(), 9)", "killed", "SIGKILL"),
        ("os.kill(os.getpid(), 40)", "killed", "signal 40"),
    ],
)
def test_the_end_of_the_process_is_reported(child, printed, source, kind, text):
    result = child.run_cell(f"import ctypes, os\n{source}")
    assert (result.ended.kind, text in result.ended.text) == (kind, True)
    assert printed(result) == ("said\n" if "said" in source else "")
    with pytest.raises(ChildEnded, match=text):
        child.run_cell("1")
    with pytest.raises(ChildEnded):
        child.fork()
    assert text in Proxy(child, "f").outcome([]).ended


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "import signal\nfor s in (2, 15, 24): signal.signal(s, lambda *_: None)\nwhile True: pass",
        "import threading\ndef loop():\n    while True: pass\n"
        "t = threading.Thread(target=loop); t.start(); t.join()",
        "import subprocess; subprocess.run(['sh', '-c', 'while :; do :; done'])",
        "(10**9)**(10**9)",
    ],
)
def test_loops_are_stopped(make_child, source):
    result = make_child(cell_cpu=0.3).run_cell(source)
    assert (result.ended.kind, result.ended.text) == ("time", "stopped after 0.3 s of CPU time")


@pytest.mark.parametrize(
    "source",
    [
        "import time; time.sleep(1000)",
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "!sleep 1000",
        "import os; os.read(os.pipe()[0], 1)",
    ],
)
def test_what_only_waits_is_stopped(make_child, source):
    result = make_child(cell_wall=0.5).run_cell(source)
    assert (result.ended.kind, result.ended.text) == (
        "time",
        "stopped after 0.5 s without an answer",
    )


def test_a_notebook_has_a_budget(make_child):
    child = make_child(notebook_cpu=0.5)
    results = [child.run_cell("s = sum(range(2_000_000))")]
    while not results[-1].ended:
        results.append(child.run_cell("s = sum(range(2_000_000))"))
    assert results[-1].ended.text == "stopped: the notebook has used its 0.5 s of CPU time"
    child = make_child(notebook_wall=0.3)
    assert "notebook" in child.run_cell("import time; time.sleep(1000)").ended.text


def test_the_supervisor_cannot_be_killed_or_starved(child):
    result = child.run_cell(
        "import os, signal\nfor s in range(1, 32):\n    os.kill(1, s)\n"
        "os.kill(os.getppid(), signal.SIGKILL)\n"
        "tried = []\n"
        "for act in (lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),\n"
        "            lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)),\n"
        "            lambda: os.sched_setaffinity(1, {0})):\n"
        "    try: tried.append(act())\n    except PermissionError: tried.append('no')\ntried"
    )
    assert result.outputs[-1]["data"]["text/plain"] == "['no', 'no', 'no']"
    assert still_works(child)


def test_the_supervisor_cannot_be_blinded(child):
    source = "import resource; resource.prlimit({}, resource.RLIMIT_NOFILE, (3, 3))"
    assert child.run_cell(source.format(1)).error["ename"] == "PermissionError"
    assert child.run_cell(source.format(0)).error is None


def test_the_time_of_children_that_nobody_waits_for_counts(make_child, printed):
    child = make_child(cell_cpu=1)
    result = child.run_cell(
        "import os, signal, time\n"
        "try: signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nexcept PermissionError: pass\n"
        "while True:\n"
        "    if os.fork() == 0:\n"
        "        while time.process_time() < 0.04: pass\n"
        "        os._exit(os.write(1, b'.'))\n"
        "    try: os.wait()\n    except ChildProcessError: pass"
    )
    assert result.ended.text == "stopped after 1 s of CPU time"
    # Each has used 0.04 s.
    assert len(printed(result)) < 60


# Memory, processes, files


def test_a_large_array_is_a_memory_error(child):
    assert child.run_cell("import numpy as np; np.ones(2**30)").error["ename"] == "MemoryError"
    assert still_works(child)


def test_memory_is_summed_over_processes(child):
    result = child.run_cell(
        "import os, time, numpy as np\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        a = np.ones(2**24); time.sleep(100)\ntime.sleep(100)"
    )
    assert result.ended.text == "stopped: it used more than 700 MiB of memory"


def test_memory_that_forks_share_counts_once(child):
    child.run_cell("import numpy as np; a = np.ones(2**26 - 2**24)\ndef f(): return a.sum()")
    with child.fork() as first, child.fork() as second:
        assert first.call("f").value == second.call("f").value == 2**26 - 2**24


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.memfd_create('x')",
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.shmget(0, 2**20, 0o1600) < 0: raise PermissionError(1, ctypes.get_errno())",
        "import ctypes; libc = ctypes.CDLL(None)\n"
        "if libc.unshare(0x10000000) < 0: raise PermissionError",
    ],
)
def test_memory_of_no_process_cannot_be_had(child, source):
    assert child.run_cell(source).error["ename"] == "PermissionError"


def test_files_are_limited(child):
    error = child.run_cell("open('/tmp/one', 'wb').write(bytes(40 * 2**20))").error
    assert "File too large" in error["evalue"]
    error = child.run_cell(
        "for i in range(100): open(f'/tmp/{i}', 'wb').write(bytes(20 * 2**20))"
    ).error
    assert "No space left" in error["evalue"]
    assert still_works(child)


def test_a_thousand_forks(child, printed):
    result = child.run_cell(
        "import os, time\nmade = 0\nfor _ in range(1000):\n    try:\n"
        "        if os.fork() == 0: time.sleep(1000)\n        made += 1\n"
        "    except BlockingIOError: pass\nprint(made)"
    )
    assert 0 < int(printed(result)) < 48
    assert still_works(child)


def test_forks_that_fork(child):
    child.run_cell("import os\nwhile True:\n    try: os.fork()\n    except OSError: break")
    assert still_works(child)


def test_a_fork_that_leaves_its_cell_does_not_answer(child, printed):
    assert printed(child.run_cell("import os\npid = os.fork()\nif pid: os.wait()")) == ""
    assert still_works(child)


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess\nfor _ in range(5): subprocess.Popen('sleep 1000 &', shell=True)",
        "import threading, time\ndef noise():\n    while True: print('noise'); time.sleep(1e-3)\n"
        "threading.Thread(target=noise).start()",
        "import threading\ndef busy():\n    while True: pass\n"
        "threading.Thread(target=busy).start()",
        "import atexit, time; atexit.register(time.sleep, 1000)",
        "import os; os.close(0); os.close(1); os.close(2)",
        "import sys; sys.stdout = sys.stderr = open('/tmp/x', 'w')",
    ],
)
def test_what_a_cell_leaves_behind_costs_nothing(child, source):
    assert child.run_cell(source).ended is None
    assert still_works(child)


def running():
    """All processes that are not dead: id → (parent, time of start)."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if fields[0] not in "ZX":
                found[int(folder.name)] = int(fields[1]), fields[19]
    return found


def below(pid):
    """The descendants of a process as (id, time of start)."""
    processes, found = running(), {pid}
    while more := {p for p, (parent, _) in processes.items() if parent in found} - found:
        found |= more
    return {(p, processes[p][1]) for p in found - {pid}}


def alive(those):
    """Which of some (id, time of start) still run."""
    return those & {(pid, start) for pid, (_, start) in running().items()}


def test_nothing_is_left_running(sandbox):
    before = below(os.getpid())
    with Sandbox() as own:
        child = own.child()
        child.run_cell(
            "import subprocess, threading, time\n"
            "subprocess.Popen('sleep 1000 & sleep 1000', shell=True, start_new_session=True)\n"
            "threading.Thread(target=time.sleep, args=(1000,)).start()"
        )
        # bwrap twice, zygote, supervisor, the child, a shell and two sleepers.
        during = below(os.getpid()) - before
        assert len(during) >= 7
        child.fork()
    assert not alive(during)


def test_the_sandbox_ends_with_the_grader():
    grader = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from rnnref.grader.sandbox import Sandbox\nwith Sandbox() as s:\n    c = s.child()\n"
            "    c.run_cell('import os; os.system(\"sleep 1000 &\")')\n"
            "    print('ready', flush=True)\n    c.run_cell('while True: pass')",
        ],
        stdout=subprocess.PIPE,
        cwd=Path(rnnref.__file__).parents[1],
    )
    with grader:
        assert grader.stdout.readline() == b"ready\n"
        all_of_it = below(grader.pid)
        assert len(all_of_it) >= 5
        grader.send_signal(signal.SIGKILL)
    patience = time.monotonic() + 30
    while alive(all_of_it):
        assert time.monotonic() < patience
        time.sleep(0.05)


# Floods


def test_long_prints_are_cut(child, printed):
    for source, begins in (
        ("print('x' * 60_000_000)", "xxx"),
        ("for i in range(300_000): print(i)", "0\n1\n2\n"),
        ("import os\nfor _ in range(60): os.write(1, b'y' * 10**6)", "yyy"),
        ("import sys; sys.stderr.write('z' * 10**6)", "zzz"),
    ):
        result = child.run_cell(source)
        text = printed(result) or printed(result, "stderr")
        assert text.startswith(begins)
        assert len(text) < 70_000
        assert "MB more cut off here" in text
        assert result.ended is None
    assert still_works(child)


def test_endless_prints_are_stopped(child, printed):
    result = child.run_cell("while True: print('y' * 10_000)")
    assert result.ended.text == "stopped after it had printed 100 MiB"
    assert len(printed(result)) < 70_000


def test_endless_displays_are_stopped(make_child):
    child = make_child(displays=100)
    assert child.run_cell("while True: display(1)").ended.text == "stopped after 100 displays"


def test_displays_are_limited(child):
    result = child.run_cell("for i in range(2000): display(i)")
    assert len(result.outputs) <= 501
    assert "1500 more outputs" in result.outputs[-1]["text"]
    result = child.run_cell("from IPython.display import HTML\ndisplay(HTML('x' * 5_000_000))\n1")
    assert len(json.dumps(result.outputs)) < 1000
    assert child.run_cell("display(HTML('x' * 10**8))").ended is None


def test_a_notebook_keeps_a_bounded_sum(make_child):
    child = make_child(notebook_output=100_000)
    results = [child.run_cell("print('x' * 50_000)") for _ in range(5)]
    assert sum(len(json.dumps(result.outputs)) for result in results) < 102_000


SHOW_AND_UPDATE = """
from IPython.display import HTML, clear_output, display
shown = [display(i, display_id='same') for i in range(100)][0]
for i in range(10): shown.update(HTML('x' * 100_000))
"""


def test_an_update_of_many_displays_counts_for_each(make_child):
    child = make_child(cell_display=500_000, notebook_output=900_000)
    results = [child.run_cell(SHOW_AND_UPDATE) for _ in range(3)]
    assert sum(len(json.dumps(result.outputs)) for result in results) < 950_000
    assert "more outputs" in results[0].outputs[-1]["text"]


def test_what_is_cleared_is_not_updated_any_more(make_child):
    child = make_child(cell_display=200_000)
    first = child.run_cell("shown = display(1, display_id=True)")
    child.run_cell(
        "from IPython.display import HTML, clear_output\nfor i in range(20):\n"
        "    shown.update(HTML(f'{i}' + 'x' * 150_000)); clear_output()"
    )
    # An update by another cell has its room in the cell that showed it, and keeps it.
    assert first.outputs[0]["data"]["text/html"].startswith("19x")
    result = child.run_cell(
        "for i in range(20):\n"
        "    display(HTML('y' * 150_000), display_id='again'); clear_output()\n"
        "_ = display('last', display_id='again')"
    )
    assert [o["data"]["text/plain"] for o in result.outputs] == ["'last'"]


# Secrets


def test_nothing_of_the_course_can_be_read(tmp_path, monkeypatch, printed, sandbox):
    marker = "the-answer-is-" + "forty-two"
    course = tmp_path / "course"
    for name in ("solutions/ps.ipynb", "gradebook.db", "tests/test_hidden.py"):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text(marker)
    (tmp_path / "data.txt").write_text("public")
    (tmp_path / "seed").write_text(marker)
    monkeypatch.setenv("SECRET", marker)
    search = f"""
import os
found, public = [], False
# What the system and Python bring is the machine's, not the course's.
others = ("/usr", "/python", "/packages", "/dev")
if {marker[::-1]!r}[::-1] in "".join(os.environ.values()): found.append("environment")
for folder, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if os.path.join(folder, f) not in others]
    for name in files:
        try: text = open(os.path.join(folder, name), "rb").read(10**6).decode(errors="ignore")
        except OSError: continue
        public |= text == "public"
        if {marker[::-1]!r}[::-1] in text: found.append(os.path.join(folder, name))
for folder in {[str(course), str(tmp_path), str(Path.home()), str(Path.cwd()), "/root", "/home"]!r}:
    if os.path.exists(folder): found.append(folder)
found, public
"""
    tmp_path.chmod(0o755)
    hidden = [course, tmp_path / "seed"]
    with Sandbox(mounts={"/data": tmp_path}, hide=hidden) as own, own.child() as child:
        result = child.run_cell(search)
        assert result.error is None
        assert result.outputs[-1]["data"]["text/plain"] == "([], True)"


def test_the_reference_is_in_no_file(child, printed):
    place = str(Path(rnnref.__file__).parents[1])
    for command in (
        "grep -rIls --include=*.py 'def rnn_forward' /ours /packages /tmp /etc /python/lib",
        "ls -d /packages/*/rnnref/* /packages/*/nbgrader/* 2>/dev/null",
        f"ls {place} 2>/dev/null",
        "cat /proc/*/environ /proc/*/cmdline 2>/dev/null",
    ):
        assert printed(child.run_cell(f"!{command}")) == ""


@pytest.mark.parametrize(
    "source",
    [
        "import socket; socket.create_connection(('127.0.0.1', 22), 1)",
        "import socket; socket.create_connection(('192.0.2.1', 80), 1)",
        "import urllib.request; urllib.request.urlopen('https://example.org', timeout=1)",
    ],
)
def test_there_is_no_network(child, source):
    assert child.run_cell(source).error["ename"] in (
        "OSError",
        "ConnectionRefusedError",
        "URLError",
    )


@pytest.mark.parametrize("family", ["40", "socket.AF_NETLINK", "socket.AF_PACKET", "2**32 + 16"])
def test_sockets_of_other_families_cannot_be_made(child, family):
    source = (
        "import ctypes, os, socket\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.{}(ctypes.c_long({}), socket.SOCK_DGRAM, 0, (ctypes.c_int * 2)()) < 0:\n"
        "    raise OSError(ctypes.get_errno(), 'no')"
    )
    for call in ("socket", "socketpair"):
        assert child.run_cell(source.format(call, family)).error["ename"] == "PermissionError"
    source = "import socket; socket.socket(40, socket.SOCK_STREAM)"
    assert child.run_cell(source).error["ename"] == "PermissionError"


@pytest.mark.parametrize("family", ["AF_UNIX", "AF_INET", "AF_INET6"])
def test_ordinary_sockets_can_be_made(child, family):
    assert child.run_cell(f"import socket; socket.socket(socket.{family}).close()").error is None
    assert child.run_cell("[s.close() for s in socket.socketpair()]").error is None


def test_abstract_sockets_of_the_machine_are_out_of_reach(child):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0rnnref-test-{os.getpid()}")
        server.listen()
        error = child.run_cell(
            f"import socket\nsocket.socket(socket.AF_UNIX).connect('\\0rnnref-test-{os.getpid()}')"
        ).error
    assert error["ename"] == "ConnectionRefusedError"


def test_the_process_has_no_powers(child, printed):
    shown = printed(
        child.run_cell(
            "import os; print(os.getuid(), os.getgid(), set(os.getgroups()) <= {65534})\n"
            "!mount -t tmpfs none /tmp || echo no\n"
            "!su -c id || echo no\n"
            "!ls /etc/shadow || echo no"
        )
    )
    assert shown == "65534 65534 True\nno\nno\nno\n"


# The wire


FIND_WIRE = """
import os, stat, time
def is_socket(fd):
    try: return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError: return False
def find_wire(): return next(filter(is_socket, range(3, 100)))
"""


def lie(child, data):
    """Define a function that writes `data` in the place of its answer, and waits."""
    child.run_cell(
        f"""{FIND_WIRE}
def lie(slowly):
    wire, data = find_wire(), {data!r}
    while data:
        try: data = data[os.write(wire, data[: 1 if slowly else len(data)]):]
        except BlockingIOError: pass
        time.sleep(0.01 if slowly else 0)
    time.sleep(1000)
"""
    )


def test_a_process_holds_no_descriptor_but_its_own(child):
    child.run_cell(f"{FIND_WIRE}def sockets(): return list(filter(is_socket, range(100)))")
    assert len(child.call("sockets").value) == 1
    with child.fork() as first, child.fork() as second:
        assert len(first.call("sockets").value) == len(second.call("sockets").value) == 1


def frame(header, *buffers):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    sizes = [len(b) for b in buffers]
    prefix = struct.pack(f"!II{len(sizes)}Q", len(text), len(sizes), *sizes)
    return prefix + text + b"".join(buffers)


# As deep as the parser lets through.
NESTED = b"[" * 900 + b"]" * 900
CODE = {"dtype": "<f8", "shape": [2], "order": "C", "buffer": 0}


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 64,
        frame(b"[" * 100_000),
        frame({}),
        frame({"value": {"array": CODE}}, b"short"),
        frame({"value": {"array": {**CODE, "shape": [2**61]}}}, bytes(16)),
        frame({"value": {"array": {**CODE, "dtype": "O"}}}, bytes(16)),
        frame({"value": 1, "cpu": "much"}),
        frame({"value": 1, "changed": 3}),
        frame({"value": {"int": "0x" + "f" * 10**6}}),
        struct.pack("!IIQ", 2, 1, 8 * 2**20 + 1) + b"{}",
        frame({"error": ["ValueError", {"a": 1}, None]}),
        frame({"refused": 3}),
        frame({"callback": [], "values": {"array": 3}}),
        struct.pack("!IIQ", 2, 1, 2**40) + b"{}",
    ],
)
def test_an_answer_that_is_none_ends_the_child(child, data):
    lie(child, data)
    with child.fork() as fork:
        assert fork.call("lie", [False]).ended.kind == "protocol"
    assert still_works(child)


def test_an_answer_that_is_nested_deeper_than_the_stack_is_none():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Stop) as caught:
        read_call({"value": {"array": {**CODE, "dtype": deep}}}, [b""], set())
    assert caught.value.ended.kind == "protocol"


def test_an_answer_a_byte_at_a_time_meets_the_deadline(make_child):
    child = make_child(call_wall=0.5)
    lie(child, frame({"value": 1, "x": "y" * 10_000}))
    assert child.call("lie", [True]).ended.kind == "time"


def test_what_an_answer_claims_is_cut(child):
    claims = {"error": ["os.system", "x" * 5000, -5], "cpu": 0.0, "changed": ["0", "made-up", 7]}
    lie(child, frame(claims))
    reply = child.call("lie", [False])
    assert (reply.error.kind, len(reply.error.text), reply.error.line) == ("Exception", 1000, None)
    assert reply.changed == ("0",)


@pytest.mark.parametrize(
    "message",
    [
        {"show": "display_data", "data": {"text/plain": {"a": 1}}, "metadata": {}},
        {"show": "display_data", "data": {"../etc": "x"}, "metadata": {}},
        {"show": "display_data", "data": 3, "metadata": None},
        {"show": "display_data", "data": {"application/json": 1e999}, "metadata": {}},
        {"show": ["display_data"], "display_id": {"a": []}},
        {"show": "update_display_data", "data": {}, "metadata": {}, "display_id": "unknown"},
        {"show": "execute_result", "data": {}, "metadata": {}, "count": "many"},
        {"show": "display_data", "data": {"image/x+json": {"a": 1}}, "metadata": {}},
        {"show": "display_data", "data": {"application/json": json.loads(NESTED)}, "metadata": {}},
        {"show": "display_data", "data": {}, "metadata": {"a": json.loads(NESTED)}},
        {"show": "display_data", "data": {}, "metadata": {}, "display_id": json.loads(NESTED)},
    ],
)
def test_displays_that_are_none_are_left_out(child, message):
    child.run_cell(FIND_WIRE)
    data = frame(json.dumps(message).replace("Infinity", "1e999").encode())
    result = child.run_cell(
        f"wire = find_wire(); os.write(wire, {data!r})\nos.set_blocking(wire, True)\n"
        "_ = os.read(wire, 1000); os.set_blocking(wire, False)"
    )
    assert result.ended is None
    assert all(output.get("data", {}) == {} for output in result.outputs)


def test_texts_that_no_file_can_hold_are_changed_on_arrival(child):
    results = [
        child.run_cell(source)
        for source in (
            "raise ValueError('a\\ud800b')",
            "raise type('E\\udfff', (ValueError,), {})('')",
            "print('\\ud800'); import os; os.write(1, b'\\xed\\xa0\\x80')",
            "display({'text/plain': 'a\\ud800b'}, metadata={'\\udc00': ['\\ud800']}, raw=True)",
            "display({'application/json': {'k\\udc00': ['\\ud800']}}, raw=True)",
        )
    ]
    assert results[0].error["evalue"] == "a\ufffdb"
    assert results[3].outputs[0]["data"]["text/plain"] == "a\ufffdb"
    cell = nbformat.v4.new_code_cell("x")
    cell.outputs = [nbformat.from_dict(o) for result in results for o in result.outputs]
    nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode()
    child.run_cell("globals()['n\\ud800'] = 1\ndef f(): raise ValueError('\\udfff')")
    assert "n\ufffd" in child.names()
    assert child.call("f").error.text == "\ufffd"
    lie(child, frame({"refused": "\ud800"}))
    assert child.call("lie", [False]).refused == "\ufffd"


@pytest.mark.parametrize("depth", [200, 400])
def test_a_display_that_is_nested_too_deep_is_left_out(child, depth):
    result = child.run_cell(
        f"part = 1\nfor _ in range({depth}): part = [part]\n"
        "display({'application/json': part}, raw=True)\n"
        "display({'text/plain': 'x'}, metadata={'a': part}, raw=True)"
    )
    (note,) = result.outputs
    assert "2 more outputs" in note["text"]


WORKER = "import sys\nmodules = list(sys.modules.items())\n" + (
    "Worker = next(m for n, m in modules if n.endswith('inside.worker')).Worker\n"
)


@pytest.mark.parametrize(
    "patch",
    [
        "Worker._answer = lambda *_: ({'names': 5, 'ran': 5, 'value': {'x': 1}}, [])",
        "Worker._answer = lambda *_: ({'names': [5], 'ran': {'error': 1}, 'error': []}, [])",
        "Worker._answer = lambda *_: ({'bound': 1, 'refused': None}, [b'x'])",
        "Worker._answer = lambda *_: 5",
        "Worker._answer = lambda *_: 1 / 0",
        "Worker._send = lambda self, *_: self._channel._sock.send(bytes(8) + b'x')",
        "Worker._send = lambda *_: None",
        "Worker._answer = lambda *_: __import__('threading').Timer(.003, __import__('os')._exit, "
        "[1]).start() or __import__('time').sleep(9)",
    ],
)
@pytest.mark.parametrize(
    "ask",
    [
        lambda child: child.run_cell("1"),
        lambda child: child.call("f", [abs]),
        lambda child: child.get("f"),
        lambda child: child.names(),
        lambda child: child.bind("f", abs),
    ],
    ids=["run_cell", "call", "get", "names", "bind"],
)
def test_a_patched_worker_ends_the_child_and_nothing_else(make_child, patch, ask):
    child = make_child(call_wall=1, cell_wall=1)
    try:
        child.run_cell(WORKER + patch)
        ended = ask(child).ended
    except ChildEnded as error:
        ended = error.ended
    assert ended == child.ended
    assert ended.kind in ("protocol", "exit", "time")
    with pytest.raises(ChildEnded):
        ask(child)
    child.close()


@pytest.mark.parametrize(
    "answer", ["{}", "{'forked': True}", "{'forked': -1}", "{'forked': 1}", "{'forked': 99999}"]
)
def test_a_fork_that_is_none_has_ended(make_child, answer):
    child = make_child(call_wall=1)
    child.run_cell(WORKER + f"Worker._fork = lambda self: self._channel.send({answer})")
    try:
        with child.fork() as fork:
            ended = fork.get("Worker").ended
    except ChildEnded as error:
        ended = error.ended
    assert ended.kind in ("protocol", "exit", "time")


def test_an_end_at_any_moment_is_only_an_end(make_child):
    for wait in np.linspace(0.001, 0.02, 10):
        child = make_child()
        child.run_cell(
            "import os, signal\nsignal.signal(signal.SIGALRM, lambda *_: os._exit(1))\n"
            f"_ = signal.setitimer(signal.ITIMER_REAL, {wait})"
        )
        with contextlib.suppress(ChildEnded):
            for _ in range(1000):
                child.names()
                child.bind("g", abs)
                with child.fork() as fork:
                    fork.call("g", [1])
        assert child.ended.kind == "exit"
        child.close()


# Cheats


def test_patches_stay_inside(child):
    child.run_cell(
        "import builtins, sys, numpy as np\n"
        "np.testing.assert_allclose = np.allclose = np.array_equal = lambda *a, **k: True\n"
        "builtins.abs = builtins.all = lambda *a: True\n"
        "sys.modules['json'] = sys.modules['math'] = None\n"
        "def wrong(x): return x + 1"
    )
    assert child.call("wrong", [1]).value == 2
    assert not np.allclose(1, 2)


def test_a_broken_interpreter_gives_no_value(child):
    child.run_cell("import builtins\nbuiltins.isinstance = builtins.len = None\ndef f(): return 1")
    outcome = Proxy(child, "f").outcome([])
    assert not outcome.has_value


def test_a_hidden_test_is_not_in_the_history(child):
    child.run_cell("def f(x): return x")
    child.call("f", [123456])
    shown = child.run_cell("%history\nprint(In, Out)")
    assert "123456" not in json.dumps(shown.outputs)


@pytest.mark.parametrize("_", range(4))
def test_processes_that_die_slowly_do_not_keep_a_fork_from_being_made(make_child, _):
    child = make_child(total_memory=3 * 2**30)
    child.run_cell(
        "import os, time\n"
        "for _ in range(1000):\n"
        "    try:\n        pid = os.fork()\n"
        "    except OSError:\n        break\n"
        "    if pid == 0:\n"
        "        held = bytearray(30 * 2**20)\n        time.sleep(1000)\n        os._exit(0)\n"
        "def fine(): return 1"
    )
    with child.fork() as fork:
        assert fork.call("fine").value == 1
