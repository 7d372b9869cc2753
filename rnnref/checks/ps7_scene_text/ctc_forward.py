"""ctc_forward: α, the summed probability of all beginnings of paths (course row R31)."""

import numpy as np

from rnnref.checks.ps7_scene_text.extend_label import spell
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special, strict
from rnnref.losses.ctc_lattice import ctc_alignment


def ctc_forward(logp, label, blank=0):
    """The core's α and log-likelihood; the softmax in it leaves logp as it is."""
    log_alpha, _, _, log_likelihood = ctc_alignment(logp, label, blank)
    return log_alpha, log_likelihood


def draw(rng, T, K, never=()):
    """logp (T, K), −inf at the places (t, k) of `never`."""
    scores = rng.normal(size=(T, K))
    for t, k in never:
        scores[t, k] = -np.inf
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def cases(rng):
    """Lists and arrays; then every edge: empty, repeated, just enough, too few, long, −inf."""
    label = spell(rng, "aba", 5)
    yield plain("T = 8 frames, K = 5 classes, a list of 3 letters", draw(rng, 8, 5), label)
    label = np.array(spell(rng, "abcd", 13))
    yield plain("T = 11 frames, K = 13 classes, an array of 4 letters", draw(rng, 11, 13), label)
    yield special("one letter, one frame (T = 1)", draw(rng, 1, 4), spell(rng, "a", 4))
    yield special("an empty label", draw(rng, 5, 4), [])
    label = spell(rng, "abbaa", 6)
    yield special("a list with repeated letters", draw(rng, 10, 6), label)
    label = np.array(spell(rng, "aab", 7))
    yield special("an array with repeated letters", draw(rng, 6, 7), label)
    blank = int(rng.integers(1, 5))
    label = spell(rng, "abcb", 6, blank, zero="b")
    yield special("another blank than 0, and 0 is a letter", draw(rng, 9, 6), label, blank)
    label = spell(rng, "aabc", 6)
    yield special("just enough frames", draw(rng, 5, 6), label)
    yield special("one frame too few", draw(rng, 4, 6), label)
    a, b, _ = label = spell(rng, "aba", 5)
    logp = draw(rng, 9, 5, never=[(0, a), (3, 0), (4, b), (6, a)])
    yield special("−inf in logp", logp, label)
    yield special("T = 500 frames", draw(rng, 500, 20), spell(rng, "abc", 20))
    a, b, _ = label = spell(rng, "aba", 5)
    logp = draw(rng, 7, 5, never=[(t, b) for t in range(7)])
    yield strict("a letter that is never possible: no warnings", logp, label)


def over_states(logp, label, blank=0):
    ext = np.full(2 * len(label) + 1, blank)
    ext[1::2] = label
    T, S = len(logp), len(ext)
    can_skip = np.zeros(S, dtype=bool)
    can_skip[2:] = (ext[2:] != blank) & (ext[2:] != ext[:-2])
    nowhere = np.full(2, -np.inf)
    log_alpha = np.full((T, S), -np.inf)
    log_alpha[0, :2] = logp[0, ext[:2]]
    for t in range(1, T):
        before = np.concatenate([nowhere, log_alpha[t - 1]])
        stay, step, skip = before[2:], before[1:-1], before[:-2]
        skip = np.where(can_skip, skip, -np.inf)
        total = np.logaddexp(np.logaddexp(stay, step), skip)
        log_alpha[t] = total + logp[t, ext]
    log_likelihood = np.logaddexp.reduce(log_alpha[-1, -2:])
    return log_alpha, log_likelihood


def loops(logp, label, blank=0):
    def log_sum(terms):
        m = max(terms)
        if m == -np.inf:
            return m
        return m + np.log(sum(np.exp(term - m) for term in terms))

    ext = [blank]
    for letter in label:
        ext += [letter, blank]
    log_alpha = np.zeros((len(logp), len(ext)))
    for t in range(len(logp)):
        for s in range(len(ext)):
            if t == 0:
                arrived = 0.0 if s < 2 else -np.inf
            else:
                terms = [log_alpha[t - 1, s]]
                if s >= 1:
                    terms.append(log_alpha[t - 1, s - 1])
                if s >= 2 and ext[s] != blank and ext[s] != ext[s - 2]:
                    terms.append(log_alpha[t - 1, s - 2])
                arrived = log_sum(terms)
            log_alpha[t, s] = arrived + logp[t, ext[s]]
    return log_alpha, log_sum(log_alpha[-1, -2:])


