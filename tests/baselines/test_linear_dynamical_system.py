"""The linear dynamical system against conditioning of the joint Gaussian, and its learning."""

import numpy as np
import pytest

from rnnref import (
    LDSParams,
    ShapeError,
    fit_lds,
    kalman_filter,
    kalman_smoother,
    lengths_to_mask,
    sample_lds,
)

T, B, H, K = 5, 4, 3, 2
MASKS = {
    "no mask": None,
    "ragged": lengths_to_mask([5, 2, 0, 1]),
    "holes": np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 0], [1, 1, 0, 1]], bool),
}


def covariance(rng, n):
    root = rng.normal(size=(n, n))
    return root @ root.T / n + 0.1 * np.eye(n)


def random_params(seed, H=H, K=K):
    rng = np.random.default_rng(seed)
    A, C = 0.6 * rng.normal(size=(H, H)), rng.normal(size=(K, H))
    Q, R, P0 = covariance(rng, H), covariance(rng, K), covariance(rng, H)
    return LDSParams(A, C, Q, R, rng.normal(size=H), P0)


def read_only(*arrays):
    for array in arrays:
        array.flags.writeable = False


@pytest.fixture(params=MASKS)
def mask(request):
    return MASKS[request.param]


@pytest.fixture
def params():
    params = random_params(1)
    read_only(*params)
    return params


@pytest.fixture
def y():
    y = np.random.default_rng(2).normal(size=(T, B, K))
    read_only(y)
    return y


class Joint:
    """The Gaussian of h_1 … h_T, y_1 … y_T, as linear functions of all the noise."""

    def __init__(self, params, T):
        A, C, Q, R, mu0, P0 = params
        H, K = len(A), len(C)
        n = T * (H + K)
        noise = np.zeros((n, n))
        loads_h, loads_y = np.zeros((T, H, n)), np.zeros((T, K, n))
        means_h, means_y = np.zeros((T, H)), np.zeros((T, K))
        for t in range(T):
            at_h = slice(t * H, (t + 1) * H)
            at_y = slice(T * H + t * K, T * H + (t + 1) * K)
            noise[at_h, at_h], noise[at_y, at_y] = (P0 if t == 0 else Q), R
            if t == 0:
                means_h[t] = mu0
            else:
                loads_h[t], means_h[t] = A @ loads_h[t - 1], A @ means_h[t - 1]
            loads_h[t, :, at_h] += np.eye(H)
            loads_y[t], means_y[t] = C @ loads_h[t], C @ means_h[t]
            loads_y[t, :, at_y] += np.eye(K)
        self.noise, self.h, self.y = noise, (means_h, loads_h), (means_y, loads_y)

    def given(self, wanted, y, seen):
        """Return mean and covariance of `wanted`, (means, loads), given y at the seen steps."""
        means, loads = (part.reshape(-1, *part.shape[2:]) for part in wanted)
        observed, by = (part[: len(y)][seen] for part in self.y)
        observed, by = observed.reshape(-1), by.reshape(-1, len(self.noise))
        cross, own = loads @ self.noise @ by.T, by @ self.noise @ by.T
        gain = cross @ np.linalg.pinv(own)
        gap = y[seen].reshape(-1) - observed
        means = means.reshape(-1)
        return means + gain @ gap, loads @ self.noise @ loads.T - gain @ cross.T

    def log_likelihood(self, y, seen):
        observed, by = (part[seen] for part in self.y)
        gap, by = (y[seen] - observed).reshape(-1), by.reshape(-1, len(self.noise))
        own = by @ self.noise @ by.T
        return -0.5 * (
            gap @ np.linalg.solve(own, gap)
            + np.log(np.linalg.det(own))
            + len(gap) * np.log(2 * np.pi)
        )

    def state(self, *steps):
        means, loads = self.h
        return means[list(steps)], loads[list(steps)]


def seen_steps(y, mask):
    return np.ones(y.shape[:2], bool) if mask is None else mask


def test_the_filter_conditions_on_the_past(params, y, mask):
    means, covariances, log_likelihood, predictions = kalman_filter(params, y, mask=mask)
    joint, seen = Joint(params, T), seen_steps(y, mask)
    for s in range(B):
        for t in range(T):
            mean, P = joint.given(joint.state(t), y[: t + 1, s], seen[: t + 1, s])
            np.testing.assert_allclose(means[t, s], mean, atol=1e-11)
            np.testing.assert_allclose(covariances[t, s], P, atol=1e-11)
            next_y = joint.y[0][t : t + 1], joint.y[1][t : t + 1]
            mean, _ = joint.given(next_y, y[:t, s], seen[:t, s])
            np.testing.assert_allclose(predictions[t, s], mean, atol=1e-11)
        expected = joint.log_likelihood(y[:, s], seen[:, s])
        np.testing.assert_allclose(log_likelihood[s], expected, atol=1e-10)


