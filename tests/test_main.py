"""The whole life cycle, run as a user runs it, and what it answers to mistakes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mlflow
import psutil
import pytest

from longhaul.production.history import ProductionHistory
from longhaul.tracking.tags import HEADLINE, OWNER, REUSED
from main import main
from tests import lifecycles, stores, tables

STAGES = {
    *("ingest", "validate", "split", "train linear", "train lightgbm", "evaluate", "register"),
    *("promote", "deploy", "cycle 2020-07", "cycle 2020-08", "cycle 2020-09", "report"),
}


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path
) -> Iterator[tuple[Path, Path]]:
    """A user's folder in which a life cycle has run, and the copy of the project that it ran."""
    folder = tmp_path_factory.mktemp("life")
    project, home = lifecycles.copy(folder), lifecycles.home(folder)
    stores.put(home, empty_store)
    before = mlflow.get_tracking_uri()
    lifecycles.run(home, str(project), problem="churn.yaml", **lifecycles.SMALL)
    lifecycles.use(home)
    yield home, project
    mlflow.set_tracking_uri(before)


@pytest.mark.slow
def test_every_stage_is_a_child_and_the_champion_loads(place: tuple[Path, Path]) -> None:
    """The parent is FINISHED with each stage under it; alias and stage lead to the same model."""
    (parent,) = lifecycles.parents()
    found = lifecycles.children(parent)
    assert parent.info.status == "FINISHED"
    assert {run.info.status for run in found.values()} == {"FINISHED"}
    assert set(found) - STAGES <= {"tune linear", "tune lightgbm"}
    assert set(found) >= STAGES
    frame = tables.churn(rows_per_month=10)
    by_alias = mlflow.pyfunc.load_model("models:/churn@champion").predict(frame)
    by_stage = mlflow.pyfunc.load_model("models:/churn/Production").predict(frame)
    assert by_alias["probability"].between(0, 1).all()
    assert by_alias.equals(by_stage)


@pytest.mark.slow
def test_the_year_is_a_curve_of_the_parent(place: tuple[Path, Path]) -> None:
    """AUC, log loss and calibration error of every production period, by period."""
    (parent, *_) = lifecycles.parents()
    for name in ("auc", "log_loss", "calibration_error"):
        history = mlflow.MlflowClient().get_metric_history(parent.info.run_id, f"production_{name}")
        assert sorted(point.step for point in history) == [202007, 202008, 202009]


@pytest.mark.slow
def test_each_cycle_has_its_children(place: tuple[Path, Path]) -> None:
    """Scored and monitored, under the cycle; the page of the model's life tells of all three."""
    (parent, *_) = lifecycles.parents()
    for label in ("2020-07", "2020-08", "2020-09"):
        cycle = lifecycles.children(parent)[f"cycle {label}"]
        assert set(lifecycles.children(cycle)) >= {f"score {label}", f"monitor {label}"}
    life = ProductionHistory.load("churn")
    assert sorted(life.periods) == ["2020-07", "2020-08", "2020-09"]
    page = mlflow.artifacts.load_text(f"runs:/{life.run}/life.html")
    assert all(f">{label}</a>" in page for label in life.periods)
    assert not [part for part in page.split('src="')[1:] if not part.startswith("data:")]


@pytest.mark.slow
def test_the_report_is_whole(place: tuple[Path, Path]) -> None:
    """One page, which asks nothing of the network and shows every stage and picture."""
    (parent, *_) = lifecycles.parents()
    run = lifecycles.children(parent)["report"]
    text = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/report.html")
    for stage in STAGES - {"report"}:
        assert f">{stage}</a>" in text
    assert text.count("data:image/png;base64,") > 8
    assert text.count('<span class="level') == 3
    assert not [part for part in text.split('src="')[1:] if not part.startswith("data:")]


@pytest.mark.slow
def test_again_reuses_everything(place: tuple[Path, Path]) -> None:
    """By stock `mlflow run`: nothing is run, and the parent links what stands for its stages."""
    home, project = place
    lifecycles.run(home, str(project), problem="churn.yaml", stock=True, **lifecycles.SMALL)
    newest, *_, first = lifecycles.parents()
    assert newest.info.run_id != first.info.run_id
    assert lifecycles.children(newest) == {}
    assert lifecycles.reused(newest) == set(lifecycles.children(first))
    # The first life ran in forks: what MLflow kept of it is what `mlflow run` keeps.
    assert newest.data.params == first.data.params
    assert newest.info.status == first.info.status
    for run in (first, newest):
        run.data.tags.pop(OWNER)
        run.data.tags.pop("mlflow.note.content")  # says of each step whether it was reused
    made = [
        {tag: text for tag, text in run.data.tags.items() if not tag.startswith(REUSED)}
        for run in (first, newest)
    ]
    assert made[0] == made[1]


