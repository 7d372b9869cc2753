"""greedy_decode: an encoder–decoder answers by itself, word by word (course row R30)."""

import numpy as np

from rnnref.checks.ps6_architectures.seq2seq_loss import parameters
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.learning.encoder_decoder import seq2seq
from rnnref.nets.dense import DenseParams
from rnnref.nets.rnn import RNNParams
from rnnref.nets.sequences import lengths_to_mask


def greedy_decode(src, src_lengths, p, eos, max_len):
    """The core's encoder–decoder, its parameters laid out as it has them."""
    (H, words), letters = p["Ue"].shape, len(p["c"])
    encoder = RNNParams(p["Ue"], p["We"], p["be"])
    decoder = RNNParams(p["Ud"], p["Wd"], p["bd"])
    params = (None, (encoder,)), ((None, (decoder,)), DenseParams(p["V"], p["c"]))
    net, mask = seq2seq(words, letters, H, cell="rnn"), lengths_to_mask(src_lengths, len(src))
    return net.translate(params, src, source_mask=mask, end=eos, limit=max_len)


def draw(rng, src_lengths, S, words, letters, H, max_len, wanted, eos=None, telling=False):
    """All arguments, so that the answers' lengths are as `wanted`.

    Two letters always have the same score, and the first of them is found; padding holds valid ids.
    If `telling`, whatever is forgotten changes an answer.
    """
    while True:
        src, lengths = rng.integers(words, size=(S, len(src_lengths))), np.array(src_lengths)
        p = parameters(rng, words, letters, H)
        p["Wd"] *= 1.5
        p["V"] *= 1.5
        end = int(rng.integers(1, letters)) if eos is None else eos
        others = [k for k in range(1, letters) if k != end]
        first, second = np.sort(rng.choice(others, size=2, replace=False))
        p["V"][[first, second]] = 0.0
        p["c"][[first, second]] = rng.uniform(0.3, 1.0)
        found = greedy_decode(src, lengths, p, end, max_len)
        if not wanted([len(ids) for ids in found]) or all(first not in ids for ids in found):
            continue
        forgetful = (
            *({name: 0 * p[name]} for name in ("be", "Wd", "bd")),
            *({name: p[name].T.copy()} for name in ("We", "Wd")),
            {"c": p["c"] * (np.arange(letters) == end)},
            {"Ud": np.repeat(p["Ud"][:, :1], letters, axis=1)},
        )
        if not telling or all(
            greedy_decode(src, lengths, {**p, **change}, end, max_len) != found
            for change in forgetful
        ):
            return src, lengths, p, end, max_len


def cases(rng):
    """Ends at several steps and none at all; the padding matters; then the edges."""

    def several(max_len):
        return lambda ends: len({*ends}) > 2 and max_len in ends

    yield plain(
        "B = 5, sources of 2 to 6 in S = 7, K = 9",
        *draw(rng, [3, 6, 2, 5, 4], 7, 6, 9, 8, 10, several(10), telling=True),
    )
    yield plain(
        "B = 4, sources of 1 to 4 in S = 5, K = 6",
        *draw(rng, [2, 4, 1, 3], 5, 7, 6, 5, 8, several(8), telling=True),
    )
    B3 = [2, 4, 3], 5, 7, 6, 5
    yield special("one source (B = 1)", *draw(rng, [4], 6, 5, 6, 7, 9, lambda n: 1 < n[0] < 9))
    yield special(
        "sources of length 1", *draw(rng, [1, 1, 1], 4, 9, 6, 5, 8, lambda n: len({*n}) > 1)
    )
    yield special("one answer is empty", *draw(rng, *B3, 7, lambda n: 0 in n[:2] and max(n) > 2))
    yield special("no answer ends", *draw(rng, *B3, 7, lambda n: min(n) == 7))
    yield special("all answers end", *draw(rng, *B3, 12, lambda n: max(n) < 12 and len({*n}) > 1))
    yield special(
        "at most one word (max_len = 1)",
        *draw(rng, [2, 4, 3, 5, 1, 3, 2], 5, 7, 6, 6, 1, lambda n: {*n} == {0, 1}),
    )
    yield special("eos = 0", *draw(rng, *B3, 8, lambda n: min(n) and len({*n}) > 1, eos=0))


