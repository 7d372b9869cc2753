# %% [markdown]
# # Recurrent networks, unrolled
#
# A feed-forward network meets every input as if it were its first. Give one of its units a wire
# back to itself, and it has a past. [Lecture 2](02_memory.ipynb) designed such a network and counted
# its weights. In this lecture you take it apart: you build one unit by hand, straighten the wire out
# into a graph without cycles, and learn to read the same few equations in five notations.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | follow a unit's memory and choose its weights | a linear unit that sums its inputs | `linear_rnn`, `design_weights` |
# | build a network that compares two streams | the comparison network | `comparison_rnn` |
# | unroll a network with a cycle over any number of steps | cycles and unrolled graphs | `unrolled_matrix` |
# | turn the equations into code, whoever wrote them | the forward pass in every notation | `rnn_step`, `rnn_forward`, `readout`, `stacked_step` |
#
# **Time:** 40 minutes to read, 60 with all predictions and trials. **You need:** a feed-forward layer, $\varphi(Wx + b)$ with its
# activation $\varphi$, and NumPy's `@`. **It prepares**
# [problem set 1, recurrence](../assignments/ps1_recurrence/ps1_recurrence.ipynb).
#
# **Shape ledger.** Matrices are (to, from); a sequence in code is `x` (T, D), a batch (T, B, D).
#
# | Symbol | Shape | Meaning |
# |---|---|---|
# | $T, B, D, H, K$ | numbers | time steps, sequences, inputs, hidden units, outputs |
# | $x_t$ | (D,) | input at step $t = 1, \dots, T$ |
# | $z_t$, $h_t$ | (H,) | hidden units before and after $\varphi$; $h_t$ is the *state* |
# | $o_t$, $\hat y_t$ | (K,) | scores, and outputs $\hat y_t = g(o_t)$ |
# | $U$, $W$, $V$ | (H, D), (H, H), (K, H) | input → hidden, hidden → hidden, hidden → output |
# | $b$, $c$ | (H,), (K,) | biases of hidden units and outputs |
# | $u, w, v$ | numbers | $U, W, V$ when there is one unit; then without biases |
#
# ## 1 One unit that remembers
#
# Our first network has one unit, and its memory is one number, $h_t$. Each step weighs what
# arrives, weighs what was remembered, and adds the two:
#
# $$z_t = u\,x_t + w\,h_{t-1} \tag{1}$$
# $$h_t = \varphi(z_t) \tag{2}$$
# $$o_t = v\,h_t \tag{3}$$
#
# It starts from $h_0 = 0$. For now the unit is *linear*, $\varphi(z) = z$, and $u = w = v = 1$.
#
# **Predict.** The inputs are 1, 1, −½ and 2. Which four states follow? Write them down first.

# %%
# Set-up
import matplotlib.pyplot as plt
import numpy as np

from rnnref import DenseParams, RNNParams, dense_forward, rnn_forward
from rnnref.course.graphs import draw_folded, draw_unrolled
from rnnref.course.plots import COLOURS, heatmap, show, timeline
from rnnref.course.trace import Traced, fold, links, variables


# %%
# One unit, four inputs
def step(x_t, h_prev, u, w):
    """One step of a linear unit."""
    z_t = u * x_t + w * h_prev  # (1)
    return z_t  # (2) with φ(z) = z


x, h = [1.0, 1.0, -0.5, 2.0], [0.0]  # h_0 = 0
for x_t in x:
    h.append(step(x_t, h[-1], u=1.0, w=1.0))
print("states h_1 to h_4:", h[1:])
print("h_4 =", h[4], "= the sum of the inputs:", h[4] == sum(x))

fig, ax = plt.subplots(figsize=(8, 3))
ax.bar(range(1, 5), x, width=0.3, color=COLOURS.input, label="input $x_t$")
timeline(ax, h, first=0, label="state $h_t$", colour=COLOURS.state, numbers=True)
ax.axhline(0, color=COLOURS.neutral, linewidth=1)
ax.set_ylabel("value")
ax.legend(loc="upper left")
show(fig, alt="Bars for the inputs 1, 1, −0.5, 2; above them the state goes 0, 1, 2, 1.5, 3.5.")

# %% [markdown]
# <details><summary>Answer</summary>
#
# 1, 2, 1.5 and 3.5. With $w = 1$ the unit keeps all it had, with $u = 1$ it adds all that comes:
# $3.5 = 1 + 1 - \tfrac12 + 2$.
#
# </details>
#
# A sum over the whole past, and yet only one number is kept. That is what a recurrent network is
# about: the state is a summary, and the weights decide what goes into it. This summary has
# forgotten the order of its inputs, and how many there were.
#
# **Try it.** Set `w=0.5` and predict $h_4$ before you run the cell. (It is 2.125.)
#
# ## 2 What a linear unit can keep
#
# Why 2.125? Put equation (1) into itself, once for each step back:
#
# $$h_t = u\,x_t + w\,(u\,x_{t-1} + w\,h_{t-2}) = \dots
#       = \sum_{k=1}^{t} u\,w^{\,t-k}\,x_k \;+\; w^{\,t}\,h_0 \tag{4}$$
#
# So an input of *age* $t - k$ still counts, with weight $u\,w^{t-k}$. One number, $w$, says how
# fast the unit forgets.
#
# **Predict.** We send in a single 1 and then only zeros, to units with $w$ = 1, 0.9, 0.5, −0.8
# and 1.1. Which unit remembers the 1 best after twenty steps? Which exaggerates?