def scaled(logp, label, blank=0):
    ext = np.array([blank] + [k for letter in label for k in (letter, blank)])
    y = np.exp(logp[:, ext])
    may = np.eye(len(ext)) + np.eye(len(ext), k=1)
    for s in range(3, len(ext), 2):
        may[s - 2, s] = ext[s] != ext[s - 2]
    a = np.zeros(len(ext))
    a[:2] = 1
    alphas, scales, scale = [], [], 0.0
    for t in range(len(y)):
        a = (a @ may if t > 0 else a) * y[t]
        largest = a.max()
        if largest > 0:
            a = a / largest
            scale += np.log(largest)
        alphas.append(a)
        scales.append(scale)
    with np.errstate(divide="ignore"):
        log_alpha = np.log(alphas) + np.array(scales)[:, None]
        log_likelihood = np.log(a[-2:].sum()) + scale
    return [log_alpha, log_likelihood]


def state_by_state(logp, label, blank=0):
    label = np.asarray(label, dtype=int)
    ext = np.insert(label, np.arange(len(label) + 1), blank)
    nowhere = [-np.inf] * len(logp)
    columns = [nowhere, nowhere]
    for s, k in enumerate(ext):
        skips = s > 2 and k not in (blank, ext[s - 2])
        column, now = [], 0.0 if s < 2 else -np.inf
        for t in range(len(logp)):
            if t > 0:
                now = np.logaddexp(now, columns[s + 1][t - 1])
                if skips:
                    now = np.logaddexp(now, columns[s][t - 1])
            now = now + logp[t, k]
            column.append(now)
        columns.append(column)
    log_alpha = np.array(columns[2:]).T
    return log_alpha, np.logaddexp.reduce([column[-1] for column in columns[2:][-2:]])


SUM = "total = np.logaddexp(np.logaddexp(stay, step), skip)"


def in_order(name, total):
    """Logarithms whose sums leave them, each in some order of operations: then rounding agrees."""
    return Mistake(
        name,
        edit(over_states, (SUM, f'with np.errstate(divide="ignore"):\n            {total}')),
        "Right for short words. With 500 frames your sums come to −inf: you leave the logarithms "
        "to add.",
        "np.exp(−800) is 0. What may be taken out of a sum of exponentials before it gets lost?",
    )


RULE = "(ext[2:] != blank) & (ext[2:] != ext[:-2])"


def states_and_skips(right):
    """Wrong states, and wrong rules for skips, in the solution over states of α or β."""
    return (
        Mistake(
            "no blank in front",
            edit(right, ("    T, S = ", "    ext = ext[1:]\n    T, S = ")),
            "Your states begin with a letter: one is missing.",
            "May a path begin with silence?",
        ),
        Mistake(
            "no blank at the end",
            edit(right, ("    T, S = ", "    ext = ext[:-1]\n    T, S = ")),
            "Your states end with a letter: one is missing.",
            "May a path end with silence?",
        ),
        Mistake(
            "the blank is always 0",
            edit(right, ("    ext = np", "    blank = 0\n    ext = np")),
            "Right for blank = 0; another blank changes nothing in yours.",
            "Which argument says what the class of silence is?",
        ),
        Mistake(
            "the blank is the last class",
            edit(right, ("    ext = np", "    blank = logp.shape[1] - 1\n    ext = np")),
            "You take the last class for the blank.",
            "Which argument says what the class of silence is?",
        ),
        Mistake(
            "no state may be skipped to",
            edit(right, (RULE, "False")),
            "In yours, paths pass through every blank: from letter to letter it takes two frames.",
            "The path t-o reads “to”, and so does the path to: what is left out in the second?",
        ),
        Mistake(
            "equal letters may meet",
            edit(right, (" & (ext[2:] != ext[:-2])", "")),
            "Right, but for repeated letters: you let paths skip the blank between two equal ones.",
            "The path t-t reads “tt”. What does it read without its blank?",
        ),
        Mistake(
            "blanks may be skipped to",
            edit(right, ("(ext[2:] != blank) &", "(ext[2:] == blank) |")),
            "In yours, paths may go from blank to blank past a letter.",
            "A letter that no frame shows is not read.",
        ),
        Mistake(
            "all may be skipped to",
            edit(right, (RULE, "True")),
            "In yours, paths may skip every state, letters too.",
            "Which states may be left out, and what would a path read then?",
        ),
        Mistake(
            "the blank of the rule is always 0",
            edit(right, ("(ext[2:] != blank)", "(ext[2:] != 0)")),
            "Right for blank = 0. With another blank, 0 is a letter like any other: paths may skip "
            "to it.",
            "Where does your rule for skips ask what the blank is?",
        ),
    )


