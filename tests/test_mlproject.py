"""MLproject, the steps and the environments say the same."""

import importlib
import re
from pathlib import Path

import click
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ENTRY_POINTS = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]


def command(name: str) -> click.Command:
    module = importlib.import_module("main" if name == "main" else f"steps.{name}")
    return getattr(module, name)


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_parameters_are_the_options_of_the_step(name: str) -> None:
    """Each parameter is passed on to an option of the same name, and there are no others."""
    parameters = ENTRY_POINTS[name].get("parameters", {})
    options = {option.name for option in command(name).params}
    passed = set(re.findall(r"--(\w+) \{(\w+)\}", ENTRY_POINTS[name]["command"]))
    assert options == set(parameters)
    assert passed == {(parameter, parameter) for parameter in parameters}


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_defaults_live_in_mlproject_alone(name: str) -> None:
    """Every option of a step is required."""
    assert all(option.required for option in command(name).params)


def test_every_step_is_an_entry_point() -> None:
    """No step is hidden, and each entry point has its module."""
    steps = {path.stem for path in (ROOT / "steps").glob("*.py")} - {"__init__"}
    assert steps | {"main"} == set(ENTRY_POINTS)


@pytest.mark.parametrize("line", (ROOT / "MLproject").read_text().splitlines())
def test_every_parameter_has_a_line_of_help(line: str) -> None:
    """Each declared parameter says in a comment what it is."""
    if re.match(r" {6}\w+: ", line):
        assert re.search(r" # \S", line), line


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
