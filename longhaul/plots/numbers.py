"""Charts of the errors of a regression."""

import numpy as np
from matplotlib.figure import Figure

from longhaul.plots import style
from longhaul.plots.style import BLUE, GREY, RED

_MAX_POINTS = 5000  # more cannot be told apart
_TENTHS = 10


def predicted(outcome: np.ndarray, scores: np.ndarray, name: str) -> Figure:
    """Draw actual against predicted values, and the means of each tenth."""
    explained = 1 - np.mean((scores - outcome) ** 2) / np.var(outcome)
    title = f"{explained:.0%} of the variance is explained"
    label = name.replace("_", " ")
    figure, axes = style.chart(title, f"predicted {label}", f"actual {label}")
    rows = np.linspace(0, len(outcome) - 1, min(_MAX_POINTS, len(outcome))).astype(int)
    size = float(np.clip(3000 / len(rows), 4, 24))
    axes.scatter(scores[rows], outcome[rows], s=size, color=BLUE, alpha=0.5, linewidth=0)
    ends = [min(scores.min(), outcome.min()), max(scores.max(), outcome.max())]
    axes.plot(ends, ends, color=GREY, linestyle="--", linewidth=1, label="as predicted")
    parts = np.array_split(np.argsort(scores, kind="stable"), min(_TENTHS, len(scores)))
    means = [(scores[part].mean(), outcome[part].mean()) for part in parts]
    axes.plot(*zip(*means, strict=True), "o-", color=RED, linewidth=1, label="mean of each tenth")
    style.legend(axes, "upper left")
    return figure


def errors(outcome: np.ndarray, scores: np.ndarray, name: str) -> Figure:
    """Draw the distribution of the errors."""
    error = scores - outcome
    half = float(np.median(np.abs(error)))
    label = name.replace("_", " ")
    title = f"Half of the predictions are within {half:.3g} of {label}"
    figure, axes = style.chart(title, f"predicted minus actual {label}", "rows")
    low, high = np.quantile(error, [0.005, 0.995])
    axes.hist(np.clip(error, low, high), bins=50, color=BLUE)
    axes.axvline(0, color=GREY, linestyle="--", linewidth=1)
    axes.axvline(error.mean(), color=RED, linewidth=1.4, label=f"mean {error.mean():.3g}")
    style.legend(axes, "upper right")
    return figure
