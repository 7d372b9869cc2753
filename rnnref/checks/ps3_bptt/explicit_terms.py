"""explicit_terms: what each step's own use of w adds to ∂h_T/∂w (course row R17)."""

import numpy as np

from rnnref.analysis.jacobians import explicit_terms as core
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.rnn import RNNParams, rnn_forward


def explicit_terms(x, u, w, h0=0.0):
    """The core's terms for one unit and one sequence, the loss being h_T itself."""
    params = RNNParams(np.array([[u]]), np.array([[w]]), np.zeros(1))
    _, _, cache = rnn_forward(params, x[:, None, None], np.array([[h0]]))
    return core(np.ones((1, 1)), cache)[:, 0, 0]


def draw(rng, T, sign=1.0):
    """x, u, w, h0 for T steps; no unit is saturated, so that no term is tiny."""
    return (
        rng.uniform(0.2, 1.0, T) * rng.choice([-1.0, 1.0], T),
        rng.uniform(0.4, 0.8),
        rng.uniform(0.7, 1.0) * sign,
        rng.uniform(0.4, 0.9),
    )


def cases(rng):
    """Both signs of w, with a first state and without, and few steps."""
    yield plain("five steps, random weights and first state", *draw(rng, 5))
    yield plain("eight steps, w < 0", *draw(rng, 8, sign=-1.0))
    yield special("no first state given: it is 0", *draw(rng, 4)[:-1])
    yield special("one step (T = 1)", *draw(rng, 1))
    yield special("two steps (T = 2)", *draw(rng, 2))
    x, u, _, h0 = draw(rng, 4)
    yield special("w = 0: no memory at all", x, u, 0.0, h0)


def products(x, u, w, h0=0.0):
    T = len(x)
    h = [h0]
    for t in range(T):
        h.append(np.tanh(u * x[t] + w * h[-1]))
    terms = np.zeros(T)
    for k in range(1, T + 1):
        jacobian = 1.0
        for j in range(k + 1, T + 1):
            jacobian *= (1 - h[j] ** 2) * w
        explicit = (1 - h[k] ** 2) * h[k - 1]
        terms[k - 1] = jacobian * explicit
    return terms


def backwards(x, u, w, h0=0.0):
    T = len(x)
    h, before = np.zeros(T), np.zeros(T)
    for t in range(T):
        before[t] = h[t - 1] if t > 0 else h0
        h[t] = np.tanh(u * x[t] + w * before[t])
    terms = np.zeros(T)
    carry = 1.0
    for t in reversed(range(T)):
        z_bar = carry * (1 - h[t] ** 2)
        terms[t] = z_bar * before[t]
        carry = z_bar * w
    return terms


def forwards(x, u, w, h0=0.0):
    terms, h = [], h0
    for value in x:
        previous, h = h, np.tanh(u * value + w * h)
        slope = 1 / np.cosh(u * value + w * previous) ** 2
        terms = [slope * w * term for term in terms] + [slope * previous]
    return np.array(terms)


def cumulative(x, u, w, h0=0.0):
    states = [h0]
    for value in x:
        states.append(np.tanh(u * value + w * states[-1]))
    states = np.array(states)
    slope = 1 - states[1:] ** 2
    factors = np.append(w * slope[1:], 1.0)
    return np.cumprod(factors[::-1])[::-1] * slope * states[:-1]


def of_every_state(x, u, w, h0=0.0):
    slope, h, slopes = 0.0, h0, []
    for value in x:
        previous, h = h, np.tanh(u * value + w * h)
        slope = (1 - h**2) * (previous + w * slope)
        slopes.append(slope)
    return np.array(slopes)


