"""Ranges of periods, from a first to a last one, and their overlap."""

import re
from collections.abc import Sequence
from typing import Any

PeriodRange = Sequence[str]


def comparable(*ranges: Any) -> bool:
    """Return whether all are ranges of periods of one length, so that labels have an order."""
    if not all(map(_is_range, ranges)):
        return False
    return len({re.sub(r"\d", "0", label) for span in ranges for label in span}) == 1


def overlap(first: Any, second: Any) -> bool:
    """Return whether two comparable ranges have a period in common."""
    return comparable(first, second) and bool(first[0] <= second[1] and second[0] <= first[1])


def describe(span: PeriodRange) -> str:
    """Describe a range for a reader, such as ``2013-01 to 2013-05``."""
    return " to ".join(dict.fromkeys(span))


def _is_range(bounds: Any) -> bool:
    """Return whether it is two labels of periods, in order."""
    if not isinstance(bounds, list | tuple) or len(bounds) != 2:
        return False
    return all(isinstance(label, str) and label for label in bounds) and bounds[0] <= bounds[1]
