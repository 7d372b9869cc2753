# %% [markdown]
# # Problem set 5: gates
#
# A tanh unit writes a new state over its old one at every step, and what it knew has soon faded
# away. So build a memory that is kept until something decides otherwise, with three gates: one lets
# new things in, one holds on to old things, and one lets them be seen. In this set
# you write the LSTM and the GRU, forwards and backwards, and train your LSTM on a task where a
# plain recurrent network guesses.
#
# **When you are through, you can**
#
# - say what each gate of an LSTM does, and compute a step of it by hand;
# - send a gradient back through a step with two outputs, along every road that leads to the loss;
# - run an LSTM over whole minibatches, forwards and backwards through time;
# - choose a bias so that a memory lasts as long as you need it;
# - tell LSTM, coupled gates, peepholes and GRU apart, and two things that both go by the name of GRU;
# - explain why gates slow the vanishing of gradients, and why they do not abolish it.
#
# The set belongs to **lecture 8** (LSTM and GRU). Take three sittings for it: exercises 1 to 3,
# then 4 to 6, then 7 to 9.
#
# | | exercise | topic | points | minutes |
# |:--|:--|:--|--:|--:|
# | 1 | `lstm_step` | one step of an LSTM: write, keep, show | 15 | 35 |
# | 2 | `lstm_step_backward` | the same step, backwards | 25 | 70 |
# | 3 | `lstm_forward`, `lstm_backward` | all steps, there and back | 5 + 10 | 55 |
# | 4 | `latch_bias` | how open must a gate be? | 5 | 10 |
# | 5 | | slowed, not avoided. In your own words | 5 | 15 |
# | 6 | `trained_lstm` | your LSTM remembers | 5 | 15 |
# | 7 | `lstm_step_variant` | peepholes and coupled gates | 10 | 30 |
# | 8 | `gru_step` | one memory and two gates | 10 | 25 |
# | 9 | `gru_step_backward` | the same step, backwards | 10 | 40 |
# | | | **together** | **100** | **295** |
#
# Exercises 4, 5, 7, 8 and 9 do not need the functions before them.

# %% [markdown]
# ## How to work
#
# - **Write.** Each exercise ends in a cell with a function that is not written yet. Put your code
#   in the place of `# YOUR CODE HERE` and `raise NotImplementedError()`, and run the cell.
# - **Check.** Run the cell below it, as often as you like: it costs nothing. It says what holds
#   and what does not, and often which mistake it is. (If it does not come back, a loop of yours
#   does not end: interrupt it by ■ in the toolbar.) If there is a hint, it is folded below the
#   verdict: click on it. (In a cell of your own you can also write
#   `check("lstm_step", lstm_step, hint=True)`.)
# - **Points.** All of them if every case holds; half if only a special case fails (a single step,
#   a single sequence, a single unit …), or if your answer is right in another convention (the
#   blocks in another order, the other GRU …). When your work is graded, the same cases are tried
#   with other random numbers. Each function counts for itself: if it only fails because it calls
#   an earlier one of yours that is wrong, it is tried again with a right one.
# - **Leave the arguments as they are.** A function that changes an array it was given is wrong,
#   even if it returns the right numbers. (`c *= f` changes `c`.)
# - **Hand in.** Choose *Restart Kernel and Run All Cells* in the menu *Kernel*, look over the
#   checks once more, save, and hand in this file alone. Add cells wherever you like; leave the
#   given ones in their place.
#
# Run these two cells first.

# %% locked="setup"
import matplotlib.pyplot as plt
import numpy as np

from rnnref.course import checker
from rnnref.course.plots import COLOURS, draw_gates, show, timeline
from rnnref.course.training import draw_long_lag, train_latch

check = checker("ps5_gates")


# %%
def sigmoid(a):
    """σ(a), entry by entry; put yours from problem set 2 here if you like."""
    return 1.0 / (1.0 + np.exp(-a))


# %% [markdown]
# ## Names and shapes
#
# Time comes first, then the sequences of a minibatch, then the units. Formulas count time steps
# from 1, arrays from 0. All arrays are `float64`. Three letters have a new meaning in this set:
# $c$ is the *cell*, the memory of an LSTM, and no bias; $o$ is a *gate*, and not the scores; and
# $z$ is a gate of the GRU. So a pre-activation is called $a$ here.
#
# | | | one step | all steps |
# |:--|:--|:--|:--|
# | $x_t$ | input | `x` (B, D) | `X` (T, B, D) |
# | $h_t$ | state, which the rest of the network sees | `h` (B, H) | `H` (T, B, H) |
# | $c_t$ | cell, which only the LSTM itself sees | `c` (B, H) | `C` (T, B, H) |
# | $h_0$, $c_0$ | those before the first input | | `h0`, `c0` (B, H) |
# | $i_t$, $f_t$, $o_t$ | input, forget and output gate, between 0 (closed) and 1 (open) | (B, H) | |
# | $g_t$ | candidate: what could be written, between −1 and 1 | (B, H) | |
# | $r_t$, $z_t$; $n_t$ | reset and update gate of a GRU; its candidate | (B, H) | |
# | $a_t$ | pre-activations of all gates and of the candidate | (B, 4H) or (B, 3H) | |
#
# There are $T$ steps, $B$ sequences, $D$ inputs and $H$ hidden units. (`H` is a number in a shape,
# and the array of all states in the code.) All gates have the same inputs, so their weights are
# stacked into one matrix, one *block* of $H$ rows for each, in this order:
#
# | | blocks, from above | `U` | `W` | `b` |
# |:--|:--|:--|:--|:--|
# | LSTM | $i, f, g, o$ | (4H, D) | (4H, H) | (4H,) |
# | GRU | $r, z, n$ | (3H, D) | (3H, H) | (3H,) |
#
# The forget gate's weights from the input, for one, are `U[H:2*H]`. And `np.split(array, 4)` cuts
# an array into four equal parts, along the first axis or along the one you name.
#
# A bar is a gradient: $\bar c_t = \partial L / \partial c_t$, by *all* ways on which $c_t$ acts on
# the loss $L$. In code it is `dc`, and it has the shape of `c`. And $\ast$ multiplies entry by
# entry. Two slopes are at hand as soon as the values are:
#
# $$\sigma'(a) = s\,(1 - s) \;\text{ where } s = \sigma(a), \qquad
# \tanh'(a) = 1 - g^2 \;\text{ where } g = \tanh(a).$$
#
# <details>
# <summary>In the margin: the same things in the slides</summary>
#
# Of the five sets of slides, D1 has the equations and D2 the idea.
#
# | here | D1 | D2 |
# |:--|:--|:--|
# | $x_t$, $h_t$ | $x_t$, $h_t$ | $x_i^t$, $b_h^t$ |
# | $c_t$, $g_t$ | $C_t$, $\tilde C_t$ | cell, no letter |
# | $i_t$, $f_t$, $o_t$ | $i_t$, $f_t$, $o_t$ | write, reset, read; no letters |
# | $a_t$ | $W \cdot [h_{t-1}, x_t] + b$ | – |
# | block $f$ of $W$ and $U$ side by side, $[W_f \; U_f]$ | $W_f$ | – |
# | block $g$ of $U$, $W$, $b$ | $W_C$, $b_C$ | – |
# | $r_t$, $z_t$, $n_t$ (GRU) | $r_t$, $z_t$, $\tilde h_t$ | – |
#
# </details>

