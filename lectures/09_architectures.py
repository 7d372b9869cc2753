# %% [markdown]
# # Architectures: deep, bidirectional, encoder–decoder
#
# A recurrent layer turns a sequence into a sequence, and that makes it a building block. Blocks can
# stand on top of each other, side by side, or one behind the other. In this lecture you build all
# three, follow gradients through them, find out by measurement what each is good for and what it
# cannot do, and learn to choose between networks without fooling yourself.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | run a deep network forwards and backwards, and judge how deep it should be | layers on top of each other | `stacked_forward`, `stacked_backward` |
# | read with two networks at once, with padding, and know when not to | reading in both directions | `bidirectional_rnn` |
# | turn a sequence into another of a different length, and say what limits you | key challenges of sequence learning | `seq2seq_loss`, `greedy_decode` |
# | stop, drop and compare without fooling yourself | choosing the model | `early_stopping`, `dropout` |
#
# **Time:** 50 minutes to read, 75 with all predictions and trials. **You need:** lectures 5, 6
# and 8. **It prepares** [problem set 6,
# architectures](../assignments/ps6_architectures/ps6_architectures.ipynb), exercises 5 to 10.
#
# **Shape ledger.** Matrices are (to, from), as always.
#
# | Symbol | Shape | Meaning |
# |---|---|---|
# | $L$ (in sections 1 to 3) | number | layers; elsewhere $L$ is the loss |
# | $H_l$ | number | hidden units of layer $l$; $H_0 = D$ |
# | $h_t^{(l)}$, $z_t^{(l)}$ | ($H_l$,) | state of layer $l$ and its pre-activation; $h_t^{(0)} = x_t$ |
# | $U^{(l)}$, $W^{(l)}$, $b^{(l)}$ | ($H_l$, $H_{l-1}$), ($H_l$, $H_l$), ($H_l$,) | parameters of layer $l$ |
# | $\overrightarrow h_t$, $\overleftarrow h_t$ | (H,), (H,) | states of the forward and the backward reader |
# | $[\overrightarrow h_t; \overleftarrow h_t]$ | (2H,) | one above the other |
# | $V$ of a bidirectional network | (K, 2H) | both halves → output |
# | $S$, $T$ | numbers | in section 6: steps of the source, and of what is written |
# | $s_t$ | (H,) | state of a decoder |
# | $y_t$ | an id | what a decoder has written at step $t$; $y_0$ is a start symbol |
# | $p$ | number | probability of being dropped |
#
# ## 1 A network on a network
#
# Lecture 3 fed a linear unit with 1, 1, −½ and 2; its states were 1, 2, 1.5 and 3.5. Now a second
# unit reads these *states* as its inputs. All weights are 1. The tracer of lecture 3 watches.
# (The picture calls the upper states $s_t$, as D3 does.)
#
# **Predict.** What are the states of the second unit?

# %%
# Set-up
import json
from math import comb
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from rnnref import (
    RNNParams,
    Scalar,
    bidirectional,
    binary_cross_entropy,
    char_lm,
    check_gradient,
    classifier,
    dense_layer,
    dropout_forward,
    fit,
    gru_layer,
    input_jacobian,
    lengths_to_mask,
    mean_loss,
    network_loss,
    one_hot_layer,
    recurrent_body,
    reverse_within_lengths,
    rnn_forward,
    rnn_layer,
    seq2seq,
    softmax_cross_entropy,
    stack,
)
from rnnref.course.graphs import draw_unrolled
from rnnref.course.plots import COLOURS, SEQUENTIAL, heatmap, show, timeline
from rnnref.course.tasks import (
    DATE_SOURCE,
    DATE_TARGET,
    SENTIMENT_WORDS,
    Vocabulary,
    character_batches,
    date_translation,
    draw_date_translation,
    draw_window_sign,
    forward_accuracy,
    load_text,
    sentiment_classification,
    split_end,
    window_sign,
)
from rnnref.course.trace import Traced, links, variables


def results(name):
    """What a script in experiments/ has measured."""
    return json.loads(Path(f"../experiments/results/{name}.json").read_text(encoding="utf-8"))


# %%
# A sum of sums
u, w, v = (Traced(1.0, name) for name in ("u^{(1)}", "w^{(1)}", "v"))
z, b = Traced(1.0, "u^{(2)}"), Traced(1.0, "w^{(2)}")  # D3's Z and B
h, s, outputs = Traced(0.0, "h", 0), Traced(0.0, "s", 0), []
for t, x_t in enumerate((1.0, 1.0, -0.5, 2.0), start=1):
    h = (u * Traced(x_t, "x", t) + w * h).rename("h", t)
    s = (z * h + b * s).rename("s", t)
    outputs.append((v * s).rename("o", t))
