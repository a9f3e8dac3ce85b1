"""The predictor: table rows in; probabilities, decisions and reasons out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from longhaul.estimators.estimator import Estimator
from longhaul.features.columns import Date
from longhaul.features.encoder import Encoder
from longhaul.features.formats import text, times
from longhaul.task_type import TaskType
from longhaul.tasks import TASKS, Task


@dataclass(frozen=True)
class Predictor:
    """An encoder with its estimator and decision threshold.

    Attributes
    ----------
    encoder : Encoder
    estimator : Estimator
    family : str
        The name of the estimator's family.
    threshold : float
        For two classes: decide positive at this probability or above.
    task_type : {"binary", "multiclass", "regression"}
    classes : tuple of str
        The names of the classes, for several.
    """

    encoder: Encoder
    estimator: Estimator
    family: str
    threshold: float
    task_type: TaskType = "binary"
    classes: tuple[str, ...] = ()

    @property
    def task(self) -> Task:
        """The task: binary, multiclass or regression."""
        return TASKS[self.task_type]

    @property
    def features(self) -> list[str]:
        """The columns that the predictor reads."""
        return self.encoder.features

    def scores(self, frame: pd.DataFrame) -> np.ndarray:
        """Score n rows: float64, see `longhaul.tasks.Task`."""
        return self.estimator.scores(self.encoder.transform(frame))

    def decide(self, probability: np.ndarray) -> np.ndarray:
        """Decide positive or negative for each probability: bool of shape (n,)."""
        return np.asarray(probability >= self.threshold)

    def columns(self, scores: np.ndarray) -> dict[str, Any]:
        """Convert scores to prediction columns: the task's `schema` without the outcome."""
        return self.task.columns(scores, self.threshold, self.classes)

    def predict(self, frame: pd.DataFrame, reasons: int = 0) -> pd.DataFrame:
        """Predict n rows, optionally with reasons.

        Parameters
        ----------
        frame : DataFrame of n rows
        reasons : int
            How many to give for each row; 0 for none.

        Returns
        -------
        DataFrame of n rows, with the index of `frame`
            The columns of the task and, if asked for, ``reasons`` as one text, empty where the
            model's family cannot give any.
        """
        columns = self.columns(self.scores(frame))
        if reasons > 0:
            columns["reasons"] = self.reasons(frame, reasons)
        return pd.DataFrame(columns, index=frame.index)

    def reasons(self, frame: pd.DataFrame, count: int) -> list[str]:
        """Return the largest contributions to each row's log-odds or value: ``dest=ORD +0.31``.

        Parameters
        ----------
        frame : DataFrame of n rows
        count : int
            How many features to name, the largest contribution first.

        Returns
        -------
        list of str, of length n
            Empty texts where the family cannot give any.
        """
        parts = self.estimator.contributions(self.encoder.transform(frame))
        if parts is None:
            return [""] * len(frame)
        effects = self._by_feature(parts)
        strongest = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :count]
        values = self._values(frame)
        return [
            "; ".join(f"{self.features[k]}={_text(row[k])} {effect[k]:+.2f}" for k in order)
            for row, effect, order in zip(values, effects, strongest, strict=True)
        ]

    def _values(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the features' original values for display: object of shape (n, features)."""
        values = frame.reindex(columns=self.features).astype(object)
        for column in self.encoder.columns:
            if isinstance(column, Date):
                values[column.name] = times(values[column.name], column.form).astype(object)
        return values.to_numpy()

    def _by_feature(self, parts: np.ndarray) -> np.ndarray:
        """Sum the contributions of the p columns by feature."""
        effects = np.zeros((len(parts), len(self.features)))
        for column, feature in enumerate(self.encoder.sources):
            effects[:, feature] += parts[:, column]
        return effects


def _text(value: Any) -> str:
    """Format a value of the table for people."""
    if pd.isna(value):
        return "missing"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:g}"
    return text(value)