def test_the_smoother_conditions_on_everything(params, y, mask):
    means, covariances, lagged, log_likelihood = kalman_smoother(params, y, mask=mask)
    joint, seen = Joint(params, T), seen_steps(y, mask)
    for s in range(B):
        for t in range(T):
            mean, P = joint.given(joint.state(t), y[:, s], seen[:, s])
            np.testing.assert_allclose(means[t, s], mean, atol=1e-11)
            np.testing.assert_allclose(covariances[t, s], P, atol=1e-11)
        for t in range(T - 1):
            _, P = joint.given(joint.state(t + 1, t), y[:, s], seen[:, s])
            np.testing.assert_allclose(lagged[t, s], P[:H, H:], atol=1e-11)
    assert lagged.shape == (T - 1, B, H, H)
    np.testing.assert_array_equal(log_likelihood, kalman_filter(params, y, mask=mask)[2])


def test_a_batch_is_a_loop_over_its_sequences(params, y, mask):
    seen = seen_steps(y, mask)
    for function in (kalman_filter, kalman_smoother):
        together = function(params, y, mask=mask)._asdict()
        for s in range(B):
            one = slice(s, s + 1)
            alone = function(params, y[:, one], mask=seen[:, one])._asdict()
            for name, part in alone.items():
                axis = 0 if name == "log_likelihood" else 1
                whole = np.take(together[name], [s], axis=axis)
                np.testing.assert_allclose(whole, part, atol=1e-13)


def test_at_the_last_step_the_smoother_is_the_filter(params, y):
    filtered, smoothed = kalman_filter(params, y), kalman_smoother(params, y)
    np.testing.assert_array_equal(filtered.means[-1], smoothed.means[-1])
    np.testing.assert_array_equal(filtered.covariances[-1], smoothed.covariances[-1])


@pytest.mark.parametrize("junk", [np.nan, np.inf, -1e308])
def test_y_has_no_influence_at_masked_steps(params, y, junk):
    mask = MASKS["holes"]
    spoilt = np.where(mask[..., None], y, junk)
    filtered, expected = (kalman_filter(params, a, mask=mask) for a in (spoilt, y))
    for a, e in zip(filtered[:3], expected[:3], strict=True):
        np.testing.assert_array_equal(a, e)
    np.testing.assert_allclose(filtered.predictions, expected.predictions, atol=1e-13)


def test_masked_steps_at_the_end_are_a_forecast(params, y):
    mask = np.arange(T)[:, None] < np.full(B, 2)
    means, _, _, predictions = kalman_filter(params, y, mask=mask)
    m = kalman_filter(params, y[:2]).means[-1]
    for t in range(2, T):
        m = m @ params.A.T
        np.testing.assert_allclose(means[t], m, atol=1e-13)
        np.testing.assert_allclose(predictions[t], m @ params.C.T, atol=1e-13)


def test_the_basis_of_the_hidden_state_does_not_matter(params, y):
    M = np.random.default_rng(3).normal(size=(H, H))
    back = np.linalg.inv(M)
    A, C, Q, R, mu0, P0 = params

    def moved(P):
        P = M @ P @ M.T
        return (P + P.T) / 2

    other = LDSParams(M @ A @ back, C @ back, moved(Q), R, M @ mu0, moved(P0))
    one, two = kalman_filter(params, y), kalman_filter(other, y)
    np.testing.assert_allclose(two.log_likelihood, one.log_likelihood, rtol=1e-10)
    np.testing.assert_allclose(two.predictions, one.predictions, atol=1e-10)
    np.testing.assert_allclose(two.means, one.means @ M.T, atol=1e-10)


@pytest.mark.parametrize(("dtype", "known", "unknown"), [("f4", 1e-2, 1e2), ("f8", 1e-6, 1e10)])
def test_covariances_stay_covariances(dtype, known, unknown):
    # Nearly exact observations of a state of which nearly nothing is known.
    A, I = np.array([[1, 1], [0, 1]]), np.eye(2)
    params = LDSParams(A, I[:1], known**2 * I, known * I[:1, :1], 0 * I[0], unknown * I)
    params = LDSParams(*(p.astype(dtype) for p in params))
    y = np.random.default_rng(0).normal(size=(500, 1, 1)).astype(dtype)
    for P in (kalman_filter(params, y).covariances, kalman_smoother(params, y).covariances):
        assert P.dtype == dtype
        np.testing.assert_array_equal(P, P.mT)
        variances = np.linalg.eigvalsh(P.astype("f8"))
        assert (variances[..., 0] >= -np.finfo(dtype).eps * variances[..., 1]).all()


