# %% [markdown]
# # Problem set 3: back through time, and a model that writes
#
# A recurrent network uses the same few weights at every step. When it errs at step 40, which of
# their forty uses is to blame? In this set you send the question back through time: with one unit
# and pencil-and-paper numbers, then with matrices, then for a network that reads letters and
# guesses the next one. At the end your own functions train it on a real text, and it writes.
#
# **When you are through, you can**
#
# - send a gradient back through an unrolled network, step by step;
# - say how much each single use of a weight contributes to a gradient;
# - write backpropagation through time for whole minibatches, as products of matrices;
# - build the loss of a character model, with texts of unequal lengths;
# - cut, shorten and follow gradients: truncation, clipping, two ways to take a step;
# - train a language model from nothing but functions of your own, and let it write.
#
# The set belongs to **lecture 5** (backpropagation through time; exercises 1 to 4) and
# **lecture 6** (a character-level language model; exercises 5 to 10). It is long: take two or three
# sittings. Exercises 1 to 3 make a good first one.
#
# | | exercise | topic | points | minutes |
# |:--|:--|:--|--:|--:|
# | 1 | `bptt_scalar` | back through time with one unit | 15 | 40 |
# | 2 | `explicit_terms` | through which of its uses does a weight act? | 10 | 25 |
# | 3 | `rnn_backward` | many units, many sequences | 20 | 60 |
# | 4 | `char_loss` | a character model, and texts of unequal lengths | 20 | 45 |
# | 5 | `truncated_bptt` | cut after every $\tau$ steps | 10 | 30 |
# | 6 | | what crosses the border? In your own words | 5 | 15 |
# | 7 | `clip_by_global_norm` | gradients that are too long | 5 | 10 |
# | 8 | `sgd_step`, `adagrad_step` | two ways to take a step | 2 + 3 | 10 |
# | 9 | `sample` | the model writes | 5 | 20 |
# | 10 | `trained_model` | your functions learn to spell | 5 | 20 |
# | | | **together** | **100** | **275** |
#
# Exercises 7 to 9 do not need the ones before them.

# %% [markdown]
# ## How to work
#
# - **Write.** Each exercise ends in a cell with a function that is not written yet. Put your code
#   in the place of `# YOUR CODE HERE` and `raise NotImplementedError()`, and run the cell.
# - **Check.** Run the cell below it, as often as you like: it costs nothing. It says what holds
#   and what does not, and often which mistake it is. (If it does not come back, a loop of yours
#   does not end: interrupt it by ■ in the toolbar.) If there is a hint, it is folded below the
#   verdict: click on it. (In a cell of your own you can also write
#   `check("bptt_scalar", bptt_scalar, hint=True)`.)
# - **Points.** All of them if every case holds; half if only a special case fails (a single step,
#   a single sequence, a single unit …), or if your answer is right in another convention. When
#   your work is graded, the same cases are tried with other random numbers. Each function counts
#   for itself: if it only fails because it calls an earlier one of yours that is wrong, it is
#   tried again with a right one.
# - **Leave the arguments as they are.** A function that changes an array it was given is wrong,
#   even if it returns the right numbers.
# - **Hand in.** Choose *Restart Kernel and Run All Cells* in the menu *Kernel*, look over the
#   checks once more, save, and hand in this file alone. Add cells wherever you like; leave the
#   given ones in their place.
#
# Run this cell first.

# %% locked="setup"
import matplotlib.pyplot as plt
import numpy as np

from rnnref.course import checker
from rnnref.course.plots import COLOURS, draw_terms, show
from rnnref.course.tasks import character_batches
from rnnref.course.training import character_data, train_characters

check = checker("ps3_bptt")

# %% [markdown]
# ## Names and shapes
#
# Time comes first, then the sequences of a minibatch, then the units. Formulas count time steps
# from 1, arrays from 0: $x_1$ is `x[0]`, and $h_0$ has no place in the array of states, it is an
# argument of its own. All arrays are `float64`, apart from ids.
#
# | | | one unit (exercises 1, 2) | minibatch (3, 4) | one sequence (5, 9) |
# |:--|:--|:--|:--|:--|
# | $x_t$ | input | `x` (T,) | `X` (T, B, D) | |
# | | input as the number of a letter | | `ids` (T, B) | `ids` (T,) |
# | $z_t$ | pre-activation | (T,) | (T, B, H) | (T, H) |
# | $h_t$; $h_0$ | state; the one before the first input | (T,); a number | `H` (T, B, H); (B, H) | (T, H); (H,) |
# | $r_t$; $o_t$ | scores: the output before its last function | $r$ (T,) | $o$ (T, B, K) | $o$ (T, K) |
# | $y_t$; $\hat y_t$ | output of the one unit; probabilities | $y$ (T,) | $\hat y$ (T, B, K) | $\hat y$ (T, K) |
# | $y^*_t$; target | what the output should be; the number of the right letter | `target` (T,) | `targets` (T, B) | `targets` (T,) |
# | $U$, $W$ | input → hidden; hidden → hidden, one step later | numbers $u$, $w$ | (H, D), (H, H) | (H, K), (H, H) |
# | $V$ | hidden → output | number $v$ | (K, H) | (K, H) |
# | $b$, $c$ | biases of the hidden units and of the output | none | (H,), (K,) | (H,), (K,) |
#
# There are $T$ steps, $B$ sequences, $D$ inputs, $H$ hidden units and $K$ letters. Where letters
# are read, $D = K$. (`H` is a number in a shape, and the array of all states in the code.)
#
# $L$ is the loss, one number, summed over the steps. A bar is a gradient, as in lecture 5:
# $\bar z_t = \partial L / \partial z_t$ says how $L$ changes with $z_t$ by *all* ways on which $z_t$
# acts on it, now and later. In code it is `z_bar` in exercise 1 and `dz` from exercise 3 on. It has
# the shape of what it belongs to. And $\ast$ multiplies entry by entry.
#
# The hidden units are tanh throughout. Its slope is at hand as soon as its value is:
#
# $$\tanh'(z) = 1 - \tanh^2(z) = 1 - h^2 \quad\text{where } h = \tanh(z).$$
#
# <details>
# <summary>In the margin: the same things in the slides</summary>
#
# | here | D0 | D2 | D3 | D4 |
# |:--|:--|:--|:--|:--|
# | $x_t$, $h_t$ | $x^{(t)}$, $h^{(t)}$ | $x_i^t$, $b_h^t$ | $x_t$, $h_t$ (later $s_t$) | $x_t$, $s_t$ |
# | $z_t$ | $z^{(t)}$ | $a_h^t$ | $a_j$ | – |
# | $r_t$, $y_t$ of exercise 1 | $r^{(t)}$, $y^{(t)}$ | – | – | – |
# | $o_t$ | $r^{(t)}$ | $a_k^t$ | – | – |
# | $\hat y_t$ | $y^{(t)}$ | – | $o_t$ | $o_t$ |
# | $U$, $W$, $V$ | $u$, $w$, $v$ | $w_{ih}$, $w_{h'h}$, $w_{hk}$ | $U$, $W$, $V$ | $U$, $W$, $V$ |
# | $L$ | $\mathcal{L}$ | $O$ | $\mathbb{L}_t$, summed | $L$ |
# | $\bar z_t$ | $\bar z^{(t)}$ | $\delta_h^t$ | – | – |
#
# </details>

