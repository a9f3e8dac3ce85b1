"""Data contract: learned from the training window, and checked on later rows."""

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
    """Violation of the contract by a whole column."""

    column: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.column!r}: expected {self.expected}, found {self.actual}"


@dataclass(frozen=True)
class Findings:
    """Violations of the contract by some rows.

    Attributes
    ----------
    reasons : Series of str
        The reason of each bad row, by its index in the frame; good rows have none.
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
        By feature, as JSON types.
    """
    features = problem.features(frame.columns)
    codes, labels = pd.factorize(period, sort=True)
    return expect(
        {label: Summary.of(frame[codes == code], features) for code, label in enumerate(labels)}
    )


def expect(periods: Mapping[str, Summary]) -> dict[str, Any]:
    """Derive the contract from the summaries of periods; see `learn`."""
    total = reduce(operator.add, periods.values())
    return {
        name: {
            **_expect(total.columns[name], [summary.columns[name] for summary in periods.values()]),
            "missing": max(
                summary.columns[name].missing / summary.rows
                for summary in periods.values()
                if summary.rows
            ),
        }
        for name in total.columns
    }


def check(frame: pd.DataFrame, expectations: Mapping[str, Any], limits: Contract) -> Findings:
    """Check rows against the contract.

    Parameters
    ----------
    frame : DataFrame of n rows
        With an index of unique labels.
    expectations : mapping
        As `learn` returned them.
    limits : Contract
        How far rows may deviate from them.
    """
    foreign = {
        name: str(frame[name].dtype)
        for name, expected in expectations.items()
        if name in frame
        and column_type(frame[name]) != expected["kind"]
        and frame[name].notna().any()
    }
    breaches = [
        Breach(name, f"a {expectations[name]['kind']}", _show(dtype, frame[name]))
        for name, dtype in foreign.items()
    ]
    schema = pa.DataFrameSchema(
        {
            name: _schema(name, expected, limits)
            for name, expected in expectations.items()
            if name not in foreign
        }
    )
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        rows = cases[cases["index"].notna() & (cases["schema_context"] == "Column")]
        columns = cases.drop(rows.index)
        breaches += [_breach(case, frame, expectations) for case in columns.to_dict("records")]
        return Findings(_reasons(rows), tuple(breaches))
    return Findings(pd.Series(dtype="str"), tuple(breaches))


def breaches(
    summary: Summary, expectations: Mapping[str, Any], limits: Contract
) -> tuple[Breach, ...]:
    """Find the breaches of `check` from a summary of the rows."""
    breached = []
    for name, expected in expectations.items():
        column = summary.columns.get(name)
        if column is None:
            breached.append(Breach(name, "a column of this name", "none"))
        elif column.column_type != expected["kind"] and column.missing < summary.rows:
            actual = _such(column.dtype, column.examples)
            breached.append(Breach(name, f"a {expected['kind']}", actual))
        else:
            breached += _shares(name, column, summary.rows, expected, limits)
    return tuple(breached)


def reasons(frame: pd.DataFrame, expectations: Mapping[str, Any], limits: Contract) -> pd.Series:
    """Find the reasons of `check`, which depend on each row alone."""
    lenient = replace(limits, missing=1.0, unseen=1.0)
    return check(frame, expectations, lenient).reasons


def _expect(column: ColumnSummary, periods: Sequence[ColumnSummary]) -> dict[str, Any]:
    if column.column_type == NUMBER:  # finite ones: an infinite range allows anything
        return {"kind": column.column_type, "min": column.low, "max": column.high}
    if column.column_type == CATEGORY:
        unseen = _usually_unseen(periods)
        return {"kind": column.column_type, "levels": sorted(column.levels), "unseen": unseen}
    return {"kind": column.column_type}


def _usually_unseen(periods: Sequence[ColumnSummary]) -> float:
    """Return the highest share of rows, of any period, in categories that no other period has."""
    filled = [column for column in periods if column.levels]
    if len(filled) < 2:
        return 0.0
    periods_with = Counter(level for column in filled for level in column.levels)
    return max(
        sum(count for level, count in column.levels.items() if periods_with[level] == 1)
        / column.rows
        for column in filled
    )


