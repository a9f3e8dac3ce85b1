"""Rows that were answered, paired with what a shadow said of them."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.traffic.served import SHADOW, TABLE

SECONDS = b"longhaul.seconds"  # in the metadata of a file: how long the shadow took to predict it


def split(pairs: pa.Table) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Split pairs into the rows, the champion's predictions and the shadow's.

    Parameters
    ----------
    pairs : Table
        See `longhaul.traffic.served.ServedTraffic.paired`.
    """
    names = pairs.column_names
    shadow = [name for name in names if name.startswith(SHADOW)]
    rows = [name for name in names if name.startswith(TABLE)]
    answered = [name.removeprefix(SHADOW) for name in shadow]
    return (
        _frame(pairs, rows, TABLE),
        pairs.select(answered).to_pandas(),
        _frame(pairs, shadow, SHADOW),
    )


def seconds_per_row(files: Iterable[Path]) -> float:
    """Return how long a shadow took for a row, on average; NaN where its files do not say."""
    seconds = rows = 0.0
    for file in files:
        metadata = pq.read_metadata(file)
        stored = (metadata.metadata or {}).get(SECONDS)
        if stored is not None:
            seconds, rows = seconds + float(stored), rows + metadata.num_rows
    return seconds / rows if rows else float("nan")


def _frame(pairs: pa.Table, names: list[str], prefix: str) -> pd.DataFrame:
    bare = [name.removeprefix(prefix) for name in names]
    return pairs.select(names).rename_columns(bare).to_pandas()
