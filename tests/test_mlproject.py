"""MLproject, the steps and the environments say the same."""

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from longhaul.data.windows import CHOICES
from longhaul.engines.base import SPARK
from longhaul.monitoring.decision import LEVELS
from longhaul.pipeline import parameters, project, renamed
from longhaul.registry import corrections

ROOT = Path(__file__).resolve().parents[1]
_DECLARED = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]


def current_entry_points() -> dict[str, Any]:
    """Return the entry points that run a step; the others answer for an old name."""
    return {
        name: declared
        for name, declared in _DECLARED.items()
        if f"-m {project.RENAMED} " not in declared["command"]
    }


ENTRY_POINTS = current_entry_points()


def command(name: str) -> click.Command:
    module = importlib.import_module("main" if name == "main" else f"steps.{name}")
    return getattr(module, name)


def test_parameters_are_the_options_of_the_step() -> None:
    """Each parameter is passed on to an option of the same name, and there are no others."""
    problems = []
    for name, entry_point in ENTRY_POINTS.items():
        parameters = set(entry_point.get("parameters", {}))
        options = {option.name for option in command(name).params}
        passed = set(re.findall(r"--(\w+) \{(\w+)\}", entry_point["command"]))
        if options != parameters:
            problems.append(f"{name}: parameters {parameters ^ options} are not on both sides")
        if passed != {(parameter, parameter) for parameter in parameters}:
            problems.append(f"{name}: its command does not pass on {parameters} as they are")
    assert not problems, "\n".join(problems)


def test_defaults_live_in_mlproject_alone() -> None:
    """Every option of a step is required."""
    problems = [
        f"{name}: --{option.name} is not required"
        for name in ENTRY_POINTS
        for option in command(name).params
        if not option.required
    ]
    assert not problems, "\n".join(problems)


def test_every_step_is_an_entry_point() -> None:
    """No step is hidden, and each entry point has its module."""
    steps = {path.stem for path in (ROOT / "steps").glob("*.py")} - {"__init__"}
    assert steps | {"main"} == set(ENTRY_POINTS)


def test_every_parameter_has_a_line_of_help() -> None:
    """Each declared parameter says in a comment what it is."""
    lines = (ROOT / "MLproject").read_text().splitlines()
    declared = [line for line in lines if re.match(r" {6}\w+: ", line)]
    problems = [line for line in declared if not re.search(r" # \S", line)]
    assert declared
    assert not problems, "\n".join(problems)


def test_help_shows_the_comments_and_defaults_of_mlproject() -> None:
    """``--help`` of every step has the help of each parameter, read by the project's own parser."""
    read = project.entry_points((ROOT / "MLproject").read_text())
    assert set(read) == set(ENTRY_POINTS)
    for name, entry_point in read.items():
        page = " ".join(command(name).get_help(click.Context(command(name))).split())
        for parameter in entry_point.parameters:
            assert parameter.help in page, (name, parameter.name)


def test_choices_are_those_of_the_library() -> None:
    """The types of parameters, which import nothing, name the same words as the library."""
    for annotation, words in (
        (parameters.Engine, ("local", SPARK)),
        (parameters.Window, CHOICES),
        (parameters.FailOn, ("never", *LEVELS[1:])),
        (parameters.CorrectionState, ("auto", "on", corrections.OFF)),
    ):
        assert tuple(annotation.__metadata__[0].choices) == tuple(words)


def test_old_entry_points_name_the_new_ones() -> None:
    """Each old name answers with one line and a code of its own, whatever it is given."""
    assert set(_DECLARED) - set(ENTRY_POINTS) == set(renamed.ENTRY_POINTS)
    for old, new in renamed.ENTRY_POINTS.items():
        assert new in ENTRY_POINTS
        assert _DECLARED[old]["command"] == f"python -m {project.RENAMED} {old}"
        answer = subprocess.run(
            [sys.executable, "-m", project.RENAMED, old, "--data", "x"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert answer.returncode == 2
        assert answer.stderr == f"error: {old} is now called {new}; run: mlflow run . -e {new}\n"


def test_old_parameters_name_the_new_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """Every step that has a parameter with a new name answers the old one with it."""
    answered = set()
    for name in ENTRY_POINTS:
        step, options = command(name), {option.name for option in command(name).params}
        for old, new in renamed.PARAMETERS.items():
            if new in options and old not in options:
                with pytest.raises(SystemExit) as ended:
                    step.main([f"--{old}=1"])
                assert ended.value.code == 2
                error = capsys.readouterr().err
                assert f"error: {name}: the parameter {old} is now called {new}" in error
                answered.add(old)
    assert answered == set(renamed.PARAMETERS)


def test_old_values_name_the_new_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """A window that was called extended is called expanding."""
    with pytest.raises(SystemExit):
        command("split").main(["--table=x", "--until=", "--window=extended"])
    assert "'extended' is now called 'expanding'" in capsys.readouterr().err


def test_every_entry_point_has_a_line_of_help() -> None:
    """A comment above each entry point says what it does."""
    text = (ROOT / "MLproject").read_text()
    for name in ENTRY_POINTS:
        assert re.search(rf"^  # .+\n  {name}:$", text, re.MULTILINE), name


def test_one_set_of_dependencies() -> None:
    """Conda, virtualenv and uv install the same pinned requirements on the same Python."""
    conda = yaml.safe_load((ROOT / "conda.yaml").read_text())
    python = yaml.safe_load((ROOT / "python_env.yaml").read_text())
    assert python["dependencies"] == conda["dependencies"][-1]["pip"] == ["-r requirements.txt"]
    assert f"python={python['python']}" in conda["dependencies"]
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+(\[\w+\])?==[\w.]+", line), line
