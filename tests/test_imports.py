"""The code a module is made of is found by reading it."""

from pathlib import Path

import pytest

from longhaul.errors import LonghaulError
from longhaul.imports import closure

FILES = {
    "steps/__init__.py": "",
    "steps/cook.py": "import os\nfrom longhaul.kitchen import knife\n",
    "longhaul/__init__.py": "",
    "longhaul/cellar.py": "",
    "longhaul/kitchen/__init__.py": "",
    "longhaul/kitchen/knife.py": "def cut():\n    from . import board\n",
    "longhaul/kitchen/board.py": "import longhaul.kitchen.knife\n",
    "longhaul/kitchen/recipe.txt": "",
    "longhaul/kitchen/oven.py": "",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_all_that_is_imported_and_nothing_else(root: Path) -> None:
    """Direct, relative, within functions, in a circle; not the modules nobody asks for."""
    found = {path.as_posix() for path in closure(["steps.cook"], root)}
    assert found == set(FILES) - {"longhaul/cellar.py", "longhaul/kitchen/oven.py"}


def test_unknown_module_is_named(root: Path) -> None:
    """A module that is not there is an error with its name."""
    with pytest.raises(LonghaulError, match=r"steps\.eat: no such module"):
        closure(["steps.eat"], root)
