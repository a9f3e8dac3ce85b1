"""The warm backend makes the same runs as MLflow's local one, and leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import mlflow
import psutil
import pytest

from longhaul.pipeline import warm_backend
from tests.pipeline.conftest import python

pytestmark = pytest.mark.slow

VOLATILE = {"mlflow.project.backend", "mlflow.runName", "longhaul.owner"}


def run(project: Path, backend: str, entry_point: str, **parameters: object) -> mlflow.entities.Run:
    warm_backend.register()
    submitted = mlflow.run(
        str(project),
        entry_point=entry_point,
        parameters=parameters,
        backend=backend,
        env_manager="local",
        synchronous=backend == "local",
    )
    submitted.wait()
    return mlflow.MlflowClient().get_run(submitted.run_id)


def test_same_run_as_local_backend(project: Path, store: str) -> None:
    """Parameters, tags, metrics, status, artifacts and nesting are those of the local backend."""
    with mlflow.start_run() as parent:
        local = run(project, "local", "noop", word='it\'s $HOME; a "word"')
        warmed = run(project, warm_backend.NAME, "noop", word='it\'s $HOME; a "word"')
    assert warmed.data.params == local.data.params
    assert warmed.data.metrics == local.data.metrics == {"length": 20.0}
    assert warmed.info.status == local.info.status == "FINISHED"
    assert warmed.data.tags["mlflow.parentRunId"] == parent.info.run_id
    for tags in (warmed.data.tags, local.data.tags):
        for name in VOLATILE:
            tags.pop(name, None)
    assert warmed.data.tags == local.data.tags
    assert mlflow.artifacts.load_text(f"runs:/{warmed.info.run_id}/word.txt").startswith("it's")


def test_failure_is_a_failed_run(project: Path, store: str) -> None:
    """A stage that refuses ends FAILED and leaves its reason in its run."""
    failed = run(project, warm_backend.NAME, "fail")
    assert failed.info.status == "FAILED"
    assert failed.data.tags["longhaul.error"] == "the tank is empty; fill it"


FAILING = """
from pathlib import Path
import mlflow
from longhaul.pipeline import warm_backend
warm_backend.register(Path.cwd())
for entry_point, parameters in [("crash", {"how": "bug"}), ("torn", {})]:
    run = mlflow.run(".", entry_point, parameters=parameters, backend="BACKEND", synchronous=False,
                     env_manager="local", experiment_name="test")
    run.wait()
"""


@pytest.mark.parametrize(
    "backend", [pytest.param("local", marks=pytest.mark.nightly), warm_backend.NAME]
)
def test_what_nobody_foresaw_is_one_line(project: Path, store: str, backend: str) -> None:
    """In the terminal, by either backend; the traceback is an artifact of the failed run.

    A step that cannot be imported never begins, and does not end the server of the others.
    """
    failing = python(FAILING.replace("BACKEND", backend), project, stderr=subprocess.PIPE)
    _, printed = failing.communicate(timeout=600)
    torn, crashed = mlflow.search_runs(experiment_names=["test"], output_format="list")
    reason = "unexpected AttributeError: 'numpy.int64' object has no attribute 'nothing'"
    for run_, step, line in (
        (crashed, "crash: ", f"{reason} (column 'age')"),
        (torn, "torn: " if backend == warm_backend.NAME else "", "unexpected RuntimeError: half"),
    ):
        place = f"runs:/{run_.info.run_id}/traceback.txt"
        (told,) = [text for text in printed.splitlines() if place in text]
        assert told.startswith(f"error: {step}{line}")
        assert told.endswith(f"; traceback: {place}")
        assert run_.info.status == "FAILED"
        assert run_.data.tags["longhaul.error"].startswith(line)
        assert "Error: " in mlflow.artifacts.load_text(place)
    assert "Traceback" not in printed


@pytest.mark.parametrize(("code", "status"), [(0, "FINISHED"), (3, "FAILED")])
def test_other_commands_run_in_a_shell(project: Path, store: str, code: int, status: str) -> None:
    """What is not ``python -m`` runs as a process of its own, with the same statuses."""
    assert run(project, warm_backend.NAME, "shell", code=code).info.status == status


def test_temporary_files_go_with_the_step(
    project: Path, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a step, or MLflow on its behalf, leaves among them."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    litter = project / "steps" / "noop.py"
    litter.write_text("import tempfile\ntempfile.mkdtemp()\n" + litter.read_text())
    assert run(project, warm_backend.NAME, "noop").info.status == "FINISHED"
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_step_has_the_environment_of_now(
    project: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was set or taken away since the warm process began, as with the local backend."""
    monkeypatch.setenv("ASKED", "before")
    step_file = project / "steps" / "noop.py"
    name = "os.environ.get('ASKED', 'nothing')"
    step_file.write_text(
        "import os\n" + step_file.read_text().replace('"length", len(word)', f"{name}, 1")
    )
    assert "before" in run(project, warm_backend.NAME, "noop").data.metrics
    monkeypatch.setenv("ASKED", "after")
    assert "after" in run(project, warm_backend.NAME, "noop").data.metrics
    monkeypatch.delenv("ASKED")
    assert "nothing" in run(project, warm_backend.NAME, "noop").data.metrics


