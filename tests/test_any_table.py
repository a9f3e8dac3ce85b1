"""Any table: answered in one line, or handled; and real ones live a whole life."""

import re
import warnings
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn import datasets

from longhaul.data import contract, periods, sources
from longhaul.data.labels import has_label, resolve
from longhaul.data.split import cut_windows
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.model.predictions import Provenance, read, write
from longhaul.problem import Problem
from longhaul.production.history import ProductionHistory
from longhaul.scaffold import problem_file
from longhaul.scaffold.infer import infer
from longhaul.tracking import artifacts
from longhaul.training import candidate
from tests import lifecycles, stores

NAMES = st.sampled_from(
    ["a", "b", "id", "größe (cm)", 'say "x"', "two words", "a,b", "x.y", "#1", "日付", "'", "[0]"]
)
CELLS = st.one_of(
    st.none(),
    st.integers(-5, 5).map(str),
    st.floats(allow_nan=False).map(str),
    st.sampled_from(["", " ", "NA", "?", "inf", "-inf", "1e400", "$1,000", "7%", "2020-01-31"]),
    st.sampled_from(["31/12/2020", "yes", "No", "a", "b ", "007", "é", "=1+1", "x" * 200]),
)
TARGETS = st.sampled_from(
    [
        ["Yes", "No"],
        ["0", "1"],
        ["a", "b", "c"],
        ["1.5", "2.5", "3.25", "4"],
        ["Yes"],
        ["", "Yes", "No"],
        [""],
        ["inf", "1"],
    ]
)


@st.composite
def tables_of_texts(draw: st.DrawFn) -> pd.DataFrame:
    """Rows as a CSV file may have them, with a target called y."""
    rows = draw(st.sampled_from([0, 1, 2, 30, 200]))
    names = draw(st.lists(NAMES, min_size=0, max_size=4, unique=True))
    frame = {}
    for name in names:
        some = draw(st.lists(CELLS, min_size=1, max_size=6))
        frame[name] = np.resize(np.array(some, dtype=object), rows)
    target = np.resize(np.array(draw(TARGETS), dtype=object), rows)
    frame["y"] = np.random.default_rng(0).permutation(target)
    if draw(st.booleans()):
        frame["n"] = np.random.default_rng(1).normal(size=rows).astype(str)
    return pd.DataFrame(frame)


def live(folder: Path, file: str, target: str) -> Problem:
    """From the table to predictions: what the stages do, one after the other."""
    found = sources.read_undeclared(file, "", folder)
    looked = infer(found.frame, target, file, "", "table", found.notes)
    problem = problem_file.parse(problem_file.render(looked), folder / "table.yaml")
    frame = sources.read(problem, folder).frame
    resolved = resolve(frame, problem.target)
    assert resolved == problem.target
    frame = frame[has_label(frame, resolved)].reset_index(drop=True)
    clean = folder / "clean"
    clean.mkdir()
    labels = PeriodTable(clean).write(problem, frame)
    train = PeriodTable(clean).read(periods.select(labels, problem.windows.train, "train"))
    learned = contract.learn(train, periods.of(train, problem), problem)
    contract.check(frame, learned, problem.contract)
    windows = cut_windows(PeriodTable(clean), problem)
    fitted = candidate.fit(problem, windows["train"], windows["valid"], "linear", {}, 0, 1)
    target_file = folder / "predictions.parquet"
    origin = Provenance(labels[-1], "table", "", pd.Timestamp.now("UTC").to_pydatetime())
    predictor = fitted.package.predictor
    write(PeriodTable(clean).path(labels[-1]), target_file, predictor, problem, origin)
    said = read(target_file, problem.target.task_type)
    predictor.task.require(predictor.task.scores(said))
    return problem


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"y": []}),
        pd.DataFrame({"a": ["1"], "y": ["Yes"]}),
        pd.DataFrame({"a": [None] * 90, "y": ["Yes", "No", "No"] * 30}),
        pd.DataFrame({"a": ["inf", "1", "2"] * 30, "y": ["Yes", "No", "No"] * 30}),
    ],
    ids=["no rows", "one row", "nothing but a target", "an infinity"],
)
def test_a_strange_table_is_handled_or_answered_in_one_line(
    tmp_path: Path, frame: pd.DataFrame
) -> None:
    """Never a traceback of anything else, never a prediction that is none."""
    require_an_answer(tmp_path, frame)