def minus(number, right):
    """A large negative number where −inf is asked for, in the solution over states of α or β."""
    text = f"{number:.0e}".replace("e+0", "e").replace("e+", "e").replace("-", "−")
    return Mistake(
        f"{text} for −inf",
        edit(
            right,
            ("    ext = np.full", f"    none = {number!r}\n    ext = np.full"),
            ("(T, S), -np.inf)", "(T, S), none)"),
            ("np.full(2, -np.inf)", "np.full(2, none)"),
            ("skip, -np.inf)", "skip, none)"),
        ),
        f"Where there is no path, yours has {text} or near that, not −inf.",
        "np.logaddexp takes −inf as it is; in a formula of your own, ask for it before you "
        "subtract.",
    )


def at_once(result):
    """An edit of the solution over states of α or β: what it does with too few frames."""
    return (
        "    nowhere = np",
        "    repeats = sum(label[i] == label[i - 1] for i in range(1, len(label)))\n"
        f"    if T < len(label) + repeats:\n        {result}\n    nowhere = np",
    )


def infeasible(name, result, says):
    """A label of too few frames that is not let through the loop."""
    return Mistake(
        name,
        edit(over_states, at_once(result)),
        says,
        "α asks only for beginnings of paths, and there are some. The loop gives −inf in the end "
        "all by itself.",
    )


def returned(name, values, says, hint):
    """Right until the last line."""
    change = "return log_alpha, log_likelihood", f"return {values}"
    return Mistake(name, edit(over_states, change), says, hint)


def linear(logp, label, blank=0):
    ext = np.full(2 * len(label) + 1, blank)
    ext[1::2] = label
    y = np.exp(logp[:, ext])
    alpha = np.zeros(y.shape)
    alpha[0, :2] = y[0, :2]
    for t in range(1, len(y)):
        for s in range(len(ext)):
            total = alpha[t - 1, s]
            if s >= 1:
                total += alpha[t - 1, s - 1]
            if s >= 2 and ext[s] != blank and ext[s] != ext[s - 2]:
                total += alpha[t - 1, s - 2]
            alpha[t, s] = total * y[t, s]
    with np.errstate(divide="ignore"):
        return np.log(alpha), np.log(alpha[-1, -2:].sum())


