"""What of the site is generated when it is built: the reference, from MLproject and docstrings."""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
_ENTRY = re.compile(r"^  (?P<name>\w+):$")
_PARAMETER = re.compile(
    r"^      (?P<name>\w+): (?:\{type: (?P<kind>\w+), default: (?P<default>[^}]*)\}|(?P<bare>\w+))"
    r"(?: # (?P<help>.*))?$"
)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are in no folder."""
    pages = {"reference/stages.md": stages((ROOT / "MLproject").read_text(encoding="utf-8"))}
    pages |= {f"reference/modules/{name}.md": text for name, text in modules(ROOT).items()}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_config(config: Any) -> Any:
    """Name the pages of modules in the navigation."""
    found = [{name: f"reference/modules/{name}.md"} for name in modules(ROOT)]
    for section in config["nav"]:
        for pages in section.values():
            for page in pages:
                if isinstance(page, dict) and "Modules" in page:
                    page["Modules"] = found
    return config


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
