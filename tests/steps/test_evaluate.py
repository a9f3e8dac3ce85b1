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


def june() -> pd.DataFrame:
    frame = tables.churn(rows_per_month=400, seed=1)
    return frame[frame["day"].dt.strftime("%Y-%m") == "2020-06"]


def run(candidate: str, split: str, champion: str = "") -> tuple[Any, dict[str, Any]]:
    """The run of a stage that finished, and its verdict."""
    options = {"candidate": candidate, "split": split, "champion": champion, "seed": 0}
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
    assert set(binary.metrics) == set(verdict["metrics"])
    for name, figures in verdict["metrics"].items():
        assert found.data.metrics[f"test_{name}"] == figures["value"]
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


def test_a_worse_candidate_is_refused(linear: str, lightgbm: str, tmp_path: Path) -> None:
    """Against a champion that is better, or the same one; each finishes with its reason."""
    split = write(tmp_path, Gate(min_rows=100, min_auc=0.5, max_calibration_error=1), june())
    for candidate, champion in ((lightgbm, linear), (linear, linear)):
        found, verdict = run(candidate, split, champion)
        assert not verdict["passed"]
        assert champion == verdict["champion"]
        [failed] = [check for check in verdict["checks"] if not check["passed"]]
        assert failed["name"] == "better than champion"
        assert found.data.tags[HEADLINE].endswith(f"refused: {failed['reason']}")
        assert isfinite(found.data.metrics["test_improvement_low"])


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
