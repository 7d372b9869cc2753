"""Lecture 2, at full length: models with a memory and without, and what shared weights buy.

The first four studies: five models predict the next value of a series. In `hidden regime` a value
is 0.7 or −0.7 times the last one plus noise, and the sign seldom changes; in `one regime` it never
does; in `behind noise` a slow autoregression is seen through noise; in `hidden level` the series
is a level, one of two, in noise. Each model has the same 200 training sequences of 150 values and
chooses its size by its error on 100 further ones. Results are mean squared errors on 500
sequences, from step 41 on, by the task's noise variance: of the best predictor there is, and of
each model and seed. The first task has five seeds, the others three, and fewer sizes to choose of.

`little data`: the four designs of the lecture say which of two streams has the larger sum so far,
over 10 steps; a tenth of the training targets is wrong, those of the test are right. Results are
shares of wrong answers in training and test after 600 updates, for each size and seed, and the
test's during training.

`longer`: shared weights trained on short sequences and run over longer ones: shares of wrong
answers for the sums; for the hidden regime, squared errors by those of the best predictor.

    python -m experiments.memory_models             all; results/memory_models.json
    python -m experiments.memory_models STUDY …     some, the other results stay
"""

from functools import partial
from itertools import product

import numpy as np

from experiments.common import run_studies
from rnnref import (
    Layer,
    LDSParams,
    ar_predict,
    binary_cross_entropy,
    dense_backward,
    dense_forward,
    dense_layer,
    fit,
    fit_autoregression,
    fit_hmm,
    fit_lds,
    hmm_predict,
    init_dense,
    init_rnn,
    kalman_filter,
    mse,
    network_loss,
    rnn_backward,
    rnn_forward,
    rnn_layer,
    sample_lds,
    stack,
    window_layer,
)
from rnnref.course.tasks import larger_sum, one_step_ahead, switching_autoregression

SEEDS = range(5)

# --- models -------------------------------------------------------------------------------------

T, SKIP, TRAIN, VALID, TEST = 150, 40, 200, 100, 500
FACTOR, STAY, NOISE = 0.7, 0.995, 0.1  # of `hidden regime`
SIZES = {
    "autoregression": (1, 2, 4, 8, 16, 32),  # taps
    "window network": (4, 8, 16, 32),  # window, of 32 units
    "linear dynamical system": (1, 2, 4),  # hidden numbers
    "hidden Markov model": (8, 16, 32),  # states
    "RNN": (8, 16),  # units
}
FEWER = SIZES | {"window network": (8, 32), "hidden Markov model": (2, 16), "RNN": (16,)}
SYMBOLS, ITERATIONS, UPDATES = 12, 150, 1000


def hidden_regime(rng, T, B):
    """Return series, and the best predictions from the past alone."""
    x, _ = switching_autoregression(
        rng, T, B, regimes=((FACTOR,), (-FACTOR,)), stay=STAY, noise=NOISE
    )
    past = np.concatenate([np.zeros((1, B, 1)), x[:-1]])
    means = past * np.array([FACTOR, -FACTOR])  # (T, B, 2), of each regime
    prior = _predicted_states(x, means, NOISE, STAY)
    return x, np.sum(prior * means, axis=-1, keepdims=True)


def one_regime(rng, T, B):
    """Return series of a plain autoregression, and the best predictions."""
    x, _ = switching_autoregression(rng, T, B, regimes=((FACTOR,),), noise=NOISE)
    return x, FACTOR * np.concatenate([np.zeros((1, B, 1)), x[:-1]])


def behind_noise(rng, T, B):
    """Return a slow autoregression seen through noise, and the Kalman filter's predictions."""
    one = np.ones((1, 1))
    truth = LDSParams(
        A=0.97 * one,
        C=one,
        Q=0.04 * NOISE**2 * one,
        R=NOISE**2 * one,
        mu0=np.zeros(1),
        P0=0.04 * NOISE**2 / (1 - 0.97**2) * one,
    )
    x, _ = sample_lds(truth, rng, T, B)
    return x, kalman_filter(truth, x).predictions


