"""Imports go down: main and steps on top, then the layers of the library."""

import ast
from pathlib import Path

from docs import layers

ROOT = Path(__file__).resolve().parents[1]
# From low to high: a module imports only from its own layer and from those before it.
LAYERS = (
    "task_type",
    "errors",
    "json_values",
    "problem",
    "problem_yaml",
    "preload",
    "fork_server",
    "process",
    "imports",
    "database_url",
    "tasks",
    "features",
    "estimators",
    "data",
    "model",
    "scaffold",
    "evaluation",
    "monitoring",
    "traffic",
    "backtest",
    "training",
    "plots",
    "tracking",
    "registry",
    "engines",
    "production",
    "erasure",
    "pipeline",
    "serving",
    "watch",
    "tracking_server",
    "smoke_test",
    "report",
)
COMPUTES = LAYERS[LAYERS.index("tasks") : LAYERS.index("plots") + 1]
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


def layer(path: Path) -> str:
    """Name the layer of a module of the library."""
    return path.relative_to(ROOT / "longhaul").parts[0].removesuffix(".py")


def test_every_layer_imports_only_from_lower_ones() -> None:
    """No upward import, so no circle of packages either; every module has its layer."""
    rank = {name: place for place, name in enumerate(LAYERS)}
    problems = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files("longhaul")
        if path.parent != ROOT / "longhaul" or path.stem != "__init__"
        for name in sorted(imported(path))
        if name.startswith("longhaul.") and rank[name.split(".")[1]] > rank[layer(path)]
    ]
    assert not problems, "\n".join(problems)


def test_the_page_on_the_architecture_shows_these_layers() -> None:
    """Its table is generated from `LAYERS` and the first lines of docstrings."""
    text = layers.PAGE.read_text()
    assert text == layers.fill(text, LAYERS, ROOT), "run python -m docs.layers"
