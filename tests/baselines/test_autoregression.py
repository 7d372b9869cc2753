"""Autoregression: the fit, one-step predictions, forecasts, errors."""

import numpy as np
import pytest

from rnnref import ARParams, ShapeError, ar_forecast, ar_predict, delay_taps, fit_autoregression

T, B, D, TAPS = 12, 3, 2, 4


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture
def params(rng):
    return ARParams(0.3 * rng.normal(size=(TAPS, D, D)), rng.normal(size=D))


def naive_predict(params, x):
    """Predict one sequence, one step, one tap at a time."""
    A, c = params
    T, B, D = x.shape
    predicted = np.zeros_like(x)
    for s in range(B):
        for t in range(T):
            predicted[t, s] = c
            for k in range(1, len(A) + 1):
                if t - k >= 0:
                    predicted[t, s] += A[k - 1] @ x[t - k, s]
    return predicted


def naive_fit(x, taps, ridge, valid):
    """Solve the normal equations, with an offset that is not penalised."""
    T, B, D = x.shape
    rows, targets = [], []
    for s in range(B):
        for t in range(taps, T):
            if valid[t - taps : t + 1, s].all():
                rows.append(np.concatenate([*(x[t - k, s] for k in range(1, taps + 1)), [1]]))
                targets.append(x[t, s])
    rows, targets = np.array(rows), np.array(targets)
    penalty = ridge * np.diag([*np.ones(taps * D), 0])
    solution = np.linalg.solve(rows.T @ rows + penalty, rows.T @ targets)
    A = [solution[k * D : (k + 1) * D].T for k in range(taps)]
    return np.array(A), solution[-1]


@pytest.mark.parametrize("taps", [1, 3, T, T + 2])
def test_delay_taps_are_those_of_loops(rng, taps):
    x = rng.normal(size=(T, B, D))
    delayed = delay_taps(x, taps)
    assert delayed.shape == (T, B, taps, D)
    for t in range(T):
        for k in range(taps):
            expected = x[t - k] if t >= k else np.zeros((B, D))
            np.testing.assert_array_equal(delayed[t, :, k], expected)


@pytest.mark.parametrize("length", [0, 1, 2, T])
def test_predictions_are_those_of_loops(rng, params, length):
    x = rng.normal(size=(length, B, D))
    np.testing.assert_allclose(ar_predict(params, x), naive_predict(params, x), atol=1e-13)


@pytest.mark.parametrize("ridge", [0.0, 2.0])
@pytest.mark.parametrize("masked", [False, True])
def test_the_fit_solves_the_normal_equations(rng, ridge, masked):
    x = rng.normal(size=(40, B, D)) + 3
    mask = rng.random((40, B)) < 0.9 if masked else None
    params = fit_autoregression(x, 2, ridge=ridge, mask=mask)
    valid = np.ones((40, B), bool) if mask is None else mask
    A, c = naive_fit(x, 2, ridge, valid)
    np.testing.assert_allclose(params.A, A, atol=1e-11)
    np.testing.assert_allclose(params.c, c, atol=1e-11)


def test_masked_values_have_no_influence_on_the_fit(rng):
    x = rng.normal(size=(40, B, D))
    mask = np.arange(40)[:, None] < np.array([40, 20, 10])
    spoilt = np.where(mask[..., None], x, np.nan)
    fitted, expected = (fit_autoregression(a, 2, mask=mask) for a in (spoilt, x))
    np.testing.assert_array_equal(fitted.A, expected.A)


