"""What tests of several rooms share."""

import pytest

from rnnref.trees import named_leaves, with_leaves


@pytest.fixture
def without_b_hn():
    """Return a function that sets b_hn to 0 in parameters.

    A GRU with the reset before the product must have it so; differences of a loss would move it.
    """

    def zeroed(tree):
        names = named_leaves(tree, "tree")
        arrays = (0 * a if name.endswith("b_hn") else a for name, a in names.items())
        return with_leaves(tree, arrays)

    return zeroed
