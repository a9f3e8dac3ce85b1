"""A number."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from longhaul.errors import LonghaulError
from longhaul.problem import TaskType

kind: TaskType = "regression"
metrics: tuple[str, ...] = ("rmse", "mae", "r2", "bias")
loss = "rmse"
lead = "r2"
schema: Mapping[str, pa.DataType] = {"prediction": pa.float64(), "outcome": pa.float64()}


def measure(outcome: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """How far predictions are off, in the unit of the target.

    `rmse`, the root of the mean squared error; `mae`, the mean absolute error; `r2`, the share of
    the variance that is explained, NaN where there is none; `bias`, by how much predictions are
    too high on average.
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
    """Each row's squared error."""
    require(scores)
    return (scores - outcome) ** 2


def require(scores: np.ndarray) -> None:
    """Raise a `LonghaulError` unless every prediction is a finite number."""
    bad = ~np.isfinite(scores)
    if bad.any():
        first = int(np.argmax(bad))
        raise LonghaulError(
            f"{int(bad.sum())} of {len(scores)} predictions are not numbers, the first"
            f" ({scores[first]}) in row {first}"
        )


def columns(scores: np.ndarray, threshold: float, classes: Sequence[str]) -> dict[str, Any]:
    """``prediction``, the value."""
    return {"prediction": scores}


def scores(columns: Any) -> np.ndarray:
    """The values."""
    return np.asarray(columns["prediction"], dtype=np.float64)


def shown(outcome: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """The values."""
    return outcome


def outcomes(shown: Any, classes: Sequence[str]) -> np.ndarray:
    """The values."""
    return np.asarray(shown, dtype=np.float64)
