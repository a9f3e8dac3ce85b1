"""The service corrects as a batch does, to the bit, and follows the correction of its version."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from longhaul import problem_yaml
from longhaul.data import parquet
from longhaul.model import payload, predictions
from longhaul.model.predictions import Provenance
from longhaul.registry import corrections, promotion
from longhaul.serving import (
    compaction,
    loaded_model,
    metrics,
    mlflow_parsing,
    openapi,
    shadow,
)
from longhaul.serving.live_model import LiveModel
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.recorder import Recorder
from longhaul.serving.settings import ServiceSettings
from longhaul.tracking import logged_models
from longhaul.tracking.tags import CORRECTION
from longhaul.traffic import prediction_log
from longhaul.training import candidate
from steps.recalibrate import recalibrate
from tests import corrected, packages, tables
from tests.serving import services
from tests.serving.services import NAME

FIRST = f"models:/{NAME}/1"


@pytest.fixture(autouse=True)
def without(says: dict[str, list[float]]) -> Iterator[None]:
    """Begin without any correction."""
    yield
    for number in services.FAMILIES:
        mlflow.MlflowClient().delete_model_version_tag(NAME, number, CORRECTION)


@pytest.fixture
def live(says: dict[str, list[float]], tmp_path: Path) -> LiveModel:
    services.champion("1")
    metrics.share_folder(tmp_path / "metrics")
    (tmp_path / "cache").mkdir()
    return LiveModel(f"models:/{NAME}@champion", tmp_path / "cache", ServiceMetrics())


def rows(count: int = 60) -> pd.DataFrame:
    """Customers of July and August, and of before and after the correction."""
    frame = tables.churn(rows_per_month=count // 4, seed=5)
    frame = frame[frame["day"] >= "2020-06-01"].reset_index(drop=True)
    return frame.drop(columns=["customer", "churned"])


def batch(frame: pd.DataFrame, folder: Path, number: str = "1") -> pd.DataFrame:
    """The rows, scored as a batch with the version's correction."""
    uri = f"models:/{NAME}/{number}"
    stored = corrections.find(corrected.model(uri))
    parquet.write(frame, folder / "rows.parquet")
    package = logged_models.load(uri)
    predictions.write(
        folder / "rows.parquet",
        folder / "scored.parquet",
        package.predictor,
        tables.problem(folder),
        Provenance("2020-07", NAME, number, datetime.now(UTC)),
        correction=stored.correction if stored else None,
    )
    return pd.read_parquet(folder / "scored.parquet")


def response_headers(live: LiveModel) -> dict[str, str]:
    return {name.decode(): text.decode() for name, text in live.current.headers}


def test_requests_equal_a_batch(live: LiveModel, tmp_path: Path) -> None:
    """One row at a time or all at once: probability, decision, raw and shift, to the bit."""
    corrected.store(corrected.correction())
    live.refresh()
    frame = rows()
    expected = batch(frame, tmp_path)
    assert 0 < np.count_nonzero(expected["shift"]) < len(expected)
    for size in (1, len(frame)):
        answers = []
        for start in range(0, len(frame), size):
            sent = live.current.parse(payload.dumps(frame.iloc[start : start + size]).encode())
            assert sent is not None
            answers.append(pd.DataFrame(live.current.predict(sent).columns))
        found = pd.concat(answers, ignore_index=True)
        for name in ("probability", "decision", "raw", "shift"):
            assert found[name].tolist() == expected[name].tolist(), name


def test_it_follows_the_tag(live: LiveModel) -> None:
    """On, another, taken back: each look finds it, loads no model, and says so in headers."""
    before = live.current
    assert response_headers(live)["x-correction"] == "none"
    live.refresh()
    assert live.current is before
    uri = corrected.store(corrected.correction())
    live.refresh()
    assert live.current.predictor is before.predictor
    assert response_headers(live)["x-correction"] == "0.5"
    assert response_headers(live)["x-correction-source"] == uri
    kept = live.current
    live.refresh()
    assert live.current is kept
    newer = corrected.store(corrected.correction(days=71, size=-0.25))
    live.refresh()
    assert response_headers(live)["x-correction"] == "-0.25"
    assert response_headers(live)["x-correction-source"] == newer
    corrections.withdraw(corrected.model(FIRST), "complaints", "")
    live.refresh()
    assert response_headers(live)["x-correction"] == "none"
    assert "x-correction-source" not in response_headers(live)


