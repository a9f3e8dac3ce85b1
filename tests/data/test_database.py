"""A query's rows, from a real PostgreSQL and from SQLite; no password gets into a file."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy

from longhaul import problem_yaml
from longhaul.data import column_inference, database, reading, sources
from longhaul.errors import LonghaulError
from longhaul.problem import Problem
from tests import postgres as servers
from tests import tables

QUERY = "SELECT * FROM customers ORDER BY customer"


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A PostgreSQL of its own with the table of customers; its address."""
    with servers.running() as server:
        address = server.address("postgres").replace("postgresql:", "postgresql+psycopg:")
        engine = sqlalchemy.create_engine(address)
        tables.churn(rows_per_month=50).to_sql("customers", engine, index=False)
        engine.dispose()
        yield address


def declared(folder: Path, address: str, query: str = QUERY) -> Problem:
    """The problem of the customers in a database."""
    text = tables.DECLARATION.replace("churn.parquet", f"{address}\nquery: {query}")
    path = folder / "churn.yaml"
    path.write_text(text)
    return problem_yaml.load(path)


def test_a_query_is_a_table(postgres: str, tmp_path: Path) -> None:
    """Its rows, types and digest; the digest changes with the rows that the query finds."""
    problem = declared(tmp_path, postgres)
    found = sources.read(problem, tmp_path).frame
    expected = tables.churn(rows_per_month=50).sort_values("customer", ignore_index=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert sources.digest(problem, tmp_path) == sources.digest(problem, tmp_path)
    fewer = declared(tmp_path, postgres, "SELECT * FROM customers WHERE calls > 1")
    assert sources.digest(fewer, tmp_path) != sources.digest(problem, tmp_path)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT * FROM nowhere", 'the database refuses: relation "nowhere" does not exist'),
        ("SELECT * FROM customers WHERE calls < 0", "has no rows"),
    ],
)
def test_what_the_database_refuses(postgres: str, tmp_path: Path, query: str, message: str) -> None:
    """In its own words, on one line."""
    with pytest.raises(LonghaulError, match=message):
        sources.read(declared(tmp_path, postgres, query), tmp_path)


def test_secrets_stay_in_the_environment(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password in the file is refused, a name for one is looked up, and nobody prints it."""
    with pytest.raises(LonghaulError, match="would be kept by MLflow for all to read"):
        sources.read(declared(tmp_path, postgres.replace("tester@", "tester:secret@")), tmp_path)
    hidden = declared(tmp_path, postgres.replace("tester@", "tester:${DATABASE_PASSWORD}@"))
    with pytest.raises(LonghaulError, match="DATABASE_PASSWORD is not set in the environment"):
        sources.read(hidden, tmp_path)
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    assert len(sources.read(hidden, tmp_path).frame) == 450
    assert "secret" not in sources.address(hidden, tmp_path)


def test_sqlite(tmp_path: Path) -> None:
    """Any database that SQLAlchemy knows."""
    address = f"sqlite:///{tmp_path}/customers.db"
    tables.churn(rows_per_month=10).to_sql("customers", address, index=False)
    assert len(sources.read_undeclared(address, QUERY, tmp_path).frame) == 90


@pytest.mark.parametrize(
    ("address", "query", "message"),
    [
        ("sqlite:///x.db", "", "query: a database needs one"),
        ("postgresql://x@host:port/db", QUERY, "not the address of a database"),
        ("oracle+nosuch://x", QUERY, "not the address of a database"),
        ("mysql+pymysql://x", QUERY, "the driver of mysql.* is missing"),
        ("postgresql+psycopg://x@127.0.0.1:1/y", QUERY, "the database refuses"),
    ],
)
def test_addresses_that_are_none(address: str, query: str, message: str) -> None:
    """What is missing, and where."""
    with pytest.raises(LonghaulError, match=message) as refused:
        database.read(address, query, lambda rows: None)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("style", ["ISO, MDY", "SQL, DMY", "German, DMY", "Postgres, MDY"])
@pytest.mark.parametrize("form", ["FORMAT csv, HEADER", "FORMAT text, HEADER"])
def test_copies_are_read_back(postgres: str, tmp_path: Path, style: str, form: str) -> None:
    r"""Whatever the server's style of dates; \N is a blank, CET and CEST are offsets."""
    truth = pd.DataFrame(
        {
            "amount": [-1234.5, None, 0.001, 987654321.25] * 10,
            "sold": pd.date_range("2023-01-25 10:11:12", periods=40, freq="97h").as_unit("us"),
            "word": ["a,b", "Münster", None, 'q"uote'] * 10,
            "place": range(12345678901234567, 12345678901234607),
        }
    )
    engine = sqlalchemy.create_engine(postgres)
    truth.to_sql("copied", engine, index=False, if_exists="replace")
    query = "SELECT *, sold AT TIME ZONE 'UTC' AS seen FROM copied"
    with engine.connect() as connection, (tmp_path / "t.tsv").open("wb") as file:
        cursor = connection.connection.cursor()
        cursor.execute(f"SET datestyle = '{style}'; SET timezone = 'Europe/Berlin'")
        with cursor.copy(f"COPY ({query}) TO STDOUT ({form})") as rows:
            file.writelines(rows)
    engine.dispose()
    raw = sources.read_undeclared("t.tsv", "", tmp_path)
    forms = column_inference.infer_all({str(n): c for n, c in raw.frame.items()}, raw.comma)
    read = {n: reading.read(raw.frame[n], str(forms[n].form)).column for n in forms}
    pd.testing.assert_series_equal(read["amount"], truth["amount"])
    assert read["sold"].tolist() == truth["sold"].tolist()
    assert read["seen"].tolist() == (truth["sold"] + pd.Timedelta(hours=1)).tolist()
    assert read["word"].fillna("").tolist() == truth["word"].fillna("").tolist()
    assert read["place"].tolist() == truth["place"].astype(str).tolist()
