"""Weights by PyTorch's names, without PyTorch: blocks, biases, round trips, errors."""

import numpy as np
import pytest

from rnnref import (
    GRUParams,
    LSTMParams,
    RNNParams,
    ShapeError,
    from_torch,
    init_gru,
    init_lstm,
    init_rnn,
    to_torch,
)

D, H = 4, 3
INIT = {"RNN": init_rnn, "GRU": init_gru, "LSTM": init_lstm}
KINDS = {"RNN": (RNNParams, 1), "GRU": (GRUParams, 3), "LSTM": (LSTMParams, 4)}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(params=INIT)
def kind(request):
    return request.param


def random_state(rng, blocks, layers=1, directions=("",), bias=True):
    state = {}
    for layer in range(layers):
        for direction in directions:
            n_in = D if layer == 0 else H * len(directions)
            shapes = {"weight_ih": (blocks * H, n_in), "weight_hh": (blocks * H, H)}
            if bias:
                shapes |= {"bias_ih": (blocks * H,), "bias_hh": (blocks * H,)}
            for part, shape in shapes.items():
                state[f"{part}_l{layer}{direction}"] = rng.normal(size=shape)
    return state


def random_params(rng, kind, n_in, dtype=np.float64):
    """Return parameters none of which is zero."""
    params = INIT[kind](rng, n_in, H, dtype=dtype)
    moved = (p if p is None else p + rng.normal(size=p.shape).astype(dtype) for p in params)
    return type(params)(*moved)


def assert_equal(actual, expected):
    assert type(actual) is type(expected)
    if isinstance(expected, tuple | list):
        for a, e in zip(actual, expected, strict=True):
            assert_equal(a, e)
    elif expected is not None:
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)


def test_biases_are_added(rng, kind):
    params_type, blocks = KINDS[kind]
    state = random_state(rng, blocks)
    [params] = from_torch(state)
    b, b_hh = state["bias_ih_l0"], state["bias_hh_l0"]
    assert type(params) is params_type
    assert_equal(params[:2], (state["weight_ih_l0"], state["weight_hh_l0"]))
    if kind == "GRU":
        assert_equal(params.b, np.concatenate([b[: 2 * H] + b_hh[: 2 * H], b[2 * H :]]))
        assert_equal(params.b_hn, b_hh[2 * H :])
    else:
        assert_equal(params.b, b + b_hh)


def test_without_biases_they_are_zero(rng, kind):
    _, blocks = KINDS[kind]
    for params in from_torch(random_state(rng, blocks, layers=2, bias=False)):
        assert_equal(params.b, np.zeros(blocks * H))
        if kind == "GRU":
            assert_equal(params.b_hn, np.zeros(H))


