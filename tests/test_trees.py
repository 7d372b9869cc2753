"""Nested tuples of arrays."""

from typing import NamedTuple

import numpy as np

from rnnref.trees import named_leaves, with_leaves


class Gate(NamedTuple):
    """Two arrays."""

    U: np.ndarray
    P: np.ndarray | None


U, w = np.ones((2, 3)), np.ones(4)
TREE = (Gate(U, None), (w, ()), Gate(U, w))


def test_leaves_are_named_in_order():
    names = ["p[0].U", "p[1][0]", "p[2].U", "p[2].P"]
    assert list(named_leaves(TREE, "p")) == names
    assert named_leaves(w, "p") == {"p": w}
    assert named_leaves(None, "p") == {}


def test_a_tree_is_rebuilt_with_its_types():
    leaves = named_leaves(TREE, "p").values()
    again = with_leaves(TREE, (2 * a for a in leaves))
    assert isinstance(again[0], Gate)
    assert again[0].P is None
    assert again[1][1] == ()
    assert all((a == 2).all() for a in named_leaves(again, "p").values())
