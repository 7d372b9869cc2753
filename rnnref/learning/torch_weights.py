"""Weights of PyTorch's recurrent layers as parameters of this package, and back.

PyTorch itself is not needed: what is exchanged is a dict of NumPy arrays by PyTorch's names.
"""

import re

import numpy as np

from rnnref.nets.gru import GRUParams
from rnnref.nets.lstm import LSTMParams
from rnnref.nets.rnn import RNNParams
from rnnref.shapes import ShapeError, common_dtype, require_float, require_shape

KINDS = {1: RNNParams, 3: GRUParams, 4: LSTMParams}  # by the number of blocks of H rows
DIRECTIONS = ("", "_reverse")
NAME = re.compile(r"(weight_ih|weight_hh|bias_ih|bias_hh)_l(\d+)(_reverse)?")


def from_torch(state):
    """Convert the weights of a PyTorch layer.

    Parameters
    ----------
    state : dict of str to ndarray
        ``{name: value.numpy() for name, value in module.state_dict().items()}`` of a
        torch.nn.RNN, LSTM or GRU with any number of layers, in one direction or both, with
        biases or without.

    Returns
    -------
    list of RNNParams, LSTMParams or GRUParams, or of pairs of such
        One entry for each layer, a pair (forward, backward) if the module is bidirectional. The
        arrays are new and keep their dtype.

    Raises
    ------
    ShapeError
        If an array has a shape that does not fit the others.
    TypeError
        If a value is no NumPy array, or has another dtype than the others, or one that is not
        float32, float64 or complex128.
    ValueError
        If a name is unknown or missing, or the LSTM has projections (``proj_size``).

    Notes
    -----
    The kind is that of the rows of weight_hh: H, 3H or 4H. PyTorch has two biases where one is
    enough, b = b_ih + b_hh; only in block n of the GRU they differ: b_ih is in b, b_hh is b_hn.

    What PyTorch keeps as options is not among the weights. The RNN needs the same `activation`;
    the GRU computes the same with ``reset="after", update="keep"``. ``tuple(from_torch(state))``
    are the parameters of a `stack` of layers, or of `bidirectional` pairs of layers.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import from_torch
    >>> state = {"weight_ih_l0": np.ones((3, 2)), "weight_hh_l0": np.ones((3, 3))}
    >>> state |= {"bias_ih_l0": np.ones(3), "bias_hh_l0": np.ones(3)}
    >>> [params] = from_torch(state)
    >>> type(params).__name__, params.b
    ('RNNParams', array([2., 2., 2.]))
    """
    layers, directions = _check_names(state)
    blocks = _check_arrays("from_torch", state, layers, directions, KINDS)
    params = []
    for layer in range(layers):
        readers = [_read(state, blocks, f"_l{layer}{direction}") for direction in directions]
        params.append(tuple(readers) if len(readers) == 2 else readers[0])
    return params


def to_torch(params):
    """Convert parameters to weights of a PyTorch layer.

    Parameters
    ----------
    params : list of RNNParams, LSTMParams or GRUParams, or of pairs of such
        One entry for each layer, or a pair (forward, backward), as `from_torch` gives them.

    Returns
    -------
    dict of str to ndarray
        Weights and biases by PyTorch's names, in new arrays: bias_hh is zero but for b_hn of a
        GRU. ``module.load_state_dict({name: torch.from_numpy(value) for name, value in …})``
        loads them.

    Raises
    ------
    ShapeError
        If an array has a shape that does not fit the others. All layers must have the same H.
    TypeError
        If `params` is no such list, or the arrays have different dtypes.
    ValueError
        If the layers are not all of one kind, or there is none, or an LSTM has peepholes, which
        PyTorch's has not.

    Notes
    -----
    What a network computes depends on options too, which are not among the weights: PyTorch's
    GRU is that with ``reset="after", update="keep"``, its LSTM is not coupled.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import from_torch, init_lstm, to_torch
    >>> params = init_lstm(np.random.default_rng(0), D=4, H=3)
    >>> state = to_torch([params])
    >>> for name, value in state.items():
    ...     print(name, value.shape)
    weight_ih_l0 (12, 4)
    weight_hh_l0 (12, 3)
    bias_ih_l0 (12,)
    bias_hh_l0 (12,)
    >>> np.array_equal(from_torch(state)[0].U, params.U)
    True
    """
    if not isinstance(params, list):
        came = type(params).__name__
        raise TypeError(f"to_torch: params must be a list over layers, got {came}")
    kinds = tuple(KINDS.values())
    layers = [(entry,) if isinstance(entry, kinds) else entry for entry in params]
    for i, readers in enumerate(layers):
        is_tuple = isinstance(readers, tuple) and len(readers) in (1, 2)
        if not is_tuple or not all(isinstance(p, kinds) for p in readers):
            names = ", ".join(kind.__name__ for kind in kinds)
            came = type(readers).__name__
            raise TypeError(f"to_torch: params[{i}] must be {names} or a pair of such, got {came}")
    alike = {f"{len(readers)} {type(p).__name__}" for readers in layers for p in readers}
    if len(alike) != 1:
        came = ", ".join(sorted(alike)) or "none"
        raise ValueError(f"to_torch: params must have layers that are alike, got {came}")

    directions = DIRECTIONS[: len(layers[0])]
    state = {}
    for i, readers in enumerate(layers):
        for p, direction in zip(readers, directions, strict=True):
            state |= _written(p, f"_l{i}{direction}")
    blocks = [n for n, kind in KINDS.items() if isinstance(layers[0][0], kind)]
    _check_arrays("to_torch", state, len(layers), directions, blocks)
    return state


