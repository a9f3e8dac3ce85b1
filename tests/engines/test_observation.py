"""Counts by Spark against counts by this machine, in whatever parts the tables come."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from longhaul.data import parquet
from longhaul.engines.spark import observation, tables
from longhaul.errors import LonghaulError
from longhaul.model.predictions import Provenance
from longhaul.monitoring.observation import Observation, count
from longhaul.monitoring.scores import Scores
from tests.engines.conftest import copy
from tests.monitoring import monitored

pytestmark = pytest.mark.slow

ORIGIN = Provenance("2020-07", "churn", "1", datetime(2020, 8, 1, tzinfo=UTC))
BOUND = 1e-12  # relative, of sums of some thousand floats: n times 2**-53 and more


def watch(seen: Any, source: Path, scored: Path, due: bool = True) -> Observation:
    """Count a period with one of the two engines."""
    encoder = monitored.fitted().package.predictor.encoder
    problem = monitored.problem()
    args = (source, scored, problem, due, encoder, monitored.reference())
    found: Observation = seen(*args)
    return found


def require_equal(one: Observation, other: Observation) -> None:
    """Counts to the last digit; sums within their bound."""
    assert one.rows == other.rows
    assert one.counts.repeated == other.counts.repeated
    assert (one.columns, one.new) == (other.columns, other.new)
    histograms = {**one.counts.histograms, "": one.score_histogram}
    for name, mine in histograms.items():
        yours = {**other.counts.histograms, "": other.score_histogram}[name]
        assert mine.counts.tolist() == yours.counts.tolist(), name
        assert (mine.missing, mine.out_of_range) == (yours.missing, yours.out_of_range), name
        np.testing.assert_allclose(mine.sums, yours.sums, rtol=BOUND, atol=1e-9)
    assert one.slices.keys() == other.slices.keys()
    pairs = [(one.scores, other.scores), *((one.slices[k], other.slices[k]) for k in one.slices)]
    for mine, yours in pairs:
        assert isinstance(mine, Scores)
        assert isinstance(yours, Scores)
        assert mine.counts.tolist() == yours.counts.tolist()
        np.testing.assert_allclose(mine.sums, yours.sums, rtol=BOUND, atol=1e-12)


@pytest.mark.parametrize("parts", [0, 3])
def test_rows_keep_their_places(spark: Any, july: Path, tmp_path: Path, parts: int) -> None:
    """Whatever order Spark reads in, the place of a row is that in the file or its parts."""
    source = copy(july, tmp_path, parts)
    found = tables.read(spark, source).orderBy(tables.ROW)
    assert found.columns == [*pq.read_schema(july).names, tables.ROW]
    mine = pa_frame(found)
    assert mine.pop(tables.ROW).tolist() == list(range(len(mine)))
    pd.testing.assert_frame_equal(mine, pd.read_parquet(july))


def pa_frame(found: Any) -> pd.DataFrame:
    frame: pd.DataFrame = found.toArrow().to_pandas()
    return frame


@pytest.mark.parametrize("parts", [(0, 0), (3, 5)])
@pytest.mark.parametrize("due", [True, False])
def test_counts_are_the_same(
    spark: Any, july: Path, local: Path, tmp_path: Path, parts: tuple[int, int], due: bool
) -> None:
    """By Spark from two tables in other parts, as by this machine from two files."""
    source, scored = tmp_path / "source", tmp_path / "scored"
    source.mkdir()
    scored.mkdir()
    theirs = watch(
        lambda *args: observation.observe(spark, *args),
        copy(july, source, parts[0]),
        copy(local, scored, parts[1]),
        due,
    )
    ours = watch(count, july, local, due)
    assert ours.rows == 4000
    require_equal(theirs, ours)


def test_this_machine_reads_what_spark_wrote(july: Path, local: Path, tmp_path: Path) -> None:
    """Tables in parts are counted as those in one piece, and batches may cut across parts."""
    source, scored = tmp_path / "source", tmp_path / "scored"
    source.mkdir()
    scored.mkdir()
    parts = watch(count, copy(july, source, 3), copy(local, scored, 5))
    whole = watch(count, july, local)
    for rows in (1, 999, 1333, 1334, 10_000):
        got = pd.concat(
            [one.to_pandas() for one in parquet.stream(source / july.name, rows)], ignore_index=True
        )
        pd.testing.assert_frame_equal(got, pd.read_parquet(july))
    require_equal(parts, whole)


def test_predictions_of_other_rows(spark: Any, july: Path, local: Path, tmp_path: Path) -> None:
    """Fewer, or of rows that are not there: refused."""
    few = tmp_path / "few.parquet"
    pd.read_parquet(local).head(100).to_parquet(few, index=False)
    with pytest.raises(LonghaulError, match=r"100 predictions, but .* has 4,000 rows"):
        watch(lambda *args: observation.observe(spark, *args), july, few)
    other = tmp_path / "other.parquet"
    shifted = pd.read_parquet(local)
    shifted.assign(row=shifted["row"] + 10).to_parquet(other, index=False)
    with pytest.raises(LonghaulError, match="3,990 predictions of its rows"):
        watch(lambda *args: observation.observe(spark, *args), july, other)


def test_an_empty_period(spark: Any, july: Path, local: Path, tmp_path: Path) -> None:
    """No rows: nothing was seen."""
    source, scored = tmp_path / "july.parquet", tmp_path / "scored.parquet"
    pq.write_table(pq.read_table(july).slice(0, 0), source)
    pq.write_table(pq.read_table(local).slice(0, 0), scored)
    assert watch(lambda *args: observation.observe(spark, *args), source, scored) is None
