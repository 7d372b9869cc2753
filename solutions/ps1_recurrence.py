# %% [markdown]
# # Problem set 1: recurrence
#
# A network with a loop has a memory. In this set you build the smallest such network, a single
# linear unit, and make it sum, compare and forget. Then you let it grow into the network that the
# rest of the course is about, straighten its loop out into one matrix, and count what the loop
# saves.
#
# **When you are through, you can**
#
# - run a recurrent network by hand and in NumPy, for one unit and for many sequences at once;
# - choose weights so that a unit does a given job;
# - unroll a loop over time, and read off who influences whom;
# - say what it buys to use the same weights at every step, in numbers;
# - turn a sentence into an array, and a task into a type of network.
#
# The set belongs to **lecture 3** (recurrent networks, unrolled); exercise 8 goes back to lecture 2,
# exercises 9 and 10 to lecture 1. You need NumPy and the product of matrices; everything else is
# explained on the spot.
#
# | | exercise | topic | points | minutes |
# |:--|:--|:--|--:|--:|
# | 1 | `linear_rnn` | one linear unit; the network that sums | 10 | 15 |
# | 2 | `comparison_rnn` | which of two streams has the larger sum? | 10 | 20 |
# | 3 | `design_weights` | weights for a given job | 10 | 15 |
# | 4 | `rnn_step` | one step: many units, many sequences | 10 | 15 |
# | 5 | `rnn_forward` | all steps | 15 | 25 |
# | 6 | `readout`, `stacked_step` | the output; two matrices in one | 5 + 5 | 15 |
# | 7 | `unrolled_matrix` | the loop as one matrix | 10 | 20 |
# | 8 | `count_parameters` | what sharing weights saves | 10 | 15 |
# | 9 | `one_hot` | words as arrays | 5 | 5 |
# | 10 | `rnn_type` | which task is of which type? | 5 | 10 |
# | 11 | | why the same weights at every step? In your own words | 5 | 10 |
# | | | **together** | **100** | **165** |

# %% [markdown]
# ## How to work
#
# - **Write.** Each exercise ends in a cell with a function that is not written yet. Put your code
#   in the place of `# YOUR CODE HERE` and `raise NotImplementedError()`, and run the cell.
# - **Check.** Run the cell below it, as often as you like: it costs nothing. It says what holds
#   and what does not, and often which mistake it is. (If it does not come back, a loop of yours
#   does not end: interrupt it by ■ in the toolbar.) If there is a hint, it is folded below the
#   verdict: click on it. (In a cell of your own you can also write
#   `check("linear_rnn", linear_rnn, hint=True)`.)
# - **Points.** All of them if every case holds; half if only a special case fails (a single step,
#   a single unit, an error that should be raised …), or if your answer is right in another
#   convention. When your work is graded, the same cases are tried with other random numbers. Each
#   function counts for itself: if it only fails because it calls an earlier one of yours that is
#   wrong, it is tried again with a right one.
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
from rnnref.course.plots import COLOURS, heatmap, show

check = checker("ps1_recurrence")

# %% [markdown]
# ## Names and shapes
#
# Time comes first, then the sequences of a minibatch (those that are computed together), then
# the units. Formulas count time steps from 1, arrays from 0: $x_1$ is `x[0]`. Units are counted
# from 0, in the text as in the code. All arrays are `float64`, apart from ids.
#
# | | | one sequence, one step | minibatch, one step | minibatch, all steps |
# |:--|:--|:--|:--|:--|
# | $x_t$ | input | (D,) | `x` (B, D) | `X` (T, B, D) |
# | $z_t$ | pre-activation | (H,) | `z` (B, H) | |
# | $h_t$ | state of the hidden units | (H,) | `h` (B, H) | `H` (T, B, H) |
# | $o_t$ | scores, the output before any last function | (K,) | | `O` (T, B, K) |
#
# | | weights from … to … | shape |
# |:--|:--|:--|
# | $U$ | input → hidden | (H, D) |
# | $W$ | hidden → hidden, one step later | (H, H) |
# | $V$ | hidden → output | (K, H) |
# | $b$, $c$ | biases of the hidden units and of the output | (H,), (K,) |
#
# There are $T$ time steps, $B$ sequences, $D$ inputs, $H$ hidden units and $K$ outputs. (So `H`
# is a number in a shape, and the array of all states in the code: you can always tell which.)
# In exercises 1 to 3 there is one sequence and one hidden unit: $U$, $W$, $V$ are the numbers
# $u$, $w$, $v$, the biases are zero, and an array of inputs, states or outputs has a time axis
# only, (T,); that of exercise 2, with its two inputs, is (T, 2).
#
# <details>
# <summary>In the margin: the same things in the slides</summary>
#
# The course follows five sets of slides, D0 to D4, and each has its own letters. Lecture 0
# has the whole table; these are the lines that matter here.
#
# | here | D0 | D1 | D2 | D3 | D4 |
# |:--|:--|:--|:--|:--|:--|
# | $x_t$ | $x^{(t)}$ | $x^{\langle t\rangle}$ | $x_i^t$ | $x_t$ | $x_t$ |
# | $h_t$ | $h^{(t)}$ | $a^{\langle t\rangle}$ | $b_h^t$ | $h_t$ | $s_t$ |
# | $z_t$ | $z^{(t)}$ | – | $a_h^t$ | – | – |
# | $o_t$ | $r^{(t)}$ | – | $a_k^t$ | – | – |
# | $U$ | $u$ | $W_{ax}$ | $w_{ih}$ | $U$ | $U$ |
# | $W$ | $w$ | $W_{aa}$ | $w_{h'h}$ | $W$ | $W$ |
# | $[W\;U]$ | – | $W_a$ | – | – | – |
# | $V$ | $v$ | $W_{ya}$ | $w_{hk}$ | $V$ | $V$ |
#
# </details>

