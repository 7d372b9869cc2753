"""The embedding against PyTorch."""

import numpy as np
import pytest

from rnnref import embedding_backward, embedding_forward

torch = pytest.importorskip(
    "torch", reason="PyTorch, the optional extra `oracle`, is not installed"
)


@pytest.mark.parametrize("V", [5, 300])
def test_values_and_gradient(normal, V):
    E, dx = normal(V, 4), normal(7, 3, 4)
    ids = np.random.default_rng(2).integers(V, size=(7, 3))
    x, cache = embedding_forward(E, ids)

    table = torch.tensor(E, requires_grad=True)
    y = torch.nn.functional.embedding(torch.tensor(ids), table)
    y.backward(torch.tensor(dx))

    np.testing.assert_array_equal(x, y.detach())
    np.testing.assert_allclose(embedding_backward(dx, cache), table.grad, rtol=0, atol=1e-10)
