"""What may be predicted: figures against scikit-learn's, and predictions that read back equal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from longhaul.errors import LonghaulError
from longhaul.tasks import TASKS, binary, class_count, multiclass, regression

CLASSES = ("a", "b", "c")


def drawn(kind: str, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes and scores of a kind."""
    generator = np.random.default_rng(seed)
    if kind == "multiclass":
        return generator.integers(0, 3, count), generator.dirichlet([1, 1, 1], count)
    if kind == "regression":
        outcome = generator.normal(5, 3, count)
        return outcome, outcome + generator.normal(0.5, 1, count)
    scores = generator.uniform(0.01, 0.99, count)
    return generator.uniform(size=count) < scores, scores


def test_several_classes_are_measured_as_scikit_learn_does() -> None:
    """Accuracy, balanced accuracy, log loss and Brier score."""
    outcome, scores = drawn("multiclass", 500)
    found = multiclass.measure(outcome, scores)
    decided = scores.argmax(axis=1)
    assert found["accuracy"] == metrics.accuracy_score(outcome, decided)
    expected = metrics.balanced_accuracy_score(outcome, decided)
    assert found["balanced_accuracy"] == pytest.approx(expected)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(outcome, scores))
    expected = metrics.brier_score_loss(outcome, scores, scale_by_half=False)
    assert found["brier"] == pytest.approx(expected)


def test_numbers_are_measured_as_scikit_learn_does() -> None:
    """RMSE, MAE, R²; the bias is that of the predictions."""
    outcome, scores = drawn("regression", 500)
    found = regression.measure(outcome, scores)
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(outcome, scores))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(outcome, scores))
    assert found["r2"] == pytest.approx(metrics.r2_score(outcome, scores))
    assert found["bias"] == pytest.approx(np.mean(scores - outcome))


@pytest.mark.parametrize("kind", TASKS)
@given(count=st.integers(1, 40), seed=st.integers(0, 9))
def test_losses_are_those_of_the_figure(kind: str, count: int, seed: int) -> None:
    """Their mean is the loss that is searched for, or its square."""
    outcome, scores = drawn(kind, count, seed)
    task = TASKS[kind]
    mean = task.losses(outcome, scores).mean()
    expected = task.measure(outcome, scores)[task.loss]
    assert (mean**0.5 if kind == "regression" else mean) == pytest.approx(expected)


@pytest.mark.parametrize("kind", TASKS)
@given(count=st.integers(0, 40), seed=st.integers(0, 9))
def test_predictions_read_back_equal(kind: str, count: int, seed: int) -> None:
    """Scores from their columns, outcomes from what is shown, and every figure has its name."""
    outcome, scores = drawn(kind, count, seed)
    task = TASKS[kind]
    columns = task.columns(scores, 0.5, CLASSES)
    assert {*columns, "outcome"} == set(task.schema)
    if count:
        np.testing.assert_array_equal(task.scores(columns), scores)
    np.testing.assert_array_equal(task.encode(task.decode(outcome, CLASSES), CLASSES), outcome)
    assert set(task.measure(outcome, scores)) == set(task.metrics)
    assert {task.loss, task.primary_metric} <= set(task.metrics)


def test_a_class_never_declared_is_no_class() -> None:
    """It has no name, its prediction was wrong, and its loss is finite."""
    scores = np.array([[0.8, 0.1, 0.1]])
    assert multiclass.decode(np.array([-1]), CLASSES).tolist() == [None]
    found = multiclass.measure(np.array([-1]), scores)
    assert found["accuracy"] == 0
    assert np.isfinite(found["log_loss"])


@pytest.mark.parametrize(
    ("task", "scores"),
    [
        (binary, np.array([0.5, 1.5])),
        (multiclass, np.array([[0.5, 0.5], [0.5, 0.6]])),
        (multiclass, np.array([[0.5, 0.5], [np.nan, 1]])),
        (regression, np.array([0.0, np.inf])),
    ],
)
def test_what_are_no_scores_is_said(task, scores: np.ndarray) -> None:
    """How many, and which is the first."""
    with pytest.raises(LonghaulError, match=r"1 of 2 predictions are not .* in row 1"):
        task.require(scores)


def test_sizes() -> None:
    """Two classes, as many as declared, or none."""
    assert [
        class_count("binary", ()),
        class_count("multiclass", CLASSES),
        class_count("regression", ()),
    ] == [2, 3, 0]
