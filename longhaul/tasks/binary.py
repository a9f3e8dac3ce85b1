"""One of two classes, by the probability of the positive one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from longhaul.problem import TaskType
from longhaul.tasks.metrics import measure as measure
from longhaul.tasks.metrics import require_probabilities

kind: TaskType = "binary"
metrics: tuple[str, ...] = ("auc", "average_precision", "log_loss", "brier", "calibration_error")
loss = "log_loss"
lead = "auc"
schema: Mapping[str, pa.DataType] = {
    "probability": pa.float64(),
    "decision": pa.bool_(),
    "outcome": pa.bool_(),
}

require = require_probabilities

EPSILON = np.finfo(np.float64).eps  # how sure a prediction may be, as in scikit-learn's log loss


def losses(outcome: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Each row's part in the log loss, in nats."""
    require(scores)
    said = np.where(outcome, scores, 1 - scores)
    return -np.log(np.clip(said, EPSILON, 1))


def columns(scores: np.ndarray, threshold: float, classes: Sequence[str]) -> dict[str, Any]:
    """``probability`` of the positive class, and ``decision``: whether it reaches the threshold."""
    return {"probability": scores, "decision": np.asarray(scores >= threshold)}


def scores(columns: Any) -> np.ndarray:
    """The probabilities."""
    return np.asarray(columns["probability"], dtype=np.float64)


def shown(outcome: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Whether each is positive."""
    return outcome


def outcomes(shown: Any, classes: Sequence[str]) -> np.ndarray:
    """Whether each is positive."""
    return np.asarray(shown, dtype=bool)