def test_stages_within_stages_share_one_server(project: Path, store: str) -> None:
    """Three levels, each the child of the one above in MLflow, all forked by the same process."""
    run(project, warm_backend.NAME, "nest", levels=2)
    found = mlflow.search_runs(
        filter_string="tags.server LIKE '%'", order_by=["start_time"], output_format="list"
    )
    assert [one.data.tags["depth"] for one in found] == ["1", "2", "3"]
    assert len({one.data.tags["server"] for one in found}) == 1
    assert {one.info.status for one in found} == {"FINISHED"}
    parents = [one.data.tags.get("mlflow.parentRunId") for one in found]
    assert parents[1:] == [one.info.run_id for one in found[:-1]]


def test_what_steps_import_is_made_ready(project: Path, store: str) -> None:
    """Of a project in whose folder the process is; the step itself is run from its file."""
    (project / "steps" / "words.py").write_text(
        "import os\nwhere = os.getpid()\n\n"
        "def shout(word):\n    return 'afresh' if where == os.getpid() else 'ready'\n"
    )
    script = f"""
from pathlib import Path
import mlflow
from longhaul.pipeline import warm_backend
warm_backend.register(Path({str(project)!r}))
run = mlflow.run(".", "noop", backend="warm", synchronous=False, experiment_name="test")
assert run.wait()
"""
    assert python(script, project).wait() == 0
    assert python(script.replace('"."', repr(str(project))), project.parent).wait() == 0
    found = mlflow.search_runs(
        experiment_names=["test"], order_by=["start_time"], output_format="list"
    )
    assert [one.data.tags["longhaul.headline"] for one in found] == ["ready", "afresh"]


def test_another_project_has_its_own_steps(project: Path, store: str) -> None:
    """Even where those of the project that the process is in are ready."""
    other = project.parent / "other"
    shutil.copytree(project, other)
    (other / "steps" / "words.py").write_text("def shout(word):\n    return 'other'\n")
    script = f"""
from pathlib import Path
import mlflow
from longhaul.pipeline import warm_backend
warm_backend.register(Path.cwd())
for uri in [".", {str(other)!r}, "."]:
    run = mlflow.run(uri, "noop", backend="warm", synchronous=False, experiment_name="test")
    assert run.wait()
"""
    assert python(script, project).wait() == 0
    found = mlflow.search_runs(
        experiment_names=["test"], order_by=["start_time"], output_format="list"
    )
    assert [one.data.tags["longhaul.headline"] for one in found] == ["HELLO", "other", "HELLO"]


def test_stages_that_are_made_ready_say_nothing(project: Path, store: str) -> None:
    """Not even of being run though they are imported, however deep."""
    script = """
from pathlib import Path
import mlflow
from longhaul.pipeline import warm_backend
warm_backend.register(Path.cwd())
run = mlflow.run(".", "nest", parameters={"levels": 2}, backend="warm", synchronous=False,
                 experiment_name="test")
assert run.wait()
"""
    nested = python(script, project, stderr=subprocess.PIPE)
    _, said = nested.communicate(timeout=600)
    assert nested.returncode == 0
    assert "RuntimeWarning" not in said


def test_cancel_ends_child_and_grandchild(project: Path, store: str) -> None:
    """A cancelled stage is marked, and neither it nor what it started goes on."""
    warm_backend.register()
    submitted = mlflow.run(
        str(project),
        entry_point="sleep",
        parameters={"family": "a", "seconds": 60},
        backend=warm_backend.NAME,
        synchronous=False,
    )
    pids = wait_for_pids(submitted.run_id)
    submitted.cancel()
    assert not alive(pids)
    assert submitted.get_status() in {"KILLED", "FAILED"}


def test_children_end_when_the_parent_is_killed(project: Path, store: str) -> None:
    """SIGKILL of the parent ends children and grandchildren, and no run stays RUNNING."""
    script = f"""
import mlflow
from longhaul.pipeline import warm_backend
warm_backend.register()
run = mlflow.run({str(project)!r}, entry_point="sleep", parameters={{"family": "a", "seconds": 60}},
                 backend="warm", synchronous=False, experiment_name="test")
run.wait()
"""
    parent = python(script, project)
    experiment = mlflow.get_experiment_by_name("test")
    deadline = time.monotonic() + 300
    runs: list[mlflow.entities.Run] = []
    while not runs and time.monotonic() < deadline:
        time.sleep(0.2)
        runs = mlflow.MlflowClient().search_runs([experiment.experiment_id], "tags.pids != ''")
    pids = wait_for_pids(runs[0].info.run_id)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 120
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive(pids)
    assert mlflow.get_run(runs[0].info.run_id).info.status == "FAILED"


def wait_for_pids(run_id: str) -> list[int]:
    """The process ids that a step has left in its run."""
    for _ in range(3000):
        tags = mlflow.MlflowClient().get_run(run_id).data.tags
        if "pids" in tags:
            return [int(pid) for pid in tags["pids"].split()]
        time.sleep(0.1)
    pytest.fail("the step did not start")


def alive(pids: list[int]) -> list[int]:
    """Those of `pids` that still run."""
    return [
        pid
        for pid in pids
        if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]