# %%
# The echo of a single one
def run(x, u, w, h_0=0.0):
    """All states of a linear unit."""
    h = [h_0]
    for x_t in x:
        h.append(step(x_t, h[-1], u, w))
    return np.array(h[1:])


impulse, ones = np.eye(20)[0], np.ones(20)
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4))
for w in (1.0, 0.9, 0.5, -0.8, 1.1):
    timeline(left, run(impulse, u=1.0, w=w), label=f"$w = {w}$", markersize=4)
    timeline(right, run(ones, u=1.0, w=w), label=f"$w = {w}$", markersize=4)
    print(f"w = {w:4}: {run(impulse, u=1.0, w=w)[-1]:8.2g} of the 1 is left at step 20")
left.set(title="a single 1, then zeros", ylabel="state $h_t$", ylim=(-1, 3))
right.set(title="a 1 at every step", ylabel="state $h_t$", ylim=(-1, 21))
right.legend()
show(
    fig,
    alt="After a single 1 the unit with w = 1 stays at 1, 0.9 and 0.5 decay, −0.8 decays with "
    "alternating sign, 1.1 grows out of the picture. Fed with ones, w = 1 climbs to 20, w = 1.1 "
    "leaves the picture, 0.9 bends towards 10, 0.5 stays below 2, −0.8 settles near 0.56.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $w = 1$ keeps the 1 for ever. $0.9$ has forgotten most of it, $0.5$ all but two millionths;
# $-0.8$ also turns its sign at every step. $1.1$ exaggerates: the old 1 has become 6.1, and it
# would go on growing.
#
# </details>
#
# The right picture shows the price of a long memory: the state can grow. Take inputs of magnitude at
# most $M$ and $h_0 = 0$. Then a sum of powers bounds the state: by $|u|\,M / (1 - |w|)$ if $|w| < 1$,
# by $|u|\,M\,t$ if $|w| = 1$. For $|w| > 1$ even one early input outgrows every bound. A unit with
# $|w| < 1$ is a *leaky sum*.
#
# Equation (4) says more. With $h_0 = 0$, every state is a weighted sum of the inputs, so all the
# states together are *one matrix times the whole sequence*:
#
# $$h = L\,x, \qquad
#   L_{tk} = \begin{cases} u\,w^{\,t-k} & k \le t \\ 0 & k > t \end{cases} \tag{5}$$
#
# Let us check that without trusting the derivation. Column $k$ of a matrix is what it does to a
# sequence with a single 1 at place $k$. So we feed our loop one such sequence after another,
# collect the answers as columns, and look.
#
# **Predict.** Above the diagonal of $L$ all entries are 0. What does that say about time?

# %%
# The matrix of a linear unit
T, u = 6, 1.0
x = np.random.default_rng(0).normal(size=T)
fig, axes = plt.subplots(1, 2, figsize=(8, 3.9))
for ax, w in zip(axes, (0.5, -0.8), strict=True):
    L = np.column_stack([run(impulse, u, w) for impulse in np.eye(T)])
    gap = np.abs(L @ x - run(x, u, w)).max()
    by_age = all(np.allclose(np.diag(L, -age), u * w**age) for age in range(T))  # (5)
    print(f"w = {w:4}: L x against the loop, largest difference {gap:.1e};", end=" ")
    print("the diagonal of age a holds u w^a:", by_age)
    heatmap(ax, L, title=f"$L$ for $w = {w}$", limit=1)
    ax.set(xlabel="input of step $k$", ylabel="state of step $t$")
show(
    fig,
    alt="Two lower triangular 6 × 6 matrices with ones on the diagonal. For w = 0.5 the entries "
    "halve with each diagonal below; for w = −0.8 they shrink more slowly and alternate in sign.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# An entry above the diagonal would let an input of step $k > t$ reach the state of step $t$: the
# future would act on the past. Causality is the triangle.
#
# </details>
#
# > **Note on the slides.** D0 (the slides are D0 to D4, see [lecture 0](00_map_and_notation.ipynb))
# > says that one cannot vectorise over time *because of the summation over time*. The sum is not the obstacle:
# > $L x$ is a sum over time, and one matrix product. The obstacle is that $h_t$ needs $h_{t-1}$. A
# > linear unit lets us get around it by (5); with a $\varphi$ that is not linear there is no $L$.
#
# ### What no linear unit can do
#
# By (5), twice the input gives twice the state, and the state of a sum of two sequences is the
# sum of their states. Some memories do not work that way. Take "the largest input so far": for
# (1, 0) it is 1, 1; for (0, 1) it is 0, 1. These add up to 1, 2, but for the sum (1, 1) the right
# answer is 1, 1. No choice of $u$ and $w$ helps, and no number of linear units.
#
# Another such memory is a switch, which holds the last strong signal through weak noise. A unit
# that *bends* can be one. With $\varphi = \tanh$ and $w = 2$ it has two stable resting states, the
# solutions $\pm 0.958$ of $h = \tanh(2h)$ (the third, 0, is unstable). A strong input knocks it
# from one to the other; with $u = 3$, noise of up to 0.15 cannot.
#
# **Predict.** Pulses of +1, −1, −1, +1 arrive among such noise. Which unit's sign always tells
# the last pulse: the sum ($w = 1$), the leaky sum ($w = 0.8$), or the tanh unit?

# %%
# A switch needs a bend
T, pulses = 60, {3: 1.0, 18: -1.0, 30: -1.0, 45: 1.0}
x = np.random.default_rng(1).uniform(-0.15, 0.15, size=T)
for t, pulse in pulses.items():
    x[t - 1] = pulse
last = np.array([[x[k - 1] for k in pulses if k <= t][-1] for t in range(3, T + 1)])
h = [0.0]
for x_t in x:
    h.append(np.tanh(step(x_t, h[-1], u=3.0, w=2.0)))  # (2) with φ = tanh
units = {"sum": run(x, 1.0, 1.0), "leaky sum": run(x, 1.0, 0.8), "tanh": np.array(h[1:])}

fig, ax = plt.subplots(figsize=(8, 3.4))
ax.bar(range(1, T + 1), x, color=COLOURS.input, width=0.4, label="input $x_t$")
colours = (COLOURS.accent, COLOURS.neutral, COLOURS.state)
for (name, states), colour in zip(units.items(), colours, strict=True):
    timeline(ax, states, label=name, colour=colour, markersize=4)
    right = np.sum(np.sign(states[2:]) == last)
    print(f"{name:9}: the sign tells the last pulse at {right} of {len(last)} steps")
ax.set_ylabel("state $h_t$")
ax.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, 1.2))
show(
    fig,
    alt="Four pulses among noise. The tanh unit jumps between plateaus near +0.96 and −0.96 at the "
    "pulses and stays there; the sum drifts with the noise; the leaky sum falls back to zero.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only the tanh unit. After +1 and −1 the sum is back near 0, where noise decides; the leaky sum
# forgets each pulse after a few steps. The tanh unit pulls itself back to a resting state.
#
# </details>
#
# That is why most of this course uses units that bend. They cost us (5): with
# $\varphi = \tanh$ we must take the steps one by one.
#
# **Try it.** Lower `w=2.0` to `w=0.9`. The switch breaks: $h = \tanh(0.9\,h)$ has only one
# solution, 0, and the unit has only one place to rest.
#
# ## 3 Two streams: which sum is larger?
#
# The next network reads two numbers per step and says, after every step, which stream has the
# larger sum so far. In sections 8 and 9 of lecture 2 networks had to *learn* that, and beyond the
# trained length they got lost. Here we write the weights down. A linear hidden unit does the book-keeping if
# it takes the second stream with weight −1, and a logistic output turns the difference into a
# probability:
#
# $$U = \begin{bmatrix} 1 & -1 \end{bmatrix},\quad W = \begin{bmatrix} 1 \end{bmatrix}
#   \quad\Rightarrow\quad h_t = \sum_{k=1}^{t} \left(x_{k,1} - x_{k,2}\right), \qquad
#   \hat y_t = \sigma(o_t) = \frac{1}{1 + e^{-o_t}}, \quad o_t = v\,h_t. \tag{6}$$
#
# For $v > 0$ we have $\hat y_t > \tfrac12$ exactly when $h_t > 0$: when stream 1 leads. The
# *gain* $v$ says how sure the network is of a small lead; we take 5.
#
# This time the course's reference takes the steps: `rnn_forward` is (1) and (2) for any number of
# units, and `dense_forward` is (3). Both want a batch axis, (T, B, D), so we put one of length 1
# into the middle.
#
# **Predict.** Stream 1 brings 2, 0, 1 and stream 2 brings −2, 3.5, 2.2. Who leads after each step?


# %%
# Which stream has the larger sum?
def sigma(o):
    """The logistic function of (6)."""
    return 1 / (1 + np.exp(-o))


streams = np.array([[2.0, -2.0], [0.0, 3.5], [1.0, 2.2]])  # (T, D) = (3, 2)
hidden = RNNParams(U=np.array([[1.0, -1.0]]), W=np.array([[1.0]]), b=np.zeros(1))
output = DenseParams(V=np.array([[5.0]]), c=np.zeros(1))
h, _, _ = rnn_forward(hidden, streams[:, None, :], activation="linear")  # (T, B=1, H=1)
o, _ = dense_forward(output, h)  # (T, B=1, K=1)
y_hat = sigma(o)
print("differences:  ", [f"{difference:.2f}" for difference in h.ravel()])
print("probabilities:", [f"{p:.3f}" for p in y_hat.ravel()])

# %% [markdown]
# The same numbers as curves: what arrived so far, what the unit remembers, what the network says.

# %%
# Two streams, their difference and the verdict
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(8, 3))
for stream, colour in enumerate((COLOURS.input, COLOURS.second)):
    sums = np.cumsum(streams[:, stream])
    timeline(left, sums, label=f"stream {stream + 1}", colour=colour)
