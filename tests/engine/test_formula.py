"""Functions given as arguments: values, slopes, what they refuse."""

import numpy as np
import pytest

from rnnref.engine.formula import Formula

SHAPES = {"W": (2, 3), "b": (3,), "s": ()}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (2, 1, 3)])
def test_the_gradient_is_that_of_the_values(rng, shape):
    f, x = Formula.draw(rng, shape), rng.normal(size=shape)
    v = rng.normal(size=shape)
    numeric = (f(x + 1e-6 * v) - f(x - 1e-6 * v)) / 2e-6
    assert np.sum(f.gradient(x) * v) == pytest.approx(numeric, rel=1e-7)
    assert f.gradient(x).shape == shape


def test_the_gradient_of_a_dict(rng):
    f, x = Formula.draw(rng, SHAPES), {k: rng.normal(size=s) for k, s in SHAPES.items()}
    for name in SHAPES:
        v = rng.normal(size=SHAPES[name])
        up, down = ({**x, name: x[name] + step * v} for step in (1e-6, -1e-6))
        numeric = (f(up) - f(down)) / 2e-6
        assert np.sum(f.gradient(x)[name] * v) == pytest.approx(numeric, rel=1e-7)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1.0, 2.0], "f takes for x a numpy.ndarray, got a list"),
        (np.float64(1.0), "f takes for x a numpy.ndarray, got a number"),
        (np.zeros(3), r"f takes for x an array of shape \(2,\) and dtype float64, got \(3,\)"),
        (np.zeros(2, int), "dtype float64, got .* and int64"),
    ],
)
def test_it_takes_nothing_else(rng, x, message):
    with pytest.raises(TypeError, match=message):
        Formula.draw(rng, (2,))(x)


def test_a_dict_has_the_keys_in_order(rng):
    f, x = Formula.draw(rng, SHAPES), {k: np.zeros(s) for k, s in SHAPES.items()}
    assert np.isfinite(f(x))
    for wrong in ({k: x[k] for k in ("W", "b")}, dict(reversed(x.items())), np.zeros(10)):
        with pytest.raises(TypeError, match="f takes a dict with the keys W, b, s, in this order"):
            f(wrong)
