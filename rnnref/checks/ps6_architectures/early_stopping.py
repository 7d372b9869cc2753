"""early_stopping: the best epoch, and the one after which patience ends (course row R34)."""

from dataclasses import replace

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.learning.fit import fit


def early_stopping(val_losses, patience):
    """The core's training loop, with these validation losses after its updates."""
    curve = iter(val_losses)
    result = fit(
        lambda params, batch: (0.0, (np.zeros(1),)),
        (np.zeros(1),),
        [None],
        updates=len(val_losses),
        lr=1.0,
        every=1,
        validate=lambda params: float(next(curve)),
        patience=patience,
        progress=False,
    )
    return int(result.best) - 1, int(result.history.updates[-1]) - 1


def hill(rng, low, length):
    """`length` losses above `low` that go up and down."""
    return low + rng.integers(1, 40, size=length) / 20


def falling(rng, start, length):
    """`length` losses below `start`, each below the one before."""
    return start - np.cumsum(rng.integers(1, 8, size=length)) / 20


def curve(rng, *hills):
    """A curve that comes down, climbs hills of so many epochs, and comes down further between."""
    losses = [*falling(rng, rng.uniform(4, 6), rng.integers(2, 5))]
    for length in hills:
        losses += [*hill(rng, losses[-1], length)]
        losses += [*falling(rng, min(losses), rng.integers(1, 4))]
    return np.array(losses)


def waves(rng, low, length):
    """`length` losses above `low`, every other one below the one before it."""
    up = np.sort(rng.uniform(0.5, 3, size=length))
    return low + np.where(np.arange(length) % 2 == 0, up, up / 4)


def cases(rng):
    """Lists with hills shorter and longer than the patience, and the ends of the list."""
    for case in curves(rng):
        val_losses, patience = case.args
        yield replace(case, args=(val_losses.tolist(), patience))


def curves(rng):
    """The cases, their losses in arrays."""
    yield plain("a hill, and then it is over", curve(rng, 2, 6, 3)[:-1], 4)
    yield plain("small hills, and then a long one", curve(rng, 2, 1, 2, 7), 3)
    yield plain("three hills and a better place behind them", curve(rng, 3, 4, 9, 2), 5)
    yield plain("patience does not run out", curve(rng, 3, 2, 3), 4)
    a = curve(rng, 1, 2)
    wavy = np.r_[a, waves(rng, a[-1], 8), a[-1] + 3 + np.arange(5), hill(rng, a[-1], 3), a[-1] - 1]
    yield plain("up and down, but never below the best", wavy, 4)
    b = curve(rng, 1)
    wavy = np.r_[b, waves(rng, b[-1], 6), b[-1] + 3 + np.arange(4), falling(rng, b[-1], 3)]
    yield plain("ups and downs, and a better place behind them", wavy, 3)
    yield plain("small steps", 2 + curve(rng, 2, 1, 6, 2) / 1000, 4)
    yield special("patience = 1", curve(rng, 2, 3), 1)
    yield special("one epoch", rng.uniform(1, 2, size=1), int(rng.integers(1, 4)))
    yield special("more patience than epochs", curve(rng, 3), 40)
    yield special("it only falls", falling(rng, 5.0, 9), 2)
    yield special("it only rises", np.sort(rng.uniform(1, 3, size=8)), 3)
    a = curve(rng, 1)
    yield special("patience ends with the list", np.r_[a, hill(rng, a[-1], 3)], 3)
    low = curve(rng, 2)
    same = np.r_[low, low[-1], low[-1] + 0.5, low[-1], low[-1], low[-1] - 1, 9.0, 9.0]
    yield special("the lowest loss comes again", same, 3)
    a = curve(rng, 1, 2)
    yield special("an infinite loss", np.r_[a, np.inf, a[-1] + 1, np.inf, a[-1] - 1, 3.0, 3.0], 3)
    low = curve(rng, 1)
    yield special(
        "the lowest loss comes again and again", np.r_[low, [low[-1]] * 5, low[-1] - 1], 4
    )
    first = rng.uniform(1, 2)
    yield special("the first epoch is the best", np.r_[first, hill(rng, first, 6), first - 0.5], 3)
    yield special("negative losses", curve(rng, 2, 4, 5) - 9, 4)
    a = curve(rng, 2, 1, 2, 4)
    yield special("losses on both sides of zero", a - np.median(a), 3)


def counter(val_losses, patience):
    best, lowest, waited = 0, val_losses[0], 0
    stop = len(val_losses) - 1
    for epoch in range(1, len(val_losses)):
        if val_losses[epoch] < lowest:
            best, lowest, waited = epoch, val_losses[epoch], 0
        else:
            waited += 1
        if waited >= patience:
            stop = epoch
            break
    return best, stop


