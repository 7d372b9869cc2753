"""design_weights: weights of a linear unit for a given job (course rows R07, R10)."""

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special

WEIGHTS = {
    "sum": (1.0, 1.0, 1.0, 0.0),
    "last input": (1.0, 0.0, 1.0, 0.0),
    "discount by half": (1.0, 0.5, 1.0, 0.0),
    "alternate signs": (1.0, -1.0, 1.0, 0.0),
}


def design_weights(task):
    """The simplest weights; any others with the same response are as right."""
    if task not in WEIGHTS:
        raise ValueError(f"task must be one of {', '.join(WEIGHTS)}, got {task!r}")
    return WEIGHTS[task]


def cases(rng):
    """The four tasks, and tasks that do not exist."""
    for task in WEIGHTS:
        yield plain(f"“{task}”", task)
    unknown = rng.permutation(["average", "Sum", "product", "", "first input", "largest"])
    yield special("another task: ValueError", str(unknown[0]))
    yield special("another task: ValueError", str(unknown[1]))


def branches(task):
    if task == "sum":
        return 1.0, 1.0, 1.0, 0.0
    if task == "last input":
        return 1.0, 0.0, 1.0, 0.0
    if task == "discount by half":
        return 1.0, 0.5, 1.0, 0.0
    if task == "alternate signs":
        return 1.0, -1.0, 1.0, 0.0
    raise ValueError("unknown task: " + task)


def scaled(task):
    memory = {"sum": 1, "last input": 0, "discount by half": 0.5, "alternate signs": -1}
    if task not in memory:
        raise ValueError(task)
    return [-4, memory[task], -0.25, 0]


def any_start(task):
    match task:
        case "sum":
            return 2.0, 1.0, 0.5, 0.0
        case "last input":
            return -1.0, 0.0, -1.0, 7.0
        case "discount by half":
            return 0.5, 0.5, 2.0, 0.0
        case "alternate signs":
            return 0.1, -1.0, 10.0, 0.0
        case _:
            raise ValueError(f"no weights for {task}")


EXERCISE = Exercise(
    name="design_weights",
    points=10,
    returns="impulse (T,), start (T,)",
    reference=design_weights,
    cases=cases,
    observe="linear response",
    # Weights are observed whole (two responses of eight steps): one task shows a mistake.
    enough=1,
    alternatives=(branches, scaled, any_start),
    mistakes=(
        Mistake(
            "does not start at zero",
            edit(
                branches,
                ("return 1.0, 1.0, 1.0, 0.0", "return 1.0, 1.0, 1.0, 1.0"),
                ("return 1.0, 0.5, 1.0, 0.0", "return 1.0, 0.5, 1.0, 1.0"),
                ("return 1.0, -1.0, 1.0, 0.0", "return 1.0, -1.0, 1.0, 1.0"),
            ),
            "With no input at all your network's output is not zero.",
            "What should the unit hold before the first input?",
        ),
        Mistake(
            "w and v exchanged",
            edit(
                branches,
                ("return 1.0, 0.0, 1.0, 0.0", "return 1.0, 1.0, 0.0, 0.0"),
                ("return 1.0, 0.5, 1.0, 0.0", "return 1.0, 1.0, 0.5, 0.0"),
                ("return 1.0, -1.0, 1.0, 0.0", "return 1.0, 1.0, -1.0, 0.0"),
            ),
            "In yours the output weight does what the weight of the loop should do.",
            "The order is u, w, v, h0; w is the one that is passed again at every step.",
        ),
        Mistake(
            "no memory in the sum",
            edit(branches, ("return 1.0, 1.0, 1.0, 0.0", "return 1.0, 0.0, 1.0, 0.0")),
            "“sum”: your network gives the last input only.",
            "Which weight decides how much of the old state is kept?",
        ),
        Mistake(
            "the last input is kept",
            edit(branches, ("return 1.0, 0.0, 1.0, 0.0", "return 1.0, 1.0, 1.0, 0.0")),
            "“last input”: an input of yours is heard at every later step as well.",
            "How much of the old state may be left?",
        ),
        Mistake(
            "doubles instead of halving",
            edit(branches, ("return 1.0, 0.5, 1.0, 0.0", "return 1.0, 2.0, 1.0, 0.0")),
            "“discount by half”: in yours an input counts twice as much with each step.",
            "After one step ½ of it should be left, after two ¼.",
        ),
        Mistake(
            "halves the newest input too",
            edit(branches, ("return 1.0, 0.5, 1.0, 0.0", "return 0.5, 0.5, 1.0, 0.0")),
            "“discount by half”: your responses are half of what they should be: ½ x_t + ¼ x_{t−1} "
            "+ ….",
            "x_t itself has weight 1. The halving happens once each time round the loop.",
        ),
        Mistake(
            "halves once, not at every step",
            edit(branches, ("return 1.0, 0.5, 1.0, 0.0", "return 0.5, 1.0, 1.0, 0.0")),
            "“discount by half”: in yours every input counts ½, however old it is.",
            "Which of the three weights is passed again at every step?",
        ),
        Mistake(
            "the sign changes once, not each step",
            edit(branches, ("return 1.0, -1.0, 1.0, 0.0", "return -1.0, 1.0, 1.0, 0.0")),
            "“alternate signs”: in yours all inputs count −1.",
            "The sign should turn with every step that an input waits.",
        ),
        Mistake(
            "the signs start with minus",
            edit(branches, ("return 1.0, -1.0, 1.0, 0.0", "return -1.0, -1.0, 1.0, 0.0")),
            "“alternate signs”: yours alternate, but x_t itself comes with a minus.",
            "Look at the first term of y_t = x_t − x_{t−1} + ….",
        ),
        Mistake(
            "no alternation",
            edit(branches, ("return 1.0, -1.0, 1.0, 0.0", "return 1.0, 1.0, 1.0, 0.0")),
            "“alternate signs”: in yours all signs are equal.",
            "What should one time round the loop do to an input?",
        ),
        Mistake(
            "another task goes unnoticed",
            edit(
                branches, ('raise ValueError("unknown task: " + task)', "return 0.0, 0.0, 0.0, 0.0")
            ),
            "The four tasks are right; a task that does not exist is answered with zeros.",
            "A wrong question deserves an error: raise ValueError.",
        ),
        Mistake(
            "another task gives None",
            edit(branches, ('    raise ValueError("unknown task: " + task)\n', "")),
            "The four tasks are right; for a task that does not exist yours returns nothing.",
            "A wrong question deserves an error: raise ValueError.",
        ),
        Mistake(
            "another task gives KeyError",
            edit(scaled, ("    if task not in memory:\n        raise ValueError(task)\n", "")),
            "The four tasks are right; for a task that does not exist yours raises KeyError.",
            "Callers expect ValueError: look before you look it up.",
        ),
    ),
)
