"""The look that all pictures share."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, RED, GREY, INK = "#2b6cb0", "#c2410c", "#94a3b8", "#1e293b"
GRID = "#e2e8f0"
WIDTH, HEIGHT = 6.4, 4.4  # inches
DPI = 120


def canvas(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """An empty figure, which no global state knows of."""
    return Figure(figsize=(width, height), layout="constrained", dpi=DPI)


def chart(
    title: str, x: str, y: str, width: float = WIDTH, height: float = HEIGHT
) -> tuple[Figure, Axes]:
    """A new figure with styled axes.

    Parameters
    ----------
    title : str
        What is to be seen, as a sentence.
    x, y : str
        Labels of the axes, with their units.
    width, height : float
        Of the figure, in inches.
    """
    figure = canvas(width, height)
    headline(figure, title)
    return figure, dress(figure.add_subplot(), x, y)


def dress(drawn: Axes, x: str, y: str) -> Axes:
    """Give axes a thin grid, no box, and labels."""
    drawn.spines[["top", "right"]].set_visible(False)
    drawn.spines[["left", "bottom"]].set_color(GREY)
    drawn.grid(color=GRID, linewidth=0.8)
    drawn.set_axisbelow(True)
    drawn.tick_params(color=GREY, labelcolor=INK, labelsize=9)
    drawn.set_xlabel(x, color=INK)
    drawn.set_ylabel(y, color=INK)
    return drawn


def headline(figure: Figure, title: str) -> None:
    """Set what a picture says above it."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=11.5, fontweight="bold", color=INK)


def legend(drawn: Axes, place: str) -> None:
    """A legend without a box, where there is something to name."""
    if not drawn.get_legend_handles_labels()[0]:
        return
    drawn.legend(loc=place, frameon=False, fontsize=9, labelcolor=INK)
