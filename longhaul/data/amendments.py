"""Amendments of the data contract: values that are accepted although training had none of them."""

import csv
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from longhaul.data.summary import CATEGORY, NUMBER
from longhaul.errors import LonghaulError

SEPARATOR = ".."  # between the two ends of a range

_NUMBER = r"\s*([+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*"
_RANGE = re.compile(_NUMBER + re.escape(SEPARATOR) + _NUMBER)


@dataclass(frozen=True)
class Amendment:
    """Values that the contract allows in a column beside those that were learned.

    Attributes
    ----------
    column : str
    levels : tuple of str
        Categories; empty for a range of numbers.
    low, high : float or None
        Ends of a range; None for categories.
    """

    column: str
    levels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def column_type(self) -> str:
        """The type of the columns that it is for."""
        return CATEGORY if self.levels else NUMBER

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return {**asdict(self), "levels": list(self.levels)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Restore an amendment from `to_dict`."""
        return cls(**{**stored, "levels": tuple(stored["levels"])})

    def __str__(self) -> str:
        if self.levels:
            return f"{self.column} may be {', '.join(map(repr, self.levels))}"
        return f"{self.column} may be from {self.low:g} to {self.high:g}"


def parse(column: str, values: str, limits: str, expectations: Mapping[str, Any]) -> Amendment:
    """Read an amendment as a user writes it, and check that it fits the contract.

    Parameters
    ----------
    column : str
    values : str
        Categories with commas between them, as in a row of a CSV file; empty for a range.
    limits : str
        The ends of a range of numbers, such as ``-5..120``; empty for categories.
    expectations : mapping
        The contract, as `longhaul.data.contract.learn` returned it.

    Raises
    ------
    LonghaulError
    """
    if bool(values.strip()) == bool(limits.strip()):
        raise LonghaulError(
            "values, limits: give one of them: categories such as 'student,senior', or a range of"
            f" numbers such as 0{SEPARATOR}120"
        )
    if column not in expectations:
        allowed = ", ".join(map(repr, expectations))
        raise LonghaulError(f"column: {column!r} is not in the contract; it has {allowed}")
    amendment = (
        Amendment(column, levels=_levels(values)) if values.strip() else _range(column, limits)
    )
    actual = expectations[column]["kind"]
    if amendment.column_type != actual:
        raise LonghaulError(
            f"column: {column!r} is a {actual} in the contract; values are for a category, limits"
            " for a number"
        )
    return amendment


def amend(expectations: Mapping[str, Any], amendments: Iterable[Amendment]) -> dict[str, Any]:
    """Apply amendments to the contract; amendments of columns that are gone are left out.

    Parameters
    ----------
    expectations : mapping
        As `longhaul.data.contract.learn` returned them.
    amendments : iterable of Amendment
    """
    amended = {name: dict(expected) for name, expected in expectations.items()}
    for amendment in amendments:
        expected = amended.get(amendment.column)
        if expected is None or expected["kind"] != amendment.column_type:
            continue
        if amendment.levels:
            expected["levels"] = sorted({*expected["levels"], *amendment.levels})
        else:
            low, high = expected.get("accepted", (math.inf, -math.inf))
            expected["accepted"] = [min(low, amendment.low), max(high, amendment.high)]
    return amended


def _levels(values: str) -> tuple[str, ...]:
    row = next(csv.reader([values], skipinitialspace=True))
    levels = tuple(dict.fromkeys(level.strip() for level in row if level.strip()))
    if not levels:
        raise LonghaulError(f"values: {values!r} has no value; write them as in 'student,senior'")
    return levels


def _range(column: str, limits: str) -> Amendment:
    match = _RANGE.fullmatch(limits)
    ends = [float(end) for end in match.groups()] if match else [math.inf]
    if not all(map(math.isfinite, ends)):
        raise LonghaulError(f"limits: {limits!r} is no range of numbers such as 0{SEPARATOR}120")
    if ends[0] > ends[1]:
        raise LonghaulError(f"limits: {limits!r} begins above its end; write the lower one first")
    return Amendment(column, low=ends[0], high=ends[1])