# %% [markdown]
# ## 1 Write, keep, show &nbsp; [15 points; 35 minutes]
#
# An LSTM carries two things from step to step: the cell $c$, as on a conveyor belt, and the state
# $h$, which is what the cell shows of itself. For one sequence, with columns as in mathematics,
#
# $$a_t = U x_t + W h_{t-1} + b, \qquad a_t \text{ has the blocks } a_i, a_f, a_g, a_o \tag{1}$$
#
# $$i_t = \sigma(a_i), \quad f_t = \sigma(a_f), \quad g_t = \tanh(a_g), \quad o_t = \sigma(a_o) \tag{2}$$
#
# $$c_t = f_t \ast c_{t-1} + i_t \ast g_t \tag{3}$$
#
# $$h_t = o_t \ast \tanh(c_t) \tag{4}$$
#
# ```text
#            f_t      i_t ∗ g_t
#             │           │
#             ▼           ▼
#  c_{t−1} ─▶(∗)────────▶(+)───┬───────────────▶ c_t
#                              │ tanh
#                              ▼
#                     o_t ───▶(∗)──────────────▶ h_t
# ```
#
# The input gate *writes*: with $i = 0$ nothing new comes in. The forget gate *keeps*: $f = 1$ holds
# the cell, $f = 0$ resets it. The output gate *shows*: with $o = 0$ the cell is there, but nobody
# sees it. Each unit has gates of its own, and they depend on what is read.
#
# Write one step for a minibatch, where each sequence is a row.
#
# | | `x` | `h`, `c` | `U`, `W` | `b` | result: `h`, `c` |
# |:--|:--|:--|:--|:--|:--|
# | shape | (B, D) | (B, H) | (4H, D), (4H, H) | (4H,) | (B, H), (B, H) |
#
# The arguments `h` and `c` are those of step $t - 1$, the results those of step $t$; $h$ comes
# first.
#
# **By hand.** One sequence, one input, one unit. With $x = 1$, $h = -0.5$, $c = 0.5$ and
#
# $$U = \ln 3 \begin{pmatrix} 1 \\ 0 \\ 1 \\ 1 \end{pmatrix}, \quad
# W = \ln 3 \begin{pmatrix} 0 \\ -2 \\ 0 \\ 2 \end{pmatrix}, \quad
# b = \ln 3 \begin{pmatrix} 0 \\ 1 \\ 0 \\ 0 \end{pmatrix}
# \qquad\text{is}\qquad
# a = \ln 3 \begin{pmatrix} 1 \\ 2 \\ 1 \\ 0 \end{pmatrix}, \quad
# \begin{matrix} i = 0.75 \\ f = 0.9\phantom{0} \\ g = 0.8\phantom{0} \\ o = 0.5\phantom{0} \end{matrix}$$
#
# ($\sigma(\ln 3) = 0.75$ and $\tanh(\ln 3) = 0.8$, that is how they come to be so round.) Hence
#
# $$c_t = 0.9 \cdot 0.5 + 0.75 \cdot 0.8 = 1.05, \qquad h_t = 0.5 \cdot \tanh(1.05) = 0.3909.$$
#
# A cell may be larger than 1, a state may not.
#
# <details>
# <summary>In the margin: the same equations in the slides</summary>
#
# D1 puts $h_{t-1}$ and $x_t$ on top of each other and has a matrix for each gate:
#
# $$f_t = \sigma(W_f \cdot [h_{t-1}, x_t] + b_f), \quad i_t = \sigma(W_i \cdot [h_{t-1}, x_t] + b_i),
# \quad \tilde C_t = \tanh(W_C \cdot [h_{t-1}, x_t] + b_C), \quad
# o_t = \sigma(W_o [h_{t-1}, x_t] + b_o)$$
#
# $$C_t = f_t \ast C_{t-1} + (1 - f_t) \ast \tilde C_t, \qquad h_t = o_t \ast \tanh(C_t)$$
#
# One of these is not ours. It is the subject of exercise 5, so keep it in mind; in this exercise,
# (3) holds. D1 also writes $\sigma(x) = e^x / (1 + e^x)$, which is right, but gives no number for
# $x = 1000$: that was problem set 2.
#
# D2 calls the gates write, read and reset: our $i$, our $o$, and the forget gate at 0. It
# credits all three to 1997. The forget gate came in 2000, by Gers, Schmidhuber and Cummins; before
# that every cell had $f = 1$.
#
# </details>


# %% solution="lstm_step"
def lstm_step(x, h, c, U, W, b):
    """One step of an LSTM, equations (1) to (4).

    Parameters
    ----------
    x : ndarray, shape (B, D)
        Inputs at step t.
    h, c : ndarray, shape (B, H)
        States and cells of step t − 1.
    U : ndarray, shape (4H, D)
        Weights from the inputs, blocks i, f, g, o.
    W : ndarray, shape (4H, H)
        Weights from the states one step before, blocks i, f, g, o.
    b : ndarray, shape (4H,)
        Biases, blocks i, f, g, o.

    Returns
    -------
    h, c : ndarray, shape (B, H)
        States and cells of step t.

    Examples
    --------
    >>> U, W, b = (np.log(3) * np.array(v) for v in ([1, 0, 1, 1], [0, -2, 0, 2], [0, 1, 0, 0]))
    >>> x, h, c = np.array([[1.0]]), np.array([[-0.5]]), np.array([[0.5]])
    >>> h, c = lstm_step(x, h, c, U[:, None], W[:, None], b)
    >>> h.round(4), c.round(4)
    (array([[0.3909]]), array([[1.05]]))
    """
    ### BEGIN SOLUTION
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=1)  # (1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)  # (2), (3)
    return sigmoid(o) * np.tanh(c), c  # (4)
    ### END SOLUTION


# %% test="lstm_step" points=15
check("lstm_step", lstm_step)

