"""The evaluate stage, run as its entry point is."""

import json
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from longhaul.data import parquet, problem_copy
from longhaul.data.split import Split
from longhaul.data.table import PeriodTable
from longhaul.monitoring import cluster_counts, murphy
from longhaul.monitoring.judged_counts import DECISION_METRICS
from longhaul.problem import Gate
from longhaul.tasks import binary
from longhaul.tracking import artifacts
from longhaul.tracking.tags import HEADLINE
from steps.evaluate import evaluate
from tests import tables

PLOTS = ["roc", "precision_recall", "calibration", "gain", "lift", "cost", "slices", "attributions"]


def write(folder: Path, gate: Gate, test: pd.DataFrame) -> str:
    """A split folder of which evaluate reads the test window and the problem."""
    split = folder / "split"
    split.mkdir()
    problem_copy.write(split, replace(tables.problem(folder), gate=gate))
    parquet.write(test, split / "test.parquet")
    return str(split)


LENIENT = Gate(min_rows=100, min_auc=0.5, max_calibration_error=1)


def june() -> pd.DataFrame:
    frame = tables.churn(rows_per_month=400, seed=1)
    return frame[frame["day"].dt.strftime("%Y-%m") == "2020-06"]


def run(
    candidate: str, split: str, champion: str = "", earlier: str = "", period: str = ""
) -> tuple[Any, dict[str, Any]]:
    """The run of a stage that finished, and its verdict."""
    options = {"candidate": candidate, "split": split, "champion": champion, "seed": 0}
    options |= {"earlier": earlier, "period": period}
    evaluate.main([part for name, value in options.items() for part in (f"--{name}", str(value))])
    found = mlflow.search_runs(order_by=["attributes.start_time DESC"], output_format="list")[0]
    assert found.info.status == "FINISHED"
    text = artifacts.fetch(f"runs:/{found.info.run_id}/verdict.json").read_text()
    return found, json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


def test_a_first_candidate(lightgbm: str, tmp_path: Path) -> None:
    """Metrics, pictures in reading order, slices, attributions, the input and a verdict."""
    split = write(tmp_path, Gate(min_rows=100, min_auc=0.6, max_calibration_error=0.2), june())
    found, verdict = run(lightgbm, split)
    assert verdict["passed"]
    assert (lightgbm, None) == (verdict["candidate"], verdict["champion"])
    assert verdict["title"] == "churn: lightgbm"
    assert verdict["windows"]["test"] == ["2020-06", "2020-06"]
    assert {*binary.metrics, *DECISION_METRICS} == set(verdict["metrics"])
    assert verdict["outcome"] == "promote"
    assert verdict["cluster"] == {"unit": "days", "count": june()["day"].dt.date.nunique()}
    assert f"over {verdict['cluster']['count']} days" in found.data.tags[HEADLINE]
    for name, figures in verdict["metrics"].items():
        assert found.data.metrics[f"test_{name}"] == pytest.approx(figures["value"])
        assert figures["low"] <= figures["high"]
    assert {"test_cost", "test_cost_at_half", "test_cost_always", "test_cost_never"} <= set(
        found.data.metrics
    )
    root = artifacts.fetch(f"runs:/{found.info.run_id}/plots")
    pictures = [f"{number}_{name}.png" for number, name in enumerate(PLOTS, 1)]
    assert pictures == sorted(path.name for path in root.iterdir())
    by_slice = artifacts.read_json(f"runs:/{found.info.run_id}/slices.json")["slices"]
    assert verdict["rows"] == sum(row["rows"] for row in by_slice)
    assert found.inputs.dataset_inputs[0].dataset.name == "churn-test"
    assert found.data.tags[HEADLINE].endswith(": passed")


def test_counts_of_the_judged_predictions(lightgbm: str, tmp_path: Path) -> None:
    """By cluster and by day, as monitoring reads them; here they are the same."""
    found, verdict = run(lightgbm, write(tmp_path, LENIENT, june()))
    root = f"runs:/{found.info.run_id}"
    clusters = cluster_counts.read(artifacts.fetch(f"{root}/clusters.parquet"))
    days = cluster_counts.read(artifacts.fetch(f"{root}/days.parquet"))
    assert verdict["cluster"]["count"] == len(clusters.parts)
    assert clusters.parts.keys() == days.parts.keys()
    assert (clusters.total.rows, clusters.total.positives) == (
        len(june()),
        (june()["churned"] == "yes").sum(),
    )
    saving, cost = (verdict["metrics"][name]["value"] for name in ("saving", "cost"))
    constant = min(verdict["decisions"][name] for name in ("cost_always", "cost_never"))
    assert saving == pytest.approx(1 - cost / constant)
    parts = {name: verdict["metrics"][name]["value"] for name in murphy.PARTS}
    assert parts["miscalibration"] - parts["discrimination"] + parts["uncertainty"] == (
        pytest.approx(verdict["metrics"]["log_loss"]["value"], abs=1e-4)
    )


