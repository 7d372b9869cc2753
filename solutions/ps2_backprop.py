# %% [markdown]
# # Problem set 2: backpropagation and shared parameters
#
# A network learns by asking each of its weights: if you grew a little, how would the loss change?
# In this set you write the answers by hand, first for a single number, then for a small network,
# then for whole arrays. After that you build the instrument that tells a right gradient from a
# wrong one without knowing any calculus. It will find your slips in all the sets to come.
#
# **When you are through, you can**
#
# - send a gradient backwards through a computation, step by step;
# - add up what reaches a weight that is used more than once, and say why it is a sum;
# - write $\sigma$, softmax and cross-entropy so that no input breaks them;
# - turn a backward pass with sums over indices into products of arrays;
# - check a gradient by numbers, and name the array that is wrong.
#
# The set belongs to **lecture 4** (backpropagation and shared parameters). You need the chain
# rule, partial derivatives, and NumPy; everything else is explained on the spot.
#
# | | exercise | topic | points | minutes |
# |:--|:--|:--|--:|--:|
# | 1 | `sigmoid` | a logistic function that never overflows | 5 | 10 |
# | 2 | | the slip in a formula that is right | 5 | 10 |
# | 3 | `shared_scalar` | one weight, two uses | 5 | 10 |
# | 4 | `class_example` | a whole network, backwards | 20 | 35 |
# | 5 | `softmax_cross_entropy` | the loss for a choice among classes | 20 | 30 |
# | 6 | `sigma_sum_backward` | vectors and a matrix | 10 | 20 |
# | 7 | `numerical_gradient` | a gradient from nothing but values | 15 | 25 |
# | 8 | `relative_error` | how far apart are two gradients? | 5 | 10 |
# | 9 | `find_wrong_gradients` | which array is wrong? | 10 | 20 |
# | 10 | | why do gradients add? In your own words | 5 | 10 |
# | | | **together** | **100** | **180** |
#
# Exercises 7 to 9 do not need the ones before them. If you like to check yourself from the start,
# do them first.

# %% [markdown]
# ## How to work
#
# - **Write.** Each exercise ends in a cell with a function that is not written yet. Put your code
#   in the place of `# YOUR CODE HERE` and `raise NotImplementedError()`, and run the cell.
# - **Check.** Run the cell below it, as often as you like: it costs nothing. It says what holds
#   and what does not, and often which mistake it is. (If it does not come back, a loop of yours
#   does not end: interrupt it by ■ in the toolbar.) If there is a hint, it is folded below the
#   verdict: click on it. (In a cell of your own you can also write
#   `check("sigmoid", sigmoid, hint=True)`.)
# - **Points.** All of them if every case holds; half if only a special case fails (a single row,
#   a huge number, an array without axes …), or if your answer is right in another convention.
#   When your work is graded, the same cases are tried with other random numbers. Each function
#   counts for itself: if it only fails because it calls an earlier one of yours that is wrong, it
#   is tried again with a right one.
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
from rnnref.course.plots import COLOURS, show

check = checker("ps2_backprop")

# %% [markdown]
# ## Names, shapes and five rules
#
# The *loss* $L$ is the number at the end of a computation. The *gradient* of anything on the way,
# $\bar u = \partial L / \partial u$, says how $L$ changes with $u$ while all else that goes in is
# held fixed. In code it is called `du`, and **it has the shape of `u`**. That is worth a look
# whenever you return one.
#
# | | | shape |
# |:--|:--|:--|
# | $\sigma$ | logistic function, applied to each entry | any |
# | $z$, $y = \sigma(z)$ | a unit before and after $\sigma$ (in exercise 3, $z$ is just a result) | as stated |
# | $x$ | input | (n,) |
# | $w$, $v$, $W$ | weights | as stated |
# | $o$ | scores, before any last function | as stated |
# | $p$, $\hat y$ | what the network predicts: probabilities | as $o$ |
# | $t$; $y_i$ in exercise 5 | target: what it should have predicted | a number; a class 0 … K − 1 |
#
# There are $n$ inputs, $m$ units, $B$ examples in a minibatch and $K$ classes. Nothing in this set
# has a time axis; $t$ is a target here. All arrays are `float64`, apart from classes.
#
# A backward pass begins at $\bar L = 1$ and goes through the computation in reverse. It needs five
# rules of the lecture, for steps that end in $c$. (A difference $a - b$ is the sum of $a$ and
# $-1 \cdot b$; and through any other function of one number, say $c = a^2$, go by its derivative,
# $\bar a = \bar c \cdot 2a$.)
#
# | step | forward | backward, $\bar c$ being known |
# |:--|:--|:--|
# | add | $c = a + b$ | $\bar a = \bar c$ and $\bar b = \bar c$ |
# | multiply | $c = a\,b$ | $\bar a = \bar c\,b$ and $\bar b = \bar c\,a$ |
# | copy | $c_1 = a$ and $c_2 = a$ | $\bar a = \bar c_1 + \bar c_2$ |
# | maximum | $c = \max(a, b)$ | $\bar c$ for the larger one, 0 for the other |
# | sigmoid | $c = \sigma(a)$ | $\bar a = \bar c\;c\,(1 - c)$ |
#
# <details>
# <summary>In the margin: the same things in the slides</summary>
#
# This set follows D4, the fifth of the course's five sets of slides.
#
# | here | D0 | D2 | D3 | D4 |
# |:--|:--|:--|:--|:--|
# | $\bar z$, `dz` | $\bar z$ | $\delta$ | $\delta$ | $\partial L / \partial z$ |
# | $z_1, z_2$ and $o$ of exercise 4 | – | – | – | no names: $w_1^T x$, $w_2^T x$, $v_1 y_1 - v_2 y_2$ |
# | $q$ and $r$ of exercise 3 | – | – | – | $x = w^2$ and $y = w - 3$ |
# | $z = Wx$ of exercise 6 | – | – | – | no name |
#
# </details>

