# %% [markdown]
# # A map of the course, and one notation
#
# A recurrent network has a wire from its units back to its units, and so it has a past. This first
# notebook shows what that wire can do in a dozen lines, and then gives you three things to come back
# to: a map of the course, a dictionary of its letters, and routes for the hours that you have.
#
# | After this lecture you can … | Topic | Exercises |
# |---|---|---|
# | say what a state is, and what it is for | a network that goes on by itself | – |
# | find the lecture, the exercise and the code for any topic | the map | – |
# | read one network in five notations, and in ours | one notation | – |
# | tell whether you are ready, and choose your route | a self-test, and routes | – |
#
# **Time:** 25 minutes to read, 40 with all predictions and trials. **You need:** nothing but
# section 5, which asks what you know. **It prepares** all the others.
#
# ## 1 One knock, then silence
#
# Here is a network of two units. At every step $t$ they read the input $x_t$, and what they
# themselves were one step before, $h_{t-1}$:
#
# $$h_t = \tanh(U x_t + W h_{t-1}), \qquad h_0 = 0 \tag{1}$$
#
# $h_t$ is the network's *state*: two numbers, all that it knows of its past. $U$ brings the input in;
# $W$ is the wire back. We knock once, $x_1 = 1$, and then say nothing more: $x_2 = x_3 = \dots = 0$.
# $W$ turns a vector by 30°, a twelfth of a circle, and multiplies its length by a *gain*.
#
# **Predict.** With gain 0 there is no wire. What do you see then? And with gain 0.9, and 1.1?

# %%
# Set-up
import html
import json
import re
import textwrap
import tomllib
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import rnnref
from rnnref import (
    DenseParams,
    RNNParams,
    dense_forward,
    gru_forward,
    init_gru,
    init_lstm,
    init_rnn,
    rnn_backward,
    rnn_forward,
)
from rnnref.course.plots import COLOURS, as_ink, heatmap, show, timeline
from rnnref.course.plots.layered import layered_layout

# %%
# One knock, then silence
period, T = 12, 48
x = np.zeros((T, 1))
x[0] = 1.0  # the knock
turn = 2 * np.pi / period
rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
U = np.array([[1.0], [0.0]])  # only unit 1 hears the input


def listen(gain):
    """All states of the network (1), (T, 2)."""
    h, states = np.zeros(2), []
    for x_t in x:
        h = np.tanh(U @ x_t + gain * rotation @ h)  # (1)
        states.append(h)
    return np.array(states)


fig, axes = plt.subplots(3, 1, figsize=(8, 5.4), sharex=True, sharey=True)
for ax, gain in zip(axes, (0.0, 0.9, 1.1), strict=True):
    h = listen(gain)
    timeline(ax, h[:, 0], label="unit 1", colour=COLOURS.state, markersize=4)
    timeline(ax, h[:, 1], label="unit 2", colour=COLOURS.second, markersize=4, linestyle="--")
    ax.set(title=f"gain {gain}", ylabel="state $h_t$", ylim=(-1, 1))
    print(f"gain {gain}: largest state in the last {period} steps {np.abs(h[-period:]).max():.3f}")
    ax.set_xlabel("" if ax is not axes[-1] else "step $t$")
