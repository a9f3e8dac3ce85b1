"""Losses of a service, in its prediction log: what it could not read, or not record."""

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from longhaul.data import periods
from longhaul.monitoring.evidence import ServiceLosses
from longhaul.traffic import prediction_log
from longhaul.traffic.served import ServedCount

_KINDS = [field.name for field in fields(ServiceLosses)]


def read(log: Path) -> pd.DataFrame:
    """Read the losses: a column ``at``, in UTC, and the fields of `ServiceLosses`."""
    files = sorted(log.glob(f"{prediction_log.LOSSES}/*/*.parquet"))
    frames = [pq.read_table(file).to_pandas() for file in files]
    nothing = prediction_log.LOSS_SCHEMA.empty_table().to_pandas()
    return pd.concat(frames or [nothing], ignore_index=True)


def by_period(
    lost: pd.DataFrame, counts: Iterable[ServedCount], length: periods.Length
) -> dict[str, ServiceLosses]:
    """Add up the losses of each period that has rows.

    A request that cannot be read does not say which period its rows are of. It counts for the
    period in which it came; where rows are of another time than they are asked about, for the
    period that was begun last.

    Parameters
    ----------
    lost : DataFrame
        As `read` returned it.
    counts : iterable of ServedCount
    length : str
        Of a period.
    """
    begun: dict[str, float] = {}
    for count in counts:
        begun[count.period] = min(count.first, begun.get(count.period, count.first))
    at = lost["at"].dt.tz_localize(None)
    in_order = sorted(begun, key=lambda label: begun[label])
    starts = pd.to_datetime([begun[label] for label in in_order], unit="s").to_numpy()
    latest = np.clip(np.searchsorted(starts, at.to_numpy(), side="right") - 1, 0, None)
    own = periods.labels(at, length) if len(at) else pd.Series(dtype="str")
    owner = own.where(own.isin(in_order), pd.Series([in_order[i] for i in latest], own.index))
    sums = lost[_KINDS].groupby(owner.to_numpy()).sum()
    return {
        label: ServiceLosses(**{kind: int(sums[kind].get(label, 0)) for kind in _KINDS})
        for label in in_order
    }
