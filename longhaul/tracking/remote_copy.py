"""Local copy of a remote folder: a file that was fetched once is not fetched again."""

import atexit
import functools
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from longhaul.errors import LonghaulError
from longhaul.tracking import remote_folder
from longhaul.tracking.remote_folder import RemoteFolder


def fetch(address: str, subfolders: list[str]) -> Path:
    """Return a local copy of subfolders at an address, as they are now; see `open_folder`.

    The copy lasts as long as this process, and its files have their names and sizes there. A folder
    of this machine is not copied.

    Raises
    ------
    LonghaulError
        When there is nothing, or it cannot be read.
    """
    remote = remote_folder.open_folder(address)
    with remote_folder.translate_errors(address):
        place = remote_folder.local_path(remote)
        if place is None:
            place = _copy_folder(remote.address, os.getpid())
            _update(place, remote, subfolders)
    if not any((place / name).is_dir() for name in subfolders):
        raise LonghaulError(f"{address}: there is no {', '.join(subfolders)}")
    return place


@functools.cache
def _copy_folder(address: str, process: int) -> Path:
    """Create the folder of a process's copy, which is removed with the process."""
    folder = Path(tempfile.mkdtemp(prefix="longhaul-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _update(place: Path, remote: RemoteFolder, subfolders: list[str]) -> None:
    """Fetch what is new or has another size, and remove what is gone."""
    wanted = remote_folder.list_files(remote, subfolders)
    have = {
        file.relative_to(place).as_posix(): file.stat().st_size
        for file in place.rglob("*")
        if file.is_file()
    }
    for path in have.keys() - wanted.keys():
        (place / path).unlink()
    new = [path for path, size in wanted.items() if have.get(path) != size]
    with ThreadPoolExecutor(remote_folder.THREADS) as pool:
        list(pool.map(functools.partial(_fetch_file, place, remote), new))


def _fetch_file(place: Path, remote: RemoteFolder, path: str) -> None:
    target = place / path
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}")
    remote.download(path, draft)
    draft.replace(target)
