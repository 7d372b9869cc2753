# %% [markdown]
# # Sequences and their tasks
#
# A photograph arrives all at once. A sentence arrives word by word, a song note by note, a share
# price day by day. This lecture is about data that come in order: which tasks they bring, how
# they become arrays, and why the network that you know does not fit them. The network that does
# fit comes in the next two lectures; here you find out what to ask of it.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | give the shapes of input and output for two dozen tasks | the map of tasks | – |
# | tell the type of a task | the five types | `rnn_type` |
# | turn text into arrays, and say what that costs | words as vectors | `one_hot` |
# | show where a standard network fails on sequences, and what a convolution mends | why not a standard network | – |
#
# **Time:** 40 minutes to read, 55 with all predictions and trials. **You need:** NumPy, the
# product of matrices, and a standard network: a layer $\varphi(Ux + b)$, a second one behind it,
# and training by gradients, which a library may compute. **It prepares** exercises 9 and 10
# of [problem set 1, recurrence](../assignments/ps1_recurrence/ps1_recurrence.ipynb).
#
# **Shape ledger.** Time comes first, then the sequences that are computed together: (T, B, …).
#
# | Symbol | Shape | Meaning |
# |---|---|---|
# | $T$, $T'$ | numbers | steps of the input; steps of an output with a length of its own |
# | $B$, $D$ | numbers | sequences in a batch; numbers per step |
# | $x_t$ | (D,) | input at step $t = 1, \dots, T$; in code `x[t - 1]` |
# | $\hat y_t$, $y_t$ | depends | output at step $t$, and target, what it should be |
# | $n$ | number | size of the vocabulary: how many different words (or letters) there are |
# | $e_i$ | (n,) | one-hot vector of word $i$: 1 at place $i$, else 0 |
# | $E$ | (n, D) | embedding table, one row per word |
# | $U$, $b$ | (H, D), (H,) | weights and biases of a layer with $H$ units |
#
# ## 1 A gallery of tasks
#
# Here are seven tasks. *Input* is what a network reads, *target* what it should answer; colours
# show what belongs together. The examples of names, DNA and *hello* are from the slides that this
# course is built on (five sets, D0 to D4).
#
# **Predict.** Before you scroll: which of these need an answer *per step*, and which only one?

# %%
# Set-up
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from numpy.lib.stride_tricks import sliding_window_view

from rnnref import (
    ConvParams,
    ShapeError,
    adam_step,
    conv_forward,
    dense_forward,
    embedding_forward,
    init_dense,
    lengths_to_mask,
    one_hot,
    pad_sequences,
)
from rnnref.course import tasks
from rnnref.course.graphs import draw_unrolled
from rnnref.course.plots import COLOURS, heatmap, ink_on, show, timeline
from rnnref.course.tasks.pictures import draw_cells
from rnnref.course.trace import Link

# %%
# Four tasks with symbols
sentence, tags = tasks.NAME_EXAMPLE  # of D1
bases = "AGCCCCTGTGAGGAACTAG"  # of D1, which marks the 3rd to the 17th
marks = [int(3 <= t <= 17) for t in range(1, len(bases) + 1)]

fig, axes = plt.subplots(4, 1, figsize=(8, 7.4), height_ratios=[1, 1, 1, 1.5])
tasks.draw_name_tagging(axes[0], sentence, tags)
axes[0].set_title("which words are part of a name?")
shades = [COLOURS.output if mark else "white" for mark in marks]
rows = {"input: base": list(bases), "target: marked?": [str(mark) for mark in marks]}
draw_cells(axes[1], rows, colours={"target: marked?": shades})
axes[1].set_title("which part of the DNA is meant?")
tasks.draw_sentiment_classification(axes[2], "the plot was not very good but the music was superb")
tasks.draw_date_translation(axes[3], "the 3rd of May 1998", "1998-05-03")
show(
    fig,
    alt="Harry Potter and Hermione Granger invented a new spell, with targets 1 1 0 1 1 0 0 0 0. "
    "Nineteen DNA letters with targets 1 for the third to the seventeenth. A film review of eleven "
    "words with the single target 4, very good. A date of 19 letters, and below it 1998-05-03, "
    "which is shorter and has year, month and day in another order.",
)

# %%
# Three tasks with numbers and letters
letters = tasks.Vocabulary.of("hello")
text = tasks.character_batches(letters.encode("hello"), B=1, T=4)
image = tasks.render_words(np.random.default_rng(3), ["latte"])
series = tasks.noisy_sines(np.random.default_rng(4), T=80, B=1)

