"""Registered models for tests, and processes that work on them at the same time."""

import os
import subprocess
import sys
from pathlib import Path

import mlflow

from longhaul.tracking import process_owner

REPOSITORY = Path(__file__).resolve().parents[1]


def model(name: str, versions: int) -> list[str]:
    """A registered model with versions 1 to `versions`; the ids of their runs."""
    client = mlflow.MlflowClient()
    client.create_registered_model(name)
    experiment = client.search_experiments()[0].experiment_id
    runs = [client.create_run(experiment).info for _ in range(versions)]
    for run in runs:
        client.create_model_version(name, f"{run.artifact_uri}/model", run.run_id)
    return [run.run_id for run in runs]


def stages(name: str) -> dict[str, str]:
    """Version to stage."""
    found = mlflow.MlflowClient().search_model_versions(f"name = '{name}'")
    return {str(one.version): one.current_stage for one in found}


def aliases(name: str) -> dict[str, str]:
    """Alias to version."""
    found = mlflow.MlflowClient().get_registered_model(name).aliases
    return {alias: str(number) for alias, number in found.items()}


def gone() -> str:
    """The owner that a process which has ended would have written."""
    host, pid, created = process_owner.current().rsplit("/", 2)
    return f"{host}/{pid}/{int(created) - 1000}"


def python(script: str) -> "subprocess.Popen[str]":
    """Start a Python program of a few lines that talks over pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", script],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
