"""A person is forgotten: no byte of the store or the log names them, and no other row changes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pyarrow.parquet as pq
import pytest

from longhaul.registry import ledger, promotion
from longhaul.tracking import artifacts, candidates, manifest
from longhaul.tracking.tags import LAST_PERIOD_SEEN
from steps.collect import collect
from steps.forget import forget
from steps.ingest import ingest
from steps.monitor import monitor
from steps.score import score
from steps.validate import validate
from tests import packages, tables
from tests.live import KEYED, Service, newest, outcomes, sent

TEXT = tables.DECLARATION.replace("leave_out: [customer]", KEYED)
PERSON, AGE = "c17-forget-me", 98765.0
MODEL = "models:/churn/1"


def run(step: Any, **options: str) -> str:
    """Run a step as `mlflow run` does, with its parameters on record; return its run's id."""
    step.main([f"--{name}={value}" for name, value in options.items()])
    run_id = newest(step.name).info.run_id
    for name, value in options.items():
        mlflow.MlflowClient().log_param(run_id, name, value)
    return str(run_id)


def customers() -> pd.DataFrame:
    """A table in which one customer has rows in March and July, and one that is quarantined."""
    frame = tables.churn(rows_per_month=400, seed=1)
    march, july = frame[frame["day"].dt.month == 3].index, frame[frame["day"].dt.month == 7].index
    frame.loc[[march[7], july[11], july[200], july[399]], "customer"] = PERSON
    frame.loc[july[200], "age"] = AGE
    return frame


def second_version(home: Path, example: pd.DataFrame) -> None:
    """A version whose example of an input has the person's row."""
    with mlflow.start_run() as active:
        candidates.log(packages.fit(home, "linear"), example)
    tags = {LAST_PERIOD_SEEN: "2020-06"}
    promotion.register("churn", f"runs:/{active.info.run_id}/model", tags, "")


def holders(folder: Path, *needles: str) -> list[str]:
    """The files below a folder with a text in their bytes, or in their rows."""
    held = []
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            if file.suffix == ".parquet":
                content += pq.ParquetFile(file).read().to_pandas().to_csv().encode()
            if any(needle.encode() in content for needle in needles):
                held.append(file.relative_to(folder).as_posix())
    return held


@pytest.fixture
def life(home: Path) -> Iterator[dict[str, str]]:
    """Runs that have stored the person: by step, their ids."""
    frame = customers()
    second_version(home, frame[frame["customer"] == PERSON].tail(1))
    problem = str(tables.declare(home, frame, TEXT))
    ids = {"ingest": run(ingest, problem=problem, engine="local")}
    ids["validate"] = run(validate, table=f"runs:/{ids['ingest']}/table", engine="local")
    table = f"runs:/{ids['validate']}/table"
    given = {"table": table, "period": "2020-07", "engine": "local"}
    ids["score"] = run(score, model=MODEL, **given)
    service, where = Service(home), str(artifacts.fetch(table))
    asked = service.answer(MODEL, sent(where, "2020-07"))
    service.tell(asked, outcomes(where, "2020-07"))
    log = str(service.compact())
    more = {"traffic": log, "outcomes": "", "query": "", "period": "2020-07"}
    ids["collect"] = run(collect, table=table, scope="all", **more)
    (home / "who.txt").write_text(f"{PERSON}\n")
    yield ids
    assert not list(home.rglob("*.draft"))


def arguments(home: Path, **changed: str) -> list[str]:
    given = {"problem": home / "churn.yaml", "key": "", "values": home / "who.txt"}
    options = {**given, "log": home / "record", "reason": "asked by letter 7", **changed}
    return [f"--{name}={value}" for name, value in options.items()]


def rows_of(home: Path) -> dict[str, pd.DataFrame]:
    """All Parquet files of the store and the log, as frames."""
    frames = {}
    for folder in (home / "artifacts", home / "record"):
        for file in sorted(folder.rglob("*.parquet")):
            frames[str(file)] = pq.ParquetFile(file).read().to_pandas()
    return frames


