"""The simple recurrent network against the textbook loop and PyTorch."""

import sys

import numpy as np

from bench import layers, torch_layers
from bench.shapes import RECURRENT, RECURRENT_AXES
from rnnref import init_rnn, rnn_backward, rnn_forward

TITLE = "Simple recurrent network, forward plus backward"
AXES, SHAPES = RECURRENT_AXES, RECURRENT
KEPT = "h and dx", lambda T, B, D, H: T * B * (H + D)


def measure():
    """Return the table."""
    return "\n".join([layers.measure(sys.modules[__name__]), torch_layers.note(), ""])


def contenders(shape, dtype):
    """Return the functions to compare; each returns all values and gradients."""
    T, B, D, H = shape
    rng = np.random.default_rng(0)
    params = init_rnn(rng, D, H, dtype=dtype)
    x, dh = (rng.normal(size=(T, B, n)).astype(dtype) for n in (D, H))

    def rnnref():
        h, _, cache = rnn_forward(params, x)
        dx, dh0, dparams = rnn_backward(dh, cache)
        return h, dx, dh0, *dparams

    others = {"textbook loop": lambda: textbook(*params, x, dh)}
    return {"rnnref": rnnref, **others, **torch_layers.contender("RNN", params, x, dh)}


def textbook(U, W, b, x, dh):
    """Go step by step: states in a list, one += per step for each gradient."""
    h = [np.zeros((x.shape[1], len(b)), x.dtype)]
    for x_t in x:
        h.append(np.tanh(x_t @ U.T + h[-1] @ W.T + b))
    dU, dW, db = np.zeros_like(U), np.zeros_like(W), np.zeros_like(b)
    dx, dh_next = [], np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        dz = (dh[t] + dh_next) * (1 - h[t + 1] ** 2)
        dU += dz.T @ x[t]
        dW += dz.T @ h[t]
        db += dz.sum(axis=0)
        dx.append(dz @ U)
        dh_next = dz @ W
    return np.array(h[1:]), np.array(dx[::-1]), dh_next, dU, dW, db