# %% [markdown]
# ## 1 A logistic function that never overflows &nbsp; [5 points; 10 minutes]
#
# You know the function
#
# $$\sigma(a) = \frac{1}{1 + e^{-a}} \tag{1}$$
#
# and one line of NumPy computes it, most of the time. The largest number that `float64` can hold
# is about $1.8 \cdot 10^{308}$, and $e^{710}$ is larger: NumPy warns, and puts `inf` (infinity)
# there. Training takes numbers to places where nobody expected them, so write a $\sigma$ that is
# right for *every* number and never causes a warning. In some of the tests $|a|$ is about 1000,
# and a warning about an overflow, a division by zero or a result that is no number counts as an
# error.
#
# | | `a` | result |
# |:--|:--|:--|
# | shape | any: an array with or without axes, a Python number | the same; for a number, a number or an array without axes |
# | dtype | floats, or whole numbers | `float64` |
#
# **By hand.** $e^{\ln 3} = 3$ makes a good example:
#
# | $a$ | $-1000$ | $-\ln 3$ | 0 | $\ln 3$ | 1000 |
# |:--|--:|--:|--:|--:|--:|
# | $\sigma(a)$ | 0 | 0.25 | 0.5 | 0.75 | 1 |
#
# (The first and the last entry are not exact, but `float64` has nothing closer.)
#
# <details>
# <summary>No idea how?</summary>
#
# Which powers $e^x$ are harmless, whatever happens? Those with $x \le 0$: they lie between 0 and 1.
# Multiply the numerator and the denominator of (1) by the same thing, so that for negative $a$
# only such powers are left. And mind that `np.where(condition, A, B)` computes *both* `A` and `B`
# for all entries before it chooses.
#
# </details>


# %% solution="sigmoid"
def sigmoid(a):
    """Logistic function of each entry, equation (1), without overflow.

    Parameters
    ----------
    a : ndarray, float or int
        Any numbers, in any shape.

    Returns
    -------
    ndarray of float64 or float
        σ(a), in the shape of `a`.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, -np.log(3), 0.0, np.log(3), 1000.0])).round(4)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    >>> float(sigmoid(0))
    0.5
    """
    ### BEGIN SOLUTION
    a = np.asarray(a, dtype=np.float64)
    e = np.exp(-np.abs(a))  # between 0 and 1, whatever a is
    return np.where(a >= 0, 1.0, e) / (1.0 + e)
    ### END SOLUTION


# %% test="sigmoid" points=5
check("sigmoid", sigmoid)

# %% [markdown]
# ## 2 Find the slip &nbsp; [5 points; 10 minutes]
#
# This one is read by a person. A few sentences for each question are enough. You may compute
# whatever you like in a cell of your own.
#
# D1, one of the five sets of slides that the course follows, defines
#
# $$\sigma(x) = \frac{e^x}{1 + e^x}.$$
#
# 1. Show that this is the function of equation (1), with $x$ for $a$. (1 point)
# 2. A program computes both forms in `float64`, just as they are written. Say for each of them,
#    step by step, what comes out for $x = 1000$ and for $x = -1000$. Which of the four results is
#    wrong? And where is the form of D1 the better one of the two? (2 points)
# 3. Of a network's thousand hidden units, one is computed with the form of D1, and for one example
#    its $x$ is 1000. What becomes of the loss, of the gradients, and of the weights after
#    the next update, which subtracts a small multiple of the gradient from each weight? Would it
#    help to continue with other examples? (2 points)

# %% [markdown] written="sigmoid_slip" points=5
# **Model answer.**
#
# 1. Multiply the numerator and the denominator of $1/(1 + e^{-x})$ by $e^x$, which is never zero:
#    $e^x / (e^x + 1)$.
# 2. The slip is not in the mathematics. It shows where $e^x$ is too large for `float64`, beyond
#    $x \approx 709.8$:
#
#    | | $x = 1000$ | $x = -1000$ |
#    |:--|:--|:--|
#    | D1's form | $e^x$ overflows: inf / (1 + inf) = inf / inf = nan | $e^x$ = 0: 0 / (1 + 0) = 0 |
#    | form (1) | $e^{-x}$ = 0: 1 / (1 + 0) = 1 | $e^{-x}$ overflows: 1 / (1 + inf) = 1 / inf = 0 |
#
#    Only the nan is wrong. The last one is right, but only by luck: it comes with a warning about
#    an overflow. D1's form is the better one for $x < 0$, where $e^x < 1$; a safe $\sigma$ uses
#    each form on the side where its exponent is not positive.
# 3. A sum or product with nan in it is nan, even 0 · nan, and so is $\sigma$ of nan. So the output that hears this unit is nan,
#    and so is the loss, also as a mean over many examples. Backwards, the loss passes nan on
#    to everything that it depends on: the gradients of the weights are nan, and after the update so
#    are the weights. From then on every example gives nan, and no later update helps, because
#    nan − (anything) is nan. One must go back to weights that were stored before.
#
# **Rubric.**
#
# - Question 1, 1 point: a correct line of algebra.
# - Question 2, 2 points: 1 for the four results with the steps that lead to them (0.5 if one of
#   them is wrong, or if they are stated without inf or the overflow as the reason); 1 for naming
#   the nan as the only wrong one *and* negative $x$ as the place for D1's form (0.5 for one of the
#   two). “The second form is always better” loses that half.
# - Question 3, 2 points: 1 for nan in the loss and in the gradients, with a reason that is more
#   than “it crashes”; 1 for weights that are nan and stay so. That only the one unit is spoilt, or
#   that a mean over examples hides it, gives 0 for its half.

