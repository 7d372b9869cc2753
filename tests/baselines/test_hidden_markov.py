"""The hidden Markov model against sums over all paths, and what learning must not do."""

from itertools import permutations, product

import numpy as np
import pytest

from rnnref import (
    HMMParams,
    ShapeError,
    fit_hmm,
    hmm_backward,
    hmm_forward,
    hmm_predict,
    hmm_viterbi,
    lengths_to_mask,
    sample_hmm,
)

T, B, S, V = 5, 4, 3, 2
MASKS = {
    "no mask": None,
    "ragged": lengths_to_mask([5, 2, 0, 1]),
    "holes": np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 0], [1, 1, 0, 1]], bool),
}


@pytest.fixture(params=MASKS)
def mask(request):
    return MASKS[request.param]


@pytest.fixture(params=["full", "sparse"])
def params(request):
    rng = np.random.default_rng(1)
    pi, A, B = rng.dirichlet(np.ones(S)), rng.dirichlet(np.ones(S), S), rng.dirichlet([1] * V, S)
    if request.param == "sparse":  # left to right, and a state that shows one symbol only
        pi, A, B[0] = np.array([1.0, 0, 0]), np.triu(A), [1, 0]
        A /= A.sum(axis=1, keepdims=True)
    for array in (pi, A, B):
        array.flags.writeable = False
    return HMMParams(pi, A, B)


@pytest.fixture
def obs():
    obs = np.random.default_rng(2).integers(V, size=(T, B))
    obs[0] = 0  # which the sparse model can show
    obs.flags.writeable = False
    return obs


def joint(params, x, seen):
    """Return P(path, x) for each of the Sᵀ paths of one sequence."""
    probabilities = {}
    for path in product(range(len(params.pi)), repeat=len(x)):
        p = 1.0
        for t, state in enumerate(path):
            p *= params.pi[state] if t == 0 else params.A[path[t - 1], state]
            p *= params.B[state, x[t]] if seen[t] else 1.0
        probabilities[path] = p
    return probabilities


def every(obs, mask):
    """Return each sequence with its mask."""
    seen = np.ones(obs.shape, bool) if mask is None else mask
    return list(zip(obs.T, seen.T, strict=True))


def marginal(paths, t):
    """Return P(s_t | x) from P(path, x)."""
    p = np.zeros(S)
    for path, probability in paths.items():
        p[path[t]] += probability
    return p / p.sum()


def test_the_likelihood_is_the_sum_over_all_paths(params, obs, mask):
    _, log_likelihood, _ = hmm_forward(params, obs, mask=mask)
    expected = [np.log(sum(joint(params, x, seen).values())) for x, seen in every(obs, mask)]
    np.testing.assert_allclose(log_likelihood, expected, rtol=0, atol=1e-12)


def test_filtered_states_are_those_of_all_paths_so_far(params, obs, mask):
    filtered, _, _ = hmm_forward(params, obs, mask=mask)
    for s, (x, seen) in enumerate(every(obs, mask)):
        for t in range(T):
            expected = marginal(joint(params, x[: t + 1], seen[: t + 1]), t)
            np.testing.assert_allclose(filtered[t, s], expected, atol=1e-13)


def test_posterior_and_transitions_are_those_of_all_paths(params, obs, mask):
    posterior, transitions = hmm_backward(hmm_forward(params, obs, mask=mask)[2])
    expected = np.zeros((S, S))
    for s, (x, seen) in enumerate(every(obs, mask)):
        paths = joint(params, x, seen)
        total, end = sum(paths.values()), np.max(np.flatnonzero(seen), initial=0)
        for t in range(T):
            np.testing.assert_allclose(posterior[t, s], marginal(paths, t), atol=1e-13)
        for path, probability in paths.items():
            for t in range(1, end + 1):
                expected[path[t - 1], path[t]] += probability / total
    np.testing.assert_allclose(transitions, expected, atol=1e-12)


