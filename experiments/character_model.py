"""Lecture 6, at full length: the documents' demo, lengths of sequences, learning rates.

`demo` is the configuration of D4: 100 tanh units read one sequence of 25 characters at a time;
Adagrad with a rate of 0.1 and entries of the gradient cut at ±5; 185,000 updates. `cuts` reads
the text once in 32 streams, cut into shorter or longer sequences, with the state handed on or
not, at the best of several rates. `rates` trains for 400 updates with each optimiser at each rate.

    python -m experiments.character_model              all three; results/character_model.json
    python -m experiments.character_model PART …       some, the other results stay
    python -m experiments.character_model --text FILE  the demo on another text;
                                                       results/character_model_FILE.json
"""

import argparse
import time
from pathlib import Path

import numpy as np

from experiments.common import store, stored
from rnnref import adagrad_step, char_lm, fit, mean_loss, network_loss, sample
from rnnref.course.tasks import Vocabulary, character_batches, load_text, split_end
from rnnref.trees import named_leaves, with_leaves

H, T = 100, 25
UPDATES, RATE, LARGEST = 185_000, 0.1, 5.0  # the demo's
HELD_OUT = 100_000  # characters at most
B, CLIP = 32, 1.0  # of `cuts` and `rates`
LENGTHS, CUT_RATES = (5, 25, 100), (0.02, 0.05, 0.1)
RATES = {
    "sgd": (0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
    "momentum": (0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    "adagrad": (0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    "rmsprop": (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02),
    "adam": (0.001, 0.002, 0.005, 0.01, 0.02, 0.05),
}


class Text:
    """A text as ids, its last tenth kept from training."""

    def __init__(self, text):
        self.vocabulary = Vocabulary.of(text)
        self.train, held_out = split_end(self.vocabulary.encode(text))
        self.held_out = held_out[:HELD_OUT]
        self.judge = list(zip(*character_batches(self.held_out, 50, 200), strict=True))

    def batches(self, B, T):
        """Return the training batches of B streams and T steps."""
        return list(zip(*character_batches(self.train, B, T), strict=True))


def demo(text):
    """Train as the demo does; return its running loss, summed over 25 characters, and more.

    The held-out text is read twice: by the state in which training ended, and by 50 streams that
    start from 0, as training never did but once.
    """
    V, batches = len(text.vocabulary), text.batches(1, T)
    net, rng = char_lm(V, H, dtype=np.float32), np.random.default_rng(0)
    params, memory = _small(net.init(rng), rng), None
    f = network_loss(net, carry=True, reduction="sequence")
    running, curve, seconds = T * np.log(V), [], 0.0
    for update in range(UPDATES + 1):
        if update % 5000 == 0:
            curve.append([update, round(running, 3)])
        if update == UPDATES:
            break
        start = time.perf_counter()
        loss, grads = f(params, batches[update % len(batches)])
        cut = [np.clip(g, -LARGEST, LARGEST) for g in named_leaves(grads, "grads").values()]
        params, memory = adagrad_step(params, with_leaves(grads, iter(cut)), memory, lr=RATE)
        seconds += time.perf_counter() - start
        running += 0.001 * (loss - running)
    rest = zip(*character_batches(text.held_out, 1, T), strict=True)
    read_on = np.mean([f(params, batch)[0] for batch in rest]) / T
    prompt = text.vocabulary.encode(" ")
    return {
        "characters": len(text.train),
        "symbols": V,
        "running_loss": curve,
        "held_out": round(float(read_on), 4),
        "held_out_from_0": round(mean_loss(net, params, text.judge, carry=True), 4),
        "seconds": round(seconds),
        "sample_from_0": text.vocabulary.decode(sample(net, params, prompt, 200, rng)),
    }


def cuts(text):
    """Return, for each length and with or without the state, the best rate and its loss."""
    rows = []
    for length in LENGTHS:
        batches = text.batches(B, length)
        for carry in (True, False):
            tried = {
                lr: _train(text, batches, len(batches), "adagrad", lr, carry) for lr in CUT_RATES
            }
            rate = min(tried, key=tried.get)
            row = {"length": length, "carry": carry, "updates": len(batches)}
            rows.append(row | {"rate": rate, "held_out": tried[rate]})
    return rows


def rates(text, updates=400):
    """Return held-out losses: optimiser → [rate, loss] for each rate."""
    batches = text.batches(B, T)
    return {
        optimiser: [[lr, _train(text, batches, updates, optimiser, lr)] for lr in grid]
        for optimiser, grid in RATES.items()
    }


def _train(text, batches, updates, optimiser, lr, carry=True):
    """Return the held-out loss after training."""
    net = char_lm(len(text.vocabulary), H, dtype=np.float32)
    result = fit(
        network_loss(net, carry=carry),
        net.init(np.random.default_rng(0)),
        batches,
        updates=updates,
        optimiser=optimiser,
        clip=CLIP,
        progress=False,
        lr=lr,
    )
    return round(mean_loss(net, result.params, text.judge, carry=True), 4)


def _small(params, rng):
    """Return the demo's first parameters: matrices of 0.01 times normal numbers, biases 0."""
    leaves = named_leaves(params, "params").values()
    drawn = (0.01 * rng.normal(size=p.shape) if p.ndim == 2 else np.zeros(p.shape) for p in leaves)
    return with_leaves(params, (p.astype(np.float32) for p in drawn))


def main():
    """Run, and write the results."""
    parts = {"demo": demo, "cuts": cuts, "rates": rates}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", nargs="*", help=f"{', '.join(parts)}; by default all")
    parser.add_argument("--text", help="a file to learn from; the demo alone")
    asked = parser.parse_args()
    name = f"character_model_{Path(asked.text).stem}" if asked.text else "character_model"
    results = stored(name)
    text = Text(load_text(asked.text))
    for part in asked.part or (["demo"] if asked.text else parts):
        results[part] = parts[part](text)
        store(name, results)


if __name__ == "__main__":
    main()
