# %% [markdown]
# # Problem set 6: architectures
#
# One recurrent layer is a brick, and in this set you build with it. A network hears nothing of its
# past but its own last answer. Two readers go through a sentence from both ends. Layers are
# stacked; one network reads, and another writes what the first has understood. At the end you
# decide how long to train, and leave out units on purpose.
#
# **When you are through, you can**
#
# - train a network on the right answers in the place of its own, and say what that buys and costs;
# - send a gradient through outputs that are fed back;
# - read sequences of unequal lengths in both directions, without a word of the padding;
# - send a gradient down a stack of layers;
# - write an encoder–decoder with its whole gradient, and let it answer;
# - choose when to stop, and drop units so that nothing has to be changed afterwards.
#
# The set belongs to **lecture 10** (output recurrence and teacher forcing; exercises 1 to 4) and
# **lecture 9** (architectures: deep, bidirectional, encoder–decoder; exercises 5 to 10). Take three
# or four sittings: 1 to 4, then 5 and 6, then 7 and 8, and the two short ones whenever you like.
#
# | | exercise | topic | points | minutes |
# |:--|:--|:--|--:|--:|
# | 1 | `output_rnn` | the output is the memory | 10 | 30 |
# | 2 | `forced_gradients` | trained on the right answers | 15 | 35 |
# | 3 | `free_running_gradients` | trained on its own answers | 10 | 40 |
# | 4 | | waiting for oneself. In your own words | 5 | 15 |
# | 5 | `bidirectional_rnn` | two readers, unequal lengths | 15 | 35 |
# | 6 | `stacked_forward`, `stacked_backward` | layer upon layer | 5 + 10 | 50 |
# | 7 | `seq2seq_loss` | one reads, one writes | 15 | 90 |
# | 8 | `greedy_decode` | the answer, word by word | 5 | 20 |
# | 9 | `early_stopping` | when to stop | 5 | 15 |
# | 10 | `dropout` | leave units out | 5 | 10 |
# | | | **together** | **100** | **340** |
#
# Exercises 5, 6, 7, 9 and 10 do not need the functions before them.

# %% [markdown]
# ## How to work
#
# - **Write.** Each exercise ends in a cell with a function that is not written yet. Put your code
#   in the place of `# YOUR CODE HERE` and `raise NotImplementedError()`, and run the cell.
# - **Check.** Run the cell below it, as often as you like: it costs nothing. It says what holds
#   and what does not, and often which mistake it is. (If it does not come back, a loop of yours
#   does not end: interrupt it by ■ in the toolbar.) If there is a hint, it is folded below the
#   verdict: click on it. (In a cell of your own you can also write
#   `check("output_rnn", output_rnn, hint=True)`.)
# - **Points.** All of them if every case holds; half if only a special case fails (a single step,
#   a single sequence, a single layer …), or if your answer is right in another convention (the
#   two halves swapped, a mean in the place of a sum …). When your work is graded, the same cases
#   are tried with other random numbers. Each function counts for itself: if it only fails because
#   it calls an earlier one of yours that is wrong, it is tried again with a right one.
# - **Leave the arguments as they are.** A function that changes an array it was given is wrong,
#   even if it returns the right numbers. That holds for arrays within lists and dicts, too.
# - **Hand in.** Choose *Restart Kernel and Run All Cells* in the menu *Kernel*, look over the
#   checks once more, save, and hand in this file alone. Add cells wherever you like; leave the
#   given ones in their place.
#
# Run this cell first.

# %% locked="setup"
import time

import matplotlib.pyplot as plt
import numpy as np

from rnnref.course import checker
from rnnref.course.plots import COLOURS, show, timeline

check = checker("ps6_architectures")

# %% [markdown]
# ## Names and shapes
#
# Time comes first, then the sequences of a minibatch, then the units. Formulas count time steps
# from 1, arrays from 0: $x_1$ is `X[0]`. All arrays are `float64`, apart from ids and lengths.
#
# | | | shape |
# |:--|:--|:--|
# | $x_t$ | input | `X` (T, B, D) |
# | $h_t$; $h_0$ | state; the one before the first input | `H` (T, B, H); `h0` (B, H) |
# | $y_t$ | output of exercises 1 to 3, which is linear | `Y` (T, B, K) |
# | $y^*_t$ | what it should be | `targets` (T, B, K) |
# | $\tilde y_t$; $\tilde y_0 = y_0$ | what is fed back to step $t + 1$; to the first step | (B, K); `y0` (B, K) |
# | $o_t$ | scores, in exercise 7 | (T, B, K) |
# | $n_i$ | length of sequence $i$: its own steps are 1 … $n_i$, what follows is padding | `lengths` (B,) |
# | $U$, $W$ | input → hidden; hidden → hidden, one step later | (H, D), (H, H) |
# | $R$ | output → hidden, one step later | (H, K) |
# | $V$ | hidden → output | (K, H) |
# | $b$, $c$ | biases of the hidden units and of the output | (H,), (K,) |
#
# There are $T$ steps, $B$ sequences, $D$ inputs, $H$ hidden units and $K$ outputs. (`H` is a number
# in a shape, and the array of all states in the code.) All hidden units are tanh, and
# $\tanh'(z) = 1 - h^2$ where $h = \tanh(z)$.
#
# A bar is a gradient: $\bar h_t = \partial L / \partial h_t$, by *all* ways on which $h_t$ acts on the
# loss $L$. In code it is `dh`. And $\ast$ multiplies entry by entry.
#
# <details>
# <summary>In the margin: the same things in the slides</summary>
#
# | here | D3 |
# |:--|:--|
# | $x_t$, $h_t$, $y_t$ | $x_t$, $h_t$, $o_t$ |
# | $U$, $W$, $V$ | $U$, $W$, $V$ |
# | $R$, $y_0$ | in pictures only, no letters |
# | $[\overrightarrow{h}_t; \overleftarrow{h}_t]$ | $[\overleftarrow{h}_t; \overrightarrow{h}_t]$ |
# | $h^{(2)}_t$, the state of layer 2 | $s_t$ |
# | $U$, $W$ of layer 2 | $Z$, $B$ |
#
# </details>

# %% [markdown]
# ## 1 The output is the memory &nbsp; [10 points; 30 minutes]
#
# Imagine telling a story while you forget everything but your own last sentence. Here is a network
# that has to. Its hidden units do not hear each other. What comes back to them, one
# step later, is the *output*:
#
# $$h_t = \tanh(U x_t + R\, \tilde y_{t-1} + b), \qquad y_t = V h_t + c \tag{1}$$
#
# ```text
#        y_1               y_2               y_3
#         ▲ V  ╲            ▲ V  ╲            ▲ V
#        h_1    ╲── R ──▶  h_2    ╲── R ──▶  h_3
#         ▲ U               ▲ U               ▲ U
#        x_1               x_2               x_3
# ```
#
# $\tilde y_{t-1}$ is what is fed back. There are two ways to run the network:
#
# $$\tilde y_0 = y_0, \qquad \tilde y_t = \begin{cases}
# y_t & \text{running freely, without targets} \\
# y^*_t & \text{forced, with targets}
# \end{cases} \qquad t = 1, \dots, T - 1 \tag{2}$$
#
# Running freely it goes by what it has said itself. *Forced*, it is corrected after each step: the
# next step begins with what it should have said. The last output is fed to nobody, and neither is
# the last target.
#
# | | `X` | `y0` | `U` | `R` | `V` | `b`, `c` | `targets` | `Y` |
# |:--|:--|:--|:--|:--|:--|:--|:--|:--|
# | shape | (T, B, D) | (B, K) | (H, D) | (H, K) | (K, H) | (H,), (K,) | (T, B, K), or `None`: run freely | (T, B, K) |
#
# **By hand.** One sequence, one input, one unit, one output; $U = R = \tfrac12 \ln 3$, $V = 2.5$,
# $b = 0$, $c = -1$ and $y_0 = 1$. The inputs are $x = (1, 1, 0)$, the targets $y^* = (0, 2, 0.5)$.
# (Recall that $\tanh(\ln 3) = 0.8$ and $\tanh(\tfrac12 \ln 3) = 0.5$.)
#
# | | $t$ | $x_t$ | $\tilde y_{t-1}$ | $h_t$ | $y_t = 2.5\,h_t - 1$ |
# |:--|--:|--:|--:|--:|--:|
# | freely | 1 | 1 | 1 | $\tanh(\ln 3) = 0.8$ | 1 |
# | | 2 | 1 | 1 | 0.8 | 1 |
# | | 3 | 0 | 1 | 0.5 | 0.25 |
# | forced | 1 | 1 | 1 | 0.8 | 1 |
# | | 2 | 1 | 0 | 0.5 | 0.25 |
# | | 3 | 0 | 2 | 0.8 | 1 |
#
# At step 1 there is no difference yet. The last target, 0.5, changes nothing.
#
# > **In the margin.** D3 shows this network in two pictures, one for training and one for testing,
# > and asks: can you write its equations, and its backpropagation? (1) and (2) are the
# > equations; exercises 2 and 3 are the rest. D3's outputs go through a function $g$. Ours are
# > linear.


