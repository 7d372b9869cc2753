# %% [markdown]
# # Problem set 4: vanishing and exploding gradients
#
# How much does a state of long ago still matter? The answer is a product of matrices, one for each
# step in between, and products of many factors seldom stay near 1. In this set you compute the
# product, bound it, measure it, and learn what the bound cannot say.
#
# **When you are through, you can**
#
# - write down what one step does to a small change of the state, and multiply many steps;
# - bound the product by a norm, and say exactly what the bound proves;
# - tell a matrix's largest eigenvalue from the most by which it stretches a vector;
# - follow a gradient back through a network and see how much of it arrives;
# - measure, by drawing at random, how fast gradients shrink or grow on average.
#
# The set belongs to **lecture 7** (vanishing and exploding gradients). You need backpropagation
# through time, products of matrices and eigenvalues; everything else is explained on the spot.
#
# | | exercise | topic | points | minutes |
# |:--|:--|:--|--:|--:|
# | 1 | `step_jacobian` | one step | 15 | 25 |
# | 2 | `state_jacobian` | many steps | 15 | 25 |
# | 3 | `jacobian_bound` | how large can it be? | 10 | 15 |
# | 4 | | the slip in a formula about norms | 5 | 10 |
# | 5 | `verdict` | what the bound proves | 10 | 10 |
# | 6 | `scale_to_spectral_radius` | a matrix made as large as you like | 10 | 15 |
# | 7 | `gradient_profile` | what arrives of a gradient | 20 | 30 |
# | 8 | `mean_log_gain` | shrinking and growing, on average | 10 | 20 |
# | 9 | | does it explode? In your own words | 5 | 10 |
# | | | **together** | **100** | **160** |

# %% [markdown]
# ## How to work
#
# - **Write.** Each exercise ends in a cell with a function that is not written yet. Put your code
#   in the place of `# YOUR CODE HERE` and `raise NotImplementedError()`, and run the cell.
# - **Check.** Run the cell below it, as often as you like: it costs nothing. It says what holds
#   and what does not, and often which mistake it is. (If it does not come back, a loop of yours
#   does not end: interrupt it by ■ in the toolbar.) If there is a hint, it is folded below the
#   verdict: click on it. (In a cell of your own you can also write
#   `check("step_jacobian", step_jacobian, hint=True)`.)
# - **Points.** All of them if every case holds; half if only a special case fails (a single step,
#   a single unit, an error that should be raised …). When your work is graded, the same cases are
#   tried with other random numbers. Each function counts for itself: if it only fails because it
#   calls an earlier one of yours that is wrong, it is tried again with a right one.
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
from rnnref.course.plots import COLOURS, draw_norms, show

check = checker("ps4_gradients")

# %% [markdown]
# ## Names, shapes and times
#
# There is one sequence in this set, so there is no axis for a minibatch. A network with $H$ hidden
# units takes the step
#
# $$z_t = U x_t + W h_{t-1} + b, \qquad h_t = \varphi(z_t), \qquad t = 1, \dots, T \tag{1}$$
#
# where the *activation* $\varphi$ is applied to each entry. It is given by its name:
#
# | `activation` | $\varphi(z)$ | $\varphi'(z)$ | $\gamma$, the largest value of $\varphi'$ |
# |:--|:--|:--|:--|
# | `"tanh"` | $\tanh z$ | $1 - \tanh^2 z$ | 1 |
# | `"logistic"` | $\sigma(z) = 1/(1 + e^{-z})$ | $\sigma(z)\,(1 - \sigma(z))$ | ¼ |
# | `"linear"` | $z$ | 1 | 1 |
#
# For any other name, **raise `ValueError`**: in every function that takes an `activation`.
#
# | | | shape |
# |:--|:--|:--|
# | $z_t$, $h_t$ | hidden units before and after $\varphi$ | (H,) |
# | `Z` | $z_1, \dots, z_T$ | (T, H); $z_j$ is `Z[j - 1]` |
# | $h_0$ | the state before the first input | (H,) |
# | $U$, $W$, $b$ | weights and biases | (H, D), (H, H), (H,) |
# | $\partial h_t / \partial h_k$ | Jacobian: row $i$ and column $j$ hold $\partial h_{t,i} / \partial h_{k,j}$ | (H, H) |
# | $\lVert A \rVert_2$ | norm of a matrix: its largest singular value | a number |
# | $\lVert v \rVert_2$ | norm of a vector: its length | a number |
#
# $W_{ij}$ is the weight *to* unit $i$ *from* unit $j$. All arrays are `float64`.
#
# <details>
# <summary>In the margin: the same things in the slides</summary>
#
# This set follows D3, the fourth of the course's five sets of slides.
#
# | here | D3 |
# |:--|:--|
# | $h_t$ | $s_t$ |
# | $z_t$ | $a_t$ |
# | $\varphi$ | $\sigma$, logistic or tanh |
# | $\lVert W \rVert_2$ | $\lambda$ |
# | $\gamma$ | $\gamma$ |
#
# D3 writes $\sigma'(a_j) = \tfrac14$ and $\sigma'(a_j) = 1$. These are the largest values, not the
# values: away from 0 the slope is smaller.
#
# </details>

