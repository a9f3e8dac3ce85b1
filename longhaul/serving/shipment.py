"""Shipment: sealed files of a prediction log, and their copies in a remote folder.

The remote listing is the only truth: a file of the same name and size is shipped. So nothing has to
be noted, and a service that is killed between an upload and a note of it neither loses nor doubles.
"""

import contextlib
import time
from datetime import date
from pathlib import Path

from longhaul.errors import LonghaulError
from longhaul.tracking import remote_folder
from longhaul.tracking.remote_folder import RemoteFolder
from longhaul.traffic import prediction_log

_SETTLED_NS = 2_000_000_000  # longer than a file system's clock may stand still
_OLD_NS = 86_400_000_000_000  # a folder that hardly changes any more: its listing need not be kept


class Shipment:
    """Sealed files of a prediction log, on their way to a remote folder.

    Parameters
    ----------
    record : Path
        The folder of the prediction log.
    remote : RemoteFolder

    Raises
    ------
    LonghaulError
        When the remote folder is in the log, or the log in it.
    """

    def __init__(self, record: Path, remote: RemoteFolder):
        _require_elsewhere(record, remote)
        self.record, self.remote = record, remote
        self._listed: dict[Path, dict[str, int]] = {}  # by local folder: sizes of remote files
        self._settled: dict[Path, int] = {}  # by local folder: when it last changed, all shipped

    def waiting(self) -> list[Path]:
        """List the files that are not shipped, oldest day first.

        A folder is compared with the remote listing until all of it is shipped, then when it
        changes.
        """
        files = []
        for folder in prediction_log.day_folders(self.record):
            changed = folder.stat().st_mtime_ns
            if self._settled.get(folder) == changed:
                continue
            unshipped = self._unshipped(folder, self._remote_sizes(folder))
            age = time.time_ns() - changed
            if not unshipped and age > _SETTLED_NS:
                self._settled[folder] = changed
                if age > _OLD_NS:
                    self._listed.pop(folder, None)
            files += unshipped
        return sorted(files, key=lambda file: (file.parent.name, file))

    def unconfirmed(self) -> int:
        """Count the files that wait, as far as is known without the remote folder."""
        folders = prediction_log.day_folders(self.record)
        unsettled = [f for f in folders if self._settled.get(f) != f.stat().st_mtime_ns]
        return sum(len(self._unshipped(f, self._listed.get(f, {}))) for f in unsettled)

    def upload(self, file: Path) -> None:
        """Upload a file to the same relative path."""
        size = file.stat().st_size
        self.remote.upload(file, self._name(file.parent))
        self._listed.setdefault(file.parent, {})[file.name] = size

    def expire(self, day: date) -> int:
        """Remove local files of the days before one, unless they are not shipped; return how many.

        The remote folder is listed anew: its files may have been removed since.
        """
        removed = 0
        for folder in prediction_log.day_folders(self.record):
            if folder.name >= day.isoformat():
                continue
            sizes = self._list(folder)
            shipped = set(folder.glob("*.parquet")) - set(self._unshipped(folder, sizes))
            for file in shipped:
                file.unlink(missing_ok=True)
            removed += len(shipped)
            with contextlib.suppress(OSError):  # what waits is in it
                folder.rmdir()
        return removed

    def _unshipped(self, folder: Path, sizes: dict[str, int]) -> list[Path]:
        files = folder.glob("*.parquet")
        return [file for file in files if sizes.get(file.name) != file.stat().st_size]

    def _remote_sizes(self, folder: Path) -> dict[str, int]:
        if folder not in self._listed:
            self._listed[folder] = self._list(folder)
        return self._listed[folder]

    def _list(self, folder: Path) -> dict[str, int]:
        _, sizes = self.remote.list_folder(self._name(folder))
        return {path.rpartition("/")[2]: size for path, size in sizes.items()}

    def _name(self, folder: Path) -> str:
        return folder.relative_to(self.record).as_posix()


def _require_elsewhere(record: Path, remote: RemoteFolder) -> None:
    place = remote_folder.local_path(remote)
    if place is None:
        return
    inner, outer = place.resolve(), record.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise LonghaulError(
            f"ship: {place} and the prediction log {record} are in one another; give another folder"
        )
