"""A first look at a table finds what a person would find, and writes it down to be changed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longhaul.data import sources
from longhaul.errors import LonghaulError
from longhaul.problem import Problem
from longhaul.scaffold import problem_file
from longhaul.scaffold.infer import InferredProblem, infer

GENERATOR = np.random.default_rng(0)
ROWS = 3000


def customers(**more: object) -> pd.DataFrame:
    """A table as it comes from the web: texts, blanks, identifiers."""
    tenure = GENERATOR.integers(0, 72, ROWS)
    charges = GENERATOR.normal(60, 20, ROWS).round(2)
    total = pd.Series((tenure * charges).round(2).astype(str)).mask(tenure == 0, " ")
    left = GENERATOR.random(ROWS) < 1 / (1 + np.exp(0.05 * tenure))
    frame = {
        "customerID": [f"{i:05d}-{chr(65 + i % 26)}X" for i in range(ROWS)],
        "gender": GENERATOR.choice(["Male", "Female"], ROWS),
        "tenure": tenure,
        "Contract type": GENERATOR.choice(["Month-to-month", "One year"], ROWS),
        "TotalCharges": total,
        "Churn": np.where(left, "Yes", "No"),
    }
    return pd.DataFrame({**frame, **more})


def look(
    folder: Path, frame: pd.DataFrame, target: str = "Churn"
) -> tuple[InferredProblem, Problem]:
    """The survey of a CSV file, and the problem that it declares."""
    frame.to_csv(folder / "table.csv", index=False)
    found = sources.read_undeclared("table.csv", "", folder)
    looked = infer(found.frame, target, "table.csv", "", "table", found.notes)
    path = folder / "table.yaml"
    problem_file.write(path, problem_file.render(looked))
    return looked, problem_file.parse(path.read_text(), path)


def why(looked: InferredProblem) -> dict[str, str]:
    """Each column that is left out, and why."""
    return {one.name: one.reason for one in looked.excluded}


def test_customers(tmp_path: Path) -> None:
    """Target, features and splits; the file reads back as a problem of the table."""
    looked, problem = look(tmp_path, customers())
    assert problem.name == "table"
    assert (problem.target.task_type, problem.target.positive) == ("binary", "Yes")
    assert problem.leave_out == ("customerID",)
    assert problem.columns["TotalCharges"] == "number"
    assert problem.slices == ("gender", "Contract type")
    assert problem.time is None
    read = sources.read(problem, tmp_path)
    assert len(read.frame) == ROWS
    assert read.frame["TotalCharges"].dtype.kind == "f"
    assert sum(looked.plan.rows.values()) == ROWS
    text = (tmp_path / "table.yaml").read_text()
    assert "costs: # to be decided" in text
    assert "- customerID # has 3,000 values in 3,000 rows: an identifier" in text
    said = "\n".join(problem_file.decisions(looked))
    assert "left out: 'customerID'" in said
    assert "to be decided: costs are 1 to 1" in said


def test_what_a_model_may_not_use(tmp_path: Path) -> None:
    """Constants, counters, prose, and what gives the target away, each with its reason."""
    frame = customers(
        empty=None,
        country="DE",
        RowNumber=range(1, ROWS + 1),
        remark=[f"the customer called about bill {i} and was not happy" for i in range(ROWS)],
    )
    frame["ExitCode"] = np.where(frame["Churn"] == "Yes", 7, 3)
    looked, problem = look(tmp_path, frame)
    found = why(looked)
    assert found["empty"] == "is missing in every row"
    assert found["country"] == "is always DE"
    assert "RowNumber" in found
    assert found["remark"].startswith("is free text")
    assert "gives the target away (AUC 1.0000)" in found["ExitCode"]
    assert set(problem.columns) == {"gender", "tenure", "Contract type", "TotalCharges"}


def test_a_suspicion_is_said_aloud(tmp_path: Path) -> None:
    """A column that tells nearly all is used, with a note."""
    frame = customers()
    noise = GENERATOR.normal(0, 0.22, ROWS)
    looked, _ = look(tmp_path, frame.assign(score=(frame["Churn"] == "Yes") + noise))
    assert any("'score' alone tells nearly all" in note for note in looked.notes)
    assert "score" in {one.name for one in looked.features}


def test_times_order_the_rows(tmp_path: Path) -> None:
    """In whatever format; the period is the longest of which there are enough."""
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(GENERATOR.integers(0, 365, ROWS), unit="D")
    birth = pd.Timestamp("1960-01-01") + pd.to_timedelta(
        GENERATOR.integers(0, 9999, ROWS), unit="D"
    )
    frame = customers(signed=pd.Series(days).dt.strftime("%d/%m/%Y"), birthdate=birth)
    looked, problem = look(tmp_path, frame)
    assert problem.time is not None
    assert (problem.time.column, problem.time.period) == ("signed", "month")
    assert problem.columns["signed"] == "date %d/%m/%Y"
    assert problem.windows.train[0] == "2021-01"
    assert len(problem.windows.production) == 1
    assert sources.read(problem, tmp_path).frame["signed"].max() <= pd.Timestamp("2021-12-31")
    assert "rows are split by 'signed', month by month" in "\n".join(problem_file.decisions(looked))


def test_rows_of_one_customer_stay_together(tmp_path: Path) -> None:
    """An identifier that occurs again and again is a group."""
    frame = customers(customerID=[f"c{i // 4}" for i in range(ROWS)])
    _, problem = look(tmp_path, frame.rename(columns={"customerID": "customer_id"}))
    assert problem.group == "customer_id"
    batch = sources.read(problem, tmp_path).frame.groupby("customer_id")["longhaul.batch"].agg(set)
    assert {len(one) for one in batch} == {1}


@pytest.mark.parametrize(
    ("values", "kind", "positive"),
    [
        ([1, 0], "binary", "1"),
        ([True, False], "binary", "1"),
        (["Y", "N"], "binary", "Y"),
        (["good", "good", "good", "bad"], "binary", "bad"),
        ([1, 1, 2], "binary", "2"),
        (["a", "b", "c"], "multiclass", None),
        ([0, 1, 2, 3], "multiclass", None),
        (np.linspace(0, 1, 500).tolist(), "regression", None),
        (range(100, 900), "regression", None),
        (["1.5", "2.5", "3.5", " "] + [str(i / 7) for i in range(99)], "regression", None),
    ],
)
def test_targets(tmp_path: Path, values: list[object], kind: str, positive: str | None) -> None:
    """Booleans, numbers and texts; what is positive."""
    frame = customers().assign(Churn=np.resize(np.array(list(values), dtype=object), ROWS))
    _, problem = look(tmp_path, frame)
    assert problem.target.task_type == kind
    if positive is not None:
        assert problem.target.positive == positive
    found = sources.read(problem, tmp_path).frame
    assert len(found) == ROWS


def test_rare_positives(tmp_path: Path) -> None:
    """Two in a thousand: every window has some, and the share is what it is."""
    frame = customers()
    rare = np.where(np.arange(ROWS) % 500 == 0, "Yes", "No")
    many = pd.concat([frame.assign(Churn=rare, part=i) for i in range(10)], ignore_index=True)
    many["customerID"] = [f"{i:05d}-ABC" for i in range(len(many))]
    many["reason"] = np.where(many["Churn"] == "Yes", "moved", "")
    looked, problem = look(tmp_path, many)
    assert "(0.20%)" in looked.target.reason
    assert "gives the target away" in why(looked)["reason"]
    frame = sources.read(problem, tmp_path).frame
    for first, last in (problem.windows.train, problem.windows.valid, problem.windows.test):
        rows = frame[frame["longhaul.batch"].between(first, last)]
        assert 0 < (rows["Churn"] == "Yes").mean() < 0.005


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Churn": "No"}, "column 'Churn' is always 'No': there is nothing"),
        ({"Churn": None}, "column 'Churn' is missing in every row"),
        ({"Churn": [f"v{i}" for i in range(ROWS)]}, "3,000 different texts"),
        ({"Churn": ["Yes"] + ["No"] * (ROWS - 1)}, "1 of the rarest outcome are too few"),
    ],
)
def test_targets_that_are_none(tmp_path: Path, change: dict[str, object], message: str) -> None:
    """One line with what was found."""
    with pytest.raises(LonghaulError, match=message):
        look(tmp_path, customers().assign(**change))


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    """The columns that are."""
    with pytest.raises(
        LonghaulError, match="column 'churn' is not in the table; it has 'customerID'"
    ):
        look(tmp_path, customers(), "churn")


def test_a_file_that_was_changed_is_kept(tmp_path: Path) -> None:
    """What says the same is left alone; what says something else is not overwritten."""
    path = tmp_path / "table.yaml"
    problem_file.write(path, "a")
    problem_file.write(path, "a")
    with pytest.raises(LonghaulError, match=r"table\.yaml: exists already with other content"):
        problem_file.write(path, "b")
    assert path.read_text() == "a"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("data/Telco Churn.csv.gz", "Telco-Churn.yaml"),
        ("https://host/a/b.parquet?x=1", "b.yaml"),
        ("runs:/0123/tables/x.csv", "x.yaml"),
        ("postgresql://u@h/shop", "shop.yaml"),
        ("*.csv", "table.yaml"),
    ],
)
def test_names(address: str, name: str) -> None:
    """Of the problem file, from where the table lies."""
    assert problem_file.file_name(address) == name