# %% [markdown]
# ## 1 One step &nbsp; [15 points; 25 minutes]
#
# Change unit $j$ of $h_{t-1}$ by a little. What happens to unit $i$ of $h_t$? There are two steps on
# the way: $W_{ij}$ leads to $z_{t,i}$, and $\varphi$ leads from there to $h_{t,i}$. All pairs of
# units together make a matrix:
#
# $$J_t = \frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(\varphi'(z_t))\, W \tag{2}$$
#
# where $\operatorname{diag}(v)$ has $v$ on its diagonal and zeros elsewhere.
#
# | | `z` | `W` | `activation` | result |
# |:--|:--|:--|:--|:--|
# | what | $z_t$, (H,) | (H, H) | a name | (H, H) |
#
# **By hand.** $\tanh(\ln 3) = 0.8$ and $\sigma(\ln 3) = 0.75$. So for $z = (0, \ln 3)$ the slopes
# are $(1, 0.36)$ with tanh and $(0.25, 0.1875)$ with the logistic function, and
#
# $$W = \begin{pmatrix} 1 & 2 \\ -1 & 0.5 \end{pmatrix}: \qquad
# J_{\tanh} = \begin{pmatrix} 1 & 2 \\ -0.36 & 0.18 \end{pmatrix}, \qquad
# J_{\text{logistic}} = \begin{pmatrix} 0.25 & 0.5 \\ -0.1875 & 0.09375 \end{pmatrix}.$$
#
# The second unit is far from 0, where tanh is flatter: of whatever it hears, it passes on about a
# third.
#
# > **In the margin: find the slip.** One slide of D3 has $\operatorname{diag}(\sigma'(a_{t-1}))\,W$
# > for $\partial s_t / \partial s_{t-1}$. What is wrong?
# >
# > <details>
# > <summary>Answer</summary>
# >
# > The index. From $s_{t-1}$ to $s_t$ the activation of step $t$ is passed, so its slope is taken
# > at $a_t$.
# >
# > </details>


# %% solution="step_jacobian"
def step_jacobian(z, W, activation):
    """Jacobian of one step, ∂h_t/∂h_{t−1}, equation (2).

    Parameters
    ----------
    z : ndarray, shape (H,)
        What goes into the activation at this step.
    W : ndarray, shape (H, H)
        Weights from the units, one step before, to the units.
    activation : str
        "tanh", "logistic" or "linear".

    Returns
    -------
    ndarray, shape (H, H)
        Row i and column j hold ∂h_{t,i}/∂h_{t−1,j}.

    Raises
    ------
    ValueError
        If there is no such activation.

    Examples
    --------
    >>> W = np.array([[1.0, 2.0], [-1.0, 0.5]])
    >>> step_jacobian(np.array([0.0, np.log(3)]), W, "tanh").round(4)
    array([[ 1.  ,  2.  ],
           [-0.36,  0.18]])
    """
    ### BEGIN SOLUTION
    if activation == "tanh":
        slope = 1.0 - np.tanh(z) ** 2
    elif activation == "logistic":
        y = 1.0 / (1.0 + np.exp(-z))
        slope = y * (1.0 - y)
    elif activation == "linear":
        slope = np.ones_like(z)
    else:
        raise ValueError(f"activation must be tanh, logistic or linear, got {activation!r}")
    return slope[:, None] * W  # row i of W times the slope of unit i
    ### END SOLUTION


# %% test="step_jacobian" points=15
check("step_jacobian", step_jacobian)

# %% [markdown]
# ## 2 Many steps &nbsp; [15 points; 25 minutes]
#
# From $h_k$ to $h_t$ there are $t - k$ steps. By the chain rule their Jacobians multiply. A change of
# $h_k$ meets $J_{k+1}$ first, so that stands next to it, and the latest factor stands leftmost:
#
# $$\frac{\partial h_t}{\partial h_k} = J_t\, J_{t-1} \cdots J_{k+1} \tag{3}$$
#
# For $k = t$ there is no factor, and the product is the identity matrix. `Z` holds what went into
# the activation at all steps of one run.
#
# | | `Z` | `W` | `k`, `t` | `activation` | result |
# |:--|:--|:--|:--|:--|:--|
# | what | (T, H) | (H, H) | times, $0 \le k \le t \le T$ | a name | (H, H) |
#
# Times that do not exist or stand in the wrong order are a `ValueError`. You have to look at them
# yourself: in Python, `Z[-1]` is the last row, and `range(5, 3)` is just empty.
#
# **By hand.** $W$ as in exercise 1, tanh, $z_1 = (0, \ln 3)$ and $z_2 = (\ln 3, 0)$:
#
# $$\frac{\partial h_2}{\partial h_0} = J_2\, J_1
# = \begin{pmatrix} 0.36 & 0.72 \\ -1 & 0.5 \end{pmatrix}
# \begin{pmatrix} 1 & 2 \\ -0.36 & 0.18 \end{pmatrix}
# = \begin{pmatrix} 0.1008 & 0.8496 \\ -1.18 & -1.91 \end{pmatrix}.$$
#
# In the other order it would be another matrix, $-1.64$ in its first corner.
#
# <details>
# <summary>Is it a power of W, with all slopes in front?</summary>
#
# Only for linear units, where all slopes are 1. Between any two $W$ there stands a diagonal matrix,
# and matrices do not commute: it cannot be pulled through to the front.
#
# </details>


