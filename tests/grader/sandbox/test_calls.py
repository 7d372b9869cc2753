"""Functions, variables and forks, seen from the trusted side."""

import numpy as np
import pytest

from rnnref.engine.codec import CodecError
from rnnref.engine.outcome import Raised
from rnnref.grader.sandbox.child import ChildEnded
from rnnref.grader.sandbox.proxy import Proxy

pytestmark = pytest.mark.sandbox

NOTEBOOK = """import numpy as np
count = 0
def same(x, **kwargs): return x
def double(x, scale=2.0): return scale * x
def spoil(x, y, z): x[0] = 7; z["new"] = 1; return y
def counted(x):
    global count
    count += 1
    return count
def layout(x): return [x.flags.c_contiguous, x.flags.f_contiguous]
def fails(x):
    y = x
    return helper(y)
def helper(y): raise np.linalg.LinAlgError("singular")
class Evil(np.ndarray):
    def __eq__(self, other): return True
def evil(x): return np.zeros(2).view(Evil)
def nested(x): return (x, [x, {"a": (None, True, 2**70, 1j, float("nan"))}])
def draws(rng): return rng.normal(size=3)
def steps(f, x): return [f(x), f(f(x))]
def uses_twin(x): return twin(x) + 1
def leaves(x): raise SystemExit(1)
def overflow(x): return np.exp(x)
def prints(x):
    import sys, warnings
    print("y" * 100_000); print("z", file=sys.stderr); warnings.warn("careful")
    return x
letter, table = "a", {"k": [1, 2]}
"""


@pytest.fixture(scope="module")
def student(sandbox):
    """A child in which the notebook above has run."""
    with sandbox.child() as child:
        assert child.run_cell(NOTEBOOK).error is None
        yield child


@pytest.fixture
def proxy(student):
    """The stand-in of a function: `proxy("double")`."""
    return lambda name: Proxy(student, name)


def test_values_cross_both_ways(proxy):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    outcome = proxy("double").outcome([x], {"scale": np.float32(3)})
    np.testing.assert_array_equal(outcome.value, 3 * x)
    assert outcome.has_value
    value = proxy("nested").outcome([x]).value
    np.testing.assert_array_equal(value[1][0], x)
    assert repr(value[1][1]) == "{'a': (None, True, 1180591620717411303424, 1j, nan)}"


def test_memory_order_arrives(proxy):
    a = np.ones((3, 4))
    seen = [proxy("layout").outcome([x]).value for x in (a, a.T, a[:, ::2])]
    assert seen == [[True, False], [False, True], [False, False]]


def test_changed_arguments_are_named(proxy):
    x, y, z = np.zeros(2), [1], {}
    outcome = proxy("spoil").outcome([x, y], {"z": z})
    assert outcome.changed == ("0", "z")
    assert (x[0], z) == (0, {})
    assert proxy("same").outcome([x]).changed == ()


def test_an_exception_crosses_as_its_first_builtin_class(proxy):
    assert proxy("fails").outcome([1]).error == Raised("ValueError", "singular", 14)
    assert proxy("nothing").outcome([1]).error.kind == "NameError"
    assert proxy("letter").outcome([1]).error.kind == "TypeError"


def test_an_exit_in_a_function_is_its_end_only(proxy, student):
    assert "exit" in proxy("leaves").outcome([1]).ended
    assert student.ended is None


def test_what_cannot_cross_is_named(proxy):
    refused = proxy("evil").outcome([1]).refused
    assert refused == "returned a subclass of ndarray called Evil; return a plain numpy array"
    assert proxy("Evil").fetch().refused == "Evil is a value of type type"
    with pytest.raises(CodecError, match="object"):
        proxy("same").outcome([object()])
    with pytest.raises(CodecError, match="bytes"):
        proxy("same").outcome([np.zeros(2**24)])
    assert proxy("same").outcome([1]).value == 1


