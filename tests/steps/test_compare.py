"""A shadow compared with the champion: differences, decisions, and what it would save."""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from longhaul.evaluation import comparison
from longhaul.registry import promotion
from longhaul.registry.model_uri import resolve_model
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.shadow import Shadow
from longhaul.tasks import task_for
from longhaul.tracking import artifacts
from longhaul.tracking.tags import SHADOW_COMPARISON
from steps.compare import compare
from tests import monitored_model
from tests.live import Service, newest, outcomes, sent
from tests.steps import test_collect as collecting
from tests.steps import test_cycle as cycles

FIRST, SECOND = collecting.FIRST, collecting.SECOND
JULY = "2020-07"


@pytest.fixture
def table(home: Path) -> str:
    """A table, a second version, and July answered by the first."""
    where = monitored_model.table(home, text=collecting.TEXT)
    collecting.second_version(home)
    promotion.rollback("churn", "the second one stays in shadow")
    mlflow.MlflowClient().set_registered_model_alias("churn", "challenger", "2")
    return where


def shadowed(service: Service, files: int | None = None) -> None:
    """Let the second version predict the first files of the log, all of them without a number."""
    shadow = Shadow(
        "models:/churn@challenger", service.log, service.folder / "cache", ServiceMetrics()
    )
    for file in sorted(service.log.glob("predictions/churn-1/*/*.parquet"))[:files]:
        shadow.add(file)
    shadow.close(300)


def compared(home: Path, table: str, **more: str) -> Any:
    """Run the step; its document."""
    given = {
        "shadow": "models:/churn@challenger",
        "table": table,
        "traffic": str(home / "record"),
        "outcomes": "",
        "query": "",
        "period": JULY,
        **more,
    }
    compare.main([f"--{name}={value}" for name, value in given.items()])
    return artifacts.read_json(f"runs:/{newest('compare').info.run_id}/comparison.json")


def test_the_same_rows_are_compared_in_pairs(home: Path, table: str) -> None:
    """Figures are those of both models on these rows, whatever order the log has them in."""
    service, rows, true = Service(home), sent(table, JULY), outcomes(table, JULY)
    ids = service.answer(FIRST, rows)
    service.tell(ids, [*true[:350], *[None] * 50])
    service.compact()
    shadowed(service)
    document = compared(home, table)
    first, second = (service.load(uri, "customer").predictor for uri in (FIRST, SECOND))
    scores = [predictor.scores(rows) for predictor in (first, second)]
    decided = [
        given >= predictor.threshold
        for given, predictor in zip(scores, (first, second), strict=True)
    ]
    assert (document["rows"], document["shadowed"], document["labelled"]) == (400, 400, 350)
    assert document["changed"] == int((decided[0] != decided[1]).sum()) > 0
    assert document["difference"] == pytest.approx(np.abs(scores[1] - scores[0]).mean())
    truth = np.array(true[:350])
    days = rows["day"].dt.strftime("%Y-%m-%d").to_numpy(dtype=str)[:350]
    pair = [given[:350] for given in scores]
    gains = comparison.compare(task_for("binary"), truth, *pair, days, (JULY, JULY)).gains
    assert document["gain"]["value"] == pytest.approx(gains.interval(0.95).value)
    cost = [np.where(given[:350] == truth, 0, 1).mean() for given in decided]
    assert document["saving"]["value"] == pytest.approx(cost[0] - cost[1])
    assert 0 < document["seconds_per_row"] < 1
    tag = mlflow.MlflowClient().get_model_version("churn", "2").tags[SHADOW_COMPARISON]
    assert artifacts.read_json(tag) == document
    page = artifacts.fetch(tag.replace(".json", ".html")).read_text()
    assert "churn version 2 in shadow, 2020-07" in page


def test_rows_that_the_shadow_lacks_are_counted(home: Path, table: str) -> None:
    """Only what both have predicted is compared; without outcomes there are no gains."""
    service, rows = Service(home), sent(table, JULY)
    service.answer(FIRST, rows[:120])
    service.compact()
    service.recorder.wal.close()
    second = Service(home)
    second.answered = 100
    second.answer(FIRST, rows[120:200])
    second.compact()
    shadowed(service, 1)
    document = compared(home, table)
    assert (document["rows"], document["shadowed"]) == (200, 120)
    assert document["gain"] is None
    assert document["saving"] is None


@pytest.mark.slow
def test_a_cycle_compares_the_challenger_in_shadow(home: Path, table: str) -> None:
    """In the same go; without a shadow there is nothing to compare, and nothing fails."""
    service, rows, true = Service(home), sent(table, JULY), outcomes(table, JULY)
    service.tell(service.answer(FIRST, rows), true)
    service.compact()
    first = cycles.run(home, JULY, traffic=home / "record")
    assert f"compare {JULY}" not in cycles.lifecycles_of(first)
    shadowed(service)
    second = cycles.run(home, JULY, traffic=home / "record")
    assert f"compare {JULY}" in cycles.lifecycles_of(second)


def test_no_shadow_is_one_line(home: Path, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It says how to have one."""
    service = Service(home)
    service.answer(FIRST, sent(table, JULY)[:40])
    service.compact()
    with pytest.raises(SystemExit):
        compared(home, table)
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: compare: shadow: models:/churn/2 has predicted no request in ")
    assert resolve_model("models:/churn@challenger").version == "2"
