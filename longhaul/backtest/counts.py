"""Counts of a model's predictions on a period, by day, cluster, probability and decision.

They hold everything that a backtest asks of a period, in memory that does not depend on its rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from scipy.special import logit

from longhaul.monitoring.batches import Batch
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.scored import Scored
from longhaul.monitoring.scores import Scores

_STEPS = 100  # cells of one unit of the log-odds
_REACH = 12  # log-odds beyond which all share the last cell


@dataclass(frozen=True)
class PredictionCounts:
    """Filled cells of a period's predictions with known outcomes.

    Attributes
    ----------
    days, clusters : tuple of str
    day, cluster : ndarray of int, shape (k,)
        Their places, for each of k cells.
    probability : ndarray of float, shape (k,)
        The mean of the cell.
    decision : ndarray of bool, shape (k,)
    negative, positive : ndarray of int, shape (k,)
        Rows of either outcome.
    """

    days: tuple[str, ...]
    clusters: tuple[str, ...]
    day: np.ndarray
    cluster: np.ndarray
    probability: np.ndarray
    decision: np.ndarray
    negative: np.ndarray
    positive: np.ndarray

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """Count the rows of a batch, all of them with a known outcome and a day."""
        assert batch.day is not None  # a backtest has times
        outcome = batch.outcome.astype(bool)
        return cls.count(batch.probability, batch.decision, outcome, batch.day, batch.cluster)

    @classmethod
    def count(
        cls,
        probability: np.ndarray,
        decision: np.ndarray,
        outcome: np.ndarray,
        days: np.ndarray,
        clusters: np.ndarray,
    ) -> Self:
        """Count n rows.

        Parameters
        ----------
        probability : ndarray of float, shape (n,)
        decision, outcome : ndarray of bool, shape (n,)
        days, clusters : ndarray of str, shape (n,)
        """
        day_names, day = np.unique(days, return_inverse=True)
        cluster_names, cluster = np.unique(clusters, return_inverse=True)
        odds = logit(np.clip(probability, 1e-9, 1 - 1e-9))
        step = np.clip((odds + _REACH) * _STEPS, 0, 2 * _REACH * _STEPS - 1).astype(np.int64)
        unit = day * len(cluster_names) + cluster
        place = (unit * 2 * _REACH * _STEPS + step) * 2 + decision
        _, first, code = np.unique(place, return_index=True, return_inverse=True)
        rows, positive = np.bincount(code), np.bincount(code, outcome).astype(np.int64)
        return cls(
            tuple(day_names.tolist()),
            tuple(cluster_names.tolist()),
            day[first],
            cluster[first],
            np.bincount(code, probability) / rows,
            decision[first],
            rows - positive,
            positive,
        )

    @property
    def times(self) -> pd.Series:
        """The days as times."""
        return pd.Series(pd.to_datetime(list(self.days)))

    @property
    def rows(self) -> np.ndarray:
        """Number of rows in each cell: int of shape (k,)."""
        return np.asarray(self.negative + self.positive)

    def by_day(self) -> ClusterCounts[Scores]:
        """Count the predictions by day, as monitoring does."""
        return ClusterCounts(self._by(self.days, self.day))

    def by_cluster(self) -> ClusterCounts[Scored]:
        """Count the predictions by cluster, as monitoring does."""
        return ClusterCounts(self._by(self.clusters, self.cluster))

    def _by(self, names: tuple[str, ...], code: np.ndarray) -> Mapping[str, Scores]:
        """Count the predictions by a unit that each cell has a place of."""
        outcomes = np.stack([self.negative, self.positive], axis=1).ravel()
        row = np.repeat(np.arange(2 * len(code)), outcomes)
        cell, outcome = row // 2, row % 2
        labels = np.array(names)[code[cell]]
        counts: ClusterCounts[Scores] = ClusterCounts.of(
            labels,
            lambda rows: Scores.of(
                self.probability[cell[rows]], self.decision[cell[rows]], outcome[rows]
            ),
        )
        return counts.parts