# %% [markdown]
# ## 1 A linear unit &nbsp; [10 points; 15 minutes]
#
# How can a machine that sees one number at a time know the sum of all it has seen? It has to
# carry something along. The smallest thing that does is one unit with a loop:
#
# ```text
#               one step later
#             ┌────── w ──────┐
#             ▼               │
#  x_t ── u ──▶ h_t ──────────┴── v ──▶ y_t
# ```
#
# What the unit holds, its *state* $h_t$, is made of the input and of the state one step before:
#
# $$h_t = u\,x_t + w\,h_{t-1} \tag{1}$$
#
# $$y_t = v\,h_t \qquad t = 1, \dots, T \tag{2}$$
#
# All units are linear: no function is applied to the sums. $h_0$ is the state before the first
# input.
#
# | | `x` | `u`, `w`, `v`, `h0` | `h` | `y` |
# |:--|:--|:--|:--|:--|
# | shape | (T,) | numbers | (T,) | (T,) |
#
# **By hand.** With $u = w = v = 1$ and $h_0 = 0$ the unit adds up its inputs. For
# $x = (1, 1, -\tfrac12, 2)$ the states are
#
# $$h_1 = 1,\quad h_2 = 1 + 1 = 2,\quad h_3 = -\tfrac12 + 2 = 1.5,\quad h_4 = 2 + 1.5 = 3.5.$$
#
# When all weights are 1, nothing can tell them apart. So try another one as well: $u = 2$,
# $w = \tfrac12$, $v = 3$, $h_0 = 4$ and $x = (1, 0)$ give
#
# $$h_1 = 2 \cdot 1 + \tfrac12 \cdot 4 = 4,\quad h_2 = 2 \cdot 0 + \tfrac12 \cdot 4 = 2,
# \qquad y = (12, 6).$$
#
# > **In the margin.** D0 writes $z^{(t)} = u x^{(t)} + w h^{(t-1)}$, $h^{(t)} = \phi(z^{(t)})$,
# > $r^{(t)} = v h^{(t)}$, $y^{(t)} = \phi(r^{(t)})$. Here $\phi(z) = z$.


# %% solution="linear_rnn"
def linear_rnn(x, u, w, v, h0=0.0):
    """Run one linear unit over a sequence, equations (1) and (2).

    Parameters
    ----------
    x : ndarray, shape (T,)
        Inputs x_1 … x_T.
    u : float
        Weight from the input to the unit.
    w : float
        Weight from the unit to itself, one step later.
    v : float
        Weight from the unit to the output.
    h0 : float, default 0
        State before the first input.

    Returns
    -------
    h : ndarray, shape (T,)
        States h_1 … h_T.
    y : ndarray, shape (T,)
        Outputs y_1 … y_T.

    Examples
    --------
    >>> h, y = linear_rnn(np.array([1.0, 1.0, -0.5, 2.0]), u=1.0, w=1.0, v=1.0)
    >>> y
    array([1. , 2. , 1.5, 3.5])
    """
    ### BEGIN SOLUTION
    h = np.zeros(len(x))
    previous = h0
    for t in range(len(x)):
        h[t] = u * x[t] + w * previous
        previous = h[t]
    return h, v * h
    ### END SOLUTION


# %% test="linear_rnn" points=10
check("linear_rnn", linear_rnn)

# %% [markdown]
# ## 2 Who is ahead? &nbsp; [10 points; 20 minutes]
#
# Two streams of numbers come in side by side. After each step we want to know which of them has
# the larger sum so far, and how clearly. Keeping two sums would do. A network with a single
# hidden unit can do it too, because only the *lead* of stream 1 counts:
#
# $$h_t = \sum_{s=1}^{t} \left(x_{s,1} - x_{s,2}\right) \tag{3}$$
#
# $$p_t = \sigma(\text{gain} \cdot h_t), \qquad \sigma(z) = \frac{1}{1 + e^{-z}} \tag{4}$$
#
# The hidden unit is linear, as in exercise 1, but it has two inputs now. The output unit is
# *logistic*: $\sigma$ maps every number into $(0, 1)$, and $\sigma(0) = \tfrac12$. So $p_t$ is
# the probability that the network assigns to “stream 1 has the larger sum so far”. The gain
# decides how soon it is sure.
#
# | | `x` | `gain` | `p` |
# |:--|:--|:--|:--|
# | shape | (T, 2), stream 1 is `x[:, 0]` | a number | (T,) |
#
# **By hand**, with gain 5. Who is ahead in the end? Guess before you look at the last line.
#
# | step $t$ | $x_{t,1}$ | $x_{t,2}$ | lead $h_t$ | $p_t = \sigma(5 h_t)$ |
# |--:|--:|--:|--:|--:|
# | 1 | 2 | −2 | 4 | 1.000 |
# | 2 | 0 | 3.5 | 0.5 | 0.924 |
# | 3 | 1 | 2.2 | −0.7 | 0.029 |
#
# In the tests $|\text{gain} \cdot h_t| < 500$, so that (4) can be computed as it stands: $e^z$
# overflows only beyond $z \approx 709$. (A form that always works is part of problem set 2.)
#
# <details>
# <summary>A question before you write: which u, w and v does this network have?</summary>
#
# Two inputs, so $U = (1, -1)$: stream 1 counts for the lead, stream 2 against it. $w = 1$: the
# unit keeps all that it holds. And $v$ is the gain.
#
# </details>


# %% solution="comparison_rnn"
def comparison_rnn(x, gain=5.0):
    """Tell after each step which of two streams has the larger sum, equations (3) and (4).

    Parameters
    ----------
    x : ndarray, shape (T, 2)
        The two streams.
    gain : float, default 5
        Weight from the hidden unit, which holds the lead, to the logistic output.

    Returns
    -------
    p : ndarray, shape (T,)
        Probability, after each step, that stream 1 has the larger sum so far.

    Examples
    --------
    >>> p = comparison_rnn(np.array([[2.0, -2.0], [0.0, 3.5], [1.0, 2.2]]))
    >>> p.round(3)
    array([1.   , 0.924, 0.029])
    """
    ### BEGIN SOLUTION
    difference = x[:, 0] - x[:, 1]
    _, score = linear_rnn(difference, u=1.0, w=1.0, v=gain)
    return 1.0 / (1.0 + np.exp(-score))
    ### END SOLUTION


