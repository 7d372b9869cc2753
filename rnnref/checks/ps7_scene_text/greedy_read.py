"""greedy_read: what the most probable path reads (course row R31)."""

import numpy as np

from rnnref.checks.ps7_scene_text.extend_label import spell
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.losses.ctc_decode import ctc_greedy


def greedy_read(logp, blank=0):
    """The core's reading of one sequence."""
    (label,) = ctc_greedy(logp[:, None], blank=blank)
    return label


def draw(rng, pattern, K, blank=0, zero=""):
    """logp (T, K) whose most probable path is spelt by `pattern`, by a small lead at times."""
    path = spell(rng, pattern, K, blank, zero)
    p = rng.uniform(0.5, 1.0, size=(len(path), K))
    p[np.arange(len(path)), path] = rng.uniform(1.02, 1.6, size=len(path))
    return np.log(p / p.sum(axis=1, keepdims=True))


def cases(rng):
    """Paths with runs, with and without a blank between; other blanks than 0."""
    yield plain("T = 11 frames, K = 6 classes", draw(rng, "aa-abbb-cca", 6))
    yield plain("T = 9 frames, K = 12 classes", draw(rng, "ab-bb--bc", 12))
    yield special("one frame (T = 1)", draw(rng, "a", 7))
    yield special("as many frames as classes (T = K)", draw(rng, "a-aabcc", 7))
    yield special("the same letter at all 4 frames", draw(rng, "aaaa", 6))
    yield special("nothing but blanks", draw(rng, "---", 5))
    logp = draw(rng, "ab-bba-", 5)
    logp[[1, 4], [0, 0]] = -np.inf
    yield special("−inf in logp", logp)
    blank = int(rng.integers(1, 7))
    logp = draw(rng, "aab-b-a", 8, blank, zero="a")
    yield special("begins with class 0, which is not the blank", logp, blank)
    blank = int(rng.integers(1, 8))
    logp = draw(rng, "-bb-baab-", 9, blank, zero="a")
    yield special("another blank than 0, and 0 is a letter", logp, blank)


def loop(logp, blank=0):
    label = []
    before = blank
    for k in np.argmax(logp, axis=1):
        if k != before and k != blank:
            label.append(k)
        before = k
    return label


def two_rules(logp, blank=0):
    path = [max(range(len(row)), key=lambda k, row=row: row[k]) for row in logp]
    runs = [path[i] for i in range(len(path)) if i == 0 or path[i] != path[i - 1]]
    return [k for k in runs if k != blank]


def masks(logp, blank=0):
    path = np.exp(logp).argmax(axis=1)
    new = np.append(True, np.diff(path) != 0)
    return path[new & (path != blank)].tolist()


EXERCISE = Exercise(
    name="greedy_read",
    points=5,
    returns="label",
    reference=greedy_read,
    cases=cases,
    alternatives=(loop, two_rules, masks),
    mistakes=(
        Mistake(
            "the best frame of each class",
            edit(loop, ("axis=1", "axis=0")),
            "You look for the best frame of each class, as the classes come in order.",
            "logp is (T, K), and at each frame the best class is asked for: along which axis?",
        ),
        Mistake(
            "the least probable classes",
            edit(loop, ("np.argmax", "np.argmin")),
            "You follow the least probable class of each frame.",
            "Logarithms of probabilities are negative: which is the more probable, one of −1 or "
            "one of −5? (Their sizes, by np.abs, turn that round.)",
        ),
        Mistake(
            "the blank never wins",
            edit(
                loop,
                (
                    "    before = blank\n",
                    "    before = blank\n    logp = logp.copy()\n    logp[:, blank] = -np.inf\n",
                ),
            ),
            "At no frame does the blank win in yours: each is read as some letter.",
            "The blank is a class like the others until the best path is found.",
        ),
        Mistake(
            "the blank is always 0",
            edit(loop, ("    label = []\n", "    label, blank = [], 0\n")),
            "Right for blank = 0; another blank changes nothing in yours.",
            "Which argument says what the class of silence is?",
        ),
        Mistake(
            "the path itself",
            edit(two_rules, ("return [k for k in runs if k != blank]", "return path")),
            "You return the best path, a class for each frame.",
            "A path is not yet a label: which two rules make one of it?",
        ),
        Mistake(
            "blanks first",
            edit(
                two_rules,
                ("    runs = ", "    path = [k for k in path if k != blank]\n    runs = "),
            ),
            "Your reader can never read a letter twice in a row: the path a-a becomes one a.",
            "Two rules, in a certain order: which of them must not come first?",
        ),
        Mistake(
            "blanks stay",
            edit(two_rules, ("return [k for k in runs if k != blank]", "return runs")),
            "Your label has blanks in it.",
            "Repeats have become one. What else is done to a path?",
        ),
        Mistake(
            "repeats stay",
            edit(loop, ("k != before and ", "")),
            "Your label has a letter for each frame that is not blank.",
            "Blanks are gone. What becomes of a letter that lasts several frames?",
        ),
        Mistake(
            "each letter once",
            edit(loop, ("k != before", "k not in label")),
            "In your label no letter comes twice.",
            "Only repeats in frames that follow each other become one: “bob” has two b.",
        ),
        Mistake(
            "before the first frame there was 0",
            edit(loop, ("before = blank", "before = 0")),
            "Right, but for a path that begins with class 0 where 0 is a letter.",
            "What does your loop compare the first frame with?",
        ),
        Mistake(
            "the first frame is lost",
            edit(two_rules, ("if i == 0 or path", "if i > 0 and path")),
            "A letter that wins at the first frame is missing from your label.",
            "The first frame has none before it: there it is always something new.",
        ),
        Mistake(
            "the loop begins with the second frame",
            edit(loop, ("np.argmax(logp,", "np.argmax(logp[1:],")),
            "Your loop does not see the first frame: a letter that wins there alone is missing.",
            "The first frame has none before it: there it is always something new.",
        ),
        Mistake(
            "the last frame stands before the first",
            edit(two_rules, ("i == 0 or ", "")),
            "You compare the first frame with the last one: if the same letter wins at both, one "
            "is missing.",
            "Which frame is path[i - 1] for i = 0?",
        ),
        Mistake(
            "the last frame is lost",
            edit(loop, ("np.argmax(logp,", "np.argmax(logp[:-1],")),
            "You leave out the last frame.",
            "How many frames does your loop see?",
        ),
    ),
)
