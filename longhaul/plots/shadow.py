"""Chart of a shadow: its predictions against the champion's."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from longhaul.plots import style
from longhaul.plots.style import INK

_CELLS, _FAINTEST = 40, 0.2


def predictions(champion: np.ndarray, shadow: np.ndarray, title: str) -> Figure:
    """Draw how often which pair of predictions was given.

    Parameters
    ----------
    champion, shadow : ndarray of float, shape (n,)
        Probabilities, or numbers.
    title : str
    """
    figure = style.canvas(5.2, 4.6)
    style.headline(figure, title)
    axes = figure.subplots()
    style.dress(axes, "the champion's", "the shadow's")
    ends = [
        float(np.min([champion.min(), shadow.min()])),
        float(np.max([champion.max(), shadow.max()])),
    ]
    shades = LogNorm(vmin=_FAINTEST)  # a cell with one row is seen, too
    axes.hexbin(
        champion, shadow, gridsize=_CELLS, norm=shades, cmap="Blues", mincnt=1, linewidths=0
    )
    axes.plot(ends, ends, color=INK, linewidth=0.8)
    return figure
