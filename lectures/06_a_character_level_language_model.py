# %% [markdown]
# # A character-level language model
#
# Give a recurrent network half a million characters and one question, asked over and over: *which
# character comes next?* It learns to spell. In this lecture you train such a network, read what it
# writes while it learns, measure how well it does in bits, and meet the approximations that make
# its training work. At the end the same question, asked about words, puts words on a map.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | train a network that writes, and judge it in bits | a character-level language model | `char_loss`, `sample`, `trained_model` |
# | cut and shorten gradients, knowing what it costs | approximations in BPTT: truncation, clipping, step sizes | `truncated_bptt`, `clip_by_global_norm`, `adagrad_step`, `sgd_step` |
# | learn vectors of words from their neighbours | word vectors from neighbours | |
#
# **Time:** 50 minutes to read, 80 with all predictions and trials. **You need:** the forward pass of lecture 3 and BPTT from lecture 5.
# **It prepares** [problem set 3, BPTT and a character model](../assignments/ps3_bptt/ps3_bptt.ipynb),
# exercises 4 to 10.
#
# **Shape ledger.** Matrices are (to, from); batches are time-major.
#
# | Symbol | Shape | Meaning |
# |---|---|---|
# | $T, B, H$ | numbers | steps per sequence, sequences side by side, hidden units |
# | $V_c$, in code `K` | number | characters in the alphabet: inputs *and* outputs, $D = K = V_c$ |
# | ids, targets | (T, B) | numbers of the characters read, and of those to be predicted |
# | $x_t$, $y_t$ | (K,) | one-hot vectors of the character read, and of the next one |
# | $h_t$; $o_t$, $\hat y_t$ | (H,); (K,) | state; scores, and probabilities $\operatorname{softmax}(o_t)$ |
# | $L = \sum_t L_t$ | number | the loss in nats, $L_t = -\ln \hat y_t[\text{next character}]$ |
# | $\tau$ | number | steps that a gradient may go back |
# | $E$, $C$ | (words, D) | section 7: a vector for each word, and for each word as a neighbour |
#
# *Notation.* D4 writes $s_t$ for $h_t$, starts from $s_{-1} = 0$, and has $\sigma$ in both equations:
# $s_t = \sigma(U x_t + W s_{t-1})$, $o_t = \sigma(V s_t)$. Its demo has what we have:
#
# $$h_t = \tanh(U x_t + W h_{t-1} + b) \tag{1}$$
# $$o_t = V h_t + c, \qquad \hat y_t = \operatorname{softmax}(o_t) \tag{2}$$
#
# ## 1 From "hell" to "ello"
#
# The smallest example first. The alphabet is h, e, l, o; the text is *hello*. The network reads
# *hell* and should say, after every letter, what comes next: *ello*. Input and target are the same
# text, shifted by one. Nobody needs to label anything; that is why such models can read whole
# libraries.
#
# **Predict.** The third and the fourth input are both *l*, but the targets are *l* and *o*. How
# small can the total loss get for a model that sees nothing but the current letter?

# %%
# Set-up
import json
import re
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from rnnref import (
    char_lm,
    check_gradient,
    dense_layer,
    fit,
    mean_loss,
    network_loss,
    one_hot,
    one_hot_layer,
    rnn_layer,
    sample,
    stack,
)
from rnnref.course.plots import COLOURS, DIVERGING, as_ink, draw_losses, heatmap, show
from rnnref.course.tasks import (
    SENTIMENT_WORDS,
    Vocabulary,
    character_batches,
    load_text,
    sentiment_classification,
    split_end,
)
from rnnref.trees import named_leaves

# %%
# Reading "hell", saying "ello"
letters = Vocabulary("helo")
x, y = letters.encode("hell")[:, None], letters.encode("ello")[:, None]  # (T, B) = (4, 1)
tiny = char_lm(V=4, H=3)
before = tiny.init(np.random.default_rng(0))
lesson = network_loss(tiny, reduction="sequence")
run = fit(lesson, before, [(x, y)], updates=60, optimiser="adam", lr=0.1, progress=False)