# %% [markdown]
# ## 1 One unit, back through time &nbsp; [15 points; 40 minutes]
#
# The smallest recurrent network that has all the difficulties: one hidden unit, one output unit,
# both tanh, and a target at every step.
#
# $$z_t = u\,x_t + w\,h_{t-1}, \qquad h_t = \tanh(z_t) \tag{1}$$
#
# $$r_t = v\,h_t, \qquad y_t = \tanh(r_t) \tag{2}$$
#
# $$L = \tfrac12 \sum_{t=1}^{T} (y_t - y^*_t)^2 \tag{3}$$
#
# ```text
#                           y_1                      y_2
#                            ▲ tanh                   ▲ tanh
#                           r_1                      r_2
#                            ▲ v                      ▲ v
#  h_0 ──w──▶ z_1 ──tanh──▶ h_1 ──w──▶ z_2 ──tanh──▶ h_2 ──w──▶ …
#              ▲ u                      ▲ u
#             x_1                      x_2
# ```
#
# Unrolled, it is a network like that of problem set 2, and the same rules bring a gradient back:
# walk against the arrows, and where several arrows *leave* a node, add up what comes back along
# them. Two leave $h_t$, one to $r_t$ and one to $z_{t+1}$. So $\bar h_t$ needs something of step
# $t + 1$, and the loop runs from $t = T$ down to 1. Beyond the end there is nothing:
# $\bar z_{T+1} = 0$.
#
# Each weight stands on $T$ arrows, and adds up what reaches it on all of them.
#
# | | `x`, `target` | `u`, `w`, `v`, `h0` | `y_bar`, `r_bar`, `h_bar`, `z_bar` | `u_bar`, `v_bar`, `w_bar` |
# |:--|:--|:--|:--|:--|
# | shape | (T,) | numbers | (T,) | numbers |
#
# Return a dict with these seven names. (So the check can tell you the *first* of them that is
# wrong.)
#
# **By hand.** $x = (1, -0.5)$, $y^* = (-0.9, 0.9)$, $u = 0.6$, $w = 0.9$, $v = 1.2$, $h_0 = 0.5$.
# Forwards:
#
# | $t$ | $z_t$ | $h_t$ | $r_t$ | $y_t$ |
# |--:|--:|--:|--:|--:|
# | 1 | $0.6 \cdot 1 + 0.9 \cdot 0.5 = 1.05$ | 0.7818 | 0.9382 | 0.7344 |
# | 2 | $0.6 \cdot (-0.5) + 0.9 \cdot 0.7818 = 0.4036$ | 0.3830 | 0.4597 | 0.4298 |
#
# Backwards, from right to left in time:
#
# | $t$ | $\bar y_t$ | $\bar r_t$ | $\bar h_t$ | $\bar z_t$ |
# |--:|--:|--:|--:|--:|
# | 2 | $0.4298 - 0.9 = -0.4702$ | −0.3833 | −0.4600 | −0.3925 |
# | 1 | $0.7344 + 0.9 = 1.6344$ | 0.7529 | 0.5503 | 0.2139 |
#
# (All numbers are rounded.) At step 1 the two arrows disagree: $0.9035$ comes from the output of
# the same step, for which $h_1$ should be smaller, and $-0.3533$ from the next step, for which it
# should be larger. And the weights get $\bar u = 0.4102$, $\bar v = 0.4418$ and $\bar w = -0.1999$.
#
# <details>
# <summary>In the margin: the backward pass of D0, and a slip to find</summary>
#
# D0 has the unit of (1) and (2), with any function $\phi$ in the place of tanh, and any loss:
#
# $$\bar r^{(t)} = \bar y^{(t)} \phi'(r^{(t)}), \qquad
#   \bar h^{(t)} = \bar r^{(t)} v + \bar z^{(t+1)} w, \qquad
#   \bar z^{(t)} = \bar h^{(t)} \phi'(z^{(t)}),$$
#
# $$\bar u = \sum_{t=1}^{T} \bar z^{(t)} x^{(t)}, \qquad
#   \bar v = \sum_{t=1}^{T} \bar r^{(t)} h^{(t)}, \qquad
#   \bar w = \sum_{t=2}^{T} \bar z^{(t+1)} h^{(t)}.$$
#
# **Find the slip** in the last sum: what is it for the numbers above?
#
# <details>
# <summary>Answer</summary>
#
# For $T = 2$ the sum has one term, $\bar z_3 h_2 = 0$, as if $w$ did not matter at all. Both terms of
# $\bar w = -0.1999$ are lost. Lecture 5 has the right sum, and a picture of what this one loses.
#
# </details>
#
# </details>


# %% solution="bptt_scalar"
def bptt_scalar(x, target, u, w, v, h0=0.0):
    """All gradients of a network with one hidden unit, equations (1) to (3).

    Parameters
    ----------
    x : ndarray, shape (T,)
        Inputs x_1 … x_T.
    target : ndarray, shape (T,)
        What the outputs should be.
    u, w, v : float
        Weights into, round and out of the hidden unit.
    h0 : float, default 0
        State before the first input.

    Returns
    -------
    dict
        "y_bar", "r_bar", "h_bar", "z_bar": ndarray, shape (T,), the gradient of L with respect to
        y_t, r_t, h_t and z_t at each step; "u_bar", "v_bar", "w_bar": float, with respect to the
        weights.

    Examples
    --------
    >>> bars = bptt_scalar(np.array([1.0, -0.5]), np.array([-0.9, 0.9]), 0.6, 0.9, 1.2, h0=0.5)
    >>> bars["h_bar"].round(4), bars["z_bar"].round(4)
    (array([ 0.5503, -0.46  ]), array([ 0.2139, -0.3925]))
    >>> [round(float(bars[name]), 4) for name in ("u_bar", "v_bar", "w_bar")]
    [0.4102, 0.4418, -0.1999]
    """
    ### BEGIN SOLUTION
    T = len(x)
    h = np.zeros(T + 1)  # h[t] is h_t here, from h_0
    h[0] = h0
    for t in range(1, T + 1):
        h[t] = np.tanh(u * x[t - 1] + w * h[t - 1])  # (1)
    before, h = h[:-1], h[1:]  # h_{t−1} and h_t, both (T,)
    y = np.tanh(v * h)  # (2)

    y_bar = y - target  # (3), backwards
    r_bar = y_bar * (1.0 - y**2)  # (2), backwards
    h_bar, z_bar = np.zeros(T), np.zeros(T)
    from_later = 0.0  # what z_{t+1} sends back to h_t; nothing to h_T
    for t in reversed(range(T)):
        h_bar[t] = v * r_bar[t] + from_later
        z_bar[t] = h_bar[t] * (1.0 - h[t] ** 2)  # (1), backwards
        from_later = w * z_bar[t]
    return {
        "y_bar": y_bar,
        "r_bar": r_bar,
        "h_bar": h_bar,
        "z_bar": z_bar,
        "u_bar": np.sum(z_bar * x),
        "v_bar": np.sum(r_bar * h),
        "w_bar": np.sum(z_bar * before),
    }
    ### END SOLUTION


# %% test="bptt_scalar" points=15
check("bptt_scalar", bptt_scalar)

