"""Sealed files are shipped once, whole, and go from here only when they are there."""

import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.errors import LonghaulError
from longhaul.serving import metrics
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.settings import ServiceSettings
from longhaul.serving.shipment import Shipment
from longhaul.serving.shipper import Shipper
from longhaul.tracking import remote_copy, remote_folder
from longhaul.traffic import prediction_log
from tests.serving import services

DAYS = ["predictions/churn-1/2020-09-13", "shadow/churn-2/2020-09-13", "outcomes/2020-09-14"]


class Killed(BaseException):
    """The process ends here."""


class FakeStore:
    """A store in memory, that may be killed before or after an upload."""

    address = "fake://store"

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.uploads = 0
        self.kill = ""

    def list_folder(self, folder: str) -> tuple[list[str], dict[str, int]]:
        inside = {path: len(text) for path, text in self.files.items()}
        return [], {p: size for p, size in inside.items() if p.rpartition("/")[0] == folder}

    def upload(self, file: Path, folder: str) -> None:
        if self.kill == "before":
            raise Killed
        self.files[f"{folder}/{file.name}"] = file.read_bytes()
        self.uploads += 1
        if self.kill == "after":
            raise Killed

    def download(self, path: str, target: Path) -> None:
        target.write_bytes(self.files[path])


def seal(record: Path, path: str, text: bytes = b"rows") -> Path:
    """A sealed file; what is in it does not matter here."""
    file = record / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)
    return file


