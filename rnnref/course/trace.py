"""A tracer: values that remember how they were computed.

A network's step that is run on traced values draws its own computation graph: nothing about the
network is told to the tracer, it only watches NumPy's operations.
"""

from typing import NamedTuple

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

# The operations in which one operand is the weight of the other.
_PRODUCTS = (np.multiply, np.matmul)


class Traced(NDArrayOperatorsMixin):
    """A number or an array that remembers how it was computed.

    Operators and NumPy's elementwise functions of traced values give traced values.

    Parameters
    ----------
    value : float or ndarray
    name : str, optional
        What it is called in the network's equations, such as ``"h"``. A result has no name until
        `rename` gives it one.
    step : int, optional
        The time step of a variable; a parameter has none.

    Attributes
    ----------
    operation : numpy.ufunc or None
        What computed it; None where the computation starts.
    operands : tuple
        What it was computed from, traced values and plain ones.

    Examples
    --------
    >>> from rnnref.course.trace import Traced
    >>> w, h = Traced(0.5, "w"), Traced(3.0, "h", step=1)
    >>> product = w * h
    >>> product
    multiply(w, h_1) = 1.5
    """

    def __init__(self, value, name=None, step=None):
        self.value = value
        self.name = name
        self.step = step
        self.operation = None
        self.operands = ()

    def __repr__(self):
        return f"{_formula(self)} = {self.value}"

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        """Compute, and remember what from (NumPy's protocol for operators and functions)."""
        if method != "__call__" or options:
            return NotImplemented
        result = Traced(ufunc(*(_plain(operand) for operand in inputs)))
        result.operation, result.operands = ufunc, inputs
        return result

    def rename(self, name, step):
        """Return the same result as a variable of the network, such as h at step 3.

        Parameters
        ----------
        name : str
        step : int

        Returns
        -------
        Traced
        """
        variable = Traced(self.value, name, step)
        variable.operation, variable.operands = self.operation, self.operands
        return variable


class Link(NamedTuple):
    """An arrow of a computation graph: a variable enters another, times a weight.

    Parameters
    ----------
    source, target : tuple of (str, int)
        Name and step of each variable.
    weight : str
        Names of the weights on the way, outermost first; empty if there is none.
    """

    source: tuple[str, int]
    target: tuple[str, int]
    weight: str


class FoldedLink(NamedTuple):
    """Arrows that are alike at every step, with the time index forgotten.

    Parameters
    ----------
    source, target, weight : str
    delay : int
        Steps from source to target; 0 within one step.
    """

    source: str
    target: str
    weight: str
    delay: int


def variables(*results):
    """Return the variables that led to some results, and these themselves.

    Parameters
    ----------
    *results : Traced
        Variables, that is with name and step. Whatever they were computed from is followed back.

    Returns
    -------
    dict of (str, int) to Traced
        By name and step.
    """
    found, waiting = {}, list(results)
    while waiting:
        variable = waiting.pop()
        if (variable.name, variable.step) not in found:
            found[variable.name, variable.step] = variable
            waiting += [source for source, _ in _sources(variable)]
    return found


def links(*results):
    """Return the arrows between the variables that led to some results.

    Parameters
    ----------
    *results : Traced
        As in `variables`.

    Returns
    -------
    list of Link
        Each arrow once, ordered by the step of its target. Biases, which no variable enters
        through, are no arrows.
    """
    found = {
        Link((source.name, source.step), target, weight)
        for target, variable in variables(*results).items()
        for source, weight in _sources(variable)
    }
    return sorted(found, key=lambda link: (link.target[1], link.source[1], link))


def fold(arrows):
    """Forget the time index: arrows that differ in nothing else become one.

    Parameters
    ----------
    arrows : iterable of Link

    Returns
    -------
    list of FoldedLink
    """
    folded = {
        FoldedLink(link.source[0], link.target[0], link.weight, link.target[1] - link.source[1])
        for link in arrows
    }
    return sorted(folded)


def _sources(result):
    """Iterate over the variables that a result was computed from, with the weights between."""
    waiting = [(operand, weight) for operand, weight in _operands(result)]
    while waiting:
        operand, weight = waiting.pop()
        if operand.step is not None:
            yield operand, weight
        else:
            waiting += [(below, weight + inner) for below, inner in _operands(operand)]


def _operands(result):
    """Iterate over a result's traced operands, each with the weight it is multiplied by."""
    for i, operand in enumerate(result.operands):
        if isinstance(operand, Traced):
            others = (*result.operands[:i], *result.operands[i + 1 :])
            weights = [other.name for other in others if _is_parameter(other)]
            yield operand, "".join(weights) if result.operation in _PRODUCTS else ""


def _is_parameter(operand):
    return isinstance(operand, Traced) and operand.step is None and operand.name is not None


def _formula(operand):
    """Return how an operand was computed, down to what has a name."""
    if not isinstance(operand, Traced):
        return str(operand)
    if operand.name is not None:
        return operand.name if operand.step is None else f"{operand.name}_{operand.step}"
    if operand.operation is None:
        return "unnamed"
    return f"{operand.operation.__name__}({', '.join(map(_formula, operand.operands))})"


def _plain(operand):
    return operand.value if isinstance(operand, Traced) else operand