@pytest.mark.slow
@given(frame=tables_of_texts())
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_any_table_is_handled_or_answered_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame
) -> None:
    """Whatever its cells, its names and its target."""
    require_an_answer(tmp_path_factory.mktemp("any"), frame)


def require_an_answer(folder: Path, frame: pd.DataFrame) -> None:
    """Live on a table, or be refused in one line."""
    frame.to_csv(folder / "table.csv", index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            live(folder, "table.csv", "y")
        except LonghaulError as refused:
            said = str(refused)
        else:
            said = "handled"
    assert said
    assert "\n" not in said


@pytest.mark.parametrize(
    "columns",
    [pytest.param(600, marks=pytest.mark.slow), pytest.param(5000, marks=pytest.mark.nightly)],
)
def test_very_many_columns(tmp_path: Path, columns: int) -> None:
    """More than are checked for leakage, of which one tells something."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(300, columns - 2))).add_prefix("c")
    frame["y"] = np.where(frame["c7"] + generator.normal(size=300) > 0, "Yes", "No")
    frame["customer_id"] = [f"k{i}" for i in range(300)]
    frame.to_csv(tmp_path / "wide.csv", index=False)
    problem = live(tmp_path, "wide.csv", "y")
    assert problem.leave_out == ("customer_id",)


SMALL = {"families": "linear", "trials": 1}


def messy(seed: int = 0) -> pd.DataFrame:
    """Customers with Yes and No, blanks among numbers, identifiers and few positives."""
    generator = np.random.default_rng(seed)
    rows = 1900
    tenure = generator.integers(0, 72, rows)
    left = generator.random(rows) < 0.5 / (1 + np.exp(0.08 * tenure))
    return pd.DataFrame(
        {
            "Customer ID": [f"{i:05d}-{'ABCDEF'[i % 6]}" for i in range(rows)],
            "tenure (months)": tenure,
            "Total, charged": pd.Series((tenure * 59.9).round(2).astype(str)).mask(tenure < 1, " "),
            'said "no"': generator.choice(["Yes", "No", ""], rows),
            "joined": pd.Series(pd.Timestamp("2020-01-01") - pd.to_timedelta(tenure, unit="D"))
            .dt.strftime("%m/%d/%Y")
            .mask(tenure > 65, ""),
            "Churn?": np.where(left, "Yes", "No"),
        }
    )


REAL: dict[str, tuple[Any, str, str]] = {
    "breast_cancer": (datasets.load_breast_cancer, "target", "binary"),
    "digits": (datasets.load_digits, "target", "multiclass"),
    "wine": (datasets.load_wine, "target", "multiclass"),
    "diabetes": (datasets.load_diabetes, "target", "regression"),
    "messy": (messy, "Churn?", "binary"),
}


def write_table(folder: Path, name: str) -> tuple[str, str, str]:
    """Write a real table into a folder; its file, its target and the type of that."""
    load, target, task_type = REAL[name]
    frame = load() if name == "messy" else load(as_frame=True).frame
    frame.to_csv(folder / f"{name}.csv", index=False)
    return f"{name}.csv", target, task_type


@pytest.mark.parametrize("name", ["breast_cancer", "digits"])
def test_real_tables_are_predicted(tmp_path: Path, name: str) -> None:
    """From the table alone to predictions, in this process."""
    file, target, task_type = write_table(tmp_path, name)
    problem = live(tmp_path, file, target)
    assert (problem.target.column, problem.target.task_type) == (target, task_type)


# One of each kind; the others whenever there is time.
LIVES = [
    pytest.param("wine", marks=pytest.mark.slow),
    pytest.param("diabetes", marks=pytest.mark.slow),
    pytest.param("breast_cancer", marks=pytest.mark.nightly),
    pytest.param("digits", marks=pytest.mark.nightly),
]


def start_life(home: Path, empty: Path, name: str) -> None:
    """Run `main` on nothing but a table, and see that it did all that it does."""
    stores.put(home, empty)
    file, target, task_type = write_table(home, name)
    lifecycles.run(home, str(lifecycles.REPOSITORY), data=file, target=target, **SMALL)
    lifecycles.use(home)
    (parent,) = lifecycles.parents()
    stages = lifecycles.children(parent)
    expected = {"init", "ingest", "validate", "split", "evaluate", "register", "promote", "deploy"}
    assert expected | {"report"} <= set(stages)
    assert [step for step in stages if step.startswith("cycle batch-")]
    assert f"task_type: {task_type}" in (home / f"{name}.yaml").read_text()
    champion = mlflow.MlflowClient().get_model_version_by_alias(name, "champion")
    assert int(champion.version) == 1


@pytest.mark.parametrize("name", LIVES)
def test_a_whole_life_from_the_table_alone(tmp_path: Path, empty_store: Path, name: str) -> None:
    """Started, tuned, judged, registered, served, scored, watched and reported on."""
    start_life(tmp_path, empty_store, name)


def cycle(home: Path, period: str) -> str:
    """Run the cycle of a batch, from the source on; what it printed."""
    given = {"problem": "messy.yaml", "period": period}
    return lifecycles.run(home, str(lifecycles.REPOSITORY), "cycle", **given)


@pytest.mark.slow
def test_a_life_goes_on_with_files_that_arrive_later(tmp_path: Path, empty_store: Path) -> None:
    """From a messy table alone; then more batches, in the order they were first seen.

    One of them is without a column: it is to be repaired, and the others go on. Run again with the
    problem file that was made, it reuses what is whole: a part of the clean table is gone.
    """
    start_life(tmp_path, empty_store, "messy")
    project = str(lifecycles.REPOSITORY)
    validated = lifecycles.children(lifecycles.parents()[0])["validate"].info.run_id
    artifacts.fetch(f"runs:/{validated}/table/batch-0009.parquet").unlink()
    again = cycle(tmp_path, "batch-0009")
    assert f"validate does not reuse run {validated}: table has 10 of 11 files" in again
    assert re.search("ingest +reused", again)
    later = messy(seed=1)
    (tmp_path / "later").mkdir()
    later.head(250).to_csv(tmp_path / "later" / "delivery-9.csv", index=False)
    broken = later.iloc[250:500].drop(columns="tenure (months)")
    broken.to_csv(tmp_path / "later" / "delivery-10.csv", index=False)
    path = tmp_path / "messy.yaml"
    path.write_text(path.read_text().replace('later: ""', "later: later/*.csv"))
    cycle(tmp_path, "batch-0010")
    cycle(tmp_path, "batch-0011")
    life = ProductionHistory.load("messy").periods
    assert life["batch-0010"].action != "repair"
    assert life["batch-0011"].action == "repair"
    assert "repair the data: column 'tenure (months)': expected" in life["batch-0011"].reason
    # The eighth comes late: it is the batch after those that are there.
    later.iloc[500:750].to_csv(tmp_path / "later" / "delivery-8.csv", index=False)
    assert re.search("score batch-0012.* 250 rows", cycle(tmp_path, "batch-0012"))
    later.iloc[500:700].to_csv(tmp_path / "later" / "delivery-9.csv", index=False)
    process = lifecycles.start(tmp_path, project, problem="messy.yaml", **SMALL)
    printed, _ = process.communicate(timeout=lifecycles.SECONDS)
    assert process.returncode != 0
    assert "error: main: batches.later: 'delivery-9.csv' is batch-0010 and has changed" in printed
