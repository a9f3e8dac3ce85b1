"""Backtest of policies: past periods run again, each policy with its own champion."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np

from longhaul.backtest import lags, remedies
from longhaul.backtest.days import Days
from longhaul.backtest.models import START, Models
from longhaul.backtest.policies import Level, Policy
from longhaul.backtest.remedies import ServedPeriod
from longhaul.backtest.results import PeriodResult, PolicyResult
from longhaul.monitoring import level as level_of
from longhaul.monitoring.assessment import Assessment, Monitor, RealizedPerformance
from longhaul.monitoring.evidence import NO_CORRECTION
from longhaul.monitoring.level import Shadow
from longhaul.monitoring.observation import Observation
from longhaul.problem import Problem

ServedKey = tuple[Level, str, str, str]  # level, lag if it matters, model, period


class Backtest:
    """Backtest of policies over the same periods.

    Parameters
    ----------
    problem : Problem
    models : Models
        Begins with the champion of the first period.
    periods : sequence of str
        In order of time.
    """

    def __init__(self, problem: Problem, models: Models, periods: Sequence[str]):
        self._problem, self._models, self._periods = problem, models, tuple(periods)
        self._shadows: dict[tuple[str, str, str], Shadow] = {}
        self._served: dict[ServedKey, ServedPeriod] = {}
        self._realized: dict[ServedKey, RealizedPerformance] = {}
        self._assessed: dict[tuple[ServedKey, str | None, tuple[bool, ...]], Assessment] = {}

    def run(self, policy: Policy, lag: str) -> PolicyResult:
        """Run one policy through the periods; outcomes come in after a lag."""
        result = PolicyResult(policy, lag)
        champion, seconds = START, 0.0
        degraded: list[bool] = []
        for place, period in enumerate(self._periods):
            due = lags.due(self._periods, place, lag, self._problem.length)
            served = self._serve(policy.level, lag, champion, period)
            assessment = self._assess(policy.level, lag, champion, period, due, degraded)
            successor, trained = self._retrain(policy, champion, period, due, assessment)
            seconds += self._models.seconds(trained) if trained else 0.0
            decision = assessment.decision
            result.days.append(Days.of(served.counts, self._problem.costs))
            result.periods.append(
                PeriodResult(
                    period,
                    champion,
                    decision.level,
                    decision.action,
                    served.corrected,
                    bool(trained),
                    successor != champion,
                )
            )
            if successor != champion:
                champion, degraded = successor, []
            elif decision.degraded is not None:
                degraded.append(decision.degraded)
        return replace(result, seconds=seconds)

    def _retrain(
        self, policy: Policy, champion: str, period: str, due: str | None, assessment: Assessment
    ) -> tuple[str, str]:
        """Return the champion of the next period, and the challenger that was trained, if any."""
        last = period == self._periods[-1]  # no period is left for a challenger
        if last or due is None or not policy.retrains(assessment):
            return champion, ""
        challenger = self._models.train(due, policy.gated)
        promoted = not policy.gated or self._models.wins(challenger, champion, due)
        return (challenger if promoted else champion), challenger

    def _assess(
        self,
        level: Level,
        lag: str,
        model: str,
        period: str,
        due: str | None,
        degraded: Sequence[bool],
    ) -> Assessment:
        """Assess a period as it was served, given the newest one with outcomes."""
        key = (self._key(level, lag, model, period), due, tuple(degraded))
        if key not in self._assessed:
            monitor, correction = self._monitor(model), NO_CORRECTION
            realized = []
            if due is not None:
                realized = [self._realize(level, lag, model, due)]
                correction = self._serve(level, lag, model, due).correction
            observation = self._observe(level, lag, model, period)
            assessment = monitor.assess(period, observation, realized, degraded, correction)
            self._assessed[key] = replace(assessment, pictures=(), realized=())
        return self._assessed[key]

    def _realize(self, level: Level, lag: str, model: str, period: str) -> RealizedPerformance:
        """Evaluate a period as it was served."""
        key = self._key(level, lag, model, period)
        if key not in self._realized:
            observation = self._observe(level, lag, model, period)
            self._realized[key] = self._monitor(model).realized(period, observation)
        return self._realized[key]

    def _monitor(self, model: str) -> Monitor:
        models = self._models
        return Monitor(models.reference(model), self._problem, models.baseline(model))

    def _observe(self, level: Level, lag: str, model: str, period: str) -> Observation:
        """Return the counts of a period with its predictions as they were served."""
        counts = self._serve(level, lag, model, period).counts
        values = np.repeat(counts.probability, counts.rows).astype(np.float32)
        return replace(
            self._models.observe(model, period).observation,
            score_histogram=self._models.reference(model).scores.histogram(values),
            clusters=counts.by_cluster(),
        )

    def _serve(self, level: Level, lag: str, model: str, period: str) -> ServedPeriod:
        """Return the predictions of a period as they were served."""
        key = self._key(level, lag, model, period)
        if key not in self._served:
            counts = self._models.observe(model, period).counts
            if level == "as predicted":
                self._served[key] = ServedPeriod(counts)
            elif level == "theory":
                self._served[key] = remedies.decide_by_theory(counts, self._problem)
            else:
                shadow = self._forecast(lag, model, period)
                problem = lags.declare(self._problem, lag)
                self._served[key] = remedies.correct(counts, level, shadow, problem)
        return self._served[key]

    def _forecast(self, lag: str, model: str, period: str) -> Shadow:
        """Forecast a model's level up to the end of a period, from its unseen periods on."""
        key = (lag, model, period)
        if key not in self._shadows:
            history = self._models.history(model, period)
            days = [self._models.observe(model, past).counts.by_day() for past in history]
            problem = lags.declare(self._problem, lag)
            threshold = self._models.threshold(model)
            self._shadows[key] = level_of.forecast(reduce(add, days), problem, threshold)
        return self._shadows[key]

    def _key(self, level: Level, lag: str, model: str, period: str) -> ServedKey:
        corrects = level in {"rule", "always"}
        return level, lag if corrects else "", model, period
