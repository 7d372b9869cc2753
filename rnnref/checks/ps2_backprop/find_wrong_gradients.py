"""find_wrong_gradients: which arrays of a gradient are wrong (course row R12)."""

import numpy as np

from rnnref.checks.ps2_backprop.numerical_gradient import numerical_gradient
from rnnref.checks.ps2_backprop.relative_error import relative_error
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.engine.formula import Formula

SHAPES = {"W": (2, 2), "b": (2,), "s": ()}
MORE_SHAPES = {"W": (2, 2), "b": (3,), "V": (1, 2), "c": ()}


def find_wrong_gradients(f, params, grads, tol=1e-6):
    """Each array's gradient against the numerical one."""

    def error(name):
        numerical = numerical_gradient(lambda x: f({**params, name: x}), params[name])
        return relative_error(grads[name], numerical)

    # Not `error > tol`: that is false for nan.
    return [name for name in params if not error(name) <= tol]


def draw(rng, shapes=SHAPES, scale=1.0, **influence):
    """f, params and the right gradients, each of them well above rounding.

    f is of the size `scale`; `influence` multiplies the gradients of the arrays that it names.
    """
    while True:
        f = Formula.draw(rng, shapes)
        params = {name: np.array(rng.normal(size=shape)) for name, shape in shapes.items()}
        felt = [np.broadcast_to(influence.get(n, 1.0), shapes[n]) for n in shapes]
        f.w *= scale
        f.A *= np.concatenate([array.ravel() for array in felt])
        grads = {name: np.array(g) for name, g in f.gradient(params).items()}
        norms = np.array([np.linalg.norm(g) for g in grads.values()])
        if np.all(norms >= 0.3 * scale * np.array([array.max() for array in felt])):
            return f, params, grads


def cases(rng):
    """Nothing wrong, each way of being wrong, several at once, and what is no mistake."""
    yield plain("all gradients are right", *draw(rng))
    f, params, grads = draw(rng)
    grads["b"] *= -1
    yield plain("a wrong sign", f, params, grads)
    f, params, grads = draw(rng, s=0.01)
    grads["s"] *= 1 + 1.6e-5
    yield plain("a relative error of 8e-6, in the smallest gradient", f, params, grads)
    f, params, grads = draw(rng)
    grads["b"] = grads["b"][::-1].copy()
    yield plain("entries that have changed places", f, params, grads)
    f, params, grads = draw(rng)
    grads["W"] = grads["W"].T.copy()
    yield plain("a transposed gradient of a square matrix", f, params, grads)
    f, params, grads = draw(rng, MORE_SHAPES)
    for name, factor in (("W", 2.0), ("V", -1.0), ("c", 0.5)):
        grads[name] *= factor
    grads = {name: grads[name] for name in reversed(params)}
    yield plain("three wrong ones, grads in another order than params", f, params, grads)
    f, params, grads = draw(rng)
    grads["W"][1, 1] += 0.1
    yield plain("one wrong entry, not the first", f, params, grads)
    f, params, grads = draw(rng)
    grads["b"][1] = np.nan
    yield special("a gradient with nan in it", f, params, grads)
    f, params, grads = draw(rng)
    grads["W"] *= 0.0
    yield special("a gradient that was left at zero", f, params, grads)
    f, params, grads = draw(rng, b=0.0)
    params["b"] *= 0.0
    yield special("an array of zeros without influence, and its gradient 0", f, params, grads)
    f, params, grads = draw(rng, W=0.0)
    grads["W"] += rng.uniform(0.5, 1.0, size=(2, 2))
    yield special("an array without influence, and a gradient that is not 0", f, params, grads)
    f, params, grads = draw(rng, W=np.array([[1e-8, 1.0], [1.0, 1.0]]))
    grads["W"][0, 0] += 1e-7
    yield special("an entry of next to no influence, off by 1e-7", f, params, grads)
    f, params, grads = draw(rng, scale=1e-4)
    grads["W"] *= 1.001
    yield special("f in small units, all gradients about 1e-4", f, params, grads)
    f, params, grads = draw(rng, MORE_SHAPES)
    grads["b"] *= 1 + 2e-4
    grads["V"] *= 1.02
    yield special("tol = 0.001: relative errors of 0.0001 and 0.01", f, params, grads, 1e-3)