# %% [markdown]
# ## 2 One term for each use &nbsp; [10 points; 25 minutes]
#
# $\bar w$ tells how much $w$ matters, but not *when* it mattered. Take one state at the end, $h_T$
# of the unit (1), and ask how it depends on $w$. $h_t$ does so in two ways: *explicitly*, because
# $w$ stands in $z_t$, and *implicitly*, because $w$ has made $h_{t-1}$ what it is:
#
# $$\frac{\partial h_t}{\partial w} = \frac{\partial^+ h_t}{\partial w}
# + \frac{\partial h_t}{\partial h_{t-1}} \frac{\partial h_{t-1}}{\partial w},
# \qquad \frac{\partial h_0}{\partial w} = 0 \tag{4}$$
#
# The $^+$ marks the explicit part: $w$ varies in step $t$ alone, and $h_{t-1}$ is held still like a
# constant. Put (4) into itself again and again, and a sum is left with one term for each use of
# $w$:
#
# $$\frac{\partial h_T}{\partial w} = \sum_{k=1}^{T}
# \underbrace{\frac{\partial h_T}{\partial h_k} \frac{\partial^+ h_k}{\partial w}}_{\text{term } k},
# \qquad \frac{\partial h_T}{\partial h_k} = \prod_{j=k+1}^{T} \frac{\partial h_j}{\partial h_{j-1}}
# \tag{5}$$
#
# (The product is 1 for $k = T$.) Return the terms themselves, that of $k = 1$ first.
#
# | | `x` | `u`, `w`, `h0` | result |
# |:--|:--|:--|:--|
# | shape | (T,) | numbers | (T,) |
#
# **By hand.** $x = (1, -0.5, 2)$, $u = 0.6$, $w = 0.9$, $h_0 = 0.5$:
#
# | $k$ | $h_{k-1}$ | $h_k$ | $1 - h_k^2$ | term $k$ |
# |--:|--:|--:|--:|--:|
# | 1 | 0.5 | 0.7818 | 0.3888 | 0.0224 |
# | 2 | 0.7818 | 0.3830 | 0.8533 | 0.1000 |
# | 3 | 0.3830 | 0.9129 | 0.1666 | $0.1666 \cdot 0.3830 = 0.0638$ |
#
# Their sum is $0.1862$. Is it right? Ask the network: with $w = 0.91$ in the place of $0.9$, $h_3$
# is $0.91477$ in the place of $0.91291$. That is $0.0019$ more, for a $w$ that is $0.01$ larger.
#
# <details>
# <summary>In the margin: the same sum in the slides</summary>
#
# D3 derives (4) and (5) for a matrix $W$ and $h_t = f(W h_{t-1} + U x_t)$, up to $t = 3$. Then the
# $^+$ gets lost on some slides. **What is so bad about that?** In the example
# $\partial h_1 / \partial w$ counts three times and the second term twice, for
# $\partial h_2 / \partial w$ contains the uses of steps 1 *and* 2: the sum would be $0.3310$.
#
# </details>


# %% solution="explicit_terms"
def explicit_terms(x, u, w, h0=0.0):
    """What each single use of w adds to ∂h_T/∂w, the terms of equation (5).

    Parameters
    ----------
    x : ndarray, shape (T,)
        Inputs x_1 … x_T.
    u, w : float
        Weights into and round the tanh unit.
    h0 : float, default 0
        State before the first input.

    Returns
    -------
    ndarray, shape (T,)
        Entry k − 1 is ∂h_T/∂h_k · ∂⁺h_k/∂w.

    Examples
    --------
    >>> terms = explicit_terms(np.array([1.0, -0.5, 2.0]), u=0.6, w=0.9, h0=0.5)
    >>> terms.round(4)
    array([0.0224, 0.1   , 0.0638])
    """
    ### BEGIN SOLUTION
    T = len(x)
    h = [h0]
    for t in range(T):
        h.append(np.tanh(u * x[t] + w * h[t]))

    terms = np.zeros(T)
    to_the_end = 1.0  # ∂h_T/∂h_k, which grows by a factor at each step back
    for k in range(T, 0, -1):
        slope = 1.0 - h[k] ** 2
        terms[k - 1] = to_the_end * slope * h[k - 1]  # the explicit part: w multiplies h_{k−1}
        to_the_end *= slope * w  # ∂h_k/∂h_{k−1}
    return terms
    ### END SOLUTION


# %% test="explicit_terms" points=10
check("explicit_terms", explicit_terms)

# %% [markdown]
# ## 3 Many units, many sequences &nbsp; [20 points; 60 minutes]
#
# Now the real thing, for any network whose hidden units are
#
# $$h_t = \tanh(z_t), \qquad z_t = U x_t + W h_{t-1} + b, \tag{6}$$
#
# whatever sits on top of them. All that your function needs to know of the loss is what each
# step's *own* loss $L_t$ says about $h_t$, without the detour over later steps. Call it
# $g_t = \partial L_t / \partial h_t$; in the code it is `dH[t]`. For one sequence, with columns as
# in mathematics,
#
# $$\bar h_t = g_t + W^\top \bar z_{t+1}, \qquad \bar z_t = \bar h_t \ast (1 - h_t \ast h_t),
# \qquad \bar z_{T+1} = 0 \tag{7}$$
#
# $$\bar U = \sum_{t=1}^{T} \bar z_t\, x_t^\top, \qquad \bar W = \sum_{t=1}^{T} \bar z_t\, h_{t-1}^\top,
# \qquad \bar b = \sum_{t=1}^{T} \bar z_t \tag{8}$$
#
# It is your part to go from columns to minibatches, where each sequence is a *row*, and to find
# $\bar x_t$ and $\bar h_0$ by the same rules. A network below this one would need the first, and
# whoever chose the first state the second.
#
# | | `dH` | `X` | `H` | `h0` | `U`, `W` | `dX`, `dh0`, `dU`, `dW` | `db` |
# |:--|:--|:--|:--|:--|:--|:--|:--|
# | shape | (T, B, H) | (T, B, D) | (T, B, H) | (B, H) | (H, D), (H, H) | as `X`, `h0`, `U`, `W` | (H,) |
#
# - The weights are shared by all steps *and* by all sequences: their gradients are sums over both.
#   Nothing is divided by anything.
# - The states `H` are given, as a forward pass has left them. You need no $b$, and no second forward
#   pass.
#
# **By hand.** One sequence of two steps, one input, two units. The input goes to unit 0 only, and
# unit 1 hears unit 0 only, one step later. Only the second step has a loss, and it looks at unit 1:
#
# $$U = \begin{pmatrix} \ln 3 \\ 0 \end{pmatrix},\quad
# W = \begin{pmatrix} 0 & 0 \\ \ln 3 & 0 \end{pmatrix},\quad
# x = (0.5,\; 0),\quad
# h_0 = \begin{pmatrix} 0 \\ 0 \end{pmatrix},\;
# h_1 = \begin{pmatrix} 0.5 \\ 0 \end{pmatrix},\;
# h_2 = \begin{pmatrix} 0 \\ 0.5 \end{pmatrix};\quad
# g_1 = \begin{pmatrix} 0 \\ 0 \end{pmatrix},\;
# g_2 = \begin{pmatrix} 0 \\ 1 \end{pmatrix}$$
#
# ($b = 0$; and $\tanh(\tfrac12 \ln 3) = 0.5$, that is how the states come to be so round.) The
# question goes from unit 1 at step 2 to unit 0 at step 1, the way by which the input came:
#
# $$\bar z_2 = \begin{pmatrix} 0 \\ 0.75 \end{pmatrix},\quad
# \bar h_1 = \begin{pmatrix} 0.824 \\ 0 \end{pmatrix},\quad
# \bar z_1 = \begin{pmatrix} 0.618 \\ 0 \end{pmatrix};\qquad
# \bar U = \begin{pmatrix} 0.309 \\ 0 \end{pmatrix},\quad
# \bar W = \begin{pmatrix} 0 & 0 \\ 0.375 & 0 \end{pmatrix},\quad
# \bar b = \begin{pmatrix} 0.618 \\ 0.75 \end{pmatrix}$$
#
# and $\bar x_1 = 0.679$, $\bar x_2 = 0$, $\bar h_0 = 0$. If your $\bar h_1$ is zero, $W$ works the
# wrong way round on your way back.
#
# <details>
# <summary>No idea how rows and columns change places?</summary>
#
# In a minibatch the columns of (7) lie as rows in an array (B, H). Transposing a product turns its
# factors round: the rows of $(W^\top \bar z)^\top = \bar z^\top W$ come from a product of (B, H) with
# (H, H). And a sum of products like $\bar z\, x^\top$ over all rows $i$ has the entries
# $\sum_i \bar z_{ij} x_{ik}$: which axis do the two factors share, and which product of matrices
# adds up over that axis?
#
# </details>
#
# <details>
# <summary>Want to check it yourself, as you will have to outside this course?</summary>
#
# Take your `find_wrong_gradients` from problem set 2. Write a forward pass of (6), choose a random
# array `G` of the shape of `H`, and let the loss be `np.sum(G * H)`. Then `dH` is `G` itself.
#
# </details>
#
# <details>
# <summary>In the margin: the same equations in the slides</summary>
#
# D2 has (7) for one unit $h$ at a time, with all its sums, and a loss $O$ that reaches it through
# the outputs $k$; the first sum is our $g_t$:
#
# $$\delta_h^t = \theta'(a_h^t) \Bigl( \sum_{k=1}^{K} \delta_k^t\, w_{hk}
#   + \sum_{h'=1}^{H} \delta_{h'}^{t+1}\, w_{hh'} \Bigr), \qquad \delta_j^{T+1} = 0, \qquad
#   \frac{\partial O}{\partial w_{ij}} = \sum_{t=1}^{T} \delta_j^t\, b_i^t.$$
#
# Its weights are (from, to), ours (to, from). The last sum is meant for all weights to and from
# the hidden units. **Find the slip:** for which of them must $b_i$ be that of another step?
# (For the recurrent ones, $b_i^{t-1}$: see (8).) D4 goes the same way with $L = \sum_t o_t$ and
# logistic units, for numbers, and leaves the matrices to you.
#
# </details>


