"""Class statistics: counts and sums over predictions of several classes."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from longhaul.monitoring.loss_sums import LossSums
from longhaul.monitoring.scores import UNKNOWN, Scores, logarithm

LOSSES = ("log_loss", "brier")


@dataclass(frozen=True)
class ClassStatistics:
    """Counts and sums over predictions; statistics of batches add up.

    Attributes
    ----------
    decided : Scores
        Of the class decided for: by its probability, and whether it was right.
    outcomes : ndarray of int, shape (k + 1, 2)
        Rows by outcome, and how many of them were decided rightly; the last outcome is that of
        undeclared classes.
    losses : LossSums
        Of `LOSSES`, expected by the probabilities themselves.
    """

    decided: Scores
    outcomes: np.ndarray
    losses: LossSums

    @classmethod
    def of(cls, probabilities: np.ndarray, code: np.ndarray, label: np.ndarray) -> Self:
        """Count predictions.

        Parameters
        ----------
        probabilities : ndarray of float, shape (n, k)
        code : ndarray of int, shape (n,)
            The class decided for.
        label : ndarray of float, shape (n,)
            The outcome; -1 for an undeclared class, NaN where it is unknown.
        """
        classes = probabilities.shape[1]
        labelled = ~np.isnan(label)
        right = np.where(labelled, code == label, UNKNOWN).astype(int)
        sure = probabilities[np.arange(len(code)), code]
        actual = np.where(labelled, label, 0).astype(int)
        place = np.where(actual < 0, classes, actual)[labelled]
        hit = (right == 1)[labelled]
        outcomes = np.stack(
            [
                np.bincount(place, minlength=classes + 1),
                np.bincount(place[hit], minlength=classes + 1),
            ],
            axis=1,
        )
        decided = Scores.of(sure, np.ones(len(code), dtype=bool), right)
        return cls(decided, outcomes, _losses(probabilities, actual, labelled))

    def summarize(self, probabilities: np.ndarray, code: np.ndarray, label: np.ndarray) -> Self:
        """Count other predictions of the same classes."""
        return self.of(probabilities, code, label)

    def __add__(self, other: "ClassStatistics") -> "ClassStatistics":
        return ClassStatistics(
            self.decided + other.decided,
            self.outcomes + other.outcomes,
            self.losses + other.losses,
        )

    @property
    def rows(self) -> int:
        """Number of predictions."""
        return self.decided.rows

    @property
    def labelled(self) -> int:
        """Number of predictions with a known outcome."""
        return self.decided.labelled

    @property
    def positives(self) -> int:
        """Number of decisions that were right."""
        return self.decided.positives

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return {
            "decided": self.decided.to_dict(),
            "outcomes": self.outcomes.tolist(),
            "losses": self.losses.to_dict(),
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore counts and sums from `to_dict`."""
        outcomes = np.array([*map(np.array, record["outcomes"])], dtype=np.int64)
        losses = LossSums.from_dict(record["losses"])
        return cls(Scores.from_dict(record["decided"]), outcomes, losses)


def balanced_accuracy(outcomes: np.ndarray) -> np.ndarray:
    """Compute the mean recall of the outcomes that occur, of counts of shape (..., k + 1, 2)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        recalls = outcomes[..., 1] / outcomes[..., 0]
        occurring = (outcomes[..., 0] > 0).sum(axis=-1)
        return np.asarray(np.nansum(recalls, axis=-1) / occurring)


def _losses(probabilities: np.ndarray, actual: np.ndarray, labelled: np.ndarray) -> LossSums:
    """Sum up the log loss and the Brier score, expected and realized."""
    squares = (probabilities**2).sum(axis=1)
    entropy = -(probabilities * logarithm(probabilities)).sum(axis=1)
    rows = np.arange(len(actual))
    likelihood = np.where(actual >= 0, probabilities[rows, actual], 0.0)
    lost = np.stack([-logarithm(likelihood), squares - 2 * likelihood + (actual >= 0)], axis=1)
    return LossSums.of(
        np.stack([entropy, 1 - squares], axis=1), np.where(labelled[:, np.newaxis], lost, np.nan)
    )
