"""Rows in; probabilities, decisions and reasons out."""

from dataclasses import replace

import numpy as np
import pandas as pd

from longhaul.estimators.estimator import SklearnEstimator
from longhaul.model.package import Package
from tests.tables import churn

ROWS = churn(rows_per_month=20)


def test_probability(package: Package) -> None:
    """The predictor encodes and estimates: one probability for each row."""
    predictor = package.predictor
    matrix = predictor.encoder.transform(ROWS)
    np.testing.assert_array_equal(predictor.estimator.scores(matrix), predictor.scores(ROWS))


def test_row_by_row(package: Package) -> None:
    """A row alone has the probability that it has among others, bit for bit."""
    together = package.predictor.scores(ROWS)
    alone = [package.predictor.scores(ROWS.iloc[[i]])[0] for i in range(len(ROWS))]
    np.testing.assert_array_equal(together, alone)


def test_decide(package: Package) -> None:
    """The threshold itself is decided positive."""
    predictor = replace(package.predictor, threshold=0.25)
    np.testing.assert_array_equal(
        [False, True, True], predictor.decide(np.array([0.2499, 0.25, 0.9]))
    )


def test_reasons(package: Package) -> None:
    """The features that moved a row most, strongest first, in words of the table."""
    frame = pd.DataFrame(
        {
            "day": [pd.Timestamp("2020-02-03 04:05")],
            "calls": [9],
            "plan": ["basic"],
            "age": [np.nan],
        }
    )
    [text] = package.predictor.reasons(frame, 4)
    said = [part.rpartition(" ") for part in text.split("; ")]
    names = {"calls=9", "plan=basic", "age=missing", "day=2020-02-03 04:05"}
    assert names == {name for name, _, _ in said}
    effects = [abs(float(effect)) for _, _, effect in said]
    assert sorted(effects, reverse=True) == effects
    [short] = package.predictor.reasons(frame, 2)
    assert text.startswith(short)


def test_reasons_unknown(package: Package) -> None:
    """A family that does not know its reasons gives empty texts."""
    mute = replace(package.predictor, estimator=SklearnEstimator(None))
    assert mute.reasons(ROWS.head(2), 3) == ["", ""]
