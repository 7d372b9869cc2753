"""The gradient checker finds wrong gradients, names them, and lets right ones pass."""

from typing import NamedTuple

import numpy as np
import pytest

from rnnref import ShapeError, check_entries, check_gradient
from rnnref.trees import named_leaves, with_leaves


class Pair(NamedTuple):
    """Two arrays, the second optional."""

    W: np.ndarray
    P: np.ndarray | None


def loss(params):
    """Return Σ θ³ + (Σ θ)² over all arrays."""
    arrays = named_leaves(params, "").values()
    return sum(np.sum(a**3) for a in arrays) + sum(np.sum(a) for a in arrays) ** 2


def gradient(params):
    arrays = named_leaves(params, "").values()
    total = 2 * sum(np.sum(a) for a in arrays)
    return with_leaves(params, (3 * a**2 + total for a in arrays))


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def params(rng):
    return (Pair(rng.normal(size=(2, 3)), None), (rng.normal(size=4), rng.normal(size=1)))


NAMES = ["params[0].W", "params[1][0]", "params[1][1]"]


def spoil(grads, name, change):
    leaves = named_leaves(grads, "params")
    return with_leaves(grads, (change(a) if key == name else a for key, a in leaves.items()))


def test_right_gradients_pass(params, rng):
    grads = gradient(params)
    assert check_gradient(loss, params, grads, rng=rng).error < 4e-8
    assert check_entries(loss, params, grads).error < 4e-8


def test_a_single_array(rng):
    w = rng.normal(size=3)
    assert check_gradient(loss, w, gradient(w), rng=rng).name == "params"
    assert check_entries(loss, w, gradient(w)).name.startswith("params[")


def test_single_precision_has_its_own_step_and_tolerance(params, rng):
    params = with_leaves(params, (a.astype("f4") for a in named_leaves(params, "").values()))
    grads = gradient(params)
    check_gradient(loss, params, grads, rng=rng)
    check_entries(loss, params, grads)
    with pytest.raises(AssertionError, match="params"):
        check_gradient(loss, params, spoil(grads, NAMES[0], np.negative), rng=rng)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "change", [np.negative, np.zeros_like, lambda a: a + 1e-4, lambda a: a * np.nan]
)
def test_the_wrong_array_is_named_and_no_other(params, rng, name, change):
    grads = spoil(gradient(params), name, change)
    with pytest.raises(AssertionError) as raised:
        check_gradient(loss, params, grads, rng=rng)
    title, *lines = str(raised.value).splitlines()
    assert title == "check_gradient: wrong gradient"
    assert [line.split(":")[0].strip() for line in lines] == [name]

    with pytest.raises(AssertionError) as raised:
        check_entries(loss, params, grads)
    title, line = str(raised.value).splitlines()
    assert title == "check_entries: wrong gradient"
    assert line.strip().startswith(f"{name}[")


def test_both_numbers_of_the_worst_entry_are_reported():
    w = np.array([1.0, 2.0, 3.0])
    with pytest.raises(AssertionError) as raised:
        check_entries(lambda w: np.sum(w**2), w, np.array([2.0, 4.1, 5.0]))
    assert str(raised.value) == (
        "check_entries: wrong gradient\n"
        "  params[2]: central difference 6, grads say 5, relative error 0.17"
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_single_entry_that_is_no_number_is_found(rng, bad):
    w = rng.normal(size=4)
    grads = gradient(w)
    grads[2] = bad
    with pytest.raises(AssertionError, match=r"params: .* relative error inf$"):
        check_gradient(loss, w, grads, rng=rng)
    with pytest.raises(AssertionError, match=rf"params\[2\]: .* grads say {bad}, .* inf$"):
        check_entries(loss, w, grads)


@pytest.mark.parametrize(
    ("loss", "slope"), [(lambda w: np.nan, "nan"), (lambda w: 0 if w[0] < 1 else np.inf, "inf")]
)
def test_a_loss_that_is_no_number_passes_no_check(loss, slope):
    with pytest.raises(AssertionError, match=rf"central difference {slope}, .* error inf$"):
        check_entries(loss, np.ones(1), np.zeros(1))


def test_two_evaluations_per_direction_and_per_entry(params, rng):
    calls = []

    def counted(params):
        calls.append(params)
        return loss(params)

    check_gradient(counted, params, gradient(params), rng=rng, directions=5)
    assert len(calls) == 10
    calls.clear()
    check_entries(counted, params, gradient(params))
    assert len(calls) == 2 * (6 + 4 + 1)


def test_arguments_are_not_changed(params, rng):
    grads = gradient(params)
    for array in (*named_leaves(params, "").values(), *named_leaves(grads, "").values()):
        array.flags.writeable = False
    check_gradient(loss, params, grads, rng=rng)
    check_entries(loss, params, grads)


def test_rounding_of_a_large_loss_is_not_an_error(rng):
    w = rng.normal(size=5)
    check_gradient(lambda w: 1e9 + np.sum(w**2), w, 2 * w, rng=rng)
    check_entries(lambda w: 1e9 + 0 * np.sum(w), w, 0 * w)


@pytest.mark.parametrize("check", [check_entries, check_gradient])
def test_errors(check, params, rng):
    options = {"rng": rng} if check is check_gradient else {}
    where, w = check.__name__, np.ones(2)
    with pytest.raises(ShapeError) as raised:
        check(loss, (w, w), (w, w[:1]), **options)
    assert str(raised.value) == (
        f"{where}: grads must have the arrays params[0] (2,), params[1] (2,), "
        "got params[0] (2,), params[1] (1,)"
    )
    with pytest.raises(ShapeError, match=r"got none$"):
        check(loss, w, None, **options)
    with pytest.raises(TypeError, match=rf"^{where}: params must hold float arrays, got none$"):
        check(loss, None, None, **options)
    with pytest.raises(TypeError, match=r"must hold float arrays, got params\[0\] int64$"):
        check(loss, (np.arange(2), w), (w, w), **options)
    with pytest.raises(TypeError, match=r"^params\[1\] must be an array, None or a tuple"):
        check(loss, (w, [1.0]), (w, w), **options)
