"""Scores of training periods by models that had not seen them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from longhaul.estimators.sample import Sample
from longhaul.features.encoder import Encoder
from longhaul.training import cross_fit
from longhaul.training.cross_fit import OutOfFold, predict

PERIODS = np.repeat([f"2020-{month:02d}" for month in range(1, 6)], 40)


class Recorded:
    """A family whose models know the periods they were fitted on, and score by them."""

    def __init__(self) -> None:
        self.fits: list[set[float]] = []

    def fit(self, settings: Mapping[str, float], encoder: Encoder, train: Sample, *_: Any) -> Any:
        """Remember the periods; the first column of the matrix has them."""
        self.fits.append(set(train.matrix[:, 0].tolist()))
        return RecordedModel(self.fits[-1])


class RecordedModel:
    """Scores 1 for a row of a period that it was fitted on, else 0."""

    def __init__(self, periods: set[float]) -> None:
        self.periods = periods

    def scores(self, matrix: np.ndarray) -> np.ndarray:
        """Tell seen rows from others."""
        return np.isin(matrix[:, 0], list(self.periods)).astype(float)


def sample(outcome: np.ndarray | None = None, weight: np.ndarray | None = None) -> Sample:
    """Rows whose only column is the number of their period."""
    codes = np.unique(PERIODS, return_inverse=True)[1]
    labels = np.arange(len(PERIODS)) % 2 == 0 if outcome is None else outcome
    return Sample(codes[:, None].astype(np.float32), labels, 2, weight)


def score(train: Sample, family: Recorded, periods: np.ndarray = PERIODS) -> OutOfFold | None:
    """Score with an encoder that nothing reads."""
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    encoder = Encoder.fit(frame, ["x"])
    return predict(family, {}, encoder, train, periods, 0, 1)  # type: ignore[arg-type]


def test_no_model_scores_what_it_has_seen() -> None:
    """Two fits, no more; every row is scored, by the model of the other half."""
    family = Recorded()
    folds = score(sample(), family)
    assert folds is not None
    assert len(family.fits) == 2
    assert not family.fits[0] & family.fits[1]
    np.testing.assert_array_equal(folds.rows, np.arange(len(PERIODS)))
    np.testing.assert_array_equal(folds.scores, np.zeros(len(PERIODS)))


class Echo(Recorded):
    """A family whose models score a row by its period's number."""

    def fit(self, *_: Any) -> Any:
        """Learn nothing."""
        return self

    def scores(self, matrix: np.ndarray) -> np.ndarray:
        """Return the first column."""
        return matrix[:, 0]


def test_scores_stand_beside_their_rows() -> None:
    """Halves are put together again in the order of the rows, whatever that of the periods."""
    order = np.random.default_rng(0).permutation(len(PERIODS))
    train, codes = sample(), np.unique(PERIODS, return_inverse=True)[1]
    shuffled = Sample(train.matrix[order], train.outcome[order], 2, None)
    folds = score(shuffled, Echo(), PERIODS[order])
    assert folds is not None
    np.testing.assert_array_equal(folds.scores, codes[order][folds.rows])


def test_large_tables_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost does not grow with the rows; the draw is the seed's."""
    monkeypatch.setattr(cross_fit, "MAX_ROWS", 60)
    one, other = score(sample(), Recorded()), score(sample(), Recorded())
    assert one is not None
    assert other is not None
    assert len(one.rows) == len(one.scores) == 60
    np.testing.assert_array_equal(one.rows, other.rows)


@pytest.mark.parametrize(
    "train",
    [
        sample(outcome=PERIODS == "2020-02"),
        sample(weight=(PERIODS == "2020-02").astype(float)),
    ],
)
def test_a_half_that_cannot_teach(train: Sample) -> None:
    """One class only, or no weight: there are no scores, and no fit fails."""
    family = Recorded()
    assert score(train, family) is None
    assert family.fits == []


def test_a_single_period_has_no_other_half() -> None:
    """Nothing could be fitted without it."""
    assert score(sample(), Recorded(), np.full(len(PERIODS), "2020-01")) is None
