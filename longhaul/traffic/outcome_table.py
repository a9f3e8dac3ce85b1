"""Outcome table: ground truth that comes later than the prediction, by the key of the row."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from longhaul.data import sources
from longhaul.data.files import Fetch
from longhaul.data.forms import declared_forms
from longhaul.data.labels import has_label, outcomes
from longhaul.errors import LonghaulError
from longhaul.features.formats import text
from longhaul.problem import Problem

KEY, VALUE = "key", "value"
_EXAMPLES = 3


@dataclass(frozen=True)
class OutcomeTable:
    """Ground truth by key.

    Attributes
    ----------
    frame : DataFrame of n rows
        ``key``, a text that is there once, and ``value``, a text: true or false for two classes,
        the name of one of several, or a number.
    repeated : int
        Rows whose key is there again further down; the last one counts.
    corrected : int
        Keys among them with another outcome than before.
    notes : list of str
        What had to be assumed to read the table.
    """

    frame: pd.DataFrame
    repeated: int = 0
    corrected: int = 0
    notes: list[str] = field(default_factory=list)


NO_OUTCOMES = OutcomeTable(
    pd.DataFrame({KEY: pd.Series(dtype="str"), VALUE: pd.Series(dtype="str")})
)


def read(address: str, query: str, problem: Problem, folder: Path, fetch: Fetch) -> OutcomeTable:
    """Read a table of outcomes: a file, a folder, a pattern of files, a URI or a database.

    Of several rows with one key the last counts, in the order of the files' names and of the rows
    in them. A row without an outcome tells nothing yet.

    Parameters
    ----------
    address : str
    query : str
        What to ask a database.
    problem : Problem
        Names the key and the target, and the formats of both.
    folder : Path
        Where a relative path starts.
    fetch : callable
        See `longhaul.data.files.Fetch`.

    Raises
    ------
    LonghaulError
        When it cannot be read, lacks a column, or has a row without a key or with an outcome that
        is none.
    """
    raw = sources.read_undeclared(address, query, folder, fetch)
    target, forms = problem.target, declared_forms(problem)
    for name in (problem.key, target.column):
        if name not in raw.frame.columns:
            present = ", ".join(map(repr, raw.frame.columns))
            raise LonghaulError(f"outcomes: {address} has no column {name!r}; it has {present}")
    columns = {}
    for name in (problem.key, target.column):
        form = forms.get(name, "category" if name == problem.key else "")
        read_column = sources.read_column(raw.frame[name], form, problem)
        if len(read_column.unfit):
            examples = ", ".join(repr(value) for value in read_column.unfit.head(_EXAMPLES))
            raise LonghaulError(
                f"outcomes: {address} has {len(read_column.unfit):,} values of {name!r} that are no"
                f" {form or read_column.form}: {examples}"
            )
        columns[name] = read_column.column
    table = pd.DataFrame(columns)
    table = table[has_label(table, target)]
    nameless = int(table[problem.key].isna().sum())
    if nameless:
        raise LonghaulError(
            f"outcomes: {address} has {nameless:,} outcomes without a {problem.key!r}: nobody can"
            " tell which row they are of"
        )
    keyed = pd.DataFrame(
        {KEY: table[problem.key].map(text).astype("str"), VALUE: _values(table, problem)}
    )
    last = keyed.drop_duplicates(KEY, keep="last")
    different = keyed.drop_duplicates()
    corrected = int((different[KEY].value_counts() > 1).sum())
    return OutcomeTable(
        last.reset_index(drop=True), len(keyed) - len(last), corrected, list(raw.notes)
    )


def _values(table: pd.DataFrame, problem: Problem) -> pd.Series:
    """Convert the target to the texts of `OutcomeTable.frame`."""
    target = problem.target
    if target.task_type == "multiclass":
        return table[target.column].map(text).astype("str")
    if not len(table):
        return pd.Series(dtype="str")
    values = outcomes(table.infer_objects(), target)
    if target.task_type == "regression":
        return pd.Series([repr(float(value)) for value in values], table.index, dtype="str")
    return pd.Series(["true" if value else "false" for value in values], table.index, dtype="str")
