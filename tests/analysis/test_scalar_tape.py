"""The scalar tape: gates, graphs, and derivatives known from elsewhere."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnref import RNNParams, Scalar, rnn_backward, rnn_forward, scalar_graph


def gradients(output, *inputs):
    output.backward()
    return [x.grad for x in inputs]


@pytest.mark.parametrize(
    ("gate", "op", "inputs", "value", "derivatives"),
    [
        (lambda a, b: a + b, "+", (2, 5), 7, (1, 1)),
        (lambda a, b: a - b, "−", (2, 5), -3, (1, -1)),
        (lambda a, b: a * b, "*", (2, 5), 10, (5, 2)),
        (lambda a, b: a / b, "/", (2, 5), 0.4, (0.2, -0.08)),
        (lambda a, b: a.maximum(b), "max", (2, 5), 5, (0, 1)),
        (lambda a, b: a.maximum(b), "max", (5, 2), 5, (1, 0)),
        (lambda a, b: a.maximum(b), "max", (2, 2), 2, (0, 1)),
        (lambda a: -a, "neg", (2,), -2, (-1,)),
        (lambda a: a**3, "**3", (2,), 8, (12,)),
        (lambda a: a**0.5, "**0.5", (4,), 2, (0.25,)),
        (lambda a: a**-1, "**-1", (2,), 0.5, (-0.25,)),
        (lambda a: a**0, "**0", (0,), 1, (0,)),
        (lambda a: a**1, "**1", (0,), 0, (1,)),
        (lambda a: a.exp(), "exp", (1,), math.e, (math.e,)),
        (lambda a: a.log(), "log", (4,), math.log(4), (0.25,)),
        (lambda a: a.tanh(), "tanh", (0.5,), math.tanh(0.5), (1 / math.cosh(0.5) ** 2,)),
        (lambda a: a.logistic(), "σ", (0,), 0.5, (0.25,)),
        (lambda a: a.logistic(), "σ", (-1000,), 0, (0,)),
        (lambda a: a.logistic(), "σ", (1000,), 1, (0,)),
        (lambda a: a.relu(), "relu", (3,), 3, (1,)),
        (lambda a: a.relu(), "relu", (-3,), 0, (0,)),
        (lambda a: a.relu(), "relu", (0,), 0, (0,)),
    ],
)
def test_each_gate_has_its_local_derivatives(gate, op, inputs, value, derivatives):
    inputs = [Scalar(x) for x in inputs]
    output = gate(*inputs)
    assert output.op == op
    assert output.parents == tuple(inputs)
    np.testing.assert_allclose([output.value], [value], rtol=1e-14)
    np.testing.assert_allclose(output.derivatives, derivatives, rtol=1e-14)
    np.testing.assert_allclose(gradients(output, *inputs), derivatives, rtol=1e-14)


@pytest.mark.parametrize("number", [3, 3.0, np.float64(3), np.float32(3), np.int64(3), True])
def test_plain_numbers_on_either_side(number):
    x, n = Scalar(2.0), float(number)
    results = [x + number, x - number, x * number, x / number]
    results += [number + x, number - x, number * x, number / x]
    values = [2 + n, 2 - n, 2 * n, 2 / n, n + 2, n - 2, n * 2, n / 2]
    slopes = [1, 1, n, 1 / n, 1, -1, n, -n / 4]
    assert all(type(result) is Scalar and type(result.value) is float for result in results)
    np.testing.assert_allclose([result.value for result in results], values)
    np.testing.assert_allclose([gradients(result, x)[0] for result in results], slopes)


def test_the_class_example():
    # y₁ = σ(w₁ᵀx), y₂ = σ(w₂ᵀx), p = σ(v₁y₁ − v₂y₂), L′ = (p − t)², and the gradients by hand.
    x, w1, w2, v1, v2, t = np.array([1.0, -2.0]), [0.5, 0.3], [-0.4, 0.1], 0.7, -0.6, 1.0

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    y1, y2 = sigmoid(np.dot(w1, x)), sigmoid(np.dot(w2, x))
    p = sigmoid(v1 * y1 - v2 * y2)
    dp = 2 * (p - t) * p * (1 - p)
    expected = [
        *(dp * v1 * y1 * (1 - y1) * x),
        *(-dp * v2 * y2 * (1 - y2) * x),
        *(dp * y1, -dp * y2),
    ]

    w1, w2 = (np.array([Scalar(w) for w in ws]) for ws in (w1, w2))
    v1, v2 = Scalar(v1), Scalar(v2)
    loss = ((v1 * (w1 @ x).logistic() - v2 * (w2 @ x).logistic()).logistic() - t) ** 2
    np.testing.assert_allclose(loss.value, (p - t) ** 2, rtol=1e-14)
    np.testing.assert_allclose(gradients(loss, *w1, *w2, v1, v2), expected, rtol=1e-13)


@given(w=st.floats(-10, 10))
def test_the_shared_scalar(w):
    # z = w²(w − 3): 2w(w − 3) comes through the square, w² through the bracket.
    w = Scalar(w)
    square, bracket = w**2, w - 3
    z = square * bracket
    (dw,) = gradients(z, w)
    assert dw == 2 * w.value * (w.value - 3) + w.value**2
    assert square.grad * square.derivatives[0] == 2 * w.value * (w.value - 3)
    assert bracket.grad * bracket.derivatives[0] == w.value**2


def test_a_value_used_often_adds_up_its_gradients():
    x = Scalar(3.0)
    assert gradients(x + x, x) == [2]
    assert gradients(x * x, x) == [6]
    assert gradients(x * x * x, x) == [27]
    y = x * x
    assert gradients(y * y + y, x) == [4 * 27 + 6]
    assert gradients(x, x) == [1]


def test_a_second_backward_starts_afresh():
    x = Scalar(3.0)
    y = x * x
    z = y * y
    assert gradients(z, x) == gradients(z, x) == [108]
    assert gradients(y, x) == [6]


def test_each_gate_is_done_after_all_that_use_it():
    # A short and a long way from x to the output, so that the order matters.
    x = Scalar(2.0)
    y = x * 3
    long = y
    for _ in range(5):
        long = long + 1
    for output in (y * long, long * y):
        assert gradients(output, x) == [3 * (6 + 11)]


def test_deep_graphs():
    x = Scalar(1.0)
    y = x
    for _ in range(10_000):
        y = y * 1.0001
    np.testing.assert_allclose(gradients(y, x), [1.0001**10_000], rtol=1e-10)
    nodes, edges = scalar_graph(y)
    assert (len(nodes), len(edges)) == (20_001, 20_000)


def test_many_ways_through_the_graph_cost_no_more_than_its_edges():
    x = Scalar(1.0)
    y = x
    for _ in range(60):
        y = 0.5 * (y + y)  # 2⁶⁰ paths
    assert gradients(y, x) == [1]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), x=st.floats(-1, 1))
def test_sums_and_products_of_series(seed, x):
    # A polynomial by Horner's rule, whose derivative is known.
    coefficients = np.random.default_rng(seed).normal(size=6)
    x, y = Scalar(x), 0.0
    for c in coefficients:
        y = y * x + c
    np.testing.assert_allclose(y.value, np.polyval(coefficients, x.value), atol=1e-12)
    slope = np.polyval(np.polyder(coefficients), x.value)
    np.testing.assert_allclose(gradients(y, x), [slope], atol=1e-12)


def scalars(array):
    """Return an object array of Scalars."""
    return np.vectorize(Scalar, otypes=[object])(array)


def grads(array):
    return np.vectorize(lambda s: s.grad, otypes=[float])(array)


@pytest.mark.parametrize("activation", ["linear", "logistic", "relu", "tanh"])
def test_a_recurrent_network_written_in_scalars(activation):
    rng = np.random.default_rng(0)
    T, B, D, H = 4, 2, 3, 3
    U, W, b, x, h0, dh = (
        rng.normal(size=shape) for shape in [(H, D), (H, H), H, (T, B, D), (B, H), (T, B, H)]
    )
    h, _, cache = rnn_forward(RNNParams(U, W, b), x, h0, activation=activation)
    dx, dh0, dparams = rnn_backward(dh, cache)

    phi = {"linear": lambda z: z, "tanh": np.tanh}.get(
        activation, np.vectorize(lambda z: getattr(z, activation)(), otypes=[object])
    )
    U, W, b, x, h0 = (scalars(a) for a in (U, W, b, x, h0))
    loss, state = 0.0, h0
    for t in range(T):
        state = phi(x[t] @ U.T + state @ W.T + b)
        np.testing.assert_allclose([[s.value for s in row] for row in state], h[t], rtol=1e-12)
        loss = loss + np.sum(dh[t] * state)
    loss.backward()
    for array, expected in zip((x, h0, U, W, b), (dx, dh0, *dparams), strict=True):
        np.testing.assert_allclose(grads(array), expected, rtol=1e-11, atol=1e-13)


def test_vectors_component_by_component():
    # L = 1ᵀσ(Wx): dL/dW = σ′(Wx) xᵀ.
    rng = np.random.default_rng(0)
    W, x = rng.normal(size=(3, 2)), rng.normal(size=2)
    y = 1 / (1 + np.exp(-W @ x))
    nodes = scalars(W)
    sum(z.logistic() for z in nodes @ x).backward()
    np.testing.assert_allclose(grads(nodes), np.outer(y * (1 - y), x), rtol=1e-13)


def test_the_graph_of_the_shared_scalar():
    w = Scalar(2.0, "w")
    square = w**2
    square.name = "x"
    z = square * (w - 3)
    z.backward()
    nodes, edges = scalar_graph(z)
    assert [tuple(node) for node in nodes] == [
        (0, "w", "", 2.0, 0.0),
        (1, "x", "**2", 4.0, -1.0),
        (2, "", "", 3.0, -4.0),
        (3, "", "−", -1.0, 4.0),
        (4, "", "*", -4.0, 1.0),
    ]
    assert [tuple(edge) for edge in edges] == [
        (0, 1, 4.0),
        (0, 3, 1.0),
        (2, 3, -1.0),
        (1, 4, -1.0),
        (3, 4, 4.0),
    ]


def test_in_a_graph_every_gradient_is_the_sum_over_its_outgoing_edges():
    x, y = Scalar(0.3), Scalar(-0.7)
    z = x * y + x.tanh()
    z = z.logistic() * z / (x + 2) + z * z
    z.backward()
    nodes, edges = scalar_graph(z)
    assert [node.id for node in nodes] == list(range(len(nodes)))
    assert all(edge.source < edge.target for edge in edges)
    for node in nodes[:-1]:
        sent = sum(nodes[e.target].grad * e.derivative for e in edges if e.source == node.id)
        np.testing.assert_allclose(node.grad, sent, rtol=1e-14)


def test_both_edges_of_a_square():
    x = Scalar(3.0)
    assert [tuple(edge) for edge in scalar_graph(x * x)[1]] == [(0, 1, 3.0), (0, 1, 3.0)]


def test_it_shows_value_gradient_and_name():
    x = Scalar(3, "x")
    (x * 2.5).backward()
    assert repr(x) == "Scalar(3, grad=2.5, name='x')"
    assert repr(Scalar(1 / 3)) == "Scalar(0.333333, grad=0)"


@pytest.mark.parametrize("value", ["a", None, 1j, Scalar(1.0), np.ones(2)])
def test_a_value_must_be_a_number(value):
    with pytest.raises(TypeError, match=r"^Scalar: value must be a real number, got "):
        Scalar(value)


@pytest.mark.parametrize(
    "expression",
    [
        lambda x: x + "a",
        lambda x: "a" + x,
        lambda x: x - None,
        lambda x: [1] / x,
        lambda x: x**x,
        lambda x: 2**x,
        lambda x: x.maximum("a"),
        lambda x: scalar_graph(2.0),
    ],
)
def test_what_cannot_be_computed_is_a_type_error(expression):
    with pytest.raises(TypeError):
        expression(Scalar(2.0))


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        (lambda x: x.log(), ValueError),
        (lambda x: (x - 1) ** 0.5, ValueError),
        (lambda x: 1 / x, ZeroDivisionError),
        (lambda x: (x + 1000).exp(), OverflowError),
    ],
)
def test_what_has_no_value_is_an_error(expression, error):
    with pytest.raises(error):
        expression(Scalar(0.0))
