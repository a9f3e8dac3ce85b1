"""The same periods lived through again under other policies of training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from longhaul.backtest.days import Days, sum_up
from longhaul.data.labels import outcomes
from longhaul.evaluation import gate
from longhaul.evaluation.intervals import improvement
from longhaul.model.package import Package
from longhaul.monitoring import assessment, performance
from longhaul.monitoring.assessment import Assessment
from longhaul.monitoring.batches import Batch
from longhaul.monitoring.observation import observe
from longhaul.monitoring.reference import Reference
from longhaul.monitoring.scores import Scores
from longhaul.problem import Problem
from longhaul.tasks import binary
from longhaul.tasks.metrics import measure

START = "start"


@dataclass(frozen=True)
class Policy:
    """When to train again, and whether a challenger must first win.

    Attributes
    ----------
    name : str
    wants : callable
        Whether to train, told from a period's assessment.
    gated : bool
        A gated challenger is judged on the newest period and so has not learned from it. One
        without a gate learns from all there is, and takes over unseen.
    """

    name: str
    wants: Callable[[Assessment], bool]
    gated: bool


def _always(_: Assessment) -> bool:
    return True


def _never(_: Assessment) -> bool:
    return False


def _drifted(judged: Assessment) -> bool:
    return judged.drift is not None and bool(judged.drift.drifted)


def _evident(judged: Assessment) -> bool:
    return judged.decision.action == "retrain"


POLICIES = (
    Policy("never", _never, True),
    Policy("every period, gated", _always, True),
    Policy("on drift, gated", _drifted, True),
    Policy("on evidence, gated", _evident, True),
    Policy("every period, no gate", _always, False),
    Policy("on drift, no gate", _drifted, False),
    Policy("on evidence, no gate", _evident, False),
)


@dataclass(frozen=True)
class TrainedModel:
    """A model that may be in charge.

    Attributes
    ----------
    package : Package
    seconds : float
        That training took.
    """

    package: Package
    seconds: float


@dataclass(frozen=True)
class PeriodResult:
    """One period under a policy: who was in charge, what was decided and what came of it."""

    period: str
    model: str
    level: str
    trained: bool
    promoted: bool


@dataclass(frozen=True)
class PolicyResult:
    """The periods under one policy.

    Attributes
    ----------
    policy : Policy
    months : list of Month
    days : list of Days
        One for each period.
    seconds : float
        That training took, all together.
    """

    policy: Policy
    months: list[PeriodResult] = field(default_factory=list)
    days: list[Days] = field(default_factory=list)
    seconds: float = 0.0


class Backtest:
    """Periods that can be lived through again and again; what was computed once is kept.

    Parameters
    ----------
    problem : Problem
    start : Package
        The model in charge of the first period.
    baseline : float
        Its AUC on the window that it was judged on.
    rows : callable
        The rows of a period.
    train : callable
        A model trained when the outcomes of a period are known: on it as well, or, if gated, on
        all before it.
    """

    def __init__(
        self,
        problem: Problem,
        start: Package,
        baseline: float,
        rows: Callable[[str], pd.DataFrame],
        train: Callable[[str, bool], TrainedModel],
    ):
        self._problem, self._rows, self._train = problem, rows, train
        self._models = {START: TrainedModel(start, 0.0)}
        self._baselines = {START: baseline}
        self._kept: dict[tuple[str, str], Any] = {}

    def run(self, policy: Policy, periods: Sequence[str]) -> PolicyResult:
        """Live through some periods; outcomes of each are known when it ends."""
        course, present, seconds = PolicyResult(policy), START, 0.0
        fell: list[bool] = []
        for period in periods:
            judged, days = self._live(present, period, fell)
            last = period == periods[-1]  # nobody would be left to learn for
            trained = promoted = False
            before = present
            if not last and policy.wants(judged):
                trained = True
                challenger = self._challenger(period, policy.gated)
                seconds += self._models[challenger].seconds
                promoted = not policy.gated or self._wins(challenger, present, period)
            fell = (
                []
                if promoted
                else [*fell, *([judged.decision.degraded] if judged.decision.degraded is not None else [])]
            )
            present = challenger if promoted else present
            course.months.append(PeriodResult(period, before, judged.decision.level, trained, promoted))
            course.days.append(days)
        return PolicyResult(policy, course.months, course.days, seconds)

    def _live(self, model: str, period: str, fell: Sequence[bool]) -> tuple[Assessment, Days]:
        """A period with one model in charge."""
        batch, observation = self._observed(model, period)
        reference = self._reference(model)
        baseline = self._baselines[model]
        known = assessment.truth(period, observation, reference, self._problem, baseline)
        judged = assessment.assess(
            period, observation, reference, self._problem, baseline, [known], fell
        )
        return judged, self._keep(("days " + model, period), lambda: sum_up(batch, self._problem))

    def _observed(self, model: str, period: str) -> Any:
        return self._keep((model, period), lambda: self._observe(model, period))

    def _observe(self, model: str, period: str) -> Any:
        predictor, frame = self._models[model].package.predictor, self._rows(period)
        probability = predictor.scores(frame)
        outcome = outcomes(frame, self._problem.target).astype(np.int64)
        batch = Batch(frame, probability, predictor.decide(probability), outcome)
        aside = self._problem.excluded
        return batch, observe([batch], predictor.encoder, self._reference(model), aside)

    def _reference(self, model: str) -> Reference:
        found: Reference = self._keep(
            ("reference", model), lambda: Reference.from_dict(self._models[model].package.reference)
        )
        return found

    def _challenger(self, period: str, gated: bool) -> str:
        name = f"{period}{'' if gated else ' and all of it'}"
        if name not in self._models:
            self._models[name] = self._train(period, gated)
            package = self._models[name].package
            if gated:
                batch, _ = self._observed(name, period)
                known = measure(batch.outcome.astype(bool), batch.probability)
            else:  # no window is left that it has not seen; validation is the nearest to one
                known = package.valid_metrics()
            self._baselines[name] = known["auc"]
        return name

    def _wins(self, challenger: str, champion: str, period: str) -> bool:
        """What the gate says of both on the newest period."""
        found: bool = self._keep(
            (f"{challenger} against {champion}", period),
            lambda: self._judge(challenger, champion, period),
        )
        return found

    def _judge(self, challenger: str, champion: str, period: str) -> bool:
        one, _ = self._observed(challenger, period)
        other, _ = self._observed(champion, period)
        outcome, confidence = one.outcome.astype(bool), self._problem.gate.confidence
        scores = Scores.of(one.probability, one.decision, one.outcome)
        better = improvement(binary, outcome, other.probability, one.probability, confidence, 0)
        packages = (self._models[name].package for name in (challenger, champion))
        mine, theirs = (package.windows for package in packages)
        evidence = gate.GateEvidence(
            rows=len(outcome),
            positives=int(outcome.sum()),
            window=[period, period],
            windows=mine,
            metrics=performance.realized(scores, self._problem, 0),
            champion=gate.ChampionComparison(theirs, better, measure(outcome, other.probability)),
        )
        return gate.judge(self._problem.gate, evidence).passed

    def _keep(self, key: tuple[str, str], compute: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = compute()
        return self._kept[key]