def test_the_backward_pass_is_rabiners(params, obs):
    # β with the scaling of the forward pass, one sequence, one state at a time.
    filtered, _, cache = hmm_forward(params, obs)
    posterior, _ = hmm_backward(cache)
    for s in range(B):
        beta = np.ones(S)
        for t in reversed(range(T)):
            np.testing.assert_allclose(posterior[t, s], filtered[t, s] * beta, atol=1e-13)
            before = params.pi if t == 0 else filtered[t - 1, s] @ params.A
            c = sum(before[j] * params.B[j, obs[t, s]] for j in range(S))
            beta = [
                sum(params.A[i, j] * params.B[j, obs[t, s]] * beta[j] for j in range(S)) / c
                for i in range(S)
            ]


def test_viterbi_finds_the_best_of_all_paths(params, obs, mask):
    states, log_probability = hmm_viterbi(params, obs, mask=mask)
    for s, (x, seen) in enumerate(every(obs, mask)):
        paths = joint(params, x, seen)
        best = max(paths.values())
        np.testing.assert_allclose(np.exp(log_probability[s]), best, rtol=1e-12)
        np.testing.assert_allclose(paths[tuple(states[:, s])], best, rtol=1e-12)


def test_predictions_are_ratios_of_likelihoods(params, obs, mask):
    predicted = hmm_predict(params, obs, mask=mask)
    for s, (x, seen) in enumerate(every(obs, mask)):
        for t in range(T):
            before = sum(joint(params, x[:t], seen[:t]).values())
            for v in range(V):
                longer, also = np.append(x[:t], v), np.append(seen[:t], True)
                after = sum(joint(params, longer, also).values())
                np.testing.assert_allclose(predicted[t, s, v], after / before, atol=1e-13)


def test_the_likelihood_is_the_product_of_the_predictions(params, obs, mask):
    predicted = hmm_predict(params, obs, mask=mask)
    chosen = np.take_along_axis(predicted, obs[..., None], axis=2)[..., 0]
    log_likelihood = np.sum(np.log(chosen), axis=0, where=True if mask is None else mask)
    np.testing.assert_allclose(hmm_forward(params, obs, mask=mask)[1], log_likelihood, atol=1e-12)


def test_padding_is_no_observation(params, obs):
    mask = lengths_to_mask([5, 3, 2, 1])
    log_likelihood = hmm_forward(params, obs, mask=mask)[1]
    transitions = hmm_backward(hmm_forward(params, obs, mask=mask)[2])[1]
    expected = 0
    for s, length in enumerate([5, 3, 2, 1]):
        _, alone, cache = hmm_forward(params, obs[:length, s : s + 1])
        np.testing.assert_allclose(log_likelihood[s], alone[0], atol=1e-13)
        expected = expected + hmm_backward(cache)[1]
    np.testing.assert_allclose(transitions, expected, atol=1e-13)


@pytest.mark.parametrize("function", [hmm_forward, hmm_viterbi, hmm_predict])
def test_symbols_have_no_influence_at_masked_steps(params, obs, function):
    mask = MASKS["holes"]
    results = [function(params, x, mask=mask)[0] for x in (obs, np.where(mask, obs, -7))]
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("order", list(permutations(range(S))))
def test_states_have_no_names(params, obs, order):
    order = list(order)
    other = HMMParams(params.pi[order], params.A[np.ix_(order, order)], params.B[order])
    filtered, log_likelihood, cache = hmm_forward(params, obs)
    filtered_, log_likelihood_, cache_ = hmm_forward(other, obs)
    np.testing.assert_allclose(log_likelihood_, log_likelihood, atol=1e-13)
    np.testing.assert_allclose(filtered_, filtered[..., order], atol=1e-13)
    posterior, posterior_ = hmm_backward(cache)[0], hmm_backward(cache_)[0]
    np.testing.assert_allclose(posterior_, posterior[..., order], atol=1e-13)
    np.testing.assert_allclose(hmm_predict(other, obs), hmm_predict(params, obs), atol=1e-13)


