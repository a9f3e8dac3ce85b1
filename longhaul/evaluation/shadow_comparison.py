"""Comparison of a shadow with the champion, on the requests that the champion has answered."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from longhaul.data import clusters
from longhaul.data.labels import has_label, outcomes
from longhaul.evaluation import comparison
from longhaul.evaluation.intervals import Interval, PairedGains
from longhaul.problem import Costs, Problem
from longhaul.tasks import task_for


@dataclass(frozen=True)
class ShadowComparison:
    """Figures of a shadow on the rows that the champion answered.

    Attributes
    ----------
    rows, shadowed, labelled : int
        Rows that were answered; those that the shadow predicted, too; of these, those with an
        outcome.
    changed : int
        Decisions of the shadowed rows that would be other ones; 0 for numbers.
    difference : float
        Mean absolute difference of the predictions: of probabilities of the positive class, of
        those of all classes added up and halved, or of numbers.
    largest : float
        The difference that 1 in 100 rows exceeds.
    gain : Interval or None
        Loss of a row that the shadow saves, as the gate counts it: recalibrated for two classes, by
        cluster. None without outcomes.
    saving : Interval or None
        Declared cost of a row that its decisions save; for two classes only.
    unit : str
        Of the clusters, in the plural.
    """

    rows: int
    shadowed: int
    labelled: int
    changed: int
    difference: float
    largest: float
    gain: Interval | None
    saving: Interval | None
    unit: str

    def metrics(self) -> dict[str, float]:
        """Return the finite figures by name."""
        figures = {
            "rows": self.rows,
            "shadowed": self.shadowed,
            "labelled": self.labelled,
            "decisions_changed": self.changed,
            "difference": self.difference,
            "difference_p99": self.largest,
            **_bounds("gain", self.gain),
            **_bounds("saving", self.saving),
        }
        return {name: float(value) for name, value in figures.items() if np.isfinite(value)}

    def headline(self, period: str) -> str:
        """Summarise the comparison in one line."""
        text = f"{period}: {self.shadowed:,} of {self.rows:,} rows in shadow"
        if self.shadowed:
            text += f", {self.changed / self.shadowed:.1%} of the decisions would change"
        if self.gain is not None:
            gain = self.gain
            text += f"; saves {gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}] of loss a row"
        return text


def compare(
    rows: pd.DataFrame,
    champion: pd.DataFrame,
    shadow: pd.DataFrame,
    problem: Problem,
    period: str,
) -> ShadowComparison:
    """Compare predictions of n rows that a champion answered.

    Parameters
    ----------
    rows : DataFrame of n rows
        With the target, and the columns that make clusters.
    champion, shadow : DataFrame of n rows
        Columns of predictions, see `longhaul.tasks.Task.schema`; those of the shadow are null in a
        row that it has not predicted.
    problem : Problem
    period : str
        Of the rows.
    """
    task, count = task_for(problem.target.task_type), len(rows)
    predicted = shadow.iloc[:, 0].notna().to_numpy()
    rows, champion, shadow = (
        frame[predicted].reset_index(drop=True) for frame in (rows, champion, shadow)
    )
    scores = task.scores(champion), task.scores(shadow)
    apart = np.abs(scores[1] - scores[0])
    apart = apart.sum(axis=1) / 2 if apart.ndim == 2 else apart
    labelled, changed = has_label(rows, problem.target), 0
    if "decision" in champion:
        changed = int((champion["decision"] != shadow["decision"]).sum())
    gain, saving = _gains(rows, champion, shadow, labelled, problem, period)
    return ShadowComparison(
        count,
        len(rows),
        int(labelled.sum()),
        changed,
        float(apart.mean()) if len(apart) else float("nan"),
        float(np.quantile(apart, 0.99)) if len(apart) else float("nan"),
        gain,
        saving,
        clusters.describe_unit(problem),
    )


def _gains(
    rows: pd.DataFrame,
    champion: pd.DataFrame,
    shadow: pd.DataFrame,
    labelled: np.ndarray,
    problem: Problem,
    period: str,
) -> tuple[Interval | None, Interval | None]:
    """Compute the loss, and the declared cost, that the shadow saves on rows with an outcome."""
    if not labelled.any():
        return None, None
    task, level = task_for(problem.target.task_type), problem.gate.confidence
    judged = rows[labelled].infer_objects()
    outcome, unit = outcomes(judged, problem.target), clusters.of(judged, problem)
    pair = champion[labelled], shadow[labelled]
    before, after = (task.scores(columns) for columns in pair)
    compared = comparison.compare(task, outcome, before, after, unit, (period, period))
    gain = compared.gains.interval(level)
    if problem.target.task_type != "binary":
        return gain, None
    spent = [
        _cost(outcome, columns["decision"].to_numpy(dtype=bool), problem.costs) for columns in pair
    ]
    return gain, PairedGains.of(spent[0] - spent[1], unit).interval(level)


def _cost(outcome: np.ndarray, decision: np.ndarray, costs: Costs) -> np.ndarray:
    """Return the declared cost of each decision: float of shape (n,)."""
    wrong = np.where(decision, costs.false_positive, costs.false_negative)
    return np.where(decision == outcome, 0.0, wrong)


def _bounds(name: str, interval: Interval | None) -> dict[str, float]:
    if interval is None:
        return {}
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