def in_place(f, params, grads, tol=1e-6):
    eps = 1e-5
    wrong = []
    for name, x in params.items():
        numerical = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            old = x[i]
            x[i] = old + eps
            plus = f(params)
            x[i] = old - eps
            minus = f(params)
            x[i] = old
            numerical[i] = (plus - minus) / (2 * eps)
        difference = np.linalg.norm(grads[name] - numerical)
        size = np.linalg.norm(grads[name]) + np.linalg.norm(numerical)
        error = 0.0 if size == 0 else difference / size
        if not error <= tol:
            wrong.append(name)
    return wrong


def with_copies(f, params, grads, tol=1e-6):
    def value(name, k, step):
        moved = {key: array.copy() for key, array in params.items()}
        moved[name].flat[k] += step
        return f(moved)

    names = []
    for name in params:
        g = grads[name].flatten()
        central = np.array([value(name, k, 1e-5) - value(name, k, -1e-5) for k in range(len(g))])
        central = central / 2e-5
        distance = np.sum((g - central) ** 2) ** 0.5
        largest = tol * (np.sum(g**2) ** 0.5 + np.sum(central**2) ** 0.5)
        if np.isnan(distance) or distance > largest:
            names.append(name)
    return names


def errors_first(f, params, grads, tol=1e-6):
    errors = {}
    for name, x in params.items():
        units = np.eye(x.size).reshape(x.size, *x.shape) * 1e-5
        slopes = [(f({**params, name: x + e}) - f({**params, name: x - e})) / 2e-5 for e in units]
        numerical = np.reshape(slopes, x.shape)
        size = np.linalg.norm(grads[name]) + np.linalg.norm(numerical)
        errors[name] = np.linalg.norm(grads[name] - numerical) / max(size, 1e-300)
    good = {name for name, error in errors.items() if error <= tol}
    return [name for name in params if name not in good]


def left_moved(f, params, grads, tol=1e-6):
    wrong = []
    for name in list(params):
        x = params[name].copy()
        numerical = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            values = []
            for step in (1e-5, -1e-5):
                moved = x.copy()
                moved[i] += step
                params[name] = moved
                values.append(f(params))
            numerical[i] = (values[0] - values[1]) / 2e-5
        difference = np.linalg.norm(grads[name] - numerical)
        size = np.linalg.norm(grads[name]) + np.linalg.norm(numerical)
        if size > 0 and not difference / size <= tol:
            wrong.append(name)
    return wrong


