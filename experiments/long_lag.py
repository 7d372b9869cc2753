"""Lecture 8, at full length: over which lags do an RNN, an LSTM and a GRU learn to remember?

One of four symbols is shown, then come `lag` random distractors, then the question which it was:
`copy_memory` of lecture 7. Each network has 16 units and trains for at most 1,500 updates of 16
sequences; it stops early when the mean loss of 20 updates is below 0.02. Of two learning rates
the one with more right answers counts, for each network and lag.

    python -m experiments.long_lag              all networks; results/long_lag.json
    python -m experiments.long_lag NETWORK …    some, the other results stay
"""

from functools import partial
from itertools import product

import numpy as np

from experiments.common import run_studies
from rnnref import adam_step, classifier, clip_by_global_norm, network_loss
from rnnref.course.tasks import copy_memory

SYMBOLS, DISTRACTORS, H, B = 4, 4, 16, 16
UPDATES, PATIENCE, DONE = 1500, 20, 0.02
LAGS, SEEDS, RATES = (5, 10, 20, 40, 80, 120), range(5), (0.003, 0.01)
NETWORKS = {  # cell and bias: at first it keeps a share of σ(bias) per step
    "rnn": ("rnn", None),  # W starts orthogonal
    "lstm, bias 1": ("lstm", 1.0),
    "lstm, bias 5": ("lstm", 5.0),
    "gru, bias 0": ("gru", 0.0),
    "gru, bias 5": ("gru", 5.0),
}


def start(net, rng, cell, bias):
    """Draw parameters; `bias` is that of keeping: of LSTM's forget gates, minus GRU's z."""
    embed, (layer,), *rest = net.init(rng)
    if bias is not None:
        b = layer.b.copy()
        b[H : 2 * H] = bias if cell == "lstm" else -bias
        layer = layer._replace(b=b)
    return embed, (layer,), *rest


def attempt(name, lag, seed, lr):
    """Return the share of right answers after training, and the number of updates."""
    cell, bias = NETWORKS[name]
    rng = np.random.default_rng(seed)
    net = classifier(V=SYMBOLS + DISTRACTORS + 1, H=H, K=SYMBOLS, cell=cell, dtype=np.float32)
    params, memory = start(net, rng, cell, bias), None
    f, losses = network_loss(net), []
    while len(losses) < UPDATES and not _learnt(losses):
        loss, grads = f(params, draw(rng, lag, B))
        params, memory = adam_step(params, clip_by_global_norm(grads, 1.0)[0], memory, lr=lr)
        losses.append(loss)
    ids, y = draw(np.random.default_rng(99), lag, 500)
    right = np.mean(net.forward(params, ids)[0].argmax(axis=-1) == y)
    return round(float(right), 3), len(losses)


def _learnt(losses):
    """Return whether the losses of the last updates are small."""
    return len(losses) >= PATIENCE and np.mean(losses[-PATIENCE:]) < DONE


def draw(rng, lag, B):
    """Draw a batch of the task."""
    return copy_memory(rng, lag, B, symbols=SYMBOLS, distractors=DISTRACTORS)


def study(name, pool):
    """Return, for each lag, the better rate with right answers and updates of each seed."""
    runs = {
        (lag, lr): [pool.submit(attempt, name, lag, seed, lr) for seed in SEEDS]
        for lag, lr in product(LAGS, RATES)
    }
    found = {key: [run.result() for run in seeds] for key, seeds in runs.items()}
    rows = []
    for lag in LAGS:
        rate = max(RATES, key=lambda lr, lag=lag: _merit(found[lag, lr]))
        right, updates = zip(*found[lag, rate], strict=True)
        rows.append({"lag": lag, "rate": rate, "right": right, "updates": updates})
    return rows


def _merit(runs):
    """Return what makes runs better: more right answers, then fewer updates."""
    right, updates = np.sum(runs, axis=0)
    return right, -updates


if __name__ == "__main__":
    run_studies("long_lag", {name: partial(study, name) for name in NETWORKS})
