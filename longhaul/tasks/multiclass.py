"""One of several classes, by the probabilities of all."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from longhaul.errors import LonghaulError
from longhaul.problem import TaskType
from longhaul.tasks.metrics import calibration_error

kind: TaskType = "multiclass"
metrics: tuple[str, ...] = (
    "accuracy",
    "balanced_accuracy",
    "log_loss",
    "brier",
    "calibration_error",
)
loss = "log_loss"
lead = "accuracy"
schema: Mapping[str, pa.DataType] = {
    "probability": pa.float64(),
    "decision": pa.string(),
    "probabilities": pa.list_(pa.float64()),
    "outcome": pa.string(),
}

_EPSILON = np.finfo(np.float64).eps
_SLACK = 1e-6  # by how much the probabilities of a row may miss one


def measure(outcome: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Discrimination, accuracy and calibration.

    `accuracy`; `balanced_accuracy`, the mean over the classes that occur of the share found;
    `log_loss` in nats; `brier`, the mean squared distance of all probabilities of a row (Brier
    1950); `calibration_error`, that of the class decided for (Guo et al. 2017, On calibration of
    modern neural networks).
    """
    require(scores)
    if not len(outcome):
        return dict.fromkeys(metrics, float("nan"))
    decided = scores.argmax(axis=1)
    right = decided == outcome
    happened = np.equal.outer(outcome, np.arange(scores.shape[1]))
    found = [right[outcome == one].mean() for one in np.unique(outcome)]
    return {
        "accuracy": float(right.mean()),
        "balanced_accuracy": float(np.mean(found)),
        "log_loss": float(losses(outcome, scores).mean()),
        "brier": float(((scores - happened) ** 2).sum(axis=1).mean()),
        "calibration_error": calibration_error(right, scores.max(axis=1)),
    }


def losses(outcome: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Each row's part in the log loss, in nats; a class never declared was not foreseen at all."""
    said = np.where(outcome >= 0, scores[np.arange(len(outcome)), outcome], 0.0)
    return -np.log(np.clip(said, _EPSILON, 1))


def require(scores: np.ndarray) -> None:
    """Raise a `LonghaulError` unless every row is probabilities that add up to one."""
    bad = ~((scores >= 0) & (scores <= 1)).all(axis=1)
    bad |= ~(np.abs(scores.sum(axis=1) - 1) <= _SLACK)
    if bad.any():
        first = int(np.argmax(bad))
        raise LonghaulError(
            f"{int(bad.sum())} of {len(scores)} predictions are not probabilities, the first"
            f" ({scores[first].tolist()}) in row {first}"
        )


def columns(scores: np.ndarray, threshold: float, classes: Sequence[str]) -> dict[str, Any]:
    """``decision``, the likeliest class, its ``probability``, and ``probabilities`` of all."""
    decided = scores.argmax(axis=1)
    return {
        "probability": scores[np.arange(len(scores)), decided],
        "decision": np.array(classes, dtype=object)[decided],
        "probabilities": scores.tolist(),
    }


def scores(columns: Any) -> np.ndarray:
    """The probabilities of all classes, of shape (n, k)."""
    return np.array(list(columns["probabilities"]), dtype=np.float64)


def shown(outcome: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """The names of the classes; of one that was never declared, none."""
    return np.array([*classes, None], dtype=object)[outcome]


def outcomes(shown: Any, classes: Sequence[str]) -> np.ndarray:
    """The numbers of the classes; -1 of one that was never declared."""
    places = {name: place for place, name in enumerate(classes)}
    return np.array([places.get(name, -1) for name in shown], dtype=np.int64)