def steps(src, src_lengths, p, eos, max_len):
    S, B = src.shape
    e = np.zeros((S + 1, B, len(p["be"])))
    for t in range(S):
        e[t + 1] = np.tanh(p["Ue"][:, src[t]].T + e[t] @ p["We"].T + p["be"])
    h = e[src_lengths, np.arange(B)]
    results = [[] for _ in range(B)]
    done = np.zeros(B, dtype=bool)
    x = np.zeros(B, dtype=int)
    for _ in range(max_len):
        h = np.tanh(p["Ud"][:, x].T + h @ p["Wd"].T + p["bd"])
        o = h @ p["V"].T + p["c"]
        x = o.argmax(axis=1)
        done = done | (x == eos)
        for i in range(B):
            if not done[i]:
                results[i].append(int(x[i]))
    return results


def one_by_one(src, src_lengths, p, eos, max_len):
    results = []
    for i, n in enumerate(src_lengths):
        h = 0.0 * p["be"]
        for k in src[:n, i]:
            h = np.tanh(p["Ue"][:, k] + p["We"] @ h + p["be"])
        ids, x = [], 0
        while len(ids) < max_len:
            h = np.tanh(p["Ud"][:, x] + p["Wd"] @ h + p["bd"])
            x = np.argmax(p["V"] @ h + p["c"])
            if x == eos:
                break
            ids.append(x)
        results.append(ids)
    return results


def cut_at_the_end(src, src_lengths, p, eos, max_len):
    h = np.zeros((src.shape[1], len(p["We"])))
    for t, ids in enumerate(np.eye(p["Ue"].shape[1])[src]):
        new = np.tanh(np.dot(ids, p["Ue"].T) + np.dot(h, p["We"].T) + p["be"])
        h = np.where((t < src_lengths)[:, None], new, h)
    x = np.eye(len(p["c"]))[[0] * len(h)]
    columns = []
    for _ in range(max_len):
        h = np.tanh(np.dot(x, p["Ud"].T) + np.dot(h, p["Wd"].T) + p["bd"])
        scores = np.exp(np.dot(h, p["V"].T) + p["c"])
        columns.append(np.argmax(scores / scores.sum(axis=1, keepdims=True), axis=1))
        x = np.eye(len(p["c"]))[columns[-1]]
    rows = [row.tolist() for row in np.array(columns).T]
    return [row[: row.index(eos)] if eos in row else row for row in rows]