# %% solution="state_jacobian"
def state_jacobian(Z, W, k, t, activation):
    """Jacobian over many steps, ∂h_t/∂h_k, equation (3).

    Parameters
    ----------
    Z : ndarray, shape (T, H)
        What goes into the activation at steps 1 … T; z_j is Z[j − 1].
    W : ndarray, shape (H, H)
        Weights from the units, one step before, to the units.
    k, t : int
        The earlier and the later time, 0 ≤ k ≤ t ≤ T.
    activation : str
        "tanh", "logistic" or "linear".

    Returns
    -------
    ndarray, shape (H, H)
        Row i and column j hold ∂h_{t,i}/∂h_{k,j}.

    Raises
    ------
    ValueError
        If there are no such times, or there is no such activation.

    Examples
    --------
    >>> Z = np.array([[0.0, np.log(3)], [np.log(3), 0.0]])
    >>> W = np.array([[1.0, 2.0], [-1.0, 0.5]])
    >>> state_jacobian(Z, W, 0, 2, "tanh").round(4)
    array([[ 0.1008,  0.8496],
           [-1.18  , -1.91  ]])
    >>> state_jacobian(Z, W, 1, 1, "tanh")
    array([[1., 0.],
           [0., 1.]])
    """
    ### BEGIN SOLUTION
    T, H = Z.shape
    if not 0 <= k <= t <= T:
        raise ValueError(f"0 <= k <= t <= T = {T} must hold, got k = {k} and t = {t}")
    product = np.eye(H)
    for j in range(k + 1, t + 1):
        product = step_jacobian(Z[j - 1], W, activation) @ product
    return product
    ### END SOLUTION


# %% test="state_jacobian" points=15
check("state_jacobian", state_jacobian)

# %% [markdown]
# ## 3 How large can it be? &nbsp; [10 points; 15 minutes]
#
# The *norm* of a matrix is the most by which it can stretch a vector,
#
# $$\lVert A \rVert_2 = \max_{v \ne 0} \frac{\lVert A v \rVert_2}{\lVert v \rVert_2} \tag{4}$$
#
# It is the largest *singular value* of $A$, the root of the largest eigenvalue of $A^\top A$. Two
# things follow at once. A product stretches by no more than its factors one after the other,
# $\lVert AB \rVert_2 \le \lVert A \rVert_2 \lVert B \rVert_2$. And a diagonal matrix stretches by
# its largest entry, which for $\operatorname{diag}(\varphi'(z))$ is at most $\gamma$, wherever $z$
# is. So one step stretches by at most $\gamma \lVert W \rVert_2$, and $n$ steps by at most
#
# $$\left\lVert \frac{\partial h_t}{\partial h_{t-n}} \right\rVert_2 \le
# \left(\gamma\, \lVert W \rVert_2\right)^n \tag{5}$$
#
# Return the right-hand side.
#
# | | `W` | `activation` | `n` | result |
# |:--|:--|:--|:--|:--|
# | what | (H, H) | a name | number of steps, $n \ge 0$ | a number |
#
# **By hand.**
#
# $$W = \begin{pmatrix} 3 & 0 \\ 4 & 5 \end{pmatrix}, \qquad
# W^\top W = \begin{pmatrix} 25 & 20 \\ 20 & 25 \end{pmatrix} \quad\text{with the eigenvalues } 45
# \text{ and } 5$$
#
# so $\lVert W \rVert_2 = \sqrt{45} \approx 6.71$. Over two steps the bound is
# $45$ for tanh and linear units, and $45 / 16 = 2.8125$ for logistic ones. (The eigenvalues of $W$
# itself are 3 and 5. They are not asked for, and exercise 4 is about the difference.)


