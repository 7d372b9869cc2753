"""How long a network feels one input: Graves's pictures of forgetting and of keeping."""

import numpy as np

from rnnref.nets.lstm import LSTMParams
from rnnref.shapes import require_count, require_option, require_shape
from rnnref.trees import named_leaves, with_leaves


def input_jacobian(layer, params, x, *, at=1, of="y"):
    """Return the Jacobian, at every step, of outputs or states with respect to one input.

    Parameters
    ----------
    layer : Layer
        Any network, such as ``lstm_layer(D, H)`` or ``stack(rnn_layer(D, H), dense_layer(H, K))``.
    params : tuple of ndarray
        The layer's parameters.
    x : ndarray, shape (T, B, D)
        Inputs.
    at : int, default 1
        The step of the input, 1 … T.
    of : str, default "y"
        ``"y"`` for the outputs, else an array of the layer's state: ``"state"`` if it is a single
        one, ``"state.c"`` for the cells of an LSTM, ``"state[0].c"`` for those in the first layer
        of a stack.

    Returns
    -------
    ndarray, shape (T, B, n, D)
        Entry (t − 1, s, i, d) is the derivative of unit i at step t with respect to x_{at,d}, in
        sequence s, with t = 1 … T.

    Raises
    ------
    ShapeError
        If `x` has another shape.
    TypeError
        If `x` has another dtype than the parameters, or `at` is no integer.
    ValueError
        If `at` is less than 1 or more than T, or the layer's state has no array of this name.

    Notes
    -----
    One backward pass gives the gradient of one number for each sequence of a batch. So each
    sequence is repeated once for each of its n units, and the gradient that enters at step t is
    a unit vector of its own in every copy: what comes out at x is a row of the Jacobian. For a
    state, the run ends at step t.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_rnn, input_jacobian, rnn_layer
    >>> rng = np.random.default_rng(0)
    >>> layer = rnn_layer(4, 3, activation="linear")
    >>> params, x = layer.init(rng), rng.normal(size=(6, 1, 4))
    >>> J = input_jacobian(layer, params, x)
    >>> J.shape
    (6, 1, 3, 4)
    >>> np.allclose(J[2, 0], params.W @ params.W @ params.U)  # ∂h_3/∂x_1
    True
    """
    require_shape("input_jacobian", "x", x, "T, B, D")
    (T, B, D), at = x.shape, require_count("input_jacobian", "at", at)
    if at > T:
        raise ValueError(f"input_jacobian: at must be at most T={T}, got {at}")
    y, state, _ = layer.forward(params, x)
    arrays = {"y": y, **named_leaves(state, "state")}
    require_option("input_jacobian", "of", of, arrays)
    n = arrays[of].shape[-1]
    copies, units = np.repeat(x, n, axis=1), np.tile(np.eye(n, dtype=x.dtype), (B, 1))

    J = np.zeros((T, B, n, D), x.dtype)
    if of == "y":
        y, _, cache = layer.forward(params, copies)
        for t in range(1, T + 1):
            dy = np.zeros_like(y)
            dy[t - 1] = units
            dx, _, _ = layer.backward(dy, cache)
            J[t - 1] = dx[at - 1].reshape(B, n, D)
    else:
        for t in range(at, T + 1):  # before x_at is read, it has no influence
            y, state, cache = layer.forward(params, copies[:t])
            parts = named_leaves(state, "state").items()
            dstate = (units if name == of else np.zeros_like(part) for name, part in parts)
            dx, _, _ = layer.backward(np.zeros_like(y), cache, with_leaves(state, dstate))
            J[t - 1] = dx[at - 1].reshape(B, n, D)
    return J


