"""The scalar tape against PyTorch, on random expressions."""

import numpy as np
import pytest

from rnnref import Scalar

torch = pytest.importorskip(
    "torch", reason="PyTorch, the optional extra `oracle`, is not installed"
)

# The same gates for both; arguments are kept where the gates are smooth and defined.
UNARY = [
    (lambda a: -a, lambda a: -a),
    (lambda a: a**2, lambda a: a**2),
    (lambda a: (a * a + 0.5) ** -1.5, lambda a: (a * a + 0.5) ** -1.5),
    (lambda a: a.tanh(), torch.tanh),
    (lambda a: a.logistic(), torch.sigmoid),
    (lambda a: a.tanh().exp(), lambda a: torch.exp(torch.tanh(a))),
    (lambda a: (a * a + 1).log(), lambda a: torch.log(a * a + 1)),
    (lambda a: a.relu(), torch.relu),
    (lambda a: 3 - a, lambda a: 3 - a),
    (lambda a: 1 / (a * a + 1), lambda a: 1 / (a * a + 1)),
]
BINARY = [
    (lambda a, b: a + b, lambda a, b: a + b),
    (lambda a, b: a - b, lambda a, b: a - b),
    (lambda a, b: a * b, lambda a, b: a * b),
    (lambda a, b: a / (b.exp() + 1), lambda a, b: a / (torch.exp(b) + 1)),
    (lambda a, b: a.maximum(b), torch.maximum),
]


@pytest.mark.parametrize("seed", range(40))
def test_random_expressions(seed):
    """Grow a graph from 4 inputs: each new value is a gate of earlier ones, made small by tanh."""
    rng = np.random.default_rng(seed)
    start = rng.normal(size=4)
    ours = [Scalar(value) for value in start]
    theirs = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in start]
    inputs = list(zip(ours, theirs, strict=True))
    for _ in range(40):
        if rng.random() < 0.4:
            gate, torch_gate = UNARY[rng.integers(len(UNARY))]
            chosen = [rng.integers(len(ours))]
        else:
            gate, torch_gate = BINARY[rng.integers(len(BINARY))]
            chosen = rng.choice(len(ours), size=2, replace=False)
        value, torch_value = (
            gate(*(ours[i] for i in chosen)),
            torch_gate(*(theirs[i] for i in chosen)),
        )
        if abs(value.value) > 2:
            value, torch_value = value.tanh(), torch.tanh(torch_value)
        ours.append(value)
        theirs.append(torch_value)
    output, torch_output = sum(ours[-8:]), sum(theirs[-8:])
    output.backward()
    torch_output.backward()
    assert abs(output.value - torch_output.item()) <= 1e-10
    for x, torch_x in inputs:
        expected = 0.0 if torch_x.grad is None else torch_x.grad.item()
        assert abs(x.grad - expected) <= 1e-10 * max(1, abs(expected))
