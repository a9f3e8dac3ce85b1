"""The log of deliveries: in the store, shared by all experiments, written once."""

from pathlib import Path

import mlflow
import pytest
import yaml

from longhaul import problem_yaml
from longhaul.data.deliveries import Delivery
from longhaul.errors import LonghaulError
from longhaul.problem import Problem
from longhaul.registry import delivery_log
from tests import tables
from tests.data.test_sources import BATCHED

FIRST, SECOND = Delivery("d-9.csv", 5, "aa"), Delivery("größe 10.csv", 6, "bb")


@pytest.fixture
def problem(tracking: str, tmp_path: Path) -> Problem:
    """A problem with files that arrive later."""
    return problem_yaml.load(tables.declare(tmp_path, text=BATCHED))


def record(problem: Problem, *delivered: Delivery) -> str:
    """Record deliveries in a run, as a step does; the id of its experiment."""
    with mlflow.start_run() as run:
        delivery_log.record(problem, delivered)
    return str(run.info.experiment_id)


def test_what_is_recorded_is_there_for_all_experiments(problem: Problem) -> None:
    """In order of the numbers, as they were; a second problem has a log of its own."""
    assert delivery_log.load(problem) == []
    here = record(problem, FIRST)
    mlflow.set_experiment("another")
    there = record(problem, FIRST, SECOND)
    assert delivery_log.load(problem) == [FIRST, SECOND]
    assert "longhaul.deliveries/churn" in mlflow.get_experiment(here).tags
    assert "longhaul.deliveries/churn" not in mlflow.get_experiment(there).tags
    declared = BATCHED.replace("name: churn", "name: churn.2")
    assert delivery_log.load(problem_yaml.parse(yaml.safe_load(declared), "")) == []


@pytest.mark.parametrize("other", [Delivery("d-8.csv", 5, "cc"), Delivery("d-9.csv", 7, "aa")])
def test_a_number_that_was_given_meanwhile_is_refused(problem: Problem, other: Delivery) -> None:
    """Two who saw different files: the second is told to look again, and nothing is written."""
    record(problem, FIRST)
    with pytest.raises(LonghaulError, match=r"meanwhile 'd-9.csv' became batch-0005; nothing was"):
        record(problem, other, SECOND)
    assert delivery_log.load(problem) == [FIRST]


def test_a_line_that_was_damaged_is_named(problem: Problem) -> None:
    """Not read as if it were no line."""
    here = record(problem, FIRST)
    mlflow.MlflowClient().set_experiment_tag(here, "longhaul.delivery/churn/5", "{}")
    with pytest.raises(LonghaulError, match=r"tag 'longhaul\.delivery/churn/5' of the exp"):
        delivery_log.load(problem)


def test_no_log_is_looked_for_without_such_files(tracking: str, tmp_path: Path) -> None:
    """A table in order of time has none."""
    assert delivery_log.load(tables.problem(tmp_path)) == []
