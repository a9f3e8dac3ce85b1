"""The data contract: what the training window showed, and where later rows leave it."""

import operator
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from longhaul.data.summary import CATEGORY, EXAMPLES, NUMBER, ColumnSummary, Summary, column_type
from longhaul.problem import Contract, Problem

_ABSENT = "column_in_dataframe"  # pandera's name for the check that a column is there


@dataclass(frozen=True)
class Breach:
    """A column that as a whole leaves the contract."""

    column: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.column!r}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True)
class Findings:
    """Where rows leave the contract.

    Attributes
    ----------
    reasons : Series of str
        Why each bad row is bad, by its index in the frame; good rows have none.
    breaches : tuple of Breach
        Of whole columns.
    """

    reasons: pd.Series
    breaches: tuple[Breach, ...]


def learn(frame: pd.DataFrame, period: pd.Series, problem: Problem) -> dict[str, Any]:
    """Learn the type, range, categories and missing share of every feature.

    Parameters
    ----------
    frame : DataFrame of n rows
        The training window.
    period : Series of str, n rows
        The period of each row: missing shares are the highest of any.

    Returns
    -------
    dict
        By feature, in terms that JSON knows.
    """
    features = problem.features(frame.columns)
    codes, labels = pd.factorize(period, sort=True)
    return expect(
        {label: Summary.of(frame[codes == code], features) for code, label in enumerate(labels)}
    )


def expect(periods: Mapping[str, Summary]) -> dict[str, Any]:
    """What `learn` returns, from what was counted in each period."""
    whole = reduce(operator.add, periods.values())
    return {
        name: {
            **_expect(whole.columns[name], [one.columns[name] for one in periods.values()]),
            "missing": max(
                one.columns[name].missing / one.rows for one in periods.values() if one.rows
            ),
        }
        for name in whole.columns
    }


def check(frame: pd.DataFrame, learned: Mapping[str, Any], limits: Contract) -> Findings:
    """Hold rows against what was learned.

    Parameters
    ----------
    frame : DataFrame of n rows
        With an index of unique labels.
    learned : mapping
        As `learn` returned it.
    limits : Contract
        How far rows may leave it.
    """
    foreign = {
        name: str(frame[name].dtype)
        for name, expected in learned.items()
        if name in frame and column_type(frame[name]) != expected["kind"] and frame[name].notna().any()
    }
    breaches = [
        Breach(name, f"a {learned[name]['kind']}", _show(dtype, frame[name]))
        for name, dtype in foreign.items()
    ]
    schema = pa.DataFrameSchema(
        {
            name: _schema(name, expected, limits)
            for name, expected in learned.items()
            if name not in foreign
        }
    )
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        rows = cases[cases["index"].notna() & (cases["schema_context"] == "Column")]
        whole = cases.drop(rows.index)
        breaches += [_breach(case, frame, learned) for case in whole.to_dict("records")]
        return Findings(_reasons(rows), tuple(breaches))
    return Findings(pd.Series(dtype="str"), tuple(breaches))


def breaches(found: Summary, learned: Mapping[str, Any], limits: Contract) -> tuple[Breach, ...]:
    """The breaches of `check`, from what was counted of the rows."""
    told = []
    for name, expected in learned.items():
        column = found.columns.get(name)
        if column is None:
            told.append(Breach(name, "a column of this name", "none"))
        elif column.kind != expected["kind"] and column.missing < found.rows:
            told.append(Breach(name, f"a {expected['kind']}", _such(column.type, column.examples)))
        else:
            told += _shares(name, column, found.rows, expected, limits)
    return tuple(told)


def reasons(frame: pd.DataFrame, learned: Mapping[str, Any], limits: Contract) -> pd.Series:
    """The reasons of `check`: they depend on each row alone."""
    lenient = replace(limits, missing=1.0, unseen=1.0)
    return check(frame, learned, lenient).reasons


def _expect(column: ColumnSummary, periods: Sequence[ColumnSummary]) -> dict[str, Any]:
    if column.kind == NUMBER:  # infinities aside: an infinite range holds anything
        return {"kind": column.kind, "min": column.low, "max": column.high}
    if column.kind == CATEGORY:
        unseen = _usually_unseen(periods)
        return {"kind": column.kind, "levels": sorted(column.levels), "unseen": unseen}
    return {"kind": column.kind}


