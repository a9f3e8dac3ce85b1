"""Every family learns every kind of target, with weights that count, and is kept whole."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longhaul import problem_yaml
from longhaul.errors import LonghaulError
from longhaul.estimators.families import FAMILIES
from longhaul.model import package
from longhaul.problem import Problem
from longhaul.training import candidate
from tests import packages

DECLARATION = """
name: kinds
source: kinds.parquet
target: {column: y, TARGET}
batches: {parts: 5}
windows:
  train: [batch-0000, batch-0002]
  valid: [batch-0003, batch-0003]
  test: [batch-0004, batch-0004]
  production: [batch-0005]
"""
TARGETS = {
    "binary": 'positive: "b"',
    "multiclass": "task_type: multiclass, classes: [a, b, c, never]",
    "regression": "task_type: regression",
}


def world(kind: str, count: int = 400, seed: int = 0) -> pd.DataFrame:
    """Rows whose outcome is told by a number and a category."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "x": generator.normal(size=count),
            "c": generator.choice(["u", "v"], count),
            "longhaul.batch": [f"batch-{i % 4:04d}" for i in range(count)],
        }
    )
    value = 2 * frame["x"] + 3 * (frame["c"] == "u") + generator.normal(0, 0.3, count)
    if kind == "regression":
        return frame.assign(y=1e6 + 100 * value)
    if kind == "binary":
        return frame.assign(y=np.where(value > 1.5, "b", "a"))
    return frame.assign(y=np.select([value < 0, value < 3], ["a", "b"], "c"))


def declared(folder: Path, kind: str, more: str = "") -> Problem:
    """The problem of that table."""
    path = folder / "kinds.yaml"
    path.write_text(DECLARATION.replace("TARGET", TARGETS[kind]) + more)
    return problem_yaml.load(path)


def parts(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and validation."""
    valid = frame["longhaul.batch"] == "batch-0003"
    return frame[~valid], frame[valid]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", TARGETS)
def test_it_learns_and_is_kept(tmp_path: Path, kind: str, family: str) -> None:
    """Well enough; a class that never occurs has no chance; what is loaded predicts the same."""
    problem, frame = declared(tmp_path, kind), world(kind)
    settings = packages.QUICK[family]
    fitted = candidate.fit(problem, *parts(frame), family, settings, 0, 1)
    predictor = fitted.package.predictor
    assert fitted.metrics[predictor.task.primary_metric] > 0.65
    rows = world(kind, 50, 1)
    scores = predictor.scores(rows)
    predictor.task.require(scores)
    if kind == "multiclass":
        assert scores.shape == (50, 4)
        assert scores[:, 3].max() < 0.01
    folder = tmp_path / "package"
    folder.mkdir()
    package.save(fitted.package, folder)
    again = package.load(folder)
    np.testing.assert_array_equal(again.predictor.scores(rows), scores)
    assert again.valid_metrics() == pytest.approx(fitted.metrics)
    for row in (rows.head(1), rows.head(0)):
        np.testing.assert_allclose(
            again.predictor.scores(row), scores[: len(row)], rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_count(tmp_path: Path, family: str) -> None:
    """Rows that lie, with next to no weight, do no harm; without weights they do."""
    frame = world("regression", 600).assign(w=1.0)
    lies = frame.index % 2 == 0
    frame.loc[lies, "y"] = 3e6 - frame.loc[lies, "y"]
    frame.loc[lies, "w"] = 1e-6
    truth = world("regression", 200, 1)
    errors = []
    for more in ("weight: w", "leave_out: [w]"):
        problem = declared(tmp_path, "regression", more)
        fitted = candidate.fit(problem, *parts(frame), family, packages.QUICK[family], 0, 1)
        assert "w" not in fitted.package.predictor.features
        said = fitted.package.predictor.scores(truth)
        errors.append(np.abs(said - truth["y"]).mean())
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize(
    ("weights", "message"),
    [(-1.0, "400 of|300 of"), (np.nan, "rows have no valid weight in column 'w'"), (0.0, "are 0")],
)
def test_weights_that_are_none(tmp_path: Path, weights: float, message: str) -> None:
    """Negative, missing, or all zero."""
    problem = declared(tmp_path, "binary", "weight: w")
    with pytest.raises(LonghaulError, match=message):
        candidate.fit(problem, *parts(world("binary").assign(w=weights)), "linear", {}, 0, 1)