# %% [markdown]
# ## 3 One weight, two uses &nbsp; [5 points; 10 minutes]
#
# In a recurrent network every weight is used at every step. The smallest case of that is one number
# which is used twice:
#
# $$z = w^2\,(w - 3) \tag{2}$$
#
# Split it into steps, and $w$ stands at two of them:
#
# ```text
#         ┌──▶  q = w²     ──┐
#   w  ───┤                  ├──▶  z = q · r
#         └──▶  r = w − 3  ──┘
# ```
#
# Go backwards from $\bar z = 1$, along the upper way and along the lower one. Each brings $w$ an
# answer of its own: how $z$ would change if only *this* use of $w$ grew. The derivative $dz/dw$ is
# the sum of the two.
#
# | | `w` | `z` | `through_square` | `through_bracket` | `dz` |
# |:--|:--|:--|:--|:--|:--|
# | what | a number | equation (2) | reaches $w$ along the upper way | along the lower way | $dz/dw$ |
#
# **By hand.** For $w = 5$: $q = 25$, $r = 2$ and $z = 50$. The upper way brings $20$, the lower
# way $25$, so $dz/dw = 45$.
#
# For $w = 2$ they bring $-4$ and $4$. Each way alone says that $z$ would change, and yet
# $dz/dw = 0$: $z$ has a local minimum there. Half an answer can be worse than none.
#
# > **In the margin.** D4 has this example, with the product rule beside it: $dz/dw = 3w^2 - 6w$.
# > Is that the same? And which of the two factors does each of your two numbers come from?


# %% solution="shared_scalar"
def shared_scalar(w):
    """Value and derivative of z = w²(w − 3), one use of w at a time.

    Parameters
    ----------
    w : float
        The weight.

    Returns
    -------
    z : float
        Equation (2).
    through_square : float
        What reaches w through w².
    through_bracket : float
        What reaches w through (w − 3).
    dz : float
        The derivative dz/dw.

    Examples
    --------
    >>> shared_scalar(5.0)
    (50.0, 20.0, 25.0, 45.0)
    >>> shared_scalar(2.0)
    (-4.0, -4.0, 4.0, 0.0)
    """
    ### BEGIN SOLUTION
    q, r = w**2, w - 3.0
    z = q * r
    dq, dr = r, q  # multiply: each gets the other's value
    through_square = dq * 2.0 * w
    through_bracket = dr * 1.0
    return z, through_square, through_bracket, through_square + through_bracket
    ### END SOLUTION


# %% test="shared_scalar" points=5
check("shared_scalar", shared_scalar)

# %% [markdown]
# ## 4 A whole network, backwards &nbsp; [20 points; 35 minutes]
#
# Here is a network with two hidden units and one output. Both units read the same input $x$:
#
# $$z_1 = w_1^\top x, \quad y_1 = \sigma(z_1), \qquad z_2 = w_2^\top x, \quad y_2 = \sigma(z_2) \tag{3}$$
#
# $$o = v_1 y_1 - v_2 y_2, \qquad p = \sigma(o) \tag{4}$$
#
# $$L' = (p - t)^2 \tag{5}$$
#
# Mind the minus sign in (4): the second unit speaks *against* the output. The prime of $L'$ is
# part of its name and no derivative, and there is no factor ½. How does $L'$ change with each of
# the weights? Return the loss and the four gradients.
#
# | | `x`, `w1`, `w2` | `v1`, `v2`, `t` | `loss` | `dw1`, `dw2` | `dv1`, `dv2` |
# |:--|:--|:--|:--|:--|:--|
# | shape | (n,) | numbers | a number | (n,) | numbers |
#
# Run forwards and keep every number. Then walk back from (5) to (3), one step at a time, and give
# each gradient a name as you go: `dp`, `do`, `dy1` … Each line uses one rule of the table above,
# and only what is already known. You may call your `sigmoid`.
#
# **By hand.** $x = (1, 2)$, $w_1 = (\ln 3, 0)$, $w_2 = (2, -1)$, $v_1 = 2$, $v_2 = 3$, $t = 1$.
# Forwards:
#
# | $z_1$ | $y_1$ | $z_2$ | $y_2$ | $o$ | $p$ | $L'$ |
# |--:|--:|--:|--:|--:|--:|--:|
# | $\ln 3$ | 0.75 | 0 | 0.5 | $2 \cdot 0.75 - 3 \cdot 0.5 = 0$ | 0.5 | 0.25 |
#
# Backwards, it begins with
#
# $$\bar p = 2\,(0.5 - 1) = -1, \qquad \bar o = -1 \cdot 0.5 \cdot (1 - 0.5) = -0.25,$$
#
# and it ends with $\bar w_1 = (-0.09375, -0.1875)$ and $\bar w_2 = (0.1875, 0.375)$. The
# prediction is too small, and more of $y_1$ would raise it. So a larger $v_1$ lowers the loss
# ($\bar v_1 < 0$), and a larger $v_2$ raises it.
#
# <details>
# <summary>A question before you write: what does w₁ know about w₂?</summary>
#
# Nothing, directly. All that reaches $w_1$ comes through $\bar o$, one number, which depends on all
# that the network predicted. That is why the walk back is cheap: $\bar o$ is computed once and
# used by both branches.
#
# </details>