left.set_title("sums so far")
left.legend()
timeline(middle, h.ravel(), label="state", colour=COLOURS.state, numbers=True)
middle.set_title("state $h_t$: the difference")
timeline(right, y_hat.ravel(), label="output", colour=COLOURS.output, numbers=True)
right.set(title="output: does stream 1 lead?", yticks=[0, 0.5, 1])
show(
    fig,
    alt="The sums of stream 1 are 2, 2, 3, those of stream 2 are −2, 1.5, 3.7; they cross between "
    "steps 2 and 3. The state falls from 4 over 0.5 to −0.7, the output from 1 to 0.029.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The differences are 4, 0.5 and −0.7: stream 1 leads after steps 1 and 2, stream 2 after step 3.
#
# </details>
#
# One example proves little. Here the batch axis pays: steps must wait for each other, but sequences
# need not, so a thousand random pairs of streams go through together. We compare the verdicts
# with plain cumulative sums, which know nothing of networks.

# %%
# A thousand pairs of streams at once
T, B = 50, 1000
streams = np.random.default_rng(2).normal(size=(T, B, 2))
h, _, _ = rnn_forward(hidden, streams, activation="linear")
sums = streams.cumsum(axis=0)
agree = (h[..., 0] > 0) == (sums[..., 0] > sums[..., 1])
print(f"{agree.sum()} of {T * B} verdicts agree; the states have shape {h.shape}")

# %% [markdown]
# **Try it.** Turn the network into one that asks whether stream 1 has *more than twice* the sum of
# stream 2: one number in `hidden` is enough. (It is `U=np.array([[1.0, -2.0]])`. Set it back
# afterwards; section 7 uses the network again.)
#
# ## 4 A graph with a cycle, and without
#
# Drawn with one circle per variable, the unit of section 1 has an arrow from $h$ to itself.
# Feed-forward networks never do that, and for a reason: to compute $h$ we would need $h$. The way out is in
# the indices of (1). The arrow leads from $h_{t-1}$ to $h_t$, *one step later*. Give every step
# its own circle, and the cycle opens into a chain. This is *unrolling*.
#
# We will not draw these graphs by hand. `Traced` wraps a number so that it remembers what it was
# computed from. Our very own `step`, run on traced numbers, tells what it does:

# %%
# A number that remembers how it was computed
x_1, h_0 = Traced(2.0, "x", 1), Traced(1.5, "h", 0)
u, w = Traced(1.0, "u"), Traced(1.0, "w")
print("step computes", step(x_1, h_0, u, w))

# %% [markdown]
# That is all we need. We run a whole sequence that way, and give each new state its name and its
# step. The weights come in as lists with an entry per step; here all entries are the same.


# %%
# A watched run
def traced_run(x, u, w, v):
    """Outputs of a traced network; u, w and v have an entry for each step."""
    h_t, outputs = Traced(0.0, "h", 0), []
    for t, (x_t, u_t, w_t, v_t) in enumerate(zip(x, u, w, v, strict=True), start=1):
        h_t = step(Traced(x_t, "x", t), h_t, u_t, w_t).rename("h", t)
        outputs.append((v_t * h_t).rename("o", t))  # (3)
    return outputs


def shared(T):
    """The same three weights at each of T steps."""
    return [[Traced(1.0, name)] * T for name in "uwv"]


outputs = traced_run([1.0, 1.0, -0.5, 2.0], *shared(4))
print("the last output:", outputs[-1])

# %% [markdown]
# Now `links` reads off which variable entered which, times which weight: the arrows of the unrolled
# graph. `fold` forgets the step numbers, and lays arrows that are now equal onto each other.
#
# **Predict.** How many arrows has the unrolled graph of these four steps? How many different
# weights do they carry?

# %%
# A network draws itself
arrows = links(*outputs)
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4), width_ratios=[1, 3])
draw_folded(left, fold(arrows))
draw_unrolled(right, arrows, values=variables(*outputs))
show(
    fig,
    alt="Left: x feeds h, h feeds o, and h feeds itself through w. Right: the same network over "
    "four steps, a chain from h_0 to h_4 with the values 0, 1, 2, 1.5, 3.5, an x and an o at each.",
)
print(f"unrolled: {len(arrows)} arrows, folded: {len(fold(arrows))}")
print(*fold(arrows), sep="\n")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Twelve arrows, three per step; but only three weights, $u$, $w$ and $v$, each used four times.
#
# </details>
#
# The chain holds the numbers of section 1. Only the arrow $h \to h$ has a delay, and that makes
# the cycle harmless: a cycle can be computed if every way round it takes at least one step.
#
# In the unrolled graph we can even name an order of computation. Sort the circles by step and,
# within a step, from the bottom row to the top: every arrow must lead forward. Let the machine
# check that, for other lengths too. Nothing in `step` knows about $T$.


