"""Spans of time as first and last period, and whether two of them have a period in common."""

import re
from collections.abc import Sequence
from typing import Any

Span = Sequence[str]


def comparable(*found: Any) -> bool:
    """Whether all are spans of periods of one length, so that their labels have an order."""
    if not all(map(_is_span, found)):
        return False
    return len({re.sub(r"\d", "0", label) for span in found for label in span}) == 1


def overlap(one: Any, other: Any) -> bool:
    """Whether two spans that are comparable have a period in common."""
    return comparable(one, other) and bool(one[0] <= other[1] and other[0] <= one[1])


def words(span: Span) -> str:
    """A span as a reader would write it."""
    return " to ".join(dict.fromkeys(span))


def _is_span(found: Any) -> bool:
    """Whether it is two labels of periods, in order."""
    if not isinstance(found, list | tuple) or len(found) != 2:
        return False
    return all(isinstance(label, str) and label for label in found) and found[0] <= found[1]
