"""What init decides of blanks, classes, times and zones, and what it says of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longhaul.data import column_inference, labels, sources
from longhaul.json_values import sanitize_metric_name
from longhaul.problem import Problem, Target
from longhaul.scaffold import problem_file
from longhaul.scaffold.infer import infer

ROWS = 900
RNG = np.random.default_rng(3)


def table(**more: object) -> pd.DataFrame:
    """A small table in order of time."""
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(np.arange(ROWS) // 2, unit="D")
    frame = {"day": days.strftime("%Y-%m-%d"), "amount": RNG.normal(50, 9, ROWS).round(2)}
    label = np.where(RNG.random(ROWS) < 0.4, "Yes", "No")
    return pd.DataFrame({**frame, "label": label, **more}).astype("str")


def declare(folder: Path, text: str) -> tuple[Problem, list[str]]:
    """The problem of a CSV, and the decisions."""
    (folder / "t.csv").write_text(text, encoding="utf-8")
    raw = sources.read_undeclared("t.csv", "", folder)
    inferred = infer(raw.frame, "label", "t.csv", "", "t", raw.notes, raw.comma)
    content = problem_file.render(inferred)
    return problem_file.parse(content, folder / "t.yaml"), problem_file.decisions(inferred)


@pytest.mark.parametrize(
    "last", ["\n", ",,\n", "Total,12345.5,\n", "Total,,\n\n", ",,\nsum,1,No\n", "n/a,1,No\n"]
)
def test_a_few_bad_rows_do_not_lose_the_time_column(tmp_path: Path, last: str) -> None:
    """A blank line, a total, a row without a time: set aside or left out, and said."""
    problem, _ = declare(tmp_path, table().to_csv(index=False) + last)
    assert problem.time is not None
    assert problem.time.column == "day"
    read = sources.read(problem, tmp_path)
    assert len(read.frame) == ROWS
    if last.strip("\n,"):
        assert len(read.unfit) == 1
        assert any("set aside" in note for note in read.notes)


def test_times_that_do_not_order_the_rows_are_said(tmp_path: Path) -> None:
    """With the column, the reason and examples."""
    frame = table()
    frame.loc[::3, "day"] = "soon"
    problem, decisions = declare(tmp_path, frame.to_csv(index=False))
    assert problem.time is None
    assert any("'day' looks like times: 67%" in line and "'soon'" in line for line in decisions)
    frame = table()
    frame.loc[::3, "day"] = ""
    problem, decisions = declare(tmp_path, frame.to_csv(index=False))
    assert problem.time is None
    assert any("'day' holds times, but does not order the rows" in line for line in decisions)


def test_the_zone_of_the_first_offset_is_written(tmp_path: Path) -> None:
    """One rule for all columns; it can be changed in the file."""
    frame = table()
    frame["day"] += "T23:30:00+02:00"
    frame.loc[5:8, "day"] = frame.loc[5:8, "day"].str.replace("+02:00", "+01:00")
    frame["seen"] = frame["day"]
    problem, decisions = declare(tmp_path, frame.to_csv(index=False))
    assert problem.time is not None
    assert problem.time.zone == "+02:00"
    assert problem.columns["day"] == problem.columns["seen"] == "date"
    assert any("has offsets from UTC (+02:00, +01:00)" in line for line in decisions)
    read = sources.read(problem, tmp_path).frame
    assert read["day"][0] == pd.Timestamp("2021-01-01 23:30")
    assert read["day"][5] == pd.Timestamp("2021-01-04 00:30")
    assert read["seen"].equals(read["day"])


@pytest.mark.parametrize(
    ("levels", "others", "kept"),
    [
        (["EU", "APAC", "NA", "LATAM"], [], True),
        (["DE", "NA", "GB"], [], True),
        (["EU", "APAC", "NA"], ["NA"], False),
        (["yes", "no", "NA"], [], False),
        (["Berlin", "Paris", "NA"], [], False),
    ],
)
def test_a_level_that_looks_like_a_blank(
    tmp_path: Path, levels: list[str], others: list[str], kept: bool
) -> None:
    """NA among codes is a level, unless columns of numbers have it as a blank."""
    frame = table(region=np.resize(levels, ROWS))
    frame.loc[:20, "amount"] = (others or ["1.5"])[0]
    problem, decisions = declare(tmp_path, frame.to_csv(index=False))
    assert problem.columns["region"] == ("category keep NA" if kept else "category")
    read = sources.read(problem, tmp_path).frame["region"]
    assert read.isna().any() != kept
    said = [line for line in decisions if "'NA' is taken for a blank" in line]
    assert any("'region'" in line for line in said) != kept


def test_a_class_in_several_cases_is_one(tmp_path: Path) -> None:
    """By one rule: where the file is written, and where labels are read."""
    frame = table()
    frame.loc[::5, "label"] = frame.loc[::5, "label"].str.upper()
    frame.loc[1::7, "label"] = frame.loc[1::7, "label"].str.lower()
    problem, _ = declare(tmp_path, frame.to_csv(index=False))
    assert (problem.target.task_type, problem.target.positive) == ("binary", "Yes")
    read = sources.read(problem, tmp_path).frame
    outcomes = labels.outcomes(read, problem.target)
    assert outcomes.tolist() == (frame["label"].str.lower() == "yes").tolist()
    three = pd.DataFrame({"label": ["low", "Low", "low", "MID", "mid", "High"]})
    target = labels.resolve(three, Target("label", "multiclass"))
    assert len(target.classes) == 3
    assert (
        labels.outcomes(three, target).tolist()
        == labels.outcomes(three.apply(lambda column: column.str.upper()), target).tolist()
    )


def test_infinite_values_are_said_and_read_as_blanks(tmp_path: Path) -> None:
    """A tenth of them: by init, not later by its own limits."""
    frame = table()
    frame.loc[::10, "amount"] = "inf"
    problem, decisions = declare(tmp_path, frame.to_csv(index=False))
    assert problem.columns["amount"] == "number blank inf"
    assert any("'inf'" in line for line in decisions)
    assert np.isfinite(sources.read(problem, tmp_path).frame["amount"].dropna()).all()


@pytest.mark.parametrize(
    "word", ["#broken", "a: b", "{x}", "sold out", "*", "in", "x keep y", "a, b", "blank", "~", "ü"]
)
def test_what_init_proposes_is_what_ingest_reads(tmp_path: Path, word: str) -> None:
    """Whatever the word for a blank is: a proposal that the file cannot say is not made."""
    frame = table()
    frame.loc[::9, "amount"] = word
    problem, decisions = declare(tmp_path, frame.to_csv(index=False))
    read = sources.read(problem, tmp_path)
    assert read.unfit.empty
    assert any(repr(word) in line for line in decisions)
    kept = word in {"x keep y", "a, b"}
    assert ("amount" not in problem.columns) == kept  # too many texts to learn from
    assert (read.frame["amount"] == word).any() == kept


@pytest.mark.parametrize(
    ("odd", "form", "said"),
    [
        ("31/12/2020", "date", "'31/12/2020' (1 of "),
        ("soon", "date", "'soon' (1 of "),
        ("2020-01-01 10:00:00+05:00", "date in +05:00", "others have no offset"),
        ("NULL", "date", ""),
    ],
)
def test_one_odd_time_of_many_is_said(odd: str, form: str, said: str) -> None:
    """However many different ones there are beside it."""
    times = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(120_000) * 7, unit="min")
    column = pd.Series(times.strftime("%Y-%m-%d %H:%M:%S"), dtype="str", name="at")
    column[77_777] = odd
    inferred = column_inference.infer_all({"at": column}, False)["at"]
    assert str(inferred.form) == form
    assert (said in "".join(inferred.notes)) if said else not inferred.notes
    assert dict(inferred.blanks) == ({} if said else {"NULL": 1})


@pytest.mark.parametrize(
    ("levels", "kept"),
    [
        (["de", "na", "gb"], "na"),
        (["Mg", "Na", "K", "Cl"], "Na"),
        (["AF", "NA", "SA", "OC"], "NA"),
        (["YES", "NO", "NA"], ""),
        (["y", "n", "na"], ""),
        (["M", "F", "NA"], ""),
        (["low", "na", "high"], ""),
        (["DE", "NA", "na"], ""),
        (["EU", "NA", "n/a"], ""),
        (["Smith", "Null", "Jones"], ""),
    ],
)
def test_codes_of_one_kind(tmp_path: Path, levels: list[str], kept: str) -> None:
    """Countries, continents and chemical elements; what is taken for a blank is said."""
    problem, decisions = declare(tmp_path, table(code=np.resize(levels, ROWS)).to_csv(index=False))
    assert problem.columns["code"] == f"category keep {kept}".removesuffix(" keep ")
    assert any("'code'" in line and "blank" in line for line in decisions)


def test_names_of_metrics_stay_one_to_one() -> None:
    """Also those that look like codes already."""
    names = ["<30", ">30", "_30", "a/b", "a:b", "a_b", "_x3C_30", "größe (cm)", "größe _cm_", "é"]
    assert len({sanitize_metric_name(name) for name in names}) == len(names)
    assert sanitize_metric_name("plain name-1.5_x") == "plain name-1.5_x"
