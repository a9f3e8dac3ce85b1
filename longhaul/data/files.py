"""Files of a table, wherever they lie: this machine, the web, or an object store."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
from fsspec.core import url_to_fs

from longhaul.errors import LonghaulError

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".txt", ".data")
PACKED = (".gz", ".bz2", ".xz", ".zip")
ARTIFACTS = ("runs:/", "models:/", "mlflow-artifacts:/")  # addresses that MLflow knows

_WILD = frozenset("*?[")
_DRIVERS = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "az": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
}

Fetch = Callable[[str], Path]


@dataclass(frozen=True)
class File:
    """One file of a table.

    Attributes
    ----------
    system : fsspec file system
    path : str
        In that file system.
    size : int
        In bytes; 0 where it is not known.
    """

    system: Any
    path: str
    size: int

    @property
    def name(self) -> str:
        """Without the folders."""
        return self.path.rstrip("/").rpartition("/")[2].partition("?")[0]

    @property
    def kind(self) -> str:
        """What is in it: ``parquet`` or ``text``; empty where the name does not tell."""
        name = self.name.lower()
        for suffix in PACKED:
            name = name.removesuffix(suffix)
        if name.endswith(PARQUET):
            return "parquet"
        return "text" if name.endswith(TEXT) else ""

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Its bytes, unpacked."""
        packed = "infer" if self.kind == "text" else None
        with fsspec.core.OpenFile(
            self.system, self.path, "rb", fsspec.core.get_compression(self.name, packed)
        ) as file:
            yield file

    def digest(self) -> str:
        """What tells one content from another: a hash of the bytes as they lie there."""
        content = hashlib.sha256()
        with self.system.open(self.path, "rb") as file:
            while part := file.read(1 << 20):
                content.update(part)
        return content.hexdigest()


def find(address: str, folder: Path, fetch: Fetch, key: str = "source") -> list[File]:
    """The files that an address means, in order of their names.

    Parameters
    ----------
    address : str
        A file, a folder or a pattern: a path, an address that MLflow knows, or any that fsspec
        knows, such as ``https://…`` and ``s3://…``.
    folder : Path
        Where a relative path starts.
    fetch : callable
        Gets what lies at an address that MLflow knows.
    key : str
        Of the problem, for the reader of a message.

    Raises
    ------
    LonghaulError
        When there is none, it is of an unknown kind, or the driver is not installed.
    """
    where = address
    if address.startswith(ARTIFACTS):
        where = str(fetch(address))
    elif "://" not in address:
        where = str(folder / address)
    system, path = _system(where, key)
    try:
        found = sorted(set(_paths(system, path)))
        files = [File(system, one, int(system.info(one).get("size") or 0)) for one in found]
    except FileNotFoundError:
        files = []
    except Exception as error:  # every store has its own ways to refuse
        raise LonghaulError(f"{key}: {address}: {_reason(error)}") from None
    if not files:
        raise LonghaulError(
            f"{key}: no file, folder or pattern {where}; a table is a Parquet or CSV file"
        )
    strange = next((one.name for one in files if not one.kind), None)
    if strange is not None:
        raise LonghaulError(
            f"{key}: {strange!r} is neither Parquet ({', '.join(PARQUET)}) nor CSV"
            f" ({', '.join(TEXT)}, as it is or packed as {', '.join(PACKED)})"
        )
    return files


def _system(where: str, key: str) -> tuple[Any, str]:
    scheme = where.partition("://")[0] if "://" in where else "file"
    try:
        system, path = url_to_fs(where)
    except ImportError:
        driver = f"; install it: pip install {_DRIVERS[scheme]}" if scheme in _DRIVERS else ""
        raise LonghaulError(
            f"{key}: to read {scheme}:// takes a package that is not installed{driver}"
        ) from None
    except Exception as error:  # every store has its own ways to refuse
        raise LonghaulError(f"{key}: {where}: {_reason(error)}") from None
    return system, path


def _paths(system: Any, path: str) -> list[str]:
    if _WILD.intersection(path) and not system.exists(path):
        found = [one for one in system.glob(path) if not system.isdir(one)]
        return [one for one in found if not one.rpartition("/")[2].startswith((".", "_"))]
    if "http" not in _protocols(system) and system.isdir(path):
        inside = [one for one in system.find(path) if not _hidden(one, path)]
        return [one for one in inside if File(system, one, 0).kind]
    return [path] if system.exists(path) else []


def _hidden(path: str, root: str) -> bool:
    return any(part.startswith((".", "_")) for part in path.removeprefix(root).split("/"))


def _protocols(system: Any) -> tuple[str, ...]:
    found = system.protocol
    return (found,) if isinstance(found, str) else tuple(found)


def _reason(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