# %% [markdown]
# ## 2 The same step, backwards &nbsp; [25 points; 70 minutes]
#
# Two things leave the step, and a gradient comes back for each. `dh` is $\bar h_t$, all that the
# loss says about $h_t$. `dc` is what comes back to $c_t$ from step $t + 1$ alone. It is not yet
# $\bar c_t$, for the cell reaches the loss along *two* roads: on the belt to $c_{t+1}$, and by (4)
# through $h_t$. Where two arrows leave a node, add up what comes back along them:
#
# $$\bar c_t = \texttt{dc} + \bar h_t \ast o_t \ast (1 - \tanh^2(c_t)) \tag{5}$$
#
# From $\bar c_t$ and $\bar h_t$ the equations (3) and (4) lead to $\bar i_t$, $\bar f_t$, $\bar g_t$,
# $\bar o_t$ and $\bar c_{t-1}$: each is one product. Equation (2) leads on to the four blocks of
# $\bar a_t$, by one slope each. And then it is problem set 3 again, for columns
#
# $$\bar U = \bar a_t\, x_t^\top, \qquad \bar W = \bar a_t\, h_{t-1}^\top, \qquad \bar b = \bar a_t,
# \qquad \bar x_t = U^\top \bar a_t, \qquad \bar h_{t-1} = W^\top \bar a_t \tag{6}$$
#
# where the first three are summed over the sequences of the minibatch. It is your part to write
# this for rows, and to find what is between (5) and (6).
#
# | | `dh`, `dc` | `x` | `h`, `c` | `dx` | `dh_prev`, `dc_prev` | `dU`, `dW`, `db` |
# |:--|:--|:--|:--|:--|:--|:--|
# | shape | (B, H) | (B, D) | (B, H) | (B, D) | (B, H) | as `U`, `W`, `b` |
#
# `x`, `h` and `c` are what went *into* the step: `h` is $h_{t-1}$ and `c` is $c_{t-1}$. The gates
# are not given. Compute them anew.
#
# **By hand.** The step of exercise 1, with `dh` $= 1$ and `dc` $= 0.5$. By (5),
# $\bar c_t = 0.5 + 1 \cdot 0.5 \cdot (1 - 0.7818^2) = 0.6944$, and then
#
# | | value | bar of the value | slope | $\bar a$ |
# |:--|--:|--:|--:|--:|
# | $i$ | 0.75 | 0.5555 | 0.1875 | 0.1042 |
# | $f$ | 0.9 | 0.3472 | 0.09 | 0.0312 |
# | $g$ | 0.8 | 0.5208 | 0.36 | 0.1875 |
# | $o$ | 0.5 | 0.7818 | 0.25 | 0.1955 |
#
# Since $x = 1$ and $h_{t-1} = -0.5$, the last column is also $\bar U$ and $\bar b$, and $\bar W$ is
# $-0.5$ times it. The rest is $\bar x_t = 0.5351$, $\bar h_{t-1} = 0.3608$, $\bar c_{t-1} = 0.6250$.
#
# <details>
# <summary>No idea where to begin?</summary>
#
# 1. Forwards: the four gates as separate arrays, $c_t$ and $\tanh(c_t)$.
# 2. Equation (4) is a product of two things. What comes back to $o_t$? What comes back to the other
#    one is in (5).
# 3. Equation (3) has four things in it. In the product $f_t \ast c_{t-1}$, each factor gets
#    $\bar c_t$ times the *other* factor. Which cell is that, the old or the new one?
# 4. Three of the four went through $\sigma$, one through tanh.
# 5. Put the four blocks side by side, (B, 4H), in the right order: `np.concatenate(…, axis=1)`.
#    Then (6) takes five lines.
#
# </details>
#
# > **In the margin.** None of the five sets of slides has the backward pass of an LSTM. Lecture 8
# > derives it.


# %% solution="lstm_step_backward"
def lstm_step_backward(dh, dc, x, h, c, U, W, b):
    """Gradients of one step of an LSTM, equations (1) to (6).

    Parameters
    ----------
    dh : ndarray, shape (B, H)
        ∂L/∂h_t.
    dc : ndarray, shape (B, H)
        ∂L/∂c_t from later steps, without the path through h_t.
    x : ndarray, shape (B, D)
        Inputs at step t.
    h, c : ndarray, shape (B, H)
        States and cells of step t − 1.
    U, W, b : ndarray, shapes (4H, D), (4H, H), (4H,)
        Weights and biases, blocks i, f, g, o.

    Returns
    -------
    dx : ndarray, shape (B, D)
        Gradient with respect to x.
    dh_prev, dc_prev : ndarray, shape (B, H)
        Gradients with respect to h and c, those of step t − 1.
    dU, dW, db : ndarray, shapes (4H, D), (4H, H), (4H,)
        Gradients with respect to weights and biases, summed over the sequences.

    Examples
    --------
    >>> U, W, b = (np.log(3) * np.array(v) for v in ([1, 0, 1, 1], [0, -2, 0, 2], [0, 1, 0, 0]))
    >>> x, h, c = np.array([[1.0]]), np.array([[-0.5]]), np.array([[0.5]])
    >>> dh, dc = np.array([[1.0]]), np.array([[0.5]])
    >>> grads = lstm_step_backward(dh, dc, x, h, c, U[:, None], W[:, None], b)
    >>> dx, dh_prev, dc_prev, dU, dW, db = grads
    >>> dx.round(4), dh_prev.round(4), dc_prev.round(4)
    (array([[0.5351]]), array([[0.3608]]), array([[0.625]]))
    >>> db.round(4)
    array([0.1042, 0.0312, 0.1875, 0.1955])
    """
    ### BEGIN SOLUTION
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=1)  # (1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)  # (2)
    tanh_c = np.tanh(f * c + i * g)  # (3)

    do = dh * tanh_c  # (4), backwards
    dc = dc + dh * o * (1.0 - tanh_c**2)  # (5)
    di, df, dg = dc * g, dc * c, dc * i  # (3), backwards; c is that of step t − 1
    blocks = di * i * (1.0 - i), df * f * (1.0 - f), dg * (1.0 - g**2), do * o * (1.0 - o)
    da = np.concatenate(blocks, axis=1)
    return da @ U, da @ W, dc * f, da.T @ x, da.T @ h, da.sum(axis=0)  # (6), as rows
    ### END SOLUTION


# %% test="lstm_step_backward" points=25
check("lstm_step_backward", lstm_step_backward)

# %% [markdown]
# ## 3 All steps, there and back &nbsp; [5 + 10 points; 15 + 40 minutes]
#
# The step is the work; a loop round it is the network. `lstm_forward` takes the steps
# $t = 1, \dots, T$ and keeps all states and cells. `lstm_backward` goes from $T$ down to 1. You
# may call your functions of exercises 1 and 2.
#
# The loss sees the states, and not the cells. What each step's *own* loss $L_t$ says about $h_t$ is
# `dH[t]`, as in problem set 3. What comes back from step $t + 1$ is to be added to it. Mind that
# *two* quantities travel back from there. Beyond the end there is nothing: at $t = T$ both are
# zero. The parameters are shared by all steps, so their gradients are sums over the steps.
#
# | | `X`, `dH` | `h0`, `c0` | `H`, `C` | `U`, `W`, `b` | `dX` | `dh0`, `dc0` | `dU`, `dW`, `db` |
# |:--|:--|:--|:--|:--|:--|:--|:--|
# | shape | (T, B, D), (T, B, H) | (B, H) | (T, B, H) | as in exercise 1 | (T, B, D) | (B, H) | as `U`, `W`, `b` |
#
# `H` and `C` are given to `lstm_backward` as the forward pass has left them. What was *before*
# step 1 is not in them.
#
# **By hand.** The LSTM of exercise 1 again, now as step 1, with $h_0 = -0.5$ and $c_0 = 0.5$; and a
# second step with $x_2 = 0$:
#
# | $t$ | $x_t$ | $i_t$ | $f_t$ | $g_t$ | $o_t$ | $c_t$ | $h_t$ |
# |--:|--:|--:|--:|--:|--:|--:|--:|
# | 1 | 1 | 0.75 | 0.9 | 0.8 | 0.5 | 1.05 | 0.3909 |
# | 2 | 0 | 0.5 | 0.5596 | 0 | 0.7024 | $0.5596 \cdot 1.05 = 0.5876$ | 0.3710 |
#
# Only the second step has a loss, $g = (0, 1)$ in problem set 3, `dH` here. Then
#
# $$\bar x = (0.1170,\; 0.3995), \qquad \bar h_0 = -0.0466, \qquad \bar c_0 = 0.2472, \qquad
# \bar b = (0.0412,\; 0.1434,\; 0.3274,\; 0.1015).$$
#
# <details>
# <summary>What travels back from step 2 to step 1?</summary>
#
# Through $h_1$ comes $W^\top \bar a_2 = -0.0454$, to be added to what the loss of step 1 says
# itself, here nothing. And along the belt comes $\bar c_2 \ast f_2 = 0.2834$: that is what
# exercise 2 calls `dc`, at step 1. Here the two disagree about what step 1 should have done: the
# belt wants a smaller cell, the gates of step 2 a larger state. (A positive gradient asks for
# less.)
#
# </details>


