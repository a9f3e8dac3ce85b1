"""Whether one column alone gives the target away."""

import numpy as np
import pandas as pd
from pandas.api import types
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from longhaul.features import columns
from longhaul.tasks import TASKS
from longhaul.problem import TaskType

ROWS = 4000
FOLDS = 3
CERTAIN, SUSPICIOUS = 0.999, 0.98
_LEAF = 5


def separation(values: pd.Series, outcome: np.ndarray, task_type: TaskType, seed: int = 0) -> float:
    """How well a small tree on one column alone tells outcomes apart.

    Cross-validated, so that a column with many values is not taken for one that knows.

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
        The area under the ROC curve, the accuracy beyond that of the commonest class as a share of
        what is left, or R²; 0 where it cannot be told.
    """
    if len(outcome) > ROWS:
        some = _some(outcome, task_type, np.random.default_rng(seed))
        values, outcome = values.iloc[some], outcome[some]
    if not _enough(outcome, task_type):
        return 0.0
    matrix = _matrix(values)
    if task_type == "regression":
        tree = DecisionTreeRegressor(min_samples_leaf=_LEAF, random_state=seed)
        said = cross_val_predict(tree, matrix, outcome, cv=FOLDS)
        return max(0.0, TASKS[task_type].measure(outcome, said)["r2"])
    tree = DecisionTreeClassifier(min_samples_leaf=_LEAF, max_leaf_nodes=64, random_state=seed)
    if task_type == "binary":
        said = cross_val_predict(tree, matrix, outcome, cv=FOLDS, method="predict_proba")[:, 1]
        return float(roc_auc_score(outcome, said))
    said = cross_val_predict(tree, matrix, outcome, cv=FOLDS)
    commonest = np.bincount(outcome).max() / len(outcome)
    return max(0.0, float(((said == outcome).mean() - commonest) / (1 - commonest)))


def _some(outcome: np.ndarray, task_type: TaskType, generator: np.random.Generator) -> np.ndarray:
    """Rows to look at: of each class as many, as far as there are, so that rare ones are seen."""
    if task_type == "regression":
        return generator.permutation(len(outcome))[:ROWS]
    levels = np.unique(outcome)
    each = (generator.permutation(np.flatnonzero(outcome == level)) for level in levels)
    return generator.permutation(np.concatenate([rows[: ROWS // len(levels)] for rows in each]))


def _matrix(values: pd.Series) -> np.ndarray:
    """The column as numbers, of shape (n, 1): a time is the days since another."""
    if types.is_datetime64_any_dtype(values):
        days = (values - values.min()) / pd.Timedelta(days=1)
        return days.to_numpy(dtype=float)[:, np.newaxis]
    return columns.fit(values, min_count=1).transform(values)


def _enough(outcome: np.ndarray, task_type: TaskType) -> bool:
    """Whether every fold has something of everything."""
    if task_type == "regression":
        return len(outcome) >= 10 * FOLDS and np.ptp(outcome) > 0
    counts = np.bincount(outcome.astype(int))
    return bool((counts[counts > 0] >= FOLDS * _LEAF).all() and (counts > 0).sum() > 1)
