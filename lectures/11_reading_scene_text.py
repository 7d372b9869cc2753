# %% [markdown]
# # Reading scene text
#
# A photograph shows a shop sign, and the network shall write down what it says. Nobody tells it where
# one letter ends and the next begins. This last lecture takes one task from pixels to text, with nearly
# everything that the course has built, and adds the one piece still missing: a loss for answers that
# nobody has aligned with the input.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | say which challenge of sequences a task has, and what meets it | key challenges of sequence learning | `seq2seq_loss`, `greedy_decode` (lecture 9) |
# | build and judge a reader of scene text, with the cuts between its letters and without; derive, compute, differentiate and decode CTC | scene text, with segmentation and without | `extend_label`, `collapse`, `ctc_forward`, `ctc_backward`, `ctc_loss_grad`, `greedy_read`, `prefix_beam_search`, `character_error_rate`, `trained_recogniser` |
#
# **Time:** 50 minutes to read, 80 with all predictions and trials. **You need:** lectures 5, 8 and 9.
# **It prepares** [problem set 7, scene text](../assignments/ps7_scene_text/ps7_scene_text.ipynb).
#
# **Shape ledger.**
#
# | Symbol | Shape | Meaning |
# |---|---|---|
# | $T, B, K$ | numbers | frames, images, classes |
# | $L$ | number | letters of a word; in (1), (2) and under derivatives the loss |
# | $o_t$, $\hat y_t$ | (K,) | scores at frame $t$, and probabilities, $\hat y_t = \mathrm{softmax}(o_t)$ |
# | –, *blank* | class 0 | no letter; the letters are the classes from 1 |
# | $\pi$ | (T,) | a *path*: one class for each frame |
# | $\mathcal B(\pi)$ | any length | what a path reads |
# | $\mathrm{ext}_s$ | (2L + 1,) | the word with blanks around its letters: the *states* $s = 0 \dots 2L$ of the lattice |
# | $\alpha_t(s)$, $\beta_t(s)$ | (T, 2L + 1) | sums over beginnings and over ends of paths |
# | $\gamma_t(s)$ | (T, 2L + 1) | the *posterior*: share of the paths through $s$ at $t$ |
#
# ## 1 A word is a sequence of columns
#
# D3's case study starts from a picture of the word *simply*. We have no photographs; we *render* our
# words, with five of the fonts that come with Matplotlib, leaning and spaced at random, on noisy paper.
# What that leaves out is said in section 8. An image of 32 rows is for us a sequence of columns from
# left to right, each a vector of 32 grey values.
#
# **Predict.** By what factor is an *m* wider than an *l*?

# %%
# Set-up
import json
from functools import cache
from itertools import product
from math import comb
from pathlib import Path
from string import ascii_lowercase

import matplotlib.pyplot as plt
import numpy as np

from rnnref import (
    ctc_alignment,
    ctc_beam_search,
    ctc_collapse,
    ctc_extend_label,
    ctc_greedy,
    ctc_loss,
    dense_layer,
    fit,
    lengths_to_mask,
    recurrent_body,
    softmax_cross_entropy,
    stack,
    text_features,
)
from rnnref.course.plots import (
    COLOURS,
    DIVERGING,
    draw_reading,
    draw_trellis,
    heatmap,
    show,
)
from rnnref.course.tasks import (
    EASY_STYLE,
    WordStyle,
    draw_segments,
    draw_word,
    fit_fixed_width_reader,
    random_words,
    render_words,
    segments,
)


# %%
# Words, and where their letters are
def draw(rng, n, style=EASY_STYLE, **options):
    """n rendered words of random letters."""
    return render_words(rng, random_words(rng, n, **options), style=style)


SHOWN = ["simply", "letter", "all", "willow"]
shown = render_words(np.random.default_rng(8), SHOWN, style=EASY_STYLE)
many = draw(np.random.default_rng(0), 1000)
ids, sizes, starts = (np.concatenate(part) for part in (many.labels, many.ends, many.starts))
width = {a: (sizes - starts)[ids == k].mean() for k, a in enumerate(ascii_lowercase, start=1)}
touch = np.concatenate([s[1:] <= e[:-1] for s, e in zip(many.starts, many.ends, strict=True)])
print(f"images {shown.images.shape}: (T, B, height); widths {shown.lengths}")
print(f"an m is {width['m'] / width['l']:.1f} times as wide as an l")
print(f"no empty column between neighbours: {touch.mean():.0%}")

fig, axes = plt.subplots(2, 2, figsize=(11, 5))
for b, ax in enumerate(axes.flat):
    draw_word(ax, shown, b)
