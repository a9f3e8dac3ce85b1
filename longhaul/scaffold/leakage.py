"""Detection of columns that give the target away by themselves."""

import numpy as np
import pandas as pd
from pandas.api import types
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from longhaul.features import columns
from longhaul.task_type import TaskType
from longhaul.tasks import TASKS

ROWS = 4000
FOLDS = 3
CERTAIN, SUSPICIOUS = 0.999, 0.98
_LEAF = 5


def separation(values: pd.Series, outcome: np.ndarray, task_type: TaskType, seed: int = 0) -> float:
    """Measure how well a small tree on a single column predicts the outcome.

    Cross-validated, so that a column with many values does not seem predictive by overfitting.

    Parameters
    ----------
    values : Series of n rows
        Numbers, texts or times.
    outcome : ndarray, shape (n,)
    task_type : {"binary", "multiclass", "regression"}
    seed : int

    Returns
    -------
    float
        The area under the ROC curve; the accuracy, rescaled so that always predicting the
        commonest class is 0; or R². 0 with too few rows to measure it.
    """
    if len(outcome) > ROWS:
        rows = _sample(outcome, task_type, np.random.default_rng(seed))
        values, outcome = values.iloc[rows], outcome[rows]
    if not _enough(outcome, task_type):
        return 0.0
    matrix = _matrix(values)
    if task_type == "regression":
        tree = DecisionTreeRegressor(min_samples_leaf=_LEAF, random_state=seed)
        predicted = cross_val_predict(tree, matrix, outcome, cv=FOLDS)
        return max(0.0, TASKS[task_type].measure(outcome, predicted)["r2"])
    tree = DecisionTreeClassifier(min_samples_leaf=_LEAF, max_leaf_nodes=64, random_state=seed)
    if task_type == "binary":
        predicted = cross_val_predict(tree, matrix, outcome, cv=FOLDS, method="predict_proba")[:, 1]
        return float(roc_auc_score(outcome, predicted))
    predicted = cross_val_predict(tree, matrix, outcome, cv=FOLDS)
    commonest = np.bincount(outcome).max() / len(outcome)
    return max(0.0, float(((predicted == outcome).mean() - commonest) / (1 - commonest)))


def _sample(outcome: np.ndarray, task_type: TaskType, generator: np.random.Generator) -> np.ndarray:
    """Sample up to equally many rows of each class, so that rare classes are represented."""
    if task_type == "regression":
        return generator.permutation(len(outcome))[:ROWS]
    levels = np.unique(outcome)
    shuffled = (generator.permutation(np.flatnonzero(outcome == level)) for level in levels)
    return generator.permutation(np.concatenate([rows[: ROWS // len(levels)] for rows in shuffled]))


def _matrix(values: pd.Series) -> np.ndarray:
    """Convert the column to numbers, of shape (n, 1); times become days since the first."""
    if types.is_datetime64_any_dtype(values):
        days = (values - values.min()) / pd.Timedelta(days=1)
        return days.to_numpy(dtype=float)[:, np.newaxis]
    return columns.fit(values, min_count=1).transform(values)


def _enough(outcome: np.ndarray, task_type: TaskType) -> bool:
    """Return whether there are rows enough for every fold to have some of each class."""
    if task_type == "regression":
        return len(outcome) >= 10 * FOLDS and np.ptp(outcome) > 0
    counts = np.bincount(outcome.astype(int))
    return bool((counts[counts > 0] >= FOLDS * _LEAF).all() and (counts > 0).sum() > 1)
