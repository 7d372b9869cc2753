"""ctc_backward: β, the summed probability of all ends of paths (course row R31)."""

import numpy as np

from rnnref.checks.ps7_scene_text.ctc_forward import RULE, at_once, draw, minus, states_and_skips
from rnnref.checks.ps7_scene_text.extend_label import spell
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.losses.ctc_lattice import ctc_alignment


def ctc_backward(logp, label, blank=0):
    """The core's β; the softmax in it leaves logp as it is."""
    _, log_beta, _, _ = ctc_alignment(logp, label, blank)
    return log_beta


def cases(rng):
    """Lists and arrays; then every edge: empty, repeated, just enough, too few, long, −inf."""
    label = spell(rng, "aba", 5)
    yield plain("T = 8 frames, K = 5 classes, a list of 3 letters", draw(rng, 8, 5), label)
    label = np.array(spell(rng, "abcd", 13))
    yield plain("T = 11 frames, K = 13 classes, an array of 4 letters", draw(rng, 11, 13), label)
    yield special("two frames (T = 2)", draw(rng, 2, 4), spell(rng, "a", 4))
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
    logp = draw(rng, 9, 5, never=[(8, a), (5, 0), (4, b), (2, a)])
    yield special("−inf in logp", logp, label)
    yield special("one letter, one frame (T = 1)", draw(rng, 1, 4), spell(rng, "a", 4))
    yield special("T = 500 frames", draw(rng, 500, 20), spell(rng, "abc", 20))


def over_states(logp, label, blank=0):
    ext = np.full(2 * len(label) + 1, blank)
    ext[1::2] = label
    T, S = len(logp), len(ext)
    may_skip = np.zeros(S, dtype=bool)
    may_skip[:-2] = (ext[2:] != blank) & (ext[2:] != ext[:-2])
    nowhere = np.full(2, -np.inf)
    log_beta = np.full((T, S), -np.inf)
    log_beta[-1, -2:] = 0
    for t in range(T - 2, -1, -1):
        after = log_beta[t + 1] + logp[t + 1, ext]
        after = np.concatenate([after, nowhere])
        stay, step, skip = after[:-2], after[1:-1], after[2:]
        skip = np.where(may_skip, skip, -np.inf)
        log_beta[t] = np.logaddexp(np.logaddexp(stay, step), skip)
    return log_beta


def loops(logp, label, blank=0):
    def log_sum(terms):
        m = max(terms)
        if m == -np.inf:
            return m
        return m + np.log(sum(np.exp(term - m) for term in terms))

    ext = [blank]
    for letter in label:
        ext += [letter, blank]
    T, S = len(logp), len(ext)
    log_beta = np.zeros((T, S))
    log_beta[T - 1, : max(S - 2, 0)] = -np.inf
    for t in reversed(range(T - 1)):
        for s in reversed(range(S)):
            terms = [log_beta[t + 1, s] + logp[t + 1, ext[s]]]
            if s + 1 < S:
                terms.append(log_beta[t + 1, s + 1] + logp[t + 1, ext[s + 1]])
            if s + 2 < S and ext[s + 2] != blank and ext[s + 2] != ext[s]:
                terms.append(log_beta[t + 1, s + 2] + logp[t + 1, ext[s + 2]])
            log_beta[t, s] = log_sum(terms)
    return log_beta


def scaled(logp, label, blank=0):
    ext = np.array([blank] + [k for letter in label for k in (letter, blank)])
    y = np.exp(logp[:, ext])
    may = np.eye(len(ext)) + np.eye(len(ext), k=1)
    for s in range(3, len(ext), 2):
        may[s - 2, s] = ext[s] != ext[s - 2]
    b = np.zeros(len(ext))
    b[-2:] = 1
    betas, scales = [b], [0.0]
    for row in y[:0:-1]:
        b = may @ (row * b)
        largest = b.max() if b.any() else 1.0
        b = b / largest
        betas.append(b)
        scales.append(scales[-1] + np.log(largest))
    with np.errstate(divide="ignore"):
        return np.log(betas[::-1]) + np.array(scales[::-1])[:, None]


def turned_round(logp, label, blank=0):
    label = np.asarray(label, dtype=int)[::-1]
    ext = np.insert(label, np.arange(len(label) + 1), blank)
    logp = logp[::-1]
    arrivals = [np.where(np.arange(len(ext)) < 2, 0.0, -np.inf)]
    for t in range(len(logp) - 1):
        alpha = arrivals[-1] + logp[t, ext]
        arrived = alpha.copy()
        arrived[1:] = np.logaddexp(arrived[1:], alpha[:-1])
        for s in range(3, len(ext), 2):
            if ext[s] != ext[s - 2]:
                arrived[s] = np.logaddexp(arrived[s], alpha[s - 2])
        arrivals.append(arrived)
    return np.array(arrivals)[::-1, ::-1]


