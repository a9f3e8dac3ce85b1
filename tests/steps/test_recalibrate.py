"""The step recalibrate: a period corrected, the version's correction, and taking it back."""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Run

from longhaul.data.table import PeriodTable
from longhaul.model.correction import Correction
from longhaul.monitoring import cluster_counts, day_counts
from longhaul.monitoring.cluster_counts import DAYS
from longhaul.production.history import ProductionHistory
from longhaul.registry import corrections, ledger
from longhaul.tracking import artifacts
from longhaul.tracking.tags import HEADLINE, VERDICT
from steps.recalibrate import earlier_evidence, recalibrate
from steps.score import score
from tests import corrected, lifecycles, monitored_model, tables
from tests.monitored_model import newest
from tests.receivers import Receiver

MODEL = "models:/churn/1"


def table(home: Path, **changes: Any) -> str:
    """From July on, more customers leave."""
    months = {"july": corrected.higher, "august": corrected.higher, "september": corrected.higher}
    return monitored_model.table(home, text=corrected.DAILY, **{**months, **changes})


def scored(where: str, period: str, engine: str = "local") -> str:
    given = ["--model", MODEL, "--table", where, "--period", period, "--engine", engine]
    score.main(given)
    return f"runs:/{newest().info.run_id}/predictions"


def run(**options: str) -> Run:
    given = {
        "model": MODEL,
        "predictions": "",
        "table": "",
        "period": "",
        "state": "auto",
        "reason": "",
        **options,
    }
    recalibrate.main([f"--{name}={value}" for name, value in given.items()])
    return newest()


def file(predictions: str, period: str) -> pd.DataFrame:
    return pd.read_parquet(artifacts.fetch(predictions) / "churn-1" / f"{period}.parquet")


def moves() -> list[str]:
    return [line.move for line in ledger.lines("churn")]


def test_a_level_that_moved_is_corrected(home: Path, hook: Receiver) -> None:
    """From the outcomes of July itself: the loss falls, and the version has the correction."""
    where = table(home)
    before = scored(where, "2020-07")
    raw_loss = newest().data.metrics["log_loss"]
    made = run(predictions=before, table=where, period="2020-07")
    record = artifacts.read_json(f"runs:/{made.info.run_id}/recalibration.json")
    assert record["rewritten"]
    assert record["correction"] == f"runs:/{made.info.run_id}/correction.json"
    assert made.data.metrics["log_loss"] < raw_loss - 0.02
    rows = file(f"runs:/{made.info.run_id}/predictions", "2020-07")
    days = rows["day"].dt.day
    assert (rows.loc[days <= 10, "shift"] == 0).all()  # not before ten days have shown it
    assert (rows.loc[days > 15, "shift"] > 0.3).all()
    assert made.data.metrics["corrected_rows"] == (rows["shift"] != 0).sum()
    raw = file(before, "2020-07")
    assert rows["raw"].equals(raw["probability"])
    still = rows["shift"] == 0
    assert rows.loc[still, "probability"].equals(raw.loc[still, "probability"])
    stored = corrections.find(corrected.model())
    assert stored
    assert stored.source == record["correction"]
    assert moves() == ["promote", "correction on"]
    line = ledger.lines("churn")[-1]
    assert "newest shift +" in line.reason
    assert line.evidence == made.info.run_id
    (message,) = hook.messages
    assert (message["event"], message["reason"]) == ("correction on", line.reason)
    assert f"{len(rows[~still])} rows of 2020-07; newest shift +" in made.data.tags[HEADLINE]


def test_score_applies_the_stored_one(home: Path) -> None:
    """Scored alone, a period has the bits that recalibrate wrote; taken back, the model's own."""
    where = table(home)
    made = run(predictions=scored(where, "2020-07"), table=where, period="2020-07")
    expected = file(f"runs:/{made.info.run_id}/predictions", "2020-07")
    again = file(scored(where, "2020-07"), "2020-07")
    for name in ("probability", "decision", "raw", "shift"):
        assert again[name].equals(expected[name]), name
    # one that is corrected already is made of what the model itself gave
    twice = run(predictions=scored(where, "2020-07"), table=where, period="2020-07")
    rewritten = file(f"runs:/{twice.info.run_id}/predictions", "2020-07")
    assert rewritten["probability"].equals(expected["probability"])
    run(state="off", reason="complaints")
    plain = file(scored(where, "2020-07"), "2020-07")
    assert plain["probability"].equals(expected["raw"])
    assert not plain["shift"].any()


