"""bptt_scalar: backpropagation through time with one unit, in bars (course rows R10, R14)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.activations import ACTIVATIONS
from rnnref.nets.dense import DenseParams, dense_backward, dense_forward
from rnnref.nets.rnn import RNNParams, rnn_backward, rnn_forward


def bptt_scalar(x, target, u, w, v, h0=0.0):
    """The core's network with one unit and one sequence, and a tanh unit that reads it out."""
    tanh = ACTIVATIONS["tanh"]
    # A second input, zero, is added to z as it is: the gradient by it is z_bar.
    params = RNNParams(np.array([[u, 1.0]]), np.array([[w]]), np.zeros(1))
    inputs = np.stack([x, np.zeros_like(x)], axis=-1)[:, None]
    h, _, cache = rnn_forward(params, inputs, np.array([[h0]]))
    r, readout_cache = dense_forward(DenseParams(np.array([[v]]), np.zeros(1)), h)
    y = tanh.function(r)
    y_bar = y - target[:, None, None]
    r_bar = y_bar * tanh.derivative(y)
    dh, readout = dense_backward(r_bar, readout_cache)
    dx, _, gradients = rnn_backward(dh, cache)
    z_bar = dx[:, 0, 1]
    return {
        "y_bar": y_bar[:, 0, 0],
        "r_bar": r_bar[:, 0, 0],
        "h_bar": dh[:, 0, 0] + w * np.append(z_bar[1:], 0.0),
        "z_bar": z_bar,
        "u_bar": float(gradients.U[0, 0]),
        "v_bar": float(readout.V[0, 0]),
        "w_bar": float(gradients.W[0, 0]),
    }


def draw(rng, T, sign=1.0, **fixed):
    """x, target, u, w, v, h0 for T steps, drawn again while a bar is tiny or a sum cancels."""
    while True:
        args = {
            "x": rng.uniform(0.2, 1.6, T) * rng.choice([-1.0, 1.0], T, p=[0.3, 0.7]),
            "target": rng.uniform(-0.9, 0.9, T),
            "u": rng.uniform(0.5, 0.9),
            "w": rng.uniform(0.6, 0.9) * sign,
            "v": rng.uniform(0.7, 1.3) * sign,
            "h0": rng.uniform(0.4, 0.9),
        } | fixed
        if all(np.abs(bar).max() > 0.02 for bar in bptt_scalar(**args).values()):
            return tuple(args.values())


def cases(rng):
    """Both signs of w, with a first state and without, and few steps."""
    yield plain("six steps, random weights and first state", *draw(rng, 6))
    yield plain("nine steps, w < 0 and v < 0", *draw(rng, 9, sign=-1.0))
    yield special("no first state given: it is 0", *draw(rng, 5, h0=0.0)[:-1])
    yield special("one step (T = 1)", *draw(rng, 1))
    yield special("two steps (T = 2)", *draw(rng, 2))
    yield special("w = 0: no memory at all", *draw(rng, 4, w=0.0))


def loop(x, target, u, w, v, h0=0.0):
    T = len(x)
    h, y = np.zeros(T), np.zeros(T)
    previous = h0
    for t in range(T):
        z = u * x[t] + w * previous
        h[t] = np.tanh(z)
        r = v * h[t]
        y[t] = np.tanh(r)
        previous = h[t]
    y_bar = y - target
    r_bar = y_bar * (1 - y**2)
    h_bar, z_bar = np.zeros(T), np.zeros(T)
    u_bar = v_bar = w_bar = 0.0
    carry = 0.0
    for t in reversed(range(T)):
        h_bar[t] = v * r_bar[t] + carry
        z_bar[t] = h_bar[t] * (1 - h[t] ** 2)
        carry = w * z_bar[t]
        before = h[t - 1] if t > 0 else h0
        u_bar += z_bar[t] * x[t]
        v_bar += r_bar[t] * h[t]
        w_bar += z_bar[t] * before
    return {
        "y_bar": y_bar,
        "r_bar": r_bar,
        "h_bar": h_bar,
        "z_bar": z_bar,
        "u_bar": u_bar,
        "v_bar": v_bar,
        "w_bar": w_bar,
    }


