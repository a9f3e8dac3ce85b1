"""Chart of a backtest: policies compared over the same periods."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from longhaul.plots import style
from longhaul.plots.style import BLUE, GREY, INK, RED

METRICS = {"log_loss": "log loss (nats)", "auc": "AUC", "cost": "cost of a row"}


def policies(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw the difference of each policy from the first, metric by metric.

    Blue is significantly better, red is significantly worse, grey is neither.

    Parameters
    ----------
    rows : sequence of mapping
        ``policy``, ``trained``, ``promoted``, and for each metric its ``…_difference`` with
        value, low and high. The others are compared with the first.
    """
    others = rows[1:]
    figure = style.canvas(10.4, 1.5 + 0.42 * len(others))
    grid = figure.subplots(1, len(METRICS), sharey=True)
    style.headline(figure, _finding(others))
    places = np.arange(len(others))[::-1]
    for axes, (name, label) in zip(grid, METRICS.items(), strict=True):
        style.dress(axes, f"{label}, against {rows[0]['policy']}", "")
        better = 1 if name == "auc" else -1
        for place, row in zip(places, others, strict=True):
            difference = row[f"{name}_difference"]
            worst, best = sorted([better * difference["low"], better * difference["high"]])
            colour = BLUE if worst > 0 else RED if best < 0 else GREY
            axes.plot(
                [difference["low"], difference["high"]], [place, place], color=colour, linewidth=2
            )
            axes.plot(difference["value"], place, "o", color=colour, markersize=6)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.margins(x=0.12, y=0.12)
        axes.locator_params(axis="x", nbins=4)
    names = [f"{row['policy']} ({row['trained']} trained)" for row in others]
    grid[0].set_yticks(places, names, color=INK)
    return figure


def _finding(rows: Sequence[Mapping[str, Any]]) -> str:
    gains = [(row["log_loss_difference"], row["policy"]) for row in rows]
    significant = [(gain["value"], policy) for gain, policy in gains if gain["high"] < 0]
    if not significant:
        return "No policy lowers the log loss beyond doubt"
    value, policy = min(significant)
    return f"Training again {policy}, lowers the log loss by {-value:.4f}"
