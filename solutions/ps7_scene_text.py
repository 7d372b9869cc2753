# %% [markdown]
# # Problem set 7: reading scene text
#
# An image shows a word, and nobody says which columns belong to which letter. The network speaks at
# every column; the word is short; there are millions of ways to lay one along the other. In this
# set you add all of them up, in a few lines, and find the gradient of the sum. With that, your
# functions teach a network to read, and your functions read what it says.
#
# **When you are through, you can**
#
# - say which label a path reads, and which paths read a label;
# - sum over all alignments of a label by dynamic programming, from the front and from the back,
#   without underflow;
# - derive the gradient of that sum, and say what it asks of the network;
# - find the best label, and explain why the best path may be another;
# - measure how wrong a reading is;
# - train a reader on words that nobody has cut into letters.
#
# The method is *connectionist temporal classification*, CTC. The set belongs to **lecture 11**
# (reading scene text). Take three sittings: exercises 1 to 3, then 4 to 6, then 7 to 10.
#
# | | exercise | topic | points | minutes |
# |:--|:--|:--|--:|--:|
# | 1 | `extend_label` | the states that a path goes through | 10 | 15 |
# | 2 | `collapse` | what a path reads | 5 | 10 |
# | 3 | `ctc_forward` | all beginnings of paths | 20 | 50 |
# | 4 | `ctc_backward` | all ends of paths | 15 | 35 |
# | 5 | `ctc_loss_grad` | the loss, and what it wants changed | 15 | 40 |
# | 6 | `greedy_read` | what the best path reads | 5 | 10 |
# | 7 | `prefix_beam_search` | the best label | 15 | 90 |
# | 8 | | three times *why*. In your own words | 5 | 15 |
# | 9 | `character_error_rate` | how wrong is a reading? | 5 | 15 |
# | 10 | `trained_recogniser` | your functions learn to read | 5 | 30 |
# | | | **together** | **100** | **310** |
#
# Exercises 2, 7 and 9 do not need the functions before them.

# %% [markdown]
# ## How to work
#
# - **Write.** Each exercise ends in a cell with a function that is not written yet. Put your code
#   in the place of `# YOUR CODE HERE` and `raise NotImplementedError()`, and run the cell.
# - **Check.** Run the cell below it, as often as you like: it costs nothing. It says what holds
#   and what does not, and often which mistake it is. (If it does not come back, a loop of yours
#   does not end: interrupt it by ■ in the toolbar.) If there is a hint, it is folded below the
#   verdict: click on it. (In a cell of your own you can also write
#   `check("extend_label", extend_label, hint=True)`.)
# - **Points.** All of them if every case holds; half if only a special case fails (an empty label,
#   letters that are repeated, a blank that is not class 0, just enough frames or one too few …), or
#   if your answer is right in another convention (a loss divided by the number of frames …). When
#   your work is graded, the same cases are tried with other random numbers. Each function counts
#   for itself: if it only fails because it calls an earlier one of yours that is wrong, it is
#   tried again with a right one.
# - **Leave the arguments as they are.** A function that changes an array or a list it was given is
#   wrong, even if it returns the right numbers.
# - **Hand in.** Choose *Restart Kernel and Run All Cells* in the menu *Kernel*, look over the
#   checks once more, save, and hand in this file alone. Add cells wherever you like; leave the
#   given ones in their place.
#
# Run this cell first.

# %% locked="setup"
from itertools import product
from string import ascii_lowercase

import matplotlib.pyplot as plt
import numpy as np

from rnnref.course import checker
from rnnref.course.plots import draw_reading, draw_trellis, heatmap, show
from rnnref.course.tasks import (
    TEN_LETTERS,
    fit_fixed_width_reader,
    read_fixed_width,
    word_vocabulary,
)
from rnnref.course.training import draw_words, train_words, word_scores

check = checker("ps7_scene_text")

# %% [markdown]
# ## A word, and all the paths that read it
#
# The image goes by in $T$ *frames*, from left to right. At each of them the network names its
# probabilities of $K$ *classes*: the letters, and one more, the *blank*, written –, which stands for
# *no letter here*. A **path** $\pi$ picks one class for each frame. Two rules, in this order, say
# what it reads:
#
# 1. a class that is repeated in successive frames counts once;
# 2. then the blanks are left out.
#
# So the paths “a a – b” and “– a b b” both read *ab*. Each is an *alignment*: it says which frames
# show which letter. Nobody knows which one is right, and so we add them all up:
#
# $$p = \sum_{\pi \text{ reads the label}} \; \prod_{t=1}^{T} \hat y_t(\pi_t) \tag{1}$$
#
# | | | in code | shape |
# |:--|:--|:--|:--|
# | $w_1 \dots w_L$ | the label: ids of letters | `label` | a list, or an array (L,); $L \ge 0$, none is the blank |
# | – | the blank | `blank` | the id of a class, often 0 but not always |
# | $o_t(k)$ | scores of the classes | `logits` | (T, K) |
# | $\ln \hat y_t(k)$ | logarithms of the probabilities, $\hat y_t = \operatorname{softmax}(o_t)$ | `logp` | (T, K), may contain $-\infty$ |
# | $\mathrm{ext}_s$ | the label with blanks around its letters: the *states* $s = 0 \dots 2L$ | `ext` | (2L+1,) |
# | $\alpha_t(s)$, $\beta_t(s)$ | sums over beginnings and over ends of paths | logarithms in `log_alpha`, `log_beta` | (T, 2L+1) |
# | $\gamma_t(s)$, $q_t(k)$ | *posteriors*: the shares of states and of classes in $p$ | | (T, 2L+1), (T, K) |
#
# There is one image at a time, and no minibatch. Formulas count frames from 1, arrays from 0:
# $\hat y_1$ is `np.exp(logp[0])`. Classes and states are counted from 0 in both.
#
# **One example for the whole set.** Three frames and three classes, –, a and b, have the ids 0, 1,
# 2. The label is *ab*, `[1, 2]`. And the probabilities are quarters:
#
# | $4\,\hat y_t(k)$ | – | a | b |
# |--:|--:|--:|--:|
# | $t = 1$ | 1 | 2 | 1 |
# | $t = 2$ | 2 | 1 | 1 |
# | $t = 3$ | 1 | 1 | 2 |
#
# Of the 27 paths five read *ab*. In 64ths, their probabilities are
#
# | path | a – b | a a b | a b b | – a b | a b – | together |
# |:--|--:|--:|--:|--:|--:|--:|
# | $64 \prod_t \hat y_t(\pi_t)$ | 8 | 4 | 4 | 2 | 2 | **20** |
#
# so that $p = 20/64 = 0.3125$. With 20 frames and 6 letters there are ten million such paths. You
# will not list them.
#
# <details>
# <summary>In the margin: what the slides say, and what they leave open</summary>
#
# D3 has the task as its case study, with a picture of the word *simply*. It sketches a network that
# gets the image cut into characters, then one that gets it whole: features by a CNN, an RNN over
# them, a softmax at each step. Both times the last line asks *What loss function should we use?*
# For cut characters it is the cross-entropy at each step, summed. For the image as a whole there is
# no target at each step, and the slides give no answer; this set is one. Among D3's key challenges
# it is the last, *unknown input–output alignment*.
#
# CTC is from Graves, Fernández, Gomez and Schmidhuber, 2006. In their letters:
#
# | here | D3 | Graves et al. |
# |:--|:--|:--|
# | $\hat y_t(k)$ | entry $k$ of $O_t$ | $y_k^t$ |
# | the label $w$, and $\mathrm{ext}$ | – | $\mathbf l$, and $\mathbf l'$ |
# | what the path $\pi$ reads | – | $\mathcal B(\pi)$ |
# | $\alpha_t(s)$ | – | $\alpha_t(s)$, $s$ from 1 |
# | $\hat y_t(\mathrm{ext}_s)\,\beta_t(s)$ | – | $\beta_t(s)$ |
#
# </details>