EXERCISE = Exercise(
    name="find_wrong_gradients",
    points=10,
    returns="names",
    reference=find_wrong_gradients,
    cases=cases,
    alternatives=(in_place, with_copies, errors_first),
    mistakes=(
        Mistake(
            "f does not get the whole dict",
            edit(
                in_place, ("plus = f(params)", "plus = f(x)"), ("minus = f(params)", "minus = f(x)")
            ),
            "f takes a dict of all arrays, in the order of params; yours gives it something else.",
            "The loss depends on all arrays. Which of them moves, and which stay as they are?",
        ),
        Mistake(
            "a copy is moved, and f does not see it",
            edit(in_place, ("        numerical =", "        x = x.copy()\n        numerical =")),
            "Only zeros look right to yours. Is your numerical gradient 0 everywhere?",
            "You move the entries of some array: is it the one that f is given?",
        ),
        Mistake(
            "whole arrays are moved",
            edit(
                errors_first,
                ("for e in units]", "for e in [1e-5] * x.size]"),
            ),
            "Right gradients look wrong to yours, but for arrays of one entry. Do you move a whole "
            "array at once?",
            "A derivative belongs to one entry: move one at a time.",
        ),
        Mistake(
            "not exact enough",
            edit(in_place, ("old - eps", "old"), ("(2 * eps)", "eps")),
            "Right gradients look wrong to yours: your numerical gradient is not exact enough. Do "
            "you step to both sides, and by 1e-5?",
            "The error of a step to one side shrinks as eps, that of steps to both sides as eps². "
            "Which of them is below tol?",
        ),
        Mistake(
            "divided by eps",
            edit(in_place, ("(2 * eps)", "eps")),
            "Your numerical gradient is twice what it should be, so right gradients look wrong.",
            "How far apart are the two points?",
        ),
        Mistake(
            "the sign of the numerical gradient",
            edit(in_place, ("plus - minus", "minus - plus")),
            "Your numerical gradient has the wrong sign, so right gradients look wrong and those "
            "with a wrong sign look right.",
            "f grows along its gradient: which of the two values comes first?",
        ),
        Mistake(
            "moved entries stay moved",
            edit(in_place, ("            x[i] = old\n", "")),
            "The entries that you move stay moved: what comes later is compared at another point, "
            "and params is changed after the call.",
            "Print params before and after one pass of your inner loop.",
        ),
        Mistake(
            "not quite restored",
            edit(
                in_place,
                ("            old = x[i]\n", ""),
                ("x[i] = old + eps", "x[i] += eps"),
                ("x[i] = old - eps", "x[i] -= 2 * eps"),
                ("x[i] = old\n", "x[i] += eps\n"),
            ),
            "The names are right, but params is not quite the same after the call.",
            "In floating point, x + eps − 2 eps + eps is not x: keep the old value, put it back.",
        ),
        Mistake(
            "the gradient is compared with itself",
            edit(in_place, ("numerical = np.zeros(x.shape)", "numerical = grads[name]")),
            "Yours finds nothing wrong, and after the call grads is another one: your numerical "
            "gradient is written over the one to be tested.",
            "`a = b` copies nothing: it is the same array under a second name.",
        ),
        Mistake(
            "nothing is ever wrong",
            edit(
                in_place,
                (
                    "np.linalg.norm(grads[name] - numerical)",
                    "np.linalg.norm(numerical - numerical)",
                ),
                ("np.linalg.norm(grads[name]) + np.linalg.norm(numerical)", "1.0"),
            ),
            "Yours never finds anything wrong.",
            "An error of exactly 0 is suspicious: do you compare an array with itself?",
        ),
        Mistake(
            "everything is wrong",
            edit(in_place, ("if not error <= tol:", "if True:")),
            "Yours calls every gradient wrong, the right ones too.",
            "Print the error of a right gradient. How large is it, and how do the two differ?",
        ),
        Mistake(
            "nan slips through",
            edit(in_place, ("not error <= tol", "error > tol")),
            "Right, but a gradient with nan in it passes your test.",
            "Every comparison with nan is false, `nan > tol` too. What must hold for a gradient to "
            "be right?",
        ),
        Mistake(
            "two zeros do not agree",
            edit(in_place, ("0.0 if size == 0 else difference / size", "difference / size")),
            "Right, but an array without influence, whose gradient is rightly 0, counts as wrong.",
            "Two zeros agree exactly. What is 0/0 for numpy?",
        ),
        Mistake(
            "a zero on either side is let through",
            edit(
                in_place,
                (
                    "0.0 if size == 0",
                    "0.0 if not (np.any(grads[name]) and np.any(numerical))",
                ),
            ),
            "If one of the two gradients is zero, yours finds nothing wrong.",
            "Zero against something is as wrong as can be. Only 0/0 needs care.",
        ),
        Mistake(
            "arrays of zeros are left out",
            edit(in_place, ("if not error <= tol", "if np.any(grads[name]) and not error <= tol")),
            "Yours never doubts a gradient of zeros.",
            "A gradient that was left at zero is one of the most common mistakes.",
        ),
        Mistake(
            "entry by entry",
            edit(
                in_place,
                ("np.linalg.norm(grads[name] - numerical)", "np.abs(grads[name] - numerical)"),
                (
                    "np.linalg.norm(grads[name]) + np.linalg.norm(numerical)",
                    "np.abs(grads[name]) + np.abs(numerical)",
                ),
                (
                    "0.0 if size == 0 else difference / size",
                    "np.max(difference / np.maximum(size, 1e-300))",
                ),
            ),
            "You judge each entry by itself, so one entry of next to no size spoils a right array.",
            "An entry that is nearly 0 is never relatively exact: compare norms of whole arrays. "
            "(np.allclose looks at each entry alone.)",
        ),
        Mistake(
            "np.allclose",
            edit(in_place, ("not error <= tol", "not np.allclose(grads[name], numerical)")),
            "Yours asks the same whatever tol is, and of each entry alone, as np.allclose does.",
            "Compare the relative error of the whole array with tol.",
        ),
        Mistake(
            "not relative",
            edit(in_place, ("0.0 if size == 0 else difference / size", "difference")),
            "Where all gradients are small, yours misses an error: is it relative to their size?",
            "Is 1e-6 much or little? That depends on the size of the gradient.",
        ),
        Mistake(
            "lengths are compared",
            edit(
                in_place,
                (
                    "np.linalg.norm(grads[name] - numerical)",
                    "abs(np.linalg.norm(grads[name]) - np.linalg.norm(numerical))",
                ),
            ),
            "A wrong sign and entries that have changed places go unnoticed, as if you compared "
            "lengths.",
            "First the difference, then its norm.",
        ),
        Mistake(
            "sums are compared",
            edit(
                in_place,
                ("np.linalg.norm(grads[name] - numerical)", "abs(np.sum(grads[name] - numerical))"),
            ),
            "Entries that have changed places go unnoticed in yours, as if you compared sums.",
            "A norm adds up squares, which have no sign.",
        ),
        Mistake(
            "squares without a root",
            edit(
                in_place,
                (
                    "np.linalg.norm(grads[name] - numerical)",
                    "np.sum((grads[name] - numerical) ** 2)",
                ),
                (
                    "np.linalg.norm(grads[name]) + np.linalg.norm(numerical)",
                    "np.sum(grads[name] ** 2) + np.sum(numerical**2)",
                ),
            ),
            "Small errors go unnoticed in yours, as if you compared squared norms with tol.",
            "The square of a small number is much smaller still: take the roots.",
        ),
        Mistake(
            "the first entry only",
            edit(
                in_place,
                (
                    "np.linalg.norm(grads[name] - numerical)",
                    "abs(grads[name].flat[0] - numerical.flat[0])",
                ),
            ),
            "You look at the first entry of each array only.",
            "The norm of the difference takes in all entries.",
        ),
        Mistake(
            "tol is not used",
            edit(in_place, ("error <= tol", "error <= 1e-6")),
            "Right for tol = 1e-6; another tol changes nothing in yours.",
            "1e-6 is only what tol is if the call does not give it.",
        ),
        Mistake(
            "the right ones",
            edit(in_place, ("not error <= tol", "error <= tol")),
            "You name the gradients that are right.",
            "The wrong ones are asked for.",
        ),
        Mistake(
            "the order of grads",
            edit(
                in_place,
                ("return wrong", "return [name for name in grads if name in wrong]"),
            ),
            "The right names, but in the order of grads.",
            "The names are to come in the order of params: which dict does your loop go through?",
        ),
        Mistake(
            "alphabetical order",
            edit(in_place, ("return wrong", "return sorted(wrong)")),
            "The right names, but sorted.",
            "The names are to come in the order of params.",
        ),
        Mistake(
            "the first wrong one only",
            edit(in_place, ("wrong.append(name)", "return [name]")),
            "Of several wrong gradients yours names the first one only.",
            "All wrong ones are to be named: collect them, and return after the loop.",
        ),
        Mistake(
            "the last wrong one only",
            edit(in_place, ("wrong.append(name)", "wrong = [name]")),
            "Of several wrong gradients yours names the last one only.",
            "Collect them: what does your list hold when the second one is found?",
        ),
        Mistake(
            "returns too early",
            edit(in_place, ("    return wrong", "        return wrong")),
            "You return after the first array; the others are not tested.",
            "Look at the indentation of `return`.",
        ),
        Mistake(
            "a name, not a list",
            edit(in_place, ("            wrong.append(name)", "            return name")),
            "Where a gradient is wrong you return its name alone.",
            "A list of names is asked for, even if there is only one.",
        ),
        Mistake(
            "a dict of errors",
            edit(
                in_place,
                ("wrong = []", "wrong = {}"),
                ("wrong.append(name)", "wrong[name] = error"),
            ),
            "You return a dict; a list of names is asked for.",
            "list(…) of a dict gives its keys in order.",
        ),
        Mistake(
            "None when nothing is wrong",
            edit(in_place, ("return wrong", "return wrong or None")),
            "Right, but where nothing is wrong you return None.",
            "A list may be empty.",
        ),
        Mistake(
            "all or none",
            edit(in_place, ("return wrong", "return list(params) if wrong else []")),
            "As soon as one gradient is wrong you name them all.",
            "Each array has an error of its own.",
        ),
        Mistake(
            "one error for all arrays together",
            edit(
                in_place,
                ("    wrong = []\n", "    wrong, differences, sizes = [], 0.0, 0.0\n"),
                (
                    "        error = 0.0 if size == 0 else difference / size\n"
                    "        if not error <= tol:\n            wrong.append(name)\n",
                    "        differences += difference\n        sizes += size\n"
                    "    if not differences / sizes <= tol:\n        wrong = list(params)\n",
                ),
            ),
            "Your one error of all arrays together says that something is wrong, not where.",
            "Each array has an error of its own.",
        ),
        Mistake(
            "the moved array stays in params",
            left_moved,
            "What you put into params stays there: from the second array on you compare at another "
            "point, and the caller's dict is changed.",
            "f can be given a dict of your own, such as `{**params, name: x}`.",
        ),
    ),
)