EXERCISE = Exercise(
    name="greedy_decode",
    points=5,
    returns="results [ids]",
    reference=greedy_decode,
    cases=cases,
    alternatives=(steps, one_by_one, cut_at_the_end),
    mistakes=(
        Mistake(
            "the source from its end",
            edit(one_by_one, ("src[:n, i]", "src[:n, i][::-1]")),
            "Your encoder reads each source from its last id to its first.",
            "That has its use in translation, but here the source is read from its beginning.",
        ),
        Mistake(
            "the encoder reads the padding",
            edit(steps, ("h = e[src_lengths, np.arange(B)]", "h = e[S]")),
            "Your decoder starts from the encoder's state after the last column, padding included.",
            "After which step has the encoder read all of source i and nothing else?",
        ),
        Mistake(
            "one step too many",
            edit(steps, ("e[src_lengths, ", "e[np.minimum(src_lengths + 1, S), ")),
            "Your decoder starts from the encoder's state one step after the source's end.",
            "Source i has src_lengths[i] ids: after how many steps are all of them read?",
        ),
        Mistake(
            "one step too few",
            edit(steps, ("e[src_lengths, ", "e[src_lengths - 1, ")),
            "Your encoder leaves out the last id of each source.",
            "Source i has src_lengths[i] ids: after how many steps are all of them read?",
        ),
        Mistake(
            "be missing",
            edit(steps, (' + p["be"])', ")")),
            "Your answers do not change when be does.",
            "What is added before tanh?",
        ),
        Mistake(
            "We for its transpose",
            edit(steps, ('p["We"].T', 'p["We"]')),
            "Your We works the wrong way round.",
            "Row i of We collects what unit i receives.",
        ),
        Mistake(
            "the decoder starts from zero",
            edit(steps, ("h = e[src_lengths, np.arange(B)]", "h = e[0]")),
            "Your decoder has not heard from the encoder: all sources have the same answer.",
            "Through what does the decoder learn which sequence it is to answer?",
        ),
        Mistake(
            "eos comes first",
            edit(steps, ("x = np.zeros(B, dtype=int)", "x = np.full(B, eos)")),
            "What your decoder reads first is eos.",
            "Which id comes first in training, in seq2seq_loss?",
        ),
        Mistake(
            "nothing comes first",
            edit(
                steps,
                ("for _ in range(max_len)", "for t in range(max_len)"),
                ('p["Ud"][:, x].T', 'p["Ud"][:, x].T * (t > 0)'),
            ),
            "Your decoder's first input is a vector of zeros: no id at all.",
            "Id 0 is an id like the others: what is its one-hot vector?",
        ),
        Mistake(
            "id 0 at every step",
            edit(steps, ('p["Ud"][:, x].T', 'p["Ud"][:, 0 * x].T')),
            "Your decoder reads id 0 at every step, whatever it has found.",
            "Id 0 comes first. And then?",
        ),
        Mistake(
            "the source is read again",
            edit(
                steps,
                ("for _ in range(max_len)", "for t in range(max_len)"),
                ('p["Ud"][:, x].T', 'p["Ud"][:, src[min(t, S - 1)] % len(p["c"])].T'),
            ),
            "Your decoder reads the source's ids.",
            "The decoder reads what it has found one step before.",
        ),
        Mistake(
            "the first answer's words for all",
            edit(steps, ('p["Ud"][:, x].T', 'p["Ud"][:, 0 * x + x[0]].T')),
            "In yours, all answers read the words of the first one; right for one source.",
            "Each answer goes its own way: how many ids are read in a step?",
        ),
        Mistake(
            "the state does not travel",
            edit(
                steps,
                (
                    "        h = np.tanh(",
                    "        h = e[src_lengths, np.arange(B)]\n        h = np.tanh(",
                ),
            ),
            "Each step of your decoder starts from the encoder's state again.",
            "What does step t of the decoder get from step t − 1, besides a word?",
        ),
        Mistake(
            "Wd for its transpose",
            edit(steps, ('p["Wd"].T', 'p["Wd"]')),
            "Your Wd works the wrong way round.",
            "Row i of Wd collects what unit i receives.",
        ),
        Mistake(
            "bd missing",
            edit(steps, (' + p["bd"])', ")")),
            "Your answers do not change when bd does.",
            "What is added before tanh?",
        ),
        Mistake(
            "c missing",
            edit(steps, (' + p["c"]\n', "\n")),
            "Your answers do not change when c does.",
            "What is added to the scores?",
        ),
        Mistake(
            "the last of equals",
            edit(steps, ("o.argmax(axis=1)", "o.shape[1] - 1 - o[:, ::-1].argmax(axis=1)")),
            "Of several words with the same score you take the last one.",
            "Which one does np.argmax take?",
        ),
        Mistake(
            "eos is never chosen",
            edit(
                steps, ("        x = o.argmax", "        o[:, eos] = -np.inf\n        x = o.argmax")
            ),
            "Your answers never end by themselves: all have max_len words.",
            "eos is a word like the others until it is found.",
        ),
        Mistake(
            "eos is taken for 1",
            edit(steps, ("(x == eos)", "(x == 1)")),
            "Your answers end at id 1, whatever eos is.",
            "One of the arguments has no influence on your result.",
        ),
        Mistake(
            "eos does not end anything",
            edit(steps, ("done = done | (x == eos)", "pass")),
            "Your answers go on after eos, which stands in them like a word.",
            "What is the end symbol for?",
        ),
        Mistake(
            "eos is left out, and the answer goes on",
            edit(steps, ("done = done | (x == eos)", "done = x == eos")),
            "You leave out eos, but what comes after it is in your answers again.",
            "Once an answer has ended, it stays as it is: what must be remembered from step to "
            "step?",
        ),
        Mistake(
            "eos is in the answer",
            edit(
                steps,
                ("        done = done | (x == eos)\n", ""),
                ("append(int(x[i]))\n", "append(int(x[i]))\n        done = done | (x == eos)\n"),
            ),
            "Your answers end rightly, but eos stands in them.",
            "eos says that there is no more word; it is none itself.",
        ),
        Mistake(
            "the first eos ends all",
            edit(
                steps,
                (
                    "        done = done | (x == eos)\n",
                    "        done = done | (x == eos)\n        if done.any():\n            break\n",
                ),
            ),
            "As soon as one answer ends, all of yours end.",
            "Each answer has an end of its own.",
        ),
        Mistake(
            "the first eos ends all, after its step",
            edit(
                steps,
                (
                    "append(int(x[i]))\n",
                    "append(int(x[i]))\n        if done.any():\n            break\n",
                ),
            ),
            "As soon as one answer has ended, no other answer of yours gets one more word.",
            "Each answer has an end of its own.",
        ),
        Mistake(
            "ended before it began",
            edit(
                one_by_one,
                ("while len(ids) < max_len:", "while len(ids) < max_len and (x != eos):"),
            ),
            "Right, but where eos is 0, your answers end before the first word.",
            "The id 0 that is read first is no word of the answer.",
        ),
        Mistake(
            "one word too many",
            edit(steps, ("range(max_len)", "range(max_len + 1)")),
            "An answer that does not end has max_len + 1 words in yours.",
            "At most max_len words are asked for.",
        ),
        Mistake(
            "one word too few",
            edit(steps, ("range(max_len)", "range(max_len - 1)")),
            "An answer that does not end has max_len − 1 words in yours.",
            "At most max_len words are asked for; the 0 that is read first is none of them.",
        ),
        Mistake(
            "max_len is not looked at",
            edit(steps, ("range(max_len)", "range(S)")),
            "Your answers have at most as many words as src has rows, whatever max_len is.",
            "Sources and answers differ in length.",
        ),
        Mistake(
            "the 0 that comes first is in the answer",
            edit(steps, ("results = [[] for _", "results = [[0] for _")),
            "Your answers begin with the 0 that is read first.",
            "It is read, not found.",
        ),
        Mistake(
            "one list for all",
            edit(steps, ("[[] for _ in range(B)]", "[[]] * B")),
            "All your answers are one and the same list.",
            "[[]] * 3 is three names for one list.",
        ),
        Mistake(
            "filled up with eos",
            edit(
                steps,
                (
                    "results[i].append(int(x[i]))",
                    "results[i].append(int(x[i]))\n"
                    "            else:\n                results[i].append(eos)",
                ),
            ),
            "Your answers are filled up with eos to max_len words.",
            "An answer ends before its eos: lists may differ in length.",
        ),
        Mistake(
            "a list for each step",
            edit(
                steps,
                (
                    "    return results",
                    "    longest = max(map(len, results))\n"
                    "    steps = range(longest)\n"
                    "    return [[ids[k] for ids in results if len(ids) > k] for k in steps]",
                ),
            ),
            "Your result has a list for each step.",
            "One list for each source is asked for.",
        ),
    ),
)
