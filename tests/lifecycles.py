"""Whole life cycles for tests: as a user runs them, on a small table, in a copy of the project."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import mlflow
from mlflow.entities import Run

from tests import tables

REPOSITORY = Path(__file__).resolve().parents[1]
SMALL = {"families": "linear,lightgbm", "trials": 3, "minutes": 5}


def copy(folder: Path) -> Path:
    """A copy of the project that a test may change."""
    files = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        text=True,
    )
    project = folder / "project"
    for name in files.splitlines():
        if (REPOSITORY / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, project / name)
    return project


def start(
    home: Path,
    uri: str,
    entry_point: str = "main",
    who: Mapping[str, str] | None = None,
    **parameters: object,
) -> "subprocess.Popen[str]":
    """Start ``mlflow run`` from the folder `home`.

    Its store is the default one there, or what the environment of `who` says.
    """
    given = [f"-P{name}={value}" for name, value in parameters.items()]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment |= who or {}
    arguments = ["run", uri, "-e", entry_point, "--env-manager", "local", *given]
    return subprocess.Popen(
        [sys.executable, "-m", "mlflow", *arguments],
        cwd=home,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def run(home: Path, uri: str, entry_point: str = "main", **parameters: object) -> str:
    """Run to the end, which must be good; what it printed."""
    process = start(home, uri, entry_point, **parameters)
    printed, _ = process.communicate(timeout=600)
    assert process.returncode == 0, printed
    return printed


def home(folder: Path) -> Path:
    """A user's folder, with a table and its problem file in it."""
    path = folder / "home"
    path.mkdir()
    tables.declare(path)
    return path


def use(path: Path) -> str:
    """Look at the store of a user's folder from this process; its URI."""
    uri = f"sqlite:///{path}/mlflow.db"
    mlflow.set_tracking_uri(uri)
    return uri


def parents() -> list[Run]:
    """The runs of whole life cycles, newest first."""
    return mlflow.MlflowClient().search_runs(
        ["0"], "tags.`mlflow.project.entryPoint` = 'main'", order_by=["start_time DESC"]
    )


def children(parent: Run) -> dict[str, Run]:
    """The runs under another one, by name."""
    found = mlflow.MlflowClient().search_runs(
        ["0"], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'"
    )
    return {run.info.run_name: run for run in found}


def reused(parent: Run) -> set[str]:
    """The stages that a life cycle took over from earlier ones."""
    prefix = "longhaul.reused."
    return {
        tag.removeprefix(prefix).replace(".", " ")
        for tag in parent.data.tags
        if tag.startswith(prefix)
    }
