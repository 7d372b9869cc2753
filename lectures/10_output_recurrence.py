# %% [markdown]
# # Output recurrence and teacher forcing
#
# In the networks so far the hidden state goes round the loop; in lecture 9's decoder the output does
# so, too. Here the *output* goes round, and nothing else. That makes a network with a poor memory, but it can be
# trained as if time did not exist, if a teacher helps. In this lecture you derive it, find out what it
# cannot hold, measure what the teacher saves, and see what happens on the day the teacher leaves.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | run, derive and train such a network, with a teacher and without | output recurrence, forced and free-running | `output_rnn`, `forced_gradients`, `free_running_gradients` |
# | keep an architecture and a way to train apart | two things with one name | – |
# | say what it cannot do, and under which conditions | a memory that is on show | – |
# | recognise when a forced network will fail on its own, and what helps | forced training, free running | – |
#
# **Time:** 40 minutes to read, 60 with all predictions and trials. **You need:** lecture 3, and BPTT from lecture 5.
# **It prepares**
# [problem set 6, architectures](../assignments/ps6_architectures/ps6_architectures.ipynb), exercises 1 to 4.
#
# **Shape ledger.** Matrices are (to, from).
#
# | Symbol | Shape | Meaning |
# |---|---|---|
# | $T, B, D, H, K$ | numbers | steps, sequences, inputs, hidden units, outputs |
# | $x_t$; $z_t$, $h_t$ | (D,); (H,) | input; hidden units before and after tanh |
# | $y_t$, $y^*_t$ | (K,) | output and target of step $t$ |
# | $\tilde y_t$ | (K,) | what the network is *fed* after step $t$: its output, or the target |
# | $U$, $V$ | (H, D), (K, H) | input → hidden, hidden → output |
# | $R$ | (H, K) | output of the step before → hidden |
# | $b$, $c$ | (H,), (K,) | biases of hidden units and outputs |
# | $\bar a$, in code `da` | as $a$ | $\partial L/\partial a$ by all paths; $\mathrm{d}y_t$ is what the loss of step $t$ alone sends |
#
# *Notation.* D3 draws this network without formulas and asks for them. Its $o_t$ is our $y_t$: the
# outputs here are linear, so scores and outputs are the same.
#
# ## 1 What goes round the loop
#
# D3's picture has an arrow from each output to the hidden units of the next step, and none from hidden
# units to hidden units. As equations:
#
# $$z_t = U x_t + R\,\tilde y_{t-1} + b, \qquad h_t = \tanh(z_t) \tag{1}$$
# $$y_t = V h_t + c \tag{2}$$
# $$\tilde y_t = \begin{cases} y_t & \text{free-running: the network's own output} \\
#   y^*_t & \text{forced: the target, whatever the network said} \end{cases} \tag{3}$$
#
# and $\tilde y_0 = y_0$ is given. While we train, targets are known, and a *teacher* can feed them:
# this is *teacher forcing*, as in lecture 9's decoder. When the network is used, there are none, and it must run freely. So D3 draws
# it twice, for train time and for test time. As in lecture 3, the code draws itself.
#
# **Predict.** In which of the two pictures is there a way from $x_1$ to $y_3$?

# %%
# Set-up
import json
import time
from functools import cache as remember
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from rnnref import (
    OutputRNNParams,
    check_gradient,
    dense_layer,
    fit,
    init_output_rnn,
    init_rnn,
    mse,
    output_rnn_backward,
    output_rnn_forward,
    rnn_forward,
    rnn_layer,
    stack,
)
from rnnref.course.graphs import draw_unrolled
from rnnref.course.plots import COLOURS, heatmap, show, timeline
from rnnref.course.tasks import Vocabulary, draw_parity, noisy_sines, parity
from rnnref.course.trace import Traced, links


# %%
# Train time and test time
def watch(T, forced):
    """Arrows of a network with one unit, from its own run."""
    u, r, v = Traced(0.8, "U"), Traced(-1.2, "R"), Traced(0.9, "V")
    fed, outputs = Traced(0.5, "y", 0), []
    for t in range(1, T + 1):
        h = np.tanh(u * Traced(1.0, "x", t) + r * fed).rename("h", t)  # (1)
        outputs.append((v * h).rename("y", t))  # (2)
        fed = Traced(-0.3, "y^*", t) if forced else outputs[-1]  # (3)
    return links(*outputs)


