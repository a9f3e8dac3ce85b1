"""Binary classification, by the probability of the positive class."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from longhaul.task_type import TaskType
from longhaul.tasks.metrics import measure as measure
from longhaul.tasks.metrics import require_probabilities

task_type: TaskType = "binary"
metrics: tuple[str, ...] = ("auc", "average_precision", "log_loss", "brier", "calibration_error")
loss = "log_loss"
primary_metric = "auc"
schema: Mapping[str, pa.DataType] = {
    "probability": pa.float64(),
    "decision": pa.bool_(),
    "outcome": pa.bool_(),
}

require = require_probabilities

EPSILON = np.finfo(np.float64).eps  # clips probabilities, as in scikit-learn's log loss


def losses(outcome: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the log loss of each row, in nats."""
    require(scores)
    likelihood = np.where(outcome, scores, 1 - scores)
    return -np.log(np.clip(likelihood, EPSILON, 1))


def columns(scores: np.ndarray, threshold: float, classes: Sequence[str]) -> dict[str, Any]:
    """Return the probability of the positive class, and the decision at the threshold."""
    return {"probability": scores, "decision": np.asarray(scores >= threshold)}


def scores(columns: Any) -> np.ndarray:
    """Return the probabilities of the positive class."""
    return np.asarray(columns["probability"], dtype=np.float64)


def decode(outcome: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return the outcomes as they are: True for the positive class."""
    return outcome


def encode(labels: Any, classes: Sequence[str]) -> np.ndarray:
    """Convert labels to bool: True for the positive class."""
    return np.asarray(labels, dtype=bool)
