"""Lecture 10, at full length: what output recurrence can hold, and how it runs on by itself.

`pulses`: pulses of ±1 arrive, and at the last step comes the question which was the last one. The
target is the last pulse at every step ("shown") or only at the question and 0 before ("asked").
16 hidden units, 4,000 updates of 64 sequences, sequences of 12 steps.

`continue`: a noisy sine wave is continued in pairs of values, by networks of 32 units that were
trained on its first 3,000 values: forced, free, mixed by a coin, or forced first and then free;
the first two also on a sine wave without noise. 1,500 updates of 32 pieces of 20 steps.

    python -m experiments.output_recurrence               both; results/output_recurrence.json
    python -m experiments.output_recurrence pulses        one of them, the other's results stay
"""

from functools import partial
from itertools import product

import numpy as np

from experiments.common import run_studies
from rnnref import (
    dense_layer,
    fit,
    init_output_rnn,
    mse,
    output_rnn_backward,
    output_rnn_forward,
    rnn_layer,
    stack,
)
from rnnref.course.tasks import noisy_sines

SEEDS = range(8)
STEPS, UNITS, UPDATES = 12, 16, 4000
NETWORKS = {  # trained how, and outputs, of which one has targets
    "hidden recurrence": ("hidden", 1),
    "output recurrence, forced": ("forced", 1),
    "output recurrence, free": ("free", 1),
    "output recurrence, free, one output more": ("free", 2),
}
WIDTH, TRAINING, HORIZON = 2, 3000, 60
WAYS = (  # to train, and the noise of the series
    ("forced", 0.3),
    ("free", 0.3),
    ("mixed", 0.3),
    ("forced, then free", 0.3),
    ("forced", 0.0),
    ("free", 0.0),
)


def pulses(rng, T, B, *, shown):
    """Draw pulses and questions (T, B, 2), and targets (T, B, 1)."""
    x = np.zeros((T, B, 2))
    sign = rng.choice([-1.0, 1.0], (T, B))
    arrives = rng.random((T, B)) < 0.2
    arrives[0], arrives[-1] = True, False
    x[..., 0], x[-1, :, 1] = sign * arrives, 1
    latest = np.maximum.accumulate(np.where(arrives, np.arange(T)[:, None], 0))
    y = np.take_along_axis(sign, latest, axis=0)[..., None]
    if not shown:
        y[:-1] = 0
    return x, y


def hold(name, shown, seed):
    """Return the share of right answers to the question, the loss, and what is shown before."""
    trained, K = NETWORKS[name]
    rng = np.random.default_rng(seed)
    batches = iter(lambda: pulses(rng, STEPS, 64, shown=shown), None)
    x, y = pulses(np.random.default_rng(99), STEPS, 2000, shown=shown)
    how = {"updates": UPDATES, "lr": 0.01, "clip": 1.0, "progress": False}
    if trained == "hidden":
        net = stack(rnn_layer(2, UNITS), dense_layer(UNITS, K))
        outputs, _, _ = net.forward(
            fit(partial(_layers, net), net.init(rng), batches, **how).last, x
        )
    else:
        start = init_output_rnn(rng, 2, UNITS, K)
        params = fit(partial(_outputs, trained), start, batches, **how).last
        outputs, _, _ = output_rnn_forward(params, x)
    outputs = outputs[..., :1]
    right = np.mean(np.sign(outputs[-1]) == y[-1])
    before = np.abs(np.mean(outputs[-2] * np.sign(y[-1])))
    return tuple(round(float(v), 5) for v in (right, np.mean((outputs - y) ** 2), before))


def _layers(net, params, batch):
    x, y = batch
    outputs, _, cache = net.forward(params, x)
    loss, dy = mse(outputs, y, reduction="mean")
    return loss, net.backward(dy, cache)[2]


