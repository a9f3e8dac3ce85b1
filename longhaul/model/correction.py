"""Correction of the level of a model's probabilities, day by day, from outcomes that came in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from longhaul.errors import LonghaulError

FORMAT = 1
STALE_DAYS = 3  # how long the newest shift is used after its day
_NEARLY_SURE = 1e-9  # the log-odds of a certainty are infinite


@dataclass(frozen=True)
class Correction:
    """Shifts of the log-odds of a version's probabilities, one for each day.

    A day's shift depends only on outcomes that were available on that day, so that a batch of
    a month and a service that ran through it correct alike.

    Attributes
    ----------
    version : str
        URI of the version whose probabilities are shifted, such as ``models:/flights/3``.
    days : tuple of str
        Such as ``2013-07-01``, ascending and without a gap.
    shifts : tuple of float
        Of each day, in log-odds; 0.0 where the rule leaves the day as it is.
    threshold : float
        That a corrected probability is decided by: the cost of a false positive divided by the sum
        of both costs (Elkan 2001, The foundations of cost-sensitive learning).
    """

    version: str
    days: tuple[str, ...]
    shifts: tuple[float, ...]
    threshold: float

    @cached_property
    def _first(self) -> np.datetime64:
        return np.datetime64(self.days[0], "D")

    @property
    def active(self) -> bool:
        """Whether some day is shifted."""
        return any(self.shifts)

    @property
    def current(self) -> float:
        """Shift of the newest day."""
        return self.shifts[-1] if self.shifts else 0.0

    def shift(self, times: pd.Series) -> np.ndarray:
        """Return the shift of each row's day: float of shape (n,).

        Parameters
        ----------
        times : Series of datetime64, n rows
            A missing time counts as the newest day. Days before the first one, and those more than
            `STALE_DAYS` after the last one, are not shifted.
        """
        if not self.days:
            return np.zeros(len(times))
        day = times.to_numpy().astype("datetime64[D]")
        place = (day - self._first).astype(np.int64)
        place[np.isnat(day)] = len(self.days) - 1
        fresh = (place >= 0) & (place < len(self.days) + STALE_DAYS)
        shifts = np.asarray(self.shifts)[np.clip(place, 0, len(self.days) - 1)]
        return np.where(fresh, shifts, 0.0)

    def decide(self, probability: np.ndarray, shift: np.ndarray, threshold: float) -> np.ndarray:
        """Decide corrected rows by `threshold` of the correction, the others by the model's own."""
        return np.asarray(probability >= np.where(shift != 0.0, self.threshold, threshold))

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return {
            "format": FORMAT,
            "version": self.version,
            "days": list(self.days),
            "shifts": list(self.shifts),
            "threshold": self.threshold,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Restore a correction from `to_dict`.

        Raises
        ------
        LonghaulError
            When it has another format.
        """
        if record.get("format") != FORMAT:
            raise LonghaulError(
                f"correction: its format is {record.get('format')!r}, but this version of Longhaul"
                f" reads {FORMAT}; recalibrate again"
            )
        return cls(
            record["version"], tuple(record["days"]), tuple(record["shifts"]), record["threshold"]
        )


def apply(probability: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Shift the log-odds of probabilities; a shift of 0.0 leaves one as it is, to the bit.

    Parameters
    ----------
    probability, shift : ndarray of float, shape (n,)
    """
    odds = logit(np.clip(probability, _NEARLY_SURE, 1 - _NEARLY_SURE))
    return np.where(shift != 0.0, expit(odds + shift), probability)
