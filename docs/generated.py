"""The pages of the reference, from MLproject and from the modules there are."""

import re
from pathlib import Path

_ENTRY = re.compile(r"^  (?P<name>\w+):$")
_PARAMETER = re.compile(
    r"^      (?P<name>\w+): (?:\{type: (?P<kind>\w+), default: (?P<default>[^}]*)\}|(?P<bare>\w+))"
    r"(?: # (?P<help>.*))?$"
)


def stages(project: str) -> str:
    """Every entry point of MLproject with its parameters, as Markdown."""
    lines = [
        "# Stages",
        "",
        "Every entry point of `MLproject`. Run one with",
        "`mlflow run . -e <entry point> -P <parameter>=<value> --env-manager uv`.",
        "",
    ]
    told: list[str] = []
    for line in project.partition("entry_points:")[2].splitlines():
        if line.startswith("  # "):
            told.append(line[4:])
        elif entry := _ENTRY.match(line):
            lines += [f"## {entry['name']}", "", " ".join(told), ""]
            lines += ["| parameter | type | default | |", "| --- | --- | --- | --- |"]
            told = []
        elif one := _PARAMETER.match(line):
            default = one["default"]
            shown = "*required*" if default is None else f"`{default}`" if default else ""
            shown = "*empty*" if default == '""' else shown
            kind = one["kind"] or one["bare"]
            lines.append(f"| `{one['name']}` | {kind} | {shown} | {one['help'] or ''} |")
        elif line.startswith("    command:"):
            lines.append("")
    return "\n".join(lines) + "\n"


def modules(root: Path) -> dict[str, str]:
    """A page for each room of the library, with the docstrings of its modules."""
    library = root / "longhaul"
    rooms = {"longhaul": sorted(library.glob("*.py"))}
    for folder in sorted(path for path in library.iterdir() if (path / "__init__.py").exists()):
        rooms[folder.name] = sorted(folder.rglob("*.py"))
    pages = {}
    for name, paths in rooms.items():
        dotted = [
            ".".join(path.relative_to(root).with_suffix("").parts)
            for path in paths
            if path.name not in {"__init__.py", "__main__.py"}
        ]
        pages[name] = "\n\n".join([f"# {name}", *(f"::: {one}" for one in dotted)]) + "\n"
    return pages