# %% test="comparison_rnn" points=10
check("comparison_rnn", comparison_rnn)

# %% [markdown]
# ## 3 Weights for a job &nbsp; [10 points; 15 minutes]
#
# Later in the course training will find the weights. Find a few yourself first, and you will be
# able to look at a weight and see what it remembers.
#
# Take the unit of exercise 1. Which $u$, $w$, $v$ and $h_0$ make it do each of these jobs, at
# every step $t$ and for every sequence?
#
# | `task` | the output should be |
# |:--|:--|
# | `"sum"` | $y_t = x_t + x_{t-1} + x_{t-2} + \dots + x_1$ |
# | `"last input"` | $y_t = x_t$ |
# | `"discount by half"` | $y_t = x_t + \tfrac12 x_{t-1} + \tfrac14 x_{t-2} + \dots$ |
# | `"alternate signs"` | $y_t = x_t - x_{t-1} + x_{t-2} - \dots$ |
#
# Return four numbers, `(u, w, v, h0)`. Any that do the job are right. For another task raise
# `ValueError`, with a message that says which tasks there are.
#
# **By hand.** To see what a unit remembers, feed it an *impulse*, a 1 and then zeros only. With
# $u = 1$, $w = 3$, $v = 2$ and $h_0 = 0$ the states are $1, 3, 9, \dots$ and the outputs
# $2, 6, 18, \dots$: an input that waits $k$ steps comes out multiplied by $u\,w^k v$. (This unit
# exaggerates. Yours should do better.) The check does the same with your weights: `impulse` is
# what comes out after an impulse, `start` what the first state alone leaves in the output.
#
# <details>
# <summary>How many right answers are there for “sum”?</summary>
#
# Infinitely many: all with $w = 1$, $u\,v = 1$ and $h_0 = 0$. Twice the input weight and half the
# output weight make twice the state and the same output. So the outputs of a network do not tell
# what its weights are, and a check has to look at what your unit *does*.
#
# </details>


# %% solution="design_weights"
def design_weights(task):
    """Weights with which a linear unit, as in `linear_rnn`, does a job.

    Parameters
    ----------
    task : str
        "sum", "last input", "discount by half" or "alternate signs".

    Returns
    -------
    u, w, v, h0 : float
        Weights into, round and out of the unit, and its first state.

    Raises
    ------
    ValueError
        If there is no such task.

    Examples
    --------
    >>> u, w, v, h0 = design_weights("sum")
    >>> linear_rnn(np.array([1.0, 1.0, -0.5, 2.0]), u, w, v, h0)[1]
    array([1. , 2. , 1.5, 3.5])
    """
    ### BEGIN SOLUTION
    memory = {"sum": 1.0, "last input": 0.0, "discount by half": 0.5, "alternate signs": -1.0}
    if task not in memory:
        raise ValueError(f"task must be one of {', '.join(memory)}, got {task!r}")
    # All four take the input as it is, and differ in what they keep of the state.
    return 1.0, memory[task], 1.0, 0.0
    ### END SOLUTION


# %% test="design_weights" points=10
check("design_weights", design_weights)

# %% [markdown]
# ## 4 One step, many units &nbsp; [10 points; 15 minutes]
#
# One number is a small memory. A recurrent network has $H$ hidden units, each of which hears all
# inputs and all units, its own past self among them; and it reads $B$ sequences at once, since
# NumPy is fast on large arrays. For one sequence, with columns as in mathematics, a step is
#
# $$z_t = U x_t + W h_{t-1} + b \tag{5}$$
#
# $$h_t = \tanh(z_t) \tag{6}$$
#
# where $\tanh$, applied to each entry, keeps every state between −1 and 1. $W_{ij}$ is the weight
# *to* unit $i$ *from* unit $j$: row $i$ of $W$ collects what unit $i$ receives.
#
# | | `x` | `h` | `U` | `W` | `b` | result |
# |:--|:--|:--|:--|:--|:--|:--|
# | shape | (B, D) | (B, H), the state before | (H, D) | (H, H) | (H,) | (B, H), the state after |
#
# In an array (B, D) each sequence is a *row*, while (5) is about columns. What does that do to a
# product such as $U x_t$? Let the shapes tell you, and then look twice at $W$: it is square, so its
# shape tells you nothing.
#
# **By hand.** One sequence, one input, two units. The input goes to unit 0 only, and unit 1 hears
# unit 0 only:
#
# $$U = \begin{pmatrix} 1 \\ 0 \end{pmatrix},\quad
# W = \begin{pmatrix} 0 & 0 \\ 1 & 0 \end{pmatrix},\quad b = 0;\qquad
# x_t = 0.5,\quad h_{t-1} = \begin{pmatrix} 0.3 \\ 0 \end{pmatrix}
# \;\Rightarrow\; z_t = \begin{pmatrix} 0.5 \\ 0.3 \end{pmatrix},\quad
# h_t = \begin{pmatrix} 0.462 \\ 0.291 \end{pmatrix}.$$
#
# Unit 1 now holds what unit 0 held one step ago, squashed. If yours holds 0 there, $W$ works the
# wrong way round.
#
# > **In the margin: find the slip.** D2 writes (5) as a sum over units, without a bias, and puts
# > the indices of a weight in the order *from, to*: $w_{ih}$ leads from input $i$ to unit $h$. One
# > of its slides has
# > $a_h^t = \sum_i w_{ih}\, x_i^t + \sum_{h'} w_{hh'}\, b_{h'}^{t-1}$,
# > the next one $a_h^t = \sum_i w_{ih}\, x_i^t + \sum_{h'} w_{h'h}\, b_{h'}^{t-1}$.
# > Which of them keeps to the order? And how are D2's weights related to our $W$?
# >
# > <details>
# > <summary>Answer</summary>
# >
# > The second: the state $b_{h'}^{t-1}$ comes *from* $h'$ and goes *to* $h$, so the weight is
# > $w_{h'h}$. On the first slide the two indices have changed places. Our matrices put *to*
# > first, $W_{hh'} = w_{h'h}$: one is the transpose of the other. (Read as matrices like ours,
# > with *to* first, the first slide's recurrent sum would be right, but then its $w_{ih}$ would
# > not.)
# >
# > </details>


