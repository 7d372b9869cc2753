"""The gradients of the GRU against derivatives of its loss."""

import numpy as np
import pytest

from rnnref import GRUParams, check_entries, check_gradient, gru_backward, gru_forward

T, B, D, H = 7, 3, 4, 5


@pytest.fixture(params=["before", "after"])
def reset(request):
    return request.param


@pytest.fixture(params=["write", "keep"])
def update(request):
    return request.param


class Problem:
    """A GRU with the loss L = Σ dh ∗ h + Σ dstate ∗ h_T, as a function of (params, x, h0).

    With ``reset="before"`` b_hn must stay zero: None stands for it in the parameters that move.
    """

    def __init__(self, normal, mask, reset, update, with_dstate=True, dtype=np.float64):
        def draw(*shape):
            return normal(*shape, dtype=dtype)

        self.options = {"mask": mask, "reset": reset, "update": update}
        self.b_hn = np.zeros(H, dtype)
        b_hn = draw(H) if reset == "after" else None
        half = np.array(0.5, dtype)
        params = GRUParams(half * draw(3 * H, D), half * draw(3 * H, H), draw(3 * H), b_hn)
        self.at = params, draw(T, B, D), draw(B, H)
        self.dh, self.dstate = draw(T, B, H), draw(B, H) if with_dstate else None

    def forward(self, params, x, h0):
        if params.b_hn is None:
            params = params._replace(b_hn=self.b_hn.astype(params.b.dtype))
        return gru_forward(params, x, h0, **self.options)

    def loss(self, at):
        h, h_T, _ = self.forward(*at)
        total = np.sum(self.dh * h)
        return total if self.dstate is None else total + np.sum(self.dstate * h_T)

    def gradient(self):
        dx, dh0, dparams = gru_backward(self.dh, self.forward(*self.at)[2], self.dstate)
        if self.at[0].b_hn is None:
            assert not dparams.b_hn.any()
            dparams = dparams._replace(b_hn=None)
        return dparams, dx, dh0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("with_dstate", [False, True])
def test_along_random_directions(normal, mask, reset, update, with_dstate, dtype):
    problem = Problem(normal, mask, reset, update, with_dstate, dtype)
    rng = np.random.default_rng(2)
    check_gradient(problem.loss, problem.at, problem.gradient(), rng=rng)


def test_by_complex_steps(normal, mask, reset, update):
    # Im L(θ + iεv) / ε is vᵀ∇L without any cancellation, so that ε may be tiny.
    problem = Problem(normal, mask, reset, update)
    for _ in range(3):
        v = [normal(*array.shape) for array in arrays(problem.at)]
        params, x, h0 = problem.at
        moved = [a + 1e-100j * d for a, d in zip(arrays(problem.at), v, strict=True)]
        b_hn = None if params.b_hn is None else moved[3]
        numeric = problem.loss((GRUParams(*moved[:3], b_hn), *moved[-2:])).imag / 1e-100
        terms = [g * d for g, d in zip(arrays(problem.gradient()), v, strict=True)]
        size = np.sqrt(sum(np.sum(term**2) for term in terms))
        assert abs(numeric - sum(np.sum(term) for term in terms)) <= 1e-12 * size


def test_every_entry(normal, reset, update):
    problem = Problem(normal, None, reset, update)
    check_entries(problem.loss, problem.at, problem.gradient())


def arrays(tree):
    """Return the arrays of (params, x, h0) without None."""
    params, x, h0 = tree
    return [p for p in (*params, x, h0) if p is not None]
