"""Recurrent neural networks in NumPy, each forward pass beside its backward pass.

The public names are loaded on first use, so that ``rnnref.course``, the part that students'
notebooks import, can be imported without the answers.
"""

from importlib import import_module

__version__ = "0.1.0"

_NAMES = {
    "rnnref.analysis.gradient_check": ("GradientComparison", "check_entries", "check_gradient"),
    "rnnref.nets.dense": ("DenseParams", "dense_backward", "dense_forward", "init_dense"),
    "rnnref.nets.embedding": ("one_hot",),
    "rnnref.nets.rnn": ("RNNParams", "init_rnn", "rnn_backward", "rnn_forward"),
    "rnnref.nets.sequences": (
        "last_valid",
        "lengths_to_mask",
        "pad_sequences",
        "reverse_within_lengths",
    ),
    "rnnref.shapes": ("ShapeError",),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__():
    return sorted({*globals(), *__all__})