# %% [markdown]
# ## 1 The states of a label &nbsp; [10 points; 15 minutes]
#
# Write the label with a blank before, between and after its letters: *ab* becomes – a – b –. These
# $2L + 1$ places are the *states*, and every path that reads the label walks through them from left
# to right. From one frame to the next it
#
# - **stays** in its state (the class is repeated),
# - **steps** to the next one, or
# - **skips** one, straight from $s - 2$ to $s$.
#
# It may skip a blank, from one letter to the next: “a b” reads *ab* with no blank between. But it
# may not skip a letter, for then it would be left out. And it may not skip the blank between two
# *equal* letters: “a a” counts once. So
#
# $$\text{skip}_s = \bigl[\; s \ge 2 \;\text{ and }\; \mathrm{ext}_s \ne \text{blank} \;\text{ and }\;
# \mathrm{ext}_s \ne \mathrm{ext}_{s-2} \;\bigr] \tag{2}$$
#
# says where a path may *come to* by a skip.
#
# | | `label` | `blank` | `ext` | `can_skip` |
# |:--|:--|:--|:--|:--|
# | shape | L ids, a list or an array | an id | (2L+1,), ids | (2L+1,), `bool` |
#
# The label may be empty. Then there is one state, and nobody skips: `[blank]` and `[False]`, as
# arrays.
#
# **By hand.** The label *aab*, `[1, 1, 2]`:
#
# | $s$ | 0 | 1 | 2 | 3 | 4 | 5 | 6 |
# |:--|--:|--:|--:|--:|--:|--:|--:|
# | | – | a | – | a | – | b | – |
# | `ext` | 0 | 1 | 0 | 1 | 0 | 2 | 0 |
# | `can_skip` | no | no | no | no | no | **yes** | no |
#
# For *ab* it is state 3 alone.


# %% solution="extend_label"
def extend_label(label, blank=0):
    """The states of a label, and where a path may come to by a skip, equation (2).

    Parameters
    ----------
    label : list or ndarray of int, shape (L,)
        Ids of the letters, none of them the blank; may be empty.
    blank : int, default 0
        Id of the blank.

    Returns
    -------
    ext : ndarray of int, shape (2L+1,)
        The label with a blank before, between and after its letters.
    can_skip : ndarray of bool, shape (2L+1,)
        Whether a path may come to state s straight from state s − 2.

    Examples
    --------
    >>> extend_label([1, 1, 2])
    (array([0, 1, 0, 1, 0, 2, 0]), array([False, False, False, False, False,  True, False]))
    """
    ### BEGIN SOLUTION
    ext = np.full(2 * len(label) + 1, blank)
    ext[1::2] = label
    can_skip = np.zeros(len(ext), dtype=bool)
    can_skip[2:] = (ext[2:] != blank) & (ext[2:] != ext[:-2])  # (2)
    return ext, can_skip
    ### END SOLUTION


# %% test="extend_label" points=10
check("extend_label", extend_label)

# %% [markdown]
# ## 2 What a path reads &nbsp; [5 points; 10 minutes]
#
# The other way round: a path is given, and you apply the two rules. The order matters. With the
# blanks left out first, “a – a” would become “a a”, and then *a*.
#
# | | `path` | `blank` | result |
# |:--|:--|:--|:--|
# | shape | T ids, a list or an array | an id | a list of ids |
#
# **By hand.**
#
# | path | a a – b b | a – a b | a a a b | b a b | – – – |
# |:--|:--|:--|:--|:--|:--|
# | after rule 1 | a – b | a – a b | a b | b a b | – |
# | after rule 2 | *ab* | *aab* | *ab* | *bab* | nothing: `[]` |


# %% solution="collapse"
def collapse(path, blank=0):
    """The label that a path reads: repeats count once, then blanks are left out.

    Parameters
    ----------
    path : list or ndarray of int, shape (T,)
        One class for each frame.
    blank : int, default 0
        Id of the blank.

    Returns
    -------
    list of int
        The label.

    Examples
    --------
    >>> collapse([1, 1, 0, 2, 2]), collapse([1, 0, 1, 2]), collapse([0, 0])
    ([1, 2], [1, 1, 2], [])
    """
    ### BEGIN SOLUTION
    label, before = [], blank
    for k in path:
        if k not in (before, blank):
            label.append(k)
        before = k
    return label
    ### END SOLUTION


# %% test="collapse" points=5
check("collapse", collapse)