# %% solution="lstm_forward"
def lstm_forward(X, h0, c0, U, W, b):
    """All steps of an LSTM, equations (1) to (4).

    Parameters
    ----------
    X : ndarray, shape (T, B, D)
        Inputs.
    h0, c0 : ndarray, shape (B, H)
        States and cells before the first input.
    U, W, b : ndarray, shapes (4H, D), (4H, H), (4H,)
        Weights and biases, blocks i, f, g, o.

    Returns
    -------
    H, C : ndarray, shape (T, B, H)
        States h_1 … h_T and cells c_1 … c_T.

    Examples
    --------
    >>> U, W, b = (np.log(3) * np.array(v) for v in ([1, 0, 1, 1], [0, -2, 0, 2], [0, 1, 0, 0]))
    >>> X, h0, c0 = np.array([[[1.0]], [[0.0]]]), np.array([[-0.5]]), np.array([[0.5]])
    >>> H, C = lstm_forward(X, h0, c0, U[:, None], W[:, None], b)
    >>> H[:, 0, 0].round(4), C[:, 0, 0].round(4)
    (array([0.3909, 0.371 ]), array([1.05  , 0.5876]))
    """
    ### BEGIN SOLUTION
    H = np.zeros((len(X), *h0.shape))
    C = np.zeros_like(H)
    h, c = h0, c0
    for t in range(len(X)):
        h, c = lstm_step(X[t], h, c, U, W, b)
        H[t], C[t] = h, c
    return H, C
    ### END SOLUTION


# %% test="lstm_forward" points=5
check("lstm_forward", lstm_forward)


# %% solution="lstm_backward"
def lstm_backward(dH, X, H, C, h0, c0, U, W, b):
    """Backpropagation through time for an LSTM, equations (1) to (6).

    Parameters
    ----------
    dH : ndarray, shape (T, B, H)
        ∂L_t/∂h_t: what each step's own loss sends, not what comes back from later steps.
    X : ndarray, shape (T, B, D)
        Inputs.
    H, C : ndarray, shape (T, B, H)
        States and cells of steps 1 … T, from the forward pass.
    h0, c0 : ndarray, shape (B, H)
        States and cells before the first input.
    U, W, b : ndarray, shapes (4H, D), (4H, H), (4H,)
        Weights and biases, blocks i, f, g, o.

    Returns
    -------
    dX : ndarray, shape (T, B, D)
        Gradient with respect to the inputs.
    dh0, dc0 : ndarray, shape (B, H)
        Gradients with respect to the first states and cells.
    dU, dW, db : ndarray, shapes (4H, D), (4H, H), (4H,)
        Gradients with respect to weights and biases, summed over steps and sequences.

    Examples
    --------
    >>> U, W, b = (np.log(3) * np.array(v) for v in ([1, 0, 1, 1], [0, -2, 0, 2], [0, 1, 0, 0]))
    >>> U, W = U[:, None], W[:, None]
    >>> X, h0, c0 = np.array([[[1.0]], [[0.0]]]), np.array([[-0.5]]), np.array([[0.5]])
    >>> H = np.array([[[0.390903]], [[0.371014]]])
    >>> C = np.array([[[1.05]], [[0.587624]]])
    >>> dH = np.array([[[0.0]], [[1.0]]])
    >>> dX, dh0, dc0, dU, dW, db = lstm_backward(dH, X, H, C, h0, c0, U, W, b)
    >>> dX[:, 0, 0].round(4), dh0.round(4), dc0.round(4)
    (array([0.117 , 0.3995]), array([[-0.0466]]), array([[0.2472]]))
    """
    ### BEGIN SOLUTION
    dX = np.zeros_like(X)
    sums = [np.zeros_like(array) for array in (U, W, b)]
    dh, dc = np.zeros_like(h0), np.zeros_like(c0)  # from later steps; nothing at t = T
    for t in reversed(range(len(X))):
        h, c = (H[t - 1], C[t - 1]) if t > 0 else (h0, c0)
        dX[t], dh, dc, *parts = lstm_step_backward(dH[t] + dh, dc, X[t], h, c, U, W, b)
        sums = [total + part for total, part in zip(sums, parts, strict=True)]
    return dX, dh, dc, *sums
    ### END SOLUTION


# %% test="lstm_backward" points=10
check("lstm_backward", lstm_backward)

# %% [markdown]
# ## 4 How open must a gate be? &nbsp; [5 points; 10 minutes]
#
# Close the input gate, and (3) is $c_t = f_t \ast c_{t-1}$: what was written once is multiplied by
# the forget gate again and again. A gate is never quite open, and 0.9 is not enough: $0.9^{50}$ is
# 0.005. Let the pre-activation of the forget gate be its bias $b_f$ alone, whatever is read. Then
# after $T$ steps there is left of the cell
#
# $$f^T, \qquad f = \sigma(b_f). \tag{7}$$
#
# Which is the smallest bias that keeps at least the share `keep` of it? It may be negative.
#
# | | `T` | `keep` | result |
# |:--|:--|:--|:--|
# | what | a whole number, 1 to a million | a number between 0 and 1, both excluded | a number, right to a millionth of itself |
#
# **By hand.** $T = 1$ and $\text{keep} = 0.9$ ask for $f = 0.9$. The bias is $\ln 9 = 2.1972$, since
# $\sigma(\ln 9) = 9/10$. Further:
#
# | $T$ | 1 | 10 | 100 | 1000 | a million |
# |:--|--:|--:|--:|--:|--:|
# | $f$ | 0.9 | 0.98952 | 0.998947 | 0.9998946 | 0.99999989464 |
# | $b_f$ | 2.1972 | 4.5477 | 6.8550 | 9.1581 | 16.0659 |
#
# Ten times as long costs about $\ln 10 = 2.30$ more, no matter how long it has been already. A
# memory for a million steps is well within the reach of a bias.
#
# > **In the margin.** Libraries begin with $b_f$ near 0, so that $f$ is about ½, or at 1, as
# > this course does: $\sigma(1) = 0.7311$, of which $0.0436$ is left after ten steps. The rest has to
# > be learnt.


# %% solution="latch_bias"
def latch_bias(T, keep=0.9):
    """Smallest bias of a forget gate that keeps a share of the cell, equation (7).

    Parameters
    ----------
    T : int
        For how many steps, 1 to 10⁶.
    keep : float, default 0.9
        The share that should be left at least, 0 < keep < 1.

    Returns
    -------
    float
        The bias.

    Examples
    --------
    >>> round(float(latch_bias(1)), 4), round(float(latch_bias(100)), 4)
    (2.1972, 6.855)
    """
    ### BEGIN SOLUTION
    log_f = np.log(keep) / T
    return log_f - np.log(-np.expm1(log_f))  # ln f − ln(1 − f) undoes σ; expm1 keeps 1 − f exact
    ### END SOLUTION


# %% test="latch_bias" points=5
check("latch_bias", latch_bias)

# %% [markdown]
# ### A latch, and how long it holds
#
# No points here, only something to see. On the left is an LSTM with one unit whose weights are set
# by hand. It has three inputs: a *value*, which is noise most of the time, and two orders, *write*
# and *read*. Writing opens the input gate and closes the forget gate; reading opens the output
# gate. Your `lstm_forward` runs it, with a forget bias from your `latch_bias`.
#
# On the right a gradient starts at the last cells of a random LSTM with 20 units, and your
# `lstm_step_backward` takes it back, step by step: how much of it is left after how many steps? The
# forget gates have the biases 0, 1, 3 and `latch_bias(50)`.
#
# **Before you run it:** the unit on the left is told to write at steps 3 and 10, and to read at 8
# and 15. Where will $c$ change, and where will $h$ be other than zero? And by what factor per step
# will the line on the right fall that belongs to bias 0?