found = variables(*outputs)
print("layer 1:", *(found["h", t].value for t in range(1, 5)))
print("layer 2:", *(found["s", t].value for t in range(1, 5)))
fig, ax = plt.subplots(figsize=(8, 5.2))
draw_unrolled(ax, links(*outputs), rows=("x", "h", "s", "o"), values=found)
show(
    fig,
    alt="Four rows over four steps: inputs, two chains of states one above the other, outputs. The "
    "lower chain holds 1, 2, 1.5, 3.5, the upper one 1, 3, 4.5, 8.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# 1, 3, 4.5 and 8: sums of the sums.
#
# </details>
#
# That is a *stacked* or *deep* recurrent network. Layer $l$ takes the states of the layer below for
# its inputs, and keeps a memory of its own:
#
# $$z_t^{(l)} = U^{(l)} h_t^{(l-1)} + W^{(l)} h_{t-1}^{(l)} + b^{(l)} \tag{1}$$
# $$h_t^{(l)} = \varphi\bigl(z_t^{(l)}\bigr), \qquad h_t^{(0)} = x_t \tag{2}$$
# $$o_t = V h_t^{(L)} + c \tag{3}$$
#
# D3 has two layers and calls the upper state $s_t$: $s_t = f(Z h_t + B s_{t-1})$, $o_t = g(V s_t)$.
# So its $Z$ is our $U^{(2)}$ and its $B$ our $W^{(2)}$. "The RNN state sizes can be changed", it
# says: $Z$ is $(H_2, H_1)$, and need not be square. Here is D3's form, step by step, with layers
# of 5 and 3 units, against the reference's `stack`.
#
# **Predict.** $D = 2$, $H_1 = 5$, $H_2 = 3$. How many numbers are in both layers together?

# %%
# D3's two layers against the reference
D, H, T = 2, (5, 3), 6
rng = np.random.default_rng(0)
net = stack(rnn_layer(D, H[0]), rnn_layer(*H))
lower, upper = net.init(rng)
x = rng.normal(size=(T, 1, D))
U, W, Z, B = lower.U, lower.W, upper.U, upper.W
h_t, s_t, gap = np.zeros(H[0]), np.zeros(H[1]), 0.0
top, states, _ = net.forward((lower, upper), x)
for t in range(T):
    h_t = np.tanh(U @ x[t, 0] + W @ h_t + lower.b)
    s_t = np.tanh(Z @ h_t + B @ s_t + upper.b)
    gap = max(gap, np.abs(s_t - top[t, 0]).max())
print(f"D3's form against stack: {gap:.1e}; Z has shape {Z.shape}, B {B.shape}")
print("parameters:", sum(array.size for layer in (lower, upper) for array in layer))
print("final states:", [state.shape for state in states])

# %% [markdown]
# <details><summary>Answer</summary>
#
# $5 \cdot (2 + 5 + 1) + 3 \cdot (5 + 3 + 1) = 67$. And note that there is a final state for *each*
# layer: to carry such a network on from one chunk of text to the next, carry all of them.
#
# </details>
#
# ## 2 Gradients from above and from the future
#
# An unrolled recurrent network is deep already, in time. Layers make it deep in a second
# direction. A state of layer $l < L$ has two arrows leaving it: one up, to step $t$ of layer $l +
# 1$, and one to the right, to step $t + 1$ of its own layer. Lecture 4's rule adds what comes
# back along both:
#
# $$\bar h_t^{(l)} = \underbrace{U^{(l+1)\top} \bar z_t^{(l+1)}}_{\text{from above}}
#   + \underbrace{W^{(l)\top} \bar z_{t+1}^{(l)}}_{\text{from the future}} \tag{4}$$
# $$\bar z_t^{(l)} = \bar h_t^{(l)} \ast \varphi'\bigl(z_t^{(l)}\bigr) \tag{5}$$
#
# For the highest layer, what the step's own loss sends, $\mathrm{d}h_t = V^\top \bar o_t$, takes the
# place of the first term. Nothing comes from step $T + 1$. The first term of (4) is just what
# lecture 5 calls $\bar x_t$ of the layer above: so the layers can be swept one after the other, from
# the top, and each hands its $\bar x$ down as the $\mathrm{d}h$ of the next.
#
# Lecture 4's scalar tape knows none of this. It gets (1) and (2), and a loss at every step.

# %%
# Two layers on the tape
nodes = np.vectorize(Scalar, otypes=[object])
bar_of = np.vectorize(lambda node: node.grad)
dh = rng.normal(size=(T, H[1]))
taped = [[nodes(p) for p in layer] for layer in (lower, upper)]
below, run = nodes(x[:, 0]), []
for U, W, b in taped:
    state, z, h = nodes(np.zeros(len(W))), [], []
    for x_t in below:
        z.append(U @ x_t + W @ state + b)  # (1)
        state = np.tanh(z[-1])  # (2)
        h.append(state)
    below = h
    run.append((np.array(z), np.array(h)))
(np.array(below) * dh).sum().backward()

# %%
# (4) and (5) against the tape
(z1, h1), (z2, h2) = ([bar_of(part) for part in layer] for layer in run)
later = [np.vstack([z[1:], 0 * z[:1]]) for z in (z1, z2)]  # of step t + 1
slope = [1 - np.vectorize(lambda n: n.value)(layer[1]) ** 2 for layer in run]
sides = {
    "(4), lower": (h1, z2 @ upper.U + later[0] @ lower.W),
    "(4), top": (h2, dh + later[1] @ upper.W),
    "(5), lower": (z1, h1 * slope[0]),
    "(5), top": (z2, h2 * slope[1]),
}
for name, (on_tape, formula) in sides.items():
    print(f"{name:10}: largest difference {np.abs(on_tape - formula).max():.1e}")
_, _, cache = net.forward((lower, upper), x)
_, _, grads = net.backward(dh[:, None], cache)
pairs = zip(
    [p for layer in grads for p in layer], [p for layer in taped for p in layer], strict=True
)
print(f"stack's gradients: {max(np.abs(ours - bar_of(tape)).max() for ours, tape in pairs):.1e}")
worst = check_gradient(
    lambda p: np.sum(net.forward(p, x)[0][:, 0] * dh), (lower, upper), grads, rng=rng
)
print(f"check_gradient: relative error {worst.error:.1e}")

# %% [markdown]
# With two directions there are many ways to go. From $h_T^{(L)}$ back to $x_t$ a path takes $T -
# t$ steps to the left and $L$ steps down, the last of them to the input; in which order is free
# but for that last. That makes
#
# $$\binom{T - t + L - 1}{L - 1} \tag{6}$$
#
# paths. With linear units and all weights 1 each path carries exactly 1. So the gradient must *count*
# the paths.
#
# **Predict.** $L = 2$, $T = 4$: how many paths lead from the second layer's last state to $x_1$?
# And for $L = 4$ and $T = 30$?

# %%
# The gradient counts the paths
T = 30
fig, ax = plt.subplots(figsize=(8, 3.2))
for L, mark in zip((1, 2, 3, 4), "os^D", strict=True):
    tower = stack(*[rnn_layer(1, 1, activation="linear")] * L)
    ones = (RNNParams(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)),) * L
    h, _, cache = tower.forward(ones, np.zeros((T, 1, 1)))
    dx = tower.backward(np.eye(T)[-1][:, None, None], cache)[0].ravel()
    paths = [comb(T - t + L - 1, L - 1) for t in range(1, T + 1)]  # (6)
    print(f"L = {L}: to x_{T - 3} {dx[-4]:.0f}, to x_1 {dx[0]:.0f}; as (6): {np.all(dx == paths)}")
    ax.semilogy(range(1, T + 1), dx, mark, color=COLOURS[L - 1], ms=4, ls="-", label=f"$L = {L}$")
