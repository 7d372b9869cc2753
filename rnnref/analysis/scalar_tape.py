"""Backpropagation with the whole computation graph in sight: numbers that remember their gates."""

import math
from numbers import Real
from typing import NamedTuple


class Scalar:
    """A number that remembers how it was computed.

    Arithmetic with `Scalar` and plain numbers gives new ones; NumPy's arithmetic, ``@`` and
    np.tanh, np.exp and np.log work on arrays of them.

    Parameters
    ----------
    value : float
    name : str, optional
        Shown in drawings; it may be set later, too.

    Attributes
    ----------
    value : float
    grad : float
        ∂(output)/∂(this) after ``output.backward()``, 0 before.
    name : str
    op : str
        The gate that gave the value, ``"+"``, ``"tanh"``, …; ``""`` for an input.
    parents : tuple of Scalar
        What went into that gate.
    derivatives : tuple of float
        The gate's local derivatives, one for each parent.

    Raises
    ------
    TypeError
        If `value` is no real number.

    Notes
    -----
    A gate knows nothing of the rest of the graph: it has its local derivatives as soon as it has
    its value, and backwards it sends ``grad ∗ derivative`` to each parent, where what arrives is
    added. So ``+`` hands the gradient on to both, ``*`` multiplies it by the other value, max
    sends it to the larger only, and a value used twice, a copy gate, adds up two. D4.

    Examples
    --------
    The shared parameter of D4:

    >>> from rnnref import Scalar
    >>> w = Scalar(2.0, "w")
    >>> z = w**2 * (w - 3)
    >>> z.backward()
    >>> z.value, w.grad  # dz/dw = 3w² − 6w
    (-4.0, 0.0)
    >>> z.op, z.derivatives
    ('*', (-1.0, 4.0))
    """

    def __init__(self, value, name=""):
        if not isinstance(value, Real):
            raise TypeError(f"Scalar: value must be a real number, got {type(value).__name__}")
        self.value = float(value)
        self.grad = 0.0
        self.name = name
        self.op = ""
        self.parents = ()
        self.derivatives = ()

    def __repr__(self):
        """Return value and gradient in one line."""
        name = f", name={self.name!r}" if self.name else ""
        return f"Scalar({self.value:.6g}, grad={self.grad:.6g}{name})"

    def __add__(self, other):
        """Return self + other."""
        return _binary("+", self, other)

    def __sub__(self, other):
        """Return self − other."""
        return _binary("−", self, other)

    def __mul__(self, other):
        """Return self · other."""
        return _binary("*", self, other)

    def __truediv__(self, other):
        """Return self / other."""
        return _binary("/", self, other)

    def __radd__(self, other):
        """Return other + self."""
        return _binary("+", other, self)

    def __rsub__(self, other):
        """Return other − self."""
        return _binary("−", other, self)

    def __rmul__(self, other):
        """Return other · self."""
        return _binary("*", other, self)

    def __rtruediv__(self, other):
        """Return other / self."""
        return _binary("/", other, self)

    def __pow__(self, n):
        """Return self to the power of a plain number."""
        if not isinstance(n, Real):
            return NotImplemented
        slope = n * math.pow(self.value, n - 1) if n != 0 else 0.0
        return _gate(f"**{n:g}", math.pow(self.value, n), (self,), (slope,))

    def __neg__(self):
        """Return −self."""
        return _gate("neg", -self.value, (self,), (-1.0,))

    def exp(self):
        """Return e to the power of self."""
        y = math.exp(self.value)
        return _gate("exp", y, (self,), (y,))

    def log(self):
        """Return the natural logarithm."""
        return _gate("log", math.log(self.value), (self,), (1 / self.value,))

    def tanh(self):
        """Return the hyperbolic tangent."""
        y = math.tanh(self.value)
        return _gate("tanh", y, (self,), (1 - y**2,))

    def logistic(self):
        """Return σ(self), as ½ (1 + tanh(self / 2)), which cannot overflow."""
        y = 0.5 * (1 + math.tanh(0.5 * self.value))
        return _gate("σ", y, (self,), (y * (1 - y),))

    def relu(self):
        """Return max(self, 0); its derivative at 0 is taken as 0."""
        return _gate("relu", max(self.value, 0.0), (self,), (float(self.value > 0),))

    def maximum(self, other):
        """Return the larger of two; if they are equal, the gradient goes to `other`."""
        return _binary("max", self, other if isinstance(other, Scalar) else Scalar(other))

    def backward(self):
        """Set `grad` to ∂(self)/∂(it) in everything that self was computed from."""
        nodes = _in_order(self)
        for node in nodes:
            node.grad = 0.0
        self.grad = 1.0
        for node in reversed(nodes):
            for parent, derivative in zip(node.parents, node.derivatives, strict=True):
                parent.grad += node.grad * derivative


