"""Counts of predictions by day, cluster, probability and decision."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from longhaul.backtest.counts import PredictionCounts
from longhaul.backtest.days import Days
from longhaul.evaluation.threshold import mean_cost
from longhaul.monitoring.batches import Batch
from longhaul.monitoring.scores import Scores
from tests import tables
from tests.monitoring import monitored


@pytest.fixture(scope="module")
def batch() -> Batch:
    """The rows of one month with their predictions."""
    frame = tables.churn(rows_per_month=400, seed=3)
    return monitored.batch(frame[frame["day"].dt.strftime("%Y-%m") == "2020-07"])


def test_days_add_up_to_the_metrics_of_the_rows(batch: Batch) -> None:
    """The cost exactly; the log loss and the AUC up to the cells."""
    costs = monitored.problem().costs
    days = Days.of(PredictionCounts.of(batch), costs)
    outcome = batch.outcome.astype(bool)
    rows = days.rows.sum()
    assert rows == len(outcome)
    expected = log_loss(outcome, batch.probability)
    assert days.losses.sum() / rows == pytest.approx(expected, abs=1e-5)
    assert days.costs.sum() / rows == pytest.approx(mean_cost(outcome, batch.decision, costs))
    assert days.auc()[0] == pytest.approx(roc_auc_score(outcome, batch.probability), abs=3e-3)


def test_the_auc_without_a_day_is_that_of_the_other_rows(batch: Batch) -> None:
    """For every day."""
    counts = PredictionCounts.of(batch)
    _, without = Days.of(counts, monitored.problem().costs).auc()
    for place, name in enumerate(counts.days):
        rest = batch.day != name
        expected = roc_auc_score(batch.outcome[rest], batch.probability[rest])
        assert without[place] == pytest.approx(expected, abs=3e-3)


def test_counts_by_day_and_cluster_are_those_of_monitoring(batch: Batch) -> None:
    """Cell by cell, where a cluster is not a day either."""
    generator = np.random.default_rng(0)
    groups = generator.choice(["a", "b", "c"], len(batch.frame))
    counts = PredictionCounts.of(replace(batch, cluster=groups))
    observed = monitored.observation(batch.frame)
    assert observed is not None
    by_day, by_cluster = counts.by_day().parts, counts.by_cluster().parts
    assert list(by_day) == list(observed.days.parts)
    for name, scores in observed.days.parts.items():
        assert isinstance(scores, Scores)
        assert np.array_equal(by_day[name].counts, scores.counts)
        assert by_day[name].sums == pytest.approx(scores.sums)
    assert {name: part.rows for name, part in by_cluster.items()} == (
        pd.Series(groups).value_counts().to_dict()
    )


def test_counts_do_not_grow_with_the_rows(batch: Batch) -> None:
    """A hundred times the same rows fill the same cells."""
    counts = PredictionCounts.of(batch)
    assert batch.day is not None
    times = 100
    more = PredictionCounts.count(
        np.tile(batch.probability, times),
        np.tile(batch.decision, times),
        np.tile(batch.outcome.astype(bool), times),
        np.tile(batch.day, times),
        np.tile(batch.cluster, times),
    )
    assert len(more.probability) == len(counts.probability)
    assert np.array_equal(more.positive, times * counts.positive)