axes[0].legend(ncols=2)
show(
    fig,
    alt="Three panels over 48 steps. Without a wire unit 1 answers the knock at step 1 and is 0 ever "
    "after. With gain 0.9 both units swing and fade away. With gain 1.1 they swing for ever, one a "
    "quarter of a period behind the other.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Gain 0 answers the knock and has forgotten it one step later: a feed-forward network. Gain 0.9 rings
# like a bell. Gain 1.1 *never stops*: it has heard a single 1, and now it beats time, with a period
# of about twelve steps. (The tanh keeps the swing from growing.)
#
# </details>
#
# The network does not look back: it has no list of old inputs. All of its past is in two numbers, and
# $W$ decides what becomes of them. How to choose $W$, how to *learn* it from examples, why learning
# it is hard when the knock was long ago, and what to do about that: these are the twelve lectures.
#
# **Try it.** Set `period = 5` and run the cell again; then put the gain 3 in the place of 1.1. (Now the
# units are full, near 1 or −1, at nearly all steps, and the beat changes from five steps to four.)
#
# ## 2 How to use these notebooks
#
# You have just used most of what the lectures consist of.
#
# - **Predict.** Stop there, and say or write down what you expect. A wrong guess is worth more than no
#   guess. What really happens is in the figure, and in the folded *Answer* below it.
# - **Run.** All figures and numbers are made by the cells that you see. In JupyterLab (`make lab`, in
#   the folder of the course) you can run and change them. On the web site you see the same pages with
#   their results, to read only.
# - **Try it** names a change worth making. Run from the top again if you are lost.
# - **Note on the slides.** The course is built on five sets of slides, called D0 to D4.
#   Where they slip, a note gives the right form, and a cell shows that it is right.
# - **Check yourself** and a summary end each lecture; papers are named where their ideas are used.
#
# Each lecture prepares a *problem set*: a notebook with functions to write, for a hundred points.
# Copy a set before you start, for what lies in `assignments/` is built anew from text:
#
# ```text
# mkdir -p work
# cp assignments/ps1_recurrence/ps1_recurrence.ipynb work/
# ```
#
# Below each function stands a check. Run it as often as you like: it says what is right, what is not,
# and very often *which* mistake it is. The same table of cases, with other random numbers, gives the
# marks. The answers are in `solutions/`: try first.
#
# Behind both stands `rnnref`, a package in which every network is one readable file, forwards and
# backwards, in the order of the lectures' equations. Lectures use it to check what they derive:

# %%
# The reference gives the same states
params = RNNParams(U, 1.1 * rotation, np.zeros(2))  # U, W and a bias b
h, h_T, cache = rnn_forward(params, x[:, None, :])  # (T, B=1, D=1) → (T, B=1, H=2)
print(f"largest difference to our loop: {np.abs(h[:, 0] - listen(1.1)).max():.1e}")

# %% [markdown]
# ## 3 The map
#
# A map on paper is soon out of date. Ours is drawn from the notebooks themselves: each lecture and each
# set opens with a table like the one above, and `rows.toml`, beside the lectures, lists the topics of
# the course with the cells that show them. The next cell reads them all. (Its code is not the point.)


# %% tags=["hide-input"]
# Read what the notebooks say of themselves
def opening(path):
    """The first cell of a notebook."""
    return "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])


lectures, sets = {}, {}
for path in sorted(Path().glob("[01][0-9]_*.ipynb")):
    text = opening(path)
    needs = text.split("**You need:**")[1].split("**It")[0]
    needs = "".join(re.findall(r"lectures?\s(?:[\d,\s]|and\b)+", needs))
    lectures[int(path.stem[:2])] = {
        "title": re.search("# (.*)", text)[1],
        "minutes": int(re.search(r"\*\*Time:\*\*\D*(\d+)", text)[1]),
        "needs": {int(n) for n in re.findall(r"\d+", needs)},
        "prepares": re.findall(r"assignments/(\w+)/", text),
    }
for path in sorted(Path("../assignments").glob("ps*/ps*.ipynb")):
    rows = re.findall(r"^\| \d+ \|(.*?)\|.*\| (\d+) \|$", opening(path), re.MULTILINE)
    sets[path.stem] = {
        "exercises": [re.findall(r"\w+", names) for names, _ in rows],
        "minutes": [int(minutes) for _, minutes in rows],
    }
home = {exercise: name for name in sets for row in sets[name]["exercises"] for exercise in row}
topics = tomllib.loads(Path("rows.toml").read_text(encoding="utf-8"))
print(
    f"lectures {len(lectures)}, problem sets {len(sets)}, exercises {len(home)}, topics {len(topics)}"
)

# %% [markdown]
# First the lectures: what needs what. An arrow is left out if it follows from others: 8 needs 5, but 8
# needs 7, and 7 needs 5. In green, the problem set that a lecture prepares.
#
# **Predict.** You only want to understand the LSTM (lecture 8). Which lectures must you read first?


# %% tags=["hide-input"]
# What needs what
def before(n):
    """All lectures that a lecture needs, and what these need."""
    return lectures[n]["needs"].union(*map(before, lectures[n]["needs"]))


arrows = [
    (m, n)
    for n in lectures
    for m in lectures[n]["needs"]
    if not any(m in before(k) for k in lectures[n]["needs"])
]


# %% tags=["hide-input"]
# The lectures as a graph
places, ways = layered_layout([n for n in lectures if n > 0], arrows)
fig, ax = plt.subplots(figsize=(11, 4.8))
boxes = {}
for n, place in places.items():
    title = textwrap.fill(lectures[n]["title"].split(":")[0], 18)
    ground = {"facecolor": "white", "edgecolor": COLOURS.input, "boxstyle": "round"}
    label = f"{n}\n{title}\n"  # the last line for the problem set
    boxes[n] = ax.text(*place, label, ha="center", va="center", bbox=ground)
    prepared = ", ".join(name[:3] for name in lectures[n]["prepares"])
    look = {"color": as_ink(COLOURS.output), "weight": "bold", "ha": "center", "va": "bottom"}
    ax.annotate(prepared, (0.5, 0), (0, 0), boxes[n], textcoords="offset points", **look)
for (start, end), way in ways.items():
    points = np.array([places[start], *way, places[end]])
    ax.plot(*points[:-1].T, color=COLOURS.neutral, lw=1.5, zorder=1)
    tip = {"arrowstyle": "-|>", "color": COLOURS.neutral, "lw": 1.5, "shrinkA": 0}
    tip["patchA"] = None if way else boxes[start].get_bbox_patch()
    ax.annotate(
        "", points[-1], points[-2], arrowprops=tip | {"patchB": boxes[end].get_bbox_patch()}
    )
x, y = np.transpose(list(places.values()))
ax.set(xlim=(x.min() - 0.5, x.max() + 0.5), ylim=(y.min() - 0.5, y.max() + 0.5))
ax.axis("off")
show(
    fig,
    alt="; ".join(f"lecture {m} leads to {n}" for m, n in arrows)
    + ". Each lecture names the problem set that it prepares.",
)
print("lecture 8 needs", *sorted(before(8)))

# %% [markdown]
# <details><summary>Answer</summary>
#
# 3 and 4, which need no other; then 5 and 7. (Gradients through time come before the gates that were
# invented for them.)
#
# </details>
#
# No arrow leads from 2 to 3. Lectures 1 and 2 show what a recurrent network is for and why it looks as it
# does, and most readers will want that first; but 3 can be read without them.
#
# Now the topics: where each is taught, what you write about it yourself, and which files of `rnnref` it
# is about. The last column, too, is found by reading: the files whose functions the topic's cells and
# checks call, first those that few other topics call.


# %% tags=["hide-input"]
# Which functions each topic's cells and checks call
modules = {name: getattr(rnnref, name).__module__ for name in rnnref.__all__}
del modules["ShapeError"]  # it belongs to all files
cells = {}
for path in Path().glob("[01][0-9]_*.ipynb"):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        cells[path.stem, source.split("\n")[0]] = source
calls = {}
for topic, entry in topics.items():
    shown = {(place["lecture"], place["cell"]) for place in entry["shown"]}
    words = [word for key in shown for word in re.findall(r"\w+", cells.get(key, ""))]
    calls[topic] = Counter(modules[word] for word in words if word in modules)
    for exercise in entry["exercises"]:
        check = Path(f"../rnnref/checks/{home[exercise]}/{exercise}.py")
        text = check.read_text(encoding="utf-8") if check.exists() else ""
        imported = re.findall(r"^from (rnnref\.\S+)", text, re.MULTILINE)
        calls[topic].update(2 * [module for module in imported if module in modules.values()])
spread = Counter(module for counts in calls.values() for module in counts)


# %% tags=["hide-input"]
# Topic, lecture, exercises, code
class Table:
    """Rows of text that Jupyter shows as a table; words in backticks are code."""

    def __init__(self, *rows):
        self.rows = rows

    def __repr__(self):
        return "\n".join(" | ".join(row) for row in self.rows)

    def _repr_html_(self):
        cells = [[f"<td>{html.escape(cell)}</td>" for cell in row] for row in self.rows]
        head, *body = ("<tr>" + "".join(row) + "</tr>" for row in cells)
        table = head.replace("td>", "th>") + "".join(body)
        return "<table>" + re.sub("`(.*?)`", r"<code>\1</code>", table) + "</table>"


rows = []
for topic, entry in sorted(topics.items()):
    taught = sorted({int(place["lecture"][:2]) for place in entry["shown"]})
    written = [f"`{exercise}` ({home[exercise][:3]})" for exercise in entry["exercises"]]
    special = {module: n / spread[module] for module, n in calls[topic].items()}
    files = sorted(special, key=special.get, reverse=True)[:3]
    files = [file for file in files if special[file] > special[files[0]] / 3]
    names = ["`" + file.removeprefix("rnnref.").replace(".", "/") + "`" for file in files]
    lists = map(str, taught), written, names
    rows.append((entry["topic"], *(", ".join(items) or "–" for items in lists)))
Table(("topic", "lecture", "you write", "in rnnref"), *rows)

# %% [markdown]
# The lectures: [1](01_sequences_and_tasks.ipynb), [2](02_memory.ipynb),
# [3](03_recurrent_networks.ipynb), [4](04_backpropagation.ipynb),
# [5](05_backpropagation_through_time.ipynb), [6](06_a_character_level_language_model.ipynb),
# [7](07_vanishing_and_exploding_gradients.ipynb), [8](08_lstm_and_gru.ipynb),
# [9](09_architectures.ipynb), [10](10_output_recurrence.ipynb), [11](11_reading_scene_text.ipynb).
# The problem sets: [1](../assignments/ps1_recurrence/ps1_recurrence.ipynb),
# [2](../assignments/ps2_backprop/ps2_backprop.ipynb), [3](../assignments/ps3_bptt/ps3_bptt.ipynb),
# [4](../assignments/ps4_gradients/ps4_gradients.ipynb),
# [5](../assignments/ps5_gates/ps5_gates.ipynb),
# [6](../assignments/ps6_architectures/ps6_architectures.ipynb),
# [7](../assignments/ps7_scene_text/ps7_scene_text.ipynb).
#
# ## 4 One notation
#
# ### The smallest network, written five times
#
# The five sets of slides describe the same networks in five ways. Here is the smallest of them, one
# input, one unit, one output:
#
# $$z_t = u\,x_t + w\,h_{t-1}, \qquad h_t = \varphi(z_t), \qquad o_t = v\,h_t, \qquad
#   \hat y_t = g(o_t) \tag{2}$$
#
# | | state | output | starts from |
# |---|---|---|---|
# | D0 | $z^{(t)} = u\,x^{(t)} + w\,h^{(t-1)}$, $\;h^{(t)} = \phi(z^{(t)})$ | $r^{(t)} = v\,h^{(t)}$, $\;y^{(t)} = \phi(r^{(t)})$ | $h^{(0)}$ |
# | D1 | $a^{\langle t\rangle} = g(W_a [a^{\langle t-1\rangle}; x^{\langle t\rangle}] + b_a)$, $\;W_a = [W_{aa}\; W_{ax}]$ | $\hat y^{\langle t\rangle} = g(W_{ya} a^{\langle t\rangle} + b_y)$ | $a^{\langle 0\rangle}$ |
# | D2 | $a_h^t = \sum_i w_{ih} x_i^t + \sum_{h'} w_{h'h} b_{h'}^{t-1}$, $\;b_h^t = \theta_h(a_h^t)$ | $a_k^t = \sum_h w_{hk} b_h^t$ | $b^0$ |
# | D3 | $h_t = f(U x_t + W h_{t-1})$; elsewhere $a_j$ stands for what $f$ is applied to | $z^{(t)} = V h_t$, $\;o_t = g(z^{(t)})$ | $h_0$ |
# | D4 | $s_t = \sigma(U x_t + W s_{t-1})$ | $o_t = \sigma(V s_t)$ | $s_{-1} = 0$ |
#
# They run over the same three inputs, each in its own few lines with its own names; dictionaries let
# each count time as it likes. All activations here are logistic.

# %%
# D0: numbers
weights, inputs = (0.8, -2.0, 1.5), (0.5, -1.0, 2.0)  # u, w, v; x_1, x_2, x_3


def logistic(a):
    """The activation of all units here."""
    return 1 / (1 + np.exp(-a))


def d0(u, w, v, x, phi=logistic):
    """One unit, numbers only."""
    x, h, z, r, y = dict(enumerate(x, 1)), {0: 0.0}, {}, {}, {}
    for t in (1, 2, 3):
        z[t] = u * x[t] + w * h[t - 1]
        h[t] = phi(z[t])
        r[t] = v * h[t]
        y[t] = phi(r[t])
    return {"z^{(3)}": z[3], "h^{(3)}": h[3], "r^{(3)}": r[3], "y^{(3)}": y[3]}


# %%
# D1 glues matrices together, D2 writes out sums
def d1(u, w, v, x, g=logistic):
    """One matrix for the state and the input together."""
    x, a, y = dict(enumerate(x, 1)), {0: np.zeros(1)}, {}
    W_aa, W_ax, W_ya, b_a, b_y = np.array([[w]]), np.array([[u]]), np.array([[v]]), 0.0, 0.0
    W_a = np.hstack([W_aa, W_ax])
    for t in (1, 2, 3):
        a[t] = g(W_a @ np.array([a[t - 1][0], x[t]]) + b_a)
        y[t] = g(W_ya @ a[t] + b_y)
    three = r"\langle 3\rangle"
    return {"": None, f"a^{{{three}}}": a[3][0], " ": None, rf"\hat y^{{{three}}}": y[3][0]}


def d2(u, w, v, x, theta_h=logistic):
    """Sums over units; weights are named (from, to)."""
    x, a, b = {t: [x_t] for t, x_t in enumerate(x, 1)}, {}, {0: [0.0]}
    w_ih, w_h1h, w_hk = [[u]], [[w]], [[v]]  # h1 is h'
    I, H = 1, 1
    for t in (1, 2, 3):
        a[t] = [
            sum(w_ih[i][h] * x[t][i] for i in range(I))
            + sum(w_h1h[h1][h] * b[t - 1][h1] for h1 in range(H))
            for h in range(H)
        ]
        b[t] = [theta_h(a_h) for a_h in a[t]]
    a_k = sum(w_hk[h][0] * b[3][h] for h in range(H))
    return {"a_h^3": a[3][0], "b_h^3": b[3][0], "a_k^3": a_k, " ": None}


# %%
# D3 and D4 write matrices
def d3(u, w, v, x, f=logistic, g=logistic):
    """Matrices; the output's scores are called z."""
    U, W, V = np.array([[u]]), np.array([[w]]), np.array([[v]])
    x, h, a = {t: np.array([x_t]) for t, x_t in enumerate(x, 1)}, {0: np.zeros(1)}, {}
    for t in (1, 2, 3):
        a[t] = W @ h[t - 1] + U @ x[t]
        h[t] = f(a[t])
    z = V @ h[3]
    return {"a_3": a[3][0], "h_3": h[3][0], "z^{(3)}": z[0], "o_3": g(z)[0]}


def d4(u, w, v, x, sigma=logistic):
    """Matrices; the first step is step 0."""
    U, W, V = np.array([[u]]), np.array([[w]]), np.array([[v]])
    x, s = {t: np.array([x_t]) for t, x_t in enumerate(x)}, {-1: np.zeros(1)}
    for t in (0, 1, 2):
        s[t] = sigma(U @ x[t] + W @ s[t - 1])
    return {"": None, "s_2": s[2][0], " ": None, "o_2": sigma(V @ s[2])[0]}


# %%
# Ours is the reference
def here(u, w, v, x):
    """The course's reference."""
    params = RNNParams(U=np.array([[u]]), W=np.array([[w]]), b=np.zeros(1))
    h, _, _ = rnn_forward(params, np.array(x)[:, None, None], activation="logistic")
    o, _ = dense_forward(DenseParams(V=np.array([[v]]), c=np.zeros(1)), h)
    z_3, h_3, o_3 = u * x[2] + w * h[1].item(), h[2].item(), o[2].item()
    return {"z_3": z_3, "h_3": h_3, "o_3": o_3, r"\hat y_3": logistic(o_3)}


# %% [markdown]
# Each function returns what its slides give a name to after the third step. We lay the answers side by
# side: a row for each quantity of (2), a column for each author.
#
# **Predict.** $o_3$ will stand in the columns of D3 and of ours. In the same row?

# %%
# Five notations side by side
columns = {f.__name__: f(*weights, inputs) for f in (d0, d1, d2, d3, d4, here)}
right = list(columns["here"].values())
gaps = [
    abs(number - right[row])
    for names in columns.values()
    for row, number in enumerate(names.values())
    if number is not None
]
print(f"{len(gaps)} numbers with a name; largest difference to the reference: {max(gaps):.1e}")
places = {(re.sub("[_^].*", "", name), row) for n in columns.values() for row, name in enumerate(n)}
uses = Counter(letter for letter, _ in places if letter.strip())
clash = {letter for letter in uses if uses[letter] > 1}
print("letters that stand in more than one row:", *sorted(clash))

fig, ax = plt.subplots(figsize=(9, 4))
inks = [as_ink(c) for c in (COLOURS.neutral, COLOURS.state, COLOURS.neutral, COLOURS.output)]
for column, (author, names) in enumerate(columns.items()):
    ax.text(
        column, -0.75, author if author == "here" else author.upper(), ha="center", weight="bold"
    )
    for row, (name, number) in enumerate(names.items()):
        shown = "–" if number is None else f"${name}$\n{number:.4f}"
        mark = re.sub("[_^].*", "", name) in clash
        frame = {"edgecolor": COLOURS.accent if mark else "white", "facecolor": "white", "lw": 2}
        ax.text(column, row, shown, ha="center", va="center", color=inks[row], bbox=frame, size=13)
labels = "before activation", "state", "score", "output"
ax.set(xlim=(-0.6, 5.6), ylim=(3.6, -1.1), xticks=[], yticks=range(4), yticklabels=labels)
ax.spines[:].set_visible(False)
ax.tick_params(length=0)
ax.grid(False)
show(
    fig,
    alt="A table of six columns, D0 to D4 and here, and four rows. All numbers in a row are equal. "
    "Framed are the letters a, o and z, which stand in several rows.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. Our $o_t$ is the score, *before* the last activation; theirs is the output, after it. Framed are
# all the letters that mean different things in different columns.
#
# </details>
#
# **Try it.** Give the five another sequence: `inputs = (0.0, 0.0, 0.0)`. Is the state 0 then? (No:
# 0.37. The logistic function of 0 is ½, so this unit is never quite at rest.)
#
# ### The dictionary
#
# The lectures translate as they go; here is the whole of it to come back to. A dash: no name.
#
# | | D0 | D1 | D2 | D3 | D4 | here |
# |---|---|---|---|---|---|---|
# | input | $x^{(t)}$ | $x^{\langle t\rangle}$, $x_t$ | $x_i^t$ | $x_t \in \mathbb R^n$ | $x_t$ | $x_t$ |
# | state | $h^{(t)}$ | $a^{\langle t\rangle} = h^{\langle t\rangle}$, $h_t$ | $b_h^t$ | $h_t$, then $s_t \in \mathbb R^d$ | $s_t$ | $h_t$ |
# | first state | $h^{(0)}$ | $a^{\langle 0\rangle}$ | $b^0$ | $h_0$ | $s_{-1} = 0$ | $h_0$ |
# | pre-activation | $z^{(t)}$ | – | $a_h^t$ | $a_j$ | – | $z_t$ |
# | input → hidden | $u$ | $W_{ax}$ | $w_{ih}$ | $U$ $(d \times n)$ | $U$ | $U$ |
# | hidden → hidden | $w$ | $W_{aa}$ | $w_{h'h}$ | $W$ $(d \times d)$ | $W$ | $W$ |
# | stacked | – | $W_a = [W_{aa}\; W_{ax}]$ | – | – | – | $[W\; U]$ |
# | hidden → output | $v$ | $W_{ya}$ | $w_{hk}$ | $V$ $(k \times d)$ | $V$ | $V$ |
# | output scores | $r^{(t)}$ | – | $a_k^t$ | $z^{(t)}$ | – | $o_t$ |
# | output | $y^{(t)}$ | $\hat y^{\langle t\rangle}$ | – | $o_t$ | $o_t$ | $\hat y_t$ |
# | activation | $\phi$ | $g$ | $\theta_h$ | $f$, $g$ | $\sigma$ | $\varphi$ |
# | loss | $\mathcal L$ | $L^{(i)}$ | $O$ | $\mathbb L_t$ | $L = \sum o_t$ | $L$ |
# | adjoint | $\bar z$ | – | $\delta_h^t$ | $\delta$ | – | $\bar z$, `dz` |
# | explicit part | – | – | – | $\partial^+ h_k/\partial W$ | – | $\partial^+ h_k/\partial W$ |
# | cell, candidate | – | $C_t$, $\tilde C_t$ | – | – | – | $c_t$, $g_t$ |
# | output gate | – | $o_t$ | – | – | – | $o_t$, in an LSTM only |
# | GRU: update, reset, candidate | – | $z_t$, $r_t$, $\tilde h_t$ | – | – | – | $z_t$, $r_t$, $n_t$ |
# | both directions | – | – | (figure) | $[\overleftarrow h; \overrightarrow h]$ | – | $[\overrightarrow h; \overleftarrow h]$ |
# | second layer | – | – | – | $s_t = f(Z h_t + B s_{t-1})$ | – | $U$, $W$ of layer 2 |
#
# And the other way round, the letters that will trip you up:
#
# | letter | here | beware |
# |---|---|---|
# | $o_t$ | scores, $V h_t + c$ | D3, D4: the output itself; in every LSTM, ours too, the output gate |
# | $z_t$ | before the activation | D3: scores of the output; in every GRU, ours too, the update gate |
# | $y_t$ | the target of step $t$ | D0: the output; so too in section 1 of lecture 5 and in lecture 10, where the target is $y^*_t$; in lecture 9 what a decoder writes |
# | $s_t$ | the state of a decoder (lecture 9) | D3, D4: the state; in lecture 2 that of a hidden Markov model |
# | $h$ | the state | D2: an *index*, unit $h$; D3, in its stack: the lower layer, with $s_t$ above it |
# | $a$ | before the activation, where $z$ is a gate | D1: the state |
# | $g$ | an activation at the output; in an LSTM the candidate | D1: the activation everywhere |
# | $\sigma$ | the logistic function | D3, in its part on gradients: any activation |
# | $c$ | bias of the output; in an LSTM the cell | – |
# | $L$ | the loss | in lecture 9 also the number of layers, in lecture 11 that of a word's letters |
# | $t$ | step, $t = 1, \dots, T$ | D4: starts from step 0; and $t$ is a target in its class example |
# | $w_{ij}$ | *to* $i$ *from* $j$, as $W$ has it | D2: from $i$ to $j$ |
# | word 4075 | ids count from 0: Harry is 4074 | D1 counts from 1 |
#
# ### Shapes, and which way a matrix points
#
# In code, time is the first axis, sequences that are computed side by side the second: *time-major*.
# Matrices are (to, from), as on paper: row $j$ of $U$ and $W$ holds what unit $j$ listens to.
#
# | | shape | in code |
# |---|---|---|
# | $x_1, \dots, x_T$ | (T, B, D) | `x`; $x_1$ is `x[0]` |
# | $h_1, \dots, h_T$ | (T, B, H) | `h`; in problem sets `H` |
# | $h_0$ | (B, H) | `h0`, zeros if not given |
# | $U$, $W$, $b$ | (H, D), (H, H), (H,) | `RNNParams(U, W, b)` |
# | $V$, $c$ | (K, H), (K,) | `DenseParams(V, c)` |
#
# A batch holds its sequences in rows, and rows want the transpose: $U x_t$ becomes `x[t] @ U.T`.
#
# **Predict.** $T = 4$, $B = 2$, $D = 3$, $H = 5$. What is the shape of `x[0] @ U.T`? And of `h[0] @ W.T`?

# %%
# Time-major, and (to, from)
T, B, D, H = 4, 2, 3, 5
rng = np.random.default_rng(0)
params = init_rnn(rng, D, H)
x = rng.normal(size=(T, B, D))
h, _, cache = rnn_forward(params, x)
h_t = np.zeros((B, H))  # h_0
for x_t in x:
    h_t = np.tanh(x_t @ params.U.T + h_t @ params.W.T + params.b)
print(f"last state, our loop against the reference: {np.abs(h_t - h[-1]).max():.1e}")
print("x[0] @ U.T:", (x[0] @ params.U.T).shape, " h[0] @ W.T:", (h[0] @ params.W.T).shape)

fig, axes = plt.subplots(2, T + 1, figsize=(10, 4.6), width_ratios=[*T * [1], 1.3])
for t in range(T):
    heatmap(axes[0, t], x[t], title=f"x[{t}], that is $x_{t + 1}$", limit=2, numbers=False)
    heatmap(axes[1, t], h[t], title=f"h[{t}], that is $h_{t + 1}$", limit=2, numbers=False)
axes[0, 0].set(ylabel="sequence", xlabel="input")
axes[1, 0].set(ylabel="sequence", xlabel="unit")
heatmap(axes[0, T], params.U, title="U", limit=2, numbers=False)
heatmap(axes[1, T], params.W, title="W", limit=2, numbers=False)
axes[0, T].set(ylabel="to unit", xlabel="from input")
axes[1, T].set(ylabel="to unit", xlabel="from unit")
show(
    fig,
    alt="Above, four matrices of 2 × 3, the inputs of four steps; below, four of 2 × 5, the states. On "
    "the right U, 5 × 3, and W, 5 × 5, their rows marked 'to unit', their columns 'from'.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# (2, 5) both: two sequences, five units. PyTorch has the same orientation (`weight_ih`, `weight_hh`)
# and, unless told otherwise, the same axes.
#
# </details>
#
# ### Gates and gradients
#
# Two more conventions, for later. *Gates* are stacked in one matrix, in blocks of $H$ rows: $i, f, g, o$
# in an LSTM (lecture 8), $r, z, n$ in a GRU. *Gradients*: $\bar U$ on paper, `dU` in code, is
# $\partial L/\partial U$ and has the shape of $U$. Each claim has a test below: an LSTM starts with
# biases 1 at its forget gates; a GRU whose update gate is shut keeps its state as it is; and if one entry
# of $U$ is raised by $10^{-6}$, the loss changes by $10^{-6}$ times that entry of `dU`.

# %%
# Blocks of gates, and the shape of a gradient
lstm, gru = init_lstm(rng, D, H), init_gru(rng, D, H)
print("LSTM: U", lstm.U.shape, "biases of i, f, g, o:", *lstm.b.reshape(4, H)[:, 0])
gru.b[H : 2 * H] = -50.0  # block z
_, kept, _ = gru_forward(gru, x, h_t)
print("GRU:  U", gru.U.shape, "state kept when z is shut:", np.allclose(kept, h_t))

_, _, gradient = rnn_backward(np.ones_like(h), cache)  # L is the sum of all states
nudged = params.U.copy()
nudged[1, 2] += 1e-6  # to unit 2, from input 3
change = rnn_forward(params._replace(U=nudged), x)[0].sum() - h.sum()
print("dU", gradient.U.shape, "of U", params.U.shape)
print(f"dU[1, 2] = {gradient.U[1, 2]:.4f}; by a nudge: {change / 1e-6:.4f}")

# %% [markdown]
# ## 5 What you need to know
#
# NumPy arrays, products of matrices, the chain rule; nothing about neural networks but a layer,
# $\varphi(Wx + b)$. Five questions, one minute each, on paper:
#
# **1.** `x` has shape (6, 2, 3), `U` has shape (4, 3), `b` has shape (4,). What is the shape of
# `x @ U.T + b`?
#
# <details><summary>Answer</summary>
#
# (6, 2, 4). `@` multiplies the last two axes, for each of the six steps; `b` is added to each row.
#
# </details>
#
# **2.** `h = np.zeros(2)`, then `states = h`, then `h += 1`. What is in `states`?
#
# <details><summary>Answer</summary>
#
# Ones: `states` is another name for the same array, and `+=` writes into it. `h = h + 1` would make a
# new one. (In the problem sets, a function that changes its arguments is wrong.)
#
# </details>
#
# **3.** $W = \begin{bmatrix} 0 & 2 \\ -1 & 3 \end{bmatrix}$, $h = (4, 1)$. What is $W h$? And
# $W^\top h$?
#
# <details><summary>Answer</summary>
#
# $(2, -1)$: row times column, twice. $W^\top h = (-1, 11)$.
#
# </details>
#
# **4.** $y = (3w - 1)^2$. What is $\mathrm dy/\mathrm dw$ at $w = 1$?
#
# <details><summary>Answer</summary>
#
# $2\,(3w - 1) \cdot 3 = 12$.
#
# </details>
#
# **5.** $L = (u x + w h - 1)^2$ with $u = 1$, $x = 2$, $w = 3$, $h = -1$. What is
# $\partial L/\partial w$?
#
# <details><summary>Answer</summary>
#
# The bracket is $-2$; so $2 \cdot (-2) \cdot h = 4$.
#
# </details>
#
# Write your answers in the place of `None`, tuples for 1 to 3 (for 3, $W h$), numbers for 4 and 5.


# %%
# Your answers
mine = {1: None, 2: None, 3: None, 4: None, 5: None}


def slope(f, w, e=1e-6):
    """How fast f changes at w."""
    return (f(w + e) - f(w - e)) / (2 * e)


right = {1: (np.zeros((6, 2, 3)) @ np.zeros((4, 3)).T + np.zeros(4)).shape}
states = h = np.zeros(2)
h += 1
right[2] = states
right[3] = np.array([[0, 2], [-1, 3]]) @ np.array([4, 1])
right[4] = slope(lambda w: (3 * w - 1) ** 2, 1.0)
right[5] = slope(lambda w: (1.0 * 2.0 + w * -1.0 - 1) ** 2, 3.0)
for n, answer in mine.items():
    same = answer is not None and np.shape(answer) == np.shape(right[n])
    same = same and np.allclose(answer, right[n])
    print(f"{n}: {'no answer yet' if answer is None else 'right' if same else 'look again'}")

# %% [markdown]
# Five right: go. Trouble with 1 or 2: an hour with NumPy's own *absolute basics for beginners* and its
# pages on broadcasting and on copies and views. With 3: any chapter on matrix products. With 4 or 5:
# the chain rule, and partial derivatives; lecture 4 begins there, slowly.
#
# ## 6 Routes for 3, 10 and 30 hours
#
# Here are three routes. In *three hours* you learn what a recurrent network is, and write one. In *ten*
# you follow gradients through time, see them vanish, and write one step of an LSTM, there and back. In
# *thirty* you read all lectures, do five sets, and of the last one what it takes to read a word that
# nobody has cut into letters. The minutes are those that lectures and sets give: reading in blue, writing
# in green. A route in which a lecture lacks what it needs, or that takes too long, would be an error.


# %% tags=["hide-input"]
# Routes, and what they take
short = {name[:3]: one for name, one in sets.items()}
whole = {name: range(1, 1 + len(one["minutes"])) for name, one in short.items()}
routes = {
    3: ([0, 1, 3], {"ps1": [1, 4, 5]}),
    10: ([0, 3, 4, 5, 7, 8], {"ps1": [1, 4, 5, 6], "ps2": [3, 7], "ps3": [1, 3], "ps5": [1, 2]}),
    30: (list(lectures), whole | {"ps6": [], "ps7": [1, 2, 3, 4, 5, 6]}),
    "all": (list(lectures), whole),
}
fig, axes = plt.subplots(len(routes), 1, figsize=(10, 5.4))
for ax, (hours, (read, write)) in zip(axes, routes.items(), strict=True):
    assert all(before(n) <= set(read) for n in read), "a lecture lacks what it needs"
    pieces = [(str(n), lectures[n]["minutes"]) for n in read]
    for name, numbers in write.items():
        pieces.append((name, sum(short[name]["minutes"][i - 1] for i in numbers)))
    total = sum(minutes for _, minutes in pieces)
    assert hours == "all" or total <= 60 * hours, "it takes too long"
    start = 0.0
    for label, minutes in pieces:
        colour = COLOURS.second if label.isdigit() else COLOURS.output
        ax.barh(0, minutes / 60, left=start, color=colour, edgecolor="white")
        ax.text(
            start + minutes / 120, 0, label if minutes else "", ha="center", va="center", size=9
        )
        start += minutes / 60
    ends = (f"{hours} h", hours) if hours != "all" else ("all", start)
    ax.set(yticks=[0], yticklabels=ends[:1], xlim=(0, ends[1]))
    ax.grid(False)
    print(f"{hours:>3}: {total} minutes, {total / 60:.1f} hours")
    for name, numbers in write.items() if hours in (3, 10) else ():
        print(f"     {name}:", *(e for i in numbers for e in short[name]["exercises"][i - 1]))
axes[-1].set_xlabel("hours")
show(
    fig,
    alt="Four bars, for 3, 10 and 30 hours and for the whole course, cut into lectures and sets. In the "
    "first, reading takes most, in the second about half; in the others, writing takes most.",
)

# %% [markdown]
# Do an exercise right after the lecture that prepares it, not at the end. With more time than ten
# hours and less than thirty, follow the arrows of the map to what you are curious about: lecture 6 is
# the one in which the network begins to write.
#
# ## Check yourself
#
# **1.** In a paper you read $o_t = \mathrm{softmax}(V s_t)$. Which of the five sets of slides does it
# resemble, and what would we write?
#
# <details><summary>Answer</summary>
#
# D4: its state is $s_t$, its $o_t$ the output. Ours: $o_t = V h_t$, $\hat y_t =
# \mathrm{softmax}(o_t)$.
#
# </details>
#
# **2.** Someone's weights are named $w_{ih}$, with $w_{31}$ leading from input 3 to unit 1. Where does that
# number stand in our $U$?
#
# <details><summary>Answer</summary>
#
# In row 1, column 3, for (to, from); in code `U[0, 2]`. Their array is our `U.T`.
#
# </details>
#
# **3.** The network of section 1 has two numbers of state. For how many steps can it remember that it was
# knocked?
#
# <details><summary>Answer</summary>
#
# With gain 0 none, with 0.9 for some time; with 1.1 for ever: it swings only if it has been knocked. What
# counts is not how many numbers there are, but what $W$ does with them.
#
# </details>

# %%
# The answers, checked
w_ih = np.arange(12.0).reshape(4, 3)  # from 4 inputs to 3 units
print("2: the same number:", w_ih[3 - 1, 1 - 1] == w_ih.T[0, 2])
x = np.zeros((1000, 1))
quiet = np.abs(listen(1.1)).max()
x[0] = 1.0
print(f"3: largest state without a knock {quiet}; at step 1000 after one", end=" ")
print(f"{np.abs(listen(1.1)[-1]).max():.2f}, and with gain 0.9 {np.abs(listen(0.9)[-1]).max():.0e}")
print("self-test:", *(np.round(answer, 6).tolist() for answer in right.values()))

# %% [markdown]
# ## Summary
#
# - The state is all that a recurrent network knows of its past; $W$ decides what becomes of it.
# - The map is in section 3: topic, lecture, exercises, code.
# - Time comes first, then the batch: (T, B, ·). Matrices are (to, from). Blocks of gates are $i, f, g, o$
#   and $r, z, n$. `dU` has the shape of `U`.
# - All slides mean the same network. Beware of $o_t$ (score or output or gate), $z_t$, $a$ and $h$, and of
#   whether counting starts at 0 or 1.
#
# **What comes next.** [Lecture 1](01_sequences_and_tasks.ipynb) asks what sequences are, what one wants to
# know of them, and why a feed-forward network is the wrong tool.