def running_minimum(val_losses, patience):
    epochs = np.arange(len(val_losses))
    before = np.minimum.accumulate(np.concatenate([[np.inf], val_losses]))[:-1]
    records = np.maximum.accumulate(np.where(np.asarray(val_losses) < before, epochs, 0))
    ends = np.flatnonzero(epochs - records >= patience)
    stop = ends[0] if len(ends) > 0 else epochs[-1]
    return records[stop], stop


def looking_back(val_losses, patience):
    losses = [float(loss) for loss in val_losses]
    for stop in range(len(losses)):
        seen = losses[: stop + 1]
        best = seen.index(min(seen))
        if stop == best + patience:
            return [best, stop]
    return [best, stop]


EXERCISE = Exercise(
    name="early_stopping",
    points=5,
    returns="best, stop",
    reference=early_stopping,
    cases=cases,
    # Two small numbers may agree by chance on a curve or two.
    enough=4,
    alternatives=(counter, running_minimum, looking_back),
    mistakes=(
        Mistake(
            "better than the epoch before",
            edit(
                counter,
                (
                    "if val_losses[epoch] < lowest",
                    "if val_losses[epoch] < val_losses[epoch - 1]",
                ),
            ),
            "An epoch of yours counts as better when it is better than the one before it.",
            "Better than what? A curve may go down for a while and still be above its best.",
        ),
        Mistake(
            "waits for a fall, keeps the lowest",
            edit(
                counter,
                (
                    "        else:\n            waited += 1\n",
                    "        elif val_losses[epoch] < val_losses[epoch - 1]:\n"
                    "            waited = 0\n"
                    "        else:\n            waited += 1\n",
                ),
            ),
            "Your patience is renewed by every fall, also by one that brings no new lowest loss.",
            "A curve may go down for a while and still be above its best.",
        ),
        Mistake(
            "so many rises in a row",
            edit(
                counter,
                (
                    "        else:\n            waited += 1\n",
                    "            continue\n"
                    "        rises = val_losses[epoch] > val_losses[epoch - 1]\n"
                    "        waited = waited + 1 if rises else 0\n",
                ),
            ),
            "Yours stops when the loss has risen patience times in a row.",
            "A curve may go up and down, and never below its best: when has patience run out?",
        ),
        Mistake(
            "the lowest of all, and patience after it",
            edit(
                counter,
                (
                    "    return best, stop",
                    "    best = int(np.argmin(val_losses))\n"
                    "    return best, min(best + patience, len(val_losses) - 1)",
                ),
            ),
            "Yours looks for the lowest loss of the whole list, and stops some time after it.",
            "The losses come one by one: whoever stops never sees those that would have come.",
        ),
        Mistake(
            "an equal counts as new",
            edit(counter, ("val_losses[epoch] < lowest", "val_losses[epoch] <= lowest")),
            "When the lowest loss comes again, yours takes it for a new lowest.",
            "Of equals the first is the best, and patience goes on running.",
        ),
        Mistake(
            "the last of equals",
            edit(
                counter,
                (
                    "        else:\n            waited += 1\n",
                    "        else:\n            waited += 1\n"
                    "            best = epoch if val_losses[epoch] == lowest else best\n",
                ),
            ),
            "When the lowest loss comes again, your best is the later of the two.",
            "Of equals the first is the best.",
        ),
        Mistake(
            "patience is not renewed",
            edit(
                counter,
                ("val_losses[epoch], 0\n        else", "val_losses[epoch], waited\n        else"),
            ),
            "Yours counts all epochs without a new lowest loss, from the start.",
            "How many epochs *in a row* were in vain? What happens to the count when one is not?",
        ),
        Mistake(
            "one epoch too patient",
            edit(counter, ("waited >= patience", "waited > patience")),
            "Yours stops one epoch late: it waits for patience + 1 epochs.",
            "With patience 1, the first epoch in vain is the last.",
        ),
        Mistake(
            "one epoch too impatient",
            edit(counter, ("waited >= patience", "waited >= max(patience - 1, 1)")),
            "Yours stops one epoch early, if patience is more than 1.",
            "How many epochs in vain does it take?",
        ),
        Mistake(
            "no patience",
            edit(counter, ("waited >= patience", "waited >= 1")),
            "Yours stops at the first epoch without a new lowest loss.",
            "One bad epoch may be noise: how many in a row are allowed?",
        ),
        Mistake(
            "it never stops",
            edit(
                counter,
                (
                    "        if waited >= patience:\n            stop = epoch\n            break\n",
                    "",
                ),
            ),
            "Yours always goes to the last epoch.",
            "What should happen when patience runs out?",
        ),
        Mistake(
            "looks behind the stop",
            edit(
                counter,
                (
                    "            break\n",
                    "            break\n    best = int(np.argmin(val_losses))\n",
                ),
            ),
            "Your best may be an epoch that comes after your stop.",
            "Whoever stops never sees the losses that would have come.",
        ),
        Mistake(
            "the last time that patience ends",
            edit(counter, ("            break\n", "")),
            "Yours notes when patience runs out, and goes on all the same.",
            "What ends a loop?",
        ),
        Mistake(
            "patience before the stop",
            edit(counter, ("    return best, stop", "    return max(stop - patience, 0), stop")),
            "Your best is always patience epochs before your stop.",
            "And if the list ends first?",
        ),
        Mistake(
            "the last epoch before it turned worse is the stop",
            edit(counter, ("stop = epoch\n", "stop = epoch - patience\n")),
            "Where patience runs out, your stop is the best epoch.",
            "Which epoch is the last one that is trained?",
        ),
        Mistake(
            "the epoch after the stop",
            edit(counter, ("stop = epoch\n", "stop = epoch + 1\n")),
            "Where patience runs out, your stop is one epoch late.",
            "The epoch in which patience ends is the last.",
        ),
        Mistake(
            "the epoch before the stop",
            edit(counter, ("stop = epoch\n", "stop = epoch - 1\n")),
            "Where patience runs out, your stop is one epoch early.",
            "The epoch in which patience ends is trained, too.",
        ),
        Mistake(
            "behind the end of the list",
            edit(counter, ("    return best, stop", "    return best, best + patience")),
            "Where patience does not run out, your stop lies behind the end of the list.",
            "And if the list ends first?",
        ),
        Mistake(
            "the number of epochs for the last",
            edit(counter, ("len(val_losses) - 1", "len(val_losses)")),
            "Where patience does not run out, your stop is an epoch that does not exist.",
            "Epochs are counted from 0: which is the last?",
        ),
        Mistake(
            "−1 for the last epoch",
            edit(counter, ("stop = len(val_losses) - 1", "stop = -1")),
            "Where patience does not run out, your stop is −1.",
            "If it does not stop before, what is the last epoch?",
        ),
        Mistake(
            "None for the last epoch",
            edit(counter, ("stop = len(val_losses) - 1", "stop = None")),
            "Where patience does not run out, yours returns no stop.",
            "If it does not stop before, what is the last epoch?",
        ),
        Mistake(
            "nothing where patience does not run out",
            edit(
                counter,
                (
                    "            stop = epoch\n            break\n    return best, stop",
                    "            return best, epoch",
                ),
            ),
            "Where patience does not run out, yours returns nothing.",
            "The loop may come to its end: what is returned then?",
        ),
        Mistake(
            "epochs from 1",
            edit(counter, ("return best, stop", "return best + 1, stop + 1")),
            "Both your epochs are too large by one.",
            "The first epoch is number 0.",
        ),
        Mistake(
            "stop, best",
            edit(counter, ("return best, stop", "return stop, best")),
            "In your answer best and stop have changed places.",
            "In which order does the docstring return them?",
        ),
        Mistake(
            "the loss of the best epoch",
            edit(counter, ("return best, stop", "return lowest, stop")),
            "For best you return a loss.",
            "Which epoch was it? The number is asked for.",
        ),
        Mistake(
            "the highest",
            edit(counter, ("val_losses[epoch] < lowest", "val_losses[epoch] > lowest")),
            "Yours looks for the highest loss.",
            "A loss is better when it is lower.",
        ),
        Mistake(
            "the first epoch does not count",
            edit(
                counter,
                ("val_losses[0], 0", "np.inf, 0"),
            ),
            "Where the first epoch is the best, yours does not know it.",
            "Epoch 0 has a loss too.",
        ),
        Mistake(
            "the first epoch is in vain",
            edit(counter, ("range(1, len(val_losses))", "range(len(val_losses))")),
            "Your epoch 0 counts as one that has brought no new lowest loss.",
            "Before it there was no loss at all: does it bring a new lowest one?",
        ),
        Mistake(
            "the lowest starts at zero",
            edit(counter, ("0, val_losses[0], 0", "0, 0.0, 0")),
            "No positive loss is ever a new lowest in yours.",
            "Before anything has been seen, what is the lowest loss?",
        ),
        Mistake(
            "losses must be positive",
            edit(counter, ("if val_losses[epoch] < lowest", "if 0 <= val_losses[epoch] < lowest")),
            "Positive losses are right; negative ones are never a new lowest in yours.",
            "A loss may be any number.",
        ),
    ),
)