def test_taken_back_stays_off_until_allowed(home: Path) -> None:
    """One command takes it back; auto respects that; on lets outcomes decide again."""
    where = table(home)
    run(predictions=scored(where, "2020-07"), table=where, period="2020-07")
    corrected_file = scored(where, "2020-07")
    assert "correction is taken back" in run(state="off", reason="complaints").data.tags[HEADLINE]
    assert "correction was taken back" in run(state="off", reason="again").data.tags[HEADLINE]
    made = run(predictions=corrected_file, table=where, period="2020-07")
    assert corrections.is_off(corrected.model())
    rows = file(f"runs:/{made.info.run_id}/predictions", "2020-07")
    assert rows["probability"].equals(rows["raw"])  # whatever it was scored with
    assert "state=on allows it again" in made.data.tags[HEADLINE]
    given = {"predictions": corrected_file, "table": where, "period": "2020-07"}
    run(**given, state="on", reason="understood")
    assert corrections.find(corrected.model())
    assert moves()[1:] == [
        "correction on",
        "correction withdrawn",
        "correction allowed",
        "correction on",
    ]
    kept = artifacts.read_json(f"runs:/{newest().info.run_id}/ledger.json")
    assert kept[-1]["move"] == "correction allowed"


def test_earlier_periods_count(home: Path) -> None:
    """August is corrected from its first day, by July as it was monitored; so is a later day."""
    where = table(home)
    monitored_model.watch(where, "2020-07")
    made = run(predictions=scored(where, "2020-08"), table=where, period="2020-08")
    rows = file(f"runs:/{made.info.run_id}/predictions", "2020-08")
    assert (rows["shift"] > 0.2).all()
    record = artifacts.read_json(f"runs:/{made.info.run_id}/correction.json")
    august = Correction.from_dict(record)
    july = run(predictions=scored(where, "2020-07"), table=where, period="2020-07")
    earlier = Correction.from_dict(artifacts.read_json(f"runs:/{july.info.run_id}/correction.json"))
    assert earlier.shifts == august.shifts[: len(earlier.days)]  # causal, to the bit
    assert corrections.source(corrected.model()).endswith(f"{made.info.run_id}/correction.json")


def test_outcomes_that_came_later_are_counted_again(home: Path) -> None:
    """A period that was monitored without outcomes counts once the table has them."""
    where = table(home, july=lambda rows: corrected.higher(rows).assign(churned=None))
    monitored_model.watch(where, "2020-07")
    table(home)
    made = run(predictions=scored(where, "2020-08"), table=where, period="2020-08")
    rows = file(f"runs:/{made.info.run_id}/predictions", "2020-08")
    assert (rows["shift"] > 0.2).all()


def test_the_judged_window_counts(home: Path) -> None:
    """Its days, beside the verdict, are evidence for the first days of production."""
    where = table(home)
    june = PeriodTable(Path(where)).path("2020-06")
    frame = corrected.higher(pd.read_parquet(june))
    frame.to_parquet(june, index=False, coerce_timestamps="us", allow_truncated_timestamps=True)
    problem = PeriodTable(Path(where)).problem
    counts = day_counts.count(
        june, artifacts.fetch(scored(where, "2020-06")) / "churn-1/2020-06.parquet", problem, 100
    )
    with mlflow.start_run() as judged:
        cluster_counts.write(counts, home / DAYS)
        mlflow.log_artifact(str(home / DAYS))
    verdict = f"runs:/{judged.info.run_id}/verdict.json"
    mlflow.MlflowClient().set_model_version_tag("churn", "1", VERDICT, verdict)
    made = run(predictions=scored(where, "2020-07"), table=where, period="2020-07")
    assert (file(f"runs:/{made.info.run_id}/predictions", "2020-07")["shift"] > 0.2).all()