# %% solution="class_example"
def class_example(x, w1, w2, v1, v2, t):
    """Loss and gradients of a network with two hidden units, equations (3) to (5).

    Parameters
    ----------
    x : ndarray, shape (n,)
        Input.
    w1, w2 : ndarray, shape (n,)
        Weights from the input to the two hidden units.
    v1, v2 : float
        Weights from the hidden units to the output; the second is subtracted.
    t : float
        Target.

    Returns
    -------
    loss : float
        The squared error (p − t)².
    dw1, dw2 : ndarray, shape (n,)
        Its gradients with respect to w1 and w2.
    dv1, dv2 : float
        Its derivatives with respect to v1 and v2.

    Examples
    --------
    >>> x, w1, w2 = np.array([1.0, 2.0]), np.array([np.log(3), 0.0]), np.array([2.0, -1.0])
    >>> loss, dw1, dw2, dv1, dv2 = class_example(x, w1, w2, v1=2.0, v2=3.0, t=1.0)
    >>> dw1.round(5), dw2.round(5)
    (array([-0.09375, -0.1875 ]), array([0.1875, 0.375 ]))
    >>> [round(float(number), 5) for number in (loss, dv1, dv2)]
    [0.25, -0.1875, 0.125]
    """
    ### BEGIN SOLUTION
    y1 = sigmoid(w1 @ x)  # (3)
    y2 = sigmoid(w2 @ x)
    p = sigmoid(v1 * y1 - v2 * y2)  # (4)
    loss = (p - t) ** 2  # (5)

    dp = 2.0 * (p - t)  # (5), backwards
    do = dp * p * (1.0 - p)  # (4), backwards
    dv1, dy1 = do * y1, do * v1
    dv2, dy2 = -do * y2, -do * v2
    dz1 = dy1 * y1 * (1.0 - y1)  # (3), backwards
    dz2 = dy2 * y2 * (1.0 - y2)
    return loss, dz1 * x, dz2 * x, dv1, dv2
    ### END SOLUTION


# %% test="class_example" points=20
check("class_example", class_example)

# %% [markdown]
# ## 5 The loss for a choice &nbsp; [20 points; 30 minutes]
#
# A network that chooses among $K$ classes (words, letters, kinds of animals) ends in $K$ scores,
# also called *logits*, for each example. The *softmax* makes probabilities of them: positive
# numbers whose sum over the classes is 1. For example $i$ with its scores
# $o_{i0}, \dots, o_{i,K-1}$,
#
# $$\hat y_{ik} = \frac{e^{o_{ik}}}{\sum_{j} e^{o_{ij}}} \tag{6}$$
#
# The *cross-entropy* looks at one of them only, the probability of the class $y_i$ that is right.
# It is 0 if the network was sure of it, and large if the network held it for nearly impossible.
# ($\ln$ is the natural logarithm, `np.log`.) Over a minibatch of $B$ examples we take the mean:
#
# $$L = -\frac{1}{B} \sum_{i} \ln \hat y_{i y_i} \tag{7}$$
#
# Return $L$ and its gradient with respect to the scores.
#
# | | `logits` | `y` | `loss` | `dlogits` |
# |:--|:--|:--|:--|:--|
# | shape | (B, K), our $o$ | (B,), classes 0 … K − 1 (`int`) | a number | (B, K) |
#
# **The gradient.** Do not walk through (6) and (7) step by step. Put one into the other first: the
# logarithm turns the quotient into a difference,
#
# $$-\ln \hat y_{i y_i} = -o_{i y_i} + \ln \sum_{j} e^{o_{ij}} \tag{8}$$
#
# and a derivative with respect to $o_{ik}$ is then two lines of work, one for each term. What
# remains is short, and contains $\hat y_{ik}$.
#
# **The numbers.** In the tests some scores are large, and rows are far apart, one of them around
# −1000 and another around 1000. And a network may be sure and wrong: an $\hat y_{i y_i}$ of
# $e^{-40}$ has the loss 40. Nothing may overflow, and no warnings are allowed, as in exercise 1.
#
# **By hand.** Two examples, three classes. The scores in row 1 are those of row 0, raised by
# 1000. What counts in (6) is only how far the scores of a row are apart:
#
# | | scores | $\hat y$ | right class | $-\ln \hat y_{i y_i}$ | row of $\bar o$ |
# |:--|:--|:--|--:|--:|:--|
# | row 0 | $(0, \ln 2, 0)$ | (0.25, 0.5, 0.25) | 1 | 0.693 | (0.125, −0.25, 0.125) |
# | row 1 | $(1000, 1000 + \ln 2, 1000)$ | (0.25, 0.5, 0.25) | 0 | 1.386 | (−0.375, 0.25, 0.125) |
#
# The loss is the mean, $1.040$. And each row of the gradient has the sum 0. Why must it?
#
# <details>
# <summary>Answer</summary>
#
# If all scores of a row grow by the same amount, $\hat y$ stays, and so does the loss. The change
# of the loss is that amount times the sum of the row.
#
# </details>
#
# <details>
# <summary>No idea what to do about the large scores?</summary>
#
# Since only differences count, you may subtract a number from all scores of a row. Which one makes
# sure that no power in the sum of (8) is larger than 1, and that at least one of them is not too
# small? And take the logarithm as (8) has it: that of a probability which has become 0 is lost.
#
# </details>


# %% solution="softmax_cross_entropy"
def softmax_cross_entropy(logits, y):
    """Mean cross-entropy of a softmax and its gradient, equations (6) to (8), without overflow.

    Parameters
    ----------
    logits : ndarray, shape (B, K)
        Scores of the K classes for each of B examples.
    y : ndarray of int, shape (B,)
        The right class of each example, 0 … K − 1.

    Returns
    -------
    loss : float
        Mean over the examples of −ln ŷ of the right class.
    dlogits : ndarray, shape (B, K)
        Gradient of the loss with respect to `logits`.

    Examples
    --------
    >>> logits = np.array([[0.0, np.log(2), 0.0], [1000.0, 1000.0 + np.log(2), 1000.0]])
    >>> loss, dlogits = softmax_cross_entropy(logits, np.array([1, 0]))
    >>> round(float(loss), 4)
    1.0397
    >>> dlogits.round(4)
    array([[ 0.125, -0.25 ,  0.125],
           [-0.375,  0.25 ,  0.125]])
    """
    ### BEGIN SOLUTION
    B = len(logits)
    examples = np.arange(B)
    shifted = logits - logits.max(axis=1, keepdims=True)  # the largest is 0: no power exceeds 1
    log_y_hat = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_y_hat[examples, y].mean()

    # d/do_k of (8): −1 at the right class, and e^{o_k} / Σ_j e^{o_j} = ŷ_k everywhere.
    dlogits = np.exp(log_y_hat)
    dlogits[examples, y] -= 1.0
    return loss, dlogits / B
    ### END SOLUTION


