"""Decomposition of the log loss: miscalibration, discrimination and uncertainty.

The loss of a period is its miscalibration, less its discrimination, plus its uncertainty (Murphy
1973, A new vector partition of the probability score, Journal of Applied Meteorology 12). Outcomes
are calibrated by isotonic regression, as in CORP (Dimitriadis, Gneiting and Jordan 2021, Stable
reliability diagrams for probabilistic classifiers, PNAS 118).
"""

import numpy as np
from scipy.optimize import isotonic_regression

from longhaul.monitoring.scores import logarithm

PARTS = ("miscalibration", "discrimination", "uncertainty")


def decompose(
    probability: np.ndarray, negative: np.ndarray, positive: np.ndarray
) -> dict[str, np.ndarray]:
    """Decompose the log loss of counts by cell.

    Parameters
    ----------
    probability : ndarray of float, shape (k,)
        Of each cell, ascending.
    negative, positive : ndarray, shape (r, k)
        Rows of either outcome, for r samples.

    Returns
    -------
    dict of str to ndarray of float, shape (r,)
        In nats: `miscalibration`, that calibration would save; `discrimination`, that calibrated
        probabilities save against the share of positives; `uncertainty`, the loss of that share.
    """
    values = [_one(probability, *pair) for pair in zip(negative, positive, strict=True)]
    return dict(zip(PARTS, np.array(values).T, strict=True))


def _one(
    probability: np.ndarray, negative: np.ndarray, positive: np.ndarray
) -> tuple[float, float, float]:
    rows = negative + positive
    filled = rows > 0
    if not filled.any():
        return float("nan"), float("nan"), float("nan")
    negative, positive, rows = negative[filled], positive[filled], rows[filled]
    fitted = isotonic_regression(positive / rows, weights=rows).x
    share = positive.sum() / rows.sum()
    loss = _loss(probability[filled], negative, positive)
    calibrated = _loss(fitted, negative, positive)
    uncertainty = _loss(np.full(len(rows), share), negative, positive)
    return loss - calibrated, uncertainty - calibrated, uncertainty


def _loss(probability: np.ndarray, negative: np.ndarray, positive: np.ndarray) -> float:
    lost = positive * logarithm(probability) + negative * logarithm(1 - probability)
    return float(-lost.sum() / (negative.sum() + positive.sum()))
