"""Stands for the package `rnnref` inside the sandbox: only what students may import is there."""

import sys
from importlib import import_module

_SENTENCE = "the reference is not available while grading"


class _Missing:
    """The last finder: whatever part of the package no other finder has found."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith("rnnref."):
            raise ImportError(f"{name}: {_SENTENCE}", name=name)


sys.meta_path.append(_Missing)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(f"module 'rnnref' has no attribute {name!r}")
    return import_module(f"rnnref.{name}")