# %% solution="output_rnn"
def output_rnn(X, y0, U, R, V, b, c, targets=None):
    """Run a network whose output is fed back, equations (1) and (2).

    Parameters
    ----------
    X : ndarray, shape (T, B, D)
        Inputs.
    y0 : ndarray, shape (B, K)
        What is fed back at the first step.
    U, R, V : ndarray, shapes (H, D), (H, K), (K, H)
        Weights from the inputs to the units, from the outputs one step before to the units, and
        from the units to the outputs.
    b, c : ndarray, shapes (H,), (K,)
        Biases of the units and of the outputs.
    targets : ndarray, shape (T, B, K), optional
        What the outputs should be. If given, these are fed back in the place of the outputs.

    Returns
    -------
    Y : ndarray, shape (T, B, K)
        Outputs y_1 … y_T.

    Examples
    --------
    >>> U = R = np.array([[np.log(3) / 2]])
    >>> V, b, c = np.array([[2.5]]), np.zeros(1), np.array([-1.0])
    >>> X, y0 = np.array([1.0, 1.0, 0.0]).reshape(3, 1, 1), np.array([[1.0]])
    >>> output_rnn(X, y0, U, R, V, b, c).round(4).ravel()
    array([1.  , 1.  , 0.25])
    >>> targets = np.array([0.0, 2.0, 0.5]).reshape(3, 1, 1)
    >>> output_rnn(X, y0, U, R, V, b, c, targets).round(4).ravel()
    array([1.  , 0.25, 1.  ])
    """
    ### BEGIN SOLUTION
    Y = np.zeros((len(X), *y0.shape))
    fed_back = y0
    for t in range(len(X)):
        h = np.tanh(X[t] @ U.T + fed_back @ R.T + b)  # (1)
        Y[t] = h @ V.T + c
        fed_back = Y[t] if targets is None else targets[t]  # (2)
    return Y
    ### END SOLUTION


# %% test="output_rnn" points=10
check("output_rnn", output_rnn)

# %% [markdown]
# ## 2 Trained on the right answers &nbsp; [15 points; 35 minutes]
#
# Force the network, and compare its outputs with the targets:
#
# $$L = \frac{1}{2B} \sum_{i=1}^{B} \sum_{t=1}^{T} \lVert y_{ti} - y^*_{ti} \rVert^2 \tag{3}$$
#
# where $i$ counts the sequences and $\lVert \cdot \rVert^2$ is the sum of the squares of the $K$
# entries. Return $L$ and its gradients with respect to all five parameters. What goes into a step
# is given: $x_t$ and $y^*_{t-1}$ are data, and nobody asks for their gradients. From (3) you get
# $\bar y_t$, and from there you go back through (1), as in problem set 3:
#
# $$\bar y_t = \frac{y_t - y^*_t}{B}, \qquad \bar z_t = (V^\top \bar y_t) \ast (1 - h_t \ast h_t),
# \qquad z_t = U x_t + R\, \tilde y_{t-1} + b \tag{4}$$
#
# The five sums over steps and sequences are your part.
#
# | | `X`, `y0`, `U`, `R`, `V`, `b`, `c` | `targets` | `loss` | `dU`, `dR`, `dV`, `db`, `dc` |
# |:--|:--|:--|:--|:--|
# | shape | as in exercise 1 | (T, B, K) | a number | as what they belong to |
#
# **Try to write it without a loop over the steps.** No mark depends on it, but something else
# does, as you will see below.
#
# **By hand.** The network of exercise 1, forced:
#
# | $t$ | $\tilde y_{t-1}$ | $h_t$ | $y_t - y^*_t = \bar y_t$ | $\bar z_t = 2.5\,\bar y_t\,(1 - h_t^2)$ |
# |--:|--:|--:|--:|--:|
# | 1 | 1 | 0.8 | 1 | 0.9 |
# | 2 | 0 | 0.5 | −1.75 | −3.28125 |
# | 3 | 2 | 0.8 | 0.5 | 0.45 |
#
# So $L = \tfrac12 (1 + 3.0625 + 0.25) = 2.15625$, and the gradients are
#
# $$\bar U = 0.9 - 3.28125 = -2.38125, \quad \bar R = 0.9 \cdot 1 + 0.45 \cdot 2 = 1.8, \quad
# \bar V = 0.325, \quad \bar b = -1.93125, \quad \bar c = -0.25.$$
#
# <details>
# <summary>No idea how to do without a loop?</summary>
#
# Put all that is fed back into one array (T, B, K): which row comes first, and which target is
# left out? `np.concatenate([y0[None], …])` helps. Then (1) is a product of arrays with three axes,
# and `@` takes care of the first ones: (T, B, D) times (D, H) is (T, B, H). For the sums,
# `np.einsum("tbh,tbd->hd", …)` adds up over the two axes $t$ and $b$.
#
# </details>


# %% solution="forced_gradients"
def forced_gradients(X, y0, targets, U, R, V, b, c):
    """Loss and gradients of a network that is fed the targets, equations (1) to (4).

    Parameters
    ----------
    X : ndarray, shape (T, B, D)
        Inputs.
    y0 : ndarray, shape (B, K)
        What is fed back at the first step.
    targets : ndarray, shape (T, B, K)
        What the outputs should be, and what is fed back at all later steps.
    U, R, V : ndarray, shapes (H, D), (H, K), (K, H)
        Weights from the inputs to the units, from the outputs one step before to the units, and
        from the units to the outputs.
    b, c : ndarray, shapes (H,), (K,)
        Biases of the units and of the outputs.

    Returns
    -------
    loss : float
        Half the squared error, summed over the steps, divided by B.
    dU, dR, dV, db, dc : ndarray
        Gradients of the loss, in the shapes of U, R, V, b and c.

    Examples
    --------
    >>> U = R = np.array([[np.log(3) / 2]])
    >>> V, b, c = np.array([[2.5]]), np.zeros(1), np.array([-1.0])
    >>> X, y0 = np.array([1.0, 1.0, 0.0]).reshape(3, 1, 1), np.array([[1.0]])
    >>> targets = np.array([0.0, 2.0, 0.5]).reshape(3, 1, 1)
    >>> loss, *grads = forced_gradients(X, y0, targets, U, R, V, b, c)
    >>> round(float(loss), 5), [round(float(grad.item()), 5) for grad in grads]
    (2.15625, [-2.38125, 1.8, 0.325, -1.93125, -0.25])
    """
    ### BEGIN SOLUTION
    B = len(y0)
    fed_back = np.concatenate([y0[None], targets[:-1]])  # (2): all of it is known beforehand
    H = np.tanh(X @ U.T + fed_back @ R.T + b)  # (1), all steps at once
    error = H @ V.T + c - targets
    loss = np.sum(error**2) / (2 * B)  # (3)

    dY = error / B  # (4)
    dZ = dY @ V * (1.0 - H**2)
    dU = np.einsum("tbh,tbd->hd", dZ, X)
    dR = np.einsum("tbh,tbk->hk", dZ, fed_back)
    dV = np.einsum("tbk,tbh->kh", dY, H)
    return loss, dU, dR, dV, dZ.sum(axis=(0, 1)), dY.sum(axis=(0, 1))
    ### END SOLUTION


# %% test="forced_gradients" points=15
check("forced_gradients", forced_gradients)

# %% [markdown]
# ### How long does it take?
#
# No points here. The cell runs your `forced_gradients` for 20 and for 2,000 steps. Beside it stands
# the *forward* pass of a network that runs freely, your `output_rnn` without targets.
#
# **Before you run it:** a hundred times as many steps. By how much will the time grow, with and
# without a loop over the steps?


# %%
# Time at T = 20 and at T = 2,000
def seconds(T, work):
    """The best of five runs with B = 2, D = 4, H = 8, K = 2."""
    rng = np.random.default_rng(0)
    X, y0, targets = rng.normal(size=(T, 2, 4)), rng.normal(size=(2, 2)), rng.normal(size=(T, 2, 2))
    shapes = [(8, 4), (8, 2), (2, 8), 8, 2]
    parameters = [0.1 * rng.normal(size=shape) for shape in shapes]
    best = np.inf
    for _ in range(5):
        start = time.perf_counter()
        work(X, y0, targets, *parameters)
        best = min(best, time.perf_counter() - start)
    return best


both = {
    "forced_gradients": forced_gradients,
    "output_rnn, freely": lambda X, y0, targets, *parameters: output_rnn(X, y0, *parameters),
}
try:
    for name, work in both.items():
        short, long = seconds(20, work), seconds(2000, work)
        times = f"{1e3 * short:5.2f} ms at T = 20, {1e3 * long:6.2f} ms at T = 2,000"
        print(f"{name:18}: {times}, {long / short:3.0f} times as long")
