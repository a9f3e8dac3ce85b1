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
from longhaul.backtest.response import Response, respond
from longhaul.backtest.results import PeriodResult, PolicyResult
from longhaul.backtest.tenure import Deployed, Tenure
from longhaul.monitoring import estimation
from longhaul.monitoring import level as level_of
from longhaul.monitoring.assessment import Assessment, Monitor, RealizedPerformance
from longhaul.monitoring.evidence import NO_CORRECTION
from longhaul.monitoring.level import Shadow
from longhaul.monitoring.observation import Observation
from longhaul.problem import Problem

ServedKey = tuple[Level, str, Deployed, str]  # level, lag if it matters, model, period
MonitorKey = tuple[ServedKey, str | None]  # and the newest period that estimates learn from


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
        self._shadows: dict[tuple[str, Deployed, str], Shadow] = {}
        self._served: dict[ServedKey, ServedPeriod] = {}
        self._realized: dict[MonitorKey, RealizedPerformance] = {}
        self._assessed: dict[tuple[MonitorKey, str | None, tuple[bool, ...]], Assessment] = {}

    def run(self, policy: Policy, lag: str) -> PolicyResult:
        """Run one policy through the periods; outcomes come in after a lag."""
        result, seconds = PolicyResult(policy, lag), 0.0
        tenure = Tenure(Deployed(START))
        for place, period in enumerate(self._periods):
            due = lags.due(self._periods, place, lag, self._problem.length)
            tenure = tenure.serve(period)
            served = self._serve(policy.level, lag, tenure.champion, period)
            assessment = self._assess(policy.level, lag, tenure, due)
            is_last = period == self._periods[-1]  # no period is left for a challenger
            response = (
                Response(tenure)
                if is_last
                else respond(self._models, policy, tenure, due, assessment)
            )
            seconds += self._models.seconds(response.trained) if response.trained else 0.0
            result.days.append(Days.of(served.counts, self._problem.costs))
            result.periods.append(_result(tenure, served, assessment, response))
            tenure = response.tenure
            if tenure.periods:  # the champion stays
                tenure = tenure.judge(assessment.decision.degraded)
        return replace(result, seconds=seconds)

    def _assess(self, level: Level, lag: str, tenure: Tenure, due: str | None) -> Assessment:
        """Assess a champion's newest period as it was served, given the newest with outcomes."""
        model, period = tenure.champion, tenure.periods[-1]
        recent = self._recent(tenure, period, due)
        key = ((self._key(level, lag, model, period), recent), due, tenure.degraded)
        if key not in self._assessed:
            monitor, correction = self._monitor(level, lag, model, recent), NO_CORRECTION
            realized = []
            if due in tenure.periods:
                realized = [self._realize(level, lag, tenure, due)]
            if due is not None:
                correction = self._serve(level, lag, model, due).correction
            observation = self._observe(level, lag, model, period)
            assessment = monitor.assess(period, observation, realized, tenure.degraded, correction)
            self._assessed[key] = replace(assessment, pictures=(), realized=())
        return self._assessed[key]

    def _realize(self, level: Level, lag: str, tenure: Tenure, period: str) -> RealizedPerformance:
        """Evaluate a period as it was served."""
        model = tenure.champion
        place = self._periods.index(period)
        due = lags.due(self._periods, place, lag, self._problem.length)
        recent = self._recent(tenure, period, due)
        key = (self._key(level, lag, model, period), recent)
        if key not in self._realized:
            observation = self._observe(level, lag, model, period)
            monitor = self._monitor(level, lag, model, recent)
            self._realized[key] = monitor.realized(period, observation)
        return self._realized[key]

    def _recent(self, tenure: Tenure, period: str, due: str | None) -> str | None:
        """Return the newest period that estimates of another one learn from."""
        if due is None:
            return None
        return estimation.newest_checked(tenure.periods, period, due)

    def _monitor(self, level: Level, lag: str, model: Deployed, recent: str | None) -> Monitor:
        """Return the monitor of a model, with the outcomes that `recent` had."""
        models, problem = self._models, self._problem
        counts = self._observe(level, lag, model, recent).clusters if recent else None
        return Monitor(
            models.reference(model.name),
            problem,
            models.baseline(model),
            models.judged(model),
            estimation.require_labelled(counts, problem),
        )

    def _observe(self, level: Level, lag: str, model: Deployed, period: str) -> Observation:
        """Return the counts of a period with its predictions as they were served."""
        counts = self._serve(level, lag, model, period).counts
        values = np.repeat(counts.probability, counts.rows).astype(np.float32)
        return replace(
            self._models.observe(model.name, period).observation,
            score_histogram=self._models.reference(model.name).scores.histogram(values),
            clusters=counts.by_cluster(),
        )

    def _serve(self, level: Level, lag: str, model: Deployed, period: str) -> ServedPeriod:
        """Return the predictions of a period as they were served."""
        key = self._key(level, lag, model, period)
        if key not in self._served:
            counts = self._models.observe(model.name, period).counts
            if level == "as predicted":
                self._served[key] = ServedPeriod(counts)
            elif level == "theory":
                self._served[key] = remedies.decide_by_theory(counts, self._problem)
            else:
                shadow = self._forecast(lag, model, period)
                problem = lags.declare(self._problem, lag)
                self._served[key] = remedies.correct(counts, level, shadow, problem)
        return self._served[key]

    def _forecast(self, lag: str, model: Deployed, period: str) -> Shadow:
        """Forecast a model's level up to the end of a period, from its unseen periods on."""
        key = (lag, model, period)
        if key not in self._shadows:
            history = self._models.history(model, period)
            days = [self._models.observe(model.name, past).counts.by_day() for past in history]
            problem = lags.declare(self._problem, lag)
            threshold = self._models.threshold(model.name)
            self._shadows[key] = level_of.forecast(reduce(add, days), problem, threshold)
        return self._shadows[key]

    def _key(self, level: Level, lag: str, model: Deployed, period: str) -> ServedKey:
        corrects = level in {"rule", "always"}
        return level, lag if corrects else "", model, period


def _result(
    tenure: Tenure, served: ServedPeriod, assessment: Assessment, response: Response
) -> PeriodResult:
    """Sum up a period and the response to it."""
    return PeriodResult(
        tenure.periods[-1],
        tenure.champion.name,
        assessment.decision.level,
        assessment.decision.action,
        served.corrected,
        bool(response.trained),
        response.tenure.champion != tenure.champion,
        response.looked,
        response.tenure.waiting is not None,
    )
