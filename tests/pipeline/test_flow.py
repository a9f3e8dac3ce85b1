"""Run or reuse: a stage runs when what it depends on has changed, and only then."""

import os
import signal
import time
from pathlib import Path

import mlflow
import pytest

from longhaul.errors import LonghaulError
from longhaul.pipeline.flow import Flow
from longhaul.pipeline.terminal import Terminal
from longhaul.tracking import artifacts, process_owner
from longhaul.tracking.tags import REUSED, VERSION
from tests.pipeline.conftest import python
from tests.pipeline.test_warm_backend import alive, wait_for_pids

pytestmark = pytest.mark.slow


def chain(
    project: Path, use_cache: bool = True, word: str = "hello"
) -> tuple[str, dict[str, bool]]:
    """Run noop and, on its artifact, after; the parent's id, and which stages were reused."""
    with mlflow.start_run() as parent, Flow(project, parent, use_cache, Terminal()) as flow:
        first = flow.run("noop", word=word)
        second = flow.run("after", source=first.uri("word.txt"))
        return parent.info.run_id, {stage.name: stage.reused for stage in (first, second)}


def test_finished_stages_are_reused_and_linked(project: Path, store: str) -> None:
    """The second life cycle runs nothing, and its parent says which runs stand for its stages."""
    first, ran = chain(project)
    second, reused = chain(project)
    assert ran == {"noop": False, "after": False}
    assert reused == {"noop": True, "after": True}
    children = mlflow.search_runs(
        filter_string=f"tags.`mlflow.parentRunId` = '{first}'", output_format="list"
    )
    links = {
        value for tag, value in mlflow.get_run(second).data.tags.items() if tag.startswith(REUSED)
    }
    assert links == {run.info.run_id for run in children}


def test_without_the_cache_everything_runs(project: Path, store: str) -> None:
    """Asked to start anew, it does."""
    chain(project)
    assert chain(project, use_cache=False)[1] == {"noop": False, "after": False}


def test_a_parameter_changes_what_follows(project: Path, store: str) -> None:
    """Another parameter runs its stage, and the ones that read its artifacts."""
    chain(project)
    assert chain(project, word="bye")[1] == {"noop": False, "after": False}


def test_changed_code_runs_only_what_uses_it(project: Path, store: str) -> None:
    """A comment in a module of one stage runs that stage alone."""
    chain(project)
    after = project / "steps" / "after.py"
    after.write_text(after.read_text() + "# a comment\n")
    assert chain(project)[1] == {"noop": True, "after": False}


def test_changed_code_runs_what_depends_on_it(project: Path, store: str) -> None:
    """A change in a module that the first stage imports runs it and what follows."""
    chain(project)
    words = project / "steps" / "words.py"
    words.write_text(words.read_text() + "# a comment\n")
    assert chain(project)[1] == {"noop": False, "after": False}


def test_what_a_step_says_it_depends_on_counts(project: Path, store: str) -> None:
    """A file that a step names in its state is changed: the step runs again, else it is reused."""
    script = """
import mlflow
from pathlib import Path
from longhaul.pipeline.flow import Flow
from longhaul.pipeline.terminal import Terminal
for text, reused in [("a", False), ("a", True), ("b", False)]:
    Path("note.txt").write_text(text)
    with mlflow.start_run() as parent, Flow(Path.cwd(), parent, True, Terminal()) as flow:
        step = flow.run("look", name="note.txt")
        assert (step.reused, step.headline) == (reused, text), (step.reused, step.headline)
"""
    assert python(script, project).wait() == 0


def test_lost_artifacts_are_made_again(project: Path, store: str) -> None:
    """A finished run whose artifacts are gone is not reused."""
    chain(project)
    runs = mlflow.search_runs(filter_string="metrics.length > 0", output_format="list")
    artifacts.fetch(f"runs:/{runs[0].info.run_id}/word.txt").unlink()
    assert chain(project)[1] == {"noop": False, "after": False}


@pytest.mark.parametrize("harm", ["gone", "cut", "changed"])
def test_damaged_artifacts_are_made_again(
    project: Path, store: str, capfd: pytest.CaptureFixture[str], harm: str
) -> None:
    """Not only when all are lost: a file that is not as it was noted, and it is said."""
    chain(project)
    (run,) = mlflow.search_runs(filter_string="metrics.length > 0", output_format="list")
    file = artifacts.fetch(f"runs:/{run.info.run_id}/word.txt")
    if harm == "gone":
        file.parent.joinpath("more.txt").write_text("is not the step's")
        file.unlink()
    else:
        file.write_text("hell" if harm == "cut" else "hullo")
    assert chain(project)[1] == {"noop": False, "after": False}
    told = f"noop does not reuse run {run.info.run_id}: word.txt "
    assert told in capfd.readouterr().err
    assert chain(project)[1] == {"noop": True, "after": True}


