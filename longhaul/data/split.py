"""Training, validation and test windows of a table, as one file each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from longhaul.data import parquet, problem_copy
from longhaul.data.labels import describe, outcomes, require_variety
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.problem import Problem

Window = Literal["train", "valid", "test"]
WINDOWS: tuple[Window, ...] = ("train", "valid", "test")
_SUMMARY = "windows.json"


@dataclass(frozen=True)
class Split:
    """Folder with one file per window, their summary and a copy of the problem.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    @property
    def problem(self) -> Problem:
        """Problem that the windows belong to."""
        return problem_copy.read(self.folder)

    @property
    def family_files(self) -> list[Path]:
        """Files of the problem's custom families."""
        return problem_copy.family_files(self.problem, self.folder)

    def read(self, window: Window) -> pd.DataFrame:
        """Read the rows of one window."""
        return parquet.read(self.folder / f"{window}.parquet")

    def summary(self) -> dict[str, Any]:
        """Read the summary of each window; see `summarise`.

        Raises
        ------
        LonghaulError
            When the summary is not there, or is not one.
        """
        file = self.folder / _SUMMARY
        try:
            return dict(json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise LonghaulError(f"{file}: no such file") from None
        except (OSError, ValueError, TypeError) as error:
            raise LonghaulError(f"{file}: cannot be read as a split's summary: {error}") from None

    def write(
        self,
        problem: Problem,
        frames: Mapping[Window, pd.DataFrame],
        problem_folder: Path | None = None,
    ) -> None:
        """Write windows, their summary and the problem into the existing folder."""
        for name, frame in frames.items():
            parquet.write(frame, self.folder / f"{name}.parquet")
        summary = json.dumps(summarise(problem, frames), indent=2)
        self.folder.joinpath(_SUMMARY).write_text(summary, encoding="utf-8")
        problem_copy.write(self.folder, problem, problem_folder)


def cut_windows(table: PeriodTable, problem: Problem) -> dict[Window, pd.DataFrame]:
    """Cut a table into windows by time, or by batch.

    Rows of a group stay together where it came first: later windows go without them.

    Raises
    ------
    LonghaulError
        When a window has no rows, or rows of one class only.
    """
    frames = {name: table.read(table.window(name, problem)) for name in WINDOWS}
    if problem.group:
        frames = _separate_groups(frames, problem.group)
    for name, frame in frames.items():
        first, last = getattr(problem.windows, name)
        if frame.empty:
            raise LonghaulError(f"windows.{name}: no rows from {first} to {last} are left")
        where = f"windows.{name} ({len(frame)} rows from {first} to {last})"
        require_variety(outcomes(frame, problem.target), problem.target, where)
    return frames


def summarise(problem: Problem, frames: Mapping[Window, pd.DataFrame]) -> dict[str, Any]:
    """Summarise each window: first and last period, number of rows, figures of the outcomes."""
    return {
        name: {
            "first": getattr(problem.windows, name)[0],
            "last": getattr(problem.windows, name)[1],
            "rows": len(frame),
            **describe(outcomes(frame, problem.target), problem.target),
        }
        for name, frame in frames.items()
    }


def _separate_groups(frames: dict[Window, pd.DataFrame], group: str) -> dict[Window, pd.DataFrame]:
    """Drop from each window the groups of the windows before it."""
    seen: set[object] = set()
    for name, frame in frames.items():
        frames[name] = frame[~frame[group].isin(seen)].reset_index(drop=True)
        seen |= {*frames[name][group].dropna()}
    return frames
