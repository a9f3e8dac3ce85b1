"""Describe the layers of the library in docs/architecture.md: ``python -m docs.layers``."""

import ast
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
_BEGIN, _END = "<!-- layers -->\n", "<!-- /layers -->\n"


def table(layers: Sequence[str], root: Path) -> str:
    """Describe layers as a Markdown table, the highest first.

    Parameters
    ----------
    layers : sequence of str
        Modules and packages of ``longhaul``, from low to high.
    root : Path
        The project's folder.
    """
    rows = ["| layer | what it holds | knows MLflow |", "| --- | --- | --- |"]
    for layer in reversed(layers):
        path = root / "longhaul" / layer
        package = path.is_dir()
        main_file = path / "__init__.py" if package else path.with_suffix(".py")
        summary = (ast.get_docstring(ast.parse(main_file.read_text())) or "").partition("\n")[0]
        files = path.rglob("*.py") if package else [main_file]
        mlflow = "yes" if any(_imports_mlflow(file) for file in files) else "no"
        name = f"`longhaul/{layer}/`" if package else f"`longhaul/{layer}.py`"
        rows.append(f"| {name} | {summary} | {mlflow} |")
    return "\n".join(rows) + "\n"


def fill(text: str, layers: Sequence[str], root: Path) -> str:
    """Replace the table between the two marks of a page."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{table(layers, root)}{_END}{after}"


def _imports_mlflow(file: Path) -> bool:
    """Return whether a file imports MLflow anywhere."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return any(name.partition(".")[0] == "mlflow" for name in names)


if __name__ == "__main__":
    from tests.test_architecture import LAYERS

    PAGE.write_text(fill(PAGE.read_text(), LAYERS, ROOT))
