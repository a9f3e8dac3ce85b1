"""Journals become Parquet: whole lines, once, and what is sealed is what was sent."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longhaul.features.encoder import Encoder
from longhaul.problem import Time
from longhaul.serving import compaction, wal_format
from longhaul.serving.wal import WriteAheadLog
from longhaul.serving.wal_format import WalHeader
from longhaul.task_type import TaskType
from longhaul.traffic import prediction_log
from tests.tables import churn

FEATURES = ["day", "calls", "plan", "age"]
ENCODER = Encoder.fit(churn(rows_per_month=60), FEATURES)
KINDS = {column.name: column.column_type for column in ENCODER.columns}
NOON = 1_600_000_000.25  # 2020-09-13T12:26:40.25Z
DAY = 86_400
HEADINGS = {
    version: WalHeader("churn", version, f"churn-{version}", KINDS, Time("day")).to_line()
    for version in ("1", "2")
}
VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(["plus", "3", "2020-05-01T10:30:00.25", "2020-05-01", 10**400, 1e39]),
    st.lists(st.integers(), max_size=2),
)
WRITER = """
import sys, time
from pathlib import Path
from longhaul.serving.wal import WriteAheadLog
journal = WriteAheadLog(Path(sys.argv[1]), 1000)
for text in sys.stdin.buffer:
    journal.append(b"", text)
    print(flush=True)
time.sleep(60)
"""


def line(request: str, at: float = NOON, rows: int = 1, **table: Any) -> bytes:
    features = [table.get(name) for name in KINDS]
    return wal_format.request_line(request, at, features, [[0.25] * rows, [False] * rows])


def sealed(folder: Path) -> pd.DataFrame:
    """All predictions on record, after sealing."""
    list(compaction.compact(folder))
    keys = [path.name for path in (folder / prediction_log.PREDICTIONS).glob("*")]
    return pd.concat([prediction_log.read(folder, key) for key in sorted(keys)], ignore_index=True)


@pytest.fixture
def journal(tmp_path: Path) -> WriteAheadLog:
    return WriteAheadLog(tmp_path / prediction_log.WAL, seconds=1000)


def test_versions_and_days(journal: WriteAheadLog, tmp_path: Path) -> None:
    """One journal becomes a file for each version and day, with the rows' own periods."""
    journal.append(HEADINGS["1"], line("a", rows=2, day=["2020-05-01", None]))
    journal.append(HEADINGS["2"], line("b"))
    journal.append(HEADINGS["1"], line("c", NOON + DAY))
    journal.close()
    found = sealed(tmp_path)
    assert found["request"].tolist() == ["a", "a", "c", "b"]
    assert found["row"].tolist() == [0, 1, 0, 0]
    assert found["version"].tolist() == ["1", "1", "1", "2"]
    assert found["period"].tolist() == ["2020-05", "2020-09", "2020-09", "2020-09"]
    assert found["predicted_at"].iloc[0] == pd.Timestamp("2020-09-13 12:26:40.25", tz="UTC")
    days = [path.parent.name for path in sorted(tmp_path.rglob("churn-1/*/*.parquet"))]
    assert days == ["2020-09-13", "2020-09-14"]
    assert compaction.pending_wals(tmp_path) == []


def test_heading_is_written_when_it_changes(journal: WriteAheadLog, tmp_path: Path) -> None:
    """A heading holds until the next."""
    for version in ("1", "1", "2"):
        journal.append(HEADINGS[version], line("x"))
    (path,) = compaction.pending_wals(tmp_path)
    kinds = ["heading" if b"heading" in text else "x" for text in path.read_bytes().splitlines()]
    assert kinds == ["heading", "x", "x", "heading", "x"]


def test_twice_is_once(journal: WriteAheadLog, tmp_path: Path) -> None:
    """Sealing that was cut off before the journal was removed doubles nothing when it is redone."""
    journal.append(HEADINGS["1"], line("a"))
    journal.close()
    (path,) = compaction.pending_wals(tmp_path)
    shutil.copy(path, tmp_path / "kept")
    assert len(sealed(tmp_path)) == 1
    shutil.move(tmp_path / "kept", path)
    assert len(sealed(tmp_path)) == 1


def test_torn_and_broken_lines(journal: WriteAheadLog, tmp_path: Path) -> None:
    """A line without its end was never acknowledged; one that cannot be read is kept aside."""
    journal.append(HEADINGS["1"], line("a") + b"{broken\n" + line("b"))
    journal.close()
    (path,) = compaction.pending_wals(tmp_path)
    path.write_bytes(path.read_bytes() + line("torn")[:-1])
    assert sealed(tmp_path)["request"].tolist() == ["a", "b"]
    (broken,) = (tmp_path / prediction_log.UNREADABLE).iterdir()
    assert broken.read_bytes() == b"{broken\n"