# %% [markdown]
# ## 3 All beginnings of paths &nbsp; [20 points; 50 minutes]
#
# Many paths begin in the same way, so there is no need to compute their beginnings again and again.
# Let $\alpha_t(s)$ be the summed probability of all beginnings of $t$ frames that are in state $s$
# at frame $t$. A path begins with the first blank or with the first letter,
#
# $$\alpha_1(s) = \hat y_1(\mathrm{ext}_s) \;\text{ for } s = 0, 1, \qquad
# \alpha_1(s) = 0 \;\text{ for } s \ge 2, \tag{3}$$
#
# and it came to $s$ in one of three ways. What is not there counts 0:
#
# $$\alpha_t(s) = \hat y_t(\mathrm{ext}_s) \bigl(\,
# \underbrace{\alpha_{t-1}(s)}_{\text{stay}} + \underbrace{\alpha_{t-1}(s-1)}_{\text{step}} +
# \underbrace{\text{skip}_s\, \alpha_{t-1}(s-2)}_{\text{skip}} \,\bigr) \tag{4}$$
#
# It ends with the last letter or with the blank behind it:
#
# $$p = \alpha_T(2L - 1) + \alpha_T(2L) \tag{5}$$
#
# (For the empty label there is only $\alpha_T(0)$.)
#
# **In logarithms.** In `float64`, $0.2^{500}$ is zero. So keep logarithms: products become sums, and
# for sums there is
#
# $$\ln(e^a + e^b) = m + \ln(e^{a-m} + e^{b-m}), \qquad m = \max(a, b),$$
#
# in which nothing can overflow, and not all can vanish. NumPy has it: `np.logaddexp(a, b)`, entry by
# entry; and `np.logaddexp.reduce(x)` adds up an axis. The logarithm of 0 is $-\infty$,
# `-np.inf`. `np.logaddexp` knows it, even twice. (`np.log(0)` gives it too, but with a warning.)
#
# | | `logp` | `label` | `blank` | `log_alpha` | `log_likelihood`, $\ln p$ |
# |:--|:--|:--|:--|:--|:--|
# | shape | (T, K) | L ids, a list or an array | an id | (T, 2L+1) | a number |
#
# - `log_alpha[t, s]` is $-\infty$ where no beginning leads. Whether the *end* can still be reached
#   from there does not matter.
# - `logp` may contain $-\infty$: a class that the network rules out.
# - If no path of $T$ frames reads the label, because there are too few frames or a class is ruled
#   out, then $\ln p = -\infty$. That is no error: raise none, and let there be no warnings.
# - $T$ may be a thousand.
#
# **By hand.** The example from the beginning: *ab* in three frames. In each frame the probabilities
# are quarters, so $4^t \alpha_t(s)$ are whole numbers.
#
# | state $s$ | 0 | 1 | 2 | 3 | 4 |
# |:--|--:|--:|--:|--:|--:|
# | $\mathrm{ext}_s$ | – | a | – | b | – |
# | $4\,\alpha_1(s)$ | 1 | 2 | 0 | 0 | 0 |
# | $16\,\alpha_2(s)$ | 2 · 1 = 2 | 1 · (2 + 1) = 3 | 2 · (0 + 2) = 4 | 1 · (0 + 0 + 2) = 2 | 0 |
# | $64\,\alpha_3(s)$ | 1 · 2 = 2 | 1 · (3 + 2) = 5 | 1 · (4 + 3) = 7 | 2 · (2 + 4 + 3) = 18 | 1 · (0 + 2) = 2 |
#
# The last two of the last line give $p = (18 + 2)/64 = 0.3125$, which is what the five paths have.
# $\ln p = -1.1632$. The label *aa* in the same frames has a single path, a – a, and
# $p = (2 \cdot 2 \cdot 1)/64 = 0.0625$; in the first two frames alone it has none.
#
# <details>
# <summary>How to have all states at once, without a loop over them?</summary>
#
# Put two $-\infty$ in front of the row of $t - 1$: `before = np.concatenate([[-np.inf] * 2, row])`.
# Then `before[2:]`, `before[1:-1]` and `before[:-2]` all have as many entries as there are states.
# Which of them is stay, which step, which skip? And `np.where(can_skip, …, -np.inf)` shuts ways. A
# loop over the states is right as well. It takes a little longer in exercise 10.
#
# </details>


# %% solution="ctc_forward"
def ctc_forward(logp, label, blank=0):
    """Sums over all beginnings of the paths that read a label, equations (3) to (5).

    Parameters
    ----------
    logp : ndarray, shape (T, K)
        Logarithms of the classes' probabilities at each frame; may contain −inf.
    label : list or ndarray of int, shape (L,)
        Ids of the letters; may be empty.
    blank : int, default 0
        Id of the blank.

    Returns
    -------
    log_alpha : ndarray, shape (T, 2L+1)
        ln α: entry [t, s] is for the beginnings of t + 1 frames that end in state s, −inf where
        there is none.
    log_likelihood : float
        ln p; −inf if no path reads the label.

    Examples
    --------
    >>> y_hat = np.array([[1, 2, 1], [2, 1, 1], [1, 1, 2]]) / 4
    >>> log_alpha, log_likelihood = ctc_forward(np.log(y_hat), [1, 2])
    >>> (64 * np.exp(log_alpha)).round(4)
    array([[16., 32.,  0.,  0.,  0.],
           [ 8., 12., 16.,  8.,  0.],
           [ 2.,  5.,  7., 18.,  2.]])
    >>> round(float(np.exp(log_likelihood)), 4)
    0.3125
    """
    ### BEGIN SOLUTION
    ext, can_skip = extend_label(label, blank)
    nowhere = np.full(2, -np.inf)
    log_alpha = np.full((len(logp), len(ext)), -np.inf)
    log_alpha[0, :2] = logp[0, ext[:2]]  # (3)
    for t in range(1, len(logp)):
        before = np.concatenate([nowhere, log_alpha[t - 1]])
        stay, step, skip = before[2:], before[1:-1], np.where(can_skip, before[:-2], -np.inf)
        log_alpha[t] = logp[t, ext] + np.logaddexp(np.logaddexp(stay, step), skip)  # (4)
    return log_alpha, np.logaddexp.reduce(log_alpha[-1, -2:])  # (5)
    ### END SOLUTION


# %% test="ctc_forward" points=20
check("ctc_forward", ctc_forward)

# %% [markdown]
# ### The same sum, the long way
#
# No points here. Equation (1) as it stands: take every path, keep those that your `collapse` reads as
# the label, and add up their probabilities. Change the label, or give `product` more frames, and see
# how soon that gets slow.

# %%
# Every path of three frames that reads the label, and the sum of their probabilities
y_hat = np.array([[1, 2, 1], [2, 1, 1], [1, 1, 2]]) / 4
label = [1, 2]
try:
    total = 0.0
    for path in product(range(3), repeat=3):
        if collapse(list(path)) == label:
            p = np.prod(y_hat[range(3), path])
            total += p
            print(" ".join("–ab"[k] for k in path), f"{64 * p:4.0f} / 64")
    p = np.exp(ctc_forward(np.log(y_hat), label)[1])
    print(f"together {64 * total:.0f} / 64; by ctc_forward {64 * p:.4f} / 64")
except Exception as error:  # a function is not written yet, or not right
    name = type(error).__name__
    print(f"No sum yet: it needs your collapse and ctc_forward ({name}).")
    print("Run this cell again when both are right.")

