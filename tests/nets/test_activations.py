"""Activation functions and their derivatives from the output."""

import numpy as np
import pytest

from rnnref.nets.activations import ACTIVATIONS

Z = np.array([-1e4, -40.0, -3.0, -1e-9, 0.25, 2.0, 40.0, 1e4])

DEFINITIONS = {
    "linear": lambda z: z,
    "logistic": lambda z: 1 / (1 + np.exp(np.clip(-z, -700, 700))),
    "relu": lambda z: np.where(z > 0, z, 0),
    "tanh": np.tanh,
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_values_without_overflow(name):
    y = ACTIVATIONS[name].function(Z)
    np.testing.assert_allclose(y, DEFINITIONS[name](Z), rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_derivative_from_the_output(name):
    function, derivative = ACTIVATIONS[name]
    z = np.linspace(-3, 3, 24)  # without 0
    slope = (function(z + 1e-6) - function(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(derivative(function(z)), slope, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["linear", "logistic", "tanh"])
def test_complex_step(name):
    function, derivative = ACTIVATIONS[name]
    z = np.linspace(-3, 3, 25)
    slope = function(z + 1e-100j).imag / 1e-100
    np.testing.assert_allclose(derivative(function(z)), slope, rtol=1e-13)


def test_the_derivative_of_relu_at_zero_is_zero():
    assert ACTIVATIONS["relu"].derivative(np.array([0.0, -0.0])).tolist() == [0, 0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", DEFINITIONS)
def test_in_place_and_in_the_dtype_that_came(name, dtype):
    function, derivative = ACTIVATIONS[name]
    z = Z.astype(dtype)
    y = function(z)
    assert y.dtype == derivative(y).dtype == dtype
    np.testing.assert_array_equal(z, Z.astype(dtype))
    assert function(z, out=z) is z
    np.testing.assert_array_equal(z, y)
