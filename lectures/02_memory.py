# %% [markdown]
# # Memory: from delay taps to shared weights
#
# Lecture 1 showed what comes in sequences. How does a model know what came before? Some keep the last
# few values on a shelf; others keep a state, and pay for it. In this lecture the best known of both
# kinds meet on one task. Then you design a network for sequences yourself, four times, and count what
# each design costs; the last one is the recurrent network, to which the rest of the course belongs.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | compare models on one task, against the best that is possible, and say what a hidden state costs | models without a memory, and with one | – |
# | design a network for sequences, count its weights, and say what sharing them buys and what it does not | from a network per step to shared weights | `count_parameters` |
#
# **Time:** 45 minutes to read, 65 with all predictions and trials. **You need:** lecture 1, conditional
# probabilities, the normal distribution (sections 3 and 4), and a feed-forward layer $\tanh(Ux + b)$. **It prepares**
# [problem set 1, recurrence](../assignments/ps1_recurrence/ps1_recurrence.ipynb), exercise 8.
#
# **Shape ledger.** A batch of sequences in code is `x` (T, B, D). Weights are (to, from); the two
# tables of probabilities stand the other way round, as is usual.
#
# | Symbol | Shape | Meaning |
# |---|---|---|
# | $T, B, D, H, K$ | numbers | time steps, sequences, inputs, hidden numbers, outputs |
# | $x_t$, $\hat x_t$ | (D,) | value at step $t = 1, \dots, T$, and its prediction from $x_1, \dots, x_{t-1}$ |
# | $a_k$, $c$ | numbers | weight of the value $k$ steps ago, and an offset |
# | $s_t$; $S$ | one of $1, \dots, S$ | hidden state of a hidden Markov model; number of states |
# | $\pi$, $A = (a_{ij})$, $b_j(x)$ | (S,), (S, S), number | first state; from state $i$ to $j$; state $j$ shows $x$ |
# | $h_t$ | (H,) | hidden state made of numbers |
# | $A, C, Q, R$ | (H, H), (K, H), (H, H), (K, K) | of a linear dynamical system: two matrices, two covariances of noise |
# | $m_t$, $P_t$, $G_t$ | (H,), (H, H), (H, K) | its estimate of $h_t$, the covariance of that, and the gain |
# | $U$, $W$, $V$ | (H, D), (H, H), (K, H) | of a network: input → hidden, hidden → hidden, hidden → output |
#
# ## 1 One task
#
# Each value is 0.7 or −0.7 times the one before, plus noise of variance $q = 0.1^2$:
#
# $$x_t = s_t \cdot 0.7\,x_{t-1} + \text{noise}, \qquad s_t \in \{+1, -1\} \tag{1}$$
#
# The sign $s_t$ is hidden. It stays with probability 0.995, so for about 200 steps. The task is to
# predict the next value, $\hat x_t$ from $x_1, \dots, x_{t-1}$. Why this task? One pair of neighbours
# says little about the sign; many pairs say a lot. It takes a memory, but how long a one is for you to
# find out.
#
# Our one measure is the mean squared error divided by $q$, on new sequences. Whoever is *told* the sign
# gets 1, and nobody less. Whoever always says 0 gets the variance of the series,
# $1/(1 - 0.7^2) = 1.96$.
#
# **Predict.** In the right figure below each point is a pair of neighbours, $(x_{t-1}, x_t)$. Which
# straight line through all points gives the smallest squared error?

# %%
# Set-up
import json
import time
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from rnnref import (
    HMMParams,
    Layer,
    LDSParams,
    RNNParams,
    ar_predict,
    binary_cross_entropy,
    dense_backward,
    dense_forward,
    dense_layer,
    fit,
    fit_autoregression,
    fit_hmm,
    fit_lds,
    hmm_forward,
    hmm_predict,
    init_dense,
    init_rnn,
    kalman_filter,
    mse,
    network_loss,
    rnn_backward,
    rnn_forward,
    rnn_layer,
    sample_lds,
    stack,
    window_layer,
)
from rnnref.course.graphs import draw_unrolled
from rnnref.course.plots import COLOURS, show, timeline
from rnnref.course.tasks import (
    draw_series,
    larger_sum,
    one_step_ahead,
    switching_autoregression,
)
from rnnref.course.trace import Link

# %%
# A series with a hidden sign
FACTOR, STAY, NOISE, STEPS, SKIP = 0.7, 0.995, 0.1, 120, 40


def draw(seed, B, T=STEPS):
    """Series (T, B, 1), and whether the sign is −1 (T, B)."""
    regimes = (FACTOR,), (-FACTOR,)
    rng = np.random.default_rng(seed)
    return switching_autoregression(rng, T, B, regimes=regimes, stay=STAY, noise=NOISE)


(train, _), (valid, _), (test, sign) = draw(1, 150), draw(2, 100), draw(3, 400)
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), width_ratios=(5, 3))
shown = int(np.argmin(np.abs(sign.mean(axis=0) - 0.5)))  # one whose sign changes half way
draw_series(left, test, regime=sign, sequence=shown)
left.set_title("shaded: the hidden sign is −1")
for value, mark, colour in ((0, "o", COLOURS.input), (1, "x", COLOURS.state)):
    here = (sign[1:, :8] == value)[..., None]
    right.plot(test[:-1, :8][here], test[1:, :8][here], mark, ms=3, color=colour, alpha=0.5,
               label="+−"[value])  # fmt: skip