fig, axes = plt.subplots(1, 2, figsize=(9, 5), sharex=True, sharey=True)
draw_unrolled(axes[0], watch(3, True), rows=("x", "h", "y", "y^*"))
draw_unrolled(axes[1], watch(3, False), rows=("x", "h", "y", "y^*"))
axes[0].set_title("train time, forced")
axes[1].set_title("test time, free-running")
show(
    fig,
    alt="Two unrolled graphs of three steps with rows x, h and y. Forced, the arrows R come from a "
    "row of targets and no arrow leads from one step's h or y to the next. Free-running, the arrows "
    "R lead from each y to the next h.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only at test time: $x_1 \to h_1 \to y_1 \to h_2 \to y_2 \to h_3 \to y_3$. At train time every arrow
# that enters a step starts at something *given*. The steps have nothing to do with each other.
#
# </details>
#
# Let us count, for a computer has to go along these arrows one by one.
#
# **Predict.** How long is the longest way through each graph for $T$ = 3, 30 and 60?


# %%
# The longest way through the graph
def longest(arrows):
    """Number of arrows on the longest way."""
    into = {}
    for link in arrows:
        into.setdefault(link.target, []).append(link.source)

    @remember
    def depth(node):
        return max((1 + depth(source) for source in into.get(node, [])), default=0)

    return max(depth(node) for node in into)


for T in (3, 30, 60):
    print(f"T = {T:2}: forced {longest(watch(T, True))}, free-running {longest(watch(T, False))}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Two when forced, for any $T$: in, and out. $2\,T$ when free-running. Section 4 turns this into time.
#
# </details>
#
# ### A memory that is on show
#
# What can such a network do? Here is one made by hand for *parity*: after every bit, was the number of
# ones so far odd? Two hidden units and one output do it. The first says whether
# $x_t + \tilde y_{t-1}$ is more than ½, the second whether it is more than 1½:
#
# $$h_{t} = \tanh\!\left( g \begin{bmatrix} x_t + \tilde y_{t-1} - \tfrac12 \\
#   x_t + \tilde y_{t-1} - \tfrac32 \end{bmatrix} \right), \qquad
#   y_t = \tfrac12\,(h_{t,1} - h_{t,2}), \qquad g = 40. \tag{4}$$
#
# **Predict.** It has seen a thousand bits, freely running. How many of its answers are right?

# %%
# Parity, by hand
g = 40.0
by_hand = OutputRNNParams(
    U=np.full((2, 1), g),
    R=np.full((2, 1), g),
    V=np.array([[0.5, -0.5]]),
    b=np.array([-g / 2, -3 * g / 2]),
    c=np.zeros(1),
)
x, target = parity(np.random.default_rng(0), T=1000, B=100)
y, _, _ = output_rnn_forward(by_hand, x)
print("right answers:", f"{np.mean((y > 0.5) == (target > 0.5)):.4f}")
forced, _, _ = output_rnn_forward(by_hand, x, targets=target)
print(f"forced against free-running: largest difference {np.abs(forced - y).max():.0e}")

fig, ax = plt.subplots(figsize=(8, 2))
draw_parity(ax, x[:20], (y[:20] > 0.5).astype(float))
ax.set_title("the first twenty bits; the outputs are equal to the targets", pad=8)
show(
    fig,
    alt="Twenty bits in a row of cells, the outputs below: the output changes between 0 and 1 at "
    "every bit that is 1.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# All. Parity needs one bit of memory, and that bit *is* the last answer. Since the right answer and the
# own answer are the same here, forcing changes nothing.
#
# </details>
#
# Keep this in mind: the network remembers exactly what it shows. In parity that is all there is to
# remember.
#
# **Try it.** Set `g = 2.0`. (The outputs are no longer 0 and 1, the small errors are fed back, and
# forced and free-running part.)
#
# ## 2 Backwards, twice
#
# We send gradients against the arrows of the two pictures. **Free-running,** two arrows leave $y_t$:
# to the loss of its step, and by $R$ to $z_{t+1}$. One leaves $h_t$, by $V$ to $y_t$:
#
# $$\bar y_t = \mathrm{d}y_t + R^\top \bar z_{t+1}, \qquad \bar z_{T+1} = 0 \tag{5}$$
# $$\bar z_t = V^\top \bar y_t \ast (1 - h_t^2) \tag{6}$$
#
# **Forced,** the arrow from $y_t$ to the next step is not there. The target stands in its place, and a
# target depends on no parameter:
#
# $$\bar y_t = \mathrm{d}y_t \tag{7}$$
#
# with (6) as before. In both, the shared weights add up their uses; only what was fed differs:
#
# $$\bar U = \sum_t \bar z_t\,x_t^\top, \quad \bar R = \sum_t \bar z_t\,\tilde y_{t-1}^\top, \quad
#   \bar V = \sum_t \bar y_t\,h_t^\top, \quad \bar b = \sum_t \bar z_t, \quad
#   \bar c = \sum_t \bar y_t. \tag{8}$$
#
# We check every line without backpropagation. Add a small *imaginary* number $i\varepsilon$ to one
# $z_{t,j}$ in a run of (1) to (3): then $\operatorname{Im} L / \varepsilon$ is $\bar z_{t,j}$, with no
# difference taken and so no digit lost. The program below has a $W$, too, for section 3; it is 0 for
# now.


# %%
# Bars without backpropagation
D, H, K, T = 2, 4, 3, 6
rng = np.random.default_rng(1)
params = init_output_rnn(rng, D, H, K)._replace(R=0.6 * rng.normal(size=(H, K)))
x, target, y_0 = (rng.normal(size=shape) for shape in ((T, D), (T, K), K))
eps, nowhere = 1e-30, np.zeros((H, H))


def losses(forced, W=nowhere, nudge_z=0.0, nudge_y=0.0):
    """L_t = ½ ‖y_t − y*_t‖² of every step, after nudges to all z_t and y_t; and the run."""
    U, R, V, b, c = params
    h, fed, run = np.zeros(H), y_0, []
    nudge_z, nudge_y = np.zeros((T, H)) + nudge_z, np.zeros((T, K)) + nudge_y
    for t in range(T):
        h = np.tanh(U @ x[t] + R @ fed + W @ h + b + nudge_z[t])  # (1)
        y = V @ h + c + nudge_y[t]  # (2)
        run.append((0.5 * ((y - target[t]) ** 2).sum(), h, y, fed))
        fed = target[t] if forced else y  # (3)
    return [np.array(part) for part in zip(*run, strict=True)]


def bars(forced):
    """z̄ (T, H) and ȳ (T, K) by imaginary nudges."""
    one_by_one = [1j * eps * unit.reshape(T, -1) for unit in np.eye(T * H)]
    z_bar = [losses(forced, nudge_z=nudge)[0].sum().imag / eps for nudge in one_by_one]
    one_by_one = [1j * eps * unit.reshape(T, -1) for unit in np.eye(T * K)]
    y_bar = [losses(forced, nudge_y=nudge)[0].sum().imag / eps for nudge in one_by_one]
    return np.reshape(z_bar, (T, H)), np.reshape(y_bar, (T, K))


# %%
# Every line against the bars
U, R, V, b, c = params
for forced, name in ((False, "free-running"), (True, "forced")):
    z_bar, y_bar = bars(forced)
    _, h, y, fed = losses(forced)
    z_next = np.vstack([z_bar[1:], np.zeros(H)])  # z̄_2 … z̄_{T+1}
    back = 0 if forced else z_next @ R  # as rows: Rᵀ z̄_{t+1}
    told = target[:, None] if forced else None  # B = 1
    _, _, cache = output_rnn_forward(params, x[:, None], y_0[None], targets=told)
    _, _, reference = output_rnn_backward((y - target)[:, None], cache)
    sums = z_bar.T @ x, z_bar.T @ fed, y_bar.T @ h, z_bar.sum(axis=0), y_bar.sum(axis=0)  # (8)
    gaps = {"(7) y" if forced else "(5) y": y_bar - (y - target) - back}
    gaps["(6) z"] = z_bar - (y_bar @ V) * (1 - h**2)
    gaps |= {f"(8) {n}": s - r for n, s, r in zip("URVbc", sums, reference, strict=True)}
    worst = {line: np.abs(gap).max() for line, gap in gaps.items()}
    print(f"{name:12}:", ", ".join(f"{line} {gap:.0e}" for line, gap in worst.items()))

# %% [markdown]
# Two slips are common, one for each mode: to go back through a target, as if it had been an output,
# and to forget the way back through an output.
#
# **Predict.** Which of the five gradients does each slip spoil? `check_gradient` compares with
# differences of the loss and names the arrays that are wrong.


# %%
# Two slips
batch = rng.normal(size=(T, 5, D)), rng.normal(size=(T, 5, K))  # B = 5


def half_squares(forced):
    """The loss as a function of the parameters, with or without a teacher."""
    x, target = batch

    def loss(params):
        y, _, _ = output_rnn_forward(params, x, targets=target if forced else None)
        return 0.5 * ((y - target) ** 2).sum()

    return loss


for forced in (True, False):
    name = "forced" if forced else "free-running"
    y, _, cache = output_rnn_forward(params, batch[0], targets=batch[1] if forced else None)
    _, _, right = output_rnn_backward(y - batch[1], cache)
    error = check_gradient(half_squares(forced), params, right, rng=rng).error
    print(f"{name}: right, relative error {error:.0e}")
    _, _, slip = output_rnn_backward(y - batch[1], cache._replace(forced=not forced))
    try:
        check_gradient(half_squares(forced), params, slip, rng=rng)
    except AssertionError as message:
        wrong = [n for n in OutputRNNParams._fields if f"params.{n}:" in str(message)]
        print(f"{name}: the other mode's sweep has wrong", *wrong)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Forced, with a gradient through the targets: $\bar U, \bar R, \bar b$ are wrong, and also $\bar V$ and
# $\bar c$, which are sums of $\bar y_t$. The same five free-running, with the way back forgotten. In
# lecture 5 a slip in time left $\bar V$ untouched; here $V$ is a part of the loop.
#
# </details>
#
# Put (5) into (6) and compare with lecture 5's $\bar z_t = (V^\top \bar o_t + W^\top \bar z_{t+1}) \ast (1 - h_t^2)$:
#
# $$\bar z_t = \bigl( V^\top \mathrm{d}y_t + (R V)^\top \bar z_{t+1} \bigr) \ast (1 - h_t^2). \tag{9}$$
#
# From step to step stands $R V$ where the hidden recurrence has $W$. All that lecture 7 said about
# products of Jacobians holds, with $R V$ for $W$. Forced, there is no product at all: nothing vanishes
# and nothing explodes.
#
# ## 3 Two things with one name
#
# > **Note on the slides.** D3 titles its slides "Output recurrence (or Teacher forcing)". These are two
# > things. *Output recurrence* says where the arrows are: an **architecture**. *Teacher forcing* says
# > what is fed while training: a **way to train**. Each can be had without the other.
#
# | | fed: the target (forced) | fed: the own output (free-running) |
# |---|---|---|
# | **from output only**, $W = 0$ | no way between steps | gradients pass $R V$ |
# | **hidden recurrence as well**, $W \ne 0$ | gradients pass $W$ | gradients pass $W$ and $R V$ |
#
# The idea to feed outputs back is Jordan's (1986), the hidden recurrence with its context is Elman's
# (1990), and teacher forcing has its name from Williams and Zipser (1989), who used it for networks with
# hidden recurrence.
#
# **Predict.** Nudge $z_t$ and look at which losses $L_s$ change. In which of the four cases is the table
# of $\partial L_s/\partial z_t$ diagonal?


# %%
# Who is blamed for what
def blame(forced, W):
    """Norms of ∂L_s/∂z_t: row t, column s."""
    nudges = [1j * eps * unit.reshape(T, H) for unit in np.eye(T * H)]
    table = [losses(forced, W=W, nudge_z=nudge)[0].imag / eps for nudge in nudges]
    return np.linalg.norm(np.reshape(table, (T, H, T)), axis=1)


fig, axes = plt.subplots(2, 2, figsize=(8.4, 7.4))
W = 0.6 * rng.normal(size=(H, H))
cases = [(matrix, forced) for matrix in (nowhere, W) for forced in (True, False)]
for ax, (matrix, forced) in zip(axes.flat, cases, strict=True):
    table = blame(forced, matrix)
    name = "from output only" if matrix is nowhere else "hidden as well"
    name += ", forced" if forced else ", free-running"
    heatmap(ax, table, title=name, limit=2)
    for text, entry in zip(ax.texts, table.flat, strict=True):
        text.set_visible(entry != 0)  # an exact zero stays blank
    ax.set(xlabel="loss of step $s$", ylabel="$z$ of step $t$")
    print(f"{name:30}: {np.count_nonzero(np.triu(table, 1)):2} entries off the diagonal")
show(
    fig,
    alt="Four 6 × 6 tables, blank where an entry is exactly 0. From output only and forced: nothing "
    "but the diagonal. The other three: the upper triangle is filled, and fades to the right.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# In one: output recurrence *and* teacher forcing. With a hidden recurrence, forced training is still
# BPTT. Without forcing, output recurrence is still BPTT.
#
# </details>
#
# You have trained with a teacher before. The language model of lecture 6 read a *given* text and was
# asked for the next character, which it then read, whatever it had said. When it wrote, it read its own
# characters. Its loop was hidden, its training forced.

# %%
# Lecture 6 was forced
letters = Vocabulary("helo")
read, say = letters.encode("hell")[:, None], letters.encode("ello")[:, None]
print("what is read at step t + 1 is the target of step t:", bool((read[1:] == say[:-1]).all()))

# %% [markdown]
# ## 4 Why training is simple, and parallel
#
# D3 gives two reasons to study such a network: training is very simple, and it can be made completely
# parallel. Both come from the diagonal table. Forced, (1) and (2) are a feed-forward network with one
# hidden layer, from the pair $(x_t, y^*_{t-1})$ to $y_t$; the $T \cdot B$ steps of a minibatch are just
# $T \cdot B$ examples.
#
# **Predict.** Tear a minibatch into single steps, shuffle them as if they were playing cards, and lay
# them out as *one* step of $T \cdot B$ sequences. What is the gradient?

# %%
# Time forgotten
T, B, D, H, K = 50, 8, 4, 16, 4
rng = np.random.default_rng(2)
params = init_output_rnn(rng, D, H, K)
x, target, y_0 = (rng.normal(size=shape) for shape in ((T, B, D), (T, B, K), (B, K)))
y, _, cache = output_rnn_forward(params, x, y_0, targets=target)
_, _, whole = output_rnn_backward(y - target, cache)

fed = np.concatenate([y_0[None], target[:-1]])  # ỹ_0 … ỹ_{T−1}
cards = rng.permutation(T * B)
x_1, fed_0, target_1 = (a.reshape(T * B, -1)[cards] for a in (x, fed, target))
y_1, _, cache = output_rnn_forward(params, x_1[None], fed_0)  # T = 1: nothing is fed back
_, _, shuffled = output_rnn_backward(y_1 - target_1[None], cache)
for name, one, other in zip(OutputRNNParams._fields, whole, shuffled, strict=True):
    print(f"gradient of {name}: largest difference {np.abs(one - other).max():.0e}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The same, up to rounding. A forced network never learns that there is time.
#
# </details>
#
# So the loop over $t$ can go. Here is the forced gradient once more, with a loop that nobody needs; the
# reference has no loop over $t$ and works with one product for all steps.


# %%
# The loop that nobody needs
def step_by_step(params, x, y_0, target):
    """The forced gradient of ½ Σ ‖y_t − y*_t‖², one step after the other."""
    U, R, V, b, c = params
    fed, total = y_0, [np.zeros_like(p) for p in params]
    for x_t, target_t in zip(x, target, strict=True):
        h = np.tanh(x_t @ U.T + fed @ R.T + b)
        dy = h @ V.T + c - target_t  # (7)
        dz = dy @ V * (1 - h**2)  # (6)
        step = dz.T @ x_t, dz.T @ fed, dy.T @ h, dz.sum(axis=0), dy.sum(axis=0)
        total = [d + more for d, more in zip(total, step, strict=True)]  # (8)
        fed = target_t
    return OutputRNNParams(*total)


def in_one_product(params, x, y_0, target):
    """The same, all steps at once."""
    y, _, cache = output_rnn_forward(params, x, y_0, targets=target)
    return output_rnn_backward(y - target, cache)[2]


gaps = zip(
    step_by_step(params, x, y_0, target), in_one_product(params, x, y_0, target), strict=True
)
print(f"the two gradients: largest difference {max(np.abs(a - b).max() for a, b in gaps):.0e}")
for T in (20, 200, 2000):
    x, target, seconds = rng.normal(size=(T, 1, D)), rng.normal(size=(T, 1, K)), {}
    for way in (step_by_step, in_one_product):
        runs = []
        for _ in range(5):
            began = time.process_time()
            way(params, x, y_0[:1], target)
            runs.append(time.process_time() - began)
        seconds[way] = min(runs)
    ratio = seconds[step_by_step] / seconds[in_one_product]
    print(f"T = {T:4}, one sequence: the loop takes {ratio:.0f} times as long, here and now")

# %% [markdown]
# On one core the gain is that of lecture 5's minibatches: a few large products instead of many small
# ones. The careful measurement, with 64 hidden units, takes turns between four ways
# (`python -m experiments.output_recurrence_speed`), one of them the hidden recurrence of lecture 3.
#
# **Predict.** With 32 sequences side by side, is the gain larger or smaller than with one?

# %%
# Training time against T
stored = json.loads(
    Path("../experiments/results/output_recurrence_speed.json").read_text(encoding="utf-8")
)
looks = {
    "hidden recurrence": (COLOURS.state, "s", "-"),
    "free-running": (COLOURS.accent, "D", "--"),
    "forced, step by step": (COLOURS.neutral, "^", ":"),
    "forced, one product": (COLOURS.output, "o", "-"),
}
fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
for ax, B in zip(axes, (1, 32), strict=True):
    rows = [row for row in stored if row["B"] == B]
    lengths = [row["T"] for row in rows]
    for way, (colour, mark, line) in looks.items():
        times = [1e3 * row[way] for row in rows]
        ax.plot(lengths, times, marker=mark, ls=line, color=colour, label=way)
    ax.set(xscale="log", yscale="log", xlabel="steps $T$", title=f"minibatch of {B}")
    for row in (rows[0], rows[-1]):
        ratio = row["free-running"] / row["forced, one product"]
        print(
            f"B = {B:2}, T = {row['T']:4}: free-running takes {ratio:.1f} times as long as forced"
        )
axes[0].set_ylabel("processor time, ms")
axes[0].legend()
show(
    fig,
    alt="Time of forward and backward pass against T on logarithmic axes, for one sequence and for "
    "32. For one sequence the three ways with a loop lie close together, and forced in one product "
    "far below them. For 32 there is little between them, but the hidden recurrence is slower.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Much smaller: on one core there is hardly any. With 32 sequences each step's product is already worth
# its while, and in the end the same numbers must be multiplied. (The hidden recurrence multiplies more
# of them: $W$ has $H^2$ weights, $R$ only $H K$.)
#
# </details>
#
# So mind what "parallel" means. On one core it saves the cost of many small steps, and that is much for
# one long sequence and little for a wide minibatch. What many processors would save one core cannot
# show; what they *may* save is the count of section 1: the work of all forced steps can be shared out,
# a chain of $2\,T$ arrows cannot.
#
# The teacher helps only while training. At test time there is a loop again, and a network that names
# one output after the other can only be as fast as its longest way.
#
# ## 5 What it cannot hold
#
# D3 says that these networks are *strictly less powerful* than those with a hidden recurrence: the
# outputs would have to hold all that matters about the past, and they are trained to match the targets.
# The claim deserves a fair trial: two tasks with the same inputs, that need the same memory, and differ
# in nothing but what is to be *shown*.
#
# Pulses of +1 and −1 arrive at random steps. At the last step comes a question: which was the last
# pulse? In the task **shown** the target is the last pulse, at every step. In the task **asked** it is 0
# at every step but the last. (Remember lecture 3's switch.)


# %%
# Two tasks, one memory
def pulses(rng, T, B, *, shown):
    """Inputs (T, B, 2): pulses, and the question at the last step; targets (T, B, 1)."""
    x, sign = np.zeros((T, B, 2)), rng.choice([-1.0, 1.0], (T, B))
    arrives = rng.random((T, B)) < 0.2
    arrives[0], arrives[-1] = True, False
    x[..., 0], x[-1, :, 1] = sign * arrives, 1
    latest = np.maximum.accumulate(np.where(arrives, np.arange(T)[:, None], 0))
    y = np.take_along_axis(sign, latest, axis=0)[..., None]
    if not shown:
        y[:-1] = 0
    return x, y


T = 12
x, _ = pulses(np.random.default_rng(2), T, 1, shown=True)
fig, axes = plt.subplots(1, 2, figsize=(9, 2.8), sharey=True)
for ax, shown in zip(axes, (True, False), strict=True):
    _, y = pulses(np.random.default_rng(2), T, 1, shown=shown)
    ax.bar(range(1, T + 1), x[:, 0, 0], width=0.35, color=COLOURS.input, label="pulse")
    timeline(ax, y[:, 0, 0], label="target", colour=COLOURS.output)
    ax.text(T, -1.3, "?", ha="center", weight="bold")
    ax.set(title="shown" if shown else "asked", ylim=(-1.5, 1.5))
axes[0].set_ylabel("value")
axes[0].legend(loc="center right", fontsize=9)
show(
    fig,
    alt="The same pulses twice. Left the target follows the last pulse at all steps; right it is 0 "
    "until the last step, where it is the last pulse.",
)

# %% [markdown]
# For a *forced* network the task asked is hopeless, and one can see it without training. At the
# question every sequence brings the same input, (0, 1), and the teacher feeds the same target, 0. By
# (1) and (2) the output is *one number*, for all sequences, whatever $U, R, V$ are and however many
# hidden units there are. The best such number is 0, with an error of 1.

# %%
# One answer for all
x, y = pulses(np.random.default_rng(1), T, 1000, shown=False)
for H in (4, 40, 400):
    anyone = init_output_rnn(np.random.default_rng(H), 2, H, 1)
    answers, _, _ = output_rnn_forward(anyone, x, targets=y)
    print(
        f"H = {H:3}, forced: answers to 1000 questions differ by at most {np.ptp(answers[-1]):.0e}"
    )

# %% [markdown]
# **Predict.** What will a hidden recurrence make of the task asked? And output recurrence that is
# trained free-running, with gradients through its outputs? We also give one network a *second output*,
# which has no target and may show what it likes.


# %%
# Four networks, two tasks
def tasks_loss(net, params, batch):
    """Squared error of the first output, and gradients; `net` is a layer or a mode."""
    x, y = batch
    if net in ("forced", "free"):
        out, _, cache = output_rnn_forward(params, x, targets=y if net == "forced" else None)
    else:
        out, _, cache = net.forward(params, x)
    loss, dy = mse(out[..., :1].copy(), y, reduction="mean")
    dy = np.concatenate([dy, np.zeros_like(out[..., 1:])], axis=-1)  # others have no target
    back = output_rnn_backward if net in ("forced", "free") else net.backward
    return loss, back(dy, cache)[2]


def hold(name, shown, seed, updates=400):
    """Outputs (T, 500) of a trained network on new sequences, free-running, with the answers."""
    rng, H = np.random.default_rng(seed), 16
    hidden = stack(rnn_layer(2, H), dense_layer(H, 1))
    net, K = {"hidden": (hidden, 1), "one more": ("free", 2)}.get(name, (name, 1))
    start = hidden.init(rng) if name == "hidden" else init_output_rnn(rng, 2, H, K)
    batches = iter(lambda: pulses(rng, T, 32, shown=shown), None)
    how = {"updates": updates, "lr": 0.01, "clip": 1.0, "progress": False}
    params = fit(lambda p, batch: tasks_loss(net, p, batch), start, batches, **how).last
    x, y = pulses(np.random.default_rng(99), T, 500, shown=shown)
    out = hidden.forward(params, x)[0] if name == "hidden" else output_rnn_forward(params, x)[0]
    return out[..., 0], y[-1, :, 0]


# %%
# The task it cannot do
trials = [("forced", True), *((name, False) for name in ("hidden", "forced", "free", "one more"))]
titles = ("output, forced", "hidden", "output, forced", "output, free", "one output more")
fig, axes = plt.subplots(1, 5, figsize=(12, 3.2), sharey=True)
for ax, (name, shown), title in zip(axes, trials, titles, strict=True):
    runs = [hold(name, shown, seed) for seed in range(3)]
    shares = [np.mean(np.sign(out[-1]) == answer) for out, answer in runs]
    for out, answer in runs:
        for sign, colour, mark in ((1, COLOURS.state, "^"), (-1, COLOURS.input, "v")):
            middle = out[:, answer == sign].mean(axis=1)
            ax.plot(range(1, T + 1), middle, color=colour, marker=mark, ms=4, alpha=0.7)
    ax.set(title=f"{'shown' if shown else 'asked'}:\n{title}", xlabel="step $t$", xticks=(1, 6, 12))
    print(f"{'shown' if shown else 'asked'}, {title:15}: right", *(f"{s:.2f}" for s in shares))
axes[0].set(ylabel="mean output", ylim=(-1.3, 1.3))
axes[0].text(2, 1.05, "▲ last pulse +1", color=COLOURS.state, fontsize=9)
axes[0].text(2, -1.2, "▼ last pulse −1", color=COLOURS.input, fontsize=9)
show(
    fig,
    alt="Mean outputs over twelve steps, for sequences whose last pulse is +1 and −1, three seeds. "
    "Shown and forced: the two lines part and reach ±1. Asked: hidden recurrence and the network "
    "with one output more stay at 0 and part at the question; forced, both lines end at 0.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The hidden recurrence has no trouble. Forced, output recurrence guesses, and the spread of its
# answers is 0 to the last digit. Free-running it hardly does better, although its outputs *could* carry
# a trace of the pulse. With one free output it is right.
#
# </details>
#
# The full experiment trains ten times as long, with eight seeds (`python -m experiments.output_recurrence`,
# a quarter of an hour).

# %%
# Eight seeds
results = json.loads(
    Path("../experiments/results/output_recurrence.json").read_text(encoding="utf-8")
)
fig, ax = plt.subplots(figsize=(8.5, 3.4))
names = [row["network"] for row in results["pulses"] if row["task"] == "shown"]
for row in results["pulses"]:
    shown, place = row["task"] == "shown", names.index(row["network"])
    look = (
        {"marker": "o", "color": COLOURS.output}
        if shown
        else {"marker": "s", "color": COLOURS.state}
    )
    at = place + (-0.22 if shown else 0.22) + 0.03 * (np.arange(8) - 3.5)
    ax.plot(
        row["right"], at, ls="", ms=6, alpha=0.7, label=row["task"] if place == 0 else None, **look
    )
    right = np.array(row["right"])
    print(f"{row['task']}, {row['network']:41}: {np.sum(right >= 0.99)} of 8 seeds learnt it")
    if row["network"].endswith("free") and not shown:
        trace = [f"{size:.2f}" for size in np.array(row["before"])[right >= 0.99]]
        print("  and these show a trace of the pulse before the question:", *trace)
ax.axvline(0.5, color=COLOURS.neutral, ls=":")
ax.set_yticks(range(len(names)), names)
ax.set(xlabel="right answers to the question", xlim=(0.45, 1.03), ylim=(3.6, -0.6))
ax.legend(loc="center", bbox_to_anchor=(0.4, 0.5))
show(
    fig,
    alt="Right answers of eight seeds for four networks and two tasks. In the task shown all are at "
    "1. In the task asked the hidden recurrence and the network with one output more are at 1, "
    "forced output recurrence is at one half, free-running in between.",
)

# %% [markdown]
# ### A trace in the last digits
#
# Is it *impossible* for one output? For outputs that equal their targets it is: two histories with
# equal outputs are the same history from there on. But an output is a real number. Multiply the switch of
# lecture 3 by a small $\varepsilon$, and it can be kept in the digits that the loss hardly sees:
#
# $$h_{t,1} = \tanh(3\,x_{t,1} + \tfrac{2}{\varepsilon}\,y_{t-1}), \qquad
#   y_t = \varepsilon\,h_{t,1} + \tfrac12\,(h_{t,2} - h_{t,3}), \tag{10}$$
#
# with two units that stay equal until the question comes, and then differ by the sign of what was kept.
#
# **Predict.** For $\varepsilon = 10^{-3}$: how many answers are right, and how large is the error before
# the question? Does a teacher who feeds 0 instead of $\pm\varepsilon$ matter?

# %%
# Smuggled through the output
e, g = 1e-3, 20.0
smuggler = OutputRNNParams(
    U=np.array([[3.0, 0.0], [0.0, 2 * g], [0.0, 2 * g]]),
    R=np.array([[2.0], [g], [-g]]) / e,
    V=np.array([[e, 0.5, -0.5]]),
    b=np.array([0.0, -2 * g, -2 * g]),
    c=np.zeros(1),
)
x, target = pulses(np.random.default_rng(5), 200, 1000, shown=False)
own, _, _ = output_rnn_forward(smuggler, x)
told, _, _ = output_rnn_forward(smuggler, x, targets=target)
for name, y in {"free-running": own, "forced": told}.items():
    share = np.mean(np.sign(y[-1]) == target[-1])
    print(
        f"{name:12}: right {share:.2f}, largest error before the question {np.abs(y[:-1]).max():.0e}"
    )

# %% [markdown]
# <details><summary>Answer</summary>
#
# All are right, after 200 steps, with an error of $10^{-3}$ before. A teacher wipes the trace out: at the
# question the network has nothing to go by, and its answer is 0, neither of the two.
#
# </details>
#
# So D3's words are well chosen: that outputs which must match targets carry the past as well is "very
# unlikely", not impossible. One of the eight seeds found it: before the question its outputs are about
# ±0.13 where 0 is wanted, and that small debt pays for the answer.
#
# **Try it.** `e = 1e-9` still works, `e = 1e-18` does not. Why? (A double has about 16 digits, and the
# trace is added to the $-\tfrac12$ of $h_{t,2}$ before that of $h_{t,3}$ takes it away.)
#
# ## 6 When it is just as powerful
#
# > **Note on the slides.** "Strictly less powerful" needs a condition: fewer outputs than hidden units,
# > $K < H$, or outputs that are tied to targets. If there are at least as many outputs as hidden units and
# > they are free, nothing is lost at all.
#
# For put (2) of step $t - 1$ into (1), free-running:
#
# $$z_t = U x_t + R V\,h_{t-1} + (b + R c). \tag{11}$$
#
# That is a hidden recurrence with $W = R V$ and bias $b + R c$. Given any $W$ and any $V$ with
# independent columns (so $K \ge H$), choose $R = W V^{+}$, with $V^{+}$ the pseudo-inverse; then
# $R V = W V^{+} V = W$.
#
# With $K < H$ the product $R V$ has at most rank $K$, and most $W$ are out of reach. What is the nearest one? By
# the theorem of Eckart and Young (1936): keep the $K$ largest singular values.
#
# **Predict.** For $H = 6$ and $K$ = 1 … 8, how far are the states from those of the hidden recurrence
# after 30 steps?

# %%
# R V = W
H, D, T = 6, 2, 30
rng = np.random.default_rng(3)
rnn = init_rnn(rng, D, H)._replace(W=rng.normal(size=(H, H)) / np.sqrt(H), b=rng.normal(size=H))
x, h_0 = rng.normal(size=(T, 20, D)), rng.uniform(-1, 1, (20, H))
h, _, _ = rnn_forward(rnn, x, h_0)
left, singular, right = np.linalg.svd(rnn.W)
gaps = {}
for K in range(1, 9):
    V = rng.normal(size=(K, H)) if K >= H else right[:K]
    R = rnn.W @ np.linalg.pinv(V)  # K < H: the K largest singular values
    c = rng.normal(size=K)
    net = OutputRNNParams(rnn.U, R, V, rnn.b - R @ c, c)
    _, _, cache = output_rnn_forward(net, x, h_0 @ V.T + c)
    gaps[K] = np.abs(cache.h - h).max(axis=(1, 2))
    print(
        f"K = {K}: rank of R V = {np.linalg.matrix_rank(R @ V)}, states apart by {gaps[K].max():.0e}"
    )

fig, ax = plt.subplots(figsize=(8, 3.4))
for K, line in ((1, ":"), (3, "-."), (5, "--"), (6, "-"), (8, "-")):
    look = {"colour": COLOURS.output if K >= H else COLOURS.neutral, "ls": line, "ms": 5}
    timeline(ax, np.maximum(gaps[K], 1e-17), label=f"$K = {K}$", **look)
ax.set(yscale="log", ylabel="largest difference of states")
ax.legend(ncols=5, loc="center")
show(
    fig,
    alt="The distance of the states over 30 steps, on a logarithmic axis: between 0.1 and 2 for K = "
    "1, 3 and 5; near rounding, 1e-15, for K = 6 and 8.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Up to $K = 5$ they go their own ways; from $K = H = 6$ on they are equal up to rounding. (It starts from
# $y_0 = V h_0 + c$, so that $R y_0$ stands for $W h_0$.)
#
# </details>
#
# That explains the second output of section 5: free of a target, it is a state. Three answers to D3's
# questions, then.
#
# **Why is it less powerful?**
#
# <details><summary>Answer</summary>
#
# What goes round the loop are $K$ numbers instead of $H$, $\operatorname{rank} R V \le K$, and these
# numbers have another duty: they must be near their targets. What the targets do not tell, the next
# step does not know. Without that duty and with $K \ge H$ it is as powerful.
#
# </details>
#
# **Why is training very simple?**
#
# <details><summary>Answer</summary>
#
# Forced, no gradient passes from step to step. It is ordinary backpropagation through one hidden layer:
# no product of Jacobians, nothing to vanish, explode, truncate or clip.
#
# </details>
#
# **How can it be made parallel?**
#
# <details><summary>Answer</summary>
#
# What a step needs of the past is the target of the step before, and that is known beforehand. All
# inputs $(x_t, y^*_{t-1})$ lie ready; all steps are rows of one matrix product.
#
# </details>
#
# ## 7 The day the teacher leaves
#
# A forced network has only ever seen right answers. Left alone, it sees its own, and these are a little
# wrong; on wrong inputs it was never trained. Its errors feed on themselves. That is the common story,
# known as *exposure bias* (Ranzato and others, 2016). Let us see when it is true.
#
# A sine wave in noise is to be continued: each step names the next *two* values from the last two, with
# 32 hidden units. It is trained on the first 3,000 values of one long series, and then asked to continue
# it from places further on. No input; $x_t = 0$.
#
# **Predict.** One network is trained forced, the other free-running over 20 steps. Which has the smaller
# error at the first step? And at the thirtieth?


# %%
# Pairs of values
def cut(series, starts, T):
    """y_0 (B, 2) and targets (T, B, 2): pairs of values from each start."""
    values = series[starts + np.arange(2 * (T + 1))[:, None], 0, 0]
    pairs = values.reshape(T + 1, 2, -1).transpose(0, 2, 1)
    return pairs[0], pairs[1:]


def train(series, forced, seed, updates=700, T=20):
    """A network that continues a series, trained on its first 3,000 values."""
    rng = np.random.default_rng(seed)

    def loss_and_grads(params, batch):
        y_0, target = batch
        x = np.zeros((T, len(y_0), 1))
        y, _, cache = output_rnn_forward(params, x, y_0, targets=target if forced else None)
        loss, dy = mse(y, target, reduction="mean")
        return loss, output_rnn_backward(dy, cache)[2]

    start = init_output_rnn(rng, 1, 32, 2)
    batches = iter(lambda: cut(series, rng.integers(0, 2950, 32), T), None)
    how = {"updates": updates, "lr": 0.005, "clip": 1.0, "progress": False}
    return fit(loss_and_grads, start, batches, **how).last


def errors(params, series, forced, T=40):
    """Mean squared error of each step, over 400 places that were not trained on."""
    starts = np.random.default_rng(99).integers(3000, 5900, 400)
    y_0, target = cut(series, starts, T)
    fed = target if forced else None
    y, _, _ = output_rnn_forward(params, np.zeros((T, 400, 1)), y_0, targets=fed)
    return ((y - target) ** 2).mean(axis=(1, 2))


# %%
# Forced and free-running error over time
NOISE, SEEDS = 0.3, range(3)
series = [noisy_sines(np.random.default_rng(s), 6000, 1, waves=1, noise=NOISE) for s in SEEDS]
ways = {"trained forced": True, "trained free": False}
nets = {way: [train(series[s], forced, s) for s in SEEDS] for way, forced in ways.items()}
nothing = np.mean([np.mean(s**2) for s in series])
fig, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True)
for ax, (way, runs) in zip(axes, nets.items(), strict=True):
    for told, colour, line in ((True, COLOURS.second, "--"), (False, COLOURS.output, "-")):
        found = np.array([errors(p, s, told) for p, s in zip(runs, series, strict=True)])
        ax.plot(range(1, 41), found.T, color=colour, lw=1, alpha=0.5, ls=line)
        label = "forced" if told else "free-running"
        ax.plot(range(1, 41), found.mean(axis=0), color=colour, lw=3, ls=line, label=label)
        late = found[:, 20:].mean(axis=1)
        print(f"{way}, run {label:12}: step 1 {found[:, 0].mean():.2f};", end=" ")
        print("steps 21–40:", *(f"{e:.2f}" for e in late))
    ax.axhline(nothing, color=COLOURS.neutral, ls=":", label="always 0")
    ax.set(title=way, xlabel="step $t$", ylim=(0, 1.9))
print(f"always answering 0: {nothing:.2f}; noise alone: {NOISE**2:.2f}")
axes[0].set_ylabel("mean squared error")
axes[0].legend(ncols=3, loc="upper center", fontsize=9)
show(
    fig,
    alt="Errors over 40 steps. Trained forced: 0.2 as long as it is forced; free-running the error "
    "climbs within a few steps above the dotted line of always answering 0. Trained free: a little "
    "higher at first, and mostly below the dotted line later.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# At the first step the forced one is better: naming the next pair from a true pair is what it practised.
# Later it is worse, and no better than a network that says 0 for ever; for most series it is worse than
# that.
#
# </details>
#
# What happens shows in the plane of the two values. While training, the network is fed the grey points:
# an ellipse, blurred by noise. Free-running it is fed what it says.
#
# **Predict.** Where does each network go?

# %%
# Where the networks go
fig, axes = plt.subplots(2, 3, figsize=(10, 6.6), width_ratios=(1, 1, 1.6))
looks = {"trained forced": (COLOURS.second, "^"), "trained free": (COLOURS.output, "o")}
for row, place in zip(axes, (0, 1), strict=True):
    cloud, _ = cut(series[place], np.arange(0, 2900, 7), 1)
    y_0, target = cut(series[place], np.array([3100]), 60)
    numbers = np.arange(1, 61)
    row[2].plot(numbers, target[:30, 0].ravel(), ".", color=COLOURS.neutral, label="series")
    for ax, (way, (colour, mark)) in zip(row, looks.items(), strict=False):
        y, _, _ = output_rnn_forward(nets[way][place], np.zeros((60, 1, 1)), y_0)
        ax.plot(*cloud.T, ".", color=COLOURS.neutral, alpha=0.3, ms=3)
        ax.plot(*y[20:, 0].T, color=colour, marker=mark, ms=5, lw=0.7)
        ax.set(title=f"{way}, steps 21–60", xlim=(-2, 2), ylim=(-2, 2), aspect="equal")
        row[2].plot(numbers, y[:30, 0].ravel(), color=colour, marker=mark, ms=3, lw=1.2, label=way)
        print(f"series {place + 1}, {way}: swings by {np.ptp(y[40:], axis=0).max():.2f} at the end")
    row[0].set_ylabel(f"series {place + 1}: second value")
    row[2].set(title="the first 60 values", ylim=(-2, 2.9))
for ax, label in zip(axes[1], ("first value", "first value", "value number"), strict=True):
    ax.set_xlabel(label)
axes[0, 2].legend(loc="upper right", fontsize=9, ncols=2)
show(
    fig,
    alt="Two series. Grey clouds of pairs along an ellipse. Trained forced, the networks end in a "
    "single point of the cloud: they stand still. Trained free, they go round on a small ellipse. "
    "As curves, the first is soon constant, the second swings with the series, but less.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The one trained forced comes to rest: it repeats itself for ever. The one trained free keeps going
# round, with the beat of the series. Its round is small, for it is not sure of the phase, and who is
# unsure and pays for squares says less.
#
# </details>
#
# Why does the first stand still? Because of the noise in what it was *fed*. Each pair is a bad witness
# for the wave's phase, and the best use of a bad witness is to discount it. That is right as long as new
# witnesses arrive. On its own outputs, which carry no fresh noise, discounting is wrong: it bends the map
# from pair to pair, and the bend is applied again and again. (Statisticians know it as *errors in
# variables*.) If this is the reason, then without noise there should be no harm.
#
# **Predict.** The same on a sine wave without noise. Which is better at the thirtieth step?

# %%
# Without noise
clean = noisy_sines(np.random.default_rng(0), 6000, 1, waves=1, noise=0.0)
for way, forced in ways.items():
    late = errors(train(clean, forced, 0), clean, False)[20:].mean()
    print(f"{way}: free-running error at steps 21–40: {late:.4f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The one that was trained forced. With clean inputs the one-step lesson is the whole lesson, and it is
# much easier to learn than a chain of twenty steps. Exposure bias is not a fate. It takes errors, here
# of the inputs, on which the network was never trained.
#
# </details>
#
# ### What helps
#
# - **Train free-running**, as above: what is trained is what is used. It costs the parallel training,
#   and brings back all troubles of long gradients.
# - **Forced first, then free:** a quick start, then the real thing.
# - **Scheduled sampling** (S. Bengio, Vinyals, Jaitly and Shazeer, 2015), "mixed" below: a coin decides
#   at each step whether the target is fed or the own output, and the share of targets falls from 1 to 0
#   during training. No gradient goes through what was fed. It has a known flaw (Huszár, 2015): its optimum need not be the
#   right model, for a target after a wrong input is not what should follow *that* input.
#
# The full experiment compares them, with eight series and networks, 1,500 updates each, over 60 steps.
#
# **Predict.** Which of the four has the smallest error late, and which at the first step?

# %%
# What helps, measured
looks = {
    "forced": (COLOURS.second, "--"),
    "mixed": (COLOURS.accent, "-."),
    "forced, then free": (COLOURS.state, ":"),
    "free": (COLOURS.output, "-"),
}
fig, axes = plt.subplots(1, 2, figsize=(10, 3.8))
for row in results["continue"]:
    free = np.array(row["free"])  # (8 seeds, 60 steps)
    colour, line = looks[row["trained"]]
    ax = axes[0] if row["noise"] else axes[1]
    ax.plot(range(1, 61), free.mean(axis=0), color=colour, ls=line, label=row["trained"])
    late = free[:, 20:].mean(axis=1)
    print(
        f"noise {row['noise']}, trained {row['trained']:17}: step 1 {free[:, 0].mean():.3f}, "
        f"steps 21–60 {late.mean():.3f} ({late.min():.3f} to {late.max():.3f})"
    )
nothing = np.mean(results["continue"][0]["nothing"])
print(f"always answering 0: {nothing:.3f}")
for ax, title in zip(axes, ("noise 0.3", "no noise"), strict=True):
    ax.axhline(nothing, color=COLOURS.neutral, ls=(0, (1, 3)), label="always 0")
    ax.set(title=f"{title}, run freely", xlabel="step $t$", ylabel="mean squared error")
    ax.set_ylim(bottom=-0.02)
axes[0].legend(fontsize=9, ncols=2)
show(
    fig,
    alt="Free-running errors over 60 steps, means of eight seeds. With noise the network trained "
    "forced rises above the dotted line of always answering 0; the others stay below or near it. "
    "Without noise the one trained forced is the best.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Late, the two that ran freely while training: 0.46 and 0.47, against 0.59 for always saying 0. Not for
# every series: beyond the 20 steps that were trained, some lose the beat. Forced comes last, at 0.74;
# at the first step it is the best. Scheduled sampling lies between, not far from saying 0; no gradient
# tells it what its own outputs lead to. Without noise forced training is the best at every step.
#
# </details>
#
# None of them removes the trade-off: a network for one step ahead and a network for many steps ahead
# are two different networks, wherever the inputs are noisy and the memory is what is shown.
#
# ## Check yourself
#
# **1.** A network has $D = 5$, $H = 20$, $K = 3$, biases and output recurrence. How many numbers does it
# learn? And with a hidden recurrence in place of $R$?
#
# <details><summary>Answer</summary>
#
# $20 \cdot (5 + 3 + 1) + 3 \cdot (20 + 1) = 243$; with $W$ it is $20 \cdot (5 + 20 + 1) + 63 = 583$.
#
# </details>
#
# **2.** Is the last target, $y^*_T$, ever fed? Does it matter for the forced gradient?
#
# <details><summary>Answer</summary>
#
# It is never fed: there is no step $T + 1$. It matters all the same, since it stands in the loss of
# step $T$.
#
# </details>
#
# **3.** A friend trains a hidden recurrence with teacher forcing and drops the loop over $t$ in the
# backward pass, "because forcing cuts the way between steps". What is wrong?
#
# <details><summary>Answer</summary>
#
# Forcing cuts the way through the *output*. The way through $W$ is still there (section 3, lower left
# table). Only output recurrence and forcing together leave nothing between the steps.
#
# </details>

# %%
# The answers, checked
count = sum(p.size for p in init_output_rnn(np.random.default_rng(0), 5, 20, 3))
hidden = stack(rnn_layer(5, 20), dense_layer(20, 3)).init(np.random.default_rng(0))
print(f"1: {count} and {sum(p.size for part in hidden for p in part)}")
rng = np.random.default_rng(4)
net, x, target = (
    init_output_rnn(rng, 2, 4, 3),
    rng.normal(size=(5, 2, 2)),
    rng.normal(size=(5, 2, 3)),
)
other = target.copy()
other[-1] += 1
same = np.array_equal(*(output_rnn_forward(net, x, targets=y)[0] for y in (target, other)))
print("2: the outputs do not depend on the last target:", same)

# %% [markdown]
# ## Summary
#
# - Output recurrence: $h_t = \tanh(U x_t + R\,\tilde y_{t-1} + b)$, $y_t = V h_t + c$. Fed is the own
#   output, or, forced, the target.
# - Backwards, free-running: through $V$, then $R$; $R V$ stands where $W$ stood. Forced: nothing passes
#   between steps.
# - Output recurrence is an architecture, teacher forcing a way to train. Only both together make the
#   steps independent; then training is parallel over time. Running is not.
# - It remembers what it shows. Where targets do not tell what must be kept, a forced network cannot
#   learn it, and a free-running one seldom does.
# - With $K \ge H$ free outputs and $R V = W$ it *is* the hidden recurrence.
# - Forced training and free running disagree where what is fed is noisy or wrong; training freely helps
#   in the long run and costs at the first step.
#
# **What comes next.** In [problem set 6](../assignments/ps6_architectures/ps6_architectures.ipynb) you
# write this network (`output_rnn`) and both sweeps (`forced_gradients`, without a loop over $t$, and
# `free_running_gradients`). [Lecture 11](11_reading_scene_text.ipynb) reads images of words, where it is not even known which output
# belongs to which step.