def test_a_nearly_exact_observation_leaves_its_own_noise():
    # P = (P0⁻¹ + Cᵀ R⁻¹ C)⁻¹ is C⁻¹ R C⁻ᵀ here to 20 digits; the short form (I − G C) P⁻ of the
    # update is left with none of them.
    rng = np.random.default_rng(0)
    C, R = rng.normal(size=(2, 2)), 1e-10 * covariance(rng, 2)
    params = LDSParams(np.eye(2), C, np.eye(2), R, np.zeros(2), 1e10 * covariance(rng, 2))
    P = kalman_filter(params, np.zeros((1, 1, 2))).covariances[0, 0]
    back = np.linalg.inv(C)
    np.testing.assert_allclose(P, back @ R @ back.T, rtol=1e-5)


def test_noise_may_be_none(y):
    # A state that is known at first and moves without noise is a recursion.
    params = random_params(1)._replace(Q=np.zeros((H, H)), P0=np.zeros((H, H)))
    means, covariances, _, predictions = kalman_filter(params, y)
    h = params.mu0
    for t in range(T):
        np.testing.assert_allclose(means[t], np.tile(h, (B, 1)), atol=1e-13)
        np.testing.assert_allclose(predictions[t], np.tile(params.C @ h, (B, 1)), atol=1e-13)
        h = params.A @ h
    assert not covariances.any()


@pytest.mark.parametrize("seed", range(3))
def test_learning_never_decreases_the_likelihood(mask, seed):
    params = random_params(seed)
    params = params._replace(A=0.9 * params.A / np.abs(np.linalg.eigvals(params.A)).max())
    y, _ = sample_lds(params, np.random.default_rng(seed), 30, B)
    if mask is not None:
        mask = np.tile(mask, (6, 1)) if mask[1:].sum() > 8 else lengths_to_mask([30, 9, 0, 1])
    fitted, log_likelihoods = fit_lds(y, 2, np.random.default_rng(seed), 25, mask=mask)
    assert log_likelihoods.shape == (26,)
    assert np.diff(log_likelihoods).min() >= -1e-9
    assert log_likelihoods[-1] > log_likelihoods[0]
    at_the_end = kalman_filter(fitted, y, mask=mask).log_likelihood.sum()
    np.testing.assert_allclose(log_likelihoods[-1], at_the_end, rtol=1e-14)


def expected_log_joint(params, y, smoothing, seen):
    """Return E[log p(h, y)] up to the last observation, from the joint Gaussian of `smoothing`."""
    A, C, Q, R, mu0, P0 = params
    joint, total = Joint(smoothing, len(y)), 0.0

    def term(cov, spread):
        return -0.5 * (np.log(np.linalg.det(cov)) + np.trace(np.linalg.solve(cov, spread)))

    for s in range(y.shape[1]):
        end = np.max(np.flatnonzero(seen[:, s]), initial=-1)
        for t in range(end + 1):
            mean, P = joint.given(joint.state(t), y[:, s], seen[:, s])
            if t == 0:
                total += term(P0, P + np.outer(mean - mu0, mean - mu0))
            else:
                pair, P_pair = joint.given(joint.state(t, t - 1), y[:, s], seen[:, s])
                D = np.hstack([np.eye(len(A)), -A])
                total += term(Q, D @ (P_pair + np.outer(pair, pair)) @ D.T)
            if seen[t, s]:
                gap = y[t, s] - C @ mean
                total += term(R, np.outer(gap, gap) + C @ P @ C.T)
    return total


def test_an_iteration_maximises_the_expected_log_joint(y, mask):
    # At the maximum no small change of any parameter makes it larger.
    y = np.tile(y, (2, 1, 1)) + np.random.default_rng(5).normal(size=(2 * T, B, K))
    seen = np.ones((2 * T, B), bool) if mask is None else np.tile(mask, (2, 1))
    if mask is MASKS["ragged"]:
        seen = lengths_to_mask([10, 4, 0, 1])
    before, _ = fit_lds(y, 2, np.random.default_rng(0), 1, mask=seen)
    after, _ = fit_lds(y, 2, np.random.default_rng(0), 2, mask=seen)
    best = expected_log_joint(after, y, before, seen)
    rng = np.random.default_rng(1)
    for name, p in after._asdict().items():
        step = 1e-3 * rng.normal(size=p.shape)
        step = step + step.T if name in ("Q", "R", "P0") else step
        for sign in (-1, 1):
            moved = after._replace(**{name: p + sign * step})
            assert expected_log_joint(moved, y, before, seen) < best


