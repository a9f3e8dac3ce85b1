"""Backtest of retraining policies: past periods run again, each policy with its own champion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from longhaul.backtest.days import Days, sum_up
from longhaul.data.labels import outcomes
from longhaul.evaluation import gate
from longhaul.evaluation.intervals import Interval, improvement
from longhaul.model.package import Package
from longhaul.monitoring import performance
from longhaul.monitoring.assessment import Assessment, Monitor
from longhaul.monitoring.batches import align
from longhaul.monitoring.observation import observe
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.reference import Reference
from longhaul.problem import Problem
from longhaul.tasks import binary
from longhaul.tasks.metrics import measure

START = "start"


@dataclass(frozen=True)
class Policy:
    """Policy of retraining: when to retrain, and whether a challenger must first win.

    Attributes
    ----------
    name : str
    retrains : callable
        Whether to retrain after a period, given its assessment.
    gated : bool
        A gated challenger is judged on the newest period and so has not learned from it. One
        without a gate learns from all periods, and is promoted without being judged.
    """

    name: str
    retrains: Callable[[Assessment], bool]
    gated: bool


def _always(_: Assessment) -> bool:
    return True


def _never(_: Assessment) -> bool:
    return False


def _on_drift(assessment: Assessment) -> bool:
    return assessment.drift is not None and bool(assessment.drift.drifted)


def _on_evidence(assessment: Assessment) -> bool:
    return assessment.decision.action == "retrain"


POLICIES = (
    Policy("never", _never, True),
    Policy("every period, gated", _always, True),
    Policy("on drift, gated", _on_drift, True),
    Policy("on evidence, gated", _on_evidence, True),
    Policy("every period, no gate", _always, False),
    Policy("on drift, no gate", _on_drift, False),
    Policy("on evidence, no gate", _on_evidence, False),
)


@dataclass(frozen=True)
class TrainedModel:
    """Model with the time that its training took.

    Attributes
    ----------
    package : Package
    seconds : float
    """

    package: Package
    seconds: float


@dataclass(frozen=True)
class PeriodResult:
    """Result of one period under a policy.

    Attributes
    ----------
    period : str
    model : str
        The champion during the period: `START`, or the name of a challenger.
    level : str
        Of the decision.
    trained, promoted : bool
        Whether a challenger was trained after the period, and whether it was promoted.
    """

    period: str
    model: str
    level: str
    trained: bool
    promoted: bool


@dataclass(frozen=True)
class PolicyResult:
    """Results of all periods under one policy.

    Attributes
    ----------
    policy : Policy
    periods : list of PeriodResult
    days : list of Days
        One for each period.
    seconds : float
        Total time of training.
    """

    policy: Policy
    periods: list[PeriodResult] = field(default_factory=list)
    days: list[Days] = field(default_factory=list)
    seconds: float = 0.0


class Backtest:
    """Backtest of policies over the same periods; models and counts are shared between them.

    Parameters
    ----------
    problem : Problem
    start : Package
        The champion of the first period.
    baseline : mapping of str to Interval
        Its figures on the window that it was judged on.
    rows : callable
        Returns the rows of a period.
    train : callable
        Trains a model once the outcomes of a period are known: on it as well, or, if gated, on
        all periods before it.
    """

    def __init__(
        self,
        problem: Problem,
        start: Package,
        baseline: Figures,
        rows: Callable[[str], pd.DataFrame],
        train: Callable[[str, bool], TrainedModel],
    ):
        self._problem, self._rows, self._train = problem, rows, train
        self._models = {START: TrainedModel(start, 0.0)}
        self._baselines = {START: baseline}
        self._cache: dict[tuple[str, str], Any] = {}

    def run(self, policy: Policy, periods: Sequence[str]) -> PolicyResult:
        """Run one policy through the periods; outcomes of each are known when it ends."""
        results: list[PeriodResult] = []
        days: list[Days] = []
        champion, seconds = START, 0.0
        degraded: list[bool] = []
        for period in periods:
            assessment, period_days = self._assess(champion, period, degraded)
            last = period == periods[-1]  # no period is left for a challenger
            trained = promoted = False
            present = champion
            if not last and policy.retrains(assessment):
                trained = True
                challenger = self._challenger(period, policy.gated)
                seconds += self._models[challenger].seconds
                promoted = not policy.gated or self._wins(challenger, present, period)
                champion = challenger if promoted else present
            decision = assessment.decision
            if promoted:
                degraded = []
            elif decision.degraded is not None:
                degraded = [*degraded, decision.degraded]
            results.append(PeriodResult(period, present, decision.level, trained, promoted))
            days.append(period_days)
        return PolicyResult(policy, results, days, seconds)

    def _assess(self, model: str, period: str, degraded: Sequence[bool]) -> tuple[Assessment, Days]:
        """Assess a period with one model as champion, and sum up its days."""
        batch, observation = self._observed(model, period)
        monitor = Monitor(self._reference(model), self._problem, self._baselines[model])
        realized = monitor.realized(period, observation)
        assessment = monitor.assess(period, observation, [realized], degraded)
        days = self._cached(("days " + model, period), lambda: sum_up(batch, self._problem))
        return assessment, days

    def _observed(self, model: str, period: str) -> Any:
        return self._cached((model, period), lambda: self._observe(model, period))

    def _observe(self, model: str, period: str) -> Any:
        predictor, frame = self._models[model].package.predictor, self._rows(period)
        probability = predictor.scores(frame)
        outcome = outcomes(frame, self._problem.target).astype(np.int64)
        columns = predictor.columns(probability)
        batch = align(frame, columns, outcome.astype(float), self._problem, np.arange(len(frame)))
        reference = self._reference(model)
        return batch, observe([batch], predictor.encoder, reference, self._problem)

    def _reference(self, model: str) -> Reference:
        reference: Reference = self._cached(
            ("reference", model),
            lambda: Reference.from_dict(self._models[model].package.reference),
        )
        return reference

    def _challenger(self, period: str, gated: bool) -> str:
        """Train the challenger of a period unless it is there, and return its name."""
        name = f"{period}{'' if gated else ' and all of it'}"
        if name not in self._models:
            self._models[name] = self._train(period, gated)
            package = self._models[name].package
            if gated:
                _, observation = self._observed(name, period)
                self._baselines[name] = performance.realized(observation.clusters, self._problem)
            else:  # it has seen every window; validation comes closest to an unseen one
                self._baselines[name] = {
                    metric: Interval(value, np.nan, np.nan)
                    for metric, value in package.valid_metrics().items()
                }
        return name

    def _wins(self, challenger: str, champion: str, period: str) -> bool:
        """Return whether the challenger passes the gate on the newest period."""
        wins: bool = self._cached(
            (f"{challenger} against {champion}", period),
            lambda: self._judge(challenger, champion, period),
        )
        return wins

    def _judge(self, challenger: str, champion: str, period: str) -> bool:
        batch, observation = self._observed(challenger, period)
        rival, _ = self._observed(champion, period)
        outcome, confidence = batch.outcome.astype(bool), self._problem.gate.confidence
        gains = improvement(binary, outcome, rival.probability, batch.probability, batch.cluster)
        better = gains.interval(confidence)
        packages = (self._models[name].package for name in (challenger, champion))
        windows, rival_windows = (package.windows for package in packages)
        evidence = gate.GateEvidence(
            rows=len(outcome),
            positives=int(outcome.sum()),
            window=[period, period],
            windows=windows,
            metrics=performance.realized(observation.clusters, self._problem),
            champion=gate.ChampionComparison(
                rival_windows, better, measure(outcome, rival.probability)
            ),
        )
        return gate.judge(self._problem.gate, evidence).passed

    def _cached(self, key: tuple[str, str], compute: Callable[[], Any]) -> Any:
        if key not in self._cache:
            self._cache[key] = compute()
        return self._cache[key]
