"""MLproject, the steps and the environments say the same."""

import importlib
import re
from pathlib import Path

import click
import yaml

ROOT = Path(__file__).resolve().parents[1]
ENTRY_POINTS = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]


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
