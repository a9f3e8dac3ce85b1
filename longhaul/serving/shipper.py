"""Shipper: a thread that copies sealed files of the prediction log to a remote folder."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from longhaul import process
from longhaul.serving import event_log
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.settings import ServiceSettings
from longhaul.serving.shipment import Shipment
from longhaul.tracking import remote_folder

TICK_SECONDS = 1.0
MAX_PAUSE_SECONDS = 60.0  # between two tries, while the store refuses
EXPIRE_SECONDS = 600.0
CLOSE_SECONDS = 20.0


@contextmanager
def ship(settings: ServiceSettings, status: Path, metrics: ServiceMetrics) -> Iterator[None]:
    """Ship sealed files for the length of the block, if the settings say where.

    Parameters
    ----------
    settings : ServiceSettings
    status : Path
        A file that holds why the store refuses; empty while it does not. See `read_status`.
    metrics : ServiceMetrics

    Raises
    ------
    LonghaulError
        When the address cannot be used at all; a store that does not answer is tried again.
    """
    if not settings.ship:
        yield
        return
    shipment = Shipment(settings.record, remote_folder.open_folder(settings.ship))
    shipper = Shipper(shipment, settings.keep_days, status, metrics)
    try:
        yield
    finally:
        shipper.close()


def read_status(status: Path) -> str | None:
    """Return why files cannot be shipped: empty while they can, None where none are to be."""
    return status.read_text(encoding="utf-8") if status.exists() else None


class Shipper:
    """Thread that uploads files as they are sealed, and removes old ones that are shipped.

    Parameters
    ----------
    shipment : Shipment
    keep_days : float
        Age in days at which local files go, if they are shipped; 0: they stay.
    status : Path
        See `ship`.
    metrics : ServiceMetrics
    """

    def __init__(self, shipment: Shipment, keep_days: float, status: Path, metrics: ServiceMetrics):
        self.shipment, self.keep_days = shipment, keep_days
        self.status, self.metrics = status, metrics
        self._failures, self._error = 0, ""
        self._expired_at = -EXPIRE_SECONDS
        self._refused: set[Path] = set()
        self.status.write_text("", encoding="utf-8")
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ship what is sealed by now; the next service ships what this cannot in time."""
        self._end.set()
        self._thread.join(CLOSE_SECONDS)

    def pause(self) -> float:
        """Return the seconds until the next try: twice as long after each failure."""
        return float(min(TICK_SECONDS * 2 ** min(self._failures, 10), MAX_PAUSE_SECONDS))

    def _run(self) -> None:
        process.stand_back()
        while not self._end.wait(self.pause()):
            self._try()
        self._try()

    def _try(self) -> None:
        try:
            self._ship()
            self._expire()
        except Exception as error:  # every store has its own ways to refuse; files wait meanwhile
            self._failures += 1
            self.metrics.unshipped_files.set(self.shipment.unconfirmed())
            self._note((str(error).strip() or type(error).__name__).splitlines()[0])
        else:
            self._failures = 0
            self._note("")

    def _ship(self) -> None:
        waiting = self.shipment.waiting()
        waiting.sort(key=lambda file: file in self._refused)  # it may be that file alone
        self.metrics.unshipped_files.set(len(waiting))
        for file in waiting:
            self._refused.add(file)
            self.shipment.upload(file)
            self._refused.remove(file)
            self.metrics.unshipped_files.dec()

    def _expire(self) -> None:
        now = time.monotonic()
        if self.keep_days and now - self._expired_at >= EXPIRE_SECONDS:
            oldest = (datetime.now(UTC) - timedelta(days=self.keep_days)).date()
            removed = self.shipment.expire(oldest)
            self._expired_at = now
            if removed:
                event_log.info("shipped files removed", files=removed, before=oldest.isoformat())

    def _note(self, error: str) -> None:
        if error == self._error:
            return
        if error and not self._error:
            event_log.error("shipping failed", to=self.shipment.remote.address, reason=error)
        if not error:
            event_log.info("shipping again", to=self.shipment.remote.address)
        self._error = error
        self.status.write_text(error, encoding="utf-8")
