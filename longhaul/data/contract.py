"""The data contract: what the training window showed, and where later rows leave it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandas.api import types
from pandera.errors import SchemaErrors

from longhaul.problem import Contract, Problem

EXAMPLES = 5
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
    missing = frame[features].isna().groupby(period).mean().max()
    return {
        name: {**_expect(frame[name], period), "missing": float(missing[name])} for name in features
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
        if name in frame and _kind(frame[name]) != expected["kind"] and frame[name].notna().any()
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


def _expect(column: pd.Series, period: pd.Series) -> dict[str, Any]:
    kind = _kind(column)
    known = column.dropna()
    if kind == "number":
        finite = known[np.isfinite(known.astype(float))]  # an infinite range holds anything
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (None, None)
        return {"kind": kind, "min": low, "max": high}
    if kind == "category":
        texts = known.astype(str)
        unseen = _usually_unseen(texts, period)
        return {"kind": kind, "levels": sorted(texts.unique()), "unseen": unseen}
    return {"kind": kind}


def _usually_unseen(texts: pd.Series, period: pd.Series) -> float:
    """The highest share of rows, of any period, in categories that no other period has."""
    within = pd.DataFrame({"level": texts, "period": period.loc[texts.index]})
    if len(within["period"].unique()) < 2:
        return 0.0
    alone = within.drop_duplicates().groupby("level").size() == 1
    only = within["level"].map(alone).groupby(within["period"]).sum()
    return float((only / period.value_counts().reindex(only.index)).max())


def _kind(column: pd.Series) -> str:
    if types.is_datetime64_any_dtype(column):
        return "date"
    return "number" if types.is_numeric_dtype(column) else "category"


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
    values = ", ".join(repr(value) for value in column.dropna().unique()[:EXAMPLES].tolist())
    return f"{what}, such as {values}"
