"""Paths in parameters mean what the caller of `mlflow run` meant."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from longhaul.errors import LonghaulError
from longhaul.pipeline import caller


def test_a_name_is_one_of_ours() -> None:
    """The name of a problem that ships with Longhaul is found."""
    assert caller.problem_file("flights") == caller.PROJECT / "problems" / "flights.yaml"


def test_unknown_problem_is_named_with_what_there_is() -> None:
    """Neither a file nor a name: the line says both places."""
    with pytest.raises(LonghaulError, match=r"'nowhere.yaml' is neither a file in .* \(flights\)"):
        caller.problem_file("nowhere.yaml")


def test_relative_paths_start_at_the_callers_folder(tmp_path: Path) -> None:
    """Called as MLflow calls it, through a shell in another folder, the caller's folder counts."""
    (tmp_path / "churn.yaml").write_text("name: churn")
    child = tmp_path / "child.py"
    child.write_text(
        "from longhaul.pipeline import caller; print(caller.problem_file('churn.yaml'))"
    )
    script = tmp_path / "launcher.py"
    script.write_text(
        "import subprocess, sys\n"
        f"subprocess.run(['bash', '-c', sys.executable + ' {child}; true'], cwd='/')"
    )
    answer = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(caller.PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == str(tmp_path / "churn.yaml")