# %% [markdown]
# ## 4 All ends of paths &nbsp; [15 points; 35 minutes]
#
# Now from the back. $\beta_t(s)$ is the summed probability of all *ends*, the frames $t + 1$ to $T$,
# of paths that are in state $s$ at frame $t$. The factor of frame $t$ itself is not in it: that one
# belongs to $\alpha$. After the last frame nothing is left to happen, and the path must be where
# paths end:
#
# $$\beta_T(s) = 1 \;\text{ for } s = 2L - 1, 2L, \qquad \beta_T(s) = 0 \;\text{ for all others} \tag{6}$$
#
# (For the empty label, $\beta_T(0) = 1$.) At frame $t$ the path goes on in one of three ways, and
# meets the factor of the *next* frame in the state that it goes *to*:
#
# $$\beta_t(s) = \sum_{s'} \hat y_{t+1}(\mathrm{ext}_{s'})\, \beta_{t+1}(s'), \qquad
# s' \in \{\, s,\;\; s + 1,\;\; s + 2 \text{ if } \text{skip}_{s+2} \,\} \tag{7}$$
#
# States beyond the last do not exist. Again all in logarithms, and $-\infty$ where no end leads;
# whether there is a beginning does not matter.
#
# | | `logp` | `label` | `blank` | `log_beta` |
# |:--|:--|:--|:--|:--|
# | shape | (T, K) | L ids, a list or an array | an id | (T, 2L+1) |
#
# **A property to test with.** Each path is in exactly one state at frame $t$; it is a beginning up
# to there, and an end from there on. So at *every* frame
#
# $$\sum_s \alpha_t(s)\, \beta_t(s) = p. \tag{8}$$
#
# **By hand.** The example: $4^{3-t} \beta_t(s)$ are whole numbers.
#
# | state $s$ | 0 | 1 | 2 | 3 | 4 |
# |:--|--:|--:|--:|--:|--:|
# | $\mathrm{ext}_s$ | – | a | – | b | – |
# | $16\,\beta_1(s)$ | 0 + 1 · 2 = 2 | 1 · 2 + 2 · 2 + 1 · 3 = 9 | 2 · 2 + 1 · 3 = 7 | 1 · 3 + 2 · 1 = 5 | 2 · 1 = 2 |
# | $4\,\beta_2(s)$ | 0 | 0 + 0 + 2 · 1 = 2 | 0 + 2 · 1 = 2 | 2 · 1 + 1 · 1 = 3 | 1 · 1 = 1 |
# | $\beta_3(s)$ | 0 | 0 | 0 | 1 | 1 |
#
# In state 1 at frame 1, all three ways are open: stay a, go to –, or skip to b. And (8), in 64ths:
#
# $$t = 1:\; 1 \cdot 2 + 2 \cdot 9 = 20, \qquad
# t = 2:\; 2 \cdot 0 + 3 \cdot 2 + 4 \cdot 2 + 2 \cdot 3 + 0 \cdot 1 = 20, \qquad t = 3:\; 18 + 2 = 20.$$
#
# > **In the margin.** Graves and his co-authors let $\beta_t$ contain the factor of frame $t$, too.
# > Then $\alpha_t \beta_t$ has it twice, and they divide by it once. An answer in their convention
# > gets half here.


# %% solution="ctc_backward"
def ctc_backward(logp, label, blank=0):
    """Sums over all ends of the paths that read a label, equations (6) and (7).

    Parameters
    ----------
    logp : ndarray, shape (T, K)
        Logarithms of the classes' probabilities at each frame; may contain −inf.
    label : list or ndarray of int, shape (L,)
        Ids of the letters; may be empty.
    blank : int, default 0
        Id of the blank.

    Returns
    -------
    log_beta : ndarray, shape (T, 2L+1)
        ln β: entry [t, s] is for the ends from state s on, without the frame t itself, −inf where
        there is none.

    Examples
    --------
    >>> y_hat = np.array([[1, 2, 1], [2, 1, 1], [1, 1, 2]]) / 4
    >>> log_beta = ctc_backward(np.log(y_hat), [1, 2])
    >>> (16 * np.exp(log_beta)).round(4)
    array([[ 2.,  9.,  7.,  5.,  2.],
           [ 0.,  8.,  8., 12.,  4.],
           [ 0.,  0.,  0., 16., 16.]])
    """
    ### BEGIN SOLUTION
    ext, can_skip = extend_label(label, blank)
    may_skip = np.append(can_skip, [False, False])[2:]  # from s, as can_skip says it of s + 2
    nowhere = np.full(2, -np.inf)
    log_beta = np.full((len(logp), len(ext)), -np.inf)
    log_beta[-1, -2:] = 0.0  # (6)
    for t in reversed(range(len(logp) - 1)):
        after = np.concatenate([logp[t + 1, ext] + log_beta[t + 1], nowhere])
        stay, step, skip = after[:-2], after[1:-1], np.where(may_skip, after[2:], -np.inf)
        log_beta[t] = np.logaddexp(np.logaddexp(stay, step), skip)  # (7)
    return log_beta
    ### END SOLUTION


# %% test="ctc_backward" points=15
check("ctc_backward", ctc_backward)

# %% [markdown]
# ## 5 The loss, and what it wants changed &nbsp; [15 points; 40 minutes]
#
# The loss of a label is $L = -\ln p$, with $\hat y_t = \operatorname{softmax}(o_t)$. (Here $L$ is the
# loss, elsewhere the number of letters: you can always tell which.) How does it change with the
# scores? The share of $p$ that goes through state $s$ at frame $t$ is
#
# $$\gamma_t(s) = \frac{\alpha_t(s)\, \beta_t(s)}{p}, \tag{9}$$
#
# the *posterior* of the state: given the label, how probable is it that the path is there? By (8)
# it sums to 1 over the states. The blank has many states, and a letter that occurs twice has two.
# For a *class*, add up all its states:
#
# $$q_t(k) = \sum_{s:\; \mathrm{ext}_s = k} \gamma_t(s) \tag{10}$$
#
# A path through class $k$ at frame $t$ has the factor $\hat y_t(k)$ exactly once, and so
# $\partial \ln p / \partial \ln \hat y_t(k) = q_t(k)$. Together with the softmax of problem set 2
# that makes
#
# $$\frac{\partial L}{\partial o_t(k)} = \hat y_t(k) - q_t(k). \tag{11}$$
#
# You know this difference: it is cross-entropy's, with $q_t$ in the place of the one-hot target. CTC
# makes its own targets, from the label and from what the network believes so far.
#
# | | `logits` | `label` | `blank` | `loss` | `dlogits` |
# |:--|:--|:--|:--|:--|:--|
# | shape | (T, K) | L ids, a list or an array | an id | a number | (T, K) |
#
# - Neither is divided by anything, not by the frames and not by the letters.
# - If no path reads the label, the loss is $\infty$, `np.inf`, and the gradient is all zeros. (There
#   is nothing to share out: (9) would be 0/0.)
# - The scores of a frame may be 1000 apart. No warnings are allowed: take the logarithm of the
#   softmax in the stable form of problem set 2.
#
# **By hand.** Scores whose softmax is the example: $\ln 2 \cdot (0, 1, 0)$, $\ln 2 \cdot (1, 0, 0)$,
# $\ln 2 \cdot (0, 0, 1)$. The loss is $\ln 3.2 = 1.1632$. With $\alpha$ and $\beta$ from above, (9)
# to (11) give
#
# | | $\gamma_t$: – | a | – | b | – | $q_t$: – | a | b | $\partial L / \partial o_t$: – | a | b |
# |:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
# | $t = 1$ | 0.1 | 0.9 | 0 | 0 | 0 | 0.1 | 0.9 | 0 | 0.15 | −0.40 | 0.25 |
# | $t = 2$ | 0 | 0.3 | 0.4 | 0.3 | 0 | 0.4 | 0.3 | 0.3 | 0.10 | −0.05 | −0.05 |
# | $t = 3$ | 0 | 0 | 0 | 0.9 | 0.1 | 0.1 | 0 | 0.9 | 0.15 | 0.25 | −0.40 |
#
# At frame 2 the network should doubt its blank a little: any of the three would do there. At frame 1
# it should be surer of a, and less of b, with which no path can begin.
#
# <details>
# <summary>Want to check it yourself, as you will have to outside this course?</summary>
#
# Take your `numerical_gradient` from problem set 2, with the function
# `lambda o: ctc_loss_grad(o, label)[0]`.
#
# </details>


