"""Counts of predictions cluster by cluster: the sampling unit of realized performance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import add
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.errors import LonghaulError
from longhaul.monitoring.class_statistics import ClassStatistics
from longhaul.monitoring.regression_statistics import RegressionStatistics
from longhaul.monitoring.scored import Scored, restore
from longhaul.monitoring.scores import Scores

CLUSTERS, DAYS = "clusters.parquet", "days.parquet"  # artifacts, see `write`

Counts = TypeVar("Counts", Scores, ClassStatistics, RegressionStatistics, Scored)


@dataclass(frozen=True)
class ClusterCounts(Generic[Counts]):
    """Counts of some rows by cluster; counts of batches add up.

    Attributes
    ----------
    parts : mapping of str to Scores, ClassStatistics or RegressionStatistics
        By cluster, see `longhaul.data.clusters`.
    """

    parts: Mapping[str, Counts] = field(default_factory=dict)

    @classmethod
    def of(cls, clusters: np.ndarray, summarize: Callable[[np.ndarray], Counts]) -> Self:
        """Count rows by cluster.

        Parameters
        ----------
        clusters : ndarray of str, shape (n,)
        summarize : callable
            Takes the positions of rows: int of shape (m,); returns their counts.
        """
        names, code = np.unique(clusters, return_inverse=True)
        order = np.argsort(code, kind="stable")
        ends = np.cumsum(np.bincount(code, minlength=len(names)))
        rows = np.split(order, ends[:-1]) if len(names) else []
        pairs = zip(names.tolist(), rows, strict=True)
        return cls({name: summarize(places) for name, places in pairs})

    def __add__(self, other: "ClusterCounts[Counts]") -> "ClusterCounts[Counts]":
        both = dict(self.parts)
        for name, part in other.parts.items():
            both[name] = add(both[name], part) if name in both else part
        return ClusterCounts(dict(sorted(both.items())))

    @cached_property
    def total(self) -> Counts:
        """Counts of all clusters together."""
        return reduce(add, self.parts.values())

    @property
    def labelled(self) -> dict[str, Counts]:
        """The clusters that hold rows with a known outcome."""
        return {name: part for name, part in self.parts.items() if part.labelled}


def write(clusters: ClusterCounts[Any], path: Path) -> None:
    """Write counts by cluster as a Parquet file, for `read`."""
    records = [{"cluster": name, **part.to_dict()} for name, part in clusters.parts.items()]
    pq.write_table(pa.Table.from_pylist(records), path, compression="zstd")


def read(path: Path) -> ClusterCounts[Any]:
    """Read counts by cluster that `write` wrote.

    Raises
    ------
    LonghaulError
        When the file cannot be read.
    """
    try:
        records = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise LonghaulError(f"{path}: cannot be read as counts of predictions: {error}") from None
    return ClusterCounts({record.pop("cluster"): restore(record) for record in records})
