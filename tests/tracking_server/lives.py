"""Small life cycles on a tracking server, and what must be true of them whatever happened."""

import time
from collections import Counter
from collections.abc import Callable

import mlflow
from mlflow.exceptions import MlflowException

from longhaul.production.history import ProductionHistory
from longhaul.registry import ledger, promotion, versions
from longhaul.tracking.tags import OWNER
from tests import lifecycles

SMALL = {"problem": "churn.yaml", "families": "linear", "trials": 2}
SECONDS = 600


def until(found: Callable[[], bool]) -> None:
    """Wait for something to be seen on the server."""
    deadline = time.monotonic() + SECONDS
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def seen(name: str) -> bool:
    """Whether a stage of some name is at work."""
    wanted = f"attributes.status = 'RUNNING' and attributes.run_name = '{name}'"
    return bool(mlflow.MlflowClient().search_runs(["0"], wanted))


def told(name: str = "churn") -> dict[str, object]:
    """What is on record of each period, whichever runs found it out."""
    life = ProductionHistory.load(name)
    return {
        label: (one.version, one.level, one.action, one.reason, life.performance.get(label))
        for label, one in life.periods.items()
    }


def check(name: str = "churn") -> None:
    """Nothing is left RUNNING, nothing was made twice, there is one champion, and all can be read.

    A run that has no owner yet is MLflow's: it may die before it starts a stage.
    """
    client = mlflow.MlflowClient()
    running = client.search_runs(["0"], "attributes.status = 'RUNNING'")
    assert [run for run in running if OWNER in run.data.tags] == []
    made = Counter(one.run_id for one in versions.all_versions(name))
    assert set(made.values()) == {1}
    champion = promotion.champion(name)
    done = [line for line in ledger.lines(name) if line.state == "done"]
    assert done[-1].after == champion
    assert {line.state for line in ledger.lines(name)} <= {"done", "void"}
    for parent in lifecycles.parents():
        below = f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'"
        found = client.search_runs(["0"], f"{below} and attributes.status = 'FINISHED'")
        assert max(Counter(run.info.run_name for run in found).values(), default=1) == 1
    life = ProductionHistory.load(name)
    for key in client.get_run(life.run).data.metrics:
        steps = Counter(
            (point.step, point.value) for point in client.get_metric_history(life.run, key)
        )
        assert max(steps.values()) == 1, key
    assert client.search_registered_models(f"name LIKE '{name}.lock%'") == []


def readable() -> bool:
    """Whether the server answers."""
    try:
        mlflow.MlflowClient().search_experiments(max_results=1)
    except MlflowException:
        return False
    return True
