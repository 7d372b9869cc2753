"""Lecture 11, at full length: reading rendered words of 26 letters, with and without cuts.

Four networks with the same parts (two stages of convolution, a bidirectional GRU with 32 units
each way, a softmax) learn in 600 updates of 16 words, by Adam; of the rates 0.004 and 0.008 the
second learnt faster in short trials, judged by the same words as here:

- "given": reads cuts around the true places of the letters; cross-entropy for each letter;
- "loose": the same, but while it learns every cut is off by up to three columns;
- "equal": the same, but the cuts divide the word evenly, as many as it has letters;
- "none": reads all columns; CTC.

All are judged on the same 300 words that they have never seen, by the character error rate: edits
per letter. Those with cuts are also handed cuts that are estimated, or off by some columns; all
read longer words, too, and words in looks that they have never seen.

    python -m experiments.scene_text            all readers; results/scene_text.json
"""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import pairwise
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np

from experiments.common import store
from rnnref import (
    adam_step,
    clip_by_global_norm,
    ctc_beam_search,
    ctc_greedy,
    ctc_loss,
    dense_layer,
    lengths_to_mask,
    recurrent_body,
    softmax_cross_entropy,
    stack,
    text_features,
)
from rnnref.course.tasks import (
    EASY_STYLE,
    WordStyle,
    fit_fixed_width_reader,
    random_words,
    read_fixed_width,
    render_words,
    segments,
)

HEIGHT, WIDTH, H, B = 32, 20, 32, 16
UPDATES, EVERY, RATE, CLIP = 600, 50, 0.008, 5.0
SEEDS, HELD_OUT = range(3), 300
OFF = (0, 1, 2, 3, 4, 6, 8)  # columns by which cuts are moved
SHOWN = ("simply", "letter", "all")  # read at every look


class Reader(NamedTuple):
    """A network that reads words, by its functions.

    ``forward(params, words) -> (scores, lengths, targets, cache)``, ``backward(dscores, cache)
    -> dparams``, ``loss(scores, lengths, targets) -> (loss, dscores)``, ``read(scores, lengths)
    -> list of str``.
    """

    init: callable
    forward: callable
    backward: callable
    loss: callable
    read: callable


def make_reader(cuts):
    """Return the reader for cuts of one kind, or none."""
    extract = text_features(HEIGHT, dtype=np.float32)
    steps = 1 if cuts == "none" else WIDTH // 4  # columns of features that make one step
    K = len(ascii_lowercase) + (cuts == "none")
    net = stack(
        recurrent_body(steps * extract.n_out, H, cell="gru", both_ways=True, dtype=np.float32),
        dense_layer(2 * H, K, dtype=np.float32),
    )

    def init(rng):
        return extract.init(rng), net.init(rng)

    def whole(params, words):
        images = words.images.astype(np.float32)
        x, lengths, below = extract.forward(params[0], images, words.lengths)
        mask = lengths_to_mask(lengths, len(x))
        scores, _, above = net.forward(params[1], x, mask=mask)
        return scores, lengths, words.labels, (below, above)

    def cut(params, words):
        x, lengths, y = segments(words, width=WIDTH)
        L, N = y.shape
        images = x.astype(np.float32).reshape(L * N, WIDTH, HEIGHT).swapaxes(0, 1)
        x, _, below = extract.forward(params[0], images)
        x = x.reshape(steps, L, N, -1).transpose(1, 2, 0, 3).reshape(L, N, -1)
        scores, _, above = net.forward(params[1], x, mask=lengths_to_mask(lengths, L))
        return scores, lengths, y, (below, above)

    def backward(dscores, cache):
        below, above = cache
        dx, _, dnet = net.backward(dscores, above)
        if cuts != "none":
            L, N, _ = dx.shape
            dx = dx.reshape(L, N, steps, -1).transpose(2, 0, 1, 3).reshape(steps, L * N, -1)
        return extract.backward(dx, below)[1], dnet

    def letter_loss(scores, lengths, y):
        return softmax_cross_entropy(scores, y, mask=lengths_to_mask(lengths, len(y)))

    def word_loss(scores, lengths, labels):
        return ctc_loss(scores, labels, lengths=lengths, zero_infinity=True)

    def read_letters(scores, lengths):
        best = 1 + scores.argmax(axis=2)
        return [spell(best[:n, b]) for b, n in enumerate(lengths)]

    def read_word(scores, lengths):
        return [spell(label) for label in ctc_greedy(scores, lengths)]

    if cuts == "none":
        return Reader(init, whole, backward, word_loss, read_word)
    return Reader(init, cut, backward, letter_loss, read_letters)


