"""The three windows of a table that make a model: fit, choose, and test once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from longhaul.data import table
from longhaul.data.labels import outcomes
from longhaul.errors import LonghaulError
from longhaul.problem import Problem

Window = Literal["train", "valid", "test"]
WINDOWS: tuple[Window, ...] = ("train", "valid", "test")
_SUMMARY = "windows.json"


def cut(folder: Path, problem: Problem) -> dict[Window, pd.DataFrame]:
    """Cut the table in `folder` by time.

    Raises
    ------
    LonghaulError
        When a window has no rows, or rows of one class only.
    """
    found = table.periods(folder)
    return {name: _window(folder, found, problem, name) for name in WINDOWS}


def summarise(problem: Problem, frames: Mapping[Window, pd.DataFrame]) -> dict[str, Any]:
    """What each window covers: first and last period, rows, share of positives."""
    return {
        name: {
            "first": getattr(problem.windows, name)[0],
            "last": getattr(problem.windows, name)[1],
            "rows": len(frame),
            "positive_share": float(outcomes(frame, problem.target).mean()),
        }
        for name, frame in frames.items()
    }


def write(folder: Path, problem: Problem, frames: Mapping[Window, pd.DataFrame]) -> None:
    """Write windows, their summary and the problem into an existing folder."""
    for name, frame in frames.items():
        table.write_file(frame, folder / f"{name}.parquet")
    summary = json.dumps(summarise(problem, frames), indent=2)
    folder.joinpath(_SUMMARY).write_text(summary, encoding="utf-8")
    table.write_problem(folder, problem)


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
    first, last = bounds = getattr(problem.windows, name)
    frame = table.read(folder, table.select(found, bounds, name))
    positives = int(outcomes(frame, problem.target).sum())
    if positives in {0, len(frame)}:
        raise LonghaulError(
            f"windows.{name}: {positives} of {len(frame)} rows from {first} to {last} are positive"
            f" ({problem.target.column} = {problem.target.positive}); both classes are needed"
        )
    return frame
