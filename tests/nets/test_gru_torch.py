"""The GRU with reset="after" and update="keep" against PyTorch's."""

import numpy as np
import pytest

from rnnref import GRUParams, gru_backward, gru_forward

torch = pytest.importorskip(
    "torch", reason="PyTorch, the optional extra `oracle`, is not installed"
)
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence  # noqa: E402

T, B, D, H = 7, 3, 4, 5


@pytest.fixture
def net(normal):
    """Parameters, x, h0, and the gradients dh and dstate that the loss sends."""
    params = GRUParams(normal(3 * H, D), normal(3 * H, H), normal(3 * H), normal(H))
    return params, normal(T, B, D), normal(B, H), normal(T, B, H), normal(B, H)


def as_torch(params, x, h0):
    """Return PyTorch's layer with our parameters, x and h0, all of which want a gradient."""
    layer = torch.nn.GRU(D, H, dtype=torch.float64)
    b_hh = np.concatenate([np.zeros(2 * H), params.b_hn])
    with torch.no_grad():
        for p, value in zip(layer.parameters(), (*params[:3], b_hh), strict=True):
            p.copy_(torch.from_numpy(value.copy()))
    return layer, *(torch.tensor(a, requires_grad=True) for a in (x, h0[None]))


def assert_gradients_agree(dx, dh0, dparams, layer, x, h0):
    b_hh = layer.bias_hh_l0.grad
    pairs = [(dx, x.grad), (dh0, h0.grad[0]), (dparams.U, layer.weight_ih_l0.grad)]
    pairs += [(dparams.W, layer.weight_hh_l0.grad), (dparams.b, layer.bias_ih_l0.grad)]
    pairs += [(dparams.b[: 2 * H], b_hh[: 2 * H]), (dparams.b_hn, b_hh[2 * H :])]
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


def test_whole_sequences(net):
    params, x, h0, dh, dstate = net
    h, h_T, cache = gru_forward(params, x, h0, reset="after", update="keep")
    layer, x_, h0_ = as_torch(params, x, h0)
    h_, h_T_ = layer(x_, h0_)
    np.testing.assert_allclose(h, h_.detach(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(h_T, h_T_[0].detach(), rtol=1e-10, atol=1e-10)

    torch.autograd.backward([h_, h_T_], [torch.tensor(dh), torch.tensor(dstate[None])])
    assert_gradients_agree(*gru_backward(dh, cache, dstate), layer, x_, h0_)


def test_packed_sequences_of_different_lengths(net):
    params, x, h0, dh, dstate = net
    lengths = np.array([5, 7, 2])
    mask = np.arange(T)[:, None] < lengths
    h, h_T, cache = gru_forward(params, x, h0, mask=mask, reset="after", update="keep")
    layer, x_, h0_ = as_torch(params, x, h0)
    packed, h_T_ = layer(pack_padded_sequence(x_, lengths, enforce_sorted=False), h0_)
    h_, _ = pad_packed_sequence(packed)
    # PyTorch's output at padding is zero, ours the held state: no loss looks at it.
    np.testing.assert_allclose(h[mask], h_.detach()[mask], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(h_T, h_T_[0].detach(), rtol=1e-10, atol=1e-10)

    dh = np.where(mask[..., None], dh, 0)
    torch.autograd.backward([h_, h_T_], [torch.tensor(dh), torch.tensor(dstate[None])])
    assert_gradients_agree(*gru_backward(dh, cache, dstate), layer, x_, h0_)
