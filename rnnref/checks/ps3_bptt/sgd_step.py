"""sgd_step: a step against the gradient (course row R19)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.learning.optimisers import sgd_step as core


def sgd_step(params, grads, lr):
    """The core's step, of lists."""
    return list(core(tuple(params), tuple(grads), lr=lr))


def draw(rng, *shapes):
    """params and grads: arrays of these shapes."""
    return [[rng.normal(size=shape) + 0.5 for shape in shapes] for _ in range(2)]


def cases(rng):
    """Several arrays, one, and a gradient of zero."""
    yield plain("three arrays", *draw(rng, (4, 3), (4, 4), (4,)), rng.uniform(0.1, 0.9))
    yield plain("two arrays, lr > 1", *draw(rng, (2, 5), (3,)), rng.uniform(1.2, 2.5))
    yield special("a single array", *draw(rng, (3, 2)), rng.uniform(0.1, 0.9))
    params, grads = draw(rng, (3, 3), (3,))
    yield special("one gradient zero", params, [0 * grads[0], grads[1]], rng.uniform(0.1, 0.9))


def comprehension(params, grads, lr):
    return [p - lr * g for p, g in zip(params, grads, strict=True)]


def loop(params, grads, lr):
    stepped = []
    for i in range(len(params)):
        stepped.append(params[i] + grads[i] * -lr)
    return stepped


def on_copies(params, grads, lr):
    params = [np.copy(p) for p in params]
    for p, g in zip(params, grads, strict=True):
        p -= lr * g
    return params


EXERCISE = Exercise(
    name="sgd_step",
    points=2,
    returns="params",
    reference=sgd_step,
    cases=cases,
    alternatives=(comprehension, loop, on_copies),
    mistakes=(
        Mistake(
            "uphill",
            edit(comprehension, ("p - lr * g", "p + lr * g")),
            "Your step goes along the gradient: the loss grows.",
            "The gradient points to where the loss grows.",
        ),
        Mistake(
            "no learning rate",
            edit(comprehension, ("p - lr * g", "p - g")),
            "Your step is the whole gradient, whatever lr is.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "the step alone",
            edit(comprehension, ("p - lr * g", "-lr * g")),
            "You return the step; what is asked for is where it leads.",
            "The new parameters start from the old ones.",
        ),
        Mistake(
            "divided by lr",
            edit(comprehension, ("lr * g", "g / lr")),
            "In yours a smaller lr makes a longer step.",
            "lr says how much of the gradient is taken.",
        ),
        Mistake(
            "a step of fixed length",
            edit(comprehension, ("lr * g", "lr * np.sign(g)")),
            "Your step has the same size for large and small gradients.",
            "The gradient itself decides, its sign and its size.",
        ),
        Mistake(
            "the parameters shrink",
            edit(comprehension, ("p - lr * g", "(1 - lr) * p - lr * g")),
            "Where the gradient is zero, your parameters still move.",
            "Only the gradient is multiplied by lr.",
        ),
        Mistake(
            "parameters and gradients exchanged",
            edit(comprehension, ("p - lr * g", "g - lr * p")),
            "Parameters and gradients have changed places.",
            "Look at the order of the arguments.",
        ),
        Mistake(
            "the first array only",
            edit(
                loop,
                (
                    "        stepped.append(params[i] + grads[i] * -lr)\n    return stepped",
                    "        stepped.append(params[i] + grads[i] * -lr)\n        return stepped",
                ),
            ),
            "Your list ends after the first array.",
            "Is the return inside the loop?",
        ),
        Mistake(
            "steps in place",
            edit(on_copies, ("    params = [np.copy(p) for p in params]\n", "")),
            "The numbers are right, but the caller's parameters are changed.",
            "`p -= …` writes into the array, and `params[i] = …` into the list that you were "
            "given: make new ones.",
        ),
        Mistake(
            "steps in place and returns nothing",
            edit(
                on_copies,
                ("    params = [np.copy(p) for p in params]\n", ""),
                ("    return params\n", ""),
            ),
            "You change the caller's parameters and return nothing.",
            "Make new arrays, and return the list of them.",
        ),
    ),
)
