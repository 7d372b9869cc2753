"""Every network of this package as a `Layer`, to be composed with `stack` and `bidirectional`."""

from functools import partial

import numpy as np

from rnnref.nets.activations import ACTIVATIONS
from rnnref.nets.compose import Layer, require_no_state
from rnnref.nets.dense import dense_backward, dense_forward, init_dense
from rnnref.nets.dropout import dropout_backward, dropout_forward
from rnnref.nets.embedding import (
    embedding_backward,
    embedding_forward,
    init_embedding,
    one_hot,
)
from rnnref.nets.gru import gru_backward, gru_forward, init_gru
from rnnref.nets.lstm import init_lstm, lstm_backward, lstm_forward
from rnnref.nets.rnn import init_rnn, rnn_backward, rnn_forward
from rnnref.nets.sequences import last_valid
from rnnref.shapes import (
    require_count,
    require_counts,
    require_dropout,
    require_option,
    require_shape,
)


def rnn_layer(D, H, *, activation="tanh", truncate=None, dtype=np.float64):
    """Return a simple recurrent network as a layer.

    Parameters
    ----------
    D, H : int
        Numbers of inputs and of hidden units.
    activation : {"tanh", "logistic", "relu", "linear"}
    truncate : int, optional
        For `rnn_backward`.
    dtype : dtype, default float64

    Returns
    -------
    Layer
        Its functions are `init_rnn`, `rnn_forward` and `rnn_backward`.

    Raises
    ------
    TypeError
        If D, H or `truncate` is no integer.
    ValueError
        If one of them is less than 1, or there is no such activation.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import rnn_layer
    >>> layer = rnn_layer(4, 3, activation="relu")
    >>> layer.init(np.random.default_rng(0)).U.shape
    (3, 4)
    """
    D, H = require_counts("rnn_layer", D=D, H=H)
    require_option("rnn_layer", "activation", activation, ACTIVATIONS)
    if truncate is not None:
        truncate = require_count("rnn_layer", "truncate", truncate)
    return _recurrent(
        partial(init_rnn, D=D, H=H, dtype=dtype),
        partial(rnn_forward, activation=activation),
        partial(rnn_backward, truncate=truncate),
        D,
        H,
    )


def lstm_layer(D, H, *, peepholes=False, coupled=False, forget_bias=1.0, dtype=np.float64):
    """Return an LSTM as a layer.

    Parameters
    ----------
    D, H : int
        Numbers of inputs and of hidden units.
    peepholes : bool
        Whether the gates see the cell's state.
    coupled : bool
        Whether the input gate is 1 − f.
    forget_bias : float
        First bias of the forget gate.
    dtype : dtype, default float64

    Returns
    -------
    Layer
        Its functions are `init_lstm`, `lstm_forward` and `lstm_backward`.

    Raises
    ------
    TypeError
        If D or H is no integer.
    ValueError
        If D or H is less than 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import lstm_layer
    >>> layer = lstm_layer(4, 3, peepholes=True)
    >>> layer.init(np.random.default_rng(0)).P.shape
    (3, 3)
    """
    D, H = require_counts("lstm_layer", D=D, H=H)
    init = partial(init_lstm, D=D, H=H, peepholes=peepholes, forget_bias=forget_bias, dtype=dtype)
    return _recurrent(init, partial(lstm_forward, coupled=coupled), lstm_backward, D, H)


def gru_layer(D, H, *, reset="before", update="write", dtype=np.float64):
    """Return a GRU as a layer.

    Parameters
    ----------
    D, H : int
        Numbers of inputs and of hidden units.
    reset : {"before", "after"}
        Whether r acts on h before or after the product with W_n.
    update : {"write", "keep"}
        Whether z is the share that is new or the share that is kept.
    dtype : dtype, default float64

    Returns
    -------
    Layer
        Its functions are `init_gru`, `gru_forward` and `gru_backward`.

    Raises
    ------
    TypeError
        If D or H is no integer.
    ValueError
        If D or H is less than 1, or there is no such option.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import gru_layer
    >>> layer = gru_layer(4, 3, reset="after", update="keep")  # as PyTorch
    >>> layer.init(np.random.default_rng(0)).W.shape
    (9, 3)
    """
    D, H = require_counts("gru_layer", D=D, H=H)
    require_option("gru_layer", "reset", reset, ("before", "after"))
    require_option("gru_layer", "update", update, ("write", "keep"))
    return _recurrent(
        partial(init_gru, D=D, H=H, dtype=dtype),
        partial(gru_forward, reset=reset, update=update),
        gru_backward,
        D,
        H,
    )


def dense_layer(D, K, *, dtype=np.float64):
    """Return a dense layer as a layer without state.

    Parameters
    ----------
    D, K : int
        Numbers of inputs and outputs.
    dtype : dtype, default float64

    Returns
    -------
    Layer
        Its functions are `init_dense`, `dense_forward` and `dense_backward`. It ignores the mask:
        what stands at masked steps is left to the loss, which leaves it out.

    Raises
    ------
    TypeError
        If D or K is no integer.
    ValueError
        If D or K is less than 1. When run: if a state is given.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import dense_layer
    >>> layer = dense_layer(4, 3)
    >>> layer.init(np.random.default_rng(0)).V.shape
    (3, 4)
    """
    D, K = require_counts("dense_layer", D=D, K=K)
    init = partial(init_dense, D=D, K=K, dtype=dtype)
    return _stateless("dense_layer", init, dense_forward, dense_backward, D, K)