def softmax(o):
    """Probabilities from scores, over the last axis."""
    e = np.exp(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


fig, axes = plt.subplots(1, 2, figsize=(8, 3.4))
for ax, params, name in zip(axes, (before, run.params), ("untrained", "trained"), strict=True):
    y_hat = softmax(tiny.forward(params, x)[0])[:, 0]  # (T, K)
    losses = -np.log(y_hat[np.arange(4), y[:, 0]])
    print(f"{name:9}: losses {losses.round(2)}, total {losses.sum():.2f}")
    heatmap(ax, y_hat.T, title=f"{name}: $L = {losses.sum():.2f}$", limit=1)
    ax.set_xticks(range(1, 5), [f"{a} → {b}" for a, b in zip("hell", "ello", strict=True)])
    ax.set_yticks(range(1, 5), letters.symbols)
    ax.set(xlabel="read → to be said", ylabel="probability of")
print(f"4 ln 4 = {4 * np.log(4):.3f}; 2 ln 2 = {2 * np.log(2):.3f}")
show(
    fig,
    alt="Two 4 × 4 tables of probabilities. Untrained, all are between 0.05 and 0.6. Trained, "
    "the right letter has nearly 1 in each column: e, l, l, o.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $2 \ln 2 = 1.386$. After *h* and *e* it can be sure. After *l* its best offer is a half for *l*
# and a half for *o*, and that costs $\ln 2$ twice. The recurrent network falls below: its state
# knows whether this *l* is the first or the second.
#
# </details>
#
# Guessing blindly costs $4 \ln 4 = 5.545$, and the untrained network is about as bad. Here is all
# that happens inside the trained one, from left to right as in D4's picture: input, hidden, scores,
# and what (2) makes of them.
#
# **Predict.** Columns 3 and 4 of the input are equal. Where do they part?

# %%
# Inside the tiny network
logits, state, cache = tiny.forward(run.params, x)
U, W, b = run.params[1][0]
h = [np.zeros(3)]
for x_t in one_hot(x[:, 0], 4):
    h.append(np.tanh(U @ x_t + W @ h[-1] + b))  # (1)
o = np.array(h[1:]) @ run.params[2].V.T + run.params[2].c  # (2)
print(f"scores by hand and by the network: largest difference {np.abs(o - logits[:, 0]).max():.0e}")

fig, axes = plt.subplots(1, 4, figsize=(10, 3), width_ratios=[4, 4, 4, 4])
parts = one_hot(x[:, 0], 4), np.array(h[1:]), o, softmax(o)
for ax, part, title in zip(
    axes, parts, ("input $x_t$", "hidden $h_t$", "scores $o_t$", r"$\hat y_t$"), strict=True
):
    heatmap(ax, part.T, title=title, digits=1)
    ax.set_xticks(range(1, 5), list("hell"))
    if len(part.T) == 4:
        ax.set_yticks(range(1, 5), letters.symbols)
show(
    fig,
    alt="Four tables with a column for each letter read: one-hot inputs, three hidden units, four "
    "scores, four probabilities. The two columns for l are equal in the input only.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# In the hidden units already: $W h_{t-1}$ differs, although $U x_t$ is the same. A column of $U$
# is what a letter does to the state; the product with a one-hot vector merely picks that column.
#
# </details>
#
# **Try it.** Train it on *hellohello* (`x`, `y` from `"hellohell"` and `"ellohello"`). What must it
# say after *o*?
#
# ## 2 From characters to bits
#
# Now a real text. Everybody who has Python has this one: the help on its language,
# `pydoc_data.topics`. (It differs a little from version to version of Python, and so do all
# numbers below.) The last tenth is *held out*: the network never learns from it, we only ask how
# surprised it is.
#
# The unit of surprise needs a word. $L_t = -\ln \hat y_t$ is in *nats*; with $\log_2$ it would be
# in *bits*, $\ln 2 = 0.693$ nats each. The *perplexity* $e^{L}$ of a mean loss $L$ is the number of
# equally likely characters that would be just as puzzling. A model that knows nothing gives each of
# $V_c$ characters $1/V_c$, so at the start $T$ characters cost
#
# $$L = \sum_{t=1}^{T} -\ln \frac{1}{V_c} = T \ln V_c. \tag{3}$$
#
# D4's demo reads 25 characters at a time, of an alphabet of 93.
#
# **Predict.** D4 shows a loss of 49.67 after 185,000 updates, from 113.31 at the start. What is
# that in bits per character?


# %%
# The loss at the start, and in other units
def units(nats):
    """A mean loss per character in three units."""
    return f"{nats:.3f} nats = {nats / np.log(2):.3f} bits, perplexity {np.exp(nats):.1f}"


text = load_text()
alphabet = Vocabulary.of(text)
ids, K, T = alphabet.encode(text), len(alphabet), 25
train, held_out = split_end(ids)
print(f"the documents' alphabet: 25 ln 93 = {25 * np.log(93):.2f}")
print(f"ours: {len(ids):,} characters, {K} different; 25 ln {K} = {25 * np.log(K):.2f}")
print("D4 at the start:   ", units(np.log(93)))
print("D4 after 185,000:  ", units(49.667141 / 25))

# %% [markdown]
# <details><summary>Answer</summary>
#
# $49.67 / 25 = 1.987$ nats, divided by 0.693: 2.87 bits. It is as unsure as between 7.3 equally
# likely characters, not 93.
#
# </details>
#
# > **Note on the slides.** D4 gives its losses as sums over 25 characters, and smoothed: a *running*
# > loss, to which each update adds a thousandth of the new. At iteration 0 that is $25 \ln 93$ by
# > definition, nothing measured. The text D4 shows beside iteration 0, however, can hardly come from
# > an untrained network: it has words, commas and capitals. We shall see what an untrained network
# > writes.
#
# Is 2.87 bits good? That depends on what is possible without any network. We can count. A *unigram*
# model knows how often each character occurs, a *bigram* model how often each follows each other,
# a *trigram* model looks at two characters before. (We add 0.1 to every count, or what has never
# been seen would be impossible and its surprise infinite.)
#
# **Predict.** Which of the three is best on the text it has counted, and which on the held-out text?


# %%
# What counting can do
def counted(n):
    """Probabilities of the next character, (K ** (n - 1), K), from counts of n in a row."""
    places = sum(train[i : len(train) - n + 1 + i] * K ** (n - 1 - i) for i in range(n))
    counts = np.bincount(places, minlength=K**n).reshape(-1, K) + 0.1
    return counts / counts.sum(axis=1, keepdims=True)


def surprise(p, n, ids):
    """Mean loss in nats of a counting model."""
    place = sum(ids[i : len(ids) - n + 1 + i] * K ** (n - 2 - i) for i in range(n - 1))
    return -np.log(p[place, ids[n - 1 :]]).mean()


names, rows = ("unigram", "bigram", "trigram"), []
for n, name in enumerate(names, start=1):
    p = counted(n)
    rows.append((surprise(p, n, train), surprise(p, n, held_out)))
    print(f"{name:7}: training {rows[-1][0]:.3f}; held-out", units(rows[-1][1]))
unigram, bigram, trigram = (held for _, held in rows)
fig, ax = plt.subplots(figsize=(8, 2.8))
for i, (name, colour, hatch) in enumerate(
    [("training", COLOURS.input, ""), ("held-out", COLOURS.state, "//")]
):
    bars = ax.barh(
        np.arange(3) + 0.35 * i, [row[i] for row in rows], 0.33, color=colour, hatch=hatch
    )
    bars.set_label(name)
    ax.bar_label(bars, fmt="%.2f", padding=3)
ax.set(yticks=np.arange(3) + 0.17, yticklabels=names, xlabel="nats per character")
ax.invert_yaxis()
ax.legend()
show(
    fig,
    alt="The losses fall from unigram, 3.2, over bigram, 2.4, to trigram, 1.7. On the held-out text "
    "they are a little lower than on the training text, most clearly for the bigram.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The trigram on both. The held-out tenth happens to be the easier one: pairs are foreseen better
# there than where they were counted. But of that luck the trigram keeps next to nothing, since many of
# the held-out triples have never been counted: there are more than a million possible ones, and the
# text is not even half as long. Each further character in the memory makes that 103 times worse.
#
# </details>
#
# Those are the marks to beat. The network has the state in place of a table: its memory is not cut
# off after two characters, and what it learns after *re* it can use after *Re*.
#
# ## 3 Learning to write
#
# We take D4's network: 100 hidden units, sequences of 25 characters. Its demo reads one sequence at
# a time; we cut the text into 32 streams and read them side by side, with $B = 32$ in each product.
# The state at the end of one batch is the first state of the next (`carry=True`). As in the demo
# the step is Adagrad's; why, at which rate, and what `clip` does, is the matter of section 6.
#
# **Predict.** What does the network learn first: letters, words, or capitals? And how does it write
# before it has learnt anything?

# %%
# 1500 updates
H, B = 100, 32
net = char_lm(K, H, dtype=np.float32)
batches = list(zip(*character_batches(train, B, T), strict=True))
judge = list(zip(*character_batches(held_out, 50, 200), strict=True))
snapshots = {0: net.init(np.random.default_rng(0))}


def look(params):
    """Keep the parameters, and return the loss on a part of the held-out text."""
    snapshots[50 * len(snapshots)] = params
    return mean_loss(net, params, judge[:1], carry=True)


def teach(updates, **options):
    """Train from the same first parameters."""
    loss = network_loss(net, carry=True)
    return fit(loss, snapshots[0], batches, updates=updates, progress=False, **options)


run = teach(1500, optimiser="adagrad", lr=0.05, clip=1.0, validate=look, every=50)
losses = run.history.losses
print(f"first loss {T * losses[0]:.1f} for {T} characters; {T} ln {K} = {T * np.log(K):.1f}")
print(f"{len(losses)} updates took {run.history.seconds[-1]:.1f} s")
final = mean_loss(net, run.last, judge, carry=True)
print(f"training (last 100): {losses[-100:].mean():.3f}; held-out:", units(final))
print(f"below the bigram's {bigram:.3f}: {final < bigram}")


# %%
# The loss, and what is written meanwhile
def write(params, n, seed=0, temperature=1.0, prompt=". "):
    """n characters."""
    rng = np.random.default_rng(seed)
    drawn = sample(net, params, alphabet.encode(prompt), n, rng, temperature=temperature)
    return alphabet.decode(drawn)


history = run.history
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), width_ratios=[5, 6])
draw_losses(
    left,
    history.losses,
    validation=history.validation_losses,
    validation_updates=history.validation_updates,
    references={r"$\ln V_c$": np.log(K), "unigram": unigram, "bigram": bigram, "trigram": trigram},
    ylabel="nats per character",
)
right.axis("off")
for i, update in enumerate((0, 50, 200, 500, 1500)):
    lines = write(snapshots[update], 150).replace("\n", "↵")
    rows = "\n".join(lines[k : k + 50] for k in (0, 50, 100))
    title = f"after {update} updates" if update else "untrained"
    right.text(0, 1 - 0.21 * i, title, color=as_ink(COLOURS.state), va="top", weight="bold")
    right.text(0, 0.95 - 0.21 * i, rows, family="monospace", fontsize=9, va="top", parse_math=False)
show(
    fig,
    alt="The training and the held-out loss start at 4.6 nats, cross the unigram's line within the "
    "first hundred updates, the bigram's soon after, and the trigram's slowly at the end. "
    "Beside the curve: samples, from random signs over letters and spaces to words.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# First how often each character occurs, above all the spaces: the unigram's knowledge, in some fifty
# updates. Then which letters follow which, then short words. Untrained, it draws from the whole
# alphabet.
#
# </details>
#
# The curve crosses the marks in the order of their memory. Nobody told the network of pairs or
# triples; it is asked for the next character only.
#
# > **Note on the slides.** So the text that D4 shows at iteration 0 is from another moment. Count: in an
# > untrained network's writing, about half the characters are letters and spaces. In D4's line,
# > nearly all are.

# %%
# Is that text from an untrained network?
shown = "I fechowta ecyoumepuave omas mmur a band chou os Carbinn yond here wa,k, oly soongy pas"


def plain(text):
    """Share of unaccented letters and spaces."""
    return len(re.findall("[A-Za-z ]", text)) / len(text)


print(f"D4's text {plain(shown):.2f}, untrained {plain(write(snapshots[0], 2000)):.2f}", end=", ")
print(f"after 50 updates {plain(write(snapshots[50], 2000)):.2f}, our text {plain(text):.2f}")

# %% [markdown]
# And the demo itself, with one sequence at a time and a rate of 0.1, for all of its 185,000 updates?
# That takes minutes, so it has a script, `python -m experiments.character_model demo`, which we have
# run on our text, and with `--text big.txt` on a part of the documents' own, 2.8 million
# characters with the same 93 symbols. Here is what it has found.
#
# **Predict.** D4 read 185,000 · 25 characters. How often did each character of *our* text pass by?

# %%
# The demo at full length
results = {
    name: json.loads(Path(f"../experiments/results/{file}.json").read_text(encoding="utf-8"))
    for name, file in (("our text", "character_model"), ("D4's text", "character_model_big"))
}
fig, ax = plt.subplots(figsize=(8, 3.2))
for (name, result), colour, mark in zip(
    results.items(), (COLOURS.input, COLOURS.state), "os", strict=True
):
    demo = result["demo"]
    updates, running = np.array(demo["running_loss"]).T
    print(f"{name:9}: {demo['symbols']} symbols, running loss from {running[0]:.2f}", end=" ")
    print(f"to {running[-1]:.2f}, {running[-6:].min():.1f} … {running[-6:].max():.1f} near the end")
    print(
        f"    {updates[-1] * T / demo['characters']:.1f} times through the text; held-out", end=" "
    )
    print(f"{demo['held_out']:.3f}, but {demo['held_out_from_0']:.3f} from h = 0")
    ax.plot(updates / 1000, running, color=colour, marker=mark, markevery=4, label=name)
ax.plot([0, 185], [113.314988, 49.667141], "k*", markersize=11, label="D4 says")
ax.set(xlabel="thousand updates", ylabel="running loss, 25 characters", ylim=(0, 120))
ax.legend()
show(
    fig,
    alt="Two curves fall steeply from about 115 and flatten out. The one on the documents' own text "
    "ends a little below D4's 49.67, the one on our text near 38.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# About eleven times: 4.6 million characters read, 0.42 million to read from.
#
# </details>
#
# On D4's text our code comes down to 46.9 where D4 shows 49.67. The running loss is restless: from
# place to place in the text it moves by three, and over our shorter part it passes a second time. In
# nats per character on the held-out text, that is 1.95 for D4's text and 1.68 for ours.
#
# The 1500 updates above are about as good, in seconds. A minibatch makes better use of
# a machine, and its gradients are calmer.
#
# > **A trap.** The last number of each line: started from $h = 0$, the demo's network loses more than one that knows
# > nothing ($\ln 93 = 4.53$). It was trained on one stream that never ended, so it met that
# > state once, at its very beginning, and has no idea what to do with it. Let such a network read on with
# > the state it has, as D4's demo does. Ours begins 32 streams from 0, and has learnt to.
#
# ## 4 What has it learnt?
#
# A language model is a die with a memory: `sample` throws it and feeds the result back. With a
# *temperature* $\vartheta$ we can load the die, $\hat y_t = \operatorname{softmax}(o_t / \vartheta)$.
# Near $\vartheta = 0$ the likeliest character always wins; for a large $\vartheta$ all are alike.
#
# **Predict.** Which temperature gives the most words that exist? Which one would you read?

# %%
# Three temperatures
known = set(re.findall("[a-z]+", text.lower()))
for temperature in (0.5, 1.0, 1.5):
    drawn = write(run.last, 1500, temperature=temperature)
    words = re.findall("[a-z]+", drawn.lower())
    share = np.mean([word in known for word in words])
    print(
        f"θ = {temperature}: {share:.2f} of {len(words)} words exist, {len(set(words))} different"
    )
    print("   ", " ".join(drawn[:230].split())[:150])

# %% [markdown]
# <details><summary>Answer</summary>
#
# The low one: four in five of its words exist, but it uses the same ones again and again. The high
# one invents. The die as it was learnt is $\vartheta = 1$.
#
# </details>
#
# D4 looks at its sample and observes: it starts looking like English; sentences begin with a capital
# and end with a full stop; short words are right, long ones are messed up. Let us count instead of
# looking. A word is right if the text has it; a capital is right if it comes after a full stop and a
# space or a line's end. The bigram model from section 2 writes too, for comparison.
#
# **Predict.** Can a bigram model write capitals after full stops? Why (not)?


# %%
# D4's observations, counted
def write_bigrams(n, seed=0):
    """n characters of the bigram model."""
    steps, drawn = counted(2).cumsum(axis=1), [0]
    for u in np.random.default_rng(seed).random(n):
        drawn.append(min(int(np.searchsorted(steps[drawn[-1]], u)), K - 1))
    return alphabet.decode(drawn[1:])


def capitals(text):
    """Share of capitals among the letters after a full stop, and how many letters that are."""
    found = re.findall(r"[a-z]\.\s+([A-Za-z])", text)
    return np.mean([letter.isupper() for letter in found]), len(found)


classes = {"1–2": (1, 2), "3–4": (3, 4), "5–6": (5, 6), "7–8": (7, 8), "9+": (9, 99)}


def right_words(text):
    """Share of words that exist, for each class of lengths."""
    words = re.findall("[A-Za-z]+", text)
    return [
        np.mean([word.lower() in known for word in words if low <= len(word) <= high])
        for low, high in classes.values()
    ]


writings = {"bigram": write_bigrams(10000)}
writings |= {f"{u} updates": write(snapshots[u], 10000, seed=1) for u in (200, 1500)}
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), width_ratios=[3, 2])
looks = zip((COLOURS.neutral, COLOURS.accent, COLOURS.state), ("s:", "^--", "o-"), strict=True)
for (name, writing), (colour, mark) in zip(writings.items(), looks, strict=True):
    shares = right_words(writing)
    print(f"{name:12}: words that exist, by length: {' '.join(f'{s:.2f}' for s in shares)}")
    left.plot(list(classes), shares, mark, color=colour, label=name)
left.set(xlabel="letters in the word", ylabel="share that exists", ylim=(-0.03, 1.03))
left.legend()
for i, (name, writing) in enumerate({**writings, "the text": text}.items()):
    share, n = capitals(writing)
    print(f"{name:12}: {share:.2f} capitals among {n} letters after full stops")
    right.bar_label(right.barh(i, share, color=COLOURS.input), fmt="%.2f", padding=3)
right.set(yticks=range(4), yticklabels=[*writings, "the text"], xlim=(0, 1.15))
right.set_xlabel("capitals after full stops")
show(
    fig,
    alt="Left: the share of words that exist falls with their length; the trained network is far "
    "above the bigram model at three letters and more, yet low beyond six. Right: capitals after "
    "full stops are rare for the bigram model, common after 1500 updates, nearly always in the text.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# It cannot. After the space that follows a full stop it knows only that there was a space, so it
# writes as many capitals as after any other. Capitals need a memory of two characters at least, and
# our text often has two spaces or a line's end there.
#
# </details>
#
# D4 has observed well. Even pairs alone make three in four words of one or two letters right;
# three and four letters must be learnt; beyond six most words are inventions. Our text is code and
# grammar: `__init__` counts as *init*, and a capital may be missing because of an *e.g.*
#
# **Try it.** In *Three temperatures*, write with `prompt="class "`, or your name.
#
# ## 5 Approximations in BPTT: cutting
#
# The text is one sequence of 400,000 steps. Exact BPTT would go through all of it, and keep all
# states, for a single update. *Truncated* BPTT (Williams and Peng 1990) cuts the sequence after every $\tau$ steps: the state
# crosses the cut, the gradient does not. Forward nothing changes. Backward, where lecture 5 adds
#
# $$\bar h_t = V^\top \bar o_t + W^\top \bar z_{t+1}, \tag{4}$$
#
# the second term is set to 0 at the last step of each chunk. That is all; what is lost are the
# paths on which an early input acts on a loss beyond the next cut. Section 3 did just that, with
# $\tau = 25$, since each batch of 25 steps was an update. Here are both forms of it, on one sequence
# with the same parameters: one backward pass with cuts, and chunk after chunk with the state
# handed on. And beside them how wrong the cut gradient is.
#
# **Predict.** At which $\tau$ is the error below a tenth of the gradient's length: 1, 10 or 50?


# %%
# How wrong is a cut gradient?
def with_cuts(tau, dtype=np.float32):
    """The same network; gradients go back over at most tau steps."""
    recurrent = rnn_layer(K, H, truncate=tau, dtype=dtype)
    return stack(one_hot_layer(K, dtype=dtype), recurrent, dense_layer(H, K, dtype=dtype))


def as_vector(grads):
    """All gradients as one vector, in float64."""
    leaves = named_leaves(grads, "grads").values()
    return np.concatenate([g.ravel() for g in leaves]).astype(float)


def gradient(network, batch):
    """The gradient of the mean loss at the trained parameters."""
    return as_vector(network_loss(network)(trained, batch)[1])


_, (layer,), dense = run.last
trained = (None, layer, dense)
x, y = (cut[0] for cut in character_batches(held_out, B, 200))
full = gradient(with_cuts(None), (x, y))
chunks = network_loss(with_cuts(None), carry=True)  # the state is handed on
parts = [chunks(trained, (x[t : t + T], y[t : t + T]))[1] for t in range(0, 200, T)]
gap = gradient(with_cuts(T), (x, y)) - np.mean([as_vector(part) for part in parts], axis=0)
print(f"chunk after chunk against one pass with cuts: largest difference {np.abs(gap).max():.0e}")
taus, wrong = (1, 2, 3, 5, 10, 25, 50, 100, 200), []
for tau in taus:
    cut = gradient(with_cuts(tau), (x, y))
    wrong.append(np.linalg.norm(cut - full) / np.linalg.norm(full))
    cosine = cut @ full / np.linalg.norm(cut) / np.linalg.norm(full)
    print(f"τ = {tau:3}: relative error {wrong[-1]:.3f}, cosine {cosine:.3f}")
fig, ax = plt.subplots(figsize=(8, 2.9))
ax.plot(taus, wrong, "o-", color=COLOURS.gradient)
ax.axhline(0.1, color=COLOURS.neutral, linestyle=":")
ax.set(xscale="log", xlabel=r"steps $\tau$ between cuts", ylabel="relative error", ylim=(-0.03, 1))
ax.set_xticks(taus, map(str, taus))
ax.minorticks_off()
show(
    fig,
    alt="The relative error of the gradient falls from about 0.7 with cuts after every step, over "
    "less than 0.2 at 25 steps, to 0 at 200, where nothing is cut.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Around 50 for this network. Even at 25 about a seventh is missing. But the cosine is near 1: what
# is left points the right way, and that is what an update needs. With $\tau = 1$ nothing learns
# what to remember, and even then the direction is more right than wrong.
#
# </details>
#
# A gradient's error is one thing, what training makes of it another. The script reads our text
# once (`python -m experiments.character_model cuts`) in 32 streams, cut into sequences of 5, 25 or 100 characters: each at the best of three rates of
# Adagrad, with the state carried over the cuts and without.
#
# **Predict.** Equal numbers of characters: which length ends with the lowest held-out loss? For
# which does it matter that the state crosses?

# %%
# What cutting costs in training
fig, ax = plt.subplots(figsize=(8, 2.9))
cuts = results["our text"]["cuts"]
for carry, colour, mark in ((True, COLOURS.state, "o-"), (False, COLOURS.neutral, "s--")):
    rows = [row for row in cuts if row["carry"] == carry]
    name = "state crosses the cuts" if carry else "state starts from 0"
    for row in rows:
        print(f"{row['length']:3} steps, {name}: {row['updates']} updates", end=" ")
        print(f"at rate {row['rate']}, held-out {row['held_out']:.3f}")
    ax.plot([row["length"] for row in rows], [row["held_out"] for row in rows], mark, color=colour)
    ax.lines[-1].set_label(name)
ax.set(xscale="log", xlabel="length of the sequences", ylabel="held-out loss, nats")
ax.set_xticks([5, 25, 100], ["5", "25", "100"])
ax.minorticks_off()
ax.legend()
show(
    fig,
    alt="The held-out loss rises with the length of the sequences, from 1.7 at 5 steps to above 2 at "
    "100. At 5 steps it is lower if the state crosses the cuts; at 25 and 100 it is not.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The shortest, by far: it makes twenty updates where the longest makes one, and what there is to learn
# at this stage is near. For 5 steps it matters that the state crosses, 1.71 against 1.83: what the
# network happens to keep, it can use, although no gradient has told it to. At 25 and 100 steps
# nothing is gained from the state yet. (These are single runs: make nothing of differences as small as
# those.)
#
# </details>
#
# So the approximation costs little and buys updates. It has its price where the text has long-range
# structure: what is never felt over a cut is never learnt *because* of it. Lecture 7 shows that exact
# gradients do not reach much further in such a network anyway, and lecture 8 mends that.
#
# ## 6 Approximations in BPTT: clipping, and the size of a step
#
# Lecture 7 will show how gradients through time can explode. A single huge step may then undo
# what a thousand have learnt. *Clipping* (Pascanu, Mikolov and Bengio 2013) sets a limit to the length of the whole gradient $g$, all
# arrays together, and keeps its direction:
#
# $$\|g\| = \sqrt{\textstyle\sum g_i^2}, \qquad
#   g \leftarrow g \cdot \min\left(1, \frac{c}{\|g\|}\right). \tag{5}$$
#
# (D4's demo cuts each *entry* at ±5 instead. That turns the gradient; (5) does not.) We train with
# plain gradient descent, $\theta \leftarrow \theta - \eta\, g$, at a rate of $\eta = 2$, once as
# it comes and once with $c = 0.25$.
#
# **Predict.** The gradients' lengths are mostly between 0.3 and 1. What will the rate of 2 do
# without a limit?

# %%
# With a limit and without
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.3))
for clip, colour, line in ((None, COLOURS.neutral, ":"), (0.25, COLOURS.gradient, "-")):
    attempt = teach(300, optimiser="sgd", lr=2.0, clip=clip)
    name = f"c = {clip}" if clip else "no limit"
    past = attempt.history
    held = mean_loss(net, attempt.last, judge, carry=True)
    print(f"{name:8}: held-out {held:.2f}, below {np.log(K):.2f}: {held < np.log(K)}; ", end="")
    print(f"longest gradient {past.norms.max():.1f}, median {np.median(past.norms):.2f}")
    left.plot(past.updates, past.norms, line, color=colour, label=name)
    right.plot(past.updates, past.losses, line, color=colour, label=name)
left.axhline(0.25, color=COLOURS.accent, linestyle="--", label="the limit")
left.set(yscale="log", xlabel="update", ylabel="gradient's length")
right.axhline(np.log(K), color=COLOURS.neutral, linewidth=1)
right.set(yscale="log", xlabel="update", ylabel="loss, nats per character")
left.legend()
show(
    fig,
    alt="Without a limit the gradients grow to many times their first length and the loss climbs far "
    "above ln of the alphabet. With the limit nearly all gradients are shortened to 0.25, and the "
    "loss falls steadily.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# It throws the parameters so far that the units saturate and the loss ends far above that of a
# model that knows nothing: confident, and wrong. With the limit the same rate works. Note how low it
# is here: nearly every gradient is shortened, so each step has the length $2 \cdot 0.25$.
#
# </details>
#
# So a rate is only good or bad for gradients of a certain size, and sizes differ from weight to weight:
# the column of $U$ for *e* is used all the time, that for *ß* hardly ever. *Adagrad*
# (Duchi, Hazan and Singer 2011) gives each weight a rate of its own, with all its squared gradients so
# far in the denominator (all operations entry by entry):
#
# $$s \leftarrow s + g^2, \qquad \theta \leftarrow \theta - \eta\, \frac{g}{\sqrt{s + \varepsilon}}. \tag{6}$$
#
# Weights that are seldom used keep large steps, but every denominator grows for ever. *RMSProp*
# (Tieleman and Hinton 2012) and *Adam* (Kingma and Ba 2015) let it forget: $s$ is then a moving average of $g^2$. *Momentum* has no denominator and steps
# along a moving average of past gradients $g$; Adam has that, too.
# The script (part `rates`) has trained with each, 400 updates at each of six rates.
#
# **Predict.** What is the length of Adagrad's very first step, entry by entry?

# %%
# Optimisers and their rates
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
looks = zip("os^Dv", ("-", "--", "-.", ":", "-"), COLOURS[:5], strict=True)
best = {}
for (name, tried), (mark, line, colour) in zip(
    results["our text"]["rates"].items(), looks, strict=True
):
    rates, held = np.array(tried).T
    best[name] = rates[held.argmin()]
    print(f"{name:8}: best held-out {held.min():.3f} at rate {best[name]:g}")
    left.plot(rates, held, marker=mark, linestyle=line, color=colour, label=name)
left.axhline(bigram, color=COLOURS.neutral, linewidth=1)
left.set(xscale="log", ylim=(1.7, 3), xlabel="rate", ylabel="held-out loss after 400 updates")
left.legend(fontsize=9)
for name, line in (("sgd", "-"), ("adagrad", "-."), ("adam", ":")):
    attempt = teach(400, optimiser=name, lr=best[name], clip=1.0)
    smooth = np.convolve(attempt.history.losses, np.ones(20) / 20, "valid")
    right.plot(np.arange(20, 401), smooth, line, label=f"{name}, rate {best[name]:g}")
    print(f"{name:8}: held-out {mean_loss(net, attempt.last, judge, carry=True):.3f}, live")
right.set(xlabel="update", ylabel="training loss, mean of 20")
right.legend()
show(
    fig,
    alt="Left: held-out loss over the rate, a valley for each optimiser; Adam's and RMSProp's are "
    "the deepest, Adam's the widest, plain gradient descent's the highest. Right: at their best rates Adam and Adagrad "
    "fall faster than plain gradient descent.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The rate, $\pm\eta$: after the first update $s = g^2$, so $g / \sqrt{s}$ is $\pm 1$ for every weight,
# however small its gradient. With D4's rate of 0.1 this first jump is large; with our minibatches
# 0.05 does better.
#
# </details>
#
# The valleys matter more than their depths: a rate ten times too small costs more than the wrong
# optimiser, a rate ten times too large costs everything. Adam's valley is the widest here, and
# that, more than anything, is why it is so popular.
#
# **Try it.** Give the clipped run of *With a limit and without* Adagrad at 0.5. Does a limit of 0.25
# save it? (Adagrad divides by the gradients' size, so shortening all of them alike changes little.)
#
# ## 7 The same question, asked about words
#
# Words can be predicted, too. [Lecture 1](01_sequences_and_tasks.ipynb), section 5, showed the trouble
# with their one-hot vectors: any two are $\sqrt 2$ apart, *list* and *tuple* as far as *list* and
# *raise*. And it named the remedy, an embedding: a short vector $e_w$ for each word $w$, a row of $E$.
# It promised to learn such vectors. *word2vec*, which D1 and D3 name, does it by a simpler question
# than "what comes next?": **which words stand near this one?** With a second vector $c_v$ for each
# word as a neighbour, and the softmax of (2),
#
# $$p(v \mid w) = \frac{\exp(e_w \cdot c_v)}{\sum_{v'} \exp(e_w \cdot c_{v'})}, \qquad
#   L = -\frac{1}{n} \sum_{w, v} n_{wv} \ln p(v \mid w), \tag{7}$$
#
# where $n_{wv}$ counts how often $v$ stands within four places of $w$, $n_w = \sum_v n_{wv}$, and
# $n$ is the sum of all. This is the *skip-gram* model. Words with the same neighbours need the
# same predictions, so they get similar vectors. With $S = E C^\top$, the gradient is that of
# any softmax with cross-entropy, "what is said minus what is right", weighted with the counts:
#
# $$\bar S_{wv} = \tfrac1n \left( n_w\, p(v \mid w) - n_{wv} \right), \qquad
#   \bar E = \bar S\, C, \qquad \bar C = \bar S^\top E. \tag{8}$$
#
# The pairs enter through their counts only. With a few hundred words we can count first, and train
# on all pairs at once in one matrix; for millions of words one draws a few wrong neighbours per pair
# instead of summing over all (*negative sampling*).


# %%
# Skip-gram in three functions
def neighbours(ids, size, window):
    """Counts n_wv of words within `window` places; ids below 0 stand for other words."""
    counts = np.zeros((size, size))
    for k in range(1, window + 1):
        a, b = ids[:-k], ids[k:]
        both = (a >= 0) & (b >= 0)
        np.add.at(counts, (a[both], b[both]), 1)
    return counts + counts.T


def skip_gram(counts):
    """The loss (7) and its gradients (8), as `fit` wants them."""

    def loss_and_grads(params, _):
        E, C = params
        S = E @ C.T
        S = S - S.max(axis=1, keepdims=True)
        log_p = S - np.log(np.exp(S).sum(axis=1, keepdims=True))
        dS = (counts.sum(axis=1, keepdims=True) * np.exp(log_p) - counts) / counts.sum()
        return -(counts * log_p).sum() / counts.sum(), (dS @ C, dS.T @ E)

    return loss_and_grads


def learn(counts, D, seed=0):
    """Vectors E, and the losses."""
    rng = np.random.default_rng(seed)
    start = tuple(0.1 * rng.normal(size=(len(counts), D)) for _ in "EC")
    run = fit(skip_gram(counts), start, [None], updates=200, lr=0.05, progress=False)
    return run.params[0], run.history.losses


rng = np.random.default_rng(0)
small = rng.integers(0, 5, size=(6, 6)).astype(float)
params = tuple(rng.normal(size=(6, 3)) for _ in "EC")
loss = skip_gram(small + small.T)
worst = check_gradient(lambda p: loss(p, None)[0], params, loss(params, None)[1], rng=rng)
gap = abs(worst.numeric - worst.analytic)
print(f"(8) {worst.analytic:.6f}, central difference {worst.numeric:.6f}: apart by {gap:.0e}")

# %% [markdown]
# Our text has 64,000 words. We keep those that occur at least thirty times, and give each 24
# numbers.
#
# **Predict.** Which words will be next to *true*, *may* and *try*?

# %%
# Words and their neighbours
words = re.findall("[a-z]+(?:_[a-z]+)*", text.lower())
kept = [word for word, n in Counter(words).most_common() if n >= 30]
place = {word: i for i, word in enumerate(kept)}
counts = neighbours(np.array([place.get(word, -1) for word in words]), len(kept), window=4)
E, losses = learn(counts, D=24)
print(f"{len(words):,} words; {len(kept)} of them kept; loss {losses[0]:.2f} → {losses[-1]:.2f}")


def directions(E):
    """Rows without their mean, of length 1: products of these are cosines."""
    E = E - E.mean(axis=0)
    return E / np.linalg.norm(E, axis=1, keepdims=True)


def nearest(E, names, word, n=4):
    """The n words with the largest cosines."""
    cosines = directions(E) @ directions(E)[names.index(word)]
    return [(names[i], cosines[i]) for i in np.argsort(-cosines) if names[i] != word][:n]


for word in ("true", "may", "try", "list", "left", "string", "python"):
    print(f"{word:7}", "  ".join(f"{name} {cosine:.2f}" for name, cosine in nearest(E, kept, word)))
apart = np.linalg.norm(one_hot([place["list"]], len(kept)) - one_hot([place["raise"]], len(kept)))
print(f"one-hot vectors: list and raise are {apart:.3f} apart, like any two")

# %% [markdown]
# <details><summary>Answer</summary>
#
# *false*; *can*, *will*, *must* and their like; *except*, *finally*, *raise*. Nobody has told it about
# verbs or exceptions.
#
# </details>
#
# For a picture we need two numbers per word in place of 24. *Principal components* give the plane
# in which these words are spread most: the first two right singular vectors of the centred rows. Beside
# it the cosines of all pairs; for one-hot vectors that picture would be a diagonal and nothing else.
#
# **Predict.** Five groups of words: which will be the tightest, and which the loosest?

# %%
# Words on a map
groups = {
    "may": ("may", "can", "must", "will", "should"),
    "true": ("true", "false", "none"),
    "try": ("try", "except", "finally", "raise"),
    "list": ("list", "tuple", "set", "dictionary"),
    "string": ("string", "character", "characters", "literal"),
}
chosen = [word for group in groups.values() for word in group]
rows = directions(E)[[place[word] for word in chosen]]
centred = rows - rows.mean(axis=0)
_, spread, axes_of_map = np.linalg.svd(centred, full_matrices=False)
shown = (spread[:2] ** 2).sum() / (spread**2).sum()
print(f"the plane shows {shown:.2f} of the spread of {len(chosen)} words")
hits = [
    any(name in group for name, _ in nearest(E, kept, word, n=3))
    for group in groups.values()
    for word in group
]
print(f"{sum(hits)} of {len(hits)} words have one of their group among their nearest three")

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), width_ratios=[5, 4])
for names, mark, colour in zip(groups.values(), "os^Dv", COLOURS[:5], strict=True):
    points = centred[[chosen.index(name) for name in names]] @ axes_of_map[:2].T
    left.plot(*points.T, mark, color=colour, markersize=8)
    for k, (name, point) in enumerate(zip(names, points, strict=True)):
        side, look = ((-6, 4), "right") if k % 2 else ((6, -9), "left")
        look = {"ha": look, "color": as_ink(colour)}
        left.annotate(name, point, side, textcoords="offset points", **look)
left.margins(0.2, 0.12)
left.set(xlabel="first principal component", ylabel="second")
image = right.imshow(rows @ rows.T, cmap=DIVERGING, vmin=-1, vmax=1)
right.set_xticks(range(len(chosen)), chosen, rotation=90, fontsize=8)
right.set_yticks(range(len(chosen)), chosen, fontsize=8)
right.grid(False)
fig.colorbar(image, ax=right, label="cosine", shrink=0.8)
show(
    fig,
    alt="Left: a map on which the words of each group mostly lie together, the modal verbs far "
    "from the others. Right: a table of cosines with dark blocks on the diagonal, one per group.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Modal verbs form the tightest cluster: they can stand in for each other in almost every sentence.
# A group like *list, tuple, set, dictionary* is looser, since *set* is a verb too.
#
# </details>
#
# A small text gives small truths. With 64,000 words many a neighbour is an accident of a few
# sentences (look at *python* and *left* above), and another seed or window moves them. What stays are
# words that are used alike hundreds of times. And even with all the text in the world "near" means
# *used alike*, not *meaning the same*. To see that without noise, take sentences about films, made by
# a small grammar: "the acting was not very good", "the plot was awful but the music was nice".
#
# **Predict.** Is *good* nearer to *brilliant*, to *awful* or to *film*?

# %%
# Used alike is not meaning alike
ids, lengths, _ = sentiment_classification(np.random.default_rng(0), 3000)
gap = [-1, -1]  # between sentences, as wide as the window
line = np.concatenate([[*ids[:n, i], *gap] for i, n in enumerate(lengths)])
names = list(SENTIMENT_WORDS.symbols)
films, losses = learn(neighbours(line, len(names), window=2), D=10)
for word in ("good", "film", "very", "not"):
    near = nearest(films, names, word)
    print(f"{word:5}", "  ".join(f"{name} {cosine:.2f}" for name, cosine in near))
near = directions(films) @ directions(films)[names.index("good")]
for word in ("brilliant", "awful", "film"):
    print(f"cosine of good and {word}: {near[names.index(word)]:.2f}")

some = "good nice brilliant bad awful dull film plot music very really slightly not hardly".split()
rows = directions(films)[[names.index(word) for word in some]]
centred = rows - rows.mean(axis=0)
points = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
fig, ax = plt.subplots(figsize=(8, 3.6))
kinds = {"adjectives": slice(0, 6), "things": slice(6, 9), "before adjectives": slice(9, 14)}
for (kind, part), mark, colour in zip(kinds.items(), "os^", COLOURS[:3], strict=True):
    ax.plot(*points[part].T, mark, color=colour, markersize=8, label=kind)
    text_at, look = (0, 14), {"ha": "center", "color": as_ink(colour)}
    listed = " ".join(some[part])
    ax.annotate(listed, points[part].mean(axis=0), text_at, textcoords="offset points", **look)
ax.margins(0.35, 0.25)
ax.legend(loc="lower left")
ax.set(xlabel="first principal component", ylabel="second")
show(
    fig,
    alt="Adjectives lie in one heap, good beside awful; things lie in another; the words that "
    "stand before adjectives lie apart from both.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# To *brilliant* and *awful* alike. In this grammar all adjectives end the same sentences, and
# whoever only looks at neighbours cannot tell praise from scorn. It has learnt grammar: adjectives,
# things, words of degree, negations. For feelings it would need the labels.
#
# </details>
#
# A row of $E$ is looked up, never multiplied, as (2) of lecture 1 showed for `embedding_forward`;
# `embedding_backward` adds each gradient to the row that was picked. Put in front of a recurrent
# network, as in `char_lm(V, H, embedding=16)`, an embedding is trained with all the rest.
#
# ## Check yourself
#
# **1.** A model of an alphabet of 64 characters has a held-out loss of 1.5 bits per character. What was
# it before training, what is its perplexity, and what does it cost in nats for 25 characters?
#
# <details><summary>Answer</summary>
#
# 6 bits; $2^{1.5} = 2.83$; $25 \cdot 1.5 \cdot \ln 2 = 26.0$ nats.
#
# </details>
#
# **2.** A friend trains with sequences of 25 and starts each from $h = 0$. Another lets the state
# cross the cuts. Both cut the gradient. What can the second network use that the first cannot?
#
# <details><summary>Answer</summary>
#
# What happened before the cut. Its weights get no gradient for keeping anything longer than 25
# steps, but what they keep anyway, they can use: an open bracket, say, or that this is a listing.
#
# </details>
#
# **3.** A gradient is $(3, 0, 4)$ and the limit is 1. What does clipping by the norm leave, what
# clipping each entry at ±1, and which of the two points along the gradient?
#
# <details><summary>Answer</summary>
#
# $(0.6, 0, 0.8)$ and $(1, 0, 1)$: the first. The second is longer than 1, and turned.
#
# </details>

# %%
# The answers, checked
print(
    f"before: {np.log2(64):.0f} bits; perplexity {2**1.5:.2f}; 25 characters {37.5 * np.log(2):.1f}"
)
g = np.array([3.0, 0.0, 4.0])
by_norm, by_entry = g / np.linalg.norm(g), np.clip(g, -1, 1)
cosine = by_entry @ by_norm / np.linalg.norm(by_entry)
print(f"clipped: {by_norm} and {by_entry}; cosine with the gradient 1 and {cosine:.2f}")

# %% [markdown]
# ## Summary
#
# - A language model predicts the next symbol; text and targets are the same, shifted by one.
# - Judge it on held-out text, in bits or nats per character, against $\ln V_c$ and against counting.
# - It learns frequencies first, then pairs, short words, capitals after full stops; long words last.
# - Truncated BPTT hands on the state and cuts the gradient: a little wrong, and far cheaper.
#   Clipping keeps the direction and limits the length; without it one step can undo everything.
# - Adagrad and Adam give each weight its own step. The rate still matters most.
# - Vectors learnt from neighbours put together what is used alike, which is not always what means
#   the same.
#
# **What comes next.** In [problem set 3](../assignments/ps3_bptt/ps3_bptt.ipynb) you write the loss, the
# cuts, the clipping and the die, and train a model with them that beats the bigram.
# [Lecture 7](07_vanishing_and_exploding_gradients.ipynb) asks why gradients fade or explode on their
# way back through time.
