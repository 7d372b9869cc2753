"""prefix_beam_search: the most probable label, looked for among the best beginnings (row R31)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.losses.ctc_decode import ctc_beam_search


def prefix_beam_search(logp, width, blank=0):
    """The core's search in a single sequence; its softmax leaves log-probabilities as they are."""
    (label,), (log_probability,) = ctc_beam_search(logp[:, None], width, blank=blank)
    return label, float(log_probability)


def log_softmax(logits):
    """Log-probabilities (T, K)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def draw(rng, T, K, spread=1.5):
    """logp of random scores."""
    return log_softmax(rng.normal(size=(T, K)) * spread)


def spelt(rng, path, K, sure=3.0, impossible=()):
    """logp in which the classes of `path` stand out, one at each frame."""
    logits = rng.normal(size=(len(path), K))
    logits[np.arange(len(path)), path] += sure
    for t, k in impossible:
        logits[t, k] = -np.inf
    return log_softmax(logits)


def undecided(rng, T):
    """logp of –, a little ahead of the only letter, but for three frames.

    A beam of one loses nearly half of all at most frames, so that what it keeps underflows. And a
    search that forgets to prune ends: of one letter there are but T / 2 labels.
    """
    p = rng.uniform(0.49, 0.497, size=T)
    p[rng.choice(np.arange(1, T // 40), size=3, replace=False) * 20] = 0.95
    return np.log(np.stack([1 - p, p], axis=1))


def cases(rng):
    """Narrow and wide beams; doubled and held letters; other blanks than 0.

    All are so small that a search which forgets to prune ends within a minute. (It is not among
    the mistakes: each check would take that long.)
    """
    a, b = rng.permutation([1, 2])
    path = [a, 0, a, b, b, 0, b, a, 0, 0, a]
    yield plain("T = 11 frames, K = 3 classes, width 4", spelt(rng, path, 3, sure=0.8), 4)
    yield plain("T = 7 frames, K = 5 classes, width 3", draw(rng, 7, 5, spread=1.0), 3)
    yield plain("T = 10 frames, K = 3 classes, width 2", draw(rng, 10, 3, spread=0.8), 2)
    yield plain("a width that keeps all prefixes", spelt(rng, [a, 0, a, b, b], 4, 1.2), 1000)
    yield special("one frame (T = 1)", spelt(rng, [2], 4), 3)
    yield special("width 1", draw(rng, 9, 4), 1)
    a, b = rng.permutation(np.arange(1, 5))[:2]
    yield special("a letter twice, with a blank between", spelt(rng, [a, 0, a, b, b], 5), 4)
    yield special("a letter that is held", spelt(rng, [0, a, a, a, b], 5), 4)
    p = rng.uniform(0.35, 0.45, size=2)
    yield special("the best path reads nothing", np.log(np.stack([1 - p, p], axis=1)), 2)
    yield special("nothing but blanks", spelt(rng, [0, 0, 0, 0], 4, sure=6.0), 3)
    blank = int(rng.integers(1, 5))
    other = next(k for k in (a, b) if k != blank)
    path = [other, 0, 0, blank, 0, other]
    yield special("the blank is not 0, and 0 is a letter", spelt(rng, path, 5), 4, blank)
    logp = spelt(rng, [a, b, 0, b], 5, impossible=[(0, b), (2, a), (3, 0)])
    yield special("−inf in logp", logp, 6)
    yield special("more than a thousand frames (T = 1120)", undecided(rng, 1120), 1)


def pairs(logp, width, blank=0):
    def add(beam, prefix, ending, value):
        pair = beam.setdefault(prefix, [-np.inf, -np.inf])
        pair[ending] = np.logaddexp(pair[ending], value)

    def total(pair):
        return np.logaddexp(pair[0], pair[1])

    beam = {(): [0.0, -np.inf]}  # prefix: paths that end in blank, in its last letter
    for row in logp:
        longer = {}
        for prefix, (in_blank, in_letter) in beam.items():
            either = total((in_blank, in_letter))
            add(longer, prefix, 0, either + row[blank])
            for k in range(len(row)):
                if k == blank:
                    continue
                if prefix and k == prefix[-1]:
                    add(longer, prefix, 1, in_letter + row[k])
                    add(longer, (*prefix, k), 1, in_blank + row[k])
                else:
                    add(longer, (*prefix, k), 1, either + row[k])
        ranked = sorted(longer, key=lambda prefix: total(longer[prefix]), reverse=True)
        beam = {prefix: longer[prefix] for prefix in ranked[:width]}
    best = max(beam, key=lambda prefix: total(beam[prefix]))
    return list(best), total(beam[best])


def two_dicts(logp, width, blank=0):
    ends_in_blank, ends_in_letter = {(): 1.0}, {}
    log_scale = 0.0  # what all probabilities have been divided by
    for t in range(logp.shape[0]):
        y = np.exp(logp[t])
        new_blank, new_letter = {}, {}
        for prefix in {**ends_in_blank, **ends_in_letter}:
            pb, pl = ends_in_blank.get(prefix, 0.0), ends_in_letter.get(prefix, 0.0)
            new_blank[prefix] = (pb + pl) * y[blank]
            if prefix:
                new_letter[prefix] = new_letter.get(prefix, 0.0) + pl * y[prefix[-1]]
            for k in set(range(len(y))) - {blank}:
                longer = prefix + (k,)
                p = pb if prefix[-1:] == (k,) else pb + pl
                new_letter[longer] = new_letter.get(longer, 0.0) + p * y[k]
        totals = {q: new_blank.get(q, 0.0) + new_letter.get(q, 0.0) for q in new_letter | new_blank}
        kept = sorted(totals, key=totals.get)[-width:]
        scale = totals[kept[-1]]
        log_scale += np.log(scale)
        ends_in_blank = {q: new_blank[q] / scale for q in kept if q in new_blank}
        ends_in_letter = {q: new_letter[q] / scale for q in kept if q in new_letter}
    return [int(k) for k in kept[-1]], log_scale


def sorted_candidates(logp, width, blank=0):
    K = logp.shape[1]
    beam = [((), 0.0, -np.inf)]
    for row in logp:
        found = []  # prefix, whether it ends in blank, log-probability
        for prefix, b, a in beam:
            found.append((prefix, True, np.logaddexp(b, a) + row[blank]))
            if prefix:
                found.append((prefix, False, a + row[prefix[-1]]))
            for k in range(K):
                if k != blank:
                    from_letter = -np.inf if prefix and prefix[-1] == k else a
                    found.append((prefix + (k,), False, np.logaddexp(b, from_letter) + row[k]))
        found.sort(key=lambda candidate: candidate[:2])
        merged = []
        for prefix, blank_last, value in found:
            if not merged or merged[-1][0] != prefix:
                merged.append([prefix, -np.inf, -np.inf])
            place = 1 if blank_last else 2
            merged[-1][place] = np.logaddexp(merged[-1][place], value)
        merged.sort(key=lambda m: -np.logaddexp(m[1], m[2]))
        beam = merged[:width]
    return [list(beam[0][0]), np.logaddexp(beam[0][1], beam[0][2])]


# What the mistakes below replace in `pairs`.
ADDED = "pair[ending] = np.logaddexp(pair[ending], value)"
BLANK = "            add(longer, prefix, 0, either + row[blank])\n"
HELD = "                    add(longer, prefix, 1, in_letter + row[k])\n"
DOUBLED = "                    add(longer, (*prefix, k), 1, in_blank + row[k])\n"
RANKED = "ranked = sorted(longer, key=lambda prefix: total(longer[prefix]), reverse=True)"
KEPT = "beam = {prefix: longer[prefix] for prefix in ranked[:width]}"
BEST = "best = max(beam, key=lambda prefix: total(beam[prefix]))"
RETURNED = "return list(best), total(beam[best])"


def linear(logp, width, blank=0):
    beam = {(): (1.0, 0.0)}
    for y in np.exp(logp):
        longer = {}
        for prefix, (b, a) in beam.items():
            moves = [(prefix, 0, (b + a) * y[blank])]
            for k in range(len(y)):
                if k != blank and prefix and k == prefix[-1]:
                    moves += [(prefix, 1, a * y[k]), ((*prefix, k), 1, b * y[k])]
                elif k != blank:
                    moves.append(((*prefix, k), 1, (b + a) * y[k]))
            for new, ending, p in moves:
                longer.setdefault(new, [0.0, 0.0])[ending] += p
        ranked = sorted(longer, key=lambda prefix: sum(longer[prefix]), reverse=True)
        beam = {prefix: longer[prefix] for prefix in ranked[:width]}
    best = max(beam, key=lambda prefix: sum(beam[prefix]))
    return list(best), np.log(sum(beam[best]))


def most_probable_path(logp, width, blank=0):
    path = logp.argmax(axis=1).tolist()
    label = [k for k, before in zip(path, [blank, *path], strict=False) if k not in (blank, before)]
    return label, logp.max(axis=1).sum()


EXERCISE = Exercise(
    name="prefix_beam_search",
    points=15,
    returns="label, log_probability",
    reference=prefix_beam_search,
    cases=cases,
    alternatives=(pairs, two_dicts, sorted_candidates),
    mistakes=(
        Mistake(
            "the most probable path",
            most_probable_path,
            "You read the most probable path, and return its probability, whatever the width is.",
            "Many paths may read the same label: what do they do together?",
        ),
        Mistake(
            "begins with a probability of 2",
            edit(pairs, ("{(): [0.0, -np.inf]}", "{(): [0.0, 0.0]}")),
            "Your search begins with two empty prefixes, one that ends in blank and one that "
            "does not: all is counted twice.",
            "Logarithms of 0 stand for a probability of 1.",
        ),
        Mistake(
            "1 and 0 for their logarithms",
            edit(pairs, ("{(): [0.0, -np.inf]}", "{(): [1.0, 0.0]}")),
            "Your search begins with 1 and 0 where their logarithms should be.",
            "What is the logarithm of 1, and what is that of 0?",
        ),
        Mistake(
            "the last frame is not read",
            edit(pairs, ("for row in logp:", "for row in logp[:-1]:")),
            "Your search stops before the last frame.",
            "How many frames must a label explain?",
        ),
        Mistake(
            "the first frame is not read",
            edit(pairs, ("for row in logp:", "for row in logp[1:]:")),
            "Your search begins with the second frame.",
            "The empty prefix stands before the first frame.",
        ),
        Mistake(
            "what was stays",
            edit(pairs, ("longer = {}", "longer = {p: list(pair) for p, pair in beam.items()}")),
            "What a prefix had before the frame stays with it, beside what the frame makes of it.",
            "Each path goes on at each frame: nothing may stay behind.",
        ),
        Mistake(
            "overwritten, not added",
            edit(pairs, (ADDED, "pair[ending] = value")),
            "Where two ways lead to the same prefix, the later one replaces the earlier.",
            "A kept prefix may also arise from a shorter one that is kept: both belong to it.",
        ),
        Mistake(
            "the better of two ways",
            edit(pairs, (ADDED, "pair[ending] = max(pair[ending], value)")),
            "Where two ways lead to the same prefix and ending, you keep the more probable one.",
            "A prefix is as probable as all its paths together.",
        ),
        Mistake(
            "the better of two endings",
            edit(pairs, ("return np.logaddexp(pair[0], pair[1])", "return max(pair[0], pair[1])")),
            "Of a prefix's two endings you count the more probable one.",
            "A prefix is as probable as all its paths together.",
        ),
        Mistake(
            "no blank",
            edit(pairs, (BLANK, "")),
            "In your search no path says a blank.",
            "What does a blank do to a prefix, and to its ending?",
        ),
        Mistake(
            "the blank after a blank only",
            edit(pairs, (BLANK, BLANK.replace("either", "in_blank"))),
            "Your blank follows a blank, and no letter.",
            "Which paths may be continued by a blank?",
        ),
        Mistake(
            "the blank counts as a letter",
            edit(
                pairs,
                ("                if k == blank:\n                    continue\n", ""),
            ),
            "In your search the blank also lengthens prefixes, as if it were a letter.",
            "What does a blank do to a prefix, and to its ending?",
        ),
        Mistake(
            "the blank is always 0",
            edit(pairs, ("blank=0):\n", "blank=0):\n    blank = 0\n")),
            "Right where the blank is 0; elsewhere you do not look at the argument `blank`.",
            "Which class is silence?",
        ),
        Mistake(
            "letters from 1 on",
            edit(pairs, ("for k in range(len(row))", "for k in range(1, len(row))")),
            "Right where the blank is 0; elsewhere class 0 is a letter, and you never try it.",
            "Which class is silence?",
        ),
        Mistake(
            "every letter lengthens",
            edit(pairs, ("if prefix and k == prefix[-1]:", "if False:")),
            "With you, a letter that lasts two frames is read twice.",
            "How does the path a a read? And a, blank, a?",
        ),
        Mistake(
            "equal letters never lengthen",
            edit(pairs, (HELD, HELD.replace("in_letter", "either")), (DOUBLED, "")),
            "With you, no label has a letter twice in a row: the prefix stays as it is even after "
            "a blank.",
            "How does the path a a read? And a, blank, a? In which of the two sums is a path that "
            "has just said a blank?",
        ),
        Mistake(
            "after any ending both",
            edit(
                pairs,
                (HELD, HELD.replace("in_letter", "either")),
                (DOUBLED, DOUBLED.replace("in_blank", "either")),
            ),
            "Where the last letter comes again, each path goes two ways: the prefix stays, and is "
            "lengthened.",
            "How does the path a a read? And a, blank, a? No path reads both ways.",
        ),
        Mistake(
            "lengthened after a letter, held after a blank",
            edit(
                pairs,
                (HELD, HELD.replace("in_letter", "in_blank")),
                (DOUBLED, DOUBLED.replace("in_blank", "in_letter")),
            ),
            "Where the last letter comes again, the two endings have exchanged roles.",
            "How does the path a a read? And a, blank, a?",
        ),
        Mistake(
            "lengthened after any ending",
            edit(pairs, (DOUBLED, DOUBLED.replace("in_blank", "either"))),
            "Where the last letter comes again, you lengthen the prefix whatever it ended in.",
            "How does the path a a read? And a, blank, a?",
        ),
        Mistake(
            "held after any ending",
            edit(pairs, (HELD, HELD.replace("in_letter", "either"))),
            "Where the last letter comes again, you keep the prefix as it is whatever it ended in.",
            "How does the path a a read? And a, blank, a?",
        ),
        Mistake(
            "lengthened after a letter",
            edit(pairs, (DOUBLED, DOUBLED.replace("in_blank", "in_letter"))),
            "Where the last letter comes again, you lengthen those paths that ended in that "
            "letter.",
            "How does the path a a read? And a, blank, a?",
        ),
        Mistake(
            "equal letters only held",
            edit(pairs, (DOUBLED, "")),
            "With you, no label has a letter twice in a row, and the paths that read so are lost.",
            "How does the path a, blank, a read?",
        ),
        Mistake(
            "no letter lasts two frames",
            edit(pairs, (HELD, "")),
            "In your search no letter lasts two frames.",
            "How does the path a a read?",
        ),
        Mistake(
            "other letters after a blank only",
            edit(pairs, ("1, either + row[k]", "1, in_blank + row[k]")),
            "With you, every new letter needs a blank before it.",
            "How does the path a b read?",
        ),
        Mistake(
            "letters end in blank",
            edit(pairs, ("(*prefix, k), 1, either + row[k]", "(*prefix, k), 0, either + row[k]")),
            "Your lengthened prefixes count as ending in blank.",
            "What did the path say last?",
        ),
        Mistake(
            "the width does not count the empty prefix",
            edit(
                pairs,
                (KEPT, KEPT.replace("ranked[:width]", "[(), *[p for p in ranked if p][:width]]")),
            ),
            "You keep the empty prefix in any case, and `width` others.",
            "The empty prefix is one of those that are compared.",
        ),
        Mistake(
            "one too many",
            edit(pairs, ("ranked[:width]", "ranked[: width + 1]")),
            "You keep one prefix more than `width`.",
            "How many elements has x[:3]?",
        ),
        Mistake(
            "one too few",
            edit(pairs, ("ranked[:width]", "ranked[: max(1, width - 1)]")),
            "You keep one prefix less than `width`.",
            "How many elements has x[:3]?",
        ),
        Mistake(
            "one prefix only",
            edit(pairs, ("ranked[:width]", "ranked[:1]")),
            "You keep the best prefix alone, whatever `width` is.",
            "What is best after three frames need not be the beginning of what is best at the end.",
        ),
        Mistake(
            "the worst are kept",
            edit(pairs, (RANKED, RANKED.replace(", reverse=True", ""))),
            "You keep the prefixes that are least probable.",
            "Which end of a sorted list does x[:3] take?",
        ),
        Mistake(
            "the oldest are kept",
            edit(pairs, (RANKED, "ranked = list(longer)")),
            "Which prefixes you keep does not depend on their probabilities.",
            "The most probable ones go on to the next frame.",
        ),
        Mistake(
            "ranked by the blank",
            edit(pairs, ("key=lambda prefix: total(longer[prefix])", "key=lambda p: longer[p][0]")),
            "You keep the prefixes that are the most probable ones to end in blank.",
            "A prefix is as probable as all its paths together, whatever they end in.",
        ),
        Mistake(
            "ranked by the pair",
            edit(pairs, ("key=lambda prefix: total(longer[prefix])", "key=lambda p: longer[p]")),
            "You sort the pairs themselves: of two pairs, Python asks for the second number only "
            "if the first ones are equal.",
            "A prefix is as probable as all its paths together, whatever they end in.",
        ),
        Mistake(
            "ranked by the letter",
            edit(pairs, ("key=lambda prefix: total(longer[prefix])", "key=lambda p: longer[p][1]")),
            "You keep the prefixes that are the most probable ones to end in their last letter.",
            "A prefix is as probable as all its paths together, whatever they end in.",
        ),
        Mistake(
            "ranked by the better ending",
            edit(
                pairs, ("key=lambda prefix: total(longer[prefix])", "key=lambda p: max(longer[p])")
            ),
            "You rank the prefixes by the more probable of their two endings.",
            "A prefix is as probable as all its paths together, whatever they end in.",
        ),
        Mistake(
            "ranked by the letter's share",
            edit(
                pairs,
                (
                    "key=lambda prefix: total(longer[prefix])",
                    "key=lambda p: total(longer[p]) / max(len(p), 1)",
                ),
            ),
            "You rank the prefixes by log-probability per letter.",
            "The prefixes of the largest total probability are kept, be they long or short.",
        ),
        Mistake(
            "endings compete",
            edit(
                pairs,
                (
                    RANKED,
                    "ranked = [(p, e) for p in longer for e in (0, 1) if longer[p][e] > -np.inf]\n"
                    "        ranked.sort(key=lambda pair: longer[pair[0]][pair[1]], reverse=True)",
                ),
                (
                    KEPT,
                    "beam = {}\n"
                    "        for prefix, ending in ranked[:width]:\n"
                    "            add(beam, prefix, ending, longer[prefix][ending])",
                ),
            ),
            "You keep the `width` best pairs of a prefix and an ending.",
            "The width counts prefixes, each with both of its endings.",
        ),
        Mistake(
            "thrown away before they are added",
            edit(
                sorted_candidates,
                (
                    "        found.sort(key=lambda candidate: candidate[:2])\n",
                    "        found.sort(key=lambda candidate: -candidate[2])\n"
                    "        found = sorted(found[:width], key=lambda candidate: candidate[:2])\n",
                ),
            ),
            "You throw prefixes away before all that leads to the same prefix is added up.",
            "First all contributions of a frame are added, then the best prefixes are kept.",
        ),
        Mistake(
            "the better ending at the end",
            edit(pairs, (RETURNED, RETURNED.replace("total(", "max("))),
            "The label is right; your log_probability is that of one of its two endings.",
            "Paths that end in blank and paths that end in the letter read the same label.",
        ),
        Mistake(
            "the letter's ending at the end",
            edit(pairs, (RETURNED, RETURNED.replace("total(beam[best])", "beam[best][1]"))),
            "The label is right; your log_probability is that of the paths that end in a letter.",
            "Paths that end in blank and paths that end in the letter read the same label.",
        ),
        Mistake(
            "the blank's ending at the end",
            edit(pairs, (RETURNED, RETURNED.replace("total(beam[best])", "beam[best][0]"))),
            "The label is right; your log_probability is that of the paths that end in blank.",
            "Paths that end in blank and paths that end in the letter read the same label.",
        ),
        Mistake(
            "the longest",
            edit(pairs, (BEST, "best = max(beam, key=len)")),
            "At the end you take the longest of the prefixes that are left.",
            "The best one is asked for.",
        ),
        Mistake(
            "no logarithm",
            edit(
                pairs,
                (RETURNED, RETURNED.replace("total(beam[best])", "np.exp(total(beam[best]))")),
            ),
            "The label is right; you return its probability.",
            "The logarithm of the probability is asked for.",
        ),
        Mistake(
            "the wrong sign",
            edit(pairs, (RETURNED, RETURNED.replace("total(", "-total("))),
            "The label is right; your log_probability is positive.",
            "Is the logarithm of a probability above or below 0?",
        ),
        Mistake(
            "all of the beam",
            edit(
                pairs,
                (
                    RETURNED,
                    "return list(best), np.logaddexp.reduce([total(p) for p in beam.values()])",
                ),
            ),
            "The label is right; your log_probability is that of all kept prefixes together.",
            "That of the best one is asked for.",
        ),
        Mistake(
            "divided by the sum of the beam",
            edit(
                pairs,
                (
                    RETURNED,
                    "everything = np.logaddexp.reduce([total(p) for p in beam.values()])\n"
                    "    return list(best), total(beam[best]) - everything",
                ),
            ),
            "The label is right; you divide its probability by that of all kept prefixes.",
            "What the beam has lost is lost: the total that was found is asked for.",
        ),
        Mistake(
            "the label alone",
            edit(pairs, (RETURNED, "return list(best)")),
            "You return the label without its log-probability.",
            "Two values are asked for.",
        ),
        Mistake(
            "probabilities, not their logarithms",
            linear,
            "Right for a few frames; with more than a thousand of them your probabilities become "
            "0.",
            "What is 0.4 to the power of 1000? And its logarithm?",
        ),
    ),
)