right.set(xlabel="$x_{t-1}$", ylabel="$x_t$")
right.legend(title="sign", markerscale=2, loc="center left", bbox_to_anchor=(1, 0.5))
print(f"always 0: error {np.mean(test**2) / NOISE**2:.2f}; in theory {1 / (1 - FACTOR**2):.2f}")
show(
    fig,
    alt="Left: a series that swings slowly while the sign is +1, and alternates quickly while it is "
    "−1. Right: pairs of neighbours form a cross of two clouds, one rising and one falling.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The horizontal one. The rising cloud and the falling cloud are equally likely, so the best straight
# line says 0 whatever $x_{t-1}$ is: as a line, the last value is of no use at all.
#
# </details>
#
# ## 2 Models without a memory
#
# ### Autoregression
#
# The oldest model keeps the last few values in *delay taps* and adds them up with weights:
#
# $$\hat x_t = c + \sum_{k=1}^{\text{taps}} a_k\,x_{t-k} \tag{2}$$
#
# Least squares finds the weights in one go.
#
# **Predict.** One tap is useless. Is a second one? Put (1) into itself before you answer.


# %%
# Delay taps
def error(predictions, x):
    """The measure: mean squared error from step 41 on, by the variance of the noise."""
    return np.mean((predictions - x)[SKIP:] ** 2) / NOISE**2


TAPS = (1, 2, 4, 8, 16, 32)
by_taps = []
for taps in TAPS:
    params = fit_autoregression(train, taps)
    by_taps.append(error(ar_predict(params, test), test))
    weights = " ".join(f"{a:5.2f}" for a in params.A.ravel()[:4])
    print(f"{taps:2} taps: error {by_taps[-1]:.2f}; first weights {weights}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Yes: $x_t = s_t s_{t-1} \cdot 0.49\,x_{t-2} + \dots$, and $s_t s_{t-1}$ is nearly always
# $(\pm 1)^2 = 1$. So $a_2$ is nearly 0.49, and the error falls to about
# $1.96\,(1 - 0.49^2) \approx 1.49$.
#
# </details>
#
# More taps do not help. The sign shows in *products* such as $x_{t-1} x_{t-2}$, and a sum with fixed
# weights contains none.
#
# ### A feed-forward network on a window
#
# D2's second model puts a layer of hidden units between the taps and the prediction:
#
# $$h_t = \tanh\Big(\sum_{k=0}^{\text{window}-1} U_k\,x_{t-k} + b\Big), \qquad
#   \hat x_{t+1} = V h_t + c \tag{3}$$
#
# These units bend, so they can form products. There is no formula for the best weights any more: `fit`
# moves them, in many small steps, to where the loss gets smaller. How it knows the direction is the
# matter of lectures 4 and 5. From the steps it keeps the one that was best on the *validation*
# sequences, which are neither trained on nor tested on.
#
# **Predict.** Windows of 2, 8 and 32 values, 32 hidden units each. Which one wins?


# %%
# How a network learns
SCALE = 1 / train.std()


def learn(net, seed, updates=300):
    """Train a network; return a function from series to predictions of each value."""
    rng = np.random.default_rng(seed)
    x, y = one_step_ahead(train * SCALE)

    def batches():  # without end
        while True:
            few = rng.choice(x.shape[1], 30, replace=False)
            yield x[:, few], y[:, few]

    def predict(params, x):
        outputs, _, _ = net.forward(params, x[:-1] * SCALE)
        return np.concatenate([np.zeros_like(x[:1]), outputs / SCALE])

    run = fit(
        network_loss(net, mse), net.init(rng), batches(), updates=updates, lr=0.01, clip=1.0,
        validate=lambda params: error(predict(params, valid), valid), every=50, progress=False,
    )  # fmt: skip
    return lambda x: predict(run.params, x)


# %%
# A window of values
WINDOWS = (2, 8, 32)
windows = {window: learn(window_layer(1, 32, 1, window), seed=0) for window in WINDOWS}
by_window = [error(predict(test), test) for predict in windows.values()]
for window, found in zip(WINDOWS, by_window, strict=True):
    print(f"window of {window:2}: error {found:.2f}, {32 * (window + 1) + 33} parameters")

# %%
# Taps and windows
fig, ax = plt.subplots(figsize=(7, 3.2))
ax.plot(TAPS, by_taps, "o-", color=COLOURS.input, label="autoregression")
ax.plot(WINDOWS, by_window, "s--", color=COLOURS.output, label="window network")
for level, name in ((1, "who is told the sign"), (1 / (1 - FACTOR**2), "always 0")):
    ax.axhline(level, color=COLOURS.neutral, ls=":")
    ax.annotate(name, (1, level), (0, 4), textcoords="offset points", color=COLOURS.neutral)
ax.set(xscale="log", xlabel="values that are looked at", ylabel="error / $q$", ylim=(0.9, 2.15))
ax.set_xticks(TAPS, TAPS)
ax.minorticks_off()
ax.legend(loc=(0.55, 0.6))
show(
    fig,
    alt="The autoregression falls from 1.95 at one tap to 1.5 at two and stays there. The window "
    "network is lower everywhere, lowest at 8 values, and a little higher again at 32.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The middle one. Two values say little about the sign; 32 say a lot, but bring a thousand weights that
# have to be learnt from the same few sequences, and with them the chance to learn noise.
#
# </details>
#
# D2 calls these models *memoryless*. A value leaves the shelf after so many steps, and from then on it
# is as if it had never been. One could build a longer shelf; each place costs weights. The other way
# is to keep a summary of everything, and to bring it up to date at each step: a *state*.
#
# ## 3 A hidden state of one kind out of $S$
#
# A *hidden Markov model*, HMM (Rabiner 1989 is the classical introduction), is a story of how sequences
# come about. There is a state $s_t$, one of
# $S$. It moves at random, from $i$ to $j$ with probability $a_{ij}$, and shows $x$ with probability
# $b_j(x)$. We see what is shown, not the state. What do we know about the state, then? Its probability
# given all that was seen. Let
#
# $$\alpha_t(j) = P(s_t = j,\; x_1, \dots, x_t) \tag{4}$$
#
# By definition this is a sum over all paths $s_1, \dots, s_{t-1}$ that lead to $j$. But a path to $j$
# has come from some $i$, and what follows there depends on nothing but $i$. So
#
# $$\alpha_1(j) = \pi_j\,b_j(x_1), \qquad
#   \alpha_t(j) = \Big(\sum_{i=1}^{S} \alpha_{t-1}(i)\,a_{ij}\Big)\,b_j(x_t) \tag{5}$$
#
# That is the *forward algorithm*. Divided by their sum, the $\alpha_t(j)$ are what we wanted:
# $P(s_t = j \mid x_1, \dots, x_t)$, the *posterior* of the state. Divide at every step and the numbers
# do not become tiny; the product of all the sums is $P(x_1, \dots, x_T)$.
#
# **Predict.** With $S = 3$ and $T = 8$, how many paths are there? How many products does (5) take?


# %%
# A step of the forward algorithm
def forward_step(posterior, A, b):
    """(5) for one step, divided by its sum; b holds b_j(x_t)."""
    alpha = (posterior @ A) * b
    return alpha / alpha.sum()


# %%
# The forward algorithm, and all paths one by one
pi, A = np.array([0.5, 0.3, 0.2]), np.full((3, 3), 0.05) + 0.85 * np.eye(3)
B = 0.6 * np.array([[1, 0], [0.5, 0.5], [0, 1]]) + 0.2  # three states, two symbols
x = np.array([0, 0, 1, 0, 1, 1, 1, 0])
joint = np.zeros(3)  # P(s_8 = j, x_1 … x_8), by (4)
for path in product(range(3), repeat=len(x)):
    p = pi[path[0]] * B[path[0], x[0]]
    for before, now, symbol in zip(path, path[1:], x[1:], strict=False):
        p *= A[before, now] * B[now, symbol]
    joint[path[-1]] += p
posterior = pi * B[:, x[0]] / (pi @ B[:, x[0]])
for symbol in x[1:]:
    posterior = forward_step(posterior, A, B[:, symbol])  # (5)
filtered, log_p, _ = hmm_forward(HMMParams(pi, A, B), x[:, None])
print(f"{3 ** len(x)} paths; posterior of the last state:", posterior.round(3))
gaps = posterior - joint / joint.sum(), filtered[-1, 0] - posterior, np.exp(log_p) - joint.sum()
print(f"largest difference {max(np.abs(gap).max() for gap in gaps):.1e}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# $3^8 = 6561$ paths; $3 \cdot 3 + 3$ products a step, not a hundred in all. The sums over paths have
# not been left out: (5) shares them between all paths that meet in a state.
#
# </details>
#
# ### The best predictor that there is
#
# Our task is nearly an HMM: two states, which stay with probability 0.995. Only $b$ is new. What a
# state shows is a number, so $b_j(x_t)$ is the normal density of $x_t$ about $\pm 0.7\,x_{t-1}$
# (Hamilton 1989). The forward algorithm runs as before, and with its posterior we can write down the
# best prediction that the past allows:
#
# $$\hat x_t = \sum_j P(s_t = j \mid x_1, \dots, x_{t-1}) \cdot s^{(j)}\,0.7\,x_{t-1}, \qquad
#   s^{(1)} = 1,\; s^{(2)} = -1 \tag{6}$$
#
# No model can have a smaller expected squared error. Here is that posterior, for the series of section
# 1.
#
# **Predict.** The sign has just changed. How many steps will it take until the posterior agrees?


# %%
# The best predictions
def best_predictions(x):
    """(6), and P(s_t = −1 | x_1 … x_t); both (T, B)."""
    x = x[..., 0]
    A = np.array([[STAY, 1 - STAY], [1 - STAY, STAY]])
    posterior = np.full((x.shape[1], 2), 0.5)
    predictions, negative = np.zeros_like(x), np.full_like(x, 0.5)
    for t in range(1, len(x)):
        means = FACTOR * x[t - 1][:, None] * [1, -1]  # (B, 2)
        predictions[t] = np.sum(posterior @ A * means, axis=1)  # (6)
        alpha = posterior @ A * np.exp(-((x[t][:, None] - means) ** 2) / (2 * NOISE**2))  # (5)
        posterior = alpha / alpha.sum(axis=1, keepdims=True)
        negative[t] = posterior[:, 1]
    return predictions[..., None], negative


# %%
# What the past says about the sign
predictions, negative = best_predictions(test)
best = error(predictions, test)
fig, (top, bottom) = plt.subplots(2, 1, figsize=(8, 4.4), sharex=True)
draw_series(top, test, regime=sign, sequence=shown)
top.set_xlabel("")
top.get_legend().remove()
draw_series(bottom, negative[..., None], regime=sign, sequence=shown)
bottom.set(ylabel=r"$P(s_t = -1 \mid x_1 \dots x_t)$")
print(f"error of the best predictor: {best:.2f}")
show(
    fig,
    alt="Above the series, below the posterior that the sign is −1. It follows the shaded part, where "
    "the sign is −1, some steps late at each border, and wavers now and then.",
)
turns = (sign[1:] != sign[:-1]) & (np.arange(1, STEPS) < STEPS - 30)[:, None]
turned = [(t + 1, i) for t, i in np.argwhere(turns)]
delays = [np.argmax((negative[t:, i] > 0.5) == sign[t, i]) for t, i in turned]
print(
    f"{len(delays)} changes of sign; steps until the posterior agrees: median {np.median(delays):.0f}"
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# A few. One pair of neighbours may be explained by noise; to overrule a long past, several must agree,
# and pairs with large values count more.
#
# </details>
#
# The state here is a *distribution*, two numbers that add up to one, and they sum up the whole past:
# the forward algorithm never looks back. The price is in the model. We gave it (1) and its three
# numbers. Where nobody knows them, they are learnt (`fit_hmm`, by the algorithm of Baum and Welch).
#
# ## 4 A hidden state made of numbers
#
# A *linear dynamical system*, LDS, has a state of numbers. It moves by a matrix and is pushed by normal
# noise, and we see a part of it, with noise on top:
#
# $$h_t = A h_{t-1} + \text{N}(0, Q), \qquad x_t = C h_t + \text{N}(0, R) \tag{7}$$
#
# Think of a ship, its radar, and fog. All is normal here, so the posterior of $h_t$ is normal too; it
# has a mean $m_t$ and a covariance $P_t$, and that is all there is to keep. Take one number first.
# Before $x_t$ comes, (7) tells us to expect $m^- = a\,m_{t-1}$, with variance
# $P^- = a^2 P_{t-1} + Q$. Then $x_t$ comes, another opinion, with variance $R$. Two independent
# opinions are best averaged with weights inverse to their variances:
#
# $$m_t = \frac{R\,m^- + P^- x_t}{R + P^-} = m^- + G_t\,(x_t - m^-), \qquad
#   G_t = \frac{P^-}{P^- + R}, \qquad P_t = (1 - G_t)\,P^- \tag{8}$$
#
# $G_t$ is *Kalman's gain* (Kalman 1960): 0 says "I know better than the radar", 1 says "I know nothing". With
# matrices the same lines read
#
# $$m^- = A m_{t-1}, \quad P^- = A P_{t-1} A^\top + Q, \quad
#   G_t = P^- C^\top (C P^- C^\top + R)^{-1} \tag{9}$$
# $$m_t = m^- + G_t (x_t - C m^-), \qquad P_t = (I - G_t C)\,P^- \tag{10}$$
#
# and $\hat x_t = C m^-$. A check that does not use them: all states and observations together are one
# long normal vector. We write down its covariance and apply the rule for conditioning,
# $E[h \mid x] = \Sigma_{hx} \Sigma_{xx}^{-1} x$.
#
# **Predict.** Which of $m_t$, $P_t$ and $G_t$ could you work out before you have seen any $x$?


# %%
# A step of Kalman's filter
def kalman_step(m, P, x_t, A, C, Q, R):
    """(9) and (10) for one observed number; C is (H,), Q (H, H), R a number."""
    m, P = A @ m, A @ P @ A.T + Q  # m⁻ and P⁻
    CP = C @ P
    G = CP / (CP @ C + R)
    return m + G * (x_t - C @ m), P - np.outer(G, CP)


# %%
# Kalman's steps, and one long normal vector
T, H = 5, 2
rng = np.random.default_rng(4)
A, C, Q, R, P0 = np.array([[0.9, 0.4], [-0.3, 0.8]]), rng.normal(size=H), np.eye(H), 0.5, np.eye(H)
x = rng.normal(size=T)
states, now = np.zeros((T, H, T, H)), P0  # Cov(h_t, h_k)
for k in range(T):
    block = now
    for t in range(k, T):
        states[t, :, k], states[k, :, t] = block, block.T
        block = A @ block
    now = A @ now @ A.T + Q
seen = np.einsum("tikj,i,j->tk", states, C, C) + R * np.eye(T)  # Cov(x_t, x_k)
cross = states[-1] @ C  # Cov(h_T, x_k), (H, T)
mean = cross @ np.linalg.solve(seen, x)
spread = states[-1, :, -1] - cross @ np.linalg.solve(seen, cross.T)

m, P = np.zeros(H), np.zeros((H, H))  # so that P⁻ is Q, and P0, at first
for x_t in x:
    m, P = kalman_step(m, P, x_t, A, C, Q, R)
lds = LDSParams(A, C[None], Q, np.array([[R]]), np.zeros(H), P0)
means, covariances, *_ = kalman_filter(lds, x[:, None, None])
gaps = m - mean, P - spread, means[-1, 0] - mean, covariances[-1, 0] - spread
print(f"largest difference {max(np.abs(gap).max() for gap in gaps):.1e}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# $P_t$ and $G_t$: no $x$ enters them. The filter is, in the end, a leaky sum of observations, with a
# leak that was fixed beforehand. The posterior of the HMM is not like that: there, what is seen decides
# how much is believed.
#
# </details>
#
# Here is one hidden number, $h_t = 0.97\,h_{t-1} + \text{noise}$, in three kinds of fog.
#
# **Predict.** In which fog is the gain largest? Does it go on to change for ever?

# %%
# The gain of Kalman
one = np.ones((1, 1))
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.3), width_ratios=(3, 2))
looks = zip("os^", (COLOURS.input, COLOURS.output, COLOURS.accent), strict=True)
for R, (mark, colour) in zip((0.1, 1.0, 10.0), looks, strict=True):
    lds = LDSParams(0.97 * one, one, 0.1 * one, R * one, np.zeros(1), one)
    x, h = sample_lds(lds, np.random.default_rng(0), T=40, B=1)
    means, covariances, *_ = kalman_filter(lds, x)
    gain = covariances[:, 0, 0, 0] / R  # by (8), P_t = G_t R
    timeline(right, gain, label=f"$R = {R:g}$", colour=colour, marker=mark, ms=4)
    print(f"R = {R:4}: first gain {gain[0]:.2f}, last {gain[-1]:.2f}")
    if R == 1:
        steps, sd = np.arange(1, 41), np.sqrt(covariances[:, 0, 0, 0])
        left.plot(steps, x.ravel(), "x", color=COLOURS.input, label="seen, $x_t$")
        left.plot(steps, h.ravel(), color=COLOURS.neutral, ls="--", label="hidden, $h_t$")
        left.plot(steps, means.ravel(), color=COLOURS.state, label=r"$m_t \pm 2 \sqrt{P_t}$")
        m = means.ravel()
        left.fill_between(steps, m - 2 * sd, m + 2 * sd, color=COLOURS.state, alpha=0.2)
left.set(title="$R = 1$", xlabel="step $t$")
left.legend(loc="upper right", ncols=3, fontsize=9)
left.set_ylim(top=left.get_ylim()[1] + 1)
right.set(title="gain $G_t$", ylim=(0, 1))
right.legend()
show(
    fig,
    alt="Left: crosses scatter widely about a hidden line; the estimate with its band follows the line. "
    "Right: gains start near 0.9, 0.5 and 0.1 and level off within ten steps or so.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Largest in the thinnest fog, $R = 0.1$. The gain soon settles: each step adds the same uncertainty,
# and a better estimate would only lose more of it to the next push.
#
# </details>
#
# ## 5 A recurrent network, and the comparison
#
# Both models are *memoryful*, as D2 has it, and both stand for an uncertain state: a posterior is
# inferred. The *recurrent neural network*, RNN, drops that. Its state is what it computes, by a rule
# that is fixed, bends, and is learnt from examples:
#
# $$h_t = \tanh(U x_t + W h_{t-1} + b), \qquad h_0 = 0, \qquad \hat x_{t+1} = V h_t + c \tag{11}$$
#
# Lecture 3 takes this equation apart. For now compare it with (3): the window has shrunk to one value,
# and $W h_{t-1}$ has taken the place of all the others.
#
# Now all five, on the task of section 1. Sizes are as the longer experiment below chose them. The HMM
# reads symbols, so the values are sorted into 12 classes of equal frequency; its prediction is the sum
# of the classes' mean values, times their probabilities. Whatever depends on chance runs with two seeds.
#
# **Predict.** Write down an order of the five. (The best is possible at about 1.06, two taps get 1.49.)


# %%
# Three models with a memory
def classes(x, V=12):
    """The class of each value, 0 … V − 1."""
    return np.searchsorted(np.quantile(train, np.arange(1, V) / V), x[..., 0])


def markov(seed, S=32, V=12):
    """A hidden Markov model of classes, as a function from series to predictions."""
    params, _ = fit_hmm(classes(train), S, V, np.random.default_rng(seed), 80, pseudo_count=0.01)
    values = [train[..., 0][classes(train) == v].mean() for v in range(V)]
    return lambda x: (hmm_predict(params, classes(x)) @ values)[..., None]


def linear_system(seed, H=2):
    """A linear dynamical system, likewise."""
    params, _ = fit_lds(train, H, np.random.default_rng(seed), 40)
    return lambda x: kalman_filter(params, x).predictions


def recurrent(seed, H=16):
    """A recurrent network, likewise."""
    return learn(stack(rnn_layer(1, H), dense_layer(H, 1)), seed, updates=400)


# %%
# Five models, one task
taps = fit_autoregression(train, 2)
models = {"autoregression": [lambda x: ar_predict(taps, x)]}
models["window network"] = [windows[8], learn(window_layer(1, 32, 1, 8), seed=1)]
for name, make in (("LDS", linear_system), ("HMM", markov), ("RNN", recurrent)):
    models[name] = [make(seed) for seed in range(2)]
for name, seeds in models.items():
    print(f"{name:14}: error", " ".join(f"{error(predict(test), test):.2f}" for predict in seeds))
print(f"best possible : error {best:.2f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# RNN and HMM, nearly level; then the window network; and far behind, level again, the two linear models.
#
# </details>
#
# Two things to note. A memory alone is not it: the LDS has one, and loses to the window. All it can
# compute is a sum of past values with fixed weights, as an autoregression does, and what is needed here
# are products. And the HMM owes its place to its number of states: its state must hold the class of the last
# value *and* the sign. In the longer experiment below, 8 states are too few for that, and 16 as good as 32.
#
# At full length: more data, five seeds, and sizes chosen by validation for each model and seed; then three more
# tasks beside ours, with three seeds (`python -m experiments.memory_models`). In `one regime` the sign is always
# +1. In `behind noise` a slow series is seen through fog, as in section 4. In `hidden level` the series is a
# level, ±1, that seldom changes, in noise. For each of them the best predictor is known. Mind the four scales.
#
# **Predict.** Which model wins in which task? Does the RNN win them all?

# %%
# Five models, four tasks
stored = json.loads(Path("../experiments/results/memory_models.json").read_text(encoding="utf-8"))
NAMES = {
    "autoregression": "AR", "window network": "window", "linear dynamical system": "LDS",
    "hidden Markov model": "HMM", "RNN": "RNN",
}  # fmt: skip
looks = (COLOURS.input, COLOURS.second, COLOURS.output, COLOURS.accent, COLOURS.state)
fig, axes = plt.subplots(1, 4, figsize=(11, 3.4))
for ax, task in zip(
    axes, ("hidden regime", "one regime", "behind noise", "hidden level"), strict=True
):
    found = {short: np.array(stored[task][name]["errors"]) for name, short in NAMES.items()}
    found = {short: 100 * (e / np.array(stored[task]["best"]) - 1) for short, e in found.items()}
    means = [e.mean() for e in found.values()]
    ax.bar(NAMES.values(), means, color=looks, edgecolor="black", alpha=0.6)
    for place, e in enumerate(found.values()):  # every seed
        ax.plot(place + np.linspace(-0.2, 0.2, len(e)), e, "o", color="black", ms=3)
    ax.set_title(task)
    ax.tick_params("x", labelrotation=60)
    text = ", ".join(f"{short} {mean:.1f}" for short, mean in zip(found, means, strict=True))
    print(f"{task:13}: above the best by % {text}")
axes[0].set_ylabel("error above the best, %")
by_states = stored["hidden regime"]["hidden Markov model"]["by size"]
text = ", ".join(f"{states}: {np.mean(e):.2f}" for states, e in by_states.items())
print("hidden regime, error of the HMM by its number of states:", text)
show(
    fig,
    alt="Four groups of five bars. Hidden regime: AR and LDS about 41 % above the best, the window network 9, "
    "HMM and RNN near 4. One regime: AR at 0, LDS, RNN and window close by, HMM 3. Behind noise: LDS "
    "and AR at 0, RNN 0.3, window and HMM above 1. Hidden level: HMM and RNN 0.3, window 0.8, AR and LDS 8.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. Where a simple model's story is true, nothing beats it: the autoregression reaches the best possible in
# `one regime`, the LDS in `behind noise`. In `hidden level` HMM and RNN share
# the first place, and in our task they are nearly level, too. The RNN wins nothing alone, and is never far off:
# it has no story that could be false.
#
# </details>
#
# ### How far back does each model look?
#
# Here is an experiment on the trained models. Multiply $x_t$ by $(-1)^t$, and in (1) the sign $s_t$ turns
# round, while the noise stays as likely as before. We do that to all values that are older than some age,
# and see how much the last prediction moves.
#
# **Predict.** At which age does the window network stop listening? And the RNN?


# %%
# A past of the other sign
def turned(x, age):
    """A copy in which the values older than `age` steps follow the other sign."""
    x, older = x.copy(), len(x) - 1 - age
    x[:older] *= (-1.0) ** np.arange(older, 0, -1)[:, None, None]
    return x


# %%
# How far back a model looks
AGES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
listeners = {name: seeds[0] for name, seeds in models.items() if name != "LDS"}
listeners["best"] = lambda x: best_predictions(x)[0]
looks = zip("os^Dv", (*COLOURS[:2], COLOURS.output, COLOURS.accent, COLOURS.neutral), strict=True)
fig, ax = plt.subplots(figsize=(8, 3.4))
for (name, predict), (mark, colour) in zip(listeners.items(), looks, strict=True):
    straight = predict(test)[-1]
    moved = np.array([np.abs(predict(turned(test, age))[-1] - straight).mean() for age in AGES])
    moved /= np.abs(straight).mean()
    ax.plot(AGES, moved, marker=mark, color=colour, label=name)
    at = " ".join(f"{moved[AGES.index(age)]:.3g}" for age in (4, 8, 16))
    print(f"{name:14}: movement for ages 4, 8, 16: {at}")
ax.set(xscale="log", xlabel="age of the last value that is left as it was", ylabel="movement")
ax.set_xticks(AGES, AGES)
ax.minorticks_off()
ax.legend()
show(
    fig,
    alt="How much the last prediction moves, against the age. The autoregression and the window network "
    "fall to exactly 0 at 2 and 8; HMM, RNN and the best predictor fall smoothly.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The window network stops at 8: what left the window is gone, to the last digit. The RNN and the HMM fade out, as the
# best predictor does. That, too, is sensible: the sign may have changed since.
#
# </details>
#
# ## 6 What a hidden state costs
#
# D2 notes that memoryful models pay with the *time to infer the hidden state's distribution*. How much? We
# count. A `Counted` number knows how often numbers of its kind were multiplied or divided, and NumPy
# takes it into `@` without asking. Our functions of sections 3 and 4, and (11), run on such numbers.
#
# **Predict.** When the state gets twice as large, how many times as much work is a step of each?


# %%
# A number that counts
class Counted(float):
    """A number that counts products and quotients."""

    number = 0

    def __mul__(self, other):
        Counted.number += 1
        return Counted(float(self) * float(other))

    def __truediv__(self, other):
        Counted.number += 1
        return Counted(float(self) / float(other))

    def __add__(self, other):
        return Counted(float(self) + float(other))

    def __sub__(self, other):
        return Counted(float(self) - float(other))

    __radd__ = __add__


def counted(function, *shapes):
    """How many products one call takes, for arguments of these shapes."""
    make = np.vectorize(Counted, otypes=[object])
    arguments = [make(np.full(shape, 0.1)) if shape else Counted(0.1) for shape in shapes]
    Counted.number = 0
    function(*arguments)
    return Counted.number


# %%
# Products per step, counted
STEPS_OF = {
    "forward algorithm": lambda n: counted(forward_step, n, (n, n), n),
    "Kalman filter": lambda n: counted(kalman_step, n, (n, n), (), (n, n), n, (n, n), ()),
    "RNN": lambda n: counted(lambda h, x, U, W: U * x + W @ h, n, (), n, (n, n)),
}
SIZES = (2, 4, 8, 16, 32)
products = {name: [count(n) for n in SIZES] for name, count in STEPS_OF.items()}
for name, row in products.items():
    print(
        f"{name:17}: products per step for sizes 2, 4, 8, 16, 32: {row}; growth {row[-1] / row[-2]:.2f}"
    )

# %% [markdown]
# <details><summary>Answer</summary>
#
# Four times for the forward algorithm, $S^2 + 2S$, and for the RNN, $H^2 + H$: a matrix times a vector.
# Eight times for the Kalman filter, in the long run: $A P A^\top$ is two products of matrices,
# $2 H^3$. It carries a covariance along, the others a vector.
#
# </details>
#
# And over time? All of them take one step after the other, $T$ times the work of one step. Does the clock
# agree? It does not count products alone: each step also has a fixed cost, so look at the slopes at the
# right ends. (Times depend on the machine. We compare only within one run.)


# %%
# How long it takes
def seconds(function, *arguments):
    """The shortest of four runs."""
    runs = []
    for _ in range(4):
        began = time.perf_counter()
        function(*arguments)
        runs.append(time.perf_counter() - began)
    return min(runs)


def clock(name, n, T):
    """Time for T steps with a state of size n."""
    if name == "forward algorithm":
        params = HMMParams(np.full(n, 1 / n), np.full((n, n), 1 / n), np.full((n, 2), 0.5))
        return seconds(hmm_forward, params, np.zeros((T, 1), int))
    if name == "Kalman filter":
        params = LDSParams(
            0.5 * np.eye(n), np.ones((1, n)), *map(np.eye, (n, 1)), np.zeros(n), np.eye(n)
        )
        return seconds(kalman_filter, params, np.zeros((T, 1, 1)))
    params = RNNParams(np.ones((n, 1)), 0.5 * np.eye(n), np.zeros(n))
    return seconds(rnn_forward, params, np.zeros((T, 1, 1)))


# %%
# The clock
lengths, sizes = (250, 500, 1000, 2000), (16, 64, 256, 1024)
fig, axes = plt.subplots(1, 3, figsize=(11, 3.4))
for name, mark, colour in zip(STEPS_OF, "os^", COLOURS, strict=False):
    own = sizes[:3] if name == "Kalman filter" else sizes
    over_n = np.array([clock(name, n, 20) for n in own])
    over_T = np.array([clock(name, 16, T) for T in lengths])
    axes[0].plot(SIZES, products[name], marker=mark, color=colour, label=name)
    axes[1].plot(own, 1e3 * over_n / 20, marker=mark, color=colour)
    axes[2].plot(lengths, 1e3 * over_T, marker=mark, color=colour)
    slower, longer = over_n[-1] / over_n[-2], over_T[-1] / over_T[0]
    print(
        f"{name:17}: size {own[-1]} takes {slower:.0f} x size {own[-2]}; 8 x T takes {longer:.1f} x"
    )
axes[0].set(title="products per step", xlabel="size of the state")
axes[1].set(title="ms per step", xlabel="size of the state")
axes[2].set(title="ms in all, size 16", xlabel="steps $T$")
for ax, ticks in zip(axes, (SIZES, sizes, lengths), strict=True):
    ax.set(xscale="log", yscale="log")
    ax.set_xticks(ticks, ticks)
    ax.minorticks_off()
axes[0].legend()
show(
    fig,
    alt="Three log-log panels. Products per step: two parallel lines of slope 2, and the Kalman filter's, "
    "steeper. Milliseconds per step: nearly flat for small sizes, then the Kalman filter's rises steeply. "
    "Time against T: three lines of slope 1.",
)

# %% [markdown]
# So per step and per number of the state, the HMM and the RNN cost the same. Do they *hold* the same?
# A state that is one of $S$ can tell $S$ pasts apart, that is $\log_2 S$ bits. To remember ten
# independent yes-or-no facts, an HMM needs $2^{10} = 1024$ states, and the forward algorithm a million products
# a step. An RNN can give each fact a unit of its own. With $W = 2I$ and $U = 3I$, each unit is a switch: its
# next value, $\tanh(2h)$, has the sign of $h$ and does not fade. (Lecture 3 looks at this unit closely.)
#
# **Predict.** Ten facts are told once, in the first step; then come 200 steps of noise. Of all 1024
# patterns, how many can be read off at the end?

# %%
# Ten facts
facts = np.array(list(product((-1.0, 1.0), repeat=10)))  # (B, 10), all patterns
T, N = 201, 10
x = np.random.default_rng(0).uniform(-0.1, 0.1, size=(T, len(facts), N))
x[0] = facts
switches = RNNParams(U=3 * np.eye(N), W=2 * np.eye(N), b=np.zeros(N))
_, last, _ = rnn_forward(switches, x)
kept = np.all(np.sign(last) == facts, axis=1).sum()
forward, network = 2 ** (2 * N) + 2 * 2**N, N * (N + N)
print(f"{kept} of {len(facts)} patterns kept by {N} units")
print(f"products per step: {network} for the RNN, {forward:,} for an HMM of {2**N} states")

# %% [markdown]
# <details><summary>Answer</summary>
#
# All of them. A state of many numbers is *distributed*: its units combine, and so do the facts.
#
# </details>
#
# What the RNN has given up is the distribution. Its state is one vector, with no probability on it; if
# it is to express doubt, it must learn to.
#
# ## 7 Four designs
#
# Now forget what you know of (11), and design. A sequence $x_1, \dots, x_T$ comes in, each $x_t$ of $n$
# numbers, and $k$ numbers should come out at each step. You have feed-forward layers. This is the story that
# D3 tells; in its letters, each step has $d$ hidden units. Biases are left out.
#
# | | design | hidden layer of step $t$ |
# |---|---|---|
# | 1 | "mlp per step": a network for each step | $h_t = f(U_t x_t)$ |
# | 2 | "window per step": each step sees all inputs so far | $h_t = f(U_{t,t} x_t + U_{t,t-1} x_{t-1} + \dots + U_{t,1} x_1)$ |
# | 3 | "state per step": each step sees the last state | $h_t = f(U_t x_t + W_t h_{t-1})$ |
# | 4 | "shared": the same, with the same weights | $h_t = f(U x_t + W h_{t-1})$ |
#
# The outputs are $o_t = V_t h_t$, in the last design $o_t = V h_t$. We write
# down the wires once, each with the name of its weights, and let the code draw and count. Wires of the same name share
# one matrix.
#
# > **Note on the slides.** D3 writes $U_t x_t + W_{t-1} x_{t-1} + \dots$ for design 2 and $W_{t-1} h_{t-1}$ for
# > design 3: one letter for weights of two shapes, $(d, n)$ and $(d, d)$. In design 4 its formula still ends in
# > "$+ \dots$", but the last state is all that comes in.
#
# **Predict.** In design 1, can $o_3$ depend on $x_1$? In which designs can it?


# %%
# Four designs, as wires
DESIGNS = ("mlp per step", "window per step", "state per step", "shared")


def wires(design, T):
    """All wires of a design over T steps, with the names of their weights."""
    found = []
    for t in range(1, T + 1):
        own = "" if design == "shared" else f"_{t}"
        if design == "window per step":
            found += [Link(("x", k), ("h", t), f"U_{t},{k}") for k in range(1, t + 1)]
        else:
            found.append(Link(("x", t), ("h", t), f"U{own}"))
        if design in ("state per step", "shared") and t > 1:
            found.append(Link(("h", t - 1), ("h", t), f"W{own}"))
        found.append(Link(("h", t), ("o", t), f"V{own}"))
    return found


fig, axes = plt.subplots(2, 2, figsize=(10, 6.4))
for ax, design in zip(axes.flat, DESIGNS, strict=True):
    drawn = wires(design, 3)
    draw_unrolled(ax, drawn)
    for label in ax.texts:
        if "3,1" in label.get_text():  # towards the arrow's head, out of the way of U_{2,2}
            label.xy = (3.42, 1.01)
    names = {wire.weight for wire in drawn}
    ax.set_title(f"{design}: {len(drawn)} wires, {len(names)} matrices")
    print(f"{design:15}: {len(drawn)} wires, {len(names)} matrices")
show(
    fig,
    alt="Four graphs of three steps. In the first the steps are not connected; in the second each hidden "
    "layer has wires from all inputs so far; in the third and the fourth from the last hidden layer. Names "
    "differ from wire to wire but in the fourth, where they are U, W and V at every step.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Not in design 1: no wire leads from step 1 to step 3. In all others: directly in design 2, by way of the
# states in 3 and 4.
#
# </details>
#
# ### Counting
#
# The number of parameters follows from the wires: take each *name* once, and add up the sizes.
#
# **Predict.** $n = 10$, $d = 20$, $k = 5$. For $T = 10$, which design has the most parameters? And if
# sequences get ten times longer, how do the four counts grow?


# %%
# Parameters, counted
def count(design, T, n, d, k):
    """Entries of all matrices with different names; T at least 2, so that W occurs."""
    sizes = {"U": d * n, "W": d * d, "V": k * d}
    return sum(sizes[name[0]] for name in {wire.weight for wire in wires(design, T)})


LENGTHS = (2, 3, 5, 10, 20, 50, 100, 200)
fig, ax = plt.subplots(figsize=(8, 3.8))
looks = zip("os^D", (COLOURS.input, COLOURS.accent, COLOURS.output, COLOURS.state), strict=True)
for design, (mark, colour) in zip(DESIGNS, looks, strict=True):
    counts = [count(design, T, n=10, d=20, k=5) for T in LENGTHS]
    ax.plot(LENGTHS, counts, marker=mark, color=colour)
    ax.annotate(design, (LENGTHS[-1], counts[-1]), (6, -4), textcoords="offset points")
    ten, hundred = counts[LENGTHS.index(10)], counts[LENGTHS.index(100)]
    print(f"{design:15}: {ten} parameters for T = 10, {hundred} for T = 100")
ax.set(xscale="log", yscale="log", xlabel="steps $T$", ylabel="parameters", xlim=(1.8, 600))
ax.set_xticks(LENGTHS, LENGTHS)
ax.minorticks_off()
show(
    fig,
    alt="Parameters against T, both axes logarithmic. Window per step rises with slope 2, beyond a million; "
    "mlp per step and state per step with slope 1; shared is flat at 700.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The windows: 12,000, and ten times the length costs 85 times as many. Designs 1 and 3 need ten times and
# ten and a half times as many. The shared design has 700, for any length.
#
# </details>
#
# Now D3's questions have answers that somebody has checked:
#
# | | handles a sequence? | models dependency? | any length? | parameters |
# |---|---|---|---|---|
# | mlp per step | yes | no: no wire between steps | no: step $T + 1$ has no network | grow like $T$ |
# | window per step | yes | yes | no | grow like $T^2$ |
# | state per step | yes | yes | no | grow like $T$ |
# | shared | yes | yes | yes | the same for any $T$ |
#
# (And the window network of section 2? It shares its weights over steps, too, and so takes any length; but
# its dependency ends with the window. Sharing and memory are two different things. The last design has both.)
#
# In the exercise `count_parameters` you find the counts by thought, without wires. Mind $T = 1$, where our
# function would overlook a matrix.
#
# ## 8 What sharing buys
#
# CNNs were the model. A layer that connects everything with everything has too many weights: they take
# memory, learn slowly, and fit the noise. A CNN uses the same few at every *place*. The last design uses the
# same few at every *time*. D3 claims three gains. The first you have counted; the other two can be tried.
#
# The task: two streams of numbers come in, and after each of ten steps the network says which stream has the
# larger sum so far. There are only 100 sequences to train on, and a tenth of all training answers is *wrong*. Who
# learns the rule, and who learns the wrong answers by heart?
#
# All four designs run on one piece of code: `rnn_forward`, (11) without the output, one step at a time.
# Sharing needs no code of its own. It means that the list of weights holds one entry, not $T$.


# %%
# Four designs, as code
def run(design, weights, x):
    """Scores (T, B, K) of all steps, and what the gradients need."""
    chained = design in ("state per step", "shared")
    h, scores, caches = None, [], []  # None is h_0 = 0
    for t in range(len(x)):
        hidden, output = weights[0 if design == "shared" else t]
        seen = np.concatenate(x[: t + 1], axis=-1) if design == "window per step" else x[t]
        states, last, first = rnn_forward(hidden, seen[None], h if chained else None)
        o, second = dense_forward(output, states)
        h = last
        scores.append(o)
        caches.append((first, second))
    return np.concatenate(scores), h, (weights, caches)


# %% [markdown]
# The next cell says how gradients run back through all this. It is folded, since lectures 4 and 5 are about it;
# note the one line that deals with sharing: where one matrix acted at many steps, its gradients are *added*.


# %% tags=["hide-input"]
# Gradients of the four designs
def run_back(design, dscores, cache):
    """Gradients of all weights."""
    weights, caches = cache
    chained, dh = design in ("state per step", "shared"), None
    grads = [None] * len(weights)
    for t in reversed(range(len(dscores))):
        dstates, doutput = dense_backward(dscores[t : t + 1], caches[t][1])
        _, dh0, dhidden = rnn_backward(dstates, caches[t][0], dh)
        dh = dh0 if chained else None
        place, found = (0 if design == "shared" else t), (dhidden, doutput)
        if grads[place] is not None:  # shared: gradients of all steps are added
            pairs = zip(grads[place], found, strict=True)
            found = tuple(type(a)(*(p + q for p, q in zip(a, b, strict=True))) for a, b in pairs)
        grads[place] = found
    return None, dh, tuple(grads)


def network(design, n, d, k, T):
    """A design as a layer that `fit` can train."""
    widths = [n * (t + 1 if design == "window per step" else 1) for t in range(T)]
    widths = widths[:1] if design == "shared" else widths
    return Layer(
        lambda rng: tuple((init_rnn(rng, width, d), init_dense(rng, d, k)) for width in widths),
        lambda weights, x, state0=None, *, mask=None, rng=None: run(design, weights, x),
        lambda dscores, cache, dstate=None: run_back(design, dscores, cache),
        n,
        k,
    )


# %% [markdown]
# **Predict.** Sort the four by their errors on new sequences. Which of them will have fewer than a tenth of
# wrong answers on the *training* set, and what does that mean?


# %%
# A lesson with wrong answers
def teach(design, seed, number=100, T=10, updates=250):
    """A trained network: its layer, weights, and shares of wrong answers in training and test."""
    rng = np.random.default_rng(seed)
    x, right = larger_sum(rng, T, number)
    told = np.where(rng.random(right.shape) < 0.1, 1 - right, right)

    def batches():  # without end
        while True:
            few = rng.choice(number, 30, replace=False)
            yield x[:, few], told[:, few]

    net = network(design, 2, 16, 1, T)
    f = network_loss(net, binary_cross_entropy)
    weights = fit(
        f, net.init(rng), batches(), updates=updates, lr=0.01, clip=1.0, progress=False
    ).last
    new = larger_sum(np.random.default_rng(99), T, 1000)
    wrong = [np.mean((net.forward(weights, x)[0] > 0) != y) for x, y in ((x, told), new)]
    return net, weights, *wrong


# %%
# A hundred sequences, a tenth of the answers wrong
taught = {design: [teach(design, seed) for seed in range(2)] for design in DESIGNS}
for design, seeds in taught.items():
    train_wrong, test_wrong = (" ".join(f"{s[i]:.3f}" for s in seeds) for i in (2, 3))
    print(f"{design:15}: wrong in training {train_wrong}; in the test {test_wrong}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# "mlp per step" is last, with a third of its answers wrong: all it sees is the present pair. The shared
# design is first. The two between have far fewer than a tenth of wrong answers in training, where a tenth of
# what they were told is wrong: they have learnt at least about half of the wrong answers by heart. The shared
# design has about a tenth, as whoever follows the rule must have.
#
# </details>
#
# The longer experiment has five seeds, 600 updates and from 30 to 1000 sequences. In its right figure is the
# third claim, that shared weights learn more easily.
#
# **Predict.** With more and more sequences, who catches up with the shared design? Who never does?

# %%
# Errors against the number of sequences
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
looks = zip(
    "os^D",
    ("--", "-.", ":", "-"),
    (*COLOURS[:1], COLOURS.accent, COLOURS.output, COLOURS.state),
    strict=True,
)
for (design, rows), (mark, line, colour) in zip(stored["little data"].items(), looks, strict=True):
    numbers = [row["sequences"] for row in rows]
    test_wrong, fitted = (
        100 * np.array([row[part] for row in rows]) for part in ("test", "training")
    )
    left.plot(numbers, test_wrong.mean(axis=1), line, marker=mark, color=colour, label=design)
    left.plot(numbers, test_wrong, ls="", marker=mark, ms=3, color=colour, alpha=0.5)
    during = next(100 * np.array(row["during"]) for row in rows if "during" in row)
    right.plot(
        np.arange(20, 601, 20), during.mean(axis=0), line, color=colour, marker=mark, markevery=3
    )
    text = " ".join(f"{mean:.1f}" for mean in test_wrong.mean(axis=1))
    print(f"{design:15}: wrong in the test, %, for 30, 100, 300, 1000: {text};", end=" ")
    print("in training:", " ".join(f"{mean:.1f}" for mean in fitted.mean(axis=1)))
left.set(
    xscale="log", xlabel="training sequences", ylabel="wrong answers in the test, %", ylim=(0, 50)
)
left.set_xticks(numbers, numbers)
left.minorticks_off()
left.legend(fontsize=9, loc="upper right")
right.set(title="300 sequences", xlabel="update", ylim=(0, 50))
show(
    fig,
    alt="Left: wrong answers against the number of training sequences. mlp per step stays above 30 %; "
    "the other three start near 25 % at 30 sequences; from 100 on shared is lowest, and at 1000 the windows are "
    "close to it. Right, with 300 sequences: shared falls fastest and stays low; windows and states fall, "
    "then rise again.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The windows catch up, nearly, with 1000 sequences; "state per step" is on its way; "mlp per step" never, for
# no number of sequences lets it see the past. With 30 sequences sharing does not help: the shared design, too,
# has then learnt nearly all answers by heart, the wrong ones among them. It pays in between: with 300
# sequences it makes half as many errors as the next.
#
# </details>
#
# ## 9 Longer than ever seen
#
# One promise is left: *any length*. The shared design can be run over sequences longer than all it has
# seen. The others cannot: step 11 has no weights. But being able to run is not the same as being right. We
# train on 10 steps and look at what the network says at steps 11, 20, 100 …
#
# **Predict.** The network for the larger sum, trained on 10 steps: how many of its answers are wrong at step
# 100? And will the RNN of section 5 go on as well after 1000 steps as after 40?

# %%
# Run on beyond the training
x, y = larger_sum(np.random.default_rng(98), 100, 500)
lead = np.cumsum(x[..., 0] - x[..., 1], axis=0)
for design, seeds in taught.items():
    net, weights, *_ = seeds[0]
    try:
        scores = net.forward(weights, x)[0]
        at = [np.mean((scores[t - 1] > 0) != y[t - 1]) for t in (10, 20, 50, 100)]
        print(f"{design:15}: wrong at steps 10, 20, 50, 100:", " ".join(f"{a:.2f}" for a in at))
        grown = [v[99].std() / v[9].std() for v in (lead, scores)]
        print(
            "from step 10 to 100 the lead grows {:.1f} times, the score {:.1f} times".format(*grown)
        )
    except IndexError:
        print(f"{design:15}: has no weights for step 11")
far, _ = draw(5, 100, T=1000)
gap = np.mean((models["RNN"][0](far) - far)[500:] ** 2) / np.mean(
    (best_predictions(far)[0] - far)[500:] ** 2
)
print(f"hidden sign, steps 501 to 1000: error of the RNN {gap:.2f} times the best")

# %% [markdown]
# At full length, with five seeds; and the network for the sums also trained on 40 steps.

# %%
# Error against length
steps, rows = stored["longer"]["steps"], stored["longer"]["rows"]
fig, axes = plt.subplots(1, 2, figsize=(11, 3.8))
looks = zip(
    "os^D",
    ("-", "--", "-", "--"),
    (COLOURS.state, COLOURS.accent, COLOURS.state, COLOURS.input),
    strict=True,
)
for row, (mark, line, colour) in zip(rows, looks, strict=True):
    sums = row["task"] == "larger sum"
    ax, found = axes[0 if sums else 1], np.array(row["results"]) * (100 if sums else 1)
    name = f"trained on {row['trained']}" if sums else row["task"].split(", ")[1]
    ax.plot(steps, np.mean(found, axis=0), line, marker=mark, ms=5, color=colour, label=name)
    ax.plot(steps, found.T, ls="", marker=mark, ms=2.5, color=colour, alpha=0.5)
    ax.axvline(row["trained"], color=colour, ls=line, lw=1, alpha=0.6)
    at = [found.mean(axis=0)[steps.index(t)] for t in (10, 100, 1000)]
    print(
        f"{row['task']}, trained on {row['trained']}: at steps 10, 100, 1000:",
        *(f"{a:.3g}" for a in at),
    )
axes[0].axhline(50, color=COLOURS.neutral, ls=":")
axes[0].annotate("guessing", (1, 50), (0, 4), textcoords="offset points", color=COLOURS.neutral)
axes[0].set(title="larger sum", ylabel="wrong answers, %", ylim=(0, 57))
axes[1].set(
    title="hidden sign, trained on 20", ylabel="error, by the best possible", ylim=(0.98, 1.15)
)
for ax in axes:
    ax.set(xscale="log", xlabel="step $t$")
    ax.legend(loc=(0.03, 0.66), fontsize=10)
show(
    fig,
    alt="Left: wrong answers of the network for the larger sum. Trained on 10 steps they rise beyond step 10 "
    "towards 40 % at step 1000; trained on 40 they rise later. Right: the errors for the hidden sign stay level, "
    "from step 20 to 1000, a little above the best possible for the RNN, higher for the window network.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Nearly 30 % at step 100, and at step 1000 it is close to guessing. Training on 40 steps moves the trouble, but
# does not end it. The RNN of section 5 goes on as before; so does the window network, which is no better than
# its window.
#
# </details>
#
# So "any length" is a property of the design, and "right at any length" one of what was learnt. Look at the task
# to see which to expect. The belief about a hidden sign lies between two ends, however long the series. A sum
# grows without bound, but $\tanh$ ends at ±1: the network has learnt a scale on which ten steps have room. The
# printed line shows it: from step 10 to step 100 the true lead spreads out to three times its size, the
# network's score does not.
#
# ## Check yourself
#
# **1.** An autoregression with 5 taps and a window network with a window of 5 see the same values. Name a rule for
# $x_t$ that the second can learn and the first cannot.
#
# <details><summary>Answer</summary>
#
# Any that is no sum with fixed weights, such as $x_t = x_{t-1} x_{t-2}$ plus noise, or (1).
#
# </details>
#
# **2.** An HMM has 50 states, and you want to use it on sequences of twice the length, with twice the states. By how
# much does the work of the forward algorithm grow? And that of a Kalman filter, when $H$ and $T$ double?
#
# <details><summary>Answer</summary>
#
# Eight times, $T S^2$. Sixteen times, $T H^3$, for large $H$.
#
# </details>
#
# **3.** In design 3, $n = 3$, $d = 4$, $k = 2$ and $T = 5$. How many parameters? How many when all steps share?
#
# <details><summary>Answer</summary>
#
# Five $U_t$ of 12, five $V_t$ of 8 and four $W_t$ of 16: 60 + 40 + 64 = 164. Shared: 12 + 8 + 16 = 36.
#
# </details>

# %%
# The answers, checked
print("3:", count("state per step", 5, n=3, d=4, k=2), "and", count("shared", 5, n=3, d=4, k=2))

# %% [markdown]
# ## Summary
#
# - Memoryless models predict from a fixed number of past values: by a sum with weights (autoregression) or by a
#   network on a window. Beyond the window there is nothing.
# - Memoryful models keep a state. An HMM's is one of $S$, and the forward algorithm finds its posterior in $T S^2$
#   products. An LDS's is a vector, linear and normal, and the Kalman filter needs $T H^3$.
# - Each of them is hard to beat where its story is true. An RNN has no such story and computes its state instead
#   of inferring it; on all four tasks it came within about 4 % of the best possible.
# - A state of $H$ units can hold $H$ facts; one of $S$ states only $\log_2 S$.
# - With weights of its own at each step, a design grows with $T$ and ends at $T$. Shared weights are few, fit
#   less noise, and run over any length; that they are *right* at any length is another question.
#
# **What comes next.** The last design is the recurrent network, and
# [lecture 3](03_recurrent_networks.ipynb) takes it apart: one unit, the cycle and how to unroll it, and the equations in all
# their notations. In [problem set 1](../assignments/ps1_recurrence/ps1_recurrence.ipynb), `count_parameters` asks for the counts of
# section 7.
