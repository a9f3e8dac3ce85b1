"""A fitted model as its users meet it: rows in, probabilities, decisions and reasons out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from longhaul.estimators.estimator import Estimator
from longhaul.features.columns import Date
from longhaul.features.encoder import Encoder
from longhaul.features.formats import text, times
from longhaul.problem import TaskType
from longhaul.tasks import TASKS, Task


@dataclass(frozen=True)
class Predictor:
    """An encoder and an estimator that belong together, and where to draw the line.

    Attributes
    ----------
    encoder : Encoder
    estimator : Estimator
    family : str
        The name of the estimator's family.
    threshold : float
        Of two classes: from this probability on, the decision is positive.
    task_type : {"binary", "multiclass", "regression"}
    classes : tuple of str
        The names of several classes.
    """

    encoder: Encoder
    estimator: Estimator
    family: str
    threshold: float
    task_type: TaskType = "binary"
    classes: tuple[str, ...] = ()

    @property
    def task(self) -> Task:
        """What it predicts."""
        return TASKS[self.kind]

    @property
    def features(self) -> list[str]:
        """The columns that it reads."""
        return self.encoder.features

    def scores(self, frame: pd.DataFrame) -> np.ndarray:
        """What the model says of n rows, see `longhaul.tasks.Task`: float64."""
        return self.estimator.scores(self.encoder.transform(frame))

    def decide(self, probability: np.ndarray) -> np.ndarray:
        """Of two classes, whether to act on each probability: bool of shape (n,)."""
        return np.asarray(probability >= self.threshold)

    def columns(self, scores: np.ndarray) -> dict[str, Any]:
        """A prediction for each row, column by column: the task's `schema` without the outcome."""
        return self.task.columns(scores, self.threshold, self.classes)

    def predict(self, frame: pd.DataFrame, reasons: int = 0) -> pd.DataFrame:
        """All that is said of n rows.

        Parameters
        ----------
        frame : DataFrame of n rows
        reasons : int
            How many to give for each row; 0 is none.

        Returns
        -------
        DataFrame of n rows, with the index of `frame`
            The columns of the task and, if asked for, ``reasons`` as one text, which is empty
            where the model's family does not know.
        """
        columns = self.columns(self.scores(frame))
        if reasons > 0:
            columns["reasons"] = self.reasons(frame, reasons)
        return pd.DataFrame(columns, index=frame.index)

    def reasons(self, frame: pd.DataFrame, most: int) -> list[str]:
        """What moved each row's log-odds, or value, farthest from the average: ``dest=ORD +0.31``.

        Parameters
        ----------
        frame : DataFrame of n rows
        most : int
            How many features to name, the strongest first.

        Returns
        -------
        list of str, of length n
            Empty texts where the family does not know.
        """
        parts = self.estimator.contributions(self.encoder.transform(frame))
        if parts is None:
            return [""] * len(frame)
        effects = self._by_feature(parts)
        strongest = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :most]
        values = self._values(frame)
        return [
            "; ".join(f"{self.features[k]}={_text(row[k])} {effect[k]:+.2f}" for k in order)
            for row, effect, order in zip(values, effects, strongest, strict=True)
        ]

    def _values(self, frame: pd.DataFrame) -> np.ndarray:
        """The features' values as they were read, for people: object of shape (n, features)."""
        shown = frame.reindex(columns=self.features).astype(object)
        for column in self.encoder.columns:
            if isinstance(column, Date):
                shown[column.name] = times(shown[column.name]).astype(object)
        return shown.to_numpy()

    def _by_feature(self, parts: np.ndarray) -> np.ndarray:
        """The contributions of the p columns, summed over those that come from one feature."""
        effects = np.zeros((len(parts), len(self.features)))
        for column, feature in enumerate(self.encoder.sources):
            effects[:, feature] += parts[:, column]
        return effects


def _text(value: Any) -> str:
    """A value of the table as a reader would write it."""
    if pd.isna(value):
        return "missing"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:g}"
    return text(value)
