"""What of the site is generated when it is built."""

import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # MkDocs loads this file by its path

from docs.generated import modules, stages  # noqa: E402


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