def _shares(
    name: str, column: ColumnSummary, rows: int, expected: Mapping[str, Any], limits: Contract
) -> list[Breach]:
    """Find too many missing values, and too many rows in categories never seen."""
    breached = []
    most = min(1.0, expected["missing"] + limits.missing)
    if rows and column.missing / rows > most:
        share = f"{column.missing:,} of {rows:,} ({column.missing / rows:.1%})"
        breached.append(Breach(name, f"at most {most:.1%} missing", share))
    if expected["kind"] == CATEGORY:
        most = min(1.0, expected["unseen"] + limits.unseen)
        levels = set(expected["levels"])
        new = {level: count for level, count in column.levels.items() if level not in levels}
        count = sum(new.values())
        if rows and count / rows > most:
            share = f"{count:,} of {rows:,} ({count / rows:.1%})"
            actual = _such(share, list(new))
            breached.append(Breach(name, f"at most {most:.1%} in categories never seen", actual))
    return breached


def _schema(name: str, expected: Mapping[str, Any], limits: Contract) -> pa.Column:
    """Convert a column's expectations to pandera's; the text of a check is the expectation."""
    most_missing = min(1.0, expected["missing"] + limits.missing)
    checks = [
        pa.Check(
            lambda column: column.empty or bool(column.isna().mean() <= most_missing),
            error=f"at most {most_missing:.1%} missing",
            ignore_na=False,
        )
    ]
    if expected["kind"] == "number":
        accepted = expected.get("accepted", ())
        checks.append(_near(expected["min"], expected["max"], limits.margin, accepted))
    if expected["kind"] == "category":
        most_unseen = min(1.0, expected["unseen"] + limits.unseen)
        checks.append(_few_unseen(expected["levels"], most_unseen))
    return pa.Column(name=name, checks=checks, nullable=True, required=True)


def _near(
    low: float | None, high: float | None, margin: float, accepted: Sequence[float]
) -> pa.Check:
    """Check that a number is near the learned range or accepted; finite where there is no range."""
    if low is None or high is None or low == high:  # one value gives no scale
        return pa.Check(lambda column: np.isfinite(column.astype(float)), error="a finite number")
    slack = margin * (high - low)
    low, high = min([low - slack, *accepted]), max([high + slack, *accepted])
    return pa.Check.in_range(low, high, error=f"from {low:g} to {high:g}")


def _few_unseen(levels: Collection[str], most: float) -> pa.Check:
    """Check that few rows have a category never seen, which the encoder treats as other."""
    return pa.Check(
        lambda column: column.empty or bool(_unseen(column, levels).mean() <= most),
        error=f"at most {most:.1%} in categories never seen",
        ignore_na=False,
    )


def _unseen(column: pd.Series, levels: Collection[str]) -> pd.Series:
    """Return whether each row has a category that was never seen."""
    return column.notna() & ~column.astype(str).isin(levels)


def _reasons(rows: pd.DataFrame) -> pd.Series:
    """Join all reasons of a row in one text, by its index."""
    text = rows["column"] + " = " + rows["failure_case"].astype(str) + ", expected " + rows["check"]
    return text.groupby(rows["index"].astype(int)).agg("; ".join)


def _breach(
    case: Mapping[str, Any], frame: pd.DataFrame, expectations: Mapping[str, Any]
) -> Breach:
    if case["check"] == _ABSENT:
        return Breach(str(case["failure_case"]), "a column of this name", "none")
    name, expected = str(case["column"]), str(case["check"])
    column = frame[name]
    if "missing" in expected:
        gaps = int(column.isna().sum())
        return Breach(name, expected, f"{gaps:,} of {len(column):,} ({gaps / len(column):.1%})")
    unseen = _unseen(column, expectations[name]["levels"])
    count = f"{int(unseen.sum()):,} of {len(column):,} ({unseen.mean():.1%})"
    return Breach(name, expected, _show(count, column[unseen]))


def _show(what: str, column: pd.Series) -> str:
    """Describe a column with a few of its values as examples."""
    return _such(what, column.dropna().unique().tolist())


def _such(what: str, values: Sequence[Any]) -> str:
    return f"{what}, such as {', '.join(map(repr, values[:EXAMPLES]))}"