def test_a_step_that_runs_others_answers_for_them(project: Path, store: str) -> None:
    """It is not reused when artifacts of a step that it ran, or reused, are gone."""
    headlines, reused = [], []
    for _ in range(3):
        with mlflow.start_run() as parent, Flow(project, parent, True, Terminal()) as flow:
            pair = flow.run("pair")
            headlines.append(pair.headline)
            reused.append(pair.reused)
        if len(reused) == 2:
            found = mlflow.search_runs(filter_string="metrics.length > 0", output_format="list")
            artifacts.fetch(f"runs:/{found[0].info.run_id}/word.txt").unlink()
    assert reused == [False, True, False]
    assert headlines == ["fresh", "fresh", "fresh"]


def test_stages_in_parallel_keep_their_order(project: Path, store: str) -> None:
    """Two at a time, each its own child, given back in the order they were asked for."""
    settings = [{"family": name, "seconds": 0.2} for name in ("a", "b", "c")]
    with mlflow.start_run() as parent, Flow(project, parent, True, Terminal()) as flow:
        stages = flow.run_each("sleep", settings, at_once=2)
    assert [stage.headline for stage in stages] == ["a", "b", "c"]
    assert len({stage.run_id for stage in stages}) == 3


def test_failure_names_the_stage(project: Path, store: str, capsys: object) -> None:
    """A failed stage ends the life cycle with its name; its siblings do not go on."""
    with (
        pytest.raises(LonghaulError, match="step fail failed"),
        mlflow.start_run() as parent,
        Flow(project, parent, True, Terminal()) as flow,
    ):
        flow.run("fail")
    assert mlflow.get_run(parent.info.run_id).info.status == "FAILED"


def test_a_killed_step_says_by_what(
    project: Path, store: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """It could not say anything itself."""
    with (
        pytest.raises(LonghaulError, match="step crash failed"),
        mlflow.start_run() as parent,
        Flow(project, parent, True, Terminal()) as flow,
    ):
        flow.run("crash", how="killed")
    assert "ended by SIGKILL: its memory may have run out" in capfd.readouterr().err


MAIN = """
import mlflow
from pathlib import Path
from longhaul.tracking import process_owner
from longhaul.pipeline.flow import Flow
from longhaul.pipeline.step import end_cleanly
from longhaul.pipeline.terminal import Terminal
end_cleanly()
if __name__ == "__main__":
    mlflow.set_experiment("test")
    with mlflow.start_run() as parent:
        mlflow.set_tag("longhaul.owner", process_owner.current())
        with Flow(Path.cwd(), parent, True, Terminal()) as flow:
            flow.run("noop")
            flow.run("sleep", family="a", seconds=60)
"""


@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGINT, marks=pytest.mark.nightly), signal.SIGTERM, signal.SIGKILL],
)
def test_ended_anywhere_leaves_nothing(project: Path, store: str, number: signal.Signals) -> None:
    """However it ends: no orphan, no run RUNNING after the next start, the rest reused."""
    process = python(MAIN, project)
    experiment = mlflow.get_experiment_by_name("test").experiment_id
    sleeping: list[mlflow.entities.Run] = []
    while not sleeping:
        time.sleep(0.2)
        assert process.poll() is None
        sleeping = mlflow.MlflowClient().search_runs([experiment], "tags.pids != ''")
    pids = wait_for_pids(sleeping[0].info.run_id)
    os.kill(process.pid, number)
    assert process.wait(300) != 0
    deadline = time.monotonic() + 120
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive(pids)
    with mlflow.start_run() as parent, Flow(project, parent, True, Terminal()) as flow:
        assert flow.run("noop").reused
    runs = mlflow.MlflowClient().search_runs([experiment])
    assert {run.info.status for run in runs} <= {"FINISHED", "FAILED", "KILLED"}
    assert process_owner.reap_orphans(parent) == []


def test_a_deleted_version_is_made_again(project: Path, store: str) -> None:
    """A finished run whose registered version is gone is not reused."""
    chain(project)
    client = mlflow.MlflowClient()
    (run,) = mlflow.search_runs(filter_string="metrics.length > 0", output_format="list")
    client.create_registered_model("toy")
    client.create_model_version("toy", f"{run.info.artifact_uri}/model", run.info.run_id)
    client.set_tag(run.info.run_id, VERSION, "models:/toy/1")
    assert chain(project)[1] == {"noop": True, "after": True}
    client.delete_registered_model("toy")
    assert chain(project)[1] == {"noop": False, "after": False}