# %% solution="rnn_backward"
def rnn_backward(dH, X, H, h0, U, W):
    """Backpropagation through time for a layer of tanh units, equations (6) to (8).

    Parameters
    ----------
    dH : ndarray, shape (T, B, H)
        ∂L_t/∂h_t: what each step's own loss sends, not what comes back from later steps.
    X : ndarray, shape (T, B, D)
        Inputs.
    H : ndarray, shape (T, B, H)
        States h_1 … h_T, from the forward pass.
    h0 : ndarray, shape (B, H)
        States before the first input.
    U : ndarray, shape (H, D)
        Weights from the inputs.
    W : ndarray, shape (H, H)
        Weights from the states one step before.

    Returns
    -------
    dX : ndarray, shape (T, B, D)
        Gradient with respect to the inputs.
    dh0 : ndarray, shape (B, H)
        Gradient with respect to the first states.
    dU, dW, db : ndarray, shapes (H, D), (H, H), (H,)
        Gradients with respect to weights and bias, summed over steps and sequences.

    Examples
    --------
    >>> U, W = np.array([[np.log(3)], [0.0]]), np.array([[0.0, 0.0], [np.log(3), 0.0]])
    >>> X, H = np.array([[[0.5]], [[0.0]]]), np.array([[[0.5, 0.0]], [[0.0, 0.5]]])
    >>> dH = np.array([[[0.0, 0.0]], [[0.0, 1.0]]])
    >>> dX, dh0, dU, dW, db = rnn_backward(dH, X, H, np.zeros((1, 2)), U, W)
    >>> dX.round(3)
    array([[[0.679]],
    <BLANKLINE>
           [[0.   ]]])
    >>> dW.round(3)
    array([[0.   , 0.   ],
           [0.375, 0.   ]])
    """
    ### BEGIN SOLUTION
    dX = np.zeros_like(X)
    dU, dW, db = np.zeros_like(U), np.zeros_like(W), np.zeros(len(W))
    from_later = np.zeros_like(h0)  # W^T dz_{t+1}, as rows; nothing at t = T
    for t in reversed(range(len(X))):
        before = H[t - 1] if t > 0 else h0
        dh = dH[t] + from_later  # (7)
        dz = dh * (1.0 - H[t] ** 2)
        dX[t] = dz @ U
        dU += dz.T @ X[t]  # (8); the product adds up over the sequences
        dW += dz.T @ before
        db += dz.sum(axis=0)
        from_later = dz @ W
    return dX, from_later, dU, dW, db
    ### END SOLUTION


# %% test="rnn_backward" points=20
check("rnn_backward", rnn_backward)

# %% [markdown]
# ## 4 What is the next letter? &nbsp; [20 points; 45 minutes]
#
# The network reads a letter and says how likely each of $K$ letters is to come next. It reads
# *hell*, and should have said *ello*. Letters have the numbers $0, \dots, K - 1$, and the input
# $x_t$ is the one-hot vector of a letter: a 1 at its number, zeros elsewhere. So $U x_t$ is simply
# a column of $U$. The states are those of (6), and on top of them
#
# $$o_t = V h_t + c, \qquad \hat y_t = \operatorname{softmax}(o_t),
# \qquad \hat y_{t,k} = \frac{e^{o_{t,k}}}{\sum_{j} e^{o_{t,j}}} \tag{9}$$
#
# The loss of a step is $-\ln$ of the probability that the right letter was given. Texts differ in
# length, the columns of an array do not. So short texts are filled up with any letters, the
# *padding*, and `weights` tells what is what: $m_{ti}$ is 1 where step $t$ of text $i$ is real, and
# 0 where it is padding. (These are weights of *losses*; the network's weights are another matter.)
#
# $$L = \frac1B \sum_{i=1}^{B} \sum_{t=1}^{T} m_{ti} \cdot \left( -\ln \hat y_{ti}[\text{target}_{ti}] \right) \tag{10}$$
#
# Return $L$, its five gradients, and the state after step $T$.
#
# | | `ids`, `targets` | `weights` | `h0`, `hT` | `U`, `W`, `V` | `b`, `c` | gradients |
# |:--|:--|:--|:--|:--|:--|:--|
# | shape | (T, B), whole numbers | (T, B), 0.0 or 1.0 | (B, H) | (H, K), (H, H), (K, H) | (H,), (K,) | as what they belong to |
#
# - $L$ is divided by $B$, the number of texts, whatever is padded; and so are the gradients.
# - `weights` multiply losses, nothing else. The network runs on through the padding, which holds
#   letters like any other, and `hT` is its state after the last step of the array. The zeros may
#   stand anywhere, not only at the end.
# - A letter may occur twice within a step, in two texts. Mind that `dU[:, ids[t]] += …` writes each
#   column only once then.
# - A network may be sure and wrong: at a probability of $e^{-30}$ the loss is 30.
#
# For a single loss, lecture 5 has $\bar o = \hat y - y$, where $y$ is the target as a one-hot
# vector. What do $m_{ti}$ and $B$ make of it in (10)? After that, `rnn_backward` does the rest, and
# you may call yours.
#
# **By hand.** The alphabet *h e l o* and a network that knows nothing: all parameters and $h_0$ are
# zero. Each letter gets the probability ¼, so each real step costs $\ln 4 = 1.386$. Two texts, one
# of them short:
#
# | $t$ | text 0 reads | … and should say | text 1 reads | … and should say | `weights[t]` |
# |--:|:--|:--|:--|:--|:--|
# | 1 | h | e | h | e | 1, 1 |
# | 2 | e | l | e | l | 1, 1 |
# | 3 | l | l | (h) | (h) | 1, 0 |
# | 4 | l | o | (h) | (h) | 1, 0 |
#
# There are six real steps and two texts, so $L = 6 \ln 4 \,/\, 2 = 4.159$. All gradients are
# zero but one:
#
# $$\bar c = \tfrac12 \left( \tfrac64 - 0,\; \tfrac64 - 2,\; \tfrac64 - 3,\; \tfrac64 - 1 \right)
# = (0.75,\; -0.25,\; -0.75,\; 0.25)$$
#
# what was said, minus what should have been said. So the first thing that this network learns is
# how often each letter occurs.
#
# (The demo of D4 has 93 letters and 25 steps. Its loss begins at $25 \ln 93 = 113.31$: now you
# know why.)
#
# <details>
# <summary>No idea where to begin?</summary>
#
# 1. A loop over the steps for the states, and *all* of them kept, (T, B, H).
# 2. Scores and probabilities for all steps at once, (T, B, K); the loss.
# 3. $\bar o$ for all steps, (T, B, K): what does a step send that does not count?
# 4. From $\bar o$ to $\bar V$, $\bar c$, and to each step's $g_t$, the `dH` of `rnn_backward`.
# 5. Its `X` are the one-hot vectors, (T, B, K). One row of `np.eye(K)` is one of them.
#
# </details>
#
# > **In the margin.** D3 has the loss without padding, $\frac1N \sum_i \sum_t$, for sequences of
# > unequal lengths: the inner sum ends where the sequence ends, and $N$ is our $B$. The mask of
# > lecture 5 also held the state still in the padding; here the state runs on. If all padding stands
# > at the ends of the texts, which of the returned values would differ?
# >
# > <details>
# > <summary>Answer</summary>
# >
# > `hT` alone. No loss that counts comes after the padding, so nothing else depends on the state
# > in it.
# >
# > </details>