# %% test="softmax_cross_entropy" points=20
check("softmax_cross_entropy", softmax_cross_entropy)

# %% [markdown]
# ## 6 Vectors and a matrix &nbsp; [10 points; 20 minutes]
#
# A layer with $m$ units and $n$ inputs, and as the loss simply the sum of all units:
#
# $$z = W x, \qquad L = \mathbf{1}^\top \sigma(z) \tag{9}$$
#
# where $\mathbf{1}$ is a vector of $m$ ones. How do you go back through a product of a matrix and
# a vector? In no other way than before. Write (9) with its indices,
#
# $$z_i = \sum_{j} W_{ij}\, x_j, \qquad L = \sum_{i} \sigma(z_i) \tag{10}$$
#
# and everything is a sum of products of numbers. Find $\bar z_i$; then ask for *one* $W_{ij}$
# where it is used (once), and for *one* $x_j$ where it is used (in every unit: it is shared, as
# $w$ was in exercise 3). At the end write the result without indices. Let the shapes be your
# guide, and try a $W$ that is not square.
#
# | | `W` | `x` | `L` | `dW` | `dx` |
# |:--|:--|:--|:--|:--|:--|
# | shape | (m, n) | (n,) | a number | (m, n) | (n,) |
#
# **By hand.** Three units, two inputs:
#
# $$W = \begin{pmatrix} \ln 3 & 0 \\ 2 & -1 \\ 0 & 0 \end{pmatrix},\quad
# x = \begin{pmatrix} 1 \\ 2 \end{pmatrix};\qquad
# z = \begin{pmatrix} \ln 3 \\ 0 \\ 0 \end{pmatrix},\quad
# \sigma(z) = \begin{pmatrix} 0.75 \\ 0.5 \\ 0.5 \end{pmatrix},\quad L = 1.75,\quad
# \bar z = \begin{pmatrix} 0.1875 \\ 0.25 \\ 0.25 \end{pmatrix}$$
#
# $$\bar W = \begin{pmatrix} 0.1875 & 0.375 \\ 0.25 & 0.5 \\ 0.25 & 0.5 \end{pmatrix},\qquad
# \bar x = \begin{pmatrix} 0.706 \\ -0.25 \end{pmatrix}$$
#
# The last unit has no weights to speak of, and yet they get a gradient: zero is a value like any
# other. But it adds nothing to $\bar x$. Can you see why?
#
# > **In the margin.** D4 has (9), and notes that all operations are component-wise, those of the
# > backward pass too. For $\sigma$ that is so: $\bar z_i$ needs nothing but unit $i$. Is it so
# > for the product $Wx$?
# >
# > <details>
# > <summary>Answer</summary>
# >
# > Not if it is read as “entry by entry”: $z_i$ needs all of $x$, and $\bar x_j$ needs all of
# > $\bar z$. What is meant is: written by components, a product of a matrix and a vector is
# > made of the same additions, multiplications and copies as everything else.
# >
# > </details>


# %% solution="sigma_sum_backward"
def sigma_sum_backward(W, x):
    """Sum of a layer of logistic units, equation (9), and its gradients.

    Parameters
    ----------
    W : ndarray, shape (m, n)
        Weights from the inputs to the units.
    x : ndarray, shape (n,)
        Input.

    Returns
    -------
    L : float
        The sum of all units.
    dW : ndarray, shape (m, n)
        Gradient of L with respect to W.
    dx : ndarray, shape (n,)
        Gradient of L with respect to x.

    Examples
    --------
    >>> W = np.array([[np.log(3), 0.0], [2.0, -1.0], [0.0, 0.0]])
    >>> L, dW, dx = sigma_sum_backward(W, np.array([1.0, 2.0]))
    >>> round(float(L), 4)
    1.75
    >>> dW.round(4)
    array([[0.1875, 0.375 ],
           [0.25  , 0.5   ],
           [0.25  , 0.5   ]])
    >>> dx.round(3)
    array([ 0.706, -0.25 ])
    """
    ### BEGIN SOLUTION
    y = sigmoid(W @ x)
    dz = y * (1.0 - y)  # every unit counts 1 in L
    dW = np.outer(dz, x)  # W_ij is used once, with x_j in unit i
    dx = W.T @ dz  # x_j is used in every unit i, with W_ij
    return y.sum(), dW, dx
    ### END SOLUTION


# %% test="sigma_sum_backward" points=10
check("sigma_sum_backward", sigma_sum_backward)

