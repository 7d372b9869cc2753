"""Sensitivity to one input over time: Jacobians of any network, and gates on command."""

import numpy as np
import pytest

from rnnref import (
    RNNParams,
    ShapeError,
    bidirectional,
    dense_layer,
    gated_lstm,
    gru_layer,
    init_rnn,
    input_jacobian,
    input_sensitivity,
    jacobian_bound,
    lstm_forward,
    lstm_layer,
    rnn_forward,
    rnn_layer,
    scale_to_spectral_radius,
    stack,
    state_jacobian,
)
from rnnref.trees import named_leaves

T, B, D, H, K = 6, 2, 3, 4, 2

LAYERS = {
    "rnn": rnn_layer(D, H),
    "relu": rnn_layer(D, H, activation="relu"),
    "lstm": lstm_layer(D, H),
    "peepholes": lstm_layer(D, H, peepholes=True),
    "coupled": lstm_layer(D, H, coupled=True),
    "gru": gru_layer(D, H),
    "gru as PyTorch": gru_layer(D, H, reset="after", update="keep"),
    "with read-out": stack(lstm_layer(D, H), dense_layer(H, K)),
    "deep": stack(rnn_layer(D, H), gru_layer(H, 5), dense_layer(5, K)),
    "bidirectional": bidirectional(lstm_layer(D, H), rnn_layer(D, K)),
}


@pytest.fixture(params=LAYERS)
def layer(request):
    return LAYERS[request.param]


