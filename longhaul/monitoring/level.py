"""Level of a model's probabilities from day to day, and its correction from outcomes that came in.

Between the log-odds of predictions and of outcomes lies a level that moves from day to day, and
mostly slowly. Each day it is estimated from the outcomes that are available by then, weighted by
age with several half-lives; the mean of these estimates and of no shift at all is a forecast that
needs no tuning (equal weights: Timmermann 2006, Forecast combinations, Handbook of Economic
Forecasting 1).

The forecast is scored in shadow, and is used on a day only where it has helped so far: where the
loss that it saved, weighted by age, is above zero over at least `MIN_BLOCKS` blocks of as many days
as outcomes lag behind. Forecasts of one block share their outcomes, so that a block is the unit of
evidence (Diebold and Mariano 1995, Comparing predictive accuracy, Journal of Business & Economic
Statistics 13): of outcomes that come a day late, ten days are enough; of outcomes that come a month
late, less than a year is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from longhaul.data import label_lag
from longhaul.evaluation.intervals import PairedGains
from longhaul.evaluation.threshold import theoretical_threshold
from longhaul.model.correction import Correction
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.evidence import CorrectionEvidence
from longhaul.monitoring.scores import NEGATIVE, POSITIVE, Scores, cell_odds
from longhaul.problem import Problem

HALF_LIVES = (3, 7, 14, 30)  # days; together with "no shift", five forecasts
EVIDENCE_HALF_LIFE = 30  # days; older gains count for less
MIN_BLOCKS = 10
_MAX_SHIFT = 4.0  # log-odds
_STEPS, _PRECISION = 50, 1e-12


@dataclass(frozen=True)
class Shadow:
    """Forecasts of the level, and what they would have saved, day by day.

    Attributes
    ----------
    days : tuple of str
        Without a gap, from the first day to the last that has a forecast.
    forecasts : ndarray of float, shape (d,)
        Shift of the log-odds; NaN where no outcome was available.
    used : ndarray of bool, shape (d,)
        Whether the rule uses the forecast.
    rows : ndarray of float, shape (d,)
        With a known outcome.
    gains : ndarray of float, shape (d,)
        Log loss that the forecast saves, in nats, summed up over the rows of the day.
    savings : ndarray of float, shape (d,)
        The same in the unit of the declared costs.
    """

    days: tuple[str, ...]
    forecasts: np.ndarray
    used: np.ndarray
    rows: np.ndarray
    gains: np.ndarray
    savings: np.ndarray

    def evidence(self, applied: bool, lag: int, confidence: float) -> CorrectionEvidence:
        """Sum up what the forecasts have saved, or would have, over all days so far.

        Parameters
        ----------
        applied : bool
            Whether the predictions of the present period were served with them.
        lag : int
            Days that outcomes lag behind: days that share outcomes are one cluster.
        confidence : float
        """
        scored = np.isfinite(self.forecasts) & (self.rows > 0)
        if not scored.any():
            return CorrectionEvidence(applied=applied)
        block = (np.arange(len(self.days)) // lag)[scored]
        gain, saving = (
            PairedGains.of_sums(sums[scored], self.rows[scored], block).interval(confidence)
            for sums in (self.gains, self.savings)
        )
        return CorrectionEvidence(bool(self.used[-1]), applied, gain, saving)

    def correction(self, version: str, threshold: float) -> Correction:
        """Return the correction of a version: the forecasts of the days that use one."""
        shifts = np.where(self.used, np.nan_to_num(self.forecasts), 0.0)
        return Correction(version, self.days, tuple(shifts.tolist()), threshold)


def lag_days(problem: Problem) -> int:
    """Return the days that outcomes lag behind, at least 1."""
    lag = label_lag.as_duration(problem.monitoring.label_lag, problem.length)
    return max(1, -(-lag // pd.Timedelta(days=1)))


def forecast(days: ClusterCounts[Scores], problem: Problem, threshold: float) -> Shadow:
    """Forecast the level of each day from the outcomes available by then.

    Parameters
    ----------
    days : ClusterCounts of Scores
        What the model itself predicted, by day, from the window that it was judged on; days may be
        missing.
    problem : Problem
        Its label lag and its costs.
    threshold : float
        The model's own.
    """
    lag, labels = lag_days(problem), sorted(days.parts)
    newest = max((name for name, part in days.parts.items() if part.labelled), default="")
    if not newest:
        none = np.zeros(0)
        return Shadow((), none, none.astype(bool), none, none, none)
    first, last = np.datetime64(labels[0], "D"), np.datetime64(newest, "D") + lag
    count = int((max(last, np.datetime64(labels[-1], "D")) - first).astype(int)) + 1
    names = tuple(str(day) for day in first + np.arange(count))
    outcomes = [_Day.of(days.parts.get(name)) for name in names]
    forecasts = _forecasts(outcomes, lag)
    rows = np.array([day.rows.sum() for day in outcomes])
    pairs = [
        _gain(day, shift, problem, threshold)
        for day, shift in zip(outcomes, forecasts, strict=True)
    ]
    gains, savings = np.array(pairs).T
    used = np.array([_helps(gains, rows, forecasts, day - lag, lag) for day in range(count)])
    return Shadow(names, forecasts, used & np.isfinite(forecasts), rows, gains, savings)


@dataclass(frozen=True)
class _Day:
    """Rows of a day with a known outcome, by cell of the log-odds: float of shape (c,).

    Rows of a cell count as in its middle, which no other day has a say in.
    """

    negative: np.ndarray
    positive: np.ndarray

    @classmethod
    def of(cls, part: Scores | None) -> "_Day":
        """Count both decisions together; nothing on a day without predictions."""
        counts = (part or Scores.empty()).counts.sum(axis=1).astype(float)
        return cls(counts[:, NEGATIVE], counts[:, POSITIVE])

    @property
    def rows(self) -> np.ndarray:
        """Rows of either outcome."""
        return self.negative + self.positive


def _forecasts(days: Sequence[_Day], lag: int) -> np.ndarray:
    """Forecast each day's level from the days that are at least `lag` days older."""
    fade = 0.5 ** (1 / np.array(HALF_LIVES, dtype=float))[:, np.newaxis]
    odds = cell_odds()
    rows = np.zeros((len(HALF_LIVES), len(odds)))
    hits = np.zeros(len(HALF_LIVES))
    forecasts = np.full(len(days), np.nan)
    for place in range(lag, len(days)):
        newest = days[place - lag]
        rows = rows * fade + newest.rows
        hits = hits * fade[:, 0] + newest.positive.sum()
        filled = np.flatnonzero(rows[-1])  # the longest half-life: no cell has faded away there
        if len(filled):
            shifts = [
                _level(odds[filled], *pair) for pair in zip(rows[:, filled], hits, strict=True)
            ]
            forecasts[place] = sum(shifts) / (len(shifts) + 1)  # the one more is no shift
    return forecasts