# %% solution="jacobian_bound"
def jacobian_bound(W, activation, n):
    """Bound on the norm of the Jacobian over n steps, equation (5).

    Parameters
    ----------
    W : ndarray, shape (H, H)
        Weights from the units, one step before, to the units.
    activation : str
        "tanh", "logistic" or "linear".
    n : int
        Number of steps, at least 0.

    Returns
    -------
    float
        (γ‖W‖₂)ⁿ.

    Raises
    ------
    ValueError
        If there is no such activation.

    Examples
    --------
    >>> W = np.array([[3.0, 0.0], [4.0, 5.0]])
    >>> [round(float(jacobian_bound(W, name, 2)), 4) for name in ("tanh", "logistic")]
    [45.0, 2.8125]
    """
    ### BEGIN SOLUTION
    largest_slope = {"tanh": 1.0, "logistic": 0.25, "linear": 1.0}
    if activation not in largest_slope:
        raise ValueError(f"activation must be tanh, logistic or linear, got {activation!r}")
    return (largest_slope[activation] * np.linalg.norm(W, 2)) ** n
    ### END SOLUTION


# %% test="jacobian_bound" points=10
check("jacobian_bound", jacobian_bound)

# %% [markdown]
# ## 4 Find the slip &nbsp; [5 points; 10 minutes]
#
# This one is read by a person. A few sentences and numbers for each question are enough. You may
# compute whatever you like in a cell of your own.
#
# D3 has the line
#
# $$\lVert A \rVert_2 = \max_v \frac{\lVert A v \rVert_2}{\lVert v \rVert_2} = \max_i \lambda_i(A)$$
#
# where $\lambda_i(A)$ are the eigenvalues of $A$.
#
# 1. Show by $A = \begin{pmatrix} 0.5 & 5 \\ 0 & 0.5 \end{pmatrix}$ and the vector
#    $v = (0, 1)$ that the second equals sign is wrong. What should stand at the right-hand end?
#    (2 points)
# 2. Name a kind of matrices for which the largest *modulus* of an eigenvalue is the norm, and say
#    why the modulus is needed even there. (1 point)
# 3. Somebody takes the eigenvalues for the norm and says: “All eigenvalues of
#    $W = \begin{pmatrix} 2 & -2 \\ 2 & -2 \end{pmatrix}$ are 0. Whatever the activation, (5) with 0
#    in it proves that no gradient survives a step.” Compute $W^2$, which is what linear units have
#    over two steps. Then compute $J^2$ and $J^3$ for $J = \operatorname{diag}(1, \tfrac14)\, W$:
#    two tanh units, one of them at 0, the other further out, at every step. Is somebody right?
#    (2 points)

# %% [markdown] written="norm_slip" points=5
# **Model answer.**
#
# 1. $A$ is triangular, so its eigenvalues stand on the diagonal: both are 0.5. But
#    $A v = (5, 0.5)$ has the length $\sqrt{25.25} \approx 5.02$, and $v$ has the length 1: $A$
#    stretches this $v$ ten times as much as any eigenvector. So the norm is at least 5.02. (It is
#    5.05.) At the right-hand end there should be the largest singular value of $A$,
#    $\max_i \sqrt{\lambda_i(A^\top A)}$. (Also, $v \ne 0$ should be said.)
# 2. For symmetric matrices (more generally for normal ones, those with $A^\top A = A A^\top$, such
#    as rotations). The modulus is needed because an eigenvalue may be negative: $A = -I$ has the
#    norm 1 and the largest eigenvalue −1. (That of a rotation is complex.)
# 3. $W^2 = 0$: with linear units nothing is left after two steps, though not after one, where
#    $\lVert W \rVert_2 = 4$. With the slopes 1 and ¼,
#
#    $$J = \begin{pmatrix} 2 & -2 \\ 0.5 & -0.5 \end{pmatrix}, \qquad
#    J^2 = \begin{pmatrix} 3 & -3 \\ 0.75 & -0.75 \end{pmatrix} = 1.5\, J, \qquad
#    J^3 = 2.25\, J.$$
#
#    The gradient grows by half at each step. Somebody is wrong: smaller slopes made *more* of it,
#    because the two entries that cancelled in $W^2$ no longer do. The eigenvalues of $W$ bound
#    neither one step nor many, once there is an activation in between.
#
# **Rubric.**
#
# - Question 1, 2 points: 1 for both numbers, the eigenvalue 0.5 and a stretch of about 5; 1 for the
#   largest singular value (or the root of the largest eigenvalue of $A^\top A$).
# - Question 2, 1 point: 0.5 for symmetric, normal, diagonal or orthogonal matrices; 0.5 for
#   negative (or complex) eigenvalues as the reason for the modulus.
# - Question 3, 2 points: 1 for $W^2 = 0$, $J^2$ and $J^3$ (0.5 if one of them is wrong); 1 for the
#   conclusion that the gradient grows although all eigenvalues of $W$ are 0, or that the
#   eigenvalues of $W$ bound nothing here. “Wrong, because of the activation” without growth gives
#   0.5.

