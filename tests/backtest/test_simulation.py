"""Periods run again under several policies and label lags."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from longhaul.backtest import lags, simulation
from longhaul.backtest.models import START, Models, TrainedModel
from longhaul.backtest.policies import NOTHING, POLICIES, Policy
from longhaul.backtest.simulation import Backtest
from longhaul.backtest.tenure import Deployed
from longhaul.evaluation.threshold import row_costs, theoretical_threshold
from longhaul.model.correction import apply
from longhaul.monitoring import level, performance
from longhaul.monitoring.assessment import Monitor
from longhaul.monitoring.observation import Observation
from longhaul.monitoring.performance import Figures
from longhaul.tasks import binary
from tests import tables
from tests.monitoring import monitored

BY_NAME = {policy.name: policy for policy in POLICIES}
PERIODS = ["2020-07", "2020-08", "2020-09"]
JUDGED = "2020-06"
Rows = Callable[[str], pd.DataFrame]


@cache
def table(rise: float = 0.0) -> Rows:
    """The rows of a period; outcomes follow the model, from July on at another level."""
    frame = tables.churn(rows_per_month=800, seed=3)
    month = frame["day"].dt.strftime("%Y-%m")
    odds = logit(monitored.fitted().package.predictor.scores(frame))
    chance = expit(odds + rise * (month > JUDGED))
    left = np.random.default_rng(0).uniform(size=len(frame)) < chance
    frame["churned"] = np.where(left, "yes", "no")
    return lambda period: frame[period == month]


class Trainer:
    """Gives the same model each time, and counts."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def __call__(self, newest: str, gated: bool) -> TrainedModel:
        self.asked.append((newest, gated))
        return TrainedModel(monitored.fitted().package, 2.0)


def backtest(rows: Rows, trainer: Trainer | None = None) -> Backtest:
    """A backtest of three months, of a model that was judged on June."""
    problem, package = monitored.problem(), monitored.fitted().package
    models = Models(
        problem, package, baseline(rows), [JUDGED, *PERIODS], rows, trainer or Trainer()
    )
    return Backtest(problem, models, PERIODS)


def baseline(rows: Rows) -> Figures:
    """The figures of June."""
    return performance.realized(observe(rows(JUDGED)).clusters, monitored.problem())


def observe(frame: pd.DataFrame) -> Observation:
    """Count rows as monitoring does."""
    observation = monitored.observation(frame)
    assert observation is not None
    return observation


def test_nothing_trains_and_corrects_nothing() -> None:
    """The same model all along, as it predicts."""
    trainer = Trainer()
    result = backtest(table(), trainer).run(NOTHING, "1 day")
    assert [period.model for period in result.periods] == [START] * 3
    assert [period.corrected for period in result.periods] == [0, 0, 0]
    assert trainer.asked == []
    assert result.seconds == 0


def test_every_period_but_the_last() -> None:
    """Each new model takes over in the period after; nobody learns for no one."""
    trainer = Trainer()
    result = backtest(table(), trainer).run(BY_NAME["retrain every period, no gate"], "1 day")
    assert trainer.asked == [("2020-07", False), ("2020-08", False)]
    assert [period.promoted for period in result.periods] == [True, True, False]
    assert result.periods[1].model != START
    assert result.seconds == 4.0


def test_a_model_is_trained_once() -> None:
    """For all policies and lags; each pays for it."""
    trainer = Trainer()
    again = backtest(table(), trainer)
    policy = BY_NAME["retrain every period, no gate"]
    first, second = again.run(policy, "1 day"), again.run(policy, "3 days")
    assert len(trainer.asked) == 2
    assert first.seconds == second.seconds


