"""The direction of imports: main and steps on top, what computes at the bottom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMPUTES = (
    *("survey", "data", "tasks", "features", "learning", "evaluation"),
    *("model", "monitoring", "plots"),
)
# MLflow loads a model from this file's code, so it has to know MLflow.
MODEL_FROM_CODE = ROOT / "longhaul" / "model" / "pyfunc.py"


def imported(path: Path) -> set[str]:
    """Every module that a file imports, within functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert found
    return found


@pytest.mark.parametrize("path", files(*(f"longhaul/{name}" for name in COMPUTES)), ids=str)
def test_what_computes_knows_neither_mlflow_nor_click(path: Path) -> None:
    """Features, learning, metrics and gates are plain Python on data."""
    roots = {name.partition(".")[0] for name in imported(path)}
    assert path == MODEL_FROM_CODE or not roots & {"mlflow", "click"}


@pytest.mark.parametrize("path", files("longhaul"), ids=str)
def test_longhaul_imports_neither_steps_nor_main(path: Path) -> None:
    """The library does not know who uses it."""
    assert not {name.partition(".")[0] for name in imported(path)} & {"steps", "main"}


@pytest.mark.parametrize("path", files("steps"), ids=str)
def test_steps_import_neither_each_other_nor_main(path: Path) -> None:
    """Stages meet through artifacts alone."""
    assert not {name.partition(".")[0] for name in imported(path)} & {"steps", "main"}


@pytest.mark.parametrize("path", files("longhaul", "steps"), ids=str)
def test_no_utils(path: Path) -> None:
    """A module is named for the one thing it holds."""
    assert path.stem not in {"utils", "util", "helpers", "common", "misc"}