# %% [markdown]
# ## 5 What the bound proves &nbsp; [10 points; 10 minutes]
#
# If $\gamma \lVert W \rVert_2 < 1$, the right-hand side of (5) goes to 0 as $n$ grows, and it takes
# the left-hand side along: gradients vanish, whatever the inputs are. Return `"vanishes"` if the
# bound proves that, and otherwise `"undecided"`. Equality, $\gamma \lVert W \rVert_2 = 1$, is
# undecided: $1^n$ stays 1. (In the tests it occurs with matrices for which the computer's result is
# exact, the identity and other diagonal ones.)
#
# | | `W` | `activation` | result |
# |:--|:--|:--|:--|
# | what | (H, H) | a name | `"vanishes"` or `"undecided"` |
#
# **By hand.**
#
# | $W$ | activation | $\gamma \lVert W \rVert_2$ | verdict |
# |:--|:--|--:|:--|
# | the identity | tanh | 1 | undecided |
# | three times the identity | logistic | 0.75 | vanishes |
# | $A$ of exercise 4 | tanh | 5.05 | undecided |
# | $A$ of exercise 4, divided by 2 | logistic | 0.63 | vanishes |
#
# There is no third verdict. Why not? Exercise 9 asks.


# %% solution="verdict"
def verdict(W, activation):
    """What the bound of equation (5) proves about gradients over long times.

    Parameters
    ----------
    W : ndarray, shape (H, H)
        Weights from the units, one step before, to the units.
    activation : str
        "tanh", "logistic" or "linear".

    Returns
    -------
    str
        "vanishes" if γ‖W‖₂ < 1, otherwise "undecided".

    Raises
    ------
    ValueError
        If there is no such activation.

    Examples
    --------
    >>> verdict(np.eye(2), "tanh")
    'undecided'
    >>> verdict(3 * np.eye(2), "logistic")
    'vanishes'
    """
    ### BEGIN SOLUTION
    return "vanishes" if jacobian_bound(W, activation, 1) < 1.0 else "undecided"
    ### END SOLUTION


# %% test="verdict" points=10
check("verdict", verdict)

# %% [markdown]
# ## 6 As large as you like &nbsp; [10 points; 15 minutes]
#
# The *spectral radius* $\rho(W)$ is the largest modulus of an eigenvalue of $W$, $|a + bi| =
# \sqrt{a^2 + b^2}$. It is no norm, but it is what many recipes for a good start set: draw $W$ at
# random, then multiply it by the number that gives it the radius you want,
#
# $$W' = \frac{\rho}{\rho(W)}\, W \tag{6}$$
#
# Some matrices have no eigenvalue but 0, and no factor helps. For those, raise `ValueError`. In the
# tests they are the zero matrix and *strictly triangular* ones: all entries on the diagonal and on
# one side of it are 0. For these `np.linalg.eigvals` gives exact zeros.
#
# | | `W` | `rho` | result |
# |:--|:--|:--|:--|
# | what | (H, H) | a number, $\rho > 0$ | (H, H), a new array |
#
# **By hand.** With $\rho = 1$:
#
# | $W$ | eigenvalues | $\rho(W)$ | $W'$ |
# |:--|:--|--:|:--|
# | $\begin{pmatrix} -1 & -2 \\ -3 & -2 \end{pmatrix}$ | $-4$ and $1$ | 4 | $W / 4$ |
# | $\begin{pmatrix} 0 & -2 \\ 2 & 0 \end{pmatrix}$ | $2i$ and $-2i$ | 2 | $W / 2$ |
# | $\begin{pmatrix} 0 & 7 \\ 0 & 0 \end{pmatrix}$ | 0 and 0 | 0 | `ValueError` |


# %% solution="scale_to_spectral_radius"
def scale_to_spectral_radius(W, rho):
    """Scale a matrix to a given spectral radius, equation (6).

    Parameters
    ----------
    W : ndarray, shape (H, H)
        Any square matrix of real numbers.
    rho : float
        The spectral radius wanted, more than 0.

    Returns
    -------
    ndarray, shape (H, H)
        A multiple of W with that spectral radius; `W` itself is left as it is.

    Raises
    ------
    ValueError
        If all eigenvalues of W are 0.

    Examples
    --------
    >>> scale_to_spectral_radius(np.array([[-1.0, -2.0], [-3.0, -2.0]]), 1.0)
    array([[-0.25, -0.5 ],
           [-0.75, -0.5 ]])
    """
    ### BEGIN SOLUTION
    radius = np.abs(np.linalg.eigvals(W)).max()  # the modulus, also of complex ones
    if radius == 0.0:
        raise ValueError("all eigenvalues of W are 0: no factor can change that")
    return W * (rho / radius)
    ### END SOLUTION


# %% test="scale_to_spectral_radius" points=10
check("scale_to_spectral_radius", scale_to_spectral_radius)