@pytest.mark.parametrize(
    ("lag", "learned_from"),
    [("1 day", [None, "2020-07", "2020-08"]), ("9 weeks", [None, None, "2020-07"])],
)
def test_estimates_learn_from_what_a_cycle_has(
    monkeypatch: pytest.MonkeyPatch, lag: str, learned_from: list[str | None]
) -> None:
    """The judged window's counts, and the newest earlier period whose outcomes are due."""
    rows = table()
    given: list[tuple[str, Any, Any]] = []

    class Recorded(Monitor):
        """Remembers the evidence that it is given."""

        def __init__(self, reference: Any, problem: Any, figures: Any, judged: Any, recent: Any):
            self.evidence = judged, recent
            super().__init__(reference, problem, figures, judged, recent)

        def assess(self, period: str, *how: Any, **named: Any) -> Any:
            """Pair the period with the evidence of the monitor that assesses it."""
            given.append((period, *self.evidence))
            return super().assess(period, *how, **named)

    monkeypatch.setattr(simulation, "Monitor", Recorded)
    judged = observe(rows(JUDGED)).clusters
    problem, package = monitored.problem(), monitored.fitted().package
    models = Models(problem, package, baseline(rows), [JUDGED, *PERIODS], rows, Trainer(), judged)
    Backtest(problem, models, PERIODS).run(NOTHING, lag)
    assert [period for period, _, _ in given] == PERIODS
    assert all(counts is judged for _, counts, _ in given)
    for (_, _, recent), label in zip(given, learned_from, strict=True):
        days = set(rows(label)["day"].dt.strftime("%Y-%m-%d")) if label else set()
        assert (set(recent.parts) if recent else set()) == days


def test_a_period_counts_for_the_model_that_served_it() -> None:
    """A new champion is not degraded by what it would have made of its predecessor's period."""
    result = backtest(table(rise=1.0)).run(BY_NAME["retrain every period, no gate"], "30 days")
    assert [period.model for period in result.periods] == [START, START, "2020-07 and all of it"]
    assert result.periods[2].action != "retrain"


def test_the_gate_refuses_a_model_that_is_no_better() -> None:
    """The same model again does not beat itself."""
    trainer = Trainer()
    result = backtest(table(), trainer).run(BY_NAME["retrain every period, gated"], "1 day")
    assert [period.trained for period in result.periods] == [True, True, False]
    assert not any(period.promoted for period in result.periods)
    assert trainer.asked == [("2020-07", True), ("2020-08", True)]


def test_outcomes_that_are_due_later_are_learned_from_later() -> None:
    """With a lag longer than a period: nothing after the first one, then the one before."""
    trainer = Trainer()
    result = backtest(table(), trainer).run(BY_NAME["retrain every period, no gate"], "30 days")
    assert trainer.asked == [("2020-07", False)]
    assert [period.trained for period in result.periods] == [False, True, False]


def test_evidence_of_a_longer_lag_is_older() -> None:
    """A fall of all months is known after July, or only after August."""
    rows, policy = table(rise=1.0), BY_NAME["retrain on evidence"]
    soon = backtest(rows).run(policy, "1 day").periods
    late = backtest(rows).run(policy, "30 days").periods
    assert [period.action for period in soon[:2]] == ["look", "retrain"]
    assert late[0].action in {"none", "look"}
    assert [period.action for period in late[1:]] == ["look", "retrain"]


@pytest.mark.parametrize(("name", "lag"), [("recalibrate", "1 day"), ("recalibrate", "3 days")])
def test_recalibrate_is_the_forecast_of_the_level(name: str, lag: str) -> None:
    """Losses and costs by day are those of rows corrected with it, from June's outcomes on."""
    rows, problem = table(rise=1.0), lags.declare(monitored.problem(), lag)
    result = backtest(rows).run(BY_NAME[name], lag)
    predictor = monitored.fitted().package.predictor
    frame = pd.concat([rows(JUDGED), *map(rows, PERIODS)])
    days: Any = observe(frame).days
    shadow = level.forecast(days, problem, predictor.threshold)
    correction = shadow.correction("", theoretical_threshold(problem.costs))
    assert correction.active
    for period, sums in zip(PERIODS, result.days, strict=True):
        frame = rows(period)
        shift = correction.shift(frame["day"])
        probability = apply(predictor.scores(frame), shift)
        decision = correction.decide(probability, shift, predictor.threshold)
        outcome = (frame["churned"] == "yes").to_numpy()
        losses = binary.losses(outcome, probability).sum()
        costs = row_costs(outcome, decision, problem.costs).sum()
        assert sums.losses.sum() == pytest.approx(losses, rel=1e-4)
        assert sums.costs.sum() == pytest.approx(costs, abs=3)


