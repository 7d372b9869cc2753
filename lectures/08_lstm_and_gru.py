# %% [markdown]
# # LSTM and GRU
#
# Lecture 7 ended with a wish: a road through time without $W$ and $\varphi'$ on it, and a factor per
# step that the network itself can set. The LSTM, long short-term memory, has such a road, its
# *cell*, and gates beside it. In this lecture you work its gates by hand, send gradients back through
# it, see how far they really get, and meet its variants and its younger sister, the GRU.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | compute a step of an LSTM by hand, derive its gradients, and start it well | the LSTM, forwards and backwards | `lstm_step`, `lstm_step_backward`, `lstm_forward`, `lstm_backward`, `latch_bias` |
# | draw how gates keep, show and hide what was read | the sensitivity picture | – |
# | tell D1's variants apart, and which contains which | coupled gates and peepholes | `lstm_step_variant` |
# | compute a GRU, and load one from another library | the GRU in all its conventions | `gru_step`, `gru_step_backward` |
# | measure over which lags a network learns | a long lag, learnt or not | `trained_lstm` |
#
# **Time:** 50 minutes to read, 80 with all predictions and trials. **You need:** lectures 5 and 7. **It prepares**
# [problem set 5, gates](../assignments/ps5_gates/ps5_gates.ipynb).
#
# **Shape ledger.** Matrices are (to, from); blocks of $H$ rows, one for each gate.
#
# | Symbol | Shape | Meaning |
# |---|---|---|
# | $T, B, D, H$ | numbers | steps, sequences, inputs, hidden units |
# | $h_t$, $c_t$ | (H,) | what the layer shows, and what its cells keep |
# | $i_t, f_t, o_t$ | (H,), 0 … 1 | input, forget and output gate |
# | $g_t$ | (H,), −1 … 1 | candidate: what could be written |
# | $U$, $W$, $b$ of an LSTM | (4H, D), (4H, H), (4H,) | blocks $i, f, g, o$, such as $U_i$ (H, D) |
# | $P$ | (3, H) | peepholes, for $i, f, o$ |
# | $r_t, z_t, n_t$ | (H,) | GRU: reset gate, update gate, candidate |
# | $U$, $W$, $b$ of a GRU | (3H, D), (3H, H), (3H,) | blocks $r, z, n$ |
# | $\sigma(a) = 1/(1 + e^{-a})$ | as $a$ | the logistic function; $\ast$ is elementwise |
#
# *Notation.* D1 writes $C_t$ for $c_t$, $\tilde C_t$ for $g_t$, $\tilde h_t$ for $n_t$, and
# $W_f \cdot [h_{t-1}, x_t]$ for $W_f h_{t-1} + U_f x_t$. In an LSTM $o_t$ is a gate, not a score; in
# a GRU $z_t$ is a gate, so pre-activations are called $a$ in this lecture.
#
# ## 1 A memory with three handles
#
# D2 compares the block with a memory chip: one can *write* to it, *read* it and *reset* it. Here is
# one cell that gets an input of another size at each of ten steps. Its three gates are opened (O) and
# closed (—) by hand.
#
# **Predict.** Inputs 0.5 at step 1 and −0.8 at step 5 are written. The cell is read at steps 3, 8
# and 10, and reset at step 9. What does it show at step 8: −0.8, or the sum −0.3?

# %%
# Set-up
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from rnnref import (
    GRUParams,
    LSTMParams,
    LSTMState,
    RNNParams,
    Scalar,
    check_gradient,
    classifier,
    dense_layer,
    fit,
    from_torch,
    gated_lstm,
    gru_backward,
    gru_forward,
    init_gru,
    init_lstm,
    init_rnn,
    input_jacobian,
    input_sensitivity,
    jacobian_norms,
    lstm_backward,
    lstm_forward,
    lstm_layer,
    network_loss,
    rnn_forward,
    rnn_layer,
    stack,
)
from rnnref.course.plots import (
    COLOURS,
    draw_gates,
    draw_norms,
    draw_sensitivity,
    draw_states,
    heatmap,
    show,
    timeline,
)
from rnnref.course.tasks import copy_memory

# %%
# Write, keep, read, reset
handles = {"write": "O---O-----", "keep": "-OOOOOOO-O", "read": "--O----O-O"}  # i, f, o
params, x = gated_lstm(*handles.values())
x[:, 0, 0] = [0.5, 0.9, -0.7, 0.6, -0.8, 0.3, 1.0, -0.4, 0.7, 0.2]  # what is offered
h, _, cache = lstm_forward(params, x)
print("c_t:", " ".join(f"{c:5.2f}" for c in cache.c.ravel()))
print("h_t:", " ".join(f"{h_t:5.2f}" for h_t in h.ravel()))

fig, (top, bottom) = plt.subplots(2, 1, figsize=(8, 4.6), height_ratios=(1, 2), sharex=True)
for place, letters in enumerate(handles.values()):
    for t, letter in enumerate(letters, start=1):
        top.text(t, place, letter.replace("-", "—"), ha="center", va="center", weight="bold")
