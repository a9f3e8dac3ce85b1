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

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from longhaul.data import label_lag
from longhaul.evaluation.calibration import log_odds
from longhaul.evaluation.intervals import PairedGains
from longhaul.model.correction import Correction
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.rules import CorrectionEvidence
from longhaul.monitoring.scores import NEGATIVE, POSITIVE, Scores
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


def theoretical_threshold(problem: Problem) -> float:
    """Return the best threshold for calibrated probabilities; see `Correction`."""
    costs = problem.costs
    return costs.false_positive / (costs.false_positive + costs.false_negative)


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
    odds, negative, positive = _by_day(days, names)
    forecasts = _forecasts(odds, negative, positive, lag)
    rows = (negative + positive).sum(axis=1)
    gains, savings = _gains(odds, negative, positive, forecasts, problem, threshold)
    used = np.array([_helps(gains, rows, forecasts, day - lag, lag) for day in range(count)])
    return Shadow(names, forecasts, used & np.isfinite(forecasts), rows, gains, savings)


def _by_day(
    days: ClusterCounts[Scores], names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log-odds of shape (c,), and rows of either outcome of shape (d, c)."""
    total = days.total
    rows = total.counts.sum(axis=(1, 2))
    cells = np.flatnonzero(rows)
    odds = log_odds(total.sums.sum(axis=1)[cells] / rows[cells])
    counts = np.zeros((len(names), len(cells), 3))
    for place, name in enumerate(names):
        if name in days.parts:
            counts[place] = days.parts[name].counts[cells].sum(axis=1)
    return odds, counts[..., NEGATIVE], counts[..., POSITIVE]


def _forecasts(
    odds: np.ndarray, negative: np.ndarray, positive: np.ndarray, lag: int
) -> np.ndarray:
    """Forecast each day's level from the days that are at least `lag` days older."""
    fade = 0.5 ** (1 / np.array(HALF_LIVES, dtype=float))[:, np.newaxis]
    rows = np.zeros((len(HALF_LIVES), len(odds)))
    hits = np.zeros(len(HALF_LIVES))
    forecasts = np.full(len(negative), np.nan)
    for day in range(lag, len(negative)):
        known = day - lag
        rows = rows * fade + negative[known] + positive[known]
        hits = hits * fade[:, 0] + positive[known].sum()
        if rows.any():
            shifts = [_level(odds, *pair) for pair in zip(rows, hits, strict=True)]
            forecasts[day] = sum(shifts) / (len(shifts) + 1)  # the one more is no shift
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


def _gains(
    odds: np.ndarray,
    negative: np.ndarray,
    positive: np.ndarray,
    forecasts: np.ndarray,
    problem: Problem,
    threshold: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Sum up the log loss and the cost that each day's forecast saves; 0 without a forecast."""
    shifted = odds + np.nan_to_num(forecasts)[:, np.newaxis]
    before = positive * np.logaddexp(0, -odds) + negative * np.logaddexp(0, odds)
    after = positive * np.logaddexp(0, -shifted) + negative * np.logaddexp(0, shifted)
    costs, theory = problem.costs, theoretical_threshold(problem)

    def cost(decision: np.ndarray) -> np.ndarray:
        wrong = np.where(decision, costs.false_positive * negative, costs.false_negative * positive)
        return np.asarray(wrong.sum(axis=1))

    saved = cost(expit(odds) >= threshold) - cost(expit(shifted) >= theory)
    return (before - after).sum(axis=1), np.where(np.isfinite(forecasts), saved, 0.0)


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