def test_recalibrating_wins_back_a_rise_that_lasts() -> None:
    """The log loss is lower, and lower the sooner outcomes come in."""
    again = backtest(table(rise=1.0))

    def loss(name: str, lag: str) -> float:
        days = again.run(BY_NAME[name], lag).days
        return float(sum(part.losses.sum() for part in days) / sum(p.rows.sum() for p in days))

    assert loss("recalibrate", "1 day") < loss("recalibrate", "7 days") < loss("nothing", "1 day")
    assert loss("recalibrate", "30 days") == loss("nothing", "30 days")  # too few blocks
    assert loss("recalibrate always", "1 day") < loss("nothing", "1 day")


@pytest.mark.parametrize("name", ["recalibrate", "recalibrate always"])
@pytest.mark.parametrize("lag", ["1 day", "7 days"])
def test_a_day_is_corrected_by_outcomes_that_were_there(name: str, lag: str) -> None:
    """Outcomes of its last days before the lag may be anything: it is served alike."""
    rows, cut = table(rise=1.0), pd.Timestamp("2020-08-20")

    def turned(period: str) -> pd.DataFrame:
        frame = rows(period)
        there = frame["day"].dt.normalize() <= cut - pd.Timedelta(lag)
        return frame.assign(churned=frame["churned"].where(there, "yes"))

    def scores(changed: Rows) -> np.ndarray:
        days = backtest(changed).run(BY_NAME[name], lag).days[1]
        return (days.negative + days.positive)[:20]

    names = np.unique(rows("2020-08")["day"].dt.strftime("%Y-%m-%d"))
    assert names[19] == str(cut.date())
    assert np.array_equal(scores(rows), scores(turned))
    assert not np.array_equal(scores(rows), scores(table()))  # earlier outcomes do matter


def test_a_challenger_begins_its_own_history() -> None:
    """With the period that it was judged on, or else the first one after its training."""
    models = Models(
        monitored.problem(),
        monitored.fitted().package,
        {},
        [JUDGED, *PERIODS],
        table(),
        Trainer(),
    )
    gated, free = models.train("2020-07", True), models.train("2020-07", False)
    first, judged = Deployed(START), Deployed(gated, "2020-07")
    assert models.history(first, "2020-08") == [JUDGED, "2020-07", "2020-08"]
    assert models.history(judged, "2020-08") == ["2020-07", "2020-08"]
    assert models.history(Deployed(free), "2020-09") == ["2020-08", "2020-09"]
    assert models.history(Deployed(gated, "2020-08"), "2020-09") == ["2020-08", "2020-09"]
    assert models.judged(first) is None
    assert models.judged(Deployed(free)) is None
    counts = models.judged(judged)
    assert counts is not None
    assert counts.total.labelled == len(table()("2020-07"))
    assert models.baseline(judged) == performance.realized(counts, monitored.problem())


def test_the_threshold_by_theory_changes_decisions_alone() -> None:
    """Probabilities stay; the model decides by another threshold."""
    package = monitored.fitted().package
    moved = replace(package, predictor=replace(package.predictor, threshold=0.4))
    models = Models(
        monitored.problem(), moved, baseline(table()), [JUDGED, *PERIODS], table(), Trainer()
    )
    again = Backtest(monitored.problem(), models, PERIODS)
    first = again.run(NOTHING, "1 day").days[0]
    theory = again.run(BY_NAME["threshold by theory"], "1 day").days[0]
    assert np.array_equal(first.losses, theory.losses)
    assert not np.array_equal(first.costs, theory.costs)


def test_a_corrected_period_is_assessed_as_it_was_served() -> None:
    """What recalibrating has won back is no reason to retrain."""
    again = backtest(table(rise=1.0))
    alone = again.run(BY_NAME["retrain on evidence"], "1 day").periods
    both = again.run(BY_NAME["recalibrate, and retrain on evidence"], "1 day").periods
    assert alone[1].trained
    assert not any(period.trained for period in both)


def test_a_policy_is_what_one_makes_it() -> None:
    """Any rule on the assessment may retrain."""
    trainer = Trainer()
    policy: Policy = replace(NOTHING, name="always", retrains=lambda _: True, gated=True)
    backtest(table(), trainer).run(policy, "1 day")
    assert trainer.asked == [("2020-07", True), ("2020-08", True)]