top.set_yticks(range(3), ["$i$: write", "$f$: keep", "$o$: read"])
top.set(ylim=(2.6, -0.6))
top.grid(False)
timeline(bottom, np.tanh(x[:, 0, 0]), label="$g_t$, offered", colour=COLOURS.input, ls=":")
timeline(bottom, cache.c[:, 0, 0], label="$c_t$, kept", colour=COLOURS.state)
timeline(bottom, h[:, 0, 0], label="$h_t$, shown", colour=COLOURS.output)
bottom.legend(ncols=3, loc="lower left")
bottom.set_ylim(-1.15, 0.95)
show(
    fig,
    alt="Above, the marks of three gates over ten steps. Below, the offers jump about; the cell stays "
    "at 0.46 for four steps, at −0.20 for four more and then at 0; what is shown is 0 but for steps 3 "
    "and 8.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Neither quite: squashed, the offers are tanh 0.5 = 0.46 and tanh(−0.8) = −0.66. The forget gate was
# open at step 5, so the new content was *added*: −0.20 is kept, and tanh(−0.20) is shown. To replace
# it, the forget gate would have had to close. At step 10 it shows 0, for step 9 has reset the cell.
#
# </details>
#
# Mind the names: an *open* forget gate, $f = 1$, keeps. A handle that stays open or closed is a
# constant; a network's gates are units of their own, which look at the input and the last state and
# decide:
#
# $$i_t = \sigma(U_i x_t + W_i h_{t-1} + b_i) \tag{1}$$
# $$f_t = \sigma(U_f x_t + W_f h_{t-1} + b_f) \tag{2}$$
# $$g_t = \tanh(U_g x_t + W_g h_{t-1} + b_g) \tag{3}$$
# $$c_t = f_t \ast c_{t-1} + i_t \ast g_t \tag{4}$$
# $$o_t = \sigma(U_o x_t + W_o h_{t-1} + b_o) \tag{5}$$
# $$h_t = o_t \ast \tanh(c_t) \tag{6}$$
#
# D1 calls (4) a conveyor belt of information: from $c_{t-1}$ to $c_t$ there is no matrix and no
# squashing, only a product with $f_t$ and a sum.
#
# > **Note on the slides.** D2 credits all three gates to Hochreiter and Schmidhuber (1997). Their
# > cell had an input and an output gate and always kept, $f = 1$. The forget gate was added by Gers,
# > Schmidhuber and Cummins (2000): without it nothing is ever reset, and on an endless input a cell
# > grows and grows.
#
# ### One step by hand
#
# One cell, one input, and biases with $\ln 3$, for $\sigma(\ln 3) = \tfrac34$,
# $\sigma(-\ln 3) = \tfrac14$ and $\tanh(\tfrac12 \ln 3) = \tfrac12$:
#
# | block | $U$ | $W$ | $b$ | $a$ for $x_t = 1$, $h_{t-1} = \tfrac12$ | value |
# |---|---|---|---|---|---|
# | $i$ | 2 | −4 | 0 | 2 − 2 + 0 | $\tfrac12$ |
# | $f$ | −1 | 2 | $\ln 3$ | −1 + 1 + ln 3 | $\tfrac34$ |
# | $g$ | 1 | −2 | $\tfrac12 \ln 3$ | 1 − 1 + ½ ln 3 | $\tfrac12$ |
# | $o$ | −1 | 2 | $-\ln 3$ | −1 + 1 − ln 3 | $\tfrac14$ |
#
# **Predict.** The cell holds $c_{t-1} = 1$. What are $c_t$ and $h_t$?

# %%
# One step by hand, checked
ln3 = np.log(3)
by_hand = LSTMParams(
    U=np.array([[2.0], [-1.0], [1.0], [-1.0]]),
    W=np.array([[-4.0], [2.0], [-2.0], [2.0]]),
    b=np.array([0.0, ln3, ln3 / 2, -ln3]),
)
start = LSTMState(h=np.full((1, 1), 0.5), c=np.full((1, 1), 1.0))
_, state, cache = lstm_forward(by_hand, np.ones((1, 1, 1)), start)
step = {name: getattr(cache, name).item() for name in "ifgo"}
step |= {"c": state.c.item(), "h": state.h.item()}
print(", ".join(f"{name} = {value:.4f}" for name, value in step.items()))

fig, ax = plt.subplots(figsize=(7, 2.6))
colours = [COLOURS.accent] * 2 + [COLOURS.input, COLOURS.accent, COLOURS.state, COLOURS.output]
bars = ax.bar(list(step), list(step.values()), color=colours, edgecolor="black")
ax.bar_label(bars, [f"{value:.3g}" for value in step.values()])
ax.set(ylim=(0, 1.2), ylabel="value")
show(fig, alt="Bars: i ½, f ¾, g ½, o ¼, then the cell, 1, and h, 0.19.")

# %% [markdown]
# <details><summary>Answer</summary>
#
# $c_t = \tfrac34 \cdot 1 + \tfrac12 \cdot \tfrac12 = 1$: as much came in as was lost. And
# $h_t = \tfrac14 \tanh 1 \approx 0.19$.
#
# </details>
#
# **Try it.** Hand the cell $c_{t-1} = 100$. What are $c_t$ and $h_t$ now? (75.25 and ¼: the cell is
# not limited, what it shows is.)
#
# ## 2 What a gate does to a sensitivity
#
# Figure 4.1 of Graves's book, in lecture 7, showed an RNN forgetting its first input. His figure 4.3
# is its counterpart: an LSTM with one cell, the input gate's state drawn below the cell, the forget
# gate's to its left, the output gate's above. We compute the shades from Jacobians, again. For a
# cell whose gates are set from outside,
#
# $$\frac{\partial c_t}{\partial x_1} = f_t\,f_{t-1} \cdots f_2\;\frac{\partial c_1}{\partial x_1},
#   \qquad \frac{\partial o^\text{out}_t}{\partial x_1}
#   = V\,o_t\,\tanh'(c_t)\,\frac{\partial c_t}{\partial x_1}, \tag{7}$$
#
# where $o^\text{out}_t = V h_t$ is the network's output above the cell.
#
# **Predict.** Gates: input O at step 1 only; forget open from 2 to 6, closed at 7; output open at 4
# and 6. Where are the cell and the output dark?

# %%
# Graves's figures 4.1 and 4.3, computed
gates = "O------", "-OOOOO-", "---O-O-"
lstm, x = gated_lstm(*gates)
rnn = RNNParams(np.array([[1.0, 0, 0, 0]]), np.array([[0.9]]), np.zeros(1))
output = dense_layer(1, 1).init(np.random.default_rng(0))._replace(V=np.array([[1.0]]))
nets = {"RNN": (stack(rnn_layer(4, 1), dense_layer(1, 1)), (rnn, output), "state[0]")}
nets["LSTM"] = stack(lstm_layer(4, 1), dense_layer(1, 1)), (lstm, output), "state[0].c"
fig, axes = plt.subplots(2, 1, figsize=(8, 7))
felt = {}
for ax, (name, (net, weights, inside)) in zip(axes, nets.items(), strict=True):
    hidden = input_jacobian(net, weights, x, of=inside)[:, 0, 0, :1]  # by the content alone
    shown = input_jacobian(net, weights, x)[:, 0, 0, :1]
    felt[name] = np.abs(hidden), np.abs(shown)
    draw_sensitivity(ax, *felt[name], gates=gates if name == "LSTM" else None, limit=1)
    ax.set_title(f"{name}: sensitivity to the content of step 1")
    print(f"{name:4} inside:", " ".join(f"{v:.2f}" for v in felt[name][0].ravel()))
    print(f"{name:4} output:", " ".join(f"{v:.2f}" for v in felt[name][1].ravel()))
show(
    fig,
    alt="Two networks over seven steps. The RNN's hidden units and outputs fade from left to right. "
    "The LSTM's cell keeps one dark shade from step 1 to 6 and is blank at 7; its output is blank "
    "but for steps 4 and 6, below which the output gate is marked O.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The cell is equally dark from 1 to 6: at each of these steps its factor is $f_t \approx 1$. At 7
# the forget gate closes, and all is gone. The output is dark at 4 and 6, where the output gate is
# open, and paler than the cell, by $\tanh'(c_t)$.
#
# </details>
#
# The caption of 4.3 claims that the output gate switches the sensitivity of the output *without
# touching the cell's*. We try all output gates there are, and hold (7) against the Jacobians.

# %%
# Every output gate there is
net = nets["LSTM"][0]
cells, gaps = [], []
for number in range(2**7):
    letters = "".join("O" if number >> t & 1 else "-" for t in range(7))
    lstm, x = gated_lstm(*gates[:2], letters)
    cell = input_jacobian(net, (lstm, output), x, of="state[0].c")[:, 0, 0, 0]
    shown = input_jacobian(net, (lstm, output), x)[:, 0, 0, 0]
    _, _, cache = lstm_forward(lstm, x)
    f, o, tanh_c = cache.f.ravel(), cache.o.ravel(), cache.tanh_c.ravel()
    first = cache.i[0].item() * (1 - cache.g[0].item() ** 2)  # ∂c_1 by the content
    by_gates = first * np.append(1, np.cumprod(f[1:]))  # (7), left
    gaps += [np.abs(by_gates - cell), np.abs(o * (1 - tanh_c**2) * by_gates - shown)]
    cells.append(cell)
print(
    f"{len(cells)} output gates; all cells the same to the last digit:",
    np.ptp(cells, axis=0).max() == 0,
)
print(f"(7) against the Jacobians: largest difference {np.max(gaps):.1e}")
nudges = 1e-6 * np.eye(7)[0][:, None, None] * np.eye(4)  # x_1 of four sequences
up, down = (net.forward((lstm, output), x + sign * nudges)[0] for sign in (1, -1))
rows = np.linalg.norm((up - down)[..., 0] / 2e-6, axis=1)
felt_by_all = input_sensitivity(net, (lstm, output), x)[:, 0, 0]
print(f"outputs against central differences: {np.abs(rows - felt_by_all).max():.1e}")

# %% [markdown]
# That is possible because these gates obey the inputs alone. In a network with $W \ne 0$ what is
# shown at step $t$ acts on the gates of step $t + 1$, and so on the cell. Section 4 measures how much.
#
# **Try it.** Open the input gate at step 3 as well. Does the cell feel step 1 less? (No: new
# content is added to the old. Only a closed forget gate would end it.)
#
# ## 3 Backwards, in bars
#
# Gradients travel against the arrows and add up where arrows leave. Let us count arrows. $h_t$ goes to
# the step's own loss, and to the four pre-activations of step $t + 1$. $c_t$ goes to $h_t$, and to
# $c_{t+1}$. So two bars come back from step $t + 1$:
#
# $$\bar h_t = \mathrm{d}h_t + W^\top \bar a_{t+1} \tag{8}$$
# $$\bar c_t = \bar h_t \ast o_t \ast (1 - \tanh^2 c_t) + \bar c_{t+1} \ast f_{t+1} \tag{9}$$
#
# where $\mathrm{d}h_t$ is what the step's own loss sends, and $\bar a$ holds four blocks. (9) is the
# conveyor belt, running backwards. From (6) and (4), by the rule for a product and
# $\sigma' = \sigma\,(1 - \sigma)$:
#
# $$\bar a_{o,t} = \bar h_t \ast \tanh(c_t) \ast o_t \ast (1 - o_t) \tag{10}$$
# $$\bar a_{i,t} = \bar c_t \ast g_t \ast i_t \ast (1 - i_t) \tag{11}$$
# $$\bar a_{f,t} = \bar c_t \ast c_{t-1} \ast f_t \ast (1 - f_t) \tag{12}$$
# $$\bar a_{g,t} = \bar c_t \ast i_t \ast (1 - g_t^2) \tag{13}$$
#
# All else is as in lecture 5: $\bar U = \sum_t \bar a_t x_t^\top$,
# $\bar W = \sum_t \bar a_t h_{t-1}^\top$, $\bar b = \sum_t \bar a_t$, $\bar x_t = U^\top \bar a_t$,
# with zeros coming from step $T + 1$.
#
# **Predict.** Somebody forgets the second terms of (8) and (9). At which steps are the bars still
# right?
#
# The scalar tape of lecture 4 runs the equations (1) to (6) and finds the gradient at every node. It
# knows nothing about gates.

# %%
# An LSTM on the tape
D, H, T = 2, 3, 5
rng = np.random.default_rng(1)
params = init_lstm(rng, D, H)._replace(b=rng.normal(size=4 * H))
x, h_0, c_0, dh = (rng.normal(size=shape) for shape in ((T, D), H, H, (T, H)))
nodes = np.vectorize(Scalar, otypes=[object])
squash = np.vectorize(Scalar.logistic, otypes=[object])
U, W, b = (nodes(p) for p in params[:3])
names = ("a", "i", "f", "g", "c", "o", "h")
run, h, c, loss = {name: [] for name in names}, nodes(h_0), nodes(c_0), Scalar(0.0)
for t in range(T):
    a = U @ nodes(x[t]) + W @ h + b
    i, f, g, o = squash(a[:H]), squash(a[H : 2 * H]), np.tanh(a[2 * H : 3 * H]), squash(a[3 * H :])
    c = f * c + i * g  # (4)
    h = o * np.tanh(c)  # (6)
    for name, node in zip(names, (a, i, f, g, c, o, h), strict=True):
        run[name].append(node)
    loss = loss + (h * dh[t]).sum()  # so that each step's own loss sends dh_t
loss.backward()

# %%
# Every line of the sweep against the tape
value, bar = (
    {name: np.vectorize(lambda n, k=kind: getattr(n, k))(np.array(run[name])) for name in names}
    for kind in ("value", "grad")
)
i, f, g, o, c = (value[name] for name in "ifgoc")
c_prev, tanh_c = np.vstack([c_0, c[:-1]]), np.tanh(c)
later = {name: np.vstack([bar[name][1:], 0 * bar[name][:1]]) for name in "ac"}  # of step t + 1
f_later = np.vstack([f[1:], 0 * f[:1]])
blocks = dict(zip("ifgo", np.split(bar["a"], 4, axis=1), strict=True))
sides = {
    "(8) h": (bar["h"], dh + later["a"] @ params.W),
    "(9) c": (bar["c"], bar["h"] * o * (1 - tanh_c**2) + later["c"] * f_later),
    "(10) o": (blocks["o"], bar["h"] * tanh_c * o * (1 - o)),
    "(11) i": (blocks["i"], bar["c"] * g * i * (1 - i)),
    "(12) f": (blocks["f"], bar["c"] * c_prev * f * (1 - f)),
    "(13) g": (blocks["g"], bar["c"] * i * (1 - g**2)),
}
for name, (on_tape, formula) in sides.items():
    print(f"{name:6}: largest difference {np.abs(on_tape - formula).max():.1e}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# At the last one only: nothing comes back from step $T + 1$. So test a backward pass with
# $T \ge 2$, and with $c_0 \ne 0$: otherwise (12) hides its mistakes at step 1.
#
# </details>
#
# The reference's `lstm_backward` does the same for batches, in one sweep. We ask the tape, and
# differences of the loss along random directions, on a network of another size:

# %%
# The reference, asked twice
batch = x[:, None], LSTMState(h_0[None], c_0[None])
_, _, cache = lstm_forward(params, *batch)
dx, dstate0, dparams = lstm_backward(dh[:, None], cache)
on_tape = [np.vectorize(lambda n: n.grad)(p) for p in (U, W, b)]
gap = max(np.abs(d - p).max() for d, p in zip(dparams, on_tape, strict=False))
print(f"lstm_backward against the tape: {gap:.1e}")

big = init_lstm(rng, 5, 7, peepholes=True)
inputs, target = rng.normal(size=(9, 4, 5)), rng.normal(size=(9, 4, 7))


def loss_of(params):
    """Half the squared error of all steps."""
    return 0.5 * np.sum((lstm_forward(params, inputs)[0] - target) ** 2)


h, _, cache = lstm_forward(big, inputs)
worst = check_gradient(loss_of, big, lstm_backward(h - target, cache)[2], rng=rng)
print(f"check_gradient: relative error {worst.error:.1e}")

# %% [markdown]
# ### Blame on the belt
#
# What do these bars look like, when something is to be remembered? We take the latch of section 2,
# write at step 1, keep for ten steps, and read at the last. The loss is at the last step only.
#
# **Predict.** At which steps are $\bar h_t$, $\bar c_t$ and the bars of the four blocks not zero?

# %%
# Blame on the belt
T = 12
latch, x = gated_lstm("O" + "-" * 11, "-" + "O" * 11, "-" * 11 + "O", strength=4)
h, _, cache = lstm_forward(latch, x)
dh = np.zeros_like(h)
dh[-1] = 1
bars = []
for t in range(1, T + 1):  # ∂L/∂c_t: run on from step t
    state = LSTMState(h[t - 1], cache.c[t - 1])
    rest = lstm_forward(latch, x[t:], state)[2]
    if t < T:
        bars.append(lstm_backward(dh[t:], rest)[1].c.item())
bars.append((cache.o[-1] * (1 - cache.tanh_c[-1] ** 2)).item())
dx, _, _ = lstm_backward(dh, cache)
content, commands = dx[:, 0, :1], dx[:, 0, 1:]
table = np.column_stack([dh[:, 0, 0], bars, content, commands / 4])  # commands enter times 4
print(f"c̄_1 / c̄_12 = {bars[0] / bars[-1]:.4f}; product of the forget gates "
      f"{np.prod(cache.f[1:]):.4f}")  # fmt: skip

fig, ax = plt.subplots(figsize=(9, 3.4))
heatmap(ax, table.T, limit=1)
ax.set(xlabel="step $t$")
ax.set_yticks(range(1, 7), [r"$\bar h$", r"$\bar c$"] + [rf"$\bar a_{k}$" for k in "gifo"])
show(
    fig,
    alt="Rows for the bars of h, c and the four pre-activations over twelve steps. That of h is zero "
    "but at step 12; that of c is nearly level over all steps; the candidate's is large at step 1 "
    "only; those of the gates are small.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $\bar h_t$ at step 12 only. $\bar c_t$ at all steps: the blame rides back on the belt, past eleven
# steps, and gets off where the input gate is open, at $\bar a_g$ of step 1. A little goes to the
# gates themselves, by (11) and (12); that is how they *learn* when to open.
#
# </details>
#
# ## 4 A product of forget gates
#
# Along the belt alone, with all else held still, (4) gives
#
# $$\frac{\partial^+ c_t}{\partial c_k} = \operatorname{diag}\bigl(f_t \ast f_{t-1} \ast \dots
#   \ast f_{k+1}\bigr). \tag{14}$$
#
# No $W$, no $\varphi'$; but a product it is.
#
# > **Note on the slides.** D2 says that the gates *avoid* the vanishing gradient. They slow it down:
# > a logistic gate never reaches 1. With $f = 0.9$ a hundredth part is left after 44 steps, and a
# > hundred-thousandth after 109.
#
# At the start of training the gates are near $\sigma(b_f)$. The *forget bias* sets how long a
# network can look back before it has learnt anything.
#
# **Predict.** Forget biases 0, 1, 3 and 5: after how many steps is half of a cell's content gone?

# %%
# Half-lives
fig, ax = plt.subplots(figsize=(8, 3.2))
steps = np.arange(101)
for bias, colour, line in zip((0, 1, 3, 5), COLOURS, ("-", "--", "-.", ":"), strict=False):
    f = 1 / (1 + np.exp(-bias))
    ax.plot(steps, f**steps, line, color=colour, lw=2, label=f"$b_f = {bias}$, $f = {f:.3f}$")
    print(
        f"b_f = {bias}: f = {f:.4f}, half is gone after {np.log(0.5) / np.log(f):.1f} steps,",
        end=" ",
    )
    print(f"f^40 = {f**40:.1e}")
print(f"0.9^44 = {0.9**44:.1e}, 0.9^109 = {0.9**109:.1e}")
ax.axhline(0.5, color=COLOURS.neutral, lw=1)
ax.set(xlabel="steps", ylabel="what is left of $c_0$")
ax.legend()
show(
    fig,
    alt="Four falling curves. With biases 0 and 1 nothing is left after a few steps; with 3 half is "
    "left after 14 steps; with 5 half is left at the right edge, after 100.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# 1, 2.2, 14.3 and 103. Libraries often start with 0 or 1; for long lags that is little.
# `latch_bias` in the problem set asks the question the other way round.
#
# </details>
#
# (14) is one path of many. From $c_k$ there are others, by way of $h_k$, the gates and candidates of
# later steps. The *whole* Jacobian $\partial c_t/\partial c_k$ has them all; `lstm_backward` gives it
# row by row, if a unit vector enters at $c_t$.
#
# **Predict.** Is the whole Jacobian smaller than the belt's, about the same, or larger?


# %%
# The belt, and the whole Jacobian
def cell_jacobians(params, x):
    """Norms over lags of ∂c_T/∂c_{T−n}: along the belt alone, and by all paths."""
    T, H = len(x), params.W.shape[1]
    _, _, cache = lstm_forward(params, x)
    belt = [1.0] + [cache.f[T - n :].prod(axis=0).max() for n in range(1, T)]
    whole = [1.0]
    for k in range(T - 1, 0, -1):
        copies = np.repeat(x[k:], H, axis=1)
        start = [np.repeat(state[k], H, axis=0) for state in (cache.h_prev, cache.c_prev)]
        h, _, rest = lstm_forward(params, copies, LSTMState(*start))
        rows = lstm_backward(np.zeros_like(h), rest, LSTMState(np.zeros((H, H)), np.eye(H)))[1].c
        whole.append(np.linalg.norm(rows, 2))
    return np.array(belt), np.array(whole)


D, H, T = 4, 16, 60
x = np.random.default_rng(2).normal(size=(T, 1, D))
cases = {"forget bias 1": (1, 1), "forget bias 5": (5, 1), "forget bias 5, W / 10": (5, 0.1)}
fig, axes = plt.subplots(1, 3, figsize=(12, 3.4), sharey=True)
_, _, cache = rnn_forward(init_rnn(np.random.default_rng(3), D, H), x)
for ax, (name, (bias, scale)) in zip(axes, cases.items(), strict=True):
    params = init_lstm(np.random.default_rng(3), D, H, forget_bias=bias)
    params = params._replace(W=scale * params.W)
    belt, whole = cell_jacobians(params, x)
    draw_norms(ax, belt, label="belt alone", colour=COLOURS.state)
    draw_norms(ax, whole, label="all paths", colour=COLOURS.gradient)
    draw_norms(ax, jacobian_norms(cache)[:-1], label="RNN, $W$ orthogonal", colour=COLOURS.neutral)
    ax.set_title(name)
    print(f"{name:21}: at lag 40 belt {belt[40]:.1e}, all paths {whole[40]:.1e}")
axes[0].set_ylabel(r"$\|\partial c_T/\partial c_k\|_2$")
axes[0].legend()
no_W = params._replace(W=0 * params.W)
print(f"with W = 0 they are the same: {np.ptp(np.subtract(*cell_jacobians(no_W, x))):.1e}")
show(
    fig,
    alt="Norms over lags up to 59, on a logarithmic axis; the RNN's falls to 1e-7. With bias 1 the belt "
    "falls as fast, and all paths together fall more slowly. With bias 5 the belt stays just below 1 "
    "and the whole grows to 10. With weak W both stay near 1.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Larger, if $W$ is of the usual size. With bias 1 and lag 40 the belt alone keeps a
# hundred-thousandth, all paths a hundredth. With bias 5 the whole grows above 1, although no forget
# gate is: there are many paths, and they add up. Only with a weak $W$ is the belt the main road.
#
# </details>
#
# So (14) is neither the whole truth nor a bound. Along the cell, gradients vanish as slowly as the
# network cares to keep $f$ near 1. Beside the cell all of lecture 7 still holds: products with $W$,
# and gradients that may grow. An LSTM needs clipping as much as an RNN.
#
# ## 5 Variants
#
# ### One gate for two
#
# What comes in could take the place of what goes. The *coupled* cell has no input gate,
#
# $$c_t = f_t \ast c_{t-1} + (1 - f_t) \ast g_t. \tag{15}$$
#
# > **Note on the slides.** D1 prints (15) already on the slide for the LSTM itself, right after the
# > formula for $i_t$, which is then used nowhere; a handwritten arrow says so. (4) is the LSTM, (15)
# > a variant.
#
# **Predict.** Both cells read a constant offer $g = 0.5$ for 40 steps with $f = i = 0.9$. Where do
# they end?

# %%
# Two cells under a constant rain
logit = np.log(9)  # σ(ln 9) = 0.9
still = LSTMParams(np.zeros((4, 1)), np.zeros((4, 1)), np.array([logit, logit, ln3 / 2, 0.0]))
fig, ax = plt.subplots(figsize=(8, 2.9))
for coupled, colour in ((False, COLOURS.state), (True, COLOURS.input)):
    _, state, cache = lstm_forward(still, np.zeros((40, 1, 1)), coupled=coupled)
    name = "coupled (15)" if coupled else "two gates (4)"
    timeline(ax, cache.c[:, 0, 0], label=name, colour=colour, ms=4)
    print(f"{name:13}: c_40 = {state.c.item():.3f}")
ax.set_ylabel("$c_t$")
ax.legend()
show(fig, alt="The cell with two gates climbs to 4.4; the coupled one to 0.49 and no further.")

rng = np.random.default_rng(4)
params, x = init_lstm(rng, 4, 8), 3 * rng.normal(size=(50, 10, 4))
_, _, cache = lstm_forward(params, x, coupled=True)
by_15 = cache.f * cache.c_prev + (1 - cache.f) * cache.g
print(
    f"(15): {np.abs(by_15 - cache.c).max():.1e}; largest |c| {np.abs(cache.c).max():.2f};", end=" "
)
print(f"with two gates {np.abs(lstm_forward(params, x)[2].c).max():.2f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# (4) comes to rest where $c = 0.9\,c + 0.45$: at 4.5. (15) at $g = 0.5$: a weighted mean never
# leaves the range of what it averages, here −1 … 1.
#
# </details>
#
# The coupled cell cannot count, and it cannot grow without limit. It has three quarters of the parameters, and
# is half way to the GRU.
#
# ### Peepholes
#
# If the output gate is closed, then $h_t = 0$, and the gates of the next step cannot know what the
# cell holds. *Peepholes* let them look. D1 gives them full matrices,
#
# $$f_t = \sigma(W_f [c_{t-1}, h_{t-1}, x_t] + b_f), \quad
#   i_t = \sigma(W_i [c_{t-1}, h_{t-1}, x_t] + b_i), \quad
#   o_t = \sigma(W_o [c_t, h_{t-1}, x_t] + b_o). \tag{16}$$
#
# Mind the last: the output gate opens after the cell has been updated, and sees the new one. Gers and
# Schmidhuber (2000), who invented peepholes, let each gate look at its *own* cell only, with one
# number for each cell, $P_f \ast c_{t-1}$. So does our reference.
#
# **Predict.** How must the matrices in (16) look, to give the diagonal ones?


# %%
# Full peepholes, and diagonal ones as their special case
def full_peepholes(W_i, W_f, W_g, W_o, biases, x, H):
    """Outputs of D1's variant for one sequence, (T, H), from zero states."""
    h, c, shown = np.zeros(H), np.zeros(H), []
    b_i, b_f, b_g, b_o = biases
    for x_t in x:
        before = np.concatenate([c, h, x_t])
        i, f = (1 / (1 + np.exp(-(M @ before + b))) for M, b in ((W_i, b_i), (W_f, b_f)))
        g = np.tanh(W_g @ before[H:] + b_g)
        c = f * c + i * g
        o = 1 / (1 + np.exp(-(W_o @ np.concatenate([c, h, x_t]) + b_o)))  # the new c
        h = o * np.tanh(c)
        shown.append(h)
    return np.array(shown)


D, H, T = 2, 3, 20
rng = np.random.default_rng(5)
params = init_lstm(rng, D, H, peepholes=True)._replace(P=2 * rng.normal(size=(3, H)))
x = rng.normal(size=(T, 1, D))
U, W = (np.split(p, 4) for p in params[:2])
diagonal = [np.diag(p) for p in params.P]  # i, f, o
W_i, W_f, W_o = (
    np.hstack([P, W[k], U[k]]) for P, k in zip(diagonal, (0, 1, 3), strict=True)
)  # fmt: skip
by_d1 = full_peepholes(W_i, W_f, np.hstack([W[2], U[2]]), W_o, np.split(params.b, 4), x[:, 0], H)
by_reference, _, cache = lstm_forward(params, x)
print(
    f"D1 with diagonal blocks against the reference: {np.abs(by_d1 - by_reference[:, 0]).max():.1e}"
)
print(f"numbers in the peepholes: full {3 * H * H}, diagonal {params.P.size}")
fig, ax = plt.subplots(figsize=(8, 2.8))
heatmap(ax, W_f, title=r"$W_f$ on $[c_{t-1}, h_{t-1}, x_t]$")
for edge in (3.5, 6.5):
    ax.axvline(edge, color="black", lw=2)
show(
    fig,
    alt="A matrix of 3 rows and 8 columns in three blocks: the first, for the cell, has zeros beside "
    "its diagonal; those for h and x are full.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# As in the picture: their first $H$ columns are diagonal. Whatever ours can compute, D1's can. The
# reverse is false: $3H^2$ free numbers against $3H$.
#
# </details>
#
# What can one do with a peephole? Keep time, unseen. The cell below adds 1 at each step, and its
# output gate is closed for good. A forget gate with $a_f = 20\,(2.5 - c_{t-1})$ closes when the cell
# has got to 3.
#
# **Predict.** What does the cell do? And what, without the peephole?

# %%
# A clock in the dark
biases = np.array([50.0, 50.0, 50.0, -50.0])  # write, keep, offer 1, show nothing
clock = LSTMParams(np.zeros((4, 1)), np.zeros((4, 1)), biases, np.array([[0.0], [-20.0], [0.0]]))
blind = clock._replace(P=None)
fig, ax = plt.subplots(figsize=(8, 3))
for name, params, colour in (
    ("with a peephole", clock, COLOURS.state),
    ("without", blind, COLOURS.neutral),
):
    h, _, cache = lstm_forward(params, np.zeros((12, 1, 1)))
    timeline(ax, cache.c[:, 0, 0], label=name, colour=colour)
    print(f"{name:15}: cell {np.round(cache.c.ravel()).astype(int)}, largest h {h.max():.0e}")
ax.set_ylabel("$c_t$")
ax.legend()
show(
    fig,
    alt="With a peephole the cell runs 1, 2, 3, 1, 2, 3, a saw; without, it climbs in a straight line.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# It counts 1, 2, 3, 1, 2, 3: a clock that strikes every third step. Without the peephole the gate
# cannot know, and the cell counts on.
#
# </details>
#
# ## 6 The GRU
#
# The gated recurrent unit of Cho and others (2014) has no cell apart from its state, and two gates. In
# D1's form:
#
# $$r_t = \sigma(U_r x_t + W_r h_{t-1} + b_r) \tag{17}$$
# $$z_t = \sigma(U_z x_t + W_z h_{t-1} + b_z) \tag{18}$$
# $$n_t = \tanh(U_n x_t + W_n (r_t \ast h_{t-1}) + b_n) \tag{19}$$
# $$h_t = (1 - z_t) \ast h_{t-1} + z_t \ast n_t \tag{20}$$
#
# (20) is (15) with $1 - z$ for $f$: one gate for two. The *update* gate $z$ writes. The *reset* gate
# $r$ hides parts of the past from the candidate, before the product with $W_n$; so a candidate can be
# made as if the sequence began here. There is no output gate: all that is kept is shown.
#
# > **Note on the slides.** D1's GRU has no biases. Ours has; set to zero, it is D1's.
#
# ### One step by hand
#
# One unit, $h_{t-1} = \tfrac12$ and $x_t = 1$. Let $a_r = -\ln 3$ and $a_z = \ln 3$, and
# $n_t = \tanh(x_t + w\,r_t h_{t-1} + b_n)$ with $w = 8$ and $b_n = -2 + \tfrac12 \ln 3$.
#
# **Predict.** What are $r$, $z$, $n$ and $h_t$?

# %%
# A GRU by hand, checked
by_hand = GRUParams(
    U=np.array([[0.0], [0.0], [1.0]]),
    W=np.array([[0.0], [0.0], [8.0]]),
    b=np.array([-ln3, ln3, ln3 / 2 - 2]),
    b_hn=np.zeros(1),
)
h, _, cache = gru_forward(by_hand, np.ones((1, 1, 1)), np.full((1, 1), 0.5))
r, z, n = cache.r.item(), cache.z.item(), cache.n.item()
print(f"r = {r:.4f}, z = {z:.4f}, n = {n:.4f}, h = {h.item():.4f}")

rng = np.random.default_rng(7)
D, H, B = 5, 7, 4
gru = init_gru(rng, D, H)._replace(b=rng.normal(size=3 * H))
x, target = rng.normal(size=(9, B, D)), rng.normal(size=(9, B, H))
h, _, cache = gru_forward(gru, x)
blocks = zip(*(np.split(p, 3) for p in gru[:3]), strict=True)
M_r, M_z, M = (np.hstack([W, U, b[:, None]]) for U, W, b in blocks)  # on [h, x, 1]


def d1_step(to_r, to_z, to_n, kept, x_t):
    """D1's GRU for one sequence; each of the four uses of h_{t−1} has an argument of its own."""
    r, z = (
        1 / (1 + np.exp(-M_k @ np.concatenate([use, x_t, [1]])))
        for M_k, use in ((M_r, to_r), (M_z, to_z))
    )
    return (1 - z) * kept + z * np.tanh(M @ np.concatenate([r * to_n, x_t, [1]]))


state, gap = np.zeros(H), 0.0
for t in range(9):
    state = d1_step(state, state, state, state, x[t, 0])
    gap = max(gap, np.abs(state - h[t, 0]).max())
print(f"(17) to (20) in D1's form against gru_forward: {gap:.1e}")
worst = check_gradient(
    lambda p: 0.5 * np.sum((gru_forward(GRUParams(*p, gru.b_hn), x)[0] - target) ** 2),
    tuple(gru[:3]),  # b_hn has no place in this form
    tuple(gru_backward(h - target, cache)[2][:3]),
    rng=rng,
)
print(f"gru_backward, check_gradient: relative error {worst.error:.1e}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# $r = \tfrac14$, $z = \tfrac34$; $a_n = 1 + 8 \cdot \tfrac14 \cdot \tfrac12 - 2 + \tfrac12 \ln 3 =
# \tfrac12 \ln 3$, so $n = \tfrac12$, and $h_t = \tfrac14 \cdot \tfrac12 + \tfrac34 \cdot \tfrac12 =
# \tfrac12$.
#
# </details>
#
# Backwards, count again. $h_{t-1}$ leaves by *four* arrows: to $r_t$, to $z_t$, to
# $r_t \ast h_{t-1}$, and straight to $h_t$. The last is the belt: along it alone,
# $\partial^+ h_t/\partial h_k = \operatorname{diag}(\prod_j (1 - z_j))$. `d1_step` above has an
# argument for each arrow, so that we can nudge one at a time, as lecture 4 did with shared weights.
#
# **Predict.** Which arrow carries most, when $b_z = -5$?


# %%
# Four arrows back
def arrow(k, h_prev, x_t, eps=1e-6):
    """∂h_t/∂h_{t−1} along one of the four arrows, by central differences."""
    columns = []
    for nudge in eps * np.eye(H):
        up, down = ([h_prev] * 4 for _ in range(2))
        up[k], down[k] = h_prev + nudge, h_prev - nudge
        columns.append((d1_step(*up, x_t) - d1_step(*down, x_t)) / (2 * eps))
    return np.array(columns).T


h_prev, x_t = h[4, 0], x[5, 0]
names = "by r", "by z", "by r ∗ h", "straight"
fig, axes = plt.subplots(1, 2, figsize=(9, 3), sharey=True)
for ax, bias in zip(axes, (0, -5), strict=True):
    M_z[:, -1] = bias
    gru.b[H : 2 * H] = bias
    arrows = [arrow(k, h_prev, x_t) for k in range(4)]
    copies, starts = np.tile(x_t, (1, H, 1)), np.tile(h_prev, (H, 1))
    _, _, cache = gru_forward(gru, copies, starts)
    whole = gru_backward(np.zeros((1, H, H)), cache, np.eye(H))[1]  # row by row
    sizes = [np.linalg.norm(J) / np.sqrt(H) for J in arrows]
    ax.bar(names, sizes, color=COLOURS.gradient, edgecolor="black")
    ax.set_title(f"$b_z = {bias}$")
    gap = np.abs(sum(arrows) - whole).max()
    print(f"b_z = {bias:2}: straight {sizes[3]:.3f}; all four against gru_backward {gap:.1e}")
axes[0].set_ylabel("size of the Jacobian")
show(
    fig,
    alt="Bars for four arrows. With bias 0 the straight one is the largest, and the others count; with "
    "−5 the straight one is at 0.98 and the others are next to nothing.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The straight one, by far: all $1 - z$ are near 1. A *negative* bias of $z$ is the GRU's forget bias.
#
# </details>
#
# ### The same name, other formulas
#
# Libraries differ in three points, and the shapes betray none of them.
#
# | | reset gate | update gate open, $z = 1$ | order of the blocks |
# |---|---|---|---|
# | D1, our default | before the product | **writes** the candidate | $r, z, n$ |
# | Cho and others (2014) | before | **keeps** the state | – |
# | PyTorch, cuDNN | after: $n = \tanh(U_n x + b_n + r \ast (W_n h + b_{hn}))$ | keeps | $r, z, n$ |
# | Keras | after (`reset_after=True`, the default) | keeps | $z, r, n$; matrices (from, to) |
#
# "Keep" and "write" are the same network: $1 - \sigma(a) = \sigma(-a)$, so negate all weights that
# lead to $z$. "Before" and "after" are not: $W_n (r \ast h) \ne r \ast (W_n h)$, unless $W_n$ is
# diagonal. Suppose a colleague sends a GRU trained with PyTorch, as a dict of arrays. `from_torch`
# makes parameters of it.
#
# **Predict.** Run in D1's form, without a warning, how wrong will it be?


# %%
# A GRU from PyTorch
def pytorch_gru(state, x):
    """PyTorch's formulas for one layer, written plainly; (T, B, H), from a zero state."""
    W_ih, W_hh = state["weight_ih_l0"], state["weight_hh_l0"]
    b_ih, b_hh = state["bias_ih_l0"], state["bias_hh_l0"]
    h, shown = np.zeros((x.shape[1], W_hh.shape[1])), []
    for x_t in x:
        by_x, by_h = np.split(x_t @ W_ih.T + b_ih, 3, 1), np.split(h @ W_hh.T + b_hh, 3, 1)
        r, z = (1 / (1 + np.exp(-(by_x[k] + by_h[k]))) for k in (0, 1))
        n = np.tanh(by_x[2] + r * by_h[2])
        h = (1 - z) * n + z * h
        shown.append(h)
    return np.array(shown)


D, H, T = 3, 5, 25
rng = np.random.default_rng(9)
shapes = {"weight_ih_l0": (3 * H, D), "weight_hh_l0": (3 * H, H), "bias_ih_l0": 3 * H}
sent = {name: rng.normal(size=shape) for name, shape in (shapes | {"bias_hh_l0": 3 * H}).items()}
x = rng.normal(size=(T, 2, D))
[params] = from_torch(sent)
wanted = pytorch_gru(sent, x)
keep, _, _ = gru_forward(params, x, reset="after", update="keep")
print(f"from_torch, after and keep: {np.abs(keep - wanted).max():.1e}")
sign = np.repeat([1.0, -1.0, 1.0], H)  # −1 for block z
negated = GRUParams(
    sign[:, None] * params.U, sign[:, None] * params.W, sign * params.b, params.b_hn
)
write, _, _ = gru_forward(negated, x, reset="after", update="write")
print(f"after and write, z negated: {np.abs(write - wanted).max():.1e}")

# %%
# Two ways to load it wrongly
runs = {"right": wanted, "write for keep": gru_forward(params, x, reset="after")[0]}
no_bias = params._replace(b_hn=0 * params.b_hn)
runs["before for after"] = gru_forward(no_bias, x, reset="before", update="keep")[0]
fig, ax = plt.subplots(figsize=(9, 3))
for (name, run), colour in zip(runs.items(), COLOURS, strict=False):
    timeline(ax, run[:, 0, 0], label=name, colour=colour, ms=4)
    print(f"{name:16}: off by {np.abs(run - wanted).max():.2f}")
ax.set(ylabel="first unit", ylim=(-1.5, 1.1))
ax.legend(ncols=3, loc="lower center")
show(
    fig,
    alt="One unit over 25 steps, run in three ways. Write for keep goes its own way from step 1; before "
    "for after leaves the right line now and then by as much as 1.",
)
diagonal = params._replace(
    W=np.vstack([*np.split(params.W, 3)[:2], np.diag(np.ones(H))]), b_hn=no_bias.b_hn
)
both = (gru_forward(diagonal, x, reset=reset)[0] for reset in ("before", "after"))
print(f"diagonal W_n: before and after differ by {np.abs(np.subtract(*both)).max():.1e}")
try:
    gru_forward(params, x, reset="before")
except ValueError as message:
    print(str(message).rsplit(",", 1)[0])

# %% [markdown]
# <details><summary>Answer</summary>
#
# By about as much as states can differ at all. The reference refuses one case, since "before" has no
# place for $b_{hn}$, and cannot know of the other. When you load foreign weights, compare one output.
#
# </details>
#
# ## 7 A long lag, learnt or not
#
# D1 says that an RNN cannot learn long-term dependencies, and points to the LSTM and the GRU. Lecture
# 7 had a task for this: one of four symbols, then random distractors, then the question which symbol
# it was. Guessing is right in 25 %. Let three networks of 16 units try a lag of 40, three seeds each:
# an RNN with an orthogonal start; an LSTM with forget biases 5; a GRU with update biases −5.
#
# **Predict.** Loss at chance is $\ln 4 = 1.39$. Which of the nine runs get far below it in 250
# updates?


# %%
# A network, a lag and a seed
SYMBOLS, DISTRACTORS, UNITS = 4, 4, 16


def draw(rng, lag, B):
    """A batch of the task of lecture 7."""
    return copy_memory(rng, lag, B, symbols=SYMBOLS, distractors=DISTRACTORS)


def train(cell, lag, seed, updates=250, bias=5.0):
    """A trained network, its parameters, losses and share of right answers."""
    rng = np.random.default_rng(seed)
    net = classifier(V=SYMBOLS + DISTRACTORS + 1, H=UNITS, K=SYMBOLS, cell=cell)
    embed, (layer,), *rest = net.init(rng)
    if cell != "rnn":
        layer.b[UNITS : 2 * UNITS] = bias if cell == "lstm" else -bias  # block f, or block z
    batches = iter(lambda: draw(rng, lag, 16), None)  # without end
    run = fit(
        network_loss(net), (embed, (layer,), *rest), batches, updates=updates, lr=0.01, clip=1.0,
        progress=False,
    )  # fmt: skip
    ids, y = draw(np.random.default_rng(99), lag, 500)
    right = np.mean(net.forward(run.last, ids)[0].argmax(axis=-1) == y)
    return net, run.last, run.history.losses, right


# %%
# Nine runs at a lag of 40
runs = {cell: [train(cell, 40, seed) for seed in range(3)] for cell in ("rnn", "lstm")}

# %%
# A lag of 40, live
runs["gru"] = [train("gru", 40, seed) for seed in range(3)]
fig, axes = plt.subplots(1, 3, figsize=(12, 3), sharey=True)
for ax, (cell, seeds) in zip(axes, runs.items(), strict=True):
    for seed, ((_, _, losses, _), line) in enumerate(zip(seeds, ("-", "--", ":"), strict=True)):
        smooth = np.convolve(losses, np.ones(10) / 10, "valid")
        ax.plot(range(10, len(losses) + 1), smooth, line, color=COLOURS.state, label=f"seed {seed}")
    ax.axhline(np.log(SYMBOLS), color=COLOURS.neutral, lw=1)
    ax.set(title=cell.upper(), xlabel="update", ylim=(0, 2))
    shares = " ".join(f"{right:.2f}" for *_, right in seeds)
    print(f"{cell:4}: right answers {shares}")
axes[0].set_ylabel("loss")
axes[0].legend()
show(
    fig,
    alt="Losses of three seeds for each network. Two of the RNN stay at the line of chance, one gets "
    "half way; those of the LSTM and the GRU fall, nearly all to 0.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# All of the LSTM and of the GRU, even if one of them needs longer than the others. Of the RNN none
# gets to 0; one learns half of the question.
#
# </details>
#
# Is that a matter of patience, of luck, of the learning rate? The longer experiment gives each network
# up to 1,500 updates, five seeds and the better of two rates, for lags up to 120
# (`python -m experiments.long_lag`, some minutes). It also runs an LSTM with forget biases 1 and a GRU
# with update biases 0, as is usual. In the figure "bias" is that of *keeping*: 5 means −5 for $z$.
#
# **Predict.** Which of the five networks learn a lag of 120?

# %%
# Success over lags
stored = json.loads(Path("../experiments/results/long_lag.json").read_text(encoding="utf-8"))
looks = zip("os^Dv", ("-", "--", "-", ":", "--"), COLOURS, strict=False)
fig, ax = plt.subplots(figsize=(9, 3.8))
for place, ((name, rows), look) in enumerate(zip(stored.items(), looks, strict=True)):
    lags = np.array([row["lag"] for row in rows])
    right = np.array([row["right"] for row in rows])
    mark, line, colour = look
    cell, *start = name.split(",")
    label = ",".join([cell.upper(), *start])
    ax.plot(lags, right.mean(axis=1), marker=mark, ls=line, color=colour, label=label)
    for seed in right.T:  # every seed, a little aside
        ax.plot(lags * 1.03 ** (place - 2), seed, marker=mark, ms=4, ls="", color=colour, alpha=0.4)
    learnt = " ".join(f"{n}/{right.shape[1]}" for n in np.sum(right >= 0.95, axis=1))
    print(f"{name:12}: seeds that learnt at lags 5, 10, 20, 40, 80, 120: {learnt}")
ax.axhline(1 / SYMBOLS, color=COLOURS.neutral, ls=":", label="guessing")
ax.set(xscale="log", xlabel="lag", ylabel="right answers", ylim=(0, 1.05))
ax.set_xticks(lags, lags)
ax.minorticks_off()
ax.legend(loc="center left")
show(
    fig,
    alt="Right answers against the lag. RNN, LSTM with bias 1 and GRU with bias 0 are right up to "
    "lag 20 and fall to the dotted line of guessing at 80; LSTM and GRU with bias 5 stay at 1 up to "
    "lag 120.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Two: the LSTM and the GRU whose gates start open for keeping. Started as usual, the gated networks
# do no better than an RNN with an orthogonal start.
#
# </details>
#
# That is a sharper statement than D1's. The RNN *can* represent the solution (lecture 3's switch), and
# with luck and patience some seeds find it at lag 40. What it lacks is a gradient from far away; and
# a gated network has one only while its belt runs. The gates make it *possible* to choose the factor,
# and the bias is where you choose it first.
#
# ### What do its gates do?
#
# The story of section 2 would be: the input gate opens at the symbol and closes for the distractors,
# the output gate opens at the question. We train an LSTM at lag 20 and look.
#
# **Predict.** Will a trained network have found that story?

# %%
# Gates over a sequence
net, params, _, right = train("lstm", 20, seed=0, updates=200)
ids, y = draw(np.random.default_rng(5), 20, 400)
_, _, cache = lstm_forward(params[1][0], np.eye(SYMBOLS + DISTRACTORS + 1)[ids])
fig, axes = plt.subplots(4, 1, figsize=(10, 8))
symbols = ["ABCDabcd?"[k] for k in ids[:, 0]]
gates = {"input gate": cache.i, "forget gate": cache.f, "output gate": cache.o}
draw_gates(axes[:3], {name: gate[:, 0] for name, gate in gates.items()}, symbols=symbols)
draw_states(axes[3:], {r"$\tanh(c_t)$": cache.tanh_c[:, 0]}, symbols=symbols, limit=1)
print(f"right answers: {right:.2f}")
for name, gate in gates.items():
    means = gate[0].mean(), gate[1:-1].mean(), gate[-1].mean()
    print(
        f"{name:11}: at the symbol {means[0]:.2f}, distractors {means[1]:.2f}, question {means[2]:.2f}"
    )
show(
    fig,
    alt="Four panels over 22 steps with 16 units each. Input gates are half open throughout, forget gates "
    "dark, that is open, output gates a little darker towards the end. The cells start pale and "
    "become full red or blue.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. The forget gates stay open, and that is what counts. The input gates stay half open, at the
# symbol as at the distractors; the output gates open a little towards the question.
#
# </details>
#
# But then the distractors are written to the cells as well! Why do they not drown the symbol? Sort the
# sequences by their symbol. How much of the cells' variance is *between* the four groups?
#
# **Predict.** After the symbol that share is 1. How does it go on over twenty distractors?


# %%
# How much of the cells is about the symbol
def share_of_symbol(states):
    """Share of the variance over sequences that lies between the four symbols, for each step."""
    groups = [states[:, y[0] == k] for k in range(SYMBOLS)]
    between = sum(
        group.shape[1] * (group.mean(axis=1) - states.mean(axis=1)) ** 2 for group in groups
    ).sum(axis=-1)
    return between / ((states - states.mean(axis=1, keepdims=True)) ** 2).sum(axis=(1, 2))


layer = params[1][0]
W = layer.W.copy()
W[2 * UNITS : 3 * UNITS] = 0  # block g
deaf = lstm_forward(layer._replace(W=W), np.eye(SYMBOLS + DISTRACTORS + 1)[ids])[2]
before = net.init(np.random.default_rng(0))[1][0]  # the same network, not trained
before.b[UNITS : 2 * UNITS] = 5
untrained = lstm_forward(before, np.eye(SYMBOLS + DISTRACTORS + 1)[ids])[2]
fig, ax = plt.subplots(figsize=(8, 3))
for name, states, colour in (
    ("trained", cache.c, COLOURS.state),
    ("trained, $W_g = 0$", deaf.c, COLOURS.input),
    ("untrained", untrained.c, COLOURS.neutral),
):
    share = share_of_symbol(states)
    timeline(ax, share, label=name, colour=colour)
    print(
        f"{name:18}: step 1 {share[0]:.2f}, lowest {share.min():.2f}, at the question {share[-1]:.2f}"
    )
ax.set(ylim=(0, 1.05), ylabel="share of the symbol")
ax.legend()
show(
    fig,
    alt="Untrained, the share falls from 1 to a fifth over the distractors. Trained, it dips to about "
    "0.9 and then climbs back to nearly 1; without the weights from h to the candidates it falls.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# It dips and *recovers*. The distractors do disturb the cells. But what the cells show acts back on
# the candidates, and pushes each cell further to its side; cut that way, $W_g = 0$, and the share
# falls as low as in an untrained network. In the end $\tanh(c)$ is near ±1: the switch of lecture
# 3, built from many cells.
#
# </details>
#
# So mind the difference between what gates *can* do and what a network does with them. Nothing in the
# loss asked for a tidy story.
#
# **Try it.** Call `train` in *Nine runs at a lag of 40* with `bias=1`. (Within 250 updates no LSTM
# is right in more than about half of the answers.)
#
# ## Check yourself
#
# **1.** An LSTM's cell has $c_{t-1} = -2$, $f_t = \tfrac12$, $i_t = 1$, $g_t = 1$, $o_t = \tfrac12$, and
# $\bar h_t = 1$; nothing comes back from $t + 1$. What are $c_t$, $h_t$, $\bar c_t$, and the gradient of
# $c_{t-1}$ along the belt?
#
# <details><summary>Answer</summary>
#
# $c_t = -1 + 1 = 0$, $h_t = 0$, $\bar c_t = 1 \cdot \tfrac12 \cdot (1 - 0) = \tfrac12$, and
# $\tfrac12 \cdot \tfrac12 = \tfrac14$. What is shown is 0, but its gradient is not.
#
# </details>
#
# **2.** All weights of an LSTM's input gates are zero, and their biases are −50. What has it learnt
# after a thousand updates?
#
# <details><summary>Answer</summary>
#
# Nothing about its inputs. With $i = 0$ nothing is written, (13) is zero for the candidates and (11)
# for the gate itself, since $i\,(1 - i) = 0$. A closed gate hides its own gradient; start gates so
# that they can move.
#
# </details>
#
# **3.** You load a GRU from PyTorch into a program in D1's form, and negate the weights to $z$. Is it
# right now?
#
# <details><summary>Answer</summary>
#
# Not yet: the reset still acts before the product, in PyTorch after it, with a bias $b_{hn}$ of its
# own. That cannot be mended by changing weights.
#
# </details>

# %%
# The answers, checked
one = LSTMParams(np.zeros((4, 1)), np.zeros((4, 1)), np.array([50.0, 0.0, 50.0, 0.0]))
h, state, cache = lstm_forward(
    one, np.zeros((1, 1, 1)), LSTMState(np.zeros((1, 1)), np.full((1, 1), -2.0))
)
_, back, _ = lstm_backward(np.ones((1, 1, 1)), cache)
print(f"1: c = {state.c.item():.2f}, h = {h.item():.2f}, back to c_prev {back.c.item():.2f}")
shut = init_lstm(np.random.default_rng(1), 3, 4)
shut.U[:4], shut.W[:4], shut.b[:4] = 0, 0, -50
h, _, cache = lstm_forward(shut, np.random.default_rng(2).normal(size=(6, 2, 3)))
dparams = lstm_backward(np.ones_like(h), cache)[2]
print(f"2: largest gradient of any weight {max(np.abs(d).max() for d in dparams[:3]):.0e}")

# %% [markdown]
# ## Summary
#
# - A cell keeps by addition: $c_t = f_t \ast c_{t-1} + i_t \ast g_t$. Gates write ($i$), keep ($f$; at
#   0 they reset) and read ($o$). An open forget gate keeps.
# - Two bars come back from step $t + 1$: $W^\top \bar a_{t+1}$ to $h_t$, and
#   $\bar c_{t+1} \ast f_{t+1}$ to $c_t$.
# - Along the cell $\partial^+ c_t/\partial c_k$ is a product of forget gates: vanishing is slowed, not
#   avoided. By all paths the Jacobian may be larger, and grow.
# - The forget bias says how far a network looks back before it has learnt. In our task it decided
#   between success and chance.
# - Coupled cells average; peepholes see the cell behind a closed output gate, and D1's full ones
#   contain the diagonal ones.
# - A GRU couples keeping and writing. Whether $z$ writes or keeps is a sign; whether the reset comes
#   before or after the product is another network.
#
# **What comes next.** In [problem set 5](../assignments/ps5_gates/ps5_gates.ipynb) you write the cell
# (`lstm_step`, `lstm_step_backward`), run it through time (`lstm_forward`, `lstm_backward`), its variants
# (`lstm_step_variant`), the GRU (`gru_step`, `gru_step_backward`), choose a bias for a lag (`latch_bias`),
# and train your own LSTM on a lag (`trained_lstm`). [Lecture 9](09_architectures.ipynb) puts layers on
# top of each other, and side by side.
