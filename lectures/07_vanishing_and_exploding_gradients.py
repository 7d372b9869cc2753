# %% [markdown]
# # Vanishing and exploding gradients
#
# Backpropagation through time multiplies: a factor for each step back. Products of many factors
# seldom stay near 1. In this lecture you take the product apart, bound it, measure it, and see what
# it does to a network that should remember. And you learn to say exactly what the famous bound
# promises, and what it does not.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | write $\partial h_t/\partial h_k$ as a product, bound its size and measure it | vanishing and exploding, bound and measured | `step_jacobian`, `state_jacobian`, `jacobian_bound`, `verdict`, `scale_to_spectral_radius`, `gradient_profile`, `mean_log_gain` |
# | draw how long the first input is felt, and by which units | the sensitivity picture | – |
# | say what remains learnable over a long lag, and choose a remedy | lags, clipping, cutting, a better start | `clip_by_global_norm`, `truncated_bptt` of problem set 3 |
#
# **Time:** 45 minutes to read, 70 with all predictions and trials. **You need:** lecture 5, matrix products and eigenvalues. **It
# prepares** [problem set 4, vanishing and
# exploding gradients](../assignments/ps4_gradients/ps4_gradients.ipynb).
#
# **Shape ledger.** Matrices are (to, from).
#
# | Symbol | Shape | Meaning |
# |---|---|---|
# | $T, B, D, H$ | numbers | steps, sequences, inputs, hidden units |
# | $z_t$, $h_t = \varphi(z_t)$ | (H,) | hidden units before and after $\varphi$; $h_0$ is given |
# | $U$, $W$, $b$ | (H, D), (H, H), (H,) | $z_t = U x_t + W h_{t-1} + b$ |
# | $J_t = \partial h_t/\partial h_{t-1}$ | (H, H) | row $i$, column $j$: $\partial h_{t,i}/\partial h_{t-1,j}$ |
# | $\lambda = \lVert W\rVert_2$ | number | largest singular value of $W$ |
# | $\rho = \rho(W)$ | number | spectral radius: the largest modulus of an eigenvalue |
# | $\gamma$ | number | largest value of $\varphi'$: ¼ for the logistic $\sigma$, 1 for tanh |
#
# *Notation.* The chapter in D3 writes $s_j$ for $h_t$, $a_j$ for $z_t$, $\sigma$ for any
# $\varphi$, and $\lambda$ for $\lVert W\rVert$. D2 has a picture, and the remark that one
# multiplies by the same matrix at each step: the same $W$, but not the same $J_t$.
#
# ## 1 A nudge in the past
#
# One logistic unit without inputs, $h_t = \sigma(w\,h_{t-1} + b)$, with $b = -w/2$. It starts from
# $h_0 = \tfrac12$. Then $z_1 = 0$, and $h_1 = \sigma(0) = \tfrac12$ again: the unit rests. Now
# nudge $h_0$ by a thousandth. By the chain rule, a small nudge is multiplied by
#
# $$\frac{\partial h_t}{\partial h_{t-1}} = \varphi'(z_t)\,w = \frac w4 \tag{1}$$
#
# at each step, since $z_t$ stays 0 and $\sigma'(0) = \tfrac14$.
#
# **Predict.** For $w = 2$, 4 and 6: what is left of the nudge after ten steps? And after thirty,
# for $w = 6$?

# %%
# Set-up
from functools import reduce

import matplotlib.pyplot as plt
import numpy as np

from rnnref import (
    RNNParams,
    classifier,
    clip_by_global_norm,
    dense_layer,
    explicit_terms,
    fit,
    gradient_profile,
    init_rnn,
    input_sensitivity,
    jacobian_bound,
    jacobian_norms,
    network_loss,
    rnn_backward,
    rnn_forward,
    rnn_layer,
    scale_to_spectral_radius,
    spectral_norm,
    spectral_radius,
    stack,
    state_jacobian,
    step_jacobian,
)
from rnnref.course.plots import COLOURS, SEQUENTIAL, draw_norms, draw_sensitivity, heatmap, show
from rnnref.course.tasks import copy_memory, draw_copy_memory


# %%
# What becomes of a nudge
def run_unit(w, h_0, T=40):
    """States h_0 … h_T of the logistic unit with b = −w/2."""
    h = [h_0]
    for _ in range(T):
        h.append(1 / (1 + np.exp(-(w * h[-1] - w / 2))))
    return np.array(h)


fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
for start, mark in ((0.5, "o-"), (0.501, "s--")):
    left.plot(run_unit(6, start), mark, color=COLOURS.state, ms=4, label=f"$h_0 = {start}$")
for w, mark in ((2, "o-"), (4, "s-"), (6, "^-")):
    nudge = run_unit(w, 0.501) - 0.5
    right.semilogy(nudge, mark, ms=4, label=f"$w = {w}$")
    right.semilogy(0.001 * (w / 4) ** np.arange(41), ":", color=COLOURS.neutral, lw=1)
    print(f"w = {w}: after 10 steps {nudge[10] / 0.001:.3g} times the nudge;", end=" ")
    print(f"(w/4)^10 = {(w / 4) ** 10:.3g}; the state ends at {0.5 + nudge[-1]:.2f}")
