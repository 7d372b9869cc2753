"""The LSTM against the textbook loop and PyTorch."""

import sys

import numpy as np

from bench import layers, torch_layers
from bench.shapes import RECURRENT, RECURRENT_AXES
from rnnref import init_lstm, lstm_backward, lstm_forward

TITLE = "LSTM, forward plus backward"
AXES, SHAPES = RECURRENT_AXES, RECURRENT
KEPT = "i, f, g, o, c, tanh c, h and dx", lambda T, B, D, H: T * B * (7 * H + D)


def measure():
    """Return the table."""
    return "\n".join([layers.measure(sys.modules[__name__]), torch_layers.note(), ""])


def contenders(shape, dtype):
    """Return the functions to compare; each returns all values and gradients."""
    T, B, D, H = shape
    rng = np.random.default_rng(0)
    params = init_lstm(rng, D, H, dtype=dtype)
    x, dh = (rng.normal(size=(T, B, n)).astype(dtype) for n in (D, H))

    def rnnref():
        h, _, cache = lstm_forward(params, x)
        dx, dstate0, (dU, dW, db, _) = lstm_backward(dh, cache)
        return h, dx, *dstate0, dU, dW, db

    others = {"textbook loop": lambda: textbook(*params[:3], x, dh)}
    return {"rnnref": rnnref, **others, **torch_layers.contender("LSTM", params, x, dh)}


def textbook(U, W, b, x, dh):
    """Go step by step, gate by gate: steps in a list, one += per step for each gradient."""
    (U_i, U_f, U_g, U_o), (W_i, W_f, W_g, W_o), (b_i, b_f, b_g, b_o) = (
        np.split(p, 4) for p in (U, W, b)
    )
    h = c = np.zeros((x.shape[1], W.shape[1]), x.dtype)
    steps, states = [], []
    for x_t in x:
        i = 1 / (1 + np.exp(-(x_t @ U_i.T + h @ W_i.T + b_i)))
        f = 1 / (1 + np.exp(-(x_t @ U_f.T + h @ W_f.T + b_f)))
        g = np.tanh(x_t @ U_g.T + h @ W_g.T + b_g)
        o = 1 / (1 + np.exp(-(x_t @ U_o.T + h @ W_o.T + b_o)))
        steps.append((h, c, i, f, g, o))
        c = f * c + i * g
        h = o * np.tanh(c)
        states.append((h, c))

    dU, dW, db = np.zeros_like(U), np.zeros_like(W), np.zeros_like(b)
    (dU_i, dU_f, dU_g, dU_o), (dW_i, dW_f, dW_g, dW_o), (db_i, db_f, db_g, db_o) = (
        np.split(d, 4) for d in (dU, dW, db)
    )
    dx, dh_next, dc_next = [], np.zeros_like(h), np.zeros_like(h)
    for t in reversed(range(len(x))):
        (h_prev, c_prev, i, f, g, o), c = steps[t], states[t][1]
        dh_t = dh[t] + dh_next
        dc = dh_t * o * (1 - np.tanh(c) ** 2) + dc_next
        da_i = dc * g * i * (1 - i)
        da_f = dc * c_prev * f * (1 - f)
        da_g = dc * i * (1 - g**2)
        da_o = dh_t * np.tanh(c) * o * (1 - o)
        dU_i += da_i.T @ x[t]
        dU_f += da_f.T @ x[t]
        dU_g += da_g.T @ x[t]
        dU_o += da_o.T @ x[t]
        dW_i += da_i.T @ h_prev
        dW_f += da_f.T @ h_prev
        dW_g += da_g.T @ h_prev
        dW_o += da_o.T @ h_prev
        db_i += da_i.sum(axis=0)
        db_f += da_f.sum(axis=0)
        db_g += da_g.sum(axis=0)
        db_o += da_o.sum(axis=0)
        dx.append(da_i @ U_i + da_f @ U_f + da_g @ U_g + da_o @ U_o)
        dh_next = da_i @ W_i + da_f @ W_f + da_g @ W_g + da_o @ W_o
        dc_next = dc * f
    h = np.array([h for h, _ in states])
    return h, np.array(dx[::-1]), dh_next, dc_next, dU, dW, db
