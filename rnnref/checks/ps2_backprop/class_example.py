"""class_example: two logistic branches, a difference, a squared loss (course row R11)."""

import numpy as np

from rnnref.analysis.scalar_tape import Scalar
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special


def class_example(x, w1, w2, v1, v2, t):
    """The core's computation graph, run backwards."""
    w1, w2 = ([Scalar(w) for w in weights] for weights in (w1, w2))
    v1, v2 = Scalar(v1), Scalar(v2)
    y1, y2 = (sum(w * float(f) for w, f in zip(ws, x, strict=True)).logistic() for ws in (w1, w2))
    p = (v1 * y1 - v2 * y2).logistic()
    loss = (p - t) ** 2
    loss.backward()
    dw1, dw2 = (np.array([w.grad for w in weights]) for weights in (w1, w2))
    return loss.value, dw1, dw2, v1.grad, v2.grad


def draw(rng, n, sign=1.0, v1=None, t=0.0):
    """x, w1, w2, v1, v2, t: p stays between ¼ and 0.8, so that a t near 0 or 1 is missed."""
    return (
        rng.uniform(0.5, 1.5, size=n) * rng.choice([-1.0, 1.0], size=n),
        rng.uniform(-1.2, 1.2, size=n),
        rng.uniform(-1.2, 1.2, size=n),
        sign * rng.uniform(0.8, 1.4) if v1 is None else v1,
        sign * rng.uniform(0.4, 1.0),
        t,
    )


def cases(rng):
    """Both signs of v and of p − t, then each value that hides a slip."""
    yield plain("n = 5 inputs, t near 1", *draw(rng, 5, t=rng.uniform(0.92, 0.98)))
    yield plain("n = 3, v1 and v2 negative", *draw(rng, 3, -1.0, t=rng.uniform(0.02, 0.08)))
    yield special("one input (n = 1)", *draw(rng, 1, t=rng.uniform(0.92, 0.98)))
    yield special("two inputs (n = 2), t = 1", *draw(rng, 2, t=1.0))
    yield special("t = 0", *draw(rng, 4, t=0.0))
    yield special("v1 = 0", *draw(rng, 4, v1=0.0, t=rng.uniform(0.92, 0.98)))


def backwards(x, w1, w2, v1, v2, t):
    y1 = 1 / (1 + np.exp(-(w1 @ x)))
    y2 = 1 / (1 + np.exp(-(w2 @ x)))
    p = 1 / (1 + np.exp(-(v1 * y1 - v2 * y2)))
    loss = (p - t) ** 2
    dp = 2 * (p - t)
    dr = dp * p * (1 - p)
    dv1 = dr * y1
    dv2 = -dr * y2
    dy1 = dr * v1
    dy2 = -dr * v2
    da1 = dy1 * y1 * (1 - y1)
    da2 = dy2 * y2 * (1 - y2)
    dw1 = da1 * x
    dw2 = da2 * x
    return loss, dw1, dw2, dv1, dv2


def by_slopes(x, w1, w2, v1, v2, t):
    def sigma(a):
        return 1 / (1 + np.exp(-a))

    def slope(a):
        return sigma(a) * (1 - sigma(a))

    a1, a2 = np.dot(w1, x), np.dot(w2, x)
    r = v1 * sigma(a1) - v2 * sigma(a2)
    p = sigma(r)
    dr = 2 * (p - t) * slope(r)
    dw1 = dr * v1 * slope(a1) * x
    dw2 = dr * -v2 * slope(a2) * x
    return (p - t) ** 2, dw1, dw2, dr * sigma(a1), -dr * sigma(a2)


def both_branches_at_once(x, w1, w2, v1, v2, t):
    W, v = np.stack([w1, w2]), np.array([v1, -v2])
    y = 0.5 + 0.5 * np.tanh(W @ x / 2)
    p = 0.5 + 0.5 * np.tanh(v @ y / 2)
    error = p - t
    delta = 2 * error * p * (1 - p)
    dW = np.outer(delta * v * y * (1 - y), x)
    return error**2, dW[0], dW[1], delta * y[0], -delta * y[1]