def embedding_layer(V, D, *, dtype=np.float64):
    """Return an embedding as a layer without state, the lowest one of a stack.

    Parameters
    ----------
    V, D : int
        Size of the vocabulary, and of its vectors.
    dtype : dtype, default float64

    Returns
    -------
    Layer
        Its functions are `init_embedding`, `embedding_forward` and `embedding_backward`; its
        input is ids of shape (T, B), whose gradient is None. It ignores the mask: also where
        nothing is read, as in padding, there must stand some id.

    Raises
    ------
    TypeError
        If V or D is no integer.
    ValueError
        If V or D is less than 1. When run: if a state is given.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import embedding_layer
    >>> layer = embedding_layer(5, 3)
    >>> E = layer.init(np.random.default_rng(0))
    >>> x, _, _ = layer.forward(E, np.array([[4], [0]]))
    >>> np.array_equal(x[:, 0], E[[4, 0]])
    True
    """
    V, D = require_counts("embedding_layer", V=V, D=D)

    def backward(dx, cache):
        return None, embedding_backward(dx, cache)

    init = partial(init_embedding, V=V, D=D, dtype=dtype)
    return _stateless("embedding_layer", init, embedding_forward, backward, V, D)


def one_hot_layer(V, *, dtype=np.float64):
    """Return the one-hot encoding as a layer, the lowest one of a stack.

    Parameters
    ----------
    V : int
        Size of the vocabulary.
    dtype : dtype, default float64

    Returns
    -------
    Layer
        Without parameters and state; its input is ids of shape (T, B), whose gradient is None. It
        ignores the mask: also where nothing is read, as in padding, there must stand some id.

    Raises
    ------
    TypeError
        If V is no integer.
    ValueError
        If V is less than 1. When run: if an id lies outside 0 … V − 1, or a state is given.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import one_hot_layer
    >>> x, _, _ = one_hot_layer(3).forward(None, np.array([[2], [0]]))
    >>> x[:, 0]
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    (V,) = require_counts("one_hot_layer", V=V)

    def forward(params, ids):
        require_shape("one_hot_layer", "ids", ids, "T, B")
        return one_hot(ids, V, dtype=dtype), None

    return _stateless(
        "one_hot_layer", lambda rng: None, forward, lambda dy, cache: (None, None), V, V
    )


def last_step_layer():
    """Return the layer that keeps of each sequence the last valid step alone.

    Returns
    -------
    Layer
        Of any size, without parameters and state; its output has shape (1, B, D). What stands
        above it runs without the mask.

    Raises
    ------
    ValueError
        When run: if a state is given.

    Notes
    -----
    For networks of the type many to one (D1, D3). A sequence without a valid step gives zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import last_step_layer, lengths_to_mask
    >>> x = np.array([[7.0, 4.0], [8.0, 0.0], [9.0, 0.0]])[..., None]
    >>> y, _, _ = last_step_layer().forward(None, x, mask=lengths_to_mask([3, 1]))
    >>> y.ravel()
    array([9., 4.])
    """

    def forward(params, x, state0=None, *, mask=None, rng=None):
        require_no_state("last_step_layer", state0)
        require_shape("last_step_layer", "x", x, "T, B, D")
        mask = np.ones(x.shape[:2], bool) if mask is None else mask
        return last_valid(x, mask)[None], None, mask

    def backward(dy, mask, dstate=None):
        require_no_state("last_step_layer", dstate)
        after = np.cumsum(mask[::-1], axis=0)[::-1]  # valid steps from here on
        is_last = mask & (after == 1)
        return is_last[..., None] * dy, None, None

    return Layer(lambda rng: None, forward, backward, None, None)


def dropout_layer(p):
    """Return inverted dropout as a layer without parameters and state.

    Parameters
    ----------
    p : float
        Probability with which an entry is dropped, 0 ≤ p < 1.

    Returns
    -------
    Layer
        Of any size. Its functions are `dropout_forward` and `dropout_backward`; without `rng`,
        as after training, it changes nothing.

    Raises
    ------
    ValueError
        If `p` lies outside [0, 1). When run: if a state is given.

    Notes
    -----
    Between the layers of a stack it leaves the way through time undisturbed, as Zaremba,
    Sutskever and Vinyals (2014) have it, eqs. 7–9.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import dropout_layer
    >>> layer = dropout_layer(0.5)
    >>> y, _, _ = layer.forward(None, np.ones((1, 1, 8)), rng=np.random.default_rng(0))
    >>> sorted(set(y.ravel().tolist()))
    [0.0, 2.0]
    """
    require_dropout("dropout_layer", p)

    def forward(params, x, state0=None, *, mask=None, rng=None):
        require_no_state("dropout_layer", state0)
        y, cache = dropout_forward(x, p, rng)
        return y, None, cache

    def backward(dy, cache, dstate=None):
        require_no_state("dropout_layer", dstate)
        return dropout_backward(dy, cache), None, None

    return Layer(lambda rng: None, forward, backward, None, None)


def _recurrent(init, forward, backward, n_in, n_out):
    """Return the layer of a network that has a state and uses no random numbers."""

    def run(params, x, state0=None, *, mask=None, rng=None):
        return forward(params, x, state0, mask=mask)

    return Layer(init, run, backward, n_in, n_out)


def _stateless(where, init, forward, backward, n_in, n_out):
    """Return the layer of a network without state, mask and random numbers."""

    def run(params, x, state0=None, *, mask=None, rng=None):
        require_no_state(where, state0)
        y, cache = forward(params, x)
        return y, None, cache

    def run_back(dy, cache, dstate=None):
        require_no_state(where, dstate)
        dx, dparams = backward(dy, cache)
        return dx, None, dparams

    return Layer(init, run, run_back, n_in, n_out)
