"""Charts that break performance down: by slice of the rows, and by feature."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from longhaul.evaluation.slices import MIN_ROWS
from longhaul.plots import style
from longhaul.plots.style import BLUE, GREY, INK, RED
from longhaul.tasks import display_name

MAX_FEATURES = 25
_PAIRED = {"auc": "share of positives", "accuracy": "share of right decisions", "r2": "mean"}


def slices(rows: Sequence[Mapping[str, Any]], primary_metric: str, overall: float) -> Figure:
    """Draw the primary metric and the calibration of each slice.

    Parameters
    ----------
    rows : sequence of mapping
        As `longhaul.evaluation.slices.slices` gives them.
    primary_metric : str
        The metric that models of this task type are judged by.
    overall : float
        The metric of all rows together.
    """
    table = pd.DataFrame(rows)
    names = list(dict.fromkeys(table["column"]))
    sizes = [len(table[table["column"] == name]) for name in names]
    figure = style.canvas(8.6, 1.3 + 0.21 * sum(sizes) + 0.35 * len(sizes))
    grid = figure.subplots(len(names), 2, sharex="col", squeeze=False, height_ratios=sizes)
    style.headline(figure, _weakest(table, primary_metric))
    for (left, right), name in zip(grid, names, strict=True):
        part = table[table["column"] == name].reset_index(drop=True)
        _dots(style.dress(left, "", name.replace("_", " ")), part, primary_metric, overall)
        _pairs(style.dress(right, "", ""), part, primary_metric != "r2")
    grid[-1, 0].set_xlabel(f"{display_name(primary_metric)} (dashed: all rows, {overall:.3f})")
    grid[-1, 1].set_xlabel(f"{_PAIRED[primary_metric]}: ○ predicted, ● actual")
    return figure


def attributions(table: pd.DataFrame) -> Figure:
    """Draw the most important features of a table of `longhaul.evaluation.attributions`."""
    top = table.head(MAX_FEATURES)
    first = str(top["feature"].iloc[0]).replace("_", " ")
    title = f"{first[:1].upper()}{first[1:]} matters most, of {len(table)} features"
    figure, axes = style.chart(title, str(top["method"].iloc[0]), "", height=1.2 + 0.24 * len(top))
    names = [str(name).replace("_", " ") for name in top["feature"]]
    axes.barh(names, top["importance"], color=BLUE, height=0.7)
    axes.set_ylim(len(top) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    return figure


def _weakest(table: pd.DataFrame, primary_metric: str) -> str:
    ranked = table[table[primary_metric].notna()]
    if ranked.empty:
        return "No slice has rows enough to be ranked"
    worst = ranked.iloc[int(ranked[primary_metric].astype(float).argmin())]
    name = str(worst["column"]).replace("_", " ")
    figure = f"{display_name(primary_metric)} {worst[primary_metric]:.3f}"
    return f"Weakest where {name} is {worst['value']}: {figure}"


def _dots(axes: Axes, part: pd.DataFrame, primary_metric: str, overall: float) -> None:
    """Draw a dot for each slice, its area by rows."""
    area = 12 + 90 * part["rows"] / part["rows"].max()
    axes.axvline(overall, color=GREY, linestyle="--", linewidth=1)
    axes.scatter(part[primary_metric].astype(float), part.index, s=area, color=BLUE)
    _name(axes, part)


def _pairs(axes: Axes, part: pd.DataFrame, shares: bool) -> None:
    """Draw predicted and actual values of each slice; small dots with few rows."""
    predicted, actual = part["predicted"], part["found"]
    axes.hlines(part.index, predicted, actual, color=GREY, linewidth=1)
    area = np.where(part["rows"] < MIN_ROWS, 8, 24)
    axes.scatter(predicted, part.index, s=area, facecolor="white", edgecolor=BLUE, zorder=2)
    axes.scatter(actual, part.index, s=area, color=RED, zorder=2)
    if shares:
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    _name(axes, part)
    axes.tick_params(labelleft=False)


def _name(axes: Axes, part: pd.DataFrame) -> None:
    axes.set_yticks(part.index, part["value"], color=INK, fontsize=8)
    axes.set_ylim(len(part) - 0.4, -0.6)