except Exception as error:  # a function is not written yet, or not right
    print(f"Nothing to measure yet: it needs your functions ({type(error).__name__}).")

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# With a loop over the steps the time grows about a hundredfold (or more, if the machine has other
# things to do), for each step costs the same. Without one it grows by less: NumPy is called as often
# for 2,000 steps as for 20, and each call works on one large array. So forwards *and* backwards
# through a forced network can take less time than forwards alone through one that runs freely.
#
# </details>

# %% [markdown]
# ## 3 Trained on its own answers &nbsp; [10 points; 40 minutes]
#
# When the network is used, there are no targets: if we knew them, we would not need it. So train
# it as it will be used. It runs freely now, by the first line of (2), and the loss is (3) as
# before. But an output acts on the loss along *two* roads now: it is compared with its target, and
# it is fed back. Add up what returns on them. Beyond the end there is nothing.
#
# It is your part to write down $\bar y_t$ and the order in which all is to be computed. From
# $\bar y_t$ on, it is exercise 2.
#
# | | `X`, `y0`, `U`, `R`, `V`, `b`, `c` | `targets` | `loss` | `dU`, `dR`, `dV`, `db`, `dc` |
# |:--|:--|:--|:--|:--|
# | shape | as in exercise 1 | (T, B, K) | a number | as what they belong to |
#
# **By hand.** The network of exercise 1, running freely, so that $y = (1, 1, 0.25)$ and
# $L = \tfrac12 (1 + 1 + 0.0625) = 1.03125$. Backwards, from right to left in time:
#
# | $t$ | $y_t - y^*_t$ | from step $t + 1$ | $\bar y_t$ | $\bar z_t$ |
# |--:|--:|--:|--:|--:|
# | 3 | −0.25 | 0 | −0.25 | −0.4688 |
# | 2 | −1 | −0.2575 | −1.2575 | −1.1317 |
# | 1 | 1 | −0.6217 | 0.3783 | 0.3405 |
#
# (From step 2 on, the numbers are rounded.) At step 1 the roads disagree: this output was too
# large for its own target, but a larger one would have helped the later steps. The gradients are
#
# $$\bar U = -0.7912, \quad \bar R = -1.2600, \quad \bar V = -0.8283, \quad \bar b = -1.2600, \quad
# \bar c = -1.1292.$$
#
# ($\bar R = \bar b$ is an accident: only ones are fed back here.)
#
# <details>
# <summary>Stuck, or dV and dc are not right?</summary>
#
# $z_{t+1}$ contains $R\, y_t$: what comes back through it, when $\bar z_{t+1}$ is known? And look at
# (1) once more: $V$ and $c$ make $y_t$, and *all* that the loss says about $y_t$ is said about them.
# Which $\bar y_t$ must it be, then?
#
# </details>


# %% solution="free_running_gradients"
def free_running_gradients(X, y0, targets, U, R, V, b, c):
    """Loss and gradients of a network that is fed its own outputs, equations (1) to (3).

    Parameters
    ----------
    X : ndarray, shape (T, B, D)
        Inputs.
    y0 : ndarray, shape (B, K)
        What is fed back at the first step.
    targets : ndarray, shape (T, B, K)
        What the outputs should be; they are compared with, and not fed back.
    U, R, V : ndarray, shapes (H, D), (H, K), (K, H)
        Weights from the inputs to the units, from the outputs one step before to the units, and
        from the units to the outputs.
    b, c : ndarray, shapes (H,), (K,)
        Biases of the units and of the outputs.

    Returns
    -------
    loss : float
        Half the squared error, summed over the steps, divided by B.
    dU, dR, dV, db, dc : ndarray
        Gradients of the loss, in the shapes of U, R, V, b and c.

    Examples
    --------
    >>> U = R = np.array([[np.log(3) / 2]])
    >>> V, b, c = np.array([[2.5]]), np.zeros(1), np.array([-1.0])
    >>> X, y0 = np.array([1.0, 1.0, 0.0]).reshape(3, 1, 1), np.array([[1.0]])
    >>> targets = np.array([0.0, 2.0, 0.5]).reshape(3, 1, 1)
    >>> loss, *grads = free_running_gradients(X, y0, targets, U, R, V, b, c)
    >>> round(float(loss), 5), [round(float(grad.item()), 4) for grad in grads]
    (1.03125, [-0.7912, -1.26, -0.8283, -1.26, -1.1292])
    """
    ### BEGIN SOLUTION
    B = len(y0)
    Y = output_rnn(X, y0, U, R, V, b, c)
    fed_back = np.concatenate([y0[None], Y[:-1]])
    H = np.tanh(X @ U.T + fed_back @ R.T + b)  # (1) again, for the states
    loss = np.sum((Y - targets) ** 2) / (2 * B)  # (3)

    dY = (Y - targets) / B  # what each step's own loss says
    dZ = np.zeros_like(H)
    from_later = np.zeros_like(y0)  # what z_{t+1} sends back to y_t; nothing to y_T
    for t in reversed(range(len(X))):
        dY[t] += from_later
        dZ[t] = dY[t] @ V * (1.0 - H[t] ** 2)
        from_later = dZ[t] @ R
    dU = np.einsum("tbh,tbd->hd", dZ, X)
    dR = np.einsum("tbh,tbk->hk", dZ, fed_back)
    dV = np.einsum("tbk,tbh->kh", dY, H)
    return loss, dU, dR, dV, dZ.sum(axis=(0, 1)), dY.sum(axis=(0, 1))
    ### END SOLUTION


# %% test="free_running_gradients" points=10
check("free_running_gradients", free_running_gradients)

# %% [markdown]
# ### Left alone
#
# No points here, only something to see. A point runs round a circle, each at a speed of its own,
# and the network is told this speed at every step, and where the point was at the beginning. Two
# copies of one network are trained with your functions, by 800 updates each:
#
# - the first by `forced_gradients` throughout;
# - the second by `forced_gradients` for 400 updates, then by `free_running_gradients` for 400.
#
# Then both are asked about points that they have not seen, and your `output_rnn` lets them run
# freely for 40 steps.
#
# **Before you run it:** the first network was never left alone in training. Forced, it errs by about
# 0.02 at every step. (The circle has radius 1.) How far off will it be after 40 steps on its own?
# And which of the two is better at a *single* step?


# %%
# Points on a circle, and a training that uses any of the two gradients
def circles(rng, T, B):
    """Speeds (T, B, 1), places at the beginning (B, 2), and at the steps 1 … T (T, B, 2)."""
    speed = rng.uniform(0.2, 0.5, B) * rng.choice([-1, 1], B)
    angle = rng.uniform(0, 2 * np.pi, B) + speed * np.arange(T + 1)[:, None]
    places = np.stack([np.cos(angle), np.sin(angle)], axis=2)
    return np.tile(speed[:, None], (T, 1, 1)), places[0], places[1:]


def train(gradients, parameters, lr, rng, updates=400):
    """Adagrad with clipping, on 16 new points at each update."""
    memory = [np.full_like(theta, 1e-8) for theta in parameters]
    for _ in range(updates):
        _, *grads = gradients(*circles(rng, 40, 16), *parameters)
        scale = min(1.0, 5.0 / np.sqrt(sum(np.sum(g**2) for g in grads)))
        for i, g in enumerate(grads):
            memory[i] = memory[i] + (scale * g) ** 2
            parameters[i] = parameters[i] - lr * scale * g / np.sqrt(memory[i])
    return parameters


def off(outputs, places):
    """How far from the places, at each step; the root of the mean square over all points."""
    return np.sqrt(np.mean(np.sum((outputs - places) ** 2, axis=2), axis=1))