def _read(state, blocks, suffix):
    """Return the parameters of one layer in one direction."""
    U, W = state[f"weight_ih{suffix}"], state[f"weight_hh{suffix}"]
    zero = np.zeros(len(W), W.dtype)
    b, b_hh = state.get(f"bias_ih{suffix}", zero), state.get(f"bias_hh{suffix}", zero)
    if blocks == 3:
        b_hn = b_hh[2 * W.shape[1] :].copy()
        b_hh = np.concatenate([b_hh[: 2 * W.shape[1]], np.zeros_like(b_hn)])
        return GRUParams(U.copy(), W.copy(), b + b_hh, b_hn)
    return KINDS[blocks](U.copy(), W.copy(), b + b_hh)


def _written(params, suffix):
    """Return the parameters of one layer in one direction by PyTorch's names."""
    dtype = common_dtype("to_torch", params)
    U, W, b = params[:3]
    b_hh = np.zeros_like(b)
    if isinstance(params, LSTMParams) and params.P is not None:
        raise ValueError("to_torch: P must be None, as PyTorch has no peepholes, got an array")
    if isinstance(params, GRUParams):
        require_shape("to_torch", "b_hn", params.b_hn, "H")
        b_hh = np.concatenate([np.zeros(2 * len(params.b_hn), dtype), params.b_hn])
    parts = {"weight_ih": U, "weight_hh": W, "bias_ih": b, "bias_hh": b_hh}
    return {f"{part}{suffix}": np.array(array, order="C") for part, array in parts.items()}


def _check_names(state):
    """Return the number of layers and the directions; raise unless all names are there."""
    names = [str(name) for name in state]
    for name in names:
        if name.startswith("weight_hr"):
            raise ValueError(f"from_torch: an LSTM must have proj_size=0, got {name}")
        if not NAME.fullmatch(name):
            raise ValueError(
                "from_torch: state must have names such as weight_ih_l0 and bias_hh_l1_reverse, "
                f"got {name}"
            )
    found = [NAME.fullmatch(name).groups() for name in names]
    layers = len({layer for _, layer, _ in found}) or 1
    directions = DIRECTIONS if any(reverse for *_, reverse in found) else DIRECTIONS[:1]
    parts = ["weight_ih", "weight_hh"]
    if any(part.startswith("bias") for part, *_ in found):
        parts += ["bias_ih", "bias_hh"]
    wanted = [f"{p}_l{layer}{d}" for layer in range(layers) for d in directions for p in parts]
    if missing := [name for name in wanted if name not in names]:
        came = ", ".join(names) or "none"
        raise ValueError(f"from_torch: state must have {', '.join(missing)} too, got {came}")
    return layers, directions


def _check_arrays(where, state, layers, directions, allowed):
    """Return the number of blocks of H rows, out of `allowed`; raise unless all arrays fit."""
    W = state["weight_hh_l0"]
    require_shape(where, "weight_hh_l0", W, "rows, H")
    dtype = require_float(where, W.dtype)
    rows, H = W.shape
    block_rows = {n: f"{n}H" if n > 1 else "H" for n in allowed}
    if rows % H or rows // H not in allowed:
        shapes = " or ".join(f"({to}, H)" for to in block_rows.values())
        raise ShapeError(f"{where}: weight_hh_l0 must have shape {shapes}, got {W.shape}")
    blocks = rows // H
    to = f"{block_rows[blocks]}={rows}"
    n_in = "D"
    for layer in range(layers):
        for direction in directions:
            suffix = f"_l{layer}{direction}"
            axes = {"weight_ih": f"{to}, {n_in}", "weight_hh": f"{to}, H={H}"}
            axes |= {"bias_ih": to, "bias_hh": to}
            for part, shape in axes.items():
                if (name := part + suffix) in state:
                    require_shape(where, name, state[name], shape, dtype)
            if layer == 0:
                n_in = f"D={state['weight_ih_l0'].shape[1]}"
        n_in = f"D={len(directions) * H}"
    return blocks
