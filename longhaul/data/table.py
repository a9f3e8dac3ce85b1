"""Table on disk: one Parquet file per period, and the problem that it belongs to."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from longhaul.data import parquet, periods, problem_copy
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
        if period not in available:
            raise LonghaulError(
                f"period: {period!r} is not in the table; it has {', '.join(available)}"
            )
        return self.path(period)

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
