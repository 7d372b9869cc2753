"""Parameters as trees: an array, None, or a tuple of trees, named or not."""

import numpy as np


def named_leaves(tree, name):
    """Return the arrays of a tree by name, such as ``params[0].W``, in order; None has none.

    Raises
    ------
    TypeError
        If anything but an array, None or a tuple is in the tree.
    """
    if tree is None:
        return {}
    if isinstance(tree, np.ndarray):
        return {name: tree}
    if not isinstance(tree, tuple):
        kind = type(tree).__name__
        raise TypeError(f"{name} must be an array, None or a tuple of such, got {kind}")
    if hasattr(tree, "_fields"):
        parts = [f"{name}.{field}" for field in tree._fields]
    else:
        parts = [f"{name}[{i}]" for i in range(len(tree))]
    return {
        leaf: array
        for part, branch in zip(parts, tree, strict=True)
        for leaf, array in named_leaves(branch, part).items()
    }


def with_leaves(tree, arrays):
    """Return a tree built like `tree` out of `arrays`, an iterator in the order of its leaves."""
    if tree is None:
        return None
    if isinstance(tree, np.ndarray):
        return next(arrays)
    parts = [with_leaves(branch, arrays) for branch in tree]
    return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