def hidden_level(rng, T, B):
    """Return a level of ±NOISE that seldom changes, in noise, and the forward algorithm's."""
    stay = 0.97
    jumps = np.where(rng.random((T, B)) < stay, 1, -1)
    jumps[0] = rng.choice([-1, 1], B)
    x = NOISE * (np.cumprod(jumps, axis=0) + rng.normal(size=(T, B)))[..., None]
    means = np.broadcast_to(NOISE * np.array([1.0, -1.0]), (T, B, 2))
    prior = _predicted_states(x, means, NOISE, stay)
    return x, np.sum(prior * means, axis=-1, keepdims=True)


def _predicted_states(x, means, noise, stay):
    """Return P(s_t | x_1 … x_{t−1}) of two states with normal emissions of given means."""
    A = np.array([[stay, 1 - stay], [1 - stay, stay]])
    likely = np.exp(-((x - means) ** 2) / (2 * noise**2))
    prior = np.full_like(likely, 0.5)
    for t in range(1, len(x)):
        alpha = prior[t - 1] * likely[t - 1]
        prior[t] = alpha / alpha.sum(axis=-1, keepdims=True) @ A
    return prior


TASKS = {
    "hidden regime": hidden_regime,
    "one regime": one_regime,
    "behind noise": behind_noise,
    "hidden level": hidden_level,
}


def error(predictions, x):
    """Return the mean squared error from step SKIP + 1 on, by the variance of the noise."""
    return float(np.mean((predictions - x)[SKIP:] ** 2) / NOISE**2)


def fit_model(name, size, train, valid, rng):
    """Return a function from series to predictions of each value from those before it."""
    if name == "autoregression":
        return partial(ar_predict, fit_autoregression(train, size))
    if name == "linear dynamical system":
        params, _ = fit_lds(train, size, rng, ITERATIONS)
        return lambda x: kalman_filter(params, x).predictions
    if name == "hidden Markov model":
        return _fit_symbols(train, size, rng)
    if name == "window network":
        net = window_layer(1, 32, 1, size)
    else:
        net = stack(rnn_layer(1, size), dense_layer(size, 1))
    return _train(net, train, valid, rng)


def _fit_symbols(train, states, rng):
    """Fit a hidden Markov model to values in SYMBOLS classes of equal frequency."""
    edges = np.quantile(train, np.arange(1, SYMBOLS) / SYMBOLS)

    def symbols(x):
        return np.searchsorted(edges, x[..., 0])

    values = [train[..., 0][symbols(train) == v].mean() for v in range(SYMBOLS)]
    params, _ = fit_hmm(symbols(train), states, SYMBOLS, rng, ITERATIONS, pseudo_count=0.01)
    return lambda x: (hmm_predict(params, symbols(x)) @ values)[..., None]


def _train(net, train, valid, rng):
    """Train a network; the parameters with the lowest validation error count."""
    scale = 1 / train.std()
    x, y = one_step_ahead(train * scale)

    def batches():
        while True:
            few = rng.choice(x.shape[1], 40, replace=False)
            yield x[:, few], y[:, few]

    def predict(params, x):
        outputs, _, _ = net.forward(params, x[:-1] * scale)
        return np.concatenate([np.zeros_like(x[:1]), outputs / scale])

    run = fit(
        network_loss(net, mse), net.init(rng), batches(), updates=UPDATES, lr=0.01, clip=1.0,
        validate=lambda params: error(predict(params, valid), valid), every=50, progress=False,
    )  # fmt: skip
    return partial(predict, run.params)


