"""MLproject: its entry points, their parameters, and the help in its comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

RENAMED = "longhaul.pipeline.renamed"  # answers for the old names of entry points

_ENTRY_POINT = re.compile(r"^  (?P<name>\w+):$")
_PARAMETER = re.compile(
    r"^      (?P<name>\w+): (?:\{type: (?P<type>\w+), default: (?P<default>[^}]*)\}|(?P<bare>\w+))"
    r"(?: # (?P<help>.*))?$"
)
_PYTHON_MODULE = re.compile(r"^python -m (?P<module>[\w.]+)(?P<arguments>.*)$", re.DOTALL)


@dataclass(frozen=True)
class Parameter:
    """A declared parameter of an entry point; a default of None means that it is required."""

    name: str
    type: str
    default: str | None
    help: str


@dataclass(frozen=True)
class EntryPoint:
    """An entry point with its line of help and its parameters, in the order of MLproject."""

    name: str
    help: str
    parameters: tuple[Parameter, ...]


def entry_points(text: str) -> dict[str, EntryPoint]:
    """Read the entry points by name, old names left out.

    Parameters
    ----------
    text : str
        Longhaul's own MLproject: two spaces before an entry point, six before a parameter, each
        with its help in a comment.
    """
    declared = text.partition("entry_points:")[2]
    return {
        entry_point.name: entry_point
        for block in re.split(r"\n(?=  # )", declared)
        for entry_point in _read_block(block)
    }


def python_module(command: str) -> tuple[str, str] | None:
    """Split ``python -m module arguments`` into module and arguments; None for other commands."""
    match = _PYTHON_MODULE.match(command)
    return (match["module"], match["arguments"]) if match else None


def _read_block(block: str) -> Iterator[EntryPoint]:
    """Read the lines from one comment above an entry point to the next such comment."""
    lines = block.splitlines()
    names = [match["name"] for match in map(_ENTRY_POINT.match, lines) if match]
    if len(names) != 1 or f"python -m {RENAMED} " in block:
        return
    comment = " ".join(line[4:] for line in lines if line.startswith("  # "))
    matches = [match for match in map(_PARAMETER.match, lines) if match]
    parameters = tuple(
        Parameter(
            match["name"], match["type"] or match["bare"], match["default"], match["help"] or ""
        )
        for match in matches
    )
    yield EntryPoint(names[0], comment, parameters)