def counted_from_one(x, target, u, w, v, h0=0.0):
    T = len(x)
    x, target = np.append(0.0, x), np.append(0.0, target)
    z, h, r, y = (np.zeros(T + 1) for _ in range(4))
    h[0] = h0
    for t in range(1, T + 1):
        z[t] = u * x[t] + w * h[t - 1]
        h[t] = np.tanh(z[t])
        r[t] = v * h[t]
        y[t] = np.tanh(r[t])
    y_bar, r_bar, h_bar, z_bar = (np.zeros(T + 2) for _ in range(4))
    for t in range(T, 0, -1):
        y_bar[t] = y[t] - target[t]
        r_bar[t] = y_bar[t] * (1 - np.tanh(r[t]) ** 2)
        h_bar[t] = r_bar[t] * v + z_bar[t + 1] * w
        z_bar[t] = h_bar[t] * (1 - np.tanh(z[t]) ** 2)
    u_bar = sum(z_bar[t] * x[t] for t in range(1, T + 1))
    v_bar = sum(r_bar[t] * h[t] for t in range(1, T + 1))
    w_bar = sum(z_bar[t] * h[t - 1] for t in range(1, T + 1))
    bars = {"y_bar": y_bar, "r_bar": r_bar, "h_bar": h_bar, "z_bar": z_bar}
    bars = {name: bar[1 : T + 1] for name, bar in bars.items()}
    bars.update(u_bar=u_bar, v_bar=v_bar, w_bar=w_bar)
    return bars


def over_all_paths(x, target, u, w, v, h0=0.0):
    T = len(x)
    states = [h0]
    for value in x:
        states.append(np.tanh(u * value + w * states[-1]))
    before, h = np.array(states[:-1]), np.array(states[1:])
    y = np.tanh(v * h)
    y_bar = y - target
    r_bar = y_bar / np.cosh(v * h) ** 2
    slope = 1 - h**2
    reach = np.zeros((T, T))
    for t in range(T):
        for s in range(t, T):
            reach[t, s] = np.prod(w * slope[t + 1 : s + 1])
    h_bar = reach @ (v * r_bar)
    z_bar = h_bar * slope
    bars = {"y_bar": y_bar, "r_bar": r_bar, "h_bar": h_bar, "z_bar": z_bar}
    return {**bars, "u_bar": z_bar @ x, "v_bar": r_bar @ h, "w_bar": z_bar @ before}


def recursive(x, target, u, w, v, h0=0.0):
    if len(x) == 0:
        none = np.zeros(0)
        bars = {"y_bar": none, "r_bar": none, "h_bar": none, "z_bar": none}
        return {**bars, "u_bar": 0.0, "v_bar": 0.0, "w_bar": 0.0}
    h = np.tanh(u * x[0] + w * h0)
    y = np.tanh(v * h)
    later = recursive(x[1:], target[1:], u, w, v, h)
    y_bar = y - target[0]
    r_bar = y_bar * (1 - y * y)
    h_bar = r_bar * v + (w * later["z_bar"][0] if len(x) > 1 else 0.0)
    z_bar = h_bar * (1 - h * h)
    return {
        "y_bar": np.append(y_bar, later["y_bar"]),
        "r_bar": np.append(r_bar, later["r_bar"]),
        "h_bar": np.append(h_bar, later["h_bar"]),
        "z_bar": np.append(z_bar, later["z_bar"]),
        "u_bar": later["u_bar"] + z_bar * x[0],
        "v_bar": later["v_bar"] + r_bar * h,
        "w_bar": later["w_bar"] + z_bar * h0,
    }