def compare(task, name, sizes, seed):
    """Return the size that was best in validation, its error in the test, and those of all."""
    train, valid, test = (
        TASKS[task](np.random.default_rng([seed, part]), T, B)[0]
        for part, B in enumerate((TRAIN, VALID, TEST))
    )
    fitted = {}
    for size in sizes:
        predict = fit_model(name, size, train, valid, np.random.default_rng([seed, size]))
        fitted[size] = error(predict(valid), valid), error(predict(test), test)
    size = min(fitted, key=lambda size: fitted[size][0])
    return size, round(fitted[size][1], 4), {s: round(e, 4) for s, (_, e) in fitted.items()}


def study_models(task, pool):
    """Return the best predictor's errors, and each model's sizes and errors, for all seeds."""
    sizes, seeds = (SIZES, SEEDS) if task == "hidden regime" else (FEWER, SEEDS[:3])
    runs = {
        name: [pool.submit(compare, task, name, sizes[name], seed) for seed in seeds]
        for name in sizes
    }
    results = {"best": []}
    for seed in seeds:
        x, predictions = TASKS[task](np.random.default_rng([seed, 2]), T, TEST)
        results["best"].append(round(error(predictions, x), 4))
    for name, running in runs.items():
        best, errors, each = zip(*(run.result() for run in running), strict=True)
        by_size = {size: [found[size] for found in each] for size in sizes[name]}
        results[name] = {"sizes": best, "errors": errors, "by size": by_size}
    return results


# --- designs ------------------------------------------------------------------------------------

STEPS, UNITS, WRONG, LESSONS = 10, 16, 0.1, 600
NUMBERS = (30, 100, 300, 1000)  # of training sequences
DESIGNS = ("mlp per step", "window per step", "state per step", "shared")


def design(name, n, d, k, T):
    """Return one of the four designs as a layer; all but "shared" end after T steps."""
    chained = name in ("state per step", "shared")
    widths = [n * (t + 1 if name == "window per step" else 1) for t in range(T)]

    def init(rng):
        made = [(init_rnn(rng, width, d), init_dense(rng, d, k)) for width in widths]
        return tuple(made[:1] if name == "shared" else made)

    def forward(params, x, state0=None, *, mask=None, rng=None):
        h, outputs, caches = state0, [], []
        for t in range(len(x)):
            hidden, output = params[0 if name == "shared" else t]
            seen = np.concatenate(x[: t + 1], axis=-1) if name == "window per step" else x[t]
            state, last, first = rnn_forward(hidden, seen[None], h if chained else None)
            o, second = dense_forward(output, state)
            h = last
            outputs.append(o)
            caches.append((first, second))
        return np.concatenate(outputs), h, (params, caches)

    def backward(dy, cache, dstate=None):
        params, caches = cache
        grads, dh = [None] * len(params), None
        for t in reversed(range(len(dy))):
            place = 0 if name == "shared" else t
            dstates, doutput = dense_backward(dy[t : t + 1], caches[t][1])
            _, dh0, dhidden = rnn_backward(dstates, caches[t][0], dh)
            dh = dh0 if chained else None
            grads[place] = _add(grads[place], (dhidden, doutput))
        return None, dh, tuple(grads)

    return Layer(init, forward, backward, n, k)


def _add(sums, grads):
    """Return the sums of gradients of a pair of parameter tuples."""
    if sums is None:
        return grads
    pairs = zip(sums, grads, strict=True)
    return tuple(type(a)(*(p + q for p, q in zip(a, b, strict=True))) for a, b in pairs)