# %% solution="ctc_loss_grad"
def ctc_loss_grad(logits, label, blank=0):
    """Loss of a label that nobody has aligned, and its gradient, equations (3) to (11).

    Parameters
    ----------
    logits : ndarray, shape (T, K)
        Scores of the classes at each frame, before the softmax.
    label : list or ndarray of int, shape (L,)
        Ids of the letters; may be empty.
    blank : int, default 0
        Id of the blank.

    Returns
    -------
    loss : float
        −ln p; inf if no path reads the label.
    dlogits : ndarray, shape (T, K)
        Its gradient; all zeros if no path reads the label.

    Examples
    --------
    >>> logits = np.log(2) * np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    >>> loss, dlogits = ctc_loss_grad(logits, [1, 2])
    >>> round(float(loss), 4)
    1.1632
    >>> dlogits.round(4)
    array([[ 0.15, -0.4 ,  0.25],
           [ 0.1 , -0.05, -0.05],
           [ 0.15,  0.25, -0.4 ]])
    """
    ### BEGIN SOLUTION
    o = logits - logits.max(axis=1, keepdims=True)  # so that nothing overflows
    logp = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
    log_alpha, log_p = ctc_forward(logp, label, blank)
    if log_p == -np.inf:
        return np.inf, np.zeros_like(logits)
    gamma = np.exp(log_alpha + ctc_backward(logp, label, blank) - log_p)  # (9)
    ext, _ = extend_label(label, blank)
    belongs = ext[:, None] == np.arange(logits.shape[1])  # which state is of which class, (2L+1, K)
    q = gamma @ belongs  # (10)
    return -log_p, np.exp(logp) - q  # (11)
    ### END SOLUTION


# %% test="ctc_loss_grad" points=15
check("ctc_loss_grad", ctc_loss_grad)

# %% [markdown]
# ### What CTC sees, and what it asks for
#
# No points here, only something to see. A network has looked at an image of the word *tee*, in eight
# frames. It is rather sure of a t at frame 2, and of an e at the frames 5, 6 and 7. Your functions
# draw $\alpha$, $\beta$ and $\gamma$ on the lattice of states and frames (of $\alpha$ and $\beta$,
# which get small, the shares at each frame), and the negative gradient, $q - \hat y$: the way in
# which training would move the scores.
#
# **Before you run it:** what does the best path read? Which two states of *tee* have no skip between
# them, and so where must a path that reads *tee* go? At which frame will the gradient ask for
# something that the network did not expect?

# %%
# A network's opinion of eight frames: –, t and e
opinion = np.array(
    [
        [0.80, 0.15, 0.05],
        [0.15, 0.80, 0.05],
        [0.60, 0.30, 0.10],
        [0.55, 0.05, 0.40],
        [0.15, 0.05, 0.80],
        [0.25, 0.05, 0.70],
        [0.20, 0.05, 0.75],
        [0.80, 0.05, 0.15],
    ]
)
tee = [1, 2, 2]

# The figure, from your own functions
fig, axes = plt.subplots(2, 2, figsize=(11, 7.2))
try:
    logp = np.log(opinion)
    log_alpha, log_p = ctc_forward(logp, tee)
    log_beta = ctc_backward(logp, tee)
    loss, dlogits = ctc_loss_grad(logp, tee)
    states = ["–te"[k] for k in extend_label(tee)[0]]
    draw_trellis(axes[0, 0], log_alpha, states, log=True, label=r"share of $\alpha$")
    draw_trellis(axes[0, 1], log_beta, states, log=True, label=r"share of $\beta$")
    gamma = np.exp(log_alpha + log_beta - log_p)
    draw_trellis(axes[1, 0], gamma, states, label=r"posterior $\gamma$")
    heatmap(axes[1, 1], -dlogits.T)
    axes[1, 1].set_xticks(axes[1, 1].get_xticks(), range(1, 9))
    axes[1, 1].set_yticks(axes[1, 1].get_yticks(), list("–te"))
    axes[1, 1].set(xlabel="frame $t$")
    titles = [r"$\alpha$: beginnings", r"$\beta$: ends", r"$\gamma$: both", r"$q - \hat y$"]
    for ax, title in zip(axes.flat, titles, strict=True):
        ax.set_title(title, loc="left")
    print(f"loss {loss:.2f}, so p = {np.exp(-loss):.3f}")
    show(
        fig,
        alt="Lattices of seven states and eight frames. Alpha is dark along the top left, beta along "
        "the bottom right, the posterior in a band between, through t at frame 2 and through the "
        "blank between the two e at about frame 6. The matrix beside it is largest for the blank at "
        "frame 6, and negative for e there.",
    )
except Exception as error:  # a function is not written yet, or not right
    plt.close(fig)
    print(
        "No figure yet: it needs your functions of exercises 1, 3, 4 and 5 "
        f"({type(error).__name__}).\nRun this cell again when they are right."
    )

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# The best path reads *te*, which has $p = 0.44$; *tee* has only 0.19. Between the two e, states 3 and
# 5, there is no line: no skip. So every path that reads *tee* goes through the blank between them,
# and $\gamma$ says where: most of it at frame 6, where the network is least sure of its e. Its
# opinion there was 0.25 for the blank and 0.70 for the e. Training would move the blank up (0.38) and
# the e down (0.33). Nobody has said that a letter ends at frame 6. Only the label says that there
# are two.
#
# $\alpha$ knows the past only. At frame 8 more than half of it is in the blank between the two e, from
# where the end cannot be reached any more; $\beta$ is 0 there. Together they know the whole path.
#
# </details>

# %% [markdown]
# ## 6 What the best path reads &nbsp; [5 points; 10 minutes]
#
# The network is trained, a new image comes, and nobody gives a label. What does it say? The quickest
# answer: take the most probable class at each frame. That is the most probable *path*, for a path's
# probability is a product with one factor for each frame. And then read it.
#
# | | `logp` | `blank` | result |
# |:--|:--|:--|:--|
# | shape | (T, K) | an id | a list of ids |
#
# You may call your `collapse`.
#
# **By hand.** In the example from the beginning the best path is a – b, and reads *ab*. In the
# figure it is – t – – e e e –, and reads *te*.


# %% solution="greedy_read"
def greedy_read(logp, blank=0):
    """The label that the most probable path reads.

    Parameters
    ----------
    logp : ndarray, shape (T, K)
        Logarithms of the classes' probabilities at each frame; may contain −inf.
    blank : int, default 0
        Id of the blank.

    Returns
    -------
    list of int
        The label.

    Examples
    --------
    >>> y_hat = np.array([[1, 2, 1], [2, 1, 1], [1, 1, 2]]) / 4
    >>> [int(k) for k in greedy_read(np.log(y_hat))]
    [1, 2]
    """
    ### BEGIN SOLUTION
    return collapse(logp.argmax(axis=1), blank)
    ### END SOLUTION


# %% test="greedy_read" points=5
check("greedy_read", greedy_read)