# %% solution="rnn_step"
def rnn_step(x, h, U, W, b):
    """Take one step of a recurrent network with tanh units, equations (5) and (6).

    Parameters
    ----------
    x : ndarray, shape (B, D)
        Inputs at this step, a row for each sequence.
    h : ndarray, shape (B, H)
        States before this step.
    U : ndarray, shape (H, D)
        Weights from the inputs to the units.
    W : ndarray, shape (H, H)
        Weights from the units, one step before, to the units.
    b : ndarray, shape (H,)
        Biases.

    Returns
    -------
    ndarray, shape (B, H)
        States after this step; `h` itself is left as it is.

    Examples
    --------
    >>> x, h = np.array([[0.5]]), np.array([[0.3, 0.0]])
    >>> U, W, b = np.array([[1.0], [0.0]]), np.array([[0.0, 0.0], [1.0, 0.0]]), np.zeros(2)
    >>> rnn_step(x, h, U, W, b).round(3)
    array([[0.462, 0.291]])
    """
    ### BEGIN SOLUTION
    # A row of x is one sequence's column x_t lying down: (U x_t)ᵀ = x_tᵀ Uᵀ.
    z = x @ U.T + h @ W.T + b
    return np.tanh(z)
    ### END SOLUTION


# %% test="rnn_step" points=10
check("rnn_step", rnn_step)

# %% [markdown]
# ## 5 All steps &nbsp; [15 points; 25 minutes]
#
# Now let it run. The network takes the step of exercise 4 once for each time step, always with
# the same $U$, $W$ and $b$, and each step starts from the state in which the one before it ended:
#
# $$h_t = \tanh(U x_t + W h_{t-1} + b), \qquad t = 1, \dots, T \tag{7}$$
#
# This is the *forward pass*. Keep every state, not just the last: the output needs them in the
# next exercise, and learning will need them all in problem set 3.
#
# | | `X` | `h0` | `U`, `W`, `b` | `H` |
# |:--|:--|:--|:--|:--|
# | shape | (T, B, D) | (B, H) | as in exercise 4 | (T, B, H), where `H[0]` is $h_1$ |
#
# **By hand.** The two units of exercise 4 start from $h_0 = 0$ and hear the sequence
# $(0.5, 0, 0)$:
#
# | | $h_1$ | $h_2$ | $h_3$ |
# |:--|--:|--:|--:|
# | unit 0 | $\tanh 0.5 = 0.462$ | 0 | 0 |
# | unit 1 | 0 | $\tanh 0.462 = 0.432$ | 0 |
#
# Unit 0 listens, unit 1 repeats it one step later, and at step 3 all is forgotten: to keep
# something for longer, a unit must hear itself, or be repeated by another unit, and that one by
# the next.
#
# You may call your `rnn_step`.
#
# > **In the margin.** D1 writes
# > $a^{\langle t\rangle} = g(W_{aa} a^{\langle t-1\rangle} + W_{ax} x^{\langle t\rangle} + b_a)$, D3 and D4 leave the bias out. D4 counts the steps from 0 and calls
# > the state before all others $s_{-1}$; with us it is $h_0$, and $x_1$ comes first.


# %% solution="rnn_forward"
def rnn_forward(X, h0, U, W, b):
    """Run a recurrent network with tanh units over a minibatch of sequences, equation (7).

    Parameters
    ----------
    X : ndarray, shape (T, B, D)
        Inputs x_1 … x_T of each sequence.
    h0 : ndarray, shape (B, H)
        States before the first input.
    U : ndarray, shape (H, D)
        Weights from the inputs to the units.
    W : ndarray, shape (H, H)
        Weights from the units, one step before, to the units.
    b : ndarray, shape (H,)
        Biases.

    Returns
    -------
    H : ndarray, shape (T, B, H)
        States h_1 … h_T; `h0` itself is left as it is.

    Examples
    --------
    >>> X, h0 = np.array([0.5, 0.0, 0.0]).reshape(3, 1, 1), np.zeros((1, 2))
    >>> U, W, b = np.array([[1.0], [0.0]]), np.array([[0.0, 0.0], [1.0, 0.0]]), np.zeros(2)
    >>> rnn_forward(X, h0, U, W, b)[:, 0].round(3)  # the only sequence
    array([[0.462, 0.   ],
           [0.   , 0.432],
           [0.   , 0.   ]])
    """
    ### BEGIN SOLUTION
    H = np.zeros((len(X), *h0.shape))
    h = h0
    for t in range(len(X)):
        h = rnn_step(X[t], h, U, W, b)
        H[t] = h
    return H
    ### END SOLUTION


# %% test="rnn_forward" points=15
check("rnn_forward", rnn_forward)

