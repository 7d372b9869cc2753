"""collapse: what a path reads (course row R31)."""

import numpy as np

from rnnref.checks.ps7_scene_text.extend_label import spell
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.losses.ctc_decode import ctc_collapse


def collapse(path, blank=0):
    """The core's reading of a path."""
    return ctc_collapse(path, blank)


def cases(rng):
    """Runs of letters, with and without a blank between; other blanks than 0."""
    yield plain("a list of 11 frames", spell(rng, "aa-abbb-cca", 40))
    yield plain("an array of 9 frames", np.array(spell(rng, "ab-bb--bc", 40)))
    yield special("one frame", spell(rng, "a", 40))
    yield special("the same letter at all 4 frames", spell(rng, "aaaa", 40))
    yield special("a path that ends in blank", np.array(spell(rng, "abb--", 40)))
    blank = int(rng.integers(1, 40))
    yield special("nothing but blanks, and the blank is not 0", [blank] * 3, blank)
    blank = int(rng.integers(1, 40))
    path = np.array(spell(rng, "aab-b-a", 40, blank, zero="a"))
    yield special("begins with class 0, which is not the blank", path, blank)
    blank = int(rng.integers(1, 40))
    path = spell(rng, "-aa-abba", 40, blank, zero="b")
    yield special("another blank than 0, and 0 is a letter", path, blank)


def loop(path, blank=0):
    label = []
    before = blank
    for k in path:
        if k != before and k != blank:
            label.append(k)
        before = k
    return label


def two_rules(path, blank=0):
    n = len(path)
    runs = [path[i] for i in range(n) if i == 0 or path[i] != path[i - 1]]
    return [k for k in runs if k != blank]


def masks(path, blank=0):
    path = np.asarray(path)
    new = np.concatenate([[True], path[1:] != path[:-1]])
    return path[new & (path != blank)].tolist()


def recursive(path, blank=0):
    if len(path) == 0:
        return []
    label = recursive(path[:-1], blank)
    if path[-1] != blank and not (len(path) > 1 and path[-1] == path[-2]):
        return [*label, int(path[-1])]
    return label


EXERCISE = Exercise(
    name="collapse",
    points=5,
    returns="label",
    reference=collapse,
    cases=cases,
    alternatives=(loop, two_rules, masks, recursive),
    mistakes=(
        Mistake(
            "the blank is always 0",
            edit(loop, ("    label = []\n", "    label, blank = [], 0\n")),
            "Right for blank = 0; another blank changes nothing in yours.",
            "Which argument says what the class of silence is?",
        ),
        Mistake(
            "blanks first",
            edit(
                two_rules,
                ("    n = ", "    path = [k for k in path if k != blank]\n    n = "),
            ),
            "Your reader can never read a letter twice in a row: try the path a-a.",
            "Two rules, in a certain order: which of them must not come first? (In a loop: what "
            "is a frame compared with?)",
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
            "nothing is done",
            edit(two_rules, ("return [k for k in runs if k != blank]", "return list(path)")),
            "You return the path itself, as a list.",
            "A letter that lasts several frames is read once, and blanks are not read.",
        ),
        Mistake(
            "each letter once",
            edit(loop, ("k != before", "k not in label")),
            "In your label no letter comes twice.",
            "Only repeats in frames that follow each other become one: “bob” has two b.",
        ),
        Mistake(
            "sorted",
            edit(masks, ("path[new & (path != blank)]", "np.unique(path[path != blank])")),
            "Your label has each letter once, in order of size.",
            "np.unique forgets the order, and how often a letter comes.",
        ),
        Mistake(
            "pairs become one",
            edit(
                two_rules,
                (
                    "runs = [path[i] for i in range(n) if i == 0 or path[i] != path[i - 1]]",
                    "runs, i = [], 0\n"
                    "    while i < n:\n"
                    "        runs.append(path[i])\n"
                    "        i += 2 if i + 1 < n and path[i + 1] == path[i] else 1",
                ),
            ),
            "Two equal frames become one letter, but three or four become two.",
            "How long may a run be? Compare each frame with the one before it.",
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
            "A letter that stands at the first frame is missing from your label.",
            "The first frame has none before it: there it is always something new.",
        ),
        Mistake(
            "the loop begins with the second frame",
            edit(loop, ("for k in path", "for k in path[1:]")),
            "Your loop does not see the first frame: a letter that stands there alone is missing.",
            "The first frame has none before it: there it is always something new.",
        ),
        Mistake(
            "the last frame stands before the first",
            edit(two_rules, ("i == 0 or ", "")),
            "You compare the first frame with the last one: if both show the same letter, one is "
            "missing.",
            "Which frame is path[i - 1] for i = 0?",
        ),
        Mistake(
            "the last frame is lost",
            edit(loop, ("for k in path", "for k in path[:-1]")),
            "Your loop ends one frame too soon: a letter that comes at the last frame is missing.",
            "How many frames does your loop see?",
        ),
        Mistake(
            "the last run is lost",
            edit(
                loop,
                (
                    "        if k != before and k != blank:\n            label.append(k)\n",
                    "        if k != before and before != blank:\n"
                    "            label.append(before)\n",
                ),
            ),
            "A letter that lasts until the last frame is missing from your label.",
            "You append a letter when it has ended. Which one has not ended when the loop has?",
        ),
    ),
)