# %% [markdown]
# ## 7 The best label &nbsp; [15 points; 90 minutes]
#
# The best path is not always on the side of the best label. Take three frames and two classes, each
# time – with 0.6 and a with 0.4. The best path is – – –, with $0.6^3 = 0.216$, and reads nothing.
# But *a* has six paths, and together they have 0.688.
#
# To find the best label, build all labels from the front at once. A *prefix* is what a path has read
# so far. Whether the next a lengthens it or only goes on being the same a depends on how the path
# *ended*, so keep two sums for each prefix $v$:
#
# - $b(v)$: all paths so far that read $v$ and end in the blank;
# - $e(v)$: all paths so far that read $v$ and end in its last letter.
#
# At first there is the empty prefix alone, with $b = 1$ and $e = 0$: no path has said anything. At
# each frame, every prefix $v$ that was kept is continued in all ways, and makes contributions to
# the new sums $b'$ and $e'$:
#
# | what comes | contribution | to |
# |:--|:--|:--|
# | the blank | $\hat y_t(\text{blank}) \cdot (b(v) + e(v))$ | $b'(v)$ |
# | the last letter $k$ of $v$ again, after itself | $\hat y_t(k) \cdot e(v)$ | $e'(v)$: the same letter goes on |
# | the last letter $k$ of $v$ again, after a blank | $\hat y_t(k) \cdot b(v)$ | $e'(vk)$: it counts anew |
# | any other letter $k$ | $\hat y_t(k) \cdot (b(v) + e(v))$ | $e'(vk)$ |
#
# Several contributions may come to the *same* prefix, as to *ab* from *ab* and from *a*: they are
# **added**, those to $b'$ and those to $e'$ each by themselves. Only then are prefixes compared.
# There soon are too many, so the `width` ones with the largest total $b' + e'$ are kept, and all
# others are forgotten, with all their paths. The empty prefix is one like the others: it counts
# for the width, and may be forgotten. After the last frame, return the best prefix and the logarithm of
# its total.
#
# | | `logp` | `width` | `blank` | result: label, `log_probability` |
# |:--|:--|:--|:--|:--|
# | shape | (T, K) | a whole number, at least 1 | an id | a list of ids; a number |
#
# Use logarithms here too. There may be more than a thousand frames. No two totals are equal in the tests.
#
# **By hand.** The three frames of above, and a width that keeps all:
#
# | after frame | *nothing*: $b$ | *a*: $b$ | *a*: $e$ | *a*: total | *aa*: $e$ |
# |--:|--:|--:|--:|--:|--:|
# | 1 | 0.6 | 0 | 0.4 | 0.4 | 0 |
# | 2 | 0.36 | 0.6 · 0.4 = 0.24 | 0.4 · 0.4 + 0.4 · 0.6 = 0.40 | 0.64 | 0 |
# | 3 | 0.216 | 0.6 · 0.64 = 0.384 | 0.4 · 0.40 + 0.4 · 0.36 = 0.304 | **0.688** | 0.4 · 0.24 = 0.096 |
#
# In $e$ of *a* the first term is the a that goes on, the second the one that comes after nothing. The
# three totals of the last line make 1, for nothing was forgotten. So the answer is `[1]` and
# $\ln 0.688 = -0.3740$. With width 2 it is the same. With width 1 only *nothing* is kept after frame
# 1, where it is ahead; then 0.36 is against $0.4 \cdot 0.6 = 0.24$, and 0.216 against 0.144: the answer
# is `[]` and $\ln 0.216 = -1.5325$.
#
# <details>
# <summary>No idea where to begin?</summary>
#
# A prefix must be a key of a dict, so let it be a tuple: `()`, `(1,)`, `(1, 2)`. `(*v, k)` is $v$ with
# $k$ behind it. Keep `beam`, a dict from prefix to the pair $(\ln b, \ln e)$. For each frame
#
# 1. begin with empty dicts for the new sums; `sums.get(prefix, -np.inf)` is 0 for whoever is not
#    there yet;
# 2. go through the beam, and for each prefix through all classes; *add* each contribution by
#    `np.logaddexp`;
# 3. sort the prefixes by their totals (`sorted(…, key=…, reverse=True)`), and keep the first `width`.
#
# </details>
#
# > **In the margin.** The form with two sums is from Hannun, Maas, Jurafsky and Ng, 2014. They also
# > multiply by what a language model thinks of the prefix, which is where such a search pays most.


# %% solution="prefix_beam_search"
def prefix_beam_search(logp, width, blank=0):
    """The most probable label, looked for among the best prefixes, by the table above.

    Parameters
    ----------
    logp : ndarray, shape (T, K)
        Logarithms of the classes' probabilities at each frame; may contain −inf.
    width : int
        How many prefixes are kept after each frame, the empty one included.
    blank : int, default 0
        Id of the blank.

    Returns
    -------
    label : list of int
        The best prefix after the last frame.
    log_probability : float
        The logarithm of its total.

    Examples
    --------
    >>> logp = np.log(np.array([[0.6, 0.4]] * 3))
    >>> for width in (1, 2):
    ...     label, log_probability = prefix_beam_search(logp, width)
    ...     print(label, round(float(np.exp(log_probability)), 4))
    [] 0.216
    [1] 0.688
    """

    ### BEGIN SOLUTION
    def add(sums, prefix, term):
        sums[prefix] = np.logaddexp(sums.get(prefix, -np.inf), term)

    def total(sums):
        return np.logaddexp(*sums)

    beam = {(): (0.0, -np.inf)}  # prefix: ln b, ln e
    for log_y in logp:
        new_b, new_e = {}, {}
        for v, (b, e) in beam.items():
            add(new_b, v, np.logaddexp(b, e) + log_y[blank])
            for k in range(len(log_y)):
                if k == blank:
                    continue
                if v[-1:] == (k,):
                    add(new_e, v, e + log_y[k])
                    add(new_e, (*v, k), b + log_y[k])
                else:
                    add(new_e, (*v, k), np.logaddexp(b, e) + log_y[k])
        found = {v: (new_b.get(v, -np.inf), new_e.get(v, -np.inf)) for v in new_b | new_e}
        ranked = sorted(found.items(), key=lambda item: total(item[1]), reverse=True)
        beam = dict(ranked[:width])  # the best comes first
    best, sums = ranked[0]
    return list(best), total(sums)
    ### END SOLUTION


# %% test="prefix_beam_search" points=15
check("prefix_beam_search", prefix_beam_search)

# %% [markdown]
# ## 8 Three times why &nbsp; [5 points; 15 minutes]
#
# This one is read by a person. A few sentences for each question are enough.
#
# 1. **Why is there a blank?** Someone leaves it out: the classes are the letters alone, and only
#    rule 1 is left. Name a word that no path can read then, and say why. What would a path have to
#    say in a gap between two letters? And how many frames does a label of $L$ letters need at least
#    *with* the blank, if $d$ of them are the same as the letter before? (2 points)
# 2. **Why is the best path not always the best label?** Take two frames and the classes – and a, and let
#    the blank have the probability $x$ at both. For which $x$ is the best path on the side of the
#    worse label, and what is it about (1) that makes this possible? And show, for any frames
#    and classes: if the best path has a probability above ½, it does read the best label. (2 points)
# 3. **Why do the rows of `dlogits` sum to zero?** Give the reason by (11). And what would it mean for
#    the network if one did not? (1 point)

