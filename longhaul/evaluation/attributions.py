"""Feature attributions of a model: SHAP values or permutation importance."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from longhaul.model.predictor import Predictor
from longhaul.tasks import TASKS

CONTRIBUTION_ROWS = 1000  # contributions are slow, but informative on few rows
PERMUTATION_ROWS = 5000
MAX_SHUFFLED = 200
CONTRIBUTION = "mean |contribution|, log-odds"
PERMUTATION = "rise of log loss when shuffled, nats"
_REGRESSION_METHODS = {
    CONTRIBUTION: "mean |contribution|, in the target's unit",
    PERMUTATION: "rise of the squared error when shuffled",
}


def attributions(
    predictor: Predictor, frame: pd.DataFrame, outcome: np.ndarray, seed: int
) -> pd.DataFrame:
    """Measure each feature's importance to a model on a sample of the rows.

    The mean absolute contribution to a row's log-odds, or value, where the model has contributions
    (SHAP values for trees; Lundberg et al. 2020, Nature Machine Intelligence), otherwise the rise
    of the loss when a feature's values are shuffled among the rows (Breiman 2001, Random forests;
    Fisher, Rudin and Dominici 2019). A feature encoded as several columns counts as one.

    Parameters
    ----------
    predictor : Predictor
    frame : DataFrame of n rows
    outcome : ndarray, shape (n,)
    seed : int
        Seed of the sample and of the shuffling.

    Returns
    -------
    DataFrame with columns feature, importance, method
        The most important first; below zero where shuffling happened to lower the loss.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(frame))
    sample = frame.iloc[order[:CONTRIBUTION_ROWS]]
    parts = predictor.estimator.contributions(predictor.encoder.transform(sample))
    if parts is not None:
        method, importance = CONTRIBUTION, contribution(parts, predictor.encoder.sources)
    else:
        method, chosen = PERMUTATION, order[:PERMUTATION_ROWS]
        matrix = predictor.encoder.transform(frame.iloc[chosen])
        importance = permutation(predictor, matrix, outcome[chosen], generator)
    method = _REGRESSION_METHODS[method] if predictor.task_type == "regression" else method
    # a date without any encoded part is a feature without a column
    importance = np.pad(importance, (0, len(predictor.features) - len(importance)))
    table = pd.DataFrame(
        {"feature": predictor.features, "importance": importance, "method": method}
    )
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def contribution(parts: np.ndarray, sources: Sequence[int]) -> np.ndarray:
    """Return the mean absolute contribution of each feature, summed over its columns first.

    Parameters
    ----------
    parts : ndarray of float, shape (n, p)
        Contribution of each column to each row's log-odds.
    sources : sequence of int, of length p
        Index of the feature, of k, that each column comes from.

    Returns
    -------
    ndarray of float, shape (k,)
    """
    membership = np.equal.outer(np.asarray(sources), np.arange(max(sources) + 1))
    return np.abs(parts @ membership).mean(axis=0)


def permutation(
    predictor: Predictor, matrix: np.ndarray, outcome: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Measure the rise of the mean loss when one feature is shuffled among encoded rows.

    With very many features, only those most correlated with the outcome are shuffled; the others
    get 0.

    Returns
    -------
    ndarray of float, one for each feature
    """
    losses, score = TASKS[predictor.task_type].losses, predictor.estimator.scores
    sources = np.asarray(predictor.encoder.sources, dtype=int)
    before, shuffled = losses(outcome, score(matrix)).mean(), matrix.copy()
    rises = np.zeros(len(predictor.features))
    for feature in _features_to_shuffle(matrix, outcome, sources, len(rises)):
        columns = np.flatnonzero(sources == feature)
        order = generator.permutation(len(matrix))
        shuffled[:, columns] = matrix[np.ix_(order, columns)]
        rises[feature] = losses(outcome, score(shuffled)).mean() - before
        shuffled[:, columns] = matrix[:, columns]
    return rises


def _features_to_shuffle(
    matrix: np.ndarray, outcome: np.ndarray, sources: np.ndarray, count: int
) -> np.ndarray:
    """Select all features, or those with the columns most correlated with the outcome."""
    if count <= MAX_SHUFFLED:
        return np.unique(sources)
    centred = np.nan_to_num(matrix - np.nanmean(matrix, axis=0), posinf=0, neginf=0)
    spread = np.sqrt((centred**2).sum(axis=0)) + np.finfo(np.float32).tiny
    deviation = np.asarray(outcome, dtype=float) - np.mean(outcome)
    strength = np.abs(deviation @ centred) / spread
    best = np.argsort(-strength, kind="stable")[:MAX_SHUFFLED]
    return np.unique(sources[best])
