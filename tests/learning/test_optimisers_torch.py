"""Optimisers and clipping against PyTorch's, over many updates of two arrays."""

import numpy as np
import pytest

from rnnref import (
    adagrad_step,
    adam_step,
    clip_by_global_norm,
    momentum_step,
    rmsprop_step,
    sgd_step,
)

torch = pytest.importorskip(
    "torch", reason="PyTorch, the optional extra `oracle`, is not installed"
)

SHAPES = [(3, 4), (3,)]
CASES = {
    "sgd": (
        lambda params, grads, state: (sgd_step(params, grads, lr=0.1), None),
        lambda p: torch.optim.SGD(p, lr=0.1),
    ),
    "momentum": (
        lambda *at: momentum_step(*at, lr=0.1, momentum=0.8),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8),
    ),
    "rmsprop": (
        lambda *at: rmsprop_step(*at, lr=0.02, decay=0.8, eps=1e-3),
        lambda p: torch.optim.RMSprop(p, lr=0.02, alpha=0.8, eps=1e-3),
    ),
    # PyTorch's ε stands outside the root: only without it are both the same.
    "adagrad": (
        lambda *at: adagrad_step(*at, lr=0.1, eps=0),
        lambda p: torch.optim.Adagrad(p, lr=0.1, eps=0),
    ),
    "adam": (adam_step, torch.optim.Adam),
    "adam with options": (
        lambda *at: adam_step(*at, lr=0.1, beta1=0.7, beta2=0.95, eps=1e-2),
        lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.7, 0.95), eps=1e-2),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_updates(case):
    step, oracle = CASES[case]
    rng = np.random.default_rng(1)
    params, state = tuple(rng.normal(size=shape) for shape in SHAPES), None
    tensors = [torch.tensor(p, requires_grad=True) for p in params]
    optimiser = oracle(tensors)
    for _ in range(50):
        grads = tuple(rng.normal(size=shape) for shape in SHAPES)
        params, state = step(params, grads, state)
        for tensor, g in zip(tensors, grads, strict=True):
            tensor.grad = torch.tensor(g)
        optimiser.step()
    for p, tensor in zip(params, tensors, strict=True):
        np.testing.assert_allclose(p, tensor.detach().numpy(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("max_norm", [0.5, 100])
def test_clipping(max_norm):
    rng = np.random.default_rng(1)
    grads = tuple(rng.normal(size=shape) for shape in SHAPES)
    tensors = [torch.zeros(shape, dtype=torch.float64, requires_grad=True) for shape in SHAPES]
    for tensor, g in zip(tensors, grads, strict=True):
        tensor.grad = torch.tensor(g)
    expected = torch.nn.utils.clip_grad_norm_(tensors, max_norm)
    clipped, norm = clip_by_global_norm(grads, max_norm)
    assert norm == pytest.approx(expected.item(), rel=1e-12)
    for g, tensor in zip(clipped, tensors, strict=True):
        np.testing.assert_allclose(g, tensor.grad.numpy(), rtol=1e-5)  # PyTorch adds 1e-6