# %% [markdown]
# ## 6 The output, and two matrices in one &nbsp; [5 + 5 points; 15 minutes]
#
# **The readout.** The state is the network's own affair. What it says at step $t$ are its
# *scores*
#
# $$o_t = V h_t + c \tag{8}$$
#
# with the same $V$ and $c$ at every step. Nothing is applied to them yet: the function that makes
# probabilities of scores belongs to the task (a logistic function in exercise 2, a softmax when
# the network chooses among words).
#
# | | `H` | `V` | `c` | `O` |
# |:--|:--|:--|:--|:--|
# | shape | (T, B, H) | (K, H) | (K,) | (T, B, K) |
#
# **By hand.** $V = (1, -1)$ and $c = 0.5$ make of the state $(0.462, 0)$ the score
# $0.462 - 0 + 0.5 = 0.962$.
#
# > **In the margin.** D1 writes $\hat y^{\langle t\rangle} = g(W_{ya} a^{\langle t\rangle} + b_y)$,
# > with the same letter $g$ as for the hidden units. Should it be the same function? With
# > $g = \tanh$ some outputs would be negative, and no probability is. Read it as *some* function
# > that suits the task; what goes into it is our $o_t$.


# %% solution="readout"
def readout(H, V, c):
    """Scores at every step, equation (8).

    Parameters
    ----------
    H : ndarray, shape (T, B, H)
        States h_1 … h_T.
    V : ndarray, shape (K, H)
        Weights from the units to the outputs.
    c : ndarray, shape (K,)
        Biases of the outputs.

    Returns
    -------
    O : ndarray, shape (T, B, K)
        Scores o_1 … o_T, with no function applied.

    Examples
    --------
    >>> H = np.array([[[0.462, 0.0]]])  # one step, one sequence, two units
    >>> readout(H, V=np.array([[1.0, -1.0]]), c=np.array([0.5]))
    array([[[0.962]]])
    """
    ### BEGIN SOLUTION
    return H @ V.T + c
    ### END SOLUTION


# %% test="readout" points=5
check("readout", readout)

# %% [markdown]
# **The stacked step.** Two products and a sum, $U x_t + W h_{t-1}$, are one product if we write
# the two matrices side by side and the two vectors on top of each other:
#
# $$W_a = [\,W \;\; U\,], \qquad
# h_t = \tanh\!\left(W_a \begin{bmatrix} h_{t-1} \\ x_t \end{bmatrix} + b\right) \tag{9}$$
#
# Many books and programs write recurrent networks like this, and you will meet it again in the
# gates of the LSTM. Mind the order: the state comes first, and so does $W$.
#
# | | `x` | `h` | `Wa` | `b` | result |
# |:--|:--|:--|:--|:--|:--|
# | shape | (B, D) | (B, H) | (H, H + D) | (H,) | (B, H) |
#
# **By hand.** For the two units of exercise 4,
#
# $$W_a = \begin{pmatrix} 0 & 0 & 1 \\ 1 & 0 & 0 \end{pmatrix},\qquad
# W_a \begin{pmatrix} 0.3 \\ 0 \\ 0.5 \end{pmatrix} = \begin{pmatrix} 0.5 \\ 0.3 \end{pmatrix},$$
#
# the $z_t$ that we had there. `rnn_step(x, h, U, W, b)` and
# `stacked_step(x, h, np.hstack([W, U]), b)` are the same.
#
# > **In the margin.** This is D1's $W_a = [W_{aa} \;\; W_{ax}]$, with the same order.


# %% solution="stacked_step"
def stacked_step(x, h, Wa, b):
    """Take one step of a recurrent network, with one matrix, equation (9).

    Parameters
    ----------
    x : ndarray, shape (B, D)
        Inputs at this step, a row for each sequence.
    h : ndarray, shape (B, H)
        States before this step.
    Wa : ndarray, shape (H, H + D)
        Weights [W U]: its first H columns meet the state, the others the input.
    b : ndarray, shape (H,)
        Biases.

    Returns
    -------
    ndarray, shape (B, H)
        States after this step; `h` itself is left as it is.

    Examples
    --------
    >>> x, h = np.array([[0.5]]), np.array([[0.3, 0.0]])
    >>> Wa, b = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]), np.zeros(2)
    >>> stacked_step(x, h, Wa, b).round(3)
    array([[0.462, 0.291]])
    """
    ### BEGIN SOLUTION
    state_and_input = np.concatenate([h, x], axis=1)
    return np.tanh(state_and_input @ Wa.T + b)
    ### END SOLUTION


# %% test="stacked_step" points=5
check("stacked_step", stacked_step)

# %% [markdown]
# ## 7 The loop, straightened out &nbsp; [10 points; 20 minutes]
#
# A graph with a loop is hard to reason about: round and round it goes. But a sequence has an end.
# Draw the unit of exercise 1 once for each step, and the loop becomes a row of arrows that all
# point forward in time. The network is *unrolled*:
#
# ```text
#   h_0 ── w ──▶ h_1 ── w ──▶ h_2 ── w ──▶ h_3
#                 ▲            ▲            ▲
#                 u            u            u
#                 │            │            │
#                x_1          x_2          x_3
# ```
#
# Now there is one way from each input to each state that is not earlier, and along a way the
# weights multiply. From $x_s$ to $h_t$ it leads through $u$ once, and then through $w$ once for
# each step that the input waits: $t - s$ times. So for $h_0 = 0$ the whole run is one product of
# a matrix and a vector:
#
# $$h = L\,x, \qquad
# L_{ts} = \begin{cases} u\,w^{\,t-s} & s \le t \\ 0 & s > t \end{cases} \tag{10}$$
#
# Here $w^0 = 1$, for $w = 0$ too.
#
# | | `u`, `w` | `T` | `L` | `h`, `x` in (10) |
# |:--|:--|:--|:--|:--|
# | shape | numbers, whole ones (`int`) among them | a number | (T, T), `float64` always | (T,) |
#
# **By hand.** $u = 2$, $w = 3$, $T = 3$:
#
# $$L = \begin{pmatrix} 2 & 0 & 0 \\ 6 & 2 & 0 \\ 18 & 6 & 2 \end{pmatrix}$$
#
# Row $t$ shows what $h_t$ is made of, column $s$ what becomes of $x_s$. Above the diagonal all is
# 0, since no state hears an input of the future. And every diagonal holds the same number
# throughout: that is what the *same weights at every step* look like from outside.


