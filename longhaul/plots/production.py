"""Pictures of how a deployed model does, period by period."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longhaul.plots import style
from longhaul.plots.style import BLUE, GREY, RED
from longhaul.tasks import display_name

_TITLE = "From {first} to {last}, the {name} went from {start:.3f} to {end:.3f}"


def by_period(metrics: pd.DataFrame, test: Mapping[str, float]) -> Figure:
    """One curve for each metric, over the periods.

    Parameters
    ----------
    metrics : DataFrame of n periods
        The labels of the periods as index, in order of time; one column for each metric, the
        first of them for the title. NaN where a figure is not known.
    test : mapping of str to float
        What each metric was on the test window, where it was: drawn for comparison.
    """
    figure = style.canvas(7.5, 0.9 + 1.5 * metrics.shape[1])
    rows = figure.subplots(metrics.shape[1], 1, sharex=True, squeeze=False)[:, 0]
    style.headline(figure, _finding(metrics))
    for axes, name in zip(rows, metrics, strict=True):
        style.dress(axes, "", display_name(str(name)))
        _curve(axes, metrics[name], test.get(str(name)))
    places = np.arange(len(metrics))
    rows[-1].set_xticks(places, metrics.index, rotation=90 if len(metrics) > 12 else 0)
    rows[-1].set_xlabel("period")
    return figure


def _curve(axes: Axes, figures: pd.Series, test: float | None) -> None:
    if test is not None and np.isfinite(test):
        axes.axhline(test, color=GREY, linestyle="--", linewidth=1)
        end = axes.get_yaxis_transform()
        axes.annotate("test", (1, test), xycoords=end, color=GREY, fontsize=8, va="center")
    known = figures.to_numpy(dtype=float)
    axes.plot(np.arange(len(known)), known, "o-", color=BLUE, linewidth=2, markersize=4)
    if np.isfinite(known).any():
        last = np.flatnonzero(np.isfinite(known))[-1]
        axes.plot(last, known[last], "o", color=RED)
    axes.margins(y=0.2)


def _finding(metrics: pd.DataFrame) -> str:
    name = metrics.columns[0]
    known = metrics[name].dropna()
    if known.empty:
        return "No outcome is known yet"
    return _TITLE.format(
        first=known.index[0],
        last=known.index[-1],
        name=display_name(str(name)),
        start=known.iloc[0],
        end=known.iloc[-1],
    )