def test_a_result_that_is_too_large_is_refused(student, proxy):
    student.run_cell("def huge(x): return np.zeros(x)\ndef many(x): return [[]] * 10**6")
    assert "bytes" in proxy("huge").outcome([2**24]).refused
    assert "8388608 bytes" in proxy("huge").outcome([2**20 + 1]).refused
    assert proxy("huge").outcome([2**20]).has_value
    assert "values" in proxy("many").outcome([1]).refused
    assert proxy("same").outcome([1]).value == 1


def test_variables(proxy):
    assert proxy("table").fetch().value == {"k": [1, 2]}
    assert proxy("unknown").fetch().error.kind == "NameError"


def test_prints_and_warnings_cost_nothing(proxy):
    outcome = proxy("prints").outcome([5])
    assert outcome.has_value
    assert outcome.value == 5


def test_floating_point_errors_can_be_raised(proxy):
    with np.errstate(over="ignore"):
        assert proxy("overflow").outcome([1000.0]).value == np.inf
    assert proxy("overflow").outcome([1000.0], errstate="raise").error.kind == "FloatingPointError"


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox])
def test_a_generator_arrives_in_its_state(proxy, bits):
    rng, twin = (np.random.Generator(bits(3)) for _ in range(2))
    rng.normal(), twin.normal()
    np.testing.assert_array_equal(proxy("draws").outcome([rng]).value, twin.normal(size=3))


def test_functions_among_the_arguments_call_back(proxy):
    seen = []

    def half(x):
        seen.append(x)
        return x / 2

    assert proxy("steps").outcome([half, 8]).value == [4.0, 2.0]
    assert seen == [8, 8, 4.0]


def test_an_exception_of_a_call_back_is_raised_there(proxy):
    def broken(x):
        raise KeyError("k")

    assert proxy("steps").outcome([broken, 1]).error.kind == "KeyError"


def test_a_call_back_is_gone_after_its_call(student, proxy):
    student.run_cell("def keep(f): global kept; kept = f\ndef later(x): return kept(x)")
    proxy("keep").outcome([abs])
    assert proxy("later").outcome([1]).error.kind == "RuntimeError"


FORGE = """
import json, sys
def forge(numbers):
    worker = next(m for n, m in list(sys.modules.items()) if n.endswith("inside.worker"))
    import gc
    (mine,) = [o for o in gc.get_objects() if type(o) is worker.Worker]
    said = []
    for number in range(numbers):
        try: said.append(mine._callback(number, "forged")(1))
        except RuntimeError: pass
    return said
"""


def test_a_call_back_answers_only_whom_it_was_given_to(make_child):
    child = make_child()
    child.run_cell(FORGE)
    with child.fork() as first, child.fork() as second:
        first.bind("given", lambda x: x + 1)
        assert first.call("given", [1]).value == 2
        assert first.call("forge", [100]).value == [2]
        assert second.call("forge", [100]).value == []
    assert child.call("forge", [100]).value == []
    child.bind("given", lambda x: x + 1)
    assert child.call("forge", [100]).value == [2]
    with child.fork() as third:
        assert third.call("forge", [100]).value == []
        with pytest.raises(CodecError):
            third.call("forge", [abs, object()])
        assert third.call("forge", [100]).value == []


def test_call_backs_are_counted(make_child):
    child = make_child(callbacks=5)
    child.run_cell("def often(f): return [f(i) for i in range(10)]")
    seen = []
    assert child.call("often", [seen.append]).error.kind == "RuntimeError"
    assert seen == [0, 1, 2, 3, 4]