# %%
# The same code over other lengths
def place(variable):
    """Step first, then the row from below."""
    name, t = variable
    return t, "xho".index(name)


for T in (2, 7, 50):
    arrows = links(*traced_run(np.ones(T), *shared(T)))
    forward = all(place(arrow.source) < place(arrow.target) for arrow in arrows)
    print(f"T = {T:2}: {len(arrows):3} arrows, all forward: {forward}; folded: {len(fold(arrows))}")

fig, axes = plt.subplots(1, 2, figsize=(8, 2.6), width_ratios=[3, 8])
for ax, T in zip(axes, (2, 7), strict=True):
    draw_unrolled(ax, links(*traced_run(np.ones(T), *shared(T))))
    ax.set_title(f"T = {T}")
show(
    fig,
    alt="Two unrolled graphs from the same code, one of two steps and one of seven. Each step "
    "repeats the same three arrows u, w and v.",
)

# %% [markdown]
# So a recurrent network is a rule for building graphs: one small pattern, repeated as often as
# the sequence is long. That is why it takes sequences of any length.
#
# **Try it.** Change `(2, 7)` in the second loop to `(1, 9)`.
#
# ## 5 One weight, many arrows
#
# Read an unrolled graph from left to right and it *is* a feed-forward network, $T$ layers deep,
# with a fresh input at each layer: "state per step", the third design of lecture 2. What sets it
# apart is that all layers share their weights, as in the fourth:
#
# $$h_t = \varphi(u_t\,x_t + w_t\,h_{t-1}), \qquad
#   u_1 = \dots = u_T = u, \quad w_1 = \dots = w_T = w. \tag{7}$$
#
# Here is such a deep network, written as one would write it without ever having heard of
# recurrence. Does it agree with the reference?


