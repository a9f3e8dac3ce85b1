"""Files of a table: on this machine, on the web, or in an object store."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

import fsspec
import pyarrow as pa
from fsspec.core import url_to_fs

from longhaul.errors import LonghaulError

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".txt", ".data")
LINES = (".jsonl", ".ndjson", ".json")
EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
PACKED = (".gz", ".bz2", ".xz", ".zip", ".zst")
ARTIFACTS = ("runs:/", "models:/", "mlflow-artifacts:/")  # URIs that MLflow resolves

_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
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

# What pandas reads, beside what is read here.
_READERS = {
    **{"feather": "read_feather", "arrow": "read_feather", "orc": "read_orc"},
    **{"dta": "read_stata", "sas7bdat": "read_sas", "xpt": "read_sas", "sav": "read_spss"},
    **{"pkl": "read_pickle", "pickle": "read_pickle", "xml": "read_xml", "h5": "read_hdf"},
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
    root : str
        The folder that was asked for; empty where a file was.
    """

    system: Any
    path: str
    size: int
    root: str = ""

    @property
    def name(self) -> str:
        """Name of the file without its folders."""
        return self.path.rstrip("/").rpartition("/")[2].partition("?")[0]

    @property
    def format(self) -> str:
        """Format by the name: ``parquet``, ``text``, ``lines``, ``excel``; empty: another."""
        name = self.name.lower()
        for suffix in PACKED:
            name = name.removesuffix(suffix)
        endings = {"parquet": PARQUET, "text": TEXT, "lines": LINES, "excel": EXCEL}
        return next((form for form, suffixes in endings.items() if name.endswith(suffixes)), "")

    @property
    def partitions(self) -> dict[str, str | None]:
        """Columns that the names of the folders below the root say, such as ``country=DE``."""
        folders = self.path.removeprefix(self.root).split("/")[:-1] if self.root else []
        pairs = [folder.partition("=") for folder in folders if "=" in folder.strip("=")]
        return {
            unquote(name): None if value == _NO_VALUE else unquote(value)
            for name, _, value in pairs
            if name
        }

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file for reading, unpacked."""
        if self.name.lower().endswith(".zst"):
            with self.system.open(self.path, "rb") as packed, _unpacked(packed) as file:
                yield file
            return
        packed = "infer" if self.format in {"text", "lines"} else None
        with fsspec.core.OpenFile(
            self.system, self.path, "rb", fsspec.core.get_compression(self.name, packed)
        ) as file:
            yield file

    def digest(self) -> str:
        """Hash the bytes of the file, packed as they are."""
        content = hashlib.sha256()
        with self.system.open(self.path, "rb") as file:
            while part := file.read(1 << 20):
                content.update(part)
        return content.hexdigest()


def find(address: str, folder: Path, fetch: Fetch, key: str = "source") -> list[File]:
    """Find the files at an address, in order of their names.

    Parameters
    ----------
    address : str
        A file, a folder or a pattern: a path, a URI that MLflow resolves, or one that fsspec
        resolves, such as ``https://…`` and ``s3://…``.
    folder : Path
        Where a relative path starts.
    fetch : callable
        Returns the local path of a URI that MLflow resolves.
    key : str
        Of the problem file, for errors.

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
        paths = sorted(set(_paths(system, path)))
        root = _root(system, path)
        files = [
            File(system, file, int(system.info(file).get("size") or 0), root) for file in paths
        ]
    except FileNotFoundError:
        files = []
    except Exception as error:  # every store has its own ways to refuse
        raise LonghaulError(f"{key}: {address}: {_reason(error)}") from None
    if not files:
        raise LonghaulError(
            f"{key}: no file, folder or pattern {where}; a table is a Parquet or CSV file"
        )
    unexpected = next((file.name for file in files if not file.format), None)
    if unexpected is not None:
        raise LonghaulError(
            f"{key}: {unexpected!r} is neither Parquet ({', '.join(PARQUET)}) nor CSV"
            f" ({', '.join(TEXT)}), JSON lines ({', '.join(LINES)}), both as they are or packed as"
            f" {', '.join(PACKED)}, nor Excel ({', '.join(EXCEL)}){_conversion(unexpected)}"
        )
    return files


def _conversion(name: str) -> str:
    """Return the command that makes a table of another kind of file; empty if none is known."""
    stem, _, ending = name.lower().rpartition(".")
    if ending not in _READERS:
        return ""
    reader = _READERS[ending]
    return (
        f"; convert it: python -c \"import pandas; pandas.{reader}('{name}')"
        f".to_parquet('{stem}.parquet')\""
    )


def names_below(address: str, folder: Path, files: Sequence[File]) -> list[str]:
    """Name files by their paths below the folder that an address or a pattern names.

    Parameters
    ----------
    address : str
        As `find` took it.
    folder : Path
        Where a relative path starts.
    files : sequence of File
        As `find` returned them.
    """
    if address.startswith(ARTIFACTS):
        return [file.name for file in files]
    literal = re.split(r"[*?\[]", address, maxsplit=1)[0]
    top = address if literal == address else literal.rpartition("/")[0]
    where = top if "://" in address else str(folder / top)
    _, root = _system(where, "source")
    root = f"{str(root).rstrip('/')}/"
    return [
        file.path.removeprefix(root) if file.path.startswith(root) else file.name for file in files
    ]


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


@contextmanager
def _unpacked(packed: BinaryIO) -> Iterator[BinaryIO]:
    """Unpack Zstandard into a temporary file, which can be read from its start again."""
    with tempfile.TemporaryFile() as file:
        with pa.CompressedInputStream(pa.PythonFile(packed, "r"), "zstd") as stream:
            shutil.copyfileobj(stream, file)
        file.seek(0)
        yield file


def _root(system: Any, path: str) -> str:
    """Return the folder of an address: itself, or what stands before its first wild card."""
    place = min((path.find(sign) for sign in _WILD if sign in path), default=-1)
    if place >= 0 and not system.exists(path):
        return path[:place].rpartition("/")[0]
    return path if "http" not in _protocols(system) and system.isdir(path) else ""


def _paths(system: Any, path: str) -> list[str]:
    if _WILD.intersection(path) and not system.exists(path):
        matches = [match for match in system.glob(path) if not system.isdir(match)]
        return [file for file in matches if not file.rpartition("/")[2].startswith((".", "_"))]
    if "http" not in _protocols(system) and system.isdir(path):
        inside = [file for file in system.find(path) if not _hidden(file, path)]
        return [file for file in inside if File(system, file, 0).format]
    return [path] if system.exists(path) else []


def _hidden(path: str, root: str) -> bool:
    return any(part.startswith((".", "_")) for part in path.removeprefix(root).split("/"))


def _protocols(system: Any) -> tuple[str, ...]:
    protocol = system.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _reason(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