# %% solution="char_loss"
def char_loss(ids, targets, weights, h0, U, W, V, b, c):
    """Loss of a character model, equations (6), (9) and (10), and its gradients.

    Parameters
    ----------
    ids : ndarray of int, shape (T, B)
        The letters that are read, 0 … K − 1.
    targets : ndarray of int, shape (T, B)
        The letters that should be predicted, 0 … K − 1.
    weights : ndarray, shape (T, B)
        1.0 where a loss counts, 0.0 where the step is padding.
    h0 : ndarray, shape (B, H)
        States before the first letter.
    U, W, V : ndarray, shapes (H, K), (H, H), (K, H)
        Weights from the letters, between the hidden units, and to the scores.
    b, c : ndarray, shapes (H,), (K,)
        Biases of the hidden units and of the scores.

    Returns
    -------
    loss : float
        Summed over the steps that count, divided by B.
    dU, dW, dV, db, dc : ndarray
        Gradients of the loss, in the shapes of U, W, V, b and c.
    hT : ndarray, shape (B, H)
        States after step T.

    Examples
    --------
    >>> ids = np.array([[0, 0], [1, 1], [2, 0], [2, 0]])
    >>> targets = np.array([[1, 1], [2, 2], [2, 0], [3, 0]])
    >>> weights = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    >>> U, W, V, b, c = (np.zeros(shape) for shape in [(3, 4), (3, 3), (4, 3), 3, 4])
    >>> loss, dU, dW, dV, db, dc, hT = char_loss(
    ...     ids, targets, weights, np.zeros((2, 3)), U, W, V, b, c
    ... )
    >>> round(float(loss), 4)
    4.1589
    >>> dc
    array([ 0.75, -0.25, -0.75,  0.25])
    """
    ### BEGIN SOLUTION
    T, B = ids.shape
    K = len(c)
    H, h = np.zeros((T, *h0.shape)), h0
    for t in range(T):
        h = np.tanh(U.T[ids[t]] + h @ W.T + b)  # (6); U x_t is a column of U
        H[t] = h
    o = H @ V.T + c  # (9), all steps at once
    o = o - o.max(axis=2, keepdims=True)  # so that nothing overflows
    log_y_hat = o - np.log(np.exp(o).sum(axis=2, keepdims=True))

    y = np.eye(K)[targets]  # one-hot, (T, B, K)
    counts = weights[:, :, None] / B
    loss = -np.sum(counts * y * log_y_hat)  # (10)

    do = counts * (np.exp(log_y_hat) - y)
    dV = np.einsum("tbk,tbh->kh", do, H)
    dc = do.sum(axis=(0, 1))
    _, _, dU, dW, db = rnn_backward(do @ V, np.eye(K)[ids], H, h0, U, W)
    return loss, dU, dW, dV, db, dc, h
    ### END SOLUTION


# %% test="char_loss" points=20
check("char_loss", char_loss)

# %% [markdown]
# ## 5 Cut after every τ steps &nbsp; [10 points; 30 minutes]
#
# A novel is *one* sequence of half a million steps. Full backpropagation through time would read
# all of it, keep all states, and come back with a single gradient. *Truncated* backpropagation cuts
# the sequence into chunks of $\tau$ steps, counted from the start; what is left over at the end is
# a shorter last chunk. Then
#
# - the **state** crosses the border: a chunk begins with the last state of the chunk before;
# - the **gradient** does not: at the last step of each chunk, $\bar h_t = g_t$ alone. To its chunk,
#   the state with which it begins is a constant.
#
# Forwards, then, nothing changes. Backwards, each loss is asked about its own chunk only.
#
# Write it for one sequence, with the network of exercise 4. Losses and gradients are summed over
# all $T$ steps, and nothing is divided. The parameters stay as they are from the first chunk to
# the last. If $\tau \ge T$, nothing is cut.
#
# | | `ids`, `targets` | `h0`, `hT` | `U`, `W`, `V`, `b`, `c` | `tau` | gradients |
# |:--|:--|:--|:--|:--|:--|
# | shape | (T,), whole numbers | (H,) | as in exercise 4 | a whole number, at least 1 | as in exercise 4 |
#
# You may call your `char_loss`. What are its `weights` here, and what is $B$?
#
# **By hand.** The two units of exercise 3 read *ab* and should say *ba*; *a* is letter 0, *b* is
# letter 1. Unit 0 hears *a*, nobody hears *b*, and unit 1 speaks in favour of *b*:
#
# $$U = \begin{pmatrix} \tfrac12 \ln 3 & 0 \\ 0 & 0 \end{pmatrix},\quad
# W = \begin{pmatrix} 0 & 0 \\ \ln 3 & 0 \end{pmatrix},\quad
# V = \begin{pmatrix} 0 & 0 \\ 0 & 2 \ln 3 \end{pmatrix};\qquad
# h_1 = \begin{pmatrix} 0.5 \\ 0 \end{pmatrix},\;
# h_2 = \begin{pmatrix} 0 \\ 0.5 \end{pmatrix},\qquad
# \hat y_1 = \begin{pmatrix} 0.5 \\ 0.5 \end{pmatrix},\;
# \hat y_2 = \begin{pmatrix} 0.25 \\ 0.75 \end{pmatrix}$$
#
# The biases and $h_0$ are zero. The loss is $\ln 2 + \ln 4 = 2.079$ for every $\tau$. For $\tau = 2$
# the second loss comes back to step 1, for $\tau = 1$ it stays where it is:
#
# $$\tau = 2:\quad \bar U = \begin{pmatrix} 1.018 & 0 \\ -1.099 & 1.236 \end{pmatrix}, \qquad
# \tau = 1:\quad \bar U = \begin{pmatrix} 0 & 0 \\ -1.099 & 1.236 \end{pmatrix}$$
#
# What was cut is the message from step 2 to step 1: *your a has led to my mistake*. But
#
# $$\bar W = \begin{pmatrix} 0 & 0 \\ 0.618 & 0 \end{pmatrix}$$
#
# is the same for both. Do you see why? ($\bar z_2$ meets $h_1$ in (8), and $h_1$ is there, even if
# it came from another chunk.)
#
# > **In the margin.** D3 announces “approximations in BPTT” and leaves it at that. Truncation is
# > one, clipping (exercise 7) another. There is also a truncation that takes *every* loss back by
# > exactly $\tau$ steps, wherever it stands; it costs more, and is not asked here.


# %% solution="truncated_bptt"
def truncated_bptt(ids, targets, h0, U, W, V, b, c, tau):
    """Loss of a character model on one text, its gradients cut after every `tau` steps.

    Parameters
    ----------
    ids, targets : ndarray of int, shape (T,)
        The letters that are read, and those that should be predicted.
    h0 : ndarray, shape (H,)
        State before the first letter.
    U, W, V : ndarray, shapes (H, K), (H, H), (K, H)
        Weights from the letters, between the hidden units, and to the scores.
    b, c : ndarray, shapes (H,), (K,)
        Biases of the hidden units and of the scores.
    tau : int
        Steps in a chunk, at least 1; the last chunk may be shorter.

    Returns
    -------
    loss : float
        Summed over all steps.
    dU, dW, dV, db, dc : ndarray
        Gradients, each loss having been sent back to the beginning of its chunk.
    hT : ndarray, shape (H,)
        State after step T.

    Examples
    --------
    >>> U, W = np.zeros((2, 2)), np.zeros((2, 2))
    >>> V = np.zeros((2, 2))
    >>> U[0, 0], W[1, 0], V[1, 1] = np.log(3) / 2, np.log(3), 2 * np.log(3)
    >>> zeros = np.zeros(2)
    >>> for tau in (2, 1):
    ...     result = truncated_bptt(
    ...         np.array([0, 1]), np.array([1, 0]), zeros, U, W, V, zeros, zeros, tau
    ...     )
    ...     print(round(float(result[0]), 4), result[1].round(3).tolist())
    2.0794 [[1.018, 0.0], [-1.099, 1.236]]
    2.0794 [[0.0, 0.0], [-1.099, 1.236]]
    """
    ### BEGIN SOLUTION
    loss, h = 0.0, h0[None]  # a minibatch of one, (1, H)
    totals = [np.zeros_like(array) for array in (U, W, V, b, c)]
    for start in range(0, len(ids), tau):
        chunk = slice(start, start + tau)  # a slice may reach beyond the end
        x, y = ids[chunk, None], targets[chunk, None]
        part, *grads, h = char_loss(x, y, np.ones(x.shape), h, U, W, V, b, c)
        loss += part
        totals = [total + grad for total, grad in zip(totals, grads, strict=True)]
    return loss, *totals, h[0]
    ### END SOLUTION


