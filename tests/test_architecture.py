"""The direction of imports: main and steps on top, what computes at the bottom."""

import ast
from pathlib import Path

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
    """List the modules below some folders, of which there must be some."""
    modules = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert modules
    return modules


def importers(paths: list[Path], forbidden: set[str]) -> list[str]:
    """List the files that import what they may not, each with what that is."""
    problems = []
    for path in paths:
        roots = {name.partition(".")[0] for name in imported(path)} & forbidden
        problems += [f"{path.relative_to(ROOT)} imports {root}" for root in sorted(roots)]
    return problems


def test_what_computes_knows_neither_mlflow_nor_click() -> None:
    """Features, learning, metrics and gates are plain Python on data."""
    computing = files(*(f"longhaul/{name}" for name in COMPUTES))
    paths = [path for path in computing if path != MODEL_FROM_CODE]
    problems = importers(paths, {"mlflow", "click"})
    assert not problems, "\n".join(problems)


def test_longhaul_imports_neither_steps_nor_main() -> None:
    """The library does not know who uses it."""
    problems = importers(files("longhaul"), {"steps", "main"})
    assert not problems, "\n".join(problems)


def test_steps_import_neither_each_other_nor_main() -> None:
    """Stages meet through artifacts alone."""
    problems = importers(files("steps"), {"steps", "main"})
    assert not problems, "\n".join(problems)


def test_no_utils() -> None:
    """A module is named for the one thing it holds."""
    vague = {"utils", "util", "helpers", "common", "misc"}
    problems = [str(path) for path in files("longhaul", "steps") if path.stem in vague]
    assert not problems, "\n".join(problems)