SUM = "log_beta[t] = np.logaddexp(np.logaddexp(stay, step), skip)"


def infeasible(name, result, says):
    """A label of too few frames that is not let through the loop."""
    return Mistake(
        name,
        edit(over_states, at_once(result)),
        says,
        "β asks only for ends of paths, and there are some. Let the loop run: it needs no care.",
    )


def returned(name, value, says, hint):
    """Right until the last line."""
    return Mistake(name, edit(over_states, ("return log_beta", f"return {value}")), says, hint)


def linear(logp, label, blank=0):
    ext = np.full(2 * len(label) + 1, blank)
    ext[1::2] = label
    y = np.exp(logp[:, ext])
    T, S = y.shape
    beta = np.zeros((T, S))
    beta[-1, -2:] = 1
    for t in range(T - 2, -1, -1):
        for s in range(S):
            beta[t, s] = beta[t + 1, s] * y[t + 1, s]
            if s + 1 < S:
                beta[t, s] += beta[t + 1, s + 1] * y[t + 1, s + 1]
            if s + 2 < S and ext[s + 2] != blank and ext[s + 2] != ext[s]:
                beta[t, s] += beta[t + 1, s + 2] * y[t + 1, s + 2]
    with np.errstate(divide="ignore"):
        return np.log(beta)


