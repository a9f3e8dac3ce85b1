"""The record of a model in production."""

import threading

import mlflow
import pytest

from longhaul.production import history, version_for_period
from longhaul.production.history import PerformanceRecord, PeriodRecord, ProductionHistory
from longhaul.registry import promotion
from longhaul.tracking.tags import LAST_PERIOD_SEEN
from tests import registered


@pytest.fixture
def name(tracking: str) -> str:
    """A registered model with three versions, the first one champion; it has seen up to June."""
    registered.model("churn", 3)
    client = mlflow.MlflowClient()
    for number, seen in (("1", "2020-06"), ("2", "2020-08"), ("3", "2020-06")):
        client.set_model_version_tag("churn", number, LAST_PERIOD_SEEN, seen)
    promotion.promote("churn", "1", "the first one")
    return "churn"


def keep(label: str, version: str = "1", fell: bool | None = False, told: str = "") -> str:
    """Put a period on record, and its own outcome or another's."""
    period = PeriodRecord(
        label, version, "ok", "none", "all well", f"run {label}", f"runs:/{label}/p"
    )
    truths = [PerformanceRecord(told or label, version, label, fell)] if fell is not None else []
    experiment = mlflow.MlflowClient().search_experiments()[0].experiment_id
    return history.record_period(period, truths, {label: {"auc": 0.7}}, "churn", experiment)


def test_a_life_begins_empty(name: str) -> None:
    """Before the first period there is no run; nor of a model that is not registered."""
    assert ProductionHistory.load(name) == ProductionHistory(name)
    assert ProductionHistory.load("nobody") == ProductionHistory("nobody")


def test_periods_come_back_as_they_went(name: str) -> None:
    """All in one run, which is finished between periods."""
    first, second = keep("2020-07"), keep("2020-08", fell=True)
    assert first == second
    found = ProductionHistory.load(name)
    assert found.run == first
    assert found.periods["2020-07"].predictions == "runs:/2020-07/p"
    assert found.performance["2020-08"] == PerformanceRecord("2020-08", "1", "2020-08", True)
    assert found.degraded("1") == [False, True]
    assert found.degraded("2") == []
    assert mlflow.get_run(first).info.status == "FINISHED"


def test_what_was_known_before_a_period(name: str) -> None:
    """Later periods, and outcomes that became known later, are not; the digest tells."""
    keep("2020-07", fell=None)
    then = ProductionHistory.load(name)
    keep("2020-08", told="2020-07")
    found = ProductionHistory.load(name)
    assert list(found.before("2020-08").periods) == ["2020-07"]
    assert found.before("2020-08").performance == {}
    assert found.before("2020-09").performance["2020-07"].known_in == "2020-08"
    assert found.before("2020-07").digest() == ProductionHistory(name).digest()
    assert found.digest() != then.digest()


def test_outcomes_that_are_due(name: str) -> None:
    """Those of the period itself without a lag; of earlier ones for as long as they are missing."""
    assert ProductionHistory(name).pending("2020-07", 0) == ["2020-07"]
    assert ProductionHistory(name).pending("2020-07", 1) == []
    keep("2020-07", fell=None)
    keep("2020-08", fell=False)
    found = ProductionHistory.load(name)
    assert found.pending("2020-09", 0) == ["2020-07", "2020-09"]
    assert found.pending("2020-09", 1) == ["2020-07"]
    assert found.pending("2020-08", 0) == ["2020-07", "2020-08"]  # done again, it tells the same


def test_a_life_begins_once(name: str) -> None:
    """Several processes that begin it at the same time make one run."""
    threads = [threading.Thread(target=keep, args=(f"2020-0{i}",)) for i in range(7, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = mlflow.search_runs(filter_string="tags.`longhaul.life` = 'churn'", output_format="list")
    assert len(runs) == 1
    assert sorted(ProductionHistory.load(name).periods) == ["2020-07", "2020-08", "2020-09"]


def test_a_deleted_run_is_begun_anew(name: str) -> None:
    """What was in it is gone; the model lives on."""
    first = keep("2020-07")
    mlflow.MlflowClient().delete_run(first)
    assert ProductionHistory.load(name).periods == {}
    assert keep("2020-08") != first
    assert list(ProductionHistory.load(name).periods) == ["2020-08"]


def test_the_champion_is_in_charge_of_what_it_has_not_seen(name: str) -> None:
    """Of the periods after those that it was fitted on and judged by."""
    assert version_for_period.version_for_period(name, "2020-07") == "1"
    with pytest.raises(Exception, match="version 1 of churn has seen data up to 2020-06"):
        version_for_period.version_for_period(name, "2020-06")
    with pytest.raises(Exception, match="no version is champion"):
        version_for_period.version_for_period("nobody", "2020-07")


def test_a_period_keeps_who_was_in_charge_of_it(name: str) -> None:
    """A champion that has seen it does not take it over; one that has not, and is new, does."""
    keep("2020-07")
    keep("2020-08")
    promotion.promote(name, "2", "trained on July, judged by August")
    assert version_for_period.version_for_period(name, "2020-08") == "1"
    assert version_for_period.version_for_period(name, "2020-09") == "2"
    promotion.promote(name, "3", "another search, judged by June")
    assert version_for_period.version_for_period(name, "2020-08") == "3"


def test_who_was_trained_because_of_a_period_is_not_in_charge_of_it(name: str) -> None:
    """With late labels a challenger has not seen the period that asked for it."""
    keep("2020-08")
    history.record_retraining(name, "2020-08", {"promoted": "3"})
    promotion.promote(name, "3", "trained on the evidence of August, judged by June")
    assert version_for_period.version_for_period(name, "2020-08") == "1"
    assert version_for_period.version_for_period(name, "2020-09") == "3"
