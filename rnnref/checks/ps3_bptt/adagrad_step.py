"""adagrad_step: a step whose length each entry's past gradients decide (course rows R19, R20)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.learning.optimisers import adagrad_step as core


def adagrad_step(params, grads, memory, lr=0.1, eps=1e-8):
    """The core's step, of lists."""
    stepped, remembered = core(tuple(params), tuple(grads), tuple(memory), lr=lr, eps=eps)
    return list(stepped), list(remembered)


def draw(rng, *shapes):
    """params, grads, memory: arrays of these shapes, as after some steps."""
    return (
        [rng.normal(size=shape) for shape in shapes],
        [rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape) for shape in shapes],
        [rng.uniform(0.3, 3.0, shape) for shape in shapes],
    )


def cases(rng):
    """After some steps and at the first, gradients that are zero, both numbers and their defaults.

    eps is large enough to be seen wherever it is given.
    """
    shapes = (4, 3), (4, 4), (4,)
    lr, eps = rng.uniform(0.3, 0.8), rng.uniform(0.1, 0.4)
    yield plain("three arrays, lr and eps given", *draw(rng, *shapes), lr, eps)
    params, grads, memory = draw(rng, (2, 5), (3,))
    yield plain("no memory yet", params, grads, [0 * m for m in memory], lr * 0.1, eps)
    yield special("no lr and no eps given", *draw(rng, (3, 2), (2,)))
    params, grads, memory = draw(rng, (3, 4), (3,))
    grads[0][1], grads[1][:] = 0, 0
    yield special("some gradients zero, no memory yet", params, grads, [0 * m for m in memory], lr)
    yield special("a single array", *draw(rng, (5,)), lr, eps)


def two_lists(params, grads, memory, lr=0.1, eps=1e-8):
    new_params, new_memory = [], []
    for p, g, m in zip(params, grads, memory, strict=True):
        m = m + g**2
        new_memory.append(m)
        new_params.append(p - lr * g / np.sqrt(m + eps))
    return new_params, new_memory


def comprehensions(params, grads, memory, lr=0.1, eps=1e-8):
    memory = [m + g * g for m, g in zip(memory, grads, strict=True)]
    params = [
        p - g * (lr * (m + eps) ** -0.5) for p, g, m in zip(params, grads, memory, strict=True)
    ]
    return params, memory


def on_copies(params, grads, memory, lr=0.1, eps=1e-8):
    params, memory = [p.copy() for p in params], [m.copy() for m in memory]
    for i, g in enumerate(grads):
        memory[i] += np.square(g)
        params[i] -= lr * g / np.sqrt(memory[i] + eps)
    return [params, memory]


