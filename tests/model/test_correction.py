"""A correction by day: every way to apply it gives the same bits, and a shift of 0 changes none."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from longhaul.data import parquet
from longhaul.errors import LonghaulError
from longhaul.model import correction as corrections
from longhaul.model import predictions, recalibrated
from longhaul.model.correction import STALE_DAYS, Correction
from longhaul.model.predictions import Provenance
from tests.monitoring import monitored
from tests.tables import churn

DAYS = tuple(f"2020-07-{day:02d}" for day in range(3, 13))
SHIFTS = (0.0, 0.25, -0.5, 0.0, 1.5, 0.1, -0.1, 0.0, 0.75, -0.3)
CORRECTION = Correction("models:/churn/1", DAYS, SHIFTS, 0.4)
ORIGIN = Provenance("2020-07", "churn", "1", datetime(2020, 8, 1, tzinfo=UTC))
PROBABILITY = st.floats(0, 1)
MOMENT = st.one_of(
    st.none(),
    st.datetimes(datetime(2020, 6, 25), datetime(2020, 7, 25)).map(lambda time: time.isoformat()),
    st.sampled_from(
        [
            "2020-07-04",
            "2020-07-04T23:59",
            "2020-07-04 23:59:59.999999",
            "2020-07-04T23:59:59-05:00",
            "20200704",
            "2020-07-04T00:00:00.123+14:00",
            "today",
            "2020-02-31",
            "",
            17.5,
            True,
        ]
    ),
)


def test_shift_of_each_day() -> None:
    """Its own; the newest for a missing time and for a few days after; none before and later."""
    moments = ["2020-07-02T23:59", "2020-07-03", "2020-07-04T23:59", None, "2020-07-12"]
    moments += [f"2020-07-{12 + STALE_DAYS:02d}", f"2020-07-{13 + STALE_DAYS:02d}"]
    expected = [0.0, 0.0, 0.25, -0.3, -0.3, -0.3, 0.0]
    assert CORRECTION.shift(pd.Series(moments, dtype=object)).tolist() == expected
    assert CORRECTION.shift_values(moments).tolist() == expected


@given(st.lists(MOMENT, min_size=1, max_size=5))
def test_plain_values_are_read_as_a_series(moments: list[Any]) -> None:
    """The service's way and the batch's way find the same day, whatever is sent."""
    series = CORRECTION.shift(pd.Series(moments, dtype=object))
    assert CORRECTION.shift_values(moments).tolist() == series.tolist()


@given(st.lists(st.tuples(PROBABILITY, MOMENT), min_size=1, max_size=8))
def test_rows_do_not_depend_on_one_another(rows: list[tuple[float, Any]]) -> None:
    """One at a time, all at once, from values or from a Series: equal to the bit."""
    scores, moments = np.array([score for score, _ in rows]), [moment for _, moment in rows]
    together = corrections.columns(scores, moments, 0.5, CORRECTION)
    series = corrections.columns(scores, pd.Series(moments, dtype=object), 0.5, CORRECTION)
    alone = [
        corrections.columns(scores[[i]], [moments[i]], 0.5, CORRECTION) for i in range(len(rows))
    ]
    for name, column in together.items():
        assert column.tolist() == series[name].tolist(), name
        assert column.tolist() == [one[name][0] for one in alone], name


@given(st.lists(PROBABILITY, min_size=1, max_size=8), st.floats(0, 1))
def test_no_shift_changes_no_bit(scores: list[float], threshold: float) -> None:
    """Days without a shift, and models without a correction, are as they were."""
    given_ = np.array(scores)
    moments = ["2020-07-03"] * len(scores)
    for correction in (None, CORRECTION, Correction("m", (), (), 0.4)):
        columns = corrections.columns(given_, moments, threshold, correction)
        assert columns["probability"].tobytes() == given_.tobytes()
        assert columns["decision"].tolist() == (given_ >= threshold).tolist()
        assert not columns[corrections.SHIFT].any()
    assert corrections.apply(given_, np.zeros(len(scores))).tobytes() == given_.tobytes()


def test_a_shift_is_of_the_log_odds() -> None:
    """And the decision is by the correction's threshold; what the model gave is kept."""
    scores = np.array([0.1, 0.5, 0.9])
    columns = corrections.columns(scores, ["2020-07-05"] * 3, 0.5, CORRECTION)
    np.testing.assert_allclose(columns["probability"], expit(logit(scores) - 0.5), rtol=1e-15)
    assert columns["decision"].tolist() == (columns["probability"] >= 0.4).tolist()
    assert columns[corrections.RAW].tolist() == scores.tolist()
    assert columns[corrections.SHIFT].tolist() == [-0.5] * 3


