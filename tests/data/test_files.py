"""A table is found and read wherever it lies, or one line says why it is not."""

import bz2
import gzip
import http.server
import lzma
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import fsspec
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longhaul.data import sources
from longhaul.errors import LonghaulError
from tests import tables

FRAME = tables.churn(rows_per_month=10)
CSV = FRAME.to_csv(index=False)


def read(address: str, folder: Path) -> pd.DataFrame:
    """What lies at an address, as it is written."""
    return sources.read_undeclared(address, "", folder).frame


def write(path: Path) -> None:
    """The table, packed as the name says."""
    packed = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("churn.csv", CSV)
    else:
        path.write_bytes(packed.get(path.suffix, bytes)(CSV.encode()))


@pytest.mark.parametrize(
    "name", ["a.csv", "a.csv.gz", "a.csv.bz2", "a.csv.xz", "a.csv.zip", "a.txt"]
)
def test_packed_or_not(tmp_path: Path, name: str) -> None:
    """The same rows."""
    write(tmp_path / name)
    assert read(name, tmp_path)["plan"].tolist() == FRAME["plan"].tolist()


def test_folders_and_patterns(tmp_path: Path) -> None:
    """In order of the names; what is hidden, and what is no table, is not looked at."""
    (tmp_path / "parts" / "deep").mkdir(parents=True)
    FRAME[:30].to_parquet(tmp_path / "parts" / "1.parquet")
    FRAME[30:].to_parquet(tmp_path / "parts" / "deep" / "2.parquet")
    for name in ("_SUCCESS", ".hidden.parquet", "notes.md"):
        (tmp_path / "parts" / name).write_text("no table")
    assert len(read("parts", tmp_path)) == len(FRAME)
    assert len(read("parts/*.parquet", tmp_path)) == 30


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A web server with a folder of files."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "a.csv").write_text(CSV)
    FRAME.to_parquet(served / "a.parquet")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=served))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_the_web(web: str, tmp_path: Path, name: str) -> None:
    """A real server; what it does not have is one line."""
    assert len(read(f"{web}/{name}", tmp_path)) == len(FRAME)
    with pytest.raises(LonghaulError, match=r"source: .*b\.csv"):
        read(f"{web}/b.csv", tmp_path)


def test_any_store_that_fsspec_knows(tmp_path: Path) -> None:
    """Such as its own in memory."""
    with fsspec.open("memory://tables/a.csv", "w") as file:
        file.write(CSV)
    assert len(read("memory://tables/a.csv", tmp_path)) == len(FRAME)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3://bucket/a.csv", r"to read s3:// takes a package .*: pip install s3fs"),
        ("gs://bucket/a.csv", r"to read gs:// takes a package .*: pip install gcsfs"),
        ("abfs://box/a.csv", r"to read abfs:// takes a package .*: pip install adlfs"),
        ("nowhere://a.csv", "source: nowhere://a.csv"),
        ("gone.csv", r"no file, folder or pattern .*gone\.csv"),
        ("*.tsv", r"no file, folder or pattern .*\*\.tsv"),
        ("a.xlsx", r"a\.xlsx: .* Excel"),
        ("a.docx", r"'a\.docx' is neither Parquet .* nor CSV"),
        ("empty.csv", r"empty\.csv: is empty"),
        ("picture.csv", r"picture\.csv"),
        ("bad.parquet", r"bad\.parquet: cannot be read as Parquet"),
        ("bad.csv.gz", r"bad\.csv\.gz: cannot be read"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, address: str, message: str) -> None:
    """With what to do, where something can be done."""
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    (tmp_path / "a.docx").write_bytes(b"PK")
    (tmp_path / "empty.csv").write_text("\n")
    (tmp_path / "picture.csv").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 but no more")
    (tmp_path / "bad.csv.gz").write_bytes(b"not packed")
    with pytest.raises(LonghaulError, match=message) as refused:
        read(address, tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b\n1,2\n", ["a", "b"]),
        ("a;b\n1,5;2\n", ["a", "b"]),
        ("a\tb\n1\t2\n", ["a", "b"]),
        ('"a, b"|c\n1|2\n', ["a, b", "c"]),
        (",a\n1,2\n", ["Unnamed: 0", "a"]),
        (" a , größe (cm) \n1,2\n", ["a", "größe (cm)"]),
        ("a\n1\n", ["a"]),
        ('a,b\n"x\ny",2\n', ["a", "b"]),
    ],
)
def test_headers(tmp_path: Path, text: str, names: list[str]) -> None:
    """Commas, semicolons, tabs and bars; quotes, blanks, and columns without a name."""
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    found = read("a.csv", tmp_path)
    assert list(found.columns) == names
    assert len(found) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """What is not UTF-8 is read all the same, and it is said as what."""
    (tmp_path / "a.csv").write_bytes("stadt,jahr\nKöln,1\nZürich,2\n".encode(encoding))
    found = sources.read_undeclared("a.csv", "", tmp_path)
    assert found.frame["stadt"].tolist() == ["Köln", "Zürich"]
    said = [note for note in found.notes if "a.csv is not UTF-8: read as cp1252" in note]
    assert len(said) == len(found.notes) == (encoding == "cp1252")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n1\n", "Expected 2 columns, got 1"),
        ("a,b\n1,2\n1,2,3\n", "Expected 2 columns, got 3"),
        ("a,a\n1,2\n", "two columns are called 'a'; give each"),
        ("a,b\n", "has no rows"),
    ],
)
def test_bad_csv_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    """Ragged rows are not filled up, and names are not made up."""
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(LonghaulError, match=message):
        read("a.csv", tmp_path)


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_a_table_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
):
    """Never anything else."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "a.csv").write_bytes(content)
    try:
        found = read("a.csv", folder)
    except LonghaulError as refused:
        said = str(refused)
    else:
        said = f"{len(found)} rows"
    assert "\n" not in said
    assert said != "0 rows"
