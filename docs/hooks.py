"""Generate pages of the site, and lead links to code to their page of the reference."""

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # MkDocs loads this file by its path

from docs.generated import entry_points, modules  # noqa: E402

_CODE = re.compile(r"\]\(\.\./(longhaul/[\w/]+)\.py\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages to those in the folder."""
    pages = {
        "reference/entry-points.md": entry_points((ROOT / "MLproject").read_text(encoding="utf-8"))
    }
    pages |= {f"reference/modules/{name}.md": text for name, text in modules(ROOT).items()}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_config(config: Any) -> Any:
    """Name the pages of modules in the navigation."""
    module_pages = [{name: f"reference/modules/{name}.md"} for name in modules(ROOT)]
    for section in config["nav"]:
        for pages in section.values():
            for page in pages:
                if isinstance(page, dict) and "Modules" in page:
                    page["Modules"] = module_pages
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Lead a link to a Python file of the library to its module in the reference."""
    return _CODE.sub(_to_reference, markdown)


def _to_reference(link: re.Match[str]) -> str:
    module = link[1].replace("/", ".")
    _, *package, _ = module.split(".")
    return f"](reference/modules/{package[0] if package else 'longhaul'}.md#{module})"