# %%
# The figure, from your own functions
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
try:
    rng = np.random.default_rng(1)
    first = [0.5 * rng.normal(size=shape) for shape in [(20, 1), (20, 2), (2, 20)]]
    half_way = train(forced_gradients, [*first, np.zeros(20), np.zeros(2)], 0.1, rng)
    forced = train(forced_gradients, list(half_way), 0.1, rng)
    then_free = train(free_running_gradients, list(half_way), 0.02, rng)

    X, start, places = circles(np.random.default_rng(2), 40, 200)
    runs = {
        "forced, with targets": (output_rnn(X, start, *forced, places), "^:", COLOURS.neutral),
        "forced, left alone": (output_rnn(X, start, *forced), "o-", COLOURS.state),
        "forced, then free, left alone": (output_rnn(X, start, *then_free), "s--", COLOURS.output),
    }
    fast = np.argmax(X[0, :, 0])  # the point that is drawn on the left
    timeline(left, places[:, fast, 0], label="where it was", colour=COLOURS.neutral, marker="")
    for label, (outputs, style, colour) in runs.items():
        errors = off(outputs, places)
        right.plot(np.arange(1, 41), errors, style, color=colour, markevery=3, label=label)
        print(f"{label:29}: off by {errors[0]:.3f} at step 1, {errors[-1]:.3f} at step 40")
        if "alone" in label:
            left.plot(np.arange(1, 41), outputs[:, fast, 0], style, color=colour, markevery=3)
    left.set(ylabel="first output", title="one fast point", ylim=(-1.2, 1.6))
    right.set(xlabel="step $t$", ylabel="how far off", title="200 points", ylim=(0, None))
    left.legend(loc="upper right")
    right.legend()
    show(
        fig,
        alt="Left: a wave, and two that follow it closely at first; that of the network which was "
        "only forced runs more and more out of step. Right: with targets the error stays near "
        "zero. Left alone, the forced network's grows along a straight line; the other's starts "
        "higher, grows slowly, and ends far below it.",
    )
except Exception as error:  # a function is not written yet, or not right
    plt.close(fig)
    print(
        "No figure yet: it needs your functions of exercises 1 to 3 "
        f"({type(error).__name__}).\nRun this cell again when they are right."
    )

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# Forced, every step begins at the right place, and the small error of one step is forgotten at the
# next. Left alone, the network goes on from where it *thinks* the point is, and the errors pile
# up: after 40 steps it is off by many times the error of one step. The second network is worse at a
# single step and better at forty: the two lines cross. What it was trained for is what it does well.
#
# Why not train freely from the beginning, then? Try it, with
# `train(free_running_gradients, [*first, np.zeros(20), np.zeros(2)], 0.1, rng)`. Outputs that are
# nonsense are fed back, and from nonsense there is little to learn. After 400 updates this network
# soon comes to rest somewhere near the middle of the circle, where it is never far more than 1
# off.
#
# </details>

# %% [markdown]
# ## 4 Waiting for oneself &nbsp; [5 points; 15 minutes]
#
# This one is read by a person. A few sentences for each question are enough.
#
# 1. Imagine a machine that does any number of computations at the same time, as long as none of
#    them needs the result of another. What must be known before $h_7$ can be computed, in exercise
#    2 and in exercise 3? How many stages, one after another, do the states of $T = 2{,}000$ steps
#    need in each? And the way back? Does the forced network keep its advantage when it is
#    *used*? (2 points)
# 2. In the figure, a network that is nearly right at each single step goes astray. Let
#    $\tilde y_{t-1}$ be wrong by a small vector $\varepsilon$. By how much is $y_t$ wrong then, to
#    first order? And why does forced training do nothing about it? (1 point)
# 3. **Find the slip.** D3 has these networks under the heading “Output recurrence (or Teacher
#    forcing)”, and calls them strictly less powerful than those with a matrix $W$ from the hidden
#    units to themselves. First, are the two names names for the same thing? Give an example, from
#    this problem set, of one without the other. Second, let somebody give you $U$, $W$, $b$ and
#    $h_0$ of a network with $H$ hidden units and hidden recurrence. Choose $K$, $R$, $V$, $c$ and
#    $y_0$ so that (1), running freely, has the same states. What has to be added to D3's
#    sentence? (2 points)

# %% [markdown] written="waiting_for_oneself" points=5
# **Model answer.**
#
# 1. Forced, $h_7$ needs $x_7$ and $y^*_6$. Both are data, known before anything is computed, so all
#    2,000 states can be computed in one stage. Freely, it needs $y_6$, hence $h_6$, hence $y_5$ and
#    so on: 2,000 stages. Backwards it is the same. Forced, $h_t$ acts on the loss through $y_t$
#    alone, which is compared with $y^*_t$ and not fed to anybody, so $\bar z_t$ does not wait for
#    $\bar z_{t+1}$ (again one stage, and then the sums); freely, $\bar y_t$ contains
#    $R^\top \bar z_{t+1}$, and it takes 2,000. In use there are no targets: each step has to wait for
#    the output before it, 2,000 stages for a network that was trained in either way. The
#    advantage is one of training only.
# 2. $y_t$ is wrong by $V \operatorname{diag}(1 - h_t \ast h_t)\, R\, \varepsilon$. Forced training feeds
#    the right $y^*_{t-1}$ at every step, so no $\varepsilon$ ever occurs in it: the loss asks that
#    the step be right for right inputs, and nothing asks that this product of matrices be small,
#    or that the step lead back to the right place from beside it. If the product does not
#    shrink $\varepsilon$, the errors of all steps add up.
# 3. No. Output recurrence is an architecture: which units feed which. Teacher forcing is a way to
#    train: feeding targets where the network's own outputs would be fed. The network of exercise 3
#    has output recurrence, and is not forced. The decoder of exercise 7 is forced (it reads the
#    target before), and has hidden recurrence, $W_d$. Second: $K = H$, $V$ the identity, $c = 0$,
#    $R = W$ and $y_0 = h_0$. Then $y_t = h_t$ and $R\,y_{t-1} = W h_{t-1}$: the two networks are
#    equal. (Any $V$, $R$ with $R V = W$ will do, if $y_0$ and the bias fit: $R\,y_0 = W h_0$, and
#    $b - R c$ in the place of $b$.) So the sentence holds only if there are fewer outputs than hidden
#    units, $K < H$, or if the outputs are tied to targets, by forcing or by a loss on each
#    of them, so that they are not free to hold what the network wants to remember.
#
# **Rubric.**
#
# - Question 1, 2 points: 0.5 for what $h_7$ needs in both cases; 0.5 for 1 and 2,000 stages
#   forwards; 0.5 for the way back with a reason; 0.5 for “no advantage in use”, since the targets
#   are missing there. “There is no loop” without what each step needs gives 0 for the first half.
# - Question 2, 1 point: 0.5 for $V \operatorname{diag}(1 - h_t \ast h_t) R\, \varepsilon$ (in words: through
#   $R$, the slopes and $V$); 0.5 for “it is never fed anything wrong in training”. “The errors
#   add up” alone gives 0, that is the question.
# - Question 3, 2 points: 0.5 for architecture against way of training; 0.5 for a right example; 0.5
#   for a choice that gives the same states (nothing is lost for $c$ if $V$ and $R$ are right); 0.5
#   for $K < H$ *or* outputs tied to targets.

# %% [markdown]
# ## 5 Two readers &nbsp; [15 points; 35 minutes]
#
# *Rose bushes stood before the house. Rose stood before the house.* Is the first word a name? Whoever
# reads from the left has to decide too early. A *bidirectional* network has two readers with
# parameters of their own. One reads forwards, the other backwards, and at each word their states
# are put side by side:
#
# $$\overrightarrow{h}_t = \tanh(\overrightarrow{U} x_t + \overrightarrow{W}\, \overrightarrow{h}_{t-1} + \overrightarrow{b}),
# \qquad \overrightarrow{h}_0 = 0, \qquad t = 1, \dots, n_i \tag{5}$$
#
# $$\overleftarrow{h}_t = \tanh(\overleftarrow{U} x_t + \overleftarrow{W}\, \overleftarrow{h}_{t+1} + \overleftarrow{b}),
# \qquad \overleftarrow{h}_{n_i + 1} = 0, \qquad t = n_i, \dots, 1 \tag{6}$$
#
# $$h_t = \begin{cases} [\overrightarrow{h}_t;\; \overleftarrow{h}_t] & t \le n_i \\
# 0 & t > n_i \end{cases} \tag{7}$$
#
# $n_i$ is the length of sequence $i$. What stands in `X` behind it is padding, to be read by nobody:
# the backward reader starts at *each sequence's own end*, with a state of zero.
#
# | | `X` | `lengths` | `fw`, `bw` | result |
# |:--|:--|:--|:--|:--|
# | shape | (T, B, D) | (B,), whole numbers from 1 to T | tuples (U, W, b): (H, D), (H, H), (H,) | (T, B, 2H) |
#
# - The forward half comes first.
# - At padding the result is exactly zero, not nearly. `X` may hold any numbers there, large ones
#   among them.
# - The lengths are in any order, and even the longest sequence may be shorter than $T$.
#
# **By hand.** One input, one unit for each reader, no biases;
# $\overrightarrow{U} = \tfrac12 \ln 3$, $\overleftarrow{U} = -\tfrac12 \ln 3$ and
# $\overrightarrow{W} = \overleftarrow{W} = \ln 3$. A 1 sets the forward unit to $\tanh(\tfrac12 \ln 3) = 0.5$
# and the backward unit to $-0.5$; and a zero leaves them there, since $\tanh(\ln 3 \cdot 0.5)$ is 0.5
# again. So one says “there has been a 1”, the other “a 1 is still to come”. $T = 4$, two sequences
# of lengths 3 and 2, the padding full of sevens:
#
# | $t$ | $x_t$ of sequence 0 | $h_t$ | $x_t$ of sequence 1 | $h_t$ |
# |--:|--:|:--|--:|:--|
# | 1 | 0 | (0, −0.5) | 1 | (0.5, −0.5) |
# | 2 | 1 | (0.5, −0.5) | 0 | (0.5, 0) |
# | 3 | 0 | (0.5, 0) | (7) | (0, 0) |
# | 4 | (7) | (0, 0) | (7) | (0, 0) |
#
# <details>
# <summary>A question before you write: one answer for a whole sentence is wanted. Which states have
# seen all of it?</summary>
#
# $\overrightarrow{h}$ at the sequence's own end, $t = n_i$, and $\overleftarrow{h}$ at $t = 1$. The two
# stand at different steps! At $t = n_i$ the backward reader has only just begun.
#
# </details>
#
# > **In the margin.** D3 has (5) and (6) for one sequence, without biases, and puts the halves the
# > other way round, $[\overleftarrow{h}_t; \overrightarrow{h}_t]$. Libraries do it as we do. Either
# > way, the $V$ on top of it is (K, 2H).


