"""Charts of a binary classifier: ROC, precision and recall, calibration, gain, lift, cost."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

from longhaul.evaluation.threshold import cost_curve, mean_cost
from longhaul.plots import style
from longhaul.plots.style import BLUE, GREY, RED
from longhaul.problem import Costs
from longhaul.tasks.metrics import calibration_bins, calibration_error

_POINTS = 501  # of a line; more cannot be seen


def roc(outcome: np.ndarray, probability: np.ndarray) -> Figure:
    """Draw the ROC curve: true positive rate against false positive rate."""
    auc = roc_auc_score(outcome, probability)
    title = f"{auc:.1%} of the time, a positive is ranked above a negative"
    figure, axes = style.chart(title, "negatives called positive", "positives found")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="chance")
    false_positives, true_positives, _ = roc_curve(outcome, probability)
    label = f"model, AUC {auc:.3f}"
    axes.plot(false_positives, true_positives, color=BLUE, linewidth=2, label=label)
    _squared(axes, "lower right")
    return figure


def precision_recall(outcome: np.ndarray, probability: np.ndarray, threshold: float) -> Figure:
    """Draw precision against recall, and both at the threshold."""
    decision = probability >= threshold
    hits = decision & outcome
    precision, recall = hits.sum() / max(decision.sum(), 1), hits.sum() / outcome.sum()
    title = f"{precision:.0%} of the alarms are right, and find {recall:.0%} of the positives"
    figure, axes = style.chart(title, "recall: positives found", "precision: alarms that are right")
    base = outcome.mean()
    axes.axhline(base, color=GREY, linestyle="--", linewidth=1, label=f"chance, {base:.1%}")
    precisions, recalls, _ = precision_recall_curve(outcome, probability)
    axes.plot(recalls[:-1], precisions[:-1], color=BLUE, linewidth=2, label="model")
    axes.plot(recall, precision, "o", color=RED, label=f"at the threshold, {threshold:.3f}")
    _squared(axes, "upper right")
    return figure


def calibration(
    outcome: np.ndarray, probability: np.ndarray, label: str = "share of positives"
) -> Figure:
    """Draw a reliability diagram over bins of equal mass, above a histogram of probabilities."""
    figure = style.canvas(height=5.2)
    above, below = figure.subplots(2, sharex=True, height_ratios=[4, 1])
    style.dress(above, "", label)
    style.dress(below, "predicted probability", "rows")
    error = 100 * calibration_error(outcome, probability)
    side = "low" if probability.mean() < outcome.mean() else "high"
    style.headline(figure, f"Predictions are {error:.1f} points off, and {side} on average")
    above.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="calibrated")
    bins = _bins(outcome, probability)
    above.errorbar(
        bins["predicted"],
        bins["share"],
        bins["margin"],
        fmt="o-",
        color=BLUE,
        markersize=4,
        linewidth=1.4,
        label=f"model, {calibration_bins(len(outcome))} bins of equal mass, 95%",
    )
    below.hist(probability, bins=50, range=(0, 1), color=BLUE)
    _percent(above.yaxis, below.xaxis)
    below.yaxis.set_major_formatter("{x:,.0f}")
    below.yaxis.set_major_locator(MaxNLocator(3))
    _squared(above, "upper left")
    return figure


def gain(outcome: np.ndarray, probability: np.ndarray) -> Figure:
    """Draw the cumulative gain: the share of all positives among the highest scores."""
    depth, captured = _gain(outcome, probability)
    fifth = np.interp(0.2, depth, captured)
    title = f"The highest fifth of scores has {fifth:.0%} of the positives"
    figure, axes = style.chart(title, "rows, highest scores first", "positives among them")
    share = outcome.mean()
    axes.plot([0, share, 1], [0, 1, 1], color=GREY, linewidth=1, label="perfect")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="chance")
    axes.plot(depth, captured, color=BLUE, linewidth=2, label="model")
    axes.plot(0.2, fifth, "o", color=RED)
    _squared(axes, "lower right")
    return figure


def lift(outcome: np.ndarray, probability: np.ndarray) -> Figure:
    """Draw the lift: positives among the highest scores, as a multiple of chance."""
    depth, captured = _gain(outcome, probability)
    times = captured[1:] / depth[1:]
    tenth = np.interp(0.1, depth[1:], times)
    title = f"The highest tenth of scores has {tenth:.1f} times the positives"
    figure, axes = style.chart(
        title, "rows, highest scores first", "positives, as a multiple of chance"
    )
    axes.axhline(1, color=GREY, linestyle="--", linewidth=1, label="chance")
    drawn = depth[1:] >= 0.005  # with fewer rows, the lift is noise
    axes.plot(depth[1:][drawn], times[drawn], color=BLUE, linewidth=2, label="model")
    axes.plot(0.1, tenth, "o", color=RED)
    axes.set(xlim=(0, 1), ylim=(0, None))
    _percent(axes.xaxis)
    style.legend(axes, "upper right")
    return figure


def costs(outcome: np.ndarray, probability: np.ndarray, threshold: float, prices: Costs) -> Figure:
    """Draw the cost per row by threshold, and at the chosen one."""
    chosen = mean_cost(outcome, probability >= threshold, prices)
    points = cost_curve(outcome, probability, prices)
    best = min(points.costs[0], points.costs[-1])
    rule = "always" if points.costs[0] <= points.costs[-1] else "never"
    title = f"Acting from {threshold:.3f} on costs {chosen:.3f} per row, {rule} acting {best:.3f}"
    unit = f"false alarm {prices.false_positive:g}, missed positive {prices.false_negative:g}"
    figure, axes = style.chart(
        title, "threshold: probability from which on to act", f"cost per row ({unit})"
    )
    x = np.linspace(0, 1, _POINTS)
    y = points.costs[np.searchsorted(points.thresholds, x).clip(max=len(points.costs) - 1)]
    axes.plot(x, y, color=BLUE, linewidth=2, label="model")
    axes.axhline(best, color=GREY, linestyle="--", linewidth=1, label=f"{rule} acting")
    axes.plot(threshold, chosen, "o", color=RED, label=f"the model's, {threshold:.3f}")
    axes.set(xlim=(0, 1), ylim=(0, 1.25 * max(best, chosen)))
    style.legend(axes, "lower right")
    return figure


def _squared(axes: Axes, legend: str) -> None:
    """Set both axes to the range from 0 to 1."""
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    _percent(axes.xaxis, axes.yaxis)
    style.legend(axes, legend)


def _percent(*ranges: Any) -> None:
    for axis in ranges:
        axis.set_major_formatter(PercentFormatter(1, decimals=0))


def _bins(outcome: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    """Compute predicted and actual share of bins of equal mass, with the margin of the latter."""
    ranks = pd.Series(probability).rank(method="max", pct=True)
    rows = pd.DataFrame({"predicted": probability, "share": outcome.astype(float)})
    grouped = rows.groupby(
        np.ceil(calibration_bins(len(outcome)) * ranks)
    )  # equal probabilities share a bin
    means = grouped.mean()
    means["margin"] = 1.96 * np.sqrt(means["share"] * (1 - means["share"]) / grouped.size())
    return means


def _gain(outcome: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return depths from 0 to 1, and the shares of positives down to them; ties in one step."""
    order = np.argsort(-probability, kind="stable")
    last = np.append(np.flatnonzero(np.diff(probability[order])), len(order) - 1)
    captured = np.cumsum(outcome[order])[last] / outcome.sum()
    return np.append(0, (last + 1) / len(order)), np.append(0, captured)