# %% [markdown]
# ## 7 A gradient from nothing but values &nbsp; [15 points; 25 minutes]
#
# How do you know that a gradient is right? Ask the function itself. Raise one entry $x_i$ of its
# argument by a little $\varepsilon$, lower it by as much, and see what happens to the value:
#
# $$g_i = \frac{f(x + \varepsilon e_i) - f(x - \varepsilon e_i)}{2\,\varepsilon} \tag{11}$$
#
# where $e_i$ has the shape of $x$, a 1 at entry $i$ and zeros elsewhere. This *central difference*
# knows no rule of calculus, so it cannot make the same mistake as you. It costs two calls of $f$
# for each entry. That is why nobody trains with it, and everybody checks with it.
#
# | | `f` | `x` | `eps` | `g` |
# |:--|:--|:--|:--|:--|
# | what | function: array of the shape of `x` → a number | `float64`, any shape | a number, our $\varepsilon$ | the shape of `x` |
#
# - `x` may have any number of axes, also none: the shape of `np.array(3.0)` is `()`, and it has one
#   entry. What you hand to `f` must have the shape of `x`.
# - `x` may lie in memory in another order than you think, as the transpose of an array does. An
#   index finds its entry all the same.
# - When you return, `x` must be as it was, bit for bit. `x[i] += eps` and later `x[i] -= eps` is
#   not enough: for $x_i = 0.5$ and $\varepsilon = 10^{-5}$ it leaves 0.49999999999999994.
# - Call `f` at most $2 \cdot \text{size} + 1$ times, where size is the number of entries of `x`.
# - The tests compare with (11) at the given `eps`, also at a large one.
#
# **By hand.** $f(x) = x^3$ at $x = 2$, where the slope is 12. With $\varepsilon = 0.1$,
#
# $$\frac{2.1^3 - 1.9^3}{0.2} = \frac{9.261 - 6.859}{0.2} = 12.01, \qquad\text{but}\qquad
# \frac{2.1^3 - 2^3}{0.1} = 12.61.$$
#
# One step to each side is much better than one step to the right.


# %% solution="numerical_gradient"
def numerical_gradient(f, x, eps=1e-5):
    """Gradient of a function by central differences, equation (11).

    Parameters
    ----------
    f : callable
        Takes an array in the shape of `x` and returns a float.
    x : ndarray of float64
        Where to take the gradient; any shape, also ().
    eps : float, default 1e-5
        How far to go to each side.

    Returns
    -------
    g : ndarray, shape of `x`
        Central differences of f, one for each entry; `x` itself is left as it is.

    Examples
    --------
    >>> def sum_of_cubes(x):
    ...     return float(np.sum(x**3))
    >>> numerical_gradient(sum_of_cubes, np.array([[1.0, 2.0]]), eps=0.1).round(6)
    array([[ 3.01, 12.01]])
    >>> numerical_gradient(sum_of_cubes, np.array(2.0)).shape
    ()
    """
    ### BEGIN SOLUTION
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):  # all indices; for the shape (), the one index ()
        above, below = x.copy(), x.copy()
        above[i] += eps
        below[i] -= eps
        g[i] = (f(above) - f(below)) / (2.0 * eps)
    return g
    ### END SOLUTION


# %% test="numerical_gradient" points=15
check("numerical_gradient", numerical_gradient)

# %% [markdown]
# ## 8 How far apart? &nbsp; [5 points; 10 minutes]
#
# A gradient $g$ and its central differences $g_\text{num}$ are never quite equal. How much may they
# differ? A difference of 0.001 is nothing for gradients of size 1000, and everything for gradients
# of size 0.001. So measure it against their size, and measure whole arrays:
#
# $$\text{relative error} = \frac{\lVert g - g_\text{num} \rVert}{\lVert g \rVert + \lVert g_\text{num} \rVert},
# \qquad \lVert g \rVert = \sqrt{\sum_{i} g_i^2} \quad\text{over all entries} \tag{12}$$
#
# It lies between 0 and 1. If both arrays are zero throughout, (12) is 0/0: return 0.0, they are
# equal. If exactly one is zero, it is 1.
#
# | | `g`, `g_num` | result |
# |:--|:--|:--|
# | shape | both the same, any | a number |
#
# **By hand.** $g = (3, 4)$ has the norm 5.
#
# | $g$ | $g_\text{num}$ | relative error |
# |:--|:--|--:|
# | (3, 4) | (3, 4) | 0 |
# | (3, 4) | (6, 8), twice as much | 5 / (5 + 10) = 0.333 |
# | (3, 4) | (−3, −4), the other sign | 10 / (5 + 5) = 1 |
# | (3, 4) | (0, 0) | 5 / (5 + 0) = 1 |
#
# <details>
# <summary>Why not entry by entry, and then the largest?</summary>
#
# Because some entry of a right gradient is often nearly zero. Say it is $10^{-12}$. The
# central difference is off by about $10^{-11}$, because of rounding, so that entry alone would
# have a relative error near 1, and you would look for a mistake that does not exist.
#
# </details>


# %% solution="relative_error"
def relative_error(g, g_num):
    """Distance of two gradients in units of their size, equation (12).

    Parameters
    ----------
    g, g_num : ndarray, the same shape
        Two gradients of the same thing.

    Returns
    -------
    float
        Between 0 and 1; 0.0 if both are zero.

    Examples
    --------
    >>> round(relative_error(np.array([3.0, 4.0]), np.array([6.0, 8.0])), 4)
    0.3333
    >>> relative_error(np.zeros((2, 3)), np.zeros((2, 3)))
    0.0
    """
    ### BEGIN SOLUTION
    size = np.linalg.norm(g) + np.linalg.norm(g_num)  # norms over all entries, for any shape
    if size == 0.0:
        return 0.0
    return float(np.linalg.norm(g - g_num) / size)
    ### END SOLUTION


# %% test="relative_error" points=5
check("relative_error", relative_error)

