"""The convolution: values, gradients, dtypes, errors."""

import numpy as np
import pytest

from rnnref import (
    ConvParams,
    ShapeError,
    check_entries,
    check_gradient,
    conv_backward,
    conv_forward,
    init_conv,
)

T, B, HEIGHT, C_IN, C_OUT = 6, 3, 5, 2, 4
KERNELS = [(3, 3), (1, 1), (5, 3), (2, 4), (1, 3), (9, 7)]  # the last ones are larger than images


@pytest.fixture(params=KERNELS)
def net(request, normal):
    """Return parameters, x and dy."""
    params = ConvParams(normal(C_OUT, *request.param, C_IN), normal(C_OUT))
    return params, normal(T, B, HEIGHT, C_IN), normal(T, B, HEIGHT, C_OUT)


def run(params, x, dy):
    """Return all that both passes return."""
    y, cache = conv_forward(params, x)
    dx, dparams = conv_backward(dy, cache)
    return y, dx, *dparams


def naive_run(params, x, dy):
    """Do the same one connection at a time."""
    F, b = params
    _, k_t, k_h, _ = F.shape
    y = np.zeros((T, B, HEIGHT, C_OUT)) + b
    dx, dF, db = np.zeros_like(x), np.zeros_like(F), np.zeros_like(b)
    for t, s, r, o in np.ndindex(y.shape):
        db[o] += dy[t, s, r, o]
        for i, j in np.ndindex(k_t, k_h):
            t_in, r_in = t + i - (k_t - 1) // 2, r + j - (k_h - 1) // 2
            if 0 <= t_in < T and 0 <= r_in < HEIGHT:
                for c in range(C_IN):
                    y[t, s, r, o] += F[o, i, j, c] * x[t_in, s, r_in, c]
                    dF[o, i, j, c] += dy[t, s, r, o] * x[t_in, s, r_in, c]
                    dx[t_in, s, r_in, c] += dy[t, s, r, o] * F[o, i, j, c]
    return y, dx, dF, db


def assert_close(actual, expected, rtol=1e-12):
    """Compare arrays, each in units of its largest entry."""
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=0, atol=rtol * np.abs(e).max())


def test_values_and_gradients_are_those_of_explicit_loops(net):
    assert_close(run(*net), naive_run(*net))


def test_gradients_along_random_directions(net):
    params, x, dy = net
    _, dx, *dparams = run(*net)
    rng = np.random.default_rng(2)
    grads = ConvParams(*dparams), dx
    check_gradient(lambda at: np.sum(dy * conv_forward(*at)[0]), (params, x), grads, rng=rng)


def test_every_entry(normal):
    params, x = ConvParams(normal(2, 3, 2, 2), normal(2)), normal(4, 1, 3, 2)
    dy = normal(4, 1, 3, 2)
    _, dx, *dparams = run(params, x, dy)
    grads = ConvParams(*dparams), dx
    check_entries(lambda at: np.sum(dy * conv_forward(*at)[0]), (params, x), grads)


def test_gradients_by_complex_steps(net, normal):
    params, x, dy = net
    _, dx, *dparams = run(*net)
    arrays, grads = [*params, x], [*dparams, dx]
    for _ in range(3):
        v = [normal(*a.shape) for a in arrays]
        *F_b, x_at = (a + 1e-100j * d for a, d in zip(arrays, v, strict=True))
        numeric = np.sum(dy * conv_forward(ConvParams(*F_b), x_at)[0]).imag / 1e-100
        terms = [g * d for g, d in zip(grads, v, strict=True)]
        size = np.sqrt(sum(np.sum(term**2) for term in terms))
        assert abs(numeric - sum(np.sum(term) for term in terms)) <= 1e-12 * size


def test_a_shifted_image_has_shifted_features(normal):
    params = ConvParams(normal(C_OUT, 3, 3, C_IN), normal(C_OUT))
    x = np.zeros((12, 1, 12, C_IN))
    x[3:6, :, 3:6] = normal(3, 1, 3, C_IN)
    y = conv_forward(params, x)[0]
    shifted = conv_forward(params, np.roll(x, (4, 2), axis=(0, 2)))[0]
    np.testing.assert_allclose(shifted, np.roll(y, (4, 2), axis=(0, 2)), rtol=0, atol=1e-12)


def test_images_of_a_batch_do_not_meet(net):
    params, x, dy = net
    y, dx, dF, db = run(*net)
    for s in range(B):
        one = slice(s, s + 1)
        alone = run(params, x[:, one], dy[:, one])
        assert_close((y[:, one], dx[:, one]), alone[:2])
        dF, db = dF - alone[2], db - alone[3]
    assert max(np.abs(dF).max(), np.abs(db).max()) < 1e-12