EXERCISE = Exercise(
    name="adagrad_step",
    points=3,
    returns="params, memory",
    reference=adagrad_step,
    cases=cases,
    new=True,
    alternatives=(two_lists, comprehensions, on_copies),
    mistakes=(
        Mistake(
            "no memory of earlier steps",
            edit(two_lists, ("m = m + g**2", "m = g**2")),
            "Your memory holds this step's squares only.",
            "What earlier steps left is an argument, and it is added to.",
        ),
        Mistake(
            "nothing new is remembered",
            edit(two_lists, ("m = m + g**2", "m = m.copy()")),
            "Your memory stays as it was, in the step and in what you return.",
            "This step's gradient leaves something in the memory.",
        ),
        Mistake(
            "a memory that fades",
            edit(two_lists, ("m = m + g**2", "m = 0.9 * m + 0.1 * g**2")),
            "Your memory is a moving average of the squares.",
            "Adagrad forgets nothing: its memory is a sum. (The average is RMSProp's.)",
        ),
        Mistake(
            "the gradient is remembered, not its square",
            edit(two_lists, ("m = m + g**2", "m = m + g")),
            "Your memory adds up the gradients themselves, so those of both signs cancel.",
            "Something that is never negative is added up.",
        ),
        Mistake(
            "the gradient's size is remembered, not its square",
            edit(two_lists, ("m = m + g**2", "m = m + np.abs(g)")),
            "Your memory adds up |g|.",
            "The root comes later; what is added up before it?",
        ),
        Mistake(
            "one memory for the whole array",
            edit(two_lists, ("m = m + g**2", "m = m + np.sum(g**2)")),
            "All entries of an array share your memory: each gets the squares of all.",
            "Each entry has a memory of its own.",
        ),
        Mistake(
            "the mean square of the array",
            edit(two_lists, ("m = m + g**2", "m = m + np.mean(g**2)")),
            "All entries of an array share your memory: each gets the mean of the squares.",
            "Each entry has a memory of its own.",
        ),
        Mistake(
            "eps goes into the memory",
            edit(
                two_lists,
                ("m = m + g**2", "m = m + g**2 + eps"),
                ("np.sqrt(m + eps)", "np.sqrt(m)"),
            ),
            "The params are right, but your memory holds eps too, and would once more at every "
            "step.",
            "eps is added where the root is taken; what is remembered is the sum of the squares.",
        ),
        Mistake(
            "divided by the old memory",
            edit(
                two_lists,
                ("        m = m + g**2\n        new_memory.append(m)\n", ""),
                ("m + eps))\n", "m + eps))\n        new_memory.append(m + g**2)\n"),
            ),
            "Your memory is right, but the step divides by what it was before.",
            "First this step's square is remembered, then the step is taken.",
        ),
        Mistake(
            "the old memory is returned",
            edit(
                two_lists,
                ("return new_params, new_memory", "return new_params, [m.copy() for m in memory]"),
            ),
            "Your params are right, but the memory that you return is the old one.",
            "The next step has to know what was remembered in this one.",
        ),
        Mistake(
            "uphill",
            edit(two_lists, ("p - lr", "p + lr")),
            "Your memory is right, but the step goes along the gradient: the loss grows.",
            "The gradient points to where the loss grows.",
        ),
        Mistake(
            "the memory is not used",
            edit(two_lists, (" / np.sqrt(m + eps)", "")),
            "Your memory is right, but the step does not look at it.",
            "Entries with large gradients in the past take shorter steps.",
        ),
        Mistake(
            "no root",
            edit(two_lists, ("np.sqrt(m + eps)", "(m + eps)")),
            "Your memory is right, but the step divides by squares.",
            "If all gradients were twice as large, Adagrad's steps would stay as they are.",
        ),
        Mistake(
            "the squared gradient in the step",
            edit(two_lists, ("lr * g /", "lr * g**2 /")),
            "Your memory is right, but all your params grow smaller, whatever the gradient's sign.",
            "Above the line stands the gradient itself.",
        ),
        Mistake(
            "no eps",
            edit(two_lists, ("np.sqrt(m + eps)", "np.sqrt(m)")),
            "In yours eps has no effect; where gradient and memory are zero, you get nan.",
            "What is 0/√0?",
        ),
        Mistake(
            "eps outside the root",
            edit(two_lists, ("np.sqrt(m + eps)", "(np.sqrt(m) + eps)")),
            "Your step has eps outside the root, as some libraries have it; here it stands inside.",
            "√(memory + eps), not √memory + eps: with a large eps they differ.",
            convention=True,
        ),
        Mistake(
            "a fixed lr",
            edit(two_lists, ("- lr * g", "- 0.1 * g")),
            "Right for lr = 0.1; another lr changes nothing in yours.",
            "0.1 is only what lr is if the call does not give one.",
        ),
        Mistake(
            "no lr",
            edit(two_lists, ("lr * g /", "g /")),
            "Your memory is right, but your step is the same for every lr.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "memory first",
            edit(two_lists, ("return new_params, new_memory", "return new_memory, new_params")),
            "You return the right two lists in the other order.",
            "First the params, then the memory.",
        ),
        Mistake(
            "the memory is missing",
            edit(two_lists, ("return new_params, new_memory", "return new_params")),
            "You return the params alone.",
            "Two lists are asked for; the next step needs the second.",
        ),
        Mistake(
            "writes into the memory",
            edit(two_lists, ("m = m + g**2", "m += g**2")),
            "The numbers are right, but the caller's memory is changed.",
            "`m += …` writes into the array that you were given; `m = m + …` makes a new one.",
        ),
        Mistake(
            "writes into the params",
            edit(
                two_lists,
                (
                    "        new_params.append(p - lr * g / np.sqrt(m + eps))\n",
                    "        p -= lr * g / np.sqrt(m + eps)\n        new_params.append(p)\n",
                ),
            ),
            "The numbers are right, but the caller's params are changed.",
            "`p -= …` writes into the array that you were given; `p - …` makes a new one.",
        ),
        Mistake(
            "writes into both",
            edit(
                on_copies,
                (
                    "    params, memory = [p.copy() for p in params], [m.copy() for m in memory]\n",
                    "",
                ),
            ),
            "The numbers are right, but the caller's params and memory are changed.",
            "`-=` and `+=` write into the arrays that you were given: make new ones.",
        ),
    ),
)
