"""Pictures of how well several classes are told apart."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from sklearn.metrics import confusion_matrix

from longhaul.plots import style
from longhaul.plots.style import BLUE, INK

_MOST = 30  # classes that can be read in one picture


def confusion(outcome: np.ndarray, scores: np.ndarray, classes: Sequence[str]) -> Figure:
    """Which class was decided for, by the one that it was: shares of each row."""
    counts, names = _counts(outcome, scores, classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    apart = counts.copy()
    np.fill_diagonal(apart, 0)
    row, column = np.unravel_index(int(apart.argmax()), apart.shape)
    title = f"{int(np.trace(counts)):,} of {int(counts.sum()):,} are right"
    if apart[row, column]:
        title += f"; most often {names[row]} is taken for {names[column]}"
    side = 2.4 + 0.36 * len(names)
    figure, axes = style.chart(title, "decided", "was", height=side)
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
    """Of each class, the share that is found; the weakest at the top."""
    counts, names = _counts(outcome, scores, classes)
    totals = counts.sum(axis=1)
    present = np.flatnonzero(totals)
    found = np.diag(counts)[present] / totals[present]
    order = np.argsort(found, kind="stable")
    weakest = names[present[order[0]]]
    title = f"Weakest at {weakest}: {found[order[0]]:.0%} are found"
    figure, axes = style.chart(title, "share found", "", height=1.2 + 0.26 * len(order))
    labels = [f"{names[present[i]]} ({totals[present[i]]:,})" for i in order]
    axes.barh(labels, found[order], color=BLUE, height=0.7)
    axes.set(xlim=(0, 1))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    return figure


def _counts(
    outcome: np.ndarray, scores: np.ndarray, classes: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Rows by what they were and what was decided, of the classes that are most common."""
    decided = scores.argmax(axis=1)
    known = outcome >= 0
    counts = confusion_matrix(outcome[known], decided[known], labels=range(len(classes)))
    kept = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:_MOST])
    return counts[np.ix_(kept, kept)], [classes[i] for i in kept]