def test_a_level_that_stayed_is_left_alone(home: Path) -> None:
    """Nothing is rewritten, no tag, no line; the forecast is kept for people to look at."""
    declared = tables.DECLARATION  # outcomes are a month late: ten blocks are not there
    where = monitored_model.table(home, text=declared, july=corrected.higher)
    made = run(predictions=scored(where, "2020-07"), table=where, period="2020-07")
    record = artifacts.read_json(f"runs:/{made.info.run_id}/recalibration.json")
    assert record == {"version": MODEL, "correction": "", "rewritten": False}
    assert moves() == ["promote"]
    assert "no day is corrected" in made.data.tags[HEADLINE]
    levels = artifacts.read_json(f"runs:/{made.info.run_id}/level.json")
    assert len(levels["days"]) == len(levels["forecasts"]) == len(levels["gains"])


def test_its_state_is_what_it_depends_on(home: Path) -> None:
    """A finished step is used again until the history, or a person, has changed."""
    where = table(home)
    first = earlier_evidence(MODEL, "2020-08")
    run(predictions=scored(where, "2020-07"), table=where, period="2020-07")
    assert earlier_evidence(MODEL, "2020-08") == first
    monitored_model.watch(where, "2020-07")
    assert earlier_evidence(MODEL, "2020-08") != first
    assert earlier_evidence(MODEL, "2020-07") == first
    run(state="off", reason="complaints")
    assert earlier_evidence(MODEL, "2020-07") != first
    assert "2020-07" in ProductionHistory.load("churn").periods


def test_counts_by_day_are_those_of_rows(home: Path) -> None:
    """In batches of any size: what the model itself gave, and the outcomes of the table."""
    where = table(
        home, july=lambda rows: rows.assign(churned=rows["churned"].where(rows.index % 3 > 0))
    )
    corrected.store(corrected.correction())
    predictions = artifacts.fetch(scored(where, "2020-07")) / "churn-1/2020-07.parquet"
    source, rows = PeriodTable(Path(where)).path("2020-07"), pd.read_parquet(predictions)
    problem = PeriodTable(Path(where)).problem
    counts = day_counts.count(source, predictions, problem, 37)
    assert rows["shift"].any()
    for day, part in counts.parts.items():
        of_day = rows[rows["day"].dt.strftime("%Y-%m-%d") == day]
        assert part.rows == len(of_day)
        assert part.labelled == of_day["outcome"].notna().sum()
        np.testing.assert_allclose(part.sums.sum(), of_day["raw"].sum())
    assert day_counts.count(source, predictions, problem).parts.keys() == counts.parts.keys()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "runs:/abc/model"}, "is not registered; recalibrate takes models"),
        ({"model": "models:/churn/7"}, "models:/churn/7"),
        ({"predictions": "nowhere"}, "predictions: give their table and their period, too"),
        ({"state": "off"}, "reason: empty"),
        ({"state": "maybe"}, "Invalid value for '--state'"),
    ],
)
def test_bad_input_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], options: dict[str, str], message: str
) -> None:
    """What was wrong and what to do; nothing changes."""
    with pytest.raises(SystemExit):
        run(**options)
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert corrections.source(corrected.model()) == ""


def test_only_two_classes_in_time(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers, several classes and tables without times have nothing to correct."""
    where = Path(table(home))
    text = (where / "problem.yaml").read_text()
    (where / "problem.yaml").write_text(text.replace("task_type: binary", "task_type: regression"))
    with pytest.raises(SystemExit):
        run(table=str(where))
    assert "only probabilities of two classes, in a table with a time" in capsys.readouterr().err


@pytest.mark.slow
def test_taken_back_by_one_command(home: Path) -> None:
    """The line of the documentation, run by MLflow Projects."""
    corrected.store(corrected.correction())
    store = {"MLFLOW_TRACKING_URI": mlflow.get_tracking_uri(), "MLFLOW_EXPERIMENT_NAME": "test"}
    given = {"model": "models:/churn@champion", "state": "off", "reason": "complaints since Monday"}
    project = str(lifecycles.REPOSITORY)
    life = lifecycles.start(home, project, "recalibrate", who=store, **given)
    printed, _ = life.communicate(timeout=lifecycles.SECONDS)
    assert life.returncode == 0, printed
    assert corrections.is_off(corrected.model())
    assert ledger.lines("churn")[-1].reason == "complaints since Monday"
