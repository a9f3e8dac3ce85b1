"""Remote folder: files below an address of an object store, or of any file system of fsspec."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from longhaul.errors import LonghaulError
from longhaul.tracking import mlflow_internals
from longhaul.tracking.mlflow_internals import ArtifactRepository, get_artifact_repository

# Object stores whose clients, and credentials, are those of MLflow's artifact stores.
_OBJECT_STORES = ("s3", "gs", "wasbs")
_DRAFT = ".draft"
THREADS = 8


class RemoteFolder(Protocol):
    """Folder of an object store or a file system; paths are relative to it.

    Any method raises the errors of its store; see `translate_errors`.
    """

    address: str

    def list_folder(self, folder: str) -> tuple[list[str], dict[str, int]]:
        """Return paths of subfolders, and files by path with their sizes in bytes."""

    def upload(self, file: Path, folder: str) -> None:
        """Write a file under its own name, completely or not at all."""

    def download(self, path: str, target: Path) -> None:
        """Write a local copy of a file."""


def open_folder(address: str) -> RemoteFolder:
    """Open the folder at an address, which need not exist yet; nothing is asked of the store.

    Parameters
    ----------
    address : str
        ``s3://…``, ``gs://…`` and ``wasbs://…`` by MLflow's clients, a path, or an address of
        fsspec, such as ``file:///…``.

    Raises
    ------
    LonghaulError
        When there is no such kind of store, or its package is not installed.
    """
    address = address.rstrip("/")
    with translate_errors(address):
        if address.partition("://")[0] in _OBJECT_STORES:
            return _ObjectStoreFolder(address, get_artifact_repository(address))
        return _FileSystemFolder(address, *url_to_fs(address))


def local_path(remote: RemoteFolder) -> Path | None:
    """Return the path of a folder that is on this machine."""
    if isinstance(remote, _FileSystemFolder) and isinstance(remote.system, LocalFileSystem):
        return Path(remote.root)
    return None


def list_files(remote: RemoteFolder, subfolders: list[str]) -> dict[str, int]:
    """List all files below some subfolders, with their sizes in bytes."""
    sizes: dict[str, int] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        while subfolders:
            listings = list(pool.map(remote.list_folder, subfolders))
            subfolders = [path for below, _ in listings for path in below]
            for _, files in listings:
                sizes |= files
    return sizes


@contextmanager
def translate_errors(address: str) -> Iterator[None]:
    """Turn any error of a store into a LonghaulError of one line."""
    try:
        yield
    except LonghaulError:
        raise
    except Exception as error:  # every store has its own ways to refuse
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LonghaulError(f"{address}: {reason}") from None


class _ObjectStoreFolder:
    """Folder of an object store, where a file is there once all of it has come."""

    def __init__(self, address: str, repository: ArtifactRepository):
        self.address, self.repository = address, repository

    def list_folder(self, folder: str) -> tuple[list[str], dict[str, int]]:
        listed = self.repository.list_artifacts(folder)
        sizes = {info.path: int(info.file_size) for info in listed if not info.is_dir}
        return [info.path for info in listed if info.is_dir], sizes

    def upload(self, file: Path, folder: str) -> None:
        self.repository.log_artifact(str(file), folder)

    def download(self, path: str, target: Path) -> None:
        mlflow_internals.download_file(self.repository, path, target)


class _FileSystemFolder:
    """Folder of a file system, where a file is a draft until all of it has come."""

    def __init__(self, address: str, system: Any, root: str):
        self.address, self.system, self.root = address, system, root.rstrip("/")

    def list_folder(self, folder: str) -> tuple[list[str], dict[str, int]]:
        place = f"{self.root}/{folder}"
        if not self.system.isdir(place):
            return [], {}
        listed = self.system.ls(place, detail=True, refresh=True)
        names = [info["name"].rstrip("/").rpartition("/")[2] for info in listed]
        paths = [f"{folder}/{name}" for name in names]
        kinds = [info["type"] for info in listed]
        below = [path for path, kind in zip(paths, kinds, strict=True) if kind == "directory"]
        return below, {
            path: int(info["size"] or 0)
            for path, info in zip(paths, listed, strict=True)
            if info["type"] == "file" and not path.endswith(_DRAFT)
        }

    def upload(self, file: Path, folder: str) -> None:
        place = f"{self.root}/{folder}"
        self.system.makedirs(place, exist_ok=True)
        target = f"{place}/{file.name}"
        for left in self.system.glob(f"{target}.*{_DRAFT}"):  # by a service that was killed
            self.system.rm(left)
        draft = f"{target}.{secrets.token_hex(4)}{_DRAFT}"
        self.system.put_file(str(file), draft)
        self.system.mv(draft, target)

    def download(self, path: str, target: Path) -> None:
        self.system.get_file(f"{self.root}/{path}", str(target))
