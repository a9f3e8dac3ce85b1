"""Importance of settings, estimated from the trials of a search."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from longhaul.training.trials import Trial

MIN_TRIALS = 10
_TREES = 200
_REPEATS = 20


def succeeded(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials that have a loss."""
    return [trial for trial in trials if not trial.failure]


def setting_importance(trials: Sequence[Trial], seed: int = 0) -> pd.Series | None:
    """Estimate each setting's share of importance for the loss.

    A random forest learns the ranks of the losses from the settings; a setting's importance is
    the drop of the forest's R² when that setting's values are shuffled among the trials
    (Breiman 2001). Ranks keep one very bad trial from dominating. Like the functional
    ANOVA of Hutter, Hoos and Leyton-Brown (2014, An efficient approach for assessing
    hyperparameter importance, ICML), it reads the search with a forest; unlike it, it weighs the
    regions as the search visited them. A description of few trials, not a test.

    Parameters
    ----------
    trials : sequence of Trial
    seed : int
        Of the forest and the shuffling.

    Returns
    -------
    Series of float or None
        By setting, the largest first; None with fewer than `MIN_TRIALS` trials that succeeded,
        or when no setting has any importance.
    """
    completed = succeeded(trials)
    ranks = rankdata([trial.loss for trial in completed])
    if len(completed) < MIN_TRIALS or np.ptp(ranks) == 0:
        return None
    settings = numbers(completed)
    forest = RandomForestRegressor(_TREES, min_samples_leaf=2, random_state=seed)
    falls = permutation_importance(
        forest.fit(settings, ranks), settings, ranks, n_repeats=_REPEATS, random_state=seed
    )
    shares = np.clip(falls.importances_mean, 0, None)
    if not shares.any():
        return None
    return pd.Series(shares / shares.sum(), settings.columns).sort_values(ascending=False)


def numbers(trials: Sequence[Trial]) -> pd.DataFrame:
    """Convert settings to numbers, one row per trial; values that are not numbers become codes."""
    return pd.DataFrame([trial.settings for trial in trials]).apply(_codes)


def _codes(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float)
    return pd.Series(pd.factorize(column.map(repr), sort=True)[0].astype(float), column.index)