def test_float32_in_float32_out(net):
    params, *arrays = net
    single = ConvParams(*(p.astype(np.float32) for p in params))
    results = run(single, *(a.astype(np.float32) for a in arrays))
    assert {a.dtype for a in results} == {np.dtype(np.float32)}
    assert_close(results, run(*net), rtol=1e-5)


def test_arrays_in_any_memory_order(net):
    params, *arrays = net
    fortran = ConvParams(*map(np.asfortranarray, params)), *map(np.asfortranarray, arrays)
    assert_close(run(*fortran), run(*net))


def test_no_columns(normal):
    params = ConvParams(normal(C_OUT, 3, 3, C_IN), normal(C_OUT))
    y, dx, dF, db = run(params, np.zeros((0, B, 5, C_IN)), np.zeros((0, B, 5, C_OUT)))
    assert y.shape == (0, B, 5, C_OUT)
    assert dx.shape == (0, B, 5, C_IN)
    assert dF.shape == params.F.shape
    assert not dF.any()
    assert not db.any()


def test_a_relu_layer_keeps_the_mean_square():
    rng = np.random.default_rng(0)
    params = init_conv(rng, 8, 200)
    x = np.maximum(rng.normal(size=(40, 1, 40, 8)), 0)
    y = np.maximum(conv_forward(params, x)[0], 0)
    inside = y[1:-1, :, 1:-1]
    assert abs(np.mean(inside**2) / np.mean(x**2) - 1) < 0.15


def test_a_seed_gives_the_same_values_in_every_dtype():
    double = init_conv(np.random.default_rng(0), 2, 3, (2, 5))
    single = init_conv(np.random.default_rng(0), 2, 3, (2, 5), dtype=np.float32)
    np.testing.assert_array_equal(single.F, double.F.astype(np.float32))
    assert single.b.dtype == np.float32


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"x": np.zeros((T, B, HEIGHT))},
            ShapeError,
            "x must have shape (T, B, height, C_in=2), got (6, 3, 5)",
        ),
        (
            {"x": np.zeros((T, B, HEIGHT, 1))},
            ShapeError,
            "x must have shape (T, B, height, C_in=2), got (6, 3, 5, 1)",
        ),
        (
            {"x": np.zeros((T, 0, HEIGHT, C_IN))},
            ShapeError,
            "x must have shape (T, B, height, C_in=2) with B at least 1, got (6, 0, 5, 2)",
        ),
        (
            {"x": np.zeros((T, B, HEIGHT, C_IN), "f4")},
            TypeError,
            "x must have dtype float64, got float32",
        ),
        (
            {"F": np.zeros((4, 3, 3))},
            ShapeError,
            "F must have shape (C_out, k_t, k_h, C_in), got (4, 3, 3)",
        ),
        ({"b": np.zeros(3)}, ShapeError, "b must have shape (C_out=4,), got (3,)"),
    ],
)
def test_forward_names_what_is_wrong(change, error, message):
    params = init_conv(np.random.default_rng(0), C_IN, C_OUT)
    params = params._replace(**{k: change.pop(k) for k in "Fb" if k in change})
    with pytest.raises(error) as raised:
        conv_forward(params, **{"x": np.zeros((T, B, HEIGHT, C_IN)), **change})
    assert str(raised.value) == f"conv_forward: {message}"


def test_backward_names_what_is_wrong(net):
    params, x, dy = net
    cache = conv_forward(params, x)[1]
    with pytest.raises(ShapeError) as raised:
        conv_backward(x, cache)
    message = "dy must have shape (T=6, B=3, height=5, C_out=4), got (6, 3, 5, 2)"
    assert str(raised.value) == f"conv_backward: {message}"
    with pytest.raises(TypeError, match="conv_backward: dy must have dtype float64, got float32"):
        conv_backward(dy.astype("f4"), cache)


@pytest.mark.parametrize(
    ("kernel", "error", "message"),
    [
        (3, ValueError, "kernel must be a pair of integers, got 3"),
        ((3, 3, 3), ValueError, "kernel must be a pair of integers, got (3, 3, 3)"),
        ((3, 0), ValueError, "kernel must be at least 1, got 0"),
        ((3.0, 3), TypeError, "kernel must be an integer, got float"),
    ],
)
def test_init_names_what_is_wrong(kernel, error, message):
    with pytest.raises(error) as raised:
        init_conv(np.random.default_rng(0), 1, 8, kernel)
    assert str(raised.value) == f"init_conv: {message}"
