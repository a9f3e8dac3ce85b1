"""Table on disk: one Parquet file per period, and the problem that it belongs to."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from longhaul.data import breaches, parquet, periods, problem_copy
from longhaul.data.breaches import PeriodBreach
from longhaul.errors import LonghaulError
from longhaul.problem import Problem


@dataclass(frozen=True)
class PeriodTable:
    """Folder with one file per period and a copy of the problem.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    @property
    def problem(self) -> Problem:
        """Problem that the table belongs to."""
        return problem_copy.read(self.folder)

    @property
    def periods(self) -> list[str]:
        """Labels of the periods, in order of time."""
        return sorted(file.stem for file in self.folder.glob("*.parquet"))

    @property
    def breaches(self) -> dict[str, PeriodBreach]:
        """Periods of production that broke the contract; the table is without their rows."""
        return breaches.read(self.folder)

    @property
    def delivered(self) -> list[str]:
        """Labels of all periods that there are rows of, also of those that broke the contract."""
        return sorted({*self.periods, *self.breaches})

    def path(self, period: str) -> Path:
        """Return the file of a period, whether there is one or not."""
        return self.folder / f"{period}.parquet"

    def existing(self, period: str) -> Path:
        """Return the file of a period that the table must have.

        Raises
        ------
        LonghaulError
            When it has not.
        """
        available = self.periods
        if breach := self.breaches.get(period):
            raise LonghaulError(f"period: {period} broke the contract: {breach.reason}")
        if period not in available:
            raise LonghaulError(
                f"period: {period!r} is not in the table; it has {', '.join(available)}"
            )
        return self.path(period)

    def drop(self, period: str) -> None:
        """Delete the file of a period."""
        path = self.path(period)
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    def read(self, chosen: list[str], columns: list[str] | None = None) -> pd.DataFrame:
        """Read the rows of some periods, one after the other.

        Parameters
        ----------
        chosen : list of str
            Labels of periods that the table has.
        columns : list of str, optional
            All when it is not given.
        """
        return pd.concat(
            [parquet.read(self.path(period), columns) for period in chosen], ignore_index=True
        )

    def window(self, name: str, problem: Problem | None = None) -> list[str]:
        """List the table's periods in one of the problem's windows.

        Parameters
        ----------
        name : {"train", "valid", "test", "production"}
        problem : Problem, optional
            Whose windows; that of the table when it is not given.

        Raises
        ------
        LonghaulError
            When there are none: an empty window.
        """
        windows = (problem or self.problem).windows
        return periods.select(self.periods, getattr(windows, name), name)

    def write(
        self, problem: Problem, frame: pd.DataFrame, problem_folder: Path | None = None
    ) -> list[str]:
        """Write a table into the existing folder, a file per period; return the periods.

        Parameters
        ----------
        problem : Problem
        frame : DataFrame of n rows
        problem_folder : Path, optional
            See `longhaul.data.problem_copy.write`.
        """
        problem_copy.write(self.folder, problem, problem_folder)
        for label, rows in frame.groupby(periods.of(frame, problem), sort=True):
            parquet.write(rows, self.path(str(label)))
        return self.periods
