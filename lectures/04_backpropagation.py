# %% [markdown]
# # Backpropagation and shared parameters
#
# A network learns by asking each of its numbers: if you grew a little, how would the loss change?
# Backpropagation answers for all of them in one sweep. In this lecture you take that sweep apart
# into five kinds of gates, follow it by hand through a small network, and see why a weight that is
# used twice adds up what it is told. That last point is all that recurrent networks will need.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | send a gradient through any graph, gate by gate | gates and the class example | `sigmoid`, `class_example` |
# | say what a weight with several uses receives, and why | shared parameters: why gradients add | `shared_scalar` |
# | write the backward pass of a layer as matrix products | vectors, component by component | `sigma_sum_backward`, `softmax_cross_entropy` |
# | find out whether a gradient is right, and where it goes wrong | gradient checking | `numerical_gradient`, `relative_error`, `find_wrong_gradients` |
#
# **Time:** 50 minutes to read, 80 with all predictions and trials. **You need:** the chain rule, partial derivatives, and NumPy's `@`.
# **It prepares** [problem set 2, backpropagation](../assignments/ps2_backprop/ps2_backprop.ipynb).
#
# **Shape ledger.** A gradient has the shape of what it belongs to.
#
# | Symbol | Shape | Meaning |
# |---|---|---|
# | $L$ | number | the loss, the end of every graph |
# | $\bar u$, in code `du` | as $u$ | $\partial L / \partial u$, the *gradient* or *adjoint* of $u$ |
# | $\sigma$ | entry by entry | logistic function, $\sigma(z) = 1 / (1 + e^{-z})$ |
# | $x$, $w_1$, $w_2$ | (n,) | class example: input, weights of the two hidden units |
# | $z_1, z_2$; $y_1, y_2$ | numbers | class example: hidden units before and after $\sigma$ |
# | $v_1, v_2$; $o$; $p$; $t$ | numbers | class example: output weights, score, prediction, target |
# | $W$, $x$, $z$ | (m, n), (n,), (m,) | section 4: weights, input, pre-activations $z = Wx$ |
# | $X$, $Z$ | (B, n), (B, m) | section 4: a batch of $B$ inputs as rows, and what they give |
#
# *Notation.* D0 to D4 are the five sets of slides that this course follows
# ([lecture 0](00_map_and_notation.ipynb)). D0 writes adjoints with bars, as we do; D2 and D3 write
# $\delta$ for $\bar z$. D4 calls the loss of the class example $L'$: that prime is a name, no
# derivative. Its $y_i$ are hidden units and its $p$ is our usual $\hat y$. The letter $t$ is a target
# here; from lecture 5 on it is time again. In section 5, $u$ is the precision of the machine.
#
# ## 1 Gates
#
# Any computation, however long, is made of small steps: *gates*, each with one or two inputs and
# one output. Draw each as a node, with arrows for what goes in.
#
# **Predict.** Let $a = 2$, $b = -5$, $c = 3$ and $L = (a + b)\,c$, which is $-9$. Raise one of the
# three by a thousandth. By how many thousandths does $L$ change, for each of them?

# %%
# Set-up
import inspect
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from rnnref import (
    DenseParams,
    Scalar,
    check_entries,
    check_gradient,
    dense_backward,
    dense_forward,
    scalar_graph,
    softmax_cross_entropy,
)
from rnnref.course.plots import COLOURS, draw_computation, draw_terms, heatmap, show

# %%
# A graph with values and gradients
a, b, c = Scalar(2.0, "a"), Scalar(-5.0, "b"), Scalar(3.0, "c")
L = (a + b) * c
L.name = "L"
L.backward()
print(f"L = {L.value}; its gradients: a {a.grad}, b {b.grad}, c {c.grad}")

