"""The simple recurrent network against PyTorch's, whole and packed."""

import numpy as np
import pytest

from rnnref import RNNParams, rnn_backward, rnn_forward

torch = pytest.importorskip(
    "torch", reason="PyTorch, the optional extra `oracle`, is not installed"
)

T, B, D, H = 7, 3, 4, 5
LENGTHS = [5, 7, 2]
each_activation = pytest.mark.parametrize("activation", ["relu", "tanh"])


@pytest.fixture
def net(normal):
    """Parameters, x, h0, and the gradients dh and dstate that the loss sends."""
    params = RNNParams(normal(H, D), 0.5 * normal(H, H), normal(H))
    return params, normal(T, B, D), normal(B, H), normal(T, B, H), normal(B, H)


def torch_run(params, x, h0, dh, dstate, activation, lengths=None):
    """Return values and gradients as PyTorch finds them: h, h_T, dx, dh0, dU, dW, db."""
    layer = torch.nn.RNN(D, H, nonlinearity=activation).double()
    with torch.no_grad():
        for p, value in zip(layer.parameters(), (*params, np.zeros(H)), strict=True):
            p.copy_(torch.tensor(value))
    x, h0 = (torch.tensor(a).requires_grad_() for a in (x, h0[None]))
    if lengths is None:
        h, h_T = layer(x, h0)
    else:
        pack = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        h, h_T = layer(pack, h0)
        h, _ = torch.nn.utils.rnn.pad_packed_sequence(h, total_length=len(x))
    sent = [torch.tensor(d) for d in (dh, dstate[None])]
    grads = torch.autograd.grad((h, h_T), (x, h0, *layer.parameters()), sent)
    h, h_T, dx, dh0, *dparams = (a.detach().numpy() for a in (h, h_T, *grads))
    return h, h_T[0], dx, dh0[0], *dparams[:3]


def our_run(params, x, h0, dh, dstate, activation, mask=None):
    h, h_T, cache = rnn_forward(params, x, h0, mask=mask, activation=activation)
    dx, dh0, dparams = rnn_backward(dh, cache, dstate)
    return h, h_T, dx, dh0, *dparams


@each_activation
def test_values_and_gradients(net, activation):
    pairs = zip(our_run(*net, activation), torch_run(*net, activation), strict=True)
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


@each_activation
def test_packed_sequences_are_ragged_masks(net, activation):
    params, x, h0, dh, dstate = net
    mask = np.arange(T)[:, None] < LENGTHS
    dh = np.where(mask[..., None], dh, 0)  # there, our h is the held state, PyTorch's is zero
    ours, *our_rest = our_run(params, x, h0, dh, dstate, activation, mask)
    theirs, *their_rest = torch_run(params, x, h0, dh, dstate, activation, LENGTHS)
    np.testing.assert_allclose(ours[mask], theirs[mask], rtol=1e-10, atol=1e-10)
    for our, their in zip(our_rest, their_rest, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-10, atol=1e-10)