# %%
# A deep feed-forward network with equal layers
def deep_net(x, u, w):
    """States of T layers, each with its own u and w."""
    h = [0.0]
    for x_t, u_t, w_t in zip(x, u, w, strict=True):
        h.append(np.tanh(step(x_t, h[-1], u_t, w_t)))  # (7)
    return np.array(h[1:])


T = 8
x = np.random.default_rng(3).normal(size=T)
one_unit = RNNParams(U=np.array([[1.0]]), W=np.array([[0.9]]), b=np.zeros(1))
recurrent = rnn_forward(one_unit, x.reshape(T, 1, 1))[0].ravel()
gap = np.abs(deep_net(x, np.full(T, 1.0), np.full(T, 0.9)) - recurrent).max()
print(f"{T} equal layers against the recurrent network: largest difference {gap:.1e}")

# %% [markdown]
# In code, sharing is no trick. It means that the same object stands at every step, as in
# `[Traced(1.0, name)] * T`. Give each step an object of its own, and the trace shows what is lost.
#
# **Predict.** How many arrows are left when we fold the graph of a network with separate weights?


# %%
# Shared weights and separate ones
def separate(T):
    """Weights that differ from step to step."""
    return [[Traced(1.0, f"{name}_{t}") for t in range(1, T + 1)] for name in "uwv"]


fig, axes = plt.subplots(1, 2, figsize=(8, 2.9))
for ax, weights in zip(axes, (shared, separate), strict=True):
    arrows = links(*traced_run(np.ones(4), *weights(4)))
    draw_unrolled(ax, arrows)
    kinds, numbers = len(fold(arrows)), len({arrow.weight for arrow in arrows})
    ax.set_title(f"{weights.__name__}: {numbers} weights")
    print(f"{weights.__name__:8}: {len(arrows)} arrows, {kinds} when folded, {numbers} weights")