def test_parameters_of_long_samples_are_recovered():
    turn = 0.9 * np.array([[np.cos(0.6), -np.sin(0.6)], [np.sin(0.6), np.cos(0.6)]])
    C = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]])
    truth = LDSParams(turn, C, 0.3 * np.eye(2), 0.2 * np.eye(3), np.zeros(2), np.eye(2))
    y, _ = sample_lds(truth, np.random.default_rng(0), T=30, B=200)
    params, log_likelihoods = fit_lds(y, 2, np.random.default_rng(1), 60)
    # The basis is free: compare what does not depend on it. 6000 steps: errors of 0.01 to 0.02.
    np.testing.assert_allclose(
        np.sort_complex(np.linalg.eigvals(params.A)),
        np.sort_complex(np.linalg.eigvals(turn)),
        atol=0.03,
    )
    np.testing.assert_allclose(params.R, truth.R, atol=0.05)
    noise, expected = (p.C @ p.Q @ p.C.T for p in (params, truth))
    np.testing.assert_allclose(noise, expected, atol=0.06)
    at_truth = kalman_filter(truth, y).log_likelihood.sum()
    assert at_truth - 1 < log_likelihoods[-1] < at_truth + 20


def test_learning_in_float32():
    y, _ = sample_lds(random_params(0), np.random.default_rng(0), 30, B)
    params, log_likelihoods = fit_lds(y.astype("f4"), 2, np.random.default_rng(0), 5)
    _, expected = fit_lds(y, 2, np.random.default_rng(0), 5)
    assert {p.dtype.name for p in (*params, log_likelihoods)} == {"float32"}
    np.testing.assert_allclose(log_likelihoods, expected, rtol=1e-3)


def test_samples_have_the_moments_of_the_model(params):
    y, h = sample_lds(params, np.random.default_rng(0), T=3, B=40_000)
    joint = Joint(params, 3)
    sample = np.concatenate([h, y], axis=2).transpose(1, 0, 2).reshape(40_000, -1)
    loads = np.concatenate([joint.h[1], joint.y[1]], axis=1).reshape(-1, 3 * (H + K))
    means = np.concatenate([joint.h[0], joint.y[0]], axis=1).reshape(-1)
    cov = loads @ joint.noise @ loads.T
    sd = np.sqrt(np.diag(cov))
    np.testing.assert_allclose((sample.mean(axis=0) - means) / sd, 0, atol=0.025)
    np.testing.assert_allclose((np.cov(sample.T) - cov) / np.outer(sd, sd), 0, atol=0.04)


def test_float32_in_float32_out(params, y, mask):
    single = LDSParams(*(p.astype("f4") for p in params))
    for function in (kalman_filter, kalman_smoother):
        results = function(single, y.astype("f4"), mask=mask)
        for a, e in zip(results, function(params, y, mask=mask), strict=True):
            assert a.dtype == np.float32
            np.testing.assert_allclose(a, e, rtol=0, atol=1e-4)
    assert {a.dtype.name for a in sample_lds(single, np.random.default_rng(0), 4, 2)} == {"float32"}


@pytest.mark.parametrize("length", [0, 1])
def test_no_steps_and_one(params, y, length, mask):
    mask = mask if mask is None else mask[:length]
    means, covariances, log_likelihood, predictions = kalman_filter(params, y[:length], mask=mask)
    smoothed = kalman_smoother(params, y[:length], mask=mask)
    assert means.shape == smoothed.means.shape == (length, B, H)
    assert covariances.shape == smoothed.covariances.shape == (length, B, H, H)
    assert smoothed.lagged.shape == (0, B, H, H)
    assert predictions.shape == (length, B, K)
    assert log_likelihood.any() == (length > 0)
    y, h = sample_lds(params, np.random.default_rng(0), length, B)
    assert (y.shape, h.shape) == ((length, B, K), (length, B, H))


I1, I2 = np.eye(1), np.eye(2)