# %% solution="bidirectional_rnn"
def bidirectional_rnn(X, lengths, fw, bw):
    """Read sequences of unequal lengths in both directions, equations (5) to (7).

    Parameters
    ----------
    X : ndarray, shape (T, B, D)
        Inputs; what stands behind the end of a sequence is padding.
    lengths : ndarray of int, shape (B,)
        How many steps each sequence has, 1 … T.
    fw, bw : tuple (U, W, b) of ndarray, shapes (H, D), (H, H), (H,)
        Parameters of the forward and of the backward reader.

    Returns
    -------
    ndarray, shape (T, B, 2H)
        The forward reader's states, then the backward reader's; zero at padding.

    Examples
    --------
    >>> fw = np.array([[np.log(3) / 2]]), np.array([[np.log(3)]]), np.zeros(1)
    >>> bw = -fw[0], fw[1], fw[2]
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 7.0], [7.0, 7.0]])[:, :, None]
    >>> H = bidirectional_rnn(X, np.array([3, 2]), fw, bw)
    >>> H.shape
    (4, 2, 2)
    >>> (H[:, 0] + 0.0).round(4)  # sequence 0
    array([[ 0. , -0.5],
           [ 0.5, -0.5],
           [ 0.5,  0. ],
           [ 0. ,  0. ]])
    """
    ### BEGIN SOLUTION
    T, B, D = X.shape
    valid = np.arange(T)[:, None, None] < lengths[:, None]  # (T, B, 1)

    def read(steps, U, W, b):
        """States of one reader, who takes the steps in this order and is at zero in padding."""
        H = np.zeros((T, B, len(b)))
        h = np.zeros((B, len(b)))
        for t in steps:
            h = np.where(valid[t], np.tanh(X[t] @ U.T + h @ W.T + b), 0.0)  # (5), (6)
            H[t] = h
        return H

    return np.concatenate([read(range(T), *fw), read(reversed(range(T)), *bw)], axis=2)  # (7)
    ### END SOLUTION


# %% test="bidirectional_rnn" points=15
check("bidirectional_rnn", bidirectional_rnn)

# %% [markdown]
# ## 6 Layer upon layer &nbsp; [5 + 10 points; 15 + 35 minutes]
#
# A second network can read the states of the first as its inputs, a third those of the second.
# With $h^{(0)}_t = x_t$ below, layer $l = 1, \dots, N$ computes
#
# $$h^{(l)}_t = \tanh(U^{(l)} h^{(l-1)}_t + W^{(l)} h^{(l)}_{t-1} + b^{(l)}). \tag{8}$$
#
# ```text
#  layer 2    h_0 ── W ──▶ h_1 ── W ──▶ h_2 ── W ──▶ h_3
#                           ▲ U          ▲ U          ▲ U
#  layer 1    h_0 ── W ──▶ h_1 ── W ──▶ h_2 ── W ──▶ h_3
#                           ▲ U          ▲ U          ▲ U
#                          x_1          x_2          x_3
# ```
#
# Each layer has parameters, a first state and a size of its own: layer $l$ has $H_l$ units, and its
# $U^{(l)}$ is $(H_l, H_{l-1})$, with $H_0 = D$. Everything that exists once for each layer is a
# list, **bottom layer first**: layer 1 is `layers[0]`.
#
# | | `X` | each of `h0s` | each of `layers`: (U, W, b) | each of `Hs` |
# |:--|:--|:--|:--|:--|
# | shape | (T, B, D) | (B, $H_l$) | ($H_l$, $H_{l-1}$), ($H_l$, $H_l$), ($H_l$,) | (T, B, $H_l$) |
#
# Backwards, the loss looks at the states of the *top* layer only: what each step's own loss says
# about them is `dH_top`. The layers below hear of the loss only through the one above. `Hs` is what
# the forward pass has left.
#
# | | `dH_top` | `X`, `Hs`, `h0s`, `layers` | `dX` | `dh0s` | `grads`: (dU, dW, db) for each layer |
# |:--|:--|:--|:--|:--|:--|
# | shape | as `Hs[-1]` | as above | as `X` | as `h0s` | as `layers` |
#
# One layer is `rnn_forward` of problem set 1 and `rnn_backward` of problem set 3. Put yours into a
# cell of their own above the next one and call them, or write them anew inside: the second has
# $z$-bars, sums, and what goes back to the step before. Then the stack is a loop of few lines.
# Nothing is divided by anything.
#
# **By hand.** Two layers with one unit each, one input, two steps; no biases, all first states
# zero. $U^{(1)} = \tfrac12 \ln 3$, and $W^{(1)} = U^{(2)} = W^{(2)} = \ln 3$. For $x = (1, 0)$ and a loss
# that looks at the last step of the top layer only, `dH_top` $= (0, 1)$:
#
# | layer | $h_1$ | $h_2$ | $\bar z_1$ | $\bar z_2$ | sent down at 1 | at 2 | $\bar U$ | $\bar W$ | $\bar b$ |
# |:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|
# | 2 | 0.5 | 0.8 | 0.2966 | 0.36 | 0.3259 | 0.3955 | 0.3283 | 0.18 | 0.6566 |
# | 1 | 0.5 | 0.5 | 0.4888 | 0.2966 | 0.2685 | 0.1629 | 0.4888 | 0.1483 | 0.7854 |
#
# What layer 2 sends down is what layer 1 is told of the loss at steps 1 and 2. What layer 1 sends
# down is $\bar x$. And $\bar h_0$ is 0.5370 for layer 1 and 0.3259 for layer 2.
#
# <details>
# <summary>In how many ways does the first state of layer 1 act on the loss, for two layers and
# two steps?</summary>
#
# In two: it has to climb once, at step 1 or at step 2. Through layer 1 to step 1, up, through
# layer 2 to step 2; or through layer 1 to step 2, and up. Each layer's way back adds its share.
#
# </details>
#
# > **In the margin.** D3 has the second layer as $s_t = f(Z h_t + B s_{t-1})$, where $h_t$ is the
# > first one's state: (8) for $l = 2$, without a bias. How many layers? D3 says that deeper is
# > better and that two should mostly do. Lecture 9 measures it.


# %% solution="stacked_forward"
def stacked_forward(X, h0s, layers):
    """All states of a stack of tanh layers, equation (8).

    Parameters
    ----------
    X : ndarray, shape (T, B, D)
        Inputs of the bottom layer.
    h0s : list of ndarray, shapes (B, H_l)
        States before the first step, bottom layer first.
    layers : list of tuple (U, W, b) of ndarray, shapes (H_l, H_{l−1}), (H_l, H_l), (H_l,)
        Parameters, bottom layer first; H_0 is D.

    Returns
    -------
    Hs : list of ndarray, shapes (T, B, H_l)
        States h_1 … h_T of each layer, bottom layer first.

    Examples
    --------
    >>> one, b, h0 = np.array([[np.log(3)]]), np.zeros(1), np.zeros((1, 1))
    >>> X = np.array([1.0, 0.0]).reshape(2, 1, 1)
    >>> Hs = stacked_forward(X, [h0, h0], [(one / 2, one, b), (one, one, b)])
    >>> [H.round(4).ravel().tolist() for H in Hs]
    [[0.5, 0.5], [0.5, 0.8]]
    """
    ### BEGIN SOLUTION
    Hs = []
    below = X
    for h, (U, W, b) in zip(h0s, layers, strict=True):
        H = np.zeros((len(X), *h.shape))
        for t in range(len(X)):
            h = np.tanh(below[t] @ U.T + h @ W.T + b)  # (8)
            H[t] = h
        Hs.append(H)
        below = H
    return Hs
    ### END SOLUTION


