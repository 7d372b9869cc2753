"""The course's figures: one family of colours, one style, alt text for every picture.

Importing the package sets the style. Drawing functions take the axes first and plain arrays or
records, set titles, labels and ticks, and return what they drew.
"""

from .computation import draw_computation
from .heatmaps import draw_gates, draw_states, heatmap
from .lattice import draw_trellis
from .losses import draw_losses
from .norms import draw_norms
from .picture import show
from .reading import draw_reading
from .sensitivity import draw_sensitivity
from .style import COLOURS, DIVERGING, SEQUENTIAL, Colours, as_ink, ink_on
from .terms import draw_terms
from .timelines import timeline

__all__ = [
    "COLOURS",
    "DIVERGING",
    "SEQUENTIAL",
    "Colours",
    "as_ink",
    "draw_computation",
    "draw_gates",
    "draw_losses",
    "draw_norms",
    "draw_reading",
    "draw_sensitivity",
    "draw_states",
    "draw_terms",
    "draw_trellis",
    "heatmap",
    "ink_on",
    "show",
    "timeline",
]
