"""Charts of a multiclass model: confusion matrix and recall."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from sklearn.metrics import confusion_matrix

from longhaul.plots import style
from longhaul.plots.style import BLUE, INK

_MAX_CLASSES = 30  # more cannot be read in one chart


def confusion(outcome: np.ndarray, scores: np.ndarray, classes: Sequence[str]) -> Figure:
    """Draw the confusion matrix: decided by actual class, coloured by the share of its row."""
    counts, names = _counts(outcome, scores, classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    confused = counts.copy()
    np.fill_diagonal(confused, 0)
    row, column = np.unravel_index(int(confused.argmax()), confused.shape)
    title = f"{int(np.trace(counts)):,} of {int(counts.sum()):,} are right"
    if confused[row, column]:
        title += f"; most often {names[row]} is taken for {names[column]}"
    side = 2.4 + 0.36 * len(names)
    figure, axes = style.chart(title, "decided", "actual", height=side)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.grid(visible=False)
    axes.set_xticks(range(len(names)), names, rotation=90, color=INK, fontsize=8)
    axes.set_yticks(range(len(names)), names, color=INK, fontsize=8)
    for (i, j), count in np.ndenumerate(counts):
        if count:
            colour = "white" if shares[i, j] > 0.5 else INK
            axes.text(j, i, f"{count:,}", ha="center", va="center", color=colour, fontsize=7)
    return figure


def recall(outcome: np.ndarray, scores: np.ndarray, classes: Sequence[str]) -> Figure:
    """Draw the recall of each class, lowest at the top."""
    counts, names = _counts(outcome, scores, classes)
    totals = counts.sum(axis=1)
    present = np.flatnonzero(totals)
    recalls = np.diag(counts)[present] / totals[present]
    order = np.argsort(recalls, kind="stable")
    weakest = names[present[order[0]]]
    title = f"Weakest at {weakest}: {recalls[order[0]]:.0%} are found"
    figure, axes = style.chart(title, "recall: share found", "", height=1.2 + 0.26 * len(order))
    labels = [f"{names[present[i]]} ({totals[present[i]]:,})" for i in order]
    axes.barh(labels, recalls[order], color=BLUE, height=0.7)
    axes.set(xlim=(0, 1))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    return figure


def _counts(
    outcome: np.ndarray, scores: np.ndarray, classes: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Count rows by actual and decided class, for the most common classes."""
    decided = scores.argmax(axis=1)
    declared = outcome >= 0
    counts = confusion_matrix(outcome[declared], decided[declared], labels=range(len(classes)))
    kept = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:_MAX_CLASSES])
    return counts[np.ix_(kept, kept)], [classes[i] for i in kept]
