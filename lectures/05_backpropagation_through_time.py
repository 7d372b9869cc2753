# %% [markdown]
# # Backpropagation through time
#
# Unroll a recurrent network and it is a deep network with shared weights; lecture 4 told us how
# gradients travel through any graph, and that shared weights add up what they receive. Put the two
# together and you have *backpropagation through time*, BPTT (Rumelhart, Hinton and Williams 1986; Werbos
# 1990). In this lecture you derive it three times, in three notations, see that all are one, and learn
# what it costs.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | send a gradient back through an unrolled unit | BPTT for one unit, in bars | `bptt_scalar` |
# | say through which of its uses a weight acts | explicit and implicit parts | `explicit_terms` |
# | write BPTT as sums, and weigh it against a recursion that never looks back | BPTT in deltas, its time and its memory | `rnn_backward` |
# | write it as matrix products, for any loss | BPTT in matrices | `rnn_backward` |
# | add up losses over sequences of unequal lengths | the loss of ragged sequences | `char_loss` |
# | choose what runs in a loop and what in one product | gradient descent on minibatches | `sgd_step` |
#
# **Time:** 50 minutes to read, 80 with all predictions and trials. **You need:** lecture 3, and of lecture 4 the scalar tape and the
# reason why gradients add. **It prepares**
# [problem set 3, BPTT and a character model](../assignments/ps3_bptt/ps3_bptt.ipynb), exercises 1 to 4.
#
# **Shape ledger.** Matrices are (to, from). A gradient has the shape of what it belongs to.
#
# | Symbol | Shape | Meaning |
# |---|---|---|
# | $T, B, D, H, K$ | numbers | steps, sequences, inputs, hidden units, outputs |
# | $x_t$; $z_t$, $h_t$ | (D,); (H,) | input; hidden units before and after $\varphi$ |
# | $o_t$, $\hat y_t$, $y_t$ | (K,) | scores, outputs, one-hot targets |
# | $U$, $W$, $V$ | (H, D), (H, H), (K, H) | the weights; $u, w, v$ when there is one unit |
# | $b$, $c$ | (H,), (K,) | biases of hidden units and outputs |
# | $L = \sum_t L_t$ | number | the loss, summed over the steps |
# | $\bar a$, in code `da` | as $a$ | $\partial L/\partial a$ by *all* paths, the total derivative |
# | $\partial^+ h_k / \partial W$ | (H, H, H) | the *explicit* part: $W$ varies, $h_{k-1}$ is held still |
#
# *Notation.* Bars are D0's. D2 writes $\delta$ for $\bar z$, $b_h^t$ for $h_t$ and $O$ for $L$; D3
# has $\mathbb{L}$, and in one part $s_t$ for $h_t$, as D4 has throughout. In section 1, as in D0
# and in the problem set, the score of one unit is called $r_t$ and its output $y_t$; the target is
# then $y^*_t$.
#
# ## 1 One unit, in bars
#
# The unit of lecture 3, with $\varphi = \tanh$ for its state and its output, and a squared error:
#
# $$z_t = u\,x_t + w\,h_{t-1} \tag{1}$$
# $$h_t = \varphi(z_t) \tag{2}$$
# $$r_t = v\,h_t \tag{3}$$
# $$y_t = \varphi(r_t) \tag{4}$$
# $$L = \tfrac12 \sum_{t=1}^{T} (y_t - y^*_t)^2 \tag{5}$$
#
# Two watchers follow the run: lecture 3's `Traced` draws the graph, and inside it lecture 4's tape,
# `Scalar`, finds the gradient at every node, knowing nothing about recurrence.
#
# **Predict.** Gradients travel against the arrows and add up where arrows leave. In a run of three
# steps, how many terms has $\bar h_2$? And $\bar h_3$?

# %%
# Set-up
import time
import tracemalloc
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from rnnref import (
    DenseParams,
    RNNParams,
    Scalar,
    check_entries,
    dense_backward,
    dense_forward,
    explicit_terms,
    init_dense,
    init_rnn,
    lengths_to_mask,
    pad_sequences,
    rnn_backward,
    rnn_forward,
    rnn_forward_recursion,
    scalar_graph,
    sgd_step,
    softmax_cross_entropy,
    state_jacobian,
)
from rnnref.course.graphs import draw_unrolled
from rnnref.course.plots import COLOURS, draw_terms, heatmap, show
from rnnref.course.tasks import larger_sum
from rnnref.course.trace import Traced, links, variables


# %%
# A unit with two watchers
def watch(x, target, u, w, v, h_0):
    """Arrows and nodes of one unit's run; a node holds its value and its gradient."""
    weights = {name: Scalar(value, name) for name, value in zip("uwv", (u, w, v), strict=True)}
    u, w, v = (Traced(weight, name) for name, weight in weights.items())
    h_t, outputs = Traced(Scalar(h_0), "h", 0), []
    for t, x_t in enumerate(x, start=1):
        z_t = (u * Traced(Scalar(x_t), "x", t) + w * h_t).rename("z", t)  # (1)
        h_t = np.tanh(z_t).rename("h", t)  # (2)
        r_t = (v * h_t).rename("r", t)  # (3)
        outputs.append(np.tanh(r_t).rename("y", t))  # (4)
    loss = sum(0.5 * (y_t.value - goal) ** 2 for y_t, goal in zip(outputs, target, strict=True))
    loss.backward()
    nodes = {place: node.value for place, node in variables(*outputs).items()}
    return links(*outputs), nodes | weights


example = {"x": [1.0, -0.5, 2.0], "u": 0.6, "w": 0.9, "v": 1.2, "h_0": 0.5}

# %%
# One unit, forwards and backwards
arrows, nodes = watch(**example, target=[-0.9, 0.9, -0.9])
print(*(f"gradient of {name}: {nodes[name].grad:.4f}" for name in "uwv"), sep="\n")

fig, axes = plt.subplots(1, 2, figsize=(8, 5))
for ax, what, title in zip(axes, ("value", "grad"), ("values", "gradients"), strict=True):
    numbers = {place: Traced(round(getattr(node, what), 2)) for place, node in nodes.items()}
    draw_unrolled(ax, arrows, rows=("x", "z", "h", "r", "y"), values=numbers)
    ax.set_title(title)
