"""The LSTM against PyTorch's, whole and packed."""

import numpy as np
import pytest

from rnnref import LSTMParams, LSTMState, lstm_backward, lstm_forward

torch = pytest.importorskip(
    "torch", reason="PyTorch, the optional extra `oracle`, is not installed"
)

T, B, D, H = 7, 3, 4, 5
LENGTHS = [5, 7, 2]


@pytest.fixture
def net(normal):
    """Parameters, x, state0, and the gradients dh and dstate that the loss sends."""
    params = LSTMParams(normal(4 * H, D), normal(4 * H, H), normal(4 * H))
    state0, dstate = (LSTMState(normal(B, H), normal(B, H)) for _ in range(2))
    return params, normal(T, B, D), state0, normal(T, B, H), dstate


def torch_run(params, x, state0, dh, dstate, lengths=None):
    """Return values and gradients as PyTorch finds them: h, h_T, c_T, dx, dh0, dc0, dU, dW, db."""
    layer = torch.nn.LSTM(D, H).double()
    with torch.no_grad():
        values = (*params[:3], np.zeros(4 * H))
        for p, value in zip(layer.parameters(), values, strict=True):
            p.copy_(torch.tensor(value))
    x, *first = (torch.tensor(a).requires_grad_() for a in (x, state0.h[None], state0.c[None]))
    if lengths is None:
        h, last = layer(x, tuple(first))
    else:
        pack = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        h, last = layer(pack, tuple(first))
        h, _ = torch.nn.utils.rnn.pad_packed_sequence(h, total_length=len(x))
    sent = [torch.tensor(d) for d in (dh, dstate.h[None], dstate.c[None])]
    grads = torch.autograd.grad((h, *last), (x, *first, *layer.parameters()), sent)
    h, h_T, c_T, dx, dh0, dc0, *dparams = (a.detach().numpy() for a in (h, *last, *grads))
    return h, h_T[0], c_T[0], dx, dh0[0], dc0[0], *dparams[:3]


def our_run(params, x, state0, dh, dstate, mask=None):
    h, state, cache = lstm_forward(params, x, state0, mask=mask)
    dx, dstate0, dparams = lstm_backward(dh, cache, dstate)
    assert dparams.P is None
    return h, *state, dx, *dstate0, *dparams[:3]


def test_values_and_gradients(net):
    for ours, theirs in zip(our_run(*net), torch_run(*net), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


def test_packed_sequences_are_ragged_masks(net):
    params, x, state0, dh, dstate = net
    mask = np.arange(T)[:, None] < LENGTHS
    dh = np.where(mask[..., None], dh, 0)  # there, our h is the held state, PyTorch's is zero
    ours, *our_rest = our_run(params, x, state0, dh, dstate, mask)
    theirs, *their_rest = torch_run(params, x, state0, dh, dstate, LENGTHS)
    np.testing.assert_allclose(ours[mask], theirs[mask], rtol=1e-10, atol=1e-10)
    for our, their in zip(our_rest, their_rest, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-10, atol=1e-10)
