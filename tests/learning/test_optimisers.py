"""Optimisers and clipping: values, trees, dtypes, errors."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnref import (
    DenseParams,
    RNNParams,
    ShapeError,
    adagrad_step,
    adam_step,
    clip_by_global_norm,
    init_rnn,
    momentum_step,
    rmsprop_step,
    sgd_step,
)
from rnnref.trees import named_leaves, with_leaves

STEPS = {
    "momentum": partial(momentum_step, lr=0.1, momentum=0.8),
    "rmsprop": partial(rmsprop_step, lr=0.1, decay=0.8, eps=1e-3),
    "adagrad": partial(adagrad_step, lr=0.2, eps=1e-3),
    "adam": partial(adam_step, lr=0.1, beta1=0.8, beta2=0.9, eps=1e-3),
}
ALL_STEPS = {
    "sgd": lambda params, grads, state=None: (sgd_step(params, grads, lr=0.1), None),
    **STEPS,
}


@pytest.fixture(params=ALL_STEPS)
def step(request):
    """One of `ALL_STEPS`."""
    return ALL_STEPS[request.param]


def read_only(tree):
    for array in named_leaves(tree, "").values():
        array.flags.writeable = False
    return tree


def random_tree(seed, dtype=np.float64):
    """Return a nested tree with None, a scalar and an empty array in it."""
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=s) for s in [(3, 2), (3, 3), (3,), (4, 3), (4,), (), (0, 2)]]
    U, W, b, V, c, scalar, empty = (a.astype(dtype) for a in map(np.asarray, arrays))
    return read_only(((RNNParams(U, W, b), None), DenseParams(V, c), (), scalar, empty))


def leaves(tree):
    return list(named_leaves(tree, "").values())


# The same equations for one number and a list of its gradients.


def scalar_sgd(p, grads):
    for g in grads:
        p -= 0.1 * g
    return p


def scalar_momentum(p, grads):
    v = 0.0
    for g in grads:
        v = 0.8 * v - 0.1 * g
        p += v
    return p


def scalar_rmsprop(p, grads):
    s = 0.0
    for g in grads:
        s = 0.8 * s + 0.2 * g**2
        p -= 0.1 * g / (math.sqrt(s) + 1e-3)
    return p


def scalar_adagrad(p, grads):
    s = 0.0
    for g in grads:
        s += g**2
        p -= 0.2 * g / math.sqrt(s + 1e-3)
    return p


def scalar_adam(p, grads):
    m = v = 0.0
    for t, g in enumerate(grads, start=1):
        m = 0.8 * m + (1 - 0.8) * g
        v = 0.9 * v + (1 - 0.9) * g**2
        m_hat, v_hat = m / (1 - 0.8**t), v / (1 - 0.9**t)
        p -= 0.1 * m_hat / (math.sqrt(v_hat) + 1e-3)
    return p


@pytest.mark.parametrize("name", ALL_STEPS)
def test_values_are_those_of_one_number_at_a_time(name):
    params, grads, state = random_tree(0), [random_tree(seed) for seed in range(1, 6)], None
    stepped = params
    for g in grads:
        stepped, state = ALL_STEPS[name](stepped, g, state)
    scalar_steps = globals()[f"scalar_{name}"]
    rows = zip(leaves(params), leaves(stepped), *map(leaves, grads), strict=True)
    for start, end, *history in rows:
        for index in np.ndindex(start.shape):
            expected = scalar_steps(float(start[index]), [float(g[index]) for g in history])
            assert end[index] == pytest.approx(expected, rel=1e-13, abs=1e-15)


def test_the_tree_is_built_as_before(step):
    params, grads = random_tree(0), random_tree(1)
    stepped, state = step(params, grads)
    stepped, state = step(stepped, grads, state)
    assert [*named_leaves(stepped, "params")] == [*named_leaves(params, "params")]
    assert type(stepped[0][0]) is RNNParams
    assert stepped[0][1] is None
    assert stepped[2] == ()
    for new, old in zip(leaves(stepped), leaves(params), strict=True):
        assert type(new) is np.ndarray
        assert new.shape == old.shape


def test_all_returned_arrays_are_new(step):
    params, grads = random_tree(0), random_tree(1)
    first, state = step(params, grads)
    second, later = step(read_only(first), grads, state)
    numbers = (int, float)
    trees = [params, grads, first, second]
    for s in (state, later):
        trees += [part for part in (s if isinstance(s, tuple) else ()) if type(part) not in numbers]
    arrays = [array for tree in trees for array in leaves(tree)]
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in arrays[i + 1 :])


@pytest.mark.parametrize("name", ["momentum", "rmsprop", "adagrad"])
def test_a_state_is_not_written_to(name):
    params, grads = random_tree(0), random_tree(1)
    state = read_only(STEPS[name](params, grads)[1])
    once, twice = (STEPS[name](params, grads, state) for _ in range(2))
    for a, b in zip(leaves(once), leaves(twice), strict=True):
        np.testing.assert_array_equal(a, b)


def test_adams_state_is_not_written_to():
    params, grads = random_tree(0), random_tree(1)
    state = adam_step(params, grads)[1]
    read_only((state.m, state.v))
    once, twice = (adam_step(params, grads, state) for _ in range(2))
    assert once[1].t == twice[1].t == 2
    for a, b in zip(leaves(once[0]), leaves(twice[0]), strict=True):
        np.testing.assert_array_equal(a, b)


NUMBER = np.float64(0.1)  # would turn float32 into float64


@pytest.mark.parametrize(
    "step",
    [
        lambda p, g: (sgd_step(p, g, lr=NUMBER),),
        lambda p, g: momentum_step(p, g, lr=NUMBER, momentum=NUMBER),
        lambda p, g: rmsprop_step(p, g, lr=NUMBER, decay=NUMBER, eps=NUMBER),
        lambda p, g: adagrad_step(p, g, lr=NUMBER, eps=NUMBER),
        lambda p, g: (lambda q, s: (q, s.m, s.v))(
            *adam_step(p, g, lr=NUMBER, beta1=NUMBER, beta2=NUMBER, eps=NUMBER)
        ),
        lambda p, g: clip_by_global_norm(g, NUMBER)[:1],
        lambda p, g: clip_by_global_norm(g, 1e9)[:1],
    ],
    ids=["sgd", "momentum", "rmsprop", "adagrad", "adam", "clipped", "not clipped"],
)
def test_float32_stays_float32(step):
    trees = step(random_tree(0, np.float32), random_tree(1, np.float32))
    exact = step(random_tree(0), random_tree(1))
    for a, b in zip(leaves(trees), leaves(exact), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_each_array_has_its_own_dtype():
    params = np.ones(2, np.float32), np.ones(2)
    stepped, _ = adam_step(params, params)
    assert [p.dtype.name for p in stepped] == ["float32", "float64"]


def test_a_single_array_is_a_tree(step):
    assert step(np.ones(3), np.zeros(3))[0].tolist() == [1, 1, 1]


def test_no_gradient_no_step(step):
    params = random_tree(0)
    zero = with_leaves(params, map(np.zeros_like, leaves(params)))
    for new, old in zip(leaves(step(params, zero)[0]), leaves(params), strict=True):
        np.testing.assert_array_equal(new, old)


def test_all_go_down_a_bowl(step):
    scale = np.array([1.0, 3.0])
    params, state = np.array([3.0, -2.0]), None
    for _ in range(300):
        params, state = step(params, scale * params, state)
    assert np.abs(params).max() < 0.1


@pytest.mark.parametrize("name", ["rmsprop", "adam"])
def test_the_first_steps_ignore_the_size_of_the_gradient(name):
    small, large = (STEPS[name].func(np.zeros(1), np.array([g]))[0] for g in (1.0, 1e3))
    assert small.item() == pytest.approx(large.item(), rel=1e-6)


def test_momentum_zero_is_gradient_descent():
    params, grads = random_tree(0), random_tree(1)
    stepped, _ = momentum_step(params, grads, lr=0.3, momentum=0)
    for a, b in zip(leaves(stepped), leaves(sgd_step(params, grads, lr=0.3)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_adagrad_at_the_demos_configuration():
    # The demo of D4 keeps lr = 0.1 and ε = 1e-8 inside the root.
    params, grads, memory = np.ones(2), np.array([3.0, 0.0]), np.array([16.0, 0.0])
    stepped, memory = adagrad_step(params, grads, memory)
    np.testing.assert_allclose(stepped, [1 - 0.1 * 3 / math.sqrt(25 + 1e-8), 1], rtol=1e-15)
    assert memory.tolist() == [25, 0]


PARAMS = init_rnn(np.random.default_rng(0), 2, 3)


@pytest.mark.parametrize(
    ("grads", "error", "message"),
    [
        (
            PARAMS._replace(W=np.zeros((3, 2))),
            ShapeError,
            "grads.W must be built like params.W, array of shape (3, 3), got array of shape (3, 2)",
        ),
        (
            PARAMS._replace(b=None),
            ShapeError,
            "grads.b must be built like params.b, array of shape (3,), got None",
        ),
        (
            PARAMS._replace(b=[0.0] * 3),
            ShapeError,
            "grads.b must be built like params.b, array of shape (3,), got list",
        ),
        (
            tuple(PARAMS),
            ShapeError,
            "grads must be built like params, RNNParams of length 3, got tuple of length 3",
        ),
        (
            PARAMS._replace(U=PARAMS.U.astype("f4")),
            TypeError,
            "grads.U must have dtype float64, got float32",
        ),
    ],
)
def test_gradients_unlike_the_parameters(step, grads, error, message):
    with pytest.raises(error) as raised:
        step(PARAMS, grads)
    assert str(raised.value).partition("_step: ")[2] == message


def test_a_gradient_where_there_is_no_array(step):
    with pytest.raises(ShapeError, match=r"grads\[1\] must be built like params\[1\], None, got a"):
        step((np.ones(2), None), (np.ones(2), np.ones(2)))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ([np.ones(2)], "params must be an array, None or a tuple of such, got list"),
        ((np.ones(2), 1.0), r"params\[1\] must be an array, None or a tuple of such, got float"),
        (np.arange(3), "params must have dtype float32 or float64, got int64"),
        (np.ones(2, complex), "params must have dtype float32 or float64, got complex128"),
    ],
)
def test_no_tree_of_floats(step, params, message):
    with pytest.raises(TypeError, match=f"^[a-z]+_step: {message}$"):
        step(params, params)


@pytest.mark.parametrize("name", ["momentum", "rmsprop", "adagrad"])
def test_another_networks_state(name):
    state = STEPS[name](np.ones(2), np.ones(2))[1]
    message = f"{name}_step: state must be built like params, array of shape \\(3,\\), got array"
    with pytest.raises(ShapeError, match=message):
        STEPS[name](np.ones(3), np.ones(3), state)


def test_adams_state_of_another_network_or_optimiser():
    with pytest.raises(ShapeError, match=r"adam_step: state\.m must be built like params"):
        adam_step(np.ones(3), np.ones(3), adam_step(np.ones(2), np.ones(2))[1])
    with pytest.raises(TypeError, match="state must be what adam_step returned, got ndarray"):
        adam_step(np.ones(3), np.ones(3), np.ones(3))


@pytest.mark.parametrize(
    ("step", "options", "error", "message"),
    [
        (sgd_step, {"lr": -0.1}, ValueError, "lr must be at least 0, got -0.1"),
        (sgd_step, {"lr": np.nan}, ValueError, "lr must be at least 0, got nan"),
        (sgd_step, {"lr": "0.1"}, TypeError, "lr must be a number, got str"),
        (sgd_step, {"lr": None}, TypeError, "lr must be a number, got NoneType"),
        (
            momentum_step,
            {"lr": 1, "momentum": 1},
            ValueError,
            "momentum must be at least 0 and below 1, got 1.0",
        ),
        (
            rmsprop_step,
            {"decay": 1.5},
            ValueError,
            "decay must be at least 0 and below 1, got 1.5",
        ),
        (rmsprop_step, {"eps": -1}, ValueError, "eps must be at least 0, got -1.0"),
        (adagrad_step, {"lr": -1}, ValueError, "lr must be at least 0, got -1.0"),
        (
            adam_step,
            {"beta1": -0.5},
            ValueError,
            "beta1 must be at least 0 and below 1, got -0.5",
        ),
        (adam_step, {"beta2": 1.0}, ValueError, "beta2 must be at least 0 and below 1, got 1.0"),
    ],
)
def test_numbers_out_of_range(step, options, error, message):
    with pytest.raises(error) as raised:
        step(np.ones(2), np.ones(2), **options)
    assert str(raised.value) == f"{step.__name__}: {message}"


def length(tree):
    return math.sqrt(sum(float(g) ** 2 for array in leaves(tree) for g in array.flat))


@pytest.mark.parametrize("max_norm", [0, 1e-3, 1, 1e9, math.inf])
def test_clipping_shortens_and_does_not_turn(max_norm):
    tree = random_tree(1)
    clipped, norm = clip_by_global_norm(tree, max_norm)
    assert type(norm) is float
    assert norm == pytest.approx(length(tree), rel=1e-14)
    factor = min(1, max_norm / norm)
    for a, b in zip(leaves(clipped), leaves(tree), strict=True):
        assert type(a) is np.ndarray
        assert not np.shares_memory(a, b)
        np.testing.assert_allclose(a, factor * b, rtol=1e-14)


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.floats(-(2.0**127), 2.0**127, width=32), min_size=1, max_size=5),
    max_norm=st.floats(1e-3, 1e3),
)
def test_float32_gradients_of_any_size_are_clipped(values, max_norm):
    tree = np.array(values, np.float32)
    clipped, norm = clip_by_global_norm(tree, max_norm)
    assert norm == pytest.approx(length(tree), rel=1e-12)
    assert length(clipped) <= max_norm * (1 + 1e-6)
    if norm <= max_norm:
        np.testing.assert_array_equal(clipped, tree)


def test_zero_and_empty_trees_have_no_length():
    clipped, norm = clip_by_global_norm((np.zeros(3), None, np.zeros((0, 2))), 1)
    assert norm == 0
    assert not clipped[0].any()
    assert clip_by_global_norm(None, 1) == (None, 0)
    assert clip_by_global_norm((), 1) == ((), 0)


@pytest.mark.parametrize(
    ("bad", "expected"), [(np.inf, np.inf), (-np.inf, np.inf), (np.nan, np.nan), (1e200, np.inf)]
)
def test_a_length_that_is_not_finite_clips_nothing(bad, expected):
    tree = np.array([1.0, bad]), np.array([2.0])
    clipped, norm = clip_by_global_norm(tree, 1)
    np.testing.assert_equal(norm, expected)
    for a, b in zip(clipped, tree, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a is not b


@pytest.mark.parametrize(
    ("tree", "max_norm", "error", "message"),
    [
        (np.ones(2), -1, ValueError, "max_norm must be at least 0, got -1.0"),
        (np.ones(2), np.nan, ValueError, "max_norm must be at least 0, got nan"),
        (np.ones(2), "1", TypeError, "max_norm must be a number, got str"),
        ([np.ones(2)], 1, TypeError, "tree must be an array, None or a tuple of such, got list"),
        (np.ones(2, int), 1, TypeError, "tree must have dtype float32 or float64, got int64"),
    ],
)
def test_clipping_names_what_is_wrong(tree, max_norm, error, message):
    with pytest.raises(error) as raised:
        clip_by_global_norm(tree, max_norm)
    assert str(raised.value) == f"clip_by_global_norm: {message}"