left.set(title="$w = 6$", xlabel="step $t$", ylabel="state $h_t$", ylim=(0.45, 1.05))
right.set(title="what is left of the nudge", xlabel="step $t$", ylim=(1e-14, 30))
left.legend()
right.legend()
show(
    fig,
    alt="Left: two runs with w = 6 from 0.5 and 0.501 look alike for ten steps, then one climbs"
    " to 0.93 and stays. Right: on a logarithmic axis the nudge falls in a straight line "
    "for w = 2, stays level for w = 4, rises for w = 6 and then stops near 0.43.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The factors are ½, 1 and 3/2: after ten steps a thousandth of the nudge is left, or all of it, or
# 57 times as much. After thirty steps a factor of $1.5^{30}$, or 190,000, is due, but a logistic
# unit has no room for that: the second run ends at 0.93, where $\varphi'$ is small.
#
# </details>
#
# The three cases are this lecture. A derivative speaks of *infinitely* small nudges; it may grow
# without limit where states cannot. The gradient of a loss at step $t$ with respect to $h_0$ is
# made of these very factors. So it vanishes or explodes on its way back.
#
# ## 2 A product of Jacobians
#
# With $H$ units, (1) becomes a matrix for each step. Let us find it in D3's way. Each
# entry of $h_j = \varphi(z_j)$ depends on one entry of $z_j$, so $\partial h_j/\partial z_j$ is
# diagonal; and $z_j = W h_{j-1} + \dots$ is linear in $h_{j-1}$:
#
# $$J_j = \frac{\partial h_j}{\partial h_{j-1}}
#       = \frac{\partial h_j}{\partial z_j}\,\frac{\partial z_j}{\partial h_{j-1}}
#       = \operatorname{diag}(\varphi'(z_j))\,W. \tag{2}$$
#
# The diagonal matrix stands on the left: each *row* of $W$, which leads *to* a unit, is multiplied
# by the slope of that unit. From step $k$ to step $t$ there are $t - k$ factors:
#
# $$\frac{\partial h_t}{\partial h_k} = J_t\,J_{t-1} \cdots J_{k+1},
#   \qquad \frac{\partial h_t}{\partial h_t} = I. \tag{3}$$
#
# A column vector of nudges at step $k$ meets $J_{k+1}$ first, so the latest factor stands leftmost.
# Matrices do not commute: other orders are other matrices.
#
# > **Note on the slides.** D3 hints at "$\operatorname{diag}(\dots) \cdots W^{t-k}$". The factors
# > of (3) do not commute, so the powers of $W$ cannot be collected. The same line has
# > $\sigma'(a_{t-1})$ where the slope at $z_t$ belongs. And one slide gets
# > $a_j = W s_{j-1} + U a_j$: read $U x_j$.
#
# Are these trifles? We nudge $h_k$ in each direction, let the *network* run on, and compare.
#
# **Predict.** Which of the three slips would we still find with a single unit?

# %%
# A network, and central differences through it
D, H, T = 2, 3, 6
rng = np.random.default_rng(12)
params = RNNParams(0.4 * rng.normal(size=(H, D)), rng.normal(size=(H, H)), np.zeros(H))
x, h_0 = rng.normal(size=(T, 1, D)), rng.normal(size=(1, H))
_, _, cache = rnn_forward(params, x, h_0)


def by_differences(cache, k, t, eps=1e-6):
    """∂h_t/∂h_k, a column for each nudged unit of h_k, from runs of the steps k + 1 … t."""
    inputs, activation = np.repeat(cache.x[k:t], H, axis=1), cache.activation  # H runs at once
    nudged = (cache.states[k] + sign * eps * np.eye(H) for sign in (1, -1))
    up, down = (rnn_forward(cache.params, inputs, h, activation=activation)[1] for h in nudged)
    return ((up - down) / (2 * eps)).T


# %%
# The product, and three slips
k, t = 1, 4
factors = [step_jacobian(cache, j)[0] for j in range(k + 1, t + 1)]  # J_{k+1} … J_t
slopes = 1 - cache.states[k + 1 : t + 1, 0] ** 2
measured = by_differences(cache, k, t)
products = {
    "the product (3)": state_jacobian(cache, k, t)[0],
    "earliest factor leftmost": reduce(np.matmul, factors),
    "diag(…) $W^{t-k}$": np.diag(slopes.prod(axis=0)) @ np.linalg.matrix_power(params.W, t - k),
    "slopes a step too early": state_jacobian(cache, k - 1, t - 1)[0],
}
fig, axes = plt.subplots(1, 5, figsize=(12, 2.7))
heatmap(axes[0], measured, title="central differences", limit=1)
for ax, (name, product) in zip(axes[1:], products.items(), strict=True):
    heatmap(ax, product, title=name, limit=1)
    print(f"{name:24}: off by {np.abs(product - measured).max():.1e}")
show(
    fig,
    alt="Five 3 × 3 matrices. The first two, central differences and the product in the right "
    "order, are the same; the three slips differ from them visibly.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only the slopes taken a step too early. With one unit the factors are numbers, which commute: the
# other two slips are then the same product.
#
# </details>
#
# Now between all pairs of steps, and for both of our activations:

# %%
# All pairs of steps
pairs = [(k, t) for t in range(T + 1) for k in range(t + 1)]
for activation in ("tanh", "logistic"):
    _, _, cache = rnn_forward(params, x, h_0, activation=activation)
    gaps = [by_differences(cache, k, t) - state_jacobian(cache, k, t)[0] for k, t in pairs]
    print(
        f"{activation:8}: {len(pairs)} pairs of steps, largest difference {np.abs(gaps).max():.1e}"
    )

# %% [markdown]
# ## 3 How large is a matrix?
#
# To say that a product vanishes we need a *size*. D3 offers three:
#
# $$\lVert A\rVert_2 = \max_{v \ne 0} \frac{\lVert Av\rVert_2}{\lVert v\rVert_2}, \qquad
#   \lVert A\rVert_F = \sqrt{\textstyle\sum_{ij} a_{ij}^2}, \qquad
#   \lVert A\rVert_{\text{sum}} = \textstyle\sum_{ij} |a_{ij}|. \tag{4}$$
#
# The first is the *induced* norm: the most that $A$ can stretch a vector. (The second is the
# Frobenius norm.)
#
# > **Note on the slides.** D3 says $\lVert A\rVert_2 = \max_i \lambda_i(A)$, the largest
# > eigenvalue, and leaves out $v \neq 0$. It is the largest *singular* value. For a *normal*
# > matrix, such as a symmetric or an orthogonal one, it is the largest modulus of an eigenvalue; in
# > general it is larger.
#
# **Predict.** $A = \begin{bmatrix} 0.8 & 2 \\ 0 & 0.8 \end{bmatrix}$ has the eigenvalue 0.8, twice.
# How long can $Av$ get, for $v$ of length 1: at most 0.8, or longer?

# %%
# What a matrix does to a circle
angles = np.linspace(0, 2 * np.pi, 721)
circle = np.array([np.cos(angles), np.sin(angles)])
matrices = {
    "symmetric": np.array([[0.3, 0.5], [0.5, 0.3]]),
    "not normal": np.array([[0.8, 2.0], [0.0, 0.8]]),
}
fig, axes = plt.subplots(1, 2, figsize=(8.5, 3.4))
for ax, (name, A) in zip(axes, matrices.items(), strict=True):
    image = A @ circle
    longest = np.linalg.norm(image, axis=0)
    print(f"{name:10}: eigenvalue {spectral_radius(A):.3f},", end=" ")
    print(f"singular value {spectral_norm(A):.3f}, longest Av {longest.max():.3f}")
    ax.plot(*circle, ":", color=COLOURS.neutral, label="all $v$ of length 1")
    ax.plot(*image, color=COLOURS.state, label="all $Av$")
    ax.plot(*(spectral_radius(A) * circle), "--", color=COLOURS.gradient, label=r"length $\rho(A)$")
    end = image[:, longest.argmax()]
    ax.annotate("", end, (0, 0), arrowprops={"arrowstyle": "-|>", "color": COLOURS.state, "lw": 2})
    ax.set(title=name, aspect="equal", xlim=(-2.5, 2.5), ylim=(-1.4, 1.4))
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
show(
    fig,
    alt="Left, a symmetric matrix turns the unit circle into an ellipse that just touches the "
    "circle of radius 0.8. Right, the other matrix has eigenvalue 0.8, too, but its long "
    "ellipse reaches out to 2.28.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Up to 2.28, its largest singular value. The eigenvalue tells what happens to eigenvectors; here
# only one direction is one.
#
# </details>
#
# What makes a size a *norm*? D3 lists five rules:
#
# 1. $\lVert A\rVert \ge 0$
# 2. $\lVert A + B\rVert \le \lVert A\rVert + \lVert B\rVert$
# 3. $\lVert sA\rVert = |s|\,\lVert A\rVert$
# 4. $\lVert A\rVert = 0$ exactly if $A = 0$
# 5. $\lVert AB\rVert \le \lVert A\rVert\,\lVert B\rVert$
#
# The last one is what we are after. We try them on 4,000 pairs of matrices, and add two more
# candidates: the spectral radius, and the largest entry.
#
# **Predict.** Which of the five candidates break a rule?


# %%
# Five candidates, five rules
def broken_rules(size, A, B, s):
    """Share of the pairs that break each rule."""
    a, b, slack = size(A), size(B), 1 + 1e-9
    return [
        np.mean(a < 0),
        np.mean(size(A + B) > slack * (a + b)),
        np.mean(~np.isclose(size(s[:, None, None] * A), np.abs(s) * a, rtol=1e-6)),
        np.mean((a == 0) != (A == 0).all(axis=(1, 2))),
        np.mean(size(A @ B) > slack * a * b),
    ]


sizes = {
    "2-norm": lambda A: np.linalg.norm(A, 2, axis=(1, 2)),
    "Frobenius": lambda A: np.linalg.norm(A, axis=(1, 2)),
    "entry sum": lambda A: np.abs(A).sum(axis=(1, 2)),
    "spectral radius": lambda A: np.abs(np.linalg.eigvals(A)).max(axis=1),
    "largest entry": lambda A: np.abs(A).max(axis=(1, 2)),
}
rng = np.random.default_rng(1)
A, B = rng.normal(size=(2, 4000, 3, 3))
A[:2000], B[:2000] = np.triu(A[:2000], 1), np.tril(B[:2000], -1)  # with zeros, for rule 4
A[0] = 0
s = rng.normal(size=4000)
broken = np.array([broken_rules(size, A, B, s) for size in sizes.values()])
for name, shares in zip(sizes, broken, strict=True):
    print(f"{name:15}: breaks {np.count_nonzero(shares)} of 5 rules", shares.round(2))

# %%
# The same table in colours
fig, ax = plt.subplots(figsize=(7, 3))
heatmap(ax, 100 * broken, title="percentage of pairs that break a rule", limit=100, digits=1)
ax.set_xlabel("rule")
ax.set_yticks(range(1, 6), list(sizes))
show(
    fig,
    alt="Rows for five candidates, columns for five rules. The three norms are zero everywhere;"
    " the spectral radius breaks rules 2, 4 and 5 on many pairs, the largest entry rule 5.",
)
ordered = sizes["2-norm"](A) <= (1 + 1e-12) * sizes["Frobenius"](A)
ordered &= sizes["Frobenius"](A) <= (1 + 1e-12) * sizes["entry sum"](A)
print("2-norm ≤ Frobenius ≤ entry sum for all pairs:", ordered.all())

# %% [markdown]
# <details><summary>Answer</summary>
#
# The spectral radius breaks rules 2, 4 and 5: of a matrix that has entries only above its diagonal
# it is 0. The largest entry breaks rule 5. D3's three keep all five. Of these the 2-norm is
# the smallest, so its bound is the tightest.
#
# </details>
#
# ## 4 The bound
#
# Rule 5 once, on (2): a diagonal matrix stretches by its largest entry, which is at most
# $\gamma$,
#
# $$\lVert J_j\rVert_2 \le \lVert\operatorname{diag}(\varphi'(z_j))\rVert_2\,\lVert W\rVert_2
#   \le \gamma\,\lambda, \tag{5}$$
#
# and rule 5 again, $t - k - 1$ times, on (3):
#
# $$\left\lVert\frac{\partial h_t}{\partial h_k}\right\rVert_2
#   \le \prod_{j=k+1}^{t} \lVert J_j\rVert_2 \le (\gamma\lambda)^{t-k}. \tag{6}$$
#
# > **Note on the slides.** D3 writes $\sigma'(a_j) = \tfrac14$ for the logistic function and
# > $= 1$ for tanh. These are bounds, not values: they are reached at $z = 0$ only. In (1) we had
# > arranged for that.
#
# We take two networks of 32 units, 50 sequences of 30 steps, and measure each norm in (6).
# `jacobian_norms` does so over all lags at once. The tanh network has $\gamma\lambda = 1.2$, the
# logistic one $\gamma\lambda = \tfrac14 \cdot 3.6 = 0.9$.
#
# **Predict.** At lag 20 the bound for tanh says 38. What is measured: about 38, about 1, or far
# less than 1?

# %%
# Measured norms against the bound
D, H, T, B = 4, 32, 30, 50
rng = np.random.default_rng(2)
x, U, G = rng.normal(size=(T, B, D)), init_rnn(rng, D, H).U, rng.normal(size=(H, H))
fig, (first, second, third) = plt.subplots(1, 3, figsize=(12, 3.3), width_ratios=(1.2, 1.2, 1))
for ax, activation, lam in ((first, "tanh", 1.2), (second, "logistic", 3.6)):
    W = G * lam / spectral_norm(G)
    h, _, cache = rnn_forward(RNNParams(U, W, np.zeros(H)), x, activation=activation)
    norms = jacobian_norms(cache)
    bound = np.array([jacobian_bound(W, activation, n) for n in range(T + 1)])
    draw_norms(ax, norms, bound)
    ax.set_title(f"{activation}, $\\gamma\\lambda = {bound[1]:.1f}$")
    ratio = (norms / bound[:, None])[1:].max()
    print(f"{activation:8}: largest measured norm / bound {ratio:.3f};", end=" ")
    print(f"at lag 20 the bound is {bound[20]:.2g}, the median {np.median(norms[20]):.1e}")
    slope = 1 - h**2 if activation == "tanh" else h * (1 - h)
    shares, edges = np.histogram(slope, bins=40, range=(0, 1))
    line = {"ls": "-" if activation == "tanh" else "--", "lw": 2}
    third.stairs(shares / slope.size, edges, label=f"{activation}, mean {slope.mean():.2f}", **line)
    print(f"{activation:8}: slopes up to {slope.max():.4f}, their mean {slope.mean():.2f}")
third.set(title=r"slopes $\varphi'(z_t)$", xlabel="slope", ylabel="share of units and steps")
third.legend(loc="upper center")
show(
    fig,
    alt="Left and middle: measured norms fall in nearly straight lines on a logarithmic axis, "
    "with a narrow band over 50 sequences, far below the dashed bound, which rises for tanh"
    " and falls for the logistic network. Right: slopes of tanh spread from 0 to 1, those "
    "of the logistic function lie just below a quarter.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Far less than 1: about $10^{-5}$. No norm exceeds its bound, as it must be; but the bound takes
# the worst at every step, the steepest slope for all units and the most stretched direction, and a
# product of twenty worst cases is millions of times too high.
#
# </details>
#
# So for this tanh network (6) allows growth, and the gradient vanishes all the same. What a bound
# *above* says about size is one-sided. We shall need that in section 6.
#
# **Try it.** Raise the tanh network's 1.2 to 6. Do the measured norms now grow? (They do,
# and stay far below the bound.)
#
# ## 5 The eigenvalue misleads
#
# Why insist on singular values? "The largest eigenvalue of $W$ is below 1, so gradients vanish" is
# what one often reads. For powers of one matrix it is true *in the end*: $\lVert W^n\rVert^{1/n}
# \to \rho(W)$. On the way there is no such rule. Take a chain of ten units, each of which keeps 0.8
# of itself and hands 0.4 on to the one before it: $W = 0.8\,I + 0.4\,N$, with ones above the diagonal in
# $N$. For comparison, a symmetric matrix with the same $\rho = 0.8$.
#
# **Predict.** All eigenvalues of the chain are 0.8, and $0.8^{40} \approx 10^{-4}$. Where is
# $\lVert W^n\rVert_2$ after 40 steps?

# %%
# A chain with small eigenvalues
H, T = 10, 120
chain = 0.8 * np.eye(H) + 0.4 * np.eye(H, k=1)
G = np.random.default_rng(3).normal(size=(H, H))
symmetric = scale_to_spectral_radius(G + G.T, 0.8)
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), width_ratios=(1, 1.7))
heatmap(left, chain, title="$W$, a chain", limit=1, numbers=False)
lags = np.arange(T + 1)
colours = (COLOURS.state, COLOURS.input)
for (name, W), colour in zip(
    {"chain": chain, "symmetric": symmetric}.items(), colours, strict=True
):
    _, _, cache = rnn_forward(RNNParams(np.eye(H), W, np.zeros(H)), np.zeros((T, 1, H)))
    norms = jacobian_norms(cache)[:, 0]  # h_t = 0: every slope is 1, and (3) is a power of W
    bound = [jacobian_bound(W, "tanh", n) for n in lags]
    draw_norms(right, norms, bound if name == "chain" else None, label=name, colour=colour)
    print(f"{name:9}: ρ = {spectral_radius(W):.2f}, λ = {spectral_norm(W):.2f};", end=" ")
    print(f"norm {norms[40]:.2g} at lag 40, largest {norms.max():.1f} at lag {norms.argmax()}")
    ratios = (norms / bound).max(), (norms / 0.8**lags).max()
    print(f"{name:9}: largest norm / bound {ratios[0]:.4f}, largest norm / ρ^n {ratios[1]:.1e}")
many = np.random.default_rng(3).normal(size=(200, 200))
print(f"200 × 200 random numbers: λ / ρ = {spectral_norm(many) / spectral_radius(many):.1f}")
right.set(ylim=(1e-13, 1e10), title=r"$\|\partial h_t/\partial h_k\|_2$")
right.legend()
show(
    fig,
    alt="Left: a matrix with 0.8 on its diagonal and 0.4 above it. Right: the symmetric "
    "matrix's norms fall in a straight line at once; those of the chain climb to about 100 "
    "at lag 42 before they fall. Both stay below the dashed bound.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Near 100, hundreds of thousands of times above $0.8^{40}$. With $\rho$ in the place of $\lambda$
# there is no bound: the nudge is handed from unit to unit and grows on the way, before it dies. The
# symmetric matrix does what its eigenvalue says.
#
# </details>
#
# (The lines at $h_t = 0$ are those of a linear network.) Such *transient growth* is not exotic: a
# random matrix with independent entries has $\lambda \approx 2\rho$. And in a product of
# *different* $J_t$ even the end is not up to the eigenvalues of any one factor.
#
# ## 6 What the bound can say, and what it cannot
#
# Hochreiter (1991) and Bengio, Simard and Frasconi (1994) found that gradients vanish; the bound and its two
# sides are treated by Pascanu, Mikolov and Bengio (2013). Two sentences are worth learning by heart.
#
# - $\gamma\lambda < 1$ is **sufficient** for vanishing: the norms (6) go to 0 at least as fast as a
#   geometric sequence, whatever the inputs.
# - $\gamma\lambda > 1$ is **necessary** for exploding, and **not sufficient**. (6) then forbids
#   nothing; what happens depends on the slopes that occur.
#
# > **Note on the slides.** D3's "if $\gamma\lambda > 1$ the gradient *could* explode" must be read
# > in this way. It is no forecast.
#
# An example for each. $Q$ is orthogonal, so that it stretches nothing and its $\lambda$ is 1. We
# run $W = 0.9\,Q$ and $W = 1.5\,Q$ with tanh units, from $h_0 = 0$, with inputs of strength 0, 0.3,
# 1 and 5.
#
# **Predict.** In which of the eight runs does the gradient explode?

# %%
# Vanishing for certain, and either
D, H, T, B = 4, 16, 30, 50
rng = np.random.default_rng(4)
U, Q, _ = init_rnn(rng, D, H)  # W of init_rnn is orthogonal
x = rng.normal(size=(T, B, D))
fig, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True)
for ax, lam in zip(axes, (0.9, 1.5), strict=True):
    bound = np.array([jacobian_bound(lam * Q, "tanh", n) for n in range(T + 1)])
    for strength, colour in zip((0, 0.3, 1, 5), COLOURS, strict=False):
        _, _, cache = rnn_forward(RNNParams(U, lam * Q, np.zeros(H)), strength * x)
        norms = jacobian_norms(cache)
        draw_norms(ax, norms, label=f"inputs × {strength}", colour=colour)
        ratio = (norms / bound[:, None])[1:].max()
        print(
            f"λ = {lam}, inputs × {strength:3}: median {np.median(norms[-1]):.1e} at lag 30,",
            end=" ",
        )
        print(f"largest norm / bound {ratio:.4f}")
    ax.plot(bound, "--", color=COLOURS.neutral, lw=1)
    ax.axhline(1, color=COLOURS.neutral, lw=1, ls=":")
    ax.set_title(f"$\\gamma\\lambda = {lam}$")
axes[1].legend(fontsize=9)
show(
    fig,
    alt="Left, with 0.9, all four lines fall, the faster the stronger the inputs; without "
    "inputs the line is the bound itself. Right, with 1.5, the line without inputs climbs "
    "along the bound to 200,000, weak inputs give some growth, inputs of strength 1 end "
    "near 1, and strong inputs fall to 1e-8.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# In two. With 0.9 in none, that is the promise. With 1.5 and no inputs all $z_t$ are 0, every slope
# is 1, and the norm is $1.5^{30}$, the bound itself. With weak inputs it still grows. At strength 1
# it hardly moves, and with strong inputs, which saturate the units, it vanishes, although
# $\gamma\lambda > 1$.
#
# </details>
#
# One number tells the outcome: the mean growth per step,
# $\frac1T \ln\lVert\partial h_T/\partial h_0\rVert_2$. Above 0 gradients explode, below 0 they
# vanish; by (6) it is at most $\ln \gamma\lambda$. Here it is for many $\lambda$.
#
# **Predict.** Where do the curves cross 0: all at $\lambda = 1$?

# %%
# Growth per step
scales = np.linspace(0.6, 3, 13)
fig, ax = plt.subplots(figsize=(8, 3.4))
for strength, mark, colour in zip((0.3, 1, 5), "os^", COLOURS, strict=False):
    growth = []
    for lam in scales:
        _, _, cache = rnn_forward(RNNParams(U, lam * Q, np.zeros(H)), strength * x)
        growth.append(np.log(jacobian_norms(cache)[-1]).mean() / T)
    ax.plot(scales, growth, marker=mark, color=colour, label=f"inputs × {strength}")
    grows, bounded = scales[np.array(growth) > 0], np.all(growth <= np.log(scales))
    says = f"above 0 from λ = {grows[0]:.1f} on" if len(grows) else "below 0 everywhere"
    print(f"inputs × {strength:3}: {says}; never above ln λ: {bounded}")
ax.plot(scales, np.log(scales), "--", color=COLOURS.neutral, label=r"bound, $\ln\gamma\lambda$")
ax.axhline(0, color=COLOURS.neutral, lw=1)
ax.set(xlabel=r"$\lambda$", ylabel="mean growth per step")
ax.legend(ncols=2)
show(
    fig,
    alt="Growth per step against λ. The dashed bound crosses 0 at 1; the curve of weak inputs "
    "crosses a little later, that of strength 1 later still, and that of strong inputs "
    "stays below 0.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No: only the bound does. The stronger the inputs, the larger the $\lambda$ which the network can
# have before gradients explode. What is certain is only the left of 1.
#
# </details>
#
# In the problem set, `verdict` answers only what the bound proves, and `mean_log_gain` measures. At
# exactly $\gamma\lambda = 1$ nothing is proved: a linear network with $W = I$ keeps every gradient
# for ever.
#
# ## 7 What it does to learning
#
# A loss at the end sends $\bar h_T$ back: $\bar h_k = (\partial h_T/\partial h_k)^\top \bar h_T$.
# `gradient_profile` measures $\lVert\bar h_k\rVert$ on the way. And by lecture 5 each step
# contributes its own term to $\partial L/\partial W$. We scale one random $W$ to several spectral
# radii, as one does at the start of training.
#
# **Predict.** For small $\rho$ the profile at $k = 0$ vanishes. Does the gradient
# $\partial L/\partial W$ vanish, too?

# %%
# Profiles at the start of training
D, H, T, B = 4, 32, 40, 50
rng = np.random.default_rng(5)
x, U, G = 0.3 * rng.normal(size=(T, B, D)), init_rnn(rng, D, H).U, rng.normal(size=(H, H))
dh_T = rng.normal(size=(B, H))
dh_T /= np.linalg.norm(dh_T, axis=1, keepdims=True)  # of length 1 for each sequence
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
colours = (COLOURS.input, COLOURS.output, COLOURS.accent, COLOURS.state)
for rho, colour, line in zip((0.5, 1.0, 1.5, 3.0), colours, ("-", "--", "-.", ":"), strict=True):
    W = scale_to_spectral_radius(G, rho)
    h, _, cache = rnn_forward(RNNParams(U, W, np.zeros(H)), x)
    profile = gradient_profile(np.zeros_like(h), cache, dh_T)
    draw_norms(left, profile[::-1], label=f"$\\rho = {rho}$", colour=colour)
    terms = np.linalg.norm(explicit_terms(dh_T, cache), axis=(1, 2))
    right.plot(range(1, T + 1), terms / terms.sum(), line, color=colour)
    dW = np.linalg.norm(rnn_backward(np.zeros_like(h), cache, dh_T)[2].W)
    early = terms[: T // 2].sum() / terms.sum()
    print(f"ρ = {rho}: median at k = 0 {np.median(profile[0]):.1e};", end=" ")
    print(f"gradient of W {dW:.1e}, share of the first 20 terms {early:.1e}")
left.set(xlabel="steps back, $T - k$", ylabel=r"$\|\partial L/\partial h_k\|$")
right.set(
    xlabel="step $k$", ylabel="share of the terms", title=r"who speaks in $\partial L/\partial W$?"
)
left.legend(fontsize=9)
show(
    fig,
    alt="Left: over 40 steps back the gradient falls to 1e-13 for ρ = 0.5 and to about 0.01 for"
    " 1, and grows for 1.5 and, to over 100,000, for 3. Right: for small ρ only the last "
    "steps contribute to the gradient of W; for ρ = 3 only the first.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No! The terms of the last steps are as large as ever. What vanishes is the *share* of the early
# ones. The network still learns, eagerly, from what is near; what is far is outvoted.
#
# </details>
#
# > **Note on the slides.** D3 says that with $\partial s_t/\partial s_k$ "hence
# > $\partial L_t/\partial W$" vanishes. Its early terms do, the sum does not.
#
# Mind this. An optimiser such as Adam divides by the gradient's size, and a small gradient alone
# would not stop it. But no rescaling brings back a share of $10^{-7}$.
#
# ### A task with a lag
#
# One of four symbols is shown, then come $n$ random distractors, then a question mark: which symbol
# was it? All that counts is at step 1, and the loss is at step $n + 2$. Guessing is right in 25 %.
#
# **Predict.** A tanh network of 16 units starts from a random $W$ with $\rho = \tfrac12$ and
# trains for 300 updates. For which lags $n$ among 2, 5, 10, 20, 40 will it learn?

# %%
# The task, and an attempt to learn it
SYMBOLS, DISTRACTORS, UNITS = 4, 4, 16
net = classifier(V=SYMBOLS + DISTRACTORS + 1, H=UNITS, K=SYMBOLS, cell="rnn")


def draw(rng, lag, B):
    """A batch of the task."""
    return copy_memory(rng, lag, B, symbols=SYMBOLS, distractors=DISTRACTORS)


def attempt(lag, seed, rho=None, updates=300):
    """Share of right answers after training; rho=None keeps the orthogonal W of init_rnn."""
    rng = np.random.default_rng(seed)
    embed, (layer,), *rest = net.init(rng)
    if rho:
        W = scale_to_spectral_radius(rng.normal(size=(UNITS, UNITS)), rho)
        layer = layer._replace(W=W)
    batches = iter(lambda: draw(rng, lag, 16), None)  # without end
    run = fit(
        network_loss(net), (embed, (layer,), *rest), batches, updates=updates, lr=0.01, clip=1.0,
        progress=False,
    )  # fmt: skip
    ids, y = draw(np.random.default_rng(99), lag, 500)
    return np.mean(net.forward(run.last, ids)[0].argmax(axis=-1) == y)


# %%
# One sequence of the task
fig, ax = plt.subplots(figsize=(8, 1.9))
example = draw(np.random.default_rng(1), 10, 1)
draw_copy_memory(ax, *example, symbols=SYMBOLS, distractors=DISTRACTORS)
show(
    fig,
    alt="A row of 12 cells: one symbol, ten distractors in small letters and a question mark. "
    "Below the last stands the symbol again, as the target.",
)

# %%
# Lags and a small start
lags, seeds = (2, 5, 10, 20, 40), range(4)
small = np.array([[attempt(lag, seed, rho=0.5) for seed in seeds] for lag in lags])
for lag, right in zip(lags, small, strict=True):
    spread = f"{right.min():.2f} to {right.max():.2f}"
    print(f"ρ = 0.5, lag {lag:2}: right {right.mean():.2f} on average, {spread}")


def draw_success(ax, right, label, colour, mark):
    """Means over seeds as a line, every seed as a small mark."""
    ax.plot(lags, right.mean(axis=1), marker=mark, color=colour, label=label)
    ax.plot(lags, right, marker=mark, ms=4, ls="", color=colour, alpha=0.4)
    ax.set(xlabel="lag", ylabel="right answers", ylim=(0, 1.05), xticks=lags)


fig, ax = plt.subplots(figsize=(7, 3))
draw_success(ax, small, r"$\rho = \frac{1}{2}$", COLOURS.state, "o")
ax.axhline(1 / SYMBOLS, color=COLOURS.neutral, ls=":", label="guessing")
ax.legend()
show(
    fig,
    alt="Right answers against the lag, a mark for each of four seeds. All seeds reach 1 at "
    "lags 2 and 5; at 10 not all do; at 20 and 40 all lie near the dotted line of guessing.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# For 2 and 5 always, for 10 mostly, for 20 and 40 never. The next cell tells why.
#
# </details>

# %%
# What reaches the symbol before training
for lag in lags:
    ids, _ = draw(np.random.default_rng(2), lag, 200)
    rng = np.random.default_rng(0)
    layer = net.init(rng)[1][0]
    layer = layer._replace(W=scale_to_spectral_radius(rng.normal(size=(UNITS, UNITS)), 0.5))
    h, h_T, cache = rnn_forward(layer, np.eye(SYMBOLS + DISTRACTORS + 1)[ids])
    profile = gradient_profile(np.zeros_like(h), cache, np.ones_like(h_T))
    print(f"lag {lag:2}: {np.median(profile[1] / profile[-1]):.0e} of the gradient at the end")

# %% [markdown]
# At a lag of 20 less than a millionth is left of the gradient, beneath the noise of twenty
# distractors.
#
# The network *can* keep a symbol: the loop $h = \tanh(2h)$ of lecture 3 keeps a bit for ever. It is
# the learning that fails. D2 says it of influence: it decays or blows up as it cycles round the
# recurrent connections.
#
# ## 8 How long is the first input felt?
#
# D2 shows a picture for this, figure 4.1 of Graves's book (*Supervised Sequence Labelling with Recurrent
# Neural Networks*, 2012): the network unrolled over seven steps,
# each node shaded by its sensitivity to the input of step 1. We compute it. The sensitivity of unit
# $i$ at step $t$ is the length of a row of a Jacobian,
#
# $$\left\lVert\frac{\partial h_{t,i}}{\partial x_1}\right\rVert_2, \qquad
#   \frac{\partial h_t}{\partial x_1} = \frac{\partial h_t}{\partial h_1}\,
#   \operatorname{diag}(\varphi'(z_1))\,U, \qquad
#   \frac{\partial o_t}{\partial x_1} = V\,\frac{\partial h_t}{\partial x_1}, \tag{7}$$
#
# with $V$ on top for the outputs. `input_sensitivity` obtains it by backpropagation, for any
# network.
#
# **Predict.** A single unit with $w = 0.9$ reads seven inputs. Which is darker at step 4, the
# hidden unit or the output above it, if $V = 0.7$?

# %%
# Graves's figure 4.1, computed
T, rng = 7, np.random.default_rng(1)
x = 0.5 * rng.normal(size=(T, 1, 1))
net_1 = stack(rnn_layer(1, 1), dense_layer(1, 1))
one = RNNParams(np.array([[1.0]]), np.array([[0.9]]), np.zeros(1))
output = net_1.init(rng)[1]._replace(V=np.array([[0.7]]))
hidden = input_sensitivity(net_1, (one, output), x, of="state[0]")[:, 0, 0]
shown = input_sensitivity(net_1, (one, output), x)[:, 0, 0]
print("hidden unit:", " ".join(f"{value:.3f}" for value in hidden))
print("output:     ", " ".join(f"{value:.3f}" for value in shown))
print(f"of what step 1 feels, step 7 feels {hidden[-1] / hidden[0]:.3f}; 0.9^6 = {0.9**6:.3f}")

fig, ax = plt.subplots(figsize=(8, 3.6))
draw_sensitivity(ax, hidden, shown)
show(
    fig,
    alt="Seven steps with an input, a hidden unit and an output each. The first hidden unit is "
    "dark, and the shades fade from step to step to a pale blue; each output is paler than "
    "the unit below it.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The hidden unit. The output's sensitivity is 0.7 times that of the unit below it, at every
# step: an output of this kind can show what the state has, no more.
#
# </details>
#
# The fading is faster than $0.9^{t-1}$: as new inputs come in they push the unit towards
# saturation, and each slope below 1 costs. D2 puts it so: new inputs overwrite the old. Now a
# network of four hidden units and two outputs, held against (7) and against central differences.

# %%
# Four hidden units and two outputs
D, H, K, T = 2, 4, 2, 9
rng = np.random.default_rng(7)
net_4, x = stack(rnn_layer(D, H), dense_layer(H, K)), rng.normal(size=(T, 1, D))
layer, output = net_4.init(rng)
weights = (layer._replace(W=scale_to_spectral_radius(rng.normal(size=(H, H)), 0.9)), output)
hidden = input_sensitivity(net_4, weights, x, of="state[0]")[:, 0]  # (T, H)
shown = input_sensitivity(net_4, weights, x)[:, 0]  # (T, K)
_, _, cache = rnn_forward(weights[0], x)
first = (1 - cache.states[1, 0] ** 2)[:, None] * layer.U
rows = [state_jacobian(cache, 1, t)[0] @ first for t in range(1, T + 1)]  # (7)
print(f"hidden units against (7): {np.abs(np.linalg.norm(rows, axis=2) - hidden).max():.1e}")
nudges = 1e-6 * np.eye(T)[0][:, None, None] * np.eye(D)  # (T, D, D): x_1 of D sequences
up, down = (net_4.forward(weights, x + sign * nudges)[0] for sign in (1, -1))
rows = np.linalg.norm((up - down) / 2e-6, axis=1)
print(f"outputs against central differences: {np.abs(rows - shown).max():.1e}")

# %%
# The same as a picture
fig, (left, right) = plt.subplots(1, 2, figsize=(12, 3.8), width_ratios=(2, 1))
draw_sensitivity(left, hidden, shown)
draw_norms(right, hidden.max(axis=1), label="hidden units", colour=COLOURS.state)
draw_norms(right, shown.max(axis=1), label="outputs", colour=COLOURS.output)
right.set(xlabel="steps after the first", ylabel="largest sensitivity")
right.legend()
rate = np.polyfit(np.arange(T), np.log(hidden.max(axis=1)), 1)[0]
print(f"the most sensitive hidden unit loses a factor of {np.exp(rate):.2f} per step")
show(
    fig,
    alt="Left: nine steps of a network with four hidden units and two outputs; shades are dark "
    "at step 1 and have faded by step 6. Right: on a logarithmic axis the largest "
    "sensitivities fall along a nearly straight line.",
)

# %% [markdown]
# Nearly straight on a logarithmic axis: exponential decay, as D2's caption says. Lecture 8 will
# draw the same picture for an LSTM (figure 4.3), whose cell keeps its shade as long as a gate stays
# open.
#
# ## 9 Remedies
#
# ### Against explosion: clipping
#
# Where gradients explode, the loss has *cliffs*. Section 1's unit again, run for 50 steps from
# $h_0 = \tfrac12$, now with two free weights: $h_t = \sigma(w\,h_{t-1} + b)$ and
# $L = (h_{50} - 0.7)^2$. On the line $b = -w/2$ the unit rests on a knife's edge; a little above it
# runs up, a little below it runs down. There a nudge of $b$ grows like $(w/4)^{50}$: for $w = 5$,
# 70,000 times.
#
# D3 ends by announcing "approximations in BPTT". Two of them follow. The first, *clipping*, shortens
# a gradient that is longer than a limit, and keeps its direction (lecture 6, `clip_by_global_norm`).
#
# **Predict.** Gradient descent walks along the foot of a cliff until a step carries it onto the
# face. Where does the next step end, with clipping and without?


# %%
# A loss with a cliff
def cliff(theta, T=50):
    """Loss and gradient of the unit's last state; theta is (w, b)."""
    unit = RNNParams(np.zeros((1, 1)), theta[:1, None], theta[1:])
    h, last, cache = rnn_forward(
        unit, np.zeros((T, 1, 1)), np.full((1, 1), 0.5), activation="logistic"
    )
    error = last[0, 0] - 0.7
    d_unit = rnn_backward(np.zeros_like(h), cache, np.full((1, 1), 2 * error))[2]
    return error**2, np.array([d_unit.W[0, 0], d_unit.b[0]])


def descend(limit, updates, start=(4.5, -2.2), lr=0.25):
    """The path of gradient descent, and the length of each gradient before clipping."""
    path, lengths = [np.array(start)], []
    for _ in range(updates):
        gradient, length = clip_by_global_norm(cliff(path[-1])[1], limit)
        lengths.append(length)
        path.append(path[-1] - lr * gradient)
    return np.array(path), np.array(lengths)


for b in (-2.6, -2.501, -2.5, -2.4999, -2.4):
    loss, gradient = cliff(np.array([5.0, b]))
    print(f"w = 5, b = {b:7}: loss {loss:.3f}, gradient's length {np.linalg.norm(gradient):9.2f}")


# %%
# How to draw the surface
def surface(ax, w, b):
    """The loss over a rectangle of weights, as in `cliff`."""
    w, b = np.meshgrid(w, b)
    h = np.full_like(w, 0.5)
    for _ in range(50):
        h = 1 / (1 + np.exp(-(w * h + b)))
    levels = np.linspace(0, 0.45, 19)
    ax.set(xlabel="$w$", ylabel="$b$", xlim=(w.min(), w.max()), ylim=(b.min(), b.max()))
    return ax.contourf(w, b, (h - 0.7) ** 2, levels=levels, cmap=SEQUENTIAL)


# %%
# Over the cliff, and along it
fig, (wide, near, right) = plt.subplots(1, 3, figsize=(13, 3.8))
surface(wide, np.linspace(3.8, 6.4, 240), np.linspace(-3.1, 1.2, 240))
image = surface(near, np.linspace(4.25, 4.6, 240), np.linspace(-2.3, -2.05, 240))
fig.colorbar(image, ax=near, label="loss")
paths = ((np.inf, "no limit", COLOURS.state, "o-"), (0.2, "limit 0.2", COLOURS.accent, "s--"))
for limit, name, colour, mark in paths:
    path, lengths = descend(limit, updates=30)
    for ax in (wide, near):
        ax.plot(*path.T, mark, color=colour, ms=5, lw=1.5, mec="black", mew=0.5, label=name)
    losses = [cliff(theta)[0] for theta in path]
    right.semilogy(losses, mark, color=colour, ms=4, label=name)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    print(f"{name:9}: longest of the first ten gradients {lengths[:10].max():.1f},", end=" ")
    lowest = min(losses[-10:])
    print(f"longest step {steps.max():.2f}, lowest of the last ten losses {lowest:.4f}")
wide.set_title("one step from the face")
near.set_title("the cliff, seen closely")
wide.legend()
right.set(xlabel="update", ylabel="loss")
show(
    fig,
    alt="Left: a loss surface with a straight cliff between low and high ground; from its face "
    "one step without a limit leaps far away to a plateau. Middle: seen closely, the "
    "clipped path zigzags along the cliff. Right: without a limit the loss stays at 0.09 "
    "after step 8; with it the loss jumps between both sides of the cliff, and its low "
    "points are below 0.01.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Without a limit one step leaps more than 3 units away, onto a plateau. There the unit is
# saturated, its gradient has *vanished*, and it never comes back. With the limit no step is longer
# than 0.05. Descent zigzags across the face, as it must at a rate so large for a cliff, but it
# goes on.
#
# </details>
#
# Clipping bounds the damage of a step, not its direction, and it does nothing against vanishing: a
# short gradient stays as it is.
#
# ### Against long products: truncation
#
# Truncated BPTT (lecture 6, section 5) cuts the product (3): after $\tau$ steps nothing goes back. It cannot explode over
# more than $\tau$ steps, and it costs less. What is lost is all that lies beyond the cut, entirely.
#
# **Predict.** In the task of section 7 with lag 10, cut every 6 steps. What gradient arrives at the
# symbol?

# %%
# Behind the cut
ids, y = draw(np.random.default_rng(8), 10, 200)
layer = init_rnn(np.random.default_rng(9), SYMBOLS + DISTRACTORS + 1, UNITS)
one_hot = np.eye(SYMBOLS + DISTRACTORS + 1)[ids]  # (T, B, D)
h, h_T, cache = rnn_forward(layer, one_hot)
fig, ax = plt.subplots(figsize=(8, 2.8))
for tau, mark, colour in ((None, "o-", COLOURS.gradient), (6, "s--", COLOURS.neutral)):
    dx, _, dparams = rnn_backward(np.zeros_like(h), cache, np.ones_like(h_T), truncate=tau)
    arriving = np.median(np.linalg.norm(dx, axis=2), axis=1)
    name = "whole" if tau is None else f"cut every {tau} steps"
    ax.plot(range(1, len(ids) + 1), arriving, mark, color=colour, label=name)
    symbols = np.abs(dparams.U[:, :SYMBOLS]).max()  # weights that only the symbols use
    print(f"{name:17}: at the symbol {arriving[0]:.3g}, at most {symbols:.3g} for its weights")
ax.set(xlabel="step $t$", ylabel=r"$\|\partial L/\partial x_t\|$", xticks=range(1, len(ids) + 1))
ax.legend()
show(
    fig,
    alt="The gradient that arrives at each of 12 inputs. Whole, it reaches all of them; cut, it"
    " is the same for steps 7 to 12 and exactly 0 for steps 1 to 6.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# None, exactly. The weights by which a symbol comes in get a gradient of 0, so this network can
# learn nothing about symbols, however long it trains. Truncation makes vanishing official.
#
# </details>
#
# ### Against vanishing: a better start
#
# If $W$ is *orthogonal*, all its singular values are 1: it neither stretches nor shrinks, and only
# slopes below 1 make gradients vanish (Saxe, McClelland and Ganguli 2014). `init_rnn` starts so. A
# relative, of Le, Jaitly and Hinton (2015): $W = I$ with ReLU units,
# whose slope is exactly 1 wherever they are active.
#
# **Predict.** By how much does the gradient shrink in 40 steps: with an orthogonal $W$, and with
# $I$ and ReLU?

# %%
# Three starts
D, H, T, B = 4, 32, 40, 50
rng = np.random.default_rng(10)
x, (U, Q, b) = 0.1 * rng.normal(size=(T, B, D)), init_rnn(rng, D, H)
random = scale_to_spectral_radius(rng.normal(size=(H, H)), 0.5)
starts = {
    "random, ρ = ½, tanh": (random, "tanh"),
    "orthogonal, tanh": (Q, "tanh"),
    "identity, ReLU": (np.eye(H), "relu"),
}
fig, ax = plt.subplots(figsize=(8, 3.2))
colours = (COLOURS.state, COLOURS.input, COLOURS.output)
for (name, (W, activation)), colour in zip(starts.items(), colours, strict=True):
    _, _, cache = rnn_forward(RNNParams(U, W, b), x, activation=activation)
    norms = jacobian_norms(cache)
    draw_norms(ax, norms, label=name, colour=colour)
    print(f"{name:20}: median norm at lag 40 {np.median(norms[-1]):.1e}")
ax.legend()
show(
    fig,
    alt="Norms over 40 lags on a logarithmic axis: the random start falls in a straight line to"
    " 1e-12, the orthogonal one only a little below 1, and identity with ReLU stays at 1.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Hardly, for weak inputs, with an orthogonal $W$; with $I$ and ReLU not at all, as long as one unit
# is active throughout.
#
# </details>
#
# Does the better start help in the task? The same network, the same 300 updates, but $W$ begins
# orthogonal.
#
# **Predict.** Up to which lag will it learn now?

# %%
# Lags and an orthogonal start
better = np.array([[attempt(lag, seed) for seed in seeds] for lag in lags])
for lag, right in zip(lags, better, strict=True):
    spread = f"{right.min():.2f} to {right.max():.2f}"
    print(f"orthogonal, lag {lag:2}: right {right.mean():.2f} on average, {spread}")
fig, ax = plt.subplots(figsize=(7, 3))
draw_success(ax, small, r"random, $\rho = \frac{1}{2}$", COLOURS.state, "o")
draw_success(ax, better, "orthogonal", COLOURS.input, "s")
ax.axhline(1 / SYMBOLS, color=COLOURS.neutral, ls=":", label="guessing")
ax.legend()
show(
    fig,
    alt="With the orthogonal start all seeds are right up to lag 10 and nearly all at lag 20, "
    "where the random start guesses; at lag 40 both are near the dotted line of guessing.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Up to about 20; the wall has moved, and it is still there. A start is only a start: training moves
# $W$, and units that hold something are saturated units, with small slopes.
#
# </details>
#
# ### Against vanishing: gates
#
# What if there were a road without $\varphi'$ and $W$ in it? Lecture 8 gives the network a *cell*
# with $c_t = f_t * c_{t-1} + \dots$. Along it the factor per step is the gate $f_t$, which the
# network itself can set close to 1, and near 0 to forget on purpose. The product is still a
# product: with $f_t < 1$ vanishing is slowed, not abolished.
#
# ## Check yourself
#
# **1.** A tanh network has $W = \begin{bmatrix} 0 & 3 \\ 0 & 0 \end{bmatrix}$. What are $\rho$,
# $\lambda$, the bound on $\lVert\partial h_2/\partial h_0\rVert$, and that norm itself?
#
# <details><summary>Answer</summary>
#
# $\rho = 0$ and $\lambda = 3$; the bound is $3^2 = 9$. The norm is 0: in $J_2 J_1$ the second unit
# acts on the first and the first on nobody, so two steps lead nowhere, whatever the slopes.
#
# </details>
#
# **2.** A logistic network has $\lambda = 3.9$. Can its gradients explode? And with $\lambda =
# 4.1$?
#
# <details><summary>Answer</summary>
#
# With 3.9 they cannot: $\gamma\lambda = 0.975 < 1$, though 40 steps may still leave more than a
# third. With 4.1 the bound is silent. They could: with $W = 4.1\,I$ they do, as long as all
# units stay near $z = 0$.
#
# </details>
#
# **3.** "My gradients have a healthy length, so nothing vanishes." What do you answer?
#
# <details><summary>Answer</summary>
#
# The length of $\partial L/\partial W$ is mostly that of the terms from the last steps. Look at
# $\lVert\partial L/\partial h_k\rVert$ over $k$.
#
# </details>

# %%
# The answers, checked
W = np.array([[0.0, 3.0], [0.0, 0.0]])
two = RNNParams(np.eye(2), W, np.zeros(2))
_, _, cache = rnn_forward(two, np.random.default_rng(11).normal(size=(2, 1, 2)))
print(f"1: ρ = {spectral_radius(W):.0f}, λ = {spectral_norm(W):.0f},", end=" ")
print(f"bound {jacobian_bound(W, 'tanh', 2):.0f}, norm {jacobian_norms(cache)[2, 0]:.0f}")
left = [jacobian_bound(lam * np.eye(2), "logistic", 40) for lam in (3.9, 4.1)]
print(f"2: after 40 steps at most {left[0]:.2f}, and {left[1]:.2f}")

# %% [markdown]
# ## Summary
#
# - $\partial h_t/\partial h_k = J_t \cdots J_{k+1}$ with $J_j =
#   \operatorname{diag}(\varphi'(z_j))\,W$: the latest factor leftmost, slopes at $z_j$, nothing
#   commutes.
# - Its 2-norm is at most $(\gamma\lambda)^{t-k}$, with $\lambda$ the largest *singular* value.
#   Eigenvalues bound nothing on the way.
# - $\gamma\lambda < 1$ suffices for vanishing. $\gamma\lambda > 1$ is necessary for exploding, not
#   sufficient.
# - Vanishing does not make the gradient of $W$ small, it makes it short-sighted.
# - Clipping tames cliffs. Truncation gives up what lies behind the cut. Orthogonal starts move the
#   wall; gates give the network control over the factor.
#
# **What comes next.** In [problem set 4](../assignments/ps4_gradients/ps4_gradients.ipynb) you
# write `step_jacobian` and `state_jacobian`, the bound and what it proves (`jacobian_bound`,
# `verdict`), `scale_to_spectral_radius`, and two instruments of your own: `gradient_profile` and
# `mean_log_gain`. [Lecture 8](08_lstm_and_gru.ipynb) builds a network with gates, and runs it on the
# task of section 7.