def _usually_unseen(periods: Sequence[ColumnSummary]) -> float:
    """The highest share of rows, of any period, in categories that no other period has."""
    filled = [one for one in periods if one.levels]
    if len(filled) < 2:
        return 0.0
    homes = Counter(level for one in filled for level in one.levels)
    return max(
        sum(count for level, count in one.levels.items() if homes[level] == 1) / one.rows
        for one in filled
    )


def _shares(
    name: str, column: ColumnSummary, rows: int, expected: Mapping[str, Any], limits: Contract
) -> list[Breach]:
    """Too many missing values, or too many categories never seen."""
    told = []
    most = min(1.0, expected["missing"] + limits.missing)
    if rows and column.missing / rows > most:
        share = f"{column.missing:,} of {rows:,} ({column.missing / rows:.1%})"
        told.append(Breach(name, f"at most {most:.1%} missing", share))
    if expected["kind"] == CATEGORY:
        most = min(1.0, expected["unseen"] + limits.unseen)
        known = set(expected["levels"])
        new = {level: count for level, count in column.levels.items() if level not in known}
        count = sum(new.values())
        if rows and count / rows > most:
            share = f"{count:,} of {rows:,} ({count / rows:.1%})"
            found = _such(share, list(new))
            told.append(Breach(name, f"at most {most:.1%} in categories never seen", found))
    return told


def _schema(name: str, expected: Mapping[str, Any], limits: Contract) -> pa.Column:
    """One column's expectations in pandera's terms; the text of a check is what was expected."""
    most_missing = min(1.0, expected["missing"] + limits.missing)
    checks = [
        pa.Check(
            lambda column: column.empty or bool(column.isna().mean() <= most_missing),
            error=f"at most {most_missing:.1%} missing",
            ignore_na=False,
        )
    ]
    if expected["kind"] == "number":
        checks.append(_near(expected["min"], expected["max"], limits.margin))
    if expected["kind"] == "category":
        most_unseen = min(1.0, expected["unseen"] + limits.unseen)
        checks.append(_few_unseen(expected["levels"], most_unseen))
    return pa.Column(name=name, checks=checks, nullable=True, required=True)


def _near(low: float | None, high: float | None, margin: float) -> pa.Check:
    """That a number is in the learned range or not far from it; finite where there is no range."""
    if low is None or high is None or low == high:  # one value says nothing of how far is far
        return pa.Check(lambda column: np.isfinite(column.astype(float)), error="a finite number")
    slack = margin * (high - low)
    low, high = low - slack, high + slack
    return pa.Check.in_range(low, high, error=f"from {low:g} to {high:g}")


def _few_unseen(levels: Collection[str], most: float) -> pa.Check:
    """That few rows have a category never seen; the encoder knows what to do with those."""
    return pa.Check(
        lambda column: column.empty or bool(_unseen(column, levels).mean() <= most),
        error=f"at most {most:.1%} in categories never seen",
        ignore_na=False,
    )


def _unseen(column: pd.Series, levels: Collection[str]) -> pd.Series:
    """Which rows have a category, and one that was never seen."""
    return column.notna() & ~column.astype(str).isin(levels)


def _reasons(rows: pd.DataFrame) -> pd.Series:
    """Why each row is bad, all reasons of a row in one text."""
    text = rows["column"] + " = " + rows["failure_case"].astype(str) + ", expected " + rows["check"]
    return text.groupby(rows["index"].astype(int)).agg("; ".join)


def _breach(case: Mapping[str, Any], frame: pd.DataFrame, learned: Mapping[str, Any]) -> Breach:
    if case["check"] == _ABSENT:
        return Breach(str(case["failure_case"]), "a column of this name", "none")
    name, expected = str(case["column"]), str(case["check"])
    column = frame[name]
    if "missing" in expected:
        gaps = int(column.isna().sum())
        return Breach(name, expected, f"{gaps:,} of {len(column):,} ({gaps / len(column):.1%})")
    unseen = _unseen(column, learned[name]["levels"])
    count = f"{int(unseen.sum()):,} of {len(column):,} ({unseen.mean():.1%})"
    return Breach(name, expected, _show(count, column[unseen]))


def _show(what: str, column: pd.Series) -> str:
    """A few values of a column, for the reader to recognise."""
    return _such(what, column.dropna().unique().tolist())


def _such(what: str, values: Sequence[Any]) -> str:
    return f"{what}, such as {', '.join(map(repr, values[:EXAMPLES]))}"
