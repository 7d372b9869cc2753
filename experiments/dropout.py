"""Lecture 9, at full length: small data, dropout and early stopping.

A classifier of two LSTM layers of 48 units tells the feeling of a sentence, from 0 to 4. It is
trained for 40 epochs on 100, 200 or 400 sentences, with or without dropout between its layers and
below its read-out. The parameters with the lowest loss on 300 sentences for validation are kept.
Losses and right answers are those on 2,000 further sentences; each seed has sentences and
parameters of its own.

    python -m experiments.dropout       results/dropout.json
"""

from concurrent.futures import ProcessPoolExecutor
from itertools import product

import numpy as np

from experiments.common import store
from rnnref import classifier, fit, lengths_to_mask, mean_loss, network_loss
from rnnref.course.tasks import SENTIMENT_WORDS, sentiment_classification

SIZES, DROPOUT, SEEDS = (100, 200, 400), (0.0, 0.25, 0.5), range(5)
EPOCHS, B = 40, 25


def sentences(rng, n):
    """Draw sentences and feelings for a classifier: ids, targets (1, n) and mask."""
    ids, lengths, y = sentiment_classification(rng, n)
    return ids, y[None], lengths_to_mask(lengths, len(ids))


def attempt(size, p, seed):
    """Return what is measured of one network."""
    rng = np.random.default_rng(seed)
    train, validation, test = (sentences(rng, n) for n in (size, 300, 2000))
    net = classifier(
        len(SENTIMENT_WORDS), 48, 5, embedding=16, layers=2, dropout=p, dtype=np.float32
    )

    def batches():
        cut = np.array_split(rng.permutation(size), size // B)
        return [tuple(part[:, chosen] for part in train) for chosen in cut]

    run = fit(
        network_loss(net, rng=rng),
        net.init(rng),
        batches,
        epochs=EPOCHS,
        lr=0.005,
        clip=1.0,
        validate=lambda params: mean_loss(net, params, [validation]),
        progress=False,
    )
    found = {"epoch": run.best * B // size, "train": mean_loss(net, run.last, [train])}
    for name, params in (("best", run.params), ("last", run.last)):
        answers = net.forward(params, test[0], mask=test[2])[0].argmax(axis=-1)
        found[f"{name}, loss"] = mean_loss(net, params, [test])
        found[f"{name}, right"] = np.mean(answers == test[1])
    return {name: round(float(value), 4) for name, value in found.items()}


def main():
    """Run, and write the results."""
    with ProcessPoolExecutor() as pool:
        runs = {
            (size, p): [pool.submit(attempt, size, p, seed) for seed in SEEDS]
            for size, p in product(SIZES, DROPOUT)
        }
        rows = []
        for (size, p), seeds in runs.items():
            found = [run.result() for run in seeds]
            measured = {name: [one[name] for one in found] for name in found[0]}
            rows.append({"sentences": size, "dropout": p} | measured)
    store("dropout", rows)


if __name__ == "__main__":
    main()