@pytest.mark.slow
def test_a_comment_reruns_what_uses_it_and_what_follows(place: tuple[Path, Path]) -> None:
    """A module that only evaluate uses: evaluate and the report run, the rest is reused."""
    home, project = place
    module = project / "longhaul" / "evaluation" / "decisions.py"
    module.write_text(module.read_text() + "\n# a comment\n")
    lifecycles.run(home, str(project), problem="churn.yaml", **lifecycles.SMALL)
    newest, *_ = lifecycles.parents()
    ran = set(lifecycles.children(newest))
    cycles = {"cycle 2020-07", "cycle 2020-08", "cycle 2020-09"}  # one of them might retrain
    assert ran == {"evaluate", "register", "promote", "report"} | cycles
    for name in cycles:
        assert "nothing has changed" in lifecycles.children(newest)[name].data.tags[HEADLINE]


@pytest.mark.slow
def test_a_champion_that_is_not_whole_is_named(place: tuple[Path, Path]) -> None:
    """Before anything runs: one line, and no life cycle that says that all is reused."""
    home, project = place
    version = mlflow.MlflowClient().get_model_version_by_alias("churn", "champion")
    (model,) = mlflow.get_run(version.run_id).outputs.model_outputs
    root = mlflow.MlflowClient().get_logged_model(model.model_id).artifact_location
    file = next(Path(root.removeprefix("file://")).glob("artifacts/package/*"))
    content = file.read_bytes()
    file.unlink()
    life = lifecycles.start(home, str(project), problem="churn.yaml", **lifecycles.SMALL)
    printed, _ = life.communicate(timeout=lifecycles.SECONDS)
    file.write_bytes(content)
    assert life.returncode != 0
    assert f"error: main: models:/churn/{version.version}: its files are not as they" in printed
    assert f"models/{model.model_id} has " in printed


@pytest.mark.slow
def test_killed_in_the_middle_of_the_search(place: tuple[Path, Path]) -> None:
    """SIGKILL of main while it tunes; run again, it finishes and keeps the trials there were."""
    home, project = place
    search = {**lifecycles.SMALL, "trials": 8, "seed": 7, "families": "lightgbm"}
    process = lifecycles.start(home, str(project), problem="churn.yaml", stock=True, **search)
    while len(trials()) < 3:
        assert process.poll() is None
        time.sleep(0.05)
    (story,) = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if "main.py" in child.cmdline() and child.name().startswith("python")
    ]
    family = story.children(recursive=True)
    os.kill(story.pid, signal.SIGKILL)
    process.communicate(timeout=lifecycles.SECONDS)
    _, alive = psutil.wait_procs(family, timeout=120)
    assert alive == []
    before = {run.info.run_id for run in trials()}
    assert 3 <= len(before) < 8
    lifecycles.run(home, str(project), problem="churn.yaml", **search)
    assert {run.info.run_id for run in trials()} >= before
    numbers = sorted(int(run.data.tags["longhaul.trial"]) for run in trials())
    assert numbers == list(range(8))
    open_ = mlflow.MlflowClient().search_runs(["0"], "attributes.status = 'RUNNING'")
    assert open_ == []


def trials() -> list[mlflow.entities.Run]:
    """The trials of the search with seed 7, whichever run they are under."""
    client = mlflow.MlflowClient()
    searches = client.search_runs(["0"], "params.seed = '7' and params.trials = '8'")
    return [
        run
        for parent in searches
        for run in client.search_runs(["0"], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
        if "longhaul.trial" in run.data.tags and run.info.status == "FINISHED"
    ]


GOOD = {
    "problem": "flights",
    "data": "",
    "target": "",
    "query": "",
    "families": "lightgbm",
    "trials": "1",
    "minutes": "1",
    "seed": "0",
    "use_cache": "true",
    "engine": "local",
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"problem": "gone.yaml"}, "problem: 'gone.yaml' is neither a file in"),
        ({"families": "lightgbm,oracle"}, "'oracle'"),
        ({"trials": "-3"}, "Invalid value for '--trials': -3 is not in the range x>=1"),
        ({"trials": "many"}, "Invalid value for '--trials': 'many' is not a valid int"),
        ({"minutes": "0"}, "Invalid value for '--minutes'"),
        ({"use_cache": "perhaps"}, "Invalid value for '--use_cache'"),
        ({"resume": "false"}, "the parameter resume is now called use_cache"),
    ],
)
def test_bad_parameters_are_one_line(
    tracking: str, capsys: pytest.CaptureFixture[str], changes: dict[str, str], message: str
) -> None:
    """What was wrong and what is allowed, before any stage has run."""
    arguments = [f"--{name}={value}" for name, value in {**GOOD, **changes}.items()]
    with pytest.raises(SystemExit) as ended:
        main.main(arguments)
    error = capsys.readouterr().err
    assert ended.value.code
    assert error.startswith("error: main: ")
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.slow
def test_a_store_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A folder that is not there, and cannot be made: no traceback."""
    arguments = [f"--{name}={value}" for name, value in GOOD.items()]
    answer = subprocess.run(
        [sys.executable, "main.py", *arguments],
        cwd=lifecycles.REPOSITORY,
        env={**os.environ, "MLFLOW_TRACKING_URI": "sqlite:////proc/none/mlflow.db"},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    last = answer.stderr.strip().splitlines()[-1]
    assert last.startswith("error: main: ")
    assert "Traceback" not in answer.stderr