# %% [markdown]
# ## 7 What arrives of a gradient &nbsp; [20 points; 30 minutes]
#
# Now for a whole network. It has tanh units, reads $x_1, \dots, x_T$, and its loss $L$ depends on
# the last state alone: $\partial L / \partial h_T$ is given as `dh`. How long is the gradient by the
# time it arrives at $h_k$? Return
#
# $$\left\lVert \frac{\partial L}{\partial h_k} \right\rVert_2 \qquad k = 0, 1, \dots, T \tag{7}$$
#
# Run (1) forwards and keep the states. Then go back, one step at a time: what reaches $h_{k-1}$ is
# what reaches $h_k$, sent through tanh and then through $W$, both in reverse.
#
# | | `X` | `h0` | `U` | `W` | `b` | `dh` | result |
# |:--|:--|:--|:--|:--|:--|:--|:--|
# | shape | (T, D) | (H,) | (H, D) | (H, H) | (H,) | (H,) | (T + 1,), entry $k$ belongs to $h_k$ |
#
# You may use your `step_jacobian`. But there is no need to multiply matrices with each other: a
# vector times a matrix at each step will do. On which side of $J_k$ does the vector stand?
#
# **By hand.** One unit, one input: $u = 1$, $w = 2$, $b = 0$, $h_0 = 0.5$, $x = (-1, \ln 3)$ and
# $\partial L/\partial h_2 = 1$. Forwards,
#
# | $t$ | $z_t$ | $h_t$ | $\tanh'(z_t)$ |
# |--:|:--|--:|--:|
# | 1 | $-1 + 2 \cdot 0.5 = 0$ | 0 | 1 |
# | 2 | $\ln 3 + 2 \cdot 0 = \ln 3$ | 0.8 | 0.36 |
#
# and backwards $1 \to 1 \cdot 0.36 \cdot 2 = 0.72 \to 0.72 \cdot 1 \cdot 2 = 1.44$. So the result is
# $(1.44, 0.72, 1)$: the same $w = 2$ makes the gradient shrink at one step and grow at the other.


# %% solution="gradient_profile"
def gradient_profile(X, h0, U, W, b, dh):
    """Length of the gradient at each state of a tanh network, equation (7).

    Parameters
    ----------
    X : ndarray, shape (T, D)
        Inputs x_1 … x_T.
    h0 : ndarray, shape (H,)
        State before the first input.
    U : ndarray, shape (H, D)
        Weights from the inputs to the units.
    W : ndarray, shape (H, H)
        Weights from the units, one step before, to the units.
    b : ndarray, shape (H,)
        Biases.
    dh : ndarray, shape (H,)
        Gradient of the loss with respect to the last state, h_T.

    Returns
    -------
    ndarray, shape (T + 1,)
        ‖∂L/∂h_k‖₂ for k = 0 … T; the last entry is ‖dh‖₂.

    Examples
    --------
    >>> X, h0, b = np.array([[-1.0], [np.log(3)]]), np.array([0.5]), np.zeros(1)
    >>> U, W, dh = np.array([[1.0]]), np.array([[2.0]]), np.array([1.0])
    >>> gradient_profile(X, h0, U, W, b, dh).round(4)
    array([1.44, 0.72, 1.  ])
    """
    ### BEGIN SOLUTION
    T = len(X)
    h = [h0]
    for t in range(T):
        h.append(np.tanh(U @ X[t] + W @ h[t] + b))  # (1)

    norms = np.zeros(T + 1)
    norms[T] = np.linalg.norm(dh)
    for k in range(T, 0, -1):
        dz = dh * (1.0 - h[k] ** 2)  # back through tanh
        dh = W.T @ dz  # back through W; a new array, so that the caller's stays
        norms[k - 1] = np.linalg.norm(dh)
    return norms
    ### END SOLUTION


# %% test="gradient_profile" points=20
check("gradient_profile", gradient_profile)

# %% [markdown]
# ## 8 On average &nbsp; [10 points; 20 minutes]
#
# The bound says how bad it can get. How does it usually go? Choose trajectories at random: in each,
# $z_1, \dots, z_T$ are independent of each other, and all their entries are independent *standard
# normal* numbers (mean 0, standard deviation 1). Nothing connects them by (1); that makes the
# question simple, and the answer is still close to what networks do. Each trajectory has its
# Jacobian (3) and its gain per step, which is averaged over $n$ trajectories:
#
# $$g = \frac1n \sum_{\text{trajectories}} \frac1T \ln \left\lVert
# \frac{\partial h_T}{\partial h_0} \right\rVert_2 \tag{8}$$
#
# A logarithm, because what multiplies over time adds up in it: over $T$ steps the norm is about
# $e^{gT}$. Gradients usually vanish if $g < 0$ and grow if $g > 0$.
#
# | | `W` | `activation` | `T` | `rng` | `n` | result |
# |:--|:--|:--|:--|:--|:--|:--|
# | what | (H, H) | a name | number of steps | a random generator | number of trajectories | a number |
#
# `rng` is a `numpy.random.Generator`; take all your random numbers from it, and take them in any
# order you like, for example by `rng.normal(size=(T, H))`. Two right programs give two different
# numbers. The check knows how far chance moves a mean over $n$ trajectories, and accepts what lies
# within five standard errors. No norm in the tests is so small that it becomes 0.
#
# **By hand.** For linear units nothing is left to chance: $W = 2 I$ has $\lVert W^T \rVert_2 = 2^T$,
# so $g = \ln 2 = 0.693$ for any $T$ and $n$. For a single tanh unit $g$ is about
# $\ln |w| - 0.75$, since $\ln \tanh'(z)$ has the mean $-0.75$ for a standard normal $z$. The bound
# says $\ln |w|$. So while $1 < w < 2.1$, gradients usually vanish and the bound proves nothing.