# %% [markdown] written="why_blank" points=5
# **Model answer.**
#
# 1. *letter*, or any word with a doubled letter. Without blanks, two equal letters in successive
#    places of a path are one by rule 1, and nothing else can stand between them that does not read
#    as a letter itself. In a gap the path would have to go on with the letter before, or begin with
#    the next one, though the image shows neither. (It could still read words without doubles.) With
#    the blank: $L$ frames for the letters, and one blank for each letter that equals the one before,
#    together $L + d$.
# 2. The best path is – – for $x > \tfrac12$. It is the only one that reads nothing, so the empty label has
#    $x^2$. The other three paths, a –, – a and a a, all read *a*, which has $1 - x^2$: more than $x^2$
#    if $x < \sqrt{1/2} = 0.707$. So for $0.5 < x < 0.707$ the best path reads nothing, and *a* is the
#    better label. By (1) the probability of a label is a sum over its paths, and the largest sum need
#    not contain the largest term: at $x = 0.6$ the three paths of *a* have 0.24, 0.24 and 0.16,
#    each less than 0.36, but 0.64 together. If the best path has more than ½, then so has the label
#    that it reads, as its sum contains that path; all labels together have 1, so every other has less
#    than ½.
# 3. $\hat y_t$ sums to 1 over the classes, as a softmax. So does $q_t$: each state belongs to one
#    class, $\sum_k q_t(k) = \sum_s \gamma_t(s)$, and that is 1 by (8). The difference sums to 0. Adding
#    the same number to all scores of a frame changes no probability, so no loss. If a row did not
#    sum to zero, a small step in that direction would change the loss: the gradient would be wrong,
#    and training would push all scores of a frame up or down together, for nothing.
#
# **Rubric.**
#
# - Question 1, 2 points: 1 for a word with a doubled letter *and* the reason by rule 1 (0.5 without
#   the reason); 0.5 for the gap, which must be given to a letter that is not there; 0.5 for $L + d$.
# - Question 2, 2 points: 1 for $0.5 < x < 0.707$ (0.5 for each end, with its reason); 0.5 for a sum
#   of many smaller terms against one larger; 0.5 for the proof (the label has at least what its
#   path has, and two labels cannot both have more than ½).
# - Question 3, 1 point: 0.5 for two distributions whose difference is taken, *with* why $q_t$ sums to
#   1; 0.5 for the shift of all scores that changes no probability. “They cancel” gives 0.

# %% [markdown]
# ## 9 How wrong is a reading? &nbsp; [5 points; 15 minutes]
#
# *pots* for *spot*: compared place by place, every letter is wrong. But it takes only two *edits*: put
# an s in front, and take the one at the end away. The *edit distance* is the least number of edits
# that turn what was predicted into the truth, and an edit takes a letter away, puts one in, or
# changes one. Let $D_{ij}$ be the distance between the first $i$ letters $a$ of the prediction and
# the first $j$ letters $c$ of the truth. Then
#
# $$D_{i0} = i, \qquad D_{0j} = j, \qquad
# D_{ij} = \min \bigl\{\; D_{i-1,\,j-1} + [\,a_i \ne c_j\,], \quad D_{i-1,\,j} + 1, \quad
# D_{i,\,j-1} + 1 \;\bigr\} \tag{12}$$
#
# and the *character error rate* is the distance of the whole, divided by the length of the truth. It
# may be above 1. If the truth is empty, let it be 0 if the prediction is empty too, and $\infty$
# otherwise.
#
# | | `predicted`, `truth` | result |
# |:--|:--|:--|
# | what | two strings, or lists or arrays (N,) of ids | a number |
#
# **By hand.** *pots* against *spot*:
#
# | $D_{ij}$ | | s | p | o | t |
# |:--|--:|--:|--:|--:|--:|
# | | 0 | 1 | 2 | 3 | 4 |
# | p | 1 | 1 | 1 | 2 | 3 |
# | o | 2 | 2 | 2 | 1 | 2 |
# | t | 3 | 3 | 3 | 2 | 1 |
# | s | 4 | 3 | 4 | 3 | **2** |
#
# The rate is $2/4 = 0.5$.


# %% solution="character_error_rate"
def character_error_rate(predicted, truth):
    """Edit distance, equation (12), divided by the length of the truth.

    Parameters
    ----------
    predicted : str, list or ndarray, shape (N,)
        What was read: letters or ids.
    truth : str, list or ndarray, shape (M,)
        What should have been read.

    Returns
    -------
    float
        Edits for each letter of the truth; if that is empty, 0 or inf.

    Examples
    --------
    >>> float(character_error_rate("pots", "spot")), float(character_error_rate([1, 2], [1, 2]))
    (0.5, 0.0)
    """
    ### BEGIN SOLUTION
    N, M = len(predicted), len(truth)
    if M == 0:
        return 0.0 if N == 0 else np.inf
    D = np.zeros((N + 1, M + 1))
    D[:, 0], D[0] = np.arange(N + 1), np.arange(M + 1)
    for i in range(1, N + 1):
        for j in range(1, M + 1):
            changed = D[i - 1, j - 1] + (predicted[i - 1] != truth[j - 1])
            D[i, j] = min(changed, D[i - 1, j] + 1, D[i, j - 1] + 1)  # (12)
    return D[N, M] / M
    ### END SOLUTION


# %% test="character_error_rate" points=5
check("character_error_rate", character_error_rate)

# %% [markdown]
# ## 10 Your functions learn to read &nbsp; [5 points; 30 minutes]
#
# All parts are there. `train_words` is given: it draws words, lets the network speak, calls your
# `ctc_loss_grad` for each of them, and sends what it returns back through the network, 800 times.
#
# - The words are random letters, 3 to 6 of ten, with doubles among them, in five fonts, on noisy
#   paper. A letter may touch the next one. The images are 32 rows high. Where a letter stands is told
#   to nobody.
# - A window of 12 columns moves over the image in steps of 3: about twenty frames. 48 *features* are
#   made of each window, $\max(0, F x_t + d)$, with the same weights everywhere: a convolution. 32 tanh
#   units read them from the left and 32 others from the right, and their states make the scores of 11
#   classes, the blank and the letters.
# - There are 16 new words for each update. The gradient is clipped, and *Adam* takes the step, at a
#   rate of 0.004.
#
# The first parameters and all words are always the same, so your reader comes out the same each
# time. Training takes about a quarter of a minute if your functions have loops over the frames only,
# and perhaps a minute if they also loop over the states; five minutes are allowed. From time to time
# it shows how your `greedy_read` reads a word.
#
# **What is asked.** A dict of trained parameters, as `train_words` returns it. It gets the points if
# it makes less than one error in ten letters, by the best path, on 300 words that it has not seen:
# all edits, divided by all letters. (A reader without a network, which cuts words into equal widths
# and compares each cut with the letters' mean images, makes about one in two.) There is no half here:
# it is all five points or none. (A slip may survive this test, for it asks only whether the network
# has learnt to read.)
#
# Do the checks of the two functions hold? Then put this line in the place of `# YOUR CODE HERE` and
# `raise NotImplementedError()`:
#
# ```python
# trained_recogniser = train_words(ctc_loss_grad, greedy_read)
# ```
#
# If your `ctc_loss_grad` fails on the way, the error says at which update. **Before you run it:** at
# update 0 all classes are nearly alike. What is the loss of a word of 4 letters, none doubled, in 20
# frames, if every path has the probability $11^{-20}$? (A label of $L$ letters without doubles has
# $\binom{T + L}{2L}$ paths.)