def _outputs(trained, params, batch):
    x, y = batch
    outputs, _, cache = output_rnn_forward(params, x, targets=y if trained == "forced" else None)
    loss, dy = mse(outputs[..., :1].copy(), y, reduction="mean")
    dy = np.concatenate([dy, np.zeros_like(outputs[..., 1:])], axis=-1)  # further outputs are free
    return loss, output_rnn_backward(dy, cache)[2]


def cut(series, starts, T):
    """Cut a series into pairs of values: y_0 (B, 2) and targets (T, B, 2), one for each start."""
    values = series[starts + np.arange((T + 1) * WIDTH)[:, None], 0, 0]
    pairs = values.reshape(T + 1, WIDTH, -1).transpose(0, 2, 1)
    return pairs[0], pairs[1:]


def mix(rng, params, x, y_0, y, share):
    """Return what is fed after each step: the target with probability `share`, else the output."""
    fed, last = np.empty_like(y), y_0
    for t in range(len(y)):
        own, _, _ = output_rnn_forward(params, x[t : t + 1], last)
        last = fed[t] = np.where(rng.random((len(y_0), 1)) < share, y[t], own[0])
    return fed


def run_on(way, noise, seed, updates=1500, T=20):
    """Return the error of each step, free-running; its mean when forced, and of always saying 0."""
    rng = np.random.default_rng(seed)
    series = noisy_sines(rng, 6000, 1, waves=1, noise=noise)
    params, done = init_output_rnn(rng, 1, 32, WIDTH), 0

    def loss_and_grads(params, batch):
        nonlocal done
        (y_0, y), share = batch, 1 - done / (0.7 * updates)
        done += 1
        x = np.zeros((T, len(y_0), 1))
        fed = y if way.startswith("forced") else None
        if way == "mixed":
            fed = mix(rng, params, x, y_0, y, share)
        elif way.endswith("then free") and done > updates / 2:
            fed = None
        outputs, _, cache = output_rnn_forward(params, x, y_0, targets=fed)
        loss, dy = mse(outputs, y, reduction="mean")
        return loss, output_rnn_backward(dy, cache)[2]

    last = TRAINING - (T + 1) * WIDTH
    batches = iter(lambda: cut(series, rng.integers(0, last, 32), T), None)
    how = {"updates": updates, "lr": 0.005, "clip": 1.0, "progress": False}
    params = fit(loss_and_grads, params, batches, **how).last

    starts = np.random.default_rng(99).integers(TRAINING, 6000 - (HORIZON + 1) * WIDTH, 500)
    y_0, y = cut(series, starts, HORIZON)
    x = np.zeros((HORIZON, len(starts), 1))
    free, told = (output_rnn_forward(params, x, y_0, targets=fed)[0] - y for fed in (None, y))
    return {
        "free": (free**2).mean(axis=(1, 2)).round(4).tolist(),
        "forced": round(float(np.mean(told**2)), 4),
        "nothing": round(float(np.mean(y**2)), 4),
    }


def study_pulses(pool):
    """Return right answers, losses and what is shown before, of each seed."""
    runs = {
        (kind, name): [pool.submit(hold, name, kind == "shown", seed) for seed in SEEDS]
        for kind, name in product(("shown", "asked"), NETWORKS)
    }
    rows = []
    for (kind, name), seeds in runs.items():
        right, loss, before = zip(*(run.result() for run in seeds), strict=True)
        rows.append({"task": kind, "network": name, "right": right, "loss": loss, "before": before})
    return rows


def study_continue(pool):
    """Return the errors over time of each way to train, a row for each seed."""
    runs = {way: [pool.submit(run_on, *way, seed) for seed in SEEDS] for way in WAYS}
    rows = []
    for (way, noise), seeds in runs.items():
        found = [run.result() for run in seeds]
        errors = {mode: [errors[mode] for errors in found] for mode in found[0]}
        rows.append({"trained": way, "noise": noise} | errors)
    return rows


if __name__ == "__main__":
    run_studies("output_recurrence", {"pulses": study_pulses, "continue": study_continue})