# %% test="stacked_forward" points=5
check("stacked_forward", stacked_forward)


# %% solution="stacked_backward"
def stacked_backward(dH_top, X, Hs, h0s, layers):
    """Backpropagation through time and down a stack of tanh layers, equation (8).

    Parameters
    ----------
    dH_top : ndarray, shape (T, B, H_N)
        ∂L_t/∂h_t of the top layer: what each step's own loss sends, not what comes back from later
        steps.
    X : ndarray, shape (T, B, D)
        Inputs of the bottom layer.
    Hs : list of ndarray, shapes (T, B, H_l)
        States of each layer, bottom layer first, from the forward pass.
    h0s : list of ndarray, shapes (B, H_l)
        States before the first step.
    layers : list of tuple (U, W, b) of ndarray, shapes (H_l, H_{l−1}), (H_l, H_l), (H_l,)
        Parameters.

    Returns
    -------
    dX : ndarray, shape (T, B, D)
        Gradient with respect to the inputs.
    dh0s : list of ndarray, shapes (B, H_l)
        Gradients with respect to the first states, bottom layer first.
    grads : list of tuple (dU, dW, db) of ndarray
        Gradients with respect to the parameters, summed over steps and sequences, bottom layer
        first.

    Examples
    --------
    >>> one, b, h0 = np.array([[np.log(3)]]), np.zeros(1), np.zeros((1, 1))
    >>> X, dH_top = np.array([1.0, 0.0]).reshape(2, 1, 1), np.array([0.0, 1.0]).reshape(2, 1, 1)
    >>> Hs = [np.array([[[0.5]], [[0.5]]]), np.array([[[0.5]], [[0.8]]])]
    >>> layers = [(one / 2, one, b), (one, one, b)]
    >>> dX, dh0s, grads = stacked_backward(dH_top, X, Hs, [h0, h0], layers)
    >>> dX.round(4).ravel(), [dh0.round(4).item() for dh0 in dh0s]
    (array([0.2685, 0.1629]), [0.537, 0.3259])
    >>> [[grad.round(4).item() for grad in layer] for layer in grads]
    [[0.4888, 0.1483, 0.7854], [0.3283, 0.18, 0.6566]]
    """
    ### BEGIN SOLUTION
    dh0s, grads = [], []

    def layer_backward(dH, X, H, h0, U, W):
        """One layer, as in problem set 3."""
        dX = np.zeros_like(X)
        dU, dW, db = np.zeros_like(U), np.zeros_like(W), np.zeros(len(W))
        from_later = np.zeros_like(h0)
        for t in reversed(range(len(X))):
            before = H[t - 1] if t > 0 else h0
            dz = (dH[t] + from_later) * (1.0 - H[t] ** 2)
            dX[t] = dz @ U
            dU += dz.T @ X[t]
            dW += dz.T @ before
            db += dz.sum(axis=0)
            from_later = dz @ W
        return dX, from_later, (dU, dW, db)

    from_above = dH_top
    for i in reversed(range(len(layers))):
        below = Hs[i - 1] if i > 0 else X
        U, W, _ = layers[i]
        from_above, dh0, grad = layer_backward(from_above, below, Hs[i], h0s[i], U, W)
        dh0s.insert(0, dh0)  # so that the bottom layer comes first
        grads.insert(0, grad)
    return from_above, dh0s, grads
    ### END SOLUTION


# %% test="stacked_backward" points=10
check("stacked_backward", stacked_backward)

# %% [markdown]
# ## 7 One reads, one writes &nbsp; [15 points; 90 minutes]
#
# A translation is not as long as what it translates, and its third word need not belong to the
# third word of the source. So let one network, the *encoder*, read the source to its end, and hand
# its last state to another, the *decoder*, which writes. Both read ids; a one-hot input picks a
# column of $U$. For source $i$ with $n_i$ words and target $i$ with $m_i$ words, the encoder's states
# $e_s$ and the decoder's $d_t$ are
#
# $$e_s = \tanh(U_e[:, \text{src}_s] + W_e e_{s-1} + b_e), \qquad e_0 = 0, \qquad s = 1, \dots, n_i \tag{9}$$
#
# $$d_t = \tanh(U_d[:, \text{in}_t] + W_d d_{t-1} + b_d), \qquad d_0 = e_{n_i}, \qquad
# \text{in}_1 = 0, \quad \text{in}_t = \text{tgt}_{t-1} \;\text{ for } t \ge 2 \tag{10}$$
#
# $$o_t = V d_t + c, \qquad \hat y_t = \operatorname{softmax}(o_t), \qquad
# L = \frac1B \sum_{i=1}^{B} \sum_{t=1}^{m_i} -\ln \hat y_{ti}[\text{tgt}_{ti}] \tag{11}$$
#
# ```text
#                                         ŷ_1     ŷ_2
#                                          ▲       ▲
#   e_0 ──▶ e_1 ──▶ … ──▶ e_n  =  d_0 ──▶ d_1 ──▶ d_2 ──▶ …
#            ▲             ▲               ▲       ▲
#          src_1         src_n           id 0    tgt_1
# ```
#
# The decoder's first input is id 0, which means “begin”. After that it reads what it should have
# written one step before. Each target contains its own end symbol, counted in its length; when the
# decoder has written it, it is done.
#
# | | `src`, `tgt` | `src_lengths`, `tgt_lengths` | `p["Ue"]`, `p["We"]`, `p["be"]` | `p["Ud"]`, `p["Wd"]`, `p["bd"]` | `p["V"]`, `p["c"]` |
# |:--|:--|:--|:--|:--|:--|
# | shape | (S, B), (T, B), whole numbers | (B,), 1 … S and 1 … T | (H, source words), (H, H), (H,) | (H, K), (H, H), (H,) | (K, H), (K,) |
#
# Return $L$ and a dict of gradients with the eight names of `p`. (There are two vocabularies: the
# source has as many words as `Ue` has columns, the target has $K$.)
#
# - The decoder of source $i$ begins with the state after step $n_i$. What the encoder makes of the
#   padding has no influence, neither on $L$ nor on a gradient.
# - $L$ is divided by $B$, and by no length. Where $t > m_i$ there is no loss.
# - Padding holds ids that exist, so nothing has to be mended before it is looked up.
# - A word may occur in two sequences at the same step. Mind that `dU[:, ids[t]] += …` writes each
#   column only once then.
#
# **By hand.** One unit, two words on each side, and 1 is the end symbol. $U_e = \tfrac12 \ln 3 \cdot (1, -1)$,
# $W_e = W_d = \ln 3$, $V = (0,\; 2 \ln 3)^\top$, and all else is zero. Two pairs, padding in
# brackets:
#
# | $i$ | source | $e_1$ | $e_2$ | target | $d_0$ | $d_1$ | $d_2$ | $\hat y_1$ | $\hat y_2$ |
# |--:|:--|--:|--:|:--|--:|--:|--:|:--|:--|
# | 0 | 0 (1) | 0.5 | | 1 (0) | 0.5 | 0.5 | | (¼, ¾) | |
# | 1 | 1 0 | −0.5 | 0 | 0 1 | 0 | 0 | 0 | (½, ½) | (½, ½) |
#
# So $L = \tfrac12 \left( -\ln \tfrac34 - \ln \tfrac12 - \ln \tfrac12 \right) = 0.8370$. The gradients:
#
# $$\bar c = \begin{pmatrix} 0.125 \\ -0.125 \end{pmatrix}, \quad
# \bar V = \begin{pmatrix} 0.0625 \\ -0.0625 \end{pmatrix}, \quad
# \bar U_d = (-0.8095,\; 0), \quad \bar W_d = -0.1030, \quad \bar b_d = -0.8095,$$
#
# $$\bar U_e = (-0.2292,\; -0.0490), \quad \bar W_e = 0.0298, \quad \bar b_e = -0.2783.$$
#
# ($\bar b_e$ is the sum of $\bar U_e$: each step reads one word. If the encoder had also read the
# padding of source 0, $d_0$ would be 0 there, too.)
#
# <details>
# <summary>No idea where to begin?</summary>
#
# 1. The encoder, step by step for the whole minibatch. A sequence that is over keeps its state:
#    `np.where(…, new, old)`. Then the last state is $e_{n_i}$ for all. Keep all states.
# 2. The array of the decoder's inputs, (T, B): zeros, then all targets but the last.
# 3. The decoder, all scores, the loss: the network of problem set 3 with another first state. What
#    were `weights` there is now 1 up to $m_i$.
# 4. Backwards through the decoder, from $T$ down. What is left over at the end is $\bar d_0$.
# 5. Backwards through the encoder, from $S$ down. Where does $\bar d_0$ of sequence $i$ come in? If
#    a sequence kept its state at step $s$, then so does its gradient, and that step adds nothing
#    to the parameters.
#
# </details>
#
# <details>
# <summary>Want to check it yourself?</summary>
#
# Your `find_wrong_gradients` from problem set 2 takes a dict of parameters and a dict of gradients,
# and names the wrong ones: `find_wrong_gradients(lambda p: seq2seq_loss(…, p)[0], p, grads)`.
#
# </details>
#
# > **In the margin.** This answers D3's first “key challenge”: input and output differ in length.
# > All that the decoder knows of the source has to go through the $H$ numbers of $d_0$. Lecture 9
# > shows what becomes of long sources, and what came next.


