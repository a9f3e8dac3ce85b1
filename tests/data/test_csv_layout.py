"""What stands around the values of a CSV is seen, said, and left out."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from longhaul.data import csv, sources
from longhaul.errors import LonghaulError


def read(text: str | bytes) -> csv.CsvTable:
    body = text if isinstance(text, bytes) else text.encode()
    return csv.read(io.BytesIO(body), "a.csv", lambda size: None)


@pytest.mark.parametrize(
    ("text", "names", "rows", "note"),
    [
        ("sep=;\na;b\n1;2\n", ["a", "b"], 1, ""),
        ("sep=,\r\na,b\r\n1,2\r\n", ["a", "b"], 1, ""),
        ("Sales 2023\n\na;b;c\n1;2;3\n4;5;6\n", ["a", "b", "c"], 2, "'Sales 2023'"),
        ("Sales;;\na;b;c\n1;2;3\n4;5;6\n", ["a", "b", "c"], 2, "'Sales'"),
        ("a,b,\n1,2,\n3,4,\n", ["a", "b"], 2, ""),
        ("a,b\n1,2,\n3,4,\n", ["a", "b"], 2, ""),
        ("a,b\nr1,1,2\nr2,3,4\n", ["row", "a", "b"], 2, "one name less"),
        ("5.1,3.5,x\n4.9,3.0,y\n", ["column_1", "column_2", "column_3"], 2, "no header"),
        ("39,St,7\n50,Pr,8\n", ["column_1", "column_2", "column_3"], 2, "no header"),
        ("country,2019,2020\nDE,1,2\n", ["country", "2019", "2020"], 1, ""),
        ("0,1,2\n5,6,7\n", ["0", "1", "2"], 1, ""),
        ('"a;b",c\n1,2\n', ["a;b", "c"], 1, ""),
        ('"a,b";"c,d"\n1,5;2\n', ["a,b", "c,d"], 1, ""),
        ('"a\nb",c\n1,2\n', ["a\nb", "c"], 1, ""),
        ("a|b\n1|2\n", ["a", "b"], 1, ""),
        ("name,tags\nx,a;b\ny,c;d\n", ["name", "tags"], 2, ""),
        ('"sep=;"\na;b\n1,5;2\n', ["a", "b"], 1, ""),
        ("sep=,\na;b\n1;2\n3;4\n", ["a", "b"], 2, "rows have ';'"),
        ("Report\nby me, 2023\na,b,c\n1,x,3\n2,y,4\n", ["a", "b", "c"], 2, "'Report'"),
        ("Sales,,\n,,\na,b,c\n1,2,3\n4,5,6\n", ["a", "b", "c"], 2, "'Sales'"),
        ("a,b,c,\n1,2,3\n4,5,6\n", ["a", "b", "c"], 2, ""),
        ("2023-01-01,x,y\n2023-01-02,x,z\n", ["column_1", "column_2", "column_3"], 2, "no header"),
        ("x0,y0\nx1,y1\nx0,y0\nx1,y0\n", ["x0", "y0"], 3, ""),
        ("x0,y0\nx1,y1\nx0,y1\nx1,y0\n", ["column_1", "column_2"], 4, "no header"),
        ("a,b,c\n1,2,3\n4,5,6\nSource: me\n(2 rows)\n", ["a", "b", "c"], 2, "'Source: me'"),
        ("a^b^c\n1^2^3\n", ["a", "b", "c"], 1, ""),
        ("a~b\n1~2\n", ["a", "b"], 1, ""),
        ("a\x01b\n1\x012\n", ["a", "b"], 1, ""),
        ("a b c\n1 2 3\n4 5 6\n", ["a b c"], 2, "write sep="),
        ("a\n0,5\n1,5\n2,5\n", ["a"], 3, ""),
        ("a,b\r1,2\r3,4\r", ["a", "b"], 2, ""),
    ],
)
def test_layouts(text: str, names: list[str], rows: int, note: str) -> None:
    """Separator, header, titles and trailing separators."""
    found = read(text)
    assert found.table.column_names == names
    assert len(found.table) == rows
    assert (note in "".join(found.notes)) if note else not found.notes


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_encodings_with_and_without_a_mark(encoding: str) -> None:
    """The zero bytes of each letter show what it is."""
    found = read("a,größe\n1,é\n2,x\n".encode(encoding))
    assert found.table.column("größe").to_pylist() == ["é", "x"]
    assert not found.notes


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"PK\x03\x04....", "zip"),
        (b"\x1f\x8b....", "gzip"),
        (b"PAR1....", "Parquet"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\n <html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:a\n", "git lfs pull"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"<?xml version='1.0'?>", "XML"),
        (b"a,b\n1,\x00\n2,3\n", "zero bytes"),
        (b"a,b,c\n1,'x,y',3\n", "double quotes"),
        (b'a, "b"\n1, "x, y"\n', "double quotes"),
        (b"a,b,c\n1,2,3\nnote\n4,5,6\n", "Expected 3 columns, got 1: note"),
    ],
)
def test_what_is_no_table_is_said(body: bytes, said: str) -> None:
    """With what it is, and what to do."""
    with pytest.raises(LonghaulError, match=said):
        read(body)


@pytest.mark.parametrize("text", ["a,b\n1,2\n3\n", "a,b\n1,2\n1,2,3\n", "a,a\n1,2\n"])
def test_refused(text: str) -> None:
    """Rows of different lengths, and two columns of one name."""
    with pytest.raises(LonghaulError, match=r"a\.csv"):
        read(text)


def test_a_wide_file_is_all_text() -> None:
    """Also where the header alone is larger than the first block that is looked at."""
    names = [f"column_number_{place:06d}" for place in range(20_000)]
    found = read(",".join(names) + "\n" + ",".join(["01"] * len(names)) + "\n")
    assert found.table.column_names == names
    assert set(map(str, found.table.schema.types)) == {"string"}
    assert found.table.column(19_999).to_pylist() == ["01"]


def test_wholly_blank_rows_are_left_out(tmp_path: Path) -> None:
    """At the end or between, with their number."""
    (tmp_path / "a.csv").write_text("a;b\n1;2\n;\n3;4\n ; \n")
    found = sources.read_undeclared("a.csv", "", tmp_path)
    assert found.frame["a"].tolist() == ["1", "3"]
    assert found.notes == ["2 rows are wholly blank, and left out"]


def test_folders_named_like_columns(tmp_path: Path) -> None:
    """As Hive and Spark name them; a missing value has a name of its own."""
    for name in ("DE", "FR", "__HIVE_DEFAULT_PARTITION__"):
        folder = tmp_path / "t" / f"country={name}" / "year=2020"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"a": [1, 2]}), folder / "1.parquet")
    frame = sources.read_undeclared("t", "", tmp_path).frame
    assert frame["country"].fillna("").tolist() == ["DE", "DE", "FR", "FR", "", ""]
    assert frame["year"].unique().tolist() == ["2020"]
    assert "year" in sources.read_undeclared("t/country=DE/*/*.parquet", "", tmp_path).frame


def test_zstandard_and_json_lines(tmp_path: Path) -> None:
    """Packed and unpacked; dates stay as they are written."""
    lines = '{"a": 1, "day": "2020-01-01T00:00:00+02:00"}\n{"a": null, "day": null}\n'
    (tmp_path / "a.jsonl").write_text(lines)
    frame = sources.read_undeclared("a.jsonl", "", tmp_path).frame
    assert frame["day"].iloc[0] == "2020-01-01T00:00:00+02:00"
    for name, text in {"b.csv.zst": "a,b\n1,2\n", "b.jsonl.zst": lines}.items():
        with pa.CompressedOutputStream(str(tmp_path / name), "zstd") as file:
            file.write(text.encode())
        assert sources.read_undeclared(name, "", tmp_path).frame["a"].iloc[0] in ("1", 1)
    (tmp_path / "c.jsonl").write_text("[1, 2]\n")
    with pytest.raises(LonghaulError, match="one object for each row"):
        sources.read_undeclared("c.jsonl", "", tmp_path)


def test_whole_numbers_with_gaps_stay_exact(tmp_path: Path) -> None:
    """In Parquet; a float would round them."""
    pq.write_table(pa.table({"id": [12345678901234567, None], "a": [1, 2]}), tmp_path / "a.parquet")
    frame = sources.read_undeclared("a.parquet", "", tmp_path).frame
    assert frame["id"].iloc[0] == "12345678901234567"
