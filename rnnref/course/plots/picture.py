"""Figures as Jupyter shows them: every picture has its alt text."""

import base64
import io

import matplotlib.pyplot as plt


class _Picture:
    """A figure as Jupyter shows it; as text it is its alt text."""

    def __init__(self, fig, alt):
        self._alt = alt
        # Twice the pixels of the page, for sharp screens.
        with io.BytesIO() as buffer:
            fig.savefig(buffer, format="png", dpi=2 * fig.dpi)
            self._png = base64.b64encode(buffer.getvalue()).decode("ascii")
        self._width = round(fig.get_figwidth() * fig.dpi)

    def __repr__(self):
        return self._alt

    def _repr_png_(self):
        return self._png, {"alt": self._alt, "width": self._width}


def show(fig, *, alt):
    """Show a figure with its alt text, and close it.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    alt : str
        What there is to see, for a reader who cannot see it.

    Raises
    ------
    ValueError
        If the alt text is empty.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import show
    >>> show(Figure(), alt=" ")
    Traceback (most recent call last):
    ValueError: show: alt must say what there is to see, got ' '
    """
    if not alt.strip():
        raise ValueError(f"show: alt must say what there is to see, got {alt!r}")
    # Only notebooks show figures, and only they are sure to have IPython.
    from IPython.display import display

    display(_Picture(fig, alt))
    plt.close(fig)