def test_a_long_sequence_neither_underflows_nor_overflows():
    # Both symbols are equally likely in any state: the likelihood is 2⁻ᵀ = 10⁻³⁰¹⁰³.
    T = 100_000
    A = np.random.default_rng(1).dirichlet(np.ones(S), S)
    coin = HMMParams(A[0], A, np.full((S, 2), 0.5))
    obs = np.random.default_rng(0).integers(2, size=(T, 1))
    _, log_likelihood, cache = hmm_forward(coin, obs)
    np.testing.assert_allclose(log_likelihood, T * np.log(0.5), rtol=1e-12)
    posterior, transitions = hmm_backward(cache)
    np.testing.assert_allclose(posterior.sum(axis=-1), 1, rtol=1e-9)
    np.testing.assert_allclose(transitions.sum(), T - 1, rtol=1e-9)


def test_a_state_that_is_ruled_out_by_and_by():
    # Two states that never change: the evidence of 2000 steps rules one out beyond the floats.
    params = HMMParams(np.full(2, 0.5), np.eye(2), np.array([[0.9, 0.1], [0.1, 0.9]]))
    obs = np.zeros((2000, 1), int)
    _, log_likelihood, cache = hmm_forward(params, obs)
    np.testing.assert_allclose(log_likelihood, np.log(0.5) + 2000 * np.log(0.9), rtol=1e-12)
    np.testing.assert_allclose(hmm_backward(cache)[0][0, 0], [1, 0], atol=1e-12)


def test_an_impossible_sequence_among_others():
    params = HMMParams(np.array([1.0, 0.0]), np.eye(2)[::-1], np.eye(2))
    obs = np.array([[0, 1, 0, 1], [0, 0, 0, 1]]).T
    filtered, log_likelihood, cache = hmm_forward(params, obs)
    np.testing.assert_array_equal(log_likelihood, [0, -np.inf])
    np.testing.assert_array_equal(filtered.sum(axis=-1)[:, 1], [1, 0, 0, 0])
    posterior, transitions = hmm_backward(cache)
    np.testing.assert_array_equal(posterior.sum(axis=-1), [[1, 0]] * 4)
    np.testing.assert_array_equal(transitions, [[0, 2], [1, 0]])
    np.testing.assert_array_equal(hmm_predict(params, obs)[:, 1].sum(axis=-1), [1, 1, 0, 0])
    np.testing.assert_array_equal(hmm_viterbi(params, obs)[1], [0, -np.inf])


def naive_step(params, obs, mask, pseudo_count):
    """Do one step of Baum–Welch from sums over all paths."""
    pi, A, emission = (np.full(p.shape, pseudo_count) for p in params)
    for x, seen in every(obs, mask):
        paths = joint(params, x, seen)
        total, end = sum(paths.values()), np.max(np.flatnonzero(seen), initial=-1)
        for path, probability in paths.items():
            for t in range(end + 1):
                if t == 0:
                    pi[path[0]] += probability / total
                else:
                    A[path[t - 1], path[t]] += probability / total
                if seen[t]:
                    emission[path[t], x[t]] += probability / total
    return HMMParams(*(p / p.sum(axis=-1, keepdims=True) for p in (pi, A, emission)))


@pytest.mark.parametrize("pseudo_count", [0.0, 0.5])
def test_an_iteration_is_that_of_all_paths(obs, mask, pseudo_count):
    options = {"mask": mask, "pseudo_count": pseudo_count}
    first, start = fit_hmm(obs, S, V, np.random.default_rng(3), 0, **options)
    second, log_likelihoods = fit_hmm(obs, S, V, np.random.default_rng(3), 1, **options)
    for a, e in zip(second, naive_step(first, obs, mask, pseudo_count), strict=True):
        np.testing.assert_allclose(a, e, atol=1e-12)
    assert log_likelihoods[0] == start[0] == hmm_forward(first, obs, mask=mask)[1].sum()
    assert log_likelihoods[1] == hmm_forward(second, obs, mask=mask)[1].sum()


