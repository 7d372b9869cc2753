"""What works inside as it does at the student's."""

import base64
import inspect

import nbformat
import numpy as np
import pytest

from rnnref.grader.sandbox import Sandbox
from rnnref.grader.sandbox.limits import Limits

pytestmark = pytest.mark.sandbox


def value(result):
    (output,) = (o for o in result.outputs if o["output_type"] == "execute_result")
    return output["data"]["text/plain"]


def test_a_cell_shows_prints_displays_and_its_value_in_order(child):
    result = child.run_cell("print('a'); display(1); print('b'); import sys; 2")
    assert result.outputs == [
        {"output_type": "stream", "name": "stdout", "text": "a\n"},
        {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": "b\n"},
        {
            "output_type": "execute_result",
            "data": {"text/plain": "2"},
            "metadata": {},
            "execution_count": 1,
        },
    ]
    assert (result.error, result.ended, result.count) == (None, None, 1)


@pytest.mark.parametrize("show", ["plt.show()", "pass", "display(fig)"])
def test_a_figure_is_a_picture(child, show):
    child.run_cell("%matplotlib qt\nimport matplotlib.pyplot as plt")
    result = child.run_cell(f"fig, ax = plt.subplots(); ax.plot([1, 2])\n{show}")
    pictures = [o["data"]["image/png"] for o in result.outputs if "image/png" in o.get("data", {})]
    assert base64.b64decode(pictures[0]).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("!echo $((6 * 7))", "42\n"),
        ("%%bash\necho deep", "deep\n"),
        ("import os; _ = os.system('echo low')", "low\n"),
        ("%%capture kept\nprint('x')", ""),
        ("print(__import__('sys').stdin.read() == '')", "True\n"),
        ("await __import__('asyncio').sleep(0); print('async')", "async\n"),
    ],
)
def test_commands_and_magics(child, printed, source, text):
    result = child.run_cell(source)
    assert printed(result) == text
    assert result.error is None


def test_timing_a_cell(child, printed):
    result = child.run_cell("%%time\n5")
    assert "Wall time" in printed(result)
    assert value(result) == "5"


def test_displays_are_cleared_and_updated_by_later_cells(child):
    result = child.run_cell(
        "from IPython.display import clear_output\nprint('old'); clear_output(wait=True)\n"
        "handle = display('first', display_id=True)"
    )
    assert [o["data"]["text/plain"] for o in result.outputs] == ["'first'"]
    child.run_cell("handle.update('second')")
    assert [o["data"]["text/plain"] for o in result.outputs] == ["'second'"]


def test_an_animation_keeps_its_last_picture(make_child):
    child = make_child(cell_display=50_000, cell_text=1000)
    result = child.run_cell(
        "from IPython.display import clear_output, HTML\nfor i in range(20):\n"
        "    clear_output(wait=True); print('t' * 900); display(HTML(f'{i}' + 'x' * 40_000))"
    )
    assert [o["output_type"] for o in result.outputs] == ["stream", "display_data"]
    assert result.outputs[1]["data"]["text/html"].startswith("19x")


def test_a_cell_that_is_too_long_is_an_error(child):
    assert "bytes" in child.run_cell("#" * 9_000_000).error["evalue"]
    assert value(child.run_cell("1")) == "1"


def test_outputs_are_a_valid_notebook(child):
    cell = nbformat.v4.new_code_cell("x")
    for source in (
        "1 / 0",
        "print(1)",
        "display({'a': float('nan')})",
        "1 +",
        "import sys; sys.exit()",
    ):
        cell.outputs = [nbformat.from_dict(o) for o in child.run_cell(source).outputs]
        nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))


def test_an_error_is_named_with_its_line(child):
    result = child.run_cell("x = 1\nx / 0")
    assert result.error["ename"] == "ZeroDivisionError"
    assert result.outputs[-1] == {"output_type": "error", **result.error}
    assert any("line 2" in line for line in result.error["traceback"])


@pytest.mark.parametrize("source", ["input('name?')", "import getpass; getpass.getpass()"])
def test_nobody_can_be_asked(child, source):
    assert "nobody to ask" in child.run_cell(source).error["evalue"]


@pytest.mark.parametrize("source", ["import sys; sys.exit(1)", "exit()", "raise SystemExit"])
def test_an_exit_ends_its_cell_only(child, source):
    assert child.run_cell(source).error["ename"] == "SystemExit"
    assert value(child.run_cell("6 * 7")) == "42"


def test_checks_are_mute_and_the_reference_is_not_there(child, printed):
    shown = child.run_cell(
        "from rnnref.course import checker\ncheck = checker('ps1_recurrence')\n"
        "print(check('linear_rnn', len))"
    )
    assert shown.error is None
    assert printed(shown).endswith("None\n")
    for source in (
        "import rnnref.nets",
        "import rnnref.checks",
        "from rnnref import rnn_forward",
        "from rnnref.engine import compare",
        "import rnnref.grader.sandbox",
    ):
        error = child.run_cell(source).error
        assert error["ename"] == "ImportError"
        assert "the reference is not available while grading" in error["evalue"]
    assert child.run_cell("from nbgrader.api import Gradebook").error


def test_names_are_those_that_the_notebook_defines(child):
    child.run_cell("import numpy as np\n_private = 1\ndef f(): pass\n1 + 1")
    assert sorted(child.names()) == ["_private", "f", "np"]


def test_random_numbers_are_not_shared_between_students(make_child):
    draw = "import random, numpy as np; random.random(), np.random.random()"
    first, second = (value(make_child().run_cell(draw)) for _ in range(2))
    assert first != second


def test_students_share_no_files(make_child):
    first = make_child()
    first.run_cell("open('/tmp/a', 'w').write('x'); open('/dev/shm/a', 'w').write('x')")
    assert (
        value(make_child().run_cell("import os; os.listdir('/tmp') + os.listdir('/dev/shm')"))
        == "[]"
    )
    for place in ("/", "/dev", "/packages/0", "/ours/rnnref/course", "/proc", "/usr/lib", "/etc"):
        assert "Read-only" in first.run_cell(f"open('{place}/a', 'w')").error["evalue"]


def test_modules_of_a_set_can_be_imported(printed, sandbox):
    with Sandbox(modules=["rnnref.shapes"]) as other, other.child() as child:
        assert child.run_cell("from rnnref.shapes import ShapeError").error is None
        assert child.run_cell("import rnnref.nets.rnn").error["ename"] == "ImportError"
    with pytest.raises(ValueError, match=r"modules.*numpy"):
        Sandbox(modules=["numpy"])


def test_without_isolation_all_is_the_same(sandbox):
    with Sandbox(isolation="none") as other, other.child() as child:
        child.run_cell("def f(x): return 2 * x")
        with child.fork() as fork:
            np.testing.assert_array_equal(fork.call("f", [np.ones(2)]).value, [2, 2])
        assert "not available" in child.run_cell("import rnnref.nets").error["evalue"]
        assert child.run_cell("import os; os._exit(3)").ended.kind == "exit"
    with pytest.raises(ValueError, match="isolation"):
        Sandbox(isolation="some")


def test_limits_are_checked():
    with pytest.raises(ValueError, match="call_cpu"):
        Limits(call_cpu=0)
    with pytest.raises(TypeError, match="processes"):
        Limits(processes=1.5)
    assert all(f"{name}:" in inspect.getsource(Limits) for name in Limits.__dataclass_fields__)
