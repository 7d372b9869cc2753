"""extend_label: the states that a path goes through (course row R31)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.losses.ctc_lattice import ctc_extend_label


def extend_label(label, blank=0):
    """The core's states and where they may be skipped to."""
    return ctc_extend_label(label, blank)


def spell(rng, pattern, K, blank=0, zero=""):
    """A label or a path of K classes: "ab-b" has a blank in the third place.

    Each character stands for one random class that is not the blank, and `zero` for class 0.
    Other characters are never 0, so that a slip about 0 shows where it is meant to.
    """
    characters = sorted(set(pattern) - {"-", zero})
    classes = rng.permutation([k for k in range(1, K) if k != blank]).tolist()
    known = {"-": blank, zero: 0, **dict(zip(characters, classes, strict=False))}
    return [known[character] for character in pattern]


def cases(rng):
    """Lists and arrays; letters that come again, and twice in a row."""
    yield plain("a list of 5 letters, none twice in a row", spell(rng, "abcab", 40))
    yield plain("an array of 4 letters, none twice in a row", np.array(spell(rng, "abca", 40)))
    blank = int(rng.integers(1, 40))
    yield special("an empty label, a list", [], blank)
    blank = int(rng.integers(1, 40))
    yield special("an empty label, an array", np.array([], dtype=int), blank)
    yield special("a single letter", spell(rng, "a", 40))
    yield special("a list with repeated letters", spell(rng, "aabbba", 40))
    yield special("an array with repeated letters", np.array(spell(rng, "abbcc", 40)))
    blank = int(rng.integers(1, 40))
    label = spell(rng, "abcb", 40, blank, zero="b")
    yield special("another blank than 0, and 0 is a letter", label, blank)


def slices(label, blank=0):
    ext = np.full(2 * len(label) + 1, blank)
    ext[1::2] = label
    can_skip = np.zeros(len(ext), dtype=bool)
    can_skip[2:] = (ext[2:] != blank) & (ext[2:] != ext[:-2])
    return ext, can_skip


def loop(label, blank=0):
    ext = [blank]
    for letter in label:
        ext += [letter, blank]
    can_skip = []
    for s in range(len(ext)):
        can_skip.append(s >= 2 and ext[s] != blank and ext[s] != ext[s - 2])
    return np.array(ext), np.array(can_skip)


def pairs(label, blank=0):
    states, allowed, before = [blank], [False], None
    for letter in label:
        states.extend((letter, blank))
        allowed.extend((before is not None and letter != before, False))
        before = letter
    return [np.array(states, dtype=np.int32), np.array(allowed, dtype=bool)]


def of_letters(label, blank=0):
    label = np.asarray(label, dtype=int)
    ext = np.insert(label, np.arange(len(label) + 1), blank)
    can_skip = np.zeros(ext.shape, dtype=bool)
    can_skip[3::2] = np.diff(label) != 0
    return ext, can_skip