def files_of(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def ship(shipment: Shipment) -> int:
    """Upload what waits, and count it."""
    waiting = shipment.waiting()
    for file in waiting:
        shipment.upload(file)
    return len(waiting)


def to(record: Path, store: Path) -> Shipment:
    return Shipment(record, remote_folder.open_folder(f"file://{store}"))


@given(st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from(["", "before", "after"]))))
def test_killed_anywhere_nothing_is_lost_and_nothing_copied_twice(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    """Any order of new files, kills before or after an upload, and restarts."""
    record, store = tmp_path_factory.mktemp("record"), FakeStore()
    shipment = Shipment(record, store)
    for number, (day, kill) in enumerate(steps):
        seal(record, f"{day}/{number}.parquet", b"x" * number)
        store.kill = kill
        try:
            ship(shipment)
        except Killed:
            shipment = Shipment(record, store)
    store.kill = ""
    ship(shipment)
    assert store.files == files_of(record)
    assert store.uploads == len(steps)


def test_a_restart_compares_and_copies_nothing(tmp_path: Path) -> None:
    """The listing of the store is what is remembered; a file of another size is not shipped."""
    record, store = tmp_path / "record", tmp_path / "store"
    for day in DAYS:
        seal(record, f"{day}/a.parquet")
    seal(record, "journal/open.jsonl")
    seal(record, f"{DAYS[0]}/a.draft")
    assert ship(to(record, store)) == len(DAYS)
    assert ship(to(record, store)) == 0
    assert sorted(files_of(store)) == sorted(f"{day}/a.parquet" for day in DAYS)
    (store / DAYS[0] / "a.parquet").write_bytes(b"torn")
    (store / DAYS[1] / "a.parquet").write_bytes(b"to")
    assert ship(to(record, store)) == 1


def test_hosts_share_a_folder(tmp_path: Path) -> None:
    """Files of another host stay as they are, and drafts that a killed service left go."""
    store = tmp_path / "store"
    seal(store, f"{DAYS[0]}/other.parquet", b"theirs")
    seal(store, f"{DAYS[0]}/mine.parquet.0a0a0a0a.draft", b"ha")
    seal(tmp_path / "record", f"{DAYS[0]}/mine.parquet", b"mine")
    assert ship(to(tmp_path / "record", store)) == 1
    expected = {f"{DAYS[0]}/other.parquet": b"theirs", f"{DAYS[0]}/mine.parquet": b"mine"}
    assert files_of(store) == expected


def test_new_files_of_a_settled_folder_are_shipped(tmp_path: Path) -> None:
    """A folder of which all is shipped is looked at again when it changes, and only then."""
    store = FakeStore()
    shipment = Shipment(tmp_path, store)
    first = seal(tmp_path, f"{DAYS[0]}/a.parquet")
    assert ship(shipment) == 1
    time.sleep(2.1)
    assert ship(shipment) == 0
    store.files.clear()  # which is not asked again
    assert ship(shipment) == 0
    assert shipment.unconfirmed() == 0
    second = seal(tmp_path, f"{DAYS[0]}/b.parquet")
    assert shipment.unconfirmed() == 1
    assert shipment.waiting() == [second]
    assert Shipment(tmp_path, store).waiting() == [first, second]


def test_old_files_go_only_when_they_are_there(tmp_path: Path) -> None:
    """By the day in the path, and by what the store lists now."""
    record, store = tmp_path / "record", tmp_path / "store"
    shipped = seal(record, f"{DAYS[0]}/a.parquet")
    newer = seal(record, f"{DAYS[2]}/a.parquet")
    shipment = to(record, store)
    ship(shipment)
    waits = seal(record, f"{DAYS[1]}/a.parquet")
    lost = seal(record, f"{DAYS[1]}/b.parquet")
    shipment.upload(lost)
    (store / DAYS[1] / "b.parquet").unlink()
    assert shipment.expire(date(2020, 9, 14)) == 1
    assert not shipped.parent.exists()
    assert waits.exists()
    assert lost.exists()
    assert newer.exists()


@pytest.mark.parametrize("inside", ["", "shipped", ".."])
def test_the_log_is_not_its_own_copy(tmp_path: Path, inside: str) -> None:
    """Else every file would be shipped, and removed."""
    (tmp_path / "record").mkdir()
    with pytest.raises(LonghaulError, match=r"^ship: .* are in one another; give another folder"):
        to(tmp_path / "record", tmp_path / "record" / inside)


def test_settings_are_refused(tmp_path: Path) -> None:
    """Files that are not shipped do not go; a store of an unknown kind is no address."""
    with pytest.raises(LonghaulError, match=r"^keep_days: local files go when they are shipped"):
        ServiceSettings("models:/churn/1", tmp_path, keep_days=3).check()
    with pytest.raises(LonghaulError, match=r"^nothing://here: "):
        remote_folder.open_folder("nothing://here")


def test_a_store_that_refuses_is_tried_again(tmp_path: Path) -> None:
    """Its reason is in the status, what waits in the metric; the pause grows; it recovers."""
    metrics.share_folder(tmp_path / "metrics")
    figures, status = ServiceMetrics(), tmp_path / "status"
    store = tmp_path / "store"
    store.write_text("in the way")
    for day in DAYS:
        seal(tmp_path / "record", f"{day}/a.parquet")
    shipper = Shipper(to(tmp_path / "record", store), 0, status, figures)
    services.until(lambda: status.read_text() != "")
    assert "longhaul_unshipped_files" in metrics.exposition().decode()
    assert figures.unshipped_files._value.get() == len(DAYS)
    assert shipper.pause() >= 2
    store.unlink()
    services.until(lambda: status.read_text() == "")
    assert figures.unshipped_files._value.get() == 0
    seal(tmp_path / "record", f"{DAYS[0]}/last.parquet")
    shipper.close()
    assert files_of(store) == files_of(tmp_path / "record")


def test_a_copy_is_fetched_once_and_kept_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only new and changed files are fetched; what is gone there goes here."""
    store, fetched = FakeStore(), []
    subfolders = list(prediction_log.SEALED)
    monkeypatch.setattr(remote_folder, "open_folder", lambda _: store)
    monkeypatch.setattr(
        store, "list_folder", lambda folder: ([], files.copy() if folder == "outcomes" else {})
    )
    monkeypatch.setattr(
        store, "download", lambda path, to: (fetched.append(path), to.write_bytes(b"abc"))
    )
    files: dict[str, int] = {}
    with pytest.raises(LonghaulError, match="fake://store: there is no predictions"):
        remote_copy.fetch(store.address, subfolders)
    files |= {"outcomes/2020-09-13/a.parquet": 3, "outcomes/2020-09-13/b.parquet": 3}
    place = remote_copy.fetch(store.address, subfolders)
    files |= {"outcomes/2020-09-13/c.parquet": 3}
    del files["outcomes/2020-09-13/a.parquet"]
    assert remote_copy.fetch(store.address, subfolders) == place
    assert sorted(fetched) == [f"outcomes/2020-09-13/{name}.parquet" for name in "abc"]
    assert sorted(files_of(place)) == sorted(files)