# %% solution="trained_recogniser"
trained_recogniser = None  # as long as nothing is trained
### BEGIN SOLUTION
trained_recogniser = train_words(ctc_loss_grad, greedy_read)
### END SOLUTION

# %% test="trained_recogniser" points=5
check("trained_recogniser", trained_recogniser)

# %% [markdown]
# <details>
# <summary>Answer</summary>
#
# $\binom{24}{8} = 735{,}471$ paths, so
# $L = 20 \ln 11 - \ln 735{,}471 = 47.96 - 13.51 = 34.45$. Your function says the same:
# `ctc_loss_grad(np.zeros((20, 11)), [1, 2, 3, 4])[0]`.
#
# </details>
#
# ### How it reads
#
# No points here. A second reader is trained for 100 updates only. Then both read 200 new words, by
# the best path and by beams, and the reader of equal widths reads them, too. Below, both look at the
# same word.
#
# **Before you run it:** a beam finds labels that the best path misses. Which of the two readers will
# gain more by it? And how many of the frames will the trained one fill with blanks?

# %%
# Two readers, and what they make of 200 new words


def log_probabilities(model, words):
    """ln ŷ (T, K) of each word."""
    scores = word_scores(model, words)
    return [o - np.logaddexp.reduce(o, axis=1, keepdims=True) for o in scores]


def error_rate(readings, words):
    """All edits, divided by all letters."""
    pairs = list(zip(readings, words.labels, strict=True))
    edits = sum(character_error_rate(read, label) * len(label) for read, label in pairs)
    return edits / sum(len(label) for _, label in pairs)


new_words = draw_words(np.random.default_rng(1), 200)
shown = 80  # which of them is in the figure
fig, axes = plt.subplots(2, 2, figsize=(11, 4.6), height_ratios=[1, 2])
try:
    readers = {
        "100 updates": train_words(ctc_loss_grad, updates=100, progress=lambda line: None),
        "800 updates": trained_recogniser,
    }
    for column, (name, model) in zip(axes.T, readers.items(), strict=True):
        logps = log_probabilities(model, new_words)
        rates = {"best path": error_rate([greedy_read(logp) for logp in logps], new_words)}
        for width in (3, 10):
            found = [prefix_beam_search(logp, width)[0] for logp in logps]
            rates[f"beam of {width}"] = error_rate(found, new_words)
        silent = np.mean(np.concatenate([logp.argmax(axis=1) == 0 for logp in logps]))
        told = ", ".join(f"{way} {rate:.3f}" for way, rate in rates.items())
        print(f"{name}: error rate by {told}; blank at {silent:.0%} of the frames")
        image = new_words.images[: new_words.lengths[shown], shown]
        draw_reading(column, image, np.exp(logps[shown]), "–" + TEN_LETTERS)
        column[1].set_xticks(range(1, len(logps[shown]) + 1, 3))
        read = word_vocabulary(TEN_LETTERS).decode(greedy_read(logps[shown]))
        column[0].set_title(f"{name}: the best path reads “{read}”")
    ruler = fit_fixed_width_reader(draw_words(np.random.default_rng(2), 1000))
    cut = read_fixed_width(ruler, new_words.images, new_words.lengths)
    print(f"cut into equal widths, without a network: error rate {error_rate(cut, new_words):.3f}")
    show(
        fig,
        alt="The word seep, twice. Below it, after 100 updates, spikes in which e and o, or s and e, "
        "share a frame; after 800, one clear spike for each letter, with the blank at 1 between.",
    )
except Exception as error:  # nothing is trained yet, or a function is not written, or not right
    plt.close(fig)
    print(
        "Nothing to read yet: it needs a trained recogniser and your functions of exercises 5, 6, "
        f"7 and 9 ({type(error).__name__}).\nRun this cell again when their checks hold."
    )

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# After 100 updates the network is often undecided, and the probability of a label is spread over
# many paths: a beam mends about one error in eight (0.275 by the best path, 0.239 by a beam of 10).
# In *seep*, frame 2 may be s or e. The e is a little ahead, so the best path takes it, and reads an e
# too many; but all paths in which the s goes on, or a blank comes, together are ahead of it.
#
# After 800 updates there are nine errors in a thousand letters, the same by both ways. The network
# names one class with more than 0.9 at 95 of 100 frames, so that next to nothing is left to search
# for. That is how CTC mostly ends: one spike for each letter, somewhere within it, and blanks in
# about 70 of 100 frames. (In speech, where sounds are ambiguous and a language model helps, beams
# go on to pay.)
#
# A spike says *that* there is a letter. It does not say where the letter begins and ends.
#
# </details>
#
# ### Twenty-six letters
#
# The course's words have ten letters so that grading is quick. Nothing in your functions knows how
# many there are. Set `updates` to 2400 and run the cell: it trains a reader of the whole alphabet, with
# three times as many updates as before. Set it back to 0 before you hand in. **Before you run
# it:** which letters will be taken for each other?

# %%
updates = 0

if updates:
    reader = train_words(ctc_loss_grad, greedy_read, letters=ascii_lowercase, updates=updates)
    words = draw_words(np.random.default_rng(1), 200, letters=ascii_lowercase)
    readings = [greedy_read(logp) for logp in log_probabilities(reader, words)]
    print(f"error rate {error_rate(readings, words):.3f} on 200 new words; misread are")
    decode = word_vocabulary(ascii_lowercase).decode
    for read, label in zip(readings, words.labels, strict=True):
        if list(read) != list(label):
            print(f"{decode(label):>8} as {decode(read)}")

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# With us it made 28 errors in a thousand letters. (In another version of NumPy or Matplotlib it may
# be a few more or less.) Three times an *h* was taken for an *l*, which is its left half, once a *q*
# for a *g*; other letters were left out, or read where there was none. After 800 updates the
# loss is still several times that of ten letters: more classes, and fewer examples of each.
#
# </details>

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart Kernel and Run All Cells* once more. If the run stops at a red cell, that cell
# raises an error: mend it, or leave it as it was given; the cells below it can still be run one
# by one. Save, and hand in this file.
#
# You began this course with one unit that sums four numbers, and end it with a network that reads,
# through a loss that is a sum again: over all alignments of a word. Nearly all that lies between, there
# and back through time, you have written yourself.
