"""IPython as a notebook's kernel has it: displays, figures, magics, but no history and no input."""

from __future__ import annotations

import base64
import builtins
import getpass
import json
import subprocess
import sys
import warnings
from collections.abc import Callable

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell, InteractiveShellABC
from traitlets import Type
from traitlets.config import Config

Show = Callable[[dict], None]


class Publisher(DisplayPublisher):
    """Hands what is displayed to `send`."""

    send: Show = staticmethod(lambda message: None)

    def publish(self, data, metadata=None, *, transient=None, update=False, **_):
        """Show, or change what was shown under the same display id."""
        kind = "update_display_data" if update else "display_data"
        identity = (transient or {}).get("display_id")
        self.send(_message(kind, data, metadata) | {"display_id": identity})

    def clear_output(self, wait=False):
        """Take away what the cell has shown."""
        self.send({"show": "clear_output", "wait": bool(wait)})


class ResultHook(DisplayHook):
    """Hands a cell's last value to the publisher's `send`."""

    def start_displayhook(self):
        """Nothing is printed before a value."""

    def write_output_prompt(self):
        """The prompt belongs to the notebook's page."""

    def write_format_data(self, format_dict, md_dict=None):
        """Show the value."""
        message = _message("execute_result", format_dict, md_dict)
        self.shell.display_pub.send(message | {"count": self.prompt_count})

    def finish_displayhook(self):
        """Nothing is printed after a value."""


class Shell(InteractiveShell):
    """A shell whose displays go to a publisher and whose errors are kept for the reply."""

    display_pub_class = Type(Publisher)
    displayhook_class = Type(ResultHook)
    # (name, text, traceback) of the last exception that was shown.
    shown_error: tuple[str, str, list[str]] | None = None

    def enable_gui(self, gui=None):
        """No window can open here."""

    def enable_matplotlib(self, gui=None):
        """Every backend is the notebook's own."""
        return super().enable_matplotlib("inline")

    def system(self, cmd):
        """Run a shell command; it writes where print does."""
        sys.stdout.flush()
        sys.stderr.flush()
        line = self.var_expand(cmd, depth=1)
        self.user_ns["_exit_code"] = subprocess.call(line, shell=True, stdout=1, stderr=2)

    def ask_exit(self):
        """`exit` and `quit` end a cell as `sys.exit` does."""
        raise SystemExit

    def _showtraceback(self, etype, evalue, stb):
        try:
            text = str(evalue)
        except BaseException as error:
            text = f"<its text could not be had: {type(error).__name__}>"
        self.shown_error = str(etype.__name__), text, [str(line) for line in stb]


InteractiveShellABC.register(Shell)


def start() -> Shell:
    """The one shell of this process, with everything loaded that a first use would load.

    Returns
    -------
    Shell
    """
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.cache_size = 100
    config.InteractiveShell.colors = "nocolor"
    config.Completer.use_jedi = False
    # `instance`, or `display` and figures would not find the shell.
    shell = Shell.instance(config=config)
    builtins.input = getpass.getpass = _no_input
    shell.run_line_magic("matplotlib", "inline")
    _warm_up(shell)
    return shell


def _warm_up(shell: Shell) -> None:
    """Run one of everything: each fork would otherwise import it anew."""
    cells = (
        "import matplotlib.pyplot as plt, numpy as np, numpy.random, numpy.linalg, numpy.fft\n"
        "from IPython.display import HTML, Markdown, clear_output, display\n"
        "fig, ax = plt.subplots(); ax.plot([1, 2], label='$x_t$'); ax.set_title('t'); ax.legend()\n"
        "plt.show(); display(HTML('x')); display(Markdown('x')); clear_output()",
        "%%time\nnp.random.default_rng(0).normal(size=3)",
        "1 / 0",
        "1 +",
        "np.arange(3) @ np.arange(4)",
        "!true",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cell in cells:
            shell.run_cell(cell, store_history=True)
    shell.reset(new_session=True, aggressive=False)
    shell.shown_error = None
    sys.modules["matplotlib.pyplot"].close("all")


def _message(kind: str, data: dict, metadata: dict | None) -> dict:
    """A display as plain JSON, binary data as the notebook format has it."""
    plain = {mime: _plain(part) for mime, part in data.items()}
    text = json.dumps([plain, metadata or {}], default=_plain, allow_nan=True)
    # NaN and infinity are no JSON, but displays of data frames may hold them.
    plain, metadata = json.loads(text, parse_constant=str)
    return {"show": kind, "data": plain, "metadata": metadata}


def _plain(part: object) -> object:
    if isinstance(part, bytes):
        return base64.b64encode(part).decode("ascii")
    if part is None or isinstance(part, str | int | float | bool | list | tuple | dict):
        return part
    return repr(part)


def _no_input(prompt="", *args, **kwargs):
    raise RuntimeError("input() has nobody to ask here: this notebook runs without a reader")