def draw(rng, n, style=EASY_STYLE, **options):
    """Draw n words."""
    return render_words(rng, random_words(rng, n, **options), style=style)


def spell(label):
    """Return a label as a word."""
    return "".join(ascii_lowercase[k - 1] for k in label)


def spelt(words):
    """Return the words that were rendered."""
    return [spell(label) for label in words.labels]


def moved(words, offsets):
    """Return the words with the cuts moved by so many columns."""
    return _with_middles(
        words,
        [(s + e) / 2 + d for s, e, d in zip(words.starts, words.ends, offsets, strict=True)],
    )


def equal(words, ruler, *, counted=True):
    """Return the words with equally wide cuts.

    Counted, there are as many as letters; otherwise as many as the mean width, the ruler's pitch,
    says.
    """
    middles = []
    for label, length in zip(words.labels, words.lengths, strict=True):
        inked = length - ruler.margin
        n = len(label) if counted else max(1, round(inked / ruler.pitch))
        middles.append(ruler.margin / 2 + (np.arange(n) + 0.5) * inked / n)
    return _with_middles(words, middles)


def at_gaps(words):
    """Return the words with one cut for each run of columns with ink."""
    middles = []
    for b, length in enumerate(words.lengths):
        image = words.images[:length, b]
        ink = image.max(axis=1) - np.median(image)
        edges = np.diff(ink > 0.35 * ink.max(), prepend=False, append=False)
        starts, ends = np.flatnonzero(edges)[::2], np.flatnonzero(edges)[1::2]
        middles.append((starts + ends) / 2)
    return _with_middles(words, middles)


def _with_middles(words, middles):
    """Return the words cut around other middles; labels of another number become dummies."""
    labels = [
        label if len(label) == len(m) else np.ones(len(m), int)
        for label, m in zip(words.labels, middles, strict=True)
    ]
    return words._replace(starts=middles, ends=middles, labels=labels)


@cache
def edits(read, word):
    """Return a shortest way from what was read to the word: (letter read, letter), '' for none."""
    if not read or not word:
        return tuple((a, "") for a in read) + tuple(("", b) for b in word)
    if read[0] == word[0]:
        return edits(read[1:], word[1:])
    ways = (
        ((read[0], word[0]), *edits(read[1:], word[1:])),
        ((read[0], ""), *edits(read[1:], word)),
        (("", word[0]), *edits(read, word[1:])),
    )
    return min(ways, key=len)


def error_rate(readings, truth):
    """Return the edits per letter of all words together."""
    pairs = zip(readings, truth, strict=True)
    return round(sum(len(edits(r, w)) for r, w in pairs) / sum(map(len, truth)), 4)