# %% solution="unrolled_matrix"
def unrolled_matrix(u, w, T):
    """Unroll a linear unit over T steps into one matrix, equation (10).

    Parameters
    ----------
    u : float or int
        Weight from the input to the unit.
    w : float or int
        Weight from the unit to itself, one step later; may be zero or negative.
    T : int
        Number of time steps.

    Returns
    -------
    L : ndarray of float64, shape (T, T)
        The matrix with h = L x for h_0 = 0.

    Examples
    --------
    >>> unrolled_matrix(2, 3, T=3)
    array([[ 2.,  0.,  0.],
           [ 6.,  2.,  0.],
           [18.,  6.,  2.]])
    """
    ### BEGIN SOLUTION
    L = np.zeros((T, T))
    for t in range(T):
        for s in range(t + 1):
            L[t, s] = u * w ** (t - s)
    return L
    ### END SOLUTION


# %% test="unrolled_matrix" points=10
check("unrolled_matrix", unrolled_matrix)

# %% [markdown]
# ### A look at four memories
#
# No points here, only something to see. The next cell takes your four sets of weights from
# exercise 3, shows with your `linear_rnn` what each does to an impulse, and draws $v L$, the
# matrix from all inputs to all outputs, with your `unrolled_matrix`.
#
# **Before you run it:** one of the four matrices is the identity. Which one? In which of them
# are all entries below the diagonal equal? (There are two.) And where in each matrix do you find
# the answer to the impulse that stands above it?

# %%
tasks = ["sum", "last input", "discount by half", "alternate signs"]


def draw_memory(task, above, below):
    """Draw what the unit for a task makes of an impulse, and its matrix v L; say it in words."""
    t = np.arange(1, 6)
    impulse = np.where(t == 1, 1.0, 0.0)
    u, w, v, h0 = design_weights(task)
    h, y = linear_rnn(impulse, u, w, v, h0)
    above.bar(t, y, width=0.4, color=COLOURS.output)
    above.axhline(0, color=COLOURS.neutral, linewidth=1)
    above.set(title=f"“{task}”, $w = {w:g}$", xlabel="step t", xticks=t, ylim=(-1.1, 1.1))
    heatmap(below, v * unrolled_matrix(u, w, T=5), limit=1)
    below.set(xlabel="input at step s")
    return f"“{task}” gives {', '.join(f'{output:.3g}' for output in y)}"


fig, axes = plt.subplots(2, 4, figsize=(11, 5.6), height_ratios=[2, 3])
axes[0, 0].set_ylabel("output after an impulse")
axes[1, 0].set_ylabel("output at step t")
try:
    said = [draw_memory(task, *pair) for task, pair in zip(tasks, axes.T, strict=True)]
    alt = f"Outputs at steps 1 to 5 after an impulse: {'; '.join(said)}. Below each, its matrix."
    show(fig, alt=alt)
except Exception as error:  # a function is not written yet, or not right
    plt.close(fig)
    print(
        "No figure yet: it needs your linear_rnn, design_weights and unrolled_matrix "
        f"({type(error).__name__}).\nRun this cell again when all three are right."
    )

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# “last input” has the identity: output $t$ is input $t$. It has zeros everywhere below the
# diagonal, “sum” has ones: there each input counts 1 for ever. The answer to the impulse is the
# first column. The other columns are the same, shifted down: the unit treats an input that comes
# later in just the same way, only later.
#
# What an input is still worth after some steps, $w$ alone decides: with $|w| < 1$ it fades, with
# $|w| = 1$ it stays, and with $|w| > 1$ it would grow until it drowned all that came after. That
# is the vanishing and exploding of lecture 7, in its smallest form.
#
# </details>

# %% [markdown]
# ## 8 What sharing saves &nbsp; [10 points; 15 minutes]
#
# Does a network for sequences have to have a loop? Here are four designs, the story of how one
# gets there. In each, step $t$ has a hidden layer $h_t$ with $d$ entries, made of inputs with $n$
# entries, and an output $o_t$ with $k$ entries. $f$ and $g$ are fixed functions.
#
# | `scheme` | hidden layer | output | can it remember? | does it run on $T + 1$ steps? |
# |:--|:--|:--|:--|:--|
# | `"mlp per step"` | $f(U_t x_t)$ | $g(V_t h_t)$ | no | no |
# | `"window per step"` | $f(U_{t,1} x_1 + \dots + U_{t,t} x_t)$ | $g(V_t h_t)$ | yes | no |
# | `"state per step"` | $f(U_t x_t + W_t h_{t-1})$ | $g(V_t h_t)$ | yes | no |
# | `"shared"` | $f(U x_t + W h_{t-1})$ | $g(V h_t)$ | yes | yes |
#
# An index on a matrix means that it is a matrix of its own: $U_1$ and $U_2$ are learnt
# separately, and in the second design so are $U_{2,1}$ (from $x_1$ to $h_2$) and $U_{2,2}$. In
# the third design $h_1 = f(U_1 x_1)$, for there is no state before it: $W_t$ exists for $t \ge 2$
# only. In the fourth, the three matrices belong to the network, however long the sequence is,
# $T = 1$ among them.
#
# How many parameters does each design have for sequences of $T$ steps? Count the entries of all
# its matrices; there are no biases. For another scheme raise `ValueError`.
#
# | | `scheme` | `T`, `n`, `d`, `k` | result |
# |:--|:--|:--|:--|
# | | a string | whole numbers, at least 1 | an `int` |
#
# **By hand**, for $n = 2$, $d = 4$, $k = 1$: a matrix $U$ has $4 \cdot 2 = 8$ entries, $W$ has
# $4 \cdot 4 = 16$, and $V$ has $1 \cdot 4 = 4$.
#
# | | $T = 1$ | $T = 3$ | $T = 100$ |
# |:--|--:|--:|--:|
# | `"mlp per step"` | 12 | 36 | 1,200 |
# | `"window per step"` | 12 | 60 | 40,800 |
# | `"state per step"` | 12 | 68 | 2,784 |
# | `"shared"` | 28 | 28 | 28 |
#
# Convolutional networks share weights over the positions in an image for the same reason. Fewer
# parameters take less memory, are usually easier to train, and leave less room for learning noise
# by heart.
#
# > **In the margin.** These are D3's designs, with its letters $n$, $d$, $k$ for our $D$, $H$,
# > $K$. Its recurrent weights carry the index of the step that they come *from* ($W_{t-1}$); ours
# > that of the step they lead to. And where it has arrived at the shared weights it still writes
# > $h_t = f(U x_t + W h_{t-1} + \dots)$. **Find the slip:** what could the dots stand for?
# >
# > <details>
# > <summary>Answer</summary>
# >
# > Nothing: they are left over from the window. All that is older than one step reaches $h_t$
# > through $h_{t-1}$.
# >
# > </details>


