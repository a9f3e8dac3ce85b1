"""Chart of a backtest: what each policy saves, under each label lag."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longhaul.backtest import savings
from longhaul.backtest.table import PER
from longhaul.plots import style
from longhaul.plots.style import BLUE, GREY, INK, RED


def policies(by_lag: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """Draw what each policy saves against doing nothing, a panel for each label lag.

    Blue saves beyond doubt, red costs more beyond doubt, grey is neither.

    Parameters
    ----------
    by_lag : mapping of str to sequence of mapping
        Rows of `longhaul.backtest.table` by label lag; the first row is that of doing nothing.
    """
    names = [row["policy"] for row in next(iter(by_lag.values()))][1:]
    figure = style.canvas(2.6 + 2.4 * len(by_lag), 1.5 + 0.36 * len(names))
    grid = figure.subplots(1, len(by_lag), sharey=True, sharex=True, squeeze=False)[0]
    style.headline(figure, _finding(by_lag))
    for axes, (lag, rows) in zip(grid, by_lag.items(), strict=True):
        style.dress(axes, f"saved per {PER:,} rows", "")
        axes.set_title(f"outcomes after {lag}", fontsize=9, color=INK)
        _draw(axes, [row["saving"] for row in rows[1:]])
    grid[0].set_yticks(_places(len(names)), names, color=INK)
    return figure


def _draw(axes: Axes, intervals: Sequence[Mapping[str, float]]) -> None:
    """Draw intervals from the top down."""
    for place, saving in zip(_places(len(intervals)), intervals, strict=True):
        low, high = saving["low"], saving["high"]
        colour = BLUE if low > 0 else RED if high < 0 else GREY
        axes.plot([low, high], [place, place], color=colour, linewidth=2)
        axes.plot(saving["value"], place, "o", color=colour, markersize=6)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.margins(x=0.12, y=0.08)
    axes.locator_params(axis="x", nbins=4)


def _places(count: int) -> np.ndarray:
    return np.arange(count)[::-1]


def _finding(by_lag: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Name the policy that saves most beyond doubt under the first lag that has one."""
    for lag, rows in by_lag.items():
        winner = savings.best(rows)
        if winner is not None:
            saved = savings.number(winner["saving"]["value"])
            return f"With outcomes after {lag}, “{winner['policy']}” saves {saved} per {PER:,} rows"
    return "No policy saves beyond doubt"