EXERCISE = Exercise(
    name="extend_label",
    points=10,
    returns="ext (2L+1,), can_skip (2L+1,)",
    reference=extend_label,
    cases=cases,
    alternatives=(slices, loop, pairs, of_letters),
    mistakes=(
        Mistake(
            "no blanks",
            edit(
                slices,
                (
                    "ext = np.full(2 * len(label) + 1, blank)\n    ext[1::2] = label",
                    "ext = np.array(label, dtype=int)",
                ),
            ),
            "Your states are the letters alone.",
            "How would a path read the same letter twice in a row without a blank between?",
        ),
        Mistake(
            "no blank in front",
            edit(loop, ("ext = [blank]", "ext = []")),
            "Your states begin with a letter: one is missing.",
            "May a path begin with silence?",
        ),
        Mistake(
            "no blank at the end",
            edit(loop, ("ext = [blank]", "ext = []"), ("[letter, blank]", "[blank, letter]")),
            "Your states end with a letter: one is missing.",
            "May a path end with silence?",
        ),
        Mistake(
            "blanks only between letters",
            edit(
                slices,
                (
                    "ext = np.full(2 * len(label) + 1, blank)\n    ext[1::2] = label",
                    "ext = np.full(max(2 * len(label) - 1, 0), blank)\n    ext[::2] = label",
                ),
            ),
            "Your states begin and end with a letter: two are missing.",
            "May a path begin with silence, or end with it?",
        ),
        Mistake(
            "the blank is always 0",
            edit(slices, ("    ext = np", "    blank = 0\n    ext = np")),
            "Right for blank = 0; another blank changes nothing in yours.",
            "Which argument says what the class of silence is?",
        ),
        Mistake(
            "an empty list makes floats",
            edit(of_letters, ("np.asarray(label, dtype=int)", "np.asarray(label)")),
            "Right, but the ids of an empty list come back as floats.",
            "NumPy cannot tell from an empty list what it would hold: say it by dtype.",
        ),
        Mistake(
            "no state may be skipped to",
            edit(slices, ("(ext[2:] != blank) & (ext[2:] != ext[:-2])", "False")),
            "ext is right; your can_skip is False everywhere.",
            "The path t-o reads “to”, and so does the path to: what is left out in the second?",
        ),
        Mistake(
            "the first letter too",
            edit(loop, ("s >= 2 and ", "")),
            "ext is right; your can_skip is also True at the first letter, s = 1.",
            "What stands two places before s = 1? (ext[−1] is the last state.)",
        ),
        Mistake(
            "equal letters may meet",
            edit(slices, (" & (ext[2:] != ext[:-2])", "")),
            "ext is right; your can_skip is True between two equal letters.",
            "The path t-t reads “tt”. What does it read without its blank?",
        ),
        Mistake(
            "blanks may be skipped to",
            edit(slices, ("(ext[2:] != blank) &", "(ext[2:] == blank) |")),
            "ext is right; your can_skip is also True at blanks.",
            "From blank to blank a letter would be left out, and nobody would read it.",
        ),
        Mistake(
            "all may be skipped to",
            edit(slices, ("(ext[2:] != blank) & (ext[2:] != ext[:-2])", "True")),
            "ext is right; your can_skip is True from s = 2 on, whatever stands there.",
            "Which states may be left out, and what would a path read then?",
        ),
        Mistake(
            "the wrong way round",
            edit(
                slices,
                ("return ext, can_skip", "can_skip[2:] = ~can_skip[2:]\n    return ext, can_skip"),
            ),
            "ext is right; from s = 2 on, your can_skip is True where it should be False and False "
            "where it should be True.",
            "can_skip says where a path MAY come to straight from two states before.",
        ),
        Mistake(
            "where the skip starts",
            edit(slices, ("can_skip[2:]", "can_skip[:-2]")),
            "ext is right; your can_skip stands at the states that a skip starts from.",
            "can_skip[s] says whether a path may come TO s.",
        ),
        Mistake(
            "the blank of the rule is always 0",
            edit(slices, ("(ext[2:] != blank)", "(ext[2:] != 0)")),
            "ext is right, and can_skip for blank = 0; with another blank, 0 is a letter like any "
            "other.",
            "Which argument says what the class of silence is?",
        ),
        Mistake(
            "a list is compared as a whole",
            edit(
                slices,
                (
                    "can_skip[2:] = (ext[2:] != blank) & (ext[2:] != ext[:-2])",
                    "can_skip[3::2] = label[1:] != label[:-1]",
                ),
            ),
            "Right where label is an array. In a list, your can_skip is True between equal "
            "letters if not all are equal.",
            "!= compares two arrays entry by entry, but two lists as wholes.",
        ),
        Mistake(
            "a letter that was there before",
            edit(loop, ("ext[s] != ext[s - 2]", "ext[s] not in ext[:s]")),
            "ext is right; your can_skip is False at each letter that stood in the label before, "
            "however far in front.",
            "Only the letter just before can become one with it.",
        ),
        Mistake(
            "compared with the letter after",
            edit(
                loop,
                (
                    "ext[s] != ext[s - 2]",
                    "(s + 2 >= len(ext) or ext[s] != ext[s + 2])",
                ),
            ),
            "ext is right; your can_skip looks at the letter after s.",
            "The skip ends in s. Where does it start?",
        ),
    ),
)