def study(cuts, seed):
    """Train one reader; return its curves, and what it does with other words and cuts."""
    reader = make_reader(cuts)
    rng = np.random.default_rng(seed)
    params, memory = reader.init(rng), None
    ruler = fit_fixed_width_reader(draw(np.random.default_rng(97), 2000))
    held_out = draw(np.random.default_rng(99), HELD_OUT)
    shown = render_words(np.random.default_rng(96), SHOWN, style=EASY_STYLE)

    def see(words):
        return equal(words, ruler) if cuts == "equal" else words

    def read(words):
        scores, lengths, _, _ = reader.forward(params, words)
        return reader.read(scores, lengths)

    truth, losses, rates, readings = spelt(held_out), [], [], []
    for u in range(UPDATES + 1):
        if u % EVERY == 0:
            rates.append(error_rate(read(see(held_out)), truth))
            readings.append(read(see(shown)))
        if u == UPDATES:
            break  # whatever else is measured belongs to the last look's parameters
        words = see(draw(rng, B))
        if cuts == "loose":
            words = moved(words, [rng.integers(-3, 4, len(label)) for label in words.labels])
        scores, lengths, targets, kept = reader.forward(params, words)
        loss, dscores = reader.loss(scores, lengths, targets)
        grads, _ = clip_by_global_norm(reader.backward(dscores, kept), CLIP)
        params, memory = adam_step(params, grads, memory, lr=RATE)
        losses.append(loss)

    found = {"rates": rates, "readings": readings, "losses": _thinned(losses)}
    last = read(see(held_out))
    found["words"] = round(float(np.mean(np.array(last) == np.array(truth))), 3)
    if cuts != "none":
        found["equal, counted"] = error_rate(read(equal(held_out, ruler)), truth)
        found["equal"] = error_rate(read(equal(held_out, ruler, counted=False)), truth)
        found["gaps"] = error_rate(read(at_gaps(held_out)), truth)
        signs = np.random.default_rng(95)
        sides = [signs.choice((-1, 1), len(word)) for word in truth]
        found["off"] = [
            error_rate(read(moved(held_out, [k * side for side in sides])), truth) for k in OFF
        ]
    if cuts == "none":
        scores, lengths, _, _ = reader.forward(params, held_out)
        beam, _ = ctc_beam_search(scores, 10, lengths)
        found["beam"] = error_rate([spell(label) for label in beam], truth)
        own = lengths_to_mask(lengths, len(scores))
        found["blank frames"] = round(float(np.mean(scores.argmax(axis=2)[own] == 0)), 3)
        kinds = Counter(pair for r, w in zip(last, truth, strict=True) for pair in edits(r, w))
        found["edits"] = [[a, b, n] for (a, b), n in kinds.most_common()]
        twin = [any(a == b for a, b in pairwise(w)) for w in truth]
        wrong = np.array(last) != np.array(truth)
        found["wrong with double"] = round(float(np.mean(wrong[twin])), 3)
        found["wrong without"] = round(float(np.mean(wrong[~np.array(twin)])), 3)
    others = {
        "longer": draw(np.random.default_rng(94), 200, lengths=(9, 12)),
        "other looks": draw(np.random.default_rng(93), HELD_OUT, style=WordStyle()),
    }
    for name, words in others.items():
        found[name] = error_rate(read(see(words)), spelt(words))
    return found


def _thinned(losses, every=20):
    """Return means of so many losses each."""
    n = len(losses) // every * every
    return np.mean(np.reshape(losses[:n], (-1, every)), axis=1).round(3).tolist()


def main():
    """Run, and write the results."""
    held_out = draw(np.random.default_rng(99), HELD_OUT)
    ruler = fit_fixed_width_reader(draw(np.random.default_rng(97), 2000))
    readings = read_fixed_width(ruler, held_out.images, held_out.lengths)
    templates = error_rate([spell(label) for label in readings], spelt(held_out))
    results = {"updates": list(range(0, UPDATES + 1, EVERY)), "off": OFF, "templates": templates}
    with ProcessPoolExecutor(2) as pool:
        runs = {
            cuts: [pool.submit(study, cuts, seed) for seed in SEEDS]
            for cuts in ("none", "given", "loose", "equal")
        }
        for cuts, seeds in runs.items():
            found = [run.result() for run in seeds]
            results[cuts] = {key: [one[key] for one in found] for key in found[0]}
            results[cuts]["readings"] = found[0]["readings"]  # of the first seed
            store("scene_text", results)


if __name__ == "__main__":
    main()
