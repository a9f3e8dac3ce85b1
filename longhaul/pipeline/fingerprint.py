"""Digest everything that a step's result depends on: equal digests, equal results."""

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

# They change how long a step takes or whether it starts afresh, never its result.
WITHOUT_EFFECT = frozenset({"threads", "resume", "use_cache"})


def fingerprint(
    command: str, parameters: Mapping[str, str], files: Mapping[str, str], state: str
) -> str:
    """Digest an entry point's command, parameters, code and environment.

    Parameters
    ----------
    command : str
        The command template that MLproject declares.
    parameters : mapping of str to str
        Every parameter, defaults included, as text; a local file counts by its content, not its
        path, since a project run from a Git URL has a new folder each time.
    files : mapping of str to str
        Digest by name of every file of the step's code and environment.
    state : str
        Anything else that the result depends on.

    Returns
    -------
    str
        64 hexadecimal digits (SHA-256, FIPS 180-4).
    """
    effective = {
        name: _content(value) for name, value in parameters.items() if name not in WITHOUT_EFFECT
    }
    parts = [command, effective, dict(files), state, platform.python_version_tuple()[:2]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def digests(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """Digest files given relative to `root`, by name."""
    return {path.as_posix(): file_digest(root / path) for path in paths}


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _content(value: str) -> str:
    path = Path(value)
    return f"file {file_digest(path)}" if path.is_absolute() and path.is_file() else value
