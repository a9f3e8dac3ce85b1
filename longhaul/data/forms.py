"""Formats of a problem's columns: the declared ones, and those that its table shows."""

from collections.abc import Mapping
from dataclasses import replace

from longhaul.errors import LonghaulError
from longhaul.features import column_format
from longhaul.problem import Problem


def declared_forms(problem: Problem) -> dict[str, str]:
    """Return the declared formats; dates have the problem's time zone, unless they have their own.

    Raises
    ------
    LonghaulError
        When one is no format; it names the column.
    """
    zone = problem.time.zone if problem.time else ""
    forms = {}
    for name, text in problem.columns.items():
        try:
            forms[name] = str(column_format.parse(text).in_zone(zone))
        except LonghaulError as error:
            raise LonghaulError(f"{name}: {error}") from None
    return forms


def with_forms(problem: Problem, forms: Mapping[str, str]) -> Problem:
    """Write formats that were inferred into a problem, for all who read its columns later."""
    return replace(problem, columns={**problem.columns, **forms})
