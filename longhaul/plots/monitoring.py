"""Pictures of a model in production: what moved, and what it did to the performance."""

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
MOST_LEVELS = 12
MOST_COLUMNS = 20
_HEAT = LinearSegmentedColormap.from_list("heat", ["#ffffff", "#fde8d0", "#f59e0b", "#9a3412"])
_UNITS = {"log_loss": "log loss (nats)", "cost": "cost of a row"}


def distribution(picture: Mapping[str, Any]) -> Figure:
    """One column in the reference and in the period.

    Parameters
    ----------
    picture : mapping
        As `longhaul.monitoring.assessment` makes it.
    """
    moved = "drifted" if picture["drifted"] else "within the usual"
    name = str(picture["name"]).replace("_", " ")
    figure, axes = style.chart(f"{name}: {moved}", "", "share of rows", 4.6, 2.9)
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
    """Metrics expected without outcomes and realized, period by period, versions marked.

    Parameters
    ----------
    records : sequence of mapping
        In order of time: ``period``, ``version``, ``level``, and by metric ``expected`` and
        ``realized``, each None or a mapping with value, low and high.
    names : sequence of str
        Of the metrics.
    """
    figure = style.canvas(9.6, 1.5 + 2.1 * len(names))
    rows = figure.subplots(len(names) + 1, 1, sharex=True, height_ratios=[3] * len(names) + [0.5])
    style.headline(figure, _finding(records, names[0]))
    for axes, name in zip(rows, names, strict=False):
        style.dress(axes, "", _UNITS.get(name, display_name(name)))
        _curve(axes, [one["expected"].get(name) for one in records], GREY, "expected", -0.06)
        _curve(axes, [one["realized"].get(name) for one in records], BLUE, "realized", 0.06)
        _versions(axes, records)
        axes.margins(y=0.25)
    style.legend(rows[0], "lower left")
    _decisions(rows[-1], records)
    return figure