# %% solution="count_parameters"
def count_parameters(scheme, T, n, d, k):
    """Count the parameters of a design for sequences, without biases.

    Parameters
    ----------
    scheme : str
        "mlp per step", "window per step", "state per step" or "shared".
    T : int
        Number of time steps.
    n, d, k : int
        Numbers of inputs, hidden units and outputs at each step.

    Returns
    -------
    int
        The number of entries of all weight matrices.

    Raises
    ------
    ValueError
        If there is no such scheme.

    Examples
    --------
    >>> count_parameters("window per step", T=3, n=2, d=4, k=1)
    60
    >>> count_parameters("shared", T=3, n=2, d=4, k=1)
    28
    """
    ### BEGIN SOLUTION
    U, W, V = d * n, d * d, k * d
    if scheme == "mlp per step":
        return T * (U + V)
    if scheme == "window per step":
        windows = T * (T + 1) // 2  # 1 + 2 + … + T inputs are looked at
        return windows * U + T * V
    if scheme == "state per step":
        return T * (U + V) + (T - 1) * W
    if scheme == "shared":
        return U + W + V
    raise ValueError(
        f"scheme must be mlp per step, window per step, state per step or shared, got {scheme!r}"
    )
    ### END SOLUTION


# %% test="count_parameters" points=10
check("count_parameters", count_parameters)

# %% [markdown]
# ## 9 Words as arrays &nbsp; [5 points; 5 minutes]
#
# Networks eat numbers, and a word is none. Number the words of the vocabulary, then, and give the
# network for word number $i$ a row of zeros with a single 1 at place $i$. Why not the number $i$
# itself? Because then word 4000 would count as “twice as much” as word 2000. As *one-hot* rows all
# words are equally far from each other.
#
# $$X_{ti} = \begin{cases} 1 & i = \text{id}_t \\ 0 & \text{otherwise} \end{cases}
# \qquad i = 0, \dots, \text{vocabulary size} - 1 \tag{11}$$
#
# | | `ids` | `vocabulary_size` | result |
# |:--|:--|:--|:--|
# | shape | (T,), whole numbers | a whole number | (T, vocabulary_size), `float64` |
#
# An id below 0 or above `vocabulary_size` − 1 belongs to no word: raise `ValueError`. (NumPy would
# not always complain. What is `x[-1]`?)
#
# **By hand.** The ids $(2, 0, 2)$ from a vocabulary of 3 words:
#
# $$\begin{pmatrix} 0 & 0 & 1 \\ 1 & 0 & 0 \\ 0 & 0 & 1 \end{pmatrix}$$
#
# **A sentence.** The slides have a vocabulary in alphabetical order and count its words from 1;
# ids here count from 0, as arrays do.
#
# | | Harry | Potter | and | Hermione | Granger | invented | a | new | spell |
# |:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|
# | number in D1 | 4075 | 6830 | 367 | 4200 | 4000 | 4700 | 1 | 5976 | 8376 |
# | id here | 4074 | 6829 | 366 | 4199 | 3999 | 4699 | 0 | 5975 | 8375 |
# | in a name? | 1 | 1 | 0 | 1 | 1 | 0 | 0 | 0 | 0 |
#
# The last line is what a network might be asked to find, one answer for each word. Nine ids take
# 72 bytes. As one-hot rows over 10,000 words (the slides do not say how many there are) they take
# 720,000, nearly all of them zeros; and the rows of all words together are the identity, with
# 10,000² entries. So large programs keep the ids, and look up a short row of learnt numbers for
# each: an *embedding*.


# %% solution="one_hot"
def one_hot(ids, vocabulary_size):
    """Words as rows with a single 1, equation (11).

    Parameters
    ----------
    ids : ndarray of int, shape (T,)
        The number of each word, 0 … vocabulary_size − 1.
    vocabulary_size : int
        How many words there are.

    Returns
    -------
    ndarray of float64, shape (T, vocabulary_size)
        Row t has a 1 at place ids[t], and zeros elsewhere.

    Raises
    ------
    ValueError
        If an id lies outside 0 … vocabulary_size − 1.

    Examples
    --------
    >>> one_hot(np.array([2, 0, 2]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.],
           [0., 0., 1.]])
    >>> sentence = np.array([4074, 6829, 366, 4199, 3999, 4699, 0, 5975, 8375])
    >>> rows = one_hot(sentence, 10_000)
    >>> rows.shape
    (9, 10000)
    >>> rows.argmax(axis=1)  # the way back
    array([4074, 6829,  366, 4199, 3999, 4699,    0, 5975, 8375])
    """
    ### BEGIN SOLUTION
    if ids.min() < 0 or ids.max() >= vocabulary_size:
        raise ValueError(f"ids must lie in 0 … {vocabulary_size - 1}, got {ids}")
    rows = np.zeros((len(ids), vocabulary_size))
    rows[np.arange(len(ids)), ids] = 1.0
    return rows
    ### END SOLUTION


