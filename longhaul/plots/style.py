"""Common style of all charts."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, RED, GREY, INK = "#2b6cb0", "#c2410c", "#94a3b8", "#1e293b"
GRID = "#e2e8f0"
WIDTH, HEIGHT = 6.4, 4.4  # inches
DPI = 120


def canvas(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """Return an empty figure, which pyplot does not keep."""
    return Figure(figsize=(width, height), layout="constrained", dpi=DPI)


def chart(
    title: str, x: str, y: str, width: float = WIDTH, height: float = HEIGHT
) -> tuple[Figure, Axes]:
    """Return a new figure with styled axes.

    Parameters
    ----------
    title : str
        The finding, as a sentence.
    x, y : str
        The labels of the axes, with their units.
    width, height : float
        The size of the figure, in inches.
    """
    figure = canvas(width, height)
    headline(figure, title)
    return figure, dress(figure.add_subplot(), x, y)


def dress(axes: Axes, x: str, y: str) -> Axes:
    """Give axes a thin grid, no box, and labels."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(color=GREY, labelcolor=INK, labelsize=9)
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    return axes


def headline(figure: Figure, title: str) -> None:
    """Set the title above all axes."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=11.5, fontweight="bold", color=INK)


def legend(axes: Axes, place: str) -> None:
    """Add a legend without a box, if any line has a label."""
    if not axes.get_legend_handles_labels()[0]:
        return
    axes.legend(loc=place, frameon=False, fontsize=9, labelcolor=INK)
