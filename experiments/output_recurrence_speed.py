"""Lecture 10: the time of one training step against T, in one product over time and in a loop.

Forward and backward pass, 4 inputs, 64 hidden units, 4 outputs, on one core. The four ways take
turns, so that ratios are of the same moment, and it is processor time that counts, so that other
programs do not; of many turns the median. Times are a machine's own, ratios are the point.

    OPENBLAS_NUM_THREADS=1 python -m experiments.output_recurrence_speed
                                                results/output_recurrence_speed.json
"""

import time

import numpy as np

from experiments.common import store
from rnnref import (
    OutputRNNParams,
    dense_layer,
    init_output_rnn,
    output_rnn_backward,
    output_rnn_forward,
    rnn_layer,
    stack,
)

D, H, K = 4, 64, 4
LENGTHS, BATCHES, SECONDS = (10, 30, 100, 300, 1000, 3000), (1, 32), 4.0
NETWORK = stack(rnn_layer(D, H), dense_layer(H, K))


def in_one_product(params, x, y):
    """Teacher forced, all steps at once."""
    outputs, _, cache = output_rnn_forward(params, x, targets=y)
    return output_rnn_backward(outputs - y, cache)[2]  # L = ½ Σ (y − target)²


def step_by_step(params, x, y):
    """Teacher forced, one step after the other, with the same sums."""
    U, R, V, b, c = params
    last, total = np.zeros_like(y[0]), [np.zeros_like(p) for p in params]
    for x_t, y_t in zip(x, y, strict=True):
        h = np.tanh(x_t @ U.T + last @ R.T + b)
        dy = h @ V.T + c - y_t
        dz = dy @ V * (1 - h**2)
        step = dz.T @ x_t, dz.T @ last, dy.T @ h, dz.sum(axis=0), dy.sum(axis=0)
        for d, more in zip(total, step, strict=True):
            d += more
        last = y_t
    return OutputRNNParams(*total)


def free_running(params, x, y):
    """Outputs fed back: a loop, whether one wants it or not."""
    outputs, _, cache = output_rnn_forward(params, x)
    return output_rnn_backward(outputs - y, cache)[2]


def hidden_recurrence(params, x, y):
    """The network of lecture 3, with the same sizes."""
    outputs, _, cache = NETWORK.forward(params, x)
    return NETWORK.backward(outputs - y, cache)[2]


WAYS = {
    "forced, one product": in_one_product,
    "forced, step by step": step_by_step,
    "free-running": free_running,
    "hidden recurrence": hidden_recurrence,
}


def measure(T, B):
    """Return the median seconds of each way."""
    rng = np.random.default_rng(0)
    params, layers = init_output_rnn(rng, D, H, K), NETWORK.init(rng)
    x, y = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, K))
    times, end = {way: [] for way in WAYS}, time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times["hidden recurrence"]) < 5:
        for way, run in WAYS.items():
            began = time.process_time()
            run(layers if way == "hidden recurrence" else params, x, y)
            times[way].append(time.process_time() - began)
    return {way: float(f"{np.median(seconds):.3g}") for way, seconds in times.items()}


def main():
    """Run, and write the results."""
    rows = [{"T": T, "B": B} | measure(T, B) for B in BATCHES for T in LENGTHS]
    store("output_recurrence_speed", rows)


if __name__ == "__main__":
    main()
