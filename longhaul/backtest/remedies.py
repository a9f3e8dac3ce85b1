"""Predictions of a period as a policy serves them, with or without a correction of their level."""

from dataclasses import dataclass, replace

import numpy as np

from longhaul.backtest.counts import PredictionCounts
from longhaul.backtest.policies import Level
from longhaul.evaluation.threshold import theoretical_threshold
from longhaul.model.correction import Correction, apply
from longhaul.monitoring.evidence import NO_CORRECTION, CorrectionEvidence
from longhaul.monitoring.level import Shadow, lag_days
from longhaul.problem import Problem


@dataclass(frozen=True)
class ServedPeriod:
    """Predictions of a period as they were served.

    Attributes
    ----------
    counts : PredictionCounts
    correction : CorrectionEvidence
    corrected : int
        Days on which probabilities are corrected.
    """

    counts: PredictionCounts
    correction: CorrectionEvidence = NO_CORRECTION
    corrected: int = 0


def decide_by_theory(counts: PredictionCounts, problem: Problem) -> ServedPeriod:
    """Decide predictions by the threshold that is best for calibrated probabilities."""
    decision = counts.probability >= theoretical_threshold(problem.costs)
    return ServedPeriod(replace(counts, decision=decision))


def correct(
    counts: PredictionCounts, level: Level, shadow: Shadow, problem: Problem
) -> ServedPeriod:
    """Correct predictions day by day.

    Parameters
    ----------
    counts : PredictionCounts
        As predicted.
    level : {"rule", "always"}
        See `longhaul.backtest.policies.Policy`.
    shadow : Shadow
        Forecasts of the level, up to the last day of the period or later.
    problem : Problem
        Its label lag is that of the forecasts.
    """
    theory = theoretical_threshold(problem.costs)
    used = shadow.used if level == "rule" else np.isfinite(shadow.forecasts)
    correction: Correction = replace(shadow, used=used).correction("backtest", theory)
    by_day = correction.shift(counts.times)
    shift = by_day[counts.day]
    probability = apply(counts.probability, shift)
    decision = np.where(shift != 0, probability >= theory, counts.decision)
    days = int((by_day != 0).sum())
    evidence = shadow.evidence(days > 0, lag_days(problem), problem.gate.confidence)
    return ServedPeriod(replace(counts, probability=probability, decision=decision), evidence, days)