# %%
# A latch: one unit; inputs value, write, read
T = 16
written, read = [2, 9], [7, 14]  # steps 3 and 10, 8 and 15
X = np.zeros((T, 1, 3))
X[:, 0, 0] = np.random.default_rng(5).uniform(-1, 1, size=T)
X[written, 0, 0], X[written, 0, 1], X[read, 0, 2] = [1.0, -0.7], 1.0, 1.0


def latch(forget_bias):
    """U, W, b of the unit: an order moves a gate by 12, so that it opens or closes."""
    U = np.array([[0, 12, 0], [0, -12, 0], [1.5, 0, 0], [0, 0, 12]], dtype=float)
    return U, np.zeros((4, 1)), np.array([-6, forget_bias, 0, -6], dtype=float)


# How much of a gradient is left: random LSTMs with 20 units
lags, units = 50, 20
rng = np.random.default_rng(6)
noise = rng.normal(size=(lags, 8, 3))
U_random = rng.normal(size=(4 * units, 3)) / 4
W_random = rng.normal(size=(4 * units, units)) / 50


def survival(forget_bias):
    """Length of ∂L/∂c after 0 … 50 steps back, in parts of the length at the start."""
    b = np.zeros(4 * units)
    b[units : 2 * units] = forget_bias
    start = np.zeros((8, units))
    H, C = lstm_forward(noise, start, start, U_random, W_random, b)
    dh, dc = start, np.ones((8, units))
    left = [np.linalg.norm(dc)]
    for t in reversed(range(lags)):
        h, c = (H[t - 1], C[t - 1]) if t > 0 else (start, start)
        _, dh, dc, *_ = lstm_step_backward(dh, dc, noise[t], h, c, U_random, W_random, b)
        left.append(np.linalg.norm(dc))
    return np.array(left) / left[0]


# %%
# The figure, from your own functions
fig, axes = plt.subplot_mosaic(
    [["i", "left"], ["f", "left"], ["o", "left"], ["cell", "left"]],
    figsize=(11, 5.4),
    height_ratios=[1, 1, 1, 3.5],
)
try:
    U, W, b = latch(latch_bias(T))
    H, C = lstm_forward(X, np.zeros((1, 1)), np.zeros((1, 1)), U, W, b)
    i, f, _, o = np.split(sigmoid(X[:, 0] @ U.T + b), 4, axis=1)
    draw_gates(
        [axes["i"], axes["f"], axes["o"]], {"input gate": i, "forget gate": f, "output gate": o}
    )
    axes["o"].set_xlabel("")
    timeline(axes["cell"], C[:, 0, 0], label="$c_t$", colour=COLOURS.state)
    timeline(axes["cell"], H[:, 0, 0], label="$h_t$", colour=COLOURS.output, linestyle="--")
    axes["cell"].axhline(0, color=COLOURS.neutral, linewidth=1)
    axes["cell"].set(xlim=(0.5, T + 0.5), ylabel="cell and state")
    axes["cell"].legend(ncols=2)

    styles = [("o-", COLOURS.gradient), ("s--", COLOURS.state), ("^-.", COLOURS.output)]
    styles.append(("D:", COLOURS.input))
    for forget_bias, (style, colour) in zip([0, 1, 3, latch_bias(lags)], styles, strict=True):
        left = survival(forget_bias)
        label = f"forget bias {forget_bias:.3g}"
        axes["left"].plot(left, style, color=colour, markevery=10, label=label)
        print(f"{label}: {left[10]:.2g} is left after 10 steps, {left[50]:.2g} after 50")
    axes["left"].set(yscale="log", xlabel="steps back", ylabel="share of the gradient that is left")
    axes["left"].set(title=r"$\partial L / \partial c$, step by step back")
    axes["left"].legend()
    show(
        fig,
        alt="Left: the input gate opens at steps 3 and 10 and the forget gate closes there; the "
        "output gate opens at 8 and 15. The cell steps to 0.9, then to -0.8, and stays; the state "
        "is zero but for two peaks at 8 and 15. Right: on a logarithmic scale the gradient falls "
        "along straight lines, steeply for forget bias 0, hardly at all for 6.16.",
    )
except Exception as error:  # a function is not written yet, or not right
    plt.close(fig)
    print(
        "No figure yet: it needs your functions of exercises 1 to 4 "
        f"({type(error).__name__}).\nRun this cell again when they are right."
    )

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# The cell changes at steps 3 and 10, when it is told to, and takes the value that is read then,
# squeezed by tanh. In between the noise passes by, and only the forget gate, which is nearly open,
# takes a little away: about a tenth in 16 steps, as was asked of `latch_bias`. The state is almost
# zero all the time, though the cell is not. It shows what the cell holds when it is told to read,
# at steps 8 and 15. So five steps after writing nobody could tell from $h$ that there is a memory,
# and yet there is one.
#
# On the right the lines are nearly straight, as for a product of equal factors. At bias 0 the
# factor is about ½ per step, as in an RNN whose memory is short; at bias 1 it is 0.73, at bias 3 it
# is 0.95, and at `latch_bias(50)` about nine tenths are left after all 50 steps. (The gates also
# hear the input and the state, so it is not exactly so. There are other roads back, too, through
# $h$ and the gates; they are weak here, because $W$ is small.) All four lines fall. The gates
# decide how fast.
#
# </details>

# %% [markdown]
# ## 5 Slowed, not avoided &nbsp; [5 points; 15 minutes]
#
# This one is read by a person. A few sentences for each question are enough.
#
# 1. Take the gates as given numbers, so that $c_k$ acts on $c_t$ along the belt alone. Derive
#    $\partial c_t / \partial c_k$ from (3), for one unit. All forget gates are 0.95: what is left
#    after 100 steps? D2 says of the gates that they *avoid* vanishing gradients. Which word would
#    you put there, and when would D2's be true? (2 points)
# 2. Along a tanh unit the factors are $(1 - h_j^2)\,w$. A friend says: then choose $w$ so that they
#    are 1, and you need no gates. Give two reasons why that does not do. (1 point)
# 3. **Find the slip.** Below exercise 1, in the margin, are the equations of D1. What of $i_t$? Say
#    what an LSTM can do with its cell that D1's cannot, with an example of $i_t$ and $f_t$, and
#    show that D1's cells stay between −1 and 1 if they begin there. (2 points)