def test_call_backs_with_absurd_arguments_are_bounded(make_child):
    child = make_child(callback_wall=0.2, callback_bytes=1000)
    child.run_cell(
        "import numpy as np\ndef times(f, n):\n"
        "    try: return f(n)\n    except TimeoutError: return 'late'\n"
        "def large(f): return f(np.zeros(1000))"
    )

    def count(n):
        while n:
            n -= 1
        return n

    assert child.call("times", [count, 10**12]).value == "late"
    assert child.call("times", [lambda n: np.zeros(n), 2**24]).error.kind == "ValueError"
    assert child.call("times", [lambda n: "x" * n, 10**7]).error.kind == "ValueError"
    # Numpy's own error for memory is a MemoryError.
    assert child.call("times", [lambda n: float(np.ones(n)[0]), 2**28]).error.kind == "MemoryError"
    assert np.ones(2**28)[-1] == 1  # the bound ends with the call
    with child.fork() as fork:
        assert fork.call("large", [count]).ended.kind == "protocol"


def test_a_name_can_be_bound_to_a_function_of_this_side(proxy):
    assert proxy("uses_twin").outcome([1]).error.kind == "NameError"
    with proxy("uses_twin").fork() as fork:
        fork.bind("twin", lambda x: 10 * x)
        assert fork.outcome([4]).value == 41
    assert proxy("uses_twin").outcome([1]).error.kind == "NameError"


def test_a_call_back_cannot_ask_the_child(student, proxy):
    asked = proxy("steps").outcome([lambda x: student.get("letter").value, 1])
    assert asked.error.kind == "RuntimeError"


def test_forks_start_from_the_child_and_are_apart(proxy):
    counted = proxy("counted")
    with counted.fork() as first, counted.fork() as second:
        assert [first.outcome([0]).value for _ in range(3)] == [1, 2, 3]
        assert second.outcome([0]).value == 1
        assert first.outcome([0]).value == 4
        with counted.fork() as third:
            assert third.outcome([0]).value == 1
        assert second.outcome([0]).value == 2
        with pytest.raises(RuntimeError, match="waits"):
            counted.outcome([0])
        with pytest.raises(RuntimeError, match="cannot be forked"):
            first.fork()
    assert counted.outcome([0]).value == 1
    with counted.fork() as fork:
        assert fork.outcome([0]).value == 2
    assert "closed" in fork.outcome([0]).ended


def test_the_end_of_a_fork_is_its_own(make_child):
    child = make_child(call_cpu=0.3, call_wall=30)
    child.run_cell(
        "import os\ndef dies(code): os._exit(code)\ndef hangs():\n    while True: pass\n"
        "def crashes(): os.abort()\ndef fine(): return 1"
    )
    with child.fork() as a, child.fork() as b, child.fork() as c, child.fork() as d:
        assert a.call("dies", [3]).ended.text == "the process ended itself (exit code 3)"
        assert b.call("hangs").ended.text == "stopped after 0.3 s of CPU time"
        assert "SIGABRT" in c.call("crashes").ended.text
        assert d.call("fine").value == 1
        with pytest.raises(ChildEnded):
            a.call("fine")
    assert child.call("fine").value == 1


def test_a_child_that_has_ended_says_so_in_every_outcome(make_child):
    child = make_child()
    child.run_cell(
        "import os, signal\nsignal.signal(signal.SIGALRM, lambda *_: os._exit(5))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01)"
    )
    proxy = Proxy(child, "f")
    while not (ended := proxy.fetch().ended):
        pass
    with proxy.fork() as fork:
        fork.bind("g", len)
        assert fork.outcome([1]).ended == ended == "the process ended itself (exit code 5)"


def test_a_fork_that_ends_while_another_is_asked(make_child):
    child = make_child()
    child.run_cell(
        "import os, signal\ndef later():\n"
        "    signal.signal(signal.SIGALRM, lambda *_: os._exit(4))\n"
        "    signal.setitimer(signal.ITIMER_REAL, 0.05)\n"
        "def wait():\n    import time; time.sleep(0.3); return 1"
    )
    with child.fork() as first, child.fork() as second:
        assert first.call("later").value is None
        assert second.call("wait").value == 1
        assert "exit code 4" in first.call("wait").ended.text
    assert child.call("wait").value == 1
