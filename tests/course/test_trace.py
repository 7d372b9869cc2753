"""Traced values: NumPy's numbers, and the graph that led to them."""

import numpy as np
import pytest

from rnnref.course.trace import FoldedLink, Link, Traced, fold, links, variables


def run(T, step, *, weights=None):
    """Trace a network of one unit over T steps."""
    names = weights or ["u", "w", "v"]
    u, w, v = (Traced(0.5, name) for name in names)
    h, outputs = Traced(0.0, "h", 0), []
    for t in range(1, T + 1):
        h = step(Traced(1.0, "x", t), h, u, w).rename("h", t)
        outputs.append((v * h).rename("o", t))
    return outputs


def linear(x, h, u, w):
    return u * x + w * h


def reversed_operands(x, h, u, w):
    return np.tanh(h * w - (-x) * u + 1.0)


class TestTraced:
    def test_values_are_numpys(self):
        rng = np.random.default_rng(0)
        U, W, b = rng.normal(size=(3, 2)), rng.normal(size=(3, 3)), rng.normal(size=3)
        x, h = rng.normal(size=2), rng.normal(size=3)
        traced = np.tanh(Traced(U, "U") @ Traced(x, "x", 1) + Traced(W, "W") @ h + b)
        np.testing.assert_array_equal(traced.value, np.tanh(U @ x + W @ h + b))

    @pytest.mark.parametrize("plain", [2, 2.0, np.float64(2), np.array([2.0, 3.0])])
    def test_plain_values_may_stand_on_either_side(self, plain):
        for result in (plain * Traced(3.0, "w"), Traced(3.0, "w") * plain):
            np.testing.assert_array_equal(result.value, 3 * plain)

    def test_shows_what_it_was_computed_from(self):
        x, h, u, w = (
            Traced(2.0, "x", 1),
            Traced(1.5, "h", 0),
            Traced(1.0, "u"),
            Traced(1.0, "w"),
        )
        assert repr(linear(x, h, u, w)) == "add(multiply(u, x_1), multiply(w, h_0)) = 3.5"
        assert repr(linear(x, h, u, 2.0)) == "add(multiply(u, x_1), multiply(2.0, h_0)) = 5.0"
        assert repr(Traced(1.0)) == "unnamed = 1.0"

    def test_renamed_it_keeps_value_and_past(self):
        product = Traced(0.5, "w") * Traced(3.0, "h", 1)
        state = product.rename("h", 2)
        assert (state.name, state.step, state.value) == ("h", 2, 1.5)
        assert (state.operation, state.operands) == (np.multiply, product.operands)
        assert product.name is None

    def test_refuses_what_it_does_not_follow(self):
        with pytest.raises(TypeError):
            np.add.reduce(Traced(np.ones(3), "x", 1))


class TestLinks:
    @pytest.mark.parametrize("step", [linear, reversed_operands])
    def test_finds_every_arrow_with_its_weight(self, step):
        assert set(links(*run(2, step))) == {
            Link(("x", 1), ("h", 1), "u"),
            Link(("h", 0), ("h", 1), "w"),
            Link(("h", 1), ("o", 1), "v"),
            Link(("x", 2), ("h", 2), "u"),
            Link(("h", 1), ("h", 2), "w"),
            Link(("h", 2), ("o", 2), "v"),
        }

    @pytest.mark.parametrize("T", [1, 2, 40])
    def test_grow_with_the_sequence(self, T):
        assert len(links(*run(T, linear))) == 3 * T

    def test_only_what_led_to_the_result_counts(self):
        first, _, _ = run(3, linear)
        assert set(variables(first)) == {("x", 1), ("h", 0), ("h", 1), ("o", 1)}
        assert len(links(first)) == 3

    def test_a_bias_is_no_arrow(self):
        state = np.tanh(Traced(2.0, "u") * Traced(1.0, "x", 1) + Traced(3.0, "b"))
        assert links(state.rename("h", 1)) == [Link(("x", 1), ("h", 1), "u")]

    def test_without_a_weight_the_arrow_has_none(self):
        total = Traced(2.0, "h", 0) + Traced(1.0, "x", 1)
        assert {link.weight for link in links(total.rename("h", 1))} == {""}

    def test_weights_on_one_way_are_joined_the_outermost_first(self):
        shown = Traced(2.0, "v") * (Traced(3.0, "w") * Traced(1.0, "h", 1))
        assert links(shown.rename("o", 2)) == [Link(("h", 1), ("o", 2), "vw")]


class TestFold:
    @pytest.mark.parametrize("T", [1, 2, 40])
    def test_a_shared_network_folds_to_its_cycle(self, T):
        assert fold(links(*run(T, linear))) == [
            FoldedLink("h", "h", "w", 1),
            FoldedLink("h", "o", "v", 0),
            FoldedLink("x", "h", "u", 0),
        ]

    def test_separate_weights_do_not_fold(self):
        arrows = [Link(("h", t - 1), ("h", t), f"w_{t}") for t in (1, 2, 3)]
        assert len(fold(arrows)) == 3
