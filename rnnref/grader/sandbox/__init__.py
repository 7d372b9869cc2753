"""Where students' code runs: apart from answers, marks, files, the network and each other.

`Sandbox` makes a `Child` for each notebook, a `Proxy` stands for a student's function on this
side. What lies in `inside/` runs in the sandbox, with the two modules that it shares with this
side, `wire` and `values`, and the engine's codec; nothing else of ours is there but
`rnnref.course`.
"""

from .launch import SandboxUnavailable
from .sandbox import Sandbox

__all__ = ["Sandbox", "SandboxUnavailable"]