def number_by_number(x, w1, w2, v1, v2, t):
    n = len(x)
    a1 = a2 = 0.0
    for i in range(n):
        a1 += w1[i] * x[i]
        a2 += w2[i] * x[i]
    y1, y2 = 1 / (1 + np.exp(-a1)), 1 / (1 + np.exp(-a2))
    p = 1 / (1 + np.exp(v2 * y2 - v1 * y1))
    dr = -2 * (t - p) * (p - p**2)
    dw1, dw2 = np.zeros(n), np.zeros(n)
    for i in range(n):
        dw1[i] = dr * v1 * (y1 - y1**2) * x[i]
        dw2[i] = -dr * v2 * (y2 - y2**2) * x[i]
    return [(t - p) ** 2, dw1, dw2, dr * y1, -dr * y2]


def by_an_imaginary_step(x, w1, w2, v1, v2, t):
    def loss(theta):
        y1 = 1 / (1 + np.exp(-(theta[:n] @ x)))
        y2 = 1 / (1 + np.exp(-(theta[n:-2] @ x)))
        return (1 / (1 + np.exp(-(theta[-2] * y1 - theta[-1] * y2))) - t) ** 2

    n = len(x)
    theta = np.concatenate([w1, w2, [v1, v2]])
    step = 1e-30
    g = np.array([loss(theta + 1j * step * e).imag / step for e in np.eye(len(theta))])
    return loss(theta), g[:n], g[n:-2], g[-2], g[-1]


