"""Lecture 9, at full length: what fits through the encoder's last state.

An encoder–decoder of LSTMs copies sequences of 1 to 16 random letters of ten; the result is, for
each length, the share of letters that are not at their place in what it writes. H is 16, 32 or 64
units; with `reversed` it reads its source backwards, as Sutskever, Vinyals and Le (2014) did. In
`dates` one of 64 units translates dates, and the result is the share of wrong characters of
held-out dates, for each length of the source.

    python -m experiments.bottleneck            all networks; results/bottleneck.json
    python -m experiments.bottleneck NAME …     some, the other results stay
"""

from functools import partial

import numpy as np

from experiments.common import run_studies
from rnnref import adam_step, clip_by_global_norm, lengths_to_mask, reverse_within_lengths, seq2seq
from rnnref.course.tasks import DATE_SOURCE, DATE_TARGET, date_translation

LETTERS, LONGEST, END, B, LR = 10, 16, 1, 32, 0.005
SEEDS = range(3)
NETWORKS = {  # units, source reversed, updates; None: dates
    "H = 16": (16, False, 3000),
    "H = 32": (32, False, 3000),
    "H = 64": (64, False, 3000),
    "H = 32, reversed": (32, True, 3000),
    "dates": (64, None, 3000),
}


def copies(rng, lengths, reverse):
    """Draw letters as source, and the same with an end as target: ids (S, B) and (S + 1, B)."""
    letters = rng.integers(2, 2 + LETTERS, (max(lengths), len(lengths)))
    target = np.vstack([letters, np.full(len(lengths), END)])
    target[lengths, range(len(lengths))] = END
    source = reverse_within_lengths(letters, lengths) if reverse else letters
    return source, lengths, target, np.add(lengths, 1)


def attempt(name, seed):
    """Return the lengths of sources and the share of wrong symbols for each."""
    H, reverse, updates = NETWORKS[name]
    dates, rng = reverse is None, np.random.default_rng(seed)
    sizes = (len(DATE_SOURCE), len(DATE_TARGET)) if dates else (LETTERS + 2,) * 2
    net = seq2seq(*sizes, H, dtype=np.float32)
    params, memory = net.init(rng), None
    for _ in range(updates):
        lengths = rng.integers(1, LONGEST + 1, B)
        pairs = date_translation(rng, B) if dates else copies(rng, lengths, reverse)
        source, source_lengths, target, target_lengths = pairs
        masks = {
            "source_mask": lengths_to_mask(source_lengths, len(source)),
            "target_mask": lengths_to_mask(target_lengths, len(target)),
        }
        _, grads = net.loss(params, source, target, **masks)
        params, memory = adam_step(params, clip_by_global_norm(grads, 1.0)[0], memory, lr=LR)
    judge = np.random.default_rng(99)
    tests = (
        date_translation(judge, 2000, held_out=True)
        if dates
        else copies(judge, np.repeat(range(1, LONGEST + 1), 100), reverse)
    )
    return errors(net, params, *tests)


def errors(net, params, source, source_lengths, target, target_lengths):
    """Return the lengths of sources and the share of symbols that are not at their place."""
    mask = lengths_to_mask(source_lengths, len(source))
    written = net.translate(params, source, source_mask=mask, end=END, limit=len(target))
    wrong = np.array(
        [
            np.mean([i >= len(text) or text[i] != right for i, right in enumerate(answer[: n - 1])])
            for text, answer, n in zip(written, target.T.tolist(), target_lengths, strict=True)
        ]
    )
    kinds = np.unique(source_lengths)
    shares = [round(float(wrong[source_lengths == n].mean()), 4) for n in kinds]
    return kinds.tolist(), shares


def study(name, pool):
    """Return the lengths of sources, and the shares of wrong symbols of each seed."""
    runs = [pool.submit(attempt, name, seed) for seed in SEEDS]
    lengths, wrong = zip(*(run.result() for run in runs), strict=True)
    return {"lengths": lengths[0], "wrong": wrong}


if __name__ == "__main__":
    run_studies("bottleneck", {name: partial(study, name) for name in NETWORKS})