EXERCISE = Exercise(
    name="ctc_backward",
    points=15,
    returns="log_beta (T, 2L+1)",
    reference=ctc_backward,
    cases=cases,
    alternatives=(over_states, loops, scaled, turned_round),
    mistakes=(
        Mistake(
            "with the emission",
            edit(
                over_states,
                ("log_beta[-1, -2:] = 0", "log_beta[-1, -2:] = logp[-1, ext[-2:]]"),
                (" + logp[t + 1, ext]", ""),
                (SUM, f"{SUM} + logp[t, ext]"),
            ),
            "Right in another convention: your β has the emission at t in it, as in Graves et al. "
            "(2006).",
            "Here the emission at t is counted in α only, so that α_t(s) β_t(s) has it once.",
            convention=True,
        ),
        Mistake(
            "no blanks",
            edit(
                over_states,
                ("np.full(2 * len(label) + 1, blank)", "np.array(label, dtype=int)"),
                ("    ext[1::2] = label\n", ""),
                ("may_skip[:-2] = ", "may_skip[:-2] = False and "),
                ("log_beta[-1, -2:]", "log_beta[-1, -1:]"),
            ),
            "Your states are the letters alone.",
            "A path goes through blanks too: put one before, between and after the letters.",
        ),
        *states_and_skips(over_states),
        Mistake(
            "the rule of the state that is left",
            edit(over_states, ("may_skip[:-2]", "may_skip[2:]")),
            "For a path from s to s + 2, your rule asks whether s may be skipped to, not s + 2.",
            "can_skip[s] says whether a path may come TO s. Where does the skip from s lead to?",
        ),
        Mistake(
            "a list is compared as a whole",
            edit(
                over_states,
                (f"may_skip[:-2] = {RULE}", "may_skip[1:-2:2] = label[1:] != label[:-1]"),
            ),
            "Right where label is an array. In a list, your paths may skip the blank between two "
            "equal letters.",
            "!= compares two arrays entry by entry, but two lists as wholes.",
        ),
        minus(-1e30, over_states),
        minus(-1e10, over_states),
        minus(-1e9, over_states),
        Mistake(
            "1 for log 1",
            edit(over_states, ("log_beta[-1, -2:] = 0", "log_beta[-1, -2:] = 1")),
            "All of your log β are too large by 1.",
            "After the last frame nothing has to be shown any more: that is certain. What is its "
            "logarithm?",
        ),
        Mistake(
            "ends in the blank only",
            edit(over_states, ("log_beta[-1, -2:] = 0", "log_beta[-1, -1] = 0")),
            "Your paths end in blank.",
            "Which two states may a path end in?",
        ),
        Mistake(
            "ends in the letter only",
            edit(over_states, ("log_beta[-1, -2:] = 0", "log_beta[-1, -2:-1] = 0")),
            "Your paths end in a letter.",
            "Which two states may a path end in?",
        ),
        Mistake(
            "ends anywhere",
            edit(over_states, ("log_beta[-1, -2:] = 0", "log_beta[-1] = 0")),
            "At the last frame your log β is 0 in every state, as if paths might end anywhere.",
            "Which two states may a path end in?",
        ),
        Mistake(
            "the emission of the last frame counts twice",
            edit(
                over_states,
                ("log_beta[-1, -2:] = 0", "log_beta[-1, -2:] = logp[-1, ext[-2:]]"),
            ),
            "Your β at the last frame has the emission there in it; in the loop it is counted once "
            "more.",
            "Σ_s α_t(s) β_t(s) must be the same at every t: is each emission in it once?",
        ),
        Mistake(
            "an empty label stops the end",
            edit(
                over_states,
                (
                    "log_beta[-1, -2:] = 0",
                    "log_beta[-1, -1] = 0\n    log_beta[-1, -2] = 0",
                ),
            ),
            "Right, but for an empty label: there is no last state but one.",
            "How many states has an empty label?",
        ),
        Mistake(
            "the loop runs forward",
            edit(over_states, ("range(T - 2, -1, -1)", "range(T - 1)")),
            "Your loop runs forward: what it needs of the frame after is not there yet.",
            "β at t is made from β at t + 1: which frame comes first?",
        ),
        Mistake(
            "the first frame is missing",
            edit(over_states, ("range(T - 2, -1, -1)", "range(T - 2, 0, -1)")),
            "Right, but for the first frame: your loop does not reach it.",
            "range(a, b, −1) ends before b.",
        ),
        Mistake(
            "paths that come in",
            edit(
                over_states,
                ("[after, nowhere]", "[nowhere, after]"),
                (
                    "stay, step, skip = after[:-2], after[1:-1], after[2:]",
                    "stay, step, skip = after[2:], after[1:-1], after[:-2]",
                ),
                ("may_skip[:-2]", "may_skip[2:]"),
            ),
            "At t + 1 you look at the states s − 1 and s − 2: paths do not go back.",
            "α asks where a path has come from. Where does a path in s go to?",
        ),
        Mistake(
            "no path stays",
            edit(over_states, (SUM, "log_beta[t] = np.logaddexp(step, skip)")),
            "In yours, each frame leads to another state.",
            "May a letter last two frames?",
        ),
        Mistake(
            "no path goes to the next state",
            edit(over_states, (SUM, "log_beta[t] = np.logaddexp(stay, skip)")),
            "In yours, paths stay or skip; none goes to the very next state.",
            "Three ways lead on from a state: to where?",
        ),
        Mistake(
            "the end leads to the beginning",
            edit(
                over_states,
                ("after[1:-1]", "np.roll(after[:-2], -1)"),
                ("after[2:]\n", "np.roll(after[:-2], -2)\n"),
            ),
            "In yours, paths go from the last state to the first one.",
            "np.roll goes round. Where does the last state lead to?",
        ),
        Mistake(
            "one row is overwritten",
            edit(
                loops,
                (
                    "terms.append(log_beta[t + 1, s + 1] + logp",
                    "terms.append(log_beta[t, s + 1] + logp",
                ),
                (
                    "terms.append(log_beta[t + 1, s + 2] + logp",
                    "terms.append(log_beta[t, s + 2] + logp",
                ),
            ),
            "For states s + 1 and s + 2 you take β at t: it should be that of the frame after.",
            "Each step of a path takes a frame. Do you overwrite what the frame after had?",
        ),
        Mistake(
            "the best path",
            edit(over_states, (SUM, "log_beta[t] = np.maximum(np.maximum(stay, step), skip)")),
            "You find the best of the ways that lead on; your numbers are too small wherever there "
            "are several.",
            "The probability of a label is that of ALL paths that read it.",
        ),
        Mistake(
            "logarithms are added",
            edit(over_states, (SUM, "log_beta[t] = stay + step + skip")),
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
                    "        log_beta[t] = m + np.log(sum(terms))",
                ),
            ),
            "Where no path leads to the end, you get nan, and it spreads.",
            "If all terms are −inf, so is the largest: what is −inf − (−inf)?",
        ),
        Mistake(
            "−inf less −inf, state by state",
            edit(loops, ("        if m == -np.inf:\n            return m\n", "")),
            "Where no path leads to the end, you get nan, and it spreads.",
            "If all terms are −inf, so is the largest: what is −inf − (−inf)?",
        ),
        Mistake(
            "−inf less −inf, two at a time",
            edit(
                over_states,
                (
                    SUM,
                    "log_beta[t] = stay\n"
                    "        for other in (step, skip):\n"
                    "            gap = np.abs(log_beta[t] - other)\n"
                    "            larger = np.maximum(log_beta[t], other)\n"
                    "            log_beta[t] = larger + np.log1p(np.exp(-gap))",
                ),
            ),
            "Where no path leads to the end, you get nan, and it spreads.",
            "If both terms are −inf: what is −inf − (−inf)?",
        ),
        Mistake(
            "probabilities underflow",
            linear,
            "Right for short words. With 500 frames your sums come to 0, and their logarithms to "
            "−inf.",
            "What is 0.05**500? Take something out of the sum before you leave the logarithms, and "
            "remember what.",
        ),
        Mistake(
            "a class for each state",
            edit(over_states, ("logp[t + 1, ext]", "logp[t + 1, np.arange(S)]")),
            "At state s you take class s; where there are more states than classes, NumPy stops.",
            "Which class does state s show?",
        ),
        Mistake(
            "no emission",
            edit(over_states, (" + logp[t + 1, ext]", "")),
            "Your β does not depend on logp.",
            "What is still to be shown after frame t must be in β.",
        ),
        Mistake(
            "the emission at t",
            edit(over_states, ("logp[t + 1, ext]", "logp[t, ext]")),
            "From t to t + 1, you take the emission at t: the last frame is not counted at all.",
            "β at t has the classes of the frames t + 1, t + 2 … in it.",
        ),
        Mistake(
            "the emission of the state that is left",
            edit(
                over_states,
                (" + logp[t + 1, ext]", ""),
                (SUM, f"{SUM} + logp[t + 1, ext]"),
            ),
            "At frame t + 1 you take the class of s, wherever the path has gone.",
            "At t + 1 a path is in s, s + 1 or s + 2: which class does it show there?",
        ),
        Mistake(
            "the emission of the state that is left, at t",
            edit(
                over_states,
                (" + logp[t + 1, ext]", ""),
                (SUM, f"{SUM} + logp[t, ext]"),
            ),
            "Your β has the emission at t in it, but for the last frame, which emits nothing.",
            "Which frames are still to come after t, and who shows what there?",
        ),
        Mistake(
            "emission for those who stay",
            edit(
                over_states,
                (" + logp[t + 1, ext]", ""),
                (
                    "        skip = np.where",
                    "        stay = stay + logp[t + 1, ext]\n        skip = np.where",
                ),
            ),
            "Only those who stay show a class at frame t + 1 in yours.",
            "Wherever a path goes, it shows the class there.",
        ),
        Mistake(
            "the logarithm of a logarithm",
            edit(over_states, ("logp[t + 1, ext]", "np.log(logp[t + 1, ext])")),
            "You take the logarithm of something that is one already.",
            "logp holds log-probabilities.",
        ),
        infeasible(
            "an infeasible label is an error",
            'raise ValueError("too few frames for this label")',
            "Right, but a label with too few frames stops your function.",
        ),
        infeasible(
            "an infeasible label gives no β",
            "return np.full((T, S), -np.inf)",
            "Right, but for a label with too few frames your log_beta is −inf everywhere.",
        ),
        returned(
            "pruned for the start",
            "np.where(np.arange(S) <= 2 * np.arange(T)[:, None] + 1, log_beta, -np.inf)",
            "States that no path can have come to are −inf in your β.",
            "Here β asks only what can still come, not what has been.",
        ),
        Mistake(
            "only states that a path can come to",
            edit(
                over_states,
                (
                    "    return log_beta",
                    "    comes = np.zeros((T, S), dtype=bool)\n"
                    "    comes[0, :2] = True\n"
                    "    for t in range(1, T):\n"
                    "        comes[t] = comes[t - 1]\n"
                    "        comes[t, 1:] |= comes[t - 1, :-1]\n"
                    "        comes[t, 2:] |= comes[t - 1, :-2] & may_skip[:-2]\n"
                    "    log_beta = np.where(comes, log_beta, -np.inf)\n"
                    "    return log_beta",
                ),
            ),
            "States that no path can have come to are −inf in your β.",
            "Here β asks only what can still come, not what has been.",
        ),
        returned(
            "each frame divided by its sum",
            "log_beta - np.logaddexp.reduce(log_beta, axis=1, keepdims=True)",
            "Your β is divided by its sum, frame by frame.",
            "What you divide by to stay away from 0 must be multiplied on again.",
        ),
        returned(
            "β itself",
            "np.exp(log_beta)",
            "You return β itself.",
            "Its logarithm is asked for: it does not underflow.",
        ),
        returned(
            "frames in reversed order",
            "log_beta[::-1]",
            "The numbers are right; the last frame stands in front.",
            "The loop runs from the last frame to the first; the result does not.",
        ),
        returned(
            "states in reversed order",
            "log_beta[:, ::-1]",
            "The numbers are right; the last state stands in front.",
            "Turned round, the problem is that of α. What has to be turned back?",
        ),
        returned(
            "frames and states in reversed order",
            "log_beta[::-1, ::-1]",
            "The numbers are right; the last frame and the last state stand in front.",
            "Turned round, the problem is that of α. What has to be turned back?",
        ),
        returned(
            "states in rows",
            "log_beta.T",
            "The numbers are right; log_beta has a row for each state.",
            "A row for each frame is asked for.",
        ),
        returned(
            "the log-likelihood as well",
            "log_beta, np.logaddexp.reduce(log_beta[0, :2] + logp[0, ext[:2]])",
            "You return log_beta and something more.",
            "log_beta alone is asked for.",
        ),
    ),
)