@pytest.mark.parametrize("seed", range(4))
def test_learning_never_decreases_the_likelihood(mask, seed):
    obs = np.random.default_rng(seed).integers(3, size=(T, B))
    _, log_likelihoods = fit_hmm(obs, S, 3, np.random.default_rng(seed), 60, mask=mask)
    assert log_likelihoods.shape == (61,)
    assert np.diff(log_likelihoods).min() >= -1e-11
    assert log_likelihoods[-1] > log_likelihoods[0]


def test_learning_with_pseudo_counts_never_decreases_the_penalised_likelihood():
    obs, objective = np.random.default_rng(0).integers(3, size=(30, 2)), []
    for iterations in range(12):
        rng = np.random.default_rng(1)
        params, log_p = fit_hmm(obs, 2, 4, rng, iterations, pseudo_count=0.3)
        objective.append(log_p[-1] + 0.3 * sum(np.log(p).sum() for p in params))
    assert np.diff(objective).min() >= -1e-11
    assert params.B[:, 3].min() > 0  # a symbol that never came


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_parameters_of_long_samples_are_recovered(dtype):
    truth = HMMParams(
        np.array([0.7, 0.3]),
        np.array([[0.9, 0.1], [0.2, 0.8]]),
        np.array([[0.8, 0.1, 0.1], [0.1, 0.2, 0.7]]),
    )
    obs, _ = sample_hmm(truth, np.random.default_rng(0), T=100, B=200)
    params, log_likelihoods = fit_hmm(obs, 2, 3, np.random.default_rng(1), 40, dtype=dtype)
    assert {p.dtype for p in (*params, log_likelihoods)} == {np.dtype(dtype)}
    order = np.argsort(-params.B[:, 0])
    # 20,000 steps give standard errors of about 0.01, the 200 first states one of 0.05.
    np.testing.assert_allclose(params.A[np.ix_(order, order)], truth.A, atol=0.03)
    np.testing.assert_allclose(params.B[order], truth.B, atol=0.03)
    np.testing.assert_allclose(params.pi[order], truth.pi, atol=0.15)
    at_truth = hmm_forward(truth, obs)[1].sum()
    assert at_truth < log_likelihoods[-1] < at_truth + 20  # 8 free parameters


def test_samples_have_the_frequencies_of_the_model(params):
    obs, states = sample_hmm(params, np.random.default_rng(0), T=3, B=50_000)
    at = params.pi
    for t in range(3):
        shares = np.bincount(states[t], minlength=S) / 50_000
        np.testing.assert_allclose(shares, at, atol=0.01)
        np.testing.assert_allclose(np.mean(obs[t] == 1), at @ params.B[:, 1], atol=0.01)
        at = at @ params.A
    pairs = np.zeros((S, S))
    np.add.at(pairs, (states[0], states[1]), 1 / 50_000)
    np.testing.assert_allclose(pairs, params.pi[:, None] * params.A, atol=0.01)


