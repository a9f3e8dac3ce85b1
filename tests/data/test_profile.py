"""A profile tells of a table what is true of it, in terms that JSON knows."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longhaul.data import profile
from tests import tables


def test_the_figures_are_those_of_the_table(tmp_path: Path) -> None:
    """Rows, doubles, shares and levels, counted another way."""
    frame = pd.concat([tables.churn(), tables.churn().head(3)], ignore_index=True)
    found = profile.profile(frame, tables.problem(tmp_path))
    positive = frame["churned"] == "yes"
    august = frame["day"].dt.month == 8
    assert (found["rows"], found["duplicates"]) == (len(frame), 3)
    assert found["outcome"]["positive_share"] == pytest.approx(positive.mean())
    assert found["periods"]["2020-08"] == {
        "rows": int(august.sum()),
        "positive_share": pytest.approx(positive[august].mean()),
    }
    assert found["columns"]["plan"]["most"] == frame["plan"].value_counts().to_dict()
    assert found["columns"]["age"]["missing"] == pytest.approx(frame["age"].isna().mean())
    assert found["columns"]["age"]["mean"] == pytest.approx(frame["age"].mean())
    assert found["columns"]["day"]["max"] == frame["day"].max().isoformat()


@pytest.mark.parametrize("values", [np.nan, np.inf, [np.inf, 1.0]])
def test_what_json_cannot_say_is_left_out(tmp_path: Path, values: float | list[float]) -> None:
    """Infinite and missing numbers have no minimum, mean or maximum of their own."""
    frame = tables.churn()
    age = np.resize(np.asarray(values, dtype=float), len(frame))
    found = profile.profile(frame.assign(age=age), tables.problem(tmp_path))
    json.dumps(found, allow_nan=False)
    expected = 1.0 if isinstance(values, list) else None
    assert found["columns"]["age"].get("max") == expected
