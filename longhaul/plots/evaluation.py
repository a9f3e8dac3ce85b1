"""Charts of an evaluation, the most important first."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from longhaul.evaluation.scored_rows import ScoredRows
from longhaul.plots import breakdown, classes, curves, numbers


def pictures(
    rows: ScoredRows, overall: float, by_slice: list[dict[str, Any]], features: pd.DataFrame
) -> Iterator[tuple[str, Figure]]:
    """Draw every picture of the test window, with its name.

    Parameters
    ----------
    rows : ScoredRows
    overall : float
        The primary metric on all rows.
    by_slice : list of dict
        See `longhaul.evaluation.slices`; may be empty.
    features : DataFrame
        See `longhaul.evaluation.attributions`.
    """
    draw = {"binary": _binary, "multiclass": _multiclass, "regression": _regression}
    yield from draw[rows.problem.target.task_type](rows)
    if by_slice:
        yield "slices", breakdown.slices(by_slice, rows.task.primary_metric, overall)
    yield "attributions", breakdown.attributions(features)


def _binary(rows: ScoredRows) -> Iterator[tuple[str, Figure]]:
    pair = rows.outcome, rows.scores
    yield "roc", curves.roc(*pair)
    yield "precision_recall", curves.precision_recall(*pair, rows.threshold)
    yield "calibration", curves.calibration(*pair)
    yield "gain", curves.gain(*pair)
    yield "lift", curves.lift(*pair)
    yield "cost", curves.costs(*pair, rows.threshold, rows.problem.costs)


def _multiclass(rows: ScoredRows) -> Iterator[tuple[str, Figure]]:
    names = rows.problem.target.classes
    yield "confusion", classes.confusion(rows.outcome, rows.scores, names)
    yield "recall", classes.recall(rows.outcome, rows.scores, names)
    correct = rows.scores.argmax(axis=1) == rows.outcome
    confidence = rows.scores.max(axis=1)
    yield "calibration", curves.calibration(correct, confidence, "share of right decisions")


def _regression(rows: ScoredRows) -> Iterator[tuple[str, Figure]]:
    column = rows.problem.target.column
    yield "predicted", numbers.predicted(rows.outcome, rows.scores, column)
    yield "errors", numbers.errors(rows.outcome, rows.scores, column)