# %% solution="seq2seq_loss"
def seq2seq_loss(src, src_lengths, tgt, tgt_lengths, p):
    """Loss of an encoder–decoder and its gradients, equations (9) to (11).

    Parameters
    ----------
    src : ndarray of int, shape (S, B)
        Sources; what stands behind the end of one is padding.
    src_lengths : ndarray of int, shape (B,)
        How many words each source has, 1 … S.
    tgt : ndarray of int, shape (T, B)
        Targets, each with its end symbol; then padding.
    tgt_lengths : ndarray of int, shape (B,)
        How many words each target has, the end symbol included, 1 … T.
    p : dict of str to ndarray
        "Ue" (H, source vocabulary), "We" (H, H), "be" (H,) of the encoder; "Ud" (H, K),
        "Wd" (H, H), "bd" (H,) of the decoder; "V" (K, H), "c" (K,) of the scores.

    Returns
    -------
    loss : float
        Cross-entropy, summed over the words of each target, divided by B.
    grads : dict of str to ndarray
        Its gradients, with the names and shapes of `p`.

    Examples
    --------
    >>> ln3 = np.log(3) * np.ones((1, 1))
    >>> p = {"Ue": ln3 / 2 * [1, -1], "We": ln3, "be": np.zeros(1)}
    >>> p |= {"Ud": np.zeros((1, 2)), "Wd": ln3, "bd": np.zeros(1)}
    >>> p |= {"V": ln3 * [[0], [2]], "c": np.zeros(2)}
    >>> src, tgt = np.array([[0, 1], [1, 0]]), np.array([[1, 0], [0, 1]])
    >>> loss, grads = seq2seq_loss(src, np.array([1, 2]), tgt, np.array([1, 2]), p)
    >>> round(float(loss), 4)
    0.837
    >>> grads["Ue"].round(4), grads["Ud"].round(4)
    (array([[-0.2292, -0.049 ]]), array([[-0.8095,  0.    ]]))
    """
    ### BEGIN SOLUTION
    (S, B), T = src.shape, len(tgt)
    K, H = p["V"].shape
    reads = (np.arange(S)[:, None] < src_lengths)[:, :, None]  # (S, B, 1), False at padding
    counts = (np.arange(T)[:, None] < tgt_lengths)[:, :, None] / B  # (T, B, 1), 0 at padding
    inputs = np.concatenate([np.zeros_like(tgt[:1]), tgt[:-1]])  # id 0, then the word before

    e = np.zeros((S + 1, B, H))  # e[s] is e_s here, from e_0
    for s in range(S):
        new = np.tanh(p["Ue"].T[src[s]] + e[s] @ p["We"].T + p["be"])  # (9)
        e[s + 1] = np.where(reads[s], new, e[s])  # a source that is over keeps its state
    d = np.zeros((T + 1, B, H))
    d[0] = e[S]
    for t in range(T):
        d[t + 1] = np.tanh(p["Ud"].T[inputs[t]] + d[t] @ p["Wd"].T + p["bd"])  # (10)
    o = d[1:] @ p["V"].T + p["c"]  # (11)
    o = o - o.max(axis=2, keepdims=True)
    log_y_hat = o - np.log(np.exp(o).sum(axis=2, keepdims=True))
    y = np.eye(K)[tgt]
    loss = -np.sum(counts * y * log_y_hat)

    do = counts * (np.exp(log_y_hat) - y)  # (11), backwards
    grads = {name: np.zeros_like(array) for name, array in p.items()}
    grads["V"] = np.einsum("tbk,tbh->kh", do, d[1:])
    grads["c"] = do.sum(axis=(0, 1))
    dh = np.zeros((B, H))  # what later steps send back
    for t in reversed(range(T)):
        dz = (do[t] @ p["V"] + dh) * (1.0 - d[t + 1] ** 2)  # (10), backwards
        grads["Ud"] += dz.T @ np.eye(K)[inputs[t]]
        grads["Wd"] += dz.T @ d[t]
        grads["bd"] += dz.sum(axis=0)
        dh = dz @ p["Wd"]
    for s in reversed(range(S)):
        dz = reads[s] * dh * (1.0 - e[s + 1] ** 2)  # (9), backwards
        grads["Ue"] += dz.T @ np.eye(p["Ue"].shape[1])[src[s]]
        grads["We"] += dz.T @ e[s]
        grads["be"] += dz.sum(axis=0)
        dh = np.where(reads[s], dz @ p["We"], dh)
    return loss, grads
    ### END SOLUTION


# %% test="seq2seq_loss" points=15
check("seq2seq_loss", seq2seq_loss)

# %% [markdown]
# ## 8 The answer, word by word &nbsp; [5 points; 20 minutes]
#
# Now let it write. The encoder is (9), the decoder is (10), but there is no target to read: the
# decoder reads the word that it has just written itself. *Greedy* decoding writes the word with the
# largest score, at each step:
#
# $$w_t = \operatorname*{arg\,max}_k \; o_{t,k}, \qquad \text{in}_1 = 0, \quad \text{in}_t = w_{t-1} \;\text{ for } t \ge 2 \tag{12}$$
#
# When it writes `eos`, the end symbol, that sequence is done. The others go on. After `max_len`
# words everything stops. Return the words of each sequence, without `eos`.
#
# | | `src`, `src_lengths`, `p` | `eos` | `max_len` | result |
# |:--|:--|:--|:--|:--|
# | what | as in exercise 7 | an id | a whole number, at least 1 | a list of $B$ lists of ids, each with at most `max_len` |
#
# If two scores are equal, take the word with the smaller number, as `np.argmax` does.
#
# **By hand.** The network of exercise 7, `eos` $= 1$, `max_len` $= 3$. Source 0 gives $d_1 = 0.5$ and
# the scores $(0, \ln 3)$: the first word is the end, and the answer is `[]`. Source 1 gives $d_t = 0$
# and the scores $(0, 0)$, again and again. So its answer is `[0, 0, 0]`, and it would be longer if
# it might.


# %% solution="greedy_decode"
def greedy_decode(src, src_lengths, p, eos, max_len):
    """Let an encoder–decoder write, always the likeliest word; equations (9), (10) and (12).

    Parameters
    ----------
    src : ndarray of int, shape (S, B)
        Sources; what stands behind the end of one is padding.
    src_lengths : ndarray of int, shape (B,)
        How many words each source has, 1 … S.
    p : dict of str to ndarray
        Parameters, as for `seq2seq_loss`.
    eos : int
        The end symbol.
    max_len : int
        How many words an answer may have.

    Returns
    -------
    list of list of int
        The words of each answer, without the end symbol.

    Examples
    --------
    >>> ln3 = np.log(3) * np.ones((1, 1))
    >>> p = {"Ue": ln3 / 2 * [1, -1], "We": ln3, "be": np.zeros(1)}
    >>> p |= {"Ud": np.zeros((1, 2)), "Wd": ln3, "bd": np.zeros(1)}
    >>> p |= {"V": ln3 * [[0], [2]], "c": np.zeros(2)}
    >>> src = np.array([[0, 1], [1, 0]])
    >>> greedy_decode(src, np.array([1, 2]), p, eos=1, max_len=3)
    [[], [0, 0, 0]]
    """
    ### BEGIN SOLUTION
    B = src.shape[1]
    h = np.zeros((B, len(p["be"])))
    for s in range(len(src)):
        new = np.tanh(p["Ue"].T[src[s]] + h @ p["We"].T + p["be"])  # (9)
        h = np.where((s < src_lengths)[:, None], new, h)

    answers = [[] for _ in range(B)]
    word = np.zeros(B, dtype=int)  # id 0: begin
    writing = np.full(B, True)
    for _ in range(max_len):
        h = np.tanh(p["Ud"].T[word] + h @ p["Wd"].T + p["bd"])  # (10)
        word = np.argmax(h @ p["V"].T + p["c"], axis=1)  # (12)
        writing = writing & (word != eos)
        for i in np.flatnonzero(writing):
            answers[i].append(int(word[i]))
    return answers
    ### END SOLUTION


# %% test="greedy_decode" points=5
check("greedy_decode", greedy_decode)

# %% [markdown]
# ### It writes backwards
#
# No points here. Your two functions learn to read a string of letters and to write it backwards: 400
# updates on strings of one to five random letters, 32 at a time. (With loops over the steps only it
# takes a few seconds.) Then put in some words of your own.
#
# **Before you run it:** which words will it get wrong? It has never seen a word of six letters.

