"""Comparison of a candidate with the champion, in pairs of rows, over one look or several.

Of two classes, both models are compared with their recalibration: in production, the level of
probabilities is corrected from outcomes, so a gain that a change of level would give as well is no
reason to replace a model. Predictions of several classes, and of numbers, are compared as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from longhaul.data import period_ranges
from longhaul.errors import LonghaulError
from longhaul.evaluation.calibration import Calibration, log_odds
from longhaul.evaluation.intervals import Interval, PairedGains, improvement
from longhaul.problem import Gate
from longhaul.tasks import Task

FOLDS = 5

Windows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Comparison:
    """Gains of a candidate over the champion; gains of several looks add up.

    Attributes
    ----------
    gains : PairedGains
        Of the recalibrated predictions of two classes, of others as they are; these decide.
    raw : PairedGains
        Of all predictions as they are.
    windows : tuple of (first, last)
        First and last period of the rows of each look.
    """

    gains: PairedGains
    raw: PairedGains
    windows: Windows

    @property
    def looks(self) -> int:
        """Number of looks so far."""
        return len(self.windows)

    def __add__(self, other: "Comparison") -> "Comparison":
        """Add a later look.

        Raises
        ------
        LonghaulError
            When it is at rows that were looked at before.
        """
        for window in other.windows:
            for before in self.windows:
                if period_ranges.overlap(list(before), list(window)):
                    raise LonghaulError(
                        f"earlier: the verdict has judged {period_ranges.describe(before)} already,"
                        f" and this is {period_ranges.describe(window)}; name a later period"
                    )
        return Comparison(
            self.gains + other.gains, self.raw + other.raw, self.windows + other.windows
        )

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return {
            "gains": self.gains.to_dict(),
            "gains_raw": self.raw.to_dict(),
            "looked_at": [list(window) for window in self.windows],
        }


def compare(
    task: Task,
    outcome: np.ndarray,
    champion: np.ndarray,
    candidate: np.ndarray,
    clusters: np.ndarray,
    window: tuple[str, ...],
) -> Comparison:
    """Compare a candidate with the champion on the same rows.

    Parameters
    ----------
    task : Task
    outcome : ndarray, shape (n,)
    champion, candidate : ndarray
        Their scores of n rows.
    clusters : ndarray of str, shape (n,)
    window : tuple of str
        First and last period of the rows.
    """
    raw = improvement(task, outcome, champion, candidate, clusters)
    if task.task_type != "binary":
        return Comparison(raw, raw, (window,))
    before, after = (recalibrate(outcome, scores, clusters) for scores in (champion, candidate))
    return Comparison(improvement(task, outcome, before, after, clusters), raw, (window,))


def recalibrate(outcome: np.ndarray, probability: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Recalibrate the probabilities of each fold of clusters by the outcomes of the others.

    Logistic recalibration of the log-odds, see `longhaul.evaluation.calibration`, cross-fitted
    (Chernozhukov et al. 2018, Double/debiased machine learning, Econometrics Journal 21): no row's
    own outcome, nor any of its cluster, has a part in its probability. Folds take the clusters in
    turn, in ascending order.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    probability : ndarray of float, shape (n,)
    clusters : ndarray of str, shape (n,)

    Returns
    -------
    ndarray of float, shape (n,)
    """
    _, code = np.unique(clusters, return_inverse=True)
    fold, calibrated = code % FOLDS, np.array(probability, dtype=np.float64)
    for place in range(FOLDS):
        here = fold == place
        fitted = _fit_rising(outcome[~here], probability[~here])
        if here.any() and fitted != Calibration():
            calibrated[here] = fitted.apply(probability[here])
    return calibrated


def _fit_rising(outcome: np.ndarray, probability: np.ndarray) -> Calibration:
    """Fit a calibration that keeps the order of probabilities; at worst, all become equal.

    A model that ranks the wrong way round is not to be rescued by a slope below zero.
    """
    fitted = Calibration.fit(outcome, probability, bent=False)
    if fitted.slope >= 0:
        return fitted
    return Calibration(float(log_odds(outcome.mean())), 0.0)


def confidence_of_look(gate: Gate) -> float:
    """Return the confidence level of the interval at each look.

    Each look spends an equal part of the error that the gate allows (Bonferroni 1936; see Pocock
    1977, Group sequential methods in the design and analysis of clinical trials, Biometrika 64, for
    tests that are looked at several times): with 3 looks and a confidence of 0.95, the level of
    each is 0.983. Looks at the same gains are dependent, so the error in total is smaller than what
    is allowed. The cost is power: the interval of a first look over 30 days is a quarter wider than
    that of the only one, and it takes 37% more days to see the same gain in 80% of tries.
    """
    return 1 - (1 - gate.confidence) / gate.looks


def of_verdict(verdict: Any, candidate: str, champion: str, origin: str) -> Comparison | None:
    """Restore the comparison of an earlier verdict on the same two models.

    Parameters
    ----------
    verdict : Any
        Content of its verdict.json; of None, there is no comparison.
    candidate, champion : str
        URIs of the models that are compared now.
    origin : str
        URI of the verdict, for the error.

    Raises
    ------
    LonghaulError
        When it has no gains, or is about other models.
    """
    if verdict is None:
        return None
    if not isinstance(verdict, Mapping) or not isinstance(verdict.get("gains"), Mapping):
        raise LonghaulError(
            f"{origin}: no verdict with gains over a champion; give the verdict.json of evaluate"
        )
    if (verdict["candidate"], verdict["champion"]) != (candidate, champion):
        raise LonghaulError(
            f"{origin}: compares {verdict['candidate']} with {verdict['champion']}, not {candidate}"
            f" with {champion}; gains of other models do not count"
        )
    return Comparison(
        PairedGains.from_dict(verdict["gains"]),
        PairedGains.from_dict(verdict["gains_raw"]),
        tuple(tuple(window) for window in verdict["looked_at"]),
    )


def both(comparison: Comparison, gate: Gate) -> tuple[Interval, Interval]:
    """Compute the intervals of the deciding and of the raw gain of a row."""
    level = confidence_of_look(gate)
    return comparison.gains.interval(level), comparison.raw.interval(level)
