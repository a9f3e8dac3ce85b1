"""Sentences about what policies would have saved, for someone who pays for it."""

from collections.abc import Mapping, Sequence
from math import floor, isfinite, log10
from typing import Any

from longhaul.backtest.table import PER


def best(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the row with the highest lower bound of its saving; None if none is above zero."""
    sure = [row for row in rows if isfinite(row["saving"]["low"]) and row["saving"]["low"] > 0]
    return max(sure, key=lambda row: float(row["saving"]["low"])) if sure else None


def describe(rows: Sequence[Mapping[str, Any]], span: str) -> str:
    """Describe the verdict on the policies under one label lag.

    Parameters
    ----------
    rows : sequence of mapping
        See `longhaul.backtest.table`; the first is that of doing nothing.
    span : str
        What the periods are, such as ``the 6 months``.
    """
    winner, others = best(rows), rows[1:]
    if winner is None:
        return _doubtful(others) + _worse(others)
    text = (
        f"“{winner['policy']}” saves most: per {PER:,} rows, decisions cost"
        f" {less(winner['saving'])}; over {span}, {less(winner['total_saving'])}."
        " That is beyond doubt."
    )
    also = [row for row in others if row["saving"]["low"] > 0 and row is not winner]
    return text + _list("Beyond doubt, these save too", also) + _worse(others)


def _doubtful(rows: Sequence[Mapping[str, Any]]) -> str:
    highest = max(rows, key=lambda row: float(row["saving"]["value"]))
    if highest["saving"]["value"] <= 0:
        return "Doing nothing is as good as anything: no policy would have cost less."
    return (
        "No policy saves beyond doubt, so that nothing speaks against doing nothing. The best"
        f" figure is that of “{highest['policy']}”: per {PER:,} rows, {less(highest['saving'])}."
    )


def _worse(rows: Sequence[Mapping[str, Any]]) -> str:
    return _list("Beyond doubt, these cost more", [r for r in rows if r["saving"]["high"] < 0])


def _list(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """List policies with what they save; empty without any."""
    names = "; ".join(f"“{row['policy']}”, {less(row['saving'])}" for row in rows)
    return f" {title}: {names}." if names else ""


def headline(by_lag: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return one line: by lag, the policy that saves most and how much."""
    return "; ".join(f"outcomes after {lag}: {_short(rows)}" for lag, rows in by_lag.items())


def _short(rows: Sequence[Mapping[str, Any]]) -> str:
    winner = best(rows)
    if winner is None:
        return "no policy saves beyond doubt"
    saving = winner["saving"]
    bounds = f"[{number(saving['low'])}, {number(saving['high'])}]"
    return f"{winner['policy']} saves {number(saving['value'])} {bounds} per {PER:,} rows"


def less(saving: Mapping[str, float]) -> str:
    """Say how much less, or more, is paid, such as ``24 less [13, 34]``."""
    value, low, high = saving["value"], saving["low"], saving["high"]
    if not value and not low and not high:
        return "the same"
    if value < 0:
        value, low, high = -value, -high, -low
        return f"{number(value)} more [{number(low)}, {number(high)}]"
    return f"{number(value)} less [{number(low)}, {number(high)}]"


def number(value: float) -> str:
    """Round to two digits, and to a whole number from 10 on, such as ``4,300`` or ``0.52``."""
    if not isfinite(value):
        return "?"
    if not value:
        return "0"
    digits = max(1 - floor(log10(abs(value))), -9)
    rounded = round(value, digits)
    return f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:,.{max(digits, 0)}f}"