# %% [markdown]
# ## 9 Which array is wrong? &nbsp; [10 points; 20 minutes]
#
# Now put the two together. A network has several arrays of weights, and its loss depends on all of
# them:
#
# - `params` is a dict with a name and an array for each, for example `{"W": …, "b": …}`;
# - `f(params)` gives the loss. It wants the whole dict: all names, in the order of `params`;
# - `grads` is a dict with the same names: the gradients that somebody claims.
#
# For each array take central differences with $\varepsilon = 10^{-5}$ while all others stay as they
# are, and compare the whole array with the claim. The claim holds if the relative error is at
# most `tol`; otherwise it is wrong. Return the names of all that are wrong, in the order of
# `params`.
#
# | | `f` | `params`, `grads` | `tol` | result |
# |:--|:--|:--|:--|:--|
# | what | function: dict → a number | dicts of arrays, any shapes, also `()` | a number | list of names |
#
# A gradient may also contain nan, “not a number”, the offspring of 0/0 or inf/inf. It is wrong,
# of course. But mind that nan is neither small nor large: `nan <= 1.0` is false, and so is
# `nan > 1.0`. Leave `params` as it is, the dict and its arrays. You may call your
# `numerical_gradient` and `relative_error`.
#
# **By hand.** $f = \sum_i a_i^2 + b^3$ with $a = (1, 2)$ and $b = 3$. The gradients are $(2, 4)$
# and $27$. Somebody claims $(2, 4)$ and $26$: the relative error is 0 for $a$, up to rounding, and
# $1/53 = 0.019$ for $b$. So the answer is `["b"]`.


# %% solution="find_wrong_gradients"
def find_wrong_gradients(f, params, grads, tol=1e-6):
    """Name the gradients that do not agree with central differences.

    Parameters
    ----------
    f : callable
        Takes a dict like `params` and returns the loss, a float.
    params : dict of str to ndarray
        Where to check.
    grads : dict of str to ndarray
        The gradients under test, with the names and shapes of `params`.
    tol : float, default 1e-6
        Largest relative error, over a whole array, of a gradient that is right.

    Returns
    -------
    list of str
        Names of the arrays whose gradient is wrong, in the order of `params`.

    Examples
    --------
    >>> def loss(params):
    ...     return float(np.sum(params["a"] ** 2) + params["b"] ** 3)
    >>> params = {"a": np.array([1.0, 2.0]), "b": np.array(3.0)}
    >>> find_wrong_gradients(loss, params, {"a": np.array([2.0, 4.0]), "b": np.array(26.0)})
    ['b']
    """
    ### BEGIN SOLUTION
    wrong = []
    for name in params:

        def f_of_one(array, name=name):
            return f({**params, name: array})  # the others as they are, in the same order

        difference = numerical_gradient(f_of_one, params[name], eps=1e-5)
        if not relative_error(grads[name], difference) <= tol:  # so nan is wrong, too
            wrong.append(name)
    return wrong
    ### END SOLUTION


# %% test="find_wrong_gradients" points=10
check("find_wrong_gradients", find_wrong_gradients)

# %% [markdown]
# ### A look at your instrument
#
# No points here, only something to see. On the left your `numerical_gradient` checks the `dW` of
# your `sigma_sum_backward`, for many values of $\varepsilon$. On the right it checks your
# `class_example` at $\varepsilon = 10^{-5}$, once as it is, and once with two slips: the sign of
# $\bar w_2$ is turned, and $\bar v_1$ is one per cent too large.
#
# **Before you run it:** (11) becomes the derivative as $\varepsilon$ goes to 0. So is a smaller
# $\varepsilon$ always better? Sketch the curve that you expect, with both axes logarithmic. And
# where do you expect the points of the two slips?

# %%
rng = np.random.default_rng(4)
x, W = rng.normal(size=4), rng.normal(size=(3, 4))
params = {name: rng.normal(size=4) for name in ("w1", "w2")}
params |= {name: rng.normal(size=()) for name in ("v1", "v2")}
steps = np.logspace(-13, 0, 40)


def example_loss(params):
    """Loss of the class example, as find_wrong_gradients wants it."""
    return float(class_example(x, **params, t=1.0)[0])


def compare(ax):
    """Draw the relative error of each gradient, right and slipped; return the names found."""
    grads = dict(zip(params, class_example(x, **params, t=1.0)[1:], strict=True))
    slipped = grads | {"w2": -grads["w2"], "v1": 1.01 * grads["v1"]}
    for claims, style, label in [(grads, "o", "yours"), (slipped, "x", "with two slips")]:
        errors = []
        for name in params:
            number = numerical_gradient(
                lambda array, name=name: example_loss({**params, name: array}), params[name]
            )
            errors.append(max(relative_error(claims[name], number), 1e-13))  # 0 has no logarithm
        ax.semilogy(list(params), errors, style, markersize=9, mew=2, fillstyle="none", label=label)
    return find_wrong_gradients(example_loss, params, slipped)


fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), width_ratios=[3, 2], sharey=True)
try:
    dW = sigma_sum_backward(W, x)[1]
    errors = np.array(
        [
            relative_error(dW, numerical_gradient(lambda W: sigma_sum_backward(W, x)[0], W, eps))
            for eps in steps
        ]
    )
    left.loglog(steps, errors, "o-", color=COLOURS.gradient, markersize=4, label="relative error")
    left.loglog(steps, steps**2, ":", color=COLOURS.neutral, label=r"$\varepsilon^2$")
    left.loglog(
        steps, 1e-16 / steps, "--", color=COLOURS.neutral, label=r"$10^{-16} / \varepsilon$"
    )
    left.set(xlabel=r"step to each side, $\varepsilon$", ylabel="relative error", ylim=(1e-14, 10))
    left.set_title("dW of sigma_sum_backward")
    left.legend(loc="upper center")
    found = compare(right)
    right.axhline(1e-6, color=COLOURS.neutral, linewidth=1)
    right.text(3.4, 1.5e-6, "tol", ha="right")
    right.set(title=f"find_wrong_gradients: {', '.join(found)}", xmargin=0.15)
    right.legend(loc=(0.04, 0.32))
    best = steps[errors.argmin()]
    show(
        fig,
        alt=f"Left: over steps from 1e-13 to 1 the relative error falls like 1e-16 / eps, is "
        f"smallest, {errors.min():.0e}, near {best:.0e}, and rises again like eps squared. Right: "
        f"the errors of the four gradients; those found wrong are {', '.join(found)}.",
    )