def test_a_version_takes_over_with_its_own(live: LiveModel) -> None:
    """No answer of another champion is without its correction, or with that of the one before."""
    corrected.store(corrected.correction("1"))
    uri = corrected.store(corrected.correction("2", size=0.125))
    live.refresh()
    services.champion("2")
    live.refresh()
    assert live.current.model_uri.version == "2"
    assert response_headers(live)["x-correction-source"] == uri
    text = metrics.exposition().decode()
    assert f'longhaul_correction_shift{{model="{NAME}",version="2"}} 0.125' in text
    services.champion("1")
    live.refresh()
    assert response_headers(live)["x-correction"] == "0.5"


def test_what_cannot_be_read_changes_nothing(live: LiveModel, tmp_path: Path) -> None:
    """The correction in service stays, also for a worker that starts now; health says why."""
    uri = corrected.store(corrected.correction())
    live.refresh()
    mlflow.MlflowClient().set_model_version_tag(NAME, "1", CORRECTION, f"{uri}.gone")
    live.refresh()
    assert response_headers(live)["x-correction-source"] == uri
    assert "cannot be read" in live.correction_error
    later = LiveModel(live.uri, tmp_path / "cache", live.metrics)
    assert later.current.correction == live.current.correction
    mlflow.MlflowClient().set_model_version_tag(NAME, "1", CORRECTION, uri)
    live.refresh()
    assert live.correction_error == ""


def test_a_row_without_its_time_is_of_today(live: LiveModel) -> None:
    """Missing, null or not a time at all: the newest day's shift."""
    corrected.store(corrected.correction())
    live.refresh()
    sent = [{"calls": 3}, {"calls": 3, "day": None}, {"calls": 3, "day": "soon"}]
    for one in sent:
        parsed = live.current.parse(json.dumps({"dataframe_records": [one]}).encode())
        assert parsed is not None
        assert live.current.predict(parsed).columns["shift"] == [0.5]


def without_time(folder: Path) -> str:
    """Register a model that goes without the time column; return its URI."""
    text = tables.DECLARATION.replace("[customer]", "[customer, day]")
    problem, frame = problem_yaml.load(tables.declare(folder, text=text)), tables.churn()
    month = frame["day"].dt.strftime("%Y-%m")
    train, valid = frame[month <= "2020-04"], frame[month == "2020-05"]
    fitted = candidate.fit(problem, train, valid, "lightgbm", packages.QUICK["lightgbm"], 0, 1)
    assert "day" not in fitted.package.predictor.features
    with mlflow.start_run():
        uri = logged_models.log(fitted.package, train.head(3))
    return f"models:/late/{promotion.register('late', uri, {}, '')}"


def test_the_time_need_not_be_a_feature(tracking: str, tmp_path: Path) -> None:
    """It is parsed, recorded and described all the same, in either way of parsing."""
    model_uri = corrected.model(without_time(tmp_path))
    made = replace(corrected.correction(), version=model_uri.uri)
    corrected.store(made)
    loaded = loaded_model.load(model_uri, tmp_path / "cache")
    loaded = replace(loaded, correction=corrections.find(model_uri))
    parsed = loaded.parse(services.BODY)
    assert parsed is not None
    quick = loaded.predict(parsed)
    instances = json.dumps({"instances": services.ROWS}).encode()
    slow = mlflow_parsing.predict(loaded, instances, mlflow_parsing.JSON, 100)
    assert quick.columns == slow.columns
    moments = pd.Series([row["day"] for row in services.ROWS])
    assert quick.columns["shift"] == made.shift(moments).tolist() != [0.5, 0.5]
    document = openapi.openapi(loaded, ServiceSettings("m", tmp_path))
    assert "day" in document["components"]["schemas"]["Row"]["properties"]
    recorder = Recorder(tmp_path / "record", 1000, "refuse", ServiceMetrics())
    recorder.record_predictions(loaded, "r", quick)
    recorder.wal.close()
    list(compaction.compact(tmp_path / "record"))
    found = prediction_log.read(tmp_path / "record", "late-1")
    assert found["period"].tolist() == ["2020-08", "2020-08"]