fig, ax = plt.subplots(figsize=(8, 3))
draw_computation(ax, *scalar_graph(L))
show(
    fig,
    alt="A graph from left to right: a = 2 and b = −5 enter an addition, which gives −3; that and "
    "c = 3 enter a multiplication, which gives L = −9. Gradients: 1 at L, 3 at the sum, at a and "
    "at b, −3 at c.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $a$ and $b$: 3 thousandths, since $c = 3$ multiplies whatever their sum does. $c$: $-3$
# thousandths, since $a + b = -3$.
#
# </details>
#
# `Scalar` is a number that remembers its gate. Values flow to the right; then `backward` starts
# from $\partial L/\partial L = 1$ and sends gradients to the left, against the arrows. At each
# gate it needs nothing but the *local derivatives*, how the gate's output depends on its own
# inputs. If $u$ feeds the gates $c_1, c_2, \dots$, the chain rule says
#
# $$\bar u \;=\; \sum_{i} \; \bar c_i \; \frac{\partial c_i}{\partial u},
#   \qquad \bar L = 1. \tag{1}$$
#
# Five gates are enough for a network:
#
# | Gate | Forward | Backward, given $\bar c$ | In words |
# |---|---|---|---|
# | add | $c = a + b$ | $\bar a = \bar c, \;\; \bar b = \bar c$ | hands it on |
# | multiply | $c = a\,b$ | $\bar a = \bar c\,b, \;\; \bar b = \bar c\,a$ | swaps the values |
# | copy | $c_1 = c_2 = a$ | $\bar a = \bar c_1 + \bar c_2$ | adds up |
# | max | $c = \max(a, b)$ | $\bar c$ to the larger, 0 to the other | a switch |
# | sigmoid | $c = \sigma(a)$ | $\bar a = \bar c\; c\,(1 - c)$ | dampens |
#
# The last follows from $\sigma(a) = 1/(1 + e^{-a})$: its derivative is
# $e^{-a}/(1 + e^{-a})^2 = \sigma(a)\,(1 - \sigma(a))$. Others are made of these: a difference adds with
# a sign, so $\bar b = -\bar c$; a square is a copy and a product, so $\bar a = 2a\,\bar c$.
#
# A table is a claim. The definition of the derivative gives us a second opinion, the *central
# difference*, which knows no rules at all:
#
# $$f'(a) \approx \frac{f(a + \varepsilon) - f(a - \varepsilon)}{2\,\varepsilon}. \tag{2}$$


# %%
# Each rule against a central difference
def slope(f, a, eps=1e-5):
    """Derivative of f at the number a, by (2)."""
    return (f(a + eps) - f(a - eps)) / (2 * eps)


gates = {
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "copy": lambda a, b: a * b + a,  # a is used twice
    "max": lambda a, b: a.maximum(b),
    "minus": lambda a, b: a - b,
    "square": lambda a, b: a**2 + b**2,
    "sigmoid": lambda a, b: (a + b).logistic(),
}
for name, gate in gates.items():
    a, b = Scalar(1.5), Scalar(-2.0)
    gate(a, b).backward()
    numeric = slope(lambda s, gate=gate: gate(Scalar(s), Scalar(-2.0)).value, 1.5)
    numeric_b = slope(lambda s, gate=gate: gate(Scalar(1.5), Scalar(s)).value, -2.0)
    gap = max(abs(a.grad - numeric), abs(b.grad - numeric_b))
    print(f"{name:8}: gradients {a.grad:6.3f} and {b.grad:6.3f}, largest difference {gap:.0e}")

# %% [markdown]
# Copy is the odd one: nobody writes it down. It is there whenever a value is used twice, as $a$ is
# in $ab + a$. In a drawing it is a node with two arrows leaving. Let us see the four others and a
# copy at work together.
#
# **Predict.** In the graph of $L = \max(ab,\, c) + \sigma(a)$ with $a = 2$, $b = 1.5$ and $c = -1$,
# which input gets no gradient at all? How many arrows leave $a$?

# %%
# All five in one graph
a, b, c = Scalar(2.0, "a"), Scalar(1.5, "b"), Scalar(-1.0, "c")
L = (a * b).maximum(c) + a.logistic()
L.name = "L"
L.backward()
print(f"gradients: a {a.grad:.3f}, b {b.grad:.3f}, c {c.grad:.3f}")

fig, ax = plt.subplots(figsize=(8, 3.4))
draw_computation(ax, *scalar_graph(L), digits=4)
show(
    fig,
    alt="a = 2 feeds a multiplication with b = 1.5 and a sigmoid. The product, 3, wins the maximum "
    "against c = −1 and passes the gradient 1 on; c gets 0. At a the gradients 1.5 and 0.105 add "
    "up to 1.605.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $c$ gets none: $ab = 3$ is the larger, and while it is, $c$ has no say. Two arrows leave $a$.
# Along one comes $b = 1.5$, along the other $\sigma(2)(1 - \sigma(2)) = 0.105$; together 1.605.
#
# </details>
#
# **Try it.** Set $c$ to 4 and say beforehand what each input gets. (The switch falls the other way:
# $c$ gets 1, $b$ nothing, and $a$ only 0.105.)
#
# The sigmoid's rule deserves a closer look. The factor $c\,(1 - c)$ is never more than $\tfrac14$.
#
# **Predict.** A value passes ten sigmoid gates, one after the other. What is left of its
# gradient, at most?


# %%
# How a sigmoid dampens
def sigma(z):
    """The logistic function, as long as z is not very negative (section 4)."""
    return 1 / (1 + np.exp(-z))


def left_after(gates):
    """What is left of a gradient of 1 behind so many sigmoid gates."""
    y = first = Scalar(0.0)
    for _ in range(gates):
        y = y.logistic()
    y.backward()
    return first.grad


z, n = np.linspace(-6, 6, 241), np.arange(11)
print(f"largest slope: {np.max(sigma(z) * (1 - sigma(z)))}")
print(f"after ten gates {left_after(10):.1e}, the bound (1/4)^10 is {0.25**10:.1e}")

# %%
# The slope, and what ten of them leave
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
left.plot(z, sigma(z), color=COLOURS.state, label=r"$\sigma(z)$")
left.plot(z, sigma(z) * (1 - sigma(z)), "--", color=COLOURS.gradient, label=r"$\sigma'(z)$")
left.set(xlabel="$z$", yticks=[0, 0.25, 0.5, 1])
left.legend()
right.semilogy(
    n, [left_after(k) for k in n], "o-", color=COLOURS.gradient, label="gradient that is left"
)
right.semilogy(n, 0.25**n, ":", color=COLOURS.neutral, label="$(1/4)^n$")
right.set(xlabel="sigmoid gates passed, $n$")
right.legend()
show(
    fig,
    alt="Left: the S-shaped logistic function and its derivative, a bell of height one quarter. "
    "Right, on a logarithmic scale: the gradient falls along a straight line, a little below one "
    "quarter to the power n.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# At most $(\tfrac14)^{10} \approx 10^{-6}$; here it is less than half of that. Keep this picture in mind:
# it returns in lecture 7, where the gates are the steps of a sequence.
#
# </details>
#
# ### How the tape works
#
# `Scalar` is not magic. Each operation leaves a record: the value, what it was computed from, and
# the local derivatives, which are known as soon as the value is. Here is all of it for two gates.
# The records go onto a list, the *tape*; backwards is simply the tape in reverse.


# %%
# A tape of our own
class Number:
    """A value that leaves a record on the tape."""

    def __init__(self, value, parents=(), derivatives=()):
        self.value, self.grad = value, 0.0
        self.parents, self.derivatives = parents, derivatives
        tape.append(self)

    def __add__(self, other):
        return Number(self.value + other.value, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Number(self.value * other.value, (self, other), (other.value, self.value))


def sweep(order):
    """Equation (1), for the gates in this order."""
    for gate in order:
        for parent, derivative in zip(gate.parents, gate.derivatives, strict=True):
            parent.grad += gate.grad * derivative


# %% [markdown]
# We run it on an example that section 3 takes up again, $z = w^2\,(w - 3)$ with $w = 4$. Its
# derivative is $3w^2 - 6w = 24$.

# %%
# Our tape at work
tape = []
w, minus_3 = Number(4.0), Number(-3.0)
z = w * w * (w + minus_3)
z.grad = 1.0
sweep(reversed(tape))
print(f"z = {z.value}, dz/dw = {w.grad}, and 3w² − 6w = {3 * 4.0**2 - 6 * 4.0}")

# %% [markdown]
# Two details carry the weight. The order: a gate may pass its gradient on only when it has
# received all of it, so everything to its right must come first. The `+=`: a value with several
# uses is told several things.
#
# **Predict.** What does the sweep give for $w$ if it runs in the order of the forward pass? And
# what if `=` stands in the place of `+=`?


# %%
# Two ways to spoil the sweep
def spoilt_sweep(order):
    """The sweep, with = for +=."""
    for gate in order:
        for parent, derivative in zip(gate.parents, gate.derivatives, strict=True):
            parent.grad = gate.grad * derivative


def gradient_of_w(sweep, order):
    """What a sweep of the tape gives w."""
    for number in tape:
        number.grad = 0.0
    z.grad = 1.0
    sweep(order)
    return w.grad


print("backwards, += :", gradient_of_w(sweep, tape[::-1]))
print("forwards,  += :", gradient_of_w(sweep, tape))
print("backwards, =  :", gradient_of_w(spoilt_sweep, tape[::-1]))

# %% [markdown]
# <details><summary>Answer</summary>
#
# Forwards, 0: when the gates next to $w$ had their turn, their own gradients had not arrived yet.
# With `=` only 4, one of the two uses in $w \cdot w$: it has overwritten the other one, and the 16
# that came through the bracket.
#
# </details>
#
# The course's own tape, the file `rnnref/analysis/scalar_tape.py`, has these same parts and a few
# more gates. Its sweep is worth reading in the original. (`_in_order` finds the order by walking
# the graph, so that no list needs to be kept.)

# %%
# The sweep in the original
print(inspect.getsource(Scalar.backward))

# %% [markdown]
# One sweep touches each arrow once, about as much work as the forward pass, and gives the
# gradients of *all* inputs. Central differences need two forward passes for *each* input. For a
# network with a million weights, that is one sweep against two million passes. (Linnainmaa 1970 had the
# sweep, for any computation; Rumelhart, Hinton and Williams 1986 showed what networks learn by it.)
#
# ## 2 The class example
#
# Now a network. D4's class example has two hidden units and one output, and a squared error
# without the usual ½:
#
# $$z_1 = w_1^\top x, \quad y_1 = \sigma(z_1), \qquad z_2 = w_2^\top x, \quad y_2 = \sigma(z_2)
#   \tag{3}$$
# $$o = v_1 y_1 - v_2 y_2, \qquad p = \sigma(o), \qquad L' = (p - t)^2 \tag{4}$$
#
# Mind the minus sign: the second unit speaks *against* the output. We take two inputs and give
# every number a value. The target is $t = 0$.
#
# **Predict.** The prediction is above its target. Which of $v_1$, $v_2$ should grow to bring it
# down, that is, which has a negative gradient?


# %%
# The class example on the tape
class Params(NamedTuple):
    """Weights of the class example."""

    W: np.ndarray  # (2, n): rows w_1 and w_2
    v: np.ndarray  # (2,)


def on_tape(params, x, t):
    """All numbers of (3) and (4), by name."""
    g = {"x1": Scalar(x[0]), "x2": Scalar(x[1])}
    for i in (1, 2):
        for j in (1, 2):
            g[f"w{i}{j}"] = Scalar(params.W[i - 1, j - 1])
        g[f"z{i}"] = g[f"w{i}1"] * g["x1"] + g[f"w{i}2"] * g["x2"]  # (3)
        g[f"y{i}"] = g[f"z{i}"].logistic()
        g[f"v{i}"] = Scalar(params.v[i - 1])
    g["o"] = g["v1"] * g["y1"] - g["v2"] * g["y2"]  # (4)
    g["p"] = g["o"].logistic()
    g["t"] = Scalar(t)
    g["L′"] = (g["p"] - g["t"]) ** 2
    for name, number in g.items():
        number.name = name
    return g


# %%
# Its numbers
params = Params(W=np.array([[1.0, 0.5], [1.0, -1.0]]), v=np.array([2.0, 3.0]))
x, t = np.array([1.0, 2.0]), 0.0
graph = on_tape(params, x, t)
graph["L′"].backward()
for name in ("y1", "y2", "o", "p", "L′", "v1", "v2", "w11", "w12", "w21", "w22"):
    print(f"{name:3} = {graph[name].value:7.4f}, gradient {graph[name].grad:7.4f}")

# %%
# Values and gradients of the class example
fig, ax = plt.subplots(figsize=(10, 7))
draw_computation(ax, *scalar_graph(graph["L′"]), derivatives=False)
show(
    fig,
    alt="The class example as a graph. Each hidden unit is two products, a sum and a sigmoid; the "
    "two meet in a subtraction, then a sigmoid, the difference from the target and a square. "
    "Gradients: 1 at L′, 1.444 at p, 0.290 at o, then smaller ones, negative in the second branch.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $v_2$: its gradient is negative, $-0.0779$, because of the minus sign. $v_1$ has $+0.2553$ and
# should shrink. The same sign turns everything behind it: $y_2$, $z_2$ and the row $w_2$.
#
# </details>
#
# The local derivatives are left out here: put them in. Follow the figure from the right with a
# pencil. Each step uses one gate, and only what is already known:
#
# $$\bar p = 2\,(p - t), \qquad \bar o = \bar p \; p\,(1 - p) \tag{5}$$
# $$\bar v_1 = \bar o\, y_1, \quad \bar y_1 = \bar o\, v_1, \qquad
#   \bar v_2 = -\bar o\, y_2, \quad \bar y_2 = -\bar o\, v_2 \tag{6}$$
# $$\bar z_i = \bar y_i\; y_i\,(1 - y_i), \qquad \bar w_i = \bar z_i\, x \tag{7}$$
#
# Note where each $\sigma'$ is taken: $p\,(1 - p)$ uses the *output* of its gate. A common slip is to
# write $\sigma(p)\,(1 - \sigma(p))$, one sigmoid too many.
#
# The two hidden units do the same thing, so let them do it together. Put $w_1$ and $w_2$ as rows
# into $W$ (2, n), and the signs into $s = (1, -1)$. With $*$ for entry by entry,
#
# $$y = \sigma(W x), \quad o = (s * v)^\top y; \qquad
#   \bar v = \bar o\; s * y, \quad \bar z = \bar o\; s * v * y * (1 - y), \quad
#   \bar W = \bar z\, x^\top. \tag{8}$$
#
# **Predict.** Four ways will now give the same six gradients: the tape, equations (8), central
# differences, and the course's `check_gradient`. To how many digits will the central differences
# agree?


# %%
# Four ways to the same gradients
s = np.array([1.0, -1.0])


def class_loss(params, x=x, t=t):
    """L′ of the class example."""
    return float((sigma(s * params.v @ sigma(params.W @ x)) - t) ** 2)


y = sigma(params.W @ x)
p = sigma(s * params.v @ y)
do = 2 * (p - t) * p * (1 - p)  # (5)
by_hand = Params(np.outer(do * s * params.v * y * (1 - y), x), do * s * y)  # (8)
names = (("w11", "w12"), ("w21", "w22"))
tape_W = np.array([[graph[name].grad for name in row] for row in names])
tape_v = np.array([graph["v1"].grad, graph["v2"].grad])
differences = [
    slope(lambda e, unit=unit: class_loss(params._replace(W=params.W + e * unit)), 0.0)
    for unit in np.eye(4).reshape(4, 2, 2)  # raises one entry of W
]
gap = max(np.abs(tape_W - by_hand.W).max(), np.abs(tape_v - by_hand.v).max())
print("gradient of W by hand:", by_hand.W.round(4).tolist())
print(f"tape against hand: largest difference {gap:.0e}")
print(f"central differences against hand: {np.abs(np.ravel(by_hand.W) - differences).max():.0e}")
comparison = check_gradient(class_loss, params, by_hand, rng=np.random.default_rng(0))
print(f"check_gradient: relative error {comparison.error:.0e}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# To about ten digits. The difference quotient (2) is itself an approximation; section 5 asks how
# good it can be. The tape and our hands differ in the last of sixteen digits, if at all. (An error
# of 0 from `check_gradient` says that it is no more than the loss's own rounding.)
#
# </details>
#
# **Try it.** In *Its numbers*, set $t$ to 1 and predict all signs in the figure.
# (Only $p - t$ changes its sign, so all of them turn.) Set it back before you read on.
#
# ## 3 One weight, many arrows
#
# So far, each weight had one use. Here is D4's smallest example with more:
#
# $$z = w^2\,(w - 3), \qquad \frac{dz}{dw} = 2w\,(w - 3) + w^2 = 3w^2 - 6w \tag{9}$$
#
# by the product rule. In the graph, $w$ enters a square and a bracket. The two terms of the
# product rule are the two paths back to $w$: $2w\,(w - 3)$ comes through the square, $w^2$ through
# the bracket.
#
# **Predict.** At $w = 2$, what comes through the square, what through the bracket, and what is
# their sum?


# %%
# Two paths to one weight
def cubic(value):
    """The graph of (9), with its gradients."""
    w = Scalar(value, "w")
    z = w**2 * (w - 3)
    z.name = "z"
    z.backward()
    return w, z


def paths(w, output):
    """What each arrow out of w brings back: one term of (1)."""
    nodes, edges = scalar_graph(output)
    source = next(node.id for node in nodes if node.name == w.name)
    return {
        nodes[edge.target].op: nodes[edge.target].grad * edge.derivative
        for edge in edges
        if edge.source == source
    }


# %%
# What comes back along each of them
for value in (2.0, 4.0):
    w, z = cubic(value)
    square, bracket = paths(w, z).values()
    print(f"w = {value:g}: z = {z.value:g}, square {square:g}, bracket {bracket:g}, sum {w.grad:g}")

fig, ax = plt.subplots(figsize=(8, 3))
draw_computation(ax, *scalar_graph(cubic(4.0)[1]))
show(
    fig,
    alt="w = 4 has two arrows: to a square, 16, and to the bracket w − 3, which is 1. Both enter a "
    "product, z = 16. The gradient is 1 at the square and 16 at the bracket; at w it is 24.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# $-4$ and $+4$, which sum to 0: at $w = 2$ the two paths contradict each other, and $z$ does not
# change at all. At $w = 4$, in the figure, they bring 8 and 16.
#
# </details>
#
# One value of $w$ is one value. Let us sweep over many, and hold the sum against differences.

# %%
# Both paths, for many weights
values = np.linspace(-1.5, 4, 56)
through = np.array([list(paths(*cubic(value)).values()) for value in values]).T
total = np.array([cubic(value)[0].grad for value in values])
numeric = np.array([slope(lambda s: s**2 * (s - 3), value) for value in values])
rule = 3 * values**2 - 6 * values  # (9)
print(f"(9) against the tape: largest difference {np.abs(total - rule).max():.0e}")
print(f"(9) against central differences: largest difference {np.abs(numeric - rule).max():.0e}")

fig, ax = plt.subplots(figsize=(8, 3.4))
ax.plot(values, through[0], "--", color=COLOURS.input, label="through the square, $2w(w-3)$")
ax.plot(values, through[1], "-.", color=COLOURS.state, label="through the bracket, $w^2$")
ax.plot(values, total, color=COLOURS.gradient, label="sum, $dz/dw$")
ax.plot(values[::5], numeric[::5], "o", color=COLOURS.neutral, label="central differences")
ax.axhline(0, color=COLOURS.neutral, linewidth=1)
ax.set_xlabel("$w$")
ax.legend(ncols=2)
show(
    fig,
    alt="Two parabolas, one for each path, and their sum, which has zeros at w = 0 and w = 2. "
    "Dots of central differences lie on the sum.",
)

# %% [markdown]
# ### Why gradients add
#
# Give each use a name of its own: $z(w', w'') = w'^2\,(w'' - 3)$, with $w'$ in the square and $w''$
# in the bracket. For a function of two arguments that both depend on $w$, the chain rule reads
#
# $$\frac{dz}{dw} = \frac{\partial z}{\partial w'}\,\frac{dw'}{dw}
#   + \frac{\partial z}{\partial w''}\,\frac{dw''}{dw}. \tag{10}$$
#
# The two are copies, $w' = w'' = w$, so both inner derivatives are 1, and
#
# $$\frac{dz}{dw} = \frac{\partial z}{\partial w'} + \frac{\partial z}{\partial w''}
#   \qquad\text{at } w' = w'' = w. \tag{11}$$
#
# That is the proof. Nothing in it needs just two copies, or this $z$: with $m$ uses there are $m$
# terms. It is the copy gate's rule, and the sum in (1).
#
# It can be seen, too. The plane of $(w', w'')$ is a landscape, and sharing forces us to walk along
# its diagonal. A step $dw$ on the diagonal is a step $dw$ east *and* a step $dw$ north.
#
# **Predict.** At $w = 2$ the landscape is steep, but the diagonal is level. In which direction,
# seen from the diagonal, must the gradient point?

# %%
# Sharing is walking on the diagonal
grid = np.linspace(-0.5, 5, 111)
east, north = np.meshgrid(grid, grid)
fig, ax = plt.subplots(figsize=(5.6, 5))
levels = np.arange(-28, 61, 8)  # one of them is −4, the height at w = 2
contours = ax.contour(east, north, east**2 * (north - 3), levels, colors=COLOURS.neutral)
ax.clabel(contours, fontsize=8)
ax.plot(grid, grid, "--", color=COLOURS.state, label="shared: $w' = w'' = w$")
for value in (1.0, 2.0, 3.0):
    first, second = Scalar(value, "w′"), Scalar(value, "w″")
    (first**2 * (second - 3)).backward()
    gradient = np.array([first.grad, second.grad])
    along = gradient @ [1, 1]  # (11)
    print(f"w = {value:g}: gradient {gradient.tolist()}, along the diagonal {along:g}", end="")
    print(f", 3w² − 6w = {3 * value**2 - 6 * value:g}")
    ax.annotate("", value + gradient / 6, (value, value), arrowprops={"color": COLOURS.gradient})
ax.set(xlabel="$w'$, in the square", ylabel="$w''$, in the bracket", aspect="equal")
ax.legend(loc="upper left", facecolor="white", frameon=True)
show(
    fig,
    alt="Contour lines of the landscape with its diagonal. Arrows show the gradient at three points: "
    "at w = 1 it points left of the diagonal and backwards, at w = 2 at a right angle to the "
    "diagonal, at w = 3 straight up, so with a part along the diagonal.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# At a right angle. The slope along the diagonal is the gradient's product with $(1, 1)$, which is
# (11); it is zero just when the two are at right angles: $(-4, 4)$ against $(1, 1)$.
#
# </details>
#
# > **Note on the slides.** D4 states the rule twice, for an *output* that goes to several units and
# > for a *parameter* that is used in several places. They are the same rule: to the graph, a
# > parameter is a value like any other.
#
# ### The same weight, T times
#
# Now the case that this course is about. A recurrent unit $h_t = \tanh(x_t + w\,h_{t-1})$ uses its
# one $w$ at each of $T$ steps. In lecture 3 we turned one copy of $w$ at a time by a ten-thousandth,
# and the effects added up. By (11) we know why, and backpropagation finds all of them in one sweep.
#
# **Predict.** From $h_0 = 0$, which copy of $w$ cannot have any effect?


# %%
# A weight with eight uses
def last_state(x, weights):
    """The last state of a tanh unit that has a weight for each step."""
    h = Scalar(0.0, "h0")
    for step, (x_t, w_t) in enumerate(zip(x, weights, strict=True), start=1):
        h = (Scalar(x_t, f"x{step}") + w_t * h).tanh()
        h.name = f"h{step}"
    return h


# %%
# One gradient for each use
T = 8
inputs = np.random.default_rng(3).normal(scale=0.3, size=T)
shared = Scalar(0.9, "w")
last_state(inputs, [shared] * T).backward()
copies = [Scalar(0.9, f"w{step}") for step in range(1, T + 1)]
last_state(inputs, copies).backward()
contributions = np.array([copy.grad for copy in copies])
print(f"shared: {shared.grad:.4f}; the copies added: {contributions.sum():.4f}")
print(f"difference {abs(shared.grad - contributions.sum()):.0e}")
print("each copy:", contributions.round(3))

fig, ax = plt.subplots(figsize=(8, 3))
draw_terms(ax, contributions, total="shared $w$")
ax.set(xlabel="step of the copy", ylabel="effect on $h_8$")
show(
    fig,
    alt="A bar for each of eight copies of the weight: 0 at step 1, slightly positive at step 2, then "
    "negative, by far the largest at step 8. A last bar is the shared weight's gradient, their sum.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The first: it multiplies $h_0 = 0$.
#
# </details>
#
# Here is the same network over three steps, with its one $w$. Every thick arrow is a use. (With a
# loss at every step, each state but the last would have two arrows out as well, and would add up,
# too.) Lecture 5 puts this picture into equations.

# %%
# Three uses, drawn
w = Scalar(0.9, "w")
h_3 = last_state(inputs[:3], [w] * 3)
h_3.backward()
fig, ax = plt.subplots(figsize=(9, 4))
draw_computation(ax, *scalar_graph(h_3))
nodes, edges = scalar_graph(h_3)
uses = sum(nodes[edge.source].name == "w" for edge in edges)
print(f"arrows out of w: {uses}; its gradient {w.grad:.4f}")
show(
    fig,
    alt="A chain of three steps, each a product with w, a sum with the input and a tanh. Three "
    "arrows leave the one node w.",
)

# %% [markdown]
# ## 4 Vectors
#
# > **Note on the slides.** D4 says that all operations, backprop included, are component-wise. That
# > holds for $\sigma$. The product $Wx$ mixes components, and its backward pass mixes them again.
#
# A layer has many numbers, but no new rules. D4's example is a layer whose outputs are simply added
# up, $L = \mathbf 1^\top \sigma(Wx)$. Component by component,
#
# $$z_i = \sum_j W_{ij}\,x_j, \qquad y_i = \sigma(z_i), \qquad L = \sum_i y_i. \tag{12}$$
#
# Go back through it with (1). $L$ hands 1 to each $y_i$; the sigmoid makes it
# $\bar z_i = \sigma'(z_i)$. $W_{ij}$ has one use, in $z_i$, where $x_j$ multiplies it. But $x_j$
# has $m$ uses, one in each $z_i$: it is *shared*, so its gradients add.
#
# $$\bar W_{ij} = \bar z_i\,x_j, \qquad \bar x_j = \sum_i \bar z_i\,W_{ij} \tag{13}$$
#
# These are an outer product, and a product with the transpose:
#
# $$\bar W = \bar z\,x^\top, \qquad \bar x = W^\top \bar z, \qquad
#   \bar z = \sigma'(Wx). \tag{14}$$
#
# Shapes help to remember which is which. $\bar W$ must be (m, n) like $W$, and of an (m,) and an
# (n,) only $\bar z\,x^\top$ makes that. $\bar x$ must be (n,), and $W$ (m, n) takes an (m,) there
# only as $W^\top$.
#
# **Predict.** Let $m = 3$ and $n = 4$. All rows of $\bar W$ are multiples of one vector. Of which?

# %%
# Component by component, on the tape
rng = np.random.default_rng(5)
W_values, x_values = rng.normal(size=(3, 4)), rng.normal(size=4)
W = np.array([[Scalar(number) for number in row] for row in W_values])
x_tape = np.array([Scalar(number) for number in x_values])
z = W @ x_tape  # three numbers of (12)
L = sum(number.logistic() for number in z)
L.backward()


def gradient_of(numbers):
    """The gradients of an array of Scalars."""
    return np.array([number.grad for number in numbers.flat]).reshape(numbers.shape)


dz, dW, dx = (gradient_of(numbers) for numbers in (z, W, x_tape))
slopes = sigma(W_values @ x_values) * (1 - sigma(W_values @ x_values))
print(f"shapes: z {dz.shape}, W {dW.shape}, x {dx.shape}")
gaps = [dz - slopes, dW - np.outer(dz, x_values), dx - W_values.T @ dz]  # (14)
print("(14) against the tape: largest difference", f"{max(np.abs(gap).max() for gap in gaps):.0e}")

# %%
# An outer product
fig, axes = plt.subplots(1, 3, figsize=(8, 2.9), width_ratios=[1, 4, 4])
columns = (r"$\bar z$", r"$x^T$", r"$\bar W = \bar z\,x^T$")
for ax, matrix, title in zip(axes, (dz[:, None], x_values[None], dW), columns, strict=True):
    heatmap(ax, matrix, title=title, limit=1)
show(
    fig,
    alt="A column of three numbers, a row of four, and their outer product, a 3 × 4 matrix: each "
    "row of the matrix is the row x times one entry of the column.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Of $x$: row $i$ is $\bar z_i\,x^\top$. If an input is 0, its whole column of $\bar W$ is 0: such a
# weight had no part in the result, and is not told anything.
#
# </details>
#
# A warning. With $m = n$, $W \bar z$ has the right shape as well, and the wrong numbers. Shapes
# rule out; they prove nothing. Test with sizes that all differ.
#
# ### A batch shares the layer
#
# Send $B$ inputs through the same $W$, as rows of $X$ (B, n): $Z = X W^\top$. Now $W$ has $B$ uses,
# so its $B$ outer products add up. And a sum of outer products *is* a matrix product:
#
# $$\bar W = \sum_b \bar z_b\,x_b^\top = \bar Z^\top X, \qquad \bar X = \bar Z\,W. \tag{15}$$
#
# `dense_backward` of the course's package does just that. We hold it against the sum.

# %%
# A sum of outer products is a matrix product
B = 5
X, dZ = rng.normal(size=(B, 4)), rng.normal(size=(B, 3))
_, cache = dense_forward(DenseParams(W_values, np.zeros(3)), X)
dX, dparams = dense_backward(dZ, cache)
outer = np.array([np.outer(dZ[b], X[b]) for b in range(B)])
print(f"(15), W: largest difference {np.abs(dparams.V - outer.sum(axis=0)).max():.0e}")
print(f"(15), X: largest difference {np.abs(dX - dZ @ W_values).max():.0e}")

fig, axes = plt.subplots(1, 6, figsize=(10, 2.2))
for b in range(B):
    heatmap(axes[b], outer[b], title=f"$b = {b + 1}$", limit=3, numbers=False)
heatmap(axes[5], dparams.V, title=r"sum $=\bar Z^T X$", limit=3, numbers=False)
show(
    fig,
    alt="Five 3 × 4 matrices, the outer products of the five inputs of a batch, and their sum: all "
    "five share one W, and what each tells it adds up.",
)

# %% [markdown]
# A batch adds over its inputs, a sequence over its steps. To $W$ they are the same thing: uses.
#
# ### Softmax and cross-entropy
#
# At the end of a classifier of $K$ classes stand scores $o \in \mathbb R^K$, their softmax, and the
# cross-entropy with the right class $k$:
#
# $$\hat y_i = \frac{e^{o_i}}{\sum_j e^{o_j}}, \qquad
#   L = -\log \hat y_k = \log \sum_j e^{o_j} - o_k. \tag{16}$$
#
# The second form is easy to differentiate. The first term gives $e^{o_i} / \sum_j e^{o_j}$, which
# is $\hat y_i$ again; the second gives $-1$ at the right class. With its one-hot vector $y$,
#
# $$\bar o = \hat y - y. \tag{17}$$
#
# **Predict.** What do the entries of $\bar o$ sum to? Which of them are negative?

# %%
# What the scores are told
scores, k = np.array([2.0, -1.0, 0.5, 1.0]), 2
o = np.array([Scalar(score) for score in scores])
e = np.exp(o)
L = -np.log(e[k] / e.sum())  # (16), first form
L.backward()
y_hat = np.array([number.value for number in e / e.sum()])
error = np.abs(gradient_of(o) - (y_hat - np.eye(4)[k])).max()
print(f"(17) against the tape: largest difference {error:.0e}")
print(f"the gradient sums to {abs(gradient_of(o).sum()):.0e}")
reference, _ = softmax_cross_entropy(scores[None, None], np.array([[k]]))
print(f"loss {L.value:.4f}, by the reference {reference:.4f}")

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
left.bar(range(1, 5), y_hat, color=COLOURS.output, label=r"softmax $\hat y$")
left.bar(k + 1, 1, fill=False, linestyle="--", label="target $y$")
left.legend()
right.bar(range(1, 5), gradient_of(o), color=COLOURS.gradient)
right.axhline(0, color=COLOURS.neutral, linewidth=1)
left.set(xlabel="class", xticks=range(1, 5), ylim=(0, 1.3))
right.set(title=r"$\bar o = \hat y - y$", xlabel="class", xticks=range(1, 5))
show(
    fig,
    alt="Left: probabilities of four classes, the third of them the target with a dashed bar up to "
    "1. Right: the gradient, equal to the probabilities, but for the target, where it is negative.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# To 0, since $\hat y$ and $y$ both sum to 1: a constant added to all scores changes nothing. Only
# the right class has a negative entry, $\hat y_k - 1$: its score should rise.
#
# </details>
#
# ### Large numbers
#
# On paper, (16) is finished. In a machine, `exp` overflows: the largest number of float64 is about
# $1.8 \cdot 10^{308}$, and its logarithm is 709.8. Above that, $e^x$ is `inf`, and inf/inf is
# `nan`. The cure is algebra. Divide above and below by $e^m$ with $m = \max_j o_j$:
#
# $$\hat y_i = \frac{e^{o_i - m}}{\sum_j e^{o_j - m}}, \qquad
#   L = \log \sum_j e^{o_j - m} - (o_k - m). \tag{18}$$
#
# No exponent is positive now, and one of them is 0, so the sum is at least 1. Note that $L$ is not
# taken as the logarithm of $\hat y_k$: that can round to 0.
#
# **Predict.** The scores are $(s, 0)$ and the *second* class is right, so for large $s$ the loss is
# $s$. Where do the two halves of (16) fail, and where does (18)?


# %%
# Three ways to the same loss
def naive(o, k):
    """(16), first form."""
    return -np.log(np.exp(o[k]) / np.exp(o).sum())


def shifted(o, k):
    """The logarithm of the softmax of (18)."""
    return naive(o - o.max(), k)


def stable(o, k):
    """The loss of (18), from the course's package."""
    return softmax_cross_entropy(o[None, None], np.array([[k]]))[0]


# %%
# How far they go
s_values = np.arange(0.0, 1001.0)
fig, ax = plt.subplots(figsize=(8, 3))
looks = ((stable, COLOURS.output, "-", 2), (shifted, COLOURS.input, "--", 4), (naive, "k", ":", 6))
with np.errstate(all="ignore"):
    for loss, colour, line, width in looks:
        losses = np.array([loss(np.array([s_value, 0.0]), 1) for s_value in s_values])
        right = s_values[np.isfinite(losses)].max()
        print(f"{loss.__name__:8}: finite up to s = {right:4.0f}, then {losses[-1]}")
        ax.plot(s_values, losses, line, color=colour, linewidth=width, label=loss.__name__)
    print("naive, with the first class right:", naive(np.array([1000.0, 0.0]), 0))
ax.set(xlabel="score of the wrong class, $s$", ylabel="loss")
ax.legend()
show(
    fig,
    alt="Three lines of slope 1, one on top of the other. The naive loss ends at s = 709, the one "
    "with shifted scores at 745; the stable one goes on to 1000.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The first form ends after $s = 709$, where $e^s$ overflows: then $\hat y_2$ is 1/inf, which is 0,
# and its logarithm $-\infty$. (With the *first* class right it is inf/inf, nan.) Shifting alone
# moves the end only to 745: there $e^{-s}$ itself rounds to 0. The loss of (18) is right for every
# score.
#
# </details>
#
# > **Note on the slides.** D1 writes $\sigma(x) = e^x / (1 + e^x)$. On paper that equals
# > $1 / (1 + e^{-x})$. In float64 it is nan for every $x > 709.8$, just where $\sigma$ should be 1.

# %%
# A logistic function that overflows, and one that does not
points = np.array([-700.0, -40.0, -30.0, -1.0, 0.0, 1.0, 709.0, 710.0, 800.0])
with np.errstate(all="ignore"):
    d1 = np.exp(points) / (1 + np.exp(points))
gate = [Scalar(point).logistic().value for point in points]
for point, by_d1, by_tape in zip(points, d1, gate, strict=True):
    print(f"x = {point:6g}: D1 {by_d1:<22.6g} tape {by_tape:.6g}")

# %% [markdown]
# The tape's gate uses an identity, $\sigma(x) = \tfrac12\,(1 + \tanh \tfrac x2)$, and tanh cannot
# overflow. (Multiply numerator and denominator of $e^x/(1 + e^x)$ by $e^{-x/2}$, and compare.)
# Another way is to choose the form by the sign of $x$, so that no exponent is ever positive. Either
# one will do for the exercise `sigmoid`; the second keeps small values precise where the first
# rounds to 0, as at $x = -40$.
#
# ## 5 Is the gradient right?
#
# A wrong gradient does not crash. Often the loss even falls, only less than it could. So gradients
# are *checked*, with (2). How small should $\varepsilon$ be? There are two errors to weigh. Taylor's
# theorem gives the first; the second comes from rounding, as each $f$ is only known to a relative
# precision $u$, about $2.2 \cdot 10^{-16}$ in float64:
#
# $$\text{error} \;\approx\; \underbrace{\tfrac16\,\varepsilon^2\,|f'''|}_{\text{truncation}}
#   \;+\; \underbrace{\frac{u\,|f|}{\varepsilon}}_{\text{rounding}},
#   \qquad \varepsilon^* = \sqrt[3]{\frac{3\,u\,|f|}{|f'''|}}. \tag{19}$$
#
# The best step is where the derivative of the sum is zero. If $f$ and $f'''$ are of like size, it is
# near $\sqrt[3]{u} \approx 6 \cdot 10^{-6}$, and the error there near $u^{2/3} \approx 4 \cdot 10^{-11}$.
#
# **Predict.** In float32, $u$ is about $1.2 \cdot 10^{-7}$. Where is the best step there, and how
# many digits can be had? And where for the one-sided difference $(f(a + \varepsilon) - f(a))/\varepsilon$?

# %%
# How small a step?
eps = np.logspace(-12, 0, 241)


def errors(difference, dtype):
    """Relative errors of a difference of exp at 1, for every step."""
    one, steps = dtype(1), eps.astype(dtype)
    return np.abs(difference(one, steps).astype(float) / np.e - 1)


def central(a, eps):
    """Equation (2)."""
    return (np.exp(a + eps) - np.exp(a - eps)) / (2 * eps)


def one_sided(a, eps):
    """The difference that every textbook starts with."""
    return (np.exp(a + eps) - np.exp(a)) / eps


u = np.finfo(float).eps
model = eps**2 / 6 + u / eps  # (19); all derivatives of exp are exp
print(f"(19) is least for {eps[np.argmin(model)]:.1e}; ε* = {(3 * u) ** (1 / 3):.1e}", end="")
print(f"; u^(1/3) = {u ** (1 / 3):.1e}, u^(2/3) = {u ** (2 / 3):.1e}")

# %%
# The error against the step
cases = {
    "central, float64": (central, np.float64, 1 / 3, "o", COLOURS.gradient),
    "central, float32": (central, np.float32, 1 / 3, "s", COLOURS.accent),
    "one-sided, float64": (one_sided, np.float64, 1 / 2, "^", COLOURS.input),
}
fig, ax = plt.subplots(figsize=(8, 4))
for name, (difference, dtype, power, marker, colour) in cases.items():
    found, best = errors(difference, dtype), np.finfo(dtype).eps ** power
    at_best = found[np.argmin(np.abs(np.log(eps / best)))]
    print(f"{name:18}: error {at_best:.0e} for a step of {best:.1e}, {found[0]:.0e} for 1e-12")
    ax.loglog(eps, np.maximum(found, 1e-13), marker, color=colour, markersize=3.5, label=name)
    ax.axvline(best, color=colour, linestyle=":")
ax.loglog(eps, model, "k", linewidth=1, label="(19), float64")
ax.set(xlabel=r"step $\varepsilon$", ylabel="relative error", ylim=(1e-13, 10))
ax.legend(loc="lower right", fontsize=9, facecolor="white", frameon=True)
show(
    fig,
    alt="Error against step on logarithmic axes. Each set of points is a V: falling with slope −1 "
    "where rounding rules, rising where truncation does. The central difference in float64 has its "
    "lowest point near 6e−6, in float32 near 5e−3, the one-sided difference near 1.5e−8.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Near $\sqrt[3]{1.2 \cdot 10^{-7}} \approx 5 \cdot 10^{-3}$, with five digits at most. The one-sided
# difference has truncation error $\tfrac12\,\varepsilon\,|f''|$, a first power, so its best step is
# near $\sqrt u \approx 1.5 \cdot 10^{-8}$, and it gets only about eight digits instead of ten.
#
# </details>
#
# So smaller is not better. A step of $10^{-12}$ leaves four digits, in which you could take a right
# gradient for a wrong one.
#
# ### Compare whole arrays
#
# A difference of $10^{-9}$: is that much? It depends on the size of the gradient. But dividing each
# entry's error by that entry asks too much. The rounding error of a loss is the same for all
# entries, so tiny entries are always relatively wrong. Compare the *norms of whole arrays*:
#
# $$\text{relative error}(g, \tilde g) =
#   \frac{\lVert g - \tilde g \rVert}{\lVert g \rVert + \lVert \tilde g \rVert}. \tag{20}$$
#
# It is 0 for equal arrays and at most 1. For $\tilde g = -g$, the wrong sign, it is exactly 1, and
# for $\tilde g = 2g$ it is one third. (Two zero arrays need a rule of their own: they are equal.)
#
# **Predict.** Below, all gradients are right. If an entry counts as wrong when its own relative
# error is more than $10^{-6}$, how many of 200 raise a false alarm?

# %%
# Right gradients that look wrong
theta = np.linspace(-25, 25, 200)
g = sigma(theta) * (1 - sigma(theta))  # of L = Σ σ(θ_i)
unit_steps = np.eye(200)
g_num = np.array([slope(lambda e, d=d: sigma(theta + e * d).sum(), 0.0) for d in unit_steps])
each = np.abs(g - g_num) / (g + np.abs(g_num))
whole = np.linalg.norm(g - g_num) / (np.linalg.norm(g) + np.linalg.norm(g_num))  # (20)
print(f"{np.sum(each > 1e-6)} of {len(g)} entries look wrong; the whole array: {whole:.0e}")
for factor in (-1, 2):
    print(f"{factor:2} times g would have {abs(1 - factor) / (1 + abs(factor)):.3f}")

fig, ax = plt.subplots(figsize=(8, 3.2))
ax.loglog(g, np.maximum(each, 1e-12), "o", color=COLOURS.gradient, markersize=4, label="one entry")
ax.axhline(whole, color=COLOURS.output, label="whole array, (20)")
ax.axhline(1e-6, color=COLOURS.neutral, linestyle="--", label="tolerance")
ax.set(xlabel="size of the gradient's entry", ylabel="relative error")
ax.legend()
show(
    fig,
    alt="Relative error against the size of the entry, both logarithmic: the points rise to the "
    "left, up to 1 for entries of 1e−11. The error of the whole array is a line far below the "
    "tolerance.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# 131, though nothing is wrong with any of them. The whole array's error is far below the tolerance.
# (On another machine a few more or fewer may do so: rounding decides.)
#
# </details>
#
# ### Random directions
#
# Central differences for each entry cost two losses per entry. There is a cheaper question: is the
# slope right along *one random direction* $d$? That slope is the gradient's product with $d$:
#
# $$\frac{L(\theta + \varepsilon d) - L(\theta - \varepsilon d)}{2\,\varepsilon}
#   \;\approx\; d^\top g. \tag{21}$$
#
# Two losses, however many parameters. If $g$ is wrong by an array $\Delta$, the two sides differ by
# $d^\top \Delta$. For $d$ with standard normal entries that is a normal number with standard
# deviation $\lVert \Delta \rVert$: an error can hide only where it happens to be nearly at a right
# angle to $d$.
#
# **Predict.** How likely is it that one direction shows less than a hundredth of
# $\lVert \Delta \rVert$? And that three do?

# %%
# How well can an error hide?
rng = np.random.default_rng(6)
delta = rng.normal(size=50) * (rng.random(50) < 0.1)  # a few wrong entries
shown = rng.normal(size=(20000, 50)) @ delta / np.linalg.norm(delta)
hidden = np.mean(np.abs(shown) < 0.01)
print(f"standard deviation {shown.std():.2f}; below a hundredth: {100 * hidden:.1f} %")
print(f"three times in a row: about {(0.01 * 2 / np.sqrt(2 * np.pi)) ** 3:.0e}")

fig, ax = plt.subplots(figsize=(8, 2.8))
ax.hist(shown, bins=80, density=True, color=COLOURS.second, label="20,000 directions")
z_axis = np.linspace(-4, 4, 161)
ax.plot(z_axis, np.exp(-(z_axis**2) / 2) / np.sqrt(2 * np.pi), color="k", label="standard normal")
ax.axvspan(-0.01, 0.01, color=COLOURS.state, label="hidden")
ax.set(xlabel=r"what one direction shows, in units of $\|\Delta\|$", yticks=[])
ax.legend()
show(
    fig,
    alt="A histogram in the shape of a normal curve of width 1, with a very thin band at zero in "
    "which an error would hide.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# About 0.8 %, and for three directions 1 in 2 million. `check_gradient` takes three.
#
# </details>
#
# ### Finding the mistake
#
# Suppose the check fails. What now? The graph helps. Gradients flow from the loss backwards, so a
# broken gate spoils only what lies *behind* it. Walk backwards from the loss and look for the
# *first* gradient that is wrong: the mistake lies between it and the right ones before.
#
# Let us break the class example on purpose. On the tape, a gate's rule is its tuple of local
# derivatives; we overwrite one before the sweep.
#
# **Predict.** We forget the minus sign at $o = v_1 y_1 - v_2 y_2$. Which gradients go wrong?

# %%
# One broken gate at a time
breaks = {
    "p: σ′ forgotten": ("p", (1.0,)),
    "o: minus as plus": ("o", (1.0, 1.0)),
    "y2: σ′ at the output": ("y2", (sigma(y[1]) * (1 - sigma(y[1])),)),
    "z1: second term lost": ("z1", (1.0, 0.0)),
}
backwards = ["p", "o", "v1", "v2", "y1", "y2", "z1", "z2", "w11", "w12", "w21", "w22"]
right = np.array([graph[name].grad for name in backwards])
wrong = {}
for label, (gate, derivatives) in breaks.items():
    broken = on_tape(params, x, t)
    broken[gate].derivatives = derivatives
    broken["L′"].backward()
    found = np.array([broken[name].grad for name in backwards])
    wrong[label] = np.abs(found - right) / (np.abs(found) + np.abs(right))  # (20), one number each
    first = backwards[np.argmax(wrong[label] > 1e-6)]
    print(f"{label:22} wrong: {np.sum(wrong[label] > 1e-6):2}, the first: {first}")

# %%
# What each of them spoils
fig, ax = plt.subplots(figsize=(9, 3.2))
heatmap(ax, np.array(list(wrong.values())), title="relative error", limit=1, digits=1)
ax.set_xticks(range(1, len(backwards) + 1), backwards)
ax.set_yticks(range(1, len(breaks) + 1), list(breaks))
show(
    fig,
    alt="A table of relative errors, four broken gates by twelve gradients in backward order. A "
    "forgotten σ′ at p spoils everything from o on; the sign spoils v2, y2, z2, w21 and w22 only, "
    "with error 1; σ′ at the output of y2 spoils z2 and its weights; a lost term spoils only w12.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Those of the second branch, $v_2$, $y_2$, $z_2$ and $w_2$. Each has the wrong sign, so its
# relative error is 1. The first branch is untouched: it does not lie behind the broken arrow.
#
# </details>
#
# In practice you do not have the right gradients to compare with, only the loss. Then
# `check_gradient` tells which arrays are wrong, and `check_entries` finds the worst entry in each.

# %%
# What the checks say about a wrong sign
plus = Params(by_hand.W * [[1], [-1]], by_hand.v * [1, -1])
for checker, extra in ((check_gradient, {"rng": np.random.default_rng(0)}), (check_entries, {})):
    try:
        checker(class_loss, params, plus, **extra)
    except AssertionError as message:
        print(message)

# %% [markdown]
# Both say which arrays are wrong, and the second also where. Their relative errors have other
# denominators than (20): `check_entries` divides by the largest entry of the array, so that a turned
# sign gives 2 at that entry and less at smaller ones, and `check_gradient` compares slopes along a
# random direction. For a single entry, the *ratio* of the
# two numbers is a clue of its own: $-1$ is a sign, 2 a lost square or ½, $B$ or $T$ a mean taken
# for a sum.
#
# **Try it.** In the last cell, turn `plus` into gradients that are twice too large, then into ones
# that lack only $w_{12}$. Read the messages.
#
# ## Check yourself
#
# **1.** $z = (a + b)\,(a - b)$ with $a = 3$, $b = 1$. What comes back to $b$ through each bracket?
#
# <details><summary>Answer</summary>
#
# Through the sum: the other factor, $a - b = 2$. Through the difference: $-(a + b) = -4$. Together
# $-2 = -2b$, as it must be for $z = a^2 - b^2$.
#
# </details>
#
# **2.** A weight is used three times, and the uses send back 0.5, $-0.2$ and 0.4. A friend's program
# reports 0.4. What should it report, and what may have gone wrong?
#
# <details><summary>Answer</summary>
#
# $0.5 - 0.2 + 0.4 = 0.7$, by (11). It looks as if each use overwrites the one before: `=` for `+=`.
#
# </details>
#
# **3.** A gradient check with $\varepsilon = 10^{-12}$ reports a relative error of $10^{-4}$. Is the
# gradient wrong?
#
# <details><summary>Answer</summary>
#
# Nobody can tell. With such a step, rounding alone gives about $u/\varepsilon \approx 2 \cdot 10^{-4}$.
# Repeat it with $\varepsilon$ near $6 \cdot 10^{-6}$: a right gradient then agrees to about ten
# digits, a wrong one stays at $10^{-4}$.
#
# </details>

# %%
# The answers, checked
a, b = Scalar(3.0, "a"), Scalar(1.0, "b")
z = (a + b) * (a - b)
z.backward()
print("b receives", paths(b, z), "together", b.grad)
three_uses = slope(lambda w: 0.5 * w - 0.2 * w + 0.4 * w, 1.0)
print(f"three uses: {three_uses:.3f}")
print(f"u / ε = {np.finfo(float).eps / 1e-12:.1e}")

# %% [markdown]
# ## Summary
#
# - A gate needs only its local derivatives. Backpropagation multiplies along arrows and adds where
#   arrows leave from one node: one sweep, all gradients.
# - A shared weight is a copy gate. Its gradient is the *sum* over its uses; never the last one,
#   never the mean.
# - For a layer, $\bar W = \bar z\,x^\top$ and $\bar x = W^\top \bar z$; over a batch, a matrix
#   product does the adding. Softmax with cross-entropy sends back $\hat y - y$.
# - Exponentials overflow: subtract the maximum, and do not take the logarithm of a softmax.
# - Check gradients with central differences near $\varepsilon = \sqrt[3]{u}$, compare whole arrays,
#   and look for the first wrong gradient from the loss backwards.
#
# **What comes next.** [Problem set 2](../assignments/ps2_backprop/ps2_backprop.ipynb) lets you write
# these gradients and the check that catches wrong ones.
# [Lecture 5](05_backpropagation_through_time.ipynb) unrolls a recurrent network, in which each weight
# is used at every step, and sends gradients back through time.
