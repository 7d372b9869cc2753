"""The gradients of the LSTM against derivatives of its loss."""

import itertools

import numpy as np
import pytest

from rnnref import (
    LSTMParams,
    LSTMState,
    check_entries,
    check_gradient,
    lstm_backward,
    lstm_forward,
)
from rnnref.trees import named_leaves, with_leaves

T, B, D, H = 7, 3, 4, 5
VARIANTS = list(itertools.product([False, True], repeat=2))
each_variant = pytest.mark.parametrize(("peepholes", "coupled"), VARIANTS)


class Problem:
    """A network with L = Σ dh ∗ h + Σ dstate ∗ state, as a function of (params, x, state0)."""

    def __init__(self, normal, mask, peepholes, coupled, with_dstate=True, dtype="f8"):
        def draw(*shape):
            return normal(*shape, dtype=dtype)

        self.mask, self.coupled = mask, coupled
        P = draw(3, H) if peepholes else None
        params = LSTMParams(draw(4 * H, D), draw(4 * H, H), draw(4 * H), P)
        self.at = params, draw(T, B, D), LSTMState(draw(B, H), draw(B, H))
        self.dh = draw(T, B, H)
        self.dstate = LSTMState(draw(B, H), draw(B, H)) if with_dstate else None

    def forward(self, at):
        return lstm_forward(*at, mask=self.mask, coupled=self.coupled)

    def loss(self, at):
        h, state, _ = self.forward(at)
        total = np.sum(self.dh * h)
        if self.dstate is not None:
            total += sum(np.sum(d * part) for d, part in zip(self.dstate, state, strict=True))
        return total

    def gradient(self):
        dx, dstate0, dparams = lstm_backward(self.dh, self.forward(self.at)[2], self.dstate)
        return dparams, dx, dstate0


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("with_dstate", [False, True])
@each_variant
def test_along_random_directions(normal, mask, peepholes, coupled, with_dstate, dtype):
    problem = Problem(normal, mask, peepholes, coupled, with_dstate, dtype)
    rng = np.random.default_rng(2)
    check_gradient(problem.loss, problem.at, problem.gradient(), rng=rng)


@each_variant
def test_by_complex_steps(normal, mask, peepholes, coupled):
    # Im L(θ + iεv) / ε is vᵀ∇L without any cancellation, so that ε may be tiny.
    problem = Problem(normal, mask, peepholes, coupled)
    arrays = named_leaves(problem.at, "at").values()
    gradient = named_leaves(problem.gradient(), "at").values()
    for _ in range(3):
        v = [normal(*array.shape) for array in arrays]
        moved = (a + 1e-100j * d for a, d in zip(arrays, v, strict=True))
        numeric = problem.loss(with_leaves(problem.at, moved)).imag / 1e-100
        terms = [g * d for g, d in zip(gradient, v, strict=True)]
        size = np.sqrt(sum(np.sum(term**2) for term in terms))
        assert abs(numeric - sum(np.sum(term) for term in terms)) <= 1e-12 * size


@each_variant
def test_every_entry(normal, peepholes, coupled):
    problem = Problem(normal, None, peepholes, coupled)
    check_entries(problem.loss, problem.at, problem.gradient())
