"""Generate the pages of the reference from MLproject and from docstrings."""

from pathlib import Path

from longhaul.pipeline import project


def entry_points(mlproject: str) -> str:
    """Describe every entry point of MLproject with its parameters, as Markdown."""
    lines = [
        "# Entry points",
        "",
        "Every entry point of `MLproject`. Run one with",
        "`mlflow run . -e <entry point> -P <parameter>=<value> --env-manager uv`.",
        "",
    ]
    for entry_point in project.entry_points(mlproject).values():
        lines += [f"## {entry_point.name}", "", entry_point.help, ""]
        lines += ["| parameter | type | default | |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{parameter.name}` | {parameter.type} | {_default(parameter)} | {parameter.help} |"
            for parameter in entry_point.parameters
        ]
        lines.append("")
    return "\n".join(lines) + "\n"


def _default(parameter: project.Parameter) -> str:
    if parameter.default is None:
        return "*required*"
    return "*empty*" if parameter.default == '""' else f"`{parameter.default}`"


def modules(root: Path) -> dict[str, str]:
    """Make a page for each package of the library, with the docstrings of its modules."""
    library = root / "longhaul"
    packages = {"longhaul": sorted(library.glob("*.py"))}
    for folder in sorted(path for path in library.iterdir() if (path / "__init__.py").exists()):
        packages[folder.name] = sorted(folder.rglob("*.py"))
    pages = {}
    for name, paths in packages.items():
        dotted = [
            ".".join(path.relative_to(root).with_suffix("").parts)
            for path in paths
            if path.name not in {"__init__.py", "__main__.py"}
        ]
        pages[name] = "\n\n".join([f"# {name}", *(f"::: {module}" for module in dotted)]) + "\n"
    return pages