ax.set(xlabel="step $t$", ylabel="paths from $h_{30}^{(L)}$ to $x_t$")
ax.legend()
show(
    fig,
    alt="Numbers of paths, on a logarithmic axis, for one to four layers. With one layer there is one "
    "path to each input. With four the number climbs, from 1 at step 30, to nearly 5,000 at step 1.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# 4: the path goes down at step 4, 3, 2 or 1. For $L = 4$ and $T = 30$ there are 4,960.
#
# </details>
#
# So depth does not shorten the way through time. Each path still has $T - t$ factors $W$ and all
# of lecture 7 applies; there are only more of them, and $L$ slopes more. Let us weigh both terms
# of (4) in a network with tanh units and a loss at the last step alone.
#
# **Predict.** At step 12 all of the lower layer's gradient comes from above. At step 1?

# %%
# Both terms of (4)
T, H = 12, 30
rng = np.random.default_rng(1)
shares = []
for _ in range(20):
    first, second = rnn_layer(4, H), rnn_layer(H, H)
    p1, p2 = first.init(rng), second.init(rng)
    h1, _, _ = first.forward(p1, rng.normal(size=(T, 1, 4)))
    h2, _, cache = second.forward(p2, h1)
    dh = np.zeros_like(h2)
    dh[-1] = rng.normal(size=H)
    above = second.backward(dh, cache)[0][:, 0]  # U⁽²⁾ᵀ z̄_t⁽²⁾, the upper layer's x̄
    z_bar, row = np.zeros(H), []
    for t in reversed(range(T)):
        future = p1.W.T @ z_bar  # W⁽¹⁾ᵀ z̄_{t+1}⁽¹⁾
        z_bar = (above[t] + future) * (1 - h1[t, 0] ** 2)  # (4), (5)
        row.append((np.linalg.norm(above[t]), np.linalg.norm(future)))
    shares.append(np.array(row[::-1]) / row[0][0])

# %%
# From above, and from the future
above, future = np.mean(shares, axis=0).T
print(f"step {T}: above {above[-1]:.2f}, future {future[-1]:.2f}")
print(f"step 1: above {above[0]:.2f}, future {future[0]:.2f}")
fig, ax = plt.subplots(figsize=(8, 3))
timeline(ax, above, label="from above", colour=COLOURS.second)
timeline(ax, future, label="from the future", colour=COLOURS.gradient, ls="--")
ax.set(ylabel="length, step 12 = 1", ylim=(0, None))
ax.legend()
show(
    fig,
    alt="Two curves over twelve steps. What comes from above falls towards the first step; what comes "
    "from the future is 0 at step 12, larger than the other from about step 10 down.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Most comes from the future. But that is old news from above: it entered the lower layer at some later
# step. The lower layer hears of the loss by way of the upper one, and in no other way. A program in
# which it hears nothing still trains, in its upper layer; so check *all* layers' gradients.
#
# </details>
#
# ## 3 How many layers?
#
# "Deeper is better", D3 quotes, "but usually two layers should suffice." Graves, Mohamed and Hinton
# (2013) gained more from depth than from width in speech recognition. But mind what is compared. A
# second layer of the same size adds $2H^2 + H$ parameters. So there are two fair questions: what
# does depth buy at the same *size of layers*, and what at the same *number of parameters*, when a
# deeper network must be narrower?
#
# First a small live run: the next character of a text, networks of about 9,500 parameters, two seeds.
#
# **Predict.** Which of the depths 1, 2 and 4 is ahead after 200 updates?

# %%
# A small live run
text = load_text()[:100_000]
letters = Vocabulary(sorted(set(text)))
train, held_out = split_end(np.array(letters.encode(text)))
batches = list(zip(*character_batches(train, 16, 25), strict=True))
judge = list(zip(*character_batches(held_out, 16, 25), strict=True))
V = len(letters)
fig, ax = plt.subplots(figsize=(8, 3.2))
for (layers, units), line in zip({1: 38, 2: 32, 4: 25}.items(), ("-", "--", ":"), strict=True):
    for seed in range(2):
        net = char_lm(V, units, layers=layers, dtype=np.float32)
        params = net.init(np.random.default_rng(seed))
        size = sum(p.size for layer in params[1] for p in layer) + sum(p.size for p in params[-1])
        run = fit(
            network_loss(net), params, batches, updates=200, lr=0.01, clip=1.0, progress=False
        )
        smooth = np.convolve(run.history.losses, np.ones(20) / 20, "valid")
        name = None if seed else f"{layers} × {units}"
        ax.plot(range(20, 201), smooth, line, color=COLOURS[layers - 1], label=name)
        loss = mean_loss(net, run.last, judge)
        print(f"{layers} × {units} units, {size} parameters: held-out loss {loss:.3f}")
ax.set(xlabel="update", ylabel="loss, nats per character")
ax.legend(title="layers × units")
show(
    fig,
    alt="Training losses of six networks over 200 updates. The single layers fall fastest, two "
    "layers a little more slowly, four layers slowest.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# One layer; a deep network takes longer to get going. That says nothing yet about where they end.
#
# </details>
#
# The longer experiment (`python -m experiments.depth`, some minutes) gives each network 1,000
# updates, three seeds and the better of two learning rates, at the same number of parameters and
# with layers of the same size. It also has a second task, parity: after each of 25 bits, is the
# number of ones so far odd? One bit is all that there is to be remembered.
#
# **Predict.** On text, at the same number of parameters: which depth is best? And on parity?

# %%
# Depth, measured
stored = results("depth")
fig, axes = plt.subplots(1, 2, figsize=(11, 3.6))
looks = {"parameters": ("o-", COLOURS.state), "sizes": ("s--", COLOURS.input)}
for ax, task in zip(axes, ("text", "parity"), strict=True):
    for equal, (mark, colour) in looks.items():
        rows = stored[f"{task}, equal {equal}"]
        depths = [row["layers"] for row in rows]
        means = [np.mean(row["results"]) for row in rows]
        label = "same number of parameters" if equal == "parameters" else "layers of the same size"
        ax.plot(depths, means, mark, color=colour, label=label)
        for row in rows:
            ax.plot([row["layers"]] * len(row["results"]), row["results"], mark[0], ms=4,
                    color=colour, alpha=0.4)  # fmt: skip
        shown = " ".join(f"{mean:.3f}" for mean in means)
        sizes = " ".join(f"{row['parameters']}" for row in rows)
        print(f"{task}, equal {equal:10}: {shown}; parameters {sizes}")
    ax.set(title=task, xlabel="layers", xticks=depths)
axes[0].set_ylabel("held-out loss, nats per character")
axes[1].set(ylabel="right answers", ylim=(0.45, 1.03))
axes[0].legend()
show(
    fig,
    alt="Left: with the same number of parameters the loss on text is 1.59, 1.58 and 1.58 for one to three "
    "layers and 1.66 for four; with layers of the same size it falls from 1.62 to 1.56 at two layers and "
    "1.55 at four. Right: on parity nearly all networks of any depth are at 1.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# On text one, two and three layers are as good as equal: their means lie 0.02 nats apart, and the
# seeds of one depth 0.03. Four narrow layers are worse. On parity nearly all networks get
# everything right, at every depth; a few seeds fail, with one layer as with several.
#
# </details>
#
# With layers of the same size a second one gains 0.06 nats, and the third and fourth together
# 0.01. But these networks are larger: one layer of 85 units, with as many parameters as two of
# 64, gains half as much. So in this experiment two layers do suffice, and one is hardly worse. That is a statement about
# 1,000 updates of small networks with tanh units; the question "how many?" has no answer that
# holds everywhere, and section 7 is about how to find yours.
#
# ## 4 Two readers
#
# "I saw the *bat* fly out of the cave": which bat, one only knows afterwards. When the whole
# sequence is there, a second network can read it from its end:
#
# $$\overrightarrow h_t = \varphi\bigl(\overrightarrow U x_t
#   + \overrightarrow W\, \overrightarrow h_{t-1} + \overrightarrow b\bigr), \qquad
#   \overleftarrow h_t = \varphi\bigl(\overleftarrow U x_t
#   + \overleftarrow W\, \overleftarrow h_{t+1} + \overleftarrow b\bigr) \tag{7}$$
# $$o_t = V\, \bigl[\overrightarrow h_t; \overleftarrow h_t\bigr] + c, \qquad
#   V \in \mathbb{R}^{K \times 2H} \tag{8}$$
#
# with $\overrightarrow h_0 = 0$ and $\overleftarrow h_{T+1} = 0$. Schuster and Paliwal (1997) had the
# idea.
#
# **Predict.** Can the graph be computed? There are arrows to the left, and arrows to the right.

# %%
# Two chains that never meet
names = r"\overrightarrow{h}", r"\overleftarrow{h}"
weights = {k: [Traced(1.0, rf"\over{way}arrow{{{k}}}") for way in ("right", "left")] for k in "uwv"}
x = [Traced(x_t, "x", t) for t, x_t in enumerate((1.0, 1.0, -0.5, 2.0), start=1)]
h, g = Traced(0.0, names[0], 0), Traced(0.0, names[1], 5)
ahead, back = {}, {}
for t in range(1, 5):
    h = ahead[t] = (weights["u"][0] * x[t - 1] + weights["w"][0] * h).rename(names[0], t)
for t in range(4, 0, -1):
    g = back[t] = (weights["u"][1] * x[t - 1] + weights["w"][1] * g).rename(names[1], t)
outputs = [
    (weights["v"][0] * ahead[t] + weights["v"][1] * back[t]).rename("o", t) for t in range(1, 5)
]
print("ahead:", *(ahead[t].value for t in range(1, 5)))
print("back: ", *(back[t].value for t in range(1, 5)))
fig, ax = plt.subplots(figsize=(9, 5))
draw_unrolled(ax, links(*outputs), rows=("x", *names, "o"), values=variables(*outputs))
show(
    fig,
    alt="Four rows over the steps: inputs, a chain of states with arrows to the right, a chain with "
    "arrows to the left, and outputs that both chains feed. The chains hold 1, 2, 1.5, 3.5 and 3.5, "
    "2.5, 1.5, 2.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Yes. No arrow leads from one chain to the other, so there is no cycle: first one chain, then the
# other, then the outputs. Each has its own weights; only $V$ sees both.
#
# </details>
#
# > **Note on the slides.** D3 puts the backward half on top, $[\overleftarrow h_t;
# > \overrightarrow h_t]$; libraries, and we, have it below. Both are the same network, if the two
# > halves of the *columns* of $V$ are swapped as well. Take over a $V$ without swapping, and no shape
# > complains.

# %%
# D3's order of the halves
D, H, K, T = 3, 4, 2, 7
rng = np.random.default_rng(2)
net = bidirectional(rnn_layer(D, H), rnn_layer(D, H))
params, x, V_ours = net.init(rng), rng.normal(size=(T, 1, D)), rng.normal(size=(K, 2 * H))
h, _, _ = net.forward(params, x)
ahead, back = h[..., :H], h[..., H:]
alone = rnn_forward(params[0], x)[0], rnn_forward(params[1], x[::-1])[0][::-1]
print("the halves are the two readers:", np.all(ahead == alone[0]) and np.all(back == alone[1]))
o = h @ V_ours.T
by_d3 = np.concatenate([back, ahead], axis=2)  # [←h; →h]
V_d3 = np.hstack([V_ours[:, H:], V_ours[:, :H]])
print(f"D3's order, V swapped too: largest difference {np.abs(by_d3 @ V_d3.T - o).max():.1e}")
print(f"D3's order, V as it is: largest difference {np.abs(by_d3 @ V_ours.T - o).max():.1f}")

# %% [markdown]
# ### Reading a padded batch from its end
#
# Where does a sequence end? In a batch, shorter ones are padded. If the whole array is flipped,
# the backward reader of a short sequence meets the padding first.
#
# **Predict.** Three sequences, of lengths 6, 4 and 2. In the flipped array, where does the second
# one begin?

# %%
# Two ways to flip
lengths = np.array([6, 4, 2])
ids = np.arange(1, 7)[:, None] + 10 * np.arange(1, 4)  # 1·, 2·, 3·: the sequence
ids[~lengths_to_mask(lengths)] = 0  # padding
flips = {
    "as it is": ids,
    "the array flipped": ids[::-1],
    "within lengths": reverse_within_lengths(ids, lengths),
}
fig, axes = plt.subplots(1, 3, figsize=(11, 2.4))
for ax, (name, batch) in zip(axes, flips.items(), strict=True):
    heatmap(ax, (batch // 10).T, title=name, limit=5, numbers=False)
    for (t, i), number in np.ndenumerate(batch):
        ax.text(t + 1, i + 1, number % 10 or "pad", ha="center", va="center")
    ax.set(xlabel="step $t$", ylabel="sequence")
show(
    fig,
    alt="Three grids of three sequences over six steps. Flipped as an array, the padding of the short "
    "sequences comes first; flipped within lengths each begins with its own last element, and the "
    "padding stays behind.",
)
print("twice within lengths is nothing:", np.all(
    reverse_within_lengths(flips["within lengths"], lengths) == ids))  # fmt: skip

# %% [markdown]
# <details><summary>Answer</summary>
#
# At step 3, after two steps of padding. Within lengths it begins at step 1.
#
# </details>
#
# Does it matter, if the padding is all zeros? A zero input is an input: $\varphi(W h + b)$ moves
# the state along. And padding need not be zero; an id 0 is a symbol like others. With a mask, the
# state is held through the padding, which comes to the same as flipping within lengths.
#
# **Predict.** One sequence of 4 steps, in batches padded with 0 to 20 steps of zeros. How much do
# its backward states change?

# %%
# What padding does to the backward reader
D, H, n = 3, 8, 4
layer = rnn_layer(D, H)
reader = layer.init(np.random.default_rng(3))
reader = reader._replace(b=np.random.default_rng(4).normal(size=H))
net = bidirectional(layer, layer)
x = np.random.default_rng(5).normal(size=(n, 1, D))
alone = net.forward((reader, reader), x)[0]
wrong, right = [], []
for extra in range(21):
    padded = np.concatenate([x, np.zeros((extra, 1, D))])
    mask = lengths_to_mask([n], n + extra)
    whole = net.forward((reader, reader), padded)[0][:n]
    masked = net.forward((reader, reader), padded, mask=mask)[0][:n]
    wrong.append(np.abs(whole - alone)[..., H:].max())
    right.append(np.abs(masked - alone).max())
print(f"array flipped, 20 steps of padding: backward states change by up to {wrong[-1]:.2f}")
print(f"with lengths: {max(right):.0e}; forward states either way: "
      f"{np.abs(whole - alone)[..., :H].max():.0e}")  # fmt: skip
fig, ax = plt.subplots(figsize=(8, 2.8))
ax.plot(wrong, "o-", color=COLOURS.state, label="the array flipped")
ax.plot(right, "s--", color=COLOURS.output, label="within lengths")
ax.set(xlabel="steps of padding", ylabel="largest change of $h_t$", xticks=range(0, 21, 2))
ax.legend()
show(
    fig,
    alt="The change of the backward states against the amount of padding: within lengths it is 0 "
    "throughout; with the array flipped it is large from the first step of padding on.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# By about 1, half of the range of a tanh unit: a sequence gets another answer because of its
# *neighbours* in the batch. Such a mistake costs accuracy, and no error message. Test: pad more,
# and compare with `==`.
#
# </details>
#
# ## 5 A task that needs the future
#
# At every step: is the sum of the five inputs around it, two before to two after, positive? A forward
# reader has seen three of the five. If it knows their sum it can do no better than to answer with that
# sum's sign. How often is that right? Both sums are normal, with correlation
# $\varrho = \sqrt{3/5}$, and they agree in sign with probability
#
# $$\frac12 + \frac{\arcsin \varrho}{\pi} \approx 0.782. \tag{9}$$
#
# **Predict.** Could a forward reader with more units or more training get beyond it?

# %%
# The best a forward reader can do
FIRST, LAST = -2, 2
x, y = window_sign(np.random.default_rng(6), 10_002, 20, first=FIRST, last=LAST)
known = x[2:-2] + x[1:-3] + x[:-4]  # of each window, what has been read
agree = np.mean((known > 0) == (y[2:-2] > 0.5))
print(f"(9): {forward_accuracy(FIRST, LAST):.4f}; measured {agree:.4f}")
fig, ax = plt.subplots(figsize=(9, 3))
draw_window_sign(ax, x[:14], y[:14], first=FIRST, last=LAST)
ax.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2))
show(
    fig,
    alt="Bars of fourteen inputs, a plus or minus above each as its target, and a shaded window of five "
    "steps around one of them.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. What has not been read is independent of what has. No function of the past can beat (9).
#
# </details>
#
# There is a cheaper way out than a second reader: *wait*. A forward reader that may answer $d$ steps
# late has seen $d$ steps of the future.
#
# **Predict.** Which delay lets a forward reader draw level with a bidirectional one?


# %%
# How to train with a delay
def accuracy(net, delay, seed, T=20, updates=200):
    """Share of right answers of a trained network that answers `delay` steps late."""
    rng, mask = np.random.default_rng(seed), np.arange(T)[:, None] >= delay

    def draw(rng, B):
        x, y = window_sign(rng, T, B, first=FIRST, last=LAST)
        return x, np.roll(y, delay, axis=0), np.broadcast_to(mask, (T, B))

    f, batches = network_loss(net, binary_cross_entropy), iter(lambda: draw(rng, 32), None)
    run = fit(f, net.init(rng), batches, updates=updates, lr=0.01, clip=1.0, progress=False)
    x, y, mask = draw(np.random.default_rng(99), 500)
    return np.mean((net.forward(run.last, x)[0] > 0)[mask] == (y[mask] > 0.5))


# %%
# Waiting against reading twice
forward = stack(rnn_layer(1, 24), dense_layer(24, 1))
both = stack(bidirectional(rnn_layer(1, 16), rnn_layer(1, 16)), dense_layer(32, 1))
shares = {f"{d} late": [accuracy(forward, d, seed) for seed in range(3)] for d in range(4)}
shares["both ways"] = [accuracy(both, 0, seed) for seed in range(3)]
fig, ax = plt.subplots(figsize=(8, 3.2))
for place, (name, seeds) in enumerate(shares.items()):
    colour, mark = (COLOURS.second, "s") if name == "both ways" else (COLOURS.state, "o")
    ax.plot([place] * 3, seeds, mark, color=colour, ms=8, alpha=0.7)
    bound = 1.0 if name == "both ways" else forward_accuracy(FIRST - place, LAST - place)
    print(f"{name:9}: {min(seeds):.3f} to {max(seeds):.3f}; best possible {bound:.3f}")
    ax.hlines(bound, place - 0.3, place + 0.3, ls=":", color=COLOURS.neutral)
ax.set(ylabel="right answers", ylim=(0.7, 1.02), xlabel="the forward reader answers …")
ax.set_xticks(range(5), shares)
ax.set_title("dotted: the best possible")
show(
    fig,
    alt="Right answers of forward readers with delay 0 to 3 and of a bidirectional one, three seeds "
    "each, with dotted lines for the best possible. The points lie at their lines of 0.78 and "
    "0.85, and just below those at 1.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Two steps: then the whole window has been read. (With no delay the network does not beat (9): at
# the ends of these short sequences windows are cut, and a little easier.) If you know how far
# into the future the answer depends, waiting so long is enough, and works on a running stream. If
# the answer may depend on the *end* of the sequence, no fixed delay will do, and the second
# reader is worth its price.
#
# </details>
#
# ### What a second reader forbids
#
# Lecture 3 saw causality as a triangle: no output felt a later input. Here is the same matrix of
# sensitivities, $|\partial o_t / \partial x_k|$, for a forward and a bidirectional network.
#
# **Predict.** What do the two pictures look like?

# %%
# The triangle is gone
T = 12
x = np.random.default_rng(7).normal(size=(T, 1, 1))
fig, axes = plt.subplots(1, 2, figsize=(9, 3.8))
for ax, (name, net) in zip(axes, {"forward": forward, "both ways": both}.items(), strict=True):
    params = net.init(np.random.default_rng(8))
    J = np.column_stack([input_jacobian(net, params, x, at=k)[:, 0, 0, 0] for k in range(1, T + 1)])
    image = ax.imshow(np.abs(J), cmap=SEQUENTIAL, vmin=0, extent=(0.5, T + 0.5, T + 0.5, 0.5))
    ax.set(title=name, xlabel="input of step $k$", ylabel="output of step $t$")
    ax.grid(False)
    fig.colorbar(image, ax=ax)
    above = np.abs(J[np.triu_indices(T, 1)])
    print(f"{name:9}: {np.sum(above > 0)} of {above.size} later inputs are felt")
show(
    fig,
    alt="Two matrices of 12 × 12. Forward, all above the diagonal is white; both ways, there are "
    "shades on both sides.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# A triangle, and a full square. The first output cannot be given before the last input has come.
#
# </details>
#
# So a bidirectional reader is of no use *online*, for captions of a live programme or the next
# value of a series. Worse: where the future *is* the answer, it cheats. Let it predict the next
# character, and compare with a forward reader.
#
# **Predict.** What will its loss be? And what will its text be like?

# %%
# A reader that has seen the answer
nets = {}
for name, both_ways in (("forward", False), ("both ways", True)):
    body = recurrent_body(V, 32, cell="rnn", both_ways=both_ways, dtype=np.float32)
    top = dense_layer(body.n_out, V, dtype=np.float32)
    nets[name] = stack(one_hot_layer(V, dtype=np.float32), body, top)
y, trained = np.concatenate([y for _, y in judge], axis=1), {}
fig, ax = plt.subplots(figsize=(8, 3))
for (name, net), colour in zip(nets.items(), (COLOURS.state, COLOURS.second), strict=True):
    for seed in range(2):
        params = net.init(np.random.default_rng(seed))
        trained[name] = fit(network_loss(net), params, batches, updates=250, lr=0.01, clip=1.0,
                            progress=False).last  # fmt: skip
        o = np.concatenate([net.forward(trained[name], x)[0] for x, _ in judge], axis=1)
        by_step = [softmax_cross_entropy(o[[t]], y[[t]])[0] for t in range(len(o))]
        timeline(ax, by_step, label=None if seed else name, colour=colour, ms=4)
        print(f"{name:9}: held-out loss {np.mean(by_step):.2f}, at the last step {by_step[-1]:.2f}")
ax.set(ylabel="loss, nats", ylim=(0, None))
ax.legend()
show(
    fig,
    alt="The loss over 25 steps. The forward reader's falls from 3 and stays above 2. The bidirectional "
    "one's is near 0 at all steps but the last, where it jumps to the other's level.",
)

# %%
# What they write
for name, net in nets.items():
    ids, rng = letters.encode("The "), np.random.default_rng(1)
    while len(ids) < 60:
        o = net.forward(trained[name], np.array(ids[-25:])[:, None])[0][-1, 0]
        ids = [*ids, int((o + rng.gumbel(size=V)).argmax())]
    print(f"{name:9}: {letters.decode(ids)!r}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Nearly zero: the target of step $t$ is the input of step $t + 1$, and the backward reader has just
# read it. Only at the last step must it guess, and there it is no better than the other. While it
# *writes*, every step is a last step.
#
# </details>
#
# A loss too good to be true is a leak until proved otherwise. For tags, recognised words and
# readings of whole images, where all input is given, read in both directions; for what is to be
# written, never. An encoder may read both ways; a decoder may not.
#
# ## 6 One behind the other
#
# D3 lists four key challenges of sequence learning. You have met two of them.
#
# | Challenge | D3's examples | What helps | Where |
# |---|---|---|---|
# | input and output differ in length | translation, speech to text | an encoder and a decoder | this section |
# | long-range dependencies | sentiment, readability, language modelling | gates and good starts | lectures 7 and 8; the bottleneck below |
# | outputs depend on earlier outputs | word and sentence completion | feed back what was written | lecture 6; below; lecture 10 |
# | unknown alignment of input and output | text in an image, speech | CTC, a sum over all alignments | lecture 11 |
#
# Dates, as people write them, are to be written as year-month-day. There is no step-by-step
# correspondence: lengths differ, and so does the order.
#
# **Predict.** "the 3rd of May 1998": after which character of the input can the first output be known?

# %%
# Dates, to be translated
fig, (top, bottom) = plt.subplots(2, 1, figsize=(11, 5.4))
draw_date_translation(top, "the 3rd of May 1998", "1998-05-03")
draw_date_translation(bottom, "03.05.98", "1998-05-03")
bottom.get_legend().remove()
show(
    fig,
    alt="Two dates in cells, with the target below each. In the source the year stands last, in the "
    "target first; both have the same target, with sources of 19 and 8 characters.",
)
source, lengths, target, _ = date_translation(np.random.default_rng(0), 2000)
print(f"sources of {lengths.min()} to {lengths.max()} characters, targets of {len(target)}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# After the 16th of 19, the 1 of the year. So first read all, then write.
#
# </details>
#
# The *encoder* reads the source; its last state is all that the *decoder* gets to know of it. The
# decoder starts from that state and reads, at each step, the symbol that it wrote before:
#
# $$h_i = \varphi(U x_i + W h_{i-1} + b), \quad i = 1, \dots, S; \qquad s_0 = h_S \tag{10}$$
# $$s_t = \varphi(U' y_{t-1} + W' s_{t-1} + b'), \qquad
#   P(y_t \mid y_1, \dots, y_{t-1}, x) = \operatorname{softmax}(V s_t + c) \tag{11}$$
#
# where $y_{t-1}$ enters as a one-hot vector, $y_0$ is a start symbol, and an end symbol ends the
# text. Cho and others (2014) and Sutskever, Vinyals and Le (2014) translated with such networks.
# The probability of a whole text is the product of (11) over its steps, by the chain rule of
# probability, and its negative logarithm is the loss of lecture 5, a sum of cross-entropies. In
# training, $y_{t-1}$ is taken from the target. That has a name, *teacher forcing*, and
# consequences, which are the subject of lecture 10.

# %%
# Encoder and decoder, drawn
one = {name: Traced(1.0, name) for name in ("u", "w", "u'", "w'", "v")}
h = Traced(0.0, "h", 0)
for i in range(1, 4):
    h = np.tanh(one["u"] * Traced(1.0, "x", i) + one["w"] * h).rename("h", i)
s, y, outputs = h, Traced(0.0, "y", 0), []
for t in range(1, 5):
    s = np.tanh(one["u'"] * y + one["w'"] * s).rename("s", t)
    y = (one["v"] * s).rename("y", t)
    outputs.append(y)
fig, ax = plt.subplots(figsize=(11, 4))
draw_unrolled(ax, links(*outputs), rows=("x", ("h", "s"), "y"), columns={"s": 3, "y": 3})
show(
    fig,
    alt="Three inputs feed a chain of states h; from its last an arrow leads to a second chain, s. Each "
    "s gives an output y above it, and each y leads down to the next s.",
)

# %% [markdown]
# **Predict.** In which order will the decoder learn the parts of a date?

# %%
# Dates while it learns
net = seq2seq(len(DATE_SOURCE), len(DATE_TARGET), 64, dtype=np.float32)
source, lengths, target, _ = date_translation(np.random.default_rng(5), 300, held_out=True)
mask, shares, rng = lengths_to_mask(lengths), [], np.random.default_rng(0)


def loss_of_dates(params, batch):
    """The loss of a batch, the mean over its characters."""
    source, lengths, target, _ = batch
    mask = lengths_to_mask(lengths)
    return net.loss(params, source, target, source_mask=mask, reduction="mean")


def look(params):
    """Write the held-out dates; keep the share of right ones for each character."""
    written = net.translate(params, source, source_mask=mask, end=1, limit=11)
    filled = np.array([(text + [1] * 11)[:10] for text in written]).T
    shares.append((filled == target[:10]).mean(axis=1))
    print(f"{DATE_TARGET.decode(written[0])}: characters right {shares[-1].mean():.2f}")
    return -shares[-1].mean()


print("source:", DATE_SOURCE.decode(source[: lengths[0], 0]))
batches_of_dates = iter(lambda: date_translation(rng, 32), None)
run = fit(loss_of_dates, net.init(rng), batches_of_dates, updates=400, lr=0.01, clip=1.0,
          validate=look, every=80, progress=False)  # fmt: skip

# %%
# What is learnt first
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.2), width_ratios=[1, 1.3])
smooth = np.convolve(run.history.losses, np.ones(20) / 20, "valid")
left.plot(range(20, 401), smooth, color=COLOURS.input)
left.set(xlabel="update", ylabel="loss per character", ylim=(0, None))
image = right.imshow(shares, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
right.set_xticks(range(10), ["y", "y", "y", "y", "-", "m", "m", "-", "d", "d"])
right.set_yticks(range(5), run.history.validation_updates)
right.set(xlabel="character of the date", ylabel="update", title="share that is right")
right.grid(False)
fig.colorbar(image, ax=right)
show(
    fig,
    alt="Left: the loss falls from 2 to below 0.5. Right: a grid of five rows. The hyphens and the "
    "first digits of year and month are dark from the first row on; the others darken later, those of the "
    "day last.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# First what needs no source at all: the hyphens, that years begin with 19 or 20, that months begin
# with 0 or 1. At first this is a language model as in lecture 6, and only then a translator. The
# rest follows in the order in which it is written, the last digit of the day latest.
#
# </details>
#
# ### Two right answers
#
# Why must the decoder read what it wrote? (11) without it, $s_t = \varphi(W' s_{t-1} + b')$,
# knows the source as well, and has steps to spare. Take a date such as 03/04. In London it is the
# 3rd of April, in New York March 4. Let the targets be 0304 and 0403, one as often as the other;
# both are right. Two decoders, GRUs alike but for what they are fed, draw their answers from
# (11).
#
# **Predict.** How often will each of them write one of the two right answers?


# %%
# A decoder that reads what it wrote, and one that does not
def ambiguous(rng, B):
    """Two numbers of two digits, as source; as target, either order. Ids: 2 + digit."""
    a, b = rng.integers(1, 13, (2, B))
    flip = rng.random(B) < 0.5
    first, second = np.where(flip, b, a), np.where(flip, a, b)
    rows = [[2 + n // 10, 2 + n % 10] for n in (a, b, first, second)]
    return np.vstack(rows[:2]), np.vstack(rows[2:])


def both_parts(H=40, V=12):
    """Encoder and decoder as layers."""
    encoder = stack(one_hot_layer(V), gru_layer(V, H))
    return encoder, stack(one_hot_layer(V), gru_layer(V, H), dense_layer(H, V))


def translation_loss(encoder, decoder, fed_back):
    """Loss and gradients, from source and target; what is not fed back is the start symbol."""

    def f(params, batch):
        source, target = batch
        h, (_, s_0), read = encoder.forward(params[0], source)
        fed = np.vstack([0 * target[:1], target[:-1]]) if fed_back else 0 * target
        o, _, wrote = decoder.forward(params[1], fed, (None, s_0, None))
        loss, do = softmax_cross_entropy(o, target)
        _, (_, ds_0, _), ddecoder = decoder.backward(do, wrote)
        return loss, (encoder.backward(0 * h, read, (None, ds_0))[2], ddecoder)

    return f


# %%
# Drawing an answer
def draw_answers(encoder, decoder, params, source, fed_back, rng):
    """Draw four symbols for each source."""
    _, (_, state), _ = encoder.forward(params[0], source)
    state, y, written = (None, state, None), np.zeros((1, source.shape[1]), int), []
    for _ in range(4):
        o, state, _ = decoder.forward(params[1], y if fed_back else 0 * y, state)
        y = (o + rng.gumbel(size=o.shape)).argmax(axis=-1)
        written.append(y[0])
    return np.array(written)


# %%
# How often is the answer one of the two?
source, _ = ambiguous(np.random.default_rng(9), 1000)
source = source[:, np.any(source[:2] != source[2:], axis=0)]  # 04/04 is not ambiguous
answers = {"as it stands": source, "exchanged": np.vstack([source[2:], source[:2]])}
kinds = {}
for fed_back in (True, False):
    for seed in range(3):
        rng, parts = np.random.default_rng(seed), both_parts()
        f, batches_of_two = (
            translation_loss(*parts, fed_back),
            iter(lambda rng=rng: ambiguous(rng, 64), None),
        )
        run = fit(f, tuple(part.init(rng) for part in parts), batches_of_two, updates=300, lr=0.01,
                  clip=1.0, progress=False)  # fmt: skip
        written = draw_answers(*parts, run.last, source, fed_back, rng)
        found = [np.mean(np.all(written == answer, axis=0)) for answer in answers.values()]
        kinds.setdefault(fed_back, []).append([*found, 1 - sum(found)])
        name = "fed back" if fed_back else "not fed back"
        print(f"{name:12}: right {sum(found):.2f}, loss {run.history.losses[-20:].mean():.2f}")
few = [
    "/".join("".join(str(k - 2) for k in half) for half in (c[:2], c[2:])) for c in written.T[:4]
]
print("not fed back, for example:", ", ".join(few))

# %%
# Right, right, and wrong
fig, ax = plt.subplots(figsize=(8, 2.6))
left = np.zeros(6)
shares = np.array([*kinds[False], *kinds[True]])
names = [f"not fed back, seed {k}" for k in range(3)] + [f"fed back, seed {k}" for k in range(3)]
looks = zip((*answers, "neither"), (COLOURS.output, COLOURS.second, "white"), shares.T, strict=True)
for name, colour, share in looks:
    ax.barh(names, share, left=left, color=colour, edgecolor="black", label=name)
    left = left + share
ax.set(xlabel="share of the answers", xlim=(0, 1))
ax.grid(False)
ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
show(
    fig,
    alt="Six bars in three parts. Where the output is fed back, nearly all of the bar is halved between "
    "the two right answers. Where it is not, two thirds belong to neither.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Nearly always with feedback: the first digit is drawn, and the others follow from it. Without,
# in about one case of three: each digit is drawn as if the others did not exist, and the halves
# of two answers are mixed. Without feedback (11) is a product of *independent* factors, and no
# training can change that.
#
# </details>
#
# ### The bottleneck
#
# Whatever the length of the source, (10) leaves $H$ numbers of it. A fixed number of numbers, for
# more and more to be remembered: error must grow with length, somewhere. To see where, we leave
# out all that makes languages guessable, and let an encoder–decoder *copy* random letters. First
# a small live run, with up to 8 letters.
#
# **Predict.** Up to which length will an encoder of 8 units do, and one of 64?


# %%
# Copying, live
def copies(rng, lengths, letters=10):
    """Random letters as source; the same and the end symbol, id 1, as target."""
    source = rng.integers(2, 2 + letters, (max(lengths), len(lengths)))
    target = np.vstack([source, np.ones(len(lengths), int)])
    target[lengths, range(len(lengths))] = 1
    return source, target, lengths_to_mask(lengths), lengths_to_mask(lengths + 1)


def copying_loss(net):
    """Loss and gradients of a batch of `copies`."""

    def f(params, batch):
        source, target, of_source, of_target = batch
        return net.loss(params, source, target, source_mask=of_source, target_mask=of_target)

    return f


tests = copies(np.random.default_rng(9), np.repeat(range(1, 9), 60))
for H in (8, 64):
    rng, net = np.random.default_rng(0), seq2seq(12, 12, H, dtype=np.float32)
    letters_to_copy = iter(lambda rng=rng: copies(rng, rng.integers(1, 9, 32)), None)
    run = fit(copying_loss(net), net.init(rng), letters_to_copy, updates=400, lr=0.01, clip=1.0,
              progress=False)  # fmt: skip
    written = net.translate(run.last, tests[0], source_mask=tests[2], end=1, limit=9)
    wrong = [
        np.mean([len(text) <= t or text[t] != tests[0][t, i] for t in range(n)])
        for i, (text, n) in enumerate(zip(written, np.repeat(range(1, 9), 60), strict=True))
    ]
    by_length = np.reshape(wrong, (8, 60)).mean(axis=1)
    print(f"H = {H:2}: wrong letters at lengths 1 to 8:", " ".join(f"{e:.2f}" for e in by_length))

# %% [markdown]
# <details><summary>Answer</summary>
#
# 8 units hardly get beyond a single letter. 64 units are better at every length, and yet they too get
# worse with each further letter.
#
# </details>
#
# The longer experiment (`python -m experiments.bottleneck`) has up to 16 letters and 3,000
# updates, three seeds each. It also tries a trick of Sutskever, Vinyals and Le: to read the
# source *backwards*, so that its beginning, which is wanted first, is heard last. And it measures
# the dates, by the length of their sources.
#
# **Predict.** Do long dates have more errors than short ones?

# %%
# Error against the length of the source
stored = results("bottleneck")
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), width_ratios=[1.4, 1])
for (name, measured), mark, line, colour in zip(
    stored.items(), "os^Dv", ("-", "-", "-", "--", "-"), COLOURS, strict=False
):
    ax, seeds = right if name == "dates" else left, np.array(measured["wrong"])
    ax.plot(measured["lengths"], seeds.mean(axis=0), mark, ls=line, color=colour, ms=5, label=name)
    ax.fill_between(
        measured["lengths"], seeds.min(axis=0), seeds.max(axis=0), color=colour, alpha=0.2
    )
    picked = [0, 3, 7, 11, 15] if ax is left else [0, len(seeds[0]) // 2, -1]
    lengths = [measured["lengths"][k] for k in picked]
    means = " ".join(f"{seeds[:, k].mean():.3f}" for k in picked)
    print(f"{name}: wrong at lengths {', '.join(map(str, lengths))}: {means}")
left.axhline(0.9, color=COLOURS.neutral, ls=":", label="guessing")
left.set(title="copies of random letters", xlabel="letters", ylabel="share of wrong symbols")
left.set(ylim=(0, 1.3), yticks=np.arange(0, 1.1, 0.2))
right.set(title="dates, on a finer scale", xlabel="characters of the source", ylim=(0, 0.02))
left.legend(ncols=2, loc="upper left")
show(
    fig,
    alt="Left: the share of wrong letters grows with length, for 16 units up to 0.8, for 32 to 0.66, for 64 to "
    "0.39; read backwards, 32 units are better at all lengths. Right, on a scale fifty times finer: dates have up "
    "to 0.5 % of wrong characters for short sources and none for long ones.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. The copies get worse with every letter, whatever the size of the state; a larger state, or a
# source read backwards, only moves the curve to the right. Of the dates hardly a character is
# wrong, and the longest ones are all right.
#
# </details>
#
# It is not the length of the source that has to pass the bottleneck, but what the target needs of
# it. A date is one of 36,525 days, about 15 bits, however it is written, and "Wednesday, the"
# adds nothing. Sixteen random letters are 53 bits. In translation the content does grow with the
# sentence. Note also what the picture does not say: that 32 numbers *cannot* hold 53 bits. They
# easily could; these networks have not learnt to, in 3,000 updates.
#
# The way out is to keep *all* of the encoder's states, and to let the decoder look at those that
# it needs: *attention* (Bahdanau, Cho and Bengio 2015). It is what comes next in the history of
# the field, and beyond this course.
#
# ## 7 Choosing the model
#
# Depth, width, one reader or two, when to stop: all that is not learnt by gradients must be
# chosen by you. Not by the training loss, which only ever asks for more. So part of the data is
# not trained on: a *validation* set, to choose by, as in lecture 2. And since the best of many validation results
# is partly luck, a third set, the *test* set, gives the number that you report.
#
# ### Stopping early
#
# Here are 200 sentences about films, with a feeling from 0 to 4 each. Two LSTM layers have some 30,000
# parameters for them.
#
# **Predict.** How do training and validation loss go on over 30 epochs? (An epoch is one pass over
# all sentences.) And with half of the numbers between the layers dropped at random?


# %%
# Small data, two networks
def sentences(seed, n):
    """Sentences, feelings and mask."""
    ids, lengths, y = sentiment_classification(np.random.default_rng(seed), n)
    return ids, y[None], lengths_to_mask(lengths, len(ids))


def train_reader(p, seed, n=200, epochs=30):
    """Losses of each epoch: on the training set, and on the validation set; no dropout there."""
    rng, few, validation = np.random.default_rng(seed), sentences(seed, n), sentences(99, 300)
    net = classifier(
        len(SENTIMENT_WORDS), 48, 5, embedding=16, layers=2, dropout=p, dtype=np.float32
    )
    curve = []

    def batches():
        return [tuple(a[:, k] for a in few) for k in np.array_split(rng.permutation(n), n // 25)]

    def validate(params):
        curve.append([mean_loss(net, params, [data]) for data in (few, validation)])
        return curve[-1][1]

    fit(network_loss(net, rng=rng), net.init(rng), batches, epochs=epochs, lr=0.005, clip=1.0,
        validate=validate, progress=False)  # fmt: skip
    return np.array(curve)


curves = {0.0: np.array([train_reader(0.0, seed) for seed in range(3)])}

# %%
# Training and validation
curves[0.5] = np.array([train_reader(0.5, seed) for seed in range(3)])
fig, axes = plt.subplots(1, 2, figsize=(11, 3.4), sharey=True)
for ax, (p, seeds) in zip(axes, curves.items(), strict=True):
    for seed, (curve, line) in enumerate(zip(seeds, ("-", "--", ":"), strict=True)):
        names = ("training", "validation") if seed == 0 else (None, None)
        ax.plot(curve[:, 0], line, color=COLOURS.input, label=names[0])
        ax.plot(curve[:, 1], line, color=COLOURS.state, label=names[1])
        best = curve[:, 1].argmin()
        ax.plot(best, curve[best, 1], "*", color=COLOURS.accent, ms=14, mec="black", zorder=3)
        print(f"p = {p}, seed {seed}: training {curve[-1, 0]:.3f}; validation: best {curve[best, 1]:.2f} "
              f"in epoch {best}, last {curve[-1, 1]:.2f}")  # fmt: skip
    ax.set(title=f"dropout, $p = {p}$", xlabel="epoch")
axes[0].set(ylabel="loss", ylim=(0, 2.2))
axes[0].legend()
show(
    fig,
    alt="Losses over 30 epochs, three seeds, without and with dropout. Training losses fall to 0 in both. "
    "Without dropout the validation losses turn after some epochs and stay high; with it they fall "
    "further, more slowly.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Without dropout the validation loss turns while the training loss goes on to 0: the network
# learns these 200 sentences by heart. That is *overfitting*. With dropout it learns more slowly,
# and the best validation loss is lower, here for each of the three seeds. In the end it overfits
# as well.
#
# </details>
#
# Nobody needs the epochs after the best one. *Early stopping* with *patience* $k$: keep the
# parameters of the best validation loss so far, and stop when $k$ epochs in a row have brought no
# new lowest. `fit` does so with `patience=k`. We hand it validation losses that were made up
# beforehand, so that its rule can be seen.
#
# **Predict.** Losses 1.0, 0.8, 0.85, 0.7, 0.75, 0.72, 0.71, 0.6, 0.65, 0.66, 0.64, counted from
# epoch 0. Where does a patience of 1 stop, of 2, of 3, of 4?

# %%
# Patience
made_up = [1.0, 0.8, 0.85, 0.7, 0.75, 0.72, 0.71, 0.6, 0.65, 0.66, 0.64]
fig, ax = plt.subplots(figsize=(9, 3.4))
ax.plot(made_up, "o-", color=COLOURS.state, label="validation loss")
for patience, height in zip((1, 2, 3, 4), (0.55, 0.5, 0.45, 0.4), strict=True):
    coming = iter(made_up)
    run = fit(lambda w, batch: (0.0, 0 * w), np.zeros(1), [None], epochs=len(made_up),
              optimiser="sgd", lr=1, validate=lambda w, coming=coming: next(coming),
              patience=patience, progress=False)  # fmt: skip
    stop = len(run.history.validation_losses) - 1
    best = int(np.argmin(run.history.validation_losses))
    ax.plot([best, stop], [height] * 2, color=COLOURS.accent, lw=4, solid_capstyle="butt")
    ax.plot(best, height, "*", color=COLOURS.accent, mec="black", ms=13)
    ax.annotate(
        f"patience {patience}", (stop, height), (8, 0), textcoords="offset points", va="center"
    )
    print(f"patience {patience}: best {best}, stop {stop}")
ax.set(xlabel="epoch", ylabel="loss", xticks=range(len(made_up)), xlim=(-0.4, 11.9))
ax.legend()
show(
    fig,
    alt="A jagged falling curve of eleven losses. Below it a bar for each patience from a star at the best "
    "epoch to the stop: 1 to 2, 3 to 5, 3 to 6, and 7 to 10.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# At 2, 5, 6 and 10; the last comes to its end. The best losses by then are in epochs 1, 3, 3 and
# 7. Patience 3 stops one epoch before a new lowest: patience is a bet, and noise in the
# validation loss is what it must outlast.
#
# </details>
#
# ### Dropping
#
# *Dropout* (Srivastava and others 2014) multiplies each number, while training, by 0 with probability
# $p$ and by $1/(1 - p)$ otherwise:
#
# $$\tilde h = m \ast h, \qquad \mathrm{E}[m] = p \cdot 0 + (1 - p) \cdot \frac{1}{1 - p} = 1. \tag{12}$$
#
# So the next layer sees the right mean, and after training nothing need be changed. This is
# *inverted* dropout; the paper leaves training alone and multiplies the weights by $1 - p$
# afterwards. Units that cannot rely on each other learn less of what is only in these 200
# sentences.
#
# **Predict.** What are the mean and the standard deviation of $\tilde h$ for $h = 1$ and $p =
# \tfrac12$?

# %%
# Inverted dropout
rng = np.random.default_rng(10)
for p in (0.2, 0.5, 0.8):
    y, m = dropout_forward(np.ones((1, 200_000)), p, rng)
    values = ", ".join(f"{value:g}" for value in np.unique(y))
    print(
        f"p = {p}: values {values}; mean {y.mean():.2f}, standard deviation {y.std():.2f}", end="; "
    )
    print(f"√(p/(1 − p)) = {np.sqrt(p / (1 - p)):.2f}")
same = dropout_forward(np.ones((1, 5)), 0.5, None)[0]
print("after training:", same[0])

# %% [markdown]
# <details><summary>Answer</summary>
#
# 1 and 1: half of them are 0, half of them 2.
#
# </details>
#
# Where in a recurrent network? Zaremba, Sutskever and Vinyals (2014): on the arrows *up*, between
# layers, not on those through time. Let a linear unit with $w = 1$ hold a 1 for 40 steps, with $p
# = 0.2$ on the arrow from $h_{t-1}$ to $h_t$.
#
# **Predict.** In what share of the runs is anything left after 40 steps? And what is the mean over the
# runs?

# %%
# Dropout along time wears a memory away
T, p, runs = 40, 0.2, 20_000
rng, h = np.random.default_rng(11), np.ones((1, runs))
left, means = [], []
for _ in range(T):
    h = dropout_forward(h, p, rng)[0]  # through time: h_t = m ∗ h_{t−1}
    left.append(np.mean(h > 0))
    means.append(h.mean())
up = [np.mean(dropout_forward(np.ones((1, runs)), p, rng)[0] > 0) for _ in range(T)]
print(f"through time: {left[-1]:.4f} of the runs keep anything, 0.8^40 = {0.8**T:.4f};", end=" ")
print(f"those hold {h.max():.0f}; mean at step 10 {means[9]:.2f}")
print(f"upwards: {up[-1]:.2f} of the runs can be read at step 40")
fig, ax = plt.subplots(figsize=(8, 3))
timeline(ax, left, label="dropped through time", colour=COLOURS.state, ms=4)
timeline(ax, up, label="dropped on the way up", colour=COLOURS.second, ms=4)
ax.plot(
    range(1, T + 1), 0.8 ** np.arange(1, T + 1), ls=":", color="black", label="$0.8^t$", zorder=3
)
ax.set(ylabel="share that can be read", ylim=(0, 1))
ax.legend(loc="center right")
show(
    fig,
    alt="The share of runs whose memory can be read. Dropped through time it falls to 0 along 0.8 to the "
    "power t; dropped on the way up it stays at 0.8.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# In $0.8^{40}$ of them, one in 7,500. The mean stays 1 by (12), if there are runs enough: a few
# hold thousands and nearly all nothing. Upwards, each step's reading is disturbed once; the
# memory is not.
#
# </details>
#
# (Gal and Ghahramani (2016) do drop through time, with one mask for all steps of a sequence: some units
# are then without memory, the others undisturbed.)
#
# How much does it help? The longer experiment (`python -m experiments.dropout`) has 100, 200 and
# 400 sentences, three rates, five seeds, and a test set of 2,000 further sentences.
#
# **Predict.** What matters more here: to stop early, dropout, or twice as many sentences?

# %%
# Small data, measured
rows = results("dropout")
fig, ax = plt.subplots(figsize=(9, 3.6))
for k, (p, mark) in enumerate(zip((0.0, 0.25, 0.5), "os^", strict=True)):
    chosen = [row for row in rows if row["dropout"] == p]
    places = np.arange(len(chosen)) + 0.25 * (k - 1)
    for when, colour, shift in (("last", COLOURS.neutral, -0.04), ("best", COLOURS.state, 0.04)):
        seeds = np.array([row[f"{when}, loss"] for row in chosen])
        ax.plot(places + shift, seeds, mark, color=colour, ms=5, alpha=0.4)
        label = f"$p = {p:g}$, {'last epoch' if when == 'last' else 'best epoch'}"
        ax.plot(
            places + shift, seeds.mean(axis=1), mark, color=colour, ms=11, mec="black", label=label
        )
        right = [np.mean(row[f"{when}, right"]) for row in chosen]
        shown = " ".join(f"{mean:.2f}" for mean in seeds.mean(axis=1))
        print(f"p = {p:4}, {when}: loss {shown}; right {' '.join(f'{r:.2f}' for r in right)}")
ax.set_xticks(range(3), ["100 sentences", "200", "400"])
ax.set(ylabel="loss on the test set", ylim=(0, None))
ax.legend(ncols=3, fontsize=9)
show(
    fig,
    alt="Losses on the test set. With 100 sentences those of the last epoch are far above 2, those of the best "
    "at 1.6. With 200 sentences they are 1.2 to 1.5 and 1.0 to 1.1, with 400 all near 0.1. Within each group "
    "dropout lowers the losses of the last epoch.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The sentences, by far. With 200 of them, stopping early lowers the loss from 1.54 to 1.11,
# dropout with $p = \tfrac12$ to 1.17, both together to 1.04. Twice as many sentences bring it
# below 0.2 without any of that.
#
# </details>
#
# Look at the right answers, too. With 100 sentences the "best" epoch has a loss of 1.60, and $\ln
# 5 = 1.61$ is what you get by giving each feeling a fifth: it has learnt next to nothing, and is
# right in 27 % of the cases. The last epoch has a terrible loss and is right in 45 %. No
# contradiction: it is often right, and when it is wrong it is wrong with great certainty, for
# which the loss makes it pay. So choose by the measure by which you will be judged. Stopping by
# the loss is right if the probabilities are wanted; if only the answers are, stop by their
# errors.
#
# ## Check yourself
#
# **1.** A network has $D = 10$ inputs and bidirectional layers of 20 units per direction, two of
# them on top of each other, and 5 outputs. What are the shapes of the second layer's
# $\overrightarrow U$ and of $V$?
#
# <details><summary>Answer</summary>
#
# (20, 40) and (5, 40): both halves of the first layer go up to *both* readers of the second. So
# from layer 2 on even the forward reader knows the future.
#
# </details>
#
# **2.** In a stacked network only the upper layer's weights change in training. What is likely to
# be wrong in the backward pass?
#
# <details><summary>Answer</summary>
#
# The lower layer's $\mathrm{d}h$: it must be the upper layer's $\bar x_t$. There is no other way
# for the loss to reach it.
#
# </details>
#
# **3.** Validation losses 0.9, 0.7, 0.7, 0.8, 0.7, 0.6 and patience 3: which epoch is best, and
# where does training stop?
#
# <details><summary>Answer</summary>
#
# Best 1, stop 4: an equal loss is no *new lowest*. The 0.6 is never seen.
#
# </details>

# %%
# The answers, checked
first = bidirectional(rnn_layer(10, 20), rnn_layer(10, 20))
second = bidirectional(rnn_layer(40, 20), rnn_layer(40, 20))
net = stack(first, second, dense_layer(40, 5))
_, (ahead, _), top = net.init(np.random.default_rng(0))
print("1: U", ahead.U.shape, "V", top.V.shape)
coming = iter([0.9, 0.7, 0.7, 0.8, 0.7, 0.6])
run = fit(lambda w, batch: (0.0, 0 * w), np.zeros(1), [None], epochs=6, optimiser="sgd", lr=1,
          validate=lambda w: next(coming), patience=3, progress=False)  # fmt: skip
print(f"3: best {run.best - 1}, stop {len(run.history.validation_losses) - 1}")

# %% [markdown]
# ## Summary
#
# - A deep network's layer reads the states of the layer below. Its gradient is a sum of two: from above, and from the
#   future. Each layer has a state and a size of its own.
# - A second layer of the same size helped on text; at the same number of parameters one to three layers were alike.
# - Two readers see past and future, $[\overrightarrow h_t; \overleftarrow h_t]$, $V$ is $K \times 2H$. Flip within
#   lengths. They need the whole sequence, so they can neither run online nor write.
# - An encoder–decoder puts a sequence into a state and a sequence out of it: lengths and order are
#   free. Without its own outputs fed back, a decoder mixes right answers into wrong ones.
# - One state is a bottleneck: errors grow with what is to be remembered. Attention is the way out.
# - Choose by a validation set and by the measure that counts, stop when patience ends, report on a third
#   set. Dropout between layers, inverted, not through time.
#
# **What comes next.** In [problem set
# 6](../assignments/ps6_architectures/ps6_architectures.ipynb) you stack layers
# (`stacked_forward`, `stacked_backward`), read padded batches both ways (`bidirectional_rnn`),
# translate (`seq2seq_loss`, `greedy_decode`), and choose (`early_stopping`, `dropout`).
# [Lecture 10](10_output_recurrence.ipynb) asks what happens if the output is *all* that is fed back, and what teacher forcing does to a
# network that must later do without its teacher.
