"""How far training is, for whoever waits for it."""

import sys

from tqdm import tqdm


class Progress:
    """A bar in a terminal; elsewhere a line after 1, 2, 5, 10 … updates and after the last."""

    def __init__(self, shown, total):
        # A notebook keeps all that is written to it, a bar's thousand forms too.
        terminal = sys.stderr.isatty()
        self.bar = tqdm(total=total, unit=" updates", disable=not (shown and terminal))
        self.lines = shown and not terminal
        self.update, self.text = 0, ""

    def show(self, u, loss, validation_losses):
        """Take in what is known after update u; a line is printed when u has passed."""
        if u > self.update and str(self.update).rstrip("0") in ("1", "2", "5"):
            self._print()
        self.text = f"loss {loss:.4g}"
        if validation_losses:
            self.text += f", validation {validation_losses[-1]:.4g}"
        self.bar.set_postfix_str(self.text, refresh=False)
        self.bar.update(u - self.update)
        self.update = u

    def close(self):
        """End the bar, or print the last line."""
        self.bar.close()
        if self.update:
            self._print()

    def _print(self):
        if self.lines:
            print(f"update {self.update}: {self.text}")