EXERCISE = Exercise(
    name="explicit_terms",
    points=10,
    returns="terms (T,)",
    reference=explicit_terms,
    cases=cases,
    alternatives=(products, backwards, forwards, cumulative),
    mistakes=(
        Mistake(
            "starts from zero",
            edit(products, ("h = [h0]", "h = [0.0]")),
            "Your network starts from zero, whatever the call says.",
            "One of the arguments is the state before the first input: h_1 needs it, and so does "
            "the first term.",
        ),
        Mistake(
            "the state is not used",
            edit(products, ("u * x[t] + w * h[-1]", "u * x[t]")),
            "Your states depend on their own input alone: they are wrong before any derivative.",
            "z has two terms. The second brings in the state of the step before.",
        ),
        Mistake(
            "a linear unit",
            edit(
                products,
                ("np.tanh(u * x[t] + w * h[-1])", "u * x[t] + w * h[-1]"),
                ("(1 - h[j] ** 2) * w", "w"),
                ("(1 - h[k] ** 2) * h[k - 1]", "h[k - 1]"),
            ),
            "Your unit is linear.",
            "h = tanh z: which of your factors change by that?",
        ),
        Mistake(
            "only the explicit parts",
            edit(products, ("jacobian * explicit", "explicit")),
            "Your last term is right; the others say what w does to h_k, not what becomes of it "
            "until T.",
            "A term is a product of two: the second carries it from h_k to h_T.",
        ),
        Mistake(
            "only the way to h_T",
            edit(products, ("jacobian * explicit", "jacobian")),
            "Your terms say what h_k does to h_T, but not what w does to h_k.",
            "A term is a product of two: where does w enter h_k itself?",
        ),
        Mistake(
            "one factor too many",
            edit(products, ("range(k + 1, T + 1)", "range(k, T + 1)")),
            "Your way from h_k to h_T has one factor too many.",
            "How many steps lead from h_k to h_T? For k = T there are none.",
        ),
        Mistake(
            "the last factor is missing",
            edit(products, ("range(k + 1, T + 1)", "range(k + 1, T)")),
            "Your last term is right; in all others the way stops before h_T.",
            "In Python, range(a, b) ends before b.",
        ),
        Mistake(
            "the way to one step only",
            edit(products, ("jacobian *= (1 - h[j] ** 2) * w", "jacobian = (1 - h[j] ** 2) * w")),
            "Your last two terms are right; in the others the way from h_k to h_T has one step.",
            "Each step in between brings a factor, and the factors multiply.",
        ),
        Mistake(
            "no w on the way",
            edit(products, ("(1 - h[j] ** 2) * w", "1 - h[j] ** 2")),
            "Your last term is right; on the way from h_k to h_T, w is left out.",
            "How does h_{j−1} enter h_j?",
        ),
        Mistake(
            "powers of w",
            edit(products, ("(1 - h[j] ** 2) * w", "w")),
            "Your last term is right; on the way from h_k to h_T no tanh is passed.",
            "Each step from h_{j−1} to h_j has a weight and a tanh.",
        ),
        Mistake(
            "one slope for all steps",
            edit(products, ("(1 - h[j] ** 2) * w", "(1 - h[T] ** 2) * w")),
            "Your last two terms are right; on the way from h_k to h_T every step takes the slope "
            "of step T.",
            "Each step has its own slope: the product is no power.",
        ),
        Mistake(
            "the slopes of the steps before",
            edit(products, ("(1 - h[j] ** 2) * w", "(1 - h[j - 1] ** 2) * w")),
            "Your last term is right; on the way from h_k to h_T each slope is taken one step too "
            "early.",
            "From h_{j−1} to h_j the tanh of step j is passed.",
        ),
        Mistake(
            "tanh once too often",
            edit(
                products,
                ("(1 - h[j] ** 2)", "(1 - np.tanh(h[j]) ** 2)"),
                ("(1 - h[k] ** 2)", "(1 - np.tanh(h[k]) ** 2)"),
            ),
            "In your slopes tanh was applied once too often.",
            "tanh′(z) = 1 − tanh²(z), and tanh(z) is h already.",
        ),
        Mistake(
            "the logistic function's slope",
            edit(
                products,
                ("(1 - h[j] ** 2)", "h[j] * (1 - h[j])"),
                ("(1 - h[k] ** 2)", "h[k] * (1 - h[k])"),
            ),
            "Your slopes are those of the logistic function.",
            "The unit is tanh. How steep is it at 0?",
        ),
        Mistake(
            "no slope in the explicit part",
            edit(products, ("(1 - h[k] ** 2) * h[k - 1]", "h[k - 1]")),
            "Your way from h_k to h_T is right; your explicit part is that of z_k.",
            "∂⁺h_k/∂w: from w to h_k there is a tanh as well.",
        ),
        Mistake(
            "the state of the same step",
            edit(products, ("(1 - h[k] ** 2) * h[k - 1]", "(1 - h[k] ** 2) * h[k]")),
            "Your explicit part takes h_k, the step's own state.",
            "Which state does w multiply in z_k?",
        ),
        Mistake(
            "the input for the state",
            edit(products, ("(1 - h[k] ** 2) * h[k - 1]", "(1 - h[k] ** 2) * x[k - 1]")),
            "Your terms add up to ∂h_T/∂u.",
            "What does w multiply in z_k?",
        ),
        Mistake(
            "h0 is not in the first term",
            edit(products, ("    return terms", "    terms[0] = 0.0\n    return terms")),
            "Your first term is zero; the others are right.",
            "w multiplies a state at the first step too.",
        ),
        Mistake(
            "the last state for h0",
            edit(backwards, ("terms[t] = z_bar * before[t]", "terms[t] = z_bar * h[t - 1]")),
            "All your terms are right but the first, which takes the last state for the one "
            "before.",
            "In Python, h[-1] is no error: it is the last entry.",
        ),
        Mistake(
            "total for explicit",
            edit(
                products,
                ("    terms = np.zeros(T)\n", "    terms = np.zeros(T)\n    total = 0.0\n"),
                (
                    "explicit = (1 - h[k] ** 2) * h[k - 1]",
                    "total = (1 - h[k] ** 2) * (h[k - 1] + w * total)",
                ),
                ("jacobian * explicit", "jacobian * total"),
            ),
            "Your first term is right; each later one also holds all terms before it, so that the "
            "last is ∂h_T/∂w already.",
            "In ∂⁺h_k/∂w the state h_{k−1} is held constant: that is what the ⁺ says. (Or did you "
            "add the terms up?)",
        ),
        Mistake(
            "in reversed order",
            edit(products, ("return terms", "return terms[::-1]")),
            "Right terms, but the last comes first.",
            "Entry k − 1 is the term of step k.",
        ),
        Mistake(
            "only the sum",
            edit(products, ("return terms", "return terms.sum()")),
            "You return ∂h_T/∂w, the sum of the terms; each of them is asked for.",
            "The result has T entries.",
        ),
        Mistake(
            "the derivatives of all states",
            of_every_state,
            "Your entries are ∂h_k/∂w, the derivatives of all states, one after another; the terms "
            "of the last one are asked for.",
            "Only the last of your numbers is ∂h_T/∂w: what does each use of w add to that one?",
        ),
    ),
)
