"""Networks with PyTorch's weights compute what PyTorch computes."""

import numpy as np
import pytest

from rnnref import (
    bidirectional,
    from_torch,
    gru_layer,
    lengths_to_mask,
    lstm_layer,
    rnn_layer,
    stack,
    to_torch,
)

torch = pytest.importorskip(
    "torch", reason="PyTorch, the optional extra `oracle`, is not installed"
)
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence  # noqa: E402

T, B, D, H, LAYERS = 6, 3, 4, 5, 3
LENGTHS = [4, 6, 1]


def rnn(n_in, H):
    return rnn_layer(n_in, H)


def gru(n_in, H):
    return gru_layer(n_in, H, reset="after", update="keep")


def lstm(n_in, H):
    return lstm_layer(n_in, H)


KINDS = {"RNN": rnn, "GRU": gru, "LSTM": lstm}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def module(kind, **options):
    torch.manual_seed(0)
    return getattr(torch.nn, kind)(D, H, LAYERS, dtype=torch.float64, **options)


def state_of(module):
    return {name: value.numpy() for name, value in module.state_dict().items()}


def network(kind, directions):
    """Return the same layers, composed here."""
    layers = []
    for n_in in (D, *[directions * H] * (LAYERS - 1)):
        readers = [KINDS[kind](n_in, H) for _ in range(directions)]
        layers.append(bidirectional(*readers) if directions == 2 else readers[0])
    return stack(*layers)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("directions", [1, 2])
def test_values_and_gradients(kind, directions, bias):
    theirs = module(kind, bidirectional=directions == 2, bias=bias)
    ours, params = network(kind, directions), tuple(from_torch(state_of(theirs)))
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, directions * H))

    y, _, cache = ours.forward(params, x)
    x_ = torch.tensor(x, requires_grad=True)
    y_, _ = theirs(x_)
    np.testing.assert_allclose(y, y_.detach(), rtol=1e-10, atol=1e-10)

    y_.backward(torch.tensor(dy))
    dx, _, dparams = ours.backward(dy, cache)
    np.testing.assert_allclose(dx, x_.grad, rtol=1e-10, atol=1e-10)
    # The gradients are parameters too; b_ih and b_hh get the same one, block n of a GRU aside.
    for name, gradient in to_torch(list(dparams)).items():
        if name.startswith("weight") or (name.startswith("bias_ih") and bias):
            expected = getattr(theirs, name).grad
            np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("directions", [1, 2])
def test_packed_sequences_of_different_lengths(kind, directions):
    theirs = module(kind, bidirectional=directions == 2)
    ours, params = network(kind, directions), tuple(from_torch(state_of(theirs)))
    x = np.random.default_rng(0).normal(size=(T, B, D))
    mask = lengths_to_mask(LENGTHS)
    y, _, _ = ours.forward(params, x, mask=mask)
    packed, _ = theirs(pack_padded_sequence(torch.tensor(x), LENGTHS, enforce_sorted=False))
    y_, _ = pad_packed_sequence(packed)
    np.testing.assert_allclose(y[mask], y_.detach()[mask], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("directions", [1, 2])
def test_our_weights_in_pytorch(kind, directions):
    ours, theirs = network(kind, directions), module(kind, bidirectional=directions == 2)
    rng = np.random.default_rng(0)
    params = ours.init(rng)
    state = {name: torch.from_numpy(value) for name, value in to_torch(list(params)).items()}
    theirs.load_state_dict(state)
    x = rng.normal(size=(T, B, D))
    y, _, _ = ours.forward(params, x)
    np.testing.assert_allclose(y, theirs(torch.tensor(x))[0].detach(), rtol=1e-10, atol=1e-10)


def test_projections_are_refused():
    with pytest.raises(ValueError, match=r"^from_torch: an LSTM must have proj_size=0, got weight"):
        from_torch(state_of(module("LSTM", proj_size=2)))


def test_tensors_are_refused():
    with pytest.raises(TypeError, match=r"weight_hh_l0 must be a numpy.ndarray, got Tensor$"):
        from_torch(module("GRU").state_dict())
