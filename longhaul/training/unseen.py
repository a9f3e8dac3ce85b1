"""Rows with scores by models that were not fitted on them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from longhaul.data import clusters, periods
from longhaul.evaluation.threshold import choose_threshold
from longhaul.problem import Problem


@dataclass(frozen=True)
class UnseenRows:
    """Rows of training or validation that the models which scored them had not seen.

    Attributes
    ----------
    outcome : ndarray, shape (n,)
    scores : ndarray of float, shape (n,) or (n, classes)
    periods, clusters : ndarray of str, shape (n,)
        See `longhaul.data.periods` and `longhaul.data.clusters`.
    """

    outcome: np.ndarray
    scores: np.ndarray
    periods: np.ndarray
    clusters: np.ndarray

    @classmethod
    def of(
        cls, problem: Problem, frame: pd.DataFrame, outcome: np.ndarray, scores: np.ndarray
    ) -> Self:
        """Label the rows of a table with their periods and clusters."""
        labels = periods.of(frame, problem).to_numpy(dtype=str)
        return cls(outcome, scores, labels, clusters.of(frame, problem))

    def __add__(self, other: "UnseenRows") -> "UnseenRows":
        fields = zip(vars(self).values(), vars(other).values(), strict=True)
        return UnseenRows(*(np.concatenate(pair) for pair in fields))

    def by_period(self) -> dict[str, np.ndarray]:
        """Return the scores by the label of the period."""
        return {str(label): self.scores[self.periods == label] for label in np.unique(self.periods)}

    def threshold(self, problem: Problem) -> float:
        """Choose the decision threshold of two classes; 0 for other targets."""
        if problem.target.task_type != "binary":
            return 0.0
        confidence = problem.gate.confidence
        return choose_threshold(self.outcome, self.scores, self.clusters, problem.costs, confidence)