def test_a_series_of_numbers_is_a_batch_of_one(rng):
    x = rng.normal(size=30)
    batch = x.reshape(30, 1, 1)
    mask = np.arange(30) != 7
    params = fit_autoregression(x, 3, mask=mask)
    for one, other in zip(params, fit_autoregression(batch, 3, mask=mask[:, None]), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(ar_predict(params, x), ar_predict(params, batch)[:, 0, 0])
    ahead = ar_forecast(params, x, 5)
    np.testing.assert_array_equal(ahead, ar_forecast(params, batch, 5)[:, 0, 0])


@pytest.mark.parametrize("length", [0, 2, T])
def test_a_forecast_is_a_chain_of_predictions(rng, params, length):
    x = rng.normal(size=(length, B, D))
    ahead = ar_forecast(params, x, 6)
    series = x
    for step in range(6):
        extended = np.concatenate([series, np.zeros((1, B, D))])
        last = naive_predict(params, extended)[-1]
        np.testing.assert_allclose(ahead[step], last, atol=1e-12)
        series = np.concatenate([series, last[None]])
    assert ar_forecast(params, x, 0).shape == (0, B, D)


def test_parameters_of_a_long_series_are_recovered(rng):
    truth = ARParams(
        A=np.array([[[0.5, 0.2], [-0.1, 0.6]], [[-0.3, 0.0], [0.1, -0.2]]]), c=np.array([1.0, -2.0])
    )
    x = np.zeros((4000, 5, 2))
    noise = rng.normal(size=x.shape)
    for t in range(2, len(x)):
        x[t] = x[t - 1] @ truth.A[0].T + x[t - 2] @ truth.A[1].T + truth.c + noise[t]
    fitted = fit_autoregression(x, 2)
    # 20,000 steps: standard errors of about 1/√20,000 = 0.007.
    np.testing.assert_allclose(fitted.A, truth.A, atol=0.03)
    np.testing.assert_allclose(fitted.c, truth.c, atol=0.1)


def test_ridge_shrinks_the_taps_and_spares_the_offset(rng):
    x = rng.normal(size=(50, 1, 1)) + 10
    free, shrunk = fit_autoregression(x, 2), fit_autoregression(x, 2, ridge=1e12)
    assert np.linalg.norm(shrunk.A) < 1e-6 * np.linalg.norm(free.A)
    np.testing.assert_allclose(shrunk.c, x[2:].mean(axis=(0, 1)), rtol=1e-6)


def test_the_smallest_of_equally_good_fits():
    params = fit_autoregression(np.full(10, 3.0), 2)
    np.testing.assert_allclose(ar_predict(params, np.full(10, 3.0))[2:], 3.0)
    np.testing.assert_allclose(params.A[0], params.A[1])


def test_float32_in_float32_out(rng):
    x = rng.normal(size=(40, B, D))
    single = fit_autoregression(x.astype("f4"), 2, ridge=0.5)
    expected = fit_autoregression(x, 2, ridge=0.5)
    assert {p.dtype.name for p in single} == {"float32"}
    np.testing.assert_allclose(single.A, expected.A, atol=1e-5)
    assert ar_predict(single, x.astype("f4")).dtype == np.float32
    assert ar_forecast(single, x.astype("f4"), 2).dtype == np.float32


def test_arguments_are_left_as_they_are(rng, params):
    x = rng.normal(size=(T, B, D))
    x.flags.writeable = False
    fit_autoregression(x, 2)
    ar_predict(params, x)
    ar_forecast(params, x, 3)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": [1.0, 2.0]}, TypeError, "x must be a numpy.ndarray, got list"),
        ({"x": np.zeros((9, 2))}, ShapeError, "x must have shape (T, B, D), got (9, 2)"),
        (
            {"x": np.zeros((9, 0, 2))},
            ShapeError,
            "x must have shape (T, B, D) with B at least 1, got (9, 0, 2)",
        ),
        (
            {"x": np.zeros(9, int)},
            TypeError,
            "dtype must be one of float32, float64, complex128, got int64",
        ),
        (
            {"x": np.zeros(2)},
            ShapeError,
            "x must have more than taps=2 valid steps in a row, got shape (2,)",
        ),
        ({"taps": 0}, ValueError, "taps must be at least 1, got 0"),
        ({"taps": 1.5}, TypeError, "taps must be an integer, got float"),
        ({"ridge": -1}, ValueError, "ridge must be at least 0, got -1"),
        (
            {"mask": np.ones((9, 1), bool)},
            ShapeError,
            "mask must have shape (T=9,), got (9, 1)",
        ),
        ({"mask": np.ones(9)}, TypeError, "mask must have dtype bool, got float64"),
    ],
)
def test_the_fit_names_what_is_wrong(change, error, message):
    with pytest.raises(error) as raised:
        fit_autoregression(**{"x": np.zeros(9), "taps": 2, **change})
    assert str(raised.value) == f"fit_autoregression: {message}"


@pytest.mark.parametrize("function", [ar_predict, ar_forecast])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": np.zeros((9, 3))}, ShapeError, "x must have shape (T, B, D=2), got (9, 3)"),
        ({"x": np.zeros(9)}, ShapeError, "x must have shape (T, B, D=2), got (9,)"),
        ({"x": np.zeros((9, 1, 2), "f4")}, TypeError, "x must have dtype float64, got float32"),
        (
            {"A": np.zeros((2, 2, 3))},
            ShapeError,
            "A must have shape (taps, D=2, D=2), got (2, 2, 3)",
        ),
        ({"c": np.zeros((2, 1))}, ShapeError, "c must have shape (D,), got (2, 1)"),
    ],
)
def test_prediction_names_what_is_wrong(function, change, error, message):
    given = {"A": np.zeros((2, 2, 2)), "c": np.zeros(2), "x": np.zeros((9, 1, 2)), **change}
    steps = [1] if function is ar_forecast else []
    with pytest.raises(error) as raised:
        function(ARParams(given["A"], given["c"]), given["x"], *steps)
    assert str(raised.value) == f"{function.__name__}: {message}"


@pytest.mark.parametrize(("steps", "error"), [(-1, ValueError), (1.0, TypeError)])
def test_forecast_of_no_number_of_steps(params, steps, error):
    with pytest.raises(error, match=r"^ar_forecast: steps must be"):
        ar_forecast(params, np.zeros((T, B, D)), steps)
