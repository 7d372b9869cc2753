"""The character model: how soon it is as good as the textbook loop after 100,000 steps.

The loop reads one sequence of 25 characters at a time and learns by Adagrad, as the documents'
demo does. Ours has the same network, 100 tanh units that read one-hot characters, over sequences
of 25; minibatch, optimiser and schedule are free. Both are judged by the mean loss over the same
held-out text, which each reads on into from the end of the training text (the loop's network is
lost for long where it starts from a state of 0, as it never did but once). Only the time of
learning counts.
"""

import time
from pathlib import Path

import numpy as np

from bench.report import machine, table
from rnnref import (
    DenseParams,
    RNNParams,
    adam_step,
    char_lm,
    clip_by_global_norm,
    network_loss,
    softmax_cross_entropy,
)
from rnnref.course.tasks import Vocabulary, character_batches, load_text, split_end

H, T = 100, 25
LOOP_STEPS = 100_000
LR, CLIP = 0.1, 5.0  # the loop's
B, UPDATES, WARM_UP, LOOK = 32, 4000, 50, 50
OUR_LR, OUR_CLIP = 0.008, 1.0
HELD_OUT = 50_000  # characters at most
READ_IN = 1000  # characters that are read before


def measure(text=None):
    """Return the table for the default text and, if a path is given, for that file."""
    texts = {"pydoc_data.topics": load_text()}
    if text is not None:
        texts[Path(text).name] = load_text(text)
    body = [_row(name, content) for name, content in texts.items()]
    head = ["text", "characters", "symbols", "loop, nats", "loop, s", "rnnref, s", "updates"]
    return "\n".join(
        [
            "# The character model until the textbook loop's held-out loss",
            "",
            *table([*head, "loop / rnnref"], body),
            "",
            f"The loop: one sequence of {T}, Adagrad {LR}, {LOOP_STEPS:,} steps, float64.",
            f"rnnref: minibatch {B}, Adam, its rate falling from {OUR_LR} over {UPDATES} updates,",
            "float32. Time is that of learning alone.",
            "Made by `python -m bench character_model`" + (" with `--text`." if text else "."),
            machine(),
            "",
        ]
    )


def _row(name, text):
    vocabulary = Vocabulary.of(text)
    ids = vocabulary.encode(text)
    train, held_out = split_end(ids)
    V = len(vocabulary)
    net = char_lm(V, H)
    params, h, loop = textbook(train, V, LOOP_STEPS)
    rest = np.concatenate([train[-READ_IN:], held_out[:HELD_OUT]])
    goal = held_out_loss(net, params, rest, (None, (h[None],), None))
    ours, updates = until(goal, train, V, rest)
    cells = f"{len(ids):,}", str(V), f"{goal:.3f}", f"{loop:.1f}", f"{ours:.1f}", str(updates)
    return [name, *cells, f"{loop / ours:.0f}"]


def held_out_loss(net, params, ids, state=None):
    """Return the mean loss per character of a text, but for the first, which are only read."""
    total = 0.0
    for start in range(0, len(ids) - 1, READ_IN):
        piece = ids[start : start + READ_IN + 1, None]
        logits, state, _ = net.forward(params, piece[:-1], state)
        if start:
            total += softmax_cross_entropy(logits, piece[1:], reduction="sum")[0]
    return total / (len(ids) - 1 - READ_IN)


def until(goal, train, V, rest, seed=0):
    """Return the seconds of learning until the held-out loss is `goal`, and the updates."""
    net = char_lm(V, H, dtype=np.float32)
    params, state = net.init(np.random.default_rng(seed)), None
    f = network_loss(net, carry=True)
    x, y = character_batches(train, B, T)
    seconds = 0.0
    for update in range(UPDATES):
        start = time.perf_counter()
        at = update % len(x)
        _, grads = f(params, (x[at], y[at]))
        grads, _ = clip_by_global_norm(grads, OUR_CLIP)
        lr = OUR_LR * min(1, (update + 1) / WARM_UP) * (1 - update / UPDATES)
        params, state = adam_step(params, grads, state, lr=lr)
        seconds += time.perf_counter() - start
        if (update + 1) % LOOK == 0 and held_out_loss(net, params, rest) <= goal:
            return seconds, update + 1
    return float("nan"), UPDATES


def textbook(ids, V, steps, seed=0):
    """Return what the loop has learnt, as our network's parameters, its state and its seconds."""
    rng = np.random.default_rng(seed)
    shapes = {"U": (H, V), "W": (H, H), "V": (V, H), "b": (H,), "c": (V,)}
    p = {k: rng.normal(size=s) * 0.01 if len(s) == 2 else np.zeros(s) for k, s in shapes.items()}
    memory = {k: np.zeros(s) for k, s in shapes.items()}
    h, at = np.zeros(H), 0
    start = time.perf_counter()
    for _ in range(steps):
        if at + T + 1 > len(ids):
            h, at = np.zeros(H), 0
        grads, h = _gradients(p, ids[at : at + T], ids[at + 1 : at + T + 1], h)
        for k, g in grads.items():
            np.clip(g, -CLIP, CLIP, out=g)
            memory[k] += g * g
            p[k] -= LR * g / np.sqrt(memory[k] + 1e-8)
        at += T
    seconds = time.perf_counter() - start
    params = None, (RNNParams(p["U"], p["W"], p["b"]),), DenseParams(p["V"], p["c"])
    return params, h, seconds


def _gradients(p, inputs, targets, h):
    """Go through one sequence, one vector at a time; return gradients and the last state."""
    xs, hs, ys = [], [h], []
    for i in inputs:
        x = np.zeros(len(p["c"]))
        x[i] = 1
        xs.append(x)
        hs.append(np.tanh(p["U"] @ x + p["W"] @ hs[-1] + p["b"]))
        scores = np.exp(p["V"] @ hs[-1] + p["c"])
        ys.append(scores / scores.sum())
    grads = {k: np.zeros_like(array) for k, array in p.items()}
    dh_next = np.zeros_like(h)
    for t in reversed(range(len(inputs))):
        do = ys[t].copy()
        do[targets[t]] -= 1
        grads["V"] += np.outer(do, hs[t + 1])
        grads["c"] += do
        dz = (p["V"].T @ do + dh_next) * (1 - hs[t + 1] ** 2)
        grads["b"] += dz
        grads["U"] += np.outer(dz, xs[t])
        grads["W"] += np.outer(dz, hs[t])
        dh_next = p["W"].T @ dz
    return grads, hs[-1]
