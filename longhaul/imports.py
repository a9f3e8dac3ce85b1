"""The project's files that a module imports, directly or not."""

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from longhaul.errors import LonghaulError

PACKAGES = ("longhaul", "steps")


def closure(modules: Iterable[str], root: Path) -> list[Path]:
    """Find the project's files that `modules` need, by reading them, without running them.

    Parameters
    ----------
    modules : iterable of str
        Dotted names such as ``steps.train``.
    root : Path
        The project's folder.

    Returns
    -------
    list of Path
        Sorted, relative to `root`: the modules, all that they import from the project (within
        functions too), the packages around them, and what lies beside them that is not Python.

    Raises
    ------
    LonghaulError
        When one of `modules` is not a module of the project.
    """
    files: set[Path] = set()
    waiting = []
    for name in modules:
        path = _path(name, root)
        if path is None:
            raise LonghaulError(f"{name}: no such module in {root}")
        waiting.append((name, path))
    while waiting:
        name, path = waiting.pop()
        if path in files:
            continue
        files.add(path)
        files.update(_data_files(path))
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        source = path.read_text(encoding="utf-8")
        for needed in {*_parents(name), *_imports(source, package, str(path))}:
            if needed_path := _path(needed, root):
                waiting.append((needed, needed_path))
    return sorted(path.relative_to(root) for path in files)


def _path(module: str, root: Path) -> Path | None:
    """Return the file of a module of the project; None for anything else."""
    if module.partition(".")[0] not in PACKAGES:
        return None
    base = root.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _parents(module: str) -> Iterator[str]:
    """Yield the packages that importing `module` imports first."""
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


@functools.lru_cache(maxsize=1024)
def _imports(source: str, package: str, name: str) -> frozenset[str]:
    """Collect every name that a file's text imports; some are attributes, not modules.

    Kept, because the steps of a life cycle share most of their files.
    """
    return frozenset(_imported_names(ast.parse(source, name), package))


def _imported_names(tree: ast.Module, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                kept = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*kept, *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _data_files(path: Path) -> Iterator[Path]:
    """Yield the templates and other data in a module's folder, which it may read when it runs."""
    if path.name != "__init__.py":
        yield from (
            other
            for other in path.parent.iterdir()
            if other.is_file() and other.suffix not in {".py", ".pyc"}
        )
