"""Regression: prediction of a number."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from longhaul.errors import LonghaulError
from longhaul.task_type import TaskType

task_type: TaskType = "regression"
metrics: tuple[str, ...] = ("rmse", "mae", "r2", "bias")
loss = "rmse"
primary_metric = "r2"
schema: Mapping[str, pa.DataType] = {"prediction": pa.float64(), "outcome": pa.float64()}


def measure(outcome: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Measure the errors of predictions, in the unit of the target.

    `rmse`, the root of the mean squared error; `mae`, the mean absolute error; `r2`, the share of
    the variance that is explained, NaN where there is none; `bias`, the mean error, positive where
    predictions are too high.
    """
    require(scores)
    if not len(outcome):
        return dict.fromkeys(metrics, float("nan"))
    error = scores - outcome
    squared, spread = float((error**2).mean()), float(np.var(outcome))
    return {
        "rmse": squared**0.5,
        "mae": float(np.abs(error).mean()),
        "r2": 1 - squared / spread if spread > 0 else float("nan"),
        "bias": float(error.mean()),
    }


def losses(outcome: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the squared error of each row."""
    require(scores)
    return (scores - outcome) ** 2


def require(scores: np.ndarray) -> None:
    """Raise a `LonghaulError` unless every prediction is a finite number."""
    bad = ~np.isfinite(scores)
    if bad.any():
        first = int(np.argmax(bad))
        raise LonghaulError(
            f"{int(bad.sum())} of {len(scores)} predictions are not finite numbers, the first"
            f" ({scores[first]}) in row {first}"
        )


def columns(scores: np.ndarray, threshold: float, classes: Sequence[str]) -> dict[str, Any]:
    """Return ``prediction``, the predicted value."""
    return {"prediction": scores}


def scores(columns: Any) -> np.ndarray:
    """Return the predicted values."""
    return np.asarray(columns["prediction"], dtype=np.float64)


def decode(outcome: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return the values as they are."""
    return outcome


def encode(labels: Any, classes: Sequence[str]) -> np.ndarray:
    """Convert labels to float."""
    return np.asarray(labels, dtype=np.float64)
