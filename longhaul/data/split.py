"""The three windows of a table that make a model: fit, choose, and test once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from longhaul.data import table
from longhaul.data.labels import describe, outcomes
from longhaul.errors import LonghaulError
from longhaul.problem import Problem

Window = Literal["train", "valid", "test"]
WINDOWS: tuple[Window, ...] = ("train", "valid", "test")
_SUMMARY = "windows.json"


def cut(folder: Path, problem: Problem) -> dict[Window, pd.DataFrame]:
    """Cut the table in `folder` by time, or by batch.

    Rows of a group stay together where it came first: later windows go without them.

    Raises
    ------
    LonghaulError
        When a window has no rows, or rows of one class only.
    """
    found = table.periods(folder)
    frames = {name: _window(folder, found, problem, name) for name in WINDOWS}
    if problem.group:
        frames = _apart(frames, problem.group)
    for name, frame in frames.items():
        _require_variety(frame, problem, name)
    return frames


def summarise(problem: Problem, frames: Mapping[Window, pd.DataFrame]) -> dict[str, Any]:
    """What each window covers: first and last period, rows, what became of them."""
    return {
        name: {
            "first": getattr(problem.windows, name)[0],
            "last": getattr(problem.windows, name)[1],
            "rows": len(frame),
            **describe(outcomes(frame, problem.target), problem.target),
        }
        for name, frame in frames.items()
    }


def write(
    folder: Path,
    problem: Problem,
    frames: Mapping[Window, pd.DataFrame],
    origin: Path | None = None,
) -> None:
    """Write windows, their summary and the problem into an existing folder."""
    for name, frame in frames.items():
        table.write_file(frame, folder / f"{name}.parquet")
    summary = json.dumps(summarise(problem, frames), indent=2)
    folder.joinpath(_SUMMARY).write_text(summary, encoding="utf-8")
    table.write_problem(folder, problem, origin)


def read(folder: Path, window: Window) -> pd.DataFrame:
    """The rows of one window."""
    return table.read_file(folder / f"{window}.parquet")


def windows(folder: Path) -> dict[str, Any]:
    """What each window covers, as `summarise` said.

    Raises
    ------
    LonghaulError
        When the summary is not there, or is not one.
    """
    file = folder / _SUMMARY
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise LonghaulError(f"{file}: no such file") from None
    except (OSError, ValueError, TypeError) as error:
        raise LonghaulError(f"{file}: cannot be read as a split's summary: {error}") from None


def problem(folder: Path) -> Problem:
    """The problem that the windows belong to."""
    return table.problem(folder)


def _window(folder: Path, found: list[str], problem: Problem, name: Window) -> pd.DataFrame:
    return table.read(folder, table.select(found, getattr(problem.windows, name), name))


def _apart(frames: dict[Window, pd.DataFrame], group: str) -> dict[Window, pd.DataFrame]:
    """Windows without the groups of those before them."""
    seen: set[object] = set()
    for name, frame in frames.items():
        frames[name] = frame[~frame[group].isin(seen)].reset_index(drop=True)
        seen |= {*frames[name][group].dropna()}
    return frames


def _require_variety(frame: pd.DataFrame, problem: Problem, name: Window) -> None:
    """Refuse a window from which nothing can be learned, or told."""
    first, last = getattr(problem.windows, name)
    where = f"windows.{name}: " + "{} of " + f"{len(frame)} rows from {first} to {last}"
    if frame.empty:
        raise LonghaulError(f"windows.{name}: no rows from {first} to {last} are left")
    outcome, target = outcomes(frame, problem.target), problem.target
    if target.kind == "binary" and (positives := int(outcome.sum())) in {0, len(frame)}:
        raise LonghaulError(
            f"{where.format(positives)} are positive ({target.column} = {target.positive});"
            " both classes are needed"
        )
    if (outcome == outcome[0]).all():
        raise LonghaulError(
            f"windows.{name}: all {len(frame)} rows from {first} to {last} have the same"
            f" {target.column}: there is nothing to tell apart"
        )