# %% solution="mean_log_gain"
def mean_log_gain(W, activation, T, rng, n=200):
    """Mean growth of the Jacobian per step over random trajectories, equation (8).

    Parameters
    ----------
    W : ndarray, shape (H, H)
        Weights from the units, one step before, to the units.
    activation : str
        "tanh", "logistic" or "linear".
    T : int
        Number of steps.
    rng : numpy.random.Generator
        Where the random numbers come from.
    n : int, default 200
        Number of trajectories.

    Returns
    -------
    float
        The mean of ln ‖∂h_T/∂h_0‖₂ / T.

    Raises
    ------
    ValueError
        If there is no such activation.

    Examples
    --------
    >>> round(float(mean_log_gain(2 * np.eye(3), "linear", 5, np.random.default_rng(0))), 4)
    0.6931
    """
    ### BEGIN SOLUTION
    gains = []
    for _ in range(n):
        Z = rng.normal(size=(T, len(W)))
        norm = np.linalg.norm(state_jacobian(Z, W, 0, T, activation), 2)
        gains.append(np.log(norm) / T)
    return np.mean(gains)
    ### END SOLUTION


# %% test="mean_log_gain" points=10
check("mean_log_gain", mean_log_gain)

# %% [markdown]
# ### A look at your gradients
#
# No points here, only something to see. Two tanh networks with 20 units each read the same small
# inputs. In the first, $W$ is a rotation, made a little smaller. In the second it is triangular,
# with large weights to each unit from those after it. Your `scale_to_spectral_radius` has given both
# the spectral radius 0.9. Over the lag $n$ you see the measured norm
# $\lVert \partial h_T / \partial h_{T-n} \rVert_2$ (your `state_jacobian`), your `jacobian_bound`,
# the curve $0.9^n$ that the eigenvalues suggest, and what is left of a gradient that starts with
# length 1 (your `gradient_profile`).
#
# **Before you run it:** in which of the two will the curve $0.9^n$ mislead? And can the gradient
# lie above the measured norm?

# %%
rng = np.random.default_rng(7)
T, H = 40, 20
X, U, b = 0.1 * rng.normal(size=(T, 1)), rng.normal(size=(H, 1)), np.zeros(H)
h0, dh = 0.1 * rng.normal(size=H), rng.normal(size=H)
dh /= np.linalg.norm(dh)
rotation = np.linalg.qr(rng.normal(size=(H, H)))[0]
triangle = np.eye(H) + np.triu(rng.uniform(0, 0.5, (H, H)), 1)


def measure(W):
    """Norms of the Jacobians over lags 0 … T, the bound, and the profile of a gradient."""
    Z, h = [], h0
    for x in X:
        Z.append(U @ x + W @ h + b)
        h = np.tanh(Z[-1])
    norms = [np.linalg.norm(state_jacobian(np.array(Z), W, T - n, T, "tanh"), 2) for n in lags]
    bound = [jacobian_bound(W, "tanh", n) for n in lags]
    return norms, bound, gradient_profile(X, h0, U, W, b, dh)[::-1]


lags = np.arange(T + 1)
fig, axes = plt.subplots(1, 2, figsize=(10, 3.9), sharex=True)
try:
    largest = []
    for ax, raw, name in zip(axes, (rotation, triangle), ("rotation", "triangular"), strict=True):
        W = scale_to_spectral_radius(raw, 0.9)
        norms, bound, profile = measure(W)
        draw_norms(ax, norms, label=r"$\Vert\partial h_T/\partial h_{T-n}\Vert_2$")
        draw_norms(ax, profile, label="gradient", colour=COLOURS.state)
        ax.semilogy(lags, bound, "--", color=COLOURS.neutral, label="bound")
        ax.semilogy(lags, 0.9**lags, ":", color=COLOURS.input, label=r"$0.9^n$")
        ax.set(title=rf"{name}: $\Vert W\Vert_2$ = {np.linalg.norm(W, 2):.2f}", xlabel="lag $n$")
        largest.append(max(norms))
    axes[1].set(ylim=(1e-2, 1e6), ylabel="")
    axes[0].legend()
    show(
        fig,
        alt=f"Left, a rotation: bound and powers of 0.9 coincide, measured norm and gradient lie "
        f"below them. Right, a triangular matrix with the same eigenvalues: the measured norm "
        f"rises to {largest[1]:.0f}, far above the powers of 0.9, and the bound leaves the picture.",
    )
