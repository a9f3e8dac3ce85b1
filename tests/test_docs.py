"""The documentation knows every entry point and every key, and its links lead somewhere."""

import dataclasses
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from longhaul.learning.families import FAMILIES
from longhaul.problem import Problem

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def keys(kind: type, prefix: str = "") -> set[str]:
    """Every key that a problem file may have, with dots between the levels."""
    found = set()
    for field in dataclasses.fields(kind):
        parts = [field.type, *get_args(field.type)]
        inner = next((one for one in parts if dataclasses.is_dataclass(one)), None)
        if inner is not None:
            found |= keys(inner, f"{prefix}{field.name}.")
        else:
            found.add(prefix + field.name)
    return found


def test_every_key_of_a_problem_is_explained() -> None:
    """In the table of docs/problem.md, with no key that is not there."""
    page = (ROOT / "docs" / "problem.md").read_text()
    assert set(re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)) == keys(Problem)


def test_every_entry_point_is_in_the_readme() -> None:
    """In its table of stages."""
    stages = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]
    table = re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert set(table) == set(stages)


def test_every_family_is_explained() -> None:
    """In docs/models.md."""
    table = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "models.md").read_text(), re.MULTILINE)
    assert set(table) == set(FAMILIES)


def test_the_readme_names_the_pinned_mlflow() -> None:
    """The one that the environment installs."""
    pin = re.search(r"^mlflow==(.+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    named = set(re.findall(r"mlflow@([\d.]+)", (ROOT / "README.md").read_text()))
    assert pin
    assert named == {pin[1]}


def test_the_family_of_ones_own_is_the_one_that_is_tested() -> None:
    """The example in docs/models.md is the file that tests fit, package and load."""
    (shown,) = re.findall(
        r"```python\n(from sklearn.*?)```", (ROOT / "docs/models.md").read_text(), re.DOTALL
    )
    tested = (ROOT / "tests/learning/own_family.py").read_text()
    assert tested.partition('"""\n\n')[2] == shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link is to a file of the project."""
    for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link
