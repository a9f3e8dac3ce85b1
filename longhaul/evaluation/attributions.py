"""Which features a model's predictions come from."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from longhaul.model.predictor import Predictor
from longhaul.tasks import TASKS

CONTRIBUTION_ROWS = 1000  # taking predictions apart is slow, but every row tells something
PERMUTATION_ROWS = 5000
MOST_SHUFFLED = 200
CONTRIBUTION = "mean |contribution|, log-odds"
PERMUTATION = "rise of log loss when shuffled, nats"
_OF_NUMBERS = {
    CONTRIBUTION: "mean |contribution|, in the target's unit",
    PERMUTATION: "rise of the squared error when shuffled",
}


def attributions(
    predictor: Predictor, frame: pd.DataFrame, outcome: np.ndarray, seed: int
) -> pd.DataFrame:
    """How much each feature of the table matters to a model, measured on a sample of the rows.

    The mean absolute contribution to a row's log-odds, or number, where the model can take its
    predictions apart (SHAP values for trees; Lundberg et al. 2020, Nature Machine Intelligence),
    otherwise the rise of the loss when a feature's values are shuffled among the rows (Breiman
    2001, Random forests; Fisher, Rudin and Dominici 2019). A feature that became several columns
    counts as one.

    Parameters
    ----------
    predictor : Predictor
    frame : DataFrame of n rows
    outcome : ndarray, shape (n,)
    seed : int
        Of the sample, and of the shuffling.

    Returns
    -------
    DataFrame with columns feature, importance, method
        The most important first. Shuffling may by chance lower the loss: such importances are
        below zero.
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
    method = _OF_NUMBERS[method] if predictor.task_type == "regression" else method
    # a date whose parts are all left out is a feature without a column
    importance = np.pad(importance, (0, len(predictor.features) - len(importance)))
    table = pd.DataFrame(
        {"feature": predictor.features, "importance": importance, "method": method}
    )
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def contribution(parts: np.ndarray, sources: Sequence[int]) -> np.ndarray:
    """Mean absolute contribution of each feature, those of its columns added up first.

    Parameters
    ----------
    parts : ndarray of float, shape (n, p)
        What each column adds to each row's log-odds.
    sources : sequence of int, of length p
        Which of the k features a column comes from.

    Returns
    -------
    ndarray of float, shape (k,)
    """
    belongs = np.equal.outer(np.asarray(sources), np.arange(max(sources) + 1))
    return np.abs(parts @ belongs).mean(axis=0)


def permutation(
    predictor: Predictor, matrix: np.ndarray, outcome: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Rise of the mean loss when the values of one feature are shuffled among encoded rows.

    Of very many features, only those are tried that go best with the outcome by themselves; the
    others count as nothing.

    Returns
    -------
    ndarray of float, one for each feature
    """
    losses, score = TASKS[predictor.task_type].losses, predictor.estimator.scores
    sources = np.asarray(predictor.encoder.sources, dtype=int)
    before, shuffled = losses(outcome, score(matrix)).mean(), matrix.copy()
    rises = np.zeros(len(predictor.features))
    for feature in _tried(matrix, outcome, sources, len(rises)):
        columns = np.flatnonzero(sources == feature)
        order = generator.permutation(len(matrix))
        shuffled[:, columns] = matrix[np.ix_(order, columns)]
        rises[feature] = losses(outcome, score(shuffled)).mean() - before
        shuffled[:, columns] = matrix[:, columns]
    return rises


def _tried(matrix: np.ndarray, outcome: np.ndarray, sources: np.ndarray, count: int) -> np.ndarray:
    """The features to shuffle: all, or those whose columns go best with the outcome."""
    if count <= MOST_SHUFFLED:
        return np.unique(sources)
    known = np.nan_to_num(matrix - np.nanmean(matrix, axis=0), posinf=0, neginf=0)
    spread = np.sqrt((known**2).sum(axis=0)) + np.finfo(np.float32).tiny
    apart = np.asarray(outcome, dtype=float) - np.mean(outcome)
    strength = np.abs(apart @ known) / spread
    best = np.argsort(-strength, kind="stable")[:MOST_SHUFFLED]
    return np.unique(sources[best])