def test_a_worse_candidate_is_refused(linear: str, lightgbm: str, tmp_path: Path) -> None:
    """Against a champion that is better, or the same one; each finishes with its reason."""
    split = write(tmp_path, LENIENT, june())
    for candidate, champion in ((lightgbm, linear), (linear, linear)):
        found, verdict = run(candidate, split, champion)
        assert (verdict["passed"], verdict["outcome"]) == (False, "refuse")
        assert champion == verdict["champion"]
        [failed] = [check for check in verdict["checks"] if not check["passed"]]
        assert failed["name"] == "better than champion"
        assert "both recalibrated" in failed["reason"]
        assert found.data.tags[HEADLINE].endswith(f"refused: {failed['reason']}")
        assert isfinite(found.data.metrics["test_improvement_low"])
        assert isfinite(found.data.metrics["test_improvement_raw_low"])


def test_few_days_are_insufficient_data(linear: str, tmp_path: Path) -> None:
    """However many rows they have; the unit and its number are named, and no bound is given."""
    frame = june()
    nine = frame[frame["day"].dt.day <= frame["day"].dt.day.min() + 8]
    found, verdict = run(linear, write(tmp_path, LENIENT, nine))
    assert verdict["cluster"] == {"unit": "days", "count": 9}
    assert verdict["refusal"] == "insufficient data: 9 days, but 10 are needed"
    assert found.data.tags[HEADLINE].endswith(verdict["refusal"])
    assert verdict["metrics"]["auc"]["low"] is None


def test_looks_add_up_until_they_are_used_up(
    linear: str, lightgbm: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Gains of July join those of June; the last look is an answer; a month counts once."""
    gate = replace(LENIENT, looks=2, confidence=1 - 1e-12)
    split = write(tmp_path, gate, june())
    found, first = run(lightgbm, split, linear)
    assert (first["outcome"], first["look"], first["looks"]) == ("undecided", 1, 2)
    assert "undecided: " in found.data.tags[HEADLINE]
    table = tmp_path / "table"
    table.mkdir()
    problem = replace(tables.problem(tmp_path), gate=gate)
    PeriodTable(table).write(problem, tables.churn(rows_per_month=400, seed=1))
    earlier = f"runs:/{found.info.run_id}/verdict.json"
    _, second = run(lightgbm, str(table), linear, earlier, "2020-07")
    assert (second["outcome"], second["look"]) == ("refuse", 2)
    assert "(look 2 of 2)" in second["refusal"]
    assert second["looked_at"] == [["2020-06", "2020-06"], ["2020-07", "2020-07"]]
    assert first["gains"].items() < second["gains"].items()
    total = sum(rows for rows, _ in second["gains"].values())
    assert total == first["rows"] + second["rows"]
    for period, rival, message in (
        ("2020-06", linear, "has judged 2020-06 already"),
        ("2020-07", lightgbm, "gains of other models do not count"),
    ):
        with pytest.raises(SystemExit):
            run(lightgbm, str(table), rival, earlier, period)
        assert message in capfd.readouterr().err


def test_what_the_model_was_fitted_on_is_no_test(linear: str, tmp_path: Path) -> None:
    """The months of the validation window as a test: refused, since they were seen."""
    frame = tables.churn()
    seen = frame[frame["day"].dt.strftime("%Y-%m") == "2020-05"]
    split = write(tmp_path, Gate(min_rows=10, max_calibration_error=1), seen)
    found, verdict = run(linear, split)
    assert not verdict["passed"]
    assert "the candidate has seen 2020-01 to 2020-05" in found.data.tags[HEADLINE]


@pytest.mark.parametrize("rows", [0, 1, 40])
def test_too_little_to_judge_is_refused(linear: str, tmp_path: Path, rows: int) -> None:
    """No rows, one row, one class only: a verdict without figures, in valid JSON."""
    test = june().assign(churned="no").head(rows)
    found, verdict = run(linear, write(tmp_path, Gate(min_rows=1), test))
    assert not verdict["passed"]
    assert verdict["metrics"]["auc"] == {"value": None, "low": None, "high": None}
    assert "test_auc" not in found.data.metrics
    assert "refused" in found.data.tags[HEADLINE]


def test_splits_of_the_split_stage_are_read(linear: str, tmp_path: Path) -> None:
    """The folder that the split stage writes is all it takes."""
    frame = tables.churn()
    month, folder = frame["day"].dt.strftime("%Y-%m"), tmp_path / "split"
    folder.mkdir()
    windows = {"train": "2020-01", "valid": "2020-05", "test": "2020-06"}
    frames = {name: frame[month == label] for name, label in windows.items()}
    Split(folder).write(tables.problem(tmp_path), frames)  # type: ignore[arg-type]
    _, verdict = run(linear, str(folder))
    assert len(frames["test"]) == verdict["rows"]
