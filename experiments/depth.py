"""Lecture 9, at full length: how many layers?

One to four layers of tanh units, on two tasks. In `text` a network predicts the next character of
the course's default text, and the result is the loss on a tenth of it that was not trained on, in
nats per character. In `parity` it says after every bit whether the number of ones so far is odd,
over 25 bits, and the result is the share of right answers. The networks have either the same
number of parameters, so that deeper ones are narrower, or layers of the same size, so that deeper
ones have more parameters. Of two learning rates the one with the better mean over the seeds
counts, for each depth.

    python -m experiments.depth             all; results/depth.json
    python -m experiments.depth STUDY …     some, the other results stay
"""

from functools import cache, partial
from itertools import product

import numpy as np

from experiments.common import run_studies
from rnnref import (
    binary_cross_entropy,
    dense_layer,
    fit,
    mean_loss,
    network_loss,
    one_hot_layer,
    recurrent_body,
    stack,
)
from rnnref.course.tasks import Vocabulary, character_batches, load_text, parity, split_end

DEPTHS, RATES = (1, 2, 3, 4), (0.003, 0.01)
TASKS = {  # steps, sequences, updates, seeds, number of parameters, units of each layer
    "text": (50, 32, 1000, 3, 25_000, 64),
    "parity": (25, 32, 600, 5, 1000, 16),
}


def parameters(D, H, K, layers):
    """Return how many numbers a network has."""
    return H * (D + H + 1) + (layers - 1) * H * (2 * H + 1) + K * (H + 1)


def width(D, K, layers, budget):
    """Return the largest number of units per layer for a number of parameters."""
    H = 1
    while parameters(D, H + 1, K, layers) <= budget:
        H += 1
    return H


@cache
def _text():
    """Return the size of the vocabulary and the ids to train and to judge on."""
    text = load_text()
    vocabulary = Vocabulary(sorted(set(text)))
    return len(vocabulary), *split_end(np.array(vocabulary.encode(text)))


def attempt(task, layers, H, seed, lr):
    """Return the loss in `text`, or the share of right answers in `parity`, after training."""
    T, B, updates, *_ = TASKS[task]
    rng, options = np.random.default_rng(seed), {"dtype": np.float32}
    if task == "text":
        V, train, held_out = _text()
        lowest, D, K, loss = [one_hot_layer(V, **options)], V, V, {}
        batches, carry = list(zip(*character_batches(train, B, T), strict=True)), True
    else:
        lowest, D, K, loss = [], 1, 1, {"loss": binary_cross_entropy}
        batches, carry = iter(lambda: _bits(rng, T, B), None), False
    body = recurrent_body(D, H, cell="rnn", layers=layers, **options)
    net = stack(*lowest, body, dense_layer(H, K, **options))
    f = network_loss(net, carry=carry, **loss)
    params = net.init(rng)
    run = fit(f, params, batches, updates=updates, lr=lr, clip=1.0, progress=False)
    if task == "text":
        judge = zip(*character_batches(held_out, B, T), strict=True)
        return mean_loss(net, run.last, judge, carry=True)
    x, y = _bits(np.random.default_rng(99), T, 1000)
    return float(np.mean((net.forward(run.last, x)[0] > 0) == (y > 0)))


def _bits(rng, T, B):
    """Draw a batch of `parity` in single precision."""
    return tuple(part.astype(np.float32) for part in parity(rng, T, B))


def study(task, equal, pool):
    """Return, for each depth, the better rate with the result of each seed."""
    _, _, _, seeds, budget, units = TASKS[task]
    D, K = (1, 1) if task == "parity" else (_text()[0],) * 2
    sizes = {
        layers: width(D, K, layers, budget) if equal == "parameters" else units for layers in DEPTHS
    }
    runs = {
        (layers, lr): [
            pool.submit(attempt, task, layers, sizes[layers], seed, lr) for seed in range(seeds)
        ]
        for layers, lr in product(DEPTHS, RATES)
    }
    found = {key: [round(run.result(), 4) for run in tried] for key, tried in runs.items()}
    sign, rows = -1 if task == "text" else 1, []
    for layers in DEPTHS:
        rate = max(RATES, key=lambda lr, layers=layers: sign * np.mean(found[layers, lr]))
        H = sizes[layers]
        row = {"layers": layers, "units": H, "parameters": parameters(D, H, K, layers)}
        rows.append(row | {"rate": rate, "results": found[layers, rate]})
    return rows


STUDIES = {
    f"{task}, equal {equal}": partial(study, task, equal)
    for task, equal in product(TASKS, ("parameters", "sizes"))
}

if __name__ == "__main__":
    run_studies("depth", STUDIES)
