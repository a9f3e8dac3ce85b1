"""Multiclass classification, by the probabilities of all classes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from longhaul.errors import LonghaulError
from longhaul.task_type import TaskType
from longhaul.tasks.metrics import calibration_error

task_type: TaskType = "multiclass"
metrics: tuple[str, ...] = (
    "accuracy",
    "balanced_accuracy",
    "log_loss",
    "brier",
    "calibration_error",
)
loss = "log_loss"
primary_metric = "accuracy"
schema: Mapping[str, pa.DataType] = {
    "probability": pa.float64(),
    "decision": pa.string(),
    "probabilities": pa.list_(pa.float64()),
    "outcome": pa.string(),
}

_EPSILON = np.finfo(np.float64).eps
_TOLERANCE = 1e-6  # of the sum of a row's probabilities


def measure(outcome: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Measure discrimination, accuracy and calibration.

    `accuracy`; `balanced_accuracy`, the mean recall of the classes that occur;
    `log_loss` in nats; `brier`, the mean squared distance of all probabilities of a row (Brier
    1950); `calibration_error`, that of the decided class (Guo et al. 2017, On calibration of
    modern neural networks).
    """
    require(scores)
    if not len(outcome):
        return dict.fromkeys(metrics, float("nan"))
    decided = scores.argmax(axis=1)
    right = decided == outcome
    actual = np.equal.outer(outcome, np.arange(scores.shape[1]))
    recalls = [right[outcome == label].mean() for label in np.unique(outcome)]
    return {
        "accuracy": float(right.mean()),
        "balanced_accuracy": float(np.mean(recalls)),
        "log_loss": float(losses(outcome, scores).mean()),
        "brier": float(((scores - actual) ** 2).sum(axis=1).mean()),
        "calibration_error": calibration_error(right, scores.max(axis=1)),
    }


def losses(outcome: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the log loss of each row, in nats; an undeclared class has a likelihood of 0."""
    likelihood = np.where(outcome >= 0, scores[np.arange(len(outcome)), outcome], 0.0)
    return -np.log(np.clip(likelihood, _EPSILON, 1))


def require(scores: np.ndarray) -> None:
    """Raise a `LonghaulError` unless every row holds probabilities that add up to 1."""
    bad = ~((scores >= 0) & (scores <= 1)).all(axis=1)
    bad |= ~(np.abs(scores.sum(axis=1) - 1) <= _TOLERANCE)
    if bad.any():
        first = int(np.argmax(bad))
        raise LonghaulError(
            f"{int(bad.sum())} of {len(scores)} predictions are not probabilities, the first"
            f" ({scores[first].tolist()}) in row {first}"
        )


def columns(scores: np.ndarray, threshold: float, classes: Sequence[str]) -> dict[str, Any]:
    """Return the likeliest class, its probability, and the probabilities of all classes."""
    decided = scores.argmax(axis=1)
    return {
        "probability": scores[np.arange(len(scores)), decided],
        "decision": np.array(classes, dtype=object)[decided],
        "probabilities": scores.tolist(),
    }


def scores(columns: Any) -> np.ndarray:
    """Return the probabilities of all classes, of shape (n, k)."""
    return np.array(list(columns["probabilities"]), dtype=np.float64)


def decode(outcome: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Convert the numbers of classes to their names; None for an undeclared class."""
    return np.array([*classes, None], dtype=object)[outcome]


def encode(labels: Any, classes: Sequence[str]) -> np.ndarray:
    """Convert the names of classes to their numbers; -1 for an undeclared class."""
    places = {name: place for place, name in enumerate(classes)}
    return np.array([places.get(name, -1) for name in labels], dtype=np.int64)