def _level(odds: np.ndarray, rows: np.ndarray, positive: float) -> float:
    """Find the shift at which rows have as many expected positives as observed (Newton)."""
    shift = 0.0
    for _ in range(_STEPS):
        chance = expit(odds + shift)
        excess = float(rows @ chance) - positive
        slope = float(rows @ (chance * (1 - chance)))
        step = float(np.clip(excess / max(slope, 1e-12), -1.0, 1.0))
        shift = float(np.clip(shift - step, -_MAX_SHIFT, _MAX_SHIFT))
        if abs(step) < _PRECISION:
            break
    return shift


def _gain(day: _Day, forecast: float, problem: Problem, threshold: float) -> tuple[float, float]:
    """Sum up the log loss and the cost that a day's forecast saves; 0 without a forecast."""
    filled = np.flatnonzero(day.rows)
    if not (len(filled) and np.isfinite(forecast)):
        return 0.0, 0.0
    odds, negative, positive = cell_odds()[filled], day.negative[filled], day.positive[filled]
    costs = problem.costs

    def loss(odds: np.ndarray) -> float:
        return float(positive @ np.logaddexp(0, -odds) + negative @ np.logaddexp(0, odds))

    def cost(decision: np.ndarray) -> float:
        wrong = np.where(decision, costs.false_positive * negative, costs.false_negative * positive)
        return float(wrong.sum())

    shifted = odds + forecast
    theory = theoretical_threshold(costs)
    saved = cost(expit(odds) >= threshold) - cost(expit(shifted) >= theory)
    return loss(odds) - loss(shifted), saved


def _helps(
    gains: np.ndarray, rows: np.ndarray, forecasts: np.ndarray, newest: int, block: int
) -> bool:
    """Return whether forecasts up to the newest day with outcomes have saved loss so far."""
    days = np.flatnonzero((rows > 0) & np.isfinite(forecasts))
    days = days[days <= newest]
    if not len(days) or (newest - days[0]) // block + 1 < MIN_BLOCKS:
        return False
    weights = 0.5 ** ((newest - days) / EVIDENCE_HALF_LIFE)
    return bool((weights * gains[days] / rows[days]).sum() > 0)
