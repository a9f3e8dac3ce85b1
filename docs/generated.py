"""Generate the pages of the reference from MLproject and from docstrings."""

import re
from pathlib import Path

_ENTRY = re.compile(r"^  (?P<name>\w+):$")
_PARAMETER = re.compile(
    r"^      (?P<name>\w+): (?:\{type: (?P<type>\w+), default: (?P<default>[^}]*)\}|(?P<bare>\w+))"
    r"(?: # (?P<help>.*))?$"
)


def entry_points(project: str) -> str:
    """Describe every entry point of MLproject with its parameters, as Markdown."""
    lines = [
        "# Entry points",
        "",
        "Every entry point of `MLproject`. Run one with",
        "`mlflow run . -e <entry point> -P <parameter>=<value> --env-manager uv`.",
        "",
    ]
    comment: list[str] = []
    for line in project.partition("entry_points:")[2].splitlines():
        if line.startswith("  # "):
            comment.append(line[4:])
        elif entry := _ENTRY.match(line):
            lines += [f"## {entry['name']}", "", " ".join(comment), ""]
            lines += ["| parameter | type | default | |", "| --- | --- | --- | --- |"]
            comment = []
        elif parameter := _PARAMETER.match(line):
            default = parameter["default"]
            shown = "*required*" if default is None else f"`{default}`" if default else ""
            shown = "*empty*" if default == '""' else shown
            type_ = parameter["type"] or parameter["bare"]
            text = parameter["help"] or ""
            lines.append(f"| `{parameter['name']}` | {type_} | {shown} | {text} |")
        elif line.startswith("    command:"):
            lines.append("")
    return "\n".join(lines) + "\n"


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
