"""What a service lost belongs to the period in which it came, or that was begun last."""

from pathlib import Path

import pandas as pd
import pytest

from longhaul.monitoring.evidence import ServiceLosses
from longhaul.serving import compaction, metrics
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.recorder import Recorder
from longhaul.traffic import losses
from longhaul.traffic.served import ServedCount


def moment(text: str) -> float:
    return pd.Timestamp(text).timestamp()


def lost(*at: str) -> pd.DataFrame:
    """A request refused at each time."""
    times = pd.to_datetime(list(at), utc=True).astype("datetime64[us, UTC]")
    return pd.DataFrame({"at": times, "refused": 1, "unread": 0, "unrecorded": 0})


def test_rows_of_the_present() -> None:
    """The clock says which period: also before its first row, and after its last."""
    counts = [
        ServedCount("2026-07", "1", 9, 0, moment("2026-07-02"), moment("2026-07-30")),
        ServedCount("2026-08", "1", 9, 0, moment("2026-08-02"), moment("2026-08-30")),
    ]
    found = losses.by_period(lost("2026-07-01", "2026-07-31", "2026-08-01"), counts, "month")
    assert {label: part.refused for label, part in found.items()} == {"2026-07": 2, "2026-08": 1}


def test_rows_of_another_time() -> None:
    """Flights of 2013 that are asked about today: the period that was begun last."""
    counts = [
        ServedCount("2013-07", "1", 9, 0, moment("2026-11-27 10:00"), moment("2026-11-27 11:00")),
        ServedCount("2013-07", "2", 9, 0, moment("2026-11-27 11:00"), moment("2026-11-27 12:00")),
        ServedCount("2013-08", "2", 9, 0, moment("2026-11-27 13:00"), moment("2026-11-27 14:00")),
    ]
    at = ("2026-11-27 09:00", "2026-11-27 12:30", "2026-11-27 13:30", "2026-11-28 00:00")
    found = losses.by_period(lost(*at), counts, "month")
    assert {label: part.refused for label, part in found.items()} == {"2013-07": 2, "2013-08": 2}


def test_what_a_worker_counts_is_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a tick, and not lost while the disk refuses."""
    metrics.share_folder(tmp_path / "metrics")
    recorder = Recorder(tmp_path / "record", 1000, "count", ServiceMetrics())
    recorder.count_losses(ServiceLosses(refused=2))
    with monkeypatch.context() as broken:
        broken.setattr(recorder.wal, "_write", _refuse)
        recorder.tick()
    recorder.count_losses(ServiceLosses(unread=3, unrecorded=1))
    recorder.tick()
    recorder.tick()
    recorder.close()
    list(compaction.compact(tmp_path / "record"))
    read = losses.read(tmp_path / "record")
    assert read[["refused", "unread", "unrecorded"]].to_numpy().tolist() == [[2, 3, 1]]


def _refuse(text: bytes) -> None:
    raise OSError(28, "No space left on device")


def test_a_log_without_losses(tmp_path: Path) -> None:
    """An older one has none."""
    counts = [ServedCount("2026-07", "1", 9, 0, 0.0, 1.0)]
    assert losses.by_period(losses.read(tmp_path), counts, "month") == {"2026-07": ServiceLosses()}