mosaic, ratios = [["text", "image"], ["series", "series"]], [1, 1.4]
fig, axes = plt.subplot_mosaic(mosaic, figsize=(8, 5), width_ratios=ratios)
tasks.draw_character_batches(axes["text"], *text, letters, batches=1)
axes["text"].set_title("which letter comes next?")
axes["text"].set_yticks([0, 1], ["input", "target"])
tasks.draw_word(axes["image"], image, boundaries=False)
axes["image"].set_title("input: columns of an image; target: l a t t e")
tasks.draw_series(axes["series"], series)
axes["series"].set_title("a series: what is the next value?")
show(
    fig,
    alt="Under h, e, l, l stand the targets e, l, l, o. A grey image of the word latte, read column "
    "by column. A series of 80 values that swings in noise.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Names, DNA and the next letter: an answer at every step. (So does the series, if we ask after
# every step; ask only after the last, and it is one answer.) The review: one answer for the
# whole. The date and the word image: an answer at each of *other* steps, whose number is not that
# of the input.
#
# </details>
#
# On the computer all of them are arrays, (T, B, …): step first, then which sequence. Sequences of
# different lengths share a batch because the shorter ones are filled up; `lengths` says where
# each one really ends. Symbols are *ids*, whole numbers from 0 on.

# %%
# The arrays behind them
rng = np.random.default_rng(0)
B = 32
ids, lengths, name_targets = tasks.name_tagging(rng, B)
words, word_lengths, feelings = tasks.sentiment_classification(rng, B)
source, source_lengths, target, target_lengths = tasks.date_translation(rng, B)
x, y = tasks.one_step_ahead(tasks.noisy_sines(rng, T=81, B=B))
images = tasks.render_words(rng, tasks.listed_words(rng, B))
arrays = {
    "names": (ids, name_targets),
    "review": (words, feelings),
    "date": (source, target),
    "series": (x, y),
    "word image": (images.images, images.labels),
}
for name, (inputs, outputs) in arrays.items():
    shape = outputs.shape if isinstance(outputs, np.ndarray) else f"a list of {len(outputs)} words"
    print(f"{name:10}: input {inputs.shape!s:14} {inputs.dtype!s:7} → target {shape}")
print("lengths of the first eight reviews:", word_lengths[:8])
print("the first review, as ids:", words[: word_lengths[0], 0])
print("and as words:", tasks.SENTIMENT_WORDS.decode(words[: word_lengths[0], 0]))

# %% [markdown]
# ## 2 The map of tasks
#
# The slides name many more. Here they all are. $T$ and $T'$ are numbers of steps; where input and
# output both have $T$, they go step by step. "Words", "letters", "actions" … stand for how many of
# them there are: an output (T, words) is a score for every word of the vocabulary, at every step.
#
# | task | input | output | slides |
# |---|---|---|---|
# | **sound** | | | |
# | speech to text | samples (T,), or frames (T, frequencies) | (T′, letters) or (T′, words) | D0, D1, D3 |
# | text to speech | (T, letters) | samples (T′,) | D0 |
# | phonemes of a spoken word | (T, frequencies) | (T, phonemes) | D2 |
# | music generation | nothing (∅), or one number, a style | (T′, notes) | D1 |
# | **pictures and films** | | | |
# | image classification | (height, width, 3) | (classes,) | D3, D4 |
# | image captioning | (height, width, 3) | (T′, words) | D0, D3, D4 |
# | OCR, scene text | (height, width), or its columns (T, height) | (T′, letters) | D3 |
# | video activity | (T, height, width, 3) | (actions,) | D1, D3, D4 |
# | frames of a video | (T, height, width, 3) | a label, or the next frame, for each: (T, …) | D2 |
# | **language** | | | |
# | translation | (T, words) | (T′, other words) | D0, D1, D3, D4 |
# | dialogue, question answering | (T, words) | (T′, words) | D3 |
# | sentiment, from 0 to 4 | (T, words) | (5,) | D1, D3, D4 |
# | readability | (T, words) | a grade, (1,) | D3 |
# | named entities | (T, words) | (T, 2) | D1 |
# | part-of-speech tags | (T, words) | (T, tags) | D3 |
# | next character, next word | (T, letters) or (T, words) | the same, one step on | D2, D3, D4 |
# | text generation | a first letter, or nothing | (T′, letters) | D4 |
# | word completion | the beginning (T, letters) | the rest (T′, letters) | D3 |
# | sentence completion | the beginning (T, words) | the rest (T′, words) | D3 |
# | **other** | | | |
# | DNA: mark a part | (T, 4) | (T, 2) | D1 |
# | time series: stocks, weather | (T, D) | the next value (D,), or after each step (T, D) | D3 |
# | page clicks in a web session | (T, pages) | the next click after each step, (T, pages) | D2 |
# | sum of a stream; which of two is larger | (T, 1); (T, 2) | (T, 1) | D0 |
#
# Two remarks. First, a shape is a *choice*: a picture may be one input, or a sequence of columns;
# a text may be a sequence of words, or of letters, five or six times as long. Second, many of
# these outputs are **texts**, and a text is produced a piece at a time: to know the fifth word
# one must know which four came before. (Which is why "given the beginning, say the rest" is one
# of the tasks.)
#
# **Predict.** A sound has 16,000 samples per second, and a speaker utters two or three words in
# it. Which of $T$ and $T'$ is larger for speech to text, and by
# how much?
#
# <details><summary>Answer</summary>
#
# $T$: some 6,000 samples per word. Cut into 100 frames per second, as is usual, still some 40 per
# word, or 7 per letter. So scene text and speech have inputs much longer than outputs, and nobody
# says which columns or frames belong to which letter: the *alignment* is unknown. Lecture 11 is
# about that.
#
# </details>
#
# ## 3 The five types
#
# Forget what the things are and look only at where something goes in (blue) and where something
# comes out (green). Five patterns are left; D1, D3 and D4 all draw them. The circles $h_t$
# between are what the network carries from one step to the next. How, is the subject of lectures
# 2 and 3: here only the arrows count.
#
# **Predict.** Draw "translation" before you look: three words in, two words out, and the first
# output may depend on the last input.


# %%
# Arrows of a network, by its steps
def links(inputs, outputs):
    """Arrows of a network with inputs and outputs at these steps; outputs count from 1."""
    T = max(*inputs, *outputs)
    arrows = [Link(("x", t), ("h", t), "") for t in inputs]
    arrows += [Link(("h", t - 1), ("h", t), "") for t in range(2, T + 1)]
    return arrows + [Link(("h", t), (r"\hat{y}", i), "") for i, t in enumerate(outputs, start=1)]


# %%
# The five types
types = {
    "one to one": ([1], [1]),
    "one to many": ([1], [1, 2, 3]),
    "many to one": ([1, 2, 3], [3]),
    "many to many, synchronous": ([1, 2, 3], [1, 2, 3]),
    "many to many, asynchronous": ([1, 2, 3], [4, 5]),
}
fig = plt.figure(figsize=(8, 6.2))
top, bottom = fig.subfigures(2, 1)
axes = [*top.subplots(1, 3, width_ratios=[2.2, 3.7, 3.7])]
axes += [*bottom.subplots(1, 2, width_ratios=[3.5, 6.2])]
for ax, (name, (inputs, outputs)) in zip(axes, types.items(), strict=True):
    late = {r"\hat{y}": outputs[0] - 1}  # the first output stands above its step
    draw_unrolled(ax, links(inputs, outputs), rows=("x", "h", r"\hat{y}"), columns=late)
    ax.set_title(name)
    print(f"{name:27}: {len(inputs)} in, {len(outputs)} out, {max(inputs + outputs)} steps")
show(
    fig,
    alt="Five graphs of circles: one input, one state, one output; one input and three outputs; "
    "three inputs and one output at the last step; three inputs with an output above each; three "
    "inputs, and after them two outputs at steps 4 and 5. Arrows lead upwards and to the right.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The last one. In the *synchronous* pattern the first word would have to be translated before the
# second has been read. In the *asynchronous* one the network reads to the end and only then speaks,
# at steps of its own: the two lengths, $T$ and $T'$, are free.
#
# </details>
#
# | type | what the slides put there |
# |---|---|
# | one to one | image classification (D3): a standard network; no time at all |
# | one to many | image captioning (D3, D4) |
# | many to one | sentiment (D3, D4), activity in a video (D3) |
# | many to many, synchronous | part-of-speech tags (D3) |
# | many to many, asynchronous | machine translation (D3) |
#
# > **Where the slides differ.** D1 and D4 call both of the last two "many to many"; the words
# > synchronous and asynchronous are D3's. D0 and D3 list captions among the *sequence to
# > sequence* tasks, D3 and D4 later under one to many, since the picture is *one* input (D0 says
# > so, too). D3 puts scene text under one to many, and then solves it as many to many: it reads
# > the image column by column. Video is many to one if it is asked what is done (D1, D3),
# > synchronous if every frame gets a label. D1's music starts from ∅: no input at all, none to
# > many. So the type belongs to a task *together with* the way it is cut into steps.
#
# The type can be read off the data. Note, for each example, how many steps go in and how many
# come out (`None` for a thing without steps), and compare over *several* examples.
#
# **Predict.** The last task below is "say it backwards": *hello* → *olleh*. What will the sorter
# say, and is it right?


# %%
# A sorter by numbers of steps
def sort_task(steps):
    """Type of a task from the pairs (steps in, steps out) of its examples."""
    ins, outs = zip(*steps, strict=True)
    if None in ins:
        return "one to one" if None in outs else "one to many"
    if None in outs:
        return "many to one"
    together = all(i == o for i, o in steps)
    return f"many to many, {'synchronous' if together else 'asynchronous'}"


captions = ["a dog on the sofa", "two boats", "rain over the old town at night"]
steps = {
    "names": [(n, n) for n in lengths],  # a target for every word
    "review": [(n, None) for n in word_lengths],  # one number for all words
    "date": list(zip(source_lengths, target_lengths, strict=True)),
    "word image": [(n, len(label)) for n, label in zip(images.lengths, images.labels, strict=True)],
    "series": [(len(x), len(y))] * B,
    "caption": [(None, len(caption.split())) for caption in captions],
    "backwards": [(len(word), len(word[::-1])) for word in captions[2].split()],
}
for name, examples in steps.items():
    print(f"{name:10}: {sort_task(examples)}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# It says synchronous, and that is wrong in spirit: the first letter to be said is the last that is
# read. Equal lengths are necessary for synchronous, not sufficient: output $t$ must *belong* to
# input $t$, and be possible from what has been read by then. A sorter that sees only shapes cannot
# know. Nor can it from one example: a sentence and its translation may have equally many words by
# chance.
#
# </details>
#
# **Try it.** Sort the next-letter task by hand, and the tasks of exercise `rnn_type`. For each ask
# two questions: is there a time axis on this side? If on both: does step $t$ belong to step $t$?
#
# ## 4 Order carries information
#
# Most of what one learns first about learning rests on an assumption: the examples are *independent
# and identically distributed* (i.i.d.), like draws from an urn. D2 names what is not: letters in a
# word, words in a sentence, phonemes in an utterance, clicks in a session, frames in a film. For an
# i.i.d. sample the order tells nothing, and one may shuffle. So shuffling is the test.
#
# We take a series, predict each value from the four before it by a linear rule (least squares, on
# the first half), and measure the error on the second half. Then we do the same with the *same
# numbers in random order*. Mean, variance and histogram stay what they were.
#
# **Predict.** The values have variance ½ plus noise of 0.01. What is the error in order, at best,
# and what is it when shuffled?


# %%
# The same numbers, shuffled
def prediction_error(x, taps=4):
    """Mean squared error of a linear rule, fitted on the first half, on the second."""
    inputs = np.column_stack([x[k : len(x) - taps + k] for k in range(taps)])
    y, half = x[taps:], len(x) // 2
    rule, *_ = np.linalg.lstsq(inputs[:half], y[:half], rcond=None)
    return np.mean((inputs[half:] @ rule - y[half:]) ** 2)


in_order, shuffled = [], []
for seed in range(10):
    rng = np.random.default_rng(seed)
    series = tasks.noisy_sines(rng, T=400, B=1)[:, 0, 0]
    mixed = rng.permutation(series)
    in_order.append(prediction_error(series))
    shuffled.append(prediction_error(mixed))
print(f"error in order {np.mean(in_order):.3f}, shuffled {np.mean(shuffled):.3f}")
print("shuffled over in order, least of 10 seeds:", round(min(np.divide(shuffled, in_order)), 1))

# %%
# The last of the ten, in order and shuffled
fig, axes = plt.subplots(2, 2, figsize=(8, 5), width_ratios=[2.4, 1])
for (left, right), values, name in zip(
    axes, (series, mixed), ("in order", "shuffled"), strict=True
):
    timeline(left, values[:100], label=name, colour=COLOURS.input, markersize=3, linewidth=1)
    left.set(title=name, ylabel="$x_t$")
    right.plot(values[:-1], values[1:], ".", color=COLOURS.input, markersize=4)
    right.set(xlabel="$x_{t-1}$", ylabel="$x_t$", aspect="equal")
show(
    fig,
    alt="Above, the series in order: a smooth swing, and x_t against x_{t−1} is a narrow cloud along "
    "the diagonal. Below, shuffled: no pattern over time, and a cloud without direction.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# In order the error is two or three hundredths: not far above the noise, 0.01, which nobody can
# predict.
# Shuffled it is about ½, the whole variance: the past says nothing.
#
# </details>
#
# So the *steps* of one sequence are not i.i.d. The *sequences* of a data set often are: one review
# does not depend on the next. That is what we shall average over; within a sequence we must not
# shuffle, and not test on steps whose neighbours we trained on.
#
# ## 5 Words as vectors
#
# A network multiplies numbers; a sentence consists of words. The first step is a list of all words
# that may occur, the *vocabulary*. D1 has one in alphabetical order and looks up its sentence:
#
# | | Harry | Potter | and | Hermione | Granger | invented | a | new | spell |
# |:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|
# | number in D1 | 4075 | 6830 | 367 | 4200 | 4000 | 4700 | 1 | 5976 | 8376 |
# | part of a name? $y_t$ | 1 | 1 | 0 | 1 | 1 | 0 | 0 | 0 | 0 |
#
# > **Note on the slides.** D1 counts words from 1: *a* is number 1. Our ids count from 0, as arrays
# > do: *a* is id 0, *Harry* 4074. The slides do not say how many words there are; we take
# > $n = 10{,}000$.
#
# May the ids themselves be the input? Then *Harry*, 4074, would lie between *Granger*, 3999, and
# *Hermione*, 4199, and twice *Harry* would be about word 8148: the alphabet as arithmetic. Instead,
# each word gets a direction of its own. The *one-hot* vector of word $i$ has $n$ places:
#
# $$e_i \in \mathbb{R}^n, \qquad (e_i)_j = \begin{cases} 1 & j = i \\ 0 & j \neq i \end{cases} \tag{1}$$
#
# **Predict.** How many ones and how many zeros does the sentence have?

# %%
# The sentence of D1, one-hot
numbers = {"Harry": 4075, "Potter": 6830, "and": 367, "Hermione": 4200, "Granger": 4000}
numbers |= {"invented": 4700, "a": 1, "new": 5976, "spell": 8376}
n, sentence = 10_000, list(numbers)
ids = np.array([numbers[word] for word in sentence]) - 1  # counted from 0
x = one_hot(ids, n)  # (T, n), by (1)
print("number of Harry in D1:", numbers["Harry"], "; id here:", ids[0])
print(
    "in the order of the alphabet:",
    sorted(sentence, key=str.lower) == sorted(sentence, key=numbers.get),
)
print(f"shape {x.shape}: {int(x.sum())} ones and {int((x == 0).sum())} zeros")
print("back to numbers:", x.argmax(axis=1) + 1, "; targets:", np.array(tags))

# %%
# Nine vectors, each with a single 1
fig, ax = plt.subplots(figsize=(8, 3.4))
ax.hlines(range(9), 0, n, color="#D0D0D0", linewidth=5)
for t, (i, tag) in enumerate(zip(ids, tags, strict=True)):
    ax.plot(i, t, "s" if tag else "o", color=COLOURS.output if tag else COLOURS.input, markersize=9)
    ax.annotate(
        f"{i}",
        (i, t),
        (9, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
    )
ax.set_yticks(range(9), sentence)
ax.set_title("where the 1 is; squares: part of a name, $y_t = 1$")
ax.set(xlabel="place in the vector, from 0", ylim=(8.6, -0.6), xlim=(-150, n))
ax.grid(False)
show(
    fig,
    alt="Nine long grey bars of zeros, one per word, each with a single mark, its 1: Harry at 4074, "
    "Potter at 6829, and at 366, Hermione at 4199, Granger at 3999, invented at 4699, a at 0, new "
    "at 5975, spell at 8375. The four words of names are squares.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Nine ones, one per word, and $9 \cdot 9999 = 89{,}991$ zeros.
#
# </details>
#
# ### What it costs
#
# D3 asks for the trouble with that, and answers: the memory grows as $\Theta(n^2)$, and most of
# it is zeros. ($\Theta(n^2)$: like $n^2$, up to a constant factor.) That is true of one thing,
# and it is worth knowing of which:
#
# | what is kept | entries | growth with $n$ |
# |---|---|---|
# | the vectors of *all* $n$ words: the $n \times n$ identity | $n^2$ | $\Theta(n^2)$ |
# | a text of $T$ words, as one-hot vectors | $T n$ | $\Theta(n)$ |
# | the same text as ids | $T$ | none |
# | a table with $D$ numbers for each word | $n D$ | $\Theta(n)$ |
#
# We count bytes: 8 for a `float64`, 8 for an id. On two logarithmic axes, $n^p$ is a line of slope
# $p$.
#
# **Predict.** At $n = 10{,}000$ and $T = 9$: how much is each? And which of the four lines are
# parallel?

# %%
# Bytes against the size of the vocabulary
T, D, sizes = 9, 50, np.array([100, 300, 1000, 3000])
measured = {
    "all one-hot vectors": [np.eye(n).nbytes for n in sizes],
    "table with 50 numbers per word": [np.zeros((n, D)).nbytes for n in sizes],
    "text of 9 words, one-hot": [one_hot(np.zeros(T, int), n).nbytes for n in sizes],
    "text of 9 words, ids": [np.zeros(T, np.int64).nbytes for n in sizes],
}
formulas = [lambda n: 8 * n * n, lambda n: 8 * n * D, lambda n: 8 * T * n, lambda n: 8 * T + 0 * n]

fig, ax = plt.subplots(figsize=(8, 3.8))
n = np.array([100, 10_000])
for (name, counted), bytes_of, style in zip(
    measured.items(), formulas, ("-", "-.", "--", ":"), strict=True
):
    slope = np.polyfit(np.log(sizes), np.log(counted), 1)[0]
    print(f"{name:30}: slope {abs(slope):.2f}, {bytes_of(10_000):11,} bytes at n = 10,000")
    (line,) = ax.loglog(n, bytes_of(n), style)
    ax.loglog(sizes, counted, "o", color=line.get_color())
    ax.text(11_000, bytes_of(10_000), name, color="black", va="center", fontsize=10)
ax.set(xlabel="size of the vocabulary $n$", ylabel="bytes", xlim=(80, 12_000))
show(
    fig,
    alt="Bytes over n, both logarithmic. All one-hot vectors rise with slope 2 to 800 million; the "
    "table and the one-hot text with slope 1 to 4 million and 720,000; the ids stay at 72.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# 800 million bytes for all vectors, 4 million for the table, 720,000 for the text, and 72 for its
# ids. Table and one-hot text are parallel, with slope 1; the identity has slope 2, the ids
# slope 0.
#
# </details>
#
# Nobody has to keep the identity: one can always make the vectors that are needed. But even then
# a hidden layer of 100 units has a matrix $U$ with $100\,n$ weights. *Letters* are a way out:
# with the 93 symbols of D4's text, $n$ is small, and the sentence is 54 letters long instead of 9
# words.
#
# One-hot vectors have a second trouble, which no memory cures: they say nothing about words. All
# differ by the same, $\lVert e_i - e_j \rVert = \sqrt 2$ for $i \neq j$, *Harry* from *Hermione* as
# *Harry* from *spell*.
#
# ### The way out: an embedding
#
# Give each word a short vector of $D$ real numbers, say 50 or 300, and put them into a table $E$,
# one row per word. Word $i$ is represented by row $i$. Written with (1), that is a product:
#
# $$x_t = E^\top e_i, \qquad\text{that is}\qquad (x_t)_k = \sum_{j=1}^{n} E_{jk}\,(e_i)_j = E_{ik} \tag{2}$$
#
# Only one term of the sum is not zero. So the product with a one-hot vector *is* a look-up, and no
# program needs to multiply. We check it with the reference, `embedding_forward`, which looks up.
#
# **Predict.** The sentence is $(9, 10{,}000)$, $E$ is $(10{,}000, 50)$. How many
# multiplications does the product take, and how many of them have a factor that is not 0?

# %%
# A product with a one-hot vector looks up a row
n, D = 10_000, 50
E = np.random.default_rng(0).normal(size=(n, D))
by_product = x @ E  # (2), all words at once
by_look_up, _ = embedding_forward(E, ids)
print(f"largest difference {np.abs(by_product - by_look_up).max():.1e}")
print(f"multiplications: {len(ids) * n * D:,}; with a factor of 1: {int(x.sum()) * D}; look-up: 0")
a, b, c = x[0], x[3], x[8]  # Harry, Hermione, spell
print(f"apart: {np.linalg.norm(a - b):.4f} and {np.linalg.norm(a - c):.4f}")

# %%
# The same with a table of six words
small = np.round(np.random.default_rng(1).normal(size=(6, 3)), 1)
fig, axes = plt.subplots(1, 3, figsize=(8, 3.9), width_ratios=[6, 3, 3])
pick = one_hot([4, 1, 4], 6)
for ax, matrix, title in zip(
    axes,
    (pick, small, pick @ small),
    ("one-hot, (T, n) = (3, 6)", "$E$, (n, D) = (6, 3)", "their product, (T, D)"),
    strict=True,
):
    heatmap(ax, matrix, title=title, limit=2, digits=1)
for row in (1, 4):
    axes[1].add_patch(plt.Rectangle((0.5, row + 0.5), 3, 1, fill=False, linewidth=3))
axes[0].set(xlabel="word, id + 1", ylabel="step $t$")
axes[1].set(ylabel="word, id + 1")
axes[2].set(ylabel="step $t$")
show(
    fig,
    alt="Three matrices. One-hot rows for words 5, 2, 5; a table of six rows with rows 2 and 5 "
    "framed; and the product, whose rows are rows 5, 2, 5 of the table.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $9 \cdot 10{,}000 \cdot 50 = 4.5$ million, of which 450 have a factor of 1. All others are 0
# times something.
#
# </details>
#
# Where do the numbers in $E$ come from? They are weights like all others, and are learnt: with
# the task at hand (Bengio et al. 2003), or beforehand on much text, so that words used alike get
# similar rows. The slides name two such methods, **word2vec** (Mikolov et al. 2013) and **GloVe**
# (Pennington, Socher & Manning 2014). Lecture 6 trains a small word2vec and shows its neighbours;
# until then, small vocabularies and one-hot vectors will do.
#
# ## 6 Why not a standard network?
#
# We have tasks and arrays. Can the network that we know do them? It takes a vector of fixed size,
# so let us give it that: write the one-hot vectors of all steps one behind the other, $T n$
# numbers. Three things go wrong.
#
# ### Lengths differ
#
# D2 has two sentences. The short one: *I don't know*. The long one begins *I know that you know
# that I know that …* and goes on like that. Any network that reads one must read the other.
#
# > **Note on the slides.** D1 lists the problems of a standard network and says "lengths differ"
# > twice. The second line should be: *nothing is shared over positions*. It comes below.
#
# The usual help is *padding*: fill up the short ones with an empty word. **Predict.** If both
# sentences are in one batch, which share of it is padding? And which share if one long sentence
# comes with 31 short ones?

# %%
# The long and the short
long = (
    "I know that you know that I know that you know that I know that you know that I know that I "
    "know that you know that I know that I know that you know that I don't know"
)
vocabulary = ["(empty)", "I", "know", "that", "you", "don't"]
known = tasks.Vocabulary(vocabulary, separator=" ")
batch, counts = pad_sequences([known.encode(long), known.encode("I don't know")])
print("words:", counts, "; batch", batch.shape, f"; padding {1 - counts.sum() / batch.size:.1%}")
print(f"one long among 31 short: padding {1 - (counts[0] + 31 * counts[1]) / (32 * counts[0]):.1%}")

# %%
# Two sentences, one batch
colours = ["white", COLOURS.input, COLOURS.accent, COLOURS.second, COLOURS.output, COLOURS.state]
fig, ax = plt.subplots(figsize=(8, 1.9))
ax.pcolormesh(batch.T, cmap=ListedColormap(colours), vmin=0, vmax=5, edgecolor="#888888")
for (t, b), i in np.ndenumerate(batch):
    letter = vocabulary[i][0] if i else "·"
    ax.text(
        t + 0.5, b + 0.5, letter, ha="center", va="center", fontsize=9, color=ink_on(colours[i])
    )
ax.set(
    yticks=[0.5, 1.5], yticklabels=["long", "short"], ylim=(2, 0), xlim=(0, 39), xlabel="step $t$"
)
ax.set_xticks(np.arange(4.5, 39, 5), range(5, 40, 5))
for word, colour in zip(vocabulary[1:], colours[1:], strict=True):
    ax.bar(0, 0, color=colour, label=word)
ax.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0))
show(
    fig,
    alt="Two rows of 39 coloured cells, one per word. The long sentence fills its row; the short one "
    "fills three cells, and 36 are empty.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The long sentence has 39 words, the short one 3: of $2 \cdot 39 = 78$ places 36 are empty, 46%.
# With 31 short ones it is $31 \cdot 36 / (32 \cdot 39) = 89\%$: nearly all work is done for
# nothing.
#
# </details>
#
# That was an extreme case. We measure an ordinary one: our reviews have 4 to 19 words. And there is
# an old trick: sort by length first, so that each batch holds sentences of about equal length.

# %%
# How much of a batch is padding?
_, review_lengths, _ = tasks.sentiment_classification(np.random.default_rng(0), 4096)


def padding(lengths, B):
    """Mean share of padding over all batches of B."""
    batches = lengths.reshape(-1, B)
    return np.mean(1 - batches.mean(axis=1) / batches.max(axis=1))


sizes = 2 ** np.arange(0, 11)
drawn = [padding(review_lengths, B) for B in sizes]
by_length = [padding(np.sort(review_lengths), B) for B in sizes]
print(f"batches of 64: padding {drawn[6]:.2f}, sorted by length {by_length[6]:.2f}")

# %%
# Padding in batches of 1 to 1024
mask = lengths_to_mask(review_lengths[:40])  # (T, B)

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
left.imshow(
    mask,
    cmap=ListedColormap(["white", COLOURS.input]),
    aspect="auto",
    extent=(0.5, 40.5, len(mask) + 0.5, 0.5),
)
left.set(title="40 reviews, as drawn", xlabel="sequence", ylabel="step $t$")
left.grid(False)
right.semilogx(sizes, drawn, "o-", base=2, color=COLOURS.state, label="as drawn")
right.semilogx(sizes, by_length, "s--", base=2, color=COLOURS.input, label="sorted by length")
right.set(xlabel="sequences in a batch", ylabel="share of padding", ylim=(-0.02, 0.55))
right.legend()
show(
    fig,
    alt="Left: forty columns of different heights, words blue, padding white. Right: the share of "
    "padding grows with the batch to 0.4; sorted by length it is near 0 up to batches of 64.",
)

# %% [markdown]
# With 64 in a batch, over a third of what is computed is padding; sorted, next to nothing. Only if
# batches get so large that few are left do short and long ones meet again.
#
# Padding is waste, but waste can be borne. Worse is that it needs a *longest* length. Our network
# is built for 39 words; a sentence of 40 does not fit. And its output has a fixed size, too: what
# should it be for a translation?
#
# ### A fixed number of computing steps
#
# The other side of the same coin, as D4 puts it: a standard network takes the same number of
# steps whatever it is given. It works as long on three words as on 39, and not a bit longer on
# what is hard.
#
# **Predict.** With 16 hidden units and our five words (and the empty one), how many multiplications
# does the first layer make for each sentence? How many of them meet a word?

# %%
# The same work, whatever comes; and one word too many
n, longest, H = len(vocabulary), len(batch), 16
first_layer = init_dense(np.random.default_rng(0), longest * n, H)
for b, count in enumerate(counts):
    row = one_hot(batch[:, b], n).reshape(1, 1, -1)  # (T=1, B=1, longest · n)
    z, _ = dense_forward(first_layer, row)
    work, useful = row.shape[2] * H, count * H
    print(f"{count:2} words: {work} multiplications, {useful} of them by a word's 1")
forty = one_hot(known.encode("know " + long), n).reshape(1, 1, -1)
try:
    dense_forward(first_layer, forty)
except ShapeError as error:
    print("40 words:", error)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $39 \cdot 6 \cdot 16 = 3744$ for both. A word's 1 takes part in 624 of them for the long
# sentence and in 48 for the short one.
#
# </details>
#
# We would like a computation that takes a step per word: three for three, forty for forty.
#
# ### Nothing is shared over positions
#
# This is the deepest of the three. In the long vector, place $t$ has columns of $U$ of its own.
# What a network learns about *good* at place 2 is stored in other weights than *good* at place 9
# will meet. So we expect: a word that was seen only in the first half of sentences means nothing
# in the second.
#
# Let us see. A sentence has $T = 12$ words, eleven of them fillers without meaning. One is *good*
# or *bad*, and says the answer. In training it stands at one of the places 1 to 6; we test it at
# each place from 1 to 12.
#
# To be fair, we train a second network that differs in *one* thing. Let
# $p$ be a piece of the sentence, one-hot, and
#
# $$o = c + \sum_{\text{pieces } p} v^\top \varphi(U p + b), \qquad \varphi(z) = \max(z, 0), \tag{3}$$
#
# with the answer *good* if the score $o > 0$. If the whole sentence is the only piece, (3) is a
# standard network with one hidden layer. If each word is a piece, the same small network looks at
# every word, and the results are added. If the pieces are all stretches of $k$ neighbouring
# words, (3) is a *convolution* of width $k$, summed over the sentence. One piece of code serves
# all three.


# %%
# One network, three ways of cutting the sentence
words = [*"abcdefgh", "good", "bad", "not"]  # eight fillers, three that count
n, T = len(words), 12


def cut(ids, k):
    """All stretches of k words of each sentence, as one-hot rows: (B, T − k + 1, k · n)."""
    pieces = one_hot(sliding_window_view(ids, k, axis=1), n)
    return pieces.reshape(*pieces.shape[:2], k * n)


def start(rng, size, pieces, H=16):
    """U, b, v, c of (3), at random."""
    U, v = rng.normal(size=(H, size)), rng.normal(size=H)
    return U / np.sqrt(size), np.zeros(H), v / (np.sqrt(H) * pieces), np.zeros(1)


def score(params, x):
    """The scores o of (3), and the hidden units."""
    U, b, v, c = params
    h = np.maximum(x @ U.T + b, 0)
    return h.sum(axis=1) @ v + c, h


# %% [markdown]
# For training we need gradients. Those of this network need the chain rule twice; lecture 4 is
# about such derivations, so take them as given. The loss is the logistic one, whose gradient with
# respect to the score is "probability minus target".


# %%
# Training, and the sentences to train on
def train(ids, y, k, seed, updates=300):
    """Parameters before and after training on minibatches of 64."""
    rng = np.random.default_rng(seed)
    x, state = cut(ids, k), None
    first = params = start(rng, x.shape[2], x.shape[1])
    for _ in range(updates):
        batch = rng.integers(0, len(x), 64)
        o, h = score(params, x[batch])
        do = (1 / (1 + np.exp(-o)) - y[batch]) / len(batch)
        dz = np.where(h > 0, do[:, None, None] * params[2], 0).reshape(-1, h.shape[2])
        dU = dz.T @ x[batch].reshape(len(dz), -1)
        grads = dU, dz.sum(axis=0), do @ h.sum(axis=1), do.sum(keepdims=True)
        params, state = adam_step(params, grads, state, lr=0.02)
    return first, params


def one_word(rng, B, places):
    """Sentences of fillers with good or bad at one of the places, from 0; 1 for good."""
    ids, y = rng.integers(0, 8, (B, T)), rng.integers(0, 2, B)
    ids[np.arange(B), rng.choice(places, B)] = np.where(y, 8, 9)
    return ids, y


# %% [markdown]
# **Predict.** Sketch the two curves: share of right answers against the place of the deciding word.

# %%
# Trained at places 1 to 6, tested at 1 to 12
seeds, share = range(10), {}
for name, k in (("whole sentence", T), ("word by word", 1)):
    share[name] = np.zeros((len(seeds), T))
    for seed in seeds:
        rng = np.random.default_rng(100 + seed)
        before, after = train(*one_word(rng, 2000, places=range(6)), k, seed)
        for place in range(T):
            ids, y = one_word(rng, 400, [place])
            share[name][seed, place] = np.mean((score(after, cut(ids, k))[0] > 0) == y)
    seen, new = share[name][:, :6], share[name][:, 6:]
    print(f"{name:14}: right at places 1–6 {seen.mean():.2f}, at 7–12 {new.mean():.2f}")
    if k == T:
        moved = np.abs(after[0] - before[0]).reshape(-1, T, n)[:, :, 8:10].max(axis=(0, 2))
        print("  largest change of a weight of good or bad, by place:", moved.round(2))

# %%
# The share of right answers, place by place
fig, ax = plt.subplots(figsize=(8, 3.4))
ax.axvspan(0.5, 6.5, color="#E4E4E4", label="places in training")
for (name, values), colour, marker in zip(
    share.items(), (COLOURS.state, COLOURS.input), "os", strict=True
):
    ax.plot(range(1, T + 1), values.T, color=colour, linewidth=0.7, alpha=0.6)
    ax.plot(range(1, T + 1), values.mean(axis=0), marker, color=colour, linestyle="-", label=name)
ax.axhline(0.5, color=COLOURS.neutral, linestyle=":", label="chance")
ax.set(
    xlabel="place of the deciding word", ylabel="share right", ylim=(0, 1.05), xticks=range(1, 13)
)
ax.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1))
show(
    fig,
    alt="Both networks are right at places 1 to 6. From place 7 on the network of the whole sentence "
    "falls to chance, single runs scattered between 0.2 and 0.9; the word-by-word network stays at 1.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Where it was trained, the standard network is always right. At places 7 to 12 it is a coin, on
# average; each single run answers by the accident of its random start. (Why a coin? There the
# weights of *good* and *bad* are still random, drawn alike: with the two exchanged, the run would
# be as likely, and right where it is wrong.) The network that is shared over places does not
# notice any difference.
#
# </details>
#
# The second printed line tells the reason. At the places 7 to 12 *good* and *bad* never occurred,
# so their inputs were always 0, so the gradient of their weights was always 0: these weights are
# *exactly* what they were before training. With more data of all kinds they would be learnt, but
# every word at every place, one by one. A language in which each word must be learnt anew at each
# place is hard to learn.
#
# ## 7 A window that slides
#
# So sharing is what we want, and you may know it from images: a *convolution* has the same weights
# at every place. On sequences, too, it shares, and it takes any length. The reference's
# `conv_forward` makes as many outputs as there are steps.
#
# **Predict.** If the input comes one step later, what happens to the output? And how many
# outputs does one input reach, through 1, 2, 3 … layers of width 3?

# %%
# A convolution shares, and sees a window
rng = np.random.default_rng(0)
F = ConvParams(F=rng.normal(size=(1, 3, 1, 1)), b=np.zeros(1))  # width 3, one channel
for length in (3, 39, 40):
    y, _ = conv_forward(F, rng.normal(size=(length, 1, 1, 1)))
    print(f"{length:2} steps in, {len(y):2} out, {F.F.size} weights")
x = np.zeros((40, 1, 1, 1))
x[5:20] = rng.normal(size=(15, 1, 1, 1))
later = conv_forward(F, np.roll(x, 9, axis=0))[0]
print(
    "9 steps later in, 9 later out:",
    np.array_equal(later, np.roll(conv_forward(F, x)[0], 9, axis=0)),
)

# %%
# How far one step reaches
fig, ax = plt.subplots(figsize=(8, 2.9))
reach, signal = [], np.eye(31)[15].reshape(-1, 1, 1, 1)  # a single 1 at step 16
for layer in range(6):
    touched = np.flatnonzero(signal.ravel()) + 1
    reach.append(len(touched))
    ax.plot(
        touched, np.full(len(touched), layer), "s", color=COLOURS.state if layer else COLOURS.input
    )
    signal, _ = conv_forward(ConvParams(np.ones((1, 3, 1, 1)), np.zeros(1)), signal)
print("steps reached after 0, 1, 2 … layers of width 3:", reach)
ax.set(xlabel="step $t$", ylabel="layer", xlim=(0.5, 31.5), yticks=range(6))
show(
    fig,
    alt="A triangle standing on its tip: one step of the input reaches 3 steps of the first layer, 5 "
    "of the second, 11 of the fifth.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The output comes one step later, too, unchanged: what is learnt at one place holds at all.
# Through $L$ layers of width $k$ one step reaches, and one output sees, $1 + L(k - 1)$ steps: 3,
# 5, 7, 9, 11.
#
# </details>
#
# A window sees what is in it, and nothing else. Where two words *together* decide, and stand
# farther apart than the window is wide, a layer that looks through it can see one or the other,
# never both. We make such a task: *not*, $d$ words before *good* or *bad*, turns the answer.
#
# **Predict.** Widths $k$ = 1, 3 and 6. Up to which distance $d$ is each right?


# %%
# Two words, farther and farther apart
def two_words(rng, B, d):
    """Sentences with good or bad, and in half of them not, d words before it; 1 for praise."""
    ids, good, negated = rng.integers(0, 8, (B, T)), rng.integers(0, 2, B), rng.integers(0, 2, B)
    place = rng.integers(d, T, B)
    ids[np.arange(B), place] = np.where(good, 8, 9)
    turned = np.flatnonzero(negated)
    ids[turned, place[turned] - d] = 10
    return ids, good ^ negated


# %% [markdown]
# Now every width meets every distance, with three seeds each.

# %%
# What a window can tell
distances = np.array([1, 2, 3, 5, 6, 8])
fig, ax = plt.subplots(figsize=(8, 3.2))
looks = zip((1, 3, 6), "os^", (COLOURS.neutral, COLOURS.input, COLOURS.state), strict=True)
for k, marker, colour in looks:
    right = np.zeros((3, len(distances)))
    for (seed, i), d in np.ndenumerate(np.tile(distances, (3, 1))):
        rng = np.random.default_rng(200 + seed)
        _, params = train(*two_words(rng, 2000, d), k, seed)
        ids, y = two_words(rng, 1000, d)
        right[seed, i] = np.mean((score(params, cut(ids, k))[0] > 0) == y)
    ax.plot(distances, right.mean(axis=0), marker + "-", color=colour, label=f"width {k}")
    print(f"width {k}: right at each distance {right.mean(axis=0).round(2)}")
ax.axhline(0.5, color=COLOURS.neutral, linestyle=":")
ax.set(xlabel="distance $d$ of the two words", ylabel="share right", ylim=(0.4, 1.05))
ax.legend()
show(
    fig,
    alt="Width 1 is at chance everywhere, width 3 right up to distance 2, width 6 up to distance 5; "
    "beyond, they fall to chance at once.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Up to $d = k - 1$, so that both words fit into the window: never, 2 and 5. One word farther and
# it is chance. No training cures that. By (3), without a common piece, the score is a sum of what
# *not* adds and what *good* or *bad* adds. To turn the answer, *not* would have to add something
# positive when *bad* follows and something negative when *good* follows, and it cannot see which.
# (A sum could still be right in three of the four cases; but the loss punishes the fourth so much
# that the best probability is ½ in all of them.)
#
# </details>
#
# **They are used all the same.** D2 says so, and it is true: layers can be stacked, and their
# windows spread by gaps that double from layer to layer (*dilation*). Waibel et al. (1989)
# recognised phonemes with shared windows; Kim (2014) rated sentences; WaveNet (van den Oord et
# al. 2016) makes sound, sample by sample; Bai, Kolter & Koltun (2018) found such networks better
# than recurrent ones on many tasks. A great virtue is that all steps are computed at once. The
# limit remains: the reach is decided *before* the data come. For our 39 words, 19 layers of width
# 3 are needed, or 5 with such gaps; and a sentence of 64 is again too long for those.
#
# ## 8 What to ask of a network for sequences
#
# | | standard network | plain convolution | what we want |
# |---|---|---|---|
# | inputs of any length | no: one length, the rest is padding | yes | yes |
# | outputs with a length of their own | no | no: one per step, or one | yes |
# | work grows with the sequence | no | yes, in a fixed number of layers | yes, step by step |
# | the same weights at all places | no | yes | yes |
# | how far it can see | all places that it was built for | its window | the whole past |
#
# The right column asks for a network that takes one step per input, with the *same* weights at
# each, and keeps what it needs of the past *somewhere*. In the figure of the five types that
# place was $h_t$.
#
# ## Check yourself
#
# **1.** A microphone in a factory: 50 numbers per second; each second a lamp should show whether
# the machine runs well. Which type is it? And if at the end of the day one report is written?
#
# <details><summary>Answer</summary>
#
# Cut into seconds, each step is a vector with $D = 50$ and has its answer: many to many,
# synchronous. (Cut into single numbers, an answer belongs to every fiftieth step.) The report is
# a text with a length of its own after all has been read: many to many, asynchronous. A single
# verdict on the day would be many to one.
#
# </details>
#
# **2.** A text has 200 words from a vocabulary of 30,000. How many entries do its ids have, its
# one-hot vectors, its embeddings with $D = 100$, the table $E$, and the one-hot vectors of all
# words?
#
# <details><summary>Answer</summary>
#
# 200; 6 million; 20,000; 3 million; 900 million. Only the last is $\Theta(n^2)$.
#
# </details>
#
# **3.** A friend pads all sentences to 50 words *at the front*, trains a standard network on
# 40,000 of them and says: "Position is no problem, the last word is now always at place 50." What
# remains?
#
# <details><summary>Answer</summary>
#
# The other words: *good* as the last word and *good* as the last but three have different weights.
# And sentences of 51 words, and the same work for short ones as for long ones.
#
# </details>
#
# ## Summary
#
# - Sequences are data in which order tells something: shuffle, and prediction gets worse.
# - Five types, by where something goes in and comes out; the type belongs to a task *and* to the way
#   it is cut into steps. Equal lengths alone do not make it synchronous.
# - Text becomes ids; a one-hot vector gives each word a direction of its own. All of them take $n^2$
#   entries, a text $T n$, its ids $T$. An embedding is a row of a table: the product with a one-hot
#   vector, without the product.
# - A standard network has one length, a fixed number of computing steps, and weights of its own for
#   every place, so that nothing learnt at one place helps at another.
# - A convolution shares its weights and takes any length, but sees a window that is fixed
#   beforehand.
#
# **What comes next.** Exercises `one_hot` and `rnn_type` of
# [problem set 1](../assignments/ps1_recurrence/ps1_recurrence.ipynb) can be done now.
# [Lecture 2](02_memory.ipynb) starts from windows, measures what they miss, and arrives in four
# designs at a network whose weights are shared over time; lecture 3 takes it apart.