def try_design(name, number, seed):
    """Return shares of wrong answers in training and test, and the test's every 20 updates."""
    rng = np.random.default_rng([seed, number])
    x, y = larger_sum(rng, STEPS, number)
    noisy = np.where(rng.random(y.shape) < WRONG, 1 - y, y)
    test = larger_sum(np.random.default_rng(99), STEPS, 2000)
    net = design(name, 2, UNITS, 1, STEPS)

    def batches():
        while True:
            few = rng.choice(number, 30, replace=False)
            yield x[:, few], noisy[:, few]

    def wrong(params, x, y):
        return round(float(np.mean((net.forward(params, x)[0] > 0) != (y > 0))), 4)

    run = fit(
        network_loss(net, binary_cross_entropy), net.init(rng), batches(), updates=LESSONS, lr=0.01,
        clip=1.0, validate=lambda params: wrong(params, *test), every=20, progress=False,
    )  # fmt: skip
    return wrong(run.last, x, noisy), wrong(run.last, *test), list(run.history.validation_losses)


def study_little_data(pool):
    """Return, for each design and number of sequences, the results of all seeds."""
    runs = {
        (name, number): [pool.submit(try_design, name, number, seed) for seed in SEEDS]
        for name, number in product(DESIGNS, NUMBERS)
    }
    results = {name: [] for name in DESIGNS}
    for (name, number), seeds in runs.items():
        train, test, during = zip(*(run.result() for run in seeds), strict=True)
        row = {"sequences": number, "training": train, "test": test}
        if number == 300:
            row["during"] = during
        results[name].append(row)
    return results


# --- longer sequences ---------------------------------------------------------------------------

FAR = 1000
PLACES = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)


def run_longer(task, trained, seed):
    """Return what a network trained on `trained` steps does at each of PLACES."""
    rng = np.random.default_rng([seed, trained])
    updates = 1500
    if task == "larger sum":
        net = stack(rnn_layer(2, UNITS), dense_layer(UNITS, 1))
        batches = iter(lambda: larger_sum(rng, trained, 30), None)
        f = network_loss(net, binary_cross_entropy)
        run = fit(f, net.init(rng), batches, updates=updates, lr=0.01, clip=1.0, progress=False)
        x, y = larger_sum(np.random.default_rng(99), FAR, 2000)
        at = np.mean((net.forward(run.last, x)[0] > 0) != (y > 0), axis=(1, 2))
        return [round(float(at[t - 1]), 4) for t in PLACES]
    scale = 1 / 0.14

    def draw():
        x, _ = hidden_regime(rng, trained + 1, 3000 // trained)
        return one_step_ahead(x * scale)

    if task == "hidden regime, RNN":
        net = stack(rnn_layer(1, UNITS), dense_layer(UNITS, 1))
    else:
        net = window_layer(1, 32, 1, 8)
    f = network_loss(net, mse)
    run = fit(
        f, net.init(rng), iter(draw, None), updates=updates, lr=0.01, clip=1.0, progress=False
    )
    x, best = hidden_regime(np.random.default_rng(99), FAR + 2, 2000)
    inputs, targets = one_step_ahead(x)
    predictions = net.forward(run.last, inputs * scale)[0] / scale
    e, b = (
        np.mean((predictions - targets) ** 2, axis=(1, 2)),
        np.mean((best[1:] - targets) ** 2, axis=(1, 2)),
    )
    rows = []
    for t in PLACES:  # the mean over some steps about t
        few = slice(max(t - 1 - t // 10, 0), t + t // 10)
        rows.append(round(float(e[few].mean() / b[few].mean()), 4))
    return rows


def study_longer(pool):
    """Return, for each task and training length, the results of all seeds at PLACES."""
    asked = [("larger sum", 10), ("larger sum", 40)]
    asked += [(f"hidden regime, {name}", 20) for name in ("RNN", "window")]
    runs = {key: [pool.submit(run_longer, *key, seed) for seed in SEEDS] for key in asked}
    rows = [
        {"task": task, "trained": trained, "results": [run.result() for run in seeds]}
        for (task, trained), seeds in runs.items()
    ]
    return {"steps": PLACES, "rows": rows}


STUDIES = {task: partial(study_models, task) for task in TASKS}
STUDIES |= {"little data": study_little_data, "longer": study_longer}


if __name__ == "__main__":
    run_studies("memory_models", STUDIES)
