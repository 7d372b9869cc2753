"""shared_scalar: z = w²(w − 3), a parameter used in two places (course row R12)."""

from rnnref.analysis.scalar_tape import Scalar
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special


def shared_scalar(w):
    """The core's computation graph, with a w of its own at either place."""
    in_square, in_bracket = Scalar(w), Scalar(w)
    z = in_square**2 * (in_bracket - 3)
    z.backward()
    return z.value, in_square.grad, in_bracket.grad, in_square.grad + in_bracket.grad


def cases(rng):
    """Both signs of w and of w − 3, and the zeros of each part."""
    yield plain("w = 5", 5.0)
    yield plain("w above 3", float(rng.uniform(3.5, 6.0)))
    yield plain("w between 0 and 3", float(rng.uniform(0.4, 1.6)))
    yield plain("w below 0", -float(rng.uniform(0.5, 3.0)))
    yield special("w = 3", 3.0)
    yield special("w = 2", 2.0)
    yield special("w = 0", 0.0)


def by_hand(w):
    z = w**2 * (w - 3)
    through_square = 2 * w * (w - 3)
    through_bracket = w**2
    dz = through_square + through_bracket
    return z, through_square, through_bracket, dz


def gate_by_gate(w):
    x = w * w
    y = w - 3
    z = x * y
    dx = y
    dy = x
    through_square = dx * w + dx * w
    through_bracket = dy * 1
    dw = 0.0
    dw += through_square
    dw += through_bracket
    return z, through_square, through_bracket, dw


def expanded(w):
    parts = [2 * w**2 - 6 * w, w**2]
    return [w**3 - 3 * w**2, *parts, 3 * w**2 - 6 * w]


EXERCISE = Exercise(
    name="shared_scalar",
    points=5,
    returns="z, through_square, through_bracket, dz",
    reference=shared_scalar,
    cases=cases,
    alternatives=(by_hand, gate_by_gate, expanded),
    mistakes=(
        Mistake(
            "the bracket of z is missing",
            edit(by_hand, ("z = w**2 * (w - 3)", "z = w**2 * w - 3")),
            "The derivatives are right; your z is w³ − 3.",
            "What is multiplied by w²? In Python, the product comes before the difference.",
        ),
        Mistake(
            "only the slopes of the two places",
            edit(
                by_hand,
                ("through_square = 2 * w * (w - 3)", "through_square = 2 * w"),
                ("through_bracket = w**2", "through_bracket = 1.0"),
            ),
            "Your two parts are the slopes of w² and of w − 3, not yet slopes of z.",
            "What arrives at each place from z must be multiplied in: the product gate sends "
            "something back.",
        ),
        Mistake(
            "only the slope of the square",
            edit(by_hand, ("2 * w * (w - 3)", "2 * w")),
            "through_bracket is right; your through_square is the slope of w², not yet of z.",
            "What does the product gate send back to w²?",
        ),
        Mistake(
            "only the slope of the bracket",
            edit(by_hand, ("through_bracket = w**2", "through_bracket = 1.0")),
            "through_square is right; your through_bracket is the slope of w − 3, not yet of z.",
            "What does the product gate send back to the bracket?",
        ),
        Mistake(
            "the product gate sends each factor to itself",
            edit(gate_by_gate, ("dx = y", "dx = x"), ("dy = x", "dy = y")),
            "Your product gate sends back to each factor its own value.",
            "Hold one factor fixed: how fast does the product grow with the other?",
        ),
        Mistake(
            "w used once in the square",
            edit(gate_by_gate, ("dx * w + dx * w", "dx * w")),
            "Your through_square is half of what it should be.",
            "w² is w · w: in how many places does w stand there?",
        ),
        Mistake(
            "the bracket with a minus",
            edit(by_hand, ("through_bracket = w**2", "through_bracket = -(w**2)")),
            "Your through_bracket has the wrong sign.",
            "What does w − 3 do if w grows a little?",
        ),
        Mistake(
            "the 3 travels back",
            edit(by_hand, ("through_bracket = w**2", "through_bracket = w**2 * -3")),
            "Your through_bracket is −3 times what it should be.",
            "3 is a constant: it shifts the bracket. By what does it change its slope?",
        ),
        Mistake(
            "the parts exchanged",
            edit(
                by_hand,
                (
                    "return z, through_square, through_bracket",
                    "return z, through_bracket, through_square",
                ),
            ),
            "z and dz are right; your two parts have changed places.",
            "through_square goes by w²: hold the bracket fixed, and let only the w in w² grow.",
        ),
        Mistake(
            "the parts not multiplied, dz right",
            edit(
                expanded,
                ("2 * w**2 - 6 * w, w**2", "2 * w, 1.0"),
            ),
            "z and dz are right; your two parts are the slopes of w² and of w − 3, and their sum "
            "is not dz.",
            "Each part says how much of dz comes by that way: the other factor belongs to it.",
        ),
        Mistake(
            "the later part replaces the earlier",
            edit(by_hand, ("dz = through_square + through_bracket", "dz = through_bracket")),
            "Both parts are right; your dz is the second alone.",
            "A later contribution has replaced an earlier one. What happens where two gradients "
            "meet?",
        ),
        Mistake(
            "only the first part",
            edit(by_hand, ("dz = through_square + through_bracket", "dz = through_square")),
            "Both parts are right; your dz is the first alone.",
            "w stands in two places. What happens where two gradients meet?",
        ),
        Mistake(
            "the mean of the parts",
            edit(
                by_hand,
                (
                    "dz = through_square + through_bracket",
                    "dz = (through_square + through_bracket) / 2",
                ),
            ),
            "Both parts are right; your dz is their average.",
            "If w grows, both places change z: what is the whole change?",
        ),
        Mistake(
            "the product of the parts",
            edit(
                by_hand,
                ("dz = through_square + through_bracket", "dz = through_square * through_bracket"),
            ),
            "Both parts are right; your dz is their product.",
            "Factors are multiplied along one way. These are two ways side by side.",
        ),
        Mistake(
            "the product of the slopes",
            edit(by_hand, ("dz = through_square + through_bracket", "dz = 2 * w")),
            "Both parts are right; your dz is the product of the slopes of w² and of w − 3.",
            "The derivative of a product is no product of derivatives.",
        ),
        Mistake(
            "stops at the square",
            edit(by_hand, ("through_square = 2 * w * (w - 3)", "through_square = w - 3")),
            "through_bracket is right; your through_square is what reaches w², not yet w.",
            "One step remains: from w² back to w.",
        ),
    ),
)
