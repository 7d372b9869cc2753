"""The forward recursion against backpropagation through time."""

import tracemalloc

import numpy as np
import pytest

from rnnref import (
    RNNParams,
    ShapeError,
    check_entries,
    init_rnn,
    rnn_backward,
    rnn_forward,
    rnn_forward_recursion,
)

T, B, D, H = 7, 3, 4, 5
ACTIVATIONS = ["linear", "logistic", "relu", "tanh"]


@pytest.fixture
def net(normal):
    """Return parameters, x, dh and h0."""
    params = RNNParams(normal(H, D), 0.5 * normal(H, H), normal(H))
    return params, normal(T, B, D), normal(T, B, H), normal(B, H)


def by_bptt(params, x, dh, h0=None, **options):
    _, h_T, cache = rnn_forward(params, x, h0, **options)
    return h_T, rnn_backward(dh, cache)[-1]


def assert_close(actual, expected, rtol=1e-12):
    """Compare two results (h_T, dparams), each array in units of its largest entry."""
    for a, e in zip([actual[0], *actual[1]], [expected[0], *expected[1]], strict=True):
        assert a.dtype == e.dtype
        np.testing.assert_allclose(a, e, rtol=0, atol=rtol * np.abs(e).max())


@pytest.mark.parametrize("with_h0", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_is_that_of_bptt(net, mask, activation, with_h0):
    *net, h0 = net
    options = {"h0": h0 if with_h0 else None, "mask": mask, "activation": activation}
    assert_close(rnn_forward_recursion(*net, **options), by_bptt(*net, **options))


@pytest.mark.parametrize(("T", "B", "D", "H"), [(1, 1, 1, 1), (2, 1, 3, 1), (20, 5, 1, 4)])
def test_at_other_sizes(normal, T, B, D, H):
    params = RNNParams(normal(H, D), normal(H, H), normal(H))
    net = params, normal(T, B, D), normal(T, B, H), normal(B, H)
    assert_close(rnn_forward_recursion(*net), by_bptt(*net))


def test_every_entry_by_central_differences(net):
    params, x, dh, h0 = net
    dparams = rnn_forward_recursion(*net)[1]
    check_entries(lambda params: np.sum(dh * rnn_forward(params, x, h0)[0]), params, dparams)


def test_float32_in_float32_out(net, mask):
    params, *arrays = net
    params = RNNParams(*(p.astype(np.float32) for p in params))
    single = params, *(array.astype(np.float32) for array in arrays)
    assert_close(rnn_forward_recursion(*single, mask=mask), by_bptt(*single, mask=mask), 1e-5)


def test_complex_in_complex_out(net):
    params, *arrays = net
    params = RNNParams(*(p * (1 + 0.1j) for p in params))
    net = params, *(array.astype(complex) for array in arrays)
    assert_close(rnn_forward_recursion(*net), by_bptt(*net))


@pytest.mark.parametrize("junk", [np.nan, np.inf, -1e308])
def test_x_has_no_influence_at_masked_steps(net, junk):
    params, x, *rest = net
    mask = np.random.default_rng(2).random((T, B)) < 0.5
    spoilt = np.where(mask[..., None], x, junk)
    expected = rnn_forward_recursion(params, x, *rest, mask=mask)
    assert_close(rnn_forward_recursion(params, spoilt, *rest, mask=mask), expected, rtol=0)


def test_memory_does_not_grow_with_the_number_of_steps():
    D, H = 2, 12
    rng = np.random.default_rng(0)
    params = init_rnn(rng, D, H)

    def peak(function, T):
        x, dh = rng.normal(size=(T, 1, D)), rng.normal(size=(T, 1, H))
        function(params, x, dh)  # whatever is set up once
        tracemalloc.start()
        try:
            function(params, x, dh)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    number = 8  # bytes
    assert peak(rnn_forward_recursion, 500) - peak(rnn_forward_recursion, 50) < 450 * number
    assert peak(by_bptt, 500) - peak(by_bptt, 50) > 450 * H * number
    # It is the smaller one when there are more steps than parameters, not before.
    assert peak(rnn_forward_recursion, 50) > peak(by_bptt, 50)
    assert peak(rnn_forward_recursion, 2000) < peak(by_bptt, 2000)


def test_no_steps(normal):
    params, h0 = RNNParams(normal(H, D), normal(H, H), normal(H)), normal(B, H)
    empty = np.zeros((0, B, D)), np.zeros((0, B, H))
    h_T, dparams = rnn_forward_recursion(params, *empty, h0, mask=np.zeros((0, B), bool))
    np.testing.assert_array_equal(h_T, h0)
    assert not np.shares_memory(h_T, h0)
    assert [d.shape for d in dparams] == [(H, D), (H, H), (H,)]
    assert not any(d.any() for d in dparams)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": np.zeros((6, 3))}, ShapeError, "x must have shape (T, B, D=4), got (6, 3)"),
        (
            {"x": np.zeros((6, 0, 4))},
            ShapeError,
            "x must have shape (T, B, D=4) with B at least 1, got (6, 0, 4)",
        ),
        (
            {"dh": np.zeros((T, B, D))},
            ShapeError,
            "dh must have shape (T=7, B=3, H=5), got (7, 3, 4)",
        ),
        ({"dh": np.zeros((T, B, H), "f4")}, TypeError, "dh must have dtype float64, got float32"),
        ({"h0": np.zeros((B, D))}, ShapeError, "h0 must have shape (B=3, H=5), got (3, 4)"),
        (
            {"mask": np.ones((B, T), bool)},
            ShapeError,
            "mask must have shape (T=7, B=3), got (3, 7)",
        ),
        (
            {"activation": "sigmoid"},
            ValueError,
            "activation must be one of 'linear', 'logistic', 'relu', 'tanh', got 'sigmoid'",
        ),
        ({"W": np.zeros((5, 4))}, ShapeError, "W must have shape (H=5, H=5), got (5, 4)"),
        ({"b": np.zeros((5, 1))}, ShapeError, "b must have shape (H=5,), got (5, 1)"),
    ],
)
def test_errors_name_what_is_wrong(change, error, message):
    params = init_rnn(np.random.default_rng(0), D, H)
    params = params._replace(**{k: change.pop(k) for k in "UWb" if k in change})
    arguments = {"x": np.zeros((T, B, D)), "dh": np.zeros((T, B, H)), **change}
    with pytest.raises(error) as raised:
        rnn_forward_recursion(params, **arguments)
    assert str(raised.value) == f"rnn_forward_recursion: {message}"
