"""Features that matter come first, whatever the family."""

from pathlib import Path

import numpy as np
import pytest

from longhaul.data.labels import outcomes
from longhaul.evaluation.attributions import (
    CONTRIBUTION,
    PERMUTATION,
    attributions,
    contribution,
)
from longhaul.problem import Target
from tests import packages, tables


@pytest.mark.parametrize(
    ("family", "method"), [("lightgbm", CONTRIBUTION), ("linear", PERMUTATION)]
)
def test_what_makes_customers_leave_comes_first(tmp_path: Path, family: str, method: str) -> None:
    """Calls and plan do; the others are noise. Every feature is listed once."""
    predictor = packages.fit(tmp_path, family).package.predictor
    frame = tables.churn(rows_per_month=200, seed=1)
    outcome = outcomes(frame, Target("churned", positive="yes"))
    found = attributions(predictor, frame, outcome, seed=0)
    assert found["feature"].tolist()[:2] == ["calls", "plan"]
    assert sorted(predictor.features) == sorted(found["feature"])
    assert {method} == set(found["method"])
    assert found["importance"].is_monotonic_decreasing
    assert found.equals(attributions(predictor, frame, outcome, seed=0))


def test_columns_of_one_feature_are_added_up() -> None:
    """Contributions that cancel out within a feature are none."""
    parts = np.array([[1.0, -1.0, 2.0], [0.5, 0.5, -4.0]])
    assert contribution(parts, [0, 0, 1]).tolist() == [0.5, 3.0]
