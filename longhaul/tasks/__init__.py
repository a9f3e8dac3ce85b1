"""What may be predicted: one of two classes, one of several, or a number.

One module for each, all with the same names; `of` finds the one that a target asks for.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from longhaul.tasks import binary, multiclass, regression
from longhaul.problem import TaskType


class Task(Protocol):
    """What each module of this package offers.

    Outcomes are an ndarray of shape (n,): bool, the number of a class (-1 for one that was never
    declared), or float. Scores are what a model says: the probability of the positive class, of
    shape (n,); those of all k classes, of shape (n, k); or the value, of shape (n,).

    Attributes
    ----------
    kind : str
    metrics : tuple of str
        The figures that `measure` gives.
    loss : str
        The one that a search makes small.
    lead : str
        The one by which a model is judged when it is in production; higher is better.
    schema : mapping of str to pyarrow.DataType
        The columns of a prediction, ``outcome`` among them.
    """

    kind: TaskType
    metrics: tuple[str, ...]
    loss: str
    lead: str
    schema: Mapping[str, pa.DataType]

    def measure(self, outcome: np.ndarray, scores: np.ndarray) -> dict[str, float]:
        """How good scores are, in every figure; NaN where there is nothing to tell it by."""

    def losses(self, outcome: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Each row's part in the loss, of shape (n,): what models are compared by."""

    def require(self, scores: np.ndarray) -> None:
        """Raise a `LonghaulError` unless the scores are such."""

    def columns(
        self, scores: np.ndarray, threshold: float, classes: Sequence[str]
    ) -> dict[str, Any]:
        """A prediction for each row, column by column, without the outcome."""

    def scores(self, columns: Any) -> np.ndarray:
        """The scores that `columns` were made of."""

    def outcomes(self, shown: Any, classes: Sequence[str]) -> np.ndarray:
        """The outcomes that `shown` shows."""

    def shown(self, outcome: np.ndarray, classes: Sequence[str]) -> Any:
        """Outcomes as a reader, and the table of predictions, knows them."""


TASKS: dict[str, Task] = {task.task_type: task for task in (binary, multiclass, regression)}


_WORDS = {"auc": "AUC", "r2": "R²", "rmse": "RMSE", "mae": "MAE", "brier": "Brier score"}


def display_name(figure: str) -> str:
    """The name of a figure as people write it."""
    return _WORDS.get(figure, figure.replace("_", " "))


def task_for(task_type: TaskType) -> Task:
    """The task of a kind."""
    return TASKS[task_type]


def class_count(task_type: TaskType, classes: Sequence[str]) -> int:
    """How many classes there are to tell apart; 0 where it is a number."""
    return {"binary": 2, "regression": 0}.get(task_type, len(classes))