EXERCISE = Exercise(
    name="class_example",
    points=20,
    returns="loss, dw1 (n,), dw2 (n,), dv1, dv2",
    reference=class_example,
    cases=cases,
    alternatives=(
        backwards,
        by_slopes,
        both_branches_at_once,
        number_by_number,
        by_an_imaginary_step,
    ),
    mistakes=(
        Mistake(
            "products that are not added up",
            edit(backwards, ("-(w1 @ x)", "-(w1 * x)"), ("-(w2 @ x)", "-(w2 * x)")),
            "Your y1 and y2 are arrays of n numbers, and so are loss, dv1 and dv2.",
            "wᵀx is one number; `w * x` multiplies entry by entry and adds nothing up.",
        ),
        Mistake(
            "w1 in both branches",
            edit(backwards, ("-(w2 @ x)", "-(w1 @ x)")),
            "Your loss does not change if w2 does.",
            "Each branch has weights of its own: look at the line copied for the second.",
        ),
        Mistake(
            "linear branches",
            edit(
                backwards,
                ("y1 = 1 / (1 + np.exp(-(w1 @ x)))", "y1 = w1 @ x"),
                ("y2 = 1 / (1 + np.exp(-(w2 @ x)))", "y2 = w2 @ x"),
                ("da1 = dy1 * y1 * (1 - y1)", "da1 = dy1"),
                ("da2 = dy2 * y2 * (1 - y2)", "da2 = dy2"),
            ),
            "Your loss is that of a network whose y1 and y2 are linear.",
            "How many σ stand in the three equations?",
        ),
        Mistake(
            "linear branches on the way forward",
            edit(
                backwards,
                ("y1 = 1 / (1 + np.exp(-(w1 @ x)))", "y1 = w1 @ x"),
                ("y2 = 1 / (1 + np.exp(-(w2 @ x)))", "y2 = w2 @ x"),
            ),
            "Your loss is that of a network whose y1 and y2 are linear.",
            "How many σ stand in the three equations?",
        ),
        Mistake(
            "a linear output",
            edit(
                backwards,
                ("p = 1 / (1 + np.exp(-(v1 * y1 - v2 * y2)))", "p = v1 * y1 - v2 * y2"),
                ("dr = dp * p * (1 - p)", "dr = dp"),
            ),
            "Your loss is that of a network whose p is linear.",
            "How many σ stand in the three equations?",
        ),
        Mistake(
            "a linear output on the way forward",
            edit(
                backwards,
                ("p = 1 / (1 + np.exp(-(v1 * y1 - v2 * y2)))", "p = v1 * y1 - v2 * y2"),
            ),
            "Your loss is that of a network whose p is linear.",
            "How many σ stand in the three equations?",
        ),
        Mistake(
            "σ with the wrong sign",
            edit(
                backwards,
                ("np.exp(-(w1 @ x))", "np.exp(w1 @ x)"),
                ("np.exp(-(w2 @ x))", "np.exp(w2 @ x)"),
                ("np.exp(-(v1 * y1 - v2 * y2))", "np.exp(v1 * y1 - v2 * y2)"),
            ),
            "Your loss is wrong already: y1, y2 and p are those of a σ that falls.",
            "Look at the sign in the exponential: σ rises from 0 to 1.",
        ),
        Mistake(
            "the branches added",
            edit(
                backwards,
                ("v1 * y1 - v2 * y2", "v1 * y1 + v2 * y2"),
                ("dv2 = -dr", "dv2 = dr"),
                ("dy2 = -dr", "dy2 = dr"),
            ),
            "Your loss is that of p = σ(v1 y1 + v2 y2), and so are your gradients.",
            "Look at the sign between the two branches.",
        ),
        Mistake(
            "the branches added on the way forward",
            edit(backwards, ("v1 * y1 - v2 * y2", "v1 * y1 + v2 * y2")),
            "Your loss is that of p = σ(v1 y1 + v2 y2).",
            "Look at the sign between the two branches.",
        ),
        Mistake(
            "p for the loss",
            edit(backwards, ("return loss, dw1", "return p, dw1")),
            "The gradients are right; in the place of the loss you return p.",
            "The first value is L′.",
        ),
        Mistake(
            "a loss that is not squared",
            edit(backwards, ("loss = (p - t) ** 2", "loss = p - t")),
            "The gradients are right; your loss is the plain difference.",
            "L′ is a squared loss, never negative.",
        ),
        Mistake(
            "half the square",
            edit(
                backwards,
                ("loss = (p - t) ** 2", "loss = (p - t) ** 2 / 2"),
                ("dp = 2 * (p - t)", "dp = p - t"),
            ),
            "Your loss and all your gradients are half of what they should be.",
            "Many texts put ½ before a squared loss; this one has none.",
        ),
        Mistake(
            "half the square in the loss alone",
            edit(backwards, ("loss = (p - t) ** 2", "loss = (p - t) ** 2 / 2")),
            "The gradients are right; your loss is half of what it should be.",
            "Many texts put ½ before a squared loss; this one has none.",
        ),
        Mistake(
            "the wrong sign at the start",
            edit(backwards, ("dp = 2 * (p - t)", "dp = 2 * (t - p)")),
            "The loss is right; all four gradients have the wrong sign.",
            "If p lies above t and grows, does the loss grow or shrink? (And no minus for the "
            "descent: the gradient itself is asked for.)",
        ),
        Mistake(
            "the 2 is missing",
            edit(backwards, ("dp = 2 * (p - t)", "dp = p - t")),
            "The loss is right; all four gradients are half of what they should be.",
            "What is the derivative of a square?",
        ),
        Mistake(
            "the error squared on the way back",
            edit(backwards, ("dp = 2 * (p - t)", "dp = (p - t) ** 2")),
            "The loss is right; all four gradients start from the loss itself.",
            "The way back starts from the derivative of the loss with respect to p.",
        ),
        Mistake(
            "nothing from the loss",
            edit(backwards, ("dp = 2 * (p - t)", "dp = 1.0")),
            "Yours are the gradients of p: they do not depend on t.",
            "The last operation is the loss: the way back starts there.",
        ),
        Mistake(
            "the gradient of the cross-entropy",
            edit(backwards, ("dr = dp * p * (1 - p)", "dr = p - t")),
            "The loss is right; before the output's σ you start with p − t, which belongs to "
            "another loss.",
            "p − t is short for the cross-entropy with σ. With a squared loss, which two factors "
            "come before?",
        ),
        Mistake(
            "no slope of σ anywhere",
            edit(
                backwards,
                ("dr = dp * p * (1 - p)", "dr = dp"),
                ("da1 = dy1 * y1 * (1 - y1)", "da1 = dy1"),
                ("da2 = dy2 * y2 * (1 - y2)", "da2 = dy2"),
            ),
            "The loss is right; no gradient has passed the slope of any σ.",
            "You passed through σ on the way forward, twice: and on the way back?",
        ),
        Mistake(
            "no slope at the output",
            edit(backwards, ("dr = dp * p * (1 - p)", "dr = dp")),
            "The loss is right; all four gradients lack one factor, that of the output's σ.",
            "Between p and v1 y1 − v2 y2 stands a σ: what is its slope?",
        ),
        Mistake(
            "no slope in the branches",
            edit(
                backwards,
                ("da1 = dy1 * y1 * (1 - y1)", "da1 = dy1"),
                ("da2 = dy2 * y2 * (1 - y2)", "da2 = dy2"),
            ),
            "loss, dv1 and dv2 are right; dw1 and dw2 have not passed the σ of their branch.",
            "Between y1 and w1ᵀx stands a σ: what is its slope?",
        ),
        Mistake(
            "slopes taken at the outputs",
            edit(
                by_slopes,
                ("slope(r)", "slope(p)"),
                ("slope(a1)", "slope(sigma(a1))"),
                ("slope(a2)", "slope(sigma(a2))"),
            ),
            "The loss is right; you take the slopes of σ at its outputs, as if σ were applied "
            "once more.",
            "Either σ(z)(1 − σ(z)) with what went into the unit, or y(1 − y) with what came out.",
        ),
        Mistake(
            "the output's slope taken at p",
            edit(by_slopes, ("slope(r)", "slope(p)")),
            "The loss is right; you take the slope of the output's σ at p, as if σ were applied "
            "once more.",
            "Either σ(o)(1 − σ(o)) with o, which went in, or p(1 − p) with p, which came out.",
        ),
        Mistake(
            "the branches' slopes taken at y",
            edit(
                by_slopes,
                ("slope(a1)", "slope(sigma(a1))"),
                ("slope(a2)", "slope(sigma(a2))"),
            ),
            "loss, dv1 and dv2 are right; for dw1 and dw2 you take the slope of σ at y1 and y2, "
            "as if σ were applied once more.",
            "Either σ(z)(1 − σ(z)) with what went into the unit, or y(1 − y) with what came out.",
        ),
        Mistake(
            "half of the output's slope",
            edit(backwards, ("dr = dp * p * (1 - p)", "dr = dp * (1 - p)")),
            "The loss is right; of the slope of the output's σ you have one factor of two.",
            "The slope of σ is small at both ends: where p is near 0, and where it is near 1.",
        ),
        Mistake(
            "the slope of tanh",
            edit(
                backwards,
                ("dp * p * (1 - p)", "dp * (1 - p**2)"),
                ("dy1 * y1 * (1 - y1)", "dy1 * (1 - y1**2)"),
                ("dy2 * y2 * (1 - y2)", "dy2 * (1 - y2**2)"),
            ),
            "The loss is right; your slopes are those of tanh, not of σ.",
            "1 − y² belongs to tanh. Where is the slope of σ largest, and how large?",
        ),
        Mistake(
            "branch 2 not mirrored",
            edit(backwards, ("dv2 = -dr", "dv2 = dr"), ("dy2 = -dr", "dy2 = dr")),
            "loss, dw1 and dv1 are right; dw2 and dv2 have the wrong sign.",
            "Between the branches stands a minus: what does it do to what travels back?",
        ),
        Mistake(
            "dv2 not mirrored",
            edit(backwards, ("dv2 = -dr", "dv2 = dr")),
            "All is right but dv2, which has the wrong sign.",
            "The minus between the branches belongs to dv2 as much as to dw2.",
        ),
        Mistake(
            "dw2 not mirrored",
            edit(backwards, ("dy2 = -dr", "dy2 = dr")),
            "All is right but dw2, which has the wrong sign.",
            "The minus between the branches belongs to dw2 as much as to dv2.",
        ),
        Mistake(
            "the product gate sends each factor to itself",
            edit(
                backwards,
                ("dv1 = dr * y1", "dv1 = dr * v1"),
                ("dv2 = -dr * y2", "dv2 = -dr * v2"),
                ("dy1 = dr * v1", "dy1 = dr * y1"),
                ("dy2 = -dr * v2", "dy2 = -dr * y2"),
            ),
            "The loss is right; at the products v1 y1 and v2 y2 your gradient is multiplied by "
            "the wrong one of the two factors.",
            "Hold one factor fixed: how fast does the product grow with the other?",
        ),
        Mistake(
            "dv multiplied by v",
            edit(
                backwards,
                ("dv1 = dr * y1", "dv1 = dr * v1"),
                ("dv2 = -dr * y2", "dv2 = -dr * v2"),
            ),
            "loss, dw1 and dw2 are right; your dv1 and dv2 are what travels on to y1 and y2.",
            "If v1 grows a little, how fast does v1 y1 grow?",
        ),
        Mistake(
            "dv with what goes into the branch",
            edit(
                by_slopes,
                ("dr * sigma(a1)", "dr * a1"),
                ("-dr * sigma(a2)", "-dr * a2"),
            ),
            "loss, dw1 and dw2 are right; your dv1 and dv2 use what goes into the σ of the "
            "branches.",
            "By what is v1 multiplied on the way forward?",
        ),
        Mistake(
            "dv without y",
            edit(backwards, ("dv1 = dr * y1", "dv1 = dr"), ("dv2 = -dr * y2", "dv2 = -dr")),
            "loss, dw1 and dw2 are right; your dv1 and dv2 stop before the products.",
            "If v1 grows a little, how fast does v1 y1 grow?",
        ),
        Mistake(
            "dv with the other branch",
            edit(
                backwards,
                ("dv1 = dr * y1", "dv1 = dr * y2"),
                ("dv2 = -dr * y2", "dv2 = -dr * y1"),
            ),
            "loss, dw1 and dw2 are right; your dv1 uses y2, and your dv2 uses y1.",
            "Follow the arrows: by what is v1 multiplied on the way forward?",
        ),
        Mistake(
            "no v on the way back",
            edit(backwards, ("dy1 = dr * v1", "dy1 = dr"), ("dy2 = -dr * v2", "dy2 = -dr")),
            "loss, dv1 and dv2 are right; your dw1 and dw2 do not know v1 and v2.",
            "y1 reaches p through v1: if v1 is 0, what can w1 change?",
        ),
        Mistake(
            "the other branch's v on the way back",
            edit(
                backwards, ("dy1 = dr * v1", "dy1 = dr * v2"), ("dy2 = -dr * v2", "dy2 = -dr * v1")
            ),
            "loss, dv1 and dv2 are right; your dw1 goes back through v2, and dw2 through v1.",
            "Follow the arrows: which weight did y1 pass on the way forward?",
        ),
        Mistake(
            "branch 1's slope in both branches",
            edit(backwards, ("dy2 * y2 * (1 - y2)", "dy2 * y1 * (1 - y1)")),
            "All is right but dw2: it passes the σ of branch 1.",
            "Look at the line copied for the second branch.",
        ),
        Mistake(
            "the other branch's slope",
            edit(
                backwards,
                ("dy1 * y1 * (1 - y1)", "dy1 * y2 * (1 - y2)"),
                ("dy2 * y2 * (1 - y2)", "dy2 * y1 * (1 - y1)"),
            ),
            "loss, dv1 and dv2 are right; each of dw1 and dw2 passes the σ of the other branch.",
            "Whose output stands in the slope of a unit?",
        ),
        Mistake(
            "the output's slope in the branches",
            edit(
                backwards,
                ("dy1 * y1 * (1 - y1)", "dy1 * p * (1 - p)"),
                ("dy2 * y2 * (1 - y2)", "dy2 * p * (1 - p)"),
            ),
            "loss, dv1 and dv2 are right; dw1 and dw2 pass the slope of the output's σ twice.",
            "Every σ has a slope of its own, at its own place.",
        ),
        Mistake(
            "w for x",
            edit(
                backwards, ("dw1 = da1 * x", "dw1 = da1 * w1"), ("dw2 = da2 * x", "dw2 = da2 * w2")
            ),
            "loss, dv1 and dv2 are right; your dw1 and dw2 are multiplied by the weights "
            "themselves.",
            "If w1[0] grows a little, how fast does w1ᵀx grow?",
        ),
        Mistake(
            "dw stops before x",
            edit(backwards, ("dw1 = da1 * x", "dw1 = da1"), ("dw2 = da2 * x", "dw2 = da2")),
            "Your dw1 and dw2 are single numbers: they stop at w1ᵀx and w2ᵀx.",
            "One step remains: if w1[i] grows a little, how fast does w1ᵀx grow?",
        ),
        Mistake(
            "dw stops before x, n times",
            edit(
                backwards,
                ("dw1 = da1 * x", "dw1 = da1 * np.ones(len(x))"),
                ("dw2 = da2 * x", "dw2 = da2 * np.ones(len(x))"),
            ),
            "loss, dv1 and dv2 are right; all entries of your dw1 are equal, and so are those of "
            "dw2.",
            "One step remains: if w1[i] grows a little, how fast does w1ᵀx grow?",
        ),
        Mistake(
            "one dw for both",
            edit(backwards, ("dw2 = da2 * x", "dw2 = da1 * x")),
            "All is right but dw2: it is the same as dw1.",
            "Look at the line copied for the second branch.",
        ),
        Mistake(
            "x as a store",
            edit(
                backwards,
                ("dw1 = da1 * x", "dw1 = x\n    dw1 *= da1"),
                ("dw2 = da2 * x", "dw2 = x\n    dw2 *= da2"),
            ),
            "You write the gradients into x: dw1, dw2 and x are one and the same array.",
            "`dw1 = x` copies nothing, and `*=` changes the array where it lies.",
        ),
        Mistake(
            "v before w",
            edit(backwards, ("return loss, dw1, dw2, dv1, dv2", "return loss, dv1, dv2, dw1, dw2")),
            "You return dv1 and dv2 before dw1 and dw2.",
            "The order is loss, dw1, dw2, dv1, dv2.",
        ),
        Mistake(
            "branch by branch",
            edit(backwards, ("return loss, dw1, dw2, dv1, dv2", "return loss, dw1, dv1, dw2, dv2")),
            "You return the gradients branch by branch: dw1, dv1, dw2, dv2.",
            "The order is loss, dw1, dw2, dv1, dv2.",
        ),
        Mistake(
            "a step of descent on the way",
            edit(
                backwards,
                ("    return loss", "    w1 -= 0.1 * dw1\n    w2 -= 0.1 * dw2\n    return loss"),
            ),
            "The numbers are right, but the caller's w1 and w2 are changed.",
            "Only loss and gradients are asked for, no step of descent; `w1 -= …` and `w1 *= …` "
            "write into the array itself.",
        ),
    ),
)