def input_sensitivity(layer, params, x, *, at=1, of="y"):
    """Return how sensitive every unit is, at every step, to one input.

    Parameters
    ----------
    layer : Layer
        Any network.
    params : tuple of ndarray
        The layer's parameters.
    x : ndarray, shape (T, B, D)
        Inputs.
    at : int, default 1
        The step of the input, 1 … T.
    of : str, default "y"
        Which units: ``"y"``, ``"state"``, ``"state.c"``, … as for `input_jacobian`.

    Returns
    -------
    ndarray, shape (T, B, n)
        The Euclidean norm of each unit's gradient with respect to x_at.

    Raises
    ------
    ShapeError
        If `x` has another shape.
    TypeError
        If `x` has another dtype than the parameters, or `at` is no integer.
    ValueError
        If `at` is less than 1 or more than T, or the layer's state has no array of this name.

    Notes
    -----
    ``‖∂h_{t,i}/∂x_at‖₂``, the norms of the rows of `input_jacobian`. With ``at=1`` it is the
    shading of the nodes in Graves (2012), figures 4.1 and 4.3, which D2 shows.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import RNNParams, input_sensitivity, rnn_layer
    >>> params = RNNParams(U=np.ones((1, 1)), W=np.array([[0.5]]), b=np.zeros(1))
    >>> x = np.zeros((4, 1, 1))
    >>> input_sensitivity(rnn_layer(1, 1), params, x).ravel()
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    return np.linalg.norm(input_jacobian(layer, params, x, at=at, of=of), axis=-1)


def gated_lstm(input_gate, forget_gate, output_gate, *, content=0.5, strength=10.0):
    """Make an LSTM of one cell whose gates open and close on command.

    Parameters
    ----------
    input_gate, forget_gate, output_gate : str
        A letter for each step, as in Graves's figure: ``O`` for an open gate, ``-`` for a closed
        one.
    content : float, default 0.5
        What every step offers to the cell.
    strength : float, default 10.0
        Pre-activation of an open gate; that of a closed one is its negative. The gates are
        σ(± strength), so that with 10 they are open or closed but for 5e-5.

    Returns
    -------
    params : LSTMParams
        Of 4 inputs and 1 cell, without any connection from h: the inputs alone decide.
    x : ndarray, shape (T, 1, 4)
        At each step the content and the commands, ± 1, to the input, forget and output gates.

    Raises
    ------
    ValueError
        If the three have different lengths, or letters other than ``O`` and ``-``.

    Notes
    -----
    ``i_t = σ(strength · x_{t,2})``, and f and o likewise; ``g_t = tanh(x_{t,1})``. Then
    ``∂c_t/∂c_1`` is the product f_2 ⋯ f_t, and o_t multiplies what h_t shows of it without touching
    the cell. After Graves (2012), figure 4.3, which D2 shows.

    Examples
    --------
    The cell remembers its first input until the forget gate closes; h shows it where the output
    gate is open:

    >>> from rnnref import gated_lstm, input_sensitivity, lstm_layer
    >>> params, x = gated_lstm("O------", "-OOOOO-", "---O-OO")
    >>> layer = lstm_layer(4, 1)
    >>> input_sensitivity(layer, params, x, of="state.c").ravel().round(2)
    array([0.79, 0.79, 0.79, 0.79, 0.79, 0.79, 0.  ])
    >>> input_sensitivity(layer, params, x).ravel().round(2)
    array([0.  , 0.  , 0.  , 0.64, 0.  , 0.64, 0.  ])
    """
    gates = {"input_gate": input_gate, "forget_gate": forget_gate, "output_gate": output_gate}
    T = len(input_gate)
    for name, letters in gates.items():
        if len(letters) != T or not set(letters) <= set("O-"):
            raise ValueError(
                f"gated_lstm: {name} must be {T} letters, each O or -, got {letters!r}"
            )
    commands = [[1.0 if letter == "O" else -1.0 for letter in row] for row in gates.values()]
    x = np.stack([np.full(T, float(content)), *commands], axis=-1)[:, None]
    # Rows i, f, g, o; columns content, then the commands to i, f, o.
    U = np.array([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]]) * float(strength)
    U[2, 0] = 1
    return LSTMParams(U, W=np.zeros((4, 1)), b=np.zeros(4)), x
