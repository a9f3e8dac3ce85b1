"""Correction of the level of a model's probabilities, day by day, from outcomes that came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.special import expit, logit

from longhaul.errors import LonghaulError
from longhaul.features.formats import iso_time
from longhaul.features.formats import times as read_times

FORMAT = 1
RAW, SHIFT = "raw", "shift"
SCHEMA = {RAW: pa.float64(), SHIFT: pa.float64()}  # what the model itself gave, and its shift
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
    def _first(self) -> date:
        return date.fromisoformat(self.days[0])

    @property
    def active(self) -> bool:
        """Return whether a day is shifted."""
        return any(self.shifts)

    @property
    def current(self) -> float:
        """Shift of the newest day."""
        return self.shifts[-1] if self.shifts else 0.0

    def shift(self, times: pd.Series) -> np.ndarray:
        """Return the shift of each row's day: float of shape (n,).

        Parameters
        ----------
        times : Series, n rows
            See `longhaul.features.formats.times`. A missing time counts as the newest day. Days
            before the first one, and those more than `STALE_DAYS` after the last one, are not
            shifted.
        """
        if not self.days:
            return np.zeros(len(times))
        day = read_times(times).to_numpy().astype("datetime64[D]")
        place = (day - np.datetime64(self._first, "D")).astype(np.int64)
        place[np.isnat(day)] = len(self.days) - 1
        fresh = (place >= 0) & (place < len(self.days) + STALE_DAYS)
        shifts = np.asarray(self.shifts)[np.clip(place, 0, len(self.days) - 1)]
        return np.where(fresh, shifts, 0.0)

    def shift_values(self, values: Sequence[Any]) -> np.ndarray:
        """Return the shift of each row's day as `shift` does, but of plain Python values.

        For a single row of JSON, this takes about a hundredth of the time of a Series.
        """
        try:
            moments = {value: iso_time(value) for value in set(values)}
        except (TypeError, ValueError):  # a rarer format, which pandas may read
            return self.shift(pd.Series(values, dtype=object))
        shifts = {value: self._shift_at(moment) for value, moment in moments.items()}
        return np.array([shifts[value] for value in values])

    def _shift_at(self, moment: date | None) -> float:
        if moment is None or not self.days:
            return self.current
        place = moment.toordinal() - self._first.toordinal()
        fresh = 0 <= place < len(self.days) + STALE_DAYS
        return self.shifts[min(place, len(self.days) - 1)] if fresh else 0.0

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


def columns(
    scores: np.ndarray,
    times: pd.Series | Sequence[Any] | None,
    threshold: float,
    correction: Correction | None,
) -> dict[str, np.ndarray]:
    """Correct what a binary model gave for n rows.

    Batches, Spark, the service, and the rewriting of files all go through here: equal probabilities
    of equal days are equal to the bit.

    Parameters
    ----------
    scores : ndarray of float, shape (n,)
    times : Series or sequence of n values, or None
        Of the problem's time column; None where the rows have none, so that all are of the newest
        day.
    threshold : float
        The model's own.
    correction : Correction or None

    Returns
    -------
    dict of str to ndarray of shape (n,)
        ``probability`` and ``decision`` as they are served, `RAW` and `SHIFT`.
    """
    shift = _shifts(times, len(scores), correction)
    if correction is None or not shift.any():
        probability, decision = scores, np.asarray(scores >= threshold)
    else:
        probability = apply(scores, shift)
        decision = correction.decide(probability, shift, threshold)
    return {"probability": probability, "decision": decision, RAW: scores, SHIFT: shift}


def _shifts(
    times: pd.Series | Sequence[Any] | None, count: int, correction: Correction | None
) -> np.ndarray:
    if correction is None or not correction.active:
        return np.zeros(count)
    if times is None:
        return np.full(count, correction.current)
    return (
        correction.shift(times) if isinstance(times, pd.Series) else correction.shift_values(times)
    )