# %% test="truncated_bptt" points=10
check("truncated_bptt", truncated_bptt)

# %% [markdown]
# ### How far back does it matter?
#
# No points here, only something to see. On the left are your `explicit_terms` for one unit and 16
# steps: what each use of $w$ adds to $\partial h_{16} / \partial w$. On the right your
# `truncated_bptt` runs a random network with 20 units over 240 letters, and its $\bar W$ is
# compared with that of full backpropagation, for many values of $\tau$. Each is done for a weaker
# and for a stronger recurrence. ($W$ is random; it is multiplied by 0.6 and by 1.1.)
#
# **Before you run it:** which terms will be large for $w = 0.6$, and which for $w = 1.1$? At which
# $\tau$ will the cut gradient be good to ten per cent?

# %%
rng = np.random.default_rng(3)
x = 0.3 * rng.normal(size=16)
K, units, T = 6, 20, 240
ids, targets = rng.integers(K, size=(2, T))
U, V = rng.normal(size=(units, K)) / 2, rng.normal(size=(K, units)) / 4
W = rng.normal(size=(units, units)) / np.sqrt(units)
taus = [1, 2, 3, 5, 10, 20, 40, 80, 240]


def cut_error(strength):
    """Relative error of dW for each tau; the last one is full backpropagation."""
    start, b, c = np.zeros(units), np.zeros(units), np.zeros(K)
    dWs = [truncated_bptt(ids, targets, start, U, strength * W, V, b, c, tau)[2] for tau in taus]
    return np.array([np.linalg.norm(dW - dWs[-1]) for dW in dWs]) / np.linalg.norm(dWs[-1])


fig, axes = plt.subplot_mosaic([["weak", "error"], ["strong", "error"]], figsize=(11, 4.6))
try:
    for ax, w in [(axes["weak"], 0.6), (axes["strong"], 1.1)]:
        draw_terms(ax, explicit_terms(x, u=0.5, w=w, h0=0.2), numbers=False)
        ax.set(title=f"terms of $\\partial h_{{16}} / \\partial w$ at $w = {w}$")
    axes["weak"].set_xlabel("")
    right = axes["error"]
    for strength, style, colour in [(0.6, "o-", COLOURS.gradient), (1.1, "s--", COLOURS.state)]:
        errors = cut_error(strength)
        right.plot(taus, errors, style, color=colour, label=f"$W$ times {strength}")
        below = taus[np.flatnonzero(errors < 0.1)[0]]
        print(f"W times {strength}: within ten per cent at τ = {below}")
    right.axhline(0.1, color=COLOURS.neutral, linestyle=":")
    right.set(xscale="log", ylim=(-0.03, None), xlabel=r"steps in a chunk, $\tau$")
    right.set(ylabel="relative error", title=r"$\overline{W}$, cut after every $\tau$ steps")
    right.set_xticks(taus, map(str, taus))
    right.minorticks_off()
    right.legend()
    show(
        fig,
        alt="Left: bars over k = 1 to 16 and their sum. At w = 0.6 only the last six terms can be "
        "seen; at w = 1.1 early terms are the largest. Right: the relative error falls to 0 as "
        "tau grows, sooner for the weaker recurrence.",
    )
except Exception as error:  # a function is not written yet, or not right
    plt.close(fig)
    print(
        "No figure yet: it needs your functions of exercises 2 and 5 "
        f"({type(error).__name__}).\nRun this cell again when both are right."
    )

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# Between a use of $w$ at step $k$ and the end lie $T - k$ factors $(1 - h_j^2)\,w$. At $w = 0.6$ all
# are below 0.6, and what is ten steps old has faded away. At $w = 1.1$ some are above 1, and early
# uses count as much as late ones, or more; the terms may differ in sign and partly cancel.
#
# The error of a cut gradient falls slowly. Each border takes something from the losses just behind
# it, so that it is not enough for $\tau$ to be as large as the reach of a term: there must be few
# losses near a border. Ten per cent need a $\tau$ of 20 for the weaker recurrence, and of 80 for the
# stronger. In training, a gradient that is off by a third still shows the way.
#
# </details>

# %% [markdown]
# ## 6 What crosses the border? &nbsp; [5 points; 15 minutes]
#
# This one is read by a person. A few sentences for each question are enough.
#
# 1. One unit reads $T = 4$ steps in chunks of $\tau = 2$. Each loss $L_t$ brings a term to $\bar w$
#    for each use of $w$ at a step $k \le t$, by (5): write it as the pair $(t, k)$. Which pairs
#    does full backpropagation have, and which of them does the truncated one lose? For $T = 240$
#    and $\tau = 20$ it loses more than nine tenths of all pairs. Why can the gradient be nearly
#    right all the same, as that of the weaker recurrence in the figure? (2 points)
# 2. A friend puts the loss and the gradients of `truncated_bptt` to the test with central
#    differences, as in problem set 2, again for $T = 4$ and $\tau = 2$. Of `dU`, `dW`, `dV`, `db`
#    and `dc`, which will be called wrong, and which right? Why? Is there a bug? (2 points)
# 3. In training, the parameters are changed after each chunk. What would be needed to let the
#    gradient cross the border as well, and why is the state easier to hand on? (1 point)

# %% [markdown] written="border_crossing" points=5
# **Model answer.**
#
# 1. Full: $(1,1)$; $(2,1), (2,2)$; $(3,1), (3,2), (3,3)$; $(4,1), (4,2), (4,3), (4,4)$; ten pairs.
#    The truncated one keeps the six pairs within a chunk and loses $(3,1), (3,2), (4,1), (4,2)$.
#    (For $T = 240$ and $\tau = 20$, $12 \cdot 210 = 2{,}520$ of 28,920 pairs are kept.) The lost
#    terms are those with a border between use and loss, and with them all that are far apart. Such
#    a term has a factor $\partial h_j / \partial h_{j-1} = (1 - h_j^2)\,w$ for each step between. If
#    most factors are smaller than 1 in magnitude, then most of the lost terms are tiny, like
#    those on the left of the upper picture. (At $w = 1.1$ they are not.)
# 2. `dU`, `dW` and `db` will be called wrong, `dV` and `dc` right. The loss is that of the whole
#    run, with the state handed on. A central difference that moves $W$ moves $h_2$, and through it
#    the losses of the second chunk; the truncated gradient does not know that. $V$ and $c$ act on
#    the loss of each step directly, never through a state, so nothing of theirs is cut. It is no
#    bug: truncated BPTT does not give the gradient of this loss, but an approximation to it. (With
#    $\tau \ge 4$ all five pass.)
# 3. A chunk's loss is known only after the chunk has been read. To send its gradient back across
#    the border one would have to keep all states and inputs of the chunks before, and walk back
#    through all of them, a way that gets longer with each chunk. Besides, those states were
#    computed with parameters that have been changed since. The state is just $H$ numbers, and
#    known when the chunk ends.
#
# **Rubric.**
#
# - Question 1, 2 points: 1 for the four lost pairs out of the ten (0.5 for one pair too many or
#   too few); 1 for saying that the lost terms carry a product of many factors
#   $(1 - h_j^2)\,w$, small if these are below 1. “The rest averages out” gives 0 for that half.
# - Question 2, 2 points: 1 for the right partition (0.5 if one array is misplaced); 1 for a reason
#   by way of the state ($V$ and $c$ do not act through it) *and* “an approximation, no bug”;
#   0.5 for one of the two.
# - Question 3, 1 point: one real cost of the crossing gradient (states kept, a longer and longer
#   way back, or parameters that have changed), *and* that the state is a small, known array.
#   One of the two gives 0.5.