def heat(columns: Mapping[str, Sequence[float]], periods: Sequence[str]) -> Figure:
    """How far columns moved, as multiples of what is usual, period by period.

    Parameters
    ----------
    columns : mapping of str to sequence of float
        For each column, how many times its limit its farthest measure is, in each period; those
        that matter most first.
    periods : sequence of str
    """
    shown = dict(list(columns.items())[:MOST_COLUMNS])
    figure, axes = style.chart(
        "How far each column moved, as a multiple of its limit",
        "",
        "",
        2.6 + 1.0 * max(len(periods), 4),
        1.1 + 0.27 * len(shown),
    )
    found = np.array(list(shown.values()), dtype=float).reshape(len(shown), len(periods))
    axes.imshow(np.clip(found, 0, 2), cmap=_HEAT, vmin=0, vmax=2, aspect="auto")
    axes.set_xticks(np.arange(len(periods)), periods)
    axes.set_yticks(np.arange(len(shown)), [name.replace("_", " ") for name in shown])
    axes.grid(visible=False)
    for (row, column), value in np.ndenumerate(found):
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
    """From the loss that the reference's rows were expected to have to the period's."""
    steps = [
        ("reference,\nexpected", 0.0, parts["before"], GREY),
        ("other rows", parts["before"], parts["features"], BLUE),
        (
            "relation\nchanged",
            parts["before"] + parts["features"],
            parts["relation"]["value"],
            RED,
        ),
        ("period,\nrealized", 0.0, parts["after"], INK),
    ]
    figure, axes = style.chart("What the change of the log loss is made of", "", "nats", 6.4, 3.2)
    axes.set_title(
        f"one shift of all log-odds would win back {parts['level']:.3f}",
        fontsize=8.5,
        color=INK,
        loc="left",
    )
    for place, (_, start, height, colour) in enumerate(steps):
        axes.bar(place, height, bottom=start, color=colour, width=0.62)
        sign = "+" if 0 < place < len(steps) - 1 else ""
        axes.text(
            place,
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
    """Both distribution functions: bins of equal mass make poor bars."""
    low, high = picture["span"]
    edges = np.array(picture["labels"], dtype=float)
    if low is None or not len(edges):
        axes.text(0.5, 0.5, "no values before", ha="center", transform=axes.transAxes)
        return
    places = np.concatenate([edges, [max(high, edges[-1])]])
    for key, colour, text in (("before", GREY, "reference"), ("now", BLUE, "this period")):
        shares = np.array(picture[key], dtype=float)
        whole = shares.sum()
        if whole:
            axes.step(
                np.concatenate([[low], places]),
                np.concatenate([[0], np.cumsum(shares) / whole]),
                where="pre",
                color=colour,
                linewidth=2,
                label=text,
            )
    axes.set_ylabel("share at or below")


def _levels(axes: Axes, picture: Mapping[str, Any]) -> None:
    labels = np.array([str(one) for one in picture["labels"]], dtype=object)
    before, now = np.array(picture["before"]), np.array(picture["now"])
    order = np.argsort(-np.maximum(before, now), kind="stable")[:MOST_LEVELS]
    places = np.arange(len(order))
    axes.bar(places - 0.2, before[order], width=0.4, color=GREY, label="reference")
    axes.bar(places + 0.2, now[order], width=0.4, color=BLUE, label="this period")
    names = [name if len(name) <= 14 else f"{name[:13]}…" for name in labels[order]]
    axes.set_xticks(places, names, rotation=60 if max(map(len, names)) > 3 else 0, fontsize=7.5)
    axes.grid(visible=False, axis="x")


def _curve(
    axes: Axes, figures: Sequence[Mapping[str, float] | None], colour: str, label: str, aside: float
) -> None:
    known = [(i, one) for i, one in enumerate(figures) if one and one["value"] is not None]
    if not known:
        return
    x = np.array([place for place, _ in known]) + aside
    value, low, high = (
        np.array([one[key] for _, one in known], dtype=float) for key in ("value", "low", "high")
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
    """A line where another version took over."""
    for place in range(1, len(records)):
        if records[place]["version"] != records[place - 1]["version"]:
            axes.axvline(place - 0.5, color=GREEN, linewidth=1, linestyle=":")


def _decisions(axes: Axes, records: Sequence[Mapping[str, Any]]) -> None:
    """One coloured field for each period, with the version in charge."""
    for place, one in enumerate(records):
        axes.barh(0, 1, left=place - 0.5, color=COLOURS[one["level"]], edgecolor="white")
        axes.text(
            place,
            0,
            f"{one['level']} · v{one['version']}",
            ha="center",
            va="center",
            color="white",
            fontsize=8.5,
            fontweight="bold",
        )
    axes.set_yticks([])
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.set_xlim(-0.5, len(records) - 0.5)
    labels = [str(one["period"]) for one in records]
    axes.set_xticks(
        np.arange(len(records)), labels, rotation=90 if len(labels) > 14 else 0, color=INK
    )
    axes.tick_params(length=0)
    axes.grid(visible=False)


def _finding(records: Sequence[Mapping[str, Any]], lead: str) -> str:
    pairs = [[one[side].get(lead) for side in ("expected", "realized")] for one in records]
    known = [
        guess["value"] - real["value"]
        for guess, real in pairs
        if guess and real and None not in {guess["value"], real["value"]}
    ]
    if not known:
        last = next(
            (one["realized"][lead] for one in reversed(records) if lead in one["realized"]), None
        )
        if last is None or last["value"] is None:
            return "No outcome is known yet"
        return f"The last {display_name(lead)} that is known is {last['value']:.3f}"
    bias = float(np.mean(known))
    side = "above" if bias > 0 else "below"
    apart = f"{abs(bias):.3f} {side} what it turned out to be"
    return f"Without outcomes, the {display_name(lead)} was expected {apart}"
