"""The gradients of the simple recurrent network against derivatives of its loss."""

import numpy as np
import pytest

from rnnref import RNNParams, check_entries, check_gradient, rnn_backward, rnn_forward

T, B, D, H = 7, 3, 4, 5
ACTIVATIONS = ["linear", "logistic", "relu", "tanh"]


class Problem:
    """A network with the loss L = Σ dh ∗ h + Σ dstate ∗ h_T, as a function of (params, x, h0)."""

    def __init__(self, normal, mask, activation, with_dstate=True, truncate=None):
        self.mask, self.activation, self.truncate = mask, activation, truncate
        self.at = (RNNParams(0.5 * normal(H, D), 0.5 * normal(H, H), normal(H)),)
        self.at += normal(T, B, D), normal(B, H)
        self.dh, self.dstate = normal(T, B, H), normal(B, H) if with_dstate else None
        self.states = self.forward(*self.at)[0]

    def forward(self, params, x, h0, steps=slice(None)):
        part = self.mask if self.mask is None else self.mask[steps]
        return rnn_forward(params, x[steps], h0, mask=part, activation=self.activation)

    def loss(self, at):
        """Return L; with `truncate`, states that cross into another chunk stay as they were."""
        params, x, h0 = at
        size, total = self.truncate or T, 0
        for start in range(0, T, size):
            steps = slice(start, start + size)
            first = h0 if start == 0 else self.states[start - 1].astype(h0.dtype)
            h, h_T, _ = self.forward(params, x, first, steps)
            total = total + np.sum(self.dh[steps] * h)
        return total if self.dstate is None else total + np.sum(self.dstate * h_T)

    def gradient(self):
        cache = self.forward(*self.at)[2]
        dx, dh0, dparams = rnn_backward(self.dh, cache, self.dstate, truncate=self.truncate)
        return dparams, dx, dh0


@pytest.mark.parametrize("truncate", [None, 1, 3])
@pytest.mark.parametrize("with_dstate", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_along_random_directions(normal, mask, activation, with_dstate, truncate):
    problem = Problem(normal, mask, activation, with_dstate, truncate)
    rng = np.random.default_rng(2)
    check_gradient(problem.loss, problem.at, problem.gradient(), rng=rng)


@pytest.mark.parametrize("truncate", [None, 3])
@pytest.mark.parametrize("activation", ["linear", "logistic", "tanh"])
def test_by_complex_steps(normal, mask, activation, truncate):
    # Im L(θ + iεv) / ε is vᵀ∇L without any cancellation, so that ε may be tiny.
    problem = Problem(normal, mask, activation, truncate=truncate)
    arrays = flat(problem.at)
    for _ in range(3):
        v = [normal(*array.shape) for array in arrays]
        *params, x, h0 = (a + 1e-100j * d for a, d in zip(arrays, v, strict=True))
        numeric = problem.loss((RNNParams(*params), x, h0)).imag / 1e-100
        terms = [g * d for g, d in zip(flat(problem.gradient()), v, strict=True)]
        size = np.sqrt(sum(np.sum(term**2) for term in terms))
        assert abs(numeric - sum(np.sum(term) for term in terms)) <= 1e-12 * size


def test_every_entry(normal):
    problem = Problem(normal, None, "tanh")
    check_entries(problem.loss, problem.at, problem.gradient())


def flat(tree):
    params, x, h0 = tree
    return [*params, x, h0]