show(
    fig,
    alt="Four words in different fonts, greys and slants. Brackets above and below mark where each "
    "letter lies; m and w take several times as many columns as l and i.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# More than twice, on average over the fonts (in one of them all letters are equally wide). And nearly
# half of the neighbours have no empty column between them, so neither equal widths nor gaps will always
# tell where the letters are. The brackets are known to us only because we drew the words.
#
# </details>
#
# The input has as many steps as the image has columns, the output as many as the word has letters, and
# which column belongs to which letter is unknown. Of D3's four key challenges of sequence learning, listed
# in section 6 of [lecture 9](09_architectures.ipynb), that is the one still open: the *unknown alignment*.
#
# An encoder and a decoder could do this task, too: but they would have to squeeze the word into one
# state, and would not know that letters come in the order of the columns. CTC, which this lecture is about,
# is built on just that.
#
# > **Note on the slides.** In its gallery of network types D3 files scene text under *one to many*: one
# > image, many letters. Its own case study then reads *many to many*, not synchronous: the image enters
# > column by column, which is the view we take.
#
# ## 2 If somebody cuts: a loss for every letter
#
# D3's first architecture has the image cut into characters. Each cut goes through a convolutional
# network, the features through an RNN, a softmax gives the letter. *What loss function should we use?*,
# the slide asks. With a cut for each letter there is a target at every step, so the answer is
# lecture 5's: the sum of the cross-entropies,
#
# $$L = -\sum_{j} \ln \hat y_j(\text{letter } j). \tag{1}$$
#
# The convolution of lecture 1 looked along one axis; on an image it looks along two. `text_features`
# has two stages, each with filters that look at 3 × 3 places, a ReLU, and pooling, which keeps the largest of each 2 × 2 places: the same weights at
# every place, as a recurrent network has the same at every step. From a cut of 20 columns come 5
# columns of features, which we hand together to a bidirectional GRU.


# %%
# A reader of cuts
HEIGHT, WIDTH, H, f32 = 32, 20, 32, np.float32
extract = text_features(HEIGHT, dtype=f32)


def head(D, K):
    """A bidirectional GRU and scores of K classes."""
    body = recurrent_body(D, H, cell="gru", both_ways=True, dtype=f32)
    return stack(body, dense_layer(2 * H, K, dtype=f32))


cut_net = head(WIDTH // 4 * extract.n_out, 26)


def cut_forward(params, words):
    """Scores (L, B, 26) of all cuts, numbers of letters, targets, and what was kept."""
    x, lengths, y = segments(words, width=WIDTH)
    images = x.astype(f32).reshape(-1, WIDTH, HEIGHT).swapaxes(0, 1)  # each cut an image
    x, _, below = extract.forward(params[0], images)
    x = x.swapaxes(0, 1).reshape(*y.shape, -1)  # the 5 columns of a cut side by side
    scores, _, above = cut_net.forward(params[1], x, mask=lengths_to_mask(lengths, len(y)))
    return scores, lengths, y, (below, above)


# %%
# Its loss is (1)
def cut_loss(params, words):
    """The loss of a batch, and its gradient."""
    scores, lengths, y, (below, above) = cut_forward(params, words)
    loss, dscores = softmax_cross_entropy(scores, y, mask=lengths_to_mask(lengths, len(y)))
    dx, _, dnet = cut_net.backward(dscores, above)
    dx = dx.reshape(y.size, WIDTH // 4, -1).swapaxes(0, 1)
    return loss, (extract.backward(dx, below)[1], dnet)


def train(loss, net, updates, **options):
    """Parameters of features and network after so many updates of 16 new words."""
    rng = np.random.default_rng(0)
    start = extract.init(rng), net.init(rng)
    batches = iter(lambda: draw(rng, 16), None)  # without end
    return fit(loss, start, batches, updates=updates, lr=0.008, clip=5.0, progress=False, **options)


run = train(cut_loss, cut_net, 200)
cutter = run.last
print(
    f"loss per word: first {run.history.losses[0]:.1f}, last {run.history.losses[-10:].mean():.2f}"
)

# %% [markdown]
# How wrong is a reading? A letter may be read as another, be left out, or be invented. The *edit
# distance* is the least number of such edits that turn what was read into the word, and the *character
# error rate* is the edits of all words, divided by all their letters.
#
# Either the first letters agree, or one of three edits comes first. That is a recursion:


# %%
# Errors, counted
@cache
def edits(read, word):
    """A shortest list of edits: (letter read, letter there), '' for none."""
    if not read or not word:
        return [(a, "") for a in read] + [("", b) for b in word]
    if read[0] == word[0]:
        return edits(read[1:], word[1:])
    other = [(read[0], word[0])] + edits(read[1:], word[1:])
    invented = [(read[0], "")] + edits(read[1:], word)
    left_out = [("", word[0])] + edits(read, word[1:])
    return min(other, invented, left_out, key=len)


# %%
# The error rate
def spell(label):
    """A label as a word."""
    return "".join(ascii_lowercase[k - 1] for k in label)


def error_rate(readings, words):
    """Edits per letter of all words together."""
    truth = [spell(label) for label in words.labels]
    wrong = sum(len(edits(r, w)) for r, w in zip(readings, truth, strict=True))
    return wrong / sum(map(len, truth))


for read, word in (("leter", "letter"), ("sinply", "simply"), ("aall", "all"), ("", "all")):
    print(
        f"{read!r:9} for {word!r:9}: {edits(read, word)}, rate {len(edits(read, word)) / len(word):.2f}"
    )

# %% [markdown]
# Now three ways to get the cuts, on words that were not trained on. *Given*: around the places that we
# know. *Gaps*: one cut for each run of columns with ink. *Equal*: as many as the mean width of a letter
# suggests, all equally wide.
#
# **Predict.** Given the cuts, the reader gets about 98 of 100 letters right. And from cuts that are only
# two columns off?


# %%
# Two functions for cuts
def read_cuts(words, middles):
    """What the reader of cuts reads if it is cut around these middles."""
    blank = [np.ones(len(m), int) for m in middles]  # it has to read without targets
    scores, lengths, _, _ = cut_forward(
        cutter, words._replace(starts=middles, ends=middles, labels=blank)
    )
    return [spell(1 + scores[:n, b].argmax(axis=1)) for b, n in enumerate(lengths)]


def gaps(image):
    """Middles of the runs of columns with ink."""
    ink = image.max(axis=1) - np.median(image)
    edges = np.flatnonzero(np.diff(ink > 0.35 * ink.max(), prepend=False, append=False))
    return (edges[::2] + edges[1::2]) / 2


# %%
# Four ways to cut
held_out = draw(np.random.default_rng(99), 300)
ruler = fit_fixed_width_reader(many)  # mean width of a letter, and of the margins
given = [(s + e) / 2 for s, e in zip(held_out.starts, held_out.ends, strict=True)]
counts = [max(1, round((n - ruler.margin) / ruler.pitch)) for n in held_out.lengths]
cuts = {"given": given, "2 columns off": [m + 2 * (-1) ** np.arange(len(m)) for m in given]}
cuts["gaps"] = [gaps(held_out.images[:n, b]) for b, n in enumerate(held_out.lengths)]
cuts["equal"] = [
    ruler.margin / 2 + (np.arange(c) + 0.5) * (n - ruler.margin) / c
    for n, c in zip(held_out.lengths, counts, strict=True)
]

# %%
# Read with each of them
for name in cuts:
    rate = error_rate(read_cuts(held_out, cuts[name]), held_out)
    right = np.mean([len(m) == len(g) for m, g in zip(cuts[name], given, strict=True)])
    print(f"{name:13}: error rate {rate:.3f}; right number of cuts for {right:.0%} of the words")

# %%
# The same word, cut in three ways
off = [{len(cuts[name][b]) for name in cuts} for b in range(300)]  # how many cuts of each kind
b = next(b for b, m in enumerate(given) if len(off[b]) == 3 and len(m) == 5)
fig, axes = plt.subplots(3, 1, figsize=(9, 6.2))
for ax, name in zip(axes, ("given", "gaps", "equal"), strict=True):
    middles = cuts[name]
    one = held_out._replace(
        starts=middles, ends=middles, labels=[np.ones(len(m), int) for m in middles]
    )
    draw_segments(ax, one, b)
    read = read_cuts(held_out, middles)[b]
    ax.set_xticks(ax.get_xticks(), list(read))
    ax.set(title=f"{name}: reads {read!r}", xlabel="")
print("the word:", spell(held_out.labels[b]))
show(
    fig,
    alt="One word of five letters, cut three times. With given cuts one letter stands in the middle of "
    "each; cuts at gaps are one too few, and the first shows two letters; equal cuts are one too many.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# About half of them. It has only ever seen letters in the middle of their cuts. Estimated cuts have
# another trouble: where their number is wrong, the reading must be, too. (Section 6
# gives the segmentation a fairer chance: a reader that has learnt from inaccurate cuts.)
#
# </details>
#
# So (1) is easy *if the cuts are given*, and all the difficulty is in the cutting. To cut well one would
# have to know the letters, and to know the letters one would have to have cut.
#
# ## 3 Without cuts: all alignments of a word
#
# D3's second architecture does not cut. The convolution runs over the whole image, an RNN reads its
# columns of features, the *frames*, from both sides, and at every frame a softmax gives probabilities of
# the letters. Two poolings by 2 leave one frame for every four columns. *What loss function should we
# use?*, the slide asks again, and this time the question is hard: there are some twenty frames, but six
# letters, and no target $y_t$ for frame $t$.
#
# Here is the idea of *connectionist temporal classification* (Graves, Fernández, Gomez and Schmidhuber,
# 2006). Give the softmax one class more, the *blank*, written –: no letter here. A *path* $\pi$ names
# one class for every frame. What it reads, $\mathcal B(\pi)$, comes from two rules in this order:
#
# 1. a class that is repeated in successive frames counts once;
# 2. then blanks are left out.
#
# Any number of paths read the same word, and each is an alignment: it says which frames show which
# letter. As nobody tells us which is right, we add them all:
#
# $$p(\text{word}) = \sum_{\pi:\ \mathcal B(\pi) = \text{word}}\ \prod_{t=1}^{T} \hat y_t(\pi_t),
#   \qquad L = -\ln p(\text{word}). \tag{2}$$
#
# The product takes the frames as independent, *given the image*: the network has seen both sides of
# every frame before it speaks.
#
# **Predict.** Three classes, –, a and b, and four frames: 81 paths. How many of them read *ab*?


# %%
# All alignments of a short word
def softmax(o):
    """Probabilities, (T, K)."""
    e = np.exp(o - o.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def all_paths(word, T, K):
    """Every path of T frames that reads the word."""
    return [path for path in product(range(K), repeat=T) if ctc_collapse(path) == word]


T, K, ab = 4, 3, [1, 2]
o = 0.5 * np.random.default_rng(3).normal(size=(T, K))
y_hat = softmax(o)
paths = sorted(all_paths(ab, T, K), key=lambda path: -np.prod(y_hat[range(T), path]))
p_path = np.array([np.prod(y_hat[range(T), path]) for path in paths])
loss, _ = ctc_loss(o[:, None], [ab])
print(f"{len(paths)} of {K**T} paths read ab; their sum is p = {p_path.sum():.6f}")
print(f"exp(−ctc_loss) differs from the sum by {abs(np.exp(-loss) - p_path.sum()):.1e}")

# %%
# Their probabilities
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 4.6), sharey=True, width_ratios=(2, 3))
colours = ["white", COLOURS.second, COLOURS.accent]
for row, path in enumerate(paths):
    for t, k in enumerate(path, start=1):
        left.add_patch(plt.Rectangle((t - 0.5, row - 0.5), 1, 1, fc=colours[k], ec="grey"))
        left.text(t, row, "–ab"[k], ha="center", va="center")
left.set(xlim=(0.5, T + 0.5), ylim=(len(paths) - 0.5, -0.5), xlabel="frame $t$", yticks=[])
left.set(xticks=range(1, T + 1), title="paths that read ab")
left.grid(False)
bars = right.barh(range(len(paths)), p_path, color=COLOURS.output)
right.bar_label(bars, [f"{p:.4f}" for p in p_path], padding=3, fontsize=9)
right.set(xlabel="probability of the path", title=f"sum: {p_path.sum():.4f}")
right.set_xlim(0, 1.25 * p_path.max())
show(
    fig,
    alt="Fifteen rows of four cells, each a way to spell ab over four frames with repeats and blanks, "
    "from the most to the least probable; bars beside them show that no path has much more than a "
    "quarter of the sum.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# 15. The four frames are cut by $a$ and $b$ into stretches of blank, a, blank, b, blank, where those of
# the blanks may be empty. In general, a word of $L$ letters with none doubled has
# $\binom{T + L}{2L}$ paths.
#
# </details>
#
# The last line printed is the point: `ctc_loss` found the same sum without a list of paths. Before we
# see how, three things about the rules.
#
# **Predict.** What do a a – b b, a – a b and a a a b read? And how many frames does *aa* need at least?

# %%
# What a path reads
for path in ("aa–bb", "a–ab", "aaab", "––––", "t–t", "tt"):
    ids = ["–abt".index(letter) for letter in path]
    right = "".join("–abt"[k] for k in ctc_collapse(ids))
    wrong = ctc_collapse([k for k in ids if k != 0])  # the rules in the other order
    print(
        f"{path:6} reads {right!r:5}; blanks first, it would be {''.join('–abt'[k] for k in wrong)!r}"
    )
for word in ("ab", "aa", "aab", "aaa"):
    ids = ["–ab".index(letter) for letter in word]
    least = next(T for T in range(1, 9) if all_paths(ids, T, 3))
    loss, dlogits = ctc_loss(np.zeros((least - 1, 1, 3)), [ids])
    print(f"{word:4} needs {least} frames; with one fewer the loss is {loss}, ", end="")
    print(f"the gradient {'zero' if not dlogits.any() else 'not zero'}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# *ab*, *aab* and *ab*. *aa* needs three frames: between two equal letters a blank is the only thing that
# keeps them apart. A word needs as many frames as letters, and one more for each letter that is doubled.
#
# </details>
#
# That is what the blank is for, more than for the gaps between letters: without it no path could read
# *letter*. With the rules in the wrong order none could, either. And if the frames are too few, the word
# is *infeasible*: $p = 0$, the loss infinite, the gradient defined to be zero. A network that pools its
# columns too much meets such words.
#
# How many alignments are there in an image? The formula, held against lists as long as lists can be
# made:

# %%
# How many alignments
for T, L in ((4, 2), (6, 3), (8, 2), (8, 4)):
    listed = len(all_paths(list(range(1, L + 1)), T, L + 1))
    print(f"T = {T}, L = {L}: {listed} listed, formula {comb(T + L, 2 * L)}")
T, L, K = 20, 6, 27
word = list(range(1, L + 1))
loss, _ = ctc_loss(np.zeros((T, 1, K)), [word])  # every path has probability K^−T
print(
    f"T = {T}, L = {L}: {comb(T + L, 2 * L):.4g}; by ctc_loss {np.exp(-loss + T * np.log(K)):.4g}"
)
print(f"of {float(K) ** T:.1e} paths; states times frames: {T * (2 * L + 1)}")

frames = np.arange(6, 61)
fig, ax = plt.subplots(figsize=(8, 3.2))
ax.semilogy(frames, float(K) ** frames, color=COLOURS.neutral, ls=":", label="all paths, $27^T$")
for L, line in ((3, "--"), (6, "-")):
    read = [float(comb(int(T) + L, 2 * L)) for T in frames]
    ax.semilogy(frames, read, color=COLOURS.state, ls=line, label=f"that read a word of {L}")
ax.semilogy(frames, frames * 13, color=COLOURS.output, ls="-.", label="states × frames, $L = 6$")
ax.set(xlabel="frames $T$", ylabel="number", ylim=(1, 1e40))
ax.legend(loc="upper left", ncols=2)
show(
    fig,
    alt="On a logarithmic axis the number of all paths climbs out of the picture; those that read a "
    "word of six letters reach about 10 to the 13 at 60 frames; states times frames stay below 1,000.",
)

# %% [markdown]
# Ten million alignments of one word in one small image, each a product of twenty numbers. Nobody adds
# them one by one.
#
# ## 4 The lattice: α, β and the posterior
#
# Paths share beginnings. Write the word with blanks around its letters: *all* becomes
# – a – l – l –, the $2L + 1$ *states* of a lattice. A path walks through them from left to right. At
# every frame it stays, moves on by one state, or skips a blank to the next letter, unless that letter is
# the same again. It begins in one of the first two states and ends in one of the last two:
#
# $$\mathrm{ext} = (–, w_1, –, w_2, –, \dots, w_L, –), \qquad
#   \text{skip}_s = [\,s \ge 2\ \text{ and }\ \mathrm{ext}_s \ne –\ \text{ and }\ \mathrm{ext}_s \ne \mathrm{ext}_{s-2}\,].
#   \tag{3}$$
#
# **Predict.** In *all*, which states may be reached by a skip?

# %%
# The states of a word, and the walks through them
T, K, word = 6, 3, [1, 2, 2]  # classes –, a, l; the word all
ext, can_skip = ctc_extend_label(word)
S = len(ext)


def walks(T, first=range(2)):
    """Every way to walk T frames through the states from one of the first."""
    ways = [(s,) for s in first]
    for _ in range(T - 1):
        moves = [(way, way[-1] + k) for way in ways for k in (0, 1, 2) if way[-1] + k < S]
        ways = [(*way, s) for way, s in moves if s - way[-1] < 2 or can_skip[s]]
    return ways


whole = [way for way in walks(T) if way[-1] >= S - 2]
as_paths = [tuple(ext[list(way)].tolist()) for way in whole]
listed = all_paths(word, T, K)
print("states:  ", " ".join("–al"[k] for k in ext))
print("may skip:", " ".join("x" if skip else "." for skip in can_skip))
print(
    f"{len(whole)} walks, {len(listed)} of {K**T} paths; the same:",
    sorted(as_paths) == sorted(listed),
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only the first *l*, from *a*. The second comes after the same letter, and nobody skips from blank to
# blank: that would leave out a letter.
#
# </details>
#
# So walks and paths are the same thing: every path that reads the word is one walk, and no other is. Now
# let $\alpha_t(s)$ be the sum over all *beginnings* of walks, of $t$ frames, that end in state $s$; and
# $\beta_t(s)$ that over all *ends* after frame $t$, from state $s$ on, without the factor of frame $t$
# itself. A beginning that ends in $s$ came from $s$, $s - 1$ or $s - 2$, so
#
# $$\alpha_t(s) = \hat y_t(\mathrm{ext}_s)\,\big(\alpha_{t-1}(s) + \alpha_{t-1}(s-1)
#   + \text{skip}_s\,\alpha_{t-1}(s-2)\big), \qquad
#   \alpha_1(s) = \hat y_1(\mathrm{ext}_s)\ \text{for } s = 0, 1, \tag{4}$$
#
# and an end goes on to $s$, $s + 1$ or $s + 2$, where the next factor waits:
#
# $$\beta_t(s) = \sum_{s'} \hat y_{t+1}(\mathrm{ext}_{s'})\,\beta_{t+1}(s'), \qquad
#   s' \in \{s,\ s + 1,\ s + 2 \text{ if skip}_{s+2}\}, \qquad
#   \beta_T(s) = 1\ \text{for } s = 2L - 1, 2L. \tag{5}$$
#
# All not named are 0. A walk that passes $s$ at $t$ is a beginning and an end, put together, so for
# *every* $t$
#
# $$p = \sum_s \alpha_t(s)\,\beta_t(s), \qquad
#   \gamma_t(s) = \frac{\alpha_t(s)\,\beta_t(s)}{p}: \tag{6}$$
#
# the share of walks through $s$ at $t$, weighed by their probabilities. (Graves and his co-authors let
# $\beta_t$ contain the factor of frame $t$, and divide it out again.)
#
# The recursions are in `ctc_alignment`. What they should give can be had by lists.
#
# **Predict.** At which frames is a walk certain to be in one particular state, whatever the scores?

# %%
# α, β and γ against lists of walks
o = np.random.default_rng(4).normal(size=(T, K))
y_hat = softmax(o)


def weight(way, t):
    """The product of the classes' probabilities along a part of a walk, from frame t (from 0)."""
    return np.prod([y_hat[t + i, ext[s]] for i, s in enumerate(way)])


alpha, beta, gamma = np.zeros((3, T, S))
for t in range(T):
    for way in walks(t + 1):
        alpha[t, way[-1]] += weight(way, 0)
    for s in range(S):
        ends = [way for way in walks(T - t, first=[s]) if way[-1] >= S - 2]
        beta[t, s] = sum(weight(way[1:], t + 1) for way in ends)
p = sum(weight(way, 0) for way in whole)
for way in whole:
    gamma[range(T), way] += weight(way, 0) / p
log_alpha, log_beta, posterior, log_p = ctc_alignment(o, word)
pairs = {"α, (4)": (np.exp(log_alpha), alpha), "β, (5)": (np.exp(log_beta), beta)}
pairs["γ, (6)"] = posterior, gamma
for name, (found, by_list) in pairs.items():
    print(f"{name}: largest difference {np.abs(found - by_list).max():.1e}")
print("Σ α β at each frame, over p:", ((alpha * beta).sum(axis=1) / p).round(12))
print(f"p = {p:.6f}, by the recursion {np.exp(log_p):.6f}")

# %%
# The trellis: beginnings, ends, and both together
best = max(whole, key=lambda way: weight(way, 0))
fig, axes = plt.subplots(3, 1, figsize=(8, 10))
states = ["–al"[k] for k in ext]
with np.errstate(divide="ignore"):
    draw_trellis(axes[0], log_alpha, states, log=True, label="share of α")
    draw_trellis(axes[1], log_beta, states, log=True, label="share of β")
draw_trellis(axes[2], posterior, states, path=best, label="posterior γ")
titles = ("α: beginnings that end here", "β: ends from here on", "γ: walks through here")
for ax, title in zip(axes, titles, strict=True):
    ax.set_title(title, loc="left")
show(
    fig,
    alt="Three lattices of seven states and six frames. Alpha is dark in the upper left, beta in the "
    "lower right, the posterior along a band from the upper left to the lower right, with the best "
    "path through it.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# At none, here: six frames leave two to spare. With four, the least that *all* needs, only one walk is
# left, a l – l, and every frame is certain.
#
# </details>
#
# The grey lines are the steps of whole walks. α is not zero off them: it does not know yet whether the
# end can still be reached; β does not know the start. Together they do.
#
# For hidden Markov models the same two recursions are known as forward and backward; (5) of lecture 2 is
# the forward one. CTC is like one whose emissions come from a network, so that all can be learnt together.
#
# **Try it.** Give the walks `T = 4`. How many are left, and what is γ? (One; zeros and ones.)
#
# ## 5 The gradient: posterior minus softmax
#
# To train, the network wants $\partial L / \partial o_t(k)$. Every walk has exactly one factor from frame
# $t$, and those in which it is $\hat y_t(k)$ are the walks through the states of class $k$. So
#
# $$\frac{\partial p}{\partial \ln \hat y_t(k)} = \sum_{s:\ \mathrm{ext}_s = k} \alpha_t(s)\,\beta_t(s),
#   \qquad\text{hence}\qquad
#   \frac{\partial \ln p}{\partial \ln \hat y_t(k)} = \sum_{s:\ \mathrm{ext}_s = k} \gamma_t(s)
#   =: q_t(k). \tag{7}$$
#
# $q_t$ is the posterior of the *classes*: given the word, what is at frame $t$? Its entries sum to 1. With
# $\partial \ln \hat y_t(j) / \partial o_t(k) = [j = k] - \hat y_t(k)$, from lecture 4's softmax,
#
# $$-\frac{\partial L}{\partial o_t(k)} = \sum_j q_t(j)\,\big([j = k] - \hat y_t(k)\big)
#   = q_t(k) - \hat y_t(k). \tag{8}$$
#
# That is cross-entropy's gradient with $q_t$ in the place of the one-hot target! CTC makes its own targets,
# as well as it can tell from the network's present opinion and the word; then it learns them; then they
# get better.
#
# **Predict.** What do the rows of the gradient, one for each frame, sum to? And which classes have a
# gradient that is never negative?

# %%
# Posterior minus softmax
q = np.stack([posterior[:, ext == k].sum(axis=1) for k in range(K)], axis=1)  # (7)
loss, do = ctc_loss(o[:, None], [word])


def loss_by_list(o):
    """(2), with a list of all paths."""
    y_hat = softmax(o)
    return -np.log(sum(np.prod(y_hat[range(T), path]) for path in listed))


steps = 1e-6 * np.eye(o.size).reshape(-1, T, K)
slopes = np.array([(loss_by_list(o + e) - loss_by_list(o - e)) / 2e-6 for e in steps])
print(f"(8) against ctc_loss: {np.abs(y_hat - q - do[:, 0]).max():.1e}")
print(
    f"(8) against differences of the listed sum: {np.abs(y_hat - q - slopes.reshape(T, K)).max():.1e}"
)
print(f"rows of the gradient sum to at most {np.abs(do.sum(axis=2)).max():.1e}")
fig, axes = plt.subplots(1, 3, figsize=(10, 3.4))
titles = (r"softmax $\hat y_t(k)$", "posterior $q_t(k)$", r"$-\partial L/\partial o = q - \hat y$")
for ax, matrix, title in zip(axes, (y_hat.T, q.T, (q - y_hat).T), titles, strict=True):
    heatmap(ax, matrix, title=title, limit=1)
    ax.set(xlabel="frame $t$")
    ax.set_yticks(ax.get_yticks(), list("–al"))
show(
    fig,
    alt="Three matrices of three classes and six frames: the softmax, the posterior, which has a at the "
    "first frames and l at the later ones, and their difference, positive where the word wants more.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# To zero: a constant added to all scores of a frame changes nothing. And a class that the word does not
# have gets $q_t(k) = 0$, so its gradient is $\hat y_t(k) > 0$: its score goes down at every frame.
#
# </details>
#
# ### Five hundred frames
#
# Products of many probabilities are small. A line of handwriting easily has 500 frames.
#
# **Predict.** What does Python say to `0.05**500`? And what would the loss be?


# %%
# α without logarithms
def linear_alpha(log_y, ext, can_skip):
    """The largest α_t of (4) at every frame, without logarithms."""
    y, largest = np.exp(log_y)[:, ext], []
    a = np.where(np.arange(len(ext)) < 2, y[0], 0)
    for y_t in y:
        if largest:
            skipped = np.where(can_skip, np.append([0, 0], a[:-2]), 0)
            a = (y_t * (a + np.append([0], a[:-1]) + skipped)).astype(y.dtype)
        largest.append(a.max())
    return np.array(largest)


# %%
# 500 frames
T, K = 500, 27
log_y = np.log(softmax(np.random.default_rng(5).normal(size=(T, K))))
word = np.random.default_rng(6).integers(1, K, size=60)
ext, can_skip = ctc_extend_label(word)
loss, _ = ctc_loss(log_y[:, None], [word])
print(
    f"0.05**500 = {0.05**500}, its logarithm is {500 * np.log(0.05):.1f}; ctc_loss here: {loss:.1f}"
)
fig, ax = plt.subplots(figsize=(8, 3.2))
exact = ctc_alignment(log_y, word)[0].max(axis=1) / np.log(10)
ax.plot(range(1, T + 1), exact, color=COLOURS.neutral, ls=":", label="logarithms")
for dtype, colour, line in ((np.float64, COLOURS.state, "-"), (np.float32, COLOURS.input, "--")):
    found = linear_alpha(log_y.astype(dtype), ext, can_skip)
    gone = int(np.argmax(found == 0)) + 1
    print(f"{np.dtype(dtype).name}: all α are 0 from frame {gone} on")
    ax.plot(
        range(1, gone),
        np.log10(found[: gone - 1]),
        color=colour,
        ls=line,
        label=np.dtype(dtype).name,
    )
    ax.plot(gone - 1, np.log10(found[gone - 2]), "o", color=colour)
ax.set(xlabel="frame $t$", ylabel=r"$\log_{10}$ of the largest $\alpha_t$")
ax.legend()
show(
    fig,
    alt="The logarithm of the largest alpha falls in a straight line to about −600. The line of float32 "
    "ends near −45, that of float64 near −323, each with a dot.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# 0.0, and the loss would be $-\ln 0$, infinite, where it is some 1,500. The smallest float64 is about
# $5 \cdot 10^{-324}$, the smallest float32 about $10^{-45}$.
#
# </details>
#
# So (4) and (5) are computed with logarithms: products become sums, and sums become
#
# $$\ln(e^a + e^b) = m + \ln(e^{a - m} + e^{b - m}), \qquad m = \max(a, b), \tag{9}$$
#
# where the largest exponent is 0 and nothing underflows that matters. (It is the softmax's trick, from
# lecture 4. `np.log(np.exp(a) + np.exp(b))` would be the old trouble in new clothes.)
#
# ### Reading: the best path, or the best word?
#
# A trained network gives $\hat y$; what does it read? The quick answer takes the most probable class at
# every frame and collapses that path. The word we want is the one with the largest *sum*.
#
# **Predict.** Two frames, both with $\hat y_t(–) = 0.5$, $\hat y_t(a) = 0.4$, $\hat y_t(b) = 0.1$. What
# does the best path read, and which word is the most probable?

# %%
# The best path does not always read the best word
o = np.log([[0.5, 0.4, 0.1]] * 2)
y_hat, p_word = softmax(o), {}
for path in product(range(3), repeat=2):
    read = "".join("–ab"[k] for k in ctc_collapse(path))
    p_word[read] = p_word.get(read, 0) + y_hat[0, path[0]] * y_hat[1, path[1]]
[best] = ctc_greedy(o[:, None])
print(f"best path reads {''.join('–ab'[k] for k in best)!r}")
for width in (1, 2, 3):
    [found], [log_p] = ctc_beam_search(o[:, None], width)
    print(
        f"beam of {width}: {''.join('–ab'[k] for k in found)!r}, found of its probability {np.exp(log_p):.2f}"
    )
fig, ax = plt.subplots(figsize=(7, 2.8))
names = sorted(p_word, key=p_word.get, reverse=True)
bars = ax.bar(
    [name or "(nothing)" for name in names], [p_word[n] for n in names], color=COLOURS.output
)
ax.bar_label(bars, [f"{p_word[n]:.2f}" for n in names])
ax.set(ylabel="probability", ylim=(0, 0.68))
show(fig, alt="Bars: a has 0.56, nothing 0.25, b 0.11, ab and ba 0.04 each.")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The best path is – –, with 0.25, and reads nothing. The word *a* has three paths, a a, a – and – a, with
# $0.16 + 0.2 + 0.2 = 0.56$.
#
# </details>
#
# All words cannot be listed. *Prefix beam search* walks through the frames with a few beginnings of words.
# For each it keeps *two* sums, of the paths that end in blank and of those that end in its last letter;
# only after a blank may the same letter be added again. At every frame each prefix is continued by every
# class, contributions to the same prefix are added, and the best few go on. Here with pen and paper,
# as (blank, letter):
#
# | prefix | after frame 1 | after frame 2 |
# |---|---|---|
# | nothing | (0.5, 0) | (0.5 · 0.5, 0) = (0.25, 0) |
# | a | (0, 0.4) | (0.4 · 0.5, 0.4 · 0.4 + 0.5 · 0.4) = (0.2, 0.36) |
# | b | (0, 0.1) | forgotten by a beam of 2 after frame 1; anew (0, 0.5 · 0.1) |
#
# A beam of 1 has forgotten *a* after frame 1 and errs like the best path; a beam of 2 finds it, all 0.56
# of it. This form, with the two sums, follows Hannun, Maas, Jurafsky and Ng (2014), who also let a
# language model vote. Does it matter for our reader? We shall measure.
#
# ## 6 A reader without cuts
#
# Now all together: convolution, a bidirectional GRU over the frames, a softmax over 27 classes, CTC. This
# is the architecture of D3, and that of Shi, Bai and Yao (2015), who call it a convolutional recurrent
# network and use it on real photographs. Forward pass, loss and reading differ from section 2; the parts are the same.


# %%
# A reader of frames
net = head(extract.n_out, 27)


def forward(params, words):
    """Scores (T, B, 27) at the frames, numbers of frames, and what was kept."""
    x, lengths, below = extract.forward(params[0], words.images.astype(f32), words.lengths)
    scores, _, above = net.forward(params[1], x, mask=lengths_to_mask(lengths, len(x)))
    return scores, lengths, (below, above)


def word_loss(params, words):
    """The CTC loss of a batch, and its gradient."""
    scores, lengths, (below, above) = forward(params, words)
    loss, dscores = ctc_loss(scores, words.labels, lengths=lengths, zero_infinity=True)
    dx, _, dnet = net.backward(dscores, above)
    return loss, (extract.backward(dx, below)[1], dnet)


def read(params, words):
    """What the best paths read."""
    scores, lengths, _ = forward(params, words)
    return [spell(label) for label in ctc_greedy(scores, lengths)]


# %%
# Are there frames enough?
_, frames, _ = extract.forward(
    extract.init(np.random.default_rng(0)), many.images.astype(f32), many.lengths
)
need = [len(label) + np.sum(label[1:] == label[:-1]) for label in many.labels]
print(f"frames {frames.min()} to {frames.max()}; letters and doubles {min(need)} to {max(need)}")
print(f"infeasible words: {np.sum(frames < need)} of {len(need)}")

# %% [markdown]
# **Predict.** Four hundred updates of 16 words. What will the network read first, before it can tell one
# letter from another: many letters, one letter, or nothing?

# %%
# It learns to read
EVERY, snapshots = 50, {}
judge = held_out._replace(
    images=held_out.images[:, :100], lengths=held_out.lengths[:100], labels=held_out.labels[:100]
)


def look(params):
    """Keep the parameters, print what is read, return the error rate."""
    u = EVERY * (1 + len(snapshots))
    snapshots[u] = params, error_rate(read(params, judge), judge)
    scores, lengths, _ = forward(params, judge)
    blank = np.mean(scores.argmax(axis=2)[lengths_to_mask(lengths, len(scores))] == 0)
    readings = "  ".join(f"{word or '(nothing)':9}" for word in read(params, shown))
    print(f"after {u:3} updates: {readings} blank at {blank:4.0%} of the frames")
    return snapshots[u][1]


run = train(word_loss, net, 400, validate=look, every=EVERY)
reader, losses = run.last, run.history.losses
final = error_rate(read(reader, held_out), held_out)
print(
    f"loss per word: first {losses[0]:.1f}, last {losses[-20:].mean():.2f}; error rate {final:.3f}"
)

# %%
# The loss and the errors
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2))
left.plot(run.history.updates, losses, color=COLOURS.state)
left.set(xlabel="update", ylabel="CTC loss, nats per word", ylim=(0, 40))
rates = [rate for _, rate in snapshots.values()]
right.plot(list(snapshots), rates, "o-", color=COLOURS.output)
right.set(xlabel="update", ylabel="error rate, 100 held-out words", ylim=(0, 1.05))
show(
    fig,
    alt="The loss falls to a plateau of about 16, stays for some fifty updates, then falls to about 1. The "
    "error rate begins near 1 and falls to about one in twenty.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Nothing: it gives the blank to nearly all frames. Blanks are in nearly all paths, so at first saying
# "blank" anywhere pays, and only slowly do letters stand out. The plateau is typical of CTC.
#
# </details>
#
# Nobody ever said where a letter is. And yet, look at what the softmax says at each frame:

# %%
# Readings while it learns
fig, axes = plt.subplots(2, 3, figsize=(13, 4.2), height_ratios=(1, 2), sharey="row")
image, classes = shown.images[: shown.lengths[0], 0], "–" + ascii_lowercase
for column, u in zip(axes.T, (100, 150, 400), strict=True):
    scores, lengths, _ = forward(snapshots[u][0], shown)
    draw_reading(column, image, softmax(scores[: lengths[0], 0]), classes)
    column[1].get_legend().remove()
    column[0].set_title(f"after {u} updates: {read(snapshots[u][0], shown)[0]!r}")
    column[1].set_xticks(range(1, lengths[0] + 1, 4))
    column[1].label_outer()
axes[1, 0].set_ylabel("probability\n(dotted: blank)")
show(
    fig,
    alt="The word simply three times, with the probabilities of the classes below. After 100 updates the "
    "blank is probable nearly everywhere; after 150 some letters peak; after 400 each letter has one "
    "sharp peak below its place in the image, with blanks between.",
)

# %% [markdown]
# A trained CTC network is *spiky*: most frames are blank, each letter claims one or two. The lattice shows
# how the network comes to that. Here are the posteriors, CTC's self-made targets, of *all*:

# %%
# The trellis of an image
fig, axes = plt.subplots(2, 1, figsize=(9, 8))
b = SHOWN.index("all")
states = ["–" if s % 2 == 0 else "all"[s // 2] for s in range(7)]
for ax, u in zip(axes, (50, 400), strict=True):
    scores, lengths, _ = forward(snapshots[u][0], shown)
    _, _, posterior, log_p = ctc_alignment(scores[: lengths[b], b], shown.labels[b])
    draw_trellis(ax, posterior, states, label="posterior γ")
    sure = posterior.max(axis=1).mean()
    ax.set_title(f"after {u} updates: p(all) = {np.exp(log_p):.1g}", loc="left")
    print(f"after {u:3} updates: the likeliest state of a frame has {sure:.2f} on average")
show(
    fig,
    alt="Two lattices for the word all in one image. After 50 updates the posterior is spread over broad "
    "bands of states; after 400 it is one dark path with a single frame, or two, for each letter.",
)

# %% [markdown]
# ### With cuts and without
#
# The longer experiment trains four readers of 26 letters, three seeds each, 600 updates
# (`python -m experiments.scene_text`, some minutes): *given* cuts as in section 2; *loose* ones, where
# every cut is off by up to three columns while it learns; *equal* ones, as many as the word has letters,
# while it learns; and *none*, CTC. All have the same convolution, as
# many GRU units and as many words to learn from.
#
# **Predict.** Which of the four learns fastest? And which reads best if no one gives the cuts?

# %%
# Four readers on the same words
stored = json.loads(Path("../experiments/results/scene_text.json").read_text(encoding="utf-8"))
looks = {"given": "o-", "loose": "s--", "equal": "^:", "none": "D-"}
colours = dict(zip(looks, COLOURS, strict=False))
fig, ax = plt.subplots(figsize=(8, 3.8))
for name, look in looks.items():
    rates = np.array(stored[name]["rates"])
    ax.plot(stored["updates"], rates.mean(axis=0), look, ms=5, color=colours[name], label=name)
    ax.plot(stored["updates"], rates.T, color=colours[name], lw=0.6, alpha=0.6)
    seeds = rates[:, -1].round(3).tolist()
    print(f"{name:5}: error rate {rates[:, -1].mean():.3f} in the end; seeds {seeds}")
ax.set(xlabel="update", ylabel="error rate", yscale="log", title="cuts as in training")
ax.legend(title="cuts")
show(
    fig,
    alt="Error rates of four readers on a logarithmic axis, thin lines for the seeds. Given cuts fall at "
    "once and end lowest, loose ones follow, then equal ones; without cuts the line stays near 1 for 100 "
    "updates, then falls steeply and ends between loose and equal.",
)

# %%
# If nobody gives the cuts
rows = [("none (CTC)", "none", None)]
rows += [(f"{name}, cut at gaps", name, "gaps") for name in ("given", "loose", "equal")]
rows += [(f"{name}, equal cuts", name, "equal") for name in ("given", "loose", "equal")]
fig, ax = plt.subplots(figsize=(9, 4.2))
for y, (label, name, key) in enumerate(rows):
    rates = np.array(stored[name]["rates"])[:, -1] if key is None else np.array(stored[name][key])
    ax.barh(y, rates.mean(), color=colours[name], alpha=0.7)
    ax.plot(rates, [y] * len(rates), "k|", ms=9)
    print(f"{label:17}: {rates.mean():.3f}")
ax.barh(len(rows), stored["templates"], color=COLOURS.neutral)
print(f"equal cuts, no network: {stored['templates']:.3f}")
print(
    f"equal, equal cuts, if the number of letters is told: {np.mean(stored['equal']['equal, counted']):.3f}"
)
for name in ("given", "loose"):
    print(f"{name}, cuts 3 columns off: {np.mean(stored[name]['off'], axis=0)[3]:.3f}")
ax.set_yticks(range(len(rows) + 1), [*(row[0] for row in rows), "equal cuts, no network"])
ax.invert_yaxis()
ax.set(xlabel="error rate; a tick for each seed", title="cuts not given")
show(
    fig,
    alt="Bars of error rates when no cuts are given: that of CTC is by far the shortest; cuts at gaps are "
    "three times as long, equal cuts longer still, and longest without a network.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# With given cuts it learns fastest, and reads best of all: 0.5 % errors. CTC first has to find out where the
# letters are; after 100 updates it still gets about four letters of five wrong. But if nobody gives the cuts, it has 3.8 %,
# and the best of the others 11 %, with no overlap between the seeds.
#
# </details>
#
# The other bars tell where the trouble of cutting lies. A reader that learnt from loose cuts forgives three
# columns, which ruin the first one, and pays for it with some errors on exact cuts. And the reader of equal
# cuts has 5.6 % if it is told *how many* letters there are, 19 % if it has to guess that from the width: its
# GRU makes up for most cuts in wrong places, but a wrong number of them costs an edit at least, whatever
# the network does. CTC never has to say a number first.
#
# Fair is fair: our two ways to cut are simple ones, and a better one would do better; three seeds and 300
# words cannot tell 3 % from 4 %; and CTC's curve has not yet come to rest.
#
# **Try it.** Add your name to `SHOWN` in section 1, in lower case, and see when it is first read rightly.
#
# Does the search for the best word pay, compared with the best path? And how do the readers fare with
# words longer than any they have seen, and in looks that they have never seen: more fonts, more slant,
# paler ink and more noise?

# %%
# Best path or beam; longer words; other looks
ctc = stored["none"]
rates = np.array(ctc["rates"])[:, -1]
print(f"CTC: best path {rates.mean():.4f}, beam of 10 {np.mean(ctc['beam']):.4f}")
print(f"CTC: blank at {np.mean(ctc['blank frames']):.0%} of the frames")
for name in ("given", "none"):
    row = {key: np.mean(stored[name][key]) for key in ("longer", "other looks")}
    print(
        f"{name:5}: as in training {np.mean(stored[name]['rates'], axis=0)[-1]:.3f}, "
        f"9 to 12 letters {row['longer']:.3f}, other looks {row['other looks']:.3f}"
    )

# %% [markdown]
# The beam mends about one error in fifteen, and some in each seed. A spiky network leaves little to search
# for, and our words are random letters, about which no language model knows anything. Length is no problem:
# the weights are the same at every frame, and what a letter is can be seen near its place. (In lecture 2
# shared weights were not enough for a sum that grows with the length.) Other looks are a problem: many more
# errors, and by a larger factor for the reader that has the cuts.
#
# ## 7 What it looks at, and what it gets wrong
#
# Which pixels make the network say *m*? Lecture 7 asked what of the first input is still felt; here we send
# a gradient from one score, at the frame where the letter peaks, all the way back to the image. Orange
# means that more ink helps, blue that it harms.
#
# **Predict.** The convolution alone lets a frame see ten columns. An *m* is wider. Will the gradient stay
# within the ten?


# %%
# What the score of a letter feels
def felt(params, words, b, letter):
    """The frame where a letter peaks, and ∂(its score there)/∂(every pixel)."""
    scores, lengths, (below, above) = forward(params, words)
    k = 1 + ascii_lowercase.index(letter)
    t = scores[: lengths[b], b, k].argmax()
    dscores = np.zeros_like(scores)
    dscores[t, b, k] = 1
    dx, _, _ = net.backward(dscores, above)
    return t, extract.backward(dx, below)[0][: words.lengths[b], b]


# %%
# Three letters and their pixels
image = shown.images[: shown.lengths[0], 0].T
fig, axes = plt.subplots(2, 2, figsize=(12, 5.6))
axes = axes.ravel()
axes[0].imshow(image, cmap="gray_r", vmin=0, vmax=1)
axes[0].set(title="the image", yticks=[])
for ax, letter in zip(axes[1:], "mpl", strict=True):
    t, dimage = felt(reader, shown, 0, letter)
    limit = np.abs(dimage).max()
    ax.imshow(dimage.T, cmap=DIVERGING, vmin=-limit, vmax=limit)
    ax.contour(image, [0.5], colors=COLOURS.neutral, linewidths=0.6)
    first, last = 4 * t - 3, 4 * t + 6  # what the convolution of frame t sees
    for edge in (first - 0.5, last + 0.5):
        ax.axvline(edge, color="black", ls="--", lw=1)
    ax.set(title=f"score of {letter} at frame {t + 1}", yticks=[])
    inside = np.abs(dimage)[max(first, 0) : last + 1].sum() / np.abs(dimage).sum()
    print(f"{letter}: {inside:.0%} of the gradient within the ten columns of frame {t + 1}")
for ax in axes:
    ax.grid(False)
    ax.set_xlabel("column, from 0")
show(
    fig,
    alt="The image of simply, and three maps of gradients over its pixels. Each is strongest "
    "on and beside the strokes of its letter, between the dashed lines, weaker around them.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. A part of it lies outside, in this run most for the *m*: that has come through the GRU, which
# carries the neighbours' columns in from both sides. Orange beside blue means an edge, and the edges lie
# along the strokes.
#
# </details>
#
# That gradient is a chain through the whole network; a nudge of single pixels must agree. (In
# float32, with ReLUs and maxima in between, not to many digits.)

# %%
# The same by nudging pixels
t, dimage = felt(reader, shown, 0, "m")
k, pairs = 1 + ascii_lowercase.index("m"), []
for place in np.argsort(-np.abs(dimage).ravel())[:20]:
    column, row = np.unravel_index(place, dimage.shape)
    sides = []
    for e in (0.005, -0.005):
        nudged = shown.images.copy()
        nudged[column, 0, row] += e
        sides.append(forward(reader, shown._replace(images=nudged))[0][t, 0, k])
    pairs.append((dimage[column, row], (sides[0] - sides[1]) / 0.01))
by_chain, by_nudge = np.array(pairs).T
apart = np.linalg.norm(by_chain - by_nudge) / np.linalg.norm(by_chain)
print(f"20 strongest pixels: relative difference {apart:.1e}")

# %% [markdown]
# Now the errors: of the three networks of the longer experiment, counted, and of our own, seen.
#
# **Predict.** Which letters are taken for each other? And are words with a double letter harder?

# %%
# What is misread
kinds = {}
for seed in ctc["edits"]:
    for a, c, n in seed:
        kinds[a, c] = kinds.get((a, c), 0) + n
worst = sorted(kinds, key=kinds.get, reverse=True)[:8]
print("read for there:", ", ".join(f"{a or '∅'} for {c or '∅'} ({kinds[a, c]})" for a, c in worst))
sums = {"another": 0, "left out": 0, "invented": 0}
for (a, c), n in kinds.items():
    sums["left out" if not a else "invented" if not c else "another"] += n
print(f"of {sum(sums.values())} edits:", ", ".join(f"{name} {n}" for name, n in sums.items()))
doubles = np.mean(ctc["wrong with double"]), np.mean(ctc["wrong without"])
print(f"wrong words: with a double letter {doubles[0]:.2f}, without {doubles[1]:.2f}; by seed:")
print(ctc["wrong with double"], "and", ctc["wrong without"])

# %%
# Eight misread words
other = draw(np.random.default_rng(93), 100, style=WordStyle())
fig, axes = plt.subplots(2, 4, figsize=(12, 3.6))
for row, words in zip(axes, (held_out, other), strict=True):
    pairs = zip(read(reader, words), map(spell, words.labels), strict=True)
    wrong = [(b, r, w) for b, (r, w) in enumerate(pairs) if r != w]
    for ax, (b, r, w) in zip(row, wrong, strict=False):
        draw_word(ax, words, b, boundaries=False)
        ax.set(title=f"{w}, read {r or 'nothing'}", xlabel="", ylabel="", xticks=[], yticks=[])
axes[0, 0].set_ylabel("looks as trained")
axes[1, 0].set_ylabel("other looks")
show(
    fig,
    alt="Eight misread words. Above, clean words in which single letters are confused or left out; "
    "below, bold, slanted, pale and noisy ones, with more errors in each.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Those that look alike: *m* for *n* first of all. About as many letters are left out as are taken for
# others, most of them narrow: *l*, *i*, *t*. Only one edit in ten is a letter invented. Words with a double letter are wrong
# more often on average, 0.17 against 0.14, but not in every seed: with so few words that is no finding.
#
# </details>
#
# ## 8 What CTC can and cannot do
#
# - The order of the letters must be the order of the frames, and there must be frames enough. Translation,
#   where words change places, is not for CTC.
# - Given the image, (2) takes the frames as independent. So the network cannot say "either *mm* or *nn*,
#   but never *mn*": it has no way to let one output depend on another, the third of D3's challenges.
#   A language model in the search, or a decoder, can.
# - The alignment is a by-product. Spikes say *that* a letter is there, not where it begins and ends.
#
# **Predict.** Let the truth be *mm* or *nn*, with equal shares, over images that look the same. What is
# the smallest mean loss that CTC can reach with four frames, and what would a model of whole words reach?

# %%
# Outputs that depend on each other
labels = [[1, 1], [2, 2]]  # mm and nn, one image each, which look the same
lowest = np.inf
for seed in range(3):
    o = np.random.default_rng(seed).normal(size=(4, 1, 3))
    for _ in range(1000):
        loss, do = ctc_loss(np.repeat(o, 2, axis=1), labels)
        o -= 2.0 * do.sum(axis=1, keepdims=True)
    lowest = min(lowest, loss)
print(f"CTC: {lowest:.3f} nats; whole words, ln 2 = {np.log(2):.3f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# $\ln 2 = 0.693$ for whole words: one of two. The best of three starts brought CTC to 1.39,
# about $\ln 4$: two letters, each of which it has to choose without knowing the other.
#
# </details>
#
# ### Honest limits
#
# Our words are rendered, not photographed. There is no perspective, no curved line of text, no clutter, no
# shadow, nothing to find before it can be read; the fonts of training and test are the same five. Looks
# that are somewhat wilder already cost a multiple of the errors, as section 6 measured. A reader for
# photographs needs a deeper convolution, far more and far wilder images, and something that first finds the
# text. What carries over is the loss, and the parts.
#
# ## Check yourself
#
# **1.** How many paths of five frames read *aa*, over the classes – and a?
#
# <details><summary>Answer</summary>
#
# 15. The walk goes through blank, a, blank, a, blank; the two *a* and the middle blank take one frame at
# least. Two frames are to spare, and may go to any of the five stretches: $\binom{2 + 4}{4} = 15$ ways.
#
# </details>
#
# **2.** A friend's α and β both contain the factor of frame $t$. Her $\sum_s \alpha_t(s) \beta_t(s)$ is
# not the same for all $t$. Is her loss wrong? Her gradient?
#
# <details><summary>Answer</summary>
#
# The loss may be right: it can be read off α at the last frame. The posterior, and so the gradient, is
# wrong until she divides each product by $\hat y_t(\mathrm{ext}_s)$: every walk through $s$ has that factor
# twice.
#
# </details>
#
# **3.** The network gives the blank probability 1 at every frame. What is the loss of *all*, and what does
# the gradient say?
#
# <details><summary>Answer</summary>
#
# Infinite: every path that reads *all* has a factor 0. With scores that are finite, as a softmax has them,
# the loss is large but finite, and (8) is not zero: $q_t$ asks for letters. Only with zeros that are exact
# is there nothing to share out.
#
# </details>

# %%
# The answers, checked
paths = all_paths([1, 1], 5, 2)
print(f"1: {len(paths)} paths read aa")
o = np.random.default_rng(1).normal(size=(5, 3))
log_alpha, log_beta, _, log_p = ctc_alignment(o, [1, 2])
with_both = np.log(softmax(o))[:, ctc_extend_label([1, 2])[0]] + log_beta
sums = np.exp(log_alpha + with_both).sum(axis=1) / np.exp(log_p)
print(f"2: her sums over p lie between {sums.min():.2f} and {sums.max():.2f}")
o = np.zeros((12, 1, 27))
for score in (20.0, np.inf):
    o[..., 0] = score if np.isfinite(score) else 0
    o[..., 1:] = 0 if np.isfinite(score) else -np.inf
    loss, do = ctc_loss(o, [[1, 12, 12]])
    print(f"3: blank ahead by {score}: loss {loss:.1f}, largest gradient {np.abs(do).max():.2f}")

# %% [markdown]
# ## Summary
#
# - With given cuts, reading is classification: a cross-entropy for each letter. All depends on the cuts.
# - Without, CTC adds the probabilities of all paths that read the word. The blank separates double letters
#   and fills the rest; a word needs a frame for each letter and one more for each double.
# - α sums beginnings, β ends; $\sum_s \alpha_t(s) \beta_t(s) = p$ at every frame. In logarithms.
# - The gradient is softmax minus posterior: cross-entropy against targets that CTC makes itself.
# - The best path is quick, the best word may be another; prefix beam search finds it, mostly.
# - One network, convolution, bidirectional GRU and CTC, read our words without ever being told where a
#   letter is.
#
# ## The whole course, looking back
#
# You began with a unit that has a wire back to itself and sums 1, 1, −½ and 2 to 3.5. Sharing its weights
# over time made it a network for sequences of any length (lectures 1 to 3); gradients that add up over all
# uses of a weight taught it (4, 5), and it learnt to write (6). The product of Jacobians showed why it
# forgets and why it sometimes explodes (7); gates gave it a road through time (8); layers, two directions,
# encoder and decoder, fed-back outputs gave it shapes for other tasks (9, 10). Here it read, through a loss
# that was, once more, a sum over paths.
#
# **Where to go next.** *Attention* lets every output look at every input, instead of at one state;
# *transformers* keep only that, and train in parallel over time, which a recurrence cannot. *State-space
# models* come back to lecture 3: a recurrence that is linear in its state, so that it is one big
# sum over the past, (4) there, and can be computed all at once. What you have learnt about gradients,
# memory and honest measurement holds for all of them.
#
# In [problem set 7](../assignments/ps7_scene_text/ps7_scene_text.ipynb) you write CTC yourself: states and
# reading (`extend_label`, `collapse`), the lattice (`ctc_forward`, `ctc_backward`), loss and gradient
# (`ctc_loss_grad`), reading (`greedy_read`, `prefix_beam_search`), errors (`character_error_rate`), and
# train your own reader with it (`trained_recogniser`).