EXERCISE = Exercise(
    name="bptt_scalar",
    points=15,
    returns="y_bar (T,), r_bar (T,), h_bar (T,), z_bar (T,), u_bar, v_bar, w_bar",
    reference=bptt_scalar,
    cases=cases,
    alternatives=(loop, counted_from_one, over_all_paths, recursive),
    mistakes=(
        Mistake(
            "starts from zero",
            edit(counted_from_one, ("h[0] = h0", "h[0] = 0.0")),
            "Your network starts from zero, whatever the call says.",
            "One of the arguments is the state before the first input: z_1 needs it, and so does "
            "w_bar.",
        ),
        Mistake(
            "h0 enters w_bar only",
            edit(loop, ("    previous = h0\n", "    previous = 0.0\n")),
            "Your w_bar knows h0, but your forward pass starts from zero.",
            "What does w multiply in z_1?",
        ),
        Mistake(
            "the state is not used",
            edit(loop, ("u * x[t] + w * previous", "u * x[t]")),
            "Your h_t depends on x_t alone: your y_bar is wrong already, before anything goes "
            "backwards.",
            "z has two terms. The second brings in the state of the step before.",
        ),
        Mistake(
            "always looks back at h0",
            edit(loop, ("        previous = h[t]\n", "")),
            "In your forward pass every step looks back at h0: the first is right, then the state "
            "does not travel.",
            "What z_t needs is the state of one step before.",
        ),
        Mistake(
            "a linear hidden unit",
            edit(loop, ("h[t] = np.tanh(z)", "h[t] = z"), (" * (1 - h[t] ** 2)", "")),
            "Your hidden unit is linear, forwards and backwards.",
            "h = tanh z: which steps of both passes change by that?",
        ),
        Mistake(
            "a linear output",
            edit(loop, ("y[t] = np.tanh(r)", "y[t] = r"), (" * (1 - y**2)", "")),
            "Your y_bar is that of a linear output, and your r_bar is the same.",
            "There are two tanh in this network; the second stands between r and y.",
        ),
        Mistake(
            "v is left out",
            edit(loop, ("r = v * h[t]", "r = h[t]"), ("v * r_bar[t]", "r_bar[t]")),
            "Your output reads h as it is, also when v is not 1.",
            "On its way from h to r the signal passes one weight, forwards and backwards.",
        ),
        Mistake(
            "y_bar has the wrong sign",
            edit(loop, ("y_bar = y - target", "y_bar = target - y")),
            "Your y_bar has the wrong sign, and everything after it too.",
            "If y is above its target, does L grow or shrink when y grows?",
        ),
        Mistake(
            "y_bar is doubled",
            edit(loop, ("y - target", "2 * (y - target)")),
            "Your y_bar is twice what it should be, and so is everything after it.",
            "What is the ½ in L good for?",
        ),
        Mistake(
            "the mean over time",
            edit(loop, ("y - target", "(y - target) / T")),
            "Your bars belong to the mean of the losses over time: all are divided by T.",
            "L is the sum over the steps.",
            convention=True,
        ),
        Mistake(
            "the loss in the place of its derivative",
            edit(loop, ("y - target", "0.5 * (y - target) ** 2")),
            "Your y_bar holds each step's loss, not its derivative.",
            "y_bar_t says how L changes with y_t.",
        ),
        Mistake(
            "the last target only",
            edit(
                loop,
                (
                    "    y_bar = y - target\n",
                    "    y_bar = np.zeros(T)\n    y_bar[-1] = y[-1] - target[-1]\n",
                ),
            ),
            "Your y_bar is zero but at the last step: the other targets are not used.",
            "L has a part for every step.",
        ),
        Mistake(
            "the output's tanh is not passed",
            edit(loop, (" * (1 - y**2)", "")),
            "y_bar is right, and your r_bar is the same: nothing happens between them.",
            "On the way forward r passes through tanh to become y. What does that do backwards?",
        ),
        Mistake(
            "the output's slope at y",
            edit(loop, ("(1 - y**2)", "(1 - np.tanh(y) ** 2)")),
            "y_bar is right; in your r_bar tanh was applied once too often.",
            "tanh′(r) = 1 − tanh²(r), and tanh(r) is y already.",
        ),
        Mistake(
            "the output's slope at h",
            edit(loop, ("(1 - y**2)", "(1 - h**2)")),
            "y_bar is right; your r_bar takes the slope of the wrong tanh.",
            "Each of the two tanh has a slope of its own. Which one lies between y and r?",
        ),
        Mistake(
            "the logistic function's slope",
            edit(
                loop,
                ("(1 - y**2)", "y * (1 - y)"),
                ("(1 - h[t] ** 2)", "h[t] * (1 - h[t])"),
            ),
            "Your slopes are those of the logistic function.",
            "Both units are tanh. How steep is tanh at 0?",
        ),
        Mistake(
            "h_bar without v",
            edit(loop, ("v * r_bar[t] + carry", "r_bar[t] + carry")),
            "r_bar is right; in your h_bar the part that comes from r lacks a factor.",
            "Between h and r there is a weight: what comes back passes it too.",
        ),
        Mistake(
            "nothing comes back",
            edit(loop, ("v * r_bar[t] + carry", "v * r_bar[t]")),
            "Your h_bar is right at the last step only; before it, only the step's own loss is in "
            "it.",
            "h_t influences the loss in two ways: now, and through z_{t+1}. (If your formula has "
            "both: is z_bar at t + 1 known when your loop comes to t?)",
        ),
        Mistake(
            "what comes back passes by w",
            edit(loop, ("carry = w * z_bar[t]", "carry = z_bar[t]")),
            "Your h_bar is right at the last step; what comes back from later steps lacks a "
            "factor.",
            "How does h_t enter z_{t+1}?",
        ),
        Mistake(
            "what comes back passes u",
            edit(loop, ("carry = w * z_bar[t]", "carry = u * z_bar[t]")),
            "Your h_bar is right at the last step; what comes back to it passes the wrong weight.",
            "z_{t+1} holds two weights. Which of them multiplies h_t?",
        ),
        Mistake(
            "what comes back passes by tanh",
            edit(loop, ("carry = w * z_bar[t]", "carry = w * h_bar[t]")),
            "Your h_bar is right at the last step; what comes back to it jumps over a tanh.",
            "h_t enters z_{t+1}, not h_{t+1}: which of the two bars is sent back?",
        ),
        Mistake(
            "only one step back",
            edit(
                loop,
                ("carry = w * z_bar[t]", "carry = w * v * r_bar[t] * (1 - h[t] ** 2)"),
            ),
            "Your last two h_bar are right; before them, what comes back is only what one later "
            "step sends.",
            "What comes back from t + 1 holds all later steps: it is made from the whole of h_bar "
            "there.",
        ),
        Mistake(
            "the carry piles up",
            edit(loop, ("carry = w * z_bar[t]", "carry += w * z_bar[t]")),
            "Your last two h_bar are right; before them, what came back once comes back again.",
            "What comes back from t + 1 already holds all that came later: it is replaced at each "
            "step, not added to.",
        ),
        Mistake(
            "from the step before",
            edit(loop, ("reversed(range(T))", "range(T)")),
            "What you add to h_bar at t comes from step t − 1: your backward pass goes forward.",
            "What must be known before h_bar_t is what happened after t.",
        ),
        Mistake(
            "the last loss only",
            edit(loop, ("v * r_bar[t] + carry", "(v * r_bar[t] if t == T - 1 else 0.0) + carry")),
            "Your h_bar holds what the last step's loss sends; the losses before it are not heard.",
            "Every step has a target.",
        ),
        Mistake(
            "the hidden tanh is not passed",
            edit(loop, (" * (1 - h[t] ** 2)", "")),
            "Your z_bar is the same as your h_bar: nothing happens between them.",
            "On the way forward z passes through tanh to become h. What does that do backwards?",
        ),
        Mistake(
            "the hidden slope at h",
            edit(loop, ("(1 - h[t] ** 2)", "(1 - np.tanh(h[t]) ** 2)")),
            "In your z_bar tanh was applied once too often.",
            "tanh′(z) = 1 − tanh²(z), and tanh(z) is h already.",
        ),
        Mistake(
            "the hidden slope at y",
            edit(loop, ("(1 - h[t] ** 2)", "(1 - y[t] ** 2)")),
            "Your z_bar takes the slope of the wrong tanh.",
            "Each of the two tanh has a slope of its own. Which one lies between h and z?",
        ),
        Mistake(
            "the slope of the step before",
            edit(
                loop,
                (
                    "h_bar[t] * (1 - h[t] ** 2)",
                    "h_bar[t] * (1 - (h[t - 1] if t > 0 else h0) ** 2)",
                ),
            ),
            "Your z_bar at t takes the slope of step t − 1.",
            "z_t went through tanh at step t: how steep was it there?",
        ),
        Mistake(
            "the tanh of what comes back is passed twice",
            edit(
                loop,
                (
                    "carry = w * z_bar[t]",
                    "carry = w * z_bar[t] * (1 - (h[t - 1] if t > 0 else h0) ** 2)",
                ),
            ),
            "Your h_bar is right at the last step; what comes back to it has passed one tanh too "
            "many.",
            "From z_{t+1} to h_t there is only a weight. The slope of step t follows after h_bar.",
        ),
        Mistake(
            "h_bar is not the total",
            edit(
                loop,
                ("h_bar[t] = v * r_bar[t] + carry", "h_bar[t] = v * r_bar[t]"),
                ("h_bar[t] * (1", "(h_bar[t] + carry) * (1"),
            ),
            "All is right but the h_bar that you return: it lacks what comes back from later "
            "steps, which your z_bar has.",
            "h_bar_t is the total ∂L/∂h_t.",
        ),
        Mistake(
            "only the last step counts",
            edit(
                over_all_paths,
                ("z_bar @ x", "z_bar[-1] * x[-1]"),
                ("r_bar @ h", "r_bar[-1] * h[-1]"),
                ("z_bar @ before", "z_bar[-1] * before[-1]"),
            ),
            "All four arrays are right; u_bar, v_bar and w_bar hold the last step's part alone.",
            "Each weight is used at every step, so T parts come together.",
        ),
        Mistake(
            "only the first step counts",
            edit(
                loop,
                ("u_bar += ", "u_bar = "),
                ("v_bar += ", "v_bar = "),
                ("w_bar += ", "w_bar = "),
            ),
            "All four arrays are right; u_bar, v_bar and w_bar hold the first step's part alone.",
            "Each weight is used at every step, so T parts come together.",
        ),
        Mistake(
            "the weights' bars are means",
            edit(
                over_all_paths,
                ("z_bar @ x", "z_bar @ x / T"),
                ("r_bar @ h", "r_bar @ h / T"),
                ("z_bar @ before", "z_bar @ before / T"),
            ),
            "All four arrays are right; u_bar, v_bar and w_bar are divided by T.",
            "The parts of the steps add up; nothing asks for their average.",
        ),
        Mistake(
            "h_bar for z_bar in the sums",
            edit(over_all_paths, ("z_bar @ x", "h_bar @ x"), ("z_bar @ before", "h_bar @ before")),
            "All four arrays are right, v_bar too; u_bar and w_bar are made from the wrong one of "
            "them.",
            "u and w stand in z: which bar sends something to them?",
        ),
        Mistake(
            "y_bar for r_bar in v_bar",
            edit(loop, ("v_bar += r_bar[t]", "v_bar += y_bar[t]")),
            "All is right but v_bar, which is made from the wrong bar.",
            "v stands in r = vh, and between r and y there is a tanh.",
        ),
        Mistake(
            "the state before in v_bar",
            edit(loop, ("v_bar += r_bar[t] * h[t]", "v_bar += r_bar[t] * before")),
            "All is right but v_bar, which takes the states one step too early.",
            "Which state does v multiply in r_t?",
        ),
        Mistake(
            "the states of the same step in w_bar",
            edit(loop, ("w_bar += z_bar[t] * before", "w_bar += z_bar[t] * h[t]")),
            "All is right but w_bar, which takes each step's own state.",
            "Which state does w multiply in z_t?",
        ),
        Mistake(
            "two parts of w_bar are lost",
            edit(
                counted_from_one,
                (
                    "z_bar[t] * h[t - 1] for t in range(1, T + 1)",
                    "z_bar[t + 1] * h[t] for t in range(2, T + 1)",
                ),
            ),
            "All is right but w_bar. Bars and states are paired well in it, but the sum starts two "
            "steps too late (as on the slide).",
            "Write down the parts of w_bar for T = 2: in which z does w stand, and beside which "
            "state?",
        ),
        Mistake(
            "h0 is not in w_bar",
            edit(loop, ("h[t - 1] if t > 0 else h0", "h[t - 1] if t > 0 else 0.0")),
            "All is right but w_bar, which lacks the part of the first step.",
            "w multiplies a state at the first step too.",
        ),
        Mistake(
            "the last state for h0 in w_bar",
            edit(loop, ("h[t - 1] if t > 0 else h0", "h[t - 1]")),
            "All is right but w_bar: at the first step it takes the last state for the one before.",
            "In Python, h[-1] is no error: it is the last entry.",
        ),
        Mistake(
            "steps that do not exist",
            edit(counted_from_one, ("bar[1 : T + 1]", "bar")),
            "Your arrays have entries for the steps 0 and T + 1 too.",
            "Count from 1 inside if you like, but return the T entries of the steps 1 … T.",
        ),
        Mistake(
            "writes into x",
            edit(
                loop,
                ("    previous = h0\n", "    previous = h0\n    z = x\n"),
                ("z = u * x[t] + w * previous", "z[t] = u * x[t] + w * previous"),
                ("h[t] = np.tanh(z)", "h[t] = np.tanh(z[t])"),
            ),
            "After the call the caller's x holds your z, and u_bar, which needs x, is wrong.",
            "`z = x` gives the same array a second name, and `z[t] = …` writes into it: make a "
            "new one.",
        ),
        Mistake(
            "writes into target",
            edit(
                loop,
                ("    y_bar = y - target\n", "    target -= y\n    y_bar = -target\n"),
            ),
            "The numbers are right, but the caller's target is changed: call it twice and compare.",
            "`target -= y` writes into the caller's array; `target - y` makes a new one.",
        ),
    ),
)
