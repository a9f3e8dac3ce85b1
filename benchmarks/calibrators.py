"""Remedies for probabilities that others publish, refitted once a period.

Three learn from the outcomes of the period before: a logistic curve (Platt 1999, Probabilistic
outputs for support vector machines), a beta curve (Kull, Silva Filho and Flach 2017, Beta
calibration) and isotonic regression (Zadrozny and Elkan 2002, Transforming classifier scores into
accurate multiclass probability estimates). Two need no outcomes and take it that only the share of
positives changes: expectation maximisation (Saerens, Latinne and Decaestecker 2002, Adjusting the
outputs of a classifier to new a priori probabilities) and the inverted confusion matrix (Lipton,
Wang and Smola 2018, Detecting and correcting for label shift with black box predictors).
"""

from collections.abc import Callable

import numpy as np
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

Curve = Callable[[np.ndarray], np.ndarray]
_NO_PENALTY = 1e9
_ROUNDS = 1000


def _sure(probability: np.ndarray) -> np.ndarray:
    return np.clip(probability, 1e-9, 1 - 1e-9)


def platt(probability: np.ndarray, outcome: np.ndarray) -> Curve:
    """Fit a logistic curve on the log-odds."""
    model = LogisticRegression(C=_NO_PENALTY).fit(logit(_sure(probability))[:, None], outcome)
    return lambda p: np.asarray(model.predict_proba(logit(_sure(p))[:, None])[:, 1])


def beta(probability: np.ndarray, outcome: np.ndarray) -> Curve:
    """Fit a logistic curve on both logarithms."""

    def features(p: np.ndarray) -> np.ndarray:
        return np.stack([np.log(_sure(p)), -np.log1p(-_sure(p))], axis=1)

    model = LogisticRegression(C=_NO_PENALTY, max_iter=_ROUNDS).fit(features(probability), outcome)
    return lambda p: np.asarray(model.predict_proba(features(p))[:, 1])


def isotonic(probability: np.ndarray, outcome: np.ndarray) -> Curve:
    """Fit a rising step curve, kept from being certain."""
    rows = len(outcome)
    model = IsotonicRegression(out_of_bounds="clip").fit(probability, outcome.astype(float))
    return lambda p: np.clip(model.predict(p), 1 / (rows + 2), 1 - 1 / (rows + 2))


def shift_prior(probability: np.ndarray, before: float, now: float) -> np.ndarray:
    """Adjust probabilities to another share of positives."""
    return np.asarray(expit(logit(_sure(probability)) + logit(now) - logit(before)))


def em(probability: np.ndarray, before: float) -> np.ndarray:
    """Adjust probabilities to the most likely share of positives among the rows themselves."""
    now = before
    for _ in range(_ROUNDS):
        share = float(np.clip(shift_prior(probability, before, now).mean(), 1e-6, 1 - 1e-6))
        if abs(share - now) < 1e-9:
            break
        now = share
    return shift_prior(probability, before, now)


def bbse(
    probability: np.ndarray,
    decision: np.ndarray,
    held_out: tuple[np.ndarray, ...],
    before: float,
) -> np.ndarray:
    """Adjust probabilities to the share of positives that explains the share of decisions.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
    decision : ndarray of bool, shape (n,)
    held_out : (ndarray of bool, ndarray of bool)
        Decisions and outcomes of rows that the model has not learned from.
    before : float
        The share of positives that the model learned.
    """
    decided, outcome = held_out
    hits, alarms = decided[outcome].mean(), decided[~outcome].mean()
    now = (decision.mean() - alarms) / (hits - alarms)
    return shift_prior(probability, before, float(np.clip(now, 1e-3, 1 - 1e-3)))
