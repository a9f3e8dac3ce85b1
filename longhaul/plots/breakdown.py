"""Pictures of what overall figures are made of: slices of the rows, and features."""

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

MOST_FEATURES = 25
_PAIRED = {"auc": "share of positives", "accuracy": "share decided right", "r2": "mean"}


def slices(rows: Sequence[Mapping[str, Any]], lead: str, whole: float) -> Figure:
    """Slice by slice: the leading figure, and what was predicted against what was found.

    Parameters
    ----------
    rows : sequence of mapping
        As `longhaul.evaluation.slices.slices` gives them.
    lead : str
        The figure that models of this kind are judged by.
    whole : float
        That of all rows together.
    """
    table = pd.DataFrame(rows)
    names = list(dict.fromkeys(table["column"]))
    sizes = [len(table[table["column"] == name]) for name in names]
    figure = style.canvas(8.6, 1.3 + 0.21 * sum(sizes) + 0.35 * len(sizes))
    grid = figure.subplots(len(names), 2, sharex="col", squeeze=False, height_ratios=sizes)
    style.headline(figure, _weakest(table, lead))
    for (left, right), name in zip(grid, names, strict=True):
        part = table[table["column"] == name].reset_index(drop=True)
        _dots(style.dress(left, "", name.replace("_", " ")), part, lead, whole)
        _pairs(style.dress(right, "", ""), part, lead != "r2")
    grid[-1, 0].set_xlabel(f"{display_name(lead)} (dashed: all rows, {whole:.3f})")
    grid[-1, 1].set_xlabel(f"{_PAIRED[lead]}: ○ predicted, ● found")
    return figure


def attributions(table: pd.DataFrame) -> Figure:
    """The most important features, as `longhaul.evaluation.attributions` lists them."""
    top = table.head(MOST_FEATURES)
    first = str(top["feature"].iloc[0]).replace("_", " ")
    title = f"{first[:1].upper()}{first[1:]} matters most, of {len(table)} features"
    figure, axes = style.chart(title, str(top["method"].iloc[0]), "", height=1.2 + 0.24 * len(top))
    names = [str(name).replace("_", " ") for name in top["feature"]]
    axes.barh(names, top["importance"], color=BLUE, height=0.7)
    axes.set_ylim(len(top) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    return figure


def _weakest(table: pd.DataFrame, lead: str) -> str:
    known = table[table[lead].notna()]
    if known.empty:
        return "No slice has rows enough to be ranked"
    worst = known.iloc[int(known[lead].astype(float).argmin())]
    name = str(worst["column"]).replace("_", " ")
    return f"Weakest where {name} is {worst['value']}: {display_name(lead)} {worst[lead]:.3f}"


def _dots(axes: Axes, part: pd.DataFrame, lead: str, whole: float) -> None:
    """One dot for each slice, its area by rows."""
    area = 12 + 90 * part["rows"] / part["rows"].max()
    axes.axvline(whole, color=GREY, linestyle="--", linewidth=1)
    axes.scatter(part[lead].astype(float), part.index, s=area, color=BLUE)
    _name(axes, part)


def _pairs(axes: Axes, part: pd.DataFrame, shares: bool) -> None:
    """Predicted and found of each slice, joined by a line; small where few rows."""
    predicted, found = part["predicted"], part["found"]
    axes.hlines(part.index, predicted, found, color=GREY, linewidth=1)
    area = np.where(part["rows"] < MIN_ROWS, 8, 24)
    axes.scatter(predicted, part.index, s=area, facecolor="white", edgecolor=BLUE, zorder=2)
    axes.scatter(found, part.index, s=area, color=RED, zorder=2)
    if shares:
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    _name(axes, part)
    axes.tick_params(labelleft=False)


def _name(axes: Axes, part: pd.DataFrame) -> None:
    axes.set_yticks(part.index, part["value"], color=INK, fontsize=8)
    axes.set_ylim(len(part) - 0.4, -0.6)
