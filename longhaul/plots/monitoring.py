"""Charts of monitoring: drift of columns, performance by period, causes of its change."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from longhaul.plots import style
from longhaul.plots.style import BLUE, GREY, INK, RED
from longhaul.tasks import display_name

AMBER, GREEN = "#d97706", "#1d7a4c"
COLOURS = {"ok": GREEN, "watch": AMBER, "act": RED}
MAX_LEVELS = 12
MAX_COLUMNS = 20
_HEAT = LinearSegmentedColormap.from_list("heat", ["#ffffff", "#fde8d0", "#f59e0b", "#9a3412"])
_UNITS = {
    "log_loss": "log loss (nats)",
    "miscalibration": "miscalibration (nats)",
    "cost": "cost of a row",
}


def distribution(picture: Mapping[str, Any]) -> Figure:
    """Draw the distribution of a column in the reference and in the period.

    Parameters
    ----------
    picture : mapping
        Of `longhaul.monitoring.assessment`.
    """
    finding = "drifted" if picture["drifted"] else "within the reference variation"
    name = str(picture["name"]).replace("_", " ")
    figure, axes = style.chart(f"{name}: {finding}", "", "share of rows", 4.6, 2.9)
    draw = _levels if picture["kind"] == "category" else _numbers
    draw(axes, picture)
    before, now = picture["missing"]
    if before or now:
        axes.set_title(
            f"missing {before:.1%} before, {now:.1%} now", fontsize=8.5, color=INK, loc="left"
        )
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    style.legend(axes, "best")
    return figure


def performance(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Figure:
    """Draw expected and realized metrics by period, with a mark where the version changes.

    Parameters
    ----------
    records : sequence of mapping
        In order of time: ``period``, ``version``, ``level``, and by metric ``expected`` and
        ``realized``, each None or a mapping with value, low and high.
    names : sequence of str
        The names of the metrics.
    """
    figure = style.canvas(9.6, 1.5 + 2.1 * len(names))
    rows = figure.subplots(len(names) + 1, 1, sharex=True, height_ratios=[3] * len(names) + [0.5])
    style.headline(figure, _finding(records, names[0]))
    for axes, name in zip(rows, names, strict=False):
        style.dress(axes, "", _UNITS.get(name, display_name(name)))
        _curve(axes, [record["expected"].get(name) for record in records], GREY, "expected", -0.06)
        _curve(axes, [record["realized"].get(name) for record in records], BLUE, "realized", 0.06)
        _versions(axes, records)
        axes.margins(y=0.25)
    style.legend(rows[0], "lower left")
    _decisions(rows[-1], records)
    return figure


def heat(columns: Mapping[str, Sequence[float]], periods: Sequence[str]) -> Figure:
    """Draw the drift of columns by period, as multiples of their limits.

    Parameters
    ----------
    columns : mapping of str to sequence of float
        For each column, its largest drift measure as a multiple of the limit, in each period;
        the most important columns first.
    periods : sequence of str
    """
    drawn = dict(list(columns.items())[:MAX_COLUMNS])
    figure, axes = style.chart(
        "How far each column moved, as a multiple of its limit",
        "",
        "",
        2.6 + 1.0 * max(len(periods), 4),
        1.1 + 0.27 * len(drawn),
    )
    multiples = np.array(list(drawn.values()), dtype=float).reshape(len(drawn), len(periods))
    axes.imshow(np.clip(multiples, 0, 2), cmap=_HEAT, vmin=0, vmax=2, aspect="auto")
    axes.set_xticks(np.arange(len(periods)), periods)
    axes.set_yticks(np.arange(len(drawn)), [name.replace("_", " ") for name in drawn])
    axes.grid(visible=False)
    for (row, column), value in np.ndenumerate(multiples):
        if np.isfinite(value):
            axes.text(
                column,
                row,
                f"{value:.1f}",
                ha="center",
                va="center",
                fontsize=8,
                fontweight="bold" if value > 1 else "normal",
                color="white" if value > 1.5 else INK,
            )
    return figure


def causes(parts: Mapping[str, Any]) -> Figure:
    """Draw the change of the loss as a waterfall: covariate shift and concept shift."""
    steps = [
        ("reference,\nexpected", 0.0, parts["before"], GREY),
        ("covariate\nshift", parts["before"], parts["covariate_shift"], BLUE),
        (
            "concept\nshift",
            parts["before"] + parts["covariate_shift"],
            parts["concept_shift"]["value"],
            RED,
        ),
        ("period,\nrealized", 0.0, parts["after"], INK),
    ]
    figure, axes = style.chart("Causes of the change of the log loss", "", "nats", 6.4, 3.2)
    axes.set_title(
        f"correcting the base rate would win back {parts['base_rate_shift']:.3f}",
        fontsize=8.5,
        color=INK,
        loc="left",
    )
    for position, (_, start, height, colour) in enumerate(steps):
        axes.bar(position, height, bottom=start, color=colour, width=0.62)
        sign = "+" if 0 < position < len(steps) - 1 else ""
        axes.text(
            position,
            max(start, start + height),
            f"{height:{sign}.3f}",
            ha="center",
            va="bottom",
            fontsize=9,
            color=INK,
        )
    axes.set_xticks(range(len(steps)), [name for name, *_ in steps])
    tops = [value for _, start, height, _ in steps for value in (start, start + height) if value]
    axes.set_ylim(0.8 * min(tops), 1.06 * max(tops))
    axes.grid(visible=False, axis="x")
    return figure


def _numbers(axes: Axes, picture: Mapping[str, Any]) -> None:
    """Draw both distribution functions; bins of equal mass would make poor bars."""
    low, high = picture["span"]
    edges = np.array(picture["labels"], dtype=float)
    if low is None or not len(edges):
        axes.text(0.5, 0.5, "no values in the reference", ha="center", transform=axes.transAxes)
        return
    positions = np.concatenate([edges, [max(high, edges[-1])]])
    for key, colour, text in (("before", GREY, "reference"), ("now", BLUE, "this period")):
        shares = np.array(picture[key], dtype=float)
        total = shares.sum()
        if total:
            axes.step(
                np.concatenate([[low], positions]),
                np.concatenate([[0], np.cumsum(shares) / total]),
                where="pre",
                color=colour,
                linewidth=2,
                label=text,
            )
    axes.set_ylabel("share at or below")


def _levels(axes: Axes, picture: Mapping[str, Any]) -> None:
    labels = np.array([str(label) for label in picture["labels"]], dtype=object)
    before, now = np.array(picture["before"]), np.array(picture["now"])
    order = np.argsort(-np.maximum(before, now), kind="stable")[:MAX_LEVELS]
    positions = np.arange(len(order))
    axes.bar(positions - 0.2, before[order], width=0.4, color=GREY, label="reference")
    axes.bar(positions + 0.2, now[order], width=0.4, color=BLUE, label="this period")
    names = [name if len(name) <= 14 else f"{name[:13]}…" for name in labels[order]]
    axes.set_xticks(positions, names, rotation=60 if max(map(len, names)) > 3 else 0, fontsize=7.5)
    axes.grid(visible=False, axis="x")


def _curve(
    axes: Axes,
    intervals: Sequence[Mapping[str, float] | None],
    colour: str,
    label: str,
    offset: float,
) -> None:
    drawn = [(i, v) for i, v in enumerate(intervals) if v and v["value"] is not None]
    if not drawn:
        return
    x = np.array([position for position, _ in drawn]) + offset
    value, low, high = (
        np.array([interval[key] for _, interval in drawn], dtype=float)
        for key in ("value", "low", "high")
    )
    axes.errorbar(
        x,
        value,
        yerr=np.abs([value - low, high - value]),
        fmt="o-",
        color=colour,
        linewidth=1.8,
        markersize=4.5,
        capsize=3,
        label=label,
    )


def _versions(axes: Axes, records: Sequence[Mapping[str, Any]]) -> None:
    """Draw a line where the version changes."""
    for position in range(1, len(records)):
        if records[position]["version"] != records[position - 1]["version"]:
            axes.axvline(position - 0.5, color=GREEN, linewidth=1, linestyle=":")


def _decisions(axes: Axes, records: Sequence[Mapping[str, Any]]) -> None:
    """Draw a coloured field for each period, with its decision and version."""
    for position, record in enumerate(records):
        axes.barh(0, 1, left=position - 0.5, color=COLOURS[record["level"]], edgecolor="white")
        axes.text(
            position,
            0,
            f"{record['level']} · v{record['version']}",
            ha="center",
            va="center",
            color="white",
            fontsize=8.5,
            fontweight="bold",
        )
    axes.set_yticks([])
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.set_xlim(-0.5, len(records) - 0.5)
    labels = [str(record["period"]) for record in records]
    axes.set_xticks(
        np.arange(len(records)), labels, rotation=90 if len(labels) > 14 else 0, color=INK
    )
    axes.tick_params(length=0)
    axes.grid(visible=False)


def _finding(records: Sequence[Mapping[str, Any]], metric: str) -> str:
    pairs = [[record[side].get(metric) for side in ("expected", "realized")] for record in records]
    differences = [
        expected["value"] - realized["value"]
        for expected, realized in pairs
        if expected and realized and None not in {expected["value"], realized["value"]}
    ]
    if not differences:
        realized_figures = (record["realized"] for record in reversed(records))
        last = next((figures[metric] for figures in realized_figures if metric in figures), None)
        if last is None or last["value"] is None:
            return "There is no ground truth yet"
        return f"The last realized {display_name(metric)} is {last['value']:.3f}"
    bias = float(np.mean(differences))
    side = "above" if bias > 0 else "below"
    return (
        f"Without ground truth, the {display_name(metric)} was expected {abs(bias):.3f} {side}"
        " the realized one"
    )