# %% test="one_hot" points=5
check("one_hot", one_hot)

# %% [markdown]
# ## 10 Which type is it? &nbsp; [5 points; 10 minutes]
#
# The same step serves many tasks. They differ in where something goes in and where something
# comes out:
#
# | type | input and output |
# |:--|:--|
# | `"one to one"` | one thing in, one out; no time axis at all |
# | `"one to many"` | one thing in, a sequence out |
# | `"many to one"` | a sequence in, one thing out |
# | `"many to many, synchronous"` | a sequence in; at every step, one output belongs to that input |
# | `"many to many, asynchronous"` | a sequence in, a sequence out with a length of its own |
#
# Say for each of these nine tasks which type it is: each wrong, missing or misspelt one costs one
# point, down to none. $T$ is a number of steps; where input and
# output both have the letter $T$ they are equally long, while $T'$ is another length, which nobody
# knows beforehand. A picture is one thing, given all at once.
#
# | task | what is it about? | input | output |
# |:--|:--|:--|:--|
# | image classification | which animal is in the picture? | (height, width, 3) | (classes,) |
# | image captioning | a sentence that describes a picture | (height, width, 3) | (T, words) |
# | sentiment | how pleased is the writer of this review, from 0 to 4? | (T, words) | (5,) |
# | video activity | what is done in this film, as a whole? | (T, height, width, 3) | (actions,) |
# | named entities | does this word belong to a name? asked for each word | (T, words) | (T, 2) |
# | part-of-speech tags | noun, verb …? asked for each word | (T, words) | (T, tags) |
# | next character | “hell” → “ello”: asked after each character | (T, symbols) | (T, symbols) |
# | translation | a sentence in another language | (T, words) | (T′, words) |
# | dialogue | an answer to a question | (T, words) | (T′, words) |


# %% solution="rnn_type"
# Write one of the five types between each pair of quotes.
rnn_type = {
    "image classification": "",
    "image captioning": "",
    "sentiment": "",
    "video activity": "",
    "named entities": "",
    "part-of-speech tags": "",
    "next character": "",
    "translation": "",
    "dialogue": "",
}
# Are all nine filled in? Then delete the two lines below this one: no more code is needed.
### BEGIN SOLUTION
rnn_type = {
    "image classification": "one to one",
    "image captioning": "one to many",
    "sentiment": "many to one",
    "video activity": "many to one",
    "named entities": "many to many, synchronous",
    "part-of-speech tags": "many to many, synchronous",
    "next character": "many to many, synchronous",
    "translation": "many to many, asynchronous",
    "dialogue": "many to many, asynchronous",
}
### END SOLUTION

# %% test="rnn_type" points=5
check("rnn_type", rnn_type)

# %% [markdown]
# ## 11 Why the same weights? &nbsp; [5 points; 10 minutes]
#
# This one is read by a person. Five to ten sentences are enough.
#
# Two networks from exercise 8, “state per step” and “shared”, were trained on sentences of at
# most ten words. Now comes a sentence of forty.
#
# 1. Why can the shared network read it, and the other one not? (2 points)
# 2. The shared network has learnt something from words at place 3. Why can that help it at place
#    33, and what does sharing mean for the number of examples that each weight learns from?
#    (1 point)
# 3. Being able to run is not yet being right. Name one thing that may go wrong with the shared
#    network on the long sentence, and give the reason, with an equation or a number from this
#    problem set. (2 points)

# %% [markdown] written="why_share" points=5
# **Model answer.**
#
# 1. Step 11 of the “state per step” network needs $U_{11}$, $W_{11}$ and $V_{11}$. They do not
#    exist: the network was built for ten steps, and no example has ever set them. The shared
#    network computes every step by the same equation, with the same three matrices, so it can take
#    as many steps as there are words; no size of its parameters contains $T$.
# 2. The same $U$ and $W$ act at place 3 and at place 33, so that what a word does to a given state
#    does not depend on its place. In training, too, every step of every sentence is an example for
#    the same weights: ten words are ten examples for $U$, not one example for each of ten matrices.
# 3. For instance: the memory of the first word may be gone. In a linear unit it comes to step 40
#    multiplied by $w^{39}$, and $(\tfrac12)^{39} \approx 2 \cdot 10^{-12}$. Or: the state may be
#    one that never occurred in training. A unit with $w = 1$ sums (exercise 1), so that after forty
#    steps it may hold four times as much as it ever did, and the readout was never trained on such
#    values; a tanh unit is saturated there. Or: with $w = 1.1$ the first word counts
#    $1.1^{39} \approx 41$ times as much as the last one. Or: place matters in the data (a letter
#    begins with a greeting), and a network that learnt only from short ones has not seen how long
#    ones go on.
#
# **Rubric.**
#
# - Question 1, 2 points: 1 for the weights of the later steps, which do not exist or were never
#   trained; 1 for the shared equation, which is the same at every step or has no $T$ in its
#   parameters. “It has fewer parameters” alone gives 0.
# - Question 2, 1 point: the same weights act at both places, *and* all places (or steps) train the
#   same weights. One of the two without the other gives 0.5.
# - Question 3, 2 points: 1 for something that can really go wrong with the *predictions* (memory
#   that fades or grows, states outside those of training, data that differ with length); 1 for a
#   reason with an equation or a number that fits. “It takes longer” gives 0.

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart Kernel and Run All Cells* once more. If the run stops at a red cell, that cell
# raises an error: mend it, or leave it as it was given; the cells below it can still be run one
# by one. Save, and hand in this file.
#
# What you have now is a complete forward pass. What it cannot do yet is learn: problem set 2
# finds out how a loss changes with a weight that is used many times, and problem set 3 sends
# that answer back through time.