@pytest.mark.parametrize("function", [kalman_filter, kalman_smoother])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"y": np.zeros((5, 1))}, ShapeError, "y must have shape (T, B, K=1), got (5, 1)"),
        (
            {"y": np.zeros((5, 0, 1))},
            ShapeError,
            "y must have shape (T, B, K=1) with B at least 1, got (5, 0, 1)",
        ),
        ({"y": np.zeros((5, 1, 1), "f4")}, TypeError, "y must have dtype float64, got float32"),
        (
            {"mask": np.ones((1, 5), bool)},
            ShapeError,
            "mask must have shape (T=5, B=1), got (1, 5)",
        ),
        ({"mask": np.ones((5, 1))}, TypeError, "mask must have dtype bool, got float64"),
        ({"A": np.zeros((2, 3))}, ShapeError, "A must have shape (H=2, H=2), got (2, 3)"),
        ({"C": np.zeros(2)}, ShapeError, "C must have shape (K, H), got (2,)"),
        ({"Q": I1}, ShapeError, "Q must have shape (H=2, H=2), got (1, 1)"),
        ({"R": I2}, ShapeError, "R must have shape (K=1, K=1), got (2, 2)"),
        ({"mu0": I2}, ShapeError, "mu0 must have shape (H=2,), got (2, 2)"),
        (
            {"P0": -I2},
            ValueError,
            "P0 must be symmetric with no negative eigenvalue, got a smallest eigenvalue of -1",
        ),
        (
            {"Q": np.array([[1.0, 0.5], [0.0, 1.0]])},
            ValueError,
            "Q must be symmetric, got entries that differ from their mirror image by 0.5",
        ),
        (
            {"C": np.zeros((1, 2)), "R": 0 * I1},
            ValueError,
            "C P Cᵀ + R must be positive definite, got a singular one at step 0",
        ),
        (
            {"mu0": np.zeros(2, "f4")},
            TypeError,
            "params must be arrays of one dtype out of float32, float64, complex128, "
            "got float32, float64",
        ),
    ],
)
def test_inference_names_what_is_wrong(function, change, error, message):
    good = LDSParams(I2, np.ones((1, 2)), I2, I1, np.zeros(2), I2)
    params = good._replace(**{k: v for k, v in change.items() if k in good._fields})
    y, mask = change.get("y", np.zeros((5, 1, 1))), change.get("mask")
    with pytest.raises(error) as raised:
        function(params, y, mask=mask)
    assert str(raised.value) == f"{function.__name__}: {message}"


def test_complex_parameters_are_no_covariances(params, y):
    with pytest.raises(TypeError, match=r"^kalman_filter: params must be of float32 or float64"):
        kalman_filter(LDSParams(*(p.astype(complex) for p in params)), y)


def test_a_state_that_is_known_cannot_be_smoothed(params, y):
    known = params._replace(Q=np.zeros((H, H)), P0=np.zeros((H, H)))
    with pytest.raises(ValueError, match=r"^kalman_smoother: A P Aᵀ \+ Q must have an inverse"):
        kalman_smoother(known, y)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"y": np.zeros((5, 1))}, ShapeError, "y must have shape (T, B, K), got (5, 1)"),
        (
            {"y": np.zeros((5, 1, 1), int)},
            TypeError,
            "y must be of float32 or float64, got int64",
        ),
        ({"H": 0}, ValueError, "H must be at least 1, got 0"),
        ({"iterations": 1.0}, TypeError, "iterations must be an integer, got float"),
        ({"mask": np.ones((5, 1))}, TypeError, "mask must have dtype bool, got float64"),
        (
            {"y": np.zeros((1, 3, 1))},
            ShapeError,
            "y must have at least H=2 observations and steps up to them, got 0",
        ),
        (
            {"mask": np.zeros((5, 1), bool)},
            ShapeError,
            "y must have at least H=2 observations and steps up to them, got 0",
        ),
    ],
)
def test_learning_names_what_is_wrong(change, error, message):
    given = {"y": np.zeros((5, 1, 1)), "H": 2, "rng": np.random.default_rng(0), **change}
    with pytest.raises(error) as raised:
        fit_lds(**given)
    assert str(raised.value) == f"fit_lds: {message}"


def test_observations_without_noise_or_change_cannot_be_learned():
    with pytest.raises(ValueError, match=r"C P Cᵀ \+ R must be positive definite"):
        fit_lds(np.zeros((9, 1, 1)), 2, np.random.default_rng(0))


@pytest.mark.parametrize(("T", "B", "name"), [(-1, 1, "T"), (1, 0, "B")])
def test_samples_of_no_size(params, T, B, name):
    with pytest.raises(ValueError, match=rf"^sample_lds: {name} must be at least"):
        sample_lds(params, np.random.default_rng(0), T, B)
