"""A name of the student's notebook on the trusted side: calls go into the sandbox, values back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence

from ...engine.outcome import Outcome
from .child import Child, ChildEnded, Reply

_ARRAY = "a subclass of ndarray"


class Proxy:
    """Stands for a function (or a variable) of a student's notebook.

    Parameters
    ----------
    child : Child
        The process that holds it.
    name : str
        Its name in the notebook.
    """

    def __init__(self, child: Child, name: str):
        self.child = child
        self.name = name

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_) -> None:
        self.child.close()

    def outcome(
        self,
        args: Sequence,
        kwargs: Mapping[str, object] | None = None,
        *,
        errstate: str = "ignore",
    ) -> Outcome:
        """Call the function once; see `Child.call`.

        Parameters
        ----------
        args, kwargs : sequence, mapping
            The arguments.
        errstate : str
            For `numpy.errstate`.

        Returns
        -------
        Outcome
        """
        try:
            return _outcome(self.child.call(self.name, args, kwargs, errstate=errstate), "returned")
        except ChildEnded as error:
            return Outcome(ended=error.ended.text)

    def fetch(self) -> Outcome:
        """The variable's value.

        Returns
        -------
        Outcome
        """
        try:
            return _outcome(self.child.get(self.name), f"{self.name} is")
        except ChildEnded as error:
            return Outcome(ended=error.ended.text)

    def fork(self) -> Proxy:
        """The same name in a fresh fork, which the proxy closes at the end of a ``with``.

        Returns
        -------
        Proxy
            If no fork can be made the child has ended, and so say all its outcomes.
        """
        try:
            return Proxy(self.child.fork(), self.name)
        except ChildEnded:
            return self

    def bind(self, name: str, callback: Callable) -> None:
        """Put a function of this side in the place of another name; see `Child.bind`.

        Parameters
        ----------
        name : str
            The name.
        callback : callable
            The function.
        """
        # A process that has ended says so in the next outcome.
        with contextlib.suppress(ChildEnded):
            self.child.bind(name, callback)


def _outcome(reply: Reply, verb: str) -> Outcome:
    """A reply in the engine's terms."""
    changed = reply.changed
    if reply.ended:
        return Outcome(ended=reply.ended.text)
    if reply.error and reply.error.kind == "SystemExit":
        return Outcome(changed=changed, ended="your function ended the whole program (exit)")
    if reply.error:
        return Outcome(error=reply.error, changed=changed)
    if reply.refused:
        advice = "; return a plain numpy array" if reply.refused.startswith(_ARRAY) else ""
        return Outcome(changed=changed, refused=f"{verb} {reply.refused}{advice}")
    return Outcome(reply.value, changed=changed, shared=reply.shared)