except Exception as error:  # a function is not written yet, or not right
    plt.close(fig)
    print(
        "No figure yet: it needs your functions of exercises 4 and 6 to 9 "
        f"({type(error).__name__}).\nRun this cell again when all of them are right."
    )

# %% [markdown]
# <details>
# <summary>What there is to see</summary>
#
# Two errors work against each other. On the right-hand side of the valley (11) is not yet the
# derivative: the error falls like $\varepsilon^2$, the 0.01 in $12.01$ of exercise 7. On the left
# side $f(x + \varepsilon e_i)$ and $f(x - \varepsilon e_i)$ are almost equal. `float64` keeps
# about 16 digits of each, the digits that they share cancel, and the rounding of the last ones,
# about $10^{-16}$, is divided by $2\varepsilon$. The best compromise lies near
# $\varepsilon = \sqrt[3]{10^{-16}} \approx 5 \cdot 10^{-6}$, with an error of about $10^{-11}$:
# that is why the default is $10^{-5}$.
#
# In the other picture right and wrong gradients lie far apart, and the tolerance of $10^{-6}$ stands
# in the wide space between. A turned sign has the relative error 1; a factor of 1.01 has
# $0.01 / 2.01 \approx 0.005$, which nobody would have noticed by looking at the numbers.
#
# </details>

# %% [markdown]
# ## 10 Why do gradients add? &nbsp; [5 points; 10 minutes]
#
# This one is read by a person. Five to ten sentences are enough.
#
# A value $y$ is used at two places. Call the copies $y'$ and $y''$ (again, the primes are only
# names). The loss is a function of both, $L(y', y'')$. D4's proof begins with the chain rule,
#
# $$\frac{\partial L}{\partial y} = \frac{\partial L}{\partial y'} \frac{\partial y'}{\partial y}
# + \frac{\partial L}{\partial y''} \frac{\partial y''}{\partial y},$$
#
# and closes: since $y = y' = y''$, it follows that
# $\partial L / \partial y = \partial L / \partial y' + \partial L / \partial y''$.
#
# 1. Which factors are replaced by which number, and why does that follow from $y = y' = y''$?
#    (1 point)
# 2. Somebody reads the same line so: “The copies are equal, so the two terms on the right are
#    equal, too. It would do to compute one of them and take it twice.” Show by the numbers of
#    exercise 3 that this is wrong, and say in a sentence what $\partial L / \partial y'$ means, so
#    that one sees why the two may differ. (2 points)
# 3. In a network a weight $w$ is used ten times, and another, $v$, once. In a step of training
#    each weight moves by its gradient times $-\eta$, where the learning rate $\eta$ is a small
#    number, the same for all. Somebody divides the gradient of $w$ by ten, “to be fair to $v$”,
#    and says: “That is only a smaller learning rate.” When would that be true? And in which
#    direction does $(w, v)$ move, with the division and without? Take numbers of your own for
#    $\bar w$ and $\bar v$. (2 points)

# %% [markdown] written="why_gradients_add" points=5
# **Model answer.**
#
# 1. $\partial y' / \partial y$ and $\partial y'' / \partial y$ are both replaced by 1. Each copy,
#    as a function of $y$, is the function that gives back its argument: if $y$ grows by a little,
#    each copy grows by just as much.
# 2. In exercise 3 the weight $w = 5$ is used in $q = w^2$ and in $r = w - 3$. Both copies have the
#    value 5, but the first brings 20 and the second 25. Twice the first would be 40, twice the
#    second 50; right is 45. (For $w = 2$: −4 and 4. Both doubles are wrong, the sum is 0.)
#    $\partial L / \partial y'$ says how the loss changes if *only the first use* of $y$ is moved,
#    and the second is held where it is. It depends on what is done with the copy at that place,
#    not only on the copy's value.
# 3. It would be true if the gradients of *all* weights were divided by ten: then each moves a
#    tenth of the way, in the same direction. Here only $\bar w$ is. Say $\bar w = 10$ (ten uses,
#    each brings 1) and $\bar v = 1$. Without the division $(w, v)$ moves by $-\eta\,(10, 1)$,
#    along the negative gradient, which is the direction in which the loss falls fastest. With the
#    division it moves by $-\eta\,(1, 1)$, which is another direction. (The loss still falls, as
#    each weight keeps its sign, but by about $1 \cdot 10 + 1 \cdot 1 = 11$ times $\eta$, where it
#    could fall by 101 times $\eta$.) If $w$ grows by a little, it grows at all ten places, and the
#    loss feels all ten.
#
# **Rubric.**
#
# - Question 1, 1 point: both derivatives of the copies are 1, *with* a reason (each copy changes
#   just as $y$ does). Without a reason 0.5.
# - Question 2, 2 points: 1 for two different contributions with correct numbers from exercise 3
#   (from any $w$ but 0 and 6, where the two are equal); 1 for the meaning: one use is moved, the
#   other one is held.
# - Question 3, 2 points: 1 for “if all gradients were divided by the same number” (or if $w$ were
#   the only weight); 1 for two different directions with numbers that fit. Words without
#   numbers give 0.5 for that half, “training does not work any more” gives 0.

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart Kernel and Run All Cells* once more. If the run stops at a red cell, that cell
# raises an error: mend it, or leave it as it was given; the cells below it can still be run one
# by one. Save, and hand in this file.
#
# You can now send a gradient back through any computation, and find out whether you did it right.
# In a recurrent network the computation is long, and the same three matrices stand at every step.
# Problem set 3 adds up what reaches them, step by step, backwards through time.