# %% [markdown]
# ## 7 Gradients that are too long &nbsp; [5 points; 10 minutes]
#
# Now and then a gradient through time is very long, and one step along it can undo the work of a
# thousand. *Clipping* keeps its direction and limits its length. There are several arrays, and they
# count as one long vector:
#
# $$\text{norm} = \sqrt{\sum_{\text{arrays } g} \; \sum_{\text{entries } i} g_i^2}, \qquad
# g \leftarrow g \cdot \frac{\mathrm{max\_norm}}{\text{norm}} \;\text{ for all of them, if norm} > \mathrm{max\_norm} \tag{11}$$
#
# Otherwise they stay as they are. In either case return *new* arrays, and the norm before
# clipping. Gradients may all be zero, and stay zero.
#
# | | `grads` | `max_norm` | result |
# |:--|:--|:--|:--|
# | what | list of arrays, any shapes | a positive number | list of new arrays in the same shapes, and the norm |
#
# **By hand.** $(3, 0)$ and $(-4)$ have the norm $\sqrt{9 + 0 + 16} = 5$ together. With
# $\mathrm{max\_norm} = 1$ they become $(0.6, 0)$ and $(-0.8)$. With 10 they stay.
#
# > **In the margin.** The demo of D4 cuts each *entry* at ±5 instead. Would the direction stay?


# %% solution="clip_by_global_norm"
def clip_by_global_norm(grads, max_norm):
    """Shorten gradients together if they are too long, equation (11).

    Parameters
    ----------
    grads : list of ndarray
        Gradients, of any shapes.
    max_norm : float
        How long they may be, all together.

    Returns
    -------
    clipped : list of ndarray
        New arrays, in the order and shapes of `grads`.
    norm : float
        The length before clipping.

    Examples
    --------
    >>> clipped, norm = clip_by_global_norm([np.array([3.0, 0.0]), np.array([-4.0])], 1.0)
    >>> [g.round(4).tolist() for g in clipped], float(norm)
    ([[0.6, 0.0], [-0.8]], 5.0)
    """
    ### BEGIN SOLUTION
    norm = np.sqrt(sum(np.sum(g**2) for g in grads))
    scale = max_norm / norm if norm > max_norm else 1.0
    return [scale * g for g in grads], norm
    ### END SOLUTION


# %% test="clip_by_global_norm" points=5
check("clip_by_global_norm", clip_by_global_norm)

# %% [markdown]
# ## 8 Two ways to take a step &nbsp; [2 + 3 points; 10 minutes]
#
# With a gradient $g$ in hand, change each parameter $\theta$. *Stochastic gradient descent* goes
# against the gradient, with one learning rate $\eta$ for all; stochastic, since the gradient
# comes from a minibatch and not from all texts:
#
# $$\theta \leftarrow \theta - \eta\, g \tag{12}$$
#
# *Adagrad* gives each entry a rate of its own. It keeps a memory $s$, in the shape of $\theta$, of
# all squared gradients so far, and divides by its root:
#
# $$s \leftarrow s + g \ast g, \qquad \theta \leftarrow \theta - \eta\, \frac{g}{\sqrt{s + \varepsilon}}
# \tag{13}$$
#
# The division is entry by entry, with the *new* $s$. A letter that is rare, and whose column of $U$
# seldom gets a gradient, still takes large steps when its turn comes. The small $\varepsilon$ inside
# the root keeps 0/0 away.
#
# | | `params`, `grads`, `memory` | `lr` ($\eta$), `eps` ($\varepsilon$) | `sgd_step` returns | `adagrad_step` returns |
# |:--|:--|:--|:--|:--|
# | what | lists of arrays, in the same order and shapes | numbers | new list of params | two new lists: params, memory |
#
# The lists and arrays that were given stay as they are.
#
# **By hand.** $\theta = 1$, $g = 3$, $\eta = 0.1$. (12) gives $1 - 0.3 = 0.7$. With a memory of
# $s = 16$, (13) gives $s = 25$ and $\theta = 1 - 0.1 \cdot 3/5 = 0.94$ (and $\varepsilon = 10^{-8}$
# does not show). From an empty memory, $s = 0$, the first step is $\pm\eta$ for every entry whose
# gradient is not zero, however small it is: here $\theta = 0.9$.
#
# > **In the margin.** D3 writes (12) with $\alpha$ for our $\eta$. The demo of D4 uses (13), with
# > $\eta = 0.1$.


# %% solution="sgd_step"
def sgd_step(params, grads, lr):
    """One step of gradient descent, equation (12).

    Parameters
    ----------
    params, grads : list of ndarray
        Parameters and their gradients, in the same order.
    lr : float
        Learning rate.

    Returns
    -------
    list of ndarray
        The new parameters.

    Examples
    --------
    >>> sgd_step([np.array([1.0])], [np.array([3.0])], lr=0.1)[0].round(4)
    array([0.7])
    """
    ### BEGIN SOLUTION
    return [theta - lr * g for theta, g in zip(params, grads, strict=True)]
    ### END SOLUTION


# %% test="sgd_step" points=2
check("sgd_step", sgd_step)


# %% solution="adagrad_step"
def adagrad_step(params, grads, memory, lr=0.1, eps=1e-8):
    """One step of Adagrad, equation (13).

    Parameters
    ----------
    params, grads, memory : list of ndarray
        Parameters, their gradients, and the sums of squared gradients of all earlier steps, in
        the same order.
    lr : float, default 0.1
        Learning rate.
    eps : float, default 1e-8
        Is added to the memory below the root.

    Returns
    -------
    params : list of ndarray
        The new parameters.
    memory : list of ndarray
        The new memory.

    Examples
    --------
    >>> params, memory = adagrad_step([np.array([1.0])], [np.array([3.0])], [np.array([16.0])])
    >>> params[0].round(4), memory[0]
    (array([0.94]), array([25.]))
    """
    ### BEGIN SOLUTION
    memory = [s + g**2 for s, g in zip(memory, grads, strict=True)]
    params = [
        theta - lr * g / np.sqrt(s + eps) for theta, g, s in zip(params, grads, memory, strict=True)
    ]
    return params, memory
    ### END SOLUTION


# %% test="adagrad_step" points=3
check("adagrad_step", adagrad_step)

# %% [markdown]
# ## 9 The model writes &nbsp; [5 points; 20 minutes]
#
# A model that knows how likely each next letter is can also write: throw a loaded die, put down the
# letter that comes up, *read it*, and throw again. There is one sequence; the network is that of
# (6) and (9). At step $t$ the die has the probabilities
#
# $$\operatorname{softmax}\left( \frac{o_t}{\text{temperature}} \right) \tag{14}$$
#
# At temperature 1 that is $\hat y_t$, the die as it was learnt. A low temperature favours the likely
# letters even more, a high one makes all more alike.
#
# 1. Read `first_id`, starting from $h_0$: that gives $h_1$ and $o_1$. Draw the first letter.
# 2. Read that letter: $h_2$ and $o_2$. Draw the second. And so on, until $n$ letters are drawn.
#
# Return the $n$ letters that were *drawn*; `first_id` is not among them.
#
# | | `first_id`, `n` | `h0` | `U`, `W`, `V`, `b`, `c` | `rng` | `temperature` | result |
# |:--|:--|:--|:--|:--|:--|:--|
# | shape | whole numbers | (H,) | as in exercise 5 | a generator | a positive number | (n,), whole numbers |
#
# - All chance comes from `rng`, a `numpy.random.Generator`. Use it in any way: `rng.choice(K, p=…)`
#   draws one of the numbers 0 … K − 1 with given probabilities. Graded is how often your letters
#   follow each other, not which ones you drew.
# - The temperature may be as low as 0.001. Nothing may overflow, and no warnings are allowed there.
#
# **By hand.** Let all weights and $b$ be zero, and $c = (0, \ln 2, 0)$. Then every letter is drawn
# with the same probabilities:
#
# | temperature | 2 | 1 | ½ | 0.001 |
# |:--|:--|:--|:--|:--|
# | probabilities | (0.29, 0.41, 0.29) | (0.25, 0.5, 0.25) | (0.17, 0.67, 0.17) | (0, 1, 0), as good as |
#
# At temperature 0.001 the largest score is $1000 \ln 2 = 693$, not far from the end of the numbers:
# $e^{710}$ is too large for `float64`. Problem set 2 has the remedy: only the distances between
# scores count.


