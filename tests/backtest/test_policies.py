"""Periods lived through under several policies."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from longhaul.backtest.comparison import compare
from longhaul.backtest.days import sum_up
from longhaul.backtest.policies import POLICIES, Backtest, Policy, PolicyResult, TrainedModel
from longhaul.evaluation.threshold import mean_cost
from tests import tables
from tests.monitoring import monitored

NEVER, ALWAYS = POLICIES[0], POLICIES[4]
PERIODS = ["2020-07", "2020-08", "2020-09"]
FRAME = tables.churn(rows_per_month=400, seed=3)
MONTH = FRAME["day"].dt.strftime("%Y-%m")


def rows(period: str) -> pd.DataFrame:
    return FRAME[period == MONTH]


class Trainer:
    """Gives the same model each time, and counts."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def __call__(self, newest: str, gated: bool) -> TrainedModel:
        self.asked.append((newest, gated))
        return TrainedModel(monitored.fitted().package, 2.0)


@pytest.fixture
def trainer() -> Trainer:
    return Trainer()


@pytest.fixture
def replay(trainer: Trainer) -> Backtest:
    return Backtest(monitored.problem(), monitored.fitted().package, 0.75, rows, trainer)


def test_never_trains_never(replay: Backtest, trainer: Trainer) -> None:
    """The same model all along."""
    course = replay.run(NEVER, PERIODS)
    assert [month.model for month in course.periods] == ["start"] * 3
    assert trainer.asked == []
    assert course.seconds == 0


def test_every_period_but_the_last(replay: Backtest, trainer: Trainer) -> None:
    """Each new model takes over in the period after; nobody learns for no one."""
    course = replay.run(ALWAYS, PERIODS)
    assert trainer.asked == [("2020-07", False), ("2020-08", False)]
    assert [month.promoted for month in course.periods] == [True, True, False]
    assert course.periods[1].model != "start"
    assert course.seconds == 4.0


def test_what_was_trained_once_is_kept(replay: Backtest, trainer: Trainer) -> None:
    """For all policies; each pays for it."""
    first, second = replay.run(ALWAYS, PERIODS), replay.run(ALWAYS, PERIODS)
    assert len(trainer.asked) == 2
    assert first.seconds == second.seconds


def test_the_gate_refuses_what_is_no_better(replay: Backtest, trainer: Trainer) -> None:
    """The same model again does not beat itself."""
    course = replay.run(Policy("always", lambda _: True, True), PERIODS)
    assert [month.trained for month in course.periods] == [True, True, False]
    assert not any(month.promoted for month in course.periods)
    assert trainer.asked == [("2020-07", True), ("2020-08", True)]


def test_days_add_up_to_the_metrics_of_the_rows() -> None:
    """Log loss and cost exactly; the AUC up to the cells."""
    batch = monitored.batch(rows("2020-07"))
    found = sum_up(batch, monitored.problem())
    figures = found.figures(np.ones((1, len(found.rows))))
    outcome = batch.outcome.astype(bool)
    assert found.rows.sum() == len(outcome)
    assert figures["log_loss"][0] == pytest.approx(log_loss(outcome, batch.probability))
    known = mean_cost(outcome, batch.decision, monitored.problem().costs)
    assert figures["cost"][0] == pytest.approx(known)
    assert figures["auc"][0] == pytest.approx(roc_auc_score(outcome, batch.probability), abs=3e-3)


def test_a_course_does_not_differ_from_itself(replay: Backtest) -> None:
    """Paired: nothing, without any doubt; its own figures are as unsure as days are few."""
    first = replay.run(NEVER, PERIODS)
    same = PolicyResult(Policy("the same", lambda _: False, True), first.periods, first.days)
    found = compare([first, same], 0.95, 0)
    value, difference = found["the same"]["log_loss"]
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert value.low < value.value < value.high


@pytest.mark.slow
def test_the_interval_of_a_difference_is_that_of_days() -> None:
    """Losses that differ by a constant a day, whose mean is known: the interval holds it."""
    generator = np.random.default_rng(0)
    hits = 0
    for seed in range(100):
        base = sum_up(monitored.batch(rows("2020-07")), monitored.problem())
        shift = generator.normal(0.1, 0.3, len(base.rows))
        other = type(base)(
            base.rows, base.losses + shift * base.rows, base.costs, base.negative, base.positive
        )
        courses = [
            PolicyResult(Policy(name, lambda _: False, True), [], [one])
            for name, one in (("base", base), ("other", other))
        ]
        _, difference = compare(courses, 0.9, seed)["other"]["log_loss"]
        hits += difference.low <= 0.1 <= difference.high
    assert hits >= 80