show(
    fig,
    alt="Two chains of four steps. On the left all arrows of a kind have one colour and one name, "
    "u, w or v; on the right each has a name and a shade of its own, such as w_1 to w_4.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# All twelve: no two carry the same weight, so none can be laid onto another. A cycle is just
# another way to write a chain of *equal* links.
#
# </details>
#
# The network with separate weights ends after four steps: there is no $w_5$. (Lecture 2 has counted
# the weights, and measured what sharing them buys.)
#
# Sharing has a second effect, which will matter for learning. A change of $w$ acts at *every*
# arrow. Take tanh units and raise $w$ a little: at all steps, or only in the layer of step 3.
#
# **Predict.** From which step on do the states change in each case? ($h_0 = 0$.)


# %%
# A weight turned everywhere, or once
def effect(layers, e=1e-4):
    """Change of all states per change of w, in the layers marked 1."""
    u, w = np.full(T, 1.0), np.full(T, 0.9)
    return (deep_net(x, u, w + e * layers) - deep_net(x, u, w)) / e


everywhere = effect(np.ones(T))
once = np.array([effect(layer) for layer in np.eye(T)])
added = once[:, -1].sum()
print(f"effect on h_8: w everywhere {everywhere[-1]:.4f}; eight single layers, added {added:.4f}")

fig, ax = plt.subplots(figsize=(8, 3))
timeline(ax, everywhere, label="$w$ raised at every step", colour=COLOURS.state)
timeline(ax, once[2], label="only $w_3$ raised", colour=COLOURS.neutral)
ax.set_ylabel("change of $h_t$ per change of $w$")
ax.legend()
show(
    fig,
    alt="Raised at every step, w changes the state from step 2 to the last; raised in the third "
    "layer only, from step 3, with an effect that fades.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# From step 2 when $w$ is raised everywhere, since at step 1 it multiplies $h_0 = 0$; from step 3
# when only $w_3$ is raised.
#
# </details>
#
# Look at the printed line. Raise each layer's copy alone, add up the eight effects on $h_8$, and
# you get the effect of raising them all, up to terms as small as the change itself.
# The proof comes in lecture 4, and lecture 5 turns it into *backpropagation through time*.
#
# ## 6 Many units, and five ways to write them
#
# With $H$ units, numbers become vectors and weights become matrices. Row $j$ of $U$ and row $j$
# of $W$ hold what unit $j$ listens to:
#
# $$z_t = U x_t + W h_{t-1} + b \tag{8}$$
# $$h_t = \varphi(z_t) \tag{9}$$
# $$o_t = V h_t + c, \qquad \hat y_t = g(o_t) \tag{10}$$
#
# Networks of this form are often named after Elman (1990).
#
# Two products and a sum can be one product. Put $W$ and $U$ side by side, $h_{t-1}$ above $x_t$:
#
# $$z_t = \begin{bmatrix} W & U \end{bmatrix} \begin{bmatrix} h_{t-1} \\ x_t \end{bmatrix} + b
#   \tag{11}$$
#
# In row $j$, the product of a row $[\,W_j \; U_j\,]$ with the stacked vector is a sum over all its
# places: first those of $h_{t-1}$, then those of $x_t$. That is (8), in one go.
#
# **Predict.** For $D = 2$ and $H = 3$, what is the shape of $[W\;U]$?

# %%
# One product instead of two
D, H, K, T = 2, 3, 4, 5
rng = np.random.default_rng(4)
U, W, V = rng.normal(size=(H, D)), rng.normal(size=(H, H)), rng.normal(size=(K, H))
x, h_prev = rng.normal(size=(T, D)), rng.normal(size=H)
both, stacked = np.hstack([W, U]), np.concatenate([h_prev, x[0]])
z = U @ x[0] + W @ h_prev  # (8) with b = 0
print("shape of [W U]:", both.shape)
print(f"(11) against (8): largest difference {np.abs(both @ stacked - z).max():.1e}")

fig, axes = plt.subplots(1, 3, figsize=(7, 4.4), width_ratios=[5, 1, 1])
titles = (r"$[W\;\;U]$", r"$\cdot\;[h_{t-1};\,x_t]$", r"$=\;z_t$")
for ax, matrix, title in zip(axes, (both, stacked[:, None], z[:, None]), titles, strict=True):
    heatmap(ax, matrix, title=title, limit=2.5)
    ax.set_xticks([])
axes[0].axvline(H + 0.5, color="black")
axes[1].axhline(H + 0.5, color="black")
show(
    fig,
    alt="A 3 × 5 matrix made of W, three columns, and U, two columns; a column of five numbers, "
    "the state above the input; and their product, a column of three numbers.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# (3, 5), that is (H, H + D): three units, each with three weights for the state and two for the
# input.
#
# </details>
#
# The same equations appear in the literature in many clothes.
# [Lecture 0](00_map_and_notation.ipynb), section 4, has tried them on for one unit, and has a
# dictionary of the letters. With matrices more can go wrong: which way a matrix points, and what is
# stacked on what. Here are the five sets of slides once more. Read each row aloud, and ask of every
# letter: input, state, weight, or output?
#
# | | state | output | letters |
# |---|---|---|---|
# | D0 | $z^{(t)} = u\,x^{(t)} + w\,h^{(t-1)}$, $\;h^{(t)} = \phi(z^{(t)})$ | $r^{(t)} = v\,h^{(t)}$, $\;y^{(t)} = \phi(r^{(t)})$ | one unit, numbers |
# | D1 | $a^{\langle t\rangle} = g(W_{aa} a^{\langle t-1\rangle} + W_{ax} x^{\langle t\rangle} + b_a)$ | $\hat y^{\langle t\rangle} = g(W_{ya} a^{\langle t\rangle} + b_y)$ | $a$ is the state |
# | D1, stacked | $g(W_a [a^{\langle t-1\rangle}; x^{\langle t\rangle}] + b_a)$ | | $W_a = [W_{aa}\; W_{ax}]$ |
# | D2 | $a_h^t = \sum_i w_{ih} x_i^t + \sum_{h'} w_{h'h} b_{h'}^{t-1}$, $\;b_h^t = \theta_h(a_h^t)$ | $a_k^t = \sum_h w_{hk} b_h^t$ | $b$ is the state; weights are (from, to) |
# | D3 | $h_t = f(U x_t + W h_{t-1})$ | $o_t = g(V h_t)$ | $U$ $(d \times n)$, $W$ $(d \times d)$, $V$ $(k \times d)$; later $s_t$ for $h_t$ |
# | D4 | $s_t = \sigma(U x_t + W s_{t-1})$ | $o_t = \sigma(V s_t)$ | starts from $s_{-1} = 0$ |
# | here | (8), (9) | (10) | $o_t$ are scores, $\hat y_t$ outputs |
#
# Each row becomes one function, from the input and the last state to the new state and output. To
# compare them, all get $\varphi = \tanh$ and $g = \sigma$ (D4 has $\sigma$ twice) and zero biases.


# %%
# Plain products, as code
def d0(x, h, u=0.7, w=-0.4, v=1.3):
    """One unit, numbers only."""
    h = np.tanh(u * x + w * h)
    return h, sigma(v * h)


def d3(x, h, f=np.tanh, g=sigma):
    """U (d, n), W (d, d) and V (k, d)."""
    h = f(U @ x + W @ h)
    return h, g(V @ h)


def d4(x, s):
    """The same with another letter, and σ in both places."""
    s = sigma(U @ x + W @ s)
    return s, sigma(V @ s)


# %% [markdown]
# D1 names each matrix by where it goes and what it is multiplied with, and then glues two of them
# together, as in (11).


# %%
# Named and glued matrices, as code
def d1(x, a):
    """Two products."""
    W_aa, W_ax, W_ya, b_a, b_y = W, U, V, np.zeros(H), np.zeros(K)
    a = np.tanh(W_aa @ a + W_ax @ x + b_a)
    return a, sigma(W_ya @ a + b_y)


def d1_stacked(x, a):
    """One product."""
    W_a, W_y, b_a, b_y = np.hstack([W, U]), V, np.zeros(H), np.zeros(K)
    a = np.tanh(W_a @ np.concatenate([a, x]) + b_a)
    return a, sigma(W_y @ a + b_y)


# %% [markdown]
# D2 writes every sum out and names a weight by where it comes from and where it goes: $w_{ih}$
# leads from $i$ to $h$. As arrays these are the transposes of ours. Code with batches has the same
# turn: each sequence is a *row*, and $U x_t$ becomes `x @ U.T`.


# %%
# Sums and rows, as code
def d2(x, b):
    """Sums; h1 stands for h'."""
    w_ih, w_h1h, w_hk = U.T, W.T, V.T
    a = np.zeros(H)
    for h in range(H):
        a[h] = sum(w_ih[i, h] * x[i] for i in range(D))
        a[h] += sum(w_h1h[h1, h] * b[h1] for h1 in range(H))
    b = np.tanh(a)
    return b, sigma(np.array([sum(w_hk[h, k] * b[h] for h in range(H)) for k in range(K)]))


def rows(x, h):
    """A batch of one row."""
    h = np.tanh(x[None] @ U.T + h[None] @ W.T)
    return h[0], sigma(h @ V.T)[0]


# %% [markdown]
# Now each runs over the same sequence, and so does the reference. (For D0 it has one unit, for D4
# the logistic activation.)
#
# **Predict.** Will the numbers agree exactly, to every binary digit?


# %%
# All notations give the same numbers
def reference(x, U, W, V, activation="tanh"):
    """States and outputs, (T, H) and (T, K)."""
    params = RNNParams(U, W, np.zeros(len(W)))
    h, _, _ = rnn_forward(params, x[:, None, :], activation=activation)
    o, _ = dense_forward(DenseParams(V, np.zeros(len(V))), h)
    return h[:, 0], sigma(o[:, 0])


def compare(notation, states, outputs, x):
    """Print the largest difference over all steps."""
    h, gap = np.zeros(states.shape[1]), 0.0  # h_0 = 0
    for x_t, h_t, y_t in zip(x, states, outputs, strict=True):
        h, y = notation(x_t, h)
        gap = max(gap, np.abs(h - h_t).max(), np.abs(y - y_t).max())
    print(f"{notation.__name__:10} largest difference {gap:.1e}")


compare(d0, *reference(x[:, :1], *np.array([[[0.7]], [[-0.4]], [[1.3]]])), x[:, :1])
for notation in (d1, d1_stacked, d2, d3, rows):
    compare(notation, *reference(x, U, W, V), x)
compare(d4, *reference(x, U, W, V, activation="logistic"), x)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Not always. The sums are added up in another order, and each addition rounds, so the last of
# sixteen digits may differ. A real mistake shows in the first digits, as you will see now.
#
# </details>
#
# One difference is left, a matter of counting: $s_{-1} = 0$ means that D4's first step is $t = 0$.
#
# ### A slip of one index
#
# > **Note on the slides.** D2 writes its forward pass twice. The first time it has $w_{hh'}$ where
# > it means $w_{h'h}$, the weight *from* $h'$ *to* $h$; the second time it is right. D3, in its
# > part on gradients, writes $a_j = W s_{j-1} + U a_j$ for $U x_j$, and starts some sums at
# > $t = 0$, others at $t = 1$. D0 and D1 use one letter for the activation of hidden units and of
# > outputs; the two need not be alike. (In section 3 one was linear, the other logistic.)
#
# In matrices, $w_{hh'}$ for $w_{h'h}$ means $W^\top$ for $W$. Such slips are easy to make in code
# and hard to see: $W$ is square, so nothing complains about shapes.
#
# **Predict.** At which step do the right and the wrong network part, starting from $h_0 = 0$? And
# for which $W$ does the slip do no harm at all?

# %%
# The slip that no shape error finds
right, _ = reference(x, U, W, V)
wrong, _ = reference(x, U, W.T, V)
print("largest difference at each step:", np.abs(right - wrong).max(axis=1).round(3))
S = W + W.T  # symmetric
gap = np.abs(reference(x, U, S, V)[0] - reference(x, U, S.T, V)[0]).max()
print(f"with a symmetric matrix: {gap:.1e}")

fig, ax = plt.subplots(figsize=(8, 3))
timeline(ax, right[:, 0], label="$W$", colour=COLOURS.state)
timeline(ax, wrong[:, 0], label="$W^T$", colour=COLOURS.neutral)
ax.set_ylabel("state of unit 1")
ax.legend()
show(
    fig,
    alt="The first unit's state with W and with its transpose: the same at step 1, different from "
    "step 2 on.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# At step 2: at step 1, $W$ only multiplies $h_0 = 0$. And a symmetric $W$ is its own transpose,
# in particular every $W$ with $H = 1$. So test recurrent code with at least two steps, at least two
# units, a $W$ that is not symmetric, and all sizes different. The checks of the problem set do.
#
# </details>
#
# **Try it.** Why all sizes different? In the cell *One product instead of two*, set $D$ to 3 as
# well and run on from there. Then, in a new cell, `np.abs(reference(x, U.T, W, V)[0] - right).max()`:
# no error, only other numbers. (Set it back afterwards.)
#
# ## 7 What is remembered is not what is shown
#
# A network has two faces: the state, which the next step reads, and the output, which the world
# reads. Of the two, only the state stands on the right of (8). Does the difference matter? Take
# the comparison network and reduce its output to the bare verdict, 1 or 2.
#
# **Predict.** In history A stream 1 leads by 4, in history B by 0.5, so the verdicts agree. Now
# both get the same input, (0, 1). Must the new verdicts agree, too?

# %%
# Equal verdicts, different memories
histories = {"A": [[4.0, 0.0], [0.0, 1.0]], "B": [[0.5, 0.0], [0.0, 1.0]]}
looks = {"A": (COLOURS.state, "o", "-"), "B": (COLOURS.neutral, "s", "--")}
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
for name, history in histories.items():
    h, _, _ = rnn_forward(hidden, np.array(history)[:, None, :], activation="linear")
    states, verdicts = h.ravel(), np.where(h.ravel() > 0, 1, 2)
    colour, marker, line = looks[name]
    style = {"label": name, "colour": colour, "marker": marker, "linestyle": line}
    timeline(left, states, numbers=True, **style)
    timeline(right, verdicts, **style)
    print(f"history {name}: states {states.tolist()}, verdicts {verdicts.tolist()}")
left.axhline(0, color=COLOURS.neutral, linestyle=":")
left.set(title="remembered", ylabel="state $h_t$")
right.set(title="shown", ylabel="leading stream", yticks=[1, 2], ylim=(0.8, 2.2))
right.legend()
show(
    fig,
    alt="Left: the state goes from 4 to 3 in history A and from 0.5 to −0.5 in B. Right: both "
    "verdicts are 1 at step 1; at step 2 A still says 1, B says 2.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No: A still says 1, B says 2. Equal last verdicts and equal inputs, yet different answers: no
# function of the last *verdict* and the input can do this task, however clever. The state can.
#
# </details>
#
# So it matters what goes round the cycle. Ours is a *hidden recurrence*. Networks that feed back
# their output instead, with an *output recurrence*, exist and have a virtue of their own: lecture
# 10 is about them.
#
# One practical matter is left for later. Sequences in a batch seldom have equal lengths; the
# shorter ones are padded (lecture 1), and a *mask* (T, B) tells `rnn_forward` which steps are real. Where it
# says no, the state is carried over unchanged. Lecture 5 puts masks to work.
#
# ## Check yourself
#
# **1.** A linear unit has $u = 2$, $w = -1$, $h_0 = 0$ and reads 1, 0, 3. What are its states?
#
# <details><summary>Answer</summary>
#
# $2 \cdot 1 = 2$; then $-2$; then $2 \cdot 3 + 2 = 8$.
#
# </details>
#
# **2.** A network has $D = 10$, $H = 20$, $K = 5$ and biases. How many numbers does it learn, and
# how many when its sequences are ten times longer?
#
# <details><summary>Answer</summary>
#
# $20 \cdot (10 + 20 + 1) + 5 \cdot (20 + 1) = 725$, for any length. Only the unrolled graph grows.
#
# </details>
#
# **3.** A friend writes, for a batch, `h = np.tanh(x @ U.T + h @ W)`. It runs, and a test with one
# step from $h_0 = 0$ passes. What is wrong?
#
# <details><summary>Answer</summary>
#
# Rows need `W.T`: this is the slip of section 6. One step from zero never uses $W$; two steps,
# two units and a $W$ that is not symmetric would have shown it.
#
# </details>
#
# ## Summary
#
# - A recurrent unit adds what arrives to what it remembers; the state is its summary of the past.
# - A linear unit is a sum with leak $w$, and one triangular matrix; it cannot hold a switch. A unit
#   that bends can.
# - A cycle with a delay unrolls into a chain: a deep feed-forward network in which all layers share
#   $U$, $W$ and $V$. Hence any length, and a change of a weight acts at every step.
# - All notations say: new state from input and old state, output from state. Watch (to, from).
#
# **What comes next.** [Problem set 1](../assignments/ps1_recurrence/ps1_recurrence.ipynb) lets you
# write all of this yourself. [Lecture 4](04_backpropagation.ipynb) asks how gradients find their way
# through a graph in which one weight stands on many arrows;
# [lecture 5](05_backpropagation_through_time.ipynb) sends them back through time.