class ScalarNode(NamedTuple):
    """A value in the graph of a computation.

    Parameters
    ----------
    id : int
        Counted from 0; what a gate reads has a lower one than what it gives.
    name : str
        ``""`` if it has none.
    op : str
        The gate that gave it; ``""`` for an input.
    value : float
    grad : float
        As the last ``backward()`` left it.

    Examples
    --------
    >>> from rnnref import Scalar, scalar_graph
    >>> nodes, _ = scalar_graph(Scalar(3.0, "x").tanh())
    >>> nodes[0]
    ScalarNode(id=0, name='x', op='', value=3.0, grad=0.0)
    """

    id: int
    name: str
    op: str
    value: float
    grad: float


class ScalarEdge(NamedTuple):
    """A value that goes into a gate.

    Parameters
    ----------
    source, target : int
        Ids of the value and of what the gate gives.
    derivative : float
        The local derivative ∂target/∂source, along this edge only.

    Examples
    --------
    >>> from rnnref import Scalar, scalar_graph
    >>> _, edges = scalar_graph(Scalar(3.0) ** 2)
    >>> edges
    [ScalarEdge(source=0, target=1, derivative=6.0)]
    """

    source: int
    target: int
    derivative: float


def scalar_graph(output):
    """Describe the graph of a computation, to be drawn.

    Parameters
    ----------
    output : Scalar
        Its last value; call ``output.backward()`` first if gradients are to be shown.

    Returns
    -------
    nodes : list of ScalarNode
        Every value that `output` was computed from, each after those it depends on; the last is
        `output` itself.
    edges : list of ScalarEdge
        In the order of their targets; two of them join a pair of nodes for ``x * x``.

    Raises
    ------
    TypeError
        If `output` is no Scalar.

    Notes
    -----
    A node's gradient is the sum, over its outgoing edges, of the target's gradient times the
    edge's derivative: D4's rule for a value that goes to more than one gate.

    Examples
    --------
    >>> from rnnref import Scalar, scalar_graph
    >>> x, y = Scalar(3.0, "x"), Scalar(-2.0, "y")
    >>> z = x * y
    >>> z.backward()
    >>> nodes, edges = scalar_graph(z)
    >>> [(node.name or node.op, node.value, node.grad) for node in nodes]
    [('x', 3.0, -2.0), ('y', -2.0, 3.0), ('*', -6.0, 1.0)]
    >>> [tuple(edge) for edge in edges]
    [(0, 2, -2.0), (1, 2, 3.0)]
    """
    if not isinstance(output, Scalar):
        raise TypeError(f"scalar_graph: output must be a Scalar, got {type(output).__name__}")
    order = _in_order(output)
    ids = {node: i for i, node in enumerate(order)}
    nodes = [ScalarNode(ids[node], node.name, node.op, node.value, node.grad) for node in order]
    edges = [
        ScalarEdge(ids[parent], ids[node], derivative)
        for node in order
        for parent, derivative in zip(node.parents, node.derivatives, strict=True)
    ]
    return nodes, edges


def _gate(op, value, parents, derivatives):
    """Return what a gate gives."""
    result = Scalar(value)
    result.op, result.parents, result.derivatives = op, parents, derivatives
    return result


# The value that a gate of two gives, and its derivatives with respect to each.
_BINARY = {
    "+": lambda a, b: (a + b, 1.0, 1.0),
    "−": lambda a, b: (a - b, 1.0, -1.0),
    "*": lambda a, b: (a * b, b, a),
    "/": lambda a, b: (a / b, 1 / b, -a / b**2),
    "max": lambda a, b: (max(a, b), float(a > b), float(a <= b)),
}


def _binary(op, a, b):
    """Return what a gate of two gives; plain numbers become inputs of the graph."""
    if not (isinstance(a, Scalar | Real) and isinstance(b, Scalar | Real)):
        return NotImplemented  # an array, for one, then goes through its elements
    a, b = (v if isinstance(v, Scalar) else Scalar(v) for v in (a, b))
    value, *derivatives = _BINARY[op](a.value, b.value)
    return _gate(op, value, (a, b), tuple(derivatives))


def _in_order(output):
    """Return all that `output` was computed from, each after its parents, and `output` last."""
    order, seen, stack = [], set(), [(output, False)]
    while stack:  # a recursion would end at Python's limit of a thousand gates
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(node.parents))
    return order