except Exception as error:  # a function is not written yet, or not right
    plt.close(fig)
    print(
        "No figure yet: it needs your functions of exercises 1 to 3, 6 and 7 "
        f"({type(error).__name__}).\nRun this cell again when all of them are right."
    )

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# On the left all singular values of $W$ are 0.9, like the moduli of all its eigenvalues, and the two
# curves are one. The measured norm stays below it, since the slopes of tanh are below 1.
#
# On the right the eigenvalues say the same, and they mislead: the norm rises before it falls. A
# small change is handed on from unit to unit and is made larger each time. Only after it has gone
# through all of them do the eigenvalues have their way. The bound holds, as it must, but it is of
# little use: it goes on growing while the norm falls.
#
# The gradient never lies above the measured norm: it starts with length 1, and the norm is the most
# by which it can be stretched. How much it is stretched depends on its direction.
#
# </details>

# %% [markdown]
# ## 9 Does it explode? &nbsp; [5 points; 10 minutes]
#
# This one is read by a person. A few sentences and numbers for each question are enough.
#
# D3 closes: if $\gamma \lambda < 1$, the gradient will vanish; if $\gamma \lambda > 1$, it *could*
# explode. ($\lambda$ stands for $\lVert W \rVert_2$.)
#
# 1. Why “could”? Somebody says: “My network has $\gamma \lambda = 3$, so over ten steps the
#    gradient is multiplied by about $3^{10}$.” Which direction does (5) have, and what would one
#    need to know instead? (1 point)
# 2. Give a $W$ with $\gamma \lVert W \rVert_2 > 1$ and an activation for which the gradient is
#    exactly zero after a few steps. Say why. (2 points)
# 3. A single tanh unit without inputs, $h_t = \tanh(2\, h_{t-1})$. By what is a small change of
#    $h_0$ multiplied over ten steps if $h_0 = 0$? And if $h_0 = 0.5$? (A few lines of Python, or
#    your own functions, will tell.) Explain the difference in a sentence or two. (2 points)

# %% [markdown] written="could_explode" points=5
# **Model answer.**
#
# 1. (5) is an upper bound: the gradient is multiplied by *at most* $3^{10}$. It may be far
#    less, because slopes are mostly smaller than $\gamma$, and because what one step stretches
#    most the next step may not. To promise growth one would need a lower bound, for example from
#    the smallest slopes and the smallest singular value of $W$, or one would have to measure.
#    $\gamma \lambda > 1$ is necessary for an explosion, not sufficient.
# 2. For example linear units and $W = \begin{pmatrix} 0 & 5 \\ 0 & 0 \end{pmatrix}$: its norm is
#    5, and $W^2 = 0$. Unit 0 hears unit 1, and nobody hears unit 0, so after two steps nothing
#    is left. The same holds for tanh and logistic units (with 5 > 4), since
#    $\operatorname{diag}(\dots) W$ has its zeros in the same places.
# 3. $h_0 = 0$: the unit stays at 0, where tanh has the slope 1. Each step multiplies by 2, so ten
#    steps by $2^{10} = 1024$: it does explode. $h_0 = 0.5$: the state goes to 0.9575, where the
#    slope is $1 - 0.9575^2 = 0.083$ and each step multiplies by 0.17. Over ten steps that makes
#    $2 \cdot 10^{-7}$: it vanishes. It is the same $W$ with the same bound, 1024. Which of the two
#    happens is decided by the slopes at the states that occur. (The state at 0 is unstable: the
#    very growth of small changes drives the unit to where tanh is flat.)
#
# **Rubric.**
#
# - Question 1, 1 point: an upper bound, so “at most”, *and* something that would be needed (a lower
#   bound, or a measurement of the product itself). One of the two gives 0.5.
# - Question 2, 2 points: 1 for a $W$ and an activation that fit (nilpotent, with a large enough
#   norm); 1 for a reason (a power that is zero, or a chain of units that ends).
# - Question 3, 2 points: 1 for 1024 and for a number below $10^{-6}$ (0.5 if one is wrong); 1 for
#   the slopes: 1 at 0, about 0.08 near 0.96. “The gradient depends on $h_0$” alone gives 0.

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart Kernel and Run All Cells* once more. If the run stops at a red cell, that cell
# raises an error: mend it, or leave it as it was given; the cells below it can still be run one
# by one. Save, and hand in this file.
#
# You can now say how much a state of long ago still matters, and why it is mostly too little.
# Problem set 5 builds units in which the product has factors that can stay near 1.