def test_the_same_seed_gives_the_same_sample(params):
    one, other = (sample_hmm(params, np.random.default_rng(5), 6, 2) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_float32_in_float32_out(params, obs, mask):
    single = HMMParams(*(p.astype("f4") for p in params))
    for function in (hmm_forward, hmm_viterbi):
        results, expected = (function(p, obs, mask=mask)[:2] for p in (single, params))
        for a, e in zip(results, expected, strict=True):
            assert a.dtype in (np.float32, np.intp)
            np.testing.assert_allclose(a, e, atol=1e-5)
    cache = hmm_forward(single, obs, mask=mask)[2]
    assert {a.dtype.name for a in hmm_backward(cache)} == {"float32"}
    assert hmm_predict(single, obs, mask=mask).dtype == np.float32


def test_no_steps(params):
    obs = np.zeros((0, B), int)
    filtered, log_likelihood, cache = hmm_forward(params, obs, mask=np.zeros((0, B), bool))
    posterior, transitions = hmm_backward(cache)
    assert filtered.shape == posterior.shape == (0, B, S)
    assert not log_likelihood.any()
    assert not transitions.any()
    states, log_probability = hmm_viterbi(params, obs)
    assert states.shape == (0, B)
    assert not log_probability.any()
    assert hmm_predict(params, obs).shape == (0, B, V)
    assert sample_hmm(params, np.random.default_rng(0), 0, B)[0].shape == (0, B)


@pytest.mark.parametrize("function", [hmm_forward, hmm_viterbi, hmm_predict])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"obs": np.zeros(5, int)}, ShapeError, "obs must have shape (T, B), got (5,)"),
        (
            {"obs": np.zeros((5, 0), int)},
            ShapeError,
            "obs must have shape (T, B) with B at least 1, got (5, 0)",
        ),
        ({"obs": np.zeros((5, 1))}, TypeError, "obs must be integers, got float64"),
        ({"obs": np.full((5, 1), 2)}, ValueError, "obs must lie in 0 … 1, got 2"),
        (
            {"mask": np.ones((1, 5), bool)},
            ShapeError,
            "mask must have shape (T=5, B=1), got (1, 5)",
        ),
        ({"mask": np.ones((5, 1))}, TypeError, "mask must have dtype bool, got float64"),
        ({"pi": np.ones((1, 2))}, ShapeError, "pi must have shape (S,), got (1, 2)"),
        ({"A": np.ones((2, 3))}, ShapeError, "A must have shape (S=2, S=2), got (2, 3)"),
        ({"B": np.ones((3, 2))}, ShapeError, "B must have shape (S=2, V), got (3, 2)"),
        (
            {"A": np.array([[0.5, 0.5], [0.5, 0.4]])},
            ValueError,
            "A must hold probabilities that sum to 1, got a smallest of 0.4 and sums up to 0.1 off",
        ),
        (
            {"pi": np.array([1.5, -0.5])},
            ValueError,
            "pi must hold probabilities that sum to 1, got a smallest of -0.5 and sums up to 0 off",
        ),
        (
            {"pi": np.array([0.5, 0.5], "f4")},
            TypeError,
            "params must be arrays of one dtype out of float32, float64, complex128, "
            "got float32, float64",
        ),
    ],
)
def test_inference_names_what_is_wrong(function, change, error, message):
    given = {
        "pi": np.full(2, 0.5),
        "A": np.full((2, 2), 0.5),
        "B": np.full((2, 2), 0.5),
        "obs": np.zeros((5, 1), int),
        "mask": None,
        **change,
    }
    params = HMMParams(given["pi"], given["A"], given["B"])
    with pytest.raises(error) as raised:
        function(params, given["obs"], mask=given["mask"])
    assert str(raised.value) == f"{function.__name__}: {message}"


def test_complex_parameters_are_no_probabilities(params, obs):
    with pytest.raises(TypeError, match=r"^hmm_forward: params must be of float32 or float64"):
        hmm_forward(HMMParams(*(p.astype(complex) for p in params)), obs)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"S": 0}, ValueError, "S must be at least 1, got 0"),
        ({"V": 2.0}, TypeError, "V must be an integer, got float"),
        ({"iterations": -1}, ValueError, "iterations must be at least 0, got -1"),
        ({"pseudo_count": -1.0}, ValueError, "pseudo_count must be at least 0, got -1.0"),
        ({"dtype": int}, TypeError, "dtype must be of float32 or float64, got int64"),
        ({"V": 1}, ValueError, "obs must lie in 0 … 0, got 1"),
        (
            {"mask": np.zeros((2, 1), bool)},
            ShapeError,
            "obs must hold at least one observation, got shape (2, 1) with none",
        ),
    ],
)
def test_learning_names_what_is_wrong(change, error, message):
    given = {"obs": np.array([[0], [1]]), "S": 2, "V": 2, "rng": np.random.default_rng(0)}
    with pytest.raises(error) as raised:
        fit_hmm(**{**given, **change})
    assert str(raised.value) == f"fit_hmm: {message}"


@pytest.mark.parametrize(("T", "B", "name"), [(-1, 1, "T"), (1, 0, "B")])
def test_samples_of_no_size(params, T, B, name):
    with pytest.raises(ValueError, match=rf"^sample_hmm: {name} must be at least"):
        sample_hmm(params, np.random.default_rng(0), T, B)