# %% solution="sample"
def sample(first_id, h0, U, W, V, b, c, n, rng, temperature=1.0):
    """Write with a character model, equations (6), (9) and (14).

    Parameters
    ----------
    first_id : int
        The letter that is read first; it is not returned.
    h0 : ndarray, shape (H,)
        State before the first letter.
    U, W, V : ndarray, shapes (H, K), (H, H), (K, H)
        Weights from the letters, between the hidden units, and to the scores.
    b, c : ndarray, shapes (H,), (K,)
        Biases of the hidden units and of the scores.
    n : int
        How many letters to draw.
    rng : numpy.random.Generator
        Where all chance comes from.
    temperature : float, default 1
        Divides the scores.

    Returns
    -------
    ndarray of int, shape (n,)
        The letters that were drawn.

    Examples
    --------
    >>> U, W, V, b = np.zeros((2, 3)), np.zeros((2, 2)), np.zeros((3, 2)), np.zeros(2)
    >>> c = np.array([0.0, np.log(2), 0.0])
    >>> sample(0, np.zeros(2), U, W, V, b, c, 5, np.random.default_rng(0), temperature=0.001)
    array([1, 1, 1, 1, 1])
    """
    ### BEGIN SOLUTION
    ids = np.zeros(n, dtype=int)
    letter, h = first_id, h0
    for i in range(n):
        h = np.tanh(U[:, letter] + W @ h + b)  # (6)
        o = (V @ h + c) / temperature
        p = np.exp(o - o.max())  # between 0 and 1, whatever the scores are
        letter = rng.choice(len(c), p=p / p.sum())
        ids[i] = letter
    return ids
    ### END SOLUTION


# %% test="sample" points=5
check("sample", sample)

# %% [markdown]
# ## 10 Your functions learn to spell &nbsp; [5 points; 20 minutes]
#
# All parts are there. `train_characters` is given: it takes three of your functions and does
# nothing but call them in turn, 400 times.
#
# - The text is the help on the language that every Python brings along, about half a million
#   characters, some hundred of them different. (From version to version it changes a little.)
# - 32 places of the text are read side by side, 25 characters at a time, by 64 hidden units. The
#   last state of one minibatch is the first of the next: that is exercise 5, with $\tau = 25$ and an
#   update after each chunk.
# - `char_loss` gives the gradients, `clip_by_global_norm` limits them to 5, `adagrad_step` takes the
#   step, at $\eta = 0.1$.
# - The last tenth of the text is *held out*: no update sees it. It decides.
#
# The first parameters are always the same, so your model comes out the same each time. Training
# takes a few seconds if your `char_loss` has a loop over the steps only, and perhaps half a minute
# if it also loops over the texts; five minutes are allowed.
#
# **What is asked.** A dict with the trained `"U"`, `"W"`, `"V"`, `"b"` and `"c"`, as
# `train_characters` returns it. It gets the points if it needs fewer *bits* for each held-out
# character than a mere table of pairs. (A loss of $-\ln \hat y$, divided by $\ln 2 = 0.693$, is in
# bits. The table counts how often each character follows each other, adds 0.1 to every count, and
# needs about 3.3 bits.) There is no half here: it is all five points or none.
# (A slip may survive this test. It asks only whether the model has learnt, and 400 updates hardly
# need what comes back through time.)
#
# Do the checks of the three functions hold? Then put this line in the place of
# `# YOUR CODE HERE` and `raise NotImplementedError()`:
#
# ```python
# trained_model = train_characters(char_loss, clip_by_global_norm, adagrad_step)
# ```
#
# If one of the three fails on the way, the error says which, and at which update. **Before you run
# it:** how many bits should a character cost at update 0, with 100 characters that are all alike to
# the network?

# %% solution="trained_model"
trained_model = None  # as long as nothing is trained
### BEGIN SOLUTION
trained_model = train_characters(char_loss, clip_by_global_norm, adagrad_step)
### END SOLUTION

# %% test="trained_model" points=5
check("trained_model", trained_model)

# %% [markdown]
# <details>
# <summary>Answer</summary>
#
# $-\log_2 \tfrac{1}{100} = \log_2 100 = 6.6$. After 400 updates it should be below 3.
#
# </details>
#
# ### What it writes
#
# No points here. Your model reads a capital T and goes on by itself, at three temperatures.
#
# **Before you run it:** after 400 updates, which of these will it have learnt: how often each
# letter occurs, where spaces go, short words, grammar? And what will a low temperature do?

# %%
vocabulary, _, held_out = character_data()


def write(model, n, temperature, seed=1):
    """A text of n characters, the first of them a T."""
    T, h0 = vocabulary.encode("T")[0], np.zeros(len(model["b"]))
    rng = np.random.default_rng(seed)
    ids = sample(T, h0, **model, n=n - 1, rng=rng, temperature=temperature)
    return "T" + vocabulary.decode(ids)


try:
    texts = {temperature: write(trained_model, 300, temperature) for temperature in (0.5, 0.7, 1.0)}
    for temperature, text in texts.items():
        print(f"--- temperature {temperature}:\n{text}")
except Exception:  # nothing is trained yet, or sample is not written, or not right
    print("Nothing to read yet: it needs your sample and a trained model.")
    print("Run this cell again when the checks of exercises 9 and 10 hold.")

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# It knows how often letters occur, where spaces and line ends go, and short words such as *the*;
# longer ones only look like words. In the cold it takes what is likeliest again and again. The
# text has tables and indented lines, where a space mostly follows a space; so in the cold there
# may soon be nothing but spaces. Lecture 6 counts how many words exist, for each length.
#
# </details>
#
# ### Train on
#
# How good is it in bits? Your `char_loss` can measure that, too, on the held-out text. And how far
# does it get? Set `updates` to 4000, which takes ten times as long as before, and run the cell
# again. Set it back to 0 before you hand in.

# %%
updates = 0


def held_out_bits(model):
    """Bits per held-out character, read as 50 texts side by side."""
    x, y = (part[0] for part in character_batches(held_out, 50, (len(held_out) - 1) // 50))
    h0 = np.zeros((50, len(model["b"])))
    return char_loss(x, y, np.ones(x.shape), h0, **model)[0] / len(x) / np.log(2)


if trained_model is None:
    print("Nothing is trained yet.")
else:
    print(f"{held_out_bits(trained_model):.2f} bits per held-out character after 400 updates")
if updates:
    longer = train_characters(char_loss, clip_by_global_norm, adagrad_step, updates=updates)
    print(f"{held_out_bits(longer):.2f} bits after {updates}")
    print(write(longer, 600, temperature=0.7))

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart Kernel and Run All Cells* once more. If the run stops at a red cell, that cell
# raises an error: mend it, or leave it as it was given; the cells below it can still be run one
# by one. Save, and hand in this file.
#
# You have written all of backpropagation through time, and a model that learns by it. You have also
# seen the terms of a gradient fade as they come from further back. Problem set 4 asks how fast they
# must fade, and when they explode instead.