def test_without_times_all_rows_are_of_the_newest_day() -> None:
    """A request without the time column is of today."""
    columns = corrections.columns(np.array([0.2, 0.3]), None, 0.5, CORRECTION)
    assert columns[corrections.SHIFT].tolist() == [-0.3, -0.3]


def test_json_keeps_every_bit() -> None:
    """A correction that was stored is the one that was made; another format is refused."""
    record = json.loads(json.dumps(CORRECTION.to_dict()))
    assert Correction.from_dict(record) == CORRECTION
    with pytest.raises(LonghaulError, match="its format is 9"):
        Correction.from_dict({**record, "format": 9})


@pytest.fixture(scope="module")
def july(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A period with unknown outcomes."""
    frame = churn(rows_per_month=700, seed=3)
    frame = frame[frame["day"].dt.strftime("%Y-%m") == "2020-07"].reset_index(drop=True)
    frame.loc[::5, "churned"] = None
    file = tmp_path_factory.mktemp("july") / "2020-07.parquet"
    parquet.write(frame, file)
    return file


def score(source: Path, target: Path, correction: Correction | None) -> Path:
    predictor = monitored.fitted().package.predictor
    problem = monitored.problem()
    predictions.write(source, target, predictor, problem, ORIGIN, 100, correction)
    return target


def test_a_file_written_again_is_the_one_that_was_scored(july: Path, tmp_path: Path) -> None:
    """Scored with a correction, or corrected later, from whatever correction it had: one file."""
    scored = score(july, tmp_path / "scored.parquet", CORRECTION)
    threshold = monitored.fitted().package.predictor.threshold
    other = Correction("models:/churn/1", DAYS, tuple(reversed(SHIFTS)), 0.3)
    for number, before in enumerate((None, other)):
        raw = score(july, tmp_path / f"raw{number}.parquet", before)
        again = tmp_path / f"again{number}.parquet"
        recalibrated.write(raw, again, monitored.problem(), threshold, CORRECTION, 77)
        assert pq.read_table(again).equals(pq.read_table(scored))
    assert recalibrated.shifted_rows(scored) == np.count_nonzero(pd.read_parquet(scored)["shift"])
    assert recalibrated.shifted_rows(scored) > 50


def test_a_file_from_before_there_were_corrections(july: Path, tmp_path: Path) -> None:
    """Its probabilities are what the model gave; it gets the columns that it lacks."""
    old = score(july, tmp_path / "old.parquet", None)
    expected = score(july, tmp_path / "expected.parquet", CORRECTION)
    pd.read_parquet(old).drop(columns=["raw", "shift"]).to_parquet(old, index=False)
    assert recalibrated.shifted_rows(old) == 0
    assert recalibrated.would_shift(old, monitored.problem(), CORRECTION)
    again = tmp_path / "again.parquet"
    threshold = monitored.fitted().package.predictor.threshold
    recalibrated.write(old, again, monitored.problem(), threshold, CORRECTION)
    assert pd.read_parquet(again)["raw"].equals(pd.read_parquet(expected)["raw"])
    assert pd.read_parquet(again)["probability"].equals(pd.read_parquet(expected)["probability"])


def test_no_row_of_other_days_would_shift(july: Path, tmp_path: Path) -> None:
    """A correction of another month leaves a file as it is."""
    scored = score(july, tmp_path / "scored.parquet", None)
    days = tuple(day.replace("-07-", "-05-") for day in DAYS)
    old = Correction("models:/churn/1", days, SHIFTS, 0.4)
    assert not recalibrated.would_shift(scored, monitored.problem(), old)


def test_several_classes_and_numbers_have_no_such_columns() -> None:
    """Only probabilities of two classes are corrected."""
    assert {"raw", "shift"} <= predictions.columns("binary").keys()
    for task_type in ("multiclass", "regression"):
        assert not {"raw", "shift"} & predictions.columns(task_type).keys()