def test_layers_and_directions(rng, kind):
    _, blocks = KINDS[kind]
    state = random_state(rng, blocks, layers=11, directions=("", "_reverse"))
    shuffled = dict(rng.permutation(np.array(list(state.items()), dtype=object)))
    params = from_torch(shuffled)
    assert len(params) == 11
    for layer, pair in enumerate(params):
        for direction, p in zip(["", "_reverse"], pair, strict=True):
            assert_equal(p.W, state[f"weight_hh_l{layer}{direction}"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("layers", [1, 3])
def test_there_and_back(rng, kind, layers, directions, dtype):
    params = []
    for layer in range(layers):
        n_in = D if layer == 0 else directions * H
        readers = tuple(random_params(rng, kind, n_in, dtype) for _ in range(directions))
        params.append(readers if directions == 2 else readers[0])
    assert_equal(from_torch(to_torch(params)), params)


def test_names_and_shapes_are_those_of_pytorch(rng, kind):
    _, blocks = KINDS[kind]
    expected = random_state(rng, blocks, layers=2, directions=("", "_reverse"))
    state = to_torch(from_torch(expected))
    assert list(state) == list(expected)
    assert [a.shape for a in state.values()] == [a.shape for a in expected.values()]
    for name, array in state.items():
        if name.startswith("bias_hh"):
            assert not array[: 2 * H if kind == "GRU" else None].any()


def test_all_arrays_are_new_and_in_order(rng, kind):
    _, blocks = KINDS[kind]
    state = random_state(rng, blocks)
    fortran = {name: np.asfortranarray(array) for name, array in state.items()}
    for array in fortran.values():
        array.flags.writeable = False
    [params] = from_torch(fortran)
    back = to_torch([params])
    ours, given = [p for p in params if p is not None], list(fortran.values())
    for new, old in [(ours, given), (back.values(), ours), (back.values(), given)]:
        assert not any(np.shares_memory(a, b) for a in new for b in old)
    assert all(array.flags.writeable and array.flags.c_contiguous for array in back.values())


def gru(**changes):
    state = random_state(np.random.default_rng(0), 3, layers=2)
    state.update(changes)
    return {name: array for name, array in state.items() if array is not None}


BIASES = "bias_ih_l0, bias_hh_l0"
LAYER_1 = "weight_ih_l1, weight_hh_l1, bias_ih_l1, bias_hh_l1"


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({}, ValueError, "state must have weight_ih_l0, weight_hh_l0 too, got none"),
        (
            gru(weight_hh_l0=None),
            ValueError,
            f"state must have weight_hh_l0 too, got weight_ih_l0, {BIASES}, {LAYER_1}",
        ),
        (
            gru(bias_hh_l1=None, bias_ih_l1=None),
            ValueError,
            "state must have bias_ih_l1, bias_hh_l1 too, got weight_ih_l0, weight_hh_l0, "
            f"{BIASES}, weight_ih_l1, weight_hh_l1",
        ),
        (
            {"weight_ih_l1": np.ones((3, 3)), "weight_hh_l1": np.ones((3, 3))},
            ValueError,
            "state must have weight_ih_l0, weight_hh_l0 too, got weight_ih_l1, weight_hh_l1",
        ),
        (
            {"weight_ih_l0": np.ones((3, 3)), "weight_hh_l0_reverse": np.ones((3, 3))},
            ValueError,
            "state must have weight_hh_l0, weight_ih_l0_reverse too, "
            "got weight_ih_l0, weight_hh_l0_reverse",
        ),
        (
            {f"rnn.{name}": array for name, array in gru().items()},
            ValueError,
            "state must have names such as weight_ih_l0 and bias_hh_l1_reverse, "
            "got rnn.weight_ih_l0",
        ),
        (
            gru(weight_hr_l0=np.ones((2, 3))),
            ValueError,
            "an LSTM must have proj_size=0, got weight_hr_l0",
        ),
        (
            gru(weight_hh_l0=np.ones((6, 3))),
            ShapeError,
            "weight_hh_l0 must have shape (H, H) or (3H, H) or (4H, H), got (6, 3)",
        ),
        (
            gru(weight_ih_l0=np.ones((12, 4))),
            ShapeError,
            "weight_ih_l0 must have shape (3H=9, D), got (12, 4)",
        ),
        (
            gru(weight_ih_l1=np.ones((9, 6))),
            ShapeError,
            "weight_ih_l1 must have shape (3H=9, D=3), got (9, 6)",
        ),
        (
            gru(bias_hh_l0=np.ones(3)),
            ShapeError,
            "bias_hh_l0 must have shape (3H=9,), got (3,)",
        ),
        (
            gru(bias_hh_l0=np.ones(9, "f4")),
            TypeError,
            "bias_hh_l0 must have dtype float64, got float32",
        ),
        (
            gru(weight_hh_l0=np.ones((9, 3), "f2")),
            TypeError,
            "dtype must be one of float32, float64, complex128, got float16",
        ),
        (
            gru(weight_hh_l0=[[1.0]]),
            TypeError,
            "weight_hh_l0 must be a numpy.ndarray, got list",
        ),
    ],
)
def test_from_torch_names_what_is_wrong(state, error, message):
    with pytest.raises(error) as raised:
        from_torch(state)
    assert str(raised.value) == f"from_torch: {message}"


RNN, GRU = init_rnn(np.random.default_rng(0), D, H), init_gru(np.random.default_rng(0), D, H)
LSTM = init_lstm(np.random.default_rng(0), D, H)
KIND_NAMES = "RNNParams, GRUParams, LSTMParams"


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (GRU, TypeError, "params must be a list over layers, got GRUParams"),
        ((GRU, GRU), TypeError, "params must be a list over layers, got tuple"),
        ([], ValueError, "params must have layers that are alike, got none"),
        ([None], TypeError, f"params[0] must be {KIND_NAMES} or a pair of such, got NoneType"),
        (
            [(GRU, GRU), (GRU, GRU, GRU)],
            TypeError,
            f"params[1] must be {KIND_NAMES} or a pair of such, got tuple",
        ),
        (
            [(GRU, {})],
            TypeError,
            f"params[0] must be {KIND_NAMES} or a pair of such, got tuple",
        ),
        (
            [(GRU, LSTM)],
            ValueError,
            "params must have layers that are alike, got 2 GRUParams, 2 LSTMParams",
        ),
        (
            [(GRU, GRU), GRU],
            ValueError,
            "params must have layers that are alike, got 1 GRUParams, 2 GRUParams",
        ),
        (
            [LSTM._replace(P=np.zeros((3, H)))],
            ValueError,
            "P must be None, as PyTorch has no peepholes, got an array",
        ),
        (
            [RNN, RNN],
            ShapeError,
            "weight_ih_l1 must have shape (H=3, D=3), got (3, 4)",
        ),
        (
            [LSTMParams(*GRU[:3])],
            ShapeError,
            "weight_hh_l0 must have shape (4H, H), got (9, 3)",
        ),
        (
            [GRU._replace(b_hn=np.zeros(4))],
            ShapeError,
            "bias_hh_l0 must have shape (3H=9,), got (12,)",
        ),
        (
            [GRU._replace(b_hn=None)],
            TypeError,
            "b_hn must be a numpy.ndarray, got NoneType",
        ),
        (
            [RNN._replace(b=np.zeros(3, "f4"))],
            TypeError,
            "params must be arrays of one dtype out of float32, float64, complex128, "
            "got float32, float64",
        ),
    ],
)
def test_to_torch_names_what_is_wrong(params, error, message):
    with pytest.raises(error) as raised:
        to_torch(params)
    assert str(raised.value) == f"to_torch: {message}"