@pytest.fixture
def net(layer):
    """A layer, its parameters, and x."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(T, B, D))
    x.flags.writeable = False
    return layer, layer.init(rng), x


def differences(f, x, at, eps=1e-6):
    """Return the central differences of f(x), an array (..., n), with respect to x_at."""
    columns = []
    for d in range(x.shape[2]):
        step = np.zeros_like(x)
        step[at - 1, :, d] = eps
        columns.append((f(x + step) - f(x - step)) / (2 * eps))
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("at", [1, 3, T])
def test_outputs_against_differences(net, at):
    layer, params, x = net
    J = input_jacobian(layer, params, x, at=at)
    assert J.shape == (T, B, layer.n_out, D)
    numeric = differences(lambda x: layer.forward(params, x)[0], x, at)
    np.testing.assert_allclose(J, numeric, rtol=0, atol=1e-8)


@pytest.mark.parametrize("at", [1, 3])
def test_states_against_differences(net, at):
    layer, params, x = net
    for name in named_leaves(layer.forward(params, x)[1], "state"):
        J = input_jacobian(layer, params, x, at=at, of=name)
        for t in range(1, T + 1):

            def state(x, t=t, name=name):
                return named_leaves(layer.forward(params, x[:t])[1], "state")[name]

            numeric = differences(state, x, at)
            np.testing.assert_allclose(J[t - 1], numeric, rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", ["rnn", "gru"])
def test_outputs_that_are_the_states_have_their_jacobian(name):
    layer, rng = LAYERS[name], np.random.default_rng(0)
    params, x = layer.init(rng), rng.normal(size=(T, B, D))
    of_y, of_state = (input_jacobian(layer, params, x, of=of) for of in ("y", "state"))
    np.testing.assert_allclose(of_y, of_state, rtol=0, atol=1e-14)


def test_it_is_the_product_of_the_step_jacobians():
    # ∂h_t/∂x_1 = ∂h_t/∂h_1 diag(φ′(z_1)) U
    rng = np.random.default_rng(0)
    params, x = init_rnn(rng, D, H), rng.normal(size=(T, B, D))
    h, _, cache = rnn_forward(params, x)
    J = input_jacobian(rnn_layer(D, H), params, x)
    for t in range(1, T + 1):
        expected = state_jacobian(cache, 1, t) @ ((1 - h[0] ** 2)[:, :, None] * params.U)
        np.testing.assert_allclose(J[t - 1], expected, rtol=0, atol=1e-14)


def test_what_comes_before_does_not_feel_it_but_in_a_bidirectional_network():
    rng = np.random.default_rng(0)
    for name, layer in LAYERS.items():
        J = input_jacobian(layer, layer.init(rng), rng.normal(size=(T, B, D)), at=4)
        assert J[:3].any() == (name == "bidirectional")
        assert J[3].any()


def test_sensitivities_are_norms_of_rows(net):
    layer, params, x = net
    J, sensitivity = (f(layer, params, x, at=2) for f in (input_jacobian, input_sensitivity))
    assert sensitivity.shape == (T, B, layer.n_out)
    for index in np.ndindex(sensitivity.shape):
        np.testing.assert_allclose(sensitivity[index], np.sqrt(sum(J[index] ** 2)), rtol=1e-14)


def test_a_batch_is_a_loop_over_its_sequences(net):
    layer, params, x = net
    J = input_jacobian(layer, params, x)
    alone = [input_jacobian(layer, params, x[:, s : s + 1]) for s in range(B)]
    np.testing.assert_allclose(J, np.concatenate(alone, axis=1), rtol=0, atol=1e-14)


def test_float32_in_float32_out():
    layer, rng = lstm_layer(D, H, dtype=np.float32), np.random.default_rng(0)
    params, x = layer.init(rng), rng.normal(size=(T, B, D)).astype("f4")
    for of in ("y", "state.c"):
        assert input_jacobian(layer, params, x, of=of).dtype == np.float32
        assert input_sensitivity(layer, params, x, of=of).dtype == np.float32


def test_an_rnn_forgets_its_first_input():
    # Graves, fig. 4.1: where γλ < 1, sensitivity decays at least as fast as the bound.
    rng = np.random.default_rng(0)
    U, W, b = init_rnn(rng, D, 10)
    params = RNNParams(U, scale_to_spectral_radius(W, 0.7), b)  # still a normal matrix
    x = rng.normal(size=(20, 1, D))
    J = input_jacobian(rnn_layer(D, 10), params, x)[:, 0]
    for t in range(1, 21):
        bound = jacobian_bound(params.W, "tanh", t - 1) * spectral_norm_of(U)
        assert np.linalg.norm(J[t - 1], 2) <= bound * (1 + 1e-12)
    total = np.linalg.norm(J, axis=(1, 2))
    assert total[19] < 1e-2 * total[0]


def spectral_norm_of(U):
    return np.linalg.svd(U, compute_uv=False)[0]


GATES = "O------", "-OOOOO-", "---O-OO"


def test_gates_open_and_close_as_commanded():
    params, x = gated_lstm(*GATES)
    assert x.shape == (7, 1, 4)
    cache = lstm_forward(params, x)[2]
    for letters, gate in zip(GATES, (cache.i, cache.f, cache.o), strict=True):
        assert "".join("O" if a > 0.5 else "-" for a in gate.ravel()) == letters
        assert np.all(np.abs(gate - np.round(gate)) < 5e-5)
    np.testing.assert_allclose(cache.g, np.tanh(0.5))


def test_the_cell_keeps_its_first_input_until_the_forget_gate_closes():
    # Graves, fig. 4.3.
    params, x = gated_lstm(*GATES)
    cell = input_sensitivity(lstm_layer(4, 1), params, x, of="state.c").ravel()
    np.testing.assert_allclose(cell[:6], cell[0], rtol=1e-3)
    assert cell[0] > 0.7
    assert cell[6] < 1e-4


def test_along_the_cell_sensitivity_is_the_product_of_the_forget_gates():
    params, x = gated_lstm(*GATES, strength=1.0)
    forget = lstm_forward(params, x)[2].f.ravel()
    cell = input_sensitivity(lstm_layer(4, 1), params, x, of="state.c").ravel()
    np.testing.assert_allclose(cell, cell[0] * np.cumprod([1, *forget[1:]]), rtol=1e-12)


@pytest.mark.parametrize("output_gate", ["-------", "OOOOOOO", "O-O-O-O"])
def test_the_output_gate_switches_the_output_and_leaves_the_cell_alone(output_gate):
    layer = stack(lstm_layer(4, 1), dense_layer(1, 2))
    (params, x), (other, x_other) = gated_lstm(*GATES), gated_lstm(*GATES[:2], output_gate)
    readout = dense_layer(1, 2).init(np.random.default_rng(0))

    cells = [
        input_jacobian(layer, (lstm, readout), inputs, of="state[0].c")
        for lstm, inputs in ((params, x), (other, x_other))
    ]
    np.testing.assert_array_equal(*cells)

    cell = input_sensitivity(lstm_layer(4, 1), other, x_other, of="state.c").ravel()
    y = input_sensitivity(layer, (other, readout), x_other)[:, 0]
    c = lstm_forward(other, x_other)[2].c.ravel()
    for t, letter in enumerate(output_gate):
        shown = cell[t] * (1 - np.tanh(c[t]) ** 2) * (letter == "O")
        np.testing.assert_allclose(y[t], shown * np.abs(readout.V[:, 0]), atol=2e-3)


def test_new_content_does_not_reach_a_closed_cell():
    params, x = gated_lstm(*GATES)
    layer = lstm_layer(4, 1)
    open_at_1, closed_at_3 = (
        input_jacobian(layer, params, x, at=at, of="state.c") for at in (1, 3)
    )
    assert np.abs(open_at_1[2:6, ..., 0]).min() > 0.7
    assert np.abs(closed_at_3[..., 0]).max() < 1e-4


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": np.zeros((T, D))}, ShapeError, "x must have shape (T, B, D), got (6, 3)"),
        ({"at": 0}, ValueError, "at must be at least 1, got 0"),
        ({"at": 7}, ValueError, "at must be at most T=6, got 7"),
        ({"at": 1.0}, TypeError, "at must be an integer, got float"),
        ({"x": np.zeros((0, B, D))}, ValueError, "at must be at most T=0, got 1"),
        (
            {"of": "c"},
            ValueError,
            "of must be one of 'y', 'state.h', 'state.c', got 'c'",
        ),
    ],
)
@pytest.mark.parametrize("function", [input_jacobian, input_sensitivity])
def test_what_is_wrong_is_named(function, change, error, message):
    layer = lstm_layer(D, H)
    arguments = {"params": layer.init(np.random.default_rng(0)), "x": np.zeros((T, B, D))}
    with pytest.raises(error) as raised:
        function(layer, **{**arguments, **change})
    assert str(raised.value) == f"input_jacobian: {message}"


@pytest.mark.parametrize("function", [input_jacobian, input_sensitivity])
def test_the_layer_itself_names_a_wrong_size_or_dtype(function):
    layer = rnn_layer(D, H)
    params = layer.init(np.random.default_rng(0))
    with pytest.raises(ShapeError, match=r"^rnn_forward: x must have shape"):
        function(layer, params, np.zeros((T, B, D + 1)))
    with pytest.raises(TypeError, match=r"^rnn_forward: x must have dtype float64"):
        function(layer, params, np.zeros((T, B, D), "f4"))


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        (("O-", "O", "--"), "forget_gate must be 2 letters, each O or -, got 'O'"),
        (("O-", "O-", "-x"), "output_gate must be 2 letters, each O or -, got '-x'"),
    ],
)
def test_wrong_commands_are_named(gates, message):
    with pytest.raises(ValueError, match=r"^gated_lstm") as raised:
        gated_lstm(*gates)
    assert str(raised.value) == f"gated_lstm: {message}"