def test_whose_worker_is_alive(tmp_path: Path) -> None:
    """A journal is left alone while its worker lives, and sealed when it was killed."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / prediction_log.WAL)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert worker.stdin
    assert worker.stdout
    for text in (HEADINGS["1"], line("a")):
        worker.stdin.write(text)
        worker.stdin.flush()
        assert worker.stdout.readline()
    assert list(compaction.compact(tmp_path)) == []
    assert len(compaction.pending_wals(tmp_path)) == 1
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    assert sealed(tmp_path)["request"].tolist() == ["a"]


def test_large_and_old_journals_are_closed(tmp_path: Path) -> None:
    """After so many bytes or seconds the next line starts another."""
    large = WriteAheadLog(tmp_path / prediction_log.WAL, seconds=1000, max_bytes=10)
    large.append(HEADINGS["1"], line("a"))
    large.append(HEADINGS["1"], line("b"))
    old = WriteAheadLog(tmp_path / prediction_log.WAL, seconds=0)
    old.append(HEADINGS["1"], line("c"))
    old.tick()
    assert len(compaction.pending_wals(tmp_path)) == 3
    assert compaction.oldest_pending(tmp_path) is not None
    assert sealed(tmp_path)["request"].tolist() == ["a", "b", "c"]
    assert compaction.oldest_pending(tmp_path) is None


def test_outcomes_are_joined(journal: WriteAheadLog, tmp_path: Path) -> None:
    """The latest outcome counts, wherever the predictions are; others have none."""
    journal.append(HEADINGS["1"], line("a", rows=2))
    for at, outcome in ((NOON + 2, False), (NOON + 1, True)):
        journal.append(
            b"", wal_format.ground_truth_line(at, [("a", 1, outcome), ("unknown", 0, True)])
        )
    journal.append(HEADINGS["1"], line("b"))
    journal.close()
    found = sealed(tmp_path)
    assert [None if pd.isna(one) else one for one in found["outcome"]] == [None, False, None]


def test_nothing_on_record(tmp_path: Path) -> None:
    """A model that predicted nothing has an empty record, with all its columns."""
    found = prediction_log.read(tmp_path, "churn-9")
    assert (0, "probability" in found) == (len(found), True)


def test_half_a_character(journal: WriteAheadLog, tmp_path: Path) -> None:
    """A text that is none in UTF-8 does not keep the rest from being recorded."""
    journal.append(HEADINGS["1"], line("a", plan=["\ud800x"], calls=[2**70]))
    journal.close()
    (path,) = compaction.compact(tmp_path)
    (features,) = pq.read_table(path).column("features").to_pylist()
    assert (features["plan"], features["calls"]) == ("\ufffdx", float(2**70))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    table=st.integers(1, 4).flatmap(
        lambda n: st.fixed_dictionaries(
            {}, optional=dict.fromkeys(FEATURES, st.lists(VALUE, min_size=n, max_size=n))
        )
    )
)
def test_what_is_sealed_is_what_was_sent(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, list[Any]]
) -> None:
    """The features on record, encoded, are the matrix that the model saw, bit for bit."""
    count = len(next(iter(table.values()), [None]))
    folder = tmp_path_factory.mktemp("record")
    journal = WriteAheadLog(folder / prediction_log.WAL, seconds=1000)
    journal.append(HEADINGS["1"], line("a", rows=count, **table))
    journal.close()
    (path,) = compaction.compact(folder)
    features = pq.read_table(path).column("features").to_pylist()
    sent = pd.DataFrame({k: pd.Series(table[k], dtype=object) for k in table}, range(count))
    expected = ENCODER.transform(sent)
    found = ENCODER.transform(pd.DataFrame(features))
    np.testing.assert_array_equal(expected, found)
    assert json.dumps(features, default=str)


@pytest.mark.parametrize(
    ("task_type", "columns", "outcome"),
    [
        (
            "multiclass",
            {"probability": [0.7], "decision": ["b"], "probabilities": [[0.3, 0.7]]},
            "a",
        ),
        ("regression", {"prediction": [3.25]}, 4.5),
    ],
)
def test_other_kinds_are_on_record(
    tmp_path: Path, task_type: TaskType, columns: dict[str, Any], outcome: Any
) -> None:
    """With all that was said, and what became of it; without a time, the day is the period."""
    journal = WriteAheadLog(tmp_path / prediction_log.WAL, seconds=1000)
    heading = WalHeader("churn", "1", "churn-1", KINDS, None, task_type).to_line()
    features = [None for _ in KINDS]
    journal.append(heading, wal_format.request_line("r", NOON, features, columns.values()))
    journal.append(b"", wal_format.ground_truth_line(NOON + 1, [("r", 0, outcome)]))
    journal.close()
    found = sealed(tmp_path).iloc[0]
    for name, (value,) in columns.items():
        assert np.array_equal(found[name], value), name
    assert found["outcome"] == outcome
    assert len(found["period"]) == len("2020-01-01")
