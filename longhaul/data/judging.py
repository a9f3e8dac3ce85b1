"""Rows that a model is judged on: the test window of a split, or a later period of a table."""

from pathlib import Path

import pandas as pd

from longhaul.data import parquet
from longhaul.data.labels import has_label
from longhaul.data.split import Split
from longhaul.data.table import PeriodTable
from longhaul.problem import Problem


def read(folder: Path, period: str = "") -> tuple[Problem, pd.DataFrame]:
    """Read the rows to judge a model on, and their problem.

    Parameters
    ----------
    folder : Path
        Of a split, or with a period, of a table.
    period : str
        Its rows without an outcome are left out; empty: the split's test window.

    Raises
    ------
    LonghaulError
        When the table has no such period.
    """
    if not period:
        split = Split(folder)
        return split.problem, split.read("test")
    table = PeriodTable(folder)
    problem, frame = table.problem, parquet.read(table.existing(period))
    labelled = frame[has_label(frame, problem.target)]
    return problem, labelled.reset_index(drop=True).infer_objects()
