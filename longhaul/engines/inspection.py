"""Who reads a table's rows to hold them against the contract."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from longhaul.data import contract, periods
from longhaul.data import table as tables
from longhaul.problem import Problem
from longhaul.tracking import artifacts


class Inspector(Protocol):
    """What reads the rows: this process, or the workers of a cluster."""

    def learn(self, source: Path, problem: Problem, window: list[str]) -> dict[str, Any]:
        """The contract of some periods of the table in `source`."""

    def check(
        self, file: Path, learned: dict[str, Any], problem: Problem, clean: Path
    ) -> tuple[dict[str, Any], pd.DataFrame]:
        """Write one period's good rows into `clean`; what was found, and the bad rows.

        Returns
        -------
        figures : dict
            ``rows``, ``duplicates`` and ``breaches``.
        bad : DataFrame
            In order, each with its ``reason``.
        """

    def folder(self, name: str) -> AbstractContextManager[Path]:
        """A folder that becomes the artifact `name`, whole or not at all."""


class Local:
    """The process itself, one period at a time in memory; see `Inspector`."""

    def learn(self, source: Path, problem: Problem, window: list[str]) -> dict[str, Any]:
        """The contract of some periods."""
        frame = tables.read(source, window)
        return contract.learn(frame, periods.of(frame, problem), problem)

    def check(
        self, file: Path, learned: dict[str, Any], problem: Problem, clean: Path
    ) -> tuple[dict[str, Any], pd.DataFrame]:
        """Write one period's good rows."""
        frame = tables.read_file(file)
        findings = contract.check(frame, learned, problem.contract)
        tables.write_file(frame.drop(findings.reasons.index), clean / file.name)
        figures = {
            "rows": len(frame),
            "duplicates": int(frame.duplicated().sum()),
            "breaches": [str(breach) for breach in findings.breaches],
        }
        return figures, frame.loc[findings.reasons.index].assign(reason=findings.reasons)

    def folder(self, name: str) -> AbstractContextManager[Path]:
        """A folder that becomes an artifact."""
        return artifacts.log_folder(name)
