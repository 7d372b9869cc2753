"""The CTC loss against a loop over sequences and states, and against PyTorch's."""

import math
import sys
from importlib.util import find_spec

import numpy as np

from bench import layers
from rnnref import ctc_loss

TITLE = "CTC loss, value and gradient"
AXES = "(T, B, K, letters)"
SHAPES = [
    (50, 32, 30, 10),  # words of a scene
    (200, 16, 80, 40),  # lines of text
]


def measure():
    """Return the table."""
    return layers.measure(sys.modules[__name__])


def contenders(shape, dtype):
    """Return the functions to compare; each returns the loss and its gradient."""
    T, B, K, L = shape
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(T, B, K)).astype(dtype)
    labels = rng.integers(1, K, size=(B, L)).tolist()
    found = {
        "rnnref": lambda: ctc_loss(logits, labels),
        "textbook loop": lambda: textbook(logits, labels),
    }
    if find_spec("torch"):
        found["PyTorch"] = pytorch(logits, labels)
    return found


def textbook(logits, labels):
    """Go sequence by sequence, frame by frame, state by state; the blank is 0."""
    T, B, K = logits.shape
    log_y = logits - logits.max(axis=2, keepdims=True)
    log_y -= np.log(np.exp(log_y).sum(axis=2, keepdims=True))
    dlogits, loss = np.exp(log_y), 0.0
    for b, label in enumerate(labels):
        ext = [0] + [k for letter in label for k in (letter, 0)]
        S, scores = len(ext), log_y[:, b].tolist()
        before = [
            [s - d for d in (0, 1, 2) if s >= d and (d < 2 or ext[s] not in (0, ext[s - 2]))]
            for s in range(S)
        ]
        after = [[n for n in range(s, min(s + 3, S)) if s in before[n]] for s in range(S)]
        alpha = [[scores[0][ext[s]] if s < 2 else -np.inf for s in range(S)]]
        for t in range(1, T):
            old = alpha[-1]
            alpha.append(
                [scores[t][ext[s]] + log_add([old[r] for r in before[s]]) for s in range(S)]
            )
        log_p = log_add(alpha[-1][-2:])
        beta = [0.0 if s >= S - 2 else -np.inf for s in range(S)]
        for t in reversed(range(T)):
            if t < T - 1:
                arrived = [scores[t + 1][ext[s]] + beta[s] for s in range(S)]
                beta = [log_add([arrived[r] for r in after[s]]) for s in range(S)]
            for s in range(S):
                dlogits[t, b, ext[s]] -= math.exp(alpha[t][s] + beta[s] - log_p)
        loss -= log_p / B
    return loss, dlogits / B


def log_add(logs):
    """Return the logarithm of a sum from the logarithms of its terms."""
    peak = max(logs)
    return peak if peak == -np.inf else peak + math.log(sum(math.exp(log - peak) for log in logs))


def pytorch(logits, labels):
    """Return a function that does the same in PyTorch, on a copy of the scores."""
    import torch

    T, B, K = logits.shape
    scores = torch.tensor(logits, requires_grad=True)
    targets = torch.tensor(labels)
    sizes = [torch.full((B,), n) for n in (T, targets.shape[1])]

    def run():
        scores.grad = None
        log_y = scores.log_softmax(dim=2)
        loss = torch.nn.functional.ctc_loss(log_y, targets, *sizes, reduction="sum") / B
        loss.backward()
        return loss.item(), scores.grad.numpy()

    return run
