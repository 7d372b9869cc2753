"""numerical_gradient: central differences, entry by entry (course row R12)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.engine.formula import Formula


def numerical_gradient(f, x, eps=1e-5):
    """(f(x + eps·e) − f(x − eps·e)) / 2eps for the unit vector e of every entry."""
    g = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[index] = eps
        g[index] = (f(x + e) - f(x - e)) / (2 * eps)
    # Arithmetic on 0-d arrays gives NumPy scalars: where a float is right, so is a 0-d array.
    return g if g.ndim else float(g)


def draw(rng, shape, *eps):
    """f, x and eps with a gradient that is well above rounding.

    Going by eps, −2 eps and eps again leads back to a single number x, but not to every entry of a
    larger x: who restores x in this way is to be told so on as many probes as can be.
    """
    step, size = eps[0] if eps else 1e-5, int(np.prod(shape))
    while True:
        f = Formula.draw(rng, shape, most=2 * size + 1)
        x = np.array(rng.normal(size=shape))
        back = np.array_equal(x + step - 2 * step + step, x)
        if np.abs(f.gradient(x)).max() > 0.5 and back == (size == 1):
            return f, x, *eps


def in_fortran_order(f, x, *eps):
    """The same call with x laid out column by column in memory."""
    return f, np.asfortranarray(x), *eps


def cases(rng):
    """Several axes and steps, then single numbers and another layout in memory."""
    yield plain("a vector", *draw(rng, (5,)))
    yield plain("a matrix", *draw(rng, (2, 4)))
    yield plain("three axes, eps = 0.03", *draw(rng, (2, 3, 2), 0.03))
    yield plain("a matrix, eps = 0.1", *draw(rng, (4, 3), 0.1))
    yield special("one entry, of shape (1,)", *draw(rng, (1,), 1e-4))
    yield special("a single number: a 0-d array", *draw(rng, (), 0.02))
    yield special("a matrix, column by column in memory", *in_fortran_order(*draw(rng, (3, 4))))
    yield special("the same with three axes", *in_fortran_order(*draw(rng, (2, 2, 3), 1e-3)))


def restoring(f, x, eps=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + eps
        plus = f(x)
        x[i] = old - eps
        minus = f(x)
        x[i] = old
        g[i] = (plus - minus) / (2 * eps)
    return g


def copies(f, x, eps=1e-5):
    slopes = []
    for k in range(x.size):
        right, left = x.copy(), x.copy()
        right.flat[k] += eps
        left.flat[k] -= eps
        slopes.append((f(right) - f(left)) / (2 * eps))
    return np.array(slopes).reshape(x.shape)


def unit_vectors(f, x, eps=1e-5):
    steps = eps * np.eye(x.size).reshape(x.size, *x.shape)
    return np.reshape([(f(x + e) - f(x - e)) / 2 / eps for e in steps], x.shape)


def iterator(f, x, eps=1e-5):
    x = np.array(x)
    g = np.zeros_like(x)
    walk = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    for entry in walk:
        old = float(entry)
        values = []
        for step in (-eps, eps):
            entry[...] = old + step
            values.append(f(x))
        entry[...] = old
        g[walk.multi_index] = (values[1] - values[0]) / (2 * eps)
    return g


def in_one_line(f, x, eps=1e-5):
    v = np.array(x, order="C")
    line = v.reshape(-1)
    g = np.zeros(line.shape)
    for k in range(len(line)):
        old = line[k]
        line[k] = old + eps
        g[k] = f(v)
        line[k] = old - eps
        g[k] -= f(v)
        line[k] = old
    return g.reshape(x.shape) / (2 * eps)


EXERCISE = Exercise(
    name="numerical_gradient",
    points=15,
    returns="g",
    reference=numerical_gradient,
    cases=cases,
    alternatives=(restoring, copies, unit_vectors, iterator, in_one_line),
    mistakes=(
        Mistake(
            "a vector is expected",
            edit(restoring, ("np.ndindex(x.shape)", "range(len(x))")),
            "Right for vectors; of a matrix you move whole rows at once, and a 0-d array has no "
            "length.",
            "x may have any number of axes. Which loop visits every entry, whatever the shape?",
        ),
        Mistake(
            "a vector is expected: x.size",
            edit(restoring, ("np.ndindex(x.shape)", "range(x.size)")),
            "Right for vectors; x[i] is a whole row of a matrix, and there are not x.size rows.",
            "x may have any number of axes. Which loop visits every entry, whatever the shape?",
        ),
        Mistake(
            "a matrix is expected",
            edit(
                restoring,
                (
                    "for i in np.ndindex(x.shape)",
                    "for i in [(j, k) for j in range(x.shape[0]) for k in range(x.shape[1])]",
                ),
            ),
            "Right for matrices; your two loops find no second axis in a vector, and of three axes "
            "they miss one.",
            "x may have any number of axes. Which loop visits every entry, whatever the shape?",
        ),
        Mistake(
            "rows are moved as a whole",
            edit(
                copies,
                ("range(x.size)", "range(len(x))"),
                ("right.flat[k]", "right[k]"),
                ("left.flat[k]", "left[k]"),
                (
                    "np.array(slopes).reshape(x.shape)",
                    "np.zeros(x.shape) + np.reshape(slopes, (-1,) + (1,) * (x.ndim - 1))",
                ),
            ),
            "Of a matrix you move whole rows at once: all entries of a row get the same number.",
            "A derivative belongs to each entry: move one entry at a time, whatever the shape.",
        ),
        Mistake(
            "the first column only",
            edit(
                restoring,
                ("np.ndindex(x.shape)", "[(j,) + (0,) * (x.ndim - 1) for j in range(len(x))]"),
            ),
            "You visit the first entry of each row and leave the others at zero.",
            "How many entries does a matrix have, and how often does your loop run?",
        ),
        Mistake(
            "as many entries as rows",
            edit(
                restoring,
                ("np.ndindex(x.shape)", "[np.unravel_index(k, x.shape) for k in range(len(x))]"),
            ),
            "You visit as many entries as there are rows and leave the others at zero.",
            "len(x) is the number of rows. How many entries are there?",
        ),
        Mistake(
            "returns too early",
            edit(restoring, ("    return g", "        return g")),
            "You return after the first entry; the others are zero.",
            "Look at the indentation of `return`.",
        ),
        Mistake(
            "f gets a flat array",
            edit(
                in_one_line,
                ('v = np.array(x, order="C")\n    line = v.reshape(-1)', "v = line = x.flatten()"),
            ),
            "f takes an array of x's shape; yours gives it a flat one (right for vectors).",
            "Change one entry of a copy of x, and keep its shape.",
        ),
        Mistake(
            "all entries are moved at once",
            edit(
                restoring,
                ("x[i] = old + eps", "z = x + eps"),
                ("plus = f(x)", "plus = f(z)"),
                ("x[i] = old - eps", "z = x - eps"),
                ("minus = f(x)", "minus = f(z)"),
            ),
            "All your entries are equal: you move all of x, not one entry.",
            "x + eps adds eps to every entry of an array.",
        ),
        Mistake(
            "one number for all entries",
            edit(
                unit_vectors,
                (
                    "np.reshape([(f(x + e) - f(x - e)) / 2 / eps for e in steps], x.shape)",
                    "(f(x + eps) - f(x - eps)) / 2 / eps",
                ),
            ),
            "You return one number, the slope along all entries at once.",
            "x + eps adds eps to every entry of an array. A gradient has a number for each.",
        ),
        Mistake(
            "the entry is replaced by eps",
            edit(restoring, ("old + eps", "eps"), ("old - eps", "-eps")),
            "In yours the entry becomes eps and −eps: that is the slope at 0, not at x.",
            "eps is a step away from where the entry stands.",
        ),
        Mistake(
            "a step in proportion to the entry",
            edit(
                restoring,
                (
                    "        x[i] = old + eps\n",
                    "        h = eps * abs(old)\n        x[i] = old + h\n",
                ),
                ("old - eps", "old - h"),
                ("(2 * eps)", "(2 * h)"),
            ),
            "Your step depends on the entry: with large eps one sees it, and an entry of 0 would "
            "not move at all.",
            "The step asked for is eps, the same for every entry.",
        ),
        Mistake(
            "eps is not used",
            edit(restoring, ("        old = x[i]\n", "        eps = 1e-5\n        old = x[i]\n")),
            "Right for eps = 1e-5; another eps changes nothing in yours.",
            "1e-5 is only what eps is if the call does not give it.",
        ),
        Mistake(
            "half a step to each side",
            edit(
                restoring,
                ("old + eps", "old + eps / 2"),
                ("old - eps", "old - eps / 2"),
                ("(2 * eps)", "eps"),
            ),
            "Your two points are eps apart; a step of eps to each side is asked for. For tiny eps "
            "one sees no difference.",
            "How far is it from x − eps to x + eps?",
            convention=True,
        ),
        Mistake(
            "forward differences",
            edit(restoring, ("old - eps", "old"), ("(2 * eps)", "eps")),
            "You go from x to one side only: your error shrinks as eps does, that of central "
            "differences as eps².",
            "Central means: a step to each side of x.",
        ),
        Mistake(
            "backward differences",
            edit(restoring, ("old + eps", "old"), ("(2 * eps)", "eps")),
            "You go from x to one side only: your error shrinks as eps does, that of central "
            "differences as eps².",
            "Central means: a step to each side of x.",
        ),
        Mistake(
            "the way back ends at x",
            edit(restoring, ("old - eps", "old")),
            "Your gradient is about half of what it should be: after the step forward, yours only "
            "comes back to x and divides by 2 eps all the same.",
            "After x[i] += eps, which step leads to x[i] − eps?",
        ),
        Mistake(
            "the same point twice",
            edit(
                copies,
                ("right, left = x.copy(), x.copy()", "right = left = x.copy()"),
            ),
            "Your gradient is 0 everywhere, as if both values of f were taken at the same point.",
            "Is there a `b = a`? It copies nothing. Or an `a.flatten()`? It always copies, and a "
            "does not change with the copy.",
        ),
        Mistake(
            "the same point twice, x itself",
            edit(copies, ("right, left = x.copy(), x.copy()", "right = left = x")),
            "Your gradient is 0 everywhere: both points are x itself, moved there and back.",
            "`b = a` gives the same array a second name. Are your two arrays really two?",
        ),
        Mistake(
            "the sign",
            edit(restoring, ("plus - minus", "minus - plus")),
            "Your gradient has the wrong sign everywhere.",
            "f grows along the gradient: which of the two values comes first?",
        ),
        Mistake(
            "divided by eps",
            edit(restoring, ("(2 * eps)", "eps")),
            "Your gradient is twice what it should be.",
            "How far apart are the two points?",
        ),
        Mistake(
            "not divided",
            edit(restoring, (" / (2 * eps)", "")),
            "Your gradient shrinks with eps: it is a difference of values, no slope yet.",
            "A slope is a difference of values over a distance.",
        ),
        Mistake(
            "divided by 2, then multiplied",
            edit(restoring, ("/ (2 * eps)", "/ 2 * eps")),
            "Your gradient is tiny: eps multiplies where it should divide.",
            "Python reads a / 2 * eps from the left: (a / 2) * eps.",
        ),
        Mistake(
            "moved entries stay moved",
            edit(restoring, ("        x[i] = old\n", "")),
            "Your first entry is right; then the moved entries stay moved, and after the call x is "
            "another array.",
            "Print x before and after one pass of your loop.",
        ),
        Mistake(
            "moved entries stay moved, in a copy",
            edit(
                restoring,
                ("    g = np.zeros(x.shape)\n", "    g = np.zeros(x.shape)\n    x = x.copy()\n"),
                ("        x[i] = old\n", ""),
            ),
            "Your first entry is right; for each later one the entries before it are still moved.",
            "Is your copy made once, or once for every entry?",
        ),
        Mistake(
            "x + eps stays",
            edit(
                copies,
                ("    slopes = []\n", "    slopes = []\n    right, left = x.copy(), x.copy()\n"),
                ("        right, left = x.copy(), x.copy()\n", ""),
            ),
            "Your first entry is right; then your two arrays drift apart, entry by entry.",
            "Are your copies made once, or once for every entry?",
        ),
        Mistake(
            "not quite restored",
            edit(
                restoring,
                ("        old = x[i]\n", ""),
                ("x[i] = old + eps", "x[i] += eps"),
                ("x[i] = old - eps", "x[i] -= 2 * eps"),
                ("x[i] = old\n", "x[i] += eps\n"),
            ),
            "The numbers are right, but x is not quite the same after the call.",
            "In floating point, adding eps and taking it away again does not lead back to x: keep "
            "the old value, and put it back.",
        ),
        Mistake(
            "a flat gradient",
            edit(copies, ("np.array(slopes).reshape(x.shape)", "np.array(slopes)")),
            "Right numbers, but your array has one axis, whatever x has.",
            "The gradient has the shape of x.",
        ),
        Mistake(
            "a list",
            edit(copies, ("np.array(slopes).reshape(x.shape)", "slopes")),
            "You return a list of numbers.",
            "An array of the shape of x is asked for.",
        ),
        Mistake(
            "transposed",
            edit(copies, ("reshape(x.shape)", "reshape(x.shape[::-1]).T.copy()")),
            "Right for vectors; with more axes your numbers stand in the wrong places.",
            "In which order do you visit the entries, and in which order does reshape fill in?",
        ),
        Mistake(
            "ravel() may be a copy",
            edit(
                in_one_line, ('v = np.array(x, order="C")', "v = x"), ("v.reshape(-1)", "v.ravel()")
            ),
            "Right, except when x does not lie row by row in memory, as x.T does not: there your "
            "gradient is 0.",
            "ravel() and reshape(-1) give a view if they can and a copy if they must. What you "
            "change in a copy reaches neither x nor your result.",
        ),
        Mistake(
            "in the order of memory",
            edit(
                iterator,
                ("    g = np.zeros_like(x)\n", "    g = []\n"),
                (
                    "g[walk.multi_index] = (values[1] - values[0]) / (2 * eps)",
                    "g.append((values[1] - values[0]) / (2 * eps))",
                ),
                ("return g", "return np.reshape(g, x.shape)"),
            ),
            "Right, except when x does not lie row by row in memory: there your numbers stand in "
            "the wrong places.",
            "nditer visits the entries in the order of memory; reshape fills in row by row.",
        ),
        Mistake(
            "f(x) once more for every entry",
            edit(
                restoring, ("        old = x[i]\n", "        middle = f(x)\n        old = x[i]\n")
            ),
            "You call f more than twice for every entry; it allows that and one call more.",
            "Which values of f does a central difference need?",
        ),
        Mistake(
            "calls f too often",
            edit(
                unit_vectors,
                (
                    "(f(x + e) - f(x - e)) / 2 / eps",
                    "(8 * (f(x + e) - f(x - e)) - f(x + 2 * e) + f(x - 2 * e)) / 12 / eps",
                ),
            ),
            "You call f more often than it allows: twice for every entry, and one call more.",
            "A formula of higher order is more exact; the plain central difference is asked for.",
        ),
    ),
)