def is_person(frame: pd.DataFrame) -> pd.Series:
    """Which rows are the person's, by the key in the table or among the features."""
    if "features" in frame:
        frame = pd.DataFrame(frame["features"].tolist())
    if "customer" not in frame:
        return pd.Series(False, index=frame.index)
    return frame["customer"] == PERSON


def table_of(predictions: str, life: dict[str, str]) -> Path:
    """The file of the table that a file of predictions belongs to."""
    owner = re.findall(r"[0-9a-f]{32}", predictions)[-1]
    run_id = life["validate"] if owner == life["score"] else owner
    return artifacts.fetch(f"runs:/{run_id}/table") / "2020-07.parquet"


def expected(name: str, before: dict[str, pd.DataFrame], life: dict[str, str]) -> pd.DataFrame:
    """The rows that a file is to have afterwards."""
    frame = before[name]
    if "/record/outcomes/" in name:
        (served,) = (f for path, f in before.items() if "/record/predictions/" in path)
        gone = served[is_person(served)].set_index(["request", "row"]).index
        return frame[~frame.set_index(["request", "row"]).index.isin(gone)]
    if "/artifacts/predictions/" in name:
        kept = frame[~is_person(before[str(table_of(name, life))]).to_numpy()]
        return kept.assign(row=range(len(kept)))
    return frame[~is_person(frame)]


def test_nothing_names_the_person_and_no_other_row_changes(
    home: Path, life: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Tables, quarantine, predictions, traffic, documents, examples; a receipt is in the ledger."""
    (home / "churn.parquet").unlink()  # the source is not ours
    before = rows_of(home)
    assert len(holders(home / "artifacts", PERSON, str(AGE))) > 5
    assert any(PERSON in str(frame.to_dict()) for name, frame in before.items() if "record" in name)
    forget.main(arguments(home))
    line = ledger.lines("churn")[-1]
    (home / "who.txt").unlink()
    assert holders(home, PERSON) == []
    profile = artifacts.fetch(f"runs:/{life['ingest']}/profile.json")  # with the highest age
    assert holders(home, str(AGE)) == [profile.relative_to(home).as_posix()]
    assert (line.move, line.state, line.reason) == ("forget", "done", "asked by letter 7")
    assert line.receipt["versions"] == ["1", "2"]
    assert line.receipt["left"] == 0
    counts = line.receipt["counts"]
    assert counts["log predictions"] == 2
    assert counts["log outcomes"] == 2
    assert counts["predictions"] == 4  # of score and of collect
    assert counts["table"] == 4 + 3 + 3  # of ingest, validate and collect
    assert counts["quarantine"] == 1
    assert counts["input examples"] == 2
    assert "stay: versions 1, 2" in capsys.readouterr().out
    after = rows_of(home)
    assert after.keys() == before.keys()
    for name in before:
        rows = expected(name, before, life).reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, after[name])
    for run_id in life.values():
        assert manifest.find_damage(mlflow.MlflowClient().get_run(run_id)) == ""
    given = {"model": MODEL, "table": f"runs:/{life['validate']}/table", "period": "2020-07"}
    scored = f"runs:/{life['score']}/predictions"
    run(monitor, predictions=scored, fail_on="never", engine="local", **given)


def test_what_cannot_be_done_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log that is written, a reason that names the person, values that are not there."""
    tables.declare(home, text=TEXT)
    (home / "who.txt").write_text("\n")
    wal = home / "record" / "journal" / "1-1-a.jsonl"
    wal.parent.mkdir(parents=True)
    wal.write_text("")
    refusals = [
        (arguments(home), "who.txt has none; write a value of 'customer' on each line"),
        (arguments(home, reason=f"{PERSON} wrote"), "reason: it names the person"),
        (arguments(home), "log: 1 write-ahead logs in "),
        (arguments(home, log=str(home / "nowhere")), "log: there is no folder"),
    ]
    for given, line in refusals:
        with pytest.raises(SystemExit):
            forget.main(given)
        assert line in capsys.readouterr().err
        (home / "who.txt").write_text(PERSON)
    assert ledger.lines("churn")[-1].move == "promote"
