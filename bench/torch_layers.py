"""PyTorch's recurrent layers with our weights, forwards and backwards, as contenders."""

import os

try:
    import torch
except ImportError:  # the optional extra `oracle`
    torch = None
else:
    torch.set_num_threads(os.cpu_count())


def contender(kind, params, x, dh, **options):
    """Return {"PyTorch": a function without arguments}; {} without PyTorch.

    Parameters
    ----------
    kind : {"RNN", "LSTM", "GRU"}
        The class in torch.nn; its first states are zero.
    params : tuple
        U, W, b and, for the GRU, b_hn; they decide on the dtype. Other fields must be None.
    x, dh : ndarray, shapes (T, B, D) and (T, B, H)
        Inputs, and ∂L/∂h_t from each step's own loss.
    **options
        Of the class.

    Returns
    -------
    dict
        The function does all work anew and returns arrays in our layout: h, dx, dh0, for the LSTM
        dc0, dU, dW, db and, for the GRU, db_hn.
    """
    if torch is None:
        return {}
    layer = _layer(kind, *(p for p in params if p is not None), **options)
    x, dh = torch.tensor(x, requires_grad=True), torch.tensor(dh)
    H = layer.hidden_size
    states = [torch.zeros(1, x.shape[1], H, dtype=x.dtype, requires_grad=True)]
    if kind == "LSTM":
        states.append(torch.zeros_like(states[0], requires_grad=True))

    def run():
        h, _ = layer(x, tuple(states) if kind == "LSTM" else states[0])
        sources = [x, *states, *layer.parameters()]
        *grads, db, db_hh = (g.numpy() for g in torch.autograd.grad(h, sources, dh))
        dx, *dstates, dU, dW = grads
        dstates = [d[0] for d in dstates]
        extra = [db_hh[2 * H :]] if kind == "GRU" else []
        return h.detach().numpy(), dx, *dstates, dU, dW, db, *extra

    return {"PyTorch": run}


def note():
    """Return a sentence on PyTorch's version and threads, or that it is missing."""
    if torch is None:
        return "PyTorch, the optional extra `oracle`, is not installed: not compared."
    return f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads."


def _layer(kind, U, W, b, b_hn=None, **options):
    """Return the layer in training mode: b is its b_ih, its b_hh is zero but for b_hn."""
    layer = getattr(torch.nn, kind)(U.shape[1], W.shape[1], **options)
    b_hh = torch.zeros(len(b))
    if b_hn is not None:
        b_hh[-len(b_hn) :] = torch.tensor(b_hn)
    values = [torch.tensor(p) for p in (U, W, b)] + [b_hh]
    layer.to(values[0].dtype)
    with torch.no_grad():
        for p, value in zip(layer.parameters(), values, strict=True):
            p.copy_(value)
    return layer
