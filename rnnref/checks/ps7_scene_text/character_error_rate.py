"""character_error_rate: edit distance over the length of the truth (course row R31)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special


def character_error_rate(predicted, truth):
    """Levenshtein's distance, row by row, over the length of the truth."""
    row = list(range(len(truth) + 1))
    for i, a in enumerate(predicted, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(truth, 1):
            change = diagonal + (a != b)
            diagonal, row[j] = row[j], min(change, row[j] + 1, row[j - 1] + 1)
    if len(truth) == 0:
        return np.inf if len(predicted) else 0.0
    return row[-1] / len(truth)


ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def spell(rng, *patterns):
    """Words in which equal characters of the patterns are equal random letters."""
    letters = dict(zip(ALPHABET, rng.permutation(list(ALPHABET)).tolist(), strict=True))
    return ["".join(letters[character] for character in pattern) for pattern in patterns]


def ids(word):
    """The word as a list of ids, 1 … 26."""
    return [ALPHABET.index(letter) + 1 for letter in word]


def cases(rng):
    """Strings, lists and arrays; each kind of error alone, several at once, and empty ones."""
    yield plain("strings, several errors", *spell(rng, "abxdefgy", "abcdegchij"))
    predicted, truth = map(ids, spell(rng, "xabzcdfghy", "abcdefg"))
    yield plain("lists of ids, several errors", predicted, truth)
    predicted, truth = (np.array(ids(word)) for word in spell(rng, "bacxcd", "abcdcbaab"))
    yield plain("arrays of ids, several errors", predicted, truth)
    (word,) = spell(rng, "abcad")
    yield special("nothing wrong", word, word)
    yield special("one letter too many, in front", *spell(rng, "xabcde", "abcde"))
    yield special("the first two letters missing", *spell(rng, "cdefg", "abcdefg"))
    yield special("two letters changed", *spell(rng, "axcye", "abcde"))
    yield special("two neighbours in the wrong order", *spell(rng, "abdcef", "abcdef"))
    yield special("more errors than letters", *spell(rng, "xyzabcd", "ef"))
    predicted, truth = map(ids, spell(rng, "abdee", "abcde"))
    yield special("a list against an array", predicted, np.array(truth))
    (truth,) = spell(rng, "abcdef")
    yield special("nothing predicted", "", truth)
    (predicted,) = spell(rng, "abcd")
    yield special("an empty truth, something predicted", predicted, "")
    yield special("an empty truth, and nothing predicted", "", "")
    yield special("an empty truth, and nothing predicted: lists", [], [])


def table(predicted, truth):
    n, m = len(predicted), len(truth)
    d = np.zeros((n + 1, m + 1))
    d[:, 0] = np.arange(n + 1)
    d[0, :] = np.arange(m + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = 0 if predicted[i - 1] == truth[j - 1] else 1
            d[i, j] = min(d[i - 1, j - 1] + cost, d[i - 1, j] + 1, d[i, j - 1] + 1)
    if m == 0:
        return 0.0 if n == 0 else np.inf
    return d[n, m] / m


def rows(predicted, truth):
    if len(truth) == 0:
        return float("inf") if len(predicted) > 0 else 0.0
    before = list(range(len(truth) + 1))
    for i, a in enumerate(predicted):
        now = [i + 1]
        for j, b in enumerate(truth):
            now.append(min(before[j] + (a != b), before[j + 1] + 1, now[j] + 1))
        before = now
    return before[-1] / len(truth)


def recursive(predicted, truth):
    known = {}

    def distance(i, j):
        if i == 0 or j == 0:
            return i + j
        if (i, j) not in known:
            if predicted[i - 1] == truth[j - 1]:
                known[i, j] = distance(i - 1, j - 1)
            else:
                others = distance(i - 1, j - 1), distance(i - 1, j), distance(i, j - 1)
                known[i, j] = 1 + min(others)
        return known[i, j]

    total = distance(len(predicted), len(truth))
    if len(truth):
        return total / len(truth)
    return np.inf if total else 0.0


EXERCISE = Exercise(
    name="character_error_rate",
    points=5,
    returns="rate",
    reference=character_error_rate,
    cases=cases,
    alternatives=(table, rows, recursive),
    mistakes=(
        Mistake(
            "not for arrays",
            edit(rows, ("if len(truth) == 0:", "if not truth:")),
            "Right for strings and lists; with an array as truth, NumPy stops.",
            "`not` is ambiguous for an array of several entries. What tells that it is empty?",
        ),
        Mistake(
            "place by place",
            edit(
                rows,
                (
                    "    before = list(range(len(truth) + 1))\n",
                    "    wrong = sum(a != b for a, b in zip(predicted, truth))\n"
                    "    wrong += abs(len(predicted) - len(truth))\n"
                    "    return wrong / len(truth)\n"
                    "    before = list(range(len(truth) + 1))\n",
                ),
            ),
            "You compare letters in the same place: after one letter too many, all count as wrong.",
            "One letter too many in front is one error. What is the cheapest way from one word to "
            "the other?",
        ),
        Mistake(
            "place by place, as far as both go",
            edit(
                rows,
                (
                    "    before = list(range(len(truth) + 1))\n",
                    "    return sum(a != b for a, b in zip(predicted, truth)) / len(truth)\n"
                    "    before = list(range(len(truth) + 1))\n",
                ),
            ),
            "You compare letters in the same place, as far as both words go.",
            "One letter too many in front is one error; a missing end is one for each letter. What "
            "is the cheapest way from one word to the other?",
        ),
        Mistake(
            "letters without their order",
            edit(
                rows,
                (
                    "    before = list(range(len(truth) + 1))\n",
                    "    return len(set(predicted) ^ set(truth)) / len(truth)\n"
                    "    before = list(range(len(truth) + 1))\n",
                ),
            ),
            "You compare sets of letters: their order and number are forgotten.",
            "The distance counts how many letters must be put in, taken out or changed.",
        ),
        Mistake(
            "the borders are zero",
            edit(
                table,
                ("    d[:, 0] = np.arange(n + 1)\n", ""),
                ("    d[0, :] = np.arange(m + 1)\n", ""),
            ),
            "The first row and the first column of your table are 0: errors in front cost nothing.",
            "How far is it from i letters to none?",
        ),
        Mistake(
            "too many letters in front cost nothing",
            edit(table, ("    d[:, 0] = np.arange(n + 1)\n", "")),
            "In your table, letters that are too many in front cost nothing.",
            "How far is it from i predicted letters to an empty truth?",
        ),
        Mistake(
            "missing letters in front cost nothing",
            edit(table, ("    d[0, :] = np.arange(m + 1)\n", "")),
            "In your table, letters that are missing in front cost nothing.",
            "How far is it from an empty prediction to j letters of the truth?",
        ),
        Mistake(
            "a change costs two",
            edit(table, ("else 1\n", "else 2\n")),
            "In yours a wrong letter counts as two errors.",
            "Taking a letter out and putting another in is two steps; changing it is one.",
        ),
        Mistake(
            "a change costs nothing",
            edit(table, ("+ cost,", ",")),
            "In yours a wrong letter costs nothing: only the lengths count.",
            "On the diagonal, does it matter whether the two letters are equal?",
        ),
        Mistake(
            "equal letters cost one",
            edit(table, ("+ cost,", "+ 1,")),
            "In yours a right letter counts as an error.",
            "On the diagonal, does it matter whether the two letters are equal?",
        ),
        Mistake(
            "the cost is the wrong way round",
            edit(table, ("cost = 0 if", "cost = 1 if"), ("else 1\n", "else 0\n")),
            "In yours right letters cost 1 and wrong ones nothing.",
            "What should the distance of two equal words be?",
        ),
        Mistake(
            "nothing may be too many",
            edit(table, (", d[i - 1, j] + 1", "")),
            "Past its first column, your table has no step that takes a predicted letter out.",
            "Three ways lead to D[i, j]: from which of its neighbours?",
        ),
        Mistake(
            "nothing may be missing",
            edit(table, (", d[i, j - 1] + 1", "")),
            "Past its first row, your table has no step that puts a missing letter in.",
            "Three ways lead to D[i, j]: from which of its neighbours?",
        ),
        Mistake(
            "one row, and the diagonal is lost",
            edit(
                rows,
                ("now = [i + 1]", "now = before\n        now[0] = i + 1"),
                ("now.append(min(", "now[j + 1] = min("),
                ("now[j] + 1))", "now[j] + 1)"),
            ),
            "You keep one row only, and what stood on the diagonal is overwritten when it is "
            "needed.",
            "`now = before` copies nothing. Which three entries does each new one need?",
        ),
        Mistake(
            "neighbours change places at the cost of one",
            edit(
                table,
                (
                    "            d[i, j] = min(",
                    "            if min(i, j) > 1 and predicted[i - 2] == truth[j - 1]:\n"
                    "                if predicted[i - 1] == truth[j - 2]:\n"
                    "                    cost = min(cost, d[i - 2, j - 2] + 1 - d[i - 1, j - 1])\n"
                    "            d[i, j] = min(",
                ),
            ),
            "In yours two letters in the wrong order count as one error.",
            "The steps are: put in, take out, change. That makes two for neighbours in the wrong "
            "order.",
        ),
        Mistake(
            "the last letters are not compared",
            edit(table, ("return d[n, m] / m", "return d[n - 1, m - 1] / m")),
            "You read off the distance without the last letters.",
            "D has one row and one column more than there are letters: which corner has it all?",
        ),
        Mistake(
            "over the length of the prediction",
            edit(
                table,
                (
                    "m == 0:\n        return 0.0 if n == 0 else np.inf\n    return d[n, m] / m",
                    "n == 0:\n        return 0.0 if m == 0 else np.inf\n    return d[n, m] / n",
                ),
            ),
            "You divide by the length of the prediction.",
            "Relative to what was to be read: which of the two is that, and which comes first?",
        ),
        Mistake(
            "over the longer one",
            edit(table, ("d[n, m] / m", "d[n, m] / max(n, m)")),
            "You divide by the longer of the two lengths: your rate is never above 1.",
            "Relative to what was to be read: how long is that?",
        ),
        Mistake(
            "over both lengths",
            edit(table, ("d[n, m] / m", "d[n, m] / (n + m)")),
            "You divide by the sum of the two lengths.",
            "Relative to what was to be read: how long is that?",
        ),
        Mistake(
            "not divided",
            edit(table, ("return d[n, m] / m", "return d[n, m]")),
            "You return the distance itself.",
            "A rate is relative to what was to be read.",
        ),
        Mistake(
            "whole numbers",
            edit(table, ("d[n, m] / m", "d[n, m] // m")),
            "You divide without remainder.",
            "How do / and // differ?",
        ),
        Mistake(
            "in per cent",
            edit(table, ("return d[n, m] / m", "return 100 * d[n, m] / m")),
            "Your rate is in per cent.",
            "One error in four letters is a rate of 0.25.",
        ),
        Mistake(
            "the rate of right ones",
            edit(table, ("return d[n, m] / m", "return 1 - d[n, m] / m")),
            "You return 1 minus the error rate.",
            "Where nothing is wrong, the rate of errors is 0.",
        ),
        Mistake(
            "at most 1",
            edit(table, ("return d[n, m] / m", "return min(1.0, d[n, m] / m)")),
            "Right, but yours stops at 1.",
            "There may be more errors than letters.",
        ),
        Mistake(
            "an empty truth stops it",
            edit(
                rows,
                (
                    "    if len(truth) == 0:\n"
                    '        return float("inf") if len(predicted) > 0 else 0.0\n',
                    "",
                ),
            ),
            "Right, but an empty truth stops your function.",
            "What is to be returned where there is nothing to divide by?",
        ),
        Mistake(
            "an empty truth gives 0",
            edit(table, ("0.0 if n == 0 else np.inf", "0.0")),
            "Right, but 0 is not the rate if something was predicted and there was nothing.",
            "Errors, and no letters to share them: what does that tend to?",
        ),
        Mistake(
            "an empty truth gives 1",
            edit(table, ("0.0 if n == 0 else np.inf", "0.0 if n == 0 else 1.0")),
            "Right, but 1 is not the rate if something was predicted and there was nothing.",
            "Errors, and no letters to share them: what does that tend to?",
        ),
        Mistake(
            "an empty truth gives the distance",
            edit(table, ("0.0 if n == 0 else np.inf", "d[n, 0]")),
            "Right, but with an empty truth you return the distance.",
            "Errors, and no letters to share them: what does that tend to?",
        ),
        Mistake(
            "an empty truth is always inf",
            edit(table, ("0.0 if n == 0 else np.inf", "np.inf")),
            "Right, but two empty words are equal.",
            "No letters, and no errors: what rate is asked for there?",
        ),
        Mistake(
            "0/0 of two empty words",
            edit(table, ("    if m == 0:\n        return 0.0 if n == 0 else np.inf\n", "")),
            "Right, but two empty words give nan.",
            "No letters, and no errors: what rate is asked for there?",
        ),
    ),
)
