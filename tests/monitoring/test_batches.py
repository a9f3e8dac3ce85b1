"""Rows and predictions read in step."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longhaul.errors import LonghaulError
from longhaul.model import predictions
from longhaul.monitoring import batches
from longhaul.monitoring.scores import UNKNOWN
from tests.monitoring import monitored


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A period's rows, some without outcome, and their predictions."""
    frame = monitored.rows(120)
    frame.loc[frame.index[::4], "churned"] = None
    source, scored = tmp_path / "2020-07.parquet", tmp_path / "scored.parquet"
    frame.to_parquet(source, index=False)
    origin = predictions.Provenance("2020-07", "churn", "1", datetime.now(UTC))
    predictor = monitored.fitted().package.predictor
    predictions.write(source, scored, predictor, monitored.problem(), origin)
    return source, scored


@pytest.mark.parametrize("size", [1, 50, 1000])
def test_rows_meet_their_predictions(files: tuple[Path, Path], size: int) -> None:
    """Whatever the size of a batch; an outcome that is not there is unknown."""
    source, scored = files
    frame = pd.read_parquet(source)
    found = list(batches.read(source, scored, monitored.problem(), True, size))
    assert max(len(one.frame) for one in found) <= size
    probability = np.concatenate([one.probability for one in found])
    outcome = np.concatenate([one.outcome for one in found])
    assert np.array_equal(probability, monitored.fitted().package.predictor.scores(frame))
    expected = frame["churned"].map({"yes": 1, "no": 0}).fillna(UNKNOWN).to_numpy()
    assert outcome.tolist() == expected.tolist()


def test_outcomes_that_are_not_due_are_not_looked_at(files: tuple[Path, Path]) -> None:
    """Though they are in the table."""
    (found,) = batches.read(*files, monitored.problem(), False)
    assert set(found.outcome) == {UNKNOWN}


def test_predictions_of_other_rows_are_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Fewer rows, another order, or no file: one line that says which."""
    source, scored = files
    problem = monitored.problem()
    table = pd.read_parquet(scored)
    other = tmp_path / "other.parquet"
    table.head(100).to_parquet(other)
    with pytest.raises(LonghaulError, match=r"100 predictions, but .* has 120 rows"):
        list(batches.read(source, other, problem, True))
    table.iloc[::-1].to_parquet(other)
    with pytest.raises(LonghaulError, match="not in the order of the rows"):
        list(batches.read(source, other, problem, True))
    with pytest.raises(LonghaulError, match="no such file"):
        list(batches.read(source, tmp_path / "gone.parquet", problem, True))
