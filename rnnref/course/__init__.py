"""What notebooks may import: the face of the checks, tasks and plots.

Nothing here computes an answer; this room imports no other room.
"""

from .check import Checker, checker

__all__ = ["Checker", "checker"]
