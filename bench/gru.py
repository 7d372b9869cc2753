"""The GRU in PyTorch's form and in that of D1, against PyTorch and the textbook loop."""

from functools import partial
from types import SimpleNamespace

import numpy as np

from bench import layers, torch_layers
from bench.shapes import RECURRENT, RECURRENT_AXES
from rnnref import gru_backward, gru_forward, init_gru

KEPT = "r, z, n, s, h and dx", lambda T, B, D, H: T * B * (5 * H + D)
FORMS = {
    "PyTorch's form": {"reset": "after", "update": "keep"},
    "the documents' form": {"reset": "before", "update": "write"},
}


def measure():
    """Return a table for each form; PyTorch, if it is installed, is in that of its own."""
    tables = [
        layers.measure(
            SimpleNamespace(
                __name__=__name__,
                TITLE=f"GRU in {name}, forward plus backward",
                AXES=RECURRENT_AXES,
                SHAPES=RECURRENT,
                KEPT=KEPT,
                contenders=partial(contenders, **form),
            )
        )
        for name, form in FORMS.items()
    ]
    return "\n".join([*tables, torch_layers.note(), ""])


def contenders(shape, dtype, reset, update):
    """Return the functions to compare; each returns all values and gradients."""
    T, B, D, H = shape
    rng = np.random.default_rng(0)
    params = init_gru(rng, D, H, dtype=dtype)
    x, dh = (rng.normal(size=(T, B, n)).astype(dtype) for n in (D, H))

    def rnnref():
        h, _, cache = gru_forward(params, x, reset=reset, update=update)
        dx, dh0, dparams = gru_backward(dh, cache)
        return h, dx, dh0, *dparams

    others = {"textbook loop": lambda: textbook(params, x, dh, reset, update)}
    if (reset, update) == ("after", "keep"):
        others |= torch_layers.contender("GRU", params, x, dh)
    return {"rnnref": rnnref, **others}


def textbook(params, x, dh, reset, update):
    """Go step by step, gate by gate: steps in a list, one += per step for each gradient."""
    (U_r, U_z, U_n), (W_r, W_z, W_n), (b_r, b_z, b_n) = (np.split(p, 3) for p in params[:3])
    b_hn = params.b_hn
    h, steps = np.zeros((x.shape[1], len(b_hn)), x.dtype), []
    for x_t in x:
        r = 1 / (1 + np.exp(-(x_t @ U_r.T + h @ W_r.T + b_r)))
        z = 1 / (1 + np.exp(-(x_t @ U_z.T + h @ W_z.T + b_z)))
        s = r * h if reset == "before" else h @ W_n.T + b_hn
        n = np.tanh(x_t @ U_n.T + b_n + (s @ W_n.T if reset == "before" else r * s))
        keep = 1 - z if update == "write" else z
        steps.append((h, r, z, s, n, keep))
        h = keep * h + (1 - keep) * n
    states = [step[0] for step in steps[1:]] + [h]

    U, W, b, db_hn = (np.zeros_like(p) for p in params)
    (dU_r, dU_z, dU_n), (dW_r, dW_z, dW_n), (db_r, db_z, db_n) = (np.split(p, 3) for p in (U, W, b))
    dx, dh_next = [], np.zeros_like(h)
    for t in reversed(range(len(x))):
        h, r, z, s, n, keep = steps[t]
        dh_t = dh[t] + dh_next
        da_n = dh_t * (1 - keep) * (1 - n**2)
        da_z = dh_t * ((n - h) if update == "write" else (h - n)) * z * (1 - z)
        if reset == "before":
            ds = da_n @ W_n
            da_r = ds * h * r * (1 - r)
            dh_next = ds * r
            dW_n += da_n.T @ s
        else:
            ds = da_n * r
            da_r = da_n * s * r * (1 - r)
            dh_next = ds @ W_n
            dW_n += ds.T @ h
            db_hn += ds.sum(axis=0)
        dh_next = dh_next + dh_t * keep + da_r @ W_r + da_z @ W_z
        dW_r += da_r.T @ h
        dW_z += da_z.T @ h
        dU_r += da_r.T @ x[t]
        dU_z += da_z.T @ x[t]
        dU_n += da_n.T @ x[t]
        db_r += da_r.sum(axis=0)
        db_z += da_z.sum(axis=0)
        db_n += da_n.sum(axis=0)
        dx.append(da_r @ U_r + da_z @ U_z + da_n @ U_n)
    return np.array(states), np.array(dx[::-1]), dh_next, U, W, b, db_hn
