"""Charts of the performance of a deployed model by period."""

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
    """Draw a curve of each metric over the periods.

    Parameters
    ----------
    metrics : DataFrame of n periods
        The labels of the periods as index, in order of time; one column for each metric; the
        title is about the first. NaN where there is no ground truth.
    test : mapping of str to float
        The metrics on the test window, drawn for comparison.
    """
    figure = style.canvas(7.5, 0.9 + 1.5 * metrics.shape[1])
    rows = figure.subplots(metrics.shape[1], 1, sharex=True, squeeze=False)[:, 0]
    style.headline(figure, _finding(metrics))
    for axes, name in zip(rows, metrics, strict=True):
        style.dress(axes, "", display_name(str(name)))
        _curve(axes, metrics[name], test.get(str(name)))
    positions = np.arange(len(metrics))
    rows[-1].set_xticks(positions, metrics.index, rotation=90 if len(metrics) > 12 else 0)
    rows[-1].set_xlabel("period")
    return figure


def _curve(axes: Axes, figures: pd.Series, test: float | None) -> None:
    if test is not None and np.isfinite(test):
        axes.axhline(test, color=GREY, linestyle="--", linewidth=1)
        end = axes.get_yaxis_transform()
        axes.annotate("test", (1, test), xycoords=end, color=GREY, fontsize=8, va="center")
    values = figures.to_numpy(dtype=float)
    axes.plot(np.arange(len(values)), values, "o-", color=BLUE, linewidth=2, markersize=4)
    if np.isfinite(values).any():
        last = np.flatnonzero(np.isfinite(values))[-1]
        axes.plot(last, values[last], "o", color=RED)
    axes.margins(y=0.2)


def _finding(metrics: pd.DataFrame) -> str:
    name = metrics.columns[0]
    values = metrics[name].dropna()
    if values.empty:
        return "There is no ground truth yet"
    return _TITLE.format(
        first=values.index[0],
        last=values.index[-1],
        name=display_name(str(name)),
        start=values.iloc[0],
        end=values.iloc[-1],
    )