# %% [markdown] written="slowed_not_avoided" points=5
# **Model answer.**
#
# 1. $\partial c_j / \partial c_{j-1} = f_j$ by (3), since $i_j g_j$ does not contain $c_{j-1}$ if the
#    gates are given. By the chain rule
#    $\partial c_t / \partial c_k = \prod_{j=k+1}^{t} f_j$, with 1 for $k = t$. From 100 gates of 0.95
#    there is left $0.95^{100} = 0.0059$: it fades geometrically, as ever. The word is *slowed* (or
#    put off, controlled). *Avoided* would be true only for $f_j = 1$ exactly, which $\sigma$ never
#    reaches (or if there were no forget gates at all, as in 1997). But how fast it fades is no
#    longer fixed by a slope and a weight: the network learns it, for each unit and each step, and
#    at $f = 0.9989$ nine tenths are left.
# 2. First, the slope $1 - h_j^2$ depends on the state: one $w$ makes the product 1 for one value of
#    $h$ only, and any input that moves $h$ moves the factor. (With $w = 1$ it is below 1 as soon as
#    the unit holds anything but 0; with a larger $w$ it explodes near 0.) Second, $w$ is the same at
#    every step and for every input, so a unit that keeps everything cannot also be overwritten when
#    something new is worth keeping, or be protected from what is not. A gate depends on what is
#    read.
# 3. D1 computes $i_t$ and never uses it: the cell has $1 - f_t$ in its place, the *coupled* gates of
#    exercise 7. With two gates, $i_t = f_t = 1$ adds the new to the old, so a cell can sum or count
#    ($g = 1$ at each step gives $c_t = c_0 + t$); and $i_t = f_t = 0$ clears it. D1's cell can only
#    trade old for new. Its $C_t$ is a weighted mean of $C_{t-1}$ and $\tilde C_t$, with weights
#    $f_t$ and $1 - f_t$ that are positive and add up to 1. If both lie between −1 and 1, so does the
#    mean; $\tilde C_t$ always does, as a tanh, and so by induction every $C_t$ does.
#
# **Rubric.**
#
# - Question 1, 2 points: 1 for the product of forget gates with a reason (0.5 if the range of $j$ is
#   off by one, or the reason is missing); 0.5 for 0.0059 or 0.006; 0.5 for *slowed* or a word that
#   means it, *and* “only if every $f$ were 1”.
# - Question 2, 1 point: 0.5 for a slope that changes with the state, 0.5 for a $w$ that is the same
#   for all inputs and steps. “It is hard to train” gives 0.
# - Question 3, 2 points: 1 for $1 - f_t$ in the place of $i_t$ (0.5) *and* an example that
#   coupled gates cannot have, such as both open or both closed (0.5); 1 for the bound by a
#   weighted mean (0.5 if it only says that tanh is bounded).

# %% [markdown]
# ## 6 Your LSTM remembers &nbsp; [5 points; 15 minutes]
#
# A sequence begins with one of four *symbols*. Then come 60 steps of *distractors*, of four other
# kinds, and at last a *question*: which symbol was it? Whoever guesses is right once in four times,
# and that is what a plain RNN of this size makes of it, trained in the same way: what the first
# step did to its state has faded long before the question comes.
#
# `train_latch` is given: it takes two of your functions and does nothing but call them in turn, 300
# times.
#
# - 16 cells read 16 new sequences for each update. All inputs are one-hot: $T = 62$, $D = 9$.
# - After the last step, four scores are made of the state, $V h_T + c$. (Here $c$ is a bias again.)
#   The right symbol's score should be 1 and the others 0; the loss is half the squared error,
#   summed over the scores and divided by 16. The largest score is the answer.
# - `lstm_backward` is given a `dH` that is zero but for the last step: all that is learnt about the
#   first step has come back through 61 steps. The gradient is clipped, and *Adam* takes the step,
#   at a rate of 0.002. Lecture 6 says what that is.
# - The forget gates begin with a bias of 4. (What is left after 60 steps, then? See (7).)
#
# The first parameters and all sequences are always the same, so your model comes out the same
# each time. Training takes a few seconds with loops over the steps only; five minutes are allowed.
#
# **What is asked.** A dict with the trained `"U"`, `"W"`, `"b"`, `"V"` and `"c"`, as `train_latch`
# returns it. It gets the points if fewer than one in ten of its answers are wrong, for a thousand
# sequences that it has not seen. There is no half here: it is all five points or none.
#
# Do the checks of the two functions hold? Then put this line in the place of `# YOUR CODE HERE` and
# `raise NotImplementedError()`:
#
# ```python
# trained_lstm = train_latch(lstm_forward, lstm_backward)
# ```
#
# If one of the two fails on the way, the error says which, and at which update.

# %% solution="trained_lstm"
trained_lstm = None  # as long as nothing is trained
### BEGIN SOLUTION
trained_lstm = train_latch(lstm_forward, lstm_backward)
### END SOLUTION

# %% test="trained_lstm" points=5
check("trained_lstm", trained_lstm)

# %% [markdown]
# <details>
# <summary>What is left after 60 steps at a bias of 4?</summary>
#
# $\sigma(4)^{60} = 0.9820^{60} = 0.34$: a third, enough for a beginning. At a bias of 1 it would be
# $7 \cdot 10^{-9}$.
#
# </details>
#
# ### And for longer?
#
# No points here. Your model was trained with 60 distractors between symbol and question. Ask it
# after 30, 60, 120 and 240. **Before you run it:** its forget gates are about 0.98 still. Which of
# the four will it do well?

# %%
# The trained model, asked sooner and later


