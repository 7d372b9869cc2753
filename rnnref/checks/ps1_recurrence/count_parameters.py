"""count_parameters: what each step of the design story costs (course row R06)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special

SCHEMES = ("mlp per step", "window per step", "state per step", "shared")


def count_parameters(scheme, T, n, d, k):
    """Sizes of all weight matrices of a scheme, added up."""
    if scheme not in SCHEMES:
        raise ValueError(f"scheme must be one of {', '.join(SCHEMES)}, got {scheme!r}")
    matrices = {
        "mlp per step": [(d, n), (k, d)] * T,
        "window per step": [(d, n)] * (T * (T + 1) // 2) + [(k, d)] * T,
        "state per step": [(d, n), (k, d)] * T + [(d, d)] * (T - 1),
        "shared": [(d, n), (d, d), (k, d)],
    }[scheme]
    return sum(rows * columns for rows, columns in matrices)


def cases(rng):
    """Each scheme with sizes that cannot be mistaken for each other, then one step."""
    for scheme in SCHEMES:
        T, n, d, k = (int(size) for size in rng.permutation(np.arange(3, 40))[:4])
        yield plain(f"“{scheme}”, all sizes different", scheme, T, n, d, k)
    for scheme in SCHEMES:
        n, d, k = (int(size) for size in rng.permutation(np.arange(2, 40))[:3])
        yield special(f"“{scheme}”, one step (T = 1)", scheme, 1, n, d, k)
    unknown = rng.permutation(["shared weights", "Shared", "lstm", "", "mlp", "window"])
    yield special("another scheme: ValueError", str(unknown[0]), 4, 3, 5, 2)
    yield special("another scheme: ValueError", str(unknown[1]), 3, 2, 4, 5)


def formulas(scheme, T, n, d, k):
    if scheme == "mlp per step":
        return T * (d * n + k * d)
    if scheme == "window per step":
        return T * (T + 1) // 2 * d * n + T * k * d
    if scheme == "state per step":
        return T * d * n + (T - 1) * d * d + T * k * d
    if scheme == "shared":
        return d * n + d * d + k * d
    raise ValueError(f"unknown scheme {scheme}")


def step_by_step(scheme, T, n, d, k):
    if scheme not in {"mlp per step", "window per step", "state per step", "shared"}:
        raise ValueError(scheme)
    total = 0
    for t in range(1, T + 1):
        if scheme == "shared" and t > 1:
            break
        inputs = t if scheme == "window per step" else 1
        total += inputs * n * d + d * k
        if scheme == "shared" or (scheme == "state per step" and t > 1):
            total += d**2
    return total


def shapes(scheme, T, n, d, k):
    window = sum(range(1, T + 1))
    try:
        copies_U, copies_W, copies_V = {
            "mlp per step": (T, 0, T),
            "window per step": (window, 0, T),
            "state per step": (T, T - 1, T),
            "shared": (1, 1, 1),
        }[scheme]
    except KeyError:
        raise ValueError(f"no such scheme: {scheme}") from None
    return d * (copies_U * n + copies_W * d + copies_V * k)


EXERCISE = Exercise(
    name="count_parameters",
    points=10,
    returns="count",
    reference=count_parameters,
    cases=cases,
    alternatives=(formulas, step_by_step, shapes),
    mistakes=(
        Mistake(
            "biases counted",
            edit(
                shapes,
                (
                    "d * (copies_U * n + copies_W * d + copies_V * k)",
                    "d * (copies_U * n + copies_W * d + copies_V * k) + copies_V * (d + k)",
                ),
            ),
            "Your counts are too large by the biases: d + k for every hidden and output layer.",
            "Biases are not counted here.",
        ),
        Mistake(
            "one output matrix for all steps",
            edit(
                shapes,
                ("(T, 0, T)", "(T, 0, 1)"),
                ("(window, 0, T)", "(window, 0, 1)"),
                ("(T, T - 1, T)", "(T, T - 1, 1)"),
            ),
            "In the first three schemes yours has one V for all steps.",
            "“Per step” means V too.",
        ),
        Mistake(
            "shared, yet one for each step",
            edit(formulas, ("return d * n + d * d + k * d", "return T * (d * n + d * d + k * d)")),
            "“shared”: your count grows with T.",
            "How many different matrices are there when all steps use the same?",
        ),
        Mistake(
            "shared without W",
            edit(formulas, ("return d * n + d * d + k * d", "return d * n + k * d")),
            "“shared”: the weights from state to state are missing.",
            "What connects h_{t−1} with h_t, and what shape has it?",
        ),
        Mistake(
            "no W for a single step",
            edit(shapes, ("(1, 1, 1)", "(1, min(T - 1, 1), 1)")),
            "“shared”: at T = 1 your W is missing.",
            "The network has its W, however short a sequence it is given.",
        ),
        Mistake(
            "a W for the first step too",
            edit(formulas, ("(T - 1) * d * d", "T * d * d")),
            "“state per step”: yours has one matrix W_t too many.",
            "The first state comes from x_1 alone: W_t exists for t ≥ 2.",
        ),
        Mistake(
            "one W for all steps",
            edit(formulas, ("(T - 1) * d * d", "d * d")),
            "“state per step”: yours has a single W.",
            "In this scheme every step from 2 on has its own.",
        ),
        Mistake(
            "the states are not connected",
            edit(formulas, (" + (T - 1) * d * d", "")),
            "“state per step”: the weights from state to state are missing.",
            "h_t takes something from h_{t−1}.",
        ),
        Mistake(
            "every window of full length",
            edit(formulas, ("T * (T + 1) // 2 * d * n", "T * T * d * n")),
            "“window per step”: in yours every step sees all T inputs.",
            "Step t sees x_1 … x_t only.",
        ),
        Mistake(
            "a window without the present",
            edit(formulas, ("T * (T + 1) // 2 * d * n", "T * (T - 1) // 2 * d * n")),
            "“window per step”: in yours step t sees t − 1 inputs.",
            "x_t itself belongs to the window of step t.",
        ),
        Mistake(
            "one matrix for a whole window",
            edit(formulas, ("T * (T + 1) // 2 * d * n", "T * d * n")),
            "“window per step”: yours uses the same matrix for every input of a window.",
            "Step t has its own weights from each of x_1 … x_t.",
        ),
        Mistake(
            "a window of states",
            edit(formulas, ("T * (T + 1) // 2 * d * n", "(T * d * n + T * (T - 1) // 2 * d * d)")),
            "“window per step”: in yours the weights from earlier steps have shape (d, d).",
            "This scheme looks back at inputs, which have n entries, not at states.",
        ),
        Mistake(
            "straight from input to output",
            edit(formulas, ("T * (d * n + k * d)", "T * (n * k)")),
            "“mlp per step”: the hidden layer is missing.",
            "Each of the networks is n → d → k: two matrices.",
        ),
        Mistake(
            "an MLP for all steps",
            edit(formulas, ("T * (d * n + k * d)", "d * n + k * d")),
            "“mlp per step”: yours is one network for all steps.",
            "There are T separate ones.",
        ),
        Mistake(
            "input and output exchanged",
            edit(
                formulas,
                ("T * (T + 1) // 2 * d * n + T * k * d", "T * (T + 1) // 2 * d * k + T * n * d"),
            ),
            "“window per step”: n and k have changed places.",
            "It is the inputs, n each, that the window collects.",
        ),
        Mistake(
            "a float",
            edit(formulas, ("T * (T + 1) // 2 * d * n", "T * (T + 1) / 2 * d * n")),
            "“window per step”: your count is a float.",
            "Parameters are counted in whole numbers: // divides whole numbers.",
        ),
        Mistake(
            "another scheme goes unnoticed",
            edit(formulas, ('raise ValueError(f"unknown scheme {scheme}")', "return 0")),
            "The four schemes are right; a scheme that does not exist has 0 parameters in yours.",
            "A wrong question deserves an error: raise ValueError.",
        ),
        Mistake(
            "another scheme is taken for shared",
            edit(
                formulas,
                (
                    '    if scheme == "shared":\n        return d * n + d * d + k * d\n'
                    '    raise ValueError(f"unknown scheme {scheme}")\n',
                    "    return d * n + d * d + k * d\n",
                ),
            ),
            "The four schemes are right; one that does not exist is counted as “shared” by yours.",
            "A wrong question deserves an error: an `else` takes in too much.",
        ),
    ),
)
