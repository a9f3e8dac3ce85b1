"""Task types: binary classification, multiclass classification and regression.

Each has a module, and all modules have the same names; `task_for` returns the one of a target.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from longhaul.task_type import TaskType
from longhaul.tasks import binary, multiclass, regression


class Task(Protocol):
    """Interface of each task module.

    Outcomes are an ndarray of shape (n,): bool, the number of a class (-1 for an undeclared one),
    or float. Scores are the output of a model: the probability of the positive class, of shape
    (n,); those of all k classes, of shape (n, k); or the value, of shape (n,).

    Attributes
    ----------
    task_type : str
    metrics : tuple of str
        The metrics that `measure` returns.
    loss : str
        The metric that a search minimises.
    primary_metric : str
        The metric that a model in production is judged by; higher is better.
    schema : mapping of str to pyarrow.DataType
        The columns of a prediction, ``outcome`` among them.
    """

    task_type: TaskType
    metrics: tuple[str, ...]
    loss: str
    primary_metric: str
    schema: Mapping[str, pa.DataType]

    def measure(self, outcome: np.ndarray, scores: np.ndarray) -> dict[str, float]:
        """Return every metric of scores; NaN where it is undefined."""

    def losses(self, outcome: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Return the loss of each row, of shape (n,); models are compared by it."""

    def require(self, scores: np.ndarray) -> None:
        """Raise a `LonghaulError` unless the scores are valid for the task."""

    def columns(
        self, scores: np.ndarray, threshold: float, classes: Sequence[str]
    ) -> dict[str, Any]:
        """Return the columns of the prediction of each row, without the outcome."""

    def scores(self, columns: Any) -> np.ndarray:
        """Return the scores that `columns` were made from."""

    def encode(self, labels: Any, classes: Sequence[str]) -> np.ndarray:
        """Convert labels, as of the table of predictions, to outcomes."""

    def decode(self, outcome: np.ndarray, classes: Sequence[str]) -> Any:
        """Convert outcomes to labels, as of the table of predictions."""


TASKS: dict[str, Task] = {task.task_type: task for task in (binary, multiclass, regression)}

_DISPLAY_NAMES = {"auc": "AUC", "r2": "R²", "rmse": "RMSE", "mae": "MAE", "brier": "Brier score"}


def display_name(metric: str) -> str:
    """Return the name of a metric for people to read."""
    return _DISPLAY_NAMES.get(metric, metric.replace("_", " "))


def task_for(task_type: TaskType) -> Task:
    """Return the task of a type."""
    return TASKS[task_type]


def class_count(task_type: TaskType, classes: Sequence[str]) -> int:
    """Return the number of classes of a task; 0 for regression."""
    return {"binary": 2, "regression": 0}.get(task_type, len(classes))