def ask(model, lag):
    """The share of right answers and the mean size of a cell, for 500 sequences."""
    rng = np.random.default_rng(1)
    X, answers = draw_long_lag(rng, 500)
    between = np.concatenate([draw_long_lag(rng, 500)[0][1:-1] for _ in range(lag // 60 + 1)])
    X = np.concatenate([X[:1], between[:lag], X[-1:]])  # the symbol, distractors, the question
    rest = np.zeros((500, len(model["b"]) // 4))
    H, C = lstm_forward(X, rest, rest, model["U"], model["W"], model["b"])
    scores = H[-1] @ model["V"].T + model["c"]
    return np.mean(scores.argmax(axis=1) == answers), np.mean(np.abs(C[-1]))


try:
    for lag in (30, 60, 120, 240):
        share, size = ask(trained_lstm, lag)
        print(f"after {lag:>3} distractors: {share:4.0%} right; mean size of a cell {size:.1f}")
except Exception as error:  # nothing is trained yet, or lstm_forward is not written, or not right
    name = type(error).__name__
    print(f"Nothing more to ask: it needs your lstm_forward and a trained model ({name}).")
    print("Run this cell again when the checks of exercises 3 and 6 hold.")

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# Only 60. That later is harder was to be expected: of 0.98 there is a third left after 60 steps, and
# less than a hundredth after 240. But sooner is no easier! The input gates stay half open for the
# distractors, so these go on filling the cells, as the sizes show. The scores were learnt for cells
# as they are after 60 steps, and fit no others well. A latch that holds for *any* time is possible:
# you have seen one below exercise 4. But the training never asked for it. It would have to mix
# short and long.
#
# </details>

# %% [markdown]
# ## 7 Peepholes and coupled gates &nbsp; [10 points; 30 minutes]
#
# The gates of (2) see the state $h_{t-1}$. If the output gate was closed, that state says nothing
# about the cell, and the gates do not know what they guard. *Peepholes* let them look: each unit's
# gates see the cell of that unit, with one weight for each of the three,
#
# $$i_t = \sigma(a_i + p_i \ast c_{t-1}), \qquad f_t = \sigma(a_f + p_f \ast c_{t-1}), \qquad
# o_t = \sigma(a_o + p_o \ast c_t). \tag{8}$$
#
# The output gate opens after the cell has been updated, so it sees the *new* cell. The candidate
# has no peephole.
#
# *Coupled* gates save one gate: what is forgotten makes room for the new, and nothing else does,
#
# $$c_t = f_t \ast c_{t-1} + (1 - f_t) \ast g_t \qquad\text{in the place of (3).} \tag{9}$$
#
# The blocks of $i$ in $U$, $W$, $b$ and $p_i$ are still there then, but nothing depends on them.
#
# Write all four combinations. Everything else is as in exercise 1.
#
# | | `x`, `h`, `c`, `U`, `W`, `b` | `peepholes` | `coupled` | result: `h`, `c` |
# |:--|:--|:--|:--|:--|
# | shape | as in exercise 1 | (3, H), rows $p_i$, $p_f$, $p_o$; or `None`: there are none | `True` or `False` | (B, H), (B, H) |
#
# **By hand.** The step of exercise 1, and peepholes $p = \ln 3 \cdot (-2, -2, 1)$. With
# $c_{t-1} = 0.5$ they take $\ln 3$ away from $a_i$ and $a_f$, so that $i = \sigma(0) = 0.5$ and
# $f = \sigma(\ln 3) = 0.75$.
#
# | peepholes | coupled | $c_t$ | $o_t$ | $h_t$ |
# |:--|:--|:--|--:|--:|
# | no | no | 1.05 | 0.5 | 0.3909 |
# | no | yes | $0.9 \cdot 0.5 + 0.1 \cdot 0.8 = 0.53$ | 0.5 | 0.2427 |
# | yes | no | $0.75 \cdot 0.5 + 0.5 \cdot 0.8 = 0.775$ | $\sigma(0.775 \ln 3) = 0.7009$ | 0.4554 |
# | yes | yes | $0.75 \cdot 0.5 + 0.25 \cdot 0.8 = 0.575$ | $\sigma(0.575 \ln 3) = 0.6529$ | 0.3389 |
#
# <details>
# <summary>In the margin: peepholes in the slides</summary>
#
# D1 has full matrices: each gate sees *all* cells, as $[C_{t-1}, h_{t-1}, x_t]$ or, for the
# output gate, $[C_t, h_{t-1}, x_t]$. That is $H \times H$ more weights for each gate. Gers and
# Schmidhuber, who brought them up in 2000, let each gate see its own cell only; so does (8). **Ours
# is a special case of D1's:** of which form is then the part of $W_f$ that is multiplied by
# $C_{t-1}$?
#
# <details>
# <summary>Answer</summary>
#
# It is diagonal, with $p_f$ on the diagonal: $\operatorname{diag}(p_f)\, C_{t-1} = p_f \ast C_{t-1}$.
#
# </details>
#
# </details>


# %% solution="lstm_step_variant"
def lstm_step_variant(x, h, c, U, W, b, peepholes=None, coupled=False):
    """One step of an LSTM with peepholes, coupled gates, or both; equations (8) and (9).

    Parameters
    ----------
    x : ndarray, shape (B, D)
        Inputs at step t.
    h, c : ndarray, shape (B, H)
        States and cells of step t − 1.
    U, W, b : ndarray, shapes (4H, D), (4H, H), (4H,)
        Weights and biases, blocks i, f, g, o.
    peepholes : ndarray, shape (3, H), optional
        Weights from each cell to its own gates i, f, o; without them, gates do not see the cell.
    coupled : bool, default False
        Whether 1 − f takes the place of i.

    Returns
    -------
    h, c : ndarray, shape (B, H)
        States and cells of step t.

    Examples
    --------
    >>> U, W, b = (np.log(3) * np.array(v) for v in ([1, 0, 1, 1], [0, -2, 0, 2], [0, 1, 0, 0]))
    >>> x, h, c = np.array([[1.0]]), np.array([[-0.5]]), np.array([[0.5]])
    >>> peepholes = np.log(3) * np.array([[-2], [-2], [1]])
    >>> for p in (None, peepholes):
    ...     for coupled in (False, True):
    ...         new_h, new_c = lstm_step_variant(x, h, c, U[:, None], W[:, None], b, p, coupled)
    ...         print(new_h.round(4), new_c.round(4))
    [[0.3909]] [[1.05]]
    [[0.2427]] [[0.53]]
    [[0.4554]] [[0.775]]
    [[0.3389]] [[0.575]]
    """
    ### BEGIN SOLUTION
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=1)  # (1)
    p_i, p_f, p_o = np.zeros((3, c.shape[1])) if peepholes is None else peepholes
    f = sigmoid(f + p_f * c)  # (8)
    i = 1.0 - f if coupled else sigmoid(i + p_i * c)
    c = f * c + i * np.tanh(g)  # (3), or (9)
    return sigmoid(o + p_o * c) * np.tanh(c), c  # the new cell
    ### END SOLUTION


# %% test="lstm_step_variant" points=10
check("lstm_step_variant", lstm_step_variant)

# %% [markdown]
# ## 8 One memory and two gates &nbsp; [10 points; 25 minutes]
#
# The GRU, *gated recurrent unit*, does with less: no cell beside the state, and two gates. The
# *update* gate $z$ mixes old and new, the *reset* gate $r$ hides the past from the candidate $n$:
#
# $$r_t = \sigma(U_r x_t + W_r h_{t-1} + b_r), \qquad z_t = \sigma(U_z x_t + W_z h_{t-1} + b_z) \tag{10}$$
#
# $$n_t = \tanh\bigl(U_n x_t + W_n (r_t \ast h_{t-1}) + b_n\bigr) \tag{11}$$
#
# $$h_t = (1 - z_t) \ast h_{t-1} + z_t \ast n_t \tag{12}$$
#
# The blocks are stacked in the order $r, z, n$. With $z = 0$ everything stays as it is; with $z = 1$
# the candidate is taken. So $1 - z$ does the work of a forget gate, and the two are coupled, as
# in (9).
#
# | | `x` | `h` | `U`, `W` | `b` | result |
# |:--|:--|:--|:--|:--|:--|
# | shape | (B, D) | (B, H) | (3H, D), (3H, H) | (3H,) | (B, H) |
#
# **Two things go by this name.** Libraries mostly have $z$ the other way round, $h_t = z_t \ast h_{t-1} +
# (1 - z_t) \ast n_t$, and apply the reset *after* the product, $r_t \ast (W_n h_{t-1})$ in the place of
# $W_n (r_t \ast h_{t-1})$. Both are good networks, and they are trained equally well. But the
# weights of one are nonsense in the other. Here, (11) and (12) hold; an answer in another of these
# forms gets half.
#
# **By hand.** One sequence, one input, *two* units. (With one unit there would be no
# difference between reset before and after.) $x = 1$, $h_{t-1} = (0.4, -0.8)$, all biases and $W_r$,
# $W_z$, $U_n$ zero, and
#
# $$U_r = \begin{pmatrix} \ln 3 \\ -\ln 3 \end{pmatrix}, \quad
# U_z = \begin{pmatrix} \ln 3 \\ 0 \end{pmatrix}, \quad
# W_n = \begin{pmatrix} 0 & 1 \\ 1 & 0 \end{pmatrix}; \qquad
# r = \begin{pmatrix} 0.75 \\ 0.25 \end{pmatrix}, \quad
# z = \begin{pmatrix} 0.75 \\ 0.5 \end{pmatrix}.$$
#
# $r \ast h_{t-1} = (0.3, -0.2)$, and $W_n$ swaps the two: $n = \tanh(-0.2,\; 0.3) = (-0.1974,\; 0.2913)$.
# So
#
# $$h_t = \begin{pmatrix} 0.25 \cdot 0.4 + 0.75 \cdot (-0.1974) \\ 0.5 \cdot (-0.8) + 0.5 \cdot 0.2913 \end{pmatrix}
# = \begin{pmatrix} -0.0480 \\ -0.2543 \end{pmatrix}.$$
#
# > **In the margin.** D1 has (10) and (11) without biases, $\tilde h_t = \tanh(W \cdot [r_t \ast
# > h_{t-1}, x_t])$, and $\tilde h_t$ is our $n_t$; with $b = 0$ it is the same.


# %% solution="gru_step"
def gru_step(x, h, U, W, b):
    """One step of a GRU, equations (10) to (12).

    Parameters
    ----------
    x : ndarray, shape (B, D)
        Inputs at step t.
    h : ndarray, shape (B, H)
        States of step t − 1.
    U : ndarray, shape (3H, D)
        Weights from the inputs, blocks r, z, n.
    W : ndarray, shape (3H, H)
        Weights from the states one step before, blocks r, z, n.
    b : ndarray, shape (3H,)
        Biases, blocks r, z, n.

    Returns
    -------
    ndarray, shape (B, H)
        States of step t.

    Examples
    --------
    >>> U, W = np.log(3) * np.array([[1], [-1], [1], [0], [0], [0]]), np.zeros((6, 2))
    >>> W[4:] = [[0, 1], [1, 0]]
    >>> gru_step(np.array([[1.0]]), np.array([[0.4, -0.8]]), U, W, np.zeros(6)).round(4)
    array([[-0.048 , -0.2543]])
    """
    ### BEGIN SOLUTION
    (U_r, U_z, U_n), (W_r, W_z, W_n), (b_r, b_z, b_n) = (np.split(p, 3) for p in (U, W, b))
    r = sigmoid(x @ U_r.T + h @ W_r.T + b_r)  # (10)
    z = sigmoid(x @ U_z.T + h @ W_z.T + b_z)
    n = np.tanh(x @ U_n.T + (r * h) @ W_n.T + b_n)  # (11)
    return (1.0 - z) * h + z * n  # (12)
    ### END SOLUTION


# %% test="gru_step" points=10
check("gru_step", gru_step)

# %% [markdown]
# ## 9 The same step, backwards &nbsp; [10 points; 40 minutes]
#
# One thing leaves this step, $h_t$, and `dh` is $\bar h_t$, all of it. From there, (12), (11) and
# (10) are to be taken backwards, as in exercise 2. Two places want care: $z_t$ stands twice in
# (12), and $h_{t-1}$ feeds *four* places. Find them all before you write, and add up what comes back
# from them.
#
# | | `dh` | `x` | `h` | `U`, `W`, `b` | `dx` | `dh_prev` | `dU`, `dW`, `db` |
# |:--|:--|:--|:--|:--|:--|:--|:--|
# | shape | (B, H) | (B, D) | (B, H) | as in exercise 8 | (B, D) | (B, H) | as `U`, `W`, `b` |
#
# `x` and `h` are what went into the step; `h` is $h_{t-1}$. The gradients of the parameters are
# summed over the sequences.
#
# **By hand.** The step of exercise 8 with `dh` $= (1, 1)$. The bars of the pre-activations, one
# block each:
#
# | | bar of the value | slope | $\bar a$ |
# |:--|:--|:--|:--|
# | $n$ | (0.75, 0.5) | (0.9610, 0.9151) | (0.7208, 0.4576) |
# | $z$ | (−0.5974, 1.0913) | (0.1875, 0.25) | (−0.1120, 0.2728) |
# | $r$ | (0.1830, −0.5766) | (0.1875, 0.1875) | (0.0343, −0.1081) |
#
# Then $\bar x_t = 0.0334$ and $\bar h_{t-1} = (0.5932,\; 0.6802)$, and the block $n$ of $\bar W$ is
#
# $$\begin{pmatrix} 0.2162 & -0.1442 \\ 0.1373 & -0.0915 \end{pmatrix}.$$
#
# ($W_r$ and $W_z$ are zero here, which shuts two of the four roads back to $h_{t-1}$. The check
# opens them.)
#
# <details>
# <summary>No idea where to begin?</summary>
#
# Give the product a name, $m = r_t \ast h_{t-1}$. Then go back in this order: (12) to $z_t$, $n_t$
# and directly to $h_{t-1}$; (11) to $m$; from $m$ to $r_t$ and, again, to $h_{t-1}$; (10) to
# $h_{t-1}$ twice more. What does $W_n$ meet on the way forwards, $h_{t-1}$ or $m$? That is what
# $\bar a_n$ meets in $\bar W_n$.
#
# </details>


# %% solution="gru_step_backward"
def gru_step_backward(dh, x, h, U, W, b):
    """Gradients of one step of a GRU, equations (10) to (12).

    Parameters
    ----------
    dh : ndarray, shape (B, H)
        ∂L/∂h_t.
    x : ndarray, shape (B, D)
        Inputs at step t.
    h : ndarray, shape (B, H)
        States of step t − 1.
    U, W, b : ndarray, shapes (3H, D), (3H, H), (3H,)
        Weights and biases, blocks r, z, n.

    Returns
    -------
    dx : ndarray, shape (B, D)
        Gradient with respect to x.
    dh_prev : ndarray, shape (B, H)
        Gradient with respect to h, the states of step t − 1.
    dU, dW, db : ndarray, shapes (3H, D), (3H, H), (3H,)
        Gradients with respect to weights and biases, summed over the sequences.

    Examples
    --------
    >>> U, W = np.log(3) * np.array([[1], [-1], [1], [0], [0], [0]]), np.zeros((6, 2))
    >>> W[4:] = [[0, 1], [1, 0]]
    >>> x, h = np.array([[1.0]]), np.array([[0.4, -0.8]])
    >>> dx, dh_prev, dU, dW, db = gru_step_backward(np.ones((1, 2)), x, h, U, W, np.zeros(6))
    >>> dx.round(4), dh_prev.round(4)
    (array([[0.0334]]), array([[0.5932, 0.6802]]))
    >>> dW[4:].round(4)
    array([[ 0.2162, -0.1442],
           [ 0.1373, -0.0915]])
    """
    ### BEGIN SOLUTION
    (U_r, U_z, U_n), (W_r, W_z, W_n), (b_r, b_z, b_n) = (np.split(p, 3) for p in (U, W, b))
    r = sigmoid(x @ U_r.T + h @ W_r.T + b_r)  # (10)
    z = sigmoid(x @ U_z.T + h @ W_z.T + b_z)
    m = r * h
    n = np.tanh(x @ U_n.T + m @ W_n.T + b_n)  # (11)

    dz, dn = dh * (n - h), dh * z  # (12), backwards
    da_n = dn * (1.0 - n**2)  # (11), backwards
    dm = da_n @ W_n
    da_r, da_z = dm * h * r * (1.0 - r), dz * z * (1.0 - z)  # (10), backwards
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1.0 - z) + dm * r + da_r @ W_r + da_z @ W_z
    dW = np.concatenate([da_r.T @ h, da_z.T @ h, da_n.T @ m])
    return da @ U, dh_prev, da.T @ x, dW, da.sum(axis=0)
    ### END SOLUTION


# %% test="gru_step_backward" points=10
check("gru_step_backward", gru_step_backward)

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart Kernel and Run All Cells* once more. If the run stops at a red cell, that cell
# raises an error: mend it, or leave it as it was given; the cells below it can still be run one
# by one. Save, and hand in this file.
#
# You have written both kinds of gated network from their equations, with the way back through
# every gate. Problem set 6 stacks such layers, lets them read in both directions, and makes one
# of them write what another has read.
