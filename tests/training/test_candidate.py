"""A candidate: selected on validation, refitted on both windows."""

import numpy as np
import pandas as pd
import pytest

from longhaul.errors import LonghaulError
from longhaul.estimators.families import family
from longhaul.evaluation.threshold import choose_threshold
from longhaul.problem import Problem
from longhaul.tasks.metrics import measure
from longhaul.training import candidate, cross_fit
from longhaul.training.candidate import Candidate
from tests import tables

SETTINGS = {"learning_rate": 0.2, "min_rows": 5.0}


@pytest.fixture(scope="module")
def problem(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    return tables.problem(tmp_path_factory.mktemp("problem"))


@pytest.fixture(scope="module")
def windows() -> tuple[pd.DataFrame, pd.DataFrame]:
    frame = tables.churn()
    month = frame["day"].dt.strftime("%Y-%m")
    return frame[month <= "2020-04"], frame[month == "2020-05"]


@pytest.fixture(scope="module")
def fitted(problem: Problem, windows: tuple[pd.DataFrame, pd.DataFrame]) -> Candidate:
    return candidate.fit(problem, *windows, "lightgbm", SETTINGS, 0, 1)


def test_judged_on_validation(
    problem: Problem, windows: tuple[pd.DataFrame, pd.DataFrame], fitted: Candidate
) -> None:
    """Predictions and metrics are those of a model that never saw validation."""
    both = candidate.encode_windows(problem, *windows)
    alone = family("lightgbm").fit(fitted.settings, both.encoder, both.train, None, 0, 1)
    judged = fitted.package.valid
    np.testing.assert_array_equal(alone.scores(both.valid.matrix), judged["probability"])
    np.testing.assert_array_equal(both.valid.outcome, judged["outcome"])
    outcome, probability = judged["outcome"].to_numpy(), judged["probability"].to_numpy()
    assert measure(outcome, probability) == fitted.metrics


def test_threshold_is_chosen_by_rows_of_both_windows(
    problem: Problem, windows: tuple[pd.DataFrame, pd.DataFrame], fitted: Candidate
) -> None:
    """Training is scored by models of its other periods, validation by that of training."""
    train, _ = windows
    both = candidate.encode_windows(problem, *windows)
    periods = train["day"].dt.strftime("%Y-%m").to_numpy(dtype=str)
    folds = cross_fit.predict(
        family("lightgbm"), fitted.settings, both.encoder, both.train, periods, 0, 1
    )
    assert folds is not None
    chosen = choose_threshold(
        np.concatenate([both.train.outcome[folds.rows], both.valid.outcome]),
        np.concatenate([folds.scores, fitted.package.valid["probability"]]),
        np.concatenate([part["day"].dt.strftime("%Y-%m-%d") for part in windows]).astype(str),
        problem.costs,
        problem.gate.confidence,
    )
    assert fitted.package.predictor.threshold == chosen
    assert set(fitted.package.reference["score_periods"]) == {*periods, "2020-05"}


def test_without_cross_fitting(
    problem: Problem, windows: tuple[pd.DataFrame, pd.DataFrame], fitted: Candidate
) -> None:
    """The same model and metrics; validation alone has a say in threshold and limits."""
    alone = candidate.fit(problem, *windows, "lightgbm", SETTINGS, 0, 1, cross_fit=False)
    assert alone.metrics == fitted.metrics
    expected, found = (c.package.predictor.scores(windows[0]) for c in (fitted, alone))
    np.testing.assert_array_equal(expected, found)
    assert set(alone.package.reference["score_periods"]) == {"2020-05"}


def test_refitted_on_both(
    problem: Problem, windows: tuple[pd.DataFrame, pd.DataFrame], fitted: Candidate
) -> None:
    """The model that is kept has seen both windows, with as many iterations as were best."""
    predictor = fitted.package.predictor
    both = pd.concat(windows, ignore_index=True)
    sample = candidate.encode(predictor.encoder, problem, both)
    again = family("lightgbm").fit(fitted.settings, predictor.encoder, sample, None, 0, 1)
    np.testing.assert_array_equal(again.scores(sample.matrix), predictor.scores(both))
    assert predictor.estimator.iterations == fitted.settings["iterations"]


def test_package(fitted: Candidate, problem: Problem) -> None:
    """What goes with the model: features, windows, reference; nothing of how it was run."""
    package = fitted.package
    assert package.predictor.features == ["day", "calls", "plan", "age"]
    assert package.windows == {"fit": ["2020-01", "2020-05"], "valid": ["2020-05", "2020-05"]}
    assert list(package.reference["periods"]) == [f"2020-0{month}" for month in range(1, 6)]
    assert sum(package.reference["importance"].values()) == pytest.approx(1)
    assert set(package.valid["period"]) == {"2020-05"}
    assert "threads" not in fitted.settings


def test_settings(fitted: Candidate) -> None:
    """All settings are told, whole numbers as such."""
    assert set(fitted.settings) == set(family("lightgbm").defaults)
    assert fitted.settings["learning_rate"] == 0.2
    assert isinstance(fitted.settings["min_rows"], int)


def test_unknown_setting(problem: Problem, windows: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """A setting that the family does not have is named, with those that it has."""
    with pytest.raises(LonghaulError, match="linear has no setting 'depth'; it has C"):
        candidate.fit(problem, *windows, "linear", {"depth": 3}, 0, 1)


def test_same_seed(
    problem: Problem, windows: tuple[pd.DataFrame, pd.DataFrame], fitted: Candidate
) -> None:
    """The same seed gives the same candidate."""
    again = candidate.fit(problem, *windows, "lightgbm", SETTINGS, 0, 1)
    assert again.metrics == fitted.metrics
    assert again.settings == fitted.settings
    expected, found = (c.package.predictor.scores(windows[0]) for c in (fitted, again))
    np.testing.assert_array_equal(expected, found)