EXERCISE = Exercise(
    name="ctc_forward",
    points=20,
    returns="log_alpha (T, 2L+1), log_likelihood",
    reference=ctc_forward,
    cases=cases,
    alternatives=(over_states, loops, scaled, state_by_state),
    mistakes=(
        Mistake(
            "no blanks",
            edit(
                over_states,
                ("np.full(2 * len(label) + 1, blank)", "np.array(label, dtype=int)"),
                ("    ext[1::2] = label\n", ""),
            ),
            "Your states are the letters alone.",
            "A path goes through blanks too: put one before, between and after the letters.",
        ),
        *states_and_skips(over_states),
        Mistake(
            "where the skip starts",
            edit(over_states, ("can_skip[2:]", "can_skip[:-2]")),
            "In yours, the letter after s decides whether paths may skip to s.",
            "can_skip[s] says whether a path may come TO s.",
        ),
        Mistake(
            "a list is compared as a whole",
            edit(
                over_states,
                (
                    "can_skip[2:] = (ext[2:] != blank) & (ext[2:] != ext[:-2])",
                    "can_skip[3::2] = label[1:] != label[:-1]",
                ),
            ),
            "Right where label is an array. In a list, your paths may skip the blank between two "
            "equal letters.",
            "!= compares two arrays entry by entry, but two lists as wholes.",
        ),
        Mistake(
            "0 for −inf",
            edit(over_states, ("np.full((T, S), -np.inf)", "np.zeros((T, S))")),
            "At the first frame, states that no path starts in have a 0 in yours.",
            "What probability has the logarithm 0?",
        ),
        minus(-1e30, over_states),
        minus(-1e10, over_states),
        minus(-1e9, over_states),
        Mistake(
            "starts in the blank only",
            edit(
                over_states,
                ("log_alpha[0, :2] = logp[0, ext[:2]]", "log_alpha[0, 0] = logp[0, blank]"),
            ),
            "Your paths start with a blank.",
            "Which two states may a path start in?",
        ),
        Mistake(
            "starts in the letter only",
            edit(
                over_states,
                ("log_alpha[0, :2] = logp[0, ext[:2]]", "log_alpha[0, 1:2] = logp[0, ext[1:2]]"),
            ),
            "Your paths start with a letter.",
            "Which two states may a path start in?",
        ),
        Mistake(
            "starts anywhere",
            edit(
                over_states, ("log_alpha[0, :2] = logp[0, ext[:2]]", "log_alpha[0] = logp[0, ext]")
            ),
            "Your paths may start in any state: what comes before it in the label is not read.",
            "Which two states may a path start in?",
        ),
        Mistake(
            "starts in the second blank too",
            edit(
                over_states,
                ("log_alpha[0, :2] = logp[0, ext[:2]]", "log_alpha[0, :3] = logp[0, ext[:3]]"),
            ),
            "In yours, paths may start in three states: those that start in s = 2 leave out the "
            "first letter.",
            "Which two states may a path start in?",
        ),
        Mistake(
            "the first frame emits nothing",
            edit(over_states, ("= logp[0, ext[:2]]", "= 0")),
            "At the first frame, yours has the logarithm of 1 in the states where paths start.",
            "The first frame shows a class too, with its own probability.",
        ),
        Mistake(
            "an empty label stops the start",
            edit(
                over_states,
                (
                    "log_alpha[0, :2] = logp[0, ext[:2]]",
                    "log_alpha[0, 0] = logp[0, ext[0]]\n    log_alpha[0, 1] = logp[0, ext[1]]",
                ),
            ),
            "Right, but for an empty label: there is no state s = 1.",
            "How many states has an empty label?",
        ),
        Mistake(
            "no path stays",
            edit(over_states, (SUM, "total = np.logaddexp(step, skip)")),
            "In yours, each frame leads to another state.",
            "May a letter last two frames?",
        ),
        Mistake(
            "no path goes to the next state",
            edit(over_states, (SUM, "total = np.logaddexp(stay, skip)")),
            "In yours, paths stay or skip; none goes to the very next state.",
            "Three ways lead to a state: from where?",
        ),
        Mistake(
            "the next state within a frame",
            edit(
                loops,
                ("terms.append(log_alpha[t - 1, s - 1])", "terms.append(log_alpha[t, s - 1])"),
            ),
            "From state s − 1 to s, your paths go within the same frame.",
            "Each step of a path takes a frame: where were they before this one?",
        ),
        Mistake(
            "one row is overwritten",
            edit(
                loops,
                ("terms.append(log_alpha[t - 1, s - 1])", "terms.append(log_alpha[t, s - 1])"),
                ("terms.append(log_alpha[t - 1, s - 2])", "terms.append(log_alpha[t, s - 2])"),
            ),
            "From states s − 1 and s − 2 to s, your paths go within the same frame.",
            "Each step of a path takes a frame. Do you overwrite what the frame before had?",
        ),
        Mistake(
            "the end leads to the beginning",
            edit(
                over_states,
                ("before[1:-1]", "np.roll(log_alpha[t - 1], 1)"),
                ("before[:-2]", "np.roll(log_alpha[t - 1], 2)"),
            ),
            "In yours, paths come to the first state from the last one.",
            "np.roll goes round, and so does an index of −1. What comes to the first state?",
        ),
        Mistake(
            "the best path",
            edit(
                over_states,
                (SUM, "total = np.maximum(np.maximum(stay, step), skip)"),
                ("np.logaddexp.reduce(", "np.max("),
            ),
            "You find the best path; your numbers are too small wherever several lead to a state.",
            "The probability of a label is that of ALL paths that read it.",
        ),
        Mistake(
            "the best way to each state",
            edit(over_states, (SUM, "total = np.maximum(np.maximum(stay, step), skip)")),
            "You take the best of the ways that lead to a state.",
            "The probability of a label is that of ALL paths that read it.",
        ),
        Mistake(
            "logarithms are added",
            edit(over_states, (SUM, "total = stay + step + skip")),
            "You add logarithms where probabilities are to be added.",
            "A sum of logarithms is the logarithm of a product. Which function adds two "
            "probabilities that are given by their logarithms?",
        ),
        Mistake(
            "−inf less −inf",
            edit(
                over_states,
                (
                    SUM,
                    "m = np.maximum(np.maximum(stay, step), skip)\n"
                    "        terms = np.exp(stay - m), np.exp(step - m), np.exp(skip - m)\n"
                    "        total = m + np.log(sum(terms))",
                ),
            ),
            "Where no path has come yet, you get nan, and it spreads.",
            "If all terms are −inf, so is the largest: what is −inf − (−inf)?",
        ),
        Mistake(
            "−inf less −inf, two at a time",
            edit(
                over_states,
                (
                    SUM,
                    "total = stay\n"
                    "        for other in (step, skip):\n"
                    "            gap = np.abs(total - other)\n"
                    "            total = np.maximum(total, other) + np.log1p(np.exp(-gap))",
                ),
            ),
            "Where no path has come yet, you get nan, and it spreads.",
            "If both terms are −inf: what is −inf − (−inf)?",
        ),
        Mistake(
            "−inf less −inf, state by state",
            edit(loops, ("        if m == -np.inf:\n            return m\n", "")),
            "Where no path has come yet, you get nan, and it spreads.",
            "If all terms are −inf, so is the largest: what is −inf − (−inf)?",
        ),
        Mistake(
            "probabilities underflow",
            linear,
            "Right for short words. With 500 frames your probabilities become 0, and their "
            "logarithms −inf.",
            "What is 0.05**500? Keep logarithms, or divide each frame by something and remember "
            "by what.",
        ),
        in_order(
            "exponentials underflow",
            "total = np.log(np.exp(stay) + np.exp(step) + np.exp(skip))",
        ),
        in_order(
            "exponentials underflow, with the emission",
            "p = np.exp(logp[t, ext])\n"
            "            total = np.log(p * (np.exp(stay) + np.exp(step) + np.exp(skip)))\n"
            "            total = total - logp[t, ext]",
        ),
        Mistake(
            "a class for each state",
            edit(
                over_states,
                ("= logp[0, ext[:2]]", "= logp[0, :2][:S]"),
                ("total + logp[t, ext]", "total + logp[t, np.arange(S)]"),
            ),
            "At state s you take class s; where there are more states than classes, NumPy stops.",
            "Which class does state s show?",
        ),
        Mistake(
            "no emission",
            edit(over_states, ("total + logp[t, ext]", "total")),
            "Of all frames, only the first has an influence on your α.",
            "Who comes to a state at frame t must also see its class there.",
        ),
        Mistake(
            "the emission of the frame before",
            edit(over_states, ("logp[t, ext]", "logp[t - 1, ext]")),
            "From the second frame on, you take the class probabilities of the frame before.",
            "α at t has the classes of all frames up to t in it.",
        ),
        Mistake(
            "without the emission at t",
            edit(
                over_states,
                ("log_alpha[0, :2] = logp[0, ext[:2]]", "log_alpha[0, :2] = 0"),
                ("log_alpha[t - 1]])", "log_alpha[t - 1] + logp[t - 1, ext]])"),
                ("total + logp[t, ext]", "total"),
                ("log_alpha[-1, -2:])", "(log_alpha[-1] + logp[-1, ext])[-2:])"),
            ),
            "The log-likelihood is right; your α lacks the emission at t.",
            "Path beginnings of t + 1 frames: α at t has the classes of all frames up to t in it.",
        ),
        Mistake(
            "emission for those who stay",
            edit(
                over_states,
                (
                    SUM,
                    "total = np.logaddexp(stay + logp[t, ext], step)\n"
                    "        total = np.logaddexp(total, skip)",
                ),
                ("total + logp[t, ext]", "total"),
            ),
            "Only those who stay see the class of frame t in yours.",
            "Whichever way a path comes to a state, it shows the class there.",
        ),
        Mistake(
            "no emission after a skip",
            edit(
                over_states,
                (SUM, "total = np.logaddexp(stay, step)"),
                ("total + logp[t, ext]", "np.logaddexp(total + logp[t, ext], skip)"),
            ),
            "Those who skip a state do not see the class of frame t in yours.",
            "Whichever way a path comes to a state, it shows the class there.",
        ),
        Mistake(
            "the logarithm of a logarithm",
            edit(
                over_states,
                ("= logp[0, ext[:2]]", "= np.log(logp[0, ext[:2]])"),
                ("total + logp[t, ext]", "total + np.log(logp[t, ext])"),
            ),
            "You take the logarithm of something that is one already.",
            "logp holds log-probabilities.",
        ),
        Mistake(
            "pruned for the end",
            edit(
                over_states,
                (
                    "        log_alpha[t] = total + logp[t, ext]\n",
                    "        log_alpha[t] = total + logp[t, ext]\n"
                    "    for t in range(T):\n"
                    "        log_alpha[t, : max(0, S - 2 * (T - t))] = -np.inf\n",
                ),
            ),
            "The log-likelihood is right; states from which the end cannot be reached are −inf in "
            "your α.",
            "Here α asks only what has been, not what can still come.",
        ),
        Mistake(
            "only states that lead to the end",
            edit(
                over_states,
                (
                    "    return log_alpha,",
                    "    leads = np.zeros((T, S), dtype=bool)\n"
                    "    leads[-1, -2:] = True\n"
                    "    for t in range(T - 2, -1, -1):\n"
                    "        leads[t] = leads[t + 1]\n"
                    "        leads[t, :-1] |= leads[t + 1, 1:]\n"
                    "        leads[t, :-2] |= leads[t + 1, 2:] & can_skip[2:]\n"
                    "    log_alpha = np.where(leads, log_alpha, -np.inf)\n"
                    "    return log_alpha,",
                ),
            ),
            "The log-likelihood is right; states from which the end cannot be reached are −inf in "
            "your α.",
            "Here α asks only what has been, not what can still come.",
        ),
        Mistake(
            "each frame divided by its sum",
            edit(
                over_states,
                (
                    "    return log_alpha,",
                    "    log_alpha -= np.logaddexp.reduce(log_alpha, axis=1, keepdims=True)\n"
                    "    return log_alpha,",
                ),
            ),
            "The log-likelihood is right; your α is divided by its sum, frame by frame.",
            "What you divide by to stay away from 0 must be multiplied on again.",
        ),
        Mistake(
            "ends in the blank only",
            edit(over_states, ("np.logaddexp.reduce(log_alpha[-1, -2:])", "log_alpha[-1, -1]")),
            "log_alpha is right; your log-likelihood leaves out the paths that end in a letter.",
            "Which two states may a path end in?",
        ),
        Mistake(
            "ends in the letter only",
            edit(
                over_states,
                ("np.logaddexp.reduce(log_alpha[-1, -2:])", "log_alpha[-1, max(S - 2, 0)]"),
            ),
            "log_alpha is right; your log-likelihood leaves out the paths that end in blank.",
            "Which two states may a path end in?",
        ),
        Mistake(
            "ends anywhere",
            edit(over_states, ("log_alpha[-1, -2:]", "log_alpha[-1]")),
            "log_alpha is right; your log-likelihood has paths in it that read the beginning of "
            "the label only.",
            "Which two states may a path end in?",
        ),
        Mistake(
            "the better end",
            edit(over_states, ("np.logaddexp.reduce(", "np.max(")),
            "log_alpha is right; your log-likelihood is that of the better of the two ends.",
            "Paths that end in blank and paths that end in a letter: add them.",
        ),
        Mistake(
            "the logarithms of the ends are added",
            edit(over_states, ("np.logaddexp.reduce(", "np.sum(")),
            "log_alpha is right; for the log-likelihood you add logarithms of probabilities.",
            "A sum of logarithms is the logarithm of a product. Which function adds two "
            "probabilities that are given by their logarithms?",
        ),
        Mistake(
            "the ends underflow",
            edit(
                over_states,
                (
                    "np.logaddexp.reduce(log_alpha[-1, -2:])",
                    "np.log(np.exp(log_alpha[-1, -2:]).sum())",
                ),
            ),
            "log_alpha is right. With 500 frames the log-likelihood is −inf in yours: you leave "
            "the logarithms to add the two ends.",
            "np.exp(−800) is 0. Which function adds two probabilities that are given by their "
            "logarithms?",
        ),
        Mistake(
            "the end of an empty label counts twice",
            edit(
                over_states,
                (
                    "np.logaddexp.reduce(log_alpha[-1, -2:])",
                    "np.logaddexp(log_alpha[-1, S - 1], log_alpha[-1, S - 2])",
                ),
            ),
            "Right, but for an empty label: its log-likelihood is off by ln 2.",
            "How many states has an empty label? Then s = −1 is the same one again.",
        ),
        Mistake(
            "an empty label stops the end",
            edit(
                over_states,
                (
                    "np.logaddexp.reduce(log_alpha[-1, -2:])",
                    "np.logaddexp(log_alpha[-1, -1], log_alpha[-1, -2])",
                ),
            ),
            "Right, but for an empty label: there is no last state but one.",
            "How many states has an empty label?",
        ),
        infeasible(
            "an infeasible label is an error",
            'raise ValueError("too few frames for this label")',
            "Right, but a label with too few frames stops your function.",
        ),
        infeasible(
            "an infeasible label gives no α",
            "return np.full((T, S), -np.inf), -np.inf",
            "Right, but for a label with too few frames your log_alpha is −inf everywhere.",
        ),
        infeasible(
            "an infeasible label gives 0",
            "return np.zeros((T, S)), 0.0",
            "Right, but for a label with too few frames you return zeros.",
        ),
        Mistake(
            "an infeasible label has probability 1",
            edit(
                over_states,
                (
                    "    return log_alpha,",
                    "    log_likelihood = np.nan_to_num(log_likelihood, neginf=0.0)\n"
                    "    return log_alpha,",
                ),
            ),
            "Right, but the log-likelihood of an infeasible label is 0 in yours.",
            "What probability has the logarithm 0?",
        ),
        Mistake(
            "warnings",
            edit(
                over_states,
                ("np.full((T, S), -np.inf)", "np.log(np.zeros((T, S)))"),
            ),
            "Right, but NumPy warns of a division by zero: you take the logarithm of 0.",
            "−np.inf can be written down; for logarithms of arrays there is "
            'np.errstate(divide="ignore").',
        ),
        returned(
            "a loss",
            "log_alpha, -log_likelihood",
            "log_alpha is right; your log-likelihood has the wrong sign.",
            "Can the logarithm of a probability be positive? (Its negative is the loss.)",
        ),
        returned(
            "a probability",
            "log_alpha, np.exp(log_likelihood)",
            "log_alpha is right; of the log-likelihood you return the exponential.",
            "Its logarithm is asked for: it does not underflow.",
        ),
        returned(
            "per frame",
            "log_alpha, log_likelihood / T",
            "log_alpha is right; your log-likelihood is divided by T.",
            "The log-likelihood of the whole label is asked for.",
        ),
        returned(
            "per letter",
            "log_alpha, log_likelihood / max(len(label), 1)",
            "log_alpha is right; your log-likelihood is divided by the number of letters.",
            "The log-likelihood of the whole label is asked for.",
        ),
        returned(
            "α itself",
            "np.exp(log_alpha), log_likelihood",
            "The log-likelihood is right; in the place of log_alpha you return α itself.",
            "Its logarithm is asked for: it does not underflow.",
        ),
        returned(
            "α and p themselves",
            "np.exp(log_alpha), np.exp(log_likelihood)",
            "You return α and p themselves.",
            "Their logarithms are asked for: they do not underflow.",
        ),
        returned(
            "states in rows",
            "log_alpha.T, log_likelihood",
            "The numbers are right; log_alpha has a row for each state.",
            "A row for each frame is asked for.",
        ),
        returned(
            "the log-likelihood alone",
            "log_likelihood",
            "You return the log-likelihood alone.",
            "log_alpha is asked for as well.",
        ),
        returned(
            "changed places",
            "log_likelihood, log_alpha",
            "The numbers are right; log_alpha and the log-likelihood have changed places.",
            "In which order does the docstring return them?",
        ),
    ),
)