def test_the_log_has_what_the_model_gave(live: LiveModel, tmp_path: Path) -> None:
    """Raw and shift are recorded, compacted and read; the shadow has its own version's."""
    corrected.store(corrected.correction("1"))
    corrected.store(corrected.correction("2", size=-1.0))
    mlflow.MlflowClient().set_registered_model_alias(NAME, "challenger", "2")
    live.refresh()
    frame = rows()
    folder, service_metrics = tmp_path / "record", live.metrics
    recorder = Recorder(folder, 1000, "refuse", service_metrics)
    sent = live.current.parse(payload.dumps(frame).encode())
    assert sent is not None
    recorder.record_predictions(live.current, "r", live.current.predict(sent))
    recorder.wal.close()
    (file,) = compaction.compact(folder)
    expected = batch(frame, tmp_path)
    found = prediction_log.read(folder, f"{NAME}-1")
    challenger = shadow.Shadow(
        f"models:/{NAME}@challenger", folder, live.cache_dir, service_metrics
    )
    challenger.add(file)
    challenger.close(300)
    shadowed = prediction_log.read(folder, f"{NAME}-2", prediction_log.SHADOW)
    second = batch(frame, tmp_path, "2")
    for name in ("probability", "decision", "raw", "shift"):
        assert found[name].tolist() == expected[name].tolist(), name
        assert shadowed[name].tolist() == pytest.approx(second[name].tolist(), rel=1e-12), name
    assert shadowed["shift"].tolist() == second["shift"].tolist()
    old = pd.read_parquet(file).drop(columns=["raw", "shift"])
    old.to_parquet(file, index=False)
    read = prediction_log.read(folder, f"{NAME}-1")
    assert read["raw"].equals(read["probability"])
    assert not read["shift"].any()


@pytest.mark.slow
def test_a_running_service_follows(says: dict[str, list[float]], tmp_path: Path) -> None:
    """Within seconds, in all its workers, without a failed request; taken back by one command.

    Every form of request has the bits of a batch.
    """
    services.champion("1")
    frame = rows()
    split = json.loads(payload.dumps(frame))["dataframe_split"]
    instances = [dict(zip(split["columns"], row, strict=True)) for row in split["data"]]
    forms = [
        (payload.dumps(frame), "application/json"),
        (json.dumps({"instances": instances}), "application/json"),
        (frame.to_csv(index=False), "text/csv"),
    ]
    with services.serving(tmp_path / "record", workers=2) as running:

        def shift() -> set[str]:
            return {running.post().headers["x-correction"] for _ in range(20)}

        assert shift() == {"none"}
        uri = corrected.store(corrected.correction())
        services.until(lambda: shift() == {"0.5"}, 30)
        expected = batch(frame, tmp_path)
        for body, kind in forms:
            answer = running.post(body.encode(), Content_Type=kind)
            found = pd.DataFrame(answer.json()["predictions"])
            assert answer.headers["x-correction-source"] == uri
            assert found["probability"].tolist() == expected["probability"].tolist(), kind
            assert found["decision"].tolist() == expected["decision"].tolist(), kind
        health = running.get("/health").json()
        assert health["correction"] == {"shift": 0.5, "source": uri}
        assert (
            f'longhaul_correction_shift{{model="{NAME}",version="1"}} 0.5'
            in running.get("/metrics").text
        )
        given = {"predictions": "", "table": "", "period": "", "state": "off", "reason": "late"}
        recalibrate.main([f"--{name}={value}" for name, value in {"model": FIRST, **given}.items()])
        services.until(lambda: shift() == {"none"}, 30)
        again = running.post(forms[0][0].encode()).json()["predictions"]
        assert [row["probability"] for row in again] == expected["raw"].tolist()