show(
    fig,
    alt="The unrolled graph of three steps, twice, with rows x, z, h, r, y. Left the values; right "
    "the gradient of the loss at each node. The only way between steps is the arrow w from h to "
    "the next z.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $\bar h_2$ has two, since two arrows leave $h_2$: to $r_2$ and to $z_3$. $\bar h_3$ has one:
# nothing comes after step 3.
#
# </details>
#
# So the sweep can be read off the picture, node by node, against the arrows. This is D0's backward
# pass:
#
# $$\bar y_t = y_t - y^*_t \tag{6}$$
# $$\bar r_t = \bar y_t\,\varphi'(r_t) \tag{7}$$
# $$\bar h_t = \bar r_t\,v + \bar z_{t+1}\,w, \qquad \bar z_{T+1} = 0 \tag{8}$$
# $$\bar z_t = \bar h_t\,\varphi'(z_t) \tag{9}$$
#
# Only (8) looks at another step, and it looks *ahead*: hence "through time", from $t = T$ down
# to $t = 1$. The weights stand on $T$ arrows each. A shared weight adds up its uses, as lecture 4 proved:
#
# $$\bar u = \sum_{t=1}^{T} \bar z_t\,x_t, \qquad
#   \bar v = \sum_{t=1}^{T} \bar r_t\,h_t, \qquad
#   \bar w = \sum_{t=1}^{T} \bar z_t\,h_{t-1} \tag{10}$$
#
# We hold every line against the tape, on a longer random run. Note that this *checks* the sweep,
# it does not perform it: writing the loop is the first exercise of the problem set.

# %%
# Every line of the sweep against the tape
T, (u, w, v), h_0 = 8, (0.6, 0.9, 1.2), 0.5
rng = np.random.default_rng(0)
x, target = rng.normal(size=T), rng.uniform(-0.9, 0.9, size=T)
_, nodes = watch(x, target, u, w, v, h_0)


def row(name, what):
    """A variable's values or gradients at steps 1 … T, from the tape."""
    return np.array([getattr(nodes[name, t], what) for t in range(1, T + 1)])


h, r, y = (row(name, "value") for name in "hry")
y_bar, r_bar, h_bar, z_bar = (row(name, "grad") for name in "yrhz")
h_prev = np.append(h_0, h[:-1])  # h_0 … h_{T−1}
z_next = np.append(z_bar[1:], 0.0)  # z̄_2 … z̄_{T+1}
slope = 1 - h**2  # tanh′(z) = 1 − tanh²(z)
sides = {
    "(6) y": (y_bar, y - target),
    "(7) r": (r_bar, y_bar * (1 - y**2)),
    "(8) h": (h_bar, r_bar * v + z_next * w),
    "(9) z": (z_bar, h_bar * slope),
    "(10) u": (nodes["u"].grad, np.sum(z_bar * x)),
    "(10) v": (nodes["v"].grad, np.sum(r_bar * h)),
    "(10) w": (nodes["w"].grad, np.sum(z_bar * h_prev)),
}
for name, (on_tape, formula) in sides.items():
    print(f"{name:6}: largest difference {np.abs(on_tape - formula).max():.1e}")

# %% [markdown]
# ### Backwards, everything is linear
#
# Put (8) into (9). What is left is one relation between neighbours,
#
# $$\bar z_t - \varphi'(z_t)\,w\,\bar z_{t+1} = \varphi'(z_t)\,v\,\bar r_t . \tag{11}$$
#
# The slopes $\varphi'(z_t)$ are plain numbers by now. So (11) is a system of $T$ linear equations
# for $T$ unknowns, $A \bar z = q$. Its matrix has ones on the diagonal and $-\varphi'(z_t)\,w$
# next to it. BPTT is how one solves such a system by hand: begin with the last equation, which has
# one unknown, and go up. Let a solver for any linear system judge.
#
# **Predict.** Lecture 3 had a matrix from inputs to states, zero above its diagonal. Where is
# $A^{-1}$, which leads from the errors of all steps to $\bar z$, zero?

# %%
# The sweep as one linear system
A = np.eye(T) - np.diag(slope[:-1] * w, k=1)  # (11)
solved = np.linalg.solve(A, slope * v * r_bar)
print(f"z̄ by a linear solver: largest difference {np.abs(solved - z_bar).max():.1e}")
inverse = np.linalg.inv(A)
print("zeros below the diagonal:", np.allclose(np.tril(inverse, -1), 0))

fig, ax = plt.subplots(figsize=(5.6, 4.6))
heatmap(ax, inverse, title="$A^{-1}$: from the errors to the $\\bar z_t$", limit=1)
ax.set(xlabel="error of step $s$", ylabel="$\\bar z$ of step $t$")
show(
    fig,
    alt="An upper triangular 8 × 8 matrix with ones on the diagonal; to the right of it the "
    "entries are products of slopes times w, and fade with the distance.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Below the diagonal: an error of step $s$ reaches only $t \le s$. Values flow into the future,
# blame flows into the past. The entries are products of $\varphi'(z_j)\,w$, one for each step
# between; what happens to such products over long distances is the theme of lecture 7.
#
# </details>
#
# ### A sum that loses two terms
#
# > **Note on the slides.** D0 prints $\bar w = \sum_{t=2}^{T} \bar z^{(t+1)} h^{(t)}$. Shift the
# > index and it is $\bar z_3 h_2 + \dots + \bar z_{T+1} h_T$; the last of these is 0, for
# > $\bar z_{T+1} = 0$, which D0 does not say. What is missing are $\bar z_1 h_0$ and
# > $\bar z_2 h_1$.
#
# **Predict.** If $h_0 = 0$, as usual, is D0's sum right?

# %%
# What the printed sum loses
terms = z_bar * h_prev
printed = np.sum(z_next[1:] * h[1:])  # D0: t = 2 … T
lost = terms[0] + terms[1]
print(f"right {terms.sum():.4f}, printed {printed:.4f}, lost {lost:.4f}")
print(f"right − printed − lost: {abs(terms.sum() - printed - lost):.1e}")
_, from_zero = watch(x, target, u, w, v, 0.0)
z_zero, h_zero = ([from_zero[name, t] for t in range(1, T + 1)] for name in "zh")
kept = sum(z.grad * h.value for z, h in zip(z_zero[2:], h_zero[1:], strict=False))
print(f"with h_0 = 0: right {from_zero['w'].grad:.4f}, printed {kept:.4f}")

fig, ax = plt.subplots(figsize=(8, 3))
steps = np.arange(1, T + 1)
ax.bar(steps[2:], terms[2:], color=COLOURS.gradient, edgecolor="black", label="in the printed sum")
ax.bar(steps[:2], terms[:2], color="white", edgecolor="black", hatch="//", label="lost")
ax.axhline(0, color=COLOURS.neutral, linewidth=1)
ax.set(xlabel="step $t$", ylabel=r"$\bar z_t\,h_{t-1}$", xticks=steps)
ax.legend()
show(
    fig,
    alt="Bars for the eight terms of the gradient of w. The first two, hatched, are lost in the "
    "printed sum.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. $\bar z_1 h_0$ is then 0 and no loss, but $\bar z_2 h_1$ is still missing: the sum is wrong
# for every $T \ge 2$. A gradient check finds it at once.
#
# </details>
#
# **Try it.** Set $w$ in *Every line of the sweep against the tape* to 0. What is $A$ now? (The
# identity: no error reaches another step. Still $\bar w$ is not 0.) Set it back.
#
# ## 2 Explicit and implicit
#
# The sweep is quick, but it hides *through which uses* a weight acts. D3 takes one loss, $L_3$,
# and lists the paths from it to $W$: $L_3$ depends on $h_3$; $h_3$ depends on $W$ directly, and on
# $h_2$, which depends on $W$ directly, and on $h_1$, which … Each path goes back along the chain
# for a while, and then steps down to $W$.
#
# **Predict.** How many paths lead from $L_3$ to $w$, when there is one unit? And if there are two?

# %%
# Only L_3, and the derivatives on its arrows
_, nodes = watch(**example, target=[0.0, 0.0, -0.9])
own = [nodes["y", t].value for t in (1, 2)]  # as targets, they leave no error at steps 1 and 2
_, nodes = watch(**example, target=[*own, -0.9])
h = [nodes["h", t].value for t in range(4)]
edges = {("$h_3$", "$L_3$"): nodes["h", 3].grad}
for t in (1, 2, 3):
    slope = 1 - h[t] ** 2
    edges[f"$h_{t - 1}$", f"$h_{t}$"] = slope * example["w"]  # ∂h_t/∂h_{t−1}
    edges["$w$", f"$h_{t}$"] = slope * h[t - 1]  # ∂⁺h_t/∂w
places = {f"$h_{t}$": (t, 1) for t in range(4)} | {"$L_3$": (3, 2), "$w$": (2, 0)}


# %%
# How to draw a path
def draw_path(ax, path):
    """The graph of L_3 with its derivatives, and one path, from L_3 backwards, highlighted."""
    for (source, target), derivative in edges.items():
        on = (target, source) in pairwise(path)
        arrow = {"color": COLOURS.accent, "lw": 4} if on else {"color": "#b0b0b0", "lw": 1.2}
        arrow |= {"arrowstyle": "-|>", "shrinkA": 13, "shrinkB": 13}
        ax.annotate("", places[target], places[source], arrowprops=arrow)
        (x0, y0), (x1, y1) = places[source], places[target]
        middle = (x0 + x1) / 2, (y0 + y1) / 2 + (0.2 if y0 == y1 else -0.05)
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        look = {"ha": "center", "va": "center", "fontsize": 9, "bbox": ground}
        ax.text(*middle, f"{derivative:.2f}", weight="bold" if on else "normal", **look)
    for name, place in places.items():
        look = {"boxstyle": "circle", "facecolor": "white", "edgecolor": COLOURS.state}
        ax.text(*place, name, ha="center", va="center", bbox=look)
    ax.set(xlim=(-0.4, 3.4), ylim=(-0.3, 2.3))
    ax.axis("off")


# %%
# The paths from L_3 to w
fig, axes = plt.subplots(1, 3, figsize=(10, 3.3))
products = []
for ax, k in zip(axes, (3, 2, 1), strict=True):
    path = ["$L_3$", *(f"$h_{t}$" for t in range(3, k - 1, -1)), "$w$"]
    draw_path(ax, path)
    products.append(np.prod([edges[before, after] for after, before in pairwise(path)]))
    ax.set_title(f"$k = {k}$: product {products[-1]:.4f}")
gap = abs(sum(products) - nodes["w"].grad)
print(f"{len(products)} products add up to {sum(products):.4f}; off the tape by {gap:.1e}")
show(
    fig,
    alt="The chain h_0 to h_3 with L_3 above h_3 and w below, three times, with the local "
    "derivatives on the arrows. Highlighted: from L_3 over h_3 to w; over h_3 and h_2 to w; over "
    "h_3, h_2 and h_1 to w.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Three: one for each use of $w$. With two units, each weight of $W$ has seven: at every step back a
# path can pass through either unit. The next cell counts.
#
# </details>
#
# With $H$ units, a path from a use at step $k$ to the end of step $T$ chooses one of $H$ units at
# each of the $T - k$ steps after $k$: $H^{T-k}$ ways. Let us count the paths from one entry of $W$
# to a loss of the last step, through the graph of the tape.


# %%
# Counting paths
def count_paths(source, output):
    """Number of ways from one node of the tape to the end, and of arrows in the whole graph."""
    nodes, edges = scalar_graph(output)
    ways = [0] * len(nodes)
    ways[next(node.id for node in nodes if node.name == source.name)] = 1
    for edge in edges:  # in the order of their targets
        ways[edge.target] += ways[edge.source]
    return ways[-1], len(edges)


for H, T in ((1, 3), (2, 3), (4, 10), (8, 20)):
    W = np.array([[Scalar(0.1, f"W{i}{j}") for j in range(H)] for i in range(H)])
    h = np.array([Scalar(0.5) for _ in range(H)])
    for _ in range(T):
        h = np.tanh(W @ h)
    ways, arrows = count_paths(W[0, 0], h.sum())
    print(f"H = {H}, T = {T:2}: {ways} paths from one weight, {arrows} arrows")

# %% [markdown]
# The paths multiply, the arrows do not. Nobody follows every path: a sweep visits each arrow once,
# because at each node it adds up what came so far. That is all the cleverness in backpropagation.
#
# ### The derivation
#
# D3 marks with $^+$ the derivative along the *direct* arrow, with everything else held still: the
# *explicit* part. The *implicit* part goes through $h_{t-1}$, which depends on $W$, too:
#
# $$\frac{\partial h_t}{\partial W}
#   = \underbrace{\frac{\partial^+ h_t}{\partial W}}_{\text{explicit}} + \underbrace{\frac{\partial h_t}{\partial h_{t-1}}\,
#     \frac{\partial h_{t-1}}{\partial W}}_{\text{implicit}},
#   \qquad \frac{\partial h_0}{\partial W} = 0. \tag{12}$$
#
# Put (12) into itself until $h_0$ is reached. With
# $\frac{\partial h_t}{\partial h_k} = \frac{\partial h_t}{\partial h_{t-1}} \cdots
# \frac{\partial h_{k+1}}{\partial h_k}$, the identity for $k = t$,
#
# $$\frac{\partial h_t}{\partial W}
#   = \sum_{k=1}^{t} \frac{\partial h_t}{\partial h_k}\,\frac{\partial^+ h_k}{\partial W}.
#   \tag{13}$$
#
# For $H$ units, $h_t = \varphi(U x_t + W h_{t-1} + b)$, the pieces are
# $\frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(\varphi'(z_t))\,W$ and
# $\frac{\partial^+ h_{t,j}}{\partial W_{ik}} = \varphi'(z_{t,j})\,h_{t-1,k}$ if $i = j$, else 0.
# The recursion (12) runs forwards, the sum (13) can be added up in any order. Both, on three
# units:

# %%
# Explicit parts, added up in two ways
D, H, K, T = 2, 3, 4, 6
rng = np.random.default_rng(1)
hidden = init_rnn(rng, D, H)._replace(b=rng.normal(size=H) / 2)
X = rng.normal(size=(T, 1, D))  # B = 1
h, _, cache = rnn_forward(hidden, X, rng.normal(size=(1, H)))
states = cache.states[:, 0]  # (T + 1, H), from h_0


def explicit_part(t):
    """∂⁺h_t/∂W as (H, H, H): entry (j, i, k) is ∂⁺h_{t,j}/∂W_{ik}."""
    slope = 1 - states[t] ** 2
    return np.einsum("j,ji,k->jik", slope, np.eye(H), states[t - 1])


def after(k, t, part):
    """∂h_t/∂h_k times a part (H, H, H) of ∂h_k/∂W."""
    return np.einsum("jl,lik->jik", state_jacobian(cache, k, t)[0], part)


totals = [np.zeros((H, H, H))]  # ∂h_0/∂W
for t in range(1, T + 1):
    totals.append(explicit_part(t) + after(t - 1, t, totals[-1]))  # (12)
parts = [after(k, T, explicit_part(k)) for k in range(1, T + 1)]  # (13)
dh_T = rng.normal(size=(1, H))  # ∂L_T/∂h_T of some loss of the last step
by_recursion = np.einsum("j,jik->ik", dh_T[0], totals[T])
by_sum = np.einsum("j,tjik->ik", dh_T[0], np.array(parts))
_, _, sweep = rnn_backward(np.zeros_like(h), cache, dh_T)
for name, gradient in {"recursion (12)": by_recursion, "sum (13)": by_sum}.items():
    print(f"{name:14} against one sweep: {np.abs(gradient - sweep.W).max():.1e}")
gap = explicit_terms(dh_T, cache).sum(axis=0) - sweep.W
print(f"explicit_terms against one sweep: {np.abs(gap).max():.1e}")

# %% [markdown]
# The terms are worth a look of their own: term $k$ tells how much the use of $W$ at step $k$
# contributes to the gradient of a loss at step $T$.
#
# **Predict.** We run 20 steps, once with small recurrent weights and once with larger ones. Which
# terms are large in either case?

# %%
# How far back do the terms reach?
x_long, h_0 = rng.normal(size=(20, 1, D)), rng.normal(size=(1, H))
fig, axes = plt.subplots(2, 1, figsize=(8.5, 4.8))
for ax, scale in zip(axes, (0.5, 1.1), strict=True):
    params = hidden._replace(W=scale * hidden.W, U=0.3 * hidden.U, b=0 * hidden.b)
    _, _, long_cache = rnn_forward(params, x_long, h_0)
    terms = explicit_terms(dh_T, long_cache)[:, 0, 1]  # of W_12
    draw_terms(ax, terms, numbers=False)
    share = np.abs(terms[-5:]).sum() / np.abs(terms).sum()
    ax.set(title=f"$W$ times {scale}", ylabel="term of $\\partial L_{20}/\\partial W_{12}$")
    print(f"W times {scale}: the last five of 20 terms hold {share:.0%} of the magnitude")
show(
    fig,
    alt="Bars over k = 1 to 20 and, set apart, their sum. With the smaller W only the last few "
    "terms can be seen; with the larger W terms of both signs reach much further back.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# With small weights only the latest: $\partial h_T/\partial h_k$ is a product of $T - k$ small
# matrices. With larger weights the early terms count as well, and partly cancel.
#
# </details>
#
# ### What the plus is for
#
# > **Note on the slides.** Several of D3's slides, and D1's nested sum, drop the $^+$ and write
# > $\sum_k \frac{\partial h_t}{\partial h_k}\,\frac{\partial h_k}{\partial W}$. With total
# > derivatives the sum counts too much: $\partial h_k/\partial W$ already contains the uses of steps
# > 1 … $k$.
#
# **Predict.** For $t = 3$, how often is the use of $W$ at step 1 counted then?

# %%
# Without the plus, terms are counted again
terms = np.array([after(k, 3, explicit_part(k)) for k in (1, 2, 3)])
without = sum(after(k, 3, totals[k]) for k in (1, 2, 3))
counts = np.array([3, 2, 1])  # t − k + 1
terms = np.einsum("j,tjik->tik", dh_T[0], terms)
wrong = np.einsum("j,jik->ik", dh_T[0], without)
recount = np.einsum("t,tik->ik", counts, terms)
print(f"∂L_3/∂W_21: right {terms.sum(axis=0)[1, 0]:.4f}, without the plus {wrong[1, 0]:.4f}")
print(f"term k counted t − k + 1 times gives the same: {np.abs(wrong - recount).max():.1e}")

fig, axes = plt.subplots(1, 2, figsize=(8, 2.9), sharey=True)
draw_terms(axes[0], terms[:, 1, 0])
draw_terms(axes[1], counts * terms[:, 1, 0])
axes[0].set(title=r"with $\partial^+ h_k$: each use once")
axes[1].set(title=r"with $\partial h_k$: uses 1, 2, 3 count 3, 2, 1 times")
show(
    fig,
    alt="The three terms of the gradient and their sum. Left each counts once; right the first is "
    "three times and the second twice as long, and the sum is another.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Three times: in $\partial h_1/\partial W$, in $\partial h_2/\partial W$ and in
# $\partial h_3/\partial W$. In general term $k$ counts $t - k + 1$ times.
#
# </details>
#
# **Try it.** Where does the $h_0$ of the first explicit part come from? Set it to zero in
# *Explicit parts, added up in two ways* (leave the argument out) and look at `parts[0]`.
#
# ## 3 Many units, in deltas
#
# D2 writes the sweep for many units, with every sum in sight.
# $\delta_j^t = \partial O/\partial a_j^t$ is our $\bar z$ for hidden units $h$, and our $\bar o$
# for outputs $k$; $b_h^t$ is our $h_t$:
#
# $$\delta_h^t = \theta'(a_h^t) \Bigl( \sum_{k=1}^{K} \delta_k^t\, w_{hk}
#   + \sum_{h'=1}^{H} \delta_{h'}^{t+1}\, w_{hh'} \Bigr),
#   \qquad \delta_j^{T+1} = 0 \text{ for all } j. \tag{14}$$
#
# The last condition says that no error comes from beyond the end. The same weights serve at all
# steps, so we sum over the sequence. For weights *within* a step ($i$ an input or a hidden unit,
# $j$ above it) and for *recurrent* weights:
#
# $$\frac{\partial O}{\partial w_{ij}} = \sum_{t=1}^{T} \delta_j^t\, b_i^t, \qquad
#   \frac{\partial O}{\partial w_{h'h}} = \sum_{t=1}^{T} \delta_h^t\, b_{h'}^{t-1}. \tag{15}$$
#
# Here $b_i^t$ stands for $x_i^t$ if $i$ is an input. D2's weights are (from, to), the transposes
# of ours. As loss we take cross-entropy after a softmax; lecture 4 gave its
# $\delta_k^t = \hat y_k - y_k$, and the reference computes it.
#
# **Predict.** If there is an error at step 3 only, at which of the steps 1 … 7 are the deltas zero?


# %%
# Deltas, sum by sum
def deltas(delta_k, slope, w_hk, w_h1h):
    """δ_h^t as (T + 2, H), row t for step t; slope is θ′(a_h^t), (T, H)."""
    (T, H), K = slope.shape, delta_k.shape[1]
    delta = np.zeros((T + 2, H))  # row T + 1 stays 0
    for t in range(T, 0, -1):
        for h in range(H):
            error = sum(delta_k[t - 1, k] * w_hk[h, k] for k in range(K))
            error += sum(delta[t + 1, h1] * w_h1h[h, h1] for h1 in range(H))
            delta[t, h] = slope[t - 1, h] * error  # (14)
    return delta


# %%
# Blame flows back only
output = init_dense(rng, H, K)
o, _ = dense_forward(output, h)
targets = rng.integers(K, size=(T, 1))
_, do = softmax_cross_entropy(o, targets)  # do is ∂L/∂o, (T, 1, K)
slope = 1 - states[1:] ** 2
delta = deltas(do[:, 0], slope, output.V.T, hidden.W.T)
print("δ^{T+1}:", delta[T + 1])

third = np.where(np.arange(1, T + 1)[:, None] == 3, do[:, 0], 0)  # only the error of step 3
fig, axes = plt.subplots(1, 2, figsize=(9, 2.6))
titles = ("errors at all six steps", "an error at step 3 only")
for ax, error, title in zip(axes, (do[:, 0], third), titles, strict=True):
    heatmap(ax, deltas(error, slope, output.V.T, hidden.W.T)[1:].T, title=title, limit=1)
    ax.set(xlabel="step $t$", ylabel="hidden unit $h$", xticks=range(1, T + 2))
print("zero after step 3:", not deltas(third, slope, output.V.T, hidden.W.T)[4:].any())
show(
    fig,
    alt="The deltas of three hidden units at steps 1 to 7. Left, all but step 7 are filled. Right, "
    "with an error at step 3 only, steps 4 to 7 are exactly zero and steps 1 and 2 are not.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# At steps 4 to 7. An error is blamed on its own step and on earlier ones.
#
# </details>
#
# > **Note on the slides.** D2 prints only the first sum of (15), for all weights "to and from" the
# > hidden layer. For recurrent weights the $b_i$ must be that of the step *before*. (D2's first
# > forward slide also has $w_{hh'}$ where it means $w_{h'h}$: lecture 3.)
#
# Does one index matter that much? `check_entries` compares every entry with a central difference of
# the loss, and complains about the worst.


# %%
# One index of time
def loss_of(params):
    """Cross-entropy of the whole sequence, as a function of all weights."""
    rnn, dense = params
    h, _, _ = rnn_forward(rnn, X, cache.states[0])
    return softmax_cross_entropy(dense_forward(dense, h)[0], targets)[0]


def weight_gradients(b_recurrent):
    """(15) as sums of products, for all weights and biases."""
    dU, dW, dV = np.zeros((H, D)), np.zeros((H, H)), np.zeros((K, H))
    for t in range(1, T + 1):
        dU += np.outer(delta[t], X[t - 1, 0])
        dW += np.outer(delta[t], b_recurrent[t - 1])
        dV += np.outer(do[t - 1, 0], states[t])
    return RNNParams(dU, dW, delta.sum(axis=0)), DenseParams(dV, do.sum(axis=(0, 1)))


by_deltas = weight_gradients(states[:-1])  # b^{t−1}
worst = check_entries(loss_of, (hidden, output), by_deltas)
print(f"b^(t−1): every entry right, worst error {worst.error:.0e} beyond rounding")
try:
    check_entries(loss_of, (hidden, output), weight_gradients(states[1:]))  # b^t
except AssertionError as message:
    print("b^t:", message)

# %% [markdown]
# ## 4 In matrices
#
# The sums in (14) are matrix products. In our (to, from) order:
#
# $$\bar h_t = V^\top \bar o_t + W^\top \bar z_{t+1}, \qquad
#   \bar z_t = \bar h_t \ast \varphi'(z_t), \qquad \bar z_{T+1} = 0 \tag{16}$$
# $$\bar U = \sum_t \bar z_t\,x_t^\top, \quad
#   \bar W = \sum_t \bar z_t\,h_{t-1}^\top, \quad
#   \bar V = \sum_t \bar o_t\,h_t^\top, \quad
#   \bar b = \sum_t \bar z_t, \quad \bar c = \sum_t \bar o_t \tag{17}$$
#
# The loss enters only through $\bar o_t$. D4 assumes $L = \sum_t o_t$ with outputs
# $o_t = \sigma(V s_t)$ and states $s_t = \sigma(U x_t + W s_{t-1})$. It works with scalars, and
# leaves matrices to the reader. Here are both; $a_t$ is the score that goes into the output's
# $\sigma$:
#
# | | scalars | matrices ($L$ sums over all entries of all $o_t$) |
# |---|---|---|
# | output | $\bar a_t = o_t\,(1 - o_t)$ | $\bar a_t = o_t \ast (1 - o_t)$ |
# | state | $\bar s_t = V\,\bar a_t + W\,\bar z_{t+1}$ | $\bar s_t = V^\top \bar a_t + W^\top \bar z_{t+1}$ |
# | pre-activation | $\bar z_t = \bar s_t\,s_t\,(1 - s_t)$ | $\bar z_t = \bar s_t \ast s_t \ast (1 - s_t)$ |
# | weights | $\bar V = \sum \bar a_t\,s_t$, $\;\bar W = \sum \bar z_t\,s_{t-1}$, $\;\bar U = \sum \bar z_t\,x_t$ | $\bar V = \sum \bar a_t\,s_t^\top$, $\;\bar W = \sum \bar z_t\,s_{t-1}^\top$, $\;\bar U = \sum \bar z_t\,x_t^\top$ |
#
# $\bar V$ needs no sweep, only (17): the states are there, and no output acts on a later one. To
# remember where the transposes go, look at the shapes: $W^\top$ is the only way to bring $\bar z$
# back to the units it came *from*. One function serves all losses; it gets $\bar o_t$ (D4's
# $\bar a_t$) and the slopes $\varphi'(z_t)$.


# %%
# The sweep in matrices, for one sequence
def through_time(x, states, slope, do, U, W, V):
    """Gradients of U, W and V by (16) and (17); states is (T + 1, H), from h_0."""
    dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
    dz = np.zeros(len(W))  # of step T + 1
    for t in range(len(x), 0, -1):
        dh = V.T @ do[t - 1] + W.T @ dz
        dz = dh * slope[t - 1]
        dU += np.outer(dz, x[t - 1])
        dW += np.outer(dz, states[t - 1])
        dV += np.outer(do[t - 1], states[t])
    return dU, dW, dV


# %% [markdown]
# > **Note on the slides.** In D3 a handwritten $\delta = -\partial L/\partial z$ has the wrong
# > sign: with $V \leftarrow V - \alpha\,\delta\,h^\top$ the loss would grow. D3's sums over time
# > start at $t = 0$ on some slides and at 1 on others; here a sequence begins at $t = 1$, after
# > the state $h_0$.
#
# Your `rnn_backward` in the problem set is for minibatches, gets $\partial L_t/\partial h_t$
# instead of $\bar o_t$, and returns the gradients of the inputs and of $h_0$ as well.
#
# Now everything meets. We take three problems (D4's with scalars, D4's with matrices, and
# cross-entropy with tanh units) and compute $\bar U$, $\bar W$ and $\bar V$ in every way we know.
#
# **Predict.** Which of them will differ most from the reference, and by how much?


# %%
# Three losses, written plainly
def sigma(a):
    """The logistic function, for numbers and for the tape."""
    return 1 / (1 + np.exp(-a))


# For each: the loss of one step from its scores, and ∂L/∂o for all steps.
squared = (
    lambda o, y: 0.5 * ((np.tanh(o) - y) ** 2).sum(),
    lambda o, y: (np.tanh(o) - y) * (1 - np.tanh(o) ** 2),
)
plain_sum = (lambda o, y: sigma(o).sum(), lambda o, y: sigma(o) * (1 - sigma(o)))
entropy = (
    lambda o, y: np.log(np.exp(o).sum()) - (y * o).sum(),  # y is one-hot
    lambda o, y: softmax_cross_entropy(o[:, None], y.argmax(axis=1)[:, None])[1][:, 0],
)
units = {  # φ, and φ′ from h
    "tanh": (np.tanh, lambda h: 1 - h**2),
    "logistic": (sigma, lambda h: h * (1 - h)),
}


def plain_loss(weights, x, y, activation, step_loss):
    """The loss of one sequence from h_0 = 0; the weights are numbers or on the tape."""
    U, W, V = weights
    h, loss = np.zeros(len(W)), 0.0
    for x_t, y_t in zip(x, y, strict=True):
        h = units[activation][0](U @ x_t + W @ h)
        loss = loss + step_loss(V @ h, y_t)
    return loss


# %% [markdown]
# The bars of section 1 come from the linear system (11), the deltas from (14), the explicit terms
# from (13) for every $L_t$, and the forward recursion is (12), which we come back to in section 5.


# %%
# All the ways
def all_ways(x, y, weights, activation, loss):
    """Gradients of U, W and V by each method; a method may be silent on some."""
    (U, W, V), T, H = weights, len(x), len(weights[1])
    zero = RNNParams(U, W, np.zeros(H))
    h, _, cache = rnn_forward(zero, x[:, None], activation=activation)
    h, states, slope = h[:, 0], cache.states[:, 0], units[activation][1](h[:, 0])
    do = loss[1](h @ V.T, y)
    dh = (do @ V)[:, None]  # ∂L_t/∂h_t, each step's own loss
    by_reference = rnn_backward(dh, cache)[2]
    yield "reference", by_reference.U, by_reference.W, do.T @ h
    yield "matrices (16)", *through_time(x, states, slope, do, U, W, V)
    delta = deltas(do, slope, V.T, W.T)[1:-1]
    yield "deltas (14)", *(np.einsum("tj,ti->ji", delta, b) for b in (x, states[:-1])), None
    if H == 1:
        A = np.eye(T) - np.diag(slope[:-1, 0] * W[0, 0], k=1)
        z_bar = np.linalg.solve(A, slope[:, 0] * dh[:, 0, 0])
        yield "bars (11), (10)", z_bar @ x, z_bar @ states[:-1], do.T @ h
    terms = [explicit_terms(dh[t - 1], cache, t).sum(axis=0) for t in range(1, T + 1)]
    yield "explicit terms (13)", None, sum(terms), None
    _, recursion = rnn_forward_recursion(zero, x[:, None], dh, activation=activation)
    yield "recursion (12)", recursion.U, recursion.W, None
    tape = [np.vectorize(Scalar, otypes=[object])(matrix) for matrix in weights]
    plain_loss(tape, x, y, activation, loss[0]).backward()
    yield "tape", *(np.vectorize(lambda node: node.grad)(matrix) for matrix in tape)


# %% [markdown]
# One table of the results: largest differences from the reference, in units of the array's largest
# entry. The last line of each block asks the loss itself, by a central difference along a random
# direction in all weights.


# %%
# Along a random direction
def by_differences(x, y, weights, activation, loss, gradients, rng, eps=1e-5):
    """Relative error of the gradients along a random direction."""
    v = [rng.normal(size=m.shape) for m in weights]
    ends = ([m + e * d for m, d in zip(weights, v, strict=True)] for e in (eps, -eps))
    up, down = (plain_loss(end, x, y, activation, loss[0]) for end in ends)
    exact = sum((g * d).sum() for g, d in zip(gradients, v, strict=True))
    return abs((up - down) / (2 * eps) - exact) / abs(exact)


# %%
# One table of the results
problems = {
    "D0, one unit": (1, 1, 1, "tanh", squared),
    "D4, scalars": (1, 1, 1, "logistic", plain_sum),
    "D4, matrices": (2, 3, 4, "logistic", plain_sum),
    "cross-entropy": (2, 3, 4, "tanh", entropy),
}
rng, errors = np.random.default_rng(2), {}
print(f"{'':36} U        W        V")
for name, (D, H, K, *kind) in problems.items():
    x, y = rng.normal(size=(7, D)), np.eye(K)[rng.integers(K, size=7)]
    weights = rng.normal(size=(H, D)), rng.normal(size=(H, H)), rng.normal(size=(K, H))
    (_, *reference), *others = all_ways(x, y, weights, *kind)
    for way, *found in others:
        pairs = zip(found, reference, strict=True)
        gaps = [None if f is None else np.abs(f - g).max() / np.abs(g).max() for f, g in pairs]
        cells = ("-" if gap is None else f"{gap:.1e}" for gap in gaps)
        print(f"{name:13} {way:19}", "".join(f"{cell:>9}" for cell in cells))
        errors.setdefault(way, []).append(max(gap for gap in gaps if gap is not None))
    error = by_differences(x, y, weights, *kind, reference, rng)
    print(f"{name:13} central difference: {error:.1e}")
    errors.setdefault("central difference", []).append(error)

# %%
# The same table as a picture
fig, ax = plt.subplots(figsize=(8, 3.2))
for place, gaps in enumerate(errors.values()):
    ax.plot(np.maximum(gaps, 1e-17), [place] * len(gaps), "o", color=COLOURS.gradient, alpha=0.7)
ax.set(xscale="log", xlim=(5e-18, 1e-6), xlabel="largest relative difference from the reference")
ax.set_yticks(range(len(errors)), list(errors))
show(
    fig,
    alt="Dots on a logarithmic axis, a row for each method. All sweeps and sums lie between 1e-17 "
    "and 1e-14; only central differences lie far to the right, above 1e-12.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Central differences: all the others are the same sum, added up in another order, and differ in the
# last digit. A difference quotient is an approximation, good to about ten digits (lecture 4).
#
# </details>
#
# **Try it.** In `through_time`, take `states[t]` for `states[t - 1]` and run on from there. Which
# column of the table goes wrong? (That of $W$, in the rows of the matrices, for all four
# problems.) Set it back.
#
# ## 5 What it costs
#
# BPTT has a rival. The recursion (12) runs *forwards*: carry $\partial h_t/\partial \theta$ along
# with the state, for all weights $\theta = (W, U, b)$, and as each step's loss $L_t$ comes in, add
# $\frac{\partial L_t}{\partial h_t} \frac{\partial h_t}{\partial \theta}$ to the gradient. Nothing
# of the past is kept. This is *real-time recurrent learning* (Williams and Zipser 1989). D2 leaves it aside: BPTT is the more
# efficient in computing time, it says, though not in memory. Let us count, for one sequence.
#
# | | multiplications per step | numbers kept |
# |---|---|---|
# | BPTT, backwards | $2H^2 + 2HD$ | $T\,H$, the states |
# | forward recursion | $H^2\,(H^2 + HD + H)$ | $H\,(H^2 + HD + H)$, for any $T$ |
#
# Going back, BPTT multiplies a *vector* by $W^\top$ (and by $U^\top$, for $\bar x$) and takes outer
# products. Going forwards, the
# recursion multiplies a *matrix* by $W$: $H$ rows, and a column for each of the $H^2 + HD + H$
# weights. So BPTT's memory grows with $T$, that of the recursion does not; but the constant it
# starts from is large. The recursion needs less only for
#
# $$T\,H > H\,(H^2 + HD + H) \iff T > H^2 + HD + H. \tag{18}$$
#
# **Predict.** A small network has $D = 4$ and $H = 8$; D4's character model, which lecture 6 follows,
# has $D = 93$ and $H = 100$. How long must a sequence be for the recursion to need less memory?


# %%
# Memory and time, counted
def counted(D, H):
    """Numbers kept by the recursion, and multiplications per step of both methods."""
    weights = H**2 + H * D + H
    return H * weights, 2 * H**2 + 2 * H * D, H**2 * weights


for D, H in ((4, 8), (93, 100)):
    kept, backwards, forwards = counted(D, H)
    shortest = next(T for T in range(10**6) if kept < T * H)
    print(f"D = {D}, H = {H}: the recursion keeps less from T = {shortest} on", end=" ")
    print(f"and takes {forwards / backwards:.0f} times the multiplications")


# %% [markdown]
# Counting leaves out what a program keeps besides: gradients of all inputs, slopes, a second copy.
# So we measure, too. `tracemalloc` sees all of NumPy's arrays. The inputs and the errors exist
# beforehand and count for neither.


# %%
# How to measure
def by_bptt(params, x, dh):
    """One forward and one backward pass."""
    return rnn_backward(dh, rnn_forward(params, x)[-1])


def measure(method, *arguments):
    """Peak of the memory, in numbers of 8 bytes, and seconds, the best of two."""
    tracemalloc.start()
    method(*arguments)
    peak = tracemalloc.get_traced_memory()[1] / 8
    tracemalloc.stop()
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        method(*arguments)
        seconds.append(time.perf_counter() - start)
    return peak, min(seconds)


# %%
# Memory and time, measured
D, H = 4, 8
lengths = np.array([8, 32, 128, 512, 2048])
small = init_rnn(np.random.default_rng(3), D, H)
methods = {"BPTT": by_bptt, "forward recursion": rnn_forward_recursion}
costs = {name: [] for name in methods}
for T in lengths:
    x, dh = (np.random.default_rng(4).normal(size=(T, 1, n)) for n in (D, H))
    for name, method in methods.items():
        costs[name].append(measure(method, small, x, dh))
costs = {name: np.array(cost) for name, cost in costs.items()}
for name, cost in costs.items():
    growth = (cost[-1, 0] - cost[-2, 0]) / (lengths[-1] - lengths[-2])
    print(f"{name:17}: {growth:5.1f} numbers more per step of a sequence")

# %%
# Both costs against the length
fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.4))
for (name, cost), marker, colour in zip(
    costs.items(), "os", (COLOURS.gradient, COLOURS.input), strict=True
):
    left.loglog(lengths, cost[:, 0], marker=marker, color=colour, label=name)
    right.loglog(lengths, 1000 * cost[:, 1], marker=marker, color=colour, label=name)
left.loglog(lengths, lengths * H, ":", color=COLOURS.gradient, label="$T\\,H$")
left.axhline(counted(D, H)[0], ls=":", color=COLOURS.input, label="$H (H^2 + H D + H)$")
left.set(xlabel="length $T$", ylabel="numbers in memory", title="memory")
right.set(xlabel="length $T$", ylabel="milliseconds", title="time")
left.legend(fontsize=9)
right.legend(fontsize=9)
show(
    fig,
    alt="Left: the memory of BPTT grows in proportion to T and crosses the level line of the "
    "recursion between 50 and 200 steps; dotted lines, as counted, cross at 104. Right: both times "
    "grow with T, that of the recursion lies above.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Longer than 104 steps for the small one. For the character model, longer than 19,400: nobody waits
# that long for an update. And the recursion takes about 5,000 times the multiplications.
#
# </details>
#
# Both hold more than we counted. BPTT has 20 numbers per step instead of $H = 8$: the states, and
# $\bar z_t$ and $\bar x_t$ for its products after the loop, $2H + D$ in all. The recursion needs a
# second copy to write into, and more on the way. The lines still cross, at a length not far from
# (18).
#
# > **Note on the slides.** D2's "not in memory" needs the condition (18): BPTT's memory grows with
# > $T$, the recursion's does not, but it holds $H\,(H^2 + HD + H)$ numbers.
#
# (On so small a network the clock sees mostly NumPy's overhead per call. Raise $H$ to 32, and the
# lines in the right picture move apart.)
#
# In practice one keeps BPTT and limits $T$: *truncated*
# BPTT cuts a long sequence into chunks, hands the state on from one to the next, but no gradient
# back. `rnn_backward` has `truncate=` for that. Lecture 6 uses it, and `truncated_bptt` in the
# problem set is yours.
#
# ## 6 One loss for sequences of unequal length
#
# The loss of a sequence is the sum over its steps. At one step, with the one-hot target $y_t$, it
# is the cross-entropy of D3:
#
# $$L_t = -\sum_{k=1}^{K} y_{t,k} \log \hat y_{t,k} = -\log \hat y_{t,\text{target}},
#   \qquad \bar o_t = \hat y_t - y_t . \tag{19}$$
#
# Over a minibatch of sequences with lengths $T_i$, D3 takes the mean over sequences of sums over
# steps:
#
# $$L = \frac1N \sum_{i=1}^{N} \sum_{t=1}^{T_i} L_{t,i}. \tag{20}$$
#
# Arrays have no ragged edges. So the short sequences are *padded* to the longest, and a *mask*
# says which steps are real; there the inner sum ends. The gradient of a masked step is exactly 0.
#
# **Predict.** If the padding is filled with nonsense instead of zeros, what changes in $L$?

# %%
# Four sequences, four lengths
D, H, K = 3, 5, 4
rng = np.random.default_rng(5)
rnn, dense = init_rnn(rng, D, H), init_dense(rng, H, K)
sequences = [rng.normal(size=(n, D)) for n in (7, 3, 5, 1)]
answers = [rng.integers(K, size=len(s)) for s in sequences]


def loss_and_gradients(x, targets, mask=None, reduction="sequence"):
    """Loss, ∂L/∂o and the gradients of all weights, of a padded batch."""
    h, _, cache = rnn_forward(rnn, x, mask=mask)
    o, out_cache = dense_forward(dense, h)
    loss, do = softmax_cross_entropy(o, targets, mask=mask, reduction=reduction)
    dh, d_dense = dense_backward(do, out_cache)
    return loss, do, (*rnn_backward(dh, cache)[2], *d_dense)


# %%
# The padded batch against each sequence alone
(x, lengths), (targets, _) = pad_sequences(sequences), pad_sequences(answers)
mask = lengths_to_mask(lengths)
loss, do, gradients = loss_and_gradients(x, targets, mask)
alone = [
    loss_and_gradients(s[:, None], a[:, None])  # B = 1, no padding
    for s, a in zip(sequences, answers, strict=True)
]
print(f"(20) from each sequence alone: {abs(loss - np.mean([one[0] for one in alone])):.1e}")
means = [sum(one[2][i] for one in alone) / len(alone) for i in range(5)]
gap = max(np.abs(g - m).max() for g, m in zip(gradients, means, strict=True))
print(f"its gradients: {gap:.1e}")
nonsense = np.where(mask[..., None], x, 1e3), np.where(mask, targets, -7)
print("with nonsense in the padding:", loss_and_gradients(*nonsense, mask)[0] == loss)
print("gradient at masked steps:", np.abs(do[~mask]).max())

fig, ax = plt.subplots(figsize=(7, 3))
heatmap(ax, np.linalg.norm(do, axis=2).T, title=r"size of $\bar o_t$", limit=0.4)
ax.set(xlabel="step $t$", ylabel="sequence $i$")
show(
    fig,
    alt="A table of four sequences by seven steps. The sizes of the gradients fill the first 7, 3, "
    "5 and 1 cells of the rows; all cells after the ends are exactly 0.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Nothing, not even the last digit. What is masked has no influence.
#
# </details>
#
# Mind the divisor. (20) divides by the number of sequences, whatever is padded. One sees two other
# habits: to divide by the number of all cells of the padded array, or by the number of real steps.
#
# **Predict.** We append 0 to 20 more columns of pure padding. What do the three rules say?

# %%
# Padding and the divisor
extra = np.arange(0, 21, 5)
rules = {"by sequences, (20)": [], "by real steps": [], "by all cells": []}
for n in extra:
    more = np.pad(x, ((0, n), (0, 0), (0, 0))), np.pad(targets, ((0, n), (0, 0)))
    wide = lengths_to_mask(lengths, T=len(x) + n)
    rules["by sequences, (20)"].append(loss_and_gradients(*more, wide)[0])
    rules["by real steps"].append(loss_and_gradients(*more, wide, "mean")[0])
    rules["by all cells"].append(loss_and_gradients(*more, wide, "sum")[0] / wide.size)
for rule, losses in rules.items():
    print(f"{rule:18}: {losses[0]:.4f} without more padding, {losses[-1]:.4f} with 20 steps more")

fig, ax = plt.subplots(figsize=(8, 3))
for (rule, losses), marker in zip(rules.items(), "os^", strict=True):
    ax.plot(extra, losses, marker=marker, label=rule)
ax.set(xlabel="steps of padding added", ylabel="loss", ylim=(0, None))
ax.legend(loc="center right")
show(
    fig,
    alt="Two level lines, division by sequences at 5.4 and by real steps at 1.4; the "
    "loss divided by all cells falls as padding is added.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Divided by sequences or by real steps it stays the same. Divided by all cells the loss gets
# smaller with every column of padding, and so do the gradients, as if the learning rate had been
# lowered.
#
# </details>
#
# By sequences or by real steps, then? In (20) every *step* has the same weight within a batch, and
# a batch of long sequences gives a larger gradient. Division by real steps evens that out between
# batches. Both are in use; ours is D3's.
#
# One subtlety. The reference's mask also *holds the state* through the padding, so that the last
# state is that of each sequence's end. The weights of `char_loss` in the problem set only multiply
# the losses, and the state runs on. For the loss and its gradients that is all the same, since
# nothing after the end is counted; for the last state it is not.

# %%
# Two kinds of masks
held, _, _ = rnn_forward(rnn, x, mask=mask)
run_on, _, cache = rnn_forward(rnn, x)
o, out_cache = dense_forward(dense, run_on)
loss_only, do_only = softmax_cross_entropy(o, targets, mask=mask)
dh, d_dense = dense_backward(do_only, out_cache)
others = *rnn_backward(dh, cache)[2], *d_dense
print(f"losses differ by {abs(loss_only - loss):.1e},", end=" ")
gap = max(np.abs(a - b).max() for a, b in zip(others, gradients, strict=True))
print(f"gradients by {gap:.1e}")
print("last states differ in sequences:", 1 + np.flatnonzero(np.abs(held - run_on)[-1].max(axis=1)))

# %% [markdown]
# ## 7 Stochastic gradient descent, in loops and in products
#
# D3's update: draw a minibatch of $B$ sequences, and take a step down the mean of their gradients,
#
# $$\theta \leftarrow \theta - \alpha\,\frac1B \sum_{i=1}^{B}
#   \frac{\partial L_i}{\partial \theta}, \qquad \theta = (U, W, V, b, c). \tag{21}$$
#
# It is *stochastic* since the minibatch's mean is only an estimate of the mean over all sequences.
# To see it at work we let a network *learn* the comparison of two streams which we designed by
# hand in lecture 3: which sum is larger so far? Each of three runs sees 4,096 sequences once, in
# minibatches of 4, 32 and 256.
#
# **Predict.** Which run is best after the same number of sequences, if the learning rate $\alpha$
# is small? And if it is large?


# %%
# One run of training
def train(B, lr, sequences=4096, T=10, H=8):
    """Losses per step of a run with minibatches of B, and the trained network."""
    rng = np.random.default_rng(6)
    params = init_rnn(rng, 2, H), init_dense(rng, H, 2)
    losses = []
    for _ in range(sequences // B):
        x, first_leads = larger_sum(rng, T, B)
        h, _, cache = rnn_forward(params[0], x)
        o, out_cache = dense_forward(params[1], h)
        loss, do = softmax_cross_entropy(o, first_leads[..., 0].astype(int))
        dh, d_dense = dense_backward(do, out_cache)
        params = sgd_step(params, (rnn_backward(dh, cache)[2], d_dense), lr=lr)  # (21)
        losses.append(loss / T)
    return np.array(losses)


def smoothed(losses, B, block=256):
    """Means of the losses over 256 sequences each."""
    return losses.reshape(-1, block // B).mean(axis=1)


# %%
# Learning to compare two streams
fig, axes = plt.subplots(1, 2, figsize=(8.5, 3.2), sharey=True)
for ax, lr in zip(axes, (0.003, 0.1), strict=True):
    for B, marker in zip((4, 32, 256), "os^", strict=True):
        losses = train(B, lr)
        curve = smoothed(losses, B)
        ax.plot(256 * np.arange(1, len(curve) + 1), curve, marker=marker, label=f"B = {B}")
        print(f"rate {lr}, B = {B:3}: {len(losses):4} updates, last loss {curve[-1]:.3f}")
    ax.axhline(np.log(2), color=COLOURS.neutral, linestyle=":", label="a coin, log 2")
    ax.set(title=f"learning rate {lr}", xlabel="sequences seen", ylim=(0, 0.85))
axes[0].set_ylabel("loss per step (nats)")
axes[1].legend(ncols=2)
show(
    fig,
    alt="Losses against sequences seen. With the small rate, minibatches of 4 fall fastest and "
    "those of 256 slowest. With the large rate, minibatches of 4 jump up and down and end highest.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# At the small rate the smallest minibatches: from the same sequences they make 64 times as many
# updates. At the large rate they are the worst: a mean over 4 sequences is a noisy estimate, and
# large steps follow the noise. (Where even 256 leap up for a while, the step is too long for an
# exact gradient, too; lecture 6 limits it.)
#
# </details>
#
# So small minibatches, with small steps, make more of each sequence. Why does anybody use large
# ones? Because of the machine. Steps must wait for each other; sequences of a minibatch need not,
# nor do the units.
#
# **Predict.** From $B = 1$ to $B = 16$ the work grows by 16. By how much does the time for one
# update grow?


# %%
# A stopwatch
def seconds(work, repeat=7):
    """The best of some runs."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


# %%
# Time against minibatch size
T, D, H = 25, 32, 64
sizes = 2 ** np.arange(8)  # 1 … 128
params = init_rnn(np.random.default_rng(7), D, H)
per_step = []
for B in sizes:
    x, dh = (np.random.default_rng(8).normal(size=(T, B, n)) for n in (D, H))
    per_step.append(seconds(lambda x=x, dh=dh: by_bptt(params, x, dh)) / T)
per_step = np.array(per_step)

fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.2))
left.loglog(sizes, 1e6 * per_step, "o-", color=COLOURS.state)
left.loglog(sizes, 1e6 * per_step[0] * sizes, ":", color=COLOURS.neutral)
left.text(8, 1e6 * per_step[0] * 14, "one by one", color=COLOURS.neutral, ha="right")
left.set(title="one time step", xlabel="minibatch size $B$", ylabel="microseconds")
right.semilogx(sizes, 1e6 * T * per_step / sizes, "s-", color=COLOURS.state)
right.set(title="one sequence of 25 steps", xlabel="minibatch size $B$", ylim=(0, None))
show(
    fig,
    alt="Left: the time of one step grows slowly with the minibatch at first, far below the dotted "
    "line of sequences taken one by one. Right: the time per sequence falls steeply up to a "
    "minibatch of about 16; then little is gained.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# On most machines by far less than 16: at $B = 1$ most of the time is spent on calling, not on
# multiplying, and a matrix product uses the processor better than as many products with vectors.
# Where the right curve stops falling, the processor is busy. It may even rise again, once the
# arrays are too large for the processor's fast memory.
#
# </details>
#
# ### And over time?
#
# > **Note on the slides.** D0 says: vectorise over minibatches and units, but not over time,
# > "because of summation". Lecture 3 met that reason on the way forward; it is no better on the way
# > back. The sums of (17) are no obstacle, each is *one* matrix product over all steps. What must wait
# > is $h_t$, which needs $h_{t-1}$, and $\bar z_t$, which needs $\bar z_{t+1}$.
#
# So take out of the loop whatever does not wait: before it the products $U x_t$, after it the sums
# (17). Stack the $\bar z_t$ of all steps and sequences as rows of a matrix, (TB, H), and the states
# before them likewise: then $\bar W = \sum \bar z_t h_{t-1}^\top$ is one product. Inside the loop
# remains one product with $W$ per step.
#
# **Predict.** Which gains more: this, or to write a step's sums over 64 units as one product?

# %%
# What need not wait
B = 16
rng = np.random.default_rng(9)
x, dz, h_prev = (rng.normal(size=(T, B, n)) for n in (D, H, H))
W, rows = params.W, range(H)
jobs = {
    "U x_t": (
        lambda: np.stack([x_t @ params.U.T for x_t in x]),
        lambda: (x.reshape(T * B, D) @ params.U.T).reshape(T, B, H),
    ),
    "sum for W": (
        lambda: sum(dz_t.T @ h_t for dz_t, h_t in zip(dz, h_prev, strict=True)),
        lambda: dz.reshape(T * B, H).T @ h_prev.reshape(T * B, H),
    ),
    "units": (  # W^T z̄ for one step of one sequence
        lambda: np.array([sum(W[i, j] * dz[0, 0, i] for i in rows) for j in rows]),
        lambda: W.T @ dz[0, 0],
    ),
}
times = {}
for name, (in_loop, at_once) in jobs.items():
    print(f"{name:9}: one by one and at once differ by {np.abs(in_loop() - at_once()).max():.1e}")
    times[name] = [1e6 * seconds(job) for job in (in_loop, at_once)]

# %%
# In a loop and at once
fig, ax = plt.subplots(figsize=(7.5, 2.6))
for marker, colour, label, lengths in zip(
    "so",
    (COLOURS.neutral, COLOURS.state),
    ("in a loop", "at once"),
    np.array(list(times.values())).T,
    strict=True,
):
    ax.semilogx(lengths, range(len(jobs)), marker, color=colour, markersize=9, label=label)
ax.set(xlabel="microseconds", ylim=(-0.5, 2.5))
names = (
    "$U x_t$, over time",
    r"$\Sigma_t\, \bar z_t h_{t-1}^T$, over time",
    r"$W^T \bar z_t$, over units",
)
ax.set_yticks(range(len(jobs)), names)
ax.legend()
show(
    fig,
    alt="Three pairs of marks on a logarithmic axis. At once is about twice as fast for the two "
    "products over time, and hundreds of times faster for a product over 64 units.",
)

# %% [markdown]
# Over units it pays most: nobody writes the sums of (14) as Python loops in earnest. Over time it
# is a gift on top.
#
# **Try it.** Set $B$ to 1 in *What need not wait*, then to 256. When does it pay most to take the
# two products out of the loop over time?
#
# ## Check yourself
#
# **1.** A linear unit, $h_t = w\,h_{t-1} + x_t$ with $h_0 = 0$, reads 1, 1, 1, and $w = 2$. The
# loss is $h_3$. What are $\bar z_1, \bar z_2, \bar z_3$ and $\bar w$?
#
# <details><summary>Answer</summary>
#
# $\bar z_3 = 1$, $\bar z_2 = 2$, $\bar z_1 = 4$. The states are 1, 3, 7, so
# $\bar w = 4 \cdot 0 + 2 \cdot 1 + 1 \cdot 3 = 5$. (Directly: $h_3 = w^2 + w + 1$, and
# $2w + 1 = 5$.)
#
# </details>
#
# **2.** Somebody passes $\bar h_t$, the total derivative, to `rnn_backward` as `dh`. What happens?
#
# <details><summary>Answer</summary>
#
# `dh` is what each step's own loss sends. The function adds what comes back from step $t + 1$; in
# $\bar h_t$ that is already included, so it would count more than once, as in section 2 without the
# plus. Only the last step comes out right.
#
# </details>
#
# **3.** A minibatch holds one sequence of 10 steps and one of 2. By (20), how much does a real
# step of the short one count, compared with one of the long one? And if each sequence's loss were
# its *mean* over time?
#
# <details><summary>Answer</summary>
#
# The same, $\tfrac12$ each. With means over time, a step of the short one would count
# $\tfrac12 \cdot \tfrac12$ against $\tfrac12 \cdot \tfrac1{10}$, five times as much.
#
# </details>

# %%
# The first answer, checked
w = Scalar(2.0, "w")
z, h = [], Scalar(0.0)
for x_t in (1.0, 1.0, 1.0):
    h = w * h + x_t
    z.append(h)
h.backward()
print("gradients of z_1, z_2, z_3:", [z_t.grad for z_t in z], "and of w:", w.grad)

# %% [markdown]
# ## Summary
#
# - BPTT is backpropagation on the unrolled graph. One relation reaches across time, from
#   $\bar z_{t+1}$ to $\bar h_t$; it starts from $\bar z_{T+1} = 0$.
# - Each weight's gradient is a sum over its uses, and a recurrent weight meets the state of the
#   step *before*: $\bar W = \sum_{t=1}^{T} \bar z_t h_{t-1}^\top$.
# - Explicit parts are counted once each, times all later Jacobians; without the $^+$ they are
#   counted again and again.
# - BPTT keeps $TH$ numbers, the forward recursion $H\,(H^2 + HD + H)$, at far more work.
# - Sum over time, mean over sequences; a masked step has loss and gradient 0.
# - Vectorise over sequences and units, and over time whatever does not wait for $h_{t-1}$.
#
# **What comes next.** In [problem set 3](../assignments/ps3_bptt/ps3_bptt.ipynb) you write
# `bptt_scalar`, `explicit_terms`, `rnn_backward` for minibatches and `char_loss`.
# [Lecture 6](06_a_character_level_language_model.ipynb) trains a character-level language model with
# them, and cuts their gradients (`truncated_bptt`); [lecture 7](07_vanishing_and_exploding_gradients.ipynb) asks what becomes of the products in
# (13) over long distances.