# %%
# Training on random strings, and a few words
words = ["a", "stop", "drawer", "hello", "lived", "noon"]
letters = "·|abcdefghijklmnopqrstuvwxyz"  # id 0 begins, id 1 ends


def strings(texts):
    """Sources and targets with their lengths."""
    n = np.array([len(text) for text in texts])
    src, tgt = np.zeros((n.max(), len(texts)), int), np.ones((n.max() + 1, len(texts)), int)
    for i, text in enumerate(texts):
        src[: n[i], i] = [letters.index(letter) for letter in text]
        tgt[: n[i], i] = src[: n[i], i][::-1]
    return src, n, tgt, n + 1


def learn(updates, rng, units=64):
    """Adagrad, without any clipping."""
    K, H = len(letters), units
    p = {"Ue": (H, K), "We": (H, H), "be": H, "Ud": (H, K), "Wd": (H, H), "bd": H, "V": (K, H)}
    p = {name: rng.normal(size=shape) / 8 for name, shape in p.items()} | {"c": np.zeros(K)}
    memory = dict.fromkeys(p, 1e-8)
    for _ in range(updates):
        texts = ["".join(rng.choice(list(letters[2:]), rng.integers(1, 6))) for _ in range(32)]
        _, grads = seq2seq_loss(*strings(texts), p)
        for name, g in grads.items():
            memory[name] = memory[name] + g**2
            p[name] = p[name] - 0.05 * g / np.sqrt(memory[name])
    return p


try:
    model = learn(400, np.random.default_rng(0))
    src, n, *_ = strings(words)
    for word, answer in zip(words, greedy_decode(src, n, model, eos=1, max_len=10), strict=True):
        written = "".join(letters[i] for i in answer)
        print(f"{word:>10} → {written:10} {'right' if written == word[::-1] else 'wrong'}")
except Exception as error:  # a function is not written yet, or not right
    print(f"Nothing to read yet: it needs your functions ({type(error).__name__}).")
    print("Run this cell again when the checks of exercises 7 and 8 hold.")

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# Most words of up to five letters come out right, among them words that no random string has been
# (and *noon*, which proves little). The six letters of *drawer* do not. Nothing in the equations
# depends on a length, so the network does run. But all six have to go through one state of 64
# numbers, and no state in training has ever held six; and it never had to write that many. With more
# updates, say 1,000, five become nearly safe. Six do not, until some are in the training: put 7 in the
# place of 6 in `rng.integers(1, 6)`.
#
# </details>

# %% [markdown]
# ## 9 When to stop &nbsp; [5 points; 15 minutes]
#
# The loss on the training data goes on falling as long as you train. The loss on data held out for
# *validation* falls at first, and at some point it begins to rise: from there on the network learns
# its examples by heart. So measure the validation loss after each epoch, keep the parameters of the
# best one, and stop when there has been no progress for a while.
#
# - The *best* epoch is the one with the lowest loss so far; if several have it, the first.
# - Stop at the first epoch at which `patience` epochs in a row, this one included, have brought no
#   new lowest loss. To equal the lowest is not to beat it.
# - If that never happens, stop at the last epoch there is.
#
# Epochs are counted from 0. Return both, `best` and `stop`. What comes after the stop has never
# been computed: it must not change the answer.
#
# | | `val_losses` | `patience` | `best`, `stop` |
# |:--|:--|:--|:--|
# | what | list of numbers, at least one | a whole number, at least 1 | whole numbers |
#
# **By hand**, for the losses
#
# | epoch | 0 | 1 | 2 | 3 | 4 | 5 |
# |:--|--:|--:|--:|--:|--:|--:|
# | loss | 5 | 4 | 3 | 3.5 | 3 | 2 |
#
# | `patience` | `best` | `stop` | |
# |--:|--:|--:|:--|
# | 1 | 2 | 3 | one epoch without a new lowest is enough |
# | 2 | 2 | 4 | epochs 3 and 4 brought nothing new, for 3 is not lower than 3 |
# | 3 | 5 | 5 | epoch 5 comes just in time |
#
# > **In the margin.** “Model selection and regularization” stands on the title page of D1. This
# > exercise is a bit of the first, the next one a bit of the second.


# %% solution="early_stopping"
def early_stopping(val_losses, patience):
    """The best epoch, and the one at which to stop.

    Parameters
    ----------
    val_losses : list of float
        Validation loss after each epoch.
    patience : int
        How many epochs in a row may bring no new lowest loss until training stops, at least 1.

    Returns
    -------
    best : int
        The first epoch with the lowest loss of all up to `stop`.
    stop : int
        The epoch after which training stops.

    Examples
    --------
    >>> losses = [5.0, 4.0, 3.0, 3.5, 3.0, 2.0]
    >>> [early_stopping(losses, patience) for patience in (1, 2, 3)]
    [(2, 3), (2, 4), (5, 5)]
    """
    ### BEGIN SOLUTION
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        if epoch - best == patience:
            return best, epoch
    return best, len(val_losses) - 1
    ### END SOLUTION


# %% test="early_stopping" points=5
check("early_stopping", early_stopping)

# %% [markdown]
# ## 10 Leave units out &nbsp; [5 points; 10 minutes]
#
# A unit that can rely on all others may learn something odd that only makes sense together with
# them. *Dropout* takes that support away: in training, each unit is silenced with probability $p$,
# anew at every use. What is left is made larger, so that on average nothing changes:
#
# $$\text{dropped} = \frac{H \ast \text{mask}}{1 - p}, \qquad
# \text{mask} = \begin{cases} \text{True} & \text{with probability } 1 - p \\ \text{False} & \text{with probability } p \end{cases} \tag{13}$$
#
# Every entry of `mask` is drawn for itself, by `rng`. Because the division is done here (it is
# called *inverted* dropout), the network is used afterwards just as it is, without any dropout. In
# a stack of recurrent layers it is mostly done on the way *up*, from layer to layer.
#
# | | `H` | `p` | `rng` | `dropped` | `mask` |
# |:--|:--|:--|:--|:--|:--|
# | shape | any, mostly (T, B, H) | a number | a generator | as `H` | as `H`, of `bool` |
#
# - With $p = 0$ nothing changes. For $p < 0$ or $p \ge 1$ raise `ValueError`.
# - All chance comes from `rng`, a `numpy.random.Generator`. Use it in any way: what is graded is how
#   often entries are kept, not which.
#
# **By hand.** $p = \tfrac14$ and the state $(0.6, -0.3)$. If the first unit is kept and the second
# silenced, `dropped` is $(0.8, 0)$. The first entry is 0.8 with probability ¾ and 0 otherwise:
# 0.6 on average, as it was.
#
# <details>
# <summary>Why not on the way to the right, from step to step?</summary>
#
# With a new mask at each step, a unit would have to survive every draw to remember something: after
# $k$ steps it does so with probability $(1 - p)^k$. For $p = \tfrac12$ and ten steps that is one in
# a thousand. (What can be done is to draw *one* mask for all steps of a sequence.)
#
# </details>


# %% solution="dropout"
def dropout(H, p, rng):
    """Silence entries at random and scale the others up, equation (13).

    Parameters
    ----------
    H : ndarray
        States, of any shape.
    p : float
        The probability with which an entry is silenced, 0 ≤ p < 1.
    rng : numpy.random.Generator
        Where all chance comes from.

    Returns
    -------
    dropped : ndarray, shape of H
        Zero, or the entry of H divided by 1 − p.
    mask : ndarray of bool, shape of H
        True where an entry is kept.

    Raises
    ------
    ValueError
        If p is outside [0, 1).

    Examples
    --------
    >>> dropped, mask = dropout(np.array([0.6, -0.3]), 0.0, np.random.default_rng(0))
    >>> dropped, mask
    (array([ 0.6, -0.3]), array([ True,  True]))
    >>> dropped, mask = dropout(np.ones(10_000), 0.25, np.random.default_rng(0))
    >>> np.unique(dropped).round(4)
    array([0.    , 1.3333])
    """
    ### BEGIN SOLUTION
    if not 0.0 <= p < 1.0:
        raise ValueError(f"p must lie in [0, 1), got {p}")
    mask = rng.random(H.shape) >= p
    return H * mask / (1.0 - p), mask
    ### END SOLUTION


# %% test="dropout" points=5
check("dropout", dropout)

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart Kernel and Run All Cells* once more. If the run stops at a red cell, that cell
# raises an error: mend it, or leave it as it was given; the cells below it can still be run one
# by one. Save, and hand in this file.
#
# You have put recurrent layers on top of each other, side by side and one behind the other, and sent
# a gradient through most of it. One of D3's challenges is left: a text in an image, of which nobody
# says where each letter stands. Problem set 7 reads it.
